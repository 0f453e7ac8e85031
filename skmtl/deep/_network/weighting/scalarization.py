"""Losses of tasks made one by a function of the user."""

import torch
from torch import nn

from skmtl.deep._network.weighting.of_user import UserWeighting


class ScalarizerWeighting(UserWeighting):
    """What a callable makes of the losses of the tasks.

    The losses (T,) are such that their mean is the mean loss of the member. The callable returns
    one loss. If it is a module, its parameters are learned. Two methods are called if it has them:
    ``step()`` after each epoch, and ``update(losses)`` with the losses of the same batch after each
    step.
    """

    def start(self, network, objective, samples, seed):
        super().start(network, objective, samples, seed)
        self._last = None
        self._updates = hasattr(self.function, "update")
        self._steps = hasattr(self.function, "step")

    def parameters(self):
        if not isinstance(self.function, nn.Module):
            return []
        return [parameter for one in self.functions for parameter in one.parameters()]

    def backward(self, network, objective, batch):
        if self._updates:
            self._update(network, objective)
            self._last = batch
        return super().backward(network, objective, batch)

    def end_epoch(self, losses):
        if self._steps:
            for function in self.functions:
                function.step()
        return super().end_epoch(losses)

    def _value(self, losses, objective, batch):
        values = objective.n_tasks * losses
        total = 0.0
        with self._own_random_state():
            for function, of_member in zip(self.functions, values, strict=True):
                total = total + _checked_value(function(of_member), self.function)
        # The mean of the losses of tasks, which is that of the member, has the weights 1.
        (slopes,) = torch.autograd.grad(total, values, retain_graph=True)
        self._record(objective.n_tasks * slopes)
        return total

    def _update(self, network, objective):
        """Show the functions what the losses of the last batch have become."""
        if self._last is None:
            return
        with torch.no_grad():
            scores = network(self._last.X, self._last.codes)
            cells = objective.cells(scores, self._last)
            values = objective.n_tasks * objective.task_losses(cells, self._last)
        for function, of_member in zip(self.functions, values, strict=True):
            function.update(of_member)


def _checked_value(value, function):
    """Return the value of a function of losses; raise if it is not a number."""
    if not isinstance(value, torch.Tensor) or value.dim() != 0:
        what = type(value).__name__
        if isinstance(value, torch.Tensor):
            what = f"a tensor of shape {tuple(value.shape)}"
        raise ValueError(
            f"weighting={function!r} returned {what} for the losses of the tasks: it must return a "
            "tensor of a single number, of shape ()."
        )
    if not torch.isfinite(value):
        raise ValueError(
            f"weighting={function!r} returned {value.item()} for losses of tasks that are finite. "
            "Some of them may be 0, those of tasks without a sample in the batch."
        )
    return value
