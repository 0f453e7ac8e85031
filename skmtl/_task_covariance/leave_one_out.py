"""Squared errors of leaving out, for all alphas on one eigendecomposition."""

import numpy as np

from skmtl._task_covariance.kronecker import distinct_values, shrinkage

_CHUNK = 2**22  # numbers in an array of several alphas


def _alpha_chunks(alphas, size):
    """Slices of alphas such that arrays of `size` numbers each stay small."""
    step = max(1, _CHUNK // max(size, 1))
    return [alphas[a : a + step] for a in range(0, len(alphas), step)]


def grid_errors(spectrum, B, alphas, Y, by):
    """Weighted sums of squared errors of leaving out rows or cells of complete Y, (n_alphas,).

    With one alpha for all tasks the eigenvectors V of B serve every alpha, and those of the inputs
    every B. By rows the errors are those of :meth:`KroneckerSystem.leave_one_out` before V turns
    them, which does not change their squares.

    Parameters
    ----------
    spectrum : Spectrum
        Of the kernel of the rows.
    B : ndarray of shape (T, T)
    alphas : ndarray of shape (n_alphas,)
    Y : ndarray of shape (n, T)
    by : {"row", "cell"}
    """
    U, values = spectrum.U, spectrum.values
    (n, k), T = U.shape, len(B)
    lam, V = np.linalg.eigh(B)
    distinct, place = distinct_values(lam)
    Z = U.T @ (spectrum.root[:, None] * Y) @ V
    squares, sums = U**2, []
    for part in _alpha_chunks(alphas, max(n, k) * T):
        R = shrinkage(values[:, None, None], distinct[:, None], part)
        d = (squares @ R.reshape(k, -1)).reshape(n, len(distinct), -1)[:, place]
        C = (U @ (Z[:, :, None] * R[:, place]).reshape(k, -1)).reshape(n, T, -1)
        E = C / d if by == "row" else (V @ C) / (V**2 @ d)
        sums.append(np.einsum("nta,nta->a", E, E))
    return np.concatenate(sums)


def cell_errors(spectrum, alphas, y, cells, by, fit_intercept):
    """Weighted sums of squared errors of leaving out rows or cells, of any cells, (n_alphas,).

    Parameters
    ----------
    spectrum : Spectrum
        Of the kernel of the cells.
    alphas : ndarray of shape (n_alphas,)
    y : ndarray of shape (n_cells,)
    cells : Observations
    by : {"row", "cell"}
    fit_intercept : bool
        As the spectrum was made.
    """
    U, root = spectrum.U, spectrum.root
    z = U.T @ (root * y)
    rows, known = cells.by_row, cells.left(fit_intercept)
    if by == "cell" or len(rows) == len(cells):
        R = shrinkage(spectrum.values[:, None], 1.0, alphas)
        U = U[known]
        E = (U @ (z[:, None] * R)) / (U**2 @ R)
        return (E**2).sum(axis=0)
    rows = [U[here[known[here]]] for here in rows]
    sums = np.zeros(len(alphas))
    for a, alpha in enumerate(alphas):
        r = shrinkage(spectrum.values, 1.0, alpha)
        for u in rows:  # of the inverse, the block of a row
            e = np.linalg.solve((u * r) @ u.T, u @ (z * r))
            sums[a] += e @ e
    return sums
