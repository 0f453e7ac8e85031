"""What losses take: coded targets, their weights and offsets."""

from typing import NamedTuple

import numpy as np


class Cells(NamedTuple):
    """What an estimator makes of the targets.

    Attributes
    ----------
    y : ndarray of the shape of TaskData.y
        What the loss takes, 0 where missing.
    weight : ndarray of the shape of TaskData.y
        Sample weights, with class weights in them.
    offset : ndarray of shape (n_tasks + 1, n_outputs)
        What is added to the scores of every task; the last row is that of a new task.
    strata : ndarray of int of shape (n_samples,)
        What folds have equal shares of.
    losses : tuple of str
        Name of the loss of every task.
    """

    y: np.ndarray
    weight: np.ndarray
    offset: np.ndarray
    strata: np.ndarray
    losses: tuple
