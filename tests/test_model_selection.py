"""Task scores, scorers and splitters."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import mean_squared_error, r2_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

from skmtl import (
    LeaveOneTaskOut,
    MultiTaskLasso,
    MultiTaskLassoCV,
    TaskStratifiedKFold,
    TaskStratifiedShuffleSplit,
    make_multitask_regression,
    make_task_scorer,
    per_task_scoring,
    task_score,
)


@pytest.fixture
def wide():
    rng = np.random.default_rng(0)
    y = rng.standard_normal((30, 4)) * [1, 2, 3, 4]
    return y, y + rng.standard_normal(y.shape)


# ---------------------------------------------------------------- task_score


def test_task_score_equals_scikit_learn_on_complete_y(wide):
    y, z = wide
    for average in ("uniform_average", "variance_weighted"):
        expected = r2_score(y, z, multioutput=average)
        assert task_score(y, z, average=average) == pytest.approx(expected, rel=1e-12)
    assert task_score(y, z, average=None) == pytest.approx(r2_score(y, z, multioutput="raw_values"))


def test_task_score_of_long_data_equals_wide(wide):
    y, z = wide
    tasks = np.tile(["a", "b", "c", "d"], (len(y), 1))
    for average in ("uniform_average", "variance_weighted", "n_samples", "worst"):
        long = task_score(y.ravel(), z.ravel(), tasks=tasks.ravel(), average=average)
        assert long == pytest.approx(task_score(y, z, average=average), rel=1e-12)


def test_nan_equals_zero_weight_equals_leaving_the_rows_out(wide):
    y, z = wide
    holes, weight = y.copy(), np.ones_like(y)
    holes[:10, 1], weight[:10, 1] = np.nan, 0
    expected = [
        r2_score(y[(10 if t == 1 else 0) :, t], z[(10 if t == 1 else 0) :, t]) for t in range(4)
    ]
    assert task_score(holes, z, average=None) == pytest.approx(expected, rel=1e-12)
    assert task_score(y, z, sample_weight=weight, average=None) == pytest.approx(expected)


def test_worst_is_the_lowest_score_and_the_highest_error(wide):
    y, z = wide
    assert task_score(y, z, average="worst") == task_score(y, z, average=None).min()
    errors = task_score(y, z, metric=mean_squared_error, average=None)
    assert task_score(y, z, metric=mean_squared_error, average="worst") == errors.max()


def test_n_samples_weighs_by_labeled_rows():
    y = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, np.nan], [8.0, np.nan]])
    z = y + np.array([1.0, 3.0])
    score = task_score(y, z, metric=mean_squared_error, average="n_samples")
    assert score == pytest.approx((4 * 1 + 2 * 9) / 6)


def test_tasks_with_too_few_rows_have_no_score_and_all_such_fall_back_to_pooled():
    y, z, tasks = np.array([1.0, 2.0, 5.0]), np.array([1.0, 2.5, 5.0]), ["a", "a", "b"]
    scores = task_score(y, z, tasks=tasks, average=None)
    assert np.isnan(scores).tolist() == [False, True]
    with pytest.warns(UndefinedMetricWarning, match=r"no value for 1 of 2 tasks, \['b'\]"):
        assert task_score(y, z, tasks=tasks) == pytest.approx(r2_score(y[:2], z[:2]))
    with pytest.warns(UndefinedMetricWarning, match="the targets of all tasks together"):
        assert task_score(y, z, tasks=["a", "b", "c"]) == pytest.approx(r2_score(y, z))


def test_score_of_estimators_is_task_score():
    data = make_multitask_regression(n_samples=40, missing=0.3, random_state=0)
    model = MultiTaskLasso(alpha=0.1).fit(data.X, data.y)
    assert model.score(data.X, data.y) == task_score(data.y, model.predict(data.X))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"average": "mean"}, "average='mean' is not one of"),
        ({"average": "worst", "metric": lambda y, z, **_: 0.0}, "set greater_is_better"),
        ({"sample_weight": np.ones(3)}, "sample_weight has 3 samples, y_true has 30"),
    ],
)
def test_bad_arguments_of_task_score(wide, arguments, message):
    with pytest.raises(ValueError, match=message):
        task_score(*wide, **arguments)


def test_shapes_that_do_not_fit(wide):
    y, z = wide
    with pytest.raises(
        ValueError, match=r"y_true has shape \(30, 4\), but y_pred has shape \(30, 3\)"
    ):
        task_score(y, z[:, :3])
    with pytest.raises(ValueError, match="no target of positive weight"):
        task_score(np.full((3, 2), np.nan), np.zeros((3, 2)))


# ---------------------------------------------------------------- scorers


def test_scorer_negates_errors_and_reads_nan():
    data = make_multitask_regression(n_samples=60, missing=0.2, random_state=0)
    model = MultiTaskLasso(alpha=0.1).fit(data.X, data.y)
    scorer = make_task_scorer(root_mean_squared_error, average="worst")
    expected = task_score(
        data.y, model.predict(data.X), metric=root_mean_squared_error, average="worst"
    )
    assert scorer(model, data.X, data.y) == -expected
    assert pickle.loads(pickle.dumps(scorer))(model, data.X, data.y) == -expected


def test_scorer_guides_a_grid_search_with_missing_labels():
    data = make_multitask_regression(n_samples=60, missing=0.2, random_state=0)
    search = GridSearchCV(
        MultiTaskLasso(), {"alpha": [0.01, 1.0, 30.0]}, scoring=make_task_scorer(r2_score), cv=3
    ).fit(data.X, data.y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["alpha"] < 30


def test_per_task_scoring_gives_a_column_for_each_task():
    data = make_multitask_regression(n_samples=30, own_inputs=True, n_tasks=3, random_state=0)
    scoring = per_task_scoring(mean_squared_error, [0, 1, 2], task_column=-1)
    result = cross_validate(
        MultiTaskLasso(alpha=0.1, task_column=-1),
        data.X,
        data.y,
        scoring=scoring,
        cv=TaskStratifiedKFold(3, task_column=-1),
    )
    model = MultiTaskLasso(alpha=0.1, task_column=-1).fit(data.X, data.y)
    for t in range(3):
        assert (result[f"test_task_{t}"] < 0).all()
        rows = data.tasks == t
        expected = -mean_squared_error(data.y[rows], model.predict(data.X[rows]))
        assert scoring[f"task_{t}"](model, data.X, data.y) == pytest.approx(expected)


def test_scorer_of_one_task_of_a_frame_goes_by_its_name():
    data = make_multitask_regression(n_samples=30, n_tasks=2, random_state=0)
    Y = pd.DataFrame(data.y, columns=["iron", "zinc"])
    model = MultiTaskLasso(alpha=0.1).fit(data.X, Y)
    score = make_task_scorer(r2_score, task="zinc")(model, data.X, Y)
    assert score == pytest.approx(r2_score(data.y[:, 1], model.predict(data.X)[:, 1]))


def test_bad_scorers():
    with pytest.raises(TypeError, match=r"metric must be a function such as .* got 2"):
        make_task_scorer(2)
    with pytest.raises(ValueError, match="cannot be read off its name"):
        make_task_scorer(lambda y, z: 0.0)
    data = make_multitask_regression(n_samples=20, own_inputs=True, n_tasks=2, random_state=0)
    model = MultiTaskLasso().fit(data.X[:, :-1], data.y, tasks=data.tasks)
    with pytest.raises(ValueError, match="The scorer cannot know the tasks"):
        make_task_scorer(r2_score)(model, data.X[:, :-1], data.y)


# ---------------------------------------------------------------- splitters


@pytest.mark.parametrize("shuffle", [False, True])
def test_folds_hold_their_share_of_every_task(shuffle):
    tasks = np.repeat(np.arange(5), [3, 7, 10, 20, 1])
    X = np.column_stack([np.zeros(len(tasks)), tasks])
    cv = TaskStratifiedKFold(
        4, task_column=-1, shuffle=shuffle, random_state=0 if shuffle else None
    )
    tests = [test for _, test in cv.split(X)]
    assert sorted(np.concatenate(tests).tolist()) == list(range(len(X)))
    counts = np.array([np.bincount(tasks[test], minlength=5) for test in tests])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert (counts.sum(axis=1) >= 9).all()
    for train, test in cv.split(X):
        assert sorted([*train, *test]) == list(range(len(X)))


def test_folds_of_complete_wide_y_are_those_of_kfold():
    X, Y = np.zeros((17, 2)), np.zeros((17, 3))
    ours, theirs = TaskStratifiedKFold(4).split(X, Y), KFold(4).split(X, Y)
    for (train, test), (train_k, test_k) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(train, train_k)
        np.testing.assert_array_equal(test, test_k)


def test_folds_of_y_with_holes_share_the_rare_task():
    Y = np.zeros((40, 2))
    Y[8:, 1] = np.nan  # all labels of task 1 come first: KFold would test them in one fold
    for _, test in TaskStratifiedKFold(4).split(np.zeros((40, 1)), Y):
        assert (~np.isnan(Y[test, 1])).sum() == 2


def test_groups_and_task_column_give_the_same_folds():
    tasks = np.array(["b", "a"] * 10)
    X = pd.DataFrame({"x": np.arange(20.0), "school": tasks})
    by_column = list(TaskStratifiedKFold(3, task_column="school").split(X))
    by_groups = list(TaskStratifiedKFold(3).split(X, groups=tasks))
    for (_, test), (_, other) in zip(by_column, by_groups, strict=True):
        np.testing.assert_array_equal(test, other)


def test_shuffle_split_takes_the_same_share_of_every_task():
    tasks = np.repeat([0, 1, 2, 3], [4, 8, 40, 1])
    cv = TaskStratifiedShuffleSplit(3, random_state=0)
    for train, test in cv.split(np.zeros((53, 1)), groups=tasks):
        assert np.bincount(tasks[test], minlength=4).tolist() == [1, 2, 10, 0]
        assert np.bincount(tasks[train], minlength=4).tolist() == [3, 6, 30, 1]
        assert not set(train) & set(test)


def test_shuffle_split_counts_and_seeds():
    tasks = np.repeat([0, 1], [10, 20])
    cv = TaskStratifiedShuffleSplit(2, train_size=6, random_state=1)
    first = list(cv.split(np.zeros((30, 1)), groups=tasks))
    assert [len(train) for train, _ in first] == [12, 12]
    assert [len(test) for _, test in first] == [18, 18]
    again = list(cv.split(np.zeros((30, 1)), groups=tasks))
    np.testing.assert_array_equal(first[0][0], again[0][0])
    assert (first[0][0] != first[1][0]).any()


def test_leave_one_task_out_with_the_shared_model():
    data = make_multitask_regression(n_samples=30, own_inputs=True, n_tasks=4, random_state=0)
    cv = LeaveOneTaskOut(task_column=-1)
    assert cv.get_n_splits(data.X) == 4
    model = MultiTaskLasso(alpha=0.1, task_column=-1, handle_unknown="shared")
    result = cross_validate(model, data.X, data.y, cv=cv, scoring="neg_mean_squared_error")
    for t, score in enumerate(result["test_score"]):
        rest = data.tasks != t
        fitted = MultiTaskLasso(alpha=0.1, task_column=-1).fit(data.X[rest], data.y[rest])
        shared = data.X[~rest, :-1] @ fitted.shared_coef_ + fitted.intercept_.mean()
        assert score == pytest.approx(-mean_squared_error(data.y[~rest], shared))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TaskStratifiedKFold(1), "n_splits == 1, must be >= 2"),
        (lambda: TaskStratifiedKFold(random_state=0), "no effect without shuffle=True"),
        (lambda: next(TaskStratifiedKFold().split(np.zeros((9, 1)), np.zeros(9))), "groups"),
        (lambda: next(TaskStratifiedKFold(5).split(np.zeros((3, 1)), np.zeros((3, 1)))), "=3"),
        (
            lambda: next(
                TaskStratifiedShuffleSplit(test_size=3, train_size=3).split(
                    np.zeros((9, 1)), groups=[1] * 5 + [2] * 4
                )
            ),
            "need 6 samples of every task, but one has 5",
        ),
        (lambda: TaskStratifiedShuffleSplit(test_size=1.5), "test_size == 1.5"),
        (
            lambda: LeaveOneTaskOut().get_n_splits(np.zeros((3, 1))),
            "needs the task of every sample",
        ),
        (lambda: next(LeaveOneTaskOut().split(np.zeros((2, 1)), groups=[1, 1])), "at least two"),
    ],
)
def test_bad_splitters(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---------------------------------------------------------------- folds


@pytest.mark.parametrize("as_mask", [np.asarray, np.ndarray.tolist, pd.Series])
def test_folds_are_positions_or_masks(as_mask):
    data = make_multitask_regression(n_samples=30, n_tasks=2, noise=1.0, random_state=0)
    number = np.arange(30) % 3
    positions = [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(3)]
    masks = [(as_mask(number != k), as_mask(number == k)) for k in range(3)]
    expected = MultiTaskLassoCV(alphas=5, cv=positions).fit(data.X, data.y).mse_path_
    assert np.array_equal(
        MultiTaskLassoCV(alphas=5, cv=masks).fit(data.X, data.y).mse_path_, expected
    )


@pytest.mark.parametrize(
    ("dtype", "message"),
    [(int, "give it as truth values"), (float, r"positions \(integers\) or masks")],
)
def test_masks_of_numbers_are_no_positions(dtype, message):
    data = make_multitask_regression(n_samples=30, n_tasks=2, random_state=0)
    held_out = np.arange(30) < 10
    cv = [((~held_out).astype(dtype), held_out.astype(dtype))]
    with pytest.raises(ValueError, match=message):
        MultiTaskLassoCV(cv=cv).fit(data.X, data.y)
