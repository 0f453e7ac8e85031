"""Folds of kernel ridge regressions whose task covariance is learned."""

from functools import partial
from typing import NamedTuple

import numpy as np

from skmtl._task_covariance.observations import Observations
from skmtl.datafits import Fold
from skmtl.kernel._covariance_learner import CovarianceLearner


class LearnedFunctions(NamedTuple):
    """Values of functions at all samples.

    `W` has the shape (n_samples, n_tasks) and is 0 for tasks without training samples.
    """

    W: np.ndarray
    optimality: float
    converged: bool


class TrainingSamples:
    """Learns functions from some of the samples, and evaluates them at all.

    Parameters
    ----------
    reading : KernelReading
    kernels : dict
        Kernel matrices between all samples, (n_samples, n_samples), by gamma.
    counts : ndarray of shape (n_samples,)
        How often each sample is used.
    fit_intercept : bool
    """

    def __init__(self, reading, kernels, counts, fit_intercept):
        self.reading = reading
        self.kernels = kernels
        self.fit_intercept = fit_intercept
        all_observations = reading.observations
        self.shape = all_observations.n_samples, all_observations.n_tasks
        self.weight = all_observations.weight * counts[all_observations.sample]
        self.total = all_observations.task_sum(self.weight)
        self._select(np.flatnonzero(self.weight))
        self._last_gamma = None
        self._last_learner = None
        self._covariances = {}  # those learned last, by alpha

    def _select(self, kept):
        """Set the `observations` that are kept, their targets `y`, `samples` and `tasks`."""
        all_observations = self.reading.observations
        sample = all_observations.sample[kept]
        task = all_observations.task[kept]
        self.samples, sample = np.unique(sample, return_inverse=True)
        self.tasks, task = np.unique(task, return_inverse=True)
        weight = self.weight[kept]
        self.observations = Observations(sample, task, weight, len(self.samples), len(self.tasks))
        self.y = self.reading.y[kept]

    def learner(self, gamma):
        """The :class:`CovarianceLearner` of these samples; that of the last gamma is kept."""
        if self._last_learner is None or gamma != self._last_gamma:
            K = self.kernels[gamma]
            K = K[np.ix_(self.samples, self.samples)]
            self._last_gamma = gamma
            self._last_learner = CovarianceLearner(
                K,
                self.observations,
                self.y,
                self.reading.long,
                self.fit_intercept,
            )
        return self._last_learner

    def path(self, gamma, ridge, alphas, *, max_iter, tol):
        """:class:`LearnedFunctions` of every alpha, in decreasing order of alpha.

        The initial covariance is near that of the path before, or of the next smaller alpha: ranks
        fall as alpha grows, and a rank falls faster than it rises.
        """
        learner = self.learner(gamma)
        near = None
        path = []
        for alpha in np.sort(alphas).tolist():
            near = self._covariances.get(alpha, near)
            history = learner.learn(alpha, ridge, near=near, max_iter=max_iter, tol=tol)
            found = history[-1]
            near = found.omega
            self._covariances[alpha] = near
            optimality = learner.optimality(found)
            dual = found.system.dual(learner.centered_y)
            functions = LearnedFunctions(
                W=self._values(gamma, found, dual),
                optimality=optimality,
                converged=optimality <= tol,
            )
            path.append(functions)
        return path[::-1]

    def _values(self, gamma, found, dual):
        """Values of the functions at all samples, (n_samples, n_tasks)."""
        K = self.kernels[gamma]
        C = self.observations.matrix(dual)
        weights = C @ found.task_kernel.T
        W = np.zeros(self.shape)
        W[:, self.tasks] = K[:, self.samples] @ weights
        return W

    def intercepts(self, W):
        """Intercept of every task, (n_tasks,): the weighted mean of the residuals of functions."""
        if not self.fit_intercept:
            return np.zeros(len(self.total))
        all_observations = self.reading.observations
        values = W[all_observations.sample, all_observations.task]
        residuals = self.reading.y - values
        sums = all_observations.task_sum(self.weight * residuals)
        trained = self.total > 0
        intercepts = np.zeros(len(sums))
        intercepts[trained] = sums[trained] / self.total[trained]
        return intercepts


class RelationshipFolds:
    """Folds of the samples, with the parameters of :class:`TrainingSamples`.

    `splits` holds pairs of how often each of the user's samples is trained on and tested on.
    """

    def __init__(self, reading, kernels, splits, fit_intercept):
        self.reading = reading
        self.kernels = kernels
        self.splits = splits
        self.fit_intercept = fit_intercept

    def whole(self):
        """All samples, once each."""
        n_samples = self.reading.observations.n_samples
        return self._training(np.ones(n_samples))

    def fold(self, k):
        """The :class:`Fold` of split k."""
        observations = self.reading.observations
        samples = self.reading.sample_indices
        train, test = self.splits[k]
        training = self._training(train[samples])
        test = test[samples]
        held_out = observations.weight * test[observations.sample]
        return Fold(
            datafit=training,
            trained=training.total > 0,
            errors=partial(squared_errors, self.reading, held_out),
            total=observations.task_sum(held_out),
            sizes=np.ones(observations.n_tasks, dtype=np.intp),
        )

    def _training(self, counts):
        return TrainingSamples(self.reading, self.kernels, counts, self.fit_intercept)


def squared_errors(reading, weight, W, intercepts):
    """Weighted sums of squared errors of functions at all samples, (n_models, n_tasks)."""
    observations = reading.observations
    sample = observations.sample
    task = observations.task
    values = W[:, sample, task]
    residuals = reading.y - values - intercepts[:, task]
    squares = weight * residuals**2
    return observations.task_sum(squares.T).T
