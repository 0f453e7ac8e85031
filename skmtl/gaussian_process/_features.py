"""A kernel between samples and inducing points, and features of samples that it makes.

With inducing points Z and ``k(Z, Z) = R^-T R^-1`` the features of samples X are ``k(X, Z) R``.
"""

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from skmtl.gaussian_process._input_kernels import StationaryOnSamples, on_samples

_JITTER = 1e-8  # variance of the noise of functions at inducing points
_FLOATS = 2**18  # of kernel values at a time: they stay in the cache


class InducingKernel:
    """An RBF or Matern kernel with inducing points, as a function of its parameters.

    Parameters
    ----------
    kernel : RBF or Matern
        The kernel, with any parameters.
    Z : ndarray of shape (m, n_features)
        Inducing points.
    """

    def __init__(self, kernel, Z):
        self.between_points = on_samples(kernel, Z)
        self.center = Z.mean(axis=0)

    def __len__(self):
        return len(self.between_points.X)

    def at(self, inputs):
        """Take other parameters; returns ``R`` with ``R R' = (k(Z, Z) + jitter)^-1``, (m, m)."""
        K = self.between_points.matrix(inputs)
        # Of RBF kernels K is F, which the gradient needs as it is.
        K = K.copy()
        K.flat[:: len(K) + 1] += _JITTER
        L = cholesky(K, lower=True, overwrite_a=True)
        self.scale = self.between_points.current.length_scale
        self._points = _with_squares(self.between_points.Z)
        return solve_triangular(L, np.eye(len(L)), lower=True).T

    def batches(self, n_samples):
        """Slices of so many samples that are computed at a time."""
        size = max(_FLOATS // len(self), 1)
        return [slice(start, start + size) for start in range(0, n_samples, size)]

    def between(self, X):
        """The kernel between samples and points, and its derivative F, (n, m) each.

        F is as in :class:`StationaryOnSamples`.
        """
        samples = (X - self.center) / self.scale
        squares = np.einsum("ij,ij->i", samples, samples)
        terms = np.column_stack([-2 * samples, squares, np.ones(len(X))])
        D = terms @ self._points.T
        np.maximum(D, 0.0, out=D)
        return self.between_points.of_squares(D)

    def gradient(self, X, W):
        """The sums of ``W dk`` for kernel values of samples and points, (n_parameters,).

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            Samples.
        W : ndarray of shape (n, m)
            Derivatives with respect to kernel values, times F.
        """
        current = self.between_points.current
        if current.n_dims == 0:
            return np.empty(0)
        samples = (X - self.center) / self.scale
        points = self.between_points.Z
        by_feature = W.sum(axis=1) @ samples**2
        by_feature += W.sum(axis=0) @ points**2
        by_feature -= 2 * np.einsum("ij,ij->j", samples, W @ points)
        if current.anisotropic:
            return by_feature
        return by_feature.sum(keepdims=True)


def _with_squares(Z):
    """Rows z as ``(z, 1, z'z)``, whose products with ``(-2 x, x'x, 1)`` are squared distances."""
    squares = np.einsum("ij,ij->i", Z, Z)
    return np.column_stack([Z, np.ones(len(Z)), squares])


def check_stationary(kernel):
    """Raise ValueError for kernels other than RBF and Matern with nu of 1.5 or 2.5."""
    if not isinstance(on_samples(kernel, np.zeros((1, 1))), StationaryOnSamples):
        raise ValueError(
            f"kernel={kernel!r} is not for inducing points: take 'rbf', 'matern32', 'matern52', or "
            "RBF or Matern (nu of 1.5 or 2.5) of sklearn.gaussian_process.kernels."
        )
