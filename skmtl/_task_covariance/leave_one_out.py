"""Squared errors of leave-one-out, for all alphas from one eigendecomposition."""

import numpy as np
from sklearn.utils import gen_batches

from skmtl._task_covariance.kronecker import distinct_values, shrinkage
from skmtl._task_covariance.low_rank import noise_basis

_CHUNK = 2**22  # numbers in an array of several alphas


def grid_errors(
    spectrum,
    B,
    alphas,
    Y,
    by,
):
    """Weighted sums of squared leave-one-out errors of complete Y, (n_alphas,).

    With one alpha for all tasks the eigenvectors V of B serve every alpha, and those of the inputs
    every B. If samples are left out, the errors are those of :meth:`KroneckerSystem.leave_one_out`
    before they are multiplied by V, which does not change the sum of their squares.

    Parameters
    ----------
    spectrum : Spectrum
        That of the kernel matrix of the samples.
    B : ndarray of shape (T, T) or LowRank
        Task kernel.
    alphas : ndarray of shape (n_alphas,)
        Regularization strengths.
    Y : ndarray of shape (n, T)
        Targets.
    by : {"sample", "observation"}
        Whether a sample is left out with all its targets, or one of them.

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    U = spectrum.U
    squares = U**2
    values = spectrum.values[:, None, None]
    basis = noise_basis(B, np.ones(len(B)))
    distinct, position = distinct_values(basis.values)
    distinct = distinct[:, None]
    Y = spectrum.root[:, None] * Y
    Z = basis.into(U.T @ Y)
    Z = Z[:, :, None]
    sums = []
    size = max(U.shape) * len(B)
    for part in _alpha_chunks(alphas, size):
        weights = shrinkage(values, distinct, part)
        precisions = _along_first_axis(squares, weights)
        precisions = precisions[:, position]
        weights = weights[:, position]
        dual = _along_first_axis(U, Z * weights)
        if by == "observation":
            dual = basis.back(dual)
            precisions = basis.back_by_squares(precisions)
        errors = dual / precisions
        sum_of_squares = np.einsum("nta,nta->a", errors, errors)
        sums.append(sum_of_squares)
    return np.concatenate(sums)


def _along_first_axis(A, tensor):
    """The matrix A (n, k) times a tensor (k, p, q) along its first axis, (n, p, q)."""
    k, p, q = tensor.shape
    product = A @ tensor.reshape(k, p * q)
    return product.reshape(len(A), p, q)


def _alpha_chunks(alphas, size):
    """Slices of alphas, for which arrays of `size` numbers for each alpha stay small."""
    step = max(1, _CHUNK // max(size, 1))
    return [alphas[batch] for batch in gen_batches(len(alphas), step)]


def observation_errors(
    spectrum,
    alphas,
    y,
    observations,
    by,
    fit_intercept,
):
    """Weighted sums of squared leave-one-out errors of any observations, (n_alphas,).

    Parameters
    ----------
    spectrum : Spectrum
        That of the kernel matrix of the observations.
    alphas : ndarray of shape (n_alphas,)
        Regularization strengths.
    y : ndarray of shape (n_observations,)
        Targets.
    observations : Observations
        The observations.
    by : {"sample", "observation"}
        Whether a sample is left out with all its targets, or one of them.
    fit_intercept : bool
        Whether the spectrum was made for intercepts.

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    U = spectrum.U
    y = spectrum.root * y
    z = U.T @ y
    known = observations.predictable_without(fit_intercept)
    values = spectrum.values
    one_per_sample = len(observations.by_sample) == len(observations)
    if by == "observation" or one_per_sample:
        weights = shrinkage(values[:, None], 1.0, alphas)
        return _observation_errors(U[known], z, weights)
    blocks = []
    for positions in observations.by_sample:
        here = positions[known[positions]]
        blocks.append(U[here])
    sums = []
    for alpha in alphas:
        weights = shrinkage(values, 1.0, alpha)
        sum_of_squares = _sample_errors(blocks, z, weights)
        sums.append(sum_of_squares)
    return np.array(sums)


def _observation_errors(U, z, weights):
    """Sums of squared errors of leaving out each observation, (n_alphas,).

    Parameters
    ----------
    U : ndarray of shape (n_observations, k)
        Eigenvectors.
    z : ndarray of shape (k,)
        Targets in the directions U.
    weights : ndarray of shape (k, n_alphas)
        The inverse in the directions U.
    """
    coefficients = z[:, None] * weights
    dual = U @ coefficients
    precisions = U**2 @ weights
    errors = dual / precisions
    return (errors**2).sum(axis=0)


def _sample_errors(blocks, z, weights):
    """The sum of squared errors of leaving out each sample.

    Parameters
    ----------
    blocks : list of ndarray of shape (n, k)
        Rows of U of the observations of each sample.
    z : ndarray of shape (k,)
        Targets in the directions U.
    weights : ndarray of shape (k,)
        The inverse in the directions U.
    """
    total = 0.0
    coefficients = z * weights
    for U in blocks:
        inverse = (U * weights) @ U.T
        dual = U @ coefficients
        errors = np.linalg.solve(inverse, dual)
        total += errors @ errors
    return total
