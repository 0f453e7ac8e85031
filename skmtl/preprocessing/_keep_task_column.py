"""A transformer of features that leaves the task column alone."""

from functools import partial

from sklearn.compose import ColumnTransformer

from skmtl._data.task_ids import column_names, column_position


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
    estimators of skmtl accept. Strings do not fit into a sparse matrix: where the
    transformer returns one, add ``.set_params(sparse_threshold=0)``.

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
    return ColumnTransformer(
        [("features", transformer, other_columns)],
        remainder="passthrough",  # comes after the named steps
        verbose_feature_names_out=False,
    )


def _other_columns(X, task_column):
    """Return the positions of all columns but the task column."""
    n_columns = X.shape[1]
    position = column_position(column_names(X), n_columns, task_column)
    return [j for j in range(n_columns) if j != position]
