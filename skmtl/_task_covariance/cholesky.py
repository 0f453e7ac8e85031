"""``K o B[task, task] + diag(alpha / s)`` over cells, dense: for rows of their own and many holes.

Intercepts are eliminated exactly: K is centered, and with M the indicators of the tasks,
``P = A^-1 M`` and ``G = M'P``, the matrix ``Q = A^-1 - P G^-1 P'`` takes the place of the inverse.
"""

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotri

from skmtl._task_covariance.kronecker import mean_left_over
from skmtl._task_covariance.observations import centered, factorize


def observation_kernel(K, B, cells):
    """``K o B[task, task]`` between cells, (n_cells, n_cells); a new array."""
    A = K[np.ix_(cells.row, cells.row)]
    if A.dtype != np.float64:
        A = A.astype(np.float64)
    for t, (a, b) in enumerate(zip(cells.ptr, cells.ptr[1:], strict=False)):
        A[a:b] *= B[t, cells.task]
    return A


class CholeskySystem:
    """The system on any cells.

    Parameters
    ----------
    K : ndarray of shape (n_rows, n_rows)
    B : ndarray of shape (T, T)
    alpha : ndarray of shape (T,)
    cells : Observations
    fit_intercept : bool
    """

    name = "cholesky"

    def __init__(self, K, B, alpha, cells, fit_intercept):
        self.K, self.B, self.cells, self.fit_intercept = K, B, cells, fit_intercept
        if fit_intercept:
            K = centered(K, np.bincount(cells.row, cells.weight, cells.n_rows))
        A = observation_kernel(K, B, cells)
        A.flat[:: len(A) + 1] += alpha[cells.task] / cells.weight
        self.factor = factorize(A, alpha)
        if fit_intercept:
            self.P = self._solve(cells.indicators())
            self.G = cells.task_sum(self.P)

    def _solve(self, y):
        return cho_solve((self.factor, True), y, check_finite=False)

    def dual(self, y):
        """Dual coefficients of targets over cells."""
        c = self._solve(y)
        return c - self.P @ np.linalg.solve(self.G, self.P.T @ y) if self.fit_intercept else c

    def intercepts(self, y, dual):
        """Intercepts that belong to dual coefficients, (n_tasks,)."""
        return mean_left_over(self, y, dual)

    def leave_one_out(self, y, by="row"):
        """Errors of every cell when its row, or only the cell, is left out.

        NaN where nothing is left to find the intercept of the task from.
        """
        c, known = self.dual(y), self.cells.left(self.fit_intercept)
        if by == "cell" or len(self.cells.by_row) == len(c):
            return c / np.where(known, self.cell_precisions(), np.nan)
        errors, (inverse, _) = np.full(len(c), np.nan), dpotri(self.factor, lower=True)
        for here in self.cells.by_row:
            here = here[known[here]]
            block = inverse[np.ix_(here, here)]  # of its lower triangle
            block = np.tril(block) + np.tril(block, -1).T
            if self.fit_intercept:
                block -= self.P[here] @ np.linalg.solve(self.G, self.P[here].T)
            errors[here] = np.linalg.solve(block, c[here])
        return errors

    def cell_precisions(self):
        """The diagonal of the inverse, (n_cells,)."""
        diagonal = dpotri(self.factor, lower=True)[0].diagonal()
        if self.fit_intercept:
            half = np.linalg.solve(self.G, self.P.T)
            diagonal = diagonal - np.einsum("it,ti->i", self.P, half)
        return diagonal

    def log_determinant(self):
        """log of the determinant of the system A; with intercepts ``log|A| + log|M'A^-1 M|``."""
        log = 2 * np.log(self.factor.diagonal()).sum()
        if self.fit_intercept:
            log += np.linalg.slogdet(self.G)[1]
        return float(log)
