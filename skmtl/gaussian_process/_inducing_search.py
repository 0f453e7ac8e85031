"""The search for the parameters of a process with inducing points.

It begins with few samples and few inducing points, where many initial values cost little, and ends
with all. At each stage the inducing points are chosen for the parameters of the stage before.
"""

from typing import NamedTuple

import numpy as np

from skmtl._task_covariance.observations import Observations
from skmtl.gaussian_process._inducing_likelihood import InducingLikelihood
from skmtl.gaussian_process._inducing_points import inducing_points
from skmtl.gaussian_process._maximize import (
    Objective,
    SearchResult,
    VariableProjection,
    projected_search,
    scaled_norm,
    search_from,
)
from skmtl.gaussian_process._sample_groups import some_samples

_FEW_SAMPLES = 1000  # of the first stage
_FEW_POINTS = 100  # fewer would describe no function that is short in three features
_GROWTH = 20  # of the samples from stage to stage; inducing points double
_RESTARTS = 1  # of the first stage
_WORTH = 1e-3  # nats a target that other inducing points have to gain
_ROUNDS = 2  # most searches with all samples


class Data(NamedTuple):
    """Samples and targets."""

    X: np.ndarray
    y: np.ndarray
    observations: Observations

    def part(self, n_samples, rng):
        """About so many samples, with some of every task."""
        observations = self.observations
        samples = some_samples(observations, n_samples, rng)
        position = np.full(observations.n_samples, -1)
        position[samples] = np.arange(len(samples))
        new_samples = position[observations.sample]
        kept = new_samples >= 0
        part = Observations(
            new_samples[kept],
            observations.task[kept],
            observations.weight[kept],
            len(samples),
            observations.n_tasks,
        )
        return Data(self.X[samples], self.y[kept], part)


class InducingSearch:
    """The search for theta and inducing points.

    Parameters
    ----------
    kernel : RBF or Matern
        Input kernel.
    data : Data
        Samples and targets.
    layout : ParameterLayout
        Where parameters are in theta.
    n_points : int
        Number of inducing points.
    rng : RandomState
        Generator of parts of the data.

    Attributes
    ----------
    n_evaluations : int
        Number of passes over all samples.
    """

    def __init__(self, kernel, data, layout, n_points, rng):
        self.kernel = kernel
        self.data = data
        self.layout = layout
        self.n_points = n_points
        self.rng = rng
        # Points differ by the length scales only, not by chance.
        self.seed = rng.randint(2**31 - 1)
        self.n_evaluations = 0

    def likelihood(self, theta, data=None, n_points=None):
        """The :class:`InducingLikelihood` with inducing points for theta."""
        if data is None:
            data = self.data
        (inputs,) = self.layout.inputs(theta)
        kernel = self.kernel.clone_with_theta(inputs)
        Z = inducing_points(
            data.X,
            kernel.length_scale,
            n_points or self.n_points,
            np.random.RandomState(self.seed),
        )
        return InducingLikelihood(self.kernel, *data, self.layout, Z)

    def first_stages(self, initial):
        """Theta of searches with a part of the samples."""
        theta = initial.theta
        n_samples = _FEW_SAMPLES
        n_points = _FEW_POINTS
        n_restarts = _RESTARTS
        while n_samples < self.data.observations.n_samples / 2:
            data = self.data.part(n_samples, self.rng)
            likelihood = self.likelihood(theta, data, min(n_points, self.n_points))
            initial.begin_at(theta)
            theta = projected_search(Objective(likelihood), initial, n_restarts)
            n_samples *= _GROWTH
            n_points *= 2
            n_restarts = 0
        return theta

    def all_samples(self, initial, tol):
        """The :class:`InducingLikelihood` and the :class:`SearchResult` of all samples."""
        for _ in range(_ROUNDS):
            likelihood = self.likelihood(initial.theta)
            found = self._search(likelihood, initial, tol)
            other = self.likelihood(found.theta)
            value, _ = other.value(found.theta, eval_gradient=False)
            self.n_evaluations += 1
            if value <= found.value + _WORTH * len(self.data.y):
                break
            initial.begin_at(found.theta)
        return likelihood, found

    def _search(self, likelihood, initial, tol):
        """The :class:`SearchResult` with fixed inducing points."""
        objective = Objective(likelihood)
        theta = projected_search(objective, initial, 0)
        # What is left is steep in directions that need no pass over the samples.
        projection = VariableProjection(objective, initial)
        statistics = projection.given_inputs(theta)
        theta = projection.inner(statistics, theta, ftol=0.0, gtol=tol / 2).theta
        theta, value, gradient = search_from(theta, objective, initial, tol)
        self.n_evaluations += objective.n_evaluations
        return SearchResult(
            theta,
            float(-value),
            scaled_norm(theta, -gradient, initial),
            self.n_evaluations,
        )
