"""Losses of cells: of a sample and one of its tasks."""

import torch
from torch import nn


def squared_error(scores, y):
    """Return ``(y - z)^2 / 2``."""
    return 0.5 * (y - scores.squeeze(-1)).square()


def poisson(scores, y):
    """Return half of the Poisson deviance, up to a constant: ``exp(z) - y z``."""
    z = scores.squeeze(-1)
    return torch.exp(z) - y * z


def cross_entropy(scores, y):
    """Return minus the log probability of the class y, of scores of all classes."""
    log_probabilities = nn.functional.log_softmax(scores, dim=-1)
    classes = y.long().expand(scores.shape[:-1])
    chosen = log_probabilities.gather(-1, classes.unsqueeze(-1))
    return -chosen.squeeze(-1)


# Every loss takes scores (M, n, C, K) and targets (n, C), any number where one is missing, and
# returns (M, n, C): C is the number of tasks, or 1 where every sample has its own task.
LOSSES = {
    "squared_error": squared_error,
    "poisson": poisson,
    "cross_entropy": cross_entropy,
}
