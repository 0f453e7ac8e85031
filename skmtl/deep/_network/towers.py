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
        return self._evaluate(x.expand(self.n_towers, -1, -1), self.weights, self.biases)

    def of_tasks(self, x, codes):
        """Return the representations (M, n, d) of each sample by the towers of its task."""
        n_tasks = self.n_towers // self.n_members
        return self._evaluate_tasks(x, codes, n_tasks, self.weights, self.biases)

    def of_copies(self, x, codes, n_tasks):
        """Return the representations (M, n, d) by copies of the towers, one for each task.

        Returns
        -------
        h : Tensor of shape (M, n, d)
            The representations of the samples.
        copies : list of Tensor of shape (M * n_tasks, ...)
            The copies of the parameters, in their order: the gradients with respect to them are
            those of the losses of the tasks.
        """
        weights = [_repeated(weight, n_tasks) for weight in self.weights]
        biases = [_repeated(bias, n_tasks) for bias in self.biases]
        h = self._evaluate_tasks(x, codes, n_tasks, weights, biases)
        return h, [*weights, *biases]

    def add_gradient(self, gradient):
        """Add a gradient (M, n_parameters) to those of the parameters of the members."""
        start = 0
        for parameter in self.parameters():
            size = parameter[0].numel()
            add_to_gradient(parameter, gradient[:, start : start + size].view_as(parameter))
            start += size

    def size_of_deviations(self):
        """Return the sum of squares by which towers of tasks differ from their mean, (M,)."""
        return size_of_deviations(self.parameters(), self.n_members)

    def state(self):
        """Return what is learned: tensors by name whose first axis are the towers."""
        return dict(self.named_parameters())

    def load(self, state):
        """Take over what `state` returned."""
        self.load_state_dict(state)

    def in_double_precision(self):
        """Return the towers in double precision."""
        return self.double()

    def _evaluate(self, h, weights, biases):
        """Return the representations of inputs (G, n, n_features) by these towers."""
        for weight, bias in zip(weights, biases, strict=True):
            h = self.activation(torch.baddbmm(bias, h, weight))
            if self.training and self.dropout:
                h = h * self._kept(h)
        return h

    def _evaluate_tasks(self, x, codes, n_tasks, weights, biases):
        """Return the representations (M, n, d) of each sample by those of these for its task.

        The samples of a task are put side by side, and tasks with fewer of them filled up.
        """
        place = _place_in_task(codes, n_tasks)
        n_places = int(place.max()) + 1
        of_tasks = x.new_zeros(n_tasks, n_places, x.shape[1])
        of_tasks[codes, place] = x
        h = self._evaluate(of_tasks.repeat(self.n_members, 1, 1), weights, biases)
        h = h.unflatten(0, (self.n_members, n_tasks))
        return h[:, codes, place]

    def _kept(self, h):
        """Return 0 for the units that are left out and 1 / (1 - dropout) for others, like h."""
        kept = torch.empty_like(h).bernoulli_(1.0 - self.dropout, generator=self.generator)
        return kept / (1.0 - self.dropout)


def add_to_gradient(parameter, gradient):
    """Add to the gradient of a parameter."""
    if not parameter.requires_grad:
        return
    gradient = gradient.contiguous()  # the fused optimizer reads gradients as if they were
    parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient


def size_of_deviations(parameters, n_members):
    """Return the sum of squares by which parameters of tasks differ from their mean, (M,).

    The first axis of parameters are the towers: those of the tasks of a member side by side.
    """
    size = 0.0
    for parameter in parameters:
        of_tasks = parameter.unflatten(0, (n_members, -1))
        deviation = of_tasks - of_tasks.mean(1, keepdim=True)
        size = size + deviation.square().flatten(1).sum(1)
    return size


def _repeated(parameter, n_tasks):
    """Return a parameter (M, ...) once for each task, (M * n_tasks, ...)."""
    return parameter.detach().repeat_interleave(n_tasks, 0).requires_grad_()


def _place_in_task(codes, n_tasks):
    """Return the position of every sample among those of its task, (n,) of int."""
    order = torch.argsort(codes, stable=True)
    counts = torch.bincount(codes, minlength=n_tasks)
    first = counts.cumsum(0) - counts
    place = torch.empty_like(codes)
    place[order] = torch.arange(len(codes)) - first[codes[order]]
    return place
