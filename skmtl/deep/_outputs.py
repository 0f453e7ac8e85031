"""What the predictions of an estimator are made of, in plain Python."""

from typing import NamedTuple

import numpy as np


class Outputs(NamedTuple):
    """From scores to predictions.

    Attributes
    ----------
    kind : {"number", "count", "class", "mixed"}
        "number": ``offset + scale z``. "count": ``exp(z)``. "class": the softmax of the scores of
        the classes. "mixed": tasks differ. Predictions are means over members.
    offset, scale : ndarray of shape (n_tasks + 1,) or None
        Units of the numbers of every task; the last ones are those of a new task.
    kinds : tuple of str or None
        The kind of every task, and of a new one, if the kind is "mixed".
    """

    kind: str
    offset: np.ndarray | None = None
    scale: np.ndarray | None = None
    kinds: tuple | None = None
