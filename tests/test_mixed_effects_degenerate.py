"""Mixed effects of data at the edge: few rows, no noise, collinear or far features, outliers."""

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


@every_covariance
@pytest.mark.parametrize("deviations", ["normal", "t"])
def test_one_task_is_least_squares(covariance, deviations):
    X, y, tasks = make_data(1, 20)
    model = fitted(covariance, PLAIN | {"deviations": deviations}, X, y, tasks)
    design = np.column_stack([np.ones(len(y)), X])
    expected, rest = np.linalg.lstsq(design, y, rcond=None)[:2]
    np.testing.assert_allclose(model.intercept_, expected[:1], rtol=1e-9)
    np.testing.assert_allclose(model.coef_, [expected[1:]], rtol=1e-9)
    np.testing.assert_allclose(model.task_noise_**2, rest / (20 - P - 1))


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
@pytest.mark.parametrize("value", [0.0, 0.1, -1e6])
def test_constant_targets_are_predicted(covariance, options, value):
    X, y, tasks = make_data()
    model = fitted(covariance, options, X, np.full(len(y), value), tasks)
    check_finite(model)
    np.testing.assert_allclose(model.predict(X, tasks=tasks), value, rtol=1e-12)


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


def test_a_feature_that_follows_from_others_changes_nothing_where_slopes_are_common():
    X, y, tasks = make_data()
    expected = predictions("intercept", PLAIN, X, y, tasks)
    for extra in (X[:, 0], X[:, 0] - 2 * X[:, 2] + 1):
        result = predictions("intercept", PLAIN, np.column_stack([X, extra]), y, tasks)
        np.testing.assert_allclose(result, expected, atol=1e-6)


@every_covariance
@both_kinds
def test_collinear_features_have_coefficients(covariance, options):
    X, y, tasks = make_data()
    check_finite(fitted(covariance, options, np.column_stack([X, X[:, 0] + X[:, 1]]), y, tasks))


@every_covariance
def test_more_features_than_samples_need_a_prior_of_common_effects(covariance):
    rng = np.random.default_rng(0)
    tasks = np.repeat([0, 1, 2], 3)
    X = rng.standard_normal((9, 9))
    y = X.sum(axis=1)
    with pytest.warns(UserWarning, match="all tasks get the same coefficients"):
        model = fitted(covariance, PLAIN, X, y, tasks)
    check_finite(model)
    assert np.ptp(model.coef_, axis=0).max() == 0


@every_covariance
@both_kinds
def test_scales_and_origins_of_features_do_not_matter(covariance, options):
    X, y, tasks = make_data()
    expected = predictions(covariance, options, X, y, tasks)
    for other in (X * [1e-6, 1.0, 1e6], X + 1e4):
        result = predictions(covariance, options, other, y, tasks)
        np.testing.assert_allclose(result, expected, atol=1e-5)


@every_covariance
@both_kinds
def test_units_and_origins_of_targets_do_not_matter(covariance, options):
    X, y, tasks = make_data()
    expected = predictions(covariance, options, X, y, tasks)
    for unit in (1e-6, 1e6):
        result = predictions(covariance, options, X, unit * (y + 1e4), tasks)
        np.testing.assert_allclose(result / unit - 1e4, expected, atol=1e-5)


@every_covariance
@both_kinds
def test_weights_are_repetitions_and_zero_is_absence(covariance, options):
    X, y, tasks = make_data()
    weight = np.random.default_rng(1).integers(0, 4, len(y))
    result = fitted(covariance, options, X, y, tasks, weight.astype(float))
    rows = np.repeat(np.arange(len(y)), weight)
    expected = fitted(covariance, options, X[rows], y[rows], tasks[rows])
    np.testing.assert_allclose(result.coef_, expected.coef_, atol=1e-5)
    np.testing.assert_allclose(result.log_likelihood_, expected.log_likelihood_, rtol=1e-6)


@every_covariance
@both_kinds
def test_wide_data_are_long_data(covariance, options):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((10, P))
    Y = X @ (1 + 0.5 * rng.standard_normal((P, N_TASKS))) + 0.3 * rng.standard_normal((10, N_TASKS))
    Y[rng.random(Y.shape) < 0.2] = np.nan
    rows, tasks = np.nonzero(~np.isnan(Y))
    wide = MixedEffectsRegressor(covariance, **options).fit(X, Y)
    long = fitted(covariance, options, X[rows], Y[rows, tasks], tasks)
    np.testing.assert_allclose(wide.coef_, long.coef_, atol=1e-5)


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


@pytest.mark.parametrize("covariance", ["isotropic", "diagonal"])
def test_a_noiseless_task_is_learned_exactly_if_tasks_have_own_noise(covariance):
    X, y, tasks = make_data(8, 30)
    y[tasks == 0] = 2 + X[tasks == 0] @ [1.0, -2.0, 0.5]
    model = fitted(covariance, {"task_noise": "own"}, X, y, tasks)
    np.testing.assert_allclose(model.coef_[0], [1.0, -2.0, 0.5], atol=1e-4)
    assert model.task_noise_[0] < 1e-3 * model.task_noise_[1:].min()
