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
from skmtl.evaluation._gains.statistics import corrected_t, holm

SHARING = MultiTaskLasso(alpha=0.2, task_column=-1)
CLASSIFIER = MultiTaskLassoClassifier(0.02, task_column=-1)
FOLDS = TaskStratifiedKFold(3)
FAST = {"cv": FOLDS, "model_figures": False, "random_state": 0}


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


def test_own_gains_compare_errors_of_all_splits_together(report, long):
    results = report.cv_results_
    table = report.table_
    assert results["methods"] == ["single", "multi", "intercept", "pooled"]
    assert results["errors"].shape == (20, 4, 4)
    together = np.sqrt(np.mean(results["errors"] ** 2, axis=0))  # test sets are of equal size
    np.testing.assert_allclose(table["error_pooled"], together[:, 3])
    floor = [0.01 * long.y[long.tasks == t].var() for t in range(4)]
    losses = together**2 + np.reshape(floor, (4, 1))  # what counts as nothing is added
    np.testing.assert_allclose(table["own_gain"], 1 - np.sqrt(losses[:, 1] / losses[:, 0]))


def test_intervals_have_their_estimates_inside(report):
    table = report.table_
    for name in ("gain", "own_gain"):
        assert (table["ci_low"] <= table[name]).all()
        assert (table[name] <= table["ci_high"]).all()
    assert (table["t_low"] < table["t_high"]).all()
    summary = report.summary_
    for name in ("median_gain", "share_gain"):
        assert summary[f"{name}_low"] <= summary[name] <= summary[f"{name}_high"]
    assert summary["new_task_low"] < summary["typical_gain"] < summary["new_task_high"]
    for gain, low, high in summary["rivals"].values():
        assert low < gain < high
    sizes = np.array([[5.0, 15.0], [15.0, 60.0]])
    gain, low, high = report.size_curve(sizes)
    assert gain.shape == (2, 2)
    assert gain[0, 1] == pytest.approx(summary["typical_gain"])
    assert ((low < gain) & (gain < high)).all()
    assert gain[0, 0] >= gain[1, 1]


def test_verdicts_follow_the_probability_of_harm_and_count(report):
    verdicts = ["helped", "probably helped", "open", "probably harmed", "harmed", "not judged"]
    for record in report.table_:
        sure = min(record["p_harm"], 1 - record["p_harm"])
        expected = "helped" if record["own_gain"] > 0 else "harmed"
        if sure > 0.1 or (record["p_harm"] < 0.5) != (record["own_gain"] > 0):
            expected = "open"
        elif sure > 0.01:
            expected = f"probably {expected}"
        assert record["verdict"] == expected
    for verdict in verdicts[:-1]:
        count = np.sum(report.table_["verdict"] == verdict)
        assert report.summary_[f"n_{verdict.replace(' ', '_')}"] == count
    assert report.summary_["n_judged"] == 4


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
    assert report.summary_["median_gain"] > 0.05
    assert report.summary_["n_helped"] + report.summary_["n_probably_helped"] >= 3
    assert report.summary_["worst_gain"] == report.table_["gain"].min()


def test_data_forms_agree(long):
    options = {**FAST, "rivals": ()}
    model = MultiTaskLasso(alpha=0.2, task_column=-1)
    by_column = compare_to_single_task(model, long.X, long.y, **options)
    by_ids = compare_to_single_task(
        MultiTaskLasso(alpha=0.2), long.X[:, :-1], long.y, tasks=long.tasks, **options
    )
    for name in ("own_gain", "gain", "p_harm", "t_p_value"):
        np.testing.assert_allclose(by_column.table_[name], by_ids.table_[name])


def test_missing_targets_of_wide_data_are_not_scored():
    data = make_multitask_regression(n_samples=60, n_tasks=3, missing=0.3, random_state=1)
    Y = pd.DataFrame(data.y, columns=["a", "b", "c"])
    report = compare_to_single_task(MultiTaskLasso(alpha=0.1), data.X, Y, rivals=(), **FAST)
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
    report = compare_to_single_task(model, X, long.y, task_column="school", **FAST)
    assert list(report.table_["task"]) == ["s0", "s1", "s2", "s3"]
    assert report.table_["error_single"].max() < 10


def test_a_grid_search_is_compared_with_tuned_baselines(long):
    search = GridSearchCV(
        MultiTaskLasso(task_column=-1),
        {"alpha": [0.1, 1.0]},
        cv=TaskStratifiedKFold(3, task_column=-1),
    )
    report = compare_to_single_task(search, long.X, long.y, **FAST)
    assert report.cv_results_["methods"] == ["single", "multi", "intercept", "pooled"]


def test_a_task_of_one_sample_is_predicted_by_the_shared_model(long):
    keep = np.flatnonzero(long.tasks != 3)
    samples = np.append(keep, np.flatnonzero(long.tasks == 3)[:1])
    model = MultiTaskLasso(alpha=0.2, task_column=-1)
    report = compare_to_single_task(model, long.X[samples], long.y[samples], **FAST)
    row = report.table_[3]
    assert row["n_test"] == pytest.approx(1 / 3)
    assert np.isfinite([row["error_single"], row["error_multi"]]).all()
    assert row["note"].startswith("one sample; not in 1 of 1 training sets")
    assert row["verdict"] in ("open", "not judged")


def test_results_do_not_depend_on_n_jobs(long):
    model = MultiTaskLasso(alpha=0.2, task_column=-1)
    tables = [
        compare_to_single_task(
            model, long.X, long.y, n_jobs=n, baseline=RidgeCV(), rivals=(), **FAST
        ).table_
        for n in (1, 2)
    ]
    assert (tables[0] == tables[1]).all()


def test_text_and_frame(report):
    assert report.verdict() in str(report)
    assert "the typical task" in report.verdict()
    frame = report.to_frame()
    assert frame.index.tolist() == [0, 1, 2, 3]
    assert frame["gain"].to_numpy() == pytest.approx(report.table_["gain"])


def test_folds_are_repeated_but_for_those_of_a_splitter(long):
    options = {"baseline": RidgeCV(), "rivals": (), "model_figures": False, "random_state": 0}
    for cv, n_splits in ((None, 20), (2, 10), (FOLDS, 3)):
        report = compare_to_single_task(SHARING, long.X, long.y, cv=cv, **options)
        assert len(report.cv_results_["errors"]) == n_splits


def test_samples_of_a_group_stay_together_and_count_as_one(long):
    """Three copies of every sample say less in one group than as samples of their own."""
    options = {"baseline": RidgeCV(), "rivals": (), "model_figures": False, "random_state": 0}
    X = np.repeat(long.X, 3, axis=0)
    y = np.repeat(long.y, 3)
    persons = np.repeat([f"p{i}" for i in range(len(long.X))], 3)
    folds = list(FOLDS.split(long.X, long.y, long.tasks))
    copied = [
        tuple(np.flatnonzero(np.isin(persons, [f"p{i}" for i in side])) for side in fold)
        for fold in folds
    ]
    report = compare_to_single_task(SHARING, X, y, groups=persons, cv=3, **options)
    assert len(report.cv_results_["errors"]) == 15
    grouped = compare_to_single_task(SHARING, X, y, groups=persons, cv=copied, **options)
    alone = compare_to_single_task(SHARING, X, y, cv=copied, **options)
    np.testing.assert_allclose(grouped.table_["own_gain"], alone.table_["own_gain"])
    np.testing.assert_array_equal(3 * grouped.table_["own_rows"], alone.table_["own_rows"])
    with pytest.raises(ValueError, match="groups= has 3 entries, but X has 240 samples"):
        compare_to_single_task(SHARING, X, y, groups=[1, 2, 3], **options)


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


def test_identical_methods_are_open(long):
    model = IndependentTasks(RidgeCV(), task_column=-1)
    report = compare_to_single_task(model, long.X, long.y, baseline=RidgeCV(), **FAST)
    for name in ("gain", "ci_low", "ci_high", "own_gain"):
        assert (report.table_[name] == 0).all()
    assert np.isnan(report.table_["p_harm"]).all()
    assert (report.table_["t_p_value"] == 1).all()
    assert (report.table_["verdict"] == "open").all()
    assert report.summary_["median_gain"] == 0
    assert report.summary_["share_gain"] == 0
    assert "Sharing changes nothing" in report.verdict()


def test_opposite_tasks_pooled_are_harmed():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((160, 2))
    tasks = np.repeat([0, 1], 80)
    y = X[:, 0] * np.where(tasks == 0, 1.0, -1.0) + 0.1 * rng.standard_normal(160)
    model = PooledTasks(RidgeCV(), task_column=-1)
    X = np.column_stack([X, tasks])
    report = compare_to_single_task(model, X, y, baseline=RidgeCV(), rivals=(), **FAST)
    assert (report.table_["verdict"] == "harmed").all()
    assert (report.table_["p_harm"] >= 0.99).all()
    assert report.summary_["n_harmed"] == 2
    assert report.summary_["share_gain_high"] == 0
    assert "Sharing harms the typical task" in report.verdict()


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
