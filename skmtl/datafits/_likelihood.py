"""The datafit of losses that are not squared: a sum of weighted losses of single targets.

The intercepts are unknowns of their own here, always at their optimum, and the features are
centered in each task, so that a shift of them changes nothing. At a point the likelihood is
replaced by a squared loss with the same gradient and curvature, which is what Newton's method
minimizes in its place.
"""

import copy
from functools import cached_property

import numpy as np

from skmtl.datafits._intercepts import column_groups, settle
from skmtl.datafits._likelihood_point import Point
from skmtl.datafits._linear_algebra import centered_spectrum
from skmtl.datafits._pulled_intercepts import InterceptPull, distance_between, settle_pulled
from skmtl.datafits._target_levels import column_levels

_NEWTON_STEPS = 100  # for unpenalized features
_LEAST_CHANGE = 1e-13
_SHORTEST_STEP = 1e-8


class Likelihood:
    """`sum_i weight_i loss(y_i, (A W)_i + b_t)`, minimized over the intercepts b.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
        The operator A.
    y : ndarray
        Targets, of the shape of predictions; anything finite where the weight is 0.
    weight : ndarray of the shape of y
        Weights with all factors, 0 where a target is missing.
    loss : skmtl.losses.Loss
        The loss of a target.
    fit_intercept : bool, default=True
        Whether there are intercepts.
    """

    is_partitioned = False

    def __init__(self, design, y, weight, loss, *, fit_intercept=True):
        self.design = design.as_float64()
        self.y = y
        self.loss = loss
        self.weight = np.broadcast_to(weight, y.shape)
        self.fit_intercept = fit_intercept
        self.shape = design.n_features, design.n_tasks
        self.seen = self.weight > 0
        self.unseen = ~self.seen
        self.all_seen = bool(self.seen.all())
        self.total = self.column_sum(np.ones(y.shape))
        self.center = np.zeros(self.shape)  # of the design that is held, mean_x of the user's
        self.mean_x = self.center
        self.pull = None
        self._spectrum = None
        self.level = np.zeros(self.shape[1])  # of the targets, which are held without it
        if fit_intercept:
            self._center_design()
            if loss.of_residuals:
                self._take_off_levels()

    def _center_design(self):
        """Set the means; shift a copy of the design where they are large."""
        self.mean_x = self._means()
        self.center = self.mean_x
        if self.design.is_offset(self.mean_x):
            self.design = self.design.shifted(self.mean_x)
            self.center = self._means()

    def _take_off_levels(self):
        """Take about the median of every column off its targets."""
        by_column = self.y.T  # long data are in the order of their columns already
        if not self.all_seen:
            by_column = by_column[self.seen.T]
        counts = self.design.task_sum(self.seen.astype(np.intp))
        self._shift_targets(column_levels(by_column.ravel(), counts))

    def _shift_targets(self, level):
        """Take numbers (n_columns,) off the targets: predictions far from 0 have few digits."""
        shifted = self.y - self.design.spread(level)
        self.y = np.where(self.seen, shifted, 0.0)
        self.level = self.level + level

    def _means(self):
        """Weighted means of the features in each task, (n_features, n_tasks)."""
        return self.design.adjoint(self.weighted(np.ones(self.y.shape))) / self._divisor

    def with_shared_intercepts(self, strength, n_levels=1):
        """The same loss with intercepts that are pulled to their mean.

        Features are then centered at the mean of all samples, where the intercepts are.

        Parameters
        ----------
        strength : float
            Strength of the pull, at least 0; infinite for one common intercept.
        n_levels : int, default=1
            Number of columns of a task: each has a mean of its own.

        Returns
        -------
        Likelihood
        """
        if strength == 0:
            return self
        other = copy.copy(self)
        for name in ("null_intercepts", "mean_loss"):
            vars(other).pop(name, None)
        other.pull = InterceptPull(strength, n_levels)
        if self.level.any():  # what intercepts are pulled together is told by one level of all
            other._shift_targets(np.median(self.level) - self.level)
        mean = self.mean_x @ self.total / (self.total.sum() or 1.0)
        other.mean_x = np.tile(mean[:, None], self.shape[1])
        other.center = self.center - distance_between(self.mean_x, other.mean_x, self.total)
        return other

    @property
    def shift(self):
        """From where intercepts are pulled to where they are held: no way."""
        return np.zeros(self.shape)

    @property
    def exact_curvature(self):
        """Whether the curvature of the loss is its second derivative."""
        return self.loss.exact_curvature

    @property
    def level_at(self):
        """The features (n_features,) at which pulled intercepts are pulled to their mean."""
        return self.mean_x[:, 0]

    @property
    def intercept_curvature(self):
        """Mean over the columns of the curvature in an intercept at W = 0."""
        return self.null().quadratic().intercept_curvature

    def weighted(self, values):
        """Values of the targets times their weights, 0 where a target is missing."""
        if self.all_seen:
            return self.weight * values
        return self.weight * np.where(self.seen, values, 0.0)

    def column_sum(self, values):
        """Weighted sums of values of the targets of every column, (n_columns,)."""
        return self.design.task_sum(self.weighted(values))

    def column_mean(self, values):
        """Weighted means of values of the targets of every column, 0 where it has none."""
        return self.column_sum(values) / self._divisor

    @property
    def _divisor(self):
        """The weight of every column, 1 where it has no targets."""
        return np.where(self.total > 0, self.total, 1.0)

    def forward(self, W):
        """The predictions of centered features, without intercepts."""
        z = self.design.forward(W)
        if self.fit_intercept:
            z -= self.design.spread(self._explained(W))
        return z

    def adjoint(self, R):
        """The products of centered features with R, (n_features, n_tasks)."""
        G = self.design.adjoint(R)
        if self.fit_intercept:
            G -= self.center * self.design.task_sum(R)
        return G

    def _explained(self, W):
        """What the means of the design that is held explain of each task, (n_tasks,)."""
        return np.einsum("jt,jt->t", self.center, W)

    def restrict(self, features):
        """The likelihood as a function of these features alone, the others zero."""
        local = copy.copy(self)
        local.design = self.design.columns(features)
        local.shape = len(features), self.shape[1]
        local.center = self.center[features]
        local.mean_x = self.mean_x[features]
        local._spectrum = None
        return local

    def intercepts(self, W):
        """The optimal intercept of each task at W, (n_tasks,), of the features as they were."""
        explained = np.einsum("jt,jt->t", self.mean_x, W)
        return self.level + self.at(W).b - explained

    def sample_spectrum(self):
        """Positive eigenvalues and eigenvectors of the Gram of all samples, computed once.

        The weights of the samples are the means of those of the tasks, and add up to 1.
        """
        if self._spectrum is None:
            weight = self.weight.sum(axis=1) / self.total.sum()
            mean = weight @ self.design.X
            self._spectrum = centered_spectrum(self.design.X, weight, mean)
        return self._spectrum

    @property
    def mean_curvature(self):
        """Mean over features and tasks of the curvature of the likelihood at W = 0."""
        return self.null().quadratic().mean_curvature

    def at(self, W, b=None):
        """The :class:`Point` of W, its intercepts at their optimum; the search begins at b."""
        if b is None:
            b = self.null_intercepts
        return self.settled(W, self.forward(W), b)

    def between(self, point, other, step):
        """The point at `point + step * (other - point)`, without a product with the design."""
        W = point.W + step * (other.W - point.W)
        forward = point.forward + step * (other.forward - point.forward)
        b = point.b + step * (other.b - point.b)
        return self.settled(W, forward, b)

    def direction(self, W, b):
        """The :class:`Point` of W with given intercepts."""
        return Point(self, W, self.forward(W), b)

    def minimum_of(self, quadratic, W):
        """The :class:`Point` of W with the intercepts that are optimal for a squared loss.

        It was made by :meth:`Point.quadratic`, whose features are not centered.
        """
        b = quadratic.intercepts(W)
        if self.fit_intercept:
            b = b + self._explained(W)
        return self.direction(W, b)

    def null(self, features=(), positive=False):
        """The point with W = 0 but for these features, which are at their optimum."""
        point = self.at(np.zeros(self.shape))
        return self.minimize_features(point, features, positive)

    def minimize_features(self, point, features, positive=False):
        """The point with these features at their optimum, the others kept, by Newton's method.

        With `positive` it is the optimum over coefficients of at least 0.
        """
        if len(features) == 0:
            return point
        for _ in range(_NEWTON_STEPS):
            before = point.value
            correlation = point.correlation[features]
            if positive:
                inside = point.W[features] > 0
                correlation = np.where(inside, correlation, np.maximum(correlation, 0.0))
            if np.abs(correlation).max() <= 1e-4 * self.rounding:
                break
            quadratic = point.quadratic()
            W = quadratic.minimize_features(point.W, features, positive)
            candidate = self.minimum_of(quadratic, W)
            point, _ = self.search(point, candidate)
            if point.value >= before * (1 - _LEAST_CHANGE):
                break
        return point

    @property
    def rounding(self):
        """How large rounding errors make the correlations at an optimum."""
        gradient = self.loss.gradient(self.y, np.zeros(self.y.shape))
        size = self.design.adjoint(np.abs(self.weighted(gradient)))
        return 1e-9 * float(np.abs(size).max()) or 1.0

    def search(self, point, other, value=lambda step: 0.0):
        """The best of `point + step (other - point)`, step 1, 1/2, ..., while it gets better.

        A full step that lowers the objective may still be far too long where the loss is no
        parabola.

        Parameters
        ----------
        point, other : Point
            Where the search begins, and the point at step 1.
        value : callable
            What is added to the likelihood, as a function of the step.

        Returns
        -------
        (Point, float)
            The new point and the step; `point` itself and 0 if no step lowers the objective.
        """
        here = point.value + value(0.0)
        lowest = here + _LEAST_CHANGE * abs(here)
        best = None
        step = 1.0
        while step > _SHORTEST_STEP:
            new = self.between(point, other, step)
            total = new.value + value(step)
            if best is not None and total >= lowest:
                return best, 2 * step
            if total <= lowest:
                best = new
                lowest = total
            step *= 0.5
        if best is None:
            return point, 0.0
        return best, 2 * step

    @cached_property
    def null_intercepts(self):
        """The optimal intercepts of W = 0, (n_tasks,)."""
        zero = np.zeros(self.shape)
        return self.settled(zero, np.zeros(self.y.shape), self._links_of_means()).b

    @cached_property
    def mean_loss(self):
        """Mean loss of W = 0."""
        zero = np.zeros(self.shape)
        point = Point(self, zero, np.zeros(self.y.shape), self.null_intercepts)
        return point.value / (self.total.sum() or 1.0) or 1.0

    def _links_of_means(self):
        """The linear predictions at which mean targets are expected, 0 where they are infinite."""
        mean = self.design.spread(self.column_mean(self.y))
        mean = np.broadcast_to(mean, self.y.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            link = self.loss.link(mean)
        link = np.where(np.isfinite(link), link, 0.0)
        return self.column_mean(link)

    @cached_property
    def _column_groups(self):
        """Which intercepts are searched one by one, and which together."""
        columns = self.design.spread(np.arange(self.shape[1]))
        return column_groups(self.loss, np.broadcast_to(columns, self.y.shape))

    @property
    def class_columns(self):
        """Arrays (n_tasks, n_classes) of the columns of tasks with a softmax."""
        _, groups = self._column_groups
        return [columns for columns, _ in groups]

    def settled(self, W, forward, b):
        """The point of W, whose predictions without intercepts are known.

        The intercepts are searched from b.
        """
        if not self.fit_intercept:
            return Point(self, W, forward, np.zeros(self.shape[1]))
        single, groups = self._column_groups

        def make_point(b):
            return Point(self, W, forward, b)

        if self.pull is not None:
            return settle_pulled(make_point, b, self.pull, groups)
        return settle(make_point, b, single, groups, exact=self.loss.exact_curvature)
