"""Any penalty, at a path of strengths."""

from itertools import groupby

from skmtl.datafits import SquaredDatafit, TaskLosses
from skmtl.penalties import separate_quadratic
from skmtl.solvers._coupled_path import MOST_TASKS, coupled_path
from skmtl.solvers._pulled_path import pulled_path
from skmtl.solvers._solve_penalized import solve_penalized

_MANY = 4  # models for which an eigendecomposition of each task pays


def are_solved_together(datafit, penalty):
    """Whether a path of such penalties is solved from common decompositions of the loss."""
    solve, _ = _common_way(datafit, penalty)
    return solve is not None


def solve_path(datafit, penalties, *, max_iter=1000, tol=1e-4):
    """Yield the minimum for each penalty, each started from the one before.

    Parameters
    ----------
    datafit : GramForm, ResidualForm, Likelihood or PartitionedLikelihood
        The loss.
    penalties : iterable of Penalty
        The penalties; those in a row that only couple tasks may be solved together.
    max_iter, tol
        As in :func:`solve_penalized`.

    Yields
    ------
    Solution
    """
    options = {"max_iter": max_iter, "tol": tol}
    solution = None
    ways = ((penalty, *_common_way(datafit, penalty)) for penalty in penalties)
    for solve, run in groupby(ways, key=lambda way: way[1]):
        run = run if solve is None else list(run)
        if solve is not None and len(run) >= _MANY and TaskLosses.are_known(datafit):
            yield from _solve_together(datafit, run, options)
            continue
        for penalty, *_ in run:
            solution = solve_penalized(datafit, penalty, solution, **options)
            yield solution


def _solve_together(datafit, run, options):
    """The minimum for each penalty that is solved in the same way, which come with couplings."""
    penalties, (solve, *_), couplings = zip(*run, strict=True)
    solutions = solve(datafit, couplings, tol=options["tol"])
    for penalty, solution in zip(penalties, solutions, strict=True):
        if not solution.converged:
            solution = solve_penalized(datafit, penalty, solution, **options)
        yield solution


def _common_way(datafit, penalty):
    """The function that solves a path of couplings, and that of a penalty; else None, None."""
    nothing = None, None
    if not isinstance(datafit, SquaredDatafit) or datafit.ridge:
        return nothing
    n_tasks = datafit.shape[1]
    terms, coupling = separate_quadratic(penalty, n_tasks)
    if terms:
        return nothing
    if coupling.pulled_to_mean() is not None:
        return pulled_path, coupling
    if datafit.is_gram and n_tasks <= MOST_TASKS:
        return coupled_path, coupling
    return nothing
