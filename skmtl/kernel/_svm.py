"""Support vector machines on the multi-task kernel, through those of scikit-learn."""

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_real
from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl.base import MultiTaskEstimator
from skmtl.kernel._input_kernel import InputKernel, check_kernel, is_named

_FLOATS = 2**23  # of a kernel matrix at a time


class MultiTaskSVM(MultiTaskEstimator):
    """What the classifier and the regressor share: the kernel of cells, a cell being a row of X
    together with a task.

    A subclass makes the machine, ``_machine(linear)``, and reads targets, ``_targets``.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        gamma = None if is_named(self.gamma, "scale") else self.gamma
        check_kernel(self.kernel, gamma, self.degree, self.coef0, self.kernel_params)
        if is_named(self.kernel, "precomputed"):
            raise ValueError(
                f"kernel='precomputed' is not for {type(self).__name__}, which has a kernel of "
                "rows and tasks: give a callable."
            )
        check_real(self.mu, "mu", include="neither")

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN (of labels also None) where one is missing; 1-D with `task_column`
            or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative factors of C.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant, as in :class:`MultiTaskLasso`.
        """
        self._check_params()
        data = read_training_data(self, X, y, sample_weight, tasks, dtype=self._y_dtype)
        self._store_tasks(data)
        X = data.design.X.tocsr() if sparse.issparse(data.design.X) else data.design.X
        rows, codes, y, weight = _cells(data)
        y = self._targets(y, weight, data.layout == "wide")
        self._linear = is_named(self.kernel, "linear")
        self.svm_ = self._machine(self._linear)
        fit = self._fit_linear if self._linear else self._fit_kernel
        fit(X, rows, codes, y, weight)
        self.n_iter_ = int(np.max(self.svm_.n_iter_))
        return self

    def _fit_linear(self, X, rows, codes, y, weight):
        self.svm_.fit(self._map(X[rows], codes), y, sample_weight=weight)
        size = X.shape[1] + 1
        blocks = self.svm_.coef_[..., -(self.n_tasks_ + 1) * size :]
        tasks = blocks.reshape(*blocks.shape[:-1], -1, size)[..., :-1, :]
        blocks[..., -size:] = tasks.mean(axis=-2)  # of unseen tasks

    def _fit_kernel(self, X, rows, codes, y, weight):
        self._kernel = self._input_kernel(X[rows], weight)
        K = self._kernel(X)[np.ix_(rows, rows)]
        self._cell_rows, self._cell_tasks = X[rows], codes
        self.svm_.fit(self._coupled(K, codes, slice(None)), y, sample_weight=weight)
        self._cell_rows = self._cell_rows[self.svm_.support_]

    def _input_kernel(self, X, weight):
        """The kernel of inputs; gamma="scale" takes its variance from the rows of all cells."""
        params = {"degree": self.degree, "coef0": self.coef0, "params": self.kernel_params}
        gamma = self.gamma
        if is_named(gamma, "scale"):
            variance = _variance(X, weight)
            gamma = 1.0 / (X.shape[1] * variance) if variance > 0 else 1.0
        return InputKernel(self.kernel, gamma, **params)

    def _coupled(self, K, codes, cells):
        """`(1/mu + [s = t]) K + [s = t]` between cells of the fit and rows of tasks `codes`.

        Code -1, a task that was not seen, is the average over tasks.
        """
        T = self.n_tasks_
        same = np.vstack([np.eye(T), np.full((1, T), 1.0 / T)])
        same = same[codes[:, None], self._cell_tasks[cells]]
        return (1.0 / self.mu + same) * K + same

    def _map(self, X, codes):
        """Sparse features ``[x / sqrt(mu), e_t (x) [x, 1]]`` of rows of tasks `codes`.

        The last block, e_(T+1), is that of unseen tasks.
        """
        X = sparse.csr_array(X)
        n, p = X.shape
        full = sparse.csr_array(sparse.hstack([X, np.ones((n, 1))]))
        first = np.where(codes < 0, self.n_tasks_, codes) * (p + 1)
        first = np.repeat(first, np.diff(full.indptr)).astype(full.indices.dtype)  # liblinear's
        shape = (n, (self.n_tasks_ + 1) * (p + 1))
        own = sparse.csr_array((full.data, full.indices + first, full.indptr), shape)
        return sparse.csr_matrix(sparse.hstack([X / np.sqrt(self.mu), own]))

    def _outputs(self, X, columns, method):
        """What a method of the machine says of X's rows, for each array of codes in `columns`."""
        X = X.tocsr() if sparse.issparse(X) else X
        if self._linear:
            return [getattr(self.svm_, method)(self._map(X, codes)) for codes in columns]
        size, support = len(self._cell_tasks), self.svm_.support_
        outputs = [[] for _ in columns]
        for part in gen_batches(X.shape[0], max(1, _FLOATS // size)):
            rows = X[part]
            K = np.empty((rows.shape[0], 0))  # where all errors are within epsilon
            if len(support):
                K = self._kernel(rows, self._cell_rows)
            full = np.zeros((len(K), size))
            for codes, output in zip(columns, outputs, strict=True):
                full[:, support] = self._coupled(K, codes[part], support)
                output.append(getattr(self.svm_, method)(full))
        return [np.concatenate(output) for output in outputs]

    def _evaluate(self, X, tasks, method):
        """The outputs of a method, and whether those are one for each task."""
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        wide = codes is None
        return self._outputs(X, self._every(X) if wide else [codes], method), wide

    def _every(self, X):
        return [np.full(X.shape[0], t) for t in range(self.n_tasks_)]

    def predict(self, X, *, tasks=None):
        """Predict with each row's own task, or all tasks when fitted on two-dimensional y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        outputs, wide = self._evaluate(X, tasks, "predict")
        return self._finished(np.column_stack(outputs) if wide else outputs[0])

    def predict_all_tasks(self, X):
        """Predictions of every task for every row, however the data came in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are not looked at.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._finished(np.column_stack(self._outputs(X, self._every(X), "predict")))

    def _finished(self, predictions):
        return predictions


def _cells(data):
    """Row, task, target and weight of every labeled cell, by task and then by row."""
    if data.layout != "wide":
        return np.arange(len(data.y)), data.design.task_of_sample, data.y, data.weight
    weight = np.broadcast_to(data.weight, data.y.shape)
    codes, rows = np.nonzero(weight.T > 0)
    return rows, codes, data.y[rows, codes], weight[rows, codes]


def _variance(X, weight):
    """That of all entries of X, whose rows are weighted; about the mean, for the digits."""
    share = weight / (weight.sum() * X.shape[1])
    if sparse.issparse(X):
        zeros = share @ (X.shape[1] - np.diff(X.indptr))  # those that are not stored
        X = X.tocoo()
        x, share = X.data.astype(np.float64), share[X.row]
    else:
        x, share, zeros = X.astype(np.float64).ravel(), np.repeat(share, X.shape[1]), 0.0
    mean = share @ x
    variance = share @ (x - mean) ** 2 + zeros * mean**2
    return variance if variance > (1e-14 * mean) ** 2 else 0.0  # else rounding of the mean


def _liblinear(estimator):
    """Options of the linear machines; the constant of the common intercept is 10."""
    max_iter = 1_000_000 if estimator.max_iter == -1 else estimator.max_iter
    seed = 0 if estimator.random_state is None else estimator.random_state
    return {"max_iter": max_iter, "dual": True, "intercept_scaling": 10.0, "random_state": seed}
