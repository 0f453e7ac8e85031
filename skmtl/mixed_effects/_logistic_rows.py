"""The samples of tasks as a mixed-effects classifier sees them: standardized, sorted by task."""

from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.special import expit

from skmtl._data.designs import StackedDesign
from skmtl.mixed_effects._units import Units

_DIGITS = 10 * np.finfo(float).eps  # a standard deviation below it, relative to the mean, is 0
_OUTLYING = 100.0  # of a standard deviation, relative to that of the median task


class LogisticRows:
    """Samples sorted by task: rows of an intercept and features, labels and weights.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_effects)
        The first column holds ones, the others features.
    labels : ndarray of shape (n_samples,)
        0 or 1.
    weight : ndarray of shape (n_samples,)
        Positive weights.
    ptr : ndarray of int of shape (n_tasks + 1,)
        Those of task t are ``ptr[t]:ptr[t + 1]``.
    """

    def __init__(self, rows, labels, weight, ptr):
        self.design = StackedDesign(np.asfortranarray(rows), ptr)
        self.labels = labels
        self.weight = weight
        self.slices = [slice(start, stop) for start, stop in pairwise(ptr)]

    @property
    def n_tasks(self):
        return self.design.n_tasks

    @property
    def n_effects(self):
        return self.design.n_features

    def predictions(self, effects):
        """``z_ti'v_t`` of every sample, from v (n_tasks, n_effects)."""
        return self.design.forward(effects.T)

    def adjoint(self, r):
        """``sum_i r_ti z_ti`` of every task, (n_tasks, n_effects)."""
        return np.ascontiguousarray(self.design.adjoint(r).T)

    def loss(self, z):
        """The sum of the losses of predictions z."""
        signs = 1 - 2 * self.labels
        return float(self.weight @ np.logaddexp(0.0, signs * z))

    def gradient(self, z):
        """The derivative of the loss by v, (n_tasks, n_effects)."""
        residual = np.where(self.labels == 1, -expit(-z), expit(z))
        return self.adjoint(self.weight * residual)

    def curvature(self, probability):
        """The second derivative of the loss of each sample by its prediction."""
        return self.weight * probability * (1 - probability)

    def grams(self, curvature, columns):
        """Columns of ``Z_t'W_t Z_t`` of every task, (n_tasks, n_effects, n_columns)."""
        Z = self.design.X
        weighted = curvature[:, None] * self._columns(columns)
        grams = np.empty((self.n_tasks, self.n_effects, len(columns)))
        for t, own in enumerate(self.slices):
            np.dot(Z[own].T, weighted[own], out=grams[t])
        return grams

    def _columns(self, columns):
        """Some columns of the rows; not copied if it is all of them."""
        Z = self.design.X
        return Z if len(columns) == Z.shape[1] else Z[:, columns]

    def pooled_gram(self, curvature):
        """The sum of the Gram matrices of all tasks, (n_effects, n_effects)."""
        Z = self.design.X
        return Z.T @ (curvature[:, None] * Z)

    def variances(self, covariances, columns=None):
        """``z_ti'C_t z_ti`` of every sample; with `columns`, C_t is of these effects."""
        Z = self.design.X if columns is None else self._columns(columns)
        variances = np.empty(len(Z))
        for t, own in enumerate(self.slices):
            rows = Z[own]
            variances[own] = np.einsum("ij,ij->i", rows @ covariances[t], rows)
        return variances


def read_rows(problem):
    """Return the samples of a problem of two classes and the units of its features.

    Parameters
    ----------
    problem : ClassProblem
        Validated data.

    Returns
    -------
    LogisticRows, Units
    """
    X = problem.design.X
    weight = problem.data.weight
    if problem.data.layout == "wide":
        units = _units(X, weight.sum(axis=1))
        task, sample = np.nonzero(weight.T > 0)
        ptr = np.searchsorted(task, np.arange(weight.shape[1] + 1))
        labels = problem.y[sample, task]
        rows = standardized(X, units)[sample]
        return LogisticRows(rows, labels, weight[sample, task], ptr), units
    units = _units(X, weight, problem.design.ptr)
    rows = standardized(X, units)
    return LogisticRows(rows, problem.y, weight, problem.design.ptr), units


def _units(X, weight, ptr=None):
    """Mean and standard deviation of features over the samples of all tasks.

    Tasks in which a feature varies much more than in most, as in other units, do not count.
    """
    X = _dense(X)
    total = np.broadcast_to(weight[:, None], X.shape)
    if ptr is not None:
        total = np.where(_outlying(X, weight, ptr), 0.0, total)
    share = total / total.sum(axis=0)
    mean = np.sum(share * X, axis=0)
    mean += np.sum(share * (X - mean), axis=0)  # what rounding took
    variance = np.sum(share * (X - mean) ** 2, axis=0)
    varies = variance > (_DIGITS * mean) ** 2
    scale = np.sqrt(np.where(varies, variance, 1.0))
    return Units(mean, scale, level=0.0, size=1.0)


def _outlying(X, weight, ptr):
    """Which samples belong to tasks where a feature varies too much, (n_samples, n_features)."""
    starts = ptr[:-1]
    sizes = np.diff(ptr)
    share = weight / np.repeat(np.add.reduceat(weight, starts), sizes)
    share = share[:, None]
    deviation = X - np.repeat(np.add.reduceat(share * X, starts), sizes, axis=0)
    variance = np.add.reduceat(share * deviation**2, starts)
    varying = np.where(variance > 0, variance, np.nan)
    is_constant = ~(variance > 0).any(axis=0)
    varying[:, is_constant] = 0.0
    largest = _OUTLYING**2 * np.nanmedian(varying, axis=0)
    return np.repeat(variance > largest, sizes, axis=0)


def standardized(X, units):
    """Rows of an intercept and the features in standardized units, (n_samples, n_effects)."""
    features = (_dense(X) - units.mean) / units.scale
    return np.column_stack([np.ones(len(features)), features])


def _dense(X):
    if sparse.issparse(X):
        X = X.toarray()
    return X.astype(np.float64, copy=False)
