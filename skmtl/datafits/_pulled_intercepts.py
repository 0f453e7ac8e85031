"""Intercepts of a likelihood that are pulled to their mean, and their search by Newton's method.

Columns of a task with several classes have a mean each. The Hessian is that of separate tasks, H_t,
plus the pull; with `P_t = (I + H_t / strength)^-1` the mean moves by the solution of
`sum_t P_t H_t d = -sum_t P_t r_t`, r_t the gradient, and a task by `P_t (d - r_t / strength)`.
"""

import numpy as np

from skmtl.datafits._intercepts import Slopes, class_hessians
from skmtl.datafits._linear_algebra import ROUNDING

_STEPS = 200
_SHORTEST = 1e-10  # step, of Newton's
_FLAT = 1e-14  # curvature, relative to the largest, that is rounding


class InterceptPull:
    """`strength/2 sum_t ||b_t - bbar||^2` of the intercepts b.

    Parameters
    ----------
    strength : float
        Positive; infinite for intercepts that are all the same.
    n_levels : int
        Number of columns of a task.
    """

    def __init__(self, strength, n_levels):
        self.strength = strength
        self.n_levels = n_levels

    def by_task(self, b):
        """Numbers of all columns as (n_tasks, n_levels)."""
        return b.reshape(-1, self.n_levels)

    def feasible(self, b):
        """Intercepts that the pull allows: their means if it is infinite."""
        if np.isfinite(self.strength):
            return b
        by_task = self.by_task(b)
        return np.tile(by_task.mean(axis=0), len(by_task))

    def gradient(self, b):
        """Its gradient, (n_columns,); 0 if it is infinite."""
        if not np.isfinite(self.strength):
            return np.zeros(len(b))
        by_task = self.by_task(b)
        deviations = by_task - by_task.mean(axis=0)
        return self.strength * deviations.ravel()

    def value(self, b):
        """The pull at b."""
        return 0.5 * float(self.gradient(b) @ b)

    def conjugate(self, sums):
        """The conjugate at sums of gradients, which add up to 0 over the tasks."""
        return 0.5 * float(sums @ sums) / self.strength

    def newton(self, gradient, hessians):
        """Newton's step (n_columns,) from the gradient and Hessians (n_tasks, K, K) of the loss."""
        r = self.by_task(gradient)[:, :, None]
        P = np.linalg.inv(np.eye(self.n_levels) + hessians / self.strength)
        system = np.matmul(P, hessians).sum(axis=0)
        right = -np.matmul(P, r).sum(axis=0)
        system = (system + system.T) / 2
        of_mean = np.linalg.pinv(system, rcond=_FLAT, hermitian=True) @ right
        return np.matmul(P, of_mean - r / self.strength).ravel()


def settle_pulled(make_point, b, pull, groups):
    """The point at the optimal intercepts.

    Parameters
    ----------
    make_point : callable
        The :class:`~skmtl.datafits.Point` of given intercepts.
    b : ndarray of shape (n_columns,)
        Where the search begins.
    pull : InterceptPull
        The pull.
    groups : list of (columns, index)
        Of :func:`~skmtl.datafits._intercepts.column_groups`; none where tasks have one column.

    Returns
    -------
    Point
        Its `arrived` says whether the intercepts are at their optimum.
    """
    point = make_point(pull.feasible(b))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(_STEPS):
            slopes = Slopes(point)
            if groups:
                hessians = class_hessians(point, *groups[0])
            else:
                hessians = slopes.curvature[:, None, None]
            gradient = slopes.gradient + pull.gradient(point.b)
            step = pull.newton(gradient, hessians)
            if not np.isfinite(step).all():
                break
            if (np.abs(step) <= slopes.reading).all():
                return point
            close = bool((np.abs(step) <= np.sqrt(ROUNDING)).all())
            shortest = 1.0 if close else _SHORTEST
            moved = _lower(make_point, point, step, shortest)
            if moved is None:  # rounding errors are all that is left
                point.arrived = close
                return point
            point = moved
    point.arrived = False
    return point


def _lower(make_point, point, step, shortest):
    """A point in the direction of the step that is lower, None if there is none.

    No share of the step is tried below the `shortest`.
    """
    share = 1.0
    while share >= shortest:
        moved = make_point(point.b + share * step)
        if moved.value < point.value:
            return moved
        share *= 0.5
    return None


def distance_between(means, common, total):
    """How far the means of features in the tasks are from common ones, (n_features, n_tasks).

    It is 0 of a feature whose means are the same but for rounding, as of a constant one; tasks of
    no weight do not count.
    """
    distance = means - common
    is_same = np.abs(distance) <= 10 * ROUNDING * np.abs(common)
    is_same |= total == 0
    are_alike = is_same.all(axis=1, keepdims=True)
    return np.where(are_alike, 0.0, distance)
