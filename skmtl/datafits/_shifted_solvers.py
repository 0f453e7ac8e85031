"""Solutions of `(Q_t + shift_t I) x_t = b_t` for many b, the Q_t being the Grams of a Gram form."""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh
from scipy.linalg.lapack import dpotrf, dpotri, dpstrf

from skmtl import _kernels
from skmtl._threads import threads_for_factorization
from skmtl.datafits._linear_algebra import ROUNDING

_MANY = 64  # features, from which LAPACK and BLAS take a matrix of each task at a time
_TINY = np.finfo(float).tiny


class LastSolver:
    """The solver of the last shift that was asked for, and how many were made before it."""

    def __init__(self):
        self.shift = None
        self.solver = None
        self.n_made = 0

    def get(self, shift, make):
        """`make(shift)`, or what it returned last if the shift is the same."""
        if self.shift is None or not np.array_equal(self.shift, shift):
            self.solver = make(shift)
            self.shift = np.array(shift)
            self.n_made += 1
        return self.solver


class ShiftedInverses:
    """A function of B (n_features, n_tasks) that returns `(Q_t + shift_t I)^-1 b_t` of every task.

    Parameters
    ----------
    form : GramForm
        Its Grams are the Q_t.
    shift : float or ndarray of shape (n_grams,)
        Positive.

    Attributes
    ----------
    inverses : ndarray of shape (n_features, n_features, n_grams)
        The inverse matrices.
    """

    def __init__(self, form, shift):
        self.blocks = form.blocks
        self.block_of_task = form.block_of_task
        shift = np.array(np.broadcast_to(shift, len(form.blocks)), dtype=float)
        if prefers_blocks(form.grams):
            self.ordered = _inverses_of_blocks(form.grams, shift)
            self.inverses = np.moveaxis(self.ordered, 0, 2)
        else:
            self.ordered = None
            self.inverses = _inverses(form.grams, shift)

    def __call__(self, B):
        if self.ordered is not None:
            return multiply_blocks(self.ordered, self.blocks, B)
        out = np.zeros(B.shape)
        features = np.arange(len(B))
        B = np.ascontiguousarray(B)
        _kernels.subtract_product(self.inverses, self.block_of_task, features, B, out)
        return -out


class ShiftedSpectra:
    """The same function by eigenvalues and eigenvectors.

    With them `(Q + c I)^-1 b = (b - V diag(e / (e + c)) V' b) / c`.

    Parameters
    ----------
    form : GramForm
        Its Grams are the Q_t.
    shift : float or ndarray of shape (n_grams,)
        Positive.
    """

    def __init__(self, form, shift):
        values, self.V = form.padded_spectra()
        self.blocks = form.blocks
        shift = np.broadcast_to(shift, len(values))
        shares = values / (values + shift[:, None])
        self.shares = shares[form.block_of_task].T
        self.shift = shift[form.block_of_task]

    def __call__(self, B):
        within = multiply_blocks(self.V.transpose(0, 2, 1), self.blocks, B)
        explained = multiply_blocks(self.V, self.blocks, self.shares * within)
        return (B - explained) / self.shift


def prefers_blocks(grams):
    """Whether products with these Grams are best computed by :func:`multiply_blocks`."""
    return grams.shape[2] == 1 or len(grams) >= _MANY


def multiply_blocks(matrices, blocks, B):
    """The product of each task's column of B with its matrix, (n_rows, n_tasks).

    Parameters
    ----------
    matrices : ndarray of shape (n_blocks, n_rows, n_columns)
        One for each block of tasks.
    blocks : list of (tasks,) index arrays
        The tasks of each block.
    B : ndarray of shape (n_columns, n_tasks)
        The columns.

    Returns
    -------
    ndarray of shape (n_rows, n_tasks)
    """
    out = np.empty((matrices.shape[1], B.shape[1]))
    if 1 < len(blocks) == B.shape[1]:
        tasks = np.concatenate(blocks)
        columns = np.ascontiguousarray(B.T[tasks])
        out[:, tasks] = np.matmul(matrices, columns[:, :, None])[:, :, 0].T
        return out
    for matrix, tasks in zip(matrices, blocks, strict=True):
        out[:, tasks] = matrix @ B[:, tasks]
    return out


def are_low_rank(grams):
    """Whether the ranks of some of these Grams are at most half the number of features."""
    n_features, _, n_grams = grams.shape
    for k in {0, n_grams // 2, n_grams - 1}:
        _, _, rank, _ = dpstrf(grams[:, :, k], lower=1)
        if rank > n_features // 2:
            return False
    return True


def _inverses(grams, shift):
    """The inverses of shifted Grams, by loops over tasks."""
    out = np.empty_like(grams)
    _kernels.shifted_inverses(grams, shift, out)
    finite = np.isfinite(out).all(axis=(0, 1))
    for k in np.flatnonzero(~finite):
        out[:, :, k] = _robust_inverse(grams[:, :, k], shift[k])
    return out


def _inverses_of_blocks(grams, shift):
    """The inverses of shifted Grams one by one, (n_grams, n_features, n_features)."""
    n_features, _, n_grams = grams.shape
    out = np.empty((n_grams, n_features, n_features))
    for k in range(n_grams):
        out[k] = _inverse(grams[:, :, k], shift[k])
    return out


def _inverse(gram, shift):
    """The inverse of a shifted Gram, from its Cholesky factor."""
    matrix = np.array(gram, order="F")
    matrix.flat[:: len(gram) + 1] += shift
    with threads_for_factorization(len(gram)):
        factor, info = dpotrf(matrix, lower=1, overwrite_a=1)
        if info == 0:
            inverse, info = dpotri(factor, lower=1, overwrite_c=1)  # its lower triangle
    if info:
        return _robust_inverse(gram, shift)
    lower = np.tril(inverse, -1)
    inverse = np.tril(inverse)
    inverse += lower.T
    return inverse


def _robust_inverse(gram, shift):
    """The inverse of a shifted Gram; eigenvalues that are rounding errors count as such."""
    identity = np.eye(len(gram))
    matrix = gram + shift * identity
    try:  # Cholesky factors do not mind features of different scales
        factor = cho_factor(matrix, lower=True)
        return cho_solve(factor, identity)
    except LinAlgError:
        values, V = eigh(matrix)
        least = len(gram) * ROUNDING * max(values[-1], _TINY)
        return (V / np.maximum(values, least)) @ V.T
