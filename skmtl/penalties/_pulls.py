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
        total = pull.sum(axis=0)
        self.shares = pull / total
        self.u = pull / np.sqrt(total)
        # 1 - sum_t u_t^2 / d_t, without a difference of nearly equal numbers
        left = self.shares * ridge / self.shift
        self.left = left.sum(axis=0)
        largest = self.shift.max(axis=0)
        rounding = 10 * np.finfo(float).eps * largest
        self.is_free = ridge.mean(axis=0) <= rounding

    @classmethod
    def of(cls, couplings):
        """The same couplings at once, which all pull to a mean."""
        ridges = [coupling.ridge for coupling in couplings]
        pulls = [coupling.pull for coupling in couplings]
        return cls(np.stack(ridges, axis=1), np.stack(pulls, axis=1))

    def value(self, W):
        """`1/2 tr(W M W')` of each model, (n_models,)."""
        mean = np.einsum("ta,tja->ja", self.shares, W)
        squares = _squares(W - mean)
        value = _inner(self.pull, squares)
        if self.ridge.any():
            squares = _squares(W)
            value += _inner(self.ridge, squares)
        return 0.5 * value

    def half_square(self, C):
        """`1/2 tr(C M^-1 C')` of each model, for C in the range of M, (n_models,)."""
        squares = _squares(C)
        value = _inner(1 / self.shift, squares)
        common = np.einsum("ta,tja->ja", self.u / self.shift, C)
        size = _inner(common, common)
        kept = ~self.is_free
        value[kept] += size[kept] / self.left[kept]
        return 0.5 * value


def _inner(A, B):
    """The inner product of each pair of columns."""
    return np.einsum("ta,ta->a", A, B)


def _squares(W):
    """The sum of the squares over features, (n_tasks, n_models)."""
    return np.einsum("tja,tja->ta", W, W)
