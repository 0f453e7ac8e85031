"""Systems of separate tasks, less few squares that tasks have in common."""

import numpy as np

from skmtl.datafits._linear_algebra import ROUNDING, inner

_SINGULAR = 1e3 * ROUNDING


def less_squares(solve, borders):
    """A function of B that solves `A X - sum_v v <v, X> = B`.

    Parameters
    ----------
    solve : callable
        A function of B that solves `A X = B`.
    borders : sequence of ndarray
        The v, of the shape of B.

    Returns
    -------
    callable
        `solve` itself if there are no borders.
    """
    return _LessSquares(solve, borders) if len(borders) else solve


class _LessSquares:
    """The solution by that of A, and a system of the size of the borders."""

    def __init__(self, solve, borders):
        self.solve = solve
        self.borders = borders
        self.solved = [solve(border) for border in borders]
        products = np.array([self._products(solved) for solved in self.solved])
        system = np.eye(len(borders)) - (products + products.T) / 2
        values, U = np.linalg.eigh(system)
        kept = values > _SINGULAR  # else any multiple will do
        self.U = U[:, kept]
        self.values = values[kept]

    def _products(self, X):
        """Inner products of the borders with X, (n_borders,)."""
        return np.array([inner(border, X) for border in self.borders])

    def __call__(self, B):
        X = self.solve(B)
        along = self.U.T @ self._products(X)
        sizes = self.U @ (along / self.values)
        for size, solved in zip(sizes, self.solved, strict=True):
            X = X + size * solved
        return X
