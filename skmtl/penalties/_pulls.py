"""Pulls to a mean, with ridges, of many strengths at a time."""

import numpy as np


class Pulls:
    """The couplings `diag(ridge) + diag(c) - c c' / sum(c)` of several models.

    Arrays W are (n_tasks, n_features, n_models).

    Parameters
    ----------
    ridge, pull : ndarray of shape (n_tasks, n_models)
        At least 0, their sum positive, and some pull of every model.
    """

    def __init__(self, ridge, pull):
        self.ridge = ridge
        self.pull = pull
        self.shift = ridge + pull  # d in M = diag(d) - u u'
        self.shares = pull / pull.sum(axis=0)
        self.u = pull / np.sqrt(pull.sum(axis=0))
        # 1 - sum_t u_t^2 / d_t, without a difference of nearly equal numbers
        self.left = (self.shares * ridge / self.shift).sum(axis=0)
        largest = (ridge + pull).max(axis=0)
        self.is_free = ridge.mean(axis=0) <= 10 * np.finfo(float).eps * largest

    @classmethod
    def of(cls, couplings):
        """The same couplings at once, which all pull to a mean."""
        ridge = np.stack([coupling.ridge for coupling in couplings], axis=1)
        pull = np.stack([coupling.pull for coupling in couplings], axis=1)
        return cls(ridge, pull)

    def value(self, W):
        """`1/2 tr(W M W')` of each model, (n_models,)."""
        mean = np.einsum("ta,tja->ja", self.shares, W)
        squares = _squares(W - mean)
        value = np.einsum("ta,ta->a", self.pull, squares)
        if self.ridge.any():
            value += np.einsum("ta,ta->a", self.ridge, _squares(W))
        return 0.5 * value

    def half_square(self, C):
        """`1/2 tr(C M^-1 C')` of each model, for C in the range of M, (n_models,)."""
        value = np.einsum("ta,ta->a", 1 / self.shift, _squares(C))
        common = np.einsum("ta,tja->ja", self.u / self.shift, C)
        common = np.einsum("ja,ja->a", common, common)
        kept = ~self.is_free
        value[kept] += common[kept] / self.left[kept]
        return 0.5 * value


def _squares(W):
    """The sum of the squares over features, (n_tasks, n_models)."""
    return np.einsum("tja,tja->ta", W, W)
