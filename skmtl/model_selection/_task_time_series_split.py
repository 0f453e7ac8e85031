"""Splits that are ordered in time within each task."""

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing

from skmtl._data.checks import check_int
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.stratification import split_by_stratum
from skmtl._data.task_ids import (
    as_id_array,
    column_names,
    dates_of_strings,
    encode,
    missing_mask,
    some_of,
)
from skmtl.model_selection._task_splitters import BaseTaskSplitter


class TaskTimeSeriesSplit(BaseTaskSplitter):
    """Splits ordered in time within each task: train on its past, test on what follows.

    Every task is split as scikit-learn's :class:`~sklearn.model_selection.TimeSeriesSplit` splits
    it alone: its last samples are cut into `n_splits` test sets that follow each other, and the
    training set of each is what comes before. Split k has the k-th test sets of all tasks.

    A task with few samples has fewer test sets, which belong to the last splits. While it has no
    past, it is neither trained nor tested on. The first samples of every task are never tested.

    Parameters
    ----------
    n_splits : int, default=5
        Number of splits, at least 1.
    task_column : str or int, default=None
        Column of X that holds the task ids. With None they are the groups; two-dimensional y of
        several tasks has neither, and its samples are split for all tasks alike.
    times : str, int or array-like of shape (n_samples,), default=None
        When every sample was observed: a column of X, by name or position, or the times
        themselves, as numbers, dates, or strings such as "2020-12-31". None takes the order of the
        rows. A training sample as late as the first test sample of its task is left out.
    max_train_size : int, default=None
        Largest number of training samples of each task, the latest ones.
    test_size : int, default=None
        Number of samples of each task in a test set. None is the number of samples of the task
        divided by ``n_splits + 1``, rounded down, but at least 1.
    gap : int, default=0
        Number of samples of each task to leave out between its training and its test set.

    Raises
    ------
    ValueError
        If a parameter is invalid; and in `split`, if the tasks are not known, a time is missing or
        is text that is no date, or a split has nothing to train on.

    Warns
    -----
    UserWarning
        In `split`, if `times` has the index labels of X in another order: rows go by position.

    See Also
    --------
    TaskStratifiedKFold : Folds without regard to time.
    task_cross_val_predict : Predicts with such splits; samples that are never tested are NaN.

    Notes
    -----
    The order is that of each task alone. If tasks were observed at different times, a training set
    may hold samples of other tasks that are later than the test samples of a task. Where this must
    not be, use scikit-learn's `TimeSeriesSplit` on samples sorted by time.

    In two-dimensional y with missing targets, every task should have some in the first training
    set: estimators refuse tasks without any, the CV estimators predict them by the other tasks.

    Since the first samples are never tested, scikit-learn's `cross_val_predict` and
    :class:`MultiTaskStacking`, which need a prediction for every sample, cannot use these splits.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import TaskTimeSeriesSplit
    >>> X = np.array([[0.0, 0], [1.0, 0], [2.0, 0], [1.0, 1], [0.0, 1], [2.0, 1]])
    >>> for train, test in TaskTimeSeriesSplit(2, task_column=1, times=0).split(X):
    ...     print(train, test)
    [0 4] [1 3]
    [0 1 3 4] [2 5]
    """

    def __init__(
        self,
        n_splits=5,
        *,
        task_column=None,
        times=None,
        max_train_size=None,
        test_size=None,
        gap=0,
    ):
        check_int(n_splits, "n_splits")
        if max_train_size is not None:
            check_int(max_train_size, "max_train_size")
        if test_size is not None:
            check_int(test_size, "test_size")
        check_int(gap, "gap", low=0)
        self.n_splits = n_splits
        self.task_column = task_column
        self.times = times
        self.max_train_size = max_train_size
        self.test_size = test_size
        self.gap = gap

    def split(self, X, y=None, groups=None):
        """Yield training and test indices.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            The data, with the columns of the tasks and the times if there are such.
        y : array-like, default=None
            Targets; of two-dimensional y of several tasks all samples are split alike.
        groups : array-like of shape (n_samples,), default=None
            Task ids; only used without `task_column`, and not with two-dimensional y.

        Yields
        ------
        train : ndarray of int
            The training set indices for that split.
        test : ndarray of int
            The testing set indices for that split.
        """
        codes = self._codes_of_samples(X, y, groups)
        times = self._time_ranks(X, len(codes))
        in_order = np.argsort(times, kind="stable")
        tasks = split_by_stratum(codes, in_order)
        for k in range(self.n_splits):
            train = []
            test = []
            for samples in tasks:
                trained, tested = self._split_task(samples, times, k)
                train.append(trained)
                test.append(tested)
            train = np.sort(np.concatenate(train))
            test = np.sort(np.concatenate(test))
            if len(train) == 0:
                sizes = [len(samples) for samples in tasks]
                most = max(sizes)
                raise ValueError(
                    f"Split {k} of n_splits={self.n_splits} has nothing to train on: the largest "
                    f"task has {most} samples. Use fewer splits, or smaller test_size "
                    f"({self.test_size}) and gap ({self.gap})."
                )
            yield train, test

    def _split_task(self, samples, times, k):
        """Return the training and test samples of split k of a task, from its samples in order."""
        n = len(samples)
        size = self.test_size
        if size is None:
            size = max(n // (self.n_splits + 1), 1)
        start = n - (self.n_splits - k) * size
        stop = start + size
        nothing = samples[:0]
        if start < 1:
            return nothing, nothing
        test = samples[start:stop]
        train = samples[: max(start - self.gap, 0)]
        train = train[times[train] < times[test[0]]]
        if len(train) == 0:
            return nothing, nothing
        if self.max_train_size is not None:
            train = train[-self.max_train_size :]
        return train, test

    def _codes_of_samples(self, X, y, groups):
        """Return the task of every sample, (n_samples,) of int; 0 for two-dimensional y."""
        wide = np.ndim(y) == 2 and np.shape(y)[1] > 1
        if self.task_column is None and wide:
            return np.zeros(len(y), dtype=np.intp)
        return self._codes(X, y, groups)

    def _time_ranks(self, X, n_samples):
        """Return numbers that sort the samples in time, (n_samples,)."""
        if self.times is None:
            return np.arange(n_samples)
        times = self.times
        if isinstance(times, str | int | np.integer):
            times = _column(X, times)
        warn_of_row_order(X, times=times)
        times = as_id_array(times)
        if times.shape != (n_samples,):
            raise ValueError(
                f"times has shape {times.shape}, but X has {n_samples} samples; for parts of the "
                "data, as in a search within folds, give times as a column of X."
            )
        times = _of_strings(times)
        missing = missing_mask(times)
        if missing.any():
            raise ValueError(
                f"times is missing for {missing.sum()} sample(s), first at row "
                f"{int(np.argmax(missing))}."
            )
        return encode(times, "times")[1]


def _of_strings(times):
    """Return strings that are dates as dates, other times as they are.

    Other strings are refused: "10" comes before "9", and "1/2/2020" before "12/31/2019".
    """
    texts = times.tolist()
    if not all(isinstance(one, str) for one in texts):
        return times
    dates = dates_of_strings(times)
    are_numbers = any(one.isdigit() and len(one) != len("2020") for one in texts)
    if dates.dtype.kind != "M" or are_numbers:
        raise ValueError(
            f"times are strings such as {some_of(times, 2)}, whose order need not be that of time: "
            "give dates (pandas.to_datetime), numbers, or dates as text such as '2020-12-31'."
        )
    return dates


def _column(X, column):
    """Return a column of an array, sparse matrix or frame, by its name or position."""
    names = column_names(X)
    if names is None and not sparse.issparse(X):
        X = np.asarray(X)
    n_columns = X.shape[1]
    if isinstance(column, str):
        if names is None or column not in names:
            known = "no column names" if names is None else f"the columns {some_of(names, 8)}"
            raise ValueError(f"times={column!r} is not a column of X, which has {known}.")
        column = names.index(column)
    if not -n_columns <= column < n_columns:
        raise ValueError(f"times={column} is out of range: X has {n_columns} columns.")
    if sparse.issparse(X):
        return X.tocsc()[:, [column]].toarray().ravel()
    return _safe_indexing(X, int(column) % n_columns, axis=1)
