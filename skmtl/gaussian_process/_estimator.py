"""What all estimators with Gaussian processes have in common."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_real
from skmtl._task_covariance.correlations import correlations
from skmtl.base import MultiTaskEstimator


class GaussianProcessEstimator(MultiTaskEstimator):
    """Checks of parameters, and attributes, of processes whose parameters are searched."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def length_scale_(self):
        """Length scale of the kernel, if there is one kernel that has any."""
        check_is_fitted(self)
        return self.kernel_.length_scale

    def _check_common_params(self, *switches):
        """Check parameters that are True or False, and those that all estimators have."""
        self._check_layout_params()
        for name in switches:
            check_bool(getattr(self, name), name)
        check_real(self.tol, "tol", include="neither")

    def _store_task_correlation(self, varies):
        """Set `task_correlation_`; tasks that do not vary are correlated with none."""
        varying = self.task_covariance_ * np.outer(varies, varies)
        self.task_correlation_ = correlations(varying)
