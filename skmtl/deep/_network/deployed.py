"""A fitted estimator as one ordinary module of torch: scaling, members, heads, units.

Layers of members are modules of their own here, not slices of batched arrays, since that is what
tools for pruning, quantization and export look for.
"""

import torch
from torch import nn

ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "logistic": nn.Sigmoid,
    "identity": nn.Identity,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
_FARTHEST = 1e9  # scaled values beyond it are at their bound, and their squares may overflow


class DeployedNetwork(nn.Module):
    """What `predict`, or `predict_proba` of a classifier, computes.

    Parameters
    ----------
    scaling : Module
        From features to scaled features.
    members : list of Module
        Each of them from scaled features to the scores (n, T, K) of all tasks.
    score_offset : Tensor of shape (T + 1, K)
        What is added to them; the last row is for a new task, whose scores are the means of those
        of all tasks if members have none for it.
    outputs : Outputs
        What predictions are made of scores.
    has_own_tasks : bool
        Whether every sample has a task.
    """

    def __init__(self, scaling, members, score_offset, outputs, has_own_tasks):
        super().__init__()
        self.scaling = scaling
        self.members = nn.ModuleList(members)
        self.kind = outputs.kind
        self.has_own_tasks = has_own_tasks
        self.register_buffer("score_offset", score_offset)
        if self.kind == "mixed":
            self.register_buffer("is_class", _are(outputs.kinds, "class"))
            self.register_buffer("is_count", _are(outputs.kinds, "count"))
        if self.kind in ("number", "mixed"):
            self.register_buffer("unit_offset", torch.as_tensor(outputs.offset))
            self.register_buffer("unit_scale", torch.as_tensor(outputs.scale))

    def forward(self, X, tasks=None):
        """Return predictions.

        Parameters
        ----------
        X : Tensor of shape (n, n_features), or (n, ...) for a trunk of the user's
            Features as they were in `fit`, without a task column.
        tasks : Tensor of int of shape (n,) or None
            The task of each sample, as its position in `tasks_`; the number of tasks for a new one.
            Not for an estimator that was fitted on two-dimensional y.

        Returns
        -------
        Tensor of shape (n,) or (n, T); (n, K) or (n, T, K) with classes
            Of tasks of several kinds: the number or mean count of a task, then zeros, or the
            probabilities of its classes.
        """
        scores = self.scores(X, tasks)
        if self.kind == "mixed":
            predictions = self._of_each_kind(scores, tasks)
            return predictions.squeeze(1) if self.has_own_tasks else predictions
        if self.kind == "class":
            probabilities = torch.softmax(scores, -1).mean(0)
            return probabilities.squeeze(1) if self.has_own_tasks else probabilities
        if self.kind == "count":
            predictions = torch.exp(scores[..., 0]).mean(0)
        else:
            offset, scale = self._units(tasks)
            predictions = offset + scale * scores[..., 0].mean(0)
        return predictions.squeeze(1) if self.has_own_tasks else predictions

    def scores(self, X, tasks=None):
        """Return the scores (M, n, T, K) of all members, with T = 1 for samples with a task."""
        x = self.scaling(X)
        n_tasks = len(self.score_offset) - 1
        of_members = torch.stack([member(x) for member in self.members])
        if not self.has_own_tasks:
            return of_members[:, :, :n_tasks] + self.score_offset[:-1]
        if of_members.shape[2] == n_tasks:
            of_new_task = of_members.mean(2, keepdim=True)
            of_members = torch.cat([of_members, of_new_task], 2)
        of_members = of_members + self.score_offset
        index = tasks.view(1, -1, 1, 1).expand(len(self.members), -1, 1, of_members.shape[-1])
        return of_members.gather(2, index)

    def trunks_in_single_precision(self):
        """Make the trunks of the user's single, and leave all else as it is."""
        for part in self.modules():
            if isinstance(part, UserTrunk):
                part.module.float()

    def _of_each_kind(self, scores, tasks):
        """Return the predictions of tasks of several kinds, (n, T, K)."""
        offset, scale = self._units(tasks)
        numbers = offset + scale * scores[..., 0].mean(0)
        counts = torch.exp(scores[..., 0]).mean(0)
        expected = torch.where(self._of_tasks(self.is_count, tasks), counts, numbers)
        probabilities = torch.softmax(scores, -1).mean(0)
        in_first_column = nn.functional.pad(
            expected.unsqueeze(-1),
            (0, probabilities.shape[-1] - 1),
        )
        is_class = self._of_tasks(self.is_class, tasks).unsqueeze(-1)
        return torch.where(is_class, probabilities, in_first_column)

    def _units(self, tasks):
        """Return the offsets and the scales of numbers, (T,) or (n, 1)."""
        offset = self._of_tasks(self.unit_offset, tasks)
        return offset, self._of_tasks(self.unit_scale, tasks)

    def _of_tasks(self, values, tasks):
        """Return values (T + 1,) of tasks as those of known tasks (T,), or of samples (n, 1)."""
        if self.has_own_tasks:
            return values[tasks, None]
        return values[:-1]


def _are(kinds, kind):
    """Return which tasks are of a kind, a tensor of bool."""
    return torch.tensor([one == kind for one in kinds])


class Scaling(nn.Module):
    """What FeatureScale.apply does.

    Parameters
    ----------
    center, spread, bound : Tensor of shape (n_features,)
        As in FeatureScale.
    """

    def __init__(self, center, spread, bound):
        super().__init__()
        self.register_buffer("center", center)
        self.register_buffer("spread", spread)
        self.register_buffer("bound", bound)

    def forward(self, X):
        """Return the scaled features."""
        z = (X.flatten(1) - self.center) / self.spread
        z = z.clamp(-_FARTHEST, _FARTHEST)
        return z / torch.sqrt(1.0 + (z / self.bound) ** 2)


class UserTrunk(nn.Module):
    """A trunk of the user's, with what it needs around it.

    Parameters
    ----------
    module : Module
        The user's.
    trunk : Trunk
        What it takes and returns.
    """

    def __init__(self, module, trunk):
        super().__init__()
        self.module = module
        self.input_shape = trunk.input_shape
        self.takes_integers = trunk.takes_integers
        self.n_outputs = trunk.n_outputs
        self.register_buffer("like", torch.zeros(0, dtype=torch.float64))

    def forward(self, x):
        """Return the representations (n, d), in the precision of all but the user's module."""
        x = x.reshape(x.shape[0], *self.input_shape)
        if not self.takes_integers:
            x = x.to(next(self.module.parameters(), x).dtype)
        h = self.module(x).reshape(x.shape[0], self.n_outputs)
        return h.to(self.like.dtype)


class SharedTrunk(nn.Module):
    """A member whose tasks have the same trunk.

    Parameters
    ----------
    trunk : Module
        From scaled features to representations (n, d).
    heads : Module
        From representations to the scores of all tasks, (n, T, K). Refitted heads have those of a
        new task as well, if tasks have samples of their own.
    """

    def __init__(self, trunk, heads):
        super().__init__()
        self.trunk = trunk
        self.heads = heads

    def forward(self, x):
        """Return the scores (n, T, K)."""
        return self.heads(self.trunk(x))


class AveragedHeads(nn.Module):
    """Heads of two classes whose log-odds average over what is uncertain.

    Parameters
    ----------
    terms : AveragedLogOdds
        What they are made of.
    is_used : ndarray of bool of shape (n_hidden,)
        Which hidden units they look at.
    """

    def __init__(self, terms, is_used):
        super().__init__()
        directions = terms.directions * is_used[:, None]
        # Not a number in `forward`, which the ONNX exporter would round to single precision.
        self.register_buffer("shrinkage", torch.tensor(torch.pi / 8.0, dtype=torch.float64))
        self.register_buffer("origin", torch.tensor(terms.origin))
        self.register_buffer("directions", torch.tensor(directions))
        self.register_buffer("effects", torch.tensor(terms.effects))
        self.register_buffer("covariances", torch.tensor(terms.covariances))

    def forward(self, h):
        """Return the scores (n, T + 1, 2) of both classes."""
        r = self.origin + h @ self.directions
        mean = r @ self.effects.T
        variance = torch.einsum("ni,tij,nj->nt", r, self.covariances, r)
        log_odds = mean / torch.sqrt(1.0 + self.shrinkage * variance.clamp(min=0.0))
        return torch.stack([torch.zeros_like(log_odds), log_odds], -1)


class TaskTrunks(nn.Module):
    """A member whose tasks have trunks of their own.

    Parameters
    ----------
    networks : list of SharedTrunk
        Those of the tasks, each by itself.
    """

    def __init__(self, networks):
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, x):
        """Return the scores (n, T, K)."""
        return torch.cat([network(x) for network in self.networks], 1)


def members_of(network, heads=None):
    """Return the members of a Network as modules of their own.

    `heads` are modules that replace those of the members, None for none.
    """
    if network.architecture.has_task_trunks:
        return _with_task_trunks(network)
    if heads is None:
        heads = linear_modules(*network.heads.of_tasks())
    members = []
    for m, of_member in enumerate(heads):
        members.append(SharedTrunk(_tower(network, m), of_member))
    return members


def linear_modules(weight, bias):
    """Return the heads of members with weights (M, T, d, K) and biases (M, T, K) as modules."""
    heads = []
    for of_weights, of_biases in zip(weight, bias, strict=True):
        side_by_side = of_weights.transpose(0, 1).flatten(1)  # (d, T * K)
        layer = _linear(side_by_side, of_biases.flatten())
        heads.append(nn.Sequential(layer, nn.Unflatten(1, of_biases.shape)))
    return heads


def _with_task_trunks(network):
    """Return the members of a network whose tasks have trunks of their own."""
    weight, bias = network.heads.of_tasks()
    n_tasks = weight.shape[1]
    members = []
    for m in range(network.n_members):
        of_tasks = []
        for t in range(n_tasks):
            (head,) = linear_modules(weight[m, None, t, None], bias[m, None, t, None])
            of_tasks.append(SharedTrunk(_tower(network, m * n_tasks + t), head))
        members.append(TaskTrunks(of_tasks))
    return members


def _tower(network, g):
    """Return one of the towers of a network."""
    architecture = network.architecture
    if architecture.trunk is not None:
        return UserTrunk(network.trunk.towers[g], architecture.trunk)
    layers = []
    for weight, bias in zip(network.trunk.weights, network.trunk.biases, strict=True):
        layers.append(_linear(weight[g], bias[g, 0]))
        layers.append(ACTIVATIONS[architecture.activation]())
    return nn.Sequential(*layers)


def _linear(weight, bias):
    """Return the layer ``x W + b``."""
    layer = nn.Linear(*weight.shape, dtype=weight.dtype)
    layer.weight = nn.Parameter(weight.T.contiguous(), requires_grad=False)
    layer.bias = nn.Parameter(bias.contiguous(), requires_grad=False)
    return layer
