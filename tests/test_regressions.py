"""Inputs that once gave a wrong answer without a word."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MultiTaskLasso,
    MultiTaskLassoCV,
    PooledTasks,
    TaskStratifiedShuffleSplit,
    compare_to_single_task,
    keep_task_column,
    make_multitask_regression,
    task_score,
    wide_to_long,
)


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
    gains = [
        compare_to_single_task(model, data.X, unit * data.y, cv=3, random_state=0).table_["gain"]
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
        IndependentTasks(MultiTaskLassoCV()._single_task_limit(), task_column=-1),
    ):
        assert model.fit(X, y).predict_all_tasks(unread).shape == (len(X), 3)


def test_a_comparison_refuses_two_different_task_columns(data):
    X, y = wide_to_long(data.X, data.y)
    model = MultiTaskLasso(alpha=0.1, task_column=-1)
    with pytest.raises(ValueError, match=r"task_column=0 was given, but the estimator has .*=-1"):
        compare_to_single_task(model, X, y, task_column=0)
    same = [
        compare_to_single_task(
            MultiTaskLasso(alpha=0.1, task_column=own), X, y, task_column=6, cv=3, random_state=0
        )
        for own in (-1, None)
    ]
    np.testing.assert_allclose(same[0].table_["gain"], same[1].table_["gain"])
