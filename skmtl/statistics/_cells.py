"""Rows in any order, added to the moments of their tasks and parts.

The rows of a task in a part are a cell. Those of one cell at a time are copied into a buffer that
stays in the cache, about an origin near their mean: all of their sums are entries of one product
A'A, A of (x, y, 1).
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy import sparse

from skmtl import _kernels
from skmtl.datafits import median_of_three
from skmtl.statistics._products import write_lower_products

_BUFFERED = 2**17  # numbers that stay in the cache
_ROWS_PER_FEATURE = 4  # of the buffer at least, lest adding the product takes longer than it
_COPIED = 2**21  # numbers copied at a time, of an X whose rows are not contiguous
_ROWS_PER_CELL = 256  # of what is copied
_SHORT = 2**15  # cells that 16 bits number, by which rows are sorted faster


def add_rows(parts, X, y, weight, task, part):
    """Add rows to the moments of their tasks and parts, in place.

    Parameters
    ----------
    parts : list of Moments
        Those of every part; every task has a block of its own.
    X : {ndarray, sparse matrix} of shape (n_rows, n_features)
        Features in any order of memory.
    y, weight : ndarray of shape (n_rows,)
        Targets, and weights that are not negative.
    task : ndarray of int of shape (n_rows,)
        The task of each row; -1 for a row to be left out.
    part : ndarray of int of shape (n_rows,)
        The part of each row.
    """
    n_rows, n_features = X.shape
    n_cells = parts[0].n_tasks * len(parts)
    cell = np.where(task >= 0, task * len(parts) + part, n_cells)
    if n_cells < _SHORT:
        cell = cell.astype(np.int16)
    root = np.sqrt(weight)
    y = np.ascontiguousarray(y).view()
    y.flags.writeable = False  # for others numba would compile the function again
    size = n_rows
    if not _has_contiguous_rows(X):
        size = max(_COPIED // n_features, _ROWS_PER_CELL * n_cells)
        X = X.tocsr() if sparse.issparse(X) else X
    for start in range(0, n_rows, size):
        rows = slice(start, start + size)
        _add_block(parts, _contiguous(X[rows]), y[rows], root[rows], cell[rows])


def _has_contiguous_rows(X):
    """Whether the compiled function can read X as it is."""
    if sparse.issparse(X) or X.dtype not in (np.float64, np.float32):
        return False
    of_row, of_column = X.strides
    return of_column == X.itemsize and of_row > 0 and of_row % X.itemsize == 0


def _contiguous(X):
    if sparse.issparse(X):
        X = X.toarray()
    return X if _has_contiguous_rows(X) else np.ascontiguousarray(X, dtype=np.float64)


def _add_block(parts, X, y, root, cell):
    """Add the rows of a block whose rows are contiguous."""
    n_cells = parts[0].n_tasks * len(parts)
    order = np.argsort(cell, kind="stable")
    counts = np.bincount(cell, minlength=n_cells)[:n_cells]
    stops = np.cumsum(counts)
    reader = _CellReader(X, y, root, counts.max())
    for c in np.flatnonzero(counts):
        t, k = divmod(c, len(parts))
        of_cell = order[stops[c] - counts[c] : stops[c]]
        reader.add(parts[k], t, of_cell)


class _CellReader:
    """Adds rows of a cell to its moments.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Features; the rows are contiguous.
    y, root : ndarray of shape (n_rows,)
        Targets and square roots of the weights.
    most : int
        Largest number of rows of a cell.
    """

    def __init__(self, X, y, root, most):
        self.X = X
        self.y = y
        self.root = root
        n_features = X.shape[1]
        self.stride = X.strides[0] // X.itemsize
        length = (len(X) - 1) * self.stride + n_features
        self.flat = as_strided(X, (length,), (X.itemsize,), writeable=False)
        n_rows = max(_BUFFERED // n_features, _ROWS_PER_FEATURE * n_features)
        self.buffer = np.empty((min(n_rows, most), n_features + 2))
        self.products = np.empty((n_features + 2, n_features + 2))

    def add(self, moments, t, rows):
        """Add some rows to the moments of task t."""
        moments.counts[t] += len(rows)
        for start in range(0, len(rows), len(self.buffer)):
            self._add_piece(moments, t, rows[start : start + len(self.buffer)])

    def _add_piece(self, moments, t, rows):
        """Add rows for which there is room in the buffer."""
        origin = self._origin(moments, t, rows)
        deviations = self.buffer[: len(rows)]
        _kernels.write_deviations(
            self.flat,
            self.stride,
            rows,
            self.y,
            self.root,
            origin,
            deviations,
        )
        write_lower_products(deviations, self.products)
        _kernels.add_products(
            self.products,
            origin,
            t,
            moments.total,
            moments.mean_x,
            moments.xx,
            moments.mean_y,
            moments.yy,
            moments.xy,
        )

    def _origin(self, moments, t, rows):
        """Features and target near the mean of rows: the mean before them, if there is one."""
        if moments.total[t] > 0:
            return np.append(moments.mean_x[t], moments.mean_y[t])
        few = rows[[0, len(rows) // 2, -1]]  # a median is no outlier, and that of a constant exact
        some = np.column_stack([self.X[few], self.y[few]])
        return median_of_three(*some.astype(np.float64))
