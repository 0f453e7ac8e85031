"""Kernel ridge regression of many rows: a few features in place of the kernel."""

from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_alphas, check_bool, check_int, check_real
from skmtl._data.designs import SharedDesign, predict_own_tasks
from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl._data.stratification import data_strata
from skmtl._docs import documented
from skmtl._task_covariance.systems import warn_of_jitter
from skmtl.base import MultiTaskEstimator
from skmtl.kernel._feature_ridge import FeatureFolds, FeatureReading, SharedRidge, reader
from skmtl.kernel._features import FeatureRows, StackedFeatures, chunks, nystroem_map
from skmtl.kernel._input_kernel import check_kernel, is_named
from skmtl.model_selection.path_search import PathSearch


class NystroemModel(MultiTaskEstimator, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """What the estimators with given and chosen strengths share."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        check_bool(self.fit_intercept, "fit_intercept")
        check_kernel(self.kernel, self.gamma, self.degree, self.coef0, self.kernel_params)
        if is_named(self.kernel, "precomputed"):
            raise ValueError(
                f"kernel='precomputed' is not for {type(self).__name__}, which samples rows of X: "
                "give a callable."
            )
        check_int(self.n_components, "n_components")

    def _read(self, X, y, sample_weight, tasks):
        """The data as a :class:`FeatureReading`; sets `feature_map_`."""
        data = read_training_data(self, X, y, sample_weight, tasks)
        if is_named(self.kernel, "linear"):
            self.feature_map_ = FunctionTransformer(accept_sparse=True).fit(data.design.X)
            return FeatureReading(data, 0.0)
        X, names = data.design.X, ("kernel", "gamma", "degree", "coef0", "kernel_params")
        X = X.tocsr() if sparse.issparse(X) else X
        labeled = (data.weight > 0).any(axis=1) if data.layout == "wide" else slice(None)
        self.feature_map_ = nystroem_map(
            X[labeled],
            n_components=self.n_components,
            random_state=self.random_state,
            **{name: getattr(self, name) for name in names},
        )
        sample = self.feature_map_.transform(self.feature_map_.components_)
        rows = FeatureRows(X, self.feature_map_, sample.shape[1])
        if data.layout == "wide":
            design = SharedDesign(rows, data.n_tasks)
        else:
            design = StackedFeatures(rows, data.design.ptr)
        return FeatureReading(replace(data, design=design), sample.mean(axis=0))

    def _finish(self, read, system, solution):
        """Set the fitted attributes; returns self."""
        self._store_tasks(read.data)
        self.jitter_ = float(solution.jitter)
        self.coef_ = np.ascontiguousarray(solution.W.T)
        self.intercept_ = system.intercepts(solution.W)
        self.shared_coef_ = self.coef_.mean(axis=0)
        return self

    def predict(self, X, *, tasks=None):
        """Predict with each row's own task, or all tasks when fitted on two-dimensional y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        return self._predict(*read_prediction_data(self, X, tasks))

    def predict_all_tasks(self, X):
        """Predictions of every task for every row, however the data came in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are not looked at.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._predict(X, None)

    def _predict(self, X, codes):
        X = X.tocsr() if sparse.issparse(X) else X
        out = []
        for part in chunks(X.shape[0], self.coef_.shape[1]):
            Z = self.feature_map_.transform(X[part])
            if codes is None:
                out.append(np.asarray(Z @ self.coef_.T) + self.intercept_)
            else:
                model = self.coef_, self.intercept_, self.shared_coef_
                out.append(predict_own_tasks(Z, codes[part], *model))
        return np.concatenate(out)

    def _strata(self, read):
        return data_strata(read.data)


@documented
class MultiTaskNystroemRidge(NystroemModel):
    """Kernel ridge regressions that share a part, for many rows.

    The objective is that of kernel ridge regression with the task kernel
    ``B = (1 - d) I + d 11'/T``, d being `task_strength`::

        sum_t sum_i s_ti (y_ti - f_t(x_i) - b_t)^2 + alpha * ||f||^2

    with ``f_t(x) = phi(x) . w_t`` and ``||f||^2 = tr(W B^-1 W')``. The features phi are those of
    Nystroem's method on a sample of `n_components` rows, whose inner products approximate the
    kernel, or those of X where the kernel is linear. ``s`` are the sample weights, 0 where a label
    is missing. Each ``w_t`` is a sum of ``sqrt(d / T) u``, common to all tasks, and
    ``sqrt(1 - d) v_t``: d = 0 are tasks of their own, d = 1 is one function with an intercept for
    each task, and both parts vary alike at d = T / (T + 1).

    Rows are read in chunks, so memory does not grow with their number times that of the features.
    The cost is that of n m^2 + T m^3 operations for n rows, m features and T tasks.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, positive; on the scale of scikit-learn's KernelRidge.
    kernel : str or callable, default="rbf"
        Kernel of the inputs: a name that :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows,
        or a function of two rows. "linear" takes all features of X as they are, without a sample.
    gamma : float, default=None
        Of the kernels that have it, at least 0; None is 1 / n_features.
    degree : float, default=3
        Of "poly".
    coef0 : float, default=1
        Of "poly" and "sigmoid".
    kernel_params : dict, default=None
        Arguments of a callable kernel.
    n_components : int, default=100
        Rows in the sample, at most as many as X has different ones: then nothing is approximated.
    task_strength : float, default=0.5
        d above, from 0 to 1.
    {nystroem_data_parameters}

    Attributes
    ----------
    {nystroem_attributes}

    See Also
    --------
    MultiTaskNystroemRidgeCV : Chooses the strengths by cross-validation.
    MeanRegularizedRegressor : The same with ``kernel="linear"``, in other parameters.

    References
    ----------
    Evgeniou, Micchelli, Pontil (2005), "Learning multiple tasks with kernel methods", Journal of
    Machine Learning Research 6, section 3.1. Williams, Seeger (2001), "Using the Nystroem method to
    speed up kernel machines", NIPS.

    Examples
    --------
    >>> from skmtl import MultiTaskNystroemRidge, load_parkinsons
    >>> data = load_parkinsons()
    >>> model = MultiTaskNystroemRidge(0.1, gamma=0.01, task_strength=0.9, task_column=-1)
    >>> model.fit(data.X, data.y).coef_.shape
    (42, 100)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        kernel="rbf",
        gamma=None,
        degree=3,
        coef0=1,
        kernel_params=None,
        n_components=100,
        task_strength=0.5,
        fit_intercept=True,
        task_column=None,
        handle_unknown="error",
        random_state=None,
    ):
        self.alpha = alpha
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.n_components = n_components
        self.task_strength = task_strength
        self.fit_intercept = fit_intercept
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN where a label is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a row weight of 2 is the same as the row twice.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant, as in :class:`MultiTaskLasso`.
        """
        self._check_params()
        check_real(self.alpha, "alpha", include="neither")
        check_real(self.task_strength, "task_strength", high=1.0)
        data, origin = read = self._read(X, y, sample_weight, tasks)
        moments = reader(data, data.weight, origin, self.fit_intercept)()
        system = SharedRidge(moments, self.fit_intercept)
        solution = system.solve(self.alpha, self.task_strength)
        warn_of_jitter(solution.jitter)
        return self._finish(read, system, solution)


@documented
class MultiTaskNystroemRidgeCV(PathSearch, NystroemModel):
    """:class:`MultiTaskNystroemRidge` with its strengths chosen by cross-validation.

    Its objective is that of :class:`MultiTaskNystroemRidge`. Rows are read once: moments of the
    folds are kept, or read again where they are too many. The sample of rows is that of all data,
    without their labels.

    Parameters
    ----------
    alphas : array-like of float, default=(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)
        Strengths to try, positive.
    task_strengths : array-like of float, default=(0.0, 0.5, 0.9, 0.99, 0.999, 1.0)
        Values of `task_strength` to try, from 0 to 1.
    kernel : str or callable, default="rbf"
        Kernel of the inputs: a name that :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows,
        or a function of two rows. "linear" takes all features of X as they are, without a sample.
    gamma : float, default=None
        Of the kernels that have it, at least 0; None is 1 / n_features.
    degree : float, default=3
        Of "poly".
    coef0 : float, default=1
        Of "poly" and "sigmoid".
    kernel_params : dict, default=None
        Arguments of a callable kernel.
    n_components : int, default=100
        Rows in the sample, at most as many as X has different ones.
    {nystroem_data_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength of the penalty.
    task_strength_ : float
        Chosen strength of the coupling.
    {path_attributes}
    {nystroem_attributes}

    See Also
    --------
    MultiTaskNystroemRidge : Given strengths.

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
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.random_state = random_state
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

    def _make_folds(self, read, splits):
        return FeatureFolds(read, splits, fit_intercept=self.fit_intercept)

    def _paths(self, datafit, read):
        alphas = check_alphas(self.alphas)
        check_real(alphas[-1], "alphas", include="neither")
        strengths = np.atleast_1d(self.task_strengths).tolist()
        if not strengths:
            raise ValueError("task_strengths is empty: give it at least one number from 0 to 1.")
        for strength in strengths:
            check_real(strength, "task_strengths", high=1.0)
        self.grid_ = [{"task_strength": strength} for strength in strengths]
        return [(params, alphas) for params in self.grid_]

    def _solutions(self, datafit, read, params, alphas, fold):
        return (datafit.solve(alpha, params["task_strength"]) for alpha in alphas)

    def _store_choice(self, alpha, params):
        self.alpha_, self.task_strength_ = float(alpha), params["task_strength"]

    def _refit(self, worker, read, datafit, solution):
        warn_of_jitter(solution.jitter, stacklevel=4)
        return super()._refit(worker, read, datafit, solution)
