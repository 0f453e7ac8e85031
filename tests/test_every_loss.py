"""Every loss works in every linear regressor: those with a name, and a new one."""

from dataclasses import dataclass

import numpy as np
import pytest
from conftest import STRUCTURED, STRUCTURED_CV, name_of
from scipy.special import xlog1py
from sklearn.base import clone
from sklearn.linear_model import PoissonRegressor

from skmtl import (
    ClusteredTaskRegressorCV,
    DirtyRegressorCV,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    MultiTaskMixed,
    MultiTaskRegressor,
    RobustMultiTaskRegressorCV,
    TaskStratifiedKFold,
    compare_to_single_task,
)
from skmtl.evaluation import single_task
from skmtl.losses import LOSSES, Loss, Poisson, make_loss, names_of_losses
from skmtl.penalties import L21, TraceNorm


@dataclass(frozen=True)
class LogCosh(Loss):
    """`log cosh(z - y)`: a loss that is not in the package."""

    def value(self, y, z):
        r = np.abs(z - y)
        return r + np.log1p(np.exp(-2 * r)) - np.log(2)

    def gradient(self, y, z):
        return np.tanh(z - y)

    def curvature(self, y, z):
        return 1 - np.tanh(z - y) ** 2

    def conjugate(self, y, u):
        u = np.clip(u, -1.0, 1.0)
        return u * y + 0.5 * (xlog1py(1 + u, u) + xlog1py(1 - u, -u))


N, P, T = 30, 4, 3
NAMED = [name for name in names_of_losses(of_classes=False) if name != "squared_error"]
EVERY = [*NAMED, LogCosh()]
MODELS = [*STRUCTURED, MultiTaskLasso(0.05), MultiTaskElasticNet(0.05)]
SEARCHES = [
    *STRUCTURED_CV,
    ClusteredTaskRegressorCV(alphas=2),
    DirtyRegressorCV(alphas=2),
    RobustMultiTaskRegressorCV(alphas=2),
    MultiTaskLassoCV(alphas=3),
    MultiTaskElasticNetCV(alphas=3),
]

each_loss = pytest.mark.parametrize("loss", EVERY, ids=str)
each_model = pytest.mark.parametrize("model", MODELS, ids=name_of)


def data(loss):
    """X and targets that suit the loss, of tasks that are alike."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P))
    W = np.ones((P, 1)) + 0.3 * rng.normal(size=(P, T))
    z = 0.3 * X @ W + 0.3 * rng.normal(size=(N, T)) + [0.2, 0.0, 0.5]
    return X, make_loss(loss).inverse_link(z)


def long(X, Y, seen):
    tasks = np.repeat(np.arange(T), N)
    samples = np.column_stack([np.vstack([X] * T), tasks])
    return samples[seen.T.ravel()], Y.T.ravel()[seen.T.ravel()]


def with_loss(model, loss, **params):
    options = {"loss": loss, "tol": 1e-8, "max_iter": 2000} | params
    if "ridge" in model.get_params():
        options["ridge"] = 0.1  # couplings alone have no duality gap
    return clone(model).set_params(**options)


@each_model
@each_loss
def test_the_certificate_bounds_the_distance_to_the_minimum(model, loss):
    X, Y = data(loss)
    best = with_loss(model, loss).fit(X, Y)
    rough = with_loss(model, loss, tol=0.05).fit(X, Y)
    assert rough.optimality_ <= 0.05
    assert best.objective_ >= rough.objective_ - rough.dual_gap_ - 1e-12
    assert best.objective_ <= rough.objective_ + 1e-12
    z = X @ best.coef_.T + best.intercept_
    np.testing.assert_allclose(best.predict(X), make_loss(loss).inverse_link(z), rtol=1e-12)


@each_model
@each_loss
def test_missing_targets_are_the_same_data_in_long_form(model, loss):
    X, Y = data(loss)
    seen = np.random.default_rng(1).random(Y.shape) > 0.2
    wide = with_loss(model, loss).fit(X, np.where(seen, Y, np.nan))
    column = with_loss(model, loss, task_column=-1).fit(*long(X, Y, seen))
    assert wide.objective_ == pytest.approx(column.objective_, rel=1e-6)  # a few tol


@pytest.mark.parametrize("search", SEARCHES, ids=name_of)
@each_loss
def test_every_search_takes_every_loss(search, loss):
    X, Y = data(loss)
    inner = isinstance(search, MultiTaskCV)
    model = clone(search).set_params(**{"estimator__loss" if inner else "loss": loss}, cv=2)
    model.fit(X, Y)
    assert np.isfinite(model.cv_error_path_).all()
    assert not hasattr(model, "mse_path_")
    np.testing.assert_array_equal(model.predict(X), model.best_estimator_.predict(X))
    squared = "squared_error"
    model.set_params(**{"estimator__loss" if inner else "loss": squared}).fit(X, Y)
    assert np.isfinite(model.mse_path_).all()
    assert not hasattr(model, "cv_error_path_")


@pytest.mark.parametrize("model", [one for one in MODELS if hasattr(one, "adapt")], ids=name_of)
@each_loss
def test_a_new_task_is_at_the_optimum_of_its_intercept(model, loss):
    X, Y = data(loss)
    adapted = with_loss(model, loss).fit(X, Y).adapt(X[:6], Y[:6, 0])
    z = X[:6] @ adapted.coef_[-1] + adapted.intercept_[-1]
    gradient = make_loss(loss).gradient(Y[:6, 0], z)
    assert abs(gradient.sum()) <= 1e-6 * np.abs(gradient).sum()


@each_loss
def test_mixed_tasks_of_one_loss_are_a_regressor(loss):
    X, Y = data(loss)
    options = {"tol": 1e-10, "max_iter": 2000}
    mixed = MultiTaskMixed([loss] * T, L21(0.05), normalize_y=False, **options).fit(X, Y)
    plain = MultiTaskRegressor(L21(0.05), loss=loss, **options).fit(X, Y)
    np.testing.assert_allclose(np.vstack(mixed.coef_), plain.coef_, rtol=0, atol=1e-4)
    assert mixed.score(X, Y) > 0


@pytest.mark.parametrize("name", NAMED)
def test_a_name_is_an_instance(name):
    X, Y = data(name)
    named = with_loss(MultiTaskLasso(0.05), name).fit(X, Y)
    instance = with_loss(MultiTaskLasso(0.05), LOSSES[name]()).fit(X, Y)
    np.testing.assert_array_equal(named.coef_, instance.coef_)


@pytest.mark.parametrize("loss", [None, 3, LogCosh])
def test_what_is_no_loss_is_refused(loss):
    X, Y = data("huber")
    with pytest.raises(TypeError, match=r"instance of skmtl\.losses\.Loss, got"):
        MultiTaskRegressor(TraceNorm(0.1), loss=loss).fit(X, Y)


def test_mixed_tasks_of_classes_have_probabilities_whatever_their_loss_is_called():
    for loss in ("logistic", LOSSES["logistic"]()):
        assert hasattr(MultiTaskMixed([loss]), "predict_proba")
    assert not hasattr(MultiTaskMixed(["huber"]), "predict_proba")


def test_a_loss_of_classes_is_refused_by_regressors():
    X, Y = data("huber")
    with pytest.raises(ValueError, match="is for classes: use a classifier"):
        MultiTaskLasso(loss=LOSSES["logistic"]()).fit(X, Y)


def test_counts_are_compared_with_regressions_of_counts():
    X, Y = data("poisson")
    model = MultiTaskLasso(0.05, loss="poisson")
    alone = single_task(model).fit(X, Y[:, 0])
    assert isinstance(alone.best_estimator_, PoissonRegressor)
    assert single_task(MultiTaskLassoCV(loss=Poisson())).scoring == alone.scoring
    report = compare_to_single_task(model, X, Y, cv=TaskStratifiedKFold(2), model_figures=False)
    assert np.isfinite(report.cv_results_["errors"]).all()


def test_learned_weights_are_forgotten_by_a_fit_without_them():
    X, Y = data("huber")
    model = MultiTaskLasso(0.05, task_weight="uncertainty").fit(X, Y)
    model.set_params(task_weight=None).fit(X, Y)
    assert not hasattr(model, "task_weight_")
    assert not hasattr(model, "task_noise_")
