"""One structured model is another, or scikit-learn's, where the formulas agree."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model
from sklearn.base import clone
from structured import (
    GRAPH,
    MODELS,
    OWN_RIDGE,
    PULL,
    TIMES,
    Given,
    P,
    T,
    as_long,
    as_wide,
    assert_close,
    assert_same,
    cluster_weights,
    correlation,
    each_given,
    fitted,
    laplacian,
    long_of,
    make,
    shared_and_own,
)

from skmtl import (
    ClusteredTaskRegressor,
    DirtyRegressor,
    FusedSparseGroupLasso,
    IndependentTasks,
    MeanRegularizedRegressor,
    MultiTaskElasticNet,
    MultiTaskLasso,
    MultiTaskRegressor,
    MultiTaskSparseGroupLasso,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressor,
    SparseLowRankRegressor,
    TaskGraphRegressor,
    TaskRelationshipRegressor,
    TemporalGroupLasso,
    TraceNormRegressor,
)
from skmtl.penalties import L1, L1Inf, TaskCoupling, TaskNorm

# ------------------------------------------------ one model is another


EQUAL = {  # the same objectives, as the docstrings say
    "dirty, from 1/2 on: rows": (
        DirtyRegressor(0.6, specific_ratio=0.55),
        MultiTaskLasso(0.6 * 0.45),
    ),
    "dirty, few of Q: entries": (
        DirtyRegressor(0.6, specific_ratio=0.99 / (1 + T**0.5)),
        MultiTaskSparseGroupLasso(0.6 * 0.99 / (1 + T**0.5), l1_ratio=1.0),
    ),
    "dirty l1inf, from 1/2 on: largest entries": (
        DirtyRegressor(0.6, specific_ratio=0.55, shared_norm="l1inf"),
        MultiTaskRegressor(L1Inf(0.6 * 0.45)),
    ),
    "dirty l1inf, few of Q: entries": (
        DirtyRegressor(0.6, specific_ratio=0.99 / (1 + T), shared_norm="l1inf"),
        MultiTaskSparseGroupLasso(0.6 * 0.99 / (1 + T), l1_ratio=1.0),
    ),
    "robust, from 1/2 on: trace": (
        RobustMultiTaskRegressor(0.6, outlier_ratio=0.55),
        TraceNormRegressor(0.6 * 0.45),
    ),
    "robust, few of Q: columns": (
        RobustMultiTaskRegressor(0.6, outlier_ratio=0.99 / (1 + T**0.5)),
        MultiTaskRegressor(TaskNorm(0.6 * 0.99 / (1 + T**0.5))),
    ),
    "robust features, much of Q: rows": (
        RobustMultiTaskFeatureRegressor(0.9, outlier_ratio=1.01 * P**0.5 / (1 + P**0.5)),
        MultiTaskLasso(0.9 * (1 - 1.01 * P**0.5 / (1 + P**0.5))),
    ),
    "robust features, few of Q: columns": (
        RobustMultiTaskFeatureRegressor(0.6, outlier_ratio=0.99 / (1 + T**0.5)),
        MultiTaskRegressor(TaskNorm(0.6 * 0.99 / (1 + T**0.5))),
    ),
    "sparse low rank, from 1/2 on: trace": (
        SparseLowRankRegressor(0.6, sparse_ratio=0.55),
        TraceNormRegressor(0.6 * 0.45),
    ),
    "sparse low rank, few of Q: entries": (
        SparseLowRankRegressor(0.6, sparse_ratio=0.99 / (1 + (P * T) ** 0.5)),
        MultiTaskSparseGroupLasso(0.6 * 0.99 / (1 + (P * T) ** 0.5), l1_ratio=1.0),
    ),
    "sparse group 0: rows": (
        MultiTaskSparseGroupLasso(0.3, l1_ratio=0.0),
        MultiTaskLasso(0.3),
    ),
    "sparse group 0 and ridge: net": (
        MultiTaskSparseGroupLasso(0.3, l1_ratio=0.0, ridge=0.1),
        MultiTaskElasticNet(0.4, l1_ratio=0.75),
    ),
    "sparse group without alpha: independent": (
        MultiTaskSparseGroupLasso(0.0, ridge=0.1),
        MeanRegularizedRegressor(0.0, ridge=0.1),
    ),
    "sum: sparse group": (
        MultiTaskRegressor(L1(0.1) + MODELS["custom"].estimator.penalty.terms[0].scaled(0.0)),
        MultiTaskSparseGroupLasso(0.1, l1_ratio=1.0),
    ),
    "graph complete: mean": (
        TaskGraphRegressor(0.7, graph="complete", ridge=OWN_RIDGE),
        MeanRegularizedRegressor(0.7, ridge=OWN_RIDGE),
    ),
    "mean, equal pulls: mean": (
        MeanRegularizedRegressor([0.7] * T, ridge=[0.1] * T),
        MeanRegularizedRegressor(0.7, ridge=0.1),
    ),
    "mean, pulls by label: by position": (
        MeanRegularizedRegressor(dict(enumerate(PULL)), ridge=dict(enumerate(OWN_RIDGE))),
        MeanRegularizedRegressor(PULL, ridge=OWN_RIDGE),
    ),
    "graph, edges: weights": (
        TaskGraphRegressor(graph=[(1, 0, 1.0), (1, 2, 2.0), (0, 3, 0.2), (3, 0, 0.3), (2, 2, 9.0)]),
        TaskGraphRegressor(graph=GRAPH),
    ),
    "graph, sparse: weights": (
        TaskGraphRegressor(graph=sparse.csr_array(GRAPH)),
        TaskGraphRegressor(graph=GRAPH),
    ),
    "graph, list of lists: weights": (
        TaskGraphRegressor(graph=GRAPH.tolist()),
        TaskGraphRegressor(graph=GRAPH),
    ),
    "graph chain: edges": (
        TaskGraphRegressor(graph="chain", ridge=0.1),
        TaskGraphRegressor(graph=[(0, 1, 1), (1, 2, 1), (2, 3, 1)], ridge=0.1),
    ),
    "graph without edges: independent": (
        TaskGraphRegressor(graph=[], ridge=0.1),
        MeanRegularizedRegressor(0.0, ridge=0.1),
    ),
    "temporal, not smooth: rows": (
        TemporalGroupLasso(0.3, smoothness=0.0),
        MultiTaskLasso(0.3),
    ),
    "temporal, not smooth, ridge: net": (
        TemporalGroupLasso(0.3, smoothness=0.0, ridge=0.1),
        MultiTaskElasticNet(0.4, l1_ratio=0.75),
    ),
    "temporal without rows: chain": (
        TemporalGroupLasso(0.0, smoothness=0.5, ridge=0.1),
        TaskGraphRegressor(0.5, graph="chain", ridge=0.1),
    ),
    "temporal: sparse chain": (
        TemporalGroupLasso(0.3, smoothness=0.5, ridge=0.1, times=[0, 1, 2, 4]),
        TaskGraphRegressor(
            0.5,
            graph=[(0, 1, 1), (1, 2, 1), (2, 3, 0.25)],
            ridge=0.1,
            sparsity=0.3,
            sparsity_norm="l21",
        ),
    ),
    "times by label: by position": (
        TemporalGroupLasso(0.3, times=dict(enumerate(TIMES))),
        TemporalGroupLasso(0.3, times=TIMES),
    ),
    "no times: labels": (
        FusedSparseGroupLasso(0.3),
        FusedSparseGroupLasso(0.3, times=np.arange(T)),
    ),
    "times backwards: forwards": (
        FusedSparseGroupLasso(0.3, times=-TIMES),
        FusedSparseGroupLasso(0.3, times=TIMES),
    ),
    "fused, no changes: sparse group": (
        FusedSparseGroupLasso(0.3, l1_ratio=0.4, fused_ratio=0.0, times=TIMES),
        MultiTaskSparseGroupLasso(0.3, l1_ratio=0.4),
    ),
    "clusters, as many as tasks: independent": (
        ClusteredTaskRegressor(0.3, n_clusters=T, eta=0.5),
        MeanRegularizedRegressor(0.0, ridge=0.3 / 1.5),
    ),
    "clusters, more than tasks: as many": (
        ClusteredTaskRegressor(0.3, n_clusters=T + 3),
        ClusteredTaskRegressor(0.3, n_clusters=T),
    ),
    "clusters, far apart and within: independent": (
        ClusteredTaskRegressor(0.3e6, n_clusters=2, eta=1e6),
        MeanRegularizedRegressor(0.0, ridge=0.3),
    ),
}


@pytest.mark.parametrize("case", EQUAL)
@shared_and_own
def test_special_cases_are_simpler_models(case, shared_or_own):
    general, special = (shared_or_own.fit(estimator) for estimator in EQUAL[case])
    if "far apart" in case:  # eta is 1e6, not infinite
        assert_close(general, special, atol=1e-4)
    else:
        assert_same(general, special)


ONE_PART = {case: ": entries" in case or ": columns" in case for case in EQUAL if "Q" in case}
ONE_PART |= {case: False for case in EQUAL if "from 1/2 on" in case}


@pytest.mark.parametrize("case", ONE_PART)
@shared_and_own
def test_the_part_that_costs_too_much_is_zero(case, shared_or_own):
    model = shared_or_own.fit(EQUAL[case][0])
    empty, full = model.shared_part_, model.specific_part_
    if not ONE_PART[case]:
        empty, full = full, empty
    np.testing.assert_array_equal(empty, 0.0)
    np.testing.assert_array_equal(full, model.coef_)


@pytest.mark.parametrize(
    ("estimator", "shared", "specific"),
    [
        (DirtyRegressor(0.3, specific_ratio=0.4), MultiTaskLasso(0.18), L1(0.12)),
        (
            DirtyRegressor(0.3, specific_ratio=0.35, shared_norm="l1inf"),
            MultiTaskRegressor(L1Inf(0.195)),
            L1(0.105),
        ),
        (
            RobustMultiTaskRegressor(0.6, outlier_ratio=0.45),
            TraceNormRegressor(0.33),
            TaskNorm(0.27),
        ),
        (
            RobustMultiTaskFeatureRegressor(0.3, outlier_ratio=0.5),
            MultiTaskLasso(0.15),
            TaskNorm(0.15),
        ),
        (SparseLowRankRegressor(0.3, sparse_ratio=0.3), TraceNormRegressor(0.21), L1(0.09)),
    ],
)
@shared_and_own
def test_two_parts_are_strictly_better_than_either(estimator, shared, specific, shared_or_own):
    models = [estimator, shared, MultiTaskRegressor(specific)]
    both, *alone = (shared_or_own.fit(model).objective_ for model in models)
    assert both < 0.999 * min(alone)  # far more than the gap


@shared_and_own
def test_task_relationship_is_a_trace_norm_as_strong_as_its_value(shared_or_own):
    """The gradient of `alpha/2 ||W||_*^2` is that of `alpha ||W||_* * ||W||_*`."""
    squared = shared_or_own.fit(TaskRelationshipRegressor(0.02, ridge=0.1))
    size = np.linalg.norm(squared.coef_, "nuc")
    plain = shared_or_own.fit(TraceNormRegressor(0.02 * size, ridge=0.1))
    assert_close(squared, plain, atol=1e-4)  # size itself has an error of order 1e-5
    assert squared.objective_ == pytest.approx(plain.objective_ - 0.01 * size**2, rel=1e-8)


@pytest.mark.parametrize(
    "estimator",
    [
        ClusteredTaskRegressor(0.1, n_clusters=2, eta=0.3),
        TaskRelationshipRegressor(2e-3, ridge=0.1),
    ],
)
@shared_and_own
def test_a_learned_covariance_may_be_given(estimator, shared_or_own):
    """With it, the model is quadratic; W is its minimum."""
    learned = shared_or_own.fit(estimator)
    M = estimator.alpha * np.linalg.inv(learned.task_covariance_)
    M += getattr(estimator, "ridge", 0.0) * np.eye(T)
    given = shared_or_own.fit(MultiTaskRegressor(TaskCoupling(1.0, M)))
    assert_close(given, learned, atol=1e-4)  # M has an error of order 1e-5
    assert given.objective_ == pytest.approx(learned.objective_, rel=1e-8)


@shared_and_own
def test_clusters_of_tasks_are_subspaces_of_features(shared_or_own):
    """ASO: the minimum is that over a matrix M between features, by alternating minimization."""
    k, eta, alpha = 2, 0.3, 0.1
    clustered = shared_or_own.fit(ClusteredTaskRegressor(alpha, n_clusters=k, eta=eta))
    tasks, nbar = shared_or_own.tasks, shared_or_own.nbar
    problems = []
    for X, y, s in tasks:
        X, y = X - np.average(X, axis=0, weights=s), y - np.average(y, weights=s)
        problems.append(((X.T * s) @ X / nbar, (X.T * s) @ y / nbar, s @ y**2 / nbar))
    inverse, value = np.eye(P), np.inf
    for _ in range(300):
        W = np.column_stack([np.linalg.solve(Q + alpha * inverse, q) for Q, q, _ in problems])
        before = value
        value = sum(w @ Q @ w - 2 * q @ w + yy for w, (Q, q, yy) in zip(W.T, problems, strict=True))
        U, s, _ = np.linalg.svd(W)
        theta = cluster_weights(np.append(s, np.zeros(P - T)), k, eta, P)
        value = 0.5 * (value + alpha * np.sum(s**2 / theta[:T]))
        inverse = (U / theta) @ U.T
        if before - value <= 1e-13 * value:
            break
    assert clustered.objective_ == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(clustered.coef_.T, W, atol=1e-4)  # alternation stops early


# ------------------------------------------------ quadratic couplings


@pytest.mark.parametrize(
    ("estimator", "L"),
    [
        (TaskGraphRegressor(0.4, graph=GRAPH, ridge=0.1), laplacian(GRAPH)),
        (MeanRegularizedRegressor(0.4, ridge=0.1), np.eye(T) - 1 / T),
    ],
)
def test_with_one_X_the_tasks_of_the_eigenbasis_are_independent(estimator, L):
    given = make("wide")
    values, U = np.linalg.eigh(L)
    coefs = [
        linear_model.Ridge(len(given.X) * (0.4 * value + 0.1)).fit(given.X, y).coef_
        for value, y in zip(values, (given.y @ U).T, strict=True)
    ]
    np.testing.assert_allclose(given.fit(estimator).coef_, U @ coefs, atol=1e-9)


UNCOUPLED = {
    "mean": MeanRegularizedRegressor(1e-9, ridge=0.1),
    "mean at 0": MeanRegularizedRegressor(0.0, ridge=0.1),
    "graph": TaskGraphRegressor(1e-9, ridge=0.1),
    "chain at 0": TaskGraphRegressor(0.0, graph="chain", ridge=0.1),
    "temporal": TemporalGroupLasso(0.0, smoothness=1e-9, ridge=0.1),
    "relationship": TaskRelationshipRegressor(1e-9, ridge=0.1),
}


@pytest.mark.parametrize("case", UNCOUPLED)
@each_given
def test_no_coupling_is_a_ridge_for_each_task(case, given):
    model = given.fit(UNCOUPLED[case])
    for t, (X, y, s) in enumerate(given.tasks):
        ridge = linear_model.Ridge(0.1 * given.nbar).fit(X, y, s)
        np.testing.assert_allclose(model.coef_[t], ridge.coef_, atol=1e-5)  # of 1e-9 / ridge
        assert model.intercept_[t] == pytest.approx(ridge.intercept_, abs=1e-4)


COUPLED = {
    "mean": MeanRegularizedRegressor(1e7, ridge=0.1),
    "mean of uneven pulls": MeanRegularizedRegressor([1e7, 2e7, 3e7, 4e7], ridge=0.1),
    "graph": TaskGraphRegressor(1e7, ridge=0.1),
    "chain": TaskGraphRegressor(1e7, graph="chain", ridge=0.1),
    "temporal": TemporalGroupLasso(0.0, smoothness=1e7, ridge=0.1, times=TIMES),
}


@pytest.mark.parametrize("case", COUPLED)
@each_given
def test_infinite_coupling_is_one_slope_and_own_intercepts(case, given):
    model = given.fit(COUPLED[case], tol=1e-8)  # a gradient of terms of order 1e7 has rounding
    means = [
        (np.average(X, axis=0, weights=s), np.average(y, weights=s)) for X, y, s in given.tasks
    ]
    X = np.vstack([X - mean for (X, _, _), (mean, _) in zip(given.tasks, means, strict=True)])
    y = np.concatenate([y - mean for (_, y, _), (_, mean) in zip(given.tasks, means, strict=True)])
    s = np.concatenate([s for _, _, s in given.tasks])
    ridge = linear_model.Ridge(0.1 * T * given.nbar, fit_intercept=False).fit(X, y, s)
    for t, (mean_x, mean_y) in enumerate(means):
        np.testing.assert_allclose(model.coef_[t], ridge.coef_, atol=1e-5)  # 1 / alpha times 10
        assert model.intercept_[t] == pytest.approx(mean_y - mean_x @ ridge.coef_, abs=1e-4)


def test_uneven_pulls_are_to_the_weighted_mean():
    """No step of any w_t towards or from the mean that the docstring speaks of helps."""
    model = fitted("mean of uneven pulls", "own")
    W = model.coef_.T
    wbar = W @ PULL / PULL.sum()
    np.testing.assert_allclose(model.shared_coef_, wbar, rtol=1e-12)
    gradient = -correlation(model, make("own")) + (W - wbar[:, None]) * PULL + W * OWN_RIDGE
    np.testing.assert_allclose(gradient, 0.0, atol=1e-9)


def test_a_task_without_pull_is_alone():
    given = make("own")
    model = given.fit(MeanRegularizedRegressor(PULL, ridge=0.1))
    X, y, s = given.tasks[1]  # PULL[1] is 0
    ridge = linear_model.Ridge(0.1 * given.nbar).fit(X, y, s)
    np.testing.assert_allclose(model.coef_[1], ridge.coef_, atol=1e-9)


@pytest.mark.parametrize("kind", ["complete", "chain", "mean", "temporal"])
@pytest.mark.parametrize("n_tasks", [2, 3, 4, 5, 12])
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_coupling_leaves_the_sum_of_tasks_to_least_squares(kind, n_tasks, layout):
    """With one X and no ridge, whatever alpha: 1 is in the null space of the Laplacian."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 5)), rng.normal(size=(30, n_tasks))
    given = as_wide(X, Y) if layout == "wide" else long_of(X, Y)
    expected = linear_model.LinearRegression().fit(X, Y.sum(axis=1)).coef_
    for alpha in np.geomspace(1e-3, 1e3, 13):
        estimator = {
            "mean": MeanRegularizedRegressor(alpha),
            "temporal": TemporalGroupLasso(0.0, smoothness=alpha),
        }.get(kind, TaskGraphRegressor(alpha, graph=kind))
        model = given.fit(estimator, tol=1e-8)
        np.testing.assert_allclose(model.coef_.sum(axis=0), expected, atol=1e-6)  # of tol


def test_tasks_of_separate_components_do_not_feel_each_other():
    given = make("own")
    graph = [(0, 1, 1.0), (2, 3, 1.0)]
    together = given.fit(TaskGraphRegressor(0.5, graph=graph, ridge=0.1))
    for pair in ([0, 1], [2, 3]):
        half = as_long([given.tasks[t] for t in pair])
        strength = half.nbar / given.nbar  # loss, coupling and ridge are relative to nbar
        alone = half.fit(TaskGraphRegressor(0.5 / strength, graph="chain", ridge=0.1 / strength))
        np.testing.assert_allclose(together.coef_[pair], alone.coef_, atol=1e-8)


@pytest.mark.parametrize("task_params", [OWN_RIDGE, dict(enumerate(OWN_RIDGE))])
def test_ridges_of_tasks_that_are_not_pulled_are_those_of_independent_tasks(task_params):
    given = make("own")
    X, y, s, column, _ = given
    ridges = (
        {t: given.nbar * ridge for t, ridge in task_params.items()}
        if isinstance(task_params, dict)
        else given.nbar * task_params
    )
    independent = IndependentTasks(
        linear_model.Ridge(), task_params={"alpha": ridges}, task_column=column
    ).fit(X, y, s)
    model = given.fit(MeanRegularizedRegressor(0.0, ridge=task_params))
    np.testing.assert_allclose(model.predict(X), independent.predict(X), rtol=1e-8)


# ------------------------------------------------ one task


def net(l1, ridge):
    return linear_model.ElasticNet(
        l1 + ridge, l1_ratio=l1 / (l1 + ridge), tol=1e-12, max_iter=100_000
    )


ONE_TASK = {
    "sparse group": (MultiTaskSparseGroupLasso(0.2, l1_ratio=0.3), net(0.2, 0.0)),
    "sparse group and ridge": (MultiTaskSparseGroupLasso(0.2, ridge=0.1), net(0.2, 0.1)),
    "dirty": (DirtyRegressor(0.5, specific_ratio=0.4), net(0.2, 0.0)),
    "dirty l1inf": (DirtyRegressor(0.5, specific_ratio=0.6, shared_norm="l1inf"), net(0.2, 0.0)),
    "temporal": (TemporalGroupLasso(0.2, ridge=0.1), net(0.2, 0.1)),
    "fused": (FusedSparseGroupLasso(0.4, l1_ratio=0.1, fused_ratio=0.5), net(0.2, 0.0)),
    "fused at a time": (FusedSparseGroupLasso(0.4, fused_ratio=0.5, times=[7]), net(0.2, 0.0)),
    "graph": (TaskGraphRegressor(9.0, ridge=0.1), net(0.0, 0.1)),
    "chain": (TaskGraphRegressor(9.0, graph="chain", ridge=0.1, sparsity=0.2), net(0.2, 0.1)),
    "mean": (MeanRegularizedRegressor(9.0, ridge=0.1), net(0.0, 0.1)),
    "clustered": (ClusteredTaskRegressor(0.3, n_clusters=2, eta=0.5), net(0.0, 0.2)),
    "relationship": (TaskRelationshipRegressor(0.3, ridge=0.1), net(0.0, 0.4)),
}


def one_column(X, y, s):
    return Given(X, y[:, None], s, None, [(X, y, s)])


@pytest.mark.parametrize("case", ONE_TASK)
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_one_task_is_scikit_learns_model_at_the_same_alpha(case, layout):
    ours, theirs = ONE_TASK[case]
    X, y, s = make("own").tasks[3]
    given = as_long([(X, y, s)]) if layout == "long" else one_column(X, y, s)
    if theirs.l1_ratio == 0:  # their descent is meant for sparse models
        theirs = linear_model.Ridge(theirs.alpha * s.sum())
    model, expected = given.fit(ours), clone(theirs).fit(X, y, s)
    np.testing.assert_allclose(model.coef_[0], expected.coef_, atol=1e-5)
    assert model.intercept_[0] == pytest.approx(expected.intercept_, abs=1e-4)


@pytest.mark.parametrize(
    "estimator",
    [
        TraceNormRegressor(0.3),
        RobustMultiTaskRegressor(0.6, outlier_ratio=0.5),
        RobustMultiTaskRegressor(0.5, outlier_ratio=0.6),
    ],
)
def test_one_task_of_low_rank_is_a_ridge_as_strong_as_its_size(estimator):
    """The gradient of `||w||_2` is `w / ||w||_2`; of two parts the cheaper is used."""
    X, y, _ = make("own").tasks[3]
    model = as_wide(X, y[:, None]).fit(estimator, tol=1e-12)
    alpha = 0.3 if isinstance(estimator, TraceNormRegressor) else 0.6 * 0.5
    alpha = min(alpha, estimator.alpha * (1 - getattr(estimator, "outlier_ratio", 0.0)))
    size = np.linalg.norm(model.coef_)
    ridge = linear_model.Ridge(len(y) * alpha / size).fit(X, y)
    np.testing.assert_allclose(model.coef_[0], ridge.coef_, atol=1e-5)  # error of the size


@each_given
def test_entries_alone_are_a_lasso_for_each_task(given):
    model = given.fit(MultiTaskSparseGroupLasso(0.1, l1_ratio=1.0))
    for t, (X, y, s) in enumerate(given.tasks):
        lasso = linear_model.Lasso(0.1 * given.nbar / s.sum(), tol=1e-12, max_iter=100_000)
        np.testing.assert_allclose(model.coef_[t], lasso.fit(X, y, s).coef_, atol=1e-6)


def test_sparse_and_low_rank_is_the_minimum_of_an_independent_solver():
    """cvxpy with Clarabel at 1e-11."""
    rng = np.random.RandomState(3)
    X = rng.randn(40, 6)
    W = np.outer(rng.randn(6), rng.randn(4))
    W[1, 2] += 3
    W[4, 0] -= 2
    Y = X @ W + rng.randn(40, 4)
    for alpha, ratio, minimum in [(0.4, 0.3, 4.880412538922421), (0.2, 0.35, 3.4178708024068607)]:
        model = SparseLowRankRegressor(alpha, sparse_ratio=ratio, tol=1e-10, max_iter=100_000)
        assert model.fit(X, Y).objective_ == pytest.approx(minimum, rel=1e-9)
    assert np.count_nonzero(model.specific_part_) == 5
    assert np.linalg.matrix_rank(model.shared_part_, tol=1e-6) == 3
