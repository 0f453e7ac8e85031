"""Proximal operators as pure functions of arrays: `argmin_V 1/2 ||V - W||_F^2 + penalty(V)`."""

import numpy as np
from scipy.linalg import eigh, svdvals

from skmtl import _kernels
from skmtl._row_norms import row_norms


def soft_threshold(W, threshold):
    """Move every entry of W towards zero by `threshold`: prox of the L1 norm."""
    shrunk = np.abs(W) - threshold
    shrunk = np.maximum(shrunk, 0.0)
    return np.sign(W) * shrunk


def group_shrink(W, threshold):
    """Shrink the 2-norm of every row of W by `threshold` (scalar or one per row): prox of L2,1."""
    norms = row_norms(W)[:, None]
    threshold = np.asarray(threshold, dtype=float)
    threshold = threshold.reshape(-1, 1)
    shrunk = np.maximum(norms - threshold, 0.0)
    factors = np.divide(
        shrunk,
        norms,
        out=np.zeros_like(norms),
        where=norms > 0,
    )
    return W * factors


def clip_rows(W, threshold):
    """Clip every row of W at the level that takes `threshold` off its 1-norm: prox of L1,inf.

    What is taken off is the projection of the row on the 1-norm ball of that radius.
    """
    n_columns = W.shape[1]
    sizes = np.sort(np.abs(W), axis=1)
    sizes = sizes[:, ::-1]
    excess = np.cumsum(sizes, axis=1) - threshold
    counts = np.arange(1, n_columns + 1)
    levels = excess / counts
    level = levels.max(axis=1, keepdims=True)
    level = np.maximum(level, 0.0)
    return np.clip(W, -level, level)


def fuse(W, thresholds):
    """Prox of `sum_t thresholds[t] |W[j, t + 1] - W[j, t]|` in every row of W."""
    W = np.ascontiguousarray(W)
    thresholds = np.asarray(thresholds, dtype=float)
    out = np.empty(W.shape)
    _kernels.fuse_rows(W, thresholds, out)
    return out


def singular_values(W):
    """The min(n_rows, n_columns) singular values of W, decreasing."""
    return svdvals(W)


def map_singular_values(W, function):
    """W with its singular values s replaced by ``function(s)``, zero where s is zero.

    They are found through the eigenvectors of the smaller of WW' and W'W.
    """
    if len(W) > W.shape[1]:
        mapped = map_singular_values(W.T, function)
        return mapped.T
    gram = W @ W.T
    values, U = eigh(gram)
    s = np.sqrt(np.maximum(values, 0.0))
    mapped = function(s)
    kept = (mapped > 0) & (s > 0)
    factors = mapped[kept] / s[kept]
    U = U[:, kept]
    scaled = U * factors
    return scaled @ (U.T @ W)


def fill(s, low, high, total, offset=0.0):
    """`argmin_theta sum_i s_i^2 / (theta_i + offset)`, low <= theta <= high, sum theta = total.

    The minimum is `clip(u s - offset, low, high)` for the u at which its sum, which is piecewise
    linear in u, is the total. An entry of s that is zero stays at `low`.
    """
    positive = s > 0
    theta = np.full_like(s, low)
    if not positive.any():
        return theta
    left = total - theta[~positive].sum()
    s = s[positive]

    def clipped(scaled):
        return np.clip(scaled - offset, low, high)

    bounds = [low + offset, high + offset]
    breaks = np.outer(bounds, 1 / s)
    breaks = np.sort(breaks.ravel())
    at_breaks = clipped(np.outer(breaks, s))
    sums = at_breaks.sum(axis=1)
    u = np.interp(left, sums, breaks)
    theta[positive] = clipped(u * s)
    return theta


def shrink_groups(W, groups, thresholds):
    """Shrink the Frobenius norm of every group of rows of W by the threshold of the group.

    Parameters
    ----------
    W : ndarray of shape (n_rows, n_columns)
        Rows in groups.
    groups : ndarray of int of shape (n_rows,)
        The group of each row, 0, 1, ...
    thresholds : ndarray of shape (n_groups,)
        One for each group.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
    """
    squares = np.einsum("jt,jt->j", W, W)
    norms = np.sqrt(np.bincount(groups, squares, len(thresholds)))
    shrunk = np.maximum(norms - thresholds, 0.0)
    factors = np.divide(
        shrunk,
        norms,
        out=np.zeros_like(norms),
        where=norms > 0,
    )
    return W * factors[groups, None]
