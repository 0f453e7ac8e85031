"""A trunk that all tasks share, and their heads."""

from torch import nn

from skmtl.deep._network.heads import Heads
from skmtl.deep._network.towers import Towers


class Network(nn.Module):
    """All members of a multi-task network.

    Parameters
    ----------
    architecture : Architecture
        Sizes and kinds of the layers.
    generator : torch.Generator
        What initial weights are drawn from.
    """

    def __init__(self, architecture, generator):
        super().__init__()
        self.architecture = architecture
        self.trunk = Towers(architecture, generator)
        self.heads = Heads(architecture)

    def forward(self, x, codes=None):
        """Return the scores of all tasks, (M, n, T, K), or of those of the samples, (M, n, 1, K).

        Parameters
        ----------
        x : Tensor of shape (n, n_features)
            Scaled features.
        codes : Tensor of int of shape (n,) or None
            The task of each sample.
        """
        return self.scores(self.trunk(x), codes)

    def scores(self, h, codes=None):
        """Return the same from representations (M, n, d)."""
        if codes is None:
            return self.heads.every_task(h)
        return self.heads.own_task(h, codes)

    def penalty(self, head_alpha):
        """Return ``head_alpha / 2`` times the squares of the deviations, (M,), or None."""
        heads = self.heads
        if not (heads.has_common and heads.has_deviations):
            return None
        return 0.5 * head_alpha * heads.size_of_deviations()

    def groups_of_parameters(self, alpha):
        """Return what an optimizer takes: weights, which decay by `alpha`, and biases."""
        weights = []
        biases = []
        for name, parameter in self.named_parameters():
            group = biases if "bias" in name else weights
            group.append(parameter)
        return [
            {"params": weights, "weight_decay": alpha},
            {"params": biases, "weight_decay": 0.0},
        ]

    def in_double_precision(self):
        """Return the network as predictions need it: a row's does not depend on other rows'."""
        return self.double().eval().requires_grad_(False)
