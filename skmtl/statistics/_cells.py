"""Rows in any order, added to the moments of their tasks and parts.

The rows of a task in a part are a cell. Those of one cell at a time are copied into a buffer that
stays in the cache, about an origin near their mean: all of their sums are entries of one product
A'A, A of (x, y, 1).
"""

import numpy as np
from scipy import sparse

from skmtl import _kernels
from skmtl.datafits import median_of_three

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
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found in the moments
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
    n_features = X.shape[1]
    n_cells = parts[0].n_tasks * len(parts)
    order = np.argsort(cell, kind="stable")
    counts = np.bincount(cell, minlength=n_cells)[:n_cells]
    stops = np.cumsum(counts)
    n_buffered = max(_BUFFERED // n_features, _ROWS_PER_FEATURE * n_features)
    n_buffered = min(n_buffered, counts.max())
    buffer = np.empty((n_buffered, n_features + 2))
    for c in np.flatnonzero(counts):
        t, k = divmod(c, len(parts))
        of_cell = order[stops[c] - counts[c] : stops[c]]
        parts[k].counts[t] += len(of_cell)
        for start in range(0, len(of_cell), n_buffered):
            rows = of_cell[start : start + n_buffered]
            _add_rows_of_cell(parts[k], t, X, y, root, rows, buffer[: len(rows)])


def _add_rows_of_cell(moments, t, X, y, root, rows, buffer):
    """Add some rows to the moments of task t."""
    if moments.total[t] > 0:
        origin = np.append(moments.mean_x[t], moments.mean_y[t])
    else:  # medians are no outliers, and a constant is its own
        few = rows[[0, len(rows) // 2, -1]]
        some = np.column_stack([X[few], y[few]]).astype(np.float64)
        origin = median_of_three(*some)
    flat, stride = _flat(X)
    _kernels.write_deviations(flat, stride, rows, y, root, origin, buffer)
    products = np.dot(buffer.T, buffer)
    _kernels.add_products(
        products,
        origin,
        t,
        moments.total,
        moments.mean_x,
        moments.xx,
        moments.mean_y,
        moments.yy,
        moments.xy,
    )


def _flat(X):
    """X as a one-dimensional array, and how far apart its rows begin."""
    stride = X.strides[0] // X.itemsize
    length = (len(X) - 1) * stride + X.shape[1]
    flat = np.lib.stride_tricks.as_strided(X, (length,), (X.itemsize,), writeable=False)
    return flat, stride
