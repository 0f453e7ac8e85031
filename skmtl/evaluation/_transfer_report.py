"""The result of a comparison in words: the text of its table, its summary, a verdict."""

from textwrap import fill

import numpy as np

from skmtl._data.task_ids import label_of
from skmtl.evaluation._figures import count_text, figure_text, gain_texts, methods_table
from skmtl.evaluation._html import report_html
from skmtl.inspection import TaskGainDisplay


class TransferReport:
    """What :func:`compare_to_single_task` found of one estimator; print it for the verdict.

    Errors are those of `error_name`, the smaller the better. Methods: "single" (each task alone),
    "multi" (the estimator), "intercept" (pooled slopes, an intercept for each task) and "pooled"
    (all as one).

    Attributes
    ----------
    table_ : structured ndarray of shape (n_tasks,)
        Fields task, n_train, n_test (mean rows a split), error_single, error_multi,
        error_intercept, error_pooled (NaN where left out), gain, ci_low, ci_high, p_value,
        p_adjusted, verdict ("positive transfer", "negative transfer" or "inconclusive"), note.
        Gains are relative: 0.1 is an error 10 % smaller than that of the task alone. Where a figure
        is NaN, the note says why; such tasks are left out of the figures over all tasks.
    summary_ : dict
        delta_m (mean gain over tasks), delta_m_low and delta_m_high (bootstrap over test rows, the
        fits kept), median_gain, share_negative (tasks with a gain below 0), worst_task,
        worst_gain, n_positive and n_negative (verdicts), wilcoxon_p (signed ranks of the tasks'
        gains), and for each method mean_error and mean_rank (over tasks), fit_time and
        predict_time (seconds a split), n_unconverged (ConvergenceWarnings of its fits) and, with
        ``model_figures=True``, n_nonzero, rank and dof (effective degrees of freedom, of
        regressors) of the model of all rows.
    cv_results_ : dict
        ``errors`` (n_splits, n_tasks, n_methods), NaN where a split tests nothing of a task,
        ``methods``, ``tasks``, ``n_train`` and ``n_test`` (n_splits, n_tasks), ``fit_time`` and
        ``predict_time`` (n_splits, n_methods).
    confidence_level : float
    error_name : str
    """

    def __init__(self, table, summary, cv_results, confidence_level, error_name):
        self.table_, self.summary_, self.cv_results_ = table, summary, cv_results
        self.confidence_level, self.error_name = confidence_level, error_name

    def to_frame(self):
        """The table as a pandas frame, tasks as the index.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ImportError
            Without pandas (``pip install "skmtl[pandas]"``).
        """
        return as_frame(self.table_, "task")

    def plot(self, *, kind="gain", ax=None):
        """Draw it, see :class:`~skmtl.inspection.TaskGainDisplay`.

        Parameters
        ----------
        kind : {"gain", "scatter", "size", "splits"}, default="gain"
            Gains with their intervals, error alone against error with sharing, gain against
            training rows, or mean errors over splits.
        ax : matplotlib axes, default=None

        Returns
        -------
        TaskGainDisplay

        Raises
        ------
        ImportError
            Without matplotlib (``pip install "skmtl[plot]"``).
        """
        return draw(self, kind, ax)

    def verdict(self):
        """What the figures allow to say, in sentences.

        Returns
        -------
        str
        """
        sentences = [*_of_means(self), *_of_tasks(self), *_doubts(self)]
        return "\n".join(fill(sentence, 100) for sentence in sentences)

    def __str__(self):
        methods = self.cv_results_["methods"]
        lines = [_format_table(self.table_, methods), "", *methods_table(self.summary_, methods)]
        lines += ["", f"Wilcoxon signed ranks over tasks: p = {self.summary_['wilcoxon_p']:.2g}"]
        return "\n".join([*lines, "", self.verdict()])

    def _repr_html_(self):
        return report_html(self)

    def __repr__(self):
        n_splits, n_tasks, _ = self.cv_results_["errors"].shape
        gain = self.summary_["delta_m"]
        return f"<TransferReport: {n_tasks} tasks, {n_splits} splits, delta_m {gain:+.1%}>"


def draw(report, kind, ax):
    """The display of a report."""
    return TaskGainDisplay.from_report(report, kind=kind, ax=ax)


def as_frame(table, index):
    """A structured array as a pandas frame."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError('to_frame needs pandas: pip install "skmtl[pandas]"') from error
    return pd.DataFrame.from_records(table, index=index)


def _of_means(report):
    """Sentences on the means over tasks."""
    s, errors = report.summary_, report.summary_["mean_error"]
    level = f"{report.confidence_level:.0%}"
    change = _change(errors)
    yield (
        f"Sharing {'lowered' if change < 0 else 'raised'} the mean error over tasks "
        f"({report.error_name.replace('_', ' ')}) from {errors['single']:.4g} to "
        f"{errors['multi']:.4g} ({change:+.1%})."
    )
    if np.isnan(s["delta_m"]):
        yield "No task has a relative gain; the notes in the table say why."
        return
    yield (
        f"The mean relative gain of a task is {s['delta_m']:+.1%} ({level} interval "
        f"{s['delta_m_low']:+.1%} to {s['delta_m_high']:+.1%}), the median "
        f"{s['median_gain']:+.1%}."
    )
    yield (
        f"{s['share_negative']:.0%} of the tasks did worse than alone; the worst is task "
        f"{label_of(s['worst_task'])} ({s['worst_gain']:+.1%})."
    )


def _of_tasks(report):
    """Sentences on single tasks."""
    s, n = report.summary_, len(report.table_)
    yield (
        f"Taken one by one, {s['n_positive']} of {n} tasks gained and {s['n_negative']} lost "
        f"beyond doubt at {report.confidence_level:.0%} (corrected for overlapping splits and for "
        f"{n} tests)."
    )
    noted = np.flatnonzero(report.table_["note"] != "")
    if len(noted):
        first = report.table_[noted[0]]
        yield (
            f"{len(noted)} task(s) have a note, such as {label_of(first['task'])}: {first['note']}."
        )


def _doubts(report):
    """Sentences on what speaks against the figures."""
    s, errors = report.summary_, report.summary_["mean_error"]
    if s["delta_m"] * s["median_gain"] < 0 or s["delta_m"] * _change(errors) > 0:
        yield (
            "These disagree: relative gains explode for tasks that are nearly perfect alone. "
            "Look at the table before you decide."
        )
    if np.mean(report.table_["n_test"]) > np.mean(report.table_["n_train"]):
        yield (
            "The test sets are larger than the training sets, where the corrected intervals "
            "of single tasks are very wide."
        )
    if errors.get("pooled", np.inf) < errors["multi"]:
        yield (
            "One pooled model for all tasks had a SMALLER mean error than the multi-task "
            "model: the tasks may be one."
        )
    elif errors.get("intercept", np.inf) < errors["multi"]:
        yield (
            "One model for all tasks with an intercept for each had a SMALLER mean error than the "
            "multi-task model: the tasks may differ in their levels only."
        )
    for name, count in s["n_unconverged"].items():
        if count:
            yield f"Fits of {name} warned {count} time(s) that they did not converge."


def _change(errors):
    """Relative change of the mean error."""
    return errors["multi"] / errors["single"] - 1 if errors["single"] > 0 else 0.0


def _format_table(table, methods, limit=60):
    """Text of the table, one line a task; the middle is left out of very long ones."""
    width = max(6, *(len(label_of(task)) for task in table["task"])) + 1
    head = f"{'task':<{width}}{'train':>7}{'test':>7}"
    head += "".join(f"{method:>10}" for method in methods)
    lines = [head + f"{'gain':>9}  {'interval of gain':<21}{'p adj.':>8}  verdict"]
    for row in table:
        counts = [count_text(row[name]) for name in ("n_train", "n_test")]
        line = f"{label_of(row['task']):<{width}}{counts[0]:>7}{counts[1]:>7}"
        errors = [figure_text(row[f"error_{method}"], ".4g") for method in methods]
        line += "".join(f"{error:>10}" for error in errors)
        gain, interval = gain_texts(row)
        line += f"{gain:>9}  {interval:<21}{row['p_adjusted']:8.2g}  {row['verdict']}"
        lines.append(line + (f" ({row['note']})" if row["note"] else ""))
    if len(lines) > limit:
        half = limit // 2
        lines = [*lines[:half], f"... {len(lines) - limit} more in table_ ...", *lines[-half:]]
    return "\n".join(lines)
