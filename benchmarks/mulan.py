"""Kernel ridge regression of many targets on the same rows: does coupling help?

    python benchmarks/mulan.py FILE.npz [FILE.npz ...] [--n-splits N] [--rst FILE]

Every file holds arrays X and Y without gaps, such as the sets of Mulan for several targets. Two
thirds of the rows are for training; columns of X and Y are standardized by these. All strengths
and the width of the kernel are chosen inside the training part, from the same values. An error is
the relative root mean squared one of a target, 1 for its training mean, averaged over targets.
Prints mean and standard deviation over splits, of the errors and of paired differences; the task
strengths that were chosen; the median CPU time of a fit with its tuning.
"""

import argparse
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.preprocessing import StandardScaler

from skmtl import MultiTaskKernelRidgeCV, MultiTaskRelationshipKernelRidge

WIDTHS = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]  # gamma, over 1 / n_features
ALPHAS = [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0]


class LearnedCovariance(RegressorMixin, BaseEstimator):
    """The gamma of tasks alone by leave-one-out, then alpha by five folds."""

    def __init__(self, gammas):
        self.gammas = gammas

    def fit(self, X, Y):
        alone = MultiTaskKernelRidgeCV(ALPHAS, task_strengths=[0.0], gammas=self.gammas).fit(X, Y)
        model = MultiTaskRelationshipKernelRidge(gamma=alone.gamma_)
        grid = {"alpha": np.array(ALPHAS) / Y.shape[1]}  # its covariance has trace 1
        self.best_ = GridSearchCV(model, grid, scoring="neg_mean_squared_error").fit(X, Y)
        return self

    def predict(self, X):
        return self.best_.predict(X)


def models(n_features):
    gammas = np.array(WIDTHS) / n_features
    single = GridSearchCV(
        KernelRidge(kernel="rbf"),
        {"alpha": ALPHAS, "gamma": gammas},
        scoring="neg_mean_squared_error",
    )
    return {
        "shared and own part": MultiTaskKernelRidgeCV(ALPHAS, gammas=gammas),
        "learned covariance": LearnedCovariance(gammas),
        "single tasks, same strengths": MultiTaskKernelRidgeCV(
            ALPHAS, task_strengths=[0.0], gammas=gammas
        ),
        "single tasks, own strengths": MultiOutputRegressor(single),
    }


def relative_error(Y, Z):
    """Of predictions Z of targets whose training mean is zero, averaged over targets."""
    return np.sqrt(((Y - Z) ** 2).sum(axis=0) / (Y**2).sum(axis=0)).mean()


def measure(X, Y, n_splits):
    """Errors and seconds (n_models, n_splits), and the strengths that the first model chose."""
    tried = models(X.shape[1])
    errors, seconds = np.empty((2, len(tried), n_splits))
    strengths = []
    cv = ShuffleSplit(n_splits, train_size=2 / 3, random_state=0)
    for k, (train, test) in enumerate(cv.split(X)):
        scale_x, scale_y = StandardScaler().fit(X[train]), StandardScaler().fit(Y[train])
        rows, labels = scale_x.transform(X[train]), scale_y.transform(Y[train])
        for m, model in enumerate(tried.values()):
            start = process_time()
            model.fit(rows, labels)
            seconds[m, k] = process_time() - start
            guess = model.predict(scale_x.transform(X[test]))
            errors[m, k] = relative_error(scale_y.transform(Y[test]), guess)
        strengths.append(float(tried["shared and own part"].task_strength_))
    return errors, seconds, strengths


def figures(values):
    mean = round(np.mean(values), 3) + 0.0  # no -0.000
    return f"{mean:.3f} ± {np.std(values, ddof=1):.3f}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("files", nargs="+", type=Path)
    options.add_argument("--n-splits", type=int, default=10)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    names = list(models(1))
    table = [
        [
            "data",
            "samples, features, tasks",
            *names,
            "shared minus single tasks",
            "strength 0 chosen",
        ]
    ]
    for path in options.files:
        with np.load(path) as data:
            X, Y = data["X"], data["Y"]
        title = path.stem.removeprefix("mulan_")
        errors, seconds, strengths = measure(X, Y, options.n_splits)
        alone = errors[names.index("single tasks, same strengths")]
        print(f"{title}: {X.shape[0]} samples, {X.shape[1]} features, {Y.shape[1]} tasks")
        for name, error, second in zip(names, errors, seconds, strict=True):
            less = f"minus single tasks, same strengths: {figures(error - alone)}"
            print(f"  {name:22} {figures(error)}  {less}  {np.median(second):6.2f} s")
        print("  task strengths", *strengths, flush=True)
        table.append(
            [
                title,
                f"{len(X)}, {X.shape[1]}, {Y.shape[1]}",
                *map(figures, errors),
                figures(errors[0] - alone),
                f"{strengths.count(0.0)} of {options.n_splits}",
            ]
        )
    if options.rst:
        options.rst.write_text(list_table("8 14 14 14 14 14 14 8", table), encoding="utf-8")


if __name__ == "__main__":
    main()
