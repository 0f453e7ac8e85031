"""Task ids: taking them off X, checking them, turning them into codes.

Task ids may be numbers, strings or objects, in arrays, lists or frames of pandas, polars or
pyarrow.
"""

from datetime import date, timedelta
from numbers import Integral, Number

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing

from skmtl._data.quick_codes import are_strings, encode_integers, encode_strings
from skmtl._warn import warn


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
    names = None if names is None else list(names)
    if isinstance(task_column, Integral) and not isinstance(task_column, bool):
        if not -n_columns <= task_column < n_columns:
            raise ValueError(
                f"task_column={task_column} is out of range: X has {n_columns} feature(s)."
            )
        position = int(task_column) % n_columns
        _check_not_a_name(names, task_column, position)
        return position
    if not isinstance(task_column, str):
        raise TypeError(
            f"task_column must be a column name, an integer or None, got {task_column!r}."
        )
    if names is None:
        raise ValueError(
            f"task_column={task_column!r} is a name, but X has no column names. Give a frame (in a "
            "pipeline, put .set_output(transform='pandas') on the step before), or the column's "
            "position as an integer."
        )
    return _position_of_name(names, task_column)


def _check_not_a_name(names, task_column, position):
    """Raise if an integer is the position of one column and the name of another."""
    if names is None or task_column not in names:
        return
    named = names.index(task_column)
    if named != position:
        raise ValueError(
            f"task_column={task_column} is the position of the column {names[position]!r} and the "
            f"name of the column at position {named}: name the columns by strings."
        )


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
    if y.dtype == object and not are_strings(y):
        flags = [_is_missing(value) for value in y.ravel()]
        return np.array(flags, dtype=bool).reshape(y.shape)
    return np.zeros(y.shape, dtype=bool)


def _is_missing(value):
    """Whether an object is None, NA (which has no truth value), NaN or NaT (unequal to itself)."""
    return value is None or type(value).__name__ == "NAType" or value != value


def check_task_ids(task_ids, name="tasks", noun="task id"):
    """Return task ids, or labels of samples that have another noun, as a 1-D array.

    Raise ValueError if some are missing or were rounded.
    """
    task_ids = as_id_array(task_ids)
    if task_ids.ndim == 2 and task_ids.shape[1] == 1:
        task_ids = task_ids.ravel()
    if task_ids.ndim != 1:
        raise ValueError(f"{name} has shape {task_ids.shape}, expected one {noun} for each sample.")
    if task_ids.dtype.kind == "f" and np.isinf(task_ids).any():
        raise ValueError(f"{name} contains infinity: every sample needs a {noun}.")
    missing = missing_mask(task_ids)
    if missing.any():
        first = int(np.argmax(missing))
        raise ValueError(
            f"{name} contains NaN or None for {missing.sum()} sample(s), first at row {first}: "
            f"every sample needs a {noun}."
        )
    _check_exact(task_ids, name)
    warn_of_nan_as_text(task_ids, name)
    return task_ids


def warn_of_nan_as_text(array, name):
    """Warn if an array of strings has "nan", which NumPy writes for NaN among strings."""
    if array.dtype.kind == "U" and (array == "nan").any():
        warn(
            f"{name} has the string 'nan'. NumPy writes it for NaN among strings: if it stands for "
            "what is missing, give a list or an array of dtype=object, in which NaN stays NaN."
        )


def _check_exact(task_ids, name):
    """Raise if floats hold integers so large that neighbors may have been rounded to them."""
    if task_ids.dtype.kind != "f":
        return
    limit = exact_limit(task_ids.dtype)
    large = np.abs(task_ids) >= limit
    if large.any():
        raise ValueError(
            f"{name} holds task ids such as {task_ids[large][0]:.0f} as {task_ids.dtype} numbers, "
            f"of which different integers from {limit} on may be equal. Give them as integers or "
            "strings: in a column of a data frame, in an array of objects, or as tasks=."
        )


def exact_limit(dtype):
    """Return the smallest integer that floats of this type may have rounded to."""
    return 2 ** (np.finfo(dtype).nmant + 1)


def are_exact(ids, dtype):
    """Whether integers stay different ids as numbers of a type."""
    if ids.dtype.kind not in "iu" or np.dtype(dtype).kind != "f":
        return True
    limit = exact_limit(dtype)
    return bool(((ids < limit) & (ids > -limit)).all())


def as_id_array(ids):
    """Return ids as an array in which they keep their types: [1, "b"] is a number and a string.

    Dates are brought to one unit, so that those of pandas, NumPy and the standard library, in
    whichever unit, are the same ids.
    """
    if isinstance(ids, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(ids)
        array = np.asarray(ids)
        if masked.any():
            array = np.where(masked, None, array.astype(object))
    elif hasattr(ids, "to_pylist"):  # pyarrow
        array = ids.to_numpy(zero_copy_only=False)
    elif hasattr(ids, "to_numpy"):
        array = ids.to_numpy()
    else:
        array = _as_array(ids)
    return _with_one_unit(array)


def _as_array(ids):
    """Return a list or array of ids as an array of one type, or of objects where they have more."""
    if hasattr(ids, "dtype") or np.isscalar(ids) or ids is None:
        return np.asarray(ids)
    ids = list(ids)
    if any(isinstance(one, tuple) for one in ids):  # the names of columns of several levels
        array = np.empty(len(ids), dtype=object)
        array[:] = ids
        return array
    array = np.asarray(ids)
    changed_types = array.dtype.kind in "US" and not all(isinstance(one, str) for one in ids)
    rounded = array.dtype.kind == "f" and any(_is_large_integer(one) for one in ids)
    if changed_types or rounded:
        return np.array(ids, dtype=object)
    return array


def _is_large_integer(one):
    """Whether a float would not hold an integer exactly."""
    return isinstance(one, Integral) and abs(int(one)) >= exact_limit(float)


def _with_one_unit(array):
    """Return dates (without time zone) and durations in microseconds, or nanoseconds if needed."""
    if array.dtype == object and array.size:
        for is_time in (_is_local_date, _is_duration):
            if all(is_time(one) for one in array.flat):
                times = [_as_numpy_time(one) for one in array.flat]
                array = np.array(times).reshape(array.shape)
    kind = array.dtype.kind
    if kind not in "mM":
        return array
    rounded = array.astype(f"{kind}8[us]")
    known = ~np.isnat(array)
    if (rounded[known] == array[known]).all():
        return rounded
    return array.astype(f"{kind}8[ns]")


def as_objects(ids):
    """Return ids as an array of objects; dates in nanoseconds stay NumPy's."""
    if ids.dtype.kind not in "mM":
        return ids.astype(object)
    objects = np.empty(len(ids), dtype=object)
    objects[:] = list(ids)
    return objects


def _is_local_date(one):
    """Whether an object is a date or a time without time zone."""
    if isinstance(one, np.datetime64):
        return True
    return isinstance(one, date) and getattr(one, "tzinfo", None) is None and one == one


def _is_duration(one):
    """Whether an object is a duration."""
    return isinstance(one, timedelta | np.timedelta64) and one == one


def _as_numpy_time(one):
    """Return a date or duration of pandas or the standard library as NumPy's, with all digits."""
    if hasattr(one, "to_numpy"):
        return one.to_numpy()
    if isinstance(one, date | np.datetime64):
        return np.datetime64(one)
    return np.timedelta64(one)


def encode(ids, name="tasks"):
    """Return the sorted unique ids (or class labels) and the code of every element."""
    if ids.dtype == object:
        _check_truth_values(ids, name)
    for quick in (encode_integers, encode_strings):
        encoded = quick(ids)
        if encoded is not None:
            return encoded
    try:
        return np.unique(ids, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(one).__name__ for one in ids.tolist()})
        raise TypeError(
            f"{name} mixes types that cannot be sorted ({', '.join(kinds)}); use one type, for "
            "example X['task'].astype(str)."
        ) from error


def _check_truth_values(ids, name):
    """Raise if objects hold truth values and numbers: True would be the same as 1."""
    types = set(map(type, ids.flat))
    truth_values = types & {bool, np.bool_}
    if truth_values and types != truth_values:
        raise TypeError(
            f"{name} mixes types that cannot be sorted (truth values and others); use one type, "
            "for example X['task'].astype(str)."
        )


def codes_of(ids, known, name="tasks"):
    """Return the position of every id in `known`, -1 where it is not there.

    Ids are the same if their values are, whatever their types: 1 and 1.0, a Timestamp and a
    datetime64 of any unit. Next to dates, a string stands for the date it spells.
    """
    ids = as_id_array(ids)
    known = as_id_array(known)
    if known.dtype.kind == "M":
        ids = dates_of_strings(ids)
    elif ids.dtype.kind == "M":
        known = dates_of_strings(known)
    inverse = slice(None)
    if ids.dtype != object:
        ids, inverse = encode(ids, name)
    positions = {}
    for k, key in enumerate(_keys(known)):
        positions.setdefault(key, k)
    codes = [positions.get(key, -1) for key in _keys(ids)]
    return np.array(codes, dtype=np.intp)[inverse]


def _keys(ids):
    """Return a list of what is equal, and has the same hash, for ids that are the same."""
    kind = ids.dtype.kind
    if kind not in "mM":
        return ids.tolist()
    unit, _ = np.datetime_data(ids.dtype)
    factor = 1000 if unit == "us" else 1
    counts = ids.astype(np.int64).tolist()
    return [(kind, factor * count) for count in counts]  # nanoseconds of any size


def dates_of_strings(ids):
    """Return strings as dates if all of them are dates, else the ids as they are."""
    texts = ids.tolist()
    if not texts or not all(isinstance(one, str) for one in texts):
        return ids
    try:
        return _with_one_unit(np.array(texts, dtype="M8"))
    except ValueError:
        return ids


def position_of(task, known):
    """Return the position of a task id in `known`, or None if it is not there.

    It is found as :func:`codes_of` finds it.
    """
    code = int(codes_of([task], known)[0])
    return None if code < 0 else code


def check_known(codes, ids, known, handle_unknown, *, instead):
    """Raise if ids at prediction were not in the fit.

    With ``handle_unknown="shared"`` only ids of another type than all in the fit are refused: they
    can be none of its tasks. `instead` says what "shared" does with the others.
    """
    unknown = codes < 0
    if not unknown.any():
        return
    some = np.asarray(ids)[unknown]
    found = some_of(_distinct(some))
    if handle_unknown == "error":
        raise ValueError(
            f"Found task(s) {found} that were not seen in fit, which had {some_of(known)}. Set "
            f"handle_unknown='shared' to {instead}."
        )
    if not same_kind(some, known):
        raise ValueError(
            f"Found task(s) {found} that were not seen in fit, which had {some_of(known)}: ids of "
            "another type can be none of them. Give ids of the type of the fit."
        )


def same_kind(ids, known):
    """Whether all ids are numbers, strings or dates as some of the known ones are."""
    return _kinds(ids) <= _kinds(known)


def _kinds(ids):
    """Return the set of the kinds of some ids."""
    ids = as_id_array(ids)
    if ids.dtype.kind == "M":
        return {"dates"}
    if ids.dtype.kind == "m":
        return {"durations"}
    return {_kind(one) for one in ids.tolist()}


def _distinct(ids):
    """Return the distinct ids, sorted where they can be."""
    try:
        return np.unique(ids)
    except TypeError:
        return list(dict.fromkeys(ids.tolist()))


def _kind(one):
    """Return the kind of an id; ids of different kinds are never the same."""
    if isinstance(one, Number):
        return "numbers"
    if isinstance(one, str):
        return "strings"
    if isinstance(one, date):
        return "dates" if _is_local_date(one) else "dates with a time zone"
    return type(one).__name__


def name_of_task(task):
    """Return a task id as a line of text.

    Whole floats (ids in a float array) are without their point, dates without a time of zero, and
    what would break the line, such as a tab, is a blank.
    """
    if isinstance(task, float | np.floating) and float(task).is_integer():
        return str(int(task))
    if isinstance(task, np.datetime64):
        return str(np.datetime_as_string(task, unit="auto"))
    if isinstance(task, date):
        return str(task).removesuffix(" 00:00:00")
    return "".join(one if one.isprintable() else " " for one in str(task))
