"""Eigenvalues of Grams, told from rounding errors."""

import numpy as np
from scipy import sparse
from scipy.linalg import eigh, eigvalsh

from skmtl._data.designs import weighted_gram


def _top_eigenvalue(G):
    return float(eigvalsh(G)[-1])  # all of them: LAPACK may fail to single out a multiple one


def eigen(M):
    """Eigenvalues and -vectors of a psd matrix, rounding errors of zero set to zero."""
    values, U = eigh(M)
    return np.where(values > _rounding(M) * values[-1], values, 0.0), U


def _positive_part(values, vectors):
    """Eigenvalues that are no rounding errors of zero, and their eigenvectors."""
    kept = values > _rounding(vectors) * values[-1]
    return values[kept], vectors[:, kept]


def _rounding(M):
    """How large an eigenvalue that is 0 may come out, relative to the largest."""
    return 10 * len(M) * np.finfo(float).eps


def _row_spectrum(X, weight, mean):
    """Positive eigenvalues and eigenvectors of a weighted, centered Gram from its rows."""
    if X.shape[1] <= X.shape[0]:
        return _positive_part(*eigh(weighted_gram(X, weight, mean)))
    A = ((X.toarray() if sparse.issparse(X) else X) - mean) * np.sqrt(weight)[:, None]
    values, U = _positive_part(*eigh(A @ A.T))
    return values, A.T @ (U / np.sqrt(values))


def _largest_eigenvalue(X, weight, mean):
    """Largest eigenvalue of the centered Gram of one block, through its smaller side."""
    if X.shape[1] <= X.shape[0]:
        return _top_eigenvalue(weighted_gram(X, weight, mean))
    Xm = X @ mean
    K = X @ X.T
    K = (K.toarray() if sparse.issparse(K) else K) - Xm[:, None] - Xm[None, :] + mean @ mean
    root = np.sqrt(weight)
    return _top_eigenvalue(K * root[:, None] * root[None, :])
