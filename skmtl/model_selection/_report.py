"""The result of a comparison: a table by task, a summary, a verdict in words."""

import numpy as np
from scipy import stats

from skmtl.model_selection._statistics import bootstrap_delta, corrected_t, holm

_VERDICTS = ("inconclusive", "positive transfer", "negative transfer")


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

    def __init__(
        self,
        *,
        methods,
        tasks,
        codes,
        splits,
        losses,
        root,
        seconds,
        unconverged,
        confidence_level,
        rng,
    ):
        self.methods_ = list(methods)
        self.tasks_ = tasks
        self.confidence_level = confidence_level
        errors = np.stack(
            [
                [
                    _task_errors(split_losses, codes[test], len(tasks), root)
                    for split_losses, (_, test) in zip(losses[name], splits, strict=True)
                ]
                for name in self.methods_
            ],
            axis=-1,
        )
        n_train, n_test = (
            np.array([_counts(codes, split[side], len(tasks)) for split in splits])
            for side in (0, 1)
        )
        self.cv_results_ = {
            "errors": errors,
            "methods": self.methods_,
            "tasks": tasks,
            "n_train": n_train,
            "n_test": n_test,
        }
        self.table_ = self._table(errors, n_train, n_test)
        interval = bootstrap_delta(
            _cells(codes, splits, losses, len(tasks)),
            errors.shape[:2],
            _row_groups(codes),
            root,
            confidence_level,
            rng,
        )
        self.summary_ = self._summary(interval, seconds, unconverged)

    def _table(self, errors, n_train, n_test):
        fields = ["error_single", "error_multi", "error_pooled", "gain", "ci_low", "ci_high"]
        kinds = [(name, float) for name in ["n_train", "n_test", *fields, "p_value", "p_adjusted"]]
        table = np.zeros(
            len(self.tasks_),
            dtype=[("task", self.tasks_.dtype), *kinds, ("verdict", "U17")],
        )
        table["task"] = self.tasks_
        table["n_train"], table["n_test"] = n_train.mean(axis=0), n_test.mean(axis=0)
        table["error_pooled"] = np.nan
        tested = ~np.isnan(errors[..., 0])
        for t, row in enumerate(table):
            if not tested[:, t].any():
                raise ValueError(
                    f"Task {self.tasks_[t]!r} is in no test set; give it more rows or leave it out."
                )
            kept = errors[tested[:, t], t]
            for k, name in enumerate(self.methods_):
                row[f"error_{name}"] = kept[:, k].mean()
            differences = kept[:, 0] - kept[:, 1]
            rows_train, rows_test = n_train[tested[:, t], t], n_test[tested[:, t], t]
            ratio = rows_test.mean() / max(rows_train.mean(), 1.0)
            mean, half, row["p_value"] = corrected_t(differences, ratio, self.confidence_level)
            unit = row["error_single"] if row["error_single"] > 0 else np.nan
            relative = np.array([mean, mean - half, mean + half]) / unit
            row["gain"], row["ci_low"], row["ci_high"] = np.nan_to_num(relative, nan=0.0)
        table["p_adjusted"] = holm(table["p_value"])
        significant = table["p_adjusted"] < 1 - self.confidence_level
        table["verdict"] = np.take(_VERDICTS, significant * np.where(table["gain"] > 0, 1, 2))
        return table

    def _summary(self, interval, seconds, unconverged):
        table, gain = self.table_, self.table_["gain"]
        errors = np.stack([table[f"error_{name}"] for name in self.methods_], axis=1)
        ranks = stats.rankdata(errors, axis=1).mean(axis=0)
        worst = int(np.argmin(gain))
        moved = gain[gain != 0]
        return {
            "delta_m": float(gain.mean()),
            "delta_m_low": interval[0],
            "delta_m_high": interval[1],
            "median_gain": float(np.median(gain)),
            "share_negative": float(np.mean(gain < 0)),
            "worst_task": self.tasks_.tolist()[worst],
            "worst_gain": float(gain[worst]),
            "n_positive": int(np.sum(table["verdict"] == "positive transfer")),
            "n_negative": int(np.sum(table["verdict"] == "negative transfer")),
            "wilcoxon_p": float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0,
            "mean_error": dict(zip(self.methods_, errors.mean(axis=0).tolist(), strict=True)),
            "mean_rank": dict(zip(self.methods_, ranks.tolist(), strict=True)),
            "seconds": dict(seconds),
            "n_unconverged": dict(unconverged),
        }

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
        s, n = self.summary_, len(self.tasks_)
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
        return "\n".join(lines)

    def __str__(self):
        s = self.summary_
        lines = [_format_table(self.table_, "pooled" in self.methods_), ""]
        lines.append(f"{'':10}{'mean error':>12}{'mean rank':>12}{'seconds/split':>15}")
        for name in self.methods_:
            lines.append(
                f"{name:10}{s['mean_error'][name]:12.4g}{s['mean_rank'][name]:12.2f}"
                f"{s['seconds'][name]:15.2f}"
            )
        lines += ["", f"Wilcoxon signed ranks over tasks: p = {s['wilcoxon_p']:.2g}"]
        return "\n".join([*lines, "", self.verdict()])

    def __repr__(self):
        s = self.summary_
        return (
            f"<ComparisonReport: {len(self.tasks_)} tasks, {len(self.cv_results_['errors'])} "
            f"splits, delta_m {s['delta_m']:+.1%}>"
        )


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


def _task_errors(losses, codes, n_tasks, root):
    """Error of each task from pointwise losses, (n_tasks,); NaN without a label."""
    kept = codes >= 0
    counts = np.bincount(codes[kept], minlength=n_tasks)
    sums = np.bincount(codes[kept], losses[kept], minlength=n_tasks)
    means = np.divide(sums, counts, out=np.full(n_tasks, np.nan), where=counts > 0)
    return np.sqrt(means) if root else means


def _counts(codes, rows, n_tasks):
    here = codes[rows]
    return np.bincount(here[here >= 0], minlength=n_tasks)


def _cells(codes, splits, losses, n_tasks):
    """Row, split and task, losses of single and multi for every tested label of every split."""
    rows, index, single, multi = [], [], [], []
    for k, (_, test) in enumerate(splits):
        here = codes[test]
        kept = here >= 0
        test = np.broadcast_to(np.asarray(test).reshape((-1,) + (1,) * (here.ndim - 1)), here.shape)
        rows.append(test[kept])
        index.append(k * n_tasks + here[kept])
        single.append(losses["single"][k][kept])
        multi.append(losses["multi"][k][kept])
    return tuple(np.concatenate(part) for part in (rows, index, single, multi))


def _row_groups(codes):
    """Rows drawn together in the bootstrap: those of each task, or all where tasks share them."""
    if codes.ndim == 2:
        return [np.arange(len(codes))]
    return [np.flatnonzero(codes == t) for t in np.unique(codes)]
