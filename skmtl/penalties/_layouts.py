"""The two layouts of coefficients of tasks that have several columns each, as softmax has."""

import numpy as np


def stack_columns(W, n_columns):
    """(n_features, n_tasks * n_columns) -> (n_columns * n_features, n_tasks)."""
    n_features, n_all_columns = W.shape
    n_tasks = n_all_columns // n_columns
    by_task = W.reshape(n_features, n_tasks, n_columns)
    columns_first = by_task.transpose(2, 0, 1)
    return columns_first.reshape(-1, n_tasks)


def unstack_columns(W, n_columns):
    """(n_columns * n_features, n_tasks) -> (n_features, n_tasks * n_columns)."""
    n_features = len(W) // n_columns
    n_tasks = W.shape[1]
    by_column = W.reshape(n_columns, n_features, n_tasks)
    features_first = by_column.transpose(1, 2, 0)
    unstacked = features_first.reshape(n_features, -1)
    return np.ascontiguousarray(unstacked)
