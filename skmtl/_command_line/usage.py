"""Mistakes of the user, and the words for what they are about."""

import sys
import warnings
from contextlib import contextmanager
from difflib import get_close_matches

_MOST = 8  # names that a message lists


class UsageError(Exception):
    """A mistake in the user's file or arguments that one line can explain."""


def listed(names):
    """Names with quotes, of many the first few."""
    names = list(names)
    shown = ", ".join(map(repr, names[:_MOST]))
    n_more = len(names) - _MOST
    return f"{shown} and {n_more} more" if n_more > 0 else shown


def check_names_known(names, known, path):
    """Raise unless the file has a column of each name."""
    for name in names:
        if name in known:
            continue
        similar = get_close_matches(name, known, n=1)
        question = f"; did you mean {similar[0]!r}?" if similar else ""
        some = ", ".join(one for one in known[:30] if one)
        raise UsageError(f"{path} has no column {name!r}; it has {some}{question}")


@contextmanager
def warnings_as_lines():
    """Print each warning once, as a line that does not point into code.

    That a class has fewer rows than scikit-learn makes folds is left out: it names no task, and
    is about the folds by which baselines choose their penalty.
    """
    shown = set()

    def show(message, category, filename, lineno, file=None, line=None):
        text = " ".join(str(message).split())
        if text not in shown:
            shown.add(text)
            print(f"skmtl: warning: {text}", file=sys.stderr, flush=True)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class in y has only")
        warnings.showwarning = show
        yield
