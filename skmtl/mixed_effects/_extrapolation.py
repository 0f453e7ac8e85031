"""Extrapolation of a fixed-point iteration from its last moves."""

import numpy as np

_MEMORY = 6  # moves from which the next one is extrapolated
_SINGULAR = 1e-8  # singular values of their differences that count as 0


class Extrapolation:
    """Anderson's extrapolation of a fixed-point iteration."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Start again."""
        self.points = []
        self.moves = []

    def extrapolate(self, old, new, weight):
        """Return the point where the next move would be zero if moves were linear; None at first.

        Parameters
        ----------
        old, new : ndarray of shape (n,)
            A point, and where the iteration moves it.
        weight : ndarray of shape (n,)
            What differences are multiplied by to be comparable.
        """
        move = new - old
        self.points.append(old)
        self.moves.append(move)
        if len(self.points) > _MEMORY:
            self.points.pop(0)
            self.moves.pop(0)
        if len(self.points) == 1:
            return None
        by_point = np.diff(self.points, axis=0).T
        by_move = np.diff(self.moves, axis=0).T
        shares, *_ = np.linalg.lstsq(
            weight[:, None] * by_move,
            weight * move,
            rcond=_SINGULAR,
        )
        by_target = by_point + by_move
        return new - by_target @ shares
