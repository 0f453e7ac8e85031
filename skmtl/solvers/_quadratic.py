import numpy as np

from skmtl.datafits import eigen
from skmtl.solvers._solution import Solution


def quadratic(datafit, coupling, W0=None, *, max_iter=1000, tol=1e-4):
    """Minimum of the loss plus `1/2 tr(W M W')`, M psd.

    Tasks with one Gram in common are independent in the eigenbasis of M: one division. Else
    conjugate gradients, preconditioned by each task's own system.

    Parameters
    ----------
    datafit : GramForm or ResidualForm
    coupling : ndarray of shape (n_tasks, n_tasks)
        M.
    W0 : ndarray of shape (n_features, n_tasks), default=None
        Where to start.
    max_iter : int, default=1000
        Largest number of conjugate gradient steps.
    tol : float, default=1e-4
        Stop when the norm of the gradient is at most `tol` times that at W = 0.

    Returns
    -------
    Solution
        Its gap is NaN where M is singular: there is no dual in closed form.
    """
    zero = np.zeros_like(datafit.mean_x)
    q = datafit.evaluate(zero).correlation
    values, U = eigen(coupling)
    if len(datafit.blocks) == 1:
        W, n_iter = datafit.shifted_solve(q @ U, values) @ U.T, 1
    else:
        diagonal = np.diag(coupling)
        weak = diagonal <= 1e-10 * diagonal.max(initial=0.0)
        least = 1e-10 * np.linalg.norm(q) if weak.all() else diagonal[~weak].min()
        shift = np.where(weak, least, diagonal)

        def product(D):
            return q - datafit.evaluate(D).correlation + D @ coupling

        W, n_iter = _conjugate_gradients(
            product,
            lambda R: datafit.shifted_solve(R, shift),
            q,
            zero if W0 is None else W0,
            max_iter,
            tol,
        )
    at = datafit.evaluate(W)
    WM = W @ coupling
    objective = 0.5 * at.rr + 0.5 * float(np.vdot(W, WM))
    slope, slope_at_zero = np.linalg.norm(at.correlation - WM), np.linalg.norm(q)
    optimality = slope / slope_at_zero if slope_at_zero > 0 else 0.0
    gap = np.nan
    if (values > 0).all():
        conjugate = 0.5 * float(((at.correlation @ U) ** 2 / values).sum())
        gap = max(objective - (at.ry - 0.5 * at.rr - conjugate), np.finfo(float).eps * objective)
    converged = optimality <= max(tol, 1e3 * np.finfo(float).eps)
    return Solution(W, n_iter, objective, gap, optimality, converged)


def _conjugate_gradients(product, precondition, b, W, max_iter, tol):
    """W with `product(W) = b` up to a residual of `tol ||b||`, and the steps taken."""
    R, enough = b - product(W), tol * np.linalg.norm(b)
    Z = precondition(R)
    D, RZ = Z, float(np.vdot(R, Z))
    for n_iter in range(max_iter):
        if np.linalg.norm(R) <= enough:
            return W, max(n_iter, 1)
        AD = product(D)
        curvature = float(np.vdot(D, AD))
        if curvature <= 0:
            return W, max(n_iter, 1)
        step = RZ / curvature
        W, R = W + step * D, R - step * AD
        Z = precondition(R)
        RZ, before = float(np.vdot(R, Z)), RZ
        D = Z + RZ / before * D
    return W, max_iter
