"""The proximal Newton method finds the minimum of any loss, and knows how far it is from it."""

import numpy as np
import pytest
import sklearn
from scipy.optimize import minimize
from sklearn.linear_model import HuberRegressor, LogisticRegression, PoissonRegressor

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl.datafits import Likelihood, squared_datafit
from skmtl.losses import Grouped, Huber, Logistic, Poisson, Softmax, Squared
from skmtl.penalties import (
    L1,
    L21,
    Decomposition,
    Ridge,
    TaskCoupling,
    TaskNorm,
    TraceNorm,
)
from skmtl.solvers import solve_penalized
from skmtl.solvers._softmax import softmax_step
from skmtl.solvers._solution import starting_at

N, P, T, K = 40, 5, 3, 3  # samples, features, tasks, classes
TIGHT = 1e-12  # gap, relative to the null model
# of coefficients: the root of the gap over curvatures of about 0.1
W_ATOL = 1e-5

PULL = np.eye(T) - np.full((T, T), 1 / T)  # to the mean of the tasks
PENALTIES = {
    "L21": L21(0.1),
    "L21 of some features": L21(0.1, np.array([0.0, 1.0, 2.0, 0.0, 1.0])),
    "L1 + trace norm": L1(0.02) + TraceNorm(0.05),
    "L1 + ridge": L1(0.02) + Ridge(0.1),
    "decomposition": Decomposition(L21(0.1), L1(0.07)),
    "coupling": TaskCoupling(1.0, PULL) + Ridge(0.01),
    "L21 + coupling": L21(0.05) + TaskCoupling(1.0, PULL),
    "ridge": Ridge(0.1),
}
LOSSES = {"huber": Huber(0.5), "poisson": Poisson(), "logistic": Logistic()}


class Data:
    """Tasks with rows in common or of their own, some cells missing, weights that differ."""

    def __init__(self, layout):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(N, P)) + 0.5
        W = rng.normal(size=(P, 1)) + 0.3 * rng.normal(size=(P, T))
        W[2] = 0.0
        z = X @ W * 0.5 + [0.3, -0.2, 0.0]
        self.wide, self.X = layout == "wide", X
        self.weight = rng.uniform(0.5, 2, size=(N, T)) * (rng.random((N, T)) < 0.8) / N
        self.y = {
            "squared": z + rng.normal(size=(N, T)),
            "huber": z + rng.standard_t(2, size=(N, T)),
            "poisson": rng.poisson(np.exp(z)).astype(float),
            "logistic": (z + rng.logistic(size=(N, T)) > 0).astype(float),
        }
        labels = np.digitize(z + rng.logistic(size=(N, T)), [-0.5, 1.0])
        self.y["softmax"] = np.eye(K)[labels].reshape(N, T * K)  # K columns for each task

    def columns(self, A):
        """Numbers of the cells of columns, as the design has them."""
        return A if self.wide else A.T.ravel()

    def likelihood(self, name, **options):
        y, weight = self.y[name], self.weight
        if name == "softmax":
            weight = np.repeat(weight, K, axis=1)
        C = y.shape[1]
        if self.wide:
            design, cells = SharedDesign(self.X, C), np.arange(N * C).reshape(N, C)
        else:
            design = StackedDesign(np.vstack([self.X] * C), np.arange(C + 1) * N)
            cells = np.arange(N * C).reshape(C, N).T
        softmax = Grouped(tuple((cells[:, t * K : (t + 1) * K], Softmax()) for t in range(T)))
        loss = {"squared": Squared(), "softmax": softmax, **LOSSES}[name]
        return Likelihood(design, self.columns(y), self.columns(weight), loss, **options)


def tight(likelihood, penalty):
    return solve_penalized(likelihood, penalty, tol=TIGHT, max_iter=50)


@pytest.fixture(params=["wide", "stacked"])
def data(request):
    return Data(request.param)


@pytest.fixture(params=[name for name in PENALTIES if name != "L21 of some features"])
def penalty(request, likelihood):
    return PENALTIES[request.param].for_columns(likelihood.shape[1] // T)


@pytest.fixture(params=["huber-wide", "poisson-stacked", "logistic-wide", "softmax-wide"])
def likelihood(request):
    name, layout = request.param.split("-")
    return Data(layout).likelihood(name)


# Against the solvers of squares


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_of_squares_it_is_the_minimum_of_squares(data, name, fit_intercept):
    likelihood = data.likelihood("squared", fit_intercept=fit_intercept)
    newton = tight(likelihood, PENALTIES[name])
    y, weight = likelihood.y, likelihood.weight
    squares = squared_datafit(likelihood.design, y, weight, fit_intercept=fit_intercept)
    found = solve_penalized(squares, PENALTIES[name], tol=TIGHT, max_iter=100_000)
    assert newton.objective == pytest.approx(found.objective, rel=1e-10)
    np.testing.assert_allclose(newton.W, found.W, rtol=0, atol=W_ATOL)


def test_of_squares_the_intercepts_are_those_of_squares(data):
    W = np.random.default_rng(1).normal(size=(P, T))
    likelihood = data.likelihood("squared")
    squares = squared_datafit(likelihood.design, likelihood.y, likelihood.weight)
    intercepts = squares.intercepts(W) + likelihood.level
    np.testing.assert_allclose(likelihood.intercepts(W), intercepts, rtol=1e-10)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("loss", ["poisson", "logistic", "softmax"])
def test_rows_in_common_and_rows_of_their_own_give_the_same(loss, name):
    penalty = PENALTIES[name].for_columns(K if loss == "softmax" else 1)
    wide, stacked = (tight(Data(each).likelihood(loss), penalty) for each in ("wide", "stacked"))
    assert wide.objective == pytest.approx(stacked.objective, rel=1e-10)
    np.testing.assert_allclose(wide.W, stacked.W, rtol=0, atol=W_ATOL)


# Optimality and certificates


def test_intercepts_are_at_their_optimum(likelihood):
    W = np.random.default_rng(0).normal(size=likelihood.shape)
    for point in (likelihood.null(), likelihood.at(W), likelihood.at(W, np.full(W.shape[1], 3.0))):
        sums = likelihood.design.task_sum(likelihood.weight * point.gradient)
        np.testing.assert_allclose(sums, 0.0, atol=1e-12)  # of weights that add up to one


def test_without_intercepts_they_are_zero(data):
    likelihood = data.likelihood("logistic", fit_intercept=False)
    solution = solve_penalized(likelihood, Ridge(0.1), tol=TIGHT)
    np.testing.assert_array_equal(likelihood.intercepts(solution.W), np.zeros(T))
    gradient = 0.1 * solution.W - likelihood.at(solution.W).correlation
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)  # root of the gap


def test_the_correlation_is_minus_the_derivative_of_the_loss(likelihood):
    rng = np.random.default_rng(0)
    W, D, h = 0.3 * rng.normal(size=likelihood.shape), rng.normal(size=likelihood.shape), 1e-5
    difference = likelihood.at(W + h * D).value - likelihood.at(W - h * D).value
    derivative = -np.vdot(likelihood.at(W).correlation, D)
    assert difference / (2 * h) == pytest.approx(derivative, rel=1e-7, abs=1e-8)  # of h ** 2


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("loss", ["poisson", "logistic", "softmax"])
def test_tight_tolerances_are_reached_in_some_steps(data, loss, name):
    likelihood = data.likelihood(loss)
    penalty = PENALTIES[name].for_columns(likelihood.shape[1] // T)
    solution = solve_penalized(likelihood, penalty, tol=TIGHT, max_iter=30)
    assert solution.converged
    assert solution.optimality <= TIGHT


# squares that were solved to less than a step of the likelihood once stalled above tol
@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("tol", [1e-4, 1e-8])
def test_tolerances_are_reached_by_parabolas_above(name, tol):
    likelihood = Data("wide").likelihood("huber")
    assert solve_penalized(likelihood, PENALTIES[name], tol=tol, max_iter=150).converged


def test_the_objective_is_that_of_the_solution(likelihood, penalty):
    solution = solve_penalized(likelihood, penalty, tol=1e-6)
    value = likelihood.at(solution.W).value
    if solution.parts:
        np.testing.assert_allclose(sum(solution.parts), solution.W, rtol=0, atol=1e-12)
        value += sum(p.value(V) for p, V in zip(penalty.parts, solution.parts, strict=True))
    else:
        value += penalty.value(solution.W)
    assert solution.objective == pytest.approx(value, rel=1e-12)


def test_the_gap_bounds_the_distance_to_the_minimum(likelihood, penalty):
    best = tight(likelihood, penalty).objective
    for options in [{"tol": 0.1}, {"tol": 1e-2}, {"tol": 1e-4}, {"max_iter": 1, "tol": 1e-10}]:
        loose = solve_penalized(likelihood, penalty, **options)
        assert loose.gap >= 0
        assert loose.objective - loose.gap <= best * (1 + 1e-12)  # rounding


def test_it_stops_after_max_iter_steps(likelihood):
    solution = solve_penalized(likelihood, L1(0.02), max_iter=2, tol=1e-12)
    assert solution.n_iter == 2
    assert not solution.converged


def test_tolerances_are_relative_to_the_null_model(likelihood):
    solution = solve_penalized(likelihood, L1(0.05), tol=1e-3)
    null = likelihood.null().value
    assert solution.optimality == pytest.approx(solution.gap / null, rel=1e-12)


def test_features_without_a_penalty_are_at_their_optimum(likelihood):
    free, penalty = [0, 3], PENALTIES["L21 of some features"]
    solution = solve_penalized(likelihood, penalty, tol=1e-3)
    correlation = likelihood.at(solution.W).correlation
    # Newton's method stops where the loss is flat to 1e-13: at the root of that in the slope
    np.testing.assert_allclose(correlation[free], 0.0, atol=1e-6)
    assert (solution.W[free] != 0).all()


def test_a_strong_penalty_leaves_the_features_without_one(likelihood):
    penalty = L21(1e3, np.array([0.0, 1.0, 1.0, 0.0, 1.0]))
    solution = tight(likelihood, penalty)
    assert not solution.W[[1, 2, 4]].any()
    null = likelihood.null(np.array([0, 3]))
    np.testing.assert_allclose(solution.W, null.W, rtol=0, atol=W_ATOL)


@pytest.mark.parametrize("norm", [L1(1.0), L21(1.0), TraceNorm(1.0), TaskNorm(1.0)], ids=repr)
def test_the_dual_norm_at_zero_is_the_smallest_strength_with_an_empty_model(likelihood, norm):
    norm = norm.for_columns(likelihood.shape[1] // T)
    critical = norm.dual_norm(likelihood.null().correlation)
    assert not solve_penalized(likelihood, norm.scaled(1.001 * critical), tol=1e-8).W.any()
    assert solve_penalized(likelihood, norm.scaled(0.99 * critical), tol=1e-6).W.any()


def test_a_model_that_is_empty_is_certified(likelihood):
    critical = L21(1.0).dual_norm(likelihood.null().correlation)
    solution = solve_penalized(likelihood, L21(1.001 * critical), tol=1e-10)
    assert solution.gap <= 1e-10 * likelihood.null().value


def test_from_the_solution_nothing_moves(likelihood, penalty):
    solution = solve_penalized(likelihood, penalty, tol=1e-7, max_iter=200)
    again = solve_penalized(likelihood, penalty, solution, tol=1e-6)
    assert again.n_iter == 1
    np.testing.assert_allclose(again.W, solution.W, rtol=0, atol=1e-3)  # root of tol


@pytest.mark.parametrize("name", PENALTIES)
def test_a_weight_of_two_is_a_row_twice(name):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N, P)), rng.integers(2, size=(N, T)).astype(float)
    weight = np.where(np.arange(N) < 10, 2.0, 1.0)[:, None] / N
    twice = np.concatenate([np.arange(N), np.arange(10)])
    weighted = Likelihood(SharedDesign(X, T), y, weight, Logistic())
    same = np.full((N + 10, 1), 1 / N)
    doubled = Likelihood(SharedDesign(X[twice], T), y[twice], same, Logistic())
    found = [tight(likelihood, PENALTIES[name]) for likelihood in (weighted, doubled)]
    assert found[0].objective == pytest.approx(found[1].objective, rel=1e-10)
    np.testing.assert_allclose(found[0].W, found[1].W, rtol=0, atol=W_ATOL)


@pytest.mark.parametrize("y", [-1e6, np.pi])
def test_targets_of_no_weight_do_not_matter(data, y):
    likelihood = data.likelihood("logistic")
    targets = np.where(likelihood.weight > 0, likelihood.y, y)
    other = Likelihood(likelihood.design, targets, likelihood.weight, Logistic())
    found = [solve_penalized(each, L21(0.05), tol=1e-8) for each in (likelihood, other)]
    np.testing.assert_array_equal(found[0].W, found[1].W)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_counts_far_apart_overflow_nowhere():
    rng = np.random.default_rng(0)
    X = 30 * rng.normal(size=(N, P))
    y = rng.poisson(np.exp(np.clip(X @ np.full(P, 0.1), -20, 20))).astype(float)[:, None]
    likelihood = Likelihood(SharedDesign(X, 1), y, np.full((N, 1), 1 / N), Poisson())
    solution = solve_penalized(likelihood, L1(1e-3), tol=1e-6)
    assert solution.converged


# One task against scikit-learn: its accuracy is that of its stopping rules


X = Data("wide").X
BINARY = Data("wide").y["logistic"][:, 0]


def one_task(y, weight, loss):
    return Likelihood(SharedDesign(X, 1), y[:, None], np.full((N, 1), weight), loss)


def agrees(likelihood, solution, model, atol):
    np.testing.assert_allclose(solution.W[:, 0], np.ravel(model.coef_), rtol=0, atol=atol)
    intercept = likelihood.intercepts(solution.W)
    np.testing.assert_allclose(intercept, np.ravel(model.intercept_), rtol=0, atol=atol)


NEW = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 8)
L1_NORM = {"l1_ratio": 1.0} if NEW else {"penalty": "l1"}


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_logistic_ridge_is_scikit_learns(C):
    model = LogisticRegression(C=C, tol=1e-12, max_iter=10_000).fit(X, BINARY)
    likelihood = one_task(BINARY, 1.0, Logistic())
    agrees(likelihood, solve_penalized(likelihood, Ridge(1 / C), tol=TIGHT), model, 1e-5)


@pytest.mark.parametrize("C", [0.2, 1.0])
def test_logistic_lasso_is_scikit_learns(C):
    options = {"solver": "saga", "tol": 1e-10, "max_iter": 100_000, "random_state": 0}
    model = LogisticRegression(C=C, **L1_NORM, **options).fit(X, BINARY)
    likelihood = one_task(BINARY, 1.0, Logistic())
    agrees(likelihood, solve_penalized(likelihood, L1(1 / C), tol=TIGHT), model, 1e-5)


@pytest.mark.parametrize("alpha", [0.01, 1.0])
def test_poisson_ridge_is_scikit_learns(alpha):
    y = Data("wide").y["poisson"][:, 0]
    model = PoissonRegressor(alpha=alpha, tol=1e-10, max_iter=10_000).fit(X, y)
    likelihood = one_task(y, 1 / N, Poisson())
    agrees(likelihood, solve_penalized(likelihood, Ridge(alpha), tol=TIGHT), model, 1e-5)


@pytest.mark.parametrize("epsilon", [1.1, 1.35, 3.0])
def test_huber_is_scikit_learns_at_its_scale(epsilon):
    """Its `sigma H_eps(r / sigma)` is `2 / sigma` times Huber's loss of `delta = eps sigma`."""
    y, alpha = Data("wide").y["huber"][:, 0], 0.1
    model = HuberRegressor(epsilon=epsilon, alpha=alpha, tol=1e-10, max_iter=10_000).fit(X, y)
    likelihood = one_task(y, 1.0, Huber(epsilon * model.scale_))
    solution = solve_penalized(likelihood, Ridge(alpha * model.scale_), tol=TIGHT)
    agrees(likelihood, solution, model, 1e-4)


# Three classes of one task are three columns


@pytest.fixture(params=["wide", "stacked"])
def classes(request):
    """A likelihood of three classes, and their labels."""
    y = Data("wide").y["softmax"][:, :K]
    if request.param == "wide":
        design, index = SharedDesign(X, K), np.arange(N * K).reshape(N, K)
    else:
        design = StackedDesign(np.vstack([X] * K), np.arange(K + 1) * N)
        index = np.arange(N * K).reshape(K, N).T
    targets = np.empty(N * K)
    targets[index] = y
    targets = targets.reshape((N, K) if request.param == "wide" else -1)
    loss = Grouped(((index, Softmax()),))
    return Likelihood(design, targets, np.ones_like(targets), loss), y.argmax(axis=1)


@pytest.mark.parametrize("C", [0.1, 10.0])
def test_softmax_ridge_is_scikit_learns(classes, C):
    likelihood, labels = classes
    model = LogisticRegression(C=C, tol=1e-12, max_iter=10_000).fit(X, labels)
    solution = solve_penalized(likelihood, Ridge(1 / C), tol=TIGHT)
    b = likelihood.intercepts(solution.W)
    np.testing.assert_allclose(solution.W.T, model.coef_, rtol=0, atol=1e-4)
    expected = model.intercept_ - model.intercept_.mean()
    np.testing.assert_allclose(b - b.mean(), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("alpha", [1.0, 3.0])
def test_softmax_group_lasso_satisfies_its_optimality_conditions(classes, alpha):
    likelihood, labels = classes
    solution = solve_penalized(likelihood, L21(alpha), tol=TIGHT)
    W, b = solution.W, likelihood.intercepts(solution.W)
    odds = np.exp(X @ W + b)
    residuals = np.eye(K)[labels] - odds / odds.sum(axis=1, keepdims=True)
    pull, norms = X.T @ residuals, np.linalg.norm(W, axis=1)
    np.testing.assert_allclose(residuals.sum(axis=0), 0.0, atol=1e-9)
    active = norms > 0
    directions = alpha * W[active] / norms[active, None]
    np.testing.assert_allclose(pull[active], directions, rtol=0, atol=1e-4)  # root of the gap
    assert (np.linalg.norm(pull[~active], axis=1) <= alpha).all()


@pytest.mark.parametrize("alpha", [1.0, 3.0])
def test_softmax_group_lasso_is_the_minimum_on_its_support(classes, alpha):
    likelihood, labels = classes
    solution = solve_penalized(likelihood, L21(alpha), tol=TIGHT)
    support, Y = solution.W.any(axis=1), np.eye(K)[labels]
    assert support.any()

    def objective(unknowns):
        W, b = unknowns[:-K].reshape(-1, K), unknowns[-K:]
        z = X[:, support] @ W + b
        loss = np.log(np.exp(z).sum(axis=1)) - (Y * z).sum(axis=1)
        return loss.sum() + alpha * np.linalg.norm(W, axis=1).sum()

    start = np.random.default_rng(0).normal(size=(support.sum() + 1) * K)
    least = minimize(objective, start, method="BFGS", options={"gtol": 1e-6})
    assert solution.objective == pytest.approx(least.fun, rel=1e-8)


def test_softmax_of_two_columns_is_logistic_of_half_the_ridge():
    y = np.column_stack([1 - BINARY, BINARY])
    loss = Grouped(((np.arange(2 * N).reshape(N, 2), Softmax()),))
    two = Likelihood(SharedDesign(X, 2), y, np.ones((N, 2)), loss)
    one = one_task(BINARY, 1.0, Logistic())
    W, w = (solve_penalized(f, Ridge(r), tol=TIGHT).W for f, r in ((two, 1.0), (one, 0.5)))
    np.testing.assert_allclose(W[:, 1] - W[:, 0], w[:, 0], rtol=0, atol=W_ATOL)


# Tasks of different numbers of columns


def uneven(losses, sizes, *, fit_intercept):
    """A likelihood of tasks with so many columns each, a fifth of their targets missing."""
    rng = np.random.default_rng(3)
    n_columns = sum(sizes)
    y, weight = np.zeros((N, n_columns)), np.full((N, n_columns), 1 / N)
    cells, parts = np.arange(N * n_columns).reshape(N, n_columns), []
    for loss, size, end in zip(losses, sizes, np.cumsum(sizes), strict=True):
        columns = np.arange(end - size, end)
        z = X @ rng.normal(size=(P, size))
        y[:, columns] = rng.poisson(np.exp(0.3 * z)) if isinstance(loss, Poisson) else z > 0
        if size > 1:
            y[:, columns] = np.eye(size)[(z + rng.gumbel(size=z.shape)).argmax(axis=1)]
        weight[np.ix_(rng.random(N) < 0.2, columns)] = 0.0
        parts.append((cells[:, columns], loss))
    loss = Grouped(tuple(parts))
    return Likelihood(SharedDesign(X, n_columns), y, weight, loss, fit_intercept=fit_intercept)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("name", ["L21", "L21 of some features", "L1 + ridge", "decomposition"])
@pytest.mark.parametrize(
    ("losses", "sizes"),
    [
        ((Softmax(), Softmax(), Softmax()), (4, 2, 3)),
        ((Logistic(), Softmax(), Poisson(), Logistic()), (1, 3, 1, 1)),
    ],
)
def test_few_steps_find_the_minimum_of_tasks_of_different_numbers_of_columns(
    losses, sizes, name, fit_intercept, monkeypatch
):
    likelihood = uneven(losses, sizes, fit_intercept=fit_intercept)
    few = solve_penalized(likelihood, PENALTIES[name], tol=TIGHT, max_iter=12)
    assert few.converged
    monkeypatch.setattr("skmtl.solvers._newton_iteration.columns_to_stack", lambda likelihood: 0)
    bounds = solve_penalized(likelihood, PENALTIES[name], tol=1e-7, max_iter=1000)
    assert few.objective <= bounds.objective * (1 + 1e-12)
    assert few.objective == pytest.approx(bounds.objective, rel=1e-6)
    means, expected = (
        likelihood.loss.inverse_link(likelihood.at(each.W).z) for each in (few, bounds)
    )
    np.testing.assert_allclose(means, expected, rtol=0, atol=1e-3)  # root of the gap


def test_the_intercept_of_a_class_without_targets_stays_where_it_is():
    y = np.column_stack([1 - BINARY, BINARY, np.full(N, 1e-14)])
    cells = np.arange(3 * N).reshape(N, 3)
    likelihood = Likelihood(SharedDesign(X, 3), y, np.ones((N, 3)), Grouped(((cells, Softmax()),)))
    point = likelihood.null()
    _, b = softmax_step(
        point,
        L21(1.0),
        starting_at(point.W),
        3,
        1e-6,
        inner_solver=solve_penalized,
        max_iter=1000,
    )
    assert point.b[2] < -10
    assert abs(b[2] - point.b[2]) < 1
