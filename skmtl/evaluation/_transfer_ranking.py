"""Several estimators and their baselines in one order, with tests between every two."""

import numpy as np

from skmtl.evaluation._gains.gain_table import errors_and_ranks
from skmtl.evaluation._gains.pairwise_tests import pairwise_tests
from skmtl.evaluation._reports.formatting import as_frame
from skmtl.evaluation._reports.html import ranking_html
from skmtl.evaluation._reports.ranking_text import (
    ranking_details,
    ranking_markdown,
    ranking_text,
    ranking_verdict,
)
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
        Estimators and baselines, the smallest typical error first: the mean over tasks of the
        logarithm of the error. Fields method, mean_rank and mean_error (over tasks); median_gain,
        median_gain_low, median_gain_high, share_gain, n_helped and n_harmed of estimators, compared
        with their single-task baseline (NaN for baselines); fit_time and predict_time (mean seconds
        of a split); n_nonzero, rank and dof (NaN without ``model_figures``).
    pairwise_ : structured ndarray of shape (n_methods * (n_methods - 1) / 2,)
        Fields method_a, method_b, difference (by how much smaller the typical error of b is than
        that of a, as a gain), its interval ci_low and ci_high, p_value, and p_adjusted for the
        number of pairs by the method of Holm.
    summary_ : dict
        best (the first method of the ranking) and n_unconverged by method.
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
        quantities = errors_and_ranks(cv_results) | quantities
        self.pairwise_ = pairwise_tests(losses, methods, cv_results["is_judged"], confidence_level)
        order = _order(methods, self.pairwise_)
        self.ranking_ = _ranking(reports, quantities, order)
        self.summary_ = {
            "best": order[0],
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

    def details(self):
        """Say the rest: the numbers of all methods, the test of every two, all cautions.

        Returns
        -------
        str
        """
        return ranking_details(self)

    def to_text(self):
        """Return the ranking as text.

        Returns
        -------
        str
        """
        return ranking_text(self)

    def to_markdown(self):
        """Return the ranking in Markdown.

        Returns
        -------
        str
        """
        return ranking_markdown(self)

    def __str__(self):
        return self.to_text()

    def _repr_html_(self):
        return ranking_html(self)

    def __repr__(self):
        best = self.summary_["best"]
        return f"<TransferRanking: {len(self.ranking_)} methods, best {best!r}>"


def _order(methods, pairs):
    """The methods by their typical errors, the smallest first; those without an error last."""
    ratios = {methods[0]: 1.0}  # of typical errors to that of the first method
    for pair in pairs:
        if pair["method_a"] == methods[0]:
            ratios[str(pair["method_b"])] = 1 - pair["difference"]
    known = [method for method in methods if np.isfinite(ratios[method])]
    unknown = [method for method in methods if not np.isfinite(ratios[method])]
    return sorted(known, key=ratios.get) + unknown


def _ranking(reports, quantities, methods):
    """One record for each method, in their order: `ranking_`."""
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
    return ranking
