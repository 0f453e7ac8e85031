"""Row labels of pandas objects that are used side by side: the same, or refused."""

import numpy as np

from skmtl._data.task_ids import some_of


def check_same_rows(first, second, first_name, second_name):
    """Raise if both have row labels and these differ.

    Rows are matched by position. Labels 0, 1, ..., which pandas gives if there are no others, may
    stand beside any labels, unless these are the same in another order.
    """
    labels = _row_labels(first)
    others = _row_labels(second)
    if labels is None or others is None or len(labels) != len(others):
        return
    if labels.equals(others):
        return
    same_in_another_order = len(labels.symmetric_difference(others)) == 0
    if not same_in_another_order and (_are_default(labels) or _are_default(others)):
        return
    found = "in another order than" if same_in_another_order else "other than"
    differing = np.flatnonzero(np.asarray(labels != others))
    raise ValueError(
        f"The row labels of {second_name} are {found} those of {first_name}: at position "
        f"{differing[0]}, {some_of(others[differing[:1]])} and {some_of(labels[differing[:1]])}. "
        f"Give them in the same order, such as {second_name}.loc[{first_name}.index], or as arrays "
        "if the rows belong together by position."
    )


def _row_labels(values):
    """Return the index of a pandas object, else None."""
    index = getattr(values, "index", None)
    return None if index is None or callable(index) else index


def _are_default(labels):
    """Whether row labels are 0, 1, ..."""
    default = np.arange(len(labels))
    return labels.nlevels == 1 and np.array_equal(labels.to_numpy(), default)
