"""How often a comparison finds a transfer that is not there, and how often one that is.

    python benchmarks/false_positives.py --results DIR [--simulations N] [--cases C ...]
        [--rst-equal FILE] [--rst-mixed FILE] [--rst-related FILE]

Simulates comparisons of an estimator with single tasks (`simulated_comparisons.py`) and judges them
as `compare_to_single_task` does. The truth about a task is the gain of the learning procedure at
the splits' training size, over data sets like this one. Prints for every case, in percent:

named
    tasks with a verdict ("helped" or "harmed")
wrong
    tasks whose verdict contradicts the truth
any wrong
    data sets with at least one wrong verdict
wrong of named
    wrong verdicts among all verdicts
covered
    tasks whose interval holds the true gain
claims, false claims
    data sets in which the interval of the median gain leaves out zero, on the right or the wrong
    side
median covered, share covered
    data sets in which it holds the true median gain; those in which the interval of the share of
    tasks that gain holds the true share

and, for comparison, what the corrected resampled t-test with Holm's adjustment names and gets
wrong. Figures of a case are kept in the directory of results, and what is there is not run again.
"""

import argparse
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from report import list_table
from simulated_cases import EQUAL_CASES, MIXED_CASES, RELATED_CASES
from simulated_comparisons import (
    calibrated,
    draw_data,
    draw_splits,
    draw_tasks,
    fit,
    floors,
    losses,
    true_log_gains,
)

from skmtl.evaluation._gains.label_losses import LabelLosses
from skmtl.evaluation._gains.statistics import corrected_t, holm, overlap_ratio
from skmtl.evaluation._gains.task_gains import TaskGains, as_gain, verdicts

LEVEL = 0.95
N_DRAWS = 25  # of coefficients of tasks; 10 of them where there are many tasks
MANY_TASKS = 20
SIGNS = {"helped": 1, "harmed": -1}


# ---------------------------------------------------------------- one comparison


def label_losses(scenario, data, train, test, single, multi):
    """The losses of both models on the tested labels, as the library has them."""
    splits, tasks, samples = np.nonzero(test)
    n_splits, n_tasks, n_most = test.shape
    if scenario.wide:
        rows = samples
        trained = train[:, 0]
    else:
        rows = tasks * n_most + samples
        trained = train.reshape(n_splits, -1)
    held_out = SimpleNamespace(
        shape=(n_splits, n_tasks), samples=rows, groups=splits * n_tasks + tasks
    )
    variances = [y[exists].var() for y, exists in zip(data.y, data.exists, strict=True)]
    return LabelLosses(
        held_out,
        {"single": single[test], "multi": multi[test]},
        None,
        [(np.flatnonzero(mask), None) for mask in trained],
        scenario.power,
        floors(scenario, np.array(variances)),
        np.zeros(n_tasks),
    )


def judge(scenario, known, train, seed):
    """Verdicts, intervals of tasks and of the median gain."""
    n_tasks = scenario.n_tasks
    is_judged = np.full(n_tasks, True)
    n_train = train.sum(axis=2).mean(axis=0)
    gains = TaskGains(known, "multi", "single", is_judged, n_train, LEVEL)
    columns = gains.columns()
    found = verdicts(columns, is_judged)
    numbers = gains.over_tasks(seed)
    return {
        "verdict": np.array([SIGNS.get(verdict, 0) for verdict in found]),
        "low": columns["ci_low"],
        "high": columns["ci_high"],
        "median_low": numbers["median_gain_low"],
        "median_high": numbers["median_gain_high"],
        "share_low": numbers["share_gain_low"],
        "share_high": numbers["share_gain_high"],
    }


def judge_by_t_test(known, train, test):
    """Verdicts of the corrected resampled t-test, adjusted for the number of tasks."""
    single = known.split_errors("single")
    multi = known.split_errors("multi")
    n_tasks = single.shape[1]
    signs = np.zeros(n_tasks)
    p_values = np.ones(n_tasks)
    for t in range(n_tasks):
        differences = single[:, t] - multi[:, t]
        ratio = overlap_ratio(train[:, t].sum(), test[:, t].sum())
        mean, _, p_values[t] = corrected_t(differences, ratio, LEVEL)
        signs[t] = np.sign(mean)
    return np.where(holm(p_values) < 1 - LEVEL, signs, 0)


# ---------------------------------------------------------------- many comparisons


def simulate(scenario, n_simulations, judges, seed=0):
    """True gains of the tasks and what each judge says, a pair for each data set.

    `judges` are functions of scenario, label losses, masks of training and test samples, and seed.
    """
    rng = np.random.default_rng(seed)
    n_draws = N_DRAWS if scenario.n_tasks < MANY_TASKS else 10
    n_draws = min(n_draws, n_simulations)
    truth_data_sets = 30 if scenario.n_features > 20 else 100
    for simulation in range(n_simulations):
        if simulation % -(-n_simulations // n_draws) == 0:
            tasks = draw_tasks(scenario, rng)
            truth = as_gain(true_log_gains(scenario, tasks, rng, truth_data_sets))
        data = draw_data(scenario, tasks, rng)
        train, test = draw_splits(scenario, data, rng)
        models = fit(scenario, data, train)
        single, multi = (losses(scenario, data, coefficients) for coefficients in models)
        known = label_losses(scenario, data, train, test, single, multi)
        yield truth, [judge(scenario, known, train, test, simulation) for judge in judges]


def percent(values):
    return round(100 * float(np.mean(values)), 1)


def wrong_verdicts(verdict, truth):
    """Which verdicts contradict the true gains; those on a gain of zero do."""
    return (verdict != 0) & (verdict * truth <= 0)


def summary(truths, judged):
    """The figures of a case, in percent, from arrays with a row for each data set."""
    truth = np.array(truths)
    verdict = np.array([one["verdict"] for one in judged])
    low = np.array([one["low"] for one in judged])
    high = np.array([one["high"] for one in judged])
    wrong = wrong_verdicts(verdict, truth)
    n_named = np.count_nonzero(verdict)
    median = np.median(truth, axis=1)
    median_low = np.array([one["median_low"] for one in judged])
    median_high = np.array([one["median_high"] for one in judged])
    share = np.mean(truth > 0, axis=1)
    share_low = np.array([one["share_low"] for one in judged])
    share_high = np.array([one["share_high"] for one in judged])
    claim = (median_low > 0).astype(int) - (median_high < 0)
    is_false = wrong_verdicts(claim, median)
    return {
        "true gain": percent(median),
        "named": percent(verdict != 0),
        "wrong": round(100 * float(wrong.mean()), 2),
        "any wrong": percent(wrong.any(axis=1)),
        "wrong of named": round(100 * float(wrong.sum() / max(n_named, 1)), 1),
        "covered": percent((low <= truth) & (truth <= high)),
        "width": percent(np.median(high - low)),
        "claims": percent((claim != 0) & ~is_false),
        "false claims": percent(is_false),
        "median covered": percent((median_low <= median) & (median <= median_high)),
        "share covered": percent((share_low <= share) & (share <= share_high)),
        "median width": percent(np.median(median_high - median_low)),
    }


def run(scenario, n_simulations):
    """The figures of one case."""
    scenario = calibrated(scenario)
    judges = [
        lambda scenario, known, train, test, seed: judge(scenario, known, train, seed),
        lambda scenario, known, train, test, seed: judge_by_t_test(known, train, test),
    ]
    truths = []
    judged = []
    t_tests = []
    for truth, (ours, t_test) in simulate(scenario, n_simulations, judges):
        truths.append(truth)
        judged.append(ours)
        t_tests.append(t_test)
    figures = summary(truths, judged)
    wrong = wrong_verdicts(np.array(t_tests), np.array(truths))
    figures["t named"] = percent(np.array(t_tests) != 0)
    figures["t any wrong"] = percent(wrong.any(axis=1))
    return {"simulations": n_simulations, **figures}


def kept(directory, case, n_simulations):
    """The figures of a case, from the directory if they are there."""
    path = directory / f"{case.key}.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    figures = run(case, n_simulations)
    path.write_text(json.dumps(figures), encoding="utf-8")
    return figures


# ---------------------------------------------------------------- tables

TABLES = {  # of the documentation: cases, and the columns with their headers
    "equal": (
        EQUAL_CASES,
        {
            "wrong": "false verdicts, % of tasks",
            "any wrong": "any false verdict, % of data sets",
            "covered": "true gains in their interval, %",
            "false claims": "false claims about the typical task, %",
            "t any wrong": "t-test, Holm: any false verdict, %",
        },
    ),
    "mixed": (
        MIXED_CASES,
        {
            "named": "named, % of tasks",
            "wrong of named": "wrong sign, % of named",
            "any wrong": "any wrong sign, % of data sets",
            "covered": "true gains in their interval, %",
            "claims": "right claims about the typical task, %",
            "false claims": "false claims, %",
            "t named": "t-test, Holm: named, %",
        },
    ),
    "related": (
        RELATED_CASES,
        {
            "true gain": "true gain, %",
            "named": "named, % of tasks",
            "covered": "true gains in their interval, %",
            "claims": "claims about the typical task, %",
            "median covered": "median gain in its interval, %",
            "t named": "t-test, Holm: named, %",
        },
    ),
}


def sizes_text(case):
    """Numbers of samples of a task."""
    return ", ".join(map(str, case.sizes))


def rows_of_table(cases, columns, directory):
    """A row for every scenario and number of tasks; cases that differ in size share its cells."""
    together = {}
    for case in cases:
        if (directory / f"{case.key}.json").exists():
            together.setdefault((case.name, case.n_tasks), []).append(case)
    rows = []
    for (name, n_tasks), alike in together.items():
        figures = [kept(directory, case, 0) for case in alike]
        cells = [" / ".join(f"{one[column]:.3g}" for one in figures) for column in columns]
        sizes = " / ".join(sizes_text(case) for case in alike)
        rows.append([name, str(n_tasks), sizes, *cells])
    return rows


def write_table(path, name, directory):
    cases, columns = TABLES[name]
    header = ["simulated", "tasks", "samples of a task", *columns.values()]
    widths = " ".join(["20", "6", "12", *["12"] * len(columns)])
    table = [header, *rows_of_table(cases, columns, directory)]
    path.write_text(list_table(widths, table), encoding="utf-8")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--results", type=Path, required=True, help="where figures are kept")
    options.add_argument("--simulations", type=int, default=500)
    options.add_argument("--cases", nargs="+", default=[""], help="parts of the keys of cases")
    for name in TABLES:
        options.add_argument(f"--rst-{name}", type=Path, help="write a table of the documentation")
    options = options.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    for case in [*EQUAL_CASES, *MIXED_CASES, *RELATED_CASES]:
        if any(part in case.key for part in options.cases):
            figures = kept(options.results, case, options.simulations)
            texts = [f"{name} {value}" for name, value in figures.items()]
            print(case.key, *texts, sep="; ", flush=True)
    for name in TABLES:
        path = getattr(options, f"rst_{name}")
        if path is not None:
            write_table(path, name, options.results)


if __name__ == "__main__":
    main()
