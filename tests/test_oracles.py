"""Our solutions are the certified minima of the reference cases, on the cases' own scale."""

from typing import NamedTuple

import numpy as np
import pytest
from oracles import Case, load_cases, log_losses, long, squared_errors
from sklearn.base import BaseEstimator, clone

import skmtl
from skmtl import (
    ClusteredTaskRegressor,
    DirtyRegressor,
    FusedSparseGroupLasso,
    MeanRegularizedRegressor,
    MultiTaskElasticNet,
    MultiTaskLasso,
    MultiTaskSparseGroupLasso,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressor,
    TaskGraphRegressor,
    TemporalGroupLasso,
    TraceNormRegressor,
)

ROUNDING = 1e-10  # of a sum over 15362 samples, relative; and the gap of the references


class Accuracy(NamedTuple):
    """What is asked of a solver, and what of its solutions.

    `tol` bounds the gap relative to the objective of the null model, which is at most a few dozen
    times the optimum in these cases (6 times for the schools): far below `objective_rtol`. The
    error of the coefficients goes like (gap / curvature) ** 0.5.
    """

    tol: float
    school_tol: float
    objective_rtol: float
    W_atol: float
    max_iter: int = 100_000


DESCENT = Accuracy(tol=1e-12, school_tol=1e-12, objective_rtol=1e-8, W_atol=1e-5)
# Where the objective exceeds the minimum by all of tol, coefficients are off by up to 5e-4 (as seen
# of proximal gradient methods; the bound by the smallest curvature of a task is 6e-3).
SPLITTING = Accuracy(tol=1e-9, school_tol=1e-8, objective_rtol=1e-7, W_atol=1e-3)
# Twice the optimum at most is the null model's log-loss. Steps of Newton's method, not of the
# solver of squares in it; its last one overshoots the tolerance by far.
NEWTON = Accuracy(tol=1e-9, school_tol=1e-9, objective_rtol=1e-8, W_atol=1e-4, max_iter=100)


class Loss(NamedTuple):
    """A loss of the reference cases: its value, and how ours becomes it.

    Ours is `1/(2 nbar) sum_t omega_t SSE_t`, or `1/nbar sum_t omega_t` log-loss_t;
    `scale(nbar)` times ours is the reference.
    """

    value: callable  # of SSE or log-loss (n_tasks,) and n (n_tasks,)
    task_weight: str | None
    scale: callable
    errors: callable = squared_errors


HALF_SQUARES = Loss(lambda sse, n: sse.sum() / 2, None, lambda nbar: nbar)
SQUARES = Loss(lambda sse, n: sse.sum(), None, lambda nbar: 2 * nbar)
TASK_MEANS = Loss(lambda sse, n: np.sum(sse / (2 * n)), "balanced", lambda nbar: 1.0)
LOG_LOSSES = Loss(lambda loss, n: np.sum(loss / n), "balanced", lambda nbar: 1.0, log_losses)


# Penalties of the formulas, each followed by its estimators. Our quadratic penalties have a 1/2,
# those of the formulas none.


def l1(W):
    return np.abs(W).sum()


def l21(W):
    return np.linalg.norm(W, axis=1).sum()


def column_norms(W):
    return np.linalg.norm(W, axis=0).sum()


def trace_norm(W):
    return np.linalg.norm(W, "nuc")


def squares(W):
    return np.sum(W**2)


def l21_and_ridge(W, norm, ridge):
    return norm * l21(W) + ridge * squares(W)


def l21_estimators(norm, ridge):
    alpha = norm + 2 * ridge
    estimators = [MultiTaskElasticNet(alpha, l1_ratio=norm / alpha)]
    return estimators + ([MultiTaskLasso(norm)] if ridge == 0 else [])


def l1_and_ridge(W, norm, ridge):
    return norm * l1(W) + ridge * squares(W)


def l1_estimators(norm, ridge):
    return [MultiTaskSparseGroupLasso(norm, l1_ratio=1.0, ridge=2 * ridge)]


def trace_and_ridge(W, norm, ridge):
    return norm * trace_norm(W) + ridge * squares(W)


def trace_estimators(norm, ridge):
    return [TraceNormRegressor(norm, ridge=2 * ridge)]


def graph_and_ridge(W, spread, ridge, graph):
    """`tr(W L W^T)` is the sum of `weight * ||w_s - w_t||^2` over the edges."""
    n_tasks = W.shape[1]
    if graph == "chain":
        weights = np.eye(n_tasks, k=1) + np.eye(n_tasks, k=-1)
    elif graph == "complete":
        weights = np.full((n_tasks, n_tasks), 1 / n_tasks)
    else:
        weights = np.array(graph)
    differences = W[:, :, None] - W[:, None, :]
    return spread * np.sum(weights * differences**2) / 2 + ridge * squares(W)


def graph_estimators(spread, ridge, graph):
    estimators = sparse_graph_estimators(spread, 0, ridge, graph)
    if graph == "complete":
        estimators.append(MeanRegularizedRegressor(2 * spread, ridge=2 * ridge))
    return estimators


def sparse_graph_and_ridge(W, spread, norm, ridge, graph):
    return graph_and_ridge(W, spread, ridge, graph) + norm * l1(W)


def sparse_graph_estimators(spread, norm, ridge, graph):
    if not isinstance(graph, str):
        graph = np.array(graph)
    model = TaskGraphRegressor(
        2 * spread, graph=graph, ridge=2 * ridge, sparsity=norm, sparsity_norm="l1"
    )
    return [model]


def clusters(W, between, within, n_clusters):
    """The best M has the singular vectors of W, so that it is one for tasks and for features.

    Its eigenvalues m minimize `sum_i s_i^2 / (eta + m_i)`: `eta + m` is `s * h` clipped to
    [eta, eta + 1], with the h of trace n_clusters. The trace is piecewise linear in h.
    """
    eta = within / between
    s = np.linalg.svd(W, compute_uv=False)
    s = s[s > 0]
    knots = np.sort(np.concatenate([eta / s, (1 + eta) / s]))
    traces = [np.sum(np.clip(s * h, eta, 1 + eta) - eta) for h in knots]
    h = np.interp(n_clusters, traces, knots)
    return between * eta * (1 + eta) * np.sum(s**2 / np.clip(s * h, eta, 1 + eta))


def cluster_estimators(between, within, n_clusters):
    eta = within / between
    alpha = 2 * between * eta * (1 + eta)
    return [ClusteredTaskRegressor(alpha, n_clusters=n_clusters, eta=eta)]


def dirty(P, Q, shared, specific):
    return shared * np.abs(P).max(axis=1).sum() + specific * l1(Q)


def dirty_estimators(shared, specific):
    alpha = shared + specific
    return [DirtyRegressor(alpha, specific_ratio=specific / alpha, shared_norm="l1inf")]


def robust(P, Q, shared, outlier):
    return shared * trace_norm(P) + outlier * column_norms(Q)


def robust_estimators(shared, outlier):
    alpha = shared + outlier
    return [RobustMultiTaskRegressor(alpha, outlier_ratio=outlier / alpha)]


def robust_features(P, Q, shared, outlier):
    return shared * l21(P) + outlier * column_norms(Q)


def robust_features_estimators(shared, outlier):
    alpha = shared + outlier
    return [RobustMultiTaskFeatureRegressor(alpha, outlier_ratio=outlier / alpha)]


def temporal(W, ridge, smoothness, norm):
    return ridge * squares(W) + smoothness * squares(np.diff(W)) + norm * l21(W)


def temporal_estimators(ridge, smoothness, norm):
    return [TemporalGroupLasso(norm, smoothness=2 * smoothness, ridge=2 * ridge)]


def fused(W, sparsity, steps, norm):
    return sparsity * l1(W) + steps * l1(np.diff(W)) + norm * l21(W)


def fused_estimators(sparsity, steps, norm):
    alpha = sparsity + steps + norm
    return [FusedSparseGroupLasso(alpha, l1_ratio=sparsity / alpha, fused_ratio=steps / alpha)]


def classifiers(estimators):
    """The classifiers of the same penalties, in place of regressors."""

    def of_strengths(*arguments):
        return [as_classifier(regressor) for regressor in estimators(*arguments)]

    return of_strengths


def as_classifier(regressor):
    stem = type(regressor).__name__.removesuffix("Regressor")
    classifier = getattr(skmtl, f"{stem}Classifier")()
    known = classifier.get_params()
    given = regressor.get_params()
    return classifier.set_params(**{name: given[name] for name in known if name in given})


class Model(NamedTuple):
    """An objective of the reference cases.

    `penalty(*parts, *strengths, *constants)`, the parts as (n_features, n_tasks), and
    `estimators(*strengths on our scale, *constants)`; strengths and constants as ordered in the
    case. `parts` are the attributes of the estimators that the penalty is about.
    """

    loss: Loss
    penalty: callable
    estimators: callable
    accuracy: Accuracy = SPLITTING
    parts: tuple = ("coef_",)


SUM = ("shared_part_", "specific_part_")

MODELS = {
    "Least_L21": Model(HALF_SQUARES, l21_and_ridge, l21_estimators, DESCENT),
    "RMTL_LS_L21": Model(TASK_MEANS, l21_and_ridge, l21_estimators, DESCENT),
    "Least_Lasso": Model(HALF_SQUARES, l1_and_ridge, l1_estimators),
    "RMTL_LS_Lasso": Model(TASK_MEANS, l1_and_ridge, l1_estimators),
    "Least_Trace": Model(HALF_SQUARES, trace_and_ridge, trace_estimators),
    "RMTL_LS_Trace": Model(TASK_MEANS, trace_and_ridge, trace_estimators),
    "Least_SRMTL": Model(HALF_SQUARES, sparse_graph_and_ridge, sparse_graph_estimators),
    "RMTL_LS_Graph": Model(TASK_MEANS, graph_and_ridge, graph_estimators),
    "Least_CMTL": Model(HALF_SQUARES, clusters, cluster_estimators),
    "Least_CASO": Model(HALF_SQUARES, clusters, cluster_estimators),  # M among features
    "RMTL_LS_CMTL": Model(TASK_MEANS, clusters, cluster_estimators),
    "Least_Dirty": Model(SQUARES, dirty, dirty_estimators, parts=SUM),
    "Least_RMTL": Model(SQUARES, robust, robust_estimators, parts=SUM),
    "Least_rMTFL": Model(SQUARES, robust_features, robust_features_estimators, parts=SUM),
    "Least_TGL": Model(HALF_SQUARES, temporal, temporal_estimators),
    "Least_CFGLasso": Model(HALF_SQUARES, fused, fused_estimators),
}
MODELS |= {
    name.replace("Least", "Logistic").replace("LS", "LR"): model._replace(
        loss=LOG_LOSSES, estimators=classifiers(model.estimators), accuracy=NEWTON
    )
    for name, model in MODELS.items()
}


class Problem(NamedTuple):
    """A case, an estimator of it, and how the data are given: column, tasks or wide."""

    case: Case
    estimator: BaseEstimator
    spelling: str

    def __str__(self):
        return f"{self.case.name}-{type(self.estimator).__name__}-{self.spelling}"


def scale_of(case):
    _, ys = case.arrays()
    return MODELS[case.objective].loss.scale(np.mean([len(y) for y in ys]))


def parts_of(problem, model):
    return [getattr(model, part).T for part in MODELS[problem.case.objective].parts]


def problems():
    """Every case with all its estimators and spellings."""
    found = []
    for case in load_cases(*MODELS):
        loss, _, estimators, accuracy, _ = MODELS[case.objective]
        Xs, _ = case.arrays()
        spellings = ["column", "tasks"]
        if all(X is Xs[0] for X in Xs):
            spellings.append("wide")
        strengths = [value / scale_of(case) for value in case.strengths.values()]
        models, tol = estimators(*strengths, *case.constants.values()), accuracy.tol
        if case.data.startswith("school"):  # seconds each
            models, spellings, tol = models[-1:], ["column"], accuracy.school_tol
        for estimator in models:
            estimator.set_params(
                task_weight=loss.task_weight,
                fit_intercept=case.fit_intercept,
                tol=tol,
                max_iter=accuracy.max_iter,
            )
            found += [Problem(case, estimator, spelling) for spelling in spellings]
    return found


PROBLEMS = problems()


@pytest.fixture(scope="module", params=PROBLEMS, ids=str)
def problem(request):
    return request.param


@pytest.fixture(scope="module")
def accuracy(problem):
    return MODELS[problem.case.objective].accuracy


@pytest.fixture(scope="module")
def model(problem):
    """The estimator, fitted."""
    Xs, ys = problem.case.arrays()
    estimator = clone(problem.estimator)
    if problem.spelling == "wide":
        return estimator.fit(Xs[0], np.column_stack(ys))
    X, y = long(Xs, ys)
    if problem.spelling == "tasks":
        return estimator.fit(X[:, :-1], y, tasks=X[:, -1])
    return estimator.set_params(task_column=-1).fit(X, y)


@pytest.fixture(scope="module")
def objective(problem, model):
    """The case's formula at the fitted coefficients."""
    case = problem.case
    loss, penalty, *_ = MODELS[case.objective]
    Xs, ys = case.arrays()
    errors = loss.errors(Xs, ys, model.coef_.T, model.intercept_)
    value = loss.value(errors, np.array([len(y) for y in ys]))
    strengths, constants = case.strengths.values(), case.constants.values()
    return value + penalty(*parts_of(problem, model), *strengths, *constants)


def test_the_objective_is_the_certified_minimum(problem, objective, accuracy):
    assert objective == pytest.approx(problem.case.f_opt, rel=accuracy.objective_rtol)


def test_the_model_reports_this_objective(problem, model, objective):
    assert scale_of(problem.case) * model.objective_ == pytest.approx(objective, rel=ROUNDING)


def has_dual(problem):
    """Not where a log-loss is all that keeps the mean of the tasks finite."""
    case = problem.case
    return case.objective != "RMTL_LR_Graph" or case.strengths["lam2"] > 0


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if has_dual(p)], indirect=True, ids=str)
def test_the_minimum_is_within_the_reported_gap(problem, model):
    lower = scale_of(problem.case) * (model.objective_ - model.dual_gap_)
    assert lower <= problem.case.f_opt * (1 + ROUNDING)


# some references record no minimizer: see data/README.md
@pytest.mark.parametrize(
    "problem", [p for p in PROBLEMS if p.case.W is not None], indirect=True, ids=str
)
def test_the_coefficients_are_the_minimizer(problem, model, accuracy):
    np.testing.assert_allclose(model.coef_.T, problem.case.W, rtol=0, atol=accuracy.W_atol)


def test_the_intercepts_are_the_minimizer(problem, model, accuracy):
    expected = problem.case.C if problem.case.fit_intercept else np.zeros(model.n_tasks_)
    np.testing.assert_allclose(model.intercept_, expected, rtol=0, atol=accuracy.W_atol)


@pytest.mark.parametrize(
    "problem",
    [p for p in PROBLEMS if MODELS[p.case.objective].parts == SUM],
    indirect=True,
    ids=str,
)
def test_the_parts_add_up_to_the_coefficients(problem, model):
    total = np.sum(parts_of(problem, model), axis=0)
    np.testing.assert_allclose(total, model.coef_.T, rtol=0, atol=ROUNDING)
