"""Two penalties of the parts of W = P + Q."""

from dataclasses import dataclass

import numpy as np

from skmtl.penalties._base import Penalty, Sum
from skmtl.penalties._group_norms import L1, L21, SparseGroup


@dataclass(frozen=True)
class Decomposition(Penalty):
    """`min shared(P) + specific(Q)` over P + Q = W.

    Parameters
    ----------
    shared : Penalty
        Penalty of the part P that tasks share; no sum.
    specific : Penalty
        Penalty of the part Q that is each task's own; no sum.
    """

    shared: Penalty
    specific: Penalty
    is_decomposition = True

    def __post_init__(self):
        """Both parts must be single penalties."""
        for part in self.parts:
            if not isinstance(part, Penalty) or isinstance(part, Sum) or part.is_decomposition:
                raise TypeError(
                    f"A part of a Decomposition must be a single penalty, got {part!r}; what both "
                    "parts pay is added to the Decomposition, if it is a Ridge."
                )

    @property
    def parts(self):
        return self.shared, self.specific

    @property
    def sees_tasks(self):
        return any(part.sees_tasks for part in self.parts)

    @property
    def is_active(self):
        """A part that is not penalized takes all of W, and the other one is zero."""
        return all(part.alpha > 0 for part in self.parts)

    def value(self, W):
        raise NotImplementedError("The value of W needs its best decomposition: a problem itself.")

    def prox(self, W, step):
        raise NotImplementedError("The prox needs the best decomposition: a problem itself.")

    def dual_norm(self, G):
        return max(part.dual_norm(G) for part in self.parts)

    def conjugate(self, G):
        return sum(part.conjugate(G) for part in self.parts)

    def scaled(self, factor):
        return Decomposition(*(part.scaled(factor) for part in self.parts))

    def with_alpha(self, alpha):
        """The parts scaled by alpha: a decomposition has no strength of its own."""
        return self.scaled(alpha)

    def for_features(self, features):
        return Decomposition(*(part.for_features(features) for part in self.parts))

    def for_columns(self, n_columns):
        return Decomposition(*(part.for_columns(n_columns) for part in self.parts))

    def stacked(self, n_columns):
        return Decomposition(*(part.stacked(n_columns) for part in self.parts))


def capped_norm(penalty, n_tasks):
    """An L1 norm, or that and an L2,1 norm of two parts, as one norm of each feature.

    It is `lam` times the least of `||P_j||_2 + ||Q_j||_1 / ratio` over `P_j + Q_j = W_j`: the
    largest `<g, W_j>` of the g with `||g||_2 <= lam` whose entries are capped at `lam / ratio`.

    Parameters
    ----------
    penalty : Penalty
        A single penalty.
    n_tasks : int
        Number of columns of W.

    Returns
    -------
    (lam, ratio) of floats, or None
        None for other penalties.
    """
    is_lasso = type(penalty) is SparseGroup and penalty.l1_ratio == 1
    if is_lasso or type(penalty) is L1:  # of a lam that no capped g reaches
        ratio = 2 * np.sqrt(n_tasks)
        return ratio * penalty.alpha, ratio
    if not penalty.is_decomposition:
        return None
    group, entries = penalty.parts
    kinds = type(group), type(entries)
    if kinds != (L21, L1) or group.positive or group.feature_weight is not None:
        return None
    return group.alpha, group.alpha / entries.alpha


def best_parts(W, ratio):
    """The parts P and Q of W with the least `||P_j||_2 + ||Q_j||_1 / ratio`.

    P is W clipped at c_j, where `sum_t min(|W_jt| / c_j, 1)^2 = ratio^2`: c_j^2 is the sum of the
    squares below it, over ratio^2 less the number of those beyond it.
    """
    sizes = np.abs(W)
    is_beyond = np.zeros(W.shape, dtype=bool)
    while True:
        below = np.where(is_beyond, 0.0, sizes)
        squares = np.einsum("jt,jt->j", below, below)
        left = ratio**2 - is_beyond.sum(axis=1)
        c = np.sqrt(np.divide(squares, left, out=np.zeros(len(W)), where=left > 0))[:, None]
        more = (sizes > c) & ~is_beyond
        if not more.any():
            break
        is_beyond |= more
    P = np.clip(W, -c, c)
    return P, W - P
