"""Values of parameters of scikit-learn's estimators that need none of its messages."""

from numbers import Real

import numpy as np

_LARGEST = np.finfo(float).max


def are_flags(estimator, *names):
    """Whether these parameters are True or False."""
    values = [getattr(estimator, name) for name in names]
    return all(isinstance(value, bool) for value in values)


def are_unused(estimator, *names):
    """Whether these parameters, which not all versions have, are off or not given."""
    values = [getattr(estimator, name, None) for name in names]
    return all(value is None or value is False or _is_deprecated(value) for value in values)


def _is_deprecated(value):
    return isinstance(value, str) and value == "deprecated"


def is_at_least(value, low, kind=Real):
    """Whether a value is such a number."""
    return isinstance(value, kind) and low <= value <= _LARGEST


def are_positive(values, most=_LARGEST):
    """Whether values are a number, or some in a sequence, above zero and at most `most`."""
    if np.ndim(values) > 1 or np.size(values) == 0:
        return False
    for value in np.ravel(values).tolist():
        if not is_at_least(value, 0):
            return False
        if value == 0 or value > most:
            return False
    return True
