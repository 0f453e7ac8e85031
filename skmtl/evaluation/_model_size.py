"""How large a fitted model is: non-zero coefficients, rank, effective degrees of freedom."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LinearRegression,
    Ridge,
    RidgeCV,
)
from sklearn.utils import _safe_indexing, check_array, check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int
from skmtl._data.reading import read_samples_by_task
from skmtl._data.task_ids import column_names
from skmtl.inspection.coefficients import task_coefficients
from skmtl.linear_model import (
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
)
from skmtl.meta import IndependentTasks, PooledTasks
from skmtl.meta.pipelines import fitted_final, seen_by_final, task_labels
from skmtl.prox import singular_values

_STEP = 1e-2  # of the standard deviation of y
_TIGHT = {"tol": 1e-8, "max_iter": 10_000}
_DENSE_FLOATS = 2**24  # of a matrix whose singular values are taken


class ModelSize(NamedTuple):
    """Figures of :func:`model_size`, NaN where one does not exist."""

    n_nonzero: float
    rank: float
    dof: float


def model_size(model, X, y, *, tasks=None, n_probes=1, random_state=None):
    """Non-zero coefficients, rank and effective degrees of freedom of a fitted model.

    The degrees of freedom are the trace of d yhat / d y over all labels the model was fitted to,
    intercepts included, with its strengths held fixed as they were chosen; steps of pipelines stay
    as they are fitted. They are exact for scikit-learn's least squares, ridge, lasso and elastic
    net, alone, pooled or with random intercepts. For others they are estimated: with random signs
    e, ``e'(f(y + delta e) - f(y)) / delta`` has the trace as its mean. Its standard error is at
    most about ``sqrt(2 dof / n_probes)``, where f is linear: 10 at a dof of 50, with one probe.

    Parameters
    ----------
    model : estimator
        Fitted; of this package, or a pipeline or search around one.
    X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Both as they were given to `fit`, without weights.
    tasks : array-like of shape (n_samples,), default=None
        Task ids, if fit was given them.
    n_probes : int, default=1
        How many times e is drawn. The model is fitted once more than that.
    random_state : int, RandomState instance or None, default=None
        Seed of e.

    Returns
    -------
    ModelSize
        ``n_nonzero``, the number of non-zero coefficients of all tasks, where those that tasks
        share count for each of them; ``rank`` of the matrix (n_tasks, n_features) of the
        coefficients, singular values counted from 1e-9 times the largest; ``dof``. NaN is what
        does not exist: all three for models without `coef_`, ``dof`` for classifiers.

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
    X, model = seen_by_final(model, X), fitted_final(model)
    rows = task_coefficients(model)
    if rows is None:
        return ModelSize(np.nan, np.nan, np.nan)
    rows = [np.ravel(row) for row in rows]
    dof = np.nan
    if get_tags(model).estimator_type == "regressor":
        rng = check_random_state(random_state)
        dof = float(_degrees_of_freedom(model, X, y, tasks, n_probes, rng))
    return ModelSize(float(sum(np.count_nonzero(row) for row in rows)), _rank(rows), dof)


def _rank(rows):
    """Rank of the coefficients; NaN where tasks have different numbers of them."""
    if len({len(row) for row in rows}) > 1:
        return np.nan
    values = singular_values(np.stack(rows)) if len(rows[0]) else np.zeros(1)
    return float(np.count_nonzero(values > 1e-9 * values[0]))


def _degrees_of_freedom(model, X, y, tasks, n_probes, rng):
    """Trace of d yhat / d y of a fitted regressor."""
    if not isinstance(model, IndependentTasks | PooledTasks):
        return _of_joint_model(model, X, y, tasks, n_probes, rng)
    data = read_samples_by_task(clone(model), X, y, None, tasks)
    if isinstance(model, IndependentTasks):
        return sum(
            _of_single_task(one, _safe_indexing(data.features, rows), values, n_probes, rng)
            for one, (rows, values, _) in zip(model.estimators_, data.parts, strict=True)
        )
    rows, values, _ = (np.concatenate(parts) for parts in zip(*data.parts, strict=True))
    codes = np.repeat(np.arange(data.n_tasks), data.n_samples_per_task)
    X = model._pooled_rows(_safe_indexing(data.features, rows), codes)
    return _of_single_task(model.estimator_, X, values, n_probes, rng)


def _of_joint_model(model, X, y, tasks, n_probes, rng):
    """Estimate for a multi-task model, from fits to shifted y."""
    told = {} if tasks is None else {"tasks": tasks}
    codes = task_labels(X, y, model.task_column, tasks)[2]
    labeled, Y = codes >= 0, np.asarray(y, dtype=float).reshape(codes.shape)
    if getattr(model, "normalize_y", False):  # strengths hold in units of each task
        scale = np.array([_spread(Y[codes == t]) for t in range(codes.max() + 1)])[codes[labeled]]
    else:
        scale = _spread(Y[labeled])
    estimator = frozen(model)

    def fitted_values(values):
        shifted = Y.copy()
        shifted[labeled] = values
        return estimator.fit(X, _like(y, shifted), **told).predict(X, **told)[labeled]

    return _divergence(fitted_values, Y[labeled], _STEP * scale, n_probes, rng)


def _of_single_task(model, X, y, n_probes, rng):
    """Exact for least squares, ridge, lasso and elastic net, else an estimate."""
    X, model = seen_by_final(model, X), fitted_final(model)
    if isinstance(model, DummyRegressor):
        return 1.0
    if isinstance(model, _QUADRATIC) and X.shape[0] * X.shape[1] <= _DENSE_FLOATS:
        return _trace(model, check_array(X, accept_sparse=True))
    estimator, y = frozen(model), y.astype(float)
    return _divergence(
        lambda values: estimator.fit(X, values).predict(X), y, _STEP * _spread(y), n_probes, rng
    )


def _trace(model, X):
    """Trace of the hat matrix of the coefficients that are not held at zero."""
    ridge = getattr(model, "alpha_", getattr(model, "alpha", 0.0))
    if isinstance(model, _L1):
        ratio = getattr(model, "l1_ratio_", getattr(model, "l1_ratio", 1.0))
        ridge *= X.shape[0] * (1 - ratio)
    if isinstance(model, _L1) or getattr(model, "positive", False):
        X = X[:, np.flatnonzero(model.coef_)]
    X = X.toarray() if sparse.issparse(X) else X
    X = X - X.mean(axis=0) if model.fit_intercept else X
    if X.shape[1] == 0:
        return float(model.fit_intercept)
    squares = np.linalg.svd(X, compute_uv=False) ** 2
    squares = squares[squares > (max(X.shape) * np.finfo(float).eps) ** 2 * squares[0]]
    return model.fit_intercept + (squares / (squares + ridge)).sum()


def _divergence(fitted_values, y, step, n_probes, rng):
    """Mean of `e' d yhat / step` over random signs e, for steps `step * e` of y.

    All of y is moved up by a step first, so that counts stay at least 0.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fit itself has said it
        before, total = fitted_values(y + step), 0.0
        for _ in range(n_probes):
            signs = rng.choice([-1.0, 1.0], len(y))
            total += signs @ ((fitted_values(y + step * (1 + signs)) - before) / step)
    return total / n_probes


def _spread(y):
    """Standard deviation, 1 where there is none."""
    return float(y.std()) or 1.0


def _like(y, values):
    """Values as a frame with the columns of y, where that is one."""
    names = column_names(y)
    if names is None or values.ndim == 1:
        return values
    make = getattr(type(y), "from_pydict", type(y))  # pyarrow; pandas, polars
    return make(dict(zip(names, values.T, strict=True)))


_L1 = (Lasso, LassoCV, ElasticNet, ElasticNetCV)
_QUADRATIC = (LinearRegression, Ridge, RidgeCV, *_L1)
_FIXED = {  # the model of given strengths of those that choose them by cross-validation
    RidgeCV: Ridge,
    LassoCV: Lasso,
    ElasticNetCV: ElasticNet,
    MultiTaskLassoCV: MultiTaskLasso,
    MultiTaskElasticNetCV: MultiTaskElasticNet,
}


def frozen(model):
    """An unfitted copy with the strengths that a fitted model chose, solved tightly."""
    if hasattr(model, "best_estimator_"):
        return frozen(model.best_estimator_)
    if hasattr(model, "_chosen_model"):
        new = model._chosen_model()
    elif type(model) in _FIXED:
        new = _FIXED[type(model)]()
        own, known = model.get_params(deep=False), new.get_params()
        new.set_params(**{k: v for k, v in own.items() if k in known and k != "precompute"})
        names = ("alpha", "l1_ratio") if hasattr(model, "l1_ratio_") else ("alpha",)
        new.set_params(**{name: getattr(model, f"{name}_") for name in names})
    else:
        new = clone(model)
    if hasattr(model, "task_weight_"):  # learned
        new.set_params(task_weight=model.task_weight_)
    known = new.get_params(deep=False)
    return new.set_params(**{k: v for k, v in _TIGHT.items() if known.get(k) is not None})
