"""Predictions of a fitted Gaussian process of several tasks."""

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_int
from skmtl._data.reading import read_features, read_prediction_data
from skmtl.gaussian_process._normalization import mean_and_scale, normalized
from skmtl.gaussian_process._spread import Covariance, CovarianceBySample, Variance

_FLOATS = 2**24  # of covariances with the observations at a time


class PredictionMixin:
    """`predict` and the methods beside it, from the private attributes that `fit` sets.

    These are ``_processes`` on the scale of theta, over which predictions are averaged, and
    ``_mean_of_task`` and ``_scale``, which lead back to units of y, the average task last.
    """

    def predict(
        self,
        X,
        return_std=False,
        return_cov=False,
        *,
        tasks=None,
        include_noise=True,
    ):
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
            Whether deviations and covariances are those of new targets, with the learned noise, or
            of the functions without noise.

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
            return self._in_batches(
                X,
                codes,
                CovarianceBySample(),
                include_noise,
            )
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

    def sample_y(
        self,
        X,
        n_samples=1,
        random_state=0,
        *,
        tasks=None,
        include_noise=True,
    ):
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
        process_of_draw = np.zeros(n_samples, dtype=int)
        if len(self._processes) > 1:
            process_of_draw = rng.randint(len(self._processes), size=n_samples)
        n_functions = self.n_tasks_ if codes is None else 1
        draws = np.empty((len(X), n_functions, n_samples))
        for k in np.unique(process_of_draw):
            here = process_of_draw == k
            process = self._processes[k].at(X, codes)
            draws[:, :, here] = _draw(
                process,
                np.count_nonzero(here),
                include_noise,
                rng,
            )
        if codes is not None:
            draws = draws[:, 0]
        center, scale = self._units(codes)
        scaled = scale[..., None] * draws
        return center[..., None] + scaled

    # ------------------------------------------------------------ units of y

    def _store_units(self, observations, y):
        """Set what leads back to units of y; returns y on the scale of theta."""
        mean = np.zeros(self.n_tasks_)
        scale = np.ones(self.n_tasks_)
        if self.normalize_y:
            mean, scale = mean_and_scale(observations, y)
            y = normalized(observations, y, mean, scale)
        # The last entries are averages, for unseen tasks: their code is -1.
        self._mean_of_task = np.append(mean, mean.mean())
        self._scale = np.append(scale, scale.mean())
        return y

    # ------------------------------------------------------------ averages over the processes

    def _units(self, codes):
        """What leads to units of y: center and scale of each task, or of the tasks `codes`."""
        where = slice(-1) if codes is None else codes
        return self._mean_of_task[where], self._scale[where]

    def _means(self, X, codes):
        """Means in units of y, (n, n_tasks), or (n,) if each sample has a task."""
        (mean,) = self._in_batches(X, codes, None, False)
        return mean

    def _means_and_deviations(self, X, codes, include_noise):
        mean, variance = self._in_batches(
            X,
            codes,
            Variance(),
            include_noise,
        )
        return mean, np.sqrt(variance)

    def _in_batches(self, X, codes, spread, include_noise):
        """The results of `_moments`, computed for some samples at a time."""
        n_functions = self.n_tasks_ if codes is None else 1
        width = self._processes[0].posterior.width(n_functions)
        size = max(1, _FLOATS // width)
        results = []
        for batch in gen_batches(len(X), size):
            moments = self._moments(
                X[batch],
                None if codes is None else codes[batch],
                spread,
                include_noise,
            )
            results.append(moments)
        parts = zip(*results, strict=True)
        return tuple(np.concatenate(part) for part in parts)

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
        own = mean if codes is None else mean[:, 0]
        mean_of_y = center + scale * own
        if spread is None:
            return (mean_of_y,)
        deviations = np.array(means) - mean
        total = total + spread.between(deviations)
        average = total / len(means)
        if codes is not None:
            average = spread.of_own_task(average)
        return mean_of_y, spread.rescaled(average, scale)


class LeaveOneOutMixin:
    """`loo_predict`, from the private attributes that `fit` sets.

    Beside those of :class:`PredictionMixin` these are ``y_train_`` on the scale of theta, and of
    the data ``_observations``, ``_sample_indices`` (positions in the user's X), ``_codes`` (tasks
    of the samples, None for wide data) and ``_n_samples``.
    """

    def loo_predict(self):
        """Predict each target of `fit` from all others, with the parameters or draws of `fit`.

        Returns
        -------
        mean, std : ndarray of the shape of y
            Mean and standard deviation of a target as it was measured, with its known noise; NaN
            for missing targets.
        """
        check_is_fitted(self)
        means = []
        variances = []
        for process in self._processes:
            mean, variance = process.leave_one_out(self.y_train_)
            means.append(mean)
            variances.append(variance)
        mean = np.mean(means, axis=0)
        variance = np.mean(variances, axis=0)
        variance = variance + np.var(means, axis=0)
        center, scale = self._units(self._observations.task)
        mean = center + scale * mean
        std = scale * np.sqrt(variance)
        return self._as_y(mean), self._as_y(std)

    def _as_y(self, values):
        """A vector over observations in the shape and order of the y of `fit`."""
        if self._codes is not None:
            order = np.argsort(self._sample_indices)
            return values[order]
        shape = self._n_samples, self.n_tasks_
        out = np.full(shape, np.nan)
        observations = self._observations
        samples = self._sample_indices[observations.sample]
        out[samples, observations.task] = values
        return out


def _draw(process, n_draws, include_noise, rng):
    """Draws of the functions of a :class:`ProcessAtSamples`, (n, p, n_draws)."""
    mean = process.mean()
    n, p = mean.shape
    covariance = process.covariance(include_noise)
    size = n * p
    covariance = covariance.reshape(size, size)
    values, V = np.linalg.eigh(covariance)
    variances = np.maximum(values, 0.0)
    root = V * np.sqrt(variances)
    normal = rng.standard_normal((size, n_draws))
    deviations = root @ normal
    deviations = deviations.reshape(n, p, n_draws)
    return mean[:, :, None] + deviations


def dense(X):
    """X as an array of floats."""
    if sparse.issparse(X):
        X = X.toarray()
    return X.astype(np.float64, copy=False)
