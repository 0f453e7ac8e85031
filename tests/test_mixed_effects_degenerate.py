"""Mixed effects of data at the edge: few rows, no noise, collinear or far features, outliers."""

from itertools import product

import numpy as np
import pytest

from skmtl import MixedEffectsRegressor

N_TASKS, N_ROWS, P = 5, 8, 3

COVARIANCES = ("intercept", "isotropic", "diagonal", "full")
PLAIN = {"deviations": "normal", "task_noise": "common", "fixed_effects": "flat"}
ROBUST = {"deviations": "t", "task_noise": "own", "fixed_effects": "ridge"}

every_covariance = pytest.mark.parametrize("covariance", COVARIANCES)
both_kinds = pytest.mark.parametrize("options", [PLAIN, ROBUST], ids=["plain", "robust"])


def make_data(n_tasks=N_TASKS, n_rows=N_ROWS, *, seed=0):
    """Similar tasks: X, y and the task of each row."""
    rng = np.random.default_rng(seed)
    tasks = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.standard_normal((len(tasks), P))
    coef = 1 + 0.5 * rng.standard_normal((n_tasks, P))
    level = 0.5 * rng.standard_normal(n_tasks)
    y = level[tasks] + np.sum(X * coef[tasks], axis=1) + 0.5 * rng.standard_normal(len(tasks))
    return X, y, tasks


def fitted(covariance, options, X, y, tasks, weight=None):
    return MixedEffectsRegressor(covariance, **options).fit(X, y, weight, tasks=tasks)


def predictions(covariance, options, X, y, tasks, weight=None):
    model = fitted(covariance, options, X, y, tasks, weight)
    return model.predict(X, tasks=tasks)


def check_finite(model):
    for value in (
        model.coef_,
        model.intercept_,
        model.variance_components_,
        model.task_noise_,
        model.log_likelihood_,
    ):
        assert np.isfinite(value).all()
    assert (model.variance_components_ >= 0).all()
    assert (model.task_noise_ >= 0).all()


def test_slopes_of_a_task_of_one_row_deviate_along_that_row():
    X, y, tasks = make_data()
    keep = (tasks > 0) | (np.arange(len(y)) == 0)
    X = X[keep]
    model = fitted("diagonal", PLAIN, X, y[keep], tasks[keep])
    direction = model.variance_components_[1:] * (X[0] - X.mean(axis=0))
    deviation = model.random_effects_[0, 1:]
    assert np.abs(deviation).max() > 1e-3
    along = deviation @ direction / (direction @ direction)
    np.testing.assert_allclose(deviation, along * direction, atol=1e-9)


@every_covariance
@both_kinds
def test_tasks_of_one_row_among_others_are_fitted(covariance, options):
    X, y, tasks = make_data(6, [1, 1, 1, 8, 8, 8])
    check_finite(fitted(covariance, options, X, y, tasks))


@every_covariance
@both_kinds
def test_targets_that_are_constant_in_each_task_are_predicted(covariance, options):
    X, _, tasks = make_data()
    result = predictions(covariance, options, X, 3.0 * tasks, tasks)
    np.testing.assert_allclose(result, 3.0 * tasks, atol=1e-8)


@every_covariance
@both_kinds
def test_a_task_of_constant_targets_is_fitted(covariance, options):
    X, y, tasks = make_data()
    y[tasks == 2] = 3.0
    check_finite(fitted(covariance, options, X, y, tasks))


@every_covariance
@both_kinds
def test_a_constant_feature_changes_nothing(covariance, options):
    X, y, tasks = make_data()
    expected = predictions(covariance, options, X, y, tasks)
    for value in (0.0, 7.3):
        wider = np.column_stack([X, np.full(len(y), value)])
        result = predictions(covariance, options, wider, y, tasks)
        np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("covariance", "fixed_effects"),
    [
        *product(COVARIANCES, ("flat", "ridge")),
        *product(("isotropic", "diagonal"), ("sparse",)),
    ],
)
def test_a_constant_feature_has_no_variances_and_leaves_those_of_others(covariance, fixed_effects):
    X, y, tasks = make_data()
    options = {**PLAIN, "fixed_effects": fixed_effects}
    model = fitted(covariance, options, X, y, tasks)
    wider = np.column_stack([X, np.full(len(y), 7.3)])
    result = fitted(covariance, options, wider, y, tasks)
    for name in ("variance_components_", "standard_errors_", "shared_coef_"):
        expected = np.append(getattr(model, name), 0.0)
        np.testing.assert_allclose(getattr(result, name), expected, rtol=1e-3, atol=1e-9)


def test_a_feature_that_follows_from_others_changes_nothing_where_slopes_are_common():
    X, y, tasks = make_data()
    expected = predictions("intercept", PLAIN, X, y, tasks)
    for extra in (X[:, 0], X[:, 0] - 2 * X[:, 2] + 1):
        result = predictions("intercept", PLAIN, np.column_stack([X, extra]), y, tasks)
        np.testing.assert_allclose(result, expected, atol=1e-6)


@every_covariance
def test_scales_and_origins_of_features_do_not_matter(covariance):
    X, y, tasks = make_data()
    expected = predictions(covariance, ROBUST, X, y, tasks)
    for other in (X * [1e-6, 1.0, 1e6], X + 1e4):
        result = predictions(covariance, ROBUST, other, y, tasks)
        np.testing.assert_allclose(result, expected, atol=1e-5)


@every_covariance
def test_units_and_origins_of_targets_do_not_matter(covariance):
    X, y, tasks = make_data()
    expected = predictions(covariance, ROBUST, X, y, tasks)
    for unit in (1e-6, 1e6):
        result = predictions(covariance, ROBUST, X, unit * (y + 1e4), tasks)
        np.testing.assert_allclose(result / unit - 1e4, expected, atol=1e-5)


@every_covariance
def test_weights_are_repetitions_and_zero_is_absence(covariance):
    X, y, tasks = make_data()
    weight = np.random.default_rng(1).integers(0, 4, len(y))
    result = fitted(covariance, ROBUST, X, y, tasks, weight.astype(float))
    rows = np.repeat(np.arange(len(y)), weight)
    expected = fitted(covariance, ROBUST, X[rows], y[rows], tasks[rows])
    np.testing.assert_allclose(result.coef_, expected.coef_, atol=1e-5)
    np.testing.assert_allclose(result.log_likelihood_, expected.log_likelihood_, rtol=1e-6)


@pytest.mark.parametrize("covariance", ["intercept", "isotropic", "diagonal"])
@pytest.mark.parametrize("deviations", ["normal", "t"])
def test_a_task_1000_times_the_others_leaves_them_alone_if_tasks_have_own_noise(
    covariance, deviations
):
    X, y, tasks = make_data(10, 12)
    options = {"deviations": deviations, "task_noise": "own"}
    expected = fitted(covariance, options, X, y, tasks)
    y[tasks == 0] *= 1000
    result = fitted(covariance, options, X, y, tasks)
    check_finite(result)
    change = np.linalg.norm(result.coef_[1:] - expected.coef_[1:], axis=1)
    assert change.max() < 0.25 * np.linalg.norm(expected.coef_[1:], axis=1).max()


@pytest.mark.parametrize(("seed", "deviations"), [(0, "normal"), (2, "t")])
def test_steps_to_variances_that_are_too_large_to_compute_with_are_refused(seed, deviations):
    """Extrapolation leads to them where tasks have no more rows than features."""
    rng = np.random.default_rng(seed)
    tasks = np.repeat(np.arange(4), 5)
    X = rng.standard_normal((20, 5))
    y = X.sum(axis=1) + 0.5 * rng.standard_normal(20)
    options = {"deviations": deviations, "task_noise": "own", "fixed_effects": "ridge"}
    model = MixedEffectsRegressor("full", **options)
    check_finite(model.fit(X, y, tasks=tasks))


@pytest.mark.parametrize("deviations", ["normal", "t"])
def test_own_noise_finds_a_noiseless_task_of_few_rows(deviations):
    rng = np.random.default_rng(1)
    tasks = np.repeat(np.arange(10), 12)
    X = rng.standard_normal((120, 4))
    coef = 1 + 0.3 * rng.standard_normal((10, 4))
    noise = 0.7 * rng.standard_normal(120)
    y = np.sum(X * coef[tasks], axis=1) + np.where(tasks > 0, noise, 0.0)
    errors = {}
    for task_noise in ("common", "own"):
        options = {"deviations": deviations, "task_noise": task_noise, "fixed_effects": "flat"}
        model = fitted("diagonal", options, X, y, tasks)
        errors[task_noise] = np.linalg.norm(model.coef_ - coef, axis=1)
    assert model.task_noise_[0] < 1e-4
    assert (model.task_noise_[1:] > 0.2).all()
    assert errors["own"][0] < 1e-4
    assert errors["own"][1:].mean() < 1.2 * errors["common"][1:].mean()


def test_variances_of_unrelated_targets_are_exactly_zero():
    X = np.random.default_rng(0).standard_normal((50, 3))
    Y = np.random.default_rng(1).standard_normal((50, 4))
    model = MixedEffectsRegressor().fit(X, Y)
    np.testing.assert_array_equal(model.variance_components_, 0)
