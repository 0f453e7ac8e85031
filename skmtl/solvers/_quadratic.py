import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cholesky, lstsq, solve_triangular

from skmtl.datafits import GramForm, eigen
from skmtl.solvers._shifted import ShiftedSolver
from skmtl.solvers._solution import Solution

_MOST = 1000  # unknowns that are solved for at once


def quadratic(datafit, coupling, W0=None, *, max_iter=1000, tol=1e-4):
    """Minimum of the loss plus `1/2 tr(W M W')`, M psd.

    Tasks with one Gram in common are independent in the eigenbasis of M: one division. Tasks pulled
    to a mean, M = D - uu' with D diagonal, meet in one system of the size of a task. Else conjugate
    gradients, preconditioned twice: by each task's own system, which is right for weak couplings,
    and by the system of tasks that all have the mean Gram, which is right for strong ones.

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
        Stop when the duality gap is at most `tol` times the objective at W = 0; where there is no
        gap, when the norm of the gradient is at most `tol` times that at W = 0.

    Returns
    -------
    Solution
        Its gap is NaN where M is singular and too much of it to be solved exactly.
    """
    zero = np.zeros_like(datafit.mean_x)
    q = datafit.evaluate(zero).correlation
    if len(datafit.blocks) == 1:
        values, U = eigen(coupling)
        W = datafit.shifted_solve(q @ U, values) @ U.T
    elif not coupling.any():
        W = datafit.shifted_solve(q, 0.0)
    elif isinstance(datafit, GramForm) and (u := _pull(coupling)) is not None:
        W = _meet(datafit, np.diag(coupling) + u**2, u, q)
    else:
        return _iterate(datafit, coupling, zero if W0 is None else W0, q, max_iter, tol)
    direct = _certified(datafit, coupling, W, 1, tol)
    if direct.converged or not isinstance(datafit, GramForm):
        return direct
    start = W if direct.objective <= 0.5 * datafit.yy else zero
    return _iterate(datafit, coupling, start, q, max_iter, tol)  # features of different scales


def _iterate(datafit, coupling, W, q, max_iter, tol):
    """The solution by conjugate gradients, of a gradient that shrinks until the gap is small."""

    def product(D):
        return q - datafit.evaluate(D).correlation + D @ coupling

    precondition = _preconditioner(datafit, coupling, product)
    values, U = eigen(coupling)
    free = U[:, values == 0]
    exact = free.size * len(q) <= _MOST * len(free)
    enough, n_iter = tol, 0
    while True:
        W, n = _conjugate_gradients(product, precondition, q, W, max_iter - n_iter, enough)
        n_iter, enough = n_iter + n, 0.1 * enough
        if not exact:
            slope = np.linalg.norm(q - product(W)) / (np.linalg.norm(q) or 1.0)
            at = _certified(datafit, coupling, W, n_iter, tol)
            return at._replace(gap=np.nan, optimality=slope, converged=slope <= tol)
        at = _certified(datafit, coupling, _minimize_free(datafit, W, free), n_iter, tol)
        if at.converged or n_iter >= max_iter or enough < np.finfo(float).eps:
            return at


def _certified(datafit, coupling, W, n_iter, tol):
    """The solution W, optimal in the directions that the coupling leaves free."""
    at = datafit.evaluate(W)
    objective = 0.5 * at.rr + 0.5 * float(np.vdot(W, W @ coupling))
    gap = objective - (at.ry - 0.5 * at.rr - conjugate(coupling, at.correlation))
    gap = max(gap, np.finfo(float).eps * objective)
    optimality = gap / (0.5 * datafit.yy) if datafit.yy > 0 else 0.0
    converged = optimality <= max(tol, 1e3 * np.finfo(float).eps)
    return Solution(W, n_iter, objective, gap, optimality, converged)


def conjugate(M, C):
    """`1/2 tr(C M^-1 C')`, for C that is zero where M is."""
    try:
        L = cholesky(M, lower=True)
        if np.diag(L).min() ** 2 > 1e-10 * np.diag(M).max():
            return 0.5 * float((solve_triangular(L, C.T, lower=True) ** 2).sum())
    except LinAlgError:
        pass
    values, U = eigen(M)
    kept = values > 0
    return 0.5 * float(((C @ U[:, kept]) ** 2 / values[kept]).sum())


def _pull(M):
    """u > 0 with `M_st = -u_s u_t` off the diagonal, None if there is none."""
    T = len(M)
    if T < 3 or not (M[~np.eye(T, dtype=bool)] < 0).all():
        return None
    u = -M[0] / np.sqrt(-M[0, 1] * M[0, 2] / M[1, 2])
    u[0] = np.sqrt(-M[0, 1] * M[0, 2] / M[1, 2])
    fits = np.abs(M + np.outer(u, u)) <= 1e-12 * np.outer(u, u)
    return u if (fits | np.eye(T, dtype=bool)).all() else None


def _meet(datafit, diagonal, u, q):
    """W with `(Q_t + d_t) w_t = q_t + u_t z`, `z = sum_t u_t w_t`."""
    blocks = datafit.block_of_task
    if len(datafit.blocks) < len(u):  # one inverse for each task
        datafit = GramForm(
            datafit.grams[:, :, blocks],
            q,
            0.0,
            list(np.arange(len(u))[:, None]),
            datafit.mean_x,
            datafit.mean_y,
        )
    solve = ShiftedSolver(datafit, diagonal)
    system = np.eye(len(q)) - np.tensordot(solve.inverses, u**2, 1)
    z = lstsq(system, solve(q) @ u)[0]
    return solve(q + np.outer(z, u))


def _preconditioner(datafit, M, product):
    """A function of the residual, symmetric and positive definite.

    Own systems, then the mean system of what is left, then own systems again. Their diagonals are
    those of M, or larger, such that `2 diag - M` is positive semidefinite.
    """
    off = np.abs(M).sum(axis=1) - np.diag(M)
    shift = np.maximum(np.diag(M), 0.5 * (np.diag(M) + off))
    shift = np.maximum(shift, 1e-6 * shift.max())
    if not isinstance(datafit, GramForm):
        if sparse.issparse(datafit.design.X):  # a product costs much less than a factor
            diagonal = datafit.curvature + shift
            return lambda R: R / diagonal
        return ShiftedSolver(datafit, shift)
    solve = ShiftedSolver(datafit, np.array([shift[tasks].max() for tasks in datafit.blocks]))
    shares = np.bincount(datafit.block_of_task, minlength=len(datafit.blocks)) / len(M)
    gram, V = eigen(datafit.grams @ shares)
    tasks, U = eigen(M)
    curvature = np.maximum(gram[:, None] + tasks, 1e-8 * (gram[-1] + tasks[-1]))

    def precondition(R):
        Z = solve(R)
        Z = Z + V @ ((V.T @ (R - product(Z)) @ U) / curvature) @ U.T
        return Z + solve(R - product(Z))

    return precondition


def _minimize_free(datafit, W, free):
    """W with the optimal multiple D added of the directions `free` (n_tasks, k): W + D free'."""
    p, k = len(W), free.shape[1]
    if k == 0:
        return W
    system, everything = np.zeros((p, k, p, k)), np.arange(p)
    for block, tasks in enumerate(datafit.blocks):
        inner = free[tasks].T @ free[tasks]
        system += np.einsum("ij,ab->iajb", datafit.gram_block(block, everything), inner)
    right = (datafit.evaluate(W).correlation @ free).ravel()
    D = lstsq(system.reshape(p * k, p * k), right)[0]
    return W + D.reshape(p, k) @ free.T


def _conjugate_gradients(product, precondition, b, W, max_iter, tol):
    """W with `product(W) = b` up to a residual of `tol ||b||`, and the steps taken."""
    R, enough = b - product(W), tol * np.linalg.norm(b)
    Z = precondition(R)
    D, RZ = Z, float(np.vdot(R, Z))
    for n_iter in range(max_iter):
        if np.linalg.norm(R) <= enough:
            return W, n_iter
        AD = product(D)
        curvature = float(np.vdot(D, AD))
        if curvature <= 0:
            return W, n_iter
        step = RZ / curvature
        W, R = W + step * D, R - step * AD
        Z = precondition(R)
        RZ, before = float(np.vdot(R, Z)), RZ
        D = Z + RZ / before * D
    return W, max_iter
