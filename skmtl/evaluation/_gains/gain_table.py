"""The table of a report, a record for each task, and its summary over all tasks."""

import numpy as np

from skmtl.evaluation._gains.statistics import (
    NO_ERROR,
    corrected_t,
    holm,
    mean_error_and_rank,
    mean_of_known,
    overlap_ratio,
)
from skmtl.evaluation._gains.task_gains import COLUMNS, verdicts

_T_TEST = ("t_low", "t_high", "t_p_value")
_VERDICTS = ("helped", "probably helped", "open", "probably harmed", "harmed")


def judged_tasks(cv_results):
    """The tasks whose gain can be judged, and those without an error alone, each (n_tasks,)."""
    errors = cv_results["task_errors"]
    methods = cv_results["methods"]
    single = errors[:, methods.index("single")]
    multi = errors[:, methods.index("multi")]
    is_exact = (single <= cv_results["rounding"]) & (cv_results["floor"] == 0)
    has_errors = np.isfinite(single) & np.isfinite(multi)
    return cv_results["is_judged"] & has_errors & ~is_exact, is_exact


def gain_table(cv_results, gains, notes, confidence_level):
    """One record for each task: `table_` of a report.

    Tasks that cannot be judged have no gain.

    Parameters
    ----------
    cv_results : dict
        `cv_results_` of the report, whose methods are called by their roles.
    gains : TaskGains
        Gains of "multi" over "single".
    notes : list of list of str
        Notes on each task.
    confidence_level : float
        Level of intervals.
    """
    methods = cv_results["methods"]
    table = _empty_table(cv_results["tasks"], methods)
    for name in ("n_train", "n_test"):
        table[name] = cv_results[name].mean(axis=0)
    for method, error in zip(methods, cv_results["task_errors"].T, strict=True):
        table[f"error_{method}"] = error
    columns = gains.columns()
    for name in COLUMNS:
        table[name] = columns[name]
    table["verdict"] = verdicts(columns, gains.is_judged)
    _test_by_splits(table, cv_results, gains.is_judged, confidence_level)
    could_be_judged, is_exact = judged_tasks(cv_results)
    for t, record in enumerate(table):
        texts = list(notes[t])
        if is_exact[t]:
            texts.append("no error alone, so no relative gain")
        elif np.isinf(record["error_single"]):
            texts.append("the error alone is infinite")
        elif np.isinf(record["error_multi"]):
            texts.append("the error with sharing is infinite")
        elif could_be_judged[t] and not gains.is_judged[t]:
            texts.append("too few samples or groups to tell how sure a gain is")
        record["note"] = "; ".join(texts)
    return table


def _empty_table(tasks, methods):
    """Records of the tasks; numbers are NaN until they are known."""
    errors = [f"error_{method}" for method in methods]
    names = ["n_train", "n_test", *errors, *COLUMNS, *_T_TEST]
    numbers = [(name, float) for name in names]
    dtype = [("task", tasks.dtype), *numbers, ("verdict", "U15"), ("note", "O")]
    table = np.zeros(len(tasks), dtype=dtype)
    table["task"] = tasks
    for name in names:
        table[name] = np.nan
    return table


def _test_by_splits(table, cv_results, is_judged, confidence_level):
    """Put intervals and p-values of the corrected t-test over splits into the table."""
    errors = cv_results["errors"]
    methods = cv_results["methods"]
    single = errors[..., methods.index("single")]
    multi = errors[..., methods.index("multi")]
    with np.errstate(invalid="ignore"):  # of two infinite errors
        differences = single - multi
    rounding = cv_results["rounding"] + NO_ERROR * np.minimum(single, multi)
    differences[np.abs(differences) <= rounding] = 0.0
    scale = mean_of_known(single)
    for t in np.flatnonzero(is_judged & (scale > 0)):
        tested = ~np.isnan(differences[:, t])
        n_train = cv_results["n_train"][tested, t]
        n_test = cv_results["n_test"][tested, t]
        ratio = overlap_ratio(n_train, n_test)
        mean, half_width, p_value = corrected_t(differences[tested, t], ratio, confidence_level)
        table["t_low"][t] = (mean - half_width) / scale[t]
        table["t_high"][t] = (mean + half_width) / scale[t]
        table["t_p_value"][t] = p_value
    is_tested = ~np.isnan(table["t_p_value"])
    table["t_p_value"][is_tested] = holm(table["t_p_value"][is_tested])


def summarize(table, gains, rivals, cv_results, seed):
    """Numbers over all tasks: `summary_` of a report, without those of the fits.

    Parameters
    ----------
    table : structured ndarray
        `table_` of the report.
    gains : TaskGains
        Gains of "multi" over "single".
    rivals : dict of str to TaskGains
        Gains of "multi" over the other methods.
    cv_results : dict
        `cv_results_` of the report.
    seed : int
        Of the draws of the gains of all tasks together.
    """
    over_rivals = {}
    for method, one in rivals.items():
        numbers = one.over_tasks(seed)
        over_rivals[method] = tuple(
            numbers[name] for name in ("median_gain", "median_gain_low", "median_gain_high")
        )
    counts = {f"n_{name.replace(' ', '_')}": _count(table, name) for name in _VERDICTS}
    worst = 0
    if gains.is_judged.any():
        worst = int(np.nanargmin(table["gain"]))
    return {
        **gains.over_tasks(seed),
        **gains.distribution(),
        "n_judged": int(gains.is_judged.sum()),
        **counts,
        "worst_task": table["task"].tolist()[worst],
        "worst_gain": float(table["gain"][worst]),
        "rivals": over_rivals,
        **errors_and_ranks(cv_results),
    }


def _count(table, verdict):
    return int(np.sum(table["verdict"] == verdict))


def errors_and_ranks(cv_results):
    """Mean over the tasks that are judged of the error and of the rank of each method."""
    is_judged = cv_results["is_judged"]
    errors = cv_results["task_errors"][is_judged]
    rounding = cv_results["rounding"][is_judged]
    return mean_error_and_rank(errors, cv_results["methods"], rounding)
