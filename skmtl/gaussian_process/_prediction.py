"""Predictions of a fitted Gaussian process of several tasks."""

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_int
from skmtl._data.reading import read_features, read_prediction_data
from skmtl.gaussian_process._spread import Covariance, CovarianceBySample, Variance

_FLOATS = 2**24  # of covariances with the observations at a time


class PredictionMixin:
    """`predict` and the methods beside it, from the private attributes that `fit` sets.

    On the scale of theta these are ``_processes``, over which predictions are averaged, and
    ``y_train_``. ``_mean_of_task`` and ``_scale`` lead back to units of y, the average task last.
    Of the data there are ``_observations``, ``_sample_indices`` (positions in the user's X),
    ``_codes`` (tasks of the samples, None for wide data) and ``_n_samples``.
    """

    def predict(self, X, return_std=False, return_cov=False, *, tasks=None, include_noise=True):
        """Predict the targets of each sample's own task, or of all tasks if y was two-dimensional.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the task column if there was one in `fit`.
        return_std : bool, default=False
            Also return standard deviations, in units of y.
        return_cov : bool, default=False
            Also return covariances: those of the tasks at each sample, or those of the samples if
            these have tasks of their own.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.
        include_noise : bool, default=True
            Whether deviations and covariances are those of new targets, or of the functions without
            noise.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_tasks) or (n_samples,)
            Means of the predictions.
        std : ndarray of the shape of `mean`
            Only with `return_std`.
        cov : ndarray of shape (n_samples, n_tasks, n_tasks) or (n_samples, n_samples)
            Only with `return_cov`.

        Raises
        ------
        ValueError
            If `fit` did not see one of the tasks, unless ``handle_unknown="shared"``. Unseen tasks
            are then predicted with the average function, and the mean variance of the tasks.
        """
        check_is_fitted(self)
        check_bool(include_noise, "include_noise")
        if return_std and return_cov:
            raise ValueError("At most one of return_std and return_cov can be True.")
        X, codes = read_prediction_data(self, X, tasks)
        X = dense(X)
        if not (return_std or return_cov):
            return self._means(X, codes)
        if return_std:
            return self._means_and_deviations(X, codes, include_noise)
        if codes is None:
            return self._in_batches(X, codes, CovarianceBySample(), include_noise)
        return self._moments(X, codes, Covariance(), include_noise)

    def predict_all_tasks(self, X, return_std=False, *, include_noise=True):
        """Predict the targets of every task for every sample, whatever the data form of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples as in `fit`; the ids in a task column are ignored.
        return_std : bool, default=False
            Also return standard deviations.
        include_noise : bool, default=True
            As in `predict`.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_tasks)
            Means of the predictions.
        std : ndarray of shape (n_samples, n_tasks)
            Only with `return_std`.
        """
        check_is_fitted(self)
        check_bool(include_noise, "include_noise")
        X, _ = read_features(self, X, reset=False, ids=False)
        X = dense(X)
        if not return_std:
            return self._means(X, None)
        return self._means_and_deviations(X, None, include_noise)

    def sample_y(self, X, n_samples=1, random_state=0, *, tasks=None, include_noise=True):
        """Draw targets from the posterior, jointly for all samples and tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples_X, n_columns)
            Samples, as in `predict`.
        n_samples : int, default=1
            Number of draws.
        random_state : int, RandomState instance or None, default=0
            Seed of the draws.
        tasks : array-like of shape (n_samples_X,), default=None
            Task ids, as in `predict`.
        include_noise : bool, default=True
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples_X, n_tasks, n_samples) or (n_samples_X, n_samples)
        """
        check_is_fitted(self)
        check_int(n_samples, "n_samples")
        check_bool(include_noise, "include_noise")
        rng = check_random_state(random_state)
        X, codes = read_prediction_data(self, X, tasks)
        X = dense(X)
        n_processes = len(self._processes)
        process_of_draw = np.zeros(n_samples, dtype=int)
        if n_processes > 1:
            process_of_draw = rng.randint(n_processes, size=n_samples)
        n_functions = self.n_tasks_ if codes is None else 1
        draws = np.empty((len(X), n_functions, n_samples))
        for k in np.unique(process_of_draw):
            here = np.flatnonzero(process_of_draw == k)
            process = self._processes[k].at(X, codes)
            draws[:, :, here] = _draw(process, len(here), include_noise, rng)
        if codes is not None:
            draws = draws[:, 0]
        center, scale = self._units(codes)
        return center[..., None] + scale[..., None] * draws

    def loo_predict(self):
        """Predict each target of `fit` from all others, with the parameters or draws of `fit`.

        Returns
        -------
        mean, std : ndarray of the shape of y
            Mean and standard deviation of a new target; NaN for missing targets.
        """
        check_is_fitted(self)
        found = [process.leave_one_out(self.y_train_) for process in self._processes]
        means, variances = np.array(found).transpose(1, 0, 2)
        variance = variances.mean(axis=0) + means.var(axis=0)
        task = self._observations.task
        scale = self._scale[task]
        mean = self._mean_of_task[task] + scale * means.mean(axis=0)
        std = scale * np.sqrt(variance)
        if self._codes is not None:
            order = np.argsort(self._sample_indices)
            return mean[order], std[order]
        out = np.full((2, self._n_samples, self.n_tasks_), np.nan)
        sample = self._sample_indices[self._observations.row]
        out[0, sample, task] = mean
        out[1, sample, task] = std
        return out[0], out[1]

    # ------------------------------------------------------------ averages over the processes

    def _units(self, codes):
        """What leads to units of y: center and scale of all tasks, or of those of the samples."""
        where = slice(-1) if codes is None else codes
        return self._mean_of_task[where], self._scale[where]

    def _means(self, X, codes):
        """Means in units of y, (n, n_tasks), or (n,) if each sample has a task."""
        (mean,) = self._in_batches(X, codes, None, False)
        return mean

    def _means_and_deviations(self, X, codes, include_noise):
        mean, variance = self._in_batches(X, codes, Variance(), include_noise)
        return mean, np.sqrt(variance)

    def _in_batches(self, X, codes, spread, include_noise):
        """The results of `_moments`, computed for some samples at a time."""
        width = len(self._observations)
        if codes is None:
            width *= self.n_tasks_
        found = []
        for batch in gen_batches(len(X), max(1, _FLOATS // width)):
            codes_of_batch = None if codes is None else codes[batch]
            found.append(self._moments(X[batch], codes_of_batch, spread, include_noise))
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))

    def _moments(self, X, codes, spread, include_noise):
        """The mean, and the variances or covariances of a kind of spread, in units of y.

        Parameters
        ----------
        X, codes
            As in :meth:`Process.at`.
        spread : Variance, CovarianceBySample, Covariance or None
            The kind of spread, None for the mean alone.
        include_noise : bool
            Whether the spread is that of new targets.

        Returns
        -------
        tuple of ndarray
        """
        means = []
        total = 0.0
        for one in self._processes:
            process = one.at(X, codes)
            means.append(process.mean())
            if spread is not None:
                total = total + spread.of_process(process, include_noise)
        mean = np.mean(means, axis=0)
        center, scale = self._units(codes)
        mean_of_y = center + scale * (mean if codes is None else mean[:, 0])
        if spread is None:
            return (mean_of_y,)
        average = (total + spread.between(np.array(means) - mean)) / len(means)
        if codes is not None:
            average = spread.of_own_task(average)
        return mean_of_y, spread.rescaled(average, scale)


def _draw(process, n_draws, include_noise, rng):
    """Draws of the functions of a :class:`ProcessAtSamples`, (n, p, n_draws)."""
    mean = process.mean()
    covariance = process.covariance(include_noise).reshape(mean.size, mean.size)
    values, V = np.linalg.eigh(covariance)
    root = V * np.sqrt(np.maximum(values, 0.0))
    deviations = root @ rng.standard_normal((mean.size, n_draws))
    return mean[:, :, None] + deviations.reshape(*mean.shape, -1)


def dense(X):
    """X as an array of floats."""
    if sparse.issparse(X):
        X = X.toarray()
    return X.astype(np.float64, copy=False)
