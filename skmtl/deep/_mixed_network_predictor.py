"""What a network of tasks of different kinds predicts and scores, in every form of data."""

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skmtl._data.in_memory import check_in_memory
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.targets import read_long_targets
from skmtl._data.task_ids import split_task_column
from skmtl.deep._member_scores import score_of_task
from skmtl.deep._mixed_cells import new_task
from skmtl.linear_model import MixedPredictor, may_have_classes


class MixedNetworkPredictor(MixedPredictor):
    """Mixin of a MultiTaskNetwork whose tasks are of different kinds.

    Besides what a MixedPredictor needs, it needs the methods `_all_scores` and `_own_scores` of a
    MultiTaskNetwork. Methods of MixedPredictor serve samples that all tasks share.
    """

    def _scores(self, X):
        """Return pairs of every task and its scores (n_samples, size), in any data form."""
        scores = self._all_scores(X)
        pairs = []
        for t, task in enumerate(self._mixed_tasks):
            pairs.append((task, score_of_task(task, scores[:, :, t])))
        return pairs

    def _scores_by_task(self, X, tasks):
        """Return the tasks of samples of long data: (task code, MixedTask, samples, scores)."""
        scores, codes = self._own_scores(X, tasks)
        parts = []
        for code in np.unique(codes):
            task = self._task_of_code(code)
            samples = np.flatnonzero(codes == code)
            parts.append((code, task, samples, score_of_task(task, scores[:, samples, 0])))
        return parts

    def _task_of_code(self, code):
        """Return the MixedTask of a code, which is -1 for a task that fit did not see."""
        if code >= 0:
            return self._mixed_tasks[code]
        task = new_task(self._mixed_tasks)
        if task is None:
            raise ValueError(
                "X holds tasks that fit did not see, and tasks differ in their losses or classes, "
                "so that it is not known what a new task would be: handle_unknown='shared' needs "
                "tasks that are alike."
            )
        return task

    def _is_wide(self, tasks):
        """Whether it was fitted on two-dimensional y, and given no task ids to be refused."""
        check_is_fitted(self)
        return self._layout == "wide" and tasks is None

    def decision_function(self, X, *, tasks=None):
        """Scores of tasks: one, or one for each of more than two classes.

        They are numbers as they are standardized, logarithms of mean counts, log-odds of the second
        of two classes, or logarithms of the probabilities of several.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_scores)
            The scores of all tasks side by side if y was two-dimensional. Else those of the task of
            each sample, with as many columns as a task has scores at most, NaN in those that the
            task does not have.
        """
        if self._is_wide(tasks):
            return np.hstack([z for _, z in self._scores(X)])
        size = max(task.size for task in self._mixed_tasks)
        return self._in_rows(X, tasks, size, lambda task, z: z)

    def predict(self, X, *, tasks=None):
        """Numbers, mean counts and the most probable classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        pandas.DataFrame or ndarray of shape (n_samples, n_tasks) or (n_samples,)
            A frame, with the index of X, if `fit` was given one as y; floats if no task has
            classes, else objects.

        Raises
        ------
        ImportError
            If PyTorch is not installed.
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"`` and all tasks have
            the same loss and classes.
        """
        if self._is_wide(tasks):
            return super().predict(X)
        parts = self._scores_by_task(X, tasks)
        n_samples = sum(len(samples) for _, _, samples, _ in parts)
        predictions = np.empty(n_samples, dtype=object if may_have_classes(self) else float)
        for _, task, samples, z in parts:
            predictions[samples] = task.predict(z)
        return predictions

    def predict_all_tasks(self, X):
        """Predict with every task for every sample, in whichever form the data were fitted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are ignored.

        Returns
        -------
        pandas.DataFrame or ndarray of shape (n_samples, n_tasks)
            As `predict` of an estimator that was fitted on a two-dimensional y.
        """
        return super().predict(X)

    @available_if(may_have_classes)
    def predict_proba(self, X, *, tasks=None):
        """Class probabilities of the "logistic" tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        list of n_tasks ndarrays of shape (n_samples, n_classes_t), None for other tasks
            If y was two-dimensional. Else an ndarray (n_samples, n_classes), with as many columns
            as a task has classes at most: a row has the probabilities of the `classes_` of its
            task, and NaN in other columns, or in all of them if the task has no classes.
        """
        if self._is_wide(tasks):
            return super().predict_proba(X)
        n_classes = max(len(classes) for classes in self.classes_ if classes is not None)

        def probabilities(task, z):
            return np.empty((len(z), 0)) if task.classes is None else task.proba(z)

        return self._in_rows(X, tasks, n_classes, probabilities)

    def _in_rows(self, X, tasks, n_columns, function):
        """Return what a function makes of the scores of each sample of long data.

        It gets a MixedTask and scores, and returns an array with at most `n_columns` columns; the
        others are NaN.
        """
        parts = self._scores_by_task(X, tasks)
        n_samples = sum(len(samples) for _, _, samples, _ in parts)
        rows = np.full((n_samples, n_columns), np.nan)
        for _, task, samples, z in parts:
            values = function(task, z)
            rows[samples, : values.shape[1]] = values
        return rows

    def score(self, X, y, sample_weight=None, *, tasks=None):
        """Mean skill over tasks: 1 - loss / loss of the baseline, as in :func:`make_mixed_scorer`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Test samples.
        y : array-like or frame of shape (n_samples, n_tasks) or (n_samples,)
            Their targets; the columns of a frame are matched by name with `tasks_`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        float
            Mean over the tasks that have a skill.
        """
        return float(np.nanmean(self.skills(X, y, sample_weight, tasks=tasks)))

    def skills(self, X, y, sample_weight=None, *, tasks=None):
        """Skill of every task: 1 - loss / loss of its baseline on these samples.

        The loss is that of the task: mean squared error, mean Huber loss, mean Poisson deviance or
        log-loss. 1 is perfect, 0 no better than the mean, or the class frequencies, of the training
        samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Test samples.
        y : array-like or frame of shape (n_samples, n_tasks) or (n_samples,)
            Their targets; the columns of a frame are matched by name with `tasks_`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_tasks,)
            NaN for tasks without a target here, and if the baseline is perfect.
        """
        if self._is_wide(tasks):
            return super().skills(X, y, sample_weight)
        check_in_memory(X=X, y=y, sample_weight=sample_weight)
        warn_of_row_order(X, y=y, sample_weight=sample_weight)
        parts = self._scores_by_task(X, tasks)
        if tasks is None:
            _, tasks = split_task_column(X, self.task_column)
        n_samples = sum(len(samples) for _, _, samples, _ in parts)
        known = read_long_targets(self, n_samples, y, sample_weight, np.asarray(tasks), None)
        targets = np.empty(n_samples, dtype=known.y.dtype)
        targets[known.indices] = known.y
        weight = np.zeros(n_samples)
        weight[known.indices] = known.weight
        skills = np.full(self.n_tasks_, np.nan)
        for code, task, samples, z in parts:
            seen = weight[samples] > 0
            samples = samples[seen]
            if code >= 0 and len(samples):
                skills[code] = task.skill(targets[samples], z[seen], weight[samples])
        return skills
