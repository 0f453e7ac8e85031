"""Models of statistics are the models of all rows."""

import numpy as np
import pytest
from conftest import LINEAR, NUMBERS, in_mode, name_of
from sklearn.base import clone

from skmtl import (
    MixedEffectsRegressor,
    MultiTaskCV,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoCV,
    RandomInterceptTasks,
    TaskStatistics,
    TraceNormRegressor,
    alpha_max,
    make_multitask_regression,
    multi_task_path,
)

N_PIECES = 3
FOLDS = np.arange(90) % 2
SQUARED = [one for one in LINEAR if hasattr(one, "fit_statistics")]


def in_pieces(X, y, weight, *, task_column=None, folds=None):
    """The sum of the statistics of pieces of the rows."""
    parts = []
    for rows in np.array_split(np.random.default_rng(0).permutation(len(X)), N_PIECES):
        options = {"task_column": task_column}
        if folds is not None:
            options["folds"] = folds[rows]
        own_weight = None if weight is None else weight[rows]
        parts.append(TaskStatistics.from_data(X[rows], y[rows], own_weight, **options))
    return sum(parts)


def inner(estimator, **params):
    prefix = "estimator__" if isinstance(estimator, MultiTaskCV) else ""
    return estimator.set_params(**{prefix + name: value for name, value in params.items()})


@pytest.mark.parametrize(
    ("form", "fit_intercept"), [("wide", True), ("wide", False), ("holes", True), ("long", True)]
)
@pytest.mark.parametrize("model", SQUARED, ids=name_of)
def test_the_model_is_that_of_all_rows(model, form, fit_intercept):
    mode = "long" if form == "long" else "wide"
    tol = 1e-11 if hasattr(model, "cv") else 1e-12
    model = inner(in_mode(clone(model), mode), fit_intercept=fit_intercept, tol=tol)
    X, y = NUMBERS.X[mode], NUMBERS.y[mode]
    weight = np.random.default_rng(1).uniform(0.5, 2.0, size=len(X))
    if form == "holes":
        y = np.where(np.random.default_rng(2).uniform(size=y.shape) < 0.2, np.nan, y)
    folds = None
    other = clone(model)
    if hasattr(model, "cv"):
        folds = FOLDS[: len(X)]
        splits = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in (0, 1)]
        model.set_params(cv=splits)
    model.fit(X, y, weight)
    statistics = in_pieces(X, y, weight, task_column=model.task_column, folds=folds)
    other.fit_statistics(statistics)
    np.testing.assert_allclose(other.coef_, model.coef_, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(other.intercept_, model.intercept_, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(other.n_samples_per_task_, model.n_samples_per_task_)
    np.testing.assert_array_equal(other.predict(X[:5]).shape, model.predict(X[:5]).shape)
    if folds is not None:
        np.testing.assert_allclose(other.mse_path_, model.mse_path_, rtol=1e-7)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"covariance": "intercept", "deviations": "t"},
        {"covariance": "full", "fixed_effects": "flat", "task_noise": "common"},
    ],
)
@pytest.mark.parametrize("form", ["holes", "long"])
def test_mixed_effects_are_those_of_all_rows(options, form):
    data = make_multitask_regression(
        n_tasks=8,
        n_features=3,
        n_informative=2,
        noise=1.0,
        own_inputs=form == "long",
        random_state=0,
    )
    model = MixedEffectsRegressor(**options)
    y = data.y
    column = None
    if form == "long":
        column = -1
    else:
        y = np.where(np.random.default_rng(2).uniform(size=y.shape) < 0.2, np.nan, y)
    model.set_params(task_column=column).fit(data.X, y)
    other = clone(model).fit_statistics(in_pieces(data.X, y, None, task_column=column))
    np.testing.assert_allclose(other.coef_, model.coef_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.task_noise_, model.task_noise_, rtol=1e-6)
    assert other.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-8)
    assert str(other.summary()) == str(model.summary())
    with pytest.raises(ValueError, match="there are no samples: call fit"):
        other.loo_predict()


def test_paths_and_critical_alphas_are_those_of_all_rows():
    X, y = NUMBERS.X["wide"], NUMBERS.y["wide"]
    statistics = in_pieces(X, y, None)
    assert alpha_max(statistics) == pytest.approx(alpha_max(X, y), rel=1e-12)
    path = multi_task_path(statistics, n_alphas=5, tol=1e-10)
    same = multi_task_path(X, y, n_alphas=5, tol=1e-10)
    np.testing.assert_allclose(path.coefs, same.coefs, atol=1e-9)
    long = in_pieces(NUMBERS.X["long"], NUMBERS.y["long"], None, task_column=-1)
    assert alpha_max(long) == pytest.approx(alpha_max(X, y), rel=1e-12)
    with pytest.raises(ValueError, match=r"set task_column=4 of MultiTaskLasso"):
        alpha_max(long, estimator=MultiTaskLasso())
    with pytest.raises(ValueError, match="y was given beside statistics"):
        multi_task_path(statistics, y)
    with pytest.raises(ValueError, match="not for loss='huber'"):
        multi_task_path(statistics, estimator=MultiTaskLasso(loss="huber"))


@pytest.mark.parametrize(
    "params", [{"task_weight": "uncertainty"}, {"task_weight": "balanced"}, {"normalize_y": True}]
)
def test_weights_and_scales_of_tasks_are_learned_from_statistics(params):
    X, y = NUMBERS.X["long"], NUMBERS.y["long"] * 1e4
    model = TraceNormRegressor(0.1, task_column=-1, tol=1e-10, **params).fit(X, y)
    other = clone(model).fit_statistics(in_pieces(X, y, None, task_column=-1))
    np.testing.assert_allclose(other.coef_, model.coef_, rtol=1e-7, atol=1e-6)
    new = {"X_new": X[:4], "y_new": y[:4], "task": 99}
    np.testing.assert_allclose(other.adapt(**new).coef_, model.adapt(**new).coef_, rtol=1e-6)


def test_pieces_of_partial_fit_are_one_fit():
    X, y = NUMBERS.X["long"], NUMBERS.y["long"]
    shuffled = np.random.default_rng(0).permutation(len(X))
    X, y = X[shuffled], y[shuffled]
    model = MultiTaskLasso(0.1, task_column=-1, tol=1e-10)
    for rows in np.array_split(np.arange(len(X)), N_PIECES):
        model.partial_fit(X[rows], y[rows], solve=False)
    assert not hasattr(model, "coef_")
    whole = clone(model).fit(X, y)
    model.fit_statistics(model.statistics_)
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=1e-9)
    model.partial_fit(X, y)
    assert model.statistics_.n_rows_ == 2 * len(X)
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=1e-9)
    model.fit(X[:30], y[:30])
    assert not hasattr(model, "statistics_")
    with pytest.warns(UserWarning, match="partial_fit starts anew"):
        model.partial_fit(X, y)
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=1e-9)


def test_a_bad_piece_leaves_the_others_as_they_were():
    X, y = NUMBERS.X["long"], NUMBERS.y["long"]
    model = MultiTaskLasso(0.1, task_column=-1).partial_fit(X, y)
    coef = model.coef_.copy()
    bad = X.copy()
    bad[5, 0] = np.nan
    for piece in (bad, X[:, 1:], bad[:0, :3]):
        with pytest.raises(ValueError, match=r"NaN|features"):
            model.partial_fit(piece, y[: len(piece)])
    with pytest.raises(ValueError, match="alpha == -1"):
        model.set_params(alpha=-1.0).partial_fit(X, y)
    with pytest.raises(TypeError, match="takes a skmtl"):
        model.fit_statistics(X)
    assert model.statistics_.n_rows_ == len(X)
    np.testing.assert_array_equal(model.coef_, coef)


def test_searches_have_the_folds_of_their_samples():
    X, y = NUMBERS.X["long"], NUMBERS.y["long"]
    search = MultiTaskLassoCV(alphas=3, cv=4, task_column=-1)
    search.partial_fit(X[:50], y[:50], solve=False).partial_fit(X[50:], y[50:])
    statistics = TaskStatistics.from_data(X, y, task_column=-1, n_folds=4)
    same = clone(search).fit_statistics(statistics)
    np.testing.assert_allclose(search.mse_path_, same.mse_path_, rtol=1e-8)
    with pytest.raises(ValueError, match=r"has cv=3, but .* divided into 4 folds"):
        search.set_params(cv=3).partial_fit(X, y)
    with pytest.raises(AttributeError, match="MultiTaskLassoCV"):
        _ = same.statistics_
    with pytest.raises(ValueError, match=r"cv=\[\] must be a number of folds or None"):
        MultiTaskLassoCV(cv=[], task_column=-1).partial_fit(X, y)


def test_sites_are_left_out_one_at_a_time():
    X, y = NUMBERS.X["wide"], NUMBERS.y["wide"]
    sites = {"b": TaskStatistics.from_data(X[:10], y[:10], n_folds=2)}
    sites["a"] = TaskStatistics.from_data(X[10:], y[10:])
    search = MultiTaskLassoCV(alphas=4).fit_statistics(TaskStatistics.of_sites(sites))
    assert search.mse_path_.shape == (4, 2)
    b, a = np.arange(10), np.arange(10, 30)
    same = MultiTaskLassoCV(alphas=4, cv=[(b, a), (a, b)]).fit(X, y)
    np.testing.assert_allclose(search.mse_path_, same.mse_path_, rtol=1e-6)


def test_each_of_many_parts_is_left_out():
    X, y = NUMBERS.X["wide"], NUMBERS.y["wide"]
    folds = np.arange(30) % 10
    search = MultiTaskLassoCV(alphas=2)
    search.fit_statistics(TaskStatistics.from_data(X, y, folds=folds))
    splits = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(10)]
    same = MultiTaskLassoCV(alphas=2, cv=splits).fit(X, y)
    np.testing.assert_allclose(search.mse_path_, same.mse_path_, rtol=1e-6)


def test_errors_below_rounding_are_told_apart_from_nothing():
    X = NUMBERS.X["wide"]
    y = X @ np.ones((4, 2))
    statistics = TaskStatistics.from_data(X, y, n_folds=3)
    search = MultiTaskLassoCV(alphas=[1.0, 1e-8, 1e-9], tol=1e-11).fit_statistics(statistics)
    assert (search.mse_path_ > 0).all()
    assert search.alpha_ == 1e-8  # the larger of two that are as good


def long_statistics(**options):
    return TaskStatistics.from_data(NUMBERS.X["long"], NUMBERS.y["long"], task_column=-1, **options)


def test_what_statistics_do_not_say_is_refused():
    lasso = MultiTaskLasso(task_column=-1)
    with pytest.raises(TypeError, match=r"takes a skmtl\.TaskStatistics, got ndarray"):
        lasso.fit_statistics(NUMBERS.X["long"])
    with pytest.raises(ValueError, match="set task_column=4 of MultiTaskLasso"):
        MultiTaskLasso().fit_statistics(long_statistics())
    with pytest.raises(ValueError, match=r"has task_column=0, but the task column .* is 4"):
        MultiTaskLasso(task_column=0).fit_statistics(long_statistics())
    wide = TaskStatistics.from_data(NUMBERS.X["wide"], NUMBERS.y["wide"])
    with pytest.raises(ValueError, match="are of a two-dimensional y: set task_column=None"):
        lasso.fit_statistics(wide)
    with pytest.raises(ValueError, match="have 0 parts: make them with n_folds=5"):
        MultiTaskLassoCV(task_column=-1).fit_statistics(long_statistics())
    with pytest.raises(ValueError, match="has cv=3, but the statistics have 2 parts"):
        MultiTaskLassoCV(task_column=-1, cv=3).fit_statistics(long_statistics(n_folds=2))
    y = NUMBERS.y["wide"].copy()
    y[:, 1] = np.nan
    with pytest.raises(ValueError, match=r"Task\(s\) \[1\] have no targets"):
        MultiTaskLasso().fit_statistics(TaskStatistics.from_data(NUMBERS.X["wide"], y))


@pytest.mark.parametrize(
    "model",
    [
        MultiTaskLasso(loss="poisson"),
        MultiTaskLassoCV(loss="huber"),
        MultiTaskLassoClassifier(),
        MultiTaskCV(MultiTaskLassoClassifier()),
        RandomInterceptTasks(MultiTaskLasso()),
    ],
    ids=name_of,
)
def test_other_losses_have_no_statistics(model):
    assert not hasattr(model, "fit_statistics")
    assert not hasattr(model, "partial_fit")
