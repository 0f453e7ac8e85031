"""Models with the regularization strengths that a fitted model chose."""

from sklearn.base import clone
from sklearn.linear_model import ElasticNet, ElasticNetCV, Lasso, LassoCV, Ridge, RidgeCV

_TIGHT = {"tol": 1e-8, "max_iter": 10_000}
_WITHOUT_CV = {  # the model of given strengths that belongs to a cross-validated one
    RidgeCV: Ridge,
    LassoCV: Lasso,
    ElasticNetCV: ElasticNet,
}


def with_chosen_strengths(model):
    """An unfitted copy with the strengths that a fitted model chose, and with a small `tol`."""
    if hasattr(model, "best_estimator_"):
        return with_chosen_strengths(model.best_estimator_)
    new = _without_cv(model) if type(model) in _WITHOUT_CV else clone(model)
    if hasattr(model, "task_weight_"):  # learned by task_weight="uncertainty"
        new.set_params(task_weight=model.task_weight_)
    params = new.get_params(deep=False)
    tight = {name: value for name, value in _TIGHT.items() if params.get(name) is not None}
    return new.set_params(**tight)


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
