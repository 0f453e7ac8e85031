"""Cross-validated estimators: paths on every fold, the choice of alpha, a refit to all samples."""

from itertools import islice
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed
from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skmtl._dask.partitions import is_collection
from skmtl._data.checks import check_int, check_option
from skmtl._data.fold_samples import given_splits
from skmtl._data.in_memory import check_in_memory
from skmtl._data.stratification import assign_folds
from skmtl._data.task_ids import split_task_column
from skmtl._threads import one_blas_thread
from skmtl.base import warn_unconverged
from skmtl.model_selection._task_splitters import BaseTaskSplitter

_FLOATS = 2**22  # numbers in the solutions that are kept at a time


def fold_errors(folds, k, n_paths, solve):
    """Compute the held-out errors of every model of every path, for one fold.

    Parameters
    ----------
    folds : SampleFolds or StatisticsFolds
        The folds of the data.
    k : int
        Number of the fold.
    n_paths : int
        Number of paths.
    solve : callable
        ``solve(datafit, k)`` yields which paths are solved, the loss that these minimize, and
        their solutions, path after path.

    Returns
    -------
    errors : ndarray of shape (n_paths, n_alphas, n_tasks)
        Weighted mean squared error of each task; NaN where a task has no test sample.
    worst : Solution
        The solution with the largest optimality, to warn about.
    """
    fold = folds.fold(k)
    _check_fold(fold)
    n_tasks = len(fold.total)
    errors = [None] * n_paths
    worst = []
    solution_size = int(np.prod(fold.datafit.shape))
    chunk_size = max(1, _FLOATS // solution_size)
    for which, datafit, solutions in solve(fold.datafit, k):
        solutions = iter(solutions)
        of_these = []
        while chunk := list(islice(solutions, chunk_size)):
            coefficients = [solution.W for solution in chunk]
            of_these.append(_held_out_errors(fold, datafit, coefficients))
            worst.append(_least_converged(chunk))
        of_these = np.concatenate(of_these).reshape(len(which), -1, n_tasks)
        for path, of_path in zip(which, of_these, strict=True):
            errors[path] = of_path
    return np.stack(errors), _least_converged(worst)


def _check_fold(fold):
    """Raise unless there are targets on both sides of a split."""
    if not fold.trained.any():
        raise ValueError("A fold trains on no target; give cv fewer or other folds.")
    if not (fold.total > 0).any():
        raise ValueError("A fold tests no target; give cv fewer or other folds.")


def _least_converged(solutions):
    """Return the solution with the largest optimality."""
    return max(solutions, key=lambda solution: solution.optimality)


def _held_out_errors(fold, datafit, coefficients):
    """Return the mean squared error of each task for every W, (n_models, n_tasks).

    A task without training samples is predicted by the average of the others.
    """
    W = np.stack(coefficients)
    intercepts = np.stack([datafit.intercepts(one) for one in coefficients])
    trained = fold.trained
    n_columns = fold.sizes[0]  # columns of W of a task
    if not trained.all() and (fold.sizes == n_columns).all():
        shape = (*W.shape[:2], -1, n_columns)
        W_of_tasks = W.reshape(shape)  # a view: this changes W
        average = W_of_tasks[:, :, trained].mean(axis=2, keepdims=True)
        W_of_tasks[:, :, ~trained] = average
        b_of_tasks = intercepts.reshape(len(W), -1, n_columns)  # a view as well
        average = b_of_tasks[:, trained].mean(axis=1, keepdims=True)
        b_of_tasks[:, ~trained] = average
    sums = fold.errors(W, intercepts)
    sums = np.where(np.isnan(sums), np.inf, sums)  # predictions that overflow are the worst
    return np.divide(
        sums,
        fold.total,
        out=np.full(sums.shape, np.nan),
        where=fold.total > 0,
    )


def sample_counts(positions, n_samples):
    """Return how often each sample is among `positions`, (n_samples,) of float."""
    counts = np.bincount(positions, minlength=n_samples)
    return counts.astype(float)


def mean_errors(errors):
    """Return the mean over folds, then over tasks, of errors (..., n_folds, n_tasks).

    Errors are NaN where a task has no test sample.
    """
    by_task = _mean_of_known(errors, axis=-2)
    return _mean_of_known(by_task, axis=-1)


def _mean_of_known(values, axis):
    """Return the mean of the values that are not NaN; NaN where there is none."""
    known = ~np.isnan(values)
    counts = known.sum(axis=axis)
    sums = np.where(known, values, 0.0).sum(axis=axis)
    nothing = np.full(sums.shape, np.nan)
    return np.divide(sums, counts, out=nothing, where=counts > 0)


def choose_alpha(errors, rule):
    """Return the index of the chosen alpha, from errors (n_alphas, n_folds, n_tasks).

    Alphas are decreasing. The rule "min" takes that of the smallest mean error, "1se" the largest
    alpha whose mean error is within one standard error of the smallest. The standard error is that
    of the deviations of folds from the mean of each task.
    """
    mean = mean_errors(errors)
    best = int(np.argmin(mean))
    n_folds = errors.shape[1]
    if rule == "min" or n_folds < 2:
        return best
    task_means = _mean_of_known(errors[best], axis=0)
    deviations = _mean_of_known(errors[best] - task_means, axis=1)
    standard_deviation = deviations.std(ddof=1)
    standard_error = standard_deviation / np.sqrt(n_folds)
    within = mean <= mean[best] + standard_error
    return int(np.argmax(within))


class PathSearch:
    """Mixin of the estimators that choose alpha (and more) along cross-validated paths.

    A subclass defines ``_paths(datafit, read)``, the list of (params, alphas) to try, where
    `params` is a dict of the parameters other than alpha; ``_solutions(datafit, read, params,
    alphas, fold)``, which yields the solutions of one path (`fold` is a number, or None for the
    refit); and ``_store_choice(alpha, params)``. It may solve several paths together in
    ``_path_solver``.
    """

    _error_name = "mse"  # in the names of the attributes that hold errors

    def _worker(self):
        """Return the estimator that reads the data and is fitted in the end."""
        return self

    def _check_params(self):
        if hasattr(super(), "_check_params"):
            super()._check_params()
        check_option(self.selection_rule, "selection_rule", ("min", "1se"))

    @one_blas_thread
    def fit(self, X, y, sample_weight=None, *, tasks=None, **params):
        """Choose alpha by cross-validation, then fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Training data; with `task_column`, one of the columns holds the task ids. Never
            modified. Or a Dask collection, as the other arguments then are, for regressors with
            squared losses; folds are then those of :meth:`TaskStatistics.from_dask`.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional, NaN where missing, or 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative sample weights, used in the fits and in the held-out errors.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.
        **params : dict
            Parameters of the `split` method of the splitter, such as `groups`; only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the input is invalid: y is 1-D without task ids, X and y have different numbers of
            samples, a task has no targets, or a fold has none to train on or to test.
        """
        split_params = self._split_params(params)
        if is_collection(X):
            return self._fit_collection(X, y, sample_weight, tasks)
        self._check_params()
        worker = self._worker()
        read = worker._read(X, y, sample_weight, tasks)
        if isinstance(self.cv, BaseTaskSplitter):
            split_params = {**self._task_groups(worker, X, tasks), **split_params}
        strata = worker._strata(read)
        rng = np.random.default_rng(0) if worker._shuffles_folds else None
        splits = self._splits(read.data, strata, X, y, split_params, rng)
        folds = worker._make_folds(read, splits)
        self._search(worker, read, folds)
        vars(self).pop("_statistics", None)  # of partial_fit
        return self

    def _search(self, worker, read, folds):
        """Choose alpha by folds, then fit to everything that was read."""
        datafit = folds.whole()
        paths = self._paths(datafit, read)
        solve = self._path_solver(datafit, read, paths)
        alpha, chosen = self._choose(folds, paths, solve)
        self._store_choice(alpha, chosen)
        datafit = self._loss_of(datafit, read, chosen)
        (solution,) = self._solutions(datafit, read, chosen, [alpha], None)
        return self._refit(worker, read, datafit, solution)

    def _fit_collection(self, X, y, sample_weight, tasks):
        """Refuse Dask collections, if the model needs the samples in memory."""
        check_in_memory(X=X, y=y, sample_weight=sample_weight, tasks=tasks)

    def _task_groups(self, worker, X, tasks):
        """Return the task ids as `groups`, for a splitter that cannot take them from X."""
        if tasks is None and self.cv.task_column is None and worker.task_column is not None:
            _, tasks = split_task_column(X, worker.task_column)
        return {} if tasks is None else {"groups": tasks}

    def _loss_of(self, datafit, read, params):
        """Return the loss that a model with these parameters minimizes."""
        return datafit

    def _path_solver(self, datafit, read, paths):
        """Return a function of the loss of a fold and its number, to be called for every fold.

        It yields which of the paths are solved, their loss and their solutions, path after path.
        """

        def solve(datafit, fold):
            for which, (params, alphas) in enumerate(paths):
                loss = self._loss_of(datafit, read, params)
                yield [which], loss, self._solutions(loss, read, params, alphas, fold)

        return solve

    def _refit(self, worker, read, datafit, solution):
        """Store the solution for all samples and return self."""
        return worker._finish(read, datafit, solution)

    def _splits(self, data, strata, X, y, split_params, rng=None):
        """Return pairs (train, test) of how often each of the user's samples is used."""
        if self.cv is None or isinstance(self.cv, Integral):
            splits = self._stratified_splits(data, strata, rng)
        else:
            splits = given_splits(self.cv, data.n_samples, X, y, **split_params)
        counts = []
        for train, test in splits:
            trained = sample_counts(train, data.n_samples)
            tested = sample_counts(test, data.n_samples)
            counts.append((trained, tested))
        return counts

    def _stratified_splits(self, data, strata, rng):
        """Return pairs (train, test) of samples; those of zero weight are as if absent."""
        n_splits = 5
        if self.cv is not None:
            n_splits = check_int(self.cv, "cv", low=2)
        samples = np.sort(data.sample_indices)
        folds = assign_folds(strata, n_splits, rng)
        splits = []
        for k in range(n_splits):
            train = samples[folds != k]
            test = samples[folds == k]
            splits.append((train, test))
        return splits

    def _choose(self, folds, paths, solve):
        """Return the best (alpha, params) of the folds; set alphas_ and the paths of errors."""
        parallel = Parallel(n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads")
        n_folds = len(folds.splits)
        results = parallel(
            delayed(fold_errors)(folds, k, len(paths), solve) for k in range(n_folds)
        )
        errors = np.stack([of_fold for of_fold, _ in results], axis=2)
        worst = _least_converged([worst_of_fold for _, worst_of_fold in results])
        if not worst.converged:
            warn_unconverged(worst, self.max_iter, self.tol, " in a fold")
        one = len(paths) == 1
        self._store_errors(errors[0] if one else errors)
        grids = [alphas for _, alphas in paths]
        same = one or all(np.array_equal(grid, grids[0]) for grid in grids)
        self.alphas_ = grids[0] if same else np.array(grids)
        smallest = mean_errors(errors).min(axis=1)
        best = int(np.argmin(smallest))
        if not np.isfinite(smallest[best]):
            raise ValueError(
                "No model has a finite held-out error in every fold, so that none can be chosen: "
                "scale the features, or give larger alphas."
            )
        params, alphas = paths[best]
        chosen = choose_alpha(errors[best], self.selection_rule)
        return alphas[chosen], params

    def _store_errors(self, errors):
        """Store errors (..., n_alphas, n_folds, n_tasks) under the name that is right for them."""
        for name in ("mse", "cv_error"):  # of an earlier fit with another loss
            vars(self).pop(f"{name}_path_", None)
            vars(self).pop(f"task_{name}_path_", None)
        setattr(self, f"{self._error_name}_path_", _mean_of_known(errors, axis=-1))
        setattr(self, f"task_{self._error_name}_path_", errors)

    def _split_params(self, params):
        """Return the metadata for the splitter; raise if they are given without routing."""
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
        """Get metadata routing of this object: of `fit` itself and of `split` of the splitter.

        Returns
        -------
        routing : MetadataRouter
            A :class:`~sklearn.utils.metadata_routing.MetadataRouter`.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        fit_to_split = MethodMapping().add(caller="fit", callee="split")
        return router.add(splitter=check_cv(self.cv), method_mapping=fit_to_split)
