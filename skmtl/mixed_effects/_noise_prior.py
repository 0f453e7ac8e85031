"""A scaled inverse chi-square distribution of the noise variances of tasks, and its estimate.

``1 / sigma_t^2`` has the gamma distribution of shape weight / 2 and rate weight * scale / 2: the
prior counts as `weight` samples whose mean square is `scale`. Given n_t samples with expected sum
of squares s_t, the likelihood of the two, the variances integrated out, is the product over tasks
of

    gamma(a + n_t / 2) / gamma(a) * b^a / (b + s_t / 2)^(a + n_t / 2),

with a = weight / 2 and b = a * scale (Smyth 2004, "Linear models and empirical Bayes methods for
assessing differential expression in microarray experiments", section 6).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, psi

_MOST_WEIGHT = 1e4  # the noise of all tasks is then the same
_WEIGHTS = np.geomspace(0.1, _MOST_WEIGHT, 26)
_REFINED = 9  # weights that are tried between neighbors
_ROUNDS = 3
_LONGEST_STEP = 2.0  # of the logarithm of a scale
_MOST_STEPS = 60
_TINY = 1e-300
_EXACT = 1e-10  # step that is short enough to be the last


class NoisePrior(NamedTuple):
    """The distribution."""

    weight: float
    scale: float

    def precisions(self, squares, counts):
        """Expected ``1 / sigma_t^2`` given the squares of `counts` samples, (n_tasks,)."""
        of_prior = self.weight * self.scale
        return (self.weight + counts) / (of_prior + squares)

    def bound(self, precisions, counts):
        """What the variances add to the lower bound of the likelihood.

        Of gamma distributions with these means: the expected log density of `counts` samples but
        for their squares.
        """
        a = self.weight / 2
        b = a * self.scale
        half = counts / 2
        shape = a + half
        mean_log = mean_logarithm(shape, precisions)
        terms = half * mean_log
        terms -= divergence(shape, precisions, a, b)
        return terms.sum()


def mean_logarithm(shape, mean):
    """Expected logarithm of gamma variables."""
    rate = shape / mean
    return psi(shape) - np.log(rate)


def divergence(shape, mean, prior_shape, prior_rate):
    """Kullback-Leibler divergence of gamma distributions from another one."""
    rate = shape / mean
    mean_log = mean_logarithm(shape, mean)
    difference = _log_constant(shape, rate)
    difference -= _log_constant(prior_shape, prior_rate)
    of_logarithms = (shape - prior_shape) * mean_log
    of_means = shape - prior_rate * mean
    return difference + of_logarithms - of_means


def _log_constant(shape, rate):
    """Logarithm of the constant of the gamma density."""
    power = shape * np.log(rate)
    return power - gammaln(shape)


def fit_noise_prior(squares, counts):
    """Return the :class:`NoisePrior` that is likeliest.

    Parameters
    ----------
    squares : ndarray of shape (n_tasks,)
        Expected sums of squares.
    counts : ndarray of shape (n_tasks,)
        Numbers of samples.
    """
    weights = _WEIGHTS
    for _ in range(_ROUNDS):
        scales = _best_scales(weights, squares, counts)
        values = _log_likelihoods(weights, scales, squares, counts)
        best = int(np.argmax(values))
        last = len(weights) - 1
        if best in (0, last):
            weight = weights[best]
            scale = scales[best]
            return NoisePrior(float(weight), float(scale))
        around = slice(best - 1, best + 2)
        low, middle, high = np.log(weights[around])
        distance = (high - low) / 2
        weight = np.exp(_vertex(middle, distance, values[around]))
        weights = np.geomspace(
            np.exp(low),
            np.exp(high),
            _REFINED,
        )
    chosen = np.array([weight])
    (scale,) = _best_scales(chosen, squares, counts)
    return NoisePrior(float(weight), float(scale))


def _vertex(middle, distance, values):
    """Where the parabola through three points has its maximum."""
    low, center, high = values
    bend = low - 2 * center + high
    if bend >= 0:
        return middle
    slope = low - high
    return middle + distance * slope / (2 * bend)


def _best_scales(weights, squares, counts):
    """The likeliest scale for each weight, (n_weights,).

    It solves ``mean (weight + n_t) scale / (weight * scale + s_t) = 1``, of which the left side
    grows with the scale: by Newton's method for its logarithm.
    """
    ratios = squares / counts
    start = np.log(np.median(ratios))
    weights = weights[:, None]
    log_scale = np.full_like(weights, start)
    factor = (weights + counts) / weights
    for _ in range(_MOST_STEPS):
        of_prior = weights * np.exp(log_scale)
        share = squares / (of_prior + squares)
        terms = factor * (1 - share)
        left = terms.mean(axis=1)
        terms *= share
        slope = terms.mean(axis=1)
        slope = np.maximum(slope, _TINY)
        step = (1 - left) / slope
        step = np.clip(
            step,
            -_LONGEST_STEP,
            _LONGEST_STEP,
        )
        log_scale += step[:, None]
        if np.abs(step).max() < _EXACT:
            break
    return np.exp(log_scale[:, 0])


def _log_likelihoods(weights, scales, squares, counts):
    """Log likelihood of pairs of weight and scale, (n_weights,)."""
    weights = weights[:, None]
    scales = scales[:, None]
    a = weights / 2
    b = a * scales
    shape = a + counts / 2
    rate = b + squares / 2
    terms = _log_constant(a, b)
    terms = terms - _log_constant(shape, rate)
    return terms.sum(axis=1)
