"""Several estimators in one comparison: shared baselines, ranks, pairwise tests, notes, HTML."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressor,
    MultiTaskLasso,
    MultiTaskStacking,
    PooledTasks,
    SequentialTasks,
    TaskStratifiedKFold,
    compare_to_single_task,
    keep_task_column,
    make_multitask_regression,
)
from skmtl.evaluation._gains.statistics import holm

FOLDS = TaskStratifiedKFold(3)
FAST = {"cv": FOLDS, "model_figures": False, "random_state": 0}


@pytest.fixture(scope="module")
def long():
    return make_multitask_regression(
        n_samples=20, n_features=8, n_tasks=5, own_inputs=True, noise=1.0, random_state=0
    )


MODELS = {
    "lasso": MultiTaskLasso(alpha=0.2, task_column=-1),
    "mean": MeanRegularizedRegressor(alpha=0.1, ridge=0.01, task_column=-1),
    "alone": IndependentTasks(RidgeCV(), task_column=-1),
}


@pytest.fixture(scope="module")
def report(long):
    return compare_to_single_task(MODELS, long.X, long.y, cv=FOLDS, random_state=0)


def test_each_report_is_that_of_the_estimator_compared_on_its_own(report, long):
    for name in ("lasso", "mean"):
        own = compare_to_single_task(MODELS[name], long.X, long.y, **FAST)
        fields = [f"error_{role}" for role in ("single", "multi", "intercept", "pooled")]
        for field in (*fields, "gain", "p_harm", "t_p_value"):
            np.testing.assert_allclose(report[name].table_[field], own.table_[field])


def test_baselines_are_shared_where_the_single_task_limit_is_the_same(report):
    methods = report.cv_results_["methods"]
    assert methods[0] == "single LassoCV"
    assert [m for m in methods if m.startswith("single")] == [
        "single LassoCV",
        "single RidgeCV of mean",  # with another grid of alphas than
        "single RidgeCV of alone",
    ]
    assert methods.count("intercept") == 1
    assert report.cv_results_["errors"].shape == (3, 5, len(methods))


def test_one_baseline_keeps_its_plain_name(long):
    models = {"a": MODELS["lasso"], "b": MultiTaskLasso(alpha=1.0, task_column=-1)}
    scaled = {
        name: make_pipeline(keep_task_column(StandardScaler(), -1), model)
        for name, model in models.items()
    }
    report = compare_to_single_task(scaled, long.X, long.y, task_column=-1, **FAST)
    assert report.cv_results_["methods"] == ["single", "a", "b", "intercept", "pooled"]


def test_methods_are_ranked_by_their_typical_errors(report):
    results = report.cv_results_
    losses = results["task_errors"] ** 2 + results["floor"][:, None]
    typical = np.log(losses).mean(axis=0)
    by_name = dict(zip(results["methods"], typical, strict=True))
    methods = report.ranking_["method"].tolist()
    assert methods == sorted(methods, key=by_name.get)
    assert report.summary_["best"] == methods[0]
    assert (report.ranking_["mean_rank"] >= 1).all()
    one = report.ranking_[methods.index("lasso")]
    for name in ("median_gain", "median_gain_low", "share_gain", "n_helped", "n_harmed"):
        assert one[name] == report["lasso"].summary_[name]
        assert np.isnan(report.ranking_[name][methods.index("intercept")])


def test_pairs_are_compared_by_their_mean_log_gain(report):
    results = report.cv_results_
    methods = results["methods"]
    logs = 0.5 * np.log(results["task_errors"] ** 2 + results["floor"][:, None])
    assert len(report.pairwise_) == len(methods) * (len(methods) - 1) // 2
    for row in report.pairwise_:
        a = methods.index(row["method_a"])
        b = methods.index(row["method_b"])
        expected = 1 - np.exp(-np.mean(logs[:, a] - logs[:, b]))
        assert row["difference"] == pytest.approx(expected)
        assert row["ci_low"] <= row["difference"] <= row["ci_high"]
        is_outside = row["ci_low"] > 0 or row["ci_high"] < 0
        assert is_outside == (row["p_value"] < 0.05)
    expected = holm(report.pairwise_["p_value"])
    np.testing.assert_array_equal(report.pairwise_["p_adjusted"], expected)


def test_the_four_ways_to_learn_stand_side_by_side(long):
    models = {
        "parallel": IndependentTasks(RidgeCV(), task_column=-1, n_jobs=2),
        "sequential": SequentialTasks(RidgeCV(), task_column=-1),
        "stacked": MultiTaskStacking(RidgeCV(), task_column=-1),
        "joint": MODELS["mean"],
    }
    report = compare_to_single_task(models, long.X, long.y, baseline=RidgeCV(), **FAST)
    assert report.cv_results_["methods"] == ["single", *models, "intercept", "pooled"]
    single, parallel, sequential, *_ = report.cv_results_["errors"].transpose(2, 0, 1)
    assert (single == parallel).all()
    assert (sequential[:, 0] == single[:, 0]).all()  # the first task is learned alone
    assert (sequential[:, 1:] != single[:, 1:]).all()


def test_equal_methods_are_told_apart_by_nothing(long):
    models = {"one": MODELS["alone"], "other": IndependentTasks(RidgeCV(), task_column=-1)}
    report = compare_to_single_task(models, long.X, long.y, **FAST)
    pairs = {(row["method_a"], row["method_b"]): row for row in report.pairwise_}
    row = pairs["one", "other"]
    assert (row["difference"], row["p_value"]) == (0.0, 1.0)
    assert "cannot tell" in report.verdict()


def test_a_sure_winner_is_named():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((200, 2)), np.arange(200) % 2])
    y = X[:, 0] * np.where(X[:, 2] == 0, 1.0, -1.0) + 0.1 * rng.standard_normal(200)
    models = {
        "pooling": PooledTasks(RidgeCV(), task_column=-1),
        "each": IndependentTasks(RidgeCV(), task_column=-1),
    }
    report = compare_to_single_task(models, X, y, rivals=(), **FAST)
    pair = report.pairwise_[-1]
    assert (pair["method_a"], pair["method_b"]) == ("pooling", "each")
    assert pair["ci_low"] > 0.5
    assert pair["p_adjusted"] < 0.001
    assert report.ranking_["method"][-1] == "pooling"
    assert "surely better than pooling" in " ".join(report.verdict().split())


@pytest.mark.parametrize(("sign", "helped", "harmed"), [(1.0, 6, []), (-1.0, 0, [5])])
def test_planted_transfer_is_found_and_planted_harm_flagged(sign, helped, harmed):
    """Six tasks with the same coefficients, or the last one with the opposite ones."""
    rng = np.random.default_rng(1)
    w, tasks, X = rng.normal(size=30), np.repeat(np.arange(6), 40), rng.normal(size=(240, 30))
    y = np.where(tasks == 5, sign, 1.0) * (X @ w) + rng.normal(size=240)
    model = MeanRegularizedRegressor(alpha=3.0, ridge=0.01, task_column=-1)
    X, options = np.column_stack([X, tasks]), {"rivals": (), **FAST}
    table = compare_to_single_task(model, X, y, baseline=RidgeCV(), **options).table_
    assert np.sum(table["verdict"] == "helped") >= helped
    assert table["task"][table["verdict"] == "harmed"].tolist() == harmed


def test_model_figures_count_coefficients_and_ranks(report, long):
    figures = dict(zip(report.ranking_["method"].tolist(), report.ranking_, strict=True))
    coef = MultiTaskLasso(alpha=0.2, task_column=-1).fit(long.X, long.y).coef_
    assert figures["lasso"]["n_nonzero"] == np.count_nonzero(coef)
    assert figures["lasso"]["rank"] == np.linalg.matrix_rank(coef)
    for name, most in (("alone", 5 * 9), ("intercept", 8 + 5), ("pooled RidgeCV of alone", 9)):
        assert 1 < figures[name]["dof"] < most
    assert report["lasso"].summary_["n_nonzero"]["multi"] == np.count_nonzero(coef)
    assert (report.ranking_["fit_time"] > 0).all()


def test_text_html_and_frame(report):
    text, html, frame = str(report), report._repr_html_(), report.to_frame()
    for name in report.cv_results_["methods"]:
        assert name in text
        assert name in html
        assert name in frame.index
    assert "mean rank" in report.details()
    assert repr(report).startswith("<TransferRanking: 10 methods")


def test_html_escapes_task_ids(long):
    tasks = np.array(["<b>", "a&b", "c", "d", "e"])[long.tasks.astype(int)]
    model = MultiTaskLasso(alpha=0.2)
    tasks = pd.Series(tasks, name="unit")
    report = compare_to_single_task(model, long.X[:, :-1], long.y, tasks=tasks, **FAST)
    assert report.noun.many == "units"
    html = report._repr_html_()
    assert "&lt;b&gt;" in html
    assert html.count("<b>") == html.count("Careful")
    assert r"\<b>" in report.to_markdown()


# ---------------------------------------------------------------- what cannot be compared


def test_constant_targets_are_noted_and_left_out_of_all_numbers(long):
    y = np.where(long.tasks == 2, 7.0, long.y)
    report = compare_to_single_task(MODELS["mean"], long.X, y, **FAST)
    row = report.table_[2]
    assert np.isnan(row["gain"])
    assert row["note"].startswith("constant target")
    summary = report.summary_
    assert summary["n_judged"] == 4
    assert summary["median_gain_low"] < summary["median_gain"] < summary["median_gain_high"]
    assert "constant target" in report.details()


def test_a_task_in_no_test_set_is_noted(long):
    others = np.flatnonzero(long.tasks != 1)
    cv = [(np.setdiff1d(np.arange(100), others[k::4]), others[k::4]) for k in range(4)]
    report = compare_to_single_task(MODELS["lasso"], long.X, long.y, **{**FAST, "cv": cv})
    assert report.table_["note"][1] == "in no test set"
    assert np.isnan(report.table_["error_single"][1])
    assert np.isfinite(report.summary_["median_gain"])
    assert report.summary_["n_judged"] == 4


def test_no_task_with_a_gain_is_said(long):
    model = IndependentTasks(LinearRegression(), task_column=-1)
    report = compare_to_single_task(model, long.X, long.tasks, **FAST)  # constant in each task
    assert report.summary_["n_judged"] == 0
    for name in ("median_gain", "share_gain", "typical_gain", "spread"):
        assert np.isnan(report.summary_[name])
    assert np.isnan(report.size_curve([5.0])).all()
    assert "No task can be judged" in report.verdict()
    assert "nan" not in str(report)


def test_rounding_is_neither_gain_nor_loss(long):
    y = np.where(long.tasks == 2, 7.7, long.y)
    model = MultiTaskLasso(alpha=0.1, task_column=-1)
    report = compare_to_single_task(model, long.X, y, rivals=(), **FAST)
    assert report.table_["verdict"][2] == "not judged"
    assert np.isnan(report.table_["t_p_value"][2])
    shifted = np.column_stack([long.X[:, :-1] + 5, long.tasks])
    first = SequentialTasks(RidgeCV(), task_column=-1)  # its first task is learned alone
    report = compare_to_single_task(first, shifted, long.y, rivals=(), **FAST)
    assert report.table_["gain"][0] == 0


def test_one_named_estimator_and_masks_as_splits(long):
    mask = np.arange(100) % 2 == 0
    options = {**FAST, "cv": [(mask, ~mask), (~mask, mask)]}
    report = compare_to_single_task({"a": MODELS["lasso"]}, long.X, long.y, rivals=(), **options)
    assert report.ranking_["method"].tolist() in (["a", "single"], ["single", "a"])
    assert len(report.pairwise_) == 1
    assert report["a"].table_.shape == (5,)


def test_task_ids_beside_a_pipeline_are_refused_early(long):
    model = make_pipeline(StandardScaler(), MultiTaskLasso())
    with pytest.raises(ValueError, match="tasks= does not reach the last step"):
        compare_to_single_task(model, long.X[:, :-1], long.y, tasks=long.tasks, cv=2)
