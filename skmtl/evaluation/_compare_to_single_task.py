"""Did sharing help? Models against tuned single-task and pooled baselines, task by task."""

import numpy as np
from joblib import Parallel
from sklearn.utils import check_random_state

from skmtl._data.checks import check_bool, check_option, check_real
from skmtl._data.targets import check_has_targets
from skmtl._data.text_columns import naming_text_columns
from skmtl._warn import warn
from skmtl.evaluation._baselines import all_models
from skmtl.evaluation._errors.find_measure import find_measure
from skmtl.evaluation._errors.held_out_targets import HeldOutTargets, count_targets
from skmtl.evaluation._estimators import (
    are_classifiers,
    check_responses,
    mixes_units,
    normalizes_targets,
    read_estimators,
    warn_about_convergence,
)
from skmtl.evaluation._evaluation_data import read_evaluation_data
from skmtl.evaluation._findings import Findings
from skmtl.evaluation._gains.label_losses import LabelLosses
from skmtl.evaluation._model_runs import model_sizes, run_models
from skmtl.evaluation._reports.task_noun import name_of_column
from skmtl.evaluation._rivals import read_rivals, warn_of_weak_boosting
from skmtl.evaluation._single_task import takes_counts
from skmtl.evaluation._splits import make_splits, read_groups
from skmtl.evaluation._task_notes import has_one_value, task_notes, warn_about_units
from skmtl.evaluation._transfer_ranking import TransferRanking
from skmtl.meta.pipelines import final_estimator, has_steps, is_search

_N_REPEATS = 5
_N_FOLDS = 4


def compare_to_single_task(
    estimator,
    X,
    y,
    *,
    baseline="auto",
    rivals="auto",
    normalize_y="auto",
    task_column=None,
    tasks=None,
    groups=None,
    cv=None,
    scoring=None,
    confidence_level=0.95,
    model_figures=True,
    n_jobs=None,
    verbose=0,
    random_state=None,
):
    """Compare multi-task models with single-task and pooled baselines, task by task.

    All models are fitted on the same training sets and judged by the same test sets. The gain of
    task t is ``1 - error_multi / error_single``, where errors are those of all its tested labels;
    root errors are roots of mean squares over all of them. It is the gain of learning from training
    sets of this size, for data like these. With all samples, gains are usually a little smaller.

    How sure a gain is follows in four steps:

    1. The log gain of a task, ``theta_t = -log(1 - gain)``, has a variance between tested rows, and
       one between training sets, each seen without the other. With J splits the second counts with
       the factor ``1/J + (1 - 1/J) q / (1 - q)``, where q is the share of one training set that is
       in another (after Hoeffding, 1948).
    2. The variances of all tasks moderate each other (Smyth, 2004). Quantiles are those of t
       distributions; n rows or training sets count as ``(n - 1) / 1.5`` degrees of freedom.
    3. ``theta_t ~ N(mu x_t^p, tau^2 x_t^(2p))`` with x_t the median number of training rows divided
       by that of the task; mu, tau and p are integrated out. As the variances are upper bounds, tau
       is judged against a quarter of them. The mean of theta_t given all tasks is its gain in the
       table. Its interval is extended to the gain of the task by itself.
    4. A task is "helped" if the probability of harm is at most 1 %, and "probably helped" if it is
       at most 10 %, and if it gains by itself; "harmed" and "probably harmed" likewise; otherwise
       it is "open". Tasks with fewer than five rows are never surely helped or harmed.

    Numbers over all tasks, such as the median gain, come from joint draws of all gains.
    ``doc/verdict.rst`` tells how often all this is wrong in simulated data.

    Parameters
    ----------
    estimator : estimator, Pipeline, search, or dict of them
        Multi-task regressor or classifier, on its own, as the last step of a pipeline or in a
        `GridSearchCV`. A dict {name: estimator} compares several. Tasks that are missing in a
        training set are predicted with ``handle_unknown="shared"``.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Training data, as the estimator takes it.
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Targets, as the estimator takes them; NaN where a target is missing.
    baseline : "auto" or estimator, default="auto"
        Estimator that each task is fitted with on its own (and all tasks pooled). It takes a 1-D y
        and should tune itself. "auto" takes the single-task limit of the multi-task estimator,
        tuned by inner cross-validation, after the same preprocessing steps; it may differ between
        the estimators of a dict.
    rivals : "auto", "boosting", dict or list, default="auto"
        What the estimator is compared with besides single tasks.

        - "auto": "intercept", a tuned ridge, Poisson or logistic regression with an intercept for
          each task (:class:`RandomInterceptTasks`), and "pooled", the baseline fitted to all tasks
          as one.
        - "boosting": these two and the histogram gradient boosting of scikit-learn, which sees the
          task as a category if there are at most 255. It is a weak rival below 1000 training
          samples, or 20 of a task.
        - A dict {name: estimator}: "intercept", "pooled" and models of your own. They get X as it
          is. Multi-task estimators see the task ids; estimators of scikit-learn do not and are
          fitted to all tasks as one (:class:`PooledTasks`).
        - A list of names and dicts: these and no others, such as ``["intercept", {"forest":
          forest}]``, or ``()`` for none.
    normalize_y : bool or "auto", default="auto"
        Whether "intercept", "pooled" and "boosting", which learn the tasks of regressors as one,
        standardize the targets of each task first, so that its unit and its level do not matter.
        "auto" does so if an estimator has ``normalize_y=True``, or is a network that does (of
        two-dimensional y, by default). Class labels and counts
        (``loss="poisson"``) stay as they are.
    task_column : str or int, default=None
        Column of X with the task ids; None takes that of the estimator. It is needed for a pipeline
        or search whose last step has a position as its `task_column`, since steps may move columns.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, for estimators fitted with ``tasks=``. Reports call a task by the name of a
        pandas Series.
    groups : array-like of shape (n_samples,), default=None
        What samples belong to, such as a person measured several times. Samples of one group stay
        together in folds, and count as one when it is judged how sure a gain is. A splitter gets
        them as `groups`, and the task ids if there are none.
    cv : int, splitter or iterable, default=None
        Cross-validation splitting strategy. None is 4 shuffled folds, an int that number of folds;
        both are repeated 5 times, since the luck of training sets cannot be told from one pass.
        Folds are stratified by task, and by class for classifiers of long data.
    scoring : str or callable, default=None
        The error of a task: the name of a scorer of scikit-learn, such as "neg_mean_squared_error",
        "roc_auc" or "neg_brier_score", a metric ``metric(y_true, y_pred)``, or the result of
        :func:`sklearn.metrics.make_scorer`. The error is the loss, or one minus a score. Metrics
        that need probabilities or decision values get them. None is
        "neg_root_mean_squared_error" for regressors and "neg_log_loss" for classifiers; "roc_auc"
        needs tasks of two classes.
    confidence_level : float, default=0.95
        Level of the intervals. The probabilities behind verdicts stay as they are.
    model_figures : bool, default=True
        Whether to fit every model to all samples, too, for its number of non-zero coefficients,
        its rank and its effective degrees of freedom.
    n_jobs : int, default=None
        Number of jobs to run in parallel.
    verbose : int, default=0
        Verbosity level of joblib.
    random_state : int, RandomState instance or None, default=None
        Seed of the default folds and of the draws of gains.

    Returns
    -------
    TransferReport or TransferRanking
        The result of one estimator, or of a dict of them. Print it for the verdict.

    Raises
    ------
    TypeError
        If an estimator is no multi-task regressor or classifier, if a classifier lacks the
        probabilities or decision values that the error needs, or if regressors and classifiers are
        mixed.
    ValueError
        If the input is invalid: y is 1-D without task ids, the estimators differ in their task
        columns, a rival has the name of another model, `groups` has another length than X, or there
        are fewer than two splits.

    Warns
    -----
    ConvergenceWarning
        If fits of the estimators, or of a baseline or rivals that were given, did not converge;
        once, with their numbers. The report tells about those of the automatic baselines.
    UserWarning
        If the targets of tasks must be in different units, and estimators or rivals do not
        standardize them, if the training sets are too small for boosting, or if a model predicts
        NaN.

    References
    ----------
    Hoeffding (1948), "A class of statistics with asymptotically normal distribution". Smyth (2004),
    "Linear models and empirical Bayes methods for assessing differential expression in microarray
    experiments", section 6. Nadeau, Bengio (2003), "Inference for the generalization error",
    section 3.2, and Holm (1979), "A simple sequentially rejective multiple test procedure" (the
    fields "t_low", "t_high" and "t_p_value" of the table).

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
    check_bool(model_figures, "model_figures")
    check_real(confidence_level, "confidence_level", high=1.0, include="neither")
    rng = check_random_state(random_state)
    estimators, task_column = read_estimators(estimator, X, task_column)
    _check_ids_reach_estimators(estimators, tasks)
    has_probabilities = all(hasattr(one, "predict_proba") for one in estimators.values())
    measure = find_measure(scoring, are_classifiers(estimators), has_probabilities)
    check_responses(estimators, measure)
    data = read_evaluation_data(X, y, task_column, tasks, measure)
    if data.is_wide:
        check_has_targets(data.task_codes >= 0, data.tasks)
    rivals = read_rivals(rivals, estimators, X, task_column)
    _check_ids_reach_estimators(rivals.own, tasks)
    normalize_y = _read_normalize_y(normalize_y, estimators, rivals, data)
    models, roles = all_models(estimators, baseline, rivals, normalize_y)
    check_responses(models, measure)
    groups = read_groups(groups, data)
    splits = make_splits(cv, data, rng, n_repeats=_N_REPEATS, n_folds=_N_FOLDS, groups=groups)
    if len(splits) < 2:
        raise ValueError(f"A comparison needs at least two splits, cv gave {len(splits)}.")
    warn_of_weak_boosting(rivals, count_targets(data, [train for train, _ in splits]))

    parallel = Parallel(n_jobs=n_jobs, verbose=verbose)
    with naming_text_columns(X, task_column, tasks):
        runs = run_models(models, data, splits, parallel)
    held_out = HeldOutTargets.from_splits(data, splits)
    losses = _label_losses(runs, held_out, groups, splits, data, measure)
    cv_results = _cv_results(losses, runs, data, splits)
    quantities = _run_quantities(runs)
    seed = rng.randint(np.iinfo(np.int32).max)
    if model_figures:
        sizes = model_sizes(models, data, seed, parallel)
        n_unconverged = quantities["n_unconverged"]
        for method, count in sizes.pop("n_unconverged").items():
            n_unconverged[method] += count
        quantities |= sizes
    is_automatic = isinstance(baseline, str)
    chosen_by_user = {**estimators, **rivals.own} if is_automatic else models
    warn_about_convergence(quantities["n_unconverged"], chosen_by_user)

    is_tested = ~np.isnan(cv_results["errors"]).any(axis=-1)
    notes = task_notes(data, splits, is_tested, measure)
    findings = Findings(
        losses,
        cv_results,
        quantities,
        notes,
        confidence_level,
        seed,
        measure.name,
        getattr(tasks, "name", None) if tasks is not None else name_of_column(X, task_column),
    )
    reports = {name: findings.report(methods) for name, methods in roles.items()}
    if not isinstance(estimator, dict):
        return reports["multi"]
    return TransferRanking(reports, cv_results, losses, quantities, confidence_level, measure.name)


def _check_ids_reach_estimators(estimators, tasks):
    """Raise ValueError if task ids are passed beside X to a pipeline or search."""
    if tasks is None:
        return
    if any(has_steps(one) or is_search(one) for one in estimators.values()):
        raise ValueError(
            "tasks= does not reach the last step of a pipeline or search: put the ids into a "
            "column of X and give task_column. Steps that must not see the ids, such as a scaler, "
            "go inside keep_task_column(StandardScaler(), task_column)."
        )


def _read_normalize_y(normalize_y, estimators, rivals, data):
    """Whether the named rivals standardize targets; warn of models that should and do not."""
    if isinstance(normalize_y, str):
        check_option(normalize_y, "normalize_y", ("auto",))
        finals = [final_estimator(one) for one in estimators.values()]
        normalize_y = any(normalizes_targets(one, data.is_wide) for one in finals)
    normalize_y = check_bool(normalize_y, "normalize_y")
    if data.targets.classes is not None:
        return False
    mixing = [name for name, one in estimators.items() if mixes_units(one, data.is_wide)]
    are_counts = any(takes_counts(final_estimator(one)) for one in estimators.values())
    if not normalize_y and not are_counts:
        mixing += rivals.named
    if mixing:
        names = ", ".join(repr(name) for name in mixing)
        warn_about_units(
            data,
            f"what tasks share in {names} serves the first only. If their units differ, set "
            "normalize_y=True (of the estimator; the baselines follow it, or the comparison)",
        )
    return normalize_y


def _label_losses(runs, held_out, groups, splits, data, measure):
    """The :class:`LabelLosses` of all methods."""
    losses = {}
    for method, method_runs in runs.items():
        predictions = [run.predictions for run in method_runs]
        losses[method] = held_out.losses(measure, predictions)
        n_lacking = held_out.count_without_prediction(predictions)
        if n_lacking:
            warn(
                f"{method!r} predicts NaN for {n_lacking} of {len(held_out.truth)} tested targets, "
                "and they are left out for all models: correct the model, or leave it out."
            )
    return LabelLosses(
        held_out,
        losses,
        groups,
        splits,
        measure.power,
        measure.floor(data.targets, data.task_codes, data.n_tasks),
        measure.rounding(data.targets, data.task_codes, data.n_tasks),
    )


def _cv_results(losses, runs, data, splits):
    """`cv_results_` of all methods."""
    train_sets = [train for train, _ in splits]
    test_sets = [test for _, test in splits]
    fit_times = [[run.fit_time for run in method_runs] for method_runs in runs.values()]
    predict_times = [[run.predict_time for run in method_runs] for method_runs in runs.values()]
    return {
        "errors": np.stack([losses.split_errors(method) for method in runs], axis=-1),
        "task_errors": np.stack([losses.task_errors(method) for method in runs], axis=-1),
        "methods": list(runs),
        "tasks": data.tasks,
        "is_judged": ~has_one_value(data),
        "shares_rows": data.is_wide,
        "rounding": losses.rounding,
        "floor": losses.floor,
        "n_train": count_targets(data, train_sets),
        "n_test": count_targets(data, test_sets),
        "fit_time": np.transpose(fit_times),
        "predict_time": np.transpose(predict_times),
    }


def _run_quantities(runs):
    """Mean times and the number of ConvergenceWarnings: for each a dict by method."""
    fit_time = {}
    predict_time = {}
    n_unconverged = {}
    for method, method_runs in runs.items():
        fit_time[method] = float(np.mean([run.fit_time for run in method_runs]))
        predict_time[method] = float(np.mean([run.predict_time for run in method_runs]))
        n_unconverged[method] = sum(run.n_unconverged for run in method_runs)
    return {
        "fit_time": fit_time,
        "predict_time": predict_time,
        "n_unconverged": n_unconverged,
    }
