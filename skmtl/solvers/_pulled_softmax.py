"""The second-order model of softmax whose intercepts are pulled to their mean.

Of a task let a be the levels, the intercepts where they are pulled, H their Gram, and `u = h - A'w`
their right-hand side given the coefficients. With `R = (I + H / strength)^-1` and a mean m of the
levels, `a = R (u / strength + m)` is best, and then `m = M^-1 q` with `M = sum_t R_t H_t` and
`q = sum_t R_t u_t`. What is left is the loss of separate tasks less `q' M^-1 q / 2`: the squares of
as many functions of the coefficients as there are classes.
"""

from typing import NamedTuple

import numpy as np

from skmtl.datafits import GramForm, LessOwnSquares

_FLAT = 1e-12  # curvature, relative to the largest, that is rounding


class PulledModel:
    """The model of a point of a likelihood in partitions as a squared loss, levels eliminated.

    Parameters
    ----------
    point : PartitionedPoint
        Where the likelihood was evaluated.
    n_columns : int
        Number of classes of every task.
    """

    def __init__(self, source, likelihood, n_columns):
        self.strength = likelihood.pull.strength
        self.tasks = []
        shifts = likelihood.shift[:, ::n_columns]
        for moments, shift in zip(source.task_moments(), shifts.T, strict=True):
            task = _at_levels(*moments, shift)
            self.tasks.append(task)
        self._set_mean()
        yy = sum(task.squares for task in self.tasks)
        self.datafit = self._make_datafit(len(self.tasks[0].gram), yy)

    def _set_mean(self):
        """Set what the mean of the levels follows from: `m = V V' q`."""
        self.R = []
        n_levels = len(self.tasks[0].H)
        M = np.zeros((n_levels, n_levels))
        for task in self.tasks:
            pulled = np.eye(n_levels) + task.H / self.strength
            R = np.linalg.inv(pulled)
            self.R.append(R)
            M += R @ task.H
        values, V = np.linalg.eigh((M + M.T) / 2)
        kept = values > _FLAT * values[-1]
        roots = np.sqrt(values[kept])
        self.V = V[:, kept] / roots

    def _make_datafit(self, size, yy):
        n_tasks = len(self.tasks)
        grams = np.zeros((size, size, n_tasks))
        q = np.zeros((size, n_tasks))
        borders = np.zeros((self.V.shape[1], size, n_tasks))
        constants = np.zeros(len(borders))
        for t, task in enumerate(self.tasks):
            R = self.R[t]
            explained = task.A @ R
            of_mean = R @ self.V
            grams[:, :, t] = task.gram - explained @ task.A.T / self.strength
            q[:, t] = task.right - explained @ task.h / self.strength
            yy -= task.h @ R @ task.h / self.strength
            borders[:, :, t] = of_mean.T @ task.A.T
            constants += task.h @ of_mean
        for constant, border in zip(constants, borders, strict=True):
            q -= constant * border
            yy -= constant**2
        separate = GramForm(
            grams,
            q,
            max(yy, 0.0),
            blocks=list(np.arange(n_tasks)[:, None]),
            mean_x=np.zeros(q.shape),
            mean_y=np.zeros(n_tasks),
        )
        return LessOwnSquares(separate, list(borders))

    def intercepts(self, W, n_all_columns):
        """The optimal intercepts of all columns at W, stacked: (n_all_columns,)."""
        rights = []
        q = 0.0
        for w, R, task in zip(W.T, self.R, self.tasks, strict=True):
            u = task.h - task.A.T @ w
            rights.append(u)
            q = q + R @ u
        mean = self.V @ (self.V.T @ q)
        columns = []
        for w, u, R, task in zip(W.T, rights, self.R, self.tasks, strict=True):
            levels = R @ (u / self.strength + mean)
            of_classes = w.reshape(len(levels), -1)
            columns.append(levels + of_classes @ task.shift)
        return np.concatenate(columns)


class _LevelModel(NamedTuple):
    """The second-order model of a task of K classes in coefficients and levels.

    Attributes
    ----------
    gram : ndarray of shape (K p, K p)
        Gram of the coefficients.
    A : ndarray of shape (K p, K)
        That of coefficients with levels.
    H : ndarray of shape (K, K)
        That of the levels.
    right, h : ndarray of shape (K p,) and (K,)
        Right-hand sides.
    squares : float
        The sum of squares.
    shift : ndarray of shape (p,)
        From where levels are to where intercepts are held.
    """

    gram: np.ndarray
    A: np.ndarray
    H: np.ndarray
    right: np.ndarray
    h: np.ndarray
    squares: float
    shift: np.ndarray


def _at_levels(gram, right, squares, here, shift):
    """The :class:`_LevelModel` of a model in coefficients and changes of intercepts `here`."""
    K = len(right)
    p = len(shift)
    size = K * p
    gram = gram.copy()
    right = right.copy()
    gram[:, :p] += shift[:, None, None] * gram[:, p:]
    gram[:, :, :, :p] += gram[:, :, :, p:] * shift
    right[:, :p] += right[:, p:] * shift
    H = gram[:, p, :, p]
    A = gram[:, :p, :, p].reshape(size, K)
    changes = right[:, p]
    squares += here @ H @ here
    squares += 2 * here @ changes
    coefficients = right[:, :p].ravel()
    return _LevelModel(
        gram=gram[:, :p, :, :p].reshape(size, size),
        A=A,
        H=H,
        right=coefficients + A @ here,
        h=changes + H @ here,
        squares=squares,
        shift=shift,
    )
