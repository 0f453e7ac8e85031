"""The parameters of latent functions of several tasks as one vector theta."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skmtl.gaussian_process._parameter_layout import ParameterLayout


@dataclass(frozen=True)
class LatentLayout(ParameterLayout):
    """A :class:`ParameterLayout` without noise.

    In its place is the logarithm of the variance of the tasks' means, if they have any.
    """

    task_noise: bool = False
    with_means: bool = True

    @cached_property
    def noise_span(self):
        """Where the logarithm of the variance of the means is, a slice that may be empty."""
        start = self.spans[-1].kappa.stop
        return slice(start, start + int(self.with_means))

    def noise(self, theta):
        """The variance of the tasks' means, (1,) or (0,)."""
        return np.exp(theta[self.noise_span])
