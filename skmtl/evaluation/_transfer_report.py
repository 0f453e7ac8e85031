"""The result of a comparison for one estimator: its table, its summary and what they say."""

import numpy as np

from skmtl.evaluation._reports.cautions import find_cautions
from skmtl.evaluation._reports.details import report_details
from skmtl.evaluation._reports.formatting import as_frame, gain_text
from skmtl.evaluation._reports.html import report_html
from skmtl.evaluation._reports.markdown import report_markdown
from skmtl.evaluation._reports.report_text import report_text, verdict_text
from skmtl.evaluation._reports.task_noun import noun_of
from skmtl.inspection import TaskGainDisplay

_ROWS = 12  # of the table of tasks


class TransferReport:
    """The result of :func:`compare_to_single_task` for one estimator; print it for the verdict.

    Errors are those of `error_name`; smaller is better. The methods are "single" (each task on its
    own), "multi" (the estimator), and the rivals: "intercept" (common coefficients, an intercept
    for each task), "pooled" (all tasks as one), and those that were passed.

    A gain is relative: 0.1 is an error 10 % smaller than that of the task alone, and -0.1 one that
    is 10 % larger. What all tasks say about the gain of a task enters its posterior distribution
    (:doc:`/compare`).

    Attributes
    ----------
    table_ : structured ndarray of shape (n_tasks,)
        A record for each task:

        - task; n_train and n_test, the mean numbers of its targets in a split;
        - error_single, error_multi, and the error of each rival (NaN if it is undefined);
        - gain, ci_low, ci_high: mean and interval of the posterior distribution of its gain, the
          interval extended to `own_gain`; p_harm, the posterior probability of a loss (NaN if the
          predictions are the same);
        - own_gain, the estimate from the task alone; own_se and own_dof, the standard error of its
          logarithm ``-log(1 - own_gain)`` and the degrees of freedom of that; own_rows, the number
          of distinct samples, or groups of them, that are tested;
        - t_low, t_high and t_p_value of the corrected resampled t-test, which uses the task alone;
          p-values are adjusted by the method of Holm;
        - verdict: "helped" or "harmed" (the probability of the other sign is at most 1 %, and
          `own_gain` has this sign; from five samples on), "probably helped" or "probably harmed"
          (at most 10 %), "open", or "not judged";
        - note.

        Tasks of a single class or a constant target, without errors, or without an error alone are
        not judged: their gain is NaN, their note gives the reason, and they are left out of all
        numbers over tasks.
    summary_ : dict
        Over the tasks that are judged:

        - median_gain, and its interval median_gain_low and median_gain_high;
        - share_gain, the share of tasks that gain, share_gain_low and share_gain_high;
        - new_task_low and new_task_high, the interval of the gain of a new task of median size;
        - typical_gain, the center of the distribution of gains; spread, the standard deviation of
          the logarithms of error ratios over tasks; size_power, the power of the size of a task by
          which gains shrink; correlation of the errors of tasks;
        - n_judged, and the numbers of verdicts: n_helped, n_probably_helped, n_open,
          n_probably_harmed, n_harmed; worst_task and worst_gain;
        - rivals: ``{method: (median gain of "multi" over it, low, high)}``;
        - cautions: short codes of what the report warns of.

        Then a dict {method: value} for each of mean_error (over tasks, in the units of their
        targets: those of the largest errors dominate) and mean_rank (over tasks), fit_time and
        predict_time (mean seconds of a split), n_unconverged (ConvergenceWarnings of the fits) and,
        with ``model_figures=True``, n_nonzero, rank and dof (effective degrees of freedom, for
        regressors) of the model of all samples.
    cv_results_ : dict
        ``errors`` of shape (n_splits, n_tasks, n_methods), NaN where a split does not test a task,
        and ``task_errors`` of all splits together, (n_tasks, n_methods); ``methods``; ``tasks``;
        ``is_judged`` (False for tasks of one class or a constant target), ``rounding`` (errors up
        to these are 0) and ``floor`` (mean losses that count as nothing) of shape (n_tasks,);
        ``shares_rows``, whether tasks have targets of the same samples (wide data); ``n_train`` and
        ``n_test`` of shape (n_splits, n_tasks); ``fit_time`` and ``predict_time`` of shape
        (n_splits, n_methods), in seconds.
    confidence_level : float
        Level of the intervals.
    error_name : str
        Name of the error.
    noun : TaskNoun
        What the report calls a task (`one`) and several (`many`): by the name of the column of the
        task ids, or of the Series `tasks`, if this is a word.
    """

    def __init__(
        self,
        table,
        summary,
        cv_results,
        gains,
        confidence_level,
        error_name,
        task_column=None,
    ):
        self.table_ = table
        self.summary_ = dict(summary)
        self.cv_results_ = cv_results
        self._gains = gains
        self.confidence_level = confidence_level
        self.error_name = error_name
        self.noun = noun_of(task_column)
        self.summary_["cautions"] = [caution.code for caution in find_cautions(self)]

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
        """Return the typical gain of tasks with so many training samples.

        Parameters
        ----------
        n_train : array-like
            Numbers of training samples.

        Returns
        -------
        gain, low, high : ndarray
            The gain and the ends of its interval, in the shape of `n_train`; NaN if no task is
            judged.

        Raises
        ------
        ValueError
            If a number is negative or missing.
        """
        numbers = np.asarray(n_train, dtype=float)
        if not (numbers >= 0).all():
            raise ValueError(f"n_train must be numbers of samples, at least 0, got {n_train!r}.")
        return self._gains.size_curve(numbers)

    def verdict(self):
        """Say in sentences what the numbers allow to conclude.

        Returns
        -------
        str
        """
        return verdict_text(self)

    def details(self):
        """Say the rest: all methods, numbers over tasks, cautions, notes, the t-test of each task.

        Returns
        -------
        str
        """
        return report_details(self)

    def to_text(self, rows=_ROWS):
        """Return the report as text.

        Parameters
        ----------
        rows : int or None, default=12
            Most lines of the table of tasks, at least 4. The surest gains and the largest losses
            are shown. None shows all tasks in their order.

        Returns
        -------
        str
        """
        return report_text(self, rows)

    def to_markdown(self, rows=_ROWS):
        """Return the report in Markdown.

        Parameters
        ----------
        rows : int or None, default=12
            As in :meth:`to_text`.

        Returns
        -------
        str
        """
        return report_markdown(self, rows)

    def __str__(self):
        return self.to_text()

    def _repr_html_(self):
        return report_html(self)

    def __repr__(self):
        n_splits, n_tasks, _ = self.cv_results_["errors"].shape
        gain = gain_text(self.summary_["median_gain"])
        return f"<TransferReport: {n_tasks} tasks, {n_splits} splits, median gain {gain}>"
