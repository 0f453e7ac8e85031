"""From samples to sufficient statistics."""

import numpy as np
from scipy import sparse

from skmtl._data.designs import SharedDesign
from skmtl._threads import threads_for_product
from skmtl.datafits._origins import dense, near_mean
from skmtl.datafits._stacked_reader import StackedReader
from skmtl.datafits._sufficient_statistics import SufficientStatistics

_FLOATS = 2**21  # read at a time: X is never copied


def statistics_reader(design, y, weight, *, centered=True):
    """Function ``read(counts=None)``: :class:`SufficientStatistics`, each sample `counts` times.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
        The samples.
    y : ndarray
        Targets in the shape of the design's predictions.
    weight : ndarray
        Weights s that broadcast against y; 0 where a target is missing.
    centered : bool, default=True
        Whether moments about the means will be asked for. Origins are then near the means where
        those are large beside the spread, lest digits cancel; else they are zero.

    Returns
    -------
    callable
        All statistics that it returns have the same origins; `counts` is in the order of the
        design's samples.
    """
    reader = _SharedReader if isinstance(design, SharedDesign) else StackedReader
    return reader(design, y, weight, centered)


class _SharedReader:
    """Reads block by block of tasks, chunk by chunk of samples."""

    def __init__(self, design, y, weight, centered):
        self.X = design.X
        self.y = y
        self.weights = []
        self.blocks = []
        for _, block_weight, tasks in design.blocks(weight):
            self.weights.append(block_weight)
            self.blocks.append(tasks)
        n_blocks = len(self.blocks)
        self.x0 = np.zeros((n_blocks, design.n_features))
        self.y0 = np.zeros(design.n_tasks)
        if centered:
            self._set_origins(weight)

    def _set_origins(self, weight):
        for k, block_weight in enumerate(self.weights):
            samples = np.flatnonzero(block_weight)
            if len(samples):
                self.x0[k] = near_mean(self.X, samples)
        observed = np.broadcast_to(weight > 0, self.y.shape)
        counts = observed.sum(axis=0)
        counts = np.maximum(counts, 1)
        known = np.where(observed, self.y, 0.0)
        self.y0 = known.sum(axis=0) / counts

    def __call__(self, counts=None):
        statistics = SufficientStatistics.zeros(self.blocks, self.x0, self.y0)
        n_features = self.X.shape[1]
        for k, block_weight in enumerate(self.weights):
            weight = block_weight
            if counts is not None:
                weight = weight * counts
            weighted = np.flatnonzero(weight)
            for samples in _chunks(weighted, n_features):
                self._add(statistics, k, samples, weight[samples])
        return statistics

    def _add(self, statistics, k, samples, weight):
        """Add the sums over some samples to those of block k."""
        tasks = self.blocks[k]
        x0 = self.x0[k]
        y0 = self.y0[tasks]
        X = self._centered_features(samples, x0)
        Y = self.y[samples]
        Y = Y[:, tasks] - y0
        wX = X
        wY = Y
        if not (weight == 1.0).all():
            wX = _scaled(X, weight)
            wY = _scaled(Y, weight)
        sums = np.asarray(wX.sum(axis=0))
        squares = np.einsum("it,it->t", Y, wY)
        with threads_for_product(*X.shape, X.shape[1]):
            gram = X.T @ wX
        statistics.total[k] += weight.sum()
        statistics.x[k] += sums.ravel()
        statistics.xx[k] += dense(gram)
        statistics.y[tasks] += wY.sum(axis=0)
        statistics.yy[tasks] += squares
        statistics.xy[:, tasks] += X.T @ wY

    def _centered_features(self, samples, x0):
        X = self.X[samples]
        if x0.any():
            X = dense(X) - x0
        return X.astype(np.float64, copy=False)


def _chunks(samples, n_features):
    """Sorted indices of samples in pieces, as slices where they are consecutive."""
    size = max(256, _FLOATS // n_features)
    for a in range(0, len(samples), size):
        part = samples[a : a + size]
        first = part[0]
        last = part[-1]
        if last - first + 1 == len(part):
            yield slice(first, last + 1)
        else:
            yield part


def _scaled(X, weight):
    if sparse.issparse(X):
        return sparse.diags(weight) @ X
    return X * weight[:, None]
