"""Which tasks are alike, as a fitted model or its residuals see them."""

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch, check_array, check_consistent_length, get_tags
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_option
from skmtl._data.reading import read_features
from skmtl._data.task_ids import check_task_ids, missing_mask, split_task_column
from skmtl._task_covariance.correlations import correlations
from skmtl.inspection.coefficients import task_coefficients
from skmtl.meta import PooledTasks
from skmtl.meta.pipelines import fitted_final, has_steps, seen_by_final

_WITH_COVARIANCE = (
    "ClusteredTaskRegressor, ClusteredTaskRegressorCV, ClusteredTaskClassifier, "
    "TaskRelationshipRegressor, TaskRelationshipClassifier, MultiTaskRelationshipKernelRidge, "
    "MultiTaskRelationshipKernelRidgeCV and MultiTaskGaussianProcessRegressor do; "
    "MultiTaskKernelRidge and MultiTaskKernelRidgeCV are given one"
)


def task_similarity(
    estimator, X=None, y=None, *, kind="coefficients", task_column=None, tasks=None
):
    """Similarity of tasks in [-1, 1], from a fitted estimator and without any further fit.

    Similar tasks need not help each other: with many rows neither has anything to learn from the
    other. :func:`task_transfer_matrix` measures help.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Fitted. Its last step is looked at; of a search, that of its best estimator.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns), default=None
        As the estimator takes it. With "coefficients" each feature that the last step sees counts
        with its standard deviation over these rows, as if it had been standardized before the fit;
        None takes the coefficients as they are, which depend on the units of the features.
    y : array-like of shape (n_samples, n_tasks), default=None
        Targets, NaN where one is missing; for "residuals" only.
    kind : {"coefficients", "covariance", "residuals"}, default="coefficients"
        "coefficients" is the cosine of the tasks' coefficient vectors (of the classes one after
        the other, where there are more than two); a task with zero coefficients has similarity 0
        with others and 1 with itself. "covariance" is the correlation that belongs to the
        `task_covariance_` of models which learn one. "residuals" is the correlation of
        ``y - predict(X)`` over the rows that two tasks share: what the features leave unexplained
        in both. It is NaN for fewer than three such rows or without any spread. On the rows of the
        fit residuals are smaller than on others; hold rows out if in doubt.
    task_column : str or int, default=None
        Column of X with the task ids, for estimators that were fitted without one.
    tasks : array-like of shape (n_samples,), default=None
        Task ids of the rows of X, where they are no column of it.

    Returns
    -------
    result : Bunch
        ``similarity``, ndarray of shape (n_tasks, n_tasks), and ``tasks``, their labels in its
        order.

    Raises
    ------
    TypeError
        For models that have no coefficients of tasks, learn no covariance, or (with "residuals")
        are no regressors.
    ValueError
        For an unknown kind; with "residuals" for X or y that is missing, and for tasks with rows
        of their own: they share none.

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
        raise TypeError(f"{final!r} is not a multi-task estimator of skmtl.")
    long = task_column is not None or tasks is not None
    if kind == "residuals":
        similarity = _residual_correlation(estimator, final, X, y, long)
    elif kind == "covariance":
        similarity = _covariance_correlation(final)
    else:
        coef = _coefficients(final)
        if X is not None:
            deviations = _deviations(estimator, final, X, task_column, tasks)
            coef = coef * deviations
        similarity = _cosines(coef.reshape(len(coef), -1))
    return Bunch(similarity=similarity, tasks=final.tasks_)


def _coefficients(final):
    """(n_tasks, n_features), or (n_tasks, n_classes, n_features) for more than two classes."""
    pooled = isinstance(final, PooledTasks)  # its tasks have the same ones
    coef = None if pooled else task_coefficients(final)
    if coef is None:
        raise TypeError(
            f"{final!r} has no coefficients of each task: kind='coefficients' takes linear models."
        )
    shapes = {np.shape(one) for one in coef}
    if len(shapes) > 1:
        raise TypeError(
            f"The coefficients of tasks have shapes {sorted(shapes)}: tasks of different numbers "
            "of classes cannot be compared by them."
        )
    coef = np.array([np.asarray(one, dtype=float) for one in coef])
    if coef.ndim == 3 and coef.shape[1] > 1:  # softmax: what all classes share means nothing
        coef = coef - coef.mean(axis=1, keepdims=True)
    return coef


def _deviations(estimator, final, X, task_column, tasks):
    """Standard deviations of the features as the last step sees them, (n_features,)."""
    if tasks is not None:
        check_consistent_length(X, check_task_ids(tasks))
    if any(has_steps(one) for one in getattr(final, "estimators_", ())):
        raise ValueError(
            f"The tasks of {final!r} have steps of their own before the coefficients, which may "
            "scale features already: call task_similarity without X."
        )
    own = getattr(final, "task_column", None)
    X = seen_by_final(estimator, X)
    if own is None and task_column is not None:
        X = split_task_column(X, task_column, read=False)[0]
    features, _ = read_features(final, X, reset=False, ids=False)
    return np.sqrt(StandardScaler(with_mean=False).fit(features).var_)


def _cosines(vectors):
    """Cosines of rows; 0 with a zero row, 1 on the diagonal."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    similarity = np.clip(units @ units.T, -1.0, 1.0)
    np.fill_diagonal(similarity, 1.0)
    return similarity


def _covariance_correlation(final):
    if not hasattr(final, "task_covariance_"):
        raise TypeError(f"{type(final).__name__} learns no task covariance; {_WITH_COVARIANCE}.")
    return correlations(np.asarray(final.task_covariance_))


def _residual_correlation(estimator, final, X, y, long):
    if get_tags(final).estimator_type != "regressor":
        raise TypeError(f"kind='residuals' takes regressors, got {final!r}.")
    if long or final._layout != "wide":
        raise ValueError(
            "kind='residuals' needs tasks that share rows, y of shape (n_samples, n_tasks); these "
            "tasks have rows of their own. Use kind='coefficients'."
        )
    if X is None or y is None:
        missing = " and ".join(name for name, value in (("X", X), ("y", y)) if value is None)
        raise ValueError(f"kind='residuals' needs X and y, but {missing} is None.")
    y = check_array(y, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y")
    prediction = estimator.predict(X)
    if y.shape != prediction.shape:
        raise ValueError(f"y has shape {y.shape}, but the predictions {prediction.shape}.")
    return _pairwise_correlation(y - prediction)


def _pairwise_correlation(R):
    """Correlations of columns over the rows where neither is NaN; NaN for fewer than three."""
    here = ~missing_mask(R)
    R, m = np.where(here, R - np.nanmean(R, axis=0), 0.0), here.astype(float)
    n, sums, squares = m.T @ m, R.T @ m, (R**2).T @ m
    # over the rows of s and t: sums[s, t] of s, sums[t, s] of t
    covariance = n * (R.T @ R) - sums * sums.T
    spread = n * squares - sums**2
    spread[spread <= 1e-12 * n * squares] = 0.0
    scale = np.sqrt(spread * spread.T)
    known = (n >= 3) & (scale > 0)
    correlation = np.divide(covariance, scale, out=np.full(n.shape, np.nan), where=known)
    correlation = np.clip(correlation, -1.0, 1.0)
    own = np.eye(len(n), dtype=bool)
    correlation[own & known] = 1.0
    return correlation
