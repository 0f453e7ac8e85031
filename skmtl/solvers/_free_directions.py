"""What a coupling of tasks leaves free, and where the loss alone decides."""

from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cho_factor, cho_solve, lstsq

from skmtl.datafits import ROUNDING, less_squares, unit_sizes

_NOISE = 1e2 * ROUNDING  # of the largest eigenvalue of a Gram whose centering cancelled digits
_MARGIN = 1e-8  # of the largest squared pivot, below which a system is not taken for definite
_SAME = 1e-12  # length of directions outside a space that they are taken to span
_MOST = 1000  # unknowns that are solved for at once
_MOST_FLOATS = 2**25  # of the systems of groups of tasks


class FreeDirections:
    """The null space of a coupling: shifts of groups of tasks, or any directions.

    Parameters
    ----------
    datafit : GramForm or ResidualForm
        The loss.
    coupling : Coupling
        A matrix between tasks.
    """

    def __init__(self, datafit, coupling):
        self.datafit = datafit
        self.separate = datafit.separate
        self.n_features = datafit.shape[0]
        self.n_free = coupling.n_free
        self.groups = coupling.free_groups()
        self.directions = coupling.free if self.groups is None else None

    def or_same(self, other):
        """`other`, whose equations are known, if it has these directions on the same loss."""
        if other is None or self.n_free != other.n_free:
            return self
        if self.directions is None or other.directions is None:
            return self
        within = other.directions.T @ self.directions
        outside = self.directions - other.directions @ within
        return other if np.abs(outside).max(initial=0.0) <= _SAME else self

    @property
    def is_affordable(self):
        """Whether the optimum in these directions is not too much to be solved for exactly."""
        if self.groups is None:
            return self.n_free * self.n_features <= _MOST
        floats = self.n_free * self.n_features**2
        return self.n_features <= _MOST and floats <= _MOST_FLOATS

    def minimize(self, W):
        """W at its optimum in these directions; W itself if there are none."""
        if self.n_free == 0:
            return W
        correlation = self.datafit.evaluate(W).correlation
        if self.groups is None:
            return W + self._best_multiple(correlation) @ self.directions.T
        borders = [self._sums_of_groups(border) for border in self.datafit.borders]
        solve = less_squares(self._solve_groups, borders)
        shifts = solve(self._sums_of_groups(correlation))
        W = W.copy()
        for tasks, shift in zip(self.groups, shifts, strict=True):
            W[:, tasks] += shift[:, None]
        return W

    def _sums_of_groups(self, C):
        """The sum of C over the tasks of each group, (n_free, n_features)."""
        return np.array([C[:, tasks].sum(axis=1) for tasks in self.groups])

    def _solve_groups(self, right):
        """The shift of each group if its tasks meet no others, (n_free, n_features)."""
        pairs = zip(self._grams_of_groups, right, strict=True)
        return np.array([solve_scaled(system, own) for system, own in pairs])

    def _best_multiple(self, correlation):
        """D (n_features, n_free), where `W + D directions'` is at its optimum."""
        right = correlation @ self.directions
        D = solve_scaled(self._system, right.ravel())
        return D.reshape(right.shape)

    @cached_property
    def _system(self):
        """The matrix of the equations of D."""
        p = self.n_features
        k = self.n_free
        system = np.zeros((p, k, p, k))
        everything = np.arange(p)
        for block, tasks in enumerate(self.datafit.blocks):
            directions = self.directions[tasks]
            squares = directions.T @ directions
            gram = self.separate.gram_block(block, everything)
            system += np.einsum("ij,ab->iajb", gram, squares)
        system = system.reshape(p * k, -1)
        for border in self.datafit.borders:
            along = (border @ self.directions).ravel()
            system -= np.outer(along, along)
        return system

    @cached_property
    def _grams_of_groups(self):
        """The sum of the Grams of the tasks of each group, (n_free, n_features, n_features)."""
        blocks = self.datafit.blocks
        counts = self._tasks_of_blocks()
        square = (self.n_features, self.n_features)
        if self.datafit.is_gram:
            flat = self.separate.grams.reshape(-1, len(blocks))
            return (counts @ flat.T).reshape(-1, *square)
        summed = np.zeros((self.n_free, *square))
        everything = np.arange(self.n_features)
        counts = counts.tocsc()
        for block in np.flatnonzero(np.diff(counts.indptr)):
            gram = self.separate.gram_block(block, everything)
            own = slice(*counts.indptr[block : block + 2])
            summed[counts.indices[own]] += counts.data[own, None, None] * gram
        return summed

    def _tasks_of_blocks(self):
        """Number of tasks that a group has in each block, (n_free, n_blocks), sparse."""
        blocks = self.datafit.blocks
        block_of_task = np.empty(self.datafit.shape[1], dtype=np.intp)
        for block, tasks in enumerate(blocks):
            block_of_task[tasks] = block
        sizes = [len(tasks) for tasks in self.groups]
        group = np.repeat(np.arange(self.n_free), sizes)
        block = block_of_task[np.concatenate(self.groups)]
        ones = np.ones(len(group))
        return sparse.csr_array((ones, (group, block)), shape=(self.n_free, len(blocks)))


def solve_scaled(system, right):
    """A solution of psd equations, whatever the units of the unknowns; right may have columns."""
    sizes = unit_sizes(system)
    columns = right.reshape(len(sizes), -1) / sizes[:, None]
    scaled = system / np.outer(sizes, sizes)
    x = _solve_definite(scaled, columns)
    if x is None:
        x, *_ = lstsq(scaled, columns, cond=_NOISE * len(sizes))
    return (x / sizes[:, None]).reshape(right.shape)


def _solve_definite(system, right):
    """The solution if the system is definite by a margin, else None."""
    try:
        factor = cho_factor(system, lower=True)
    except LinAlgError:
        return None
    pivots = np.diag(factor[0])
    if pivots.min() ** 2 <= _MARGIN * pivots.max() ** 2:
        return None
    return cho_solve(factor, right)
