"""The common base of the estimators that :func:`skmtl.solvers.minimise` solves."""

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from sklearn.base import clone
from sklearn.linear_model import LassoCV, RidgeCV

from skmtl._checks import check_real
from skmtl.likelihood import Likelihood
from skmtl.linear_model._base import LinearMultiTaskRegressor
from skmtl.linear_model._classifier import LinearMultiTaskClassifier, tuned_logistic
from skmtl.path import alpha_grid, critical_alpha
from skmtl.penalties import L21, Ridge
from skmtl.solvers import minimise, null_correlation


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
        """Store P and Q of a decomposition; all is P where nothing is penalised."""
        parts = solution.parts or (solution.W, np.zeros_like(solution.W))
        self.shared_part_, self.specific_part_ = (unpack(part) for part in parts)


class StructuredRegressor(StructuredModel, LinearMultiTaskRegressor):
    """Base of the structured regressors."""

    def _solve(self, datafit, read):
        penalty = self._penalty_of(read)
        return minimise(datafit, penalty, max_iter=self.max_iter, tol=self.tol)

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
        solution = minimise(datafit, penalty, solution, **options)
        yield solution


def critical_strength(model, datafit, read):
    """The smallest alpha at which all (penalised) coefficients are zero, of a model that has one.

    Quadratic terms do not show at zero.
    """
    if not getattr(model, "_empties", True):
        raise ValueError(
            f"{type(model).__name__} is never empty, whatever alpha: give the alphas to try."
        )
    penalty = clone(model).set_params(alpha=1.0)._penalty_of(read)
    norms = [term for term in penalty.terms if not hasattr(term, "matrix")]
    (norm,) = norms
    if getattr(model, "l1_ratio", 1.0) == 0 and isinstance(norm, L21):
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a "
            "grid by providing your estimator with the appropriate `alphas=` argument."
        )
    if isinstance(norm, L21) and hasattr(model, "l1_ratio"):
        if not isinstance(datafit, Likelihood):
            return critical_alpha(datafit, norm, model.l1_ratio)
        return _critical_of_net(datafit, norm, model.l1_ratio)
    return norm.dual_norm(null_correlation(datafit, norm))


def _critical_of_net(likelihood, norm, l1_ratio):
    """As :func:`~skmtl.path.critical_alpha`: a root where a ridge shrinks unpenalised features."""
    unit, free = replace(norm, alpha=1.0), norm.unpenalised_rows(likelihood.shape[0])
    first = unit.dual_norm(null_correlation(likelihood, unit)) / l1_ratio
    if l1_ratio == 1 or len(free) == 0:
        return first

    def excess(alpha):
        W = np.zeros(likelihood.shape)
        ridge = alpha * (1 - l1_ratio)
        W[free] = minimise(likelihood.restrict(free), Ridge(ridge), tol=1e-10).W
        return unit.dual_norm(likelihood.at(W).correlation) / l1_ratio - alpha

    high = max(first, np.finfo(float).tiny)
    while excess(high) > 0:
        high *= 2.0
    return brentq(excess, 0.0, high, rtol=1e-8)


def strengths(model, datafit, read, n_alphas, eps):
    """Alphas to try, decreasing: below the critical one, or around the curvature of the loss."""
    if getattr(model, "_empties", True):
        return alpha_grid(critical_strength(model, datafit, read), eps, n_alphas)
    curvature = datafit.mean_curvature or 1.0
    return curvature * np.logspace(3, -4, n_alphas)


RATIO = (0.0, 1.0, "both")
INSIDE = (0.0, 1.0, "neither")
AT_LEAST_0 = (0.0, None, "both")
POSITIVE = (0.0, None, "neither")


def check_strength(value, name, model):
    """One number of at least 0; a clear refusal of one number a task."""
    if isinstance(value, dict) or np.ndim(value):
        kind = "Classifier" if model.endswith("Classifier") else "Regressor"
        raise ValueError(
            f"{name} must be one number for all tasks, got {value!r}: {model} has one penalty of "
            f"all tasks together. MeanRegularized{kind} takes one for each task."
        )
    return check_real(value, name)


def is_labelled(index, tasks):
    """Whether a pandas index names the tasks; a default one that does not goes by position."""
    return np.isin(tasks, index).all() or not np.array_equal(index, np.arange(len(tasks)))


def by_task(value, name, tasks):
    """Numbers (n_tasks,) from a dict or pandas Series by label, or an array in the order of tasks.

    A single number stays one.
    """
    if hasattr(value, "to_dict") and is_labelled(value.index, tasks):
        value = value.to_dict()
    if isinstance(value, dict):
        missing = [label for label in tasks.tolist() if label not in value]
        if missing:
            raise ValueError(f"{name} has no entry for task(s) {missing[:5]}; give each task one.")
        value = [value[label] for label in tasks.tolist()]
    values = np.asarray(value)
    if values.dtype.kind not in "iuf":
        raise TypeError(
            f"{name} must hold numbers, got {values.ravel()[:3].tolist()}; of dates take the days, "
            "say."
        )
    if values.ndim and values.shape != (len(tasks),):
        raise ValueError(
            f"{name} has shape {values.shape}, expected ({len(tasks)},): one for each task in the "
            "order of tasks_."
        )
    return values.astype(float)


def per_task(value, name, tasks):
    """One strength of at least 0 for each task, (n_tasks,), from a number, array or by label."""
    values = by_task(value, name, tasks)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{name} must be finite and at least 0, got {values.min()}.")
    return np.broadcast_to(values, (len(tasks),))
