"""How much of a task's predictions comes from the rows of other tasks."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch, get_tags
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int
from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl.base import namesake
from skmtl.inspection._row_contributions import Changes, TrainingData, responses

_NEGLIGIBLE = 1e-4  # of a response, relative to the targets: the rounding of finite differences
_ROUNDING = 1e-12  # of deviations from means, relative to the largest target


def task_sharing(estimator, X, y, *, sample_weight=None, tasks=None, n_groups=5):
    """Share of the predictions of each task that comes from the rows of other tasks.

    It is 0 for a task that is learned alone. In a model of the mean of all targets it is the share
    of other tasks in all rows.

    Predictions are functions of all targets. If the targets change, the predictions of task t
    change by a part due to the rows of t and a part due to the rows of other tasks; to first
    order, they add up. The share, over the rows i of task t, is::

        sum_i others_i * total_i / sum_i total_i^2

    Two changes are made: all targets move towards the mean of their task, which shows where the
    effects of features come from, or all targets of all tasks move by the same amount, which shows
    where levels come from. In a model of random intercepts the second share is, with many tasks,
    the part of a task's own mean that is given up for that of all.

    The regularization strengths are held fixed as they were chosen, the variances of a
    :class:`MixedEffectsRegressor` as they were estimated, relative to the noise, and the weights of
    a :class:`SafeSharingRegressor` and the steps of a pipeline as they were fitted. A model that
    chooses anything else chooses it again with every change.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Fitted multi-task regressor.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Training data, as they were passed to `fit`.
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Targets, as they were passed to `fit`.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
        Sample weights, if they were passed to `fit`.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, if they were passed to `fit`.
    n_groups : int, default=5
        Number of groups of tasks whose targets are changed one after the other. A model that learns
        tasks jointly is fitted ``2 * n_groups + 1`` times. With as many groups as tasks, nothing is
        estimated; with five, shares are off by 0.02 to 0.05.

    Returns
    -------
    result : Bunch
        sharing : ndarray of shape (n_tasks,)
            The share for both changes together. Levels count by the standard deviation of the means
            of tasks, but at most by that of the task's targets.
        effects : ndarray of shape (n_tasks,)
            The share in the effects of features.
        levels : ndarray of shape (n_tasks,)
            The share in the level of the predictions.
        tasks : ndarray of shape (n_tasks,)
            Task ids, in the order of the shares.

        Shares are 0 where nothing changes. A share would be above 1 where own rows pull the other
        way than the rest, and below 0 where other tasks do; it is then 1 or 0.

    Raises
    ------
    TypeError
        If the estimator is no multi-task regressor.

    See Also
    --------
    compare_to_single_task : Did sharing help?
    task_transfer_matrix : Which tasks help which.

    Examples
    --------
    Three tasks of 10, 20 and 70 rows, alike but for their levels.

    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skmtl import IndependentTasks, MeanRegularizedRegressor, PooledTasks, task_sharing
    >>> rng = np.random.default_rng(0)
    >>> tasks = np.repeat([0, 1, 2], [10, 20, 70])
    >>> X = np.column_stack([rng.standard_normal((100, 4)), tasks])
    >>> y = X.sum(axis=1) + rng.standard_normal(100)
    >>> for model in (
    ...     IndependentTasks(LinearRegression(), task_column=-1),
    ...     MeanRegularizedRegressor(alpha=0.5, task_column=-1),
    ...     PooledTasks(LinearRegression(), task_column=-1),
    ... ):
    ...     result = task_sharing(model.fit(X, y), X, y)
    ...     print(result.effects.round(2), result.levels.round(2))
    [0. 0. 0.] [0. 0. 0.]
    [0.54 0.3  0.08] [0. 0. 0.]
    [0.92 0.8  0.24] [0.88 0.76 0.28]
    """
    check_is_fitted(estimator)
    check_int(n_groups, "n_groups", low=2)
    final = fitted_final(estimator)
    if not hasattr(final, "tasks_") or get_tags(final).estimator_type != "regressor":
        raise TypeError(
            f"task_sharing needs a multi-task regressor of skmtl, got {final!r}{namesake(final)}."
        )
    X = seen_by_final(estimator, X)
    data = TrainingData(final, X, y, sample_weight, tasks)
    spread = _Spread.of(data)
    changes = _changes(data, spread.unit)
    of_effects, of_levels = responses(final, data, changes, n_groups)
    effects = _shared_and_total(of_effects, data)
    levels = _shared_and_total(of_levels, data)
    smallest = (_NEGLIGIBLE * spread.within) ** 2
    _, total = effects
    both = effects + spread.levels**2 * levels
    both = np.where(total > smallest, both, levels)
    return Bunch(
        sharing=_share(both, smallest),
        effects=_share(effects, smallest),
        levels=_share(levels, smallest),
        tasks=data.tasks,
    )


def _changes(data, unit):
    """The changes of the targets."""
    means = data.task_means(data.y)
    to_means = means[data.codes] - data.y
    shift = np.full(len(data.y), unit)
    return Changes(to_means, shift)


class _Spread(NamedTuple):
    """How much targets differ.

    Attributes
    ----------
    within : ndarray of shape (n_tasks,)
        Standard deviation within each task, `unit` for constant targets.
    unit : float
        Root mean square of those; if all targets of a task are the same, that between tasks.
    levels : ndarray of shape (n_tasks,)
        Standard deviation of the means of tasks, at most `within`, divided by the unit.
    """

    within: np.ndarray
    unit: float
    levels: np.ndarray

    @classmethod
    def of(cls, data):
        means = data.task_means(data.y)
        deviations = data.y - means[data.codes]
        within = np.sqrt(data.task_means(deviations**2))
        between = means.std()
        pooled = np.sqrt(np.mean(within**2))
        largest = np.abs(data.y).max()
        rounding = _ROUNDING * largest
        sizes = (pooled, between, largest)
        unit = next((size for size in sizes if size > rounding), 1.0)
        within = np.where(within > rounding, within, unit)
        levels = np.minimum(between, within) / unit
        return cls(within, unit, levels)


def _shared_and_total(response, data):
    """Means over the rows of each task of ``others * total`` and ``total^2``, (2, n_tasks)."""
    shared = response.others * response.total
    all_of_it = response.total**2
    return np.stack([data.task_means(shared), data.task_means(all_of_it)])


def _share(shared_and_total, smallest):
    """The share of each task, 0 without a response."""
    shared, total = shared_and_total
    share = np.zeros(len(total))
    np.divide(shared, total, out=share, where=total > smallest)
    return np.clip(share, 0.0, 1.0)
