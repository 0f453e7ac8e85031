"""Tasks weighted by how slowly their losses fall."""

import numpy as np
import torch

from skmtl.deep._network.weighting.equal import EqualWeighting

_TEMPERATURE = 2.0


class DynamicWeightAveraging(EqualWeighting):
    """Weights ``T softmax(r / 2)`` of the ratios r of the losses of the last two epochs.

    That is equation 7 of Liu, Johns, Davison (2019). The first two epochs have weights of 1. The
    ratio of a task whose loss is 0 is 1.
    """

    def start(self, network, objective, samples, seed):
        super().start(network, objective, samples, seed)
        self.weights = torch.ones(self._shape)
        self._last = None

    def _value(self, losses, objective, batch):
        self._record(self.weights)
        return (self.weights * losses).sum()

    def end_epoch(self, losses):
        if self._last is not None:
            ratio = np.ones(losses.shape)
            np.divide(losses, self._last, out=ratio, where=self._last > 0)
            shares = torch.softmax(torch.from_numpy(ratio).float() / _TEMPERATURE, dim=1)
            self.weights = losses.shape[1] * shares
        self._last = losses
        return super().end_epoch(losses)
