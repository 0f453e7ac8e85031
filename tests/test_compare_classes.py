"""The comparison of classifiers: log-loss, area under the ROC curve, absent classes."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    brier_score_loss,
    fbeta_score,
    get_scorer,
    log_loss,
    make_scorer,
    roc_auc_score,
)

from skmtl import (
    IndependentTasks,
    MultiTaskLassoClassifier,
    MultiTaskSVC,
    TaskStratifiedKFold,
    compare_to_single_task,
    make_multitask_classification,
    wide_to_long,
)
from skmtl.evaluation import single_task
from skmtl.evaluation._errors.find_measure import find_measure

SINGLE_TASK = LogisticRegression()
FAST = {"baseline": SINGLE_TASK, "rivals": (), "model_figures": False, "random_state": 0}
FOLDS = TaskStratifiedKFold(3)
HALVES = TaskStratifiedKFold(2)


@pytest.fixture(scope="module")
def wide():
    return make_multitask_classification(n_samples=60, n_tasks=3, random_state=0)


@pytest.fixture(scope="module")
def long(wide):
    """The same as long data with a task column, task by task."""
    X, y = wide_to_long(wide.X, wide.y)[:2]
    return np.asarray(X), np.asarray(y)


@pytest.mark.parametrize("scoring", [None, "roc_auc"])
def test_errors_are_those_of_fitting_by_hand(long, scoring):
    X, y = long
    cv = TaskStratifiedKFold(3, task_column=-1, shuffle=True, random_state=1)
    model = MultiTaskLassoClassifier(0.02, task_column=-1)
    report = compare_to_single_task(model, X, y, cv=cv, scoring=scoring, **FAST)
    for k, (train, test) in enumerate(cv.split(X)):
        single = IndependentTasks(SINGLE_TASK, task_column=-1)
        for m, each in enumerate((single, model)):
            p = each.fit(X[train], y[train]).predict_proba(X[test])
            for t in range(3):
                of_task = X[test, -1] == t
                if scoring is None:
                    expected = log_loss(y[test][of_task], p[of_task], labels=each.classes_)
                else:
                    expected = 1 - roc_auc_score(y[test][of_task], p[of_task, 1])
                assert report.cv_results_["errors"][k, t, m] == pytest.approx(expected)


@pytest.mark.parametrize("scoring", [None, "roc_auc"])
def test_data_forms_and_types_of_class_labels_agree(wide, long, scoring):
    model, folds = MultiTaskLassoClassifier(0.02), TaskStratifiedKFold(3)
    words = np.where(wide.y == wide.y.max(), "yes", "no").astype(object)
    test_sets = [
        np.flatnonzero(np.isin(np.arange(180) % 60, test))
        for _, test in folds.split(wide.X, wide.y)
    ]
    cv = [(np.setdiff1d(np.arange(180), test), test) for test in test_sets]
    X, y = long
    order = np.lexsort((np.arange(180), X[:, -1]))
    assert np.array_equal(order, np.arange(180))
    tables = [
        compare_to_single_task(model, wide.X, wide.y, cv=folds, scoring=scoring, **FAST).table_,
        compare_to_single_task(model, wide.X, words, cv=folds, scoring=scoring, **FAST).table_,
        compare_to_single_task(
            MultiTaskLassoClassifier(0.02, task_column=-1), X, y, cv=cv, scoring=scoring, **FAST
        ).table_,
    ]
    for name in ("error_single", "error_multi", "own_gain", "t_p_value"):
        np.testing.assert_allclose(tables[0][name], tables[1][name])
        np.testing.assert_allclose(tables[0][name], tables[2][name], rtol=1e-6)
    # Tasks of wide data err together, which widens what they say about each other.
    np.testing.assert_allclose(tables[0]["gain"], tables[1]["gain"])
    np.testing.assert_allclose(tables[0]["gain"], tables[2]["gain"], atol=0.01)


def test_missing_targets_are_not_scored(wide):
    Y = wide.y.astype(float)
    Y[::4, 1] = np.nan
    report = compare_to_single_task(MultiTaskLassoClassifier(0.02), wide.X, Y, cv=FOLDS, **FAST)
    assert report.table_["n_test"][1] == pytest.approx(45 / 3)
    assert np.isfinite(report.table_["gain"]).all()


@pytest.mark.parametrize("scoring", ["roc_auc", "f1"])
def test_identical_classifiers_are_open_by_any_score(wide, scoring):
    model = IndependentTasks(SINGLE_TASK)
    options = {**FAST, "cv": FOLDS, "scoring": scoring}
    report = compare_to_single_task(model, wide.X, wide.y, **options)
    assert (report.table_["gain"] == 0).all()
    assert (report.table_["verdict"] == "open").all()


def test_three_classes_have_a_log_loss_and_no_area():
    data = make_multitask_classification(n_samples=60, n_tasks=2, n_classes=3, random_state=0)
    model = MultiTaskLassoClassifier(0.1)
    report = compare_to_single_task(model, data.X, data.y, cv=FOLDS, **FAST)
    assert (report.table_["error_multi"] < np.log(3)).all()
    with pytest.raises(ValueError, match="needs tasks of two classes, got"):
        compare_to_single_task(model, data.X, data.y, cv=FOLDS, scoring="roc_auc", **FAST)


@pytest.mark.filterwarnings("ignore:Task.* lack a class")
def test_absent_classes_and_undefined_areas_are_noted(wide):
    Y = wide.y.copy()
    Y[:, 0] = Y.min()
    Y[7, 0] = Y.max()  # one of its kind: never on both sides
    options = {"cv": FOLDS, **FAST}
    loss = compare_to_single_task(MultiTaskLassoClassifier(0.02), wide.X, Y, **options)
    assert loss.table_["note"][0] == "class absent in 1 of 3 training sets"
    assert loss.table_["note"][1] == ""
    area = compare_to_single_task(
        MultiTaskLassoClassifier(0.02), wide.X, Y, scoring="roc_auc", **options
    )
    assert "1 - AUC undefined in 2 of 3 test sets" in area.table_["note"][0]
    assert area.table_["verdict"][0] == "open"  # one test set has both classes
    assert np.isfinite(area.table_["gain"]).all()


@pytest.mark.filterwarnings("ignore:Task.* lack a class")
def test_a_task_of_one_class_is_noted_and_left_out(wide):
    Y = wide.y.copy()
    Y[:, 0] = Y.min()
    report = compare_to_single_task(
        MultiTaskLassoClassifier(0.02), wide.X, Y, scoring="roc_auc", cv=FOLDS, **FAST
    )
    assert np.isnan(report.table_["gain"][0])
    assert report.table_["note"][0].startswith("one class only")
    assert report.summary_["n_judged"] == 2
    assert np.isfinite(report.summary_["median_gain"])
    assert report.table_["verdict"][0] == "not judged"


def test_tuned_baselines_are_fitted_without_warnings(long, recwarn):
    X, y = long
    model = MultiTaskLassoClassifier(0.02, task_column=-1)
    report = compare_to_single_task(model, X, y, cv=HALVES, random_state=0)
    assert report.cv_results_["methods"] == ["single", "multi", "intercept", "pooled"]
    assert set(report.summary_["n_unconverged"].values()) == {0}
    assert [w for w in recwarn if w.category is FutureWarning] == []


def test_small_tasks_rare_classes_and_sorted_samples_are_compared_with_tuned_baselines():
    rng = np.random.default_rng(0)
    options = {"random_state": 0, "cv": FOLDS, "model_figures": False}
    small = rng.normal(size=(40, 3)), np.tile([0, 1], 20), np.repeat(np.arange(5), 8)
    ordered = rng.normal(size=(90, 3)), np.tile(np.repeat([0, 1], 15), 3), np.repeat([0, 1, 2], 30)
    rare = rng.normal(size=(60, 3)), (np.arange(60) % 20 == 0) * 1, np.tile([0, 1, 2], 20)
    for X, y, tasks in (small, ordered, rare):
        model = MultiTaskLassoClassifier(0.05)
        report = compare_to_single_task(model, X, y, tasks=tasks, **options)
        assert np.isfinite(report.cv_results_["errors"]).all()


@pytest.mark.parametrize("counts", [(1, 1), (1, 3), (2, 2), (2, 9)])
def test_baselines_that_tune_themselves_take_few_samples_of_a_class(counts):
    y = np.repeat([0, 1], counts)
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    model = IndependentTasks(single_task(MultiTaskLassoClassifier()))
    p = model.fit(X, y, tasks=np.zeros(len(y))).predict_proba(X, tasks=np.zeros(len(y)))
    assert p.shape == (len(y), 2)
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_an_area_of_a_task_without_targets_is_refused_as_by_fit(wide):
    Y = wide.y.astype(object)
    Y[:, 1] = None
    with pytest.raises(ValueError, match="at least one target"):
        compare_to_single_task(
            MultiTaskLassoClassifier(0.02), wide.X, Y, scoring="roc_auc", cv=FOLDS, **FAST
        )


# ---------------------------------------------------------------- any score


SCORES = ["average_precision", "neg_brier_score", "f1", "balanced_accuracy", "accuracy"]


@pytest.mark.parametrize("scoring", SCORES)
def test_errors_by_any_score_are_those_of_scikit_learns_scorer(wide, long, scoring):
    folds = TaskStratifiedKFold(3)
    model = MultiTaskLassoClassifier(0.02)
    report = compare_to_single_task(model, wide.X, wide.y, cv=folds, scoring=scoring, **FAST)
    scorer = get_scorer(scoring)
    for k, (train, test) in enumerate(folds.split(wide.X, wide.y)):
        for t in range(3):
            single = LogisticRegression().fit(wide.X[train], wide.y[train, t])
            score = scorer(single, wide.X[test], wide.y[test, t])
            expected = -score if scoring.startswith("neg_") else 1 - score
            assert report.cv_results_["errors"][k, t, 0] == pytest.approx(expected)
    table = report.table_
    assert (table["ci_low"] < table["own_gain"]).all()
    assert (table["own_gain"] < table["ci_high"]).all()
    summary = report.summary_
    assert summary["median_gain_low"] < summary["median_gain"] < summary["median_gain_high"]

    tests = [test for _, test in folds.split(wide.X, wide.y)]
    masks = [np.isin(np.tile(np.arange(60), 3), test) for test in tests]
    by_ids = compare_to_single_task(
        model,
        long[0][:, :-1],
        long[1],
        tasks=long[0][:, -1],
        cv=[(~mask, mask) for mask in masks],
        scoring=scoring,
        **FAST,
    )
    np.testing.assert_allclose(
        by_ids.cv_results_["errors"], report.cv_results_["errors"], atol=1e-12
    )


@pytest.mark.parametrize(
    ("scoring", "same"),
    [
        (roc_auc_score, "roc_auc"),
        (log_loss, "neg_log_loss"),
        (brier_score_loss, "neg_brier_score"),
        (make_scorer(fbeta_score, beta=1), "f1"),
    ],
)
def test_functions_and_scorers_give_the_same_as_names(wide, scoring, same):
    model = MultiTaskLassoClassifier(0.02)
    one, other = (
        compare_to_single_task(model, wide.X, wide.y, cv=HALVES, scoring=each, **FAST).cv_results_
        for each in (scoring, same)
    )
    np.testing.assert_array_equal(one["errors"], other["errors"])


def test_words_as_labels_are_ranked_like_numbers(wide):
    words = np.where(wide.y == wide.y.max(), "yes", "no").astype(object)
    model = MultiTaskLassoClassifier(0.02)
    for scoring in ("average_precision", "neg_brier_score", "balanced_accuracy"):
        numbers, texts = (
            compare_to_single_task(model, wide.X, Y, cv=HALVES, scoring=scoring, **FAST).cv_results_
            for Y in (wide.y, words)
        )
        np.testing.assert_allclose(numbers["errors"], texts["errors"])


def test_three_classes_have_errors_by_scores_of_several_classes():
    data = make_multitask_classification(n_samples=60, n_tasks=2, n_classes=3, random_state=0)
    model = MultiTaskLassoClassifier(0.1)
    report = compare_to_single_task(
        model, data.X, data.y, cv=TaskStratifiedKFold(2), scoring="roc_auc_ovr", **FAST
    )
    train, test = next(TaskStratifiedKFold(2).split(data.X, data.y))
    single = SINGLE_TASK.fit(data.X[train], data.y[train, 1])
    score = get_scorer("roc_auc_ovr")(single, data.X[test], data.y[test, 1])
    assert report.cv_results_["errors"][0, 1, 0] == pytest.approx(1 - score)


@pytest.mark.parametrize("scoring", ["roc_auc_ovr", "d2_log_loss_score"])
def test_a_class_that_some_fits_lack_has_probability_zero_there(scoring):
    y = np.tile([0, 1, 2], 8)
    codes = np.zeros(len(y), dtype=int)
    measure = find_measure(scoring, is_classification=True)
    truth = measure.read(y, codes).truth
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), len(y))
    probabilities[:6, 2] = 0.0
    probabilities[:6] /= probabilities[:6].sum(axis=1, keepdims=True)
    lacking = probabilities.copy()
    lacking[:6, 2] = np.nan
    errors = measure.errors(truth, lacking, codes, 1)
    expected = measure.errors(truth, probabilities, codes, 1)
    np.testing.assert_array_equal(errors, expected)


def test_support_vectors_are_judged_by_what_they_have(wide):
    model = MultiTaskSVC(kernel="linear", C=0.1)
    report = compare_to_single_task(
        model, wide.X, wide.y, cv=HALVES, scoring="accuracy", random_state=0, model_figures=False
    )
    assert report.cv_results_["methods"] == ["single", "multi", "intercept", "pooled"]
    folds = TaskStratifiedKFold(2)
    report = compare_to_single_task(model, wide.X, wide.y, cv=folds, scoring="roc_auc", **FAST)
    train, test = next(folds.split(wide.X, wide.y))
    values = model.fit(wide.X[train], wide.y[train]).decision_function(wide.X[test])
    expected = 1 - roc_auc_score(wide.y[test, 1], values[:, 1])
    assert report.cv_results_["errors"][0, 1, 1] == pytest.approx(expected)
    with pytest.raises(TypeError, match="judged by probabilities, but MultiTaskSVC"):
        compare_to_single_task(model, wide.X, wide.y, cv=HALVES)
    with pytest.raises(TypeError, match="needs decision_function or predict_proba, which single"):
        compare_to_single_task(model, wide.X, wide.y, cv=HALVES, scoring="roc_auc")


def score_of_an_estimator(estimator, X, y):
    return 1.0


def profit(y_true, y_pred):
    return 100.0


@pytest.mark.parametrize(
    ("scoring", "error", "message"),
    [
        ("r2", ValueError, "scoring='r2' is not one of the scores of classifiers"),
        ("rocauc", ValueError, "scoring='rocauc' is not one of scikit-learn's .* roc_auc"),
        (profit, ValueError, "cannot be read off its name.*make_scorer"),
        (make_scorer(profit), ValueError, "profit is 100, but gains .* a score of at most 1"),
        (score_of_an_estimator, TypeError, "give the metric itself"),
        (3, TypeError, "got 3"),
    ],
)
def test_scores_that_give_no_error_are_refused(wide, scoring, error, message):
    with pytest.raises(error, match=message):
        compare_to_single_task(
            MultiTaskLassoClassifier(0.02), wide.X, wide.y, cv=HALVES, scoring=scoring, **FAST
        )
