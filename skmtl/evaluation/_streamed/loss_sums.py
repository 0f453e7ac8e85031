"""The losses of all models of a comparison as sums over rows that are read once and not kept.

Every row is tested once in each of R repetitions. With the losses v_ir of its models in repetition
r, what a comparison asks of the rows are first and second moments of two vectors: of the sum of
v_ir over r, which tells what is due to the tested rows, and of v_ir less its mean over the other
repetitions, which tells the luck of the training sets.

The vector v has the loss of the first model, and the differences of the others from it. Models of
large data differ little, and the variance of a small difference would be lost in that of the
losses.
"""

from itertools import combinations

import numpy as np

from skmtl.evaluation._gains.statistics import NO_ERROR


class LossSums:
    """Sums of losses over rows, in cells of a split and a task.

    Parameters
    ----------
    n_methods : int
        Number of models.
    n_repeats : int
        Number of repetitions, at least 2; each of them tests every row.
    n_folds : int
        Number of splits of a repetition.
    tolerance : ndarray of shape (n_tasks,)
        Losses up to this are rounding.

    Attributes
    ----------
    counts : ndarray of shape (n_splits, n_tasks)
        Number of rows.
    losses : ndarray of shape (n_splits, n_tasks, n_methods)
        Sums of v_ir.
    own, own_squares : ndarray of shape (n_splits, n_tasks, n_methods[, n_methods])
        Sums of v_ir less its mean over the other repetitions, and of its products.
    total_squares : ndarray of shape (n_tasks, n_methods, n_methods)
        Sums of the products of the sums of v_ir over repetitions.
    differ : dict of ndarray of bool of shape (n_tasks,)
        Whether the losses of two models differ by more than rounding on some row.
    """

    def __init__(self, n_methods, n_repeats, n_folds, tolerance):
        n_tasks = len(tolerance)
        n_splits = n_repeats * n_folds
        self.n_methods = n_methods
        self.n_repeats = n_repeats
        self.n_folds = n_folds
        self.tolerance = tolerance
        self.counts = np.zeros((n_splits, n_tasks), dtype=np.int64)
        self.losses = np.zeros((n_splits, n_tasks, n_methods))
        self.own = np.zeros((n_splits, n_tasks, n_methods))
        self.own_squares = np.zeros((n_splits, n_tasks, n_methods, n_methods))
        self.total_squares = np.zeros((n_tasks, n_methods, n_methods))
        pairs = combinations(range(n_methods), 2)
        self.differ = {pair: np.zeros(n_tasks, dtype=bool) for pair in pairs}

    def add(self, losses, tasks, folds, sizes):
        """Add rows in segments, each of which has one task and one fold in every repetition.

        Parameters
        ----------
        losses : ndarray of shape (n_rows, n_repeats, n_methods)
            Losses of the rows, segment by segment.
        tasks : ndarray of int of shape (n_segments,)
            Task of each segment.
        folds : ndarray of int of shape (n_segments, n_repeats)
            The folds that test it.
        sizes : ndarray of int of shape (n_segments,)
            Number of its rows, at least one.
        """
        ends = np.cumsum(sizes)
        starts = ends - sizes
        self._compare(losses, np.repeat(tasks, sizes))
        relative = losses.copy()
        relative[:, :, 1:] -= losses[:, :, :1]
        total = relative.sum(axis=1)
        _accumulate(self.total_squares, tasks, _products(total), starts)
        n_others = self.n_repeats - 1
        for r in range(self.n_repeats):
            split = r * self.n_folds + folds[:, r]
            cell = (split, tasks)
            of_repeat = relative[:, r]
            mean_of_others = (total - of_repeat) / n_others
            own = of_repeat - mean_of_others
            np.add.at(self.counts, cell, sizes)
            _accumulate(self.losses, cell, of_repeat, starts)
            _accumulate(self.own, cell, own, starts)
            _accumulate(self.own_squares, cell, _products(own), starts)

    def _compare(self, losses, tasks):
        """Remember which models differ on which tasks."""
        for (a, b), differ in self.differ.items():
            is_open = ~differ[tasks]
            if not is_open.any():
                continue
            first = losses[is_open, :, a]
            second = losses[is_open, :, b]
            open_tasks = tasks[is_open]
            tolerance = NO_ERROR * np.minimum(first, second)
            tolerance += self.tolerance[open_tasks, None]
            distance = np.abs(first - second)
            found = (distance > tolerance).any(axis=1)
            different = open_tasks[found]
            differ[different] = True


def _products(values):
    """Products of the columns of each row, (n_rows, n_columns, n_columns)."""
    return values[:, :, None] * values[:, None, :]


def _accumulate(sums, cell, values, starts):
    """Add the sums of values over segments to their cells."""
    of_segments = np.add.reduceat(values, starts)
    np.add.at(sums, cell, of_segments)
