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
                self.x0[k] = _origin(self.X, samples)
        observed = np.broadcast_to(weight > 0, self.y.shape)
        counts = observed.sum(axis=0)
        counts = np.maximum(counts, 1)
        known = np.where(observed, self.y, 0.0)
        self.y0 = known.sum(axis=0) / counts

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
        Y = self.y[samples][:, tasks]
        Y = Y - self.y0[tasks]
        wX = X
        wY = Y
        if not (weight == 1.0).all():
            wX = _scaled(X, weight)
            wY = _scaled(Y, weight)
        sums = np.asarray(wX.sum(axis=0))
        squares = np.einsum("it,it->t", Y, wY)
        gram = X.T @ wX
        statistics.total[k] += weight.sum()
        statistics.x[k] += sums.ravel()
        statistics.xx[k] += _dense(gram)
        statistics.y[tasks] += wY.sum(axis=0)
        statistics.yy[tasks] += squares
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
        n_tasks = design.n_tasks
        self.blocks = list(np.arange(n_tasks)[:, None])
        self.x0 = np.zeros((n_tasks, design.n_features))
        self.y0 = np.zeros(n_tasks)
        self._whole = None
        if centered:
            self._set_origins()
            self._improve_origins()

    def _set_origins(self):
        """Medians of three samples, which are no outliers."""
        first = self.design.ptr[:-1]
        last = self.design.ptr[1:] - 1
        middle = (first + last) // 2
        features = []
        targets = []
        for samples in (first, middle, last):
            X = _dense(self.design.X[samples])
            features.append(X.astype(np.float64))
            targets.append(self.y[samples])
        self.x0 = _median(*features)
        self.y0 = _median(*targets)

    def _improve_origins(self):
        """Means in place of the origins, for tasks where these are far from the mean."""
        sums = self()
        total = np.where(sums.total > 0, sums.total, 1.0)
        squares = np.einsum("kjj->kj", sums.xx)
        mean_y = sums.y / total
        far = _dominates(mean_y, sums.yy / total)
        total = total[:, None]
        mean = sums.x / total
        far_features = _dominates(mean, squares / total)
        far |= far_features.any(axis=1)
        if not far.any():
            self._whole = sums
            return
        mean[~far] = 0.0
        mean_y[~far] = 0.0
        self.x0 = self.x0 + mean
        self.y0 = self.y0 + mean_y

    def __call__(self, counts=None):
        if counts is None and self._whole is not None:
            return self._whole
        n_tasks = self.design.n_tasks
        p = self.design.n_features
        products = np.empty((n_tasks, p + 2, p + 2))
        for first, stop in self._chunks():
            self._write_products(products, first, stop, counts)
        with_y = products[:, :, p]
        with_1 = products[:, :, p + 1]
        xy = with_y[:, :p]
        return SufficientStatistics(
            self.blocks,
            self.x0,
            self.y0,
            total=with_1[:, p + 1].copy(),
            x=with_1[:, :p].copy(),
            xx=products[:, :p, :p],
            y=with_1[:, p].copy(),
            yy=with_y[:, p].copy(),
            xy=np.ascontiguousarray(xy.T),
        )

    def _chunks(self):
        """Ranges (first, stop) of tasks whose samples are read at a time."""
        ptr = self.design.ptr
        width = self.design.n_features + 2
        per_chunk = max(1, _FLOATS // width)
        first = 0
        while first < self.design.n_tasks:
            largest = ptr[first] + per_chunk
            beyond = np.searchsorted(ptr, largest, "right")
            stop = max(first + 1, int(beyond) - 1)
            yield first, stop
            first = stop

    def _write_products(self, products, first, stop, counts):
        """Write A'A of the tasks from `first` to `stop`."""
        design = self.design
        p = design.n_features
        samples = slice(design.ptr[first], design.ptr[stop])
        X = _dense(design.X[samples])
        task = design.task_of_sample[samples]
        weight = self.weight[samples]
        if counts is not None:
            weight = weight * counts[samples]
        weighted = not (weight == 1.0).all()
        root = np.sqrt(weight)[:, None]
        n_samples = len(weight)
        A = np.empty((n_samples, p + 2))
        A[:, p] = self.y[samples]
        A[:, p] -= self.y0[task]
        A[:, p + 1] = 1.0
        bounds = design.ptr - samples.start
        for t in range(first, stop):
            own = slice(bounds[t], bounds[t + 1])
            of_task = A[own]
            features = of_task[:, :p]
            np.subtract(X[own], self.x0[t], out=features)
            if weighted:
                of_task *= root[own]
            np.dot(of_task.T, of_task, out=products[t])


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


def _dominates(mean, mean_square):
    """Whether the mean is so large beside the spread that digits would cancel."""
    spread = mean_square - mean**2
    return mean**2 > _LARGE * spread


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
    few = samples[::step]
    if len(samples) == X.shape[0]:  # without a copy
        few = slice(None, None, step)
    sample = _dense(X[few])
    sample = sample.astype(np.float64, copy=False)
    mean = sample.mean(axis=0)
    spread = sample.std(axis=0)
    if sparse.issparse(X):
        far = mean**2 > _LARGE * spread**2
        return np.where(far & (spread > 0), mean, 0.0)
    far = np.abs(mean) > spread
    mean = np.where(far, mean, 0.0)
    first = sample[0]
    constant = (sample == first).all(axis=0)  # its mean may be rounded
    return np.where(constant, first, mean)
