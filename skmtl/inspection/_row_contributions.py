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
from skmtl.mixed_effects import MixedEffectsRegressor
from skmtl.mixed_effects.at_variances import with_variances_of

_STEP = 1e-2  # of the targets, relative to the change


class TrainingData:
    """What a model was fitted to.

    Attributes
    ----------
    tasks : ndarray of shape (n_tasks,)
    y, weight, codes : ndarray of shape (n_rows,)
        Targets that are known, their weights and tasks: one task after the other.
    sizes : ndarray of shape (n_tasks,)
        Sums of the weights of each task.
    """

    def __init__(self, model, X, y, sample_weight, tasks):
        data = read_samples_by_task(clone(model), X, y, sample_weight, tasks)
        samples, codes = data.pooled()
        self.tasks = data.tasks
        self.y = samples.y.astype(float)
        self.weight = samples.weight
        self.codes = codes
        self.sizes = self._task_sums(self.weight)
        self._given = (X, y, sample_weight, tasks)
        self._indices = samples.indices
        self._is_wide = data.layout == "wide"

    def seen_by(self, model):
        """The same rows as the last step of a fitted pipeline sees them."""
        X, *others = self._given
        X = seen_by_final(model, X)
        return TrainingData(fitted_final(model), X, *others)

    def task_means(self, values):
        """Weighted means of the rows of each task, (n_tasks,)."""
        sums = self._task_sums(self.weight * values)
        return sums / self.sizes

    def _task_sums(self, values):
        n_tasks = len(self.tasks)
        return np.bincount(self.codes, values, minlength=n_tasks)

    def predictions(self, fitted):
        """Predictions of the rows, (n_rows,)."""
        X, _, _, tasks = self._given
        if self._is_wide:
            every_task = fitted.predict(X)
            return every_task[self._indices, self.codes]
        X = _safe_indexing(X, self._indices)
        if tasks is None:
            return fitted.predict(X)
        tasks = _safe_indexing(tasks, self._indices)
        return fitted.predict(X, tasks=tasks)

    def fitted_values(self, estimator, targets):
        """Predictions of the rows by an estimator that is fitted to other targets."""
        X, y, sample_weight, tasks = self._given
        Y = target_array(y, labels=False)
        Y = Y.astype(float)
        if self._is_wide:
            Y[self._indices, self.codes] = targets
        else:
            Y[self._indices] = targets
        params = {}
        if tasks is not None:
            params["tasks"] = tasks
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        changed = in_form_of(y, Y)
        estimator.fit(X, changed, **params)
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
    n_rows = len(data.y)
    total = np.zeros((2, 2, n_rows))
    for k, member in enumerate(stack.estimators_):
        weights = stack.weights_[:, k]
        if weights.any():
            final = fitted_final(member)
            seen = data.seen_by(member)
            of_member = responses(final, seen, changes, n_groups)
            total += weights[data.codes] * np.array(of_member)
    return [Response(*of_change) for of_change in total]


def _of_independent_tasks(model, data, changes):
    """No task sees the others; if its targets are scaled or shifted, so are its predictions."""
    means = data.task_means(data.y)
    predictions = data.predictions(model)
    to_means = means[data.codes] - predictions
    nothing = np.zeros(len(predictions))
    of_effects = Response(to_means, nothing)
    of_levels = Response(changes.levels, nothing)
    return [of_effects, of_levels]


def _of_joint_model(model, data, changes, n_groups):
    """From fits at the strengths that the model chose."""
    estimator = _at_chosen_strengths(model)
    groups = groups_of_tasks(data.sizes, n_groups)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first fit of the model has already warned
        before = data.fitted_values(estimator, data.y)

        def derivative(change):
            targets = data.y + _STEP * change
            after = data.fitted_values(estimator, targets)
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
        by_group = derivative(change * in_group)
        own_group[in_group] = by_group[in_group]
        total += by_group
    other_groups = total - own_group
    scale = _rows_for_each_row_seen(data.sizes, groups)
    return Response(total, scale[data.codes] * other_groups)


def _rows_for_each_row_seen(sizes, groups):
    """Rows of all other tasks for each row of other groups, (n_tasks,); 0 if there are none."""
    size_of_group = np.bincount(groups, sizes)
    n_rows = sizes.sum()
    others = n_rows - sizes
    seen = n_rows - size_of_group[groups]
    scale = np.zeros(len(sizes))
    return np.divide(others, seen, out=scale, where=seen > 0)


def groups_of_tasks(sizes, n_groups):
    """The group of each task, (n_tasks,): groups of about the same number of rows.

    Tasks come to the smallest group, the largest task first and equal ones at random, always the
    same.
    """
    n_tasks = len(sizes)
    shuffled = np.random.RandomState(0).permutation(n_tasks)
    order = np.argsort(-sizes[shuffled], kind="stable")
    rows = np.zeros(min(n_groups, n_tasks))
    groups = np.empty(n_tasks, dtype=np.intp)
    for task in shuffled[order]:
        smallest = rows.argmin()
        groups[task] = smallest
        rows[smallest] += sizes[task]
    return groups


def _at_chosen_strengths(model):
    """An unfitted model of which fits differ by the targets alone."""
    if isinstance(model, MixedEffectsRegressor):
        return with_variances_of(model)
    estimator = with_chosen_strengths(model, tight=True)
    params = estimator.get_params()
    seeds = {}
    for name, value in params.items():
        own_name = name.split("__")[-1]
        if own_name == "random_state" and value is None:
            seeds[name] = 0
    return estimator.set_params(**seeds)
