"""What the figures of a task cannot say: one row, one class, splits that lack some."""

import numpy as np


def task_notes(codes, splits, targets, tested, measure):
    """For each task a list of short texts, empty as a rule.

    Parameters
    ----------
    codes : ndarray
        Task codes in y's shape, -1 where there is no label.
    splits : list of (train, test)
    targets : Targets
    tested : ndarray of bool of shape (n_splits, n_tasks)
        Where a task has an error.
    measure : object of `_measures`
    """
    return [
        _notes(codes == t, splits, targets, tested[:, t], measure) for t in range(tested.shape[1])
    ]


def _notes(here, splits, targets, tested, measure):
    """The notes of the task whose labels are `here`."""
    labels, values = targets.labels, np.unique(targets.labels[here])
    own = [[labels[rows][here[rows]] for rows in split] for split in splits]
    held_out = [k for k, (_, test) in enumerate(own) if len(test)]
    if not held_out:
        return ["in no test set"]
    lacking = sum(len(np.unique(own[k][0])) < len(values) for k in held_out)
    untrained = sum(len(own[k][0]) == 0 for k in held_out)
    classes = targets.classes is not None
    notes = []
    if here.sum() == 1:
        notes.append("one row")
    elif len(values) == 1:
        notes.append("one class only" if classes else "constant target")
    if untrained:
        notes.append(f"not in {untrained} of {len(held_out)} training sets")
    elif classes and lacking:
        notes.append(f"class absent in {lacking} of {len(held_out)} training sets")
    undefined = len(held_out) - int(tested[held_out].sum())
    if undefined:
        notes.append(f"{measure.name} undefined in {undefined} of {len(held_out)} test sets")
    return notes
