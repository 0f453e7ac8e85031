"""Pictures of a comparison: gains of tasks or of estimators, errors, splits."""

from skmtl._data.checks import check_option
from skmtl.inspection._error_panels import (
    errors_of_splits,
    errors_of_splits_of_models,
    errors_of_tasks,
)
from skmtl.inspection._gain_panels import gains_by_size, gains_of_models, gains_of_tasks
from skmtl.inspection._style import Display


class TaskGainDisplay(Display):
    """Pictures of the result of :func:`compare_to_single_task`.

    Triangles that point up are tasks that sharing helped, triangles that point down are tasks that
    it harmed, and grey dots are open. Filled triangles are helped or harmed, hollow ones only
    probably. Gains are relative: 10 % is an error 10 % smaller than that of the task alone. Their
    axes are logarithmic: an error that halves (+50 %) and one that doubles (-100 %) are equally far
    from 0. Gains far from all others are drawn at an edge, which is never nearer than -200 % or
    +67 %. Tasks that are not judged are not drawn, and the picture says how many there are.

    Parameters
    ----------
    report : TransferReport or TransferRanking
        The result of :func:`compare_to_single_task`.
    kind : {"gain", "scatter", "size", "splits"}, default="gain"
        What is drawn, see :meth:`from_report`.

    Attributes
    ----------
    ax_ : matplotlib axes
        Axes of the picture.
    figure_ : matplotlib figure
        Figure that holds the axes.

    See Also
    --------
    TaskScoreDisplay : Scores of one fitted estimator.

    Examples
    --------
    >>> from skmtl import MultiTaskLassoCV, compare_to_single_task, make_multitask_regression
    >>> from skmtl.inspection import TaskGainDisplay
    >>> data = make_multitask_regression(n_samples=20, n_tasks=3, random_state=0)
    >>> model = MultiTaskLassoCV(alphas=20)
    >>> report = compare_to_single_task(model, data.X, data.y, cv=3, random_state=0)
    >>> display = TaskGainDisplay.from_report(report, kind="scatter")
    >>> display.ax_.get_xlabel()
    'error alone (root mean squared error)'
    """

    def __init__(self, report, *, kind="gain"):
        self.report = report
        self.kind = kind

    @classmethod
    def from_report(cls, report, *, kind="gain", ax=None):
        """Draw a report.

        Parameters
        ----------
        report : TransferReport or TransferRanking
            The result of :func:`compare_to_single_task`.
        kind : {"gain", "scatter", "size", "splits"}, default="gain"
            "gain" has a line for each task, the largest gain on top, with its interval; the black
            stroke is the task's own estimate (an arrow at an end of the axis: it is beyond that
            end), and the band is the median gain with its interval. Of more than 60 tasks, those
            helped or harmed have a name. For several estimators it has a line for each estimator,
            with the gains of all tasks and their median with its interval.
            "scatter" draws the error of a task alone against that with sharing: sharing helped
            below the diagonal. "size" draws the gain against the number of training samples, with
            the typical gain of a task of that size. "splits" has a line for each method: its mean
            error over tasks in every split, the middle half as a bar, the median as a stroke; thin
            lines join the same split.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        TaskGainDisplay

        Raises
        ------
        ValueError
            If the kind is unknown, or if it is "scatter" or "size" for several estimators.
        """
        return cls(report, kind=kind).plot(ax=ax)

    def _draw(self, ax):
        check_option(self.kind, "kind", tuple(_OF_ONE))
        has_several = hasattr(self.report, "ranking_")
        panels = _OF_SEVERAL if has_several else _OF_ONE
        if self.kind not in panels:
            name = next(iter(self.report.reports_))
            raise ValueError(
                f"kind={self.kind!r} is of one estimator, but the report has several: use "
                f"report[{name!r}].plot(kind={self.kind!r})."
            )
        draw = panels[self.kind]
        return draw(self.report, ax)


_OF_ONE = {
    "gain": gains_of_tasks,
    "scatter": errors_of_tasks,
    "size": gains_by_size,
    "splits": errors_of_splits,
}
_OF_SEVERAL = {
    "gain": gains_of_models,
    "splits": errors_of_splits_of_models,
}
