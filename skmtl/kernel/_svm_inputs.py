"""What the machines of scikit-learn are given: sparse features or a kernel matrix.

Tasks are codes, -1 for a task that `fit` did not see, which is the average of all tasks.
"""

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

_FLOATS = 2**23  # numbers of a kernel matrix at a time


class LinearInputs:
    """Sparse features ``[x / sqrt(mu), e_t (x) [x, 1]]`` for the linear machines.

    There are n_tasks + 1 blocks ``[x, 1]``, the last one for unseen tasks.
    """

    def __init__(self, n_tasks, mu):
        self.n_tasks = n_tasks
        self.mu = mu

    def features(self, X, codes):
        """Features of the samples X for the tasks of `codes`, in CSR format."""
        X = sparse.csr_array(X)
        shared = X / np.sqrt(self.mu)
        specific = self._specific_features(X, codes)
        features = sparse.hstack([shared, specific])
        return sparse.csr_matrix(features)

    def _specific_features(self, X, codes):
        """``e_t (x) [x, 1]`` for the tasks of `codes`: columns are shifted to their block."""
        n_samples, n_features = X.shape
        ones = np.ones((n_samples, 1))
        extended = sparse.csr_array(sparse.hstack([X, ones]))
        indices = extended.indices
        indptr = extended.indptr
        size = n_features + 1
        block = np.where(codes < 0, self.n_tasks, codes)
        shift = np.repeat(block * size, np.diff(indptr))
        columns = indices + shift.astype(indices.dtype)  # the type that liblinear takes
        shape = (n_samples, (self.n_tasks + 1) * size)
        return sparse.csr_array((extended.data, columns, indptr), shape)

    def fit(self, machine, X, samples, codes, y, weight):
        """Fit the machine to observations of tasks `codes` at `samples` of X."""
        features = self.features(X[samples], codes)
        machine.fit(features, y, sample_weight=weight)
        self._set_average(machine.coef_, X.shape[1])

    def _set_average(self, coef, n_features):
        """Put the average over tasks into the coefficients of the last block."""
        size = n_features + 1
        specific = coef[..., n_features:]
        blocks = specific.reshape(*coef.shape[:-1], self.n_tasks + 1, size)
        of_tasks = blocks[..., :-1, :]
        coef[..., -size:] = of_tasks.mean(axis=-2)

    def outputs(self, method, X, code_arrays):
        """What a method of the machine returns for X with each of the arrays of codes, a list."""
        return [method(self.features(X, codes)) for codes in code_arrays]


class KernelInputs:
    """The kernel ``(1/mu + [s = t]) k(x, z) + [s = t]`` for the machines with a kernel.

    Parameters
    ----------
    n_tasks : int
    mu : float
    kernel : InputKernel
    """

    def __init__(self, n_tasks, mu, kernel):
        self.n_tasks = n_tasks
        self.mu = mu
        self.kernel = kernel

    def fit(self, machine, X, samples, codes, y, weight):
        """Fit the machine to observations of tasks `codes` at `samples` of X.

        Of the samples only the support vectors are kept.
        """
        self.codes = codes
        K = self.kernel(X)
        K = K[np.ix_(samples, samples)]
        K = self._coupled(K, codes, slice(None))
        machine.fit(K, y, sample_weight=weight)
        self.support = machine.support_
        self.support_vectors = X[samples[self.support]]

    def _coupled(self, K, codes, observations):
        """The kernel between samples of the tasks `codes` and observations of the fit."""
        n_tasks = self.n_tasks
        average = np.full(n_tasks, 1.0 / n_tasks)
        similarity = np.vstack([np.eye(n_tasks), average])  # the last row is of code -1
        fitted = self.codes[observations]
        same = similarity[codes[:, None], fitted]
        return (1.0 / self.mu + same) * K + same

    def outputs(self, method, X, code_arrays):
        """What a method of the machine returns for X with each of the arrays of codes, a list."""
        n_fitted = len(self.codes)
        batch_size = max(1, _FLOATS // n_fitted)
        batches = []
        for part in gen_batches(X.shape[0], batch_size):
            K = self._kernel_to_support(X[part])
            full = np.zeros((len(K), n_fitted))  # the machine reads the columns of support vectors
            outputs = []
            for codes in code_arrays:
                full[:, self.support] = self._coupled(K, codes[part], self.support)
                outputs.append(method(full))
            batches.append(outputs)
        return [np.concatenate(outputs) for outputs in zip(*batches, strict=True)]

    def _kernel_to_support(self, X):
        """The input kernel between X and the support vectors."""
        if len(self.support) == 0:  # all errors are within epsilon
            return np.empty((X.shape[0], 0))
        return self.kernel(X, self.support_vectors)
