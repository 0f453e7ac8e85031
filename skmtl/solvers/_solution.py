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
        Certified duality gap, an upper bound on `objective` minus its minimum.
    optimality : float
        The gap relative to the objective of the null model: what `tol` is compared with.
    converged : bool
        Whether `optimality <= tol`.
    """

    W: np.ndarray
    n_iter: int
    objective: float
    gap: float
    optimality: float
    converged: bool
