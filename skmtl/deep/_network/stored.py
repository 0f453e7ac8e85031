"""A network as NumPy arrays, which are what is pickled."""

from dataclasses import replace

import numpy as np
import torch

from skmtl.deep._network.network import Network

_OF_TASKS = ("heads.deviations", "heads.deviation_biases")  # tasks are the second axis


def arrays_of(network):
    """Return the weights of a network by their names, with the head of a new task as the last.

    That head is the mean of those of all tasks.
    """
    arrays = {}
    for name, tensor in network.state_dict().items():
        array = tensor.float().numpy().copy()
        if name in _OF_TASKS:
            mean = array.mean(axis=1, keepdims=True)
            array = np.concatenate([array, mean], axis=1)
        arrays[name] = array
    return arrays


def network_from_arrays(architecture, arrays):
    """Return the network of `arrays_of`, of double precision; it has a task more."""
    architecture = replace(architecture, n_tasks=architecture.n_tasks + 1)
    network = Network(architecture, torch.Generator())
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    network.load_state_dict(tensors)
    return network.in_double_precision()
