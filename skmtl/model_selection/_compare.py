"""Did sharing help? A model against tuned single-task and pooled baselines, task by task."""

import warnings
from numbers import Integral
from time import perf_counter

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, check_array, check_random_state, get_tags

from skmtl._checks import check_bool, check_option, check_real
from skmtl.baselines import IndependentTasks, PooledTasks
from skmtl.labels import (
    check_labels,
    column_names,
    column_position,
    encode_labels,
    missing_labels,
    split_task_column,
)
from skmtl.model_selection._report import ComparisonReport
from skmtl.model_selection._split import TaskStratifiedKFold
from skmtl.model_selection._statistics import (
    bootstrap_delta,
    gain_table,
    split_results,
    summarise,
)

_REPEATS, _FOLDS = 5, 4


def compare_to_single_task(
    estimator,
    X,
    y,
    *,
    baseline="auto",
    include_pooled=True,
    task_column=None,
    tasks=None,
    cv=None,
    scoring=None,
    confidence_level=0.95,
    n_jobs=None,
    random_state=None,
):
    """Compare a multi-task regressor with each task learned alone, and all learned as one.

    All are fitted on the same training sets and judged on the same test rows. The gain of task t
    is ``1 - mean error_multi / mean error_single`` over the splits. Its interval and p-value come
    from the corrected resampled t-test of Nadeau and Bengio (2003), since the splits overlap:
    ``t = dbar / sqrt((1/J + n_test/n_train) s^2)`` with J - 1 degrees of freedom; p-values are
    adjusted for the number of tasks after Holm (1979).

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        A regressor of this package, alone, as the last step of a pipeline or in a `GridSearchCV`.
        Tasks that a training set lacks are predicted with ``handle_unknown="shared"``.
    X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        As the estimator takes them, NaN where a label is missing.
    baseline : "auto" or estimator, default="auto"
        What each task alone is fitted with (and all tasks pooled): an estimator for 1-D y, which
        should tune itself. "auto" takes the estimator's own single-task limit with inner
        cross-validation, after the same preprocessing steps.
    include_pooled : bool, default=True
        Fit the baseline to all tasks as one, too.
    task_column : str or int, default=None
        Column of X with the task ids; None takes that of the estimator. A pipeline or search whose
        last step finds them by position needs it, since steps may move columns.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, for estimators fitted with ``tasks=``.
    cv : int, splitter or iterable, default=None
        None is 5 repeats of 4 shuffled folds stratified by task, an int one set of so many.
    scoring : {None, "neg_root_mean_squared_error", "neg_mean_squared_error", \
"neg_mean_absolute_error"}, default=None
        The error; None is the root mean squared error.
    confidence_level : float, default=0.95
    n_jobs : int, default=None
        Splits at a time.
    random_state : int, RandomState instance or None, default=None
        Seed of the default folds and of the bootstrap.

    Returns
    -------
    ComparisonReport
        Print it for the verdict.

    Raises
    ------
    ValueError
        For data or tasks that cannot be read, or fewer than two splits.

    References
    ----------
    Nadeau, Bengio (2003), "Inference for the generalization error", Machine Learning 52, section
    3.2. Holm (1979), "A simple sequentially rejective multiple test procedure". Maninis,
    Radosavovic, Kokkinos (2019), "Attentive single-tasking of multiple tasks", section 5
    (delta_m).

    Examples
    --------
    >>> from skmtl import MultiTaskLassoCV, compare_to_single_task
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_samples=20, n_tasks=3, random_state=0)
    >>> report = compare_to_single_task(
    ...     MultiTaskLassoCV(alphas=20), data.X, data.y, random_state=0
    ... )
    >>> report.table_.shape
    (3,)
    """
    check_bool(include_pooled, "include_pooled")
    check_real(confidence_level, "confidence_level", high=1.0, include="neither")
    check_option(scoring, "scoring", (None, *_ERRORS))
    rng = check_random_state(random_state)
    estimator, task_column = _with_task_column(estimator, X, task_column)
    methods = _methods(estimator, baseline, include_pooled)
    if np.ndim(y) == 2 and np.shape(y)[1] == 1 and (task_column is not None or tasks is not None):
        y = np.asarray(y).ravel()
    labels, names, codes = _task_labels(X, y, task_column, tasks)
    targets = check_array(
        y, dtype=np.float64, ensure_2d=False, ensure_all_finite=False, input_name="y"
    )
    splits = list(_splits(cv, X, y, labels, rng))
    if len(splits) < 2:
        raise ValueError(f"A comparison needs at least two splits, cv gave {len(splits)}.")
    extra = None if tasks is None else np.asarray(labels)
    jobs = [(name, model, split) for split in splits for name, model in methods.items()]
    results = Parallel(n_jobs=n_jobs)(
        delayed(_fit_and_predict)(model, X, y, extra, *split) for _, model, split in jobs
    )
    loss, root = _ERRORS[scoring or "neg_root_mean_squared_error"]
    losses = {name: [] for name in methods}
    seconds, unconverged = dict.fromkeys(methods, 0.0), dict.fromkeys(methods, 0)
    for (name, _, (_, test)), (prediction, time, n_warnings) in zip(jobs, results, strict=True):
        losses[name].append(loss(targets[test], prediction))
        seconds[name] += time / len(splits)
        unconverged[name] += n_warnings
    results = split_results(names, codes, splits, losses, root)
    table = gain_table(results, confidence_level)
    low, high = bootstrap_delta(codes, splits, losses, len(names), root, confidence_level, rng)
    summary = {
        **summarise(table, list(methods)),
        "delta_m_low": low,
        "delta_m_high": high,
        "seconds": seconds,
        "n_unconverged": unconverged,
    }
    return ComparisonReport(table, summary, results, confidence_level)


_ERRORS = {  # pointwise loss, whether the error is the root of its mean
    "neg_root_mean_squared_error": (lambda y, z: (y - z) ** 2, True),
    "neg_mean_squared_error": (lambda y, z: (y - z) ** 2, False),
    "neg_mean_absolute_error": (lambda y, z: np.abs(y - z), False),
}


def _final(estimator):
    """The estimator at the end of pipelines and searches."""
    if hasattr(estimator, "steps"):
        return _final(estimator.steps[-1][1])
    if _is_search(estimator):
        return _final(estimator.estimator)
    return estimator


def _is_search(estimator):
    """Whether it searches the parameters of its `estimator`."""
    search = hasattr(estimator, "refit") or hasattr(estimator, "param_grid")
    return search and hasattr(estimator, "estimator")


def _with_final(estimator, final):
    """The same preprocessing with another final estimator, outside of any search."""
    if hasattr(estimator, "steps"):
        name, last = estimator.steps[-1]
        return clone(estimator).set_params(**{name: _with_final(last, final)})
    if _is_search(estimator):
        return _with_final(estimator.estimator, final)
    return final


def _methods(estimator, baseline, include_pooled):
    """The estimators to compare by name: single, multi, pooled."""
    final = _final(estimator)
    if not hasattr(final, "handle_unknown"):
        raise TypeError(f"{final!r} is not a multi-task estimator of skmtl.")
    if get_tags(final).estimator_type != "regressor":
        raise TypeError(f"compare_to_single_task takes regressors, got {final!r}.")
    if isinstance(baseline, str):
        check_option(baseline, "baseline", ("auto",))
        if not hasattr(final, "_single_task_limit"):
            raise ValueError(
                f"{type(final).__name__} declares no single-task limit of its own: give a "
                "baseline such as sklearn.linear_model.RidgeCV()."
            )
        baseline = final._single_task_limit()
    options = {"task_column": final.task_column, "handle_unknown": "shared"}
    multi = clone(estimator)
    _final(multi).set_params(handle_unknown="shared")
    methods = {
        "single": _with_final(estimator, IndependentTasks(baseline, **options)),
        "multi": multi,
    }
    if include_pooled:
        methods["pooled"] = _with_final(estimator, PooledTasks(baseline, **options))
    return methods


def _has_steps(estimator):
    """Whether steps come before the final estimator."""
    return hasattr(estimator, "steps") or (
        _is_search(estimator) and _has_steps(estimator.estimator)
    )


def _with_task_column(estimator, X, task_column):
    """The estimator and the column of the raw X that holds the ids, each told by the other."""
    final = _final(estimator)
    own = getattr(final, "task_column", None)
    if task_column is None and isinstance(own, Integral) and _has_steps(estimator):
        raise ValueError(
            f"The last step has task_column={own}, but steps before it may move columns: say "
            "where the task ids are in the X given here with task_column=."
        )
    if task_column is None or _has_steps(estimator) or not hasattr(final, "task_column"):
        return estimator, own if task_column is None else task_column
    if own is not None:
        names = column_names(X)
        given, used = (column_position(names, np.shape(X)[1], c) for c in (task_column, own))
        if given != used:
            raise ValueError(
                f"task_column={task_column!r} was given, but the estimator has task_column={own!r}."
            )
    else:
        estimator = clone(estimator)
        _final(estimator).set_params(task_column=task_column)
    return estimator, task_column


def _task_labels(X, y, task_column, tasks):
    """Task id of every row (None when wide), task names, and codes in y's shape (-1 a hole)."""
    if tasks is not None:
        labels = check_labels(tasks)
    else:
        labels = None if task_column is None else split_task_column(X, task_column)[1]
    if labels is not None:
        names, codes = encode_labels(labels)
        return labels, names, codes
    Y = np.asarray(y)
    if Y.ndim != 2:
        raise ValueError(
            f"y has shape {Y.shape} and the estimator no task_column: set its task_column, pass "
            "tasks=, or give y of shape (n_samples, n_tasks)."
        )
    names = np.asarray(getattr(y, "columns", np.arange(Y.shape[1])))
    return None, names, np.where(missing_labels(Y), -1, np.arange(Y.shape[1]))


def _splits(cv, X, y, labels, rng):
    """Pairs of training and test rows."""
    if cv is not None and not isinstance(cv, Integral):
        yield from check_cv(cv).split(X, y, labels)
        return
    for _ in range(_REPEATS if cv is None else 1):
        seed = rng.randint(np.iinfo(np.int32).max)
        folds = TaskStratifiedKFold(cv or _FOLDS, shuffle=True, random_state=seed)
        yield from folds.split(X, y, labels)


def _fit_and_predict(model, X, y, labels, train, test):
    """Predictions of the test rows, seconds that fit and predict took, convergence warnings."""
    start = perf_counter()
    rows = {} if labels is None else {"tasks": labels[train]}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model = clone(model).fit(_safe_indexing(X, train), _safe_indexing(y, train), **rows)
    unconverged = sum(issubclass(one.category, ConvergenceWarning) for one in caught)
    for one in caught:
        if not issubclass(one.category, ConvergenceWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    rows = {} if labels is None else {"tasks": labels[test]}
    prediction = model.predict(_safe_indexing(X, test), **rows)
    return prediction, perf_counter() - start, unconverged
