"""Penalties of the singular values of W."""

from dataclasses import dataclass

import numpy as np

from skmtl._data.checks import check_int, check_real
from skmtl.penalties._base import Penalty
from skmtl.prox import fill, map_singular_values, singular_values


@dataclass(frozen=True)
class TraceNorm(Penalty):
    """`alpha * ||W||_*`, the sum of the singular values: W becomes low-rank.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    """

    alpha: float
    sees_tasks = True

    def value(self, W):
        s = singular_values(W)
        return self.alpha * float(s.sum())

    def prox(self, W, step):
        threshold = step * self.alpha

        def shrink(s):
            return np.maximum(s - threshold, 0.0)

        return map_singular_values(W, shrink)

    def dual_norm(self, G):
        s = singular_values(G)
        return self._per_alpha(s[0])


@dataclass(frozen=True)
class SquaredTraceNorm(Penalty):
    """`alpha/2 * ||W||_*^2 = alpha/2 * min_Omega tr(W Omega^-1 W')`, Omega psd, `tr Omega = 1`.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    """

    alpha: float
    sees_tasks = True

    def value(self, W):
        s = singular_values(W)
        return 0.5 * self.alpha * float(s.sum()) ** 2

    def prox(self, W, step):
        strength = step * self.alpha

        def shrink(s):
            return _shrink_by_sum(s, strength)

        return map_singular_values(W, shrink)

    def conjugate(self, G):
        s = singular_values(G)
        return 0.5 * self._per_alpha(s[0] ** 2)


def _shrink_by_sum(s, strength):
    """x >= 0 with `x_i = max(s_i - strength * sum x, 0)`."""
    k = np.arange(1, len(s) + 1)
    sizes = -np.sort(-s)
    thresholds = strength * np.cumsum(sizes) / (1 + strength * k)
    n_kept = np.count_nonzero(sizes > thresholds)
    threshold = thresholds[max(n_kept, 1) - 1]
    return np.maximum(s - threshold, 0.0)


@dataclass(frozen=True)
class ClusterNorm(Penalty):
    """`alpha/2 * min_M tr(W (eta I + M)^-1 W')`, `0 <= M <= I`, `tr M = n_clusters`.

    With the singular values s of W it is `alpha/2 min_theta sum_i s_i^2 / theta_i`,
    `eta <= theta_i <= 1 + eta`, `sum theta = n_clusters + eta * n_tasks`: directions of the tasks
    within the clusters cost little, the others much.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    n_clusters : int
        Number of clusters, at least 1; clipped at the number of tasks.
    eta : float
        Positive; the smaller, the closer the tasks of a cluster are pulled together.
    """

    alpha: float
    n_clusters: int
    eta: float
    sees_tasks = True

    def __post_init__(self):
        super().__post_init__()
        check_int(self.n_clusters, "n_clusters")
        check_real(self.eta, "eta", include="neither")

    def weights(self, s, n_tasks, offset=0.0):
        """theta of the singular values s (n_tasks,), with `offset` added where it divides."""
        n_clusters = min(self.n_clusters, n_tasks)
        return fill(
            s,
            low=self.eta,
            high=1 + self.eta,
            total=n_clusters + self.eta * n_tasks,
            offset=offset,
        )

    def value(self, W):
        n_tasks = W.shape[1]
        s = _padded(singular_values(W), n_tasks)
        theta = self.weights(s, n_tasks)
        return 0.5 * self.alpha * float((s**2 / theta).sum())

    def prox(self, W, step):
        n_tasks = W.shape[1]
        strength = step * self.alpha

        def shrink(s):
            theta = self.weights(_padded(s, n_tasks), n_tasks, strength)
            theta = theta[: len(s)]
            return s * theta / (theta + strength)

        return map_singular_values(W, shrink)

    def conjugate(self, G):
        squares = singular_values(G) ** 2
        n_clusters = min(self.n_clusters, G.shape[1])
        within = squares[:n_clusters].sum()
        return 0.5 * self._per_alpha(self.eta * squares.sum() + within)


def _padded(s, n_tasks):
    """s with zeros up to n_tasks singular values."""
    missing = max(n_tasks - len(s), 0)
    return np.concatenate([s, np.zeros(missing)])
