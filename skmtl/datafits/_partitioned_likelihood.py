"""A likelihood of data in partitions, of which every look at the samples is one round.

It has what Newton's method asks of a :class:`~skmtl.datafits.Likelihood`, with one difference:
intercepts are not searched at every point, which would take many rounds, but move with W. The
gradients of a point then do not add up to zero over a task, which a dual point must. Corrected by
Newton's step of the intercepts they do, and stay gradients of some predictions
(:func:`~skmtl.datafits._partitioned_sums.room`); their products with the features follow from
moments that are known. So is it done with features that nothing penalizes.
"""

import copy
from dataclasses import replace

import numpy as np

from skmtl.datafits._partitioned_null import minimize_unpenalized, settle_null
from skmtl.datafits._partitioned_point import PartitionedPoint
from skmtl.datafits._partitioned_sums import feature_sums, moment_sums, step_values
from skmtl.datafits._pulled_intercepts import InterceptPull

_STEPS = np.array([1.0, 0.5, 2.0])  # of the reach, that are tried in the round at its end
_SHORT_STEPS = 0.5 ** np.arange(1, 27)  # and in one more unless the first is best
_ENOUGH = 0.5  # of the fall at the half step, for which the full one is taken
_ROUNDING = 1e-13
_KEPT = 4  # points that are remembered
_FLOATS = 2**27  # of the curvatures of all columns


class PartitionedLikelihood:
    """`sum_i weight_i loss(y_i, (A W)_i + b_t)` of samples in partitions.

    Parameters
    ----------
    parts : Partitions
        Of :class:`~skmtl.datafits._partitioned_rows.PartitionRows`; ``parts.sum(function, *args)``
        is one round.
    setup : ColumnSetup
        Losses and origins of the columns.
    total : ndarray of shape (n_tasks,)
        Weights of the tasks with all factors.
    b : ndarray of shape (n_columns,)
        Where the search of the intercepts of the null model begins.
    fit_intercept : bool, default=True
        Whether there are intercepts.
    """

    is_partitioned = True

    def __init__(self, parts, setup, total, b, *, fit_intercept=True):
        self.parts = parts
        self.setup = setup
        self.total = total
        self.first_b = b
        self.fit_intercept = fit_intercept
        self.shape = setup.n_features, setup.n_columns
        self.pull = None
        self.center = setup.column_origin  # where the intercepts are that are pulled
        self.positive = False
        self.null_gradient = None
        self.reach = 1.0  # from a point to the minimum of its quadratic model
        self._points = []  # the last ones, of all copies
        _check_memory(setup)

    @property
    def exact_curvature(self):
        """Whether quadratic models have the curvature of the loss, and not a bound of it."""
        return self.setup.stacked or all(loss.exact_curvature for loss in self.setup.losses)

    @property
    def class_columns(self):
        """Arrays (n_tasks, n_classes) of the columns of tasks with a softmax."""
        by_size = {}
        for task, size in enumerate(self.setup.sizes):
            if size > 1:
                columns = self.setup.columns(task)
                by_size.setdefault(size, []).append(np.arange(columns.start, columns.stop))
        return [np.array(columns) for columns in by_size.values()]

    def with_shared_intercepts(self, strength, n_levels=1):
        """As :meth:`Likelihood.with_shared_intercepts`; the mean of the features takes a round."""
        if strength == 0:
            return self
        other = copy.copy(self)
        other.pull = InterceptPull(strength, n_levels)
        total, sums = self.parts.sum(feature_sums, self.setup)
        mean = (total @ self.setup.origin + sums.sum(axis=0)) / (total.sum() or 1.0)
        other.center = np.tile(mean[:, None], self.shape[1])
        return other

    def with_stacked_columns(self, *, fix_shift):
        """The same loss, its curvature that of all columns of a task together."""
        other = copy.copy(self)
        other.setup = replace(self.setup, stacked=True, fix_shift=fix_shift)
        _check_memory(other.setup)
        return other

    @property
    def level_at(self):
        """The features (n_features,) at which pulled intercepts are pulled to their mean."""
        return self.center[:, 0]

    @property
    def shift(self):
        """From where intercepts are pulled to where they are held, (n_features, n_columns)."""
        return self.setup.column_origin - self.center

    def levels(self, W, b):
        """The intercepts where they are pulled: those of centered features if they are free."""
        return b - np.einsum("jt,jt->t", self.shift, W)

    def intercepts(self, W):
        """The intercept of each column of a W that was a point, of the features as they were."""
        for point in reversed(self._points):
            if np.array_equal(point.W, W):
                return point.b - np.einsum("jt,jt->t", self.setup.column_origin, W)
        raise ValueError("Intercepts are known of the last points only.")

    def direction(self, W, b):
        """The model of W and given intercepts, of which nothing is computed.

        What the intercepts of the classes of a task have in common, which no loss sees, goes where
        they are pulled.
        """
        if self.pull is not None and self.pull.n_levels > 1:
            levels = self.pull.by_task(self.levels(W, b))
            b = b - np.repeat(levels.mean(axis=1), self.pull.n_levels)
        return PartitionedPoint(self, W, b)

    def at(self, W, b=None):
        """The point of W and b, by default the intercepts of the null model: one round."""
        if b is None:
            b = self.first_b
        model = self.direction(W, b)
        return self._evaluate(model, model, _STEPS[:1])

    def _evaluate(self, before, after, steps):
        """The point `after`, and what the likelihood is on the way to it: one round."""
        values, *sums = self.parts.sum(moment_sums, self.setup, before.model, after.model, steps)
        values = values + [self._pull_value(before, after, step) for step in steps]
        point = PartitionedPoint(self, after.W, after.b, float(values[0]), values, sums)
        self._points.append(point)
        del self._points[:-_KEPT]
        return point

    def _pull_value(self, before, after, step):
        if self.pull is None:
            return 0.0
        first = self.levels(*before.model)
        last = self.levels(*after.model)
        return self.pull.value(first + step * (last - first))

    def minimum_of(self, quadratic, W):
        """The model of W with the intercepts that are optimal for a squared loss.

        It was made by :meth:`PartitionedPoint.quadratic`.
        """
        b = np.zeros(self.shape[1])
        if self.fit_intercept:
            b = quadratic.intercepts(W) + np.einsum("jt,jt->t", self.setup.column_origin, W)
        return self.direction(W, b)

    def search(self, point, other, value=lambda step: 0.0):
        """As :meth:`Likelihood.search`: one round where the full step is best, else three.

        Parameters
        ----------
        point : PartitionedPoint
            Where the search begins.
        other : PartitionedPoint
            The model at step 1.
        value : callable
            What is added to the likelihood, as a function of the step.

        Returns
        -------
        (PartitionedPoint, float)
            The new point and the step; `point` itself and 0 if no step lowers the objective.
        """
        here = point.value + value(0.0)
        reach = self.reach
        steps = _STEPS[:2] if self.exact_curvature else _STEPS
        new = self._evaluate(point, self._between(point, other, reach), steps)
        falls = []
        for step, likelihood in zip(reach * steps, new.values, strict=True):
            falls.append(here - likelihood - value(step))
        self._adapt_reach(falls)
        rounding = _ROUNDING * abs(here)
        if falls[0] >= max(_ENOUGH * falls[1], 0.0) - rounding:
            return new, reach
        self.setup = replace(self.setup, width=0.5 * self.setup.width)  # nearer to Newton's step
        (values,) = self.parts.sum(step_values, self.setup, point.model, other.model, _SHORT_STEPS)
        values = values + [self._pull_value(point, other, step) for step in _SHORT_STEPS]
        step = _best_step(here, _SHORT_STEPS, values, value)
        if step == 0.0:
            return self._with_bounds(point), 0.0
        moved = self._between(point, other, step)
        return self.at(moved.W, moved.b), step

    def _between(self, point, other, step):
        """The model at `point + step * (other - point)`."""
        if step == 1.0:
            return other
        W = point.W + step * (other.W - point.W)
        b = point.b + step * (other.b - point.b)
        return self.direction(W, b)

    def _with_bounds(self, point):
        """The point with bounds of second derivatives, whose minimum is lower."""
        if self.setup.width == 0 or self.exact_curvature:
            return point
        self.setup = replace(self.setup, width=0.0)
        return self.at(point.W, point.b)

    def _adapt_reach(self, falls):
        """Go farther next time if that would have been better: bounds of curvatures are too large.

        Constraints hold up to step 1 only.
        """
        if self.exact_curvature or self.positive:
            return
        fall, fall_at_half, fall_at_double = falls
        if fall_at_double > fall:
            self.reach *= 2
        elif fall_at_half > fall:
            self.reach = max(0.5 * self.reach, 1.0)

    def minimize_features(self, point, features, positive=False):
        """The point itself: unpenalized features move with the others."""
        return point

    def null(self, features=(), positive=False):
        """The point with W = 0 but for these features, which are at their optimum.

        From then on the setup knows the scale of the losses, and that nothing penalizes these
        features.
        """
        if self.pull is not None and len(features):
            raise NotImplementedError("Pulled intercepts need a penalty that sees all features.")
        found = settle_null(self)
        self.first_b = found.b
        self.positive = positive
        self.setup = replace(
            self.setup,
            free=np.asarray(features, dtype=np.intp),
            mean_loss=found.value / (self.total.sum() or 1.0) or 1.0,
            unit=found.unit,
            width=found.width,
        )
        zero = np.zeros(self.shape)
        if len(features) == 0:
            point = self.at(zero)
            self.null_gradient = point.gradients
            return point
        single = copy.copy(self)
        single.setup = replace(self.setup, stacked=False)
        point = single.at(zero)
        self.null_gradient = point.gradients
        point = minimize_unpenalized(point, features, positive)
        return self.at(point.W, point.b)

    @property
    def rounding(self):
        """How large rounding errors make the correlations at an optimum."""
        if self.null_gradient is None:
            return 1.0
        return 1e-9 * float(np.abs(self.null_gradient).max()) or 1.0


def _best_step(here, steps, values, value):
    """The step, of decreasing ones, at which the objective is lowest before it rises; 0 if none."""
    lowest = here + _ROUNDING * abs(here)
    best = 0.0
    for step, likelihood in zip(steps, values, strict=True):
        total = likelihood + value(step)
        if best and not total < lowest:
            break
        if total <= lowest:
            lowest = total
            best = float(step)
    return best


def _check_memory(setup):
    """Raise MemoryError if the curvatures of all columns would not fit."""
    n_columns = setup.n_columns
    n_unknowns = setup.n_features
    n_floats = n_columns * n_unknowns**2
    if setup.stacked:
        n_floats = setup.n_tasks * (setup.most * (n_unknowns + 1)) ** 2
    if n_floats > _FLOATS:
        raise MemoryError(
            f"The second moments of {setup.n_features} features in {n_columns} columns of "
            f"coefficients take {8 * n_floats / 2**30:.1f} GiB, on each worker and here, more than "
            f"{8 * _FLOATS / 2**30:.0f} GiB: leave features out, or map them to fewer (PCA, "
            "Nystroem)."
        )
