"""Gaussian process classification of several tasks beside GPyTorch, scikit-learn and linear models.

    python benchmarks/gaussian_process_classification.py [--landmine FILE.npz] [--only NAME ...]
        [--n-splits N] [--rst doc/gaussian_process_classification_table.inc]

Tasks have samples of their own. The table has the mean over tasks of the area under the ROC curve
of new samples, their log-loss over all tasks, and the CPU seconds of a fit on one thread: means
over splits, in which the models take turns.

- *generated-N*: N labels of 5 tasks with 4 features. Log-odds are functions of an RBF kernel: the
  tasks share one of them, of which a task may have the negative, and have a smaller one of their
  own.
- *landmine-N*: N labels of 29 fields with 9 features and 6 % mines (``X``, ``y`` and ``task`` of
  the file).
- *evaluation-N*: seconds of one log marginal likelihood and its gradient, for N labels of a single
  task.

GPyTorch is trained for `EPOCHS` epochs by Adam, and its best epoch is chosen on the test samples:
its loss is that of the best epoch, and its seconds are those up to there. It gets what no user has.
"""

import argparse
import warnings
from functools import partial
from itertools import cycle
from pathlib import Path
from time import process_time

import numpy as np
from options import needs
from report import list_table
from scipy.special import expit
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.metrics import log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from skmtl import (
    IndependentTasks,
    MeanRegularizedClassifier,
    MixedEffectsClassifier,
    MultiTaskCV,
    MultiTaskGaussianProcessClassifier,
)

EPOCHS = 200
LOOK = 5  # epochs between two looks at the test samples
N_TEST = 500  # test samples of a generated task
EVALUATIONS = 5


def generated(n_labels, seed, n_tasks=5, n_features=4, n_waves=300):
    """Training and test samples, each as X, y and task."""
    rng = np.random.default_rng(seed)
    n_own = n_labels // n_tasks + N_TEST
    X = rng.normal(size=(n_tasks * n_own, n_features))
    task = np.repeat(np.arange(n_tasks), n_own)
    frequencies = rng.normal(size=(n_features, n_waves)) / np.sqrt(n_features)
    waves = np.sqrt(2 / n_waves) * np.cos(X @ frequencies + rng.uniform(0, 2 * np.pi, n_waves))
    loadings = rng.choice([-1, 1], n_tasks) * rng.uniform(2, 4, n_tasks)
    shared = rng.normal(size=(n_waves, 1)) * loadings
    own = rng.normal(size=(n_waves, n_tasks))
    means = rng.normal(size=n_tasks)
    log_odds = np.einsum("ij,ij->i", waves, (shared + own)[:, task].T) + means[task]
    y = (rng.random(len(task)) < expit(log_odds)).astype(int)
    trains = np.arange(len(task)) % n_own >= N_TEST
    return (X[trains], y[trains], task[trains]), (X[~trains], y[~trains], task[~trains])


def landmine(path, n_labels, seed):
    """The same of the mines; features are standardized on the training part."""
    with np.load(path) as file:
        X = file["X"].astype(float)
        y = file["y"].ravel().astype(int)
        task = file["task"].ravel().astype(int)
    rng = np.random.default_rng(seed)
    n_tasks = task.max() + 1
    trains = np.zeros(len(y), dtype=bool)
    for t in range(n_tasks):
        own = rng.permutation(np.flatnonzero(task == t))
        trains[own[: n_labels // n_tasks]] = True
    X = (X - X[trains].mean(axis=0)) / X[trains].std(axis=0)
    return (X[trains], y[trains], task[trains]), (X[~trains], y[~trains], task[~trains])


def scikit_learn(n_features):
    """A Gaussian process for each task, with the same kernel."""
    kernel = ConstantKernel(1.0) * RBF(np.full(n_features, np.sqrt(n_features)))
    return IndependentTasks(GaussianProcessClassifier(kernel + ConstantKernel(1.0)))


def models(n_features):
    """Models of scikit-learn's interface by name."""
    strengths = {"alpha": 10, "ridge": [1e-3, 1e-2, 1e-1]}
    return {
        "skmtl": MultiTaskGaussianProcessClassifier(),
        "skmtl, rank 0": MultiTaskGaussianProcessClassifier(rank=0),
        "scikit-learn, each task": scikit_learn(n_features),
        "mean-regularized, CV": MultiTaskCV(MeanRegularizedClassifier(), strengths),
        "mixed effects": MixedEffectsClassifier(),
    }


def scores(y, p, task):
    """The mean of the areas of tasks that have both classes, and the log-loss."""
    areas = []
    for t in np.unique(task):
        own = task == t
        if len(np.unique(y[own])) == 2:
            areas.append(roc_auc_score(y[own], p[own]))
    return np.mean(areas), log_loss(y, p)


def gpytorch_row(train, test):
    """Area, log-loss and seconds of the best epoch of GPyTorch."""
    from lmc_gpytorch import Classifier

    X, y, task = test
    model = Classifier(*train)
    rows = []
    for epoch in range(1, EPOCHS + 1):
        model.train()
        if epoch % LOOK == 0:
            p = model.predict_proba(X, task)
            rows.append((*scores(y, p, task), model.seconds))
    return min(rows, key=lambda row: row[1])


def compare(make, n_splits):
    """Rows of a problem: name, area, log-loss, seconds."""
    found = {}
    for seed in range(n_splits):
        train, test = make(seed=seed)
        X, y, task = train
        for name, model in models(X.shape[1]).items():
            start = process_time()
            model.fit(X, y, tasks=task)
            seconds = process_time() - start
            p = model.predict_proba(test[0], tasks=test[2])[:, 1]
            row = (*scores(test[1], p, test[2]), seconds)
            found.setdefault(name, []).append(row)
        found.setdefault("GPyTorch, best epoch", []).append(gpytorch_row(train, test))
    for name, rows in found.items():
        area, loss, seconds = np.mean(rows, axis=0)
        yield [name, f"{area:.3f}", f"{loss:.3f}", f"{seconds:.2f}"]


def evaluation(n_labels, n_splits):
    """Rows of one evaluation of the likelihood; the number of splits does not matter."""
    (X, y, _), _ = generated(n_labels, seed=0, n_tasks=1)
    kernel = ConstantKernel(4.0) * RBF(np.full(X.shape[1], 2.0))
    theirs = GaussianProcessClassifier(kernel, optimizer=None).fit(X, y)
    options = {"kernel": kernel.k2, "fit_intercept": False, "optimizer": None}
    ours = MultiTaskGaussianProcessClassifier(**options).fit(X, y[:, None])
    theta = np.append(kernel.k2.theta, 4.0)
    values = {
        "skmtl": lambda shift: ours.log_marginal_likelihood(theta + shift, True),
        "scikit-learn": lambda shift: theirs.log_marginal_likelihood(kernel.theta + shift, True),
    }
    np.testing.assert_allclose(*[value(0.0)[0] for value in values.values()], rtol=1e-8)
    seconds = {name: [] for name in values}
    for shift, _ in zip(cycle([0.0, 1e-3]), range(EVALUATIONS), strict=False):
        for name, value in values.items():
            start = process_time()
            value(shift)
            seconds[name].append(process_time() - start)
    for name, measured in seconds.items():
        yield [name, "", "", f"{np.median(measured):.3f}"]


def problems(path):
    """Problems by name."""
    found = {
        "generated-200": partial(compare, partial(generated, 200)),
        "generated-500": partial(compare, partial(generated, 500)),
        "generated-1000": partial(compare, partial(generated, 1000)),
        "evaluation-1000": partial(evaluation, 1000),
    }
    if path is not None:
        for n in (580, 1450):
            found[f"landmine-{n}"] = partial(compare, partial(landmine, path, n))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--landmine", type=Path, help="file of the mines")
    parser.add_argument("--only", nargs="+", help="names of problems")
    parser.add_argument("--n-splits", type=int, default=3)
    parser.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = parser.parse_args()
    needs(parser, "gpytorch", "bench-gp")
    warnings.simplefilter("ignore")  # of single tasks that hardly have a class
    known = problems(options.landmine)
    table = [["problem", "model", "AUC", "log-loss", "fit, s"]]
    for name in options.only or known:
        for row in known[name](n_splits=options.n_splits):
            table.append([name, *row])
            print(*table[-1], sep=", ", flush=True)
    if options.rst:
        options.rst.write_text(list_table("24 32 14 14 16", table), encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
