"""Inputs of scikit-learn's support vector machines: sparse features or a kernel matrix.

Tasks are given as codes. Code -1 is a task that `fit` did not see: the average of all tasks.
"""

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

_FLOATS = 2**23  # numbers of a kernel matrix at a time
_LARGEST = 1 / np.finfo(float).eps  # kernels with rounding errors of the size of a margin


def check_kernel_size(largest):
    """Raise ValueError if rounding errors of a kernel are larger than margins.

    No solver would end then. NaN is as bad as infinity.
    """
    if not largest < _LARGEST:
        raise ValueError(
            f"The kernel has values up to {largest:.3g} between samples of X, whose rounding "
            "errors are larger than the margins, so the solver would not end: scale the features, "
            "with StandardScaler, say."
        )


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
        scale = np.sqrt(self.mu)
        shared = X / scale
        specific = self._specific_features(X, codes)
        features = sparse.hstack([shared, specific])
        return sparse.csr_matrix(features)

    def _specific_features(self, X, codes):
        """``e_t (x) [x, 1]`` for the tasks of `codes`: columns are shifted to their block."""
        n_samples, n_features = X.shape
        n_blocks = self.n_tasks + 1
        size = n_features + 1
        ones = np.ones((n_samples, 1))
        extended = sparse.hstack([X, ones])
        extended = sparse.csr_array(extended)
        n_stored = np.diff(extended.indptr)
        unseen = codes < 0
        block = np.where(unseen, self.n_tasks, codes)
        first_column = size * block
        shift = np.repeat(first_column, n_stored)
        columns = extended.indices
        shift = shift.astype(columns.dtype)  # the type that liblinear takes
        columns = columns + shift
        n_columns = n_blocks * size
        return sparse.csr_array(
            (extended.data, columns, extended.indptr),
            shape=(n_samples, n_columns),
        )

    def fit(self, machine, X, samples, codes, y, weight):
        """Fit the machine to observations of tasks `codes` at `samples` of X."""
        X = X[samples]
        check_kernel_size(_squared_lengths(X).max())
        features = self.features(X, codes)
        machine.fit(features, y, sample_weight=weight)
        _, n_features = X.shape
        self._set_average(machine.coef_, n_features)

    def _set_average(self, coef, n_features):
        """Put the average over tasks into the coefficients of the last block."""
        size = n_features + 1
        for of_class in np.atleast_2d(coef):  # each is a view of coef
            specific = of_class[n_features:]
            blocks = specific.reshape(-1, size)
            of_tasks = blocks[:-1]
            average = of_tasks.mean(axis=0)
            of_class[-size:] = average

    def outputs(self, method, X, code_arrays):
        """What a method of the machine returns for X with each of the arrays of codes, a list."""
        outputs = []
        for codes in code_arrays:
            features = self.features(X, codes)
            outputs.append(method(features))
        return outputs


def _squared_lengths(X):
    """The linear kernel of each sample with itself, (n_samples,)."""
    X = X.astype(np.float64)
    squares = X.multiply(X) if sparse.issparse(X) else X**2
    return np.asarray(squares.sum(axis=1)).ravel()


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
        self.n_observations = len(codes)
        everything = np.arange(self.n_observations)
        K = self.kernel(X)
        check_kernel_size(np.abs(K).max())
        pairs = np.ix_(samples, samples)
        K = K[pairs]
        K = self._coupled(K, codes, everything)
        machine.fit(K, y, sample_weight=weight)
        self.support = machine.support_
        support_samples = samples[self.support]
        self.support_vectors = X[support_samples]

    def _coupled(self, K, codes, observations):
        """The kernel between samples of the tasks `codes` and observations of the fit."""
        n_tasks = self.n_tasks
        similarity = np.empty((n_tasks + 1, n_tasks))
        similarity[:-1] = np.eye(n_tasks)
        similarity[-1] = 1.0 / n_tasks  # of unseen tasks
        fitted_codes = self.codes[observations]
        pairs = np.ix_(codes, fitted_codes)
        same = similarity[pairs]
        share = 1.0 / self.mu
        factors = share + same
        return factors * K + same

    def outputs(self, method, X, code_arrays):
        """What a method of the machine returns for X with each of the arrays of codes, a list."""
        n_samples, _ = X.shape
        size = max(1, _FLOATS // self.n_observations)
        parts = [[] for _ in code_arrays]
        for samples in gen_batches(n_samples, size):
            K = self._kernel_to_support(X[samples])
            for codes, outputs in zip(code_arrays, parts, strict=True):
                codes_of_samples = codes[samples]
                full = self._full_kernel(K, codes_of_samples)
                outputs.append(method(full))
        return [np.concatenate(outputs) for outputs in parts]

    def _full_kernel(self, K, codes):
        """The kernel to all observations of the fit; the machine reads that to support vectors."""
        n_samples = len(K)
        coupled = self._coupled(K, codes, self.support)
        full = np.zeros((n_samples, self.n_observations))
        full[:, self.support] = coupled
        return full

    def _kernel_to_support(self, X):
        """The input kernel between X and the support vectors."""
        if len(self.support) == 0:  # all errors are within epsilon
            n_samples, _ = X.shape
            return np.empty((n_samples, 0))
        return self.kernel(X, self.support_vectors)
