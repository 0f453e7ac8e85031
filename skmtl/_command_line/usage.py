"""Mistakes of the user, and the words for what they are about."""

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
        some = ", ".join(known[:30])
        raise UsageError(f"{path} has no column {name!r}; it has {some}{question}")
