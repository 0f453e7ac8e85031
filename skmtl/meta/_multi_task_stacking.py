"""Stacking over tasks: models of single tasks, then models of their predictions."""

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.utils import _safe_indexing, check_array, get_tags

from skmtl._data.checks import check_bool
from skmtl.meta._added_columns import append_columns
from skmtl.meta._complete_folds import complete_folds
from skmtl.meta._curds_and_whey import curds_and_whey
from skmtl.meta._decision_chain import decisions
from skmtl.meta._fit_task import fit_task
from skmtl.meta._task_models import (
    TaskMetaEstimator,
    aligned_proba,
    check_takes_weights,
    predict_by,
    proba_by,
)

_CURDS = "curds_and_whey"


class MultiTaskStacking(TaskMetaEstimator):
    """Stacked single targets: the predictions of all tasks are features of each task.

    Stage one is a model for each task alone. Stage two is again one model for each task; it sees
    the features and the stage-one predictions of *all* tasks. It is trained on out-of-fold
    predictions: each sample belongs to one fold, and the models of all tasks that predict it were
    fitted without the samples of that fold. New samples are predicted by stage-one models fitted to
    all samples. Every model of stage one predicts every sample, so that time and memory grow with
    the number of samples times that of tasks.

    With ``final_estimator="curds_and_whey"`` stage two is a closed form instead, after Breiman and
    Friedman. Least-squares predictions :math:`\\hat Y` of centered targets are combined linearly,

    .. math:: \\hat Y B, \\quad B = V \\, \\mathrm{diag}(d) \\, V^{-1}, \\quad
        d_i = \\max\\left(0, \\frac{(1 - r)(c_i^2 - r)}{(1 - r)^2 c_i^2 + r^2 (1 - c_i^2)}\\right)

    where the columns of V are the canonical directions of the targets, :math:`c_i` the canonical
    correlations of targets and features, and :math:`r` the number of features divided by that of
    samples. This is the regression of the targets on leave-one-out predictions if all samples have
    the leverage r. There is no parameter to choose.

    Parameters
    ----------
    estimator : estimator or None
        Any scikit-learn regressor or classifier for 1-D y; None is ``LinearRegression()``, which
        curds and whey requires.
    final_estimator : estimator or "curds_and_whey", default=None
        Model of stage two. None is a ``RidgeCV`` over alphas from 1e-3 to 1e3, or a
        ``LogisticRegression``.
    cv : int, splitter or iterable of (train, test), default=5
        Folds of stage one, ignored by curds and whey. An int is the number of folds, over which the
        samples of each task (and, of classifiers, each class) are spread without shuffling. A
        splitter gets the task ids as `groups`. Every sample must be in one test set.
    passthrough : bool, default=True
        Whether stage two sees the features, which must then be what `final_estimator` takes: a
        frame stays one, with the predictions as its last columns.
    task_column : str or int, default=None
        Column of X that holds the task ids.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that were not seen in fit: raise an error, or average the
        predictions of the models of all tasks (classifiers vote).
    n_jobs : int, default=None
        Number of jobs to run in parallel.

    Attributes
    ----------
    estimators_ : list of n_tasks estimators
        Stage one, fitted to all samples; in the order of `tasks_`.
    final_estimators_ : list of n_tasks estimators
        Stage two. They see the features (with `passthrough`), then the prediction of each task. For
        classifiers that is the probability of the second class, or of each class if there are more
        than two (the decision function of classifiers without probabilities).
    combination_ : ndarray of shape (n_tasks, n_tasks)
        B, of curds and whey (None otherwise); column t gives the prediction of task t.
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
        In `fit`, if `cv` does not test every sample once, and if the data do not suit curds and
        whey, which needs two-dimensional y without missing targets and at least two more samples
        than features.

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
        """Return the unfitted estimator of stage one."""
        return LinearRegression() if self.estimator is None else self.estimator

    def _predictor(self):
        return self.task_estimator() if self._is_curds_and_whey() else self._final_estimator()

    def _is_curds_and_whey(self):
        return isinstance(self.final_estimator, str) and self.final_estimator == _CURDS

    def _final_estimator(self):
        """Return the unfitted estimator of stage two."""
        if self.final_estimator is not None:
            return self.final_estimator
        if self._is_classifier():
            return LogisticRegression(max_iter=1000)
        return RidgeCV(np.logspace(-3, 3, 13))

    def _fit_parts(self, data):
        check_bool(self.passthrough, "passthrough")
        self.combination_ = None
        self.canonical_correlations_ = None
        self.shrinkage_ = None
        if self._is_curds_and_whey():
            self._fit_curds_and_whey(data)
        else:
            self._fit_stages(data)

    def _fit_stages(self, data):
        """Fit stage one to all samples and to those of every fold, then stage two."""
        final = self._final_estimator()
        self._check_final(final, data)
        folds = self._folds(data)
        tasks = range(data.n_tasks)
        fits = [delayed(self._fit_first)(data, t) for t in tasks]
        for counts, test in folds:
            fits += [delayed(self._held_out_scores)(data, t, counts, test) for t in tasks]
        parallel = Parallel(n_jobs=self.n_jobs)
        results = parallel(fits)
        self.estimators_ = results[: data.n_tasks]
        scores_of_folds = results[data.n_tasks :]

        n_columns = sum(self._width(t) for t in tasks)
        held_out = np.zeros((data.features.shape[0], n_columns))
        for k, (_, test) in enumerate(folds):
            of_tasks = scores_of_folds[k * data.n_tasks : (k + 1) * data.n_tasks]
            held_out[test] = np.hstack(of_tasks)
        self.final_estimators_ = parallel(self._final_fits(data, final, held_out))

    def _final_fits(self, data, final, scores):
        """Yield the fits of stage two to stage-one scores (n_samples, n_columns)."""
        for part in data.parts:
            features = _safe_indexing(data.features, part.indices)
            inputs = self._combined(features, scores[part.indices])
            yield delayed(fit_task)(final, inputs, part.y, part.weight)

    def _fit_curds_and_whey(self, data):
        """Fit least squares to every task, and combine them linearly."""
        self._check_curds_and_whey(data)
        X = check_array(data.features, accept_sparse=True, input_name="X")
        if sparse.issparse(X):
            X = X.toarray()
        Y = np.column_stack([part.y for part in data.parts]).astype(float)
        result = curds_and_whey(X, Y)
        self.combination_ = result.combination
        self.canonical_correlations_ = result.correlations
        self.shrinkage_ = result.shrinkage
        self.estimators_ = [LinearRegression().fit(data.features, y) for y in Y.T]
        self.final_estimators_ = []
        means = Y.mean(axis=0)
        for coef, mean in zip(result.combination.T, means, strict=True):
            intercept = mean - means @ coef
            self.final_estimators_.append(_linear_regression(coef, intercept))

    def _check_curds_and_whey(self, data):
        """Raise unless the estimator is least squares and the data are complete."""
        estimator = self.task_estimator()
        least_squares = isinstance(estimator, LinearRegression)
        if not least_squares or estimator.positive or not estimator.fit_intercept:
            raise ValueError(
                f"Curds and whey combines least-squares predictions, but estimator={estimator!r}: "
                "give LinearRegression() or None."
            )
        if data.weighted:
            raise ValueError("Curds and whey takes no sample_weight.")
        n_samples, n_features = data.features.shape
        if data.layout != "wide" or (data.n_samples_per_task < n_samples).any():
            raise ValueError(
                "Curds and whey needs y of shape (n_samples, n_tasks) without missing targets: "
                "give final_estimator an estimator or None for other data."
            )
        if n_samples <= n_features + 1:
            raise ValueError(
                "Curds and whey needs at least two more samples than features, got "
                f"n_samples={n_samples} and {n_features} feature(s): give final_estimator an "
                "estimator or None."
            )

    def _check_estimators(self):
        final = self.final_estimator
        if isinstance(final, str) and final != _CURDS:
            raise ValueError(
                f"final_estimator={final!r} is not known: give an estimator, {_CURDS!r} or None."
            )
        super()._check_estimators()

    def _check_final(self, final, data):
        """Raise unless the estimator of stage two suits that of stage one and the weights."""
        kind = get_tags(self.task_estimator()).estimator_type
        final_kind = get_tags(final).estimator_type
        if kind != final_kind:
            raise ValueError(
                f"The estimator is a {kind}, but final_estimator={final!r} a {final_kind}: give "
                "two of a kind."
            )
        if data.weighted:
            check_takes_weights(final)

    def _folds(self, data):
        """Return for each fold how often each sample of X is trained on, and which are tested."""
        classes = self.classes_ if self._is_classifier() else None
        n_samples = data.features.shape[0]
        folds = []
        for train, test in complete_folds(self.cv, data, classes):
            counts = np.bincount(train, minlength=n_samples)
            folds.append((counts, test))
        return folds

    def _fit_first(self, data, t, counts=None):
        """Return the stage-one model of task t, fitted to its samples `counts` times, or once."""
        samples = data.parts[t]
        if counts is not None:
            samples = _repeated(samples, counts)
        if len(samples.y) == 0:
            return self._prior(data, t, counts)
        X = _safe_indexing(data.features, samples.indices)
        return fit_task(self.task_estimator(), X, samples.y, samples.weight)

    def _held_out_scores(self, data, t, counts, test):
        """Return the scores of samples `test` by the model of task t fitted to a fold."""
        model = self._fit_first(data, t, counts)
        X = _safe_indexing(data.features, test)
        return self._scores(model, X, t)

    def _prior(self, data, t, counts):
        """Return the model of a task all of whose samples are held out.

        It predicts the mean of the training targets of the other tasks, or all classes alike.
        """
        if self._is_classifier():
            classes = self._classes_of(t)
            return DummyClassifier(strategy="prior").fit(np.zeros((len(classes), 1)), classes)
        samples, _ = data.pooled()
        y = _repeated(samples, counts).y
        return DummyRegressor().fit(np.zeros((len(y), 1)), y)

    def _width(self, t):
        """Return the number of columns that task t has in stage two."""
        if not self._is_classifier():
            return 1
        n_classes = len(self._classes_of(t))
        return 1 if n_classes == 2 else n_classes

    def _scores(self, model, X, t):
        """Return what stage two sees of a stage-one model of task t, (n_samples, `_width(t)`)."""
        if not self._is_classifier():
            return np.reshape(model.predict(X), (-1, 1))
        classes = self._classes_of(t)
        if not hasattr(model, "predict_proba"):
            return decisions(model, X, classes)
        probabilities = aligned_proba(model, X, classes)
        return probabilities[:, 1:] if len(classes) == 2 else probabilities

    def _combined(self, X, scores):
        """Return what stage two sees of features and stage-one scores."""
        return append_columns(X, scores, "prediction") if self.passthrough else scores

    def _inputs(self, X):
        scores = np.hstack([self._scores(one, X, t) for t, one in enumerate(self.estimators_)])
        return scores if self._is_curds_and_whey() else self._combined(X, scores)

    def _predict_task(self, X, t):
        return predict_by(self.final_estimators_, X, t, self._classes_of(t))

    def _proba_task(self, X, t, classes):
        return proba_by(self.final_estimators_, X, t, classes)


def _repeated(samples, counts):
    """Return TaskSamples as often as `counts` says, which has a number for each sample of X."""
    every_position = np.arange(len(samples.y))
    return samples.take(np.repeat(every_position, counts[samples.indices]))


def _linear_regression(coef, intercept):
    """Return a fitted LinearRegression with these coefficients."""
    model = LinearRegression()
    model.coef_ = coef
    model.intercept_ = intercept
    model.n_features_in_ = len(coef)
    return model
