"""Whether tasks pull the shared part of a network in the same direction."""

import copy

import numpy as np

from skmtl._data.checks import check_option
from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl._data.reading import read_prediction_data, read_training_data
from skmtl._data.target_names import targets_in_order
from skmtl._data.task_ids import some_of
from skmtl.deep._network_params import huber_delta_of
from skmtl.deep._require_torch import require_torch
from skmtl.deep._to_torch import check_network

_PLACES = ("auto", "representation", "trunk")


def task_gradient_similarity(
    estimator, X, y, sample_weight=None, *, tasks=None, with_respect_to="auto"
):
    """Compute the cosines of the angles between the gradients of tasks in a fitted network.

    The loss of a task is its weighted mean over the samples of X, in the units in which the network
    is trained: ``L_t = sum_i s_ti loss(z_t(h(x_i)), y_ti) / sum_i s_ti``. The scores z_t are those
    of the heads of training, also where `refit_heads` has replaced them. For a member of the
    network with gradients g_t of the L_t, the similarity of tasks t and u is ``g_t' g_u / (||g_t||
    ||g_u||)``; the result is the mean over members. It is negative where a step that is good for
    one task is bad for the other.

    Gradients depend on the state of training. At a minimum of the training loss, the gradients of
    all tasks with respect to the weights of the trunk sum to about 0: two tasks then have opposite
    gradients, whatever they have in common. On samples that the network was not trained on, or
    after few epochs, they say more.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Fitted, with a network at its end whose tasks share a trunk.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Samples, as the estimator takes them.
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Targets, as in `fit`. Every task of the estimator needs at least one.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
        Sample weights s.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, if and only if `fit` was given them.
    with_respect_to : {"auto", "representation", "trunk"}, default="auto"
        What the gradients are taken with respect to. "representation": the last hidden layer h(x_i)
        of all samples side by side, so that tasks are compared on every sample by itself; this
        needs samples that tasks share, since gradients of tasks with other samples are orthogonal.
        "trunk": all weights of the trunk. "auto": "representation" if y was two-dimensional, else
        "trunk".

    Returns
    -------
    ndarray of shape (n_tasks, n_tasks)
        Cosines, in the order of `tasks_`; NaN for a task whose gradient is 0.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    TypeError
        If the estimator has no network.
    ValueError
        If tasks do not share a trunk, the trunk has no weights, a task has no targets, or samples
        of tasks are their own and the gradient is to be that with respect to the representation.

    See Also
    --------
    GradientConflictDisplay : Draws these cosines.
    task_similarity : Similarities of linear models.

    References
    ----------
    Yu et al. (2020), "Gradient surgery for multi-task learning", NeurIPS: conflicting gradients.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskMLPRegressor, task_gradient_similarity
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> Y = np.column_stack([X[:, 0], X[:, 0] + 0.1 * X[:, 1], X[:, 2] ** 2])
    >>> model = MultiTaskMLPRegressor(max_iter=5, early_stopping=False, random_state=0)
    >>> model = model.fit(X, Y)  # doctest: +SKIP
    >>> task_gradient_similarity(model, X, Y).round(1)  # doctest: +SKIP
    array([[ 1. ,  0.9, -0. ],
           [ 0.9,  1. ,  0. ],
           [-0. ,  0. ,  1. ]])
    """
    check_option(with_respect_to, "with_respect_to", _PLACES)
    model = fitted_final(estimator)
    check_network(model)
    require_torch("task_gradient_similarity")
    if model._architecture.has_task_trunks:
        raise ValueError(
            f"The tasks of {model!r} have trunks of their own, whose gradients cannot be compared: "
            "fit with sharing='hard', training='joint' and checkpoint='overall'."
        )
    is_wide = model._layout == "wide"
    if with_respect_to == "auto":
        with_respect_to = "representation" if is_wide else "trunk"
    if with_respect_to == "representation" and not is_wide:
        raise ValueError(
            "with_respect_to='representation' needs tasks that share samples, y of shape "
            "(n_samples, n_tasks); these tasks have samples of their own. Use 'trunk'."
        )
    data = _read(model, seen_by_final(estimator, X), y, sample_weight, tasks)
    cosines = _cosines(model, data, with_respect_to)
    return cosines.mean(axis=0)


def _read(model, X, y, sample_weight, tasks):
    """Return the TaskData of samples for a model that has been fitted."""
    X = model._flat(X)
    read_prediction_data(model, X, tasks)
    if model._layout == "wide":
        y = targets_in_order(y, model.tasks_)
        if sample_weight is not None:
            sample_weight = targets_in_order(sample_weight, model.tasks_, "sample_weight")
    reader = copy.copy(model)  # reading sets attributes
    data = read_training_data(reader, X, y, sample_weight, tasks, dtype=model._target_dtype)
    is_same = data.n_tasks == model.n_tasks_
    if is_same and model._layout != "wide":  # whose columns are in order, with or without names
        is_same = np.array_equal(data.tasks, model.tasks_)
    if not is_same:
        raise ValueError(
            f"There are samples of {data.n_tasks} tasks, {some_of(data.tasks)}, but the estimator "
            f"has {model.n_tasks_}, {some_of(model.tasks_)}: every task needs samples, "
            "and there may be no others."
        )
    return data


def _cosines(model, data, with_respect_to):
    """Return the cosines of every member, (n_members, n_tasks, n_tasks)."""
    from skmtl.deep._network import network_from_arrays, own_settings, tensor_of
    from skmtl.deep._network.gradients import TaskGradients

    y, weight = model._coded_targets(data)
    if data.layout != "wide":
        y = _in_columns(data, y)
        weight = _in_columns(data, weight)
    with own_settings(model.n_threads):
        gradients = TaskGradients(
            network_from_arrays(model._architecture, model._arrays),
            X=tensor_of(model._network_input(data.design.X)),
            y=tensor_of(y),
            weight=tensor_of(weight),
            offset=tensor_of(model._score_offset[:-1]),
            losses=model._losses,
            huber_delta=huber_delta_of(model),
        )
        if with_respect_to == "trunk":
            return gradients.cosines_at_trunk().numpy()
        return gradients.cosines_at_representation().numpy()


def _in_columns(data, values):
    """Return values of long samples with a column for each task, (n_samples, n_tasks)."""
    columns = np.zeros((len(values), data.n_tasks))
    columns[np.arange(len(values)), data.design.task_of_sample] = values
    return columns
