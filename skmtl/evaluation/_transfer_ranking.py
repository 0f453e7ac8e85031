"""Several estimators and their baselines in one order, with tests between every two."""

import numpy as np

from skmtl.evaluation._formatting import METHOD_COLUMNS, as_frame, methods_table
from skmtl.evaluation._gain_table import errors_and_ranks
from skmtl.evaluation._html import methods_html, paragraph
from skmtl.evaluation._pairwise_tests import pairwise_tests
from skmtl.evaluation._verdict import ranking_verdict
from skmtl.inspection import TaskGainDisplay

_OF_REPORTS = (
    "median_gain",
    "median_gain_low",
    "median_gain_high",
    "share_gain",
    "n_helped",
    "n_harmed",
)
_NUMBERS = (
    "mean_rank",
    "mean_error",
    *_OF_REPORTS,
    "fit_time",
    "predict_time",
    "n_nonzero",
    "rank",
    "dof",
)


class TransferRanking:
    """The result of :func:`compare_to_single_task` for several estimators.

    Print it for the verdict. ``ranking[name]`` is the :class:`TransferReport` of one estimator.

    Attributes
    ----------
    reports_ : dict of str to TransferReport
        The reports of the estimators.
    ranking_ : structured ndarray of shape (n_methods,)
        Estimators and baselines, the best mean rank first. Fields method, mean_rank and mean_error
        (over tasks); delta_m, delta_m_low, delta_m_high, share_negative, n_positive and n_negative
        of estimators, compared with their single-task baseline (NaN for baselines); fit_time and
        predict_time (mean seconds of a split); n_nonzero, rank and dof (NaN without
        ``model_figures``).
    pairwise_ : structured ndarray of shape (n_methods * (n_methods - 1) / 2,)
        Fields method_a, method_b, difference (how much larger the error of a is than that of b,
        relative to the mean error of the two on the task, mean over tasks), ci_low, ci_high,
        p_value and p_adjusted, from the corrected resampled t-test over splits with the method of
        Holm.
    summary_ : dict
        best (the method of the best mean rank), friedman_p (of the test that all methods rank
        alike; tasks that share samples are not independent, so it is a hint) and n_unconverged by
        method.
    cv_results_ : dict
        As in :class:`TransferReport`, for all methods.
    confidence_level : float
        Level of the intervals.
    error_name : str
        Name of the error.
    """

    def __init__(self, reports, cv_results, losses, quantities, confidence_level, error_name):
        self.reports_ = reports
        self.cv_results_ = cv_results
        self.confidence_level = confidence_level
        self.error_name = error_name
        methods = cv_results["methods"]
        self._quantities = errors_and_ranks(cv_results) | quantities
        self.ranking_ = _ranking(reports, self._quantities, methods)
        self.pairwise_ = pairwise_tests(losses, methods, cv_results["is_judged"], confidence_level)
        self.summary_ = {
            "best": str(self.ranking_["method"][0]),
            "n_unconverged": quantities["n_unconverged"],
        }

    def __getitem__(self, name):
        return self.reports_[name]

    def to_frame(self):
        """Return the ranking as a pandas frame with the methods as its index.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed (``pip install "skmtl[pandas]"``).
        """
        return as_frame(self.ranking_, "method")

    def plot(self, *, kind="gain", ax=None):
        """Draw the ranking, see :class:`~skmtl.inspection.TaskGainDisplay`.

        Parameters
        ----------
        kind : {"gain", "splits"}, default="gain"
            Gains of all tasks by estimator, or mean errors over splits by method.
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

    def verdict(self):
        """Say in sentences what the numbers allow to conclude.

        Returns
        -------
        str
        """
        return ranking_verdict(self)

    def __str__(self):
        blocks = [
            "\n".join(methods_table(self._quantities, self.ranking_["method"].tolist())),
            self.verdict(),
        ]
        return "\n\n".join(blocks)

    def _repr_html_(self):
        methods = self.ranking_["method"].tolist()
        quantities = {}
        for name in METHOD_COLUMNS:
            quantities[name] = dict(zip(methods, self.ranking_[name], strict=True))
        return f"<div>{paragraph(self.verdict())}{methods_html(quantities, methods)}</div>"

    def __repr__(self):
        best = self.summary_["best"]
        return f"<TransferRanking: {len(self.ranking_)} methods, best mean rank {best!r}>"


def _ranking(reports, quantities, methods):
    """One record for each method: `ranking_`."""
    width = max(len(method) for method in methods)
    dtype = [("method", f"U{width}"), *((name, float) for name in _NUMBERS)]
    ranking = np.full(len(methods), np.nan, dtype=dtype)
    ranking["method"] = methods
    for record, method in zip(ranking, methods, strict=True):
        for name in _NUMBERS:
            if name in quantities:
                record[name] = quantities[name][method]
            elif name in _OF_REPORTS and method in reports:
                record[name] = reports[method].summary_[name]
    return ranking[np.argsort(ranking["mean_rank"], kind="stable")]
