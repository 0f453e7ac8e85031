"""What has names is matched by name, or refused; ids are the same in whichever type they come."""

import datetime
import warnings
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    FusedSparseGroupLasso,
    IndependentTasks,
    MeanRegularizedRegressor,
    MultiTaskCV,
    MultiTaskKernelRidge,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoCV,
    MultiTaskMixed,
    SequentialTasks,
    TaskGraphRegressor,
    TaskStandardScaler,
    TemporalGroupLasso,
    TraceNormRegressor,
    alpha_max,
    compare_to_single_task,
    keep_task_column,
    multi_task_path,
    select_tasks,
    stack_tasks,
    task_score,
    task_similarity,
    unstack_tasks,
    wide_to_long,
)
from skmtl.penalties import L21

rng = np.random.default_rng(0)
N = 30
FEATURES = ["p", "q", "r", "s"]
TASKS = ["height", "mass", "age"]
X = pd.DataFrame(rng.normal(size=(N, 4)), columns=FEATURES)
NOISE = 0.3 * rng.normal(size=(N, 3))
Y = pd.DataFrame(X.to_numpy() @ rng.normal(size=(4, 3)) + NOISE, columns=TASKS)
BACKWARDS = TASKS[::-1]
TIGHT = {"alpha": 0.1, "tol": 1e-10}


def lasso(**params):
    return MultiTaskLasso(**TIGHT, **params)


def assert_same_model(first, second):
    np.testing.assert_allclose(first.coef_, second.coef_, rtol=0, atol=1e-8)
    np.testing.assert_allclose(first.intercept_, second.intercept_, rtol=0, atol=1e-8)


# Targets


def targets_of(estimator):
    if is_classifier(estimator):
        return (Y > 0).astype(int)
    return Y


def test_scores_match_the_columns_of_y_by_name(estimator):
    y = targets_of(estimator)
    estimator.fit(X, y)
    expected = estimator.score(X, y)
    assert estimator.score(X, y[BACKWARDS]) == expected
    weight = pd.DataFrame(rng.uniform(size=Y.shape), columns=TASKS)
    turned = weight[["mass", "age", "height"]]
    expected = estimator.score(X, y, sample_weight=weight)
    assert estimator.score(X, y[BACKWARDS], sample_weight=turned) == expected


@pytest.mark.parametrize(
    "form", [pl.from_pandas, lambda frame: frame[BACKWARDS].to_numpy()[:, ::-1]]
)
def test_scores_take_other_frames_by_name_and_arrays_by_position(form):
    model = lasso().fit(X, Y)
    assert model.score(X, form(Y)) == model.score(X, Y)


def test_columns_that_are_no_tasks_or_lack_are_not_scored(estimator):
    y = targets_of(estimator)
    estimator.fit(X, y)
    with pytest.raises(ValueError, match=r"y has no column for task\(s\) \['age'\]"):
        estimator.score(X, y.drop(columns="age"))
    with pytest.raises(ValueError, match=r"the column\(s\) \['Age'\], which are no tasks"):
        estimator.score(X, y.rename(columns={"age": "Age"}))


def test_default_names_go_by_position():
    model = lasso().fit(X, Y)
    assert model.score(X, pd.DataFrame(Y.to_numpy())) == model.score(X, Y)
    unnamed = lasso().fit(X, Y.to_numpy())
    assert unnamed.score(X, Y) == model.score(X, Y)


def test_integer_names_are_names():
    numbered = Y.set_axis([2, 0, 1], axis=1)
    model = lasso().fit(X, numbered)
    assert model.score(X, numbered[[0, 1, 2]]) == model.score(X, numbered)


def test_names_of_tasks_differ():
    with pytest.raises(ValueError, match=r"y names \['mass'\] more than once"):
        lasso().fit(X, Y.set_axis(["mass", "mass", "age"], axis=1))


def test_weights_of_targets_are_matched_by_name():
    weight = pd.DataFrame(rng.uniform(size=Y.shape), columns=TASKS)
    assert_same_model(
        lasso().fit(X, Y, sample_weight=weight),
        lasso().fit(X, Y, sample_weight=weight[BACKWARDS]),
    )
    with pytest.raises(ValueError, match="sample_weight has no column"):
        lasso().fit(X, Y, sample_weight=weight.rename(columns={"age": "Age"}))


def test_predictions_are_matched_by_name():
    predictions = Y + NOISE
    expected = task_score(Y, predictions, average=None)
    np.testing.assert_array_equal(task_score(Y, predictions[BACKWARDS], average=None), expected)
    model = lasso().fit(X, Y)
    expected = task_similarity(model, X, Y, kind="residuals").similarity
    turned = task_similarity(model, X, Y[BACKWARDS], kind="residuals").similarity
    np.testing.assert_array_equal(turned, expected)


def test_features_in_another_order_are_refused(estimator):
    y = targets_of(estimator)
    estimator.fit(X, y)
    for method in ("predict", "predict_all_tasks", "predict_proba", "decision_function"):
        if hasattr(estimator, method):
            with pytest.raises(ValueError, match="feature names"):
                getattr(estimator, method)(X[FEATURES[::-1]])


def test_predictions_make_a_frame_by_the_names_of_the_fit(estimator):
    estimator.fit(X, targets_of(estimator))
    indexed = X.set_axis([f"sample {i}" for i in range(N)])
    predictions = estimator.predict(indexed)
    frame = pd.DataFrame(predictions, index=indexed.index, columns=estimator.tasks_)
    assert frame.columns.tolist() == TASKS
    assert not frame.isna().to_numpy().any()


def test_frames_of_mixed_predictions_keep_the_index():
    indexed = X.set_axis([f"sample {i}" for i in range(N)])
    predictions = MultiTaskMixed().fit(X, Y).predict(indexed)
    assert predictions.index.equals(indexed.index)
    assert predictions.columns.tolist() == TASKS


# Rows


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_rows_labeled_in_another_order_go_by_position_with_a_warning(name):
    given = {"y": Y, "sample_weight": pd.Series(1.0, index=X.index)}
    given[name] = given[name][::-1]
    with pytest.warns(UserWarning, match=f"The index of {name} has the labels of X in another"):
        lasso().fit(X, **given)
    with pytest.warns(UserWarning, match=f"The index of {name}"):
        IndependentTasks(Ridge()).fit(X, **given)


def test_task_ids_labeled_in_another_order_are_warned_of():
    tasks = pd.Series(np.arange(len(X)) % 2, index=X.index)
    y = Y.iloc[:, 0]
    fitted = lasso().fit(X, y, tasks=tasks)
    calls = [
        lambda: lasso().fit(X, y, tasks=tasks[::-1]),
        lambda: fitted.predict(X, tasks=tasks[::-1]),
        lambda: fitted.score(X, y.to_numpy(), tasks=tasks[::-1]),
        lambda: TaskStandardScaler().fit(X, tasks=tasks[::-1]),
        lambda: compare_to_single_task(lasso(), X, y, baseline=Ridge(), tasks=tasks[::-1], cv=2),
    ]
    for call in calls:
        with pytest.warns(UserWarning, match="The index of tasks has the labels of X in another"):
            call()
    with pytest.warns(UserWarning, match="The index of y has the labels of X in another"):
        compare_to_single_task(lasso(), X, Y[::-1], baseline=Ridge(), cv=2)


def test_other_labels_of_rows_are_as_good():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lasso().fit(X[5:], Y[:-5])
        lasso().fit(X.to_numpy(), Y[::-1])
        lasso().fit(X, Y).score(X.sample(frac=1, random_state=0).reset_index(drop=True), Y)


# Parameters by feature


WEIGHT = pd.Series([1.0, 5.0, 0.1, 0.0], index=FEATURES)
LABELED = {
    "Series": WEIGHT[::-1],
    "dict": dict(reversed(WEIGHT.to_dict().items())),
    "unlabeled Series": pd.Series(WEIGHT.to_numpy()),
}


@pytest.mark.parametrize("given", LABELED.values(), ids=LABELED)
def test_feature_weights_are_matched_by_name(given):
    expected = lasso(feature_weight=WEIGHT.to_numpy()).fit(X, Y)
    assert_same_model(lasso(feature_weight=given).fit(X, Y), expected)
    search = MultiTaskLassoCV(alphas=[0.1], feature_weight=given, tol=1e-10, cv=2)
    assert_same_model(search.fit(X, Y), expected)
    search = MultiTaskCV(lasso(feature_weight=given), {"alpha": [0.1]}, cv=2)
    assert_same_model(search.fit(X, Y), expected)
    path = multi_task_path(X, Y, alphas=[0.1], feature_weight=given, tol=1e-10)
    np.testing.assert_allclose(path.coefs[..., 0], expected.coef_, rtol=0, atol=1e-8)


def test_feature_weights_of_critical_alphas_and_classifiers_are_matched_by_name():
    weight = WEIGHT + 0.1
    expected = alpha_max(X, Y, feature_weight=weight)
    assert alpha_max(X, Y, feature_weight=weight[::-1]) == expected
    models = [
        MultiTaskLassoClassifier(0.1, feature_weight=given).fit(X, (Y > 0).astype(int))
        for given in (weight, weight[::-1])
    ]
    np.testing.assert_array_equal(models[0].coef_, models[1].coef_)


def test_the_task_column_has_no_feature_weight():
    frame, y = wide_to_long(X, Y)
    frame = frame[["p", "task", "q", "r", "s"]]
    models = [
        lasso(task_column="task", feature_weight=given).fit(frame, y)
        for given in (WEIGHT.to_numpy(), WEIGHT[::-1])
    ]
    assert_same_model(*models)
    with pytest.raises(ValueError, match=r"entries for \['task'\], which are no features"):
        lasso(task_column="task", feature_weight={**WEIGHT, "task": 1.0}).fit(frame, y)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (WEIGHT.rename({"p": "P"}), r"entries for \['P'\], which are no features"),
        (WEIGHT[1:], r"no entry for feature\(s\) \['p'\]"),
        (pd.concat([WEIGHT, WEIGHT[:1]]), "more than once"),
        ({0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}, "which are no features"),
    ],
)
def test_feature_weights_of_other_features_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        lasso(feature_weight=given).fit(X, Y)


def test_penalties_get_weights_of_features_by_name_from_estimators():
    penalty = L21(0.1, WEIGHT[::-1])
    expected = L21(0.1, WEIGHT.to_numpy())
    W = rng.normal(size=(4, 3))
    assert penalty.for_features(np.array(FEATURES)).value(W) == expected.value(W)
    with pytest.raises(ValueError, match="names of features, which this penalty does not know"):
        penalty.value(W)


def test_labels_of_features_without_names_are_positions():
    by_position = pd.Series(WEIGHT.to_numpy())
    expected = lasso(feature_weight=WEIGHT.to_numpy()).fit(X.to_numpy(), Y)
    assert_same_model(lasso(feature_weight=by_position[::-1]).fit(X.to_numpy(), Y), expected)
    with pytest.raises(ValueError, match="which are no features; features are"):
        lasso(feature_weight=WEIGHT).fit(X.to_numpy(), Y)


def test_class_weights_that_name_no_class_are_refused():
    y = np.where(Y > 0, "ill", "well")
    with pytest.raises(ValueError, match=r"entries for \['Ill'\], none of which is a class"):
        MultiTaskLassoClassifier(0.1, class_weight={"Ill": 5.0}).fit(X, y)


def test_names_of_columns_are_not_taken_for_positions():
    frame = pd.DataFrame(rng.normal(size=(6, 3)), columns=[2, 0, 1])
    with pytest.raises(ValueError, match="the position of the column 1 and the name"):
        lasso(task_column=2).fit(frame, np.arange(6.0))


# Parameters by task


def test_task_weights_are_matched_by_task_id():
    weight = pd.Series([1.0, 2.0, 0.5], index=TASKS)
    expected = lasso(task_weight=weight.to_numpy()).fit(X, Y)
    backwards = weight[::-1]
    unnamed = pd.Series(weight.to_numpy())
    for given in (backwards, backwards.to_frame(), weight.to_dict(), unnamed):
        assert_same_model(lasso(task_weight=given).fit(X, Y), expected)
    with pytest.raises(ValueError, match=r"task_weight has no entry for task\(s\) \['age'\]"):
        lasso(task_weight=weight.rename({"age": "Age"})).fit(X, Y)


def test_losses_are_matched_by_task_id():
    losses = pd.Series(["huber", "squared_error", "huber"], index=TASKS)
    models = [MultiTaskMixed(losses=given).fit(X, Y) for given in (losses[::-1], losses.tolist())]
    np.testing.assert_allclose(np.vstack(models[0].coef_), np.vstack(models[1].coef_))


def turned(matrix):
    return matrix.loc[BACKWARDS, ["mass", "height", "age"]]


PAIRS = pd.DataFrame([[2, 1, 0.5], [1, 2, 0], [0.5, 0, 2]], index=TASKS, columns=TASKS)
PAIRS_OF_TASKS = {
    "both turned": turned(PAIRS),
    "columns only": PAIRS.loc[BACKWARDS, BACKWARDS].reset_index(drop=True),
    "polars": pl.from_pandas(PAIRS.loc[BACKWARDS, BACKWARDS]),
}


@pytest.mark.parametrize("given", PAIRS_OF_TASKS.values(), ids=PAIRS_OF_TASKS)
def test_pairs_of_tasks_are_matched_by_row_and_column(given):
    kernel = MultiTaskKernelRidge(task_kernel=PAIRS.to_numpy()).fit(X, Y)
    other = MultiTaskKernelRidge(task_kernel=given).fit(X, Y)
    np.testing.assert_allclose(other.predict(X), kernel.predict(X))
    graph = TaskGraphRegressor(0.1, graph=PAIRS.to_numpy(), tol=1e-10).fit(X, Y)
    assert_same_model(TaskGraphRegressor(0.1, graph=given, tol=1e-10).fit(X, Y), graph)


# Dates


DAYS = pd.date_range("2024-03-30", periods=4)
BLOCKS = [rng.normal(size=(10, 2)) for _ in DAYS]
TARGETS = [block @ [1.0, 2.0] + k + rng.normal(size=10) for k, block in enumerate(BLOCKS)]
SPELLINGS = {
    "ns": DAYS.as_unit("ns"),
    "us": DAYS.as_unit("us"),
    "s": DAYS.as_unit("s"),
    "Timestamp": pd.Series(list(DAYS), dtype=object),
    "datetime": pd.Series([day.to_pydatetime() for day in DAYS], dtype=object),
    "date": pd.Series([day.date() for day in DAYS], dtype=object),
    "datetime64": pd.Series(list(DAYS.to_numpy()), dtype=object),
    "string": DAYS.strftime("%Y-%m-%d"),
    "category": pd.Categorical(DAYS),
}


def by_day(spelling):
    """The samples of each day, the days spelled in one way."""
    days = pd.Series(SPELLINGS[spelling]).repeat(10).reset_index(drop=True)
    return pd.DataFrame(np.vstack(BLOCKS), columns=["a", "b"]).assign(day=days)


DAILY = np.concatenate(TARGETS)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_dates_are_the_same_ids_in_every_type(spelling):
    model = lasso(task_column="day", handle_unknown="shared").fit(by_day("ns"), DAILY)
    np.testing.assert_array_equal(model.predict(by_day(spelling)), model.predict(by_day("ns")))
    scaler = TaskStandardScaler(task_column="day").fit(by_day("us"))
    scaled = scaler.transform(by_day(spelling))["a"]
    np.testing.assert_array_equal(scaled, scaler.transform(by_day("us"))["a"])
    other = lasso(task_column="day", handle_unknown="shared").fit(by_day(spelling), DAILY)
    np.testing.assert_array_equal(other.predict(by_day("us")), model.predict(by_day("us")))


def test_dates_of_polars_are_the_same_ids():
    model = lasso(task_column="day", handle_unknown="shared").fit(by_day("ns"), DAILY)
    frame = pl.from_pandas(by_day("us"))
    np.testing.assert_array_equal(model.predict(frame), model.predict(by_day("ns")))


KEYS = {
    "Timestamp": list(DAYS),
    "datetime": [day.to_pydatetime() for day in DAYS],
    "date": [day.date() for day in DAYS],
    "datetime64": list(DAYS.to_numpy().astype("M8[ns]")),
    "string": ["2024-03-30", "2024-03-31", "2024-04-01", "2024-04-02"],
}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("unit", ["ns", "us"])
def test_parameters_by_date_are_found(key, unit):
    days = KEYS[key]
    frame = by_day(unit)
    values = [1.0, 2.0, 3.0, 4.0]
    by_id = dict(zip(days, values, strict=True))

    def fit(kind, *args, **params):
        return kind(*args, task_column="day", **params).fit(frame, DAILY)

    assert_same_model(
        fit(MultiTaskLasso, 0.1, task_weight=by_id),
        fit(MultiTaskLasso, 0.1, task_weight=values),
    )
    assert_same_model(
        fit(TemporalGroupLasso, 0.1, times=by_id),
        fit(TemporalGroupLasso, 0.1, times=values),
    )
    assert_same_model(
        fit(MeanRegularizedRegressor, by_id),
        fit(MeanRegularizedRegressor, values),
    )
    chain = [(days[0], days[1], 1.0), (days[1], days[2], 1.0), (days[2], days[3], 1.0)]
    assert_same_model(
        fit(TaskGraphRegressor, 0.1, graph=chain), fit(TaskGraphRegressor, 0.1, graph="chain")
    )
    alone = fit(IndependentTasks, Ridge(), task_params={"alpha": {days[2]: 7.0}})
    assert [one.alpha for one in alone.estimators_] == [1.0, 1.0, 7.0, 1.0]
    codes = [3, 1, 0, 2]
    given = fit(SequentialTasks, Ridge(), order=[days[k] for k in codes])
    by_number = SequentialTasks(Ridge(), order=codes)
    by_number.fit(frame[["a", "b"]], DAILY, tasks=np.repeat(range(4), 10))
    np.testing.assert_array_equal(given.coef_, by_number.coef_)


def test_a_date_that_was_fitted_is_no_new_task():
    model = TraceNormRegressor(task_column="day").fit(by_day("ns"), DAILY)
    with pytest.raises(ValueError, match="was in the fit"):
        model.adapt(by_day("ns")[:3], [1.0, 2.0, 3.0], task=datetime.datetime(2024, 3, 31))


def test_a_target_task_is_found_by_date():
    found = select_tasks(
        IndependentTasks(Ridge(), task_column="day"),
        by_day("ns"),
        DAILY,
        target=DAYS[1],
        max_tasks=1,
        cv=2,
    )
    assert found.tasks[0] == DAYS[1]


def test_wide_tasks_are_dates_in_any_unit():
    wide = pd.DataFrame(np.column_stack(TARGETS), columns=DAYS.as_unit("ns"))
    model = lasso().fit(BLOCKS[0], wide)
    turned = wide.set_axis(DAYS.as_unit("us"), axis=1)[DAYS[::-1]]
    assert model.score(BLOCKS[0], turned) == model.score(BLOCKS[0], wide)


def test_dates_that_differ_by_a_nanosecond_are_two():
    ids = np.array(["2024-01-01T00:00:00", "2024-01-01T00:00:00.000000001"], dtype="M8[ns]")
    model = lasso().fit(np.vstack(BLOCKS[:2]), np.concatenate(TARGETS[:2]), tasks=ids.repeat(10))
    assert model.n_tasks_ == 2


OTHER_TYPES = {
    "time zone": lambda frame: frame.assign(day=frame["day"].dt.tz_localize("UTC")),
    "period": lambda frame: frame.assign(day=frame["day"].dt.to_period("D")),
    "number": lambda frame: frame.assign(day=np.repeat(range(4), 10)),
    "text": lambda frame: frame.assign(day=np.repeat(list("abcd"), 10)),
}


@pytest.mark.parametrize("other", OTHER_TYPES.values(), ids=OTHER_TYPES)
def test_ids_of_another_type_are_not_the_shared_model(other):
    model = lasso(task_column="day", handle_unknown="shared").fit(by_day("ns"), DAILY)
    with pytest.raises(ValueError, match="ids of another type can be none of them"):
        model.predict(other(by_day("ns")))
    scaler = TaskStandardScaler(task_column="day", handle_unknown="shared").fit(by_day("ns"))
    with pytest.raises(ValueError, match="ids of another type"):
        scaler.transform(other(by_day("ns")))


def test_times_of_another_zone_are_the_same_ids():
    frame = by_day("us").assign(day=lambda frame: frame["day"].dt.tz_localize("UTC"))
    model = lasso(task_column="day").fit(frame, DAILY)
    elsewhere = frame.assign(day=frame["day"].dt.tz_convert("Asia/Tokyo"))
    np.testing.assert_array_equal(model.predict(elsewhere), model.predict(frame))


# Other ids


SAME_IDS = {
    "int and float": ([3, 4], [3.0, 4.0]),
    "int and Int64": ([3, 4], pd.array([3, 4], dtype="Int64")),
    "str and category": (["a", "b"], pd.Categorical(["a", "b"])),
    "str and np.str_": (["a", "b"], np.array(["a", "b"], dtype=object)),
    "bool and int": ([False, True], [0, 1]),
    "durations": (pd.to_timedelta([1, 2], "D"), [datetime.timedelta(1), datetime.timedelta(2)]),
    "Period": (pd.period_range("2024", periods=2), pd.period_range("2024", periods=2)),
    "tuple": ([("x", 1), ("x", 2)], [("x", 1), ("x", 2)]),
}


@pytest.mark.parametrize(("fitted", "given"), SAME_IDS.values(), ids=SAME_IDS)
def test_equal_ids_are_the_same(fitted, given):
    def repeated(ids):
        return [ids[k] for k in (0, 1) for _ in range(10)]

    features = np.vstack(BLOCKS[:2])
    model = lasso(handle_unknown="shared")
    model.fit(features, np.concatenate(TARGETS[:2]), tasks=repeated(fitted))
    expected = model.predict(features, tasks=repeated(fitted))
    np.testing.assert_array_equal(model.predict(features, tasks=repeated(given)), expected)


@pytest.mark.parametrize("ids", [["1", 1], [True, 1], [b"a", "a"]])
def test_ids_of_two_types_are_refused(ids):
    ids = np.array([ids[k] for k in (0, 1) for _ in range(10)], dtype=object)
    with pytest.raises(TypeError, match="mixes types that cannot be sorted"):
        lasso().fit(np.vstack(BLOCKS[:2]), np.concatenate(TARGETS[:2]), tasks=ids)


@pytest.mark.parametrize(
    "ids", [np.ma.array([1] * 20, mask=[1] + [0] * 19), pd.array([None] + [1] * 19, dtype="Int64")]
)
def test_missing_ids_are_refused(ids):
    with pytest.raises(ValueError, match="every sample needs a task id"):
        lasso().fit(np.vstack(BLOCKS[:2]), np.concatenate(TARGETS[:2]), tasks=ids)


# Large integers


LARGE = np.array([2**53, 2**53 + 1, 2**62 + 1, 2**62 + 2])
INTEGERS = np.column_stack([rng.integers(0, 9, size=(40, 2)), LARGE.repeat(10)])


def ids_in(column):
    return sorted({int(one) for one in column})


def test_stacked_tasks_keep_large_ids():
    stacked, y = stack_tasks(BLOCKS, TARGETS, names=LARGE)
    assert ids_in(stacked[:, -1]) == LARGE.tolist()
    assert unstack_tasks(stacked, y).names.tolist() == LARGE.tolist()
    model = lasso(task_column=-1).fit(stacked, y)
    assert model.tasks_.tolist() == LARGE.tolist()
    np.testing.assert_array_equal(model.predict(stacked).shape, y.shape)


def test_long_data_keep_large_ids():
    wide = pd.DataFrame(np.column_stack(TARGETS), columns=LARGE)
    long, y = wide_to_long(BLOCKS[0], wide)
    assert ids_in(long[:, -1]) == LARGE.tolist()
    assert_same_model(lasso(task_column=-1).fit(long, y), lasso().fit(BLOCKS[0], wide))


def test_sparse_data_refuse_large_ids():
    blocks = [sparse.csr_matrix(block) for block in BLOCKS]
    with pytest.raises(ValueError, match="A sparse X cannot hold the task ids"):
        stack_tasks(blocks, TARGETS, names=LARGE)
    scaler = TaskStandardScaler(task_column=-1, with_mean=False)
    with pytest.raises(ValueError, match="the largest task ids would be equal"):
        scaler.fit_transform(sparse.csr_matrix(INTEGERS))


@pytest.mark.parametrize(
    "transformer",
    [TaskStandardScaler(task_column=-1), keep_task_column(StandardScaler(), -1)],
    ids=["TaskStandardScaler", "keep_task_column"],
)
def test_transformers_keep_large_ids(transformer):
    transformed = transformer.fit_transform(INTEGERS)
    assert ids_in(transformed[:, -1]) == LARGE.tolist()
    pipeline = make_pipeline(transformer, lasso(task_column=-1)).fit(INTEGERS, DAILY)
    assert pipeline[-1].tasks_.tolist() == LARGE.tolist()


def test_frames_keep_large_ids():
    frame = pd.DataFrame(INTEGERS, columns=["a", "b", "task"])
    kept = keep_task_column(StandardScaler(), "task").set_output(transform="pandas")
    assert ids_in(kept.fit_transform(frame)["task"]) == LARGE.tolist()
    scaled = TaskStandardScaler(task_column="task").fit_transform(frame)
    assert ids_in(scaled["task"]) == LARGE.tolist()
    to_pandas = TaskStandardScaler(task_column="task").set_output(transform="pandas")
    assert ids_in(to_pandas.fit_transform(pl.from_pandas(frame))["task"]) == LARGE.tolist()


@pytest.mark.parametrize(("dtype", "first"), [(np.float64, 2**53), (np.float32, 2**24)])
def test_ids_that_floats_have_rounded_are_refused(dtype, first):
    rounded = np.column_stack([np.vstack(BLOCKS), np.repeat(range(4), 10)]).astype(dtype)
    rounded[:10, -1] = first
    with pytest.raises(ValueError, match=f"different integers from {first} on may be equal"):
        lasso(task_column=-1).fit(rounded, DAILY)
    rounded[:10, -1] = first - 1
    assert lasso(task_column=-1).fit(rounded, DAILY).n_tasks_ == 4


# Searches and unseen tasks


SEARCHES = {
    "own": MultiTaskLassoCV(alphas=[0.1], task_column="day", cv=2),
    "any": MultiTaskCV(lasso(task_column="day"), {"alpha": [0.1]}, cv=2),
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_searches_learn_of_unseen_tasks_after_the_fit(search):
    search.fit(by_day("ns"), DAILY)
    new = by_day("ns").assign(day=pd.Timestamp("2030-01-01"))
    with pytest.raises(ValueError, match="handle_unknown='shared'"):
        search.predict(new)
    search.handle_unknown = "shared"
    expected = search.predict(new)
    search.handle_unknown = "error"
    with pytest.raises(ValueError, match="handle_unknown='shared'"):
        search.predict(new)
    prefix = "estimator__" if isinstance(search, MultiTaskCV) else ""
    search.set_params(**{f"{prefix}handle_unknown": "shared"})
    np.testing.assert_array_equal(search.predict(new), expected)


# Tasks in the order of their ids

IN_SEQUENCE = [
    TemporalGroupLasso,
    FusedSparseGroupLasso,
    partial(TaskGraphRegressor, graph="chain"),
]


@pytest.mark.parametrize("make", IN_SEQUENCE)
def test_text_that_is_not_in_the_order_of_its_numbers_is_warned_of(make):
    Y = rng.normal(size=(20, 3))
    X = rng.normal(size=(20, 2))
    weeks = pd.DataFrame(Y, columns=["week2", "week9", "week10"])
    with pytest.warns(UserWarning, match=r"in the order of text, \['week10', 'week2', 'week9'\]"):
        make().fit(X, weeks)
    features, y = wide_to_long(pd.DataFrame(X), weeks)
    features.columns = features.columns.astype(str)
    with pytest.warns(UserWarning, match="in the order of text"):
        make(task_column="task").fit(features, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = make().fit(X, weeks.set_axis(["week02", "week09", "week10"], axis=1))
    np.testing.assert_allclose(model.coef_, make().fit(X, Y).coef_)
