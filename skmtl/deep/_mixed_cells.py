"""Targets of tasks of different kinds as what a network learns."""

import numpy as np

from skmtl._data.task_ids import some_of
from skmtl.deep._known_classes import codes_of_labels
from skmtl.deep._multi_task_network import Cells
from skmtl.deep._outputs import Outputs
from skmtl.linear_model import MixedTask, losses_of_tasks, read_mixed_task
from skmtl.losses import make_loss

_LOSSES = {  # their names in networks
    "squared_error": "squared_error",
    "huber": "huber",
    "poisson": "poisson",
    "logistic": "cross_entropy",
}


def mixed_cells(data, losses, *, huber_delta, normalize):
    """Return the MixedTasks, and the Cells, of TaskData with targets of any type.

    Parameters
    ----------
    data : TaskData
        Targets and their weights.
    losses : list, dict, Series or None
        What the user gave.
    huber_delta : float
        Parameter of the loss "huber".
    normalize : bool
        Whether numbers are centered and scaled.
    """
    weight = np.broadcast_to(data.weight, data.y.shape)
    places = _places_of_tasks(data, weight)
    known = [data.y[place] for place in places]
    kinds = losses_of_tasks(losses, known, data.tasks)
    y = np.zeros(data.y.shape)
    codes = np.zeros(data.y.shape, dtype=np.intp)  # of classes, for strata
    tasks = []
    for t, (kind, place) in enumerate(zip(kinds, places, strict=True)):
        _check_name(kind)
        task, y[place] = read_mixed_task(
            known[t],
            weight[place],
            kind,
            make_loss(kind, tuple(_LOSSES), "losses", huber_delta=huber_delta),
            normalize=normalize,
            name=some_of(data.tasks[t : t + 1]),
        )
        if task.classes is not None:
            codes[place] = y[place]
        tasks.append(task)
    offset = _offsets(tasks)
    cells = Cells(
        y=y,
        weight=weight,
        offset=offset,
        strata=_strata(data, np.where(weight > 0, codes, -1)),
        losses=tuple(_LOSSES[kind] for kind in kinds),
    )
    return tasks, cells


def coded_targets(data, tasks):
    """Return the targets of TaskData as the losses of fitted MixedTasks take them, and weights."""
    weight = np.broadcast_to(data.weight, data.y.shape)
    y = np.zeros(data.y.shape)
    for t, place in enumerate(_places_of_tasks(data, weight)):
        task = tasks[t]
        if task.classes is not None:
            y[place] = codes_of_labels(data.y[place], task.classes, data.tasks[t])
            continue
        targets = np.asarray(data.y[place], dtype=float)
        task.loss.check_targets(targets)
        y[place] = (targets - task.mean) / task.scale
    return y, weight


def mixed_outputs(tasks):
    """Return the Outputs of MixedTasks."""
    kinds = []
    for task in tasks:
        if task.classes is not None:
            kinds.append("class")
        else:
            kinds.append("number" if task.loss.takes_normalized_targets else "count")
    offset = [task.mean for task in tasks]
    scale = [task.scale for task in tasks]
    offset.append(np.mean(offset))
    scale.append(np.median(scale))
    return Outputs(tuple(kinds), np.array(offset, dtype=float), np.array(scale, dtype=float))


def _check_name(kind):
    """Raise unless a loss is given by its name."""
    if not isinstance(kind, str):
        raise TypeError(
            f"losses must be names, got {kind!r}: a network has the losses {sorted(_LOSSES)}."
        )


def _places_of_tasks(data, weight):
    """Return where the known targets of every task are in data.y: a list of indices."""
    places = []
    for t in range(data.n_tasks):
        if data.layout == "wide":
            places.append((np.flatnonzero(weight[:, t] > 0), t))
        else:
            places.append(slice(data.design.ptr[t], data.design.ptr[t + 1]))
    return places


def _offsets(tasks):
    """Return what is added to the scores of every task and a new one, (n_tasks + 1, n_outputs).

    The classes that a task does not have get minus infinity. The last row is of use only where all
    tasks are alike.
    """
    n_outputs = max(_n_outputs(task) for task in tasks)
    offset = np.zeros((len(tasks) + 1, n_outputs))
    for t, task in enumerate(tasks):
        if task.classes is not None:
            offset[t] = -np.inf
            offset[t, : len(task.classes)] = np.log(task.baseline)
        elif not task.loss.takes_normalized_targets:
            offset[t, 0] = task.loss.link(task.baseline)
    if are_alike(tasks):
        offset[-1] = offset[:-1].mean(axis=0)
    return offset


def _n_outputs(task):
    """Return the number of scores of a task."""
    return 1 if task.classes is None else len(task.classes)


def _strata(data, codes):
    """Return the stratum of every sample, (n_samples,) of int: its task, and its classes."""
    if data.layout != "wide":
        return data.design.task_of_sample * (1 + codes.max()) + codes
    _, strata = np.unique(codes, axis=0, return_inverse=True)
    return strata.ravel()


def are_alike(tasks):
    """Whether MixedTasks are of one kind and have the same classes."""
    first, *others = tasks
    for task in others:
        if task.kind != first.kind:
            return False
        if task.classes is not None and not np.array_equal(task.classes, first.classes):
            return False
    return True


def new_task(tasks):
    """Return the MixedTask that fit did not see, or None where tasks are not alike.

    It has the mean baseline and the mean offset of all tasks, and the median of their scales.
    """
    if not are_alike(tasks):
        return None
    first = tasks[0]
    return MixedTask(
        kind=first.kind,
        loss=first.loss,
        mean=float(np.mean([task.mean for task in tasks])),
        scale=float(np.median([task.scale for task in tasks])),
        classes=first.classes,
        baseline=np.mean([task.baseline for task in tasks], axis=0),
    )
