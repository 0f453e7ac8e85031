"""Designs: the linear operators that turn W (n_features, n_tasks) into predictions.

Two of them. `SharedDesign`: every task sees the same rows, predictions have the shape
(n_samples, n_tasks) of Y. `StackedDesign`: every task has rows of its own, sorted by task,
predictions are 1-D. A *weight* is an array that broadcasts against the predictions; a missing
label is a zero in it.
"""

import numpy as np
from scipy import sparse

from skmtl import _kernels

_CHUNK = 4096  # rows centred at a time: a Gram never copies X


def weighted_gram(X, weight, mean):
    """`sum_i weight_i (x_i - mean)(x_i - mean)'`, shape (n_features, n_features).

    Dense rows are centred first. Sparse ones only where a mean is so large beside its column's
    spread that the product of the means, subtracted afterwards, would cancel the digits.
    """
    if sparse.issparse(X) and not _means_dominate(X, weight, mean):
        G = (X.T @ X.multiply(weight[:, None])).toarray()
        return G - weight.sum() * np.outer(mean, mean)
    G = np.zeros((X.shape[1], X.shape[1]))
    root = np.sqrt(weight)
    X = X.tocsr() if sparse.issparse(X) else X
    for a in range(0, X.shape[0], _CHUNK):
        rows = X[a : a + _CHUNK]
        rows = rows.toarray() if sparse.issparse(rows) else rows
        Z = (rows - mean) * root[a : a + _CHUNK, None]
        G += Z.T @ Z
    return G


def _means_dominate(X, weight, mean):
    """Whether centring a sparse X after the product would lose more than four digits."""
    return np.any(weight.sum() * mean**2 > 1e4 * weighted_variance(X, weight, mean))


def weighted_variance(X, weight, mean):
    """`sum_i weight_i (x_ij - mean_j)^2` for every column j, shape (n_features,)."""
    if sparse.issparse(X):
        X = X.tocsc()
        column = np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))
        w = weight[X.indices]
        stored = np.bincount(column, w * (X.data - mean[column]) ** 2, minlength=X.shape[1])
        zeros = weight.sum() - np.bincount(column, w, minlength=X.shape[1])
        return stored + np.maximum(zeros, 0.0) * mean**2
    out = np.zeros(X.shape[1])
    for a in range(0, len(X), _CHUNK):
        out += weight[a : a + _CHUNK] @ (X[a : a + _CHUNK] - mean) ** 2
    return out


class SharedDesign:
    """All tasks share X; predictions and weights have the shape (n_samples, n_tasks).

    A weight of shape (n_samples, 1) says that all tasks weigh the rows alike.
    """

    def __init__(self, X, n_tasks):
        self.X, self.n_tasks = X, n_tasks
        self.n_features = X.shape[1]

    def forward(self, W):
        """Predictions `X w_t` without intercepts, (n_samples, n_tasks)."""
        return np.asarray(self.X @ W)

    def adjoint(self, R):
        """`X' R`, one column for each column of R."""
        return np.asarray(self.X.T @ R)

    def task_sum(self, A):
        """Sum of A over the rows of each task, (n_tasks,)."""
        return np.broadcast_to(A.sum(axis=0), (self.n_tasks,))

    def spread(self, b):
        """One number a task, broadcast to the predictions' shape."""
        return b[None, :]

    def blocks(self, weight):
        """Groups of tasks that weigh rows alike: list of (X, weight column, tasks)."""
        if weight.shape[1] == 1:
            return [(self.X, weight[:, 0], np.arange(self.n_tasks))]
        columns, group = np.unique(weight.T, axis=0, return_inverse=True)
        group = group.ravel()
        return [(self.X, column, np.flatnonzero(group == k)) for k, column in enumerate(columns)]


class StackedDesign:
    """Rows sorted by task: task t owns rows `ptr[t]:ptr[t + 1]`; predictions are 1-D.

    X is kept in column order: Fortran-contiguous, or CSC with sorted indices.
    """

    def __init__(self, X, ptr):
        self.X = X.tocsc() if sparse.issparse(X) else np.asfortranarray(X)
        if sparse.issparse(self.X):
            self.X.sort_indices()
        self.ptr = np.asarray(ptr, dtype=np.intp)
        self.n_tasks, self.n_features = len(ptr) - 1, X.shape[1]
        self.task_of_row = np.repeat(np.arange(self.n_tasks), np.diff(ptr))

    def forward(self, W):
        """Predictions `x_i . w_t(i)` without intercepts, (n_rows,)."""
        z = np.zeros(len(self.task_of_row))
        W = np.ascontiguousarray(W)
        if sparse.issparse(self.X):
            _kernels.forward_sparse(*_parts(self.X), self.ptr, W, z)
        else:
            _kernels.forward_dense(self.X, self.ptr, W, z)
        return z

    def adjoint(self, r):
        """`X_t' r_t` for each task, (n_features, n_tasks)."""
        G = np.zeros((self.n_features, self.n_tasks))
        if sparse.issparse(self.X):
            _kernels.adjoint_sparse(*_parts(self.X), self.ptr, r, G)
        else:
            _kernels.adjoint_dense(self.X, self.ptr, r, G)
        return G

    def task_sum(self, a):
        """Sum of a over the rows of each task, (n_tasks,)."""
        return np.add.reduceat(a, self.ptr[:-1])

    def spread(self, b):
        """One number a task, repeated over its rows."""
        return b[self.task_of_row]

    def blocks(self, weight):
        """One block a task: list of (X_t, weight_t, [t])."""
        X = self.X.tocsr() if sparse.issparse(self.X) else self.X
        spans = [slice(a, b) for a, b in zip(self.ptr, self.ptr[1:], strict=False)]
        return [(X[rows], weight[rows], np.array([t])) for t, rows in enumerate(spans)]


def _parts(X):
    return X.data, X.indices, X.indptr
