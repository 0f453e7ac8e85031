"""Targets and class labels as plain arrays, however missing ones and types were spelled.

Lists, NumPy arrays (masked ones, too), and frames and series of pandas, polars or pyarrow become
plain arrays. A missing target (None, NaN, NaT, NA, null, or under a mask) becomes NaN among numbers
and None among other values.
"""

from numbers import Number

import numpy as np
from scipy import sparse

from skmtl._data.task_ids import column_names, encode, missing_mask, some_of, warn_of_nan_as_text

_NUMBERS = "iuf"
_BOOLS = (bool, np.bool_)


def target_array(y, name="y", *, labels=True):
    """Return targets as a plain array.

    Values keep their types: strings among numbers, or missing values among strings, give an array
    of objects. Unless they are class `labels`, the columns of a frame are brought to one type of
    numbers.
    """
    if sparse.issparse(y):
        raise TypeError(f"{name} is a sparse matrix; targets are dense: {name}.toarray().")
    if isinstance(y, np.ma.MaskedArray):
        array = _unmasked(y)
    elif column_names(y) is not None:
        array = _of_frame(y, labels)
    elif hasattr(y, "dtype") or hasattr(y, "to_numpy"):
        array = _of_series(y)
    else:
        array = _of_list(y)
    if array.dtype == object:
        array = _of_objects(array)
    _refuse_empty_strings(array, name)
    warn_of_nan_as_text(array, name)
    return array


def _unmasked(y):
    """Return a masked array as a plain one, with what is masked as missing."""
    masked = np.ma.getmaskarray(y)
    if not masked.any():
        return np.asarray(y)
    if y.dtype.kind == "f":
        return y.filled(np.nan)
    objects = y.data.astype(object)
    objects[masked] = None
    return objects


def _of_frame(y, labels):
    """Return a frame as an array; its columns may be of different types."""
    if hasattr(y, "iloc"):
        if _is_numeric(y):
            return y.to_numpy()
        columns = [y.iloc[:, k] for k in range(y.shape[1])]
    elif hasattr(y, "get_columns"):  # polars
        columns = y.get_columns()
    else:
        columns = y.columns  # pyarrow
    if not len(columns):
        return np.asarray(y)
    arrays = []
    for column in columns:
        array = _of_series(column)
        if array.dtype == object:
            array = _of_objects(array)
        arrays.append(array)
    kinds = {array.dtype.kind for array in arrays}
    if labels and kinds & set("iu") and "f" in kinds:
        arrays = [array.astype(object) for array in arrays]
    return stack_labels(arrays)


def _is_numeric(frame):
    """Whether all columns of a pandas frame are of one of NumPy's types of numbers."""
    dtypes = set(frame.dtypes)
    if len(dtypes) != 1:
        return False
    (dtype,) = dtypes
    return isinstance(dtype, np.dtype) and dtype.kind in _NUMBERS


def _of_series(y):
    """Return a series of pandas, polars or pyarrow, or an array, as a plain array."""
    if hasattr(y, "array") and not isinstance(y.dtype, np.dtype):  # an extension type of pandas
        return y.to_numpy(dtype=object, na_value=None)
    if hasattr(y, "to_pylist"):  # pyarrow, whose missing truth values have no array
        return np.array(y.to_pylist(), dtype=object)
    if hasattr(y, "to_numpy"):
        return y.to_numpy()
    return np.asarray(y)


def _of_list(y):
    """Return nested lists as an array in which numbers among strings stay numbers."""
    array = np.asarray(y)
    if array.dtype.kind not in "US":
        return array
    objects = np.array(y, dtype=object)
    if all(isinstance(one, str) for one in objects.ravel()):
        return array
    return objects


def _of_objects(array):
    """Return an array of objects with a plain type, if one holds them all."""
    missing = missing_mask(array)
    present = array[~missing]
    if not len(present):
        return np.full(array.shape, np.nan)
    if missing.any():
        array = np.where(missing, None, array)
        if all(isinstance(one, float) for one in present):
            return array.astype(float)
        return array
    plain = plain_labels(array.ravel(), strict=False)
    return plain.reshape(array.shape)


def plain_labels(labels, name="y", *, strict=True):
    """Return class labels, none missing, with the type that they share: numbers, strings, ...

    Numbers and truth values as objects become arrays of their type; strings stay what they are.
    Where labels share no type they are refused, or, unless `strict`, returned as they are.
    """
    labels = np.asarray(labels)
    if labels.dtype != object:
        return labels
    kinds = _kinds(labels)
    if len(kinds) > 1 and strict:
        _refuse_mixed_labels(labels, name)
    if kinds in ({"numbers"}, {"truth values"}):
        return np.array(labels.tolist())
    return labels


def _refuse_mixed_labels(labels, name):
    """Raise a TypeError that shows a label of each kind."""
    examples = {}
    for label in labels:
        examples.setdefault(_kind(type(label)), label)
    kinds = ", ".join(sorted(examples))
    raise TypeError(
        f"{name} mixes types that cannot be sorted ({kinds}) among class labels that one model "
        f"must tell apart, such as {some_of(examples.values())}; use one type."
    )


def encode_labels(labels):
    """Return the distinct class labels of all tasks and the code of every label.

    Labels of different kinds, which cannot be sorted, come one kind after the other.
    """
    if labels.dtype != object:
        return np.unique(labels, return_inverse=True)
    kinds = np.array([_kind(type(label)) for label in labels])
    classes = []
    codes = np.zeros(len(labels), dtype=np.intp)
    n_classes = 0
    for kind in np.unique(kinds):
        chosen = kinds == kind
        own, own_codes = encode(plain_labels(labels[chosen]), "y")
        codes[chosen] = n_classes + own_codes
        classes.append(own)
        n_classes += len(own)
    return join_labels(classes), codes


def union_of_labels(arrays):
    """Return the distinct class labels of several arrays, sorted within each kind."""
    classes, _ = encode_labels(join_labels(arrays))
    return classes


def concatenate_labels(arrays, name="y"):
    """Return the targets of all tasks one after the other; refuse class labels of two kinds."""
    joined = join_labels(arrays)
    return plain_labels(joined, name)


def has_several_kinds(classes):
    """Whether class labels (None: there are none) are numbers and strings, say."""
    if classes is None or classes.dtype != object:
        return False
    return len(_kinds(classes)) > 1


def of_same_kind(labels, label):
    """Return those of the labels that are of the kind of a label: numbers, strings, ..."""
    if labels.dtype != object:
        return labels
    kind = _kind(type(label))
    same = [_kind(type(one)) == kind for one in labels]
    return plain_labels(labels[same])


def join_labels(arrays):
    """Return arrays one after the other, as objects if they are of different kinds.

    A label keeps its type, where NumPy would turn numbers next to strings into strings.
    """
    kinds = {_stackable_kind(array) for array in arrays}
    if len(kinds) > 1:
        arrays = [array.astype(object) for array in arrays]
    return np.concatenate(arrays)


def _kinds(labels):
    """Return the set of the kinds of some objects."""
    return {_kind(one) for one in set(map(type, labels))}


def _kind(type_of_label):
    """Return which kind of class labels the objects of a type are."""
    if issubclass(type_of_label, _BOOLS):
        return "truth values"
    if issubclass(type_of_label, Number):
        return "numbers"
    if issubclass(type_of_label, str):
        return "strings"
    return type_of_label.__name__


def stack_labels(columns):
    """Return 1-D arrays as the columns of one array, in which no label changes its type.

    Numbers stay numbers and strings strings; columns of different kinds make an array of objects.
    """
    kinds = {_stackable_kind(column) for column in columns}
    if len(kinds) > 1:
        columns = [column.astype(object) for column in columns]
    return np.column_stack(columns)


def _stackable_kind(column):
    """Return a character that arrays share if they can be stacked."""
    kind = column.dtype.kind
    return "f" if kind in _NUMBERS else kind


def _refuse_empty_strings(array, name):
    """Raise if a target is the empty string, which tables write for what is missing."""
    if array.dtype.kind in "OU" and np.any(array == ""):
        raise ValueError(
            f"{name} contains the empty string, which is no class label. Write None or NaN where "
            "a target is missing."
        )


def refuse_masked(values, name):
    """Raise if values are a masked array in which something is masked."""
    if not isinstance(values, np.ma.MaskedArray):
        return
    n_masked = np.ma.getmaskarray(values).sum()
    if n_masked:
        raise ValueError(
            f"{name} is a masked array with {n_masked} masked value(s), which cannot be missing: "
            "fill them in, or leave these samples out."
        )


def refuse_dates(X):
    """Raise if features of an array or frame are dates or durations.

    Their counts of a unit would be taken for numbers, and so would what stands for missing ones.
    """
    dtypes = getattr(X, "dtypes", None)  # of the columns of a frame
    if dtypes is None:
        dtypes = [getattr(X, "dtype", None)]
    for dtype in dtypes:
        is_temporal = getattr(dtype, "is_temporal", None)  # polars
        if getattr(dtype, "kind", None) in ("m", "M") or (is_temporal and is_temporal()):
            raise TypeError(
                f"X holds {dtype} values: give numbers as features, such as the days since a date."
            )
