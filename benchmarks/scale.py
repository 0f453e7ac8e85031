"""Data that do not fit: one pass over 20 million rows, through Dask, and a CSV file of 2 GB.

    python benchmarks/scale.py --quick
    python benchmarks/scale.py --rst doc/scale_table.inc --rst-dask doc/scale_dask_table.inc

Rows are made in chunks of 100,000 with a seed each (scale_data.py), so that nobody holds them, and
all readers see the same. The time to make them does not count, except through Dask, where it is
told apart by a reduction that only makes them. What is compared takes turns chunk by chunk in one
process; memory is the peak of a process of its own that does nothing else. Seconds are CPU seconds
of one thread, but those of the clock through Dask and for the command; nothing else should run
beside.

``--quick`` takes a few chunks of the same form. dask-ml is measured if it is installed.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from report import figure, list_table
from scale_dask import measure_dask, measure_dask_ml, measure_logistic
from scale_data import Rows
from scale_pass import N_FOLDS, Line, measure_memory, measure_pass
from workers import THREADS

GIGABYTE = 10**9
SIZES = {  # quick or not, then the rows of every section
    False: {
        "pass": Rows(200),
        "dask": Rows(200),
        "dask-ml": Rows(10),
        "logistic": Rows(50, n_features=50, n_tasks=10, labels=True),
        "csv": (Rows(1), 2 * GIGABYTE),
    },
    True: {
        "pass": Rows(4, 50_000),
        "dask": Rows(4, 50_000),
        "dask-ml": Rows(4, 25_000, n_tasks=2),
        "logistic": Rows(4, 25_000, n_features=50, n_tasks=10, labels=True),
        "csv": (Rows(1, 20_000, n_features=10, n_tasks=5), GIGABYTE // 200),
    },
}
SECTIONS = tuple(SIZES[True])
THROUGH_DASK = {  # section, then where its rows are, and what measures it
    "dask": ("made by two workers", measure_dask),
    "dask-ml": ("kept by two workers", measure_dask_ml),
    "logistic": ("labels, kept by two workers", measure_logistic),
}
HEADER = ["what", "seconds", "peak memory, MB", "error on new rows", ""]
WIDTHS = "46 12 12 14 26"


def in_child(function, *arguments):
    """The result of a function in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def cells(line):
    """The cells of a line of a table."""
    return [
        line.what,
        "" if line.seconds is None else figure(line.seconds),
        "" if line.memory is None else f"{line.memory:.0f}",
        "" if line.error is None else f"{line.error:.4f}",
        line.note,
    ]


def show(title, lines):
    """Print lines as they come, and return the rows of a table."""
    print(f"\n{title}")
    for line in lines:
        what, *others = cells(line)
        print(f"  {what:68}", *(f"{other:>10}" for other in others), flush=True)
    return [[f"**{title}**", "", "", "", ""], *map(cells, lines)]


def measure_csv(rows, n_bytes):
    """The line of the command that compares models on a CSV file."""
    with TemporaryDirectory(prefix="skmtl-scale-") as home:
        path = Path(home) / "rows.csv"
        n_rows = rows.write_csv(path, n_bytes)
        size = path.stat().st_size / GIGABYTE
        command = [sys.executable, "-m", "skmtl", "compare", str(path)]
        command += ["--task", "task", "--target", "y", "--chunksize", "100000"]
        seconds, peak, output = run_measured(command)
    print(output)
    what = "``python -m skmtl compare --chunksize 100000``"
    return [Line(what, seconds, peak, note=f"{size:.2g} GB, {n_rows:,} rows")]


def run_measured(command):
    """Wall seconds, peak memory in mebibytes and output of a command."""
    start = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        output = process.stdout.read()
        # A child begins with the peak of its parent, which is small here.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output}")
    return perf_counter() - start, usage.ru_maxrss / 1024, output


def measure_rows(rows):
    """Lines of the pass over rows in one process, and the coefficients."""
    alone, coef = in_child(measure_memory, rows, N_FOLDS)
    with_folds = in_child(measure_pass, rows, N_FOLDS, True)
    without = in_child(measure_pass, rows, None, False)
    return with_folds + without[1:] + alone, coef


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="small sizes, under a minute")
    options.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    options.add_argument("--rst", type=Path, help="write the table of one process")
    options.add_argument("--rst-dask", type=Path, help="write the table of two workers")
    options = options.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    sizes = SIZES[options.quick]
    alone = [HEADER]
    through_dask = [HEADER]
    coef = None
    if "pass" in options.only:
        rows = sizes["pass"]
        lines, coef = measure_rows(rows)
        alone += show(f"{rows.title()}, one process", lines)
    if "csv" in options.only:
        alone += show("a CSV file", measure_csv(*sizes["csv"]))
    for section, (words, function) in THROUGH_DASK.items():
        if section in options.only:
            rows = sizes[section]
            lines = in_child(function, rows, coef)
            through_dask += show(f"{rows.title()}, {words}", lines)
    for path, table in ((options.rst, alone), (options.rst_dask, through_dask)):
        if path:
            path.write_text(list_table(WIDTHS, table), encoding="utf-8")


if __name__ == "__main__":
    main()
