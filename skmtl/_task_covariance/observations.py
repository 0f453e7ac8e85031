"""The labeled cells of a problem, and what systems make of kernels between them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cholesky

from skmtl._data.task_data import TaskData


@dataclass(frozen=True)
class Observations:
    """Cell c is the label of row `row[c]` for task `task[c]`; sorted by task, then by row.

    A vector over cells is what systems take and return. Weights s are positive: the noise of a
    cell is ``alpha_t / s``.
    """

    row: np.ndarray
    task: np.ndarray
    weight: np.ndarray
    n_rows: int
    n_tasks: int

    def __len__(self):
        return len(self.row)

    @cached_property
    def ptr(self):
        """Task t owns the cells ``ptr[t]:ptr[t + 1]``."""
        return np.searchsorted(self.task, np.arange(self.n_tasks + 1))

    @cached_property
    def seen(self):
        """Whether a row has a label for a task, (n_rows, n_tasks) of bool."""
        return self.matrix(np.ones(len(self), dtype=bool))

    @cached_property
    def row_weight(self):
        """The weight that all cells of a row have, (n_rows,); None where they differ."""
        weight = np.zeros(self.n_rows)
        weight[self.row] = self.weight
        return weight if np.array_equal(weight[self.row], self.weight) else None

    @cached_property
    def by_row(self):
        """For each row with labels the positions of its cells."""
        order = np.argsort(self.row, kind="stable")
        starts = np.flatnonzero(np.diff(self.row[order])) + 1
        return np.split(order, starts)

    def left(self, fit_intercept):
        """Whether a task has what it needs without a cell, (n_cells,) of bool.

        An intercept needs another cell of the task.
        """
        return (np.diff(self.ptr) > fit_intercept)[self.task]

    def indicators(self):
        """Which task a cell is of, (n_cells, n_tasks), in column order."""
        M = np.zeros((len(self), self.n_tasks), order="F")
        M[np.arange(len(self)), self.task] = 1.0
        return M

    def matrix(self, values):
        """A vector over cells as (n_rows, n_tasks), zero where there is no cell."""
        out = np.zeros((self.n_rows, self.n_tasks), dtype=values.dtype)
        out[self.row, self.task] = values
        return out

    def task_sum(self, values):
        """Sums over the cells of each task, of (n_cells,) or (n_cells, ...)."""
        return np.add.reduceat(values, self.ptr[:-1], axis=0)

    def task_mean(self, values):
        """Weighted means over the cells of each task, (n_tasks,)."""
        return self.task_sum(self.weight * values) / self.task_sum(self.weight)


def centered(K, weight):
    """K of functions whose weighted mean over the rows is zero, (n_rows, n_rows); a new array.

    Dual coefficients that sum to zero in every task see no difference. A kernel that is positive
    semi-definite for these only becomes so.
    """
    share = weight / weight.sum()
    mean = K @ share
    out = K - (mean - share @ mean)[:, None]
    out -= mean
    return out


def factorize(A, alpha, name="alpha"):
    """Lower Cholesky factor of the symmetric A, which is overwritten; the others are for errors."""
    try:
        # its transpose is what LAPACK can overwrite
        return cholesky(A.T, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        raise not_semidefinite(alpha, name=name) from None


def not_semidefinite(alpha, smallest=None, name="alpha"):
    """The error of kernels with an eigenvalue too far below zero, the `smallest` if known."""
    known = "" if smallest is None else f": its smallest eigenvalue is {smallest:.4g}"
    return ValueError(
        f"The kernel is not positive semi-definite{known}, and {name}={np.min(alpha):.4g} does not "
        f"make up for it. Increase {name}, or use a kernel that is."
    )


@dataclass(frozen=True)
class KernelReading:
    """Validated data as cells.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_features)
        Rows with labels of positive weight, sorted by task where they are its own.
    y : ndarray of shape (n_cells,)
    cells : Observations
    rows : ndarray of int of shape (n_rows,)
        Where each row stood in the user's X.
    data : TaskData
    """

    X: object
    y: np.ndarray
    cells: Observations
    rows: np.ndarray
    data: TaskData

    @property
    def long(self):
        return self.data.layout != "wide"


def read_observations(data):
    """The cells of validated data, as a :class:`KernelReading`."""
    X = data.design.as_float64().X
    if data.layout != "wide":
        n, tasks = len(data.y), data.design.task_of_sample
        cells = Observations(np.arange(n), tasks, data.weight, n, data.n_tasks)
        return KernelReading(X, data.y, cells, data.sample_indices, data)
    weight = np.broadcast_to(data.weight, data.y.shape)
    rows = np.flatnonzero(weight.any(axis=1))
    weight, Y = weight[rows], data.y[rows]
    task, row = np.nonzero(weight.T)
    cells = Observations(row, task, weight[row, task], len(rows), data.n_tasks)
    if len(rows) < X.shape[0]:
        X = (X.tocsr() if sparse.issparse(X) else X)[rows]
    return KernelReading(X, Y[row, task], cells, rows, data)
