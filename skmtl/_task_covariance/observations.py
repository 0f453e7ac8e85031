"""Observations of several tasks: which targets are known, and how they were read."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import sparse

from skmtl._data.task_data import TaskData


@dataclass(frozen=True)
class Observations:
    """Observation c is a target of sample `sample[c]` for task `task[c]`.

    Observations are sorted by task, then by sample. Systems take and return vectors over them.

    Attributes
    ----------
    sample : ndarray of int of shape (n_observations,)
        The sample of each observation.
    task : ndarray of int of shape (n_observations,)
        The task of each observation.
    weight : ndarray of shape (n_observations,)
        Positive weights s: the noise of an observation is ``alpha_t / s``.
    n_samples : int
        Number of samples.
    n_tasks : int
        Number of tasks.
    """

    sample: np.ndarray
    task: np.ndarray
    weight: np.ndarray
    n_samples: int
    n_tasks: int

    def __len__(self):
        return len(self.sample)

    # ------------------------------------------------------------ by task, by sample

    @cached_property
    def ptr(self):
        """The observations of task t are ``ptr[t]:ptr[t + 1]``, (n_tasks + 1,)."""
        return np.searchsorted(self.task, np.arange(self.n_tasks + 1))

    @cached_property
    def spans(self):
        """The observations of each task, a list of slices."""
        return [slice(start, stop) for start, stop in pairwise(self.ptr.tolist())]

    @cached_property
    def n_per_task(self):
        """Number of observations of each task, (n_tasks,)."""
        return np.diff(self.ptr)

    @cached_property
    def by_sample(self):
        """For each sample that has any, the positions of its observations."""
        order = np.argsort(self.sample, kind="stable")
        starts = np.flatnonzero(np.diff(self.sample[order])) + 1
        return np.split(order, starts)

    @cached_property
    def common_weight(self):
        """The weight of all observations of a sample, (n_samples,); None if they differ."""
        weight = np.zeros(self.n_samples)
        weight[self.sample] = self.weight
        if np.array_equal(weight[self.sample], self.weight):
            return weight
        return None

    def sample_weight(self):
        """The sum of the weights of the observations of each sample, (n_samples,)."""
        return np.bincount(
            self.sample,
            weights=self.weight,
            minlength=self.n_samples,
        )

    def predictable_without(self, fit_intercept):
        """Whether an observation can be predicted from the others, (n_observations,) of bool.

        An intercept needs another observation of the task.
        """
        enough = self.n_per_task > fit_intercept
        return enough[self.task]

    # ------------------------------------------------------------ missing targets

    @cached_property
    def observed(self):
        """Whether the target of a sample for a task is known, (n_samples, n_tasks) of bool."""
        return self.matrix(np.ones(len(self), dtype=bool))

    @cached_property
    def missing(self):
        """The missing targets, as if they were observations of weight 1."""
        task, sample = np.nonzero(~self.observed.T)
        return Observations(
            sample,
            task,
            np.ones(len(sample)),
            self.n_samples,
            self.n_tasks,
        )

    @cached_property
    def complete(self):
        """All targets of the samples as observations, with the weights of the samples.

        None if the weights of a sample differ.
        """
        if self.common_weight is None:
            return None
        sample = np.tile(np.arange(self.n_samples), self.n_tasks)
        task = np.repeat(np.arange(self.n_tasks), self.n_samples)
        return Observations(
            sample,
            task,
            self.common_weight[sample],
            self.n_samples,
            self.n_tasks,
        )

    # ------------------------------------------------------------ vectors

    def matrix(self, values):
        """A vector over observations as (n_samples, n_tasks), zero for missing targets."""
        out = np.zeros((self.n_samples, self.n_tasks), dtype=values.dtype)
        out[self.sample, self.task] = values
        return out

    def indicators(self):
        """1 at the task of each observation, else 0: (n_observations, n_tasks), column order."""
        out = np.zeros((len(self), self.n_tasks), order="F")
        out[np.arange(len(self)), self.task] = 1.0
        return out

    def task_sum(self, values):
        """Sums over each task of values of shape (n_observations,) or (n_observations, ...)."""
        return np.add.reduceat(values, self.ptr[:-1], axis=0)

    def task_mean(self, values):
        """Weighted means over the observations of each task, (n_tasks,)."""
        return self.task_sum(self.weight * values) / self.task_sum(self.weight)

    # ------------------------------------------------------------ kernel matrices

    @cached_property
    def _sample_indicators(self):
        """1 where an observation is of a sample, (n_samples, n_observations).

        None if the observations are the samples, in the same order.
        """
        n = len(self)
        if np.array_equal(self.sample, np.arange(self.n_samples)):
            return None
        entries = np.ones(n), (self.sample, np.arange(n))
        return sparse.csr_array(entries, shape=(self.n_samples, n))

    def between_observations(self, K):
        """A kernel matrix of samples as one of observations."""
        if self._sample_indicators is None:
            return K
        return K[np.ix_(self.sample, self.sample)]

    def between_samples(self, G):
        """The derivative with respect to a kernel matrix of samples.

        G is that with respect to the kernel matrix of observations.
        """
        if self._sample_indicators is None:
            return G
        half = self._sample_indicators @ G
        return self._sample_indicators @ half.T


def centered(K, weight):
    """K of functions whose weighted mean over the samples is zero; a new array.

    Dual coefficients that sum to zero in every task see no difference. A kernel that is positive
    semi-definite for these only becomes positive semi-definite.

    Parameters
    ----------
    K : ndarray of shape (n_samples, n_samples)
        A kernel matrix.
    weight : ndarray of shape (n_samples,)
        Weights of the samples.

    Returns
    -------
    ndarray of shape (n_samples, n_samples)
    """
    share = weight / weight.sum()
    mean = K @ share
    out = K - (mean - share @ mean)[:, None]
    out -= mean
    return out


@dataclass(frozen=True)
class KernelReading:
    """Validated data as observations.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        Samples that have a target of positive weight; sorted by task in long data.
    y : ndarray of shape (n_observations,)
        Targets.
    observations : Observations
        The sample, task and weight of each target.
    sample_indices : ndarray of int of shape (n_samples,)
        The positions of these samples in the user's X.
    data : TaskData
        The data as they were read.
    """

    X: object
    y: np.ndarray
    observations: Observations
    sample_indices: np.ndarray
    data: TaskData

    @property
    def long(self):
        """Whether every task has samples of its own."""
        return self.data.layout != "wide"


def read_observations(data):
    """The observations of validated data, as a :class:`KernelReading`."""
    if data.layout == "wide":
        return _read_wide(data)
    n_samples = len(data.y)
    observations = Observations(
        np.arange(n_samples),
        data.design.task_of_sample,
        data.weight,
        n_samples,
        data.n_tasks,
    )
    X = data.design.as_float64().X
    return KernelReading(
        X,
        data.y,
        observations,
        data.sample_indices,
        data,
    )


def _read_wide(data):
    X = data.design.as_float64().X
    weight = np.broadcast_to(data.weight, data.y.shape)
    kept = np.flatnonzero(weight.any(axis=1))
    weight = weight[kept]
    task, sample = np.nonzero(weight.T)
    observations = Observations(
        sample,
        task,
        weight[sample, task],
        len(kept),
        data.n_tasks,
    )
    y = data.y[kept][sample, task]
    if len(kept) < X.shape[0]:
        X = X.tocsr() if sparse.issparse(X) else X
        X = X[kept]
    return KernelReading(
        X,
        y,
        observations,
        kept,
        data,
    )
