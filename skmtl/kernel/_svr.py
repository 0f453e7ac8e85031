"""Support vector regression of several tasks."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.svm import SVR, LinearSVR

from skmtl._data.checks import check_real
from skmtl._docs import documented
from skmtl.kernel._svm import MultiTaskSVM


@documented
class MultiTaskSVR(MultiTaskSVM, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Support vector regression of all tasks at once.

    A :class:`~sklearn.svm.SVR` on pairs of a sample and its task, with the kernel::

        k((x, s), (z, t)) = (1/mu + [s = t]) k(x, z) + [s = t]

    {svm_model}

    Parameters
    ----------
    C : float, default=1.0
        Factor of the loss, positive: the inverse of a regularization strength.
    epsilon : float, default=0.1
        Errors up to epsilon have no loss; it has the unit of y.
    {svm_kernel_parameters}
    {svm_parameters}

    Attributes
    ----------
    {svm_attributes}

    See Also
    --------
    MultiTaskSVC : Classification counterpart.
    MultiTaskNystroemRidge : The same coupling of tasks with the squared loss.

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

    def _machine_targets(self, y, weight, wide):
        # the mean is subtracted, since the linear machine penalizes the common intercept
        self._mean_y = np.average(y, weights=weight)
        return y - self._mean_y

    def _make_machine(self, linear):
        options = {"C": self.C, "epsilon": self.epsilon, "tol": self.tol}
        if linear:
            return LinearSVR(**options, **self._liblinear_options())
        return SVR(kernel="precomputed", max_iter=self.max_iter, **options)

    def _predict(self, X, codes):
        return super()._predict(X, codes) + self._mean_y
