"""What the tests of the structured models share: the models and their formulas, data, checks."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import brentq, lsq_linear
from sklearn.base import BaseEstimator, clone

from skmtl import (
    ClusteredTaskRegressor,
    DirtyRegressor,
    FusedSparseGroupLasso,
    MeanRegularizedRegressor,
    MultiTaskRegressor,
    MultiTaskSparseGroupLasso,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressor,
    SparseLowRankRegressor,
    TaskGraphRegressor,
    TaskRelationshipRegressor,
    TemporalGroupLasso,
    TraceNormRegressor,
    alpha_max,
)
from skmtl.penalties import TaskCoupling, TaskNorm

TIGHT = {"tol": 1e-11, "max_iter": 100_000}
ALPHAS = [1.0, 0.1, 0.3]  # in no order
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
    """theta minimizing `sum s^2 / theta`, in [eta, 1 + eta], of sum `k + eta size`; for s > 0."""
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
        TaskGraphRegressor(ALPHA, graph=GRAPH, ridge=RIDGE),
        matrix=ALPHA * laplacian(GRAPH) + RIDGE * EYE,
    ),
    "graph l1": Model(
        TaskGraphRegressor(ALPHA, graph=GRAPH, ridge=OWN_RIDGE, sparsity=0.2),
        ((0.2, ENTRIES),),
        ALPHA * laplacian(GRAPH) + np.diag(OWN_RIDGE),
    ),
    "graph l21": Model(
        TaskGraphRegressor(ALPHA, graph=GRAPH, sparsity=0.2, sparsity_norm="l21"),
        ((0.2, ROWS),),
        ALPHA * laplacian(GRAPH),
    ),
    "chain without ridge": Model(
        TaskGraphRegressor(ALPHA, graph=CHAIN), matrix=ALPHA * laplacian(CHAIN)
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
        RobustMultiTaskRegressor(0.6, outlier_ratio=0.45),
        ((0.55 * 0.6, SINGULAR), (0.45 * 0.6, COLUMNS)),
    ),
    "robust features": Model(
        RobustMultiTaskFeatureRegressor(ALPHA, outlier_ratio=0.5),
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
        ClusteredTaskRegressor(ALPHA, n_clusters=K, eta=ETA),
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
DECOMPOSED = [name for name, model in MODELS.items() if len(model.parts) == 2]
SQUARES = [name for name in MODELS if not MODELS[name].norms]


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


def long_of(X, Y):
    return as_long([(X, y, np.ones(len(y))) for y in Y.T])


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


# ------------------------------------------------ what tests are about


each_model = pytest.mark.parametrize("name", MODELS)
each_emptied = pytest.mark.parametrize("name", EMPTIED)
each_decomposed = pytest.mark.parametrize("name", DECOMPOSED)
each_form = pytest.mark.parametrize("form", FORMS)
each_given = pytest.mark.parametrize("given", [make(form) for form in FORMS], ids=FORMS)
shared_and_own = pytest.mark.parametrize(  # one X, and an X for every task
    "shared_or_own", [make("wide"), make("own")], ids=["wide", "own"]
)


# ------------------------------------------------ what fits are compared with


ROUNDING = 1e-12  # relative


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


def null_loss(given):
    """Of the weighted means: what `tol` is relative to."""
    return sum(s @ (y - np.average(y, weights=s)) ** 2 for _, y, s in given.tasks) / (
        2 * given.nbar
    )


def critical(name, given):
    estimator = clone(MODELS[name].estimator).set_params(task_column=given.task_column)
    return alpha_max(given.X, given.y, estimator=estimator, sample_weight=given.weight)


def assert_close(model, other, atol=5e-5):
    """Equal coefficients; they err by up to (2 gap / curvature)**0.5, the gaps up to 2e-10 and the
    curvatures (or ridges) from 0.1 on."""
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=0, atol=atol)
    np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=0, atol=5 * atol)


def assert_same(model, other, **options):
    assert_close(model, other, **options)
    assert model.objective_ == pytest.approx(other.objective_, rel=1e-8)  # a few tol of the null


def refuses(message, estimator, error=ValueError):
    given = make("wide")
    with pytest.raises(error, match=message):
        estimator.fit(given.X, given.y)
