"""Scorers that know the tasks, for `GridSearchCV`, `cross_validate` and the like."""

import numpy as np
from sklearn.metrics import r2_score

from skmtl._data.checks import check_option
from skmtl._data.task_ids import encode, some_of, split_task_column
from skmtl.metrics import AVERAGES, find_metric, task_score


class _TaskScorer:
    """Result of :func:`make_task_scorer`; a class so that it can be pickled."""

    def __init__(self, metric, sign, average, task_column, task):
        self.metric = metric
        self.sign = sign
        self.average = average
        self.task_column = task_column
        self.task = task

    def __repr__(self):
        metric = getattr(self.metric, "__name__", self.metric)
        if self.task is None:
            return f"make_task_scorer({metric}, average={self.average!r})"
        return f"make_task_scorer({metric}, task={self.task!r})"

    def __call__(self, estimator, X, y, sample_weight=None):
        task_ids = self._task_ids(estimator, X, y)
        score = task_score(
            y,
            estimator.predict(X),
            metric=self.metric,
            tasks=task_ids,
            sample_weight=sample_weight,
            average=None if self.task is not None else self.average,
            greater_is_better=self.sign > 0,
        )
        if self.task is not None:
            tasks = _tasks_of_columns(y) if task_ids is None else encode(task_ids)[0]
            score = self._score_of_task(estimator, tasks, score)
        return self.sign * float(score)

    def _score_of_task(self, estimator, tasks, scores):
        """Return the score of one task, NaN if the data do not have it but the fit had."""
        scores = dict(zip(tasks.tolist(), scores, strict=True))
        if self.task in scores:
            return scores[self.task]
        last = estimator[-1] if hasattr(estimator, "steps") else estimator
        fitted = getattr(last, "tasks_", tasks).tolist()
        if self.task not in fitted:
            raise ValueError(f"There is no task {self.task!r} among {some_of(fitted)}.")
        return np.nan

    def _task_ids(self, estimator, X, y):
        """Return the task id of every sample, or None for two-dimensional y."""
        column = self.task_column
        if column is None:
            column = getattr(estimator, "task_column", None)
        if column is not None:
            _, task_ids = split_task_column(X, column)
            return task_ids
        if np.ndim(y) != 2:
            raise ValueError(
                f"The scorer cannot know the tasks: y has shape {np.shape(y)}. Give "
                "make_task_scorer the task_column of the X that is scored."
            )
        return None


def _tasks_of_columns(y):
    """Return the task ids of a two-dimensional y: its column names, or 0, 1, ..."""
    columns = getattr(y, "columns", None)
    if columns is None:
        return np.arange(np.shape(y)[1])
    return np.asarray(columns)


def make_task_scorer(
    metric=r2_score,
    *,
    average="uniform_average",
    task_column=None,
    task=None,
    greater_is_better=None,
):
    """Make a scorer that averages a metric over tasks; missing targets are left out.

    Parameters
    ----------
    metric : callable, default=sklearn.metrics.r2_score
        ``metric(y_true, y_pred, sample_weight=...)`` of 1-D arrays.
    average : {"uniform_average", "variance_weighted", "n_samples", "worst"}, default=\
"uniform_average"
        How tasks are averaged, as in :func:`task_score`.
    task_column : str or int, default=None
        Column of the X that is scored (in a pipeline: before its first step) which holds the task
        ids. None takes the estimator's `task_column`; two-dimensional y needs none.
    task : task id, default=None
        Score this task only; NaN if it has fewer than two samples.
    greater_is_better : bool, default=None
        Whether a larger value of the metric is better. None reads it off the metric's name: a
        ``_score`` is better if larger, an ``_error``, ``_loss`` or ``_deviance`` if smaller. The
        latter are negated, as everywhere in scikit-learn.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, which returns a float.

    Raises
    ------
    TypeError
        If the metric is not callable.
    ValueError
        If the average is unknown, or the name of the metric does not tell whether larger is better.

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
    sign = find_metric(metric, greater_is_better=greater_is_better).sign
    return _TaskScorer(metric, sign, average, task_column, task)


def per_task_scoring(metric, tasks, *, task_column=None, greater_is_better=None):
    """Make one scorer for each task, so that `cross_validate` and `cv_results_` show each of them.

    Parameters
    ----------
    metric : callable
        ``metric(y_true, y_pred, sample_weight=...)`` of 1-D arrays.
    tasks : array-like of task ids
        Tasks to score.
    task_column : str or int, default=None
        Column of the X that is scored which holds the task ids, as in :func:`make_task_scorer`.
    greater_is_better : bool, default=None
        Whether a larger value of the metric is better, as in :func:`make_task_scorer`.

    Returns
    -------
    dict of str to callable
        ``{"task_<task id>": scorer}``; add a scorer of all tasks to `refit` on.

    Examples
    --------
    >>> from sklearn.metrics import r2_score
    >>> from skmtl import per_task_scoring
    >>> sorted(per_task_scoring(r2_score, ["north", "south"], task_column="school"))
    ['task_north', 'task_south']
    """
    scorers = {}
    for task in np.asarray(tasks).tolist():
        scorers[f"task_{task}"] = make_task_scorer(
            metric,
            task_column=task_column,
            task=task,
            greater_is_better=greater_is_better,
        )
    return scorers


class _MixedScorer:
    """Result of :func:`make_mixed_scorer`; a class so that it can be pickled."""

    def __init__(self, average, task):
        self.average = average
        self.task = task

    def __repr__(self):
        return f"make_mixed_scorer(average={self.average!r}, task={self.task!r})"

    def __call__(self, estimator, X, y, sample_weight=None):
        estimator, X = _unwrapped(estimator, X)
        skills = estimator.skills(X, y, sample_weight)
        if self.task is not None:
            tasks = estimator.tasks_.tolist()
            if self.task not in tasks:
                raise ValueError(f"There is no task {self.task!r}; tasks are {some_of(tasks)}.")
            return float(skills[tasks.index(self.task)])
        if self.average == "worst":
            return float(np.nanmin(skills))
        return float(np.nanmean(skills))


def _unwrapped(estimator, X):
    """Return the fitted estimator inside of searches and pipelines, and X as it sees it."""
    if hasattr(estimator, "skills"):
        return estimator, X
    if hasattr(estimator, "best_estimator_"):
        return _unwrapped(estimator.best_estimator_, X)
    *steps, (_, last) = estimator.steps
    for _, step in steps:
        if step not in (None, "passthrough"):
            X = step.transform(X)
    return _unwrapped(last, X)


def make_mixed_scorer(average="uniform_average", *, task=None):
    """Make a scorer of :class:`MultiTaskMixed`: the skill compared with a model without features.

    The skill of a task is ``1 - loss / loss of the baseline``, with the loss of the task: mean
    squared error (then it is R^2 about the mean of the training targets), Huber loss, Poisson
    deviance or log-loss. The baseline is the mean, or the class frequencies, of the training
    targets. Skills are relative, so that those of different kinds of tasks can be averaged.

    Parameters
    ----------
    average : {"uniform_average", "worst"}, default="uniform_average"
        Whether the score is the mean skill of the tasks or the smallest.
    task : task id, default=None
        Score this task only.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, which returns a float; missing targets are left out.

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
