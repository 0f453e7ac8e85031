"""Graphs of tasks: from what the user passes to a Laplacian."""

from numbers import Real

import numpy as np
from scipy import sparse

from skmtl._data.checks import check_option
from skmtl._data.task_parameters import is_labeled


def laplacian(graph, tasks):
    """Unnormalized Laplacian (n_tasks, n_tasks) of a graph over the task labels.

    Parameters
    ----------
    graph : str, array, sparse matrix or list of tuples (label, label, weight)
        As in :class:`TaskGraphRegressor`.
    tasks : ndarray of shape (n_tasks,)
    """
    weights = _edge_weights(graph, tasks)
    if not np.isfinite(weights).all():
        raise ValueError("graph holds weights that are NaN or infinite.")
    if (weights < 0).any():
        raise ValueError(
            f"graph has an edge of weight {weights.min():.4g}: weights must be at least 0, since "
            "edges pull tasks together; tasks that repel each other have no convex penalty."
        )
    return np.diag(weights.sum(axis=1)) - weights


def _in_order(frame, tasks):
    """A pandas frame of weights in the order of the tasks."""
    missing = [t for t in tasks.tolist() if t not in frame.index or t not in frame.columns]
    if missing:
        raise ValueError(
            f"graph has no row or no column for task(s) {missing[:5]}; give each task both."
        )
    return frame.reindex(index=tasks, columns=tasks)


def _edge_weights(graph, tasks):
    """Symmetric (n_tasks, n_tasks), zero on the diagonal."""
    T = len(tasks)
    if isinstance(graph, str):
        check_option(graph, "graph", ("chain", "complete"))
        weights = np.full((T, T), 1.0 / T) if graph == "complete" else np.zeros((T, T))
        if graph == "chain":
            order = np.argsort(tasks, kind="stable")
            weights[order[1:], order[:-1]] = weights[order[:-1], order[1:]] = 1.0
    elif isinstance(graph, list) and all(isinstance(edge, tuple) for edge in graph):
        weights = _from_edges(graph, tasks)
    else:
        if hasattr(graph, "reindex") and is_labeled(graph.index, tasks):
            graph = _in_order(graph, tasks)
        weights = graph.toarray() if sparse.issparse(graph) else np.array(graph, dtype=float)
        if weights.shape != (T, T):
            raise ValueError(
                f"graph has shape {weights.shape}, expected ({T}, {T}): weights between the tasks "
                f"{tasks[:5].tolist()}{'...' if T > 5 else ''}, in this order."
            )
        if np.isfinite(weights).all() and not np.allclose(weights, weights.T, rtol=1e-10, atol=0):
            raise ValueError("graph must be symmetric: an edge pulls both of its tasks.")
    weights = np.array(weights, dtype=float)
    np.fill_diagonal(weights, 0.0)
    return weights


def _from_edges(edges, tasks):
    position = {label: k for k, label in enumerate(tasks.tolist())}
    weights = np.zeros((len(tasks), len(tasks)))
    for edge in edges:
        if len(edge) != 3 or not isinstance(edge[2], Real):
            raise ValueError(f"graph has the edge {edge!r}, expected (label, label, weight).")
        first, second, weight = edge
        unknown = [label for label in (first, second) if label not in position]
        if unknown:
            raise ValueError(
                f"graph has an edge to {unknown[0]!r}, which is no task; tasks are "
                f"{tasks[:5].tolist()}{'...' if len(tasks) > 5 else ''}."
            )
        a, b = position[first], position[second]
        weights[a, b] = weights[b, a] = weights[a, b] + weight
    return weights
