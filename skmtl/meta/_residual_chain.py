"""Regressors of tasks that are learned one after another, each from the residuals of the earlier.

A chain holds the fitted estimators in the order of learning. `learn` adds one. `inputs` computes
what all tasks see of new samples, and `predict` applies the model at a position to that.
"""

import numpy as np
from scipy import sparse
from sklearn.dummy import DummyRegressor
from sklearn.utils import check_array

from skmtl.meta._fit_task import fit_task


class ResidualChain:
    """Regressors that add up: ``f_k = g_k + sum_{j<k} pull_j g_j``.

    With ``towards="mean"``, the mean of the first k models is ``m_k = m_{k-1} + g_k / k``, so that
    the pull of the j-th is 1 / j; with the last model it is 1.

    Attributes
    ----------
    estimators : list of estimators
        The fitted g_k.
    coefficients : list of (ndarray of shape (n_features + 1,) or None)
        Coefficients and intercept of each g_k that is linear.
    collapsed : ndarray of shape (n_tasks + 1, n_features + 1) or None
        Coefficients and intercept of each f_k and, in the last row, of their mean, if all are
        linear.
    """

    def __init__(self, estimator, towards, data):
        n_tasks = data.n_tasks
        self.estimator = estimator
        self.features = data.features
        self.pull = np.ones(n_tasks)
        if towards == "mean":
            self.pull = 1 / np.arange(1.0, n_tasks + 1)
        self.estimators = []
        self.coefficients = []
        self.collapsed = None
        self._linear_sum = None  # pulls times the coefficients of the linear models so far
        self._nonlinear = []  # positions of the others

    def learn(self, X, y, weight):
        """Fit the next task."""
        y = np.asarray(y, dtype=float)
        if self.estimators:
            y = y - self._earlier(X)
        estimator = fit_task(self.estimator, X, y, weight)
        coefficients = _coefficients_of(estimator, X)
        self._add(estimator, coefficients)

    def _add(self, estimator, coefficients):
        """Put a model behind the earlier ones."""
        position = len(self.estimators)
        self.estimators.append(estimator)
        self.coefficients.append(coefficients)
        if coefficients is None:
            self._nonlinear.append(position)
            return
        pulled = self.pull[position] * coefficients
        if self._linear_sum is None:
            self._linear_sum = pulled
        else:
            self._linear_sum = self._linear_sum + pulled

    def _earlier(self, X):
        """Return the predictions that the next model adds to; linear models are summed first."""
        predictions = np.zeros(X.shape[0])
        for k in self._nonlinear:
            predictions += self.pull[k] * self.estimators[k].predict(X)
        if self._linear_sum is not None:
            predictions += _predict_linear(_check_numeric(X), self._linear_sum)
        return predictions

    def finish(self):
        """Collapse linear models to one vector for each task; release the training data."""
        del self.features
        known = [one for one in self.coefficients if one is not None]
        if not known:
            return
        shape = (len(self.estimators), len(known[0]))
        coefficients = np.zeros(shape)
        for k, estimator in enumerate(self.estimators):
            if isinstance(estimator, DummyRegressor):  # a task of one sample, see fit_task
                coefficients[k, -1] = np.ravel(estimator.constant_)[0]
            elif self.coefficients[k] is None:
                return
            else:
                coefficients[k] = self.coefficients[k]
        pulled = self.pull[:, None] * coefficients
        earlier = np.cumsum(pulled, axis=0) - pulled
        collapsed = coefficients + earlier
        mean = collapsed.mean(axis=0)
        self.collapsed = np.vstack([collapsed, mean])

    def inputs(self, X):
        """Return numeric X if all models are linear, else the predictions of every estimator."""
        if self.collapsed is not None:
            return _check_numeric(X)
        return np.column_stack([estimator.predict(X) for estimator in self.estimators])

    def predict(self, X, position, classes):
        """Return the predictions of the model at a position, -1 for the mean, from `inputs`."""
        if self.collapsed is not None:
            return _predict_linear(X, self.collapsed[position])
        if position < 0:
            return X @ self._shares_of_mean()
        earlier = X[:, :position] @ self.pull[:position]
        return X[:, position] + earlier

    def _shares_of_mean(self):
        """Return what the mean of all f_k takes of each g_j, (n_tasks,)."""
        n_tasks = len(self.pull)
        n_later = np.arange(n_tasks)[::-1]
        return (1 + n_later * self.pull) / n_tasks


def _check_numeric(X):
    """Return X as a float array or sparse matrix."""
    return check_array(
        X,
        accept_sparse=("csr", "csc"),
        dtype=(np.float64, np.float32),
    )


def _predict_linear(X, coefficients):
    """Return the predictions of coefficients with the intercept behind them."""
    coef = coefficients[:-1]
    intercept = coefficients[-1]
    return np.asarray(X @ coef) + intercept


def _coefficients_of(estimator, X):
    """Return `coef_` and `intercept_` of a regressor as one vector, None if it is not linear."""
    coef = getattr(estimator, "coef_", None)
    intercept = getattr(estimator, "intercept_", None)
    if coef is None or intercept is None:
        return None
    if sparse.issparse(coef) or np.size(coef) != X.shape[1]:
        return None
    coefficients = np.append(np.ravel(coef), intercept)
    predictions = _predict_linear(_check_numeric(X), coefficients)
    has_link = not np.allclose(predictions, estimator.predict(X))
    return None if has_link else coefficients
