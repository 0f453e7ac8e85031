"""What estimators of tasks of different kinds predict and score, from scores of every task."""

from collections.abc import Iterable

import numpy as np
from sklearn.utils.metaestimators import available_if

from skmtl._data.in_memory import check_in_memory
from skmtl._data.reading import read_wide_targets
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.target_names import targets_in_order
from skmtl.losses import is_of_classes


def may_have_classes(model):
    """Whether some task has classes, as far as is known."""
    if hasattr(model, "classes_"):
        return any(classes is not None for classes in model.classes_)
    losses = model.losses
    losses = losses.values() if isinstance(losses, dict) else losses
    return isinstance(losses, Iterable) and any(is_of_classes(loss) for loss in losses)


class MixedPredictor:
    """Mixin of estimators of numbers, classes and counts, for samples that all tasks share.

    A subclass has the parameter `losses`, and ``_scores(X)``: a list of pairs of every MixedTask
    and its scores (n_samples, size). Its `fit` sets `_mixed_tasks`, the list of these tasks,
    `_framed`, whether y was a frame, `tasks_` and `n_tasks_`.
    """

    def _describe_kinds(self):
        """Set the fitted attributes that say what the tasks are."""
        self.classes_ = [task.classes for task in self._mixed_tasks]
        self.losses_ = [task.kind for task in self._mixed_tasks]
        self.baseline_ = [task.baseline for task in self._mixed_tasks]

    def predict(self, X):
        """Numbers, mean counts and the most probable classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        pandas.DataFrame or ndarray of shape (n_samples, n_tasks)
            A frame, with the index of X, if `fit` was given one; floats if no task has classes,
            else objects.
        """
        columns = [task.predict(z) for task, z in self._scores(X)]
        if self._framed:
            import pandas as pd

            columns = dict(zip(self.tasks_.tolist(), columns, strict=True))
            return pd.DataFrame(columns, index=getattr(X, "index", None))
        dtype = object if may_have_classes(self) else float
        out = np.empty((len(columns[0]), len(columns)), dtype=dtype)
        for t, column in enumerate(columns):
            out[:, t] = column
        return out

    @available_if(may_have_classes)
    def predict_proba(self, X):
        """Class probabilities of the "logistic" tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        list of n_tasks ndarrays of shape (n_samples, n_classes_t), None for other tasks
        """
        pairs = self._scores(X)
        return [None if task.classes is None else task.proba(z) for task, z in pairs]

    def score(self, X, y, sample_weight=None):
        """Mean skill over tasks: 1 - loss / loss of the baseline, as in :func:`make_mixed_scorer`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Test samples.
        y : array-like or frame of shape (n_samples, n_tasks)
            Their targets; the columns of a frame are matched by name with `tasks_`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights.

        Returns
        -------
        float
            Mean over the tasks that have a skill.
        """
        return float(np.nanmean(self.skills(X, y, sample_weight)))

    def skills(self, X, y, sample_weight=None):
        """Skill of every task: 1 - loss / loss of its baseline on these samples.

        The loss is that of the task: mean squared error, mean Huber loss, mean Poisson deviance or
        log-loss. 1 is perfect, 0 no better than the mean, or the class frequencies, of the training
        samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Test samples.
        y : array-like or frame of shape (n_samples, n_tasks)
            Their targets; the columns of a frame are matched by name with `tasks_`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights.

        Returns
        -------
        ndarray of shape (n_tasks,)
            NaN for tasks without a target here, and if the baseline is perfect.
        """
        check_in_memory(X=X, y=y, sample_weight=sample_weight)
        warn_of_row_order(X, y=y, sample_weight=sample_weight)
        pairs = self._scores(X)
        n_samples = len(pairs[0][1])
        y = self._in_order(y)
        if sample_weight is not None:
            sample_weight = targets_in_order(sample_weight, self.tasks_, "sample_weight")
        Y, weight, _ = read_wide_targets(self, n_samples, y, sample_weight, None, empty=True)
        weight = np.broadcast_to(weight, Y.shape)
        skills = np.full(self.n_tasks_, np.nan)
        for t, (task, z) in enumerate(pairs):
            seen = weight[:, t] > 0
            if seen.any():
                skills[t] = task.skill(Y[seen, t], z[seen], weight[seen, t])
        return skills

    def _in_order(self, y):
        """y with its columns in the order of the tasks."""
        y = targets_in_order(y, self.tasks_)
        if y.shape[1:] != (self.n_tasks_,):
            raise ValueError(f"y has shape {y.shape}, expected a column for {self.n_tasks_} tasks.")
        return y
