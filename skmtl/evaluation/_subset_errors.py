"""Errors of an estimator that learned some of the tasks, always on the same held-out targets."""

from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import _safe_indexing

from skmtl._data.checks import check_int
from skmtl._warn import warn
from skmtl.evaluation._estimators import fit_and_count
from skmtl.evaluation._wide_fits import training_data


class SubsetFit(NamedTuple):
    """Codes of the tasks to learn together, and of those whose held-out targets are predicted."""

    trained: tuple
    judged: tuple


class SubsetErrors(NamedTuple):
    """Errors (n_fits, n_tasks) of the subsets, NaN where a task is not judged, and their cost."""

    errors: np.ndarray
    n_fits: int
    n_unconverged: int


class _Run(NamedTuple):
    """One fit on one fold: predictions by task code, and whether it did not converge."""

    predictions: dict
    has_warned: bool


def subset_errors(problem, fits, *, n_jobs=None, verbose=0):
    """The :class:`SubsetErrors` of distinct :class:`SubsetFit`, over all folds together.

    A fold in which no target to judge is held out is not fitted.
    """
    check_int(verbose, "verbose", low=0)
    jobs = _jobs(problem, fits)
    parallel = Parallel(n_jobs=n_jobs, verbose=verbose)
    runs = parallel(delayed(_fit_and_predict)(problem, *job) for job in jobs)
    n_unconverged = sum(run.has_warned for run in runs)

    runs_of = {fit: [] for fit in fits}
    for (fit, _), run in zip(jobs, runs, strict=True):
        runs_of[fit].append(run)
    shape = (len(fits), problem.data.n_tasks)
    errors = np.full(shape, np.nan)
    for i, fit in enumerate(fits):
        for t in fit.judged:
            predictions = [run.predictions[t] for run in runs_of[fit]]
            errors[i, t] = problem.error(t, np.concatenate(predictions))
    return SubsetErrors(errors, len(jobs), n_unconverged)


def _jobs(problem, fits):
    """Pairs of a fit and a fold that holds out some targets to judge."""
    jobs = []
    for fit in fits:
        for k, held_out in enumerate(problem.held_out):
            sizes = [len(held_out[t]) for t in fit.judged]
            if any(sizes):
                jobs.append((fit, k))
    return jobs


def _fit_and_predict(problem, fit, k):
    """The :class:`_Run` of one fit on fold k."""
    data = problem.data
    train, _ = problem.splits[k]
    held_out = problem.held_out[k]
    trained = [t for t in fit.trained if len(data.samples_of_task(train, t))]
    is_known = np.isin(data.task_codes[train], trained)
    if data.is_wide:
        is_known = is_known.any(axis=1)
    samples = np.asarray(train)[is_known]
    X, y = training_data(data, samples, trained)
    model = clone(problem.estimator)
    n_warnings = fit_and_count(model, X, y, data.fit_kwargs(samples))
    if data.is_wide:
        predictions = _predict_wide(data, model, trained, fit.judged, held_out)
    else:
        predictions = _predict_long(data, model, fit.judged, held_out)
    return _Run(predictions, n_warnings > 0)


def _predict_long(data, model, judged, held_out):
    """Predictions of a model of long data, {task code: array}."""
    samples_of = [held_out[t] for t in judged]
    samples = np.concatenate(samples_of)
    X = _safe_indexing(data.X, samples)
    predict_kwargs = data.fit_kwargs(samples)
    predictions = data.targets.predictions(model, X, samples, predict_kwargs)
    sizes = [len(samples) for samples in samples_of]
    ends = np.cumsum(sizes)
    parts = np.split(predictions, ends[:-1])
    return dict(zip(judged, parts, strict=True))


def _predict_wide(data, model, trained, judged, held_out):
    """Predictions of a model of wide data, {task code: array}.

    A model of one task is applied to every task that it did not learn.
    """
    predictions = {}
    if not set(judged) <= set(trained):
        for t in judged:
            outputs = _outputs(data, model, [t], held_out[t])
            predictions[t] = outputs[:, 0]
        return predictions
    all_samples = np.concatenate([held_out[t] for t in judged])
    samples = np.unique(all_samples)
    outputs = _outputs(data, model, trained, samples)
    for t in judged:
        positions = np.searchsorted(samples, held_out[t])
        column = trained.index(t)
        predictions[t] = outputs[positions, column]
    return predictions


def _outputs(data, model, columns, samples):
    """Predictions (n_samples, n_columns) of a model, whose outputs stand for columns of y."""
    targets = data.targets.of_tasks(columns)
    if len(samples) == 0:
        return targets.perfect(samples)
    X = _safe_indexing(data.X, samples)
    predictions = targets.predictions(model, X, samples, {})
    return predictions[:, None] if predictions.ndim == 1 else predictions


def warn_about_fits(notes, n_unconverged, n_fits):
    """Warn about tasks that have notes, and once about fits that did not converge."""
    if notes:
        reasons = [f"{task!r}: {reason}" for task, reason in notes.items()]
        warn(
            f"Gains of some tasks are NaN: {'; '.join(reasons)}.",
            UserWarning,
        )
    if n_unconverged:
        warn(
            f"{n_unconverged} of {n_fits} fits did not converge; raise max_iter or tol.",
            ConvergenceWarning,
        )
