"""Sums over samples that make a squared loss of the second derivatives of a likelihood."""

import numpy as np

_LEAST_FALL = 1e-6  # one over the fall to the minimum of a parabola, in mean losses
_LEAST_PROBABILITY = 1e-6  # in a curvature, relative to the gradient of its sample
_TINY = np.finfo(float).tiny
_SMALL = 1e-100


class ColumnCurvature:
    """The squared losses with the same gradient and curvature, column by column.

    Parameters
    ----------
    setup : ColumnSetup
        What is known of the columns.

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
        self.mean_loss = setup.mean_loss
        self.total = np.zeros(n_columns)
        self.x = np.zeros((n_columns, n_features))
        self.xx = np.zeros((n_columns, n_features, n_features))
        self.y = np.zeros(n_columns)
        self.yy = np.zeros(n_columns)
        self.xy = np.zeros((n_features, n_columns))

    def add(self, chunk, explained, gradient, curvature):
        """Add a chunk; `explained` are predictions without intercepts.

        A parabola so flat that its fall dwarfs the losses gets a steeper one.
        """
        X = chunk.X
        columns = chunk.columns
        least = _LEAST_FALL * gradient**2 / self.mean_loss
        least += _TINY
        curvature = np.maximum(curvature, least)
        target = explained - gradient / curvature
        weight = chunk.weight[:, None] * curvature
        weighted = weight * target
        squares = weighted * target
        self.total[columns] += weight.sum(axis=0)
        self.x[columns] += weight.T @ X
        self.y[columns] += weighted.sum(axis=0)
        self.yy[columns] += squares.sum(axis=0)
        self.xy[:, columns] += X.T @ weighted
        roots = np.sqrt(weight)
        for column, root in enumerate(roots.T, start=columns.start):
            A = X * root[:, None]
            self.xx[column] += A.T @ A

    @property
    def arrays(self):
        return self.total, self.x, self.xx, self.y, self.yy, self.xy


class TaskCurvature:
    """The second-order model of all columns of a task together, which are classes.

    Parameters
    ----------
    setup : ColumnSetup
        What is known of the columns.

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
        self.fix_shift = setup.fix_shift
        self.gram = np.zeros((*shape, setup.most, n_unknowns))
        self.right = np.zeros(shape)
        self.squares = np.zeros(setup.n_tasks)

    def add(self, chunk, explained, gradient, curvature):
        """Add a chunk; `explained` are predictions without intercepts.

        Classes whose probability is next to nothing get a little more.
        """
        task = chunk.task
        K = chunk.n_columns
        ones = np.ones(len(chunk.X))
        X = np.column_stack([chunk.X, ones])
        p = chunk.y + gradient
        v = -gradient
        largest = np.abs(v).max(axis=1, keepdims=True)
        least = _LEAST_PROBABILITY * largest + _SMALL
        p = (p + least) / (1 + K * least)
        mean = (p * explained).sum(axis=1, keepdims=True)
        Hz = p * (explained - mean)
        squares = explained * (Hz + 2 * v)
        squares += v**2 / p
        sums = squares.sum(axis=1)
        self.squares[task] += chunk.weight @ sums
        weight = chunk.weight[:, None]
        weighted = (Hz + v) * weight
        self.right[task, :K] += weighted.T @ X
        self._add_gram(self.gram[task], X, chunk.weight, p)

    def _add_gram(self, gram, X, weight, p):
        """Add the curvature of samples of these probabilities to the Gram of their task."""
        K = p.shape[1]
        shift = 0.0
        if self.fix_shift:
            variances = p * (1 - p)
            shift = variances.sum(axis=1) / K**2
        for k in range(K):
            for c in range(k + 1):
                between = shift + class_covariance(p, k, c)
                between *= weight
                weighted = X * between[:, None]
                block = weighted.T @ X
                gram[k, :, c] += block
                if c < k:
                    gram[c, :, k] += block.T

    @property
    def arrays(self):
        return self.gram, self.right, self.squares


def class_covariance(p, k, c):
    """The curvature of softmax between classes k and c at probabilities p, (n_rows,)."""
    covariance = -p[:, k] * p[:, c]
    if k == c:
        covariance += p[:, k]
    return covariance
