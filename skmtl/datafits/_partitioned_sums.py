"""Sums over the samples of one partition: all that Newton's method asks of the data.

Every function takes a part, a :class:`~skmtl.datafits._partitioned_rows.ColumnSetup` and what is to
be evaluated, and returns a tuple of arrays, which are added over the parts. A model is a pair of W
(n_features, n_columns) and of intercepts b (n_columns,) of centered features.
"""

import numpy as np
from scipy.special import softmax

from skmtl.datafits._partitioned_rows import chunks
from skmtl.losses import Softmax

_LEAST_FALL = 1e-6  # one over the fall to the minimum of a parabola, in mean losses
_LEAST_PROBABILITY = 1e-6  # in a curvature, relative to the gradient of its sample
_TINY = np.finfo(float).tiny
_SMALL = 1e-100
_REACH = 0.1  # in units of predictions, over which a second derivative is averaged


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
    with np.errstate(over="ignore", invalid="ignore"):
        for own in part.tasks:
            loss = setup.losses[own.task]
            columns = setup.columns(own.task)
            K = own.y.shape[1]
            z = np.broadcast_to(b[columns], own.y.shape)
            value += own.weight @ loss.value(own.y, z).sum(axis=1)
            if isinstance(loss, Softmax):
                first = softmax(z, axis=1)
                weighted = own.weight @ first
                second = np.diag(weighted) - np.outer(first[0], weighted)
                first = first - own.y
            else:
                first, second = _derivatives(loss, own.y, z, setup.unit)
                second = own.weight @ second
            gradient[columns] += own.weight @ first
            curvature[own.task, :K, :K] += second
    return value, gradient, curvature


def step_values(part, setup, before, after, steps):
    """The values of the models at `before + step * (after - before)`: (n_steps,)."""
    values = np.zeros(len(steps))
    with np.errstate(over="ignore", invalid="ignore"):
        for chunk in chunks(part, setup):
            here = _predictions(chunk, setup, before)
            change = _predictions(chunk, setup, after) - here
            values += _values(chunk, setup, here, change, steps)
    return (values,)


def moment_sums(part, setup, before, after, steps):
    """The values of :func:`step_values`, and the derivatives at `after`.

    Returns
    -------
    values : ndarray of shape (n_steps,)
    derivatives : tuple of arrays
        Gradients with respect to b (n_columns,), their sizes, gradients with respect to W, and
        the moments of :func:`room`, (n_tasks, most, n_features + 1, most, 1 + n_free): of features
        and intercept with intercept and free features.
    curvatures : tuple of arrays
        Those of :class:`_ColumnCurvature` or :class:`_TaskCurvature`.
    """
    values = np.zeros(len(steps))
    gradient = np.zeros(setup.n_columns)
    size = np.zeros(setup.n_columns)
    correlation = np.zeros((setup.n_features, setup.n_columns))
    n_free = len(setup.free)
    rooms = np.zeros((setup.n_tasks, setup.most, setup.n_features + 1, setup.most, 1 + n_free))
    curvature = (_TaskCurvature if setup.stacked else _ColumnCurvature)(setup)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for chunk in chunks(part, setup):
            columns = setup.columns(chunk.task)
            loss = setup.losses[chunk.task]
            z = _predictions(chunk, setup, after)
            here = _predictions(chunk, setup, before)
            values += _values(chunk, setup, here, z - here, steps)
            first, second = _derivatives(loss, chunk.y, z, setup.unit)
            weighted = first * chunk.weight[:, None]
            gradient[columns] += weighted.sum(axis=0)
            size[columns] += np.abs(weighted).sum(axis=0)
            correlation[:, columns] += chunk.X.T @ weighted
            _add_rooms(rooms[chunk.task], chunk, setup, z, first)
            curvature.add(chunk, z - after[1][columns], z, first, second)
    return values, gradient, size, correlation, rooms, *curvature.arrays


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
    with np.errstate(over="ignore", invalid="ignore"):
        for chunk in chunks(part, setup):
            loss = setup.losses[chunk.task]
            z = _predictions(chunk, setup, model)
            K = z.shape[1]
            free = _with_ones_first(chunk.X, setup.free)
            d = free @ change[chunk.task, :K].T
            gradient = loss.gradient(chunk.y, z)
            if isinstance(loss, Softmax):
                p = softmax(z, axis=1)
                correction = p * (d - (p * d).sum(axis=1, keepdims=True))
                too_far = d.max(axis=1) - d.min(axis=1) > 1.0
            else:
                correction = room(loss, chunk.y, z, gradient, setup.unit) * d / setup.unit
                too_far = np.abs(d[:, 0]) > setup.unit
            if too_far.any():
                sums += np.inf
                continue
            for k, scale in enumerate(scales):
                conjugate = loss.conjugate(chunk.y, scale * (gradient - correction))
                sums[k] += chunk.weight @ conjugate.sum(axis=1)
    return (sums,)


def room(loss, y, z, gradient, unit):
    """By how much a gradient may change both ways, for a loss of one column.

    The gradients at `z - unit` and `z + unit` are such at which the conjugate is finite, and so is
    all that is between them.
    """
    up = loss.gradient(y, z + unit) - gradient
    down = gradient - loss.gradient(y, z - unit)
    return np.maximum(np.minimum(up, down), 0.0)


def _derivatives(loss, y, z, unit):
    """Gradients and curvatures; these are the mean of the second derivative near z, or a bound.

    Of a loss of one column that knows a bound only, Newton's method takes far fewer steps with the
    mean; a full step may then be too long.
    """
    gradient, curvature = loss.derivatives(y, z)
    if unit > 0 and not (loss.exact_curvature or isinstance(loss, Softmax)):
        reach = _REACH * unit
        rise = loss.gradient(y, z + reach) - loss.gradient(y, z - reach)
        curvature = rise / (2 * reach)
    return gradient, curvature


def _predictions(chunk, setup, model):
    """Linear predictions of the columns of the task, (n_rows, n_own_columns)."""
    W, b = model
    columns = setup.columns(chunk.task)
    return chunk.X @ W[:, columns] + b[columns]


def _values(chunk, setup, here, change, steps):
    """Weighted losses at `here + step * change`, (n_steps,)."""
    loss = setup.losses[chunk.task]
    values = [loss.value(chunk.y, here + step * change).sum(axis=1) for step in steps]
    return np.array(values) @ chunk.weight


def _with_ones_first(X, features):
    """Ones and these features, (n_rows, 1 + n_features)."""
    return np.column_stack([np.ones(len(X)), X[:, features]])


def _with_ones_last(X):
    return np.column_stack([X, np.ones(len(X))])


def _add_rooms(rooms, chunk, setup, z, gradient):
    """Add the moments of a chunk to those of its task, in place."""
    loss = setup.losses[chunk.task]
    K = z.shape[1]
    X = _with_ones_last(chunk.X)
    free = _with_ones_first(chunk.X, setup.free)
    if not isinstance(loss, Softmax):
        size = room(loss, chunk.y, z, gradient, setup.unit) / setup.unit
        rooms[0, :, 0] += X.T @ (free * (chunk.weight * size[:, 0])[:, None])
        return
    p = softmax(z, axis=1)
    for k in range(K):
        for c in range(K):
            curvature = -p[:, k] * p[:, c]
            if k == c:
                curvature = curvature + p[:, k]
            rooms[k, :, c] += X.T @ (free * (chunk.weight * curvature)[:, None])


def _gram(X, weight):
    """`X' diag(weight) X` of positive weights."""
    A = X * np.sqrt(weight)[:, None]
    return A.T @ A


class _ColumnCurvature:
    """The squared losses with the same gradient and curvature, column by column.

    Attributes
    ----------
    arrays : tuple
        Of every column the sums of weights; of features, (n_columns, n_features); of their
        products; of targets less the intercept; of their squares; of their products with features,
        (n_features, n_columns).
    """

    def __init__(self, setup):
        n_features = setup.n_features
        n_columns = setup.n_columns
        self.setup = setup
        self.total = np.zeros(n_columns)
        self.x = np.zeros((n_columns, n_features))
        self.xx = np.zeros((n_columns, n_features, n_features))
        self.y = np.zeros(n_columns)
        self.yy = np.zeros(n_columns)
        self.xy = np.zeros((n_features, n_columns))

    def add(self, chunk, explained, z, gradient, curvature):
        """Add a chunk; a parabola so flat that its fall dwarfs the losses gets a steeper one."""
        least = _LEAST_FALL * gradient**2 / self.setup.mean_loss
        curvature = np.maximum(curvature, least + _TINY)
        target = explained - gradient / curvature
        weight = chunk.weight[:, None] * curvature
        weighted = weight * target
        columns = self.setup.columns(chunk.task)
        self.total[columns] += weight.sum(axis=0)
        self.x[columns] += weight.T @ chunk.X
        self.y[columns] += weighted.sum(axis=0)
        self.yy[columns] += np.einsum("ik,ik->k", weighted, target)
        self.xy[:, columns] += chunk.X.T @ weighted
        for k in range(weight.shape[1]):
            self.xx[columns.start + k] += _gram(chunk.X, weight[:, k])

    @property
    def arrays(self):
        return self.total, self.x, self.xx, self.y, self.yy, self.xy


class _TaskCurvature:
    """The second-order model of all columns of a task together.

    Attributes
    ----------
    arrays : tuple
        Grams (n_tasks, most, n_features + 1, most, n_features + 1) of features and intercepts,
        right-hand sides (n_tasks, most, n_features + 1) and sums of squares (n_tasks,), the
        unknowns being coefficients and changes of intercepts.
    """

    def __init__(self, setup):
        n_unknowns = setup.n_features + 1
        shape = setup.n_tasks, setup.most, n_unknowns
        self.setup = setup
        self.gram = np.zeros((*shape, setup.most, n_unknowns))
        self.right = np.zeros(shape)
        self.squares = np.zeros(setup.n_tasks)

    def add(self, chunk, explained, z, gradient, curvature):
        """Add a chunk, classes whose probability is next to nothing with a little more."""
        X = _with_ones_last(chunk.X)
        v = -gradient
        K = v.shape[1]
        p = softmax(z, axis=1)
        least = _LEAST_PROBABILITY * np.abs(v).max(axis=1, keepdims=True) + _SMALL
        p = (p + least) / (1 + K * least)
        mean = (p * explained).sum(axis=1, keepdims=True)
        Hz = p * (explained - mean)
        squares = explained * (Hz + 2 * v) + v**2 / p
        self.squares[chunk.task] += chunk.weight @ squares.sum(axis=1)
        weighted = (Hz + v) * chunk.weight[:, None]
        self.right[chunk.task, :K] += weighted.T @ X
        shift = 0.0
        if self.setup.fix_shift:
            shift = (p * (1 - p)).sum(axis=1) / K**2
        gram = self.gram[chunk.task]
        for k in range(K):
            for c in range(k + 1):
                between = shift - p[:, k] * p[:, c]
                if k == c:
                    between = between + p[:, k]
                block = (X * (chunk.weight * between)[:, None]).T @ X
                gram[k, :, c] += block
                if c < k:
                    gram[c, :, k] += block.T

    @property
    def arrays(self):
        return self.gram, self.right, self.squares
