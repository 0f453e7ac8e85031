"""From samples to sufficient statistics."""

import numpy as np
from scipy import sparse

from skmtl._data.designs import SharedDesign
from skmtl.datafits._sufficient_statistics import SufficientStatistics

_FLOATS = 2**21  # read at a time: X is never copied
_SAMPLE = 1024  # samples that an origin is taken from
_LARGE = 1e4  # squared mean over variance, from which digits would cancel


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
    reader = _SharedReader if isinstance(design, SharedDesign) else _StackedReader
    return reader(design, y, weight, centered)


class _SharedReader:
    """Reads block by block of tasks, chunk by chunk of samples."""

    def __init__(self, design, y, weight, centered):
        self.X = design.X
        self.y = y
        groups = design.blocks(weight)
        self.weights = [block_weight for _, block_weight, _ in groups]
        self.blocks = [tasks for *_, tasks in groups]
        self.x0 = np.zeros((len(groups), design.n_features))
        self.y0 = np.zeros(y.shape[1])
        if centered:
            self._set_origins(weight)

    def _set_origins(self, weight):
        for k, block_weight in enumerate(self.weights):
            if block_weight.any():
                self.x0[k] = _origin(self.X, np.flatnonzero(block_weight))
        observed = np.broadcast_to(weight > 0, self.y.shape)
        counts = observed.sum(axis=0)
        sums = np.where(observed, self.y, 0.0).sum(axis=0)
        self.y0 = sums / np.maximum(counts, 1)

    def __call__(self, counts=None):
        n_features = self.X.shape[1]
        n_blocks = len(self.blocks)
        statistics = SufficientStatistics(
            self.blocks,
            self.x0,
            self.y0,
            total=np.zeros(n_blocks),
            x=np.zeros((n_blocks, n_features)),
            xx=np.zeros((n_blocks, n_features, n_features)),
            y=np.zeros_like(self.y0),
            yy=np.zeros_like(self.y0),
            xy=np.zeros((n_features, len(self.y0))),
        )
        for k, block_weight in enumerate(self.weights):
            weight = block_weight if counts is None else block_weight * counts
            for samples in _chunks(np.flatnonzero(weight), n_features):
                self._add(statistics, k, samples, weight[samples])
        return statistics

    def _add(self, statistics, k, samples, weight):
        """Add the sums over some samples to those of block k."""
        tasks = self.blocks[k]
        X = self._centered_features(samples, self.x0[k])
        Y = self.y[samples][:, tasks] - self.y0[tasks]
        if (weight == 1.0).all():
            wX = X
            wY = Y
        else:
            wX = _scaled(X, weight)
            wY = weight[:, None] * Y
        product = X.T @ wX
        statistics.total[k] += weight.sum()
        statistics.x[k] += np.asarray(wX.sum(axis=0)).ravel()
        statistics.xx[k] += product.toarray() if sparse.issparse(product) else product
        statistics.y[tasks] += wY.sum(axis=0)
        statistics.yy[tasks] += np.einsum("it,it->t", Y, wY)
        statistics.xy[:, tasks] += X.T @ wY

    def _centered_features(self, samples, x0):
        X = self.X[samples]
        if x0.any():
            X = _dense(X) - x0
        return X.astype(np.float64, copy=False)


class _StackedReader:
    """Reads task by task: all sums of a task are entries of one product A'A, A of (x, y, 1)."""

    def __init__(self, design, y, weight, centered):
        self.design = design
        self.y = y
        self.weight = weight
        self.blocks = list(np.arange(design.n_tasks)[:, None])
        self.x0 = np.zeros((design.n_tasks, design.n_features))
        self.y0 = np.zeros(design.n_tasks)
        self._whole = None
        if centered:
            self._set_origins()
            self._improve_origins()

    def _set_origins(self):
        """Medians of three samples, which are no outliers."""
        first = self.design.ptr[:-1]
        last = self.design.ptr[1:] - 1
        few = (first, (first + last) // 2, last)
        features = [_dense(self.design.X[samples]).astype(np.float64) for samples in few]
        targets = [self.y[samples] for samples in few]
        self.x0 = _median(*features)
        self.y0 = _median(*targets)

    def _improve_origins(self):
        """Means in place of the origins, for tasks where these are far from the mean."""
        sums = self()
        total = np.where(sums.total > 0, sums.total, 1.0)
        mean = sums.x / total[:, None]
        mean_y = sums.y / total
        spread = np.einsum("kjj->kj", sums.xx) / total[:, None] - mean**2
        spread_y = sums.yy / total - mean_y**2
        far = (mean**2 > _LARGE * spread).any(axis=1)
        far |= mean_y**2 > _LARGE * spread_y
        far &= mean.any(axis=1) | (mean_y != 0)
        if not far.any():
            self._whole = sums
            return
        self.x0 = self.x0 + np.where(far[:, None], mean, 0.0)
        self.y0 = self.y0 + np.where(far, mean_y, 0.0)

    def __call__(self, counts=None):
        if counts is None and self._whole is not None:
            return self._whole
        p = self.design.n_features
        products = np.empty((self.design.n_tasks, p + 2, p + 2))
        for first, stop in self._chunks():
            self._write_products(products, first, stop, counts)
        return SufficientStatistics(
            self.blocks,
            self.x0,
            self.y0,
            total=products[:, p + 1, p + 1].copy(),
            x=products[:, :p, p + 1].copy(),
            xx=products[:, :p, :p],
            y=products[:, p, p + 1].copy(),
            yy=products[:, p, p].copy(),
            xy=np.ascontiguousarray(products[:, :p, p].T),
        )

    def _chunks(self):
        """Ranges (first, stop) of tasks whose samples are read at a time."""
        ptr = self.design.ptr
        per_chunk = max(1, _FLOATS // (self.design.n_features + 2))
        first = 0
        while first < self.design.n_tasks:
            beyond = np.searchsorted(ptr, ptr[first] + per_chunk, "right")
            stop = max(first + 1, int(beyond) - 1)
            yield first, stop
            first = stop

    def _write_products(self, products, first, stop, counts):
        """Write A'A of the tasks from `first` to `stop`."""
        design = self.design
        p = design.n_features
        a = design.ptr[first]
        b = design.ptr[stop]
        X = _dense(design.X[a:b])
        A = np.empty((b - a, p + 2))
        A[:, p] = self.y[a:b] - self.y0[design.task_of_sample[a:b]]
        A[:, p + 1] = 1.0
        weight = self.weight[a:b] if counts is None else self.weight[a:b] * counts[a:b]
        root = None if (weight == 1.0).all() else np.sqrt(weight)[:, None]
        for t in range(first, stop):
            own = slice(design.ptr[t] - a, design.ptr[t + 1] - a)
            np.subtract(X[own], self.x0[t], out=A[own, :p])
            if root is not None:
                A[own] *= root[own]
            np.dot(A[own].T, A[own], out=products[t])


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


def _median(a, b, c):
    low = np.minimum(a, b)
    high = np.maximum(a, b)
    return np.maximum(low, np.minimum(high, c))


def _dense(X):
    return X.toarray() if sparse.issparse(X) else X


def _scaled(X, weight):
    if sparse.issparse(X):
        return sparse.diags(weight) @ X
    return X * weight[:, None]


def _origin(X, samples):
    """Near the mean for features whose mean is large beside their spread, else 0.

    A sparse X is made dense, chunk by chunk, where there is such a feature, so more is needed.
    """
    step = max(1, len(samples) // _SAMPLE)
    everything = len(samples) == X.shape[0]
    few = slice(None, None, step) if everything else samples[::step]
    sample = _dense(X[few]).astype(np.float64, copy=False)
    mean = sample.mean(axis=0)
    spread = sample.std(axis=0)
    if sparse.issparse(X):
        far = (mean**2 > _LARGE * spread**2) & (spread > 0)
        return np.where(far, mean, 0.0)
    mean = np.where(np.abs(mean) > spread, mean, 0.0)
    constant = (sample == sample[0]).all(axis=0)  # its mean may be rounded
    return np.where(constant, sample[0], mean)
