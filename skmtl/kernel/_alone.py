"""What one task alone is fitted with: scikit-learn's kernel machines, tuned."""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler


def tuned_kernel_ridge(estimator):
    """Kernel ridge of a centred y with the kernel of the estimator, alpha by cross-validation."""
    if isinstance(estimator.kernel, str) and estimator.kernel == "precomputed":
        raise ValueError(
            "A precomputed kernel cannot be cut into tasks: give a baseline that takes rows."
        )
    names = ("kernel", "gamma", "degree", "coef0", "kernel_params")
    ridge = KernelRidge(**{name: getattr(estimator, name, None) for name in names})
    centred = TransformedTargetRegressor(ridge, transformer=StandardScaler(with_std=False))
    return GridSearchCV(centred, {"regressor__alpha": np.logspace(-3, 2, 11)})


def tuned_svm(machine, estimator):
    """The machine with the kernel of the estimator, C by cross-validation."""
    names = ("kernel", "gamma", "degree", "coef0", "epsilon", "class_weight")
    known = {name: getattr(estimator, name) for name in names if hasattr(estimator, name)}
    return GridSearchCV(machine.set_params(**known), {"C": np.logspace(-2, 3, 6)})
