"""Kernels of tasks: which tasks share, and how much."""

import numpy as np
from scipy import sparse

from skmtl._data.checks import check_option, check_real
from skmtl._data.task_graph import laplacian
from skmtl._data.task_ids import some_of
from skmtl._data.task_parameters import square_in_order
from skmtl._task_covariance.low_rank import LowRank
from skmtl.kernel._input_kernel import is_named

TASK_KERNELS = ("shared", "identity", "graph")
_NEGATIVE = 1e-8  # eigenvalues below minus this, relative to the largest, are not rounding errors


def check_task_kernel(task_kernel, graph):
    """Raise TypeError or ValueError if `task_kernel` is invalid or does not go with `graph`.

    The entries of a matrix are checked by :func:`task_covariance`, when the tasks are known.
    """
    if isinstance(task_kernel, str):
        check_option(task_kernel, "task_kernel", TASK_KERNELS)
    elif sparse.issparse(task_kernel):
        raise TypeError("task_kernel must be dense, got a sparse matrix: pass its toarray().")
    elif task_kernel is None or np.ndim(task_kernel) != 2:
        raise ValueError(
            f"task_kernel={task_kernel!r} is neither one of {sorted(TASK_KERNELS)} nor a matrix of "
            "shape (n_tasks, n_tasks)."
        )
    needs_graph = is_named(task_kernel, "graph")
    if needs_graph and graph is None:
        raise ValueError("task_kernel='graph' needs a graph, but graph is None.")
    if graph is not None and not needs_graph:
        raise ValueError(
            f"graph={graph!r} was given with task_kernel={task_kernel!r}: only task_kernel='graph' "
            "has a graph."
        )


def check_task_strength(strength, task_kernel, name="task_strength"):
    """`strength` as a float in [0, 1], for a graph in [0, 1)."""
    bounds = "both"
    if is_named(task_kernel, "graph"):
        bounds = "left"
    return check_real(strength, name, high=1.0, include=bounds)


def task_covariance(task_kernel, strength, graph, task_ids):
    """The matrix B of a task kernel, (n_tasks, n_tasks), as :class:`LowRank` where it is that.

    With d the strength, B is ``(1 - d) I + d 11'/T`` for "shared", and for "graph"
    ``(d L + (1 - d) I)^-1`` scaled to a mean diagonal of 1, L being the Laplacian. The two are the
    same up to a factor on the complete graph. The strength is ignored for "identity" and matrices.
    """
    if not isinstance(task_kernel, str):
        return _given_covariance(task_kernel, task_ids)
    n_tasks = len(task_ids)
    if task_kernel == "identity":
        return _shared(n_tasks, 0.0)
    if task_kernel == "shared":
        return _shared(n_tasks, strength)
    L = laplacian(graph, task_ids)
    ridge = (1 - strength) * np.eye(n_tasks)
    precision = strength * L + ridge
    B = np.linalg.inv(precision)
    B = (B + B.T) / 2
    mean_variance = B.diagonal().mean()
    return B / mean_variance


def _shared(n_tasks, strength):
    """``(1 - d) I + d 11'/T``."""
    share = np.sqrt(strength / n_tasks)
    own = np.full(n_tasks, 1.0 - strength)
    shared = np.full((n_tasks, 1), share)
    return LowRank(own, shared)


def _given_covariance(matrix, task_ids):
    """The task covariance of an array or frame, checked, (n_tasks, n_tasks)."""
    ordered = square_in_order(matrix, "task_kernel", task_ids)
    B = np.asarray(ordered)
    if B.dtype.kind not in "buif":
        first = B.ravel()[:3].tolist()
        raise TypeError(f"task_kernel must hold real numbers, got {first} of dtype {B.dtype}.")
    B = B.astype(float)
    n_tasks = len(task_ids)
    shape = (n_tasks, n_tasks)
    if B.shape != shape:
        raise ValueError(
            f"task_kernel has shape {B.shape}, expected {shape}: the covariances of "
            f"the tasks {some_of(task_ids)}, in this order."
        )
    if not np.isfinite(B).all():
        raise ValueError("task_kernel contains NaN or infinity.")
    tolerance = 1e-12 * np.abs(B).max()
    is_symmetric = np.allclose(B, B.T, rtol=1e-8, atol=tolerance)
    if not is_symmetric:
        raise ValueError("task_kernel must be symmetric, as it holds covariances.")
    symmetric = (B + B.T) / 2
    return _semidefinite(symmetric)


def _semidefinite(B):
    """B without eigenvalues that rounding made negative; ValueError if they are too large."""
    values, V = np.linalg.eigh(B)
    smallest = values[0]
    if smallest >= 0:
        return B
    largest = np.abs(values).max()
    least = -_NEGATIVE * largest
    if smallest < least:
        raise ValueError(
            f"task_kernel must be positive semidefinite, but its smallest eigenvalue is "
            f"{smallest:.4g} (the largest is {values[-1]:.4g}). Add at least {-smallest:.4g} to "
            "its diagonal."
        )
    positive = np.maximum(values, 0.0)
    return (V * positive) @ V.T
