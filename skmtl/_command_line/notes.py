"""What is unusual in the data and may be a mistake: printed, but not refused."""

import unicodedata

import numpy as np

from skmtl._command_line.number_format import float_or_none
from skmtl._command_line.usage import listed

_MISSING_CODES = (99, 999, 9999, 99999, 999999)  # with either sign


def notes_on(columns, y, target):
    """Notes on features that are constant, count the rows, hold a code, or repeat the target.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n_samples,)
        The features.
    y : ndarray of shape (n_samples,)
        The target: floats or texts.
    target : str
        Its name.
    """
    constant = [name for name, values in columns.items() if np.ptp(values) == 0]
    counting = [name for name, values in columns.items() if _counts_rows(values)]
    copies = [name for name, values in columns.items() if _is_copy(values, y)]
    notes = []
    if constant:
        notes.append(f"Note: constant, so without effect: {listed(constant)}.")
    if counting:
        notes.append(f"Note: only a count of the rows (see --drop): {listed(counting)}.")
    if copies:
        notes.append(
            f"Note: {listed(copies)} tells the target {target!r} exactly; if it is not known "
            "before the target is, leave it out with --drop."
        )
    numeric = dict(columns)
    if y.dtype.kind == "f":
        numeric[target] = y
        values = np.unique(y)
        if len(values) == 2:
            notes.append(
                f"Note: {target!r} is {values[0]:g} or {values[1]:g}: say --classify if these are "
                "classes."
            )
    for name, values in numeric.items():
        code = _code_of_missing(values)
        if code is not None:
            notes.append(
                f"Note: {name!r} has {code:g}, far from its other values: if it means missing, "
                f"say --na {code:g}."
            )
    return notes


def notes_on_ids(ids):
    """A note on task ids that are different but look alike, such as 007 and 7, or é in two codes.

    Parameters
    ----------
    ids : ndarray of shape (n_samples,)
        Task ids.
    """
    seen = {}
    for one in np.unique(ids).tolist():
        text = unicodedata.normalize("NFKC", str(one)).casefold()
        number = float_or_none(text)
        key = text if number is None else number
        if key in seen:
            return [f"Note: task ids {seen[key]!r} and {one!r} are different tasks, as written."]
        seen[key] = one
    return []


def _counts_rows(values):
    """Whether a feature is 0, 1, 2, ... or 1, 2, 3, ..."""
    return len(values) > 2 and values[0] in (0.0, 1.0) and bool((np.diff(values) == 1).all())


def _is_copy(values, y):
    """Whether a feature is the target in other units, or has one value for each class."""
    if y.dtype.kind != "f":
        pairs = set(zip(values.tolist(), y.tolist(), strict=True))
        return len(pairs) == len(set(values.tolist())) == len(set(y.tolist()))
    if len(y) < 4 or np.ptp(values) == 0:
        return False
    deviations = _scaled_deviations(values)
    target = _scaled_deviations(y)
    product = (deviations @ target) ** 2
    largest = (deviations @ deviations) * (target @ target)
    return bool(product >= (1 - 1e-12) * largest)


def _scaled_deviations(values):
    """Deviations from the mean, of a size whose squares are finite."""
    scaled = values / np.abs(values).max()
    return scaled - scaled.mean()


def _code_of_missing(values):
    """The smallest or largest value, if it looks like a code of missing values, else None."""
    for code in (values.min(), values.max()):
        if abs(code) not in _MISSING_CODES:
            continue
        others = values[values != code]
        if len(others) and np.abs(others - code).min() > np.ptp(others):
            return code
    return None
