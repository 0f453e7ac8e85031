"""Squared loss of a design: `1/2 sum_i weight_i (y_i - (A W)_i - b_t)^2 + ridge/2 ||W||_F^2`.

The intercept b of every task is profiled out by centering with the weighted means of the task, so
it is not a part of W and no penalty sees it. There are two forms with the same methods, so that
solvers do not know which they hold: `ResidualForm` touches the samples, `GramForm` only
`Q_t = X_t' D_t X_t`, `q_t = X_t' D_t y_t` and `y' D y`.
"""

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import nnls

from skmtl.datafits._linear_algebra import ROUNDING, inner, unit_sizes


@dataclass
class Evaluation:
    """What a certificate needs of the loss at W, the ridge apart.

    Attributes
    ----------
    correlation : ndarray of shape (n_features, n_tasks)
        `A' D r`, minus the gradient, r being the residual.
    rr, ry : float
        `<r, D r>` and `<r, D y>` with the centered y.
    residual : ndarray or None, default=None
        r, of y's shape; None in Gram form.
    """

    correlation: np.ndarray
    rr: float
    ry: float
    residual: np.ndarray | None = None

    def descent(self, ridge, W):
        """Minus the gradient of the loss with this ridge at W, (n_features, n_tasks)."""
        return self.correlation - ridge * W if ridge else self.correlation


@dataclass
class SpectraCache:
    """Eigenvalues and eigenvectors of Grams computed so far; no ridge changes them.

    Attributes
    ----------
    whole : list or None
        Those of each block.
    padded : tuple or None
        The same as two arrays.
    mean : tuple or None
        Those of the mean Gram of the tasks, zeros included.
    bases : TaskBases or None
        The same for many models at a time.
    of_features : dict
        Those of each block over some features, by the bytes of their indices.
    """

    whole: list | None = None
    padded: tuple | None = None
    mean: tuple | None = None
    bases: object = None
    of_features: dict = field(default_factory=dict)


class SquaredDatafit(ABC):
    """What both forms share. Attributes:

    ridge : float
        Strength of the ridge.
    mean_x : ndarray of shape (n_features, n_tasks)
        Weighted means of the features in each task; zeros without intercepts.
    mean_y : ndarray of shape (n_tasks,)
        Weighted means of the targets; zeros without intercepts.
    task_total : ndarray of shape (n_tasks,)
        Weight of every task; None where nobody asks.
    blocks : list of (tasks,) index arrays
        Tasks of one block share their Gram.
    curvature : ndarray of shape (n_features, n_tasks)
        Diagonals of the Grams.
    yy : float
        `<y, D y>` of the centered y.
    first_set : int
        Number of features that are best looked at together at first.
    largest_set : int
        With more features than this a working set had better be all.
    is_gram : bool
        Whether the Grams are stored, so that nothing takes the samples.
    is_sparse : bool
        Whether the data are sparse, so that products cost much less than factors.
    is_factorable : bool
        Whether `spectra` and `shifted_solve` are affordable.
    sample_spectrum : callable or None
        Eigenvalues and eigenvectors of a Gram that those of all tasks are like, but for their
        weights; None where it would not save work.
    has_spare_tasks : bool
        Whether `rotated` has fewer tasks.
    borders : sequence of ndarray of shape (n_features, n_tasks)
        The v by whose squares `<v, W>^2 / 2` the loss is less than that of separate tasks.
    levels : Levels or None
        What shared intercepts add.
    """

    is_gram = False
    is_sparse = False
    is_factorable = True
    has_spare_tasks = False
    borders = ()
    levels = None
    sample_spectrum = None

    def __init__(self):
        self.ridge = 0.0
        self._spectra_cache = SpectraCache()  # shared by the copies of with_ridge

    @abstractmethod
    def evaluate(self, W):
        """:class:`Evaluation` of the loss at W."""

    @abstractmethod
    def restrict(self, features):
        """The loss as a function of these features of W alone, the others zero.

        None where they are best left where they are.
        """

    @abstractmethod
    def gram_block(self, k, features):
        """The Gram of block k over these features."""

    @abstractmethod
    def lipschitz(self):
        """Lipschitz constant of the gradient, ridge included."""

    @abstractmethod
    def _compute_spectra(self):
        """What `spectra` returns."""

    def spectra(self):
        """For each block eigenvalues (r,) > 0 and eigenvectors (n_features, r) of its Gram."""
        if self._spectra_cache.whole is None:
            self._spectra_cache.whole = self._compute_spectra()
        return self._spectra_cache.whole

    def value(self, W):
        """Loss with its ridge at W."""
        rr = self.evaluate(W).rr
        return 0.5 * (rr + self.ridge * inner(W, W))

    def gradient(self, W):
        """Gradient of :meth:`value`, (n_features, n_tasks)."""
        return self.ridge * W - self.evaluate(W).correlation

    def intercepts(self, W):
        """The optimal intercept of each task at W, (n_tasks,)."""
        explained = np.einsum("jt,jt->t", self.mean_x, W)
        return self.mean_y - explained

    @property
    def shape(self):
        """(n_features, n_tasks), that of W."""
        return self.mean_x.shape

    @property
    def mean_curvature(self):
        """Mean over features and tasks of the curvature of the loss."""
        return float(self.curvature.mean())

    @property
    def intercept_curvature(self):
        """Mean over the tasks of the curvature of the loss in an intercept."""
        return float(self.task_total.mean())

    def shifted_solve(self, B, shift):
        """`(Q_t + shift_t I)^-1 b_t` for every task, Q_t its Gram: (n_features, n_tasks).

        The shift is a number or (n_tasks,). Where it is 0, it is the solution of least norm.
        """
        out = np.empty_like(B)
        shift = np.broadcast_to(shift, B.shape[1:])
        for tasks, (values, V) in zip(self.blocks, self.spectra(), strict=True):
            c = shift[tasks]
            b = B[:, tasks]
            within = V.T @ b
            solution = V @ (within / (values[:, None] + c))
            n_features, rank = V.shape
            if rank < n_features:
                inverse = np.divide(1.0, c, out=np.zeros_like(c), where=c > 0)
                solution += inverse * (b - V @ within)
            out[:, tasks] = solution
        return out

    def shifted_solver(self, shift):
        """A function of B that returns :meth:`shifted_solve` of it, for many B."""
        return partial(self.shifted_solve, shift=shift)

    @property
    def separate(self):
        """The loss of tasks that do not meet, which the squares of the borders are taken off."""
        return self

    def with_ridge(self, ridge):
        """The same loss with another ridge, itself if it is the same; shares all arrays."""
        if ridge == self.ridge:
            return self
        other = copy.copy(self)
        other.ridge = float(ridge)
        return other

    def minimize_features(self, W, features, positive=False):
        """W with these features at their exact optimum, the others kept; a new array.

        With `positive` it is W itself where that is better: `nnls` may stop short of the optimum.
        """
        before = W
        W = before.copy()
        if len(features) == 0:
            return W
        minimum = self._block_minimum_positive if positive else self._block_minimum
        correlation = self.evaluate(W).correlation[features]
        spectra = self._spectra_of_features(features)
        for tasks, spectrum in zip(self.blocks, spectra, strict=True):
            here = np.ix_(features, tasks)
            roots = self._roots(*spectrum)
            gradient = self.ridge * W[here] - correlation[:, tasks]
            W[here] = minimum(W[here], gradient, *roots)
        if positive and self.value(W) > self.value(before):
            return before.copy()
        return W

    def _roots(self, sizes, values, vectors):
        """A with `A'A = Q + ridge I` and R with `R R'` its inverse, in directions that are seen."""
        values = values + self.ridge
        rounding = len(values) * ROUNDING
        kept = values > values[-1] * rounding
        scale = np.sqrt(values[kept])
        V = vectors[:, kept]
        known_sizes = np.where(np.isfinite(sizes), sizes, 0.0)
        return (V * scale).T * known_sizes, V / scale / sizes[:, None]

    @staticmethod
    def _block_minimum(W, gradient, A, R):
        return W - R @ (R.T @ gradient)

    @staticmethod
    def _block_minimum_positive(W, gradient, A, R):
        """`argmin 1/2 ||A w||^2 - b' w` over w >= 0 for each task."""
        right = A @ W - R.T @ gradient
        columns = [nnls(A, column)[0] for column in right.T]
        return np.column_stack(columns)

    def _spectra_of_features(self, features):
        """Sizes of the features, and eigenvalues and vectors of each block's Gram of their units.

        Computed once. A ridge is in the units of the features, whose sizes are 1 then.
        """
        known = self._spectra_cache.of_features
        key = (self.ridge > 0, features.tobytes())
        if key not in known:
            spectra = []
            for k in range(len(self.blocks)):
                gram = self.gram_block(k, features)
                sizes = np.ones(len(features)) if self.ridge else unit_sizes(gram)
                spectra.append((sizes, *eigh(gram / np.outer(sizes, sizes))))
            known[key] = spectra
        return known[key]
