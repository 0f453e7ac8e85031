"""Curds and whey: least-squares predictions of several targets, combined by a closed form."""

from typing import NamedTuple

import numpy as np
from scipy import linalg


class CurdsAndWhey(NamedTuple):
    """Result of :func:`curds_and_whey` for q targets."""

    combination: np.ndarray  # (q, q): predictions of centered targets are multiplied by it
    correlations: np.ndarray  # (q,), decreasing
    shrinkage: np.ndarray  # (q,), the factor of each canonical direction


def curds_and_whey(X, Y):
    """Compute the matrix B by which least-squares predictions of centered Y are combined.

    Breiman, Friedman (1997), in their generalized cross-validation form. With the thin singular
    value decomposition ``Y = U S V'`` and the projection P on the columns of X, the squared
    canonical correlations are the eigenvalues of ``U' P U = E diag(c^2) E'``; U E are the canonical
    coordinates of the targets, and ``Y V S^-1 E = U E`` leads to ``B = V S^-1 E D E' S V'``.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        More samples than features.
    Y : ndarray of shape (n_samples, q)
        Targets, none of them missing.

    Returns
    -------
    CurdsAndWhey
    """
    n_samples, n_features = X.shape
    n_targets = Y.shape[1]
    centered_X = X - X.mean(axis=0)
    centered_Y = Y - Y.mean(axis=0)
    basis_of_X, _, _ = _thin_svd(centered_X)
    U, S, Vt = _thin_svd(centered_Y)
    angles = U.T @ basis_of_X
    E, cosines, _ = linalg.svd(angles)
    correlations = np.minimum(cosines, 1.0)
    correlations = _padded(correlations, len(S))  # fewer features than targets
    squares = correlations**2
    ratio = n_features / n_samples
    shrinkage = shrinkage_of(squares, ratio)

    whitening = Vt.T / S
    coloring = S[:, None] * Vt
    shrunken = whitening @ (E * shrinkage)
    combination = shrunken @ E.T @ coloring
    # targets that depend on each other linearly have fewer directions
    return CurdsAndWhey(
        combination=combination,
        correlations=_padded(correlations, n_targets),
        shrinkage=_padded(shrinkage, n_targets),
    )


def _padded(values, length):
    """Return the values with zeros behind them, (length,)."""
    padding = length - len(values)
    return np.pad(values, (0, padding))


def shrinkage_of(squares, ratio):
    """Return the factors of directions, from their squared canonical correlations c^2.

    `ratio` is the number of features divided by that of samples.
    """
    rest = 1 - ratio
    numerator = rest * (squares - ratio)
    explained = rest**2 * squares
    unexplained = ratio**2 * (1 - squares)
    factors = numerator / (explained + unexplained)
    return np.maximum(0.0, factors)


def _thin_svd(Z):
    """Return the thin singular value decomposition, without directions that are only rounding."""
    U, values, Vt = linalg.svd(Z, full_matrices=False)
    largest = values.max(initial=0.0)
    relative = max(Z.shape) * np.finfo(float).eps
    noise = largest * relative
    rank = np.count_nonzero(values > noise)
    return U[:, :rank], values[:rank], Vt[:rank]
