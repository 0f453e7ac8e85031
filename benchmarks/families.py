"""Generated families of linear tasks with rows of their own, from identical to unrelated.

Signal and noise have unit variance in every task unless said otherwise. There are 10 tasks, 20 rows
a task and 20 features, normal and independent, and no intercepts.
"""

from typing import NamedTuple

import numpy as np

N_FEATURES, N_INFORMATIVE = 20, 4


def dense(rng, n_tasks, n_features=N_FEATURES, *, correlation=1.0):
    """Coefficients of all features whose correlation between tasks is that given."""
    common = rng.standard_normal(n_features)
    own = rng.standard_normal((n_tasks, n_features))
    return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own


def sparse(rng, n_tasks, n_features=N_FEATURES, *, same_features):
    """Independent coefficients of a few features, the same for all tasks or not."""
    coef = np.zeros((n_tasks, n_features))
    features = rng.permutation(n_features)[:N_INFORMATIVE]
    for w in coef:
        own = features if same_features else rng.permutation(n_features)[:N_INFORMATIVE]
        w[own] = rng.standard_normal(N_INFORMATIVE)
    return coef


def opposite(rng, n_tasks, n_features=N_FEATURES):
    """One vector, its sign changed for every other task."""
    return dense(rng, n_tasks, n_features) * (-1.0) ** np.arange(n_tasks)[:, None]


def one_outlier(rng, n_tasks, n_features):
    """Similar tasks, and a first one that is nearly the opposite of what it would be."""
    coef = unit(dense(rng, n_tasks, n_features, correlation=0.9))
    coef[0] = -coef[0] + 0.5 * rng.standard_normal(n_features)
    return coef


def two_clusters(rng, n_tasks, n_features):
    """Two halves of similar tasks."""
    half = n_tasks // 2
    halves = [dense(rng, size, n_features, correlation=0.9) for size in (half, n_tasks - half)]
    return np.vstack(halves)


def half_unrelated(rng, n_tasks, n_features):
    """A half of similar tasks, a half of tasks with a few features of their own."""
    half = n_tasks // 2
    similar = unit(dense(rng, half, n_features, correlation=0.9))
    return np.vstack([similar, sparse(rng, n_tasks - half, n_features, same_features=False)])


def unit(coef):
    """Each task's coefficients divided by their norm."""
    return coef / np.linalg.norm(coef, axis=1, keepdims=True)


def identical(rng, n_tasks, n_features):
    return dense(rng, n_tasks, n_features)


def similar(rng, n_tasks, n_features):
    return dense(rng, n_tasks, n_features, correlation=0.8)


def same_features(rng, n_tasks, n_features):
    return sparse(rng, n_tasks, n_features, same_features=True)


def unrelated(rng, n_tasks, n_features):
    return sparse(rng, n_tasks, n_features, same_features=False)


class Family(NamedTuple):
    """Coefficients as drawn by a function, and the shape of the data."""

    draw: callable
    n_rows: int = 20
    n_tasks: int = 10
    n_features: int = N_FEATURES
    n_rows_first: int | None = None  # of the first task, where it has more
    noise: tuple = (1.0, 1.0)  # deviations are log-uniform between the two


FAMILIES = {
    "identical": Family(identical),
    "similar": Family(similar),
    "similar, noise 3, 40 rows": Family(similar, 40, noise=(3.0, 3.0)),
    "similar, noise 0.3 to 3": Family(similar, noise=(0.3, 3.0)),
    "similar, 12 rows, one task 400": Family(similar, 12, n_rows_first=400),
    "similar, 20 tasks, 5 rows": Family(similar, 5, 20),
    "similar, 2 tasks": Family(similar, n_tasks=2),
    "same features": Family(same_features),
    "same features, 40 rows": Family(same_features, 40),
    "same features of 60": Family(same_features, n_features=60),
    "opposite": Family(opposite),
    "one outlier": Family(one_outlier),
    "two clusters": Family(two_clusters),
    "half similar, half unrelated, 30 rows": Family(half_unrelated, 30),
    "unrelated": Family(unrelated),
    "unrelated, 40 rows": Family(unrelated, 40),
    "unrelated, 160 rows": Family(unrelated, 160),
    "unrelated, 20 tasks, 5 rows": Family(unrelated, 5, 20),
    "unrelated, 2 tasks": Family(unrelated, n_tasks=2),
}


def draw(name, seed, n_test=300):
    """X with the task last and y, for training and, of `n_test` rows a task, for testing."""
    family = FAMILIES[name]
    rng = np.random.default_rng(seed)
    coef = unit(family.draw(rng, family.n_tasks, family.n_features))
    noise = np.exp(rng.uniform(*np.log(family.noise), size=family.n_tasks))
    n_rows = np.full(family.n_tasks, family.n_rows)
    if family.n_rows_first is not None:
        n_rows[0] = family.n_rows_first
    sides = [_rows(rng, coef, noise, n) for n in (n_rows, np.full(family.n_tasks, n_test))]
    return *sides[0], *sides[1]


def _rows(rng, coef, noise, n_rows):
    tasks = np.repeat(np.arange(len(coef)), n_rows)
    X = rng.standard_normal((len(tasks), coef.shape[1]))
    error = noise[tasks] * rng.standard_normal(len(tasks))
    return np.column_stack([X, tasks]), np.sum(X * coef[tasks], axis=1) + error
