"""Tasks and splits of the data that the user passes to an evaluation."""

from numbers import Integral

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils import check_consistent_length

from skmtl.meta.pipelines import task_labels
from skmtl.model_selection import TaskStratifiedKFold


def read_tasks(X, y, task_column, tasks):
    """Read the tasks of the targets.

    Returns
    -------
    y : array of shape (n_samples, n_tasks) or (n_samples,)
        The targets, as an array that has a shape; one-dimensional for long data.
    task_ids : ndarray of shape (n_samples,) or None
        The task id of every sample of long data.
    tasks : ndarray of shape (n_tasks,)
        The distinct task ids.
    task_codes : ndarray in the shape of y
        Position of each target's task in `tasks`, -1 where the target is missing.
    """
    if task_column is not None and tasks is not None:
        raise ValueError(
            f"Both task_column={task_column!r} and tasks= were given; use one of them."
        )
    y = y if hasattr(y, "shape") else np.asarray(y)
    check_consistent_length(X, y)
    is_long = task_column is not None or tasks is not None
    if is_long and y.shape[1:] == (1,):
        y = np.asarray(y).ravel()
    task_ids, names, task_codes = task_labels(X, y, task_column, tasks)
    check_consistent_length(X, task_codes)
    if task_codes.ndim != len(y.shape):
        raise ValueError(
            f"y has shape {y.shape}, but tasks were given for each sample, so y must be 1-D: one "
            "target for each sample."
        )
    return y, task_ids, names, task_codes


def fold_strata(task_ids, task_codes, targets):
    """What folds are stratified by: tasks, and the classes within them; None for wide data."""
    if task_ids is None or targets.classes is None:
        return task_ids
    return task_codes * len(targets.classes) + targets.values


def make_splits(cv, X, y, strata, rng, *, n_repeats=1, n_folds=5):
    """List of pairs of training and test samples.

    None for `cv` makes `n_folds` shuffled and stratified folds `n_repeats` times, an int makes
    that number of folds once.
    """
    if cv is None:
        return _shuffled_folds(n_folds, n_repeats, X, y, strata, rng)
    if isinstance(cv, Integral):
        return _shuffled_folds(cv or n_folds, 1, X, y, strata, rng)
    splits = check_cv(cv).split(X, y, strata)
    return [(_positions(train), _positions(test)) for train, test in splits]


def _shuffled_folds(n_folds, n_repeats, X, y, strata, rng):
    """Stratified folds, repeatedly drawn."""
    splits = []
    for _ in range(n_repeats):
        seed = rng.randint(np.iinfo(np.int32).max)
        folds = TaskStratifiedKFold(n_folds, shuffle=True, random_state=seed)
        splits += folds.split(X, y, strata)
    return splits


def _positions(samples):
    """Positions of the samples on one side of a split, which may be a mask."""
    samples = np.asarray(samples)
    return np.flatnonzero(samples) if samples.dtype == bool else samples
