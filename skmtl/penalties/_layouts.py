"""The two layouts of coefficients of tasks that have several columns each, as softmax has.

`n_columns` is the number of columns of every task, or a tuple of one number for each; the long
columns of tasks that have fewer than others end in zeros.
"""

import numpy as np


def stack_columns(W, n_columns):
    """(n_features, n_columns of all tasks) -> (n_columns * n_features, n_tasks)."""
    if isinstance(n_columns, tuple):
        n_columns, places = _places(n_columns)
        narrow = W
        W = np.zeros((len(narrow), places.size))
        W[:, places.ravel()] = narrow
    n_features, n_all_columns = W.shape
    n_tasks = n_all_columns // n_columns
    by_task = W.reshape(n_features, n_tasks, n_columns)
    columns_first = by_task.transpose(2, 0, 1)
    return columns_first.reshape(-1, n_tasks)


def unstack_columns(W, n_columns):
    """(n_columns * n_features, n_tasks) -> (n_features, n_columns of all tasks)."""
    places = None
    if isinstance(n_columns, tuple):
        n_columns, places = _places(n_columns)
    n_features = len(W) // n_columns
    n_tasks = W.shape[1]
    by_column = W.reshape(n_columns, n_features, n_tasks)
    features_first = by_column.transpose(1, 2, 0)
    unstacked = features_first.reshape(n_features, -1)
    if places is not None:
        unstacked = unstacked[:, places.ravel()]
    return np.ascontiguousarray(unstacked)


def _places(n_columns):
    """The most columns of a task, and a mask (n_tasks, most) of those that there are."""
    sizes = np.array(n_columns)
    most = int(sizes.max())
    return most, np.arange(most) < sizes[:, None]
