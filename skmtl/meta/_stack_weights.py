"""Quadratic functions minimized over the simplex, exactly: an active-set method for many at a time.

A problem is to minimize ``w' A w - 2 b' w`` over all w >= 0 that sum to one, A positive
semidefinite. The method is that of Wolfe (1976), "Finding the nearest point in a polytope",
Mathematical Programming 11, 128-149. It goes to the minimum over the affine hull of some
coordinates, drops those that would become negative on the way, and at a minimum lets the steepest
other coordinate join.
"""

from typing import NamedTuple

import numpy as np

_TOL = 1e-10  # of the duality gap, relative to the terms of the objective
_ROUNDING = 1e-14  # of gradients, relative to the largest entry
_RIDGE = 1e-13  # relative to the largest entry: members may be alike


class Problems(NamedTuple):
    """Quadratic functions ``w' A w - 2 b' w``.

    Attributes
    ----------
    A : ndarray of shape (n_problems, n, n)
        Symmetric, positive semidefinite.
    b : ndarray of shape (n_problems, n)
    """

    A: np.ndarray
    b: np.ndarray

    def take(self, chosen):
        """Return some of the problems."""
        return Problems(self.A[chosen], self.b[chosen])

    def scaled(self):
        """Return the problems with entries of at most one, and A slightly more than definite."""
        n = self.b.shape[1]
        of_A = np.abs(self.A).max(axis=(1, 2))
        of_b = np.abs(self.b).max(axis=1)
        largest = np.maximum(of_A, of_b)
        largest[largest == 0] = 1.0
        A = self.A / largest[:, None, None]
        A = A + _RIDGE * np.eye(n)
        b = self.b / largest[:, None]
        return Problems(A, b)

    def gradients(self, w):
        """Return half the gradients, (n_problems, n)."""
        products = np.einsum("pij,pj->pi", self.A, w)
        return products - self.b

    def duality_gaps(self, w):
        """Return bounds of how far the objectives at w are above their minima, (n_problems,)."""
        half_gradients = self.gradients(w)
        return 2 * duality_gaps(half_gradients, w)

    def tolerances(self, w):
        """Return the duality gaps at which w is a minimum, (n_problems,)."""
        curved = np.einsum("pi,pij,pj->p", w, self.A, w)
        linear = np.einsum("pi,pi->p", self.b, w)
        terms = curved + np.abs(linear)
        return _TOL * terms + _ROUNDING

    def best_corners(self):
        """Return the coordinate of the best corner of the simplex, (n_problems,)."""
        diagonals = np.einsum("pii->pi", self.A)
        at_corners = diagonals - 2 * self.b
        return np.argmin(at_corners, axis=1)

    def affine_minima(self, support):
        """Return the minima over coordinates of the support that sum to one but may be negative."""
        n_problems, n = self.b.shape
        pairs = support[:, :, None] & support[:, None, :]
        system = np.zeros((n_problems, n + 1, n + 1))
        identity = np.eye(n)
        system[:, :n, :n] = np.where(pairs, self.A, identity)
        system[:, :n, n] = support
        system[:, n, :n] = support
        values = np.ones((n_problems, n + 1))
        values[:, :n] = np.where(support, self.b, 0.0)
        solution = np.linalg.solve(system, values[:, :, None])
        minima = solution[:, :n, 0]
        return np.where(support, minima, 0.0)


def duality_gaps(gradients, w):
    """Return bounds of how far convex objectives at w are above their minima on the simplex.

    The minimum of a convex function is at least that of its tangent at w, which is at a corner.
    """
    at_w = np.einsum("pi,pi->p", gradients, w)
    at_corner = gradients.min(axis=1)
    return at_w - at_corner


def simplex_minima(A, b):
    """Minimize ``w' A w - 2 b' w`` over the simplex, for each of many problems.

    Parameters
    ----------
    A : ndarray of shape (n_problems, n, n)
        Symmetric, positive semidefinite.
    b : ndarray of shape (n_problems, n)

    Returns
    -------
    ndarray of shape (n_problems, n)
        Rows are non-negative and sum to one.
    """
    problems = Problems(A, b).scaled()
    n_problems, n = b.shape
    coordinates = np.arange(n)
    minima = np.empty((n_problems, n))
    remaining = np.arange(n_problems)
    corner = problems.best_corners()
    support = coordinates == corner[:, None]
    w = support.astype(float)
    is_affine_minimum = np.ones(n_problems, dtype=bool)
    for _ in range(20 * (n + 1)):
        gaps = problems.duality_gaps(w)
        is_tight = gaps <= problems.tolerances(w)
        is_left = ~(is_tight & is_affine_minimum)
        minima[remaining] = w
        remaining = remaining[is_left]
        if len(remaining) == 0:
            break
        problems = problems.take(is_left)
        w = w[is_left]
        gradients = problems.gradients(w)
        steepest = gradients.argmin(axis=1)
        joins = coordinates == steepest[:, None]
        joins &= is_affine_minimum[is_left, None]
        support = support[is_left] | joins
        target = problems.affine_minima(support)
        w, is_dropped = _step(w, target)
        support &= ~is_dropped
        is_affine_minimum = ~is_dropped.any(axis=1)
    sums = minima.sum(axis=1, keepdims=True)
    return minima / sums


def _step(w, target):
    """Return w moved towards the target as far as it stays non-negative, and what it drops."""
    falling = target < 0
    shares = np.ones(w.shape)
    np.divide(
        w,
        w - target,
        out=shares,
        where=falling,
    )
    step = shares.min(axis=1, keepdims=True)
    is_dropped = falling & (shares <= step)
    direction = target - w
    moved = w + step * direction
    moved = np.maximum(moved, 0.0)
    moved[is_dropped] = 0.0
    return moved, is_dropped
