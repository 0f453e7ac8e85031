"""Several estimators and their baselines in one order, with tests between every two."""

from textwrap import fill

import numpy as np
from scipy import stats

from skmtl.evaluation._figures import FIGURES, figure_text, methods_table
from skmtl.evaluation._html import sentences, table
from skmtl.evaluation._statistics import mean_errors, mean_over_splits, pairwise_tests
from skmtl.evaluation._transfer_report import as_frame, draw


class TransferRanking:
    """What :func:`compare_to_single_task` found of several estimators; print it for the verdict.

    ``report[name]`` is the :class:`TransferReport` of one of them.

    Attributes
    ----------
    reports_ : dict of str to TransferReport
    ranking_ : structured ndarray of shape (n_methods,)
        Estimators and baselines, the best mean rank first: method, mean_rank and mean_error (over
        tasks), of estimators delta_m, delta_m_low, delta_m_high, share_negative, n_positive and
        n_negative against their single-task baseline (NaN of baselines), fit_time, predict_time
        (seconds a split), n_nonzero, rank, dof (NaN without ``model_figures``).
    pairwise_ : structured ndarray of shape (n_methods * (n_methods - 1) / 2,)
        method_a, method_b, difference (mean over tasks of by how much the error of a is above that
        of b, relative to the mean error of all methods on the task), ci_low, ci_high, p_value,
        p_adjusted: the corrected resampled t-test over splits, after Holm.
    summary_ : dict
        best (method of the best mean rank), friedman_p (that all methods rank alike; tasks that
        share rows are not independent, so it is a hint) and n_unconverged by method.
    cv_results_ : dict
        As in :class:`TransferReport`, of all methods.
    confidence_level : float
    error_name : str
    """

    def __init__(self, reports, cv_results, figures, confidence_level, error_name):
        self.reports_, self.cv_results_ = reports, cv_results
        self.confidence_level, self.error_name = confidence_level, error_name
        errors, methods = mean_over_splits(cv_results["errors"]).T, cv_results["methods"]
        means = mean_errors(errors, methods)
        self.ranking_ = _ranking(reports, {**means, **figures}, methods)
        self.pairwise_ = pairwise_tests(cv_results, errors.mean(axis=1), confidence_level)
        whole = errors[~np.isnan(errors).any(axis=1)]
        friedman = stats.friedmanchisquare(*whole.T).pvalue if min(whole.shape) > 2 else np.nan
        self.summary_ = {
            "best": str(self.ranking_["method"][0]),
            "friedman_p": float(friedman),
            "n_unconverged": figures["n_unconverged"],
        }
        self._figures = {name: by for name, by in {**means, **figures}.items() if name in FIGURES}

    def __getitem__(self, name):
        return self.reports_[name]

    def to_frame(self):
        """The ranking as a pandas frame, methods as the index.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ImportError
            Without pandas (``pip install "skmtl[pandas]"``).
        """
        return as_frame(self.ranking_, "method")

    def plot(self, *, kind="gain", ax=None):
        """Draw it, see :class:`~skmtl.inspection.TaskGainDisplay`.

        Parameters
        ----------
        kind : {"gain", "splits"}, default="gain"
            Gains of all tasks by estimator, or mean errors over splits by method.
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
        best, level = self.summary_["best"], f"{self.confidence_level:.0%}"
        behind, ahead, level_with = [], [], []
        for other in self.ranking_["method"][1:].tolist():
            (row,) = (r for r in self.pairwise_ if {r["method_a"], r["method_b"]} == {best, other})
            better = (row["difference"] < 0) == (row["method_a"] == best)
            sure = row["p_adjusted"] < 1 - self.confidence_level
            ((behind if better else ahead) if sure else level_with).append(other)
        lines = [f"{best} has the best mean rank over tasks."]
        if behind:
            lines.append(
                f"Its error is below that of {', '.join(behind)} beyond doubt at {level} "
                f"(corrected for overlapping splits and for {len(self.pairwise_)} tests)."
            )
        if ahead:
            lines.append(f"Yet the mean error of {', '.join(ahead)} is below its own beyond doubt.")
        if level_with:
            lines.append(f"These data cannot tell it from {', '.join(level_with)}.")
        for name, report in self.reports_.items():
            s = report.summary_
            lines.append(
                f"{name}: a task gains {s['delta_m']:+.1%} on average ({s['delta_m_low']:+.1%} to "
                f"{s['delta_m_high']:+.1%}; median {s['median_gain']:+.1%}); "
                f"{s['share_negative']:.0%} of the tasks did worse than alone, {s['n_positive']} "
                f"gained and {s['n_negative']} lost beyond doubt."
            )
        for name, count in self.summary_["n_unconverged"].items():
            if count:
                lines.append(f"Fits of {name} warned {count} time(s) that they did not converge.")
        return "\n".join(fill(line, 100) for line in lines)

    def __str__(self):
        lines = methods_table(self._figures, self.ranking_["method"].tolist())
        lines += ["", f"Friedman test over tasks: p = {self.summary_['friedman_p']:.2g}"]
        return "\n".join([*lines, "", self.verdict()])

    def _repr_html_(self):
        rows = [
            [row["method"], *(figure_text(row[name], form) for name, (_, form) in FIGURES.items())]
            for row in self.ranking_
        ]
        head = ["method", *(title for title, _ in FIGURES.values())]
        return f"<div>{sentences(self.verdict())}{table(head, rows)}</div>"

    def __repr__(self):
        best = self.summary_["best"]
        return f"<TransferRanking: {len(self.ranking_)} methods, best mean rank {best!r}>"


def _ranking(reports, figures, methods):
    """One record a method: `ranking_`."""
    own = ("delta_m", "delta_m_low", "delta_m_high", "share_negative", "n_positive", "n_negative")
    names = [
        "mean_rank",
        "mean_error",
        *own,
        "fit_time",
        "predict_time",
        "n_nonzero",
        "rank",
        "dof",
    ]
    width = max(len(name) for name in methods)
    ranking = np.full(
        len(methods), np.nan, dtype=[("method", f"U{width}"), *((name, float) for name in names)]
    )
    ranking["method"] = methods
    for row, method in zip(ranking, methods, strict=True):
        for name in names:
            if name in figures:
                row[name] = figures[name][method]
            elif name in own and method in reports:
                row[name] = reports[method].summary_[name]
    return ranking[np.argsort(ranking["mean_rank"], kind="stable")]
