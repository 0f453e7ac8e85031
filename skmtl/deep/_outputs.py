"""What the predictions of an estimator are made of, in plain Python."""

from typing import NamedTuple

import numpy as np


class Outputs(NamedTuple):
    """From scores to predictions, which are means over members.

    Attributes
    ----------
    kinds : tuple of str
        Of every task. "number": ``offset + scale z``. "count": ``exp(z)``. "class": the softmax of
        the scores of the classes.
    offset, scale : ndarray of shape (n_tasks + 1,)
        Units of numbers; 0 and 1 of counts and classes. The last ones are those of a new task.
    """

    kinds: tuple
    offset: np.ndarray
    scale: np.ndarray

    @classmethod
    def alike(cls, kind, n_tasks):
        """Return the outputs of tasks of one kind, which have no units."""
        return cls((kind,) * n_tasks, np.zeros(n_tasks + 1), np.ones(n_tasks + 1))
