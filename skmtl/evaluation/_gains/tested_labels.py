"""The tested labels of a comparison: which row, training set and task each belongs to."""

from functools import cached_property

import numpy as np

_DENSE = 64  # possible values for each of some integers, up to which a mask of all is cheap


class TestedLabels:
    """The labels in the test sets of all splits, one after the other.

    Parameters
    ----------
    rows : ndarray of int of shape (n_labels,)
        Row of the data of each label.
    splits : ndarray of int of shape (n_labels,)
        Split that tests it.
    tasks : ndarray of int of shape (n_labels,)
        Its task.
    shape : tuple
        ``(n_splits, n_tasks)``.
    groups : ndarray of int of shape (n_labels,), default=None
        What rows are drawn together, such as a person measured several times; None for the rows.
    """

    __test__ = False  # no test class, whatever pytest thinks of the name

    def __init__(self, rows, splits, tasks, shape, groups=None):
        self.rows = rows
        self.splits = splits
        self.tasks = tasks
        self.n_splits, self.n_tasks = shape
        self.groups = rows if groups is None else groups

    def of_tasks(self, kept):
        """Return the labels of some tasks, which are numbered anew, and their positions."""
        codes = np.full(self.n_tasks, -1)
        codes[kept] = np.arange(len(kept))
        positions = np.flatnonzero(codes[self.tasks] >= 0)
        labels = TestedLabels(
            self.rows[positions],
            self.splits[positions],
            codes[self.tasks[positions]],
            (self.n_splits, len(kept)),
            self.groups[positions],
        )
        return labels, positions

    @cached_property
    def counts(self):
        """Number of labels of each task, (n_tasks,)."""
        return np.bincount(self.tasks, minlength=self.n_tasks)

    @cached_property
    def group_cells(self):
        """The :class:`Cells` of groups in tasks."""
        return Cells(self.groups, self.tasks, self.n_tasks)

    @cached_property
    def row_cells(self):
        """The :class:`Cells` of rows in tasks."""
        if self.groups is self.rows:
            return self.group_cells
        return Cells(self.rows, self.tasks, self.n_tasks)

    @cached_property
    def groups_in_all(self):
        """Code of the group of each label, whatever its task, and the number of groups."""
        codes, distinct = _distinct(self.groups)
        return codes, len(distinct)

    @cached_property
    def groups_in_splits(self):
        """The :class:`Cells` of groups in tasks and splits."""
        n_groups = 1 + self.groups.max()
        return Cells(self.splits * n_groups + self.groups, self.tasks, self.n_tasks)

    @cached_property
    def groups_in_splits_of_all(self):
        """Code of the group of each label in its split, whatever its task."""
        n_groups = 1 + self.groups.max()
        return _distinct(self.splits * n_groups + self.groups)[0]

    def task_means(self, values):
        """Mean of values of the labels over each task, (n_tasks,)."""
        sums = np.bincount(self.tasks, values, minlength=self.n_tasks)
        return sums / np.maximum(self.counts, 1)


class Cells:
    """The distinct pairs of a row (or group) and a task.

    Attributes
    ----------
    of_label : ndarray of int of shape (n_labels,)
        Cell of each label.
    tasks : ndarray of int of shape (n_cells,)
        Task of each cell.
    times : ndarray of int of shape (n_cells,)
        Number of labels of each cell: how often it is tested.
    counts : ndarray of int of shape (n_tasks,)
        Number of cells of each task.
    """

    def __init__(self, rows, tasks, n_tasks):
        owner = np.zeros(1 + rows.max(), dtype=np.intp)
        owner[rows] = tasks
        if (owner[rows] == tasks).all():  # every row belongs to one task
            self.of_label, distinct = _distinct(rows)
            self.tasks = owner[distinct]
        else:
            self.of_label, distinct = _distinct(rows * n_tasks + tasks)
            self.tasks = distinct % n_tasks
        self.times = np.bincount(self.of_label)
        self.counts = np.bincount(self.tasks, minlength=n_tasks)
        self._n_tasks = n_tasks

    def sums(self, values):
        """Sum of values of the labels over each cell, (n_cells,)."""
        return np.bincount(self.of_label, values, minlength=len(self.tasks))

    def task_sums(self, values):
        """Sum of values of the cells over each task, (n_tasks,)."""
        return np.bincount(self.tasks, values, minlength=self._n_tasks)


def _distinct(values):
    """Codes of integers in the order of the distinct ones, and these."""
    largest = values.max()
    if largest > _DENSE * len(values):
        distinct, codes = np.unique(values, return_inverse=True)
        return codes, distinct
    is_present = np.zeros(largest + 1, dtype=bool)  # no sorting
    is_present[values] = True
    codes = np.cumsum(is_present) - 1
    return codes[values], np.flatnonzero(is_present)
