"""A free intercept takes up any shift of the features: nothing else changes, whatever the model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from conftest import DEEP, ESTIMATORS, KERNEL, name_of
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    HuberRegressor,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
)
from sklearn.metrics import log_loss

from skmtl import (
    ClusteredTaskRegressor,
    IndependentTasks,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MultiTaskElasticNet,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoClassifierCV,
    MultiTaskLassoCV,
    MultiTaskMixed,
    RandomInterceptTasks,
    TaskGraphClassifier,
    TaskGraphRegressor,
    TraceNormClassifier,
    TraceNormRegressor,
    alpha_max,
    multi_task_path,
)
from skmtl.losses import Loss, Poisson

N, P, T = 36, 3, 3
SHIFTS = {"1e2": 1e2, "1e4": 1e4, "1e6": 1e6, "kelvin and hPa": [278.0, 1013.0, -4e3]}
ATOL = 1e-6  # shifted features are rounded to 1e-10, and solutions to the root of the tolerance
NOT_LINEAR = [*KERNEL, *DEEP]
WITH_INTERCEPT = [one for one in ESTIMATORS if not any(one is other for other in NOT_LINEAR)]
FORMS = ["wide", "missing", "long"]


class Data:
    """Tasks with the same samples, some targets of which are missing, or samples of their own."""

    def __init__(self, kind):
        rng = np.random.default_rng(0)
        self.X = rng.normal(size=(N, P))
        W = np.ones((P, 1)) + 0.4 * rng.normal(size=(P, T))
        z = self.X @ W + [0.5, 0.0, -0.5]
        noise = rng.logistic(size=(N, T))
        self.Y = {
            "numbers": 3 * z + noise,
            "counts": rng.poisson(np.exp(0.5 * z)).astype(float),
            "labels": (z + noise > 0).astype(float),
            "classes": np.digitize(z + noise, [-1.0, 1.0]).astype(float),
        }[kind]
        self.missing = np.where(rng.random((N, T)) < 0.2, np.nan, self.Y)
        self.tasks = np.arange(N) % T
        self.weight = rng.uniform(0.5, 2.0, size=N)

    def fit(self, model, form="wide", shift=0.0, convert=np.asarray, **params):
        """The model fitted on shifted features, and its predictions."""
        X = convert(self.X + shift)
        if form != "long":
            y = self.missing if form == "missing" else self.Y
            model.fit(X, y, **params)
            return model, model.predict(X)
        y = self.Y[np.arange(N), self.tasks]
        model.fit(X, y, tasks=self.tasks, **params)
        return model, model.predict(X, tasks=self.tasks)


@dataclass(frozen=True)
class PseudoHuber(Loss):
    """A loss that is not in the package: `sqrt(1 + (z - y)^2) - 1`."""

    of_residuals = True

    def value(self, y, z):
        return np.hypot(1.0, z - y) - 1

    def gradient(self, y, z):
        return (z - y) / np.hypot(1.0, z - y)

    def curvature(self, y, z):
        return np.hypot(1.0, z - y) ** -3.0

    def conjugate(self, y, u):
        return u * y + 1 - np.sqrt(np.maximum(1 - u**2, 0.0))


def kind_of(model):
    return "labels" if is_classifier(model) else "numbers"


def assert_same(found, expected, shift):
    """The same coefficients, intercepts but for the shift, choices and predictions."""
    model, predictions = found
    base, base_predictions = expected
    np.testing.assert_allclose(predictions, base_predictions, rtol=ATOL, atol=ATOL)
    if hasattr(base, "alphas_"):
        np.testing.assert_allclose(model.alphas_, base.alphas_, rtol=ATOL)
    if not hasattr(base, "optimality_"):
        return
    coef = np.array(model.coef_)
    np.testing.assert_allclose(coef, base.coef_, rtol=ATOL, atol=ATOL)
    intercept = np.array(model.intercept_) + coef @ np.broadcast_to(shift, P)
    if coef.ndim == 3 and is_classifier(model):
        intercept -= intercept.mean(axis=1, keepdims=True)  # of classes, as `intercept_` is
    np.testing.assert_allclose(intercept, base.intercept_, rtol=0, atol=10 * ATOL)
    tolerance = max(model.optimality_, base.optimality_, 1e-10)
    assert model.optimality_ <= 10 * tolerance
    if hasattr(base, "objective_"):
        assert model.objective_ == pytest.approx(base.objective_, rel=1e-6, abs=1e-9)


def tight(model, tol=1e-9):
    """The model with a tolerance at which two fits agree."""
    names = model.get_params()
    tolerances = {name: tol for name in ("tol", "estimator__tol") if name in names}
    iterations = {name: 10_000 for name in ("max_iter", "estimator__max_iter") if name in names}
    return clone(model).set_params(**tolerances, **iterations)


@pytest.mark.parametrize("form", ["missing", "long"])
@pytest.mark.parametrize("model", WITH_INTERCEPT, ids=name_of)
def test_a_shift_changes_the_intercepts_only(model, form):
    if form == "long" and isinstance(model, MultiTaskMixed):
        pytest.skip("takes two-dimensional y only")
    if form == "missing" and name_of(model).endswith("CV"):
        pytest.skip("searches in one form are enough")
    data = Data(kind_of(model))
    shift = [1e6, 278.0, -1e4]
    expected = data.fit(tight(model), form)
    found = data.fit(tight(model), form, shift)
    assert_same(found, expected, shift)


MODELS = {
    "logistic": ("labels", MultiTaskLassoClassifier(0.05)),
    "softmax": ("classes", MultiTaskLassoClassifier(0.05)),
    "softmax of a graph": ("classes", TaskGraphClassifier(0.1)),
    "poisson": ("counts", TraceNormRegressor(0.05, loss="poisson")),
    "huber": ("numbers", MultiTaskLasso(0.05, loss="huber", huber_delta=5.0)),
    "own": ("numbers", MultiTaskElasticNet(0.05, loss=PseudoHuber())),
    "squared": ("numbers", MultiTaskElasticNet(0.05)),
    "positive": ("numbers", MultiTaskLasso(0.05, positive=True)),
    "uncertain": ("numbers", MultiTaskLasso(0.05, task_weight="uncertainty", normalize_y=True)),
    "balanced": ("labels", TraceNormClassifier(0.05, class_weight="balanced")),
}
each_model = pytest.mark.parametrize("name", MODELS)


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("model", "levels"),
    [
        (MultiTaskLasso(0.05, loss="huber", tol=1e-7), [1e8, -1e8, 0.0]),
        (MultiTaskElasticNet(0.05, loss=PseudoHuber(), tol=1e-7), [1e8, -1e8, 0.0]),
        (MeanRegularizedRegressor(0.05, loss="huber", tol=1e-7), [1e8, -1e8, 0.0]),
        (
            MeanRegularizedRegressor(0.05, loss="huber", intercept="shared", tol=1e-7),
            [1e8, 1e8, 1e8],
        ),
    ],
)
def test_levels_of_targets_change_the_intercepts_only(model, levels, form):
    near = Data("numbers")
    far = Data("numbers")
    levels = np.array(levels)
    far.Y = far.Y + levels
    near.Y = far.Y - levels  # with the roundings that are left of it
    far.missing = far.missing + levels
    near.missing = far.missing - levels
    base, _ = near.fit(clone(model), form)
    found, _ = far.fit(clone(model), form)
    np.testing.assert_allclose(found.coef_, base.coef_, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.intercept_ - levels, base.intercept_, rtol=0, atol=1e-5)
    assert found.objective_ == pytest.approx(base.objective_, rel=1e-8)
    assert found.n_iter_ <= base.n_iter_ + 2


@each_model
@pytest.mark.parametrize("form", FORMS)
def test_every_loss_in_every_form_at_every_shift(name, form):
    kind, model = MODELS[name]
    data = Data(kind)
    expected = data.fit(tight(model), form, sample_weight=data.weight)
    shifts = SHIFTS.values() if form == "wide" else [1e6]
    for shift in shifts:
        found = data.fit(tight(model), form, shift, sample_weight=data.weight)
        assert_same(found, expected, shift)


@each_model
@pytest.mark.parametrize("form", ["wide", "long"])
def test_a_sparse_x_is_centered_where_it_is(name, form):
    kind, model = MODELS[name]
    data = Data(kind)
    expected = data.fit(tight(model), form)
    found = data.fit(tight(model), form, 1e6, sparse.csr_array)
    assert_same(found, expected, 1e6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("convert", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
def test_squares_keep_digits_at_a_shift_of_1e8(form, convert):
    data = Data("numbers")
    exact = 2.0**-20  # so that no digit of a shifted feature is lost
    data.X = np.round(data.X / exact) * exact
    for model in (MultiTaskLasso(0.1), MeanRegularizedRegressor(1.0)):
        _, expected = data.fit(tight(model), form)
        _, found = data.fit(tight(model), form, 2.0**27, convert)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("loss", ["squared_error", "poisson", PseudoHuber()], ids=str)
def test_alpha_max_and_paths_do_not_see_a_shift(loss):
    data = Data("counts")
    model = tight(MultiTaskLasso(loss=loss), 1e-10)
    shifted = data.X + 1e6
    largest = alpha_max(data.X, data.Y, estimator=model)
    assert alpha_max(shifted, data.Y, estimator=model) == pytest.approx(largest, rel=1e-8)
    options = {"estimator": model, "n_alphas": 5, "eps": 0.01, "tol": 1e-10}
    expected = multi_task_path(data.X, data.Y, **options)
    path = multi_task_path(shifted, data.Y, **options)
    np.testing.assert_allclose(path.coefs, expected.coefs, rtol=0, atol=1e-6)
    intercepts = path.intercepts + 1e6 * path.coefs.sum(axis=1)
    np.testing.assert_allclose(intercepts, expected.intercepts, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["numbers", "counts", "labels", "classes"])
def test_a_new_task_does_not_see_a_shift(kind):
    data = Data(kind)
    models = {"numbers": MeanRegularizedRegressor(1.0), "counts": MeanRegularizedRegressor(1.0)}
    models["counts"].set_params(loss="poisson")
    model = tight(models.get(kind, MeanRegularizedClassifier(0.1, ridge=0.1)))
    new = data.Y[:20, 0]
    predictions = []
    for shift in (0.0, 1e6):
        X = data.X + shift
        adapted = clone(model).fit(X, data.Y[:, 1:]).adapt(X[:20], new)
        predictions.append(adapted.predict(X))
    np.testing.assert_allclose(predictions[1], predictions[0], rtol=1e-5, atol=1e-5)


def test_tasks_with_samples_of_their_own_have_shifts_of_their_own():
    data = Data("counts")
    own = np.array([0.0, 1e6, -1e4])[data.tasks, None]
    model = TraceNormRegressor(0.05, loss="poisson")
    base, expected = data.fit(tight(model), "long")
    data.X = data.X + own
    found, predictions = data.fit(tight(model), "long")
    np.testing.assert_allclose(found.coef_, base.coef_, rtol=0, atol=ATOL)
    np.testing.assert_allclose(predictions, expected, rtol=1e-5)


def test_single_precision_is_centered_in_double():
    data = Data("labels")
    data.X = np.round(data.X * 64) / 64  # exact at a shift of 1e4 in single precision
    model = MultiTaskLassoClassifier(0.05)
    expected = data.fit(tight(model))
    found = data.fit(tight(model), "wide", 1e4, lambda X: X.astype(np.float32))
    assert_same(found, expected, 1e4)


@pytest.mark.parametrize("classifier", [MeanRegularizedClassifier, TraceNormClassifier])
def test_the_breast_cancer_data_need_no_centering(classifier):
    X, y = load_breast_cancer(return_X_y=True)
    model = classifier(1e-4).fit(X, y[:, None])
    centered = classifier(1e-4).fit(X - X.mean(axis=0), y[:, None])
    found = log_loss(y, model.predict_proba(X)[0])
    assert found < 0.05
    expected = log_loss(y, centered.predict_proba(X - X.mean(axis=0))[0])
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_a_search_chooses_the_same_model(kind):
    search = MultiTaskLassoClassifierCV(n_jobs=1) if kind == "labels" else MultiTaskLassoCV()
    search.set_params(alphas=10)
    data = Data(kind)
    base, _ = data.fit(clone(search), "long")
    model, _ = data.fit(clone(search), "long", SHIFTS["kelvin and hPa"])
    assert model.alpha_ == pytest.approx(base.alpha_, rel=1e-8)
    assert base.alpha_ < base.alphas_[0]  # not the null model


@pytest.mark.parametrize("classifier", [MeanRegularizedClassifier, TaskGraphClassifier])
@pytest.mark.parametrize("n_tasks", [1, 2])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_separable_classes_end_in_a_solution(classifier, n_tasks, n_classes):
    X, y = load_iris(return_X_y=True)
    y = np.minimum(y, n_classes - 1)
    Y = np.column_stack([y] * n_tasks)
    model = classifier(1e-3, tol=1e-10).fit(X, Y)
    assert np.isfinite(model.coef_).all()
    assert model.score(X, Y) > 0.97
    if n_classes == 3:
        np.testing.assert_allclose(model.coef_.sum(axis=1), 0.0, atol=1e-8)


@pytest.mark.parametrize("form", FORMS)
def test_what_all_classes_have_in_common_is_zero(form):
    data = Data("classes")
    for model in (TaskGraphClassifier(0.1), MeanRegularizedClassifier(0.1)):
        fitted, _ = data.fit(tight(model), form)
        np.testing.assert_allclose(fitted.coef_.sum(axis=1), 0.0, atol=1e-10)


@dataclass(frozen=True)
class Dishonest(PseudoHuber):
    """A loss whose gradient never vanishes, so that no intercept is at its optimum."""

    def gradient(self, y, z):
        return np.ones_like(z)


def test_intercepts_that_are_not_at_their_optimum_are_no_certificate():
    data = Data("numbers")
    with pytest.warns(ConvergenceWarning):
        model, _ = data.fit(MultiTaskLasso(0.1, loss=Dishonest(), max_iter=1))
    assert model.optimality_ > model.tol


@pytest.mark.filterwarnings("error")
def test_predictions_of_missing_targets_may_overflow():
    data = Data("counts")
    data.X[0] = 1e5
    data.missing[0] = np.nan
    model = MultiTaskLasso(0.05, loss="poisson")
    coef = clone(model).fit(data.X, data.missing).coef_
    expected = clone(model).fit(data.X[1:], data.missing[1:]).coef_
    np.testing.assert_allclose(coef, expected, rtol=0, atol=1e-2)


LINEAR_OF_SKLEARN = {
    "poisson": ("counts", PoissonRegressor(tol=1e-10, max_iter=1000)),
    "huber": ("numbers", HuberRegressor(tol=1e-10, max_iter=1000)),
    "searched": ("labels", LogisticRegressionCV(use_legacy_attributes=False, scoring="accuracy")),
    "softmax": ("classes", LogisticRegression(tol=1e-10, max_iter=1000)),
    "balanced": ("labels", LogisticRegression(class_weight="balanced", tol=1e-10)),
}


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:The default value")
@pytest.mark.parametrize("name", LINEAR_OF_SKLEARN)
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def test_random_intercepts_do_not_see_a_shift(name, convert):
    kind, estimator = LINEAR_OF_SKLEARN[name]
    data = Data(kind)
    y = data.Y[np.arange(N), data.tasks]
    found = []
    for shift in (0.0, 1e4):
        X = convert(data.X + shift)
        model = RandomInterceptTasks(estimator, scales=[1.0]).fit(X, y, tasks=data.tasks)
        found.append(model.predict(X, tasks=data.tasks))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-5)


def test_what_counts_are_compared_with_does_not_see_a_shift():
    data = Data("counts")
    frame = pd.DataFrame(data.X).rename(columns=str)
    model = IndependentTasks(Poisson().single_task(selects=False))
    expected = clone(model).fit(data.X, data.Y).predict(data.X)
    found = model.fit(frame + 1e5, data.Y).predict(frame + 1e5)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert (model.estimators_[0].best_estimator_.feature_names_in_ == frame.columns).all()


LEFT_FREE = [
    MeanRegularizedRegressor(1.0),
    MeanRegularizedRegressor(1.0, loss="huber"),
    MeanRegularizedClassifier(1.0),
    TaskGraphRegressor(1.0, graph="chain"),
    TraceNormRegressor(0.0),
    MultiTaskLasso(0.0),
    MultiTaskLasso(0.1, feature_weight=[1.0, 0.0, 1.0]),
]


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("model", LEFT_FREE, ids=name_of)
def test_a_feature_that_varies_in_no_task_has_no_coefficient(model, convert):
    data = Data(kind_of(model))
    data.X[:, 1] = np.array([1 / 3, 1e3 + 0.1, 0.7])[data.tasks]
    model, _ = data.fit(clone(model), "long", convert=convert)
    np.testing.assert_allclose(model.coef_[:, 1], 0.0, atol=1e-12)


UNPENALIZED = [
    MeanRegularizedRegressor(1.0),
    TaskGraphRegressor(1.0, graph="chain"),
    TraceNormRegressor(0.0),
    MultiTaskLasso(0.0),
    MultiTaskLasso(0.1, feature_weight=[0.0, 0.0, 0.0]),
]


@pytest.mark.parametrize("form", ["wide", "long"])
@pytest.mark.parametrize("model", UNPENALIZED, ids=name_of)
def test_no_unit_of_a_feature_is_a_rounding_error_of_another(model, form):
    """What tasks have in common is not penalized: residuals are orthogonal to all features."""
    data = Data("numbers")
    data.X = data.X * [1e-8, 1.0, 1e4]
    _, predictions = data.fit(clone(model), form)
    if form == "wide":
        left = [(data.X, data.Y - predictions)]
    else:
        residual = data.Y[np.arange(N), data.tasks] - predictions
        left = [(data.X[data.tasks == t], residual[data.tasks == t, None]) for t in range(T)]
    products = sum((X - X.mean(axis=0)).T @ r.sum(axis=1) for X, r in left)
    scale = np.linalg.norm(data.X, axis=0) * np.linalg.norm(data.Y)
    np.testing.assert_allclose(products / scale, 0.0, atol=1e-10)


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "model",
    [
        ClusteredTaskRegressor(0.1),
        MeanRegularizedRegressor(1.0),
        MultiTaskLasso(0.1),
        TraceNormRegressor(0.1),
    ],
    ids=name_of,
)
def test_constant_targets_have_no_coefficients_and_no_warning(model, form):
    data = Data("numbers")
    data.Y[:] = 0.1  # whose mean is rounded
    data.missing = np.where(np.isnan(data.missing), np.nan, 0.1)
    model, predictions = data.fit(clone(model), form)
    assert not model.coef_.any()
    np.testing.assert_allclose(predictions, 0.1, rtol=1e-15)
