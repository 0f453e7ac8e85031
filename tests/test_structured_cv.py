"""Cross-validated structured models, and searches, against loops of separate fits."""

import pickle
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn import linear_model
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, KFold, ParameterGrid
from structured import (
    ALPHAS,
    GRAPH,
    MODELS,
    OWN_RIDGE,
    PULL,
    TIGHT,
    TIMES,
    T,
    assert_same,
    each_form,
    each_given,
    each_model,
    make,
    refuses,
    shared_and_own,
)

from skmtl import (
    ClusteredTaskRegressor,
    ClusteredTaskRegressorCV,
    DirtyRegressor,
    DirtyRegressorCV,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    MultiTaskRegressor,
    RobustMultiTaskRegressor,
    RobustMultiTaskRegressorCV,
    TaskGraphRegressor,
    TaskGraphRegressorCV,
    TaskStratifiedKFold,
    TemporalGroupLasso,
    TraceNormRegressor,
    TraceNormRegressorCV,
    alpha_max,
)
from skmtl.penalties import L1, TaskNorm, TraceNorm

# ------------------------------------------------ cross-validation, against loops


class Search(NamedTuple):
    """A cross-validated estimator, the plain one, and what else is tried, by name."""

    cv: BaseEstimator
    plain: BaseEstimator
    tried: dict


NARROW = {"tol": 1e-9, "max_iter": 100_000}
OPTIONS = {**NARROW, "alphas": ALPHAS}
GRID = {"alpha": ALPHAS, "smoothness": [0.1, 1.0]}

SEARCHES = {
    "trace": Search(
        TraceNormRegressorCV(ridge=0.05, intercept_alpha=[0.3, 2.0], **OPTIONS),
        TraceNormRegressor(ridge=0.05, intercept="shared"),
        {"intercept_alpha": [0.3, 2.0]},
    ),
    "dirty": Search(
        DirtyRegressorCV(specific_ratio=[0.4, 0.45], shared_norm="l1inf", **OPTIONS),
        DirtyRegressor(shared_norm="l1inf"),
        {"specific_ratio": [0.4, 0.45]},
    ),
    "robust": Search(
        RobustMultiTaskRegressorCV(outlier_ratio=[0.4, 0.48], **OPTIONS),
        RobustMultiTaskRegressor(),
        {"outlier_ratio": [0.4, 0.48]},
    ),
    "graph": Search(
        TaskGraphRegressorCV(
            graph=GRAPH, ridge=[0.01, 0.3], sparsity=0.05, intercept="free", **OPTIONS
        ),
        TaskGraphRegressor(graph=GRAPH, sparsity=0.05),
        {"ridge": [0.01, 0.3]},
    ),
    "mean": Search(
        MeanRegularizedRegressorCV(ridge=0.01, intercept_alpha=[0.3, 2.0], **OPTIONS),
        MeanRegularizedRegressor(ridge=0.01, intercept="shared"),
        {"ridge": [0.01], "intercept_alpha": [0.3, 2.0]},
    ),
    "clustered": Search(
        ClusteredTaskRegressorCV(n_clusters=[1, 3], eta=0.3, intercept="free", **OPTIONS),
        ClusteredTaskRegressor(eta=0.3),
        {"n_clusters": [1, 3]},
    ),
    "any": Search(
        MultiTaskCV(TemporalGroupLasso(ridge=0.1, times=TIMES, **NARROW), GRID),
        TemporalGroupLasso(ridge=0.1, times=TIMES),
        {"smoothness": [0.1, 1.0]},
    ),
}

each_search = pytest.mark.parametrize("search", SEARCHES)


def set_both(cv, **params):
    """Set parameters of reading data where they belong."""
    inner = "estimator__" if isinstance(cv, MultiTaskCV) else ""
    return clone(cv).set_params(**{inner + key: value for key, value in params.items()})


def search_in(search, given, **params):
    model = set_both(SEARCHES[search].cv, task_column=given.task_column).set_params(**params)
    return model.fit(given.X, given.y, given.weight)


def kept(given, rows):
    """X, y and weights of these rows."""
    return given.X[rows], given.y[rows], None if given.weight is None else given.weight[rows]


def held_out(model, given, rows):
    """Weighted mean squared error of each task on these rows, NaN where it has none."""
    X, y, weight = kept(given, rows)
    errors, weight = (y - model.predict(X)) ** 2, np.ones(y.shape) if weight is None else weight
    if y.ndim == 1:
        own = X[:, [given.task_column]] == np.arange(T)
        errors, weight = np.where(own, errors[:, None], np.nan), weight[:, None] * own
    weight = np.where(np.isnan(errors), 0.0, weight)
    with np.errstate(invalid="ignore"):
        return np.nansum(weight * errors, axis=0) / weight.sum(axis=0)


def combinations(search):
    tried = SEARCHES[search].tried
    return list(ParameterGrid(tried)) if tried else [{}]


@cache
def errors_of(search, form, folds):
    """Held-out errors (n_paths, n_alphas, n_folds, n_tasks), alphas decreasing."""
    given, plain = make(form), SEARCHES[search].plain
    return np.array(
        [
            [
                [
                    held_out(
                        clone(plain)
                        .set_params(task_column=given.task_column, alpha=alpha, **params, **NARROW)
                        .fit(*kept(given, train)),
                        given,
                        test,
                    )
                    for train, test in folds_of(form, folds)
                ]
                for alpha in sorted(ALPHAS, reverse=True)
            ]
            for params in combinations(search)
        ]
    )


def folds_of(form, folds):
    given = make(form)
    if folds == "default":
        splitter = TaskStratifiedKFold(5, task_column=given.task_column)
        return list(splitter.split(given.X, given.y))
    rng = np.random.default_rng(5)  # of different sizes, not a partition
    orders = [rng.permutation(len(given.X)) for _ in range(3)]
    cuts = np.array([0.7, 0.75, 0.8]) * len(given.X)
    return [(order[: int(n)], order[int(n) + 2 :]) for order, n in zip(orders, cuts, strict=True)]


def chosen_by(errors, rule):
    """Positions (path, alpha): the least mean over folds, then tasks; or one standard error up."""
    mean = np.nanmean(np.nanmean(errors, axis=2), axis=2)
    path, best = np.unravel_index(np.argmin(mean), mean.shape)
    if rule == "1se":
        of_folds = np.nanmean(errors[path, best] - np.nanmean(errors[path, best], axis=0), axis=1)
        error = np.std(of_folds, ddof=1) / np.sqrt(len(of_folds))
        best = min(a for a in range(best + 1) if mean[path, a] <= mean[path, best] + error)
    return path, best


@cache
def searched(search, form, folds="default", rule="min"):
    cv = None if folds == "default" else folds_of(form, folds)
    return search_in(search, make(form), cv=cv, selection_rule=rule)


def choice(model):
    """Values of what was tried, by name."""
    if isinstance(model, MultiTaskCV):
        return model.best_params_
    return {key: getattr(model, f"{key}_") for key in ("alpha", *model.grid_[0])}


def assert_errors(model, search, expected):
    mean = np.nanmean(expected, axis=3)
    if len(combinations(search)) == 1:
        expected, mean = expected[0], mean[0]
    # coefficients of order 1 err by up to 5e-4 (see assert_close), so do residuals of order 1
    np.testing.assert_allclose(model.task_mse_path_, expected, rtol=1e-2)
    np.testing.assert_allclose(model.mse_path_, mean, rtol=1e-3)
    np.testing.assert_array_equal(model.alphas_, sorted(ALPHAS, reverse=True))
    assert model.grid_ == combinations(search)


def assert_choice(model, search, errors, rule):
    path, best = chosen_by(errors, rule)
    expected = {"alpha": sorted(ALPHAS, reverse=True)[best], **combinations(search)[path]}
    assert choice(model) == expected


@pytest.mark.parametrize(
    ("form", "folds"),
    [("wide", "default"), ("wide", "list"), ("holes", "default"), ("own", "list")],
)
@each_search
def test_held_out_errors_are_those_of_separate_fits_and_the_choice_is_theirs(search, form, folds):
    """The other rule, which sees nothing but these errors, where tasks lack some of them."""
    errors = errors_of(search, form, folds)
    model = searched(search, form, folds)
    assert_errors(model, search, errors)
    assert_choice(model, search, errors, "min")
    if form == "holes":
        assert_choice(searched(search, form, folds, "1se"), search, errors, "1se")


@each_search
@each_form
def test_the_refit_is_a_fit_at_the_choice(search, form):
    model = search_in(search, make(form), cv=2)
    fit = make(form).fit(SEARCHES[search].plain, **choice(model), **NARROW)
    np.testing.assert_allclose(model.coef_, fit.coef_, atol=5e-4)  # ten times assert_close
    assert model.objective_ == pytest.approx(fit.objective_, rel=1e-6)


ATTRIBUTES = {
    "trace": ["rank_", "singular_values_"],
    "dirty": ["shared_part_", "specific_part_"],
    "robust": ["shared_part_", "specific_part_", "outlier_tasks_"],
    "mean": ["shared_coef_"],
    "clustered": ["task_clusters_", "task_covariance_"],
}


@pytest.mark.parametrize("search", ATTRIBUTES)
def test_a_choice_is_inspected_like_the_plain_model(search):
    given = make("own")
    model = searched(search, "own")
    fit = given.fit(SEARCHES[search].plain, **choice(model))
    for attribute in ATTRIBUTES[search]:
        values = getattr(model, attribute), getattr(fit, attribute)
        np.testing.assert_allclose(*values, atol=1e-3)  # as above, and their products


@pytest.mark.parametrize("search", ["trace", "dirty", "any"])  # one path, several, any model's
@shared_and_own
def test_the_number_of_jobs_does_not_matter(search, shared_or_own):
    one, three = (search_in(search, shared_or_own, n_jobs=n_jobs, cv=3) for n_jobs in (1, 3))
    np.testing.assert_array_equal(one.mse_path_, three.mse_path_)
    np.testing.assert_array_equal(one.coef_, three.coef_)


@each_search
def test_a_pickle_has_the_same_attributes(search):
    model = searched(search, "own")
    copy = pickle.loads(pickle.dumps(model))
    for attribute in ("coef_", "mse_path_", "alphas_", "shared_coef_"):
        np.testing.assert_array_equal(getattr(copy, attribute), getattr(model, attribute))
    assert copy.grid_ == model.grid_


@pytest.mark.parametrize("search", ["trace", "dirty", "robust"])
@each_given
def test_alphas_by_number_start_at_alpha_max(search, given):
    model = search_in(search, given, alphas=4, eps=0.1, cv=2)
    for path, params in enumerate(combinations(search)):
        plain = clone(SEARCHES[search].plain).set_params(task_column=given.task_column, **params)
        top = alpha_max(given.X, given.y, estimator=plain, sample_weight=given.weight)
        alphas = model.alphas_ if model.alphas_.ndim == 1 else model.alphas_[path]
        np.testing.assert_allclose(alphas, np.geomspace(top, 0.1 * top, 4), rtol=1e-10)


@pytest.mark.parametrize("search", ["graph", "mean", "clustered"])
@each_given
def test_alphas_by_number_are_around_the_variance_of_the_features(search, given):
    model = search_in(search, given, alphas=3, cv=2, tol=1e-3)
    spread = (
        sum(
            s @ (X - np.average(X, axis=0, weights=s)) ** 2 / given.nbar for X, _, s in given.tasks
        ).mean()
        / T
    )
    np.testing.assert_allclose(model.alphas_, spread * np.array([1e3, 10**-0.5, 1e-4]), rtol=1e-10)


@pytest.mark.parametrize(
    ("search", "parameter", "weights"),
    [
        (DirtyRegressorCV, "specific_ratio", T**0.5),
        (RobustMultiTaskRegressorCV, "outlier_ratio", T**0.5),
    ],
)
def test_ratios_by_default_use_both_parts(search, parameter, weights):
    given = make("wide")
    model = search(alphas=2, cv=2).fit(given.X, given.y)
    ratios = np.array([params[parameter] for params in model.grid_])
    assert len(ratios) == 5
    assert ((1 - ratios) / ratios > 1).all()
    assert ((1 - ratios) / ratios < weights).all()


def test_numbers_of_clusters_by_default_are_fewer_than_tasks():
    given = make("wide")
    model = ClusteredTaskRegressorCV(alphas=2, intercept="free", cv=2).fit(given.X, given.y)
    assert model.grid_ == [{"n_clusters": k} for k in (1, 2, 3)]


# ------------------------------------------------ searches over any parameter


def test_a_search_is_a_grid_search():
    """On complete targets and folds of one size, whose scores average tasks and folds alike."""
    given = make("wide")
    plain = TemporalGroupLasso(ridge=0.1, **TIGHT)
    ours = MultiTaskCV(plain, GRID).fit(given.X, given.y)
    theirs = GridSearchCV(plain, GRID, scoring="neg_mean_squared_error", cv=KFold(5))
    theirs.fit(given.X, given.y)
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-4)  # as above
    table, expected = (pd.DataFrame(search.cv_results_) for search in (ours, theirs))
    keys = ["param_alpha", "param_smoothness"]
    table, expected = (t.sort_values(keys).reset_index() for t in (table, expected))
    for column in table.columns.intersection(expected.columns).drop(["params", "index"]):
        values = (t[column].astype(float) for t in (table, expected))
        np.testing.assert_allclose(*values, rtol=1e-3, err_msg=column)


@shared_and_own
def test_the_best_estimator_is_fitted(shared_or_own):
    search = search_in("any", shared_or_own, cv=3)
    best = search.best_estimator_.predict(shared_or_own.X)
    np.testing.assert_array_equal(best, search.predict(shared_or_own.X))


@pytest.mark.parametrize(
    ("search", "special"),
    [
        (
            MultiTaskCV(TraceNormRegressor(**TIGHT), {"alpha": 5}, eps=0.01, cv=3),
            TraceNormRegressorCV(alphas=5, eps=0.01, intercept="free", cv=3, **TIGHT),
        ),
        (
            MultiTaskCV(MultiTaskLasso(**TIGHT), {"alpha": 5}, eps=0.01, cv=3),
            MultiTaskLassoCV(alphas=5, eps=0.01, cv=3, **TIGHT),
        ),
        (
            MultiTaskCV(MultiTaskElasticNet(**TIGHT), {"alpha": 5, "l1_ratio": [0.5, 0.9]}, cv=3),
            MultiTaskElasticNetCV(alphas=5, l1_ratio=[0.5, 0.9], cv=3, **TIGHT),
        ),
        (
            MultiTaskCV(MeanRegularizedRegressor(**TIGHT), {"alpha": 5, "ridge": [0.1, 1]}, cv=3),
            MeanRegularizedRegressorCV(alphas=5, ridge=[0.1, 1], intercept="free", cv=3, **TIGHT),
        ),
    ],
)
@shared_and_own
def test_any_search_is_the_named_search(search, special, shared_or_own):
    X, y, weight, column, _ = shared_or_own
    models = [set_both(model, task_column=column).fit(X, y, weight) for model in (search, special)]
    np.testing.assert_allclose(models[0].mse_path_, models[1].mse_path_, rtol=1e-4)
    assert_same(*models)


@pytest.mark.parametrize(
    ("estimator", "grid"),
    [
        (
            MultiTaskRegressor(TraceNorm(0.1)),
            {"penalty": [TraceNorm(0.1), L1(0.2), TaskNorm(0.1) + L1(0.1)]},
        ),
        (
            TaskGraphRegressor(ridge=0.1),
            {"alpha": ALPHAS, "graph": [GRAPH, np.ones((T, T)), "chain"]},
        ),
        (TaskGraphRegressor(ridge=0.1), {"graph": ["chain", [(0, 1, 1.0), (1, 2, 1.0)]]}),
        (TaskGraphRegressor(), {"alpha": ALPHAS, "ridge": [0.1, OWN_RIDGE]}),
        (TemporalGroupLasso(0.1), {"alpha": ALPHAS, "times": [np.arange(T), TIMES]}),
        (TemporalGroupLasso(0.1), {"times": [dict(enumerate(TIMES)), None]}),
        (MeanRegularizedRegressor(PULL), {"ridge": [0.1, 1.0]}),
        (DirtyRegressor(0.1, specific_ratio=0.4), {"shared_norm": ["l21", "l1inf"]}),
    ],
)
def test_any_parameter_may_be_searched(estimator, grid):
    given = make("wide")
    estimator = clone(estimator).set_params(tol=1e-8, max_iter=100_000)
    ours = MultiTaskCV(estimator, grid, cv=3).fit(given.X, given.y)
    theirs = GridSearchCV(estimator, grid, scoring="neg_mean_squared_error", cv=KFold(3))
    theirs.fit(given.X, given.y)
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-4)
    np.testing.assert_allclose(ours.predict(given.X), theirs.predict(given.X), rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("search", "error", "message"),
    [
        (MultiTaskCV(linear_model.Ridge()), TypeError, "takes a linear estimator of skmtl such"),
        (MultiTaskCV(TraceNormRegressorCV()), TypeError, "takes a linear estimator of skmtl such"),
        (MultiTaskCV(TraceNormRegressor(), {"beta": [1]}), ValueError, "'beta', which is no param"),
        (MultiTaskCV(TraceNormRegressor(), {"ridge": []}), ValueError, "no values for 'ridge'"),
        (MultiTaskCV(TraceNormRegressor(), {"alpha": [-1]}), ValueError, r"alphas\[0\] == -1"),
        (MultiTaskCV(TraceNormRegressor(), {"ridge": [-1]}), ValueError, "ridge == -1, must be >="),
        (TraceNormRegressorCV(alphas=[]), ValueError, "alphas must be a number of alphas or a li"),
        (TraceNormRegressorCV(alphas=0), ValueError, "alphas == 0, must be >= 1"),
        (TraceNormRegressorCV(eps=0), ValueError, "eps == 0, must be > 0"),
        (TraceNormRegressorCV(ridge=-1), ValueError, "ridge == -1, must be >= 0"),
        (DirtyRegressorCV(specific_ratio=[0.4, 1]), ValueError, "specific_ratio == 1.0, must be <"),
        (DirtyRegressorCV(specific_ratio=[]), ValueError, "specific_ratio must be a number or a l"),
        (DirtyRegressorCV(shared_norm="l2"), ValueError, "shared_norm='l2' is not one of"),
        (
            RobustMultiTaskRegressorCV(outlier_ratio=0),
            ValueError,
            "outlier_ratio == 0, must be > 0",
        ),
        (TaskGraphRegressorCV(graph="ring"), ValueError, "graph='ring' is not one of"),
        (TaskGraphRegressorCV(ridge=-1), ValueError, "ridge must be finite and at least 0, got -1"),
        (ClusteredTaskRegressorCV(n_clusters=[2, 0]), ValueError, "n_clusters == 0, must be >= 1"),
        (
            ClusteredTaskRegressorCV(n_clusters=1.5),
            TypeError,
            "n_clusters must be an instance of int",
        ),
        (MeanRegularizedRegressorCV(selection_rule="max"), ValueError, "'max' is not one of"),
        (MeanRegularizedRegressorCV(cv=1), ValueError, "cv == 1, must be >= 2"),
    ],
)
def test_searches_that_cannot_be_meant_are_refused(search, error, message):
    refuses(message, search, error)


@each_model
def test_scikit_learn_searches_over_every_model(name):
    given = make("own")
    estimator = clone(MODELS[name].estimator).set_params(task_column=given.task_column)
    grid = {"alpha": [1.0, 0.05]}
    if name == "custom":
        grid = {"penalty": [TaskNorm(1.0), TaskNorm(0.05)]}
    cv = TaskStratifiedKFold(3, task_column=given.task_column)
    search = GridSearchCV(estimator, grid, cv=cv).fit(given.X, given.y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = clone(estimator).set_params(**search.best_params_).fit(given.X, given.y)
    np.testing.assert_array_equal(search.predict(given.X), best.predict(given.X))
