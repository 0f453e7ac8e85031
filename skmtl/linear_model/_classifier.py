"""The template of linear multi-task classifiers: read, solve, unpack; predict."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.utils.validation import check_is_fitted

from skmtl._dask.partitions import is_collection
from skmtl._data.checks import check_bool, check_int, check_real
from skmtl._data.designs import predict_own_tasks
from skmtl._data.reading import read_prediction_data, read_training_data
from skmtl._threads import one_blas_thread
from skmtl.base import MultiTaskEstimator, warn_unconverged
from skmtl.datafits import class_problem, warn_of_pseudo_observations
from skmtl.linear_model._class_predictor import ClassPredictor
from skmtl.linear_model._partitioned_fit import fit_partitions
from skmtl.losses import Logistic
from skmtl.penalties import stack_columns
from skmtl.solvers import solve_penalized


class LinearMultiTaskClassifier(
    ClassPredictor, MultiTaskEstimator, ClassifierMixin, MultiOutputMixin, BaseEstimator
):
    """Base of the linear classifiers.

    A subclass stores its parameters, among them `task_weight`, `class_weight`, `fit_intercept`,
    `max_iter` and `tol`, and has a `_penalty`
    (:class:`~skmtl.linear_model._penalized_model.PenalizedModel`).
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        check_bool(self.fit_intercept, "fit_intercept")
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")

    def _make_loss(self):
        """The :class:`~skmtl.losses.Loss` of two classes."""
        return Logistic()

    @one_blas_thread
    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. Never modified. Or a
            Dask collection, as the other arguments then are: its partitions are read once, stay in
            the memory of the cluster, and are passed over some ten to thirty times.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Class labels: two-dimensional, NaN or None where one is missing; 1-D with `task_column`
            or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a weight of 2 is the same as the sample twice.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the input is invalid: y is 1-D without task ids, a task has no targets, all targets
            are of a single class, X holds NaN or infinity, weights are negative, or shapes do not
            match.
        """
        if is_collection(X):
            return fit_partitions(self, X, y, sample_weight, tasks)
        vars(self).pop("n_passes_", None)  # of an earlier fit
        problem = self._read(X, y, sample_weight, tasks)
        datafit = self._datafit(problem)
        solution = self._solve(datafit, problem)
        return self._finish(problem, datafit, solution)

    def _solve(self, datafit, problem):
        """The :class:`~skmtl.solvers.Solution` of the model."""
        penalty = self._penalty_of(problem)
        return solve_penalized(datafit, penalty, max_iter=self.max_iter, tol=self.tol)

    def _read(self, X, y, sample_weight, tasks):
        """The validated data as a :class:`~skmtl.datafits.ClassProblem`."""
        self._check_params()
        data = read_training_data(self, X, y, sample_weight, tasks, dtype=None)
        problem = class_problem(data, self.class_weight)
        warn_of_pseudo_observations(problem.degenerate_tasks, self._make_loss())
        return problem

    def _fit_options(self):
        return {"task_weight": self.task_weight, "fit_intercept": self.fit_intercept}

    def _datafit(self, problem, *, path=False):
        return self._with_intercepts(problem.likelihood(**self._fit_options()), problem)

    def _strata(self, problem):
        """The stratum of each of the user's samples of positive weight: its task and class."""
        return problem.strata()

    def _make_folds(self, problem, splits):
        return problem.folds(splits, **self._fit_options())

    def _penalty_of(self, problem):
        """The penalty of the columns of W."""
        penalty = self._penalty(problem.data.features, problem.data.tasks)
        if problem.n_columns == 0 and penalty.sees_tasks:
            raise ValueError(
                f"{type(self).__name__} couples tasks, which must then have the same number of "
                f"classes; they have {problem.sizes.tolist()}."
            )
        return penalty.for_columns(max(problem.n_columns, 1))

    def _finish(self, problem, datafit, solution):
        """Set the fitted attributes; returns self."""
        self._store_tasks(problem.data)
        wide = problem.data.layout == "wide"
        self.classes_ = problem.classes if wide else problem.classes[0]
        self.coef_, self.intercept_ = problem.restore(solution.W, datafit.intercepts(solution.W))
        self._store_shared()
        self.n_iter_ = solution.n_iter
        self.objective_ = float(solution.objective)
        self.dual_gap_ = float(solution.gap)
        self.optimality_ = float(solution.optimality)
        self._store_model(*self._by_task(problem, solution))
        if not solution.converged:
            warn_unconverged(solution, self.max_iter, self.tol)
        return self

    def _by_task(self, problem, solution):
        """The solution with a column for each task, and what gives W the shape of `coef_`."""
        n_columns = problem.n_columns
        if n_columns > 1:
            parts = tuple(stack_columns(part, n_columns) for part in solution.parts)
            solution = solution._replace(W=stack_columns(solution.W, n_columns), parts=parts)

        def unpack(W):
            if n_columns == 0:  # tasks of different numbers of classes
                return problem.restore(W, np.zeros(W.shape[1]))[0]
            shape = self.n_tasks_, n_columns, problem.data.n_features
            coef = W.T.reshape(shape)
            return np.ascontiguousarray(coef[:, 0] if n_columns == 1 else coef)

        return solution, unpack

    def _store_model(self, solution, unpack):
        """As in :class:`LinearMultiTaskRegressor`."""

    def _scores_of_tasks(self, X):
        """Scores of every task, (n_samples, n_tasks) or (n_samples, n_tasks, n_classes)."""
        coef = self.coef_.reshape(-1, self.coef_.shape[-1])
        scores = np.asarray(X @ coef.T).reshape(X.shape[0], *self.intercept_.shape)
        return scores + self.intercept_

    def _scores(self, X, tasks):
        """Scores with the task of each sample or with all tasks, and whether it is the latter."""
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        if codes is None:
            return self._scores_of_tasks(X), True
        if self.coef_.ndim == 2:
            shared = self.shared_coef_, self._shared_intercept
            z = predict_own_tasks(X, codes, self.coef_, self.intercept_, *shared)
            return z, False
        columns = []
        for k in range(self.coef_.shape[1]):
            own = self.coef_[:, k], self.intercept_[:, k]
            shared = self.shared_coef_[k], self._shared_intercept[k]
            columns.append(predict_own_tasks(X, codes, *own, *shared))
        return np.column_stack(columns), False
