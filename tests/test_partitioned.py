"""Losses that are not squared, of rows in partitions: as in memory, in few rounds."""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import xlogy
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skmtl import (
    ClusteredTaskClassifier,
    DirtyClassifier,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoClassifierCV,
    TraceNormClassifier,
    TraceNormRegressor,
)
from skmtl._dask.partitions import Rows
from skmtl.linear_model._partitioned_fit import fit_parts
from skmtl.losses import Loss

N_TASKS = 4
N_FEATURES = 6
N_SAMPLES = 400


class ListedPartitions:
    """Partitions in a list, with the methods of the Partitions of Dask collections."""

    def __init__(self, parts, n_rounds=0):
        self.parts = parts
        self.n_rounds = n_rounds

    def map(self, function, *args):
        return ListedPartitions([function(part, *args) for part in self.parts], self.n_rounds)

    def sum(self, function, *args):
        self.n_rounds += 1
        sums = None
        for part in self.parts:
            values = function(part, *args)
            if sums is not None:
                values = tuple(a + b for a, b in zip(sums, values, strict=True))
            sums = values
        return sums


def in_partitions(bounds, X, y, sample_weight=None, tasks=None):
    """Rows that are divided at these positions."""
    parts = []
    for start, stop in zip([0, *bounds], [*bounds, len(X)], strict=True):
        arrays = [None if one is None else one[start:stop] for one in (X, y, sample_weight, tasks)]
        parts.append(Rows(*arrays))
    return ListedPartitions(parts)


def fit_partitioned(model, X, y, sample_weight=None, tasks=None, bounds=(70, 70, 130)):
    """A copy of the model that is fitted to partitions, one of which is empty by default."""
    model = clone(model)
    model._check_params()
    wide = tasks is None and model.task_column is None
    return fit_parts(model, in_partitions(bounds, X, y, sample_weight, tasks), wide=wide)


@pytest.fixture(scope="module")
def data():
    """Features, task ids, weights and targets; the last task is in the last partition alone."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_SAMPLES, N_FEATURES)) + np.arange(N_FEATURES)
    task = rng.integers(N_TASKS - 1, size=N_SAMPLES)
    task[-60:] = N_TASKS - 1
    W = rng.normal(size=(N_TASKS, N_FEATURES)) * (np.arange(N_FEATURES) < 3)
    Z = (X - np.arange(N_FEATURES)) @ W.T + 0.3 * np.arange(N_TASKS)
    z = Z[np.arange(N_SAMPLES), task]
    positive = rng.random(N_SAMPLES) < 1 / (1 + np.exp(-z))
    Y = (rng.random(Z.shape) < 1 / (1 + np.exp(-Z))).astype(float)
    Y[rng.random(Z.shape) < 0.3] = np.nan
    noise = rng.standard_t(3, size=Z.shape)
    return {
        "X": X,
        "Xt": np.column_stack([task, X]),
        "tasks": np.array(["a", "bb", "ccc", "d"])[task],
        "weight": rng.uniform(0.5, 2.0, size=N_SAMPLES),
        "labels": np.where(positive, "yes", "no"),
        "classes": np.digitize(z + 0.5 * noise[:, 0], [-0.5, 1.0]),
        "counts": rng.poisson(np.exp(np.clip(z / 2, -3, 3))).astype(float),
        "numbers": z + noise[:, 0],
        "Y labels": Y,
        "Y numbers": np.where(np.isnan(Y), np.nan, Z + noise),
        "Y classes": np.where(
            np.isnan(Y), np.nan, np.minimum(np.digitize(Z, [-0.5, 1.0]), [1, 2, 2, 2])
        ),
    }


@dataclass(frozen=True)
class LogCosh(Loss):
    """A loss of a user's own with bounded gradients, as its conjugate needs them."""

    def value(self, y, z):
        return np.log(np.cosh(z - y))

    def gradient(self, y, z):
        return np.tanh(z - y)

    def curvature(self, y, z):
        return np.cosh(z - y) ** -2

    def conjugate(self, y, u):
        return u * y + 0.5 * (xlogy(1 + u, 1 + u) + xlogy(1 - u, 1 - u))


UNPENALIZED = [0, 0, 1, 1, 1, 1]
SHARED = {"intercept": "shared", "intercept_alpha": 0.3}

LONG = {
    "logistic": (MultiTaskLassoClassifier(0.02), "labels"),
    "class weights": (
        MultiTaskLassoClassifier(0.02, class_weight="balanced", task_weight="balanced"),
        "labels",
    ),
    "no intercepts": (
        MultiTaskLassoClassifier(0.02, class_weight={"no": 3.0}, fit_intercept=False),
        "labels",
    ),
    "trace norm": (TraceNormClassifier(0.02), "labels"),
    "decomposition": (DirtyClassifier(0.05), "labels"),
    "no gap": (MeanRegularizedClassifier(0.1), "labels"),
    "shared intercepts": (MeanRegularizedClassifier(0.1, **SHARED), "labels"),
    "one intercept": (
        MeanRegularizedClassifier(0.1, intercept="shared", intercept_alpha=np.inf),
        "labels",
    ),
    "clusters": (ClusteredTaskClassifier(0.1, **SHARED), "labels"),
    "softmax": (MultiTaskLassoClassifier(0.02), "classes"),
    "softmax, no intercepts": (TraceNormClassifier(0.02, fit_intercept=False), "classes"),
    "softmax, ridge": (MeanRegularizedClassifier(0.1), "classes"),
    "softmax, shared intercepts": (ClusteredTaskClassifier(0.1, **SHARED), "classes"),
    "softmax, unpenalized": (
        MultiTaskLassoClassifier(0.02, feature_weight=UNPENALIZED),
        "classes",
    ),
    "poisson": (MultiTaskLasso(0.05, loss="poisson"), "counts"),
    "huber": (MultiTaskLasso(0.05, loss="huber"), "numbers"),
    "huber, normalized": (MultiTaskLasso(0.05, loss="huber", normalize_y=True), "numbers"),
    "a loss of one's own": (MultiTaskLasso(0.05, loss=LogCosh()), "numbers"),
    "unpenalized": (
        MultiTaskLasso(0.05, loss="poisson", feature_weight=UNPENALIZED),
        "counts",
    ),
    "unpenalized, positive": (
        MultiTaskLasso(0.05, loss="huber", feature_weight=UNPENALIZED, positive=True),
        "numbers",
    ),
}
WIDE = {
    "logistic": (MultiTaskLassoClassifier(0.02), "Y labels"),
    "softmax": (MultiTaskLassoClassifier(0.02), "Y classes"),
    "huber": (TraceNormRegressor(0.05, loss="huber"), "Y numbers"),
    "huber, no gap": (MeanRegularizedRegressor(0.05, loss="huber"), "Y numbers"),
}
MOST_PASSES = 30  # of tol=1e-7; ten are usual, and Huber and unpenalized features take more


def assert_same_model(in_memory, partitioned):
    """Two models have the same optimum, up to their gaps, and the same attributes."""
    difference = abs(in_memory.objective_ - partitioned.objective_)
    gaps = in_memory.dual_gap_ + partitioned.dual_gap_
    if np.isnan(gaps):
        gaps = 1e-12 * in_memory.objective_  # a gradient of tol squared
    assert difference <= gaps + 1e-13 * in_memory.objective_
    assert partitioned.optimality_ <= partitioned.tol
    np.testing.assert_allclose(partitioned.coef_, in_memory.coef_, atol=1e-4)
    np.testing.assert_allclose(partitioned.intercept_, in_memory.intercept_, atol=2e-4)
    np.testing.assert_array_equal(partitioned.tasks_, in_memory.tasks_)
    np.testing.assert_equal(getattr(partitioned, "classes_", 0), getattr(in_memory, "classes_", 0))
    counts = partitioned.n_samples_per_task_
    np.testing.assert_array_equal(counts, in_memory.n_samples_per_task_)
    assert vars(partitioned).keys() == vars(in_memory).keys() | {"n_passes_"}
    assert partitioned.n_passes_ <= MOST_PASSES


@pytest.mark.parametrize("name", LONG)
def test_long_data_have_the_optimum_that_they_have_in_memory(name, data):
    model, target = LONG[name]
    model = clone(model).set_params(tol=1e-7)
    args = data["X"], data[target], data["weight"]
    in_memory = clone(model).fit(*args, tasks=data["tasks"])
    assert_same_model(in_memory, fit_partitioned(model, *args, data["tasks"]))


@pytest.mark.parametrize("name", WIDE)
def test_wide_data_have_the_optimum_that_they_have_in_memory(name, data):
    model, target = WIDE[name]
    model = clone(model).set_params(tol=1e-7)
    args = data["X"], data[target]
    assert_same_model(clone(model).fit(*args), fit_partitioned(model, *args))


def test_a_task_column_is_the_same_as_tasks(data):
    model = MultiTaskLassoClassifier(0.02, tol=1e-7)
    by_argument = fit_partitioned(model, data["X"], data["labels"], tasks=data["tasks"])
    model.set_params(task_column=0)
    by_column = fit_partitioned(model, data["Xt"], data["labels"])
    np.testing.assert_allclose(by_column.coef_, by_argument.coef_, rtol=1e-12)
    assert by_column.n_features_in_ == N_FEATURES + 1


def test_tasks_without_a_class_get_their_pseudo_observation(data):
    labels = np.where(data["tasks"] == "d", "no", data["labels"])
    model = MultiTaskLassoClassifier(0.02, tol=1e-7)
    with pytest.warns(UserWarning, match="targets that lack a class"):
        in_memory = clone(model).fit(data["X"], labels, tasks=data["tasks"])
    with pytest.warns(UserWarning, match="targets that lack a class"):
        partitioned = fit_partitioned(model, data["X"], labels, tasks=data["tasks"])
    assert_same_model(in_memory, partitioned)


@pytest.mark.parametrize("name", ["logistic", "softmax", "shared intercepts", "huber", "poisson"])
def test_models_do_not_depend_on_the_partitions(name, data):
    model, target = LONG[name]
    args = data["X"], data[target], data["weight"], data["tasks"]
    whole = fit_partitioned(model, *args, bounds=())
    parts = fit_partitioned(model, *args, bounds=(3, 10, 100, 399))
    np.testing.assert_allclose(parts.coef_, whole.coef_, atol=1e-9)
    np.testing.assert_allclose(parts.intercept_, whole.intercept_, atol=1e-9)
    assert parts.n_passes_ == whole.n_passes_


@pytest.mark.parametrize("name", ["logistic", "softmax", "clusters", "huber", "unpenalized"])
def test_every_gap_is_an_upper_bound_however_early_the_search_ends(name, data):
    model, target = LONG[name]
    args = data["X"], data[target], data["weight"]
    best = clone(model).set_params(tol=1e-9, max_iter=1000).fit(*args, tasks=data["tasks"])
    for max_iter in (1, 2, 3):
        model = clone(model).set_params(tol=1e-12, max_iter=max_iter)
        with pytest.warns(ConvergenceWarning):
            early = fit_partitioned(model, *args, data["tasks"])
        assert early.objective_ - early.dual_gap_ <= best.objective_
        assert early.objective_ >= best.objective_ - best.dual_gap_


@pytest.mark.parametrize("name", ["logistic", "softmax", "huber"])
def test_features_far_from_zero_lose_no_digits_that_matter(name, data):
    model, target = LONG[name]
    model = clone(model).set_params(tol=1e-7)
    near = fit_partitioned(model, data["X"], data[target], tasks=data["tasks"])
    far = fit_partitioned(model, data["X"] + 1e6, data[target], tasks=data["tasks"])
    np.testing.assert_allclose(far.coef_, near.coef_, atol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        MultiTaskLasso(0.05, loss="huber", tol=1e-7),
        MeanRegularizedRegressor(0.05, loss="huber", tol=1e-7),
    ],
)
def test_targets_far_from_zero_take_no_more_passes(model, data):
    level = np.where(data["tasks"] == "a", 1e8, -1e9)
    far = data["numbers"] + level
    near = far - level  # with the roundings that are left of it
    base = fit_partitioned(model, data["X"], near, tasks=data["tasks"])
    found = fit_partitioned(model, data["X"], far, tasks=data["tasks"])
    assert found.objective_ == pytest.approx(base.objective_, rel=1e-8)
    np.testing.assert_allclose(found.coef_, base.coef_, rtol=0, atol=1e-5)
    assert found.n_passes_ <= base.n_passes_ + 4


def test_a_new_task_is_learned_by_either_model(data):
    X, labels, tasks = data["X"], data["labels"], data["tasks"]
    model = MeanRegularizedClassifier(0.1, tol=1e-7, **SHARED)
    in_memory = clone(model).fit(X, labels, tasks=tasks)
    partitioned = fit_partitioned(model, X, labels, tasks=tasks)
    new = [fitted.adapt(X[:30], labels[:30], task="e") for fitted in (in_memory, partitioned)]
    np.testing.assert_allclose(new[1].coef_, new[0].coef_, atol=1e-5)


def test_logistic_regression_takes_some_ten_passes(data):
    model = MultiTaskLassoClassifier(0.02)
    model = fit_partitioned(model, data["X"], data["labels"], tasks=data["tasks"])
    assert model.n_passes_ <= 10


def test_dask_collections_are_fitted_as_arrays_are(client, data):
    da = pytest.importorskip("dask.array")
    X, tasks, labels = data["X"], data["tasks"], data["labels"]
    arrays = [da.from_array(one, chunks=90) for one in (X, labels, tasks)]
    model = MultiTaskLassoClassifier(0.02, tol=1e-7)
    in_memory = clone(model).fit(X, labels, tasks=tasks)
    partitioned = clone(model).fit(arrays[0], arrays[1], tasks=arrays[2])
    assert_same_model(in_memory, partitioned)
    predictions = partitioned.predict(arrays[0], tasks=arrays[2])
    np.testing.assert_array_equal(predictions.compute(), in_memory.predict(X, tasks=tasks))
    assert not hasattr(partitioned.fit(X, labels, tasks=tasks), "n_passes_")


def test_dask_dataframes_are_fitted_as_frames_are(client, data):
    dd = pytest.importorskip("dask.dataframe")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(data["X"], columns=list("uvwxyz"))
    frame["task"] = pd.Categorical(data["tasks"])
    frame["count"] = data["counts"]
    model = MultiTaskLasso(0.05, loss="poisson", task_column="task", tol=1e-7)
    in_memory = clone(model).fit(frame.drop(columns="count"), frame["count"])
    collection = dd.from_pandas(frame, npartitions=3)
    partitioned = clone(model).fit(collection.drop(columns="count"), collection["count"])
    assert_same_model(in_memory, partitioned)
    np.testing.assert_array_equal(partitioned.feature_names_in_, in_memory.feature_names_in_)


def test_what_a_partition_is_refused_for_names_it(client, data):
    da = pytest.importorskip("dask.array")
    X = data["X"].copy()
    X[200, 2] = np.nan
    arrays = [da.from_array(one, chunks=90) for one in (X, data["labels"], data["tasks"])]
    with pytest.raises(ValueError, match=r"Partition 2 .*Input X contains NaN"):
        MultiTaskLassoClassifier(0.02).fit(arrays[0], arrays[1], tasks=arrays[2])


def test_what_needs_the_rows_in_memory_is_refused(client, data):
    da = pytest.importorskip("dask.array")
    X, y, tasks = (da.from_array(data[key], chunks=90) for key in ("X", "numbers", "tasks"))
    uncertain = MultiTaskLasso(loss="huber", task_weight="uncertainty")
    with pytest.raises(ValueError, match="give its task_weight_ as task_weight"):
        uncertain.fit(X, y, tasks=tasks)
    with pytest.raises(TypeError, match="choose the strengths on some of the samples"):
        MultiTaskLassoClassifierCV().fit(X, y, tasks=tasks)


REFUSED = {
    "classes": ({"y": "numbers"}, "Unknown label type: continuous"),
    "one class": ({"labels": "no"}, "y holds one class"),
    "weights": ({"weight": -1.0}, "Negative values in sample_weight"),
    "no samples": ({"weight": 0.0}, "no samples of positive weight in any partition"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused(name, data):
    change, message = REFUSED[name]
    labels = data[change.get("y", "labels")]
    if "labels" in change:
        labels = np.full(N_SAMPLES, change["labels"])
    weight = np.full(N_SAMPLES, change.get("weight", 1.0))
    with pytest.raises(ValueError, match=message):
        fit_partitioned(MultiTaskLassoClassifier(), data["X"], labels, weight, data["tasks"])


def test_partitions_of_other_columns_or_tasks_do_not_add_up(data):
    X, Y, tasks = data["X"], data["Y labels"], data["tasks"]
    model = MultiTaskLassoClassifier()
    narrow = ListedPartitions([Rows(X[:90], Y[:90]), Rows(X[90:, :3], Y[90:])])
    with pytest.raises(ValueError, match="different columns: 6 columns in one, 3 columns"):
        fit_parts(model, narrow, wide=True)
    fewer = ListedPartitions([Rows(X[:90], Y[:90]), Rows(X[90:], Y[90:, :3])])
    with pytest.raises(ValueError, match="give all of them the same columns"):
        fit_parts(model, fewer, wide=True)
    rows = Rows(X[:90], data["labels"][:90], None, np.arange(90) % 3)
    mixed = ListedPartitions([rows, Rows(X[90:], data["labels"][90:], None, tasks[90:])])
    with pytest.raises(TypeError, match="ids of another type would be other tasks"):
        fit_parts(model, mixed, wide=False)
    Y = Y.copy()
    Y[:, 1] = np.nan
    with pytest.raises(ValueError, match=r"NaN only.*\[1\]"):
        fit_partitioned(model, X, Y)


def test_curvatures_that_do_not_fit_are_foretold():
    X = np.zeros((4, 40_000), dtype=np.float32)
    X[:, 0] = np.arange(4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(MemoryError, match=r"40000 features in 1 columns .* take 11.9 GiB"):
            fit_partitioned(MultiTaskLassoClassifier(), X, np.array([[0], [1], [0], [1.0]]))
