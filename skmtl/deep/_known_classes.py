"""Class labels among those of a fitted task."""

from skmtl._data.spellings import plain_labels
from skmtl._data.task_ids import codes_of, name_of_task, some_of


def codes_of_labels(labels, classes, task):
    """Return the positions of class labels among the classes of a task.

    Raises
    ------
    ValueError
        If the task has no such class.
    """
    codes = codes_of(plain_labels(labels), classes)
    unknown = dict.fromkeys(labels[codes < 0].tolist())
    if unknown:
        raise ValueError(
            f"Task {name_of_task(task)} has class labels {some_of(unknown)}, which fit did not "
            f"see; its classes are {some_of(classes)}."
        )
    return codes
