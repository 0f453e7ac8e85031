"""Metrics, given as functions or by scikit-learn's scorer names: what they take and return."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, partial

import numpy as np
from sklearn.metrics import get_scorer, get_scorer_names

from skmtl._data.checks import check_option
from skmtl._data.task_ids import encode
from skmtl.metrics._class_scores import ClassScores

_RESPONSES = ("predict", "predict_proba", "decision_function")
_RANKS = ("decision_function", "predict_proba")  # what orders samples, in scikit-learn's order
_RESPONSE_OF_ARGUMENT = {
    "y_score": _RANKS,
    "y_proba": ("predict_proba",),
    "y_prob": ("predict_proba",),
    "pred_decision": ("decision_function",),
}
# What users call some scores, and their names in scikit-learn.
_USUAL_NAMES = {
    "rmse": "neg_root_mean_squared_error",
    "mse": "neg_mean_squared_error",
    "mae": "neg_mean_absolute_error",
    "mape": "neg_mean_absolute_percentage_error",
    "auc": "roc_auc",
    "auroc": "roc_auc",
    "logloss": "neg_log_loss",
    "log_loss": "neg_log_loss",
    "cross_entropy": "neg_log_loss",
    "brier": "neg_brier_score",
}
_RELATIVE = ("r2", "d2_", "explained_variance")  # to the spread of the targets
_CORRELATION = ("corr", "pearson", "spearman", "kendall", "kappa")
# Undefined unless every class has a sample, and unless two classes have.
_NEED_EVERY_CLASS = ("roc_auc_score", "average_precision_score")
_NEED_TWO_CLASSES = (
    "d2_log_loss_score",
    "d2_brier_score",
    "matthews_corrcoef",
    "cohen_kappa_score",
)


@dataclass(frozen=True)
class Metric:
    """What :func:`find_metric` found: a function, and how to call it for one task.

    Calling it returns the value of the function, not multiplied by `sign`.

    Attributes
    ----------
    name : str
        The scorer's name, or that of the function.
    function : callable
        ``function(y_true, y_pred, **kwargs)`` of the targets of one task.
    kwargs : dict
        Options of the function.
    response_method : tuple of str
        Methods of an estimator whose values are `y_pred`; the first one that it has.
    greater_is_better : bool or None
        Whether a larger value of the function is better; None if that is not known.
    is_scorer : bool
        Whether it was given as a scorer, by name or as an object: then a larger score is better,
        so scores are the values times `sign`.
    """

    name: str
    function: Callable
    kwargs: dict = field(default_factory=dict)
    response_method: tuple = ("predict",)
    greater_is_better: bool | None = None
    is_scorer: bool = False

    @property
    def sign(self):
        """+1 if a larger value of the function is better, -1 if a smaller one is."""
        if self.greater_is_better is None:
            raise ValueError(
                f"Whether a larger {self.name} is better cannot be read off its name: set "
                "greater_is_better."
            )
        return 1 if self.greater_is_better else -1

    @property
    def takes_labels(self):
        """Whether `y_pred` are class labels (or numbers), not scores of classes."""
        return self.response_method == ("predict",)

    @property
    def is_known(self):
        """Whether the function is one of scikit-learn's."""
        return _module(self.function).startswith("sklearn.")

    @property
    def min_samples(self):
        """The smallest number of targets that the metric is defined for."""
        name = _name(self.function)
        is_relative = name.startswith(_RELATIVE) or any(word in name for word in _CORRELATION)
        if is_relative or name in _NEED_EVERY_CLASS:
            return 2
        if self.is_known or self.greater_is_better is False:
            return 1
        return 2  # it may be relative to the spread of the targets

    def as_scorer(self):
        """Return it as a scorer, of which a larger score is better."""
        known = self.sign > 0  # raises if it is not known
        return replace(self, greater_is_better=known, is_scorer=True)

    def __call__(self, y_true, y_pred, sample_weight=None, classes=None):
        """Return the value of the metric for one task, NaN if targets lack the classes it needs.

        Parameters
        ----------
        y_true : ndarray of shape (n_samples,)
            Targets.
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Predictions; where the metric takes scores of classes, those of the positive class,
            which is the larger one of two, or those of all `classes`.
        sample_weight : ndarray of shape (n_samples,), default=None
            Weights.
        classes : ndarray of shape (n_classes,), default=None
            Sorted class labels that the scores are of; None takes those of `y_true`. The targets
            need not have all of them.
        """
        options = dict(self.kwargs)
        if sample_weight is not None:
            self._check_takes_weights()
            options["sample_weight"] = sample_weight
        if not self.takes_labels:
            return self._of_scores(y_true, y_pred, options, classes)
        if self._needs(_NEED_TWO_CLASSES) and len(encode(y_true, "y_true")[0]) < 2:
            return np.nan
        return self.function(y_true, y_pred, **options)

    def _check_takes_weights(self):
        """Raise if a function of scikit-learn has no weights."""
        if self.is_known and "sample_weight" not in _parameters(self.function):
            raise ValueError(f"{self.name} takes no sample_weight; leave it out.")

    def _needs(self, names):
        """Whether the function is one of scikit-learn's with these names."""
        return self.is_known and _name(self.function) in names

    def _of_scores(self, y_true, values, options, classes):
        """Return the value of a metric of scores of classes."""
        scores = ClassScores.read(y_true, values, classes)
        if self.response_method == ("predict_proba",):
            scores = scores.with_unseen(y_true)
        if scores.has_unseen or not self._is_defined(scores):
            return np.nan
        parameters = _parameters(self.function)
        if not (self.is_known or parameters & {"labels", "pos_label"}):
            return self.function(y_true, scores.as_argument(), **options)
        if options.get("pos_label") is not None:
            scores = scores.with_positive(options.pop("pos_label"))
        if self._is_two_class_rank(scores):
            scores = scores.with_positive(scores.classes[scores.codes.max()])
        if "labels" in parameters:
            options["labels"] = np.arange(scores.n_classes)
        if self._needs(("hinge_loss",)):
            scores = scores.with_first_present()
        return self.function(scores.codes, scores.as_argument(), **options)

    def _is_defined(self, scores):
        """Whether the targets have the classes that the metric needs."""
        if self._needs(_NEED_EVERY_CLASS):
            if self._is_two_class_rank(scores):
                return True
            return scores.n_present == max(scores.n_classes, 2)
        return scores.n_present >= 2 or not self._needs(_NEED_TWO_CLASSES)

    def _is_two_class_rank(self, scores):
        """Whether an area under the ROC curve is that of a task with two of more classes."""
        if not self._needs(("roc_auc_score",)) or "multi_class" in self.kwargs:
            return False
        return scores.n_classes > 2 and scores.n_present == 2


def find_metric(metric, *, response_method=None, greater_is_better=None):
    """Find out how to compute a metric.

    Parameters
    ----------
    metric : str, callable or Metric
        A name of scikit-learn's scorers, such as "roc_auc" or "neg_log_loss"; a function
        ``metric(y_true, y_pred)``, also with options bound by `functools.partial`; or the result
        of :func:`sklearn.metrics.make_scorer`.
    response_method : str, list or tuple of str, or None, default=None
        Which of "predict", "predict_proba" and "decision_function" gives `y_pred`; of several, the
        first that an estimator has. None takes that of scikit-learn's scorer of this function; of
        another function, the one that goes with the name of its second argument: `y_score`,
        `y_proba`, `y_prob` or `pred_decision`; else "predict".
    greater_is_better : bool, default=None
        Whether a larger value is better. None takes what the scorer says, or reads it off the
        name of the function: a ``_score`` is better if larger, an ``_error``, ``_loss`` or
        ``_deviance`` if smaller.

    Returns
    -------
    Metric

    Raises
    ------
    TypeError
        If the metric is neither a name nor a function.
    ValueError
        If the name is unknown, or an option contradicts the scorer.

    Examples
    --------
    >>> from skmtl.metrics import find_metric
    >>> find_metric("neg_log_loss").response_method
    ('predict_proba',)
    >>> from sklearn.metrics import roc_auc_score
    >>> find_metric(roc_auc_score).response_method
    ('decision_function', 'predict_proba')
    """
    found = metric
    if isinstance(metric, str):
        found = _of_scorer(_scorer_named(metric), metric)
    elif hasattr(metric, "_score_func"):
        found = _of_scorer(metric, _name(metric._score_func))
    elif not isinstance(metric, Metric):
        found = _of_function(metric)
    if response_method is not None:
        found = replace(found, response_method=_checked_responses(response_method))
    if greater_is_better is None:
        return found
    if found.is_scorer and bool(greater_is_better) != found.greater_is_better:
        raise ValueError(
            f"greater_is_better={greater_is_better} contradicts the scorer {found.name!r}; leave "
            "it out."
        )
    return replace(found, greater_is_better=bool(greater_is_better))


def _scorer_named(name):
    """Return scikit-learn's scorer of this name."""
    known = get_scorer_names()
    if name not in known:
        similar = get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f" Similar names: {', '.join(similar)}." if similar else ""
        if name.lower() in _USUAL_NAMES:
            hint = f" Use {_USUAL_NAMES[name.lower()]!r}."
        raise ValueError(
            f"metric={name!r} is not one of scikit-learn's scorers "
            f"(sklearn.metrics.get_scorer_names()).{hint}"
        )
    return get_scorer(name)


def _of_scorer(scorer, name):
    """Return the metric of a scorer of scikit-learn.

    What a scorer holds has no public names, but is the only record of what a metric needs.
    """
    return Metric(
        name=name,
        function=scorer._score_func,
        kwargs=dict(scorer._kwargs),
        response_method=_as_tuple(scorer._response_method),
        greater_is_better=scorer._sign > 0,
        is_scorer=True,
    )


def _of_function(function):
    """Return the metric of a function, which may be a partial of another one."""
    if not callable(function):
        raise TypeError(
            "metric must be a function such as sklearn.metrics.r2_score or the name of a scorer "
            f"such as 'r2', got {function!r}."
        )
    kwargs = {}
    while isinstance(function, partial) and not function.args:
        kwargs = {**function.keywords, **kwargs}
        function = function.func
    name = _name(function)
    response_method = _response_of_arguments(function)
    greater_is_better = None
    if name.endswith("_score"):
        greater_is_better = True
    elif name.endswith(("_error", "_loss", "_deviance")):
        greater_is_better = False
    scorer = _scorers_by_function().get(function)
    if scorer is not None:
        response_method = _as_tuple(scorer._response_method)
        greater_is_better = scorer._sign > 0
    if "multi_class" in kwargs:
        response_method = ("predict_proba",)
    return Metric(name, function, kwargs, response_method, greater_is_better)


@cache
def _scorers_by_function():
    """Scikit-learn's scorers by their functions."""
    scorers = {}
    for name in get_scorer_names():
        scorer = get_scorer(name)
        scorers.setdefault(scorer._score_func, scorer)  # "roc_auc" comes before "roc_auc_ovo"
    return scorers


def _response_of_arguments(function):
    """Return the responses that the second argument of a function is named for."""
    for name in list(_parameters(function))[1:2]:
        return _RESPONSE_OF_ARGUMENT.get(name, ("predict",))
    return ("predict",)


def _checked_responses(response_method):
    """Return the response methods that the user chose as a tuple."""
    methods = _as_tuple(response_method)
    for method in methods:
        check_option(method, "response_method", _RESPONSES)
    return methods


def _as_tuple(methods):
    """Return one or several names of methods as a tuple."""
    if isinstance(methods, str):
        return (methods,)
    return tuple(methods)


def _parameters(function):
    """Return the names of a function's parameters, in their order."""
    try:
        return inspect.signature(function).parameters.keys()
    except (TypeError, ValueError):  # such as a function written in C
        return {}.keys()


def _name(function):
    """Return the name of a function, or of a partial's."""
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__name__", repr(function))


def _module(function):
    """Return the name of the module that a function is defined in."""
    return getattr(function, "__module__", None) or ""
