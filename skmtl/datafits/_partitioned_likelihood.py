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

from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._linear_algebra import inner
from skmtl.datafits._partitioned_correction import corrected
from skmtl.datafits._partitioned_sums import (
    conjugate_sums,
    feature_sums,
    intercept_sums,
    moment_sums,
    step_values,
)
from skmtl.datafits._pulled_intercepts import InterceptPull
from skmtl.datafits._shared_intercepts import with_shared_intercepts
from skmtl.datafits._sufficient_statistics import SufficientStatistics

_STEPS = 0.5 ** np.arange(5)  # that are tried in the round at the end of a step
_SHORT_STEPS = 0.5 ** np.arange(5, 27)  # and in one more if none of them lowers the objective
_ROUNDING = 1e-13
_NEWTON_STEPS = 100  # for intercepts and unpenalized features of the null model
_CLOSE = 1e-7  # what is left of its value then
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
        """The model of W and given intercepts, of which nothing is computed."""
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
        """As :meth:`Likelihood.search`: one round where the full step is best, else two or three.

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
        new = self._evaluate(point, other, _STEPS)
        here = point.value + value(0.0)
        step = _best_step(here, _STEPS, new.values, value)
        if step == 1.0:
            return new, step
        if step == 0.0:
            (values,) = self.parts.sum(
                step_values, self.setup, point.model, other.model, _SHORT_STEPS
            )
            values = values + [self._pull_value(point, other, step) for step in _SHORT_STEPS]
            step = _best_step(here, _SHORT_STEPS, values, value)
        if step == 0.0:
            return point, 0.0
        W = point.W + step * (other.W - point.W)
        b = point.b + step * (other.b - point.b)
        return self.at(W, b), step

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
        self.positive = positive
        value = self._settle_null()
        mean_loss = value / (self.total.sum() or 1.0) or 1.0
        free = np.asarray(features, dtype=np.intp)
        self.setup = replace(self.setup, free=free, mean_loss=mean_loss)
        point = self.at(np.zeros(self.shape))
        self.null_gradient = point.gradients
        if len(features):
            point = self._minimize_unpenalized(point, features, positive)
        return point

    def _settle_null(self):
        """Set `first_b` to the optimum of W = 0, and the unit; returns the value. A step is a round.

        Of losses whose optimum is the link of the mean target, that is one round.
        """
        b = self.first_b
        if self.pull is not None:
            b = self.pull.feasible(b)
        known = None
        step = np.zeros(len(b))
        for _ in range(_NEWTON_STEPS):
            sums = self.parts.sum(intercept_sums, self.setup, b + step)
            value = float(sums[0][0]) + self._pull_of_null(b + step)
            if known is not None and not value < known:
                if np.abs(step).max() <= _CLOSE:
                    break
                step = 0.5 * step
                continue
            if known is None:
                self._set_unit(value, sums[2])
            b = b + step
            known = value
            if not self.fit_intercept:
                break
            gradient = sums[1]
            step = self._intercept_step(b, gradient, sums[2])
            if self.pull is not None:
                gradient = gradient + self.pull.gradient(b)
            if -inner(gradient, step) <= _CLOSE * value:
                break
        self.first_b = b
        return known

    def _set_unit(self, value, curvature):
        """Set the unit of predictions, from the value and the curvatures at the first intercepts."""
        total = float(np.einsum("tkk->", curvature))
        unit = np.sqrt(2 * value / total) if total > 0 and value > 0 else 1.0
        self.setup = replace(self.setup, unit=float(unit))

    def _pull_of_null(self, b):
        return 0.0 if self.pull is None else self.pull.value(b)

    def _intercept_step(self, b, gradient, curvature):
        """Newton's step of the intercepts of W = 0, (n_columns,)."""
        if self.pull is not None:
            return self.pull.newton(gradient + self.pull.gradient(b), curvature)
        step = np.zeros(len(b))
        inverses = np.linalg.pinv(curvature, rcond=1e-14, hermitian=True)
        for task, size in enumerate(self.setup.sizes):
            columns = self.setup.columns(task)
            step[columns] = -inverses[task, :size, :size] @ gradient[columns]
        return step

    def _minimize_unpenalized(self, point, features, positive):
        """The point with these features and the intercepts at their optimum, by Newton's method."""
        for _ in range(_NEWTON_STEPS):
            before = point.value
            quadratic = point.quadratic()
            W = quadratic.minimize_features(point.W, features, positive)
            point, step = self.search(point, self.minimum_of(quadratic, W))
            if step == 0.0 or point.value >= before * (1 - _CLOSE):
                break
        return point

    @property
    def rounding(self):
        """How large rounding errors make the correlations at an optimum."""
        if self.null_gradient is None:
            return 1.0
        return 1e-9 * float(np.abs(self.null_gradient).max()) or 1.0


class PartitionedPoint:
    """A W with intercepts, and what one round told of the likelihood there.

    Attributes
    ----------
    W : ndarray of shape (n_features, n_columns)
        The coefficients.
    b : ndarray of shape (n_columns,)
        The intercepts of features less the origins of the setup.
    value : float
        The likelihood, and the pull of the intercepts if there is one.
    values : ndarray
        The same at the steps of the search that led here.
    """

    def __init__(self, likelihood, W, b, value=None, values=None, sums=None):
        self.likelihood = likelihood
        self.W = W
        self.b = b
        self.value = value
        self.values = values
        if sums is None:
            return
        self.slopes, self.slope_sizes, gradients, rooms, *self.curvatures = sums
        setup = likelihood.setup
        self.gradients = gradients + likelihood.shift * self.slopes  # at given levels
        shift = likelihood.setup.origin - likelihood.center[:, np.cumsum(setup.sizes) - 1].T
        rooms = rooms.copy()
        rooms[:, :, :-1] += np.einsum("tj,tkcf->tkjcf", shift, rooms[:, :, -1])
        self.rooms = rooms
        self._corrected = None
        self._bounds = {}

    @property
    def model(self):
        """W and b."""
        return self.W, self.b

    @property
    def corrected(self):
        """The gradients as a dual point has them (:class:`Corrected`)."""
        if self._corrected is None:
            self._corrected = corrected(self)
        return self._corrected

    @property
    def arrived(self):
        """Whether the corrected gradients add up to what they must."""
        return self.corrected.is_feasible

    @property
    def correlation(self):
        """Minus the corrected gradient with respect to W, (n_features, n_columns)."""
        return -self.corrected.gradients

    def bound(self, scale):
        """As :meth:`Point.bound`, of the corrected gradients: one round for every new scale.

        The round tells the bound of the gradients as they are as well.
        """
        if not self.arrived:
            return -np.inf
        if scale not in self._bounds:
            f = self.likelihood
            scales = np.unique([scale, 1.0])
            (sums,) = f.parts.sum(
                conjugate_sums, f.setup, self.model, self.corrected.change, scales
            )
            for one, conjugate in zip(scales, sums, strict=True):
                if f.pull is not None:
                    conjugate = conjugate + f.pull.conjugate(one * self.corrected.slopes)
                self._bounds[float(one)] = -float(conjugate)
        return self._bounds[scale]

    def quadratic(self):
        """The squared loss with the same gradient and curvature."""
        f = self.likelihood
        total, x, xx, y, yy, xy = self.curvatures
        n_columns = len(total)
        statistics = SufficientStatistics(
            blocks=list(np.arange(n_columns)[:, None]),
            x0=f.setup.column_origin.T,
            y0=self.b,
            total=total,
            x=x,
            xx=xx,
            y=y,
            yy=yy,
            xy=xy,
        )
        squared = GramForm.from_statistics(
            statistics, np.ones(n_columns), fit_intercept=f.fit_intercept
        )
        if f.pull is None:
            return squared
        return with_shared_intercepts(
            squared, f.pull.strength, center=f.center, n_levels=f.pull.n_levels
        )

    @property
    def n_tasks(self):
        return self.likelihood.setup.n_tasks

    def task_moments(self):
        """Yield the second-order model of every task of K columns at this point.

        It is a Gram (K, p, K, p), a right-hand side (K, p), yy and the intercepts, the last of the
        p being the intercept if there are any.
        """
        gram, right, squares = self.curvatures
        f = self.likelihood
        kept = slice(None) if f.fit_intercept else slice(f.shape[0])
        for task, K in enumerate(f.setup.sizes):
            own = gram[task, :K, kept, :K, kept]
            here = self.b[f.setup.columns(task)]
            yield own, right[task, :K, kept], float(squares[task]), here


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
