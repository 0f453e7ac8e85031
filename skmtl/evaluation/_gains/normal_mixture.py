"""Mixtures of normal distributions with common weights: shares below a value, and quantiles."""

import numpy as np
from scipy.special import ndtr

_N_HALVINGS = 40
_WIDE = 12  # standard deviations within which the quantiles are
_SMALLEST = 1e-12  # deviation


def mixture_share_below(value, weight, mean, deviation):
    """Probability of each of several mixtures below a value, (n_mixtures,).

    Parameters
    ----------
    value : float or ndarray of shape (n_mixtures,)
        The value.
    weight : ndarray of shape (n_points,)
        Weights, with the sum 1.
    mean, deviation : ndarray of shape (n_points, n_mixtures)
        Of the normal distributions.
    """
    standardized = (value - mean) / np.maximum(deviation, _SMALLEST)
    return weight @ ndtr(standardized)


def mixture_quantiles(weight, mean, deviation, shares):
    """Quantiles of several mixtures by bisection: an array (n_mixtures,) for each share."""
    center = weight @ mean
    variance = weight @ (deviation**2 + (mean - center) ** 2)
    reach = _WIDE * np.sqrt(variance) + _SMALLEST
    quantiles = []
    for share in shares:
        low = center - reach
        high = center + reach
        for _ in range(_N_HALVINGS):
            middle = (low + high) / 2
            is_below = mixture_share_below(middle, weight, mean, deviation) < share
            low = np.where(is_below, middle, low)
            high = np.where(is_below, high, middle)
        quantiles.append((low + high) / 2)
    return quantiles
