"""Arrays that `check_array` of scikit-learn would return as they are."""

import numpy as np

_NUMBERS = "biuf"


def is_plain(values, types=None, *, n_dims=(2,)):
    """Whether `check_array` has nothing to change or to refuse, whether numbers are finite apart.

    `types` are those that it is to leave as they are, None all types of numbers.
    """
    if type(values) is not np.ndarray:
        return False
    if values.ndim not in n_dims:
        return False
    if values.size == 0:
        return False
    dtype = values.dtype
    if types is None:
        return dtype.kind in _NUMBERS
    return dtype in types


def is_finite(array):
    """Whether all numbers of an array, and their sum, are finite."""
    with np.errstate(
        over="ignore",
        invalid="ignore",
    ):
        total = array.sum()
    return bool(np.isfinite(total))
