"""What the cross-validated forms of a model share: the grid of its strengths, the choice."""

from itertools import product
from numbers import Integral

import numpy as np

from skmtl._data.checks import check_alphas, check_int, check_real
from skmtl.linear_model._alpha_max import strengths
from skmtl.linear_model._base import LinearMultiTaskRegressor
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._structured import model_path
from skmtl.model_selection.path_search import PathSearch


class PathCV(PathSearch, LinearMultiTaskRegressor):
    """Base of the cross-validated regressors."""


class ClassifierPathCV(PathSearch, LinearMultiTaskClassifier):
    """Base of the cross-validated classifiers: errors are log-losses, folds stratified by class."""

    _measure = "log_loss"


class StructuredSearch:
    """Mixin of the cross-validated forms of a structured regressor or classifier.

    A subclass names the `_model` and its parameters that are tried at several values, `_tried`;
    where such a parameter is None, ``_candidates(name, datafit)`` gives the values.
    """

    _model = None
    _tried = ()

    def _check_params(self):
        super()._check_params()
        if isinstance(self.alphas, Integral):
            check_int(self.alphas, "alphas")
        if hasattr(self, "eps"):
            check_real(self.eps, "eps", high=1.0, include="right")

    def _template(self, **params):
        """The model with the parameters that both have, and these."""
        model, own = self._model(), self.get_params(deep=False)
        shared = {k: own[k] for k in model.get_params() if k in own and k not in self._tried}
        return model.set_params(**shared, **params)

    def _single_task_limit(self):
        return self._template()._single_task_limit()

    def _candidates(self, name, datafit):
        raise NotImplementedError

    def _values(self, name, datafit):
        value = getattr(self, name)
        values = np.atleast_1d(self._candidates(name, datafit) if value is None else value)
        if values.ndim != 1 or len(values) == 0:
            raise ValueError(f"{name} must be a number or a list of numbers, got {value!r}.")
        return values.tolist()

    def _paths(self, datafit, read):
        values = [self._values(name, datafit) for name in self._tried]
        paths = []
        for combination in product(*values):
            params = dict(zip(self._tried, combination, strict=True))
            model = self._template(**params)
            model._check_params()
            alphas = self.alphas
            if isinstance(alphas, Integral):
                alphas = strengths(model, datafit, read, alphas, getattr(self, "eps", None))
            paths.append((params, check_alphas(alphas)))
        self.grid_ = [params for params, _ in paths]
        return paths

    def _solutions(self, datafit, read, params, alphas, fold):
        return model_path(self._template(**params), datafit, read, alphas)

    def _store_choice(self, alpha, params):
        self.alpha_ = alpha
        for name, value in params.items():
            setattr(self, f"{name}_", value)

    def _chosen_model(self):
        """The model with the chosen strengths, unfitted."""
        chosen = {name: getattr(self, f"{name}_") for name in self._tried}
        return self._template(alpha=self.alpha_, **chosen)

    def _store_model(self, solution, unpack):
        store_as(self, self._chosen_model(), solution, unpack)


class StructuredCV(StructuredSearch, PathCV):
    """Base of the cross-validated structured regressors."""


_FITTED = (
    *("coef_", "intercept_", "shared_coef_", "tasks_", "n_tasks_", "n_samples_per_task_"),
    *("n_iter_", "objective_", "dual_gap_", "optimality_", "n_features_in_", "feature_names_in_"),
    *("classes_", "_layout"),
)


def store_as(estimator, model, solution, unpack):
    """Set what `model`, unfitted, is inspected by, on an estimator that was fitted in its place."""
    vars(model).update({k: v for k, v in vars(estimator).items() if k in _FITTED})
    model._store_model(solution, unpack)
    for name, value in vars(model).items():
        if name.endswith("_") and name[0] != "_":
            setattr(estimator, name, value)


class StructuredClassifierCV(StructuredSearch, ClassifierPathCV):
    """Base of the cross-validated classifiers."""
