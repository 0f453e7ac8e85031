"""Sums over the samples of one partition: all that Newton's method asks of the data.

Every function takes a part, a :class:`~skmtl.datafits._partitioned_rows.ColumnSetup` and what is to
be evaluated, and returns a tuple of arrays, which are added over the parts. A model is a pair of W
(n_features, n_columns) and of intercepts b (n_columns,) of centered features.
"""

import numpy as np
from scipy.special import softmax

from skmtl.datafits._partitioned_curvature import (
    ColumnCurvature,
    TaskCurvature,
    class_covariance,
)
from skmtl.datafits._partitioned_rows import chunks
from skmtl.losses import Softmax

_LEAST_OF_BOUND = 0.1  # that a mean second derivative is taken to be
_FAR = {"over": "ignore", "invalid": "ignore", "divide": "ignore"}  # of models far from any data


def feature_sums(part, setup):
    """Weights (n_tasks,), and weighted sums (n_tasks, n_features) of centered features."""
    total = np.zeros(setup.n_tasks)
    sums = np.zeros((setup.n_tasks, setup.n_features))
    for chunk in chunks(part, setup):
        total[chunk.task] += chunk.weight.sum()
        sums[chunk.task] += chunk.weight @ chunk.X
    return total, sums


def intercept_sums(part, setup, b):
    """Of the model W = 0: its value, and gradients and curvatures with respect to b.

    The features are not read.

    Returns
    -------
    value : ndarray of shape (1,)
    gradient : ndarray of shape (n_columns,)
    curvature : ndarray of shape (n_tasks, most_columns, most_columns)
        Of a softmax the second derivatives, of other losses their curvatures.
    """
    value = np.zeros(1)
    gradient = np.zeros(setup.n_columns)
    curvature = np.zeros((setup.n_tasks, setup.most, setup.most))
    with np.errstate(**_FAR):
        for task, _, y, weight in part.tasks:
            loss = setup.losses[task]
            columns = setup.columns(task)
            K = y.shape[1]
            z = np.broadcast_to(b[columns], y.shape)
            losses = loss.value(y, z).sum(axis=1)
            first, second = _derivatives(loss, y, z, setup.width)
            value += weight @ losses
            gradient[columns] += weight @ first
            if isinstance(loss, Softmax):
                p = softmax(b[columns])
                covariance = np.diag(p) - np.outer(p, p)
                curvature[task, :K, :K] += weight.sum() * covariance
            else:
                curvature[task, 0, 0] += weight @ second[:, 0]
    return value, gradient, curvature


def step_values(part, setup, before, after, steps):
    """The values of the models at `before + step * (after - before)`: (n_steps,)."""
    values = np.zeros(len(steps))
    with np.errstate(**_FAR):
        for chunk in chunks(part, setup):
            here = chunk.predictions(before)
            z = chunk.predictions(after)
            values += _values_between(chunk, here, z, steps)
    return (values,)


def _values_between(chunk, here, z, steps):
    """The sums of the losses of a chunk at `here + step * (z - here)`, (n_steps,)."""
    change = z - here
    values = [chunk.losses(here + step * change) for step in steps]
    return np.array(values)


def moment_sums(part, setup, before, after, steps):
    """The values of :func:`step_values`, and the derivatives at `after`.

    Returns
    -------
    values : ndarray of shape (n_steps,)
    slopes : ndarray of shape (n_columns,)
        Gradients with respect to b.
    slope_sizes : ndarray of shape (n_columns,)
        Sums of the sizes that these are sums of.
    gradients : ndarray of shape (n_features, n_columns)
        Gradients with respect to W.
    rooms : ndarray of shape (n_tasks, most, n_features + 1, most, 1 + n_free)
        The moments of :func:`room`: of features and intercept with intercept and free features.
    *curvatures : ndarray
        Those of :class:`ColumnCurvature` or :class:`TaskCurvature`.
    """
    _, b = after
    values = np.zeros(len(steps))
    slopes = np.zeros(setup.n_columns)
    sizes = np.zeros(setup.n_columns)
    gradients = np.zeros((setup.n_features, setup.n_columns))
    rooms = np.zeros(setup.shape_of_rooms)
    make = TaskCurvature if setup.stacked else ColumnCurvature
    curvature = make(setup)
    with np.errstate(**_FAR):
        for chunk in chunks(part, setup):
            columns = chunk.columns
            here = chunk.predictions(before)
            z = chunk.predictions(after)
            values += _values_between(chunk, here, z, steps)
            first, second = _derivatives(chunk.loss, chunk.y, z, setup.width)
            weight = chunk.weight[:, None]
            weighted = first * weight
            slopes[columns] += weighted.sum(axis=0)
            sizes[columns] += np.abs(weighted).sum(axis=0)
            gradients[:, columns] += chunk.X.T @ weighted
            _add_rooms(rooms[chunk.task], chunk, setup, z, first)
            curvature.add(chunk, z - b[columns], first, second)
    return values, slopes, sizes, gradients, rooms, *curvature.arrays


def conjugate_sums(part, setup, model, change, scales):
    """Sums of the conjugates at multiples of corrected gradients, (n_scales,).

    Parameters
    ----------
    part, setup
        The samples and the columns.
    model : tuple
        W and b.
    change : ndarray of shape (n_tasks, most_columns, 1 + n_free)
        By how much predictions are to change, as a function of intercept and free features: what
        makes the corrected gradients add up to what they must.
    scales : ndarray of shape (n_scales,)
        The multiples, from 0 to 1.

    Returns
    -------
    tuple of one ndarray
        Infinite where a corrected gradient is none of any prediction.
    """
    sums = np.zeros(len(scales))
    with np.errstate(**_FAR):
        for chunk in chunks(part, setup):
            corrected = _corrected_gradients(chunk, setup, model, change)
            if corrected is None:
                sums += np.inf
                continue
            for k, scale in enumerate(scales):
                conjugate = chunk.loss.conjugate(chunk.y, scale * corrected)
                sums[k] += chunk.weight @ conjugate.sum(axis=1)
    return (sums,)


def _corrected_gradients(chunk, setup, model, change):
    """The gradients at changed predictions, about; None if the change is too large for that."""
    z = chunk.predictions(model)
    gradient = chunk.loss.gradient(chunk.y, z)
    own = change[chunk.task, : chunk.n_columns]
    d = _intercept_and_free(chunk, setup) @ own.T
    if isinstance(chunk.loss, Softmax):
        p = softmax(z, axis=1)
        mean = (p * d).sum(axis=1, keepdims=True)
        correction = p * (d - mean)
        sizes = d.max(axis=1) - d.min(axis=1)  # up to 1, what is left of p is a probability
        largest = 1.0
    else:
        rooms = room(chunk.loss, chunk.y, z, gradient, setup.unit)
        correction = rooms * d / setup.unit
        sizes = np.abs(d)
        largest = setup.unit
    if (sizes > largest).any():
        return None
    return gradient - correction


def room(loss, y, z, gradient, unit):
    """By how much a gradient may change both ways, for a loss of one column.

    The gradients at `z - unit` and `z + unit` are such at which the conjugate is finite, and so is
    all that is between them.
    """
    above = loss.gradient(y, z + unit)
    below = loss.gradient(y, z - unit)
    both_ways = np.minimum(above - gradient, gradient - below)
    return np.maximum(both_ways, 0.0)


def _derivatives(loss, y, z, width):
    """Gradients and curvatures; these are the mean of the second derivative near z, or a bound.

    Of a loss of one column that knows a bound only, Newton's method takes far fewer steps with the
    mean; a full step may then be too long, but not by much.
    """
    gradient, curvature = loss.derivatives(y, z)
    if width == 0 or loss.exact_curvature or isinstance(loss, Softmax):
        return gradient, curvature
    above = loss.gradient(y, z + width)
    below = loss.gradient(y, z - width)
    mean = (above - below) / (2 * width)
    return gradient, np.maximum(mean, _LEAST_OF_BOUND * curvature)


def _intercept_and_free(chunk, setup):
    """Ones and the free features, (n_rows, 1 + n_free)."""
    ones = np.ones(len(chunk.X))
    return np.column_stack([ones, chunk.X[:, setup.free]])


def _add_rooms(rooms, chunk, setup, z, gradient):
    """Add the moments of a chunk to those of its task, in place."""
    free = _intercept_and_free(chunk, setup)

    def add(k, c, size):
        weight = chunk.weight * size
        weighted = free * weight[:, None]
        rooms[k, :-1, c] += chunk.X.T @ weighted
        rooms[k, -1, c] += weighted.sum(axis=0)

    if not isinstance(chunk.loss, Softmax):
        size = room(chunk.loss, chunk.y, z, gradient, setup.unit)
        add(0, 0, size[:, 0] / setup.unit)
        return
    p = softmax(z, axis=1)
    for k in range(chunk.n_columns):
        for c in range(chunk.n_columns):
            add(k, c, class_covariance(p, k, c))
