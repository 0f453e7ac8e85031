"""Features of an input kernel, made a chunk of rows at a time: sampling, lazy rows, sums."""

from hashlib import blake2b
from itertools import pairwise

import numpy as np
from scipy import sparse
from sklearn.kernel_approximation import Nystroem
from sklearn.utils import check_random_state, gen_batches

from skmtl._data.designs import StackedDesign
from skmtl.datafits import SufficientStatistics

_FLOATS = 2**21  # of features at a time


def chunks(n_rows, n_features):
    """Slices of rows that hold some 16 MB of features."""
    return gen_batches(n_rows, max(256, _FLOATS // max(n_features, 1)))


def sample_rows(X, n, random_state):
    """At most n rows of X, all different.

    Rows are drawn by a keyed hash of what they hold: how often a row is there and where does not
    count, so that the same data wide and long, dense and sparse give the same sample.
    """
    key = check_random_state(random_state).bytes(16)
    hashes = []
    for part in chunks(*X.shape):
        rows = X[part].toarray() if sparse.issparse(X) else X[part]
        rows = np.ascontiguousarray(rows, dtype=np.float64) + 0.0  # no negative zeros
        hashes += [blake2b(row, digest_size=8, key=key).digest() for row in rows]
    _, first = np.unique(np.frombuffer(b"".join(hashes), dtype=np.uint64), return_index=True)
    return X[first[:n]]


def nystroem_map(X, *, kernel, n_components, random_state, **params):
    """scikit-learn's Nystroem map, fitted on a sample of X's rows."""
    basis = sample_rows(X, n_components, random_state)
    if callable(kernel):  # its parameters are in kernel_params
        params = {"kernel_params": params["kernel_params"]}
    return Nystroem(kernel, n_components=basis.shape[0], random_state=0, **params).fit(basis)


class FeatureRows:
    """The rows of X after a transform, which is done when they are asked for."""

    def __init__(self, X, transformer, n_features):
        self.X, self.transformer = X, transformer
        self.shape = (X.shape[0], n_features)

    def __getitem__(self, rows):
        return self.transformer.transform(self.X[rows])

    def __matmul__(self, W):
        return np.concatenate([self[part] @ W for part in chunks(*self.shape)])


class StackedFeatures(StackedDesign):
    """A :class:`~skmtl.designs.StackedDesign` whose X is :class:`FeatureRows`."""

    def forward(self, W):
        parts = chunks(*self.X.shape)
        W = W.T
        return np.concatenate(
            [np.einsum("ij,ij->i", self.X[part], W[self.task_of_sample[part]]) for part in parts]
        )


class StackedReader:
    """:class:`SufficientStatistics` of stacked features, in chunks also within a task.

    As :func:`~skmtl.moments.statistics_reader`, which needs all rows of a task at once. Origins are
    `origin`, (n_features,), for the features and the means of the tasks for y, or zero for None.
    """

    def __init__(self, design, y, weight, origin):
        self.design, self.y, self.weight = design, y, weight
        self.x0, self.y0 = np.zeros(design.n_features), np.zeros(design.n_tasks)
        if origin is not None:
            self.x0, total = origin, design.task_sum(weight)
            self.y0 = design.task_sum(weight * y) / np.where(total > 0, total, 1.0)

    def __call__(self, counts=None):
        design, T, m = self.design, self.design.n_tasks, self.design.n_features
        weight = self.weight if counts is None else self.weight * counts
        chosen = np.flatnonzero(weight)
        sums = np.zeros((T, m + 2, m + 2))  # of the products of (x, y, 1)
        for part in chunks(len(chosen), m):
            rows = chosen[part]
            tasks, root = design.task_of_sample[rows], np.sqrt(weight[rows])
            A = np.empty((len(rows), m + 2))
            A[:, :m] = design.X[rows] - self.x0
            A[:, m], A[:, m + 1] = self.y[rows] - self.y0[tasks], 1.0
            A *= root[:, None]
            bounds = np.searchsorted(tasks, np.arange(tasks[0], tasks[-1] + 2))
            for t, (a, b) in enumerate(pairwise(bounds), tasks[0]):
                if a < b:
                    sums[t] += A[a:b].T @ A[a:b]
        return SufficientStatistics(
            list(np.arange(T)[:, None]),
            np.broadcast_to(self.x0, (T, m)),
            self.y0,
            sums[:, m + 1, m + 1],
            sums[:, :m, m + 1],
            sums[:, :m, :m],
            sums[:, m, m + 1],
            sums[:, m, m],
            sums[:, :m, m].T,
        )
