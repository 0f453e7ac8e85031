"""Mixed-effects regression: how certain it is, against the formulas by definition."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, sparse, stats

from skmtl import MixedEffectsRegressor, load_radon

SLEEPSTUDY = Path(__file__).parent / "data" / "sleepstudy.npz"
COVARIANCES = ["intercept", "isotropic", "diagonal", "full"]
each_covariance = pytest.mark.parametrize("covariance", COVARIANCES)


def lme4(covariance="diagonal", **params):
    """A model with the settings of lme4, but for those that are given."""
    settings = {"fixed_effects": "flat", "task_noise": "common", **params}
    return MixedEffectsRegressor(covariance, **settings)


class Dense:
    """The normal model by its definition: the covariance V of all targets.

    Z are rows (1, x), `psi` the covariance of effects, or one for each row, and `noise` the
    variances of the noise for each row.
    """

    def __init__(self, Z, y, task, psi, noise):
        self.Z = Z
        self.y = y
        self.task = task
        self.psi = np.broadcast_to(psi, (len(y), *np.shape(psi)[-2:]))
        of_effects = np.einsum("ij,ijk,lk->il", Z, self.psi, Z)
        self.V = (task[:, None] == task) * of_effects + np.diag(noise)
        inverse = np.linalg.inv(self.V)
        self.S = np.linalg.pinv(Z.T @ inverse @ Z)
        self.beta = self.S @ Z.T @ inverse @ y
        self.P = inverse - inverse @ Z @ self.S @ Z.T @ inverse
        self.inverse = inverse

    def predict(self, z, t):
        """The best linear unbiased prediction of z'(beta + u_t), and the variance of its error."""
        own = self.task == t
        psi = self.psi[own][0] if own.any() else self.psi[0]
        common = own * (self.Z @ psi @ z)
        mean = z @ self.beta + common @ self.inverse @ (self.y - self.Z @ self.beta)
        d = z - self.Z.T @ self.inverse @ common
        variance = z @ psi @ z - common @ self.inverse @ common + d @ self.S @ d
        return mean, variance

    def criterion(self):
        """-2 log of the restricted likelihood."""
        n, q = self.Z.shape
        _, log_V = np.linalg.slogdet(self.V)
        _, log_S = np.linalg.slogdet(self.S)
        return log_V - log_S + self.y @ self.P @ self.y + (n - q) * np.log(2 * np.pi)


def data(n_tasks=6, n_features=2, seed=0, between=0.7):
    """X with the task in its last column, and y; tasks have 2 to 9 rows."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), 2 + np.arange(n_tasks) * 7 // (n_tasks - 1))
    x = rng.normal(size=(len(task), n_features)) * np.arange(1, n_features + 1) + 2
    effects = between * rng.normal(size=(n_tasks, 1 + n_features))
    Z = rows(x)
    y = np.sum(Z * (1 + effects[task]), axis=1) + 0.5 * rng.normal(size=len(task))
    return np.column_stack([x, task]), y


def rows(x):
    return np.column_stack([np.ones(len(x)), x])


def fitted(covariance="diagonal", X=None, y=None, **params):
    if X is None:
        X, y = data()
    params = {"task_column": -1, "handle_unknown": "shared", "tol": 1e-9, **params}
    return lme4(covariance, **params).fit(X, y)


def dense_of(model, X, y):
    noise = np.full(len(y), model.task_noise_[0] ** 2)
    return Dense(rows(X[:, :-1]), y, X[:, -1], model.random_effects_covariance_, noise)


# -------------------------------------------------------------- by definition, at given variances


@each_covariance
def test_standard_errors_are_those_of_generalized_least_squares(covariance):
    X, y = data()
    model = fitted(covariance, X, y)
    dense = dense_of(model, X, y)
    np.testing.assert_allclose(model.fixed_effects_covariance_, dense.S, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(model.standard_errors_, np.sqrt(dense.S.diagonal()), rtol=1e-7)


@each_covariance
def test_deviations_are_those_of_the_best_linear_unbiased_prediction(covariance):
    X, y = data()
    model = fitted(covariance, X, y)
    dense = dense_of(model, X, y)
    new = np.array([[0.5, -1.0, 2], [3.0, 1.0, 5], [3.0, 1.0, 77], [0.0, 0.0, 0]])
    mean, std = model.predict(new, return_std=True)
    _, of_mean = model.predict(new, return_std=True, include_noise=False)
    for i, row in enumerate(new):
        expected, variance = dense.predict(np.append(1.0, row[:-1]), row[-1])
        np.testing.assert_allclose(mean[i], expected, rtol=1e-7)
        np.testing.assert_allclose(of_mean[i] ** 2, variance, rtol=1e-7)
        np.testing.assert_allclose(std[i] ** 2, variance + model.task_noise_[0] ** 2, rtol=1e-7)
    means, stds = model.predict_all_tasks(new, return_std=True)
    np.testing.assert_allclose(means[[0, 1], [2, 5]], mean[:2])
    np.testing.assert_allclose(stds[[0, 1], [2, 5]], std[:2])


@each_covariance
def test_leave_one_out_predicts_each_target_from_the_others(covariance):
    X, y = data()
    model = fitted(covariance, X, y)
    dense = dense_of(model, X, y)
    mean, std = model.loo_predict()
    np.testing.assert_allclose(y - mean, dense.P @ y / dense.P.diagonal(), rtol=1e-6)
    np.testing.assert_allclose(std**2, 1 / dense.P.diagonal(), rtol=1e-6)
    i = 4
    others = np.arange(len(y)) != i
    without = dense_of(model, X[others], y[others])
    expected, variance = without.predict(np.append(1.0, X[i, :-1]), X[i, -1])
    np.testing.assert_allclose(mean[i], expected, rtol=1e-6)
    np.testing.assert_allclose(std[i] ** 2, variance + model.task_noise_[0] ** 2, rtol=1e-6)


def test_leave_one_out_of_the_only_sample_of_a_feature_has_no_bound():
    X, y = data()
    X[:, 1] = 0.0
    X[3, 1] = 1.0
    model = fitted("intercept", X, y)
    mean, std = model.loo_predict()
    assert np.isinf(std[3])
    assert np.isfinite(np.delete(std, 3)).all()
    # without the sample the feature is constant, and the smallest coefficients are taken
    dense = dense_of(model, X, y)
    inverse = np.linalg.inv(np.delete(np.delete(dense.V, 3, 0), 3, 1))
    center = X[:, :-1].mean(axis=0)
    scale = X[:, :-1].std(axis=0)
    Z = rows((X[:, :-1] - center) / scale)
    others = np.delete(Z, 3, axis=0)
    level = y.mean()
    residual = np.delete(y, 3) - level
    beta = np.linalg.pinv(others.T @ inverse @ others, rcond=1e-10) @ others.T @ inverse @ residual
    common = np.delete(dense.V[3], 3)
    expected = level + Z[3] @ beta + common @ inverse @ (residual - others @ beta)
    np.testing.assert_allclose(mean[3], expected, rtol=1e-6)


@each_covariance
def test_adapt_is_the_best_linear_unbiased_prediction_for_given_common_effects(covariance):
    model = fitted(covariance)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3, 2))
    y = rng.normal(size=3)
    adapted = model.adapt(np.column_stack([x, np.full(3, 50.0)]), y)
    beta = np.append(model.shared_intercept_, model.shared_coef_)
    psi = model.random_effects_covariance_
    Z = rows(x)
    gain = psi @ Z.T @ np.linalg.inv(Z @ psi @ Z.T + model.task_noise_[0] ** 2 * np.eye(3))
    effects = gain @ (y - Z @ beta)
    np.testing.assert_allclose(adapted.random_effects_[-1], effects, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(adapted.coef_[-1], beta[1:] + effects[1:], rtol=1e-7)
    np.testing.assert_array_equal(adapted.tasks_, [*model.tasks_, 50.0])
    left = np.eye(3) - gain @ Z
    covariance = left @ psi @ left.T + model.task_noise_[0] ** 2 * gain @ gain.T
    covariance = covariance + left @ model.fixed_effects_covariance_ @ left.T
    z = np.array([1.0, 0.3, -2.0])
    _, std = adapted.predict([[*z[1:], 50.0]], return_std=True, include_noise=False)
    np.testing.assert_allclose(std[0] ** 2, z @ covariance @ z, rtol=1e-6)


WEIGHTED = [
    {"deviations": "t"},
    {"task_noise": "own"},
    {"deviations": "t", "task_noise": "own"},
    {"fixed_effects": "ridge"},
]


@pytest.mark.parametrize("params", [{}, *WEIGHTED])
def test_adapting_to_a_task_of_the_fit_gives_its_coefficients(params):
    X, y = data(n_tasks=8)
    model = fitted("diagonal", X, y, **params)
    own = X[:, -1] == 3
    again = X[own].copy()
    again[:, -1] = 9
    adapted = model.adapt(again, y[own])
    np.testing.assert_allclose(adapted.random_effects_[-1], model.random_effects_[3], rtol=1e-5)
    np.testing.assert_allclose(adapted.task_noise_[-1], model.task_noise_[3], rtol=1e-5)
    scales = adapted.deviation_scales_
    np.testing.assert_allclose(scales[-1], model.deviation_scales_[3], rtol=1e-5)
    assert adapted.tasks_[-1] == 9
    _, std = adapted.predict(again, return_std=True)
    np.testing.assert_allclose(std, model.predict(X[own], return_std=True)[1], rtol=1e-5)
    for before, after in zip(model.loo_predict(), adapted.loo_predict(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert str(model.summary()) == str(adapted.summary())


def test_adapted_copies_leave_the_model_and_its_tasks_as_they_were():
    X, y = data()
    model = fitted("diagonal", X, y)
    before = {name: np.copy(getattr(model, name)) for name in vars(model) if name.endswith("_")}
    new = np.array([[1.0, 2.0, 50]])
    adapted = model.adapt(new, [3.0])
    again = pickle.loads(pickle.dumps(adapted)).adapt(sparse.csr_array(new), [3.0])
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(model, name), value)
    assert again.tasks_.tolist() == [0, 1, 2, 3, 4, 5, 50, 51]
    np.testing.assert_array_equal(again.coef_[:6], model.coef_)
    np.testing.assert_allclose(again.coef_[-1], again.coef_[-2], rtol=1e-12)
    for name in ("intercept_", "task_noise_", "deviation_scales_", "n_samples_per_task_"):
        assert getattr(again, name).shape == (8,)
    assert again.predict_all_tasks(X, return_std=True)[1].shape == (len(X), 8)
    with pytest.raises(ValueError, match="task=3"):
        model.adapt(new, [3.0], task=3)


@pytest.mark.parametrize("params", WEIGHTED[:3])
def test_given_the_weights_of_tasks_inference_is_that_of_the_normal_model(params):
    X, y = data(n_tasks=8)
    task = X[:, -1].astype(int)
    model = fitted("diagonal", X, y, **params)
    center = np.eye(3)
    center[0, 1:] = -X[:, :-1].mean(axis=0)
    scale = np.ones((8, 3))
    scale[:, 1:] = model.deviation_scales_[:, None]
    psi = center @ (scale[:, :, None] ** 2 * np.diag(model.variance_components_)) @ center.T
    dense = Dense(rows(X[:, :-1]), y, task, psi[task], model.task_noise_[task] ** 2)
    np.testing.assert_allclose(model.fixed_effects_covariance_, dense.S, rtol=1e-6)
    mean, std = model.predict(X[:1], return_std=True, include_noise=False)
    expected = dense.predict(np.append(1.0, X[0, :-1]), task[0])
    np.testing.assert_allclose([mean[0], std[0] ** 2], expected, rtol=1e-6)
    loo, _ = model.loo_predict()
    np.testing.assert_allclose(y - loo, dense.P @ y / dense.P.diagonal(), rtol=1e-5)
    z = np.array([1.0, 2.0, -1.0])
    _, std = model.predict([[*z[1:], 99]], return_std=True)
    factor = np.diag([1, 2, 2]) if params.get("deviations") else np.eye(3)  # df / (df - 2)
    between = center @ factor @ np.diag(model.variance_components_) @ center.T
    variance = z @ (dense.S + between) @ z + np.mean(model.task_noise_**2)
    np.testing.assert_allclose(std[0] ** 2, variance, rtol=1e-6)


def test_unseen_tasks_of_deviations_without_a_variance_have_no_bound():
    X, y = data()
    model = fitted("diagonal", X, y, deviations="t", deviations_df=2.0)
    _, std = model.predict([[0.0, 1.0, 99], [0.0, 1.0, 3]], return_std=True)
    assert np.isinf(std[0])
    assert np.isfinite(std[1])


# ------------------------------------------------------------------------------- intervals


def criterion_of(model, X, y):
    """-2 log likelihood of independent effects by three variances, at the means of features."""
    Z = rows(X[:, :-1] - X[:, :-1].mean(axis=0))

    def value(log_variances):
        *between, noise = np.exp(log_variances)
        return Dense(Z, y, X[:, -1], np.diag(between), np.full(len(y), noise)).criterion()

    return value


def test_intervals_of_variances_are_those_of_the_profiled_likelihood():
    X, y = data(n_features=1, n_tasks=8, seed=2)
    model = fitted("diagonal", X, y)
    criterion = criterion_of(model, X, y)
    intervals = model.confidence_intervals(0.9)
    best = np.log(np.append(model.variance_components_, model.task_noise_[0] ** 2))
    ends = [*intervals.random_effects, intervals.noise]
    assert np.min(ends) > 0
    for k, both in enumerate(ends):
        for end in both:
            others = np.delete(np.arange(3), k)

            def profile(point, k=k, end=end):
                return criterion(np.insert(point, k, 2 * np.log(end)))

            least = optimize.minimize(profile, best[others], method="Nelder-Mead", tol=1e-9).fun
            drop = least - criterion(best)
            np.testing.assert_allclose(drop, stats.chi2.ppf(0.9, 1), atol=1e-4)


def test_the_interval_of_a_lone_variance_is_that_of_chi_squared():
    rng = np.random.default_rng(0)
    x = rng.normal(size=12)
    y = x + rng.normal(size=12)
    X = np.column_stack([x, np.zeros(12)])
    low, high = fitted("intercept", X, y).confidence_intervals().noise
    rest = np.sum((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2)

    def drop(variance):
        ratio = rest / 10 / variance
        return 10 * (ratio - 1 - np.log(ratio))

    np.testing.assert_allclose([drop(low**2), drop(high**2)], stats.chi2.ppf(0.95, 1), rtol=1e-4)


@each_covariance
def test_intervals_begin_at_zero_where_tasks_do_not_differ(covariance):
    X, y = data(n_tasks=10, seed=5, between=0.0)
    intervals = fitted(covariance, X, y).confidence_intervals()
    varying = intervals.random_effects[: 1 if covariance == "intercept" else 3]
    np.testing.assert_array_equal(varying[:, 0], 0)
    assert np.all(varying[:, 1] > 0)


def test_the_variance_between_tasks_of_a_single_one_is_not_bounded():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=10), np.zeros(10)])
    intervals = fitted("intercept", X, rng.normal(size=10)).confidence_intervals()
    np.testing.assert_array_equal(intervals.random_effects[0], [0, np.inf])


def test_degrees_of_freedom_of_balanced_tasks_are_those_of_their_means():
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(7), 5)
    within = np.tile(np.arange(5.0), 7)
    y = within + rng.normal(size=7)[task] + 0.3 * rng.normal(size=35)
    table = fitted("intercept", np.column_stack([within - 2, task]), y).summary().fixed_effects
    np.testing.assert_allclose(table["df"], [6, 27], rtol=1e-4)
    half = stats.t.ppf(0.975, table["df"]) * table["std_error"]
    np.testing.assert_allclose(table["high"] - table["estimate"], half)


def test_more_confidence_is_a_longer_interval():
    model = fitted("full")
    narrow, wide = model.confidence_intervals(0.5), model.confidence_intervals(0.99)
    for a, b in zip(narrow, wide, strict=True):
        assert np.all(b[..., 0] <= a[..., 0])
        assert np.all(b[..., 1] >= a[..., 1])
    with pytest.raises(ValueError, match="level"):
        model.confidence_intervals(1.0)


# ------------------------------------------------------------------- units, weights, data forms


@each_covariance
def test_inference_does_not_depend_on_units_or_origins(covariance):
    X, y = data()
    model = fitted(covariance, X, y)
    scale = np.array([1e-3, 1e4, 1])
    moved = X * scale + [1.0, -1e4, 0]
    if covariance == "isotropic":
        moved = X + [1.0, -1e4, 0]
        scale[:] = 1
    other = fitted(covariance, moved, 50 * y - 7)
    np.testing.assert_allclose(
        other.standard_errors_[1:] * scale[:2], 50 * model.standard_errors_[1:], rtol=1e-5
    )
    for a, b in [
        (model.predict(X, return_std=True)[1], other.predict(moved, return_std=True)[1]),
        (model.loo_predict()[1], other.loo_predict()[1]),
    ]:
        np.testing.assert_allclose(50 * a, b, rtol=1e-5)
    first, second = model.confidence_intervals(), other.confidence_intervals()
    np.testing.assert_allclose(
        50 * first.random_effects[1:], second.random_effects[1:] * scale[:2, None], rtol=1e-3
    )
    np.testing.assert_allclose(50 * first.noise, second.noise, rtol=1e-4)


def test_a_weight_of_two_is_the_sample_twice():
    X, y = data()
    weight = 1.0 + (np.arange(len(y)) % 3 == 0)
    params = {"task_column": -1, "tol": 1e-9}
    weighted = lme4(**params).fit(X, y, sample_weight=weight)
    times = weight.astype(int)
    repeated = lme4(**params).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.standard_errors_, repeated.standard_errors_, rtol=1e-6)
    stds = [model.predict(X, return_std=True)[1] for model in (weighted, repeated)]
    np.testing.assert_allclose(*stds, rtol=1e-6)
    both = [m.confidence_intervals().random_effects for m in (weighted, repeated)]
    np.testing.assert_allclose(*both, rtol=1e-4)
    new = X[:3] * [1, 1, 0] + [0, 0, 50]
    one = weighted.adapt(new, y[:3], sample_weight=[2, 1, 1])
    two = repeated.adapt(new[[0, 0, 1, 2]], y[[0, 0, 1, 2]])
    np.testing.assert_allclose(one.coef_[-1], two.coef_[-1], rtol=1e-6)
    # left out as a whole, with the noise of one target
    mean, std = weighted.loo_predict()
    others = np.delete(np.arange(len(y)), 0)
    by_row = np.repeat(others, times[others])
    dense = dense_of(weighted, X[by_row], y[by_row])
    expected, variance = dense.predict(np.append(1.0, X[0, :-1]), X[0, -1])
    np.testing.assert_allclose(mean[0], expected, rtol=1e-6)
    np.testing.assert_allclose(std[0] ** 2, variance + weighted.task_noise_[0] ** 2, rtol=1e-6)


def test_wide_and_long_data_give_the_same():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 2))
    Y = X @ rng.normal(size=(2, 4)) + rng.normal(size=(12, 4))
    Y[2, 1] = Y[5:8, 3] = np.nan
    wide = lme4(tol=1e-9).fit(X, Y)
    seen = ~np.isnan(Y.T.ravel())
    codes = np.repeat(np.arange(4), 12)[seen]
    tall = np.tile(X, (4, 1))[seen]
    long = lme4(tol=1e-9).fit(tall, Y.T.ravel()[seen], tasks=codes)
    np.testing.assert_allclose(wide.standard_errors_, long.standard_errors_, rtol=1e-7)
    _, std = wide.predict(X, return_std=True)
    assert std.shape == (12, 4)
    _, of_long = long.predict(tall, return_std=True, tasks=codes)
    np.testing.assert_allclose(std.T.ravel()[seen], of_long, rtol=1e-7)
    for a, b in zip(wide.loo_predict(), long.loo_predict(), strict=True):
        assert a.shape == Y.shape
        np.testing.assert_array_equal(np.isnan(a), np.isnan(Y))
        np.testing.assert_allclose(a.T.ravel()[seen], b, rtol=1e-7)


def test_leave_one_out_is_in_the_order_of_the_samples():
    X, y = data()
    order = np.random.default_rng(0).permutation(len(y))
    sorted_by_task = fitted("diagonal", X, y).loo_predict()
    shuffled = fitted("diagonal", X[order], y[order]).loo_predict()
    for a, b in zip(sorted_by_task, shuffled, strict=True):
        np.testing.assert_allclose(a[order], b, rtol=1e-6)


# -------------------------------------------------------------------------------- the summary


def test_the_summary_of_radon_is_that_of_restricted_likelihood():
    frame = load_radon(as_frame=True)
    model = lme4("intercept", task_column="county", tol=1e-9)
    summary = model.fit(frame.X, frame.y).summary()
    fixed = summary.fixed_effects
    assert fixed["name"].tolist() == ["(Intercept)", "floor", "log_uranium"]
    np.testing.assert_allclose(fixed["estimate"], [1.41664, -0.63834, 0.78454], atol=1e-5)
    random = summary.random_effects
    assert random["group"].tolist() == ["county", "Residual"]
    np.testing.assert_allclose(random["sd"], [0.14638, 0.72855], atol=1e-5)
    np.testing.assert_allclose(random["variance"], random["sd"] ** 2)
    np.testing.assert_allclose(summary.criterion, 2059.30077, atol=1e-5)
    assert (summary.n_observations, summary.n_groups) == (919, 85)
    text = str(summary)
    for part in ["county", "log_uranium", "Residual", "0.7845", "2059.3", "919", "85"]:
        assert part in text
    assert summary.correlation is None


def test_the_summary_of_sleepstudy_is_that_of_lme4():
    """Values of `summary(lmer(Reaction ~ Days + (Days | Subject)))`; df are those of lmerTest."""
    with np.load(SLEEPSTUDY) as file:
        days = file["X"].astype(float)
        model = lme4("full", tol=1e-9).fit(days, file["y"], tasks=file["task"])
    summary = model.summary()
    np.testing.assert_allclose(summary.criterion, 1743.628, atol=1e-3)
    random = summary.random_effects
    assert random["group"].tolist() == ["task", "task", "Residual"]
    np.testing.assert_allclose(random["sd"], [24.741, 5.922, 25.592], atol=1e-3)
    np.testing.assert_allclose(summary.correlation[0, 1], 0.066, atol=1e-3)
    fixed = summary.fixed_effects
    np.testing.assert_allclose(fixed["estimate"], [251.405, 10.467], atol=1e-3)
    np.testing.assert_allclose(fixed["std_error"], [6.825, 1.546], atol=1e-3)
    np.testing.assert_allclose(fixed["t"], [36.838, 6.771], atol=1e-3)
    np.testing.assert_allclose(fixed["df"], 17, rtol=1e-4)


def test_frames_hold_what_the_tables_hold():
    pytest.importorskip("pandas")
    summary = fitted("full").summary()
    fixed = summary.to_frame()
    assert fixed.index.tolist() == ["(Intercept)", "x0", "x1"]
    np.testing.assert_array_equal(fixed["std_error"], summary.fixed_effects["std_error"])
    random = summary.to_frame("random")
    assert random.index.tolist()[-1] == ("Residual", "")
    np.testing.assert_array_equal(random["correlation with x0"][:-1], summary.correlation[:, 1])
    with pytest.raises(ValueError, match="effects='both'"):
        summary.to_frame("both")


def test_frames_without_pandas_name_the_extra(monkeypatch):
    summary = fitted().summary()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'pip install "skmtl\[pandas\]"'):
        summary.to_frame()


# ---------------------------------------------------------------------------- degenerate data


@pytest.mark.filterwarnings("ignore:task_column=-1 holds", "ignore:After ")
@each_covariance
@pytest.mark.parametrize("case", ["constant", "single rows", "collinear", "wide"])
def test_degenerate_data_give_numbers(covariance, case):
    X, y = data()
    if case == "constant":
        y = np.full(len(y), 3.0)
    elif case == "single rows":
        X, y = X[:12], y[:12]
        X[:, -1] = np.arange(12)
    elif case == "collinear":
        X[:, 1] = 2 * X[:, 0]
    params = {}
    if case == "wide":
        rng = np.random.default_rng(0)
        X = np.column_stack([rng.normal(size=(5, 5)), X[:5, -1]])
        y = y[:5]
        params = {"fixed_effects": "ridge"}
    model = fitted(covariance, X, y, **{"tol": 1e-4, **params})
    mean, std = model.predict(X, return_std=True)
    loo, loo_std = model.loo_predict()
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()
    assert np.isfinite(loo).all()
    assert not np.isnan(loo_std).any()
    summary = model.summary()
    for name in ("estimate", "std_error", "df", "low", "high"):
        assert not np.isnan(summary.fixed_effects[name]).any()
    for name in ("variance", "sd", "low", "high"):
        assert not np.isnan(summary.random_effects[name]).any()


def test_what_is_uncertain_is_not_known_where_nothing_is_left():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(8, 10)), np.arange(8) % 3])
    y = rng.normal(size=8)
    with pytest.warns(UserWarning, match="not more than the"):
        model = lme4(task_column=-1).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y)
    for method in (
        model.summary,
        model.confidence_intervals,
        model.loo_predict,
        lambda: model.predict(X, return_std=True),
        lambda: model.standard_errors_,
    ):
        with pytest.raises(ValueError, match="set fixed_effects='ridge'"):
            method()
