"""Scorers for `GridSearchCV`, `cross_validate` and their kin that see tasks."""

import numpy as np
from sklearn.metrics import r2_score

from skmtl._data.checks import check_option
from skmtl._data.task_ids import encode, some_of, split_task_column
from skmtl.metrics import AVERAGES, metric_sign, task_score


class _TaskScorer:
    """Callable `(estimator, X, y)`; a class so that it can be pickled."""

    def __init__(self, metric, sign, average, task_column, task):
        self.metric, self.sign, self.average = metric, sign, average
        self.task_column, self.task = task_column, task

    def __repr__(self):
        what = f"average={self.average!r}" if self.task is None else f"task={self.task!r}"
        return f"make_task_scorer({getattr(self.metric, '__name__', self.metric)}, {what})"

    def __call__(self, estimator, X, y, sample_weight=None):
        labels = self._labels(estimator, X, y)
        score = task_score(
            y,
            estimator.predict(X),
            metric=self.metric,
            tasks=labels,
            sample_weight=sample_weight,
            average=None if self.task is not None else self.average,
            greater_is_better=self.sign > 0,
        )
        if self.task is not None:
            known = self._task_names(y) if labels is None else encode(labels)[0]
            scores = dict(zip(known.tolist(), score, strict=True))
            last = estimator[-1] if hasattr(estimator, "steps") else estimator
            fitted = getattr(last, "tasks_", known).tolist()
            if self.task not in scores and self.task not in fitted:
                raise ValueError(f"There is no task {self.task!r} among {some_of(fitted)}.")
            score = scores.get(self.task, np.nan)
        return self.sign * float(score)

    def _labels(self, estimator, X, y):
        """Task ids of the rows, or None for two-dimensional y."""
        column = self.task_column
        if column is None:
            column = getattr(estimator, "task_column", None)
        if column is not None:
            return split_task_column(X, column)[1]
        if np.ndim(y) != 2:
            raise ValueError(
                f"The scorer cannot know the tasks: y has shape {np.shape(y)}. Give "
                "make_task_scorer the task_column of the X that is scored."
            )
        return None

    @staticmethod
    def _task_names(y):
        columns = getattr(y, "columns", None)
        return np.arange(np.shape(y)[1]) if columns is None else np.asarray(columns)


def make_task_scorer(
    metric=r2_score,
    *,
    average="uniform_average",
    task_column=None,
    task=None,
    greater_is_better=None,
):
    """A scorer that averages a metric over tasks, NaN labels left out.

    Parameters
    ----------
    metric : callable, default=sklearn.metrics.r2_score
        ``metric(y_true, y_pred, sample_weight=...)`` of 1-D arrays.
    average : {"uniform_average", "variance_weighted", "n_samples", "worst"}, default=\
"uniform_average"
        As in :func:`task_score`.
    task_column : str or int, default=None
        Column of the X that is scored (in a pipeline: before its first step) which holds the task
        ids. None takes the estimator's own; two-dimensional y needs none.
    task : label, default=None
        Score this task only; NaN where it has fewer than two rows.
    greater_is_better : bool, default=None
        None reads it off the metric's name: ``_score`` up; ``_error``, ``_loss``, ``_deviance``
        down. Metrics that go down are negated, as everywhere in scikit-learn.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, a float.

    Raises
    ------
    TypeError
        For a metric that is not callable.
    ValueError
        For an unknown average, or a metric whose direction its name does not tell.

    Examples
    --------
    >>> from sklearn.metrics import root_mean_squared_error
    >>> from sklearn.model_selection import cross_val_score
    >>> from skmtl import MultiTaskLasso, make_task_scorer
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(missing=0.2, noise=1.0, random_state=0)
    >>> scorer = make_task_scorer(root_mean_squared_error, average="worst")
    >>> cross_val_score(MultiTaskLasso(alpha=0.1), data.X, data.y, scoring=scorer, cv=3).shape
    (3,)
    """
    if not callable(metric):
        raise TypeError(
            f"metric must be a function such as sklearn.metrics.r2_score, got {metric!r}."
        )
    check_option(average, "average", AVERAGES[:-1])
    sign = metric_sign(metric, greater_is_better)
    return _TaskScorer(metric, sign, average, task_column, task)


def per_task_scoring(metric, tasks, *, task_column=None, greater_is_better=None):
    """One scorer for each task: one column for each in `cross_validate` and `cv_results_`.

    Parameters
    ----------
    metric : callable
        As in :func:`make_task_scorer`.
    tasks : array-like of labels
        Tasks to score.
    task_column : str or int, default=None
        As in :func:`make_task_scorer`.
    greater_is_better : bool, default=None
        As in :func:`make_task_scorer`.

    Returns
    -------
    dict of str to callable
        ``{"task_<label>": scorer}``; add a ``make_task_scorer`` of your own to `refit` on.

    Examples
    --------
    >>> from sklearn.metrics import r2_score
    >>> from skmtl import per_task_scoring
    >>> sorted(per_task_scoring(r2_score, ["north", "south"], task_column="school"))
    ['task_north', 'task_south']
    """
    return {
        f"task_{task}": make_task_scorer(
            metric, task_column=task_column, task=task, greater_is_better=greater_is_better
        )
        for task in np.asarray(tasks).tolist()
    }


class _MixedScorer:
    """See :func:`make_mixed_scorer`."""

    def __init__(self, average, task):
        self.average, self.task = average, task

    def __repr__(self):
        return f"make_mixed_scorer(average={self.average!r}, task={self.task!r})"

    def __call__(self, estimator, X, y, sample_weight=None):
        while not hasattr(estimator, "skills"):  # a search or a pipeline, of either
            if hasattr(estimator, "best_estimator_"):
                estimator = estimator.best_estimator_
                continue
            for _, step in estimator.steps[:-1]:
                X = X if step in (None, "passthrough") else step.transform(X)
            estimator = estimator.steps[-1][1]
        skills, tasks = estimator.skills(X, y, sample_weight), estimator.tasks_.tolist()
        if self.task is not None:
            if self.task not in tasks:
                raise ValueError(f"There is no task {self.task!r}; tasks are {some_of(tasks)}.")
            return float(skills[tasks.index(self.task)])
        return float((np.nanmin if self.average == "worst" else np.nanmean)(skills))


def make_mixed_scorer(average="uniform_average", *, task=None):
    """A scorer of :class:`MultiTaskMixed`: the skill over what predicts a task without features.

    The skill of a task is ``1 - loss / loss of the baseline``, with the loss of the task: mean
    squared error (then it is R^2 about the mean of the training rows), Huber loss, Poisson deviance
    or log-loss. The baseline is the mean, or the class frequencies, of the training rows. Being
    relative, skills of different kinds of tasks may be averaged.

    Parameters
    ----------
    average : {"uniform_average", "worst"}, default="uniform_average"
        Mean over tasks, or the smallest.
    task : label, default=None
        Score this task only.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, a float; labels that are NaN or None are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skmtl import MultiTaskMixed, make_mixed_scorer
    >>> from skmtl.penalties import L21
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> Y = np.column_stack([X[:, 0] + rng.standard_normal(100), rng.poisson(np.exp(X[:, 0]))])
    >>> search = GridSearchCV(
    ...     MultiTaskMixed(["squared_error", "poisson"]),
    ...     {"penalty": [L21(0.01), L21(0.1), L21(1.0)]},
    ...     scoring=make_mixed_scorer(),
    ... )
    >>> search.fit(X, Y).best_params_["penalty"].alpha
    0.1
    """
    check_option(average, "average", ("uniform_average", "worst"))
    return _MixedScorer(average, task)
