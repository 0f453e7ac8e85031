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
