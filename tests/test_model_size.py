"""Non-zeros, rank and effective degrees of freedom of fitted models."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeCV,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    ClusteredTaskRegressor,
    ClusteredTaskRegressorCV,
    IndependentTasks,
    MeanRegularizedRegressor,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    PooledTasks,
    RandomInterceptTasks,
    TraceNormClassifier,
    TraceNormRegressor,
    make_multitask_classification,
    make_multitask_regression,
)
from skmtl.evaluation import model_size
from skmtl.meta.chosen_strengths import with_chosen_strengths

T, P = 3, 6


def data(**options):
    options = {"n_samples": 20, "n_tasks": T, "n_features": P, "n_informative": 3} | options
    return make_multitask_regression(**options, random_state=0)


def hat_trace(model, X, Y):
    """Trace of d yhat / d y of a model of given strengths: by a step of each target."""
    known = ~np.isnan(Y)
    step = 1e-4 * Y[known].std()
    before = model.fit(X, Y).predict(X)
    total = 0.0
    for cell in zip(*np.nonzero(known), strict=True):
        shifted = Y.copy()
        shifted[cell] += step
        total += (model.fit(X, shifted).predict(X)[cell] - before[cell]) / step
    return total


def estimate(model, X, Y, n_probes=400):
    return model_size(model, X, Y, n_probes=n_probes, random_state=0).dof


JOINT = [
    MeanRegularizedRegressor(0.7, ridge=0.1),
    MeanRegularizedRegressor(0.7, ridge=0.1, normalize_y=True),
    MeanRegularizedRegressorCV(alphas=3),
    MultiTaskLasso(0.4),
    MultiTaskLassoCV(alphas=10, eps=0.1),
    MultiTaskElasticNetCV(alphas=5, l1_ratio=[0.5, 0.9]),
    TraceNormRegressor(0.5),
    ClusteredTaskRegressorCV(alphas=2, n_clusters=[1, 2]),
    MultiTaskCV(TraceNormRegressor(), {"alpha": 3}),
]


@pytest.mark.parametrize("model", JOINT, ids=repr)
def test_estimates_come_to_the_trace_of_the_hat_matrix(model):
    made = data(missing=0.2)
    model = clone(model).fit(made.X, made.y)
    exact = hat_trace(with_chosen_strengths(model, tight=True), made.X, made.y)
    # 4 standard errors of 50 probes
    assert estimate(model, made.X, made.y, 50) == pytest.approx(exact, abs=4 * np.sqrt(exact / 25))


def test_the_standard_error_of_a_probe_is_at_most_as_stated():
    made = data()
    model = MeanRegularizedRegressor(0.7, ridge=0.1).fit(made.X, made.y)
    estimates = [model_size(model, made.X, made.y, random_state=k).dof for k in range(60)]
    assert np.std(estimates) < np.sqrt(2 * np.mean(estimates))


SINGLE_TASK = [
    LinearRegression(),
    LinearRegression(fit_intercept=False),
    Ridge(3.0),
    Ridge(3.0, fit_intercept=False),
    Lasso(0.3, tol=1e-10),
    ElasticNet(0.3, tol=1e-10, max_iter=10_000),
    ElasticNet(0.3, positive=True, tol=1e-10),
]


@pytest.mark.parametrize("baseline", [IndependentTasks, PooledTasks])
@pytest.mark.parametrize("inner", SINGLE_TASK, ids=repr)
def test_baselines_are_exact(baseline, inner):
    made = data()
    model = baseline(inner).fit(made.X, made.y)
    exact = hat_trace(clone(model), made.X, made.y)
    assert model_size(model, made.X, made.y).dof == pytest.approx(exact, abs=1e-4)


def test_a_lasso_has_its_non_zeros_and_intercepts():
    made = data()
    model = IndependentTasks(LassoCV()).fit(made.X, made.y)
    size = model_size(model, made.X, made.y)
    assert size.n_nonzero == sum(np.count_nonzero(one.coef_) for one in model.estimators_)
    assert size.dof == pytest.approx(size.n_nonzero + T)


@pytest.mark.parametrize("inner", [RidgeCV(), ElasticNetCV(l1_ratio=[0.5, 0.9])], ids=repr)
def test_tuned_baselines_count_as_what_they_chose(inner):
    made = data()
    tuned = PooledTasks(inner).fit(made.X, made.y)
    given = PooledTasks(with_chosen_strengths(tuned.estimator_, tight=True)).fit(made.X, made.y)
    np.testing.assert_allclose(given.predict(made.X), tuned.predict(made.X), rtol=1e-3)
    expected = model_size(given, made.X, made.y)
    assert model_size(tuned, made.X, made.y) == pytest.approx(expected)


def test_other_linear_models_are_estimated():
    made = data()
    model = PooledTasks(BayesianRidge()).fit(made.X, made.y)
    ridge = Ridge(model.estimator_.lambda_ / model.estimator_.alpha_)
    known = model_size(PooledTasks(ridge).fit(made.X, made.y), made.X, made.y).dof
    # its strengths follow y, which the given ridge's do not
    assert estimate(model, made.X, made.y) == pytest.approx(known, abs=1.0)


def test_random_intercepts_are_between_pooled_and_one_for_each_task():
    made = data(own_inputs=True)
    X, y, options = made.X, made.y + 5 * made.X[:, -1], {"task_column": -1}
    model = RandomInterceptTasks(Ridge(1.0), **options).fit(X, y)
    size = model_size(model, X, y)
    pooled = model_size(PooledTasks(Ridge(1.0), **options).fit(X, y), X, y)
    assert (size.n_nonzero, size.rank) == (pooled.n_nonzero, pooled.rank) == (T * P, 1)
    assert pooled.dof < size.dof < P + T


@pytest.mark.parametrize("ridge", [Ridge(3.0), RidgeCV(), Ridge(3.0, fit_intercept=False)])
def test_random_intercepts_have_the_trace_of_the_ridge_of_indicators(ridge):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4)) + 10
    ids = np.arange(60) % 7
    model = RandomInterceptTasks(ridge, scales=[0.5, 2.0]).fit(X, X[:, 0] + ids, tasks=ids)
    inputs = model.pooled_inputs(X, ids)
    if ridge.fit_intercept:
        inputs = inputs - inputs.mean(axis=0)
    squares = np.linalg.svd(inputs, compute_uv=False) ** 2
    alpha = getattr(model.estimator_, "alpha_", 3.0)
    expected = ridge.fit_intercept + np.sum(squares / (squares + alpha))
    size = model_size(model, X, X[:, 0] + ids, tasks=ids)
    assert size.dof == pytest.approx(expected)


def test_a_task_of_one_sample_counts_once():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((9, 2)), np.repeat([0, 1], [1, 8])])
    y = rng.standard_normal(9)
    model = IndependentTasks(LassoCV(), task_column=-1).fit(X, y)
    inner = np.count_nonzero(model.estimators_[1].coef_)
    size = model_size(model, X, y)
    assert (size.n_nonzero, size.dof) == (inner, 1 + 1 + inner)


def test_figures_of_coefficients():
    made = data()
    X, Y = made.X, made.y
    few = MultiTaskLasso(0.8).fit(X, Y)
    assert model_size(few, X, Y).n_nonzero == np.count_nonzero(few.coef_) < T * P
    low = TraceNormRegressor(1.0, tol=1e-8).fit(X, Y)
    assert model_size(low, X, Y).rank == low.rank_ < T
    empty = TraceNormRegressor(1e4).fit(X, Y)
    assert model_size(empty, X, Y)[:2] == (0, 0)
    assert estimate(empty, X, Y) == pytest.approx(T, abs=4 * np.sqrt(T / 200))
    assert model_size(PooledTasks(Ridge()).fit(X, Y), X, Y)[:2] == (T * P, 1)
    assert model_size(IndependentTasks(Ridge()).fit(X, Y), X, Y)[:2] == (T * P, T)


def test_limits_of_the_mean_regularized_model():
    made = data()
    X, Y = made.X, made.y
    single_task = MeanRegularizedRegressor(0.0).fit(X, Y)
    assert estimate(single_task, X, Y, 100) == pytest.approx(T * (P + 1), abs=2)
    alike = MeanRegularizedRegressor(1e7).fit(X, Y)
    assert estimate(alike, X, Y, 100) == pytest.approx(P + T, abs=2)


def test_data_forms_agree():
    made = data(missing=0.2)
    rows, tasks = np.nonzero(~np.isnan(made.y))
    X, y = made.X[rows], made.y[rows, tasks]
    model = MeanRegularizedRegressor(0.5)
    wide = model_size(clone(model).fit(made.X, made.y), made.X, made.y, random_state=0)
    by_ids = clone(model).fit(X, y, tasks=tasks)
    # targets are in the same order, so the signs are the same
    assert model_size(by_ids, X, y, tasks=tasks, random_state=0) == pytest.approx(wide)
    long_X = np.column_stack([X, tasks])
    column = clone(model).set_params(task_column=-1).fit(long_X, y)
    assert model_size(column, long_X, y, random_state=0) == pytest.approx(wide)
    frame = pd.DataFrame(made.y, columns=list("abc"))
    framed = MeanRegularizedRegressor({"a": 0.5, "b": 0.5, "c": 0.5}).fit(made.X, frame)
    assert model_size(framed, made.X, frame, random_state=0) == pytest.approx(wide)


def test_sparse_X_is_as_dense_X():
    made = data()
    for model in (PooledTasks(Ridge()), MultiTaskLasso(0.3)):
        dense = model_size(clone(model).fit(made.X, made.y), made.X, made.y, random_state=0)
        X = sparse.csr_array(made.X)
        other = model_size(clone(model).fit(X, made.y), X, made.y, random_state=0)
        assert other == pytest.approx(dense, rel=1e-6)


def test_pipelines_and_searches_are_looked_through():
    made = data()
    X, Y = made.X, made.y
    scaled = StandardScaler().fit_transform(X)
    for model in (MultiTaskLasso(0.3), PooledTasks(Ridge(3.0))):
        known = model_size(clone(model).fit(scaled, Y), scaled, Y, random_state=0)
        pipeline = make_pipeline(StandardScaler(), model)
        assert model_size(pipeline.fit(X, Y), X, Y, random_state=0) == pytest.approx(known)
        name = type(model).__name__.lower()
        grid = {f"{name}__{'alpha' if name == 'multitasklasso' else 'estimator__alpha'}": [0.3]}
        search = GridSearchCV(pipeline, grid, cv=2).fit(X, Y)
        chosen = search.best_estimator_[-1]
        known = model_size(chosen, scaled, Y, random_state=0)
        assert model_size(search, X, Y, random_state=0) == pytest.approx(known)
    inside = PooledTasks(GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {}, cv=2))
    known = model_size(PooledTasks(Ridge()).fit(scaled, Y), scaled, Y)
    assert model_size(inside.fit(X, Y), X, Y) == pytest.approx(known)


def test_counts_stay_counts():
    made = data()
    Y = np.round(np.exp(0.5 * np.tanh(made.y)))
    Y[0] = 0.0
    model = MeanRegularizedRegressor(0.5, ridge=0.1, loss="poisson").fit(made.X, Y)
    exact = hat_trace(with_chosen_strengths(model, tight=True), made.X, Y)
    assert estimate(model, made.X, Y, 50) == pytest.approx(exact, abs=4 * np.sqrt(exact / 25))


def test_learned_task_weights_are_held_fixed():
    made = data()
    made.y += np.random.default_rng(0).standard_normal((20, T)) * [0.1, 1.0, 3.0]
    model = MeanRegularizedRegressor(0.5, ridge=0.1, task_weight="uncertainty")
    model.fit(made.X, made.y)
    np.testing.assert_array_equal(
        with_chosen_strengths(model, tight=True).task_weight, model.task_weight_
    )
    exact = hat_trace(with_chosen_strengths(model, tight=True), made.X, made.y)
    assert estimate(model, made.X, made.y, 50) == pytest.approx(exact, abs=4 * np.sqrt(exact / 25))


def test_what_does_not_exist_is_nan():
    made = make_multitask_classification(n_samples=50, n_tasks=T, n_features=P, random_state=0)
    for model in (TraceNormClassifier(0.05), IndependentTasks(LogisticRegression())):
        size = model_size(model.fit(made.X, made.y), made.X, made.y)
        assert (size.n_nonzero > 0, size.rank > 0, np.isnan(size.dof)) == (True, True, True)
    made = data()
    forest = IndependentTasks(RandomForestRegressor(2, random_state=0)).fit(made.X, made.y)
    assert np.isnan(model_size(forest, made.X, made.y)).all()


def test_the_model_is_left_alone_and_nothing_is_warned_of():
    made = data()
    model = ClusteredTaskRegressor(0.3).fit(made.X, made.y)
    before = model.coef_.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = model_size(model, made.X, made.y, random_state=3)
    assert one == model_size(model, made.X, made.y, random_state=3)
    np.testing.assert_array_equal(model.coef_, before)


def test_bad_input_is_refused():
    made = data()
    with pytest.raises(NotFittedError):
        model_size(MultiTaskLasso(), made.X, made.y)
    with pytest.raises(ValueError, match="n_probes"):
        model_size(MultiTaskLasso().fit(made.X, made.y), made.X, made.y, n_probes=0)
