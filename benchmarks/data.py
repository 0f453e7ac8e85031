"""The data of a problem in its two forms: what libraries are given, what gaps are computed from.

The objective is ``1/(2 n) sum_t ||y_t - X_t w_t||^2 + alpha sum_j ||W_j||_2`` over labeled rows,
W (n_features, n_tasks) and n the mean number of labeled rows of a task, `n_mean`.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse


class Data:
    """What both forms have. Subclasses are frozen dataclasses with a field `alphas`."""

    def with_alphas(self, alphas):
        """The same data with these strengths, decreasing."""
        return replace(self, alphas=np.atleast_1d(alphas))

    @property
    def eps(self):
        """The last strength relative to the first."""
        return self.alphas[-1] / self.alphas[0]

    @cached_property
    def null_loss(self):
        """Half the sum of squares of all labels: n times the objective of the empty model."""
        r = self.residual(np.zeros((self.n_features, self.n_tasks)))
        return 0.5 * float(np.vdot(r, r))

    def alpha_max(self):
        """The smallest strength with an empty model, for data that need no intercept."""
        null = np.zeros((self.n_features, self.n_tasks))
        correlation = self.correlation(self.residual(null))
        return np.linalg.norm(correlation, axis=1).max() / self.n_mean


@dataclass(frozen=True)
class SharedRows(Data):
    """All tasks share X (dense or CSC); Y (n_samples, n_tasks) is NaN where a label is missing."""

    X: np.ndarray | sparse.csc_matrix
    Y: np.ndarray
    alphas: np.ndarray | None = None

    @property
    def n_features(self):
        return self.X.shape[1]

    @property
    def n_tasks(self):
        return self.Y.shape[1]

    @property
    def n_mean(self):
        return np.count_nonzero(~np.isnan(self.Y)) / self.n_tasks

    def residual(self, W):
        """Y - X W, 0 where a label is missing."""
        R = self.Y - self.X @ W
        R[np.isnan(R)] = 0.0
        return R

    def correlation(self, R):
        """X' R."""
        return self.X.T @ R

    def product(self, R):
        """The sum of R * Y over labels."""
        return float(np.vdot(R, np.nan_to_num(self.Y)))

    def own_rows(self):
        """The same data with a copy of its labeled rows for every task."""
        known = ~np.isnan(self.Y).T
        Xs = [np.ascontiguousarray(self.X[rows]) for rows in known]
        return OwnRows(Xs, [y[rows] for y, rows in zip(self.Y.T, known, strict=True)], self.alphas)

    def centered(self, in_place=False):
        """Data that need no intercept; sparse X is left as it is, and its tasks' means small."""
        if np.isnan(self.Y).any():
            return self.own_rows().centered(in_place=True)
        Y = self.Y - self.Y.mean(axis=0)
        if sparse.issparse(self.X):
            return replace(self, Y=Y)
        X = self.X if in_place else self.X.copy(order="K")
        X -= X.mean(axis=0)
        return replace(self, X=X, Y=Y)

    def folds(self, n_folds):
        """Pairs (training data, test data), test rows contiguous."""
        for rows in np.array_split(np.arange(len(self.Y)), n_folds):
            kept = np.delete(np.arange(len(self.Y)), rows)
            train = SharedRows(np.asfortranarray(self.X[kept]), self.Y[kept], self.alphas)
            yield train, SharedRows(self.X[rows], self.Y[rows])

    def held_out_error(self, W, train):
        """Mean squared error, each task shifted by the means of its training data."""
        Y = self.Y - train.Y.mean(axis=0)
        return float(((Y - (self.X - train.X.mean(axis=0)) @ W) ** 2).mean())


@dataclass(frozen=True)
class OwnRows(Data):
    """Every task has rows of its own: lists `Xs` of (n_t, n_features) and `ys` of (n_t,)."""

    Xs: list
    ys: list
    alphas: np.ndarray | None = None

    @property
    def n_features(self):
        return self.Xs[0].shape[1]

    @property
    def n_tasks(self):
        return len(self.Xs)

    @property
    def n_mean(self):
        return sum(map(len, self.ys)) / len(self.ys)

    @cached_property
    def X(self):
        """All rows, the task id in the last column."""
        ids = np.repeat(np.arange(self.n_tasks, dtype=float), [len(y) for y in self.ys])
        return np.column_stack([np.concatenate(self.Xs), ids])

    @cached_property
    def y(self):
        return np.concatenate(self.ys)

    def residual(self, W):
        """``y_t - X_t w_t`` of all rows."""
        fits = [X @ w for X, w in zip(self.Xs, W.T, strict=True)]
        return self.y - np.concatenate(fits)

    def correlation(self, r):
        """``X_t' r_t`` as columns."""
        parts = np.split(r, np.cumsum([len(y) for y in self.ys])[:-1])
        return np.stack([X.T @ part for X, part in zip(self.Xs, parts, strict=True)], axis=1)

    def product(self, r):
        """The sum of r * y."""
        return float(r @ self.y)

    def own_rows(self):
        return self

    def centered(self, in_place=False):
        """Data that need no intercept: every task centered."""
        Xs = [X - X.mean(axis=0) for X in self.Xs]
        return OwnRows(Xs, [y - y.mean() for y in self.ys], self.alphas)

    def folds(self, n_folds):
        """Pairs (training data, test data), folds made within tasks."""
        for fold in range(n_folds):
            masks = [np.arange(len(y)) * n_folds // len(y) == fold for y in self.ys]
            sides = [
                OwnRows(
                    [X[mask == side] for X, mask in zip(self.Xs, masks, strict=True)],
                    [y[mask == side] for y, mask in zip(self.ys, masks, strict=True)],
                    self.alphas,
                )
                for side in (False, True)
            ]
            yield tuple(sides)

    def held_out_error(self, W, train):
        """Mean over tasks of the mean squared error, shifted by the means of the training data."""
        errors = []
        for X, y, w, X0, y0 in zip(self.Xs, self.ys, W.T, train.Xs, train.ys, strict=True):
            if len(y):
                errors.append(((y - y0.mean() - (X - X0.mean(axis=0)) @ w) ** 2).mean())
        return float(np.mean(errors))
