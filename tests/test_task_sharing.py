"""Shares of predictions that come from the rows of other tasks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LassoCV, LinearRegression, LogisticRegression, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressor,
    MixedEffectsRegressor,
    MultiTaskLasso,
    MultiTaskLassoCV,
    PooledTasks,
    RandomInterceptTasks,
    SafeSharingRegressor,
    TraceNormRegressor,
    keep_task_column,
    task_sharing,
)
from skmtl.mixed_effects.at_variances import with_variances_of

SIZES = [3, 4, 6, 9]
T, P = len(SIZES), 2


def long_data(sizes=SIZES, seed=0):
    """Similar tasks; X with the task in its last column."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    X = rng.standard_normal((len(codes), P))
    coef = 1 + 0.5 * rng.standard_normal((len(sizes), P))
    levels = rng.standard_normal(len(sizes))
    y = levels[codes] + np.sum(X * coef[codes], axis=1) + 0.5 * rng.standard_normal(len(codes))
    return np.column_stack([X, codes]), y


def wide_data(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((12, P))
    Y = X @ (1 + 0.5 * rng.standard_normal((P, T))) + rng.standard_normal((12, T))
    Y[rng.random(Y.shape) < 0.2] = np.nan
    return X, Y


def exact(model, X, y):
    """All that is said about a model, with a group for each task."""
    return task_sharing(model.fit(X, y), X, y, n_groups=len(np.unique(X[:, -1])))


def shares_by_hat_matrix(H, y, codes):
    """Shares of effects and levels by the matrix H of d yhat / d y."""
    n_tasks = codes.max() + 1
    means = np.bincount(codes, y) / np.bincount(codes)
    shares = []
    for change in (y - means[codes], np.ones(len(y))):
        of_task = []
        for t in range(n_tasks):
            own = codes == t
            total = H[own] @ change
            others = H[own][:, ~own] @ change[~own]
            of_task.append(others @ total / (total @ total))
        shares.append(np.clip(of_task, 0, 1))
    return shares


def hat_matrix(design, penalty):
    """Of the minimum of ``||y - design w||^2 + w' penalty w``."""
    return design @ np.linalg.solve(design.T @ design + penalty, design.T)


def pooled_ridge(features, codes):
    design = np.column_stack([features, np.ones(len(codes))])
    model = PooledTasks(Ridge(3.0), task_column=-1)
    return model, hat_matrix(design, np.diag([3.0] * P + [0.0]))


def random_intercepts(features, codes):
    unit = np.sqrt(np.mean(features.var(axis=0)))
    indicators = 0.5 * unit * (codes[:, None] == np.arange(T))
    design = np.column_stack([features, indicators, np.ones(len(codes))])
    model = RandomInterceptTasks(Ridge(2.0), scales=[0.5], task_column=-1)
    return model, hat_matrix(design, np.diag([2.0] * (P + T) + [0.0]))


def mean_regularized(features, codes):
    own = codes[:, None] == np.arange(T)
    design = np.column_stack([own * features[:, [j]] for j in range(P)] + [own])
    centering = np.eye(T) - 1 / T
    penalty = np.zeros((T * (P + 1), T * (P + 1)))
    for j in range(P):
        block = slice(j * T, (j + 1) * T)
        penalty[block, block] = 0.3 * centering
    n_rows = len(codes) / T
    model = MeanRegularizedRegressor(alpha=0.3, task_column=-1)
    return model, hat_matrix(design, n_rows * penalty)


@pytest.mark.parametrize("kind", [pooled_ridge, random_intercepts, mean_regularized])
def test_shares_are_those_of_the_dense_hat_matrix(kind):
    X, y = long_data()
    codes = X[:, -1].astype(int)
    model, H = kind(X[:, :-1], codes)
    result = exact(model, X, y)
    np.testing.assert_allclose(H @ y, model.predict(X), atol=1e-6)
    effects, levels = shares_by_hat_matrix(H, y, codes)
    np.testing.assert_allclose(result.effects, effects, atol=1e-5)
    np.testing.assert_allclose(result.levels, levels, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"covariance": "intercept"},
        {"covariance": "diagonal", "task_noise": "own"},
        {"covariance": "isotropic", "deviations": "t"},
    ],
)
def test_shares_of_mixed_effects_are_those_of_the_dense_posterior_mean(options):
    X, y = long_data(np.full(6, 8))
    X[:, :-1] = StandardScaler().fit_transform(X[:, :-1])
    codes = X[:, -1].astype(int)
    model = MixedEffectsRegressor(**options, fixed_effects="flat", task_column=-1)
    result = exact(model, X, y)
    design = np.column_stack([np.ones(len(y)), X[:, :-1]])
    scaled = design.copy()
    scaled[:, 1:] *= model.deviation_scales_[codes, None]  # that of slopes
    K = (scaled * model.variance_components_) @ scaled.T * (codes[:, None] == codes)
    inverse = np.linalg.inv(K + np.diag(model.task_noise_[codes] ** 2))
    of_common = design @ np.linalg.solve(design.T @ inverse @ design, design.T @ inverse)
    H = of_common + K @ inverse @ (np.eye(len(y)) - of_common)
    np.testing.assert_allclose(H @ y, model.predict(X), atol=1e-6)
    effects, levels = shares_by_hat_matrix(H, y, codes)
    np.testing.assert_allclose(result.effects, effects, atol=1e-5)
    np.testing.assert_allclose(result.levels, levels, atol=1e-5)


@pytest.mark.parametrize("deviations", ["normal", "t"])
@pytest.mark.parametrize("task_noise", ["common", "own"])
def test_mixed_effects_at_their_variances_are_linear_in_the_targets(deviations, task_noise):
    X, y = long_data(np.full(6, 8))
    options = {"deviations": deviations, "task_noise": task_noise}
    model = MixedEffectsRegressor("full", **options, task_column=-1).fit(X, y)
    before = model.predict(X)
    fixed = with_variances_of(model)
    np.testing.assert_allclose(fixed.fit(X, y).predict(X), before, atol=1e-9)
    other = np.random.default_rng(1).standard_normal(len(y))
    by_other = fixed.fit(X, other).predict(X)
    by_sum = fixed.fit(X, 2 * y + other).predict(X)
    np.testing.assert_allclose(by_sum, 2 * before + by_other, atol=1e-6)


@pytest.mark.parametrize("model", [MultiTaskLasso(0.1), TraceNormRegressor(0.1)])
def test_shares_of_other_penalties_are_those_of_changing_one_target_at_a_time(model):
    X, Y = wide_data()
    Y = np.where(np.isnan(Y), 0.0, Y)
    model.set_params(tol=1e-12)
    result = task_sharing(model.fit(X, Y), X, Y, n_groups=T)
    before = model.predict(X).T.ravel()
    H = np.empty((Y.size, Y.size))
    for k in range(Y.size):
        changed = Y.T.ravel()
        changed[k] += 1e-4
        after = model.fit(X, changed.reshape(T, -1).T).predict(X).T.ravel()
        H[:, k] = (after - before) / 1e-4
    effects, levels = shares_by_hat_matrix(H, Y.T.ravel(), np.repeat(np.arange(T), len(X)))
    np.testing.assert_allclose(result.effects, effects, atol=0.02)  # a step of 0.01
    np.testing.assert_allclose(result.levels, levels, atol=1e-3)


def test_tasks_that_are_learned_alone_share_nothing():
    X, y = long_data()
    for estimator in (LinearRegression(), RidgeCV(), LassoCV(cv=3), RandomForestRegressor(5)):
        model = IndependentTasks(estimator, task_column=-1).fit(X, y)
        result = task_sharing(model, X, y)
        for shares in (result.sharing, result.effects, result.levels):
            assert (shares == 0).all()


def test_the_mean_of_all_targets_comes_from_other_tasks_by_their_share_in_the_rows():
    X, y = long_data()
    result = exact(PooledTasks(DummyRegressor(), task_column=-1), X, y)
    expected = 1 - np.array(SIZES) / sum(SIZES)
    np.testing.assert_allclose(result.levels, expected)
    np.testing.assert_allclose(result.sharing, expected)
    assert (result.effects == 0).all()


def test_many_equal_tasks_take_nearly_all_from_the_others():
    rng = np.random.default_rng(0)
    n_tasks = 40
    X = rng.standard_normal((30, P))
    Y = np.repeat(X @ np.ones((P, 1)) + rng.standard_normal((30, 1)), n_tasks, axis=1)
    model = MeanRegularizedRegressor(alpha=1e4).fit(X, Y)
    np.testing.assert_allclose(task_sharing(model, X, Y).effects, 1 - 1 / n_tasks, atol=1e-3)


def test_sharing_grows_with_the_pull_to_the_mean():
    X, y = long_data()
    shares = []
    for alpha in (0.0, 0.01, 0.1, 1.0, 10.0):
        result = exact(MeanRegularizedRegressor(alpha, task_column=-1), X, y)
        shares.append(result.effects.mean())
    assert np.all(np.diff(shares) > 0)
    assert shares[0] < 1e-6


def test_groups_of_tasks_estimate_the_shares():
    X, y = long_data(np.full(20, 8))
    model = MeanRegularizedRegressor(0.2, task_column=-1).fit(X, y)
    every_task = task_sharing(model, X, y, n_groups=20).sharing
    few_groups = task_sharing(model, X, y).sharing
    np.testing.assert_allclose(few_groups, every_task, atol=0.15)
    assert abs(few_groups.mean() - every_task.mean()) < 0.03


def test_shares_do_not_depend_on_units_origins_and_the_order_of_tasks():
    X, y = long_data()
    model = RandomInterceptTasks(Ridge(2.0), scales=[0.5], task_column=-1)
    expected = exact(model, X, y)
    X_other = X.copy()
    X_other[:, -1] = T - 1 - X[:, -1]
    X_other[:, :-1] += 100
    backwards = np.arange(len(y))[::-1]
    for unit in (1e-6, 1e6):
        other = exact(model, X_other[backwards], (unit * y - 20 * unit)[backwards])
        for name in ("sharing", "effects", "levels"):
            np.testing.assert_allclose(other[name][::-1], expected[name], atol=1e-6)


def test_weights_are_repetitions():
    X, y = long_data()
    weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    model = MeanRegularizedRegressor(0.3, task_column=-1)
    weighted = task_sharing(model.fit(X, y, weight), X, y, sample_weight=weight, n_groups=T)
    repeated = np.repeat(np.arange(len(y)), weight.astype(int))
    expected = exact(model, X[repeated], y[repeated])
    np.testing.assert_allclose(weighted.sharing, expected.sharing, atol=1e-6)


def test_every_data_form_has_the_same_shares():
    X, Y = wide_data()
    model = MeanRegularizedRegressor(0.3)
    expected = task_sharing(model.fit(X, Y), X, Y).sharing
    frame = pd.DataFrame(Y, columns=list("dbca"))
    of_frame = task_sharing(model.fit(X, frame), X, frame)
    assert list(of_frame.tasks) == list("dbca")
    np.testing.assert_allclose(of_frame.sharing, expected, atol=1e-9)
    rows, tasks = np.nonzero(~np.isnan(Y))
    y = Y[rows, tasks]
    ids = np.array(["a", "b", "c", "d"])[tasks]
    by_argument = task_sharing(model.fit(X[rows], y, tasks=ids), X[rows], y, tasks=ids)
    np.testing.assert_allclose(by_argument.sharing, expected, atol=1e-6)
    X_long = np.column_stack([X[rows], tasks])
    by_column = exact(MeanRegularizedRegressor(0.3, task_column=-1), X_long, y)
    np.testing.assert_allclose(by_column.sharing, expected, atol=1e-6)


def test_steps_and_searches_are_as_they_were_fitted():
    X, y = long_data()
    scaler = keep_task_column(StandardScaler(), -1)
    model = MeanRegularizedRegressor(0.3, task_column=-1)
    expected = exact(model, scaler.fit_transform(X), y).sharing
    model.set_params(handle_unknown="shared")  # for the folds of the search
    pipeline = make_pipeline(scaler, model).fit(X, y)
    np.testing.assert_allclose(task_sharing(pipeline, X, y).sharing, expected)
    search = GridSearchCV(pipeline, {"meanregularizedregressor__alpha": [0.3]}, cv=2).fit(X, y)
    np.testing.assert_allclose(task_sharing(search, X, y).sharing, expected)


def test_strengths_stay_as_they_were_chosen():
    X, Y = wide_data()
    model = MultiTaskLassoCV(alphas=5, cv=3).fit(X, Y)
    fixed = MultiTaskLasso(model.alpha_).fit(X, Y)
    expected = task_sharing(fixed, X, Y).sharing
    np.testing.assert_allclose(task_sharing(model, X, Y).sharing, expected, atol=1e-6)


def stack(members):
    return SafeSharingRegressor(members, cv=2, task_column=-1)


def test_a_stack_of_one_shares_as_its_member():
    X, y = long_data()
    model = MeanRegularizedRegressor(0.3)
    expected = exact(model.set_params(task_column=-1), X, y).sharing
    result = task_sharing(stack({"mean": model}).fit(X, y), X, y)
    np.testing.assert_allclose(result.sharing, expected)


def test_stacks_of_wide_data_have_shares():
    X, Y = wide_data()
    model = MeanRegularizedRegressor(0.3)
    expected = task_sharing(model.fit(X, Y), X, Y)
    result = task_sharing(SafeSharingRegressor({"mean": model}, cv=2).fit(X, Y), X, Y)
    np.testing.assert_allclose(result.sharing, expected.sharing)


def test_a_stack_of_single_task_models_shares_nothing():
    X, y = long_data()
    model = stack({"ridge": Ridge(), "least squares": LinearRegression()}).fit(X, y)
    assert (task_sharing(model, X, y).sharing == 0).all()


def test_a_stack_shares_as_the_weighted_sum_of_the_hat_matrices():
    X, y = long_data()
    codes = X[:, -1].astype(int)
    pooled, H_pooled = pooled_ridge(X[:, :-1], codes)
    H_alone = np.zeros_like(H_pooled)
    for t in range(T):
        rows = np.flatnonzero(codes == t)
        design = np.column_stack([X[rows, :-1], np.ones(len(rows))])
        H_alone[np.ix_(rows, rows)] = hat_matrix(design, np.diag([1.0] * P + [0.0]))
    model = stack({"alone": Ridge(1.0), "pooled": pooled}).fit(X, y)
    model.weights_ = np.linspace([0.9, 0.1], [0.2, 0.8], T)
    of_row = model.weights_[codes]
    H = of_row[:, [0]] * H_alone + of_row[:, [1]] * H_pooled
    result = task_sharing(model, X, y)
    effects, levels = shares_by_hat_matrix(H, y, codes)
    np.testing.assert_allclose(result.effects, effects, atol=1e-5)
    np.testing.assert_allclose(result.levels, levels, atol=1e-5)


def test_a_task_alone_shares_nothing():
    X, y = long_data([12])
    for model in (
        MeanRegularizedRegressor(0.3, task_column=-1),
        PooledTasks(Ridge(), task_column=-1),
    ):
        result = task_sharing(model.fit(X, y), X, y)
        assert (result.sharing, result.effects, result.levels) == (0, 0, 0)


def test_tasks_of_one_row_and_of_constant_targets_have_shares():
    X, y = long_data([1, 1, 5, 8])
    y[X[:, -1] == 2] = 3.0
    alone = exact(IndependentTasks(Ridge(), task_column=-1), X, y)
    assert (alone.sharing == 0).all()
    barely = exact(MeanRegularizedRegressor(1e-12, ridge=1.0, task_column=-1), X, y)
    np.testing.assert_allclose(barely.sharing, 0, atol=1e-6)
    pooled = exact(PooledTasks(Ridge(), task_column=-1), X, y)
    np.testing.assert_allclose(pooled.effects[:3], 1)  # their targets do not vary within the task
    for shares in (pooled.sharing, pooled.levels):
        assert ((shares > 0) & (shares <= 1)).all()


@pytest.mark.parametrize("value", [0.0, 0.1, 1e8])
def test_constant_targets_come_from_other_tasks_by_their_share_in_the_rows(value):
    X, y = long_data()
    result = exact(PooledTasks(DummyRegressor(), task_column=-1), X, np.full(len(y), value))
    np.testing.assert_allclose(result.sharing, 1 - np.array(SIZES) / sum(SIZES), atol=1e-5)


def test_a_task_of_much_larger_targets_leaves_the_others_their_shares_of_levels():
    X, y = long_data()
    model = RandomInterceptTasks(Ridge(2.0), scales=[0.5], task_column=-1)
    expected = exact(model, X, y).levels
    y[X[:, -1] == 1] *= 1000
    result = exact(model, X, y)
    np.testing.assert_allclose(result.levels, expected, atol=1e-5)
    for shares in (result.sharing, result.effects):
        assert ((shares >= 0) & (shares <= 1)).all()


def test_a_model_without_a_seed_gives_the_same_shares_twice():
    X, y = long_data()
    model = PooledTasks(RandomForestRegressor(5), task_column=-1).fit(X, y)
    first = task_sharing(model, X, y).sharing
    np.testing.assert_array_equal(task_sharing(model, X, y).sharing, first)


def test_counts_stay_counts():
    X, y = long_data()
    counts = np.random.default_rng(0).poisson(np.exp(0.3 * y))
    assert (counts == 0).any()
    model = MeanRegularizedRegressor(0.3, loss="poisson", task_column=-1)
    result = exact(model, X, counts)
    assert ((result.sharing > 0) & (result.sharing < 1)).all()


def test_the_model_and_the_data_are_left_as_they_are():
    X, y = long_data()
    model = MeanRegularizedRegressor(0.3, task_column=-1).fit(X, y)
    coef = model.coef_.copy()
    X_before = X.copy()
    y_before = y.copy()
    task_sharing(model, X, y)
    np.testing.assert_array_equal(model.coef_, coef)
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


def test_what_cannot_share_is_refused():
    X, y = long_data()
    with pytest.raises(NotFittedError):
        task_sharing(MeanRegularizedRegressor(), X, y)
    with pytest.raises(TypeError, match=r"needs a multi-task regressor of skmtl, got Ridge\(\)"):
        task_sharing(Ridge().fit(X, y), X, y)
    classifier = PooledTasks(LogisticRegression(), task_column=-1).fit(X, y > 0)
    with pytest.raises(TypeError, match="needs a multi-task regressor"):
        task_sharing(classifier, X, y > 0)
    model = pooled_ridge(X[:, :-1], X[:, -1])[0].fit(X, y)
    with pytest.raises(ValueError, match="n_groups"):
        task_sharing(model, X, y, n_groups=1)
