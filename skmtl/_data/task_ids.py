"""Task ids: taking them off X, checking them, turning them into codes.

Task ids may be numbers, strings or objects, in arrays, lists or frames of pandas, polars or
pyarrow.
"""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing


def some_of(values, n=5):
    """Return a short list of values for a message."""
    values = list(values)
    some = [_plain(value) for value in values[:n]]
    if len(values) > n:
        return f"{some}"[:-1] + ", ...]"
    return f"{some}"


def _plain(value):
    """Return a NumPy scalar as a Python one, other values as they are."""
    return value.item() if isinstance(value, np.generic) else value


def column_names(X):
    """Return the column names of a frame as a list, or None for an array."""
    names = getattr(X, "column_names", None)  # pyarrow
    if names is None:
        names = getattr(X, "columns", None)
    return None if names is None else list(names)


def column_position(names, n_columns, task_column):
    """Return the position of the task column among `n_columns` columns with `names` (or None)."""
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
    return _position_of_name(list(names), task_column)


def _position_of_name(names, task_column):
    """Return the position of a name, which may have the prefix that a ColumnTransformer adds."""
    if task_column in names:
        return names.index(task_column)
    suffix = f"__{task_column}"
    suffixed = [name for name in names if str(name).endswith(suffix)]
    if len(suffixed) == 1:
        return names.index(suffixed[0])
    problem = "fits several columns" if suffixed else "is not a column"
    raise ValueError(f"task_column={task_column!r} {problem} of X, which has {some_of(names, 8)}.")


def split_task_column(X, task_column, *, read=True):
    """Take the task ids off X.

    Parameters
    ----------
    X : array, sparse matrix or data frame of shape (n_samples, n_columns)
        The features and the task column.
    task_column : str or int
        Name (for frames; a unique ``...__name`` of a ColumnTransformer is accepted) or position.
    read : bool, default=True
        Whether to read and check the task ids.

    Returns
    -------
    features : like X, of shape (n_samples, n_columns - 1)
    task_ids : ndarray of shape (n_samples,), or None
    """
    if sparse.issparse(X):
        if X.format not in ("csc", "csr"):
            X = X.tocsr()
    elif column_names(X) is None:
        X = np.asarray(X)
    n_columns = X.shape[1]
    position = column_position(column_names(X), n_columns, task_column)
    others = _other_columns(n_columns, position)
    features = _safe_indexing(X, others, axis=1)
    if not read:
        return features, None
    if sparse.issparse(X):
        task_ids = _safe_indexing(X, [position], axis=1).toarray()
    else:
        task_ids = _safe_indexing(X, position, axis=1)
    return features, check_task_ids(task_ids, f"task_column={task_column!r}")


def _other_columns(n_columns, position):
    """Return what selects all columns but one: a slice, which needs no copy, where possible."""
    if position == 0:
        return slice(1, None)
    if position == n_columns - 1:
        return slice(0, position)
    return [j for j in range(n_columns) if j != position]


def missing_mask(y):
    """Return where y is NaN, NaT, NA or None, of y's shape."""
    if y.dtype.kind in "fmM":
        return np.isnan(y)
    if y.dtype == object:
        flags = [_is_missing(value) for value in y.ravel()]
        return np.array(flags, dtype=bool).reshape(y.shape)
    return np.zeros(y.shape, dtype=bool)


def _is_missing(value):
    """Whether an object is None, NA (which has no truth value), NaN or NaT (unequal to itself)."""
    return value is None or type(value).__name__ == "NAType" or value != value


def check_task_ids(task_ids, name="tasks"):
    """Return task ids as a 1-D array; raise if some are missing."""
    task_ids = as_id_array(task_ids)
    if task_ids.ndim == 2 and task_ids.shape[1] == 1:
        task_ids = task_ids.ravel()
    if task_ids.ndim != 1:
        raise ValueError(
            f"{name} has shape {task_ids.shape}, expected one task id for each sample."
        )
    if task_ids.dtype.kind == "f" and np.isinf(task_ids).any():
        raise ValueError(f"{name} contains infinity: every sample needs a task id.")
    missing = missing_mask(task_ids)
    if missing.any():
        first = int(np.argmax(missing))
        raise ValueError(
            f"{name} contains NaN or None for {missing.sum()} sample(s), first at row {first}: "
            "every sample needs a task id."
        )
    return task_ids


def as_id_array(ids):
    """Return ids as an array that keeps their types: [1, "b"] stays a number and a string."""
    if hasattr(ids, "to_numpy"):
        return ids.to_numpy()
    array = np.asarray(ids)
    became_strings = array.dtype.kind == "U"
    if became_strings and not all(isinstance(one, str) for one in ids):
        return np.array(ids, dtype=object)
    return array


def encode(ids, name="tasks"):
    """Return the sorted unique ids (or class labels) and the code of every element."""
    try:
        return np.unique(ids, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(one).__name__ for one in ids.tolist()})
        raise TypeError(
            f"{name} mixes types that cannot be sorted ({', '.join(kinds)}); use one type, for "
            "example X['task'].astype(str)."
        ) from error


def codes_of(ids, known, name="tasks"):
    """Return the position of every id in `known`, -1 where it is not there."""
    unique, inverse = encode(ids, name)
    positions = {one: k for k, one in enumerate(known.tolist())}
    codes = [positions.get(one, -1) for one in unique.tolist()]
    return np.array(codes)[inverse]


def name_of_task(task):
    """Return a task id as a line of text.

    Whole floats (ids in a float array) are without their point, dates without a time of zero, and
    what would break the line, such as a tab, is a blank.
    """
    if isinstance(task, float | np.floating) and float(task).is_integer():
        return str(int(task))
    if isinstance(task, np.datetime64):
        return str(np.datetime_as_string(task, unit="auto"))
    return "".join(one if one.isprintable() else " " for one in str(task))
