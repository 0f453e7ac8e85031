"""Text where ids or numbers are expected: errors that name the columns of X."""

from contextlib import contextmanager

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing

from skmtl._data.task_ids import column_names, column_position

_BARE_ERROR = "could not convert string"
_OWN_ERROR = "X has text in"


def refuse_column_name(tasks, X):
    """Raise ValueError if the name of a column of X was passed as `tasks`."""
    if not isinstance(tasks, str):
        return
    names = column_names(X)
    if names is not None and tasks in names:
        raise ValueError(
            f"tasks={tasks!r} is the name of a column of X, expected one task id for each sample: "
            f"give task_column={tasks!r}."
        )


@contextmanager
def naming_text_columns(X, task_column=None, tasks=None):
    """Make errors about strings that are no numbers say which columns of X hold them.

    Parameters
    ----------
    X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
        What the user passed, with the task column.
    task_column : str, int or None
        The column of X with the task ids, if there is one.
    tasks : array-like or None
        Task ids that were passed beside X.
    """
    try:
        yield
    except ValueError as error:
        message = str(error)
        if _BARE_ERROR not in message or _OWN_ERROR in message:
            raise
        explanation = _explanation(X, task_column, tasks)
        if explanation is None:
            raise
        raise ValueError(f"{message}. {explanation}") from error


def _explanation(X, task_column, tasks):
    """What to do about the text in X; None if it has none."""
    if sparse.issparse(X):
        return None
    if column_names(X) is None:
        X = np.asarray(X, dtype=object)
    if len(X.shape) != 2:
        return None
    names = _text_columns(X)
    if task_column is not None:
        known = column_names(X)
        position = column_position(known, X.shape[1], task_column)
        id_name = position if known is None else known[position]
        if names == [id_name]:
            return (
                f"The task column {task_column!r} holds text, and a step of a pipeline took it for "
                "a feature: put the step inside keep_task_column, such as "
                f"keep_task_column(StandardScaler(), {task_column!r})."
            )
        names = [name for name in names if name != id_name]
    if not names:
        return None
    noun = "column" if len(names) == 1 else "columns"
    listed = ", ".join(map(repr, names))
    text = f"{_OWN_ERROR} {noun} {listed}: encode it as numbers or leave it out."
    if task_column is not None:
        return text
    instead = "" if tasks is None else " instead of tasks="
    return f"{text} If it holds the task ids, give task_column={names[0]!r}{instead}."


def _text_columns(X):
    """Names, or positions if there are none, of the columns of an array or frame with text."""
    names = column_names(X)
    found = []
    for j in range(X.shape[1]):
        column = np.asarray(_safe_indexing(X, j, axis=1))
        try:
            column.astype(float)
        except (TypeError, ValueError):
            if any(isinstance(value, str) for value in column.tolist()):
                found.append(j if names is None else names[j])
    return found
