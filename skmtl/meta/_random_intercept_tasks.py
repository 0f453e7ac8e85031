"""Pooled slopes with an intercept for each task: the least that tasks can have of their own."""

from collections.abc import Iterable

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import check_scoring, log_loss, make_scorer
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_array
from sklearn.utils.sparsefuncs import mean_variance_axis

from skmtl._data.checks import check_int
from skmtl._data.stratification import assign_folds
from skmtl.meta._pooled_tasks import PooledTasks


class RandomInterceptTasks(PooledTasks):
    """One set of slopes for all tasks and an intercept for each, shrunken to a common one.

    The estimator is fitted to all tasks as one, on the features and one indicator column for each
    task. An indicator is 0 or ``scale`` times the root mean square of the features' standard
    deviations: the larger the scale, the less a penalty shrinks intercepts. For a ridge this is the
    random-intercept model of mixed-effects regression, with intercepts that have `scale` squared
    times the prior variance of slopes of standardized features. The scale is chosen by
    cross-validation.

    Parameters
    ----------
    estimator : estimator
        A penalized linear regressor or classifier, such as ``RidgeCV()``.
    scales : array-like of float, default=(0.3, 1.0, 3.0, 10.0)
        Scales to try, positive.
    param_grid : dict, default=None
        Parameters of the estimator to choose together with the scale: {name: values}.
    scoring : str or callable, default=None
        What is maximized; None is the score of the estimator.
    cv : int or iterable, default=5
        Number of folds, drawn with a fixed seed, over which the rows of each task (of classifiers:
        of each class) are spread, or pairs of training and test rows. Where a class has one row
        only nothing is chosen; the middle of the grid is taken.
    task_column : str or int, default=None
        Column of X that holds the task ids; it is taken off before the fit.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that fit did not see: raise, or predict with the common
        intercept.
    n_jobs : int, default=None
        Fits at a time.

    Attributes
    ----------
    estimator_ : estimator
        A pipeline that takes the features with the indicators behind them.
    scale_ : float
        The chosen scale.
    tasks_ : ndarray of shape (n_tasks,)
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    classes_ : ndarray, or list of ndarray for two-dimensional y
        Of classifiers.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Raises
    ------
    ValueError
        In `fit`, for scales that are not positive, and for features that are not numbers.

    See Also
    --------
    PooledTasks : Without intercepts of their own.
    MeanRegularizedRegressor : Slopes of their own, too.

    References
    ----------
    Laird, Ware (1982), "Random-effects models for longitudinal data", Biometrics 38, equation 2.1
    with Z the indicators.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeCV
    >>> from skmtl import RandomInterceptTasks
    >>> X = np.column_stack([np.arange(20.0), np.arange(20) % 2])
    >>> y = X[:, 0] + 5 * X[:, 1]
    >>> model = RandomInterceptTasks(RidgeCV(), task_column=1).fit(X, y)
    >>> model.predict([[3.0, 0], [3.0, 1]]).round()
    array([3., 8.])
    """

    def __init__(
        self,
        estimator,
        *,
        scales=(0.3, 1.0, 3.0, 10.0),
        param_grid=None,
        scoring=None,
        cv=5,
        task_column=None,
        handle_unknown="error",
        n_jobs=None,
    ):
        super().__init__(estimator, task_column=task_column, handle_unknown=handle_unknown)
        self.scales = scales
        self.param_grid = param_grid
        self.scoring = scoring
        self.cv = cv
        self.n_jobs = n_jobs

    def _fit_pooled(self, X, y, weight, rows):
        scales = np.atleast_1d(np.asarray(self.scales, dtype=float))
        if scales.size == 0 or not (np.isfinite(scales) & (scales > 0)).all():
            raise ValueError(f"scales must be positive numbers, got {self.scales!r}.")
        if len(y) < 2 or (self._is_classifier() and len(np.unique(y)) < 2):
            self.scale_ = np.nan  # nothing to choose by
            dummy = DummyClassifier() if self._is_classifier() else DummyRegressor()
            return dummy.fit(X, y, sample_weight=weight)
        unit = _spread(X[:, : -self.n_tasks_], weight) or 1.0
        steps = [("scale", FunctionTransformer(_scale_indicators)), ("estimator", self.estimator)]
        chosen = [{"n_tasks": self.n_tasks_, "by": scale * unit} for scale in scales]
        grid = {f"estimator__{name}": values for name, values in (self.param_grid or {}).items()}
        grid = list(ParameterGrid({"scale__kw_args": chosen, **grid}))
        models = [clone(Pipeline(steps)).set_params(**params) for params in grid]
        best = len(models) // 2
        if len(models) > 1 and self._can_choose(y):
            splits, scorer = self._splits(X, y, rows), self._scorer(models[0], y)
            scores = Parallel(n_jobs=self.n_jobs)(
                delayed(_score)(model, scorer, X, y, weight, *split)
                for model in models
                for split in splits
            )
            best = int(np.argmax(np.reshape(scores, (len(models), -1)).mean(axis=1)))
        self.scale_ = grid[best]["scale__kw_args"]["by"] / unit
        return _fit(models[best], X, y, weight)

    def _can_choose(self, y):
        """Whether every class can be on both sides of a split."""
        return not self._is_classifier() or np.unique(y, return_counts=True)[1].min() > 1

    def _scorer(self, model, y):
        """The scorer; log-loss knows the classes that a fold may lack."""
        if self.scoring != "neg_log_loss":
            return check_scoring(model, scoring=self.scoring)
        options = {"response_method": "predict_proba", "greater_is_better": False}
        return make_scorer(log_loss, labels=np.unique(y), **options)

    def _splits(self, X, y, rows):
        """Pairs of positions among the pooled rows, which are the user's `rows`."""
        if not isinstance(self.cv, Iterable):
            n_folds = min(check_int(self.cv, "cv", low=2), len(rows))
            strata = np.asarray(X[:, -self.n_tasks_ :].argmax(axis=1)).ravel()
            if self._is_classifier():  # classes first: each is in every training part
                strata = np.unique(y, return_inverse=True)[1]
            fold = assign_folds(strata, n_folds, np.random.RandomState(0))
            return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(n_folds)]
        size, every = rows.max() + 1, np.arange(len(rows))
        return [
            [np.repeat(every, np.bincount(side, minlength=size)[rows]) for side in split]
            for split in self.cv
        ]

    def _pooled_rows(self, X, codes):
        """The features with an indicator column for each task; code -1 is no task."""
        X = check_array(X, accept_sparse=("csr", "csc"), input_name="X")
        indicators = (codes[:, None] == np.arange(self.n_tasks_)).astype(X.dtype)
        if sparse.issparse(X):
            return sparse.hstack([X, sparse.csr_matrix(indicators)], format="csr")
        return np.hstack([X, indicators])


def _scale_indicators(X, n_tasks=0, by=1.0):
    """X with its last `n_tasks` columns times `by`."""
    factors = np.ones(X.shape[1])
    factors[X.shape[1] - n_tasks :] = by
    return X @ sparse.diags(factors) if sparse.issparse(X) else X * factors


def _spread(X, weight):
    """Root mean square of the (weighted) standard deviations of the columns."""
    if sparse.issparse(X):
        variances = mean_variance_axis(X, axis=0, weights=weight)[1]
    else:
        mean = np.average(X, axis=0, weights=weight)
        variances = np.average((X - mean) ** 2, axis=0, weights=weight)
    return float(np.sqrt(variances.mean())) if len(variances) else 0.0


def _fit(model, X, y, weight):
    return model.fit(X, y, **({} if weight is None else {"estimator__sample_weight": weight}))


def _score(model, scorer, X, y, weight, train, test):
    """The score of a fit to one part on the other."""
    trained, tested = (None, None) if weight is None else (weight[train], weight[test])
    model = _fit(clone(model), X[train], y[train], trained)
    return scorer(model, X[test], y[test], **({} if weight is None else {"sample_weight": tested}))
