"""Tests between every two methods of a comparison."""

from itertools import combinations

import numpy as np
from scipy import stats

from skmtl.evaluation._gains.statistics import holm
from skmtl.evaluation._gains.task_gains import as_gain


def pairwise_tests(losses, methods, is_judged, confidence_level):
    """One record for each pair of methods: by how much the error of the second is smaller.

    What is tested is the mean over tasks of the log gain of method b over method a; its variance is
    that of the tested rows and of the training sets (:func:`log_gains`). P-values are adjusted for
    the number of pairs.

    Parameters
    ----------
    losses : LabelLosses
        Losses of all methods.
    methods : list of str
        The methods to compare.
    is_judged : ndarray of bool of shape (n_tasks,)
        The tasks to judge by.
    confidence_level : float
        Level of the intervals.
    """
    pairs = list(combinations(methods, 2))
    table = _empty_table(len(pairs), methods)
    for record, (method, other) in zip(table, pairs, strict=True):
        record["method_a"] = method
        record["method_b"] = other
        errors = [losses.task_errors(one) for one in (method, other)]
        seen = is_judged & np.isfinite(errors).all(axis=0)
        numbers = _tested(losses, method, other, seen, confidence_level)
        for name, number in numbers.items():
            record[name] = number
    table["p_adjusted"] = holm(table["p_value"])
    return table


def _tested(losses, method, other, seen, confidence_level):
    """The mean gain of the other method, its interval and its p-value; NaN and 1 without tasks."""
    if not seen.any():
        unknown = dict.fromkeys(("difference", "ci_low", "ci_high"), np.nan)
        return {**unknown, "p_value": 1.0}
    is_equal = losses.are_equal(other, method)
    different = np.flatnonzero(seen & ~is_equal)
    if len(different) == 0:
        return {"difference": 0.0, "ci_low": 0.0, "ci_high": 0.0, "p_value": 1.0}
    share = len(different) / seen.sum()
    gains = losses.log_gains(other, method, different)
    mean = share * gains.mean
    deviation = share * np.sqrt(gains.mean_variance)
    if not deviation > 0:  # one row
        return {"difference": as_gain(mean), "ci_low": -np.inf, "ci_high": 1.0, "p_value": 1.0}
    half_width = deviation * stats.t.ppf(0.5 + confidence_level / 2, gains.mean_degrees)
    return {
        "difference": as_gain(mean),
        "ci_low": as_gain(mean - half_width),
        "ci_high": as_gain(mean + half_width),
        "p_value": 2 * stats.t.sf(abs(mean) / deviation, gains.mean_degrees),
    }


def _empty_table(n_pairs, methods):
    width = max(len(method) for method in methods)
    dtype = [
        ("method_a", f"U{width}"),
        ("method_b", f"U{width}"),
        ("difference", float),
        ("ci_low", float),
        ("ci_high", float),
        ("p_value", float),
        ("p_adjusted", float),
    ]
    return np.zeros(n_pairs, dtype=dtype)
