import numpy as np

from skmtl.datafits import GramForm
from skmtl.solvers._certificates import certify, null_objective
from skmtl.solvers._gram_path import gram_path
from skmtl.solvers._solution import Solution

_SWEEPS = (6, 30)  # between two certificates on the rows of the data
_SHARE = 0.03  # of the gap over all rows, to which a working set is solved
_MEMORY = 5  # sweeps that are extrapolated
_LEAST = 30  # rows of a working set


def bcd(datafit, penalty, W0, *, max_iter=1000, tol=1e-4, random_state=None):
    """Block coordinate descent over the rows of W, stopped by the duality gap.

    Working sets hold the non-zero rows and those that violate optimality most, and grow at least
    by half at every certificate over all rows. Working sets are solved to a part of the gap, in
    Gram form (:func:`~skmtl.solvers.gram_path`) unless it is larger than the data, each row
    exactly.

    Parameters
    ----------
    datafit : SquaredDatafit
    penalty : L21
    W0 : ndarray of shape (n_features, n_tasks)
        Where to start; not modified.
    max_iter : int, default=1000
        Largest number of sweeps.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model.
    random_state : numpy.random.RandomState or None, default=None
        Visit the rows in random order; None is cyclic.

    Returns
    -------
    Solution
    """
    group_weights = penalty.group_weights(len(W0))
    tol = max(tol, np.finfo(float).eps)  # no gap is known better than that
    null = null_objective(datafit, penalty)
    rows, n_iter = np.empty(0, dtype=np.intp), 0
    certificate = certify(datafit, penalty, penalty.prox(W0, 0.0))  # feasible
    while certificate.gap > tol * null and n_iter < max_iter:
        before, known = certificate.W, rows
        W = np.array(before, order="C")
        rows = _working_set(datafit, penalty, W, certificate.evaluation, group_weights, known)
        enough = max(0.3 * tol * null, _SHARE * certificate.gap)
        if np.array_equal(rows, known):
            enough *= 0.1
        local = datafit.restrict(rows)
        budget = {"max_iter": max_iter - n_iter, "random_state": random_state}
        if local is None:
            # a start from far away: most of the rows will not stay
            n_sweeps = 2 if n_iter == 0 else None
            W, swept, done = _sweep(datafit, penalty, W, rows, n_sweeps=n_sweeps, **budget)
            certificate = _better(datafit, penalty, W, swept, certificate.objective)
        elif isinstance(local, GramForm):
            target = {"tol": enough / null if null > 0 else 0.0, "null": null}
            W[rows], done = _solve_gram(local, penalty.restrict(rows), W[rows], **target, **budget)
            certificate = certify(datafit, penalty, W)
        else:
            W[rows], done = _solve_rows(local, penalty.restrict(rows), W[rows], enough, **budget)
            certificate = certify(datafit, penalty, W)
        n_iter += done
        if np.array_equal(certificate.W, before) and np.array_equal(rows, known):
            break  # a fixed point in floating point: no sweep can do better
        if local is None:
            rows = rows[:0]  # to be chosen afresh: looking at all rows costs no more than a sweep
    W, objective, gap, _ = certificate
    optimality = gap / null if null > 0 else gap
    return Solution(
        np.ascontiguousarray(W), max(n_iter, 1), objective, gap, optimality, gap <= tol * null
    )


def _working_set(datafit, penalty, W, evaluation, group_weights, known):
    """Rows that are non-zero or unpenalized, and those whose correlation exceeds their weight most.

    As many again as are known or non-zero, and a quarter of the samples at the start.
    """
    G = evaluation.correlation - datafit.ridge * W
    if penalty.positive:
        G = np.maximum(G, 0.0)
    norms = np.linalg.norm(G, axis=1)
    inside = W.any(axis=1) | (group_weights == 0)
    inside[known] = True
    violating = np.flatnonzero((norms > group_weights) & ~inside)
    room = max(_LEAST, int(datafit.first_set), np.count_nonzero(inside))
    if len(violating) > room:
        excess = norms[violating] / group_weights[violating]
        violating = violating[np.argpartition(-excess, room)[:room]]
    inside[violating] = True
    if np.count_nonzero(inside) > datafit.largest_set:
        return np.arange(len(W))
    return np.flatnonzero(inside)


def _solve_gram(form, penalty, W, **options):
    """W and the sweeps done, until the gap among these rows is `tol` of `null`."""
    group_weights = penalty.group_weights(len(W))
    free = np.flatnonzero(group_weights == 0)
    if len(free) and not penalty.positive:
        rest = np.flatnonzero(group_weights)
        reduced, free_rows_of = form.eliminate(free)
        W, n = W.copy(), 1
        if len(rest):
            W[rest], n = _solve_gram(reduced, penalty.restrict(rest), W[rest], **options)
        W[free] = free_rows_of(W[rest])
        return W, n
    options["positive"] = penalty.positive
    (solution,) = gram_path(form, group_weights[None], np.array([form.ridge]), W, **options)
    return solution.W, solution.n_iter


def _solve_rows(form, penalty, W, enough, *, max_iter, random_state):
    done, rows, swept = 0, np.arange(len(W)), None
    certificate = certify(form, penalty, W)
    while certificate.gap > enough and done < max_iter:
        budget = {"max_iter": max_iter - done, "random_state": random_state}
        W, swept, n = _sweep(form, penalty, W, rows, n_sweeps=2 * _MEMORY, **budget)
        done += n
        certificate = _better(form, penalty, W, swept, certificate.objective)
        W = certificate.W
        if n == 0:
            break
    return W, done


def _sweep(form, penalty, W, rows, *, max_iter, random_state, n_sweeps=None):
    """Sweeps over `rows` of W.

    Returns W extrapolated, W as the sweeps left it, and their number, 0 if nothing moved.
    """
    if n_sweeps is None:
        n_sweeps = int(np.clip(2 * len(W) / max(len(rows), 1), *_SWEEPS))
    order = rows if random_state is None else random_state.permutation(rows)
    weights = penalty.group_weights(len(W))
    swept, history = np.array(W, order="C"), np.empty((_MEMORY + 1, len(order), W.shape[1]))
    n = form.descend(swept, order, weights, penalty.positive, min(n_sweeps, max_iter), history)
    if n < len(history) or penalty.positive:
        return swept, swept, n
    further = swept.copy()
    further[order] = _extrapolate(np.roll(history, -n, axis=0))
    return further, swept, n


def _extrapolate(iterates):
    """Anderson's extrapolation: the affine combination whose steps cancel best."""
    steps = np.diff(iterates, axis=0).reshape(len(iterates) - 1, -1)
    A = steps @ steps.T
    A.flat[:: len(A) + 1] += 1e-4 * np.trace(A)  # near-collinear steps amplify rounding
    c = np.linalg.solve(A, np.ones(len(A)))
    return np.tensordot(c / c.sum(), iterates[1:], 1)


def _better(form, penalty, W, swept, objective):
    """The certificate of W if it is below the objective before the sweeps, else of `swept`."""
    certificate = certify(form, penalty, W)
    if W is swept or certificate.objective <= objective:
        return certificate
    return certify(form, penalty, swept)
