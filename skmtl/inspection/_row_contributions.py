"""What the targets of a task's own rows, and those of other tasks, contribute to its predictions.

A derivative of the predictions is the sum of the derivatives by the targets of each task. Changing
the targets of one group of tasks at a time gives these sums for every task with few fits.
"""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl._data.reading import read_samples_by_task
from skmtl._data.spellings import target_array
from skmtl._data.target_names import in_form_of
from skmtl.meta import IndependentTasks, SafeSharingRegressor
from skmtl.meta.chosen_strengths import with_chosen_strengths

_STEP = 1e-2  # of the targets, relative to the change


class TrainingData:
    """What a model was fitted to.

    Attributes
    ----------
    tasks : ndarray of shape (n_tasks,)
    y, weight, codes : ndarray of shape (n_rows,)
        Targets that are known, their weights and tasks: one task after the other.
    """

    def __init__(self, model, X, y, sample_weight, tasks):
        data = read_samples_by_task(clone(model), X, y, sample_weight, tasks)
        samples, self.codes = data.pooled()
        self.tasks = data.tasks
        self.y = samples.y.astype(float)
        self.weight = samples.weight
        self._is_wide = data.layout == "wide"
        self._indices = samples.indices
        self._X = X
        self._y = y
        self._sample_weight = sample_weight
        self._ids = tasks

    def seen_by(self, model):
        """The same rows as the last step of a fitted pipeline sees them."""
        X = seen_by_final(model, self._X)
        return TrainingData(fitted_final(model), X, self._y, self._sample_weight, self._ids)

    def task_means(self, values):
        """Weighted means of the rows of each task, (n_tasks,)."""
        return self.task_sums(values) / self.task_sums(np.ones(len(values)))

    def task_sums(self, values):
        """Weighted sums over the rows of each task, (n_tasks,)."""
        return np.bincount(self.codes, self.weight * values, minlength=len(self.tasks))

    def predictions(self, fitted):
        """Predictions of the rows, (n_rows,)."""
        if self._is_wide:
            return fitted.predict(self._X)[self._indices, self.codes]
        X = _safe_indexing(self._X, self._indices)
        if self._ids is None:
            return fitted.predict(X)
        return fitted.predict(X, tasks=_safe_indexing(self._ids, self._indices))

    def fitted_values(self, estimator, targets):
        """Predictions of the rows by an estimator that is fitted to other targets."""
        Y = target_array(self._y, labels=False).astype(float)
        rows = (self._indices, self.codes) if self._is_wide else self._indices
        Y[rows] = targets
        params = {"tasks": self._ids, "sample_weight": self._sample_weight}
        params = {name: value for name, value in params.items() if value is not None}
        estimator.fit(self._X, in_form_of(self._y, Y), **params)
        return self.predictions(estimator)


class Changes(NamedTuple):
    """Two changes of all targets, (n_rows,).

    Attributes
    ----------
    effects : ndarray
        From each target to the mean of its task: it makes all effects of features smaller.
    levels : ndarray
        The same for all targets.
    """

    effects: np.ndarray
    levels: np.ndarray


class Response(NamedTuple):
    """The derivative of the predictions for a change of targets, (n_rows,).

    Attributes
    ----------
    total : ndarray
        If all targets change.
    others : ndarray
        If only those of other tasks change.
    """

    total: np.ndarray
    others: np.ndarray


def responses(model, data, changes, n_groups):
    """The responses of a fitted model to both changes: a list of two Response.

    Parameters
    ----------
    model : estimator
        Of several tasks, without steps around it.
    data : TrainingData
    changes : Changes
    n_groups : int
        Groups of tasks whose targets are changed one after the other.
    """
    if isinstance(model, SafeSharingRegressor):
        return _of_stack(model, data, changes, n_groups)
    if isinstance(model, IndependentTasks):
        return _of_independent_tasks(model, data, changes)
    return _of_joint_model(model, data, changes, n_groups)


def _of_stack(stack, data, changes, n_groups):
    """The sum over the members, times their weights."""
    total = np.zeros((2, 2, len(data.y)))
    for k, member in enumerate(stack.estimators_):
        weights = stack.weights_[data.codes, k]
        if weights.any():
            seen = data.seen_by(member)
            of_member = responses(fitted_final(member), seen, changes, n_groups)
            total += weights * np.array(of_member)
    return [Response(*of_change) for of_change in total]


def _of_independent_tasks(model, data, changes):
    """No task sees the others; if its targets are scaled or shifted, so are its predictions."""
    means = data.task_means(data.y)[data.codes]
    to_means = means - data.predictions(model)
    nothing = np.zeros(len(data.y))
    return [Response(to_means, nothing), Response(changes.levels, nothing)]


def _of_joint_model(model, data, changes, n_groups):
    """From fits at the strengths that the model chose."""
    estimator = _repeatable(with_chosen_strengths(model, tight=True))
    groups = groups_of_tasks(data.task_sums(np.ones(len(data.y))), n_groups)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first fit of the model has already warned
        before = data.fitted_values(estimator, data.y)

        def derivative(change):
            after = data.fitted_values(estimator, data.y + _STEP * change)
            return (after - before) / _STEP

        return [_response(derivative, change, data, groups) for change in changes]


def _response(derivative, change, data, groups):
    """The Response to a change.

    What the other tasks of a task's own group contribute is not seen; it is taken to be as much,
    for each of their rows, as that of the tasks of other groups.
    """
    group_of_row = groups[data.codes]
    own_group = np.zeros(len(change))
    total = np.zeros(len(change))
    for group in np.unique(groups):
        in_group = group_of_row == group
        by_group = derivative(np.where(in_group, change, 0.0))
        total += by_group
        own_group[in_group] = by_group[in_group]
    sizes = data.task_sums(np.ones(len(change)))
    in_others = sizes.sum() - sizes
    in_other_groups = sizes.sum() - np.bincount(groups, sizes)[groups]
    scale = np.zeros(len(sizes))
    np.divide(in_others, in_other_groups, out=scale, where=in_other_groups > 0)
    return Response(total, scale[data.codes] * (total - own_group))


def groups_of_tasks(sizes, n_groups):
    """The group of each task, (n_tasks,): groups of about the same number of rows.

    Tasks come to the smallest group, the largest task first and equal ones at random, always the
    same.
    """
    n_groups = min(n_groups, len(sizes))
    shuffled = np.random.RandomState(0).permutation(len(sizes))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    rows = np.zeros(n_groups)
    groups = np.empty(len(sizes), dtype=np.intp)
    for task in order:
        smallest = rows.argmin()
        groups[task] = smallest
        rows[smallest] += sizes[task]
    return groups


def _repeatable(estimator):
    """The estimator with a seed wherever it has none: fits then differ by the targets alone."""
    seeds = {}
    for name, value in estimator.get_params().items():
        if name.split("__")[-1] == "random_state" and value is None:
            seeds[name] = 0
    return estimator.set_params(**seeds)
