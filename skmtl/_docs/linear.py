"""Paragraphs of the linear models."""

PARAGRAPHS = {
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
{task_column}
task_weight : None, "balanced", "uncertainty", dict, Series or array-like, default=None
    Weight omega_t of every task in the loss. None counts every sample once, "balanced" every task
    once (``omega_t = nbar / n_t``); a dict or Series {task id: weight} or an array in the order of
    `tasks_` gives positive weights by hand. "uncertainty", not in cross-validated estimators,
    learns them: the objective is minimized over them as well, subject to
    ``sum_t n_t log omega_t = 0``, so that they are proportional to one over the mean loss of the
    task. `task_weight_` then holds them, and `task_noise_` the root of twice the mean loss, which
    for the squared loss is the standard deviation of the residuals.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average coefficients and intercept of all tasks.
fit_intercept : bool, default=True
    Fit one intercept for each task. It is not penalized, unless the model has the parameter
    `intercept` and that is "shared".
normalize_y : bool, default=False
    Center each task's y and scale it to unit variance before the fit. `alpha` and `objective_` are
    then on that scale; coefficients and predictions are on the original one.
""",
    "class_data_parameters": """
{task_column}
task_weight : None, "balanced", dict, Series or array-like of shape (n_tasks,), default=None
    Weight omega_t of every task in the loss. None counts every sample once, "balanced" every task
    once (``omega_t = nbar / n_t``); a dict or Series {task id: weight} or an array in the order
    of `tasks_` gives positive weights by hand.
class_weight : None, "balanced" or dict, default=None
    Factor of the weights of the samples of a class, by class label; 1 for those not named.
    "balanced" counts the classes of a task equally.
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the
    average coefficients and intercept of all tasks.
fit_intercept : bool, default=True
    Fit one intercept for each task, and for each class if there are more than two. It is not
    penalized, unless the model has the parameter `intercept` and that is "shared".
""",
    "newton_parameters": """
max_iter : int, default=100
    Largest number of steps of the proximal Newton method.
tol : float, default=1e-4
    Stop when the duality gap is at most `tol` times the objective of the null model or, if
    `dual_gap_` is NaN, when the gradient is at most `tol` times that at zero coefficients.
""",
    "group_parameters": """
groups : array-like of shape (n_features,), dict or Series, default=None
    Label of the group of each feature: an array in the order of X without the task column, or a
    dict or Series {name of the feature: label}. None: every feature is a group.
group_weight : "sqrt_size", None, dict or Series, default="sqrt_size"
    Weights u. "sqrt_size" is the square root of the number of features of the group, so that groups
    without influence enter at about the same alpha; None is 1 for all; a dict or Series {label:
    weight} has a number of at least 0 for each group, where 0 leaves the group unpenalized.
""",
    "row_parameters": """
feature_weight : dict, Series or array-like of shape (n_features,), default=None
    Weights u_j >= 0 of the features in the L2,1 norm: a dict or Series by the names of the
    features, or an array in the order of X without the task column. A weight of 0 leaves a feature
    unpenalized by the norm; None is 1 for all.
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
    "intercept_parameters": """
intercept : {"free", "shared"}, default="free"
    Whether the intercepts of the tasks are free or pulled to their mean. With "shared" the
    objective has the term ``intercept_alpha/2 * sum_t (a_t - abar)^2``, abar the mean of the
    ``a_t = b_t + c . w_t``, which tasks predict at the mean c of all samples: a shift of the
    features changes nothing. Classes have a mean each.
intercept_alpha : float, default=1.0
    Strength of this pull, at least 0; infinite for one intercept that all tasks share. At 1 it is
    as strong as the samples of a task of mean weight are for the squared loss.
""",
    "intercept_search": """
intercept : {"free", "shared"}, default="shared"
    Whether the intercepts of the tasks are free or pulled to their mean, as in the model with given
    strengths. With "shared" the strength is chosen too, and free intercepts are among those tried.
    The folds of a classifier are then drawn within tasks, with a fixed seed, and not stratified by
    class: with the class shares of the training part in every fold, free intercepts would look
    better than they are.
intercept_alpha : float or array-like of float, default=None
    Strengths of the pull to try, at least 0, if ``intercept="shared"``; None is 0, 0.3 and 2 times
    the mean curvature of the loss in an intercept.
""",
    "chosen_intercepts": """
intercept_alpha_ : float
    Chosen `intercept_alpha`, if ``intercept="shared"``.
""",
    "linear_attributes": """
coef_ : ndarray of shape (n_tasks, n_features)
    Coefficients, without the task column.
intercept_ : ndarray of shape (n_tasks,)
    Intercepts.
shared_coef_ : ndarray of shape (n_features,)
    Average of `coef_` over tasks, the model of tasks that fit did not see.
{task_attributes}
n_iter_ : int
    Number of passes over the features.
n_passes_ : int
    Number of passes over the samples; only of models with other losses than the squared one that
    were fitted to Dask collections.
statistics_ : TaskStatistics
    The statistics of the samples of `partial_fit`; only of models that have some.
objective_ : float
    The objective above at the solution.
dual_gap_ : float
    Certified upper bound of `objective_` minus its minimum; NaN if a quadratic penalty leaves too
    many directions free to solve for them exactly.
optimality_ : float
    `dual_gap_` relative to the objective of the null model or, if that is NaN, the gradient
    relative to that at zero coefficients. It is what `tol` is compared with.
{column_attributes}
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
{task_attributes}
n_iter_ : int
    Number of steps of the proximal Newton method; gradient steps before them count by their time.
n_passes_ : int
    Number of passes over the samples; only of models that were fitted to Dask collections.
objective_ : float
    The objective above at the solution.
dual_gap_ : float
    Certified upper bound of `objective_` minus its minimum; NaN if a quadratic penalty leaves
    directions free.
optimality_ : float
    `dual_gap_` relative to the objective of the null model or, if that is NaN, the gradient
    relative to that at zero coefficients. It is what `tol` is compared with.
{column_attributes}
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
    "objective": """
Here ``W`` is (n_features, n_tasks) with a row ``W_j`` for each feature, ``s`` are the sample
weights (0 where a target is missing), ``omega`` the task weights and ``nbar = sum(s) / n_tasks``,
so that on complete two-dimensional y every `alpha` means what it means in scikit-learn's class of
the same name. The parameter `loss` replaces half the squares by another loss.
""",
}
