"""What two statistics have in common when they are added: their tasks and their parts."""

from numbers import Number

import numpy as np

from skmtl._data.spellings import join_labels
from skmtl._data.task_ids import encode, same_kind, some_of


def joint_tasks(mine, its, *, same):
    """Return the task ids of both; raise if they must be the same and are not, or are of two types.

    Parameters
    ----------
    mine, its : ndarray
        Task ids of the one and of the other.
    same : bool
        Whether they must be the same, as those of a two-dimensional y.
    """
    if same:
        if not np.array_equal(mine, its):
            raise ValueError(
                f"The tasks of one are {some_of(mine)}, those of the other {some_of(its)}: of a "
                "two-dimensional y, give all of them the same columns, in the same order, with NaN "
                "where a target is missing."
            )
        return mine
    if len(mine) == 0 or len(its) == 0:
        return mine if len(its) == 0 else its
    if not (same_kind(mine, its) and same_kind(its, mine)):
        raise TypeError(
            f"The task ids of one are {some_of(mine)}, those of the other {some_of(its)}: ids "
            "of another type would be other tasks. Read them with one type, as by "
            "pandas.read_csv(dtype=)."
        )
    if np.array_equal(mine, its):
        return mine
    tasks, _ = encode(join_labels([mine, its]))
    return tasks


def check_same_folds(one, other):
    """Raise ValueError if the parts of two statistics are not of the same kind."""
    if not one._parts or not other._parts:
        return
    kinds = [_kind_of_parts(statistics) for statistics in (one, other)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"The rows of one are divided into {kinds[0]}, those of the other into {kinds[1]}: "
            "give all of them the same n_folds, folds of one type, or none."
        )


def _kind_of_parts(statistics):
    if statistics._n_folds is not None:
        return f"n_folds={statistics._n_folds}"
    labels = list(statistics._parts)
    if labels == [None]:
        return "no parts"
    return f"parts whose labels are {_kind_of_label(labels[0])}"


def _kind_of_label(label):
    """Return the kind of the label of a part; True is not the same as 1."""
    if isinstance(label, bool | np.bool_):
        return "truth values"
    if isinstance(label, Number):
        return "numbers"
    return "strings" if isinstance(label, str) else type(label).__name__


def check_names_of_sites(names):
    """Raise TypeError unless the names of sites can be labels of parts side by side."""
    names = list(names)
    kinds = sorted({_kind_of_label(name) for name in names})
    if None in names or len(kinds) > 1:
        raise TypeError(
            f"The names of sites are {names[:5]}: None is no name, and all must be of one type, "
            "such as strings."
        )


def joint_parts(mine, its):
    """Return the moments of the parts of both, {label: moments}, sorted; those of a label added."""
    parts = dict(mine)
    for label, moments in its.items():
        parts[label] = parts[label] + moments if label in parts else moments
    return dict(sorted(parts.items())) if len(parts) > 1 else parts
