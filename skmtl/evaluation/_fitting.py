"""Fitting the models of an evaluation."""

import warnings

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import get_tags

from skmtl.meta.pipelines import final_estimator


def kind_of(estimator):
    """Whether it is a "regressor" or "classifier"; TypeError for what has no errors to compare."""
    kind = get_tags(final_estimator(estimator)).estimator_type
    if kind not in ("regressor", "classifier"):
        raise TypeError(f"Expected a regressor or classifier, got {estimator!r}.")
    if kind == "classifier" and not hasattr(estimator, "predict_proba"):
        raise TypeError(f"Classifiers are judged by probabilities, but {estimator!r} gives none.")
    return kind


def that_shares(estimator):
    """A clone that predicts tasks which a training set lacks."""
    estimator = clone(estimator)
    final = final_estimator(estimator)
    if not hasattr(final, "get_params") or "handle_unknown" not in final.get_params(deep=False):
        raise TypeError(f"{final!r} is not a multi-task regressor or classifier of skmtl.")
    final.set_params(handle_unknown="shared")
    return estimator


def fit_and_count(model, *arguments, **told):
    """Fit the model; return how many ConvergenceWarnings came, passing on all other warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(*arguments, **told)
    others = [one for one in caught if not issubclass(one.category, ConvergenceWarning)]
    for one in others:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return len(caught) - len(others)
