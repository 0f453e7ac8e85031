"""Nystroem features: how components are drawn, features computed and statistics summed."""

from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from sklearn.kernel_approximation import Nystroem
from sklearn.utils import check_random_state, gen_batches

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.task_data import TaskData
from skmtl.datafits import SufficientStatistics, statistics_reader
from skmtl.kernel._input_kernel import to_dense

_FLOATS = 2**21  # numbers in a chunk of features
_FEWEST = 256  # samples in a chunk


def sample_chunks(n_samples, n_features):
    """Slices of samples whose features take some 16 MB."""
    size = _FLOATS // max(n_features, 1)
    return gen_batches(n_samples, max(size, _FEWEST))


def draw_components(X, n_components, random_state):
    """At most `n_components` samples of X, no two of them equal.

    They are drawn by a keyed hash of their values. How often a sample occurs in X and where has no
    influence, so that wide and long, dense and sparse data give the same components.
    """
    key = check_random_state(random_state).bytes(16)
    digests = []
    for part in sample_chunks(*X.shape):
        samples = to_dense(X[part])
        samples = np.ascontiguousarray(samples, dtype=np.float64)
        samples = samples + 0.0  # negative zeros become zeros
        for sample in samples:
            keyed = blake2b(sample, digest_size=8, key=key)
            digests.append(keyed.digest())
    hashes = np.frombuffer(b"".join(digests), dtype=np.uint64)
    _, first = np.unique(hashes, return_index=True)
    return X[first[:n_components]]


def fit_nystroem(X, kernel, n_components, random_state):
    """scikit-learn's Nystroem map of an :class:`InputKernel`, fitted on components from X."""
    components = draw_components(X, n_components, random_state)
    params = {"kernel_params": kernel.params}
    if not callable(kernel.kernel):
        params["gamma"] = kernel.gamma
        params["degree"] = kernel.degree
        params["coef0"] = kernel.coef0
    n_components = components.shape[0]
    transformer = Nystroem(kernel.kernel, n_components=n_components, random_state=0, **params)
    transformer.set_output(transform="default")  # arrays, whatever the user's setting
    return transformer.fit(components)


class LazyFeatures:
    """The features of the samples X, computed when they are asked for."""

    def __init__(self, X, transformer, n_features):
        self.X = X
        self.transformer = transformer
        self.shape = (X.shape[0], n_features)

    def __getitem__(self, samples):
        return self.transformer.transform(self.X[samples])

    def __matmul__(self, W):
        products = []
        for part in sample_chunks(*self.shape):
            features = self[part]
            products.append(features @ W)
        return np.concatenate(products)


class StackedFeatureDesign(StackedDesign):
    """A :class:`~skmtl._data.designs.StackedDesign` whose X is :class:`LazyFeatures`."""

    def forward(self, W):
        coef = W.T
        predictions = []
        for part in sample_chunks(*self.X.shape):
            features = self.X[part]
            tasks = self.task_of_sample[part]
            predictions.append(np.einsum("ij,ij->i", features, coef[tasks]))
        return np.concatenate(predictions)


@dataclass(frozen=True)
class FeatureReading:
    """Validated data whose design has the features of the kernel."""

    data: TaskData

    def statistics_reader(self, weight, fit_intercept):
        """The function that gives the sufficient statistics of samples with these weights."""
        data = self.data
        return statistics_reader(data.design, data.y, weight, centered=fit_intercept)


@dataclass(frozen=True)
class StackedFeatureReading(FeatureReading):
    """Validated data whose design is a :class:`StackedFeatureDesign`.

    `origin` is a point near the mean of the features, (n_features,).
    """

    origin: np.ndarray

    def statistics_reader(self, weight, fit_intercept):
        data = self.data
        origin = self.origin if fit_intercept else None
        return StackedFeatureReader(data.design, data.y, weight, origin)


def read_nystroem_features(data, X, transformer):
    """The :class:`FeatureReading` of data whose inputs are X."""
    features_of_components = transformer.transform(transformer.components_)
    _, n_features = features_of_components.shape
    features = LazyFeatures(X, transformer, n_features)
    if data.layout == "wide":
        design = SharedDesign(features, data.n_tasks)
        return FeatureReading(replace(data, design=design))
    design = StackedFeatureDesign(features, data.design.ptr)
    origin = features_of_components.mean(axis=0)
    return StackedFeatureReading(replace(data, design=design), origin)


class StackedFeatureReader:
    """Sufficient statistics of a :class:`StackedFeatureDesign`, in chunks also within a task.

    It has the interface of what :func:`~skmtl.datafits.statistics_reader` returns, which needs all
    samples of a task at once. The origin of the features is `origin`, (n_features,), and that of
    the targets is their mean in each task; both are zero if `origin` is None.
    """

    def __init__(self, design, y, weight, origin):
        self.design = design
        self.y = y
        self.weight = weight
        if origin is None:
            self.x0 = np.zeros(design.n_features)
            self.y0 = np.zeros(design.n_tasks)
        else:
            self.x0 = origin
            total = design.task_sum(weight)
            total = np.where(total > 0, total, 1.0)
            sums = design.task_sum(weight * y)
            self.y0 = sums / total

    def __call__(self, counts=None):
        n_tasks = self.design.n_tasks
        n_features = self.design.n_features
        size = n_features + 2
        weight = self.weight
        if counts is not None:
            weight = weight * counts
        weighted = np.flatnonzero(weight)
        products = np.zeros((n_tasks, size, size))
        for part in sample_chunks(len(weighted), n_features):
            samples = weighted[part]
            self._add_products(products, samples, weight[samples])
        return self._statistics(products)

    def _add_products(self, products, samples, weight):
        """Add to each task's products of (x, y, 1) those of some samples, sorted by task."""
        design = self.design
        tasks = design.task_of_sample[samples]
        root = np.sqrt(weight)
        A = np.empty((len(samples), design.n_features + 2))
        A[:, :-2] = design.X[samples]
        A[:, :-2] -= self.x0
        A[:, -2] = self.y[samples]
        A[:, -2] -= self.y0[tasks]
        A[:, -1] = 1.0
        A *= root[:, None]
        first = tasks[0]
        last = tasks[-1]
        possible = np.arange(first, last + 2)
        bounds = np.searchsorted(tasks, possible)
        spans = pairwise(bounds)
        for t, (start, stop) in enumerate(spans, first):
            if start < stop:
                of_task = A[start:stop]
                products[t] += of_task.T @ of_task

    def _statistics(self, products):
        n_tasks = self.design.n_tasks
        with_y = products[:, -2]
        with_1 = products[:, -1]
        return SufficientStatistics(
            blocks=list(np.arange(n_tasks)[:, None]),
            x0=np.broadcast_to(self.x0, (n_tasks, len(self.x0))),
            y0=self.y0,
            total=with_1[:, -1],
            x=with_1[:, :-2],
            xx=products[:, :-2, :-2],
            y=with_1[:, -2],
            yy=with_y[:, -2],
            xy=with_y[:, :-2].T,
        )
