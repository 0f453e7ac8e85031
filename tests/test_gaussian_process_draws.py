"""Gaussian processes with drawn parameters: quadrature, dense formulas, averages of processes."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process.kernels import RBF

from skmtl import MultiTaskGaussianProcessRegressor
from skmtl.gaussian_process._log_posterior import LogPosterior

FORMS = ["complete", "missing", "long"]
WEAK = {"n_restarts": 0, "normalize_y": False}


def data(form, seed=0, n=14):
    """Arguments of fit and of predict, for data of a form."""
    rng = np.random.default_rng(seed)
    X, new = rng.normal(size=(n, 2)), rng.normal(size=(5, 2))
    Y = np.sin(X @ rng.normal(size=(2, 3))) + 0.3 * rng.normal(size=(n, 3))
    if form == "missing":
        Y[rng.random(Y.shape) < 0.15] = np.nan
    if form != "long":
        return {"X": X, "y": Y}, {"X": new}
    tasks = np.repeat([0, 1, 2], [n - 9, 5, 4])
    return {"X": X, "y": Y[np.arange(n), tasks], "tasks": tasks}, {
        "X": new,
        "tasks": [0, 1, 2, 1, 0],
    }


def log_posterior(model, scale):
    """The log posterior of a fitted model, given sizes of its tasks; least noises are 1e-6."""
    square = np.square(scale)
    if not model.task_noise:
        square = np.mean(square, keepdims=True)
    bounds = np.full((len(model.theta_), 2), np.nan)
    bounds[-len(square) :, 0] = np.log(1e-6 * square)
    initial = SimpleNamespace(
        scale=np.asarray(scale),
        all_zero=np.zeros(len(scale), dtype=bool),
        bounds=bounds,
    )
    likelihood = model._marginal_likelihood(model._kernels)
    return LogPosterior(likelihood, initial, with_means=True)


def single_draws(model, train):
    """A model for each draw, with these parameters fixed."""
    params = {**model.get_params(), "optimizer": None, "n_draws": 0}
    return [
        MultiTaskGaussianProcessRegressor(**{**params, "initial_theta": theta}).fit(**train)
        for theta in model.theta_draws_
    ]


# ---------------------------------------------------------------- the log posterior


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("task_noise", [True, False])
@pytest.mark.parametrize("kernel", [None, [RBF(0.5), RBF(2.0)]], ids=["one", "two"])
def test_the_gradient_of_the_log_posterior_is_the_numerical_one(form, task_noise, kernel):
    train, _ = data(form)
    model = MultiTaskGaussianProcessRegressor(
        kernel, task_noise=task_noise, rank=2, optimizer=None
    ).fit(**train)
    density = log_posterior(model, [0.5, 1.0, 2.0])
    z = density.standardized(model.theta_)
    z += 0.3 * np.random.default_rng(0).normal(size=len(z))
    assert len(z) == len(model.theta_) + 3
    steps = 1e-5 * np.eye(len(z))
    found = [(density(z + step)[0] - density(z - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(density(z)[1], found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("task_noise", [True, False])
def test_the_prior_is_the_normal_distribution_that_is_documented(task_noise):
    train, _ = data("complete")
    kernel, scale = RBF([2.0, 3.0]), np.array([0.5, 1.0, 2.0])
    model = MultiTaskGaussianProcessRegressor(kernel, task_noise=task_noise, optimizer=None)
    model.fit(**train)
    density = log_posterior(model, scale)
    square = scale**2 if task_noise else np.mean(scale**2, keepdims=True)
    of_noise, least = slice(8, 8 + len(square)), 1e-6 * square
    mean = np.concatenate([np.log([2.0, 3.0]), np.zeros(6), np.log(0.1 * square), np.zeros(3)])
    variance = np.concatenate([[3.0, 3.0], scale**2, scale**2, np.ones(len(square)), scale**2])
    covariance = np.diag(variance)
    covariance[of_noise, of_noise] += 9.0
    normal = multivariate_normal(mean, covariance)

    def expected(z):
        parameters = np.concatenate(density.parameters(z))
        parameters[5:8] = np.copysign(np.sqrt(parameters[5:8]), z[5:8])
        parameters[of_noise] = np.log(np.exp(parameters[of_noise]) - least)
        return normal.logpdf(parameters)

    z, other = np.random.default_rng(0).normal(size=(2, len(mean)))
    difference = density.prior(z)[0] - density.prior(other)[0]
    np.testing.assert_allclose(difference, expected(z) - expected(other), rtol=1e-10)
    theta, _ = density.parameters(z)
    again, means = density.parameters(density.standardized(theta))
    np.testing.assert_allclose(again, theta, rtol=1e-12)
    np.testing.assert_array_equal(means, 0.0)


@pytest.mark.parametrize("form", FORMS)
def test_the_log_posterior_does_not_depend_on_the_units_of_y(form):
    train, _ = data(form)
    model = MultiTaskGaussianProcessRegressor(normalize_y=False, optimizer=None)
    scale, n_targets = np.array([0.5, 1.0, 2.0]), (~np.isnan(train["y"])).sum()
    model.fit(**train)
    one = log_posterior(model, scale)
    z = np.random.default_rng(0).normal(size=len(model.theta_) + 3)
    model.fit(**{**train, "y": 8 * train["y"]})
    other = log_posterior(model, 8 * scale)
    np.testing.assert_allclose(other(z)[0], one(z)[0] - n_targets * np.log(8), rtol=1e-8)
    np.testing.assert_allclose(other(z)[1], one(z)[1], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("form", FORMS[:2])
def test_wide_and_long_data_give_the_same_log_posterior(form):
    wide, _ = data(form)
    task, row = np.nonzero(~np.isnan(wide["y"].T))
    long = {"X": wide["X"][row], "y": wide["y"][row, task], "tasks": task}
    model = MultiTaskGaussianProcessRegressor(RBF([1.0, 2.0]), optimizer=None)
    one, other = (log_posterior(model.fit(**train), np.ones(3)) for train in (wide, long))
    z = np.random.default_rng(0).normal(size=len(model.theta_) + 3)
    np.testing.assert_allclose(other(z)[0], one(z)[0], rtol=1e-8)
    np.testing.assert_allclose(other(z)[1], one(z)[1], rtol=1e-6, atol=1e-8)


def test_averages_over_draws_are_those_by_quadrature():
    rng = np.random.default_rng(0)
    X, new = rng.uniform(0, 4, size=(8, 1)), np.array([[0.5], [2.0], [6.0]])
    y = np.sin(X) + 0.3 * rng.normal(size=(8, 1))
    params = {"kernel": RBF(1.0, "fixed"), "rank": 0, **WEAK}
    model = MultiTaskGaussianProcessRegressor(**params, n_draws=2000).fit(X, y)
    mean, std = model.predict(new, return_std=True)
    # by sqrt(kappa) and log noise on a grid
    s, y = np.sqrt(np.mean(y**2)), y[:, 0]
    K, Kx = np.exp(-0.5 * (X - X.T) ** 2), np.exp(-0.5 * (new - X.T) ** 2)
    grid = np.meshgrid(np.arange(1, 120, 2) / 24, np.linspace(-12, 6, 100), indexing="ij")
    root, log = (axis.ravel() for axis in grid)
    A = (root**2)[:, None, None] * K + np.exp(log)[:, None, None] * np.eye(8)
    cross = (root**2)[:, None, None] * Kx
    half, a = np.linalg.solve(A, cross.transpose(0, 2, 1)), np.linalg.solve(A, y[:, None])[..., 0]
    weights = norm(0, s).logpdf(root) + norm(np.log(0.1 * s**2), np.sqrt(10)).logpdf(log)
    weights += -0.5 * a @ y - 0.5 * np.linalg.slogdet(A)[1]
    weights = np.exp(weights - weights.max())
    weights /= weights.sum()
    means = np.einsum("gij,gj->gi", cross, a)
    variances = (root**2 + np.exp(log))[:, None] - np.einsum("gij,gji->gi", cross, half)
    expected = weights @ means
    spread = weights @ (variances + (means - expected) ** 2)
    np.testing.assert_allclose(mean[:, 0], expected, atol=0.03)
    np.testing.assert_allclose(std[:, 0], np.sqrt(spread), rtol=0.08)
    kappa, noise = model.theta_draws_.T
    np.testing.assert_allclose(np.sqrt(kappa).mean(), weights @ root, rtol=0.06)
    np.testing.assert_allclose(noise.mean(), weights @ log, atol=0.15)


# ---------------------------------------------------------------- predictions


@pytest.mark.parametrize("form", FORMS)
def test_predictions_are_averages_over_processes(form):
    train, new = data(form)
    model = MultiTaskGaussianProcessRegressor(**WEAK, n_draws=4).fit(**train)
    np.testing.assert_array_equal(model.mean_draws_, 0.0)
    assert model.theta_draws_.shape == (4, len(model.theta_))
    one = single_draws(model, train)
    for options in ({}, {"include_noise": False}):
        mean, std = model.predict(**new, return_std=True, **options)
        each = [single.predict(**new, return_std=True, **options) for single in one]
        means, stds = map(np.array, zip(*each, strict=True))
        np.testing.assert_allclose(mean, means.mean(axis=0), rtol=1e-8, atol=1e-10)
        variance = (stds**2).mean(axis=0) + means.var(axis=0)
        np.testing.assert_allclose(std, np.sqrt(variance), rtol=1e-8)
        _, cov = model.predict(**new, return_cov=True, **options)
        covs = [single.predict(**new, return_cov=True, **options)[1] for single in one]
        D = means - means.mean(axis=0)
        between = "mi,mj->ij" if form == "long" else "mia,mib->iab"
        expected = np.mean(covs, axis=0) + np.einsum(between, D, D) / len(D)
        np.testing.assert_allclose(cov, expected, rtol=1e-8, atol=1e-10)
    loo, std = model.loo_predict()
    each = [single.loo_predict() for single in one]
    means, stds = map(np.array, zip(*each, strict=True))
    np.testing.assert_allclose(loo, means.mean(axis=0), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(std**2, (stds**2).mean(axis=0) + means.var(axis=0), rtol=1e-8)
    _, all_std = model.predict_all_tasks(new["X"], return_std=True)
    columns = np.array([s.predict_all_tasks(new["X"], return_std=True) for s in one])
    variance = (columns[:, 1] ** 2).mean(axis=0) + columns[:, 0].var(axis=0)
    np.testing.assert_allclose(all_std, np.sqrt(variance), rtol=1e-8)


@pytest.mark.parametrize("form", FORMS)
def test_drawn_means_are_those_of_the_functions(form):
    train, new = data(form)
    model = MultiTaskGaussianProcessRegressor(n_restarts=0, n_draws=4).fit(**train)
    y, tasks = train["y"], train.get("tasks", slice(None))
    scale = np.nanstd(y, axis=0) * np.ones(3)
    if form == "long":
        scale = np.array([y[tasks == t].std() for t in range(3)])
    means, stds = [], []
    for theta, own in zip(model.theta_draws_, model.mean_draws_, strict=True):
        single = MultiTaskGaussianProcessRegressor(
            normalize_y=False, optimizer=None, initial_theta=theta
        ).fit(**{**train, "y": (y - own[tasks]) / scale[tasks]})
        mean, std = single.predict(**new, return_std=True)
        asked = new.get("tasks", slice(None))
        means.append(own[asked] + scale[asked] * mean)
        stds.append(scale[asked] * std)
    mean, std = model.predict(**new, return_std=True)
    np.testing.assert_allclose(mean, np.mean(means, axis=0), rtol=1e-8, atol=1e-10)
    variance = np.mean(np.square(stds), axis=0) + np.var(means, axis=0)
    np.testing.assert_allclose(std, np.sqrt(variance), rtol=1e-8)
    loo, _ = model.loo_predict()
    assert np.isfinite(loo[~np.isnan(y)]).all()
    average = model.set_params(handle_unknown="shared").predict_all_tasks(new["X"]).mean(axis=1)
    if form == "long":
        shared = model.predict(new["X"], tasks=[7] * 5)
        np.testing.assert_allclose(shared, average, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_samples_have_the_moments_of_the_average(form):
    train, new = data(form)
    model = MultiTaskGaussianProcessRegressor(n_restarts=0, n_draws=5).fit(**train)
    mean, std = model.predict(**new, return_std=True)
    draws = model.sample_y(**new, n_samples=20_000)
    assert draws.shape == (*mean.shape, 20_000)
    assert np.abs((draws.mean(axis=-1) - mean) / std).max() < 0.04
    np.testing.assert_allclose(draws.std(axis=-1), std, rtol=0.06)


def test_fitted_parameters_are_those_of_the_highest_likelihood():
    train, _ = data("complete")
    plain = MultiTaskGaussianProcessRegressor().fit(**train)
    model = MultiTaskGaussianProcessRegressor(n_draws=2).fit(**train)
    for name in ("theta_", "noise_", "task_covariance_", "log_marginal_likelihood_value_"):
        np.testing.assert_array_equal(getattr(model, name), getattr(plain, name))
    assert 0 <= model.acceptance_rate_ <= 1
    assert plain.theta_draws_.shape == (0, len(plain.theta_))
    again = model.set_params(n_draws=0).fit(**train)
    assert np.isnan(again.acceptance_rate_)
    np.testing.assert_array_equal(again.predict(train["X"]), plain.predict(train["X"]))


def test_draws_are_those_of_the_seed():
    train, _ = data("long")
    model = MultiTaskGaussianProcessRegressor(n_restarts=0, n_draws=5)
    draws = model.fit(**train).theta_draws_
    np.testing.assert_array_equal(model.fit(**train).theta_draws_, draws)
    assert not np.allclose(model.set_params(random_state=1).fit(**train).theta_draws_, draws)


def test_many_targets_leave_little_to_average():
    train, new = data("complete", n=100)
    mean, std = MultiTaskGaussianProcessRegressor().fit(**train).predict(**new, return_std=True)
    model = MultiTaskGaussianProcessRegressor(n_draws=40).fit(**train)
    found = model.predict(**new, return_std=True)
    assert np.all(np.abs(found[0] - mean) < 0.3 * std)
    np.testing.assert_allclose(found[1], std, rtol=0.35)
    np.testing.assert_allclose(np.median(found[1] / std), 1.0, atol=0.05)


def test_intervals_of_a_task_with_few_targets_hold_more():
    """The last task has ten targets and unknown noise, often estimated as nearly zero."""
    inside = {0: [], 40: []}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, tasks = rng.uniform(0, 3, size=(260, 2)), np.repeat([0, 1, 2, 2], [30, 20, 10, 200])
        K = np.exp(-0.5 * ((X[:, None] - X) ** 2).sum(axis=2) / 0.7**2) + 1e-8 * np.eye(260)
        loadings = rng.normal(size=3)
        B = np.outer(loadings, loadings) + 0.2 * np.eye(3)
        F = np.linalg.cholesky(K) @ rng.normal(size=(260, 3)) @ np.linalg.cholesky(B).T
        y = F[np.arange(260), tasks] + np.sqrt(0.2) * rng.normal(size=260)
        for n_draws, found in inside.items():
            model = MultiTaskGaussianProcessRegressor(n_restarts=0, n_draws=n_draws)
            model.fit(X[:60], y[:60], tasks=tasks[:60])
            mean, std = model.predict(X[60:], return_std=True, tasks=tasks[60:])
            found.append(np.mean(np.abs(y[60:] - mean) < 1.96 * std))
    plain, drawn = np.mean(inside[0]), np.mean(inside[40])
    assert plain < 0.86
    assert 0.88 < drawn < 0.98


def test_a_chain_that_cannot_move_is_named():
    train, _ = data("complete")
    narrow = RBF(1.0, (1.0, 1.0 + 1e-9))
    with pytest.warns(ConvergenceWarning, match="Of the 3 draws of the parameters 0% moved"):
        MultiTaskGaussianProcessRegressor(narrow, n_restarts=0, n_draws=3).fit(**train)


def test_tasks_without_noise_of_their_own_are_no_more_certain_than_others():
    X = np.random.default_rng(0).normal(size=(6, 2))
    model = MultiTaskGaussianProcessRegressor(n_draws=50, n_restarts=0)
    _, std = model.fit(X, 10.0 * np.arange(1, 7), tasks=np.arange(6)).predict(
        X, return_std=True, tasks=np.arange(6)
    )
    assert std.min() > np.sqrt(0.1)  # one target each: at least a tenth is noise


def test_a_constant_task_does_not_spoil_the_noise_of_the_others():
    noises = {}
    for constant in (False, True):
        found = []
        for seed in range(2):
            rng = np.random.default_rng(seed)
            X = rng.uniform(0, 3, size=(30, 2))
            Y = np.sin(2 * X @ rng.normal(size=(2, 3))) + 0.5 * rng.normal(size=(30, 3))
            Y[:, 0] = 7.0 if constant else Y[:, 0]
            model = MultiTaskGaussianProcessRegressor(n_draws=20, n_restarts=0).fit(X, Y)
            found.append(model.theta_draws_[:, -2:].mean())
            assert np.all(np.isfinite(model.predict(X, return_std=True)[1]))
        noises[constant] = np.mean(found)
    np.testing.assert_allclose(noises[True], noises[False], atol=0.5)


def test_bounds_that_bind_cut_the_posterior_off():
    train, _ = data("complete", n=10)
    free = MultiTaskGaussianProcessRegressor(RBF(0.3), n_restarts=0, n_draws=300).fit(**train)
    bounds = (0.1, 0.35)
    cut = MultiTaskGaussianProcessRegressor(RBF(0.3, bounds), n_restarts=0, n_draws=300)
    lengths = np.exp(cut.fit(**train).theta_draws_[:, 0])
    assert bounds[0] <= lengths.min()
    assert lengths.max() <= bounds[1]
    expected = np.exp(free.theta_draws_[:, 0])
    expected = expected[(expected > bounds[0]) & (expected < bounds[1])]
    assert len(expected) > 20
    np.testing.assert_allclose(lengths.mean(), expected.mean(), atol=0.03)
    np.testing.assert_allclose(lengths.std(), expected.std(), atol=0.03)


def test_draws_begin_within_bounds_though_the_given_theta_does_not():
    train, _ = data("complete")
    theta = MultiTaskGaussianProcessRegressor(RBF(1.0), optimizer=None).fit(**train).theta_
    theta[0] = 9.0
    model = MultiTaskGaussianProcessRegressor(
        RBF(1.0, (0.1, 10.0)), optimizer=None, initial_theta=theta, n_draws=20
    ).fit(**train)
    assert model.acceptance_rate_ > 0.2
    assert np.exp(model.theta_draws_[:, 0]).max() <= 10.0


def test_n_draws_is_checked():
    train, _ = data("complete")
    with pytest.raises(ValueError, match="n_draws"):
        MultiTaskGaussianProcessRegressor(n_draws=-1).fit(**train)
