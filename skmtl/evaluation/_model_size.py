"""How large a fitted model is: non-zero coefficients, rank, effective degrees of freedom."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int
from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl._data.spellings import target_array
from skmtl.evaluation._degrees_of_freedom import degrees_of_freedom
from skmtl.evaluation._gains.statistics import spreads
from skmtl.inspection.coefficients import task_coefficients
from skmtl.meta.pipelines import read_task_ids
from skmtl.prox import singular_values


class ModelSize(NamedTuple):
    """The result of :func:`model_size`; NaN for what does not exist."""

    n_nonzero: float
    rank: float
    dof: float


def model_size(model, X, y, *, tasks=None, n_probes=1, random_state=None):
    """Non-zero coefficients, rank and effective degrees of freedom of a fitted model.

    The degrees of freedom are the trace of d yhat / d y over all targets that the model was fitted
    to, intercepts included. The regularization strengths are held fixed as they were chosen, and
    the steps of a pipeline as they were fitted. They are exact for scikit-learn's least squares,
    ridge, lasso and elastic net: single-task, pooled or with random intercepts. For other models
    they are estimated: with random signs e, ``e'(f(y + delta e) - f(y)) / delta`` has the trace as
    its mean. The standard error is at most about ``sqrt(2 dof / n_probes)`` if f is linear: 10 at
    50 degrees of freedom, with one probe.

    Parameters
    ----------
    model : estimator
        Fitted multi-task estimator, or a pipeline or search around one.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Training data, as it was passed to `fit`.
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Targets, as they were passed to `fit`, without weights.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, if they were passed to `fit`.
    n_probes : int, default=1
        Number of draws of e. The model is fitted ``n_probes + 1`` times.
    random_state : int, RandomState instance or None, default=None
        Seed of e.

    Returns
    -------
    ModelSize
        ``n_nonzero`` is the number of non-zero coefficients of all tasks; coefficients that tasks
        share count for each of them. ``rank`` is the rank of the coefficients
        (n_tasks, n_features), with singular values above 1e-9 times the largest; those of a
        regression are divided by the standard deviation of the task's targets, so that its unit
        does not matter. ``dof`` are the
        degrees of freedom. All three are NaN for models without `coef_`, ``dof`` is NaN for
        classifiers.

    References
    ----------
    Ramani, Blu, Unser (2008), "Monte-Carlo SURE", IEEE Transactions on Image Processing 17,
    theorem 2. Ye (1998), "On measuring and correcting the effects of data mining and model
    selection", JASA 93. Zou, Hastie, Tibshirani (2007), "On the degrees of freedom of the lasso",
    Annals of Statistics 35, theorem 1.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skmtl import IndependentTasks, make_multitask_regression, model_size
    >>> data = make_multitask_regression(n_tasks=3, n_features=10, random_state=0)
    >>> model = IndependentTasks(LinearRegression()).fit(data.X, data.y)
    >>> model_size(model, data.X, data.y)
    ModelSize(n_nonzero=30.0, rank=3.0, dof=33.0)
    """
    check_is_fitted(model)
    check_int(n_probes, "n_probes")
    X = seen_by_final(model, X)
    model = fitted_final(model)
    coefs = task_coefficients(model)
    if coefs is None:
        return ModelSize(np.nan, np.nan, np.nan)
    coefs = [np.ravel(coef) for coef in coefs]
    n_nonzero = sum(np.count_nonzero(coef) for coef in coefs)
    dof = np.nan
    units = np.ones(len(coefs))
    if get_tags(model).estimator_type == "regressor":
        units = _units_of_tasks(model, X, y, tasks)
        rng = check_random_state(random_state)
        dof = float(degrees_of_freedom(model, X, y, tasks, n_probes, rng))
    return ModelSize(float(n_nonzero), _rank(coefs, units), dof)


def _units_of_tasks(model, X, y, tasks):
    """Standard deviations of the targets of the tasks."""
    _, _, task_codes = read_task_ids(X, y, model.task_column, tasks)
    known = task_codes >= 0
    targets = target_array(y, labels=False).reshape(task_codes.shape)[known].astype(float)
    return spreads(targets, task_codes[known], model.n_tasks_)


def _rank(coefs, units):
    """Rank of the coefficients of all tasks; NaN if tasks have different numbers of them."""
    sizes = {len(coef) for coef in coefs}
    if len(sizes) > 1:
        return np.nan
    if sizes == {0}:
        return 0.0
    values = singular_values(np.stack(coefs) / units[:, None])
    return float(np.count_nonzero(values > 1e-9 * values[0]))
