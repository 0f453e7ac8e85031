"""Cholesky factors of covariances, and what is computed from them."""

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dpotri

from skmtl._threads import threads_for_factorization


class CholeskyFactor:
    """The Cholesky factor L of a symmetric positive definite matrix ``A = L L'``.

    Parameters
    ----------
    A : ndarray of shape (n, n)
        It is overwritten.
    noise : ndarray of shape (n_tasks,)
        What was added to the diagonal of A; for the error message only.
    noise_name : str, default="alpha"
        The user's name of the noise; for the error message only.

    Raises
    ------
    ValueError
        If A is not positive definite.
    """

    def __init__(self, A, noise, noise_name="alpha"):
        try:
            with threads_for_factorization(len(A)):
                # LAPACK overwrites matrices in column order only, so it gets the transpose.
                self.lower = cholesky(
                    A.T,
                    lower=True,
                    overwrite_a=True,
                    check_finite=False,
                )
        except LinAlgError:
            raise not_semidefinite(noise, noise_name=noise_name) from None

    def solve(self, Y):
        """``A^-1 Y``."""
        return cho_solve((self.lower, True), Y, check_finite=False)

    def half_solve(self, Y):
        """``L^-1 Y``, a root of ``Y' A^-1 Y``."""
        return solve_triangular(
            self.lower,
            Y,
            lower=True,
            check_finite=False,
        )

    def inverse_triangle(self):
        """``A^-1`` in column order, of which only the lower triangle is computed."""
        with threads_for_factorization(len(self.lower)):
            inverse, _ = dpotri(self.lower, lower=True)
        return inverse

    def inverse(self):
        """``A^-1``."""
        triangle = self.inverse_triangle()  # above it are the zeros of the factor
        inverse = triangle + triangle.T
        inverse.flat[:: len(inverse) + 1] = triangle.diagonal()
        return inverse

    def inverse_diagonal(self):
        """The diagonal of ``A^-1``, (n,)."""
        return self.inverse_triangle().diagonal()

    def log_determinant(self):
        """The logarithm of the determinant of A."""
        return 2 * np.log(self.lower.diagonal()).sum()


def symmetrized(triangle):
    """The symmetric matrix of which a lower triangle is given."""
    return np.tril(triangle) + np.tril(triangle, -1).T


def not_semidefinite(noise, smallest=None, noise_name="alpha"):
    """The error to raise if a kernel has an eigenvalue too far below zero.

    Parameters
    ----------
    noise : float or ndarray
        What was added to the diagonal.
    smallest : float, default=None
        The smallest eigenvalue of the kernel, if it is known.
    noise_name : str, default="alpha"
        The user's name of the noise.
    """
    known = ""
    if smallest is not None:
        known = f": its smallest eigenvalue is {smallest:.4g}"
    return ValueError(
        f"The kernel is not positive semi-definite{known}, and {noise_name}={np.min(noise):.4g} "
        f"does not make up for it. Increase {noise_name}, or use a kernel that is."
    )
