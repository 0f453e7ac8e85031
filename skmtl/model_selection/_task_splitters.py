"""Splitters that know the tasks of samples."""

from math import ceil, floor
from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from skmtl._data.checks import check_bool, check_int, check_real
from skmtl._data.stratification import assign_folds, draw_evenly, sample_codes, split_by_stratum


class BaseTaskSplitter(BaseCrossValidator):
    """Base class of the splitters that know the tasks of samples."""

    # groups hold the task ids: they are routed here without a request
    __metadata_request__split: ClassVar = {"groups": True}

    def get_n_splits(self, X=None, y=None, groups=None):
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Ignored, present for API consistency by convention.

        Returns
        -------
        n_splits : int
            The number of splits.
        """
        return self.n_splits

    def _codes(self, X, y, groups):
        """Return the stratum of every sample, (n_samples,) of int: its task, if that is known."""
        name = type(self).__name__
        return sample_codes(X, y, groups, self.task_column, name)


def _train_test_indices(held_out):
    """Return the training and the test indices of a split from a mask of the test samples."""
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


class TaskStratifiedKFold(BaseTaskSplitter):
    """K folds that each hold their share of every task.

    The tasks come from the task column of X, else from `groups`, else from which targets of a
    two-dimensional y are missing. For a complete two-dimensional y the folds are those of
    scikit-learn's KFold. A task with fewer samples than folds is in some test sets only.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    task_column : str or int, default=None
        Column of X that holds the task ids.
    shuffle : bool, default=False
        Whether to shuffle the samples of each task before splitting into folds.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling, with ``shuffle=True``.

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
            The data, with the task column if there is one.
        y : array-like, default=None
            Targets; only used if neither `task_column` nor `groups` gives the tasks.
        groups : array-like of shape (n_samples,), default=None
            Task ids; only used without `task_column`.

        Yields
        ------
        train : ndarray of int
            The training set indices for that split.
        test : ndarray of int
            The testing set indices for that split.
        """
        codes = self._codes(X, y, groups)
        rng = None
        if self.shuffle:
            rng = check_random_state(self.random_state)
        folds = assign_folds(codes, self.n_splits, rng)
        for k in range(self.n_splits):
            yield _train_test_indices(folds == k)


class TaskStratifiedShuffleSplit(BaseTaskSplitter):
    """Random splits that hold out the same share of every task.

    A task with at least two samples has one or more in both sets; a single sample is in the
    training set. If tasks are known by the missing targets of a two-dimensional y only, a sample
    belongs to several of them: sizes are then those of all samples, drawn evenly over the patterns
    of missing targets.

    Parameters
    ----------
    n_splits : int, default=10
        Number of splits.
    test_size : float or int, default=None
        Share of the samples of each task to test on, in (0, 1), or their number in each task. None
        is the complement of `train_size`, or 0.25 if that is None too.
    train_size : float or int, default=None
        Share or number of the samples of each task to train on. None is the complement of the
        test set.
    task_column : str or int, default=None
        Column of X that holds the task ids. With None they are the groups, else the missing
        targets of y tell the tasks.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits.

    Examples
    --------
    Six training samples of each of three tasks:

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
        _check_size(test_size, "test_size")
        _check_size(train_size, "train_size")
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
            The data, with the task column if there is one.
        y : array-like, default=None
            Targets; only used if neither `task_column` nor `groups` gives the tasks.
        groups : array-like of shape (n_samples,), default=None
            Task ids; only used without `task_column`.

        Yields
        ------
        train : ndarray of int
            The training set indices for that split.
        test : ndarray of int
            The testing set indices for that split.
        """
        codes = self._codes(X, y, groups)
        rng = check_random_state(self.random_state)
        by_patterns = self.task_column is None and groups is None
        for _ in range(self.n_splits):
            shuffled = rng.permutation(len(codes))
            strata = split_by_stratum(codes, shuffled)
            if by_patterns:
                strata = [np.concatenate(strata)]
            train = []
            test = []
            for samples in strata:
                n_train, n_test = self._sizes(len(samples))
                tested, rest = draw_evenly(samples, n_test, rng)
                trained, _ = draw_evenly(rest, n_train, rng)
                train.append(trained)
                test.append(tested)
            train = np.concatenate(train)
            test = np.concatenate(test)
            yield np.sort(train), np.sort(test)

    def _sizes(self, n):
        """Return how many of n samples to train and to test on, both at least one if n > 1."""
        if n == 1:
            return 1, 0
        if self.test_size is None and self.train_size is not None:
            n_train = _count(self.train_size, n, floor)
            n_train = min(n_train, n - 1)
            return n_train, n - n_train
        test_size = 0.25 if self.test_size is None else self.test_size
        n_test = _count(test_size, n, ceil)
        n_test = min(n_test, n - 1)
        if self.train_size is None:
            return n - n_test, n_test
        n_train = _count(self.train_size, n, floor)
        if n_train + n_test > n:
            raise ValueError(
                f"train_size={self.train_size} and test_size={self.test_size} need "
                f"{n_train + n_test} samples of every task, but one has {n}."
            )
        return n_train, n_test


def _check_size(size, name):
    """Raise unless a size is None, a positive number of samples or a share between 0 and 1."""
    if isinstance(size, Integral):
        check_int(size, name)
    elif size is not None:
        check_real(size, name, high=1.0, include="neither")


def _count(size, n, rounding):
    """Return the number of samples, at least 1, that a number or a share of n samples is."""
    if isinstance(size, Integral):
        return max(size, 1)
    return max(rounding(size * n), 1)


class LeaveOneTaskOut(BaseTaskSplitter):
    """Splits with one task each as the test set: how well is an unseen task predicted?

    Estimators need ``handle_unknown="shared"`` to predict an unseen task.

    Parameters
    ----------
    task_column : str or int, default=None
        Column of X that holds the task ids. With None they are the groups.

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

    def _task_codes(self, X, groups):
        """Return the task code of every sample, (n_samples,)."""
        if self.task_column is None and groups is None:
            raise ValueError(
                "LeaveOneTaskOut needs the task of every sample: set task_column, or pass the ids "
                "as groups."
            )
        return self._codes(X, None, groups)

    def get_n_splits(self, X=None, y=None, groups=None):
        """Return the number of splits, that of the tasks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_columns)
            The data, with the task column if there is one.
        y : object
            Ignored, present for API consistency by convention.
        groups : array-like of shape (n_samples,), default=None
            Task ids; only used without `task_column`.

        Returns
        -------
        n_splits : int
            The number of splits.
        """
        codes = self._task_codes(X, groups)
        return int(codes.max()) + 1

    def split(self, X, y=None, groups=None):
        """Yield training and test indices, one split for each task in sorted order.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            The data, with the task column if there is one.
        y : object
            Ignored, present for API consistency by convention.
        groups : array-like of shape (n_samples,), default=None
            Task ids; only used without `task_column`.

        Yields
        ------
        train : ndarray of int
            The training set indices for that split.
        test : ndarray of int
            The testing set indices for that split.
        """
        codes = self._task_codes(X, groups)
        if codes.max() == 0:
            raise ValueError("LeaveOneTaskOut needs at least two tasks, found one.")
        for k in range(codes.max() + 1):
            yield _train_test_indices(codes == k)
