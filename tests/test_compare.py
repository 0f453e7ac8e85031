"""Did sharing help? The comparison, its statistics and its report."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoCV,
    MultiTaskMixed,
    PooledTasks,
    TaskStratifiedKFold,
    compare_to_single_task,
    keep_task_column,
    make_multitask_regression,
)
from skmtl.evaluation._statistics import corrected_t, holm

SHARING = MultiTaskLasso(alpha=0.2, task_column=-1)
CLASSIFIER = MultiTaskLassoClassifier(0.02, task_column=-1)


@pytest.fixture(scope="module")
def long():
    return make_multitask_regression(
        n_samples=20,
        n_features=30,
        n_tasks=4,
        n_informative=4,
        own_inputs=True,
        noise=1.0,
        random_state=0,
    )


@pytest.fixture(scope="module")
def report(long):
    model = MultiTaskLassoCV(alphas=20, cv=3, task_column=-1)
    return compare_to_single_task(model, long.X, long.y, random_state=0)


def test_gain_is_one_minus_the_ratio_of_mean_errors(report):
    errors = report.cv_results_["errors"]
    assert errors.shape == (20, 4, 4)
    single, multi, _, pooled = errors.mean(axis=0).T
    np.testing.assert_allclose(report.table_["gain"], 1 - multi / single)
    np.testing.assert_allclose(report.table_["error_pooled"], pooled)
    assert report.summary_["delta_m"] == pytest.approx(np.mean(1 - multi / single))
    assert report.summary_["delta_m_low"] <= report.summary_["delta_m"]
    assert report.summary_["delta_m"] <= report.summary_["delta_m_high"]


def test_errors_are_those_of_fitting_by_hand(long):
    cv = TaskStratifiedKFold(3, task_column=-1)
    model = MultiTaskLasso(alpha=0.2, task_column=-1)
    report = compare_to_single_task(model, long.X, long.y, baseline=RidgeCV(), cv=cv)
    for k, (train, test) in enumerate(cv.split(long.X)):
        predictions = model.fit(long.X[train], long.y[train]).predict(long.X[test])
        single = IndependentTasks(RidgeCV(), task_column=-1).fit(long.X[train], long.y[train])
        for t in range(4):
            of_task = long.tasks[test] == t
            expected = np.sqrt(np.mean((predictions - long.y[test])[of_task] ** 2))
            assert report.cv_results_["errors"][k, t, 1] == pytest.approx(expected)
            residuals = single.predict(long.X[test]) - long.y[test]
            expected = np.sqrt(np.mean(residuals[of_task] ** 2))
            assert report.cv_results_["errors"][k, t, 0] == pytest.approx(expected)


def test_related_tasks_gain_with_few_samples(report):
    # 4 of 30 features matter in all tasks, 15 training samples each
    assert report.summary_["mean_error"]["multi"] < report.summary_["mean_error"]["single"]
    assert report.summary_["median_gain"] > 0


def test_data_forms_agree(long):
    options = {"cv": 4, "random_state": 0, "rivals": ()}
    model = MultiTaskLasso(alpha=0.2, task_column=-1)
    by_column = compare_to_single_task(model, long.X, long.y, **options)
    by_ids = compare_to_single_task(
        MultiTaskLasso(alpha=0.2), long.X[:, :-1], long.y, tasks=long.tasks, **options
    )
    np.testing.assert_allclose(by_column.table_["gain"], by_ids.table_["gain"])


def test_missing_targets_of_wide_data_are_not_scored():
    data = make_multitask_regression(n_samples=60, n_tasks=3, missing=0.3, random_state=1)
    Y = pd.DataFrame(data.y, columns=["a", "b", "c"])
    report = compare_to_single_task(MultiTaskLasso(alpha=0.1), data.X, Y, random_state=0)
    assert list(report.table_["task"]) == ["a", "b", "c"]
    n_targets = (~np.isnan(data.y)).sum(axis=0)
    assert report.table_["n_train"] + report.table_["n_test"] == pytest.approx(n_targets)
    assert np.isfinite(report.table_["gain"]).all()


def test_pipelines_keep_their_steps_for_the_baselines(long):
    X = pd.DataFrame(long.X).set_axis([*(f"x{j}" for j in range(30)), "school"], axis=1)
    X["x0"] *= 1000
    X["school"] = X["school"].map(lambda t: f"s{t:.0f}")
    model = make_pipeline(
        keep_task_column(StandardScaler(), "school"), MultiTaskLasso(alpha=0.2, task_column=-1)
    )
    report = compare_to_single_task(model, X, long.y, task_column="school", cv=3, random_state=0)
    assert list(report.table_["task"]) == ["s0", "s1", "s2", "s3"]
    assert report.table_["error_single"].max() < 10


def test_a_grid_search_is_compared_with_tuned_baselines(long):
    search = GridSearchCV(
        MultiTaskLasso(task_column=-1),
        {"alpha": [0.1, 1.0]},
        cv=TaskStratifiedKFold(3, task_column=-1),
    )
    report = compare_to_single_task(search, long.X, long.y, cv=3, random_state=0)
    assert report.cv_results_["methods"] == ["single", "multi", "intercept", "pooled"]


def test_a_task_of_one_sample_is_predicted_by_the_shared_model(long):
    keep = np.flatnonzero(long.tasks != 3)
    samples = np.append(keep, np.flatnonzero(long.tasks == 3)[:1])
    model = MultiTaskLasso(alpha=0.2, task_column=-1)
    report = compare_to_single_task(model, long.X[samples], long.y[samples], cv=4, random_state=0)
    assert report.table_["verdict"][3] == "inconclusive"
    assert report.table_["n_test"].tolist()[3] == 0.25


def test_results_do_not_depend_on_n_jobs(long):
    model = MultiTaskLasso(alpha=0.2, task_column=-1)
    tables = [
        compare_to_single_task(model, long.X, long.y, cv=3, random_state=0, n_jobs=n).table_
        for n in (1, 2)
    ]
    assert (tables[0] == tables[1]).all()


def test_text_and_frame(report):
    text = str(report)
    assert "verdict" in text
    assert "of the tasks did worse than alone" in text
    frame = report.to_frame()
    assert frame.index.tolist() == [0, 1, 2, 3]
    assert frame["gain"].to_numpy() == pytest.approx(report.table_["gain"])


# ---------------------------------------------------------------- statistics


def test_corrected_t_is_the_paired_t_test_without_correction():
    d = np.random.default_rng(0).standard_normal(12) + 0.5
    mean, half, p_value = corrected_t(d, 0.0, 0.95)
    expected = stats.ttest_1samp(d, 0.0)
    assert p_value == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval(0.95)
    assert (mean - half, mean + half) == pytest.approx((interval.low, interval.high))


def test_correction_widens_the_interval_by_its_formula():
    d = np.random.default_rng(0).standard_normal(20)
    plain, corrected = corrected_t(d, 0.0, 0.9)[1], corrected_t(d, 1 / 3, 0.9)[1]
    assert corrected / plain == pytest.approx(np.sqrt((1 / 20 + 1 / 3) / (1 / 20)))


def test_holm_of_a_known_example():
    # Holm (1979): sorted p times (m, m - 1, ...), made monotone
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_identical_methods_are_inconclusive(long):
    report = compare_to_single_task(
        IndependentTasks(RidgeCV(), task_column=-1),
        long.X,
        long.y,
        baseline=RidgeCV(),
        cv=3,
        random_state=0,
    )
    assert (report.table_["gain"] == 0).all()
    assert (report.table_["verdict"] == "inconclusive").all()
    assert report.summary_["wilcoxon_p"] == 1.0
    assert "Sharing did not change the error of a typical task" in report.verdict()


def test_opposite_tasks_pooled_are_flagged_as_negative_transfer():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((160, 2))
    tasks = np.repeat([0, 1], 80)
    y = X[:, 0] * np.where(tasks == 0, 1.0, -1.0) + 0.1 * rng.standard_normal(160)
    model = PooledTasks(RidgeCV(), task_column=-1)
    report = compare_to_single_task(
        model, np.column_stack([X, tasks]), y, baseline=RidgeCV(), random_state=0
    )
    assert (report.table_["verdict"] == "negative transfer").all()
    assert report.summary_["n_negative"] == 2
    assert "raised the error of a typical task" in report.verdict()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"estimator": RidgeCV()}, TypeError, "is not a multi-task regressor or"),
        ({"estimator": {}}, ValueError, "Several estimators are a dict"),
        ({"estimator": {"pooled": SHARING}}, ValueError, "'pooled' is the name of a baseline"),
        ({"estimator": {"a": SHARING, "b": CLASSIFIER}}, TypeError, "cannot be compared"),
        ({"estimator": MultiTaskMixed()}, TypeError, "is not a multi-task regressor or classifier"),
        ({"scoring": "roc_auc"}, ValueError, "scoring='roc_auc' is not one of"),
        ({"scoring": "accuracy"}, ValueError, "scoring='accuracy' is not one of"),
        ({"baseline": "best"}, ValueError, "baseline='best' is not one of"),
        ({"confidence_level": 95}, ValueError, "confidence_level == 95"),
        ({"cv": [([0, 1], [2])]}, ValueError, "at least two splits, cv gave 1"),
    ],
)
def test_bad_arguments(long, arguments, error, message):
    arguments = {"estimator": MultiTaskLasso(task_column=-1), **arguments}
    with pytest.raises(error, match=message):
        compare_to_single_task(arguments.pop("estimator"), long.X, long.y, **arguments)
