"""The result of a comparison in words: the text of its table, its summary, a verdict."""

from textwrap import fill

import numpy as np


class ComparisonReport:
    """What :func:`compare_to_single_task` found; print it for the verdict.

    Attributes
    ----------
    table_ : structured ndarray of shape (n_tasks,)
        Fields task, n_train, n_test (mean rows a split), error_single, error_multi,
        error_pooled (NaN without it), gain, ci_low, ci_high, p_value, p_adjusted, verdict
        ("positive transfer", "negative transfer" or "inconclusive"). Gains are relative: 0.1 is an
        error 10 % smaller than that of the task alone.
    summary_ : dict
        delta_m (mean gain over tasks), delta_m_low and delta_m_high (bootstrap over test rows, the
        fits kept), median_gain, share_negative (tasks with a gain below 0), worst_task,
        worst_gain, n_positive and n_negative (verdicts), wilcoxon_p (signed ranks of the tasks'
        gains), and for each method mean_error, mean_rank, seconds (fit and predict, a split) and
        n_unconverged (ConvergenceWarnings of its fits).
    cv_results_ : dict
        ``errors`` (n_splits, n_tasks, n_methods), NaN where a split tests nothing of a task,
        ``methods``, ``tasks``, ``n_train`` and ``n_test`` (n_splits, n_tasks).
    """

    def __init__(self, table, summary, cv_results, confidence_level):
        self.table_, self.summary_, self.cv_results_ = table, summary, cv_results
        self.confidence_level = confidence_level

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
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError('to_frame needs pandas: pip install "skmtl[pandas]"') from error
        return pd.DataFrame.from_records(self.table_, index="task")

    def verdict(self):
        """What the figures allow to say, in sentences.

        Returns
        -------
        str
        """
        s, n = self.summary_, len(self.cv_results_["tasks"])
        level, errors = f"{self.confidence_level:.0%}", s["mean_error"]
        low, high = s["delta_m_low"], s["delta_m_high"]
        change = errors["multi"] / errors["single"] - 1 if errors["single"] > 0 else 0.0
        direction = "lowered" if change < 0 else "raised"
        lines = [
            f"Sharing {direction} the mean error over tasks from {errors['single']:.4g} to "
            f"{errors['multi']:.4g} ({change:+.1%}).",
            f"The mean relative gain of a task is {s['delta_m']:+.1%} ({level} interval {low:+.1%} "
            f"to {high:+.1%}), the median {s['median_gain']:+.1%}.",
            f"{s['share_negative']:.0%} of the tasks did worse than alone; the worst is task "
            f"{_label(s['worst_task'])} ({s['worst_gain']:+.1%}).",
            f"Taken one by one, {s['n_positive']} of {n} tasks gained and {s['n_negative']} lost "
            f"beyond doubt at {level} (corrected for overlapping splits and for {n} tests).",
        ]
        if s["delta_m"] * s["median_gain"] < 0 or s["delta_m"] * change > 0:
            lines.append(
                "These disagree: relative gains explode for tasks that are nearly perfect alone. "
                "Look at the table before you decide."
            )
        if np.mean(self.table_["n_test"]) > np.mean(self.table_["n_train"]):
            lines.append(
                "The test sets are larger than the training sets, where the corrected intervals "
                "of single tasks are very wide."
            )
        if errors.get("pooled", np.inf) < errors["multi"]:
            lines.append(
                "One pooled model for all tasks had a SMALLER mean error than the multi-task "
                "model: the tasks may be one."
            )
        for name, count in s["n_unconverged"].items():
            if count:
                lines.append(f"Fits of {name} warned {count} time(s) that they did not converge.")
        return "\n".join(fill(line, 100) for line in lines)

    def __str__(self):
        s = self.summary_
        lines = [_format_table(self.table_, "pooled" in self.cv_results_["methods"]), ""]
        lines.append(f"{'':10}{'mean error':>12}{'mean rank':>12}{'seconds/split':>15}")
        for name in self.cv_results_["methods"]:
            lines.append(
                f"{name:10}{s['mean_error'][name]:12.4g}{s['mean_rank'][name]:12.2f}"
                f"{s['seconds'][name]:15.2f}"
            )
        lines += ["", f"Wilcoxon signed ranks over tasks: p = {s['wilcoxon_p']:.2g}"]
        return "\n".join([*lines, "", self.verdict()])

    def __repr__(self):
        n_splits, n_tasks, _ = self.cv_results_["errors"].shape
        gain = self.summary_["delta_m"]
        return f"<ComparisonReport: {n_tasks} tasks, {n_splits} splits, delta_m {gain:+.1%}>"


def _label(task):
    """A task's name in text; whole floats (ids in a float array) without their point."""
    whole = isinstance(task, float | np.floating) and float(task).is_integer()
    return str(int(task)) if whole else str(task)


def _format_table(table, pooled, limit=60):
    """Text of the table, one line a task; the middle is left out of very long ones."""
    width = max(6, *(len(_label(task)) for task in table["task"])) + 1
    head = f"{'task':<{width}}{'train':>7}{'test':>7}{'single':>10}{'multi':>10}"
    head += f"{'pooled':>10}" if pooled else ""
    head += f"{'gain':>9}  {'interval of gain':<21}{'p adj.':>8}  verdict"
    lines = [head]
    for row in table:
        line = f"{_label(row['task']):<{width}}{row['n_train']:7.0f}{row['n_test']:7.0f}"
        line += f"{row['error_single']:10.4g}{row['error_multi']:10.4g}"
        line += f"{row['error_pooled']:10.4g}" if pooled else ""
        interval = f"[{row['ci_low']:+.1%}, {row['ci_high']:+.1%}]"
        line += f"{row['gain']:+9.1%}  {interval:<21}{row['p_adjusted']:8.2g}  {row['verdict']}"
        lines.append(line)
    if len(lines) > limit:
        half = limit // 2
        lines = [*lines[:half], f"... {len(lines) - limit} more in table_ ...", *lines[-half:]]
    return "\n".join(lines)
