"""A convex stack of regressors that share and of regressors that do not."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skmtl._data.reading import read_features, read_prediction_data
from skmtl._docs import documented
from skmtl.meta._default_members import EXPECTED_REGRESSORS, default_regressors
from skmtl.meta._safe_sharing import SafeSharing, task_of_sample
from skmtl.meta._squared_evidence import SquaredEvidence

_ROUNDING = 1e-10  # of predictions, relative to targets


@documented
class SafeSharingRegressor(SafeSharing, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Weigh models that share between tasks against models that do not: a stack hard to harm by.

    Every member is fitted to all samples, and its weight is chosen by its predictions of samples
    that were left out. The prediction is an average with non-negative weights w that sum to one.
    The weights of all tasks minimize

    .. math:: \\sum_t \\frac{w^\\top S_t w}{s_t^2}
        + \\mathrm{prior} \\, (w - \\bar w)^\\top M (w - \\bar w)

    where :math:`S_t` is the Gram matrix of the members' out-of-fold residuals in task t, so that
    :math:`w^\\top S_t w` is the squared error of the stack there, :math:`s_t^2` the mean squared
    error of the task's best member, :math:`\\bar w` the same weight for every member (of the
    default ones 0.6 for "slopes" and equal parts for the others), and M the mean over tasks of
    :math:`S_t` divided by the mean of its diagonal, so that the prior counts as so many rows. With
    ``task_weights="shrunk"`` each task has weights of its own, which minimize

    .. math:: \\frac{w_t^\\top S_t w_t}{s_t^2} + \\lambda \\, (w_t - w)^\\top M (w_t - w).

    :math:`\\lambda` is 0, 5, 20, 80, 320 or infinite (common weights), the largest whose error in
    folds left out of the weights is within two standard errors of the smallest.

    Parameters
    ----------
    estimators : dict {name: estimator}, or list of pairs (name, estimator), default=None
        The members: regressors of skmtl, also in pipelines and searches, or scikit-learn's for a
        single target, which learn each task alone as by :class:`IndependentTasks`. They, and
        ``<name>__<parameter>`` of them, are parameters of the stack, too. None is a small library:

        - "ridge" and "lasso": each task alone, ``RidgeCV`` or ``LassoCV`` of features divided by
          their standard deviations over all tasks,
        - "pooled": one such ``RidgeCV`` of all tasks together, as by :class:`PooledTasks`,
        - "same features": :class:`MultiTaskLassoCV`,
        - "low rank": :class:`TraceNormRegressorCV`,
        - "slopes": :class:`MixedEffectsRegressor`, coefficients near those of all tasks, with
          ``covariance="auto"`` and ``fixed_effects="ridge"``,
        - "sparse slopes": the same with ``covariance="diagonal"`` and ``fixed_effects="sparse"``,
          few features that matter or differ between tasks.
    cv : int, splitter or iterable of (train, test), default=5
        Folds. An int is the number of folds, over which the samples of each task are spread without
        shuffling. A splitter gets the task ids as `groups`. Every sample must be in one test set.
        Models that all tasks share keep the strengths that they chose by all samples; those of
        single tasks, and mixed effects with a variance for each feature, choose anew in each fold.
    {stack_parameters}

    Attributes
    ----------
    {stack_attributes}
    gain_ : ndarray of shape (n_tasks,) or None
        By how much the root mean squared error of the stack is below that of a stack of those
        members alone that learn each task on its own, as a share, in folds left out of the weights.
        None if there are no such members, or no others, and 0 of a task whose targets these members
        predict exactly. Strengths that all tasks share were chosen by all samples, but members were
        fitted to fewer than all, so that neither stack looks much better than it is.
    oof_prediction_ : ndarray of the shape of y
        Out-of-fold predictions, with the weights of all samples.
    tasks_ : ndarray of shape (n_tasks,)
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    See Also
    --------
    MultiTaskStacking : Its features are the predictions of *other tasks*, of one kind of model.
    compare_to_single_task : Whether sharing helped.

    Examples
    --------
    >>> from skmtl import SafeSharingRegressor, make_multitask_regression
    >>> data = make_multitask_regression(n_samples=40, random_state=0)
    >>> model = SafeSharingRegressor().fit(data.X, data.y)
    >>> model.weights_.shape
    (5, 7)
    """

    _kind = "regressor"
    _method = "predict"
    _expected = EXPECTED_REGRESSORS

    def _default_members(self):
        return default_regressors()

    def _read_classes(self, data):
        return None

    def _evidence(self, data, held_out, folds, n_folds):
        predictions = [_of_part(data, held_out, t) for t in range(data.n_tasks)]
        return SquaredEvidence.from_predictions(data.parts, predictions, folds, n_folds)

    def _negligible(self, data, evidence):
        squares = np.zeros(data.n_tasks)
        for t, part in enumerate(data.parts):
            rounding = _ROUNDING * part.y.astype(float)
            squares[t] = np.sum(part.weight * rounding**2)
        return squares / evidence.scale

    def _error(self, losses):
        return np.sqrt(losses)

    def _combined_held_out(self, data, held_out):
        stacked = np.stack(held_out, axis=-1)
        if data.layout == "wide":
            return np.einsum("itk,tk->it", stacked, self.weights_)
        weights = self._weights_of(task_of_sample(data))
        return np.einsum("ik,ik->i", stacked, weights)

    def predict(self, X, *, tasks=None):
        """Predict each sample's own task, or all tasks if fitted on two-dimensional y.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            Samples, with the task column if there is one.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)
            Predicted targets.

        Raises
        ------
        ValueError
            If tasks were not seen in fit, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        _, codes = read_prediction_data(self, X, tasks, numeric=False)
        weights = self.weights_ if codes is None else self._weights_of(codes)
        kwargs = {} if tasks is None else {"tasks": tasks}
        total = 0.0
        for k, member in self._used():
            total = total + weights[:, k] * member.predict(X, **kwargs)
        return total

    def predict_all_tasks(self, X):
        """Predict all tasks for every sample, in any data form.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Predicted targets.
        """
        check_is_fitted(self)
        read_features(self, X, reset=False, numeric=False, ids=False)
        total = 0.0
        for k, member in self._used():
            total = total + self.weights_[:, k] * member.predict_all_tasks(X)
        return total


def _of_part(data, held_out, t):
    """Return the predictions of all members for the samples of task t, (n_rows, n_members)."""
    rows = data.parts[t].indices
    if data.layout == "wide":
        return np.column_stack([values[rows, t] for values in held_out])
    return np.column_stack([values[rows] for values in held_out])
