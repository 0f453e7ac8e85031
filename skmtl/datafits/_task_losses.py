"""A squared loss of many models at a time."""

from functools import cached_property

import numpy as np

from skmtl.datafits._squared import Evaluation
from skmtl.datafits._task_bases import FurtherSamples

_CONSTANT = 1e-28  # of the largest curvature: the square of rounding errors in a constant feature
_ALIKE = 1e8  # ratio of the curvatures of features whose spectra lose no digits that matter


class TaskLosses:
    """The loss of a Gram form, shared intercepts included, for W (n_tasks, n_features, n_models).

    Parameters
    ----------
    datafit : GramForm or SharedIntercepts
        The loss.

    Attributes
    ----------
    base : GramForm
        The loss with free intercepts.
    bases : TaskBases
        The Grams of the tasks, intercepts free.
    further : FurtherSamples or None
        The samples that shared intercepts add, if they couple the tasks.
    q : ndarray of shape (n_tasks, n_features)
        Correlations with the targets.
    """

    def __init__(self, datafit):
        levels = datafit.levels
        self.base = datafit
        if levels is None:
            q = datafit.q
        else:
            self.base = datafit.free
            q = self.base.q + levels.correlation
        self.q = np.ascontiguousarray(q.T)
        self.further = None
        if len(datafit.borders):
            self.further = FurtherSamples(levels.x.T, levels.weight)
            total = levels.totals[0]
            self.root_total = float(np.sqrt(total))
        self.n_features = datafit.shape[0]
        self.yy = datafit.yy
        self.bases = self.base.task_bases()

    @staticmethod
    def are_known(datafit):
        """Whether the loss has this form, and spectra of its Grams lose no digits."""
        if not datafit.is_gram or datafit.ridge:
            return False
        n_borders = len(datafit.borders)
        if n_borders > 1:
            return False
        if n_borders and datafit.levels is None:
            return False
        curvature = datafit.curvature
        largest = curvature.max(initial=0.0)
        scales = curvature[curvature > _CONSTANT * largest]
        return len(scales) > 0 and largest <= _ALIKE * scales.min()

    def evaluate(self, W):
        """:class:`Evaluation` of all models; rr and ry are (n_models,)."""
        correlation = self.q[:, :, None] - self.product(W)
        ry = self.yy - np.einsum("tj,tja->a", self.q, W)
        rr = ry - np.einsum("tja,tja->a", correlation, W)
        return Evaluation(correlation, np.maximum(rr, 0.0), ry)

    def product(self, W):
        """The second derivative of the loss times W, (n_tasks, n_features, n_models)."""
        product = self.bases.explained(W)
        if self.further is None:
            return product
        x, weight = self.further
        along = np.einsum("tj,tja->ta", x, W)
        along *= weight[:, None]
        size = along.sum(axis=0) / self.root_total
        product += x[:, :, None] * along[:, None]
        product -= self._border[:, :, None] * size
        return product

    @cached_property
    def _border(self):
        """The v, (n_tasks, n_features)."""
        x, weight = self.further
        return x * (weight[:, None] / self.root_total)

    def common_gram(self):
        """The Gram of coefficients that all tasks have in common, (n_features, n_features)."""
        gram = len(self.q) * self.base.mean_gram()
        if self.further is not None:
            x, weight = self.further
            total = self._border.sum(axis=0)
            gram = gram + (x.T * weight) @ x - np.outer(total, total)
        return gram
