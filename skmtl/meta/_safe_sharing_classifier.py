"""A convex stack of classifiers that share and of classifiers that do not."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.utils.validation import check_is_fitted

from skmtl._data.reading import read_prediction_data
from skmtl._data.spellings import stack_labels
from skmtl._docs import documented
from skmtl.meta._default_members import EXPECTED_CLASSIFIERS, ONLY_BINARY, default_classifiers
from skmtl.meta._log_evidence import LEAST, LogEvidence
from skmtl.meta._safe_sharing import SafeSharing, task_of_sample
from skmtl.meta._task_models import class_labels


@documented
class SafeSharingClassifier(SafeSharing, ClassifierMixin, MultiOutputMixin, BaseEstimator):
    """Weigh classifiers that share between tasks against classifiers that do not.

    Every member is fitted to all samples, and its weight is chosen by the probabilities that it
    gives to samples that were left out. The probabilities of classes are averages of the members'
    with non-negative weights w that sum to one. The weights of all tasks minimize

    .. math:: -2 \\sum_t \\sum_{i \\in t} \\log(w^\\top p_i)
        + \\mathrm{prior} \\, (w - \\bar w)^\\top M (w - \\bar w)

    where :math:`p_i` are the out-of-fold probabilities that the members gave to the class of sample
    i, at least 1e-6, and :math:`\\bar w` is the same weight for every member. M is the mean over
    tasks of the Gram matrix of the members' residuals, the indicators of the classes minus their
    probabilities, divided by the mean of its diagonal, so that the prior counts as so many rows.
    With ``task_weights="shrunk"`` each task has weights of its own, which minimize

    .. math:: -2 \\sum_{i \\in t} \\log(w_t^\\top p_i)
        + \\lambda \\, (w_t - w)^\\top M (w_t - w).

    :math:`\\lambda` is 0, 5, 20, 80, 320 or infinite (common weights), the largest whose log-loss
    in folds left out of the weights is within two standard errors of the smallest.

    Parameters
    ----------
    estimators : dict {name: estimator}, or list of pairs (name, estimator), default=None
        The members: classifiers of skmtl, also in pipelines and searches, or scikit-learn's, which
        learn each task alone as by :class:`IndependentTasks`. They need `predict_proba`. They, and
        ``<name>__<parameter>`` of them, are parameters of the stack, too. None is a small library:

        - "ridge": each task alone, logistic regressions with a tuned L2 penalty,
        - "pooled": one such regression of all tasks together, as by :class:`PooledTasks`,
        - "same features": :class:`MultiTaskLassoClassifierCV`,
        - "near the mean": :class:`MeanRegularizedClassifier`, tuned,
        - "slopes": :class:`MixedEffectsClassifier` with ``covariance="isotropic"``, coefficients
          near those of all tasks; only if there are two classes.
    cv : int, splitter or iterable of (train, test), default=5
        Folds. An int is the number of folds, over which the samples of each task and class are
        spread without shuffling. A splitter gets the task ids as `groups`. Every sample must be in
        one test set. Models that all tasks share keep the strengths that they chose by all samples;
        those of single tasks, mixed effects and `LogisticRegressionCV` choose anew in each fold.
    {stack_parameters}

    Attributes
    ----------
    {stack_attributes}
    gain_ : ndarray of shape (n_tasks,) or None
        By how much the log-loss of the stack is below that of a stack of those members alone that
        learn each task on its own, as a share, in folds left out of the weights. None if there are
        no such members, or no others, and 0 of a task whose classes these members are sure of.
    oof_prediction_ : ndarray of shape (n_samples, n_classes), or list of n_tasks such arrays
        Out-of-fold class probabilities, with the weights of all samples.
    classes_ : ndarray, or list of ndarray for two-dimensional y
    tasks_ : ndarray of shape (n_tasks,)
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    See Also
    --------
    SafeSharingRegressor : The same for numbers.
    compare_to_single_task : Whether sharing helped.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmtl import PooledTasks, SafeSharingClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 3))
    >>> Y = (X[:, :1] + 0.5 * rng.standard_normal((60, 4)) > 0).astype(int)
    >>> alone = LogisticRegression()
    >>> model = SafeSharingClassifier({"alone": alone, "pooled": PooledTasks(alone)}).fit(X, Y)
    >>> bool(model.common_weights_[1] > 0.5)
    True
    """

    _kind = "classifier"
    _method = "predict_proba"
    _expected = EXPECTED_CLASSIFIERS

    def _default_members(self):
        return default_classifiers()

    def _read_classes(self, data):
        self.classes_ = class_labels(data)
        return self.classes_

    def _suited(self, members):
        classes = self.classes_ if isinstance(self.classes_, list) else [self.classes_]
        is_binary = max(map(len, classes)) <= 2
        if self.estimators is not None or is_binary:
            return members
        return {name: one for name, one in members.items() if name not in ONLY_BINARY}

    def _evidence(self, data, held_out, folds, n_folds):
        predictions = []
        classes = []
        for t, part in enumerate(data.parts):
            rows = part.indices
            of_members = [values[t] if data.layout == "wide" else values for values in held_out]
            stacked = np.stack([values[rows] for values in of_members], axis=-1)
            predictions.append(stacked)
            classes.append(self.classes_[t] if data.layout == "wide" else self.classes_)
        return LogEvidence.from_predictions(data.parts, predictions, classes, folds, n_folds)

    def _negligible(self, data, evidence):
        return LEAST * evidence.n_rows()

    def _error(self, losses):
        return losses

    def _combined_held_out(self, data, held_out):
        if data.layout != "wide":
            stacked = np.stack(held_out, axis=-1)
            weights = self._weights_of(task_of_sample(data))
            return np.einsum("ick,ik->ic", stacked, weights)
        combined = []
        for t, weights in enumerate(self.weights_):
            stacked = np.stack([values[t] for values in held_out], axis=-1)
            combined.append(stacked @ weights)
        return combined

    def predict_proba(self, X, *, tasks=None):
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            Samples, with the task column if there is one.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or a list of n_tasks such arrays
            Probabilities in the order of `classes_`; a list if fitted on two-dimensional y.

        Raises
        ------
        ValueError
            If tasks were not seen in fit, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        _, codes = read_prediction_data(self, X, tasks, numeric=False)
        kwargs = {} if tasks is None else {"tasks": tasks}
        if codes is None:
            return self._proba_of_every_task(X)
        total = 0.0
        weights = self._weights_of(codes)
        for k, member in self._used():
            total = total + weights[:, k, None] * member.predict_proba(X, **kwargs)
        return total

    def _proba_of_every_task(self, X):
        """Return the list of the probabilities of all tasks, fitted on two-dimensional y."""
        totals = [0.0] * self.n_tasks_
        for k, member in self._used():
            for t, probabilities in enumerate(member.predict_proba(X)):
                totals[t] = totals[t] + self.weights_[t, k] * probabilities
        return totals

    def predict(self, X, *, tasks=None):
        """Predict the most likely class of each sample's own task, or of all tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            Samples, with the task column if there is one.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)
            Class labels; of all tasks if fitted on two-dimensional y.

        Raises
        ------
        ValueError
            If tasks were not seen in fit, unless ``handle_unknown="shared"``.
        """
        probabilities = self.predict_proba(X, tasks=tasks)
        if not isinstance(probabilities, list):
            return self.classes_[probabilities.argmax(axis=1)]
        return stack_labels(_most_likely(probabilities, self.classes_))


def _most_likely(probabilities, classes):
    """Return the class labels of each task, a list of (n_samples,)."""
    columns = []
    for of_task, labels in zip(probabilities, classes, strict=True):
        columns.append(labels[of_task.argmax(axis=1)])
    return columns
