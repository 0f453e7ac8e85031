"""Where the search for theta begins, and within which bounds."""

import numpy as np

_SHARE = 0.1  # of a task's variance: what begins as its own, and as noise
_COVARIANCE = 30.0  # bounds, in standard deviations or variances of the tasks
_OWN = (0.0, 1e2)
_NOISE = (1e-6, 1e1)
_UNTOLD = 0.1  # of the variance: least noise of a task with one label, which cannot tell it
_LEADERS = 10


class Starts:
    """Where searches begin.

    Parameters
    ----------
    layout : Layout
    kernels : list of Kernel
    y : ndarray of shape (n_cells,)
    cells : Observations
    rng : RandomState

    Attributes
    ----------
    theta : ndarray
        The first start: what the tasks share is that of the leading eigenvectors of their
        covariances, of half the geometric mean of the variances where two tasks share no rows.
    bounds : ndarray of shape (len(theta), 2)
    scale : ndarray of shape (T,)
        Root mean square of each task; that of the others for one label, 1 for none but zeros.
    silent : ndarray of bool of shape (T,)
        Tasks whose labels are all zero.
    """

    def __init__(self, layout, kernels, y, cells, rng):
        self.layout, self.rng = layout, rng
        square, several = cells.task_mean(y**2), np.diff(cells.ptr) > 1
        told = several & (square > 0)
        self.silent = square == 0
        square[~several] = square[told].mean() if told.any() else 1.0
        square[square == 0] = 1.0
        self.scale = np.sqrt(square)
        Y, together = cells.matrix(y), cells.seen.T.astype(float) @ cells.seen
        C = np.where(together > 0, Y.T @ Y / np.maximum(together, 1), self._half())
        C[np.diag_indices(len(C))] = square
        self.covariances = C
        values, V = np.linalg.eigh(C)
        root = (V * np.sqrt(np.maximum(values, 0.0)))[:, ::-1] / np.sqrt(len(kernels))
        own, noise = np.outer(square, _OWN), np.log(np.outer(square, _NOISE))
        noise[~several, 0] = np.log(_UNTOLD * square[~several])
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
        self.first = self.clip(self.theta)

    def begin_at(self, theta):
        """Take another first start, if one is given."""
        if theta is not None:
            self.theta = self.layout.check(theta, "initial_theta")

    def _half(self):
        return 0.5 * np.outer(self.scale, self.scale)

    def shifted(self, theta, shift):
        """Another beginning of the parameters of the input kernels."""
        return self.clip(np.where(self.layout.is_input, theta + shift, theta))

    def independent(self, theta):
        """A beginning in which tasks share nothing; it stays so."""
        theta = theta.copy()
        parts = self.layout.parts(theta)  # views
        for L, kappa in zip(parts[1:-1:3], parts[2:-1:3], strict=True):
            L[:], kappa[:] = 0.0, (1 - _SHARE) * self.scale**2
        return self.clip(theta)

    def coupled(self, theta):
        """Independent tasks that begin to share, with the signs of the first start."""
        theta = theta.copy()
        parts, first = self.layout.parts(theta), self.layout.parts(self.theta)
        for L, kappa, signs in zip(parts[1:-1:3], parts[2:-1:3], first[1:-1:3], strict=True):
            size = 0.1 * np.repeat(np.sqrt(kappa), len(L) // len(kappa))
            L[:] = np.where(signs < 0, -size, size)
        return self.clip(theta)

    def flipped(self, theta):
        """The signs of tasks changed at random."""
        theta = theta.copy()
        for L in self.layout.parts(theta)[1:-1:3]:
            L.reshape(len(self.scale), -1)[...] *= self.rng.choice([-1, 1], (len(self.scale), 1))
        return theta

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
