"""Predictions of a fitted Gaussian process of several tasks."""

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from skmtl._checks import check_int
from skmtl.tasks import read_prediction_rows, read_rows

_FLOATS = 2**24  # of covariances with the labels at a time


class PredictionMixin:
    """`predict` and what goes with it, from the private attributes that `fit` sets.

    On the scale of theta ``_kernels``, ``_Bs`` and ``_noise`` (kernel and task covariance of each
    term), ``y_train_`` and ``_posterior``; ``_mean_of_task`` and ``_scale`` lead back. All have the
    average task behind. Of the data ``X_train_``, ``_cells``, ``_rows`` (where rows stood),
    ``_codes`` (None when wide) and ``_n_samples``.
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
        if return_std and return_cov:
            raise ValueError("Of return_std and return_cov at most one can be True.")
        X, codes = read_prediction_rows(self, X, tasks)
        X = dense(X)
        mean = self._of_chunks(X, codes, self._mean)
        if not (return_std or return_cov):
            return mean
        if return_std:
            variance = self._of_chunks(X, codes, self._variance, include_noise)
            return mean, np.sqrt(variance)
        if codes is None:
            return mean, self._of_chunks(X, codes, self._covariance_by_row, include_noise)
        return mean, self._covariance(X, codes, include_noise)[:, 0, :, 0]

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
        X, _ = read_rows(self, X, reset=False, ids=False)
        X = dense(X)
        mean = self._of_chunks(X, None, self._mean)
        if not return_std:
            return mean
        return mean, np.sqrt(self._of_chunks(X, None, self._variance, include_noise))

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
        rng = check_random_state(random_state)
        X, codes = read_prediction_rows(self, X, tasks)
        X = dense(X)
        mean = self._of_chunks(X, codes, self._mean)
        cov = self._covariance(X, codes, include_noise).reshape(mean.size, mean.size)
        values, V = np.linalg.eigh(cov)
        root = V * np.sqrt(np.maximum(values, 0.0))
        draws = mean.ravel()[:, None] + root @ rng.standard_normal((mean.size, n_samples))
        return draws.reshape(*mean.shape, n_samples)

    def loo_predict(self):
        """What all other labels say about each label of `fit`, parameters as they are.

        Returns
        -------
        mean, std : ndarray of the shape of y
            Of new labels, noise included; NaN where there is no label.
        """
        check_is_fitted(self)
        precisions = self._posterior.system.cell_precisions()
        y = self.y_train_ - self._posterior.dual / precisions
        task = self._cells.task
        y, std = self._unscaled(y, task), self._scale[task] / np.sqrt(precisions)
        if self._codes is not None:
            order = np.argsort(self._rows)
            return y[order], std[order]
        out = np.full((2, self._n_samples, self.n_tasks_), np.nan)
        out[:, self._rows[self._cells.row], task] = y, std
        return out[0], out[1]

    # ------------------------------------------------------------ on the scale of theta

    def _of_chunks(self, X, codes, function, *arguments):
        """Results of `function` for some rows at a time, one after the other."""
        width = len(self._cells) * (self.n_tasks_ if codes is None else 1)
        found = [
            function(X[part], None if codes is None else codes[part], *arguments)
            for part in gen_batches(len(X), max(1, _FLOATS // width))
        ]
        return np.concatenate(found)

    def _asked(self, X, codes):
        """What the posterior takes for rows X."""
        T = self.n_tasks_
        Cs = [B[:T, :T] if codes is None else B[codes[:, None], :T] for B in self._Bs]
        return self._posterior.asked([kernel(X, self.X_train_) for kernel in self._kernels], Cs)

    def _mean(self, X, codes):
        mean = self._posterior.mean(self._asked(X, codes))
        if codes is None:
            return self._unscaled(mean, np.arange(self.n_tasks_))
        return self._unscaled(mean[:, 0], codes)

    def _variance(self, X, codes, include_noise):
        """(n, T), or (n,) where each row has a task."""
        functions = np.arange(self.n_tasks_) if codes is None else codes[:, None]
        prior = sum(
            kernel.diag(X)[:, None] * B[functions, functions]
            for kernel, B in zip(self._kernels, self._Bs, strict=True)
        )
        variance = np.maximum(prior - self._posterior.variance(self._asked(X, codes)), 0.0)
        variance += include_noise * self._noise[functions]
        variance *= self._scale[functions] ** 2
        return variance if codes is None else variance[:, 0]

    def _covariance_by_row(self, X, codes, include_noise):
        """Of all tasks, (n, T, T)."""
        T = self.n_tasks_
        prior = sum(
            kernel.diag(X)[:, None, None] * B[:T, :T]
            for kernel, B in zip(self._kernels, self._Bs, strict=True)
        )
        covariance = prior - self._posterior.covariance_by_row(self._asked(X, None))
        covariance += include_noise * np.diag(self._noise[:T])
        return covariance * np.multiply.outer(*2 * [self._scale[:T]])

    def _covariance(self, X, codes, include_noise):
        """Of all rows and functions, (n, p, n, p), p = 1 where each row has a task."""
        n, T = len(X), self.n_tasks_
        tasks = np.tile(np.arange(T), (n, 1)) if codes is None else codes[:, None]
        prior = sum(
            kernel(X)[:, None, :, None] * B[tasks[:, :, None, None], tasks]
            for kernel, B in zip(self._kernels, self._Bs, strict=True)
        )
        covariance = prior - self._posterior.covariance(self._asked(X, codes))
        flat = covariance.reshape(tasks.size, tasks.size)
        flat.flat[:: tasks.size + 1] += include_noise * self._noise[tasks.ravel()]
        scale = self._scale[tasks]
        return covariance * scale[:, :, None, None] * scale

    def _unscaled(self, z, tasks):
        return self._mean_of_task[tasks] + self._scale[tasks] * z


def with_average(values):
    """Values of tasks with their mean behind: that of tasks not seen, whose code is -1."""
    return np.append(values, values.mean())


def with_average_task(B, scale):
    """A task covariance with the average function behind, of the mean variance of the tasks.

    Averages are those of functions in units of y: `scale` (n_tasks,) leads there.
    """
    share = scale / scale.mean()
    between = share @ B / len(B)
    last = np.append(between, np.mean(share**2 * B.diagonal()))
    return np.column_stack([np.vstack([B, between]), last])


def dense(X):
    """X as an array of floats."""
    X = X.toarray() if sparse.issparse(X) else X
    return X.astype(np.float64, copy=False)
