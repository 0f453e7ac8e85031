"""What is known of a likelihood at a point, and the squared loss that stands for it there."""

import numpy as np

from skmtl.datafits._choice import have_alike_grams, squared_datafit
from skmtl.datafits._shared_intercepts import with_shared_intercepts

_LEAST_FALL = 1e-6  # one over the fall to the minimum of a parabola, in mean losses
_TINY = np.finfo(float).tiny


class Point:
    """A W with its intercepts, and what is known of the likelihood there; computed when asked.

    Attributes
    ----------
    W : ndarray of shape (n_features, n_tasks)
        The coefficients.
    forward : ndarray
        Predictions of centered features without intercepts.
    b : ndarray of shape (n_tasks,)
        The intercepts of centered features.
    z : ndarray
        Linear predictions, 0 where a target is missing.
    arrived : bool
        False if the search of the intercepts ended before they were at their optimum. Nothing is
        known then of the distance to the minimum.
    """

    slope_residual = 0.0  # of the intercepts

    def __init__(self, likelihood, W, forward, b):
        self.likelihood = likelihood
        self.arrived = True
        self.W = W
        self.forward = forward
        self.b = b
        self.z = forward + likelihood.design.spread(b)
        if not likelihood.all_seen:
            np.copyto(self.z, 0.0, where=likelihood.unseen)  # might overflow, and do not matter
        self._value = None
        self._derivatives = None
        self._correlation = None

    @property
    def value(self):
        """The likelihood, and the pull of the intercepts if there is one."""
        if self._value is None:
            f = self.likelihood
            losses = f.loss.value(f.y, self.z)
            self._value = float(f.weighted(losses).sum())
            if f.pull is not None:
                self._value += f.pull.value(self.b)
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
            weighted = f.weighted(self.gradient)
            self._correlation = -f.adjoint(weighted)
        return self._correlation

    def bound(self, scale):
        """The part of the dual objective that the likelihood has at `scale` times the gradients.

        These must add up to 0 where there is an intercept, or be what pulls it, which they are at
        its optimum only.
        """
        if not self.arrived:
            return -np.inf
        f = self.likelihood
        conjugate = f.loss.conjugate(f.y, scale * self.gradient)
        bound = -float(f.weighted(conjugate).sum())
        if f.pull is not None:
            total = f.column_sum(self.gradient)
            bound -= f.pull.conjugate(scale * total)
        return bound

    def parabolas(self):
        """Targets and weights of the squared losses that have the same gradient and curvature here.

        A target whose parabola is so flat that its fall dwarfs the losses gets a steeper one, lest
        digits cancel.
        """
        f = self.likelihood
        least = _LEAST_FALL * self.gradient**2 / f.mean_loss
        curvature = np.maximum(self.curvature, least + _TINY)
        target = self.z - self.gradient / curvature
        return target, f.weighted(curvature)

    def quadratic(self):
        """The squared loss of :meth:`parabolas`."""
        f = self.likelihood
        target, weight = self.parabolas()
        squared = squared_datafit(
            f.design, target, weight, fit_intercept=f.fit_intercept, path=False
        )
        if have_alike_grams(f.design):
            squared.sample_spectrum = f.sample_spectrum
        if f.pull is None:
            return squared
        return with_shared_intercepts(
            squared, f.pull.strength, center=f.center, n_levels=f.pull.n_levels
        )
