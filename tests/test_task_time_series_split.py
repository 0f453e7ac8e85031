"""Splits ordered in time within each task."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skmtl import (
    MultiTaskLasso,
    MultiTaskLassoCV,
    TaskTimeSeriesSplit,
    compare_to_single_task,
    task_cross_val_predict,
)


def long_data(sizes, seed=0):
    """Features, a task column and times in no order, and targets."""
    rng = np.random.default_rng(seed)
    tasks = np.repeat(np.arange(len(sizes)), sizes)
    times = np.concatenate([rng.permutation(n) for n in sizes]).astype(float)
    order = rng.permutation(len(tasks))
    X = np.column_stack([rng.standard_normal((len(tasks), 2)), times, tasks])[order]
    return X, X[:, 0] + 0.1 * rng.standard_normal(len(X))


def folds_of_task(splits, X, task):
    """The times that a task is trained and tested on in every split, sorted."""
    of_task = X[:, 3] == task
    return [
        tuple(np.sort(X[part[of_task[part]], 2]).tolist() for part in split) for split in splits
    ]


@pytest.mark.parametrize(
    "options",
    [{}, {"gap": 1}, {"test_size": 2}, {"max_train_size": 3}, {"test_size": 1, "gap": 2}],
)
def test_every_task_is_split_as_scikit_learn_splits_it_alone(options):
    sizes = (12, 20, 9)
    X, _ = long_data(sizes)
    splits = list(TaskTimeSeriesSplit(3, task_column=3, times=2, **options).split(X))
    for task, size in enumerate(sizes):
        expected = TimeSeriesSplit(3, **options).split(np.zeros(size))
        expected = [(train.tolist(), test.tolist()) for train, test in expected]
        assert folds_of_task(splits, X, task) == expected


def test_forms_of_tasks_and_times_give_the_same_splits():
    X, _ = long_data((8, 9))
    frame = pd.DataFrame(X, columns=["a", "b", "day", "task"])
    dated = frame.assign(day=pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D"))
    in_order = np.argsort(X[:, 2], kind="stable")
    expected = list(TaskTimeSeriesSplit(3, task_column=3, times=2).split(X))
    found = [
        TaskTimeSeriesSplit(3, task_column="task", times="day").split(frame),
        TaskTimeSeriesSplit(3, task_column="task", times="day").split(dated),
        TaskTimeSeriesSplit(3, task_column=3, times=2).split(sparse.csr_matrix(X)),
        TaskTimeSeriesSplit(3, times=X[:, 2]).split(X, groups=X[:, 3]),
        TaskTimeSeriesSplit(3, times=dated["day"]).split(X, groups=frame["task"]),
    ]
    for splits in found:
        for one, other in zip(splits, expected, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    by_rows = TaskTimeSeriesSplit(3, task_column=3).split(X[in_order])
    for (train, test), other in zip(by_rows, expected, strict=True):
        assert np.array_equal(np.sort(in_order[train]), other[0])
        assert np.array_equal(np.sort(in_order[test]), other[1])


def test_wide_data_are_split_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 3))
    Y = rng.standard_normal((30, 2))
    Y[:9, 0] = np.nan
    found = TaskTimeSeriesSplit(4).split(X, Y, groups=np.isnan(Y[:, 0]))
    for one, other in zip(found, TimeSeriesSplit(4).split(X), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_training_set_is_the_strict_past_of_every_task_it_tests():
    X, _ = long_data((3, 1, 30, 7))
    X[:, 2] = X[:, 2] // 3  # several samples at a time
    for train, test in TaskTimeSeriesSplit(5, task_column=3, times=2).split(X):
        tested = np.unique(X[test, 3])
        assert np.array_equal(np.unique(X[train, 3]), tested)
        for task in tested:
            past = X[train[X[train, 3] == task], 2]
            assert past.max() < X[test[X[test, 3] == task], 2].min()


def test_it_is_a_cv_of_searches_and_comparisons():
    X, y = long_data((12, 15))
    cv = TaskTimeSeriesSplit(3, task_column=3, times=2)
    model = MultiTaskLasso(task_column=3)
    search = GridSearchCV(model, {"alpha": [0.01, 0.1]}, cv=cv).fit(X, y)
    assert search.best_params_["alpha"] == 0.01
    path = MultiTaskLassoCV(alphas=[0.1, 0.01], task_column=3, cv=cv).fit(X, y)
    masks = [
        (np.isin(np.arange(len(y)), train), np.isin(np.arange(len(y)), test))
        for train, test in cv.split(X)
    ]
    by_masks = MultiTaskLassoCV(alphas=[0.1, 0.01], task_column=3, cv=masks).fit(X, y)
    assert np.array_equal(path.mse_path_, by_masks.mse_path_)
    by_ids = MultiTaskLassoCV(alphas=[0.1, 0.01], cv=TaskTimeSeriesSplit(3, times=2))
    by_ids.fit(X[:, :3], y, tasks=X[:, 3])
    assert np.allclose(path.mse_path_, by_ids.mse_path_)
    report = compare_to_single_task(
        model.set_params(alpha=0.01),
        X,
        y,
        baseline=LinearRegression(),
        rivals=(),
        cv=cv,
    )
    assert np.isfinite(report.table_["gain"]).all()
    held_out = task_cross_val_predict(model, X, y, cv=cv)
    tested = np.concatenate([test for _, test in cv.split(X)])
    assert np.array_equal(np.flatnonzero(~np.isnan(held_out)), np.sort(tested))


def test_a_task_that_is_never_tested_leaves_the_choice_to_the_others():
    X, y = long_data((20, 20, 1))
    cv = TaskTimeSeriesSplit(3, times=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = MultiTaskLassoCV(alphas=[1.0, 0.01], task_column=3, cv=cv).fit(X, y)
    assert model.alpha_ == 0.01
    errors = model.task_mse_path_
    assert np.isnan(errors[:, :, 2]).all()
    assert np.isfinite(model.mse_path_).all()


def test_what_cannot_be_split_in_time_is_refused():
    X, y = long_data((6, 6))
    with pytest.raises(ValueError, match="has nothing to train on: the largest task has 6"):
        list(TaskTimeSeriesSplit(6, task_column=3).split(X))
    with pytest.raises(ValueError, match="times has shape"):
        list(TaskTimeSeriesSplit(2, task_column=3, times=np.arange(5)).split(X))
    with pytest.raises(ValueError, match="times is missing for 1 sample"):
        list(TaskTimeSeriesSplit(2, task_column=3, times=np.r_[np.nan, 1:12]).split(X))
    with pytest.raises(ValueError, match="'day' is not a column of X, which has no column names"):
        list(TaskTimeSeriesSplit(2, task_column=3, times="day").split(X))
    with pytest.raises(ValueError, match="times=9 is out of range"):
        list(TaskTimeSeriesSplit(2, task_column=3, times=9).split(X))
    with pytest.raises(ValueError, match="TaskTimeSeriesSplit cannot know the tasks"):
        list(TaskTimeSeriesSplit(2).split(X, y))
    with pytest.raises(ValueError, match="n_splits"):
        TaskTimeSeriesSplit(0)
    with pytest.raises(ValueError, match="gap"):
        TaskTimeSeriesSplit(2, gap=-1)


def test_times_as_text_are_dates_or_refused():
    X = np.zeros((12, 1))
    Y = np.zeros((12, 2))
    days = pd.date_range("2019-12-25", periods=12)
    order = np.r_[6:12, 0:6]
    expected = TaskTimeSeriesSplit(2, times=days[order]).split(X, Y)
    as_text = TaskTimeSeriesSplit(2, times=days[order].astype(str)).split(X, Y)
    for split, expected_split in zip(as_text, expected, strict=True):
        np.testing.assert_array_equal(np.concatenate(split), np.concatenate(expected_split))
    for texts in (days.strftime("%m/%d/%Y"), days.strftime("%Y%m%d"), np.arange(12).astype(str)):
        with pytest.raises(ValueError, match="times are strings such as"):
            list(TaskTimeSeriesSplit(2, times=texts).split(X, Y))


def test_times_labeled_in_another_order_than_X_are_warned_of():
    X = pd.DataFrame({"x": np.arange(6.0), "task": [0, 0, 0, 1, 1, 1]})
    times = pd.Series(np.arange(6))
    splitter = TaskTimeSeriesSplit(2, task_column="task", times=times)
    with pytest.warns(UserWarning, match="index of times has the labels of X in another order"):
        list(splitter.split(X[::-1]))
