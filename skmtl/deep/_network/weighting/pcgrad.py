"""Gradients of tasks without what conflicts with those of others."""

import numpy as np
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
        gram = gradients.gram().numpy()
        weights = torch.ones(self._shape)
        order = torch.rand(*gram.shape, generator=self._generator).argsort(-1)
        if (gram < 0).any():
            coefficients = projected_gradients(gram, order.numpy())
            weights = torch.from_numpy(coefficients.sum(axis=1))
        self._record(weights)
        gradients.add_weighted(weights)
        return gradients.cells


def projected_gradients(gram, order):
    """Return the projected gradients as coefficients of those of the tasks, (M, T, T).

    Gradients of all tasks and members meet their next other one at the same time.

    Parameters
    ----------
    gram : ndarray of shape (M, T, T)
        Products of the gradients of the tasks.
    order : ndarray of int of shape (M, T, T)
        In which order the gradient of each task meets the others. It skips itself.
    """
    n_members, n_tasks, _ = gram.shape
    members = np.arange(n_members)[:, None]
    tasks = np.arange(n_tasks)
    squares = gram[:, tasks, tasks]
    is_conflict_possible = (order != tasks[:, None]) & (squares[members[:, None], order] > 0)
    scales = np.zeros_like(gram)
    np.divide(1.0, squares[members[:, None], order], out=scales, where=is_conflict_possible)
    shares = np.empty_like(gram)
    products = gram.copy()  # of the projected gradients with those of the tasks
    for step in range(n_tasks):
        other = order[:, :, step]
        negative = np.minimum(products[members, tasks, other], 0.0)
        share = negative * scales[:, :, step]
        products -= share[:, :, None] * gram[members, other]
        shares[:, :, step] = share
    coefficients = np.empty_like(gram)
    np.put_along_axis(coefficients, order, -shares, axis=2)
    coefficients[:, tasks, tasks] = 1.0
    return coefficients
