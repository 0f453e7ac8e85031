"""From covariances to correlations."""

import numpy as np


def correlations(covariance):
    """Those of a covariance, 0 between tasks of which one has no variance."""
    scale = np.sqrt(np.clip(covariance.diagonal(), 0.0, None))
    outer = np.outer(scale, scale)
    found = np.divide(covariance, outer, out=np.zeros_like(outer), where=outer > 0)
    found = np.clip(found, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found
