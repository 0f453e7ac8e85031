"""Paragraphs of the kernel models."""

PARAGRAPHS = {
    "nystroem_data_parameters": """
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
normalize_y : bool, default=True
    Divide the targets of each task by their standard deviation before the fit, so that tasks share
    the shapes of their functions whatever the units of their targets. The objective is then that of
    the scaled targets; functions and intercepts are in units of y. Without intercepts the divisor
    is the root mean square.
{task_column}
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
{task_attributes}
{column_attributes}
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
{task_column}
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
{task_attributes}
{column_attributes}
""",
    "kernel_ridge_parameters": """
solver : {"auto", "kronecker", "schur", "cholesky"}, default="auto"
    "kronecker" is for complete two-dimensional y, "schur" for a few missing targets,
    "cholesky" for all data. They are exact but for rounding; "auto" takes the fastest.
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
normalize_y : bool, default=True
    Divide the targets of each task by their standard deviation before the fit, so that tasks share
    the shapes of their functions whatever the units of their targets. The objective is then that of
    the scaled targets; functions and intercepts are in units of y. Without intercepts the divisor
    is the root mean square.
{task_column}
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average function and intercept of all tasks.
""",
    "kernel_ridge_attributes": """
dual_coef_ : ndarray of shape (n_samples, n_tasks) or (n_samples,)
    Coefficients c, in the order of `X_fit_` and units of y, with r the `y_scale_`:
    ``f_t(x) = sum_i k(x, x_i) sum_s r_t B[t, s] c_is / r_s``; 0 where a target is missing. Long
    data have one coefficient for each sample.
intercept_ : ndarray of shape (n_tasks,)
    Intercepts.
y_scale_ : ndarray of shape (n_tasks,)
    What targets were divided by with `normalize_y`, else 1. Targets that do not vary have the
    median of the others.
task_covariance_ : ndarray of shape (n_tasks, n_tasks)
    B, the task kernel.
X_fit_ : {ndarray, sparse matrix} of shape (n_samples, n_features)
    Samples of `fit` that have a target of positive weight, without the task column.
solver_ : str
    The solver that was used.
jitter_ : float
    What was added to alpha, with a warning, because it was below 1e-12 of (a bound of) the largest
    eigenvalue of the kernel, where rounding decides; else 0.
{task_attributes}
{column_attributes}
""",
    "relationship_parameters": """
fit_intercept : bool, default=True
    Fit one unpenalized intercept for each task.
normalize_y : bool, default=True
    Divide the targets of each task by their standard deviation before the fit, so that tasks share
    the shapes of their functions whatever the units of their targets. The objective is then that of
    the scaled targets; functions and intercepts are in units of y. Without intercepts the divisor
    is the root mean square.
{task_column}
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
    Coefficients c, in the order of `X_fit_` and units of y, with r the `y_scale_`:
    ``f_t(x) = sum_i k(x, x_i) sum_s r_t B[t, s] c_is / r_s`` where
    ``B = Omega (I + ridge/alpha Omega)^-1``; 0 where a target is missing. Long data have one
    coefficient for each sample.
intercept_ : ndarray of shape (n_tasks,)
    Intercepts.
y_scale_ : ndarray of shape (n_tasks,)
    What targets were divided by with `normalize_y`, else 1. Targets that do not vary have the
    median of the others.
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
{task_attributes}
{column_attributes}
""",
}
