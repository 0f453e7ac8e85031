"""MultiTaskNystroemRidge: the exact models it comes to, components, chunks, folds."""

from functools import partial

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LinearRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV

import skmtl
from skmtl import MeanRegularizedRegressor, TaskStratifiedKFold, load_parkinsons
from skmtl.kernel import _nystroem_features
from skmtl.kernel._nystroem_features import draw_components

# What is stated here is in units of y.
MultiTaskKernelRidge = partial(skmtl.MultiTaskKernelRidge, normalize_y=False)
MultiTaskNystroemRidge = partial(skmtl.MultiTaskNystroemRidge, normalize_y=False)
MultiTaskNystroemRidgeCV = partial(skmtl.MultiTaskNystroemRidgeCV, normalize_y=False)

ALPHA, STRENGTH, GAMMA = 0.3, 0.8, 0.5
RBF = {"gamma": GAMMA, "task_strength": STRENGTH, "random_state": 0}


def holes(n=30, n_tasks=4, share=0.3):
    """X, Y with missing targets, and their weights."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    Y = 5 + np.sin(X @ rng.normal(size=(3, n_tasks))) + 0.1 * rng.normal(size=(n, n_tasks))
    Y[rng.random(Y.shape) < share] = np.nan
    return X, Y, rng.uniform(0.5, 2, Y.shape)


def long_of(X, Y, weight=None):
    """The observations as long data, with the task ids in the last column."""
    tasks, samples = np.nonzero(~np.isnan(Y).T)
    observed = samples, tasks
    weight = None if weight is None else weight[observed]
    return np.column_stack([X[samples], tasks]), Y[observed], weight


def brute_force(K, tasks, y, weight, fit_intercept):
    """Predictions of every task at the sample of every observation, by the dense system."""
    T = tasks.max() + 1
    B = (1 - STRENGTH) * np.eye(T) + STRENGTH / T
    A = K * B[np.ix_(tasks, tasks)] + np.diag(ALPHA / weight)
    M = np.eye(T)[tasks] * fit_intercept
    zero = np.eye(T) * (not fit_intercept)
    system = np.block([[A, M], [M.T, zero]])
    c, b = np.split(np.linalg.solve(system, np.append(y, np.zeros(T))), [len(y)])
    return np.stack([(K * B[t, tasks]) @ c + b[t] for t in range(T)], axis=1)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("mode", ["wide", "long"])
def test_components_of_all_samples_give_exact_kernel_ridge(mode, fit_intercept):
    X, Y, weight = holes()
    Z, y, w = long_of(X, Y, weight)
    K = rbf_kernel(Z[:, :-1], gamma=GAMMA)
    expected = brute_force(K, Z[:, -1].astype(int), y, w, fit_intercept)
    model = MultiTaskNystroemRidge(ALPHA, fit_intercept=fit_intercept, **RBF)
    if mode == "long":
        model.set_params(task_column=-1).fit(Z, y, w)
    else:
        model.fit(X, Y, weight)
    predicted = model.predict_all_tasks(Z if mode == "long" else Z[:, :-1])
    np.testing.assert_allclose(predicted, expected, rtol=1e-8)


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.99, 1.0])
def test_it_is_the_exact_estimator(strength):
    X, Y, _ = holes()
    params = {"gamma": GAMMA, "task_strength": strength}
    exact = MultiTaskKernelRidge(ALPHA, **params).fit(X, Y)
    model = MultiTaskNystroemRidge(ALPHA, random_state=0, **params).fit(X, Y)
    new = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_allclose(model.predict(new), exact.predict(new), rtol=1e-8)


@pytest.mark.parametrize("task_column", [None, -1])
def test_linear_features_are_the_mean_regularized_model(task_column):
    X, Y, _ = holes()
    X, Y = (X, Y) if task_column is None else long_of(X, Y)[:2]
    nbar = np.count_nonzero(~np.isnan(Y)) / 4
    ridge = ALPHA / nbar
    pull = ridge * STRENGTH / (1 - STRENGTH)
    expected = MeanRegularizedRegressor(pull, ridge=ridge, tol=1e-12, task_column=task_column)
    linear = {"kernel": "linear", "task_strength": STRENGTH, "task_column": task_column}
    model = MultiTaskNystroemRidge(ALPHA, **linear).fit(X, Y)
    expected.fit(X, Y)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-8)
    np.testing.assert_allclose(model.intercept_, expected.intercept_, rtol=1e-8)
    exact = MultiTaskKernelRidge(ALPHA, **linear).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), exact.predict(X), rtol=1e-8)


def test_strength_one_shares_coefficients_but_not_intercepts():
    X, Y, _ = holes(share=0)
    model = MultiTaskNystroemRidge(1e-9, kernel="linear", task_strength=1.0).fit(X, Y)
    np.testing.assert_allclose(model.coef_ - model.shared_coef_, 0, atol=1e-12)
    mean = LinearRegression().fit(X, Y.mean(axis=1)).coef_
    np.testing.assert_allclose(model.shared_coef_, mean, rtol=1e-6)  # what alpha leaves


def test_wide_and_long_draw_the_same_components():
    X, Y, weight = holes()
    params = {"n_components": 8, **RBF}
    wide = MultiTaskNystroemRidge(ALPHA, **params).fit(X, Y, weight)
    Z, y, w = long_of(X, Y, weight)
    order = np.random.default_rng(1).permutation(len(y))
    long = MultiTaskNystroemRidge(ALPHA, task_column=-1, **params).fit(Z[order], y[order], w[order])
    assert wide.coef_.shape == (4, 8)
    np.testing.assert_allclose(long.coef_, wide.coef_, rtol=1e-8)


def test_sparse_samples_give_the_same_model():
    X, Y, _ = holes()
    X = np.where(np.abs(X) < 0.7, 0.0, X)
    for params in ({"n_components": 8, **RBF}, {"kernel": "linear"}):
        dense = MultiTaskNystroemRidge(ALPHA, **params).fit(X, Y)
        thin = MultiTaskNystroemRidge(ALPHA, **params).fit(sparse.csc_array(X), Y)
        predicted = thin.predict(sparse.csr_array(X))
        np.testing.assert_allclose(predicted, dense.predict(X), rtol=1e-8)


def test_components_are_distinct_and_depend_on_the_seed():
    X = np.random.default_rng(0).normal(size=(20, 2))
    components = draw_components(np.vstack([X, X, X]), 12, 0)
    assert len(np.unique(components, axis=0)) == 12
    assert not np.array_equal(components, draw_components(X, 12, 1))
    np.testing.assert_array_equal(components, draw_components(X[::-1], 12, 0))
    assert len(draw_components(X, 100, 0)) == 20


def test_chunks_do_not_show(monkeypatch):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(2000, 3)), rng.integers(0, 3, 2000)])
    y = rng.normal(size=2000) + 100 * X[:, -1]
    fits = []
    for floats in (2**21, 1):  # of 256 samples: tasks have several chunks
        monkeypatch.setattr(_nystroem_features, "_FLOATS", floats)
        model = MultiTaskNystroemRidge(ALPHA, n_components=20, task_column=-1, **RBF).fit(X, y)
        fits.append(model.predict(X))
    np.testing.assert_allclose(*fits, rtol=1e-9)


def test_a_weight_of_two_is_the_sample_twice():
    X, Y, _ = holes()
    Z, y, _ = long_of(X, Y)
    weight = np.random.default_rng(0).integers(0, 3, len(y))
    model = MultiTaskNystroemRidge(ALPHA, n_components=8, task_column=-1, **RBF)
    weighted = model.fit(Z, y, weight).predict(Z)
    repeated = model.fit(np.repeat(Z, weight, axis=0), np.repeat(y, weight)).predict(Z)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-8)


def test_levels_of_the_targets_shift_predictions_only():
    X, Y, _ = holes()
    model = MultiTaskNystroemRidge(ALPHA, **RBF)
    low = model.fit(X, Y).predict(X)
    np.testing.assert_allclose(model.fit(X, Y + 1e6).predict(X) - 1e6, low, rtol=1e-6)


def test_tasks_of_one_sample_and_constant_tasks():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(21, 2)), np.repeat([0, 1, 2], [1, 10, 10])])
    y = np.where(X[:, -1] == 1, 7.0, rng.normal(size=21))
    single_task = MultiTaskNystroemRidge(task_strength=0.0, task_column=-1, random_state=0)
    single_task.fit(X, y)
    assert single_task.predict(X[:1])[0] == pytest.approx(y[0])
    np.testing.assert_allclose(single_task.predict(X[1:11]), 7.0)


def test_samples_that_are_all_equal_predict_means():
    Y = np.array([[0.0, 3.0], [2.0, np.nan], [4.0, 5.0]])
    model = MultiTaskNystroemRidge(random_state=0).fit(np.ones((3, 2)), Y)
    np.testing.assert_allclose(model.predict(np.ones((1, 2))), [[2.0, 4.0]])
    assert model.coef_.shape == (2, 1)


def test_unseen_tasks_get_the_average_or_an_error():
    X, Y, _ = holes()
    Z, y, _ = long_of(X, Y)
    new = Z.copy()
    new[:, -1] = 9
    model = MultiTaskNystroemRidge(task_column=-1, random_state=0).fit(Z, y)
    with pytest.raises(ValueError, match="were not seen in fit"):
        model.predict(new)
    shared = model.set_params(handle_unknown="shared").fit(Z, y).predict(new)
    np.testing.assert_allclose(shared, model.predict_all_tasks(Z).mean(axis=1))


def test_callable_kernels_take_their_parameters():
    def kernel(x, z, scale):
        return scale * x @ z

    X, Y, _ = holes()
    given = {"kernel": kernel, "kernel_params": {"scale": 2.0}}
    model = MultiTaskNystroemRidge(ALPHA, random_state=0, **given).fit(X, Y)
    linear = MultiTaskNystroemRidge(ALPHA / 2, kernel="linear").fit(X, Y)
    np.testing.assert_allclose(model.predict(X), linear.predict(X), rtol=1e-6)  # singular kernel


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"alpha": 0.0}, ValueError, "alpha == 0.0, must be > 0"),
        ({"task_strength": 1.5}, ValueError, "task_strength == 1.5, must be <= 1"),
        ({"n_components": 0}, ValueError, "n_components == 0, must be >= 1"),
        ({"n_components": 2.5}, TypeError, "n_components must be an instance of int"),
        ({"kernel": "precomputed"}, ValueError, "draws samples from X: pass a callable"),
        ({"kernel": "rfb"}, ValueError, "kernel='rfb' is not one of"),
        ({"gamma": -1.0}, ValueError, "gamma == -1.0"),
        ({"kernel_params": 5}, TypeError, "kernel_params=5 must be a dict"),
        ({"fit_intercept": 1}, TypeError, "fit_intercept must be True or False"),
        ({"handle_unknown": "mean"}, ValueError, "handle_unknown='mean' is not one of"),
    ],
)
def test_bad_parameters_are_named(params, error, message):
    X, Y, _ = holes()
    with pytest.raises(error, match=message):
        MultiTaskNystroemRidge(**params).fit(X, Y)


def test_scales_beyond_digits_are_no_trouble():
    X = np.column_stack([1e12 * np.arange(9.0), np.arange(9) % 2])
    model = MultiTaskNystroemRidge(1e-9, kernel="linear", task_column=-1).fit(X, np.arange(9.0))
    np.testing.assert_allclose(model.predict(X), np.arange(9.0), atol=1e-6)


def polynomial():
    """Samples on a large scale and options of a polynomial kernel."""
    X, Y, _ = holes(60)
    options = {"kernel": "poly", "gamma": 1.0, "n_components": 40, "random_state": 0}
    return 100 * (X + 3), Y, options


def test_the_order_of_samples_does_not_matter_to_huge_kernels():
    X, Y, options = polynomial()
    model = MultiTaskNystroemRidge(1e-6, **options)
    with pytest.warns(UserWarning, match="alpha is too small") as caught:
        predicted = model.fit(X, Y).predict(X)
    assert caught[0].filename == __file__
    assert model.jitter_ > 1
    with pytest.warns(UserWarning, match="alpha is too small"):
        turned = model.fit(X[::-1], Y[::-1]).predict(X)
    np.testing.assert_allclose(turned, predicted, atol=0.01)
    again = MultiTaskNystroemRidge(1e-6 + model.jitter_, **options).fit(X, Y)
    np.testing.assert_allclose(again.predict(X), predicted, atol=0.01)
    assert again.jitter_ == pytest.approx(0, abs=1e-6 * model.jitter_)


def test_strengths_of_huge_kernels_can_be_searched():
    X, Y, options = polynomial()
    model = MultiTaskNystroemRidgeCV([1e-9, 1e-6], **options)
    with pytest.warns(UserWarning, match="alpha is too small") as caught:
        model.fit(X, Y)
    assert caught[0].filename == __file__
    np.testing.assert_allclose(model.mse_path_[:, 0], model.mse_path_[:, 1])
    assert np.nanmean((model.predict(X) - Y) ** 2) < model.mse_path_.mean(axis=-1).min()


# Cross-validation


def patients():
    data = load_parkinsons()
    return data.X[::35], data.y[::35]


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_cross_validation_is_that_of_fits_without_the_fold(kernel):
    X, y = patients()
    params = {"kernel": kernel, "gamma": 0.01, "random_state": 0, "task_column": -1}
    params["n_components"] = 1000  # all samples: nothing depends on the draw
    cv = TaskStratifiedKFold(3, task_column=-1)
    given = {"alphas": [1.0, 0.01], "task_strengths": [0.0, 0.99], "cv": cv}
    model = MultiTaskNystroemRidgeCV(**given, **params).fit(X, y)
    errors = np.zeros((2, 2, 3))
    for k, (train, test) in enumerate(cv.split(X, y)):
        for i, strength in enumerate(given["task_strengths"]):
            for j, alpha in enumerate(given["alphas"]):
                one = MultiTaskNystroemRidge(alpha, task_strength=strength, **params)
                residuals = one.fit(X[train], y[train]).predict(X[test]) - y[test]
                tasks = X[test, -1]
                means = [np.mean(residuals[tasks == t] ** 2) for t in np.unique(tasks)]
                errors[i, j, k] = np.mean(means)
    # all samples in another order are other components: their kernels differ by what Nystroem clips
    np.testing.assert_allclose(model.mse_path_, errors, rtol=1e-5)
    best = np.unravel_index(np.argmin(np.nanmean(model.task_mse_path_, (-1, -2))), (2, 2))
    assert model.task_strength_ == given["task_strengths"][best[0]]
    assert model.alpha_ == given["alphas"][best[1]]
    params.update(task_strength=model.task_strength_)
    refit = MultiTaskNystroemRidge(model.alpha_, **params).fit(X, y)
    np.testing.assert_allclose(model.predict(X), refit.predict(X), rtol=1e-8)


def test_folds_that_are_read_again_give_the_same_path(monkeypatch):
    X, y = patients()
    params = {"gamma": 0.01, "n_components": 20, "random_state": 0, "task_column": -1}
    model = MultiTaskNystroemRidgeCV([0.1], task_strengths=[0.9], cv=3, **params)
    kept = model.fit(X, y).mse_path_
    monkeypatch.setattr("skmtl.datafits._folds._KEPT_FLOATS", 0)
    np.testing.assert_allclose(model.fit(X, y).mse_path_, kept, rtol=1e-8)


def test_errors_too_small_for_statistics_come_from_the_samples():
    X = np.column_stack([np.linspace(-1, 1, 60)[:, None] ** [1, 2], np.arange(60) % 2])
    y = 3 + X[:, 0]
    for kernel in ("linear", "poly"):
        model = MultiTaskNystroemRidgeCV(
            [1e-7], task_strengths=[0.5], kernel=kernel, gamma=1, task_column=-1, random_state=0
        )
        assert 0 <= model.fit(X, y).mse_path_.max() < 1e-10
    wide = MultiTaskNystroemRidgeCV([1e-7], task_strengths=[0.0], kernel="poly", gamma=1)
    assert 0 <= wide.fit(X[:, :2], np.column_stack([y, -y])).mse_path_.max() < 1e-10


def test_grid_search_finds_a_width_and_a_strength():
    X, y = patients()
    model = MultiTaskNystroemRidge(0.01, n_components=30, task_column=-1, random_state=0)
    grid = {"gamma": [1e-3, 1e-2], "task_strength": [0.0, 0.99]}
    cv = TaskStratifiedKFold(3, task_column=-1)
    search = GridSearchCV(model, grid, cv=cv, scoring="neg_mean_squared_error").fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alphas": [0.0, 1.0]}, "alphas == 0.0, must be > 0"),
        ({"alphas": []}, "alphas must be a number of alphas or a list of them"),
        ({"task_strengths": []}, "task_strengths is empty"),
        ({"task_strengths": [0.5, 2.0]}, "task_strengths == 2.0, must be <= 1"),
    ],
)
def test_bad_grids_are_named(params, message):
    X, Y, _ = holes()
    with pytest.raises(ValueError, match=message):
        MultiTaskNystroemRidgeCV(**params).fit(X, Y)
