"""The squared loss through second moments."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from skmtl import _kernels
from skmtl._threads import threads_for_factorization
from skmtl.datafits._elimination import Elimination
from skmtl.datafits._linear_algebra import block_of_task, eigen, inner, positive_part
from skmtl.datafits._shifted_solvers import (
    LastSolver,
    ShiftedInverses,
    ShiftedSpectra,
    are_low_rank,
    multiply_blocks,
    prefers_blocks,
)
from skmtl.datafits._squared import Evaluation, SquaredDatafit
from skmtl.datafits._task_bases import TaskBases

_MANY = 48  # features, from which spectra may serve better than inverse matrices
_SHIFTS = 6  # inverse matrices that take as long as spectra
_ALIKE = 1e8  # ratio of the curvatures of features whose spectra lose no digits that matter


@dataclass
class _Cache:
    """What was computed of a Gram form and does not depend on its ridge.

    Attributes
    ----------
    ordered : ndarray of shape (n_grams, n_features, n_features)
        The Grams, blocks first.
    low_rank : bool
        Whether ranks are low.
    largest : float
        The largest eigenvalue.
    solvers : LastSolver
        The last shifted solver.
    """

    ordered: np.ndarray | None = None
    low_rank: bool | None = None
    largest: float | None = None
    solvers: LastSolver = field(default_factory=LastSolver)


class GramForm(SquaredDatafit):
    """The loss through second moments only; the number of samples costs nothing.

    Parameters
    ----------
    grams : ndarray of shape (n_features, n_features, n_grams), C-ordered
        One Gram for all tasks or one for each block.
    q : ndarray of shape (n_features, n_tasks)
        Correlation of the features with the centered targets, `X_t' D_t y_t`.
    yy : float
        `<y, D y>` of the centered targets.
    blocks, mean_x, mean_y, task_total
        As in :class:`SquaredDatafit`.
    """

    is_gram = True

    def __init__(
        self,
        grams,
        q,
        yy,
        blocks,
        mean_x,
        mean_y,
        task_total=None,
    ):
        super().__init__()
        self.grams = grams
        self.q = q
        self.yy = float(yy)
        self.blocks = blocks
        self.mean_x = mean_x
        self.mean_y = mean_y
        self.task_total = task_total
        self.first_set = len(q)
        self.largest_set = len(q)
        self._cache = _Cache()  # shared by the copies of with_ridge

    @classmethod
    def from_statistics(cls, statistics, scale, *, fit_intercept=True):
        """The loss from :class:`SufficientStatistics`.

        Parameters
        ----------
        statistics : SufficientStatistics
            About any origins with intercepts, about zero without.
        scale : ndarray of shape (n_tasks,)
            Factor of the weights of each task.
        fit_intercept : bool, default=True
            Whether to profile out one intercept per task.

        Returns
        -------
        GramForm
        """
        if fit_intercept:
            statistics, mean_x, mean_y = statistics.centered()
        else:
            mean_x = np.zeros(statistics.xy.T.shape)
            mean_y = np.zeros(statistics.yy.shape)
        blocks = statistics.blocks
        xx = statistics.xx
        first = np.array([tasks[0] for tasks in blocks])
        shared = scale[first]  # of the tasks of a block
        if (statistics.per_task(shared) == scale).all():
            factor = shared
        else:
            xx = statistics.per_task(xx)
            factor = scale
            blocks = list(np.arange(len(scale))[:, None])
        grams = (xx * factor[:, None, None]).transpose(1, 2, 0)
        return cls(
            np.ascontiguousarray(grams),
            np.ascontiguousarray(statistics.xy * scale),
            max(statistics.yy @ scale, 0.0),
            blocks,
            mean_x.T,
            mean_y,
            statistics.task_total * scale,
        )

    @cached_property
    def block_of_task(self):
        """The index of each task's Gram, (n_tasks,)."""
        return block_of_task(self.blocks)

    @cached_property
    def curvature(self):
        """Diagonals of the tasks' Grams, (n_features, n_tasks)."""
        diagonals = np.einsum("jjk->jk", self.grams)
        return np.ascontiguousarray(diagonals[:, self.block_of_task])

    def evaluate(self, W):
        correlation = self.q - self._product(W)
        ry = self.yy - inner(self.q, W)
        rr = ry - inner(correlation, W)
        return Evaluation(correlation, max(rr, 0.0), ry)

    def _product(self, W):
        """`Q_t w_t` of every task."""
        features = np.flatnonzero(W.any(axis=1))
        if prefers_blocks(self.grams) and 2 * len(features) > len(W):
            return multiply_blocks(self._ordered_grams, self.blocks, W)
        if len(self.blocks) == 1:
            return self.grams[:, features, 0] @ W[features]
        out = np.zeros(W.shape)
        W = np.ascontiguousarray(W)
        _kernels.subtract_product(self.grams, self.block_of_task, features, W, out)
        return -out

    @property
    def _ordered_grams(self):
        """A copy of the Grams with the blocks first; a view if there is one block."""
        cache = self._cache
        if cache.ordered is None:
            cache.ordered = np.ascontiguousarray(np.moveaxis(self.grams, 2, 0))
        return cache.ordered

    def restrict(self, features):
        grams = self.grams[np.ix_(features, features)]
        local = GramForm(
            np.ascontiguousarray(grams),
            self.q[features],
            self.yy,
            self.blocks,
            self.mean_x[features],
            self.mean_y,
        )
        return local.with_ridge(self.ridge)

    def eliminate(self, features):
        """The loss minimized over these features of W, as a function of the others.

        Parameters
        ----------
        features : ndarray of int
            Features to minimize over.

        Returns
        -------
        (GramForm, callable)
            The function gives these features of W from the others.
        """
        others = np.setdiff1d(np.arange(len(self.q)), features)
        local = self.restrict(others)
        eliminations = []
        for k, spectrum in enumerate(self._spectra_of_features(features)):
            _, root = self._roots(*spectrum)
            tasks = self.blocks[k]
            elimination = Elimination(
                tasks=tasks,
                root=root,
                across=self.grams[:, :, k][np.ix_(features, others)],
                q=self.q[np.ix_(features, tasks)],
            )
            elimination.reduce(local, k)
            eliminations.append(elimination)
        local.yy = max(local.yy, 0.0)

        def features_of(W):
            found = np.empty((len(features), W.shape[1]))
            for elimination in eliminations:
                found[:, elimination.tasks] = elimination.minimum(W)
            return found

        return local, features_of

    def of_single_tasks(self):
        """The same loss with a Gram of its own for every task."""
        n_tasks = self.shape[1]
        if len(self.blocks) == n_tasks:
            return self
        single = GramForm(
            np.take(self.grams, self.block_of_task, axis=2),  # C-ordered, as an index is not
            self.q,
            self.yy,
            list(np.arange(n_tasks)[:, None]),
            self.mean_x,
            self.mean_y,
        )
        return single.with_ridge(self.ridge)

    def mean_gram(self):
        """The mean Gram of the tasks, (n_features, n_features)."""
        counts = np.bincount(self.block_of_task, minlength=len(self.blocks))
        return self.grams @ (counts / self.shape[1])

    def mean_spectrum(self):
        """Eigenvalues and eigenvectors of :meth:`mean_gram`."""
        cache = self._spectra_cache
        if cache.mean is None:
            cache.mean = eigen(self.mean_gram())
        return cache.mean

    def gram_block(self, k, features):
        return self.grams[:, :, k][np.ix_(features, features)]

    def shifted_solver(self, shift):
        """A function of B as in :meth:`shifted_solve`; the shift is positive, (n_grams,) or one.

        The last one is kept. It takes inverse matrices; where many features have several Grams it
        takes spectra, which serve all shifts, if ranks are low or many shifts have been asked for.
        """
        return self._cache.solvers.get(shift, self._make_shifted_solver)

    def _make_shifted_solver(self, shift):
        if len(self.blocks) > 1 and self._can_use_spectra:
            cache = self._cache
            if cache.low_rank is None:
                cache.low_rank = are_low_rank(self.grams)
            if cache.low_rank or cache.solvers.n_made >= _SHIFTS:
                return ShiftedSpectra(self, shift)
        return self.shifted_inverses(shift)

    def shifted_inverses(self, shift):
        """A :class:`ShiftedInverses`; the shift is positive, (n_grams,) or one."""
        return ShiftedInverses(self, shift)

    @property
    def _can_use_spectra(self):
        """Whether features are many and of scales so alike that spectra lose no digits."""
        if len(self.q) < _MANY:
            return False
        scales = self.curvature[self.curvature > 0]
        return len(scales) > 0 and scales.max() <= _ALIKE * scales.min()

    def padded_spectra(self):
        """Eigenvalues (n_grams, rank) and vectors (n_grams, n_features, rank), padded by zeros."""
        cache = self._spectra_cache
        if cache.padded is None:
            spectra = self.spectra()
            rank = max(len(values) for values, _ in spectra)
            all_values = np.zeros((len(spectra), rank))
            all_vectors = np.zeros((len(spectra), len(self.q), rank))
            for k, (values, V) in enumerate(spectra):
                all_values[k, : len(values)] = values
                all_vectors[k, :, : len(values)] = V
            cache.padded = all_values, all_vectors
        return cache.padded

    def task_bases(self):
        """The :class:`TaskBases` of the Grams."""
        cache = self._spectra_cache
        if cache.bases is None:
            cache.bases = TaskBases(self)
        return cache.bases

    def _compute_spectra(self):
        with threads_for_factorization(len(self.grams)):
            values, vectors = np.linalg.eigh(np.moveaxis(self.grams, 2, 0))
        return [positive_part(e, V) for e, V in zip(values, vectors, strict=True)]

    def lipschitz(self):
        cache = self._cache
        if cache.largest is None:
            values = np.linalg.eigvalsh(np.moveaxis(self.grams, 2, 0))
            cache.largest = float(values[:, -1].max())
        return self.ridge + cache.largest
