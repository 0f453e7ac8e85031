"""Differences of neighboring tasks, with entries and rows."""

from dataclasses import dataclass, replace

import numpy as np

from skmtl._data.checks import check_real
from skmtl.penalties._base import Penalty
from skmtl.penalties._group_norms import SparseGroup
from skmtl.prox import fuse


@dataclass(frozen=True)
class FusedSparseGroup(Penalty):
    """`alpha * sum_j [l1_ratio ||W_j||_1 + fused_ratio sum_t |W_j,t+1 - W_jt| / gap_t
    + (1 - l1_ratio - fused_ratio) ||W_j||_2]`, for tasks in an order.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    l1_ratio, fused_ratio : float
        At least 0, their sum at most 1.
    gaps : ndarray of shape (n_tasks - 1,) or None, default=None
        Distances of neighbors; None is 1 everywhere.
    order : ndarray of shape (n_tasks,) or None, default=None
        Positions of the tasks in their order; None is as they are.
    """

    alpha: float
    l1_ratio: float
    fused_ratio: float
    gaps: np.ndarray | None = None
    order: np.ndarray | None = None

    def __post_init__(self):
        super().__post_init__()
        check_real(self.l1_ratio, "l1_ratio", high=1.0)
        check_real(self.fused_ratio, "fused_ratio", high=1.0, include="left")
        if self.l1_ratio + self.fused_ratio > 1 + 1e-12:
            raise ValueError(
                f"l1_ratio + fused_ratio is {self.l1_ratio + self.fused_ratio:.4g}, but may be 1 "
                "at most: they are shares of alpha."
            )

    def _inverse_gaps(self, n_tasks):
        return np.ones(n_tasks - 1) if self.gaps is None else 1 / self.gaps

    def _rest(self):
        return SparseGroup(self.alpha * (1 - self.fused_ratio), self._share())

    def _share(self):
        rest = 1 - self.fused_ratio
        return min(self.l1_ratio / rest, 1.0) if rest > 0 else 1.0

    def restrict(self, rows):
        return self

    def value(self, W):
        ordered = W if self.order is None else W[:, self.order]
        differences = np.abs(np.diff(ordered, axis=1)) @ self._inverse_gaps(W.shape[1])
        return self.alpha * self.fused_ratio * float(differences.sum()) + self._rest().value(W)

    def prox(self, W, step):
        # fuse, then entries, then rows: this order is exact
        thresholds = step * self.alpha * self.fused_ratio * self._inverse_gaps(W.shape[1])
        if self.order is None:
            fused = fuse(W, thresholds)
        else:
            fused = np.empty_like(W)
            fused[:, self.order] = fuse(W[:, self.order], thresholds)
        return self._rest().prox(fused, step)

    def dual_norm(self, G):
        """The smallest c at which `prox(G / c, 1)` is zero, by bisection of the largest row."""
        largest, step = 0.0, 1 / max(self.alpha, np.finfo(float).tiny)
        unit = replace(self, alpha=1.0)
        rows = G[np.argsort(-np.linalg.norm(G, axis=1))]
        while len(rows):
            if largest > 0:
                rows = rows[unit.prox(rows, largest * (1 + 1e-12)).any(axis=1)]
                if len(rows) == 0:
                    break
            low, high = largest, max(2 * largest, np.abs(rows[0]).max())
            while unit.prox(rows[:1], high).any():
                low, high = high, 2 * high
                if high > 1e300:
                    return np.inf  # only differences are penalized: a constant row is free
            while high - low > 1e-13 * high:
                middle = 0.5 * (low + high)
                if unit.prox(rows[:1], middle).any():
                    low = middle
                else:
                    high = middle
            largest, rows = high, rows[1:]
        return largest * step
