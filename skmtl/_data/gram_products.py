"""Weighted second moments of the features of dense or sparse samples."""

import numpy as np
from scipy import sparse

from skmtl import _kernels
from skmtl._threads import threads_for_product

IN_CACHE = 2**17  # numbers that are fast to reach at random
_CHUNK = 4096  # samples centered at a time, so that a Gram matrix never needs a copy of X


def weighted_gram(X, weight, mean, left=None, right=None):
    """Return `sum_i weight_i (x_i - mean)(x_i - mean)'`, rows `left` and columns `right` of it.

    `left` and `right` are indices of features; by default `left` is all of them and `right` is the
    same as `left`. A dense X is centered first. A sparse one is centered only if a mean is so large
    compared with the spread of its feature that digits would cancel if the product of the means
    were subtracted afterwards.
    """
    if left is None:
        left = np.arange(X.shape[1])
    if right is None:
        right = left
    if sparse.issparse(X):
        A = _some_columns(X, left)
        large = _means_dominate(A, weight, mean[left])
        B = A
        if right is not left:
            B = _some_columns(X, right)
            large = large or _means_dominate(B, weight, mean[right])
        if not large:
            return _gram_of_sparse(A, B, weight, mean[left], mean[right])
        X = X.tocsr()
    return _gram_of_centered(X, weight, mean, left, right)


def _some_columns(X, features):
    """Return these columns of a sparse X, which is not copied if they are all."""
    n_features = X.shape[1]
    if len(features) == n_features and np.array_equal(features, np.arange(n_features)):
        return X
    return X[:, features]


def _gram_of_sparse(A, B, weight, mean_a, mean_b):
    """Return `sum_i weight_i (a_i - mean_a)(b_i - mean_b)'` through the products of non-zeros."""
    weight = np.array(weight, dtype=float)
    gram = np.zeros((A.shape[1], B.shape[1]))
    left = _csr_parts(A)
    if A is B:
        _kernels.gram_sparse(*left, weight, _rows_at_a_time(A), gram)
        diagonal = gram.diagonal().copy()
        gram += gram.T
        np.fill_diagonal(gram, diagonal)
    else:
        _kernels.cross_gram_sparse(*left, *_csr_parts(B), weight, gram)
    if mean_a.any() and mean_b.any():
        gram -= weight.sum() * np.outer(mean_a, mean_b)
    return gram


def _rows_at_a_time(A):
    """Return how many rows of the Gram of a sparse A are summed at a time.

    As many as a cache holds, if a sample has more products than it is visited for these.
    """
    n_samples, n_features = A.shape
    step = max(1, 2 * IN_CACHE // max(n_features, 1))
    n_visits = n_features / step
    per_sample = A.nnz / max(n_samples, 1)
    if n_visits < 0.5 * per_sample**2:
        return step
    return max(n_features, 1)


def _csr_parts(X):
    """Return data, column indices and row bounds of a sparse X by row, in double precision."""
    X = X.tocsr()
    return X.data.astype(np.float64, copy=False), X.indices, X.indptr


def _gram_of_centered(X, weight, mean, left, right):
    """Return the matrix of `weighted_gram`, with X centered chunk by chunk."""
    gram = np.zeros((len(left), len(right)))
    root = np.sqrt(weight)[:, None]
    for start in range(0, X.shape[0], _CHUNK):
        samples = slice(start, start + _CHUNK)
        chunk = X[samples]
        factor = root[samples]
        if sparse.issparse(chunk):
            chunk = chunk.toarray()
        A = (chunk[:, left] - mean[left]) * factor
        B = A
        if right is not left:
            B = (chunk[:, right] - mean[right]) * factor
        with threads_for_product(*A.shape, len(right)):
            gram += A.T @ B
    return gram


def _means_dominate(X, weight, mean):
    """Whether centering a sparse X after the product would lose more than four digits."""
    if not mean.any():
        return False
    variance = weighted_variance(X, weight, mean)
    square_of_means = weight.sum() * mean**2
    return np.any(square_of_means > 1e4 * variance)


def weighted_variance(X, weight, mean):
    """Return `sum_i weight_i (x_ij - mean_j)^2` for every feature j, shape (n_features,)."""
    if sparse.issparse(X):
        return _weighted_variance_of_sparse(X, weight, mean)
    variance = np.zeros(X.shape[1])
    for start in range(0, len(X), _CHUNK):
        samples = slice(start, start + _CHUNK)
        squares = (X[samples] - mean) ** 2
        variance += weight[samples] @ squares
    return variance


def _weighted_variance_of_sparse(X, weight, mean):
    """Return the sums of `weighted_variance` for a sparse X."""
    by_row = X.format == "csr"
    X = X if by_row else X.tocsc()
    of_format = sparse.csr_array if by_row else sparse.csc_array

    def weighted_sums(values):
        """Return the weighted sums of the features if X had these values."""
        return of_format((values, X.indices, X.indptr), shape=X.shape).T @ weight

    if not mean.any():
        return weighted_sums(X.data**2)
    mean_of_entry = mean[X.indices] if by_row else np.repeat(mean, np.diff(X.indptr))
    of_entries = weighted_sums((X.data - mean_of_entry) ** 2)
    stored_weight = weighted_sums(np.ones(len(X.data)))
    zero_weight = np.maximum(weight.sum() - stored_weight, 0.0)
    return of_entries + zero_weight * mean**2
