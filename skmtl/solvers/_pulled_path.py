"""Pulls to a mean, of many strengths on one loss."""

import numpy as np

from skmtl.datafits import ROUNDING, TaskLosses
from skmtl.penalties import Pulls
from skmtl.solvers._free_directions import solve_scaled
from skmtl.solvers._meeting import Meeting
from skmtl.solvers._solution import Solution

_FLOATS = 2**22  # numbers in the coefficients of the models that are solved at a time


def pulled_path(datafit, couplings, *, tol=1e-4):
    """Yield the minimum of the loss plus `1/2 tr(W M W')` for each M, a pull to a mean.

    All share one eigendecomposition of each task.

    Parameters
    ----------
    datafit : GramForm or SharedIntercepts
        The loss, one that :class:`TaskLosses` takes.
    couplings : list of Coupling
        The M.
    tol : float, default=1e-4
        A solution has converged if its duality gap is at most `tol` times the objective at W = 0.

    Yields
    ------
    Solution
    """
    loss = TaskLosses(datafit)
    n_features, n_tasks = datafit.shape
    n_models = max(1, _FLOATS // (n_features * n_tasks))
    for first in range(0, len(couplings), n_models):
        pulls = Pulls.of(couplings[first : first + n_models])
        yield from _solved(loss, pulls, tol)


def _solved(loss, pulls, tol):
    """The certified solutions of some models."""
    W = Meeting(loss, pulls).solve(tol)
    free = pulls.is_free
    if free.any():
        W_free = W[:, :, free]
        correlation = loss.evaluate(W_free).correlation
        total = correlation.sum(axis=0)
        W[:, :, free] = W_free + solve_scaled(loss.common_gram(), total)
    at = loss.evaluate(W)
    objective = 0.5 * at.rr + pulls.value(W)
    bound = at.ry - 0.5 * at.rr - pulls.half_square(at.correlation)
    gap = np.maximum(objective - bound, ROUNDING * objective)
    null = 0.5 * loss.yy
    optimality = np.zeros(len(gap))
    if null > 0:
        optimality = gap / null
    enough = max(tol, 1e3 * ROUNDING)
    return [
        Solution(
            W[:, :, model].T,
            n_iter=1,
            objective=float(objective[model]),
            gap=float(gap[model]),
            optimality=float(optimality[model]),
            converged=bool(optimality[model] <= enough),
        )
        for model in range(len(gap))
    ]
