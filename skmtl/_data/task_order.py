"""Tasks that are points in a sequence, in the order of their ids."""

import re

import numpy as np

from skmtl._data.task_ids import encode, some_of
from skmtl._warn import warn

_NUMBER = re.compile(r"(\d+)")


def order_of_ids(tasks, instead):
    """Return the positions of the tasks in the order of their ids, (n_tasks,).

    Text is sorted as text. A warning says so where it is not the order of the columns of y, or not
    that of the numbers in it; `instead` says how to give the order.
    """
    _, ranks = encode(tasks)
    order = np.argsort(ranks, kind="stable")
    in_order = tasks[order]
    if all(isinstance(task, str) for task in tasks.tolist()):
        by_number = sorted(in_order.tolist(), key=_parts)
        if by_number != in_order.tolist() or not np.array_equal(order, np.arange(len(tasks))):
            warn(f"The tasks are taken in the order of text, {some_of(in_order, 12)}: {instead}.")
    return order


def _parts(text):
    """Return text with its numbers as numbers, for sorting: "week10" comes after "week2"."""
    parts = _NUMBER.split(text)  # text, number, text, ...
    return [int(part) if k % 2 else part for k, part in enumerate(parts)]
