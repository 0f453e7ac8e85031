"""The loss of a design for targets that are not squared: a sum of weighted pointwise losses.

The intercepts are unknowns of their own here, always at their optimum; `Q` is the squared loss
that touches it at a point, which is what Newton's method minimizes in its place.
"""

import numpy as np

from skmtl.datafits._choice import squared_datafit

_NEWTON = 100  # steps for intercepts
_ROUNDING = 1e-13
_LEAST = 1e-6  # curvature of a loss whose scale is 1


class Likelihood:
    """`sum_i weight_i loss(y_i, (A W)_i + b_t)`, minimized over the intercepts b.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
    y : ndarray
        Targets, of the shape of predictions; anything finite where the weight is 0.
    weight : ndarray of the shape of y
        Weights with all factors, 0 where a label is missing.
    loss : skmtl.losses.Loss
    fit_intercept : bool, default=True
    """

    def __init__(self, design, y, weight, loss, *, fit_intercept=True):
        self.design, self.y, self.loss = design.as_float64(), y, loss
        self.weight = np.broadcast_to(weight, y.shape)
        self.fit_intercept = fit_intercept
        self.shape = design.n_features, design.n_tasks

    def restrict(self, rows):
        """The loss as a function of these rows of W alone, the others zero."""
        options = {"fit_intercept": self.fit_intercept}
        return Likelihood(self.design.columns(rows), self.y, self.weight, self.loss, **options)

    def intercepts(self, W):
        """The optimal intercept of each task at W, (n_tasks,)."""
        return self.at(W).b

    @property
    def mean_curvature(self):
        """Mean over features and tasks of the curvature of the loss at W = 0."""
        return self.null().quadratic().mean_curvature

    def at(self, W, b=None):
        """:class:`Point` of W, its intercepts at their optimum, searched from b."""
        b = np.zeros(self.shape[1]) if b is None else b
        forward = self.design.forward(W)
        return self.settled(W, forward, b)

    def between(self, point, other, step):
        """The point at `point + step * (other - point)`, intercepts settled, without a product."""
        W = point.W + step * (other.W - point.W)
        forward = point.forward + step * (other.forward - point.forward)
        return self.settled(W, forward, point.b + step * (other.b - point.b))

    def direction(self, W, b):
        """A :class:`Point` whose intercepts are given."""
        return Point(self, W, self.design.forward(W), b)

    def null(self, rows=(), positive=False):
        """The point with W = 0 but for the `rows`, which are at their optimum."""
        point = self.at(np.zeros(self.shape))
        return self.minimize_features(point, rows, positive)

    def minimize_features(self, point, rows, positive=False):
        """The point with these rows of W at their optimum, the others kept, by Newton's method.

        With `positive` over rows of at least 0.
        """
        if len(rows) == 0:
            return point
        for _ in range(_NEWTON):
            before = point.value
            slope = point.correlation[rows]
            if positive:
                slope = np.where(point.W[rows] > 0, slope, np.maximum(slope, 0.0))
            if np.abs(slope).max() <= 1e-4 * self.rounding:
                break
            Q = point.quadratic()
            W = Q.minimize_features(point.W, rows, positive)
            point, _ = self.search(point, self.direction(W, Q.intercepts(W)))
            if point.value >= before * (1 - _ROUNDING):
                break
        return point

    @property
    def rounding(self):
        """How large the correlations of an optimum may come out, by size."""
        slope = np.abs(self.weight * self.loss.slope(self.y, np.zeros(self.y.shape)))
        return 1e-9 * float(np.abs(self.design.adjoint(slope)).max()) or 1.0

    def search(self, point, other, value=lambda step: 0.0):
        """The best of `point + step (other - point)`, step 1, 1/2, ..., while it gets better.

        `value` gives what else counts, of a step. Returns the new point and the step; the point
        itself and 0 where nothing is below. A full step that is below may still be far too long
        where the loss is no parabola.
        """
        here, step = point.value + value(0.0), 1.0
        best, reached = None, here + _ROUNDING * abs(here)
        while step > 1e-8:
            new = self.between(point, other, step)
            total = new.value + value(step)
            if best is not None and total >= reached:
                return best, 2 * step
            if total <= reached:
                best, reached = new, total
            step *= 0.5
        return (point, 0.0) if best is None else (best, 2 * step)

    def settled(self, W, forward, b):
        """The point whose predictions without intercepts are known; those are searched from b."""
        if not self.fit_intercept:
            return Point(self, W, forward, b)
        point = Point(self, W, forward, b)
        for _ in range(_NEWTON):
            slope = self.design.task_sum(self.weight * point.slope)
            size = self.design.task_sum(self.weight * np.abs(point.slope))
            if (np.abs(slope) <= _ROUNDING * size).all():
                break
            curvature = self.design.task_sum(self.weight * point.curvature)
            step = slope / np.where(curvature > 0, curvature, 1.0)
            b = point.b - np.clip(step, -self.loss.reach, self.loss.reach)
            point = Point(self, W, forward, b)
        return point


class Point:
    """A W with its intercepts, and what is known of the likelihood there; computed when asked."""

    def __init__(self, likelihood, W, forward, b):
        self.likelihood, self.W, self.forward, self.b = likelihood, W, forward, b
        self.z = forward + likelihood.design.spread(b)
        self._value = self._derivatives = self._correlation = None

    @property
    def value(self):
        """The loss."""
        if self._value is None:
            f = self.likelihood
            self._value = float((f.weight * f.loss.value(f.y, self.z)).sum())
        return self._value

    def _derive(self):
        if self._derivatives is None:
            self._derivatives = self.likelihood.loss.derivatives(self.likelihood.y, self.z)
        return self._derivatives

    @property
    def slope(self):
        """Of the loss of every element."""
        return self._derive()[0]

    @property
    def curvature(self):
        """Of the loss of every element."""
        return self._derive()[1]

    @property
    def correlation(self):
        """Minus the gradient in W."""
        if self._correlation is None:
            f = self.likelihood
            self._correlation = -f.design.adjoint(f.weight * self.slope)
        return self._correlation

    def bound(self, scale):
        """The part of the dual objective that the loss has at `scale` times the slopes."""
        f = self.likelihood
        return -float((f.weight * f.loss.conjugate(f.y, scale * self.slope)).sum())

    def quadratic(self):
        """The squared loss that has the same value up to a constant, slope and curvature here."""
        f = self.likelihood
        curvature = np.maximum(self.curvature, _LEAST)  # flatter ones would lose digits
        target, weight = self.z - self.slope / curvature, f.weight * curvature
        return squared_datafit(f.design, target, weight, fit_intercept=f.fit_intercept, path=False)
