"""Quadratic penalties: linear systems."""

import numpy as np
from scipy.linalg import LinAlgError, cholesky, lstsq, solve_triangular

from skmtl.datafits import ROUNDING, eigen, inner
from skmtl.solvers._certificates import scaled_bound
from skmtl.solvers._conjugate_gradients import Preconditioner, conjugate_gradients
from skmtl.solvers._solution import Solution, gap_between

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
        The loss.
    coupling : ndarray of shape (n_tasks, n_tasks)
        M.
    W0 : ndarray of shape (n_features, n_tasks), default=None
        Initial values.
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
    zero = np.zeros(datafit.shape)
    correlation = datafit.evaluate(zero).correlation
    W = _solve_directly(datafit, coupling, correlation)
    if W is None:
        start = zero if W0 is None else W0
        return _iterate(
            datafit,
            coupling,
            start,
            correlation,
            max_iter,
            tol,
        )
    direct = _certified(datafit, coupling, W, 1, tol)
    if direct.converged or not datafit.is_gram:
        return direct
    # features of different scales
    worse = direct.objective > 0.5 * datafit.yy
    start = zero if worse else W
    return _iterate(
        datafit,
        coupling,
        start,
        correlation,
        max_iter,
        tol,
    )


def _solve_directly(datafit, coupling, correlation):
    """W from linear systems of the size of a task, None if there are none."""
    if len(datafit.blocks) == 1:
        values, U = eigen(coupling)
        rotated = datafit.shifted_solve(correlation @ U, values)
        return rotated @ U.T
    if not coupling.any():
        return datafit.shifted_solve(correlation, 0.0)
    u = _pull_to_mean(coupling) if datafit.is_gram else None
    if u is None:
        return None
    diagonal = np.diag(coupling) + u**2
    return _meet(datafit, diagonal, u, correlation)


def _pull_to_mean(M):
    """u > 0 with `M_st = -u_s u_t` off the diagonal, None if there is none."""
    n_tasks = len(M)
    off = ~np.eye(n_tasks, dtype=bool)
    if n_tasks < 3 or (M[off] >= 0).any():
        return None
    u = -M[0]
    first = np.sqrt(u[1] * u[2] / -M[1, 2])
    u = u / first
    u[0] = first
    product = np.outer(u, u)
    error = np.abs(M + product)
    fits = error <= 1e-12 * product
    return u if fits[off].all() else None


def _meet(datafit, diagonal, u, correlation):
    """W with `(Q_t + d_t) w_t = q_t + u_t z`, `z = sum_t u_t w_t`."""
    solve = datafit.of_single_tasks().shifted_solver(diagonal)
    pulled = np.tensordot(solve.inverses, u**2, 1)
    system = np.eye(len(correlation)) - pulled
    right = solve(correlation) @ u
    z, *_ = lstsq(system, right)
    return solve(correlation + np.outer(z, u))


def _iterate(
    datafit,
    coupling,
    W,
    correlation,
    max_iter,
    tol,
):
    """The solution by conjugate gradients, of a gradient that shrinks until the gap is small."""

    def product(D):
        explained = correlation - datafit.evaluate(D).correlation
        return explained + D @ coupling

    precondition = Preconditioner(datafit, coupling, product)
    values, U = eigen(coupling)
    free = U[:, values == 0]
    n_unknowns = free.shape[1] * len(W)
    enough = tol
    n_iter = 0
    while True:
        left = max_iter - n_iter
        W, n_done = conjugate_gradients(
            product,
            precondition,
            correlation,
            W,
            max_iter=left,
            tol=enough,
        )
        n_iter += n_done
        enough *= 0.1
        if n_unknowns > _MOST:
            gradient = correlation - product(W)
            scale = np.linalg.norm(correlation) or 1.0
            optimality = np.linalg.norm(gradient) / scale
            return _without_gap(
                datafit,
                coupling,
                W,
                n_iter,
                tol,
                optimality,
            )
        W_free = _minimize_free(datafit, W, free)
        solution = _certified(datafit, coupling, W_free, n_iter, tol)
        if solution.converged or n_iter >= max_iter or enough < ROUNDING:
            return solution


def _without_gap(
    datafit,
    coupling,
    W,
    n_iter,
    tol,
    optimality,
):
    """The solution W where the size of the gradient is all that is known."""
    solution = _certified(datafit, coupling, W, n_iter, tol)
    return solution._replace(
        gap=np.nan,
        optimality=optimality,
        converged=optimality <= tol,
    )


def _minimize_free(datafit, W, free):
    """W with the optimal multiple D added of the directions `free` (n_tasks, k): W + D free'."""
    n_features = len(W)
    k = free.shape[1]
    if k == 0:
        return W
    system = np.zeros((n_features, k, n_features, k))
    everything = np.arange(n_features)
    for block, tasks in enumerate(datafit.blocks):
        directions = free[tasks]
        squares = directions.T @ directions
        gram = datafit.gram_block(block, everything)
        system += np.einsum("ij,ab->iajb", gram, squares)
    right = datafit.evaluate(W).correlation @ free
    system = system.reshape(n_features * k, -1)
    D, *_ = lstsq(system, right.ravel())
    return W + D.reshape(-1, k) @ free.T


def _certified(datafit, coupling, W, n_iter, tol):
    """The solution W, optimal in the directions that the coupling leaves free."""
    at = datafit.evaluate(W)
    null = 0.5 * datafit.yy
    objective = 0.5 * (at.rr + inner(W, W @ coupling))
    conjugate = conjugate_of_coupling(coupling, at.correlation)
    bound = scaled_bound(1.0, at.rr, at.ry) - conjugate
    gap = gap_between(objective, bound)
    optimality = gap / null if null > 0 else 0.0
    return Solution(
        W,
        n_iter,
        objective,
        gap,
        optimality,
        converged=optimality <= max(tol, 1e3 * ROUNDING),
    )


def conjugate_of_coupling(M, C):
    """`1/2 tr(C M^-1 C')`, for C that is zero where M is."""
    L = _definite_factor(M)
    if L is not None:
        whitened = solve_triangular(L, C.T, lower=True)
    else:
        values, U = eigen(M)
        kept = values > 0
        roots = np.sqrt(values[kept])
        whitened = C @ U[:, kept] / roots
    return 0.5 * inner(whitened, whitened)


def _definite_factor(M):
    """The lower Cholesky factor of M, None if M is not definite by a margin."""
    try:
        L = cholesky(M, lower=True)
    except LinAlgError:
        return None
    least = np.diag(L).min()
    largest = np.diag(M).max()
    return L if least**2 > 1e-10 * largest else None
