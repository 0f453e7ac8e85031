"""Cross-validated estimators: one path per fold, the best strength, a refit."""

from itertools import islice
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed
from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skmtl._checks import check_bool, check_int, check_option, check_real
from skmtl._docs import documented
from skmtl.linear_model._base import LinearMultiTaskRegressor, warn_unconverged
from skmtl.linear_model._folds import make_folds
from skmtl.linear_model._path import check_alphas
from skmtl.linear_model._sparse import row_penalty, single_task_limit, solver_options
from skmtl.model_selection._split import BaseTaskSplitter, assign_folds, row_codes
from skmtl.path import alpha_grid, critical_alpha, solution_path, solve

_FLOATS = 2**22  # of solutions kept at a time


def fold_errors(folds, k, penalty, paths, options):
    """Held-out error of every model of every path, for one fold.

    Parameters
    ----------
    folds : RowFolds or MomentFolds
    k : int
    penalty : L21
        Of unit strength.
    paths : list of (l1_ratio, alphas)
    options : dict
        Of the solver.

    Returns
    -------
    errors : ndarray of shape (n_paths, n_alphas, n_tasks)
        Weighted mean squared error of each task; NaN where a task has no test row.
    worst : Solution
        The solution of the largest optimality, to warn about.
    """
    fold = folds.fold(k)
    for side, present in (("trains on", fold.trained), ("tests", fold.total > 0)):
        if not present.any():
            raise ValueError(f"A fold {side} no labelled row; give cv fewer or other folds.")
    errors, worst = [], []
    size = max(1, _FLOATS // fold.datafit.mean_x.size)
    for l1_ratio, alphas in paths:
        path = solution_path(fold.datafit, penalty, alphas, l1_ratio, **options)
        while models := list(islice(path, size)):
            errors.append(_held_out_errors(fold, [model.W for model in models]))
            worst.append(max(models, key=lambda model: model.optimality))
    errors = np.concatenate(errors).reshape(len(paths), -1, len(fold.total))
    return errors, max(worst, key=lambda model: model.optimality)


def _held_out_errors(fold, solutions):
    """Mean squared error of each task for every W, (n_models, n_tasks).

    A task without training rows is predicted by the average of the others.
    """
    W = np.stack(solutions)
    intercepts = np.stack([fold.datafit.intercepts(w) for w in solutions])
    if not fold.trained.all():
        others = fold.trained
        W[:, :, ~others] = W[:, :, others].mean(axis=2, keepdims=True)
        intercepts[:, ~others] = intercepts[:, others].mean(axis=1, keepdims=True)
    sums = fold.errors(W, intercepts)
    return np.divide(sums, fold.total, out=np.full(sums.shape, np.nan), where=fold.total > 0)


def row_counts(indices, n_samples):
    """How often each row is in `indices` (or a mask), (n_samples,)."""
    indices = np.asarray(indices)
    if indices.dtype == bool:
        indices = np.flatnonzero(indices)
    if len(indices) and not 0 <= indices.min() <= indices.max() < n_samples:
        raise ValueError(
            f"A fold holds row {indices.max()}, but X has {n_samples} rows; were the folds made "
            "for other data?"
        )
    return np.bincount(indices.astype(np.intp), minlength=n_samples).astype(float)


def mean_errors(errors):
    """Mean over folds, then over tasks, of errors (..., n_folds, n_tasks); NaN is no test row."""
    return np.nanmean(np.nanmean(errors, axis=-2), axis=-1)


def choose_alpha(errors, rule):
    """Index of the chosen alpha from errors (n_alphas, n_folds, n_tasks), alphas decreasing.

    "min" takes the smallest mean error; "1se" the largest alpha whose mean error is within one
    standard error of it, from how folds deviate from the mean of each task.
    """
    mean = mean_errors(errors)
    best = int(np.argmin(mean))
    n_folds = errors.shape[1]
    if rule == "min" or n_folds < 2:
        return best
    deviations = np.nanmean(errors[best] - np.nanmean(errors[best], axis=0), axis=1)
    standard_error = deviations.std(ddof=1) / np.sqrt(n_folds)
    return int(np.argmax(mean <= mean[best] + standard_error))


class PathCV(LinearMultiTaskRegressor):
    """Base of the estimators that choose alpha (and l1_ratio) along cross-validated paths."""

    def _check_params(self):
        super()._check_params()
        check_real(self.eps, "eps", high=1.0, include="right")
        check_option(self.selection, "selection", ("cyclic", "random"))
        check_option(self.selection_rule, "selection_rule", ("min", "1se"))
        check_bool(self.copy_X, "copy_X")
        if isinstance(self.alphas, Integral):
            check_int(self.alphas, "alphas")

    def _single_task_limit(self):
        cv = self.cv if isinstance(self.cv, Integral) else None
        return single_task_limit(self, eps=self.eps, alphas=self.alphas, cv=cv)

    def _l1_ratios(self):
        ratios = np.atleast_1d(self.l1_ratio)
        if len(ratios) == 0:
            raise ValueError("l1_ratio is an empty list: give one ratio or several.")
        return [check_real(float(ratio), "l1_ratio", high=1.0) for ratio in ratios]

    def fit(self, X, y, sample_weight=None, *, tasks=None, **params):
        """Choose the strength by cross-validation, then fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN where a label is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights, in the fits and in the held-out errors.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.
        **params : dict
            For the splitter's `split`, such as `groups`; only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant, as in :class:`MultiTaskLasso`.
        """
        split_params = self._split_params(params)
        data, scale = self._read(X, y, sample_weight, tasks)
        penalty = row_penalty(self.feature_weight, self.positive, data.design.n_features)
        if tasks is not None and isinstance(self.cv, BaseTaskSplitter):
            split_params = {"groups": tasks, **split_params}
        splits = self._splits(data, X, y, split_params)
        options = {"task_weight": self.task_weight, "fit_intercept": self.fit_intercept}
        folds = make_folds(data, splits, **options)
        datafit = folds.whole()
        paths = [(ratio, self._alphas(datafit, penalty, ratio)) for ratio in self._l1_ratios()]
        alpha, l1_ratio = self._choose(folds, penalty, paths)
        self._store_choice(alpha, l1_ratio)
        solution = solve(datafit, penalty, alpha, l1_ratio, **solver_options(self))
        return self._finish(data, scale, datafit, solution)

    def _store_choice(self, alpha, l1_ratio):
        self.alpha_ = alpha

    def _alphas(self, datafit, penalty, l1_ratio):
        if isinstance(self.alphas, Integral):
            largest = critical_alpha(datafit, penalty, l1_ratio)
            return alpha_grid(largest, self.eps, int(self.alphas))
        return check_alphas(self.alphas)

    def _splits(self, data, X, y, split_params):
        """Pairs (train, test) of how often each of the user's rows is used."""
        if self.cv is None or isinstance(self.cv, Integral):
            n_splits = 5 if self.cv is None else check_int(self.cv, "cv", low=2)
            rows = np.sort(data.rows)  # rows of no weight are as if absent
            if data.layout == "wide":
                codes = row_codes(None, np.where(data.weight > 0, data.y, np.nan), None, None, "")
            else:
                codes = data.design.task_of_row[np.argsort(data.rows)]
            folds = assign_folds(codes, n_splits)
            splits = [(rows[folds != k], rows[folds == k]) for k in range(n_splits)]
        else:
            splits = list(check_cv(self.cv).split(X, y, **split_params))
        if not splits:
            raise ValueError(f"cv={self.cv!r} gives no split.")
        return [tuple(row_counts(side, data.n_samples) for side in split) for split in splits]

    def _choose(self, folds, penalty, paths):
        """The best (alpha, l1_ratio) of the folds; sets alphas_, mse_path_, task_mse_path_."""
        n_folds, options = len(folds.splits), [solver_options(self)] * len(folds.splits)
        if self.selection == "random":  # each fold its own, so that threads share none
            seeds = check_random_state(self.random_state).randint(2**31 - 1, size=n_folds)
            options = [{**options[0], "random_state": np.random.RandomState(k)} for k in seeds]
        results = Parallel(n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads")(
            delayed(fold_errors)(folds, k, penalty, paths, options[k]) for k in range(n_folds)
        )
        errors = np.stack([result[0] for result in results], axis=2)
        worst = max((result[1] for result in results), key=lambda solution: solution.optimality)
        if not worst.converged:
            warn_unconverged(worst, self.max_iter, self.tol, " in a fold")
        mse = np.nanmean(errors, axis=3)  # (n_paths, n_alphas, n_folds)
        one = len(paths) == 1
        self.mse_path_, self.task_mse_path_ = (mse[0], errors[0]) if one else (mse, errors)
        grids = [alphas for _, alphas in paths]
        same = one or not isinstance(self.alphas, Integral)
        self.alphas_ = grids[0] if same else np.array(grids)
        best = int(np.argmin(mean_errors(errors).min(axis=1)))
        return grids[best][choose_alpha(errors[best], self.selection_rule)], paths[best][0]

    def _split_params(self, params):
        """Metadata for the splitter; refused when routing is off."""
        if not params:
            return {}
        if not get_config()["enable_metadata_routing"]:
            raise ValueError(
                f"[{', '.join(map(repr, params))}] is only supported if "
                "enable_metadata_routing=True, which can be set using "
                "`sklearn.set_config(enable_metadata_routing=True)`."
            )
        return process_routing(self, "fit", **params).splitter.split

    def get_metadata_routing(self):
        """Metadata routing: `fit` itself, and `split` of the splitter.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                splitter=check_cv(self.cv),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )


@documented
class MultiTaskElasticNetCV(PathCV):
    """:class:`MultiTaskElasticNet` with `alpha` and `l1_ratio` chosen by cross-validation.

    Objective at the chosen pair::

        1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2
        + alpha * l1_ratio * sum_j u_j ||W_j||_2
        + alpha * (1 - l1_ratio) / 2 * ||W||_F^2

    {objective}

    Parameters
    ----------
    l1_ratio : float or array-like of float, default=0.5
        Share or shares of the L2,1 norm to try, in [0, 1]; 0 needs `alphas` as an array.
    {cv_parameters}
    {data_parameters}
    {row_parameters}
    {solver_parameters}
    {order_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    l1_ratio_ : float
        Chosen share.
    {cv_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskElasticNet : One given alpha and l1_ratio.
    MultiTaskLassoCV : Without the ridge.

    Examples
    --------
    >>> from skmtl import MultiTaskElasticNetCV
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskElasticNetCV(l1_ratio=[0.5, 0.9], alphas=20).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (2, 20, 5)
    """

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        feature_weight=None,
        positive=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
        random_state=None,
        selection="cyclic",
    ):
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.feature_weight = feature_weight
        self.positive = positive
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection

    def _store_choice(self, alpha, l1_ratio):
        self.alpha_, self.l1_ratio_ = alpha, l1_ratio


@documented
class MultiTaskLassoCV(PathCV):
    """:class:`MultiTaskLasso` with `alpha` chosen by cross-validation.

    Objective at the chosen alpha::

        1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2
        + alpha * sum_j u_j ||W_j||_2

    {objective}

    Parameters
    ----------
    {cv_parameters}
    {data_parameters}
    {row_parameters}
    {solver_parameters}
    {order_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    {cv_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskLasso : One given alpha.
    multi_task_path : The solutions along the whole path.

    Examples
    --------
    >>> from skmtl import MultiTaskLassoCV
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskLassoCV(alphas=20, cv=3).fit(data.X, data.y)
    >>> model.mse_path_.shape, model.task_mse_path_.shape
    ((20, 3), (20, 3, 5))
    """

    l1_ratio = 1.0

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        feature_weight=None,
        positive=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
        random_state=None,
        selection="cyclic",
    ):
        self.eps = eps
        self.alphas = alphas
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.feature_weight = feature_weight
        self.positive = positive
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
