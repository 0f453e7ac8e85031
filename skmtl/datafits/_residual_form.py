"""The squared loss on the samples."""

import copy
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import qr

from skmtl._data.designs import SharedDesign
from skmtl._data.gram_products import weighted_gram, weighted_variance
from skmtl.datafits import _gram_budget
from skmtl.datafits._descent import BlockSweeps, sweep, sweeps_by_blocks
from skmtl.datafits._gram_cache import GramCache
from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._linear_algebra import centered_spectrum, inner, largest_eigenvalue
from skmtl.datafits._squared import Evaluation, SpectraCache, SquaredDatafit

_SPARE = 1.2  # times as many tasks as samples, for which other coordinates pay
_DENSE_FLOATS = 2**26  # of a sparse X that may be made dense


@dataclass
class _Cache:
    """What was computed of a residual form and does not depend on its ridge.

    Attributes
    ----------
    W, evaluation : ndarray, Evaluation
        Where the loss was last evaluated, and the result.
    grams : GramCache
        Grams of working sets.
    null_correlation : ndarray of shape (n_features, n_tasks)
        Correlation of the features with the targets.
    curvature : ndarray of shape (n_features, n_tasks)
        Centered weighted sums of squares of the features.
    rotated : tuple
        What :meth:`ResidualForm.rotated` returns.
    rooted_groups : list
        Centered samples and targets of each block, times the roots of their weights.
    features, restricted : ndarray of int, ResidualForm
        The last features that were restricted to, and the form of these alone.
    block_sweeps : BlockSweeps
        Centered data and Grams of blocks of features.
    largest : float
        The largest eigenvalue of a Gram.
    """

    W: np.ndarray | None = None
    evaluation: Evaluation | None = None
    grams: GramCache | None = None
    null_correlation: np.ndarray | None = None
    curvature: np.ndarray | None = None
    rotated: tuple | None = None
    rooted_groups: list | None = None
    features: np.ndarray | None = None
    restricted: "ResidualForm | None" = None
    block_sweeps: BlockSweeps | None = None
    largest: float | None = None


class ResidualForm(SquaredDatafit):
    """The loss on the samples themselves; dense X in any order or CSC.

    X is copied only for its order, or where the means of a dense X are so large beside its spread
    that digits would cancel.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
        The samples, in double precision.
    y : ndarray
        Targets in the shape of the design's predictions; ignored where the weight is 0.
    weight : ndarray
        Weights that broadcast against y.
    fit_intercept : bool, default=True
        Whether to profile out one intercept per task.
    """

    def __init__(self, design, y, weight, *, fit_intercept=True):
        super().__init__()
        n_features = design.n_features
        self.weight = weight
        self.task_total = design.task_sum(weight)
        self._hold(design)
        self.blocks = [tasks for *_, tasks in self.groups]
        self.first_set = n_features
        if not self.is_sparse:
            self.first_set = _gram_budget.first_set(design)
        self.largest_set = n_features
        if n_features <= _gram_budget.many_features(design, weight):
            self.largest_set = n_features // 2
        self.mean_x = np.zeros((n_features, design.n_tasks))
        self.mean_y = np.zeros(design.n_tasks)
        self.center = self.mean_x  # means of the design that is held, mean_x those of the user's
        self.is_centered = fit_intercept
        if fit_intercept:
            self._center_design()
            y = self._center_targets(y)
        self.y = y if (weight > 0).all() else np.where(weight > 0, y, 0.0)
        self.yy = inner(weight * self.y, self.y)
        self._cache = _Cache()  # shared by the copies of with_ridge

    def _hold(self, design):
        self.design = design
        self.groups = design.blocks(self.weight)

    def _center_design(self):
        """Set the means; shift a copy of the design where they are large."""
        self.mean_x = self._means()
        self.center = self.mean_x
        if self.design.is_offset(self.mean_x):
            self._hold(self.design.shifted(self.mean_x))
            self.center = self._means()

    def _center_targets(self, y):
        """The targets less their means, which are computed twice to the last digit."""
        first = self._task_mean(y)
        rest = self._task_mean(y - self.design.spread(first))
        self.mean_y = first + rest
        return y - self.design.spread(self.mean_y)

    def _means(self):
        """Weighted means of the features in each task, (n_features, n_tasks)."""
        total = np.where(self.task_total > 0, self.task_total, 1.0)
        return self.design.adjoint(self.weight) / total

    def _task_mean(self, y):
        total = np.where(self.task_total > 0, self.task_total, 1.0)
        return self.design.task_sum(self.weight * y) / total

    def centered_group(self, k):
        """X, weights and means of the features of block k."""
        X, weight, tasks = self.groups[k]
        return X, weight, self.center[:, tasks[0]]

    def rooted_groups(self):
        """Centered samples and targets of each block, times the roots of their weights."""
        if self._cache.rooted_groups is None:
            rooted = []
            for tasks, (X, weight, mean) in zip(self.blocks, self.centered_groups(), strict=True):
                root = np.sqrt(weight)[:, None]
                A = np.asfortranarray((X - mean) * root)
                rooted.append((A, root * self.design.values_of_block(self.y, tasks)))
            self._cache.rooted_groups = rooted
        return self._cache.rooted_groups

    def centered_groups(self):
        n_blocks = len(self.blocks)
        return [self.centered_group(k) for k in range(n_blocks)]

    @property
    def is_sparse(self):
        return sparse.issparse(self.design.X)

    @property
    def passes_by_zeros(self):
        """Whether later sweeps visit only features that are not zero: sparse X of all tasks."""
        return self.is_sparse and isinstance(self.design, SharedDesign)

    @property
    def is_factorable(self):
        if not self.is_sparse:
            return True
        n_samples, n_features = self.design.X.shape
        return n_samples * n_features <= _DENSE_FLOATS

    def evaluate(self, W):
        """The last result is kept: solutions along a path start where the one before ended."""
        cache = self._cache
        if cache.W is not None and np.array_equal(W, cache.W):
            return cache.evaluation
        r = self.design.forward(W)
        np.subtract(self.y, r, out=r)
        if self.is_centered:
            offset = np.einsum("jt,jt->t", self.center, W)
            r += self.design.spread(offset)
        scale, wr = self._weighted(r)
        correlation = self.design.adjoint(wr)
        if self.is_centered:
            correlation -= self.center * self.design.task_sum(wr)
        correlation *= scale
        rr = scale * inner(wr, r)
        ry = scale * inner(wr, self.y)
        if cache.null_correlation is None and not W.any():
            cache.null_correlation = correlation
        cache.W = W.copy()
        cache.evaluation = Evaluation(correlation, rr, ry, r)
        return cache.evaluation

    def _weighted(self, r):
        """A number and an array, whose product is r with weights: r itself if these are alike."""
        first = self.weight.flat[0]
        if (self.weight == first).all():
            return first, r
        return 1.0, self.weight * r

    def restrict(self, features):
        """In Gram form while the Gram is smaller than the columns that it replaces.

        Else the columns alone, or None where they are best left where they are.
        """
        n_blocks = len(self.blocks)
        if _gram_budget.worth_a_gram(self.design, len(features), n_blocks):
            local = self._restricted_gram(features)
            return local.with_ridge(self.ridge)
        if sweeps_by_blocks(self):
            return self.columns(features)
        return None

    @property
    def q(self):
        """Correlation of the features with the centered targets, (n_features, n_tasks)."""
        if self._cache.null_correlation is None:
            self.evaluate(np.zeros_like(self.center))
        return self._cache.null_correlation

    def _restricted_gram(self, features):
        cache = self._cache
        if cache.grams is None:
            cache.grams = GramCache(self.centered_groups(), len(self.center))
        return GramForm(
            cache.grams.get(features),
            self.q[features],
            self.yy,
            self.blocks,
            self.mean_x[features],
            self.mean_y,
        )

    def columns(self, features):
        """The residual form of these features alone."""
        cache = self._cache
        if cache.features is None or not np.array_equal(cache.features, features):
            local = copy.copy(self)
            local._hold(self.design.columns(features))
            local.mean_x = self.mean_x[features]
            local.center = self.center[features]
            local._spectra_cache = SpectraCache()
            local._cache = _Cache()
            if cache.null_correlation is not None:
                local._cache.null_correlation = cache.null_correlation[features]
            cache.features = features
            cache.restricted = local
        return cache.restricted.with_ridge(self.ridge)

    @property
    def has_spare_tasks(self):
        """Whether there are more tasks than samples, which all tasks share and weigh alike."""
        if not isinstance(self.design, SharedDesign) or len(self.blocks) > 1:
            return False
        n_samples, n_tasks = self.y.shape
        return n_tasks > _SPARE * n_samples

    def rotated(self):
        """The loss in other coordinates of the tasks, as many as samples.

        Returns the form and Q (n_tasks, n_samples) with orthonormal columns. Norms of features and
        the loss are the same at W and W Q if the rows of W are combinations of those of Y, as they
        are at the minimum.
        """
        if self._cache.rotated is None:
            Q, R = qr(self.y.T, mode="economic", check_finite=False)
            n_new = Q.shape[1]
            other = copy.copy(self)
            other.y = np.ascontiguousarray(R.T)
            other._hold(SharedDesign(self.design.X, n_new))
            other.blocks = [np.arange(n_new)]
            other.task_total = self.task_total[:n_new]
            other.mean_x = self.mean_x[:, :n_new]
            other.center = self.center[:, :n_new]
            other.mean_y = np.zeros(n_new)
            other._spectra_cache = SpectraCache()
            other._cache = _Cache()
            self._cache.rotated = other, Q
        form, Q = self._cache.rotated
        return form.with_ridge(self.ridge), Q

    def _compute_spectra(self):
        return [centered_spectrum(*group) for group in self.centered_groups()]

    def gram_block(self, k, features):
        return weighted_gram(*self.centered_group(k), features)

    def lipschitz(self):
        cache = self._cache
        if cache.largest is None:
            cache.largest = max(largest_eigenvalue(*group) for group in self.centered_groups())
        return self.ridge + cache.largest

    @property
    def curvature(self):
        """Centered weighted sums of squares of the features, (n_features, n_tasks)."""
        if self._cache.curvature is None:
            curvature = np.empty_like(self.center)
            for tasks, group in zip(self.blocks, self.centered_groups(), strict=True):
                variance = weighted_variance(*group)
                curvature[:, tasks] = variance[:, None]
            self._cache.curvature = curvature
        return self._cache.curvature

    def descend(
        self,
        W,
        order,
        group_weights,
        positive,
        n_sweeps,
        history,
        n_whole,
        enough,
    ):
        """Sweeps of exact block updates over features, W in place.

        Parameters
        ----------
        W : ndarray of shape (n_features, n_tasks), C-ordered
            Coefficients; changed.
        order : ndarray of int
            Features in the order of their visits.
        group_weights : ndarray of shape (n_features,)
            Strength of the norm of each feature.
        positive : bool
            Whether W is constrained to be at least 0.
        n_sweeps : int
            Largest number of sweeps.
        history : ndarray of shape (n_slots, len(order), n_tasks)
            Slot ``s % n_slots`` takes these features of W after sweep s.
        n_whole, enough : int, float
            Where :attr:`passes_by_zeros`, sweeps after the first `n_whole` pass by the features
            that are zero, and end with one that lowers the objective by about `enough` or less.

        Returns
        -------
        int
            In how many sweeps something moved; they end with the first in which nothing did.
        """
        if not sweeps_by_blocks(self):
            return sweep(
                self,
                W,
                order,
                group_weights,
                positive,
                n_sweeps,
                history,
                n_whole,
                enough,
            )
        if self._cache.block_sweeps is None:
            self._cache.block_sweeps = BlockSweeps(self)
        blocks = self._cache.block_sweeps
        return blocks.run(
            self,
            W,
            order,
            group_weights,
            positive,
            n_sweeps,
            history,
        )
