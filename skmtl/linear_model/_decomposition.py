"""What the models of two parts, W = P + Q, share."""

import numpy as np

from skmtl._data.task_parameters import INSIDE
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.penalties import Decomposition


class DecomposedModel(PenalizedModel):
    """Two parts, for any loss; `_ratio` names the share of the second penalty."""

    _ratio = None

    def _parts(self):
        """The two penalties, of unit strength."""
        raise NotImplementedError

    def _penalty(self, features, tasks):
        shared, specific = self._parts()
        ratio = getattr(self, self._ratio)
        return Decomposition(
            shared.scaled(self.alpha * (1 - ratio)), specific.scaled(self.alpha * ratio)
        )

    def _store_model(self, solution, unpack):
        self._store_parts(solution, unpack)


class OutlierModel(DecomposedModel):
    """Base of the models whose second part is for whole tasks."""

    _ratio = "outlier_ratio"
    _ranges = {"outlier_ratio": INSIDE}  # noqa: RUF012

    def _store_model(self, solution, unpack):
        super()._store_model(solution, unpack)
        parts = self.specific_part_.reshape(self.n_tasks_, -1)
        self.outlier_tasks_ = self.tasks_[parts.any(axis=1)]


def ratios_between(factor):
    """Five shares r with ``1 < (1 - r) / r < factor``: both parts of a decomposition are in use."""
    weights = np.geomspace(1.0, max(factor, 1.0), 7)[1:-1]
    return 1 / (1 + weights)
