"""Checks of the parameters of models: intervals, regularization strengths, one number per task."""

import numpy as np

from skmtl._data.checks import check_real
from skmtl._data.task_ids import some_of

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


def is_labeled(index, tasks):
    """Whether a pandas index names the tasks; a default one that does not goes by position."""
    if np.isin(tasks, index).all():
        return True
    return not np.array_equal(index, np.arange(len(tasks)))


def by_task(value, name, tasks):
    """Return one number for each task as a float array of shape (n_tasks,).

    They come from a dict or pandas Series by task id, or from an array in the order of the tasks. A
    single number stays one.
    """
    if hasattr(value, "to_dict") and is_labeled(value.index, tasks):
        value = value.to_dict()
    if isinstance(value, dict):
        value = _values_by_id(value, name, tasks.tolist())
    values = np.asarray(value)
    if values.dtype.kind not in "iuf":
        some = values.ravel()[:3].tolist()
        raise TypeError(f"{name} must hold numbers, got {some}; of dates take the days, say.")
    if values.ndim and values.shape != (len(tasks),):
        raise ValueError(
            f"{name} has shape {values.shape}, expected ({len(tasks)},): one for each task in the "
            "order of tasks_."
        )
    return values.astype(float)


def _values_by_id(values, name, task_ids):
    """Return the values of a dict by task id as a list in the order of `task_ids`."""
    missing = [task for task in task_ids if task not in values]
    if missing:
        raise ValueError(f"{name} has no entry for task(s) {some_of(missing)}; give each task one.")
    return [values[task] for task in task_ids]


def per_task(value, name, tasks):
    """Return one regularization strength of at least 0 for each task, (n_tasks,).

    They come from a single number for all tasks or from what :func:`by_task` takes.
    """
    values = by_task(value, name, tasks)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{name} must be finite and at least 0, got {values.min()}.")
    return np.broadcast_to(values, (len(tasks),))
