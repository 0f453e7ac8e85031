"""The squared loss through second moments."""

from functools import cached_property

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

from skmtl import _kernels
from skmtl.datafits._elimination import Elimination
from skmtl.datafits._linear_algebra import ROUNDING, eigen, inner, positive_part
from skmtl.datafits._squared import Evaluation, SquaredDatafit
from skmtl.datafits._task_bases import TaskBases

_MANY = 48  # features, from which spectra serve better than inverse matrices
_ALIKE = 1e8  # ratio of the curvatures of features whose spectra lose no digits that matter
_TINY = np.finfo(float).tiny


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
        grams = np.moveaxis(xx * factor[:, None, None], 0, 2)
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
        out = np.empty(self.shape[1], dtype=np.intp)
        for k, tasks in enumerate(self.blocks):
            out[tasks] = k
        return out

    @cached_property
    def curvature(self):
        """Diagonals of the tasks' Grams, (n_features, n_tasks)."""
        diagonals = np.einsum("jjk->jk", self.grams)
        return np.ascontiguousarray(diagonals[:, self.block_of_task])

    def evaluate(self, W):
        if len(self.blocks) == 1:
            correlation = self.q - self.grams[:, :, 0] @ W
        else:
            correlation = self.q.copy()
            features = np.flatnonzero(W.any(axis=1))
            W = np.ascontiguousarray(W)
            _kernels.subtract_product(self.grams, self.block_of_task, features, W, correlation)
        ry = self.yy - inner(self.q, W)
        rr = ry - inner(correlation, W)
        return Evaluation(correlation, max(rr, 0.0), ry)

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

        Of many features it takes spectra, which are computed once for all shifts, and whose ranks
        are at most the numbers of samples; of few, or of features whose scales are so different
        that spectra lose digits, inverse matrices.
        """
        if len(self.blocks) == 1 or not self._prefers_spectra:
            return self.shifted_inverses(shift)
        if len(self.blocks) == self.shape[1]:
            return ShiftedSpectra(self, shift)
        of_tasks = np.broadcast_to(shift, len(self.blocks))[self.block_of_task]
        return super().shifted_solver(of_tasks)

    def shifted_inverses(self, shift):
        """A :class:`ShiftedInverses`; the shift is positive, (n_grams,) or one."""
        return ShiftedInverses(self, shift)

    @cached_property
    def _prefers_spectra(self):
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
        values, vectors = np.linalg.eigh(np.moveaxis(self.grams, 2, 0))
        return [positive_part(e, V) for e, V in zip(values, vectors, strict=True)]

    def lipschitz(self):
        values = np.linalg.eigvalsh(np.moveaxis(self.grams, 2, 0))
        return self.ridge + float(values[:, -1].max())


class ShiftedInverses:
    """A function of B (n_features, n_tasks) that returns `(Q_t + shift_t I)^-1 b_t` of every task.

    Parameters
    ----------
    form : GramForm
        Its Grams are the Q_t.
    shift : float or ndarray of shape (n_grams,)
        Positive.

    Attributes
    ----------
    inverses : ndarray of shape (n_features, n_features, n_grams)
        The inverse matrices.
    """

    def __init__(self, form, shift):
        self.block_of_task = form.block_of_task
        self.inverses = _shifted_inverses(form.grams, shift)

    def __call__(self, B):
        if self.inverses.shape[2] == 1:
            return self.inverses[:, :, 0] @ B
        out = np.zeros(B.shape)
        features = np.arange(len(B))
        B = np.ascontiguousarray(B)
        _kernels.subtract_product(self.inverses, self.block_of_task, features, B, out)
        return -out


class ShiftedSpectra:
    """The same function by eigenvalues and eigenvectors, where every task has a Gram of its own.

    With them `(Q + c I)^-1 b = (b - V diag(e / (e + c)) V' b) / c`.

    Parameters
    ----------
    form : GramForm
        Its Grams are the Q_t.
    shift : float or ndarray of shape (n_grams,)
        Positive.
    """

    def __init__(self, form, shift):
        values, self.V = form.padded_spectra()
        shift = np.broadcast_to(shift, len(values))
        shares = values / (values + shift[:, None])
        self.shares = shares[:, :, None]
        self.tasks = np.concatenate(form.blocks)  # in the order of the Grams
        self.shift = shift[form.block_of_task]

    def __call__(self, B):
        b = B.T[self.tasks, :, None]
        within = np.matmul(self.V.transpose(0, 2, 1), b)
        ordered = np.matmul(self.V, self.shares * within)
        explained = np.empty(B.shape)
        explained[:, self.tasks] = ordered[:, :, 0].T
        return (B - explained) / self.shift


def _shifted_inverses(grams, shift):
    out = np.empty_like(grams)
    n_grams = grams.shape[2]
    # A copy, since numba would compile a second kernel for views, which are read-only.
    shift = np.array(np.broadcast_to(shift, (n_grams,)), dtype=float)
    if n_grams > 1:
        _kernels.shifted_inverses(grams, shift, out)
    else:
        out[:, :, 0] = _inverse(grams[:, :, 0], shift[0])
    finite = np.isfinite(out).all(axis=(0, 1))
    for k in np.flatnonzero(~finite):
        out[:, :, k] = _inverse(grams[:, :, k], shift[k])
    return out


def _inverse(gram, shift):
    """The inverse of a shifted Gram; eigenvalues that are rounding errors count as such."""
    identity = np.eye(len(gram))
    matrix = gram + shift * identity
    try:  # Cholesky factors do not mind features of different scales
        factor = cho_factor(matrix, lower=True)
        return cho_solve(factor, identity)
    except LinAlgError:
        values, V = eigh(matrix)
        least = len(gram) * ROUNDING * max(values[-1], _TINY)
        return (V / np.maximum(values, least)) @ V.T
