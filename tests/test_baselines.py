"""IndependentTasks and PooledTasks: any estimator, any data layout."""

import warnings
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import (
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeCV,
)
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressor,
    MultiTaskStacking,
    PooledTasks,
    RandomInterceptTasks,
    SequentialTasks,
    TaskStratifiedKFold,
    compare_to_single_task,
    make_multitask_classification,
)
from skmtl import make_multitask_regression as make
from skmtl.losses import Poisson
from skmtl.meta import _random_intercept_tasks


def test_independent_is_one_clone_per_task_in_every_layout():
    data = make(n_samples=30, n_tasks=3, missing=0.2, random_state=0)
    wide = IndependentTasks(Ridge(alpha=2.0)).fit(data.X, data.y)
    expected = np.empty_like(data.y)
    for t in range(3):
        seen = ~np.isnan(data.y[:, t])
        expected[:, t] = Ridge(alpha=2.0).fit(data.X[seen], data.y[seen, t]).predict(data.X)
    np.testing.assert_allclose(wide.predict(data.X), expected, rtol=1e-12)

    rows, tasks = np.nonzero(~np.isnan(data.y))
    X, y = data.X[rows], data.y[rows, tasks]
    long = IndependentTasks(Ridge(alpha=2.0), task_column=0).fit(np.column_stack([tasks, X]), y)
    np.testing.assert_allclose(long.predict(np.column_stack([tasks, X])), expected[rows, tasks])
    by_ids = IndependentTasks(Ridge(alpha=2.0)).fit(X, y, tasks=tasks)
    np.testing.assert_allclose(by_ids.predict(X, tasks=tasks), expected[rows, tasks])


def test_pooled_is_one_model_of_all_labeled_cells():
    data = make(n_samples=30, n_tasks=3, missing=0.2, random_state=0)
    rows, tasks = np.nonzero(~np.isnan(data.y))
    one = Ridge().fit(data.X[rows], data.y[rows, tasks])
    pooled = PooledTasks(Ridge()).fit(data.X, data.y)
    assert pooled.predict(data.X).shape == (30, 3)
    np.testing.assert_allclose(pooled.predict(data.X)[:, 2], one.predict(data.X), rtol=1e-10)


@pytest.mark.parametrize("baseline", [IndependentTasks, PooledTasks])
def test_weights_equal_repetition(baseline):
    data = make(n_samples=20, n_tasks=2, own_inputs=True, random_state=0)
    weight = np.random.default_rng(0).integers(0, 3, len(data.y))
    model = baseline(Ridge(), task_column=-1)
    weighted = model.fit(data.X, data.y, sample_weight=weight).predict(data.X)
    repeated = model.fit(np.repeat(data.X, weight, axis=0), np.repeat(data.y, weight))
    np.testing.assert_allclose(weighted, repeated.predict(data.X), rtol=1e-8)


def test_unknown_tasks_are_averaged_by_independent_and_known_to_pooled():
    data = make(n_samples=20, n_tasks=2, own_inputs=True, random_state=0)
    new = data.X.copy()
    new[:, -1] = 9
    with pytest.raises(ValueError, match=r"Found task\(s\) \[9.0\] that were not seen in fit"):
        IndependentTasks(Ridge(), task_column=-1).fit(data.X, data.y).predict(new)
    shared = {"task_column": -1, "handle_unknown": "shared"}
    model = IndependentTasks(Ridge(), **shared).fit(data.X, data.y)
    both = [one.predict(new[:, :-1]) for one in model.estimators_]
    np.testing.assert_allclose(model.predict(new), np.mean(both, axis=0))
    pooled = PooledTasks(Ridge(), **shared).fit(data.X, data.y)
    np.testing.assert_allclose(pooled.predict(new), pooled.predict(data.X))


def test_frames_with_text_and_holes_reach_the_estimator_untouched():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "school": np.repeat(["north", "south"], 30),
            "kind": rng.choice(["a", "b"], 60),
            "x": np.where(rng.random(60) < 0.2, np.nan, rng.standard_normal(60)),
        }
    )
    y = (X["kind"] == "a") * 2.0 + (X["school"] == "north")
    inner = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough"),
        HistGradientBoostingRegressor(min_samples_leaf=5),
    )
    for baseline in (IndependentTasks, PooledTasks):
        model = baseline(inner, task_column="school").fit(X, y)
        assert model.score(X, y) > 0.4
        assert list(model.feature_names_in_) == ["school", "kind", "x"]


def test_small_tasks_get_fewer_folds_and_single_rows_their_mean():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((10, 2)), np.repeat([0, 1, 2], [1, 3, 6])])
    y = rng.standard_normal(10)
    model = IndependentTasks(LassoCV(), task_column=-1).fit(X, y)
    assert model.predict(X)[0] == pytest.approx(y[0])
    assert model.estimators_[1].mse_path_.shape[1] == 3
    assert model.estimators_[2].mse_path_.shape[1] == 5


@pytest.mark.parametrize(
    "estimator",
    [
        RidgeCV(cv=5),
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}),
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=KFold(5, shuffle=True, random_state=0)),
    ],
)
def test_every_way_to_ask_for_folds_gets_fewer_of_small_tasks(estimator):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((10, 2))
    y = rng.standard_normal(10)
    ids = np.repeat([0, 1, 2], [1, 3, 6])
    model = IndependentTasks(estimator).fit(X, y, tasks=ids)
    assert model.predict(X[:1], tasks=[0]) == pytest.approx(y[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of scores that are NaN
        model.fit(X, y, tasks=ids)
    score = "neg_mean_squared_error"  # folds of one sample have no R^2
    for task, n_folds in ((1, 3), (2, 5)):
        own = ids == task
        cv = n_folds
        if isinstance(estimator.cv, KFold):
            cv = KFold(n_folds, shuffle=True, random_state=0)
        alone = clone(estimator).set_params(cv=cv, scoring=score).fit(X[own], y[own])
        np.testing.assert_allclose(model.predict(X[own], tasks=ids[own]), alone.predict(X[own]))


META = [IndependentTasks, PooledTasks, RandomInterceptTasks, SequentialTasks, MultiTaskStacking]


@pytest.mark.parametrize("meta", META)
def test_rare_classes_and_tasks_of_one_class_are_no_trouble(meta):
    rng = np.random.default_rng(0)
    ids = np.repeat([0, 1, 2, 3], [1, 2, 5, 22])
    X = rng.standard_normal((30, 2))
    labels = np.where(rng.random(30) < 0.5, "a", "b")
    labels[1:3] = "a"
    labels[5] = "seen once"
    model = meta(LogisticRegression()).fit(X, labels, tasks=ids)
    np.testing.assert_allclose(model.predict_proba(X, tasks=ids).sum(axis=1), 1.0)
    wide = np.full((30, 2), None, dtype=object)
    wide[:, 0] = labels
    wide[:3, 1] = "only"
    assert meta(LogisticRegression()).fit(X, wide).predict(X).shape == (30, 2)


def test_classifiers_in_both_layouts():
    data = make_multitask_classification(n_samples=200, n_tasks=3, missing=0.2, random_state=0)
    wide = IndependentTasks(LogisticRegression()).fit(data.X, data.y)
    assert wide.score(data.X, data.y) > 0.8
    assert [p.shape for p in wide.predict_proba(data.X)] == [(200, 2)] * 3
    rows, tasks = np.nonzero(~np.isnan(data.y))
    X, y = (
        np.column_stack([data.X[rows], tasks]),
        np.array(["no", "yes"])[data.y[rows, tasks].astype(int)],
    )
    long = IndependentTasks(LogisticRegression(), task_column=-1).fit(X, y)
    assert list(long.classes_) == ["no", "yes"]
    np.testing.assert_allclose(long.predict_proba(X).sum(axis=1), 1.0)
    assert long.score(X, y) == pytest.approx(wide.score(data.X, data.y))


def test_a_task_with_one_class_gets_that_class():
    X = np.column_stack([np.arange(8.0), np.repeat([0, 1], 4)])
    y = np.array([0, 0, 1, 1, 1, 1, 1, 1])
    model = IndependentTasks(LogisticRegression(), task_column=-1).fit(X, y)
    assert (model.predict(X)[4:] == 1).all()
    np.testing.assert_allclose(model.predict_proba(X)[4:], [[0, 1]] * 4)


def test_weights_for_an_estimator_without_weights_are_an_error():
    from sklearn.neighbors import KNeighborsRegressor

    data = make(n_samples=20, n_tasks=2, random_state=0)
    with pytest.raises(ValueError, match="the fit of KNeighborsRegressor takes none"):
        IndependentTasks(KNeighborsRegressor()).fit(data.X, data.y, sample_weight=np.ones(20))


def test_results_do_not_depend_on_n_jobs():
    data = make(n_samples=20, n_tasks=4, random_state=0)
    one, two = (IndependentTasks(LinearRegression(), n_jobs=n).fit(data.X, data.y) for n in (1, 2))
    np.testing.assert_array_equal(one.predict(data.X), two.predict(data.X))


@pytest.mark.parametrize("given", [[0.1, 1.0, 10.0], {0: 0.1, 2: 10.0}])
def test_a_parameter_may_differ_over_tasks(given):
    data = make(n_tasks=3, random_state=0)
    model = IndependentTasks(Ridge(alpha=1.0), task_params={"alpha": given})
    single_task = [
        Ridge(alpha).fit(data.X, y) for alpha, y in zip([0.1, 1, 10], data.y.T, strict=True)
    ]
    expected = np.column_stack([one.predict(data.X) for one in single_task])
    np.testing.assert_allclose(model.fit(data.X, data.y).predict(data.X), expected)


@pytest.mark.parametrize(
    ("given", "message"), [([0.1, 1.0], "expected 3"), ({"a": 1.0}, "'a', which is no task")]
)
def test_parameters_of_other_tasks_are_refused(given, message):
    data = make(n_tasks=3, random_state=0)
    with pytest.raises(ValueError, match=message):
        IndependentTasks(Ridge(), task_params={"alpha": given}).fit(data.X, data.y)


# ---------------------------------------------------------------- an intercept for each task


@pytest.fixture(scope="module")
def levels():
    """Six tasks with the same coefficients and levels of their own, the task in the last column."""
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(6), 12)
    X = rng.standard_normal((72, 3))
    y = X @ [1.0, -2.0, 0.0] + np.arange(0.0, 60.0, 10.0)[tasks] + rng.standard_normal(72)
    return np.column_stack([X, tasks]), y


def test_slopes_are_shared_and_intercepts_are_not(levels):
    X, y = levels
    model = RandomInterceptTasks(RidgeCV(), task_column=-1).fit(X, y)
    z = model.predict_all_tasks(X)
    coefficients = z[0] - z[1]
    np.testing.assert_allclose(coefficients, coefficients[0])
    assert np.sqrt(np.mean((model.predict(X) - y) ** 2)) < 1.2
    assert PooledTasks(RidgeCV(), task_column=-1).fit(X, y).score(X, y) < 0 < model.score(X, y)


def test_a_large_scale_is_a_free_intercept_and_a_small_one_is_pooling(levels):
    X, y = levels
    free = RandomInterceptTasks(Ridge(1e-6), scales=[1e6], task_column=-1).fit(X, y)
    design = np.column_stack([X[:, :-1], X[:, -1:] == np.arange(6)])
    expected = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    np.testing.assert_allclose(free.predict(X), expected, atol=1e-4)
    none = RandomInterceptTasks(Ridge(1.0), scales=[1e-6], task_column=-1).fit(X, y)
    pooled = PooledTasks(Ridge(1.0), task_column=-1).fit(X, y)
    np.testing.assert_allclose(none.predict(X), pooled.predict(X), atol=1e-4)


def test_the_scale_does_not_depend_on_the_unit_of_the_features(levels):
    X, y = levels
    other = X * [100.0, 100.0, 100.0, 1.0]
    a = RandomInterceptTasks(Ridge(1e-8), task_column=-1).fit(X, y)
    b = RandomInterceptTasks(Ridge(1e-4), task_column=-1).fit(other, y)
    assert a.scale_ == b.scale_
    np.testing.assert_allclose(a.predict(X), b.predict(other), rtol=1e-6)


def test_unknown_tasks_get_the_common_intercept(levels):
    X, y = levels
    model = RandomInterceptTasks(RidgeCV(), task_column=-1, handle_unknown="shared").fit(X, y)
    unknown = np.column_stack([X[:1, :-1], [99.0]])
    assert model.predict_all_tasks(X[:1]).min() < model.predict(unknown)[0]
    assert model.predict(unknown)[0] < model.predict_all_tasks(X[:1]).max()


def test_random_intercepts_in_every_layout_and_sparse(levels):
    X, y = levels
    column = RandomInterceptTasks(RidgeCV(), task_column=-1).fit(X, y)
    ids = RandomInterceptTasks(RidgeCV()).fit(X[:, :-1], y, tasks=X[:, -1])
    np.testing.assert_allclose(ids.predict(X[:, :-1], tasks=X[:, -1]), column.predict(X))
    thin = sparse.csr_matrix(X[:, :-1])
    dense = RandomInterceptTasks(Ridge(1.0), scales=[1.0]).fit(X[:, :-1], y, tasks=X[:, -1])
    of_sparse = RandomInterceptTasks(Ridge(1.0), scales=[1.0]).fit(thin, y, tasks=X[:, -1])
    np.testing.assert_allclose(
        of_sparse.predict_all_tasks(thin), dense.predict_all_tasks(X[:, :-1])
    )


def test_random_intercepts_of_classes():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((200, 2)), np.arange(200) % 2])
    y = np.where(X[:, 0] + np.where(X[:, 2] == 0, 2.0, -2.0) + rng.logistic(size=200) > 0, "a", "b")
    model = RandomInterceptTasks(
        LogisticRegression(), param_grid={"C": [0.1, 1.0]}, scoring="neg_log_loss", task_column=-1
    ).fit(X, y)
    p = model.predict_proba(np.array([[0.0, 0.0, 0], [0.0, 0.0, 1]]))[:, 0]
    assert p[0] > 0.7
    assert p[1] < 0.3


WEIGHT = np.random.default_rng(3).integers(1, 4, 72).astype(float)


def with_indicators(X, factor, n_tasks=6):
    return np.column_stack([X[:, :-1], factor * (X[:, -1:] == np.arange(n_tasks))])


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("shape", ["tall", "wide", "more tasks than samples"])
def test_the_closed_form_is_the_ridge_of_indicators(levels, weight, fit_intercept, shape):
    X, y = levels
    if shape == "wide":
        extra = np.random.default_rng(1).standard_normal((72, 100))
        X = np.column_stack([extra, X])
    n_tasks = 6
    if shape == "more tasks than samples":
        X = X.copy()
        X[:, -1] = np.random.default_rng(1).permutation(72) % 70
        n_tasks = 70
    unit = np.sqrt(np.average((X - np.average(X, 0, weight)) ** 2, 0, weight)[:-1].mean())
    alphas = np.logspace(-2, 3, 6)
    for ridge in (Ridge(2.0, solver="svd"), RidgeCV(alphas)):
        ridge.set_params(fit_intercept=fit_intercept)
        model = RandomInterceptTasks(ridge, scales=[2.0], task_column=-1)
        model.fit(X, y, sample_weight=weight)
        expected = ridge.fit(with_indicators(X, 2 * unit, n_tasks), y, sample_weight=weight)
        np.testing.assert_allclose(model.estimator_.coef_, expected.coef_, atol=1e-7)
        assert model.estimator_.intercept_ == pytest.approx(expected.intercept_, abs=1e-7)
    assert model.estimator_.alpha_ == expected.alpha_
    assert model.estimator_.best_score_ == pytest.approx(expected.best_score_)


def test_features_of_different_units_are_solved_without_a_warning(levels):
    X, y = levels
    units = np.ones(X.shape[1])
    units[0] = 1e8
    factor = np.sqrt((units * X)[:, :-1].var(axis=0).mean())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = RandomInterceptTasks(Ridge(1e-3), scales=[1.0], task_column=-1).fit(X * units, y)
    inputs = with_indicators(X, factor) * [*units[:-1], *np.ones(6)]
    expected = Ridge(1e-3, solver="svd").fit(inputs, y)
    np.testing.assert_allclose(model.predict(X * units), expected.predict(inputs), rtol=1e-6)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3])
def test_newtons_method_is_the_logistic_regression_of_indicators(levels, C, weight, fit_intercept):
    X, y = levels
    labels = np.where(y + 20 * np.random.default_rng(1).standard_normal(72) > 30, "b", "a")
    logistic = LogisticRegression(C=C, fit_intercept=fit_intercept)
    model = RandomInterceptTasks(logistic, scales=[2.0], task_column=-1)
    model.fit(X, labels, sample_weight=weight)
    expected = clone(logistic).set_params(solver="newton-cholesky", tol=1e-12)
    inputs = model.pooled_inputs(X[:, :-1], X[:, -1].astype(int))
    expected.fit(inputs, labels, sample_weight=weight)
    np.testing.assert_allclose(model.estimator_.coef_, expected.coef_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(inputs), rtol=1e-6)


TIGHT_POISSON = PoissonRegressor(solver="newton-cholesky", tol=1e-12)
SEARCHES = {
    "ridge": (Ridge(), {"alpha": [0.1, 10.0]}, None),
    "tuned ridge": (RidgeCV([0.1, 10.0]), None, "neg_mean_squared_error"),
    "counts": (TIGHT_POISSON, {"alpha": [1e-3, 0.1]}, "neg_mean_poisson_deviance"),
    "classes": (LogisticRegression(), {"C": [0.1, 10.0]}, "neg_log_loss"),
}


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("kind", SEARCHES)
def test_scores_of_the_search_are_those_of_fitted_estimators(levels, kind, weight):
    X, y = levels
    if kind == "counts":
        y = np.round(np.abs(y))
    if kind == "classes":
        y = np.where(y + 20 * np.random.default_rng(1).standard_normal(72) > 30, "b", "a")
    estimator, grid, scoring = SEARCHES[kind]
    options = {"param_grid": grid, "scoring": scoring, "cv": 3, "task_column": -1}
    scores = []

    def recorded(values, scoring):
        scores.append(values)
        return 0

    with patch.object(_random_intercept_tasks, "_position_of_best", recorded):
        for scales in ([0.5, 2.0], [2.0, 0.5]):  # the paths start anew for each scale
            model = RandomInterceptTasks(estimator, scales=scales, **options)
            model.fit(X, y, sample_weight=weight)
        with patch.object(_random_intercept_tasks, "held_out_scores", lambda *arguments: None):
            model.fit(X, y, sample_weight=weight)
    reversed_scores = scores[0].reshape(3, -1, 2)[..., ::-1].reshape(3, -1)
    np.testing.assert_allclose(scores[1], reversed_scores, rtol=1e-10)
    np.testing.assert_allclose(scores[1], scores[2], rtol=1e-5)


@pytest.mark.parametrize(
    "estimator",
    [Ridge(-1.0), Ridge(solver="other"), RidgeCV([0.0, 1.0]), LogisticRegression(C=-1.0)],
)
def test_parameters_that_are_not_valid_are_refused(levels, estimator):
    X, y = levels
    with pytest.raises(ValueError, match=r"must be|Input|alphas"):
        RandomInterceptTasks(estimator, task_column=-1).fit(X, (y > 30).astype(int))


def test_the_form_of_the_indicators_does_not_matter():
    rng = np.random.default_rng(0)
    ids = np.arange(1000) % 300  # more than are kept dense
    X = rng.standard_normal((1000, 3))
    y = X[:, 0] + rng.standard_normal(300)[ids] + rng.standard_normal(1000)
    lasso = Lasso(0.01, tol=1e-10)
    model = RandomInterceptTasks(lasso, scales=[1.0]).fit(X, y, tasks=ids)
    assert sparse.issparse(model.pooled_inputs(X, ids))
    inputs = with_indicators(np.column_stack([X, ids]), np.sqrt(X.var(axis=0).mean()), 300)
    np.testing.assert_allclose(
        model.predict(X, tasks=ids), lasso.fit(inputs, y).predict(inputs), atol=1e-6
    )


@pytest.mark.parametrize("n_samples", [5, 20])
def test_folds_of_one_sample_choose_by_the_squared_error(n_samples):
    rng = np.random.default_rng(0)
    ids = np.arange(n_samples) % 2
    X = rng.standard_normal((n_samples, 1))
    y = X[:, 0] + 3 * ids + 0.1 * rng.standard_normal(n_samples)
    scales = [0.01, 0.1, 1.0, 10.0]
    errors = []
    for scale in scales:
        model = RandomInterceptTasks(Ridge(), scales=[scale])
        left_out = []
        for train, test in LeaveOneOut().split(X):
            model.fit(X[train], y[train], tasks=ids[train])
            left_out += [y[test] - model.predict(X[test], tasks=ids[test])]
        errors.append(np.mean(np.square(left_out)))
    model = RandomInterceptTasks(Ridge(), scales=scales, cv=LeaveOneOut()).fit(X, y, tasks=ids)
    assert model.scale_ == scales[np.argmin(errors)] > 0.1


def test_scores_that_are_nan_throughout_are_an_error():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((8, 1))
    model = RandomInterceptTasks(Ridge(), scoring="r2", cv=LeaveOneOut())
    message = "scoring='r2' gives NaN for every setting and split"
    with pytest.raises(ValueError, match=message), pytest.warns(UserWarning, match="R\\^2"):
        model.fit(X, X[:, 0], tasks=np.arange(8) % 2)


# ---------------------------------------------------------------- a new task


RIDGES = [Ridge(3.0), RidgeCV(), make_pipeline(StandardScaler(), Ridge(3.0))]


@pytest.mark.parametrize("estimator", RIDGES, ids=lambda one: type(one).__name__)
def test_a_task_given_again_gets_the_same_intercept(levels, estimator):
    X, y = levels
    model = RandomInterceptTasks(estimator, task_column=-1).fit(X, y)
    of_second = X[:, -1] == 1
    adapted = model.adapt(X[of_second], y[of_second])
    again = X[of_second].copy()
    again[:, -1] = 6
    np.testing.assert_allclose(adapted.predict(again), model.predict(X[of_second]))
    np.testing.assert_allclose(adapted.predict(X), model.predict(X))
    assert adapted.tasks_.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert adapted.n_samples_per_task_.tolist() == [12] * 7
    assert model.n_tasks_ == len(model.tasks_) == 6
    np.testing.assert_allclose(adapted.predict_all_tasks(X)[:, :-1], model.predict_all_tasks(X))


def test_a_new_intercept_is_the_shrunken_mean_of_residuals(levels):
    X, y = levels
    options = {"scales": [0.5], "task_column": -1, "handle_unknown": "shared"}
    model = RandomInterceptTasks(Ridge(3.0), **options).fit(X, y)
    new = np.array([[0.0, 1.0, 2.0, 99.0], [1.0, 0.0, 1.0, 99.0]])
    targets = np.array([50.0, 70.0])
    weight = np.array([1.0, 2.0])
    common = model.predict(new)
    strength = 3.0 / (0.25 * X[:, :-1].var(axis=0).mean())
    effect = weight @ (targets - common) / (weight.sum() + strength)
    adapted = model.adapt(new, targets, task=99, sample_weight=weight)
    np.testing.assert_allclose(adapted.predict(new), common + effect)
    repeated = model.adapt(new[[0, 1, 1]], targets[[0, 1, 1]], task=99)
    np.testing.assert_allclose(adapted.predict(new), repeated.predict(new))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_class_task_given_again_gets_the_same_intercept(n_classes):
    rng = np.random.default_rng(0)
    ids = np.arange(90) % 3
    X = rng.standard_normal((90, 2))
    z = X[:, 0] + ids + rng.logistic(size=90)
    labels = np.array(["a", "b", "c"])[np.digitize(z, [1.0, 2.0][: n_classes - 1])]
    logistic = LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000)
    model = RandomInterceptTasks(logistic).fit(X, labels, tasks=ids)
    adapted = model.adapt(X[ids == 1], labels[ids == 1], task=7)
    expected = model.predict_proba(X, tasks=np.full(90, 1))
    actual = adapted.predict_proba(X, tasks=np.full(90, 7))
    np.testing.assert_allclose(actual, expected, atol=1e-5)
    with pytest.raises(ValueError, match="classes \\['new'\\], but the model knows"):
        model.adapt(X[:2], ["new", "a"])


def test_a_wide_model_adapts_to_a_named_column(levels):
    X, y = levels
    Y = pd.DataFrame({"first": y, "second": y + 1})
    model = RandomInterceptTasks(Ridge()).fit(X[:, :-1], Y)
    adapted = model.adapt(X[:5, :-1], pd.DataFrame({"third": [1.0, 2.0, np.nan, 3.0, 4.0]}))
    assert adapted.tasks_.tolist() == ["first", "second", "third"]
    assert adapted.n_samples_per_task_[-1] == 4
    assert adapted.predict(X[:, :-1]).shape == (72, 3)


def test_models_without_a_ridge_cannot_adapt(levels):
    X, y = levels
    model = RandomInterceptTasks(Lasso(), task_column=-1).fit(X, y)
    with pytest.raises(TypeError, match=r"adapt needs the ridge or .* got Lasso\(\)"):
        model.adapt(X[:2], y[:2])
    model = RandomInterceptTasks(Ridge(), task_column=-1).fit(X, y)
    with pytest.raises(ValueError, match="task=3 was in the fit"):
        model.adapt(X[:2], y[:2], task=3)


@pytest.mark.parametrize("scales", [[], [0.0], [-1.0, 1.0], [np.inf]])
def test_scales_are_positive(levels, scales):
    with pytest.raises(ValueError, match="scales must be positive numbers, got"):
        RandomInterceptTasks(Ridge(), scales=scales, task_column=-1).fit(*levels)


# ---------------------------------------------------------------- rare counts


@pytest.mark.parametrize("n_positive", [0, 1, 2, 5])
def test_counts_that_are_nearly_all_zero_are_predicted_with_finite_means(n_positive):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = np.zeros(40)
    y[:n_positive] = 3.0
    tasks = np.zeros(40)
    model = IndependentTasks(Poisson().single_task(selects=False))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as that of a fold without a score
        means = model.fit(X, y, tasks=tasks).predict(X, tasks=tasks)
    assert means.mean() == pytest.approx(y.mean(), abs=0.05)
    assert means.max() <= 3.5


def test_comparisons_of_counts_cope_with_training_sets_of_zeros():
    rng = np.random.default_rng(0)
    tasks = np.tile([0, 1], 20)
    X = rng.standard_normal((40, 3))
    y = np.where(tasks == 0, rng.poisson(np.exp(X[:, 0])), 0.0)
    y[5] = 2.0  # the only event of task 1
    model = MeanRegularizedRegressor(loss="poisson")
    cv = TaskStratifiedKFold(2, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Task.* have counts of zero only")
        report = compare_to_single_task(
            model, X, y, tasks=tasks, cv=cv, random_state=0, model_figures=False
        )
    errors = report.cv_results_["errors"]
    assert np.isfinite(errors).all()
    assert errors[:, 1].max() < 2  # of the task whose training sets may be all zeros
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = compare_to_single_task(
            model,
            X,
            y,
            tasks=tasks,
            cv=cv,
            scoring="neg_mean_poisson_deviance",
            random_state=0,
            model_figures=False,
        )
    assert np.isfinite(report.cv_results_["errors"][:, 0]).all()
