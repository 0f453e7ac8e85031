"""Data that can be restricted to some of the tasks, with the targets that are held out."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from skmtl.evaluation._errors.find_measure import find_measure
from skmtl.evaluation._estimators import (
    check_responses,
    estimator_kind,
    mixes_units,
    predicting_unseen_tasks,
)
from skmtl.evaluation._evaluation_data import EvaluationData, of_task, read_evaluation_data
from skmtl.evaluation._splits import make_splits
from skmtl.evaluation._task_notes import warn_about_units
from skmtl.meta.pipelines import with_task_column


@dataclass(frozen=True)
class SubsetProblem:
    """Data that can be restricted to some of the tasks, with the targets that are held out.

    Attributes
    ----------
    estimator : estimator
        Fitted to some of the tasks at a time; it predicts unseen tasks.
    data : EvaluationData
        The data of all tasks.
    measure : object of `_errors.measures`
        The error measure.
    splits : list of (train, test)
        Training and test samples of each fold.
    is_trainable : ndarray of bool of shape (n_folds, n_tasks)
        Whether the training samples of a fold suffice to learn the task alone.
    held_out : list of list of ndarray
        Samples to predict, by fold and task; they are the same for all fits.
    notes : dict of int to str
        Why a task is left out, by its code.
    """

    estimator: object
    data: EvaluationData
    measure: object
    splits: list
    is_trainable: np.ndarray
    held_out: list
    notes: dict

    @property
    def kept(self):
        """Codes of the tasks that are not left out."""
        return [t for t in range(self.data.n_tasks) if t not in self.notes]

    @property
    def n_train(self):
        """Number of training targets of every task, mean over folds, (n_tasks,)."""
        counts = np.empty(self.is_trainable.shape)
        for k, (train, _) in enumerate(self.splits):
            for t in range(self.data.n_tasks):
                counts[k, t] = len(self.data.samples_of_task(train, t))
        return counts.mean(axis=0)

    @property
    def floor(self):
        """Errors up to these are rounding, (n_tasks,)."""
        data = self.data
        return self.measure.rounding(data.targets, data.task_codes, data.n_tasks)

    def error(self, t, predictions):
        """Error of the predictions of all held-out targets of task t, fold after fold."""
        truth = _held_out_truth(self.data, self.held_out, t)
        return _single_error(self.measure, truth, predictions)


def read_subset_problem(estimator, X, y, *, task_column, tasks, cv, scoring, random_state):
    """The :class:`SubsetProblem` of what the user passed."""
    estimator = predicting_unseen_tasks(estimator)
    estimator, task_column = with_task_column(estimator, X, task_column)
    is_classification = estimator_kind(estimator) == "classifier"
    has_probabilities = hasattr(estimator, "predict_proba")
    measure = find_measure(scoring, is_classification, has_probabilities)
    check_responses({"estimator": estimator}, measure)
    if sparse.issparse(X):
        X = X.tocsr()
    data = read_evaluation_data(X, y, task_column, tasks, measure)
    if data.n_tasks < 2:
        raise ValueError(f"Expected at least two tasks, found one: {data.tasks.tolist()}.")
    if mixes_units(estimator, data.is_wide):
        warn_about_units(
            data,
            "what tasks share serves the first only. If their units differ, set normalize_y=True "
            "of the estimator",
        )
    rng = check_random_state(random_state)
    splits = make_splits(cv, data, rng)
    is_trainable = _is_trainable(data, splits)
    held_out = _held_out_samples(data, splits, is_trainable)
    notes = {}
    for t in range(data.n_tasks):
        reason = _why_left_out(data, measure, held_out, t)
        if reason:
            notes[t] = reason
    return SubsetProblem(
        estimator=estimator,
        data=data,
        measure=measure,
        splits=splits,
        is_trainable=is_trainable,
        held_out=held_out,
        notes=notes,
    )


def _is_trainable(data, splits):
    """Whether the training samples of a fold suffice for a task alone, (n_folds, n_tasks)."""
    is_classification = data.targets.classes is not None
    min_values = 2 if is_classification else 1
    is_trainable = np.empty((len(splits), data.n_tasks), dtype=bool)
    for k, (train, _) in enumerate(splits):
        for t in range(data.n_tasks):
            n_values = len(data.values_of_task(train, t))
            is_trainable[k, t] = n_values >= min_values
    return is_trainable


def _held_out_samples(data, splits, is_trainable):
    """Test samples of each fold and task; none where the task cannot be learned alone."""
    none = np.empty(0, dtype=np.intp)
    held_out = []
    for k, (_, test) in enumerate(splits):
        by_task = []
        for t in range(data.n_tasks):
            samples = none
            if is_trainable[k, t]:
                samples = data.samples_of_task(test, t)
            by_task.append(samples)
        held_out.append(by_task)
    return held_out


def _held_out_truth(data, held_out, t):
    """The held-out targets of task t, those of all folds one after the other."""
    samples = np.concatenate([by_task[t] for by_task in held_out])
    truth = of_task(data.targets.truth, t)
    return truth[samples]


def _why_left_out(data, measure, held_out, t):
    """Why task t has no error, or an empty text."""
    all_samples = np.arange(len(data.task_codes))
    n = len(data.samples_of_task(all_samples, t))
    if n < 2:
        return f"it has {n} labeled sample(s), but needs one to train on and one to test on"
    values = data.values_of_task(all_samples, t)
    if len(values) == 1:
        return "all its targets are the same"
    truth = _held_out_truth(data, held_out, t)
    if len(truth) == 0:
        return "no fold has both test samples of it and training samples it can be learned from"
    perfect = _perfect(data, held_out, t)
    if np.isnan(_single_error(measure, truth, perfect)):
        if data.targets.classes is None:
            return f"{measure.name} is undefined for {len(truth)} held-out target(s)"
        return f"{measure.name} is undefined where all held-out targets are of one class"
    return ""


def _perfect(data, held_out, t):
    """Predictions of the held-out targets of task t by a model that knows them."""
    targets = data.targets.of_tasks(t) if data.is_wide else data.targets
    samples = np.concatenate([by_task[t] for by_task in held_out])
    return targets.perfect(samples)


def _single_error(measure, truth, predictions):
    """The error of one group of targets."""
    groups = np.zeros(len(predictions), dtype=np.intp)
    return measure.errors(truth, predictions, groups, 1)[0]
