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

_LEAST_WEIGHT = 0.1
_MOST_WEIGHT = 1e4  # the noise of all tasks is then the same
_WEIGHTS = np.geomspace(_LEAST_WEIGHT, _MOST_WEIGHT, 26)
_REFINED = 9  # weights that are tried between neighbors
_ROUNDS = 3


class NoisePrior(NamedTuple):
    """The distribution."""

    weight: float
    scale: float

    def precisions(self, squares, counts):
        """Expected ``1 / sigma_t^2`` given the squares of `counts` samples, (n_tasks,)."""
        return (self.weight + counts) / (self.weight * self.scale + squares)

    def bound(self, precisions, counts):
        """What the variances add to the lower bound of the likelihood.

        Of gamma distributions with these means: expected log of the density of `counts` samples,
        but for their squares, less the divergence from the prior.
        """
        a = self.weight / 2
        b = a * self.scale
        shape = a + counts / 2
        rate = shape / precisions
        mean_log = psi(shape) - np.log(rate)
        entropy = shape - np.log(rate) + gammaln(shape) + (1 - shape) * psi(shape)
        expected = a * np.log(b) - gammaln(a) + (a - 1) * mean_log - b * precisions
        return np.sum(counts / 2 * mean_log + expected + entropy)


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
            return NoisePrior(float(weights[best]), float(scales[best]))
        around = slice(best - 1, best + 2)
        chosen = _vertex(np.log(weights[around]), values[around])
        weights = np.geomspace(weights[best - 1], weights[best + 1], _REFINED)
    weight = np.exp(chosen)
    scale = _best_scales(np.array([weight]), squares, counts)[0]
    return NoisePrior(float(weight), float(scale))


def _vertex(x, values):
    """Where the parabola through three points with equal distances has its maximum."""
    bend = values[0] - 2 * values[1] + values[2]
    if bend >= 0:
        return x[1]
    return x[1] + (x[1] - x[0]) * (values[0] - values[2]) / (2 * bend)


def _best_scales(weights, squares, counts):
    """The likeliest scale for each weight, (n_weights,).

    It solves ``mean (weight + n_t) scale / (weight * scale + s_t) = 1``, of which the left side
    grows with the scale: by Newton's method for its logarithm.
    """
    ratios = squares / counts
    log_scale = np.full(len(weights), np.log(ratios.min()))
    weights = weights[:, None]
    for _ in range(60):
        pulled = weights * np.exp(log_scale)[:, None]
        terms = (weights + counts) / weights * pulled / (pulled + squares)
        left = terms.mean(axis=1)
        slope = (terms * squares / (pulled + squares)).mean(axis=1)
        step = (1 - left) / np.maximum(slope, 1e-300)
        log_scale += np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            break
    return np.exp(log_scale)


def _log_likelihoods(weights, scales, squares, counts):
    """Log likelihood of pairs of weight and scale, (n_weights,)."""
    a = weights[:, None] / 2
    b = a * scales[:, None]
    shape = a + counts / 2
    terms = gammaln(shape) - gammaln(a) + a * np.log(b) - shape * np.log(b + squares / 2)
    return terms.sum(axis=1)
