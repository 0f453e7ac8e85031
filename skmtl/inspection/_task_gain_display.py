"""What a comparison found: gains of tasks or of models, errors, splits."""

from skmtl._data.checks import check_option
from skmtl.inspection import _gain_panels as panels
from skmtl.inspection._style import Display


class TaskGainDisplay(Display):
    """Pictures of what :func:`compare_to_single_task` found.

    Blue triangles that point up are tasks of positive transfer, red ones that point down of
    negative transfer, grey dots are inconclusive. Gains are relative: 10 % is an error 10 % smaller
    than that of the task alone. A gain below -200 % is drawn at that edge; one that is NaN or
    infinite is not drawn, and the picture says how many there are.

    Parameters
    ----------
    report : TransferReport or TransferRanking
    kind : {"gain", "scatter", "size", "splits"}, default="gain"
        See :meth:`from_report`.

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure

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
        kind : {"gain", "scatter", "size", "splits"}, default="gain"
            "gain" has a row for each task, the largest gain on top, with its interval; the band is
            the mean gain with its own. Of several estimators it has a row for each, with the gains
            of all tasks as dots and their mean with its interval. "scatter" is the error of a task
            alone against that with sharing: below the diagonal sharing helped. "size" is the gain
            against the training rows of the task. "splits" has a row for each method: its mean
            error over tasks in every split, the middle half as a bar, the median as a stroke; thin
            lines join the same split.
        ax : matplotlib axes, default=None
            None makes a figure.

        Returns
        -------
        TaskGainDisplay

        Raises
        ------
        ValueError
            For an unknown kind, and for "scatter" and "size" of several estimators.
        """
        return cls(report, kind=kind).plot(ax=ax)

    def _draw(self, ax):
        """Draw into these axes, or those of a new figure; return them."""
        check_option(self.kind, "kind", tuple(_OF_ONE))
        several = hasattr(self.report, "ranking_")
        if several and self.kind not in _OF_SEVERAL:
            raise ValueError(
                f"kind={self.kind!r} is of one estimator, but the report has several: use "
                f"report[{next(iter(self.report.reports_))!r}].plot(kind={self.kind!r})."
            )
        draw = (_OF_SEVERAL if several else _OF_ONE)[self.kind]
        return draw(self.report, ax)


_OF_ONE = {
    "gain": panels.gains_of_tasks,
    "scatter": panels.errors_of_tasks,
    "size": panels.gains_by_size,
    "splits": panels.errors_of_splits,
}


_OF_SEVERAL = {"gain": panels.gains_of_models, "splits": panels.errors_of_splits}
