"""The regressors with another loss than squares: what they minimize, and what they equal."""

import inspect
import warnings
from itertools import cycle, product

import numpy as np
import pytest
from scipy import sparse
from scipy.special import xlogy
from sklearn.base import clone
from sklearn.linear_model import HuberRegressor, PoissonRegressor
from sklearn.metrics import mean_poisson_deviance, r2_score

from skmtl import (
    MeanRegularizedRegressor,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    MultiTaskRegressor,
    TaskGraphRegressor,
    TraceNormClassifier,
    TraceNormRegressor,
    TraceNormRegressorCV,
    alpha_max,
    multi_task_path,
)
from skmtl.penalties import L1, L21, Ridge, TraceNorm

MODELS = {
    "graph": TaskGraphRegressor(0.5, ridge=0.1),
    "mean": MeanRegularizedRegressor(0.5, ridge=0.1),
    "net": MultiTaskElasticNet(0.1),
    "lasso": MultiTaskLasso(0.05),
    "sum": MultiTaskRegressor(TraceNorm(0.05) + L1(0.03)),
    "trace": TraceNormRegressor(0.05),
}
EMPTIED = {name: MODELS[name] for name in ("net", "lasso", "trace")}
RIDGED = {name: MODELS[name] for name in ("graph", "mean")}
N, P, T = 40, 4, 3
SAME = 3e-4  # of coefficients at a gap of 1e-10: its root over the curvature, with room
X = np.random.default_rng(0).normal(size=(N, P))
SCORES = 0.4 * X @ (np.ones((P, 1)) + 0.5 * np.random.default_rng(1).normal(size=(P, T))) + 0.3
COUNTS = np.random.default_rng(2).poisson(np.exp(SCORES)).astype(float)
NUMBERS = SCORES + np.random.default_rng(3).standard_t(2, size=(N, T))
TARGETS = {"huber": NUMBERS, "poisson": COUNTS}


def with_loss(model, loss, **params):
    return clone(model).set_params(**{"loss": loss, "tol": 1e-10, "max_iter": 5000} | params)


def long(Y, seen=slice(None)):
    """Rows of all tasks, the task in the last column, and their targets."""
    rows = np.column_stack([np.vstack([X] * T), np.repeat(np.arange(T), N)])
    return rows[seen], Y.T.ravel()[seen]


def same(model, other, atol=SAME):
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=0, atol=atol)
    np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=0, atol=atol)


# Each model and each loss: what the data are read into does not depend on both.
DIAGONAL = {
    "huber": ["mean", "lasso", "trace"],
    "poisson": ["graph", "net", "sum"],
}
pairs = pytest.mark.parametrize(
    ("name", "loss"), [(name, loss) for loss, names in DIAGONAL.items() for name in names]
)


@pytest.fixture(params=MODELS)
def plain(request):
    return clone(MODELS[request.param])


@pytest.fixture(params=TARGETS)
def loss(request):
    return request.param


@pytest.fixture
def Y(loss):
    return TARGETS[loss]


@pytest.fixture
def model(plain, loss):
    return with_loss(plain, loss)


# Squares, and what goes over into them


def test_squares_are_the_default(plain):
    parameters = inspect.signature(type(plain)).parameters
    assert parameters["loss"].default == "squared_error"
    one, other = clone(plain).fit(X, NUMBERS), clone(plain).set_params(huber_delta=0.1)
    np.testing.assert_array_equal(one.coef_, other.fit(X, NUMBERS).coef_)


@pytest.mark.parametrize("normalize_y", [False, True])
def test_huber_of_large_delta_is_squares(plain, normalize_y):
    models = [
        with_loss(plain, loss, huber_delta=1e6, normalize_y=normalize_y).fit(X, NUMBERS)
        for loss in ("huber", "squared_error")
    ]
    same(*models)
    assert models[0].objective_ == pytest.approx(models[1].objective_, rel=1e-8)


def test_huber_does_not_mind_outliers(plain):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, P))
    coef = rng.normal(size=(T, P))
    targets = features @ coef.T + 0.1 * rng.normal(size=(200, T))
    targets[rng.random(targets.shape) < 0.1] += 50
    weak = {"penalty": Ridge(1e-3)} if hasattr(plain, "penalty") else {"alpha": 1e-3}
    weak |= {"ridge": 1e-3} if hasattr(plain, "ridge") else {}
    plain.set_params(**weak, max_iter=5000)
    errors = [
        np.abs(clone(plain).set_params(loss=loss).fit(features, targets).coef_ - coef).max()
        for loss in ("huber", "squared_error")
    ]
    assert errors[0] < 0.1  # the outliers pull with 1.35 at most
    assert errors[0] < 0.2 * errors[1]


def test_small_residuals_of_huber_count_in_squares(plain):
    """With normalize_y delta is in standard deviations: units do not matter."""
    model = with_loss(plain, "huber", normalize_y=True)
    one, other = clone(model).fit(X, NUMBERS), clone(model).fit(X, 7 * NUMBERS - 3)
    np.testing.assert_allclose(7 * one.predict(X) - 3, other.predict(X), rtol=0, atol=1e-6)


# The objective


def loss_of(loss, y, z, delta=1.35):
    if loss == "poisson":
        return np.exp(z) - y * z - (y - xlogy(y, y))
    r = np.abs(y - z)
    return np.where(r <= delta, r**2 / 2, delta * (r - delta / 2))


@pytest.mark.parametrize("penalty", [L21(0.05), Ridge(0.1), TraceNorm(0.05) + L1(0.03)], ids=repr)
def test_the_objective_is_that_documented(loss, Y, penalty):
    rng = np.random.default_rng(0)
    weight, missing = rng.uniform(0.2, 2, size=Y.shape), rng.random(Y.shape) < 0.2
    omega, holes = np.array([0.5, 1.0, 2.0]), np.where(missing, np.nan, Y)
    model = with_loss(MultiTaskRegressor(penalty, task_weight=omega), loss)
    model.fit(X, holes, weight)
    weight = np.where(missing, 0.0, weight)
    losses = weight * loss_of(loss, Y, X @ model.coef_.T + model.intercept_)
    value = omega @ losses.sum(axis=0) / (weight.sum() / T) + penalty.value(model.coef_.T)
    assert model.objective_ == pytest.approx(value, rel=1e-9)


def test_the_gap_bounds_the_distance_to_the_minimum(model, Y):
    best = clone(model).fit(X, Y).objective_
    for tol in (0.3, 0.01):
        rough = clone(model).set_params(tol=tol).fit(X, Y)
        assert rough.optimality_ <= tol
        assert rough.objective_ - rough.dual_gap_ <= best * (1 + 1e-12)


# One task against scikit-learn


@pytest.mark.parametrize("name", RIDGED)
@pytest.mark.parametrize("ridge", [0.01, 1.0])
def test_one_task_of_counts_is_scikit_learns(name, ridge):
    model = with_loss(RIDGED[name], "poisson", ridge=ridge).fit(X, COUNTS[:, :1])
    alone = PoissonRegressor(alpha=ridge, tol=1e-10, max_iter=10_000).fit(X, COUNTS[:, 0])
    np.testing.assert_allclose(model.coef_[0], alone.coef_, rtol=0, atol=SAME)
    np.testing.assert_allclose(model.predict(X)[:, 0], alone.predict(X), rtol=1e-3)


@pytest.mark.parametrize("name", RIDGED)
def test_one_task_of_huber_is_scikit_learns_at_its_scale(name):
    """Its `sigma H_eps(r / sigma)` is `2 / sigma` times Huber's loss of `delta = eps sigma`."""
    y, alpha, epsilon = NUMBERS[:, 0], 0.1, 1.35
    alone = HuberRegressor(epsilon=epsilon, alpha=alpha, tol=1e-10, max_iter=10_000).fit(X, y)
    ridge, delta = alpha * alone.scale_ / N, epsilon * alone.scale_
    model = with_loss(RIDGED[name], "huber", ridge=ridge, huber_delta=delta).fit(X, y[:, None])
    np.testing.assert_allclose(model.coef_[0], alone.coef_, rtol=0, atol=1e-3)
    assert model.intercept_[0] == pytest.approx(alone.intercept_, abs=1e-3)


@pytest.mark.parametrize("name", RIDGED)
def test_uncoupled_tasks_of_counts_are_scikit_learns(name):
    model = with_loss(RIDGED[name], "poisson", alpha=0.0).fit(X, COUNTS)
    for t, y in enumerate(COUNTS.T):
        alone = PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=10_000).fit(X, y)
        np.testing.assert_allclose(model.coef_[t], alone.coef_, rtol=0, atol=SAME)


# Layouts, weights, containers


@pairs
def test_wide_and_long_give_the_same_model(name, loss):
    model, Y = with_loss(MODELS[name], loss), TARGETS[loss]
    wide = clone(model).fit(X, Y)
    rows, y = long(Y)
    column = clone(model).set_params(task_column=-1).fit(rows, y)
    same(wide, column)
    np.testing.assert_allclose(column.predict(rows), wide.predict(X).T.ravel(), rtol=1e-2)
    tasks = rows[:, -1].astype(int)
    same(column, clone(model).fit(rows[:, :-1], y, tasks=tasks), atol=0)


@pairs
def test_missing_cells_are_rows_left_out(name, loss):
    model, Y = with_loss(MODELS[name], loss), TARGETS[loss]
    missing = np.random.default_rng(1).random(Y.shape) < 0.2
    wide = clone(model).fit(X, np.where(missing, np.nan, Y))
    rows, y = long(Y, ~missing.T.ravel())
    same(wide, clone(model).set_params(task_column=-1).fit(rows, y))


@pairs
def test_a_weight_of_two_is_a_row_twice(name, loss):
    model, Y = with_loss(MODELS[name], loss), TARGETS[loss]
    model.set_params(task_column=-1)
    rows, y = long(Y)
    weight = np.where(np.arange(len(y)) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(len(y)), weight.astype(int))
    weighted = clone(model).fit(rows, y, sample_weight=weight)
    same(weighted, clone(model).fit(rows[twice], y[twice]))


@pairs
def test_a_weight_of_zero_is_a_row_left_out(name, loss):
    model, Y = with_loss(MODELS[name], loss), TARGETS[loss]
    weight = np.ones(N)
    weight[:8] = 0.0
    same(clone(model).fit(X, Y, sample_weight=weight), clone(model).fit(X[8:], Y[8:]))


@pairs
def test_sparse_features_give_the_same_model(name, loss):
    model, Y = with_loss(MODELS[name], loss, tol=1e-8), TARGETS[loss]
    thin = np.where(np.random.default_rng(2).random(X.shape) < 0.5, 0.0, X)
    dense = clone(model).fit(thin, Y)
    for container in (sparse.csc_array, sparse.csr_matrix):
        sparsely = clone(model).fit(container(thin), Y)
        same(dense, sparsely, atol=2e-3)  # root of the gap over the curvature


@pairs
def test_data_are_not_modified(name, loss):
    model, Y = with_loss(MODELS[name], loss), TARGETS[loss]
    copies = X.copy(), Y.copy()
    model.fit(X, Y).predict(X)
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(Y, copies[1])


@pairs
def test_without_intercepts_they_are_zero(name, loss):
    model, Y = with_loss(MODELS[name], loss), TARGETS[loss]
    fitted = model.set_params(fit_intercept=False).fit(X, Y)
    np.testing.assert_array_equal(fitted.intercept_, np.zeros(T))


@pytest.mark.parametrize("name", ["lasso", "net"])
def test_coefficients_may_be_kept_positive(name, loss, Y):
    features = X * [1, -1, 1, 1]
    fitted = with_loss(MODELS[name], loss, positive=True).fit(features, Y)
    assert (fitted.coef_ >= 0).all()
    assert fitted.coef_.any()


def test_a_feature_of_no_weight_is_not_penalized(loss, Y):
    fitted = with_loss(MultiTaskLasso(1e3, feature_weight=[0, 1, 1, 1]), loss).fit(X, Y)
    alone = with_loss(MultiTaskRegressor(Ridge(0.0)), loss).fit(X[:, :1], Y)
    assert not fitted.coef_[:, 1:].any()
    np.testing.assert_allclose(fitted.coef_[:, :1], alone.coef_, rtol=0, atol=SAME)


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_a_feature_of_no_weight_has_its_ridge(loss, Y):
    net = MultiTaskElasticNet(1e3, l1_ratio=1 - 1e-4, feature_weight=[0, 1, 1, 1])  # a ridge of 0.1
    fitted = with_loss(net, loss, max_iter=50, tol=1e-8).fit(X, Y)
    alone = with_loss(MultiTaskRegressor(Ridge(0.1)), loss).fit(X[:, :1], Y)
    np.testing.assert_allclose(fitted.coef_[:, :1], alone.coef_, rtol=0, atol=SAME)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_feature_of_no_weight_may_be_kept_positive(loss, Y):
    options = {"feature_weight": [0, 1, 1, 1], "positive": True, "max_iter": 20}
    fitted = with_loss(MultiTaskLasso(0.05), loss).set_params(**options).fit(X * [-1, 1, 1, 1], Y)
    assert (fitted.coef_ >= 0).all()


def test_a_warm_start_is_at_the_solution(loss, Y):
    model = with_loss(MultiTaskLasso(0.05, warm_start=True), loss, normalize_y=loss == "huber")
    first = clone(model).fit(X, Y)
    again = model.fit(X, Y).fit(X, Y)
    assert again.n_iter_ < first.n_iter_ or first.n_iter_ == 1
    same(first, again)


# Counts


def test_counts_are_predicted_by_their_means(plain):
    fitted = with_loss(plain, "poisson").fit(X, COUNTS)
    expected = np.exp(X @ fitted.coef_.T + fitted.intercept_)
    np.testing.assert_allclose(fitted.predict(X), expected, rtol=1e-12)
    np.testing.assert_allclose(fitted.predict_all_tasks(X), expected, rtol=1e-12)
    np.testing.assert_allclose(expected.mean(axis=0), COUNTS.mean(axis=0), rtol=1e-8)
    score = np.mean([r2_score(*pair) for pair in zip(COUNTS.T, expected.T, strict=True)])
    assert fitted.score(X, COUNTS) == pytest.approx(score, rel=1e-12)


def test_counts_of_unseen_tasks_have_the_average_score(plain):
    rows, y = long(COUNTS)
    model = with_loss(plain, "poisson", task_column=-1, handle_unknown="shared").fit(rows, y)
    unseen = model.predict(np.column_stack([X, np.full(N, 99)]))
    expected = np.exp(X @ model.shared_coef_ + model.intercept_.mean())
    np.testing.assert_allclose(unseen, expected, rtol=1e-12)


def test_negative_counts_are_refused(plain):
    with pytest.raises(ValueError, match="at least 0; y has -1"):
        with_loss(plain, "poisson").fit(X, COUNTS - 1)


def test_counts_are_not_normalized(plain):
    with pytest.raises(ValueError, match="set normalize_y=False"):
        with_loss(plain, "poisson", normalize_y=True).fit(X, COUNTS)


def test_missing_counts_are_not_negative(plain):
    with_loss(plain, "poisson").fit(X, np.where(COUNTS > 2, np.nan, COUNTS))


def test_a_task_of_zeros_gets_a_pseudo_count(plain):
    zeros = COUNTS * [1, 0, 1]
    with pytest.warns(UserWarning, match=r"Task\(s\) \[1\].*pseudo-observation"):
        fitted = with_loss(plain, "poisson").fit(X, zeros)
    assert np.isfinite(fitted.coef_).all()
    assert np.isfinite(fitted.intercept_).all()
    assert fitted.predict(X)[:, 1].mean() < 0.1


def test_the_null_model_of_a_task_of_zeros_is_its_pseudo_count():
    zeros = COUNTS * [1, 0, 1]
    with pytest.warns(UserWarning, match="pseudo-observation"):
        fitted = with_loss(MultiTaskLasso(1e3), "poisson").fit(X, zeros)
    expected = [zeros[:, 0].mean(), zeros.mean() / (N + 1), zeros[:, 2].mean()]
    np.testing.assert_allclose(fitted.predict(X)[0], expected, rtol=1e-9)


def test_a_task_of_zeros_is_no_other_in_long_form(plain):
    rows, y = long(COUNTS * [1, 0, 1])
    with pytest.warns(UserWarning, match="pseudo-observation"):
        column = with_loss(plain, "poisson", task_column=-1).fit(rows, y)
    with pytest.warns(UserWarning, match="pseudo-observation"):
        wide = with_loss(plain, "poisson").fit(X, COUNTS * [1, 0, 1])
    same(wide, column, atol=1e-3)  # flatter in the task of zeros


@pytest.mark.filterwarnings("ignore:.*pseudo-observation")
def test_zeros_only_are_finite():
    fitted = with_loss(MultiTaskLasso(0.1), "poisson").fit(X, np.zeros((N, T)))
    assert np.isfinite(fitted.intercept_).all()
    assert (fitted.predict(X) < 1e-3).all()


# Parameters


def test_other_losses_are_refused(plain):
    with pytest.raises(ValueError, match="loss='hinge' is not one of"):
        clone(plain).set_params(loss="hinge").fit(X, NUMBERS)


@pytest.mark.parametrize("delta", [0.0, -1.0, np.nan, "1"])
def test_other_deltas_are_refused(plain, delta):
    with pytest.raises((TypeError, ValueError), match="huber_delta"):
        clone(plain).set_params(loss="huber", huber_delta=delta).fit(X, NUMBERS)


# Paths


@pytest.mark.parametrize("name", EMPTIED)
def test_alpha_max_is_tight(name, loss, Y):
    model = with_loss(EMPTIED[name], loss)
    critical = alpha_max(X, Y, estimator=model)
    for factor, empty in ((1.001, True), (0.99, False)):
        fitted = clone(model).set_params(alpha=factor * critical).fit(X, Y)
        assert fitted.coef_.any() != empty


def test_alpha_max_is_that_of_penalized_features(loss, Y):
    """The gradient with the others at their optimum."""
    model = with_loss(MultiTaskLasso(feature_weight=[0, 1, 2, 1]), loss, tol=1e-6)
    critical = alpha_max(X, Y, estimator=model)
    for factor, empty in ((1.001, True), (0.99, False)):
        fitted = clone(model).set_params(alpha=factor * critical).fit(X, Y)
        assert fitted.coef_[:, 1:].any() != empty


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_alpha_max_of_a_net_knows_the_ridge_of_free_features(loss, Y):
    net = with_loss(MultiTaskElasticNet(feature_weight=[0, 1, 1, 1]), loss, max_iter=20)
    critical = alpha_max(X, Y, estimator=net)
    for factor, empty in ((1.001, True), (0.99, False)):
        fitted = clone(net).set_params(alpha=factor * critical).fit(X, Y)
        assert fitted.coef_[:, 1:].any() != empty


def test_no_alpha_empties_a_ridge(loss, Y):
    net = MultiTaskElasticNet(l1_ratio=0.0, loss=loss)
    with pytest.raises(ValueError, match="l1_ratio=0"):
        alpha_max(X, Y, estimator=net)


WITH_ALPHA = [name for name in MODELS if name != "sum"]


@pytest.mark.parametrize(
    ("name", "layout"),
    [*((name, "wide") for name in WITH_ALPHA), ("mean", "long"), ("net", "long")],
)
def test_a_path_is_separate_fits(name, loss, Y, layout):
    model, (data, y) = with_loss(MODELS[name], loss), (X, Y) if layout == "wide" else long(Y)
    model.set_params(task_column=None if layout == "wide" else -1)
    alphas = [0.05, 0.5, 0.1]
    options = {"tol": 1e-10, "max_iter": 5000}
    path = multi_task_path(data, y, estimator=model, alphas=alphas, **options)
    np.testing.assert_array_equal(path.alphas, sorted(alphas, reverse=True))
    for k, alpha in enumerate(path.alphas):
        alone = clone(model).set_params(alpha=alpha).fit(data, y)
        np.testing.assert_allclose(path.coefs[..., k], alone.coef_, rtol=0, atol=SAME)
        np.testing.assert_allclose(path.intercepts[:, k], alone.intercept_, rtol=0, atol=SAME)
        assert path.dual_gaps[k] <= 1e-9


def test_a_path_starts_empty(loss, Y):
    model = MultiTaskLasso(loss=loss)
    path = multi_task_path(X, Y, estimator=model, n_alphas=3, eps=0.1)
    assert path.alphas[0] == pytest.approx(alpha_max(X, Y, estimator=model), rel=1e-10)
    assert not path.coefs[..., 0].any()
    assert path.coefs[..., 1].any()


# Cross-validation

FOLDS = [(np.delete(np.arange(N), test), test) for test in np.array_split(np.arange(N), 4)][:2]
ALPHAS = [0.3, 0.05]


def rows_of(data, indices, layout):
    """The user's rows of a fold of the rows that tasks share."""
    if layout == "long":
        indices = np.concatenate([indices + t * N for t in range(T)])
    return indices


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        *((name, "wide") for name in WITH_ALPHA),
        *(("mean", "holes"), ("net", "holes")),
        *(("graph", "long"), ("lasso", "long")),
    ],
)
def test_held_out_losses_are_those_of_separate_fits(name, loss, Y, layout):
    """Half the mean deviance of counts; Huber's loss."""
    column = -1 if layout == "long" else None
    model = with_loss(MODELS[name], loss, task_column=column, tol=1e-8)
    if layout == "holes":
        Y = np.where(np.random.default_rng(1).random(Y.shape) < 0.2, np.nan, Y)
    data, y = long(Y) if layout == "long" else (X, Y)
    folds = [[rows_of(data, side, layout) for side in fold] for fold in FOLDS]
    search = MultiTaskCV(model, {"alpha": ALPHAS}, cv=folds).fit(data, y)
    expected = np.empty((len(ALPHAS), len(FOLDS), T))
    for a, alpha in enumerate(ALPHAS):
        for k, (train, _) in enumerate(folds):
            fit = clone(model).set_params(alpha=alpha).fit(data[train], y[train])
            test = FOLDS[k][1]
            scores = X[test] @ fit.coef_.T + fit.intercept_
            expected[a, k] = np.nanmean(loss_of(loss, Y[test], scores), axis=0)
            if loss == "poisson" and layout == "wide":
                deviances = [mean_poisson_deviance(*p) for p in zip(Y[test].T, np.exp(scores).T)]  # noqa: B905
                np.testing.assert_allclose(expected[a, k], np.array(deviances) / 2, rtol=1e-9)
    np.testing.assert_allclose(search.task_cv_error_path_, expected, rtol=1e-3)
    mean = expected.mean(axis=(1, 2))
    assert search.best_params_["alpha"] == ALPHAS[np.argmin(mean)]
    assert search.best_score_ == pytest.approx(-mean.min(), rel=1e-3)
    refit = clone(model).set_params(**search.best_params_).fit(data, y)
    np.testing.assert_allclose(search.predict(data), refit.predict(data), rtol=1e-2, atol=SAME)


def test_folds_that_train_on_zeros_only_are_finite():
    rare = COUNTS.copy()
    rare[:, 1] = np.arange(N) < 5  # all of them in the first fold
    model = with_loss(MultiTaskLasso(), "poisson")
    search = MultiTaskCV(model, {"alpha": ALPHAS}, cv=FOLDS).fit(X, rare)
    assert np.isfinite(search.task_cv_error_path_).all()
    train, test = FOLDS[0]
    with pytest.warns(UserWarning, match="pseudo-observation"):
        alone = clone(model).set_params(alpha=ALPHAS[0]).fit(X[train], rare[train])
    scores = X[test] @ alone.coef_.T + alone.intercept_
    expected = loss_of("poisson", rare[test], scores).mean(axis=0)
    np.testing.assert_allclose(search.task_cv_error_path_[0, 0], expected, rtol=1e-3)


# Learned weights


def mean_losses(model, features, targets):
    scale = targets.std(axis=0) if model.normalize_y else 1.0
    r = (targets - model.predict(features)) / scale
    losses = loss_of("huber", r, 0.0) if model.loss == "huber" else r**2 / 2
    return losses.mean(axis=0), scale


SCALED = list(product(["squared_error", "huber"], [True, False]))


@pytest.mark.parametrize(
    ("name", "kind", "normalize_y"),
    [
        *(("lasso", *options) for options in SCALED),  # every model learns them in one place
        *((name, *options) for name, options in zip(MODELS, cycle(SCALED)) if name != "lasso"),
    ],
)
def test_weights_are_inverse_to_mean_losses(name, kind, normalize_y):
    targets = NUMBERS * [1.0, 2.0, 0.5]
    options = {"task_weight": "uncertainty", "normalize_y": normalize_y}
    model = with_loss(MODELS[name], kind, **options).set_params(tol=1e-8).fit(X, targets)
    losses, scale = mean_losses(model, X, targets)
    products = model.task_weight_ * losses
    np.testing.assert_allclose(products / products.mean(), 1.0, rtol=1e-3)  # rounds stop at 1e-4
    assert np.log(model.task_weight_).sum() == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(model.task_noise_, scale * np.sqrt(2 * losses), rtol=1e-9)


def test_learned_weights_are_not_above_equal_ones(plain):
    targets = NUMBERS * [1.0, 5.0, 0.2]
    equal = with_loss(plain, "squared_error").fit(X, targets)
    learned = clone(equal).set_params(task_weight="uncertainty").fit(X, targets)
    assert learned.objective_ < equal.objective_
    given = clone(equal).set_params(task_weight=learned.task_weight_).fit(X, targets)
    np.testing.assert_allclose(given.predict(X), learned.predict(X), rtol=0, atol=1e-4)


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_planted_noise_is_recovered(layout):
    rng, noise = np.random.default_rng(0), np.array([0.5, 2.0, 8.0])
    features = rng.normal(size=(1000, P))
    targets = features @ rng.normal(size=(P, 3)) + noise * rng.normal(size=(1000, 3))
    model = MultiTaskLasso(1e-3, task_weight="uncertainty")
    if layout == "long":
        tasks = np.repeat(np.arange(3), 1000)
        model.fit(np.vstack([features] * 3), targets.T.ravel(), tasks=tasks)
    else:
        model.fit(features, targets)
    np.testing.assert_allclose(model.task_noise_, noise, rtol=0.1)  # 1 / sqrt(2000), with room


def test_a_constant_task_does_not_take_all_the_weight():
    targets = np.column_stack([NUMBERS, np.ones(N)])
    model = MultiTaskLasso(0.05, task_weight="uncertainty").fit(X, targets)
    assert model.task_weight_[3] < 1e12 * model.task_weight_[0]
    assert model.coef_[0].any()


def test_counts_have_no_noise(plain):
    with pytest.raises(ValueError, match="do not have"):
        with_loss(plain, "poisson", task_weight="uncertainty").fit(X, COUNTS)


@pytest.mark.parametrize(
    "search",
    [
        MultiTaskCV(MultiTaskLasso(task_weight="uncertainty")),
        MultiTaskCV(MultiTaskLasso(loss="huber", task_weight="uncertainty")),
        MultiTaskElasticNetCV(task_weight="uncertainty"),
        MultiTaskLassoCV(task_weight="uncertainty"),
        TraceNormRegressorCV(task_weight="uncertainty"),
        TraceNormClassifier(task_weight="uncertainty"),
    ],
    ids=lambda search: type(search).__name__,
)
def test_cross_validation_and_classifiers_do_not_learn_weights(search):
    y = (NUMBERS > 0).astype(int) if isinstance(search, TraceNormClassifier) else NUMBERS
    with pytest.raises(ValueError, match="regressors with given strengths"):
        search.fit(X, y)


@pairs
def test_pickled_losses_are_clonable(name, loss):
    model, Y = with_loss(MODELS[name], loss), TARGETS[loss]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert clone(model.fit(X, Y)).get_params() == model.get_params()
