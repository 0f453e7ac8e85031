"""Multi-layer perceptrons of all members, or of all members and tasks, evaluated together."""

import math

import torch
from torch import nn

ACTIVATIONS = {  # of a tensor that nothing else needs: the most frequent one works in place
    "relu": torch.relu_,
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
    "identity": lambda x: x,
    "gelu": nn.functional.gelu,
    "silu": nn.functional.silu,
}
_RECTIFIERS = ("relu", "gelu", "silu")


class Towers(nn.Module):
    """G perceptrons of the same shape: one for each member, or for each member and task.

    The weights of a layer are one array (G, n_inputs, n_units), so that a layer of all towers is
    one batched product. The towers of the tasks of a member start from the same weights.

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
        self.n_towers = architecture.n_towers
        self.n_members = architecture.n_members
        self.activation = ACTIVATIONS[architecture.activation]
        self.dropout = architecture.dropout
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        gain = math.sqrt(2.0) if architecture.activation in _RECTIFIERS else 1.0
        n_repeats = self.n_towers // self.n_members
        n_inputs = architecture.n_features
        for n_units in architecture.hidden_layer_sizes:
            bound = 1.0 / math.sqrt(n_inputs)
            weight = torch.randn(self.n_members, n_inputs, n_units, generator=generator)
            bias = 2.0 * torch.rand(self.n_members, 1, n_units, generator=generator) - 1.0
            weight = (gain * bound * weight).repeat_interleave(n_repeats, 0)
            bias = (bound * bias).repeat_interleave(n_repeats, 0)
            self.weights.append(nn.Parameter(weight))
            self.biases.append(nn.Parameter(bias))
            n_inputs = n_units

    def forward(self, x):
        """Return the representations (G, n, d) of inputs (n, n_features) or (G, n, n_features)."""
        h = x.expand(self.n_towers, -1, -1)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            h = self.activation(torch.baddbmm(bias, h, weight))
            if self.training and self.dropout:
                h = h * self._kept(h)
        return h

    def of_tasks(self, x, codes):
        """Return the representations (M, n, d) of each sample by the towers of its task.

        The samples of a task are put side by side, and tasks with fewer of them filled up.
        """
        n_tasks = self.n_towers // self.n_members
        place = _place_in_task(codes, n_tasks)
        n_places = int(place.max()) + 1
        of_tasks = x.new_zeros(n_tasks, n_places, x.shape[1])
        of_tasks[codes, place] = x
        h = self(of_tasks.repeat(self.n_members, 1, 1))
        h = h.unflatten(0, (self.n_members, n_tasks))
        return h[:, codes, place]

    def size_of_deviations(self):
        """Return the sum of squares by which towers of tasks differ from their mean, (M,)."""
        size = 0.0
        for parameter in self.parameters():
            of_tasks = parameter.unflatten(0, (self.n_members, -1))
            deviation = of_tasks - of_tasks.mean(1, keepdim=True)
            size = size + deviation.square().flatten(1).sum(1)
        return size

    def state(self):
        """Return what is learned: tensors by name whose first axis are the towers."""
        return dict(self.named_parameters())

    def load(self, state):
        """Take over what `state` returned."""
        self.load_state_dict(state)

    def _kept(self, h):
        """Return 0 for the units that are left out and 1 / (1 - dropout) for others, like h."""
        kept = torch.empty_like(h).bernoulli_(1.0 - self.dropout, generator=self.generator)
        return kept / (1.0 - self.dropout)


def _place_in_task(codes, n_tasks):
    """Return the position of every sample among those of its task, (n,) of int."""
    order = torch.argsort(codes, stable=True)
    counts = torch.bincount(codes, minlength=n_tasks)
    first = counts.cumsum(0) - counts
    place = torch.empty_like(codes)
    place[order] = torch.arange(len(codes)) - first[codes[order]]
    return place
