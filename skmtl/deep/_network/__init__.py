"""Networks and their training: the only package that imports torch.

Modules outside import it inside of functions, so that ``import skmtl`` works without torch.

Letters of shapes: M members, n samples of a batch, d units of the representation, T tasks,
K outputs of a task.
"""

from skmtl.deep._network.network import Network
from skmtl.deep._network.settings import own_settings
from skmtl.deep._network.stored import network_from_arrays
from skmtl.deep._network.tensors import tensor_of
from skmtl.deep._network.training import Training, train
from skmtl.deep._network.trial_run import try_trunk

__all__ = [
    "Network",
    "Training",
    "network_from_arrays",
    "own_settings",
    "tensor_of",
    "train",
    "try_trunk",
]
