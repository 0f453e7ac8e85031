"""The variances that the likelihood does not rule out, and how far a quantity goes in them.

The interval of a variance holds the values for which -2 log likelihood, at its least over all other
variances, is at most a quantile of chi-squared above its least value: the likelihood-ratio test
does not reject them. Its ends are the smallest and the largest value over the region of all
variances, that of the noise included, where -2 log likelihood is below that bound. They do not
depend on units, and 0 is an end where the targets do not rule it out.
"""

import numpy as np
from scipy import optimize, stats

from skmtl.mixed_effects._covariances import FullCovariance

_MOST_ROUNDS = 20
_RADIUS = 3.0  # standard errors of a round
_LEAST_RADIUS = 1e-3
_NEARLY = 0.999
_MOST_STEPS = 50  # of a round
_PRECISION = 1e-6  # of a variance, relative
_GAIN = 1e-4  # of a variance, relative, for which another round is worth it
_NOTHING = 1e-6  # share of a variance that is 0 but for the precision of the search
_WITHIN = 1e-3  # of the criterion, by which an end may be off its bound
_LARGEST = 1e10  # times the noise, or a variance that is larger: counts as infinite
_GROWTH = 1.5  # of the steps to an end


class Region:
    """Points are the vector of :class:`VarianceParameters` and the logarithm of the noise.

    Parameters
    ----------
    posterior : Posterior
        The fit.
    """

    def __init__(self, posterior):
        self.variances = posterior.variances
        self.likelihood = posterior.likelihood
        best = posterior.evaluation
        self.least = best.criterion
        self.best = np.append(posterior.parameters, np.log(best.noise))
        self.lower = np.append(self.variances.lower, -np.inf)
        self.upper = np.append(self.variances.upper, np.inf)

    def evaluate(self, point):
        """The :class:`Evaluation` at a point, the noise given."""
        evaluation = self.variances.evaluate(self.likelihood, point[:-1])
        return evaluation.at_noise(np.exp(point[-1]))

    def criterion(self, point):
        """-2 log likelihood and its derivatives."""
        evaluation = self.evaluate(point)
        gradient = self.variances.gradient(point[:-1], evaluation)
        return evaluation.criterion, np.append(gradient, evaluation.by_log_noise)

    def standard_errors(self, point):
        """Changes of single coordinates that matter, (n,); 1 where the likelihood is flat."""
        evaluation = self.evaluate(point)
        information = self.variances.information(point[:-1], evaluation, noise_is_known=True)
        diagonal = information.diagonal()
        known = diagonal > 0
        errors = np.sqrt(2 / np.where(known, diagonal, 2.0))
        n_of_tasks = self.variances.n_of_tasks
        largest = self.variances.covariance.largest_steps(evaluation.effect_precisions)
        errors[:n_of_tasks] = np.minimum(errors[:n_of_tasks], largest)
        return np.append(errors, np.sqrt(2 / evaluation.n_free))

    def value(self, direction, point):
        """The variance of an effect, or of the noise for None, and its derivatives."""
        theta, _ = self.variances.split(point[:-1])
        noise = np.exp(point[-1])
        gradient = np.zeros(len(point))
        value = noise
        if direction is not None:
            covariance = self.variances.covariance
            value = noise * direction @ covariance.matrix(theta) @ direction
            by_theta = covariance.gradient(theta, np.outer(direction, direction))
            gradient[: len(theta)] = noise * by_theta
        gradient[-1] = value
        return value, gradient

    def moved(self, direction, ratio):
        """The best point, but for a variance, relative to the noise, that is given.

        For the noise itself the ratio is that to its best value.
        """
        point = self.best.copy()
        if direction is None:
            point[-1] += np.log(ratio)
            return point
        theta, _ = self.variances.split(point[:-1])
        covariance = self.variances.covariance
        point[: self.variances.n_of_tasks] = covariance.moved(theta, direction, ratio)
        return point


def effects_of_user(posterior):
    """Return directions and factors: ``factor sqrt(a'Ca)`` is the deviation of an effect.

    Independent effects are those at the means of the features. Otherwise the intercept is where
    all features are 0.
    """
    units = posterior.units
    n_effects = len(units.matrix)
    if isinstance(posterior.variances.covariance, FullCovariance):
        return units.matrix / units.size, np.full(n_effects, units.size)
    return np.eye(n_effects), units.size / np.append(1.0, units.scale)


def profile_interval(region, direction, level):
    """Return the two ends of the interval of a variance, in standardized units.

    Parameters
    ----------
    region : Region
        The likelihood.
    direction : ndarray of shape (n_effects,) or None
        What multiplies the effects whose variance is asked for; None is the noise.
    level : float
        Confidence level.
    """
    bound = region.least + stats.chi2.ppf(level, 1)
    ends = []
    for sign in (-1, 1):
        start = _first_crossing(region, direction, bound, sign)
        if start is None:
            ends.append(0.0 if sign < 0 else np.inf)
        else:
            ends.append(_farthest(region, direction, bound, sign, start))
    return ends


def _first_crossing(region, direction, bound, sign):
    """A point on the bound whose other variances are the best ones; None if there is none."""

    def excess(log_ratio):
        criterion, _ = region.criterion(region.moved(direction, np.exp(log_ratio)))
        return criterion - bound

    if sign < 0 and direction is not None:
        criterion, _ = region.criterion(region.moved(direction, 0.0))
        if criterion <= bound:
            return None
    ratio = 1.0
    if direction is not None:
        value, _ = region.value(direction, region.best)
        noise, _ = region.value(None, region.best)
        ratio = max(value / noise, 1 / _LARGEST)
    near = np.log(ratio)
    farthest = np.log(_LARGEST) + max(sign * near, 0.0)
    far = near
    step = float(sign)
    while excess(far) <= 0:
        far += step
        step *= _GROWTH
        if sign * far > farthest:
            return None
    if near == far:
        return region.moved(direction, np.exp(near))
    crossing = optimize.brentq(excess, near, far, xtol=1e-3)
    return region.moved(direction, np.exp(crossing))


def _farthest(region, direction, bound, sign, start):
    """The largest value in the region, or the smallest, by sequential quadratic programming.

    Each round moves by a few standard errors at most, since quadratic models are poor far away.
    """
    point = start
    value, _ = region.value(direction, point)
    first = value
    radius = _RADIUS
    for _ in range(_MOST_ROUNDS):
        new, at_edge = _round(region, direction, bound, sign, point, radius)
        new_value, _ = region.value(direction, new)
        criterion, _ = region.criterion(new)
        if criterion > bound + _WITHIN:
            radius = radius / 8
            if radius < _LEAST_RADIUS:
                break
            continue
        gain = sign * (new_value - value)
        if gain > 0:
            point = new
            value = new_value
        if not at_edge or gain <= _GAIN * value or value <= _NOTHING * first:
            break
    if sign > 0 and value > _LARGEST * first:
        return np.inf
    return value if value > _NOTHING * first else 0.0


def _round(region, direction, bound, sign, point, radius):
    """The best point near another one, and whether it would go further."""
    scale = region.standard_errors(point)
    first, _ = region.value(direction, point)
    cache = {}

    def constraint(u):
        key = u.tobytes()
        if key not in cache:
            cache.clear()
            cache[key] = region.criterion(u * scale)
        return cache[key]

    def objective(u):
        value, gradient = region.value(direction, u * scale)
        return -sign * value / first, -sign * gradient * scale / first

    within = {
        "type": "ineq",
        "fun": lambda u: bound - constraint(u)[0],
        "jac": lambda u: -constraint(u)[1] * scale,
    }
    u = point / scale
    low = np.maximum(region.lower / scale, u - radius)
    high = np.minimum(region.upper / scale, u + radius)
    found = optimize.minimize(
        objective,
        u,
        jac=True,
        bounds=optimize.Bounds(low, high),
        constraints=within,
        method="SLSQP",
        options={"ftol": _PRECISION, "maxiter": _MOST_STEPS},
    )
    moved = np.clip(found.x, low, high)
    at_edge = np.any(np.abs(moved - u) > _NEARLY * radius)
    return moved * scale, at_edge
