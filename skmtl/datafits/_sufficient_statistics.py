"""Weighted second moments of a design and its targets: all that the squared loss sees of samples.

Sufficient statistics add up. The training part of a fold is the whole minus the held-out part, and
the error on the held-out part is a quadratic form in its statistics; so cross-validation reads the
samples once.
"""

from dataclasses import dataclass, replace
from operator import add, sub

import numpy as np

_LEAST = 1e-8  # share of a sum that a difference of sums may come to


@dataclass(frozen=True)
class SufficientStatistics:
    """Sums over samples with weights s_i, about the origins x0 of the features and y0 of targets.

    Tasks that weigh the samples alike form a block and share the moments of x; blocks are on the
    first axis.

    Attributes
    ----------
    blocks : list of (tasks,) index arrays
        The tasks of each block.
    x0 : ndarray of shape (n_blocks, n_features)
        Origins of the features.
    y0 : ndarray of shape (n_tasks,)
        Origins of the targets.
    total : ndarray of shape (n_blocks,)
        `sum_i s_i`.
    x : ndarray of shape (n_blocks, n_features)
        `sum_i s_i x_i`.
    xx : ndarray of shape (n_blocks, n_features, n_features)
        `sum_i s_i x_i x_i'`.
    y, yy : ndarray of shape (n_tasks,)
        `sum_i s_i y_ti` and `sum_i s_i y_ti^2`.
    xy : ndarray of shape (n_features, n_tasks)
        `sum_i s_i x_i y_ti`.
    """

    blocks: list
    x0: np.ndarray
    y0: np.ndarray
    total: np.ndarray
    x: np.ndarray
    xx: np.ndarray
    y: np.ndarray
    yy: np.ndarray
    xy: np.ndarray

    _OF_BLOCKS = ("total", "x", "xx")
    _OF_TASKS = ("y", "yy", "xy")

    def __add__(self, other):
        return self._combined(other, add)

    def __sub__(self, other):
        return self._combined(other, sub)

    def _combined(self, other, operation):
        sums = {}
        for name in (*self._OF_BLOCKS, *self._OF_TASKS):
            sums[name] = operation(getattr(self, name), getattr(other, name))
        return replace(self, **sums)

    def keeps_digits_of(self, whole):
        """Whether these statistics, what is left of `whole`, are not mere rounding errors."""
        left = np.einsum("kjj->kj", self.xx)
        squares = np.einsum("kjj->kj", whole.xx)
        return _keeps_digits(left, squares) and _keeps_digits(self.yy, whole.yy)

    def of_tasks(self, present):
        """The statistics without the tasks that are not `present`: exactly zero.

        Parameters
        ----------
        present : ndarray of bool of shape (n_tasks,)
            Which tasks are kept.

        Returns
        -------
        SufficientStatistics
        """
        if present.all():
            return self
        kept_blocks = np.array([present[tasks[0]] for tasks in self.blocks])
        sums = {}
        for name in self._OF_BLOCKS:
            values = getattr(self, name)
            kept = kept_blocks.reshape(-1, *[1] * (values.ndim - 1))
            sums[name] = np.where(kept, values, 0.0)
        for name in self._OF_TASKS:
            sums[name] = np.where(present, getattr(self, name), 0.0)
        return replace(self, **sums)

    def per_task(self, values):
        """One value a block -> one value a task, on the first axis."""
        out = np.empty((len(self.y), *values.shape[1:]))
        for value, tasks in zip(values, self.blocks, strict=True):
            out[tasks] = value
        return out

    @property
    def task_total(self):
        """Total weight of each task, (n_tasks,)."""
        return self.per_task(self.total)

    def centered(self):
        """The statistics about the means.

        Returns
        -------
        statistics : SufficientStatistics
            Of these only xx, yy and xy are about the means.
        mean_x : ndarray of shape (n_tasks, n_features)
            Means of the features in each task.
        mean_y : ndarray of shape (n_tasks,)
            Means of the targets.
        """
        total = np.where(self.total > 0, self.total, 1.0)
        mean_x = self.x / total[:, None]
        mean_y = self.y / self.per_task(total)
        about_means = replace(
            self,
            xx=self.xx - self.x[:, :, None] * mean_x[:, None, :],
            xy=self.xy - self.per_task(self.x).T * mean_y,
            yy=self.yy - self.y * mean_y,
        )
        return about_means, self.per_task(self.x0 + mean_x), self.y0 + mean_y

    def squared_errors(self, W, intercepts):
        """`sum_i s_i (y_ti - x_i . w_t - b_t)^2` of each task.

        Parameters
        ----------
        W : ndarray of shape (n_models, n_features, n_tasks)
            Coefficients of some models.
        intercepts : ndarray of shape (n_models, n_tasks)
            Their intercepts b.

        Returns
        -------
        ndarray of shape (n_models, n_tasks), or None
            None where an error is so small beside its terms that rounding shows.
        """
        features = np.flatnonzero(W.any(axis=(0, 2)))
        W = W[:, features]
        forms = self._forms_of_tasks if len(self.blocks) == len(self.y) else self._forms_of_blocks
        quadratic, cross, shift = forms(W, features)
        b = intercepts - self.y0 + shift
        spread = self.yy + quadratic
        levels = b * (b * self.task_total + 2.0 * (cross - self.y))
        errors = spread + levels
        rounding = 10 * _LEAST**1.5 * (self.yy + np.abs(levels))
        return errors if (errors >= rounding).all() else None

    def _grams_of(self, features):
        if len(features) == self.xx.shape[1]:
            return self.xx
        return self.xx[:, features[:, None], features]

    def _forms_of_tasks(self, W, features):
        """`w' Q w - 2 w' q`, `w' x` and `w' x0` (n_models, n_tasks), in one batched product."""
        order = np.concatenate(self.blocks)
        w = W[:, :, order].transpose(2, 1, 0)
        w = np.ascontiguousarray(w)  # (n_tasks, n_features, n_models)
        q = self.xy[np.ix_(features, order)]
        Gw = np.matmul(self._grams_of(features), w) - 2.0 * q.T[:, :, None]
        quadratic, cross, shift = np.empty((3, len(W), len(self.y)))
        quadratic[:, order] = np.einsum("tja,tja->at", w, Gw)
        cross[:, order] = np.einsum("tj,tja->at", self.x[:, features], w)
        shift[:, order] = np.einsum("tj,tja->at", self.x0[:, features], w)
        return quadratic, cross, shift

    def _forms_of_blocks(self, W, features):
        """The same block by block."""
        G = self._grams_of(features)
        quadratic, cross, shift = np.empty((3, len(W), len(self.y)))
        for k, tasks in enumerate(self.blocks):
            w = W[:, :, tasks].transpose(1, 0, 2)
            w = np.ascontiguousarray(w)  # (n_features, n_models, tasks)
            q = self.xy[np.ix_(features, tasks)]
            Gw = np.tensordot(G[k], w, 1) - 2.0 * q[:, None]
            quadratic[:, tasks] = np.einsum("jat,jat->at", w, Gw)
            cross[:, tasks] = np.tensordot(self.x[k, features], w, 1)
            shift[:, tasks] = np.tensordot(self.x0[k, features], w, 1)
        return quadratic, cross, shift


def _keeps_digits(left, whole):
    return ((left == 0) | (left >= _LEAST * whole)).all()
