"""Squared loss of a design: `1/2 sum_i weight_i (y_i - (A W)_i - b_t)^2 + ridge/2 ||W||_F^2`.

The intercept b of every task is profiled out by centering with the weighted means of the task, so
it is never a row of W and no penalty sees it. Two forms with the same methods, so that solvers do
not know which they hold: `ResidualForm` touches the rows, `GramForm` only
`Q_t = X_t' D_t X_t`, `q_t = X_t' D_t y_t` and `y' D y`.
"""

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import nnls


@dataclass
class Evaluation:
    """What a certificate needs of the loss at W, the ridge apart.

    `correlation` is `A' D r`, minus the gradient, (n_features, n_tasks); `rr` and `ry` are
    `<r, D r>` and `<r, D y>` for the residual r and the centered y.
    """

    correlation: np.ndarray
    rr: float
    ry: float
    residual: np.ndarray | None = None  # of y's shape; None in Gram form


class SquaredDatafit(ABC):
    """What both forms share. Attributes:

    mean_x : (n_features, n_tasks), mean_y : (n_tasks,)
        Weighted means of each task; zeros without intercepts.
    blocks : list of (tasks,) index arrays
        Tasks of one block share their Gram.
    yy : float
        `<y, D y>` of the centered y.
    first_set : int
        Rows that are best looked at together at first.
    largest_set : int
        More of them than this had better be all.
    """

    def __init__(self):
        self.ridge = 0.0
        self._known_spectra = {}  # shared by the copies of with_ridge

    @abstractmethod
    def evaluate(self, W):
        """:class:`Evaluation` of the loss at W."""

    @abstractmethod
    def restrict(self, rows):
        """The loss as a function of these rows of W alone, the others zero."""

    @abstractmethod
    def gram_block(self, k, rows):
        """Rows and columns `rows` of the Gram of block k."""

    @abstractmethod
    def lipschitz(self):
        """Lipschitz constant of the gradient, ridge included."""

    def value(self, W):
        """Loss with its ridge at W."""
        return 0.5 * self.evaluate(W).rr + 0.5 * self.ridge * float(np.vdot(W, W))

    def gradient(self, W):
        """Gradient of :meth:`value`, (n_features, n_tasks)."""
        return self.ridge * W - self.evaluate(W).correlation

    def intercepts(self, W):
        """The optimal intercept of each task at W, (n_tasks,)."""
        return self.mean_y - np.einsum("jt,jt->t", self.mean_x, W)

    @abstractmethod
    def spectra(self):
        """For each block eigenvalues (r,) > 0 and eigenvectors (n_features, r) of its Gram."""

    @property
    def shape(self):
        """(n_features, n_tasks), that of W."""
        return self.mean_x.shape

    @property
    def mean_curvature(self):
        """Mean over features and tasks of the curvature of the loss."""
        return float(self.curvature.mean())

    def shifted_solve(self, B, shift):
        """`(Q_t + shift_t I)^-1 b_t` for every task, Q_t its Gram: (n_features, n_tasks).

        Where the shift, a number or (n_tasks,), is 0, the solution of least norm.
        """
        out, shift = np.empty_like(B), np.broadcast_to(shift, B.shape[1:])
        for tasks, (values, V) in zip(self.blocks, self.spectra(), strict=True):
            c, b = shift[tasks], B[:, tasks]
            within = V.T @ b
            out[:, tasks] = V @ (within / (values[:, None] + c))
            if V.shape[1] < len(V):
                at = np.divide(1.0, c, out=np.zeros_like(c), where=c > 0)  # off the span of V
                out[:, tasks] += at * (b - V @ within)
        return out

    def with_ridge(self, ridge):
        """The same loss with another ridge; shares all arrays."""
        other = copy.copy(self)
        other.ridge = float(ridge)
        return other

    def minimize_features(self, W, rows, positive=False):
        """W with its `rows` at their exact optimum, the others kept; a new array.

        With `positive` W itself where that is better: `nnls` may stop short of the optimum.
        """
        if len(rows) == 0:
            return W.copy()
        before, W = W, W.copy()
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
        return before.copy() if positive and self.value(W) > self.value(before) else W

    def _spectra(self, rows):
        """Eigenvalues and eigenvectors of each block's Gram over `rows`, computed once."""
        key = rows.tobytes()
        if key not in self._known_spectra:
            self._known_spectra[key] = [
                eigh(self.gram_block(k, rows)) for k in range(len(self.blocks))
            ]
        return self._known_spectra[key]
