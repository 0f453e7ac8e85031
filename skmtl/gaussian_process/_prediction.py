"""Predictions of a fitted Gaussian process of several tasks."""

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_int
from skmtl._data.reading import read_features, read_prediction_data

_FLOATS = 2**24  # of covariances with the labels at a time


class PredictionMixin:
    """`predict` and what goes with it, from the private attributes that `fit` sets.

    On the scale of theta ``_processes``, one or a draw each, over which predictions are averaged,
    and ``y_train_``; ``_mean_of_task`` and ``_scale`` lead back, the average task behind. Of the
    data ``_cells``, ``_rows`` (where rows stood), ``_codes`` (None when wide) and ``_n_samples``.
    """

    def predict(self, X, return_std=False, return_cov=False, *, tasks=None, include_noise=True):
        """Predict with each row's own task, or all tasks when fitted on two-dimensional y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
        return_std : bool, default=False
            Also return standard deviations, in units of y.
        return_cov : bool, default=False
            Also return covariances: of the tasks at each row, or of the rows when these have tasks
            of their own.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.
        include_noise : bool, default=True
            Whether deviations and covariances are those of new labels, or of the functions below
            the noise.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_tasks) or (n_samples,)
        std : ndarray of the shape of `mean`
            Only with `return_std`.
        cov : ndarray of shape (n_samples, n_tasks, n_tasks) or (n_samples, n_samples)
            Only with `return_cov`.

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``: the average function
            then, one for all of them, and the mean variance of the tasks.
        """
        check_is_fitted(self)
        check_bool(include_noise, "include_noise")
        if return_std and return_cov:
            raise ValueError("Of return_std and return_cov at most one can be True.")
        X, codes = read_prediction_data(self, X, tasks)
        X = dense(X)
        if not (return_std or return_cov):
            return self._means(X, codes)
        if return_std:
            return self._means_and_deviations(X, codes, include_noise)
        if codes is None:
            return self._of_chunks(X, codes, "covariance_by_row", include_noise)
        return self._moments(X, codes, "covariance", include_noise)

    def predict_all_tasks(self, X, return_std=False, *, include_noise=True):
        """Predictions of every task for every row, however the data came in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are not looked at.
        return_std : bool, default=False
            Also return standard deviations.
        include_noise : bool, default=True
            As in `predict`.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_tasks)
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
        """Draw labels from the posterior, jointly of all rows and tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_columns)
        n_samples : int, default=1
            Draws.
        random_state : int, RandomState instance or None, default=0
        tasks : array-like of shape (n_rows,), default=None
            As in `predict`.
        include_noise : bool, default=True
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_tasks, n_samples) or (n_rows, n_samples)
        """
        check_is_fitted(self)
        check_int(n_samples, "n_samples")
        check_bool(include_noise, "include_noise")
        rng = check_random_state(random_state)
        X, codes = read_prediction_data(self, X, tasks)
        X = dense(X)
        m = len(self._processes)
        which = rng.randint(m, size=n_samples) if m > 1 else np.zeros(n_samples, dtype=int)
        draws = np.empty((len(X), self.n_tasks_ if codes is None else 1, n_samples))
        for k in np.unique(which):
            one, here = self._processes[k], np.flatnonzero(which == k)
            mean, cov = one.moments("covariance", X, codes, include_noise)
            values, V = np.linalg.eigh(cov.reshape(mean.size, mean.size))
            root = V * np.sqrt(np.maximum(values, 0.0))
            noise = root @ rng.standard_normal((mean.size, len(here)))
            draws[:, :, here] = mean[:, :, None] + noise.reshape(*mean.shape, -1)
        where = slice(-1) if codes is None else codes
        draws = draws if codes is None else draws[:, 0]
        return self._mean_of_task[where][..., None] + self._scale[where][..., None] * draws

    def loo_predict(self):
        """What all other labels say about each label of `fit`, parameters (or draws) as they are.

        Returns
        -------
        mean, std : ndarray of the shape of y
            Of new labels, noise included; NaN where there is no label.
        """
        check_is_fitted(self)
        found = [one.leave_one_out(self.y_train_) for one in self._processes]
        means, variances = np.array(found).transpose(1, 0, 2)
        task, variance = self._cells.task, variances.mean(axis=0) + means.var(axis=0)
        y = self._mean_of_task[task] + self._scale[task] * means.mean(axis=0)
        std = self._scale[task] * np.sqrt(variance)
        if self._codes is not None:
            order = np.argsort(self._rows)
            return y[order], std[order]
        out = np.full((2, self._n_samples, self.n_tasks_), np.nan)
        out[:, self._rows[self._cells.row], task] = y, std
        return out[0], out[1]

    # ------------------------------------------------------------ averages over the processes

    def _means(self, X, codes):
        """In units of y, as all the following: (n, T), or (n,) where each row has a task."""
        return self._of_chunks(X, codes, None, False)[0]

    def _means_and_deviations(self, X, codes, include_noise):
        mean, variance = self._of_chunks(X, codes, "variance", include_noise)
        return mean, np.sqrt(variance)

    def _of_chunks(self, X, codes, name, include_noise):
        """The results of `_moments` for some rows at a time, one after the other."""
        width = len(self._cells) * (self.n_tasks_ if codes is None else 1)
        found = [
            self._moments(X[part], None if codes is None else codes[part], name, include_noise)
            for part in gen_batches(len(X), max(1, _FLOATS // width))
        ]
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))

    def _moments(self, X, codes, name, include_noise):
        """The mean, and variances or covariances by a method of that name, None for none."""
        means, spread = [], 0.0
        for one in self._processes:
            mean, own = one.moments(name, X, codes, include_noise)
            means.append(mean)
            spread = spread + own
        mean, m = np.mean(means, axis=0), len(means)
        where = slice(-1) if codes is None else codes
        scale, center = self._scale[where], self._mean_of_task[where]
        mean_of_y = center + scale * (mean if codes is None else mean[:, 0])
        if name is None:
            return (mean_of_y,)
        spread = (spread + _between(name, np.array(means) - mean)) / m
        if codes is not None:
            spread = spread[:, 0] if name == "variance" else spread[:, 0, :, 0]
        return mean_of_y, spread * (scale**2 if name == "variance" else np.outer(scale, scale))


def _between(name, D):
    """What deviations of means (m, n, p) add to variances or covariances, times m."""
    if name == "variance":
        return (D**2).sum(axis=0)
    if name == "covariance_by_row":
        return np.einsum("mia,mib->iab", D, D)
    return np.tensordot(D, D, axes=(0, 0))


def dense(X):
    """X as an array of floats."""
    X = X.toarray() if sparse.issparse(X) else X
    return X.astype(np.float64, copy=False)
