"""The objective of each member, estimated from a batch, and the losses of tasks."""

import torch

from skmtl.deep._network.losses import LOSSES


class Objective:
    """Mean loss of the training cells of a member plus the penalty of the deviations of its heads.

    Parameters
    ----------
    samples : Batch
        All samples.
    offset : ndarray of shape (n_tasks, n_outputs)
        What is added to the scores of each task.
    loss : str
        Name of the loss.
    head_alpha : float
        Strength of the penalty.
    """

    def __init__(self, samples, offset, loss, head_alpha):
        self.loss = LOSSES[loss]
        self.offset = torch.from_numpy(offset).float()
        self.n_tasks = len(offset)
        self.n_samples = len(samples)
        self.head_alpha = head_alpha
        training = samples.weight * samples.is_training
        self.total = training.sum((1, 2))
        self.training_weight = self.task_sum(training, samples.codes)
        validation = samples.weight * (1.0 - samples.is_training)
        self.validation_weight = self.task_sum(validation, samples.codes)

    def cells(self, network, batch):
        """Return the losses (M, n, C) of the cells of a batch, times their weights."""
        offset = self.offset
        if batch.codes is not None:
            offset = offset[batch.codes].unsqueeze(1)
        scores = network(batch.X, batch.codes) + offset
        return batch.weight * self.loss(scores, batch.y)

    def value(self, network, batch, cells):
        """Return the sum over members of their objectives; each has weights of its own."""
        share = len(batch) / self.n_samples
        sums = (cells * batch.is_training).sum((1, 2))
        objective = sums / (share * self.total)
        penalty = network.penalty(self.head_alpha)
        if penalty is not None:
            objective = objective + penalty / self.total
        return objective.sum()

    def task_sum(self, cells, codes):
        """Return the sums of cells (M, n, C) over the samples of each task, (M, n_tasks)."""
        if codes is None:
            return cells.sum(1)
        sums = torch.zeros(len(cells), self.n_tasks)
        return sums.index_add(1, codes, cells.squeeze(-1))
