"""Whether a minimization still gets anywhere."""

import numpy as np

_ROUNDING = 1e-10  # gain that is none, relative to the size of the objective
_PATIENCE = 15  # values without gain after which none is expected


class Progress:
    """Notes the least value so far.

    Where data leave next to no noise, rounding is larger than the length of the last step that is
    asked for, so that steps never become that short.

    Parameters
    ----------
    size : float
        What the objective is to be compared with.
    """

    def __init__(self, size):
        self.gain = _ROUNDING * size
        self.least = np.inf
        self.since = 0

    def has_ended(self, value):
        """Whether this value and some before it are no gain."""
        if value < self.least - self.gain:
            self.least = value
            self.since = 0
        else:
            self.since += 1
        return self.since >= _PATIENCE
