"""Proximal operators as pure functions of arrays: `argmin_V 1/2 ||V - W||_F^2 + penalty(V)`."""

import numpy as np


def group_shrink(W, threshold):
    """Shrink the 2-norm of every row of W by `threshold` (scalar or one per row): prox of L2,1."""
    norms = np.linalg.norm(W, axis=1, keepdims=True)
    threshold = np.broadcast_to(np.asarray(threshold, dtype=float).reshape(-1, 1), norms.shape)
    shrunk = np.maximum(norms - threshold, 0.0)
    return W * np.divide(shrunk, norms, out=np.zeros_like(norms), where=norms > 0)
