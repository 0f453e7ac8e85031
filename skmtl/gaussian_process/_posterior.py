"""What the labels tell about functions elsewhere: their mean, and how much they explain.

New rows x ask for one or several functions each: q rows, p functions. Covariances of these with the
labels are what the methods of both classes take, made by `asked`.
"""

from itertools import pairwise

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpotri

from skmtl._task_covariance.dense_likelihood import covariance
from skmtl._task_covariance.kronecker import spectrum
from skmtl._task_covariance.observations import factorize
from skmtl._task_covariance.systems import make_system


class RowsPosterior:
    """Of labels on common rows, by the eigenvectors of K.

    Parameters
    ----------
    name : {"kronecker", "schur"}
    K : ndarray of shape (n, n)
    B : ndarray of shape (T, T)
    noise : ndarray of shape (T,)
    cells : Observations
    y : ndarray of shape (n_cells,)
    """

    def __init__(self, name, K, B, noise, cells, y):
        decomposed = spectrum(K, np.ones(len(K)))
        self.system = make_system(name, K, B, noise, cells, False, decomposed)
        self.whole = getattr(self.system, "whole", self.system)
        self.dual = self.system.dual(y)
        self.coefficients = cells.matrix(self.dual)

    def precisions(self):
        """Of each label given the others, (n_cells,)."""
        return self.system.cell_precisions()

    def asked(self, Kxs, Cs):
        """For one kernel with the labels' rows, (q, n), and covariances with tasks, (p, T)."""
        return Kxs[0], Cs[0]

    def mean(self, asked):
        """Of each function at each row, (q, p)."""
        Kx, C = asked
        return Kx @ (self.coefficients @ C.T)

    def variance(self, asked):
        """Explained variances, (q, p)."""
        P, CV, lost = self._roots(asked)
        return (P**2 @ self.whole.H) @ CV.T**2 - np.einsum("iam,iam->ia", lost, lost)

    def covariance_by_row(self, asked):
        """Explained covariances of the functions at each row, (q, p, p)."""
        P, CV, lost = self._roots(asked)
        return (CV * (P**2 @ self.whole.H)[:, None]) @ CV.T - lost @ lost.transpose(0, 2, 1)

    def covariance(self, asked):
        """Explained covariances of all functions at all rows, (q, p, q, p)."""
        P, CV, lost = self._roots(asked)
        explained = -np.einsum("iam,jbm->iajb", lost, lost)
        for h, v in zip(self.whole.H.T, CV.T, strict=True):
            explained += np.einsum("ij,a,b->iajb", (P * h) @ P.T, v, v)
        return explained

    def _roots(self, asked):
        """Kernel and covariances in the directions U and V; what cells without a label take off.

        The last is a root of covariances, (q, p, m).
        """
        Kx, C = asked
        P, CV = Kx @ self.whole.U, C @ self.whole.Vi
        if self.system is self.whole:
            return P, CV, np.zeros((len(P), len(CV), 0))
        U, Vi = self.system.U_holes[self.system.place], self.whole.Vi
        spans = pairwise(np.searchsorted(self.system.task, np.arange(len(Vi) + 1)))
        at_holes = np.empty((len(P), len(CV), len(U)))
        for v, (first, last) in zip(Vi, spans, strict=True):
            for a, b in enumerate(CV):
                at_holes[:, a, first:last] = (P * (self.whole.H @ (b * v))) @ U[first:last].T
        factor, flat = self.system.factor, at_holes.reshape(-1, len(U)).T
        root = solve_triangular(factor, flat, lower=True, check_finite=False)
        return P, CV, root.T.reshape(at_holes.shape)


class ObservationsPosterior:
    """Of labels anywhere, by a Cholesky factor.

    Parameters
    ----------
    Ks : list of ndarray of shape (n_cells, n_cells)
    Bs : list of ndarray of shape (T, T)
    noise : ndarray of shape (T,)
    cells : Observations
    y : ndarray of shape (n_cells,)
    """

    def __init__(self, Ks, Bs, noise, cells, y):
        self.factor = factorize(covariance(Ks, Bs, noise, cells), noise, "noise")
        self.cells = cells
        self.dual = cho_solve((self.factor, True), y, check_finite=False)

    def precisions(self):
        """Of each label given the others, (n_cells,)."""
        return dpotri(self.factor, lower=True)[0].diagonal()

    def asked(self, Kxs, Cs):
        """For kernels with the rows of the labels, (q, n), and covariances with tasks.

        These are (p, T), the same functions at each row, or (q, 1, T), one of its own.
        """
        row, task = self.cells.row, self.cells.task
        return sum(Kx[:, None, row] * C[..., task] for Kx, C in zip(Kxs, Cs, strict=True))

    def mean(self, asked):
        """Of each function at each row, (q, p)."""
        return asked @ self.dual

    def variance(self, asked):
        """Explained variances, (q, p)."""
        root = self._root(asked)
        return np.einsum("cia,cia->ia", root, root)

    def covariance_by_row(self, asked):
        """Explained covariances of the functions at each row, (q, p, p)."""
        root = self._root(asked).transpose(1, 2, 0)
        return root @ root.transpose(0, 2, 1)

    def covariance(self, asked):
        """Explained covariances of all functions at all rows, (q, p, q, p)."""
        root = self._root(asked)
        return np.tensordot(root, root, axes=(0, 0))

    def _root(self, asked):
        """Root of what is explained, (n_cells, q, p)."""
        flat = asked.reshape(-1, asked.shape[-1]).T
        root = solve_triangular(self.factor, flat, lower=True, check_finite=False)
        return root.reshape(-1, *asked.shape[:2])
