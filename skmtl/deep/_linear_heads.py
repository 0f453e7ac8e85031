"""Refitted heads as what they are in most cases: linear functions of the representation.

The estimators of heads are asked for their scores at the origin and at every unit vector, which is
all there is to know of a linear function, whatever the estimator.
"""

from dataclasses import dataclass

import numpy as np

from skmtl.deep._refitted_heads import scores_of_heads

_TOLERANCE = 1e-9  # of rounding, relative to the largest score


@dataclass(frozen=True)
class LinearHeads:
    """Scores ``W' h + b`` of all tasks, and of a new one if tasks have samples of their own.

    Attributes
    ----------
    weight : ndarray of shape (n_members, n_tasks, n_hidden, n_outputs)
        W.
    bias : ndarray of shape (n_members, n_tasks, n_outputs)
        b, minus infinity of classes that a task lacks.
    """

    weight: np.ndarray
    bias: np.ndarray


def linear_heads(model):
    """Return the LinearHeads of a network with refitted heads, None if they are not linear."""
    architecture = model._architecture
    n_members = architecture.n_members
    n_hidden = architecture.n_hidden
    at_origin = _scores(model, np.zeros((n_members, 1, n_hidden)))
    units = np.broadcast_to(np.eye(n_hidden), (n_members, n_hidden, n_hidden))
    at_units = _scores(model, units)
    lacks_class = np.isinf(at_origin)
    weight = np.where(lacks_class, 0.0, at_units) - np.where(lacks_class, 0.0, at_origin)
    heads = LinearHeads(weight.transpose(0, 2, 1, 3), at_origin[:, 0])
    somewhere = np.random.RandomState(0).normal(size=(n_members, 3, n_hidden))
    expected = _scores(model, somewhere)
    return heads if _are_same(_apply(heads, somewhere), expected) else None


def _scores(model, H):
    """Return the scores (n_members, n_samples, n_tasks, n_outputs) of representations.

    Those of classes are log-odds with respect to the first class. If tasks have samples of their
    own, a new task comes last.
    """
    scores = scores_of_heads(model, H, None)
    if model._layout != "wide":
        new = np.full(H.shape[1], -1)
        scores = np.concatenate([scores, scores_of_heads(model, H, new)], axis=2)
    if scores.shape[-1] > 1:
        with np.errstate(invalid="ignore"):  # of trees, which give classes no chance
            scores = scores - scores[..., :1]
    return scores


def _apply(heads, H):
    """Return what linear heads make of representations."""
    scores = np.einsum("mnd,mtdk->mntk", H, heads.weight)
    return scores + heads.bias[:, None]


def _are_same(scores, expected):
    """Whether scores differ by rounding only."""
    is_finite = np.isfinite(expected)
    size = np.abs(expected[is_finite]).max(initial=1.0)
    return np.allclose(scores[is_finite], expected[is_finite], rtol=0, atol=_TOLERANCE * size)
