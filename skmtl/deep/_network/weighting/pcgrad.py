"""Gradients of tasks without what conflicts with those of others."""

import torch

from skmtl.deep._network.weighting.equal import EqualWeighting
from skmtl.deep._network.weighting.task_gradients import task_gradients


class PCGradWeighting(EqualWeighting):
    """PCGrad, algorithm 1 of Yu, Kumar, Gupta, Levine, Hausman, Finn (2020).

    The gradient of a task with respect to what is shared is projected onto the normal plane of
    every other one that it has a negative product with, in random order. Heads get the gradients of
    their own losses.
    """

    def start(self, network, objective, samples, seed):
        super().start(network, objective, samples, seed)
        self._generator = torch.Generator().manual_seed(seed)

    def backward(self, network, objective, batch):
        gradients = task_gradients(network, objective, batch)
        gram = gradients.gram()
        weights = torch.ones(self._shape)
        if (gram < 0).any():
            order = torch.rand(*gram.shape, generator=self._generator).argsort(-1)
            weights = projected_gradients(gram, order).sum(1)
        self._record(weights)
        gradients.add_weighted(weights)
        return gradients.cells


def projected_gradients(gram, order):
    """Return the projected gradients as coefficients of those of the tasks, (M, T, T).

    Parameters
    ----------
    gram : Tensor of shape (M, T, T)
        Products of the gradients of the tasks.
    order : Tensor of int of shape (M, T, T)
        In which order the gradient of each task meets the others. It skips itself.
    """
    n_members, n_tasks, _ = gram.shape
    coefficients = torch.eye(n_tasks).repeat(n_members, 1, 1)
    products = gram.clone()  # of the projected gradients with those of the tasks
    squares = gram.diagonal(dim1=1, dim2=2).unsqueeze(1).expand_as(gram)
    members = torch.arange(n_members).unsqueeze(1)
    tasks = torch.arange(n_tasks)
    for step in range(n_tasks):
        other = order[:, :, step]  # (M, T)
        index = other.unsqueeze(2)
        product = products.gather(2, index)
        conflicts = (product < 0) & (other != tasks).unsqueeze(2)
        share = torch.where(conflicts, product / squares.gather(2, index), 0.0)
        coefficients.scatter_add_(2, index, -share)
        products -= share * gram[members, other]
    return coefficients
