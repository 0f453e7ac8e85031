"""Weighted second moments of a design and its targets: all that the squared loss sees of samples.

Sufficient statistics add up. The training part of a fold is the whole minus the held-out part, and
the error on the held-out part is a quadratic form in its statistics; so cross-validation reads the
samples once.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from operator import add, sub

import numpy as np

from skmtl.datafits._linear_algebra import block_of_task

_LEAST = 1e-8  # share of a sum that a difference of sums may come to
_CONSTANT = 1e-13  # share of the squares about an origin that is rounding
_VISIBLE = 10 * _LEAST**1.5  # share of its terms, below which an error shows rounding


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

    _SUMS = ("total", "x", "xx", "y", "yy", "xy")

    @classmethod
    def zeros(cls, blocks, x0, y0):
        """The statistics of no samples about these origins."""
        n_blocks, n_features = x0.shape
        n_tasks = len(y0)
        return cls(
            blocks,
            x0,
            y0,
            total=np.zeros(n_blocks),
            x=np.zeros((n_blocks, n_features)),
            xx=np.zeros((n_blocks, n_features, n_features)),
            y=np.zeros(n_tasks),
            yy=np.zeros(n_tasks),
            xy=np.zeros((n_features, n_tasks)),
        )

    def __add__(self, other):
        return self._combined(other, add)

    def __sub__(self, other):
        return self._combined(other, sub)

    def _combined(self, other, operation):
        sums = {}
        for name in self._SUMS:
            mine = getattr(self, name)
            its = getattr(other, name)
            sums[name] = operation(mine, its)
        return replace(self, **sums)

    def keeps_digits_of(self, whole):
        """Whether these statistics, what is left of `whole`, are not mere rounding errors."""
        if not _keeps_digits(self.yy, whole.yy):
            return False
        left = np.einsum("kjj->kj", self.xx)
        squares = np.einsum("kjj->kj", whole.xx)
        return _keeps_digits(left, squares)

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
        first = [tasks[0] for tasks in self.blocks]
        blocks = present[first]
        return replace(
            self,
            total=np.where(blocks, self.total, 0.0),
            x=np.where(blocks[:, None], self.x, 0.0),
            xx=np.where(blocks[:, None, None], self.xx, 0.0),
            y=np.where(present, self.y, 0.0),
            yy=np.where(present, self.yy, 0.0),
            xy=np.where(present, self.xy, 0.0),
        )

    @cached_property
    def block_of_task(self):
        """The block of each task, (n_tasks,)."""
        return block_of_task(self.blocks)

    def per_task(self, values):
        """One value a block -> one value a task, on the first axis."""
        return values[self.block_of_task]

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
        squares = self.x[:, :, None] * mean_x[:, None, :]
        products = self.per_task(self.x).T * mean_y
        xx = self.xx - squares
        xy = self.xy - products
        left = np.einsum("kjj->kj", xx)
        whole = np.einsum("kjj->kj", self.xx)
        constant = left <= _CONSTANT * whole
        if constant.any():
            xx[constant] = 0.0
            xx.transpose(0, 2, 1)[constant] = 0.0
            xy[self.per_task(constant).T.astype(bool)] = 0.0
        yy = self.yy - self.y * mean_y
        same = yy <= _CONSTANT * self.yy
        yy[same] = 0.0
        xy[:, same] = 0.0
        about_means = replace(self, xx=xx, xy=xy, yy=yy)
        mean_x = self.per_task(self.x0 + mean_x)
        return about_means, mean_x, self.y0 + mean_y

    def squared_errors(self, W, intercepts, *, rounded=False):
        """`sum_i s_i (y_ti - x_i . w_t - b_t)^2` of each task.

        Parameters
        ----------
        W : ndarray of shape (n_models, n_features, n_tasks)
            Coefficients of some models.
        intercepts : ndarray of shape (n_models, n_tasks)
            Their intercepts b.
        rounded : bool, default=False
            Whether an error that is lost in rounding is what rounding hides; the origins must then
            be the means.

        Returns
        -------
        ndarray of shape (n_models, n_tasks), or None
            None, unless `rounded`, where an error is so small beside its terms that rounding shows.
        """
        features = np.flatnonzero(W.any(axis=(0, 2)))
        if len(features) < W.shape[1]:
            W = W[:, features]
        one_task_a_block = len(self.blocks) == len(self.y)
        forms = self._forms_of_tasks if one_task_a_block else self._forms_of_blocks
        quadratic, cross, shift = forms(W, features)
        b = intercepts - self.y0 + shift
        spread = self.yy + quadratic
        slope = 2.0 * (cross - self.y)
        slope += b * self.task_total
        levels = b * slope
        errors = spread + levels
        if rounded:
            return np.maximum(errors, _VISIBLE * self.yy)
        terms = self.yy + np.abs(levels)
        exact = errors >= _VISIBLE * terms
        return errors if exact.all() else None

    def _forms_of_tasks(self, W, features):
        """`w' Q w - 2 w' q`, `w' x` and `w' x0` (n_models, n_tasks), in one batched product."""
        order = np.concatenate(self.blocks)
        w = np.ascontiguousarray(W.transpose(2, 1, 0))  # first: an index of a view takes long
        w = w[order]  # (n_tasks, n_features, n_models)
        q = self.xy[np.ix_(features, order)]
        x = self.x[:, features]
        x0 = self.x0[:, features]
        Gw = np.matmul(self._grams_of(features), w)
        Gw -= 2.0 * q.T[:, :, None]
        ordered = np.array(
            [
                np.einsum("tja,tja->at", w, Gw),
                np.einsum("tj,tja->at", x, w),
                np.einsum("tj,tja->at", x0, w),
            ]
        )
        forms = np.empty_like(ordered)
        forms[:, :, order] = ordered
        return forms

    def _forms_of_blocks(self, W, features):
        """The same block by block."""
        grams = self._grams_of(features)
        x = self.x[:, features]
        x0 = self.x0[:, features]
        n_models = len(W)
        n_tasks = len(self.y)
        forms = np.empty((3, n_models, n_tasks))
        for k, tasks in enumerate(self.blocks):
            w = W[:, :, tasks]
            w = w.transpose(1, 0, 2)  # (n_features, n_models, n_block_tasks)
            w = np.ascontiguousarray(w)
            q = self.xy[np.ix_(features, tasks)]
            Gw = np.tensordot(grams[k], w, 1)
            Gw -= 2.0 * q[:, None]
            forms[:, :, tasks] = [
                np.einsum("jat,jat->at", w, Gw),
                np.tensordot(x[k], w, 1),
                np.tensordot(x0[k], w, 1),
            ]
        return forms

    def _grams_of(self, features):
        """xx over some features, without a copy if these are all."""
        n_features = self.xx.shape[1]
        if len(features) == n_features:
            return self.xx
        return self.xx[:, features[:, None], features]


def _keeps_digits(left, whole):
    least = _LEAST * whole
    return ((left == 0) | (left >= least)).all()
