"""Pulls to a mean of many strengths, on one loss."""

import numpy as np

from skmtl.datafits import ROUNDING, TaskLosses
from skmtl.penalties import Pulls
from skmtl.solvers._free_directions import solve_scaled
from skmtl.solvers._meeting import Meeting
from skmtl.solvers._quadratic import quadratic
from skmtl.solvers._solution import Solution

_MANY = 4  # models for which an eigendecomposition of each task pays
_FLOATS = 2**22  # numbers in the coefficients of the models that are solved at a time


def pulled_path(datafit, couplings, *, max_iter=1000, tol=1e-4):
    """Yield the minimum of the loss plus `1/2 tr(W M W')` for each M, a pull to a mean.

    All share one eigendecomposition of each task. What is not at its minimum after that goes to
    :func:`quadratic`, as all do if they are few, or if eigenvalues would lose digits.

    Parameters
    ----------
    datafit : GramForm or ResidualForm
        The loss.
    couplings : list of Coupling
        The M.
    max_iter, tol
        As in :func:`quadratic`.

    Yields
    ------
    Solution
    """
    options = {"max_iter": max_iter, "tol": tol}
    if len(couplings) < _MANY or not TaskLosses.are_known(datafit):
        for coupling in couplings:
            yield quadratic(datafit, coupling, **options)
        return
    loss = TaskLosses(datafit)
    n_models = max(1, _FLOATS // int(np.prod(datafit.shape)))
    for first in range(0, len(couplings), n_models):
        part = couplings[first : first + n_models]
        solutions = _solved(loss, Pulls.of(part), tol)
        for coupling, solution in zip(part, solutions, strict=True):
            if not solution.converged:
                solution = quadratic(datafit, coupling, solution.W, **options)
            yield solution


def _solved(loss, pulls, tol):
    """The certified solutions of some models."""
    W = Meeting(loss, pulls).solve(1e-2 * tol)
    at = loss.evaluate(W)
    free = pulls.is_free
    if free.any():
        total = at.correlation.sum(axis=0)
        W[:, :, free] += solve_scaled(loss.common_gram(), total[:, free])
        at = loss.evaluate(W)
    objective = 0.5 * at.rr + pulls.value(W)
    bound = at.ry - 0.5 * at.rr - pulls.half_square(at.correlation)
    gap = np.maximum(objective - bound, ROUNDING * objective)
    null = 0.5 * loss.yy
    optimality = gap / null if null > 0 else np.zeros(len(gap))
    return [
        Solution(
            W[:, :, model].T,
            n_iter=1,
            objective=float(objective[model]),
            gap=float(gap[model]),
            optimality=float(optimality[model]),
            converged=bool(optimality[model] <= max(tol, 1e3 * ROUNDING)),
        )
        for model in range(len(gap))
    ]
