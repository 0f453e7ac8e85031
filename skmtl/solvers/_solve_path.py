"""Any penalty, at a path of strengths."""

from itertools import groupby

from skmtl.datafits import SquaredDatafit, TaskLosses
from skmtl.penalties import separate_quadratic
from skmtl.solvers._pulled_path import pulled_path
from skmtl.solvers._solve_penalized import solve_penalized

_MANY = 4  # models for which an eigendecomposition of each task pays


def is_pull(datafit, penalty):
    """Whether the loss is squared and the penalty but pulls the tasks to a mean."""
    return _pull(datafit, penalty) is not None


def solve_path(datafit, penalties, *, max_iter=1000, tol=1e-4):
    """Yield the minimum for each penalty, each started from the one before.

    Parameters
    ----------
    datafit : GramForm, ResidualForm, Likelihood or PartitionedLikelihood
        The loss.
    penalties : iterable of Penalty
        The penalties; those in a row that pull to a mean are solved together.
    max_iter, tol
        As in :func:`solve_penalized`.

    Yields
    ------
    Solution
    """
    options = {"max_iter": max_iter, "tol": tol}
    solution = None
    pairs = ((penalty, _pull(datafit, penalty)) for penalty in penalties)
    for pulled, run in groupby(pairs, key=lambda pair: pair[1] is not None):
        run = list(run) if pulled else run
        if pulled and len(run) >= _MANY and TaskLosses.are_known(datafit):
            yield from _solve_together(datafit, run, options)
            continue
        for penalty, _ in run:
            solution = solve_penalized(datafit, penalty, solution, **options)
            yield solution


def _solve_together(datafit, run, options):
    """The minimum for each pair of a penalty and its coupling, from common decompositions."""
    couplings = [coupling for _, coupling in run]
    solutions = pulled_path(datafit, couplings, tol=options["tol"])
    for (penalty, _), solution in zip(run, solutions, strict=True):
        if not solution.converged:
            solution = solve_penalized(datafit, penalty, solution, **options)
        yield solution


def _pull(datafit, penalty):
    """The coupling of a penalty that but pulls to a mean, else None."""
    if not isinstance(datafit, SquaredDatafit) or datafit.ridge:
        return None
    terms, coupling = separate_quadratic(penalty, datafit.shape[1])
    return None if terms or coupling.pulled_to_mean() is None else coupling
