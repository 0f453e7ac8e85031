"""Tasks as they are weighted in the objective; the base of other weightings."""

import torch


class EqualWeighting:
    """The gradient of the objective itself.

    Losses of tasks are those of `Objective.task_losses`, whose sum over tasks is the mean loss of a
    member: task weights and numbers of samples are in them. A weight of a task multiplies what it
    adds to the gradient, and members are weighted each by itself.
    """

    def start(self, network, objective, samples, seed):
        """Look at the network, the objective and all samples before the first epoch.

        What is drawn at random depends on the seed, and does not change what training draws.
        """
        self._shape = (network.n_members, objective.n_tasks)
        self._sum_of_weights = torch.zeros(self._shape)
        self._n_steps = 0

    def parameters(self):
        """Return the parameters that are learned along with those of the network."""
        return []

    def backward(self, network, objective, batch):
        """Set the gradients of all parameters.

        Returns
        -------
        Tensor of shape (M, n, C)
            Losses of the cells of the batch, times their weights.
        """
        scores = network(batch.X, batch.codes)
        cells = objective.cells(scores, batch)
        losses = objective.task_losses(cells, batch)
        value = self._value(losses, objective, batch) + objective.penalty(network)
        value.backward()
        return cells.detach()

    def end_epoch(self, losses):
        """Look at the mean training losses of an epoch, an ndarray of shape (M, T).

        Returns
        -------
        ndarray of shape (M, T)
            Mean over the steps of the epoch of the weights of the tasks; NaN if the gradient was
            not a weighted sum of those of the tasks.
        """
        if self._n_steps == 0:
            return torch.ones(self._shape).numpy()
        mean = self._sum_of_weights / self._n_steps
        self._sum_of_weights = torch.zeros(self._shape)
        self._n_steps = 0
        return mean.numpy()

    def _value(self, losses, objective, batch):
        """Return what takes the place of the sum of the losses (M, T) over members and tasks."""
        return losses.sum()

    def _record(self, weights):
        """Count the weights (M, T) of a step in the mean of `end_epoch`."""
        self._sum_of_weights += weights.detach()
        self._n_steps += 1
