"""Inner products, and eigenvalues that are distinguished from rounding errors."""

import numpy as np
from scipy import sparse
from scipy.linalg import eigh, eigvalsh

from skmtl._data.gram_products import weighted_gram
from skmtl._threads import threads_for_factorization

_ALIKE = 1e3  # ratio of sizes of features that costs no more than six digits
ROUNDING = np.finfo(float).eps  # relative error of one operation


def inner(A, B):
    """`<A, B>`, the sum of the products of all elements, as a float."""
    return float(np.vdot(A, B))


def eigen(M):
    """Eigenvalues and eigenvectors of a psd matrix, rounding errors of zero set to zero."""
    with threads_for_factorization(len(M)):
        values, U = eigh(M)
    least = rounding(M) * values[-1]
    return np.where(values > least, values, 0.0), U


def unit_sizes(gram):
    """Sizes of features, their units, by which a psd matrix is divided before it is solved.

    Ones where the features are of similar size, so that solutions of least norm are those of the
    features as they are; else the roots of the diagonal, so that a feature is not taken for a
    rounding error of another one. The size of a feature that is 0 is infinite.
    """
    sizes = np.sqrt(np.maximum(gram.diagonal(), 0.0))
    seen = sizes > 0
    if not seen.any() or sizes.max() <= _ALIKE * sizes[seen].min():
        return np.ones(len(sizes))
    return np.where(seen, sizes, np.inf)


def top_eigenvalue(G):
    """The largest eigenvalue of a symmetric matrix."""
    with threads_for_factorization(len(G)):
        values = eigvalsh(G)  # all of them: LAPACK may fail to single out a multiple one
    return float(values[-1])


def positive_part(values, vectors):
    """Eigenvalues that are not rounding errors of zero, and their eigenvectors."""
    least = rounding(vectors) * values[-1]
    kept = values > least
    return values[kept], vectors[:, kept]


def rounding(M):
    """How large an eigenvalue of 0 may come out, relative to the largest."""
    return 10 * len(M) * ROUNDING


def centered_spectrum(X, weight, mean):
    """Positive eigenvalues and eigenvectors of a weighted, centered Gram.

    They are found through the samples where these are fewer than the features.
    """
    n_samples, n_features = X.shape
    if n_features <= n_samples:
        gram = weighted_gram(X, weight, mean)
        with threads_for_factorization(n_features):
            values, V = eigh(gram)
        return positive_part(values, V)
    dense = X.toarray() if sparse.issparse(X) else X
    root = np.sqrt(weight)
    A = (dense - mean) * root[:, None]
    with threads_for_factorization(n_samples):
        values, U = eigh(A @ A.T)
    values, U = positive_part(values, U)
    U = U / np.sqrt(values)
    return values, A.T @ U


def largest_eigenvalue(X, weight, mean):
    """Largest eigenvalue of a weighted, centered Gram, through its smaller side."""
    n_samples, n_features = X.shape
    if n_features <= n_samples:
        gram = weighted_gram(X, weight, mean)
        return top_eigenvalue(gram)
    K = X @ X.T
    if sparse.issparse(K):
        K = K.toarray()
    Xm = X @ mean
    K = K - Xm[:, None]
    K -= Xm
    K += mean @ mean
    root = np.sqrt(weight)
    K *= root[:, None]
    K *= root
    return top_eigenvalue(K)


def block_of_task(blocks):
    """The block of each task, (n_tasks,), for the index arrays of the tasks of each block."""
    tasks = np.concatenate(blocks)
    block = np.arange(len(blocks))
    if len(tasks) > len(blocks):
        block = np.repeat(block, [len(of_block) for of_block in blocks])
    out = np.empty(len(tasks), dtype=np.intp)
    out[tasks] = block
    return out
