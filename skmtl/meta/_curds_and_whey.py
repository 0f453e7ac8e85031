"""Curds and whey: least-squares predictions of several targets, combined by a closed form."""

from typing import NamedTuple

import numpy as np
from scipy import linalg


class CurdsAndWhey(NamedTuple):
    """What :func:`curds_and_whey` returns, of q targets."""

    combination: np.ndarray  # (q, q): predictions of centered targets are multiplied by it
    correlations: np.ndarray  # (q,), decreasing
    shrinkage: np.ndarray  # (q,), the factor of each canonical direction


def curds_and_whey(X, Y):
    """The matrix B by which least-squares predictions of centered Y are combined.

    Breiman, Friedman (1997), in their generalized cross-validation form. With the thin singular
    value decomposition ``Y = U S V'`` and the projection P on the columns of X, the squared
    canonical correlations are the eigenvalues of ``U' P U = E diag(c^2) E'``; U E are the canonical
    coordinates of the targets, and ``Y V S^-1 E = U E`` leads to ``B = V S^-1 E D E' S V'``.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        More rows than features.
    Y : ndarray of shape (n_samples, q)
        Complete.

    Returns
    -------
    CurdsAndWhey
    """
    q, ratio = Y.shape[1], X.shape[1] / len(X)
    features = _basis(X - X.mean(axis=0))[0]
    U, S, Vt = _basis(Y - Y.mean(axis=0))
    E, correlations, _ = linalg.svd(U.T @ features)
    squares = np.zeros(len(S))  # fewer features than targets leave correlations of 0
    squares[: len(correlations)] = np.minimum(correlations, 1.0) ** 2
    shrinkage = shrinkage_of(squares, ratio)
    B = (Vt.T / S) @ (E * shrinkage) @ E.T @ (S[:, None] * Vt)
    # targets that depend on each other linearly have fewer directions
    pad = (0, q - len(S))
    return CurdsAndWhey(B, np.pad(np.sqrt(squares), pad), np.pad(shrinkage, pad))


def shrinkage_of(squares, ratio):
    """Factors of directions with these squared canonical correlations; `ratio` is p / n."""
    top = (1 - ratio) * (squares - ratio)
    return np.maximum(0.0, top / ((1 - ratio) ** 2 * squares + ratio**2 * (1 - squares)))


def _basis(Z):
    """Thin singular value decomposition without directions that are rounding only."""
    U, values, Vt = linalg.svd(Z, full_matrices=False)
    noise = values.max(initial=0.0) * max(Z.shape) * np.finfo(float).eps
    kept = values > noise
    return U[:, kept], values[kept], Vt[kept]
