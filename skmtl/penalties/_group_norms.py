"""Norms of the entries, features and tasks of W."""

from dataclasses import dataclass, replace

import numpy as np

from skmtl._data.checks import check_real
from skmtl._data.task_parameters import by_feature, has_labels
from skmtl._row_norms import row_norms
from skmtl.penalties._base import Penalty
from skmtl.prox import clip_rows, group_shrink, soft_threshold


@dataclass(frozen=True)
class L1(Penalty):
    """`alpha * sum_jt |W_jt|`: single coefficients vanish.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    """

    alpha: float
    is_separable = True
    is_elementwise = True

    def value(self, W):
        total = np.abs(W).sum()
        return self.alpha * float(total)

    def prox(self, W, step):
        return soft_threshold(W, step * self.alpha)

    def dual_norm(self, G):
        largest = np.abs(G).max()
        return self._per_alpha(largest)


@dataclass(frozen=True)
class L21(Penalty):
    """`alpha * sum_j u_j ||W_j||_2` over the features, optionally with W >= 0.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    feature_weight : ndarray of shape (n_features,), dict, Series or None, default=None
        u, at least 0; 0 leaves the feature unpenalized; None is 1 everywhere. A dict or Series has
        them by the name of the feature, for estimators that are given a frame.
    positive : bool, default=False
        Whether W is constrained to be at least 0.
    """

    alpha: float
    feature_weight: np.ndarray | None = None
    positive: bool = False
    is_separable = True
    is_group_norm = True

    def __post_init__(self):
        super().__post_init__()
        u = self.feature_weight
        if u is not None and not has_labels(u):
            u = np.asarray(u, dtype=float)
            object.__setattr__(self, "feature_weight", u)

    def for_features(self, features):
        """The penalty with its weights in the order of these features."""
        if not has_labels(self.feature_weight):
            return self
        u = by_feature(self.feature_weight, "feature_weight", features)
        return replace(self, feature_weight=u)

    def restrict(self, features):
        if self.feature_weight is None:
            return self
        return replace(self, feature_weight=self.feature_weight[features])

    def group_weights(self, n_features):
        """`alpha * u`, shape (n_features,)."""
        if self.feature_weight is None:
            return np.full(n_features, float(self.alpha))
        if has_labels(self.feature_weight):
            raise ValueError(
                "feature_weight has the names of features, which this penalty does not know: give "
                "an array in the order of the features, or the parameter feature_weight of "
                "MultiTaskLasso."
            )
        return self.alpha * self.feature_weight

    def value(self, W):
        norms = row_norms(W)
        weights = self.group_weights(len(W))
        return float(weights @ norms)

    def prox(self, W, step):
        if self.positive:  # clip first, then shrink: this order is exact
            W = np.maximum(W, 0.0)
        weights = self.group_weights(len(W))
        return group_shrink(W, step * weights)

    def dual_norm(self, G):
        if self.positive:
            G = np.maximum(G, 0.0)
        weights = self.group_weights(len(G))
        seen = weights > 0
        if not seen.any():
            return 0.0
        norms = row_norms(G)
        return float(np.max(norms[seen] / weights[seen]))

    def unpenalized_features(self, n_features):
        weights = self.group_weights(n_features)
        return np.flatnonzero(weights == 0)


@dataclass(frozen=True)
class L1Inf(Penalty):
    """`alpha * sum_j max_t |W_jt|`: features vanish, and coefficients tend to equal sizes.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    """

    alpha: float
    is_separable = True

    def value(self, W):
        largest = np.abs(W).max(axis=1)
        return self.alpha * float(largest.sum())

    def prox(self, W, step):
        return clip_rows(W, step * self.alpha)

    def dual_norm(self, G):
        sums = np.abs(G).sum(axis=1)
        return self._per_alpha(sums.max())


@dataclass(frozen=True)
class TaskNorm(Penalty):
    """`alpha * sum_t ||w_t||_2` over the tasks: whole tasks vanish.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    """

    alpha: float
    sees_tasks = True

    def value(self, W):
        norms = np.linalg.norm(W, axis=0)
        return self.alpha * float(norms.sum())

    def prox(self, W, step):
        shrunk = group_shrink(W.T, step * self.alpha)
        return shrunk.T

    def dual_norm(self, G):
        norms = np.linalg.norm(G, axis=0)
        return self._per_alpha(norms.max())


@dataclass(frozen=True)
class SparseGroup(Penalty):
    """`alpha * [(1 - l1_ratio) sum_j ||W_j||_2 + l1_ratio sum_jt |W_jt|]`.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    l1_ratio : float
        Share of the entries: between 0 (features only) and 1 (entries only).
    """

    alpha: float
    l1_ratio: float
    is_separable = True

    def __post_init__(self):
        super().__post_init__()
        check_real(self.l1_ratio, "l1_ratio", high=1.0)

    def value(self, W):
        features = np.linalg.norm(W, axis=1).sum()
        entries = np.abs(W).sum()
        mixed = (1 - self.l1_ratio) * features + self.l1_ratio * entries
        return self.alpha * float(mixed)

    def prox(self, W, step):
        step = step * self.alpha
        sparse = soft_threshold(W, step * self.l1_ratio)  # entries first: this order is exact
        return group_shrink(sparse, step * (1 - self.l1_ratio))

    def dual_norm(self, G):
        """The largest root c over features of `||soft(g, c r)||_2 = c (1 - r)`, r the l1_ratio.

        The root of a feature is that of a quadratic equation in its k largest entries, where k is
        how many of them soft thresholding leaves.
        """
        r = self.l1_ratio
        n = np.arange(1, G.shape[1] + 1)
        size = np.sort(np.abs(G), axis=1)
        size = size[:, ::-1]
        sums = np.cumsum(size, axis=1)
        squares = np.cumsum(size**2, axis=1)
        left = squares - 2 * size * sums + n * size**2  # ||soft(g, size)||^2
        left = np.maximum(left, 0.0)
        counted = r**2 * left < (1 - r) ** 2 * size**2
        k = np.maximum(counted.sum(axis=1), 1)
        last = k[:, None] - 1
        B1 = np.take_along_axis(sums, last, axis=1)[:, 0]
        B2 = np.take_along_axis(squares, last, axis=1)[:, 0]
        discriminant = (r * B1) ** 2 - (k * r**2 - (1 - r) ** 2) * B2
        root = np.sqrt(np.maximum(discriminant, 0.0))
        norms = np.divide(
            B2,
            r * B1 + root,
            out=np.zeros_like(B2),
            where=B2 > 0,
        )
        return self._per_alpha(norms.max())
