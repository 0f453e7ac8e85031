"""Data that can be restricted to some of the tasks, with the targets that are held out."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from skmtl.evaluation._estimators import estimator_kind, predicting_unseen_tasks
from skmtl.evaluation._measures import Targets, find_measure
from skmtl.evaluation._tasks_and_splits import fold_strata, make_splits, read_tasks
from skmtl.meta.pipelines import with_task_column

_NO_ERROR = 1e-12  # relative to the spread of a task's targets; below it is rounding


@dataclass(frozen=True)
class SubsetProblem:
    """Data that can be restricted to some of the tasks, with the targets that are held out.

    Attributes
    ----------
    estimator : estimator
        Fitted to some of the tasks at a time; it predicts unseen tasks.
    X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
        Features, and the task column if there is one.
    y : array of shape (n_samples, n_tasks) or (n_samples,)
        Targets.
    tasks : ndarray of shape (n_tasks,)
        Distinct task ids.
    task_codes : ndarray
        Task codes in the shape of y, -1 where the target is missing.
    task_ids : ndarray of shape (n_samples,) or None
        Task id of every sample; None for wide data.
    by_argument : bool
        Whether `fit` and `predict` take the task ids as ``tasks=``.
    splits : list of (train, test)
        Training and test samples of each fold.
    measure : object of `_measures`
        The error measure.
    targets : Targets
        The targets as the measure takes them.
    held_out : list of list of ndarray
        Samples to predict, by fold and task; they are the same for all fits.
    is_trainable : ndarray of bool of shape (n_folds, n_tasks)
        Whether the training samples of a fold suffice to learn the task alone.
    notes : dict of int to str
        Why a task is left out, by its code.
    """

    estimator: object
    X: object
    y: object
    tasks: np.ndarray
    task_codes: np.ndarray
    task_ids: np.ndarray | None
    by_argument: bool
    splits: list
    measure: object
    targets: Targets
    held_out: list
    is_trainable: np.ndarray
    notes: dict

    @property
    def is_wide(self):
        return self.task_ids is None

    @property
    def kept(self):
        """Codes of the tasks that are not left out."""
        return [t for t in range(len(self.tasks)) if t not in self.notes]

    @property
    def n_train(self):
        """Number of training targets of every task, mean over folds, (n_tasks,)."""
        counts = np.empty(self.is_trainable.shape)
        for k, (train, _) in enumerate(self.splits):
            for t in range(len(self.tasks)):
                counts[k, t] = len(samples_of_task(self.task_codes, train, t))
        return counts.mean(axis=0)

    @property
    def floor(self):
        """Errors up to these are rounding, (n_tasks,)."""
        spreads = np.ones(len(self.tasks))
        for t in self.kept:
            spreads[t] = np.std(self.truth(t)) or 1.0
        return _NO_ERROR * spreads

    def fit_kwargs(self, samples):
        """Keyword arguments of `fit` and `predict` for some samples."""
        return {"tasks": self.task_ids[samples]} if self.by_argument else {}

    def truth(self, t):
        """The held-out targets of task t, those of all folds one after the other."""
        samples = np.concatenate([by_task[t] for by_task in self.held_out])
        return _of_task(self.targets.truth, t)[samples]

    def error(self, t, predictions):
        """Error of the predictions of all held-out targets of task t."""
        return _single_error(self.measure, self.truth(t), predictions)


def read_subset_problem(estimator, X, y, *, task_column, tasks, cv, scoring, random_state):
    """The :class:`SubsetProblem` of what the user passed."""
    estimator = predicting_unseen_tasks(estimator)
    estimator, task_column = with_task_column(estimator, X, task_column)
    is_classification = estimator_kind(estimator) == "classifier"
    X = X.tocsr() if sparse.issparse(X) else X
    y, task_ids, names, task_codes = read_tasks(X, y, task_column, tasks)
    if len(names) < 2:
        raise ValueError(f"Expected at least two tasks, found one: {names.tolist()}.")
    measure = find_measure(scoring, is_classification)
    targets = measure.read(y, task_codes)
    strata = fold_strata(task_ids, task_codes, targets)
    splits = make_splits(cv, X, y, strata, check_random_state(random_state))
    is_trainable = _is_trainable(targets, task_codes, splits, len(names))
    held_out = _held_out_samples(task_codes, splits, is_trainable)
    notes = {}
    for t in range(len(names)):
        reason = _why_left_out(measure, targets, task_codes, held_out, t)
        if reason:
            notes[t] = reason
    return SubsetProblem(
        estimator=estimator,
        X=X,
        y=y,
        tasks=names,
        task_codes=task_codes,
        task_ids=task_ids,
        by_argument=tasks is not None,
        splits=splits,
        measure=measure,
        targets=targets,
        held_out=held_out,
        is_trainable=is_trainable,
        notes=notes,
    )


def samples_of_task(task_codes, samples, t):
    """Those of the samples that have a target of task t."""
    codes = task_codes[samples] if task_codes.ndim == 1 else task_codes[samples, t]
    return np.asarray(samples)[codes == t]


def _of_task(array, t):
    """The column of task t of an array in the shape of y; all of it for long data."""
    return array if array.ndim == 1 else array[:, t]


def _n_values(targets, task_codes, samples, t):
    """Number of distinct targets of task t among these samples."""
    samples = samples_of_task(task_codes, samples, t)
    return len(np.unique(_of_task(targets.values, t)[samples]))


def _is_trainable(targets, task_codes, splits, n_tasks):
    """Whether the training samples of a fold suffice for a task alone, (n_folds, n_tasks)."""
    min_values = 1 if targets.classes is None else 2
    is_trainable = np.empty((len(splits), n_tasks), dtype=bool)
    for k, (train, _) in enumerate(splits):
        for t in range(n_tasks):
            is_trainable[k, t] = _n_values(targets, task_codes, train, t) >= min_values
    return is_trainable


def _held_out_samples(task_codes, splits, is_trainable):
    """Test samples of each fold and task; none where the task cannot be learned alone."""
    none = np.empty(0, dtype=np.intp)
    held_out = []
    for (_, test), trainable in zip(splits, is_trainable, strict=True):
        by_task = []
        for t, can_learn in enumerate(trainable):
            by_task.append(samples_of_task(task_codes, test, t) if can_learn else none)
        held_out.append(by_task)
    return held_out


def _why_left_out(measure, targets, task_codes, held_out, t):
    """Why task t has no error, or an empty text."""
    all_samples = np.arange(len(task_codes))
    n = len(samples_of_task(task_codes, all_samples, t))
    if n < 2:
        return f"it has {n} labeled sample(s), but needs one to train on and one to test on"
    if _n_values(targets, task_codes, all_samples, t) == 1:
        return "all its targets are the same"
    samples = np.concatenate([by_task[t] for by_task in held_out])
    if len(samples) == 0:
        return "no fold has both test samples of it and training samples it can be learned from"
    truth = _of_task(targets.truth, t)[samples]
    if targets.classes is not None and np.isnan(_single_error(measure, truth, truth)):
        return f"{measure.name} is undefined where all held-out targets are of one class"
    return ""


def _single_error(measure, truth, predictions):
    """The error of one group of targets."""
    groups = np.zeros(len(predictions), dtype=np.intp)
    return measure.error_function(truth, predictions, groups, 1)()[0]
