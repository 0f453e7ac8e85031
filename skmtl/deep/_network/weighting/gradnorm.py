"""Tasks weighted so that the norms of their gradients are balanced."""

import torch
from torch import nn

from skmtl.deep._network.weighting.equal import EqualWeighting

_ALPHA = 1.5  # how much more slow tasks count


class GradNormWeighting(EqualWeighting):
    """GradNorm of Chen, Badrinarayanan, Lee, Rabinovich (2018).

    The weights are ``w = T softmax(v)``, positive and with the mean 1, and v takes steps against
    the gradient of ``sum_t |w_t N_t - mean(w N) r_t^1.5|``, where the second term is held fixed.
    The rate r_t is the loss of the task in the last epoch, relative to that of the untrained
    network, over the mean of the same over tasks: tasks that learn slowly count more.

    The norm N_t is taken of gradients with respect to the representation. It is the root mean
    square over the cells of the task in the batch, so that it depends neither on the number of the
    cells nor on the task weight, which go on to multiply the losses. A task without a cell in the
    batch, or without a gradient, is left out of the step.
    """

    def start(self, network, objective, samples, seed):
        super().start(network, objective, samples, seed)
        self.logits = nn.Parameter(torch.zeros(self._shape))
        self._untrained = objective.untrained_losses(samples)
        self._rates = torch.ones(self._shape)

    def parameters(self):
        return [self.logits]

    def backward(self, network, objective, batch):
        scores = network(batch.X, batch.codes)
        cells = objective.cells(scores, batch)
        losses = objective.task_losses(cells, batch)
        (of_scores,) = torch.autograd.grad(losses.sum(), scores)
        weights = self.logits.shape[1] * torch.softmax(self.logits, dim=1)
        self._balance(weights, self._norms(of_scores, network, objective, batch))
        weights = weights.detach()
        self._record(weights)
        of_cells = weights.unsqueeze(1)
        if batch.codes is not None:
            of_cells = weights[:, batch.codes].unsqueeze(2)
        weighted = (scores * of_scores * of_cells.unsqueeze(3)).sum()
        (weighted + objective.penalty(network)).backward()
        return cells.detach()

    def end_epoch(self, losses):
        losses = torch.from_numpy(losses)
        relative = torch.where(self._untrained > 0, losses / self._untrained, 1.0)
        self._rates = relative / relative.mean(1, keepdim=True)
        return super().end_epoch(losses)

    def _balance(self, weights, norms):
        """Set the gradient of the logits."""
        counts = norms > 0
        weighted = weights * norms
        mean = weighted.sum(1, keepdim=True) / counts.sum(1, keepdim=True).clamp_min(1)
        target = (mean * self._rates**_ALPHA).detach()
        distance = (weighted - target).abs() * counts
        (self.logits.grad,) = torch.autograd.grad(distance.sum(), self.logits)

    def _norms(self, of_scores, network, objective, batch):
        """Return the root mean squares (M, T) of the gradients of the losses of cells.

        A head W and the gradient g with respect to scores make the gradient W g with respect to the
        representation, whose square is ``g' W'W g``.
        """
        with torch.no_grad():
            heads, _ = network.heads.of_tasks()
            products = heads.transpose(2, 3) @ heads  # (M, T, K, K)
            if batch.codes is None:
                squares = torch.einsum("mntk,mtkl,mntl->mnt", of_scores, products, of_scores)
            else:
                own = of_scores.squeeze(2)
                products = products[:, batch.codes]
                squares = torch.einsum("mnk,mnkl,mnl->mn", own, products, own).unsqueeze(2)
            # The weight of a cell is in its gradient: its square goes out of their mean.
            squared_weights = objective.task_sum(
                batch.weight.square() * batch.is_training, batch.codes
            )
            sums = objective.task_sum(squares, batch.codes)
            return torch.where(sums > 0, sums / squared_weights, 0.0).sqrt()
