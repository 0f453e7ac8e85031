"""The structured models: objectives and optimality by NumPy, identities, hard cases, choices."""

import pickle
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import brentq, lsq_linear
from sklearn import linear_model
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV, KFold, ParameterGrid

from skmtl import (
    ClusteredRegressor,
    ClusteredRegressorCV,
    DirtyRegressor,
    DirtyRegressorCV,
    FusedSparseGroupLasso,
    GraphRegressor,
    GraphRegressorCV,
    IndependentTasks,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    MultiTaskRegressor,
    MultiTaskSparseGroupLasso,
    RobustFeatureRegressor,
    RobustRegressor,
    RobustRegressorCV,
    SparseLowRankRegressor,
    TaskRelationshipRegressor,
    TaskStratifiedKFold,
    TemporalGroupLasso,
    TraceNormRegressor,
    TraceNormRegressorCV,
    alpha_max,
    multi_task_path,
)
from skmtl.penalties import L1, Decomposition, L1Inf, TaskCoupling, TaskNorm, TraceNorm

TIGHT = {"tol": 1e-11, "max_iter": 100_000}
T, P = 4, 6
TIMES = np.array([3.0, 0.0, 1.0, 7.0])  # of the tasks; not in their order
GAPS = np.diff(np.sort(TIMES))
STEPS = np.diff(np.eye(T)[np.argsort(TIMES)], axis=0).T / GAPS  # W STEPS: changes over time
GRAPH = np.array([[9, 1, 0, 0.5], [1, 0, 2, 0], [0, 2, 0, 0], [0.5, 0, 0, 1]])  # with a diagonal

CHAIN = np.eye(T, k=1) + np.eye(T, k=-1)


def laplacian(weights):
    weights = weights - np.diag(np.diag(weights))
    return np.diag(weights.sum(axis=1)) - weights


# ------------------------------------------------ the norms, and how far G is outside alpha times
# the dual ball: the largest violation of `|<G, V>| <= alpha * norm(V)` over rows (or columns)


class Norm(NamedTuple):
    value: callable  # of W
    excess: callable  # of G and alpha


def row_norms(W):
    return np.linalg.norm(W, axis=1)


def soft(G, threshold):
    return np.sign(G) * np.maximum(np.abs(G) - threshold, 0.0)


def sparse_group(r):
    return Norm(
        lambda W: (1 - r) * row_norms(W).sum() + r * np.abs(W).sum(),
        lambda G, alpha: np.max(row_norms(soft(G, alpha * r)) - alpha * (1 - r)),
    )


def fused(r, s):
    """g is in the dual ball if `||g - r u - s STEPS v|| <= 1 - r - s` for some |u|, |v| <= 1."""

    def excess(g, alpha):
        A = alpha * np.hstack([r * np.eye(T), s * STEPS])
        rest = lsq_linear(A, g, (-1, 1), method="bvls", tol=1e-14).cost
        return np.sqrt(2 * rest) - alpha * (1 - r - s)

    return Norm(
        lambda W: (
            r * np.abs(W).sum() + s * np.abs(W @ STEPS).sum() + (1 - r - s) * row_norms(W).sum()
        ),
        lambda G, alpha: max(excess(g, alpha) for g in G),
    )


ENTRIES = Norm(lambda W: np.abs(W).sum(), lambda G, alpha: np.abs(G).max() - alpha)
ROWS = Norm(lambda W: row_norms(W).sum(), lambda G, alpha: row_norms(G).max() - alpha)
COLUMNS = Norm(lambda W: row_norms(W.T).sum(), lambda G, alpha: row_norms(G.T).max() - alpha)
LARGEST = Norm(
    lambda W: np.abs(W).max(axis=1).sum(), lambda G, alpha: np.abs(G).sum(axis=1).max() - alpha
)
SINGULAR = Norm(lambda W: np.linalg.norm(W, "nuc"), lambda G, alpha: np.linalg.norm(G, 2) - alpha)


# ------------------------------------------------ the models


class Model(NamedTuple):
    """An estimator; its norms as pairs (strength, Norm), one for each part of W; the matrix M of
    its quadratic `1/2 tr(W M W')`; its square of a norm as a pair (value, conjugate)."""

    estimator: BaseEstimator
    norms: tuple = ()
    matrix: np.ndarray = np.zeros((T, T))
    square: tuple = (lambda W: 0.0, lambda G: 0.0)

    @property
    def parts(self):
        return ("coef_",) if len(self.norms) < 2 else ("shared_part_", "specific_part_")


ALPHA, RIDGE = 0.3, 0.05
EYE = np.eye(T)
BETWEEN = 0.4  # a share of alpha at which both parts are in use
PULL = np.array([0.5, 0.0, 2.0, 1.0])
OWN_RIDGE = np.array([0.05, 0.1, 0.2, 0.3])
K, ETA = 2, 0.3


def squared_trace_norm(W):
    return ALPHA / 2 * np.linalg.norm(W, "nuc") ** 2


def squared_trace_norm_conjugate(G):
    return np.linalg.norm(G, 2) ** 2 / (2 * ALPHA)


def cluster_weights(s, n_clusters, eta, size):
    """theta minimising `sum s^2 / theta`, in [eta, 1 + eta], of sum `k + eta size`; for s > 0."""
    s = np.maximum(s, 1e-14)

    def theta(h):
        return np.clip(s * h, eta, 1 + eta)

    total = min(n_clusters, len(s)) + eta * len(s)  # what is beyond len(s) directions holds eta
    h = brentq(lambda h: theta(h).sum() - total, 0.0, (1 + eta) / s.min() + 1, xtol=1e-300)
    return theta(h)


def cluster_norm(W):
    s = np.linalg.svd(W, compute_uv=False)
    return ALPHA / 2 * np.sum(s**2 / cluster_weights(s, K, ETA, T))


def cluster_norm_conjugate(G):
    squares = np.linalg.svd(G, compute_uv=False) ** 2
    return (ETA * squares.sum() + squares[:K].sum()) / (2 * ALPHA)


MEAN_MATRIX = np.diag(PULL) - np.outer(PULL, PULL) / PULL.sum()

MODELS = {
    "sparse group": Model(
        MultiTaskSparseGroupLasso(ALPHA, l1_ratio=0.4, ridge=RIDGE),
        ((ALPHA, sparse_group(0.4)),),
        RIDGE * EYE,
    ),
    "trace": Model(TraceNormRegressor(ALPHA), ((ALPHA, SINGULAR),)),
    "trace and ridge": Model(
        TraceNormRegressor(ALPHA, ridge=RIDGE), ((ALPHA, SINGULAR),), RIDGE * EYE
    ),
    "sparse low rank": Model(
        SparseLowRankRegressor(ALPHA, sparse_ratio=0.3),
        ((0.7 * ALPHA, SINGULAR), (0.3 * ALPHA, ENTRIES)),
    ),
    "graph": Model(
        GraphRegressor(ALPHA, graph=GRAPH, ridge=RIDGE),
        matrix=ALPHA * laplacian(GRAPH) + RIDGE * EYE,
    ),
    "graph l1": Model(
        GraphRegressor(ALPHA, graph=GRAPH, ridge=OWN_RIDGE, sparsity=0.2),
        ((0.2, ENTRIES),),
        ALPHA * laplacian(GRAPH) + np.diag(OWN_RIDGE),
    ),
    "graph l21": Model(
        GraphRegressor(ALPHA, graph=GRAPH, sparsity=0.2, sparsity_norm="l21"),
        ((0.2, ROWS),),
        ALPHA * laplacian(GRAPH),
    ),
    "chain without ridge": Model(
        GraphRegressor(ALPHA, graph=CHAIN), matrix=ALPHA * laplacian(CHAIN)
    ),
    "mean without ridge": Model(MeanRegularizedRegressor(ALPHA), matrix=ALPHA * (EYE - 1 / T)),
    "mean": Model(
        MeanRegularizedRegressor(ALPHA, ridge=RIDGE), matrix=ALPHA * (EYE - 1 / T) + RIDGE * EYE
    ),
    "mean of uneven pulls": Model(
        MeanRegularizedRegressor(PULL, ridge=OWN_RIDGE), matrix=MEAN_MATRIX + np.diag(OWN_RIDGE)
    ),
    "dirty": Model(
        DirtyRegressor(ALPHA, specific_ratio=BETWEEN),
        (((1 - BETWEEN) * ALPHA, ROWS), (BETWEEN * ALPHA, ENTRIES)),
    ),
    "dirty l1inf": Model(
        DirtyRegressor(ALPHA, specific_ratio=BETWEEN, shared_norm="l1inf"),
        (((1 - BETWEEN) * ALPHA, LARGEST), (BETWEEN * ALPHA, ENTRIES)),
    ),
    "robust": Model(
        RobustRegressor(0.6, outlier_ratio=0.45),
        ((0.55 * 0.6, SINGULAR), (0.45 * 0.6, COLUMNS)),
    ),
    "robust features": Model(
        RobustFeatureRegressor(ALPHA, outlier_ratio=0.5),
        ((0.5 * ALPHA, ROWS), (0.5 * ALPHA, COLUMNS)),
    ),
    "temporal": Model(
        TemporalGroupLasso(ALPHA, smoothness=0.7, ridge=RIDGE, times=TIMES),
        ((ALPHA, ROWS),),
        0.7 * STEPS @ STEPS.T + RIDGE * EYE,
    ),
    "fused": Model(
        FusedSparseGroupLasso(ALPHA, l1_ratio=0.2, fused_ratio=0.5, times=TIMES),
        ((ALPHA, fused(0.2, 0.5)),),
    ),
    "clustered": Model(
        ClusteredRegressor(ALPHA, n_clusters=K, eta=ETA),
        square=(cluster_norm, cluster_norm_conjugate),
    ),
    "relationship": Model(
        TaskRelationshipRegressor(ALPHA, ridge=RIDGE),
        matrix=RIDGE * EYE,
        square=(squared_trace_norm, squared_trace_norm_conjugate),
    ),
    "custom": Model(
        MultiTaskRegressor(TaskNorm(ALPHA) + TaskCoupling(0.5, laplacian(GRAPH))),
        ((ALPHA, COLUMNS),),
        0.5 * laplacian(GRAPH),
    ),
}
EMPTIED = [  # by a large alpha
    name
    for name, model in MODELS.items()
    if model.norms and "graph" not in name and name != "custom"
]


# ------------------------------------------------ the data, in four forms


class Given(NamedTuple):
    """What `fit` is given, and (X_t, y_t, s_t) of every task."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    task_column: int | None
    tasks: list

    @property
    def nbar(self):
        return sum(s.sum() for _, _, s in self.tasks) / len(self.tasks)

    def fit(self, estimator, **params):
        model = clone(estimator).set_params(task_column=self.task_column, **TIGHT)
        return model.set_params(**params).fit(self.X, self.y, self.weight)


def as_wide(X, Y, weight=None):
    """Y (n, T) with its missing labels; weight (n, T) or None."""
    s = np.where(np.isnan(Y), 0.0, 1.0 if weight is None else weight)
    tasks = [(X[s_t > 0], y_t[s_t > 0], s_t[s_t > 0]) for y_t, s_t in zip(Y.T, s.T, strict=True)]
    return Given(X, Y, weight, None, tasks)


def as_long(tasks, column=2):
    """The tasks one after the other, every row with its id in a column in between."""
    ids = np.repeat(np.arange(len(tasks)), [len(y) for _, y, _ in tasks])
    X, y, s = (np.concatenate(arrays) for arrays in zip(*tasks, strict=True))
    return Given(np.insert(X, column, ids, axis=1), y, s, column, tasks)


def coefficients(p=P, n_tasks=T):
    """Of rank one, half the features in use, and a task like no other."""
    rng = np.random.default_rng(0)
    W = np.outer(rng.normal(size=p) * (np.arange(p) % 2), 1 + 0.2 * rng.normal(size=n_tasks))
    W[:, -1] = rng.normal(size=p)
    return 2 * W


@cache
def make(form):
    rng = np.random.default_rng(1)
    W = coefficients()
    X = rng.normal(size=(30, P)) + 0.5 * rng.normal(size=(30, 1))
    Y = X @ W + 0.5 * rng.normal(size=(30, T)) + [1, -2, 3, 0]
    if form == "wide":
        return as_wide(X, Y)
    if form in ("holes", "long"):
        holes = np.where(rng.random(Y.shape) < 0.25, np.nan, Y)
        holes[3] = np.nan
        given = as_wide(X, holes, rng.uniform(0.5, 2.0, Y.shape))
        return given if form == "holes" else as_long(given.tasks)
    tasks = []
    for t in range(T):  # rows of its own for every task, not equally many
        X = rng.normal(size=(14 + 4 * t, P)) + t
        y = X @ W[:, t] + 0.5 * rng.normal(size=len(X))
        tasks.append((X, y, rng.uniform(0.5, 2.0, len(X))))
    return as_long(tasks)


FORMS = ["wide", "holes", "long", "own"]


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


@pytest.fixture
def given(form):
    return make(form)


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


@cache
def fitted(name, form):
    return make(form).fit(MODELS[name].estimator)


def residuals(model, given):
    return [
        y - X @ w - b
        for (X, y, _), w, b in zip(given.tasks, model.coef_, model.intercept_, strict=True)
    ]


def loss(model, given):
    """Of the docstring: `1/(2 nbar) sum_t sum_i s_ti r_ti^2`."""
    errors = zip(given.tasks, residuals(model, given), strict=True)
    return sum(s @ r**2 for (_, _, s), r in errors) / (2 * given.nbar)


def correlation(model, given):
    """Minus the gradient of the loss in W, (n_features, n_tasks)."""
    errors = zip(given.tasks, residuals(model, given), strict=True)
    return np.column_stack([X.T @ (s * r) for (X, _, s), r in errors]) / given.nbar


def penalty(name, model):
    """By the formula of the docstring, at the fitted parts."""
    norms, M, (square, _) = MODELS[name][1:]
    W = model.coef_.T
    parts = [getattr(model, part).T for part in MODELS[name].parts]
    total = sum(alpha * norm.value(V) for (alpha, norm), V in zip(norms, parts, strict=False))
    return total + np.sum(W @ M * W) / 2 + square(W)


def null_loss(given):
    """Of the weighted means: what `tol` is relative to."""
    return sum(s @ (y - np.average(y, weights=s)) ** 2 for _, y, s in given.tasks) / (
        2 * given.nbar
    )


ROUNDING = 1e-12  # relative


def test_the_objective_is_that_of_the_formula(name, form, given):
    model = fitted(name, form)
    expected = loss(model, given) + penalty(name, model)
    assert model.objective_ == pytest.approx(expected, rel=1e-10)  # rounding in a brentq


def test_the_intercepts_leave_no_mean_residual(name, form, given):
    errors = zip(given.tasks, residuals(fitted(name, form), given), strict=True)
    means = [np.average(r, weights=s) for (_, _, s), r in errors]
    np.testing.assert_allclose(means, 0.0, atol=1e-12)  # rounding of y of order 10


def slack(model, given):
    """How far the gradient may be from that of the minimum: the gap bounds the residual, by
    `||r - r*||^2 <= 2 gap`, and the largest singular value of a task's X carries that over."""
    size = max(np.linalg.norm(np.sqrt(s)[:, None] * X, 2) for X, _, s in given.tasks)
    return size * np.sqrt(2 * (model.tol * null_loss(given)) / given.nbar) + 1e-9


@pytest.mark.parametrize("name", [name for name in MODELS if MODELS[name].norms], indirect=True)
def test_every_part_is_aligned_with_the_gradient(name, form, given):
    """G, minus the gradient of loss and quadratics, is a subgradient of each norm at its part:
    within the dual ball, and `<G, V> = alpha * norm(V)`."""
    model = fitted(name, form)
    G = correlation(model, given) - model.coef_.T @ MODELS[name].matrix
    atol = slack(model, given)
    for (alpha, norm), part in zip(MODELS[name].norms, MODELS[name].parts, strict=True):
        V = getattr(model, part).T
        assert norm.excess(G, alpha) <= atol
        size = alpha * norm.value(V)
        assert np.sum(G * V) == pytest.approx(size, abs=atol * (1 + norm.value(V)))


SQUARES = [name for name in MODELS if not MODELS[name].norms]


@pytest.mark.parametrize("name", SQUARES, indirect=True)
def test_value_and_conjugate_meet_at_the_gradient(name, form, given):
    """Fenchel: `square(W) + square*(G) = <G, W>`; where there is no square, G is 0."""
    model = fitted(name, form)
    W, (value, conjugate) = model.coef_.T, MODELS[name].square
    G = correlation(model, given) - W @ MODELS[name].matrix
    gap = value(W) + conjugate(G) - np.sum(G * W)
    assert gap == pytest.approx(0.0, abs=1e-8 * null_loss(given))  # 1e3 * tol
    if name not in ("clustered", "relationship"):
        np.testing.assert_allclose(G, 0.0, atol=1e-9 * np.abs(W).max())


def test_the_gap_bounds_the_distance_to_the_minimum(name, form, given):
    minimum = fitted(name, form).objective_
    rough = given.fit(MODELS[name].estimator, tol=1e-2)
    assert rough.dual_gap_ <= 1e-2 * null_loss(given) * (1 + ROUNDING) or name in SQUARES
    assert rough.objective_ - rough.dual_gap_ <= minimum * (1 + ROUNDING)
    assert minimum <= rough.objective_ + 1e-11 * null_loss(given)  # tol of the minimum


# ------------------------------------------------ thresholds


def critical(name, given):
    estimator = clone(MODELS[name].estimator).set_params(task_column=given.task_column)
    return alpha_max(given.X, given.y, estimator=estimator, sample_weight=given.weight)


@pytest.mark.parametrize("name", EMPTIED, indirect=True)
def test_alpha_max_is_tight(name, given):
    alpha = critical(name, given)
    above = given.fit(MODELS[name].estimator, alpha=1.001 * alpha)
    below = given.fit(MODELS[name].estimator, alpha=0.98 * alpha)
    np.testing.assert_array_equal(above.coef_, 0.0)
    assert below.coef_.any()


@pytest.mark.parametrize("name", EMPTIED, indirect=True)
def test_alpha_max_is_the_dual_norm_of_the_gradient_at_zero(name, given):
    """At which the gradient comes to lie within the dual balls of all parts."""
    G = (
        np.column_stack([X.T @ (s * (y - np.average(y, weights=s))) for X, y, s in given.tasks])
        / given.nbar
    )
    alpha = critical(name, given)
    norms, known = MODELS[name].norms, MODELS[name].estimator.alpha

    def excess(factor):
        return max(norm.excess(G, factor * alpha * share / known) for share, norm in norms)

    assert excess(1 + 1e-9) <= 1e-12 * np.abs(G).max() < excess(1 - 1e-6)


DECOMPOSED = [name for name, model in MODELS.items() if len(model.parts) == 2]
NEVER_EMPTY = [name for name in MODELS if name not in (*EMPTIED, "custom")]


@pytest.mark.parametrize("name", NEVER_EMPTY, indirect=True)
def test_models_that_no_alpha_empties_have_no_alpha_max(name):
    with pytest.raises(ValueError, match="is never empty, whatever alpha: give the alphas to try"):
        critical(name, make("wide"))


# ------------------------------------------------ one model is another


def assert_close(model, other, atol=5e-5):
    """Equal coefficients; they err by up to (2 gap / curvature)**0.5, the gaps up to 2e-10 and the
    curvatures (or ridges) from 0.1 on."""
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=0, atol=atol)
    np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=0, atol=5 * atol)


def assert_same(model, other, **options):
    assert_close(model, other, **options)
    assert model.objective_ == pytest.approx(other.objective_, rel=1e-8)  # a few tol of the null


@pytest.fixture(params=["wide", "own"])
def shared_or_own(request):
    """Data in a form with one X, and in one with an X for every task."""
    return make(request.param)


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
        RobustRegressor(0.6, outlier_ratio=0.55),
        TraceNormRegressor(0.6 * 0.45),
    ),
    "robust, few of Q: columns": (
        RobustRegressor(0.6, outlier_ratio=0.99 / (1 + T**0.5)),
        MultiTaskRegressor(TaskNorm(0.6 * 0.99 / (1 + T**0.5))),
    ),
    "robust features, much of Q: rows": (
        RobustFeatureRegressor(0.9, outlier_ratio=1.01 * P**0.5 / (1 + P**0.5)),
        MultiTaskLasso(0.9 * (1 - 1.01 * P**0.5 / (1 + P**0.5))),
    ),
    "robust features, few of Q: columns": (
        RobustFeatureRegressor(0.6, outlier_ratio=0.99 / (1 + T**0.5)),
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
        GraphRegressor(0.7, graph="complete", ridge=OWN_RIDGE),
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
        GraphRegressor(graph=[(1, 0, 1.0), (1, 2, 2.0), (0, 3, 0.2), (3, 0, 0.3), (2, 2, 9.0)]),
        GraphRegressor(graph=GRAPH),
    ),
    "graph, sparse: weights": (
        GraphRegressor(graph=sparse.csr_array(GRAPH)),
        GraphRegressor(graph=GRAPH),
    ),
    "graph, list of lists: weights": (
        GraphRegressor(graph=GRAPH.tolist()),
        GraphRegressor(graph=GRAPH),
    ),
    "graph chain: edges": (
        GraphRegressor(graph="chain", ridge=0.1),
        GraphRegressor(graph=[(0, 1, 1), (1, 2, 1), (2, 3, 1)], ridge=0.1),
    ),
    "graph without edges: independent": (
        GraphRegressor(graph=[], ridge=0.1),
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
        GraphRegressor(0.5, graph="chain", ridge=0.1),
    ),
    "temporal: sparse chain": (
        TemporalGroupLasso(0.3, smoothness=0.5, ridge=0.1, times=[0, 1, 2, 4]),
        GraphRegressor(
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
        ClusteredRegressor(0.3, n_clusters=T, eta=0.5),
        MeanRegularizedRegressor(0.0, ridge=0.3 / 1.5),
    ),
    "clusters, more than tasks: as many": (
        ClusteredRegressor(0.3, n_clusters=T + 3),
        ClusteredRegressor(0.3, n_clusters=T),
    ),
    "clusters, far apart and within: independent": (
        ClusteredRegressor(0.3e6, n_clusters=2, eta=1e6),
        MeanRegularizedRegressor(0.0, ridge=0.3),
    ),
}


@pytest.mark.parametrize("case", EQUAL)
def test_special_cases_are_simpler_models(case, shared_or_own):
    general, special = (shared_or_own.fit(estimator) for estimator in EQUAL[case])
    if "far apart" in case:  # eta is 1e6, not infinite
        assert_close(general, special, atol=1e-4)
    else:
        assert_same(general, special)


ONE_PART = {case: ": entries" in case or ": columns" in case for case in EQUAL if "Q" in case}
ONE_PART |= {case: False for case in EQUAL if "from 1/2 on" in case}


@pytest.mark.parametrize("case", ONE_PART)
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
        (RobustRegressor(0.6, outlier_ratio=0.45), TraceNormRegressor(0.33), TaskNorm(0.27)),
        (RobustFeatureRegressor(0.3, outlier_ratio=0.5), MultiTaskLasso(0.15), TaskNorm(0.15)),
        (SparseLowRankRegressor(0.3, sparse_ratio=0.3), TraceNormRegressor(0.21), L1(0.09)),
    ],
)
def test_two_parts_are_strictly_better_than_either(estimator, shared, specific, shared_or_own):
    models = [estimator, shared, MultiTaskRegressor(specific)]
    both, *alone = (shared_or_own.fit(model).objective_ for model in models)
    assert both < 0.999 * min(alone)  # far more than the gap


def test_task_relationship_is_a_trace_norm_as_strong_as_its_value(shared_or_own):
    """The gradient of `alpha/2 ||W||_*^2` is that of `alpha ||W||_* * ||W||_*`."""
    squared = shared_or_own.fit(TaskRelationshipRegressor(0.02, ridge=0.1))
    size = np.linalg.norm(squared.coef_, "nuc")
    plain = shared_or_own.fit(TraceNormRegressor(0.02 * size, ridge=0.1))
    assert_close(squared, plain, atol=1e-4)  # size itself has an error of order 1e-5
    assert squared.objective_ == pytest.approx(plain.objective_ - 0.01 * size**2, rel=1e-8)


@pytest.mark.parametrize(
    "estimator",
    [ClusteredRegressor(0.1, n_clusters=2, eta=0.3), TaskRelationshipRegressor(2e-3, ridge=0.1)],
)
def test_a_learned_covariance_may_be_given(estimator, shared_or_own):
    """With it, the model is quadratic; W is its minimum."""
    learned = shared_or_own.fit(estimator)
    M = estimator.alpha * np.linalg.inv(learned.task_covariance_)
    M += getattr(estimator, "ridge", 0.0) * np.eye(T)
    given = shared_or_own.fit(MultiTaskRegressor(TaskCoupling(1.0, M)))
    assert_close(given, learned, atol=1e-4)  # M has an error of order 1e-5
    assert given.objective_ == pytest.approx(learned.objective_, rel=1e-8)


def test_clusters_of_tasks_are_subspaces_of_features(shared_or_own):
    """ASO: the minimum is that over a matrix M between features, by alternating minimisation."""
    k, eta, alpha = 2, 0.3, 0.1
    clustered = shared_or_own.fit(ClusteredRegressor(alpha, n_clusters=k, eta=eta))
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
        (GraphRegressor(0.4, graph=GRAPH, ridge=0.1), laplacian(GRAPH)),
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
    "graph": GraphRegressor(1e-9, ridge=0.1),
    "chain at 0": GraphRegressor(0.0, graph="chain", ridge=0.1),
    "temporal": TemporalGroupLasso(0.0, smoothness=1e-9, ridge=0.1),
    "relationship": TaskRelationshipRegressor(1e-9, ridge=0.1),
}


@pytest.mark.parametrize("case", UNCOUPLED)
def test_no_coupling_is_a_ridge_for_each_task(case, given):
    model = given.fit(UNCOUPLED[case])
    for t, (X, y, s) in enumerate(given.tasks):
        ridge = linear_model.Ridge(0.1 * given.nbar).fit(X, y, s)
        np.testing.assert_allclose(model.coef_[t], ridge.coef_, atol=1e-5)  # of 1e-9 / ridge
        assert model.intercept_[t] == pytest.approx(ridge.intercept_, abs=1e-4)


COUPLED = {
    "mean": MeanRegularizedRegressor(1e7, ridge=0.1),
    "mean of uneven pulls": MeanRegularizedRegressor([1e7, 2e7, 3e7, 4e7], ridge=0.1),
    "graph": GraphRegressor(1e7, ridge=0.1),
    "chain": GraphRegressor(1e7, graph="chain", ridge=0.1),
    "temporal": TemporalGroupLasso(0.0, smoothness=1e7, ridge=0.1, times=TIMES),
}


@pytest.mark.parametrize("case", COUPLED)
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


def test_uneven_pulls_are_to_the_weighted_mean(given):
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
        }.get(kind, GraphRegressor(alpha, graph=kind))
        model = given.fit(estimator, tol=1e-8)
        np.testing.assert_allclose(model.coef_.sum(axis=0), expected, atol=1e-6)  # of tol


def test_tasks_of_separate_components_do_not_feel_each_other():
    given = make("own")
    graph = [(0, 1, 1.0), (2, 3, 1.0)]
    together = given.fit(GraphRegressor(0.5, graph=graph, ridge=0.1))
    for pair in ([0, 1], [2, 3]):
        half = as_long([given.tasks[t] for t in pair])
        strength = half.nbar / given.nbar  # loss, coupling and ridge are relative to nbar
        alone = half.fit(GraphRegressor(0.5 / strength, graph="chain", ridge=0.1 / strength))
        np.testing.assert_allclose(together.coef_[pair], alone.coef_, atol=1e-8)


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
    "graph": (GraphRegressor(9.0, ridge=0.1), net(0.0, 0.1)),
    "chain": (GraphRegressor(9.0, graph="chain", ridge=0.1, sparsity=0.2), net(0.2, 0.1)),
    "mean": (MeanRegularizedRegressor(9.0, ridge=0.1), net(0.0, 0.1)),
    "clustered": (ClusteredRegressor(0.3, n_clusters=2, eta=0.5), net(0.0, 0.2)),
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
        RobustRegressor(0.6, outlier_ratio=0.5),
        RobustRegressor(0.5, outlier_ratio=0.6),
    ],
)
def test_one_task_of_low_rank_is_a_ridge_as_strong_as_its_size(estimator):
    """The gradient of `||w||_2` is `w / ||w||_2`; of two parts the cheaper is used."""
    X, y, _ = make("own").tasks[3]
    model = as_wide(X, y[:, None]).fit(estimator)
    alpha = 0.3 if isinstance(estimator, TraceNormRegressor) else 0.6 * 0.5
    alpha = min(alpha, estimator.alpha * (1 - getattr(estimator, "outlier_ratio", 0.0)))
    size = np.linalg.norm(model.coef_)
    ridge = linear_model.Ridge(len(y) * alpha / size).fit(X, y)
    np.testing.assert_allclose(model.coef_[0], ridge.coef_, atol=1e-5)  # error of the size


def test_entries_alone_are_a_lasso_for_each_task(given):
    model = given.fit(MultiTaskSparseGroupLasso(0.1, l1_ratio=1.0))
    for t, (X, y, s) in enumerate(given.tasks):
        lasso = linear_model.Lasso(0.1 * given.nbar / s.sum(), tol=1e-12, max_iter=100_000)
        np.testing.assert_allclose(model.coef_[t], lasso.fit(X, y, s).coef_, atol=1e-6)


# ------------------------------------------------ the same data, given in other ways


def test_wide_and_long_are_the_same(name):
    assert_same(fitted(name, "holes"), fitted(name, "long"))


def test_wide_blocks_are_rows_of_ones_own(name):
    X, y, s, column, tasks = make("own")
    ids, features = X[:, column], np.delete(X, column, axis=1)
    own = ids[:, None] == np.arange(T)
    blocks = Given(features, np.where(own, y[:, None], np.nan), s, None, tasks)
    assert_same(blocks.fit(MODELS[name].estimator), fitted(name, "own"))


def test_a_weight_of_two_is_the_row_twice(name):
    tasks = make("own").tasks
    counts = [1 + np.arange(len(y)) % 2 for _, y, _ in tasks]
    heavy = [(X, y, 1.0 * c) for (X, y, _), c in zip(tasks, counts, strict=True)]
    twice = [
        (np.repeat(X, c, axis=0), np.repeat(y, c), np.ones(c.sum()))
        for (X, y, _), c in zip(tasks, counts, strict=True)
    ]
    estimator = MODELS[name].estimator
    assert_same(as_long(heavy).fit(estimator), as_long(twice).fit(estimator))


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_is_dense(name, form, container):
    given = make(form)
    thin = given._replace(X=np.where(np.abs(given.X) > 0.3, given.X, 0.0))
    estimator = MODELS[name].estimator
    assert_same(thin._replace(X=container(thin.X)).fit(estimator), thin.fit(estimator))


def permuted(estimator, order):
    """The estimator for tasks in this order."""
    changed = {}
    for parameter in ("graph", "times", "ridge", "alpha"):
        value = estimator.get_params().get(parameter)
        if isinstance(value, np.ndarray):
            changed[parameter] = value[np.ix_(order, order)] if value.ndim == 2 else value[order]
    if isinstance(estimator, MultiTaskRegressor):
        norm, coupling = estimator.penalty.terms
        M = coupling.coupling[np.ix_(order, order)]
        changed["penalty"] = norm + TaskCoupling(coupling.alpha, M)
    return clone(estimator).set_params(**changed)


def test_the_order_of_tasks_does_not_matter(name, form, given):
    order, estimator = [2, 0, 3, 1], MODELS[name].estimator
    if form in ("wide", "holes"):
        weight = None if given.weight is None else given.weight[:, order]
        other = given._replace(y=given.y[:, order], weight=weight)
    else:
        other = as_long([given.tasks[t] for t in order])
    straight, model = fitted(name, form), other.fit(permuted(estimator, order))
    np.testing.assert_allclose(model.coef_, straight.coef_[order], rtol=0, atol=5e-5)
    assert model.objective_ == pytest.approx(straight.objective_, rel=1e-8)


BY_LABEL = {
    "chain": GraphRegressor(0.5, graph="chain", ridge=0.1),
    "edges": GraphRegressor(0.5, graph=[("a", "b", 1.0), ("b", "d", 2.0)], ridge=0.1),
    "ridges": GraphRegressor(0.5, ridge={"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}),
    "pulls": MeanRegularizedRegressor({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}, ridge=0.1),
    "order": TemporalGroupLasso(0.1, ridge=0.1),
    "times": TemporalGroupLasso(0.1, ridge=0.1, times={"a": 1, "b": 2, "c": 4, "d": 3}),
    "fused": FusedSparseGroupLasso(0.1, times={"a": 1, "b": 2, "c": 4, "d": 3}),
}


@pytest.mark.parametrize("case", BY_LABEL)
def test_labels_tell_which_task_is_meant_whatever_their_order(case):
    """The columns of a frame stay in their order, ids of rows are sorted."""
    given = make("wide")
    estimator = clone(BY_LABEL[case]).set_params(**TIGHT)
    labels = np.array(["c", "a", "d", "b"])
    frame = estimator.fit(given.X, pd.DataFrame(given.y, columns=labels))
    rows = clone(estimator).fit(
        np.tile(given.X, (T, 1)), given.y.T.ravel(), tasks=labels.repeat(30)
    )
    assert frame.tasks_.tolist() == labels.tolist()
    assert rows.tasks_.tolist() == sorted(labels)
    coefs = rows.coef_[np.searchsorted(rows.tasks_, labels)]
    np.testing.assert_allclose(frame.coef_, coefs, rtol=0, atol=5e-5)  # as assert_close


def test_normalize_y_is_normalising_by_hand(name):
    given, estimator = make("wide"), MODELS[name].estimator
    mean, scale = given.y.mean(axis=0), given.y.std(axis=0)
    normalised = given.fit(estimator, normalize_y=True)
    by_hand = given._replace(y=(given.y - mean) / scale).fit(estimator)
    np.testing.assert_allclose(normalised.coef_, by_hand.coef_ * scale[:, None], atol=5e-4)
    assert normalised.objective_ == pytest.approx(by_hand.objective_, rel=1e-8)
    for part in MODELS[name].parts[1:]:
        parts = getattr(normalised, part), getattr(by_hand, part) * scale[:, None]
        np.testing.assert_allclose(*parts, atol=5e-4)  # as assert_close, times the scale


# ------------------------------------------------ hard cases


def long_of(X, Y):
    return as_long([(X, y, np.ones(len(y))) for y in Y.T])


def hard_cases():
    rng = np.random.default_rng(3)
    wide = make("wide")
    X, Y = wide.X, wide.y
    some = [(X, y, np.ones(len(y))) for y in Y.T]
    single = [(X[t : t + 1], Y[t : t + 1, t], np.ones(1)) for t in range(T)]
    return {
        "a task of zeros": as_wide(X, Y * [1, 0, 1, 1]),
        "constant tasks": as_wide(X, 0 * Y + [1, 2, 0, -3]),
        "constant tasks, long": long_of(X, 0 * Y + [1, 2, 0, -3]),
        "one row in one task": as_long([*some[:3], single[3]]),
        "one row in every task": as_long(single),
        "more tasks than features": as_wide(X[:, :2], Y),
        "one feature": as_wide(X[:, :1], Y),
        "fewer rows than features": as_wide(X[:4], Y[:4]),
        "fewer rows than features, long": as_long([(A[:4], y[:4], s[:4]) for A, y, s in some]),
        "duplicated columns": as_wide(np.hstack([X, X]), Y),
        "duplicated columns, long": long_of(np.hstack([X, X]), Y),
        "a constant column": as_wide(np.hstack([X, np.full((30, 1), 7.0)]), Y),
        "a constant column, long": long_of(np.hstack([X, np.full((30, 1), 7.0)]), Y),
        "no feature but constants": as_wide(np.ones((30, 2)), Y),
        "columns of other sizes": as_wide(X * np.geomspace(0.1, 10, P), Y),
        "large offsets": as_wide(X + 1e4, Y - 1e4),
        "copies of a task": as_wide(X, np.repeat(Y[:, :1], T, axis=1)),
        "disjoint labels": as_wide(
            X, np.where(np.arange(30)[:, None] % T == np.arange(T), Y, np.nan)
        ),
        "noise": as_wide(X, rng.normal(size=Y.shape)),
    }


HARD = hard_cases()


def fits_within_the_gap(name, given, tol=1e-7, **params):
    """Fit, without a warning: finite, as good as said, no worse than nothing."""
    model = given.fit(MODELS[name].estimator, tol=tol, **params)
    arrays = [model.coef_, model.intercept_, *(getattr(model, part) for part in MODELS[name].parts)]
    assert all(np.isfinite(array).all() for array in arrays)
    assert model.coef_.shape == (len(given.tasks), given.tasks[0][0].shape[1])
    null = null_loss(given)
    offset = max(np.abs(y).max() for _, y, _ in given.tasks) ** 2
    assert model.objective_ <= null * (1 + ROUNDING)
    assert model.objective_ >= loss(model, given) - 1e-12 * offset  # rounding of y about its mean
    assert 0 <= model.dual_gap_ <= tol * null + 1e-12 * offset or name in SQUARES
    if name in SQUARES:  # a bound on the gradient there; the gap is of second order in it
        assert not model.dual_gap_ > 1e-3 * null + 1e-12 * offset
    return model


@pytest.mark.parametrize("case", HARD)
def test_hard_data_are_fitted(name, case):
    fits_within_the_gap(name, HARD[case])


@pytest.mark.parametrize("name", DECOMPOSED, indirect=True)
@pytest.mark.parametrize("case", HARD)
def test_parts_add_up_on_hard_data(name, case):
    model = HARD[case].fit(MODELS[name].estimator, tol=1e-7)
    np.testing.assert_allclose(model.shared_part_ + model.specific_part_, model.coef_, rtol=1e-12)


@pytest.mark.parametrize("case", ["constant tasks", "constant tasks, long"])
def test_constant_tasks_have_no_coefficients(name, case):
    model = HARD[case].fit(MODELS[name].estimator)
    np.testing.assert_allclose(model.coef_, 0.0, atol=1e-14)
    np.testing.assert_allclose(model.intercept_, [1, 2, 0, -3], rtol=1e-14)
    assert model.objective_ <= 1e-28


@pytest.mark.parametrize("name", EMPTIED, indirect=True)
def test_alpha_max_of_constant_tasks_is_0(name):
    assert critical(name, HARD["constant tasks"]) <= 1e-14


def no_strength(name):
    """Parameters of the model of this name that leave nothing of its penalty."""
    strengths = ("alpha", "ridge", "sparsity", "smoothness")
    known = MODELS[name].estimator.get_params()
    return {key: 0.0 for key in strengths if key in known} or {"penalty": L1(0.0)}


@pytest.mark.parametrize("case", ["wide", "own", "duplicated columns"])
def test_no_penalty_is_least_squares(name, case):
    """The fewest squares; of their minimisers any, where the rank is not full."""
    given = HARD[case] if case in HARD else make(case)
    model = fits_within_the_gap(name, given, **no_strength(name))
    expected = 0.0
    for X, y, s in given.tasks:
        r = y - linear_model.LinearRegression().fit(X, y, s).predict(X)
        expected += s @ r**2 / (2 * given.nbar)
    assert model.objective_ == pytest.approx(expected, rel=1e-7)  # tol 1e-7 of the null


@pytest.mark.parametrize("case", ["one row in every task", "fewer rows than features"])
def test_no_penalty_interpolates_few_rows(name, case):
    given = HARD[case]
    model = given.fit(MODELS[name].estimator, **no_strength(name))
    assert model.objective_ <= 1e-10 * max(null_loss(given), 1e-2)


# the norms of "graph l1" and "graph l21" do not grow with alpha: proximal gradients take too long
@pytest.mark.parametrize(
    ("name", "alpha"),
    [(name, 1e-8) for name in MODELS if name != "custom"]
    + [(name, 1e8) for name in MODELS if name not in ("custom", "graph l1", "graph l21")],
    indirect=["name"],
)
def test_extreme_strengths_are_fitted(name, alpha, given):
    fits_within_the_gap(name, given, tol=1e-5, alpha=alpha)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_y_does_not_matter(name, scale):
    """Norms have degree 1: alpha scales along."""
    given = make("own")
    estimator, params = MODELS[name].estimator, {}
    if name == "custom":
        norm, coupling = estimator.penalty.terms
        params = {"penalty": norm.scaled(scale) + coupling}
    elif name in EMPTIED:
        params = {"alpha": estimator.alpha * scale}
    elif "graph l" in name:
        params = {"sparsity": estimator.sparsity * scale}
    scaled = as_long([(X, scale * y, s) for X, y, s in given.tasks]).fit(estimator, **params)
    np.testing.assert_allclose(scaled.coef_ / scale, fitted(name, "own").coef_, atol=5e-5)


@pytest.mark.parametrize("name", EMPTIED, indirect=True)
def test_too_few_iterations_are_warned_about(name, given):
    with pytest.warns(ConvergenceWarning, match="increase max_iter or alpha"):
        given.fit(MODELS[name].estimator, tol=1e-14, max_iter=1)


def test_optimality_is_the_relative_gap(name, form, given):
    """As the attribute is documented."""
    model = given.fit(MODELS[name].estimator, tol=1e-3)
    expected = model.dual_gap_ / null_loss(given)
    assert model.optimality_ == pytest.approx(expected, rel=1e-6, abs=1e-12)


# ------------------------------------------------ what cannot be meant


def refuses(message, estimator, error=ValueError):
    given = make("wide")
    with pytest.raises(error, match=message):
        estimator.fit(given.X, given.y)


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        # graphs
        (GraphRegressor(graph="ring"), ValueError, r"graph='ring' is not one of \['chain', 'comp"),
        (
            GraphRegressor(graph=np.ones((3, 3))),
            ValueError,
            r"graph has shape \(3, 3\), .*\(4, 4\)",
        ),
        (GraphRegressor(graph=None), ValueError, r"graph has shape \(\), expected \(4, 4\)"),
        (GraphRegressor(graph=np.triu(np.ones((4, 4)))), ValueError, "graph must be symmetric"),
        (GraphRegressor(graph=-np.ones((4, 4))), ValueError, "an edge of weight -1: .* at least 0"),
        (GraphRegressor(graph=[(0, 1, -2.0)]), ValueError, "an edge of weight -2: .* at least 0"),
        (GraphRegressor(graph=[(0, 9, 1.0)]), ValueError, "an edge to 9, which is no task; tasks"),
        (GraphRegressor(graph=[("a", 1, 1.0)]), ValueError, "an edge to 'a', which is no task"),
        (GraphRegressor(graph=[(0, 1, np.inf)]), ValueError, "weights that are NaN or infinite"),
        (GraphRegressor(graph=[(0, 1, np.nan)]), ValueError, "weights that are NaN or infinite"),
        # times
        (TemporalGroupLasso(times=[1, 2, 3]), ValueError, r"times has shape \(3,\), .*\(4,\)"),
        (TemporalGroupLasso(times={0: 1, 2: 3}), ValueError, r"no entry for task\(s\) \[1, 3\]"),
        (
            TemporalGroupLasso(times=[1, 2, 2, 3]),
            ValueError,
            "times must be .* different for every",
        ),
        (FusedSparseGroupLasso(times=[1, 2, 2, 3]), ValueError, "same time are one task; got"),
        (FusedSparseGroupLasso(times=[1, 2, 3, np.nan]), ValueError, "times must be finite"),
        # shares
        (MultiTaskSparseGroupLasso(l1_ratio=1.1), ValueError, "l1_ratio == 1.1, must be <= 1"),
        (MultiTaskSparseGroupLasso(l1_ratio=-0.1), ValueError, "l1_ratio == -0.1, must be >= 0"),
        (DirtyRegressor(specific_ratio=0.0), ValueError, "specific_ratio == 0.0, must be > 0"),
        (DirtyRegressor(specific_ratio=1.0), ValueError, "specific_ratio == 1.0, must be < 1"),
        (RobustRegressor(outlier_ratio=1), ValueError, "outlier_ratio == 1, must be < 1"),
        (RobustFeatureRegressor(outlier_ratio=0), ValueError, "outlier_ratio == 0, must be > 0"),
        (SparseLowRankRegressor(sparse_ratio=0), ValueError, "sparse_ratio == 0, must be > 0"),
        (FusedSparseGroupLasso(l1_ratio=-1), ValueError, "l1_ratio == -1, must be >= 0"),
        (FusedSparseGroupLasso(fused_ratio=2), ValueError, "fused_ratio == 2, must be <"),
        (
            FusedSparseGroupLasso(l1_ratio=0.6, fused_ratio=0.5),
            ValueError,
            r"l1_ratio \+ fused_ratio is 1.1, but may be 1 at most",
        ),
        (FusedSparseGroupLasso(l1_ratio=0, fused_ratio=1), ValueError, "must be below 1"),
        # strengths
        (TraceNormRegressor(-1), ValueError, r"alpha == -1, must be >= 0"),
        (TraceNormRegressor(ridge=-1), ValueError, r"ridge == -1, must be >= 0"),
        (TraceNormRegressor(np.nan), ValueError, r"alpha must be finite, got nan"),
        (TraceNormRegressor(True), TypeError, r"alpha must be a number, got True"),
        (TemporalGroupLasso(smoothness=-1), ValueError, r"smoothness == -1, must be >= 0"),
        (GraphRegressor(sparsity=-1), ValueError, r"sparsity == -1, must be >= 0"),
        (GraphRegressor(ridge=-1), ValueError, r"ridge must be finite and at least 0, got -1"),
        (
            GraphRegressor(ridge=[1, 2]),
            ValueError,
            r"ridge has shape \(2,\), .*\(4,\): one for each",
        ),
        (MeanRegularizedRegressor(-1), ValueError, r"alpha must be finite and at least 0, got -1"),
        (MeanRegularizedRegressor([1, 1, np.inf, 1]), ValueError, r"alpha must be finite"),
        (
            MeanRegularizedRegressor({0: 1}),
            ValueError,
            r"alpha has no entry for task\(s\) \[1, 2, 3",
        ),
        (ClusteredRegressor(eta=0.0), ValueError, r"eta == 0.0, must be > 0"),
        (ClusteredRegressor(n_clusters=0), ValueError, r"n_clusters == 0, must be >= 1"),
        (ClusteredRegressor(n_clusters=2.0), TypeError, r"n_clusters must be an instance of int"),
        # options and penalties
        (DirtyRegressor(shared_norm="l2"), ValueError, r"shared_norm='l2' is not one of"),
        (GraphRegressor(sparsity_norm="l2"), ValueError, r"sparsity_norm='l2' is not one of"),
        (MultiTaskRegressor(0.1), TypeError, r"must be a skmtl.penalties.Penalty, got 0.1; for ex"),
        (
            MultiTaskRegressor(TraceNorm),
            TypeError,
            r"must be a skmtl.penalties.Penalty, got <class",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(estimator, error, message):
    refuses(message, estimator, error)


def test_a_graph_with_holes_is_refused_for_these():
    graph = np.ones((T, T))
    graph[0, 1] = graph[1, 0] = np.nan
    refuses("weights that are NaN or infinite", GraphRegressor(graph=graph))


def test_an_edge_without_weight_is_refused_by_name():
    refuses("graph", GraphRegressor(graph=[(0, 1)]))


@pytest.mark.parametrize("value", [True, "1"])
@pytest.mark.parametrize("parameter", ["alpha", "ridge"])
def test_a_strength_is_a_number(value, parameter):
    refuses(parameter, MeanRegularizedRegressor(**{parameter: value}), (TypeError, ValueError))


ONE_STRENGTH = [name for name, model in MODELS.items() if not name.startswith(("mean", "custom"))]


@pytest.mark.parametrize("name", ONE_STRENGTH, indirect=True)
@pytest.mark.parametrize("alpha", [[0.1] * T, dict.fromkeys(range(T), 0.1), np.full(T, 0.1)])
def test_a_strength_for_each_task_is_refused_where_there_is_one_penalty(name, alpha):
    message = "alpha must be one number for all tasks.*MeanRegularizedRegressor takes one for each"
    refuses(message, clone(MODELS[name].estimator).set_params(alpha=alpha))


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


# ------------------------------------------------ what a model is inspected by


@pytest.mark.parametrize("name", ["trace", "trace and ridge"], indirect=True)
def test_singular_values_and_rank_are_those_of_the_coefficients(name, form):
    model = fitted(name, form)
    s = np.linalg.svd(model.coef_, compute_uv=False)
    np.testing.assert_allclose(model.singular_values_, s, atol=1e-12 * s[0])
    assert model.rank_ == np.linalg.matrix_rank(model.coef_, tol=1e-9 * s[0])


def test_the_rank_decreases_with_alpha(form, given):
    top = critical("trace", given)
    ranks = [given.fit(TraceNormRegressor(share * top)).rank_ for share in (1e-4, 0.2, 0.6, 1.01)]
    assert ranks == sorted(ranks, reverse=True)
    assert (ranks[0], ranks[-1]) == (T, 0)


@pytest.mark.parametrize("name", DECOMPOSED, indirect=True)
def test_parts_add_up(name, form):
    model = fitted(name, form)
    assert model.shared_part_.shape == model.specific_part_.shape == (T, P)
    np.testing.assert_allclose(model.shared_part_ + model.specific_part_, model.coef_, rtol=1e-12)
    assert model.shared_part_.any()
    assert model.specific_part_.any()


@pytest.mark.parametrize("estimator", [RobustRegressor(), RobustFeatureRegressor()])
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_planted_outlier_is_found(estimator, layout):
    rng = np.random.default_rng(0)
    p, n_tasks, labels = 8, 7, np.array(list("abcdefg"))
    W = np.outer(rng.normal(size=p) * (np.arange(p) < 3), np.ones(n_tasks))
    W[:, 4] = 3 * rng.normal(size=p)
    X = rng.normal(size=(60, p))
    Y = X @ W + 0.05 * rng.normal(size=(60, n_tasks))
    if isinstance(estimator, RobustFeatureRegressor):
        model = clone(estimator).set_params(alpha=0.4, outlier_ratio=0.55)
    else:
        model = clone(estimator).set_params(alpha=0.4, outlier_ratio=0.4)
    if layout == "wide":
        model.fit(X, pd.DataFrame(Y, columns=labels))
    else:
        model.fit(np.tile(X, (n_tasks, 1)), Y.T.ravel(), tasks=labels.repeat(60))
    assert model.outlier_tasks_.tolist() == ["e"]
    others = labels != "e"
    np.testing.assert_array_equal(model.specific_part_[others], 0.0)


@pytest.mark.parametrize("name", ["robust", "robust features"], indirect=True)
def test_without_a_second_part_nothing_is_an_outlier(name):
    model = make("wide").fit(MODELS[name].estimator, outlier_ratio=0.99)
    assert model.outlier_tasks_.tolist() == []


PARTITIONS = {"halves": [0, 0, 0, 1, 1, 1], "thirds": [0, 1, 2, 0, 1, 2], "one": [0] * 6}


@pytest.mark.parametrize("case", PARTITIONS)
@pytest.mark.parametrize("p", [4, 10])
def test_planted_clusters_are_found(case, p):
    rng = np.random.default_rng(1)
    truth = np.array(PARTITIONS[case])
    centres = 3 * np.linalg.qr(rng.normal(size=(p, p)))[0][:, : truth.max() + 1]
    X = rng.normal(size=(40, p))
    Y = X @ centres[:, truth] + 0.1 * rng.normal(size=(40, 6))
    model = ClusteredRegressor(0.01, n_clusters=truth.max() + 1).fit(X, Y)
    assert adjusted_rand_score(truth, model.task_clusters_) == 1
    assert set(model.task_clusters_) == set(truth)


def test_there_are_no_more_clusters_than_tasks():
    model = make("wide").fit(ClusteredRegressor(0.1, n_clusters=9))
    assert sorted(model.task_clusters_) == list(range(T))


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 9])
def test_the_covariance_of_clusters_is_in_its_set(n_clusters, form, given):
    """`eta I + M` with `0 <= M <= I` and `tr M = n_clusters`, and the penalty is its trace."""
    eta = 0.3
    model = given.fit(ClusteredRegressor(ALPHA, n_clusters=n_clusters, eta=eta))
    C = model.task_covariance_
    values = np.linalg.eigvalsh(C)
    np.testing.assert_allclose(C, C.T, atol=1e-14)
    assert eta - 1e-12 <= values[0] <= values[-1] <= 1 + eta + 1e-12
    assert np.trace(C) == pytest.approx(min(n_clusters, T) + eta * T, rel=1e-10)
    W = model.coef_.T
    spread = ALPHA / 2 * np.trace(W @ np.linalg.solve(C, W.T))
    assert loss(model, given) + spread == pytest.approx(model.objective_, rel=1e-8)


def test_the_covariance_of_tasks_is_that_of_the_coefficients(form):
    """`Omega = (W'W)^(1/2) / tr (W'W)^(1/2)`: psd, of trace 1."""
    model = fitted("relationship", form)
    Omega, W = model.task_covariance_, model.coef_.T
    assert np.trace(Omega) == pytest.approx(1.0, rel=1e-12)
    assert np.linalg.eigvalsh(Omega)[0] >= -1e-14
    size = np.linalg.norm(W, "nuc")
    np.testing.assert_allclose(Omega @ Omega * size**2, W.T @ W, atol=1e-10 * size**2)


def test_the_covariance_of_nothing_says_nothing():
    model = make("wide")._replace(y=np.zeros((30, T))).fit(TaskRelationshipRegressor())
    np.testing.assert_array_equal(model.task_covariance_, np.eye(T) / T)


@pytest.mark.parametrize("name", ["mean", "mean of uneven pulls", "graph"], indirect=True)
def test_unseen_tasks_are_predicted_by_the_shared_coefficients(name):
    """As `shared_coef_` is documented."""
    given = make("own")
    model = given.fit(MODELS[name].estimator, handle_unknown="shared")
    unseen = np.insert(np.vstack([np.zeros(P), np.eye(P)]), given.task_column, 99, axis=1)
    origin, *units = model.predict(unseen)
    np.testing.assert_allclose(np.array(units) - origin, model.shared_coef_, rtol=1e-10)


@pytest.mark.parametrize("strength", [(0.0, 0.1), (0.1, 0.0), (0.0, 0.0)])
def test_a_decomposition_in_which_a_part_is_free_has_both_parts(strength):
    model = make("wide").fit(MultiTaskRegressor(Decomposition(*map(L1, strength))))
    np.testing.assert_array_equal(model.shared_part_ + model.specific_part_, model.coef_)
    least_squares = make("wide").fit(MeanRegularizedRegressor(0.0))
    assert model.objective_ == pytest.approx(least_squares.objective_, rel=1e-9)


# ------------------------------------------------ cross-validation, against loops


class Search(NamedTuple):
    """A cross-validated estimator, the plain one, and what else is tried, by name."""

    cv: BaseEstimator
    plain: BaseEstimator
    tried: dict


ALPHAS = [1.0, 0.1, 0.3]  # in no order
NARROW = {"tol": 1e-9, "max_iter": 100_000}
OPTIONS = {**NARROW, "alphas": ALPHAS}
GRID = {"alpha": ALPHAS, "smoothness": [0.1, 1.0]}

SEARCHES = {
    "trace": Search(
        TraceNormRegressorCV(ridge=0.05, **OPTIONS), TraceNormRegressor(ridge=0.05), {}
    ),
    "dirty": Search(
        DirtyRegressorCV(specific_ratio=[0.4, 0.45], shared_norm="l1inf", **OPTIONS),
        DirtyRegressor(shared_norm="l1inf"),
        {"specific_ratio": [0.4, 0.45]},
    ),
    "robust": Search(
        RobustRegressorCV(outlier_ratio=[0.4, 0.48], **OPTIONS),
        RobustRegressor(),
        {"outlier_ratio": [0.4, 0.48]},
    ),
    "graph": Search(
        GraphRegressorCV(graph=GRAPH, ridge=[0.01, 0.3], sparsity=0.05, **OPTIONS),
        GraphRegressor(graph=GRAPH, sparsity=0.05),
        {"ridge": [0.01, 0.3]},
    ),
    "mean": Search(
        MeanRegularizedRegressorCV(ridge=[0.01, 0.3], **OPTIONS),
        MeanRegularizedRegressor(),
        {"ridge": [0.01, 0.3]},
    ),
    "clustered": Search(
        ClusteredRegressorCV(n_clusters=[1, 3], eta=0.3, **OPTIONS),
        ClusteredRegressor(eta=0.3),
        {"n_clusters": [1, 3]},
    ),
    "any": Search(
        MultiTaskCV(TemporalGroupLasso(ridge=0.1, times=TIMES, **NARROW), GRID),
        TemporalGroupLasso(ridge=0.1, times=TIMES),
        {"smoothness": [0.1, 1.0]},
    ),
}

each_search = pytest.mark.parametrize("search", SEARCHES)


def set_both(cv, **params):
    """Set parameters of reading data where they belong."""
    inner = "estimator__" if isinstance(cv, MultiTaskCV) else ""
    return clone(cv).set_params(**{inner + key: value for key, value in params.items()})


def search_in(search, given, **params):
    model = set_both(SEARCHES[search].cv, task_column=given.task_column).set_params(**params)
    return model.fit(given.X, given.y, given.weight)


def kept(given, rows):
    """X, y and weights of these rows."""
    return given.X[rows], given.y[rows], None if given.weight is None else given.weight[rows]


def held_out(model, given, rows):
    """Weighted mean squared error of each task on these rows, NaN where it has none."""
    X, y, weight = kept(given, rows)
    errors, weight = (y - model.predict(X)) ** 2, np.ones(y.shape) if weight is None else weight
    if y.ndim == 1:
        own = X[:, [given.task_column]] == np.arange(T)
        errors, weight = np.where(own, errors[:, None], np.nan), weight[:, None] * own
    weight = np.where(np.isnan(errors), 0.0, weight)
    with np.errstate(invalid="ignore"):
        return np.nansum(weight * errors, axis=0) / weight.sum(axis=0)


def combinations(search):
    tried = SEARCHES[search].tried
    return list(ParameterGrid(tried)) if tried else [{}]


@cache
def errors_of(search, form, folds):
    """Held-out errors (n_paths, n_alphas, n_folds, n_tasks), alphas decreasing."""
    given, plain = make(form), SEARCHES[search].plain
    return np.array(
        [
            [
                [
                    held_out(
                        clone(plain)
                        .set_params(task_column=given.task_column, alpha=alpha, **params, **NARROW)
                        .fit(*kept(given, train)),
                        given,
                        test,
                    )
                    for train, test in folds_of(form, folds)
                ]
                for alpha in sorted(ALPHAS, reverse=True)
            ]
            for params in combinations(search)
        ]
    )


def folds_of(form, folds):
    given = make(form)
    if folds == "default":
        splitter = TaskStratifiedKFold(5, task_column=given.task_column)
        return list(splitter.split(given.X, given.y))
    rng = np.random.default_rng(5)  # of different sizes, not a partition
    orders = [rng.permutation(len(given.X)) for _ in range(3)]
    cuts = np.array([0.7, 0.75, 0.8]) * len(given.X)
    return [(order[: int(n)], order[int(n) + 2 :]) for order, n in zip(orders, cuts, strict=True)]


def chosen_by(errors, rule):
    """Positions (path, alpha): the least mean over folds, then tasks; or one standard error up."""
    mean = np.nanmean(np.nanmean(errors, axis=2), axis=2)
    path, best = np.unravel_index(np.argmin(mean), mean.shape)
    if rule == "1se":
        of_folds = np.nanmean(errors[path, best] - np.nanmean(errors[path, best], axis=0), axis=1)
        error = np.std(of_folds, ddof=1) / np.sqrt(len(of_folds))
        best = min(a for a in range(best + 1) if mean[path, a] <= mean[path, best] + error)
    return path, best


@pytest.fixture(params=["default", "list"])
def folds(request):
    return request.param


@cache
def searched(search, form, folds="default", rule="min"):
    cv = None if folds == "default" else folds_of(form, folds)
    return search_in(search, make(form), cv=cv, selection_rule=rule)


@pytest.mark.parametrize("form", ["wide", "holes", "own"])
@each_search
def test_held_out_errors_are_those_of_separate_fits(search, form, folds):
    expected = errors_of(search, form, folds)
    model = searched(search, form, folds)
    mean = np.nanmean(expected, axis=3)
    if len(combinations(search)) == 1:
        expected, mean = expected[0], mean[0]
    # coefficients of order 1 err by up to 5e-4 (see assert_close), so do residuals of order 1
    np.testing.assert_allclose(model.task_mse_path_, expected, rtol=1e-2)
    np.testing.assert_allclose(model.mse_path_, mean, rtol=1e-3)
    np.testing.assert_array_equal(model.alphas_, sorted(ALPHAS, reverse=True))
    assert model.grid_ == combinations(search)


@pytest.mark.parametrize("form", ["wide", "holes", "own"])
@each_search
@pytest.mark.parametrize("rule", ["min", "1se"])
def test_the_choice_is_that_of_the_rule(search, form, folds, rule):
    path, best = chosen_by(errors_of(search, form, folds), rule)
    expected = {"alpha": sorted(ALPHAS, reverse=True)[best], **combinations(search)[path]}
    model = searched(search, form, folds, rule)
    if isinstance(model, MultiTaskCV):
        chosen = model.best_params_
    else:
        chosen = {key: getattr(model, f"{key}_") for key in expected}
    assert chosen == expected


@each_search
def test_the_refit_is_a_fit_at_the_choice(search, form, given):
    model, plain = searched(search, form), SEARCHES[search].plain
    keys = ["alpha", *SEARCHES[search].tried]
    if isinstance(model, MultiTaskCV):
        chosen = model.best_params_
    else:
        chosen = {key: getattr(model, f"{key}_") for key in keys}
    fit = given.fit(plain, **chosen, **NARROW)
    np.testing.assert_allclose(model.coef_, fit.coef_, atol=5e-4)  # ten times assert_close
    assert model.objective_ == pytest.approx(fit.objective_, rel=1e-6)


ATTRIBUTES = {
    "trace": ["rank_", "singular_values_"],
    "dirty": ["shared_part_", "specific_part_"],
    "robust": ["shared_part_", "specific_part_", "outlier_tasks_"],
    "mean": ["shared_coef_"],
    "clustered": ["task_clusters_", "task_covariance_"],
}


@pytest.mark.parametrize("search", ATTRIBUTES)
def test_a_choice_is_inspected_like_the_plain_model(search):
    given = make("own")
    model, plain = searched(search, "own"), SEARCHES[search].plain
    chosen = {key: getattr(model, f"{key}_") for key in ("alpha", *SEARCHES[search].tried)}
    fit = given.fit(plain, **chosen)
    for attribute in ATTRIBUTES[search]:
        values = getattr(model, attribute), getattr(fit, attribute)
        np.testing.assert_allclose(*values, atol=1e-3)  # as above, and their products


@each_search
def test_the_number_of_jobs_does_not_matter(search, shared_or_own):
    one, three = (search_in(search, shared_or_own, n_jobs=n_jobs, cv=3) for n_jobs in (1, 3))
    np.testing.assert_array_equal(one.mse_path_, three.mse_path_)
    np.testing.assert_array_equal(one.coef_, three.coef_)


@each_search
def test_a_pickle_has_the_same_attributes(search):
    model = searched(search, "own")
    copy = pickle.loads(pickle.dumps(model))
    for attribute in ("coef_", "mse_path_", "alphas_", "shared_coef_"):
        np.testing.assert_array_equal(getattr(copy, attribute), getattr(model, attribute))
    assert copy.grid_ == model.grid_


@pytest.mark.parametrize("search", ["trace", "dirty", "robust"])
def test_alphas_by_number_start_at_alpha_max(search, given):
    model = search_in(search, given, alphas=4, eps=0.1, cv=2)
    for path, params in enumerate(combinations(search)):
        plain = clone(SEARCHES[search].plain).set_params(task_column=given.task_column, **params)
        top = alpha_max(given.X, given.y, estimator=plain, sample_weight=given.weight)
        alphas = model.alphas_ if model.alphas_.ndim == 1 else model.alphas_[path]
        np.testing.assert_allclose(alphas, np.geomspace(top, 0.1 * top, 4), rtol=1e-10)


@pytest.mark.parametrize("search", ["graph", "mean", "clustered"])
def test_alphas_by_number_are_around_the_variance_of_the_features(search, given):
    model = search_in(search, given, alphas=3, cv=2, tol=1e-3)
    spread = (
        sum(
            s @ (X - np.average(X, axis=0, weights=s)) ** 2 / given.nbar for X, _, s in given.tasks
        ).mean()
        / T
    )
    np.testing.assert_allclose(model.alphas_, spread * np.array([1e3, 10**-0.5, 1e-4]), rtol=1e-10)


@pytest.mark.parametrize(
    ("search", "parameter", "weights"),
    [
        (DirtyRegressorCV, "specific_ratio", T**0.5),
        (RobustRegressorCV, "outlier_ratio", T**0.5),
    ],
)
def test_ratios_by_default_use_both_parts(search, parameter, weights):
    given = make("wide")
    model = search(alphas=2, cv=2).fit(given.X, given.y)
    ratios = np.array([params[parameter] for params in model.grid_])
    assert len(ratios) == 5
    assert ((1 - ratios) / ratios > 1).all()
    assert ((1 - ratios) / ratios < weights).all()


def test_numbers_of_clusters_by_default_are_fewer_than_tasks():
    given = make("wide")
    model = ClusteredRegressorCV(alphas=2, cv=2).fit(given.X, given.y)
    assert model.grid_ == [{"n_clusters": k} for k in (1, 2, 3)]


def test_a_search_is_a_grid_search():
    """On complete targets and folds of one size, whose scores average tasks and folds alike."""
    given = make("wide")
    plain = TemporalGroupLasso(ridge=0.1, **TIGHT)
    ours = MultiTaskCV(plain, GRID).fit(given.X, given.y)
    theirs = GridSearchCV(plain, GRID, scoring="neg_mean_squared_error", cv=KFold(5))
    theirs.fit(given.X, given.y)
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-4)  # as above
    table, expected = (pd.DataFrame(search.cv_results_) for search in (ours, theirs))
    keys = ["param_alpha", "param_smoothness"]
    table, expected = (t.sort_values(keys).reset_index() for t in (table, expected))
    for column in table.columns.intersection(expected.columns).drop(["params", "index"]):
        values = (t[column].astype(float) for t in (table, expected))
        np.testing.assert_allclose(*values, rtol=1e-3, err_msg=column)


def test_the_best_estimator_is_fitted(shared_or_own):
    search = search_in("any", shared_or_own, cv=3)
    best = search.best_estimator_.predict(shared_or_own.X)
    np.testing.assert_array_equal(best, search.predict(shared_or_own.X))


@pytest.mark.parametrize(
    ("search", "special"),
    [
        (
            MultiTaskCV(TraceNormRegressor(**TIGHT), {"alpha": 5}, eps=0.01, cv=3),
            TraceNormRegressorCV(alphas=5, eps=0.01, cv=3, **TIGHT),
        ),
        (
            MultiTaskCV(MultiTaskLasso(**TIGHT), {"alpha": 5}, eps=0.01, cv=3),
            MultiTaskLassoCV(alphas=5, eps=0.01, cv=3, **TIGHT),
        ),
        (
            MultiTaskCV(MultiTaskElasticNet(**TIGHT), {"alpha": 5, "l1_ratio": [0.5, 0.9]}, cv=3),
            MultiTaskElasticNetCV(alphas=5, l1_ratio=[0.5, 0.9], cv=3, **TIGHT),
        ),
        (
            MultiTaskCV(MeanRegularizedRegressor(**TIGHT), {"alpha": 5, "ridge": [0.1, 1]}, cv=3),
            MeanRegularizedRegressorCV(alphas=5, ridge=[0.1, 1], cv=3, **TIGHT),
        ),
    ],
)
def test_any_search_is_the_named_search(search, special, shared_or_own):
    X, y, weight, column, _ = shared_or_own
    models = [set_both(model, task_column=column).fit(X, y, weight) for model in (search, special)]
    np.testing.assert_allclose(models[0].mse_path_, models[1].mse_path_, rtol=1e-4)
    assert_same(*models)


@pytest.mark.parametrize(
    ("estimator", "grid"),
    [
        (
            MultiTaskRegressor(TraceNorm(0.1)),
            {"penalty": [TraceNorm(0.1), L1(0.2), TaskNorm(0.1) + L1(0.1)]},
        ),
        (GraphRegressor(ridge=0.1), {"alpha": ALPHAS, "graph": [GRAPH, np.ones((T, T)), "chain"]}),
        (GraphRegressor(ridge=0.1), {"graph": ["chain", [(0, 1, 1.0), (1, 2, 1.0)]]}),
        (GraphRegressor(), {"alpha": ALPHAS, "ridge": [0.1, OWN_RIDGE]}),
        (TemporalGroupLasso(0.1), {"alpha": ALPHAS, "times": [np.arange(T), TIMES]}),
        (TemporalGroupLasso(0.1), {"times": [dict(enumerate(TIMES)), None]}),
        (MeanRegularizedRegressor(PULL), {"ridge": [0.1, 1.0]}),
        (DirtyRegressor(0.1, specific_ratio=0.4), {"shared_norm": ["l21", "l1inf"]}),
    ],
)
def test_any_parameter_may_be_searched(estimator, grid):
    given = make("wide")
    estimator = clone(estimator).set_params(tol=1e-8, max_iter=100_000)
    ours = MultiTaskCV(estimator, grid, cv=3).fit(given.X, given.y)
    theirs = GridSearchCV(estimator, grid, scoring="neg_mean_squared_error", cv=KFold(3))
    theirs.fit(given.X, given.y)
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-4)
    np.testing.assert_allclose(ours.predict(given.X), theirs.predict(given.X), rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("search", "error", "message"),
    [
        (MultiTaskCV(linear_model.Ridge()), TypeError, "takes a linear regressor of skmtl such"),
        (MultiTaskCV(TraceNormRegressorCV()), TypeError, "takes a linear regressor of skmtl such"),
        (MultiTaskCV(TraceNormRegressor(), {"beta": [1]}), ValueError, "'beta', which is no param"),
        (MultiTaskCV(TraceNormRegressor(), {"ridge": []}), ValueError, "no values for 'ridge'"),
        (MultiTaskCV(TraceNormRegressor(), {"alpha": [-1]}), ValueError, r"alphas\[0\] == -1"),
        (MultiTaskCV(TraceNormRegressor(), {"ridge": [-1]}), ValueError, "ridge == -1, must be >="),
        (TraceNormRegressorCV(alphas=[]), ValueError, "alphas must be a number of alphas or a li"),
        (TraceNormRegressorCV(alphas=0), ValueError, "alphas == 0, must be >= 1"),
        (TraceNormRegressorCV(eps=0), ValueError, "eps == 0, must be > 0"),
        (TraceNormRegressorCV(ridge=-1), ValueError, "ridge == -1, must be >= 0"),
        (DirtyRegressorCV(specific_ratio=[0.4, 1]), ValueError, "specific_ratio == 1.0, must be <"),
        (DirtyRegressorCV(specific_ratio=[]), ValueError, "specific_ratio must be a number or a l"),
        (DirtyRegressorCV(shared_norm="l2"), ValueError, "shared_norm='l2' is not one of"),
        (RobustRegressorCV(outlier_ratio=0), ValueError, "outlier_ratio == 0, must be > 0"),
        (GraphRegressorCV(graph="ring"), ValueError, "graph='ring' is not one of"),
        (GraphRegressorCV(ridge=-1), ValueError, "ridge must be finite and at least 0, got -1"),
        (ClusteredRegressorCV(n_clusters=[2, 0]), ValueError, "n_clusters == 0, must be >= 1"),
        (ClusteredRegressorCV(n_clusters=1.5), TypeError, "n_clusters must be an instance of int"),
        (MeanRegularizedRegressorCV(selection_rule="max"), ValueError, "'max' is not one of"),
        (MeanRegularizedRegressorCV(cv=1), ValueError, "cv == 1, must be >= 2"),
    ],
)
def test_searches_that_cannot_be_meant_are_refused(search, error, message):
    refuses(message, search, error)


@pytest.mark.parametrize("layout", ["wide", "own"])
def test_scikit_learn_searches_over_every_model(name, layout):
    given = make(layout)
    estimator = clone(MODELS[name].estimator).set_params(task_column=given.task_column)
    grid = {"alpha": [1.0, 0.05]}
    if name == "custom":
        grid = {"penalty": [TaskNorm(1.0), TaskNorm(0.05)]}
    cv = TaskStratifiedKFold(3, task_column=given.task_column)
    search = GridSearchCV(estimator, grid, cv=cv).fit(given.X, given.y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = clone(estimator).set_params(**search.best_params_).fit(given.X, given.y)
    np.testing.assert_array_equal(search.predict(given.X), best.predict(given.X))


# ------------------------------------------------ paths


WITH_ALPHA = [name for name in MODELS if name != "custom"]


@pytest.mark.parametrize("name", WITH_ALPHA, indirect=True)
def test_a_path_is_its_separate_fits(name, given):
    estimator = clone(MODELS[name].estimator).set_params(task_column=given.task_column)
    path = multi_task_path(
        given.X, given.y, estimator=estimator, alphas=ALPHAS, sample_weight=given.weight, **TIGHT
    )
    np.testing.assert_array_equal(path.alphas, sorted(ALPHAS, reverse=True))
    for k, alpha in enumerate(path.alphas):
        model = given.fit(estimator, alpha=alpha)
        np.testing.assert_allclose(path.coefs[:, :, k], model.coef_, atol=5e-5)  # as assert_close
        np.testing.assert_allclose(path.intercepts[:, k], model.intercept_, atol=3e-4)
    assert (path.dual_gaps <= 1e-11 * null_loss(given) * (1 + ROUNDING)).all() or name in SQUARES


@pytest.mark.parametrize("name", EMPTIED, indirect=True)
def test_a_path_starts_where_the_model_is_empty(name):
    given = make("holes")
    path = multi_task_path(
        given.X,
        given.y,
        estimator=MODELS[name].estimator,
        n_alphas=3,
        eps=0.1,
        sample_weight=given.weight,
    )
    assert path.alphas[0] == pytest.approx(critical(name, given), rel=1e-12)
    assert path.alphas[-1] == pytest.approx(0.1 * path.alphas[0], rel=1e-12)
    np.testing.assert_allclose(path.coefs[:, :, 0], 0.0, atol=1e-9)  # at it, up to rounding
    assert path.coefs[:, :, 1].any()


@pytest.mark.parametrize("function", [alpha_max, multi_task_path])
@pytest.mark.parametrize(
    ("estimator", "options", "error", "message"),
    [
        (TraceNormRegressor(), {"l1_ratio": 0.5}, ValueError, "l1_ratio=0.5 was given beside"),
        (TraceNormRegressor(), {"task_column": -1}, ValueError, "task_column=-1 was given beside"),
        (linear_model.Ridge(), {}, TypeError, "must be a linear regressor of skmtl that has alpha"),
        (MultiTaskRegressor(L1(0.1)), {}, TypeError, "linear regressor of skmtl that has alpha"),
        (TraceNormRegressorCV(), {}, TypeError, "must be a linear regressor of skmtl that has alp"),
        (TraceNormRegressor(ridge=-1), {}, ValueError, "ridge == -1, must be >= 0"),
    ],
)
def test_paths_that_cannot_be_meant_are_refused(function, estimator, options, error, message):
    given = make("wide")
    with pytest.raises(error, match=message):
        function(given.X, given.y, estimator=estimator, **options)
