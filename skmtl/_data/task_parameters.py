"""Checks of the parameters of models: intervals, strengths, one number for each task."""

import numpy as np

from skmtl._data.checks import check_real

RATIO = (0.0, 1.0, "both")
INSIDE = (0.0, 1.0, "neither")
AT_LEAST_0 = (0.0, None, "both")
POSITIVE = (0.0, None, "neither")


def check_strength(value, name, model):
    """One number of at least 0; a clear refusal of one number a task."""
    if isinstance(value, dict) or np.ndim(value):
        kind = "Classifier" if model.endswith("Classifier") else "Regressor"
        raise ValueError(
            f"{name} must be one number for all tasks, got {value!r}: {model} has one penalty of "
            f"all tasks together. MeanRegularized{kind} takes one for each task."
        )
    return check_real(value, name)


def is_labeled(index, tasks):
    """Whether a pandas index names the tasks; a default one that does not goes by position."""
    return np.isin(tasks, index).all() or not np.array_equal(index, np.arange(len(tasks)))


def by_task(value, name, tasks):
    """Numbers (n_tasks,) from a dict or pandas Series by label, or an array in the order of tasks.

    A single number stays one.
    """
    if hasattr(value, "to_dict") and is_labeled(value.index, tasks):
        value = value.to_dict()
    if isinstance(value, dict):
        missing = [label for label in tasks.tolist() if label not in value]
        if missing:
            raise ValueError(f"{name} has no entry for task(s) {missing[:5]}; give each task one.")
        value = [value[label] for label in tasks.tolist()]
    values = np.asarray(value)
    if values.dtype.kind not in "iuf":
        raise TypeError(
            f"{name} must hold numbers, got {values.ravel()[:3].tolist()}; of dates take the days, "
            "say."
        )
    if values.ndim and values.shape != (len(tasks),):
        raise ValueError(
            f"{name} has shape {values.shape}, expected ({len(tasks)},): one for each task in the "
            "order of tasks_."
        )
    return values.astype(float)


def per_task(value, name, tasks):
    """One strength of at least 0 for each task, (n_tasks,), from a number, array or by label."""
    values = by_task(value, name, tasks)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{name} must be finite and at least 0, got {values.min()}.")
    return np.broadcast_to(values, (len(tasks),))
