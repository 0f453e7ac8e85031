"""Held-out predictions of all tasks, in every form of data."""

from numbers import Integral

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import Parallel, delayed

from skmtl._data.checks import check_int, check_option
from skmtl._data.fold_samples import given_splits
from skmtl._data.in_memory import check_in_memory
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.spellings import plain_labels, target_array
from skmtl._data.stratification import assign_folds, sample_codes
from skmtl._data.target_names import take_tasks, targets_in_order
from skmtl._data.task_ids import (
    as_id_array,
    check_task_ids,
    codes_of,
    column_names,
    encode,
    missing_mask,
    some_of,
    split_task_column,
)
from skmtl.model_selection._task_column import task_column_of
from skmtl.model_selection._task_splitters import BaseTaskSplitter

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")
_OF_UNSEEN_CLASSES = {"predict_proba": 0.0, "predict_log_proba": -np.inf}


def task_cross_val_predict(
    estimator,
    X,
    y,
    *,
    tasks=None,
    task_column=None,
    groups=None,
    cv=None,
    method="predict",
    params=None,
    n_jobs=None,
    verbose=0,
):
    """Predict every sample with a model that was fitted without it, in every form of data.

    It is scikit-learn's :func:`~sklearn.model_selection.cross_val_predict` for several tasks. That
    function takes the missing class labels of a two-dimensional y for one more class and fits the
    estimator to it, without a warning; this one leaves them out.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        It is cloned for every fold.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Samples.
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Targets or class labels: two-dimensional, NaN or None where one is missing, or 1-D with a
        task column or `tasks`.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, if `fit` and the method of the estimator are given them as `tasks`.
    task_column : str or int, default=None
        Column of X that holds the task ids, by which folds are stratified; None takes that of the
        estimator. It is needed for a pipeline whose last step has a position as its `task_column`.
    groups : array-like of shape (n_samples,), default=None
        Passed to the splitter. A splitter of skmtl without a task column gets `tasks` instead if
        this is None.
    cv : int, splitter or iterable of (train, test), default=None
        Folds. An int is the number of folds, over which the samples of each task (on long data of
        classifiers, of each class of each task) are spread without shuffling; None is 5. Train and
        test are positions or masks of samples. A sample may be in one test set at most.
    method : {"predict", "predict_proba", "predict_log_proba", "decision_function"}, default=\
"predict"
        Method of the estimator. Log probabilities are those of `predict_proba` where the estimator
        has no such method.
    params : dict, default=None
        Further arguments of `fit`, such as `sample_weight`; those with a value for each sample are
        split as X is.
    n_jobs : int, default=None
        Number of folds that run in parallel.
    verbose : int, default=0
        Verbosity of joblib.

    Returns
    -------
    ndarray or list of n_tasks ndarrays
        What the method of an estimator that was fitted to all samples would return. Columns of
        class probabilities are the sorted class labels of the task for two-dimensional y, of all
        tasks for long data; a class that a training set lacks has the probability 0 there. Samples
        that are in no test set are NaN (class labels that are no numbers None), and so is a task
        of two-dimensional y that has no target in the training set.

    Raises
    ------
    ValueError
        If a sample is in several test sets or in training and test set of a fold, if the tasks
        are not known, or if a training set lacks a class of which the decision function needs a
        score.

    See Also
    --------
    task_score : Scores the predictions.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskLassoClassifier, task_cross_val_predict, task_score
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 4))
    >>> Y = (X[:, :2] + rng.logistic(size=(60, 2)) > 0).astype(float)
    >>> Y[:20, 0] = np.nan
    >>> model = MultiTaskLassoClassifier(alpha=0.1)
    >>> P = task_cross_val_predict(model, X, Y, method="predict_proba")
    >>> [p.shape for p in P]
    [(60, 2), (60, 2)]
    >>> round(task_score(Y, P, metric="roc_auc"), 2)
    0.66
    """
    check_option(method, "method", METHODS)
    check_in_memory(X=X, y=y, tasks=tasks, groups=groups)
    warn_of_row_order(X, y=y, tasks=tasks, groups=groups)
    X, y, tasks, groups = indexable(X, y, tasks, groups)
    n_samples = len(y)
    own, is_known = task_column_of(estimator)
    if task_column is None and is_known:
        task_column = own
    if any(one is not None for one in (own, task_column, tasks)):
        y = _without_second_dimension(y)
    task_ids = None
    if tasks is not None:
        tasks = check_task_ids(tasks)
        task_ids = tasks
    elif task_column is not None:
        _, task_ids = split_task_column(X, task_column)
    if cv is None or isinstance(cv, Integral):
        splits = _stratified_splits(estimator, y, task_ids, cv)
    else:
        splits = _given_splits(X, y, task_ids, groups, cv)
    _check_splits(splits, n_samples)
    classes = None if method == "predict" else _class_labels(y, task_ids)
    run = delayed(_fit_and_predict)
    parts = Parallel(n_jobs=n_jobs, verbose=verbose)(
        run(clone(estimator), X, y, split, tasks, method, params or {}, classes) for split in splits
    )
    tests = [test for _, test in splits]
    if isinstance(parts[0], list):
        by_task = zip(*parts, strict=True)
        return [_combine(parts_of_task, tests, n_samples) for parts_of_task in by_task]
    if hasattr(parts[0], "iloc"):
        return _combine_frames(parts, tests, X, n_samples)
    return _combine(parts, tests, n_samples)


def _without_second_dimension(y):
    """Return the targets of long data as 1-D, those in a single column, too."""
    if np.ndim(y) == 2 and np.shape(y)[1] == 1:
        return target_array(y).ravel()
    return y


def _stratified_splits(estimator, y, task_ids, cv):
    """Return pairs (train, test) of positions, spread over tasks and classes."""
    n_splits = 5 if cv is None else check_int(cv, "cv", low=2)
    if task_ids is None:
        strata = sample_codes(None, target_array(y), None, None, "task_cross_val_predict")
    else:
        _, strata = encode(task_ids)
        if is_classifier(estimator):
            labels, codes = encode(target_array(y), "y")
            strata = strata * len(labels) + codes
            _, strata = np.unique(strata, return_inverse=True)
    folds = assign_folds(strata, n_splits)
    splits = []
    for k in range(n_splits):
        train = np.flatnonzero(folds != k)
        test = np.flatnonzero(folds == k)
        splits.append((train, test))
    return splits


def _given_splits(X, y, task_ids, groups, cv):
    """Return the pairs (train, test) of a splitter or an iterable as positions."""
    if groups is None and isinstance(cv, BaseTaskSplitter) and cv.task_column is None:
        groups = task_ids
    return given_splits(cv, len(y), X, y, groups)


def _check_splits(splits, n_samples):
    """Raise if a sample is tested twice, or tested by a model that was trained on it."""
    n_tested = np.zeros(n_samples, dtype=np.intp)
    for train, test in splits:
        np.add.at(n_tested, test, 1)
        leaked = np.intersect1d(train, test)
        if len(leaked):
            raise ValueError(f"A fold trains and tests on sample(s) {some_of(leaked)}.")
    repeated = np.flatnonzero(n_tested > 1)
    if len(repeated):
        raise ValueError(
            f"Sample(s) {some_of(repeated)} are in several test sets, so that they have several "
            "predictions: give cv folds in which each sample is tested once at most."
        )


def _class_labels(y, task_ids):
    """Return the sorted class labels: a list of those of each task of wide data, else an array."""
    labels = target_array(y)
    if labels.ndim == 1 or task_ids is not None:
        return encode(labels.ravel(), "y")[0]
    classes = []
    for column in labels.T:
        present = plain_labels(column[~missing_mask(column)])
        classes.append(encode(present, "y")[0])
    return classes


def _fit_and_predict(estimator, X, y, split, tasks, method, params, classes):
    """Return what the method gives for the test samples of a fold, with all classes."""
    train, test = split
    X_train, y_train = _safe_split(estimator, X, y, train)
    X_test, _ = _safe_split(estimator, X, y, test, train)
    fit_params = {}
    for name, value in params.items():
        fit_params[name] = _of_samples(value, train, len(y))
    predict_params = {}
    if tasks is not None:
        fit_params["tasks"] = tasks[train]
        predict_params["tasks"] = tasks[test]
    absent = _absent_tasks(y_train, tasks)
    if len(absent):
        y_train, fit_params = _without_tasks(y_train, fit_params, absent)
    estimator.fit(X_train, y_train, **fit_params)
    if tasks is not None:  # the predict of a search takes no task ids
        estimator = getattr(estimator, "best_estimator_", estimator)
    values = _call(estimator, method, X_test, predict_params)
    if method != "predict":
        known = classes
        if len(absent):
            known = [own for t, own in enumerate(classes) if t not in absent]
        values = _with_all_classes(values, estimator.classes_, known, method)
    for t in absent:
        values = _with_missing_task(values, t, column_names(y), classes, len(test))
    return values


def _absent_tasks(y, tasks):
    """Return the columns of a two-dimensional y without any target."""
    if tasks is not None or np.ndim(y) != 2 or np.shape(y)[1] == 1:
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(missing_mask(target_array(y)).all(axis=0))


def _without_tasks(y, fit_params, absent):
    """Return y, and the arguments of `fit` that have its shape, without columns."""
    shape = np.shape(y)
    names = column_names(y)
    tasks = np.arange(shape[1]) if names is None else as_id_array(names)
    kept = np.setdiff1d(np.arange(shape[1]), absent)
    parts = {}
    for name, value in fit_params.items():
        is_of_targets = hasattr(value, "shape") and np.shape(value) == shape
        parts[name] = targets_in_order(value, tasks, name)[:, kept] if is_of_targets else value
    return take_tasks(y, kept), parts


def _with_missing_task(values, t, names, classes, n_samples):
    """Return the values of the other tasks with those of task t, all of them missing."""
    if isinstance(values, list):
        missing = np.full((n_samples, len(classes[t])), np.nan)
        return [*values[:t], missing, *values[t:]]
    if hasattr(values, "iloc"):
        values = values.copy()
        values.insert(t, names[t], np.nan)
        return values
    if values.dtype.kind in "iuf":
        return np.insert(values.astype(float), t, np.nan, axis=1)
    return np.insert(values.astype(object), t, None, axis=1)


def _of_samples(value, train, n_samples):
    """Return the part of an argument of `fit` that belongs to the training samples."""
    is_array = hasattr(value, "shape") or isinstance(value, list | tuple)
    if is_array and np.ndim(value) > 0 and len(value) == n_samples:
        return _safe_indexing(value, train)
    return value


def _call(estimator, method, X, predict_params):
    """Return what a method gives; log probabilities are those of `predict_proba` if need be."""
    if method != "predict_log_proba" or hasattr(estimator, method):
        return getattr(estimator, method)(X, **predict_params)
    values = estimator.predict_proba(X, **predict_params)
    with np.errstate(divide="ignore"):
        if isinstance(values, list):
            return [None if one is None else np.log(one) for one in values]
        return np.log(values)


def _with_all_classes(values, own, classes, method):
    """Return scores of classes with a column for each class of the data.

    Parameters
    ----------
    values : ndarray or list of ndarray
        Scores of the classes that the model knows.
    own : ndarray or list of ndarray
        These classes.
    classes : ndarray or list of ndarray
        The classes of the data.
    method : str
        What gave the scores.
    """
    if isinstance(values, list):
        aligned = []
        for values_of_task, known, every in zip(values, own, classes, strict=True):
            aligned.append(_align(values_of_task, known, every, method))
        return aligned
    if isinstance(classes, list):  # one column for each task, which has two classes
        if isinstance(own, list):
            for column, known, every in zip(values.T, own, classes, strict=True):
                _align(column, known, every, method)
        return values
    return _align(values, own, classes, method)


def _align(values, known, classes, method):
    """Return the scores of one task, or of long data, in the order of the classes."""
    if values is None or np.array_equal(known, classes):
        return values
    if values.ndim == 1 or method not in _OF_UNSEEN_CLASSES:
        raise ValueError(
            f"A training set has the classes {some_of(known)} only, but the data have "
            f"{some_of(classes)}: {method} gives no scores that could be compared with those of "
            "other folds. Use predict_proba, or folds that have all classes."
        )
    aligned = np.full((len(values), len(classes)), _OF_UNSEEN_CLASSES[method])
    aligned[:, codes_of(known, classes)] = values
    return aligned


def _combine(parts, tests, n_samples):
    """Return the values of all folds in the order of the samples; missing where not tested."""
    if parts[0] is None:
        return None
    parts = [np.asarray(part) for part in parts]
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise ValueError(f"Folds give values of different shapes, {sorted(shapes)}.")
    dtype = np.result_type(*parts)
    fill = None
    if sum(len(test) for test in tests) < n_samples:
        if dtype.kind in "iuf":
            dtype = np.result_type(dtype, np.float64)
            fill = np.nan
        else:
            dtype = np.dtype(object)
    combined = np.empty((n_samples, *shapes.pop()), dtype=dtype)
    if fill is not None or dtype.kind == "O":
        combined[:] = fill
    for part, test in zip(parts, tests, strict=True):
        combined[test] = part
    return combined


def _combine_frames(parts, tests, X, n_samples):
    """Return the frames of all folds as one in the order of the samples, with the rows of X."""
    import pandas as pd

    combined = pd.concat(parts)
    combined.index = np.concatenate(tests)
    combined = combined.reindex(np.arange(n_samples))
    if hasattr(X, "iloc"):
        combined.index = X.index
    return combined
