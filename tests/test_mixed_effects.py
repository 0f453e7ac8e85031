"""MixedEffectsRegressor against dense formulas, known fits, and the models at its limits."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, sparse, stats
from scipy.special import gammaln
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV

from skmtl import MixedEffectsRegressor, RandomInterceptTasks, load_radon
from skmtl._data.reading import read_training_data
from skmtl.evaluation._single_task import single_task
from skmtl.mixed_effects._covariances import make_covariance
from skmtl.mixed_effects._fixed_effects import FixedEffects
from skmtl.mixed_effects._marginal_likelihood import MarginalLikelihood
from skmtl.mixed_effects._noise_prior import fit_noise_prior
from skmtl.mixed_effects._posterior import Posterior
from skmtl.mixed_effects._scoring import bounded_step
from skmtl.mixed_effects._task_rows import compress
from skmtl.mixed_effects._variances import VarianceParameters
from skmtl.mixed_effects._variational import Scales, VariationalModel

DATA = Path(__file__).parent / "data"
FORMS = [
    *product(("intercept", "full"), ("flat", "ridge")),
    *product(("isotropic", "diagonal"), ("flat", "ridge", "sparse")),
]
VARIATIONAL = [("t", "common"), ("normal", "own"), ("t", "own")]


def lme4(covariance="diagonal", **params):
    """A model with the settings of lme4, but for those that are given."""
    settings = {"fixed_effects": "flat", "task_noise": "common", **params}
    return MixedEffectsRegressor(covariance, **settings)


def radon():
    data = load_radon()
    return data.X[:, :-1], data.y, data.tasks


def generate(n_tasks=6, n_samples=70, n_features=3, seed=0):
    """Tasks of different sizes whose features have different units and origins."""
    rng = np.random.default_rng(seed)
    tasks = np.append(np.arange(n_tasks), rng.integers(0, n_tasks, n_samples - n_tasks))
    Z = rng.normal(size=(n_samples, n_features))
    slopes = rng.normal(size=n_features) + 0.5 * rng.normal(size=(n_tasks, n_features))
    levels = rng.normal(size=n_tasks)
    y = 3 + levels[tasks] + np.sum(Z * slopes[tasks], axis=1) + 0.5 * rng.normal(size=n_samples)
    scales = 10.0 ** rng.integers(-2, 3, n_features)
    return Z * scales + 3 * scales, y, tasks


def reading(X, y, tasks, covariance, fixed_effects):
    """Rows, units, parameters and likelihood, as `fit` makes them."""
    data = read_training_data(MixedEffectsRegressor(), X, y, tasks=tasks)
    rows, units = compress(data, only_intercepts=covariance == "intercept")
    fixed = FixedEffects(fixed_effects, rows.pooled_gram)
    structure = make_covariance(covariance, X.shape[1])
    variances = VarianceParameters(structure, fixed)
    return rows, units, variances, MarginalLikelihood(rows, fixed)


def standardized(X, y):
    Z = np.column_stack([np.ones(len(X)), (X - X.mean(axis=0)) / X.std(axis=0)])
    return Z, (y - y.mean()) / y.std()


def dense(Z, r, tasks, covariance, prior, precision=None, spread=None):
    """Normal density, flat effects integrated out, from the covariance of all targets.

    Returns -2 log likelihood with the best noise, the noise, and coefficients of the tasks.
    """
    n = len(r)
    V = np.eye(n) if precision is None else np.diag(1 / precision[tasks])
    same = tasks[:, None] == tasks
    scaled = Z if spread is None else Z * spread[tasks]
    V += same * (scaled @ covariance @ scaled.T)
    flat = np.isinf(prior)
    V += (Z[:, ~flat] * prior[~flat]) @ Z[:, ~flat].T
    inverse = np.linalg.inv(V)
    P = Z[:, flat].T @ inverse @ Z[:, flat]
    beta = np.zeros(len(prior))
    beta[flat] = np.linalg.solve(P, Z[:, flat].T @ inverse @ r)
    solved = inverse @ (r - Z @ beta)
    beta[~flat] = prior[~flat] * (Z[:, ~flat].T @ solved)
    free = n - flat.sum()
    noise = (r - Z[:, flat] @ beta[flat]) @ solved / free
    criterion = free * (np.log(2 * np.pi * noise) + 1)
    criterion += np.linalg.slogdet(V)[1] + np.linalg.slogdet(P)[1]
    deviations = []
    for t in range(tasks.max() + 1):
        own = scaled * (tasks == t)[:, None]
        deviation = covariance @ own.T @ solved
        deviations.append(deviation if spread is None else spread[t] * deviation)
    return criterion, noise, beta + np.array(deviations)


# The engine


@pytest.mark.parametrize(("covariance", "fixed_effects"), FORMS)
def test_the_criterion_is_the_dense_normal_density(covariance, fixed_effects):
    X, y, tasks = generate()
    rng = np.random.default_rng(1)
    _, units, variances, likelihood = reading(X, y, tasks, covariance, fixed_effects)
    parameters = rng.uniform(0.05, 0.5, variances.n)
    evaluation = variances.evaluate(likelihood, parameters)
    C = variances.covariance.matrix(variances.split(parameters)[0])
    Z, r = standardized(X, y)
    criterion, noise, coefficients = dense(Z, r, tasks, C, variances.prior(parameters))
    assert evaluation.criterion == pytest.approx(criterion, abs=1e-8)
    assert evaluation.noise == pytest.approx(noise)
    posterior = Posterior(units, variances, likelihood, parameters, evaluation, Scales(), None)
    np.testing.assert_allclose(posterior.common + posterior.deviations, coefficients, atol=1e-9)


@pytest.mark.parametrize(("covariance", "fixed_effects"), FORMS)
def test_the_gradient_is_the_numerical_one(covariance, fixed_effects):
    X, y, tasks = generate()
    rng = np.random.default_rng(1)
    rows, _, variances, plain = reading(X, y, tasks, covariance, fixed_effects)
    spread = rng.uniform(0.5, 2, (6, rows.n_effects))
    heavy = MarginalLikelihood(rows, variances.fixed_effects, spread=spread)
    for likelihood in (plain, heavy):
        parameters = rng.uniform(0.05, 0.5, variances.n)

        def criterion(point, likelihood=likelihood):
            return variances.evaluate(likelihood, point).criterion

        gradient = variances.gradient(parameters, variances.evaluate(likelihood, parameters))
        numerical = optimize.approx_fprime(parameters, criterion, 1e-6)
        np.testing.assert_allclose(gradient, numerical, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["intercept", "isotropic", "diagonal", "full"])
def test_derivatives_of_covariances_are_the_numerical_ones(name):
    rng = np.random.default_rng(0)
    covariance = make_covariance(name, 2)
    theta = rng.uniform(0.5, 1.5, covariance.n_parameters)
    roots = rng.normal(size=(4, 3, 3))
    precisions = roots @ roots.transpose(0, 2, 1)
    steps = 1e-6 * np.eye(len(theta))
    slopes = [(covariance.matrix(theta + h) - covariance.matrix(theta - h)) / 2e-6 for h in steps]
    information = [
        [np.trace(precisions @ a @ precisions @ b, axis1=1, axis2=2).sum() for b in slopes]
        for a in slopes
    ]
    crossed = [np.einsum("tik,ij,tjk->k", roots, slope, roots) for slope in slopes]
    D = precisions[0]
    gradient = [np.trace(D @ slope) for slope in slopes]
    root = covariance.root(theta)
    np.testing.assert_allclose(root @ root.T, covariance.matrix(theta))
    np.testing.assert_allclose(covariance.gradient(theta, D), gradient, rtol=1e-6)
    np.testing.assert_allclose(covariance.information(theta, precisions), information, rtol=1e-6)
    np.testing.assert_allclose(covariance.crossed_information(theta, roots), crossed, rtol=1e-6)


def test_moments_are_those_of_the_covariance_that_they_estimate():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 3))
    for moments in (root.T @ root, np.outer(root[0], root[0])):  # regular and singular
        full = make_covariance("full", 2)
        np.testing.assert_allclose(full.matrix(full.from_moments(moments)), moments, atol=1e-12)
        isotropic = make_covariance("isotropic", 2)
        diagonal = moments.diagonal()
        expected = [diagonal[0], diagonal[1:].mean()]
        np.testing.assert_allclose(isotropic.from_moments(moments), expected)


def test_huge_variances_are_independent_least_squares_and_none_are_pooled():
    X, y, tasks = generate()
    _, units, variances, likelihood = reading(X, y, tasks, "diagonal", "flat")
    for variance in (0.0, 1e9):
        parameters = np.full(variances.n, variance)
        evaluation = variances.evaluate(likelihood, parameters)
        posterior = Posterior(units, variances, likelihood, parameters, evaluation, Scales(), None)
        coefficients = units.coefficients(posterior.common + posterior.deviations)
        for t in range(6):
            own = tasks == t if variance else slice(None)
            alone = LinearRegression().fit(X[own], y[own])
            expected = np.append(alone.intercept_, alone.coef_)
            np.testing.assert_allclose(coefficients[t], expected, rtol=1e-5)


def test_covariances_of_coefficients_are_those_of_the_joint_normal_distribution():
    X, y, tasks = generate()
    rows, units, variances, likelihood = reading(X, y, tasks, "full", "ridge")
    spread = np.random.default_rng(0).uniform(0.5, 2, (6, 4))
    likelihood = MarginalLikelihood(rows, variances.fixed_effects, spread=spread)
    parameters = np.random.default_rng(1).uniform(0.1, 0.5, variances.n)
    evaluation = variances.evaluate(likelihood, parameters)
    posterior = Posterior(units, variances, likelihood, parameters, evaluation, Scales(), None)
    Z, _ = standardized(X, y)
    precision = np.linalg.inv(variances.covariance.matrix(variances.split(parameters)[0]))
    joint = np.zeros((28, 28))  # the precision of beta and all v_t, over that of the noise
    joint[range(1, 4), range(1, 4)] = 1 / parameters[-1]
    for t in range(6):
        block = slice(4 + 4 * t, 8 + 4 * t)
        joint[block, block] = precision / np.outer(spread[t], spread[t])
        selected = np.zeros((len(Z), 28))
        selected[:, :4] = selected[:, block] = Z * (tasks == t)[:, None]
        joint += selected.T @ selected
    covariance = evaluation.noise * np.linalg.inv(joint)
    for t in range(6):
        both = np.zeros((28, 4))
        both[:4] = both[4 + 4 * t : 8 + 4 * t] = np.eye(4)
        expected = both.T @ covariance @ both
        np.testing.assert_allclose(posterior.coefficient_covariances[t], expected, atol=1e-10)


def test_a_step_within_bounds_is_that_of_scipy():
    rng = np.random.default_rng(0)
    for _ in range(20):
        root = rng.normal(size=(8, 5))
        target = rng.normal(size=8)
        lower = -rng.uniform(0, 0.3, 5)
        upper = rng.uniform(0, 0.3, 5)
        step = bounded_step(-root.T @ target, root.T @ root, lower, upper)
        expected = optimize.lsq_linear(root, target, (lower, upper), tol=1e-12).x
        np.testing.assert_allclose(step, expected, atol=1e-6)


# Fits that are known


@pytest.mark.parametrize(
    ("columns", "fixed", "sd", "noise", "criterion"),
    [
        ([0], [1.49239, -0.66289], 0.31541, 0.72578, 2097.52198),
        ([0, 1], [1.41664, -0.63834, 0.78454], 0.14638, 0.72855, 2059.30077),
    ],
)
def test_radon_has_the_optimum_of_the_exact_profile(columns, fixed, sd, noise, criterion):
    X, y, tasks = radon()  # with uranium, 0.157 is where other searches stop
    model = lme4("intercept").fit(X[:, columns], y, tasks=tasks)
    found = np.append(model.shared_intercept_, model.shared_coef_)
    np.testing.assert_allclose(found, fixed, atol=6e-6)
    assert np.sqrt(model.variance_components_[0]) == pytest.approx(sd, abs=6e-6)
    np.testing.assert_allclose(model.task_noise_, noise, atol=6e-6)
    assert -2 * model.log_likelihood_ == pytest.approx(criterion, abs=6e-6)


def test_sleepstudy_is_that_of_lme4s_documentation():
    data = np.load(DATA / "sleepstudy.npz")
    X = data["X"].astype(float)
    model = lme4("full").fit(X, data["y"], tasks=data["task"])
    assert -2 * model.log_likelihood_ == pytest.approx(1743.63, abs=5e-3)
    np.testing.assert_allclose(np.sqrt(model.variance_components_), [24.74, 5.92], atol=5e-3)
    np.testing.assert_allclose(model.task_noise_, 25.59, atol=5e-3)
    assert model.shared_intercept_ == pytest.approx(251.405, abs=5e-4)
    np.testing.assert_allclose(model.shared_coef_, 10.467, atol=5e-4)


def test_slopes_of_radon_are_those_of_statsmodels():
    X, y, tasks = radon()
    model = lme4("full", tol=1e-6).fit(X[:, :1], y, tasks=tasks)
    # MixedLM, reml=True: fe_params, diagonal of cov_re, scale and llf
    assert model.shared_intercept_ == pytest.approx(1.494522, rel=1e-5)
    assert model.shared_coef_ == pytest.approx(-0.654808, rel=1e-5)
    np.testing.assert_allclose(model.variance_components_, [0.113626, 0.107902], rtol=1e-5)
    assert model.task_noise_[0] ** 2 == pytest.approx(0.513827, rel=1e-5)
    assert model.log_likelihood_ == pytest.approx(-1047.21399, abs=1e-5)


@pytest.mark.parametrize(("covariance", "fixed_effects"), FORMS)
def test_no_other_variances_are_likelier(covariance, fixed_effects):
    X, y, tasks = generate(n_tasks=12, n_samples=150)
    model = lme4(covariance, fixed_effects=fixed_effects, tol=1e-6)
    model.fit(X, y, tasks=tasks)
    posterior = model._posterior
    variances = posterior.variances
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1, 1.0):
        change = np.exp(size * rng.normal(size=(20, variances.n)))
        for tried in variances.clipped(posterior.parameters * change + 1e-3 * size):
            other = variances.evaluate(posterior.likelihood, tried)
            assert other.criterion > posterior.evaluation.criterion - 1e-7


def test_random_intercepts_with_a_ridge_are_those_of_RandomInterceptTasks():
    X, y, tasks = generate()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    model = lme4("intercept", fixed_effects="ridge").fit(X, y, tasks=tasks)
    of_intercepts, of_slopes = model._posterior.parameters
    same = RandomInterceptTasks(Ridge(1 / of_slopes), scales=np.sqrt(of_intercepts / of_slopes))
    same.fit(X, y, tasks=tasks)
    np.testing.assert_allclose(model.predict(X, tasks=tasks), same.predict(X, tasks=tasks))


@pytest.mark.parametrize("same_features", [True, False])
def test_auto_is_the_covariance_of_smaller_akaike_criterion(same_features):
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(20), 15)
    X = rng.normal(size=(300, 8))
    slopes = rng.normal(size=(20, 8)) * ([2] * 2 + [0] * 6 if same_features else 0.5)
    y = np.sum(X * slopes[tasks], axis=1) + rng.normal(size=300)
    auto = lme4("auto").fit(X, y, tasks=tasks)
    criteria = {}
    for name, n_variances in (("isotropic", 2), ("diagonal", 9)):
        model = lme4(name).fit(X, y, tasks=tasks)
        criteria[name] = 2 * n_variances - 2 * model.log_likelihood_
        if name == auto.covariance_:
            np.testing.assert_allclose(auto.coef_, model.coef_)
    assert auto.covariance_ == min(criteria, key=criteria.get)
    assert auto.covariance_ == ("diagonal" if same_features else "isotropic")


def test_the_defaults_are_the_settings_that_predict_best():
    X, y, tasks = generate()
    y = np.where(tasks == 0, 1000 * y, y)
    default = MixedEffectsRegressor().fit(X, y, tasks=tasks)
    settings = {"task_noise": "own", "fixed_effects": "ridge"}
    explicit = MixedEffectsRegressor("auto", **settings).fit(X, y, tasks=tasks)
    np.testing.assert_array_equal(default.coef_, explicit.coef_)


# Forms of data


@pytest.mark.parametrize("covariance", ["intercept", "diagonal", "full"])
def test_units_and_origins_of_features_and_targets_do_not_matter(covariance):
    X, y, tasks = generate()
    model = lme4(covariance).fit(X, y, tasks=tasks)
    scales = np.array([1e-6, 1.0, 1e6])
    moved_X = X * scales + 1e4 * scales
    moved = lme4(covariance).fit(moved_X, 7 * y + 1e4, tasks=tasks)
    np.testing.assert_allclose(moved.coef_, 7 * model.coef_ / scales, rtol=1e-5)
    predictions = 7 * model.predict(X, tasks=tasks) + 1e4
    np.testing.assert_allclose(moved.predict(moved_X, tasks=tasks), predictions, rtol=1e-8)
    slopes = 49 * model.variance_components_[1:] / scales**2
    np.testing.assert_allclose(moved.variance_components_[1:], slopes, rtol=1e-4)


def test_slopes_of_combined_features_are_those_of_the_features_with_a_full_covariance():
    X, y, tasks = generate(n_tasks=20, n_samples=300, n_features=2)
    A = np.array([[2.0, 1.0], [0.5, -1.0]])
    model = lme4("full", tol=1e-6).fit(X, y, tasks=tasks)
    combined = lme4("full", tol=1e-6).fit(X @ A, y, tasks=tasks)
    np.testing.assert_allclose(combined.coef_ @ A.T, model.coef_, rtol=1e-4)
    np.testing.assert_allclose(combined.intercept_, model.intercept_, rtol=1e-4)
    of_units = 2 * np.log(abs(np.linalg.det(A)))
    assert 2 * model.log_likelihood_ == pytest.approx(2 * combined.log_likelihood_ + of_units)


@pytest.mark.parametrize(("deviations", "task_noise"), [("normal", "common"), *VARIATIONAL])
def test_weights_are_repetitions(deviations, task_noise):
    X, y, tasks = generate()
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    params = {"deviations": deviations, "task_noise": task_noise}
    weighted = lme4(**params).fit(X, y, weight, tasks=tasks)
    repeated = lme4(**params).fit(X[rows], y[rows], tasks=tasks[rows])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-6)
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_, abs=1e-6)


@pytest.mark.parametrize("covariance", ["intercept", "diagonal"])
def test_wide_long_sparse_and_shuffled_data_are_the_same(covariance):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3)) * (rng.random((30, 3)) < 0.7)
    Y = X @ rng.normal(size=(3, 4)) + rng.normal(size=4) + 0.3 * rng.normal(size=(30, 4))
    Y[rng.random((30, 4)) < 0.2] = np.nan
    wide = lme4(covariance).fit(X, Y)
    samples, tasks = np.nonzero(~np.isnan(Y))
    order = rng.permutation(len(samples))
    samples, tasks = samples[order], tasks[order]
    for features in (X[samples], sparse.csr_array(X[samples])):
        long = lme4(covariance).fit(features, Y[samples, tasks], tasks=tasks)
        np.testing.assert_allclose(long.coef_, wide.coef_, rtol=1e-6)
        np.testing.assert_allclose(long.intercept_, wide.intercept_, rtol=1e-6)
    np.testing.assert_allclose(wide.predict(X), wide.predict_all_tasks(X))


def test_a_new_task_has_the_common_coefficients():
    X, y, tasks = generate()
    model = lme4(handle_unknown="shared").fit(X, y, tasks=tasks)
    expected = X @ model.shared_coef_ + model.shared_intercept_
    np.testing.assert_allclose(model.predict(X, tasks=np.full(len(X), 99)), expected)


def test_deviations_are_what_tasks_differ_by():
    X, y, tasks = generate()
    model = lme4().fit(X, y, tasks=tasks)
    common = np.append(model.shared_intercept_, model.shared_coef_)
    coefficients = np.column_stack([model.intercept_, model.coef_])
    np.testing.assert_allclose(common + model.random_effects_, coefficients)


# Heavy tails and noise of tasks' own


def exact_log_likelihood(model, densities, spread=None, precision=None):
    """By quadrature over what two tasks differ by, given the variances of a fitted model."""
    X, y, tasks = two_tasks()
    Z, r = standardized(X, y)
    posterior = model._posterior
    C = posterior.variances.covariance.matrix(posterior.variances.split(posterior.parameters)[0])
    prior = np.full(2, np.inf)
    points, weights = densities
    free = len(r) - 2
    logs = []
    for pair in product(range(len(points)), repeat=2):
        values = points[list(pair)]
        kwargs = {}
        if spread is not None:
            kwargs["spread"] = np.column_stack([np.ones(2), values**-0.5])
        if precision is not None:
            kwargs["precision"] = values
        criterion, noise, _ = dense(Z, r, tasks, C, prior, **kwargs)
        # the same at the noise of the model, not at the best one
        ratio = noise / posterior.noise
        criterion += free * (ratio - 1 - np.log(ratio))
        logs.append(-criterion / 2 + np.log(weights[list(pair)]).sum())
    return np.logaddexp.reduce(logs)


def two_tasks():
    X, y, tasks = generate(n_tasks=2, n_samples=16, n_features=1, seed=3)
    return X, y, tasks


@pytest.mark.parametrize("what", ["deviations", "noise"])
def test_the_lower_bound_is_below_the_exact_likelihood_and_near(what):
    X, y, tasks = two_tasks()
    quantiles = (np.arange(40) + 0.5) / 40  # equal weights at quantiles of the prior
    if what == "deviations":
        model = lme4("diagonal", deviations="t").fit(X, y, tasks=tasks)
        points = stats.gamma(2, scale=1 / 2).ppf(quantiles)
        exact = exact_log_likelihood(model, (points, np.full(40, 1 / 40)), spread=True)
    else:
        model = lme4("diagonal", task_noise="own").fit(X, y, tasks=tasks)
        prior = model._posterior.scales.prior
        a = prior.weight / 2
        points = stats.gamma(a, scale=1 / (a * prior.scale)).ppf(quantiles)
        exact = exact_log_likelihood(model, (points, np.full(40, 1 / 40)), precision=True)
    of_units = (len(y) - 2) * np.log(y.std()) + np.log(X.std())
    bound = model.log_likelihood_ + of_units
    assert exact - 2.0 < bound < exact


@pytest.mark.parametrize(("deviations", "task_noise"), VARIATIONAL)
@pytest.mark.parametrize("covariance", ["intercept", "diagonal", "full"])
def test_no_other_scales_or_variances_have_a_higher_bound(covariance, deviations, task_noise):
    X, y, tasks = generate(n_tasks=8, n_samples=120, n_features=2)
    model = lme4(
        covariance, deviations=deviations, task_noise=task_noise, tol=1e-6, max_iter=500
    ).fit(X, y, tasks=tasks)
    posterior = model._posterior
    df = 4.0 if deviations == "t" else None
    rows = compress(
        read_training_data(model, X, y, tasks=tasks), only_intercepts=covariance == "intercept"
    )[0]
    bounds = VariationalModel(rows, posterior.variances, df, task_noise == "own")
    best = bounds.point(posterior.parameters, posterior.scales)
    assert best.bound == pytest.approx(posterior.bound)
    rng = np.random.default_rng(0)
    for size in (1e-2, 0.3):
        for _ in range(10):
            logarithms = best.scales.logarithms
            scales = bounds.scales_from(logarithms + size * rng.normal(size=len(logarithms)))
            change = np.exp(size * rng.normal(size=len(best.parameters)))
            assert bounds.point(best.parameters * change, scales).bound < best.bound + 1e-7


def test_an_outlying_task_is_let_go():
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(10), 12)
    X = rng.normal(size=(120, 5))
    slopes = rng.normal(size=5) + 0.1 * rng.normal(size=(10, 5))
    slopes[3] *= -1
    y = np.sum(X * slopes[tasks], axis=1) + 0.5 * rng.normal(size=120)
    normal = lme4("isotropic").fit(X, y, tasks=tasks)
    heavy = lme4("isotropic", deviations="t").fit(X, y, tasks=tasks)
    assert heavy.deviation_scales_.argmax() == 3
    others = np.arange(10) != 3
    errors = [np.sum((model.coef_ - slopes)[others] ** 2) for model in (normal, heavy)]
    assert errors[1] < errors[0]


def test_many_degrees_of_freedom_are_normal_deviations():
    X, y, tasks = generate()
    normal = lme4(tol=1e-6).fit(X, y, tasks=tasks)
    heavy = lme4(deviations="t", deviations_df=1e7, tol=1e-6)
    heavy.fit(X, y, tasks=tasks)
    np.testing.assert_allclose(heavy.coef_, normal.coef_, rtol=1e-4)
    assert heavy.log_likelihood_ == pytest.approx(normal.log_likelihood_, abs=1e-3)


def test_own_noise_is_found_also_of_a_task_without_any():
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(20), 30)
    noise = np.geomspace(0.1, 2, 20)
    noise[0] = 0.0
    X = rng.normal(size=(600, 3))
    slopes = rng.normal(size=3) + 0.3 * rng.normal(size=(20, 3))
    y = np.sum(X * slopes[tasks], axis=1) + noise[tasks] * rng.normal(size=600)
    model = lme4(task_noise="own").fit(X, y, tasks=tasks)
    np.testing.assert_allclose(model.task_noise_[1:], noise[1:], rtol=0.4)
    assert model.task_noise_[0] < 1e-3
    np.testing.assert_allclose(model.coef_[0], slopes[0], atol=1e-4)


def test_the_prior_of_the_noise_is_the_likeliest():
    rng = np.random.default_rng(0)
    counts = rng.integers(4, 30, 40).astype(float)
    squares = 2 * 5 / rng.chisquare(5, 40) * rng.chisquare(counts)

    def less_likely(logarithms):
        a, b = np.exp(logarithms)
        shape = a + counts / 2
        terms = gammaln(shape) - gammaln(a) + a * np.log(b) - shape * np.log(b + squares / 2)
        return -terms.sum()

    best = np.exp(optimize.minimize(less_likely, [0.0, 0.0], method="BFGS").x)
    prior = fit_noise_prior(squares, counts)
    np.testing.assert_allclose([prior.weight / 2, prior.weight * prior.scale / 2], best, rtol=1e-3)


# Degenerate data


def degenerate():
    X, y, tasks = generate(n_tasks=8, n_samples=80)
    rng = np.random.default_rng(1)
    flawless = y.copy()
    flawless[tasks == 2] = X[tasks == 2].sum(axis=1)
    outlying = np.where(tasks == 1, 1000 * y, y)
    return {
        "one task": (X, y, 0 * tasks),
        "a row each": (X[:30], y[:30], np.arange(30)),
        "two tasks of one row": (X[:2], y[:2], [0, 1]),
        "constant target": (X, np.full(80, 3.0), tasks),
        "zero target": (X, np.zeros(80), tasks),
        "noiseless": (X, X.sum(axis=1), tasks),
        "a noiseless task": (X, flawless, tasks),
        "collinear": (np.column_stack([X, X[:, :2].sum(axis=1), np.ones(80)]), y, tasks),
        "more features than samples of a task": (rng.normal(size=(80, 15)), y, tasks),
        "more features than samples": (rng.normal(size=(30, 40)), y[:30], tasks[:30]),
        "an outlying task": (X, outlying, tasks),
        "constant in tasks": (np.column_stack([X, tasks]), y, tasks),
    }


@pytest.mark.filterwarnings("ignore:tasks holds")
@pytest.mark.filterwarnings("ignore:The samples")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", degenerate())
def test_degenerate_data_have_finite_fits(name):
    X, y, tasks = degenerate()[name]
    forms = [("intercept", "flat"), ("isotropic", "ridge"), ("diagonal", "flat"), FORMS[-1]]
    if X.shape[1] < 6:
        forms.append(("full", "flat"))
    for covariance, fixed_effects in forms:
        for deviations, task_noise in [("normal", "common"), ("t", "own")]:
            model = lme4(
                covariance,
                deviations=deviations,
                task_noise=task_noise,
                fixed_effects=fixed_effects,
                max_iter=15,
            ).fit(X, y, tasks=tasks)
            for value in vars(model).values():
                if isinstance(value, float | np.ndarray):
                    assert np.isfinite(value).all()
            assert (model.variance_components_ >= 0).all()


def test_one_task_is_least_squares():
    X, y, _ = generate()
    model = lme4().fit(X, y[:, None])
    alone = LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.coef_[0], alone.coef_)
    np.testing.assert_allclose(model.variance_components_, 0, atol=1e-12)


def test_a_constant_target_is_predicted():
    X, y, tasks = generate()
    model = lme4().fit(X, np.full(len(y), 5.0), tasks=tasks)
    np.testing.assert_allclose(model.predict(X, tasks=tasks), 5.0)
    np.testing.assert_allclose(model.task_noise_, 0, atol=1e-6)


def test_noiseless_targets_are_predicted():
    X, y, tasks = generate()
    slopes = np.random.default_rng(0).normal(size=(6, 3))
    y = tasks + np.sum(X * slopes[tasks], axis=1)
    model = lme4().fit(X, y, tasks=tasks)
    np.testing.assert_allclose(model.coef_, slopes, rtol=1e-4)


def test_collinear_features_share_the_slope_of_one():
    X, y, tasks = generate()
    once = lme4("intercept").fit(X, y, tasks=tasks)
    twice = lme4("intercept").fit(np.column_stack([X, X[:, 0]]), y, tasks=tasks)
    np.testing.assert_allclose(twice.coef_[:, 0], once.coef_[:, 0] / 2)
    np.testing.assert_allclose(twice.coef_[:, 3], once.coef_[:, 0] / 2)
    np.testing.assert_allclose(twice.variance_components_[0], once.variance_components_[0])


def test_more_features_than_samples_are_the_smallest_slopes_with_a_warning():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 30)) * 10.0 ** rng.integers(-2, 3, 30)
    y = rng.normal(size=20)
    with pytest.warns(UserWarning, match="The samples, 20 by the sum of their weights"):
        model = lme4().fit(X, y, tasks=np.repeat([0, 1], 10))
    Z, _ = standardized(X, y)
    expected = np.linalg.pinv(Z[:, 1:]) @ (y - y.mean()) / X.std(axis=0)
    np.testing.assert_allclose(model.shared_coef_, expected, rtol=1e-5)


# Messages


def test_iterations_that_end_early_give_a_warning():
    X, y, tasks = generate()
    for task_noise, where in (
        ("common", "standard errors from the optimum, but"),
        ("own", "standard errors from the optimum, or scales of tasks change by that share, but"),
    ):
        with pytest.warns(ConvergenceWarning, match=where):
            lme4(max_iter=1, task_noise=task_noise).fit(X, y, tasks=tasks)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"covariance": "banded"}, "covariance='banded' is not one of"),
        ({"deviations": "cauchy"}, "deviations='cauchy' is not one of"),
        ({"deviations_df": 0.0}, "deviations_df == 0.0, must be > 0"),
        ({"task_noise": None}, "task_noise=None is not one of"),
        ({"fixed_effects": "lasso"}, "fixed_effects='lasso' is not one of"),
        ({"fixed_effects": "sparse", "covariance": "full"}, "use covariance='diagonal'"),
    ],
)
def test_wrong_parameters_are_refused(params, message):
    X, y, tasks = generate()
    with pytest.raises(ValueError, match=message):
        lme4(**params).fit(X, y, tasks=tasks)


def test_the_single_task_baseline_is_a_tuned_ridge():
    assert isinstance(single_task(MixedEffectsRegressor()), RidgeCV)
