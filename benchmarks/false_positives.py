"""How often a comparison finds a transfer that is not there.

    python benchmarks/false_positives.py [--simulations N] [--rst FILE]

Twelve unrelated tasks of 20, 40 or 120 rows and ten features. In "equal models" the estimator is a
tuned ridge for each task on the first five features, its baseline one on the other five, which say
as much of y: neither is better, every verdict is false. In "unrelated tasks" a mean-regularized
model is compared with a tuned ridge for each task; verdicts of positive transfer are false.
Prints the share of simulations with at least one false verdict at 95 %: of the test of
`compare_to_single_task`, of Nadeau and Bengio's smaller correction for overlapping splits, and of
the plain t-test, each with and without Holm's correction for the number of tasks.
"""

import argparse
from pathlib import Path

import numpy as np
from report import list_table
from sklearn.compose import make_column_transformer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline

from skmtl import IndependentTasks, MeanRegularizedRegressorCV, compare_to_single_task
from skmtl.evaluation._statistics import OVERLAP, corrected_t, holm

SIZES = np.tile([20, 40, 120], 4)
LEVEL = 0.05
RIDGE = RidgeCV(alphas=np.logspace(-2, 3, 11))
FAST = {"rivals": (), "model_figures": False}
TESTS = {  # multiple of n_test / n_train, whether the number of tasks is corrected for
    "skmtl": (OVERLAP, True),
    "skmtl, no Holm": (OVERLAP, False),
    "Nadeau-Bengio, Holm": (1.0, True),
    "Nadeau-Bengio": (1.0, False),
    "plain t, Holm": (0.0, True),
    "plain t": (0.0, False),
}


def columns(start):
    """A tuned ridge on five features."""
    kept = make_column_transformer(("passthrough", slice(start, start + 5)))
    return make_pipeline(kept, RIDGE)


SCENARIOS = {  # estimator, baseline, whether verdicts of harm are false, too
    "equal models": (IndependentTasks(columns(0), task_column=-1), columns(5), True),
    "unrelated tasks": (MeanRegularizedRegressorCV(alphas=10, task_column=-1), RIDGE, False),
}


def draw(rng):
    """Tasks with coefficients of their own; the two halves of the features say as much."""
    tasks = np.repeat(np.arange(len(SIZES)), SIZES)
    X = rng.standard_normal((len(tasks), 10))
    halves = rng.standard_normal((len(SIZES), 2, 5))
    halves /= np.linalg.norm(halves, axis=2, keepdims=True)
    y = (X * halves.reshape(-1, 10)[tasks]).sum(axis=1) + rng.standard_normal(len(tasks))
    return np.column_stack([X, tasks]), y


def false_verdicts(results, harm_counts):
    """Whether each of the tests has a false verdict for at least one task."""
    errors = results["errors"]
    differences = errors[..., 0] - errors[..., 1]
    wanted = np.full(errors.shape[1], True) if harm_counts else differences.mean(axis=0) > 0
    ratios = results["n_test"].sum(axis=0) / results["n_train"].sum(axis=0)
    found = []
    for overlap, adjust in TESTS.values():
        p = np.array(
            [
                corrected_t(differences[:, t], ratio * overlap, 1 - LEVEL)[2]
                for t, ratio in enumerate(ratios)
            ]
        )
        found.append(bool(((holm(p) if adjust else p)[wanted] < LEVEL).any()))
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--simulations", type=int, default=200)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    print("scenario", *TESTS, sep=";")
    table = [["simulated", *(f"{name}, %" for name in TESTS)]]
    for name, (model, baseline, harm_counts) in SCENARIOS.items():
        found = []
        for seed in range(options.simulations):
            X, y = draw(np.random.default_rng(seed))
            report = compare_to_single_task(
                model, X, y, baseline=baseline, random_state=seed, **FAST
            )
            found.append(false_verdicts(report.cv_results_, harm_counts))
        shares = 100 * np.mean(found, axis=0)
        print(name, *(f"{share:.1f}" for share in shares), sep=";", flush=True)
        table.append([name, *(f"{share:.1f}" for share in shares)])
    if options.rst:
        options.rst.write_text(list_table("22 13 13 13 13 13 13", table), encoding="utf-8")


if __name__ == "__main__":
    main()
