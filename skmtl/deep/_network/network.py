"""A trunk, or one for each task, and the heads of the tasks."""

from torch import nn

from skmtl.deep._network.heads import Heads
from skmtl.deep._network.module_towers import ModuleTowers
from skmtl.deep._network.towers import Towers

_TRUNK = "trunk."  # what names in a state begin with
_HEADS = "heads."


class Network(nn.Module):
    """All members of a multi-task network.

    Parameters
    ----------
    architecture : Architecture
        Sizes and kinds of the layers.
    generator : torch.Generator
        What initial weights are drawn from.

    Attributes
    ----------
    trunk_is_frozen : bool
        Whether the trunk stays as it is, in training as well.
    takes_representations : bool
        Whether inputs are representations (n, M, d) of a frozen trunk, computed before.
    """

    def __init__(self, architecture, generator):
        super().__init__()
        self.architecture = architecture
        self.n_members = architecture.n_members
        self.n_outputs = architecture.n_outputs
        kind = Towers if architecture.trunk is None else ModuleTowers
        self.trunk = kind(architecture, generator)
        self.heads = Heads(architecture)
        self.trunk_is_frozen = False
        self.takes_representations = False

    def forward(self, x, codes=None):
        """Return the scores of all tasks, (M, n, T, K), or of those of the samples, (M, n, 1, K).

        Parameters
        ----------
        x : Tensor of shape (n, n_features), or (n, ...) for a trunk of the user's
            Scaled features.
        codes : Tensor of int of shape (n,) or None
            The task of each sample.
        """
        return self.scores(self.represent(x, codes), codes)

    def represent(self, x, codes=None):
        """Return the inputs of the heads, (M, n, d).

        If tasks have trunks of their own, they are those of the task of each sample, or of all
        tasks, (M, n, T, d), without codes.
        """
        if self.takes_representations:
            return x.transpose(0, 1)
        if not self.architecture.has_task_trunks:
            return self.trunk(x)
        if codes is not None:
            return self.trunk.of_tasks(x, codes)
        h = self.trunk(x)
        return h.unflatten(0, (self.architecture.n_members, -1)).transpose(1, 2)

    def scores(self, h, codes=None):
        """Return the scores of `forward` from the representations of `represent`."""
        if codes is None:
            return self.heads.every_task(h)
        return self.heads.own_task(h, codes)

    def penalty(self, head_alpha, soft_alpha):
        """Return half the weighted squares of the deviations of tasks, (M,), or None."""
        penalty = None
        if self.heads.has_common and self.heads.has_deviations:
            penalty = 0.5 * head_alpha * self.heads.size_of_deviations()
        if self.architecture.has_task_trunks and soft_alpha > 0:
            of_trunks = 0.5 * soft_alpha * self.trunk.size_of_deviations()
            penalty = of_trunks if penalty is None else penalty + of_trunks
        return penalty

    def freeze_trunk(self):
        """Leave the trunk as it is, with the statistics of its layers, from now on."""
        self.trunk_is_frozen = True
        self.trunk.requires_grad_(False)

    def train(self, mode=True):
        """Make layers behave as in training, or not."""
        super().train(mode)
        if self.trunk_is_frozen:
            self.trunk.train(False)
        return self

    def groups_of_parameters(self, settings):
        """Return what an optimizer takes: weights, which decay, and others, with their rates."""
        groups = []
        rates = {
            self.trunk: settings.trunk_learning_rate,
            self.heads: settings.learning_rate,
        }
        for part, rate in rates.items():
            weights = []
            others = []
            for name, parameter in part.named_parameters():
                is_weight = "bias" not in name and parameter.dim() > 1
                group = weights if is_weight else others
                if parameter.requires_grad:
                    group.append(parameter)
            groups.append({"params": weights, "lr": rate, "weight_decay": settings.alpha})
            groups.append({"params": others, "lr": rate, "weight_decay": 0.0})
        return groups

    def state(self):
        """Return all that is learned: tensors by name whose first axis are the members.

        The second one are the tasks, in trunks of tasks.
        """
        return self.trunk_state() | self._heads_state()

    def trunk_state(self):
        """Return the part of the state that is that of the trunk."""
        state = {}
        for name, tensor in self.trunk.state().items():
            if self.architecture.has_task_trunks:
                tensor = tensor.unflatten(0, (self.architecture.n_members, -1))
            state[_TRUNK + name] = tensor.detach()
        return state

    def load(self, state):
        """Take over what `state` returned, of a network of the same architecture."""
        of_trunk = {}
        of_heads = {}
        for name, tensor in state.items():
            if name.startswith(_HEADS):
                of_heads[name.removeprefix(_HEADS)] = tensor
                continue
            if self.architecture.has_task_trunks:
                tensor = tensor.flatten(0, 1)
            of_trunk[name.removeprefix(_TRUNK)] = tensor
        self.trunk.load(of_trunk)
        self.heads.load(of_heads)

    def trained_state(self):
        """Return the state without that of a frozen trunk."""
        if self.trunk_is_frozen:
            return self._heads_state()
        return self.state()

    def trained_task_state(self):
        """Return the trained state of a network that shares nothing else and predicts the same.

        The first axes of all tensors are members and tasks, (M, T, ...).
        """
        state = {}
        of_trunk = {} if self.trunk_is_frozen else self.trunk_state()
        for name, tensor in of_trunk.items():
            if not self.architecture.has_task_trunks:
                n_tasks = self.architecture.n_tasks
                tensor = tensor.unsqueeze(1).expand(-1, n_tasks, *tensor.shape[1:])
            state[name] = tensor
        for name, tensor in self.heads.state_of_tasks().items():
            state[_HEADS + name] = tensor.detach()
        return state

    def _heads_state(self):
        """Return the part of the state that is that of the heads."""
        state = {}
        for name, tensor in self.heads.state().items():
            state[_HEADS + name] = tensor.detach()
        return state

    def in_double_precision(self):
        """Return the network as predictions need it: a row's does not depend on other rows'."""
        self.heads.double()
        self.trunk.in_double_precision()
        return self.eval().requires_grad_(False)
