"""Tasks of different kinds: numbers, classes and counts, from the same inputs."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_int, check_option, check_real
from skmtl._data.designs import SharedDesign
from skmtl._data.reading import read_features, read_wide_targets
from skmtl._data.task_data import TaskData
from skmtl._data.task_ids import column_names, encode, some_of
from skmtl._docs import documented
from skmtl.base import MultiTaskEstimator, warn_unconverged
from skmtl.datafits import ColumnProblem
from skmtl.linear_model._multi_task_regressor import check_fits
from skmtl.linear_model._uncertainty import learn_task_weights
from skmtl.losses import Grouped, Huber, Logistic, Poisson, Softmax, Squared
from skmtl.penalties import L21, Penalty, for_columns, sees_tasks
from skmtl.solvers import solve_penalized

KINDS = ("squared_error", "huber", "poisson", "logistic")


@dataclass(frozen=True)
class MixedTask:
    """One task: its kind, where its targets come from, and what predicts them without features.

    `mean` and `scale` normalize numbers; `classes` are labels of a "logistic" task. `baseline` is a
    mean, or the frequencies of the classes.
    """

    kind: str
    mean: float
    scale: float
    classes: np.ndarray | None
    baseline: object

    @property
    def size(self):
        """Columns of W."""
        return 1 if self.classes is None or len(self.classes) == 2 else len(self.classes)

    def proba(self, z):
        """Class probabilities of scores (n_samples, size)."""
        if self.size == 1:
            p = expit(z[:, 0])
            return np.column_stack([1 - p, p])
        return softmax(z, axis=1)

    def predict(self, z):
        """What is predicted from scores (n_samples, size)."""
        if self.kind == "logistic":
            return self.classes[self.proba(z).argmax(axis=1)]
        return np.exp(z[:, 0]) if self.kind == "poisson" else self.mean + self.scale * z[:, 0]


def _may_have_classes(model):
    """Whether some task is "logistic", as far as is known."""
    losses = getattr(model, "losses_", model.losses) or []
    return "logistic" in (losses.values() if isinstance(losses, dict) else losses)


@documented
class MultiTaskMixed(MultiTaskEstimator, BaseEstimator):
    """Linear models of numbers, classes and counts, learned together from the same inputs.

    The objective is::

        1/nbar sum_t omega_t sum_i s_ti loss_t(y_ti, x_i . w_t + b_t) + penalty(W)

    with a loss for each task: ``(y - z)^2 / 2`` ("squared_error"), the same up to residuals of
    `huber_delta` and linear beyond ("huber"), ``exp(z) - y z`` for counts ("poisson"), or
    ``log(1 + exp(-y z))`` with y in {-1, 1} ("logistic"; softmax for more than two classes, with a
    column of W for each). ``s`` are the sample weights (0 where a label is missing), ``omega`` the
    task weights and ``nbar = sum(s) / n_tasks``.

    Parameters
    ----------
    losses : dict or list, default=None
        Loss of every task, by label or in the order of the columns of y. None takes
        "squared_error" for columns of numbers and "logistic" for others.
    penalty : Penalty, default=None
        From :mod:`skmtl.penalties`, a sum of them, or one's own. None is ``L21(0.1)``: features
        chosen for all tasks.
    huber_delta : float, default=1.35
        In standard deviations of the task's y, or in its unit without `normalize_y`.
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
    classes_ : list
        Labels of "logistic" tasks, None for the others.
    losses_ : list of str
        Loss of every task.
    baseline_ : list
        What predicts each task without features: a mean, or the frequencies of the classes.
    task_weight_, task_noise_ : ndarray of shape (n_tasks,)
        With ``task_weight="uncertainty"``: the weights, and ``sqrt(2 mean loss)`` of every task,
        for "squared_error" the standard deviation of the residuals.
    tasks_ : ndarray of shape (n_tasks,)
        Task labels: the columns of y when it is a frame, else 0, 1, ...
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    n_iter_ : int
        Steps of the proximal Newton method.
    objective_ : float
        The objective above at the solution.
    dual_gap_ : float
        Certified bound on `objective_` minus its minimum; NaN where a quadratic penalty leaves
        directions free.
    optimality_ : float
        `dual_gap_` relative to the objective of the null model: what `tol` is compared with.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Raises
    ------
    ValueError
        In `fit`, for 1-D y, a task of one class or of counts of zero only, a penalty that couples
        tasks of different numbers of classes.

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

    def fit(self, X, y, sample_weight=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like or frame of shape (n_samples, n_tasks)
            NaN or None where a label is missing.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights.

        Returns
        -------
        self
        """
        self._check_params()
        if y is None:
            raise ValueError("MultiTaskMixed requires y to be passed, but the target y is None.")
        framed = hasattr(y, "columns")
        y = y.astype(object) if framed and hasattr(y, "astype") else y  # truth values stay such
        X, _ = read_features(self, X, reset=True)
        Y, weight, labels = read_wide_targets(self, X.shape[0], y, sample_weight, None)
        data = TaskData(
            SharedDesign(X.tocsc() if sparse.issparse(X) else X, len(labels)),
            Y,
            np.broadcast_to(weight, Y.shape),
            labels,
            np.arange(len(Y)),
            len(Y),
            "wide",
        )
        kinds = self._kinds(data)
        columns = [self._read_task(data, t, kind) for t, kind in enumerate(kinds)]
        self._described = [task for task, _ in columns]
        problem = self._problem(data, columns)
        penalty = self._penalty(problem)
        options = {"max_iter": self.max_iter, "tol": self.tol}

        def solve(task_weight):
            weights = {"task_weight": task_weight, "fit_intercept": self.fit_intercept}
            datafit = problem.likelihood(**weights)
            return datafit, solve_penalized(datafit, penalty, **options)

        if isinstance(self.task_weight, str) and self.task_weight == "uncertainty":
            omega, datafit, solution, mean_losses = learn_task_weights(problem, solve)
            scales = np.array([task.scale for task in self._described])
            self.task_weight_, self.task_noise_ = omega, np.sqrt(2 * mean_losses) * scales
        else:
            datafit, solution = solve(self.task_weight)
        self._store(data, problem, datafit, solution, framed)
        return self

    def _kinds(self, data):
        """The loss of every task."""
        if self.losses is None:
            numbers = [
                all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in c)
                for c in (data.y[data.weight[:, t] > 0, t].tolist() for t in range(data.n_tasks))
            ]
            return ["squared_error" if number else "logistic" for number in numbers]
        losses = self.losses
        if isinstance(losses, dict):
            missing = [label for label in data.tasks.tolist() if label not in losses]
            unknown = [label for label in losses if label not in data.tasks.tolist()]
            if missing or unknown:
                problem = (
                    f"no entry for task(s) {some_of(missing)}"
                    if missing
                    else (f"entries for {some_of(unknown)}, which are no tasks")
                )
                raise ValueError(f"losses has {problem}; tasks are {some_of(data.tasks)}.")
            losses = [losses[label] for label in data.tasks.tolist()]
        if len(losses) != data.n_tasks:
            raise ValueError(f"losses has {len(losses)} entries, but y has {data.n_tasks} tasks.")
        return [check_option(kind, "losses", KINDS) for kind in losses]

    def _read_task(self, data, t, kind):
        """The :class:`MixedTask` of column t, and its targets (n_samples, size)."""
        seen, label = data.weight[:, t] > 0, some_of(data.tasks[t : t + 1])
        y, weight = data.y[seen, t], data.weight[seen, t]
        if kind == "logistic":
            classes, codes = encode(y, f"Task {label}")
            classes = np.array(classes.tolist())
            check_classification_targets(classes[codes])
            if len(classes) < 2:
                raise ValueError(f"Task {label} holds one class, {classes.tolist()}: leave it out.")
            baseline = np.bincount(codes, weight) / weight.sum()
            task = MixedTask(kind, 0.0, 1.0, classes, baseline)
            target = np.eye(len(classes))[codes][:, -task.size :]
        else:
            try:
                y = y.astype(float)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"Task {label} of loss {kind!r} holds no numbers: {error}"
                ) from None
            if np.isinf(y).any():
                raise ValueError(f"Input y contains infinity in task {label}.")
            mean = float(weight @ y / weight.sum())
            if kind == "poisson" and (y.min() < 0 or mean == 0):
                raise ValueError(
                    f"Task {label} of loss 'poisson' needs counts of at least 0 that are not all "
                    f"0, got {y.min():.4g} to {y.max():.4g}."
                )
            deviation = float(np.sqrt(weight @ (y - mean) ** 2 / weight.sum()))
            normal = self.normalize_y and kind != "poisson"
            scale = deviation if normal and deviation > 1e-12 * abs(mean) else 1.0
            task = MixedTask(kind, mean if normal else 0.0, scale, None, mean)
            target = ((y - task.mean) / scale)[:, None]
        full = np.zeros((len(seen), task.size))
        full[seen] = target
        return task, full

    def _problem(self, data, columns):
        sizes = np.array([task.size for task, _ in columns])
        C, ends, parts = sizes.sum(), np.cumsum(sizes), []
        single = {
            "squared_error": Squared(),
            "huber": Huber(float(self.huber_delta)),
            "poisson": Poisson(),
            "logistic": Logistic(),
        }
        for (task, _), end in zip(columns, ends, strict=True):
            index = np.arange(data.n_samples)[:, None] * C + np.arange(end - task.size, end)
            parts.append((index, single[task.kind] if task.size == 1 else Softmax()))
        reach = np.repeat([loss.reach for _, loss in parts], sizes)
        y = np.hstack([target for _, target in columns])
        design, loss = SharedDesign(data.design.X, C), Grouped(tuple(parts), reach)
        return ColumnProblem(replace(data, y=y), design, y, loss, sizes)

    def _penalty(self, problem):
        penalty = L21(0.1) if self.penalty is None else self.penalty
        for term in penalty.terms:
            for part in getattr(term, "parts", (term,)):
                check_fits(part, problem.design.n_features, problem.data.n_tasks)
        if problem.n_columns == 0 and sees_tasks(penalty):
            raise ValueError(
                "A penalty that couples tasks needs tasks of one column: numbers, counts and two "
                f"classes; the tasks have {problem.sizes.tolist()} columns."
            )
        return for_columns(penalty, max(problem.n_columns, 1))

    def _store(self, data, problem, datafit, solution, framed):
        self._store_tasks(data)
        self._framed = framed
        ends = np.cumsum(problem.sizes)[:-1]
        b = datafit.intercepts(solution.W)
        self.coef_ = [np.ascontiguousarray(W.T) for W in np.split(solution.W, ends, axis=1)]
        self.intercept_ = np.split(b, ends)
        self.classes_ = [task.classes for task in self._described]
        self.losses_ = [task.kind for task in self._described]
        self.baseline_ = [task.baseline for task in self._described]
        self.n_iter_, self.objective_ = solution.n_iter, float(solution.objective)
        self.dual_gap_, self.optimality_ = float(solution.gap), float(solution.optimality)
        if not solution.converged:
            warn_unconverged(solution, self.max_iter, self.tol)

    def decision_function(self, X):
        """Scores of the columns of all tasks: one, or one for each of more than two classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_columns)
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False)
        return np.asarray(X @ np.vstack(self.coef_).T) + np.concatenate(self.intercept_)

    def _scores(self, X):
        """Pairs of the description of every task and its scores (n_samples, n_columns_t)."""
        scores = self.decision_function(X)
        ends = np.cumsum([task.size for task in self._described])[:-1]
        return list(zip(self._described, np.split(scores, ends, axis=1), strict=True))

    def predict(self, X):
        """Numbers, mean counts and the most probable classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        pandas.DataFrame or ndarray of shape (n_samples, n_tasks)
            A frame when `fit` was given one; floats when no task is "logistic", else objects.
        """
        columns = [task.predict(z) for task, z in self._scores(X)]
        if self._framed:
            import pandas as pd

            return pd.DataFrame(dict(zip(self.tasks_.tolist(), columns, strict=True)))
        numbers = "logistic" not in self.losses_
        out = np.empty((len(columns[0]), len(columns)), dtype=float if numbers else object)
        for t, column in enumerate(columns):
            out[:, t] = column
        return out

    @available_if(_may_have_classes)
    def predict_proba(self, X):
        """Class probabilities of the "logistic" tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        list of n_tasks ndarrays of shape (n_samples, n_classes_t), None for other tasks
        """
        pairs = self._scores(X)
        return [task.proba(z) if task.kind == "logistic" else None for task, z in pairs]

    def score(self, X, y, sample_weight=None):
        """Mean skill over tasks: 1 - loss / loss of the baseline, as in :func:`make_mixed_scorer`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like or frame of shape (n_samples, n_tasks)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None

        Returns
        -------
        float
        """
        return float(np.nanmean(self.skills(X, y, sample_weight)))

    def skills(self, X, y, sample_weight=None):
        """Skill of every task: 1 - loss / loss of its baseline on these rows.

        The loss is that of the task: mean squared error, mean Huber loss, mean Poisson deviance or
        log-loss. 1 is perfect, 0 no better than the mean, or the class frequencies, of the training
        rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like or frame of shape (n_samples, n_tasks)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None

        Returns
        -------
        ndarray of shape (n_tasks,)
            NaN for tasks without a labeled row, and where the baseline is perfect.
        """
        pairs, names = self._scores(X), column_names(y)
        tasks = self.tasks_.tolist()
        if names is not None and self._framed:
            if sorted(map(str, names)) != sorted(map(str, tasks)):
                raise ValueError(f"y has the columns {names}, expected the tasks {tasks}.")
            y = y[tasks]
        elif np.ndim(y) != 2 or np.shape(y)[1] != len(tasks):
            raise ValueError(
                f"y has shape {np.shape(y)}, expected a column for {len(tasks)} tasks."
            )
        known, n_samples = np.full(self.n_tasks_, np.nan), len(pairs[0][1])
        Y, weight, _ = read_wide_targets(self, n_samples, y, sample_weight, None, empty=True)
        weight = np.broadcast_to(weight, Y.shape)
        for t, (task, z) in enumerate(pairs):
            seen = weight[:, t] > 0
            if seen.any():
                known[t] = _skill(task, Y[seen, t], z[seen], weight[seen, t], self.huber_delta)
        return known


def _skill(task, y, z, weight, huber_delta):
    """1 - loss / loss of the baseline."""
    if task.kind == "logistic":
        y = np.array(y.tolist()) if y.dtype == object else y
        codes = np.searchsorted(task.classes, y).clip(max=len(task.classes) - 1)
        unseen = task.classes[codes] != y  # as improbable as can be
        own = np.where(unseen, 0.0, task.proba(z)[np.arange(len(y)), codes])
        base = np.where(unseen, 0.0, task.baseline[codes])
        least = np.finfo(float).eps
        loss, null = (-np.log(np.maximum(p, least)) for p in (own, base))
    else:
        y = y.astype(float)
        kinds = {"huber": Huber(float(huber_delta)), "poisson": Poisson()}
        loss_of = kinds.get(task.kind, Squared())
        target = (y - task.mean) / task.scale
        base = (
            np.log(task.baseline)
            if task.kind == "poisson"
            else ((task.baseline - task.mean) / task.scale)
        )
        loss, null = (loss_of.value(target, s) for s in (z[:, 0], np.full(len(y), base)))
    total = weight @ null
    return 1 - (weight @ loss) / total if total > 0 else np.nan
