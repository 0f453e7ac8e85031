"""How the time of one fit grows with the number of tasks, for every estimator.

    python benchmarks/many_tasks.py --out after.csv
    python benchmarks/many_tasks.py --out after.csv --before before.csv \\
        --rst doc/many_tasks_table.inc

Every task has 5 rows of its own and 5 features. The estimators are those that `tests/conftest.py`
lists, with their parameters there. Each is measured in a process of its own, in one thread; the
time is the smallest of up to three fits, since the first may have to load what is compiled. A fit
that takes longer than ``--budget`` seconds, or more than ``--memory`` GiB, is stopped,
and more tasks are not tried. MultiTaskMixed takes tasks that share rows only: they share 50.

With ``--before``, the table has the times of another file beside those that are measured. To make
that file of another revision, run this script on a checkout of it:

    git worktree add ../other REVISION
    PYTHONPATH=../other python benchmarks/many_tasks.py --checkout ../other --out before.csv

If the file of ``--out`` exists, estimators that are in it are not measured again.
"""

import argparse
import csv
import os
import resource
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve()
SIZES = (10, 100, 1000, 10_000)
N_ROWS = 5
N_FEATURES = 5
ENOUGH = 0.5  # seconds of fits, after which no more are taken
QUICK = 0.02  # of the budget: a tenfold number of tasks will not exceed it
PATIENCE = 5  # times the budget, for first fits
FIELDS = ("estimator", *(str(size) for size in SIZES))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="CSV file of the results")
    parser.add_argument("--before", type=Path, help="CSV file of another revision, for --rst")
    parser.add_argument("--rst", type=Path, help="write the table of the documentation")
    parser.add_argument("--only", nargs="*", help="names of estimators to measure")
    parser.add_argument("--budget", type=float, default=6.0, help="seconds of a fit")
    parser.add_argument("--memory", type=float, default=6.0, help="GiB of a process")
    parser.add_argument("--checkout", type=Path, default=HERE.parents[1])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def registered(checkout):
    """The estimators by a name of their own."""
    sys.path.insert(0, str(checkout / "tests"))
    from conftest import ESTIMATORS

    named = {}
    for estimator in ESTIMATORS:
        name = type(estimator).__name__
        inner = estimator.get_params(deep=False).get("estimator")
        if inner is not None:
            name = f"{name}({type(inner).__name__})"
        penalty = getattr(estimator, "penalty", None)
        if penalty is not None:
            terms = penalty.terms
            name = f"{name}({' + '.join(type(term).__name__ for term in terms)})"
        if getattr(estimator, "graph", None) not in (None, "complete"):
            name = f"{name}(graph={estimator.graph!r})"
        named[name] = estimator
    return named


# ---------------------------------------------------------------- one estimator, in its process


def own_rows(n_tasks, labels):
    """X, y and the task of each row; of labels every task has both."""
    import numpy as np

    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(n_tasks), N_ROWS)
    X = rng.normal(size=(len(tasks), N_FEATURES))
    shared = rng.normal(size=N_FEATURES)
    coef = shared + 0.5 * rng.normal(size=(n_tasks, N_FEATURES))
    y = np.einsum("ij,ij->i", X, coef[tasks]) + 0.5 * rng.normal(size=len(tasks))
    if not labels:
        return X, y, tasks
    y = (y > 0).astype(int)
    y[::N_ROWS] = 0
    y[1::N_ROWS] = 1
    return X, y, tasks


def shared_rows(n_tasks):
    """X and a column of y for every task."""
    import numpy as np

    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, N_FEATURES))
    coef = rng.normal(size=(N_FEATURES, 1)) + 0.5 * rng.normal(size=(N_FEATURES, n_tasks))
    return X, X @ coef + 0.5 * rng.normal(size=(50, n_tasks))


def fit(estimator, n_tasks):
    """Seconds of one fit."""
    from sklearn.base import clone, is_classifier

    model = clone(estimator)
    if type(model).__name__ == "MultiTaskMixed":
        arguments = shared_rows(n_tasks)
        options = {}
    else:
        X, y, tasks = own_rows(n_tasks, is_classifier(model))
        arguments = (X, y)
        options = {"tasks": tasks}
    start = time.perf_counter()
    model.fit(*arguments, **options)
    return time.perf_counter() - start


def fits(estimator, size, budget, quick):
    """Seconds of up to three fits; the first may load what is compiled, if they should be quick."""
    seconds = []
    patience = PATIENCE if quick else 1
    while len(seconds) < 3:
        signal.setitimer(signal.ITIMER_REAL, patience * budget)
        seconds.append(fit(estimator, size))
        patience = 1
        counted = seconds[1:] if quick else seconds
        if sum(counted) > ENOUGH:
            break
    signal.setitimer(signal.ITIMER_REAL, 0)
    return seconds


def measure(estimator, budget, memory):
    """Print the seconds of every size; the alarm ends the process."""
    warnings.simplefilter("ignore")
    limit = int(memory * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    before = 0.0
    for size in SIZES:
        quick = before < QUICK * budget
        try:
            before = min(fits(estimator, size, budget, quick))
        except MemoryError:
            print("memory", flush=True)
            return
        print(f"{before:.3g}", flush=True)


# ---------------------------------------------------------------- all of them


def row_of(number, name, options):
    """The row of an estimator: seconds, why it was stopped, or nothing where it was not tried."""
    command = [sys.executable, str(HERE), "--one", str(number)]
    command += ["--budget", str(options.budget), "--memory", str(options.memory)]
    command += ["--checkout", str(options.checkout)]
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, **threads},
        check=False,
    )
    cells = done.stdout.split()
    if len(cells) < len(SIZES) and "memory" not in cells:
        stopped = done.returncode == -signal.SIGALRM
        cells.append(f"> {options.budget:.3g}" if stopped else "failed")
        if not stopped:
            print(done.stderr[-2000:], file=sys.stderr)
    cells += [""] * (len(SIZES) - len(cells))
    return dict(zip(FIELDS, [name, *cells], strict=True))


def read(path):
    """Rows by estimator, none if there is no file."""
    if path is None or not path.exists():
        return {}
    with path.open(newline="") as file:
        return {row["estimator"]: row for row in csv.DictReader(file)}


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows.values())


def cell(before, after):
    """One entry of the table; the time before is in brackets if it was another one."""
    if not before or not after:
        return after
    try:
        changed = float(before) > 2 * float(after) or float(after) > 2 * float(before)
    except ValueError:
        changed = before != after
    return f"{after} ({before})" if changed else after


def table(rows, before):
    """The reStructuredText table."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 40 15 15 15 15", ""]
    cells = [["estimator", *(f"{size:,}".replace(",", " ") for size in SIZES)]]
    for name, row in rows.items():
        known = before.get(name, {})
        times = [cell(known.get(str(size)), row[str(size)]) for size in SIZES]
        cells.append([f"``{name}``", *times])
    for entries in cells:
        marks = ["   * -", *["     -"] * (len(entries) - 1)]
        lines += [f"{mark} {entry}".rstrip() for mark, entry in zip(marks, entries, strict=True)]
    return "\n".join(lines) + "\n"


def main():
    options = parse()
    estimators = registered(options.checkout)
    if options.one is not None:
        measure(list(estimators.values())[options.one], options.budget, options.memory)
        return
    rows = read(options.out)
    for number, name in enumerate(estimators):
        wanted = not options.only or name in options.only
        if name in rows or not wanted:
            continue
        rows[name] = row_of(number, name, options)
        print(*rows[name].values(), sep=",", flush=True)
        if options.out:
            write(options.out, rows)
    ordered = {name: rows[name] for name in estimators if name in rows}
    if options.rst:
        options.rst.write_text(table(ordered, read(options.before)))


if __name__ == "__main__":
    main()
