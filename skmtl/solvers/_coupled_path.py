"""Quadratic penalties that couple few tasks, of many strengths on one loss."""

from dataclasses import dataclass, replace

import numpy as np

from skmtl.datafits import Evaluation, ShiftedTasks, TaskLosses
from skmtl.solvers._conjugate_gradients import conjugate_gradients
from skmtl.solvers._free_directions import FreeDirections
from skmtl.solvers._quadratic import certified_at, quadratic

MOST_TASKS = 100  # whose couplings are dense matrices
_FLOATS = 2**22  # numbers in the coefficients or couplings of the models solved at a time
_LEAST = 1e-6  # of the largest shift of a task, in the preconditioner
_FLAT = 1e-8  # of the largest eigenvalue of the mean Gram and a coupling
_STEPS = 100  # of conjugate gradients


def coupled_path(datafit, couplings, *, tol=1e-4):
    """Yield the minimum of the loss plus `1/2 tr(W M W')` for each M.

    They share one eigendecomposition of each task. Conjugate gradients take all models at once,
    preconditioned as in :func:`quadratic`.

    Parameters
    ----------
    datafit : GramForm or SharedIntercepts
        The loss, one that :class:`TaskLosses` takes.
    couplings : list of Coupling
        The M, of at most `MOST_TASKS` tasks.
    tol : float, default=1e-4
        A solution has converged if its duality gap is at most `tol` times the objective at W = 0.

    Yields
    ------
    Solution
    """
    if len(datafit.blocks) == 1:
        for coupling in couplings:
            yield quadratic(datafit, coupling, tol=tol)
        return
    loss = TaskLosses(datafit)
    n_features, n_tasks = datafit.shape
    size = n_tasks * max(n_features, n_tasks)
    n_models = max(1, _FLOATS // size)
    for first in range(0, len(couplings), n_models):
        yield from _solved(datafit, loss, couplings[first : first + n_models], tol)


def _solved(datafit, loss, couplings, tol):
    """Yield the certified solutions of some models."""
    systems = _Systems.of(loss, couplings)
    shape = (*loss.q.shape, len(couplings))
    right = np.broadcast_to(loss.q[:, :, None], shape)
    right = right.reshape(-1, len(couplings))
    W, n_iter = conjugate_gradients(systems, right, max_iter=_STEPS, tol=0.1 * tol)
    W = W.reshape(shape)
    free = None
    for model, coupling in enumerate(couplings):
        free = FreeDirections(datafit, coupling).or_same(free)
        if free.n_free and free.is_affordable:
            W[:, :, model] = free.minimize(W[:, :, model].T).T
    all_at = loss.evaluate(W)
    null = 0.5 * loss.yy
    for model, coupling in enumerate(couplings):
        at = Evaluation(
            np.ascontiguousarray(all_at.correlation[:, :, model].T),
            float(all_at.rr[model]),
            float(all_at.ry[model]),
        )
        of_model = np.ascontiguousarray(W[:, :, model].T)
        yield certified_at(at, coupling, of_model, null, n_iter, tol)


@dataclass
class _Systems:
    """The equations of all models, for :func:`conjugate_gradients`.

    Attributes
    ----------
    loss : TaskLosses
        The loss.
    tasks : ShiftedTasks
        The systems of the tasks, with the diagonals of the couplings.
    matrices : ndarray of shape (n_models, n_tasks, n_tasks)
        The couplings M.
    values : ndarray of shape (n_models, n_tasks)
        Their eigenvalues.
    U : ndarray of shape (n_models, n_tasks, n_tasks)
        Their eigenvectors.
    """

    loss: TaskLosses
    tasks: ShiftedTasks
    matrices: np.ndarray
    values: np.ndarray
    U: np.ndarray

    @classmethod
    def of(cls, loss, couplings):
        shifts = [coupling.dominant_diagonal() for coupling in couplings]
        shift = np.stack(shifts, axis=1)
        shift = np.maximum(shift, _LEAST * shift.max(axis=0))
        matrices = np.stack([coupling.toarray() for coupling in couplings])
        values, U = np.linalg.eigh(matrices)
        tasks = ShiftedTasks(loss.bases, shift, loss.further)
        return cls(loss, tasks, matrices, np.maximum(values, 0.0), U)

    def only(self, kept):
        """Those of some models."""
        return replace(
            self,
            tasks=self.tasks.only(kept),
            matrices=self.matrices[kept],
            values=self.values[kept],
            U=self.U[kept],
        )

    def _by_task(self, unknowns):
        """The unknowns as W, (n_tasks, n_features, n_models)."""
        return unknowns.reshape(*self.loss.q.shape, -1)

    def product(self, unknowns):
        W = self._by_task(unknowns)
        by_model = np.matmul(self.matrices, W.transpose(2, 0, 1))
        out = self.loss.product(W)
        out += by_model.transpose(1, 2, 0)
        return out.reshape(unknowns.shape)

    def precondition(self, R):
        """Own systems, then the mean system of what is left, then own systems again."""
        Z = self._solve_own(R)
        left = R - self.product(Z)
        Z = Z + self._solve_mean(left)
        left = R - self.product(Z)
        return Z + self._solve_own(left)

    def _solve_own(self, R):
        """As if the tasks were not coupled."""
        bases = self.loss.bases
        within = bases.within(self._by_task(R))
        Z = bases.without(self.tasks.solve(within))
        return Z.reshape(R.shape)

    def _solve_mean(self, R):
        """As if all tasks had the mean Gram."""
        values, V = self.loss.base.mean_spectrum()
        largest = values[-1] + self.values[:, -1]
        values = np.maximum(values, _FLAT * largest[:, None])
        divisor = self.values[:, :, None] + values[:, None]  # (n_models, n_tasks, n_features)
        by_model = self._by_task(R).transpose(2, 0, 1)
        rotated = np.matmul(self.U.transpose(0, 2, 1), by_model @ V)
        rotated /= divisor
        Z = np.matmul(self.U, rotated) @ V.T
        return Z.transpose(1, 2, 0).reshape(R.shape)
