"""Different losses for different targets."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skmtl.losses._base import Loss


@dataclass(frozen=True)
class Grouped(Loss):
    """Different losses for different elements.

    Parameters
    ----------
    parts : tuple of (index, Loss)
        Index arrays into the raveled z; those of a :class:`Softmax` are (n_samples, n_classes).
    """

    parts: tuple

    @property
    def exact_curvature(self):
        return all(loss.exact_curvature for _, loss in self.parts)

    def _each(self, method, *arrays):
        out = np.zeros(arrays[-1].shape)
        flat = out.reshape(-1)
        arrays = [np.ravel(array) for array in arrays]
        for index, loss in self._merged:
            flat[index] = getattr(loss, method)(*(array[index] for array in arrays))
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

    def gradient(self, y, z):
        return self._each("gradient", y, z)

    def curvature(self, y, z):
        return self._each("curvature", y, z)

    def derivatives(self, y, z):
        gradient = np.zeros(z.shape)
        curvature = np.zeros(z.shape)
        flat_y = np.ravel(y)
        flat_z = np.ravel(z)
        for index, loss in self._merged:
            first, second = loss.derivatives(flat_y[index], flat_z[index])
            gradient.reshape(-1)[index] = first
            curvature.reshape(-1)[index] = second
        return gradient, curvature

    def conjugate(self, y, u):
        return self._each("conjugate", y, u)

    def inverse_link(self, z):
        return self._each("inverse_link", z)

    def link(self, mean):
        return self._each("link", mean)
