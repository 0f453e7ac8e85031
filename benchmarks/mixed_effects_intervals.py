"""Mixed-effects regression: whether 95 % intervals hold 95 % of what they are intervals of.

    python benchmarks/mixed_effects_intervals.py [--n-draws N] [--rst FILE]

Data are drawn from the model with eight rows a task and one feature: intercepts and slopes have the
same standard deviation between tasks, the noise has standard deviation 1. Or slopes are
heavy-tailed (t with 4 degrees of freedom), or the variance of the noise differs between tasks
(1 / Gamma(3, 3)).
Prints the shares of draws: for the common intercept and slope, with Student's and with normal
quantiles; for the standard deviations of intercepts and slopes; for new targets of the tasks, of 20
tasks that were not seen, and for the targets of the fit, each predicted from the others.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from report import list_table
from scipy import stats
from sklearn.exceptions import ConvergenceWarning

from skmtl import MixedEffectsRegressor

N_ROWS = 8
N_NEW = 20
COMMON = np.array([1.0, 0.5])
NORMAL = stats.norm.ppf(0.975)
COLUMNS = [
    "data",
    "common coefficients",
    "the same, normal quantiles",
    "deviations between tasks",
    "new targets",
    "of unseen tasks",
    "leave one out",
]
FLAT = {"covariance": "diagonal", "task_noise": "common", "fixed_effects": "flat"}
CASES = [  # title, parameters, numbers of tasks
    ("normal", {}, (10, 30)),
    ('normal, covariance="full"', {"covariance": "full"}, (10, 30)),
    ('deviations="t"', {"deviations": "t"}, (10, 30)),
    ('task_noise="own"', {"task_noise": "own"}, (10, 30)),
]
SPREADS = (0.0, 0.3, 0.8)


class World:
    """Tasks, some of them without data, and targets for them."""

    def __init__(self, rng, n_tasks, spread, params):
        self.rng = rng
        n_all = n_tasks + N_NEW
        deviations = spread * rng.standard_normal((n_all, 2))
        if params.get("deviations") == "t":
            deviations[:, 1] /= np.sqrt(rng.gamma(2, 1 / 2, size=n_all))
        self.effects = COMMON + deviations
        self.noise = np.ones(n_all)
        if params.get("task_noise") == "own":
            self.noise = 1 / np.sqrt(rng.gamma(3, 1 / 3, size=n_all))

    def draw(self, tasks):
        """X with the tasks in its last column, and targets."""
        x = self.rng.standard_normal(len(tasks))
        intercept, slope = self.effects[tasks].T
        y = intercept + slope * x + self.noise[tasks] * self.rng.standard_normal(len(tasks))
        return np.column_stack([x, tasks]), y


def hits(rng, n_tasks, spread, params):
    """Shares of one draw, in the order of the columns."""
    world = World(rng, n_tasks, spread, params)
    X, y = world.draw(np.repeat(np.arange(n_tasks), N_ROWS))
    settings = {**FLAT, **params, "handle_unknown": "shared"}
    model = MixedEffectsRegressor(task_column=-1, **settings).fit(X, y)
    intervals = model.confidence_intervals()
    estimates = np.append(model.shared_intercept_, model.shared_coef_)
    seen = world.draw(np.arange(n_tasks))
    unseen = world.draw(n_tasks + np.arange(N_NEW))
    return [
        np.mean(inside(intervals.fixed_effects, COMMON)),
        np.mean(np.abs(estimates - COMMON) <= NORMAL * model.standard_errors_),
        np.mean(inside(intervals.random_effects, spread)),
        covered(seen[1], *model.predict(seen[0], return_std=True)),
        covered(unseen[1], *model.predict(unseen[0], return_std=True)),
        covered(y, *model.loo_predict()),
    ]


def inside(intervals, truth):
    low, high = intervals.T
    return (low <= truth) & (truth <= high)


def covered(y, mean, std):
    return np.mean(np.abs(y - mean) <= NORMAL * std)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--n-draws", type=int, default=200)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    table = [COLUMNS]
    for title, params, numbers in CASES:
        for n_tasks in numbers:
            for spread in SPREADS:
                rng = np.random.default_rng(0)
                draws = [hits(rng, n_tasks, spread, params) for _ in range(options.n_draws)]
                shares = [f"{share:.3f}" for share in np.mean(draws, axis=0)]
                table.append([f"{title}, {n_tasks} tasks, deviation {spread:g}", *shares])
                print(*table[-1], sep="  ", flush=True)
    if options.rst:
        options.rst.write_text(list_table("28 12 12 12 12 12 12", table), encoding="utf-8")


if __name__ == "__main__":
    main()
