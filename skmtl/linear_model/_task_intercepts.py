"""Models whose intercepts are free or pulled to their mean."""

from dataclasses import replace

import numpy as np
from sklearn.base import is_classifier

from skmtl._data.checks import check_option, check_real
from skmtl._data.stratification import data_strata
from skmtl.datafits import Likelihood, PartitionedLikelihood, with_shared_intercepts
from skmtl.linear_model._new_task import LevelPrior

_INTERCEPTS = ("free", "shared")
INTERCEPT_GRID = (0.0, 0.3, 2.0)  # times the curvature of the loss in an intercept


def _check_intercept_alpha(value):
    """Raise unless it is a number of at least 0, which may be infinite."""
    is_infinite = isinstance(value, float) and value == np.inf
    if not is_infinite:
        check_real(value, "intercept_alpha")


class TaskIntercepts:
    """Mixin of the models with the parameters `intercept` and `intercept_alpha`."""

    def _check_params(self):
        super()._check_params()
        check_option(self.intercept, "intercept", _INTERCEPTS)
        _check_intercept_alpha(self.intercept_alpha)

    @property
    def _shares_intercepts(self):
        """Whether intercepts are pulled to their mean, with whatever strength."""
        return self.fit_intercept and self.intercept == "shared"

    @property
    def _intercept_strength(self):
        """Strength of the pull of the intercepts, 0 if they are free or there are none."""
        return self.intercept_alpha if self._shares_intercepts else 0.0

    def _with_intercepts(self, datafit, read):
        strength = self._intercept_strength
        if strength == 0:
            return datafit
        if isinstance(datafit, Likelihood | PartitionedLikelihood):
            return datafit.with_shared_intercepts(strength, read.n_columns)
        return with_shared_intercepts(datafit, strength)

    @property
    def _shuffles_folds(self):
        """Whether the folds are drawn within tasks, and do not keep the classes of a classifier.

        Every fold would have the class shares of its training part, and free intercepts would look
        better than they are.
        """
        return is_classifier(self) and self._shares_intercepts

    def _strata(self, read):
        if not self._shuffles_folds:
            return super()._strata(read)
        data = read.data
        without_classes = replace(data, y=np.zeros(data.y.shape))
        return data_strata(without_classes)

    def _finish(self, read, datafit, solution):
        if self._intercept_strength > 0:
            at = datafit.level_at
            intercepts = datafit.intercepts(solution.W)
            levels = intercepts + at @ solution.W
            levels = levels.reshape(-1, read.n_columns)
            self._levels = at, levels
        return super()._finish(read, datafit, solution)

    def _level_prior(self):
        """What is believed of the intercept of a new task; None if it is free."""
        strength = self._intercept_strength
        if strength == 0:
            return None
        at, levels = self._levels
        n_tasks = len(levels)
        share = n_tasks / (n_tasks + 1)  # one task more moves the mean
        return LevelPrior(at, levels.mean(axis=0), share * strength)

    def _store_new_level(self, fit):
        """Keep the level of a new task, for those that come later."""
        if self._intercept_strength > 0:
            at, levels = self._levels
            new_level = fit.b + at @ fit.W
            self._levels = at, np.vstack([levels, new_level])
