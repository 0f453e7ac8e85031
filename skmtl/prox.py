"""Proximal operators as pure functions of arrays: `argmin_V 1/2 ||V - W||_F^2 + penalty(V)`."""

import numpy as np
from scipy.linalg import eigh, svdvals

from skmtl import _kernels


def soft_threshold(W, threshold):
    """Move every entry of W towards zero by `threshold`: prox of the L1 norm."""
    return np.sign(W) * np.maximum(np.abs(W) - threshold, 0.0)


def group_shrink(W, threshold):
    """Shrink the 2-norm of every row of W by `threshold` (scalar or one per row): prox of L2,1."""
    norms = np.linalg.norm(W, axis=1, keepdims=True)
    threshold = np.broadcast_to(np.asarray(threshold, dtype=float).reshape(-1, 1), norms.shape)
    shrunk = np.maximum(norms - threshold, 0.0)
    return W * np.divide(shrunk, norms, out=np.zeros_like(norms), where=norms > 0)


def clip_rows(W, threshold):
    """Clip every row of W at the level that takes `threshold` off its 1-norm: prox of L1,inf.

    What is taken off is the projection of the row on the 1-norm ball of that radius.
    """
    size = np.sort(np.abs(W), axis=1)[:, ::-1]
    levels = (np.cumsum(size, axis=1) - threshold) / np.arange(1, W.shape[1] + 1)
    level = np.maximum(levels.max(axis=1, keepdims=True), 0.0)
    return np.clip(W, -level, level)


def fuse(W, thresholds):
    """Prox of `sum_t thresholds[t] |W[j, t + 1] - W[j, t]|` in every row of W."""
    W, out = np.ascontiguousarray(W), np.empty(W.shape)
    _kernels.fuse_rows(W, np.asarray(thresholds, dtype=float), out)
    return out


def singular_values(W):
    """The min(n_rows, n_columns) singular values of W, decreasing."""
    return svdvals(W)


def map_singular_values(W, function):
    """W with its singular values s replaced by ``function(s)``, zero where s is.

    Through the eigenvectors of the smaller of WW' and W'W.
    """
    if len(W) > W.shape[1]:
        return map_singular_values(W.T, function).T
    values, U = eigh(W @ W.T)
    s = np.sqrt(np.maximum(values, 0.0))
    new = function(s)
    kept = (new > 0) & (s > 0)
    U = U[:, kept]
    return (U * (new[kept] / s[kept])) @ (U.T @ W)


def fill(s, low, high, total, offset=0.0):
    """`argmin_theta sum_i s_i^2 / (theta_i + offset)`, low <= theta <= high, sum theta = total.

    It is `clip(u s - offset, low, high)`, where the sum, piecewise linear in u, is the total. An
    entry of s that is zero stays at `low`.
    """
    positive = s > 0
    theta = np.full(len(s), float(low))
    if positive.any():
        breaks = np.sort(np.outer([low + offset, high + offset], 1 / s[positive]).ravel())
        sums = np.clip(np.outer(breaks, s[positive]) - offset, low, high).sum(axis=1)
        u = np.interp(total - low * np.count_nonzero(~positive), sums, breaks)
        theta[positive] = np.clip(u * s[positive] - offset, low, high)
    return theta
