"""Graphs of tasks: from what the user passes to a Laplacian."""

from numbers import Real

import numpy as np
from scipy import sparse

from skmtl._data.checks import check_option
from skmtl._data.task_ids import codes_of, some_of
from skmtl._data.task_order import order_of_ids
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
    weights = edge_weights(graph, tasks).toarray()
    return np.diag(weights.sum(axis=1)) - weights


def edge_weights(graph, tasks):
    """Return the weights of the edges: a csr_array (n_tasks, n_tasks), zero on the diagonal.

    They are symmetric, finite and at least 0.

    Parameters
    ----------
    graph, tasks
        As in :func:`laplacian`.
    """
    if isinstance(graph, str):
        weights = _from_name(graph, tasks)
    elif isinstance(graph, list) and all(isinstance(edge, tuple) for edge in graph):
        weights = _from_edges(graph, tasks)
    else:
        weights = _from_matrix(graph, tasks)
    weights = sparse.coo_array(weights)
    of_edges = (weights.row != weights.col) & (weights.data != 0)
    ends = (weights.row[of_edges], weights.col[of_edges])
    weights = sparse.csr_array((weights.data[of_edges], ends), shape=weights.shape)
    if not np.isfinite(weights.data).all():
        raise ValueError("graph holds weights that are NaN or infinite.")
    if (weights.data < 0).any():
        raise ValueError(
            f"graph has an edge of weight {weights.min():.4g}: weights must be at least 0, since "
            "edges pull tasks together; tasks that repel each other have no convex penalty."
        )
    return weights


def _from_name(graph, tasks):
    """Return the weights of the chain of the sorted tasks, or of the complete graph."""
    check_option(graph, "graph", ("chain", "complete"))
    T = len(tasks)
    if graph == "complete":
        return np.full((T, T), 1.0 / T)
    order = order_of_ids(tasks, "a list of edges (task id, task id, weight) gives another chain")
    neighbors = (order[1:], order[:-1])
    weights = sparse.csr_array((np.ones(T - 1), neighbors), shape=(T, T))
    return weights + weights.T


def _from_edges(edges, tasks):
    """Return the weights of a list of edges; those of an edge that is given twice add up."""
    ends = []
    weights = []
    for edge in edges:
        if len(edge) != 3 or not isinstance(edge[2], Real):
            raise ValueError(f"graph has the edge {edge!r}, expected (task id, task id, weight).")
        ends += edge[:2]
        weights.append(float(edge[2]))
    codes = codes_of(ends, tasks)
    for task, code in zip(ends, codes, strict=True):
        if code < 0:
            raise ValueError(
                f"graph has an edge to {task!r}, which is no task; tasks are {some_of(tasks)}."
            )
    pairs = (codes[::2], codes[1::2])
    one_way = sparse.csr_array((weights, pairs), shape=(len(tasks), len(tasks)))
    return one_way + one_way.T


def _from_matrix(graph, tasks):
    """Return a matrix of weights, sparse, in the order of the tasks."""
    T = len(tasks)
    weights = square_in_order(graph, "graph", tasks)
    if not sparse.issparse(weights):
        weights = np.array(weights, dtype=float)
    if weights.shape != (T, T):
        raise ValueError(
            f"graph has shape {weights.shape}, expected ({T}, {T}): weights between the tasks "
            f"{some_of(tasks)}, in this order."
        )
    weights = sparse.csr_array(weights, dtype=float)
    difference = np.abs(weights - weights.T)
    if difference.nnz:
        excess = difference - 1e-10 * np.abs(weights)
        if (excess.data > 0).any():
            raise ValueError("graph must be symmetric: an edge pulls both of its tasks.")
    return weights
