"""Heavy-tailed deviations and noise of tasks' own, by a lower bound of the likelihood.

The effects of a task are divided by the root of omega_t, gamma distributed of shape and rate
df / 2, so that they have a multivariate t distribution; the precision lambda_t of its noise has a
:class:`NoisePrior`. With independent distributions of (effects), (omega) and (lambda), the bound is
the best where that of the effects is the normal one given mean omega_t and lambda_t,

    omega_t  = (df + k) / (df + E |D^-1/2 v_t|^2),             k the number of effects that omega_t
    lambda_t = (weight + n_t) / (weight * scale + E s_t),      divides, s_t the sum of squares.

Given these, the bound is the likelihood of :mod:`_marginal_likelihood` and further terms, so that
variances take the steps of :mod:`_scoring`.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from skmtl.mixed_effects._extrapolation import Extrapolation
from skmtl.mixed_effects._marginal_likelihood import MarginalLikelihood
from skmtl.mixed_effects._noise_prior import (
    NoisePrior,
    divergence,
    fit_noise_prior,
    mean_logarithm,
)
from skmtl.mixed_effects._progress import Progress
from skmtl.mixed_effects._scoring import descend, next_step

_ROUNDING = 1e-12  # of the bound
_UNLIKELY = 1e-3  # chance of residual squares as small as the smallest, in tasks of the same noise
_PRECISE = 0.05  # variance of the noise of such a task, relative to the usual one
_LEAST_START = 1e-6  # variance of the noise of a task, relative to the common one
_LONGEST = 5.0  # extrapolated change of the logarithm of a scale


class Scales(NamedTuple):
    """What tasks differ by besides their effects.

    Attributes
    ----------
    omega : ndarray of shape (n_tasks,) or None
        Expected precision of the deviations; None if they are normal.
    squares : ndarray of shape (n_tasks,) or None
        Expected sums of squares of the noise, relative to its variance, from which the following
        were computed; None if the noise is common.
    prior : NoisePrior or None
        The prior of the variance of the noise, relative likewise.
    precision : ndarray of shape (n_tasks,) or None
        Expected precision of the noise, relative likewise.
    """

    omega: np.ndarray | None = None
    squares: np.ndarray | None = None
    prior: NoisePrior | None = None
    precision: np.ndarray | None = None

    @property
    def differ(self):
        """Whether there are any."""
        return self.omega is not None or self.precision is not None

    @property
    def logarithms(self):
        """What the scales are made of, one-dimensional."""
        parts = []
        if self.omega is not None:
            parts.append(self.omega)
        if self.squares is not None:
            parts.append(self.squares)
        scales = np.concatenate(parts)
        return np.log(scales)


class VariationalModel:
    """The lower bound for some kind of tasks.

    Parameters
    ----------
    rows : TaskRows
        Rows and targets.
    variances : VarianceParameters
        What the variances of effects are made of.
    df : float or None
        Degrees of freedom of the deviations; None if they are normal.
    own_noise : bool
        Whether tasks have noise of their own.
    """

    def __init__(self, rows, variances, df, own_noise):
        self.rows = rows
        self.variances = variances
        self.df = df
        self.own_noise = own_noise
        self.divided = variances.covariance.divided
        self.n_divided = int(self.divided.sum())

    def scales(self, omega, squares):
        """Scales made of these; the precision of the noise follows from sums of squares."""
        if squares is None:
            return Scales(omega)
        counts = self.rows.total
        prior = fit_noise_prior(squares, counts)
        return Scales(omega, squares, prior, prior.precisions(squares, counts))

    def scales_from(self, logarithms):
        """Scales from :attr:`Scales.logarithms`."""
        values = np.exp(logarithms)
        n_tasks = len(self.rows.total)
        omega = None
        squares = None
        if self.df is not None:
            omega = values[:n_tasks]
        if self.own_noise:
            squares = values[-n_tasks:]
        return self.scales(omega, squares)

    def starts(self, noise):
        """Scales to start from, of normal deviations: those of common noise, and perhaps others.

        Parameters
        ----------
        noise : float
            The variance of common noise.
        """
        counts = self.rows.total
        omega = None
        if self.df is not None:
            omega = np.ones(len(counts))
        if not self.own_noise:
            return [self.scales(omega, None)]
        starts = [self.scales(omega, counts)]
        squares = self._squares_of_precise_tasks(noise)
        if squares is not None:
            starts.append(self.scales(omega, squares))
        return starts

    def _squares_of_precise_tasks(self, noise):
        """Sums of squares by what least squares in each task leave; None if they are alike.

        A task with next to no noise may be another optimum, that is not reached from common noise.
        """
        counts = self.rows.total
        free = self.rows.free
        known = free > 0
        if not known.any():
            return None
        left = self.rows.least_squares[known]
        free = free[known]
        usual = left.sum() / free.sum()
        variances = left / free
        chance = stats.chi2.cdf(left / usual, free)
        is_precise = chance < _UNLIKELY / len(free)
        is_precise &= variances < _PRECISE * usual
        if not is_precise.any():
            return None
        squares = counts.copy()
        squares[known] *= np.maximum(variances / noise, _LEAST_START)
        return squares

    def likelihood(self, scales):
        """The likelihood of the effects given the scales."""
        rows = self.rows
        if self.own_noise:
            rows = rows.weighted(scales.precision)
        spread = None
        if scales.omega is not None:
            inverse = 1 / np.sqrt(scales.omega)
            spread = np.where(self.divided, inverse[:, None], 1.0)
        return MarginalLikelihood(
            rows,
            self.variances.fixed_effects,
            spread=spread,
        )

    def point(self, parameters, scales):
        """The bound at some parameters and scales, a :class:`Bounded`.

        None where variances, or what scales differ by, are too large to compute with.
        """
        likelihood = self.likelihood(scales)
        evaluation = self.variances.attempt(likelihood, parameters)
        if evaluation is None:
            return None
        bound = self._bound(evaluation, scales)
        return Bounded(
            parameters,
            scales,
            likelihood,
            evaluation,
            bound,
        )

    def points(self, parameters, starts):
        """The bound at some parameters and each of several scales, where it can be computed."""
        points = [self.point(parameters, scales) for scales in starts]
        return [point for point in points if point is not None]

    def _bound(self, evaluation, scales):
        """The lower bound of the log likelihood."""
        bound = -evaluation.criterion / 2
        if self.own_noise:
            bound += scales.prior.bound(scales.precision, self.rows.total)
        if self.df is not None:
            bound += self._bound_of_omega(scales.omega)
        return bound

    def _bound_of_omega(self, omega):
        """What omega adds to the bound: expected log density of deviations, less divergence."""
        a = self.df / 2
        half = self.n_divided / 2
        shape = a + half
        mean_log = mean_logarithm(shape, omega)
        terms = half * (mean_log - np.log(omega))
        terms -= divergence(shape, omega, a, a)
        return terms.sum()

    def update(self, point):
        """The best scales given the distribution of the effects."""
        evaluation = point.evaluation
        scales = point.scales
        theta, _ = self.variances.split(point.parameters)
        root = self.variances.covariance.root(theta)
        precisions = evaluation.effect_precisions @ root
        known = np.sum(root * precisions, axis=1)
        omega = None
        squares = None
        if self.df is not None:
            of_effects = self._squares_of_effects(
                evaluation,
                root,
                known,
            )
            of_effects /= scales.omega
            divided = self.df + self.n_divided
            omega = divided / (self.df + of_effects)
        if self.own_noise:
            squares = _squared_errors(
                point.likelihood,
                evaluation,
                root,
                known,
            )
            squares /= scales.precision
        return self.scales(omega, squares)

    def _squares_of_effects(self, evaluation, root, known):
        """Expected squares of the divided effects, in units in which their prior is standard."""
        scores = evaluation.scores @ root
        moved = root.T @ evaluation.crossed
        squares = scores**2 / evaluation.noise
        squares += 1 - known
        squares += np.sum(moved**2, axis=2)
        divided = squares[:, self.divided]
        return divided.sum(axis=1)


def _squared_errors(likelihood, evaluation, root, known):
    """Expected sums of squares of the tasks' rows, relative to the variance of the noise."""
    rows = likelihood.rows
    fixed = evaluation.fixed
    covariance = root @ root.T
    deviations = evaluation.scores @ covariance
    retained = covariance @ evaluation.crossed
    if likelihood.spread is not None:
        spread = likelihood.spread
        deviations = deviations * spread
        retained = retained * spread[:, :, None]
    effects = fixed.effects + deviations
    fitted = rows.rows @ effects[:, :, None]
    residuals = rows.targets - fitted[:, :, 0]
    moved = rows.rows @ (fixed.root - retained)
    left = np.sum(residuals**2, axis=1)
    left += rows.rest
    unknown = np.sum(moved**2, axis=(1, 2))
    unknown += known.sum(axis=1)
    if rows.grams is not None:
        products = rows.grams @ fixed.effects
        products -= 2 * rows.products
        left += rows.squares
        left += products @ fixed.effects
        of_roots = fixed.root * (rows.grams @ fixed.root)
        unknown += of_roots.sum(axis=(1, 2))
    return left / evaluation.noise + unknown


class Bounded(NamedTuple):
    """The bound at some variances and scales."""

    parameters: np.ndarray
    scales: Scales
    likelihood: MarginalLikelihood
    evaluation: object
    bound: float

    @property
    def coordinates(self):
        """All that is moved, one-dimensional."""
        return np.concatenate([self.parameters, self.scales.logarithms])


def maximize(model, point, max_iter, tol):
    """Maximize the bound, from a point.

    Variances and scales move together, extrapolated from the moves before. Where the bound would
    decrease, they move without extrapolation, then one after the other, so that it cannot, but for
    rounding.

    Returns
    -------
    point : Bounded
        The best variances and scales.
    residual : float
        Length of the last move.
    n_iter : int
        Number of moves.
    converged : bool
        Whether moves became that short, or the bound could not be raised any more.
    """
    best = point
    size = abs(point.bound) + model.rows.total.sum()
    slack = _ROUNDING * size
    progress = Progress(size)
    history = Extrapolation()
    n_iter = 0
    residual = np.inf
    while residual > tol and n_iter < max_iter:
        n_iter += 1
        step, residual, weight = _step_of_variances(model, point)
        scales = model.update(point)
        change = scales.logarithms - point.scales.logarithms
        largest = np.abs(change).max()
        residual = max(residual, float(largest))
        moved = point.parameters + step
        moved = model.variances.clipped(moved)
        found = None
        for new in _trial_points(model, point, moved, scales, history, weight):
            if new is None:
                continue
            found = new
            if new.bound >= point.bound - slack:
                break
        if found is None or progress.has_ended(-found.bound):
            return best, residual, n_iter, True
        point = found
        if point.bound >= best.bound - slack:
            best = point
    return best, residual, n_iter, residual <= tol


def _step_of_variances(model, point):
    """What :func:`next_step` returns for variances alone."""
    return next_step(
        model.variances,
        point.likelihood,
        point.parameters,
        point.evaluation,
    )


def _trial_points(model, point, moved, scales, history, weight):
    """Points to go on from, the most hopeful first; the last one is safe."""
    new = np.concatenate([moved, scales.logarithms])
    n = len(moved)
    of_scales = np.ones(len(new) - n)
    weight = np.append(weight, of_scales)
    target = history.extrapolate(point.coordinates, new, weight)
    if target is not None:
        parameters = model.variances.clipped(target[:n])
        now = point.scales.logarithms
        least = now - _LONGEST
        most = now + _LONGEST
        logarithms = np.clip(target[n:], least, most)
        extrapolated = model.scales_from(logarithms)
        yield model.point(parameters, extrapolated)
        history.forget()
    yield model.point(moved, scales)
    safe = model.point(point.parameters, scales)
    if safe is None:
        return
    step, *_ = _step_of_variances(model, safe)
    found = descend(
        model.variances,
        safe.likelihood,
        safe.parameters,
        safe.evaluation,
        step,
    )
    if found is None:
        yield safe
    else:
        parameters, _ = found
        yield model.point(parameters, scales)
