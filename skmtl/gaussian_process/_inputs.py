"""How alike inputs are: scikit-learn's kernels, RBF and Matern with gradients that need no tensor.

The parameters of a kernel are scikit-learn's `theta`, logarithms of all that is not fixed.
"""

import numpy as np
from sklearn.base import clone
from sklearn.gaussian_process.kernels import RBF, Kernel, Matern

NAMES = ("rbf", "matern32", "matern52")
_BOUNDS = np.array([1e-3, 1e3])  # of length scales, relative to where they start


def make_kernels(kernels, ard, X):
    """The kernels of scikit-learn that are meant, for rows X; several names begin apart."""
    factors = 3.0 ** np.linspace(-1, 1, len(kernels)) if len(kernels) > 1 else (1.0,)
    return [make_kernel(one, ard, X, factor) for one, factor in zip(kernels, factors, strict=True)]


def make_kernel(kernel, ard, X, factor=1.0):
    """The kernel of scikit-learn that is meant, for rows X; None is "rbf".

    The length scales of a name start at the standard deviations of the features times the root of
    their number and a factor, one for all of them without `ard`.
    """
    if kernel is None:
        kernel = "rbf"
    if isinstance(kernel, Kernel):
        return _fitting(clone(kernel), X)
    if not isinstance(kernel, str) or kernel not in NAMES:
        raise ValueError(
            f"kernel={kernel!r} is neither one of {sorted(NAMES)} nor a kernel of "
            "sklearn.gaussian_process.kernels."
        )
    scale = X.std(axis=0)
    scale[scale == 0] = 1.0
    if not ard:
        scale = np.sqrt(np.mean(scale**2))
    scale = scale * np.sqrt(X.shape[1])
    if not np.isfinite(scale).all():
        raise ValueError("The features have infinite standard deviations: scale X.")
    bounds, scale = np.multiply.outer(scale, _BOUNDS), factor * scale
    if kernel == "rbf":
        return RBF(scale, bounds)
    return Matern(scale, bounds, nu=1.5 if kernel == "matern32" else 2.5)


def _fitting(kernel, X):
    """The kernel, if it is one of these rows."""
    try:
        K = kernel(X[:2])
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"kernel={kernel!r} is not for X of {X.shape[1]} features: {error}."
        ) from None
    if K.ndim != 2:
        raise ValueError(f"kernel={kernel!r} gives {K.ndim} dimensions, expected a matrix.")
    return kernel


def on_rows(kernel, X):
    """What computes the kernel between rows X at any of its parameters."""
    smooth = type(kernel) is RBF or (type(kernel) is Matern and kernel.nu in (1.5, 2.5))
    return StationaryOnRows(kernel, X) if smooth else KernelOnRows(kernel, X)


class KernelOnRows:
    """Any kernel of scikit-learn on rows X.

    ``matrix(theta)`` is K (n, n), ``gradient(W)`` then the derivative of ``sum(W * K)`` by theta,
    for a symmetric W that it may overwrite.
    """

    def __init__(self, kernel, X):
        self.kernel, self.X = kernel, X

    def matrix(self, theta):
        self.at = self.kernel.clone_with_theta(theta)
        K = self.at(self.X)
        if not np.isfinite(K).all():
            raise ValueError(
                f"kernel={self.at!r} gives NaN or infinity between rows of X: scale X."
            )
        return K

    def gradient(self, W):
        if self.at.n_dims == 0:
            return np.empty(0)
        return np.einsum("ij,ijp->p", W, self.at(self.X, eval_gradient=True)[1])


class StationaryOnRows(KernelOnRows):
    """RBF and Matern: the gradients of all length scales are one matrix product.

    With ``D_d = (x_id - x_jd)^2 / l_d^2`` the derivative of k by ``log l_d`` is ``F D_d``, where F
    depends on the distance alone.
    """

    def __init__(self, kernel, X):
        super().__init__(kernel, X - X.mean(axis=0))  # distances keep more digits
        self.nu = getattr(kernel, "nu", np.inf)

    def matrix(self, theta):
        self.at = self.kernel.clone_with_theta(theta)
        self.scaled = Z = self.X / self.at.length_scale
        squares = np.einsum("ij,ij->i", Z, Z)
        K = Z @ Z.T
        K *= -2.0
        K += squares
        K += squares[:, None]
        np.maximum(K, 0.0, out=K)
        K.flat[:: len(K) + 1] = 0.0
        self.K, self.F = self._of_squares(K)
        return self.K

    def _of_squares(self, D):
        """The kernel and F, of squared distances; D is overwritten."""
        if np.isinf(self.nu):
            D *= -0.5
            K = np.exp(D, out=D)
            return K, K
        a = np.sqrt(2 * self.nu)
        r = np.sqrt(D, out=D)
        r *= a
        decay = np.exp(-r)
        if self.nu == 1.5:
            r += 1.0
            return r * decay, a**2 * decay
        F = (r + 1.0) * decay
        r *= r
        r *= decay
        r /= 3.0
        r += F
        F *= a**2 / 3
        return r, F

    def gradient(self, W):
        if self.at.n_dims == 0:
            return np.empty(0)
        W *= self.F
        Z = self.scaled
        by_feature = 2 * (W.sum(axis=1) @ Z**2 - np.einsum("ij,ij->j", Z, W @ Z))
        return by_feature if self.at.anisotropic else by_feature.sum(keepdims=True)
