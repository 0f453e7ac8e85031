"""The index labels of rows: a warning where those of y are in another order than those of X."""

from skmtl._warn import warn


def warn_of_row_order(X, **others):
    """Warn if a frame or Series has the index labels of X in another order.

    As in scikit-learn, rows go by position. `others` are y, weights and task ids by their names;
    those without an index, and None, have no order of their own.
    """
    index = _index_of(X)
    if index is None:
        return
    for name, values in others.items():
        other = _index_of(values)
        if other is None or len(other) != len(index) or index.equals(other):
            continue
        if index.is_unique and other.is_unique and index.isin(other).all():
            warn(
                f"The index of {name} has the labels of X in another order. Rows go by position, "
                f"whatever their labels: {name}.loc[X.index] brings them into the order of X, and "
                "reset_index(drop=True) says that they are in it already."
            )


def _index_of(values):
    """Return the index of a pandas frame or Series, None for anything else."""
    if not hasattr(values, "iloc"):
        return None
    return values.index
