"""Did sharing help? Models against tuned single-task and pooled baselines, task by task."""

import warnings
from time import perf_counter
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import _safe_indexing, check_random_state

from skmtl._data.checks import check_bool, check_real
from skmtl.evaluation._baselines import BASELINES, all_methods
from skmtl.evaluation._fitting import fit_and_count, kind_of, that_shares
from skmtl.evaluation._measures import Targets, find_measure
from skmtl.evaluation._model_size import model_size
from skmtl.evaluation._notes import task_notes
from skmtl.evaluation._reading import fold_strata, make_splits, read_tasks
from skmtl.evaluation._statistics import Cells, bootstrap_delta, count_rows, gain_table, summarize
from skmtl.evaluation._transfer_ranking import TransferRanking
from skmtl.evaluation._transfer_report import TransferReport
from skmtl.meta.pipelines import has_steps, is_search, with_task_column

_REPEATS, _FOLDS = 5, 4
_PROBES = 10  # of degrees of freedom


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
    model_figures=True,
    n_jobs=None,
    verbose=0,
    random_state=None,
):
    """Compare multi-task models with each task learned alone, and all learned as one.

    All are fitted on the same training sets and judged on the same test rows. The gain of task t
    is ``1 - mean error_multi / mean error_single`` over the splits. Its interval and p-value come
    from the corrected resampled t-test of Nadeau and Bengio (2003), since the splits overlap:
    ``t = dbar / sqrt((1/J + 1.5 n_test/n_train) s^2)`` with J - 1 degrees of freedom; p-values are
    adjusted for the number of tasks after Holm (1979). The 1.5 is ours: without it, false verdicts
    were more than promised where models are equal (``benchmarks/false_positives.py``).

    Parameters
    ----------
    estimator : estimator, Pipeline, search, or dict of them
        Of this package: alone, as the last step of a pipeline or in a `GridSearchCV`; regressors or
        classifiers. A dict {name: estimator} compares several. Tasks that a training set lacks
        are predicted with ``handle_unknown="shared"``.
    X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        As the estimator takes them, NaN where a label is missing.
    baseline : "auto" or estimator, default="auto"
        What each task alone is fitted with (and all tasks pooled): an estimator for 1-D y, which
        should tune itself. "auto" takes the estimator's own single-task limit with inner
        cross-validation, after the same preprocessing steps; several estimators may have several.
    include_pooled : bool, default=True
        Also fit all tasks as one: the baseline ("pooled"), and a tuned ridge or logistic regression
        with an intercept for each task ("intercept", :class:`RandomInterceptTasks`).
    task_column : str or int, default=None
        Column of X with the task ids; None takes that of the estimator. A pipeline or search whose
        last step finds them by position needs it, since steps may move columns.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, for estimators fitted with ``tasks=``.
    cv : int, splitter or iterable, default=None
        None is 5 repeats of 4 shuffled folds, an int one set of so many. Folds are stratified by
        task, and by class where rows have one.
    scoring : str, default=None
        The error that is minimized, by the name of scikit-learn's score: for regressors
        "neg_root_mean_squared_error" (None), "neg_mean_squared_error" or
        "neg_mean_absolute_error", for classifiers "neg_log_loss" (None) or "roc_auc", of tasks of
        two classes, whose error is ``1 - AUC``.
    confidence_level : float, default=0.95
    model_figures : bool, default=True
        Also fit every model to all rows, for its number of non-zero coefficients, rank and
        effective degrees of freedom.
    n_jobs : int, default=None
        Fits at a time.
    verbose : int, default=0
        From 1 on, joblib says how far it is.
    random_state : int, RandomState instance or None, default=None
        Seed of the default folds and of the bootstrap.

    Returns
    -------
    TransferReport or TransferRanking
        Print it for the verdict. The second for a dict.

    Raises
    ------
    TypeError
        For what is no multi-task estimator, classifiers without `predict_proba`, or regressors
        beside classifiers.
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
    check_bool(model_figures, "model_figures")
    check_real(confidence_level, "confidence_level", high=1.0, include="neither")
    rng = check_random_state(random_state)
    estimators, task_column = _read_estimators(estimator, X, task_column)
    if tasks is not None and any(has_steps(one) or is_search(one) for one in estimators.values()):
        raise ValueError(
            "tasks= does not reach the last step of a pipeline or search: put the ids into a "
            "column of X and give task_column."
        )
    measure = find_measure(scoring, _classifies(estimators))
    models, roles = all_methods(estimators, baseline, include_pooled)
    y, labels, names, codes = read_tasks(X, y, task_column, tasks)
    data = _Data(X, y, labels, tasks is not None, names, codes, measure.read(y, codes))
    strata = fold_strata(labels, codes, data.targets)
    splits = make_splits(cv, X, y, strata, rng, n_repeats=_REPEATS, n_folds=_FOLDS)
    if len(splits) < 2:
        raise ValueError(f"A comparison needs at least two splits, cv gave {len(splits)}.")
    run = Parallel(n_jobs=n_jobs, verbose=verbose)
    cells = Cells.of(data.codes, splits, len(data.names), data.targets.truth)
    results, errors, figures = _run(models, data, splits, cells, measure, run)
    if model_figures:
        figures |= _sizes(models, data, rng.randint(np.iinfo(np.int32).max), run)
    tested = ~np.isnan(results["errors"]).any(axis=-1)
    notes = task_notes(data.codes, splits, data.targets, tested, measure)
    reports = {}
    for name in estimators:
        own = roles[name]
        part = _part_of(results, own)
        table = gain_table(part, notes, confidence_level)
        pair = errors[own["single"]], errors[name]
        interval = bootstrap_delta(cells, data.codes, pair, confidence_level, rng)
        summary = summarize(table, part["methods"], interval)
        for figure, by in figures.items():
            summary[figure] = {role: by[method] for role, method in own.items()}
        reports[name] = TransferReport(table, summary, part, confidence_level, measure.name)
    if not isinstance(estimator, dict):
        return reports["multi"]
    return TransferRanking(reports, results, figures, confidence_level, measure.name)


class _Data(NamedTuple):
    """What the user gave, read."""

    X: object
    y: object
    labels: np.ndarray | None  # task id of every row, None when wide
    by_argument: bool  # whether estimators are told the ids apart from X
    names: np.ndarray  # of tasks
    codes: np.ndarray  # of tasks, in y's shape, -1 a hole
    targets: Targets

    def rows(self, rows, *, target=True):
        """Arguments of `fit`, or of `predict`, for some rows."""
        positional = [_safe_indexing(self.X, rows)]
        positional += [_safe_indexing(self.y, rows)] if target else []
        return positional, ({"tasks": np.asarray(self.labels)[rows]} if self.by_argument else {})


def _read_estimators(estimator, X, task_column):
    """The estimators by name, ready to predict unknown tasks, and the task column of X."""
    if not isinstance(estimator, dict):
        estimator = {"multi": estimator}
    if not estimator or not all(isinstance(name, str) for name in estimator):
        raise ValueError(f"Several estimators are a dict {{name: estimator}}, got {estimator!r}.")
    read, columns = {}, []
    for name, one in estimator.items():
        if name.split(" ")[0] in BASELINES:
            raise ValueError(f"{name!r} is the name of a baseline: choose another for {one!r}.")
        one, column = with_task_column(one, X, task_column)
        read[name] = that_shares(one)
        columns.append(column)
    if len(set(columns)) > 1:
        raise ValueError(f"The estimators differ in their task columns: {columns}.")
    return read, columns[0]


def _classifies(estimators):
    """Whether they are classifiers, all or none of them."""
    kinds = {name: kind_of(estimator) for name, estimator in estimators.items()}
    if len(set(kinds.values())) > 1:
        raise TypeError(f"Regressors and classifiers cannot be compared, got {kinds}.")
    return "classifier" in kinds.values()


def _run(models, data, splits, cells, measure, run):
    """Fit and judge all models on all splits.

    Returns `cv_results_`, the error functions of the bootstrap and the figures, by method.
    """
    found = run(
        delayed(_fit_and_predict)(model, data, *split)
        for split in splits
        for model in models.values()
    )
    errors, figures = {}, {name: {} for name in ("fit_time", "predict_time", "n_unconverged")}
    for m, method in enumerate(models):
        runs = found[m :: len(models)]
        z = cells.flat(data.codes, splits, [one.predictions for one in runs])
        errors[method] = cells.errors(measure, z)
        for name, values in figures.items():
            values[method] = np.array([getattr(one, name) for one in runs])
    results = {
        "errors": np.stack([error() for error in errors.values()], axis=-1),
        "methods": list(models),
        "tasks": data.names,
        "n_train": count_rows(data.codes, splits, len(data.names), 0),
        "n_test": count_rows(data.codes, splits, len(data.names), 1),
    }
    for name in ("fit_time", "predict_time"):
        results[name] = np.column_stack(list(figures[name].values()))
        figures[name] = {method: float(times.mean()) for method, times in figures[name].items()}
    figures["n_unconverged"] = {m: int(n.sum()) for m, n in figures["n_unconverged"].items()}
    return results, errors, figures


class _Run(NamedTuple):
    """One model on one split."""

    predictions: np.ndarray
    fit_time: float  # seconds
    predict_time: float
    n_unconverged: int  # ConvergenceWarnings


def _fit_and_predict(model, data, train, test):
    """The :class:`_Run`."""
    start = perf_counter()
    arguments, told = data.rows(train)
    model = clone(model)
    n_unconverged = fit_and_count(model, *arguments, **told)
    fitted = perf_counter()
    (X,), told = data.rows(test, target=False)
    predictions = data.targets.predictions(model, X, test, told)
    return _Run(predictions, fitted - start, perf_counter() - fitted, n_unconverged)


def _sizes(models, data, seed, run):
    """Non-zeros, rank and degrees of freedom of the models of all rows, by method."""
    sizes = run(delayed(_size)(model, data, seed) for model in models.values())
    return {
        name: {method: getattr(size, name) for method, size in zip(models, sizes, strict=True)}
        for name in sizes[0]._fields
    }


def _size(model, data, seed):
    """The :class:`ModelSize` of a model of all rows; what it warns of, the splits said."""
    told = {"tasks": data.labels} if data.by_argument else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = clone(model).fit(data.X, data.y, **told)
        return model_size(model, data.X, data.y, n_probes=_PROBES, random_state=seed, **told)


def _part_of(results, own):
    """`cv_results_` of one estimator and its baselines, methods named by their role."""
    columns = [results["methods"].index(method) for method in own.values()]
    by_method = ("errors", "fit_time", "predict_time")
    part = {name: results[name][..., columns] for name in by_method}
    return {**results, **part, "methods": list(own)}
