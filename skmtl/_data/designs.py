"""Designs: the linear operators that turn W (n_features, n_tasks) into predictions.

Two of them. `SharedDesign`: every task sees the same rows, predictions have the shape
(n_samples, n_tasks) of Y. `StackedDesign`: every task has rows of its own, sorted by task,
predictions are 1-D. A *weight* is an array that broadcasts against the predictions; a missing
label is a zero in it.
"""

import numpy as np
from scipy import sparse

from skmtl import _kernels

_CHUNK = 4096  # rows centered at a time: a Gram never copies X
_SAMPLE = 64  # rows that tell whether the means are large


def weighted_gram(X, weight, mean, left=None, right=None):
    """`sum_i weight_i (x_i - mean)(x_i - mean)'`, of it the rows `left` and columns `right`.

    Dense rows are centered first. Sparse ones only where a mean is so large beside its column's
    spread that the product of the means, subtracted afterwards, would cancel the digits.
    """
    everything = np.arange(X.shape[1])
    left = everything if left is None else left
    right = left if right is None else right
    if sparse.issparse(X):
        A = X[:, left]
        B = A if left is right else X[:, right]
        pairs = ((A, left),) if left is right else ((A, left), (B, right))
        if not any(_means_dominate(Z, weight, mean[columns]) for Z, columns in pairs):
            G = (A.T @ B.multiply(weight[:, None])).toarray()
            return G - weight.sum() * np.outer(mean[left], mean[right])
        X = X.tocsr()
    G = np.zeros((len(left), len(right)))
    root = np.sqrt(weight)[:, None]
    for a in range(0, X.shape[0], _CHUNK):
        rows = X[a : a + _CHUNK]
        rows = rows.toarray() if sparse.issparse(rows) else rows
        A = (rows[:, left] - mean[left]) * root[a : a + _CHUNK]
        B = A if left is right else (rows[:, right] - mean[right]) * root[a : a + _CHUNK]
        G += A.T @ B
    return G


def _means_dominate(X, weight, mean):
    """Whether centering a sparse X after the product would lose more than four digits."""
    return np.any(weight.sum() * mean**2 > 1e4 * weighted_variance(X, weight, mean))


def weighted_variance(X, weight, mean):
    """`sum_i weight_i (x_ij - mean_j)^2` for every column j, shape (n_features,)."""
    if sparse.issparse(X):
        X = X.tocsc()

        def column_sums(values):
            return sparse.csc_array((values, X.indices, X.indptr), shape=X.shape).T @ weight

        if not mean.any():
            return column_sums(X.data**2)
        column = np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))
        zeros = weight.sum() - column_sums(np.ones(len(X.data)))
        return column_sums((X.data - mean[column]) ** 2) + np.maximum(zeros, 0.0) * mean**2
    out = np.zeros(X.shape[1])
    for a in range(0, len(X), _CHUNK):
        out += weight[a : a + _CHUNK] @ (X[a : a + _CHUNK] - mean) ** 2
    return out


def _is_offset(X, means):
    if sparse.issparse(X):
        return False
    sample = X[:: max(1, len(X) // _SAMPLE)]
    return bool((np.abs(means).max(axis=1) > 1e3 * sample.std(axis=0)).any())


class SharedDesign:
    """All tasks share X; predictions and weights have the shape (n_samples, n_tasks).

    A weight of shape (n_samples, 1) says that all tasks weigh the rows alike.
    """

    def __init__(self, X, n_tasks):
        self.X, self.n_tasks = X, n_tasks
        self.n_features = X.shape[1]

    @property
    def column_size(self):
        """Stored numbers a column and task, on average."""
        return self.X.nnz / self.n_features if sparse.issparse(self.X) else len(self.X)

    def by_column(self):
        """X in column order and double precision; copied at most once."""
        if not sparse.issparse(self.X):
            self.X = np.asfortranarray(self.X, dtype=np.float64)
        return self.X

    def columns(self, rows):
        """The design of the features `rows` alone."""
        return SharedDesign(self.X[:, rows], self.n_tasks)

    def as_float64(self):
        """The same design in double precision; itself if it is."""
        X = self.X.astype(np.float64, copy=False)
        return self if X is self.X else SharedDesign(X, self.n_tasks)

    def is_offset(self, means):
        """Whether digits would cancel in centering a dense X by means (n_features, n_tasks)."""
        return _is_offset(self.X, means)

    def shifted(self, means):
        """A copy whose columns have means near zero."""
        return SharedDesign(self.X - means.mean(axis=1), self.n_tasks)

    def forward(self, W):
        """Predictions `X w_t` without intercepts, (n_samples, n_tasks)."""
        support = np.flatnonzero(W.any(axis=1))
        if len(support) < 0.5 * len(W):
            return np.asarray(self.X[:, support] @ W[support])
        return np.asarray(self.X @ W)

    def adjoint(self, R):
        """`X' R`, one column for each column of R."""
        if sparse.issparse(self.X):
            return np.asarray(self.X.T @ R)
        return np.ascontiguousarray((R.T @ self.X).T)  # twice as fast as X' R for few tasks

    def task_sum(self, A):
        """Sum of A over the rows of each task, (n_tasks,)."""
        return np.broadcast_to(A.sum(axis=0), (self.n_tasks,))

    def spread(self, b):
        """One number a task, broadcast to the predictions' shape."""
        return b[None, :]

    def blocks(self, weight):
        """Groups of tasks that weigh rows alike: list of (X, weight column, tasks).

        In the order of their first task, so that blocks of one task each are in the tasks' order.
        """
        if weight.shape[1] == 1:
            return [(self.X, weight[:, 0], np.arange(self.n_tasks))]
        _, first, group = np.unique(weight.T, axis=0, return_index=True, return_inverse=True)
        members = [np.flatnonzero(group.ravel() == group.ravel()[t]) for t in np.sort(first)]
        return [(self.X, weight[:, tasks[0]], tasks) for tasks in members]


class StackedDesign:
    """Rows sorted by task: task t owns rows `ptr[t]:ptr[t + 1]`; predictions are 1-D.

    X is brought into column order when that is first needed: Fortran-contiguous, or CSC with
    sorted indices.
    """

    def __init__(self, X, ptr):
        self.X = X
        self.ptr = np.asarray(ptr, dtype=np.intp)
        self.n_tasks, self.n_features = len(ptr) - 1, X.shape[1]
        self.task_of_sample = np.repeat(np.arange(self.n_tasks), np.diff(ptr))

    @property
    def column_size(self):
        """Stored numbers a column and task, on average."""
        stored = self.X.nnz / self.n_features if sparse.issparse(self.X) else self.X.shape[0]
        return stored / self.n_tasks

    def columns(self, rows):
        """The design of the features `rows` alone."""
        return StackedDesign(self.by_column()[:, rows], self.ptr)

    def as_float64(self):
        """The same design in double precision; itself if it is."""
        X = self.X.astype(np.float64, copy=False)
        return self if X is self.X else StackedDesign(X, self.ptr)

    def is_offset(self, means):
        """Whether digits would cancel in centering a dense X by means (n_features, n_tasks)."""
        return _is_offset(self.X, means)

    def shifted(self, means):
        """A copy whose columns have means near zero in every task."""
        return StackedDesign(self.X - means.T[self.task_of_sample], self.ptr)

    def by_column(self):
        """X in column order and double precision; copied at most once."""
        if sparse.issparse(self.X):
            self.X = self.X.tocsc().astype(np.float64, copy=False)
            self.X.sort_indices()
        else:
            self.X = np.asfortranarray(self.X, dtype=np.float64)
        return self.X

    def forward(self, W):
        """Predictions `x_i . w_t(i)` without intercepts, (n_rows,)."""
        z, X = np.zeros(len(self.task_of_sample)), self.by_column()
        W = np.ascontiguousarray(W)
        if sparse.issparse(X):
            _kernels.forward_sparse(*_parts(X), self.ptr, W, z)
        else:
            _kernels.forward_dense(X, self.ptr, W, z)
        return z

    def adjoint(self, r):
        """`X_t' r_t` for each task, (n_features, n_tasks)."""
        G, X = np.zeros((self.n_features, self.n_tasks)), self.by_column()
        if sparse.issparse(X):
            _kernels.adjoint_sparse(*_parts(X), self.ptr, r, G)
        else:
            _kernels.adjoint_dense(X, self.ptr, r, G)
        return G

    def task_sum(self, a):
        """Sum of a over the rows of each task, (n_tasks,)."""
        return np.add.reduceat(a, self.ptr[:-1])

    def spread(self, b):
        """One number a task, repeated over its rows."""
        return b[self.task_of_sample]

    def blocks(self, weight):
        """One block a task: list of (X_t, weight_t, [t])."""
        X = self.X.tocsr() if sparse.issparse(self.X) else self.X
        spans = [slice(a, b) for a, b in zip(self.ptr, self.ptr[1:], strict=False)]
        return [(X[rows], weight[rows], np.array([t])) for t, rows in enumerate(spans)]


def _parts(X):
    return X.data, X.indices, X.indptr


def predict_own_tasks(X, codes, coef, intercept, shared_coef):
    """`x_i . w_t(i) + b_t(i)`, (n_rows,); code -1 is `shared_coef` and the mean intercept."""
    coef = np.vstack([coef, shared_coef])
    intercept = np.append(intercept, intercept.mean())
    order = np.argsort(codes, kind="stable")
    present, first = np.unique(codes[order], return_index=True)
    X = (X.tocsr() if sparse.issparse(X) else X)[order]
    design = StackedDesign(X, np.append(first, len(order)))
    out = np.empty(len(order))
    out[order] = design.forward(coef[present].T) + design.spread(intercept[present])
    return out
