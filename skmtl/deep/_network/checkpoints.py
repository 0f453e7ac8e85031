"""The best weights so far: of every member, or of every member and task."""

import numpy as np
import torch

_LEAST_GAIN = 1e-5  # a validation loss that is better by less is not


class Checkpoints:
    """Early stopping of each member by itself: what becomes of one does not depend on the others.

    Parameters
    ----------
    network : Network
        The network that is trained.
    n_iter_no_change : int
        After how many epochs without a better validation loss a member is finished.
    is_validated : ndarray of bool of shape (n_members,)
        Which members have validation samples. Others keep their last weights.
    of_tasks : bool
        Whether every task has its own best epoch, or all of them the same.
    """

    def __init__(self, network, n_iter_no_change, is_validated, of_tasks):
        self.network = network
        self.n_iter_no_change = n_iter_no_change
        self.of_tasks = of_tasks
        architecture = network.architecture
        n_epochs = architecture.n_tasks if of_tasks else 1
        self.best_loss = np.full((architecture.n_members, n_epochs), np.inf)
        self.best_epoch = np.zeros(self.best_loss.shape, dtype=int)
        self.is_validated = is_validated[:, None]
        self.finished = ~is_validated
        self._best = {name: tensor.clone() for name, tensor in self._state().items()}

    def update(self, epoch, losses):
        """Keep the weights whose validation losses (M, T), NaN where unknown, are the best so far.

        A task of which a member leaves out no sample goes by the mean of the others.
        """
        mean = _mean_of_tasks(losses)[:, None]
        losses = np.where(np.isnan(losses), mean, losses) if self.of_tasks else mean
        better = losses < self.best_loss - _LEAST_GAIN
        better &= ~self.finished[:, None]
        better |= ~self.is_validated
        self.best_loss[better] = losses[better]
        self.best_epoch[better] = epoch
        self.finished |= epoch - self.best_epoch.max(axis=1) >= self.n_iter_no_change
        if not better.any():
            return
        kept = torch.from_numpy(better)
        for name, tensor in self._state().items():
            self._best[name][kept] = tensor[kept]

    def best(self):
        """Return the best weights, those of `Network.trained_state` or its task state."""
        if self.of_tasks:
            return self._best
        return {name: tensor.squeeze(1) for name, tensor in self._best.items()}

    def _state(self):
        """Return the weights of now, with two axes in front: members, and tasks or one."""
        if self.of_tasks:
            return self.network.trained_task_state()
        state = self.network.trained_state()
        return {name: tensor.unsqueeze(1) for name, tensor in state.items()}


def _mean_of_tasks(losses):
    """Return the mean over tasks, (M,): a large task counts no more than a small one.

    It is infinity for a member without validation samples.
    """
    is_known = ~np.isnan(losses)
    n_known = is_known.sum(axis=1)
    sums = np.where(is_known, losses, 0.0).sum(axis=1)
    return np.where(n_known > 0, sums / np.maximum(n_known, 1), np.inf)
