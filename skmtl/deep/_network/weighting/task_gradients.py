"""Gradients of the losses of tasks with respect to what they share, side by side."""

import torch


def task_gradients(network, objective, batch):
    """Return the gradients of the losses of the tasks on a batch, and set those of the heads.

    They are taken with respect to the representation where samples are of all tasks, and with
    respect to the parameters of the trunk where each sample has a task of its own: representations
    are of different samples then, and their gradients have nothing to do with each other.
    """
    kind = RepresentationGradients if batch.codes is None else TrunkGradients
    return kind(network, objective, batch)


class RepresentationGradients:
    """Gradients with respect to the representation, of all tasks from one pass through the heads.

    The trunk is passed backward once, when it is known what its gradients are to be.

    Attributes
    ----------
    cells : Tensor of shape (M, n, T)
        Losses of the cells of the batch, times their weights.
    """

    def __init__(self, network, objective, batch):
        self._h = network.represent(batch.X)
        self.cells, self._of_scores, self._heads = _head_pass(network, self._h, objective, batch)

    def gram(self):
        """Return the products of the gradients of the tasks, (M, T, T).

        The gradient of a task is ``g W'`` with its head W and the gradients g of its scores. The
        product of two, ``sum(g W' * f V')``, is ``sum(g'f * W'V)``.
        """
        n_members, _, n_tasks, n_outputs = self._of_scores.shape
        scores = self._of_scores.flatten(2)  # (M, n, T K)
        heads = self._heads.transpose(2, 3).flatten(1, 2)  # (M, T K, d)
        products = (scores.transpose(1, 2) @ scores) * (heads @ heads.transpose(1, 2))
        shape = (n_members, n_tasks, n_outputs, n_tasks, n_outputs)
        return products.view(shape).sum((2, 4))

    def matrix(self):
        """Return the gradients of the tasks, (M, T, n * d)."""
        of_h = self._of_scores.transpose(1, 2) @ self._heads.transpose(2, 3)  # (M, T, n, d)
        return of_h.flatten(2)

    def add_weighted(self, weights):
        """Add the sum of the gradients of the tasks, times weights (M, T), to the parameters."""
        weighted = self._of_scores * weights[:, None, :, None]
        self.add(torch.einsum("mntk,mtdk->mnd", weighted, self._heads))

    def add(self, gradient):
        """Add a gradient, (M, n * d), to those of the parameters."""
        if self._h.requires_grad:
            self._h.backward(gradient.reshape(self._h.shape))


class TrunkGradients:
    """Gradients with respect to the parameters of the trunk.

    Attributes
    ----------
    cells : Tensor of shape (M, n, 1)
        Losses of the cells of the batch, times their weights.
    """

    def __init__(self, network, objective, batch):
        self._trunk = network.trunk
        n_tasks = objective.n_tasks
        h, copies = network.trunk.of_copies(batch.X, batch.codes, n_tasks)
        self.cells, of_scores, heads = _head_pass(network, h, objective, batch)
        of_samples = heads[:, batch.codes]
        of_h = torch.einsum("mnk,mndk->mnd", of_scores.squeeze(2), of_samples)
        flat = [h.new_zeros(network.n_members, n_tasks, 0)]
        if copies:
            gradients = torch.autograd.grad(h, copies, of_h, materialize_grads=True)
            for gradient in gradients:
                flat.append(gradient.view(network.n_members, n_tasks, -1))
        self._matrix = torch.cat(flat, 2)

    def gram(self):
        """Return the products of the gradients of the tasks, (M, T, T)."""
        return self._matrix @ self._matrix.transpose(1, 2)

    def matrix(self):
        """Return the gradients of the tasks, (M, T, n_parameters)."""
        return self._matrix

    def add_weighted(self, weights):
        """Add the sum of the gradients of the tasks, times weights (M, T), to the parameters."""
        self.add(torch.einsum("mt,mtp->mp", weights, self._matrix))

    def add(self, gradient):
        """Add a gradient, (M, n_parameters), to those of the parameters."""
        self._trunk.add_gradient(gradient)


def _head_pass(network, h, objective, batch):
    """Set the gradients of the heads: those of the losses and of the penalty.

    Returns
    -------
    cells : Tensor of shape (M, n, C)
        Losses of cells, times their weights.
    of_scores : Tensor of shape (M, n, C, K)
        Gradients of the losses of tasks with respect to the scores.
    heads : Tensor of shape (M, T, d, K)
        Weights of the heads.
    """
    scores = network.scores(h.detach(), batch.codes)
    values = scores.detach().requires_grad_()
    cells = objective.cells(values, batch)
    losses = objective.task_losses(cells, batch)
    (of_scores,) = torch.autograd.grad(losses.sum(), values)
    of_heads = (scores * of_scores).sum() + objective.penalty(network)
    of_heads.backward()
    heads, _ = network.heads.of_tasks()
    return cells.detach(), of_scores, heads.detach()
