"""Norms of the entries, rows and columns of W."""

from dataclasses import dataclass, replace

import numpy as np

from skmtl._data.checks import check_real
from skmtl.penalties._base import Penalty, _ratio
from skmtl.prox import clip_rows, group_shrink, soft_threshold


@dataclass(frozen=True)
class L1(Penalty):
    """`alpha * sum_jt |W_jt|`: single coefficients vanish.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def restrict(self, rows):
        return self

    def value(self, W):
        return self.alpha * float(np.abs(W).sum())

    def prox(self, W, step):
        return soft_threshold(W, step * self.alpha)

    def dual_norm(self, G):
        return _ratio(np.abs(G).max(), self.alpha)


@dataclass(frozen=True)
class L21(Penalty):
    """`alpha * sum_j u_j ||W_j||_2` over the rows of W, optionally with W >= 0.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    feature_weight : ndarray of shape (n_features,) or None, default=None
        u, at least 0; 0 leaves the feature unpenalized; None is 1 everywhere.
    positive : bool, default=False
        Constrain W >= 0.
    """

    alpha: float
    feature_weight: np.ndarray | None = None
    positive: bool = False

    def __post_init__(self):
        super().__post_init__()
        u = self.feature_weight
        if u is not None and not isinstance(u, np.ndarray):
            object.__setattr__(self, "feature_weight", np.asarray(u, dtype=float))

    def restrict(self, rows):
        """The penalty of these rows of W alone."""
        u = self.feature_weight
        return self if u is None else replace(self, feature_weight=u[rows])

    def group_weights(self, n_features):
        """`alpha * u`, shape (n_features,)."""
        u = np.ones(n_features) if self.feature_weight is None else self.feature_weight
        return self.alpha * u

    def value(self, W):
        norms = np.linalg.norm(W, axis=1)
        return float(self.group_weights(len(W)) @ norms)

    def prox(self, W, step):
        if self.positive:  # clip first, then shrink: this order is exact
            W = np.maximum(W, 0.0)
        return group_shrink(W, step * self.group_weights(len(W)))

    def dual_norm(self, G):
        if self.positive:
            G = np.maximum(G, 0.0)
        weights = self.group_weights(len(G))
        seen = weights > 0
        if not seen.any():
            return 0.0
        return float(np.max(np.linalg.norm(G[seen], axis=1) / weights[seen]))

    def unpenalized_features(self, n_features):
        return np.flatnonzero(self.group_weights(n_features) == 0)


@dataclass(frozen=True)
class L1Inf(Penalty):
    """`alpha * sum_j max_t |W_jt|`: rows vanish, and the others tend to equal sizes.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def restrict(self, rows):
        return self

    def value(self, W):
        return self.alpha * float(np.abs(W).max(axis=1).sum())

    def prox(self, W, step):
        return clip_rows(W, step * self.alpha)

    def dual_norm(self, G):
        return _ratio(np.abs(G).sum(axis=1).max(), self.alpha)


@dataclass(frozen=True)
class TaskNorm(Penalty):
    """`alpha * sum_t ||w_t||_2` over the columns of W: whole tasks vanish.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def value(self, W):
        return self.alpha * float(np.linalg.norm(W, axis=0).sum())

    def prox(self, W, step):
        return group_shrink(W.T, step * self.alpha).T

    def dual_norm(self, G):
        return _ratio(np.linalg.norm(G, axis=0).max(), self.alpha)


@dataclass(frozen=True)
class SparseGroup(Penalty):
    """`alpha * [(1 - l1_ratio) sum_j ||W_j||_2 + l1_ratio sum_jt |W_jt|]`.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    l1_ratio : float
        Between 0 (rows only) and 1 (entries only).
    """

    alpha: float
    l1_ratio: float

    def restrict(self, rows):
        return self

    def __post_init__(self):
        super().__post_init__()
        check_real(self.l1_ratio, "l1_ratio", high=1.0)

    def value(self, W):
        rows, entries = np.linalg.norm(W, axis=1).sum(), np.abs(W).sum()
        return self.alpha * float((1 - self.l1_ratio) * rows + self.l1_ratio * entries)

    def prox(self, W, step):
        step = step * self.alpha  # entries first: this order is exact
        return group_shrink(soft_threshold(W, step * self.l1_ratio), step * (1 - self.l1_ratio))

    def dual_norm(self, G):
        """Per row the root c of `||soft(g, c r)||_2 = c (1 - r)`: with the k largest entries left,
        a quadratic equation."""
        r, n = self.l1_ratio, np.arange(1, G.shape[1] + 1)
        size = np.sort(np.abs(G), axis=1)[:, ::-1]
        sums, squares = np.cumsum(size, axis=1), np.cumsum(size**2, axis=1)
        left = np.maximum(squares - 2 * size * sums + n * size**2, 0.0)  # ||soft(g, size)||^2
        k = np.maximum((r**2 * left < (1 - r) ** 2 * size**2).sum(axis=1), 1)
        B1, B2 = (np.take_along_axis(a, k[:, None] - 1, axis=1)[:, 0] for a in (sums, squares))
        root = np.sqrt(np.maximum((r * B1) ** 2 - (k * r**2 - (1 - r) ** 2) * B2, 0.0))
        norms = np.divide(B2, r * B1 + root, out=np.zeros_like(B2), where=B2 > 0)
        return _ratio(norms.max(), self.alpha)
