"""Targets of tasks of different kinds as what a network learns."""

from numbers import Integral

import numpy as np

from skmtl._data.task_ids import some_of
from skmtl.deep._cells import Cells
from skmtl.deep._multi_task_mlp_classifier import codes_of_labels
from skmtl.deep._outputs import Outputs
from skmtl.linear_model import MixedTask, losses_of_tasks, read_mixed_task
from skmtl.losses import Softmax, make_loss

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
    _refuse_sizes(losses)
    kinds = losses_of_tasks(losses, known, data.tasks)
    y = np.zeros(data.y.shape)
    codes = np.zeros(data.y.shape, dtype=np.intp)  # of classes, for strata
    tasks = []
    for t, (kind, place) in enumerate(zip(kinds, places, strict=True)):
        name = some_of(data.tasks[t : t + 1])
        _check_name(kind)
        task, y[place] = read_mixed_task(
            known[t],
            weight[place],
            kind,
            make_loss(kind, tuple(_LOSSES), f"losses of task {name}", huber_delta=huber_delta),
            normalize=normalize,
            name=name,
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
    """Return the targets of TaskData as their losses take them, in the units of fitted MixedTasks.

    They are of the shape of ``data.y``, 0 where missing, and come with their weights.
    """
    weight = np.array(np.broadcast_to(data.weight, data.y.shape), dtype=float)
    y = np.zeros(data.y.shape)
    for t, place in enumerate(_places_of_tasks(data, weight)):
        task = tasks[t]
        if task.classes is None:
            y[place] = (data.y[place].astype(float) - task.mean) / task.scale
            task.loss.check_targets(y[place])
        else:
            y[place] = codes_of_labels(data.y[place], task.classes, data.tasks[t])
    return y, weight


def mixed_outputs(tasks):
    """Return the Outputs of MixedTasks: what their predictions are made of scores."""
    new = new_task(tasks) or tasks[0]  # which is not asked for where tasks differ
    with_new = [*tasks, new]
    kinds = []
    for task in with_new:
        kind = "number" if task.loss.takes_normalized_targets else "count"
        kinds.append(kind if task.classes is None else "class")
    return Outputs(
        "mixed",
        offset=np.array([task.mean for task in with_new]),
        scale=np.array([task.scale for task in with_new]),
        kinds=tuple(kinds),
    )


def _refuse_sizes(losses):
    """Raise if losses are numbers, such as those of hidden units."""
    entries = losses if isinstance(losses, list | tuple) else [losses]
    if entries and all(isinstance(entry, Integral) for entry in entries):
        raise TypeError(
            f"losses={losses!r} are numbers: losses come first in MultiTaskMLP, so give "
            f"hidden_layer_sizes={losses!r} by its name, or second."
        )


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


def plain_tasks(tasks):
    """Return MixedTasks as dicts of plain types, which skops stores as they are."""
    plain = []
    for task in tasks:
        values = dict(vars(task))
        loss = values.pop("loss")
        values["huber_delta"] = loss.delta if task.kind == "huber" else None
        plain.append(values)
    return plain


def tasks_of_plain(plain):
    """Return the MixedTasks that `plain_tasks` made dicts of."""
    tasks = []
    for values in plain:
        values = dict(values)
        delta = values.pop("huber_delta")
        loss = make_loss(values["kind"], **({} if delta is None else {"huber_delta": delta}))
        if values["classes"] is not None and len(values["classes"]) > 2:
            loss = Softmax()
        tasks.append(MixedTask(loss=loss, **values))
    return tasks
