"""Maximize the likelihood over theta.

On common rows by variable projection: given one eigendecomposition of K, the task covariance and
the noise are optimized to the end at little cost, and the outer search sees only the parameters of
the input kernel; by the envelope theorem its gradient is the partial one. The inner problem has
local optima, so it is started several times. For labels anywhere all parameters are searched
jointly, the best of several short searches to the end.
"""

from itertools import cycle
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from skmtl.gaussian_process._problem import SpectralProblem

OPTIMIZERS = ("fmin_l_bfgs_b", None)
_SHIFTS = (0.0, -1.2, 1.2)  # of all logarithms of the input kernels, where to begin
_SMALL = 400  # labels, up to which very different parameters may explain them
_BETTER = 0.05  # nats that another start has to gain
_ROUNDS = 3
_INNER = {"maxiter": 200, "ftol": 1e-9, "gtol": 1e-4}
_OUTER = {"maxiter": 200, "ftol": 1e-9, "gtol": 1e-2}
_FEW = 10  # iterations of an outer search that is only begun
_SHORT = 20  # iterations of a search that is only begun


class Found(NamedTuple):
    """The end of a search."""

    theta: np.ndarray
    value: float
    gradient: np.ndarray
    n_evaluations: int  # of K


def lbfgs(objective, start, bounds, **options):
    """By L-BFGS-B; the objective returns a value and a gradient."""
    options = {"maxiter": 1000, "maxfun": 2000, "maxcor": 20, **options}
    return minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


class Profile:
    """Variable projection of a :class:`SpectralProblem`."""

    def __init__(self, problem, objective, starts):
        self.problem, self.objective, self.starts = problem, objective, starts
        self.inputs = problem.layout.is_input
        self.small = problem.seen.sum() <= _SMALL
        self.steps = _FEW * _SHORT if self.small else _SHORT

    def inner(self, likelihood, theta, **options):
        """The best task covariance and noise, from those of theta: the value and the new theta."""
        theta, free = theta.copy(), ~self.inputs

        def objective(free_theta):
            theta[free] = free_theta
            point = self.problem.at(likelihood, theta)
            gradient = self.problem.gradient(likelihood, point, theta, by_inputs=False)
            return -point.value, -gradient[free]

        bounds = self.starts.bounds[free]
        result = lbfgs(objective, theta[free], bounds, **{**_INNER, **options})
        theta[free] = result.x
        return -result.fun, theta

    def decomposed(self, theta):
        self.objective.n_evaluations += 1
        (inputs,) = self.problem.layout.inputs(theta)
        return self.problem.decomposed(inputs)

    def first_inner(self, theta):
        """The inner search from theta: the value and the new theta."""
        return self.inner(self.decomposed(theta), theta)

    def best_of(self, begin):
        """The best pair (value, theta) of searches from several thetas."""
        begun = [self.first_inner(theta) for theta in begin]
        if len(begun) > 1 and self.small:
            begun = [self.outer(pair, maxiter=_FEW) for pair in begun]
        return self.outer(max(begun, key=lambda pair: pair[0]))

    def other_inner(self, theta, n_restarts):
        """The best of inner searches with the inputs of theta, from anywhere but theta itself."""
        likelihood, fresh = self.decomposed(theta), self.starts.theta.copy()
        fresh[self.inputs] = theta[self.inputs]
        begin = [fresh, *self.starts.led_by_each(fresh)]
        begin += [self.starts.perturbed(theta) for _ in range(n_restarts)]
        begun = [self.inner(likelihood, start, maxiter=self.steps) for start in begin]
        return self.inner(likelihood, max(begun, key=lambda pair: pair[0])[1])

    def outer(self, best, **options):
        """Search the parameters of the input kernel from a pair (value, theta): the best one."""

        def objective(inputs):
            nonlocal best
            theta = best[1].copy()
            theta[self.inputs] = inputs
            likelihood = self.decomposed(theta)
            value, theta = self.inner(likelihood, theta)
            if value > best[0]:
                best = value, theta
            point = self.problem.at(likelihood, theta)
            return -value, -self.problem.gradient(likelihood, point, theta)[self.inputs]

        if self.inputs.any():
            start, bounds = best[1][self.inputs], self.starts.bounds[self.inputs]
            lbfgs(objective, start, bounds, **{**_OUTER, **options})
        return best


def projected_norm(theta, gradient, bounds):
    """Largest entry of the projected gradient: how far a step along it stays within the bounds."""
    return float(np.abs(np.clip(theta + gradient, *bounds.T) - theta).max(initial=0.0))


def maximize(problem, starts, optimizer, n_restarts, tol):
    """The :class:`Found` of a problem, by the optimizer that the user named or gave."""
    objective = Negative(problem)
    if optimizer is None or callable(optimizer):
        theta = starts.theta
        if optimizer is not None:
            found = optimizer(objective, theta, bounds=starts.bounds)
            if not isinstance(found, tuple) or len(found) != 2:
                raise ValueError(f"The optimizer returned {found!r}, expected theta and a value.")
            theta = found[0]
        theta = problem.layout.check(theta, "theta of the optimizer")
        value, slopes = objective(theta)
    else:
        if isinstance(problem, SpectralProblem):
            theta = maximize_profile(problem, objective, starts, n_restarts)
        else:
            theta = maximize_joint(problem, objective, starts, n_restarts)
        for _ in range(_ROUNDS):  # after a line search that failed, from a fresh memory
            result = lbfgs(objective, theta, starts.bounds, ftol=0.0, gtol=tol)
            theta, value, slopes = result.x, result.fun, result.jac
            if projected_norm(theta, -slopes, starts.bounds) <= tol:
                break
    return Found(theta, float(-value), -slopes, objective.n_evaluations)


def maximize_profile(problem, objective, starts, n_restarts):
    """Theta of a :class:`SpectralProblem`."""
    search = Profile(problem, objective, starts)
    shifts = _SHIFTS if n_restarts and search.inputs.any() else _SHIFTS[:1]
    best = search.best_of([starts.shifted(starts.theta, shift) for shift in shifts])
    if n_restarts and min(problem.layout.ranks):
        begin = [starts.independent(starts.shifted(starts.theta, shift)) for shift in shifts]
        coupled = search.first_inner(starts.coupled(search.best_of(begin)[1]))
        if coupled[0] > best[0]:
            best = search.outer(coupled)
    for _ in range(_ROUNDS if n_restarts else 0):
        other = search.other_inner(best[1], n_restarts)
        if other[0] < best[0] + _BETTER:
            break
        best = search.outer(other)
    return best[1]


class Negative:
    """Minus the likelihood, as optimizers take it; counts how often it was asked for."""

    def __init__(self, problem):
        self.problem, self.n_evaluations = problem, 0

    def __call__(self, theta, eval_gradient=True):
        self.n_evaluations += 1
        found = self.problem.value(theta, eval_gradient)
        if not np.isfinite(found[0] if eval_gradient else found):
            raise ValueError(f"The likelihood is not finite at theta={theta}: scale X and y.")
        return (-found[0], -found[1]) if eval_gradient else -found


def maximize_joint(problem, objective, starts, n_restarts):
    """Theta of any problem, where the best of several short searches ended."""
    if not n_restarts:
        return starts.theta
    small = len(problem.y) <= _SMALL
    begin = [starts.theta, starts.coupled(starts.independent(starts.theta))]
    begin += [starts.flipped(starts.perturbed(starts.theta)) for _ in range(n_restarts)]
    begin += starts.led_by_each(starts.theta) if small else []
    begin = [starts.shifted(theta, shift) for theta, shift in zip(begin, cycle(_SHIFTS))]
    if small:  # the first two at a second length scale
        begin += [starts.shifted(begin[k], _SHIFTS[k + 1]) for k in range(2)]
    steps = _FEW * _SHORT if small else _SHORT
    begun = [lbfgs(objective, theta, starts.bounds, maxiter=steps) for theta in begin]
    return min(begun, key=lambda result: result.fun).x
