"""Kernels of tasks: who shares with whom, and how much."""

import numpy as np
from scipy import sparse

from skmtl._data.checks import check_option, check_real
from skmtl._data.task_graph import laplacian
from skmtl._data.task_ids import some_of
from skmtl._data.task_parameters import is_labeled
from skmtl.kernel._input_kernel import _NEGATIVE, is_named

TASK_KERNELS = ("shared", "identity", "graph")


def check_task_kernel(task_kernel, graph):
    """TypeError or ValueError for what is no task kernel; its matrix is checked with the tasks."""
    if isinstance(task_kernel, str):
        check_option(task_kernel, "task_kernel", TASK_KERNELS)
    elif sparse.issparse(task_kernel):
        raise TypeError("task_kernel must be dense, got a sparse matrix: give its toarray().")
    elif task_kernel is None or np.ndim(task_kernel) != 2:
        raise ValueError(
            f"task_kernel={task_kernel!r} is neither one of {sorted(TASK_KERNELS)} nor a matrix of "
            "shape (n_tasks, n_tasks)."
        )
    if (graph is not None) != is_named(task_kernel, "graph"):
        raise ValueError(
            f"graph={graph!r} was given with task_kernel={task_kernel!r}: task_kernel='graph' "
            "needs a graph, the others have none."
        )


def check_task_strength(strength, task_kernel, name="task_strength"):
    """A strength in [0, 1], for a graph in [0, 1), as a float."""
    open_ended = is_named(task_kernel, "graph")
    return check_real(strength, name, high=1.0, include="left" if open_ended else "both")


def task_covariance(task_kernel, strength, graph, tasks):
    """The matrix B of a task kernel, (n_tasks, n_tasks).

    With d the strength it is ``(1 - d) I + d 11'/T`` for "shared", and for "graph"
    ``(d L + (1 - d) I)^-1`` scaled to a mean diagonal of 1, L the Laplacian: the two are the same
    but for scale on the complete graph. "identity" and matrices know no strength.
    """
    T = len(tasks)
    if not isinstance(task_kernel, str):
        return _given_covariance(task_kernel, tasks)
    if task_kernel == "identity":
        return np.eye(T)
    if task_kernel == "shared":
        return (1 - strength) * np.eye(T) + np.full((T, T), strength / T)
    precision = strength * laplacian(graph, tasks) + (1 - strength) * np.eye(T)
    B = np.linalg.inv(precision)
    B = (B + B.T) / 2
    return B / B.diagonal().mean()


def _given_covariance(matrix, tasks):
    """A (T, T) array or frame, checked; rounding below zero taken off its spectrum."""
    if hasattr(matrix, "reindex") and is_labeled(matrix.index, tasks):
        missing = [t for t in tasks.tolist() if t not in matrix.index or t not in matrix.columns]
        if missing:
            raise ValueError(
                f"task_kernel has no row or no column for task(s) {some_of(missing)}; give each "
                "task both."
            )
        matrix = matrix.reindex(index=tasks, columns=tasks)
    B, T = np.asarray(matrix), len(tasks)
    if B.dtype.kind not in "buif":
        raise TypeError(
            f"task_kernel must hold real numbers, got {B.ravel()[:3].tolist()} of dtype {B.dtype}."
        )
    B = B.astype(float)
    if B.shape != (T, T):
        raise ValueError(
            f"task_kernel has shape {B.shape}, expected ({T}, {T}): covariances of the tasks "
            f"{some_of(tasks)}, in this order."
        )
    if not np.isfinite(B).all():
        raise ValueError("task_kernel holds NaN or infinity.")
    if not np.allclose(B, B.T, rtol=1e-8, atol=1e-12 * np.abs(B).max()):
        raise ValueError("task_kernel must be symmetric: it holds covariances.")
    values, V = np.linalg.eigh((B + B.T) / 2)
    if values[0] < -_NEGATIVE * np.abs(values).max():
        raise ValueError(
            f"task_kernel must be positive semi-definite, but its smallest eigenvalue is "
            f"{values[0]:.4g} (the largest is {values[-1]:.4g}). Add at least "
            f"{-values[0]:.4g} to its diagonal."
        )
    return (B + B.T) / 2 if values[0] >= 0 else (V * np.maximum(values, 0.0)) @ V.T
