"""What each task learns when tasks come one after another, and how models add up.

A chain holds the fitted estimators in the order of learning. `learn` adds one; `inputs` computes
once for new rows what all positions share, and `predict` reads the model of a position from it.
"""

import numpy as np
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.dummy import DummyRegressor
from sklearn.utils import check_array

from skmtl.meta._task_models import _aligned_proba, _append_columns, _fit_one

_OFFSET = 10.0  # root mean square of the columns that hand over a classifier's decisions


class Residuals:
    """Regressors that add up: ``f_k = g_k + sum_{j<k} pull_j g_j``.

    With the mean, ``m_k = m_{k-1} + g_k / k`` is that of the first k models, so that the pull of
    the j-th is 1 / j; with the last model it is 1.
    """

    def __init__(self, estimator, towards, data):
        n = data.n_tasks
        self.estimator, self.features = estimator, data.features
        self.pull = 1 / np.arange(1.0, n + 1) if towards == "mean" else np.ones(n)
        # row k holds what the k-th model takes of each estimator, the last row the mean of all
        shares = np.tril(np.tile(self.pull, (n, 1)), -1) + np.eye(n)
        self.shares = np.vstack([shares, shares.mean(axis=0)])
        self.estimators, self.lines, self.collapsed = [], [], None

    def learn(self, X, y, weight):
        """Fit the next task."""
        y = np.asarray(y, dtype=float)
        if self.estimators:
            y = y - self._before(X)
        one = _fit_one(self.estimator, X, y, weight)
        self.estimators.append(one)
        self.lines.append(_line_of(one, X))

    def _before(self, X):
        """What the earlier models predict; linear ones are added up first."""
        pull, lines = self.pull[: len(self.lines)], self.lines
        straight = [k for k, line in enumerate(lines) if line is not None]
        out = np.zeros(X.shape[0])
        for k, one in enumerate(self.estimators):
            if lines[k] is None:
                out += pull[k] * one.predict(X)
        if straight:
            out += _along(_numbers(X), pull[straight] @ np.stack([lines[k] for k in straight]))
        return out

    def finish(self):
        """Collapse linear models to a line each; let go of the training data."""
        straight = [line for line in self.lines if line is not None]
        constant = [isinstance(one, DummyRegressor) for one in self.estimators]
        if straight and len(straight) + sum(constant) == len(self.lines):
            lines = np.zeros((len(self.lines), len(straight[0])))
            for k, one in enumerate(self.estimators):
                if constant[k]:  # a task of one row, see _fit_one
                    lines[k, -1] = np.ravel(one.constant_)[0]
                else:
                    lines[k] = self.lines[k]
            self.collapsed = self.shares @ lines
        del self.features

    def inputs(self, X):
        """Numbers for lines, else the predictions of every estimator."""
        if self.collapsed is not None:
            return _numbers(X)
        return np.column_stack([one.predict(X) for one in self.estimators])

    def predict(self, X, position, classes):
        """Predictions of the model at a position, -1 for the mean, from rows of `inputs`."""
        if self.collapsed is not None:
            return _along(X, self.collapsed[position])
        return X @ self.shares[position]


def _numbers(X):
    return check_array(X, accept_sparse=("csr", "csc"), dtype=(np.float64, np.float32))


def _along(X, line):
    """Predictions of coefficients with the intercept behind them."""
    return np.asarray(X @ line[:-1]) + line[-1]


def _line_of(estimator, X):
    """`coef_` and `intercept_` of a regressor as one vector, None where it predicts otherwise."""
    coef, intercept = getattr(estimator, "coef_", None), getattr(estimator, "intercept_", None)
    if coef is None or intercept is None or sparse.issparse(coef) or np.size(coef) != X.shape[1]:
        return None
    line = np.append(np.ravel(coef), intercept)
    same = np.allclose(_along(_numbers(X), line), estimator.predict(X))  # no link function
    return line if same else None


class Decisions:
    """Classifiers that see the decisions of what came before as further features."""

    collapsed = None

    def __init__(self, estimator, towards, data):
        self.estimator, self.towards = estimator, towards
        self.classes = np.unique(np.concatenate([y for _, y, _ in data.parts]))
        self.width = 1 if len(self.classes) == 2 else len(self.classes)
        # the only task learns what the user gave
        self.features = data.features if data.n_tasks == 1 else _append_columns(data.features)
        self.n_features = self.features.shape[1]
        self.estimators, self.scales = [], []

    def learn(self, X, y, weight):
        """Fit the next task."""
        before = self._walk(X)[-1]
        rms = np.sqrt(np.mean(before**2))
        self.scales.append(_OFFSET / rms if rms > 0 else 1.0)
        X = self._augmented(X, before, len(self.estimators))
        self.estimators.append(_fit_one(self.estimator, X, y, weight))

    def finish(self):
        """Let go of the training data."""
        del self.features

    def _augmented(self, X, before, k):
        """What the k-th estimator sees."""
        return _append_columns(X, before * self.scales[k]) if k else X

    def _walk(self, X):
        """What came before the first, the second, ... and the next estimator, on rows X."""
        before = [np.zeros((X.shape[0], self.width))]
        for k, one in enumerate(self.estimators):
            decision = decisions(one, self._augmented(X, before[k], k), self.classes)
            step = 1 / (k + 1) if self.towards == "mean" else 1.0
            before.append(before[k] + step * (decision - before[k]))
        return before

    def inputs(self, X):
        """X, what came before each estimator, and the mean decision of all."""
        if len(self.estimators) == 1:
            return X
        X = _append_columns(X)
        before = self._walk(X)
        last = before[-1]
        if self.towards == "last":
            last = np.mean(before[1:], axis=0)
        return _append_columns(X, np.hstack([*before[:-1], last]))

    def _split(self, X, k):
        """Features and what came before the k-th estimator, of the rows of `inputs`."""
        start = self.n_features + k * self.width
        before = X[:, start : start + self.width]
        before = before.toarray() if sparse.issparse(before) else before
        return X[:, : self.n_features], before

    def _seen(self, X, k):
        """What the k-th estimator sees, of the rows of `inputs`."""
        return self._augmented(*self._split(X, k), k) if len(self.estimators) > 1 else X

    def predict(self, X, position, classes):
        """Labels by the model at a position, -1 for the mean, from rows of `inputs`."""
        if position >= 0:
            return self.estimators[position].predict(self._seen(X, position))
        return classes[self.proba(X, -1, classes).argmax(axis=1)]

    def proba(self, X, position, classes):
        """Probabilities over `classes`, as `predict`."""
        if position >= 0:
            one = self.estimators[position]
            return _aligned_proba(one, self._seen(X, position), classes)
        n = len(self.estimators)
        mean = decisions(self.estimators[0], X, classes) if n == 1 else self._split(X, n)[1]
        if len(classes) == 2:
            second = expit(mean)
            return np.hstack([1 - second, second])
        return softmax(mean, axis=1)


def decisions(estimator, X, classes):
    """Log-odds of the second of two classes, (n, 1), else a column a class, (n, n_classes).

    Without probabilities it is the decision function; classes that it never saw get its minimum.
    """
    if hasattr(estimator, "predict_proba"):
        scores = np.log(np.clip(_aligned_proba(estimator, X, classes), 1e-6, None))
    else:
        values = np.asarray(estimator.decision_function(X))
        values = np.column_stack([-values, values]) / 2 if values.ndim == 1 else values
        scores = np.repeat(values.min(axis=1, keepdims=True), len(classes), axis=1)
        scores[:, np.searchsorted(classes, estimator.classes_)] = values
    if len(classes) == 2:
        return scores[:, 1:] - scores[:, :1]
    return scores - scores.mean(axis=1, keepdims=True)
