"""Data in every form and setting of scikit-learn give the same model.

Arrays that are read-only or no block of memory may reach the solver as they are: they are given to
every estimator. What is read before is given to one estimator for each way to read (READERS).
"""

from functools import cache

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import ESTIMATORS, READERS, in_mode
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skmtl import (
    IndependentTasks,
    MultiTaskCV,
    MultiTaskLassoCV,
    MultiTaskMixed,
    MultiTaskStacking,
    PooledTasks,
    RandomInterceptTasks,
    SequentialTasks,
    compare_to_single_task,
)

rng = np.random.default_rng(0)
N = 18
FEATURES = rng.normal(size=(N, 3))
CODES = rng.permutation(N) % 3
IDS = np.array(["art", "bio", "law"])[CODES]
Y = FEATURES @ [[1.0, 2.0, 1.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]] + rng.normal(size=(N, 3))
OWN = Y[np.arange(N), CODES] + CODES
FRAME = pd.DataFrame(FEATURES, columns=list("uvw"))
LONG_FRAME = FRAME.assign(school=IDS)[["u", "school", "v", "w"]]
LONG_ARRAY = np.column_stack([FEATURES, CODES])
INDEX = rng.integers(0, 5, N)  # repeated labels in no order


def read_only(array, order="C"):
    copy = np.array(array, order=order)
    copy.flags.writeable = False
    return copy


def memory_map(array, folder):
    path = folder / "data.npy"
    joblib.dump(array, path)
    return joblib.load(path, mmap_mode="r")


def arrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


# Each gives X, the place of the task ids and y.
LONG = {
    "read-only": lambda y: (read_only(LONG_ARRAY, "F"), -1, read_only(y)),
    "index": lambda y: (LONG_FRAME.set_axis(INDEX), "school", pd.Series(y, INDEX[::-1])),
    "polars": lambda y: (pl.DataFrame(LONG_FRAME.to_dict("list")), "school", pl.Series(y)),
    "arrow": lambda y: (arrow(LONG_FRAME), "school", y),
    "list": lambda y: (LONG_FRAME.to_numpy().tolist(), 1, y.tolist()),
}
# Each gives X and Y.
WIDE = {
    "strided": lambda Y: (np.repeat(FEATURES, 2, axis=1)[:, ::2], np.asfortranarray(Y)),
    "index": lambda Y: (FRAME.set_axis(INDEX), pd.DataFrame(Y, INDEX[::-1], list("abc"))),
    "polars": lambda Y: (pl.DataFrame(FRAME.to_dict("list")), pl.DataFrame(Y, list("abc"))),
    "arrow": lambda Y: (arrow(FRAME), arrow(pd.DataFrame(Y, columns=list("abc")))),
}


def labels_of(estimator, y):
    """Two classes for a classifier, else the numbers."""
    return (y > np.median(y)).astype(int) if is_classifier(estimator) else y


def targets(estimator, mode):
    return labels_of(estimator, Y if mode == "wide" else OWN)


def with_ids_at(estimator, task_column):
    name = "estimator__task_column" if isinstance(estimator, MultiTaskCV) else "task_column"
    return clone(estimator).set_params(**{name: task_column})


@cache
def plain_predictions(k, mode):
    """Predictions of estimator k, fitted on arrays."""
    estimator = in_mode(clone(ESTIMATORS[k]), mode)
    X = FEATURES if mode == "wide" else LONG_ARRAY
    return estimator.fit(X, targets(estimator, mode)).predict(X)


def assert_same(actual, k, mode):
    np.testing.assert_allclose(actual, plain_predictions(k, mode), rtol=1e-4, atol=1e-5)


def name_of(k):
    return type(ESTIMATORS[k]).__name__


every_estimator = pytest.mark.parametrize("k", range(len(ESTIMATORS)), ids=name_of)
readers = [ESTIMATORS.index(one) for one in READERS]
every_reader = pytest.mark.parametrize("k", readers, ids=name_of)
transforming = [k for k in range(len(ESTIMATORS)) if "Nystroem" in name_of(k)]  # within


def takes_long_data(k):
    if isinstance(ESTIMATORS[k], MultiTaskMixed):
        pytest.skip("takes two-dimensional y only")


def check_long(k, situation):
    takes_long_data(k)
    X, task_column, y = LONG[situation](targets(ESTIMATORS[k], "long"))
    model = with_ids_at(ESTIMATORS[k], task_column).fit(X, y)
    assert_same(model.predict(X), k, "long")
    assert np.isfinite(model.score(X, y))


def check_wide(k, situation):
    X, y = WIDE[situation](targets(ESTIMATORS[k], "wide"))
    model = clone(ESTIMATORS[k]).fit(X, y)
    assert_same(model.predict(X), k, "wide")


@every_estimator
def test_long_arrays_that_may_not_be_written_to_give_the_same_model(k):
    check_long(k, "read-only")


@every_estimator
def test_wide_arrays_in_any_order_of_memory_give_the_same_model(k):
    check_wide(k, "strided")


@every_reader
@pytest.mark.parametrize("situation", [form for form in LONG if form != "read-only"])
def test_long_data_in_every_form_give_the_same_model(k, situation):
    check_long(k, situation)


@every_reader
@pytest.mark.parametrize("situation", [form for form in WIDE if form != "strided"])
def test_wide_data_in_every_form_give_the_same_model(k, situation):
    check_wide(k, situation)


@pytest.mark.parametrize("k", readers + transforming, ids=name_of)
@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_the_output_of_transformers_changes_no_model(k, output):
    estimator = clone(ESTIMATORS[k])
    with config_context(transform_output=output):
        identity = FunctionTransformer(feature_names_out="one-to-one")
        model = make_pipeline(identity, estimator).fit(FRAME, targets(estimator, "wide"))
        predictions = model.predict(FRAME)
    assert_same(predictions, k, "wide")


@every_reader
def test_ids_of_a_named_column_reach_the_last_step_of_a_pipeline(k):
    takes_long_data(k)
    estimator = with_ids_at(ESTIMATORS[k], "school")
    columns = make_column_transformer(
        (FunctionTransformer(feature_names_out="one-to-one"), ["w", "v", "u"]),
        ("passthrough", make_column_selector(dtype_exclude="number")),
    )
    pipeline = make_pipeline(columns, estimator).set_output(transform="pandas")
    pipeline.fit(LONG_FRAME, targets(estimator, "long"))
    moved = with_ids_at(ESTIMATORS[k], -1).fit(
        LONG_ARRAY[:, [2, 1, 0, 3]], targets(estimator, "long")
    )
    expected = moved.predict(LONG_ARRAY[:, [2, 1, 0, 3]])
    np.testing.assert_allclose(pipeline.predict(LONG_FRAME), expected, rtol=1e-4, atol=1e-5)


@every_reader
def test_ids_are_routed_through_pipelines(k):
    takes_long_data(k)
    with config_context(enable_metadata_routing=True):
        estimator = clone(ESTIMATORS[k])
        estimator.set_fit_request(tasks=True).set_predict_request(tasks=True)
        pipeline = make_pipeline(FunctionTransformer(), estimator)
        pipeline.fit(FEATURES, targets(estimator, "long"), tasks=IDS)
        predictions = pipeline.predict(FEATURES, tasks=IDS)
    assert_same(predictions, k, "long")


# Folds

FOLDS = list(KFold(3, shuffle=True, random_state=0).split(FEATURES))
FORMS_OF_FOLDS = {
    "masks": [tuple(np.isin(np.arange(N), side) for side in fold) for fold in FOLDS],
    "lists of truth values": [
        tuple(np.isin(np.arange(N), side).tolist() for side in fold) for fold in FOLDS
    ],
    "splitter": KFold(3, shuffle=True, random_state=0),
}
SEARCHES = [estimator for estimator in READERS if "cv" in estimator.get_params()]


@pytest.mark.parametrize("estimator", SEARCHES, ids=lambda one: type(one).__name__)
def test_folds_in_every_form_choose_alike(estimator):
    y = targets(estimator, "long")

    def predictions(cv):
        model = clone(estimator).set_params(cv=cv).fit(FEATURES, y, tasks=CODES)
        return model.predict(FEATURES, tasks=CODES)

    expected = predictions(FOLDS)
    for form in ("masks", "lists of truth values"):
        np.testing.assert_array_equal(predictions(FORMS_OF_FOLDS[form]), expected, form)


@pytest.mark.parametrize("mode", ["wide", "long"])
@pytest.mark.parametrize("meta", [RandomInterceptTasks, MultiTaskStacking])
def test_meta_estimators_take_folds_of_targets_in_every_form(meta, mode):
    fit_kwargs = {} if mode == "wide" else {"tasks": CODES}

    def predictions(cv):
        model = meta(Ridge(), cv=cv).fit(FEATURES, Y if mode == "wide" else OWN, **fit_kwargs)
        return model.predict(FEATURES, **fit_kwargs)

    expected = predictions(FOLDS)
    for form, cv in FORMS_OF_FOLDS.items():
        np.testing.assert_array_equal(predictions(cv), expected, form)
    np.testing.assert_array_equal(predictions(fold for fold in FOLDS), expected)


def test_a_mask_of_other_data_is_refused():
    slices = [(slice(0, 9), slice(9, 18))]
    with pytest.raises(ValueError, match=r"Folds hold positions .* of samples in one dimension"):
        MultiTaskLassoCV(cv=slices).fit(FEATURES, Y)
    short = [(np.ones(5, dtype=bool), np.ones(5, dtype=bool))]
    for model in (RandomInterceptTasks(Ridge(), cv=short), MultiTaskStacking(Ridge(), cv=short)):
        with pytest.raises(ValueError, match=r"a mask of shape \(5,\), but X has 18 samples"):
            model.fit(FEATURES, Y)


def test_a_splitter_gets_the_class_labels_of_long_data():
    labels = (OWN > 0).astype(int)
    for model in (MultiTaskStacking(LogisticRegression()), RandomInterceptTasks(RidgeCV())):
        model.set_params(cv=StratifiedKFold(2))
        y = labels_of(model, OWN) if is_classifier(model) else labels
        assert np.isfinite(model.fit(FEATURES, y, tasks=IDS).score(FEATURES, y, tasks=IDS))


# Columns that are chosen by name or type inside of a meta-estimator

MIXED = FRAME.assign(kind=np.array(["x", "y", "z"])[np.arange(N) % 3], school=IDS)
META = [IndependentTasks, PooledTasks, RandomInterceptTasks, SequentialTasks, MultiTaskStacking]


def chosen_by_name(model):
    return make_pipeline(
        make_column_transformer((StandardScaler(), ["v"]), ("passthrough", ["u", "w"])), model
    )


def chosen_by_type(model):
    return make_pipeline(
        make_column_transformer(
            (StandardScaler(), make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        ),
        model,
    )


@pytest.mark.parametrize("meta", META)
@pytest.mark.parametrize(
    ("model", "chosen"),
    [
        (Ridge(), chosen_by_name),
        (Ridge(), chosen_by_type),
        (LogisticRegression(), chosen_by_type),
    ],
)
def test_estimators_inside_choose_columns_by_name_or_type(meta, model, chosen):
    y = labels_of(model, OWN)
    options = {"task_column": "school"}
    if meta is MultiTaskStacking:  # the second stage sees the same frame
        options["final_estimator"] = chosen(model)
    fitted = meta(chosen(model), **options).fit(MIXED, y)
    kinds = pd.get_dummies(MIXED["kind"]).to_numpy(float)
    X = np.column_stack([FEATURES, kinds]) if chosen is chosen_by_type else FEATURES
    assert fitted.predict(MIXED).shape == (N,)
    if meta in (IndependentTasks, SequentialTasks) and not is_classifier(model):
        of_first = CODES == 0
        scaled = X[of_first].copy()
        columns = slice(0, 3) if chosen is chosen_by_type else [1]
        scaled[:, columns] = StandardScaler().fit_transform(scaled[:, columns])
        expected = clone(model).fit(scaled, y[of_first]).predict(scaled)
        np.testing.assert_allclose(fitted.predict(MIXED)[of_first], expected)


def test_added_columns_of_a_frame_have_names_of_their_own():
    frame = FRAME.rename(columns={"u": "prediction0"})
    model = MultiTaskStacking(Ridge(), chosen_by_type(Ridge())).fit(frame, Y)
    expected = MultiTaskStacking(Ridge(), make_pipeline(StandardScaler(), Ridge()))
    predictions = expected.fit(FEATURES, Y).predict(FEATURES)
    names = model.final_estimators_[0].feature_names_in_.tolist()
    assert len(set(names)) == len(names) == 6
    np.testing.assert_allclose(model.predict(frame), predictions)


def test_steps_before_random_intercepts_see_no_indicators():
    scaled = StandardScaler().fit_transform(FEATURES)
    outside = RandomInterceptTasks(Ridge(), scales=[0.1]).fit(scaled, OWN, tasks=IDS)
    inside = RandomInterceptTasks(make_pipeline(StandardScaler(), Ridge()), scales=[0.1])
    inside.fit(FEATURES, OWN, tasks=IDS)
    np.testing.assert_allclose(inside.estimator_.coef_, outside.estimator_.coef_)
    search = GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [1.0]})
    with pytest.raises(ValueError, match="steps that would transform the indicators"):
        RandomInterceptTasks(search).fit(FEATURES, OWN, tasks=IDS)


def test_weights_reach_random_intercepts_with_routing():
    weight = rng.integers(1, 4, N).astype(float)
    expected = RandomInterceptTasks(Ridge()).fit(FEATURES, OWN, weight, tasks=IDS)
    with config_context(enable_metadata_routing=True):
        model = RandomInterceptTasks(Ridge()).fit(FEATURES, OWN, weight, tasks=IDS)
    np.testing.assert_array_equal(model.estimator_.coef_, expected.estimator_.coef_)


# Memory and processes


def test_memory_maps_are_read(tmp_path):
    X = memory_map(LONG_ARRAY, tmp_path)
    for meta in META:
        model = meta(Ridge(), task_column=-1)
        expected = clone(model).fit(LONG_ARRAY, OWN).predict(LONG_ARRAY)
        np.testing.assert_allclose(model.fit(X, OWN).predict(X), expected)


def test_threads_give_the_same_choice():
    model = RandomInterceptTasks(Ridge(), param_grid={"alpha": [0.1, 10.0]}, task_column=-1)
    expected = clone(model).fit(LONG_ARRAY, OWN)
    with joblib.parallel_backend("threading"):
        parallel = clone(model).set_params(n_jobs=2).fit(LONG_ARRAY, OWN)
    assert parallel.scale_ == expected.scale_
    np.testing.assert_array_equal(parallel.estimator_.coef_, expected.estimator_.coef_)


def test_comparisons_take_masks():
    model = IndependentTasks(Ridge())
    reports = []
    for cv in (FORMS_OF_FOLDS["masks"], FOLDS):
        options = {"cv": cv, "model_figures": False, "random_state": 0}
        reports.append(compare_to_single_task(model, FEATURES, Y, **options))
    pd.testing.assert_frame_equal(*[report.to_frame() for report in reports])
