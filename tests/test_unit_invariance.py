"""Units of targets do not matter: ``y_t -> c y_t + d`` in one task scales that task, and no other.

Models that couple tasks through the scale of y are unit-free with ``normalize_y=True``.
"""

from functools import cache

import numpy as np
import pytest
from conftest import ESTIMATORS, KERNEL, NUMBERS, in_mode, name_of
from sklearn.base import clone, is_classifier
from sklearn.metrics import r2_score
from sklearn.svm import SVR

from skmtl import (
    MixedEffectsRegressor,
    MultiTaskGaussianProcessRegressor,
    MultiTaskKernelRidge,
    MultiTaskKernelRidgeCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    MultiTaskMixed,
    MultiTaskMLPRegressor,
    MultiTaskNystroemRidge,
    MultiTaskNystroemRidgeCV,
    MultiTaskRelationshipKernelRidge,
    MultiTaskRelationshipKernelRidgeCV,
    MultiTaskStacking,
    MultiTaskSVR,
    PooledTasks,
    RandomInterceptTasks,
    SequentialTasks,
)

# They hand targets of several tasks, as they are, to one estimator of scikit-learn, or have
# coefficients that tasks share. Networks are trained in single precision: test_deep.py.
IN_UNITS = (
    *(PooledTasks, RandomInterceptTasks, SequentialTasks, MultiTaskStacking),
    *(MixedEffectsRegressor, MultiTaskMLPRegressor),
)
REGRESSORS = [one for one in ESTIMATORS if not is_classifier(one) and not isinstance(one, IN_UNITS)]
KERNEL_REGRESSORS = [one for one in KERNEL if not is_classifier(one)]
CHANGED = 1  # the task whose units change
FACTORS = (1e6, 1e-6)


def normalized(estimator):
    """The estimator with `normalize_y`, if it or what it searches has that parameter."""
    for name in ("normalize_y", "estimator__normalize_y"):
        if name in estimator.get_params():
            estimator.set_params(**{name: True})
    return estimator


def changed_units(mode, factor, shift):
    """Targets in other units in one task, and which they are."""
    y = NUMBERS.y[mode].astype(float)
    where = NUMBERS.X[mode][:, -1] == CHANGED
    if mode == "wide":
        where = np.arange(y.shape[1]) == CHANGED
        where = np.broadcast_to(where, y.shape)
    return np.where(where, factor * y + shift, y), where


def check_units(estimator, mode):
    """Predictions, and coefficients, are those of other units, in these units."""
    X = NUMBERS.X[mode]
    model = normalized(in_mode(clone(estimator), mode))
    expected = model.fit(X, NUMBERS.y[mode]).predict(X)
    coef = getattr(model, "coef_", None)
    if isinstance(model, MultiTaskMixed):  # its coefficients are those of standardized numbers
        coef = None
    for factor in FACTORS:
        shift = 1e3 * factor
        y, where = changed_units(mode, factor, shift)
        found = model.fit(X, y).predict(X)
        found = np.where(where, (found - shift) / factor, found)
        # the shift costs three of sixteen digits; searches end within their tolerance
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * np.std(expected))
        if coef is not None:
            scaled = model.coef_.copy()
            scaled[CHANGED] /= factor
            atol = 1e-7 * np.abs(coef).max()
            np.testing.assert_allclose(scaled, coef, rtol=0, atol=atol)


@pytest.mark.parametrize("estimator", REGRESSORS, ids=name_of)
def test_units_of_a_task_scale_its_predictions_only(estimator):
    check_units(estimator, "wide")


@pytest.mark.parametrize("estimator", KERNEL_REGRESSORS, ids=name_of)
def test_units_of_a_task_with_samples_of_its_own_scale_its_predictions_only(estimator):
    check_units(estimator, "long")


def test_units_do_not_matter_to_the_huber_loss():
    check_units(MultiTaskLasso(0.1, loss="huber", tol=1e-10), "wide")


# ---------------------------------------------------------------- kernels, with defaults


@cache
def curves(seed=0):
    """Three tasks with similar curves: samples and targets to train on, and to test on."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 6, size=(120, 2))
    F = np.sin(X[:, :1]) + 0.5 * np.cos(X[:, 1:])
    Y = F * [1.0, -1.0, 0.7] + 0.1 * rng.normal(size=(120, 3))
    return X[:40], Y[:40], X[40:], Y[40:]


WITH_DEFAULTS = [
    MultiTaskKernelRidge(0.1),
    MultiTaskKernelRidge(0.1, fit_intercept=False),
    MultiTaskKernelRidge(0.1, task_kernel=np.eye(3) + 1.0, solver="cholesky"),
    MultiTaskKernelRidgeCV(),
    MultiTaskNystroemRidge(0.1, random_state=0),
    MultiTaskNystroemRidgeCV(random_state=0),
    MultiTaskRelationshipKernelRidge(0.1),
    MultiTaskRelationshipKernelRidgeCV(cv=2),
]


@pytest.mark.parametrize("model", WITH_DEFAULTS, ids=name_of)
def test_a_target_that_is_much_larger_does_not_matter_to_the_others(model):
    X, Y, X_test, Y_test = curves()
    expected = clone(model).fit(X, Y).predict(X_test)
    assert r2_score(Y_test, expected) > 0.9
    for factor in (1e2, 1e3, 1e5, 1e12, 1e-12, 1e60, 1e-60):
        units = np.array([1.0, 1.0, factor])
        found = clone(model).fit(X, Y * units).predict(X_test) / units
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("model", WITH_DEFAULTS, ids=name_of)
def test_a_target_that_does_not_vary_is_predicted_as_it_is(model):
    X, Y, X_test, _ = curves()
    level = 0.1 if getattr(model, "fit_intercept", True) else 0.0
    Y = np.column_stack([Y, np.full(len(Y), level)])
    if isinstance(getattr(model, "task_kernel", None), np.ndarray):
        model = clone(model).set_params(task_kernel=np.eye(4) + 1.0)
    predictions = clone(model).fit(X, Y).predict(X_test)
    assert np.isfinite(predictions).all()
    limit = 0.3 * np.std(Y[:, 0])  # the others may share a little with it
    assert np.abs(predictions[:, 3] - level).max() < limit


@pytest.mark.parametrize("model", WITH_DEFAULTS, ids=name_of)
def test_unseen_tasks_get_the_average_function_in_units_of_y(model):
    X, Y, X_test, _ = curves()
    Y = Y * [1.0, 10.0, 0.1]
    ids = np.repeat([0, 1, 2], len(X))
    model = clone(model).set_params(handle_unknown="shared")
    model.fit(np.vstack([X] * 3), Y.T.ravel(), tasks=ids)
    unseen = model.predict(X_test, tasks=np.full(len(X_test), 7))
    average = model.predict_all_tasks(X_test).mean(axis=1)
    np.testing.assert_allclose(unseen, average, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("unit", [1e6, 1e-6])
def test_a_single_target_borrows_a_function_of_the_size_of_the_others(unit):
    X, Y, X_test, _ = curves()
    Y = np.column_stack([Y, np.full(len(Y), np.nan)])
    Y[3, 3] = 2.0
    for model in (
        MultiTaskKernelRidge(0.1, task_strength=0.9),
        MultiTaskGaussianProcessRegressor(n_restarts=0, tol=2e-5),
    ):
        expected = clone(model).fit(X, Y).predict(X_test)
        found = clone(model).fit(X, unit * Y).predict(X_test) / unit
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        assert np.abs(found[:, 3] - 2.0).max() < 10 * np.nanstd(Y)


def test_coefficients_of_kernels_are_in_units_of_y():
    X, Y, _, _ = curves()
    units = np.array([1.0, 1e6, 1e-6])
    one = MultiTaskKernelRidge(0.1).fit(X, Y)
    other = MultiTaskKernelRidge(0.1).fit(X, Y * units)
    np.testing.assert_allclose(other.dual_coef_ / units, one.dual_coef_, rtol=1e-9)
    np.testing.assert_allclose(other.intercept_ / units, one.intercept_, rtol=1e-9)
    np.testing.assert_allclose(other.y_scale_ / units, Y.std(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(other.task_covariance_, one.task_covariance_)


def test_without_coupling_normalized_targets_are_the_same_model():
    X, Y, X_test, _ = curves()
    options = {"task_kernel": "identity", "solver": "kronecker"}
    raw = MultiTaskKernelRidge(0.1, normalize_y=False, **options).fit(X, Y)
    scaled = MultiTaskKernelRidge(0.1, **options).fit(X, Y)
    np.testing.assert_allclose(scaled.predict(X_test), raw.predict(X_test), rtol=1e-10)
    np.testing.assert_allclose(scaled.dual_coef_, raw.dual_coef_, rtol=1e-9)


# ---------------------------------------------------------------- Gaussian processes


@pytest.mark.parametrize("units", [[1e3, 1.0, 1e-3], [1e6, 1.0, 1e-12], [1e-12] * 3, [1e12] * 3])
def test_a_gaussian_process_has_no_units_without_normalized_targets(units):
    X, Y, X_test, Y_test = curves()
    Y = Y - Y.mean(axis=0)
    expected = MultiTaskGaussianProcessRegressor(normalize_y=False, n_restarts=0).fit(X, Y)
    mean, std = expected.predict(X_test, return_std=True)
    assert r2_score(Y_test, mean) > 0.95
    model = MultiTaskGaussianProcessRegressor(normalize_y=False, n_restarts=0).fit(X, Y * units)
    found_mean, found_std = model.predict(X_test, return_std=True)
    # both searches end within 0.05 nats of a maximum
    np.testing.assert_allclose(found_mean / units, mean, rtol=0, atol=0.02)
    np.testing.assert_allclose(found_std / units, std, rtol=0.05)
    assert model.jitter_ == 0


def test_one_noise_for_different_units_is_warned_of():
    X, Y, _, _ = curves()
    model = MultiTaskGaussianProcessRegressor(normalize_y=False, task_noise=False, n_restarts=0)
    with pytest.warns(UserWarning, match="times as large as those of another"):
        model.fit(X, Y * [1e6, 1.0, 1.0])


def test_targets_too_small_for_their_squares_are_refused():
    X, Y, _, _ = curves()
    with pytest.raises(ValueError, match="squares of numbers below 1e-70 vanish"):
        MultiTaskGaussianProcessRegressor().fit(X, Y * [1.0, 1e-200, 1.0])


# ---------------------------------------------------------------- support vector machines


def test_support_vectors_of_different_units_are_warned_of():
    X, Y, _, _ = curves()
    with pytest.warns(UserWarning, match=r"Targets of task 2 vary 6.7e\+04 times as much"):
        MultiTaskSVR().fit(X, Y * [1.0, 1.0, 1e5])


def test_targets_beyond_the_tolerance_of_support_vectors_are_refused_or_scaled():
    X, Y, X_test, Y_test = curves()
    with pytest.raises(ValueError, match="whose rounding errors are beyond tol="):
        MultiTaskSVR().fit(X, 1e15 * Y)
    model = MultiTaskSVR(normalize_y=True).fit(X, 1e15 * Y)
    assert r2_score(1e15 * Y_test, model.predict(X_test)) > 0.9


def test_normalized_support_vectors_are_those_of_scikit_learn_on_scaled_targets():
    X, Y, X_test, _ = curves()
    options = {"C": 2.0, "epsilon": 0.05, "gamma": 0.3, "tol": 1e-10}
    mean, scale = Y.mean(axis=0), Y.std(axis=0)
    found = MultiTaskSVR(mu=1e9, normalize_y=True, **options).fit(X, Y).predict(X_test)
    raw = MultiTaskSVR(mu=1e9, **options).fit(X, (Y - mean) / scale).predict(X_test)
    np.testing.assert_allclose(found, mean + scale * raw, rtol=1e-8, atol=1e-9)
    assert isinstance(SVR(), type(MultiTaskSVR().fit(X, Y).svm_))


@pytest.mark.parametrize("unit", [1e-20, 1e-40])
def test_strengths_are_chosen_in_units_that_are_tiny(unit):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    Y = X @ rng.standard_normal((3, 2)) + 0.1 * rng.standard_normal((40, 2))
    model = MultiTaskLassoCV(alphas=10).fit(X, Y)
    tiny = MultiTaskLassoCV(alphas=10).fit(X, Y * unit)
    np.testing.assert_allclose(tiny.alphas_, model.alphas_ * unit)
    np.testing.assert_allclose(tiny.coef_, model.coef_ * unit, rtol=1e-6)
