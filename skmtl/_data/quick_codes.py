"""Codes of ids that are integers close together, or strings: faster than by sorting them all."""

import numpy as np


def encode_integers(ids):
    """Return the sorted unique ids and the code of every element, as np.unique does.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Ids of any type.

    Returns
    -------
    (ndarray, ndarray) or None
        None if the ids are not integers, whole numbers included, or are far apart.
    """
    if ids.dtype.kind not in "iuf" or ids.ndim != 1 or ids.size == 0:
        return None
    lowest = ids.min()
    if not ids.max() - float(lowest) < ids.size:
        return None
    if ids.dtype.kind == "f":
        steps = (ids - lowest).astype(np.intp)
        if (steps + lowest != ids).any() or lowest % 1 != 0:
            return None
    else:
        steps = ids.astype(np.intp) - lowest.astype(np.intp)  # those of int8 may exceed its limits
    present = np.bincount(steps) > 0
    codes = np.cumsum(present) - 1
    unique = np.flatnonzero(present).astype(ids.dtype) + lowest
    return unique, codes[steps]


def are_strings(ids):
    """Whether an array holds strings only, none of which can be missing."""
    if ids.dtype == object:
        return set(map(type, ids.ravel().tolist())) == {str}
    return ids.dtype.kind == "U"


def encode_strings(ids):
    """Return the sorted unique strings and the code of every element; None if they are no strings.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Ids of any type.

    Returns
    -------
    (ndarray, ndarray) or None
    """
    if ids.ndim != 1 or not are_strings(ids):
        return None
    strings = ids.tolist()
    unique = sorted(set(strings))
    code_of = {string: k for k, string in enumerate(unique)}
    codes = np.fromiter(map(code_of.__getitem__, strings), np.intp, len(strings))
    return np.array(unique, dtype=ids.dtype), codes
