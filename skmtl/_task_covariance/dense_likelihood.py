"""The likelihood of labels anywhere: a Cholesky factor of the covariances of all of them."""

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotri

from skmtl import _kernels
from skmtl._task_covariance.observations import factorize


def covariance(Ks, Bs, noise, cells):
    """``sum K o B[task, task] + diag(noise[task])`` over cells, of matrices K between cells."""
    A = np.zeros_like(Ks[0])
    for K, B in zip(Ks, Bs, strict=True):
        _kernels.add_task_product(K, B, cells.task, A)
    A.flat[:: len(A) + 1] += noise[cells.task]
    return A


class DensePoint:
    """Log marginal likelihood `value` of y over cells, and its derivatives.

    Parameters
    ----------
    Ks : list of ndarray of shape (n_cells, n_cells)
        Input kernels between cells.
    Bs : list of ndarray of shape (T, T)
    noise : ndarray of shape (T,)
    y : ndarray of shape (n_cells,)
    cells : Observations
    """

    def __init__(self, Ks, Bs, noise, y, cells):
        self.Ks, self.Bs, self.cells = Ks, Bs, cells
        self.factor = factorize(covariance(Ks, Bs, noise, cells), noise, "noise")
        self.a = cho_solve((self.factor, True), y, check_finite=False)
        logs = np.log(self.factor.diagonal()).sum()
        self.value = float(-0.5 * (y @ self.a) - logs - 0.5 * len(y) * np.log(2 * np.pi))

    def gradients(self):
        """Derivatives by each K, by each B and by the noise, (T,)."""
        precision = dpotri(self.factor, lower=True)[0].T  # of its upper triangle, row by row
        T, task = self.cells.n_tasks, self.cells.task
        by_K, by_B = [], []
        for K, B in zip(self.Ks, self.Bs, strict=True):
            by_K.append(np.empty_like(K))
            by_B.append(np.zeros((T, T)))
            _kernels.task_derivatives(precision, self.a, K, B, task, by_K[-1], by_B[-1])
        by_noise = 0.5 * self.cells.task_sum(self.a**2 - precision.diagonal())
        return by_K, by_B, by_noise
