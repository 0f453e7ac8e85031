"""The result of a comparison for one estimator: its table, its summary and a verdict."""

from skmtl._data.task_ids import name_of_task
from skmtl.evaluation._formatting import (
    as_frame,
    count_text,
    gain_texts,
    methods_table,
    number_text,
)
from skmtl.evaluation._html import report_html
from skmtl.evaluation._verdict import report_verdict
from skmtl.inspection import TaskGainDisplay

_MAX_LINES = 60  # of the table as text


class TransferReport:
    """The result of :func:`compare_to_single_task` for one estimator; print it for the verdict.

    Errors are those of `error_name`; smaller is better. The methods are "single" (each task on its
    own), "multi" (the estimator), "intercept" (common coefficients, an intercept for each task) and
    "pooled" (all tasks as one).

    Attributes
    ----------
    table_ : structured ndarray of shape (n_tasks,)
        Fields task, n_train, n_test (mean numbers of targets over splits), error_single,
        error_multi, error_intercept, error_pooled (NaN if the method was left out), gain, ci_low,
        ci_high, p_value, p_adjusted, verdict ("positive transfer", "negative transfer",
        "inconclusive" or "not judged"), note. Gains are relative: 0.1 is an error 10 % smaller than
        that of the task alone. Tasks of a single class or a constant target, without errors, or
        without an error alone are not judged: their gain is NaN, their note gives the reason, and
        they are left out of the numbers over all tasks and of the number of tests.
    summary_ : dict
        delta_m (mean gain over tasks), delta_m_low and delta_m_high (bootstrap over test samples,
        the fits kept), median_gain, share_negative (share of tasks with a gain below 0),
        worst_task, worst_gain, n_judged (number of tasks with a gain), n_positive and n_negative
        (numbers of verdicts), wilcoxon_p (of the signed-rank test of the gains). Then a dict
        {method: value} for each of mean_error (over tasks, in the units of their targets: those of
        the largest errors dominate) and mean_rank (over tasks), fit_time and predict_time (mean
        seconds of a split), n_unconverged (ConvergenceWarnings of the fits) and, with
        ``model_figures=True``, n_nonzero, rank and dof (effective degrees of freedom, for
        regressors) of the model of all samples.
    cv_results_ : dict
        ``errors`` of shape (n_splits, n_tasks, n_methods), NaN where a split does not test a task;
        ``methods``; ``tasks``; ``is_judged`` (False for tasks of one class or a constant target)
        and ``rounding`` (errors up to these are 0) of shape (n_tasks,); ``n_train`` and ``n_test``
        of shape (n_splits, n_tasks);
        ``fit_time`` and ``predict_time`` of shape (n_splits, n_methods), in seconds.
    confidence_level : float
        Level of the intervals.
    error_name : str
        Name of the error.
    """

    def __init__(self, table, summary, cv_results, gains, confidence_level, error_name):
        self.table_ = table
        self.summary_ = summary
        self.cv_results_ = cv_results
        self._gains = gains
        self.confidence_level = confidence_level
        self.error_name = error_name

    def to_frame(self):
        """Return the table as a pandas frame with the tasks as its index.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed (``pip install "skmtl[pandas]"``).
        """
        return as_frame(self.table_, "task")

    def plot(self, *, kind="gain", ax=None):
        """Draw the report, see :class:`~skmtl.inspection.TaskGainDisplay`.

        Parameters
        ----------
        kind : {"gain", "scatter", "size", "splits"}, default="gain"
            Gains with their intervals, error alone against error with sharing, gain against
            number of training samples, or mean errors over splits.
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        TaskGainDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed (``pip install "skmtl[plot]"``).
        """
        return TaskGainDisplay.from_report(self, kind=kind, ax=ax)

    def size_curve(self, n_train):
        """Return the typical gain of tasks with so many training rows.

        Parameters
        ----------
        n_train : array-like
            Numbers of training rows.

        Returns
        -------
        gain, low, high : ndarray
            The gain and the ends of its interval, in the shape of `n_train`; NaN if no task is
            judged.
        """
        return self._gains.size_curve(n_train)

    def verdict(self):
        """Say in sentences what the numbers allow to conclude.

        Returns
        -------
        str
        """
        return report_verdict(self)

    def __str__(self):
        methods = self.cv_results_["methods"]
        blocks = [
            _table_text(self.table_, methods),
            "\n".join(methods_table(self.summary_, methods)),
            f"Wilcoxon signed ranks over tasks: p = {self.summary_['wilcoxon_p']:.2g}",
            self.verdict(),
        ]
        return "\n\n".join(blocks)

    def _repr_html_(self):
        return report_html(self)

    def __repr__(self):
        n_splits, n_tasks, _ = self.cv_results_["errors"].shape
        gain = self.summary_["delta_m"]
        return f"<TransferReport: {n_tasks} tasks, {n_splits} splits, delta_m {gain:+.1%}>"


def _table_text(table, methods):
    """Text of the table, one line for each task; the middle of long tables is left out."""
    longest = max(len(name_of_task(task)) for task in table["task"])
    width = 1 + max(6, longest)
    lines = [_head(methods, width)]
    lines += [_line(record, methods, width) for record in table]
    if len(lines) > _MAX_LINES:
        half = _MAX_LINES // 2
        omitted = f"... {len(lines) - _MAX_LINES} more in table_ ..."
        lines = [*lines[:half], omitted, *lines[-half:]]
    return "\n".join(lines)


def _head(methods, width):
    line = f"{'task':<{width}}{'train':>7}{'test':>7}"
    for method in methods:
        line += f"{method:>10}"
    return line + f"{'gain':>9}  {'interval of gain':<21}{'p adj.':>8}  verdict"


def _line(record, methods, width):
    """The line of one task."""
    task = name_of_task(record["task"])
    n_train = count_text(record["n_train"])
    n_test = count_text(record["n_test"])
    gain, interval = gain_texts(record)
    line = f"{task:<{width}}{n_train:>7}{n_test:>7}"
    for method in methods:
        error = number_text(record[f"error_{method}"], ".4g")
        line += f"{error:>10}"
    line += f"{gain:>9}  {interval:<21}"
    p_adjusted = number_text(record["p_adjusted"], ".2g")
    line += f"{p_adjusted:>8}  {record['verdict']}"
    if record["note"]:
        line += f" ({record['note']})"
    return line
