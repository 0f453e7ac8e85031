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
        system = np.eye(len(borders)) - self._products(*self.solved)
        values, U = np.linalg.eigh((system + system.T) / 2)
        kept = values > _SINGULAR  # else any multiple will do
        self.inverse = (U[:, kept] / values[kept]) @ U[:, kept].T

    def _products(self, *arrays):
        """Inner products of the borders with some arrays, (n_borders, n_arrays)."""
        return np.array([[inner(border, A) for A in arrays] for border in self.borders])

    def __call__(self, B):
        X = self.solve(B)
        sizes = self.inverse @ self._products(X)[:, 0]
        for size, solved in zip(sizes, self.solved, strict=True):
            X = X + size * solved
        return X
