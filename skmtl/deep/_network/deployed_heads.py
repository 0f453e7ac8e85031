"""Refitted heads as modules of torch."""

import math

import torch
from torch import nn

from skmtl.deep._network.deployed import linear
from skmtl.deep._refitted_heads import linear_heads
from skmtl.mixed_effects import MixedEffectsClassifier


class AveragedLogOdds(nn.Module):
    """The heads of a member that a :class:`MixedEffectsClassifier` has refitted.

    Log-odds are those of probabilities averaged over the posterior of the coefficients.

    Parameters
    ----------
    posterior : tuple
        Of the estimator: units, effects (T + 1, 1 + d) and their covariances; the last are those of
        a new task.
    is_used : ndarray of bool of shape (d,)
        Units of the representation that the estimator has seen.
    """

    def __init__(self, posterior, is_used):
        super().__init__()
        units = posterior.units
        self.register_buffer("center", torch.tensor(units.mean))
        self.register_buffer("inverse_spread", torch.tensor(is_used / units.scale))
        self.register_buffer("effects", torch.tensor(posterior.effects.T.copy()))
        self.register_buffer("covariances", torch.tensor(posterior.covariances))

    def forward(self, h):
        """Return the scores of both classes of every task, the new one the last, (n, 2 T + 2)."""
        z = (h - self.center) * self.inverse_spread
        rows = nn.functional.pad(z, (1, 0), value=1.0)
        mean = rows @ self.effects
        variance = torch.einsum("ni,tij,nj->nt", rows, self.covariances, rows)
        log_odds = mean / torch.sqrt(1.0 + math.pi / 8.0 * variance.clamp(min=0.0))
        return torch.stack([torch.zeros_like(log_odds), log_odds], -1).flatten(1)


def refitted_heads(model):
    """Return the refitted heads of each member, a list of modules.

    A module makes scores of representations (n, d): those of all tasks side by side, and then, if
    tasks have samples of their own, of a new one.

    Parameters
    ----------
    model : MultiTaskNetwork
        With refitted heads.

    Raises
    ------
    TypeError
        If the heads are neither linear nor those of MixedEffectsClassifier.
    """
    if model._outputs().kind != "class":
        heads = []
        for weight, bias in zip(*linear_heads(model), strict=True):
            heads.append(linear(torch.from_numpy(weight.T.copy()), torch.from_numpy(bias.copy())))
        return heads
    heads = []
    for estimator, is_used in zip(model.head_estimators_, model._is_used, strict=True):
        if not isinstance(estimator, MixedEffectsClassifier) or model._layout == "wide":
            raise TypeError(
                f"Heads that were refitted by {estimator!r} cannot be exported: give refit_heads "
                "None, or, for two classes and y that is 1-D, 'auto'."
            )
        heads.append(AveragedLogOdds(estimator._posterior, is_used))
    return heads
