"""Do the measures of relatedness find planted clusters of tasks?

    python benchmarks/relatedness.py [--n-seeds N] [--rst FILE]

Twelve linear tasks in three clusters of four, every task with rows of its own. The coefficients of
a task are its cluster's center plus normal deviations; centers are independent but in the last
case. Each matrix of gains is made symmetric and clustered by average linkage into three. Prints the
adjusted Rand index against the planted clusters, mean and smallest over seeds, for the three
modes of `task_transfer_matrix` with a mean-regularized regressor and for `task_similarity` of the
coefficients of ridges of each task alone; and the fits that each took.
"""

import argparse
from pathlib import Path

import numpy as np
from report import list_table
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.linear_model import RidgeCV
from sklearn.metrics import adjusted_rand_score

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressor,
    task_similarity,
    task_transfer_matrix,
)

CLUSTERS = np.repeat([0, 1, 2], 4)
N_FEATURES = 15
MODES = ("pairwise", "drop_one", "cross_predict")
METHODS = (*MODES, "coefficients")
CASES = {  # name, then the arguments of draw
    "easy": {"n_rows": 30, "noise": 0.5},
    "more noise": {"n_rows": 30, "noise": 4.0},
    "fewer samples": {"n_rows": 10, "noise": 0.5},
    "fewer samples, more noise": {"n_rows": 10, "noise": 4.0},
    "overlapping clusters": {"n_rows": 30, "noise": 1.0, "overlap": 0.6, "spread": 0.4},
}


def draw(seed, *, n_rows, noise, overlap=0.0, spread=0.2):
    """Long data; `overlap` is the correlation of the centers, `spread` the deviation from them."""
    rng = np.random.default_rng(seed)
    common = np.sqrt(overlap) * rng.standard_normal(N_FEATURES)
    centers = common + np.sqrt(1 - overlap) * rng.standard_normal((3, N_FEATURES))
    coef = centers[CLUSTERS] + spread * rng.standard_normal((len(CLUSTERS), N_FEATURES))
    tasks = np.repeat(np.arange(len(CLUSTERS)), n_rows)
    X = rng.standard_normal((len(tasks), N_FEATURES))
    y = np.sum(X * coef[tasks], axis=1) + noise * rng.standard_normal(len(tasks))
    return np.column_stack([X, tasks]), y


def clusters(gain):
    """Three clusters by average linkage of a matrix whose large entries mean near."""
    near = (gain + gain.T) / 2
    distance = near.max() - near
    np.fill_diagonal(distance, 0.0)
    return fcluster(linkage(squareform(distance), "average"), 3, criterion="maxclust")


def rand_indices(X, y, seed):
    """Adjusted Rand index and number of fits of every method."""
    model = MeanRegularizedRegressor(alpha=1.0, ridge=0.01, task_column=-1)
    found = {}
    for mode in MODES:
        result = task_transfer_matrix(model, X, y, mode=mode, random_state=seed)
        found[mode] = (result.gain, result.n_fits)
    alone = IndependentTasks(RidgeCV(np.logspace(-2, 3, 20)), task_column=-1).fit(X, y)
    found["coefficients"] = (task_similarity(alone, X).similarity, len(CLUSTERS))
    return {
        name: (adjusted_rand_score(CLUSTERS, clusters(matrix)), n_fits)
        for name, (matrix, n_fits) in found.items()
    }


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--n-seeds", type=int, default=10)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    print("case,measure,ari,ari_min,n_fits")
    table = [["case", *METHODS]]
    for case, arguments in CASES.items():
        runs = [rand_indices(*draw(seed, **arguments), seed) for seed in range(options.n_seeds)]
        row = [case]
        for name in METHODS:
            indices = [run[name][0] for run in runs]
            mean, least = (f"{round(f(indices), 2) + 0.0:.2f}" for f in (np.mean, np.min))
            print(case, name, mean, least, runs[0][name][1], sep=",", flush=True)
            row.append(f"{mean} ({least})")
        table.append(row)
    table.append(["fits", *(str(runs[0][name][1]) for name in METHODS)])
    if options.rst:
        options.rst.write_text(list_table("32 17 17 17 17", table), encoding="utf-8")


if __name__ == "__main__":
    main()
