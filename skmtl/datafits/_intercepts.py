"""The search of intercepts: where the sums of the gradients of every column are zero.

A gradient rises with its intercept, so that a column whose targets see one prediction each has a
root in a bracket; the columns of a softmax are searched together, in regions that are trusted. Both
begin anywhere, and say when they have not arrived.
"""

from functools import cached_property

import numpy as np

from skmtl.losses import Grouped, Softmax

_STEPS = 200  # of which a bracket is halved in every other at least
_SLOW = 4  # steps without a bracket, from which on they become longer
_REACH = 2.0  # of the first step: exponentials are no parabolas
_ROUNDING = 1e-13  # of a sum of gradients, relative to the sum of their sizes
_FLAT = 1e-14  # curvature, relative to the largest, that is rounding
_LEAST = 1e-100  # what is divided by
_EPS = np.finfo(float).eps


class Slopes:
    """Weighted sums over the targets of every column, (n_columns,), at a point.

    Attributes
    ----------
    gradient : ndarray
        Of the gradients.
    vanishes : ndarray of bool
        Where nothing but rounding errors is left of it.
    """

    def __init__(self, point):
        self.point = point
        column_sum = point.likelihood.column_sum
        self.gradient = column_sum(point.gradient)
        size = column_sum(np.abs(point.gradient))
        self.vanishes = np.abs(self.gradient) <= _ROUNDING * size
        self.vanishes &= np.isfinite(size)

    @cached_property
    def curvature(self):
        """Sums of the curvatures."""
        return self.point.likelihood.column_sum(self.point.curvature)

    @cached_property
    def reading(self):
        """How far an intercept moves without a change of predictions: their rounding errors."""
        return 2 * _EPS * self.point.likelihood.column_mean(np.abs(self.point.z))

    @cached_property
    def noise(self):
        """What rounding errors of predictions, and of probabilities near 1, leave of gradients."""
        of_predictions = self.curvature * self.reading
        of_probabilities = 2 * _EPS * self.point.likelihood.total
        return 2 * (of_predictions + of_probabilities)


def column_groups(loss, cells):
    """The columns that are searched one by one, and those that are searched together.

    Parameters
    ----------
    loss : Loss
        The loss of the targets.
    cells : ndarray
        The column of every target, of their shape.

    Returns
    -------
    single : ndarray of int
        Columns whose targets see one prediction each.
    groups : list of (columns, index)
        Columns (n_tasks, n_classes) of tasks with a softmax of as many classes, and the targets
        of every task, a list of index arrays (n_samples, n_classes) into the raveled targets.
    """
    single = np.ones(cells.max() + 1, dtype=bool)
    by_size = {}
    if isinstance(loss, Grouped):
        of_target = cells.ravel()
        for index, part in loss.parts:
            if isinstance(part, Softmax):
                columns = of_target[index[0]]
                single[columns] = False
                by_size.setdefault(len(columns), []).append((columns, index))
    groups = []
    for tasks in by_size.values():
        columns, index = zip(*tasks, strict=True)
        groups.append((np.array(columns), index))
    return np.flatnonzero(single), groups


def settle(make_point, b, single, groups, *, exact):
    """The point at the optimal intercepts.

    Parameters
    ----------
    make_point : callable
        The :class:`~skmtl.datafits.Point` of given intercepts.
    b : ndarray of shape (n_columns,)
        Where the search begins.
    single, groups
        Of :func:`column_groups`.
    exact : bool
        Whether the curvature of the loss is its second derivative.

    Returns
    -------
    Point
        Its `arrived` says whether the intercepts are at their optimum.
    """
    searches = [_Roots(single, exact)]
    searches += [_TrustRegions(*group) for group in groups]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(_STEPS):
            point = make_point(b)
            slopes = Slopes(point)
            if slopes.vanishes.all():
                return point
            b = b.copy()
            arrived = [search.advance(slopes, b) for search in searches]
            if all(arrived):
                return point
    point.arrived = False
    return point


class _Roots:
    """Brackets of the roots of columns, and the steps towards them."""

    def __init__(self, columns, exact):
        self.columns = columns
        self.exact = exact
        unknown = np.full(len(columns), np.inf)
        self.low = -unknown
        self.high = unknown
        self.last_step = unknown
        self.before = None
        self.n_steps = 0

    def advance(self, slopes, b):
        """Move b of the columns in place; returns whether all are at their roots."""
        here = b[self.columns]
        gradient = slopes.gradient[self.columns]
        reading = slopes.reading[self.columns]
        self.low = np.where(gradient < 0, here, self.low)
        self.high = np.where(gradient > 0, here, self.high)
        slope = self._slope(here, gradient, slopes.curvature[self.columns])
        step = gradient / slope
        arrived = slopes.vanishes[self.columns]
        arrived |= np.abs(step) <= reading
        arrived |= self.high - self.low <= reading
        following = self._next(here, gradient, step)
        self.before = here, gradient
        self.last_step = np.abs(following - here)
        self.n_steps += 1
        b[self.columns] = np.where(arrived, here, following)
        return bool(arrived.all())

    def _slope(self, here, gradient, curvature):
        """The curvature, or that of the secant where it is a bound only."""
        if self.exact or self.before is None:
            return curvature
        b, before = self.before
        secant = (gradient - before) / (here - b)
        return np.where(secant > 0, secant, curvature)

    def _next(self, here, gradient, step):
        """The next intercepts: Newton's while they get closer quickly, else others."""
        middle = self.low + 0.5 * (self.high - self.low)
        newton = here - step
        quick = np.abs(step) <= 0.5 * self.last_step
        quick &= newton > self.low
        quick &= newton < self.high
        within = np.where(quick, newton, middle)
        outwards = here - np.sign(gradient) * self._outwards(step)
        return np.where(np.isfinite(middle), within, outwards)

    def _outwards(self, step):
        """Lengths of steps where there is no bracket yet."""
        longest = _REACH * 2.0**self.n_steps
        slow = max(self.n_steps - _SLOW, 0)
        length = 2.0**slow * np.abs(step)
        length = np.where(np.isfinite(length), length, longest)
        return np.minimum(length, longest)


class _TrustRegions:
    """Newton's steps of the classes of tasks, no longer than what has been trusted so far.

    A step is too long where the loss rises at its end nearly as steeply as it fell at its
    beginning.
    """

    def __init__(self, columns, index):
        self.columns = columns
        self.index = index
        shape = columns.shape
        self.b = np.zeros(shape)
        self.gradient = np.zeros(shape)
        self.newton = np.zeros(shape)
        self.step = np.zeros(shape)
        self.radius = np.full((len(columns), 1), _REACH)

    def advance(self, slopes, b):
        """Move b of the columns in place; returns whether all tasks are at their minimum."""
        gradient = slopes.gradient[self.columns]
        too_long = self._judge(gradient)
        self.b = np.where(too_long, self.b, b[self.columns])
        self.gradient = np.where(too_long, self.gradient, gradient)
        arrived = slopes.vanishes | (np.abs(slopes.gradient) <= slopes.noise)
        arrived = _all(arrived[self.columns]) & ~too_long
        if not arrived.all():
            newton = self._newton(slopes, gradient)
            self.newton = np.where(too_long, self.newton, newton)
        length = np.maximum(_largest(self.newton), _LEAST)
        share = np.minimum(1.0, self.radius / length)
        step = share * self.newton
        reading = _largest(slopes.reading[self.columns])
        unreadable = _largest(step) <= reading
        arrived |= unreadable & ~too_long
        self.step = np.where(arrived, 0.0, step)
        b[self.columns] = self.b + self.step
        return bool(arrived.all())

    def _judge(self, gradient):
        """Which of the last steps were too long, (n_tasks, 1); sets the radii."""
        length = _largest(self.step)
        fall = -_total(self.step * self.gradient)
        rise = _total(self.step * gradient)
        too_long = ~(rise <= 0.5 * fall)
        at_edge = length >= self.radius
        longer = np.where(at_edge, 2 * self.radius, self.radius)
        self.radius = np.where(too_long, 0.25 * length, longer)
        return too_long

    def _newton(self, slopes, gradient):
        """Newton's steps (n_tasks, n_classes) at a point; those of a task add up to 0."""
        values, V = np.linalg.eigh(class_hessians(slopes.point, self.columns, self.index))
        largest = values[:, -1:]
        least = np.maximum(_FLAT * largest, _LEAST)
        values = np.maximum(values, least)
        along = np.einsum("tkj,tk->tj", V, gradient)
        noise = _largest(slopes.noise[self.columns])
        along = np.where(np.abs(along) > noise, along, 0.0)
        step = -np.einsum("tkj,tj->tk", V, along / values)
        return step - step.mean(axis=1, keepdims=True)


def class_hessians(point, columns, index):
    """Second derivatives of the losses of tasks with a softmax with respect to their intercepts.

    Parameters
    ----------
    point : Point
        The likelihood at some W.
    columns, index
        A group of :func:`column_groups`.

    Returns
    -------
    ndarray of shape (n_tasks, n_classes, n_classes)
    """
    lengths = [len(of_task) for of_task in index]
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    index = np.concatenate(index)
    likelihood = point.likelihood
    weight = likelihood.weight.reshape(-1)
    weight = weight[index[:, 0]]
    z = point.z.reshape(-1)
    p = Softmax().inverse_link(z[index])
    p[weight == 0] = 0.0
    n_tasks, n_classes = columns.shape
    hessians = np.empty((n_tasks, n_classes, n_classes))
    for k in range(n_classes):
        weighted = weight * p[:, k]
        products = -weighted[:, None] * p[:, : k + 1]
        products[:, k] += weighted
        sums = np.add.reduceat(products, first)
        hessians[:, k, : k + 1] = sums
        hessians[:, : k + 1, k] = sums
    return hessians


def _largest(A):
    """The largest size of the numbers of each row, (n_rows, 1)."""
    return np.abs(A).max(axis=1, keepdims=True)


def _total(A):
    """The sum of each row, (n_rows, 1)."""
    return A.sum(axis=1, keepdims=True)


def _all(A):
    """Whether all of a row, (n_rows, 1)."""
    return A.all(axis=1, keepdims=True)
