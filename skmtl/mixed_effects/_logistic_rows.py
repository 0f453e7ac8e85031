"""The samples of tasks as a mixed-effects classifier sees them: standardized, task by task."""

from itertools import pairwise

import numpy as np
from scipy.special import expit

from skmtl._data.designs import StackedDesign
from skmtl.mixed_effects._standardization import units_of

_FEW_PRODUCTS = 1000  # of numbers, that take no longer than calls for one task


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
        if self._are_few:
            return self._summed_products(Z, weighted)
        grams = np.empty((self.n_tasks, self.n_effects, len(columns)))
        for t, own in enumerate(self.slices):
            np.dot(Z[own].T, weighted[own], out=grams[t])
        return grams

    @property
    def _are_few(self):
        """Whether tasks have so few samples that a call for each task would cost more than they."""
        n_products = self.n_effects**2 * len(self.design.X)
        return n_products <= _FEW_PRODUCTS * self.n_tasks

    def _summed_products(self, A, B):
        """``A_t'B_t`` of every task, by pairs of columns of all tasks."""
        first = self.design.ptr[:-1]
        sums = np.empty((A.shape[1], B.shape[1], self.n_tasks))
        for i, a in enumerate(A.T):
            for j, b in enumerate(B.T):
                np.add.reduceat(a * b, first, out=sums[i, j])
        return np.ascontiguousarray(np.moveaxis(sums, 2, 0))

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
        if self._are_few:
            of_samples = covariances[self.design.task_of_sample]
            smoothed = np.einsum("ijk,ik->ij", of_samples, Z)
            return np.einsum("ij,ij->i", Z, smoothed)
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
    if problem.data.layout != "wide":
        ptr = problem.design.ptr
        units = units_of(X, weight, ptr)
        rows = LogisticRows(units.rows(X), problem.y, weight, ptr)
        return rows, units
    n_samples, n_tasks = weight.shape
    units = units_of(X, weight.sum(axis=1), np.array([0, n_samples]))
    task, sample = np.nonzero(weight.T > 0)
    rows = LogisticRows(
        units.rows(X)[sample],
        problem.y[sample, task],
        weight[sample, task],
        np.searchsorted(task, np.arange(n_tasks + 1)),
    )
    return rows, units
