"""The trunk: multi-layer perceptrons of all members, evaluated together."""

import math

import torch
from torch import nn

ACTIVATIONS = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
    "identity": lambda x: x,
    "gelu": nn.functional.gelu,
    "silu": nn.functional.silu,
}
_RECTIFIERS = ("relu", "gelu", "silu")


class Towers(nn.Module):
    """M perceptrons of the same shape.

    The weights of a layer are one array (M, n_inputs, n_units), so that a layer of all members is
    one batched product.

    Parameters
    ----------
    architecture : Architecture
        Sizes of the layers.
    generator : torch.Generator
        What initial weights are drawn from, and what dropout leaves out. The random state that all
        of torch shares is not touched, so that fits in several threads are reproducible.
    """

    def __init__(self, architecture, generator):
        super().__init__()
        self.generator = generator
        self.n_members = architecture.n_members
        self.activation = ACTIVATIONS[architecture.activation]
        self.dropout = architecture.dropout
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        gain = math.sqrt(2.0) if architecture.activation in _RECTIFIERS else 1.0
        n_inputs = architecture.n_features
        for n_units in architecture.hidden_layer_sizes:
            bound = 1.0 / math.sqrt(n_inputs)
            weight = torch.randn(self.n_members, n_inputs, n_units, generator=generator)
            bias = 2.0 * torch.rand(self.n_members, 1, n_units, generator=generator) - 1.0
            self.weights.append(nn.Parameter(gain * bound * weight))
            self.biases.append(nn.Parameter(bound * bias))
            n_inputs = n_units

    def forward(self, x):
        """Return the representations (M, n, d) of inputs (n, n_features)."""
        h = x.expand(self.n_members, -1, -1)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            h = self.activation(torch.baddbmm(bias, h, weight))
            if self.training and self.dropout:
                h = h * self._kept(h)
        return h

    def _kept(self, h):
        """Return 0 for the units that are left out and 1 / (1 - dropout) for others, like h."""
        kept = torch.empty_like(h).bernoulli_(1.0 - self.dropout, generator=self.generator)
        return kept / (1.0 - self.dropout)
