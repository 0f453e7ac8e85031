"""Penalties: frozen dataclasses that know a value, a proximal operator and a dual norm.

From these three everything else follows without code per model: the smallest alpha with an empty
model, the duality gap, FISTA. Change a strength with :func:`dataclasses.replace`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from skmtl.prox import group_shrink


class Penalty(ABC):
    """A convex, positively homogeneous function of W (n_features, n_tasks)."""

    @abstractmethod
    def value(self, W):
        """The penalty at W, a float."""

    @abstractmethod
    def prox(self, W, step):
        """`argmin_V 1/2 ||V - W||^2 + step * penalty(V)`, of W's shape."""

    @abstractmethod
    def dual_norm(self, G):
        """The smallest c >= 0 with `<G, V> <= c * penalty(V)` for every V (penalised part)."""

    def unpenalised_rows(self, n_features):
        """Indices of the features that the penalty never sees; none unless it says so."""
        return np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class L21(Penalty):
    """`alpha * sum_j u_j ||W_j||_2` over the rows of W, optionally with W >= 0.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    feature_weight : ndarray of shape (n_features,) or None, default=None
        u, at least 0; 0 leaves the feature unpenalised; None is 1 everywhere.
    positive : bool, default=False
        Constrain W >= 0.
    """

    alpha: float
    feature_weight: np.ndarray | None = None
    positive: bool = False

    def restrict(self, rows):
        """The penalty of these rows of W alone."""
        u = self.feature_weight
        return self if u is None else replace(self, feature_weight=u[rows])

    def row_weights(self, n_features):
        """`alpha * u`, shape (n_features,)."""
        u = np.ones(n_features) if self.feature_weight is None else self.feature_weight
        return self.alpha * u

    def value(self, W):
        norms = np.linalg.norm(W, axis=1)
        return float(self.row_weights(len(W)) @ norms)

    def prox(self, W, step):
        if self.positive:  # clip first, then shrink: this order is exact
            W = np.maximum(W, 0.0)
        return group_shrink(W, step * self.row_weights(len(W)))

    def dual_norm(self, G):
        if self.positive:
            G = np.maximum(G, 0.0)
        weights = self.row_weights(len(G))
        seen = weights > 0
        if not seen.any():
            return 0.0
        return float(np.max(np.linalg.norm(G[seen], axis=1) / weights[seen]))

    def unpenalised_rows(self, n_features):
        return np.flatnonzero(self.row_weights(n_features) == 0)
