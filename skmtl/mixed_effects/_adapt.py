"""One task more for a fitted mixed-effects regression: its best linear unbiased prediction."""

from copy import copy
from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmtl._data.designs import take_samples
from skmtl._data.in_memory import check_in_memory
from skmtl._data.new_task import new_task_id, read_new_targets
from skmtl._data.reading import read_features
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.task_ids import as_id_array
from skmtl.mixed_effects._leave_one_out import quadratic_forms
from skmtl.mixed_effects._task_rows import LEAST_NOISE

_MOST_UPDATES = 10_000
_TOL = 1e-10  # of logarithms of scales


class NewTask(NamedTuple):
    """What a new task is known by, in standardized units.

    Attributes
    ----------
    deviation : ndarray of shape (n_effects,)
        Mean of v, by which its coefficients differ from the common ones.
    covariance : ndarray of shape (n_effects, n_effects)
        Covariance of its coefficients.
    noise : float
        Variance of its noise.
    scale : float
        What multiplies its deviations, ``1 / sqrt(omega)``.
    """

    deviation: np.ndarray
    covariance: np.ndarray
    noise: float
    scale: float


class AdaptMixin:
    """`adapt`, from what `fit` sets."""

    def adapt(self, X_new, y_new, *, task=None, sample_weight=None):
        """The model with one task more, learned from few samples; no other task is fitted again.

        The coefficients of the new task are their best linear unbiased prediction,

            b + u,    u = C Z' (Z C Z' + noise)^-1 (y_new - Z b),

        Z being the samples with a constant, with the common coefficients b and all variances of the
        fit, which few samples do not change. With `deviations` of t or noise of tasks' own, the
        weight and the noise of the task are estimated, given their distribution in the fit.

        Parameters
        ----------
        X_new : {array-like, sparse matrix} of shape (n_samples, n_columns)
            At least one sample, with the columns of `fit`, the task column too.
        y_new : array-like of shape (n_samples,) or (n_samples, 1)
            Targets; NaN or None where one is missing.
        task : int, str or other task id, default=None
            Id of the new task, whatever the task column says. None is the name of the column if
            y_new is a frame, else the id in the task column if that is a single one and new, else
            the largest id plus 1 or, for strings, "new".
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights.

        Returns
        -------
        model : MixedEffectsRegressor
            A fitted copy, the new task the last of `tasks_`. What belongs to the fit, such as
            `log_likelihood_`, `summary` and `loo_predict`, is unchanged.

        Raises
        ------
        ValueError
            If the task id is known already, or the input is invalid as in `fit`.
        TypeError
            If the task id cannot be sorted among the others, as a string among numbers.
        """
        check_is_fitted(self)
        task_id = new_task_id(self, X_new, y_new, task)
        check_in_memory(X=X_new, y_new=y_new, sample_weight=sample_weight)
        warn_of_row_order(X_new, y_new=y_new, sample_weight=sample_weight)
        X, _ = read_features(self, X_new, reset=False, ids=False)
        samples, y, weight = read_new_targets(self, X.shape[0], y_new, sample_weight, np.float64)
        units = self._posterior.units
        Z = units.rows(take_samples(X, samples))
        target = (y - units.level) / units.size
        df = None
        if self.deviations == "t":
            df = self.deviations_df
        new_task = predict_effects(self._posterior, Z, target, weight, df)
        return self._extended(new_task, task_id, len(samples))

    def _extended(self, new_task, task_id, n_samples):
        """A copy with the new task behind the others; nothing that it shares is ever changed."""
        model = copy(self)
        units = self._posterior.units
        effects = units.effects(new_task.deviation)
        variance = max(new_task.noise - LEAST_NOISE, 0.0)
        noise = units.size * np.sqrt(variance)
        intercept = self.shared_intercept_ + effects[0]
        coef = self.shared_coef_ + effects[1:]
        model.random_effects_ = np.vstack([self.random_effects_, effects])
        model.intercept_ = np.append(self.intercept_, intercept)
        model.coef_ = np.vstack([self.coef_, coef])
        model.task_noise_ = np.append(self.task_noise_, noise)
        model.deviation_scales_ = np.append(self.deviation_scales_, new_task.scale)
        model.tasks_ = np.concatenate([self.tasks_, as_id_array([task_id])])
        model.n_tasks_ = len(model.tasks_)
        model.n_samples_per_task_ = np.append(self.n_samples_per_task_, n_samples)
        model._adapted = [*self._adapted, new_task.covariance]
        return model


def predict_effects(posterior, Z, target, weight, df):
    """Return the :class:`NewTask` of samples that the fit did not see.

    With the root L of the covariance of v, effects are ``L b`` with ``b ~ N(0, I)``. What scales
    them, and the noise of the task, are updated as in the fit, given the priors found there.

    Parameters
    ----------
    posterior : Posterior
        The fit.
    Z : ndarray of shape (n_samples, n_effects)
        Rows in standardized units.
    target, weight : ndarray of shape (n_samples,)
        Their targets, and positive weights.
    df : float or None
        Degrees of freedom of the deviations; None if they are normal.
    """
    prior = posterior.scales.prior
    divided = posterior.variances.covariance.divided
    omega = 1.0
    precision = 1.0
    if prior is not None:
        precision = 1 / prior.scale
    for _ in range(_MOST_UPDATES):
        scale = 1 / np.sqrt(omega)
        noise = posterior.noise / precision
        task, squares_of_effects = _given_scales(
            posterior,
            Z,
            target,
            weight,
            scale,
            noise,
        )
        old = np.array([omega, precision])
        if df is not None:
            squares = squares_of_effects[divided].sum()
            total_df = df + divided.sum()
            omega = total_df / (df + squares / omega)
        if prior is not None:
            coefficients = posterior.common + task.deviation
            residuals = target - Z @ coefficients
            variances = quadratic_forms(Z, task.covariance)
            squares = residuals**2 + variances
            total = weight @ squares / posterior.noise
            precision = prior.precisions(total, weight.sum())
        change = np.log([omega, precision] / old)
        if np.abs(change).max() <= _TOL:
            break
    return task


def _given_scales(posterior, Z, target, weight, scale, noise):
    """The :class:`NewTask` for known scales, and expected squares of b, (n_effects,)."""
    divided = posterior.variances.covariance.divided
    spread = np.where(divided, scale, 1.0)
    root = spread[:, None] * posterior.root
    seen = Z @ root
    weighted = seen.T * (weight / noise)
    gram = weighted @ seen
    M = np.eye(len(spread)) + gram
    inverse = np.linalg.inv(M)
    common_root = np.sqrt(posterior.noise) * posterior.evaluation.fixed.root
    residuals = target - Z @ posterior.common
    mean = inverse @ (weighted @ residuals)
    seen_of_common = Z @ common_root
    by_common = -inverse @ (weighted @ seen_of_common)
    half = common_root + root @ by_common
    own = root @ inverse @ root.T
    covariance = own + half @ half.T
    squares = mean**2 + inverse.diagonal()
    squares += np.sum(by_common**2, axis=1)
    deviation = root @ mean
    return NewTask(deviation, covariance, noise, scale), squares
