from typing import NamedTuple

import numpy as np


class Solution(NamedTuple):
    """What a solver returns.

    Attributes
    ----------
    W : ndarray of shape (n_features, n_tasks)
    n_iter : int
        Passes over the features (descent) or gradient steps.
    objective : float
        Loss plus penalty at W.
    gap : float
        Certified duality gap, an upper bound on `objective` minus its minimum. NaN where there is
        no dual.
    optimality : float
        The gap relative to the objective of the null model, or the norm of the gradient relative
        to that at W = 0 where there is no dual: what `tol` is compared with.
    converged : bool
        Whether `optimality <= tol`.
    parts : tuple of ndarray, default=()
        The parts of a decomposed W, each (n_features, n_tasks).
    state : object, default=None
        What the solver that made it can go on from.
    """

    W: np.ndarray
    n_iter: int
    objective: float
    gap: float
    optimality: float
    converged: bool
    parts: tuple = ()
    state: object = None


def starting_at(W, parts=()):
    """A :class:`Solution` that says no more than where to start."""
    return Solution(W, 0, np.nan, np.nan, np.nan, False, parts)
