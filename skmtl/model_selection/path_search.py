"""Cross-validated estimators: one path per fold, the best strength, a refit."""

from itertools import islice
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed
from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skmtl._data.checks import check_int, check_option
from skmtl._data.stratification import assign_folds
from skmtl.base import warn_unconverged
from skmtl.model_selection._task_splitters import BaseTaskSplitter

_FLOATS = 2**22  # of solutions kept at a time


def fold_errors(folds, k, paths, solutions):
    """Held-out error of every model of every path, for one fold.

    Parameters
    ----------
    folds : SampleFolds or StatisticsFolds
    k : int
    paths : list of (params, alphas)
    solutions : callable
        ``solutions(datafit, params, alphas, k)`` yields those of a path.

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
            raise ValueError(f"A fold {side} no labeled row; give cv fewer or other folds.")
    errors, worst = [], []
    size = max(1, _FLOATS // int(np.prod(fold.datafit.shape)))
    for params, alphas in paths:
        path = iter(solutions(fold.datafit, params, alphas, k))
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
    others, K = fold.trained, fold.sizes[0]
    if not others.all() and (fold.sizes == K).all():
        columns = W.reshape(*W.shape[:2], -1, K)  # views: what is put there is put into W
        columns[:, :, ~others] = columns[:, :, others].mean(axis=2, keepdims=True)
        b = intercepts.reshape(len(W), -1, K)
        b[:, ~others] = b[:, others].mean(axis=1, keepdims=True)
    sums = fold.errors(W, intercepts)
    return np.divide(sums, fold.total, out=np.full(sums.shape, np.nan), where=fold.total > 0)


def sample_counts(indices, n_samples):
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


class PathSearch:
    """Mixin of the estimators that choose alpha (and more) along cross-validated paths.

    A subclass gives ``_paths(datafit, read)``, the list of (params, alphas) to try, where `params`
    is a dict of what else varies; ``_solutions(datafit, read, params, alphas, fold)``, which
    yields the solutions of one path (`fold` is a number, or None for the refit); and
    ``_store_choice(alpha, params)``. ``_worker`` reads the data and is fitted in the end.
    """

    _error_name = "mse"  # what the paths of errors are called

    def _worker(self):
        return self

    def _check_params(self):
        if hasattr(super(), "_check_params"):
            super()._check_params()
        check_option(self.selection_rule, "selection_rule", ("min", "1se"))

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
        worker = self._worker()
        self._check_params()
        read = worker._read(X, y, sample_weight, tasks)
        if tasks is not None and isinstance(self.cv, BaseTaskSplitter):
            split_params = {"groups": tasks, **split_params}
        splits = self._splits(read.data, worker._strata(read), X, y, split_params)
        folds = worker._make_folds(read, splits)
        datafit = folds.whole()
        paths = self._paths(datafit, read)

        def solutions(datafit, params, alphas, fold=None):
            return self._solutions(datafit, read, params, alphas, fold)

        alpha, chosen = self._choose(folds, paths, solutions)
        self._store_choice(alpha, chosen)
        (solution,) = solutions(datafit, chosen, [alpha])
        return self._refit(worker, read, datafit, solution)

    def _refit(self, worker, read, datafit, solution):
        """Store the solution for all rows; returns self."""
        return worker._finish(read, datafit, solution)

    def _splits(self, data, strata, X, y, split_params):
        """Pairs (train, test) of how often each of the user's rows is used."""
        if self.cv is None or isinstance(self.cv, Integral):
            n_splits = 5 if self.cv is None else check_int(self.cv, "cv", low=2)
            rows = np.sort(data.sample_indices)  # rows of no weight are as if absent
            folds = assign_folds(strata, n_splits)
            splits = [(rows[folds != k], rows[folds == k]) for k in range(n_splits)]
        else:
            splits = list(check_cv(self.cv).split(X, y, **split_params))
        if not splits:
            raise ValueError(f"cv={self.cv!r} gives no split.")
        return [tuple(sample_counts(side, data.n_samples) for side in split) for split in splits]

    def _choose(self, folds, paths, solutions):
        """The best (alpha, params) of the folds; sets alphas_, mse_path_, task_mse_path_."""
        results = Parallel(n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads")(
            delayed(fold_errors)(folds, k, paths, solutions) for k in range(len(folds.splits))
        )
        errors = np.stack([result[0] for result in results], axis=2)
        worst = max((result[1] for result in results), key=lambda solution: solution.optimality)
        if not worst.converged:
            warn_unconverged(worst, self.max_iter, self.tol, " in a fold")
        mse = np.nanmean(errors, axis=3)  # (n_paths, n_alphas, n_folds)
        one = len(paths) == 1
        setattr(self, f"{self._error_name}_path_", mse[0] if one else mse)
        setattr(self, f"task_{self._error_name}_path_", errors[0] if one else errors)
        grids = [alphas for _, alphas in paths]
        same = one or all(np.array_equal(grid, grids[0]) for grid in grids)
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
