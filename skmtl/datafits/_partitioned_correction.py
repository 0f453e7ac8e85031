"""Gradients that are corrected so that they are a dual point, from sums that are known."""

from typing import NamedTuple

import numpy as np

_NEGLIGIBLE = 1e-9  # sum of gradients, relative to the sum of their sizes
_NOISE = 0.01  # of what is negligible
_FLAT = 1e-12  # curvature, relative to the largest, that is rounding


class Corrected(NamedTuple):
    """Sums of corrected gradients.

    Attributes
    ----------
    change : ndarray of shape (n_tasks, most_columns, 1 + n_free)
        The change of predictions that corrects them.
    slopes : ndarray of shape (n_columns,)
        Their sums.
    gradients : ndarray of shape (n_features, n_columns)
        Their products with the features.
    is_feasible : bool
        Whether these are zero where they must be.
    """

    change: np.ndarray
    slopes: np.ndarray
    gradients: np.ndarray
    is_feasible: bool


def corrected(point):
    """Return the Corrected gradients of a :class:`PartitionedPoint`."""
    f = point.likelihood
    change = _changes(point)
    slopes = point.slopes.copy()
    gradients = point.gradients.copy()
    for task, K in enumerate(f.setup.sizes):
        columns = f.setup.columns(task)
        sums = np.einsum("kjcf,cf->jk", point.rooms[task, :K, :, :K], change[task, :K])
        slopes[columns] -= sums[-1]
        gradients[:, columns] -= sums[:-1]
    feasible = np.isfinite(change).all()
    feasible = feasible and _slopes_vanish(point, slopes)
    feasible = feasible and _free_vanish(point, gradients)
    return Corrected(change, slopes, gradients, bool(feasible))


def _changes(point):
    """The changes of predictions, (n_tasks, most, 1 + n_free)."""
    f = point.likelihood
    setup = f.setup
    free = setup.free
    change = np.zeros((setup.n_tasks, setup.most, 1 + len(free)))
    if f.pull is not None:
        if f.fit_intercept:
            levels = f.levels(*point.model)
            slopes = point.slopes + f.pull.gradient(levels)
            step = f.pull.newton(slopes, point.rooms[:, :, -1, :, 0])
            change[:, :, 0] = -f.pull.by_task(step)
        return change
    places = np.append(setup.n_features, free)  # the intercept first
    for task, K in enumerate(setup.sizes):
        columns = setup.columns(task)
        own = point.rooms[task, :K, :, :K]
        slopes = point.slopes[columns]
        of_free = point.gradients[free, columns]
        right = np.column_stack([slopes, of_free.T])
        noise = np.full(right.shape, _NOISE * f.rounding)
        noise[:, 0] = _NOISE * _NEGLIGIBLE * point.slope_sizes[columns]
        solved = _which(point, columns)
        change[task, :K][solved] = _solve(own[:, places], right, noise, solved)
    return change


def _which(point, columns):
    """Of which intercepts and free features the sums must vanish, (K, 1 + n_free) of bool.

    Free features that are constrained to be positive do not count where they are zero and would
    rather be negative.
    """
    f = point.likelihood
    free = f.setup.free
    K = columns.stop - columns.start
    solved = np.ones((K, 1 + len(free)), dtype=bool)
    solved[:, 0] = f.fit_intercept
    if f.positive:
        inside = point.W[free, columns] > 0
        inside |= point.gradients[free, columns] < 0
        solved[:, 1:] = inside.T
    return solved


def _solve(matrix, right, noise, solved):
    """The solution of a system (K, n, K, n) in some of its unknowns (K, n), in their units.

    What is right of no more than noise is left where it is: it might take a long way.
    """
    size = right.size
    kept = np.flatnonzero(solved)
    if len(kept) == 0:
        return np.zeros(0)
    A = matrix.reshape(size, size)[np.ix_(kept, kept)]
    squares = A.diagonal()
    units = np.sqrt(np.where(squares > 0, squares, 1.0))
    values, V = np.linalg.eigh(A / np.outer(units, units))
    b = right.ravel()[kept] / units
    noise = noise.ravel()[kept] / units
    along = V.T @ b
    moves = np.abs(along) > np.abs(V.T) @ noise
    moves &= values > _FLAT * values[-1]
    along[~moves] = 0.0
    values[~moves] = 1.0
    return V @ (along / values) / units


def _slopes_vanish(point, slopes):
    """Whether sums of gradients are zero, or, of pulled intercepts, add up to zero."""
    f = point.likelihood
    sizes = point.slope_sizes
    if not f.fit_intercept:
        return True
    if f.pull is not None:
        slopes = f.pull.by_task(slopes).sum(axis=0)
        sizes = f.pull.by_task(sizes).sum(axis=0)
    return (np.abs(slopes) <= _NEGLIGIBLE * sizes).all()


def _free_vanish(point, gradients):
    """Whether the sums over the free features are zero, or have the sign they may have."""
    f = point.likelihood
    of_free = gradients[f.setup.free]
    if f.positive:
        of_free = np.minimum(of_free, 0.0)
    return (np.abs(of_free) <= f.rounding).all()
