"""Tests between every two methods of a comparison."""

from itertools import combinations

import numpy as np

from skmtl.evaluation._statistics import (
    NO_ERROR,
    corrected_t,
    holm,
    mean_of_known,
    overlap_ratio,
)


def pairwise_tests(cv_results, confidence_level):
    """One record for each pair of methods: by how much the error of the first is larger.

    Differences are relative to the mean error of the two on the task, so that neither the unit of a
    task nor a third method matters. The corrected resampled t-test over splits, adjusted for the
    number of pairs.

    Parameters
    ----------
    cv_results : dict
        `cv_results_` of the ranking.
    confidence_level : float
        Level of the intervals.
    """
    methods = cv_results["methods"]
    seen = cv_results["is_judged"]
    errors = cv_results["errors"][:, seen]
    rounding = cv_results["rounding"][seen]
    ratio = overlap_ratio(cv_results["n_train"][:, seen], cv_results["n_test"][:, seen])

    n_methods = len(methods)
    pairs = list(combinations(range(n_methods), 2))
    table = _empty_table(len(pairs), methods)
    for record, (a, b) in zip(table, pairs, strict=True):
        by_split = _relative_differences(errors[..., [a, b]], rounding)
        is_tested = ~np.isnan(by_split)
        mean, half_width, p_value = corrected_t(by_split[is_tested], ratio, confidence_level)
        record["method_a"] = methods[a]
        record["method_b"] = methods[b]
        record["difference"] = mean
        record["ci_low"] = mean - half_width
        record["ci_high"] = mean + half_width
        record["p_value"] = p_value
    table["p_adjusted"] = holm(table["p_value"])
    return table


def _relative_differences(errors, rounding):
    """Mean over tasks of the relative difference of two methods in every split, (n_splits,).

    Tasks on which both are exact, and differences by rounding, count as equal.
    """
    differences = errors[..., 0] - errors[..., 1]
    scale = mean_of_known(errors).mean(axis=1)
    is_equal = np.abs(differences) <= rounding + NO_ERROR * errors.min(axis=-1)
    differences[is_equal] = 0.0
    relative = differences / np.where(scale > 0, scale, 1.0)
    return mean_of_known(relative.T)


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
