"""Anderson's extrapolation of iterates: the affine combination whose steps cancel best."""

import numpy as np


def anderson_weights(iterates, damping):
    """Weights (n_iterates - 1,) that add up to one, under which the steps cancel best.

    `damping`, relative to the mean squared step, keeps near-collinear steps from amplifying
    rounding errors. None if nothing moved.
    """
    steps = np.diff(iterates, axis=0)
    steps = steps.reshape(len(steps), -1)
    A = steps @ steps.T
    A.flat[:: len(A) + 1] += damping * np.trace(A)
    if not A.any():
        return None
    weights = np.linalg.solve(A, np.ones(len(A)))
    return weights / weights.sum()
