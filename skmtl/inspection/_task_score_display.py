"""The score of each task, sorted, and that of a baseline beside it."""

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags

from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl._data.target_names import column_positions
from skmtl.inspection._names import fit_names, legend_label, short_names
from skmtl.inspection._style import (
    BLUE,
    GREY,
    Display,
    axes_of,
    count,
    height_of,
    legend_above,
    width_of,
    with_notes,
)
from skmtl.meta.pipelines import read_task_ids, with_task_column
from skmtl.metrics import find_metric, observe, score_observations, task_score


class TaskScoreDisplay(Display):
    """Score of each task, the largest on top, and that of a baseline beside it.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one. The dashed line is the
    mean over tasks.

    Parameters
    ----------
    scores : array-like of shape (n_tasks,)
        Scores; NaN if a task has none. Such tasks are not drawn, but counted below the axis.
    tasks : array-like of shape (n_tasks,)
        Task ids.
    baseline_scores : array-like of shape (n_tasks,), default=None
        Scores of the baseline; None draws none.
    score_name : str, default="score"
        Label of the axis.
    name, baseline_name : str
        Names of the models in the legend.

    Attributes
    ----------
    ax_ : matplotlib axes
        Axes of the picture.
    figure_ : matplotlib figure
        Figure that holds the axes.

    See Also
    --------
    task_score : Computes the scores.
    TaskGainDisplay : Draws gains with intervals, from many splits.

    Examples
    --------
    >>> from skmtl import IndependentTasks, MultiTaskLasso, make_multitask_regression
    >>> from skmtl.inspection import TaskScoreDisplay
    >>> from sklearn.linear_model import LinearRegression
    >>> data = make_multitask_regression(n_tasks=4, own_inputs=True, noise=1.0, random_state=0)
    >>> train, test = slice(0, None, 2), slice(1, None, 2)
    >>> model = MultiTaskLasso(alpha=0.1, task_column=-1).fit(data.X[train], data.y[train])
    >>> single_task = IndependentTasks(LinearRegression(), task_column=-1)
    >>> single_task = single_task.fit(data.X[train], data.y[train])
    >>> display = TaskScoreDisplay.from_estimator(
    ...     model, data.X[test], data.y[test], baseline=single_task
    ... )
    >>> display.ax_.get_xlabel()
    'r2 score'
    """

    def __init__(
        self,
        scores,
        *,
        tasks,
        baseline_scores=None,
        score_name="score",
        name="model",
        baseline_name="baseline",
    ):
        self.scores = scores
        self.tasks = tasks
        self.baseline_scores = baseline_scores
        self.score_name = score_name
        self.name = name
        self.baseline_name = baseline_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        metric=None,
        task_column=None,
        tasks=None,
        min_samples=None,
        response_method=None,
        baseline=None,
        ax=None,
    ):
        """Draw the scores of a fitted estimator.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted.
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            Test data, as the estimator takes it.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets; NaN where a target is missing. Columns of a frame are matched by name with the
            `tasks_` of the estimator.
        metric : str or callable, default=None
            ``metric(y_true, y_pred)`` of 1-D arrays, or the name of a scorer of scikit-learn. None
            is R^2 for regressors, accuracy for classifiers, and the skill for
            :class:`MultiTaskMixed`.
        task_column : str or int, default=None
            Column of X with the task ids; None takes that of the estimator. It is needed for a
            pipeline whose last step has a position as its `task_column`, since steps may move
            columns.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if they are no column of X.
        min_samples : int, default=None
            Tasks with fewer targets have no score, as in :func:`task_score`.
        response_method : {"predict", "predict_proba", "decision_function"} or a list, default=None
            What the metric takes, as in :func:`make_task_scorer`.
        baseline : estimator, default=None
            Another fitted estimator to compare with.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        TaskScoreDisplay

        Raises
        ------
        ValueError
            If the input is invalid, such as y that is 1-D without task ids.
        """
        if tasks is None:
            _, task_column = with_task_column(estimator, X, task_column)
        task_ids, _, _ = read_task_ids(X, y, task_column, tasks)
        final = fitted_final(estimator)
        if metric is None and not hasattr(final, "skills"):
            is_classifier = get_tags(final).estimator_type == "classifier"
            metric = accuracy_score if is_classifier else r2_score
        score_name = "skill"
        if metric is not None:
            metric = find_metric(metric, response_method=response_method)
            score_name = metric.name.replace("_", " ")
        read = {"metric": metric, "task_ids": task_ids, "tasks": tasks, "min_samples": min_samples}
        names, scores = _scores(estimator, X, y, **read)
        if baseline is None:
            baseline_scores = None
            baseline_name = ""
        else:
            own_names, baseline_scores = _scores(baseline, X, y, **read)
            baseline_scores = baseline_scores[column_positions(own_names, names, "baseline")]
            baseline_name = type(fitted_final(baseline)).__name__
        display = cls(
            scores,
            tasks=names,
            baseline_scores=baseline_scores,
            score_name=score_name,
            name=type(final).__name__,
            baseline_name=baseline_name,
        )
        return display.plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_pred,
        *,
        metric=r2_score,
        tasks=None,
        min_samples=None,
        response_method=None,
        classes=None,
        baseline=None,
        name="model",
        baseline_name="baseline",
        ax=None,
    ):
        """Draw the scores of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets; NaN where a target is missing. One-dimensional with `tasks`.
        y_pred : array-like, or list of n_tasks arrays
            Predictions, or scores of classes, as in :func:`task_score`.
        metric : str or callable, default=sklearn.metrics.r2_score
            ``metric(y_true, y_pred)`` of 1-D arrays, or the name of a scorer of scikit-learn.
        tasks : array-like of shape (n_samples,), default=None
            Task ids of the samples.
        min_samples : int, default=None
            Tasks with fewer targets have no score, as in :func:`task_score`.
        response_method : {"predict", "predict_proba", "decision_function"} or a list, default=None
            What the predictions are, as in :func:`task_score`.
        classes : array-like of shape (n_classes,), or list of n_tasks of them, default=None
            Class labels that there are scores of, as in :func:`task_score`.
        baseline : array-like or list like `y_pred`, default=None
            Predictions to compare with.
        name, baseline_name : str
            Names of the two in the legend.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        TaskScoreDisplay
        """
        _, names, _ = read_task_ids(None, y_true, None, tasks)
        metric = find_metric(metric, response_method=response_method)
        options = {
            "metric": metric,
            "tasks": tasks,
            "average": None,
            "min_samples": min_samples,
            "classes": classes,
        }
        scores = task_score(y_true, y_pred, **options)
        baseline_scores = None
        if baseline is not None:
            baseline_scores = task_score(y_true, baseline, **options)
        display = cls(
            scores,
            tasks=names,
            baseline_scores=baseline_scores,
            score_name=metric.name.replace("_", " "),
            name=name,
            baseline_name=baseline_name,
        )
        return display.plot(ax=ax)

    def _draw(self, ax):
        all_scores = np.asarray(self.scores, dtype=float)
        drawn = np.flatnonzero(np.isfinite(all_scores))
        order = np.argsort(all_scores[drawn], kind="stable")
        drawn = drawn[order]
        scores = all_scores[drawn]
        names = short_names(np.asarray(self.tasks)[drawn])
        n_drawn = len(drawn)
        lines = np.arange(n_drawn)
        ax = axes_of(ax, width_of(names), height_of(n_drawn))
        size = 36 if n_drawn < 60 else 16
        if self.baseline_scores is not None:
            baseline_scores = np.asarray(self.baseline_scores, dtype=float)[drawn]
            ax.hlines(lines, scores, baseline_scores, color=GREY, linewidth=1, alpha=0.7)
            ax.scatter(
                baseline_scores,
                lines,
                size * 0.7,
                label=legend_label(self.baseline_name),
                facecolors="white",
                edgecolors=GREY,
                marker="D",
                zorder=3,
            )
        ax.scatter(scores, lines, size, color=BLUE, zorder=4, label=legend_label(self.name))
        if n_drawn > 1:
            mean = scores.mean()
            ax.axvline(mean, color=BLUE, linestyle="--", linewidth=1, label=f"mean {mean:.3g}")
        n_missing = len(all_scores) - n_drawn
        notes = [f"{count(n_missing, 'task')} without a score"] if n_missing else []
        ax.set_xlabel(with_notes(self.score_name, notes))
        ax.set_ylim(-0.7, max(n_drawn, 1) - 0.3)
        ax.grid(axis="y", alpha=0.25)
        ax.set_axisbelow(True)
        legend_above(ax, n_columns=3)
        fit_names(ax, y=names)
        return ax


def _scores(estimator, X, y, *, metric, task_ids, tasks, min_samples):
    """The tasks and the score of each; the task ids are predicted with if `fit` was given them.

    Without a metric the scores are the skills of tasks of different kinds.
    """
    final = fitted_final(estimator)
    if metric is None and not hasattr(final, "skills"):
        raise ValueError(
            f"{type(final).__name__} has no skills that could be compared: give a metric."
        )
    if metric is None:
        return final.tasks_, final.skills(seen_by_final(estimator, X), y)
    predict_kwargs = {}
    if getattr(final, "_layout", None) == "tasks":
        estimator = getattr(estimator, "best_estimator_", estimator)
        predict_kwargs = {"tasks": tasks}
    names, observations = observe(
        estimator,
        X,
        y,
        metric,
        task_ids=task_ids,
        **predict_kwargs,
    )
    return names, score_observations(metric, observations, min_samples)
