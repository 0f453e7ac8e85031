"""Newton's method for likelihoods, the penalty kept."""

import numpy as np

from skmtl.datafits import ROUNDING
from skmtl.penalties import separate_quadratic
from skmtl.solvers._gradient_steps import quick_steps, steps_in_time_of_newton
from skmtl.solvers._likelihood_problem import LikelihoodProblem
from skmtl.solvers._newton_iteration import NewtonIteration
from skmtl.solvers._solution import Solution, gap_between, starting_at

_SHARE = 0.01  # of the gap, to which a working set is solved
_LEAST_SHARE = 1e-9  # below which rounding errors are all that is left
_LEAST = 100  # features of a working set
_WIDE = 1000  # the same of one for gradient steps, below which they are hardly quicker
_LEAST_TOL = 1e2 * ROUNDING


def proximal_newton(
    likelihood,
    penalty,
    start=None,
    *,
    inner_solver,
    max_iter=100,
    tol=1e-4,
):
    """Newton's method for any loss: the penalty stays, the loss becomes a squared one at each step.

    The squared losses are solved by `inner_solver`, to a part of the gap that is left. Losses whose
    curvature is that of a parabola above them (Huber, softmax) take more steps.

    Parameters
    ----------
    likelihood : Likelihood
        The loss.
    penalty : Penalty
        A single penalty, a sum or a decomposition.
    start : Solution, default=None
        Solution of a similar problem, to start from.
    inner_solver : callable
        The solver of squared losses, called as :func:`~skmtl.solvers.solve_penalized` is.
    max_iter : int, default=100
        Largest number of steps.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model; where a
        quadratic penalty leaves directions free, when the gradient is at most `tol` times that at
        W = 0.

    Returns
    -------
    Solution

    References
    ----------
    Lee, Sun, Saunders (2014), "Proximal Newton-type methods for minimizing composite functions",
    SIAM J. Optim. 24, algorithm 1.
    """
    tol = max(tol, _LEAST_TOL)
    n_features, n_tasks = likelihood.shape
    terms, _ = separate_quadratic(penalty, n_tasks)
    separable = len(terms) == 1 and terms[0].is_separable
    solve = _in_working_sets if separable and n_features > _LEAST else _all_features
    return solve(
        likelihood,
        penalty,
        start,
        inner_solver,
        max_iter,
        tol,
    )


def _all_features(
    likelihood,
    penalty,
    start,
    inner_solver,
    max_iter,
    tol,
):
    """Newton's method for all features at once, after gradient steps where these are quick."""
    problem = LikelihoodProblem(likelihood, penalty)
    n_done = 0
    quick = quick_steps(problem, start, max_iter=max_iter, tol=tol)
    if quick is not None:
        if quick.converged or quick.n_iter >= max_iter:
            return quick
        start = quick
        n_done = quick.n_iter
    iteration = NewtonIteration(problem, start, inner_solver)
    solution = iteration.run(max_iter - n_done, tol)
    return solution._replace(n_iter=solution.n_iter + n_done)


def _in_working_sets(
    likelihood,
    penalty,
    start,
    inner_solver,
    max_iter,
    tol,
):
    """Newton's method for the features of W that are not zero and those that should not be."""
    problem = LikelihoodProblem(likelihood, penalty)
    null = problem.null.value
    point = problem.null if start is None else likelihood.at(start.W)
    features = None
    share = _SHARE
    bound = 0.0
    n_iter = 0
    while True:
        point = problem.with_free_features(point)
        objective = point.value + problem.penalty_value([point.W])
        bound = max(bound, problem.bound(point))
        gap = gap_between(objective, bound)
        optimality = gap / null if null > 0 else 0.0
        if optimality <= tol or n_iter >= max_iter:
            break
        known = features
        features = _working_set(point, problem)
        if len(features) == len(point.W):
            solution = _all_features(
                likelihood,
                penalty,
                starting_at(point.W),
                inner_solver,
                max_iter=max_iter - n_iter,
                tol=tol,
            )
            return solution._replace(n_iter=n_iter + solution.n_iter)
        share = 0.1 * share if np.array_equal(features, known) else _SHARE
        enough = max(share * gap, 50 * share * tol * null) / null
        solution = _all_features(
            likelihood.restrict(features),
            problem.restricted_penalty(features),
            starting_at(point.W[features]),
            inner_solver,
            max_iter=max(max_iter - n_iter, 1),
            tol=enough,
        )
        n_iter += solution.n_iter
        if share < _LEAST_SHARE:
            break
        W = np.zeros(likelihood.shape)
        W[features] = solution.W
        point = likelihood.at(W, point.b)
    return Solution(
        point.W,
        n_iter=max(n_iter, 1),
        objective=objective,
        gap=gap,
        optimality=optimality,
        converged=optimality <= tol,
    )


def _working_set(point, problem):
    """Features that are not zero or unpenalized, and as many that violate optimality most."""
    (term,) = problem.terms
    inside = point.W.any(axis=1)
    inside[term.unpenalized_features(len(inside))] = True
    violation = term.prox(point.correlation - point.W @ problem.coupling, 1.0)
    excess = np.linalg.norm(violation, axis=1)
    excess[inside] = 0.0
    n_inside = np.count_nonzero(inside)
    room = max(_LEAST, n_inside)
    if steps_in_time_of_newton(problem, n_inside + room):
        room = max(room, _WIDE)
    worst = np.argsort(-excess)[:room]
    inside[worst] |= excess[worst] > 0
    return np.flatnonzero(inside)
