"""Task ids, as they are written."""

from collections import Counter

import numpy as np

from skmtl._command_line.usage import UsageError

_LARGEST = 2**53  # the largest integer that every part of the library holds exactly


def read_ids(table, name, number_format, kind="task"):
    """The ids as texts or, if nothing is lost, as integers, and whether each row has one.

    Parameters
    ----------
    table : TextTable
        The file.
    name : str
        The column of the ids.
    number_format : NumberFormat
        Tells which cells are missing.
    kind : {"task", "group"}, default="task"
        What the ids are, for messages.
    """
    cells = table.column(name)
    ids = texts(cells, f"{kind} column {name!r}")
    is_empty = ids == ""
    if is_empty.any() and not number_format.is_missing(""):
        line = table.lines[int(np.argmax(is_empty))]
        raise UsageError(
            f"{kind} column {name!r} has {is_empty.sum()} missing value(s), the first in line "
            f"{line}: --na '' leaves those rows out"
        )
    if all(is_plain_integer(one) for one in set(ids[~is_empty].tolist())):
        ids = np.where(is_empty, "0", ids).astype(np.int64)
    return ids, ~is_empty


def texts(cells, what):
    """The cells as an array of texts without blanks around them.

    Raises
    ------
    UsageError
        If texts differ by such blanks only.
    """
    different = set(cells)
    stripped = Counter(text.strip() for text in different)
    for text, count in stripped.items():
        if count > 1:
            raise UsageError(f"{what} has {text!r} with and without blanks around it")
    return np.array([cell.strip() for cell in cells])


def is_plain_integer(text):
    """Whether a text is what Python writes for an integer: "7", but neither "007" nor "7.0"."""
    digits = text.removeprefix("-")
    is_integer = digits.isascii() and digits.isdigit()
    return is_integer and str(int(text)) == text and abs(int(text)) < _LARGEST


def check_tasks(ids, name):
    """Raise unless there are at least two tasks, each with at least two rows."""
    known, counts = np.unique(ids, return_counts=True)
    if len(known) < 2:
        raise UsageError(f"task column {name!r} has one task only; a comparison needs at least two")
    single = known[counts < 2].tolist()
    if single:
        raise UsageError(
            f"task {single[0]!r} of {name!r} has one row ({len(single)} such task(s)): every task "
            "needs at least two, one to learn from and one to test on"
        )
