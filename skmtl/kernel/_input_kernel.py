"""Kernels of inputs."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.metrics.pairwise import kernel_metrics, pairwise_kernels

from skmtl._data.checks import check_option, check_real

_NEGATIVE = 1e-8  # eigenvalues below minus this, relative to the largest, are no rounding


WITH_GAMMA = {"rbf", "laplacian", "poly", "polynomial", "sigmoid", "chi2"}


def has_gamma(kernel):
    """Whether a kernel has the parameter gamma."""
    return isinstance(kernel, str) and kernel in WITH_GAMMA


def is_named(kernel, name):
    """Whether a kernel, or its gamma, is this name and no matrix, function or number."""
    return isinstance(kernel, str) and kernel == name


def check_kernel(kernel, gamma, degree, coef0, params):
    """TypeError or ValueError for what is no kernel, or no parameter of one."""
    if not callable(kernel):
        check_option(kernel, "kernel", ("precomputed", *kernel_metrics()))
    if gamma is not None:
        check_real(gamma, "gamma")
    check_real(degree, "degree")
    check_real(coef0, "coef0", low=None)
    if params is not None and not isinstance(params, dict):
        raise TypeError(
            f"kernel_params={params!r} must be a dict of arguments of a callable kernel, or None."
        )


@dataclass(frozen=True)
class InputKernel:
    """A kernel of scikit-learn by name, a callable of two rows, or "precomputed".

    Of rows `X` and `Z` it gives the matrix (len(X), len(Z)); "precomputed" takes of the matrix X
    the `columns` that belong to the rows of the fit.
    """

    kernel: object
    gamma: float | None = None
    degree: float = 3
    coef0: float = 1
    params: dict | None = None

    @property
    def precomputed(self):
        return is_named(self.kernel, "precomputed")

    def __call__(self, X, Z=None, columns=None):
        if self.precomputed:
            K = X.toarray() if sparse.issparse(X) else np.asarray(X)
            return K if columns is None else K[:, columns]
        if callable(self.kernel):
            return pairwise_kernels(X, Z, metric=self.kernel, **(self.params or {}))
        named = {"gamma": self.gamma, "degree": self.degree, "coef0": self.coef0}
        K = pairwise_kernels(X, Z, metric=self.kernel, filter_params=True, **named)
        return K.toarray() if sparse.issparse(K) else K
