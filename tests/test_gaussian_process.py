"""Gaussian processes of several tasks: dense formulas, refitting, scikit-learn's for one task."""

import warnings

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    CompoundKernel,
    ConstantKernel,
    DotProduct,
    Matern,
    RationalQuadratic,
    WhiteKernel,
)

from skmtl import (
    IndependentTasks,
    MultiTaskGaussianProcessRegressor,
    TaskStratifiedKFold,
    compare_to_single_task,
)
from skmtl._task_covariance.low_rank import LowRank
from skmtl._task_covariance.low_rank_likelihood import InverseByDirection, LowRankLikelihood
from skmtl.evaluation import single_task
from skmtl.gaussian_process import _search_warnings

N, T, D = 14, 3, 2
KERNELS = {
    "rbf": "rbf",
    "matern32": "matern32",
    "matern52": "matern52",
    "isotropic": RBF(0.7),
    "rough": Matern(0.7, nu=0.5),
    "isotropic Matern": Matern(0.8, nu=1.5),
    "sum": ConstantKernel(0.5) * RBF([1.0, 2.0]) + DotProduct(),
    "quadratic": RationalQuadratic(),
    "fixed": RBF(1.2, "fixed"),
    "noisy": RBF(0.8) + WhiteKernel(0.3),
}
HUGE = ConstantKernel(1e300, "fixed") * ConstantKernel(1e300, "fixed") * RBF()
FORMS = ["complete", "few missing", "many missing", "long"]


class Problem:
    """Data of one form, and the dense formulas of its targets."""

    def __init__(self, form, seed=0):
        rng = np.random.default_rng(seed)
        self.X = rng.normal(size=(N, D))
        self.Y = np.sin(self.X @ rng.normal(size=(D, T))) + 0.3 * rng.normal(size=(N, T))
        share = {"few missing": 0.15, "many missing": 0.5}.get(form, 0.0)
        self.Y[rng.random((N, T)) < share] = np.nan
        self.long = form == "long"
        self.task, self.sample = np.nonzero(~np.isnan(self.Y.T))
        if self.long:  # as if no sample were shared, in any order
            order = rng.permutation(N * T)
            self.task, self.sample = self.task[order], self.sample[order]
        self.y = self.Y[self.sample, self.task]
        self.new = rng.normal(size=(5, D))

    def fit(self, **params):
        model = MultiTaskGaussianProcessRegressor(**{"normalize_y": False, **params})
        if self.long:
            return model.fit(self.X[self.sample], self.y, tasks=self.task)
        return model.fit(self.X, self.Y)

    def at_random(self, seed=0, **params):
        """A model at a random theta, not optimized."""
        initial = self.fit(optimizer=None, **params)
        noise = np.random.default_rng(seed).normal(size=len(initial.theta_))
        theta = initial.theta_ + 0.4 * noise
        for term in initial._theta_layout.terms(theta):
            np.abs(term.kappa, out=term.kappa)
        return self.fit(optimizer=None, initial_theta=theta, **params)

    def dense(self, model, X, task, Z, other):
        """Covariances of functions of these tasks at samples X with those at samples Z."""
        kernels = model.kernel_ if isinstance(model.kernel_, list) else [model.kernel_]
        return sum(
            kernel(X, Z) * B[np.ix_(task, other)]
            for kernel, B in zip(kernels, model.task_covariances_, strict=True)
        )

    def covariance(self, model):
        kernels = model.kernel_ if isinstance(model.kernel_, list) else [model.kernel_]
        A = np.diag(model.noise_[self.task])
        X = self.X[self.sample]
        for kernel, B in zip(kernels, model.task_covariances_, strict=True):
            # a white kernel tells equal samples from the same sample
            K = kernel(X) if self.long else kernel(self.X)[np.ix_(self.sample, self.sample)]
            A += K * B[np.ix_(self.task, self.task)]
        return A

    def posterior(self, model):
        """Mean and covariance of all functions at the new samples, sample by sample."""
        new, task = np.repeat(self.new, T, axis=0), np.tile(np.arange(T), len(self.new))
        cross = self.dense(model, new, task, self.X[self.sample], self.task)
        half = np.linalg.solve(self.covariance(model), cross.T)
        return half.T @ self.y, self.dense(model, new, task, new, task) - cross @ half


@pytest.fixture(params=FORMS)
def problem(request):
    return Problem(request.param)


# ---------------------------------------------------------------- the likelihood


def numerical_gradient(model, step=1e-5):
    """Central differences of the log marginal likelihood."""
    steps = step * np.eye(len(model.theta_))
    ends = [[model.log_marginal_likelihood(model.theta_ + s * e) for s in (1, -1)] for e in steps]
    return -np.diff(ends, axis=1)[:, 0] / (2 * step)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_the_likelihood_is_that_of_the_dense_normal_distribution(problem, kernel):
    model = problem.at_random(kernel=kernel, rank=2)
    normal = multivariate_normal(np.zeros(len(problem.y)), problem.covariance(model))
    value = model.log_marginal_likelihood()
    np.testing.assert_allclose(value, normal.logpdf(problem.y), rtol=1e-10)
    assert value == model.log_marginal_likelihood_value_


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("task_noise", [True, False])
def test_the_gradient_is_the_numerical_one(problem, kernel, task_noise):
    model = problem.at_random(kernel=kernel, rank=2, task_noise=task_noise)
    _, gradient = model.log_marginal_likelihood(model.theta_, eval_gradient=True)
    numerical = numerical_gradient(model)
    np.testing.assert_allclose(gradient, numerical, rtol=1e-5, atol=1e-6)


def test_several_terms_add_up(problem):
    kernels = [RBF(0.5), Matern([1.0, 2.0], nu=1.5)]
    model = problem.at_random(kernel=kernels, rank=[1, 2])
    normal = multivariate_normal(np.zeros(len(problem.y)), problem.covariance(model))
    value, gradient = model.log_marginal_likelihood(eval_gradient=True)
    np.testing.assert_allclose(value, normal.logpdf(problem.y), rtol=1e-10)
    numerical = numerical_gradient(model)
    np.testing.assert_allclose(gradient, numerical, rtol=1e-5, atol=1e-6)
    assert model.theta_.size == (1 + T + T) + (2 + 2 * T + T) + T
    np.testing.assert_allclose(model.task_covariance_, model.task_covariances_.sum(axis=0))


@pytest.mark.parametrize("form", ["complete", "few missing"])
def test_all_solvers_are_one_model(form):
    problem = Problem(form)
    fast = problem.at_random(solver="schur", rank=2)  # kronecker where nothing is missing
    dense = problem.at_random(solver="cholesky", rank=2)
    assert fast.solver_ == {"complete": "kronecker", "few missing": "schur"}[form]
    for name in ("mean", "std"):
        outputs = [
            dict(zip(("mean", "std"), m.predict(problem.new, True), strict=True))[name]
            for m in (fast, dense)
        ]
        np.testing.assert_allclose(*outputs, rtol=1e-9)
    np.testing.assert_allclose(fast.loo_predict(), dense.loo_predict(), rtol=1e-9)
    gradients = [m.log_marginal_likelihood(eval_gradient=True)[1] for m in (fast, dense)]
    np.testing.assert_allclose(*gradients, rtol=1e-8, atol=1e-9)


def test_one_task_has_the_likelihood_of_scikit_learn():
    problem = Problem("complete")
    y = problem.Y[:, :1]
    model = MultiTaskGaussianProcessRegressor(RBF([0.5, 2.0]), optimizer=None).fit(problem.X, y)
    amplitude, noise = model.task_covariance_[0, 0], model.noise_[0]
    scale = y.var()
    kernel = ConstantKernel(amplitude / scale) * RBF([0.5, 2.0]) + WhiteKernel(noise / scale)
    peer = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True, alpha=0.0)
    peer.fit(problem.X, y[:, 0])
    np.testing.assert_allclose(
        model.log_marginal_likelihood(), peer.log_marginal_likelihood(), rtol=1e-10
    )
    for ours, theirs in zip(
        model.predict(problem.new, return_std=True),
        peer.predict(problem.new, return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(ours[:, 0], theirs, rtol=1e-8)


# ---------------------------------------------------------------- the search


@pytest.mark.parametrize("form", FORMS)
def test_every_seed_finds_the_same_optimum(form):
    problem = Problem(form)
    values = [
        problem.fit(kernel="matern52", rank=2, random_state=seed).log_marginal_likelihood_value_
        for seed in (0, 1)
    ]
    assert values[0] == pytest.approx(values[1], abs=0.05)


@pytest.mark.parametrize("form", ["complete", "few missing"])
def test_variable_projection_finds_what_the_joint_search_finds(form):
    problem = Problem(form, seed=1)
    fast, dense = (problem.fit(solver=solver, n_restarts=8) for solver in ("schur", "cholesky"))
    assert fast.log_marginal_likelihood_value_ > dense.log_marginal_likelihood_value_ - 0.05


def test_the_end_is_flat(problem):
    model = problem.fit(tol=1e-3)
    assert model.gradient_norm_ <= 1e-3
    rng = np.random.default_rng(0)
    for _ in range(10):
        theta = model.theta_ + 0.01 * rng.normal(size=len(model.theta_))
        for term in model._theta_layout.terms(theta):
            np.maximum(term.kappa, 0.0, out=term.kappa)
        assert model.log_marginal_likelihood(theta) <= model.log_marginal_likelihood_value_ + 1e-3


def test_parameters_that_generated_the_targets_are_found():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 100, size=(250, 1))
    B = np.array([[2.0, 1.5], [1.5, 1.5]])
    F = np.linalg.cholesky(RBF(1.5)(X) + 1e-9 * np.eye(len(X))) @ rng.normal(size=(len(X), 2))
    Y = F @ np.linalg.cholesky(B).T + rng.normal(size=F.shape) * [0.1, 0.5]
    model = MultiTaskGaussianProcessRegressor(normalize_y=False).fit(X, Y)
    np.testing.assert_allclose(model.length_scale_, 1.5, rtol=0.15)
    np.testing.assert_allclose(model.noise_, [0.01, 0.25], rtol=0.2)
    assert model.task_correlation_[0, 1] == pytest.approx(1.5 / np.sqrt(3), abs=0.08)


def test_no_optimizer_keeps_the_initial_values():
    problem = Problem("complete")
    theta = np.abs(np.random.default_rng(0).normal(size=D + T + T + T))
    model = problem.fit(optimizer=None, initial_theta=theta)
    np.testing.assert_array_equal(model.theta_, theta)
    np.testing.assert_allclose(model.length_scale_, np.exp(theta[:D]))
    L, kappa = theta[D : D + T], theta[D + T : D + 2 * T]
    np.testing.assert_allclose(model.task_covariance_, np.outer(L, L) + np.diag(kappa))
    np.testing.assert_allclose(model.noise_, np.exp(theta[-T:]))


@pytest.mark.parametrize(("form", "seed"), [("complete", 0), ("few missing", 1), ("long", 0)])
def test_more_rank_is_never_worse(form, seed):
    problem = Problem(form, seed)
    values = [problem.fit(rank=rank).log_marginal_likelihood_value_ for rank in range(3)]
    assert np.diff(values).min() > -0.1


@pytest.mark.parametrize("seed", range(3))
def test_the_searches_of_both_data_forms_end_alike(seed):
    wide, long = Problem("complete", seed), Problem("long", seed)
    values = [problem.fit().log_marginal_likelihood_value_ for problem in (wide, long)]
    assert values[0] == pytest.approx(values[1], abs=0.55)  # nats


def test_terms_of_one_name_have_different_initial_values():
    model = Problem("complete").fit(kernel=["rbf", "rbf"], n_restarts=0, optimizer=None)
    small, large = (kernel.length_scale for kernel in model.kernel_)
    np.testing.assert_allclose(large, 9 * small)


def test_own_optimizers_are_taken():
    problem, calls = Problem("few missing"), []

    def optimizer(objective, theta, bounds):
        calls.append(objective(theta, eval_gradient=False))
        found = minimize(objective, theta, jac=True, bounds=bounds, method="L-BFGS-B")
        return found.x, found.fun

    model = problem.fit(optimizer=optimizer, tol=1.0)
    assert len(calls) == 1
    assert model.log_marginal_likelihood_value_ > -calls[0]


def test_a_search_that_cannot_end_warns():
    with pytest.warns(Warning, match="above tol=1e-300"):
        Problem("complete").fit(tol=1e-300)


def test_a_fit_that_takes_long_says_so(monkeypatch):
    monkeypatch.setattr(_search_warnings, "_MANY", 20)
    X = np.random.default_rng(0).normal(size=(21, 1))
    with pytest.warns(UserWarning, match="order 21, .* MultiTaskSparse"):
        MultiTaskGaussianProcessRegressor(optimizer=None).fit(X, np.c_[X, X])
    with pytest.warns(UserWarning, match="order 42"):
        MultiTaskGaussianProcessRegressor(optimizer=None, solver="cholesky").fit(X, np.c_[X, X])


def test_fixed_kernels_stay():
    model = Problem("complete").fit(kernel=RBF(1.2, "fixed"))
    assert model.kernel_ == RBF(1.2, "fixed")
    assert model.length_scale_ == 1.2


# ---------------------------------------------------------------- predictions


def columns(problem, model, *arguments, **options):
    """Mean and standard deviation of all tasks at the new samples, (n, T)."""
    if not problem.long:
        return model.predict(problem.new, return_std=True, **options)
    parts = [
        model.predict(problem.new, return_std=True, tasks=np.full(len(problem.new), t), **options)
        for t in range(T)
    ]
    return [np.column_stack(part) for part in zip(*parts, strict=True)]


@pytest.mark.parametrize("kernel", ["rbf", [RBF(0.5), Matern(2.0)]], ids=["one", "two"])
def test_predictions_are_those_of_the_dense_formulas(problem, kernel):
    model = problem.at_random(kernel=kernel, rank=2)
    mean, covariance = problem.posterior(model)
    variance = covariance.diagonal().reshape(-1, T)
    for include_noise in (True, False):
        found = columns(problem, model, include_noise=include_noise)
        np.testing.assert_allclose(found[0], mean.reshape(-1, T), rtol=1e-8, atol=1e-10)
        expected = np.sqrt(variance + include_noise * model.noise_)
        np.testing.assert_allclose(found[1], expected, rtol=1e-8)
    for one, other in zip(
        model.predict_all_tasks(problem.new, return_std=True), columns(problem, model), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-10)
    np.testing.assert_allclose(model.predict_all_tasks(problem.new), found[0], rtol=1e-10)


@pytest.mark.parametrize("form", FORMS[:3])
def test_covariances_of_tasks_are_those_of_the_dense_formulas(form):
    problem = Problem(form)
    model = problem.at_random(rank=2)
    _, covariance = problem.posterior(model)
    blocks = covariance.reshape(len(problem.new), T, len(problem.new), T)
    for include_noise in (True, False):
        _, found = model.predict(problem.new, return_cov=True, include_noise=include_noise)
        for i, block in enumerate(found):
            expected = blocks[i, :, i] + include_noise * np.diag(model.noise_)
            np.testing.assert_allclose(block, expected, atol=1e-10)


def test_covariances_of_samples_with_tasks_are_those_of_the_dense_formulas():
    problem = Problem("long")
    model = problem.at_random(rank=2)
    tasks = np.array([0, 2, 1, 2, 0])
    picked = np.arange(5) * T + tasks
    expected = problem.posterior(model)[1][np.ix_(picked, picked)]
    _, found = model.predict(problem.new, return_cov=True, tasks=tasks, include_noise=False)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    _, noisy = model.predict(problem.new, return_cov=True, tasks=tasks)
    np.testing.assert_allclose(noisy - found, np.diag(model.noise_[tasks]), atol=1e-12)


def test_draws_have_the_moments_of_the_posterior(problem):
    model = problem.at_random(rank=2)
    mean, covariance = problem.posterior(model)
    if problem.long:
        new, tasks = np.repeat(problem.new, T, axis=0), np.tile(np.arange(T), len(problem.new))
        draws = model.sample_y(new, 20_000, tasks=tasks, include_noise=False)
    else:
        draws = model.sample_y(problem.new, 20_000, include_noise=False)
        assert draws.shape == (len(problem.new), T, 20_000)
    draws = draws.reshape(len(mean), -1)
    deviations = np.sqrt(covariance.diagonal())
    assert np.abs((draws.mean(axis=1) - mean) / deviations).max() < 0.05
    scale = np.outer(deviations, deviations)
    np.testing.assert_allclose(np.cov(draws) / scale, covariance / scale, atol=0.05)


def test_draws_depend_on_the_seed_alone():
    problem = Problem("complete")
    model = problem.at_random()
    first, again, other = (model.sample_y(problem.new, random_state=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_leave_one_out_is_refitting_without_the_target(problem):
    model = problem.at_random(rank=1)
    mean, std = model.loo_predict()
    for i in (0, 3, len(problem.y) - 1):
        kept = np.delete(np.arange(len(problem.y)), i)
        other = clone(model)
        X, task = problem.X[problem.sample[[i]]], problem.task[[i]]
        place = i if problem.long else (problem.sample[i], problem.task[i])
        if problem.long:
            other.fit(problem.X[problem.sample[kept]], problem.y[kept], tasks=problem.task[kept])
            expected = other.predict(X, return_std=True, tasks=task)
        else:
            Y = problem.Y.copy()
            Y[place] = np.nan
            expected = [z[:, task[0]] for z in other.fit(problem.X, Y).predict(X, True)]
        np.testing.assert_allclose(mean[place], expected[0][0], rtol=1e-8)
        np.testing.assert_allclose(std[place], expected[1][0], rtol=1e-8)
    if not problem.long:
        np.testing.assert_array_equal(np.isnan(mean), np.isnan(problem.Y))


def test_independent_tasks_have_their_own_processes():
    problem = Problem("few missing")
    model = problem.at_random(kernel=RBF([0.5, 2.0]), rank=0)
    kernel = model.kernel_
    for t in range(T):
        seen = ~np.isnan(problem.Y[:, t])
        peer = GaussianProcessRegressor(
            model.task_covariance_[t, t] * kernel, alpha=model.noise_[t], optimizer=None
        ).fit(problem.X[seen], problem.Y[seen, t])
        expected = peer.predict(problem.new, return_std=True)
        found = model.predict(problem.new, return_std=True, include_noise=False)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one[:, t], other, rtol=1e-7)


def test_unseen_tasks_get_the_average_function_and_mean_variance():
    problem = Problem("long")
    model = problem.at_random(handle_unknown="shared")
    unseen = np.full(len(problem.new), 99)
    mean, std = model.predict(problem.new, return_std=True, tasks=unseen, include_noise=False)
    everyone = model.predict_all_tasks(problem.new)
    np.testing.assert_allclose(mean, everyone.mean(axis=1), rtol=1e-10)
    far = np.full((1, D), 1e3)  # where targets say nothing
    prior = model.predict(far, return_std=True, tasks=[99], include_noise=False)[1]
    np.testing.assert_allclose(prior**2, model.task_covariance_.diagonal().mean(), rtol=1e-10)
    assert (std <= prior).all()


def test_the_size_of_batches_does_not_matter(monkeypatch):
    problem = Problem("many missing")
    model = problem.at_random()
    whole = model.predict(problem.new, return_std=True)
    monkeypatch.setattr("skmtl.gaussian_process._prediction._FLOATS", 1)
    for one, other in zip(model.predict(problem.new, return_std=True), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


# ---------------------------------------------------------------- identities


def test_units_of_y_do_not_matter(problem):
    plain = problem.fit(normalize_y=True, tol=1e-5)
    problem.Y, problem.y = 1e6 * problem.Y - 3e6, 1e6 * problem.y - 3e6
    other = problem.fit(normalize_y=True, tol=1e-5)
    for one, two, shift in zip(
        columns(problem, plain), columns(problem, other), (3e6, 0), strict=True
    ):
        np.testing.assert_allclose(1e6 * one - shift, two, rtol=1e-5)
    np.testing.assert_allclose(other.noise_, 1e12 * plain.noise_, rtol=1e-5)
    np.testing.assert_allclose(other.task_correlation_, plain.task_correlation_, atol=1e-5)


def test_the_order_of_tasks_does_not_matter():
    problem = Problem("few missing")
    plain = problem.fit(tol=1e-4)
    turned = MultiTaskGaussianProcessRegressor(normalize_y=False, tol=1e-4)
    turned.fit(problem.X, problem.Y[:, ::-1])
    np.testing.assert_allclose(
        turned.predict(problem.new)[:, ::-1], plain.predict(problem.new), rtol=1e-3, atol=1e-3
    )


def test_tasks_that_are_copies_are_perfectly_correlated():
    problem = Problem("complete")
    Y = problem.Y[:, :1] * [1.0, -2.0]
    model = MultiTaskGaussianProcessRegressor(normalize_y=False).fit(problem.X, Y)
    assert model.task_correlation_[0, 1] < -0.98


# ---------------------------------------------------------------- hard data and bad input


@pytest.mark.parametrize("value", [0.0, 1 / 3, -1e9])
def test_constant_targets_are_predicted_as_such(value):
    problem = Problem("complete")
    problem.Y[:, 1] = value
    model = problem.fit(normalize_y=True)
    mean, std = model.predict(problem.new, return_std=True)
    np.testing.assert_allclose(mean[:, 1], value, rtol=1e-3, atol=1e-3)
    assert (std[:, 1] < 0.02).all()
    np.testing.assert_allclose(model.task_correlation_[1], [0.0, 1.0, 0.0], atol=1e-6)
    without = problem.Y[:, [0, 2]]
    others = MultiTaskGaussianProcessRegressor().fit(problem.X, without)
    np.testing.assert_allclose(
        mean[:, [0, 2]], others.predict(problem.new), rtol=0.02, atol=0.02 * without.std()
    )


def test_duplicate_samples_and_a_single_sample_are_fitted():
    problem = Problem("complete")
    twice = MultiTaskGaussianProcessRegressor().fit(
        np.vstack([problem.X, problem.X]), np.vstack([problem.Y, problem.Y])
    )
    assert np.isfinite(twice.predict(problem.new, return_std=True)).all()
    one = MultiTaskGaussianProcessRegressor().fit(problem.X[:1], problem.Y[:1])
    np.testing.assert_allclose(one.predict(problem.new), np.tile(problem.Y[:1], (5, 1)))


@pytest.mark.parametrize("unit", [1e8, 1e-8])
def test_one_target_is_no_certainty(unit):
    problem = Problem("complete")
    Y = unit * problem.Y
    Y[1:, 2] = np.nan
    model = MultiTaskGaussianProcessRegressor().fit(problem.X, Y)
    mean, std = model.predict(problem.new, return_std=True)
    assert np.abs(mean).max() < 10 * np.nanstd(Y)
    assert (std[:, 2] > 0.2 * np.nanstd(Y)).all()
    everyone = MultiTaskGaussianProcessRegressor().fit(
        problem.X, np.full((N, T), np.nan_to_num(Y[0]))
    )
    assert np.isfinite(everyone.predict(problem.new)).all()


@pytest.mark.parametrize("solver", ["kronecker", "cholesky"])
def test_noise_that_rounding_would_lose_is_raised_and_stated(solver):
    X = np.repeat(np.random.default_rng(0).normal(size=(5, 1)), 30, axis=0)
    kernel = DotProduct(1.0, "fixed") * ConstantKernel(1e16, "fixed")
    model = MultiTaskGaussianProcessRegressor(
        kernel, solver=solver, optimizer=None, normalize_y=False
    )
    with pytest.warns(UserWarning, match="noise is too small for the size of the kernel"):
        model.fit(X, np.column_stack([X, -X]))
    assert model.jitter_ > 0
    np.testing.assert_allclose(model.predict(X), np.column_stack([X, -X]), atol=1e-6)
    _, gradient = model.log_marginal_likelihood(eval_gradient=True)
    np.testing.assert_array_equal(gradient[-2:], 0.0)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"kernel": "linear"}, ValueError, "kernel='linear' is neither one of"),
        ({"kernel": []}, ValueError, "empty list"),
        ({"kernel": 3}, ValueError, "kernel=3 is neither"),
        ({"rank": -1}, ValueError, "rank"),
        ({"rank": [1, 2]}, ValueError, r"rank=\[1, 2\] is neither"),
        ({"rank": "full"}, ValueError, "rank='full' is neither"),
        ({"task_noise": 1}, TypeError, "task_noise"),
        ({"optimizer": "adam"}, ValueError, "optimizer='adam' is not one of"),
        ({"n_restarts": -1}, ValueError, "n_restarts"),
        ({"tol": 0}, ValueError, "tol"),
        ({"solver": "lu"}, ValueError, "solver='lu' is not one of"),
        ({"kernel": RBF([1.0, 2.0, 3.0])}, ValueError, "is not for X of 2 features"),
        ({"kernel": CompoundKernel([RBF(), RBF()])}, ValueError, "gives 3 dimensions"),
        ({"initial_theta": [1.0, 2.0]}, ValueError, "initial_theta"),
        ({"kernel": ["rbf", "rbf"], "solver": "kronecker"}, ValueError, "is for one kernel"),
    ],
)
def test_bad_parameters_are_named(params, error, message):
    problem = Problem("complete")
    with pytest.raises(error, match=message):
        problem.fit(**params)


def test_the_data_may_change_after_the_fit():
    for form in ("complete", "long"):
        problem = Problem(form)
        model, new = problem.fit(optimizer=None), problem.new.copy()
        before = model.predict_all_tasks(new)
        model.X_train_.flags.writeable = False
        problem.X *= 2
        problem.Y *= 2
        np.testing.assert_array_equal(model.predict_all_tasks(new), before)


def test_length_scales_are_those_of_the_kernel_at_hand():
    problem = Problem("complete")
    model = MultiTaskGaussianProcessRegressor(optimizer=None).fit(problem.X, problem.Y)
    assert model.length_scale_.shape == (D,)
    model.set_params(kernel=DotProduct()).fit(problem.X, problem.Y)
    assert not hasattr(model, "length_scale_")


def test_parameters_without_a_covariance_have_no_likelihood():
    model = Problem("complete").fit(optimizer=None)
    value, gradient = model.log_marginal_likelihood(np.full(len(model.theta_), 800.0), True)
    assert value == -np.inf
    np.testing.assert_array_equal(gradient, 0.0)


@pytest.mark.parametrize("solver", ["kronecker", "cholesky"])
def test_numbers_beyond_floats_are_named(solver):
    problem = Problem("complete")
    with (
        pytest.raises(ValueError, match="gives NaN or infinity between samples of X"),
        np.errstate(all="ignore"),
    ):
        problem.fit(kernel=HUGE, solver=solver)
    with pytest.raises(ValueError, match=r"X has .* in column 0: squares of numbers beyond 1e\+70"):
        MultiTaskGaussianProcessRegressor(solver=solver).fit(1e200 * problem.X, problem.Y)
    with pytest.raises(ValueError, match=r"y has .* squares of numbers beyond 1e\+70"):
        MultiTaskGaussianProcessRegressor(solver=solver).fit(problem.X, 1e200 * problem.Y)
    with pytest.raises(ValueError, match="The optimizer returned 3"):
        problem.fit(optimizer=lambda objective, theta, bounds: 3, solver=solver)
    with pytest.raises(ValueError, match="The likelihood is not finite"), np.errstate(all="ignore"):
        problem.fit(optimizer=lambda objective, theta, bounds: (theta + 1e3, 0.0), solver=solver)


def test_bad_calls_are_named():
    problem = Problem("complete")
    model = problem.fit(optimizer=None)
    with pytest.raises(ValueError, match="At most one of return_std and return_cov"):
        model.predict(problem.new, return_std=True, return_cov=True)
    with pytest.raises(ValueError, match="theta"):
        model.log_marginal_likelihood(np.zeros(3))
    with pytest.raises(ValueError, match="negative kappa, -1"):
        model.log_marginal_likelihood(np.full(len(model.theta_), -1.0))
    with pytest.raises(ValueError, match="n_samples"):
        model.sample_y(problem.new, 0)
    for method in (model.predict, model.predict_all_tasks, model.sample_y):
        with pytest.raises(TypeError, match="include_noise must be True or False, got 2"):
            method(problem.new, include_noise=2)
    with pytest.raises(ValueError, match="needs two-dimensional y without missing labels"):
        Problem("few missing").fit(solver="kronecker")


def test_it_is_compared_with_a_process_for_each_task():
    problem = Problem("complete")
    model = MultiTaskGaussianProcessRegressor(n_restarts=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        report = compare_to_single_task(model, problem.X, problem.Y, cv=TaskStratifiedKFold(2))
    assert np.isfinite(report.table_["error_single"]).all()
    single_task_models = IndependentTasks(single_task(model)).fit(problem.X, problem.Y)
    own = MultiTaskGaussianProcessRegressor(n_restarts=0).fit(problem.X, problem.Y[:, :1])
    np.testing.assert_allclose(
        single_task_models.predict(problem.new)[:, 0], own.predict(problem.new)[:, 0], rtol=1e-10
    )


def test_the_covariance_of_complete_data_is_a_kronecker_product():
    problem = Problem("complete")
    model = problem.at_random()
    B, K = model.task_covariance_, model.kernel_(problem.X)
    noise = block_diag(*(np.eye(N) * v for v in model.noise_))
    np.testing.assert_allclose(problem.covariance(model), np.kron(B, K) + noise, atol=1e-12)


class Indefinite(RBF):
    """An RBF kernel less a constant: no kernel, but the noise may make up for it."""

    def __call__(self, X, Y=None, eval_gradient=False):
        K = RBF(self.length_scale)(X, Y)
        return K - 0.5

    def diag(self, X):
        return np.full(len(X), 0.5)


def test_an_indefinite_kernel_is_the_same_to_all_solvers():
    problem = Problem("complete")
    theta = np.concatenate([np.full(T, 0.3), np.full(T, 0.1), np.zeros(T)])
    values = []
    predictions = []
    for solver in ("kronecker", "cholesky"):
        model = problem.fit(
            kernel=Indefinite(1.0, "fixed"), optimizer=None, initial_theta=theta, solver=solver
        )
        values.append(model.log_marginal_likelihood_value_)
        predictions.append(model.predict(problem.new))
    K = Indefinite()(problem.X)
    assert np.linalg.eigvalsh(K)[0] < -0.1
    assert values[0] == pytest.approx(values[1], rel=1e-10)
    np.testing.assert_allclose(predictions[0], predictions[1], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_loadings_of_many_tasks_are_solved_in_all_ways(rank):
    rng = np.random.default_rng(0)
    n_tasks = 5
    X = rng.normal(size=(8, 2))
    Y = rng.normal(size=(8, n_tasks))
    theta = np.concatenate(
        [[0.2], rng.normal(size=n_tasks * rank), rng.uniform(0, 1, n_tasks), rng.normal(size=5)]
    )
    options = {"rank": rank, "optimizer": None, "initial_theta": theta, "normalize_y": False}
    fast, slow = (
        MultiTaskGaussianProcessRegressor(RBF(1.0), solver=solver, **options).fit(X, Y)
        for solver in ("kronecker", "cholesky")
    )
    value, gradient = fast.log_marginal_likelihood(theta, eval_gradient=True)
    expected, expected_gradient = slow.log_marginal_likelihood(theta, eval_gradient=True)
    assert value == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-8, atol=1e-9)
    new = rng.normal(size=(4, 2))
    for found, dense in zip(
        fast.predict(new, return_std=True) + fast.loo_predict(),
        slow.predict(new, return_std=True) + slow.loo_predict(),
        strict=True,
    ):
        np.testing.assert_allclose(found, dense, rtol=1e-8, atol=1e-10)
    _, cov = fast.predict(new, return_cov=True)
    np.testing.assert_allclose(cov, slow.predict(new, return_cov=True)[1], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("apart", [1.0, 1e-3, 1e-9, 0.0])
def test_loadings_that_are_nearly_parallel_cost_no_digits(apart):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 3)), rng.normal(size=(40, 4))
    K = RBF()(X)
    loadings = rng.normal(size=(4, 1)) @ [[1, 2]] + apart * rng.normal(size=(4, 2))
    B, noise = LowRank(0.1 * rng.random(4), loadings), 0.01 * rng.random(4)
    A = np.kron(np.asarray(B), K) + np.kron(np.diag(noise), np.eye(40))
    dual = np.linalg.solve(A, Y.T.ravel())
    expected = multivariate_normal(cov=A).logpdf(Y.T.ravel())
    likelihood = LowRankLikelihood(K, Y)
    assert likelihood.at(B, noise).value == pytest.approx(expected, rel=1e-9)
    U = likelihood.spectrum.U
    inverse = InverseByDirection(likelihood.spectrum.values, B, noise)
    dual_matrix = U @ inverse.times(U.T @ Y)
    np.testing.assert_allclose(dual_matrix.T.ravel(), dual, rtol=0, atol=1e-9 * abs(dual).max())
