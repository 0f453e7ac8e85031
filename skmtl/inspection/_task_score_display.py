"""The score of each task, sorted; beside that of a baseline."""

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags

from skmtl.inspection._style import (
    BLUE,
    GREY,
    Display,
    axes_of,
    count,
    fit_names,
    height_of,
    legend_above,
    short_names,
    width_of,
    with_notes,
)
from skmtl.meta.pipelines import fitted_final, task_labels, with_task_column
from skmtl.metrics import task_score


class TaskScoreDisplay(Display):
    """Score of each task, the largest on top, and of a baseline beside it.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`. The dashed line is the mean
    over tasks.

    Parameters
    ----------
    scores : array-like of shape (n_tasks,)
        NaN where a task has no score; such tasks are counted below the axis, not drawn.
    tasks : array-like of shape (n_tasks,)
        Labels.
    baseline_scores : array-like of shape (n_tasks,), default=None
    score_name : str, default="score"
    name, baseline_name : str
        Of the models, in the legend.

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure

    See Also
    --------
    task_score : The scores as numbers.
    TaskGainDisplay : With intervals, from many splits.

    Examples
    --------
    >>> from skmtl import IndependentTasks, MultiTaskLasso, make_multitask_regression
    >>> from skmtl.inspection import TaskScoreDisplay
    >>> from sklearn.linear_model import LinearRegression
    >>> data = make_multitask_regression(n_tasks=4, own_inputs=True, noise=1.0, random_state=0)
    >>> train, test = slice(0, None, 2), slice(1, None, 2)
    >>> model = MultiTaskLasso(alpha=0.1, task_column=-1).fit(data.X[train], data.y[train])
    >>> alone = IndependentTasks(LinearRegression(), task_column=-1)
    >>> alone = alone.fit(data.X[train], data.y[train])
    >>> display = TaskScoreDisplay.from_estimator(
    ...     model, data.X[test], data.y[test], baseline=alone
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
        baseline=None,
        ax=None,
    ):
        """Draw the scores of a fitted estimator.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            Fitted.
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets, NaN where one is missing.
        metric : callable, default=None
            ``metric(y_true, y_pred)`` of 1-D arrays. None is R^2 for regressors and accuracy for
            classifiers. Tasks with fewer than two labels have no score.
        task_column : str or int, default=None
            Column of X with the task ids; None takes that of the estimator. A pipeline whose last
            step finds them by position needs it, since steps may move columns.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, where they are no column of X.
        baseline : estimator, default=None
            Another fitted one, to compare with.
        ax : matplotlib axes, default=None
            None makes a figure.

        Returns
        -------
        TaskScoreDisplay

        Raises
        ------
        ValueError
            Where the tasks of the rows cannot be known.
        """
        if tasks is None:
            _, task_column = with_task_column(estimator, X, task_column)
        labels, names, _ = task_labels(X, y, task_column, tasks)
        final = fitted_final(estimator)
        if labels is None and len(getattr(final, "tasks_", ())) == len(names):
            names = final.tasks_
        if metric is None:
            classifies = get_tags(final).estimator_type == "classifier"
            metric = accuracy_score if classifies else r2_score
        models = [estimator] if baseline is None else [estimator, baseline]
        predictions = [_predict(model, X, tasks) for model in models]
        scores, *others = _scores(y, predictions, metric, labels)
        display = cls(
            scores,
            tasks=names,
            baseline_scores=others[0] if others else None,
            score_name=_name_of(metric),
            name=type(final).__name__,
            baseline_name="" if baseline is None else type(fitted_final(baseline)).__name__,
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
        baseline=None,
        name="model",
        baseline_name="baseline",
        ax=None,
    ):
        """Draw the scores of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets, NaN where one is missing; 1-D together with `tasks`.
        y_pred : array-like of the shape of `y_true`
        metric : callable, default=sklearn.metrics.r2_score
            ``metric(y_true, y_pred)`` of 1-D arrays.
        tasks : array-like of shape (n_samples,), default=None
            Task ids of the rows.
        baseline : array-like of the shape of `y_true`, default=None
            Predictions to compare with.
        name, baseline_name : str
            What the legend calls the two.
        ax : matplotlib axes, default=None

        Returns
        -------
        TaskScoreDisplay
        """
        labels, names, _ = task_labels(None, y_true, None, tasks)
        predictions = [y_pred] if baseline is None else [y_pred, baseline]
        scores, *others = _scores(y_true, predictions, metric, labels)
        display = cls(
            scores,
            tasks=names,
            baseline_scores=others[0] if others else None,
            score_name=_name_of(metric),
            name=name,
            baseline_name=baseline_name,
        )
        return display.plot(ax=ax)

    def _draw(self, ax):
        """Draw into these axes, or those of a new figure; return them."""
        scores = np.asarray(self.scores, dtype=float)
        others = self.baseline_scores
        others = np.full(len(scores), np.nan) if others is None else np.asarray(others, dtype=float)
        drawn = np.flatnonzero(np.isfinite(scores))
        drawn = drawn[np.argsort(scores[drawn], kind="stable")]
        rows, scores, others = np.arange(len(drawn)), scores[drawn], others[drawn]
        names = short_names(np.asarray(self.tasks)[drawn])
        ax = axes_of(ax, width_of(names), height_of(len(drawn)))
        size = 36 if len(drawn) < 60 else 16
        if self.baseline_scores is not None:
            ax.hlines(rows, scores, others, color=GREY, linewidth=1, alpha=0.7)
            marks = {"facecolors": "white", "edgecolors": GREY, "marker": "D", "zorder": 3}
            ax.scatter(others, rows, size * 0.7, label=self.baseline_name, **marks)
        ax.scatter(scores, rows, size, color=BLUE, zorder=4, label=self.name)
        if len(drawn) > 1:
            mean = scores.mean()
            ax.axvline(mean, color=BLUE, linestyle="--", linewidth=1, label=f"mean {mean:.3g}")
        lost = len(self.scores) - len(drawn)
        notes = [f"{count(lost, 'task')} without a score"] if lost else []
        ax.set(xlabel=with_notes(self.score_name, notes), ylim=(-0.7, max(len(drawn), 1) - 0.3))
        ax.grid(axis="y", alpha=0.25)
        ax.set_axisbelow(True)
        legend_above(ax, n_columns=3)
        fit_names(ax, y=names)
        return ax


def _predict(estimator, X, tasks):
    """Predictions, told the tasks where the estimator was fitted so."""
    if getattr(fitted_final(estimator), "_layout", None) != "tasks":
        return estimator.predict(X)
    return getattr(estimator, "best_estimator_", estimator).predict(X, tasks=tasks)


def _scores(y, predictions, metric, labels):
    """The scores of tasks for each of some predictions."""
    return [task_score(y, z, metric=metric, tasks=labels, average=None) for z in predictions]


def _name_of(metric):
    return getattr(metric, "__name__", "score").replace("_", " ")
