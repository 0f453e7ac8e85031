"""Maximize the log marginal likelihood over theta.

On common samples that is done by variable projection: given one eigendecomposition of K, the task
covariance and the noise are optimized to the end at little cost, and the outer search sees the
parameters of the input kernel only; by the envelope theorem its gradient is the partial one. The
inner problem has local optima, so it is started several times. For any other observations all
parameters are searched jointly, from the best of several short searches.
"""

from itertools import cycle
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

OPTIMIZERS = ("fmin_l_bfgs_b", None)
_SHIFTS = (0.0, -1.2, 1.2)  # of all initial logarithms of the input kernels
_SMALL = 400  # targets, up to which very different parameters may explain them
_LEAST_GAIN = 0.05  # nats that another initial value has to gain
_ROUNDS = 3  # most searches after each other
_INNER = {"maxiter": 200, "ftol": 1e-9, "gtol": 1e-4}
_OUTER = {"maxiter": 200, "ftol": 1e-9, "gtol": 1e-2}
_FEW = 10  # iterations of a short outer search
_SHORT = 20  # iterations of a short search
_LEADING = 4  # ends of short searches from which others go on


class SearchResult(NamedTuple):
    """The end of a search."""

    theta: np.ndarray
    value: float
    gradient_norm: float  # the largest entry of the projected gradient
    n_evaluations: int  # of kernel matrices


class Candidate(NamedTuple):
    """A theta and its log marginal likelihood."""

    value: float
    theta: np.ndarray


def best_of(candidates):
    """The candidate of the highest likelihood."""
    return max(candidates, key=lambda candidate: candidate.value)


def lbfgs(objective, start, bounds, unit=1.0, **options):
    """Minimize by L-BFGS-B an objective that returns a value and a gradient.

    The unknowns of the search, and `jac` of the result, are in units of `unit`.
    """
    options = {"maxiter": 1000, "maxfun": 2000, "maxcor": 20, **options}

    def scaled(z):
        value, gradient = objective(unit * z)
        return value, unit * gradient

    result = minimize(
        scaled,
        start / unit,
        jac=True,
        method="L-BFGS-B",
        bounds=(bounds.T / unit).T,
        options=options,
    )
    result.x = unit * result.x
    return result


def projected_norm(theta, gradient, bounds):
    """The largest entry of the gradient, projected: how far steps along it stay within bounds."""
    low, high = bounds.T
    reached = np.clip(theta + gradient, low, high)
    step = reached - theta
    return float(np.abs(step).max(initial=0.0))


def scaled_norm(theta, gradient, initial):
    """The :func:`projected_norm` in units of the initial values."""
    unit = initial.unit
    bounds = initial.bounds.T / unit
    return projected_norm(theta / unit, unit * gradient, bounds.T)


class Objective:
    """Minus the log marginal likelihood, as optimizers take it; counts its evaluations."""

    def __init__(self, likelihood):
        self.likelihood = likelihood
        self.n_evaluations = 0

    def __call__(self, theta, eval_gradient=True):
        self.n_evaluations += 1
        value, gradient = self.likelihood.value(theta, eval_gradient)
        if not np.isfinite(value):
            raise ValueError(f"The likelihood is not finite at theta={theta}: scale X and y.")
        if not eval_gradient:
            return -value
        return -value, -gradient


def maximize(likelihood, initial, optimizer, n_restarts, tol):
    """The :class:`SearchResult` of a likelihood, by the optimizer that the user named or gave.

    Parameters
    ----------
    likelihood : MarginalLikelihood
        What is maximized.
    initial : InitialValues
        Initial values, and bounds.
    optimizer : "fmin_l_bfgs_b", callable or None
        As in :class:`MultiTaskGaussianProcessRegressor`.
    n_restarts : int
        Number of perturbed initial values.
    tol : float
        Largest entry of the projected gradient at the end.
    """
    objective = Objective(likelihood)
    if optimizer == "fmin_l_bfgs_b":
        theta, value, gradient = _by_lbfgs(
            objective,
            initial,
            n_restarts,
            tol,
        )
    else:
        theta = initial.theta
        if optimizer is not None:
            theta = _by_callable(optimizer, objective, initial)
        theta = likelihood.layout.check(theta, "theta of the optimizer")
        value, gradient = objective(theta)
    return SearchResult(
        theta,
        float(-value),
        scaled_norm(theta, -gradient, initial),
        objective.n_evaluations,
    )


def _by_callable(optimizer, objective, initial):
    """Theta of an optimizer as scikit-learn's Gaussian processes take it."""
    found = optimizer(objective, initial.theta, bounds=initial.bounds)
    if not isinstance(found, tuple) or len(found) != 2:
        raise ValueError(f"The optimizer returned {found!r}, expected theta and a value.")
    return found[0]


def _by_lbfgs(objective, initial, n_restarts, tol):
    """Theta, the objective and its gradient there."""
    search = joint_search
    if objective.likelihood.projects_variables:
        search = projected_search
    theta = search(objective, initial, n_restarts)
    return search_from(theta, objective, initial, tol)


def search_from(theta, objective, initial, tol):
    """The end of a search over all parameters: theta, the objective and its gradient there."""
    # Where a line search failed, another search begins with a fresh memory.
    for _ in range(_ROUNDS):
        result = lbfgs(
            objective,
            theta,
            initial.bounds,
            initial.unit,
            ftol=0.0,
            gtol=tol,
        )
        theta = result.x
        gradient = result.jac / initial.unit
        if scaled_norm(theta, -gradient, initial) <= tol:
            break
    return theta, result.fun, gradient


# ---------------------------------------------------------------- variable projection


class VariableProjection:
    """Searches of a :class:`SpectralMarginalLikelihood` by variable projection.

    Parameters
    ----------
    objective : Objective
        Minus the likelihood.
    initial : InitialValues
        Initial values, and bounds.
    """

    def __init__(self, objective, initial):
        self.objective = objective
        self.likelihood = objective.likelihood
        self.initial = initial
        self.is_input = self.likelihood.layout.is_input
        self.small = len(self.likelihood.y) <= _SMALL

    def given_inputs(self, theta):
        """The :class:`SpectralLikelihood` with the input kernel of theta."""
        self.objective.n_evaluations += 1
        return self.likelihood.given_inputs(theta)

    def inner(self, spectral, theta, **options):
        """The :class:`Candidate` of the best task covariance and noise near those of theta."""
        theta = theta.copy()
        free = ~self.is_input

        def objective(free_theta):
            theta[free] = free_theta
            point = self.likelihood.at(spectral, theta)
            gradient = self.likelihood.gradient(
                spectral,
                point,
                theta,
                by_inputs=False,
            )
            return -point.value, -gradient[free]

        bounds = self.initial.bounds[free]
        result = lbfgs(
            objective,
            theta[free],
            bounds,
            self.initial.unit[free],
            **{**_INNER, **options},
        )
        theta[free] = result.x
        return Candidate(-result.fun, theta)

    def first_inner(self, spectral, theta):
        """The :class:`Candidate` of a short inner search from theta."""
        return self.inner(spectral, theta, maxiter=_SHORT)

    def best_from(self, candidates):
        """The best :class:`Candidate` of searches that begin at one of several."""
        several = len(candidates) > 1
        if several and self.small:
            candidates = [self.outer(candidate, maxiter=_FEW) for candidate in candidates]
        best = best_of(candidates)
        return self.outer(best)

    def other_inner(self, theta, n_restarts):
        """The best of inner searches with the input kernel of theta, but from other values."""
        spectral = self.given_inputs(theta)
        fresh = self.initial.theta.copy()
        fresh[self.is_input] = theta[self.is_input]
        thetas = [fresh]
        thetas += self.initial.led_by_each(fresh)
        for _ in range(n_restarts):
            perturbed = self.initial.perturbed(theta)
            thetas.append(perturbed)
        candidates = [self.first_inner(spectral, start) for start in thetas]
        if self.small:
            candidates.sort(key=lambda candidate: -candidate.value)
            leading = candidates[:_LEADING]
            candidates = [self.inner(spectral, one.theta) for one in leading]
        best = best_of(candidates)
        return self.inner(spectral, best.theta)

    def outer(self, best, **options):
        """The best :class:`Candidate` of a search over the input kernel that begins at one."""

        def objective(inputs):
            nonlocal best
            theta = best.theta.copy()
            theta[self.is_input] = inputs
            spectral = self.given_inputs(theta)
            found = self.inner(spectral, theta)
            best = best_of([best, found])
            point = self.likelihood.at(spectral, found.theta)
            gradient = self.likelihood.gradient(
                spectral,
                point,
                found.theta,
            )
            return -found.value, -gradient[self.is_input]

        if self.is_input.any():
            start = best.theta[self.is_input]
            bounds = self.initial.bounds[self.is_input]
            lbfgs(objective, start, bounds, **{**_OUTER, **options})
        return best


def projected_search(objective, initial, n_restarts):
    """Theta of a :class:`SpectralMarginalLikelihood`, by variable projection."""
    search = VariableProjection(objective, initial)
    shifts = _SHIFTS[:1]
    if n_restarts and search.is_input.any():
        shifts = _SHIFTS
    also_independent = n_restarts and min(objective.likelihood.layout.ranks)
    sharing = []
    independent = []
    for shift in shifts:
        theta = initial.shifted(initial.theta, shift)
        spectral = search.given_inputs(theta)
        candidate = search.first_inner(spectral, theta)
        sharing.append(candidate)
        if also_independent:
            theta = initial.independent(theta)
            candidate = search.first_inner(spectral, theta)
            independent.append(candidate)
    best = search.best_from(sharing)
    if also_independent:
        alone = search.best_from(independent)
        theta = initial.coupled(alone.theta)
        spectral = search.given_inputs(theta)
        coupled = search.inner(spectral, theta)
        if coupled.value > best.value:
            best = search.outer(coupled)
    for _ in range(_ROUNDS if n_restarts else 0):
        other = search.other_inner(best.theta, n_restarts)
        if other.value < best.value + _LEAST_GAIN:
            break
        best = search.outer(other)
    return best.theta


# ---------------------------------------------------------------- all parameters jointly


def joint_search(objective, initial, n_restarts):
    """Theta of any likelihood: the best end of several short searches."""
    if not n_restarts:
        return initial.theta
    small = len(objective.likelihood.y) <= _SMALL
    n_steps = _FEW * _SHORT if small else _SHORT
    results = [
        lbfgs(objective, theta, initial.bounds, initial.unit, maxiter=n_steps)
        for theta in _joint_starts(initial, n_restarts, small)
    ]
    return min(results, key=lambda result: result.fun).x


def _joint_starts(initial, n_restarts, small):
    """Where the short searches begin."""
    thetas = [initial.theta, initial.coupled(initial.independent(initial.theta))]
    for _ in range(n_restarts):
        perturbed = initial.perturbed(initial.theta)
        thetas.append(initial.flipped(perturbed))
    if small:
        thetas += initial.led_by_each(initial.theta)
    shifted = []
    for theta, shift in zip(thetas, cycle(_SHIFTS)):
        theta = initial.shifted(theta, shift)
        shifted.append(theta)
    if small:
        # The first two also begin at a second length scale.
        shifted.append(initial.shifted(shifted[0], _SHIFTS[1]))
        shifted.append(initial.shifted(shifted[1], _SHIFTS[2]))
    return shifted
