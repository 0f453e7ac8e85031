"""Squared errors of leave-one-out, for all alphas from one eigendecomposition."""

import numpy as np

from skmtl._task_covariance.kronecker import distinct_values, shrinkage

_CHUNK = 2**22  # numbers in an array of several alphas


def grid_errors(spectrum, B, alphas, Y, by):
    """Weighted sums of squared leave-one-out errors of complete Y, (n_alphas,).

    With one alpha for all tasks the eigenvectors V of B serve every alpha, and those of the inputs
    every B. If samples are left out, the errors are those of :meth:`KroneckerSystem.leave_one_out`
    before they are multiplied by V, which does not change the sum of their squares.

    Parameters
    ----------
    spectrum : Spectrum
        That of the kernel matrix of the samples.
    B : ndarray of shape (T, T)
        Task kernel.
    alphas : ndarray of shape (n_alphas,)
        Regularization strengths.
    Y : ndarray of shape (n, T)
        Targets.
    by : {"row", "cell"}
        Whether a sample is left out with all its targets, or one of them.

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    n, k = spectrum.U.shape
    lam, V = np.linalg.eigh(B)
    distinct, position = distinct_values(lam)
    Z = spectrum.U.T @ (spectrum.root[:, None] * Y) @ V
    squares = spectrum.U**2
    sums = []
    for part in _alpha_chunks(alphas, max(n, k) * len(B)):
        weights = shrinkage(spectrum.values[:, None, None], distinct[:, None], part)
        precisions = _by_first_axis(squares, weights)[:, position]
        dual = _by_first_axis(spectrum.U, Z[:, :, None] * weights[:, position])
        if by == "cell":
            dual = V @ dual
            precisions = V**2 @ precisions
        errors = dual / precisions
        sums.append(np.einsum("nta,nta->a", errors, errors))
    return np.concatenate(sums)


def _by_first_axis(A, tensor):
    """The matrix A (n, k) times a tensor (k, p, q) along its first axis, (n, p, q)."""
    flat = tensor.reshape(len(tensor), -1)
    return (A @ flat).reshape(len(A), *tensor.shape[1:])


def _alpha_chunks(alphas, size):
    """Slices of alphas, for which arrays of `size` numbers for each alpha stay small."""
    step = max(1, _CHUNK // max(size, 1))
    return [alphas[first : first + step] for first in range(0, len(alphas), step)]


def cell_errors(spectrum, alphas, y, cells, by, fit_intercept):
    """Weighted sums of squared leave-one-out errors of any observations, (n_alphas,).

    Parameters
    ----------
    spectrum : Spectrum
        That of the kernel matrix of the observations.
    alphas : ndarray of shape (n_alphas,)
        Regularization strengths.
    y : ndarray of shape (n_observations,)
        Targets.
    cells : Observations
        The observations.
    by : {"row", "cell"}
        Whether a sample is left out with all its targets, or one of them.
    fit_intercept : bool
        Whether the spectrum was made for intercepts.

    Returns
    -------
    ndarray of shape (n_alphas,)
    """
    z = spectrum.U.T @ (spectrum.root * y)
    known = cells.left(fit_intercept)
    if by == "cell" or len(cells.by_sample) == len(cells):
        U = spectrum.U[known]
        weights = shrinkage(spectrum.values[:, None], 1.0, alphas)
        errors = (U @ (z[:, None] * weights)) / (U**2 @ weights)
        return (errors**2).sum(axis=0)
    blocks = [spectrum.U[here[known[here]]] for here in cells.by_sample]
    sums = []
    for alpha in alphas:
        weights = shrinkage(spectrum.values, 1.0, alpha)
        sums.append(_sum_of_squares(blocks, z, weights))
    return np.array(sums)


def _sum_of_squares(blocks, z, weights):
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
    for U in blocks:
        inverse = (U * weights) @ U.T
        errors = np.linalg.solve(inverse, U @ (z * weights))
        total += errors @ errors
    return total
