"""The parameters of a Gaussian process of several tasks as one vector theta."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Layout:
    """Where parameters stand in theta.

    For each term the parameters of its input kernel, ``L`` row by row and ``kappa``; then
    ``log noise``, one a task or one for all.

    Attributes
    ----------
    n_inputs : tuple of int
        Parameters of the input kernel of each term.
    ranks : tuple of int
    n_tasks : int
    task_noise : bool
    """

    n_inputs: tuple
    ranks: tuple
    n_tasks: int
    task_noise: bool

    @cached_property
    def sizes(self):
        """Lengths of the parts: for each term those of its inputs, L and kappa; of the noise."""
        T = self.n_tasks
        terms = [(n, T * rank, T) for n, rank in zip(self.n_inputs, self.ranks, strict=True)]
        return [*(size for term in terms for size in term), T if self.task_noise else 1]

    @cached_property
    def spans(self):
        """Slices of the parts."""
        ends = np.cumsum([0, *self.sizes]).tolist()
        return [slice(a, b) for a, b in pairwise(ends)]

    def __len__(self):
        return sum(self.sizes)

    def parts(self, theta):
        """The parts of a vector, or of the rows of bounds, as views."""
        return [theta[span] for span in self.spans]

    def inputs(self, theta):
        """Parameters of the input kernel of each term."""
        return self.parts(theta)[:-1:3]

    def check(self, theta, name):
        """A theta that was given, as an array."""
        theta = np.array(theta, dtype=float)
        if theta.shape != (len(self),) or not np.isfinite(theta).all():
            raise ValueError(
                f"{name}={theta} has shape {theta.shape}, expected ({len(self)},) finite numbers "
                "in the order of theta_."
            )
        kappa = np.concatenate(self.parts(theta)[2:-1:3])
        if kappa.min() < 0:
            raise ValueError(f"{name} holds a negative kappa, {kappa.min():.4g}: a variance.")
        return theta

    @cached_property
    def is_input(self):
        """Which entries are parameters of input kernels."""
        marks = np.zeros(len(self), dtype=bool)
        for part in self.inputs(marks):
            part[:] = True
        return marks

    def covariances(self, theta):
        """Task covariance ``B = L L' + diag(kappa)`` of each term."""
        parts = self.parts(theta)
        found = []
        for L, kappa in zip(parts[1:-1:3], parts[2:-1:3], strict=True):
            L = L.reshape(self.n_tasks, -1)
            B = L @ L.T
            B.flat[:: len(B) + 1] += kappa
            found.append(B)
        return found

    def noise(self, theta):
        """Variance of the noise of each task."""
        noise = np.exp(theta[self.spans[-1]])
        return noise if self.task_noise else np.full(self.n_tasks, noise[0])

    def gradient(self, theta, by_inputs, by_B, by_noise):
        """The gradient by theta from those by input parameters and matrices B, and noise (T,)."""
        parts, chained = self.parts(theta), []
        for k, (inputs, G) in enumerate(zip(by_inputs, by_B, strict=True)):
            L = parts[3 * k + 1].reshape(self.n_tasks, -1)
            chained += [inputs, (2 * G @ L).ravel(), G.diagonal()]
        last = by_noise * self.noise(theta)
        return np.concatenate([*chained, last if self.task_noise else last.sum(keepdims=True)])
