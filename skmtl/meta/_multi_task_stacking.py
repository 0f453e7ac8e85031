"""Stacking over tasks: models of single tasks first, then models of their predictions."""

import warnings
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, check_array, get_tags

from skmtl._data.checks import check_bool, check_int
from skmtl._data.stratification import assign_folds
from skmtl.meta._chains import decisions
from skmtl.meta._curds_and_whey import curds_and_whey
from skmtl.meta._task_models import (
    TaskMetaEstimator,
    _aligned_proba,
    _append_columns,
    _check_takes_weights,
    _fit_one,
    _predict_by,
    _proba_by,
)

_CURDS = "curds_and_whey"


class MultiTaskStacking(TaskMetaEstimator):
    """Stacked single targets: what all tasks predict for a row are features of each task.

    Stage one is a model for each task alone. Stage two is again one model a task, with the
    features and the stage-one predictions of *all* tasks for the row as its inputs. It is trained
    on predictions that are out of fold: each row belongs to one fold, and whatever task's model
    predicts it, it was fitted without the rows of that fold. New rows are predicted by stage-one
    models of all rows.

    With ``final_estimator="curds_and_whey"`` stage two is a closed form instead, after Breiman and
    Friedman. Least-squares predictions :math:`\\hat Y` (of centered targets) are combined linearly,

    .. math:: \\hat Y B, \\quad B = V \\, \\mathrm{diag}(d) \\, V^{-1}, \\quad
        d_i = \\max\\left(0, \\frac{(1 - r)(c_i^2 - r)}{(1 - r)^2 c_i^2 + r^2 (1 - c_i^2)}\\right)

    where the columns of V are the canonical directions of the targets, :math:`c_i` the canonical
    correlations of targets and features, and :math:`r` the number of features over that of rows.
    This is what regressing the targets on leave-one-out predictions gives if all rows have the
    leverage r. Nothing has to be chosen.

    Parameters
    ----------
    estimator : estimator or None
        Any scikit-learn regressor or classifier for 1-D y; None is ``LinearRegression()``. Curds
        and whey needs that.
    final_estimator : estimator or "curds_and_whey", default=None
        Model of stage two. None is a ``RidgeCV`` over alphas from 1e-3 to 1e3, or a
        ``LogisticRegression``.
    cv : int, splitter or iterable of pairs of rows, default=5
        Folds of stage one, ignored by curds and whey. A number spreads the rows of each task (and,
        of classifiers, each class) over so many folds, without shuffling. A splitter gets the
        tasks as `groups`. Every row must be tested once.
    passthrough : bool, default=True
        Whether stage two sees the features; they must be numbers then.
    task_column : str or int, default=None
        Column of X that holds the task ids.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that fit did not see: raise, or average what the models of
        all tasks predict (classifiers vote).
    n_jobs : int, default=None
        Fits at a time.

    Attributes
    ----------
    estimators_ : list of n_tasks estimators
        Stage one, fitted to all rows; in the order of `tasks_`.
    final_estimators_ : list of n_tasks estimators
        Stage two. They see the features (with `passthrough`), then for each task its prediction:
        of classifiers the probability of the second class, or of each class where there are more
        than two (the decision function of those without probabilities).
    combination_ : ndarray of shape (n_tasks, n_tasks)
        B, of curds and whey (None otherwise): column t makes the prediction of task t.
    canonical_correlations_ : ndarray of shape (n_tasks,)
        c, of curds and whey (None otherwise), decreasing.
    shrinkage_ : ndarray of shape (n_tasks,)
        d, of curds and whey (None otherwise).
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
        In `fit`, for a `cv` that does not test every row once, and for data that curds and whey
        cannot take: it needs two-dimensional y without holes and at least two more rows than
        features.

    See Also
    --------
    IndependentTasks : Stage one alone.
    SequentialTasks : Each task learned from those before it.

    References
    ----------
    Spyromitros-Xioufis, Tsoumakas, Groves, Vlahavas (2016), "Multi-target regression via input
    space expansion: treating targets as inputs", Machine Learning 104, 55-98: stacked single
    targets with out-of-fold estimates.

    Breiman, Friedman (1997), "Predicting multivariate responses in multiple linear regression",
    Journal of the Royal Statistical Society B 59, 3-54: the generalized cross-validation form.

    Examples
    --------
    >>> from sklearn.linear_model import RidgeCV
    >>> from skmtl import MultiTaskStacking, make_multitask_regression
    >>> data = make_multitask_regression(n_samples=60, n_tasks=3, random_state=0)
    >>> model = MultiTaskStacking(RidgeCV()).fit(data.X, data.y)
    >>> model.predict(data.X).shape
    (60, 3)
    >>> curds = MultiTaskStacking(None, "curds_and_whey").fit(data.X, data.y)
    >>> curds.combination_.shape
    (3, 3)
    """

    def __init__(
        self,
        estimator,
        final_estimator=None,
        *,
        cv=5,
        passthrough=True,
        task_column=None,
        handle_unknown="error",
        n_jobs=None,
    ):
        self.estimator = estimator
        self.final_estimator = final_estimator
        self.cv = cv
        self.passthrough = passthrough
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.n_jobs = n_jobs

    def task_estimator(self):
        """The estimator that a task is fitted with."""
        return LinearRegression() if self.estimator is None else self.estimator

    def _predictor(self):
        return self.task_estimator() if self._curds() else self._final()

    def _curds(self):
        return isinstance(self.final_estimator, str) and self.final_estimator == _CURDS

    def _final(self):
        """The estimator of stage two."""
        if self.final_estimator is not None:
            return self.final_estimator
        classifier = self._is_classifier()
        return LogisticRegression(max_iter=1000) if classifier else RidgeCV(np.logspace(-3, 3, 13))

    def _fit_parts(self, data, weighted):
        check_bool(self.passthrough, "passthrough")
        self.combination_ = self.canonical_correlations_ = self.shrinkage_ = None
        if self._curds():
            self._fit_curds(data, weighted)
        else:
            self._fit_stages(data, weighted)

    def _fit_stages(self, data, weighted):
        final = self._final()
        self._check_final(final, weighted)
        folds = self._folds(data)
        runs = [(None, None), *folds]
        jobs = [(t, train, test) for train, test in runs for t in range(data.n_tasks)]
        parallel = Parallel(n_jobs=self.n_jobs)
        done = parallel(delayed(self._stage_one)(data, weighted, *job) for job in jobs)
        self.estimators_ = done[: data.n_tasks]
        held_out = np.zeros((data.features.shape[0], sum(map(self._width, range(data.n_tasks)))))
        for k, (_, test) in enumerate(folds, start=1):
            held_out[test] = np.hstack(done[k * data.n_tasks : (k + 1) * data.n_tasks])
        self.final_estimators_ = parallel(
            delayed(_fit_one)(
                final,
                self._combined(_safe_indexing(data.features, rows), held_out[rows]),
                y,
                weight if weighted else None,
            )
            for rows, y, weight in data.parts
        )

    def _fit_curds(self, data, weighted):
        self._check_curds(data, weighted)
        X = check_array(data.features, accept_sparse=True, input_name="X")
        X = X.toarray() if sparse.issparse(X) else X
        Y = np.column_stack([y for _, y, _ in data.parts]).astype(float)
        self.combination_, self.canonical_correlations_, self.shrinkage_ = curds_and_whey(X, Y)
        self.estimators_ = [LinearRegression().fit(data.features, y) for y in Y.T]
        means = Y.mean(axis=0)
        self.final_estimators_ = [
            _linear(weights, mean - means @ weights)
            for weights, mean in zip(self.combination_.T, means, strict=True)
        ]

    def _check_curds(self, data, weighted):
        one = self.task_estimator()
        if not isinstance(one, LinearRegression) or one.positive or not one.fit_intercept:
            raise ValueError(
                f"Curds and whey combines least-squares predictions, but estimator={one!r}: give "
                "LinearRegression() or None."
            )
        if weighted:
            raise ValueError("Curds and whey takes no sample_weight.")
        n_samples, n_features = data.features.shape
        if data.layout != "wide" or (data.n_samples_per_task < n_samples).any():
            raise ValueError(
                "Curds and whey needs y of shape (n_samples, n_tasks) without missing labels: "
                "give final_estimator an estimator or None for other data."
            )
        if n_samples <= n_features + 1:
            raise ValueError(
                "Curds and whey needs at least two more rows than features, got "
                f"n_samples={n_samples} and {n_features} feature(s): give final_estimator an "
                "estimator or None."
            )

    def _check_final(self, final, weighted):
        if isinstance(final, str):
            raise ValueError(
                f"final_estimator={final!r} is not known: give an estimator, {_CURDS!r} or None."
            )
        kinds = [get_tags(one).estimator_type for one in (self.task_estimator(), final)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"The estimator is a {kinds[0]}, but final_estimator={final!r} a {kinds[1]}: give "
                "two of a kind."
            )
        if weighted:
            _check_takes_weights(final)

    def _folds(self, data):
        """Pairs of the user's rows to train on and to test, each row in one test."""
        rows, strata = self._strata(data)
        if isinstance(self.cv, Integral):
            fold = assign_folds(strata, check_int(self.cv, "cv", low=2))
            return [(rows[fold != k], rows[fold == k]) for k in range(self.cv)]
        groups = np.zeros(data.features.shape[0], dtype=int)
        groups[rows] = strata
        with warnings.catch_warnings():  # most splitters need no groups
            warnings.filterwarnings("ignore", "The groups parameter is ignored")
            splits = list(check_cv(self.cv).split(data.features, None, groups))
        folds = [tuple(np.intersect1d(side, rows) for side in split) for split in splits]
        folds = [split for split in folds if len(split[1])]  # rows of no weight may fill a fold
        tested = np.sort(np.concatenate([test for _, test in folds]))
        if not np.array_equal(tested, np.sort(rows)):
            raise ValueError(
                f"cv={self.cv!r} does not test every row exactly once, so that there are no "
                "out-of-fold predictions: give a number of folds or a KFold."
            )
        return folds

    def _strata(self, data):
        """Rows with a label, and what folds have their share of: tasks, and classes if any."""
        classify = self._is_classifier()
        if data.layout == "wide":
            cells = np.full((data.features.shape[0], data.n_tasks), -1)
            for t, (rows, y, _) in enumerate(data.parts):
                cells[rows, t] = np.searchsorted(self.classes_[t], y) if classify else 0
            rows = np.flatnonzero((cells >= 0).any(axis=1))
            return rows, np.unique(cells[rows], axis=0, return_inverse=True)[1].ravel()
        rows, y, _ = (np.concatenate(parts) for parts in zip(*data.parts, strict=True))
        strata = np.repeat(np.arange(data.n_tasks), data.n_samples_per_task)
        if classify:
            cells = strata * len(self.classes_) + np.searchsorted(self.classes_, y)
            strata = np.unique(cells, return_inverse=True)[1]
        order = np.argsort(rows)
        return rows[order], strata[order]

    def _stage_one(self, data, weighted, t, train, test):
        """The model of task t, or what it predicts for rows `test` when fitted on `train`."""
        rows, y, weight = data.parts[t]
        kept = slice(None) if train is None else _among(rows, train, data)
        if len(y[kept]):
            X = _safe_indexing(data.features, rows[kept])
            one = _fit_one(self.task_estimator(), X, y[kept], weight[kept] if weighted else None)
        else:
            one = self._prior(data, t, train)
        return one if train is None else self._scores(one, _safe_indexing(data.features, test), t)

    def _prior(self, data, t, train):
        """The model of a task all of whose rows are held out: it knows the other tasks only."""
        if self._is_classifier():
            classes = self._classes_of(t)
            return DummyClassifier(strategy="prior").fit(np.zeros((len(classes), 1)), classes)
        rows, y, _ = (np.concatenate(parts) for parts in zip(*data.parts, strict=True))
        y = y[_among(rows, train, data)]
        return DummyRegressor().fit(np.zeros((len(y), 1)), y)

    def _classes_of(self, t):
        return self.classes_[t] if isinstance(self.classes_, list) else self.classes_

    def _width(self, t):
        """Number of columns that task t has in stage two."""
        if not self._is_classifier():
            return 1
        return len(self._classes_of(t)) if len(self._classes_of(t)) != 2 else 1

    def _scores(self, one, X, t):
        """What a stage-one model of task t hands on, (n_samples, `_width(t)`)."""
        if not self._is_classifier():
            return np.reshape(one.predict(X), (-1, 1))
        if not hasattr(one, "predict_proba"):
            return decisions(one, X, self._classes_of(t))
        proba = _aligned_proba(one, X, self._classes_of(t))
        return proba[:, 1:] if proba.shape[1] == 2 else proba

    def _combined(self, X, scores):
        """What stage two sees."""
        return _append_columns(X, scores) if self.passthrough else scores

    def _inputs(self, X):
        scores = [self._scores(one, X, t) for t, one in enumerate(self.estimators_)]
        return np.hstack(scores) if self._curds() else self._combined(X, np.hstack(scores))

    def _predict_task(self, X, t):
        classes = self.classes_ if self._is_classifier() else None
        return _predict_by(self.final_estimators_, X, t, classes)

    def _proba_task(self, X, t, classes):
        return _proba_by(self.final_estimators_, X, t, classes)


def _among(rows, chosen, data):
    """Which of `rows` are among the chosen ones of the user's."""
    mask = np.zeros(data.features.shape[0], dtype=bool)
    mask[chosen] = True
    return mask[rows]


def _linear(coef, intercept):
    """A fitted LinearRegression with these coefficients."""
    model = LinearRegression()
    model.coef_, model.intercept_, model.n_features_in_ = coef, intercept, len(coef)
    return model
