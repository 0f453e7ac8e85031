"""Pooled coefficients with an intercept for each task: the least that tasks can differ by."""

from copy import deepcopy
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import check_scoring, log_loss, make_scorer
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int
from skmtl._data.new_task import new_task_id, read_new_targets
from skmtl._data.reading import read_features
from skmtl._data.stratification import assign_folds
from skmtl._data.task_ids import as_id_array
from skmtl.meta._intercept_model import InterceptData, InterceptModel, split_steps
from skmtl.meta._intercept_search import held_out_scores
from skmtl.meta._new_intercept import new_intercept
from skmtl.meta._pooled_tasks import PooledTasks
from skmtl.meta._task_models import splits_of_samples


class RandomInterceptTasks(PooledTasks):
    """Fit the same coefficients for all tasks and an intercept for each, shrunken to a common one.

    The estimator is fitted to the samples of all tasks, on the features and one indicator column
    for each task. An indicator is 0 or ``scale`` times the root mean square of the standard
    deviations of the features: the larger the scale, the less a penalty shrinks intercepts. For a
    ridge this is the random-intercept model of mixed-effects regression, where the prior variance
    of intercepts is `scale` squared times that of the coefficients of standardized features. The
    scale is chosen by cross-validation.

    ``Ridge`` and ``RidgeCV`` are fitted in closed form and ``LogisticRegression`` of two classes
    with an L2 penalty by Newton's method, without the indicator columns. Their cost grows linearly
    with the number of tasks. With the scores "neg_mean_squared_error" (the default of regressors)
    and "neg_log_loss", the settings are tried without a fit of the estimator for each; so are those
    of ``PoissonRegressor`` with "neg_mean_poisson_deviance".

    Parameters
    ----------
    estimator : estimator
        A penalized linear regressor or classifier, such as ``RidgeCV()``, or a pipeline that ends
        with one. The earlier steps of a pipeline see the features, without the indicators.
    scales : array-like of float, default=(0.3, 1.0, 3.0, 10.0)
        Positive scales to try.
    param_grid : dict, default=None
        Parameters of the estimator to choose together with the scale: {name: values}.
    scoring : str or callable, default=None
        The score to maximize; None is the negative squared error of regressors and the `score`
        method of classifiers.
    cv : int, splitter or iterable of (train, test), default=5
        Number of folds, drawn with a fixed seed, over which the samples of each task (of
        classifiers: of each class) are spread; or a splitter, which gets the task ids as `groups`;
        or pairs of training and test samples, by position or as masks. If a class has a single
        sample, nothing is chosen and the middle of the grid is taken.
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
        The fitted model, which takes the features, transformed by `steps_`, and the indicators
        behind them. Its coefficients are in this order.
    steps_ : Pipeline or None
        The earlier steps of a pipeline.
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
        In `fit`, if scales are not positive, features are not numeric, all scores are NaN, or the
        estimator is a search around a pipeline, whose steps would transform the indicators.

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

    def _fit_parts(self, data):
        scales = self._checked_scales()
        self._check_no_inner_steps()
        samples, codes = self._pooled(data)
        training = InterceptData(
            _safe_indexing(data.features, samples.indices),
            samples.y,
            samples.weight,
            codes,
            data.n_tasks,
        )
        if self._is_constant(samples.y):
            model = self._constant_model(training)
            self.scale_ = np.nan  # there is nothing to choose by
        else:
            candidates = self._candidates(scales)
            best = self._best(candidates, training, data, samples.indices)
            estimator, self.scale_ = candidates[best]
            model = training.fit(estimator, self.scale_)
        self._store_model(model)

    def _store_model(self, model):
        """Set what is public of the fitted model."""
        self._model = model
        self.steps_ = model.steps
        self.estimator_ = model.estimator

    def _checked_scales(self):
        """Return the scales as a list; raise unless they are positive."""
        scales = np.asarray(self.scales, dtype=float)
        scales = np.atleast_1d(scales)
        valid = np.isfinite(scales) & (scales > 0)
        if scales.size == 0 or not valid.all():
            raise ValueError(f"scales must be positive numbers, got {self.scales!r}.")
        return scales.tolist()

    def _check_no_inner_steps(self):
        """Raise if steps would transform the indicators: those of a pipeline in a search, say."""
        _, final = split_steps(self.estimator)
        params = final.get_params()
        for value in [final, *params.values()]:
            if isinstance(value, Pipeline):
                raise ValueError(
                    f"estimator={self.estimator!r} has steps that would transform the indicators "
                    "of the tasks: put them into a pipeline whose last step is the model, and "
                    "choose its parameters with param_grid."
                )

    def _is_constant(self, y):
        """Whether there is a single target or class."""
        if self._is_classifier():
            return len(np.unique(y)) < 2
        return len(y) < 2

    def _constant_model(self, training):
        """Return the model of a single target or class."""
        dummy = DummyRegressor()
        if self._is_classifier():
            dummy = DummyClassifier()
        nothing = np.zeros((len(training.y), 1))
        dummy.fit(nothing, training.y, sample_weight=training.weight)
        return InterceptModel(None, dummy, np.nan, training.n_tasks)

    def _candidates(self, scales):
        """Return each setting of the grid with each scale: pairs (unfitted estimator, scale)."""
        candidates = []
        grid = self.param_grid or {}
        for params in ParameterGrid(grid):
            estimator = clone(self.estimator)
            estimator.set_params(**params)
            candidates += [(estimator, scale) for scale in scales]
        return candidates

    def _best(self, candidates, training, data, indices):
        """Return the position of the best candidate, the middle one if nothing can be chosen."""
        if len(candidates) == 1 or not self._can_choose(training.y):
            return len(candidates) // 2
        splits = self._splits(training, data, indices)
        scorer = self._scorer(training.y)
        scores = Parallel(n_jobs=self.n_jobs)(
            delayed(_scores_of_split)(candidates, self.scoring, scorer, training, train, test)
            for train, test in splits
        )
        return _position_of_best(np.array(scores), self.scoring)

    def _can_choose(self, y):
        """Whether every class can be on both sides of a split."""
        if not self._is_classifier():
            return True
        _, counts = np.unique(y, return_counts=True)
        return counts.min() > 1

    def _scorer(self, y):
        """Return the scorer; log-loss must know the classes that a fold may lack."""
        scoring = self.scoring
        if scoring == "neg_log_loss":
            return make_scorer(
                log_loss,
                labels=np.unique(y),
                response_method="predict_proba",
                greater_is_better=False,
            )
        if scoring is None and not self._is_classifier():
            scoring = "neg_mean_squared_error"  # R^2 needs two samples in each fold
        _, final = split_steps(self.estimator)
        return check_scoring(final, scoring=scoring)

    def _splits(self, training, data, indices):
        """Return pairs (train, test) of positions in the training samples.

        These stood at `indices` in the user's X.
        """
        splits = []
        if not isinstance(self.cv, Integral):
            for train, test in splits_of_samples(self.cv, data):
                trained = _positions(train, indices)
                tested = _positions(test, indices)
                splits.append((trained, tested))
            return splits
        n_folds = min(check_int(self.cv, "cv", low=2), len(indices))
        strata = training.codes
        if self._is_classifier():  # so that each class is in every training set
            _, strata = np.unique(training.y, return_inverse=True)
        fold = assign_folds(strata, n_folds, np.random.RandomState(0))
        for k in range(n_folds):
            train = np.flatnonzero(fold != k)
            test = np.flatnonzero(fold == k)
            splits.append((train, test))
        return splits

    def pooled_inputs(self, X, codes):
        """Return what `estimator_` sees of samples of these tasks; code -1 is a new task."""
        if isinstance(self.estimator_, DummyClassifier | DummyRegressor):
            return np.zeros((X.shape[0], 1))
        return self._model.inputs(X, codes)

    def hat_trace(self, X, codes):
        """Return the trace of the matrix that maps y to the fitted values of these samples.

        None for estimators other than a ridge regression.

        Parameters
        ----------
        X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
            The samples of the fit, without the task column.
        codes : ndarray of int of shape (n_samples,)
            Their tasks, by position in `tasks_`.
        """
        return self._model.hat_trace(X, codes)

    def adapt(self, X_new, y_new, *, task=None, sample_weight=None):
        """The model with one task more, learned from few samples; no other task is fitted again.

        Minimizes the objective of the model over the intercept of the new task, given the
        coefficients, the common intercept and those of the other tasks. For a ridge that is the sum
        of the residuals of the common model, divided by the number of samples plus
        ``alpha / s^2``, s being `scale_` times the root mean square of the standard deviations of
        the features.

        Parameters
        ----------
        X_new : array-like, sparse matrix or frame of shape (n_samples, n_columns)
            At least one sample, with the columns of `fit`, the task column too.
        y_new : array-like of shape (n_samples,) or (n_samples, 1)
            Targets or class labels; NaN or None where one is missing. Classes are those of the
            fitted tasks.
        task : int, str or other task id, default=None
            Id of the new task, whatever the task column says. None is the name of the column if
            y_new is a frame, else the id in the task column if that is a single one and new, else
            the largest id plus 1 or, for strings, "new".
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights.

        Returns
        -------
        model : RandomInterceptTasks
            A fitted copy, the new task the last of `tasks_`.

        Raises
        ------
        ValueError
            If the task id is known already, a class is unknown, the fit had a single sample or
            class, or the input is invalid as in `fit`.
        TypeError
            If the estimator is no ridge and no logistic regression with an L2 penalty, or the task
            id cannot be sorted among the others, as a string among numbers.
        """
        check_is_fitted(self)
        if isinstance(self.estimator_, DummyClassifier | DummyRegressor):
            raise ValueError(
                "The fit had a single sample or class, so that there is no model to adapt: fit "
                "again with the new task."
            )
        task_id = new_task_id(self, X_new, y_new, task)
        X, _ = read_features(self, X_new, reset=False, numeric=False, ids=False)
        dtype = None if self._is_classifier() else np.float64
        samples, y, weight = read_new_targets(self, X.shape[0], y_new, sample_weight, dtype)
        X = _safe_indexing(X, samples)
        coef = new_intercept(self._model, X, y, weight)
        adapted = deepcopy(self)
        model = adapted._model.with_task(coef)
        adapted._store_model(model)
        new_id = as_id_array([task_id])
        adapted.tasks_ = np.concatenate([self.tasks_, new_id])
        adapted.n_tasks_ = len(adapted.tasks_)
        adapted.n_samples_per_task_ = np.append(self.n_samples_per_task_, len(samples))
        if isinstance(getattr(self, "classes_", None), list):
            adapted.classes_ = [*self.classes_, self.estimator_.classes_]
        return adapted


def _positions(side, indices):
    """Return the positions of the user's samples `side`, as often as they are in it."""
    counts = np.bincount(side, minlength=indices.max() + 1)
    return np.repeat(np.arange(len(indices)), counts[indices])


def _scores_of_split(candidates, scoring, scorer, training, train, test):
    """Return the scores on one part of the candidates fitted to the other, (n_candidates,)."""
    fitted_to = training.take(train)
    held_out = training.take(test)
    scores = held_out_scores(candidates, scoring, fitted_to, held_out)
    if scores is not None:
        return scores
    score_kwargs = {}
    if held_out.weight is not None:
        score_kwargs["sample_weight"] = held_out.weight
    scores = []
    for estimator, scale in candidates:
        model = fitted_to.fit(estimator, scale)
        inputs = model.inputs(held_out.features, held_out.codes)
        score = scorer(
            model.estimator,
            inputs,
            held_out.y,
            **score_kwargs,
        )
        scores.append(score)
    return scores


def _position_of_best(scores, scoring):
    """Return the position of the best candidate, from scores (n_splits, n_candidates).

    Splits that have no score, such as R^2 of a single sample, are left out; a candidate that has
    none where others have one is the worst.
    """
    scored = ~np.isnan(scores).all(axis=1)
    if not scored.any():
        raise ValueError(
            f"scoring={scoring!r} gives NaN for every setting and split: give fewer folds or "
            "another scoring, such as 'neg_mean_squared_error'."
        )
    means = scores[scored].mean(axis=0)
    means = np.where(np.isnan(means), -np.inf, means)
    return int(np.argmax(means))
