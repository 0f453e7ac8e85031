"""The likelihood of labels on common rows: one eigendecomposition of K serves every B and noise.

Of the covariance ``A = B (x) K + diag(noise) (x) I`` with ``K = U diag(s) U'`` and
``Sigma^-1/2 B Sigma^-1/2 = V diag(lam) V'``, Sigma = diag(noise), the inverse Q is diagonal between
U and ``Vi = Sigma^-1/2 V``: ``H_kq = 1 / (s_k lam_q + 1)``. A few cells m without a label are taken
off exactly: ``Q - Q_:m W Q_m:`` with ``W = Q_mm^-1``, and ``log|A_oo| = log|A| + log|Q_mm|``. Their
part of a derivative is a sum over pairs of these cells, in U a product of W with the rows of U.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotri

from skmtl._task_covariance.kronecker import spectrum
from skmtl._task_covariance.observations import factorize
from skmtl._task_covariance.systems import largest_eigenvalue


class Point(NamedTuple):
    """The likelihood at one B and noise, and what its derivatives are made of."""

    value: float
    noise: np.ndarray  # (T,)
    lam: np.ndarray  # (T,)
    Vi: np.ndarray  # (T, T)
    H: np.ndarray  # (n, T)
    c: np.ndarray  # dual coefficients between U and Vi, (n, T)
    W: np.ndarray | None  # (m, m)


class SpectralLikelihood:
    """Log marginal likelihood of Y on common rows.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Positive semi-definite.
    Y : ndarray of shape (n, T)
        0 where a label is missing.
    seen : ndarray of bool of shape (n, T)
    """

    def __init__(self, K, Y, seen):
        found, self.top = spectrum(K, np.ones(len(K))), largest_eigenvalue(K, np.ones(1))
        self.U, self.s = found.U, np.maximum(found.values, 0.0)
        self.Y, self.UtY = Y, found.U.T @ Y
        self.counts = seen.sum(axis=0)
        # cells without a label, sorted by task
        self.hole_task, self.hole_row = np.nonzero(~seen.T)
        self.hole_ptr = np.searchsorted(self.hole_task, np.arange(Y.shape[1] + 1))
        self.U_holes = self.U[self.hole_row]
        self.of_task = np.eye(Y.shape[1])[self.hole_task]  # (m, T)

    def at(self, B, noise):
        """The :class:`Point` of a task covariance and the noise of each task."""
        n, root = len(self.Y), np.sqrt(noise)
        lam, V = np.linalg.eigh(B / np.outer(root, root))
        lam, Vi = np.maximum(lam, 0.0), V / root[:, None]
        H = 1.0 / (self.s[:, None] * lam + 1.0)
        log_determinant = n * np.log(noise).sum() - np.log(H).sum()
        UtY, W = self.UtY, None
        if len(self.hole_task):
            factor = factorize(self._corner(Vi, H), noise, "noise")
            log_determinant += 2 * np.log(factor.diagonal()).sum()
            W = dpotri(factor, lower=True)[0]
            W = np.tril(W) + np.tril(W, -1).T
            at_holes = self._at_holes(((UtY @ Vi) * H) @ Vi.T)
            UtY = UtY - self._from_holes(W @ at_holes)
        c = (UtY @ Vi) * H
        # labels are 0 where they are missing
        fit = np.vdot(self.UtY @ Vi, c)
        value = -0.5 * (fit + log_determinant + self.counts.sum() * np.log(2 * np.pi))
        return Point(float(value), noise, lam, Vi, H, c, W)

    def gradient(self, point):
        """Derivatives of the value by B, (T, T), and by the noise, (T,)."""
        Vi, H, c = point.Vi, point.H, point.c
        G, E = (c.T * self.s) @ c, c.T @ c
        G.flat[:: len(G) + 1] -= self.s @ H
        E.flat[:: len(E) + 1] -= H.sum(axis=0)
        if point.W is not None:
            P = self._hole_products(point) * H[:, :, None] * H[:, None, :]
            G += np.tensordot(self.s, P, 1)
            E += P.sum(axis=0)
        return 0.5 * Vi @ G @ Vi.T, 0.5 * ((Vi @ E) * Vi).sum(axis=1)

    def by_kernel(self, point):
        """The derivative of the value by K, (n, n), symmetric."""
        lam, Vi, H, c, W = point.lam, point.Vi, point.H, point.c, point.W
        if W is None:
            P, R = self.U @ (c * np.sqrt(lam)), self.U * np.sqrt(H @ lam)
            G = P @ P.T  # half the work of another product
            G -= R @ R.T
            G *= 0.5
            return G
        G = (c * lam) @ c.T
        G.flat[:: len(G) + 1] -= H @ lam
        for q in np.flatnonzero(lam):
            rows = self.U_holes * (Vi[self.hole_task, q][:, None] * H[:, q])
            G += lam[q] * (rows.T @ (W @ rows))
        return 0.5 * self.U @ G @ self.U.T

    def by_mean(self, point):
        """The derivative of the value by a mean of each task that Y has more, (T,)."""
        return self.U.sum(axis=0) @ point.c @ point.Vi.T

    # ------------------------------------------------------------ cells without a label

    def _corner(self, Vi, H):
        """Q_mm."""
        out = np.empty((len(self.hole_task),) * 2)
        spans = [slice(a, b) for a, b in zip(self.hole_ptr, self.hole_ptr[1:], strict=False)]
        for t, here in enumerate(spans):
            for u, there in enumerate(spans[: t + 1]):
                block = (self.U_holes[here] * (H @ (Vi[t] * Vi[u]))) @ self.U_holes[there].T
                out[here, there] = block
                out[there, here] = block.T
        return out

    def _at_holes(self, coefficients):
        """Entries at these cells of U times (n, T), (m,)."""
        return np.einsum("jk,kj->j", self.U_holes, coefficients[:, self.hole_task])

    def _from_holes(self, values):
        """U' times the matrix (n, T) that has these values there."""
        return self.U_holes.T @ (values[:, None] * self.of_task)

    def _hole_products(self, point):
        """For each k the matrix ``Vi' w_k Vi``, w_k over pairs of tasks, (n, T, T)."""
        T = self.Y.shape[1]
        w = np.zeros((len(self.s), T, T))
        for u in range(T):
            there = slice(self.hole_ptr[u], self.hole_ptr[u + 1])
            by_hole = self.U_holes * (point.W[:, there] @ self.U_holes[there])
            w[:, :, u] = by_hole.T @ self.of_task
        return point.Vi.T @ w @ point.Vi
