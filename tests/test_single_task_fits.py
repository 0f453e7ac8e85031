"""Single-task ridges and lassos: those of scikit-learn, whose `fit` is not called."""

import pickle
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import parallel_config
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNetCV, LassoCV, Ridge, RidgeCV
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from skmtl import IndependentTasks, PooledTasks
from skmtl._data.fitted_final import fitted_final

VERSION = parse_version(sklearn.__version__)
MODERN = parse_version("1.7") <= VERSION
ALPHAS = np.logspace(-3, 3, 13)
TIGHT = {"tol": 1e-12, "max_iter": 200_000}  # of scikit-learn; skmtl's paths are exact anyway
RIDGE = RidgeCV(ALPHAS)
FIXED = Ridge(0.3)
LASSO = LassoCV(**{"alphas" if MODERN else "n_alphas": 30}, **TIGHT)


def samples(n=40, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    y = X[:, : min(p, 3)].sum(axis=1) + rng.standard_normal(n)
    return X, y


def own_fit_fails(self, X, y, sample_weight=None):
    raise AssertionError(f"The fit of {type(self).__name__} was called.")


def fast(estimator, X, y, sample_weight=None):
    """The estimator of a single task, fitted without the `fit` of its class."""
    final = type(estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator)
    tasks = np.zeros(len(y), dtype=int)
    with patch.object(final, "fit", own_fit_fails):
        model = IndependentTasks(estimator).fit(X, y, sample_weight, tasks=tasks)
    (fitted,) = model.estimators_
    return fitted


def own(estimator, X, y, sample_weight=None):
    """The estimator, fitted by scikit-learn."""
    fit_kwargs = {} if sample_weight is None else {"sample_weight": sample_weight}
    return clone(estimator).fit(X, y, **fit_kwargs)


def attributes(estimator):
    return {name: value for name, value in vars(estimator).items() if name.endswith("_")}


def assert_alike(found, expected, X, rtol=1e-7):
    """The same attributes and predictions; how a solver went is not compared."""
    if hasattr(expected, "steps"):
        for (_, one), (_, other) in zip(found.steps, expected.steps, strict=True):
            assert_alike_step(one, other, rtol)
    else:
        assert_alike_step(found, expected, rtol)
    predictions = expected.predict(X)
    np.testing.assert_allclose(
        found.predict(X), predictions, rtol=rtol, atol=rtol * np.ptp(predictions) + 1e-300
    )


def assert_alike_step(found, expected, rtol):
    mine = attributes(found)
    theirs = attributes(expected)
    assert mine.keys() == theirs.keys()
    for name, value in theirs.items():
        assert np.shape(mine[name]) == np.shape(value), name
        if name in ("n_iter_", "dual_gap_"):
            continue
        if name in ("feature_names_in_", "solver_"):
            np.testing.assert_array_equal(mine[name], value)
            continue
        scale = np.max(np.abs(value), initial=0.0)
        np.testing.assert_allclose(mine[name], value, rtol, rtol * scale, err_msg=name)


SHAPES = [(40, 6), (12, 20), (20, 19), (20, 20), (7, 6), (6, 6)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_ridge_is_that_of_scikit_learn(shape, weighted, fit_intercept):
    X, y = samples(*shape)
    weight = np.random.default_rng(1).uniform(0.2, 3.0, len(y)) if weighted else None
    ridge = RidgeCV(ALPHAS, fit_intercept=fit_intercept, store_cv_results=True)
    assert_alike(fast(ridge, X, y, weight), own(ridge, X, y, weight), X, rtol=1e-6)


def test_the_chosen_alpha_has_the_smallest_error_of_fits_without_each_sample():
    X, y = samples(9, 4)
    errors = []
    for alpha in ALPHAS:
        left_out = []
        for i in range(len(y)):
            rest = np.arange(len(y)) != i
            ridge = Ridge(alpha=alpha).fit(X[rest], y[rest])
            left_out.append(y[i] - ridge.predict(X[[i]])[0])
        errors.append(np.mean(np.square(left_out)))
    found = fast(RIDGE, X, y)
    assert found.alpha_ == ALPHAS[np.argmin(errors)]
    np.testing.assert_allclose(found.best_score_, -min(errors), rtol=1e-10)


@pytest.mark.parametrize("shape", [(40, 6), (12, 20), (21, 19)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fit_intercept": False},
        {"positive": True},
        {"alphas": [0.01, 1.0, 0.1]},
        {"cv": KFold(3, shuffle=True, random_state=0)},
        {"l1_ratio": 0.3},
        {"l1_ratio": [0.2, 0.9, 1.0]},
        {"l1_ratio": [0.5, 0.9], "alphas": [0.3, 0.1], "positive": True},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lasso_is_that_of_scikit_learn(shape, weighted, options):
    X, y = samples(*shape)
    weight = np.random.default_rng(1).uniform(0.2, 3.0, len(y)) if weighted else None
    kind = ElasticNetCV if "l1_ratio" in options else LassoCV
    grid = {"alphas" if MODERN else "n_alphas": 10, "eps": 1e-2}
    model = kind(**{**grid, **TIGHT, **options})
    if weighted and not MODERN:
        pytest.skip("scikit-learn's grid had no weights before 1.7")
    found = fast(model, X, y, weight)
    assert_alike(found, own(model, X, y, weight), X, rtol=1e-5)
    assert abs(found.dual_gap_) < 1e-12 * np.mean(y**2)


def far_from_zero(X, y):
    return X + 1e4, y + 1e4


def of_many_units(X, y):
    return X * 10.0 ** np.linspace(-6, 6, X.shape[1]), y


def collinear(X, y):
    return np.column_stack([X, X[:, 0], X[:, 1] - X[:, 2]]), y


def with_constant_features(X, y):
    return np.column_stack([np.full(len(y), 0.1), X, np.zeros(len(y))]), y


def of_constant_target(X, y):
    return X, np.full(len(y), 0.5)


def noiseless(X, y):
    return X, X[:, 0] - 2 * X[:, 1]


def with_an_outlier(X, y):
    y = y.copy()
    y[3] = 1e4
    return X, y


def in_small_units(X, y):
    return X, 1e-9 * y


CHANGES = [
    far_from_zero,
    of_many_units,
    collinear,
    with_constant_features,
    of_constant_target,
    noiseless,
    with_an_outlier,
    in_small_units,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("model", [RidgeCV(ALPHAS, gcv_mode="svd"), LASSO], ids=["ridge", "lasso"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_predictions_are_those_of_scikit_learn_on_degenerate_data(change, scale, model):
    if change is of_many_units and parse_version("1.9") > VERSION:
        pytest.skip("the ridge of scikit-learn lost digits before 1.9")
    X, y = change(*samples())
    if scale:
        model = make_pipeline(StandardScaler(), model)
    found = fast(model, X, y)
    expected = own(model, X, y)
    atol = 1e-6 * np.ptp(y) + 1e-12
    np.testing.assert_allclose(found.predict(X), expected.predict(X), rtol=1e-8, atol=atol)
    if change is not of_constant_target:
        alpha = fitted_final(expected).alpha_
        np.testing.assert_allclose(fitted_final(found).alpha_, alpha, rtol=1e-7)
    if scale:
        assert_alike_step(found.steps[0][1], expected.steps[0][1], 1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_ridge_of_one_alpha_is_that_of_scikit_learn(shape, weighted, fit_intercept):
    X, y = samples(*shape)
    weight = np.random.default_rng(1).uniform(0.2, 3.0, len(y)) if weighted else None
    ridge = Ridge(0.01, fit_intercept=fit_intercept)
    assert_alike(fast(ridge, X, y, weight), own(ridge, X, y, weight), X, rtol=1e-9)


def test_a_ridge_whose_equations_are_singular_is_left_to_scikit_learn():
    X, y = samples()
    X[:, 1] = X[:, 0]
    ridge = Ridge(1e-300)
    found = IndependentTasks(ridge).fit(X, y, tasks=np.zeros(len(y), dtype=int))
    assert_alike(found.estimators_[0], own(ridge, X, y), X)


@pytest.mark.parametrize("model", [RIDGE, FIXED, LASSO], ids=["ridge", "fixed", "lasso"])
def test_units_of_targets_and_origins_change_nothing(model):
    X, y = samples()
    found = fast(model, X, y)
    scaled = fast(model, X - 7.0, 1e5 * y + 3.0)
    np.testing.assert_allclose(scaled.coef_, 1e5 * found.coef_, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(scaled.predict(X - 7.0), 1e5 * found.predict(X) + 3.0, rtol=1e-9)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("model", [RIDGE, FIXED, LASSO], ids=["ridge", "fixed", "lasso"])
def test_frames_integers_and_sparse_features_are_those_of_scikit_learn(model, scale):
    X, y = samples()
    X = np.round(2 * X)
    if scale:
        model = make_pipeline(StandardScaler(), model)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
    forms = [frame, X.astype(int)]
    if not scale and model is not FIXED:  # which an iterative solver fits
        forms.append(sparse.csr_array(X))
    for form in forms:
        assert_alike(fast(model, form, y), own(model, form, y), form)


@pytest.mark.parametrize("model", [RIDGE, FIXED, LASSO], ids=["ridge", "fixed", "lasso"])
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide")  # of scikit-learn
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_number_of_samples_is_treated_alike_with_and_without_the_fast_form(model):
    X, y = samples(36, 3)
    tasks = np.repeat(np.arange(8), np.arange(1, 9))
    found = IndependentTasks(model).fit(X, y, tasks=tasks)
    with patch("skmtl.meta._single_task.has_fast_form", return_value=False):
        expected = IndependentTasks(model).fit(X, y, tasks=tasks)
    for t in range(2 if model is RIDGE else 0, 8):  # two samples: no alpha of a ridge is better
        assert_alike(found.estimators_[t], expected.estimators_[t], X, rtol=1e-5)


@pytest.mark.parametrize("model", [RIDGE, FIXED, LASSO], ids=["ridge", "fixed", "lasso"])
def test_tasks_of_a_wide_y_are_those_of_each_column(model):
    X, y = samples()
    Y = np.column_stack([y, y**2, np.roll(y, 3), X[:, 3]])
    Y[5, 2] = np.nan
    scaled = make_pipeline(StandardScaler(), model)
    for estimator in (model, scaled):
        wide = IndependentTasks(estimator).fit(X, Y)
        for t, found in enumerate(wide.estimators_):
            known = ~np.isnan(Y[:, t])
            assert_alike(found, fast(estimator, X[known], Y[known, t]), X, rtol=1e-10)
        assert wide.estimators_[0] is not wide.estimators_[1]


@pytest.mark.parametrize("model", [RIDGE, FIXED, LASSO], ids=["ridge", "fixed", "lasso"])
def test_jobs_and_pickles_change_nothing(model):
    X, y = samples()
    tasks = np.arange(len(y)) % 2
    one = IndependentTasks(model).fit(X, y, tasks=tasks)
    with parallel_config("threading"):
        two = IndependentTasks(model, n_jobs=2).fit(X, y, tasks=tasks)
    again = pickle.loads(pickle.dumps(one))
    for other in (two, again):
        np.testing.assert_array_equal(other.predict_all_tasks(X), one.predict_all_tasks(X))


def test_each_task_may_have_its_own_parameters():
    X, y = samples()
    tasks = np.arange(len(y)) % 2
    grids = [[1.0], [5.0]]
    model = IndependentTasks(RIDGE, task_params={"alphas": grids}).fit(X, y, tasks=tasks)
    assert [estimator.alpha_ for estimator in model.estimators_] == [1.0, 5.0]


@pytest.mark.parametrize("model", [RIDGE, FIXED, LASSO], ids=["ridge", "fixed", "lasso"])
def test_pooled_tasks_are_one_model_of_all_samples(model):
    X, y = samples(60, 4)
    tasks = np.repeat([0, 1, 2], 20)
    with patch.object(type(model), "fit", own_fit_fails):
        pooled = PooledTasks(model).fit(X, y, tasks=tasks)
    in_turns = np.arange(60).reshape(3, 20).T.ravel()
    assert_alike(pooled.estimator_, own(model, X[in_turns], y[in_turns]), X)


def test_the_first_of_equal_alphas_is_chosen():
    X, y = samples()
    assert fast(LassoCV(alphas=[1e8, 1e9, 1e7]), X, y).alpha_ == 1e9
    assert fast(RIDGE, X[:2], y[:2]).alpha_ == ALPHAS[0]  # each sample predicts the other


@pytest.mark.parametrize(
    "model",
    [
        RidgeCV(ALPHAS, cv=3),
        RidgeCV(ALPHAS, scoring="neg_mean_absolute_error"),
        LassoCV(selection="random", random_state=0),
        ElasticNetCV(alphas=[0.1, 0.2], l1_ratio=[0.0, 0.5], **TIGHT),
        make_pipeline(StandardScaler(with_mean=False), LassoCV()),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_other_options_are_those_of_scikit_learn_too(model):
    X, y = samples()
    found = IndependentTasks(model).fit(X, y, tasks=np.zeros(len(y)))
    (predictions,) = found.predict_all_tasks(X).T
    np.testing.assert_allclose(predictions, own(model, X, y).predict(X), rtol=1e-3)


@pytest.mark.parametrize(
    "model",
    [
        RidgeCV([-1.0, 1.0]),
        RidgeCV(fit_intercept="yes"),
        LassoCV(alphas="many"),
        LassoCV(alphas=[-1.0]),
        LassoCV(max_iter=0),
        LassoCV(tol=-1.0),
        ElasticNetCV(l1_ratio=2.0),
        LassoCV(cv=ShuffleSplit(5, test_size=2.0)),
    ],
    ids=str,
)
def test_parameters_that_are_not_valid_raise_the_errors_of_scikit_learn(model):
    X, y = samples()
    with pytest.raises(Exception) as theirs:
        own(model, X, y)
    with pytest.raises(type(theirs.value)):
        IndependentTasks(model).fit(X, y, tasks=np.zeros(len(y)))


@pytest.mark.parametrize("model", [RIDGE, FIXED, LASSO], ids=["ridge", "fixed", "lasso"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_no_finite_numbers_raise(model, value):
    X, y = samples()
    X[3, 1] = value
    with pytest.raises(ValueError, match="Input X contains"):
        IndependentTasks(model).fit(X, y, tasks=np.zeros(len(y)))


def test_sparse_features_are_not_centered_by_a_scaler():
    X, y = samples()
    model = IndependentTasks(make_pipeline(StandardScaler(), RIDGE))
    with pytest.raises(ValueError, match="Cannot center sparse matrices"):
        model.fit(sparse.csr_array(X), y, tasks=np.zeros(len(y)))


def test_a_lasso_needs_no_iterations():
    X, y = samples(30, 50)
    with pytest.warns(ConvergenceWarning):
        own(LassoCV(max_iter=1), X, y)
    coef = fast(LassoCV(max_iter=1), X, y).coef_
    np.testing.assert_array_equal(coef, fast(LassoCV(), X, y).coef_)
