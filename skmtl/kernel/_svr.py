"""Support vector regression of several tasks."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.svm import SVR, LinearSVR

from skmtl._data.checks import check_real
from skmtl._data.target_scale import TargetScale
from skmtl._docs import documented
from skmtl._warn import warn
from skmtl.kernel._base import ScaledTargets
from skmtl.kernel._input_kernel import sliceable
from skmtl.kernel._svm import MultiTaskSVM

_DIGITS = 100 * np.finfo(float).eps  # rounding errors of the solver, relative to y
_UNLIKE = 1e3  # deviations of tasks that differ by this factor are warned of


@documented
class MultiTaskSVR(ScaledTargets, MultiTaskSVM, RegressorMixin, MultiOutputMixin, BaseEstimator):
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
    normalize_y : bool, default=False
        Center the targets of each task and divide them by their standard deviation before the fit.
        C and `epsilon` are then on that scale, else in units of y as in scikit-learn. Set it where
        tasks have different units.
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
        normalize_y=False,
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
        self.normalize_y = normalize_y
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def _check_params(self):
        super()._check_params()
        check_real(self.epsilon, "epsilon")

    def _scaled(self, data):
        if not self.normalize_y:
            self._check_units(data)
        return super()._scaled(data)

    def _check_units(self, data):
        """Raise if targets are too large for the solver; warn if those of a task outweigh others.

        The tolerance is in units of y, and cannot be met below rounding errors of y.
        """
        largest = np.abs(data.y[np.broadcast_to(data.weight > 0, data.y.shape)]).max()
        if _DIGITS * largest > self.tol:
            raise ValueError(
                f"y has targets up to {largest:.3g}, whose rounding errors are beyond "
                f"tol={self.tol}, so the solver would not end: scale y, or set normalize_y=True."
            )
        scale = TargetScale(data, True).scale
        smallest = np.argmin(scale)
        greatest = np.argmax(scale)
        if scale[greatest] > _UNLIKE * scale[smallest]:
            ids = data.tasks[[smallest, greatest]].tolist()
            warn(
                f"Targets of task {ids[1]!r} vary {scale[greatest] / scale[smallest]:.2g} times as "
                f"much as those of task {ids[0]!r}, but C and epsilon are in the same units for "
                "both: set normalize_y=True, or scale y.",
                UserWarning,
            )

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
        values = super()._predict(X, codes) + self._mean_y
        tasks = slice(None) if codes is None else codes
        mean = self._target_scale.mean[tasks]
        scale = self._target_scale.scale[tasks]
        predictions = mean + scale * values
        if codes is None:
            return predictions
        unseen = codes < 0
        if unseen.any():
            of_tasks = self._predict(sliceable(X)[unseen], None)
            predictions[unseen] = of_tasks.mean(axis=1)
        return predictions
