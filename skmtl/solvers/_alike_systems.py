"""The equations of tasks whose Grams are those of the same samples, but for a factor."""

from functools import partial

import numpy as np

_FEW = 500  # tasks whose coupling is scaled by a dense matrix
_FLAT = 1e-8  # curvature, relative to the largest, below which there is taken to be that much


class AlikeSystems:
    """A function of R (n_features, n_tasks) that returns the Z with `G Z diag(c) + Z M = R`.

    With `Y = Z diag(c)^1/2` the equations are separate in the eigenbasis of G, where each is one of
    `M + shift I`, M scaled by `c^-1/2` from both sides. Of very many tasks c is taken to be its
    mean.

    Parameters
    ----------
    values : ndarray of shape (rank,)
        Positive eigenvalues of G, ascending.
    V : ndarray of shape (n_features, rank)
        Their eigenvectors.
    factors : ndarray of shape (n_tasks,)
        c, at least 0.
    coupling : Coupling
        M.
    """

    def __init__(self, values, V, factors, coupling):
        mean = factors.mean() or 1.0
        factors = np.maximum(factors, _FLAT * mean)
        if len(factors) > _FEW:
            factors = np.full(len(factors), mean)
        self.roots = np.sqrt(factors)
        if np.ptp(factors) == 0:
            scaled = coupling * (1 / factors[0])
        else:
            scaled = coupling.between_scaled(self.roots)
        self.V = V
        shift = np.maximum(values, _FLAT * (values[-1] + scaled.largest))
        self.solve_along = scaled.shifted_solver(shift)
        self.solve_across = partial(scaled.solve_shifted, shift=shift[0])

    def __call__(self, R):
        R = R / self.roots
        within = self.V.T @ R
        Y = self.V @ self.solve_along(within)
        n_features, rank = self.V.shape
        if rank < n_features:
            Y += self.solve_across(R - self.V @ within)
        return Y / self.roots
