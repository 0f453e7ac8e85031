"""How alike tasks are, B (n_tasks, n_tasks), and how alike inputs are, K (n_rows, n_rows)."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.metrics.pairwise import kernel_metrics, pairwise_kernels

from skmtl._checks import check_option, check_real
from skmtl.labels import some_of
from skmtl.linear_model._graph import laplacian
from skmtl.linear_model._structured import is_labelled

TASK_KERNELS = ("shared", "identity", "graph")
_NEGATIVE = 1e-8  # eigenvalues below minus this, relative to the largest, are no rounding


# ---------------------------------------------------------------- tasks


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


def is_named(kernel, name):
    """Whether a kernel, or its gamma, is this name and no matrix, function or number."""
    return isinstance(kernel, str) and kernel == name


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
    if hasattr(matrix, "reindex") and is_labelled(matrix.index, tasks):
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


# ---------------------------------------------------------------- inputs


def check_kernel(kernel, gamma, degree, coef0, params):
    """TypeError or ValueError for what is no kernel, or no parameter of one."""
    if not callable(kernel):
        check_option(kernel, "kernel", ("precomputed", *kernel_metrics()))
    if gamma is not None:
        check_real(gamma, "gamma")
    check_real(degree, "degree")
    check_real(coef0, "coef0", low=None)
    if params is not None and not isinstance(params, dict):
        raise TypeError(
            f"kernel_params={params!r} must be a dict of arguments of a callable kernel, or None."
        )


@dataclass(frozen=True)
class InputKernel:
    """A kernel of scikit-learn by name, a callable of two rows, or "precomputed".

    Of rows `X` and `Z` it gives the matrix (len(X), len(Z)); "precomputed" takes of the matrix X
    the `columns` that belong to the rows of the fit.
    """

    kernel: object
    gamma: float | None = None
    degree: float = 3
    coef0: float = 1
    params: dict | None = None

    @property
    def precomputed(self):
        return is_named(self.kernel, "precomputed")

    def __call__(self, X, Z=None, columns=None):
        if self.precomputed:
            K = X.toarray() if sparse.issparse(X) else np.asarray(X)
            return K if columns is None else K[:, columns]
        if callable(self.kernel):
            return pairwise_kernels(X, Z, metric=self.kernel, **(self.params or {}))
        named = {"gamma": self.gamma, "degree": self.degree, "coef0": self.coef0}
        K = pairwise_kernels(X, Z, metric=self.kernel, filter_params=True, **named)
        return K.toarray() if sparse.issparse(K) else K
