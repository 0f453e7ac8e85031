"""What one task alone is fitted with: kernel machines of one task, tuned."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags

from skmtl.kernel._input_kernel import is_named

_ALPHAS = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_APART = 1e9  # mu at which tasks share nothing


def tuned_kernel_ridge(estimator):
    """Kernel ridge with the kernel of the estimator, by exact leave-one-out.

    The grid has the alphas and gammas that the estimator tries itself.
    """
    from skmtl.kernel._kernel_ridge_cv import (  # which needs this module
        MultiTaskKernelRidgeCV,
        has_gamma,
    )

    if is_named(estimator.kernel, "precomputed"):
        raise ValueError(
            "A precomputed kernel cannot be cut into tasks: give a baseline that takes rows."
        )
    alphas = np.union1d(_ALPHAS, getattr(estimator, "alphas", []))
    gammas = getattr(estimator, "gammas", None)
    if getattr(estimator, "gamma", None) is not None and has_gamma(estimator.kernel):
        gammas = [estimator.gamma]
    names = ("kernel", "degree", "coef0", "kernel_params", "fit_intercept")
    options = {name: getattr(estimator, name) for name in names}
    return OneTask(MultiTaskKernelRidgeCV(alphas, gammas=gammas, task_kernel="identity", **options))


class OneTask(RegressorMixin, BaseEstimator):
    """A regressor of several tasks for one, whose y is 1-D."""

    def __init__(self, estimator):
        self.estimator = estimator

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags

    def fit(self, X, y, sample_weight=None):
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.estimator_ = clone(self.estimator).fit(X, np.reshape(y, (-1, 1)), **weights)
        return self

    def predict(self, X):
        return self.estimator_.predict(X).ravel()


def tuned_svr(estimator):
    """A machine of one task with the kernel of the estimator, C by cross-validation."""
    apart = {"C": 1.0, "mu": _APART, "task_column": None, "handle_unknown": "error"}
    alone = OneTask(clone(estimator).set_params(**apart))
    return GridSearchCV(alone, {"estimator__C": np.logspace(-2, 3, 6)})
