"""The named problems of the benchmarks: seeded data and regularization strengths.

Designs have Toeplitz correlation ``rho**|j - k|``, coefficients are zero but for some rows, and the
signal is three times the noise. For fits and paths X and Y are centered (Y alone where X is sparse)
and no library fits an intercept; cross-validation has intercepts. Dense shared X is in Fortran
order, which every peer takes without a copy.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from data import OwnRows, SharedRows
from scipy import sparse

SNR = 3.0


@dataclass(frozen=True)
class Problem:
    """One row of the table.

    Attributes
    ----------
    name : str
    kind : {"fit", "path", "cv"}
    form : {"dense", "sparse", "masked", "own"}
        Shared X, dense or CSC; Y with NaN; every task its own rows.
    make : callable
        Returns the data, not centered.
    grid : ndarray
        Strengths relative to the smallest that empties the model, decreasing.
    libraries : tuple of str, default=()
        The only ones to run; empty is all that can.
    path : str, default=None
        For "cv", the path problem of the same data and grid.
    equal_rows : bool, default=False
        For "own", whether tasks have the same number of rows.
    """

    name: str
    kind: str
    form: str
    make: Callable
    grid: np.ndarray
    libraries: tuple = ()
    path: str | None = None
    equal_rows: bool = False

    def load(self):
        """The data with strengths, centered unless for cross-validation."""
        data = self.make()
        if self.kind != "cv":
            data = data.centered(in_place=True)
            return data.with_alphas(data.alpha_max() * self.grid)
        return data.with_alphas(data.centered().alpha_max() * self.grid)

    def as_path(self):
        """The path of all rows: what a fold of cross-validation solves, slightly larger."""
        return replace(self, kind="path")

    def small(self):
        """A problem of the same kind and form that takes no time, to warm up on."""
        make = {
            "dense": partial(shared, 60, 20, 3),
            "sparse": partial(shared_sparse, 60, 20, 3, density=0.5),
            "masked": partial(masked, 60, 20, 3, n_patterns=3),
            "own": partial(own, 3, (20, 20 if self.equal_rows else 30), 10),
        }[self.form]
        return replace(self, make=make, grid=self.grid[:5])


# ---------------------------------------------------------------- generators


def toeplitz(rng, n_samples, n_features, rho, order="F"):
    """Rows of an autoregressive process along the features, (n_samples, n_features)."""
    X = np.empty((n_samples, n_features), order=order)
    X[:, 0] = rng.standard_normal(n_samples)
    for j in range(1, n_features):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(n_samples)
    return X


def row_sparse(rng, n_features, rows):
    """Coefficients with the given rows at random places and zeros elsewhere."""
    W = np.zeros((n_features, rows.shape[1]))
    W[rng.choice(n_features, len(rows), replace=False)] = rows
    return W


def noisy(rng, signal):
    """The signal plus noise of a third of its norm."""
    noise = rng.standard_normal(signal.shape)
    return signal + noise * (np.linalg.norm(signal) / (SNR * np.linalg.norm(noise)))


def shared_targets(rng, X, n_tasks):
    """Y of a shared design, with intercepts.

    Normal coefficients for a fifth of the features, but for at most one in ten samples.
    """
    n_informative = max(3, min(X.shape[1] // 5, X.shape[0] // 10))
    W = row_sparse(rng, X.shape[1], rng.standard_normal((n_informative, n_tasks)))
    support = np.flatnonzero(W.any(axis=1))
    return noisy(rng, X[:, support] @ W[support]) + rng.standard_normal(n_tasks)


def shared(n_samples, n_features, n_tasks, rho=0.5, seed=0):
    """All tasks share a dense X."""
    rng = np.random.default_rng(seed)
    X = toeplitz(rng, n_samples, n_features, rho)
    return SharedRows(X, shared_targets(rng, X, n_tasks))


def shared_sparse(n_samples, n_features, n_tasks, density=0.01, seed=0):
    """All tasks share a CSC matrix with normal entries at random places."""
    rng = np.random.default_rng(seed)
    n_entries = int(density * n_samples * n_features)
    places = rng.integers(n_samples, size=n_entries), rng.integers(n_features, size=n_entries)
    values = rng.standard_normal(n_entries)
    X = sparse.csc_matrix((values, places), shape=(n_samples, n_features))
    return SharedRows(X, shared_targets(rng, X, n_tasks))


def masked(n_samples, n_features, n_tasks, n_patterns, missing=0.2, rho=0.5, seed=0):
    """A shared dense X; task t lacks the labels that pattern ``t % n_patterns`` says."""
    data = shared(n_samples, n_features, n_tasks, rho, seed)
    rng = np.random.default_rng(seed + 1)
    patterns = rng.random((n_samples, n_patterns)) < missing
    data.Y[patterns[:, np.arange(n_tasks) % n_patterns]] = np.nan
    return data


def own(n_tasks, n_samples, n_features, n_informative=None, rho=0.5, seed=0):
    """Every task has rows of its own, between ``n_samples[0]`` and ``n_samples[1]`` of them.

    Coefficients are alike over tasks, for a tenth of the features if `n_informative` is None.
    """
    rng = np.random.default_rng(seed)
    size = n_informative or max(3, n_features // 10)
    rows = rng.standard_normal((size, 1)) + 0.5 * rng.standard_normal((size, n_tasks))
    W = row_sparse(rng, n_features, rows)
    sizes = rng.integers(n_samples[0], n_samples[1] + 1, size=n_tasks)
    Xs = [toeplitz(rng, size, n_features, rho, order="C") for size in sizes]
    ys = [noisy(rng, X @ w) + rng.standard_normal() for X, w in zip(Xs, W.T, strict=True)]
    return OwnRows(Xs, ys)


def school():
    """The School data, in scikit-learn's data folder (SCIKIT_LEARN_DATA) or downloaded."""
    from skmtl import fetch_school  # here, so that only its own worker imports skmtl otherwise

    data = fetch_school()
    first = np.flatnonzero(np.diff(data.tasks)) + 1
    return OwnRows(np.split(data.X[:, :-1], first), np.split(data.y, first))


# ---------------------------------------------------------------- registry


def decades(n_alphas, eps):
    """A grid from 1 down to `eps`."""
    return np.geomspace(1.0, eps, n_alphas)


TENTH, HUNDREDTH = np.array([0.1]), np.array([0.01])
FIFTY, HUNDRED = decades(50, 1e-2), decades(100, 1e-3)


def dense(name, kind, shape, grid, rho=0.5, **options):
    return Problem(name, kind, "dense", partial(shared, *shape, rho=rho), grid, **options)


def sparse_fit(name, shape, grid):
    return Problem(name, "fit", "sparse", partial(shared_sparse, *shape), grid)


def masked_cv(name, n_patterns):
    make = partial(masked, 5000, 300, 20, n_patterns)
    return Problem(name, "cv", "masked", make, FIFTY)


def own_fit(name, make, grid, **options):
    return Problem(name, "fit", "own", make, grid, **options)


TINY, SMALL, LONG = (100, 30, 5), (500, 200, 10), (5000, 300, 20)
LONGER, SQUARE, WIDE = (20_000, 500, 20), (1000, 1000, 50), (300, 20_000, 20)
MILLION = (1_000_000, 200, 30)
SHAPE_A = partial(own, 20, (200, 2000), 300)
SHAPE_B = partial(own, 200, (10, 60), 100)
SHAPE_C = partial(own, 50, (50, 50), 2000, n_informative=50)
SHAPE_D = partial(own, 1000, (5, 100), 30)
SHAPE_E = partial(own, 20, (500, 500), 100)

PROBLEMS = [
    dense("fit-20000x500x20", "fit", LONGER, TENTH),
    dense("fit-20000x500x20-rho.9", "fit", LONGER, TENTH, rho=0.9),
    dense("path-5000x300x20", "path", LONG, FIFTY),
    dense("path-5000x300x20-rho.9", "path", LONG, FIFTY, rho=0.9),
    dense("cv-5000x300x20", "cv", LONG, FIFTY, path="path-5000x300x20"),
    dense("cv-20000x500x20", "cv", LONGER, FIFTY),
    dense("fit-1000x1000x50", "fit", SQUARE, TENTH),
    dense("fit-1000x1000x50-rho.9", "fit", SQUARE, TENTH, rho=0.9),
    dense("path-500x500x20", "path", (500, 500, 20), FIFTY),
    dense("fit-300x20000x20", "fit", WIDE, TENTH),
    dense("fit-300x20000x20-rho.9", "fit", WIDE, TENTH, rho=0.9),
    dense("fit-300x20000x20-dense", "fit", WIDE, HUNDREDTH),
    dense("fit-300x7500x100-rho.9", "fit", (300, 7500, 100), TENTH, rho=0.9),
    dense("fit-300x7500x500-rho.9", "fit", (300, 7500, 500), TENTH, rho=0.9),
    dense("tiny-fit", "fit", TINY, TENTH),
    dense("tiny-path", "path", TINY, HUNDRED),
    dense("tiny-cv", "cv", TINY, HUNDRED, path="tiny-path"),
    dense("small-path", "path", SMALL, HUNDRED),
    dense("small-cv", "cv", SMALL, HUNDRED, path="small-path"),
    sparse_fit("sparse-5000x5000x10", (5000, 5000, 10), TENTH),
    sparse_fit("sparse-5000x5000x10-dense", (5000, 5000, 10), HUNDREDTH),
    sparse_fit("sparse-50000x1000x10", (50_000, 1000, 10), TENTH),
    sparse_fit("sparse-50000x1000x10-dense", (50_000, 1000, 10), HUNDREDTH),
    masked_cv("masked-cv-4-patterns", 4),
    masked_cv("masked-cv-20-patterns", 20),
    own_fit("school-fit", school, TENTH),
    own_fit("school-fit-weak", school, HUNDREDTH),
    Problem("school-path", "path", "own", school, FIFTY),
    Problem("school-cv", "cv", "own", school, FIFTY, path="school-path"),
    own_fit("own-A-20x300", SHAPE_A, TENTH),
    own_fit("own-B-200x100", SHAPE_B, TENTH),
    own_fit("own-C-50x2000", SHAPE_C, TENTH, equal_rows=True),
    own_fit("own-C-50x2000-weak", SHAPE_C, HUNDREDTH, equal_rows=True),
    own_fit("own-D-1000x30", SHAPE_D, TENTH),
    own_fit("own-E-20x100", SHAPE_E, TENTH, equal_rows=True),
    dense("million-fit", "fit", MILLION, HUNDRED[-1:], libraries=("skmtl", "sklearn")),
    dense("million-path", "path", MILLION, HUNDRED, libraries=("skmtl",)),
]
BY_NAME = {problem.name: problem for problem in PROBLEMS}
