"""Kernel ridge regression whose strengths are chosen by exact leave-one-out."""

import numpy as np

from skmtl._data.checks import check_alphas, check_option, check_real
from skmtl._docs import documented
from skmtl._task_covariance.cholesky import observation_kernel
from skmtl._task_covariance.kronecker import constants, spectrum
from skmtl._task_covariance.leave_one_out import grid_errors, observation_errors
from skmtl._task_covariance.systems import (
    cholesky_cost,
    choose_solver,
    make_system,
    schur_cost,
    smallest_alpha,
    warn_of_jitter,
)
from skmtl._warn import warn
from skmtl.kernel._input_kernel import check_gammas, gamma_or_none, is_named
from skmtl.kernel._kernel_regressor import TaskKernelRegressor
from skmtl.kernel._task_kernel import check_task_strength, task_covariance

_STRENGTHS = (0.0, 0.5, 0.9, 0.99, 0.999, 1.0)
_TIE = 1e-10  # scores that differ by less than this, relative to the best, are equal


@documented
class MultiTaskKernelRidgeCV(TaskKernelRegressor):
    """:class:`MultiTaskKernelRidge` with its strengths chosen by exact leave-one-out.

    The objective is that of :class:`MultiTaskKernelRidge`. The errors of leaving samples out are
    computed in closed form, without refitting. On complete two-dimensional y one eigendecomposition
    of the kernel matrix serves all strengths; on long data there is one for each task strength.

    Parameters
    ----------
    alphas : array-like of float, default=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
        Regularization strengths to try, positive. Those that rounding would cancel are raised to
        the smallest that has an effect, in the scores and in the fit (`jitter_`).
    task_strengths : array-like of float, default=None
        Values of `task_strength` to try, from 0 to 1, less than 1 for "graph"; 0, each task alone,
        is always tried as well. None means 0, 0.5, 0.9, 0.99, 0.999 and, except for "graph", 1.
    gammas : array-like of float, default=None
        Values of gamma to try, at least 0, for the kernels that have it. None means
        1 / n_features.
    loo : {"sample", "observation"}, default="sample"
        What is left out: a sample with all its targets, which estimates the error on new
        samples, or a single target, which estimates the error on missing ones. On long data both
        are the same.
    kernel : str or callable, default="rbf"
        Kernel of the inputs, as in :class:`MultiTaskKernelRidge`.
    degree : float, default=3
        Degree of the polynomial kernel. Ignored by other kernels.
    coef0 : float, default=1
        Zero coefficient of the polynomial and sigmoid kernels. Ignored by other kernels.
    kernel_params : dict, default=None
        Keyword arguments of a callable kernel.
    task_kernel : str or array-like of shape (n_tasks, n_tasks), default="shared"
        How similar tasks are: "shared", "graph", "identity" or a matrix, as in
        :class:`MultiTaskKernelRidge`. Here a matrix M is mixed with the identity as well,
        ``(1 - d) I + d M``. "identity" has no strengths to try.
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default=None
        Graph of the tasks as in :class:`TaskGraphRegressor`; for ``task_kernel="graph"`` only.
    {kernel_ridge_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen regularization strength.
    task_strength_ : float
        Chosen task strength.
    gamma_ : float or None
        Chosen gamma; None if no gammas were given.
    best_score_ : float
        The largest of `loo_scores_`. Among scores that are equal up to rounding, the smallest task
        strength is chosen, then the largest alpha, then the smallest gamma.
    loo_scores_ : ndarray of shape (n_gammas, n_strengths, n_alphas)
        Negative mean of the squared leave-one-out errors, weighted by `sample_weight`. With
        intercepts, the only target of a task is not counted.
    alphas_ : ndarray of shape (n_alphas,)
        The alphas that were tried, decreasing.
    task_strengths_ : ndarray of shape (n_strengths,)
        The task strengths that were tried, increasing from 0.
    gammas_ : ndarray of shape (n_gammas,)
        The gammas that were tried, increasing; a single NaN if none were given.
    {kernel_ridge_attributes}

    See Also
    --------
    MultiTaskKernelRidge : The same model with given strengths.

    References
    ----------
    Rifkin, Lippert (2007), "Notes on regularized least squares", MIT-CSAIL-TR-2007-025, section 3,
    for leaving out one sample; Stegle et al. (2011), "Efficient inference in matrix-variate
    Gaussian models with iid observation noise", NIPS, for the Kronecker form.

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
        loo="sample",
        kernel="rbf",
        degree=3,
        coef0=1,
        kernel_params=None,
        task_kernel="shared",
        graph=None,
        solver="auto",
        fit_intercept=True,
        normalize_y=True,
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
        self.normalize_y = normalize_y
        self.task_column = task_column
        self.handle_unknown = handle_unknown

    def _check_params(self):
        super()._check_params()
        check_option(self.loo, "loo", ("sample", "observation"))

    def _fit(self, reading):
        self._store_grid()
        solver = self._choose_solver(reading)
        n_gammas = len(self.gammas_)
        n_strengths = len(self.task_strengths_)
        n_alphas = len(self.alphas_)
        self.loo_scores_ = np.full((n_gammas, n_strengths, n_alphas), np.nan)
        for g, gamma in enumerate(self.gammas_):
            kernel = self._input_kernel(gamma_or_none(gamma))
            K = self._kernel_matrix(reading, kernel)
            K_spectrum = self._spectrum(reading, K, solver)
            self.loo_scores_[g] = self._scores(reading, K, K_spectrum, solver)
            best = best_of(self.loo_scores_)
            if best[0] == g:
                # only the kernel matrix of the best gamma so far is kept
                chosen = best
                kept = kernel, K, K_spectrum
        if np.isnan(self.loo_scores_).all():
            warn(
                "No task has more than one target, so leaving one out cannot compare strengths: "
                "the smallest task strength and the largest alpha are used.",
                UserWarning,
            )
        self._store_choice(chosen)
        return self._refit(reading, solver, *kept)

    def _store_grid(self):
        """Set `alphas_`, `task_strengths_` and `gammas_`."""
        self.alphas_ = check_alphas(self.alphas)
        check_real(self.alphas_[-1], "alphas", include="neither")
        strengths = [
            check_task_strength(strength, self.task_kernel, "task_strengths")
            for strength in self._strengths_to_try()
        ]
        self.task_strengths_ = np.unique([0.0, *strengths])
        self.gammas_ = check_gammas(self.gammas, self.kernel)

    def _strengths_to_try(self):
        """The given task strengths or those of the task kernel; 0 may be missing."""
        if is_named(self.task_kernel, "identity"):
            return []
        if self.task_strengths is not None:
            return np.atleast_1d(self.task_strengths).tolist()
        if is_named(self.task_kernel, "graph"):
            return [strength for strength in _STRENGTHS if strength < 1]
        return list(_STRENGTHS)

    def _store_choice(self, index):
        """Set the chosen strengths and their score from their index in `loo_scores_`."""
        g, d, a = index
        self.alpha_ = float(self.alphas_[a])
        self.task_strength_ = float(self.task_strengths_[d])
        self.gamma_ = gamma_or_none(self.gammas_[g])
        self.best_score_ = float(self.loo_scores_[index])

    def _covariance(self, strength, task_ids):
        """The task covariance B of a task strength, (n_tasks, n_tasks)."""
        if isinstance(self.task_kernel, str):
            return task_covariance(self.task_kernel, strength, self.graph, task_ids)
        given = task_covariance(self.task_kernel, None, None, task_ids)
        identity = np.eye(len(task_ids))
        return (1 - strength) * identity + strength * given

    def _choose_solver(self, reading):
        observations = reading.observations
        n_strengths = len(self.task_strengths_)
        n_alphas = len(self.alphas_)
        costs = (
            schur_cost(observations, n_strengths * n_alphas),
            cholesky_cost(observations, n_strengths, n_alphas),
        )
        return choose_solver(self.solver, observations, reading.long, costs)

    def _spectrum(self, reading, K, solver):
        """The spectrum of the kernel matrix if the solver needs it, else None."""
        if solver == "cholesky":
            return None
        observations = reading.observations
        free = constants(observations.n_samples, self.fit_intercept)
        return spectrum(K, observations.common_weight, free)

    def _scores(self, reading, K, K_spectrum, solver):
        """Scores of all strengths with this kernel matrix, (n_strengths, n_alphas), or NaN."""
        observations = reading.observations
        y = reading.y
        if self.fit_intercept:
            mean = observations.task_mean(y)
            y = y - mean[observations.task]
        counted = observations.predictable_without(self.fit_intercept)
        total = observations.weight[counted].sum()
        if total == 0:
            return np.nan
        sums = []
        for strength in self.task_strengths_:
            B = self._covariance(strength, reading.data.tasks)
            smallest = smallest_alpha(K, B, observations)
            alphas = np.maximum(self.alphas_, smallest)  # as in the fit
            if solver == "kronecker":
                Y = observations.matrix(y)
                errors = grid_errors(K_spectrum, B, alphas, Y, self.loo)
            elif solver == "schur":
                errors = self._schur_errors(K, K_spectrum, B, alphas, y, observations)
            else:
                errors = self._cholesky_errors(K, B, alphas, y, observations)
            sums.append(errors)
        return -np.stack(sums) / total

    def _schur_errors(self, K, K_spectrum, B, alphas, y, observations):
        """Weighted sums of squared leave-one-out errors with a few missing targets, (n_alphas,)."""
        sums = []
        for alpha in alphas:
            alpha_by_task = np.full(observations.n_tasks, alpha)
            system = make_system(
                "schur",
                K,
                B,
                alpha_by_task,
                observations,
                self.fit_intercept,
                K_spectrum,
            )
            errors = system.leave_one_out(y, self.loo)
            squares = observations.weight * errors**2
            sums.append(np.nansum(squares))
        return np.array(sums)

    def _cholesky_errors(self, K, B, alphas, y, observations):
        """Weighted sums of squared leave-one-out errors of any observations, (n_alphas,)."""
        free = observations.indicators() if self.fit_intercept else None
        kernel = observation_kernel(K, B, observations)
        parts = spectrum(kernel, observations.weight, free)
        return observation_errors(
            parts,
            alphas,
            y,
            observations,
            self.loo,
            self.fit_intercept,
        )

    def _refit(self, reading, solver, kernel, K, K_spectrum):
        """Fit with the chosen strengths; returns self."""
        observations = reading.observations
        B = self._covariance(self.task_strength_, reading.data.tasks)
        smallest = smallest_alpha(K, B, observations)
        jitter = max(smallest - self.alpha_, 0.0)
        alpha = np.full(observations.n_tasks, self.alpha_ + jitter)
        system = make_system(
            solver,
            K,
            B,
            alpha,
            observations,
            self.fit_intercept,
            K_spectrum,
        )
        warn_of_jitter(jitter)
        return self._store(reading, system, kernel, jitter)


def best_of(scores):
    """Index of the best of the scores (n_gammas, n_strengths, n_alphas).

    Ties go to the first strength, then the first alpha, then the first gamma.
    """
    if np.isnan(scores).all():
        return 0, 0, 0
    best = np.nanmax(scores)
    tolerance = _TIE * abs(best)
    tied = np.argwhere(scores >= best - tolerance)

    def rank(index):
        g, d, a = index
        return d, a, g

    g, d, a = min(tied.tolist(), key=rank)
    return g, d, a
