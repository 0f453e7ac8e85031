"""Kernel ridge regression of many samples, with a few features in place of the kernel matrix."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.preprocessing import FunctionTransformer

from skmtl._data.checks import check_bool, check_int, check_real
from skmtl._data.designs import predict_own_tasks
from skmtl._docs import documented
from skmtl._task_covariance.systems import warn_of_jitter
from skmtl.kernel._base import KernelModel, ScaledTargets
from skmtl.kernel._input_kernel import check_gamma, is_named, sliceable
from skmtl.kernel._nystroem_features import (
    FeatureReading,
    fit_nystroem,
    read_nystroem_features,
    sample_chunks,
)
from skmtl.kernel._shared_ridge import SharedRidge


class NystroemRegressor(
    ScaledTargets, KernelModel, RegressorMixin, MultiOutputMixin, BaseEstimator
):
    """Base of the regressors on Nystroem features, fitted from a :class:`FeatureReading`."""

    _why_not_precomputed = "draws samples from X"

    def _check_params(self):
        super()._check_params()
        check_gamma(self.gamma)
        check_bool(self.fit_intercept, "fit_intercept")
        check_int(self.n_components, "n_components")

    def _prepare(self, data):
        """The data with features in place of X; sets `feature_map_`."""
        if is_named(self.kernel, "linear"):
            identity = FunctionTransformer(accept_sparse=True).set_output(transform="default")
            self.feature_map_ = identity.fit(data.design.X)
            return FeatureReading(data)
        X = sliceable(data.design.X)
        kernel = self._input_kernel(self.gamma)
        self.feature_map_ = fit_nystroem(
            _labeled_samples(X, data), kernel, self.n_components, self.random_state
        )
        return read_nystroem_features(data, X, self.feature_map_)

    def _finish(self, reading, system, solution):
        """Set the fitted attributes; returns self."""
        self._store_tasks(reading.data)
        self.jitter_ = float(solution.jitter)
        intercepts = system.intercepts(solution.W)
        self.coef_, self.intercept_ = self._target_scale.restore(solution.W, intercepts)
        self.shared_coef_ = self.coef_.mean(axis=0)
        return self

    def _predict(self, X, codes):
        X = sliceable(X)
        predictions = []
        for part in sample_chunks(X.shape[0], self.coef_.shape[1]):
            features = self.feature_map_.transform(X[part])
            if codes is None:
                values = np.asarray(features @ self.coef_.T) + self.intercept_
            else:
                values = predict_own_tasks(
                    features, codes[part], self.coef_, self.intercept_, self.shared_coef_
                )
            predictions.append(values)
        return np.concatenate(predictions)


def _labeled_samples(X, data):
    """The samples of X that have a target of positive weight."""
    if data.layout != "wide":
        return X
    return X[(data.weight > 0).any(axis=1)]


@documented
class MultiTaskNystroemRidge(NystroemRegressor):
    """Kernel ridge regressions that share a part, for many samples.

    The objective is that of kernel ridge regression with the task kernel
    ``B = (1 - d) I + d 11'/T``, d being `task_strength`::

        sum_t sum_i s_ti (y_ti - f_t(x_i) - b_t)^2 + alpha * ||f||^2

    with ``f_t(x) = phi(x) . w_t`` and ``||f||^2 = tr(W B^-1 W')``. The features phi are those of
    Nystroem's method with `n_components` randomly drawn samples, whose inner products approximate
    the kernel, or those of X if the kernel is linear. ``s`` are the sample weights, 0 where a
    target is missing. Each ``w_t`` is the sum of ``sqrt(d / T) u``, which all tasks share, and
    ``sqrt(1 - d) v_t``: d = 0 learns each task alone, d = 1 is one function with an intercept for
    each task, and both parts have the same variance at d = T / (T + 1).

    Samples are read in chunks, so the matrix of all features is never in memory. The cost is
    n m^2 + T m^3 operations for n samples, m features and T tasks.

    Parameters
    ----------
    alpha : float, default=1.0
        Regularization strength, positive; on the scale of scikit-learn's
        :class:`~sklearn.kernel_ridge.KernelRidge`.
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
        that, all of them are used and the model is exact.
    task_strength : float, default=0.5
        The d above, from 0 to 1.
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
        normalize_y=True,
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
        self.normalize_y = normalize_y
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.random_state = random_state

    def _check_params(self):
        super()._check_params()
        check_real(self.alpha, "alpha", include="neither")
        check_real(self.task_strength, "task_strength", high=1.0)

    def _fit(self, reading):
        read_statistics = reading.statistics_reader(reading.data.weight, self.fit_intercept)
        system = SharedRidge(read_statistics(), self.fit_intercept)
        solution = system.solve(self.alpha, self.task_strength)
        warn_of_jitter(solution.jitter)
        return self._finish(reading, system, solution)
