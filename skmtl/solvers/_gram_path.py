"""Row penalties in Gram form: a whole path compiled, Newton's method where descent is slow."""

import numpy as np

from skmtl import _kernels
from skmtl.solvers._newton import group_newton
from skmtl.solvers._solution import Solution

_FLOATS = 2**22  # of solutions kept at a time
_FIRST = 0  # sweeps before Newton's method is thought of; negative to take it at once
_PATIENCE = 50  # sweeps after a Newton step that did not help


def gram_path(
    form,
    group_weights,
    ridges,
    W0,
    *,
    positive=False,
    max_iter=1000,
    tol=1e-4,
    random_state=None,
    null=None,
):
    """Solutions of `loss + ridges[a]/2 ||W||^2 + sum_j group_weights[a, j] ||W_j||`, a after a.

    Parameters
    ----------
    form : GramForm
    group_weights : ndarray of shape (n_models, n_features)
    ridges : ndarray of shape (n_models,)
    W0 : ndarray of shape (n_features, n_tasks)
        Where the first starts; each other starts from the one before.
    positive : bool, default=False
        Whether W >= 0.
    max_iter : int, default=1000
        Largest number of sweeps and Newton steps of each.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times `null`.
    random_state : numpy.random.RandomState or None, default=None
        Visit the rows in random order; None is cyclic.
    null : float, default=None
        The objective at W = 0 unless given.

    Yields
    ------
    Solution
    """
    W, order = np.array(W0, order="C"), np.arange(len(W0))
    if random_state is not None:
        order = random_state.permutation(order)
    null = 0.5 * form.yy if null is None else null
    enough = max(tol, np.finfo(float).eps) * null  # no gap is known better than that
    H = form.evaluate(W).correlation
    previous = np.full(len(W), np.inf)  # no row is discarded without looking
    grams = form.grams if len(form.blocks) > 1 else form.grams[:, :, 0]
    head = (grams, form.block_of_task, form.curvature, form.curvature.max(axis=1), form.q, form.yy)
    work, size = _kernels.gram_work(*W.shape), max(1, _FLOATS // W.size)
    for first in range(0, len(ridges), size):
        part = slice(first, first + size)
        lam, mu = np.ascontiguousarray(group_weights[part]), np.ascontiguousarray(ridges[part])
        solutions, report = np.empty((len(mu), *W.shape)), np.empty((len(mu), 3))
        a, n, ask = 0, 0, max_iter if positive else _FIRST
        while True:
            state = (previous, a, n, H, W, solutions, report, work)
            rest = (positive, order, enough, max_iter, ask)
            at = a
            a, n = _kernels.gram_path(*head, lam, mu, *rest, *state)
            if a == len(mu):
                break
            ask = ask if a == at else _FIRST
            here = form.with_ridge(mu[a])
            steps, better = _try_newton(here, lam[a], W, H, 0.3 * enough, max_iter - n)
            n += steps
            ask = n + (0 if better else _PATIENCE)
        for W_a, (sweeps, objective, gap) in zip(solutions, report, strict=True):
            optimality = gap / null if null > 0 else gap
            n_iter = max(int(sweeps), 1)
            yield Solution(W_a, n_iter, objective, gap, optimality, gap <= enough)


def _try_newton(form, group_weights, W, H, tol, max_iter):
    """Improve W and H in place; the steps taken and whether they helped."""
    rows = np.flatnonzero(W.any(axis=1))
    if len(rows) == 0 or max_iter == 0 or (group_weights[rows] == 0).any():
        return 0, False
    local = form.restrict(rows)
    better, steps = group_newton(local, group_weights[rows], W[rows], tol, max_iter)
    if better is None:
        return steps, False
    W[rows] = better
    H[:] = form.evaluate(W).correlation
    return steps, True
