"""Gradients of tasks aggregated by a function of the user."""

import torch

from skmtl.deep._network.weighting.of_user import UserWeighting
from skmtl.deep._network.weighting.task_gradients import task_gradients


class AggregatorWeighting(UserWeighting):
    """What a callable makes of the matrix of the gradients of the tasks.

    The matrix (T, m) is such that the mean of its rows is the gradient of the objective with
    respect to what is shared. The callable returns a gradient (m,). Heads get the gradients of
    their own losses.
    """

    def backward(self, network, objective, batch):
        gradients = task_gradients(network, objective, batch)
        matrix = objective.n_tasks * gradients.matrix()
        with torch.no_grad(), self._own_random_state():
            of_members = [
                self._aggregate(function, rows)
                for function, rows in zip(self.functions, matrix, strict=True)
            ]
        gradients.add(torch.stack(of_members))
        self._record(torch.full(self._shape, torch.nan))
        return gradients.cells

    def _aggregate(self, function, matrix):
        """Return the gradient (m,) that the function makes of gradients (T, m)."""
        # Those of the first step are 0, as heads are, and some methods divide by their norms.
        if not matrix.any():
            return matrix[0]
        gradient = function(matrix)
        _check_gradient(gradient, matrix, self.function)
        return gradient


def _check_gradient(gradient, matrix, function):
    """Raise if a function returned something else than a gradient."""
    n_tasks, n_entries = matrix.shape
    if not isinstance(gradient, torch.Tensor) or gradient.shape != (n_entries,):
        what = type(gradient).__name__
        if isinstance(gradient, torch.Tensor):
            what = f"a tensor of shape {tuple(gradient.shape)}"
        raise ValueError(
            f"weighting={function!r} returned {what} for the gradients of the tasks, a tensor of "
            f"shape ({n_tasks}, {n_entries}): it must return a tensor of shape ({n_entries},). If "
            "it is to take the losses of the tasks, set its attribute takes_losses = True."
        )
    if not torch.isfinite(gradient).all():
        raise ValueError(
            f"weighting={function!r} returned NaN or infinity for gradients of tasks that are "
            "finite. Some of their rows may be 0, those of tasks without a sample in the batch."
        )
