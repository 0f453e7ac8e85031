"""What was found of all methods of a comparison, and the report of each estimator."""

from typing import NamedTuple

import numpy as np

from skmtl.evaluation._gains.gain_table import gain_table, judged_tasks, summarize
from skmtl.evaluation._gains.task_gains import TaskGains
from skmtl.evaluation._transfer_report import TransferReport


class Findings(NamedTuple):
    """What was found of all methods, for the reports of the estimators.

    Attributes
    ----------
    losses : LabelLosses or StreamedLosses
        The losses of all methods.
    cv_results : dict
        `cv_results_` of all methods.
    quantities : dict of dict
        Numbers of methods, such as the time of fits.
    notes : list of list of str
        Notes on each task.
    confidence_level : float
        Level of intervals.
    seed : int
        Of draws of gains.
    error_name : str
        Name of the error.
    task_name : str, int or None
        Column of the task ids.
    """

    losses: object
    cv_results: dict
    quantities: dict
    notes: list
    confidence_level: float
    seed: int
    error_name: str
    task_name: str | None

    def report(self, methods):
        """The report of one estimator, from the names of the methods in its roles."""
        results = _results_of(self.cv_results, methods)
        gains = _gains(self.losses, methods, results, self.confidence_level)
        over_single = gains.pop("single")
        table = gain_table(results, over_single, self.notes, self.confidence_level)
        summary = summarize(table, over_single, gains, results, self.seed)
        for quantity, by_method in self.quantities.items():
            summary[quantity] = {role: by_method[method] for role, method in methods.items()}
        return TransferReport(
            table,
            summary,
            results,
            over_single,
            self.confidence_level,
            self.error_name,
            self.task_name,
        )


def _gains(losses, methods, cv_results, confidence_level):
    """The :class:`TaskGains` of "multi" over the methods of each other role."""
    is_judged, _ = judged_tasks(cv_results)
    n_train = cv_results["n_train"].mean(axis=0)
    gains = {}
    for role, method in methods.items():
        if role == "multi":
            continue
        column = cv_results["methods"].index(role)
        is_known = is_judged & np.isfinite(cv_results["task_errors"][:, column])
        gains[role] = TaskGains(
            losses, methods["multi"], method, is_known, n_train, confidence_level
        )
    return gains


def _results_of(cv_results, methods):
    """`cv_results_` of one estimator and its baselines, which are called by their roles."""
    columns = [cv_results["methods"].index(method) for method in methods.values()]
    results = dict(cv_results)
    for name in ("errors", "task_errors", "fit_time", "predict_time"):
        results[name] = cv_results[name][..., columns]
    results["methods"] = list(methods)
    return results
