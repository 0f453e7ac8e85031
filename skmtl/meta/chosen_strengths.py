"""Models with the regularization strengths that a fitted model chose."""

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import ElasticNet, ElasticNetCV, Lasso, LassoCV, Ridge, RidgeCV

from skmtl.meta._pooled_tasks import PooledTasks
from skmtl.meta._random_intercept_tasks import RandomInterceptTasks
from skmtl.mixed_effects import MixedEffectsRegressor
from skmtl.mixed_effects.at_variances import with_variances_of

_TIGHT = {"tol": 1e-8, "max_iter": 10_000}
_WITHOUT_CV = {  # the model of given strengths that belongs to a cross-validated one
    RidgeCV: Ridge,
    LassoCV: Lasso,
    ElasticNetCV: ElasticNet,
}


def with_chosen_strengths(model, *, tight=False):
    """An unfitted copy with the strengths that a fitted model chose.

    Parameters
    ----------
    model : estimator
        A fitted model, search or pipeline. What chooses in a way not known here is copied.
    tight : bool, default=False
        Whether the copy has a small `tol`, as finite differences need it, for fits to the same
        samples with other targets.
    """
    if hasattr(model, "best_estimator_"):
        return with_chosen_strengths(model.best_estimator_, tight=tight)
    if hasattr(model, "steps"):
        return _pipeline(model, tight)
    if isinstance(model, MixedEffectsRegressor):
        return _mixed_effects(model, tight)
    new = _without_cv(model) if type(model) in _WITHOUT_CV else clone(model)
    if isinstance(model, RandomInterceptTasks):
        if np.isfinite(model.scale_):
            new.set_params(scales=[model.scale_])
    elif isinstance(model, PooledTasks):
        new.set_params(estimator=with_chosen_strengths(model.estimator_, tight=tight))
    if hasattr(model, "task_weight_"):  # learned by task_weight="uncertainty"
        new.set_params(task_weight=model.task_weight_)
    return _tightened(new) if tight else new


def _mixed_effects(model, tight):
    """The model of the variances that it estimated, or of the covariance that it chose.

    Of a variance for each feature, other samples get their own: those of samples that are left out
    would tell which features they need, and their errors would look much smaller than they are.
    """
    if tight or model.covariance_ in ("intercept", "isotropic"):
        return with_variances_of(model, keeps_scales=tight)
    return clone(model).set_params(covariance=model.covariance_)


def _tightened(new):
    """The model with a small `tol`."""
    params = new.get_params(deep=False)
    tight = {name: value for name, value in _TIGHT.items() if params.get(name) is not None}
    return new.set_params(**tight)


def _pipeline(model, tight):
    """The pipeline whose last step has the strengths that it chose."""
    new = clone(model)
    name, last = model.steps[-1]
    return new.set_params(**{name: with_chosen_strengths(last, tight=tight)})


def _without_cv(model):
    """The model of the strengths that a cross-validated model chose."""
    new = _WITHOUT_CV[type(model)]()
    common = set(new.get_params()) - {"precompute"}
    params = model.get_params(deep=False)
    new.set_params(**{name: params[name] for name in common & set(params)})
    new.set_params(alpha=model.alpha_)
    if hasattr(model, "l1_ratio_"):
        new.set_params(l1_ratio=model.l1_ratio_)
    return new
