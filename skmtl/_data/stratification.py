"""Folds in which every task, and class, has its share of the samples."""

import numpy as np

from skmtl._data.task_ids import check_task_ids, encode, missing_mask, split_task_column


def sample_codes(X, y, groups, task_column, name):
    """Stratum of every row, (n_samples,) of int: X's task column, else groups, else y's holes."""
    if task_column is not None:
        return encode(split_task_column(X, task_column)[1])[1]
    if groups is not None:
        return encode(check_task_ids(groups, "groups"), "groups")[1]
    Y = np.asarray(y)
    if Y.ndim != 2:
        raise ValueError(
            f"{name} cannot know the tasks: y has shape {Y.shape}. Set task_column to the column "
            "of X that holds the task id, or pass the ids as groups."
        )
    missing = missing_mask(Y)
    rarest_first = np.argsort(-missing.sum(axis=0), kind="stable")
    return np.unique(missing[:, rarest_first], axis=0, return_inverse=True)[1].ravel()


def data_strata(data):
    """Stratum of each of the user's rows of positive weight, in their order: its task."""
    if data.layout == "wide":
        return sample_codes(None, np.where(data.weight > 0, data.y, np.nan), None, None, "")
    return data.design.task_of_sample[np.argsort(data.sample_indices)]


def assign_folds(codes, n_splits, rng=None):
    """Fold of every row: within each stratum the sizes differ by at most one.

    Each stratum is split as KFold would split it alone, the first rows to the first fold, unless a
    random generator shuffles them; strata with fewer rows than folds take the folds in turn.
    """
    if n_splits > len(codes):
        raise ValueError(
            f"Cannot have number of splits n_splits={n_splits} greater than the number of "
            f"samples: n_samples={len(codes)}."
        )
    folds, turn = np.empty(len(codes), dtype=np.intp), 0
    strata = _split_by(codes, np.arange(len(codes)))
    for k in range(len(strata)) if rng is None else rng.permutation(len(strata)):
        count = len(strata[k])
        if count < n_splits:
            numbers = (turn + np.arange(count)) % n_splits
            turn += count
        else:
            numbers = np.sort(np.arange(count) % n_splits)
        folds[strata[k]] = numbers if rng is None else rng.permutation(numbers)
    return folds


def _split_by(codes, rows):
    """The rows of each stratum, in the order of `rows`: a list of arrays."""
    rows = rows[np.argsort(codes[rows], kind="stable")]
    return np.split(rows, np.cumsum(np.bincount(codes))[:-1])


def _spread_out(order, n, rng):
    """`n` of the rows in `order`, evenly spaced from a random start, and the others."""
    chosen = np.zeros(len(order), dtype=bool)
    chosen[((np.arange(n) + rng.uniform()) * len(order) / max(n, 1)).astype(int)] = True
    return order[chosen], order[~chosen]
