"""CPU time of an epoch of networks, by what tasks share and how they are weighted.

    python benchmarks/deep_epoch_costs.py [--repeats N] [--rst DIR]

Two hidden layers of 64 units, 4000 samples, 30 features, batches of 200, one thread. A network is
trained for 2 and for 6 epochs without early stopping, and the difference of the CPU times is that
of four epochs. The variants of a case take turns; the tables have the medians over the repeats of
the ratios to the first variant, which is hard sharing and equal weights. ``--rst`` writes
`deep_sharing_table.inc` and `deep_weighting_table.inc`.
"""

import argparse
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from threadpoolctl import threadpool_limits

from skmtl import MultiTaskMLPRegressor

N_SAMPLES = 4000
N_FEATURES = 30
FEW, MANY = 2, 6  # epochs
TASKS = (4, 20)
FORMS = {"wide": "two-dimensional y", "long": "samples of their own"}
SHARING = ("hard", "soft", "none")
WEIGHTING = {
    "equal": "equal",
    "uncertainty": "uncertainty",
    "dwa": "dwa",
    "gradnorm": "gradnorm",
    "pcgrad": "pcgrad",
    "function": lambda gradients: gradients.mean(0),
}


def problem(form, n_tasks):
    """Arguments of `fit`."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_SAMPLES, N_FEATURES))
    Y = np.tanh(X @ rng.normal(size=(N_FEATURES, n_tasks)))
    Y += 0.3 * rng.normal(size=Y.shape)
    if form == "wide":
        return {"X": X, "y": Y}
    tasks = rng.integers(0, n_tasks, N_SAMPLES)
    return {"X": X, "y": Y[np.arange(N_SAMPLES), tasks], "tasks": tasks}


def seconds_of_epochs(params, data):
    """CPU seconds of the epochs from FEW to MANY."""
    seconds = []
    for n_epochs in (FEW, MANY):
        model = MultiTaskMLPRegressor(early_stopping=False, refit_heads=None, batch_size=200)
        model.set_params(max_iter=n_epochs, random_state=0, **params)
        start = process_time()
        model.fit(**data)
        seconds.append(process_time() - start)
    return seconds[1] - seconds[0]


def ratios(variants, data, n_repeats):
    """Median ratio of every variant but the first one to the first."""
    repeats = []
    for _ in range(n_repeats):
        seconds = np.array([seconds_of_epochs(params, data) for params in variants])
        repeats.append(seconds[1:] / seconds[0])
    return np.median(repeats, axis=0)


def cases():
    """Every form of the data and number of tasks, with its name."""
    for form, title in FORMS.items():
        for n_tasks in TASKS:
            yield f"{n_tasks}, {title}", problem(form, n_tasks)


def sharing_table(n_repeats):
    """Soft and no sharing, with one member and with five, relative to hard sharing."""
    rows = [["tasks"]]
    for members in ("one member", "five members"):
        rows[0] += [f"soft, {members}", f"none, {members}"]
    for name, data in cases():
        row = [name]
        for n_members in (1, 5):
            variants = [{"sharing": sharing, "n_members": n_members} for sharing in SHARING]
            row += [f"{ratio:.1f}" for ratio in ratios(variants, data, n_repeats)]
        rows.append(row)
        print(*row, sep=" | ", flush=True)
    return rows


def weighting_table(n_repeats):
    """Weightings of tasks relative to equal weights, with one member."""
    variants = [{"weighting": weighting, "n_members": 1} for weighting in WEIGHTING.values()]
    rows = [["tasks", *list(WEIGHTING)[1:]]]
    for name, data in cases():
        row = [name, *(f"{ratio:.1f}" for ratio in ratios(variants, data, n_repeats))]
        rows.append(row)
        print(*row, sep=" | ", flush=True)
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--repeats", type=int, default=7)
    options.add_argument("--rst", type=Path, help="write the tables into this directory")
    options = options.parse_args()
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        tables = {
            "deep_sharing_table.inc": sharing_table(options.repeats),
            "deep_weighting_table.inc": weighting_table(options.repeats),
        }
    if options.rst:
        for name, rows in tables.items():
            widths = " ".join(["30"] + ["14"] * (len(rows[0]) - 1))
            (options.rst / name).write_text(list_table(widths, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
