"""Tasks as they are weighted in the objective."""


class EqualWeighting:
    """The gradient of the objective itself; the base of other weightings."""

    def start(self, network, objective):
        """Look at the network and the objective before the first epoch."""

    def parameters(self):
        """Return the parameters that are learned along with those of the network."""
        return []

    def backward(self, network, objective, batch):
        """Set the gradients of all parameters.

        Returns
        -------
        Tensor of shape (M, n, C)
            Losses of the cells of the batch, times their weights.
        """
        scores = network(batch.X, batch.codes)
        cells = objective.cells(scores, batch)
        value = objective.task_losses(cells, batch).sum() + objective.penalty(network)
        value.backward()
        return cells.detach()

    def end_epoch(self, losses):
        """Look at the mean training losses (M, T) of an epoch."""
