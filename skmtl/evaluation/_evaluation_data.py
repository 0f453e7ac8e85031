"""The data of an evaluation, as the user passed them and with their tasks."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length

from skmtl._data.in_memory import check_in_memory
from skmtl._data.spellings import has_several_kinds, target_array
from skmtl._data.target_names import in_form_of
from skmtl.evaluation._errors.measures import Targets
from skmtl.meta.pipelines import read_task_ids


class EvaluationData(NamedTuple):
    """The data of an evaluation, as the user passed them and with their tasks.

    Attributes
    ----------
    X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
        Features, and the task column if there is one.
    y : array of shape (n_samples, n_tasks) or (n_samples,)
        Targets.
    task_ids : ndarray of shape (n_samples,) or None
        Task id of every sample; None for wide data.
    by_argument : bool
        Whether `fit` and `predict` take the task ids as ``tasks=``.
    tasks : ndarray of shape (n_tasks,)
        Distinct task ids.
    task_codes : ndarray
        Position in `tasks` of the task of each target, in the shape of y; -1 where the target is
        missing.
    targets : Targets
        The targets as the error measure takes them.
    """

    X: object
    y: object
    task_ids: np.ndarray | None
    by_argument: bool
    tasks: np.ndarray
    task_codes: np.ndarray
    targets: Targets

    @property
    def n_tasks(self):
        return len(self.tasks)

    @property
    def is_wide(self):
        return self.task_ids is None

    @property
    def strata(self):
        """What folds are stratified by: tasks, and the classes within them; None if wide."""
        classes = self.targets.classes
        if self.is_wide or classes is None:
            return self.task_ids
        return self.task_codes * len(classes) + self.targets.values

    def fit_kwargs(self, samples=slice(None)):
        """Keyword arguments of `fit` and `predict` for some samples."""
        return {"tasks": self.task_ids[samples]} if self.by_argument else {}

    def samples_of_task(self, samples, t):
        """Those of the samples that have a target of task t."""
        codes = of_task(self.task_codes, t)
        return np.asarray(samples)[codes[samples] == t]

    def values_of_task(self, samples, t):
        """The distinct targets of task t among some samples."""
        samples = self.samples_of_task(samples, t)
        values = of_task(self.targets.values, t)
        return np.unique(values[samples])


def of_task(array, t):
    """The column of task t of an array in the shape of y; all of it for long data."""
    return array if array.ndim == 1 else array[:, t]


def read_evaluation_data(X, y, task_column, tasks, measure):
    """The :class:`EvaluationData` of what the user passed."""
    if task_column is not None and tasks is not None:
        raise ValueError(
            f"Both task_column={task_column!r} and tasks= were given; use one of them."
        )
    check_in_memory(X=X, y=y, tasks=tasks)
    y = y if hasattr(y, "shape") else target_array(y)
    check_consistent_length(X, y)
    is_long = task_column is not None or tasks is not None
    if is_long and y.shape[1:] == (1,):
        y = target_array(y).ravel()
    task_ids, names, task_codes = read_task_ids(X, y, task_column, tasks)
    check_consistent_length(X, task_codes)
    if task_codes.ndim != len(y.shape):
        raise ValueError(
            f"y has shape {y.shape}, but tasks were given for each sample, so y must be 1-D: one "
            "target for each sample."
        )
    targets = measure.read(y, task_codes)
    if has_several_kinds(targets.classes):
        y = _as_codes(y, targets, task_codes)
        targets = measure.read(y, task_codes)
    return EvaluationData(
        X=X,
        y=y,
        task_ids=task_ids,
        by_argument=tasks is not None,
        tasks=names,
        task_codes=task_codes,
        targets=targets,
    )


def _as_codes(y, targets, task_codes):
    """Class labels as numbers, so that one model of all tasks can tell those of any type apart."""
    codes = np.where(task_codes >= 0, targets.values, np.nan)
    return in_form_of(y, codes)
