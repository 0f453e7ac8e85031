"""A transformer of features that leaves the task column alone."""

from functools import partial

from sklearn.compose import ColumnTransformer

from skmtl.preprocessing._task_layouts import _other_columns


def keep_task_column(transformer, task_column):
    """Apply a transformer to every column but the task column, which passes through unchanged.

    A `StandardScaler` on the whole of X would scale the task ids without a word, and a `PCA` mix
    them with the features. Here they come out as they went in, as the last column: the next step
    finds them with ``task_column=-1``, or by name after ``.set_output(transform="pandas")``
    (columns keep their names, without prefix).

    Parameters
    ----------
    transformer : transformer
        Any scikit-learn transformer or pipeline of them; the number of columns may change.
    task_column : str or int
        Column of X that holds the task ids, by name (for frames) or position.

    Returns
    -------
    ColumnTransformer
        Not yet fitted. The given transformer is its step "features".

    Notes
    -----
    Without `set_output`, string ids and numeric features come out as one object array, which the
    estimators of skmtl take as it is. Strings do not fit into a sparse matrix: where the
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
    return ColumnTransformer(
        [("features", transformer, partial(_other_columns, task_column=task_column))],
        remainder="passthrough",  # comes after the named steps
        verbose_feature_names_out=False,
    )
