"""The members of a stack that names none: few, and each the best of its kind on some data."""

import numpy as np
from sklearn.linear_model import LassoCV, RidgeCV

from skmtl.linear_model import (
    MeanRegularizedClassifier,
    MultiTaskCV,
    MultiTaskLassoClassifierCV,
    MultiTaskLassoCV,
    TraceNormRegressorCV,
)
from skmtl.losses import Logistic
from skmtl.meta._scaled_tasks import ScaledIndependentTasks, ScaledPooledTasks
from skmtl.mixed_effects import MixedEffectsClassifier, MixedEffectsRegressor

# What the prior holds of members; the others have the rest in equal parts.
EXPECTED_REGRESSORS = {"slopes": 0.6}
EXPECTED_CLASSIFIERS = {}

ONLY_BINARY = {"slopes"}  # members that take two classes and no more


def default_regressors():
    """Return the members of a regression by name."""
    ridge = RidgeCV(np.logspace(-2, 4, 25))
    lasso = LassoCV(alphas=30, eps=1e-2, cv=5)
    effects = {"task_noise": "own", "tol": 1e-2, "max_iter": 15}
    return {
        "ridge": ScaledIndependentTasks(ridge),
        "lasso": ScaledIndependentTasks(lasso),
        "pooled": ScaledPooledTasks(ridge),
        "same features": MultiTaskLassoCV(alphas=30, eps=1e-2),
        "low rank": TraceNormRegressorCV(alphas=8, eps=1e-2, cv=3, tol=1e-2),
        "slopes": MixedEffectsRegressor("auto", fixed_effects="ridge", **effects),
        "sparse slopes": MixedEffectsRegressor("diagonal", fixed_effects="sparse", **effects),
    }


def default_classifiers():
    """Return the members of a classification by name."""
    ridge = Logistic().single_task(False)
    ridge.set_params(
        Cs=np.logspace(-3, 2, 6),
        cv=3,
        solver="newton-cholesky",
        scoring=_mean_log_likelihood,
    )
    mean = MultiTaskCV(MeanRegularizedClassifier(), {"alpha": 8, "ridge": [0.01, 0.1]})
    return {
        "ridge": ScaledIndependentTasks(ridge),
        "pooled": ScaledPooledTasks(ridge),
        "same features": MultiTaskLassoClassifierCV(alphas=15, eps=1e-2),
        "near the mean": mean,
        "slopes": MixedEffectsClassifier("isotropic", tol=1e-2),
    }


def _mean_log_likelihood(classifier, X, y, sample_weight=None):
    """Score as "neg_log_loss" does, which takes longer than the fit to a small task."""
    probabilities = classifier.predict_proba(X)
    columns = np.searchsorted(classifier.classes_, y)
    of_observed = probabilities[np.arange(len(y)), columns]
    least = np.finfo(of_observed.dtype).eps
    logarithms = np.log(np.maximum(of_observed, least))
    return np.average(logarithms, weights=sample_weight)
