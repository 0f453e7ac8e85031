"""Anderson's extrapolation of iterates: the affine combination whose steps cancel best."""

import numpy as np


def anderson_weights(iterates, damping):
    """Weights of the iterates but the first, under which the steps between them cancel best.

    Parameters
    ----------
    iterates : ndarray of shape (n_iterates, ...)
        The iterates.
    damping : float
        Relative to the mean squared step; it keeps near-collinear steps from amplifying rounding
        errors.

    Returns
    -------
    ndarray of shape (n_iterates - 1,), or None
        They add up to one. None if nothing moved.
    """
    steps = np.diff(iterates, axis=0)
    n_steps = len(steps)
    steps = steps.reshape(n_steps, -1)
    products = steps @ steps.T
    damping = damping * np.trace(products)
    products += damping * np.eye(n_steps)
    if not products.any():
        return None
    ones = np.ones(n_steps)
    weights = np.linalg.solve(products, ones)
    return weights / weights.sum()
