"""Correlations of tasks."""

import numpy as np


def correlations(covariance):
    """The correlations of a covariance; 0 between tasks of which one has no variance."""
    deviations = np.sqrt(np.clip(covariance.diagonal(), 0.0, None))
    scale = np.outer(deviations, deviations)
    found = np.zeros_like(scale)
    np.divide(covariance, scale, out=found, where=scale > 0)
    found = np.clip(found, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found
