"""Graphs of tasks: from what the user passes to a Laplacian."""

from numbers import Real

import numpy as np
from scipy import sparse

from skmtl._data.checks import check_option
from skmtl._data.task_ids import codes_of, some_of
from skmtl._data.task_parameters import square_in_order


def laplacian(graph, tasks):
    """Return the unnormalized Laplacian (n_tasks, n_tasks) of a graph of tasks.

    Parameters
    ----------
    graph : str, array, sparse matrix or list of tuples (task id, task id, weight)
        As in :class:`TaskGraphRegressor`.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
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


def _edge_weights(graph, tasks):
    """Return the weights of the edges: symmetric, (n_tasks, n_tasks), zero on the diagonal."""
    if isinstance(graph, str):
        weights = _from_name(graph, tasks)
    elif isinstance(graph, list) and all(isinstance(edge, tuple) for edge in graph):
        weights = _from_edges(graph, tasks)
    else:
        weights = _from_matrix(graph, tasks)
    np.fill_diagonal(weights, 0.0)
    return weights


def _from_name(graph, tasks):
    """Return the weights of the chain of the sorted tasks, or of the complete graph."""
    check_option(graph, "graph", ("chain", "complete"))
    T = len(tasks)
    if graph == "complete":
        return np.full((T, T), 1.0 / T)
    weights = np.zeros((T, T))
    order = np.argsort(tasks, kind="stable")
    weights[order[1:], order[:-1]] = 1.0
    weights[order[:-1], order[1:]] = 1.0
    return weights


def _from_edges(edges, tasks):
    """Return the weights of a list of edges; those of an edge that is given twice add up."""
    weights = np.zeros((len(tasks), len(tasks)))
    ends = []
    for edge in edges:
        if len(edge) != 3 or not isinstance(edge[2], Real):
            raise ValueError(f"graph has the edge {edge!r}, expected (task id, task id, weight).")
        ends += edge[:2]
    codes = codes_of(ends, tasks)
    for task, code in zip(ends, codes, strict=True):
        if code < 0:
            raise ValueError(
                f"graph has an edge to {task!r}, which is no task; tasks are {some_of(tasks)}."
            )
    for edge, (a, b) in zip(edges, codes.reshape(-1, 2), strict=True):
        weights[a, b] += edge[2]
        weights[b, a] = weights[a, b]
    return weights


def _from_matrix(graph, tasks):
    """Return a copy of a matrix of weights, in the order of the tasks."""
    T = len(tasks)
    graph = square_in_order(graph, "graph", tasks)
    if sparse.issparse(graph):
        graph = graph.toarray()
    weights = np.array(graph, dtype=float)
    if weights.shape != (T, T):
        raise ValueError(
            f"graph has shape {weights.shape}, expected ({T}, {T}): weights between the tasks "
            f"{some_of(tasks)}, in this order."
        )
    if np.isfinite(weights).all() and not np.allclose(weights, weights.T, rtol=1e-10, atol=0):
        raise ValueError("graph must be symmetric: an edge pulls both of its tasks.")
    return weights
