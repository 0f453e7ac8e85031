"""Nystroem kernel ridge regression whose strengths are chosen by cross-validation."""

import numpy as np

from skmtl._data.checks import check_alphas, check_real
from skmtl._data.stratification import data_strata
from skmtl._docs import documented
from skmtl._task_covariance.systems import warn_of_jitter
from skmtl.datafits import StatisticsFolds
from skmtl.kernel._nystroem_ridge import NystroemRegressor
from skmtl.kernel._shared_ridge import SharedRidge
from skmtl.model_selection.path_search import PathSearch


class SharedRidgeFolds(StatisticsFolds):
    """Folds of a :class:`FeatureReading` whose loss is that of :class:`SharedRidge`."""

    def __init__(self, reading, splits, *, fit_intercept):
        self._reading = reading
        super().__init__(reading.data, splits, task_weight=None, fit_intercept=fit_intercept)

    def _reader(self, weight):
        return self._reading.statistics_reader(weight, self.fit_intercept)

    def _datafit(self, statistics):
        return SharedRidge(statistics, self.fit_intercept)


@documented
class MultiTaskNystroemRidgeCV(PathSearch, NystroemRegressor):
    """:class:`MultiTaskNystroemRidge` with its strengths chosen by cross-validation.

    The objective is that of :class:`MultiTaskNystroemRidge`. Samples are read once and the
    sufficient statistics of the folds are kept, unless these are too large. Nystroem's method draws
    its samples from all data, held-out ones included, but without their targets.

    Parameters
    ----------
    alphas : array-like of float, default=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)
        Regularization strengths to try, positive.
    task_strengths : array-like of float, default=(0.0, 0.5, 0.9, 0.99, 0.999, 1.0)
        Values of `task_strength` to try, from 0 to 1.
    kernel : str or callable, default="rbf"
        Kernel of the inputs: a name that :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows,
        or a callable of two samples. "linear" uses all features of X as they are and draws no
        samples.
    gamma : float, default=None
        Gamma of the kernels that have it, at least 0. None means 1 / n_features.
    degree : float, default=3
        Degree of the polynomial kernel. Ignored by other kernels.
    coef0 : float, default=1
        Zero coefficient of the polynomial and sigmoid kernels. Ignored by other kernels.
    kernel_params : dict, default=None
        Keyword arguments of a callable kernel.
    n_components : int, default=100
        Number of samples to draw for Nystroem's method. If X has no more distinct samples than
        that, all of them are used.
    {nystroem_data_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen regularization strength.
    task_strength_ : float
        Chosen task strength.
    {path_attributes}
    {nystroem_attributes}

    See Also
    --------
    MultiTaskNystroemRidge : The same model with given strengths.

    Examples
    --------
    >>> from skmtl import MultiTaskNystroemRidgeCV, load_parkinsons
    >>> data = load_parkinsons()
    >>> model = MultiTaskNystroemRidgeCV(gamma=0.01, n_components=20, task_column=-1)
    >>> model.fit(data.X[::20], data.y[::20]).mse_path_.shape
    (6, 6, 5)
    """

    def __init__(
        self,
        alphas=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0),
        *,
        task_strengths=(0.0, 0.5, 0.9, 0.99, 0.999, 1.0),
        kernel="rbf",
        gamma=None,
        degree=3,
        coef0=1,
        kernel_params=None,
        n_components=100,
        fit_intercept=True,
        normalize_y=True,
        task_column=None,
        handle_unknown="error",
        random_state=None,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.task_strengths = task_strengths
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.n_components = n_components
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.random_state = random_state
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

    def _strata(self, reading):
        return data_strata(reading.data)

    def _make_folds(self, reading, splits):
        return SharedRidgeFolds(reading, splits, fit_intercept=self.fit_intercept)

    def _paths(self, datafit, reading):
        alphas = check_alphas(self.alphas)
        check_real(alphas[-1], "alphas", include="neither")
        strengths = np.atleast_1d(self.task_strengths).tolist()
        if not strengths:
            raise ValueError("task_strengths is empty: pass at least one number from 0 to 1.")
        for strength in strengths:
            check_real(strength, "task_strengths", high=1.0)
        self.grid_ = [{"task_strength": strength} for strength in strengths]
        return [(params, alphas) for params in self.grid_]

    def _solutions(self, datafit, reading, params, alphas, fold):
        for alpha in alphas:
            yield datafit.solve(alpha, params["task_strength"])

    def _store_choice(self, alpha, params):
        self.alpha_ = float(alpha)
        self.task_strength_ = params["task_strength"]

    def _refit(self, worker, reading, datafit, solution):
        warn_of_jitter(solution.jitter)
        return super()._refit(worker, reading, datafit, solution)
