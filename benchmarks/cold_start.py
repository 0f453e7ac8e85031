"""CPU time of the first fit in a new process, with an empty and with a warm cache of Numba.

    python benchmarks/cold_start.py [--runs N] [--rst FILE]

Every run is a process of its own, which imports scikit-learn first; the import of it does not
count. Printed are the medians of: `import skmtl`, the import of an estimator, and both together
with its first fit. The cold runs have an empty cache directory each. 200 samples, 20 features and 5
tasks; `long` has one task for each sample, `wide` all tasks for each.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from options import add_only, chosen
from workers import THREADS

ROOT = Path(__file__).resolve().parents[1]
CASES = {
    "MultiTaskLasso, wide": "MultiTaskLasso(0.1).fit(X, Y)",
    "MultiTaskLasso, long": "MultiTaskLasso(0.1).fit(X, y, tasks=tasks)",
    "MultiTaskLassoCV, wide": "MultiTaskLassoCV().fit(X, Y)",
    "MultiTaskLassoClassifier, wide": "MultiTaskLassoClassifier(0.1).fit(X, Y > 0)",
    "MultiTaskLassoClassifier, long": "MultiTaskLassoClassifier(0.1).fit(X, y > 0, tasks=tasks)",
    "TraceNormRegressor, wide": "TraceNormRegressor(0.1).fit(X, Y)",
    "MeanRegularizedRegressor, wide": "MeanRegularizedRegressor(0.1).fit(X, Y)",
    "MeanRegularizedRegressor, long": "MeanRegularizedRegressor(0.1).fit(X, y, tasks=tasks)",
}
TIMED = """
from time import process_time
import numpy as np
import sklearn.linear_model, sklearn.model_selection, sklearn.metrics
start = process_time()
import skmtl
after_skmtl = process_time()
from skmtl import {name}
after_import = process_time()
rng = np.random.default_rng(0)
X = rng.standard_normal((200, 20))
Y = X @ rng.standard_normal((20, 5)) + rng.standard_normal((200, 5))
y, tasks = Y[:, 0], np.arange(200) % 5
before_fit = process_time()
{fit}
fit = process_time() - before_fit
print(after_skmtl - start, after_import - start, after_import - start + fit)
"""
COLUMNS = ("first fit", "cache", "import skmtl, s", "import of it, s", "with first fit, s")


def measure(fit, cache):
    """CPU seconds of (the import of skmtl, that of an estimator, both and its first fit)."""
    threads = dict.fromkeys(THREADS, "1")
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    code = TIMED.format(name=fit.partition("(")[0], fit=fit)
    output = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, **threads, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [float(figure) for figure in output.split()]


def row_of(case, cache, runs):
    """The cells of a case: medians over the runs."""
    figures = [statistics.median(column) for column in zip(*runs, strict=True)]
    return [case, cache, *(f"{figure:.3f}" for figure in figures)]


def rows_of(case, runs):
    """The rows of a case: an empty cache and a warm one, in turn."""
    cold, warm = [], []
    with tempfile.TemporaryDirectory() as shared:
        measure(CASES[case], shared)
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as fresh:
                cold.append(measure(CASES[case], fresh))
            warm.append(measure(CASES[case], shared))
    return [row_of(case, "empty", cold), row_of(case, "warm", warm)]


def table(rows):
    """The rows as a reStructuredText table."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 40 12 16 16 16", ""]
    for cells in (COLUMNS, *rows):
        marks = ["   * -", *["     -"] * (len(cells) - 1)]
        lines += [f"{mark} {cell}" for mark, cell in zip(marks, cells, strict=True)]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="processes of each case (3)")
    add_only(parser, CASES)
    parser.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = parser.parse_args()
    cases = chosen(parser, CASES, options.only)
    print(*COLUMNS, sep=";")
    rows = []
    for case in cases:
        for row in rows_of(case, options.runs):
            print(*row, sep=";", flush=True)
            rows.append(row)
    if options.rst:
        options.rst.write_text(table(rows))


if __name__ == "__main__":
    main()
