"""How long the first fit of a new process takes, with an empty and with a warm Numba cache.

    python benchmarks/cold_start.py [--runs N]

Prints medians in seconds: importing scikit-learn alone, importing skmtl, and the first fit on top
of scikit-learn's import. Every run is a process of its own; the cold ones get an empty cache
directory each.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

SKLEARN = "import sklearn.linear_model, sklearn.model_selection, sklearn.metrics"
TIMED = """
from time import perf_counter
import numpy as np
start = perf_counter()
{sklearn}
after_sklearn = perf_counter()
import skmtl
after_skmtl = perf_counter()
rng = np.random.default_rng(0)
X, Y = rng.standard_normal((200, 20)), rng.standard_normal((200, 5))
skmtl.MultiTaskLasso(alpha=0.01).fit(X, Y)
end = perf_counter()
print(after_sklearn - start, after_skmtl - after_sklearn, end - after_sklearn)
"""


def measure(cache):
    """Seconds of (scikit-learn's import, skmtl's import, skmtl's import and first fit)."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"}
    code = TIMED.format(sklearn=SKLEARN)
    output = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    return [float(figure) for figure in output.split()]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=5)
    runs = options.parse_args().runs
    cold, warm = [], []
    with tempfile.TemporaryDirectory() as shared:
        measure(shared)
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as fresh:
                cold.append(measure(fresh))
            warm.append(measure(shared))
    print("cache,import_sklearn_s,import_skmtl_s,first_fit_above_sklearn_s")
    for name, rows in (("cold", cold), ("warm", warm)):
        figures = [statistics.median(column) for column in zip(*rows, strict=True)]
        print(name, *(f"{figure:.3f}" for figure in figures), sep=",")


if __name__ == "__main__":
    main()
