"""Fit times of logistic multi-task models beside accelerated proximal gradient.

    python benchmarks/logistic.py [--landmine FILE.npz] [--out FILE.csv] [--rst FILE]

CPU seconds of one thread. `FILE.npz` holds X, y and task as for classification.py; without it only
the generated problems are run: 50 tasks with 100 rows each of their own, or 1000 in common, and
2000 features, neighbors correlated by 0.5. skmtl stops on its duality gap, at most 1e-6 of the
objective of the empty model. FISTA (NumPy, full gradients on the rows, backtracking, restarts) is
stopped the moment its objective is as close to the certified minimum, without any certificate.
"""

import argparse
import csv
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from problems import toeplitz
from report import list_table
from scipy.special import expit
from threadpoolctl import threadpool_limits

from skmtl import MultiTaskLassoClassifier, TraceNormClassifier, alpha_max
from skmtl.penalties import L21, TraceNorm

EXCESS = 1e-6
FIELDS = ["problem", "model", "alpha / alpha_max", "skmtl_s", "n_iter", "fista_s", "ratio"]
MODELS = {
    "L2,1": (MultiTaskLassoClassifier, L21, (0.3, 0.1, 0.02)),
    "trace norm": (TraceNormClassifier, TraceNorm, (0.3, 0.1)),
}


class Rows:
    """Rows of every task: lists, or one X that all share."""

    def __init__(self, Xs, ys):
        self.Xs, self.ys, self.n = Xs, ys, np.mean([len(y) for y in ys])

    def arguments(self):
        """Of `fit`, and how tasks are given."""
        if all(X is self.Xs[0] for X in self.Xs):
            return (self.Xs[0], np.column_stack(self.ys).astype(int)), {}
        tasks = np.repeat(np.arange(len(self.ys)), [len(y) for y in self.ys])
        stacked = np.column_stack([np.vstack(self.Xs), tasks])
        return (stacked, np.concatenate(self.ys).astype(int)), {"task_column": -1}

    def scores(self, W, b):
        if self.Xs[0] is self.Xs[-1]:
            return list((self.Xs[0] @ W + b).T)
        return [X @ w + c for X, w, c in zip(self.Xs, W.T, b, strict=True)]

    def loss(self, scores):
        pairs = zip(scores, self.ys, strict=True)
        return sum((np.logaddexp(0, z) - y * z).sum() for z, y in pairs) / self.n

    def gradient(self, scores):
        r = [(expit(z) - y) / self.n for z, y in zip(scores, self.ys, strict=True)]
        if self.Xs[0] is self.Xs[-1]:
            return self.Xs[0].T @ np.column_stack(r), np.array([v.sum() for v in r])
        G = np.column_stack([X.T @ v for X, v in zip(self.Xs, r, strict=True)])
        return G, np.array([v.sum() for v in r])


def fista(rows, penalty, goal, most=20_000):
    """Seconds until the objective is at most `goal`."""
    start, checking = process_time(), 0.0
    p, T = rows.Xs[0].shape[1], len(rows.ys)
    W = Z = np.zeros((p, T))
    b = zb = np.array([np.log(y.mean() / (1 - y.mean())) for y in rows.ys])
    curvature, momentum = 0.01 * np.mean([(X**2).sum() for X in rows.Xs[:3]]) / rows.n, 1.0
    for _ in range(most):
        scores = rows.scores(Z, zb)
        value, (G, g) = rows.loss(scores), rows.gradient(scores)
        while True:
            V = penalty.prox(Z - G / curvature, 1 / curvature)
            vb = zb - g / curvature
            D, d = V - Z, vb - zb
            new = rows.scores(V, vb)
            model = value + np.vdot(G, D) + g @ d + 0.5 * curvature * (np.vdot(D, D) + d @ d)
            reached = rows.loss(new)
            if reached <= model * (1 + 1e-12):
                break
            curvature *= 2
        if np.vdot(Z - V, V - W) + (zb - vb) @ (vb - b) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = (momentum - 1) / following
        Z, zb = V + ahead * (V - W), vb + ahead * (vb - b)
        W, b, momentum = V, vb, following
        check = process_time()
        if reached + penalty.value(W) <= goal:
            return process_time() - start - checking
        checking += process_time() - check
    return np.inf


def generated(own, T=50, p=2000, seed=0):
    """Thirty features matter, alike over tasks."""
    rng = np.random.default_rng(seed)
    W = np.zeros((p, T))
    W[rng.choice(p, 30, replace=False)] = rng.normal(size=(30, 1)) + 0.5 * rng.normal(size=(30, T))
    if own:
        Xs = [toeplitz(rng, 100, p, 0.5, order="C") for _ in range(T)]
    else:
        Xs = [toeplitz(rng, 1000, p, 0.5)] * T
    ys = [(rng.random(len(X)) < expit(X @ w)).astype(float) for X, w in zip(Xs, W.T, strict=True)]
    return Rows(Xs, ys)


def landmine(path):
    """Standardized rows by task."""
    with np.load(path) as file:
        X, y, tasks = file["X"], file["y"].ravel(), file["task"].ravel()
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), (y == y.max()).astype(float)
    return Rows(
        [X[tasks == t] for t in np.unique(tasks)], [y[tasks == t] for t in np.unique(tasks)]
    )


def measure(name, rows, models):
    arguments, layout = rows.arguments()
    for title in models:
        estimator, penalty, shares = MODELS[title]
        largest = alpha_max(*arguments, estimator=estimator(**layout))
        for share in shares:
            model = estimator(share * largest, tol=EXCESS, max_iter=1000, **layout)
            model.fit(*arguments)
            seconds = []
            for _ in range(3):
                start = process_time()
                model.fit(*arguments)
                seconds.append(process_time() - start)
            ours = float(np.median(seconds))
            null = rows.loss([np.full(len(y), np.log(y.mean() / (1 - y.mean()))) for y in rows.ys])
            goal = model.objective_ - model.dual_gap_ + EXCESS * null
            theirs = fista(rows, penalty(share * largest), goal)
            yield dict(
                zip(
                    FIELDS,
                    [
                        name,
                        title,
                        share,
                        f"{ours:.3g}",
                        model.n_iter_,
                        f"{theirs:.3g}",
                        f"{theirs / ours:.3g}",
                    ],
                    strict=True,
                )
            )


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--landmine", type=Path)
    options.add_argument("--out", type=Path)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", UserWarning)
    measured = []
    print(*FIELDS, sep=",")

    def run(name, rows, models):
        for row in measure(name, rows, models):
            print(*row.values(), sep=",", flush=True)
            measured.append(row)

    if options.landmine:
        run("landmine", landmine(options.landmine), MODELS)
    run("own-50x100x2000", generated(own=True), ["L2,1"])
    run("shared-1000x2000x50", generated(own=False), ["L2,1"])
    if options.out:
        with options.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(measured)
    if options.rst:
        titles = ["problem", "model", "alpha / max", "skmtl, s", "steps", "FISTA, s", "ratio"]
        rows = [titles, *([str(v) for v in row.values()] for row in measured)]
        options.rst.write_text(list_table("24 14 12 12 10 14 14", rows), encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
