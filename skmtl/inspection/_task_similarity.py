"""How similar tasks are: their coefficients, their learned covariance, their residuals."""

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch, check_array, check_consistent_length, get_tags
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_option
from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl._data.reading import read_features
from skmtl._data.target_names import targets_in_order
from skmtl._data.task_ids import check_task_ids, missing_mask, split_task_column
from skmtl._task_covariance.correlations import correlations
from skmtl.base import namesake
from skmtl.inspection.coefficients import task_coefficients
from skmtl.meta import PooledTasks
from skmtl.meta.pipelines import has_steps

_ROUNDING = 1e-13  # of predictions, relative to the largest target of a task
_WITH_COVARIANCE = (
    "ClusteredTaskRegressor, ClusteredTaskRegressorCV, ClusteredTaskClassifier, "
    "TaskRelationshipRegressor, TaskRelationshipClassifier, MultiTaskRelationshipKernelRidge, "
    "MultiTaskRelationshipKernelRidgeCV, MultiTaskGaussianProcessRegressor, "
    "MultiTaskSparseGaussianProcessRegressor and MultiTaskGaussianProcessClassifier do; "
    "MultiTaskKernelRidge and MultiTaskKernelRidgeCV are given one"
)


def task_similarity(
    estimator, X=None, y=None, *, kind="coefficients", task_column=None, tasks=None
):
    """Compute similarities of tasks in [-1, 1] from a fitted estimator, without further fits.

    Similar tasks need not help each other: with many samples, neither has anything to learn from
    the other. :func:`task_transfer_matrix` measures help.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Fitted. The model is the last step of a pipeline, and that of the best estimator of a
        search.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns), default=None
        Data, as the estimator takes it. With "coefficients", the coefficients of each feature that
        the last step sees are multiplied by its standard deviation over these samples, as if it
        had been standardized before the fit; None takes the coefficients as they are, which depend
        on the units of the features.
    y : array-like of shape (n_samples, n_tasks), default=None
        Targets, NaN where a target is missing; for "residuals" only.
    kind : {"coefficients", "covariance", "residuals"}, default="coefficients"
        "coefficients" is the cosine of the tasks' coefficient vectors (with more than two classes,
        those of all classes one after the other); a task with zero coefficients has similarity 0
        with others and 1 with itself. "covariance" is the correlation that belongs to the
        `task_covariance_` of models that learn one. "residuals" is the correlation of
        ``y - predict(X)`` over the samples that two tasks share: what the features leave
        unexplained in both. It is NaN if there are fewer than three such samples or if the
        residuals are constant. Residuals are smaller on the training data than on new data; hold
        samples out if in doubt.
    task_column : str or int, default=None
        Column of X with the task ids, for estimators that were fitted without one.
    tasks : array-like of shape (n_samples,), default=None
        Task ids of the samples of X, if they are no column of it.

    Returns
    -------
    result : Bunch
        similarity : ndarray of shape (n_tasks, n_tasks)
            The similarities.
        tasks : ndarray of shape (n_tasks,)
            Task ids, in the order of the matrix.

    Raises
    ------
    TypeError
        If the model has no coefficients for each task, learns no task covariance, or (with
        "residuals") is no regressor.
    ValueError
        If the kind is unknown; with "residuals", if X or y is missing or if the tasks have samples
        of their own, since they share none.

    See Also
    --------
    task_transfer_matrix : Which tasks help which.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskLasso, task_similarity
    >>> X = np.random.default_rng(0).standard_normal((50, 2)) * [1, 100]
    >>> Y = X @ np.array([[1, 1, 1], [0.01, 0.01, -0.01]])
    >>> model = MultiTaskLasso(alpha=1e-6).fit(X, Y)
    >>> task_similarity(model).similarity.round(1)  # the second feature hardly counts
    array([[1., 1., 1.],
           [1., 1., 1.],
           [1., 1., 1.]])
    >>> bool(abs(task_similarity(model, X).similarity[0, 2]) < 0.2)  # both count alike
    True
    """
    check_option(kind, "kind", ("coefficients", "covariance", "residuals"))
    final = fitted_final(estimator)
    check_is_fitted(final)
    if not hasattr(final, "tasks_"):
        raise TypeError(f"{final!r} is not a multi-task estimator of skmtl{namesake(final)}.")
    if kind == "residuals":
        is_long = task_column is not None or tasks is not None
        similarity = _residual_correlation(estimator, final, X, y, is_long)
    elif kind == "covariance":
        similarity = _covariance_correlation(final)
    else:
        coef = _coefficients(final)
        if X is not None:
            coef = coef * _deviations(estimator, final, X, task_column, tasks)
        vectors = coef.reshape(len(coef), -1)
        similarity = _cosines(vectors)
    return Bunch(similarity=similarity, tasks=final.tasks_)


def _coefficients(final):
    """(n_tasks, n_features), or (n_tasks, n_classes, n_features) for more than two classes."""
    is_pooled = isinstance(final, PooledTasks)  # all tasks have the same coefficients
    coefs = None if is_pooled else task_coefficients(final)
    if coefs is None:
        raise TypeError(
            f"{final!r} has no coefficients of each task: kind='coefficients' takes linear models."
        )
    shapes = {np.shape(coef) for coef in coefs}
    if len(shapes) > 1:
        raise TypeError(
            f"The coefficients of tasks have shapes {sorted(shapes)}: tasks of different numbers "
            "of classes cannot be compared by them."
        )
    coef = np.array(coefs, dtype=float)
    if coef.ndim == 3 and coef.shape[1] > 1:  # softmax: what all classes share has no effect
        coef = coef - coef.mean(axis=1, keepdims=True)
    return coef


def _deviations(estimator, final, X, task_column, tasks):
    """Standard deviations of the features as the last step sees them, (n_features,)."""
    if tasks is not None:
        task_ids = check_task_ids(tasks)
        check_consistent_length(X, task_ids)
    if any(has_steps(one) for one in getattr(final, "estimators_", ())):
        raise ValueError(
            f"The tasks of {final!r} have steps of their own before the coefficients, which may "
            "scale features already: call task_similarity without X."
        )
    X = seen_by_final(estimator, X)
    if final.task_column is None and task_column is not None:
        X, _ = split_task_column(X, task_column, read=False)
    features, _ = read_features(final, X, reset=False, ids=False)
    scaler = StandardScaler(with_mean=False).fit(features)
    return np.sqrt(scaler.var_)


def _cosines(vectors):
    """Cosines of every two rows; 0 with a row of zeros, 1 on the diagonal."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = np.zeros_like(vectors)
    np.divide(vectors, norms, out=units, where=norms > 0)
    similarity = np.clip(units @ units.T, -1.0, 1.0)
    np.fill_diagonal(similarity, 1.0)
    return similarity


def _covariance_correlation(final):
    """Correlations of the learned task covariance."""
    if not hasattr(final, "task_covariance_"):
        raise TypeError(f"{type(final).__name__} learns no task covariance; {_WITH_COVARIANCE}.")
    return correlations(np.asarray(final.task_covariance_))


def _residual_correlation(estimator, final, X, y, is_long):
    """Correlations of the residuals of tasks that share samples."""
    if get_tags(final).estimator_type != "regressor":
        raise TypeError(f"kind='residuals' takes regressors, got {final!r}.")
    if is_long or final._layout != "wide":
        raise ValueError(
            "kind='residuals' needs tasks that share samples, y of shape (n_samples, n_tasks); "
            "these tasks have samples of their own. Use kind='coefficients'."
        )
    missing = [name for name, value in (("X", X), ("y", y)) if value is None]
    if missing:
        raise ValueError(f"kind='residuals' needs X and y, but {' and '.join(missing)} is None.")
    y = targets_in_order(y, final.tasks_)
    y = check_array(y, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y")
    predictions = estimator.predict(X)
    if y.shape != predictions.shape:
        raise ValueError(f"y has shape {y.shape}, but the predictions {predictions.shape}.")
    residuals = y - predictions
    rounding = _ROUNDING * np.fmax.reduce(np.abs(y), axis=0)
    is_exact = np.fmax.reduce(np.abs(residuals), axis=0) <= rounding
    residuals[:, is_exact] *= 0.0  # what is left is rounding; NaN stays
    return _pairwise_correlation(residuals)


def _pairwise_correlation(residuals):
    """Correlations of columns over the rows where neither is NaN; NaN for fewer than three."""
    is_known = ~missing_mask(residuals)
    centered = residuals - np.nanmean(residuals, axis=0)
    units = np.fmax.reduce(np.abs(centered), axis=0)
    R = np.where(is_known, centered / np.where(units > 0, units, 1.0), 0.0)
    mask = is_known.astype(float)
    # Entry (s, t) of sums and squares is of the residuals of s, over the samples s and t share.
    n = mask.T @ mask
    sums = R.T @ mask
    squares = (R**2).T @ mask
    covariance = n * (R.T @ R) - sums * sums.T
    spread = n * squares - sums**2
    spread[spread <= 1e-12 * n * squares] = 0.0
    scale = np.sqrt(spread * spread.T)
    is_defined = (n >= 3) & (scale > 0)
    correlation = np.full(n.shape, np.nan)
    np.divide(covariance, scale, out=correlation, where=is_defined)
    np.clip(correlation, -1.0, 1.0, out=correlation)
    is_diagonal = np.eye(len(n), dtype=bool)
    correlation[is_diagonal & is_defined] = 1.0
    return correlation
