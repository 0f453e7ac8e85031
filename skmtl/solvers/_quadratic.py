"""Quadratic penalties: linear systems."""

from functools import partial

import numpy as np

from skmtl.datafits import ROUNDING, TaskLosses, less_squares
from skmtl.solvers._certificates import scaled_bound
from skmtl.solvers._conjugate_gradients import Preconditioner, conjugate_gradients
from skmtl.solvers._free_directions import FreeDirections, solve_scaled
from skmtl.solvers._meeting import FEW
from skmtl.solvers._pulled_path import pulled_path
from skmtl.solvers._solution import Solution, gap_between


def quadratic(datafit, coupling, W0=None, *, max_iter=1000, tol=1e-4):
    """Minimum of the loss plus `1/2 tr(W M W')`, M psd.

    Tasks with one Gram in common: in its eigenbasis the features are independent, one system of M
    with a ridge for each. Tasks pulled to a mean meet in one system of the size of a task. Else
    conjugate gradients, preconditioned twice: by each task's own system, which is right for weak
    couplings, and by the system of tasks that all have the mean Gram, which is right for strong
    ones.

    Parameters
    ----------
    datafit : GramForm or ResidualForm
        The loss.
    coupling : Coupling
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
    if datafit.shape[0] > FEW and coupling.pulled_to_mean() and TaskLosses.are_known(datafit):
        (solution,) = pulled_path(datafit, [coupling], tol=tol)
        if solution.converged:
            return solution
    zero = np.zeros(datafit.shape)
    correlation = datafit.evaluate(zero).correlation
    free = FreeDirections(datafit, coupling)
    W = _solve_directly(datafit, coupling, correlation)
    if W is None:
        start = zero if W0 is None else W0
        return _iterate(
            datafit,
            coupling,
            free,
            start,
            correlation,
            max_iter,
            tol,
        )
    if free.is_affordable:
        W = free.minimize(W)
    direct = _certified(datafit, coupling, W, 1, tol)
    if direct.converged or not datafit.is_gram:
        return direct
    # features of different scales
    worse = direct.objective > 0.5 * datafit.yy
    start = zero if worse else W
    return _iterate(
        datafit,
        coupling,
        free,
        start,
        correlation,
        max_iter,
        tol,
    )


def _solve_directly(datafit, coupling, correlation):
    """W from linear systems of the size of a task, None if there are none."""
    solve = _direct_solver(datafit.separate, coupling)
    if solve is None:
        return None
    return less_squares(solve, datafit.borders)(correlation)


def _direct_solver(datafit, coupling):
    """A function of the correlation that returns W, None if there is none."""
    if len(datafit.blocks) == 1:
        ((values, V),) = datafit.spectra()
        solve = coupling.shifted_solver(values)
        return lambda correlation: V @ solve(V.T @ correlation)
    if not coupling.any():
        return partial(datafit.shifted_solve, shift=0.0)
    pulled = coupling.pulled_to_mean() if datafit.is_gram else None
    if pulled is None:
        return None
    return _meet(datafit, *pulled)


def _meet(datafit, diagonal, u):
    """A function of q, W with `(Q_t + d_t) w_t = q_t + u_t z`, `z = sum_t u_t w_t`."""
    datafit = datafit.of_single_tasks()
    solve = datafit.shifted_inverses(diagonal)
    # I - sum_t u_t^2 (Q_t + d_t)^-1, without a difference of nearly equal numbers
    shares = u**2 / diagonal
    left = 1 - shares.sum()
    grams = np.moveaxis(datafit.grams, 2, 0)
    explained = np.matmul(np.moveaxis(solve.inverses, 2, 0), grams)
    system = np.tensordot(shares, explained, 1)
    if left > ROUNDING * len(u):
        system += left * np.eye(len(system))

    def solution(correlation):
        right = solve(correlation) @ u
        z = solve_scaled(system, right)
        return solve(correlation + np.outer(z, u))

    return solution


def _iterate(
    datafit,
    coupling,
    free,
    W,
    correlation,
    max_iter,
    tol,
):
    """The solution by conjugate gradients, of a gradient that shrinks until the gap is small."""

    def product(D):
        explained = correlation - datafit.evaluate(D).correlation
        return explained + D @ coupling

    system = _OneSystem(product, Preconditioner(datafit, coupling, product), W.shape)
    right = correlation.reshape(-1, 1)
    enough = tol
    n_iter = 0
    while True:
        left = max_iter - n_iter
        W, n_done = conjugate_gradients(
            system,
            right,
            W.reshape(-1, 1),
            max_iter=left,
            tol=enough,
        )
        W = W.reshape(system.shape)
        n_iter += n_done
        enough *= 0.1
        if not free.is_affordable:
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
        W_free = free.minimize(W)
        solution = _certified(datafit, coupling, W_free, n_iter, tol)
        if solution.converged or n_iter >= max_iter or enough < ROUNDING:
            return solution


class _OneSystem:
    """The system of all tasks, as a column of unknowns."""

    def __init__(self, product, precondition, shape):
        self._product = product
        self._precondition = precondition
        self.shape = shape

    def product(self, D):
        return self._product(D.reshape(self.shape)).reshape(-1, 1)

    def precondition(self, R):
        return self._precondition(R.reshape(self.shape)).reshape(-1, 1)


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


def _certified(datafit, coupling, W, n_iter, tol):
    """The solution W, optimal in the directions that the coupling leaves free."""
    at = datafit.evaluate(W)
    return certified_at(at, coupling, W, 0.5 * datafit.yy, n_iter, tol)


def certified_at(at, coupling, W, null, n_iter, tol):
    """The solution W, from its :class:`Evaluation` and the objective at W = 0."""
    objective = 0.5 * at.rr + coupling.value(W)
    conjugate = coupling.half_square(at.correlation)
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
