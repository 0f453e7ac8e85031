"""Dask collections: the same models as of the rows in memory, lazy predictions, clear errors."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MeanRegularizedRegressor,
    MixedEffectsRegressor,
    MultiTaskCV,
    MultiTaskKernelRidge,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoClassifierCV,
    MultiTaskLassoCV,
    MultiTaskNystroemRidgeCV,
    PooledTasks,
    TaskStatistics,
    TaskStratifiedKFold,
    compare_to_single_task,
    keep_task_column,
    task_cross_val_predict,
)

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
pd = pytest.importorskip("pandas")

N_ROWS = 120
TASKS = np.repeat(["a", "b", "c"], [60, 40, 20])  # sorted: most partitions lack some
FEATURES = list("pqrs")


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def make_rows():
    """Features far from zero, targets of three tasks that are missing here and there, weights."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 4)) + 50
    coefs = np.array([[1.0, 2.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.5], [2.0, 2.0, 0.0, 0.0]])
    Y = X @ coefs.T + rng.normal(size=(N_ROWS, 3))
    weight = rng.integers(1, 4, N_ROWS).astype(float)
    return X, Y, weight


X, Y, WEIGHT = make_rows()
HOLES = np.where(np.random.default_rng(1).random(Y.shape) < 0.3, np.nan, Y)
FRAME = pd.DataFrame(X, columns=FEATURES).assign(task=pd.Categorical(TASKS))


class Rows:
    """The same rows in memory and as collections.

    Parameters
    ----------
    form : {"wide", "holes", "column", "tasks"}
        The data form; "holes" is wide data with missing targets.
    kind : {"array", "frame", "delayed"}
        The collections; the last partition is empty.
    """

    ENDS = (0, 7, 70, N_ROWS, N_ROWS)

    def __init__(self, form, kind):
        self.task_column = "task" if form == "column" else None
        self.X = FRAME[[*FEATURES, "task"]] if form == "column" else FRAME[FEATURES]
        self.y = {"wide": Y, "holes": HOLES}.get(form, Y[:, 0])
        self.weight = WEIGHT
        self.tasks = {"tasks": TASKS} if form == "tasks" else {}
        if kind == "array":
            self.X = self.X.to_numpy()
            if form == "column":
                self.task_column = -1
        else:
            names = None if self.y.ndim == 1 else ["u", "v", "w"]
            self.y = pd.DataFrame(self.y, columns=names) if names else pd.Series(self.y)
            self.weight = pd.Series(WEIGHT)
            self.tasks = {name: pd.Series(ids) for name, ids in self.tasks.items()}
        self.collection = {"array": self._array, "frame": self._frame, "delayed": self._delayed}
        self.collection = self.collection[kind]

    def _parts(self, values):
        cut = values.iloc if hasattr(values, "iloc") else values
        return [cut[a:b] for a, b in zip(self.ENDS, self.ENDS[1:], strict=False)]

    def _array(self, values):
        sizes = tuple(map(len, self._parts(values)))
        return da.from_array(values, chunks=(sizes, *values.shape[1:]))

    def _frame(self, values):
        return dd.concat([dd.from_pandas(one, npartitions=1) for one in self._parts(values)])

    def _delayed(self, values):
        return [dask.delayed(one) for one in self._parts(values)]

    def fit(self, estimator):
        return self._fitted(estimator, lambda values: values)

    def fit_collections(self, estimator):
        return self._fitted(estimator, self.collection)

    def _fitted(self, estimator, form):
        estimator = clone(estimator)
        inner = "estimator__" if isinstance(estimator, MultiTaskCV) else ""
        estimator.set_params(**{f"{inner}task_column": self.task_column})
        tasks = {name: form(ids) for name, ids in self.tasks.items()}
        return estimator.fit(form(self.X), form(self.y), form(self.weight), **tasks)


FORMS = ("wide", "holes", "column", "tasks")
KINDS = ("array", "frame", "delayed")
every_form = pytest.mark.parametrize("form", FORMS)
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
@every_form
@pytest.mark.parametrize(
    "estimator",
    [
        MultiTaskLasso(0.05, normalize_y=True, tol=1e-12),
        MeanRegularizedRegressor(0.1, fit_intercept=False, task_weight="balanced", tol=1e-12),
        MixedEffectsRegressor("isotropic", tol=1e-10),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_models_of_collections_are_those_of_the_rows(estimator, form, kind):
    rows = Rows(form, kind)
    expected = rows.fit(estimator)
    model = rows.fit_collections(estimator)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(model.intercept_, expected.intercept_, rtol=1e-10, atol=1e-8)
    assert model.tasks_.tolist() == expected.tasks_.tolist()
    assert model.n_samples_per_task_.tolist() == expected.n_samples_per_task_.tolist()
    in_memory = expected.predict(rows.X, **rows.tasks)
    lazy = model.predict(
        rows.collection(rows.X),
        **{name: rows.collection(ids) for name, ids in rows.tasks.items()},
    )
    assert lazy.dtype == in_memory.dtype
    np.testing.assert_allclose(lazy.compute(), in_memory, rtol=1e-10)


@every_kind
@pytest.mark.parametrize(
    "search",
    [
        MultiTaskLassoCV(alphas=5, cv=3),
        MultiTaskCV(MeanRegularizedRegressor(), {"alpha": 3, "ridge": [0.01, 0.1]}, cv=3),
    ],
    ids=lambda search: type(search).__name__,
)
def test_searches_of_collections_have_the_folds_of_statistics(search, kind):
    rows = Rows("column", kind)
    model = rows.fit_collections(search)
    statistics = TaskStatistics.from_data(
        rows.X,
        rows.y,
        rows.weight,
        task_column=rows.task_column,
        n_folds=3,
    )
    expected = clone(search)
    inner = "estimator__" if isinstance(search, MultiTaskCV) else ""
    expected.set_params(**{f"{inner}task_column": rows.task_column})
    expected.fit_statistics(statistics)
    assert model.best_estimator_.alpha == pytest.approx(expected.best_estimator_.alpha, rel=1e-10)
    np.testing.assert_allclose(model.mse_path_, expected.mse_path_, rtol=1e-8)


def test_the_folds_may_be_a_collection():
    frame = dd.from_pandas(FRAME.assign(y=Y[:, 0], site=np.arange(N_ROWS) % 3), npartitions=4)
    statistics = TaskStatistics.from_dask(
        frame[[*FEATURES, "task"]], frame["y"], task_column="task", folds=frame["site"]
    )
    assert statistics.parts_.tolist() == [0, 1, 2]
    assert statistics.n_rows_ == N_ROWS


def test_a_frame_is_read_once_and_its_needed_columns_only(tmp_path):
    path = tmp_path / "rows.parquet"
    FRAME.astype({"task": str}).assign(y=Y[:, 0], unused=1.0).to_parquet(path)
    frame = dd.read_parquet(path)
    from skmtl._dask.partitions import aligned_rows

    (rows,) = aligned_rows(frame[["p", "q"]], frame["y"], tasks=frame["task"])
    reads = [str(key) for key in dict(rows.dask) if "read_parquet" in str(key)]
    assert len(reads) == 1
    assert list(rows.compute().X.columns) == ["p", "q"]


def test_what_arrays_have_in_common_is_computed_once():
    read = []

    def block(k):
        read.append(k)
        return np.column_stack([X, Y])[40 * k : 40 * (k + 1)]

    parts = [da.from_delayed(dask.delayed(block)(k), (40, 7), float) for k in range(3)]
    rows = da.concatenate(parts)
    model = MultiTaskLasso(0.05).fit(rows[:, :4], rows[:, 4:])
    assert sorted(read) == [0, 1, 2]
    np.testing.assert_allclose(model.coef_, MultiTaskLasso(0.05).fit(X, Y).coef_, atol=1e-6)


def test_sparse_chunks_stay_sparse():
    blocks = [sparse.random(40, 4, 0.3, format="csr", random_state=k) for k in range(3)]
    parts = [dask.delayed(block) for block in blocks]
    model = MultiTaskLasso(0.01).fit(parts, da.from_array(Y, chunks=(40, 3)))
    expected = MultiTaskLasso(0.01).fit(sparse.vstack(blocks), Y)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-10)


def test_a_filtered_frame_has_empty_partitions_and_lacks_tasks():
    frame = dd.from_pandas(FRAME.assign(y=Y[:, 0]), npartitions=6)
    frame = frame[frame["task"] != "b"]
    kept = TASKS != "b"
    model = MultiTaskLassoCV(alphas=3, cv=2, task_column="task")
    model.fit(frame[[*FEATURES, "task"]], frame["y"])
    assert model.tasks_.tolist() == ["a", "c"]
    assert model.n_samples_per_task_.sum() == kept.sum()


def test_unequal_chunks_are_aligned_where_lengths_are_known():
    model = MultiTaskLasso(0.05, tol=1e-12).fit(X, Y, WEIGHT)
    chunked = MultiTaskLasso(0.05, tol=1e-12)
    chunked.fit(da.from_array(X, chunks=(50, 3)), da.from_array(Y, chunks=(33, 1)), WEIGHT)
    np.testing.assert_allclose(chunked.coef_, model.coef_, atol=1e-10)


def test_grid_searches_cut_arrays_into_folds():
    expected = GridSearchCV(MultiTaskLasso(), {"alpha": [0.1, 1.0]}, cv=3).fit(X, Y)
    arrays = da.from_array(X, chunks=(50, 4)), da.from_array(Y, chunks=(50, 3))
    search = GridSearchCV(MultiTaskLasso(), {"alpha": [0.1, 1.0]}, cv=3).fit(*arrays)
    scores = search.cv_results_["mean_test_score"]
    np.testing.assert_allclose(scores, expected.cv_results_["mean_test_score"], rtol=1e-8)


def test_predictions_are_lazy_and_know_their_shape():
    computed = []

    def block(k):
        computed.append(k)
        return X[40 * k : 40 * (k + 1)]

    parts = [da.from_delayed(dask.delayed(block)(k), (40, 4), float) for k in range(3)]
    collection = da.concatenate(parts)
    model = MultiTaskLassoClassifier(0.01).fit(X, np.where(Y.mean(axis=0) < Y, "yes", "no"))
    for method in ("predict", "predict_all_tasks", "decision_function"):
        lazy = getattr(model, method)(collection)
        assert lazy.shape == (N_ROWS, 3)
        assert lazy.chunks == ((40, 40, 40), (3,))
        assert computed == []
        expected = getattr(model, method)(X)
        assert lazy.dtype == expected.dtype
        np.testing.assert_array_equal(lazy.compute(), expected)
        computed.clear()
    probabilities = model.predict_proba(collection)
    assert [one.shape for one in probabilities] == [(N_ROWS, 2)] * 3
    np.testing.assert_array_equal(dask.compute(*probabilities), model.predict_proba(X))


def test_lazy_predictions_are_of_the_model_as_it_was():
    collection = da.from_array(X, chunks=(50, 4))
    model = MultiTaskLasso(0.05).fit(X, Y)
    before = model.predict(X)
    lazy = model.predict(collection)
    model.fit(X, -Y)
    np.testing.assert_array_equal(lazy.compute(), before)


def test_mean_and_deviation_are_two_collections():
    model = MixedEffectsRegressor("isotropic").fit(X, Y[:, 0], tasks=TASKS)
    lazy = model.predict(da.from_array(X, chunks=(50, 4)), return_std=True, tasks=TASKS)
    np.testing.assert_allclose(
        dask.compute(*lazy), model.predict(X, return_std=True, tasks=TASKS), rtol=1e-12
    )


def test_unseen_tasks_raise_when_they_are_computed():
    model = MultiTaskLasso(0.05, task_column="task").fit(FRAME, Y[:, 0])
    frame = dd.from_pandas(FRAME.assign(task=["z"] * N_ROWS), npartitions=2)
    lazy = model.predict(frame)
    with pytest.raises(ValueError, match=r"Partition \d .*not seen in fit"):
        lazy.compute()
    model.handle_unknown = "shared"
    assert model.predict(frame).compute().shape == (N_ROWS,)


def test_wrong_columns_are_refused_at_once():
    model = MultiTaskLasso(0.05).fit(X, Y)
    with pytest.raises(ValueError, match="3 features"):
        model.predict(da.from_array(X[:, :3], chunks=50))


@every_kind
@every_form
def test_scores_of_collections_are_those_of_the_rows(form, kind):
    rows = Rows(form, kind)
    model = rows.fit(MultiTaskLasso(0.5))
    expected = model.score(rows.X, rows.y, rows.weight, **rows.tasks)
    tasks = {name: rows.collection(ids) for name, ids in rows.tasks.items()}
    score = model.score(
        rows.collection(rows.X), rows.collection(rows.y), rows.collection(rows.weight), **tasks
    )
    assert score == pytest.approx(expected, rel=1e-10)


def test_accuracies_of_collections_are_those_of_the_rows():
    labels = np.where(np.isnan(HOLES), np.nan, Y.mean(axis=0) < HOLES)
    model = MultiTaskLassoClassifier(0.1).fit(X, labels)
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.score(da.from_array(X, chunks=(50, 4)), None)
    score = model.score(da.from_array(X, chunks=(50, 4)), labels, WEIGHT)
    assert score == pytest.approx(model.score(X, labels, WEIGHT), rel=1e-12)


ARRAY = da.from_array(X, chunks=(50, 4))
TABLE = FRAME.assign(y=Y[:, 0])
PIECES = dd.from_pandas(TABLE, npartitions=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ARRAY, da.from_array(Y[:60], chunks=20)), "X has 120 samples, y has 60"),
        ((ARRAY, Y[:60]), "X has 120 samples, y has 60"),
        ((PIECES[FEATURES], PIECES["y"].repartition(npartitions=2)), "3 partitions and y has 2"),
        ((PIECES[FEATURES], Y), "y is in memory"),
        ((PIECES[FEATURES], PIECES[["y"]][PIECES["p"] > 50]), r"Partition \d .* 40 samples, y has"),
        (
            (PIECES[FEATURES], PIECES["y"]),
            "y is 1-D and MultiTaskLasso was given no",
        ),
        ((ARRAY.reshape(120, 2, 2), Y), "3 dimensions"),
        ((da.where(ARRAY > 52, np.nan, ARRAY), Y), r"Partition \d .*contains NaN"),
        ((ARRAY, None), "requires y"),
        ((PIECES["p"], PIECES[["y"]]), r"Partition \d .* X is a Series"),
        (([dask.delayed(None)], [dask.delayed(Y)]), r"Partition 0 .*: X is None; expected rows"),
        (
            ([dask.delayed(X[:0])], [dask.delayed(Y[:0, 0])]),
            r"Partition 0 .* y is 1-D and MultiTaskLasso was given no",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        MultiTaskLasso().fit(*arguments)


SHUFFLED = dd.from_pandas(TABLE[["y"]][::-1], npartitions=3, sort=False)


@pytest.mark.parametrize(
    "arguments",
    [
        (PIECES[FEATURES], SHUFFLED),
        ([dask.delayed(TABLE[FEATURES])], [dask.delayed(TABLE["y"][::-1])]),
        (PIECES[FEATURES], PIECES[["y"]], SHUFFLED["y"]),
    ],
)
def test_rows_with_other_index_labels_are_refused(arguments):
    message = r"Partition \d .*the index of \w+ is not that of X: at position 0 it has \[\d+\], X "
    with pytest.raises(ValueError, match=message):
        MultiTaskLasso().fit(*arguments)


def test_rows_without_index_labels_go_by_position():
    model = MultiTaskLasso(task_column="task")
    by_position = TABLE["y"][::-1].to_numpy()
    expected = clone(model).fit(TABLE[[*FEATURES, "task"]], by_position)
    X = PIECES[[*FEATURES, "task"]]
    model.fit(X, SHUFFLED["y"].to_dask_array(lengths=True))
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-6)


def test_columns_are_checked_before_rows_are_read():
    def read(_):
        raise AssertionError

    rows = FRAME.assign(day=pd.Timestamp("2020-01-01"), y=Y[:, 0])
    frame = dd.from_map(read, [0, 1], meta=rows.iloc[:0])
    with pytest.raises(TypeError, match="X holds datetime"):
        MultiTaskLasso(task_column="task").fit(frame[[*FEATURES, "task", "day"]], frame["y"])
    with pytest.raises(ValueError, match="y is 1-D and MultiTaskLassoCV was given no task ids"):
        MultiTaskLassoCV().fit(frame[FEATURES], frame["y"])
    with pytest.raises(ValueError, match="'school' is not a column of X"):
        MultiTaskLassoCV(task_column="school").fit(frame[[*FEATURES, "task"]], frame["y"])


def test_partitions_of_other_columns_are_named():
    parts = [dask.delayed(FRAME[FEATURES]), dask.delayed(FRAME[FEATURES[::-1]])]
    targets = [dask.delayed(Y)] * 2
    with pytest.raises(ValueError, match="One is partition 0, the other partition 1"):
        MultiTaskLasso().fit(parts, targets)


def test_splitters_are_refused():
    with pytest.raises(ValueError, match="number of folds"):
        MultiTaskLassoCV(cv=TaskStratifiedKFold(3)).fit(ARRAY, Y)


@pytest.mark.parametrize(
    "call",
    [
        lambda: MultiTaskKernelRidge().fit(ARRAY, Y),
        lambda: MultiTaskKernelRidge().fit(X, Y).predict(ARRAY),
        lambda: MultiTaskNystroemRidgeCV().fit([dask.delayed(X)], Y),
        lambda: PooledTasks(Ridge()).fit(ARRAY, da.from_array(Y)),
        lambda: MultiTaskLasso().fit(X, Y).score(X, da.from_array(Y)),
        lambda: compare_to_single_task(MultiTaskLasso(), PIECES[FEATURES], Y),
        lambda: task_cross_val_predict(MultiTaskLasso(), X, da.from_array(Y)),
        lambda: keep_task_column(StandardScaler(), "task").fit(PIECES),
        lambda: TaskStatistics.from_data(X, da.from_array(Y)),
        lambda: MultiTaskLasso().fit(X, da.from_array(Y)),
        lambda: MultiTaskLasso().partial_fit(PIECES[FEATURES], PIECES["y"]),
        lambda: TaskStatistics.from_data([dask.delayed(X)], Y),
        lambda: MultiTaskLassoClassifierCV().fit(ARRAY, Y > 50),
    ],
)
def test_what_is_needed_in_memory_does_not_fill_it_unasked(call):
    with pytest.raises(TypeError, match=r"(is a|are) Dask collection"):
        call()


def test_all_collections_are_named_and_a_part_of_the_rows_is_recommended():
    with pytest.raises(TypeError, match=r"^X and y are .*X\.partitions\[0\]\.compute\(\)"):
        MultiTaskKernelRidge().fit(ARRAY, da.from_array(Y))
