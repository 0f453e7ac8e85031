"""Means and second moments about them, of the rows of several tasks: what can be added up.

Sums about an origin lose digits where the mean is far from it, and rows that come in pieces have no
origin that suits all of them. Moments about means do not: those of two sets of rows are added with
the difference of their means (Chan, Golub, LeVeque, 1983, equation 2.1).
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from skmtl.datafits import SufficientStatistics


@dataclass(frozen=True)
class Moments:
    """Weighted means of features and targets, and second moments about these.

    Tasks that weigh the same rows alike form a block and share the moments of x.

    Attributes
    ----------
    block_of_task : ndarray of int of shape (n_tasks,)
        The block of each task.
    counts : ndarray of int of shape (n_tasks,)
        Number of rows with a target and a positive weight.
    total : ndarray of shape (n_blocks,)
        `sum_i s_i`, the weight of the rows.
    mean_x : ndarray of shape (n_blocks, n_features)
        Means of the features, 0 where there are no rows.
    xx : ndarray of shape (n_blocks, n_features, n_features)
        `sum_i s_i (x_i - mean_x)(x_i - mean_x)'`.
    mean_y, yy : ndarray of shape (n_tasks,)
        Means of the targets and sums of squares about them.
    xy : ndarray of shape (n_features, n_tasks)
        `sum_i s_i (x_i - mean_x)(y_ti - mean_y)`.
    """

    block_of_task: np.ndarray
    counts: np.ndarray
    total: np.ndarray
    mean_x: np.ndarray
    xx: np.ndarray
    mean_y: np.ndarray
    yy: np.ndarray
    xy: np.ndarray

    @classmethod
    def zeros(cls, block_of_task, n_features):
        """The moments of no rows."""
        n_tasks = len(block_of_task)
        n_blocks = int(block_of_task.max(initial=-1)) + 1
        return cls(
            block_of_task,
            counts=np.zeros(n_tasks, dtype=np.int64),
            total=np.zeros(n_blocks),
            mean_x=np.zeros((n_blocks, n_features)),
            xx=np.zeros((n_blocks, n_features, n_features)),
            mean_y=np.zeros(n_tasks),
            yy=np.zeros(n_tasks),
            xy=np.zeros((n_features, n_tasks)),
        )

    @classmethod
    def from_sums(cls, sums, counts):
        """The moments of :class:`~skmtl.datafits.SufficientStatistics`, with numbers of rows."""
        centered, mean_x, mean_y = sums.centered()
        block_of_task = np.empty(len(counts), dtype=np.intp)
        for k, tasks in enumerate(sums.blocks):
            block_of_task[tasks] = k
        first = [tasks[0] for tasks in sums.blocks]
        is_empty = sums.total == 0
        return cls(
            block_of_task,
            counts=np.asarray(counts, dtype=np.int64),
            total=sums.total,
            mean_x=np.where(is_empty[:, None], 0.0, mean_x[first]),
            xx=centered.xx,
            mean_y=np.where(is_empty[block_of_task], 0.0, mean_y),
            yy=centered.yy,
            xy=centered.xy,
        )

    @property
    def n_tasks(self):
        return len(self.counts)

    @property
    def n_features(self):
        return self.xx.shape[1]

    @property
    def n_blocks(self):
        return len(self.total)

    @property
    def task_total(self):
        """Weight of the rows of each task, (n_tasks,)."""
        return self.total[self.block_of_task]

    @property
    def nbytes(self):
        """Memory of the arrays in bytes."""
        return sum(getattr(self, field.name).nbytes for field in fields(self))

    def with_blocks(self, block_of_task):
        """The same moments in blocks that are parts of the present ones."""
        n_blocks = int(block_of_task.max(initial=-1)) + 1
        old = np.empty(n_blocks, dtype=np.intp)
        old[block_of_task] = self.block_of_task
        if np.array_equal(old, np.arange(self.n_blocks)):
            return self
        return replace(
            self,
            block_of_task=block_of_task,
            total=self.total[old],
            mean_x=self.mean_x[old],
            xx=self.xx[old],
        )

    def among(self, positions, n_tasks):
        """The moments of more tasks, of which these are at `positions`, the others without rows."""
        if n_tasks == self.n_tasks and np.array_equal(positions, np.arange(n_tasks)):
            return self
        blocks = np.full(n_tasks, self.n_blocks)  # one block for all tasks without rows
        blocks[positions] = self.block_of_task
        used, blocks = np.unique(blocks, return_inverse=True)
        wider = Moments.zeros(blocks, self.n_features)
        kept = used < self.n_blocks
        for name in ("total", "mean_x", "xx"):
            getattr(wider, name)[kept] = getattr(self, name)[used[kept]]
        for name in ("counts", "mean_y", "yy"):
            getattr(wider, name)[positions] = getattr(self, name)
        wider.xy[:, positions] = self.xy
        return wider

    def of_tasks(self, positions):
        """The moments of some tasks."""
        used, blocks = np.unique(self.block_of_task[positions], return_inverse=True)
        return Moments(
            blocks,
            counts=self.counts[positions],
            total=self.total[used],
            mean_x=self.mean_x[used],
            xx=self.xx[used],
            mean_y=self.mean_y[positions],
            yy=self.yy[positions],
            xy=self.xy[:, positions],
        )

    def __add__(self, other):
        """The moments of the rows of both, of the same tasks."""
        pairs = np.column_stack([self.block_of_task, other.block_of_task])
        blocks = _numbered(pairs)
        a = self.with_blocks(blocks)
        b = other.with_blocks(blocks)
        total = a.total + b.total
        share = np.divide(b.total, total, out=np.zeros(len(total)), where=total > 0)
        between = a.total * share  # n_a n_b / (n_a + n_b)
        dx = b.mean_x - a.mean_x
        dy = b.mean_y - a.mean_y
        weighted = between[:, None] * dx
        xx = a.xx + b.xx
        xx += weighted[:, :, None] * dx[:, None, :]
        return Moments(
            blocks,
            counts=a.counts + b.counts,
            total=total,
            mean_x=_moved(a.mean_x, dx, share[:, None]),
            xx=xx,
            mean_y=_moved(a.mean_y, dy, share[blocks]),
            yy=a.yy + b.yy + between[blocks] * dy**2,
            xy=a.xy + b.xy + weighted[blocks].T * dy,
        )

    def sums(self, *, centered=True):
        """:class:`~skmtl.datafits.SufficientStatistics` about the means, or about zero."""
        by_block = np.argsort(self.block_of_task, kind="stable")
        sizes = np.bincount(self.block_of_task, minlength=self.n_blocks)
        blocks = np.split(by_block, np.cumsum(sizes)[:-1])
        about_means = SufficientStatistics(
            blocks,
            x0=self.mean_x,
            y0=self.mean_y,
            total=self.total,
            x=np.zeros_like(self.mean_x),
            xx=self.xx,
            y=np.zeros(self.n_tasks),
            yy=self.yy,
            xy=self.xy,
        )
        return about_means if centered else self._about_zero(about_means)

    def _about_zero(self, about_means):
        x = self.total[:, None] * self.mean_x
        y = self.task_total * self.mean_y
        return replace(
            about_means,
            x0=np.zeros_like(self.mean_x),
            y0=np.zeros(self.n_tasks),
            x=x,
            xx=self.xx + x[:, :, None] * self.mean_x[:, None, :],
            y=y,
            yy=self.yy + y * self.mean_y,
            xy=self.xy + x[self.block_of_task].T * self.mean_y,
        )

    def with_targets(self, mean, scale):
        """The moments of targets `(y - mean) / scale`, (n_tasks,) each."""
        return replace(
            self,
            mean_y=np.where(self.task_total > 0, (self.mean_y - mean) / scale, 0.0),
            yy=self.yy / scale**2,
            xy=self.xy / scale,
        )


def _numbered(pairs):
    """Number different rows of pairs in the order in which they first appear."""
    _, first, numbers = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[numbers.ravel()]


def _moved(mean, difference, share):
    """The mean of all rows; exactly that of the second part where the first has none."""
    return np.where(share == 1.0, mean + difference, mean + share * difference)
