"""Gaussian processes by inducing points: against the likelihood itself, and its identities."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process.kernels import RBF, Matern, WhiteKernel

from skmtl import (
    MultiTaskGaussianProcessRegressor,
    MultiTaskSparseGaussianProcessRegressor,
)
from skmtl._task_covariance.observations import Observations
from skmtl.gaussian_process._inducing_likelihood import InducingLikelihood
from skmtl.gaussian_process._marginal_likelihood import DenseMarginalLikelihood
from skmtl.gaussian_process._parameter_layout import ParameterLayout

KERNELS = {
    "rbf": RBF([1.0, 1.5]),
    "matern32": Matern([1.0, 2.0], nu=1.5),
    "matern52": Matern(1.3, nu=2.5),
}
N_TASKS = 3
JITTER = 1e-4  # what the noise of functions at inducing points, 1e-8, changes at most


def observations(form, rng, n=50):
    """Observations of n samples: own samples of each task, holes, or complete data."""
    if form == "long":
        task = np.sort(np.append(np.arange(N_TASKS), rng.integers(N_TASKS, size=n - N_TASKS)))
        sample = np.arange(n)
    else:
        observed = np.ones((n, N_TASKS), dtype=bool)
        if form == "holes":
            observed[:, 0] = rng.random(n) < 0.7
            observed[:, 2] = observed[:, 0]  # two tasks have the same samples
        task, sample = np.nonzero(observed.T)
    return Observations(sample, task, np.ones(len(task)), n, N_TASKS)


def likelihoods(form, kernel, rank=1, task_noise=True, seed=0):
    """The likelihood, a function that makes bounds with points Z, X and a theta."""
    rng = np.random.default_rng(seed)
    seen = observations(form, rng)
    X = rng.normal(size=(seen.n_samples, 2)) + 3.0
    y = rng.normal(size=len(seen))
    layout = ParameterLayout((kernel.n_dims,), (rank,), N_TASKS, task_noise)
    theta = rng.normal(size=len(layout))
    for term in layout.terms(theta):
        term.inputs[:] = kernel.theta
        term.kappa[:] = rng.random(N_TASKS)
    theta[layout.noise_span] -= 1.0
    data = kernel, X, y, seen, layout
    exact = DenseMarginalLikelihood([kernel], X, y, seen, layout)
    return exact, lambda Z: InducingLikelihood(*data, Z), X, theta


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("form", ["long", "holes", "wide"])
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_the_bound_at_all_samples_is_the_likelihood(form, rank, name):
    exact, bound, X, theta = likelihoods(form, KERNELS[name], rank)
    value, gradient = exact.value(theta)
    found, its_gradient = bound(X).value(theta)
    assert value - JITTER < found <= value + 1e-8
    np.testing.assert_allclose(its_gradient, gradient, atol=JITTER)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("form", ["long", "holes", "wide"])
def test_the_bound_is_below_the_likelihood_and_rises_with_points(form, seed):
    exact, bound, X, theta = likelihoods(form, KERNELS["matern32"], rank=2, seed=seed)
    values = [bound(X[:m]).value(theta, eval_gradient=False)[0] for m in (1, 5, 20)]
    assert values == sorted(values)
    assert values[-1] < exact.value(theta, eval_gradient=False)[0]


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("form", ["long", "holes", "wide"])
@pytest.mark.parametrize("task_noise", [True, False])
def test_gradient_is_that_of_differences(form, task_noise, name):
    _, bound, X, theta = likelihoods(form, KERNELS[name], rank=2, task_noise=task_noise)
    likelihood = bound(X[:9] + 0.1)
    _, gradient = likelihood.value(theta)
    step = 1e-5
    for k, derivative in enumerate(gradient):
        shift = np.zeros_like(theta)
        shift[k] = step
        above, _ = likelihood.value(theta + shift, eval_gradient=False)
        below, _ = likelihood.value(theta - shift, eval_gradient=False)
        np.testing.assert_allclose((above - below) / (2 * step), derivative, atol=1e-4)


# ---------------------------------------------------------------- the estimator


def functions(X):
    common = np.sin(X[:, 0]) + X[:, 1] ** 2 / 5
    return np.column_stack([common, -2 * common + 1, common + np.cos(X[:, 1])])


@pytest.fixture(scope="module")
def data():
    """Samples, targets with holes, and new samples."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (60, 2))
    Y = functions(X) + 0.2 * rng.normal(size=(60, N_TASKS))
    Y[rng.random(Y.shape) < 0.2] = np.nan
    return X, Y, rng.uniform(-2, 2, (7, 2))


def sparse(**params):
    return MultiTaskSparseGaussianProcessRegressor(**{"n_inducing": 15, **params})


def long_form(X, Y):
    """The same data with a sample for each target."""
    sample, task = np.nonzero(~np.isnan(Y))
    return X[sample], Y[sample, task], task


@pytest.mark.parametrize("handle_unknown", ["error", "shared"])
def test_predictions_at_all_samples_are_those_of_the_exact_process(data, handle_unknown):
    X, Y, new = data
    rows, y, task = long_form(X, Y)
    exact = MultiTaskGaussianProcessRegressor(n_restarts=0, handle_unknown=handle_unknown)
    exact.fit(rows, y, tasks=task)
    model = sparse(
        n_inducing=100,
        optimizer=None,
        initial_theta=exact.theta_,
        handle_unknown=handle_unknown,
    ).fit(rows, y, tasks=task)
    assert len(model.inducing_points_) == len(np.unique(rows, axis=0))
    bound = exact.log_marginal_likelihood_value_
    np.testing.assert_allclose(model.lower_bound_, bound, atol=1e-3)
    np.testing.assert_allclose(model.task_covariance_, exact.task_covariance_)
    np.testing.assert_allclose(model.noise_, exact.noise_)
    ids = np.arange(len(new)) % N_TASKS
    if handle_unknown == "shared":
        ids[::2] = 7
    for options in ({}, {"include_noise": False}):
        for kind in ("return_std", "return_cov"):
            found = model.predict(new, tasks=ids, **{kind: True}, **options)
            expected = exact.predict(new, tasks=ids, **{kind: True}, **options)
            for ours, theirs in zip(found, expected, strict=True):
                np.testing.assert_allclose(ours, theirs, atol=1e-4)
    every = model.predict_all_tasks(new, return_std=True)
    for ours, theirs in zip(every, exact.predict_all_tasks(new, return_std=True), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    draws = model.sample_y(new, 4000, tasks=ids)
    mean, std = model.predict(new, tasks=ids, return_std=True)
    np.testing.assert_allclose(draws.mean(axis=1), mean, atol=5 * std.max() / np.sqrt(4000))


def test_wide_and_long_data_have_the_same_optimum(data):
    X, Y, new = data
    wide = sparse(n_inducing=100, tol=1e-3).fit(X, Y)
    rows, y, task = long_form(X, Y)
    long = sparse(n_inducing=100, tol=1e-3).fit(rows, y, tasks=task)
    column = sparse(n_inducing=100, tol=1e-3, task_column=0)
    column.fit(np.column_stack([task, rows]), y)
    np.testing.assert_allclose(long.lower_bound_, wide.lower_bound_, atol=1e-3)
    np.testing.assert_allclose(column.lower_bound_, wide.lower_bound_, atol=1e-3)
    for new_of_wide, new_of_long in zip(
        wide.predict_all_tasks(new, return_std=True),
        long.predict_all_tasks(new, return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(new_of_wide, new_of_long, atol=0.01)
    mean, cov = wide.predict(new, return_cov=True)
    _, std = wide.predict(new, return_std=True)
    np.testing.assert_allclose(cov.diagonal(axis1=1, axis2=2), std**2)
    assert mean.shape == (len(new), N_TASKS)


def test_the_fit_reaches_the_optimum_of_the_likelihood(data):
    X, Y, _ = data
    exact = MultiTaskGaussianProcessRegressor(tol=1e-3).fit(X, Y)
    model = sparse(n_inducing=60, tol=1e-3).fit(X, Y)
    assert model.gradient_norm_ <= 1e-3
    assert model.lower_bound_ <= exact.log_marginal_likelihood_value_ + 0.05
    assert model.lower_bound_ >= exact.log_marginal_likelihood_value_ - 1.0


@pytest.mark.parametrize("change", ["order", "units of y", "shift of X", "units of X", "frames"])
def test_predictions_do_not_depend_on(data, change):
    X, Y, new = data
    expected, std = sparse(n_inducing=60, tol=1e-3).fit(X, Y).predict(new, return_std=True)
    factor = np.array([1.0, 1.0, 1.0])
    tasks = np.arange(N_TASKS)
    if change == "order":
        order = np.random.default_rng(1).permutation(len(X))
        tasks = np.array([2, 0, 1])
        X, Y = X[order], Y[order][:, tasks]
    if change == "units of y":
        factor = np.array([1e6, 1.0, 1e-6])
        Y = Y * factor
    if change == "shift of X":
        X, new = X + 1e3, new + 1e3
    if change == "units of X":
        X, new = X * [1e3, 1e-3], new * [1e3, 1e-3]
    if change == "frames":
        X, new = pd.DataFrame(X, columns=["a", "b"]), pd.DataFrame(new, columns=["a", "b"])
        Y = pd.DataFrame(Y, columns=["r", "s", "t"])
    model = sparse(n_inducing=60, tol=1e-3).fit(X, Y)
    mean, deviation = model.predict(new, return_std=True)
    np.testing.assert_allclose(mean / factor, expected[:, tasks], atol=0.01)
    np.testing.assert_allclose(deviation / factor, std[:, tasks], rtol=0.02)


def test_one_task_is_a_process_of_one_output(data):
    X, Y, new = data
    model = sparse(n_inducing=60, tol=1e-3).fit(X, Y[:, 1:2])
    exact = MultiTaskGaussianProcessRegressor(tol=1e-3).fit(X, Y[:, 1:2])
    np.testing.assert_allclose(model.predict(new), exact.predict(new), atol=0.01)
    assert model.task_correlation_ == 1.0


def test_many_samples_pass_through_all_stages():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (2100, 2))
    task = rng.integers(N_TASKS, size=2100)
    y = functions(X)[np.arange(2100), task] + 0.3 * rng.normal(size=2100)
    model = sparse(n_inducing=25).fit(X, y, tasks=task)
    assert model.gradient_norm_ <= model.tol
    assert model.inducing_points_.shape == (25, 2)
    new = rng.uniform(-2, 2, (500, 2))
    mean, std = model.predict_all_tasks(new, return_std=True, include_noise=False)
    errors = mean - functions(new)
    assert np.sqrt(np.mean(errors**2)) < 0.06
    np.testing.assert_allclose(model.noise_, 0.09, rtol=0.15)
    assert np.mean(np.abs(errors) < 1.645 * std) > 0.8
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_all_tasks(new), mean)
    assert len(pickle.dumps(model)) < 100_000  # no sample is kept
    np.testing.assert_array_equal(clone(model).fit(X, y, tasks=task).theta_, model.theta_)


def test_constant_samples_and_targets_are_no_obstacle(data):
    X, Y, _ = data
    model = sparse().fit(np.ones((60, 2)), Y)
    assert model.inducing_points_.shape == (1, 2)
    assert np.isfinite(model.predict(np.ones((2, 2)), return_std=True)).all()
    Y = Y.copy()
    Y[:, 1] = 3.0
    mean, std = sparse().fit(X, Y).predict(X, return_std=True)
    np.testing.assert_allclose(mean[:, 1], 3.0, atol=0.1)
    assert np.isfinite(std).all()


def test_what_cannot_be_is_refused(data):
    X, Y, _ = data
    with pytest.raises(ValueError, match="is not for inducing points"):
        sparse(kernel=RBF(1.0) + WhiteKernel()).fit(X, Y)
    with pytest.raises(ValueError, match="n_inducing"):
        sparse(n_inducing=0).fit(X, Y)
    with pytest.raises(ValueError, match="optimizer"):
        sparse(optimizer="adam").fit(X, Y)
    rows = np.arange(50_000.0)[:, None]
    with pytest.raises(ValueError, match="GB"):
        sparse(n_inducing=40_000).fit(rows, np.ones((50_000, 1)))
    with pytest.warns(ConvergenceWarning, match="tol"):
        sparse(tol=1e-13).fit(X, Y)
