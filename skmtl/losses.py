"""Pointwise losses of a target y and a prediction z: value, slope, curvature, conjugate.

They know neither X nor tasks. All work on arrays of any shape, element by element; a loss of
several columns at a time (:class:`Softmax`) couples the last axis, and its value is the sum over
it. The conjugate is ``max_z u z - loss(y, z)``, which a duality gap needs: at the slope u of any z
it is finite, and so it is between there and zero.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import entr, expit, log_softmax, softmax, xlogy


class Loss(ABC):
    """A convex function of z.

    `mean` maps z to the expected y. `reach` is how far Newton's method may move an intercept at a
    time: exponentials are no parabolas.
    """

    reach = np.inf
    exact = True  # the curvature is the second derivative, not a bound

    @abstractmethod
    def value(self, y, z):
        """The loss, at least 0."""

    @abstractmethod
    def slope(self, y, z):
        """Its derivative in z."""

    @abstractmethod
    def curvature(self, y, z):
        """Its second derivative in z, or an upper bound of it."""

    @abstractmethod
    def conjugate(self, y, u):
        """`max_z u z - loss(y, z)`."""

    def derivatives(self, y, z):
        """Slope and curvature."""
        return self.slope(y, z), self.curvature(y, z)

    def mean(self, z):
        """Expected y."""
        return z


@dataclass(frozen=True)
class Squared(Loss):
    """`1/2 (y - z)^2`."""

    def value(self, y, z):
        return 0.5 * (y - z) ** 2

    def slope(self, y, z):
        return z - y

    def curvature(self, y, z):
        return np.ones_like(z)

    def conjugate(self, y, u):
        return u * (y + 0.5 * u)


@dataclass(frozen=True)
class Huber(Loss):
    """`1/2 r^2` for `|r| <= delta`, `delta (|r| - delta/2)` beyond, with `r = y - z`.

    Parameters
    ----------
    delta : float
        In the unit of y.
    """

    delta: float
    exact = False

    def value(self, y, z):
        r = np.abs(y - z)
        return np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))

    def slope(self, y, z):
        return np.clip(z - y, -self.delta, self.delta)

    def curvature(self, y, z):
        return self.delta / np.maximum(np.abs(y - z), self.delta)

    def conjugate(self, y, u):
        return u * (y + 0.5 * u)


@dataclass(frozen=True)
class Poisson(Loss):
    """`exp(z) - y z`, less its minimum: half the deviance of counts y."""

    reach = 2.0

    def value(self, y, z):
        return np.exp(z) - y * z - (y - xlogy(y, y))

    def slope(self, y, z):
        return np.exp(z) - y

    def curvature(self, y, z):
        return np.exp(z)

    def conjugate(self, y, u):
        mean = np.maximum(y + u, 0.0)
        return xlogy(mean, mean) - mean + y - xlogy(y, y)

    def mean(self, z):
        return np.exp(z)


@dataclass(frozen=True)
class Logistic(Loss):
    """`log(1 + exp(z)) - y z`: minus the log-likelihood of y in [0, 1]."""

    reach = 2.0

    def value(self, y, z):
        return np.logaddexp(0.0, z) - y * z

    def slope(self, y, z):
        return expit(z) - y

    def curvature(self, y, z):
        return self.derivatives(y, z)[1]

    def derivatives(self, y, z):
        p = expit(z)
        return p - y, p * (1 - p)

    def conjugate(self, y, u):
        p = np.clip(y + u, 0.0, 1.0)
        return -entr(p) - entr(1 - p)

    def mean(self, z):
        return expit(z)


@dataclass(frozen=True)
class Softmax(Loss):
    """`log(sum_k exp(z_k)) - sum_k y_k z_k` over the last axis, y in the simplex.

    Element k of its value is `-y_k log p_k`; they add up to the loss. The curvatures are
    upper bounds that treat classes apart.
    """

    reach = 2.0
    exact = False

    def value(self, y, z):
        return -y * log_softmax(z, axis=-1)

    def slope(self, y, z):
        return softmax(z, axis=-1) - y

    def curvature(self, y, z):
        p = softmax(z, axis=-1)  # diag(p) - p p' <= 2 diag(p (1 - p)), by rows
        return 2 * p * (1 - p)

    def conjugate(self, y, u):
        return -entr(np.clip(y + u, 0.0, 1.0))

    def mean(self, z):
        return softmax(z, axis=-1)


@dataclass(frozen=True)
class Grouped(Loss):
    """Different losses for different elements.

    Parameters
    ----------
    parts : tuple of (index, Loss)
        Index arrays into the raveled z; those of a :class:`Softmax` are (n_rows, n_classes).
    reach : float or ndarray of shape (n_columns,), default=2.0
    """

    parts: tuple
    reach: object = 2.0

    @property
    def exact(self):
        return all(loss.exact for _, loss in self.parts)

    def _each(self, method, *arrays):
        out = np.zeros(arrays[-1].shape)
        flat, arrays = out.reshape(-1), [np.ravel(a) for a in arrays]
        for index, loss in self._merged:
            flat[index] = getattr(loss, method)(*(a[index] for a in arrays))
        return out

    @cached_property
    def _merged(self):
        """The parts, those of the same loss and width as one."""
        groups = {}
        for index, loss in self.parts:
            groups.setdefault((loss, index.shape[1:]), []).append(index)
        return [(np.concatenate(indices), loss) for (loss, _), indices in groups.items()]

    def value(self, y, z):
        return self._each("value", y, z)

    def slope(self, y, z):
        return self._each("slope", y, z)

    def curvature(self, y, z):
        return self._each("curvature", y, z)

    def conjugate(self, y, u):
        return self._each("conjugate", y, u)

    def mean(self, z):
        return self._each("mean", z)
