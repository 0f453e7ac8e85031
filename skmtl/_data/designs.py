"""Designs: the linear operators that map W (n_features, n_tasks) to predictions.

There are two of them. With a `SharedDesign` all tasks have the same samples, and predictions have
the shape (n_samples, n_tasks) of Y. With a `StackedDesign` every task has samples of its own,
sorted by task, and predictions are 1-D. A *weight* is an array that broadcasts against the
predictions; it is zero where a target is missing.
"""

import numpy as np
from scipy import sparse

from skmtl import _kernels
from skmtl._data.gram_products import IN_CACHE
from skmtl._threads import threads_for_product

_STRIP = 64  # samples copied at a time
_SAMPLE = 64  # samples from which it is judged whether the means are large
_FEW_TASKS = 5  # for which no order of the non-zeros is faster


def take_samples(X, indices):
    """Return the samples of X at `indices`; a sparse X comes out as CSR."""
    if sparse.issparse(X):
        X = X.tocsr()
    return X[indices]


def _in_column_order(X):
    """Return a dense X as double-precision Fortran array; itself if it is one."""
    if X.flags.f_contiguous and X.dtype == np.float64:
        return X
    out = np.empty(X.shape, order="F")
    for start in range(0, len(X), _STRIP):  # strips that stay in the cache while they are turned
        samples = slice(start, start + _STRIP)
        out[samples] = X[samples]
    return out


def _deviation(X):
    """Return the standard deviation of every feature, shape (n_features,)."""
    if sparse.issparse(X):
        X = X.toarray()
    return X.std(axis=0)


class Design:
    """Base of the two designs; a subclass says how predictions are laid out.

    Attributes
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
    n_tasks : int
    n_features : int
    """

    def __init__(self, X, n_tasks):
        self.X = X
        self.n_tasks = n_tasks
        self.n_features = X.shape[1]

    def _with(self, X):
        """Return the design of the same samples with another X."""
        raise NotImplementedError

    def _stored_per_feature(self):
        """Return the average number of stored values of a feature."""
        if sparse.issparse(self.X):
            return self.X.nnz / self.n_features
        return self.X.shape[0]

    def as_float64(self):
        """Return the design in double precision; this one if it is already."""
        X = self.X.astype(np.float64, copy=False)
        if X is self.X:
            return self
        return self._with(X)

    def is_offset(self, means):
        """Whether centering X by means (n_features, n_tasks) would cancel digits.

        Of a sparse X only features matter that are stored for all samples of a task: zeros among
        others keep their means small beside their deviations.
        """
        X = self.X
        largest = np.abs(means)
        if sparse.issparse(X):
            stored = self._stored_throughout()
            if not stored.any():
                return False
            X = X.tocsr()
            largest = np.where(stored, largest, 0.0)
        step = max(1, X.shape[0] // _SAMPLE)
        largest = largest.max(axis=1)
        seems_offset = largest > 1e3 * _deviation(X[::step])
        if not seems_offset.any():
            return False
        features = np.flatnonzero(seems_offset)  # or of one value in the few samples
        return bool((largest[features] > 1e3 * _deviation(X[:, features])).any())

    def _stored_throughout(self):
        """Which features of a sparse X are stored for all samples of a task."""
        raise NotImplementedError


class SharedDesign(Design):
    """All tasks share X; predictions and weights have the shape (n_samples, n_tasks).

    A weight of shape (n_samples, 1) means that all tasks weight the samples alike.
    """

    def __init__(self, X, n_tasks):
        super().__init__(X, n_tasks)
        self._by_row = None

    def _with(self, X):
        return SharedDesign(X, self.n_tasks)

    @property
    def multiplies_by_row(self):
        """Whether products with X go through its rows: sparse X, predictions too many for a cache.

        Products by column reach these at random, those by row only the coefficients.
        """
        n_samples, n_features = self.X.shape
        return (
            sparse.issparse(self.X)
            and n_samples > n_features
            and self.n_tasks >= _FEW_TASKS
            and n_samples * self.n_tasks > IN_CACHE
        )

    def for_products(self):
        """Return X in the order of its products; a copy by row is made once."""
        if not self.multiplies_by_row:
            return self.X
        if self._by_row is None:
            self._by_row = self.X.tocsr()
        return self._by_row

    @property
    def column_size(self):
        """Average number of stored values of a feature in a task."""
        return self._stored_per_feature()

    def by_column(self):
        """Return X in column order and double precision; it is copied at most once."""
        if not sparse.issparse(self.X):
            self.X = _in_column_order(self.X)
        return self.X

    def columns(self, features):
        """Return the design of some features only."""
        return self._with(self.X[:, features])

    def shifted(self, means):
        """Return a copy whose features have means near zero.

        Of a sparse X they are those that are stored for all samples.
        """
        shift = np.median(means, axis=1)
        if not sparse.issparse(self.X):
            return self._with(self.X - shift)
        X = self.X.tocsc(copy=True)
        shift = np.where(self._stored_throughout()[:, 0], shift, 0.0)
        X.data -= np.repeat(shift, np.diff(X.indptr))
        return self._with(X)

    def _stored_throughout(self):
        X = self.X.tocsc()
        counts = np.diff(X.indptr)
        return counts[:, None] == X.shape[0]

    def forward(self, W):
        """Return the predictions `X w_t` without intercepts, (n_samples, n_tasks)."""
        support = np.flatnonzero(W.any(axis=1))
        few = 0.1 if self.multiplies_by_row else 0.5
        if len(support) < few * len(W):
            X = self.X[:, support]
            return np.asarray(X @ W[support])
        with threads_for_product(*self.X.shape, W.shape[1]):
            return np.asarray(self.for_products() @ W)

    def adjoint(self, R):
        """Return `X' R`, with one column for each column of R."""
        if sparse.issparse(self.X):
            return np.asarray(self.for_products().T @ R)
        with threads_for_product(*self.X.shape, R.shape[1]):
            return np.ascontiguousarray((R.T @ self.X).T)  # twice as fast as X' R for few tasks

    def task_sum(self, A):
        """Return the sum of A over the samples of each task, (n_tasks,)."""
        sums = A.sum(axis=0)
        if len(sums) == self.n_tasks:
            return sums
        return np.broadcast_to(sums, (self.n_tasks,))

    def spread(self, b):
        """Return one number for each task, broadcastable against the predictions."""
        return b[None, :]

    def values_of_block(self, a, tasks):
        """Return values in the shape of the predictions for the tasks of a block, as columns."""
        return a[:, tasks]

    def blocks(self, weight):
        """Return groups of tasks that weight samples alike: list of (X, weight column, tasks).

        They are in the order of their first task, so that blocks of one task each are in the order
        of the tasks.
        """
        X = self.for_products()
        if weight.shape[1] == 1:
            every_task = np.arange(self.n_tasks)
            return [(X, weight[:, 0], every_task)]
        alike = {}
        for task, column in enumerate(np.ascontiguousarray(weight.T)):
            alike.setdefault(column.tobytes(), []).append(task)
        return [(X, weight[:, tasks[0]], np.array(tasks)) for tasks in alike.values()]


class StackedDesign(Design):
    """Samples sorted by task: those of task t are `ptr[t]:ptr[t + 1]`; predictions are 1-D.

    X is brought into column order when that is first needed: Fortran-contiguous, or CSC with
    sorted indices.
    """

    def __init__(self, X, ptr):
        super().__init__(X, len(ptr) - 1)
        self.ptr = np.asarray(ptr, dtype=np.intp)
        n_samples = np.diff(ptr)
        self.task_of_sample = np.repeat(np.arange(self.n_tasks), n_samples)

    def _with(self, X):
        return StackedDesign(X, self.ptr)

    @property
    def column_size(self):
        """Average number of stored values of a feature in a task."""
        return self._stored_per_feature() / self.n_tasks

    def by_column(self):
        """Return X in column order and double precision; it is copied at most once."""
        if sparse.issparse(self.X):
            X = self.X.tocsc()
            self.X = X.astype(np.float64, copy=False)
            self.X.sort_indices()
        else:
            self.X = _in_column_order(self.X)
        return self.X

    def columns(self, features):
        """Return the design of some features only."""
        return self._with(self.by_column()[:, features])

    def shifted(self, means):
        """Return a copy whose features have means near zero in every task.

        Of a sparse X they are those that are stored for all samples of the task.
        """
        if not sparse.issparse(self.X):
            mean_of_sample = means.T[self.task_of_sample]
            return self._with(self.X - mean_of_sample)
        X = self.X.tocsc(copy=True)
        shift = np.where(self._stored_throughout(), means, 0.0)
        X.data -= shift.ravel()[self._places_of_entries(X)]
        return self._with(X)

    def _stored_throughout(self):
        X = self.X.tocsc()
        places = self._places_of_entries(X)
        n_places = self.n_features * self.n_tasks
        counts = np.bincount(places, minlength=n_places)
        return counts.reshape(-1, self.n_tasks) == np.diff(self.ptr)

    def _places_of_entries(self, X):
        """Return where the entries of a CSC matrix are in raveled (n_features, n_tasks)."""
        n_stored = np.diff(X.indptr)
        feature = np.repeat(np.arange(self.n_features), n_stored)
        return feature * self.n_tasks + self.task_of_sample[X.indices]

    def forward(self, W):
        """Return the predictions `x_i . w_t(i)` without intercepts, (n_samples,)."""
        z = np.zeros(len(self.task_of_sample))
        X = self.by_column()
        W = np.ascontiguousarray(W)
        if sparse.issparse(X):
            _kernels.forward_sparse(
                X.data,
                X.indices,
                X.indptr,
                self.ptr,
                W,
                z,
            )
        else:
            _kernels.forward_dense(X, self.ptr, W, z)
        return z

    def adjoint(self, r):
        """Return `X_t' r_t` for each task, (n_features, n_tasks)."""
        G = np.zeros((self.n_features, self.n_tasks))
        X = self.by_column()
        if sparse.issparse(X):
            _kernels.adjoint_sparse(
                X.data,
                X.indices,
                X.indptr,
                self.ptr,
                r,
                G,
            )
        else:
            _kernels.adjoint_dense(X, self.ptr, r, G)
        return G

    def task_sum(self, a):
        """Return the sum of a over the samples of each task, (n_tasks,)."""
        starts = self.ptr[:-1]
        return np.add.reduceat(a, starts)

    def spread(self, b):
        """Return one number for each task, repeated for each of its samples."""
        return b[self.task_of_sample]

    def values_of_block(self, a, tasks):
        """Return values in the shape of the predictions for the tasks of a block, one column."""
        (t,) = tasks
        return a[self.ptr[t] : self.ptr[t + 1], None]

    def blocks(self, weight):
        """Return one block for each task: list of (X_t, weight_t, [t])."""
        X = self.X
        if sparse.issparse(X):
            X = X.tocsr()
        blocks = []
        for t in range(self.n_tasks):
            start = self.ptr[t]
            stop = self.ptr[t + 1]
            block = (X[start:stop], weight[start:stop], np.array([t]))
            blocks.append(block)
        return blocks


def predict_own_tasks(X, codes, coef, intercept, shared_coef, shared_intercept=None):
    """Return `x_i . w_t(i) + b_t(i)`, (n_samples,), for the task codes t(i).

    The code -1 stands for a new task: it has the coefficients `shared_coef` and `shared_intercept`,
    by default the mean intercept.
    """
    if shared_intercept is None:
        shared_intercept = intercept.mean()
    coef = np.vstack([coef, shared_coef])
    intercept = np.append(intercept, shared_intercept)
    order = np.argsort(codes, kind="stable")
    present, first = np.unique(codes[order], return_index=True)
    ptr = np.append(first, len(order))
    design = StackedDesign(take_samples(X, order), ptr)
    z = design.forward(coef[present].T)
    z += design.spread(intercept[present])
    predictions = np.empty(len(order))
    predictions[order] = z
    return predictions
