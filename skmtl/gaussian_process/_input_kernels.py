"""Kernels of the inputs: scikit-learn's, with fast gradients of RBF and Matern kernels.

The parameters of a kernel are scikit-learn's `theta`, the logarithms of all that is not fixed.
"""

import numpy as np
from sklearn.base import clone
from sklearn.gaussian_process.kernels import RBF, Kernel, Matern

NAMES = ("rbf", "matern32", "matern52")
_BOUNDS = np.array([1e-3, 1e3])  # of length scales, relative to their initial values


def make_kernels(kernel, ard, X):
    """A list of scikit-learn's kernels for samples X, one for each term.

    Several kernels given by name have different initial length scales.
    """
    kernels = [kernel]
    if isinstance(kernel, list | tuple):
        kernels = kernel
    if len(kernels) == 0:
        raise ValueError("kernel is an empty list: give at least one term.")
    factors = [1.0]
    if len(kernels) > 1:
        factors = 3.0 ** np.linspace(-1, 1, len(kernels))
    pairs = zip(kernels, factors, strict=True)
    return [make_kernel(one, ard, X, factor) for one, factor in pairs]


def make_kernel(kernel, ard, X, factor=1.0):
    """A kernel of scikit-learn for samples X, from a kernel or its name.

    Parameters
    ----------
    kernel : {"rbf", "matern32", "matern52"}, Kernel or None
        None is "rbf".
    ard : bool
        Whether a kernel given by name has a length scale for each feature, or one for all.
    X : ndarray of shape (n_samples, n_features)
        The initial length scales of a kernel given by name are the standard deviations of the
        features, times the square root of their number and the factor.
    factor : float, default=1.0
        Factor of the initial length scales.
    """
    if isinstance(kernel, Kernel):
        return _checked(clone(kernel), X)
    name = "rbf" if kernel is None else kernel
    if not isinstance(name, str) or name not in NAMES:
        raise ValueError(
            f"kernel={kernel!r} is neither one of {sorted(NAMES)} nor a kernel of "
            "sklearn.gaussian_process.kernels."
        )
    scale = _typical_distances(X, ard)
    bounds = np.multiply.outer(scale, _BOUNDS)
    scale = factor * scale
    if name == "rbf":
        return RBF(scale, bounds)
    nu = 1.5 if name == "matern32" else 2.5
    return Matern(scale, bounds, nu=nu)


def _typical_distances(X, ard):
    """Typical distances between samples, one for each feature or one for all."""
    scale = X.std(axis=0)
    scale[scale == 0] = 1.0
    if not ard:
        scale = np.sqrt(np.mean(scale**2))
    scale = scale * np.sqrt(X.shape[1])
    return scale


def _checked(kernel, X):
    """The kernel, if it can be computed between samples of X."""
    try:
        K = kernel(X[:2])
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"kernel={kernel!r} is not for X of {X.shape[1]} features: {error}."
        ) from None
    if K.ndim != 2:
        raise ValueError(f"kernel={kernel!r} gives {K.ndim} dimensions, expected a matrix.")
    return kernel


def on_samples(kernel, X):
    """The kernel between samples X as a function of its parameters."""
    # A subclass may compute something else, so it does not count.
    if type(kernel) is RBF:
        return RBFOnSamples(kernel, X)
    if type(kernel) is Matern and kernel.nu == 1.5:
        return Matern32OnSamples(kernel, X)
    if type(kernel) is Matern and kernel.nu == 2.5:
        return Matern52OnSamples(kernel, X)
    return KernelOnSamples(kernel, X)


class KernelOnSamples:
    """Any kernel of scikit-learn between samples X, as a function of its parameters.

    Parameters
    ----------
    kernel : Kernel
        The kernel, with any parameters.
    X : ndarray of shape (n, n_features)
        Samples.
    """

    def __init__(self, kernel, X):
        self.kernel = kernel
        self.X = X

    def matrix(self, theta):
        """The kernel matrix at theta, (n, n)."""
        self.current = self.kernel.clone_with_theta(theta)
        K = self.current(self.X)
        if not np.isfinite(K).all():
            raise ValueError(
                f"kernel={self.current!r} gives NaN or infinity between samples of X: scale X."
            )
        return K

    def gradient(self, W):
        """The derivative of ``sum(W * K)`` with respect to the theta of the last :meth:`matrix`.

        W is symmetric and may be overwritten.
        """
        if self.current.n_dims == 0:
            return np.empty(0)
        _, by_theta = self.current(self.X, eval_gradient=True)
        return np.einsum("ij,ijp->p", W, by_theta)


class StationaryOnSamples(KernelOnSamples):
    """RBF and Matern kernels: the gradient of all length scales is one matrix product.

    With ``D_d = (x_id - x_jd)^2 / l_d^2`` the derivative of k with respect to ``log l_d`` is
    ``F D_d``, where F depends on the distance alone. A subclass has ``of_squares(D)``, the kernel
    matrix and F from squared distances, which it may overwrite.
    """

    def __init__(self, kernel, X):
        # Distances of centered features keep more digits.
        super().__init__(kernel, X - X.mean(axis=0))

    def matrix(self, theta):
        self.current = self.kernel.clone_with_theta(theta)
        self.Z = self.X / self.current.length_scale
        K, self.F = self.of_squares(squared_distances(self.Z))
        return K

    def gradient(self, W):
        if self.current.n_dims == 0:
            return np.empty(0)
        W *= self.F
        Z = self.Z
        diagonal_part = W.sum(axis=1) @ Z**2
        by_feature = 2 * (diagonal_part - np.einsum("ij,ij->j", Z, W @ Z))
        if self.current.anisotropic:
            return by_feature
        return by_feature.sum(keepdims=True)


class RBFOnSamples(StationaryOnSamples):
    """``exp(-D / 2)`` of squared distances D."""

    def of_squares(self, D):
        D *= -0.5
        K = np.exp(D, out=D)
        return K, K


class Matern32OnSamples(StationaryOnSamples):
    """``(1 + r) exp(-r)`` with ``r = sqrt(3 D)`` of squared distances D."""

    def of_squares(self, D):
        a = np.sqrt(3.0)
        r = np.sqrt(D, out=D)
        r *= a
        decay = np.exp(-r)
        r += 1.0
        return r * decay, a**2 * decay


class Matern52OnSamples(StationaryOnSamples):
    """``(1 + r + r^2 / 3) exp(-r)`` with ``r = sqrt(5 D)`` of squared distances D."""

    def of_squares(self, D):
        a = np.sqrt(5.0)
        r = np.sqrt(D, out=D)
        r *= a
        decay = np.exp(-r)
        F = (r + 1.0) * decay
        K = r
        K *= r
        K *= decay
        K /= 3.0
        K += F
        F *= a**2 / 3
        return K, F


def squared_distances(Z):
    """Squared distances between rows of Z, zero on the diagonal."""
    squares = np.einsum("ij,ij->i", Z, Z)
    D = Z @ Z.T
    D *= -2.0
    D += squares
    D += squares[:, None]
    np.maximum(D, 0.0, out=D)
    D.flat[:: len(D) + 1] = 0.0
    return D
