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
    Column of X that holds the task ids, by name or position: every task then has rows of its own
    and y is 1-D. None: y is two-dimensional, or ids are given as ``fit(X, y, tasks=ids)``.
task_weight : None, "balanced", "uncertainty", dict or array-like of shape (n_tasks,), default=None
    Weight omega_t of every task in the loss. None counts every sample once, "balanced" every task
    once (``omega_t = nbar / n_t``); a dict {label: weight} or an array in the order of `tasks_`
    gives them by hand (positive). "uncertainty" learns them, not in cross-validated estimators: the
    objective is minimized over them as well, among those with ``sum_t n_t log omega_t = 0``, which
    are proportional to one over the mean loss of the task. `task_weight_` then holds them, and
    `task_noise_` the root of twice the mean loss: of squares, the standard deviation of the
    residuals.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does with tasks that fit did not see: raise, or predict with the average
    coefficients and intercept of all tasks.
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
normalize_y : bool, default=False
    Center each task's y and scale it to unit variance before the fit. `alpha` and `objective_`
    then live on that scale; coefficients and predictions stay on the original one.
""",
    "class_data_parameters": """
task_column : str or int, default=None
    Column of X that holds the task ids, by name or position: every task then has rows of its own
    and y is 1-D. None: y is two-dimensional, or ids are given as ``fit(X, y, tasks=ids)``.
task_weight : None, "balanced", dict or array-like of shape (n_tasks,), default=None
    Weight omega_t of every task in the loss. None counts every sample once, "balanced" every task
    once (``omega_t = nbar / n_t``); a dict {label: weight} or an array in the order of `tasks_`
    gives them by hand (positive).
class_weight : None, "balanced" or dict, default=None
    Factor of the weights of the rows of a class, by label; 1 for those not named. "balanced"
    counts the classes of a task equally.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does with tasks that fit did not see: raise, or predict with the average
    coefficients and intercept of all tasks.
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task, and class where there are more than two.
""",
    "newton_parameters": """
max_iter : int, default=100
    Largest number of steps of the proximal Newton method.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model; where
    `dual_gap_` is NaN, when the gradient is at most `tol` times that at zero coefficients.
""",
    "row_parameters": """
feature_weight : array-like of shape (n_features,), default=None
    Weights u_j >= 0 of the features in the L2,1 norm, in X's order without the task column; 0
    leaves a feature unpenalized there, None is 1 everywhere.
positive : bool, default=False
    Constrain the coefficients to be non-negative.
""",
    "solver_parameters": """
copy_X : bool, default=True
    For compatibility with scikit-learn: X is never modified, whatever its value.
max_iter : int, default=1000
    Largest number of passes over the features.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model.
""",
    "iteration_parameters": """
max_iter : int, default=1000
    Largest number of iterations.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model; where
    `dual_gap_` is NaN, when the gradient is at most `tol` times that at zero coefficients.
""",
    "order_parameters": """
random_state : int, RandomState instance or None, default=None
    Seed for ``selection="random"``.
selection : {"cyclic", "random"}, default="cyclic"
    Order in which features are visited.
""",
    "cv_parameters": """
eps : float, default=1e-3
    Smallest alpha of the grid relative to the largest, in (0, 1].
alphas : int or array-like of float, default=100
    Number of alphas, evenly spaced in the logarithm below the smallest one that empties the model,
    or the alphas themselves.
cv : int, splitter or iterable of (train, test), default=None
    Folds. None is 5 and an int that many, stratified by task
    (:class:`TaskStratifiedKFold`; on complete two-dimensional y that is KFold).
selection_rule : {"min", "1se"}, default="min"
    "min" takes the alpha of the smallest mean error, "1se" the largest alpha whose mean error is
    within one standard error of it.
verbose : bool or int, default=False
    Progress over folds, printed by joblib.
n_jobs : int, default=None
    Folds at a time, in threads; results do not depend on it.
""",
    "fold_parameters": """
cv : int, splitter or iterable of (train, test), default=None
    Folds. None is 5 and an int that many, stratified by task
    (:class:`TaskStratifiedKFold`; on complete two-dimensional y that is KFold).
selection_rule : {"min", "1se"}, default="min"
    "min" takes the strengths of the smallest mean error, "1se" the largest alpha whose mean error
    is within one standard error of it, everything else as there.
verbose : bool or int, default=False
    Progress over folds, printed by joblib.
n_jobs : int, default=None
    Folds at a time, in threads; results do not depend on it.
""",
    "threshold_alphas": """
alphas : int or array-like of float, default=50
    Number of alphas, evenly spaced in the logarithm below the smallest one that empties the model,
    or the alphas themselves.
eps : float, default=1e-3
    Smallest alpha of the grid relative to the largest, in (0, 1].
""",
    "curvature_alphas": """
alphas : int or array-like of float, default=15
    Number of alphas, evenly spaced in the logarithm from 1e3 down to 1e-4 times the mean curvature
    of the loss (the mean variance of the features), or the alphas themselves.
""",
    "path_attributes": """
grid_ : list of dict
    The other parameters that were tried, one for each path over `alphas_`.
alphas_ : ndarray of shape (n_alphas,) or (n_paths, n_alphas)
    Strengths, decreasing.
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
    Strengths, decreasing.
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
    Folds. None is 5 and an int that many, stratified by task and class.
selection_rule : {"min", "1se"}, default="min"
    "min" takes the alpha of the smallest mean log-loss, "1se" the largest alpha whose mean is
    within one standard error of it.
verbose : bool or int, default=False
    Progress over folds, printed by joblib.
n_jobs : int, default=None
    Folds at a time, in threads; results do not depend on it.
""",
    "cv_attributes": """
grid_ : list of dict
    The other parameters that were tried, one for each path over `alphas_`.
alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
    Grid, decreasing.
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
shared_coef_ : ndarray of shape (n_features,)
    Average of `coef_` over tasks: the model of tasks that were not seen.
tasks_ : ndarray of shape (n_tasks,)
    Task labels: the columns of y when it is a frame, else 0, 1, ...; sorted ids otherwise.
n_tasks_ : int
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Labeled rows of positive weight.
n_iter_ : int
    Passes over the features.
objective_ : float
    The objective above at the solution.
dual_gap_ : float
    Certified bound on `objective_` minus its minimum; NaN where a quadratic penalty leaves too
    many directions free to solve for them exactly.
optimality_ : float
    `dual_gap_` relative to the objective of the null model; where that is NaN,
    the gradient relative to that at zero coefficients. What `tol` is compared with.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, when it has any.
""",
    "nystroem_data_parameters": """
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
task_column : str or int, default=None
    Column of X that holds the task ids, by name or position: every task then has rows of its own
    and y is 1-D. None: y is two-dimensional, or ids are given as ``fit(X, y, tasks=ids)``.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does with tasks that fit did not see: raise, or predict with the average
    coefficients and intercept of all tasks.
random_state : int, RandomState instance or None, default=None
    Seed of the sample.
""",
    "nystroem_attributes": """
coef_ : ndarray of shape (n_tasks, m)
    Coefficients of the features phi: m is `n_components` or less, or the number of features of X.
intercept_ : ndarray of shape (n_tasks,)
shared_coef_ : ndarray of shape (m,)
    Average of `coef_` over tasks: the model of tasks that were not seen.
jitter_ : float
    What was added to alpha, with a warning, because it was below 1e-12 of the largest eigenvalue of
    a task's kernel, where rounding decides; else 0.
feature_map_ : transformer
    Its `transform` makes phi of the columns of X without the task column:
    :class:`~sklearn.kernel_approximation.Nystroem`, or an identity for the linear kernel.
tasks_ : ndarray of shape (n_tasks,)
    Task labels: the columns of y when it is a frame, else 0, 1, ...; sorted ids otherwise.
n_tasks_ : int
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Labeled rows of positive weight.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, when it has any.
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
faster for many rows. The common intercept is then penalized too, a hundredth of what a coefficient
is; of numbers y, the mean is taken off first. The kernels make a matrix over all labels.
""",
    "svm_kernel_parameters": """
mu : float, default=1.0
    Positive: how much of a task is its own.
kernel : str or callable, default="rbf"
    Kernel of the inputs: a name that :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows, or a
    function of two rows.
gamma : "scale", float or None, default="scale"
    Of the kernels that have it. "scale" is 1 / (n_features * variance of X), X with a row for each
    label; None is 1 / n_features.
degree : float, default=3
    Of "poly".
coef0 : float, default=0.0
    Of "poly" and "sigmoid".
kernel_params : dict, default=None
    Arguments of a callable kernel.
""",
    "svm_parameters": """
task_column : str or int, default=None
    Column of X that holds the task ids, by name or position: every task then has rows of its own
    and y is 1-D. None: y is two-dimensional, or ids are given as ``fit(X, y, tasks=ids)``.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does with tasks that fit did not see: raise, or predict with the average of all
    tasks.
tol : float, default=1e-3
    Where the solver of scikit-learn stops.
max_iter : int, default=-1
    Its largest number of iterations; -1 is no limit, or a million with the linear kernel.
random_state : int, RandomState instance or None, default=None
    Seed of the order of the rows with the linear kernel, None is 0: two fits are the same. What
    another seed changes is what `tol` leaves.
""",
    "svm_attributes": """
svm_ : estimator
    The machine of scikit-learn.
n_iter_ : int
    Its iterations.
tasks_ : ndarray of shape (n_tasks,)
    Task labels: the columns of y when it is a frame, else 0, 1, ...; sorted ids otherwise.
n_tasks_ : int
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Labeled rows of positive weight.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, when it has any.
""",
    "class_attributes": """
classes_ : ndarray of shape (n_classes,) or list of n_tasks such arrays
    Labels, sorted; the list on two-dimensional y.
coef_ : ndarray of shape (n_tasks, n_features) or (n_tasks, n_classes, n_features)
    Coefficients, without the task column: of the log-odds of the second class, or of each class
    where some task has more than two (0 for classes that a task does not have).
intercept_ : ndarray of shape (n_tasks,) or (n_tasks, n_classes)
    Minus infinity for classes that a task does not have.
shared_coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
    Average of `coef_` over tasks: the model of tasks that were not seen.
tasks_ : ndarray of shape (n_tasks,)
    Task labels: the columns of y when it is a frame, else 0, 1, ...; sorted ids otherwise.
n_tasks_ : int
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Labeled rows of positive weight.
n_iter_ : int
    Steps of the proximal Newton method.
objective_ : float
    The objective above at the solution.
dual_gap_ : float
    Certified bound on `objective_` minus its minimum; NaN where a quadratic penalty leaves
    directions free.
optimality_ : float
    `dual_gap_` relative to the objective of the null model; where that is NaN, the gradient
    relative to that at zero coefficients. What `tol` is compared with.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, when it has any.
""",
    "class_loss": """
Here ``W`` is (n_features, n_tasks) with rows ``W_j`` (one feature) and columns ``w_t`` (one task),
``loss`` is ``1/nbar sum_t omega_t sum_i s_ti log(1 + exp(-y_ti (x_ti . w_t + b_t)))`` with y 1 for
the second class and -1 for the first, sample weights ``s`` (0 where a label is missing, class
weights included), task weights ``omega`` and ``nbar = sum(s) / n_tasks``. Where a task has more
than two classes the loss is that of softmax, and W has a column for every task and class: rows hold
the classes of all tasks, and what is said of tasks sees the columns of a task as one long column.
""",
    "decomposed_attributes": """
shared_part_ : ndarray of the shape of `coef_`
    P, transposed.
specific_part_ : ndarray of the shape of `coef_`
    Q, transposed; both add up to `coef_`.
""",
    "loss": """
Here ``W`` is (n_features, n_tasks) with rows ``W_j`` (one feature) and columns ``w_t`` (one task),
``loss`` is ``1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2`` with sample weights
``s`` (0 where a label is missing), task weights ``omega`` and ``nbar = sum(s) / n_tasks``. Where
the estimator has a parameter `loss`, that may replace half the squares.
""",
    "kernel_ridge_parameters": """
solver : {"auto", "kronecker", "schur", "cholesky"}, default="auto"
    "kronecker" is for complete two-dimensional y, "schur" for a few missing labels, "cholesky"
    for all data. They are exact but for rounding; "auto" takes the fastest.
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
task_column : str or int, default=None
    Column of X that holds the task ids, by name or position: every task then has rows of its
    own and y is 1-D. None: y is two-dimensional, or ids are given as ``fit(X, y, tasks=ids)``.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does with tasks that fit did not see: raise, or predict with the average
    function and intercept of all tasks.
""",
    "kernel_ridge_attributes": """
dual_coef_ : ndarray of shape (n_samples, n_tasks) or (n_samples,)
    Coefficients c, in the order of `X_fit_`: ``f_t(x) = sum_i k(x, x_i) sum_s B[t, s] c_is``;
    0 where a label is missing. One number a row where tasks have rows of their own.
intercept_ : ndarray of shape (n_tasks,)
task_covariance_ : ndarray of shape (n_tasks, n_tasks)
    B.
X_fit_ : {ndarray, sparse matrix} of shape (n_samples, n_features)
    The rows of `fit` that have a label of positive weight, without the task column.
solver_ : str
    The solver that was used.
jitter_ : float
    What was added to alpha, with a warning, because it was below 1e-12 of (a bound of) the largest
    eigenvalue of the kernel, where rounding decides; else 0.
tasks_ : ndarray of shape (n_tasks,)
    Task labels: the columns of y when it is a frame, else 0, 1, ...; sorted ids otherwise.
n_tasks_ : int
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Labeled rows of positive weight.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, when it has any.
""",
    "relationship_parameters": """
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
task_column : str or int, default=None
    Column of X that holds the task ids, by name or position: every task then has rows of its
    own and y is 1-D. None: y is two-dimensional, or ids are given as ``fit(X, y, tasks=ids)``.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does with tasks that fit did not see: raise, or predict with the average
    function and intercept of all tasks.
max_iter : int, default=200
    Largest number of covariances; each costs a linear system.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model.
""",
    "relationship_attributes": """
dual_coef_ : ndarray of shape (n_samples, n_tasks) or (n_samples,)
    Coefficients c, in the order of `X_fit_`: ``f_t(x) = sum_i k(x, x_i) sum_s B[t, s] c_is``
    with ``B = Omega (I + ridge/alpha Omega)^-1``; 0 where a label is missing. One number a row
    where tasks have rows of their own.
intercept_ : ndarray of shape (n_tasks,)
task_covariance_ : ndarray of shape (n_tasks, n_tasks)
    Omega; I / n_tasks where W is zero.
n_iter_ : int
    Covariances that were tried and kept.
objective_ : float
    The objective above.
dual_gap_ : float
    Certified bound on `objective_` minus its minimum.
optimality_ : float
    `dual_gap_` relative to the objective of the null model: what `tol` is compared with.
X_fit_ : {ndarray, sparse matrix} of shape (n_samples, n_features)
    The rows of `fit` that have a label of positive weight, without the task column.
solver_ : str
    How the linear systems were solved: "kronecker" for complete two-dimensional y, "schur" for
    few missing labels, else "cholesky".
jitter_ : float
    What was added to alpha, with a warning, because alpha + ridge was below 1e-12 of (a bound of)
    the largest eigenvalue of the kernel, where rounding decides; else 0.
tasks_ : ndarray of shape (n_tasks,)
    Task labels: the columns of y when it is a frame, else 0, 1, ...; sorted ids otherwise.
n_tasks_ : int
n_samples_per_task_ : ndarray of shape (n_tasks,)
    Labeled rows of positive weight.
n_features_in_ : int
    Number of columns of X, the task column included.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names of X, when it has any.
""",
    "objective": """
Here ``W`` is (n_features, n_tasks) with rows ``W_j``, ``s`` are the sample weights (0 where a label
is missing), ``omega`` the task weights and ``nbar = sum(s) / n_tasks``, so that on complete
two-dimensional y every `alpha` means what it means in scikit-learn's class of the same name. The
parameter `loss` may replace half the squares.
""",
}


def documented(cls):
    """Class decorator: replace ``{name}`` lines of the docstring by their paragraph."""

    def paragraph(match):
        return textwrap.indent(_PARAGRAPHS[match[2]].strip("\n"), match[1])

    if cls.__doc__:  # absent under python -OO
        cls.__doc__ = re.sub(r"^( *)\{(\w+)\}$", paragraph, cls.__doc__, flags=re.MULTILINE)
    return cls
