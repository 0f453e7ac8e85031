"""Gaussian process classification: scikit-learn's with the covariance of all tasks as a kernel."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, Kernel, Matern
from sklearn.metrics import log_loss

from skmtl import MultiTaskGaussianProcessClassifier
from skmtl.evaluation import single_task
from skmtl.gaussian_process._averaged_log_odds import averaged_log_odds, averaged_probability
from skmtl.gaussian_process._laplace import find_mode

N, T, D = 14, 3, 2
FORMS = ["complete", "missing", "long"]
KERNELS = {
    "rbf": "rbf",
    "matern32": "matern32",
    "isotropic": RBF(0.7),
    "sum": ConstantKernel(0.5) * RBF([1.0, 2.0]) + DotProduct(),
    "several": [RBF(0.5), Matern([1.0, 2.0], nu=1.5)],
}
QUADRATURE = 5e-4  # by how much scikit-learn's probabilities are off


class Problem:
    """Labels in one form of data."""

    def __init__(self, form):
        rng = np.random.default_rng(1)
        self.X = rng.normal(size=(N, D))
        F = np.sin(2 * self.X @ rng.normal(size=(D, T))) + [0.0, 0.5, -0.5]
        self.Y = (F + 0.5 * rng.normal(size=(N, T)) > 0).astype(float)
        if form != "complete":
            self.Y[rng.random((N, T)) < 0.2] = np.nan
        self.long = form == "long"
        self.task, self.sample = np.nonzero(~np.isnan(self.Y.T))
        if self.long:
            order = rng.permutation(len(self.task))
            self.task = self.task[order]
            self.sample = self.sample[order]
        self.y = self.Y[self.sample, self.task].astype(int)
        self.new = rng.normal(size=(5, D))

    def fit(self, **params):
        model = MultiTaskGaussianProcessClassifier(**params)
        if self.long:
            return model.fit(self.X[self.sample], self.y, tasks=self.task)
        return model.fit(self.X, self.Y)

    def at_random(self, **params):
        """A model at a random theta, not optimized."""
        initial = self.fit(optimizer=None, **params)
        noise = np.random.default_rng(0).normal(size=len(initial.theta_))
        theta = initial.theta_ + 0.4 * noise
        for term in initial._theta_layout.terms(theta):
            np.abs(term.kappa, out=term.kappa)
        return self.fit(optimizer=None, initial_theta=theta, **params)

    def probabilities(self, model):
        """Probabilities of class 1 of all tasks at the new samples, task by task."""
        if not self.long:
            return np.concatenate([p[:, 1] for p in model.predict_proba(self.new)])
        new = np.tile(self.new, (T, 1))
        return model.predict_proba(new, tasks=np.repeat(np.arange(T), 5))[:, 1]

    def oracle(self, model):
        """scikit-learn's model of samples with the task as last column, and its new samples."""
        one = GaussianProcessClassifier(AllTasks(model), optimizer=None)
        one.fit(np.column_stack([self.X[self.sample], self.task]), self.y)
        new = np.column_stack([np.tile(self.new, (T, 1)), np.repeat(np.arange(T), 5)])
        return one, new


class AllTasks(Kernel):
    """The covariance that a fitted model has between pairs of a sample and a task."""

    def __init__(self, model):
        self.model = model

    def __sklearn_clone__(self):
        return self

    def __call__(self, X, Y=None, eval_gradient=False):
        Y = X if Y is None else Y
        X, s = X[:, :-1], X[:, -1].astype(int)
        Y, t = Y[:, :-1], Y[:, -1].astype(int)
        model = self.model
        kernels = model.kernel_ if isinstance(model.kernel_, list) else [model.kernel_]
        total = 0.0
        for kernel, B in zip(kernels, model.task_covariances_, strict=True):
            total = total + kernel(X, Y) * B[np.ix_(s, t)]
        if model.fit_intercept:
            total = total + 100 + np.exp(model.theta_[-1]) * (s[:, None] == t)
        return total

    def diag(self, X):
        return self(X).diagonal()

    def is_stationary(self):
        return False


@pytest.fixture(params=FORMS)
def problem(request):
    return Problem(request.param)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_it_is_scikit_learns_with_the_covariance_of_all_tasks(problem, kernel, fit_intercept):
    model = problem.at_random(kernel=kernel, rank=2, fit_intercept=fit_intercept)
    oracle, new = problem.oracle(model)
    expected = oracle.log_marginal_likelihood_value_
    assert model.log_marginal_likelihood_value_ == pytest.approx(expected, rel=1e-8)
    p = problem.probabilities(model)
    np.testing.assert_allclose(p, oracle.predict_proba(new)[:, 1], atol=QUADRATURE)
    mean, variance = oracle.latent_mean_and_variance(new)
    np.testing.assert_allclose(p, averaged_probability(mean, variance), rtol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_gradient_is_the_numerical_one(problem, kernel, fit_intercept):
    model = problem.at_random(kernel=kernel, rank=2, fit_intercept=fit_intercept)
    theta = model.theta_
    value, gradient = model.log_marginal_likelihood(theta, eval_gradient=True)
    assert value == pytest.approx(model.log_marginal_likelihood(), rel=1e-9)
    numerical = []
    for step in 1e-5 * np.eye(len(theta)):
        ends = [model.log_marginal_likelihood(theta + sign * step) for sign in (1, -1)]
        numerical.append((ends[0] - ends[1]) / 2e-5)
    np.testing.assert_allclose(gradient, numerical, rtol=1e-5, atol=1e-6)


def test_one_task_has_scikit_learns_gradient():
    problem = Problem("complete")
    model = MultiTaskGaussianProcessClassifier(RBF([0.7, 1.2]), fit_intercept=False)
    model.set_params(optimizer=None).fit(problem.X, problem.Y[:, :1])
    kernel = ConstantKernel(model.task_covariance_[0, 0]) * model.kernel_
    one = GaussianProcessClassifier(kernel, optimizer=None).fit(problem.X, problem.Y[:, 0])
    value, gradient = one.log_marginal_likelihood(kernel.theta, eval_gradient=True)
    own_value, own = model.log_marginal_likelihood(eval_gradient=True)
    assert own_value == pytest.approx(value, rel=1e-8)
    np.testing.assert_allclose(own[:2], gradient[1:], rtol=1e-6)
    np.testing.assert_allclose(own[2] * model.task_covariance_[0, 0], gradient[0], rtol=1e-6)


def test_tasks_of_rank_zero_are_independent():
    problem = Problem("missing")
    model = problem.fit(rank=0, fit_intercept=False)
    total = 0.0
    for t, p in enumerate(model.predict_proba(problem.new)):
        known = problem.task == t
        kernel = model.task_covariance_[t, t] * model.kernel_
        one = GaussianProcessClassifier(kernel, optimizer=None)
        one.fit(problem.X[problem.sample[known]], problem.y[known])
        np.testing.assert_allclose(p, one.predict_proba(problem.new), atol=QUADRATURE)
        total += one.log_marginal_likelihood_value_
    assert model.log_marginal_likelihood_value_ == pytest.approx(total, rel=1e-8)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_the_search_ends_at_a_maximum_of_the_posterior(problem, rank):
    model = problem.fit(rank=rank, tol=1e-4)
    assert model.gradient_norm_ <= 1e-4
    prior = prior_of(model, "rbf")
    value = model.log_marginal_likelihood_value_ + prior(model.theta_)
    rng = np.random.default_rng(0)
    for _ in range(10):
        theta = model.theta_ + 0.05 * rng.normal(size=len(model.theta_))
        for term in model._theta_layout.terms(theta):
            np.abs(term.kappa, out=term.kappa)
        assert model.log_marginal_likelihood(theta) + prior(theta) < value


def prior_of(model, kernel):
    """The log prior of the docstring as a function of theta."""
    begun = MultiTaskGaussianProcessClassifier(kernel, optimizer=None)
    center = begun.fit(model.X_train_, model.X_train_[:, :1] > 0).theta_[:D]

    def log_prior(theta):
        (term,) = model._theta_layout.terms(theta)
        variances = term.kappa.sum() + np.exp(theta[-1])
        squares = np.sum((term.inputs - center) ** 2) / 3 + variances / 1.5**2
        of_column = 1.5**2 * np.eye(T) + 3.0**2
        squares += np.sum(term.loadings * np.linalg.solve(of_column, term.loadings))
        return -0.5 * squares

    return log_prior


def test_the_order_of_samples_and_tasks_does_not_matter():
    problem = Problem("long")
    model = problem.fit(tol=1e-6)
    shuffled = Problem("long")
    order = np.random.default_rng(5).permutation(len(shuffled.y))
    shuffled.sample, shuffled.y = shuffled.sample[order], shuffled.y[order]
    shuffled.task = T - 1 - shuffled.task[order]
    p = shuffled.probabilities(shuffled.fit(tol=1e-6)).reshape(T, -1)[::-1].ravel()
    np.testing.assert_allclose(p, problem.probabilities(model), atol=1e-5)


def test_classes_may_have_any_names(problem):
    p = problem.probabilities(problem.fit(tol=1e-6))
    problem.Y = np.where(np.isnan(problem.Y), None, np.where(problem.Y == 1, "ill", "well"))
    problem.y = np.where(problem.y == 1, "ill", "well")
    model = problem.fit(tol=1e-6)  # "ill" is the first class
    np.testing.assert_allclose(problem.probabilities(model), 1 - p, atol=1e-6)
    features = problem.new
    predicted = model.predict_all_tasks(features)
    expected = np.where(p.reshape(T, -1).T > 0.5, "ill", "well")
    np.testing.assert_array_equal(predicted, expected)


def test_equal_tasks_are_one_task_with_its_samples_repeated():
    problem = Problem("complete")
    y = problem.Y[:, 0]
    loadings = [0.9, 0.9]
    log_variance = -40.0  # of the means of tasks
    theta = [0.1, 0.2, *loadings, 0.0, 0.0, log_variance]
    options = {"kernel": RBF([1.0, 1.0]), "optimizer": None}
    two = MultiTaskGaussianProcessClassifier(**options, initial_theta=theta)
    two.fit(problem.X, np.column_stack([y, y]))
    one = MultiTaskGaussianProcessClassifier(
        **options,
        initial_theta=[0.1, 0.2, 0.81, log_variance],
        handle_unknown="shared",
    )
    one.fit(np.tile(problem.X, (2, 1)), np.tile(y, 2), tasks=np.zeros(2 * N))
    expected = one.predict_proba(problem.new, tasks=np.zeros(5))
    for p in two.predict_proba(problem.new):
        np.testing.assert_allclose(p, expected, rtol=1e-9)
    # The average of one task is the task, but for the variance of the means.
    unseen = one.predict_proba(problem.new, tasks=np.ones(5))
    np.testing.assert_allclose(unseen, expected, rtol=1e-9)
    assert two.log_marginal_likelihood_value_ == pytest.approx(one.log_marginal_likelihood_value_)


def test_an_unseen_task_has_the_average_function():
    problem = Problem("long")
    model = problem.at_random(handle_unknown="shared")
    oracle, _ = problem.oracle(model)
    seen = np.column_stack([problem.X[problem.sample], problem.task])
    kernel = AllTasks(model)
    variance_of_means = np.exp(model.theta_[-1])
    cross = 0.0
    for t in range(T):
        here = np.column_stack([problem.new, np.full(5, t)])
        same = t == problem.task
        cross = cross + (kernel(here, seen) - variance_of_means * same) / T
    scores = oracle.base_estimator_
    mean = cross @ (problem.y - scores.pi_)
    explained = np.linalg.solve(scores.L_, scores.W_sr_[:, None] * cross.T)
    prior = model.task_covariance_.trace() / T + 100 + variance_of_means
    expected = averaged_log_odds(mean, prior - (explained**2).sum(axis=0))
    found = model.decision_function(problem.new, tasks=np.full(5, 99))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_task_of_one_class_stays_near_the_others():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    Y = (X[:, :1] + 0.3 * rng.normal(size=(60, 3)) > 0).astype(float)
    Y[X[:, 0] < 0.5, 2] = np.nan
    Y[:, 2] = np.where(np.isnan(Y[:, 2]), np.nan, 1.0)
    model = MultiTaskGaussianProcessClassifier().fit(X, Y)
    np.testing.assert_array_equal(model.classes_[2], [0, 1])
    p = model.predict_proba([[-1.5, 0.0], [1.5, 0.0]])[2][:, 1]
    assert p[0] < 0.5 < 0.9 < p[1] < 1


def test_sharing_lowers_the_loss_of_a_task_with_few_labels():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 6, size=(300, 1))
    log_odds = 4 * np.sin(X) * [1, -1, 1]
    Y = (rng.random((300, 3)) < expit(log_odds)).astype(float)
    observed = Y[:60].copy()
    observed[8:, 2] = np.nan
    losses = []
    for rank in (0, 1):
        model = MultiTaskGaussianProcessClassifier(rank=rank).fit(X[:60], observed)
        losses.append(log_loss(Y[60:, 2], model.predict_proba(X[60:])[2]))
    assert losses[1] < 0.8 * losses[0]
    assert model.task_correlation_[0, 1] < -0.8


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_the_mode_is_where_the_gradient_vanishes(size):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    A = size * RBF(1.0)(X) + 100
    labels = (rng.random(40) < 0.3).astype(float)
    for dual in (np.zeros(40), 10 * rng.normal(size=40)):
        mode = find_mode(A, labels, dual)
        assert mode.converged
        np.testing.assert_allclose(labels - expit(A @ mode.dual), mode.dual, atol=1e-7)


@pytest.mark.parametrize("variance", [1e-4, 0.3, 3.9, 4.1, 50.0, 1e4])
def test_averages_are_integrals(variance):
    mean = np.array([-8.0, -1.0, 0.0, 0.5, 3.0, 12.0])
    deviation = np.sqrt(variance)
    expected = []
    for m in mean:

        def integrand(z, m=m):
            return expit(m + deviation * z) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

        step = np.clip(-m / deviation, -11, 11)
        expected.append(quad(integrand, -12, 12, points=[step], limit=500, epsabs=1e-12)[0])
    variance = np.full(6, variance)
    found = averaged_probability(mean, variance)
    np.testing.assert_allclose(found, expected, atol=5e-7)
    log_odds = averaged_log_odds(mean, variance)
    np.testing.assert_allclose(expit(log_odds), found, rtol=1e-12)


def test_log_odds_that_do_not_vary_are_the_mean():
    mean = np.array([-40.0, -3.0, 0.0, 600.0])
    np.testing.assert_allclose(averaged_log_odds(mean, np.zeros(4)), mean, rtol=1e-12, atol=1e-12)


def test_an_optimizer_is_called_as_scikit_learn_does():
    problem = Problem("complete")
    best = problem.fit()

    def optimizer(objective, initial_theta, bounds):
        value, gradient = objective(initial_theta, eval_gradient=True)
        assert gradient.shape == initial_theta.shape == bounds[:, 0].shape
        return best.theta_, value

    again = problem.fit(optimizer=optimizer)
    np.testing.assert_allclose(problem.probabilities(again), problem.probabilities(best), rtol=1e-6)
    with pytest.warns(ConvergenceWarning, match="Increase tol"):
        problem.fit(optimizer=lambda objective, theta, bounds: (theta, 0.0), tol=1e-3)


def test_restarts_do_not_find_less():
    problem = Problem("missing")
    values = []
    for n_restarts in (0, 1):
        model = problem.fit(rank=1, n_restarts=n_restarts, tol=1e-3)
        values.append(model.log_marginal_likelihood_value_ + prior_of(model, "rbf")(model.theta_))
    assert values[1] > values[0] - 1e-2


def test_more_than_two_classes_are_refused():
    X = np.random.default_rng(0).normal(size=(30, 2))
    message = re.escape("task [0] has the classes [0, 1, 2]")
    with pytest.raises(ValueError, match=message):
        MultiTaskGaussianProcessClassifier().fit(X, np.arange(60).reshape(30, 2) // 2 % 3)


def test_frames_name_the_tasks():
    problem = Problem("missing")
    frame = pd.DataFrame(problem.Y, columns=["a", "b", "c"])
    X = pd.DataFrame(problem.X, columns=["u", "v"])
    model = MultiTaskGaussianProcessClassifier().fit(X, frame)
    np.testing.assert_array_equal(model.tasks_, ["a", "b", "c"])
    np.testing.assert_array_equal(model.feature_names_in_, ["u", "v"])
    p = problem.probabilities(problem.fit())
    new = pd.DataFrame(problem.new, columns=["u", "v"])
    found = np.concatenate([one[:, 1] for one in model.predict_proba(new)])
    np.testing.assert_allclose(found, p, rtol=1e-9)


def test_its_baseline_is_the_model_of_one_task():
    problem = Problem("complete")
    baseline = single_task(MultiTaskGaussianProcessClassifier(tol=1e-4))
    found = baseline.fit(problem.X, problem.Y[:, 0]).predict_proba(problem.new)
    one = MultiTaskGaussianProcessClassifier(tol=1e-4).fit(problem.X, problem.Y[:, :1])
    np.testing.assert_allclose(found, one.predict_proba(problem.new)[0])
