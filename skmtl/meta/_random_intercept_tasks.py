"""Pooled coefficients with an intercept for each task: the least that tasks can differ by."""

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
from skmtl.meta._task_models import append_columns


class RandomInterceptTasks(PooledTasks):
    """Fit the same coefficients for all tasks and an intercept for each, shrunken to a common one.

    The estimator is fitted to the samples of all tasks, on the features and one indicator column
    for each task. An indicator is 0 or ``scale`` times the root mean square of the standard
    deviations of the features: the larger the scale, the less a penalty shrinks intercepts. For a
    ridge this is the random-intercept model of mixed-effects regression, where the prior variance
    of intercepts is `scale` squared times that of the coefficients of standardized features. The
    scale is chosen by cross-validation.

    Parameters
    ----------
    estimator : estimator
        A penalized linear regressor or classifier, such as ``RidgeCV()``.
    scales : array-like of float, default=(0.3, 1.0, 3.0, 10.0)
        Positive scales to try.
    param_grid : dict, default=None
        Parameters of the estimator to choose together with the scale: {name: values}.
    scoring : str or callable, default=None
        The score to maximize; None is the `score` method of the estimator.
    cv : int or iterable of (train, test), default=5
        Number of folds, drawn with a fixed seed, over which the samples of each task (of
        classifiers: of each class) are spread, or pairs of training and test samples. If a class
        has a single sample, nothing is chosen and the middle of the grid is taken.
    task_column : str or int, default=None
        Column of X that holds the task ids; it is removed before the fit.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that were not seen in fit: raise an error, or predict with
        the common intercept.
    n_jobs : int, default=None
        Number of jobs to run in parallel.

    Attributes
    ----------
    estimator_ : estimator
        The fitted pipeline, which takes the features with the indicators behind them.
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
        In `fit`, if scales are not positive or features are not numeric.

    See Also
    --------
    PooledTasks : The same without an intercept for each task.
    MeanRegularizedRegressor : Every task has coefficients of its own as well.

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

    def _fit_pooled(self, X, samples):
        scales = self._checked_scales()
        _, y, weight = samples
        if self._is_constant(y):
            self.scale_ = np.nan  # there is nothing to choose by
            dummy = DummyClassifier() if self._is_classifier() else DummyRegressor()
            return dummy.fit(X, y, sample_weight=weight)
        features = X[:, : -self.n_tasks_]
        unit = _feature_scale(features, weight) or 1.0
        models = self._candidates(scales * unit)
        best = len(models) // 2
        if len(models) > 1 and self._can_choose(y):
            scores = self._cross_validate(models, X, samples)
            best = int(np.argmax(scores))
        model = models[best]
        self.scale_ = model.named_steps["scale"].kw_args["factor"] / unit
        return _fit(model, X, y, weight)

    def _checked_scales(self):
        """Return the scales as an array; raise unless they are positive."""
        scales = np.asarray(self.scales, dtype=float)
        scales = np.atleast_1d(scales)
        valid = np.isfinite(scales) & (scales > 0)
        if scales.size == 0 or not valid.all():
            raise ValueError(f"scales must be positive numbers, got {self.scales!r}.")
        return scales

    def _is_constant(self, y):
        """Whether there is a single target or class."""
        if self._is_classifier():
            return len(np.unique(y)) < 2
        return len(y) < 2

    def _candidates(self, factors):
        """Return an unfitted pipeline for each setting of the grid and factor of the indicators."""
        scalings = [{"n_tasks": self.n_tasks_, "factor": factor} for factor in factors]
        grid = {"scale__kw_args": scalings}
        for name, values in (self.param_grid or {}).items():
            grid[f"estimator__{name}"] = values
        scale = FunctionTransformer(_scale_indicators)
        pipeline = Pipeline([("scale", scale), ("estimator", self.estimator)])
        return [clone(pipeline).set_params(**params) for params in ParameterGrid(grid)]

    def _can_choose(self, y):
        """Whether every class can be on both sides of a split."""
        if not self._is_classifier():
            return True
        _, counts = np.unique(y, return_counts=True)
        return counts.min() > 1

    def _cross_validate(self, models, X, samples):
        """Return the mean score of every model over the splits, (n_models,)."""
        indices, y, weight = samples
        splits = self._splits(X, y, indices)
        scorer = self._scorer(models[0], y)
        scores = Parallel(n_jobs=self.n_jobs)(
            delayed(_score)(model, scorer, X, y, weight, train, test)
            for model in models
            for train, test in splits
        )
        scores = np.reshape(scores, (len(models), -1))
        return scores.mean(axis=1)

    def _scorer(self, model, y):
        """Return the scorer; log-loss must know the classes that a fold may lack."""
        if self.scoring != "neg_log_loss":
            return check_scoring(model, scoring=self.scoring)
        return make_scorer(
            log_loss,
            labels=np.unique(y),
            response_method="predict_proba",
            greater_is_better=False,
        )

    def _splits(self, X, y, indices):
        """Return pairs (train, test) of positions in X, whose samples stood at `indices`."""
        if isinstance(self.cv, Iterable):
            splits = []
            for train, test in self.cv:
                splits.append((_positions(train, indices), _positions(test, indices)))
            return splits
        n_folds = min(check_int(self.cv, "cv", low=2), len(indices))
        if self._is_classifier():  # so that each class is in every training set
            _, strata = np.unique(y, return_inverse=True)
        else:
            indicators = X[:, -self.n_tasks_ :]
            strata = np.asarray(indicators.argmax(axis=1)).ravel()
        fold = assign_folds(strata, n_folds, np.random.RandomState(0))
        splits = []
        for k in range(n_folds):
            train = np.flatnonzero(fold != k)
            test = np.flatnonzero(fold == k)
            splits.append((train, test))
        return splits

    def pooled_inputs(self, X, codes):
        """Return the features with an indicator column for each task; code -1 is a new task."""
        X = check_array(X, accept_sparse=("csr", "csc"), input_name="X")
        indicators = codes[:, None] == np.arange(self.n_tasks_)
        return append_columns(X, indicators.astype(X.dtype))


def _positions(side, indices):
    """Return the positions of the user's samples `side`, as often as they are in it."""
    counts = np.bincount(side, minlength=indices.max() + 1)
    return np.repeat(np.arange(len(indices)), counts[indices])


def _scale_indicators(X, n_tasks=0, factor=1.0):
    """Return X with its last `n_tasks` columns multiplied by `factor`."""
    factors = np.ones(X.shape[1])
    factors[X.shape[1] - n_tasks :] = factor
    if sparse.issparse(X):
        return X @ sparse.diags(factors)
    return X * factors


def _feature_scale(X, weight):
    """Return the root mean square of the (weighted) standard deviations of the features."""
    if X.shape[1] == 0:
        return 0.0
    if sparse.issparse(X):
        _, variances = mean_variance_axis(X, axis=0, weights=weight)
    else:
        mean = np.average(X, axis=0, weights=weight)
        variances = np.average((X - mean) ** 2, axis=0, weights=weight)
    return float(np.sqrt(variances.mean()))


def _fit(model, X, y, weight):
    """Return the fitted pipeline."""
    fit_kwargs = {} if weight is None else {"estimator__sample_weight": weight}
    return model.fit(X, y, **fit_kwargs)


def _score(model, scorer, X, y, weight, train, test):
    """Return the score of a clone that is fitted to one part, on the other."""
    train_weight = None
    score_kwargs = {}
    if weight is not None:
        train_weight = weight[train]
        score_kwargs = {"sample_weight": weight[test]}
    model = _fit(clone(model), X[train], y[train], train_weight)
    return scorer(model, X[test], y[test], **score_kwargs)
