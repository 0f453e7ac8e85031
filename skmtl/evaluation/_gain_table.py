"""Gains of tasks with their tests, and what they come to over all tasks."""

import numpy as np
from scipy import stats

from skmtl.evaluation._statistics import (
    NO_ERROR,
    corrected_t,
    holm,
    mean_error_and_rank,
    mean_of_known,
    overlap_ratio,
)

_GAIN_NUMBERS = (
    "gain",
    "ci_low",
    "ci_high",
    "p_value",
    "p_adjusted",
)


def gain_table(cv_results, notes, confidence_level):
    """One record for each task: `table_` of a report.

    Tasks that cannot be judged have no gain, no p-value, and do not count as tests.

    Parameters
    ----------
    cv_results : dict
        `cv_results_` of the report, whose methods are called by their roles.
    notes : list of list of str
        Notes on each task.
    confidence_level : float
        Level of intervals and verdicts.
    """
    table = _empty_table(cv_results["tasks"], cv_results["methods"])
    for name in ("n_train", "n_test"):
        table[name] = cv_results[name].mean(axis=0)
    mean_errors = mean_of_known(cv_results["errors"])
    for method, error in zip(cv_results["methods"], mean_errors.T, strict=True):
        table[f"error_{method}"] = error
    single = table["error_single"]
    is_exact = single <= cv_results["rounding"]
    has_errors = np.isfinite(single) & np.isfinite(table["error_multi"])
    is_judged = cv_results["is_judged"] & has_errors & ~is_exact
    _test_gains(table, cv_results, is_judged, confidence_level)
    table["p_adjusted"][is_judged] = holm(table["p_value"][is_judged])
    table["verdict"] = _verdicts(table, is_judged, confidence_level)
    for t, record in enumerate(table):
        texts = list(notes[t])
        if is_exact[t]:
            texts.append("no error alone, so no relative gain")
        record["note"] = "; ".join(texts)
    return table


def _empty_table(tasks, methods):
    """Records of the tasks; numbers are NaN until they are known."""
    errors = [f"error_{method}" for method in methods]
    names = ["n_train", "n_test", *errors, *_GAIN_NUMBERS]
    numbers = [(name, float) for name in names]
    dtype = [("task", tasks.dtype), *numbers, ("verdict", "U17"), ("note", "O")]
    table = np.zeros(len(tasks), dtype=dtype)
    table["task"] = tasks
    for name in names:
        table[name] = np.nan
    return table


def _test_gains(table, cv_results, is_judged, confidence_level):
    """Put gains, their intervals and p-values into the table."""
    errors = cv_results["errors"]
    methods = cv_results["methods"]
    single = errors[..., methods.index("single")]
    multi = errors[..., methods.index("multi")]
    differences = single - multi
    rounding = cv_results["rounding"] + NO_ERROR * np.minimum(single, multi)
    differences[np.abs(differences) <= rounding] = 0.0
    for t in np.flatnonzero(is_judged):
        tested = ~np.isnan(differences[:, t])
        n_train = cv_results["n_train"][tested, t]
        n_test = cv_results["n_test"][tested, t]
        ratio = overlap_ratio(n_train, n_test)
        mean, half_width, p_value = corrected_t(differences[tested, t], ratio, confidence_level)
        record = table[t]
        scale = record["error_single"]
        record["gain"] = mean / scale
        record["ci_low"] = (mean - half_width) / scale
        record["ci_high"] = (mean + half_width) / scale
        record["p_value"] = p_value


def _verdicts(table, is_judged, confidence_level):
    """The verdict on each task."""
    is_significant = table["p_adjusted"] < 1 - confidence_level
    is_better = table["error_multi"] < table["error_single"]
    verdicts = np.full(len(table), "inconclusive", dtype="U17")
    verdicts[is_significant & is_better] = "positive transfer"
    verdicts[is_significant & ~is_better] = "negative transfer"
    verdicts[~is_judged] = "not judged"
    return verdicts


def summarize(table, cv_results, interval):
    """Numbers over all tasks: `summary_` of a report, without those of the fits."""
    is_judged = table["verdict"] != "not judged"
    gains = table["gain"][is_judged]
    if len(gains):
        worst = int(np.nanargmin(table["gain"]))
        mean = float(gains.mean())
        median = float(np.median(gains))
        share_negative = float(np.mean(gains < 0))
    else:
        worst = 0
        mean = median = share_negative = np.nan
    return {
        "delta_m": mean,
        "delta_m_low": interval[0],
        "delta_m_high": interval[1],
        "median_gain": median,
        "share_negative": share_negative,
        "worst_task": table["task"].tolist()[worst],
        "worst_gain": float(table["gain"][worst]),
        "n_judged": int(is_judged.sum()),
        "n_positive": int(np.sum(table["verdict"] == "positive transfer")),
        "n_negative": int(np.sum(table["verdict"] == "negative transfer")),
        "wilcoxon_p": _wilcoxon_p(gains),
        **errors_and_ranks(cv_results),
    }


def gain_interval(cv_results, is_judged, confidence_level):
    """Interval of the mean relative gain, from its values in the splits."""
    methods = cv_results["methods"]
    errors = cv_results["errors"][:, is_judged]
    single = errors[..., methods.index("single")]
    multi = errors[..., methods.index("multi")]
    gains = (single - multi) / mean_of_known(single)
    by_split = mean_of_known(gains.T)
    n_train = cv_results["n_train"][:, is_judged]
    n_test = cv_results["n_test"][:, is_judged]
    ratio = overlap_ratio(n_train, n_test)
    known = by_split[~np.isnan(by_split)]
    mean, half_width, _ = corrected_t(known, ratio, confidence_level)
    return mean - half_width, mean + half_width


def errors_and_ranks(cv_results):
    """Mean over the tasks that are judged of the error and of the rank of each method."""
    is_judged = cv_results["is_judged"]
    errors = mean_of_known(cv_results["errors"])[is_judged]
    rounding = cv_results["rounding"][is_judged]
    return mean_error_and_rank(errors, cv_results["methods"], rounding)


def _wilcoxon_p(gains):
    """P-value of the signed-rank test of the gains that are not zero; 1 if there is none."""
    changed = gains[gains != 0]
    if len(changed) == 0:
        return 1.0
    return float(stats.wilcoxon(changed).pvalue)
