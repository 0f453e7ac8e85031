"""What one round over partitions tells of a likelihood at a point."""

import numpy as np

from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._partitioned_correction import corrected
from skmtl.datafits._partitioned_sums import conjugate_sums
from skmtl.datafits._shared_intercepts import with_shared_intercepts
from skmtl.datafits._sufficient_statistics import SufficientStatistics


class PartitionedPoint:
    """A W with intercepts, and what one round told of the likelihood there.

    Attributes
    ----------
    W : ndarray of shape (n_features, n_columns)
        The coefficients.
    b : ndarray of shape (n_columns,)
        The intercepts of features less the origins of the setup.
    value : float
        The likelihood, and the pull of the intercepts if there is one.
    values : ndarray
        The same at the steps of the search that led here.
    """

    def __init__(self, likelihood, W, b, value=None, values=None, sums=None):
        self.likelihood = likelihood
        self.W = W
        self.b = b
        self.value = value
        self.values = values
        if sums is None:
            return
        self.slopes, self.slope_sizes, gradients, rooms, *self.curvatures = sums
        setup = likelihood.setup
        self.gradients = gradients + likelihood.shift * self.slopes  # at given levels
        shift = likelihood.setup.origin - likelihood.center[:, np.cumsum(setup.sizes) - 1].T
        rooms = rooms.copy()
        rooms[:, :, :-1] += np.einsum("tj,tkcf->tkjcf", shift, rooms[:, :, -1])
        self.rooms = rooms
        self._corrected = None
        self._bounds = {}

    @property
    def model(self):
        """W and b."""
        return self.W, self.b

    @property
    def corrected(self):
        """The gradients as a dual point has them (:class:`Corrected`)."""
        if self._corrected is None:
            self._corrected = corrected(self)
        return self._corrected

    @property
    def arrived(self):
        """Whether the corrected gradients add up to what they must."""
        return self.corrected.is_feasible

    @property
    def slope_residual(self):
        """Norm of the gradient with respect to the intercepts, relative to its terms' sizes."""
        f = self.likelihood
        if not f.fit_intercept:
            return 0.0
        slopes = self.slopes
        sizes = self.slope_sizes
        if f.pull is not None:
            slopes = slopes + f.pull.gradient(f.levels(*self.model))
            if np.isinf(f.pull.strength):
                slopes = f.pull.by_task(slopes).sum(axis=0)
                sizes = f.pull.by_task(sizes).sum(axis=0)
        return float(np.linalg.norm(slopes) / (np.linalg.norm(sizes) or 1.0))

    @property
    def correlation(self):
        """Minus the corrected gradient with respect to W, (n_features, n_columns)."""
        return -self.corrected.gradients

    def bound(self, scale):
        """As :meth:`Point.bound`, of the corrected gradients: one round for every new scale.

        The round tells the bound of the gradients as they are as well.
        """
        if not self.arrived:
            return -np.inf
        if scale not in self._bounds:
            f = self.likelihood
            scales = np.unique([scale, 1.0])
            (sums,) = f.parts.sum(
                conjugate_sums, f.setup, self.model, self.corrected.change, scales
            )
            for one, conjugate in zip(scales, sums, strict=True):
                if f.pull is not None:
                    conjugate = conjugate + f.pull.conjugate(one * self.corrected.slopes)
                self._bounds[float(one)] = -float(conjugate)
        return self._bounds[scale]

    def quadratic(self):
        """The squared loss with the same gradient and curvature."""
        f = self.likelihood
        total, x, xx, y, yy, xy = self.curvatures
        n_columns = len(total)
        statistics = SufficientStatistics(
            blocks=list(np.arange(n_columns)[:, None]),
            x0=f.setup.column_origin.T,
            y0=self.b,
            total=total,
            x=x,
            xx=xx,
            y=y,
            yy=yy,
            xy=xy,
        )
        squared = GramForm.from_statistics(
            statistics, np.ones(n_columns), fit_intercept=f.fit_intercept
        )
        if f.pull is None:
            return squared
        return with_shared_intercepts(
            squared, f.pull.strength, center=f.center, n_levels=f.pull.n_levels
        )

    @property
    def n_tasks(self):
        return self.likelihood.setup.n_tasks

    def task_moments(self):
        """Yield the second-order model of every task of K columns at this point.

        It is a Gram (K, p, K, p), a right-hand side (K, p), yy and the intercepts, the last of the
        p being the intercept if there are any.
        """
        gram, right, squares = self.curvatures
        f = self.likelihood
        kept = slice(None) if f.fit_intercept else slice(f.shape[0])
        for task, K in enumerate(f.setup.sizes):
            own = gram[task, :K, kept, :K, kept]
            here = self.b[f.setup.columns(task)]
            yield own, right[task, :K, kept], float(squares[task]), here
