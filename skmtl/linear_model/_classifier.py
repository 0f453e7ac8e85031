"""The fit template of linear multi-task classifiers: labels to columns, solve, unpack; predict."""

import warnings
from inspect import signature

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.linear_model import LogisticRegressionCV
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_int, check_real
from skmtl._data.designs import predict_own_tasks
from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl.base import MultiTaskEstimator, warn_unconverged
from skmtl.datafits import class_problem, describe_smoothed
from skmtl.penalties import for_columns, sees_tasks, stack_columns
from skmtl.solvers import solve_penalized


class LinearMultiTaskClassifier(
    MultiTaskEstimator, ClassifierMixin, MultiOutputMixin, BaseEstimator
):
    """Base of the linear classifiers. A subclass stores parameters and gives `_penalty`."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        check_bool(self.fit_intercept, "fit_intercept")
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Class labels: two-dimensional, NaN or None where one is missing; 1-D with `task_column`
            or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a row weight of 2 is the same as the row twice.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant: 1-D y without tasks, a task without labels, a single
            class in all of y, NaN or infinity in X, negative weights, shapes that do not fit.
        """
        problem = self._read(X, y, sample_weight, tasks)
        datafit, options = self._datafit(problem), {"max_iter": self.max_iter, "tol": self.tol}
        solution = solve_penalized(datafit, self._penalty_of(problem), **options)
        return self._finish(problem, datafit, solution)

    def _read(self, X, y, sample_weight, tasks):
        """The validated data as a :class:`~skmtl.classes.ClassProblem`."""
        self._check_params()
        data = read_training_data(self, X, y, sample_weight, tasks, dtype=None)
        problem = class_problem(data, self.class_weight)
        if len(problem.smoothed):
            warnings.warn(describe_smoothed(problem.smoothed), UserWarning, stacklevel=3)
        return problem

    def _fit_options(self):
        return {"task_weight": self.task_weight, "fit_intercept": self.fit_intercept}

    def _datafit(self, problem, *, path=False):
        return problem.likelihood(**self._fit_options())

    def _strata(self, problem):
        """Of each of the user's rows of positive weight, in their order: its task and class."""
        return problem.strata()

    def _make_folds(self, problem, splits):
        return problem.folds(splits, **self._fit_options())

    def _penalty_of(self, problem):
        """The penalty of the columns."""
        penalty = self._penalty(problem.design.n_features, problem.data.tasks)
        if problem.n_columns == 0 and sees_tasks(penalty):
            raise ValueError(
                f"{type(self).__name__} couples tasks, which must then have the same number of "
                f"classes; they have {problem.sizes.tolist()}."
            )
        return for_columns(penalty, max(problem.n_columns, 1))

    def _finish(self, problem, datafit, solution):
        """Set the fitted attributes; returns self."""
        self._store_tasks(problem.data)
        wide, K = problem.data.layout == "wide", problem.n_columns
        self.classes_ = problem.classes if wide else problem.classes[0]
        self.coef_, self.intercept_ = problem.restore(solution.W, datafit.intercepts(solution.W))
        self.shared_coef_ = self.coef_.mean(axis=0)
        self.n_iter_, self.objective_ = solution.n_iter, float(solution.objective)
        self.dual_gap_, self.optimality_ = float(solution.gap), float(solution.optimality)
        p, T = problem.design.n_features, self.n_tasks_
        if K > 1:
            parts = tuple(stack_columns(part, K) for part in solution.parts)
            solution = solution._replace(W=stack_columns(solution.W, K), parts=parts)

        def unpack(W):
            if K == 0:  # tasks of different numbers of classes
                return problem.restore(W, np.zeros(W.shape[1]))[0]
            return np.ascontiguousarray(W.T.reshape((T, p) if K == 1 else (T, K, p)))

        self._store_model(solution, unpack)
        if not solution.converged:
            warn_unconverged(solution, self.max_iter, self.tol)
        return self

    def _store_model(self, solution, unpack):
        """As in :class:`LinearMultiTaskRegressor`."""

    def _scores_of_tasks(self, X):
        """Scores of every task, (n_samples, n_tasks) or (n_samples, n_tasks, n_classes)."""
        coef = self.coef_.reshape(-1, self.coef_.shape[-1])
        scores = np.asarray(X @ coef.T).reshape(X.shape[0], *self.intercept_.shape)
        return scores + self.intercept_

    def _scores(self, X, tasks):
        """Scores with each row's own task, or of all tasks; and whether it is the latter."""
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        if codes is None:
            return self._scores_of_tasks(X), True
        if self.coef_.ndim == 2:
            scores = predict_own_tasks(X, codes, self.coef_, self.intercept_, self.shared_coef_)
            return scores, False
        columns = [
            predict_own_tasks(
                X, codes, self.coef_[:, k], self.intercept_[:, k], self.shared_coef_[k]
            )
            for k in range(self.coef_.shape[1])
        ]
        return np.column_stack(columns), False

    def decision_function(self, X, *, tasks=None):
        """Log-odds of the second class, or scores of all classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray
            (n_samples,) or (n_samples, n_classes) where rows have their task; (n_samples, n_tasks)
            on two-dimensional y, and a list of (n_samples, n_classes) for more than two classes.
        """
        scores, wide = self._scores(X, tasks)
        if wide and scores.ndim == 3:
            return [scores[:, t, : len(c)] for t, c in enumerate(self.classes_)]
        return scores

    def predict_proba(self, X, *, tasks=None):
        """Class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or list of n_tasks such arrays
            The list on two-dimensional y. Columns are in the order of `classes_`.
        """
        scores, wide = self._scores(X, tasks)
        if not wide:
            return _probabilities(scores)
        return [_probabilities(scores[:, t])[:, : len(c)] for t, c in enumerate(self.classes_)]

    def predict(self, X, *, tasks=None):
        """The most probable class with each row's own task, or of all tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        scores, wide = self._scores(X, tasks)
        if wide:
            return self._labels_of_tasks(scores)
        return self.classes_[_best(scores)]

    def predict_all_tasks(self, X):
        """Predictions of every task for every row, however the data came in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are not looked at.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._labels_of_tasks(self._scores_of_tasks(X))

    def _labels_of_tasks(self, scores):
        wide = isinstance(self.classes_, list)
        classes = self.classes_ if wide else [self.classes_] * self.n_tasks_
        return np.column_stack([c[_best(scores[:, t])] for t, c in enumerate(classes)])


def _best(scores):
    """Position of the most probable class, from log-odds or scores."""
    return (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=-1)


def _probabilities(scores):
    if scores.ndim == 1:
        p = expit(scores)
        return np.column_stack([1 - p, p])
    return softmax(scores, axis=-1)


def tuned_logistic(norm, fit_intercept, class_weight):
    """scikit-learn's logistic regression with its strength chosen by log-loss."""
    if "use_legacy_attributes" in signature(LogisticRegressionCV).parameters:  # from 1.8 on
        penalty = {"l1_ratios": [float(norm == "l1")], "use_legacy_attributes": False}
    else:
        penalty = {"penalty": norm}
    return LogisticRegressionCV(
        Cs=10,
        solver="saga" if norm == "l1" else "lbfgs",
        scoring="neg_log_loss",
        tol=1e-3 if norm == "l1" else 1e-4,
        max_iter=1000,
        fit_intercept=fit_intercept,
        class_weight=class_weight,
        random_state=0,
        **penalty,
    )
