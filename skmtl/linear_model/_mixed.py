"""Tasks of different kinds: numbers, classes and counts, from the same inputs."""

from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_int, check_real
from skmtl._data.designs import SharedDesign
from skmtl._data.in_memory import check_in_memory
from skmtl._data.magnitudes import check_features
from skmtl._data.reading import names_of_features, read_features, read_wide_targets
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.task_data import TaskData
from skmtl._data.task_ids import some_of
from skmtl._docs import documented
from skmtl._threads import one_blas_thread
from skmtl.base import MultiTaskEstimator, warn_unconverged
from skmtl.datafits import ColumnProblem
from skmtl.linear_model._mixed_predictor import MixedPredictor
from skmtl.linear_model._mixed_task import grouped_loss, losses_of_tasks, read_mixed_task
from skmtl.linear_model._multi_task_regressor import check_fits
from skmtl.linear_model._uncertainty import learn_task_weights
from skmtl.losses import make_loss
from skmtl.penalties import L21, Penalty
from skmtl.solvers import solve_penalized


@documented
class MultiTaskMixed(MixedPredictor, MultiTaskEstimator, BaseEstimator):
    """Linear models of numbers, classes and counts, learned together from the same inputs.

    The objective is::

        1/nbar sum_t omega_t sum_i s_ti loss_t(y_ti, x_i . w_t + b_t) + penalty(W)

    with a loss for each task: ``(y - z)^2 / 2`` ("squared_error"), the same up to residuals of
    `huber_delta` and linear beyond ("huber"), ``exp(z) - y z`` for counts ("poisson"), or
    ``log(1 + exp(-y z))`` with y in {-1, 1} ("logistic"; softmax for more than two classes, with a
    column of W for each). ``s`` are the sample weights (0 where a target is missing), ``omega`` the
    task weights and ``nbar = sum(s) / n_tasks``.

    Parameters
    ----------
    losses : dict, Series or list, default=None
        Loss of every task, by task id or in the order of the columns of y: a name or an instance
        of :class:`skmtl.losses.Loss`. None takes "squared_error" for columns of numbers and
        "logistic" for others.
    penalty : Penalty, default=None
        From :mod:`skmtl.penalties`, a sum of them, or one of your own. None is ``L21(0.1)``, which
        selects features for all tasks.
    huber_delta : float, default=1.35
        Size of a residual from which on "huber" is linear: in standard deviations of the task's y,
        or in its unit without `normalize_y`.
    task_weight : None, "balanced", "uncertainty", dict or array-like, default=None
        As in :class:`MultiTaskRegressor`; "uncertainty" learns a scale for every task, of its noise
        or its likelihood.
    fit_intercept : bool, default=True
        Fit one unpenalized intercept for each task, and class where there are more than two.
    normalize_y : bool, default=True
        Center and scale the targets of "squared_error" and "huber" tasks, so that losses of
        different kinds are comparable. Predictions are on the original scale.
    {newton_parameters}

    Attributes
    ----------
    coef_ : list of ndarray of shape (n_columns_t, n_features)
        Coefficients of every task on the scale of its scores: one row, or one for each of more than
        two classes.
    intercept_ : list of ndarray of shape (n_columns_t,)
        Intercepts of every task.
    classes_ : list
        Class labels of "logistic" tasks, None for the others.
    losses_ : list of str or Loss
        Loss of every task, as it was given.
    baseline_ : list
        What predicts each task without features: a mean, or the frequencies of the classes.
    task_weight_, task_noise_ : ndarray of shape (n_tasks,)
        With ``task_weight="uncertainty"``: the weights, and ``sqrt(2 mean loss)`` of every task,
        for "squared_error" the standard deviation of the residuals.
    tasks_ : ndarray of shape (n_tasks,)
        Task ids: the columns of y if it is a frame, else 0, 1, ...
    n_tasks_ : int
        Number of tasks.
    n_samples_per_task_ : ndarray of shape (n_tasks,)
        Number of samples with a target and a positive weight.
    n_iter_ : int
        Steps of the proximal Newton method.
    objective_ : float
        The objective above at the solution.
    dual_gap_ : float
        Certified bound on `objective_` minus its minimum; NaN if a quadratic penalty leaves
        directions free.
    optimality_ : float
        `dual_gap_` relative to the objective of the null model: what `tol` is compared with.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X has any.

    Raises
    ------
    ValueError
        In `fit`, if y is 1-D, a task has no targets, or the penalty couples tasks of different
        numbers of classes.

    Warns
    -----
    UserWarning
        In `fit`, if a task has counts of zero only, whose intercept is kept finite by half a count
        more, or a single class, which is then always predicted.

    See Also
    --------
    make_mixed_scorer : Scores it by the skill over the baselines.
    MultiTaskRegressor, MultiTaskClassifier : Tasks of one kind.

    References
    ----------
    Kendall, Gal, Cipolla (2018), "Multi-task learning using uncertainty to weigh losses", CVPR,
    equation 7, for ``task_weight="uncertainty"``.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskMixed
    >>> from skmtl.penalties import L21
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> age, rate = 40 + 10 * X[:, 0], np.exp(X[:, 0])
    >>> Y = np.empty((100, 3), dtype=object)
    >>> Y[:, 0], Y[:, 1], Y[:, 2] = age, np.where(X[:, 0] > 0, "f", "m"), rng.poisson(rate)
    >>> losses = ["squared_error", "logistic", "poisson"]
    >>> model = MultiTaskMixed(losses, L21(0.1)).fit(X, Y)
    >>> model.predict(X[:1]).shape
    (1, 3)
    >>> [proba if proba is None else proba.shape for proba in model.predict_proba(X)]
    [None, (100, 2), None]
    """

    task_column, handle_unknown = None, "error"

    def __init__(
        self,
        losses=None,
        penalty=None,
        *,
        huber_delta=1.35,
        task_weight=None,
        fit_intercept=True,
        normalize_y=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.losses = losses
        self.penalty = penalty
        self.huber_delta = huber_delta
        self.task_weight = task_weight
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        for name in ("fit_intercept", "normalize_y"):
            check_bool(getattr(self, name), name)
        check_real(self.huber_delta, "huber_delta", include="neither")
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")
        if self.penalty is not None and not isinstance(self.penalty, Penalty):
            raise TypeError(
                f"penalty must be a skmtl.penalties.Penalty, got {self.penalty!r}; for example "
                "skmtl.penalties.L21(0.1)."
            )

    @one_blas_thread
    def fit(self, X, y, sample_weight=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like or frame of shape (n_samples, n_tasks)
            Targets; NaN or None where one is missing.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        self._check_params()
        if y is None:
            raise ValueError("MultiTaskMixed requires y to be passed, but the target y is None.")
        data = self._read(X, y, sample_weight)
        problem = self._problem(data)
        penalty = self._penalty(problem)

        def solve(task_weight):
            datafit = problem.likelihood(task_weight=task_weight, fit_intercept=self.fit_intercept)
            options = {"max_iter": self.max_iter, "tol": self.tol}
            return datafit, solve_penalized(datafit, penalty, **options)

        if isinstance(self.task_weight, str) and self.task_weight == "uncertainty":
            omega, datafit, solution, mean_losses = learn_task_weights(problem, solve)
            scales = np.array([task.scale for task in self._mixed_tasks])
            self.task_weight_ = omega
            self.task_noise_ = np.sqrt(2 * mean_losses) * scales
        else:
            datafit, solution = solve(self.task_weight)
        self._store(data, problem, datafit, solution)
        return self

    def _read(self, X, y, sample_weight):
        """Validated data, whose targets are of any type."""
        self._framed = hasattr(y, "columns")
        check_in_memory(X=X, y=y, sample_weight=sample_weight)
        warn_of_row_order(X, y=y, sample_weight=sample_weight)
        X, _ = read_features(self, X, reset=True)
        check_features(self, X)
        Y, weight, tasks = read_wide_targets(self, X.shape[0], y, sample_weight, None)
        X = X.tocsc() if sparse.issparse(X) else X
        return TaskData(
            design=SharedDesign(X, len(tasks)),
            y=Y,
            weight=np.broadcast_to(weight, Y.shape),
            tasks=tasks,
            sample_indices=np.arange(len(Y)),
            n_samples=len(Y),
            layout="wide",
            feature_names=names_of_features(self),
        )

    def _problem(self, data):
        """The problem of all columns; sets the descriptions of the tasks."""
        seen = (data.weight > 0).T
        known = [data.y[seen[t], t] for t in range(data.n_tasks)]
        self._mixed_tasks = []
        targets = []
        for t, kind in enumerate(losses_of_tasks(self.losses, known, data.tasks)):
            weight = data.weight[seen[t], t]
            task, target = read_mixed_task(
                known[t],
                weight,
                kind,
                make_loss(kind, name="losses", huber_delta=self.huber_delta),
                normalize=self.normalize_y,
                name=some_of(data.tasks[t : t + 1]),
            )
            columns = np.zeros((data.n_samples, task.size))
            columns[seen[t]] = task.columns(target, weight)
            self._mixed_tasks.append(task)
            targets.append(columns)
        sizes = np.array([task.size for task in self._mixed_tasks])
        y = np.hstack(targets)
        design = SharedDesign(data.design.X, sizes.sum())
        loss = grouped_loss(self._mixed_tasks, len(y))
        return ColumnProblem(replace(data, y=y), design, y, loss, sizes)

    def _penalty(self, problem):
        """The penalty of the columns of W."""
        penalty = L21(0.1) if self.penalty is None else self.penalty
        penalty = penalty.for_features(problem.data.features)
        check_fits(penalty, problem.design.n_features, problem.data.n_tasks)
        if problem.n_columns == 0 and penalty.sees_tasks:
            raise ValueError(
                "A penalty that couples tasks needs tasks of one column: numbers, counts and two "
                f"classes; the tasks have {problem.sizes.tolist()} columns."
            )
        return penalty.for_columns(max(problem.n_columns, 1))

    def _store(self, data, problem, datafit, solution):
        """Set the fitted attributes."""
        self._store_tasks(data)
        ends = np.cumsum(problem.sizes)[:-1]
        b = datafit.intercepts(solution.W)
        self.coef_ = [np.ascontiguousarray(W.T) for W in np.split(solution.W, ends, axis=1)]
        self.intercept_ = np.split(b, ends)
        self._describe_kinds()
        self.n_iter_ = solution.n_iter
        self.objective_ = float(solution.objective)
        self.dual_gap_ = float(solution.gap)
        self.optimality_ = float(solution.optimality)
        if not solution.converged:
            warn_unconverged(solution, self.max_iter, self.tol)

    def decision_function(self, X):
        """Scores of the columns of all tasks: one, or one for each of more than two classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_columns)
            Linear predictions.
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False)
        return np.asarray(X @ np.vstack(self.coef_).T) + np.concatenate(self.intercept_)

    def _scores(self, X):
        """Pairs of every task's description and its scores (n_samples, n_columns_t)."""
        scores = self.decision_function(X)
        ends = np.cumsum([task.size for task in self._mixed_tasks])[:-1]
        return list(zip(self._mixed_tasks, np.split(scores, ends, axis=1), strict=True))
