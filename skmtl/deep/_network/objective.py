"""The objective of each member, estimated from a batch, by the losses of tasks."""

import torch

from skmtl.deep._network.losses import TaskLosses


class Objective:
    """Mean loss of the training cells of a member plus the penalty of the deviations of its heads.

    Parameters
    ----------
    samples : Batch
        All samples.
    offset : ndarray of shape (n_tasks, n_outputs)
        What is added to the scores of each task.
    losses : sequence of str
        Name of the loss of every task.
    settings : TrainingSettings
        Strengths of the penalties, and the parameter of a loss.
    """

    def __init__(self, samples, offset, losses, settings):
        self.loss = TaskLosses(losses, settings.huber_delta)
        self.offset = torch.from_numpy(offset).float()
        self._has_offset = bool(offset.any())  # numbers are standardized instead
        self.n_tasks = len(offset)
        self.n_samples = int(samples.is_trained.sum())
        self.settings = settings
        training = samples.weight * samples.is_training
        self.total = training.sum((1, 2))
        self.training_weight = self.task_sum(training, samples.codes)
        validation = samples.weight * (1.0 - samples.is_training)
        self.validation_weight = self.task_sum(validation, samples.codes)

    def cells(self, scores, batch):
        """Return the losses (M, n, C) of the cells of a batch, times their weights.

        `scores` are those of the network, (M, n, C, K).
        """
        if self._has_offset:
            offset = self.offset
            if batch.codes is not None:
                offset = offset[batch.codes].unsqueeze(1)
            scores = scores + offset
        return batch.weight * self.loss(scores, batch.y, batch.codes)

    def task_losses(self, cells, batch):
        """Return what each task adds to the mean loss of a member, (M, n_tasks).

        Their sums over tasks are the mean losses of the members on the batch.
        """
        share = len(batch) / self.n_samples
        sums = self.task_sum(cells * batch.is_training, batch.codes)
        return sums / (share * self.total).unsqueeze(1)

    def untrained_losses(self, samples):
        """Return the mean training losses of scores of 0, (M, n_tasks).

        `samples` are all of them.
        """
        n_outputs = self.offset.shape[1]
        scores = torch.zeros(1, *samples.y.shape, n_outputs)
        cells = self.cells(scores, samples) * samples.is_training
        return self.task_sum(cells, samples.codes) / self.training_weight

    def penalty(self, network):
        """Return the sum over members of their penalties."""
        penalty = network.penalty(self.settings.head_alpha, self.settings.soft_alpha)
        if penalty is None:
            return 0.0
        return (penalty / self.total).sum()

    def task_sum(self, cells, codes):
        """Return the sums of cells (M, n, C) over the samples of each task, (M, n_tasks)."""
        if codes is None:
            return cells.sum(1)
        sums = torch.zeros(len(cells), self.n_tasks)
        return sums.index_add(1, codes, cells.squeeze(-1))
