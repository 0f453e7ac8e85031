"""Sufficient statistics of tasks with samples of their own."""

import numpy as np

from skmtl._threads import threads_for_product
from skmtl.datafits._origins import dense, dominates, median_of_three
from skmtl.datafits._sufficient_statistics import SufficientStatistics

_FLOATS = 2**21  # read at a time: X is never copied
_PRODUCTS = 2**14  # floats of the products at a time, which stay in the cache
_ALIKE = 8  # tasks of each size, from which one product of all is quicker than one of each


class StackedReader:
    """Reads task by task: all sums of a task are entries of one product A'A, A of (x, y, 1)."""

    def __init__(self, design, y, weight, centered):
        self.design = design
        self.ptr = design.ptr
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
        first = self.ptr[:-1]
        last = self.ptr[1:] - 1
        middle = (first + last) // 2
        features = []
        targets = []
        for samples in (first, middle, last):
            X = dense(self.design.X[samples])
            features.append(X.astype(np.float64))
            targets.append(self.y[samples])
        self.x0 = median_of_three(*features)
        self.y0 = median_of_three(*targets)

    def _improve_origins(self):
        """Means in place of the origins, for tasks where these are far from the mean."""
        sums = self()
        total = np.where(sums.total > 0, sums.total, 1.0)
        squares = np.einsum("kjj->kj", sums.xx)
        mean_y = sums.y / total
        far = dominates(mean_y, sums.yy / total)
        total = total[:, None]
        mean = sums.x / total
        far_features = dominates(mean, squares / total)
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
        width = self.design.n_features + 2
        per_chunk = max(1, _FLOATS // width)
        first = 0
        while first < self.design.n_tasks:
            largest = self.ptr[first] + per_chunk
            stop = np.searchsorted(self.ptr, largest, "right")
            stop = int(stop) - 1
            stop = max(stop, first + 1)
            yield first, stop
            first = stop

    def _write_products(self, products, first, stop, counts):
        """Write A'A of the tasks from `first` to `stop`."""
        samples = slice(self.ptr[first], self.ptr[stop])
        bounds = self.ptr - samples.start
        weight = self.weight[samples]
        if counts is not None:
            weight = weight * counts[samples]
        root = None
        if not (weight == 1.0).all():
            root = np.sqrt(weight)[:, None]
        A = self._extended(samples)
        sizes = np.diff(self.ptr[first : stop + 1])
        most = _PRODUCTS // A.shape[1] ** 2
        if most <= 1 or _ALIKE * len(np.unique(sizes)) > len(sizes):
            for t in range(first, stop):
                own = slice(bounds[t], bounds[t + 1])
                products[t] = self._product(A[own], self.x0[t], root, own)
            return
        for tasks, n_samples in _alike(sizes, most):
            own = bounds[first + tasks, None] + np.arange(n_samples)
            x0 = self.x0[first + tasks, None]
            products[first + tasks] = self._product(A[own], x0, root, own)

    def _product(self, A, x0, root, own):
        """A'A of a task, or of several, about the origins x0; A is overwritten."""
        features = A[..., :-2]
        features -= x0
        if root is not None:
            A *= root[own]
        n_samples, width = A.shape[-2:]
        with threads_for_product(width, n_samples, width):
            return np.matmul(A.swapaxes(-1, -2), A)

    def _extended(self, samples):
        """The samples with two columns more: centered targets, and ones."""
        X = dense(self.design.X[samples])
        y = self.y[samples]
        task = self.design.task_of_sample[samples]
        n_samples, n_features = X.shape
        A = np.ones((n_samples, n_features + 2))
        A[:, :-2] = X
        A[:, -2] = y - self.y0[task]
        return A


def _alike(sizes, most):
    """Tasks of the same size, at most so many at a time, and that size."""
    for size in np.unique(sizes).tolist():
        tasks = np.flatnonzero(sizes == size)
        for start in range(0, len(tasks), most):
            yield tasks[start : start + most], size
