"""What users pass as a weighting: a copy for each member, and random numbers that repeat."""

import copy
from contextlib import contextmanager

import torch

from skmtl.deep._network.weighting.equal import EqualWeighting


class UserWeighting(EqualWeighting):
    """Base of weightings that call an object of the user.

    Every member has a copy of the object, which may have a state, so that the object itself stays
    as it is. What it draws from torch's own random state is reproducible.

    Parameters
    ----------
    function : callable
        The object.
    """

    def __init__(self, function):
        self.function = function

    def start(self, network, objective, samples, seed):
        super().start(network, objective, samples, seed)
        self.functions = [copy.deepcopy(self.function) for _ in range(network.n_members)]
        self._random_state = torch.Generator().manual_seed(seed).get_state()

    @contextmanager
    def _own_random_state(self):
        """Context in which torch's random state is that of the weighting."""
        with torch.random.fork_rng(devices=[]):
            torch.random.set_rng_state(self._random_state)
            yield
            self._random_state = torch.random.get_rng_state()
