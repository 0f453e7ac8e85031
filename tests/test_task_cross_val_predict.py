"""Held-out predictions of all tasks, in every form of data."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    LeaveOneTaskOut,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskMixed,
    MultiTaskSVC,
    TaskStratifiedKFold,
    keep_task_column,
    task_cross_val_predict,
    task_score,
    wide_to_long,
)

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")
CLASSIFIER = MultiTaskLassoClassifier(alpha=0.03, tol=1e-8)
N_TASKS = 3


@pytest.fixture
def data():
    """Features and 0/1 targets of three tasks, some of them missing."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    Y = (X[:, :N_TASKS] + rng.logistic(size=(60, N_TASKS)) > 0).astype(float)
    Y[rng.uniform(size=Y.shape) < 0.3] = np.nan
    return X, Y


def held_out(model, X, y, method, **fit_params):
    """What a method gives of every fold of KFold(3), one array of all samples for each task."""
    parts = []
    for train, test in KFold(3).split(X):
        fitted = model.fit(X[train], y[train], **fit_params)
        values = getattr(fitted, method)(X[test])
        parts.append(values if isinstance(values, list) else values.T)
    return [np.concatenate(of_task) for of_task in zip(*parts, strict=True)]


@pytest.mark.parametrize("labels", [None, ("no", "yes")])
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_missing_labels_are_no_class(data, method, labels):
    X, Y = data
    y = Y
    if labels is not None:
        y = np.where(np.isnan(Y), None, np.where(Y == 1, labels[1], labels[0]))
    expected = held_out(CLASSIFIER, X, y, method)
    found = task_cross_val_predict(CLASSIFIER, X, y, cv=KFold(3), method=method)
    if method != "predict_proba":
        found = found.T
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert (one == other).all()
    masks = [(~test, test) for test in (np.arange(60) // 20 == k for k in range(3))]
    by_masks = task_cross_val_predict(CLASSIFIER, X, y, cv=masks, method=method)
    if method != "predict_proba":
        by_masks = by_masks.T
    assert all((one == other).all() for one, other in zip(by_masks, found, strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_it_is_that_of_scikit_learn_on_complete_and_on_long_data(data, method):
    X, Y = data
    complete = np.nan_to_num(Y).astype(int)
    long, y = wide_to_long(X, Y)
    cv = list(KFold(4, shuffle=True, random_state=0).split(long))
    column = IndependentTasks(LogisticRegression(), task_column=-1)
    wide = IndependentTasks(LogisticRegression())
    if method in ("predict", "predict_proba"):
        expected = cross_val_predict(wide, X, complete, cv=KFold(3), method=method)
        found = task_cross_val_predict(wide, X, complete, cv=KFold(3), method=method)
        assert np.array_equal(found, expected)
        expected = cross_val_predict(column, long, y, cv=cv, method=method)
        assert np.array_equal(
            task_cross_val_predict(column, long, y, cv=cv, method=method), expected
        )
    column = CLASSIFIER.set_params(task_column=-1)
    tasks = long[:, -1]
    try:
        found = task_cross_val_predict(column, long, y, cv=cv, method=method)
        if method != "predict_log_proba":
            assert np.array_equal(found, cross_val_predict(column, long, y, cv=cv, method=method))
    finally:
        column.set_params(task_column=None)
    by_ids = task_cross_val_predict(CLASSIFIER, long[:, :-1], y, tasks=tasks, cv=cv, method=method)
    assert np.array_equal(found, by_ids)


def test_a_class_that_a_training_set_lacks_has_probability_zero(data):
    X, _ = data
    rng = np.random.default_rng(0)
    Y = rng.integers(0, 2, size=(60, 2)).astype(float)
    Y[:5, 0] = 2  # all in the first fold
    Y[10:20, 1] = np.nan
    model = IndependentTasks(LogisticRegression())
    P = task_cross_val_predict(model, X, Y, cv=KFold(3), method="predict_proba")
    assert [p.shape for p in P] == [(60, 3), (60, 2)]
    assert (P[0][:20, 2] == 0).all()
    assert (P[0][20:, 2] > 0).all()
    assert np.allclose(P[0].sum(axis=1), 1)
    logs = task_cross_val_predict(model, X, Y, cv=KFold(3), method="predict_log_proba")
    assert np.allclose(np.exp(logs[0]), P[0], rtol=1e-12)
    with pytest.raises(ValueError, match="Use predict_proba, or folds that have all classes"):
        task_cross_val_predict(CLASSIFIER, X, Y, cv=KFold(3), method="decision_function")
    assert np.isfinite(task_score(Y, P, metric="neg_log_loss"))


def test_samples_that_are_never_tested_are_missing(data):
    X, Y = data
    cv = [(np.arange(40), np.arange(40, 50))]
    (first, *_) = task_cross_val_predict(CLASSIFIER, X, Y, cv=cv, method="predict_proba")
    tested = ~np.isnan(first).any(axis=1)
    assert np.flatnonzero(tested).tolist() == list(range(40, 50))
    labels = np.where(np.isnan(Y), None, np.where(Y == 1, "yes", "no"))
    found = task_cross_val_predict(CLASSIFIER, X, labels, cv=cv)
    assert all(one is None for one in found[0])
    assert set(found[45]) <= {"yes", "no"}


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_a_task_that_a_training_set_lacks_is_missing_there(data, method):
    X, Y = data
    Y = Y.copy()
    Y[20:, 1] = np.nan  # the first fold of three has no other target of this task
    others = Y[:, [0, 2]]
    cv = KFold(3)
    weight = np.linspace(1, 2, Y.size).reshape(Y.shape)
    options = {"cv": [next(cv.split(X))], "method": method}
    found = task_cross_val_predict(CLASSIFIER, X, Y, params={"sample_weight": weight}, **options)
    expected = task_cross_val_predict(
        CLASSIFIER, X, others, params={"sample_weight": weight[:, [0, 2]]}, **options
    )
    if method != "predict_proba":
        found, expected = found.T, expected.T
    assert np.array_equal(found[0], expected[0], equal_nan=True)
    assert np.array_equal(found[2], expected[1], equal_nan=True)
    assert found[1].shape == found[0].shape
    assert np.isnan(found[1]).all()


def test_other_tasks_keep_their_weights_where_a_training_set_lacks_a_task(data):
    X, Y = data
    Y = Y[:, :2].copy()
    Y[20:, 0] = np.nan
    weight = np.linspace(1, 2, Y.size).reshape(Y.shape)
    cv = [next(KFold(3).split(X))]
    model = MultiTaskLassoClassifier(alpha=0.03, task_weight={0: 1.0, 1: 9.0})
    alone = MultiTaskLassoClassifier(alpha=0.03, task_weight=[9.0])
    params = {"sample_weight": weight[:, 1]}
    expected = task_cross_val_predict(alone, X, Y[:, [1]], cv=cv, params=params)
    params = {"sample_weight": weight}
    found = task_cross_val_predict(model, X, Y, cv=cv, params=params)
    assert np.array_equal(found[:, 1], expected[:, 0], equal_nan=True)
    frame = pd.DataFrame(Y, columns=["u", "v"])
    params = {"sample_weight": pd.DataFrame(weight, columns=["u", "v"])[["v", "u"]]}
    model.set_params(task_weight={"u": 1.0, "v": 9.0})
    found = task_cross_val_predict(model, X, frame, cv=cv, params=params)
    assert np.array_equal(found[:, 1], expected[:, 0], equal_nan=True)


def test_a_labeled_task_that_a_training_set_lacks_is_none(data):
    X, Y = data
    labels = np.where(np.isnan(Y), None, np.where(Y == 1, "yes", "no"))
    labels[20:, 1] = None
    found = task_cross_val_predict(CLASSIFIER, X, labels, cv=KFold(3))
    assert all(one is None for one in found[:20, 1])
    assert set(found[20:, 1]) <= {"yes", "no"}
    assert set(found[:, 0]) <= {"yes", "no"}


def test_weights_groups_frames_sparse_searches_and_pipelines(data):
    X, Y = data
    rng = np.random.default_rng(1)
    regression = np.where(np.isnan(Y), np.nan, X[:, :N_TASKS] + 0.1 * rng.standard_normal(Y.shape))
    model = MultiTaskLasso(alpha=0.01)
    weight = rng.integers(0, 3, size=regression.shape).astype(float)
    expected = np.empty_like(Y)
    for train, test in KFold(3).split(X):
        fitted = model.fit(X[train], regression[train], sample_weight=weight[train])
        expected[test] = fitted.predict(X[test])
    params = {"sample_weight": weight}
    options = {"cv": KFold(3), "params": params}
    assert np.array_equal(task_cross_val_predict(model, X, regression, **options), expected)
    found = task_cross_val_predict(model, sparse.csr_matrix(X), regression, **options)
    assert np.allclose(found, expected)
    frame = pd.DataFrame(X, columns=list("abcd"))
    Y_frame = pd.DataFrame(regression, columns=["u", "v", "w"])
    found = task_cross_val_predict(model, frame, Y_frame, **options)
    assert np.array_equal(found, expected)
    search = GridSearchCV(model, {"alpha": [0.01]}, cv=2)
    assert np.array_equal(task_cross_val_predict(search, X, regression, **options), expected)
    pipeline = make_pipeline(StandardScaler(), model)
    found = task_cross_val_predict(pipeline, X, regression, cv=KFold(3))
    assert np.allclose(found, cross_val_predict(pipeline, X, regression, cv=KFold(3)))
    days = np.repeat(np.arange(6), 10)
    by_day = task_cross_val_predict(model, X, regression, cv=LeaveOneTaskOut(), groups=days)
    first = model.fit(X[10:], regression[10:]).predict(X[:10])
    assert np.array_equal(by_day[:10], first)


def test_a_task_column_of_a_frame_stratifies_the_folds(data):
    X, Y = data
    long, y = wide_to_long(X, Y)
    frame = pd.DataFrame(long, columns=["a", "b", "c", "d", "task"])
    frame["task"] = np.array(["u", "v", "w"])[frame["task"].astype(int)]
    model = MultiTaskLassoClassifier(alpha=0.03, task_column="task")
    found = task_cross_val_predict(model, frame, y, method="predict_proba")
    again = task_cross_val_predict(
        MultiTaskLassoClassifier(alpha=0.03),
        frame[["a", "b", "c", "d"]],
        y,
        tasks=frame["task"],
        method="predict_proba",
    )
    assert np.array_equal(found, again)
    cv = TaskStratifiedKFold(5)
    by_splitter = task_cross_val_predict(model, frame, y, cv=cv)
    named = task_cross_val_predict(model, frame, y, cv=TaskStratifiedKFold(5, task_column="task"))
    assert np.array_equal(by_splitter, named)


def test_a_pipeline_may_hide_the_task_column_from_a_splitter_that_needs_none(data):
    long, y = wide_to_long(*data)
    steps = keep_task_column(StandardScaler(), -1), MultiTaskLassoClassifier(task_column=-1)
    pipeline = make_pipeline(*steps)
    cv = KFold(3, shuffle=True, random_state=0)
    found = task_cross_val_predict(pipeline, long, y, cv=cv, method="predict_proba")
    assert np.array_equal(
        found, cross_val_predict(pipeline, long, y, cv=cv, method="predict_proba")
    )
    with pytest.raises(ValueError, match="cannot know the tasks"):
        task_cross_val_predict(pipeline, long, y)
    by_column = task_cross_val_predict(pipeline, long, y, task_column=-1)
    assert by_column.shape == y.shape


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_long_targets_may_be_a_single_column(data, method):
    X, y = wide_to_long(*data)
    model = MultiTaskLassoClassifier(alpha=0.03, task_column=-1)
    expected = task_cross_val_predict(model, X, y, method=method)
    for column in (y[:, None], pd.DataFrame({"ill": y})):
        assert np.array_equal(task_cross_val_predict(model, X, column, method=method), expected)


def test_probabilities_of_mixed_tasks_and_decision_values_of_machines(data):
    X, Y = data
    mixed = pd.DataFrame({"size": X[:, 0], "ill": Y[:, 0]})
    model = MultiTaskMixed({"size": "squared_error", "ill": "logistic"})
    P = task_cross_val_predict(model, X, mixed, cv=3, method="predict_proba")
    assert P[0] is None
    assert P[1].shape == (60, 2)
    predictions = task_cross_val_predict(model, X, mixed, cv=KFold(3))
    assert predictions.columns.tolist() == ["size", "ill"]
    first = model.fit(X[20:], mixed[20:]).predict(X[:20])
    assert (predictions[:20] == first).all().all()
    machine = MultiTaskSVC()
    complete = np.nan_to_num(Y)
    found = task_cross_val_predict(machine, X, complete, cv=KFold(3), method="decision_function")
    first = machine.fit(X[20:], complete[20:]).decision_function(X[:20])
    assert np.array_equal(found[:20], first)


def test_folds_that_give_no_held_out_prediction_are_refused(data):
    X, Y = data
    with pytest.raises(ValueError, match="are in several test sets"):
        task_cross_val_predict(CLASSIFIER, X, Y, cv=ShuffleSplit(5, random_state=0))
    with pytest.raises(ValueError, match="trains and tests on sample"):
        task_cross_val_predict(CLASSIFIER, X, Y, cv=[(np.arange(60), np.arange(20))])
    with pytest.raises(ValueError, match=r"a mask of shape \(59,\), but X has 60"):
        task_cross_val_predict(CLASSIFIER, X, Y, cv=[(np.ones(59, bool), np.zeros(60, bool))])
    with pytest.raises(ValueError, match=r"positions \(integers\) or masks"):
        task_cross_val_predict(CLASSIFIER, X, Y, cv=[(np.ones(60), np.zeros(60))])
    with pytest.raises(ValueError, match="task_cross_val_predict cannot know the tasks"):
        task_cross_val_predict(CLASSIFIER, X, np.nan_to_num(Y[:, 0]))
    with pytest.raises(ValueError, match="method"):
        task_cross_val_predict(CLASSIFIER, X, Y, method="transform")
