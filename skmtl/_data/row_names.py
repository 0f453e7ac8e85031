"""The index labels of rows: a warning or an error where data side by side have other ones."""

import numpy as np

from skmtl._data.task_ids import some_of
from skmtl._warn import warn


def warn_of_row_order(X, **others):
    """Warn if a frame or Series has the index labels of X in another order.

    As in scikit-learn, rows go by position. `others` are y, weights and task ids by their names;
    those without an index, and None, have no order of their own.
    """
    index = _index_of(X)
    for name, other in _other_indexes(index, others):
        are_unique = index.is_unique and other.is_unique
        if are_unique and index.isin(other).all():
            warn(
                f"The index of {name} has the labels of X in another order. Rows go by position, "
                f"whatever their labels: {name}.loc[X.index] brings them into the order of X, and "
                "reset_index(drop=True) says that they are in it already."
            )


def refuse_other_rows(y_true, **others):
    """Raise if a frame or Series has other index labels than y_true.

    Rows go by position. The labels 0, 1, ..., which are those of rows without labels, may stand
    beside any others, unless these are the same in another order.
    """
    index = _index_of(y_true)
    for name, other in _other_indexes(index, others):
        of_one = index.symmetric_difference(other)
        is_permuted = len(of_one) == 0
        if not is_permuted and (_is_default(index) or _is_default(other)):
            continue
        found = "in another order than" if is_permuted else "other than"
        differs = np.asarray(index != other)
        first = int(np.argmax(differs))
        here = slice(first, first + 1)
        raise ValueError(
            f"The index labels of {name} are {found} those of y_true: at position {first} "
            f"{some_of(other[here])}, not {some_of(index[here])}. "
            f"{name}.loc[y_true.index] brings them into the order of y_true, and arrays say that "
            "rows go by position."
        )


def _other_indexes(index, others):
    """Yield name and index of what has as many rows as an index (or None), but other labels."""
    if index is None:
        return
    for name, values in others.items():
        other = _index_of(values)
        if other is None or len(other) != len(index) or index.equals(other):
            continue
        yield name, other


def _is_default(index):
    """Whether index labels are 0, 1, ..., which pandas gives to rows without labels."""
    if index.nlevels > 1:
        return False
    positions = np.arange(len(index))
    return np.array_equal(index.to_numpy(), positions)


def _index_of(values):
    """Return the index of a pandas frame or Series, None for anything else."""
    if not hasattr(values, "iloc"):
        return None
    return values.index
