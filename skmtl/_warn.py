"""Warnings that point at the line of the user, however deep in the package they arise."""

import os
import sys
import warnings
from pathlib import Path

import joblib
import sklearn


def _folder(module):
    """The folder of a package, as its frames give it."""
    return f"{Path(module.__file__).parent}{os.sep}"


# Frames of these are between the user's line and the warning: of a pipeline, a search, ...
_INSIDE = (f"{Path(__file__).parent}{os.sep}", _folder(sklearn), _folder(joblib))


def warn(message, category=UserWarning):
    """Emit a warning that points at the first line outside of skmtl, scikit-learn and joblib."""
    frame = sys._getframe(1)
    stacklevel = 2
    while frame is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame = frame.f_back
        stacklevel += 1
    warnings.warn(message, category, stacklevel=stacklevel)


def counting(category, call, *args, **kwargs):
    """Return what a call returns, and how many warnings of a category it emitted.

    These are not shown; all others are passed on.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", category)
        result = call(*args, **kwargs)
    count = 0
    for one in caught:
        if issubclass(one.category, category):
            count += 1
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return result, count
