"""Fits of wide data of which some training samples lack a task: as those of long data.

The task is left out of the fit, and predicted by the model that the others share.
"""

import copy

import numpy as np
from sklearn.utils import _safe_indexing

from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl._data.target_names import take_tasks


def tasks_of_samples(data, samples):
    """Codes of the tasks with a target among some samples of wide data."""
    has_target = (data.task_codes[samples] >= 0).any(axis=0)
    return np.flatnonzero(has_target).tolist()


def training_data(data, samples, trained):
    """X and y of the training samples; of wide data, y has the columns of the tasks to train."""
    X = _safe_indexing(data.X, samples)
    y = _safe_indexing(data.y, samples)
    if data.is_wide:
        y = take_tasks(y, trained)
    return X, y


def predict_every_task(data, model, trained, samples):
    """Predictions of a model of some columns of wide data, in the shape of the targets of all."""
    X = _safe_indexing(data.X, samples)
    if len(trained) == data.n_tasks:
        return data.targets.predictions(model, X, samples, {})
    columns = {}
    known = data.targets.of_tasks(trained).predictions(model, X, samples, {})
    for k, t in enumerate(trained):
        columns[t] = known[:, k]
    shared = _shared_model(model, data.tasks[trained])
    features = seen_by_final(model, X)
    for t in range(data.n_tasks):
        if t not in columns:
            columns[t] = _by_shared_model(shared, data, t, features, samples)
    ordered = [columns[t] for t in range(data.n_tasks)]
    return np.stack(ordered, axis=1)


def _by_shared_model(shared, data, t, X, samples):
    """Predictions of task t, which was not trained; NaN without a shared model."""
    targets = data.targets.of_tasks(t)
    if shared is None:
        return np.full_like(targets.perfect(samples), np.nan, dtype=float)
    task_ids = np.full(len(samples), data.tasks[t], dtype=data.tasks.dtype)
    return targets.predictions(shared, X, samples, {"tasks": task_ids})


def _shared_model(model, tasks):
    """The last step of a fitted model of wide data, as if its samples had been passed as long.

    None for classifiers whose tasks differ in their classes.
    """
    shared = copy.copy(fitted_final(model))
    shared._layout = "tasks"
    shared.tasks_ = tasks  # those of an array of targets were numbered anew
    classes = getattr(shared, "classes_", None)
    if isinstance(classes, list):
        first = classes[0]
        if not all(np.array_equal(own, first) for own in classes):
            return None
        shared.classes_ = first
    return shared
