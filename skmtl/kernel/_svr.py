"""Support vector regression of several tasks."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.svm import SVR, LinearSVR

from skmtl._data.checks import check_real
from skmtl._docs import documented
from skmtl.kernel._svm import MultiTaskSVM, _liblinear


@documented
class MultiTaskSVR(MultiTaskSVM, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Support vector regression of all tasks at once.

    A :class:`~sklearn.svm.SVR` of rows that know their tasks, with the kernel::

        k((x, s), (z, t)) = (1/mu + [s = t]) k(x, z) + [s = t]

    {svm_model}

    Parameters
    ----------
    C : float, default=1.0
        Weight of the loss, positive.
    epsilon : float, default=0.1
        Errors up to this cost nothing, in the unit of y.
    {svm_kernel_parameters}
    {svm_parameters}

    Attributes
    ----------
    {svm_attributes}

    See Also
    --------
    MultiTaskSVC : For classes.
    MultiTaskNystroemRidge : Squares in place of the loss.

    References
    ----------
    Evgeniou, Pontil (2004), "Regularized multi-task learning", KDD.

    Examples
    --------
    >>> from skmtl import MultiTaskSVR, make_multitask_regression
    >>> data = make_multitask_regression(n_tasks=3, random_state=0)
    >>> model = MultiTaskSVR(C=10.0, mu=0.5, kernel="linear").fit(data.X, data.y)
    >>> model.predict(data.X).shape == data.y.shape
    True
    """

    _y_dtype = np.float64

    def __init__(
        self,
        C=1.0,
        *,
        epsilon=0.1,
        mu=1.0,
        kernel="rbf",
        gamma="scale",
        degree=3,
        coef0=0.0,
        kernel_params=None,
        task_column=None,
        handle_unknown="error",
        tol=1e-3,
        max_iter=-1,
        random_state=None,
    ):
        self.C = C
        self.epsilon = epsilon
        self.mu = mu
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def _check_params(self):
        super()._check_params()
        check_real(self.epsilon, "epsilon")

    def _targets(self, y, weight, wide):
        self._level = np.average(y, weights=weight)  # so that no level of y is penalized
        return y - self._level

    def _machine(self, linear):
        options = {"C": self.C, "epsilon": self.epsilon, "tol": self.tol}
        if not linear:
            return SVR(kernel="precomputed", max_iter=self.max_iter, **options)
        return LinearSVR(**options, **_liblinear(self))

    def _finished(self, predictions):
        return predictions + self._level
