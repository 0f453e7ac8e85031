"""A transformer of features that leaves the task column alone."""

from functools import partial

import numpy as np
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer

from skmtl._data.in_memory import check_in_memory
from skmtl._data.task_ids import are_exact, column_names, column_position


def keep_task_column(transformer, task_column):
    """Apply a transformer to every column but the task column, which passes through unchanged.

    A `StandardScaler` of all columns would silently scale the task ids, and a `PCA` would mix them
    with the features. Here they come out as they went in, as the last column: the next step
    finds them with ``task_column=-1``, or by name after ``.set_output(transform="pandas")``
    (columns keep their names, without prefix).

    Parameters
    ----------
    transformer : transformer
        Any scikit-learn transformer or pipeline of transformers; it may change the number of
        columns.
    task_column : str or int
        Column of X that holds the task ids, by name (for frames) or position.

    Returns
    -------
    ColumnTransformer
        Not yet fitted. The given transformer is its step "features".

    Notes
    -----
    Without `set_output`, string ids and numeric features come out as one object array, which the
    estimators of skmtl accept; so do integers that are too large for floats. Strings do not fit
    into a sparse matrix: where the transformer returns one, add
    ``.set_params(sparse_threshold=0)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmtl import MultiTaskLasso, keep_task_column
    >>> X = np.array([[7, 1.0], [7, 3.0], [8, 1.0], [8, 3.0]])  # task ids first
    >>> scale = keep_task_column(StandardScaler(), task_column=0)
    >>> scale.fit_transform(X)
    array([[-1.,  7.],
           [ 1.,  7.],
           [-1.,  8.],
           [ 1.,  8.]])
    >>> model = make_pipeline(scale, MultiTaskLasso(alpha=0.1, task_column=-1))
    >>> model.fit(X, [1.0, 3.0, 2.0, 4.0]).predict(X).shape
    (4,)
    """
    other_columns = partial(_other_columns, task_column=task_column)  # unlike a lambda, it pickles
    task_ids = FunctionTransformer(_exact_ids, feature_names_out="one-to-one")
    return ColumnTransformer(
        [("features", transformer, other_columns)],
        remainder=task_ids,  # comes after the named steps
        verbose_feature_names_out=False,
    )


def _other_columns(X, task_column):
    """Return the positions of all columns but the task column."""
    check_in_memory(X=X)
    n_columns = X.shape[1]
    position = column_position(column_names(X), n_columns, task_column)
    return [j for j in range(n_columns) if j != position]


def _exact_ids(column):
    """Return the task column, as objects if numbers next to the features would round its ids."""
    if sparse.issparse(column) or hasattr(column, "get_columns"):  # polars has no such objects
        return column
    ids = np.asarray(column)
    return column if are_exact(ids, float) else ids.astype(object)
