"""Metrics of scores of classes, scorer names, and scores that tasks have or lack."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.exceptions import UndefinedMetricWarning, UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    d2_log_loss_score,
    explained_variance_score,
    f1_score,
    fbeta_score,
    hinge_loss,
    log_loss,
    make_scorer,
    mean_squared_error,
    r2_score,
    roc_auc_score,
    top_k_accuracy_score,
)
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MeanRegularizedClassifier,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskMixed,
    MultiTaskSVC,
    keep_task_column,
    make_mixed_scorer,
    make_task_scorer,
    per_task_scoring,
    task_score,
    wide_to_long,
)
from skmtl.inspection import TaskScoreDisplay
from skmtl.metrics import find_metric

N_TASKS = 4
OF_PROBABILITIES = (log_loss, brier_score_loss, average_precision_score, roc_auc_score)


def binary_tasks(seed=0, missing=0.0):
    """Features and 0/1 targets of four tasks, NaN where one is missing."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((120, 6))
    W = rng.standard_normal((6, 1)) + 0.5 * rng.standard_normal((6, N_TASKS))
    Y = (X @ W + 2 * rng.logistic(size=(120, N_TASKS)) > 0).astype(float)
    Y[rng.uniform(size=Y.shape) < missing] = np.nan
    return X, Y


def as_labels(Y):
    """The targets as strings, None where one is missing."""
    labels = np.where(Y == 1, "yes", "no").astype(object)
    labels[np.isnan(Y)] = None
    return labels


def expected_scores(metric, Y, P):
    """The metric of every task, from the probabilities of class 1."""
    scores = []
    for y, p in zip(Y.T, P.T, strict=True):
        seen = ~np.isnan(y)
        scores.append(metric(y[seen], p[seen]))
    return np.array(scores)


def positive(model, X):
    """Probabilities of the larger class of every task."""
    return np.column_stack([p[:, 1] for p in model.predict_proba(X)])


CLASSIFIERS = [
    MultiTaskLassoClassifier(alpha=0.05),
    MeanRegularizedClassifier(alpha=0.1),
    IndependentTasks(LogisticRegression()),
    make_pipeline(StandardScaler(), MultiTaskLassoClassifier(alpha=0.05)),
]


@pytest.mark.parametrize("labels", [np.copy, as_labels])
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("model", CLASSIFIERS)
def test_scorers_of_wide_tasks_see_probabilities(model, missing, labels):
    X, Y = binary_tasks(missing=missing)
    train, test = slice(0, 80), slice(80, None)
    model.fit(X[train], labels(Y[train]))
    P = positive(model, X[test])
    for metric in OF_PROBABILITIES:
        expected = expected_scores(metric, Y[test], P)
        scorer = make_task_scorer(metric)
        sign = -1 if metric.__name__.endswith("_loss") else 1
        found = scorer(model, X[test], labels(Y[test]))
        assert found == pytest.approx(sign * expected.mean(), rel=1e-12)
        by_task = per_task_scoring(metric, range(N_TASKS))
        found = [one(model, X[test], labels(Y[test])) for one in by_task.values()]
        assert found == pytest.approx(sign * expected, rel=1e-12)
        for scores in (model.predict_proba(X[test]), np.array(model.predict_proba(X[test])), P):
            found = task_score(labels(Y[test]), scores, metric=metric, average=None)
            assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("labels", [np.copy, as_labels])
def test_scorers_of_long_tasks_see_probabilities(labels):
    X, Y = binary_tasks(missing=0.3)
    X_long, y_long = wide_to_long(X, Y)
    tasks = X_long[:, -1]
    model = MultiTaskLassoClassifier(alpha=0.05, task_column=-1)
    model.fit(X_long, labels(y_long))
    P = model.predict_proba(X_long)
    for metric in OF_PROBABILITIES:
        expected = [metric(y_long[tasks == t], P[tasks == t, 1]) for t in range(N_TASKS)]
        sign = -1 if metric.__name__.endswith("_loss") else 1
        found = make_task_scorer(metric)(model, X_long, labels(y_long))
        assert found == pytest.approx(sign * np.mean(expected), rel=1e-12)
        for scores in (P, P[:, 1]):
            found = task_score(labels(y_long), scores, metric=metric, tasks=tasks, average=None)
            assert found == pytest.approx(expected, rel=1e-12)


def test_targets_in_a_single_column_are_scored_by_task():
    X, Y = binary_tasks(missing=0.3)
    X, y = wide_to_long(X, Y)
    column = y[:, None]
    model = MultiTaskLassoClassifier(alpha=0.05, task_column=-1).fit(X, y)
    scorer = make_task_scorer("roc_auc")
    assert scorer(model, X, column) == scorer(model, X, y)
    pipeline = make_pipeline(keep_task_column(StandardScaler(), -1), model).fit(X, y)
    with pytest.raises(ValueError, match="cannot know the tasks"):
        scorer(pipeline, X, column)
    expected = make_task_scorer("roc_auc", task_column=-1)(pipeline, X, y)
    assert make_task_scorer("roc_auc", task_column=-1)(pipeline, X, column) == expected
    frame = pd.DataFrame(X).add_prefix("x").rename(columns={"x6": "task"})
    scale = keep_task_column(StandardScaler(), "task").set_output(transform="pandas")
    last = MultiTaskLassoClassifier(alpha=0.05, task_column="task")
    named = make_pipeline(scale, last).fit(frame, y)
    for given in (y, column):
        assert scorer(named, frame, given) == pytest.approx(expected)


def test_a_search_by_the_area_under_the_curve_ranks_by_probabilities():
    X, Y = binary_tasks(missing=0.2)
    alphas = [1.0, 0.3, 0.1, 0.03]
    search = GridSearchCV(
        MultiTaskLassoClassifier(),
        {"alpha": alphas},
        scoring=make_task_scorer("roc_auc"),
        cv=KFold(3),
    )
    found = search.fit(X, Y).cv_results_["mean_test_score"]
    expected = np.zeros((len(alphas), 3))
    for k, (train, test) in enumerate(KFold(3).split(X)):
        for a, alpha in enumerate(alphas):
            model = MultiTaskLassoClassifier(alpha=alpha).fit(X[train], Y[train])
            P = positive(model, X[test])
            expected[a, k] = expected_scores(roc_auc_score, Y[test], P).mean()
    assert found == pytest.approx(expected.mean(axis=1), rel=1e-9)


def test_decision_values_serve_where_there_are_no_probabilities():
    X, Y = binary_tasks()
    model = MultiTaskSVC(C=0.1).fit(X, Y)
    scores = model.decision_function(X)
    expected = np.mean([roc_auc_score(Y[:, t], scores[:, t]) for t in range(N_TASKS)])
    assert make_task_scorer(roc_auc_score)(model, X, Y) == pytest.approx(expected, rel=1e-12)
    expected = np.mean([hinge_loss(Y[:, t], scores[:, t]) for t in range(N_TASKS)])
    assert make_task_scorer(hinge_loss)(model, X, Y) == pytest.approx(-expected, rel=1e-12)
    with pytest.raises(ValueError, match="log_loss needs predict_proba, which MultiTaskSVC"):
        make_task_scorer(log_loss)(model, X, Y)


@pytest.mark.parametrize("form", ["wide", "long"])
def test_metrics_of_several_classes(form):
    X, _ = binary_tasks()
    rng = np.random.default_rng(0)
    Z = np.digitize(X[:, :N_TASKS] + rng.logistic(size=(120, N_TASKS)), [-1, 1])
    labels = np.array(["high", "low", "middle"])
    metrics = {
        "neg_log_loss": lambda y, P: -log_loss(y, P),
        "roc_auc_ovr": lambda y, P: roc_auc_score(y, P, multi_class="ovr"),
        "roc_auc_ovo": lambda y, P: roc_auc_score(y, P, multi_class="ovo"),
        "average_precision": average_precision_score,
        "top_k_accuracy": top_k_accuracy_score,
    }
    model = MultiTaskLassoClassifier(alpha=0.02)
    if form == "wide":
        model.fit(X, labels[Z])
        P = model.predict_proba(X)
        y = labels[Z]
    else:
        X, z = wide_to_long(X, Z)
        y = labels[z]
        model.set_params(task_column=-1).fit(X, y)
        P = model.predict_proba(X)
        P = [P[X[:, -1] == t] for t in range(N_TASKS)]
    for name, metric in metrics.items():
        expected = np.mean([metric(Z[:, t], P[t]) for t in range(N_TASKS)])
        assert make_task_scorer(name)(model, X, y) == pytest.approx(expected, rel=1e-12)


def test_classes_that_a_fold_lacks_do_not_change_the_labels():
    X, Y = binary_tasks()
    model = MultiTaskLassoClassifier(alpha=0.05).fit(X, Y)
    only = np.flatnonzero(Y[:, 0] == 1)[:7]
    P = positive(model, X[only])
    expected = [log_loss(Y[only, t], P[:, t], labels=[0, 1]) for t in range(N_TASKS)]
    found = make_task_scorer("neg_log_loss")(model, X[only], Y[only])
    assert found == pytest.approx(-np.mean(expected), rel=1e-12)
    found = make_task_scorer("neg_brier_score", task=0)(model, X[only], Y[only])
    assert found == pytest.approx(-np.mean((1 - P[:, 0]) ** 2), rel=1e-12)


def test_hinge_loss_of_one_class_keeps_its_side():
    margins = np.array([0.5, 2.0, -1.0])
    for label in (0, 1):
        side = 1 if label else -1
        expected = np.maximum(0, 1 - side * margins).mean()
        found = task_score(np.full(3, label), margins, metric=hinge_loss, classes=[0, 1])
        assert found == pytest.approx(expected)


def test_a_class_that_the_model_never_saw_has_probability_zero():
    y = np.array(["a", "b", "c"])
    P = np.array([[0.6, 0.4], [0.5, 0.5], [0.5, 0.5]])
    found = task_score(y, P, metric=log_loss, tasks=[0, 0, 0], classes=["a", "b"])
    smallest = np.finfo(float).eps
    assert found == pytest.approx(-np.log([0.6, 0.5, smallest]).mean(), rel=1e-6)


@pytest.mark.parametrize(
    "name",
    ["roc_auc", "average_precision", "d2_log_loss_score", "matthews_corrcoef"],
)
def test_a_task_of_one_class_cannot_be_judged(name):
    X, Y = binary_tasks()
    model = MultiTaskLassoClassifier(alpha=0.05).fit(X, Y)
    Y = Y.copy()
    Y[:, 1] = 1
    by_task = {t: make_task_scorer(name, task=t)(model, X, Y) for t in range(N_TASKS)}
    assert np.isnan(by_task.pop(1))
    with pytest.warns(UndefinedMetricWarning, match=r"no value for 1 of 4 tasks, \[1\]"):
        score = make_task_scorer(name)(model, X, Y)
    assert score == pytest.approx(np.mean(list(by_task.values())), rel=1e-12)


def test_no_task_that_can_be_judged_is_nan_not_an_exception():
    X, Y = binary_tasks()
    model = MultiTaskLassoClassifier(alpha=0.05).fit(X, Y)
    with pytest.warns(UndefinedMetricWarning, match="no value for any task"):
        assert np.isnan(make_task_scorer("roc_auc")(model, X, np.ones_like(Y)))


def test_scorer_names_have_the_sign_of_scikit_learn():
    X, Y = binary_tasks()
    model = MultiTaskLasso(alpha=0.01).fit(X, Y)
    Z = model.predict(X)
    error = mean_squared_error(Y, Z)
    assert make_task_scorer("neg_mean_squared_error")(model, X, Y) == pytest.approx(-error)
    assert make_task_scorer(mean_squared_error)(model, X, Y) == pytest.approx(-error)
    assert task_score(Y, Z, metric="neg_mean_squared_error") == pytest.approx(-error)
    assert task_score(Y, Z, metric=mean_squared_error) == pytest.approx(error)
    by_task = task_score(Y, Z, metric="neg_mean_squared_error", average=None)
    worst = task_score(Y, Z, metric="neg_mean_squared_error", average="worst")
    assert worst == by_task.min()
    with pytest.raises(ValueError, match="contradicts the scorer"):
        make_task_scorer("neg_log_loss", greater_is_better=True)
    with pytest.raises(ValueError, match=r"'rocauc' is not one of .* Similar names: roc_auc"):
        make_task_scorer("rocauc")


def test_metrics_with_options_and_of_ones_own():
    X, Y = binary_tasks()
    model = MultiTaskLassoClassifier(alpha=0.05).fit(X, Y)
    expected = np.mean(
        [fbeta_score(y, z, beta=2) for y, z in zip(Y.T, model.predict(X).T, strict=True)]
    )
    for metric in (partial(fbeta_score, beta=2), make_scorer(fbeta_score, beta=2)):
        assert make_task_scorer(metric)(model, X, Y) == pytest.approx(expected, rel=1e-12)
    expected = expected_scores(f1_score, Y, model.predict(X)).mean()
    assert make_task_scorer("f1")(model, X, Y) == pytest.approx(expected, rel=1e-12)

    def cost_loss(y, probability):
        return np.mean(np.abs(y - probability))

    def cost(y, y_proba):
        return cost_loss(y, y_proba)

    expected = expected_scores(cost_loss, Y, positive(model, X)).mean()
    stated = make_task_scorer(cost_loss, response_method="predict_proba")
    found = make_task_scorer(cost, greater_is_better=False)
    assert stated(model, X, Y) == pytest.approx(-expected)
    assert found(model, X, Y) == pytest.approx(-expected)
    with pytest.raises(ValueError, match="response_method"):
        make_task_scorer(cost_loss, response_method="probability")


def test_positive_class_of_ones_choice():
    X, Y = binary_tasks()
    labels = as_labels(Y)
    model = MultiTaskLassoClassifier(alpha=0.05).fit(X, labels)
    expected = expected_scores(average_precision_score, 1 - Y, 1 - positive(model, X)).mean()
    metric = partial(average_precision_score, pos_label="no")
    for method in ("predict_proba", "decision_function"):
        scorer = make_task_scorer(metric, response_method=method)
        assert scorer(model, X, labels) == pytest.approx(expected, rel=1e-12)


def test_tasks_may_have_labels_of_different_types():
    X, Y = binary_tasks()
    mixed = pd.DataFrame({"number": Y[:, 0], "text": np.where(Y[:, 1] == 1, "yes", "no")})
    model = MultiTaskLassoClassifier(alpha=0.05).fit(X, mixed)
    P = model.predict_proba(X)
    expected = [roc_auc_score(Y[:, t], P[t][:, 1]) for t in range(2)]
    found = task_score(mixed, P, metric="roc_auc", average=None)
    assert found == pytest.approx(expected)
    scorer = make_task_scorer("roc_auc")
    assert scorer(model, X, mixed[["text", "number"]]) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize(
    "model",
    [
        MultiOutputClassifier(LogisticRegression()),
        ClassifierChain(LogisticRegression()),
        MLPClassifier(5, max_iter=2, random_state=0),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_of_scikit_learn_are_scored_by_probabilities(model):
    X, Y = binary_tasks()
    P = np.asarray(model.fit(X, Y.astype(int)).predict_proba(X))
    P = P[:, :, 1].T if P.ndim == 3 else P
    expected = expected_scores(roc_auc_score, Y, P).mean()
    assert make_task_scorer("roc_auc")(model, X, Y) == pytest.approx(expected)


def test_class_labels_in_place_of_scores_are_warned_about():
    X, Y = binary_tasks()
    model = MultiTaskLassoClassifier(alpha=0.05).fit(X, Y)
    with pytest.warns(UserWarning, match="y_pred holds class labels only"):
        task_score(Y, model.predict(X), metric=roc_auc_score)
    with pytest.raises(ValueError, match="class labels"):
        task_score(as_labels(Y), as_labels(model.predict(X)), metric=roc_auc_score)


# ---------------------------------------------------------------- too few targets


def test_one_target_is_enough_for_an_error_and_two_are_needed_for_r2():
    y = np.array([1.0, 2.0, 4.0, 3.0])
    z = np.array([1.5, 2.5, 3.0, 3.0])
    tasks = ["a", "a", "a", "b"]
    z[3] = 2.5
    errors = task_score(y, z, tasks=tasks, metric=mean_squared_error, average=None)
    assert errors == pytest.approx([0.5, 0.25])
    assert np.isnan(task_score(y, z, tasks=tasks, average=None)[1])
    spread = task_score(y, z, tasks=tasks, metric=explained_variance_score, average=None)
    assert np.isnan(spread[1])
    errors = task_score(y, z, tasks=tasks, metric=mean_squared_error, average=None, min_samples=2)
    assert np.isnan(errors[1])


def test_per_task_errors_of_folds_of_one_row_are_no_nan():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((9, 2))
    tasks = np.repeat([0.0, 1.0, 2.0], 3)
    y = X[:, 0] + 0.1 * rng.standard_normal(9)
    result = cross_validate(
        MultiTaskLasso(alpha=0.01, task_column=-1),
        np.column_stack([X, tasks]),
        y,
        scoring=per_task_scoring("neg_mean_squared_error", [0, 1, 2], task_column=-1),
        cv=[(np.arange(9) % 3 != k, np.arange(9) % 3 == k) for k in range(3)],
    )
    for t in range(3):
        assert np.isfinite(result[f"test_task_{t}"]).all()


def test_tasks_that_do_not_count_are_named():
    y = np.array([1.0, 2.0, 4.0, 3.0])
    z = y + 0.1
    tasks = ["a", "a", "a", "b"]
    with pytest.warns(UndefinedMetricWarning, match=r"no value for 1 of 2 tasks, \['b'\]"):
        score = task_score(y, z, tasks=tasks)
    assert score == pytest.approx(r2_score(y[:3], z[:3]))
    with pytest.warns(UserWarning, match=r"gives no weight to task\(s\) \['b'\]"):
        task_score(y, z, tasks=tasks, metric=mean_squared_error, average="variance_weighted")
    with pytest.raises(ValueError, match="neg_max_error takes no sample_weight"):
        task_score(y, z, tasks=tasks, metric="neg_max_error", sample_weight=np.ones(4))
    labels = np.array(["u", "v"])
    options = {"metric": log_loss, "average": "variance_weighted"}
    with pytest.raises(ValueError, match="needs numbers as targets"):
        task_score(labels, np.array([0.2, 0.8]), tasks=[0, 0], **options)


# ---------------------------------------------------------------- names


@pytest.fixture
def named():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    Y = X @ rng.standard_normal((4, 3)) * [1, 10, 0.1] + 0.1 * rng.standard_normal((60, 3))
    return X, pd.DataFrame(Y, columns=["height", "weight", "age"])


def test_scorers_match_the_columns_of_y_by_name(named):
    X, Y = named
    model = MultiTaskLasso(alpha=0.001).fit(X, Y)
    turned = Y[["age", "weight", "height"]]
    for scorer in (
        make_task_scorer(task="height"),
        make_task_scorer(),
        make_task_scorer("neg_mean_squared_error", average="worst"),
        make_task_scorer("r2", average="variance_weighted"),
    ):
        for fitted in (model, make_pipeline(StandardScaler(), model).fit(X, Y)):
            assert scorer(fitted, X, turned) == scorer(fitted, X, Y)
    assert make_task_scorer(task="height")(model, X, turned) > 0.9
    assert make_task_scorer(task="height")(model, X, Y.to_numpy()) > 0.9
    weight = pd.DataFrame(np.arange(180.0).reshape(60, 3), columns=Y.columns)
    expected = make_task_scorer()(model, X, Y, sample_weight=weight.to_numpy())
    assert make_task_scorer()(model, X, turned, sample_weight=weight[turned.columns]) == expected
    with pytest.raises(ValueError, match=r"no column for task\(s\) \['weight'\]"):
        make_task_scorer()(model, X, Y.rename(columns={"weight": "mass"}))


def test_task_score_matches_columns_by_name_and_refuses_other_rows(named):
    _, Y = named
    Z = Y + np.random.default_rng(1).standard_normal(Y.shape)
    expected = task_score(Y.to_numpy(), Z.to_numpy(), average=None)
    assert task_score(Y, Z[["age", "height", "weight"]], average=None) == pytest.approx(expected)
    with pytest.raises(ValueError, match="y_pred has no column for task"):
        task_score(Y, Z.rename(columns={"age": "years"}))
    with pytest.raises(ValueError, match="index labels of y_pred are in another order"):
        task_score(Y, Z[::-1])
    with pytest.raises(ValueError, match="index labels of y_pred are other than"):
        task_score(Y.set_index(Y.index + 100), Z.set_index(Y.index + 500))
    labeled = Y.set_index(Y.index + 100)
    assert task_score(labeled, Z, average=None) == pytest.approx(expected)
    long = Y["height"].rename(None)
    with pytest.raises(ValueError, match="index labels of tasks"):
        task_score(long, Z["height"], tasks=pd.Series(["a"] * 60, index=long.index[::-1]))


def test_a_task_of_dates_is_found_by_any_spelling(named):
    X, Y = named
    days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])
    Y = Y.set_axis(days, axis=1)
    model = MultiTaskLasso(alpha=0.001).fit(X, Y)
    expected = r2_score(Y.iloc[:, 1], model.predict(X)[:, 1])
    for day in (days[1], days[1].to_pydatetime(), np.datetime64("2024-01-02")):
        assert make_task_scorer(task=day)(model, X, Y) == pytest.approx(expected)
    by_day = per_task_scoring("r2", days)
    assert list(by_day)[1] == "task_2024-01-02 00:00:00"
    assert by_day["task_2024-01-02 00:00:00"](model, X, Y) == pytest.approx(expected)
    assert list(per_task_scoring("r2", ["a", 2**60 + 1])) == ["task_a", f"task_{2**60 + 1}"]


# ---------------------------------------------------------------- mixed tasks


def test_scorers_of_mixed_tasks_see_probabilities_of_those_with_classes():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 3))
    Y = pd.DataFrame({"size": X[:, 0] + rng.standard_normal(100)})
    Y["ill"] = np.where(X[:, 0] + rng.logistic(size=100) > 0, "yes", "no")
    model = MultiTaskMixed({"size": "squared_error", "ill": "logistic"}).fit(X, Y)
    expected = roc_auc_score(Y["ill"], model.predict_proba(X)[1][:, 1])
    found = make_task_scorer("roc_auc", task="ill")(model, X, Y[["ill", "size"]])
    assert found == pytest.approx(expected, rel=1e-12)
    with pytest.warns(UndefinedMetricWarning, match=r"\['size'\]"):
        assert make_task_scorer("roc_auc")(model, X, Y) == pytest.approx(expected, rel=1e-12)
    scorer = make_mixed_scorer()
    assert scorer(model, X, Y[["ill", "size"]]) == scorer(model, X, Y)
    with pytest.raises(TypeError, match="make_mixed_scorer scores MultiTaskMixed"):
        scorer(MultiTaskLasso().fit(X, X), X, X)


# ---------------------------------------------------------------- what is found of a metric


@pytest.mark.parametrize(
    ("metric", "sign", "methods", "min_samples"),
    [
        (roc_auc_score, 1, ("decision_function", "predict_proba"), 2),
        (log_loss, -1, ("predict_proba",), 1),
        (accuracy_score, 1, ("predict",), 1),
        (r2_score, 1, ("predict",), 2),
        (d2_log_loss_score, 1, ("predict_proba",), 2),
        (hinge_loss, -1, ("decision_function",), 1),
        ("roc_auc_ovr", 1, ("predict_proba",), 2),
        ("neg_mean_absolute_error", -1, ("predict",), 1),
        (partial(roc_auc_score, multi_class="ovr"), 1, ("predict_proba",), 2),
    ],
)
def test_what_a_metric_needs_is_found(metric, sign, methods, min_samples):
    found = find_metric(metric)
    assert found.sign == sign
    assert found.response_method == methods
    assert found.min_samples == min_samples
    assert pickle.loads(pickle.dumps(found)).response_method == methods


# ---------------------------------------------------------------- metadata


def test_weights_and_task_ids_reach_a_scorer_that_asks_for_them():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    tasks = np.tile(["a", "b"], 20)
    y = X[:, 0] + 0.3 * rng.standard_normal(40)
    weight = rng.integers(0, 3, size=40).astype(float)
    cv = [(np.arange(20), np.arange(20, 40))]
    metadata = {"tasks": tasks, "sample_weight": weight}
    with config_context(enable_metadata_routing=True):
        model = MultiTaskLasso(alpha=0.01).set_fit_request(tasks=True, sample_weight=False)
        scorer = make_task_scorer("neg_mean_squared_error")
        with pytest.raises(UnsetMetadataPassedError):
            GridSearchCV(model, {"alpha": [0.1]}, scoring=scorer, cv=cv).fit(X, y, **metadata)
        scorer.set_score_request(sample_weight=True, tasks=True)
        search = GridSearchCV(model, {"alpha": [0.1]}, scoring=scorer, cv=cv)
        found = search.fit(X, y, **metadata).cv_results_["mean_test_score"][0]
    fitted = MultiTaskLasso(alpha=0.1).fit(X[:20], y[:20], tasks=tasks[:20])
    errors = []
    for task in ("a", "b"):
        own = np.flatnonzero(tasks == task)[10:]
        predictions = fitted.predict(X[own], tasks=tasks[own])
        errors.append(mean_squared_error(y[own], predictions, sample_weight=weight[own]))
    assert found == pytest.approx(-np.mean(errors), rel=1e-12)


# ---------------------------------------------------------------- pictures


@pytest.fixture
def no_windows():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield
    pyplot.close("all")


def test_pictures_of_scores_see_probabilities(no_windows):
    X, Y = binary_tasks(missing=0.3)
    model = MultiTaskLassoClassifier(alpha=0.05).fit(X, Y)
    expected = expected_scores(roc_auc_score, Y, positive(model, X))
    alone = IndependentTasks(LogisticRegression()).fit(X, Y)
    drawn = TaskScoreDisplay.from_estimator(model, X, Y, metric="roc_auc", baseline=alone)
    assert drawn.scores == pytest.approx(expected)
    assert drawn.baseline_scores == pytest.approx(
        expected_scores(roc_auc_score, Y, positive(alone, X))
    )
    assert drawn.ax_.get_xlabel() == "roc auc"
    for scores in (model.predict_proba(X), positive(model, X)):
        drawn = TaskScoreDisplay.from_predictions(Y, scores, metric=roc_auc_score)
        assert drawn.scores == pytest.approx(expected)


def test_pictures_of_scores_match_columns_by_name(named, no_windows):
    X, Y = named
    model = MultiTaskLasso(alpha=0.001).fit(X, Y)
    turned = Y[["weight", "age", "height"]]
    other = MultiTaskLasso(alpha=1.0).fit(X, turned)
    drawn = TaskScoreDisplay.from_estimator(model, X, turned, baseline=other)
    assert drawn.tasks.tolist() == ["height", "weight", "age"]
    assert drawn.scores == pytest.approx(task_score(Y, model.predict(X), average=None))
    expected = task_score(turned, other.predict(X), average=None)
    assert drawn.baseline_scores == pytest.approx(expected[[2, 0, 1]])


def test_pictures_of_errors_show_tasks_of_one_target(no_windows):
    y, z = np.array([1.0, 2.0, 5.0]), np.array([1.5, 2.0, 4.0])
    options = {"tasks": ["a", "a", "b"], "metric": mean_squared_error}
    drawn = TaskScoreDisplay.from_predictions(y, z, **options)
    assert drawn.scores == pytest.approx([0.125, 1.0])
    drawn = TaskScoreDisplay.from_predictions(y, z, min_samples=2, **options)
    assert np.isnan(drawn.scores[1])


def test_pictures_of_mixed_tasks_show_their_skills(no_windows):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 3))
    Y = np.column_stack([X[:, 0] + rng.standard_normal(80), X[:, 1] + rng.logistic(size=80) > 0])
    model = make_pipeline(StandardScaler(), MultiTaskMixed(["squared_error", "logistic"]))
    model.fit(X, Y)
    drawn = TaskScoreDisplay.from_estimator(model, X, Y)
    expected = model[-1].skills(model[:-1].transform(X), Y)
    assert drawn.scores == pytest.approx(expected)
    assert drawn.ax_.get_xlabel() == "skill"
    with pytest.raises(ValueError, match="MultiTaskLasso has no skills"):
        TaskScoreDisplay.from_estimator(model, X, Y, baseline=MultiTaskLasso().fit(X, Y))


@pytest.mark.parametrize("weight", [[1.0, np.nan], [1.0, -1.0], [1.0, np.inf]])
def test_weights_that_are_none_are_refused(weight):
    Y = np.array([[1.0], [2.0]])
    for options in ({}, {"tasks": [0, 0]}):
        with pytest.raises(ValueError, match="sample_weight must be finite and at least 0"):
            task_score(Y, Y, sample_weight=weight, **options)
    masked = np.ma.array([1.0, 1.0], mask=[True, False])
    with pytest.raises(ValueError, match="sample_weight is a masked array"):
        task_score(Y, Y, sample_weight=masked)


def test_targets_without_a_prediction_are_named():
    y = np.array([[1.0, 1.0], [2.0, np.nan], [4.0, 3.0]])
    z = np.array([[1.0, 1.5], [2.0, np.nan], [np.nan, 2.5]])
    with pytest.raises(ValueError, match=r"NaN or None for 1 target\(s\) of task 0"):
        task_score(y, z)
    assert task_score(y[:2], z[:2], metric=mean_squared_error) == 0.125


def test_scorers_of_two_tasks_have_two_names():
    days = pd.to_datetime(["2024-01-02 00:00:00.000000001", "2024-01-02"], format="mixed")
    first, _ = per_task_scoring("r2", days)
    assert first == "task_2024-01-02T00:00:00.000000001"
    with pytest.raises(ValueError, match="Two of the tasks have the scorer 'task_1'"):
        per_task_scoring("r2", np.array([1, "1"], dtype=object))
