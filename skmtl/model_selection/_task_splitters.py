"""Splitters that see tasks."""

from math import ceil, floor
from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from skmtl._data.checks import check_bool, check_int, check_real
from skmtl._data.stratification import assign_folds, draw_evenly, sample_codes, split_by_stratum


class BaseTaskSplitter(BaseCrossValidator):
    """Base of the splitters that read tasks."""

    # groups hold the task ids: routed here without being asked for
    __metadata_request__split: ClassVar = {"groups": True}

    def get_n_splits(self, X=None, y=None, groups=None):
        """Number of splits.

        Parameters
        ----------
        X, y, groups : object
            Not looked at; there as in scikit-learn.

        Returns
        -------
        int
        """
        return self.n_splits


class TaskStratifiedKFold(BaseTaskSplitter):
    """K folds that each hold their share of every task.

    Labels come from the task column of X, else from `groups`, else from which labels of a
    two-dimensional y are missing. On complete two-dimensional y it is scikit-learn's KFold. A task
    with fewer rows than folds is absent from some test sets, never from all.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    task_column : str or int, default=None
        Column of X that holds the task ids.
    shuffle : bool, default=False
        Shuffle the rows of each task first.
    random_state : int, RandomState instance or None, default=None
        Seed, with ``shuffle=True``.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import TaskStratifiedKFold
    >>> X = np.array([[0.1, 0], [0.2, 0], [0.3, 1], [0.4, 1]])
    >>> for train, test in TaskStratifiedKFold(2, task_column=1).split(X):
    ...     print(test)
    [0 2]
    [1 3]
    """

    def __init__(self, n_splits=5, *, task_column=None, shuffle=False, random_state=None):
        check_int(n_splits, "n_splits", low=2)
        check_bool(shuffle, "shuffle")
        if random_state is not None and not shuffle:
            raise ValueError(f"random_state={random_state!r} has no effect without shuffle=True.")
        self.n_splits = n_splits
        self.task_column = task_column
        self.shuffle = shuffle
        self.random_state = random_state

    def split(self, X, y=None, groups=None):
        """Yield training and test indices.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        y : array-like, default=None
            Looked at only when neither `task_column` nor `groups` tell the tasks.
        groups : array-like of shape (n_samples,), default=None
            Task ids.

        Yields
        ------
        train, test : ndarray of int
        """
        codes = sample_codes(X, y, groups, self.task_column, type(self).__name__)
        rng = check_random_state(self.random_state) if self.shuffle else None
        folds = assign_folds(codes, self.n_splits, rng)
        for k in range(self.n_splits):
            yield np.flatnonzero(folds != k), np.flatnonzero(folds == k)


class TaskStratifiedShuffleSplit(BaseTaskSplitter):
    """Random splits that take the same share of every task for testing.

    A task with at least two rows has one or more on each side; a task with one row is trained on.
    Where the holes of a two-dimensional y tell the tasks, rows belong to several of them: sizes
    are then of all rows, drawn evenly over the patterns of holes.

    Parameters
    ----------
    n_splits : int, default=10
    test_size : float or int, default=None
        Share of each task's rows, in (0, 1), or their number in each task. None takes what
        training leaves, or 0.25 when `train_size` is None too.
    train_size : float or int, default=None
        The same for training; None takes what testing leaves.
    task_column : str or int, default=None
        Column of X that holds the task ids; else `groups`, else the holes of y tell the tasks.
    random_state : int, RandomState instance or None, default=None

    Examples
    --------
    Six training rows of each of three tasks:

    >>> import numpy as np
    >>> from skmtl import TaskStratifiedShuffleSplit
    >>> tasks = np.repeat([0, 1, 2], 10)
    >>> cv = TaskStratifiedShuffleSplit(1, train_size=6, test_size=4, random_state=0)
    >>> train, test = next(cv.split(np.zeros((30, 1)), groups=tasks))
    >>> np.bincount(tasks[train])
    array([6, 6, 6])
    """

    def __init__(
        self,
        n_splits=10,
        *,
        test_size=None,
        train_size=None,
        task_column=None,
        random_state=None,
    ):
        check_int(n_splits, "n_splits")
        for name, size in (("test_size", test_size), ("train_size", train_size)):
            if isinstance(size, Integral):
                check_int(size, name)
            elif size is not None:
                check_real(size, name, high=1.0, include="neither")
        self.n_splits = n_splits
        self.test_size = test_size
        self.train_size = train_size
        self.task_column = task_column
        self.random_state = random_state

    def split(self, X, y=None, groups=None):
        """Yield training and test indices.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        y : array-like, default=None
            Looked at only when neither `task_column` nor `groups` tell the tasks.
        groups : array-like of shape (n_samples,), default=None
            Task ids.

        Yields
        ------
        train, test : ndarray of int
        """
        codes = sample_codes(X, y, groups, self.task_column, type(self).__name__)
        rng = check_random_state(self.random_state)
        by_holes = self.task_column is None and groups is None
        for _ in range(self.n_splits):
            members = split_by_stratum(codes, rng.permutation(len(codes)))
            train, test = [], []
            for rows in [np.concatenate(members)] if by_holes else members:
                n_train, n_test = self._sizes(len(rows))
                tested, rest = draw_evenly(rows, n_test, rng)
                test.append(tested)
                train.append(draw_evenly(rest, n_train, rng)[0])
            yield np.sort(np.concatenate(train)), np.sort(np.concatenate(test))

    def _sizes(self, n):
        """Training and test rows of a task with n rows, both at least one where n > 1."""

        def count(size, rounding):
            return size if isinstance(size, Integral) else rounding(size * n)

        if n == 1:
            return 1, 0
        if self.test_size is None and self.train_size is not None:
            n_train = min(max(count(self.train_size, floor), 1), n - 1)
            return n_train, n - n_train
        test_size = 0.25 if self.test_size is None else self.test_size
        n_test = min(max(count(test_size, ceil), 1), n - 1)
        if self.train_size is None:
            return n - n_test, n_test
        n_train = max(count(self.train_size, floor), 1)
        if n_train + n_test > n:
            raise ValueError(
                f"train_size={self.train_size} and test_size={self.test_size} need "
                f"{n_train + n_test} rows of every task, but one has {n}."
            )
        return n_train, n_test


class LeaveOneTaskOut(BaseTaskSplitter):
    """Every task once as the test set: how well does the shared model do on an unseen task?

    Estimators need ``handle_unknown="shared"`` to predict it.

    Parameters
    ----------
    task_column : str or int, default=None
        Column of X that holds the task ids; else they come from `groups`.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import LeaveOneTaskOut
    >>> X = np.array([[0.1, 0], [0.2, 0], [0.3, 1]])
    >>> [test.tolist() for train, test in LeaveOneTaskOut(task_column=1).split(X)]
    [[0, 1], [2]]
    """

    def __init__(self, *, task_column=None):
        self.task_column = task_column

    def _codes(self, X, groups):
        if self.task_column is None and groups is None:
            raise ValueError(
                "LeaveOneTaskOut needs the task of every row: set task_column, or pass the ids "
                "as groups."
            )
        return sample_codes(X, None, groups, self.task_column, type(self).__name__)

    def get_n_splits(self, X=None, y=None, groups=None):
        """Number of tasks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_columns)
        y : object
            Not looked at.
        groups : array-like of shape (n_samples,), default=None
            Task ids, without `task_column`.

        Returns
        -------
        int
        """
        return int(self._codes(X, groups).max()) + 1

    def split(self, X, y=None, groups=None):
        """Yield training and test indices, one split for each task in sorted order.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        y : object
            Not looked at.
        groups : array-like of shape (n_samples,), default=None
            Task ids, without `task_column`.

        Yields
        ------
        train, test : ndarray of int
        """
        codes = self._codes(X, groups)
        if codes.max() == 0:
            raise ValueError("LeaveOneTaskOut needs at least two tasks, found one.")
        for k in range(codes.max() + 1):
            yield np.flatnonzero(codes != k), np.flatnonzero(codes == k)
