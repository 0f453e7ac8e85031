"""The fit of an estimator to the samples of one task."""

from contextlib import suppress
from copy import copy
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.dummy import (
    DummyClassifier,
    DummyRegressor,
)
from sklearn.linear_model import (
    PoissonRegressor,
    RidgeClassifierCV,
    RidgeCV,
)
from sklearn.model_selection import (
    KFold,
    StratifiedKFold,
)
from sklearn.utils import get_tags

from skmtl._threads import one_thread
from skmtl.meta._no_fast_form import NoFastForm
from skmtl.meta._single_task import (
    FastFits,
    has_fast_form,
    shares_rows,
)

_DEFAULT_FOLDS = 5  # of scikit-learn, where cv=None


class TaskFit:
    """Fits clones of an estimator to the samples of single tasks.

    Parameters
    ----------
    estimator : estimator
        The estimator; it is not changed.
    """

    def __init__(self, estimator):
        self.estimator = clone(estimator)
        self.enough_samples = _enough_samples(self.estimator)
        self.shares_rows = has_fast_form(self.estimator) and shares_rows(self.estimator)

    def __call__(self, X, targets, weight):
        """Return a fitted clone for each of some targets of the same samples.

        Few samples or one class are treated as IndependentTasks says. There may be several targets
        only if `shares_rows`.
        """
        estimator = self.estimator
        if len(targets[0]) < self.enough_samples:
            estimator = _for_targets(clone(estimator), targets[0])
        with suppress(NoFastForm), one_thread():
            fits = FastFits(estimator, X, targets[0], weight)
            return [fits.fit(y) for y in targets]
        fit_kwargs = {}
        if weight is not None:
            fit_kwargs["sample_weight"] = weight
        return [clone(estimator).fit(X, y, **fit_kwargs) for y in targets]


def fit_task(estimator, X, y, weight):
    """Return a fitted clone of an estimator, see :class:`TaskFit`."""
    (fitted,) = TaskFit(estimator)(X, [y], weight)
    return fitted


def _enough_samples(estimator):
    """Return the number of samples from which on :func:`_for_targets` changes nothing."""
    is_classifier = get_tags(estimator).estimator_type == "classifier"
    if is_classifier or _fewest_counts(estimator) > 0:
        return np.inf
    folds = _numbers_of_folds(estimator).values()
    return 2 * max(map(_count, folds), default=0)


def _for_targets(estimator, y):
    """Return the estimator with as few folds as y needs, or a dummy if y is too small for it."""
    classifier = get_tags(estimator).estimator_type == "classifier"
    n_samples = len(y)
    counts = np.array([n_samples])
    if classifier:
        _, counts = np.unique(y, return_counts=True)
        if len(counts) == 1:
            return DummyClassifier()
    elif np.count_nonzero(y) < _fewest_counts(estimator):
        return DummyRegressor()
    numbers_of_folds = _numbers_of_folds(estimator)
    if not numbers_of_folds:
        return estimator
    if counts.min() == 1:
        if classifier:
            return DummyClassifier()
        return DummyRegressor()
    most = int(counts.max())  # folds of classifiers are stratified by class
    for name, folds in numbers_of_folds.items():
        folds = _at_most(most, folds)
        estimator.set_params(**{name: folds})
        has_single_samples = most < 2 * _count(folds)
        if has_single_samples and not classifier:
            _choose_by_squared_error(estimator, name.removesuffix("cv"))
    return estimator


def _fewest_counts(estimator):
    """Return how many positive counts a Poisson regression needs: more if it tunes itself."""
    params = estimator.get_params()
    parts = [estimator, *params.values()]
    if not any(isinstance(part, PoissonRegressor) for part in parts):
        return 0
    is_tuned = any(name.split("__")[-1] == "cv" for name in params)
    return 2 if is_tuned else 1  # the logarithm of 0 is no intercept


def _choose_by_squared_error(estimator, prefix):
    """Replace R^2 as the default score of a search, since folds of one sample have none."""
    name = f"{prefix}scoring"
    params = estimator.get_params()
    if name in params and params[name] is None:
        estimator.set_params(**{name: "neg_mean_squared_error"})


def _count(folds):
    """Return the number of folds of a number of folds or a splitter."""
    return getattr(folds, "n_splits", folds)


def _numbers_of_folds(estimator):
    """Return the parameters, nested ones included, that are a number of folds or a splitter."""
    params = {"": estimator, **estimator.get_params()}
    numbers = {}
    for name, value in params.items():
        owner, _, own_name = name.rpartition("__")
        if own_name != "cv":
            continue
        if value is None and isinstance(params[owner], RidgeCV | RidgeClassifierCV):
            continue  # leave-one-out, for any number of samples
        if value is None:
            numbers[name] = _DEFAULT_FOLDS
        elif isinstance(value, Integral | KFold | StratifiedKFold):
            numbers[name] = value
    return numbers


def _at_most(most, folds):
    """Return a number of folds, or a splitter, with at most so many folds."""
    if _count(folds) <= most:
        return folds
    if isinstance(folds, Integral):
        return most
    splitter = copy(folds)
    splitter.n_splits = most
    return splitter
