"""Reports of made-up numbers, for tests of what reports say."""

import numpy as np

from skmtl.evaluation import TransferReport

NUMBERS = (
    "n_train",
    "n_test",
    "error_single",
    "error_multi",
    "error_intercept",
    "error_pooled",
    "gain",
    "ci_low",
    "ci_high",
    "p_harm",
    "own_gain",
    "t_low",
    "t_high",
    "t_p_value",
)
VERDICTS = ("helped", "probably helped", "open", "probably harmed", "harmed")
LONG_NAME = "the_patient_from_the_hospital_whose_name_is_longer_than_a_line_of_text"


def made_up_table(tasks, gains, n_train=45.0, n_test=15.0):
    """A table of tasks whose gains are all known with a deviation of 0.05."""
    tasks = np.asarray(tasks)
    dtype = [("task", tasks.dtype), *((name, float) for name in NUMBERS)]
    table = np.zeros(len(tasks), dtype=[*dtype, ("verdict", "U15"), ("note", object)])
    table["task"] = tasks
    table["gain"] = gains
    table["own_gain"] = gains
    table["n_train"] = n_train
    table["n_test"] = n_test
    table["error_single"] = 1.0
    table["error_multi"] = 1 - table["gain"]
    table["ci_low"] = table["gain"] - 0.1
    table["ci_high"] = table["gain"] + 0.1
    table["t_low"] = table["gain"] - 0.5
    table["t_high"] = table["gain"] + 0.5
    table["t_p_value"] = 1.0
    table["p_harm"] = np.clip(0.5 - table["gain"] / 0.2, 0.0, 1.0)
    limits = [-np.inf, 0.01, 0.1, 0.9, 0.99]
    position = np.searchsorted(limits, table["p_harm"]) - 1
    table["verdict"] = np.array(VERDICTS)[position]
    table["note"] = ""
    return table


def leave_out(table, is_left_out, note):
    """Make tasks of a table "not judged"."""
    for name in ("gain", "ci_low", "ci_high", "p_harm", "own_gain", "t_low", "t_high"):
        table[name][is_left_out] = np.nan
    table["verdict"][is_left_out] = "not judged"
    table["note"][is_left_out] = note


def made_up_report(table, task_column=None, n_splits=20, error_name="log_loss", **summary):
    """A report of a table whose other numbers follow from it, or are passed."""
    judged = table[table["verdict"] != "not judged"]
    gains = judged["gain"]
    median = float(np.median(gains)) if len(gains) else np.nan
    worst = int(np.argmin(gains)) if len(gains) else 0
    methods = ["single", "multi", "intercept", "pooled"]
    numbers = {
        "median_gain": median,
        "median_gain_low": median - 0.05,
        "median_gain_high": median + 0.05,
        "share_gain": np.mean(gains > 0) if len(gains) else np.nan,
        "share_gain_low": 0.5,
        "share_gain_high": 1.0,
        "new_task_low": median - 0.1,
        "new_task_high": median + 0.1,
        "typical_gain": median,
        "spread": 0.02,
        "size_power": 0.5,
        "correlation": 0.1,
        "n_judged": len(judged),
        "worst_task": judged["task"].tolist()[worst] if len(gains) else None,
        "worst_gain": gains.min() if len(gains) else np.nan,
        "rivals": {"intercept": (0.35, 0.29, 0.41), "pooled": (0.81, 0.80, 0.83)},
    }
    for verdict in VERDICTS:
        name = f"n_{verdict.replace(' ', '_')}"
        numbers[name] = int(np.sum(table["verdict"] == verdict))
    for name in ("mean_error", "mean_rank", "fit_time", "predict_time", "n_unconverged"):
        numbers[name] = dict.fromkeys(methods, 0.0)
    counts = np.ones((n_splits, 1))
    cv_results = {
        "errors": np.zeros((n_splits, len(table), len(methods))),
        "methods": methods,
        "tasks": table["task"],
        "n_train": counts * table["n_train"],
        "n_test": counts * table["n_test"],
    }
    return TransferReport(
        table, numbers | summary, cv_results, None, 0.95, error_name, task_column=task_column
    )
