"""What is known of the common effects beforehand: nothing, or a normal prior for slopes.

The prior variance of an effect, relative to that of the noise, is infinite where it is flat. The
equations for effects ``beta`` with Gram matrix H and right-hand side h,

    (H + prior precision) beta = h,

are solved in coordinates ``beta = B gamma`` in which flat effects stay as they are and others have
prior variance 1, so that a prior variance may be 0. Of collinear flat effects, B spans those of
which the samples tell something: the solution is then the smallest.
"""

from typing import NamedTuple

import numpy as np
from scipy import linalg

_COLLINEAR = 1e-12  # eigenvalues of a Gram matrix that count as 0, relative to the largest
_MOST_COMMON = 1e4  # kappa of tasks whose slopes are the same

FIXED_EFFECTS = ("flat", "ridge", "sparse")


def determined_directions(gram):
    """Return eigenvalues and eigenvectors of a Gram matrix, without those that count as 0.

    Parameters
    ----------
    gram : ndarray of shape (n_effects, n_effects)
        Of standardized features.

    Returns
    -------
    values : ndarray of shape (n_determined,)
    vectors : ndarray of shape (n_effects, n_determined)
    """
    values, vectors = np.linalg.eigh(gram)
    kept = values > _COLLINEAR * values[-1]
    return values[kept], vectors[:, kept]


class FixedSolution(NamedTuple):
    """Solved equations for the common effects.

    Attributes
    ----------
    effects : ndarray of shape (n_effects,)
        beta.
    root : ndarray of shape (n_effects, n_coordinates)
        A root of the inverse matrix of the equations: ``root root'`` is the covariance of beta,
        relative to the variance of the noise.
    log_determinant : float
        That of the matrix of the equations less that of the prior precision.
    penalty : float
        Squares of the effects over their prior variances.
    """

    effects: np.ndarray
    root: np.ndarray
    log_determinant: float
    penalty: float

    @property
    def covariance(self):
        return self.root @ self.root.T


class FixedEffects:
    """The prior of common effects.

    Parameters
    ----------
    kind : {"flat", "ridge", "sparse"}
        Flat slopes; normal ones of one variance s2; normal ones whose variance is kappa times the
        variance between tasks of the slopes of that feature. The intercept is always flat.
    gram : ndarray of shape (n_effects, n_effects)
        Gram matrix of the samples of all tasks in standardized units.
    varies : bool or ndarray of bool of shape (n_features,), default=True
        Whether features are not constant; normal slopes of those that are have no variance.
    """

    def __init__(self, kind, gram, varies=True):
        self.kind = kind
        n_effects = len(gram)
        self.varies = np.ones(n_effects)
        self.varies[1:] = varies
        self.flat = np.ones(n_effects, dtype=bool)
        self.basis = np.eye(n_effects)
        if kind == "flat":
            values, vectors = determined_directions(gram)
            if len(values) < n_effects:
                self.basis = vectors
        else:
            self.flat[1:] = False
        self.n_flat = self.basis.shape[1] if kind == "flat" else 1
        self.n_parameters = 0 if kind == "flat" else 1
        self.upper = _MOST_COMMON if kind == "sparse" else np.inf

    def prior(self, parameters, variances):
        """Prior variances of the effects, (n_effects,), infinite where flat.

        Parameters
        ----------
        parameters : ndarray of shape (n_parameters,)
            s2 or kappa, nothing for flat effects.
        variances : ndarray of shape (n_effects,)
            Variances of the effects between tasks.
        """
        if self.kind == "flat":
            return np.full(len(self.flat), np.inf)
        factors = variances if self.kind == "sparse" else self.varies
        return np.where(self.flat, np.inf, parameters[0] * factors)

    def jacobian(self, parameters, variances, by_theta):
        """Derivatives of the prior variances, 0 where flat.

        Parameters
        ----------
        parameters, variances : ndarray
            As for :meth:`prior`.
        by_theta : ndarray of shape (n_effects, n)
            Derivatives of the variances by what these are made of.

        Returns
        -------
        ndarray of shape (n_effects, n + n_parameters)
        """
        if self.kind == "flat":
            return np.zeros_like(by_theta)
        if self.kind == "ridge":
            jacobian = np.column_stack([np.zeros_like(by_theta), self.varies])
        else:
            jacobian = np.column_stack([parameters[0] * by_theta, variances])
        return np.where(self.flat[:, None], 0.0, jacobian)

    def solve(self, gram, right, prior):
        """Return the :class:`FixedSolution` of equations for a prior."""
        scale = np.where(self.flat, 1.0, np.sqrt(np.where(self.flat, 1.0, prior)))
        basis = self.basis * scale[:, None]
        matrix = basis.T @ gram @ basis
        if self.kind != "flat":
            matrix[np.diag_indices_from(matrix)] += ~self.flat
        factor = linalg.cholesky(matrix, lower=True, check_finite=False)
        root = linalg.solve_triangular(factor, basis.T, lower=True, check_finite=False).T
        moved = root.T @ right
        gamma = linalg.solve_triangular(factor, moved, lower=True, trans="T", check_finite=False)
        penalty = 0.0
        if self.kind != "flat":
            penalty = np.sum(gamma[~self.flat] ** 2)
        log_determinant = 2 * np.log(factor.diagonal()).sum()
        return FixedSolution(basis @ gamma, root, log_determinant, penalty)
