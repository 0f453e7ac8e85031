"""What the cross-validated estimators share: a grid of strengths, and the best estimator."""

from copy import deepcopy
from itertools import product
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_alphas, check_int, check_real
from skmtl.base import MultiTaskEstimator
from skmtl.linear_model._alpha_max import strengths
from skmtl.linear_model._penalized_model import PathSolver, model_path
from skmtl.linear_model._search_of_statistics import SearchOfStatistics
from skmtl.linear_model._task_intercepts import INTERCEPT_GRID
from skmtl.model_selection.path_search import PathSearch

_RIDGE_GRID = (0.0, 1e-3, 1e-2, 1e-1, 1.0)  # times the mean curvature of the loss


def prototype_has(method):
    """For :func:`available_if`: whether the estimators that a search tries have a method."""
    return lambda search: hasattr(search._prototype(), method)


class BestEstimatorMixin:
    """Predictions and fitted attributes of a search are those of its `best_estimator_`.

    The search implements ``_prototype()``, the estimator or the class that it tries.
    """

    def __getattr__(self, name):
        best = vars(self).get("best_estimator_")
        is_fitted = name.endswith("_") and not name.startswith("_")
        if best is not None and is_fitted and not hasattr(type(self), name):
            return getattr(best, name)
        if hasattr(type(self), name):
            return super().__getattribute__(name)  # raises the error that has led here
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "handle_unknown":  # which `predict` asks for
            self._tell_best(value)

    def _tell_best(self, handle_unknown):
        """Set `handle_unknown` of a fitted `best_estimator_`."""
        if "best_estimator_" in vars(self):
            self.best_estimator_.set_params(handle_unknown=handle_unknown)

    def __dir__(self):
        best = vars(self).get("best_estimator_")
        fitted = [name for name in vars(best) if name.endswith("_")] if best else []
        return sorted({*super().__dir__(), *fitted})

    def predict(self, X, *, tasks=None):
        """Predict with `best_estimator_`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`. Predictions of a Dask collection are a lazy Dask
            array.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)
            Expected targets, or class labels.

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        return self.best_estimator_.predict(X, tasks=tasks)

    def predict_all_tasks(self, X):
        """Predict with every task for every sample, in whichever form the data were fitted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `predict`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Expected targets, or class labels.
        """
        check_is_fitted(self)
        return self.best_estimator_.predict_all_tasks(X)

    @available_if(prototype_has("predict_proba"))
    def predict_proba(self, X, *, tasks=None):
        """Class probabilities of `best_estimator_`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`. Probabilities of a Dask collection are a lazy
            Dask array.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or list of n_tasks such arrays
            The list for two-dimensional y. Columns are in the order of `classes_`.
        """
        check_is_fitted(self)
        return self.best_estimator_.predict_proba(X, tasks=tasks)

    @available_if(prototype_has("decision_function"))
    def decision_function(self, X, *, tasks=None):
        """Log-odds of the second class, or scores of all classes, of `best_estimator_`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`. Scores of a Dask collection are a lazy Dask array.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray
            As of the classifier that was searched.
        """
        check_is_fitted(self)
        return self.best_estimator_.decision_function(X, tasks=tasks)

    @available_if(prototype_has("adapt"))
    def adapt(self, X_new, y_new, *, task=None, sample_weight=None):
        """The search with one task more in its `best_estimator_`, learned from a few samples.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n_samples, n_columns)
            At least one sample, with the columns of `fit`.
        y_new : array-like of shape (n_samples,) or (n_samples, 1)
            Targets of the new task.
        task : int, str or other task id, default=None
            Id of the new task.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights.

        Returns
        -------
        model : estimator
            A fitted copy, the new task the last of `tasks_`.
        """
        check_is_fitted(self)
        adapted = deepcopy(self)
        adapted.best_estimator_ = self.best_estimator_.adapt(
            X_new, y_new, task=task, sample_weight=sample_weight
        )
        return adapted


class ModelSearch(BestEstimatorMixin, PathSearch):
    """What the cross-validated forms of a regressor and of a classifier share.

    Parameters of both are the model's, all others those of the search.

    Attributes
    ----------
    _model : class
        The estimator that is searched.
    _tried : tuple of str
        Those of its parameters that are tried at several values, beside alpha. Where such a
        parameter is None, ``_candidates(name, datafit)`` gives the values.
    """

    _model = None
    _tried = ()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @classmethod
    def _prototype(cls):
        return cls._model

    @property
    def _error_name(self):
        return "mse" if self._template()._make_loss().is_quadratic else "cv_error"

    def _check_params(self):
        super()._check_params()
        if isinstance(self.alphas, Integral):
            check_int(self.alphas, "alphas")
        if "eps" in self.get_params(deep=False):
            check_real(self.eps, "eps", high=1.0, include="right")

    def _template(self, **params):
        """The model with the parameters that both have, and these."""
        own = self.get_params(deep=False)
        for name in self._model().get_params(deep=False):
            if name in own and name not in self._tried:
                params.setdefault(name, own[name])
        return self._model(**params)

    def _worker(self):
        return self._template()

    @property
    def _varied(self):
        """Names of the parameters that are tried, of the strength of intercepts if it matters."""
        names = list(self._tried)
        if "intercept_alpha" in names and not self._template()._shares_intercepts:
            names.remove("intercept_alpha")
        return names

    def _candidates(self, name, datafit):
        if name == "ridge":
            return datafit.mean_curvature * np.array(_RIDGE_GRID)
        if name == "intercept_alpha":
            return datafit.intercept_curvature * np.array(INTERCEPT_GRID)
        raise ValueError(f"{name} must be a number or a list of numbers, got None.")

    def _values(self, name, datafit):
        """The values to try of a parameter, a list."""
        value = getattr(self, name)
        if value is None:
            value = self._candidates(name, datafit)
        values = np.atleast_1d(value)
        if values.ndim != 1 or len(values) == 0:
            raise ValueError(f"{name} must be a number or a list of numbers, got {value!r}.")
        return values.tolist()

    def _paths(self, datafit, read):
        values = [self._values(name, datafit) for name in self._varied]
        paths = []
        for combination in product(*values):
            params = dict(zip(self._varied, combination, strict=True))
            loss = self._loss_of(datafit, read, params)
            paths.append((params, self._alphas(loss, read, params)))
        self.grid_ = [params for params, _ in paths]
        return paths

    def _alphas(self, datafit, read, params):
        """The alphas to try with these parameters, decreasing."""
        model = self._template(**params)
        model._check_params()
        alphas = self.alphas
        if isinstance(alphas, Integral):
            eps = self.get_params(deep=False).get("eps")
            alphas = strengths(model, datafit, read, alphas, eps)
        return check_alphas(alphas)

    def _loss_of(self, datafit, read, params):
        return self._template(**params)._with_intercepts(datafit, read)

    def _solutions(self, datafit, read, params, alphas, fold):
        return model_path(self._template(**params), datafit, read, alphas)

    def _path_solver(self, datafit, read, paths):
        models = [self._template(**params) for params, _ in paths]
        grids = [alphas for _, alphas in paths]
        return PathSolver(models, grids, datafit, read)

    def _store_choice(self, alpha, params):
        self.alpha_ = alpha
        vars(self).pop("intercept_alpha_", None)  # of an earlier fit
        for name, value in params.items():
            setattr(self, f"{name}_", value)

    def _refit(self, worker, read, datafit, solution):
        worker.set_params(alpha=self.alpha_)
        worker.set_params(**{name: getattr(self, f"{name}_") for name in self._varied})
        self.best_estimator_ = worker._finish(read, datafit, solution)
        return self


class RegressorCV(
    SearchOfStatistics,
    ModelSearch,
    MultiTaskEstimator,
    RegressorMixin,
    MultiOutputMixin,
    BaseEstimator,
):
    """Base of the cross-validated regressors."""

    def _takes_statistics(self):
        return self._template()._takes_statistics()


class ClassifierCV(
    ModelSearch, MultiTaskEstimator, ClassifierMixin, MultiOutputMixin, BaseEstimator
):
    """Base of the cross-validated classifiers: errors are log-losses, folds keep the classes."""

    def _fit_collection(self, X, y, sample_weight, tasks):
        """Refuse Dask collections, to which the classifier itself can be fitted."""
        raise TypeError(
            f"{type(self).__name__} chooses by cross-validation on samples in memory, but X is a "
            "Dask collection: choose the strengths on some of the samples, such as "
            "X.partitions[0].compute(), and fit the classifier with these to all of them."
        )
