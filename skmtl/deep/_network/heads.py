"""The heads: from the representation to the scores of every task, or of the task of a sample."""

import torch
from torch import nn


class Heads(nn.Module):
    """Linear heads ``z_t = (V + D_t)' h + c + e_t`` of all members and tasks.

    With the head "shared" there are no deviations D_t and e_t; with "own" there is no common part V
    and c; with "mean" there are both. All of them are 0 at first, so that an untrained network
    predicts the offset of every task.

    Parameters
    ----------
    architecture : Architecture
        Numbers of members, tasks and outputs, and the kind of the head.
    """

    def __init__(self, architecture):
        super().__init__()
        M = architecture.n_members
        T = architecture.n_tasks
        K = architecture.n_outputs
        d = architecture.n_hidden
        self.n_tasks = T
        self.n_outputs = K
        self.has_common = architecture.head != "own"
        self.has_deviations = architecture.head != "shared"
        if self.has_common:
            self.common = nn.Parameter(torch.zeros(M, d, K))
            self.common_bias = nn.Parameter(torch.zeros(M, 1, K))
        if self.has_deviations:
            self.deviations = nn.Parameter(torch.zeros(M, T, d, K))
            self.deviation_biases = nn.Parameter(torch.zeros(M, T, K))

    def every_task(self, h):
        """Return the scores (M, n, T, K) of all tasks.

        Representations are (M, n, d), or (M, n, T, d) if those of tasks differ.
        """
        if h.dim() == 4:
            weight, bias = self.of_tasks()
            return torch.einsum("mntd,mtdk->mntk", h, weight) + bias.unsqueeze(1)
        shape = (*h.shape[:2], self.n_tasks, self.n_outputs)
        if not self.has_deviations:
            z = torch.baddbmm(self.common_bias, h, self.common)
            return z.unsqueeze(2).expand(shape)
        weight, bias = self.of_tasks()
        side_by_side = weight.transpose(1, 2).flatten(2)  # (M, d, T * K)
        z = torch.baddbmm(bias.flatten(1).unsqueeze(1), h, side_by_side)
        return z.view(shape)

    def own_task(self, h, codes):
        """Return the scores (M, n, 1, K) of the task of each sample; codes are (n,)."""
        z = 0.0
        if self.has_common:
            z = torch.baddbmm(self.common_bias, h, self.common)
        if self.has_deviations:
            of_samples = self.deviations.index_select(1, codes)
            # A sum of products: einsum would make a matrix product of every sample.
            z = z + (h.unsqueeze(3) * of_samples).sum(2)
            z = z + self.deviation_biases.index_select(1, codes)
        return z.unsqueeze(2)

    def of_tasks(self):
        """Return the weights (M, T, d, K) and biases (M, T, K) of the heads of all tasks."""
        if not self.has_deviations:
            weight = self.common.unsqueeze(1).expand(-1, self.n_tasks, -1, -1)
            bias = self.common_bias.expand(-1, self.n_tasks, -1)
            return weight, bias
        weight = self.deviations
        bias = self.deviation_biases
        if self.has_common:
            weight = weight + self.common.unsqueeze(1)
            bias = bias + self.common_bias
        return weight, bias

    def state(self):
        """Return what is learned: tensors by name whose first axis are the members."""
        return dict(self.named_parameters())

    def state_of_tasks(self):
        """Return the state of heads of the kind "own" that predict the same."""
        weight, bias = self.of_tasks()
        return {"deviations": weight, "deviation_biases": bias}

    def load(self, state):
        """Take over what `state` returned."""
        self.load_state_dict(state)

    def size_of_deviations(self):
        """Return the sum of squares of the deviations of each member, (M,)."""
        of_weights = self.deviations.square().sum((1, 2, 3))
        of_biases = self.deviation_biases.square().sum((1, 2))
        return of_weights + of_biases
