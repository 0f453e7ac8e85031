"""Penalties of the singular values of W."""

from dataclasses import dataclass

import numpy as np

from skmtl._data.checks import check_int, check_real
from skmtl.penalties._base import Penalty, _ratio
from skmtl.prox import fill, map_singular_values, singular_values


@dataclass(frozen=True)
class TraceNorm(Penalty):
    """`alpha * ||W||_*`, the sum of the singular values: W becomes low-rank.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def value(self, W):
        return self.alpha * float(singular_values(W).sum())

    def prox(self, W, step):
        return map_singular_values(W, lambda s: np.maximum(s - step * self.alpha, 0.0))

    def dual_norm(self, G):
        return _ratio(singular_values(G)[0], self.alpha)


@dataclass(frozen=True)
class SquaredTraceNorm(Penalty):
    """`alpha/2 * ||W||_*^2 = alpha/2 * min_Omega tr(W Omega^-1 W')`, Omega psd, `tr Omega = 1`.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def value(self, W):
        return 0.5 * self.alpha * float(singular_values(W).sum()) ** 2

    def prox(self, W, step):
        return map_singular_values(W, lambda s: _shrink_by_sum(s, step * self.alpha))

    def conjugate(self, G):
        return 0.5 * _ratio(singular_values(G)[0] ** 2, self.alpha)


def _shrink_by_sum(s, strength):
    """x >= 0 with `x_i = max(s_i - strength * sum x, 0)`."""
    k = np.arange(1, len(s) + 1)
    size = np.sort(s)[::-1]
    cut = strength * np.cumsum(size) / (1 + strength * k)
    return np.maximum(s - cut[max(np.count_nonzero(size > cut), 1) - 1], 0.0)


@dataclass(frozen=True)
class ClusterNorm(Penalty):
    """`alpha/2 * min_M tr(W (eta I + M)^-1 W')`, `0 <= M <= I`, `tr M = n_clusters`.

    With the singular values s of W it is `alpha/2 min_theta sum_i s_i^2 / theta_i`,
    `eta <= theta_i <= 1 + eta`, `sum theta = n_clusters + eta * n_tasks`: directions of the tasks
    within the clusters cost little, the others much.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    n_clusters : int
        At least 1; clipped at the number of tasks.
    eta : float
        Positive; the smaller, the closer the tasks of a cluster are pulled together.
    """

    alpha: float
    n_clusters: int
    eta: float

    def __post_init__(self):
        super().__post_init__()
        check_int(self.n_clusters, "n_clusters")
        check_real(self.eta, "eta", include="neither")

    def weights(self, s, n_tasks, offset=0.0):
        """theta of the singular values s (n_tasks,), with `offset` added where it divides."""
        k = min(self.n_clusters, n_tasks)
        return fill(s, self.eta, 1 + self.eta, k + self.eta * n_tasks, offset)

    def _padded(self, s, n_tasks):
        return np.concatenate([s, np.zeros(max(n_tasks - len(s), 0))])

    def value(self, W):
        s = self._padded(singular_values(W), W.shape[1])
        return 0.5 * self.alpha * float((s**2 / self.weights(s, W.shape[1])).sum())

    def prox(self, W, step):
        strength, n_tasks = step * self.alpha, W.shape[1]

        def shrink(s):
            theta = self.weights(self._padded(s, n_tasks), n_tasks, strength)[: len(s)]
            return s * theta / (theta + strength)

        return map_singular_values(W, shrink)

    def conjugate(self, G):
        squares = singular_values(G) ** 2
        k = min(self.n_clusters, G.shape[1])
        return 0.5 * _ratio(self.eta * squares.sum() + squares[:k].sum(), self.alpha)
