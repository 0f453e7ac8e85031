"""The intercept of a new task of a fitted model with an intercept for each task."""

from numbers import Real

import numpy as np
from scipy import optimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeCV

from skmtl._data.task_ids import some_of
from skmtl.meta.intercept_ridge import chosen_alpha


def new_intercept(model, X, y, weight):
    """Return what minimizes the objective of the fit over the coefficients of a new indicator.

    Parameters
    ----------
    model : InterceptModel
        A fitted model.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        Samples of the new task, at least one.
    y, weight : ndarray of shape (n_samples,)
        Targets or class labels, and positive weights.

    Returns
    -------
    ndarray of shape (1,) or (n_classes,)
    """
    estimator = model.estimator
    shared = model.inputs(X, np.full(len(y), -1))
    if isinstance(estimator, Ridge | RidgeCV):
        alpha = chosen_alpha(estimator)
        residuals = y.astype(float) - estimator.predict(shared)
        return _of_ridge(residuals, weight, alpha, model.factor, estimator.get_params())
    if isinstance(estimator, LogisticRegression):
        decisions = estimator.decision_function(shared)
        codes = _class_codes(y, estimator.classes_)
        weight = weight * _strength(estimator) * _class_weights(estimator)[codes]
        return _of_logistic(decisions, codes, weight, model.factor)
    raise TypeError(
        "adapt needs the ridge or the logistic regression of scikit-learn as the estimator of "
        f"RandomInterceptTasks, got {estimator!r}: fit again with the new task."
    )


def _of_ridge(residuals, weight, alpha, factor, params):
    """Return the minimum of ``sum_i w_i (r_i - factor u)^2 + alpha u^2``."""
    u = factor * (weight @ residuals) / (factor**2 * weight.sum() + alpha)
    if params.get("positive", False):
        u = max(u, 0.0)
    return np.array([u])


def _of_logistic(decisions, codes, weight, factor):
    """Return the minimum of the weighted log-loss of ``decisions + factor u`` and ``|u|^2 / 2``."""
    binary = decisions.ndim == 1
    if binary:
        decisions = np.column_stack([np.zeros(len(decisions)), decisions])
    n_classes = decisions.shape[1]
    first = int(binary)  # of two classes only the second has a coefficient
    labels = np.eye(n_classes)[codes]

    def scores(u):
        shift = np.zeros(n_classes)
        shift[first:] = factor * u
        return decisions + shift

    def value(u):
        of_labels = np.sum(labels * log_softmax(scores(u), axis=1), axis=1)
        return 0.5 * u @ u - weight @ of_labels

    def gradient(u):
        errors = softmax(scores(u), axis=1) - labels
        return u + factor * (weight @ errors)[first:]

    def hessian(u):
        p = softmax(scores(u), axis=1)
        products = np.diag(weight @ p) - (p.T * weight) @ p
        return np.eye(len(u)) + factor**2 * products[first:, first:]

    start = np.zeros(n_classes - first)
    result = optimize.minimize(
        value,
        start,
        jac=gradient,
        hess=hessian,
        method="trust-exact",
        options={"gtol": 1e-10},
    )
    return result.x


def _class_codes(y, classes):
    """Return the class of every sample; raise if it is not known."""
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"y_new has the classes {some_of(unknown)}, but the model knows {some_of(classes)}."
        )
    return np.searchsorted(classes, y)


def _strength(estimator):
    """Return C; raise unless the penalty is a ridge."""
    params = estimator.get_params()
    ratios = params.get("l1_ratio", params.get("l1_ratios"))
    has_l1 = np.any([ratio for ratio in np.atleast_1d(ratios) if isinstance(ratio, Real)])
    if params["penalty"] not in ("l2", "deprecated") or has_l1:
        raise TypeError(
            f"adapt needs a logistic regression with an L2 penalty, got {estimator!r}: fit again "
            "with the new task."
        )
    is_search = isinstance(estimator, LogisticRegressionCV)
    values = np.unique(estimator.C_ if is_search else estimator.C)
    if len(values) > 1 or not np.isfinite(values[0]):
        raise TypeError(f"adapt needs one finite C for all classes, got C={some_of(values)}.")
    return values[0]


def _class_weights(estimator):
    """Return the weight of every class."""
    given = estimator.class_weight
    if given is None:
        return np.ones(len(estimator.classes_))
    if isinstance(given, str):
        raise TypeError(
            f"adapt cannot know the weights that class_weight={given!r} gave to the classes in "
            "fit: give a dict."
        )
    return np.array([given.get(label, 1.0) for label in estimator.classes_.tolist()])
