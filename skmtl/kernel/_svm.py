"""Support vector machines on the multi-task kernel, through those of scikit-learn."""

import numpy as np
from scipy import sparse

from skmtl._data.checks import check_real
from skmtl.kernel._base import KernelModel
from skmtl.kernel._input_kernel import check_gamma, is_named, sliceable
from skmtl.kernel._svm_inputs import KernelInputs, LinearInputs

_ROUNDING = 1e-14  # standard deviations below this, relative to the mean, are rounding errors


class MultiTaskSVM(KernelModel):
    """Base of the support vector machines, fitted from :class:`~skmtl._data.task_data.TaskData`.

    A subclass implements ``_make_machine(linear)``, the unfitted machine of scikit-learn, and
    ``_machine_targets(y, weight, wide)``, the targets that it is fitted to.
    """

    _why_not_precomputed = "has a kernel of samples and tasks"

    def _check_params(self):
        super()._check_params()
        if not is_named(self.gamma, "scale"):
            check_gamma(self.gamma)
        check_real(self.mu, "mu", include="neither")

    def _fit(self, data):
        self._store_tasks(data)
        samples, codes, y, weight = _labeled_observations(data)
        X = sliceable(data.design.X)
        y = self._machine_targets(y, weight, data.layout == "wide")
        linear = is_named(self.kernel, "linear")
        if linear:
            self._inputs = LinearInputs(self.n_tasks_, self.mu)
        else:
            gamma = self._gamma_of(X[samples], weight)
            kernel = self._input_kernel(gamma)
            self._inputs = KernelInputs(self.n_tasks_, self.mu, kernel)
        self.svm_ = self._make_machine(linear)
        self._inputs.fit(self.svm_, X, samples, codes, y, weight)
        self.n_iter_ = int(np.max(self.svm_.n_iter_))
        return self

    def _gamma_of(self, X, weight):
        """The gamma of the kernel; "scale" depends on the samples of all observations."""
        if not is_named(self.gamma, "scale"):
            return self.gamma
        variance = _variance(X, weight)
        return 1.0 / (X.shape[1] * variance) if variance > 0 else 1.0

    def _liblinear_options(self):
        """Options of the linear machines; the constant of the common intercept is 10."""
        max_iter = 1_000_000 if self.max_iter == -1 else self.max_iter
        seed = 0 if self.random_state is None else self.random_state
        return {
            "max_iter": max_iter,
            "dual": True,
            "intercept_scaling": 10.0,
            "random_state": seed,
        }

    def _outputs(self, method, X, codes):
        """What a method of the machine returns for X with the tasks of `codes`.

        It is a list of one array for each task if `codes` is None.
        """
        X = sliceable(X)
        if codes is None:
            code_arrays = [np.full(X.shape[0], t) for t in range(self.n_tasks_)]
            return self._inputs.outputs(method, X, code_arrays)
        (outputs,) = self._inputs.outputs(method, X, [codes])
        return outputs

    def _predict(self, X, codes):
        outputs = self._outputs(self.svm_.predict, X, codes)
        return np.column_stack(outputs) if codes is None else outputs


def _labeled_observations(data):
    """Sample, task code, target and weight of every observation, by task and then by sample."""
    y = data.y
    weight = data.weight
    if data.layout != "wide":
        samples = np.arange(len(y))
        return samples, data.design.task_of_sample, y, weight
    weight = np.broadcast_to(weight, y.shape)
    codes, samples = np.nonzero(weight.T > 0)
    observed = (samples, codes)
    return samples, codes, y[observed], weight[observed]


def _variance(X, weight):
    """The variance of all entries of X, whose samples are weighted; 0 if that is rounding."""
    n_features = X.shape[1]
    share = weight / (weight.sum() * n_features)
    if sparse.issparse(X):
        n_stored = np.diff(X.indptr)
        zeros = share @ (n_features - n_stored)
        share = np.repeat(share, n_stored)
        entries = X.data
    else:
        zeros = 0.0
        share = np.repeat(share, n_features)
        entries = X.ravel()
    entries = entries.astype(np.float64)
    mean = share @ entries
    variance = share @ (entries - mean) ** 2
    variance += zeros * mean**2
    if variance <= (_ROUNDING * mean) ** 2:
        return 0.0
    return variance
