"""What the comparison tools read off the user's data and models: tasks, splits, kinds."""

from numbers import Integral

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils import check_consistent_length

from skmtl.meta.pipelines import task_labels
from skmtl.model_selection import TaskStratifiedKFold


def read_tasks(X, y, task_column, tasks):
    """y with a shape, in long form 1-D, and what :func:`task_labels` finds."""
    if task_column is not None and tasks is not None:
        raise ValueError(
            f"Both task_column={task_column!r} and tasks= were given; use one of them."
        )
    y = y if hasattr(y, "shape") else np.asarray(y)
    check_consistent_length(X, y)
    long = task_column is not None or tasks is not None
    if long and y.shape[1:] == (1,):
        y = np.asarray(y).ravel()
    labels, names, codes = task_labels(X, y, task_column, tasks)
    check_consistent_length(X, codes)
    if codes.ndim != len(y.shape):
        raise ValueError(
            f"y has shape {y.shape}, but tasks were given for each row, so y must be 1-D: one "
            "label a row."
        )
    return y, labels, names, codes


def fold_strata(labels, codes, targets):
    """What folds are stratified by: tasks, and classes within them; None when wide."""
    if labels is None or targets.classes is None:
        return labels
    return codes * len(targets.classes) + targets.labels


def _positions(side):
    """Row numbers of one side of a split, which may be a mask."""
    side = np.asarray(side)
    return np.flatnonzero(side) if side.dtype == bool else side


def make_splits(cv, X, y, labels, rng, *, n_repeats=1, n_folds=5):
    """List of pairs of training and test rows.

    `cv` None is `n_repeats` times `n_folds` shuffled folds stratified by task (and class, of
    classes), an int one set of so many.
    """
    if cv is not None and not isinstance(cv, Integral):
        splits = list(check_cv(cv).split(X, y, labels))
        return [tuple(_positions(side) for side in split) for split in splits]
    splits = []
    for _ in range(n_repeats if cv is None else 1):
        seed = rng.randint(np.iinfo(np.int32).max)
        folds = TaskStratifiedKFold(cv or n_folds, shuffle=True, random_state=seed)
        splits += folds.split(X, y, labels)
    return splits
