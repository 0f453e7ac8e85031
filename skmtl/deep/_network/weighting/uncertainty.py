"""Weights learned as the precisions of the noise of tasks."""

import torch
from torch import nn

from skmtl.deep._network.weighting.equal import EqualWeighting

_BOUND = 4.6  # of log variances: weights are between 1 / 100 and 100


class UncertaintyWeighting(EqualWeighting):
    """Each cell counts ``exp(-s_t) loss + s_t / 2``, and the log variances s are learned.

    For squared errors, half of which are the losses, that is minus the log likelihood of normal
    noise of the variance ``exp(s_t)``, and the best weight ``exp(-s_t)`` is one over twice the mean
    loss. For cross-entropy it is equation 10 of Kendall, Gal, Cipolla (2018). For half deviances of
    counts, ``exp(s_t)`` is the dispersion in an extended quasi-likelihood.

    Cells count in the second term as in the first, so that the best weights do not depend on task
    weights and numbers of samples, and a task that is absent from a batch is left alone.
    """

    def start(self, network, objective, samples, seed):
        super().start(network, objective, samples, seed)
        self.log_variance = nn.Parameter(torch.zeros(self._shape))

    def parameters(self):
        return [self.log_variance]

    def _value(self, losses, objective, batch):
        bounded = self.log_variance.clamp(-_BOUND, _BOUND)
        weights = torch.exp(-bounded)
        self._record(weights)
        shares = objective.task_losses(batch.weight, batch)
        return (weights * losses + 0.5 * shares * bounded).sum()
