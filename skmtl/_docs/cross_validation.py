"""Paragraphs of the cross-validated estimators."""

PARAGRAPHS = {
    "cv_parameters": """
eps : float, default=1e-3
    Smallest alpha of the grid relative to the largest, in (0, 1].
alphas : int or array-like of float, default=100
    Number of alphas on a logarithmic grid that starts at the critical alpha (:func:`alpha_max`), or
    the alphas themselves.
cv : int, splitter or iterable of (train, test), default=None
    Splits for cross-validation. An int is the number of folds, None is 5; they are stratified by
    task (:class:`TaskStratifiedKFold`, which for complete two-dimensional y is KFold). Train and
    test are positions or boolean masks of samples. For Dask collections and `partial_fit` it is an
    int or None, and folds are a hash of the positions of samples; of statistics the folds are their
    parts.
selection_rule : {"min", "1se"}, default="min"
    "min" takes the alpha with the smallest mean error, "1se" the largest alpha whose mean error is
    within one standard error of it.
verbose : bool or int, default=False
    Verbosity of joblib while it goes through the folds.
n_jobs : int, default=None
    Number of jobs to run in parallel, over folds and in threads. Results do not depend on it.
""",
    "fold_parameters": """
cv : int, splitter or iterable of (train, test), default=None
    Splits for cross-validation. An int is the number of folds, None is 5; they are stratified by
    task (:class:`TaskStratifiedKFold`, which for complete two-dimensional y is KFold). Train and
    test are positions or boolean masks of samples. For Dask collections and `partial_fit` it is an
    int or None, and folds are a hash of the positions of samples; of statistics the folds are their
    parts.
selection_rule : {"min", "1se"}, default="min"
    "min" takes the strengths with the smallest mean error, "1se" the largest alpha whose mean error
    is within one standard error of it, with the other strengths unchanged.
verbose : bool or int, default=False
    Verbosity of joblib while it goes through the folds.
n_jobs : int, default=None
    Number of jobs to run in parallel, over folds and in threads. Results do not depend on it.
""",
    "threshold_alphas": """
alphas : int or array-like of float, default=50
    Number of alphas on a logarithmic grid that starts at the critical alpha (:func:`alpha_max`), or
    the alphas themselves.
eps : float, default=1e-3
    Smallest alpha of the grid relative to the largest, in (0, 1].
""",
    "curvature_alphas": """
alphas : int or array-like of float, default=15
    Number of alphas on a logarithmic grid from 1e3 down to 1e-4 times the mean curvature of the
    loss (for squared errors the mean variance of the features), or the alphas themselves.
""",
    "path_attributes": """
grid_ : list of dict
    The other parameters that were tried, one for each path over `alphas_`.
alphas_ : ndarray of shape (n_alphas,) or (n_paths, n_alphas)
    Alphas that were tried, decreasing.
mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_paths, n_alphas, n_folds)
    Held-out mean squared error, the mean over the tasks in each fold, each over its samples (on the
    scale of the normalized targets with `normalize_y`). The choice of the strengths averages
    `task_mse_path_` over folds first, so that every task counts once, even one that is missing in
    some folds.
task_mse_path_ : ndarray of shape (..., n_alphas, n_folds, n_tasks)
    The same for each task; NaN where a task has no samples in a fold.
cv_error_path_ : ndarray
    In place of `mse_path_` with another loss, or for a classifier: held-out losses.
task_cv_error_path_ : ndarray
    In place of `task_mse_path_` with another loss, or for a classifier.
best_estimator_ : estimator
    The estimator with the chosen strengths, fitted to all samples. Its fitted attributes are also
    those of the search.
""",
    "class_path_attributes": """
grid_ : list of dict
    The other parameters that were tried, one for each path over `alphas_`.
alphas_ : ndarray of shape (n_alphas,) or (n_paths, n_alphas)
    Alphas that were tried, decreasing.
cv_error_path_ : ndarray of shape (n_alphas, n_folds) or (n_paths, n_alphas, n_folds)
    Held-out log-loss, the mean over the tasks in each fold, each over its samples.
task_cv_error_path_ : ndarray of shape (..., n_alphas, n_folds, n_tasks)
    The same for each task; NaN where a task has no samples in a fold.
best_estimator_ : estimator
    The estimator with the chosen strengths, fitted to all samples. Its fitted attributes are also
    those of the search.
""",
    "class_fold_parameters": """
cv : int, splitter or iterable of (train, test), default=None
    Splits for cross-validation. An int is the number of folds, None is 5; they are stratified by
    task and class (by task only with shared intercepts). Train and test are positions or boolean
    masks of samples.
selection_rule : {"min", "1se"}, default="min"
    "min" takes the strengths with the smallest mean log-loss, "1se" the largest alpha whose mean is
    within one standard error of it, with the other strengths unchanged.
verbose : bool or int, default=False
    Verbosity of joblib while it goes through the folds.
n_jobs : int, default=None
    Number of jobs to run in parallel, over folds and in threads. Results do not depend on it.
""",
    "cv_attributes": """
grid_ : list of dict
    The other parameters that were tried, one for each path over `alphas_`.
alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
    Alphas that were tried, decreasing.
mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
    Held-out mean squared error, the mean over the tasks in each fold, each over its samples (on the
    scale of the normalized targets with `normalize_y`). The choice of alpha averages
    `task_mse_path_` over folds first, so that every task counts once, even one that is missing in
    some folds.
task_mse_path_ : ndarray of shape (..., n_alphas, n_folds, n_tasks)
    The same for each task; NaN where a task has no samples in a fold.
cv_error_path_ : ndarray
    In place of `mse_path_` with another loss, or for a classifier: held-out losses.
task_cv_error_path_ : ndarray
    In place of `task_mse_path_` with another loss, or for a classifier.
best_estimator_ : estimator
    The estimator with the chosen strengths, fitted to all samples. Its fitted attributes are also
    those of the search.
""",
}
