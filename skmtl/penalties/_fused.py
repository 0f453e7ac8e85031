"""Differences of neighboring tasks, together with entries and features."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from skmtl._data.checks import check_real
from skmtl.penalties._base import Penalty
from skmtl.penalties._group_norms import SparseGroup
from skmtl.prox import fuse, soft_threshold

_UNBOUNDED = 1e300  # no prox with a step this large is the zero of a norm
_ACCURACY = 1e-13  # of the dual norm, relative
_TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class FusedSparseGroup(Penalty):
    """`alpha * sum_j [l1_ratio ||W_j||_1 + fused_ratio sum_t |W_j,t+1 - W_jt| / gap_t
    + (1 - l1_ratio - fused_ratio) ||W_j||_2]`, for tasks in an order.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    l1_ratio : float
        Share of the entries, at least 0.
    fused_ratio : float
        Share of the differences, at least 0; both shares add up to at most 1.
    gaps : ndarray of shape (n_tasks - 1,) or None, default=None
        Distances of neighbors; None is 1 everywhere.
    order : ndarray of shape (n_tasks,) or None, default=None
        Positions of the tasks in their order; None leaves them as they are.
    """

    alpha: float
    l1_ratio: float
    fused_ratio: float
    gaps: np.ndarray | None = None
    order: np.ndarray | None = None
    sees_tasks = True
    is_separable = True

    def __post_init__(self):
        super().__post_init__()
        check_real(self.l1_ratio, "l1_ratio", high=1.0)
        check_real(self.fused_ratio, "fused_ratio", high=1.0, include="left")
        total = self.l1_ratio + self.fused_ratio
        if total > 1 + 1e-12:
            raise ValueError(
                f"l1_ratio + fused_ratio is {total:.4g}, but may be 1 at most: they are shares of "
                "alpha."
            )

    def value(self, W):
        ordered = W if self.order is None else W[:, self.order]
        steps = np.abs(np.diff(ordered, axis=1))
        steps = steps @ self._inverse_gaps(W.shape[1])
        fused = self.alpha * self.fused_ratio * float(steps.sum())
        return fused + self._sparse_group().value(W)

    def prox(self, W, step):
        # fuse, then entries, then features: this order is exact
        return self._sparse_group().prox(self._fuse(W, step), step)

    def _fuse(self, W, step):
        """The prox of the differences alone."""
        thresholds = step * self.alpha * self.fused_ratio * self._inverse_gaps(W.shape[1])
        if self.order is None:
            return fuse(W, thresholds)
        fused = np.empty_like(W)
        fused[:, self.order] = fuse(W[:, self.order], thresholds)
        return fused

    def dual_norm(self, G):
        """The smallest c at which `prox(G / c, 1)` is zero: the largest that a feature needs."""
        unit = replace(self, alpha=1.0)
        norms = np.linalg.norm(G, axis=1)
        waiting = G[np.argsort(-norms)]
        largest = 0.0
        while len(waiting):
            if largest > 0:
                waiting = unit._left_by(waiting, largest * (1 + 1e-12))
                if len(waiting) == 0:
                    break
            largest = unit._step_to_zero(waiting[:1], largest)
            if np.isinf(largest):
                return np.inf
            waiting = waiting[1:]
        return largest / max(self.alpha, _TINY)

    def _left_by(self, W, step):
        """The features of W that a prox with this step does not set to zero."""
        kept = self.prox(W, step).any(axis=1)
        return W[kept]

    def _step_to_zero(self, w, low):
        """The smallest step, at least `low`, whose prox of w (1, n_tasks) is zero.

        It is infinite where only differences are penalized, so that a constant costs nothing.
        """
        high = max(2 * low, np.abs(w).max())
        while self.prox(w, high).any():
            low = high
            high = 2 * high
            if high > _UNBOUNDED:
                return np.inf
        if self._excess(low, w) > 0 > self._excess(high, w):
            root = brentq(self._excess, low, high, args=(w,), xtol=_TINY, rtol=_ACCURACY)
            return root * (1 + 4 * _ACCURACY)
        while high - low > _ACCURACY * high:
            middle = 0.5 * (low + high)
            if self.prox(w, middle).any():
                low = middle
            else:
                high = middle
        return high

    def _excess(self, step, w):
        """By how much a feature whose differences and entries have shrunk exceeds the zero norm."""
        entries = step * self.alpha * self.l1_ratio
        features = step * self.alpha * (1 - self.l1_ratio - self.fused_ratio)
        shrunk = soft_threshold(self._fuse(w, step), entries)
        return np.linalg.norm(shrunk) - features

    def _inverse_gaps(self, n_tasks):
        if self.gaps is None:
            return np.ones(n_tasks - 1)
        return 1 / self.gaps

    def _sparse_group(self):
        """The penalty without its differences."""
        rest = 1 - self.fused_ratio
        share = min(self.l1_ratio / rest, 1.0) if rest > 0 else 1.0
        return SparseGroup(self.alpha * rest, share)
