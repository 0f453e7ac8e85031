"""Tests between every two methods of a comparison."""

from itertools import combinations

import numpy as np

from skmtl.evaluation._statistics import (
    OVERLAP,
    corrected_t,
    holm,
    is_positive,
    mean_of_known,
)


def pairwise_tests(cv_results, scale, confidence_level):
    """One record for each pair of methods: by how much the error of the first is larger.

    The corrected resampled t-test over splits, adjusted for the number of pairs.

    Parameters
    ----------
    cv_results : dict
        `cv_results_` of the ranking.
    scale : ndarray of shape (n_tasks,)
        What the errors of a task are divided by before they are averaged over tasks.
    confidence_level : float
        Level of the intervals.
    """
    methods = cv_results["methods"]
    seen = is_positive(scale)
    errors = cv_results["errors"][:, seen]
    relative = errors / scale[seen, None]
    n_train = cv_results["n_train"].sum()
    n_test = cv_results["n_test"].sum()
    ratio = OVERLAP * n_test / max(n_train, 1)

    n_methods = len(methods)
    pairs = list(combinations(range(n_methods), 2))
    table = _empty_table(len(pairs), methods)
    for record, (a, b) in zip(table, pairs, strict=True):
        differences = relative[..., a] - relative[..., b]
        by_split = mean_of_known(differences.T)
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
