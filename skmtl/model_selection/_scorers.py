"""Scorers that know the tasks, for `GridSearchCV`, `cross_validate` and the like."""

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import r2_score
from sklearn.utils.metadata_routing import MetadataRequest

from skmtl._data.checks import check_int, check_option
from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl._data.target_names import check_names_differ
from skmtl._data.task_ids import (
    as_objects,
    position_of,
    some_of,
    split_task_column,
)
from skmtl._warn import warn
from skmtl.metrics import (
    AVERAGES,
    average_score,
    find_metric,
    fitted_tasks,
    observe,
    score_observations,
)
from skmtl.model_selection._task_column import task_column_of


class _RoutedScorer:
    """Base of scorers that ask for metadata as scikit-learn's scorers do."""

    _metadata = ("sample_weight",)

    def set_score_request(self, **requests):
        """Set which metadata are passed to the scorer, with metadata routing.

        Parameters
        ----------
        **requests : dict of str to bool or str
            Whether to pass a metadatum, or the name it is passed to the search by.

        Returns
        -------
        self
        """
        for name in requests:
            check_option(name, "metadata", self._metadata)
        self._requests = {**getattr(self, "_requests", {}), **requests}
        return self

    def get_metadata_routing(self):
        """Return what is requested, a :class:`~sklearn.utils.metadata_routing.MetadataRequest`."""
        routing = MetadataRequest(owner=self)
        requests = getattr(self, "_requests", {})
        for name in self._metadata:
            routing.score.add_request(param=name, alias=requests.get(name))
        return routing


class _TaskScorer(_RoutedScorer):
    """Result of :func:`make_task_scorer`; a class so that it can be pickled."""

    _metadata = ("sample_weight", "tasks")

    def __init__(self, metric, *, average, task_column, task, min_samples):
        self.metric = metric
        self.average = average
        self.task_column = task_column
        self.task = task
        self.min_samples = min_samples

    def __repr__(self):
        if self.task is None:
            return f"make_task_scorer({self.metric.name}, average={self.average!r})"
        return f"make_task_scorer({self.metric.name}, task={self.task!r})"

    def __call__(self, estimator, X, y, sample_weight=None, tasks=None):
        predict_kwargs = {}
        task_ids = tasks
        if tasks is None:
            task_ids = self._task_ids(estimator, X, y)
        else:
            predict_kwargs["tasks"] = tasks
        known, observations = observe(
            estimator,
            X,
            y,
            self.metric,
            task_ids=task_ids,
            sample_weight=sample_weight,
            **predict_kwargs,
        )
        if self.task is not None:
            return self._score_of_task(estimator, known, observations)
        scores = score_observations(self.metric, observations, self.min_samples)
        return average_score(self.metric, self.average, known, scores, observations)

    def _score_of_task(self, estimator, tasks, observations):
        """Return the score of one task, NaN if the data do not have it but the fit had."""
        position = position_of(self.task, tasks)
        if position is None:
            fitted = fitted_tasks(estimator)
            known = tasks if fitted is None else fitted
            if position_of(self.task, known) is None:
                raise ValueError(f"There is no task {self.task!r} among {some_of(known)}.")
            return np.nan
        own = observations[position]
        if len(own.y_true) == 0:
            return np.nan
        (score,) = score_observations(self.metric, [own], self.min_samples)
        return float(score)

    def _task_ids(self, estimator, X, y):
        """Return the task id of every sample, or None for two-dimensional y."""
        column = self.task_column
        is_known = True
        if column is None:
            column, is_known = task_column_of(estimator)
        if is_known and column is not None:
            _, task_ids = split_task_column(X, column)
            return task_ids
        if not is_known or np.ndim(y) != 2:
            raise ValueError(
                f"The scorer cannot know the tasks: y has shape {np.shape(y)}. Give "
                "make_task_scorer the task_column of the X that is scored."
            )
        return None


def make_task_scorer(
    metric=r2_score,
    *,
    average="uniform_average",
    task_column=None,
    task=None,
    min_samples=None,
    greater_is_better=None,
    response_method=None,
):
    """Make a scorer that averages a metric over tasks; missing targets are left out.

    Metrics of probabilities or decision values, such as the log-loss or the area under the ROC
    curve, are given these rather than predicted class labels. The columns of a frame y are matched
    by name with the `tasks_` of the estimator.

    Parameters
    ----------
    metric : str or callable, default=sklearn.metrics.r2_score
        ``metric(y_true, y_pred, sample_weight=...)`` of 1-D arrays; or the name of a scorer of
        scikit-learn, such as "roc_auc" or "neg_log_loss", also what
        :func:`sklearn.metrics.make_scorer` returns.
    average : {"uniform_average", "variance_weighted", "n_samples", "worst"}, default=\
"uniform_average"
        How tasks are averaged, as in :func:`task_score`.
    task_column : str or int, default=None
        Column of the X that is scored (in a pipeline: before its first step) which holds the task
        ids. None takes the estimator's `task_column`, of a pipeline if it is a name;
        two-dimensional y needs none.
    task : task id, default=None
        Score this task only; NaN if it cannot be scored.
    min_samples : int, default=None
        Tasks with fewer targets are not scored, as in :func:`task_score`: None is 2 for metrics
        that are relative to the spread of the targets, such as R^2, and 1 for errors and accuracy.
    greater_is_better : bool, default=None
        Whether a larger value of the metric is better. None takes what the scorer says, or reads it
        off the function's name: a ``_score`` is better if larger, an ``_error``, ``_loss`` or
        ``_deviance`` if smaller. The latter are negated, as everywhere in scikit-learn.
    response_method : {"predict", "predict_proba", "decision_function"} or a list, default=None
        What the metric takes; of a list, the first method that the estimator has. None takes that
        of scikit-learn's scorer of the metric. For a function of your own it is found from the name
        of its second argument (`y_score`, `y_proba`, `y_prob`, `pred_decision`), else "predict".

    Returns
    -------
    callable
        ``scorer(estimator, X, y, sample_weight=None, tasks=None)``, which returns a float. With
        metadata routing, ``set_score_request`` asks for the weights and task ids, as that of
        scikit-learn's scorers does; ids in a task column need no request. Tasks that cannot be
        scored, such as those of one class for the area under the ROC curve, do not count in the
        average, with a warning. If none can be scored, the score is that of all targets together,
        or NaN for metrics of probabilities or decision values.

    Raises
    ------
    TypeError
        If the metric is neither a name nor a function.
    ValueError
        If the metric or average is unknown, or the name of a function does not tell whether larger
        is better. The scorer raises one if it cannot know the tasks, if columns of y have other
        names than the tasks, or if the estimator lacks the method that the metric needs.

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
    check_option(average, "average", AVERAGES[:-1])
    if min_samples is not None:
        check_int(min_samples, "min_samples")
    metric = find_metric(
        metric,
        response_method=response_method,
        greater_is_better=greater_is_better,
    )
    return _TaskScorer(
        metric.as_scorer(),
        average=average,
        task_column=task_column,
        task=task,
        min_samples=min_samples,
    )


def per_task_scoring(
    metric,
    tasks,
    *,
    task_column=None,
    min_samples=None,
    greater_is_better=None,
    response_method=None,
):
    """Make one scorer for each task, so that `cross_validate` and `cv_results_` show each of them.

    Parameters
    ----------
    metric : str or callable
        A function or a scorer's name, as in :func:`make_task_scorer`.
    tasks : array-like of task ids
        Tasks to score.
    task_column : str or int, default=None
        Column of the X that is scored which holds the task ids, as in :func:`make_task_scorer`.
    min_samples : int, default=None
        A task with fewer targets has the score NaN, as in :func:`make_task_scorer`.
    greater_is_better : bool, default=None
        Whether a larger value of the metric is better, as in :func:`make_task_scorer`.
    response_method : {"predict", "predict_proba", "decision_function"} or a list, default=None
        What the metric takes, as in :func:`make_task_scorer`.

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
    ids = check_names_differ(tasks, "tasks")
    in_nanoseconds = ids.dtype == "M8[ns]"  # which are integers as a list
    for task in as_objects(ids) if in_nanoseconds else ids.tolist():
        name = f"task_{task}"
        if name in scorers:
            raise ValueError(f"Two of the tasks have the scorer {name!r}: name the scorers apart.")
        scorers[name] = make_task_scorer(
            metric,
            task_column=task_column,
            task=task,
            min_samples=min_samples,
            greater_is_better=greater_is_better,
            response_method=response_method,
        )
    return scorers


class _MixedScorer(_RoutedScorer):
    """Result of :func:`make_mixed_scorer`; a class so that it can be pickled."""

    _metadata = ("sample_weight", "tasks")

    def __init__(self, average, task):
        self.average = average
        self.task = task

    def __repr__(self):
        return f"make_mixed_scorer(average={self.average!r}, task={self.task!r})"

    def __call__(self, estimator, X, y, sample_weight=None, tasks=None):
        final = fitted_final(estimator)
        if not hasattr(final, "skills"):
            raise TypeError(
                f"make_mixed_scorer scores MultiTaskMixed and MultiTaskMLP, got "
                f"{type(final).__name__}; use make_task_scorer."
            )
        kwargs = {} if tasks is None else {"tasks": tasks}
        skills = final.skills(seen_by_final(estimator, X), y, sample_weight, **kwargs)
        tasks = final.tasks_
        if self.task is not None:
            position = position_of(self.task, tasks)
            if position is None:
                raise ValueError(f"There is no task {self.task!r}; tasks are {some_of(tasks)}.")
            return float(skills[position])
        has_skill = ~np.isnan(skills)
        if not has_skill.any():
            warn(
                "No task has a skill, since none has targets here or all baselines are perfect: "
                "the score is NaN.",
                UndefinedMetricWarning,
            )
            return np.nan
        if self.average == "worst":
            return float(skills[has_skill].min())
        return float(skills[has_skill].mean())


def make_mixed_scorer(average="uniform_average", *, task=None):
    """Make a scorer of tasks of different kinds: their skill beside models without features.

    It scores :class:`MultiTaskMixed` and :class:`MultiTaskMLP`.

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
        ``scorer(estimator, X, y, sample_weight=None, tasks=None)``, which returns a float; missing
        targets are left out.

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
