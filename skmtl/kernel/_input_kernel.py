"""Kernels of inputs."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.metrics.pairwise import kernel_metrics, pairwise_kernels

from skmtl._data.checks import check_option, check_real
from skmtl._warn import warn

_NOTHING = 1e-12  # differences of a kernel below this, relative to its size, are none
_WITH_GAMMA = {"rbf", "laplacian", "poly", "polynomial", "sigmoid", "chi2"}


def has_gamma(kernel):
    """Whether a kernel has the parameter gamma."""
    return isinstance(kernel, str) and kernel in _WITH_GAMMA


def is_named(value, name):
    """Whether a parameter is this name, and no matrix, function or number."""
    return isinstance(value, str) and value == name


def check_gamma(gamma):
    """Raise TypeError or ValueError if `gamma` is neither None nor a number of at least 0."""
    if gamma is not None:
        check_real(gamma, "gamma")


def check_gammas(gammas, kernel):
    """The gammas to try, increasing; [NaN] if None are given."""
    if gammas is None:
        return np.array([np.nan])
    if not has_gamma(kernel):
        raise ValueError(
            f"gammas were given, but kernel={kernel!r} has no gamma; the kernels "
            f"{sorted(_WITH_GAMMA)} have one."
        )
    if np.size(gammas) == 0:
        raise ValueError("gammas is empty: pass a list of at least one number, or None.")
    if np.ndim(gammas) > 1:
        raise ValueError(
            f"gammas has shape {np.shape(gammas)}: pass a one-dimensional list of numbers, or None."
        )
    values = np.atleast_1d(gammas).tolist()
    return np.unique([check_real(gamma, "gammas") for gamma in values])


def gamma_or_none(gamma):
    """A gamma of :func:`check_gammas` as kernels take it: None in place of NaN."""
    return None if np.isnan(gamma) else float(gamma)


def sliceable(X):
    """X itself, or in CSR format if it is sparse, so that samples can be taken from it."""
    return X.tocsr() if sparse.issparse(X) else X


def to_dense(X):
    """X as an ndarray."""
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


def warn_of_useless_kernel(K, X):
    """UserWarning if no sample is like another one, or all are the same to the kernel.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        A kernel between the samples X.
    X : {ndarray, sparse matrix} of shape (n, n_features)
    """
    if len(K) < 3:
        return
    size = _largest(K)
    if size == 0:
        return
    problem = None
    if _largest(_off_diagonal(K)) < _NOTHING * size:
        problem = "is zero between any two samples, so predictions elsewhere are intercepts"
    elif np.ptp(K) < _NOTHING * size and np.ptp(to_dense(X), axis=0).any():
        problem = "is the same for all samples, so functions are constant"
    if problem is not None:
        warn(f"The kernel {problem}: scale X, with StandardScaler, say, or choose gamma.")


def _largest(K):
    """The largest absolute value, without an array of them."""
    return max(K.max(), -K.min())


def _off_diagonal(K):
    """A view of the entries beside the diagonal of a contiguous K, (n - 1, n)."""
    n = len(K)
    between_diagonal = K.ravel(order="K")[1:].reshape(n - 1, n + 1)
    return between_diagonal[:, :-1]


@dataclass(frozen=True)
class InputKernel:
    """A kernel of scikit-learn by name, a callable of two samples, or "precomputed".

    It is called with samples X and Z and returns the matrix (len(X), len(Z)). A precomputed kernel
    takes from the matrix X the `columns` that belong to the samples of the fit.
    """

    kernel: object
    gamma: float | None = None
    degree: float = 3
    coef0: float = 1
    params: dict | None = None

    def check(self):
        """Raise TypeError or ValueError if something other than gamma is invalid."""
        if not callable(self.kernel):
            check_option(self.kernel, "kernel", ("precomputed", *kernel_metrics()))
        check_real(self.degree, "degree")
        check_real(self.coef0, "coef0", low=None)
        if self.params is not None and not isinstance(self.params, dict):
            raise TypeError(
                f"kernel_params={self.params!r} must be a dict of keyword arguments of a callable "
                "kernel, or None."
            )

    @property
    def precomputed(self):
        return is_named(self.kernel, "precomputed")

    def __call__(self, X, Z=None, columns=None):
        if self.precomputed:
            K = to_dense(X)
            return K if columns is None else K[:, columns]
        if callable(self.kernel):
            params = self.params or {}
            return pairwise_kernels(X, Z, metric=self.kernel, **params)
        K = pairwise_kernels(
            X,
            Z,
            metric=self.kernel,
            filter_params=True,
            gamma=self.gamma,
            degree=self.degree,
            coef0=self.coef0,
        )
        return to_dense(K)
