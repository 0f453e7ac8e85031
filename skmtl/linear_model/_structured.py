"""The common base of the estimators that :func:`skmtl.solvers.solve_penalized` solves."""

import numpy as np
from sklearn.linear_model import LassoCV, RidgeCV

from skmtl._data.checks import check_real
from skmtl._data.task_parameters import check_strength
from skmtl.linear_model._base import LinearMultiTaskRegressor
from skmtl.linear_model._classifier import LinearMultiTaskClassifier, tuned_logistic
from skmtl.solvers import solve_penalized


class StructuredModel:
    """What the structured regressors and classifiers of a kind share: it gives `_penalty`.

    `_ranges` names the parameters that are numbers, with the interval each lies in.
    """

    _ranges = {}  # noqa: RUF012
    _alone = "ridge"  # what one task alone is fitted with
    _empties = True  # whether a large enough alpha empties the model

    def _check_params(self):
        super()._check_params()
        self._check_alpha()
        for name, (low, high, include) in self._ranges.items():
            check_real(getattr(self, name), name, low=low, high=high, include=include)

    def _check_alpha(self):
        check_strength(self.alpha, "alpha", type(self).__name__)

    def _penalty(self, n_features, tasks):
        """The :class:`~skmtl.penalties.Penalty` of the parameters, for these task labels."""
        raise NotImplementedError

    def _store_parts(self, solution, unpack):
        """Store P and Q of a decomposition; all is P where nothing is penalized."""
        parts = solution.parts or (solution.W, np.zeros_like(solution.W))
        self.shared_part_, self.specific_part_ = (unpack(part) for part in parts)


class StructuredRegressor(StructuredModel, LinearMultiTaskRegressor):
    """Base of the structured regressors."""

    def _solve(self, datafit, read):
        penalty = self._penalty_of(read)
        return solve_penalized(datafit, penalty, max_iter=self.max_iter, tol=self.tol)

    def _single_task_limit(self):
        """A tuned lasso for the models that select, else a tuned ridge."""
        options = {"fit_intercept": self.fit_intercept}
        if self._alone == "lasso":
            return LassoCV(max_iter=max(10_000, self.max_iter), **options)
        return RidgeCV(alphas=np.geomspace(1e-3, 1e4, 30), **options)


class StructuredClassifier(StructuredModel, LinearMultiTaskClassifier):
    """Base of the structured classifiers."""

    def _single_task_limit(self):
        """A tuned logistic regression, with an L1 norm for the models that select."""
        norm = "l1" if self._alone == "lasso" else "l2"
        return tuned_logistic(norm, self.fit_intercept, self.class_weight)


def model_path(model, datafit, read, alphas):
    """Yield solutions of a model at these alphas, each started from the one before.

    An alpha of NaN is a model without that parameter.
    """
    solution, options = None, {"max_iter": model.max_iter, "tol": model.tol}
    for alpha in alphas:
        if not np.isnan(alpha):
            model.set_params(alpha=alpha)
        penalty = model._penalty_of(read)
        solution = solve_penalized(datafit, penalty, solution, **options)
        yield solution
