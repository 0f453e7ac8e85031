"""What all kernel models share: fitting and predicting in every data form."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool
from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl._data.target_scale import TargetScale
from skmtl._threads import one_blas_thread
from skmtl.base import MultiTaskEstimator
from skmtl.kernel._input_kernel import InputKernel, is_named


class KernelModel(MultiTaskEstimator):
    """Base of all kernel models.

    A subclass implements ``_fit(reading)``, which sets the fitted attributes and returns self, and
    ``_predict(X, codes)``: the predictions of each sample's own task, (n_samples,), or of every
    task, (n_samples, n_tasks), if `codes` is None. It may override ``_prepare(data)``, which makes
    the `reading` that is fitted from validated data.
    """

    _y_dtype = np.float64
    _why_not_precomputed = None  # what a model does that refuses kernel="precomputed"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        self._input_kernel(gamma=None).check()
        if self._is_precomputed() and self._why_not_precomputed is not None:
            raise ValueError(
                f"kernel='precomputed' is not supported by {type(self).__name__}, which "
                f"{self._why_not_precomputed}: pass a callable."
            )

    def _is_precomputed(self):
        return is_named(self.kernel, "precomputed")

    def _input_kernel(self, gamma):
        """The kernel of the inputs with this gamma, an :class:`InputKernel`."""
        return InputKernel(self.kernel, gamma, self.degree, self.coef0, self.kernel_params)

    def _read(self, X, y, sample_weight, tasks):
        data = read_training_data(self, X, y, sample_weight, tasks, dtype=self._y_dtype)
        return self._prepare(self._scaled(data))

    def _scaled(self, data):
        """The data on the scale on which they are fitted."""
        return data

    def _prepare(self, data):
        return data

    @one_blas_thread
    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Training samples; with `task_column`, one of the columns holds the task ids. Never
            modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional with NaN (None among class labels) where one is missing; 1-D
            with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights of the loss of each sample. A number is the same as None.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the input is invalid: y is 1-D without task ids, a task has no target, or the kernel
            is not positive semidefinite and the regularization does not make up for it.
        """
        self._check_params()
        reading = self._read(X, y, sample_weight, tasks)
        return self._fit(reading)

    def predict(self, X, *, tasks=None):
        """Predict with each sample's own task, or all tasks when fitted on two-dimensional y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the task column if `fit` had one. If the kernel is precomputed, the kernel
            between these samples and those of `fit`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)

        Raises
        ------
        ValueError
            If there are tasks that `fit` did not see, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        return self._predict(X, codes)

    def predict_all_tasks(self, X):
        """Predict every task for every sample, whatever the data form of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `predict`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._predict(X, None)


class ScaledTargets:
    """Mixin of the kernel models of numbers: `normalize_y`.

    They are fitted to targets of mean 0 and variance 1 in each task, and ``_target_scale`` leads
    back to units of y. Models without intercepts have no means to take off.
    """

    def _check_params(self):
        super()._check_params()
        check_bool(self.normalize_y, "normalize_y")

    def _scaled(self, data):
        center = getattr(self, "fit_intercept", True)
        self._target_scale = TargetScale(data, self.normalize_y, center)
        return self._target_scale.apply(data)
