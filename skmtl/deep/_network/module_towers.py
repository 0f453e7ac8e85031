"""Trunks that are modules of the user's, one for each member, or for each member and task."""

import copy

import torch
from torch import nn
from torch.func import functional_call

from skmtl.deep._network.random_state import seeded
from skmtl.deep._network.towers import add_to_gradient, size_of_deviations
from skmtl.deep._network.trial_run import new_module, range_of_integers


class ModuleTowers(nn.Module):
    """G modules of the same kind, with the methods of :class:`Towers`.

    A factory makes a module for each member; of a given module each has a copy. The towers of the
    tasks of a member start from the same weights.

    Parameters
    ----------
    architecture : Architecture
        Numbers of members and tasks, and the trunk.
    generator : torch.Generator
        What seeds the random state of torch while the user's code is running.
    """

    def __init__(self, architecture, generator):
        super().__init__()
        self.generator = generator
        self.n_towers = architecture.n_towers
        self.n_members = architecture.n_members
        self.has_double_precision = architecture.trunk.has_double_precision
        self.precision = torch.float32
        self.precision_of_outputs = torch.float32
        n_repeats = self.n_towers // self.n_members
        self.towers = nn.ModuleList()
        for _ in range(self.n_members):
            with seeded(generator):
                module = _complete(new_module(architecture.trunk.source), architecture.trunk)
            self.towers.append(module)
            self.towers.extend(copy.deepcopy(module) for _ in range(n_repeats - 1))
        self.has_batch_statistics = any(map(_has_batch_statistics, self.towers[0].modules()))

    def forward(self, x):
        """Return the representations (G, n, d) of inputs (n, ...)."""
        return torch.stack([self._output(tower, x) for tower in self.towers])

    def of_tasks(self, x, codes):
        """Return the representations (M, n, d) of each sample by the towers of its task."""
        n_tasks = self.n_towers // self.n_members
        samples_of_tasks, order = _by_task(codes)
        of_tasks = []
        for task, own in samples_of_tasks:
            of_task = x[own]
            of_members = [self._output(tower, of_task) for tower in self.towers[task::n_tasks]]
            of_tasks.append(torch.stack(of_members))
        return torch.cat(of_tasks, dim=1)[:, order]

    def of_copies(self, x, codes, n_tasks):
        """Return the representations by copies of the towers, as `Towers.of_copies` does.

        Statistics of batches are those of the samples of a task.
        """
        names = _trained_parameters(self.towers[0])
        copies = []
        for name in names:
            of_members = [tower.get_parameter(name).detach() for tower in self.towers]
            of_tasks = torch.stack(of_members).repeat_interleave(n_tasks, 0)
            copies.append(of_tasks.requires_grad_())
        samples_of_tasks, order = _by_task(codes)
        of_tasks = []
        for task, own in samples_of_tasks:
            of_members = []
            for member, tower in enumerate(self.towers):
                own_copies = [copy[member * n_tasks + task] for copy in copies]
                parameters = dict(zip(names, own_copies, strict=True))
                of_members.append(self._output(tower, x[own], parameters))
            of_tasks.append(torch.stack(of_members))
        return torch.cat(of_tasks, dim=1)[:, order], copies

    def add_gradient(self, gradient):
        """Add a gradient (M, n_parameters) to those of the parameters of the members."""
        for tower, own in zip(self.towers, gradient, strict=True):
            start = 0
            for parameter in _trained_parameters(tower).values():
                part = own[start : start + parameter.numel()].view_as(parameter)
                add_to_gradient(parameter, part)
                start += parameter.numel()

    def size_of_deviations(self):
        """Return the sum of squares by which towers of tasks differ from their mean, (M,)."""
        of_towers = zip(*(tower.parameters() for tower in self.towers), strict=True)
        return size_of_deviations(map(torch.stack, of_towers), self.n_members)

    def state(self):
        """Return parameters and buffers: tensors by name whose first axis are the towers."""
        of_towers = [_tensors(tower) for tower in self.towers]
        state = {}
        for name in of_towers[0]:
            state[name] = torch.stack([tensors[name].detach() for tensors in of_towers])
        return state

    def load(self, state):
        """Take over what `state` returned."""
        for g, tower in enumerate(self.towers):
            tensors = _tensors(tower)
            _check_same(tensors, state)
            with torch.no_grad():
                for name, tensor in tensors.items():
                    tensor.copy_(state[name][g])

    def in_double_precision(self):
        """Return the towers in double precision, if the user's code works in it.

        Representations are in double precision in any case.
        """
        self.precision_of_outputs = torch.float64
        if self.has_double_precision:
            self.precision = torch.float64
            self.towers.double()
        return self

    def _output(self, tower, x, parameters=None):
        """Return the representations (n, d) of inputs (n, ...) by one of the towers.

        It may have other parameters than its own, a dict of tensors.
        """
        if x.is_floating_point():
            x = x.to(self.precision)
        if not self.training:
            return _called(tower, x).reshape(len(x), -1).to(self.precision_of_outputs)
        is_single = len(x) == 1 and self.has_batch_statistics
        tower.train(not is_single)  # the batch of a single sample has no variance
        with seeded(self.generator):
            return _called(tower, x, parameters).reshape(len(x), -1)


def _called(tower, x, parameters=None):
    """Return what a tower, or one with other parameters, makes of x."""
    try:
        if parameters is None:
            return tower(x)
        return functional_call(tower, parameters, (x,))
    except IndexError as error:
        if x.is_floating_point():
            raise
        raise ValueError(
            f"The trunk failed on a tensor of shape {tuple(x.shape)}: {error} "
            f"({range_of_integers(x)})"
        ) from error


def _by_task(codes):
    """Return pairs of a task and its samples, and the positions of all samples side by side."""
    order = torch.argsort(codes, stable=True)
    tasks, counts = torch.unique(codes, return_counts=True)
    pairs = zip(tasks.tolist(), order.split(counts.tolist()), strict=True)
    return pairs, torch.argsort(order)


def _complete(module, trunk):
    """Return a module whose lazy layers know their sizes."""
    is_lazy = any(nn.parameter.is_lazy(parameter) for parameter in module.parameters())
    if is_lazy:
        dtype = torch.int64 if trunk.takes_integers else torch.float32
        with torch.no_grad():
            module.eval()(torch.zeros(2, *trunk.input_shape, dtype=dtype))
    return module


def _has_batch_statistics(module):
    """Whether a layer has means and variances of a batch."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


def _tensors(module):
    """Return the parameters and buffers of a module by their names."""
    return dict(module.named_parameters()) | dict(module.named_buffers())


def _trained_parameters(module):
    """Return the parameters that are not frozen, by their names."""
    return {name: one for name, one in module.named_parameters() if one.requires_grad}


def _check_same(tensors, state):
    """Raise if a module has other parameters than those that are to be loaded into it."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    known = {name: tuple(tensor.shape[1:]) for name, tensor in state.items()}
    if shapes != known:
        raise ValueError(
            f"trunk has the parameters {shapes}, but in fit it had {known}: give the module or "
            "function of the fit."
        )
