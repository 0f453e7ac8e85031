"""The best weights of every member so far, by its validation loss."""

import numpy as np
import torch

_LEAST_GAIN = 1e-5  # a validation loss that is better by less is not


class Checkpoints:
    """Early stopping of each member by itself: what becomes of one does not depend on the others.

    Parameters
    ----------
    network : Network
        The network that is trained. The first axis of all its parameters are the members.
    n_iter_no_change : int
        After how many epochs without a better validation loss a member is finished.
    is_validated : ndarray of bool of shape (n_members,)
        Which members have validation samples. Others keep their last weights.
    """

    def __init__(self, network, n_iter_no_change, is_validated):
        self.network = network
        self.n_iter_no_change = n_iter_no_change
        n_members = network.architecture.n_members
        self.best_loss = np.full(n_members, np.inf)
        self.best_epoch = np.zeros(n_members, dtype=int)
        self.is_validated = is_validated
        self.finished = ~is_validated
        self._best = [parameter.detach().clone() for parameter in network.parameters()]

    def update(self, epoch, losses):
        """Keep the weights of the members whose validation losses (M,) are the best so far."""
        better = losses < self.best_loss - _LEAST_GAIN
        better &= ~self.finished
        better |= ~self.is_validated
        self.best_loss[better] = losses[better]
        self.best_epoch[better] = epoch
        self.finished |= epoch - self.best_epoch >= self.n_iter_no_change
        if not better.any():
            return
        members = torch.from_numpy(better)
        for best, parameter in zip(self._best, self.network.parameters(), strict=True):
            best[members] = parameter.detach()[members]

    def restore(self):
        """Put the best weights back into the network."""
        with torch.no_grad():
            for best, parameter in zip(self._best, self.network.parameters(), strict=True):
                parameter.copy_(best)
