"""Standardizing features within each task."""

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import FLOAT_DTYPES, check_is_fitted

from skmtl._data.checks import check_bool, check_option
from skmtl._data.reading import read_features
from skmtl._data.spellings import refuse_dates
from skmtl._data.stratification import split_by_stratum
from skmtl._data.targets import ids_name
from skmtl._data.task_ids import (
    are_exact,
    check_known,
    codes_of,
    column_names,
    column_position,
    encode,
)


class TaskStandardScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardize features within each task to zero mean and unit variance.

    Each task is treated as :class:`~sklearn.preprocessing.StandardScaler` would treat its samples
    alone, so that differences of level and scale between tasks are removed. The task column is
    left unchanged in its place; frames stay frames.

    Parameters
    ----------
    task_column : str or int, default=None
        Column of X that holds the task ids. With None and no `tasks=`, all samples are one task,
        as for `StandardScaler`.
    with_mean : bool, default=True
        Whether to center. Sparse X cannot be centered.
    with_std : bool, default=True
        Whether to divide by the standard deviation. It is taken to be 1 if a feature is constant
        within a task or the task has a single sample.
    handle_unknown : {"error", "shared"}, default="error"
        What `transform` does with tasks that were not seen in fit: raise an error, or use the mean
        and standard deviation of all samples.

    Attributes
    ----------
    mean_ : ndarray of shape (n_tasks, n_features)
        Mean of each feature in each task, without the task column; 0 without `with_mean`. A
        feature that is NaN throughout a task has the mean and scale of all samples.
    scale_ : ndarray of shape (n_tasks, n_features)
        Standard deviation of each feature in each task; 1 without `with_std`.
    shared_mean_ : ndarray of shape (n_features,)
        As `mean_`, of all samples.
    shared_scale_ : ndarray of shape (n_features,)
        As `scale_`, of all samples.
    tasks_ : ndarray of shape (n_tasks,)
        Task ids; [0] if all samples are one task.
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    n_features_in_ : int
        Number of columns of X, the task column included.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Raises
    ------
    ValueError
        If the input is invalid: X is sparse with `with_mean`, X contains infinity, or `transform`
        is given tasks that were not seen in fit, unless ``handle_unknown="shared"``.

    See Also
    --------
    keep_task_column : Apply one scaler to all tasks together.

    Notes
    -----
    NaN in features is ignored in means and standard deviations, and stays NaN.

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
            The data used to compute the means and standard deviations, with the task column.
        y : object
            Ignored, present for API consistency by convention.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `transform` then needs them too.

        Returns
        -------
        self
        """
        check_option(self.handle_unknown, "handle_unknown", ("error", "shared"))
        check_bool(self.with_mean, "with_mean")
        check_bool(self.with_std, "with_std")
        features, task_ids = self._read(X, tasks, reset=True)
        self._by_argument = tasks is not None
        if task_ids is None:
            task_ids = np.zeros(features.shape[0], dtype=int)
        self.tasks_, codes = encode(task_ids, ids_name(self))
        self.n_tasks_ = len(self.tasks_)
        self.n_samples_per_task_ = np.bincount(codes)
        self.shared_mean_, self.shared_scale_ = self._mean_and_scale(features)
        means = []
        scales = []
        for samples in split_by_stratum(codes, np.arange(len(codes))):
            mean, scale = self._mean_and_scale(features[samples])
            means.append(np.where(np.isnan(mean), self.shared_mean_, mean))
            scales.append(np.where(np.isnan(scale), self.shared_scale_, scale))
        self.mean_ = np.stack(means)
        self.scale_ = np.stack(scales)
        return self

    def _read(self, X, tasks, *, reset):
        """Return numeric features and task ids (or None)."""
        features, task_ids = read_features(self, X, tasks, reset=reset, numeric=False)
        refuse_dates(features)
        features = check_array(
            features,
            accept_sparse="csr",
            dtype=FLOAT_DTYPES,
            ensure_all_finite="allow-nan",
            estimator=self,
            input_name="X",
        )
        return features, task_ids

    def _mean_and_scale(self, features):
        """Return the mean and scale of the features of some samples, (n_features,) each."""
        scaler = StandardScaler(with_mean=self.with_mean, with_std=self.with_std)
        with np.errstate(invalid="ignore"):  # a feature that is NaN throughout
            scaler.fit(features)
        n_features = features.shape[1]
        mean = np.zeros(n_features)
        scale = np.ones(n_features)
        if self.with_mean:
            mean = scaler.mean_
        if self.with_std:
            scale = scaler.scale_
        return mean, scale

    def fit_transform(self, X, y=None, *, tasks=None):
        """Fit to X, then transform it.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            The data to fit and to transform, with the task column.
        y : object
            Ignored, present for API consistency by convention.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`.

        Returns
        -------
        {ndarray, sparse matrix, frame} of shape (n_samples, n_columns)
            Standardized data.
        """
        return self.fit(X, tasks=tasks).transform(X, tasks=tasks)

    def transform(self, X, *, tasks=None):
        """Standardize each sample by the mean and scale of its task.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            The data to transform, with the task column. Never modified.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        {ndarray, sparse matrix, frame} of shape (n_samples, n_columns)
            Standardized data, in a container like X: pandas and polars frames stay what they are,
            unless `set_output` asks for another one. Sparse matrices come out as CSR.
        """
        features, mean, scale = self._features_and_scales(X, tasks)
        if sparse.issparse(features):
            features.data /= scale[_entries(features)]
        else:
            features -= mean
            features /= scale
        return self._put_back(X, features)

    def inverse_transform(self, X, *, tasks=None):
        """Scale the data back to their original representation.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            Standardized data, with the task column. Never modified.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        {ndarray, sparse matrix, frame} of shape (n_samples, n_columns)
            Data on the original scale.
        """
        features, mean, scale = self._features_and_scales(X, tasks)
        if sparse.issparse(features):
            features.data *= scale[_entries(features)]
        else:
            features *= scale
            features += mean
        return self._put_back(X, features)

    def _features_and_scales(self, X, tasks):
        """Return a copy of the features, and their means and scales in the task of each sample."""
        check_is_fitted(self)
        features, task_ids = self._read(X, tasks, reset=False)
        if self._by_argument and tasks is None:
            raise ValueError("This TaskStandardScaler was fitted with tasks=; give them here, too.")
        if tasks is not None and not self._by_argument:
            raise ValueError("This TaskStandardScaler was fitted without tasks=.")
        codes = self._codes(task_ids, features.shape[0])
        means = np.vstack([self.mean_, self.shared_mean_])  # the code -1 is the last row
        scales = np.vstack([self.scale_, self.shared_scale_])
        means = means.astype(features.dtype)
        scales = scales.astype(features.dtype)
        return features.copy(), means[codes], scales[codes]

    def _codes(self, task_ids, n_samples):
        """Return the position of each sample's task in `tasks_`, -1 for unseen ones."""
        if task_ids is None:
            return np.zeros(n_samples, dtype=int)
        codes = codes_of(task_ids, self.tasks_, ids_name(self))
        check_known(
            codes,
            task_ids,
            self.tasks_,
            self.handle_unknown,
            instead="standardize them by the mean and standard deviation of all samples",
        )
        return codes

    def _put_back(self, X, features):
        """Return the features in a container like X, together with its task column."""
        if column_names(X) is not None:
            positions = self._feature_positions(X)
            frame = _in_frame(X, features, positions)
            output = _get_output_config("transform", self)
            return _as_pandas(frame) if output["dense"] == "pandas" else frame
        if self.task_column is None:
            return features
        if sparse.issparse(X):
            j = column_position(None, X.shape[1], self.task_column)
            task_ids = X.tocsc()[:, [j]]
            if not are_exact(task_ids.data, features.dtype):
                raise ValueError(
                    f"Scaled features in a sparse X are {features.dtype} numbers, of which the "
                    "largest task ids would be equal: give smaller ids, or a dense X."
                )
            parts = [features[:, :j], task_ids, features[:, j:]]
            return sparse.hstack(parts, format="csr", dtype=features.dtype)
        X = check_array(X, dtype=None, ensure_all_finite=False)
        dtype = features.dtype
        if X.dtype == object or not are_exact(self._ids_in(X), dtype):
            dtype = object
        out = X.astype(dtype)
        out[:, self._feature_positions(X)] = features
        return out

    def _ids_in(self, X):
        """Return the task column of an array."""
        return X[:, column_position(None, X.shape[1], self.task_column)]

    def _feature_positions(self, X):
        """Return the positions of all columns but the task column."""
        positions = list(range(X.shape[1]))
        if self.task_column is not None:
            names = column_names(X)
            del positions[column_position(names, X.shape[1], self.task_column)]
        return positions


def _entries(X):
    """Return the row and the column of every stored entry of a CSR matrix."""
    n_stored = np.diff(X.indptr)
    rows = np.repeat(np.arange(X.shape[0]), n_stored)
    return rows, X.indices


def _in_frame(X, features, positions):
    """Return a frame like X with the features in the columns at `positions`."""
    if hasattr(X, "iloc"):
        out = X.copy()
        for k, j in enumerate(positions):
            out.isetitem(j, features[:, k])
        return out
    import polars

    columns = []
    for k, j in enumerate(positions):
        columns.append(polars.Series(X.columns[j], features[:, k]))
    return X.with_columns(columns)


def _as_pandas(frame):
    """Return a frame as one of pandas, column by column, so that no id passes through floats."""
    if hasattr(frame, "iloc"):
        return frame
    import pandas

    return pandas.DataFrame({name: frame[name].to_numpy() for name in frame.columns})
