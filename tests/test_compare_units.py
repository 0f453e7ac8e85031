"""Comparisons do not depend on the units of tasks, and leave out what cannot be judged."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LogisticRegression, PoissonRegressor, RidgeCV
from sklearn.model_selection import KFold

from skmtl import (
    IndependentTasks,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MultiTaskKernelRidge,
    MultiTaskLasso,
    MultiTaskRegressor,
    PooledTasks,
    TaskStratifiedKFold,
    TraceNormRegressor,
    compare_to_single_task,
    model_size,
    select_tasks,
    task_similarity,
    task_transfer_matrix,
)
from skmtl.evaluation import single_task
from skmtl.evaluation._standardized_tasks import (
    StandardizedPooledTasks,
    StandardizedRandomInterceptTasks,
)
from skmtl.penalties import L1, FeatureGroups, GroupNorm, Ridge, TraceNorm

FAST = {"cv": TaskStratifiedKFold(2), "model_figures": False, "random_state": 0}
ALONE = {**FAST, "cv": TaskStratifiedKFold(3), "rivals": ()}
# powers of 2 near 1e6 and 1e-6, 1e9 and 1e-12: no rounding differs
UNITS = [np.array([2.0**20, 1.0, 2.0**-20]), np.array([2.0**30, 1.0, 2.0**-40])]
LASSO = MultiTaskLasso(alpha=0.1, normalize_y=True, tol=1e-9)
MEAN = MeanRegularizedRegressor(alpha=0.3, ridge=0.01, normalize_y=True, tol=1e-10)


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    coef = rng.standard_normal(6)[:, None] + 0.7 * rng.standard_normal((6, 3))
    return X, X @ coef + 2 * rng.standard_normal((40, 3))


def in_units(Y, units, levels=7.0):
    """The same targets in other units and at other levels."""
    return units * (Y + levels)


# ---------------------------------------------------------------- units


def test_units_change_no_relative_number_of_a_report(wide):
    X, Y = wide
    units = UNITS[1]
    options = {**FAST, "model_figures": True}
    one = compare_to_single_task(LASSO, X, Y, **options)
    other = compare_to_single_task(LASSO, X, in_units(Y, units), **options)
    for name in ("gain", "ci_low", "ci_high", "p_harm", "own_gain", "t_low", "t_p_value"):
        np.testing.assert_allclose(other.table_[name], one.table_[name], atol=1e-7)
    for name in ("error_single", "error_multi", "error_intercept", "error_pooled"):
        np.testing.assert_allclose(other.table_[name], units * one.table_[name], rtol=1e-7)
    assert other.table_["verdict"].tolist() == one.table_["verdict"].tolist()
    assert other.verdict() == one.verdict()
    for name in ("mean_rank", "rank", "n_nonzero"):
        assert other.summary_[name] == one.summary_[name]
    for method, dof in one.summary_["dof"].items():
        assert other.summary_["dof"][method] == pytest.approx(dof, rel=1e-4)
    for name in ("median_gain", "median_gain_low", "share_gain", "spread", "worst_gain"):
        assert other.summary_[name] == pytest.approx(one.summary_[name], abs=1e-7)


def test_units_change_no_ranking(wide):
    X, Y = wide
    models = {"lasso": LASSO, "mean": MEAN}
    one = compare_to_single_task(models, X, Y, **FAST)
    other = compare_to_single_task(models, X, in_units(Y, UNITS[1]), **FAST)
    assert other.ranking_["method"].tolist() == one.ranking_["method"].tolist()
    np.testing.assert_array_equal(other.ranking_["mean_rank"], one.ranking_["mean_rank"])
    np.testing.assert_allclose(other.pairwise_["p_value"], one.pairwise_["p_value"], atol=1e-7)
    np.testing.assert_allclose(
        other.pairwise_["difference"], one.pairwise_["difference"], atol=1e-7
    )
    assert other.verdict() == one.verdict()


@pytest.mark.parametrize("scoring", ["neg_mean_squared_error", "neg_median_absolute_error", "r2"])
def test_units_change_no_gain_by_any_score(wide, scoring):
    X, Y = wide
    options = {**ALONE, "scoring": scoring}
    one = compare_to_single_task(LASSO, X, Y, **options)
    other = compare_to_single_task(LASSO, X, in_units(Y, UNITS[1]), **options)
    for name in ("gain", "p_harm", "own_gain", "t_p_value"):
        np.testing.assert_allclose(other.table_[name], one.table_[name], atol=1e-6)


def test_units_do_not_matter_to_models_whose_tasks_do_not_couple(wide):
    X, Y = wide
    model = MultiTaskKernelRidge(task_kernel="identity", normalize_y=False)
    options = {**FAST, "baseline": RidgeCV()}
    with pytest.warns(UserWarning, match="The targets of task 0 vary 7e.05 times as much"):
        other = compare_to_single_task(model, X, in_units(Y, UNITS[0], 0.0)[:, :2], **options)
    one = compare_to_single_task(model, X, Y[:, :2], **options)
    np.testing.assert_allclose(other.table_["gain"], one.table_["gain"], atol=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare_to_single_task(model, X, Y * 1e6, **options)


@pytest.mark.parametrize("mode", ["pairwise", "drop_one", "cross_predict"])
def test_units_change_no_transfer(wide, mode):
    X, Y = wide
    # a model of another task predicts in the unit of that task
    units = np.full(3, 2.0**-40) if mode == "cross_predict" else UNITS[1]
    one = task_transfer_matrix(MEAN, X, Y, mode=mode, cv=3, random_state=0)
    other = task_transfer_matrix(MEAN, X, in_units(Y, units), mode=mode, cv=3, random_state=0)
    np.testing.assert_allclose(other.gain, one.gain, atol=1e-6)
    np.testing.assert_allclose(other.error, units * one.error, rtol=1e-6)
    assert other.note == {}


def test_units_that_matter_are_warned_of(wide):
    X, Y = wide
    Y = in_units(Y, UNITS[0])
    mixing = clone(MEAN).set_params(normalize_y=False)
    with pytest.warns(UserWarning, match="what tasks share in 'mixing' serves the first only"):
        compare_to_single_task({"mixing": mixing, "free": MEAN}, X, Y, **FAST)
    options = {"cv": TaskStratifiedKFold(2), "random_state": 0}
    with pytest.warns(UserWarning, match="what tasks share serves the first only"):
        task_transfer_matrix(mixing, X, Y, **options)
    with pytest.warns(UserWarning, match="what tasks share serves the first only"):
        select_tasks(mixing, X, Y, target=0, **options)
    with pytest.warns(UserWarning, match="predicts nothing of use in the unit of the other"):
        task_transfer_matrix(MEAN, X, Y, mode="cross_predict", **options)
    levels = np.full((40, 2), np.nan)
    levels[:3] = [[1e9, 1e9], [np.nan, 1e9], [np.nan, 1e9]]  # one sample has no spread
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Gains of some tasks are NaN")
        task_transfer_matrix(mixing, X, np.column_stack([wide[1], levels]), **options)
        task_transfer_matrix(MEAN, X, Y, **options)
        task_transfer_matrix(IndependentTasks(RidgeCV()), X, Y, **options)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_units_change_no_selected_task(wide, direction):
    X, Y = wide
    options = {"target": 2, "direction": direction, "cv": 3, "random_state": 0}
    one = select_tasks(MEAN, X, Y, **options)
    other = select_tasks(MEAN, X, in_units(Y, UNITS[1]), **options)
    assert other.tasks.tolist() == one.tasks.tolist()
    assert other.gain == pytest.approx(one.gain, abs=1e-6)


def test_equal_candidates_are_no_gain_and_the_first_one_is_named(wide):
    X, Y = wide
    model = IndependentTasks(RidgeCV())
    for units in (np.ones(3), np.array([3.3, 0.7, 1e-7])):
        result = select_tasks(model, X, Y * units, target=2, cv=3, random_state=0)
        assert result.tasks.tolist() == [2]
        assert result.history[1] == {
            "task": 0,
            "error": result.error_alone,
            "gain": 0.0,
            "taken": False,
        }


def test_units_change_no_similarity_and_no_size(wide):
    X, Y = wide
    scaled = in_units(Y, UNITS[1])
    for kind in ("coefficients", "residuals"):
        data = {"X": X, "kind": kind}
        one = task_similarity(LASSO.fit(X, Y), y=Y, **data).similarity
        other = task_similarity(LASSO.fit(X, scaled), y=scaled, **data).similarity
        np.testing.assert_allclose(other, one, atol=1e-6)
    model = IndependentTasks(RidgeCV())
    one = model_size(model.fit(X, Y), X, Y)
    assert model_size(model.fit(X, scaled), X, scaled) == pytest.approx(one, rel=1e-6)
    assert one.rank == 3


def test_residuals_that_are_rounding_have_no_correlation(wide):
    X, Y = wide
    Y = np.column_stack([Y, 0.1 + 0 * X[:, 0]])
    similarity = task_similarity(IndependentTasks(RidgeCV()).fit(X, Y), X, Y, kind="residuals")
    assert np.isnan(similarity.similarity[3]).all()
    assert np.isfinite(similarity.similarity[:3, :3]).all()


def test_standardized_baselines_are_pooled_ones_of_standardized_targets(wide):
    X, Y = wide
    long_X = np.column_stack([np.tile(X, (3, 1)), np.repeat([0, 1, 2], 40)])
    y = in_units(Y, UNITS[0]).T.ravel()
    Z = (Y - Y.mean(axis=0)) / Y.std(axis=0)
    pooled = PooledTasks(RidgeCV(), task_column=-1).fit(long_X, Z.T.ravel())
    model = StandardizedPooledTasks(RidgeCV(), task_column=-1, handle_unknown="shared")
    model.fit(long_X, y)
    expected = in_units(Y.mean(axis=0) + Y.std(axis=0) * pooled.predict_all_tasks(long_X), UNITS[0])
    np.testing.assert_allclose(model.predict_all_tasks(long_X), expected)
    own = expected[np.arange(120), long_X[:, -1].astype(int)]
    np.testing.assert_allclose(model.predict(long_X), own)
    new = long_X[:2] + [*[0] * 6, 9]
    assert np.isfinite(model.predict(new)).all()
    intercepts = StandardizedRandomInterceptTasks(RidgeCV(), task_column=-1).fit(long_X, y)
    assert intercepts.score(long_X, y) > 0
    assert not hasattr(intercepts, "adapt")  # it would take targets that are not standardized


def test_normalize_y_of_the_comparison_standardizes_the_pooled_baselines(wide):
    X, Y = wide
    model = MeanRegularizedRegressor()
    options = {**FAST, "baseline": RidgeCV()}
    one = compare_to_single_task(model, X, Y, normalize_y=True, **options)
    other = compare_to_single_task(model, X, Y * UNITS[0], normalize_y=True, **options)
    np.testing.assert_allclose(
        other.table_["error_pooled"], UNITS[0] * one.table_["error_pooled"], rtol=1e-8
    )
    raw = compare_to_single_task(model, X, Y, **options)
    assert (raw.table_["error_pooled"] != one.table_["error_pooled"]).all()
    with pytest.raises(ValueError, match="normalize_y='all' is not one of"):
        compare_to_single_task(model, X, Y, normalize_y="all", **options)


def test_counts_and_classes_are_never_standardized(wide):
    X, Y = wide
    counts = np.random.default_rng(0).poisson(np.exp(0.3 * X[:, :3]))
    model = MeanRegularizedRegressor(loss="poisson")
    options = {**FAST, "baseline": PoissonRegressor()}
    one = compare_to_single_task(model, X, counts, **options)
    other = compare_to_single_task(model, X, counts, normalize_y=True, **options)
    np.testing.assert_array_equal(other.cv_results_["errors"], one.cv_results_["errors"])
    with pytest.raises(TypeError, match="normalize_y must be"):
        compare_to_single_task(MeanRegularizedClassifier(), X, Y > 0, normalize_y=1, **FAST)


# ---------------------------------------------------------------- what cannot be judged


def test_a_task_of_one_class_is_not_judged_and_counts_nowhere():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    Y = (X @ rng.standard_normal((3, 3)) + rng.standard_normal((60, 3)) > 0).astype(float)
    Y[:, 1] = 1.0
    model = MeanRegularizedClassifier(alpha=0.1)
    options = {**ALONE, "baseline": LogisticRegression()}
    report = compare_to_single_task(model, X, Y, **options)
    row = report.table_[1]
    assert row["verdict"] == "not judged"
    for name in ("gain", "ci_low", "ci_high", "p_harm", "own_gain", "t_p_value"):
        assert np.isnan(row[name])
    assert row["note"].startswith("one class only")
    others = [0, 2]
    judged = report.table_[others]
    assert report.summary_["n_judged"] == 2
    for role in report.cv_results_["methods"]:
        mean = judged[f"error_{role}"].mean()
        assert report.summary_["mean_error"][role] == pytest.approx(mean)
    without = compare_to_single_task(model, X, Y[:, others], **options)
    for name in ("gain", "p_harm", "t_p_value"):
        np.testing.assert_allclose(judged[name], without.table_[name], rtol=0.05, atol=0.02)
    assert "1 task (1) is not judged and left out of all" in " ".join(report.details().split())
    assert "nan" not in str(report)


@pytest.mark.parametrize("values", [[3.3, 3.3], [3.3, 1.1 * 3]], ids=["exact", "rounded"])
def test_a_constant_target_is_not_judged_whatever_its_errors(wide, values):
    X, Y = wide
    Y = np.column_stack([Y, np.tile(values, 20)])
    model = MeanRegularizedRegressor(alpha=1.0)
    report = compare_to_single_task(model, X, Y, baseline=Lasso(), **ALONE)
    assert report.table_["error_multi"][3] > 0.01
    assert report.table_["verdict"].tolist()[3] == "not judged"
    assert "constant target" in report.table_["note"][3]
    alone = {
        "one": IndependentTasks(RidgeCV()),
        "other": MultiTaskKernelRidge(task_kernel="identity"),
    }
    with_it = compare_to_single_task(alone, X, Y, **ALONE)
    without = compare_to_single_task(alone, X, Y[:, :3], **ALONE)
    np.testing.assert_allclose(with_it.pairwise_["p_value"], without.pairwise_["p_value"])
    np.testing.assert_array_equal(with_it.ranking_["mean_rank"], without.ranking_["mean_rank"])


@pytest.mark.parametrize(
    "model",
    [
        MeanRegularizedRegressor(tol=1e-9),
        IndependentTasks(RidgeCV()),
        MultiTaskKernelRidge(),
        MeanRegularizedClassifier(tol=1e-9),
    ],
)
def test_a_task_that_a_training_set_lacks_is_predicted_alike_in_wide_and_long_data(wide, model):
    X, Y = wide
    Y = Y.copy()
    baseline = RidgeCV()
    Y[:, 2] = np.nan
    Y[5, 2] = 1.0
    if hasattr(model, "predict_proba"):
        Y = np.where(np.isnan(Y), np.nan, Y > 0)
        baseline = LogisticRegression()
    samples, tasks = np.nonzero(~np.isnan(Y))
    folds = list(KFold(3).split(X))
    long_folds = []
    for fold in folds:
        long_folds.append(tuple(np.flatnonzero(np.isin(samples, side)) for side in fold))
    options = {"baseline": baseline, "model_figures": False, "random_state": 0}
    options["rivals"] = ()
    one = compare_to_single_task(model, X, Y, cv=folds, **options)
    other = compare_to_single_task(
        model, X[samples], Y[samples, tasks], tasks=tasks, cv=long_folds, **options
    )
    assert one.table_["note"][2].startswith("one sample; not in 1 of 1 training sets")
    np.testing.assert_allclose(one.cv_results_["errors"], other.cv_results_["errors"], atol=1e-8)
    for names in (["a", "b", "c"], pd.date_range("2020", periods=3, tz="UTC")):
        named = pd.DataFrame(Y, columns=names)
        frame = compare_to_single_task(model, X, named, cv=folds, **options)
        np.testing.assert_allclose(frame.cv_results_["errors"], one.cv_results_["errors"])


# ---------------------------------------------------------------- fits and folds


def test_fits_that_do_not_converge_are_counted_in_one_warning(wide):
    model = TraceNormRegressor(alpha=0.1, max_iter=1, tol=1e-14)
    options = {"baseline": RidgeCV(), "cv": KFold(4)}
    with pytest.warns(ConvergenceWarning, match=r"did not converge \(5 of multi\)") as caught:
        report = compare_to_single_task(model, *wide, **options)
    assert len([one for one in caught if one.category is ConvergenceWarning]) == 1
    assert caught[0].filename == __file__
    assert report.summary_["n_unconverged"]["multi"] == 5  # four splits and all samples


@pytest.mark.parametrize("cv", [0, 1, -3])
def test_a_number_of_folds_is_at_least_two(wide, cv):
    with pytest.raises(ValueError, match=f"cv == {cv}, must be >= 2"):
        compare_to_single_task(LASSO, *wide, cv=cv)
    with pytest.raises(ValueError, match=f"cv == {cv}, must be >= 2"):
        task_transfer_matrix(LASSO, *wide, cv=cv)


@pytest.mark.parametrize(
    ("penalty", "kind"),
    [
        (L1(0.1), "LassoCV"),
        (L1(0.1) + TraceNorm(0.1), "LassoCV"),
        (TraceNorm(0.1), "RidgeCV"),
        (Ridge(0.1), "RidgeCV"),
        (GroupNorm(0.1, [0, 0, 1]), "LassoCV"),
        (FeatureGroups({0: L1(0.1), 1: Ridge(0.1)}, [0, 0, 1]), "LassoCV"),
        (FeatureGroups({0: TraceNorm(0.1), 1: Ridge(0.1)}, [0, 0, 1]), "RidgeCV"),
    ],
)
def test_any_penalty_that_selects_features_is_compared_with_a_lasso(penalty, kind):
    assert type(single_task(MultiTaskRegressor(penalty))).__name__ == kind


def test_the_single_task_baseline_of_a_normalized_lasso_has_a_size(wide):
    X, Y = wide
    for model in (LASSO, LASSO.__class__(normalize_y=True)):
        alone = IndependentTasks(single_task(model)).fit(X, in_units(Y, UNITS[0]))
        assert model_size(alone, X, in_units(Y, UNITS[0])).rank == 3
