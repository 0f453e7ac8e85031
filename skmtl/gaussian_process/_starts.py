"""Where the search for theta begins, and within which bounds."""

import numpy as np

_SHARE = 0.1  # of a task's variance: what begins as its own, and as noise
_COVARIANCE = 30.0  # bounds, in standard deviations or variances of the tasks
_OWN = (0.0, 1e2)
_NOISE = (1e-6, 1e1)
_LEADERS = 10


class Starts:
    """Where searches begin.

    Parameters
    ----------
    layout : Layout
    kernels : list of Kernel
    y : ndarray of shape (n_cells,)
    cells : Cells
    rng : RandomState

    Attributes
    ----------
    theta : ndarray
        The first start: what the tasks share is that of the leading eigenvectors of their
        covariances, of half the geometric mean of the variances where two tasks share no rows.
    bounds : ndarray of shape (len(theta), 2)
    """

    def __init__(self, layout, kernels, y, cells, rng):
        self.layout, self.rng = layout, rng
        square = cells.task_sum(y**2) / np.diff(cells.ptr)
        square = np.where(square > 0, square, 1.0)
        self.scale = np.sqrt(square)
        Y, together = cells.matrix(y), cells.seen.T.astype(float) @ cells.seen
        C = np.where(together > 0, Y.T @ Y / np.maximum(together, 1), self._half())
        C[np.diag_indices(len(C))] = square
        self.covariances = C
        values, V = np.linalg.eigh(C)
        root = (V * np.sqrt(np.maximum(values, 0.0)))[:, ::-1] / np.sqrt(len(kernels))
        own, noise = np.outer(square, _OWN), np.log(np.outer(square, _NOISE))
        theta, bounds = [], []
        for kernel, rank in zip(kernels, layout.ranks, strict=True):
            widest = _COVARIANCE * np.repeat(self.scale, rank)[:, None]
            theta += [kernel.theta, root[:, :rank].ravel(), _SHARE * square]
            bounds += [kernel.bounds.reshape(-1, 2), widest * [-1, 1], own]
        if layout.task_noise:
            theta.append(np.log(_SHARE * square))
        else:
            theta.append(np.log(_SHARE * square.mean(keepdims=True)))
            noise = np.log(np.outer(square.mean(), _NOISE))
        self.theta, self.bounds = np.concatenate(theta), np.concatenate([*bounds, noise])
        self.theta = self.clip(self.theta)

    def begin_at(self, theta):
        """Take another first start, if one is given."""
        if theta is not None:
            self.theta = self.layout.check(theta, "initial_theta")

    def _half(self):
        return 0.5 * np.outer(self.scale, self.scale)

    def shifted(self, theta, shift):
        """Another beginning of the parameters of the input kernels."""
        return self.clip(np.where(self.layout.is_input, theta + shift, theta))

    def perturbed(self, theta):
        """Another beginning of the task covariances and the noise."""
        theta, noise = theta.copy(), np.log(0.05 * self.scale**2)
        parts = self.layout.parts(theta)  # views
        for L, kappa in zip(parts[1:-1:3], parts[2:-1:3], strict=True):
            L = L.reshape(len(self.scale), -1)
            size = np.sqrt(self.scale**2 + (L**2).sum(axis=1))
            L += 0.3 * size[:, None] * self.rng.standard_normal(L.shape)
            np.maximum(kappa, 0.05 * (size if self.rng.randint(2) else self.scale) ** 2, out=kappa)
        np.maximum(parts[-1], noise if self.layout.task_noise else noise.min(), out=parts[-1])
        return self.clip(theta)

    def led_by_each(self, theta):
        """Beginnings in which one task after the other has nothing of its own.

        Such ends are local optima: in factor analysis they are called Heywood cases. The tasks are
        those that have most in common with the others.
        """
        found = []
        common = (self.covariances / self.scale) ** 2 / self.scale[:, None] ** 2
        leaders = np.argsort(-common.sum(axis=0), kind="stable")[:_LEADERS]
        for leader in leaders if min(self.layout.ranks) else ():
            start = theta.copy()
            parts = self.layout.parts(start)  # views
            for L, kappa in zip(parts[1:-1:3], parts[2:-1:3], strict=True):
                L.reshape(len(self.scale), -1)[:, 0] = self.covariances[leader] / self.scale[leader]
                kappa[leader] = 0.0
            found.append(self.clip(start))
        return found

    def clip(self, theta):
        """Theta within its bounds."""
        return np.clip(theta, *self.bounds.T)
