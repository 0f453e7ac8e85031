"""IndependentTasks and PooledTasks: any estimator, any data layout."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import (
    LassoCV,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressor,
    PooledTasks,
    RandomInterceptTasks,
    compare_to_single_task,
    make_multitask_classification,
)
from skmtl import make_multitask_regression as make
from skmtl.losses import Poisson


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
        of_sparse.predict_all_tasks(thin), dense.predict_all_tasks(X[:, :-1]), atol=1e-2
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
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Task.* have counts of zero only")
        report = compare_to_single_task(
            model, X, y, tasks=tasks, cv=2, random_state=0, model_figures=False
        )
    assert report.cv_results_["errors"].max() < 10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = compare_to_single_task(
            model,
            X,
            y,
            tasks=tasks,
            cv=2,
            scoring="neg_mean_poisson_deviance",
            random_state=0,
            model_figures=False,
        )
    assert np.isfinite(report.cv_results_["errors"][:, 0]).all()
