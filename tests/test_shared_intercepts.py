"""Intercepts that are pulled to their mean: against dense equations, limits and brute force."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import xlogy
from sklearn.base import clone
from sklearn.linear_model import Ridge

from skmtl import (
    ClusteredTaskClassifier,
    ClusteredTaskRegressor,
    ClusteredTaskRegressorCV,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    RandomInterceptTasks,
    TaskGraphClassifier,
    TaskGraphRegressor,
    TaskGraphRegressorCV,
    TaskRelationshipClassifier,
    TaskRelationshipRegressor,
    TraceNormClassifier,
    TraceNormClassifierCV,
    TraceNormRegressor,
    TraceNormRegressorCV,
    multi_task_path,
)
from skmtl._data.designs import StackedDesign
from skmtl.datafits import squared_datafit, with_shared_intercepts
from skmtl.penalties import TaskCoupling
from skmtl.solvers import solve_penalized

T, P = 5, 3
PULL = 0.7
SHARED = {"intercept": "shared", "intercept_alpha": PULL}
TIGHT = {"tol": 1e-10, "max_iter": 100_000}
CHAIN = np.diag([1.0, 2, 2, 2, 1]) - np.eye(T, k=1) - np.eye(T, k=-1)
MEAN = np.eye(T) - 1 / T


class Own:
    """Tasks with samples of their own, of different levels and means of the features."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        sizes = np.array([2, 3, 5, 7, 9])
        self.tasks = np.repeat(np.arange(T), sizes)
        self.ptr = np.append(0, np.cumsum(sizes))
        n_samples = len(self.tasks)
        self.X = rng.standard_normal((n_samples, P)) + rng.standard_normal((T, P))[self.tasks] + 2
        coef = rng.standard_normal(P)
        self.z = (self.X - 2) @ coef + rng.standard_normal(T)[self.tasks]
        self.y = self.z + 0.5 * rng.standard_normal(n_samples) + 10
        self.labels = (self.z + rng.logistic(size=n_samples) > 0).astype(int)
        self.labels[self.ptr[:-1]] = 0  # every task has both classes
        self.labels[self.ptr[:-1] + 1] = 1
        self.counts = rng.poisson(np.exp(0.3 * self.z)).astype(float)
        self.weight = rng.uniform(0.5, 2.0, n_samples)

    def fit(self, model, y=None, weight=None):
        return clone(model).fit(self.X, self.y if y is None else y, weight, tasks=self.tasks)


DATA = Own()


def levels(model, data=DATA, weight=None):
    """What tasks predict at the mean of all samples."""
    return model.intercept_ + model.coef_ @ np.average(data.X, axis=0, weights=weight)


# ------------------------------------------------ the squared loss, against dense equations


def dense_solution(weight, M):
    """Coefficients and intercepts from the normal equations of everything."""
    one_hot = np.eye(T)[DATA.tasks]
    center = np.average(DATA.X, axis=0, weights=weight)
    design = np.column_stack([DATA.X - center, np.ones(len(DATA.X))])
    Z = np.einsum("it,ij->itj", one_hot, design).reshape(len(DATA.X), -1)
    of_features = np.diag([1.0] * P + [0.0])
    of_levels = np.diag([0.0] * P + [1.0])
    penalty = np.kron(M, of_features) + np.kron(PULL * MEAN, of_levels)
    weighted = Z.T * weight
    theta = np.linalg.lstsq(weighted @ Z + penalty, weighted @ DATA.y, rcond=1e-12)[0]
    theta = theta.reshape(T, P + 1)
    return theta[:, :P], theta[:, P] - theta[:, :P] @ center


@pytest.mark.parametrize("form", ["gram", "residual", "sparse"])
@pytest.mark.parametrize(
    "M",
    [
        0.8 * MEAN + 0.3 * np.eye(T),
        0.8 * MEAN,
        0.8 * CHAIN,
        0.8 * CHAIN + 0.1 * np.eye(T),
        0.3 * np.eye(T),
        np.zeros((T, T)),
        np.diag([0.0, 0.0, 1.0, 1.0, 1.0]) - np.outer([0, 0, 1, 1, 1], [0, 0, 1, 1, 1]) / 3,
    ],
    ids=["mean and ridge", "mean", "chain", "chain and ridge", "ridge", "nothing", "groups"],
)
def test_quadratic_models_solve_the_normal_equations(form, M):
    weight = DATA.weight * T / DATA.weight.sum()
    X = DATA.X
    if form == "sparse":
        X = sparse.csc_array(X)
        form = "residual"
    free = squared_datafit(StackedDesign(X, DATA.ptr), DATA.y, weight, form=form)
    datafit = with_shared_intercepts(free, PULL)
    solution = solve_penalized(datafit, TaskCoupling(1.0, M), tol=1e-12)
    W, b = dense_solution(weight, M)
    predictions = np.einsum("ij,ij->i", DATA.X, W[DATA.tasks]) + b[DATA.tasks]
    b_found = datafit.intercepts(solution.W)
    found = np.einsum("ij,ji->i", DATA.X, solution.W[:, DATA.tasks]) + b_found[DATA.tasks]
    np.testing.assert_allclose(found, predictions, atol=1e-6)  # no digit beyond: M is singular
    assert solution.converged


# ------------------------------------------------ any model, against its written objective

NUMBERS = [
    MeanRegularizedRegressor(0.3, ridge=0.1),
    TaskGraphRegressor(0.3, graph="chain", ridge=0.1, sparsity=0.1),
    TaskGraphRegressor(0.0, sparsity=0.2, sparsity_norm="l21"),
    TraceNormRegressor(0.2),
    TraceNormRegressor(0.2, ridge=0.1),
    TaskRelationshipRegressor(0.2),
    ClusteredTaskRegressor(0.2),
]
CLASSES = [
    MeanRegularizedClassifier(0.3, ridge=0.1),
    TaskGraphClassifier(0.3, graph="chain", ridge=0.1, sparsity=0.05),
    TraceNormClassifier(0.05),
    TaskRelationshipClassifier(0.1),
    ClusteredTaskClassifier(0.1),
]
LOSSES = {
    "squared_error": lambda y, z: 0.5 * (y - z) ** 2,
    "poisson": lambda y, z: np.exp(z) - y * z - y + xlogy(y, y),
    "classes": lambda y, z: np.logaddexp(0, z) - y * z,
}


def objective_of(model, loss, y, coef, levels):
    """The objective with the term of the intercepts, from coefficients and levels of tasks."""
    z = np.einsum("ij,ij->i", DATA.X - DATA.X.mean(axis=0), coef[DATA.tasks]) + levels[DATA.tasks]
    penalty = model._penalty(np.arange(P), np.arange(T)).value(coef.T)
    pull = 0.5 * PULL * ((levels - levels.mean()) ** 2).sum()
    return loss(y, z).sum() * T / len(y) + penalty + pull


def check_objective(model, loss, y):
    fit = DATA.fit(clone(model).set_params(**SHARED, **TIGHT), y)
    here = objective_of(fit, loss, y, fit.coef_, levels(fit))
    np.testing.assert_allclose(fit.objective_, here, rtol=1e-9)
    assert fit.dual_gap_ <= 1e-8 * here  # which certifies it; and indeed nothing near is lower:
    rng = np.random.default_rng(0)
    for size in 10.0 ** -np.arange(5):
        coef = fit.coef_ + size * rng.standard_normal((T, P))
        level = levels(fit) + size * rng.standard_normal(T)
        assert objective_of(fit, loss, y, coef, level) >= here - fit.dual_gap_


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("model", NUMBERS, ids=repr)
def test_regressors_minimize_the_written_objective(model, loss):
    y = DATA.y if loss == "squared_error" else DATA.counts
    check_objective(clone(model).set_params(loss=loss), LOSSES[loss], y)


@pytest.mark.parametrize("model", CLASSES, ids=repr)
def test_classifiers_minimize_the_written_objective(model):
    check_objective(clone(model), LOSSES["classes"], DATA.labels)


def test_three_classes_minimize_the_written_objective():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, P)) + 1
    codes = np.arange(60) % 3
    scores = X @ rng.standard_normal((P, 3)) + 2 * rng.standard_normal((3, 3))[codes]
    y = np.argmax(scores + rng.gumbel(size=(60, 3)), axis=1)
    y[:9] = np.repeat(np.arange(3), 3)  # every task has all classes
    model = MeanRegularizedClassifier(0.5, ridge=0.2, **SHARED, tol=1e-9, max_iter=1000)
    fit = model.fit(X, y, tasks=codes)
    center = X.mean(axis=0)

    def objective(theta):
        theta = theta.reshape(3, 3, P + 1)
        coef, level = theta[..., :P], theta[..., P]
        z = np.einsum("ij,ikj->ik", X - center, coef[codes]) + level[codes]
        loss = np.log(np.exp(z).sum(axis=1)) - z[np.arange(60), y]
        pull = PULL * ((level - level.mean(axis=0)) ** 2).sum()
        ridges = 0.5 * ((coef - coef.mean(axis=0)) ** 2).sum() + 0.2 * (coef**2).sum()
        return loss.sum() * 3 / 60 + 0.5 * (pull + ridges)

    theta = np.concatenate([fit.coef_, (fit.intercept_ + fit.coef_ @ center)[..., None]], axis=2)
    best = minimize(objective, theta.ravel(), options={"gtol": 1e-8})
    np.testing.assert_allclose(fit.objective_, best.fun, rtol=1e-8)
    found = best.x.reshape(3, 3, P + 1)
    np.testing.assert_allclose(fit.coef_, found[..., :P], atol=1e-4)


# ------------------------------------------------ limits


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
@pytest.mark.parametrize("model", NUMBERS, ids=repr)
def test_without_strength_intercepts_are_free(model, loss):
    free = clone(model).set_params(loss=loss, **TIGHT)
    pulled = clone(free).set_params(intercept="shared", intercept_alpha=1e-10)
    zero = clone(pulled).set_params(intercept_alpha=0.0)
    free, pulled, zero = (DATA.fit(one) for one in (free, pulled, zero))
    np.testing.assert_array_equal(zero.coef_, free.coef_)
    np.testing.assert_allclose(fitted_values(pulled), fitted_values(free), atol=1e-4)


def fitted_values(model):
    return model.predict(DATA.X, tasks=DATA.tasks)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_infinite_strength_is_one_level(loss):
    y = DATA.y if loss == "squared_error" else DATA.counts
    model = TraceNormRegressor(0.2, ridge=0.1, loss=loss, intercept="shared", **TIGHT)
    strong, infinite = (DATA.fit(model.set_params(intercept_alpha=a), y) for a in (1e7, np.inf))
    np.testing.assert_allclose(levels(infinite), levels(infinite)[0], rtol=1e-12)
    np.testing.assert_allclose(infinite.coef_, strong.coef_, atol=1e-5)
    np.testing.assert_allclose(infinite.objective_, strong.objective_, rtol=1e-6)


def test_tasks_that_differ_in_intercepts_only_are_random_intercepts():
    ridge, scale = 0.3, 1.7
    size = scale * np.sqrt(np.mean(DATA.X.var(axis=0)))
    expected = RandomInterceptTasks(Ridge(ridge * len(DATA.y)), scales=[scale])
    expected = expected.fit(DATA.X, DATA.y, tasks=DATA.tasks)
    strength = ridge * T / size**2
    model = MeanRegularizedRegressor(
        1e9, ridge=ridge, intercept="shared", intercept_alpha=strength, **TIGHT
    )
    np.testing.assert_allclose(fitted_values(DATA.fit(model)), fitted_values(expected), atol=1e-5)


# ------------------------------------------------ what must not matter


@pytest.mark.parametrize("model", [*NUMBERS[:1], *NUMBERS[4:]], ids=repr)
def test_shifts_of_features_and_units_of_targets_do_not_matter(model):
    linear = not isinstance(model, TraceNormRegressor)
    factor = 1000.0 if linear else 1.0
    shift = np.array([1e4, -50.0, 3.0])
    model = clone(model).set_params(**SHARED, tol=1e-12)
    fit = DATA.fit(model)
    other = clone(model).fit(DATA.X + shift, factor * DATA.y + 7, tasks=DATA.tasks)
    np.testing.assert_allclose(other.coef_, factor * fit.coef_, rtol=1e-5, atol=1e-6 * factor)
    predictions = other.predict(DATA.X + shift, tasks=DATA.tasks)
    np.testing.assert_allclose(predictions, factor * fitted_values(fit) + 7, rtol=1e-6)


def test_the_squared_loss_is_a_huber_loss_without_outliers():
    model = MeanRegularizedRegressor(0.3, ridge=0.1, **SHARED, **TIGHT)
    squared, huber = (
        DATA.fit(model.set_params(loss=loss, huber_delta=1e6), weight=DATA.weight)
        for loss in ("squared_error", "huber")
    )
    np.testing.assert_allclose(huber.coef_, squared.coef_, atol=1e-7)
    np.testing.assert_allclose(huber.intercept_, squared.intercept_, atol=1e-6)


@pytest.mark.parametrize("model", NUMBERS[:4], ids=repr)
def test_of_tasks_with_the_same_samples_intercepts_alone_are_pulled(model):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, P)) + 3
    Y = X @ rng.standard_normal((P, T)) + rng.standard_normal((20, T)) + 5 * np.arange(T)
    free = clone(model).set_params(**TIGHT).fit(X, Y)
    pulled = clone(free).set_params(**SHARED).fit(X, Y)
    np.testing.assert_allclose(pulled.coef_, free.coef_, atol=1e-5)
    center = X.mean(axis=0)
    own = free.intercept_ + free.coef_ @ center
    expected = own.mean() + (own - own.mean()) / (1 + PULL)  # a task weighs 1
    np.testing.assert_allclose(pulled.intercept_ + pulled.coef_ @ center, expected, rtol=1e-5)


@pytest.mark.parametrize("model", [*NUMBERS, *CLASSES], ids=repr)
def test_without_intercepts_nothing_is_pulled(model):
    y = DATA.labels if hasattr(model, "predict_proba") else DATA.y
    model = clone(model).set_params(fit_intercept=False)
    free, pulled = (DATA.fit(model.set_params(intercept=name), y) for name in ("free", "shared"))
    np.testing.assert_array_equal(free.coef_, pulled.coef_)


def test_a_feature_that_is_constant_in_every_task_is_learned_between_tasks():
    X = np.column_stack([DATA.X, np.array([3.0, -1, 2, 0, 5])[DATA.tasks]])
    y = DATA.y + 4 * X[:, -1]
    model = MeanRegularizedRegressor(1e3, intercept="shared", intercept_alpha=10.0)
    model = model.fit(X, y, tasks=DATA.tasks)
    assert (np.abs(model.coef_[:, -1] - 4) < 1).all()


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_one_task_has_nothing_to_share(loss):
    model = TraceNormRegressor(0.3, loss=loss, tol=1e-10)
    free = model.fit(DATA.X, DATA.y[:, None])
    pulled = clone(model).set_params(**SHARED).fit(DATA.X, DATA.y[:, None])
    np.testing.assert_allclose(pulled.coef_, free.coef_, atol=1e-5)
    np.testing.assert_allclose(pulled.intercept_, free.intercept_, rtol=1e-5)


@pytest.mark.parametrize("kind", ["one task", "one row", "constant", "outlier"])
@pytest.mark.parametrize("model", NUMBERS, ids=repr)
def test_degenerate_data_have_finite_models(model, kind):
    X, y, tasks = DATA.X, DATA.y.copy(), DATA.tasks
    if kind == "one task":
        tasks = np.zeros(len(y))
    if kind == "one row":
        tasks = np.arange(len(y))
    if kind == "constant":
        y[:] = 3.0
    if kind == "outlier":
        y[tasks == 3] *= 1000
    fit = clone(model).set_params(**SHARED).fit(X, y, tasks=tasks)
    assert np.isfinite(fit.coef_).all()
    assert np.isfinite(fit.intercept_).all()
    if kind == "constant":
        np.testing.assert_allclose(fit.predict(X, tasks=tasks), 3.0)


# ------------------------------------------------ new tasks, paths, searches


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_a_new_task_minimizes_the_joint_objective(loss):
    model = MeanRegularizedRegressor(0.3, ridge=0.1, loss=loss, **SHARED, **TIGHT)
    model = DATA.fit(model)
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((2, P)) + 1, np.array([11.0, 9.5])
    center, nbar = DATA.X.mean(axis=0), len(DATA.y) / T

    def objective(theta):
        coef = np.vstack([model.coef_, theta[:P]])
        level = np.append(levels(model), theta[P])
        r = np.abs(y - (X - center) @ theta[:P] - theta[P])
        if loss == "huber":
            losses = np.where(r > 1.35, 1.35 * (r - 1.35 / 2), r**2 / 2)
        else:
            losses = r**2 / 2
        penalty = 0.3 * ((coef - coef.mean(axis=0)) ** 2).sum() + 0.1 * (coef**2).sum()
        pull = PULL * ((level - level.mean()) ** 2).sum()
        return losses.sum() / nbar + 0.5 * (penalty + pull)

    best = minimize(objective, np.zeros(P + 1), tol=1e-12)
    adapted = model.adapt(X, y)
    np.testing.assert_allclose(adapted.coef_[-1], best.x[:P], atol=1e-5)
    level = adapted.intercept_[-1] + adapted.coef_[-1] @ center
    np.testing.assert_allclose(level, best.x[P], atol=1e-5)


def test_a_task_that_was_not_seen_has_the_mean_level():
    model = TraceNormRegressor(0.2, **SHARED, handle_unknown="shared")
    model = DATA.fit(model)
    center = DATA.X.mean(axis=0, keepdims=True)
    np.testing.assert_allclose(model.predict(center, tasks=[77]), levels(model).mean())


@pytest.mark.parametrize("intercept", ["free", "shared"])
@pytest.mark.parametrize("Model", [MeanRegularizedRegressor, MeanRegularizedClassifier])
def test_with_an_alpha_per_task_shifts_do_not_matter_to_a_task_that_was_not_seen(Model, intercept):
    alphas = np.array([0.1, 1.0, 0.3, 2.0, 0.5])
    model = Model(alphas, ridge=0.1, intercept=intercept, handle_unknown="shared", tol=1e-10)
    y = DATA.y if Model is MeanRegularizedRegressor else DATA.labels
    fit = DATA.fit(model, y)
    other = clone(model).fit(DATA.X + 1e4, y, tasks=DATA.tasks)
    of_tasks = DATA.X[:4] @ fit.coef_.T + fit.intercept_
    expected = np.average(of_tasks, axis=1, weights=alphas)
    for found, X in ((fit, DATA.X), (other, DATA.X + 1e4)):
        predict = getattr(found, "decision_function", found.predict)
        np.testing.assert_allclose(predict(X[:4], tasks=[77] * 4), expected, rtol=1e-5)


def test_the_critical_alpha_is_tight():
    model = TraceNormRegressor(**SHARED, tol=1e-10)
    path = multi_task_path(DATA.X, DATA.y, tasks=DATA.tasks, estimator=model, n_alphas=3)
    top = path.alphas[0]
    assert not DATA.fit(model.set_params(alpha=1.0001 * top)).coef_.any()
    assert DATA.fit(model.set_params(alpha=0.999 * top)).coef_.any()


@pytest.mark.parametrize(
    "model",
    [
        MeanRegularizedRegressorCV(alphas=3, ridge=0.1),
        TaskGraphRegressorCV(graph="chain", alphas=3, ridge=0.1),
        TraceNormRegressorCV(alphas=3, ridge=0.1),
        ClusteredTaskRegressorCV(alphas=3, n_clusters=1),
    ],
    ids=lambda model: type(model).__name__,
)
def test_free_intercepts_are_among_those_tried(model):
    y = DATA.y + 1000 * DATA.tasks
    assert DATA.fit(model, y).intercept_alpha_ == 0
    y = DATA.y - DATA.z + 0.001 * DATA.z
    assert DATA.fit(model, y).intercept_alpha_ > 0
    free = DATA.fit(clone(model).set_params(intercept="free"), y)
    assert not hasattr(free, "intercept_alpha_")
    assert all("intercept_alpha" not in params for params in free.grid_)


@pytest.mark.parametrize("sort", [False, True], ids=["mixed", "sorted"])
def test_classes_are_not_in_equal_shares_in_the_folds(sort):
    """Else free intercepts, which fit the shares of the training part, would be chosen."""
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(20), 10)
    X = rng.standard_normal((200, 1))
    y = rng.integers(2, size=200)  # all tasks are of one level
    order = np.lexsort((y, tasks)) if sort else np.arange(200)
    model = TraceNormClassifierCV(alphas=2, eps=0.1)
    model = model.fit(X[order], y[order], tasks=tasks[order])
    assert model.intercept_alpha_ == max(params["intercept_alpha"] for params in model.grid_)
    free = np.abs(clone(model).set_params(intercept="free").fit(X, y, tasks=tasks).intercept_)
    assert np.abs(model.intercept_).max() < 0.5 * free.max()


@pytest.mark.parametrize(
    ("estimator", "tried"),
    [
        (TraceNormClassifier(0.5), {"intercept": ["free", "shared"]}),
        (TraceNormClassifier(intercept="shared", intercept_alpha=0.0), {"alpha": [0.5]}),
        (TraceNormClassifier(0.5, intercept="shared"), {"intercept_alpha": [0.0, 2.0]}),
    ],
    ids=["free or shared", "strength of 0", "strengths"],
)
def test_free_intercepts_have_the_same_folds_in_any_search(estimator, tried):
    """Noise is not predicted: the error of free intercepts is above that of a coin, log 2."""
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(20), 10)
    X = rng.standard_normal((200, 1))
    y = rng.integers(2, size=200)
    search = MultiTaskCV(estimator, tried).fit(X, y, tasks=tasks)
    errors = search.task_cv_error_path_.mean(axis=(-1, -2))
    assert errors.flat[0] > np.log(2)


def test_any_search_takes_the_strength_of_intercepts():
    options = {"cv": 3}
    grid = {"alpha": 4, "intercept_alpha": [0.3, 2.0]}
    search = DATA.fit(MultiTaskCV(TraceNormRegressor(intercept="shared"), grid, **options))
    named = DATA.fit(TraceNormRegressorCV(alphas=4, intercept_alpha=[0.3, 2.0], **options))
    np.testing.assert_allclose(search.mse_path_, named.mse_path_, rtol=1e-6)
    assert search.best_params_["intercept_alpha"] == named.intercept_alpha_


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"intercept": "common"}, "intercept='common' is not one of"),
        ({"intercept_alpha": -1.0}, "intercept_alpha == -1.0, must be >= 0"),
        ({"intercept_alpha": np.nan}, "intercept_alpha must be finite"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        DATA.fit(MeanRegularizedRegressor(**params))


@pytest.mark.parametrize("value", [2.0, 0.1, 1e7 / 3])
@pytest.mark.parametrize(
    ("model", "y"),
    [
        (MeanRegularizedRegressor(), DATA.y),
        (MeanRegularizedRegressor(loss="huber"), DATA.y),
        (MeanRegularizedRegressor(loss="poisson"), DATA.counts),
        (MeanRegularizedClassifier(), DATA.labels),
    ],
)
def test_a_constant_feature_has_no_coefficients(model, y, value):
    weight = np.random.default_rng(0).uniform(0.5, 2.0, size=len(y))
    constant = np.full(len(y), value)
    model = clone(model).set_params(alpha=1.0, **SHARED, tol=1e-8)
    without = clone(model).fit(DATA.X, y, weight, tasks=DATA.tasks)
    X = np.column_stack([DATA.X[:, :1], constant, DATA.X[:, 1:]])
    found = model.fit(X, y, weight, tasks=DATA.tasks)
    assert np.abs(found.coef_[:, 1]).max() * value < 1e-6
    others = np.delete(found.coef_, 1, axis=1)
    np.testing.assert_allclose(others, without.coef_, rtol=1e-3, atol=1e-5)
