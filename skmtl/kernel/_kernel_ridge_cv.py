"""Kernel ridge regression whose strengths are chosen by exact leave-one-out."""

import warnings

import numpy as np

from skmtl._data.checks import check_alphas, check_option, check_real
from skmtl._docs import documented
from skmtl._task_covariance.cholesky import observation_kernel
from skmtl._task_covariance.kronecker import constants, spectrum
from skmtl._task_covariance.leave_one_out import cell_errors, grid_errors
from skmtl._task_covariance.systems import (
    cholesky_cost,
    choose_solver,
    make_system,
    schur_cost,
    smallest_alpha,
    warn_of_jitter,
)
from skmtl.kernel._base import TaskKernelRegressor
from skmtl.kernel._input_kernel import WITH_GAMMA, has_gamma, is_named
from skmtl.kernel._task_kernel import check_task_strength, task_covariance

_STRENGTHS = (0.0, 0.5, 0.9, 0.99, 0.999, 1.0)
_TIE = 1e-10  # scores as near as this, relative to the best, are equal


@documented
class MultiTaskKernelRidgeCV(TaskKernelRegressor):
    """:class:`MultiTaskKernelRidge` with its strengths chosen by exact leave-one-out.

    Its objective is that of :class:`MultiTaskKernelRidge`. Errors of leaving each row out are
    closed formulas, not fits. On complete two-dimensional y one eigendecomposition of the kernel
    serves all strengths; where tasks have rows of their own there is one for each task strength.

    Parameters
    ----------
    alphas : array-like of float, default=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
        Strengths of the penalty to try, positive. Those too small for rounding count as the
        smallest that is not, in the scores and in the fit (`jitter_`).
    task_strengths : array-like of float, default=None
        Values of `task_strength` to try, from 0 to 1, less than 1 for "graph"; 0, each task alone,
        is always tried too. None is 0, 0.5, 0.9, 0.99, 0.999 and, but for "graph", 1.
    gammas : array-like of float, default=None
        Values of gamma to try, for kernels that have it, at least 0; None is 1 / n_features.
    loo : {"row", "cell"}, default="row"
        What is left out: a row of X with all its labels, as for predicting new rows, or one label
        at a time, as for filling in missing ones. The same where tasks have rows of their own.
    kernel : str or callable, default="rbf"
        Kernel of the inputs, as in :class:`MultiTaskKernelRidge`.
    degree : float, default=3
        Of "poly".
    coef0 : float, default=1
        Of "poly" and "sigmoid".
    kernel_params : dict, default=None
        Arguments of a callable kernel.
    task_kernel : str or array-like of shape (n_tasks, n_tasks), default="shared"
        How alike tasks are: "shared", "graph", "identity" or a matrix, as in
        :class:`MultiTaskKernelRidge`. Here a matrix M is mixed with "identity" as well,
        ``(1 - d) I + d M``. "identity" has no strengths to try.
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default=None
        As in :class:`TaskGraphRegressor`, for ``task_kernel="graph"`` only.
    {kernel_ridge_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength of the penalty.
    task_strength_ : float
        Chosen strength of the coupling.
    gamma_ : float or None
        Chosen gamma; None where none were given.
    best_score_ : float
        The largest of `loo_scores_`. Among scores equal to rounding the smallest task strength
        wins, then the largest alpha, then the smallest gamma.
    loo_scores_ : ndarray of shape (n_gammas, n_strengths, n_alphas)
        Negative mean of the squared errors of what is left out, weighted by `sample_weight`.
        Labels that are their task's only one do not count with intercepts.
    alphas_ : ndarray of shape (n_alphas,)
        Decreasing.
    task_strengths_ : ndarray of shape (n_strengths,)
        Increasing, from 0.
    gammas_ : ndarray of shape (n_gammas,)
        Increasing; NaN where none were given.
    {kernel_ridge_attributes}

    See Also
    --------
    MultiTaskKernelRidge : Given strengths.

    References
    ----------
    Rifkin, Lippert (2007), "Notes on regularized least squares", MIT-CSAIL-TR-2007-025, section 3,
    for leaving out one row; Stegle et al. (2011), "Efficient inference in matrix-variate Gaussian
    models with iid observation noise", NIPS, for the Kronecker form.

    Examples
    --------
    >>> from skmtl import MultiTaskKernelRidgeCV, load_parkinsons
    >>> data = load_parkinsons()
    >>> model = MultiTaskKernelRidgeCV(gammas=[0.001, 0.01], task_column=-1)
    >>> model.fit(data.X[::20], data.y[::20]).loo_scores_.shape
    (2, 6, 7)
    """

    def __init__(
        self,
        alphas=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0),
        *,
        task_strengths=None,
        gammas=None,
        loo="row",
        kernel="rbf",
        degree=3,
        coef0=1,
        kernel_params=None,
        task_kernel="shared",
        graph=None,
        solver="auto",
        fit_intercept=True,
        task_column=None,
        handle_unknown="error",
    ):
        self.alphas = alphas
        self.task_strengths = task_strengths
        self.gammas = gammas
        self.loo = loo
        self.kernel = kernel
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.task_kernel = task_kernel
        self.graph = graph
        self.solver = solver
        self.fit_intercept = fit_intercept
        self.task_column = task_column
        self.handle_unknown = handle_unknown

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Choose the strengths, and fit all tasks together with them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN where a label is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights, of the fit and of the errors. A number is the same as None.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant, as in :class:`MultiTaskLasso`, and kernels that are not
            positive semi-definite.
        """
        self._check_params()
        check_option(self.loo, "loo", ("row", "cell"))
        self._store_grid()
        read = self._read(X, y, sample_weight, tasks)
        solver = self._choose_solver(read)
        shape = len(self.gammas_), len(self.task_strengths_), len(self.alphas_)
        self.loo_scores_ = np.full(shape, np.nan)
        for g, gamma in enumerate(self.gammas_):
            K = self._kernel_matrix(read, or_none(gamma))
            self.loo_scores_[g], decomposed = self._scores(read, K, solver)
            best = best_of(self.loo_scores_)
            if best[0] == g:
                choice, kept = best, (K, decomposed)
        if np.isnan(self.loo_scores_).all():
            warnings.warn(
                "No task has two labeled rows, so that nothing is left to compare strengths by "
                "when one is left out: the smallest task strength and the largest alpha are taken.",
                UserWarning,
                stacklevel=2,
            )
        return self._refit(read, solver, choice, *kept)

    def _store_grid(self):
        """Set `alphas_`, `task_strengths_` and `gammas_`."""
        self.alphas_ = check_alphas(self.alphas)
        check_real(self.alphas_[-1], "alphas", include="neither")
        strengths = self.task_strengths
        if strengths is None:
            strengths = _STRENGTHS[:-1] if is_named(self.task_kernel, "graph") else _STRENGTHS
        if is_named(self.task_kernel, "identity"):
            strengths = ()
        strengths = [
            check_task_strength(strength, self.task_kernel, "task_strengths")
            for strength in np.atleast_1d(strengths).tolist()
        ]
        self.task_strengths_ = np.unique([0.0, *strengths])
        self.gammas_ = check_gammas(self.gammas, self.kernel)

    def _covariance(self, strength, tasks):
        """B of a task strength."""
        if isinstance(self.task_kernel, str):
            return task_covariance(self.task_kernel, strength, self.graph, tasks)
        given = task_covariance(self.task_kernel, None, None, tasks)
        return (1 - strength) * np.eye(len(tasks)) + strength * given

    def _choose_solver(self, read):
        n_strengths, n_alphas = len(self.task_strengths_), len(self.alphas_)
        costs = (
            schur_cost(read.cells, n_strengths * n_alphas),
            cholesky_cost(read.cells, n_strengths, n_alphas),
        )
        return choose_solver(self.solver, read.cells, read.long, costs)

    def _scores(self, read, K, solver):
        """Scores (n_strengths, n_alphas), and the spectrum of K where it was needed."""
        cells, y = read.cells, read.y
        if self.fit_intercept:
            y = y - cells.task_mean(y)[cells.task]
        total = cells.weight[cells.left(self.fit_intercept)].sum()
        decomposed = None
        if solver != "cholesky":
            free = constants(cells.n_rows, self.fit_intercept)
            decomposed = spectrum(K, cells.row_weight, free)
        if total == 0:
            return np.nan, decomposed
        sums = [
            self._errors(solver, K, decomposed, self._covariance(d, read.data.tasks), y, cells)
            for d in self.task_strengths_
        ]
        return -np.stack(sums) / total, decomposed

    def _errors(self, solver, K, decomposed, B, y, cells):
        """Weighted sums of squared errors of leaving out, (n_alphas,)."""
        alphas = np.maximum(self.alphas_, smallest_alpha(K, B, cells))  # as the fit has them
        if solver == "kronecker":
            return grid_errors(decomposed, B, alphas, cells.matrix(y), self.loo)
        if solver == "cholesky":
            free = cells.indicators() if self.fit_intercept else None
            parts = spectrum(observation_kernel(K, B, cells), cells.weight, free)
            return cell_errors(parts, alphas, y, cells, self.loo, self.fit_intercept)
        sums = []
        for alpha in alphas:
            each = np.full(cells.n_tasks, alpha)
            system = make_system("schur", K, B, each, cells, self.fit_intercept, decomposed)
            sums.append(np.nansum(cells.weight * system.leave_one_out(y, self.loo) ** 2))
        return np.array(sums)

    def _refit(self, read, solver, choice, K, decomposed):
        """Set the chosen strengths and what the fit with them is; returns self."""
        g, d, a = choice
        self.alpha_, self.task_strength_ = float(self.alphas_[a]), float(self.task_strengths_[d])
        self.gamma_, self.best_score_ = or_none(self.gammas_[g]), float(self.loo_scores_[choice])
        B = self._covariance(self.task_strength_, read.data.tasks)
        jitter = max(smallest_alpha(K, B, read.cells) - self.alpha_, 0.0)
        alpha = np.full(read.cells.n_tasks, self.alpha_ + jitter)
        system = make_system(solver, K, B, alpha, read.cells, self.fit_intercept, decomposed)
        warn_of_jitter(jitter, stacklevel=4)
        return self._finish(read, system, B, self._input_kernel(self.gamma_), jitter)


def check_gammas(gammas, kernel):
    """Values to try, increasing; NaN where none were given."""
    if gammas is not None and not has_gamma(kernel):
        raise ValueError(
            f"gammas were given, but kernel={kernel!r} has no gamma; those of "
            f"{sorted(WITH_GAMMA)} have one."
        )
    if gammas is None:
        return np.array([np.nan])
    if np.ndim(gammas) > 1 or np.size(gammas) == 0:
        problem = "is empty" if np.size(gammas) == 0 else f"has shape {np.shape(gammas)}"
        raise ValueError(f"gammas {problem}: give at least one number in a list, or None.")
    return np.unique([check_real(gamma, "gammas") for gamma in np.atleast_1d(gammas).tolist()])


def or_none(gamma):
    """A gamma as kernels take it."""
    return None if np.isnan(gamma) else float(gamma)


def best_of(scores):
    """Index of the best of scores (n_gammas, n_strengths, n_alphas).

    Ties go to the first strength, then the first alpha, then the first gamma.
    """
    if np.isnan(scores).all():
        return 0, 0, 0
    best = np.nanmax(scores)
    tied = np.argwhere(scores >= best - _TIE * abs(best))
    g, d, a = min(tied.tolist(), key=lambda index: (index[1], index[2], index[0]))
    return g, d, a
