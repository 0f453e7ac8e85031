"""One task more for a fitted model: its coefficients from few samples, the others' as they are.

Given the other tasks, each model says what it believes of a new one: a :class:`Prior`. With it the
new task alone is a small problem.
"""

from copy import deepcopy

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skmtl._data.new_task import new_task_id
from skmtl._data.task_ids import as_id_array
from skmtl._warn import warn
from skmtl.linear_model._new_task import fit_task
from skmtl.linear_model._new_task_data import Scales, read_new_task


class AdaptableModel:
    """Mixin of the models that can learn a new task from few samples.

    A model implements ``_new_task_priors(W, task_id)``, a list of :class:`Prior` of which the best
    is taken. W (n_columns * n_features, n_tasks) are the fitted coefficients on the scale of
    normalized y. Its intercepts are those of
    :class:`~skmtl.linear_model._task_intercepts.TaskIntercepts`.
    """

    def _new_task_priors(self, W, task_id):
        raise NotImplementedError

    def _store_new_task(self, chosen):
        """Set what else the extended model is inspected by; `chosen` is the prior's position."""

    def _normalized_coef(self):
        """W (n_columns * n_features, n_tasks), the coefficients on the scale of normalized y."""
        W = self.coef_.reshape(self.n_tasks_, -1)
        return (W / self._scales.target[:, None]).T

    def _finish(self, read, datafit, solution):
        self._scales = Scales.of(read)
        return super()._finish(read, datafit, solution)

    def adapt(self, X_new, y_new, *, task=None, sample_weight=None):
        """The model with one task more, learned from few samples; no other task is fitted again.

        Minimizes the objective of the model over the coefficients and the intercept of the new
        task, given those of the others. The loss keeps the scale of the fitted data, with their
        `nbar`. The guide of each model says what it assumes about a new task.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n_samples, n_columns)
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
        model : estimator
            A fitted copy, the new task the last of `tasks_`. What belongs to the fit, such as
            `objective_`, is unchanged.

        Raises
        ------
        ValueError
            If the task id is known already, a class is unknown, a strength or weight differs
            between tasks and is not given for the new one, or the input is invalid as in `fit`.
        TypeError
            If the task id cannot be sorted among the others, as a string among numbers.
        """
        check_is_fitted(self)
        task_id = new_task_id(self, X_new, y_new, task)
        new_task = read_new_task(self, X_new, y_new, sample_weight, task_id)
        priors = self._new_task_priors(self._normalized_coef(), task_id)
        level = self._level_prior()
        fits = [fit_task(new_task, prior, self.fit_intercept, level) for prior in priors]
        chosen = int(np.argmin([fit.objective for fit in fits]))
        if not fits[chosen].converged:
            warn(
                f"Task {task_id!r} did not converge: its minimum may be at infinity. Give the "
                "model a ridge.",
                ConvergenceWarning,
            )
        model = _extended(self, new_task, fits[chosen], task_id)
        model._store_new_task(chosen)
        model._store_new_level(fits[chosen])
        return model


def _extended(fitted, new_task, fit, task_id):
    """A copy of the fitted estimator with the new task behind the others."""
    model = deepcopy(fitted)
    coef = new_task.scale * fit.W.T
    intercept = new_task.mean + new_task.scale * fit.b
    if fitted.coef_.ndim == 3:
        intercept = intercept - intercept.mean()
    else:
        coef = coef[0]
        intercept = intercept[0]
    model.coef_ = np.concatenate([fitted.coef_, coef[None]])
    model.intercept_ = np.concatenate([fitted.intercept_, intercept[None]])
    model.tasks_ = np.concatenate([fitted.tasks_, as_id_array([task_id])])
    model.n_tasks_ = len(model.tasks_)
    model._store_shared()
    model.n_samples_per_task_ = np.append(fitted.n_samples_per_task_, len(new_task.X))
    model._scales = fitted._scales.with_target(new_task.scale)
    if hasattr(fitted, "task_weight_"):  # learned from noise, which few samples do not show
        model.task_weight_ = np.append(fitted.task_weight_, 1.0)
        model.task_noise_ = np.append(fitted.task_noise_, np.nan)
    if isinstance(getattr(fitted, "classes_", None), list):
        model.classes_ = [*fitted.classes_, new_task.classes]
    return model
