"""Taking the sum of several penalties apart."""

import numpy as np

from skmtl.penalties._decomposition import Decomposition


def split(penalty, n_tasks):
    """Its terms that do something and are not quadratic, and the matrix M of those that are.

    These add up to `1/2 tr(W M W')`, M (n_tasks, n_tasks).
    """
    terms = [term for term in penalty.terms if _strength(term) > 0]
    coupling = np.zeros((n_tasks, n_tasks))
    for term in terms:
        if hasattr(term, "matrix"):
            coupling = coupling + term.matrix(n_tasks)
    return [term for term in terms if not hasattr(term, "matrix")], coupling


def _strength(term):
    """0 for a term that does nothing."""
    if getattr(term, "positive", False):
        return 1.0
    if isinstance(term, Decomposition):
        return min(part.alpha for part in term.parts)
    return term.alpha


def bear_unseen(bears, terms):
    """What every term of a sum bears, of rows that it does not see nothing: others bear that."""
    unseen = [term.unpenalized_features(len(B)) for term, B in zip(terms, bears, strict=True)]
    everywhere = [k for k, rows in enumerate(unseen) if len(rows) == 0]
    if len(everywhere) in (0, len(terms)):
        return bears
    bears = [B.copy() for B in bears]
    for rows, B in zip(unseen, bears, strict=True):
        if len(rows):
            bears[everywhere[0]][rows] += B[rows]
            B[rows] = 0.0
    return bears
