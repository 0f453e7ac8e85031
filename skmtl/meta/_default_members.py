"""The members of a stack that names none: few, and each the best of its kind on some data."""

import numpy as np
from sklearn.linear_model import LassoCV, RidgeCV

from skmtl.linear_model import MultiTaskLassoCV, TraceNormRegressorCV
from skmtl.meta._independent_tasks import IndependentTasks
from skmtl.meta._pooled_tasks import PooledTasks

_ALPHAS = np.logspace(-2, 4, 25)


def default_regressors():
    """Return the members of a regression by name."""
    ridge = RidgeCV(_ALPHAS)
    return {
        "ridge": IndependentTasks(ridge),
        "lasso": IndependentTasks(LassoCV(cv=5, alphas=30, eps=1e-2)),
        "pooled": PooledTasks(ridge),
        "same features": MultiTaskLassoCV(alphas=30, eps=1e-2),
        "low rank": TraceNormRegressorCV(alphas=15, eps=1e-2),
    }
