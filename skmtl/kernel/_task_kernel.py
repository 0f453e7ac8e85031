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
    bounds = "left" if is_named(task_kernel, "graph") else "both"
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
    precision = strength * L + (1 - strength) * np.eye(n_tasks)
    B = np.linalg.inv(precision)
    B = (B + B.T) / 2
    return B / B.diagonal().mean()


def _shared(n_tasks, strength):
    """``(1 - d) I + d 11'/T``."""
    share = np.sqrt(strength / n_tasks)
    return LowRank(np.full(n_tasks, 1.0 - strength), np.full((n_tasks, 1), share))


def _given_covariance(matrix, task_ids):
    """The task covariance of an array or frame, checked, (n_tasks, n_tasks)."""
    B = np.asarray(square_in_order(matrix, "task_kernel", task_ids))
    if B.dtype.kind not in "buif":
        raise TypeError(
            f"task_kernel must hold real numbers, got {B.ravel()[:3].tolist()} of dtype {B.dtype}."
        )
    B = B.astype(float)
    n_tasks = len(task_ids)
    if B.shape != (n_tasks, n_tasks):
        raise ValueError(
            f"task_kernel has shape {B.shape}, expected ({n_tasks}, {n_tasks}): the covariances of "
            f"the tasks {some_of(task_ids)}, in this order."
        )
    if not np.isfinite(B).all():
        raise ValueError("task_kernel contains NaN or infinity.")
    largest = np.abs(B).max()
    if not np.allclose(B, B.T, rtol=1e-8, atol=1e-12 * largest):
        raise ValueError("task_kernel must be symmetric, as it holds covariances.")
    return _semidefinite((B + B.T) / 2)


def _semidefinite(B):
    """B without eigenvalues that rounding made negative; ValueError if they are too large."""
    values, V = np.linalg.eigh(B)
    smallest = values[0]
    if smallest >= 0:
        return B
    largest = np.abs(values).max()
    if smallest < -_NEGATIVE * largest:
        raise ValueError(
            f"task_kernel must be positive semidefinite, but its smallest eigenvalue is "
            f"{smallest:.4g} (the largest is {values[-1]:.4g}). Add at least {-smallest:.4g} to "
            "its diagonal."
        )
    return (V * np.maximum(values, 0.0)) @ V.T
