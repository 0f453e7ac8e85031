"""What a loss is."""

from abc import ABC, abstractmethod

import numpy as np
from sklearn.linear_model import LassoCV, RidgeCV


class Loss(ABC):
    """A convex function of the linear prediction z.

    A subclass implements `value`, `gradient`, `curvature` and `conjugate`; everything else has a
    default, that of a loss for numbers. A frozen dataclass, so that estimators with it can be
    cloned and compared.

    Attributes
    ----------
    is_quadratic : bool, default=False
        Whether it is the squared loss, which has solvers of its own.
    of_classes : bool, default=False
        Whether targets are classes.
    takes_normalized_targets : bool, default=True
        Whether targets may be centered and scaled (`normalize_y`).
    has_noise_level : bool, default=True
        Whether twice the mean loss is a noise variance (``task_weight="uncertainty"``).
    exact_curvature : bool, default=True
        Whether `curvature` is the second derivative, and not an upper bound.
    of_residuals : bool, default=False
        Whether it is a function of y - z, so that all targets may be shifted with the intercept.
    degenerate_targets : str or None, default=None
        What the targets of a degenerate task are, for messages; see :meth:`degenerate`.
    """

    is_quadratic = False
    of_classes = False
    takes_normalized_targets = True
    has_noise_level = True
    exact_curvature = True
    of_residuals = False
    degenerate_targets = None

    @classmethod
    def from_params(cls, huber_delta=1.35):
        """The loss with the parameters that estimators have for losses."""
        return cls()

    @abstractmethod
    def value(self, y, z):
        """The loss, at least 0."""

    @abstractmethod
    def gradient(self, y, z):
        """Its derivative with respect to z."""

    @abstractmethod
    def curvature(self, y, z):
        """Its second derivative with respect to z, or an upper bound of it."""

    @abstractmethod
    def conjugate(self, y, u):
        """`max_z u z - loss(y, z)`, finite from u = 0 to the gradient u at any z.

        The duality gap needs it.
        """

    def derivatives(self, y, z):
        """Gradient and curvature."""
        return self.gradient(y, z), self.curvature(y, z)

    def check_targets(self, y):
        """Raise ValueError if some of the targets y, none of them missing, are not valid."""
        return

    def degenerate(self, sums, totals):
        """Which tasks have targets for which the optimal intercept is infinite.

        Such a task gets a pseudo-observation of weight 1: the mean target of all tasks.

        Parameters
        ----------
        sums : ndarray of shape (n_tasks,)
            Weighted sum of the targets of each task.
        totals : ndarray of shape (n_tasks,)
            Total weight of each task.

        Returns
        -------
        ndarray of bool of shape (n_tasks,)
        """
        return np.zeros(len(totals), dtype=bool)

    def inverse_link(self, z):
        """The expected target at z."""
        return z

    def link(self, mean):
        """The z at which the expected target is `mean`: the default intercept."""
        return mean

    def single_task(self, selects, *, fit_intercept=True, max_iter=1000):
        """What one task alone is fitted with.

        Parameters
        ----------
        selects : bool
            Whether it is to select features.
        fit_intercept : bool, default=True
            Whether it has an intercept.
        max_iter : int, default=1000
            Largest number of iterations of the multi-task estimator.

        Returns
        -------
        estimator
            Of scikit-learn, which tunes its own regularization strength.
        """
        if selects:
            return LassoCV(max_iter=max(10_000, max_iter), fit_intercept=fit_intercept)
        return RidgeCV(alphas=np.geomspace(1e-3, 1e4, 30), fit_intercept=fit_intercept)
