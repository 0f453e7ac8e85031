"""Checks of the parameters of models: intervals, regularization strengths, one number per task."""

import numpy as np
from scipy import sparse

from skmtl._data.checks import check_real
from skmtl._data.spellings import refuse_masked
from skmtl._data.target_names import check_names_differ
from skmtl._data.task_ids import as_id_array, codes_of, column_names, some_of

# Lower and upper bound, and which of them are included
RATIO = (0.0, 1.0, "both")
INSIDE = (0.0, 1.0, "neither")
AT_LEAST_0 = (0.0, None, "both")
POSITIVE = (0.0, None, "neither")


def check_strength(value, name, model):
    """Return a regularization strength, which must be one number of at least 0 for all tasks."""
    if isinstance(value, dict) or np.ndim(value):
        kind = "Classifier" if model.endswith("Classifier") else "Regressor"
        raise ValueError(
            f"{name} must be one number for all tasks, got {value!r}: {model} has one penalty of "
            f"all tasks together. MeanRegularized{kind} takes one for each task."
        )
    return check_real(value, name)


def is_labeled(index, known):
    """Whether a pandas index names the tasks (or features) that are known, not positions."""
    if (codes_of(known, index) >= 0).all():
        return True
    return not np.array_equal(index, np.arange(len(known)))


def by_task(value, name, tasks):
    """Return one number for each task as a float array of shape (n_tasks,).

    They come from a dict or pandas Series by task id, or from an array in the order of the tasks. A
    single number stays one.
    """
    return _numbers(in_order(value, name, tasks), name, tasks, "task", "tasks_")


def by_feature(value, name, features):
    """Return one number for each feature as a float array of shape (n_features,).

    They come from a dict or pandas Series by the name of the feature (by its position, if X has no
    names), or from an array in the order of X without the task column.
    """
    refuse_unknown_features(value, name, features)
    value = in_order(value, name, features, "feature")
    return _numbers(value, name, features, "feature", "X, the task column not counted")


def refuse_unknown_features(value, name, features):
    """Raise ValueError if a dict or Series has entries for what is no feature."""
    entries = entries_by_label(value, features)
    if entries is None:
        return
    labels, _ = entries
    unknown = labels[codes_of(labels, features) < 0]
    if len(unknown):
        raise ValueError(
            f"{name} has entries for {some_of(unknown)}, which are no features; features are "
            f"{some_of(features, 8)}, without the task column."
        )


def in_order(value, name, known, kind="task"):
    """Return the values of a dict or Series as a list in the order of the known tasks (features).

    Anything else, and a Series without labels, is returned as it is.
    """
    entries = entries_by_label(value, known)
    if entries is None:
        return value
    labels, values = entries
    positions = codes_of(known, labels)
    lacking = known[positions < 0]
    if len(lacking):
        raise ValueError(
            f"{name} has no entry for {kind}(s) {some_of(lacking)}; it has {some_of(labels)}. Give "
            f"each {kind} one."
        )
    return [values[k] for k in positions]


def entries_by_label(value, known=None):
    """Return labels and values of a dict or pandas Series, or None for what goes by position."""
    if isinstance(value, dict):
        values = list(value.values())
        return as_id_array(list(value)), values
    value = _as_series(value)
    if not hasattr(value, "to_dict") or not hasattr(value, "index"):
        return None
    if known is not None and not is_labeled(value.index, known):
        return None
    return check_names_differ(value.index, "A Series"), value.tolist()


def _as_series(value):
    """Return the Series in a pandas frame of a single column, anything else as it is."""
    if hasattr(value, "iloc") and np.ndim(value) == 2 and value.shape[1] == 1:
        return value.iloc[:, 0]
    return value


def square_in_order(matrix, name, tasks):
    """Return a frame of pairs of tasks as an array in the order of the tasks.

    Rows and columns are matched by label; rows without labels come in the order of the columns.
    Anything else, and a frame without labels, is returned as it is.
    """
    columns = column_names(matrix)
    if columns is None or sparse.issparse(matrix):
        return matrix
    rows = list(getattr(matrix, "index", columns))
    if not is_labeled(rows, tasks):
        rows = columns
    if not is_labeled(columns, tasks):
        return matrix
    rows = codes_of(tasks, check_names_differ(rows, name))
    columns = codes_of(tasks, check_names_differ(columns, name))
    lacking = tasks[(rows < 0) | (columns < 0)]
    if len(lacking):
        raise ValueError(
            f"{name} has no row or no column for task(s) {some_of(lacking)}; give each task both."
        )
    return np.asarray(matrix)[np.ix_(rows, columns)]


def has_labels(value):
    """Whether a value is a dict, or a pandas Series with other labels than 0, 1, ..."""
    if isinstance(value, dict):
        return True
    if not hasattr(value, "to_dict") or not hasattr(value, "index"):
        return False
    return not np.array_equal(value.index, np.arange(len(value)))


def _numbers(value, name, known, kind, order):
    """Return one number for each of the known tasks or features, or a single one, as floats."""
    refuse_masked(value, name)
    values = np.asarray(value)
    if values.dtype.kind not in "iuf":
        some = values.ravel()[:3].tolist()
        raise TypeError(f"{name} must hold numbers, got {some}; of dates take the days, say.")
    if values.ndim and values.shape != (len(known),):
        raise ValueError(
            f"{name} has shape {values.shape}, expected ({len(known)},): one for each {kind} in "
            f"the order of {order}."
        )
    return values.astype(float)


def per_task(value, name, tasks):
    """Return one regularization strength of at least 0 for each task, (n_tasks,).

    They come from a single number for all tasks or from what :func:`by_task` takes.
    """
    values = by_task(value, name, tasks)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{name} must be finite and at least 0, got {values.min()}.")
    return np.broadcast_to(values, (len(tasks),))
