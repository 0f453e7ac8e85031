"""Losses of cells: of a sample and one of its tasks."""

from functools import partial

import torch
from torch import nn


def squared_error(scores, y):
    """Return ``(y - z)^2 / 2``."""
    return 0.5 * (y - scores[..., 0]).square()


def huber(scores, y, delta):
    """Return ``(y - z)^2 / 2`` up to residuals of delta, and its tangent beyond."""
    z = scores[..., 0]
    return nn.functional.huber_loss(z, y.expand_as(z), reduction="none", delta=delta)


def poisson(scores, y):
    """Return half of the Poisson deviance, ``exp(z) - y z - (y - y log y)``.

    It is ``y (exp(u) - 1 - u)`` with the distance ``u = z - log y``, which is exact for large
    counts.
    """
    z = scores[..., 0]
    is_zero = y == 0
    distance = z - torch.log(torch.where(is_zero, 1.0, y))
    return torch.where(is_zero, torch.exp(z), y * (torch.expm1(distance) - distance))


def cross_entropy(scores, y):
    """Return minus the log probability of the class y, of scores of all classes."""
    log_probabilities = nn.functional.log_softmax(scores, dim=-1)
    classes = y.long().expand(scores.shape[:-1])
    chosen = log_probabilities.gather(-1, classes.unsqueeze(-1))
    return -chosen.squeeze(-1)


# Every loss takes scores (M, n, C, K) and targets (n, C), 0 where one is missing, and returns
# (M, n, C): C is a number of tasks, or 1 where every sample has its own task. Losses of numbers
# look at the first score only.
LOSSES = {
    "squared_error": squared_error,
    "huber": huber,
    "poisson": poisson,
    "cross_entropy": cross_entropy,
}


def loss_function(name, huber_delta):
    """Return one of the losses by its name, with its parameter."""
    if name == "huber":
        return partial(huber, delta=huber_delta)
    return LOSSES[name]


class TaskLosses:
    """The losses of cells of tasks that may have different kinds of them.

    Parameters
    ----------
    names : sequence of str
        The loss of every task.
    huber_delta : float
        Size of a residual from which on the loss "huber" is linear.
    """

    def __init__(self, names, huber_delta):
        tasks_of = {}
        for task, name in enumerate(names):
            tasks_of.setdefault(name, []).append(task)
        self.kinds = []
        for name, tasks in tasks_of.items():
            self.kinds.append((loss_function(name, huber_delta), tasks))
        self.kind_of_task = torch.zeros(len(names), dtype=torch.long)
        for kind, (_, tasks) in enumerate(self.kinds):
            self.kind_of_task[tasks] = kind

    def __call__(self, scores, y, codes):
        """Return the losses (M, n, C) of scores (M, n, C, K) and targets (n, C).

        `codes` are the tasks of the samples (n,), or None if the C cells are the tasks.
        """
        if len(self.kinds) == 1:
            loss, _ = self.kinds[0]
            return loss(scores, y)
        losses = scores.new_zeros(scores.shape[:-1])
        for kind, (loss, tasks) in enumerate(self.kinds):
            if codes is None:
                losses[:, :, tasks] = loss(scores[:, :, tasks], y[:, tasks])
            else:
                own = self.kind_of_task[codes] == kind
                losses[:, own] = loss(scores[:, own], y[own])
        return losses
