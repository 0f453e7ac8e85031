"""A linear model of features and task indicators, behind the steps of a pipeline."""

from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, check_array, get_tags
from sklearn.utils.sparsefuncs import mean_variance_axis

from skmtl.losses import Logistic
from skmtl.meta._added_columns import append_columns
from skmtl.meta._intercept_likelihood import InterceptLikelihood, fit_newton, is_smooth_logistic
from skmtl.meta.intercept_ridge import (
    InterceptRidge,
    TaskSums,
    chosen_alpha,
    fit_closed_form,
    has_closed_form,
)

# They do not center features themselves; of others some shrink the intercept.
_UNCENTERED = (
    GammaRegressor,
    HuberRegressor,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
_DENSE = 2**22  # numbers of features that may be made dense
_DENSE_INDICATORS = 2**18


class InterceptModel(NamedTuple):
    """A fitted model.

    Attributes
    ----------
    steps : Pipeline or None
        What transforms the features first.
    estimator : estimator
        It takes the transformed features and behind them the indicators.
    factor : float
        What an indicator is where it is not 0.
    n_tasks : int
        Number of indicators.
    """

    steps: object
    estimator: object
    factor: float
    n_tasks: int

    def inputs(self, X, codes):
        """Return what the estimator takes for samples of these tasks; code -1 is a new task."""
        if self.steps is not None:
            X = self.steps.transform(X)
        return self.with_indicators(check_features(X), codes)

    def hat_trace(self, X, codes):
        """Return the trace of the matrix that maps y to the fitted values of these samples.

        None if the estimator has no closed form, or the features are too many to be dense.
        """
        if not has_closed_form(self.estimator):
            return None
        if self.steps is not None:
            X = self.steps.transform(X)
        n_samples = X.shape[0]
        data = InterceptData(X, np.zeros(n_samples), None, codes, self.n_tasks)
        seen = _SeenFeatures(X, data)
        if not seen.may_be_dense:
            return None
        return seen.hat_trace(self.estimator, self.factor)

    def with_task(self, coef):
        """Return this model, its estimator changed: with one indicator more, (1,) or (n_classes,).

        `coef` has the coefficients of the indicator.
        """
        estimator = self.estimator
        added = coef
        if estimator.coef_.ndim == 2:
            added = coef[:, None]
        estimator.coef_ = np.concatenate([estimator.coef_, added], axis=-1)
        estimator.n_features_in_ += 1
        return self._replace(n_tasks=self.n_tasks + 1)

    def with_indicators(self, X, codes):
        """Return the features with an indicator column for each task behind them."""
        shape = (X.shape[0], self.n_tasks)
        known = np.flatnonzero(codes >= 0).astype(np.int32)  # solvers refuse longer indices
        own = codes[known].astype(np.int32)
        if sparse.issparse(X) or self._must_be_sparse(X):
            values = np.full(len(known), self.factor)
            positions = (known, own)
            indicators = sparse.csr_array((values, positions), shape=shape)
        else:
            indicators = np.zeros(shape)
            indicators[known, own] = self.factor
        return append_columns(X, indicators, "task")

    def _must_be_sparse(self, X):
        """Whether the indicators are too many to be dense."""
        n_samples, n_features = X.shape
        if self.n_tasks <= n_features:
            return False
        n_indicators = n_samples * self.n_tasks
        tags = get_tags(self.estimator)
        return tags.input_tags.sparse and n_indicators > _DENSE_INDICATORS


class InterceptData:
    """Training samples, to which models are fitted.

    Parameters
    ----------
    features : ndarray, sparse matrix or frame of shape (n_samples, n_features)
        The features as the user passed them.
    y, weight : ndarray of shape (n_samples,)
        Targets and weights; the latter may be None.
    codes : ndarray of int of shape (n_samples,)
        Task of each sample.
    n_tasks : int
        Number of tasks, some of which may have no samples.
    """

    def __init__(self, features, y, weight, codes, n_tasks):
        self.features = features
        self.y = y
        self.weight = weight
        self.codes = codes
        self.n_tasks = n_tasks

    def take(self, samples):
        """Return the data of some samples, given by their positions."""
        weight = self.weight
        if weight is not None:
            weight = weight[samples]
        return InterceptData(
            _safe_indexing(self.features, samples),
            self.y[samples],
            weight,
            self.codes[samples],
            self.n_tasks,
        )

    def fit(self, estimator, scale):
        """Return the :class:`InterceptModel` of an unfitted estimator or pipeline.

        Indicators are `scale` times the root mean square of the standard deviations of features.
        """
        steps, final = split_steps(clone(estimator))
        if steps is None:
            seen = self.seen
        else:
            transformed = steps.fit_transform(self.features, self.y)
            seen = _SeenFeatures(transformed, self)
        factor = scale * seen.unit
        model = InterceptModel(steps, final, factor, self.n_tasks)
        if seen.fit(final, factor):
            return model
        X = seen.X
        origin = None
        if _should_be_centered(final) and seen.may_be_dense:
            origin = np.average(seen.dense, axis=0, weights=self.weight)
            X = seen.dense - origin
        inputs = model.with_indicators(X, self.codes)
        fit_kwargs = {}
        if self.weight is not None:
            fit_kwargs["sample_weight"] = self.weight
        final.fit(inputs, self.y, **fit_kwargs)
        if origin is not None:
            _move_origin(final, origin)
        return model

    @cached_property
    def seen(self):
        """What estimators see that have no steps before them."""
        return _SeenFeatures(self.features, self)


class _SeenFeatures:
    """Numeric features of :class:`InterceptData`, and what models of them have in common."""

    def __init__(self, X, data):
        self.X = check_features(X)
        self.data = data
        self.unit = _feature_scale(self.X, data.weight) or 1.0
        self._problems = {}

    @property
    def may_be_dense(self):
        """Whether the features are dense, or small enough to be."""
        if not sparse.issparse(self.X):
            return True
        n_samples, n_features = self.X.shape
        return n_samples * n_features <= _DENSE

    @cached_property
    def dense(self):
        """The features as an array."""
        if sparse.issparse(self.X):
            return self.X.toarray()
        return self.X

    def fit(self, estimator, factor):
        """Fit an estimator that needs no indicators; returns False if it does."""
        if not self.may_be_dense:
            return False
        if has_closed_form(estimator):
            fit_closed_form(estimator, self.ridge(estimator.fit_intercept), factor)
            return True
        n_samples, n_features = self.X.shape
        if is_smooth_logistic(estimator) and n_features <= n_samples:
            classes = np.unique(self.data.y)
            if len(classes) == 2:
                logistic = self.likelihood(Logistic(), estimator.fit_intercept)
                fit_newton(estimator, classes, logistic, factor)
                return True
        return False

    def hat_trace(self, estimator, factor):
        """Return the trace of the hat matrix of a fitted ridge regression."""
        ridge = self.ridge(estimator.fit_intercept)
        alpha = chosen_alpha(estimator)
        strength = alpha / factor**2
        fit = ridge.solve(alpha, strength)
        leverages = ridge.leverages(fit, strength)
        return float(leverages.sum())

    def ridge(self, fit_intercept):
        """Return the problem of ridge regressions of the targets."""
        return self._problem("squared", InterceptRidge, self.data.y, fit_intercept)

    def likelihood(self, loss, fit_intercept):
        """Return the problem of regressions of the counts, or of the labels of two classes."""
        y = self.data.y
        if loss.of_classes:
            _, y = np.unique(y, return_inverse=True)
        return self._problem(loss, partial(InterceptLikelihood, loss), y, fit_intercept)

    def _problem(self, loss, make, y, fit_intercept):
        """Return the problem of a loss, made once."""
        key = (loss, fit_intercept)
        if key not in self._problems:
            self._problems[key] = make(
                self.dense,
                y,
                TaskSums(self.data.codes, self.data.n_tasks),
                self.data.weight,
                fit_intercept,
            )
        return self._problems[key]


def split_steps(estimator):
    """Return the steps of a pipeline before the last one, or None, and the last one."""
    if isinstance(estimator, Pipeline):
        _, last = estimator.steps[-1]
        if len(estimator.steps) > 1:
            return estimator[:-1], last
        return None, last
    return None, estimator


def check_features(X):
    """Return features as a numeric array or sparse matrix."""
    return check_array(X, accept_sparse=("csr", "csc"), input_name="X")


def _should_be_centered(estimator):
    """Whether a shift of features should change the intercept only, but would cost digits."""
    if not isinstance(estimator, _UNCENTERED) or not estimator.fit_intercept:
        return False
    return getattr(estimator, "solver", None) != "liblinear"  # it shrinks the intercept


def _move_origin(estimator, origin):
    """Make an estimator that was fitted to features less `origin` take them as they are."""
    coef = np.asarray(estimator.coef_)[..., : len(origin)]
    estimator.intercept_ = estimator.intercept_ - coef @ origin


def _feature_scale(X, weight):
    """Return the root mean square of the (weighted) standard deviations of the features."""
    if sparse.issparse(X):
        _, variances = mean_variance_axis(X, axis=0, weights=weight)
    else:
        mean = np.average(X, axis=0, weights=weight)
        variances = np.average((X - mean) ** 2, axis=0, weights=weight)
    return float(np.sqrt(variances.mean()))
