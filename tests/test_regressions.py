"""Inputs that once gave a wrong answer without a word."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MultiTaskLasso,
    MultiTaskLassoCV,
    PooledTasks,
    TaskStratifiedShuffleSplit,
    alpha_max,
    compare_to_single_task,
    keep_task_column,
    make_multitask_regression,
    task_score,
    wide_to_long,
)
from skmtl.evaluation import single_task


@pytest.fixture
def data():
    return make_multitask_regression(n_samples=60, n_features=6, n_tasks=3, random_state=0)


def test_a_warm_start_outside_the_constraint_is_brought_inside(data):
    model = MultiTaskLasso(alpha=0.05, warm_start=True, tol=1e-10).fit(data.X, data.y)
    warm = model.set_params(positive=True).fit(data.X, data.y).coef_
    cold = MultiTaskLasso(alpha=0.05, positive=True, tol=1e-10).fit(data.X, data.y).coef_
    assert warm.min() >= 0
    np.testing.assert_allclose(warm, cold, atol=1e-8)


@pytest.mark.parametrize("task_column", [None, -1])
def test_duplicate_entries_of_a_sparse_matrix_are_added_up(data, task_column):
    X, y = data.X, data.y
    if task_column is not None:
        X, y = wide_to_long(X, y)
    given = sparse.csc_array(X)
    rows, columns, values = (
        np.tile(given.indices, 2),
        np.tile(given.tocoo().col, 2),
        given.data,
    )
    order = np.argsort(columns, kind="stable")
    split = sparse.csc_array(
        (np.concatenate([3 * values, -2 * values])[order], rows[order], 2 * given.indptr),
        shape=X.shape,
    )
    model = MultiTaskLasso(alpha=0.05, tol=1e-10, task_column=task_column)
    expected = model.fit(X, y).coef_.copy()
    np.testing.assert_allclose(model.fit(split, y).coef_, expected, atol=1e-8)
    assert split.nnz == 2 * given.nnz  # the user's matrix is left alone


def test_pooled_probabilities_hold_every_class(data):
    y = np.column_stack([(data.X[:, 0] > 0) * 2, np.digitize(data.X[:, 1], [-0.5, 0.5])])
    model = PooledTasks(LogisticRegression()).fit(data.X, y)
    for classes, probabilities in zip(model.classes_, model.predict_proba(data.X), strict=True):
        assert classes.tolist() == [0, 1, 2]
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_a_pipeline_that_may_move_the_ids_must_say_where_they_are(data):
    X, y = wide_to_long(data.X, data.y)
    model = make_pipeline(
        keep_task_column(StandardScaler(), -1), MultiTaskLassoCV(task_column=-1, alphas=5)
    )
    with pytest.raises(ValueError, match="say where the task ids are in the X given here"):
        compare_to_single_task(model, X, y)


def test_shuffle_splits_of_holes_keep_their_sizes():
    data = make_multitask_regression(n_samples=100, n_tasks=12, missing=0.5, random_state=0)
    for train, test in TaskStratifiedShuffleSplit(3, random_state=0).split(data.X, data.y):
        assert (len(train), len(test)) == (75, 25)
        assert (~np.isnan(data.y[test])).any(axis=0).all()


def test_a_comparison_does_not_depend_on_the_unit_of_y(data):
    model = MultiTaskLassoCV(alphas=[1.0, 0.1, 0.01], normalize_y=True)
    options = {"cv": 2, "model_figures": False, "random_state": 0}
    gains = [
        compare_to_single_task(model, data.X, unit * data.y, **options).table_["gain"]
        for unit in (1.0, 1e-5)
    ]
    np.testing.assert_allclose(gains[0], gains[1], atol=1e-6)


def test_chosen_alphas_of_wide_and_long_are_the_same():
    data = make_multitask_regression(n_samples=23, n_tasks=3, n_features=6, random_state=0)
    X, y = wide_to_long(data.X, data.y)
    wide = MultiTaskLassoCV(alphas=30, tol=1e-9).fit(data.X, data.y)
    long = MultiTaskLassoCV(alphas=30, tol=1e-9, task_column=-1).fit(X, y)
    assert long.alpha_ == pytest.approx(wide.alpha_)
    np.testing.assert_allclose(long.coef_, wide.coef_, atol=1e-6)


@pytest.mark.parametrize("average", ["variance_weighted", "n_samples"])
def test_weights_in_scores_are_repetition(data, average):
    weight = np.random.default_rng(0).integers(1, 4, data.y.shape)
    z = data.y + np.random.default_rng(1).standard_normal(data.y.shape)
    tasks = np.broadcast_to(np.arange(3), data.y.shape)
    repeated = [np.repeat(part.ravel(), weight.ravel()) for part in (data.y, z, tasks)]
    expected = task_score(*repeated[:2], tasks=repeated[2], average=average)
    assert task_score(data.y, z, sample_weight=weight, average=average) == pytest.approx(expected)


def test_every_estimator_predicts_all_tasks(data):
    X, y = wide_to_long(data.X, data.y)
    unread = X.copy()
    unread[:, -1] = np.nan
    for model in (
        MultiTaskLasso(task_column=-1),
        IndependentTasks(single_task(MultiTaskLassoCV()), task_column=-1),
    ):
        assert model.fit(X, y).predict_all_tasks(unread).shape == (len(X), 3)


def test_a_comparison_refuses_two_different_task_columns(data):
    X, y = wide_to_long(data.X, data.y)
    model = MultiTaskLasso(alpha=0.1, task_column=-1)
    with pytest.raises(ValueError, match=r"task_column=0 was given, but the estimator has .*=-1"):
        compare_to_single_task(model, X, y, task_column=0)
    options = {"baseline": Ridge(), "cv": 3, "model_figures": False, "random_state": 0}
    same = [
        compare_to_single_task(
            MultiTaskLasso(alpha=0.1, task_column=own), X, y, task_column=6, **options
        )
        for own in (-1, None)
    ]
    np.testing.assert_allclose(same[0].table_["gain"], same[1].table_["gain"])


def gaussian(n, p, T, seed=0):
    """X of independent columns, and Y of which the first three features matter."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, X[:, :3] @ rng.standard_normal((3, T)) + rng.standard_normal((n, T))


def test_rows_without_any_label_are_as_if_absent():
    X, Y = gaussian(30, 800, 3)
    Y[:2] = np.nan
    model = MultiTaskLasso(alpha=1e-3, tol=1e-8, max_iter=10_000)
    with_them, without = model.fit(X, Y).coef_.copy(), model.fit(X[2:], Y[2:]).coef_
    np.testing.assert_allclose(with_them, without, atol=1e-4)


@pytest.mark.parametrize("shift", [1e4, 1e7])
def test_tasks_that_live_in_different_regions_of_x(shift):
    X, Y = gaussian(60, 5, 2)
    Y[:30, 0] = Y[30:, 1] = np.nan
    moved = X + shift * (np.arange(60) < 30)[:, None]
    model = MultiTaskLasso(alpha=0.01, tol=1e-10)
    expected = model.fit(X, Y).coef_.copy()
    np.testing.assert_allclose(model.fit(moved, Y).coef_, expected, atol=1e-5)


@pytest.mark.parametrize("task_column", [None, -1])
def test_a_fold_without_an_outlier_does_not_feel_it(task_column):
    X, Y = gaussian(60, 5, 2)
    alphas = [0.5, 0.1]

    def training_errors(outlier):
        """Errors of the fold that holds the outlier out, on its other rows."""
        A, B = X.copy(), Y.copy()
        A[0, 0], splits = outlier, [(np.arange(20, 60), np.arange(1, 20))]
        if task_column is not None:
            A, B = wide_to_long(A, B)
            splits = [tuple(np.r_[side, side + 60] for side in splits[0])]
        model = MultiTaskLassoCV(alphas=alphas, cv=splits, task_column=task_column, tol=1e-10)
        with np.errstate(all="raise"):
            return model.fit(A, B).mse_path_

    np.testing.assert_allclose(training_errors(1e8), training_errors(0.0), rtol=1e-6)


def test_the_unit_of_y_does_not_decide_about_convergence():
    X, Y = gaussian(50, 400, 3)
    alpha = 0.01 * alpha_max(X, Y)
    sizes = [
        MultiTaskLasso(unit * alpha, tol=1e-6).fit(X, unit * Y).optimality_
        for unit in (1.0, 1e-10, 1e10)
    ]
    assert max(sizes) <= 1e-6


def test_features_explained_by_unpenalized_ones_do_not_blow_up():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, 4)) @ rng.standard_normal((4, 12))
    Y = X[:, :3] @ rng.standard_normal((3, 3)) + 0.5 * rng.standard_normal((60, 3))
    model = MultiTaskLassoCV(alphas=[1e-3, 1e-8], feature_weight=np.r_[np.zeros(5), np.ones(7)])
    assert np.abs(model.fit(X, Y).coef_).max() < 10


def test_a_warm_start_may_become_empty():
    X, Y = gaussian(30, 60, 3)
    largest = alpha_max(X, Y)
    for above in (1.0, 1 + 1e-9, 1.1, 2.0):
        model = MultiTaskLasso(0.1 * largest, warm_start=True, tol=1e-15)
        model.fit(X, Y).set_params(alpha=above * largest).fit(X, Y)
        assert np.abs(model.coef_).max() <= 1e-12


def test_no_more_passes_than_allowed():
    rng = np.random.default_rng(0)
    X = np.cumsum(rng.standard_normal((60, 40)), axis=1)  # strongly correlated
    Y = X[:, :5] @ rng.standard_normal((5, 3)) + rng.standard_normal((60, 3))
    for max_iter in (5, 20, 60):
        with pytest.warns(Warning, match="did not converge"):
            model = MultiTaskLasso(1e-6, max_iter=max_iter, tol=1e-15).fit(X, Y)
        assert model.n_iter_ <= max_iter


def test_random_order_does_not_depend_on_threads():
    X, Y = gaussian(60, 30, 3)
    paths = [
        MultiTaskLassoCV(alphas=10, selection="random", random_state=0, n_jobs=n_jobs)
        .fit(X, Y)
        .mse_path_
        for n_jobs in (1, 2)
    ]
    np.testing.assert_array_equal(*paths)


def test_folds_from_another_scale_of_errors_agree_with_the_rows():
    X, Y = gaussian(60, 4, 2)
    X[:, 3], Y = 1.0, Y + 1e6
    model = MultiTaskLassoCV(
        alphas=[0.1], fit_intercept=False, feature_weight=[1, 1, 1, 0], cv=KFold(3), tol=1e-9
    )
    expected = MultiTaskLassoCV(alphas=[0.1], cv=KFold(3), tol=1e-9).fit(X[:, :3], Y)
    np.testing.assert_allclose(model.fit(X, Y).mse_path_, expected.mse_path_, rtol=1e-3)


def test_the_score_of_complete_targets_is_the_average_over_tasks(data):
    Y = data.y.copy()
    Y[:, 1] = 3.0  # its R^2 is 1 or 0
    model = MultiTaskLasso(alpha=0.05).fit(data.X, Y)
    expected = task_score(Y, model.predict(data.X))
    assert model.score(data.X, Y) == pytest.approx(expected, rel=1e-12)
    Y[0, 0] = np.nan
    expected = task_score(Y, model.predict(data.X))
    assert model.score(data.X, Y) == pytest.approx(expected, rel=1e-12)
