"""Eigenvalues of Grams, distinguished from rounding errors."""

import numpy as np
from scipy import sparse
from scipy.linalg import eigh, eigvalsh

from skmtl._data.designs import weighted_gram


def eigen(M):
    """Eigenvalues and eigenvectors of a psd matrix, rounding errors of zero set to zero."""
    values, U = eigh(M)
    least = _rounding(M) * values[-1]
    return np.where(values > least, values, 0.0), U


def top_eigenvalue(G):
    """The largest eigenvalue of a symmetric matrix."""
    values = eigvalsh(G)  # all of them: LAPACK may fail to single out a multiple one
    return float(values[-1])


def positive_part(values, vectors):
    """Eigenvalues that are not rounding errors of zero, and their eigenvectors."""
    kept = values > _rounding(vectors) * values[-1]
    return values[kept], vectors[:, kept]


def _rounding(M):
    """How large an eigenvalue of 0 may come out, relative to the largest."""
    return 10 * len(M) * np.finfo(float).eps


def centered_spectrum(X, weight, mean):
    """Positive eigenvalues and eigenvectors of a weighted, centered Gram.

    They are found through the samples where these are fewer than the features.
    """
    n_samples, n_features = X.shape
    if n_features <= n_samples:
        gram = weighted_gram(X, weight, mean)
        return positive_part(*eigh(gram))
    dense = X.toarray() if sparse.issparse(X) else X
    root = np.sqrt(weight)[:, None]
    A = (dense - mean) * root
    values, U = positive_part(*eigh(A @ A.T))
    return values, A.T @ (U / np.sqrt(values))


def largest_eigenvalue(X, weight, mean):
    """Largest eigenvalue of a weighted, centered Gram, through its smaller side."""
    n_samples, n_features = X.shape
    if n_features <= n_samples:
        return top_eigenvalue(weighted_gram(X, weight, mean))
    K = X @ X.T
    K = K.toarray() if sparse.issparse(K) else K
    Xm = X @ mean
    K = K - Xm[:, None] - Xm[None, :] + mean @ mean
    root = np.sqrt(weight)
    return top_eigenvalue(K * root[:, None] * root[None, :])
