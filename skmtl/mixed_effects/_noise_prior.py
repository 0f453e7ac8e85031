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
        shape = a + counts / 2
        mean_log = mean_logarithm(shape, precisions)
        rate = a * self.scale
        less = divergence(shape, precisions, a, rate)
        density = counts / 2 * mean_log
        return np.sum(density - less)


def mean_logarithm(shape, mean):
    """Expected logarithm of gamma variables."""
    rate = shape / mean
    return psi(shape) - np.log(rate)


def divergence(shape, mean, prior_shape, prior_rate):
    """Kullback-Leibler divergence of gamma distributions from another one."""
    rate = shape / mean
    mean_log = mean_logarithm(shape, mean)
    density = shape * np.log(rate) - gammaln(shape)
    prior_density = prior_shape * np.log(prior_rate) - gammaln(prior_shape)
    of_logarithms = (shape - prior_shape) * mean_log
    of_means = shape - prior_rate * mean
    return density - prior_density + of_logarithms - of_means


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
            weight = float(weights[best])
            scale = float(scales[best])
            return NoisePrior(weight, scale)
        low = weights[best - 1]
        high = weights[best + 1]
        middle = np.log(weights[best])
        distance = np.log(high / low) / 2
        chosen = _vertex(middle, distance, values[best - 1 : best + 2])
        weights = np.geomspace(low, high, _REFINED)
    weight = np.array([np.exp(chosen)])
    scale = _best_scales(weight, squares, counts)
    return NoisePrior(float(weight[0]), float(scale[0]))


def _vertex(middle, distance, values):
    """Where the parabola through three points has its maximum."""
    low, center, high = values
    bend = low - 2 * center + high
    if bend >= 0:
        return middle
    fall = low - high
    return middle + distance * fall / (2 * bend)


def _best_scales(weights, squares, counts):
    """The likeliest scale for each weight, (n_weights,).

    It solves ``mean (weight + n_t) scale / (weight * scale + s_t) = 1``, of which the left side
    grows with the scale: by Newton's method for its logarithm.
    """
    ratios = np.log(squares / counts)
    log_scale = np.full(len(weights), np.median(ratios))
    weights = weights[:, None]
    factor = (weights + counts) / weights
    for _ in range(_MOST_STEPS):
        scale = np.exp(log_scale)
        of_prior = weights * scale[:, None]
        share = squares / (of_prior + squares)
        terms = factor * (1 - share)
        left = terms.mean(axis=1)
        slope = np.mean(terms * share, axis=1)
        slope = np.maximum(slope, 1e-300)
        step = (1 - left) / slope
        log_scale += np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        longest = np.abs(step).max()
        if longest < _EXACT:
            break
    return np.exp(log_scale)


def _log_likelihoods(weights, scales, squares, counts):
    """Log likelihood of pairs of weight and scale, (n_weights,)."""
    a = weights[:, None] / 2
    b = a * scales[:, None]
    shape = a + counts / 2
    of_shapes = gammaln(shape) - gammaln(a)
    rate = b + squares / 2
    of_rates = a * np.log(b) - shape * np.log(rate)
    return np.sum(of_shapes + of_rates, axis=1)
