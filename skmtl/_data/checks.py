"""Parameter checks whose messages say what was wrong, what was expected and what to do."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array, check_scalar

_BOOLS = (bool, np.bool_)


def check_real(value, name, *, low=0.0, high=None, include="both"):
    """Return `value` as a float; raise unless it is a finite number in the interval."""
    if isinstance(value, _BOOLS):
        raise TypeError(f"{name} must be a number, got {value!r}.")
    check_scalar(
        value,
        name,
        Real,
        min_val=low,
        max_val=high,
        include_boundaries=include,
    )
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value!r}.")
    return float(value)


def check_int(value, name, *, low=1):
    """Return `value` as an int; raise unless it is an integer of at least `low`."""
    if isinstance(value, _BOOLS):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    check_scalar(value, name, Integral, min_val=low)
    return int(value)


def check_option(value, name, options):
    """Return `value`; raise unless it is one of the `options`."""
    for option in options:
        if value is option or value == option:
            return value
    known = sorted(map(str, options))
    raise ValueError(f"{name}={value!r} is not one of {known}.")


def check_bool(value, name):
    """Return `value` as a bool; numbers and strings are refused, usually they are a mix-up."""
    if not isinstance(value, _BOOLS):
        raise TypeError(f"{name} must be True or False, got {value!r}.")
    return bool(value)


def check_alphas(alphas):
    """Return a list of regularization strengths as a decreasing float array."""
    if alphas is None or np.ndim(alphas) != 1 or len(alphas) == 0:
        raise ValueError(f"alphas must be a number of alphas or a list of them, got {alphas!r}.")
    alphas = check_array(
        alphas,
        ensure_2d=False,
        dtype=np.float64,
        input_name="alphas",
    )
    for k, alpha in enumerate(alphas):
        check_real(alpha, f"alphas[{k}]")
    return np.sort(alphas)[::-1]
