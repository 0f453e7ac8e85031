"""Notes on tasks whose numbers say little: one sample, one class, incomplete splits."""

import numpy as np

from skmtl._data.task_ids import name_of_task
from skmtl._warn import warn
from skmtl.evaluation._gains.statistics import are_different, spreads

_SAME_UNIT = 1e3  # ratio of the spreads of two tasks, beyond which their units must differ


def has_one_value(data):
    """Whether a task has one class only, or a constant target, (n_tasks,).

    There is nothing to learn then, so no model can be judged by it.
    """
    known = data.task_codes >= 0
    codes = data.task_codes[known]
    differ = are_different(data.targets.values[known], codes, data.n_tasks)
    counts = np.bincount(codes, minlength=data.n_tasks)
    is_classification = data.targets.classes is not None
    fewest = 1 if is_classification else 2  # a single number may still be predicted well
    return ~differ & (counts >= fewest)


def warn_about_units(data, consequence):
    """Warn of the consequence if the targets of tasks are in units that differ much."""
    if data.targets.classes is not None:
        return
    known = data.task_codes >= 0
    targets = data.targets.values[known]
    task_codes = data.task_codes[known]
    with np.errstate(invalid="ignore"):  # fits refuse targets that are not finite
        units = spreads(targets, task_codes, data.n_tasks)
        has_spread = are_different(targets, task_codes, data.n_tasks)
    warn_about_spreads(units, has_spread, data.tasks, consequence)


def warn_about_spreads(units, has_spread, tasks, consequence):
    """Warn of the consequence if the units of tasks, (n_tasks,), differ much.

    Only tasks are compared that have a spread.
    """
    compared = np.flatnonzero(has_spread)
    if len(compared) < 2:
        return
    order = compared[np.argsort(units[compared])]
    ratio = units[order[-1]] / units[order[0]]
    if ratio > _SAME_UNIT:
        names = [name_of_task(tasks[t]) for t in (order[-1], order[0])]
        warn(
            f"The targets of task {names[0]} vary {ratio:.0e} times as much as those of task "
            f"{names[1]}: {consequence}.",
        )


def task_notes(data, splits, tested, measure):
    """Notes on each task: a list of short texts, which is empty for most tasks.

    Parameters
    ----------
    data : EvaluationData
        The data of the comparison.
    splits : list of (train, test)
        Training and test samples of each split.
    tested : ndarray of bool of shape (n_splits, n_tasks)
        Whether a task has an error in a split.
    measure : object of `_errors.measures`
        The error measure.
    """
    notes = []
    are_constant = has_one_value(data)
    for t, tested_splits in enumerate(tested.T):
        mask = data.task_codes == t
        notes.append(_notes(mask, are_constant[t], splits, data.targets, tested_splits, measure))
    return notes


def _notes(mask, is_constant, splits, targets, tested, measure):
    """The notes on the task whose targets are at True in the mask."""
    is_classification = targets.classes is not None
    n_values = len(np.unique(targets.values[mask]))
    n_test_sets = 0  # that hold the task out
    n_untrained = 0
    n_lacking = 0
    n_undefined = 0
    for (train, test), is_tested in zip(splits, tested, strict=True):
        if not mask[test].any():
            continue
        trained_values = targets.values[train][mask[train]]
        n_test_sets += 1
        n_untrained += len(trained_values) == 0
        n_lacking += len(np.unique(trained_values)) < n_values
        n_undefined += not is_tested
    if n_test_sets == 0:
        return ["in no test set"]

    notes = []
    if mask.sum() == 1:
        notes.append("one sample")
    elif is_constant:
        notes.append("one class only" if is_classification else "constant target")
    if n_untrained:
        notes.append(f"not in {n_untrained} of {n_test_sets} training sets")
    elif is_classification and n_lacking:
        notes.append(f"class absent in {n_lacking} of {n_test_sets} training sets")
    if n_undefined:
        notes.append(f"{measure.name} undefined in {n_undefined} of {n_test_sets} test sets")
    return notes
