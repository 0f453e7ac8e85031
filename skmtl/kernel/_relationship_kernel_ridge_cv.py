"""Kernel ridge regression with a learned task covariance, its strengths cross-validated."""

import numpy as np

from skmtl._data.checks import check_alphas, check_real
from skmtl._data.stratification import data_strata
from skmtl._docs import documented
from skmtl._task_covariance.systems import warn_of_jitter
from skmtl.kernel._input_kernel import check_gammas, gamma_or_none
from skmtl.kernel._relationship_folds import RelationshipFolds
from skmtl.kernel._relationship_kernel_ridge import RelationshipKernelRegressor
from skmtl.model_selection.path_search import PathSearch


@documented
class MultiTaskRelationshipKernelRidgeCV(PathSearch, RelationshipKernelRegressor):
    """:class:`MultiTaskRelationshipKernelRidge` with its strengths chosen by cross-validation.

    The objective is that of :class:`MultiTaskRelationshipKernelRidge`. The covariance is learned
    anew in every fold, with initial values near the covariance of neighboring strengths. Exact
    leave-one-out with one covariance for all samples would be cheaper, but that covariance depends
    on the sample left out, so that chance similarities of unrelated tasks would lower its errors.

    Parameters
    ----------
    alphas : array-like of float, default=(1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
        Regularization strengths of the penalty with the covariance to try, positive.
    ridges : array-like of float, default=(0.0, 0.1, 1.0, 10.0)
        Regularization strengths of the ridge penalty to try, at least 0. With a ridge and a small
        alpha each task is learned alone.
    gammas : array-like of float, default=None
        Values of gamma to try, at least 0, for the kernels that have it. None means
        1 / n_features. A kernel matrix for each gamma is kept in memory.
    kernel : str or callable, default="rbf"
        Kernel of the inputs, as in :class:`MultiTaskRelationshipKernelRidge`. A precomputed kernel
        is split into folds.
    degree : float, default=3
        Degree of the polynomial kernel. Ignored by other kernels.
    coef0 : float, default=1
        Zero coefficient of the polynomial and sigmoid kernels. Ignored by other kernels.
    kernel_params : dict, default=None
        Keyword arguments of a callable kernel.
    {relationship_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen regularization strength of the penalty with the covariance.
    ridge_ : float
        Chosen regularization strength of the ridge penalty.
    gamma_ : float or None
        Chosen gamma; None if no gammas were given. Among equal errors, the smallest gamma is
        chosen, then the smallest ridge, then the largest alpha.
    {path_attributes}
    {relationship_attributes}

    See Also
    --------
    MultiTaskRelationshipKernelRidge : The same model with given strengths.
    MultiTaskKernelRidgeCV : Chooses among given task covariances by exact leave-one-out.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskRelationshipKernelRidgeCV
    >>> x = np.linspace(0, 3, 20)
    >>> Y = np.column_stack([np.sin(x), np.sin(x), -np.sin(x)])
    >>> model = MultiTaskRelationshipKernelRidgeCV(gammas=[0.1, 1.0]).fit(x[:, None], Y)
    >>> model.mse_path_.shape
    (8, 6, 5)
    >>> (3 * model.task_covariance_).round(1)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """

    def __init__(
        self,
        alphas=(1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0),
        *,
        ridges=(0.0, 0.1, 1.0, 10.0),
        gammas=None,
        kernel="rbf",
        degree=3,
        coef0=1,
        kernel_params=None,
        fit_intercept=True,
        normalize_y=True,
        task_column=None,
        handle_unknown="error",
        max_iter=200,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.ridges = ridges
        self.gammas = gammas
        self.kernel = kernel
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

    def _strata(self, reading):
        return data_strata(reading.data)

    def _make_folds(self, reading, splits):
        kernels = {}
        for value in check_gammas(self.gammas, self.kernel):
            gamma = gamma_or_none(value)
            kernels[gamma] = self._kernel_matrix(reading, self._input_kernel(gamma))
        return RelationshipFolds(reading, kernels, splits, self.fit_intercept)

    def _paths(self, datafit, reading):
        alphas = check_alphas(self.alphas)
        check_real(alphas[-1], "alphas", include="neither")
        ridges = np.unique(np.atleast_1d(self.ridges)).tolist()
        if not ridges:
            raise ValueError("ridges is empty: pass at least one number, such as 0.")
        for ridge in ridges:
            check_real(ridge, "ridges")
        self.grid_ = [
            {"gamma": gamma, "ridge": float(ridge)} for gamma in datafit.kernels for ridge in ridges
        ]
        return [(params, alphas) for params in self.grid_]

    def _solutions(self, datafit, reading, params, alphas, fold):
        stop = {"max_iter": self.max_iter, "tol": self.tol}
        if fold is not None:
            return datafit.path(**params, alphas=alphas, **stop)
        learner = datafit.learner(params["gamma"])
        return [learner.learn(float(alphas[0]), params["ridge"], **stop)]

    def _store_choice(self, alpha, params):
        self.alpha_ = float(alpha)
        self.ridge_ = params["ridge"]
        self.gamma_ = params["gamma"]

    def _refit(self, worker, reading, datafit, history):
        kernel = self._input_kernel(self.gamma_)
        learner = datafit.learner(self.gamma_)
        jitter = learner.jitter(self.alpha_, self.ridge_)
        warn_of_jitter(jitter)
        self._store_relationship(reading, learner, history, kernel, jitter)
        self._warn_of_gap()
        return self
