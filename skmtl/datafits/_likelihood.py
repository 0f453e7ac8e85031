"""The datafit of losses that are not squared: a sum of weighted losses of single targets.

The intercepts are unknowns of their own here, always at their optimum. At a point the likelihood is
replaced by a squared loss with the same gradient and curvature, which is what Newton's method
minimizes in its place.
"""

import numpy as np

from skmtl.datafits._choice import squared_datafit

_NEWTON_STEPS = 100  # for intercepts and unpenalized features
_ROUNDING = 1e-13
_LEAST_CURVATURE = 1e-6  # of a loss whose scale is 1
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

    def __init__(self, design, y, weight, loss, *, fit_intercept=True):
        self.design = design.as_float64()
        self.y = y
        self.loss = loss
        self.weight = np.broadcast_to(weight, y.shape)
        self.fit_intercept = fit_intercept
        self.shape = design.n_features, design.n_tasks

    def restrict(self, features):
        """The likelihood as a function of these features alone, the others zero."""
        return Likelihood(
            self.design.columns(features),
            self.y,
            self.weight,
            self.loss,
            fit_intercept=self.fit_intercept,
        )

    def intercepts(self, W):
        """The optimal intercept of each task at W, (n_tasks,)."""
        return self.at(W).b

    @property
    def mean_curvature(self):
        """Mean over features and tasks of the curvature of the likelihood at W = 0."""
        return self.null().quadratic().mean_curvature

    def at(self, W, b=None):
        """The :class:`Point` of W, its intercepts at their optimum; the search begins at b."""
        if b is None:
            b = np.zeros(self.shape[1])
        return self.settled(W, self.design.forward(W), b)

    def between(self, point, other, step):
        """The point at `point + step * (other - point)`, without a product with the design."""
        W = point.W + step * (other.W - point.W)
        forward = point.forward + step * (other.forward - point.forward)
        b = point.b + step * (other.b - point.b)
        return self.settled(W, forward, b)

    def direction(self, W, b):
        """The :class:`Point` of W with given intercepts."""
        return Point(self, W, self.design.forward(W), b)

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
            candidate = self.direction(W, quadratic.intercepts(W))
            point, _ = self.search(point, candidate)
            if point.value >= before * (1 - _ROUNDING):
                break
        return point

    @property
    def rounding(self):
        """How large rounding errors make the correlations at an optimum."""
        gradient = self.loss.gradient(self.y, np.zeros(self.y.shape))
        size = self.design.adjoint(np.abs(self.weight * gradient))
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
        lowest = here + _ROUNDING * abs(here)
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

    def settled(self, W, forward, b):
        """The point of W, whose predictions without intercepts are known.

        The intercepts are searched by Newton's method from b.
        """
        point = Point(self, W, forward, b)
        if not self.fit_intercept:
            return point
        task_sum = self.design.task_sum
        for _ in range(_NEWTON_STEPS):
            gradient = task_sum(self.weight * point.gradient)
            size = task_sum(self.weight * np.abs(point.gradient))
            if (np.abs(gradient) <= _ROUNDING * size).all():
                break
            curvature = task_sum(self.weight * point.curvature)
            step = gradient / np.where(curvature > 0, curvature, 1.0)
            longest = self.loss.longest_step
            b = point.b - np.clip(step, -longest, longest)
            point = Point(self, W, forward, b)
        return point


class Point:
    """A W with its intercepts, and what is known of the likelihood there; computed when asked."""

    def __init__(self, likelihood, W, forward, b):
        self.likelihood = likelihood
        self.W = W
        self.forward = forward
        self.b = b
        self.z = forward + likelihood.design.spread(b)
        self._value = None
        self._derivatives = None
        self._correlation = None

    @property
    def value(self):
        """The likelihood."""
        if self._value is None:
            f = self.likelihood
            self._value = float((f.weight * f.loss.value(f.y, self.z)).sum())
        return self._value

    def _derive(self):
        if self._derivatives is None:
            f = self.likelihood
            self._derivatives = f.loss.derivatives(f.y, self.z)
        return self._derivatives

    @property
    def gradient(self):
        """Derivative of the loss of every target with respect to its linear prediction."""
        return self._derive()[0]

    @property
    def curvature(self):
        """Second derivative of the loss of every target, or its bound."""
        return self._derive()[1]

    @property
    def correlation(self):
        """Minus the gradient with respect to W, (n_features, n_tasks)."""
        if self._correlation is None:
            f = self.likelihood
            self._correlation = -f.design.adjoint(f.weight * self.gradient)
        return self._correlation

    def bound(self, scale):
        """The part of the dual objective that the likelihood has at `scale` times the gradients."""
        f = self.likelihood
        conjugate = f.loss.conjugate(f.y, scale * self.gradient)
        return -float((f.weight * conjugate).sum())

    def quadratic(self):
        """The squared loss that has the same gradient and curvature here."""
        f = self.likelihood
        curvature = np.maximum(self.curvature, _LEAST_CURVATURE)  # flatter ones would lose digits
        target = self.z - self.gradient / curvature
        weight = f.weight * curvature
        return squared_datafit(f.design, target, weight, fit_intercept=f.fit_intercept, path=False)
