"""Problems of the structured regressors that once had a wrong answer, or none."""

import numpy as np
import pandas as pd
import pytest

from skmtl import (
    ClusteredTaskRegressor,
    DirtyRegressor,
    MeanRegularizedRegressor,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskLasso,
    MultiTaskRegressor,
    TaskGraphRegressor,
    TaskStratifiedKFold,
    TemporalGroupLasso,
    TraceNormRegressor,
    alpha_max,
    compare_to_single_task,
    multi_task_path,
)
from skmtl.penalties import L1, L21, Decomposition, Ridge, TaskCoupling, TraceNorm

CHAIN = np.diff(np.eye(4), axis=0).T @ np.diff(np.eye(4), axis=0)


def problem(n=100, p=4, T=3, seed=2):
    rng = np.random.default_rng(seed)
    X, W = rng.standard_normal((n, p)), rng.standard_normal((p, T))
    return X, X @ W + 0.1 * rng.standard_normal((n, T))


@pytest.mark.parametrize("scales", [[1e5, 1, 1e-2, 1], [1e6, 1, 1, 1], [1e6, 1, 1e-2, 1]])
@pytest.mark.parametrize(
    "model",
    [
        TraceNormRegressor(0.01),
        MeanRegularizedRegressor(1.0, ridge=1e-6),
        DirtyRegressor(1e-4),
        ClusteredTaskRegressor(1e-4),
        TaskGraphRegressor(0.01, graph="chain", sparsity=0.01),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_features_of_any_scale_are_certified(model, scales):
    X, Y = problem()
    shared = model.fit(X * scales, Y)
    objective, gap = shared.objective_, shared.dual_gap_
    weight = np.ones_like(Y)  # hardly uneven: every task has a Gram of its own
    weight[0] += 1e-9 * np.arange(3)
    own = model.fit(X * scales, Y, weight)
    assert objective - gap <= own.objective_ * (1 + 1e-6)
    assert own.objective_ - own.dual_gap_ <= objective * (1 + 1e-6)


def test_a_constraint_holds_in_any_order_of_a_sum():
    X, Y = problem()
    first, second = L21(0.1, None, True), TraceNorm(0.1)
    models = [MultiTaskRegressor(p, tol=1e-8).fit(X, Y) for p in (first + second, second + first)]
    assert all(model.coef_.min() >= 0 for model in models)
    assert models[0].objective_ == pytest.approx(models[1].objective_, rel=1e-6)


def test_a_constraint_needs_no_strength():
    X, Y = problem()
    expected = MultiTaskLasso(0.0, positive=True, tol=1e-8).fit(X, Y).coef_
    search = MultiTaskCV(MultiTaskLasso(positive=True, tol=1e-8), {"alpha": [0.0]}).fit(X, Y)
    path = multi_task_path(X, Y, estimator=MultiTaskLasso(positive=True, tol=1e-8), alphas=[0.0])
    for coef in (search.coef_, path.coefs[:, :, 0]):
        np.testing.assert_allclose(coef, expected, atol=1e-3)
        assert coef.min() >= 0


@pytest.mark.parametrize("max_iter", [5, 7, 20])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_quadratic_parts_are_certified(max_iter):
    X, Y = problem(20, 8)
    penalty = Decomposition(L1(2.0), Ridge(0.1))
    minimum = MultiTaskRegressor(penalty, tol=1e-10, max_iter=10_000).fit(X, Y).objective_
    rough = MultiTaskRegressor(penalty, tol=0.1, max_iter=max_iter).fit(X, Y)
    assert rough.objective_ - rough.dual_gap_ <= minimum * (1 + 1e-9)


def test_stiff_couplings_converge():
    X, Y = problem(T=4)
    for model in (
        TemporalGroupLasso(0.1, times=np.arange(4) * 1e-3),
        TaskGraphRegressor(1e6, sparsity=0.1),
        TaskGraphRegressor(1e6, graph="chain", sparsity=0.1),
    ):
        model = model.fit(X, Y)
        assert model.optimality_ <= model.tol
        np.testing.assert_allclose(
            model.coef_, model.coef_.mean(axis=0) + 0 * model.coef_, atol=1e-2
        )


def test_a_path_may_leave_a_stiff_coupling():
    X, Y = problem(T=4)
    path = multi_task_path(X, Y, estimator=TaskGraphRegressor(sparsity=0.1), alphas=[1e6, 0])
    expected = TaskGraphRegressor(0.0, sparsity=0.1).fit(X, Y).coef_
    np.testing.assert_allclose(path.coefs[:, :, 1], expected, atol=1e-2)


def test_unpenalized_features_of_coupled_tasks_are_refused():
    X, Y = problem(T=4)
    penalty = L21(0.1, [1, 1, 0, 1]) + TaskCoupling(0.1, CHAIN)
    with pytest.raises(ValueError, match="unpenalized features with a coupling"):
        MultiTaskRegressor(penalty).fit(X, Y)


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({"fit_intercept": [False, True]}, ValueError, "the data are read once"),
        ({"loss": ["squared", "huber"]}, ValueError, "with the same losses"),
        ({"alpha": 3, "huber_delta": [1.0, 2.0]}, ValueError, "with the same losses"),
        ({"alpha": 0}, ValueError, "alpha"),
        ({"alpha": True}, TypeError, "alpha"),
        ({"ridge": 0.5}, TypeError, "list of values"),
        ([{"alpha": 3}], TypeError, "must be a dict"),
    ],
)
def test_grids_that_cannot_be_meant(grid, error, message):
    with pytest.raises(error, match=message):
        MultiTaskCV(TraceNormRegressor(), grid).fit(*problem())


@pytest.mark.parametrize("eps", [2, -1, 0, np.nan])
def test_grids_end_between_0_and_1(eps):
    with pytest.raises(ValueError, match="eps"):
        MultiTaskCV(TraceNormRegressor(), eps=eps).fit(*problem())


def test_pandas_objects_go_by_label():
    X, Y = problem()
    Y = pd.DataFrame(Y, columns=["b", "a", "c"])
    weights = pd.DataFrame(
        [[0, 1, 0], [1, 0, 3], [0, 3, 0]], index=["a", "b", "c"], columns=["a", "b", "c"]
    )
    edges = [("a", "b", 1.0), ("b", "c", 3.0)]
    times, pull = pd.Series({"a": 0, "b": 10, "c": 11}), pd.Series({"c": 0.1, "a": 1.0, "b": 2.0})
    for given, by_label in (
        (TaskGraphRegressor(graph=weights), TaskGraphRegressor(graph=edges)),
        (TemporalGroupLasso(times=times), TemporalGroupLasso(times=times.to_dict())),
        (MeanRegularizedRegressor(pull), MeanRegularizedRegressor(pull.to_dict())),
    ):
        np.testing.assert_array_equal(given.fit(X, Y).coef_, by_label.fit(X, Y).coef_)


@pytest.mark.parametrize("times", [pd.date_range("2026", periods=3), ["1", "2", "3"], [True] * 3])
def test_times_are_numbers(times):
    with pytest.raises(TypeError, match="times must hold numbers"):
        TemporalGroupLasso(times=times).fit(*problem())


def test_a_search_is_compared_with_single_tasks():
    X, Y = problem()
    search = MultiTaskCV(TraceNormRegressor(), {"alpha": 3}, cv=2)
    report = compare_to_single_task(search, X, Y, cv=TaskStratifiedKFold(2))
    assert np.isfinite(report.table_["error_multi"]).all()


def test_the_threshold_of_an_elastic_net_is_one_thing():
    X, Y = problem()
    options = {"l1_ratio": 0.5, "feature_weight": [1, 0, 1, 1]}
    model = MultiTaskElasticNet(**options)
    assert alpha_max(X, Y, estimator=model) == alpha_max(X, Y, **options)
    with pytest.raises(ValueError, match="l1_ratio=0"):
        alpha_max(X, Y, estimator=MultiTaskElasticNet(l1_ratio=0))


def test_parts_are_those_of_the_last_penalty():
    X, Y = problem()
    model = MultiTaskRegressor(Decomposition(TraceNorm(0.1), L1(0.05)) + Ridge(0.1)).fit(X, Y)
    np.testing.assert_allclose(model.shared_part_ + model.specific_part_, model.coef_)
    model.set_params(penalty=L1(0.1)).fit(X[:, :3], Y)
    assert not hasattr(model, "shared_part_")
