"""The samples of tasks compressed to a few rows each, from sufficient statistics.

A normal likelihood sees of the samples of task t only their Gram matrix G, the products c with the
targets and the squares s of these. Rows R and targets r with ``R'R = G``, ``R'r = c`` stand for
them, together with ``s - r'r``, the squares that no coefficients could explain. There are no more
rows than effects, and the first is the mean of the task: ``sqrt(n_t) (1, mean of x)``.
"""

from dataclasses import dataclass, replace

import numpy as np

from skmtl import _kernels
from skmtl.datafits import statistics_reader
from skmtl.mixed_effects._units import Units, exceeds_rounding
from skmtl.statistics.statistics_data import StatisticsData

_ROUNDING = 1e-13  # what Gram matrices are off by, relative to their entries
LEAST_NOISE = 1e-12  # variance that is added to that of the targets, relative to it


@dataclass(frozen=True)
class TaskRows:
    """Rows of all tasks, in standardized units.

    Attributes
    ----------
    rows : ndarray of shape (n_tasks, n_rows, n_effects)
        R, (1, x) of some samples that stand for those of a task. Zeros fill it up.
    targets : ndarray of shape (n_tasks, n_rows)
        r, their targets.
    rest : ndarray of shape (n_tasks,)
        Squares of the targets that are left.
    total : ndarray of shape (n_tasks,)
        Number of samples, a weight of 2 counting twice.
    grams : ndarray of shape (n_tasks, n_effects, n_effects) or None
        Gram matrices of further rows, that only see the effects which all tasks have in common.
    products : ndarray of shape (n_tasks, n_effects) or None
        Their products with their targets.
    squares : ndarray of shape (n_tasks,) or None
        Squares of their targets.
    """

    rows: np.ndarray
    targets: np.ndarray
    rest: np.ndarray
    total: np.ndarray
    grams: np.ndarray | None = None
    products: np.ndarray | None = None
    squares: np.ndarray | None = None

    @property
    def n_effects(self):
        return self.rows.shape[2]

    @property
    def pooled_gram(self):
        """Gram matrix of the samples of all tasks, (n_effects, n_effects)."""
        gram = np.einsum("tij,tik->jk", self.rows, self.rows, optimize=True)
        of_further, _, _ = self.sums_of_further
        return gram + of_further

    @property
    def sums_of_further(self):
        """Sums over tasks of `grams`, `products` and `squares`, zeros if there are none."""
        if self.grams is None:
            zeros = np.zeros(self.n_effects)
            return np.diag(zeros), zeros, 0.0
        return (
            self.grams.sum(axis=0),
            self.products.sum(axis=0),
            self.squares.sum(),
        )

    @property
    def free(self):
        """Numbers of samples less those of effects, (n_tasks,)."""
        return self.total - self.n_effects

    @property
    def least_squares(self):
        """Squares that coefficients of their own leave in tasks, (n_tasks,)."""
        if self.grams is None:
            return self.rest
        inverse = np.linalg.pinv(self.grams, rcond=_ROUNDING, hermitian=True)
        products = self.products[:, :, None]
        explained = products.transpose(0, 2, 1) @ inverse @ products
        left = self.squares - explained[:, 0, 0]
        return np.maximum(left, 0.0) + self.rest

    def weighted(self, precision):
        """The rows of samples with these weights, (n_tasks,), one for each task."""
        root = np.sqrt(precision)
        weighted = replace(
            self,
            rows=self.rows * root[:, None, None],
            targets=self.targets * root[:, None],
            rest=self.rest * precision,
        )
        if self.grams is None:
            return weighted
        return replace(
            weighted,
            grams=self.grams * precision[:, None, None],
            products=self.products * precision[:, None],
            squares=self.squares * precision,
        )


def compress(data, only_intercepts):
    """Return the rows of tasks and their units.

    Parameters
    ----------
    data : TaskData or StatisticsData
        Validated data, or their statistics.
    only_intercepts : bool
        Whether tasks differ only in their intercepts: then one row of a task is enough.

    Returns
    -------
    TaskRows, Units
    """
    statistics = data.sums() if isinstance(data, StatisticsData) else _sums_of(data)
    within, mean_x, mean_y = statistics.centered()
    total = within.task_total
    units = _units(within, total, mean_x, mean_y)
    first, first_target = _rows_of_means(total, mean_x, mean_y, units)
    size = units.size * units.scale
    products = within.xy.T / size
    squares = within.yy / units.size**2
    grams = within.xx / np.outer(units.scale, units.scale)
    least = LEAST_NOISE * total
    if only_intercepts:
        grams = _pad(within.per_task(grams), 2)
        products = _pad(products, 1)
        rows = TaskRows(
            first,
            first_target,
            least,
            total,
            grams,
            products,
            squares,
        )
        return rows, units
    rows, targets = _rows_of_grams(within, grams, products, total)
    squares = squares - np.sum(targets**2, axis=1)
    rows = TaskRows(
        rows=np.concatenate([first, _pad(rows, 1)], axis=1),
        targets=np.concatenate([first_target, targets], axis=1),
        rest=np.maximum(squares, 0.0) + least,
        total=total,
    )
    return rows, units


def _sums_of(data):
    """The sufficient statistics of samples."""
    design = data.design.as_float64()
    read = statistics_reader(design, data.y.astype(float), data.weight)
    return read()


def _units(within, total, mean_x, mean_y):
    """Mean and standard deviation of features and targets over all samples."""
    n_samples = total.sum()
    share = total / n_samples
    mean = share @ mean_x
    level = share @ mean_y
    squares = np.einsum("kjj->kj", within.xx)
    squares = within.per_task(squares).sum(axis=0)
    squares_y = within.yy.sum()
    between = share @ (mean_x - mean) ** 2
    between_y = share @ (mean_y - level) ** 2
    variance = squares / n_samples + between
    variance_y = squares_y / n_samples + between_y
    varies = exceeds_rounding(variance, mean)
    varies_y = exceeds_rounding(variance_y, level)
    scale = np.sqrt(np.where(varies, variance, 1.0))
    size = 1.0
    if varies_y:
        size = np.sqrt(variance_y)
    return Units(mean, scale, varies, float(level), float(size))


def _rows_of_means(total, mean_x, mean_y, units):
    """The first row of each task and its target."""
    root = np.sqrt(total)
    deviations = (mean_x - units.mean) / units.scale
    intercept = np.ones(len(total))
    rows = np.column_stack([intercept, deviations])
    rows = rows * root[:, None]
    target = (mean_y - units.level) / units.size
    target = target * root
    return rows[:, None], target[:, None]


def _rows_of_grams(within, grams, products, total):
    """Rows and targets from products about the means of tasks.

    Where tasks have more samples than features, rows are Cholesky factors; else there are fewer
    than features, and rows are eigenvectors.
    """
    n_features = grams.shape[1]
    if total.max() > n_features:
        try:
            return _rows_by_cholesky(within, grams, products)
        except np.linalg.LinAlgError:  # more than rounding errors below 0
            pass
    values, vectors = np.linalg.eigh(grams)
    is_positive = values > _ROUNDING * values[:, -1:]
    n_rows = int(is_positive.sum(axis=1).max())
    largest = slice(n_features - n_rows, None)
    positive = np.where(is_positive, values, 0.0)
    root = np.sqrt(positive[:, largest])
    inverse = np.zeros_like(root)
    np.divide(
        1.0,
        root,
        out=inverse,
        where=root > 0,
    )
    vectors = vectors[:, :, largest]
    rows = vectors * root[:, None]
    rows = rows.transpose(0, 2, 1)
    whitened = vectors * inverse[:, None]
    whitened = whitened.transpose(0, 2, 1)
    targets = within.per_task(whitened) @ products[:, :, None]
    return within.per_task(rows), targets[:, :, 0]


def _rows_by_cholesky(within, grams, products):
    """The rows are the transposed factor; what it needs to exist is rounding."""
    diagonal = np.einsum("kjj->kj", grams)
    is_constant = diagonal == 0
    diagonal = diagonal * (1 + _ROUNDING)
    raised = grams.copy()
    diagonal_of_raised = np.einsum("kjj->kj", raised)  # a view
    diagonal_of_raised[:] = np.where(is_constant, 1.0, diagonal)
    factors = np.linalg.cholesky(raised)
    columns = within.per_task(factors)
    targets = products[:, :, None].copy()
    _kernels.solve_triangular(columns, targets)
    constant = within.per_task(is_constant).astype(bool)
    rows = columns.transpose(0, 2, 1).copy()
    rows[constant] = 0.0
    return rows, targets[:, :, 0]


def _pad(array, n_axes):
    """Zeros in front of the last axes, for the intercept."""
    n_others = array.ndim - n_axes
    widths = [(0, 0)] * n_others + [(1, 0)] * n_axes
    return np.pad(array, widths)
