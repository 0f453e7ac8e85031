"""Parameter checks whose messages say what was wrong, what was expected and what to do."""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils import check_scalar

_BOOLS = (bool, np.bool_)


def check_real(value, name, *, low=0.0, high=None, include="both"):
    """Return `value` as a float; raise unless it is a finite number in the interval."""
    if type(value) in (int, float) and _is_inside(value, low, high):
        return float(value)  # as nearly always: the rest takes ten times as long
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


def _is_inside(value, low, high):
    """Whether a finite number is inside an interval, of which None is no bound."""
    if low is None:
        low = -np.inf
    if high is None:
        high = np.inf
    return low < value < high


def check_int(value, name, *, low=1):
    """Return `value` as an int; raise unless it is an integer of at least `low`."""
    if isinstance(value, _BOOLS):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    check_scalar(value, name, Integral, min_val=low)
    return int(value)


def check_option(value, name, options):
    """Return `value`; raise unless it is one of the `options`."""
    for option in options:
        if value is option:
            return value
        is_comparable = isinstance(value, type(option))
        if is_comparable and value == option:
            return value
    known = sorted(options, key=str)
    raise ValueError(f"{name}={value!r} is not one of {known}.")


def check_bool(value, name):
    """Return `value` as a bool; numbers and strings are refused, usually they are a mix-up."""
    if not isinstance(value, _BOOLS):
        raise TypeError(f"{name} must be True or False, got {value!r}.")
    return bool(value)


def check_alphas(alphas, expected="a number of alphas or a list of them"):
    """Return a list of regularization strengths as a decreasing float array."""
    if alphas is None or np.ndim(alphas) != 1 or len(alphas) == 0:
        raise ValueError(f"alphas must be {expected}, got {alphas!r}.")
    try:
        alphas = np.asarray(alphas, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"alphas must be numbers, got {alphas!r}.") from error
    for k, alpha in enumerate(alphas):
        check_real(alpha, f"alphas[{k}]")
    return np.sort(alphas)[::-1]


def check_splitter(cv):
    """Return a splitter, from one or from a list of pairs (train, test) of samples."""
    if hasattr(cv, "split") and not isinstance(cv, str):
        return cv
    if isinstance(cv, Iterable) and not isinstance(cv, str | dict):
        cv = list(cv)
        if all(map(_is_pair, cv)):
            return check_cv(cv)
    raise ValueError(
        "Expected cv as an integer (a number of folds), a splitter, or a list of pairs (train, "
        f"test) of samples, got {cv!r}."
    )


def _is_pair(value):
    """Whether a value is a list, tuple or array of two elements."""
    is_list = isinstance(value, Sequence | np.ndarray)
    return is_list and len(value) == 2
