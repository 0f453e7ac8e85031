"""The critical alpha of a model, and grids of alphas to try."""

import numpy as np
from sklearn.base import clone, is_classifier

from skmtl.solvers import alpha_grid, critical_alpha


def critical_strength(model, datafit, read):
    """The smallest alpha at which all penalized coefficients of a model are zero."""
    if not model._empties:
        raise ValueError(
            f"{type(model).__name__} is never empty, whatever alpha: give the alphas to try."
        )
    penalty = clone(model).set_params(alpha=1.0)._penalty_of(read)
    return critical_alpha(datafit, penalty, model._norm_share)


def strengths(model, datafit, read, n_alphas, eps):
    """Alphas to try, decreasing: below the critical one, or around the curvature of the loss."""
    if model._empties:
        largest = 1.0 if is_classifier(model) else read.data.largest_target
        # relative to the data: alpha has their units, so that no value of it is small by itself
        rounding = np.finfo(float).eps * largest * np.sqrt(datafit.mean_curvature or 1.0)
        return alpha_grid(critical_strength(model, datafit, read), eps, n_alphas, rounding)
    curvature = datafit.mean_curvature or 1.0
    return curvature * np.logspace(3, -4, n_alphas)
