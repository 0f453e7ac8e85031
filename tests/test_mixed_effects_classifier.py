"""Mixed-effects logistic regression: Laplace's likelihood, its maximum, and predictions."""

import re

import numpy as np
import pytest
from scipy import sparse
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

from skmtl import (
    MixedEffectsClassifier,
    TaskStratifiedKFold,
    compare_to_single_task,
    task_cross_val_predict,
)
from skmtl.evaluation import single_task
from skmtl.mixed_effects._covariances import COVARIANCES, make_covariance
from skmtl.mixed_effects._logistic_models import FlatModel, RidgeModel
from skmtl.mixed_effects._logistic_rows import LogisticRows

FIXED = ["flat", "ridge"]
TIGHT = 1e-6  # standard errors

# New cases of a lung disease of cattle and animals at risk, in up to four periods of each of 15
# herds: Lesnoff et al. (2004), lme4/cbpp of Rdatasets. A list of (period, cases, animals) a herd.
HERDS = [
    [(1, 2, 14), (2, 3, 12), (3, 4, 9), (4, 0, 5)],
    [(1, 3, 22), (2, 1, 18), (3, 1, 21)],
    [(1, 8, 22), (2, 2, 16), (3, 0, 16), (4, 2, 20)],
    [(1, 2, 10), (2, 0, 10), (3, 2, 9), (4, 0, 6)],
    [(1, 5, 18), (2, 0, 25), (3, 0, 24), (4, 1, 4)],
    [(1, 3, 17), (2, 0, 17), (3, 0, 18), (4, 1, 20)],
    [(1, 8, 16), (2, 1, 10), (3, 3, 9), (4, 0, 5)],
    [(1, 12, 34)],
    [(1, 2, 9), (2, 0, 6), (3, 0, 8), (4, 0, 6)],
    [(1, 1, 22), (2, 1, 22), (3, 0, 18), (4, 2, 22)],
    [(1, 0, 25), (2, 5, 27), (3, 3, 22), (4, 1, 22)],
    [(1, 2, 10), (2, 1, 8), (3, 0, 6), (4, 0, 5)],
    [(1, 1, 21), (2, 2, 24), (3, 0, 19), (4, 0, 23)],
    [(1, 11, 19), (2, 0, 2), (3, 0, 3), (4, 0, 2)],
    [(1, 1, 19), (2, 1, 15), (3, 1, 15), (4, 0, 15)],
]


def cattle():
    """X, y, tasks and weights: a row for the healthy and one for the ill of a herd and period."""
    rows = []
    for herd, periods in enumerate(HERDS):
        for period, cases, animals in periods:
            rows += [(herd, period, 0, animals - cases), (herd, period, 1, cases)]
    herd, period, ill, count = np.array(rows).T
    X = (period[:, None] == [2, 3, 4]).astype(float)
    return X, ill, herd, count.astype(float)


class Data:
    """Tasks whose intercepts and first slope vary."""

    def __init__(self, n_tasks=12, n=25, p=3, *, level=0.0, spread=1.0):
        rng = np.random.default_rng(0)
        self.tasks = np.repeat(np.arange(n_tasks), n)
        self.X = rng.normal(size=(n_tasks * n, p))
        effects = rng.normal(size=(n_tasks, 1 + p)) * np.append([0.8, 1.0], np.zeros(p - 1))
        effects = spread * effects + np.append(level, np.ones(p))
        own = effects[self.tasks]
        z = own[:, 0] + np.sum(self.X * own[:, 1:], axis=1)
        self.y = (rng.random(len(z)) < expit(z)).astype(int)
        self.weight = rng.integers(1, 3, size=len(z)).astype(float)

    def fit(self, *, X=None, weight=None, **params):
        X = self.X if X is None else X
        model = MixedEffectsClassifier(**params)
        return model.fit(X, self.y, weight, tasks=self.tasks)


DATA = Data()


def probabilities(model, X=DATA.X, tasks=DATA.tasks):
    return model.predict_proba(X, tasks=tasks)[:, 1]


# The likelihood


def test_random_intercepts_of_cattle_are_those_of_glmer():
    X, y, herd, count = cattle()
    model = MixedEffectsClassifier("intercept", fixed_effects="flat", tol=TIGHT)
    model.fit(X, y, count, tasks=herd)
    # lme4's own test-glmer.R: -1.39855, -0.99234, -1.12868, -1.58030, and 0.64223 between herds
    assert model.shared_intercept_ == pytest.approx(-1.3985, abs=1e-4)
    np.testing.assert_allclose(model.shared_coef_, [-0.9923, -1.1287, -1.5803], atol=1e-4)
    assert np.sqrt(model.variance_components_[0]) == pytest.approx(0.6423, abs=1e-4)
    assert not model.variance_components_[1:].any()


def log_posterior_of_task(model, a, t, data):
    """The log-likelihood of a task whose intercept deviates by a, and the log density of a."""
    own = data.tasks == t
    z = model.shared_intercept_ + data.X[own] @ model.shared_coef_ + a
    variance = model.variance_components_[0]
    log_density = -0.5 * (a**2 / variance + np.log(2 * np.pi * variance))
    return -np.logaddexp(0, np.where(data.y[own] == 1, -z, z)).sum() + log_density


def test_the_likelihood_is_the_parabola_at_the_mode_of_every_task():
    model = DATA.fit(covariance="intercept", fixed_effects="flat")
    total = 0.0
    h = 1e-4
    for t in range(model.n_tasks_):

        def f(a, t=t):
            return log_posterior_of_task(model, a, t, DATA)

        mode = minimize_scalar(lambda a: -f(a), bounds=(-9, 9), options={"xatol": 1e-10}).x
        curvature = -(f(mode + h) - 2 * f(mode) + f(mode - h)) / h**2
        total += f(mode) + 0.5 * np.log(2 * np.pi / curvature)
        assert model.random_effects_[t, 0] == pytest.approx(mode, abs=1e-6)
    assert model.log_likelihood_ == pytest.approx(total, abs=1e-5)  # second difference


def test_the_likelihood_of_large_tasks_is_the_integral():
    data = Data(n_tasks=4, n=200)
    model = data.fit(covariance="intercept", fixed_effects="flat")
    total = 0.0
    for t in range(model.n_tasks_):
        mode = model.random_effects_[t, 0]
        highest = log_posterior_of_task(model, mode, t, data)

        def f(a, t=t, highest=highest):
            return np.exp(log_posterior_of_task(model, a, t, data) - highest)

        total += highest + np.log(quad(f, mode - 3, mode + 3)[0])
    assert model.log_likelihood_ == pytest.approx(total, abs=0.01)  # one over 200 rows, 4 tasks


@pytest.mark.parametrize("model", [FlatModel, RidgeModel])
@pytest.mark.parametrize("name", COVARIANCES)
def test_gradients_are_numerical_derivatives(name, model):
    data = Data(n_tasks=5, n=8)
    X = np.column_stack([np.ones(len(data.X)), data.X])
    rows = LogisticRows(X, data.y.astype(float), data.weight, np.arange(0, 41, 8))
    model = model(rows, make_covariance(name, 3), TIGHT)
    start = model.start()
    x = start.x + np.linspace(0.1, 0.3, len(start.x))
    point = model.evaluate(x, start)
    h = 1e-5
    for j, step in enumerate(h * np.eye(len(x))):
        difference = model.evaluate(x + step, point).value - model.evaluate(x - step, point).value
        assert point.gradient[j] == pytest.approx(difference / (2 * h), rel=1e-6, abs=1e-6)


def test_a_richer_covariance_is_likelier():
    models = [DATA.fit(covariance=name, fixed_effects="flat") for name in COVARIANCES]
    likelihoods = [model.log_likelihood_ for model in models]
    assert (np.diff(likelihoods) >= -1e-5).all()  # of the tolerance


# Limits


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_without_differences_flat_effects_are_a_logistic_regression(covariance):
    # the same rows in all tasks: nothing varies
    X = np.tile(DATA.X[:60], (5, 1))
    y = np.tile(DATA.y[:60], 5)
    tasks = np.repeat(np.arange(5), 60)
    model = MixedEffectsClassifier(covariance, fixed_effects="flat", tol=TIGHT)
    model.fit(X, y, tasks=tasks)
    single = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(model.variance_components_, 0, atol=1e-6)
    np.testing.assert_allclose(model.coef_, np.tile(single.coef_, (5, 1)), atol=1e-4)  # weak prior


def test_only_intercepts_vary_when_asked():
    model = DATA.fit(covariance="intercept")
    assert np.ptp(model.coef_, axis=0).max() == 0
    assert np.ptp(model.intercept_) > 0.5
    np.testing.assert_array_equal(model.coef_[0], model.shared_coef_)


def test_what_varies_is_found():
    model = Data(n_tasks=40, n=60).fit()
    np.testing.assert_allclose(model.variance_components_, [0.64, 1.0, 0, 0], atol=0.35)


@pytest.mark.parametrize("fixed", FIXED)
def test_coefficients_are_fixed_effects_and_deviations(fixed):
    model = DATA.fit(covariance="full", fixed_effects=fixed)
    common = np.append(model.shared_intercept_, model.shared_coef_)
    own = np.column_stack([model.intercept_, model.coef_])
    np.testing.assert_allclose(own, common + model.random_effects_, rtol=1e-12)


# Data


@pytest.mark.parametrize("fixed", FIXED)
def test_weights_are_repetitions(fixed):
    weighted = DATA.fit(weight=DATA.weight, fixed_effects=fixed, tol=TIGHT)
    repeated = np.repeat(np.arange(len(DATA.y)), DATA.weight.astype(int))
    model = MixedEffectsClassifier(fixed_effects=fixed, tol=TIGHT)
    model.fit(DATA.X[repeated], DATA.y[repeated], tasks=DATA.tasks[repeated])
    np.testing.assert_allclose(weighted.coef_, model.coef_, rtol=1e-5, atol=1e-6)
    assert weighted.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-8)


def test_missing_targets_are_left_out():
    rng = np.random.default_rng(1)
    Y = np.where(rng.random((40, 3)) < 0.3, np.nan, DATA.y[:120].reshape(40, 3))
    wide = MixedEffectsClassifier(tol=TIGHT).fit(DATA.X[:40], Y)
    task, sample = np.nonzero(~np.isnan(Y.T))
    long = MixedEffectsClassifier(tol=TIGHT).fit(DATA.X[sample], Y[sample, task], tasks=task)
    # features are standardized over the same rows
    np.testing.assert_allclose(wide.coef_, long.coef_, rtol=1e-6)
    np.testing.assert_array_equal(wide.n_samples_per_task_, np.isfinite(Y).sum(axis=0))
    first = long.predict_proba(DATA.X[:40], tasks=np.zeros(40))
    np.testing.assert_allclose(wide.predict_proba(DATA.X[:40])[0], first, rtol=1e-6)


def test_sparse_features_give_the_same_model():
    X = np.where(DATA.X > 0.5, DATA.X, 0.0)
    dense = DATA.fit(X=X)
    other = DATA.fit(X=sparse.csr_array(X))
    np.testing.assert_allclose(other.coef_, dense.coef_, rtol=1e-9, atol=1e-12)
    found = probabilities(other, sparse.csr_array(X))
    np.testing.assert_allclose(found, probabilities(dense, X), rtol=1e-9)


@pytest.mark.parametrize("fixed", FIXED)
@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_units_of_features_do_not_matter(covariance, fixed):
    scale = np.array([1e-6, 1e6, 1.0])
    shift = np.array([1e4, 0.0, -30.0]) * scale
    options = {"covariance": covariance, "fixed_effects": fixed, "tol": TIGHT}
    base = DATA.fit(**options)
    other = DATA.fit(X=DATA.X * scale + shift, **options)
    np.testing.assert_allclose(other.coef_ * scale, base.coef_, rtol=1e-4, atol=1e-5)
    assert other.log_likelihood_ == pytest.approx(base.log_likelihood_, rel=1e-7)
    found = probabilities(other, DATA.X * scale + shift)
    np.testing.assert_allclose(found, probabilities(base), rtol=1e-4)


def test_class_weights_are_sample_weights():
    weighted = DATA.fit(class_weight={1: 3.0}, tol=TIGHT)
    model = DATA.fit(weight=np.where(DATA.y == 1, 3.0, 1.0), tol=TIGHT)
    np.testing.assert_allclose(weighted.coef_, model.coef_, rtol=1e-9)


# Predictions


def test_probabilities_are_averages_over_the_posterior():
    model = DATA.fit(covariance="intercept")
    rng = np.random.default_rng(0)
    rows, units = np.column_stack([np.ones(5), DATA.X[:5]]), model._posterior.units
    rows[:, 1:] = (rows[:, 1:] - units.mean) / units.scale
    mean, covariance = model._posterior.effects[0], model._posterior.covariances[0]
    draws = rng.multivariate_normal(mean, covariance, size=20_000)
    average = expit(rows @ draws.T).mean(axis=1)
    found = probabilities(model, DATA.X[:5], np.zeros(5))
    np.testing.assert_allclose(found, average, atol=0.01)  # of MacKay's formula


def test_log_odds_are_those_of_the_probabilities():
    model = DATA.fit()
    z = model.decision_function(DATA.X, tasks=DATA.tasks)
    np.testing.assert_allclose(expit(z), probabilities(model), rtol=1e-12)
    np.testing.assert_array_equal(z > 0, model.predict(DATA.X, tasks=DATA.tasks) == 1)


def test_new_tasks_get_the_average_over_tasks():
    data = Data(n_tasks=200, n=20, level=-2.5, spread=2.0)
    model = data.fit(handle_unknown="shared")
    deviation = np.sqrt(model.variance_components_)
    rng = np.random.default_rng(0)
    drawn = deviation * rng.normal(size=(20_000, 4))
    own = drawn + np.append(model.shared_intercept_, model.shared_coef_)
    average = expit(own[:, 0])  # where features are zero, about their means
    found = probabilities(model, np.zeros((1, 3)), [-1])
    assert found == pytest.approx(average.mean(), abs=0.02)  # of MacKay's formula
    assert expit(model.shared_intercept_) < average.mean() - 0.05


def test_tasks_of_few_rows_are_near_the_common_effects():
    data = Data(n_tasks=30, n=30)
    kept = (data.tasks > 0) | (np.arange(len(data.y)) == 0)  # of the first task one row
    model = MixedEffectsClassifier()
    model.fit(data.X[kept], data.y[kept], tasks=data.tasks[kept])
    size = np.linalg.norm(model.random_effects_, axis=1)
    assert size[0] < 0.5 * np.median(size)


# Degenerate data


@pytest.mark.parametrize("fixed", FIXED)
def test_tasks_of_one_class_are_fitted(fixed):
    y = np.where(DATA.tasks < 4, 0, DATA.y)
    model = MixedEffectsClassifier(fixed_effects=fixed).fit(DATA.X, y, tasks=DATA.tasks)
    assert np.isfinite(model.coef_).all()
    p = probabilities(model)
    assert p[DATA.tasks < 4].mean() < 0.2
    assert ((p > 0) & (p < 1)).all()


def test_one_task_has_only_common_effects():
    model = MixedEffectsClassifier(tol=TIGHT).fit(DATA.X, DATA.y, tasks=np.zeros(len(DATA.y)))
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.log_likelihood_)


@pytest.mark.filterwarnings("ignore:tasks holds 300 tasks")
def test_a_task_for_every_row_is_fitted():
    tasks = np.array([f"row {i}" for i in range(len(DATA.y))])
    model = MixedEffectsClassifier("intercept").fit(DATA.X, DATA.y, tasks=tasks)
    assert np.isfinite(model.intercept_).all()
    assert model.score(DATA.X, DATA.y, tasks=tasks) > 0.7


def test_separated_classes_are_reported_by_flat_effects_only():
    y = (DATA.X[:, 0] > 0).astype(int)
    with pytest.warns(ConvergenceWarning, match="separate the classes"):
        flat = MixedEffectsClassifier(fixed_effects="flat").fit(DATA.X, y, tasks=DATA.tasks)
    assert np.isfinite(flat.coef_).all()
    ridge = MixedEffectsClassifier().fit(DATA.X, y, tasks=DATA.tasks)
    assert np.abs(ridge.coef_).max() < 20
    for model in (flat, ridge):
        assert model.score(DATA.X, y, tasks=DATA.tasks) > 0.97


def test_more_features_than_samples_are_reported_by_flat_effects_only():
    X = np.random.default_rng(0).normal(size=(20, 30))
    y = np.arange(20) % 2
    tasks = np.arange(20) // 5
    with pytest.warns(ConvergenceWarning, match="fewer samples than features"):
        MixedEffectsClassifier("intercept", fixed_effects="flat").fit(X, y, tasks=tasks)
    model = MixedEffectsClassifier().fit(X, y, tasks=tasks)
    assert np.isfinite(model.coef_).all()


@pytest.mark.parametrize("fixed", FIXED)
def test_a_copy_of_a_feature_shares_its_slope(fixed):
    X = np.column_stack([DATA.X, DATA.X[:, 0], np.ones(len(DATA.X))])
    model = DATA.fit(X=X, covariance="isotropic", fixed_effects=fixed, tol=TIGHT)
    np.testing.assert_allclose(model.coef_[:, 0], model.coef_[:, 3], rtol=1e-5)
    np.testing.assert_allclose(model.coef_[:, 4], 0, atol=1e-10)  # a constant


@pytest.mark.parametrize("fixed", FIXED)
@pytest.mark.parametrize("covariance", COVARIANCES)
def test_a_constant_feature_changes_nothing(covariance, fixed):
    X = np.column_stack([np.full(len(DATA.X), 7.3), DATA.X])
    options = {"covariance": covariance, "fixed_effects": fixed, "tol": TIGHT}
    model = DATA.fit(X=X, **options)
    base = DATA.fit(**options)
    np.testing.assert_allclose(probabilities(model, X), probabilities(base), atol=1e-6)
    assert model.variance_components_[1] == 0
    np.testing.assert_allclose(model.coef_[:, 0], 0, atol=1e-12)


@pytest.mark.parametrize("fixed", FIXED)
def test_features_far_from_zero_are_as_good_as_others(fixed):
    base = DATA.fit(fixed_effects=fixed)
    far = DATA.fit(X=DATA.X + 1e6, fixed_effects=fixed)
    np.testing.assert_allclose(probabilities(far, DATA.X + 1e6), probabilities(base), atol=1e-7)


def test_a_task_a_thousand_times_the_others_is_fitted():
    X = np.where(DATA.tasks[:, None] == 0, 1000 * DATA.X, DATA.X)
    model = DATA.fit(X=X)
    base = DATA.fit()
    np.testing.assert_allclose(model.coef_[1:], base.coef_[1:], atol=0.6)
    assert model.score(X, DATA.y, tasks=DATA.tasks) > 0.7


def test_too_few_steps_are_reported():
    with pytest.warns(ConvergenceWarning, match="increase max_iter"):
        DATA.fit(max_iter=1)


def test_more_classes_are_refused_with_the_alternatives():
    y = np.arange(len(DATA.y)) % 3
    message = re.escape("Only binary classification is supported")
    with pytest.raises(ValueError, match=f"{message}.*MeanRegularizedClassifier"):
        MixedEffectsClassifier().fit(DATA.X, y, tasks=DATA.tasks)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"covariance": "block"}, "covariance='block' is not one of"),
        ({"fixed_effects": "lasso"}, "fixed_effects='lasso' is not one of"),
    ],
)
def test_unknown_options_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        DATA.fit(**params)


# Comparison


def test_predictions_of_folds_in_both_forms_are_probabilities():
    Y = DATA.y[:100].reshape(50, 2).astype(float)
    Y[::7, 1] = np.nan
    X = np.column_stack([DATA.X, DATA.tasks])
    for model, features, y in (
        (MixedEffectsClassifier(task_column=-1), X, DATA.y),
        (MixedEffectsClassifier(), DATA.X[:50], Y),
    ):
        found = task_cross_val_predict(model, features, y, cv=2, method="decision_function")
        assert found.shape == y.shape
        assert np.isfinite(found[~np.isnan(y)]).all()


@pytest.mark.parametrize("wide", [False, True])
def test_it_is_compared_with_single_tasks_in_both_forms(wide):
    X = DATA.X[:60, :2]
    options = {"baseline": LogisticRegression(), "rivals": (), "cv": TaskStratifiedKFold(2)}
    if wide:
        Y = DATA.y[:120].reshape(60, 2).astype(float)
        Y[::7, 1] = np.nan
        report = compare_to_single_task(MixedEffectsClassifier(), X, Y, **options)
    else:
        X = np.column_stack([X, np.arange(60) % 2])
        model = MixedEffectsClassifier(task_column=-1)
        report = compare_to_single_task(model, X, DATA.y[:60], **options)
    assert np.isfinite(report.table_["gain"]).all()


def test_the_baseline_is_a_tuned_logistic_regression():
    baseline = single_task(MixedEffectsClassifier(class_weight="balanced"))
    assert isinstance(baseline, LogisticRegressionCV)
    assert baseline.class_weight == "balanced"
