"""Errors of an estimator that learned some of the tasks, always on the same held-out labels."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_random_state

from skmtl._data.checks import check_int
from skmtl.evaluation._fitting import fit_and_count, kind_of, that_shares
from skmtl.evaluation._measures import find_measure
from skmtl.evaluation._reading import fold_strata, make_splits, read_tasks
from skmtl.meta.pipelines import with_task_column

_NO_ERROR = 1e-12  # of the spread of a task's labels


class SubsetFit(NamedTuple):
    """Codes of the tasks to learn together, and of those whose held-out labels are predicted."""

    trained: tuple
    judged: tuple


@dataclass(frozen=True)
class SubsetProblem:
    """Data that can be restricted to tasks, and what is held out of them.

    Attributes
    ----------
    names : ndarray of shape (n_tasks,)
    codes : ndarray
        Task codes in y's shape, -1 where there is no label.
    labels : ndarray of shape (n_samples,), or None when wide
    told : bool
        Whether `fit` and `predict` are given the labels as ``tasks=``.
    held_out : list of list of ndarray
        Rows to predict, by fold and task; the same whatever is learned.
    trainable : ndarray of bool of shape (n_folds, n_tasks)
        Where the training rows are enough for the task alone.
    notes : dict
        Why a task is left out, by its code.
    """

    estimator: object
    X: object
    y: object
    names: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None
    told: bool
    splits: list
    measure: object
    targets: object
    held_out: list
    trainable: np.ndarray
    notes: dict

    @property
    def kept(self):
        """Codes of the tasks that are not left out."""
        return [t for t in range(len(self.names)) if t not in self.notes]

    @property
    def n_train(self):
        """Labeled training rows of every task, mean over folds, (n_tasks,)."""
        counts = [
            [len(_rows_of(self.codes, train, t)) for t in range(len(self.names))]
            for train, _ in self.splits
        ]
        return np.mean(counts, axis=0)

    @property
    def floor(self):
        """Errors up to this are rounding, (n_tasks,)."""
        spreads = [np.std(self.truth(t)) if t in self.kept else 1.0 for t in range(len(self.names))]
        return _NO_ERROR * np.where(np.array(spreads) > 0, spreads, 1.0)

    def truth(self, t):
        """What the predictions of task t are held against, folds one after the other."""
        truth = self.targets.truth
        truth = truth[:, t] if truth.ndim == 2 else truth
        return truth[np.concatenate([rows[t] for rows in self.held_out])]

    def error(self, t, z):
        """Error of predictions of all held-out labels of task t."""
        return self.measure.grouped(self.truth(t), z, np.zeros(len(z), dtype=np.intp), 1)()[0]


def read_subset_problem(estimator, X, y, *, task_column, tasks, cv, scoring, random_state):
    """The :class:`SubsetProblem` of what the user passed."""
    estimator, task_column = with_task_column(that_shares(estimator), X, task_column)
    classifies = kind_of(estimator) == "classifier"
    X = X.tocsr() if sparse.issparse(X) else X
    y, labels, names, codes = read_tasks(X, y, task_column, tasks)
    if len(names) < 2:
        raise ValueError(f"Expected at least two tasks, found one: {names.tolist()}.")
    measure = find_measure(scoring, classifies)
    targets = measure.read(y, codes)
    strata = fold_strata(labels, codes, targets)
    splits = make_splits(cv, X, y, strata, check_random_state(random_state))
    everyone, least = range(len(names)), 2 if classifies else 1  # different labels to train on
    trainable = np.array(
        [[_n_values(targets, codes, train, t) >= least for t in everyone] for train, _ in splits]
    )
    none = np.empty(0, dtype=np.intp)
    held_out = [
        [_rows_of(codes, test, t) if able[t] else none for t in everyone]
        for (_, test), able in zip(splits, trainable, strict=True)
    ]
    notes = {t: _why_left_out(measure, targets, codes, held_out, t) for t in everyone}
    return SubsetProblem(
        estimator=estimator,
        X=X,
        y=y,
        names=names,
        codes=codes,
        labels=labels,
        told=tasks is not None,
        splits=splits,
        measure=measure,
        targets=targets,
        held_out=held_out,
        trainable=trainable,
        notes={t: why for t, why in notes.items() if why},
    )


def _rows_of(codes, rows, t):
    """Those of the rows that have a label of task t."""
    here = codes[rows] if codes.ndim == 1 else codes[rows, t]
    return np.asarray(rows)[here == t]


def _n_values(targets, codes, rows, t):
    """Number of different labels of task t in these rows."""
    rows = _rows_of(codes, rows, t)
    labels = targets.labels if codes.ndim == 1 else targets.labels[:, t]
    return len(np.unique(labels[rows]))


def _why_left_out(measure, targets, codes, held_out, t):
    """Why no error of task t can be had, or an empty text."""
    everything = np.arange(len(codes))
    n = len(_rows_of(codes, everything, t))
    if n < 2:
        return f"it has {n} labeled row(s), but needs one to train on and one to test on"
    if _n_values(targets, codes, everything, t) == 1:
        return "all its labels are the same"
    rows = np.concatenate([rows[t] for rows in held_out])
    if len(rows) == 0:
        return "no fold has test rows of it together with training rows it can be learned from"
    truth = targets.truth[rows] if codes.ndim == 1 else targets.truth[rows, t]
    one_group = np.zeros(len(rows), dtype=np.intp)
    if targets.classes is not None and np.isnan(measure.grouped(truth, truth, one_group, 1)()[0]):
        return f"{measure.name} is undefined where all held-out labels are of one class"
    return ""


class SubsetErrors(NamedTuple):
    """Errors (len(fits), n_tasks), NaN where not judged, and what they cost."""

    errors: np.ndarray
    n_fits: int
    n_unconverged: int


def subset_errors(problem, fits, *, n_jobs=None, verbose=0):
    """Errors of each of the :class:`SubsetFit` in `fits`, pooled over the folds.

    A fold in which nothing judged is held out is not fitted.
    """
    check_int(verbose, "verbose", low=0)
    jobs = [
        (number, k)
        for number, fit in enumerate(fits)
        for k, rows in enumerate(problem.held_out)
        if any(len(rows[t]) for t in fit.judged)
    ]
    results = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(_fit_and_predict)(problem, fits[number], k) for number, k in jobs
    )
    predictions = [{t: [] for t in fit.judged} for fit in fits]
    for (number, _), (by_task, _) in zip(jobs, results, strict=True):
        for t, z in by_task.items():
            predictions[number][t].append(z)
    errors = np.full((len(fits), len(problem.names)), np.nan)
    for number, by_task in enumerate(predictions):
        for t, parts in by_task.items():
            errors[number, t] = problem.error(t, np.concatenate(parts))
    return SubsetErrors(errors, len(jobs), sum(unconverged for _, unconverged in results))


def _fit_and_predict(problem, fit, k):
    """Predictions of what fold k holds out, by task, and whether the fit did not converge."""
    train, wide = problem.splits[k][0], problem.labels is None
    trained = [t for t in fit.trained if len(_rows_of(problem.codes, train, t))]
    here = np.isin(problem.codes[train], trained)
    rows = np.asarray(train)[here.any(axis=1) if wide else here]
    y = _safe_indexing(problem.y, rows)
    y = _safe_indexing(y, trained, axis=1) if wide else y
    model = clone(problem.estimator)
    arguments = _safe_indexing(problem.X, rows), y
    n_unconverged = fit_and_count(model, *arguments, **_told(problem, rows))
    predict = _predict_columns if wide else _predict_rows
    found = predict(problem, model, trained, fit.judged, problem.held_out[k])
    return found, n_unconverged > 0


def _told(problem, rows):
    """Keyword arguments of `fit` and `predict` for some rows."""
    return {"tasks": problem.labels[rows]} if problem.told else {}


def _predict_rows(problem, model, trained, judged, held_out):
    """Predictions of a model of long data, {task: array}."""
    rows = np.concatenate([held_out[t] for t in judged])
    X = _safe_indexing(problem.X, rows)
    z = problem.targets.predictions(model, X, rows, _told(problem, rows))
    ends = np.cumsum([len(held_out[t]) for t in judged])
    return dict(zip(judged, np.split(z, ends[:-1]), strict=True))


def _predict_columns(problem, model, trained, judged, held_out):
    """Predictions of a model of wide data, {task: array}; one of a single task is asked for all."""
    if not set(judged) <= set(trained):
        return {t: _columns(problem, model, [t], held_out[t])[:, 0] for t in judged}
    rows = np.unique(np.concatenate([held_out[t] for t in judged]))
    z = _columns(problem, model, trained, rows)
    return {t: z[np.searchsorted(rows, held_out[t]), trained.index(t)] for t in judged}


def _columns(problem, model, columns, rows):
    """What a model whose outputs stand for these columns of y predicts, (n_rows, n_columns)."""
    if len(rows) == 0:
        return np.empty((0, len(columns)))
    truth, labels, wanted, classes = problem.targets
    wanted = None if wanted is None else wanted[:, columns]
    targets = type(problem.targets)(truth[:, columns], labels[:, columns], wanted, classes)
    z = targets.predictions(model, _safe_indexing(problem.X, rows), rows, {})
    return np.reshape(z, (len(rows), len(columns)))
