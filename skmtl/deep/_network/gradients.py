"""Gradients of the losses of tasks, and the cosines of the angles between them.

Everything is in double precision; the first axis are the members.
"""

import torch

from skmtl.deep._network.losses import loss_function

_CHUNK = 256  # samples whose gradients with respect to the representation are held at a time


class TaskGradients:
    """Gradients of the mean losses of tasks on some samples.

    Parameters
    ----------
    network : Network
        In double precision, with a trunk that tasks share.
    X : Tensor of shape (n, ...)
        What the trunk takes.
    y, weight : Tensor of shape (n, T)
        Targets and their weights, 0 where one is missing.
    offset : Tensor of shape (T, K)
        What is added to the scores of each task.
    losses : sequence of str
        Name of the loss of every task.
    huber_delta : float
        Parameter of the loss "huber".
    """

    def __init__(self, network, X, y, weight, offset, losses, huber_delta):
        self.network = network
        self.X = X
        self.y = y
        self.weight = weight / weight.sum(0)
        self.offset = offset
        self.losses = [loss_function(name, huber_delta) for name in losses]

    def cosines_at_representation(self):
        """Return the cosines (M, T, T) of gradients with respect to the representation of all."""
        products = 0.0
        for start in range(0, len(self.X), _CHUNK):
            samples = slice(start, start + _CHUNK)
            h = self.network.trunk(self.X[samples]).detach().requires_grad_()
            gradients = []
            for task in range(len(self.losses)):
                loss = self._loss(h, samples, task).sum()
                (gradient,) = torch.autograd.grad(loss, h)
                gradients.append(gradient.flatten(1))
            of_tasks = torch.stack(gradients, 1)
            products = products + of_tasks @ of_tasks.mT
        return _cosines(products)

    def cosines_at_trunk(self):
        """Return the cosines (M, T, T) of gradients with respect to the weights of the trunk.

        Raises
        ------
        ValueError
            If it has none.
        """
        parameters = list(self.network.trunk.requires_grad_(True).parameters())
        if not parameters:
            raise ValueError("The trunk of this network has no weights.")
        gradients = []
        for task in range(len(self.losses)):
            own = torch.nonzero(self.weight[:, task]).squeeze(1)
            of_members = 0.0
            for samples in own.split(_CHUNK):
                h = self.network.trunk(self.X[samples])
                loss = self._loss(h, samples, task).sum()
                of_parameters = torch.autograd.grad(loss, parameters, materialize_grads=True)
                of_members = of_members + self._by_member(of_parameters)
            gradients.append(of_members)
        of_tasks = torch.stack(gradients, 1)
        return _cosines(of_tasks @ of_tasks.mT)

    def _by_member(self, tensors):
        """Return tensors of the shapes of the trunk's parameters as vectors of members, (M, P)."""
        if self.network.architecture.trunk is None:  # members are their first axes
            of_layers = [tensor.flatten(1) for tensor in tensors]
            return torch.cat(of_layers, 1)
        of_layers = [tensor.flatten() for tensor in tensors]  # of one member after the other
        vector = torch.cat(of_layers).double()
        return vector.unflatten(0, (self.network.n_members, -1))

    def _loss(self, h, samples, task):
        """Return what samples with representations h add to the mean loss of a task, (M,)."""
        h = h.double()
        codes = torch.full((h.shape[1],), task)
        scores = self.network.scores(h, codes) + self.offset[task]
        losses = self.losses[task](scores, self.y[samples, task, None])
        return losses[..., 0] @ self.weight[samples, task]


def _cosines(products):
    """Return the cosines (M, T, T) of vectors with these inner products, NaN of zero vectors."""
    norms = products.diagonal(dim1=1, dim2=2).sqrt()
    cosines = products / (norms.unsqueeze(2) * norms.unsqueeze(1))
    return cosines.clamp(-1.0, 1.0)  # of rounding
