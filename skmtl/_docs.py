"""Docstring paragraphs that many estimators share, written once.

A class docstring holds a line such as ``{data_parameters}``; the decorator :func:`documented`
puts the paragraph there.
"""

import re
import textwrap

_PARAGRAPHS = {
    "loss_parameters": """
loss : {"squared_error", "huber", "poisson"} or Loss, default="squared_error"
    Loss of a target y at the linear prediction z: "squared_error" is ``(y - z)^2 / 2``; "huber" is
    the same up to residuals of `huber_delta` and linear beyond, for outliers; "poisson" is half the
    deviance of counts y whose mean is ``exp(z)``, which `predict` then gives. An instance of
    :class:`skmtl.losses.Loss` is a loss of your own.
huber_delta : float, default=1.35
    Size of a residual from which on "huber" is linear: in the unit of y, or in standard deviations
    with `normalize_y`.
""",
    "data_parameters": """
task_column : str or int, default=None
    Name or position of the column of X that holds the task ids; every task then has samples of its
    own and y is 1-D. None: y is two-dimensional, or ids are passed as ``fit(X, y, tasks=ids)``.
task_weight : None, "balanced", "uncertainty", dict or array-like of shape (n_tasks,), default=None
    Weight omega_t of every task in the loss. None counts every sample once, "balanced" every task
    once (``omega_t = nbar / n_t``); a dict {task id: weight} or an array in the order of `tasks_`
    gives positive weights by hand. "uncertainty", not in cross-validated estimators, learns them:
    the objective is minimized over them as well, subject to ``sum_t n_t log omega_t = 0``, so that
    they are proportional to one over the mean loss of the task. `task_weight_` then holds them, and
    `task_noise_` the root of twice the mean loss, which for the squared loss is the standard
    deviation of the residuals.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average coefficients and intercept of all tasks.
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
normalize_y : bool, default=False
    Center each task's y and scale it to unit variance before the fit. `alpha` and `objective_` are
    then on that scale; coefficients and predictions are on the original one.
""",
    "class_data_parameters": """
task_column : str or int, default=None
    Name or position of the column of X that holds the task ids; every task then has samples of its
    own and y is 1-D. None: y is two-dimensional, or ids are passed as ``fit(X, y, tasks=ids)``.
task_weight : None, "balanced", dict or array-like of shape (n_tasks,), default=None
    Weight omega_t of every task in the loss. None counts every sample once, "balanced" every task
    once (``omega_t = nbar / n_t``); a dict {task id: weight} or an array in the order of `tasks_`
    gives positive weights by hand.
class_weight : None, "balanced" or dict, default=None
    Factor of the weights of the samples of a class, by class label; 1 for those not named.
    "balanced" counts the classes of a task equally.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average coefficients and intercept of all tasks.
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task, and for each class if there are more than two.
""",
    "newton_parameters": """
max_iter : int, default=100
    Largest number of steps of the proximal Newton method.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model or, if
    `dual_gap_` is NaN, when the gradient is at most `tol` times that at zero coefficients.
""",
    "row_parameters": """
feature_weight : array-like of shape (n_features,), default=None
    Weights u_j >= 0 of the features in the L2,1 norm, in the order of X without the task column. A
    weight of 0 leaves a feature unpenalized by the norm; None is 1 for all.
positive : bool, default=False
    Constrain the coefficients to be non-negative.
""",
    "solver_parameters": """
copy_X : bool, default=True
    Present for API consistency with scikit-learn; X is never modified.
max_iter : int, default=1000
    Largest number of passes over the features.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model.
""",
    "iteration_parameters": """
max_iter : int, default=1000
    Largest number of iterations.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model or, if
    `dual_gap_` is NaN, when the gradient is at most `tol` times that at zero coefficients.
""",
    "order_parameters": """
random_state : int, RandomState instance or None, default=None
    Seed of the order of the features with ``selection="random"``.
selection : {"cyclic", "random"}, default="cyclic"
    Order in which the solver visits the features.
""",
    "cv_parameters": """
eps : float, default=1e-3
    Smallest alpha of the grid relative to the largest, in (0, 1].
alphas : int or array-like of float, default=100
    Number of alphas on a logarithmic grid that starts at the critical alpha (:func:`alpha_max`), or
    the alphas themselves.
cv : int, splitter or iterable of (train, test), default=None
    Splits for cross-validation. An int is the number of folds, None is 5; they are stratified by
    task (:class:`TaskStratifiedKFold`, which for complete two-dimensional y is KFold).
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
    task (:class:`TaskStratifiedKFold`, which for complete two-dimensional y is KFold).
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
alphas_ : ndarray of shape (n_alphas,)
    Alphas that were tried, decreasing.
cv_error_path_ : ndarray of shape (n_alphas, n_folds)
    Held-out log-loss, the mean over the tasks in each fold, each over its samples.
task_cv_error_path_ : ndarray of shape (n_alphas, n_folds, n_tasks)
    The same for each task; NaN where a task has no samples in a fold.
best_estimator_ : estimator
    The estimator with the chosen strengths, fitted to all samples. Its fitted attributes are also
    those of the search.
""",
    "class_fold_parameters": """
cv : int, splitter or iterable of (train, test), default=None
    Splits for cross-validation. An int is the number of folds, None is 5; they are stratified by
    task and class.
selection_rule : {"min", "1se"}, default="min"
    "min" takes the alpha with the smallest mean log-loss, "1se" the largest alpha whose mean is
    within one standard error of it.
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
    "linear_attributes": """
coef_ : ndarray of shape (n_tasks, n_features)
    Coefficients, without the task column.
intercept_ : ndarray of shape (n_tasks,)
    Intercepts.
shared_coef_ : ndarray of shape (n_features,)
    Average of `coef_` over tasks, the model of tasks that fit did not see.
tasks_ : ndarray of shape (n_tasks,)
    Task ids: of two-dimensional y the names of its columns if it is a frame, else 0, 1, ...; of
    long data the sorted ids.
n_tasks_ : int
    Number of tasks.
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Number of samples of each task that have a target and a positive weight.
n_iter_ : int
    Number of passes over the features.
objective_ : float
    The objective above at the solution.
dual_gap_ : float
    Certified upper bound of `objective_` minus its minimum; NaN if a quadratic penalty leaves too
    many directions free to solve for them exactly.
optimality_ : float
    `dual_gap_` relative to the objective of the null model or, if that is NaN, the gradient
    relative to that at zero coefficients. It is what `tol` is compared with.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, if it has any.
""",
    "nystroem_data_parameters": """
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
task_column : str or int, default=None
    Name or position of the column of X that holds the task ids; every task then has samples of its
    own and y is 1-D. None: y is two-dimensional, or ids are passed as ``fit(X, y, tasks=ids)``.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average coefficients and intercept of all tasks.
random_state : int, RandomState instance or None, default=None
    Seed of the sample of landmarks.
""",
    "nystroem_attributes": """
coef_ : ndarray of shape (n_tasks, m)
    Coefficients of the features phi: m is `n_components` or less, or the number of features of X.
intercept_ : ndarray of shape (n_tasks,)
    Intercepts.
shared_coef_ : ndarray of shape (m,)
    Average of `coef_` over tasks, the model of tasks that fit did not see.
jitter_ : float
    What was added to alpha, with a warning, because it was below 1e-12 of the largest eigenvalue of
    a task's kernel, where rounding decides; else 0.
feature_map_ : transformer
    Its `transform` makes phi of the columns of X without the task column:
    :class:`~sklearn.kernel_approximation.Nystroem`, or an identity for the linear kernel.
tasks_ : ndarray of shape (n_tasks,)
    Task ids: of two-dimensional y the names of its columns if it is a frame, else 0, 1, ...; of
    long data the sorted ids.
n_tasks_ : int
    Number of tasks.
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Number of samples of each task that have a target and a positive weight.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, if it has any.
""",
    "svm_model": """
so that ``f_t(x) = g(x) + h_t(x) + c_t + b``, and half of
``mu ||g||^2 + sum_t (||h_t||^2 + c_t^2)`` is penalized beside C times the loss: a part g that all
tasks share, a part h_t of each task's own, and an intercept that is penalized where tasks differ
(c_t) and free where they do not (b). The smaller mu, the more is shared. In terms of the
`task_strength` d of the kernel ridge regressions, ``mu = T (1 - d) / d`` for T tasks, with
``alpha = (1 - d) / (2 C)``.

With ``kernel="linear"`` no kernel matrix is made: the sparse features
``[x / sqrt(mu), e_t (x) [x, 1]]`` go to scikit-learn's linear machine with the same loss, which is
faster for many samples. The common intercept is then penalized too, a hundredth of what a
coefficient is; for numbers y, the mean is subtracted first. Other kernels make a matrix over all
observations.
""",
    "svm_kernel_parameters": """
mu : float, default=1.0
    How much of a task is its own; positive.
kernel : str or callable, default="rbf"
    Kernel of the features: a name that :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows, or
    a function of two samples.
gamma : "scale", float or None, default="scale"
    Coefficient of the kernels that have one. "scale" is 1 / (n_features * variance of X), over the
    samples of all observations; None is 1 / n_features.
degree : float, default=3
    Degree of the "poly" kernel.
coef0 : float, default=0.0
    Independent term of the "poly" and "sigmoid" kernels.
kernel_params : dict, default=None
    Keyword arguments of a callable kernel.
""",
    "svm_parameters": """
task_column : str or int, default=None
    Name or position of the column of X that holds the task ids; every task then has samples of its
    own and y is 1-D. None: y is two-dimensional, or ids are passed as ``fit(X, y, tasks=ids)``.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average of all tasks.
tol : float, default=1e-3
    Tolerance of scikit-learn's solver.
max_iter : int, default=-1
    Largest number of iterations of the solver; -1 is no limit, or a million with the linear kernel.
random_state : int, RandomState instance or None, default=None
    Seed of the order of the samples with the linear kernel; None is 0, so that two fits are equal.
    Other seeds change the result within `tol`.
""",
    "svm_attributes": """
svm_ : estimator
    The fitted support vector machine of scikit-learn.
n_iter_ : int
    Number of iterations of the solver.
tasks_ : ndarray of shape (n_tasks,)
    Task ids: of two-dimensional y the names of its columns if it is a frame, else 0, 1, ...; of
    long data the sorted ids.
n_tasks_ : int
    Number of tasks.
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Number of samples of each task that have a target and a positive weight.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, if it has any.
""",
    "class_attributes": """
classes_ : ndarray of shape (n_classes,) or list of n_tasks such arrays
    Class labels, sorted; the list for two-dimensional y.
coef_ : ndarray of shape (n_tasks, n_features) or (n_tasks, n_classes, n_features)
    Coefficients, without the task column: of the log-odds of the second class, or of each class
    if some task has more than two (0 for classes that a task does not have).
intercept_ : ndarray of shape (n_tasks,) or (n_tasks, n_classes)
    Intercepts; minus infinity for classes that a task does not have.
shared_coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
    Average of `coef_` over tasks, the model of tasks that fit did not see.
tasks_ : ndarray of shape (n_tasks,)
    Task ids: of two-dimensional y the names of its columns if it is a frame, else 0, 1, ...; of
    long data the sorted ids.
n_tasks_ : int
    Number of tasks.
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Number of samples of each task that have a target and a positive weight.
n_iter_ : int
    Number of steps of the proximal Newton method.
objective_ : float
    The objective above at the solution.
dual_gap_ : float
    Certified upper bound of `objective_` minus its minimum; NaN if a quadratic penalty leaves
    directions free.
optimality_ : float
    `dual_gap_` relative to the objective of the null model or, if that is NaN, the gradient
    relative to that at zero coefficients. It is what `tol` is compared with.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, if it has any.
""",
    "class_loss": """
Here ``W`` is (n_features, n_tasks) with a row ``W_j`` for each feature and a column ``w_t`` for
each task, ``loss`` is ``1/nbar sum_t omega_t sum_i s_ti log(1 + exp(-y_ti (x_ti . w_t + b_t)))``
with y 1 for the second class and -1 for the first, sample weights ``s`` (0 where a target is
missing, class weights included), task weights ``omega`` and ``nbar = sum(s) / n_tasks``. If a task
has more than two classes, the loss is that of softmax, and W has a column for every task and
class: a row then holds the classes of all tasks, and a penalty of tasks sees the columns of a task
as one.
""",
    "decomposed_attributes": """
shared_part_ : ndarray of the shape of `coef_`
    P, transposed.
specific_part_ : ndarray of the shape of `coef_`
    Q, transposed; `coef_` is the sum of both parts.
""",
    "loss": """
Here ``W`` is (n_features, n_tasks) with a row ``W_j`` for each feature and a column ``w_t`` for
each task, ``loss`` is ``1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2`` with
sample weights ``s`` (0 where a target is missing), task weights ``omega`` and ``nbar = sum(s) /
n_tasks``. The parameter `loss` replaces half the squares by another loss.
""",
    "kernel_ridge_parameters": """
solver : {"auto", "kronecker", "schur", "cholesky"}, default="auto"
    "kronecker" is for complete two-dimensional y, "schur" for a few missing targets,
    "cholesky" for all data. They are exact but for rounding; "auto" takes the fastest.
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
task_column : str or int, default=None
    Name or position of the column of X that holds the task ids; every task then has samples of its
    own and y is 1-D. None: y is two-dimensional, or ids are passed as ``fit(X, y, tasks=ids)``.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average function and intercept of all tasks.
""",
    "kernel_ridge_attributes": """
dual_coef_ : ndarray of shape (n_samples, n_tasks) or (n_samples,)
    Coefficients c, in the order of `X_fit_`: ``f_t(x) = sum_i k(x, x_i) sum_s B[t, s] c_is``;
    0 where a target is missing. Long data have one coefficient for each sample.
intercept_ : ndarray of shape (n_tasks,)
task_covariance_ : ndarray of shape (n_tasks, n_tasks)
    B, the task kernel.
X_fit_ : {ndarray, sparse matrix} of shape (n_samples, n_features)
    Samples of `fit` that have a target of positive weight, without the task column.
solver_ : str
    The solver that was used.
jitter_ : float
    What was added to alpha, with a warning, because it was below 1e-12 of (a bound of) the largest
    eigenvalue of the kernel, where rounding decides; else 0.
tasks_ : ndarray of shape (n_tasks,)
    Task ids: of two-dimensional y the names of its columns if it is a frame, else 0, 1, ...; of
    long data the sorted ids.
n_tasks_ : int
    Number of tasks.
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Number of samples of each task that have a target and a positive weight.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, if it has any.
""",
    "relationship_parameters": """
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
task_column : str or int, default=None
    Name or position of the column of X that holds the task ids; every task then has samples of its
    own and y is 1-D. None: y is two-dimensional, or ids are passed as ``fit(X, y, tasks=ids)``.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average function and intercept of all tasks.
max_iter : int, default=200
    Largest number of covariances; each costs a linear system.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model.
""",
    "relationship_attributes": """
dual_coef_ : ndarray of shape (n_samples, n_tasks) or (n_samples,)
    Coefficients c, in the order of `X_fit_`: ``f_t(x) = sum_i k(x, x_i) sum_s B[t, s] c_is``
    with ``B = Omega (I + ridge/alpha Omega)^-1``; 0 where a target is missing. Long data have one
    coefficient for each sample.
intercept_ : ndarray of shape (n_tasks,)
task_covariance_ : ndarray of shape (n_tasks, n_tasks)
    Omega; I / n_tasks where W is zero.
n_iter_ : int
    Number of covariances that were tried and kept.
objective_ : float
    The objective above.
dual_gap_ : float
    Certified upper bound of `objective_` minus its minimum.
optimality_ : float
    `dual_gap_` relative to the objective of the null model. It is what `tol` is compared with.
X_fit_ : {ndarray, sparse matrix} of shape (n_samples, n_features)
    Samples of `fit` that have a target of positive weight, without the task column.
solver_ : str
    How the linear systems were solved: "kronecker" for complete two-dimensional y, "schur" for
    few missing targets, else "cholesky".
jitter_ : float
    What was added to alpha, with a warning, because alpha + ridge was below 1e-12 of (a bound of)
    the largest eigenvalue of the kernel, where rounding decides; else 0.
tasks_ : ndarray of shape (n_tasks,)
    Task ids: of two-dimensional y the names of its columns if it is a frame, else 0, 1, ...; of
    long data the sorted ids.
n_tasks_ : int
    Number of tasks.
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Number of samples of each task that have a target and a positive weight.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, if it has any.
""",
    "objective": """
Here ``W`` is (n_features, n_tasks) with a row ``W_j`` for each feature, ``s`` are the sample
weights (0 where a target is missing), ``omega`` the task weights and ``nbar = sum(s) / n_tasks``,
so that on complete two-dimensional y every `alpha` means what it means in scikit-learn's class of
the same name. The parameter `loss` replaces half the squares by another loss.
""",
}


def documented(cls):
    """Class decorator: replace ``{name}`` lines of the docstring by their paragraph."""

    def paragraph(match):
        return textwrap.indent(_PARAGRAPHS[match[2]].strip("\n"), match[1])

    if cls.__doc__:  # absent under python -OO
        cls.__doc__ = re.sub(r"^( *)\{(\w+)\}$", paragraph, cls.__doc__, flags=re.MULTILINE)
    return cls
