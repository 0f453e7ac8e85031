"""Task ids: taking them off X, checking them, turning them into codes.

Labels may be numbers, strings or objects, from arrays, lists, pandas, polars or pyarrow.
"""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing


def some_of(values, n=5):
    """A short list of labels for a message."""
    values = [v.item() if isinstance(v, np.generic) else v for v in list(values)]
    return f"{values[:n]}"[:-1] + (", ...]" if len(values) > n else "]")


def column_names(X):
    """Column names of a frame as a list, or None for an array."""
    names = getattr(X, "column_names", None)  # pyarrow
    if names is None:
        names = getattr(X, "columns", None)
    return None if names is None else list(names)


def column_position(names, n_columns, task_column):
    """Position of the task column among `n_columns` columns that have `names` (or None)."""
    if isinstance(task_column, Integral) and not isinstance(task_column, bool):
        if not -n_columns <= task_column < n_columns:
            raise ValueError(
                f"task_column={task_column} is out of range: X has {n_columns} feature(s)."
            )
        return int(task_column) % n_columns
    if not isinstance(task_column, str):
        raise TypeError(
            f"task_column must be a column name, an integer or None, got {task_column!r}."
        )
    if names is None:
        raise ValueError(
            f"task_column={task_column!r} is a name, but X has no column names. Put "
            ".set_output(transform='pandas') on the step before, or give the column's position "
            "as an integer."
        )
    names = list(names)
    if task_column in names:
        return names.index(task_column)
    suffixed = [k for k, name in enumerate(names) if str(name).endswith(f"__{task_column}")]
    if len(suffixed) == 1:  # ColumnTransformer's prefix
        return suffixed[0]
    problem = "is not a column" if not suffixed else "fits several columns"
    raise ValueError(f"task_column={task_column!r} {problem} of X, which has {some_of(names, 8)}.")


def split_task_column(X, task_column, *, read=True):
    """Take the task ids off X.

    Parameters
    ----------
    X : array, sparse matrix or data frame of shape (n_samples, n_columns)
    task_column : str or int
        Name (for frames; a unique ``...__name`` of a ColumnTransformer is accepted) or position.
    read : bool, default=True
        Whether to look at the ids.

    Returns
    -------
    features : like X, of shape (n_samples, n_columns - 1)
    labels : ndarray of shape (n_samples,), or None
    """
    if column_names(X) is None and not sparse.issparse(X):
        X = np.asarray(X)
    if sparse.issparse(X) and X.format not in ("csc", "csr"):
        X = X.tocsr()
    j = column_position(column_names(X), X.shape[1], task_column)
    if j in (0, X.shape[1] - 1):  # a slice needs no copy
        others = slice(1, None) if j == 0 else slice(0, j)
    else:
        others = [k for k in range(X.shape[1]) if k != j]
    features = _safe_indexing(X, others, axis=1)
    if not read:
        return features, None
    labels = _safe_indexing(X, [j] if sparse.issparse(X) else j, axis=1)
    labels = labels.toarray() if sparse.issparse(labels) else labels
    return features, check_task_ids(labels, f"task_column={task_column!r}")


def missing_mask(y):
    """Where a label is NaN, NaT, NA or None, of y's shape."""
    if y.dtype.kind in "fmM":
        return np.isnan(y)
    if y.dtype == object:
        flags = [v is None or type(v).__name__ == "NAType" or v != v for v in y.ravel()]
        return np.array(flags, dtype=bool).reshape(y.shape)
    return np.zeros(y.shape, dtype=bool)


def check_task_ids(labels, name="tasks"):
    """Task ids as a 1-D array without missing values."""
    labels = as_id_array(labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if labels.ndim != 1:
        raise ValueError(f"{name} has shape {labels.shape}, expected one task id for each row.")
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        raise ValueError(f"{name} contains infinity: every row needs a task id.")
    missing = missing_mask(labels)
    if missing.any():
        raise ValueError(
            f"{name} contains NaN or None in {missing.sum()} row(s), the first at row "
            f"{int(np.argmax(missing))}: every row needs a task id."
        )
    return labels


def as_id_array(labels):
    """An array of labels that keeps their types: [1, "b"] stays a number and a string."""
    if hasattr(labels, "to_numpy"):
        return labels.to_numpy()
    array = np.asarray(labels)
    if array.dtype.kind == "U" and not all(isinstance(label, str) for label in labels):
        return np.array(labels, dtype=object)
    return array


def encode(labels, name="tasks"):
    """Sorted unique labels and the code of every row."""
    try:
        return np.unique(labels, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(v).__name__ for v in labels.tolist()})
        raise TypeError(
            f"{name} mixes types that cannot be sorted ({', '.join(kinds)}); use one type, for "
            "example X['task'].astype(str)."
        ) from error


def codes_of(labels, known, name="tasks"):
    """Position of every label in `known`, -1 where it is not there."""
    unique, inverse = encode(labels, name)
    position = {label: k for k, label in enumerate(known.tolist())}
    return np.array([position.get(label, -1) for label in unique.tolist()])[inverse]


def label_of(task):
    """A task's name in text; whole floats (ids in a float array) without their point."""
    whole = isinstance(task, float | np.floating) and float(task).is_integer()
    return str(int(task)) if whole else str(task)
