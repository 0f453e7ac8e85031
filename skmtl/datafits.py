"""Squared loss of a design: `1/2 sum_i weight_i (y_i - (A W)_i - b_t)^2 + ridge/2 ||W||_F^2`.

The intercept b of every task is profiled out by centring with the weighted means of the task, so
it is never a row of W and no penalty sees it. Two forms with the same methods, so that solvers do
not know which they hold: `ResidualForm` touches the rows, `GramForm` only
`Q_t = X_t' D_t X_t`, `q_t = X_t' D_t y_t` and `y' D y`.
"""

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import eigh
from scipy.optimize import nnls

from skmtl import _kernels
from skmtl.designs import SharedDesign, weighted_gram, weighted_variance

_GRAM_FLOATS = 2**25  # 256 MiB of Grams


@dataclass
class Evaluation:
    """What a certificate needs of the loss at W, the ridge apart.

    `correlation` is `A' D r`, minus the gradient, (n_features, n_tasks); `rr` and `ry` are
    `<r, D r>` and `<r, D y>` for the residual r and the centred y.
    """

    correlation: np.ndarray
    rr: float
    ry: float
    residual: np.ndarray | None = None  # of y's shape; None in Gram form


class SquaredDatafit(ABC):
    """What both forms share. Attributes:

    mean_x : (n_features, n_tasks), mean_y : (n_tasks,)
        Weighted means of each task; zeros without intercepts.
    curvature : (n_features, n_tasks)
        `x_j' D_t x_j` of the centred columns.
    blocks : list of (tasks,) index arrays
        Tasks of one block share their Gram.
    yy : float
        `<y, D y>` of the centred y.
    row_cost : int
        Multiplications that one update of a row of W takes, about.
    """

    def __init__(self):
        self.ridge = 0.0
        self._known_spectra = {}  # shared by the copies of with_ridge

    @abstractmethod
    def evaluate(self, W):
        """:class:`Evaluation` of the loss at W."""

    @abstractmethod
    def gram_block(self, k, rows):
        """Rows and columns `rows` of the Gram of block k."""

    @abstractmethod
    def lipschitz(self):
        """Lipschitz constant of the gradient, ridge included."""

    @abstractmethod
    def descend(self, W, start, rows, row_weights, positive, n_sweeps, tol):
        """Up to `n_sweeps` sweeps of exact block updates over `rows`, W (C-ordered) in place.

        `start` is the evaluation at W. Stops early when the largest decrease
        `sum_t curvature d^2` of one row in a sweep is at most `tol`. Returns the sweeps done.
        """

    def value(self, W):
        """Loss with its ridge at W."""
        return 0.5 * self.evaluate(W).rr + 0.5 * self.ridge * float(np.vdot(W, W))

    def gradient(self, W):
        """Gradient of :meth:`value`, (n_features, n_tasks)."""
        return self.ridge * W - self.evaluate(W).correlation

    def intercepts(self, W):
        """The optimal intercept of each task at W, (n_tasks,)."""
        return self.mean_y - np.einsum("jt,jt->t", self.mean_x, W)

    def with_ridge(self, ridge):
        """The same loss with another ridge; shares all arrays."""
        other = copy.copy(self)
        other.ridge = float(ridge)
        return other

    def minimise_rows(self, W, rows, positive=False):
        """W with its `rows` at their exact optimum, the others kept; a new array."""
        W = W.copy()
        if len(rows) == 0:
            return W
        H = self.evaluate(W).correlation[rows]
        for tasks, (values, vectors) in zip(self.blocks, self._spectra(rows), strict=True):
            values = values + self.ridge
            keep = values > values[-1] * len(rows) * np.finfo(float).eps
            V, scale = vectors[:, keep], np.sqrt(values[keep])
            here = np.ix_(rows, tasks)
            if positive:  # min 1/2 w' A w - b' w over w >= 0, with A = (V scale)(V scale)'
                right = (V / scale).T @ (H[:, tasks] - self.ridge * W[here])
                right += (V * scale).T @ W[here]
                W[here] = np.column_stack([nnls((V * scale).T, column)[0] for column in right.T])
            else:
                W[here] += V @ ((V.T @ (H[:, tasks] - self.ridge * W[here])) / scale[:, None] ** 2)
        return W

    def _spectra(self, rows):
        """Eigenvalues and eigenvectors of each block's Gram over `rows`, computed once."""
        key = rows.tobytes()
        if key not in self._known_spectra:
            self._known_spectra[key] = [
                eigh(self.gram_block(k, rows)) for k in range(len(self.blocks))
            ]
        return self._known_spectra[key]


class ResidualForm(SquaredDatafit):
    """The loss on the rows themselves; dense X in any order or CSC, never copied but for order."""

    def __init__(self, design, y, weight, *, fit_intercept=True):
        super().__init__()
        self.design, self.weight = design, weight
        self._task_weight = design.task_sum(weight)
        self._groups = design.blocks(weight)
        self.blocks = [tasks for *_, tasks in self._groups]
        p, T = design.n_features, design.n_tasks
        self.mean_x, self.curvature = np.zeros((p, T)), np.empty((p, T))
        for X, column, tasks in self._groups:
            total = column.sum()
            mean = np.zeros(p)
            if fit_intercept and total > 0:
                mean = np.asarray(X.T @ column).ravel() / total
            self.mean_x[:, tasks] = mean[:, None]
            self.curvature[:, tasks] = weighted_variance(X, column, mean)[:, None]
        self.mean_y = np.zeros(T)
        if fit_intercept:
            self.mean_y = self._task_mean(y)
            self.mean_y = self.mean_y + self._task_mean(y - design.spread(self.mean_y))
        self.y = np.where(weight > 0, y - design.spread(self.mean_y), 0.0)
        self.yy = float(np.sum(weight * self.y**2))
        self.row_cost = self.y.size

    def _task_mean(self, y):
        total = np.where(self._task_weight > 0, self._task_weight, 1.0)
        return self.design.task_sum(self.weight * y) / total

    def evaluate(self, W):
        offset = self.design.spread(np.einsum("jt,jt->t", self.mean_x, W))
        r = self.y - (self.design.forward(W) - offset)
        wr = self.weight * r
        correlation = self.design.adjoint(wr) - self.mean_x * self.design.task_sum(wr)
        return Evaluation(correlation, float(np.vdot(wr, r)), float(np.vdot(wr, self.y)), r)

    def gram_block(self, k, rows):
        X, column, tasks = self._groups[k]
        return weighted_gram(X[:, rows], column, self.mean_x[rows, tasks[0]])

    def lipschitz(self):
        return self.ridge + max(
            _largest_eigenvalue(X, column, self.mean_x[:, tasks[0]])
            for X, column, tasks in self._groups
        )

    def descend(self, W, start, rows, row_weights, positive, n_sweeps, tol):
        shared = isinstance(self.design, SharedDesign)
        n = self.design.X.shape[0]
        T = self.design.n_tasks
        if shared:  # flat arrays, task after task
            first_row, ptr = np.zeros(T, dtype=np.intp), np.arange(T + 1) * n
            first_weight = ptr[:-1] if self.weight.shape[1] == T else first_row
        else:
            first_row, ptr = self.design.ptr[:-1], self.design.ptr
            first_weight = first_row
        r = start.residual.ravel(order="F").copy()
        weight = self.weight.ravel(order="F")
        rest = (self.mean_x, self.curvature, self.ridge, row_weights, positive, rows, r, W)
        if sparse.issparse(self.design.X):
            X = self.design.X
            totals = np.ascontiguousarray(self._task_weight, dtype=float)
            layout = (first_row, ptr, weight, first_weight, totals)
            return _kernels.sweep_sparse(X.data, X.indices, X.indptr, *layout, *rest, n_sweeps, tol)
        self.design.X = np.asfortranarray(self.design.X)  # copied at most once
        return _kernels.sweep_dense(
            self.design.X, first_row, ptr, weight, first_weight, *rest, n_sweeps, tol
        )


class GramForm(SquaredDatafit):
    """The loss through second moments only; costs nothing in the number of rows once built."""

    def __init__(self, source):
        """From a :class:`ResidualForm`, whose rows are read once."""
        super().__init__()
        self.blocks, self.mean_x, self.mean_y = source.blocks, source.mean_x, source.mean_y
        self.yy = source.yy
        self.row_cost = source.mean_x.size
        zero = np.zeros_like(source.mean_x)
        self.q = source.evaluate(zero).correlation
        everything = np.arange(len(zero))
        self.grams = np.stack([source.gram_block(k, everything) for k in range(len(self.blocks))])
        self.block_of_task = np.empty(zero.shape[1], dtype=np.intp)
        for k, tasks in enumerate(self.blocks):
            self.block_of_task[tasks] = k
        diagonals = np.einsum("kjj->jk", self.grams)
        self.curvature = np.ascontiguousarray(diagonals[:, self.block_of_task])

    def evaluate(self, W):
        H = np.empty_like(self.q)
        for G, tasks in zip(self.grams, self.blocks, strict=True):
            H[:, tasks] = self.q[:, tasks] - G @ W[:, tasks]
        qW = float(np.vdot(self.q, W))
        rr = max(self.yy - qW - float(np.vdot(H, W)), 0.0)
        return Evaluation(H, rr, self.yy - qW)

    def gram_block(self, k, rows):
        return self.grams[k][np.ix_(rows, rows)]

    def lipschitz(self):
        return self.ridge + max(_top_eigenvalue(G) for G in self.grams)

    def descend(self, W, start, rows, row_weights, positive, n_sweeps, tol):
        H = np.ascontiguousarray(start.correlation.T)
        rest = (self.curvature, self.ridge, row_weights, positive, rows, H, W)
        return _kernels.sweep_gram(self.grams, self.block_of_task, *rest, n_sweeps, tol)


def squared_datafit(design, y, weight, *, fit_intercept=True, form="auto"):
    """The squared loss in the form that suits its size: the one place that chooses.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
    y : ndarray
        Targets in the shape of the design's predictions; ignored where the weight is 0.
    weight : ndarray
        Scaled weights `omega_t s_ti / nbar` that broadcast against y.
    fit_intercept : bool, default=True
        Profile out one intercept per task.
    form : {"auto", "gram", "residual"}, default="auto"
        "auto" takes the Gram form when tasks have more rows than features (and sparse X twenty
        times more) and the Grams fit in 256 MiB.
    """
    rows = ResidualForm(design, y, weight, fit_intercept=fit_intercept)
    if form == "auto":
        p = design.n_features
        labelled = np.count_nonzero(np.broadcast_to(weight, y.shape)) / design.n_tasks
        factor = 20 if sparse.issparse(design.X) else 1
        small = len(rows.blocks) * p**2 <= _GRAM_FLOATS
        form = "gram" if small and labelled > factor * p else "residual"
    return GramForm(rows) if form == "gram" else rows


def _top_eigenvalue(G):
    n = len(G)
    return float(eigh(G, eigvals_only=True, subset_by_index=[n - 1, n - 1])[0])


def _largest_eigenvalue(X, weight, mean):
    """Largest eigenvalue of the centred Gram of one block, through its smaller side."""
    if X.shape[1] <= X.shape[0]:
        return _top_eigenvalue(weighted_gram(X, weight, mean))
    Xm = X @ mean
    K = X @ X.T
    K = (K.toarray() if sparse.issparse(K) else K) - Xm[:, None] - Xm[None, :] + mean @ mean
    root = np.sqrt(weight)
    return _top_eigenvalue(K * root[:, None] * root[None, :])
