"""Standardizing features within each task."""

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array
from sklearn.utils.validation import FLOAT_DTYPES, check_is_fitted

from skmtl._data.checks import check_bool, check_option
from skmtl._data.reading import read_features
from skmtl._data.task_ids import codes_of, column_names, column_position, encode, some_of


class TaskStandardScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardize features within each task: subtract its mean, divide by its deviation.

    Each task is treated as :class:`~sklearn.preprocessing.StandardScaler` would treat its rows
    alone, so that differences of level and scale between tasks are gone afterwards. The task
    column stays where it is and as it is; frames stay frames.

    Parameters
    ----------
    task_column : str or int, default=None
        Column of X that holds the task ids. With None and no `tasks=` all rows are one task, as
        for `StandardScaler`.
    with_mean : bool, default=True
        Whether to center. Sparse X cannot be centered.
    with_std : bool, default=True
        Whether to divide by the standard deviation, which is taken to be 1 where a feature is
        constant within a task or the task has a single row.
    handle_unknown : {"error", "shared"}, default="error"
        What `transform` does with tasks that fit did not see: raise, or use the mean and standard
        deviation of all rows.

    Attributes
    ----------
    mean_ : ndarray of shape (n_tasks, n_features)
        What is subtracted, without the task column: 0 without `with_mean`. A feature that is NaN
        throughout a task has the figures of all rows.
    scale_ : ndarray of shape (n_tasks, n_features)
        What is divided by: 1 without `with_std`.
    shared_mean_ : ndarray of shape (n_features,)
        As `mean_`, of all rows.
    shared_scale_ : ndarray of shape (n_features,)
        As `scale_`, of all rows.
    tasks_ : ndarray of shape (n_tasks,)
        Task ids; 0 where all rows are one task.
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    n_features_in_ : int
        With the task column.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Raises
    ------
    ValueError
        For sparse X with `with_mean`, infinity in X, and in `transform` for unseen tasks unless
        ``handle_unknown="shared"``.

    See Also
    --------
    keep_task_column : One scaler for all tasks together.

    Notes
    -----
    NaN in features is left out of means and deviations and stays NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import TaskStandardScaler
    >>> X = np.array([[1.0, 0], [3.0, 0], [10.0, 1], [30.0, 1]])
    >>> TaskStandardScaler(task_column=1).fit_transform(X)
    array([[-1.,  0.],
           [ 1.,  0.],
           [-1.,  1.],
           [ 1.,  1.]])
    """

    def __init__(self, *, task_column=None, with_mean=True, with_std=True, handle_unknown="error"):
        self.task_column = task_column
        self.with_mean = with_mean
        self.with_std = with_std
        self.handle_unknown = handle_unknown

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = self.with_mean is False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X, y=None, *, tasks=None):
        """Compute the mean and standard deviation of each task.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        y : object
            Not looked at.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `transform` then needs them too.

        Returns
        -------
        self
        """
        check_option(self.handle_unknown, "handle_unknown", ("error", "shared"))
        check_bool(self.with_mean, "with_mean")
        check_bool(self.with_std, "with_std")
        features, labels = self._read(X, tasks, reset=True)
        self._by_argument = tasks is not None
        labels = np.zeros(features.shape[0], dtype=int) if labels is None else labels
        self.tasks_, codes = encode(labels, self._ids_name())
        self.n_tasks_, self.n_samples_per_task_ = len(self.tasks_), np.bincount(codes)
        self.shared_mean_, self.shared_scale_ = self._figures(features)
        figures = [self._figures(features[codes == t]) for t in range(self.n_tasks_)]
        means, scales = (np.stack(part) for part in zip(*figures, strict=True))
        self.mean_ = np.where(np.isnan(means), self.shared_mean_, means)
        self.scale_ = np.where(np.isnan(scales), self.shared_scale_, scales)
        return self

    def _ids_name(self):
        return "tasks" if self.task_column is None else f"task_column={self.task_column!r}"

    def _read(self, X, tasks, *, reset):
        """Numeric features and task ids (or None)."""
        features, labels = read_features(self, X, tasks, reset=reset, numeric=False)
        features = check_array(
            features,
            accept_sparse="csr",
            dtype=FLOAT_DTYPES,
            ensure_all_finite="allow-nan",
            estimator=self,
            input_name="X",
        )
        return features, labels

    def _figures(self, rows):
        """Mean and scale of the features of some rows."""
        scaler = StandardScaler(with_mean=self.with_mean, with_std=self.with_std)
        with np.errstate(invalid="ignore"):  # a feature that is NaN throughout
            scaler.fit(rows)
        n_features = rows.shape[1]
        mean = scaler.mean_ if self.with_mean else np.zeros(n_features)
        scale = scaler.scale_ if self.with_std else np.ones(n_features)
        return mean, scale

    def fit_transform(self, X, y=None, *, tasks=None):
        """Fit, then transform the same rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        y : object
            Not looked at.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`.

        Returns
        -------
        {ndarray, sparse matrix, frame} of shape (n_samples, n_columns)
        """
        return self.fit(X, tasks=tasks).transform(X, tasks=tasks)

    def transform(self, X, *, tasks=None):
        """Standardize each row by its task.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            Never modified.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        {ndarray, sparse matrix, frame} of shape (n_samples, n_columns)
            As X: pandas and polars frames stay what they are, unless `set_output` asks for another
            container. Sparse matrices come out as CSR.
        """
        features, mean, scale = self._rows(X, tasks)
        if sparse.issparse(features):
            features.data /= scale[_entries(features)]
        else:
            features -= mean
            features /= scale
        return self._put_back(X, features)

    def inverse_transform(self, X, *, tasks=None):
        """Undo `transform`.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            Standardized rows, with the task column. Never modified.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        {ndarray, sparse matrix, frame} of shape (n_samples, n_columns)
        """
        features, mean, scale = self._rows(X, tasks)
        if sparse.issparse(features):
            features.data *= scale[_entries(features)]
        else:
            features *= scale
            features += mean
        return self._put_back(X, features)

    def _rows(self, X, tasks):
        """A copy of the features, and the mean and scale of each row."""
        check_is_fitted(self)
        features, labels = self._read(X, tasks, reset=False)
        if (tasks is not None) != self._by_argument:
            raise ValueError(
                "This TaskStandardScaler was fitted "
                + ("with tasks=; give them here, too." if tasks is None else "without tasks=.")
            )
        codes = self._codes(labels, features.shape[0])
        means = np.vstack([self.mean_, self.shared_mean_])  # code -1 is the last row
        scales = np.vstack([self.scale_, self.shared_scale_])
        dtype = features.dtype
        return features.copy(), means.astype(dtype)[codes], scales.astype(dtype)[codes]

    def _codes(self, labels, n_rows):
        """Position of each row's task in `tasks_`, -1 for unseen ones."""
        if labels is None:
            return np.zeros(n_rows, dtype=int)
        codes = codes_of(labels, self.tasks_, self._ids_name())
        unknown = codes < 0
        if unknown.any() and self.handle_unknown == "error":
            raise ValueError(
                f"Found task(s) {some_of(np.unique(labels[unknown]))} that were not seen in fit, "
                f"which had {some_of(self.tasks_)}. Set handle_unknown='shared' to standardize "
                "them by the mean and standard deviation of all rows."
            )
        return codes

    def _put_back(self, X, features):
        """The features in a container like X, between its other columns."""
        if column_names(X) is not None:
            return _in_frame(X, features, self._feature_positions(X))
        if self.task_column is None:
            return features
        if sparse.issparse(X):
            j = column_position(None, X.shape[1], self.task_column)
            parts = [features[:, :j], X.tocsc()[:, [j]], features[:, j:]]
            return sparse.hstack(parts, format="csr", dtype=features.dtype)
        X = check_array(X, dtype=None, ensure_all_finite=False)
        out = np.empty(X.shape, dtype=object if X.dtype == object else features.dtype)
        out[:] = X
        out[:, self._feature_positions(X)] = features
        return out

    def _feature_positions(self, X):
        """Positions of all columns but the task column."""
        n_columns = X.shape[1]
        if self.task_column is None:
            return list(range(n_columns))
        task = column_position(column_names(X), n_columns, self.task_column)
        return [j for j in range(n_columns) if j != task]


def _entries(X):
    """Row and column of every stored entry of a CSR matrix."""
    return np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices


def _in_frame(X, features, positions):
    """A frame like X with new numbers in some columns."""
    if hasattr(X, "iloc"):
        out = X.copy()
        for k, j in enumerate(positions):
            out.isetitem(j, features[:, k])
        return out
    import polars

    return X.with_columns(
        [polars.Series(X.columns[j], features[:, k]) for k, j in enumerate(positions)]
    )
