"""Fits of wide data of which some training samples lack a task: as those of long data.

The task is left out of the fit, and predicted by the model that the others share.
"""

import copy

import numpy as np
from sklearn.utils import _safe_indexing

from skmtl._data.target_names import take_tasks
from skmtl.meta.pipelines import fitted_final, seen_by_final


def tasks_of_samples(data, samples):
    """Codes of the tasks with a target among some samples of wide data."""
    has_target = (data.task_codes[samples] >= 0).any(axis=0)
    return np.flatnonzero(has_target).tolist()


def training_data(data, samples, trained=None):
    """X and y of the training samples, with the columns of the tasks to train."""
    X = _safe_indexing(data.X, samples)
    y = _safe_indexing(data.y, samples)
    if trained is not None and data.is_wide:
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
    shared = _shared_model(model)
    features = seen_by_final(model, X)
    for t in range(data.n_tasks):
        if t not in columns:
            targets = data.targets.of_tasks(t)
            columns[t] = _by_shared_model(shared, targets, features, samples, known)
    ordered = [columns[t] for t in range(data.n_tasks)]
    return np.stack(ordered, axis=1)


def _by_shared_model(shared, targets, X, samples, known):
    """Predictions of a task that was not trained; NaN if the tasks that were share no classes."""
    if shared is None:
        return np.full(known[:, 0].shape, np.nan)
    unseen = _unseen_id(shared.tasks_)
    task_ids = np.full(len(samples), unseen)
    return targets.predictions(shared, X, samples, {"tasks": task_ids})


def _shared_model(model):
    """The last step of a fitted model of wide data, as if its samples had been passed as long.

    None for classifiers whose tasks differ in their classes.
    """
    shared = copy.copy(fitted_final(model))
    shared._layout = "tasks"
    classes = getattr(shared, "classes_", None)
    if isinstance(classes, list):
        first = classes[0]
        if not all(np.array_equal(own, first) for own in classes):
            return None
        shared.classes_ = first
    return shared


def _unseen_id(task_ids):
    """A task id of the same kind that is none of these."""
    if task_ids.dtype.kind in "iuf":
        return task_ids.max() + 1
    longest = max(str(task) for task in task_ids)
    return f"{longest} unseen"
