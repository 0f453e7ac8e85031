"""Predictions of targets from all others in closed form, variances taken as given.

With theta = beta + v_t, the coefficients of a task, and their covariance C given all targets, a
sample z of weight w and noise sigma^2 has the leverage ``h = w z'C z / sigma^2``. The residual
without it is ``(y - z'theta) / (1 - h)``, and ``z'C z / (1 - h)`` the variance of ``z'theta``. That
is the matrix P of restricted likelihood row by row: ``P_ii = w (1 - h) / sigma^2``,
``(P y)_i = w (y - z'theta) / sigma^2``.
"""

import numpy as np

from skmtl._data.designs import SharedDesign, take_samples

_ALONE = 1e-9  # share of a leverage of 1: without the sample an effect cannot be estimated


def leave_one_out(data, posterior):
    """Return means and standard deviations, of the shape of the targets of `data`.

    Parameters
    ----------
    data : TaskData
        What was fitted.
    posterior : Posterior
        The fit.
    """
    units = posterior.units
    mean = np.full(data.y.shape, np.nan)
    std = np.full(data.y.shape, np.nan)
    for t, where, X, weight in _samples_of_tasks(data):
        Z = units.rows(X)
        centered = data.y[where] - units.level
        target = centered / units.size
        left_out, variance = _of_task(posterior, t, Z, target, weight)
        mean[where] = units.level + units.size * left_out
        std[where] = units.size * np.sqrt(variance)
    return mean, std


def _samples_of_tasks(data):
    """Yield each task, where its targets are in y, and its samples and their weights."""
    design = data.design
    if isinstance(design, SharedDesign):
        weights = np.broadcast_to(data.weight, data.y.shape)
        for t in range(data.n_tasks):
            samples = np.flatnonzero(weights[:, t])
            where = samples, t
            X = take_samples(design.X, samples)
            yield t, where, X, weights[where]
    else:
        for X, weight, (t,) in design.blocks(data.weight):
            start = design.ptr[t]
            stop = design.ptr[t + 1]
            yield t, slice(start, stop), X, weight


def _of_task(posterior, t, Z, target, weight):
    """Means and variances of the targets of a task in standardized units."""
    noise = posterior.noise
    precision_of_task = posterior.scales.precision
    if precision_of_task is not None:
        noise = noise / precision_of_task[t]
    coefficients = posterior.common + posterior.deviations[t]
    prediction = Z @ coefficients
    residual = target - prediction
    precision = weight / noise
    covariance = posterior.coefficient_covariances[t]
    covariance_of_own = posterior.own_covariances[t]
    variance = quadratic_forms(Z, covariance)
    variance_of_own = quadratic_forms(Z, covariance_of_own)
    left = 1 - precision * variance
    left_of_own = 1 - precision * variance_of_own
    least = _ALONE * np.maximum(left_of_own, _ALONE)
    alone = left <= least
    left = np.where(alone, 1.0, left)
    moved = residual / left
    mean = target - moved
    variance = noise + variance / left
    if alone.any():
        effects = _least_effects(posterior, t, Z[alone])
        moved = effects / precision[alone]
        mean[alone] = target[alone] - moved
        variance[alone] = np.inf
    return mean, variance


def quadratic_forms(Z, covariance):
    """``z' C z`` of each row; it is not below 0 by rounding."""
    products = (Z @ covariance) * Z
    variance = products.sum(axis=1)
    return np.maximum(variance, 0.0)


def _least_effects(posterior, t, Z):
    """How the smallest common effects without a sample differ, in the units of its weight.

    They move along ``b = cov(beta) A'z``, A what a task retains of beta, until ``b'beta = 0``.
    """
    retained = posterior.retained[t]
    direction = Z @ retained @ posterior.common_covariance
    length = np.sum(direction**2, axis=1)
    along = direction @ posterior.common
    return along / length
