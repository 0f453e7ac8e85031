"""CPU seconds of mixed-effects models: School against GPBoost and statsmodels, and a million rows.

    python benchmarks/mixed_speed.py [--data-home DIR] [--rounds N] [--limit S] [--only P ...]
        [--rst FILE]

All models have random intercepts and independent random slopes of all features. Every fit has a
process of its own with one thread, which first fits two features; the models take turns, and the
median of the rounds counts. A process that needs more than the limit is stopped, and not tried
again.
"A million rows" has 1000 tasks of 1000 rows and 20 features. The stack of single and sharing models
is measured on School and on 10 tasks of 20 rows and 20 features.
"""

import argparse
import os
import resource
import warnings
from multiprocessing import get_context
from pathlib import Path
from time import process_time

import numpy as np
from families import draw
from peers_mixed import GPBoostMixed, StatsmodelsMixed
from report import list_table
from sklearn.preprocessing import StandardScaler
from workers import THREADS

from skmtl import MixedEffectsRegressor, SafeSharingRegressor, fetch_school

SMALL = "similar"


def school(data_home):
    """The whole set, standardized."""
    data = fetch_school(data_home=data_home)
    features = StandardScaler().fit_transform(data.X[:, :-1])
    return np.column_stack([features, data.X[:, -1] - 1]), data.y


def million(data_home):
    """1000 tasks of 1000 rows and 20 features; slopes of half of the features differ."""
    rng = np.random.default_rng(0)
    spread = np.repeat([0.3, 0.0], 10)
    coef = rng.standard_normal(20) + spread * rng.standard_normal((1000, 20))
    tasks = np.repeat(np.arange(1000), 1000)
    X = rng.standard_normal((len(tasks), 20))
    y = np.sum(X * coef[tasks], axis=1) + rng.standard_normal(1000)[tasks]
    return np.column_stack([X, tasks]), y + rng.standard_normal(len(tasks))


def small(data_home):
    """One draw of similar tasks: 10 of 20 rows and 20 features."""
    return draw(SMALL, 0)[:2]


MIXED = MixedEffectsRegressor(  # as GPBoost and statsmodels have it
    "diagonal",
    task_noise="common",
    fixed_effects="flat",
    task_column=-1,
)
SAFE = SafeSharingRegressor(task_column=-1)
PROBLEMS = {  # name, then the data and the models
    "School": (
        school,
        {"skmtl": MIXED, "GPBoost": GPBoostMixed(), "statsmodels": StatsmodelsMixed()},
    ),
    "a million rows": (million, {"skmtl": MIXED}),
    "School, stack": (school, {"skmtl": SAFE}),
    "10 x 20 x 20": (
        small,
        {"skmtl": MIXED, "GPBoost": GPBoostMixed(), "statsmodels": StatsmodelsMixed()},
    ),
    "10 x 20 x 20, stack": (small, {"skmtl": SAFE}),
}


def answer(connection, model, read, data_home, limit):
    """Send the CPU seconds of a fit, after one of two features."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    X, y = small(None)
    model.fit(X[:, [0, 1, -1]], y)
    X, y = read(data_home)
    start = process_time()
    model.fit(X, y)
    connection.send(process_time() - start)


def seconds(model, read, data_home, limit):
    """CPU seconds of a fit in a new process; infinite if it was stopped or failed."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=answer, args=(theirs, model, read, data_home, limit), daemon=True
    )
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        return np.inf
    finally:
        process.join()


def measure(read, models, options):
    """Seconds of every model in every round, the models in turn."""
    found = {name: [] for name in models}
    for _ in range(options.rounds):
        for name, model in models.items():
            if np.isfinite(found[name]).all():
                found[name].append(seconds(model, read, options.data_home, options.limit))
                print(name, found[name][-1], flush=True)
    return found


def figure(times, limit):
    """The median in three figures."""
    if np.isinf(times[-1]):
        return f"> {limit:g}"
    return f"{np.median(times):#.3g}".rstrip(".")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data-home")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--limit", type=int, default=600, help="CPU seconds of a process")
    options.add_argument("--only", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    libraries = ("skmtl", "GPBoost", "statsmodels")
    rows = [["problem", *libraries]]
    for name in options.only:
        read, models = PROBLEMS[name]
        found = measure(read, models, options)
        cells = [figure(found[one], options.limit) if one in found else "" for one in libraries]
        print(name, *cells, {one: np.round(times, 3).tolist() for one, times in found.items()})
        rows.append([name, *cells])
    if options.rst:
        options.rst.write_text(list_table("40 20 20 20", rows), encoding="utf-8")


if __name__ == "__main__":
    main()
