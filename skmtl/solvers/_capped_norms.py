"""Norms of features whose duals are capped: the dirty model and the lasso of single tasks."""

import numpy as np

from skmtl.penalties import best_parts
from skmtl.solvers._gram_path import gram_path


def capped_descent(form, penalty, norm, W0, *, max_iter=1000, tol=1e-4):
    """Exact descent over the features for a :func:`~skmtl.penalties.capped_norm`.

    The best P and Q of one feature need no iterations over both: only W is descended.

    Parameters
    ----------
    form : GramForm
        The loss, without a ridge.
    penalty : L1 or Decomposition
        The penalty.
    norm : (float, float)
        Its strength and ratio as a capped norm.
    W0 : ndarray of shape (n_features, n_tasks)
        Initial values; not modified.
    max_iter : int, default=1000
        Largest number of sweeps.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model.

    Returns
    -------
    Solution
    """
    lam, ratio = norm
    path = gram_path(
        form,
        np.full((1, len(W0)), lam),
        np.zeros(1),
        W0,
        ratio=ratio,
        max_iter=max_iter,
        tol=tol,
    )
    (solution,) = path
    if not penalty.is_decomposition:
        return solution
    return solution._replace(parts=best_parts(solution.W, ratio))
