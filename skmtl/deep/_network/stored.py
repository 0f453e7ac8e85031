"""A network as NumPy arrays, which are what is pickled."""

from dataclasses import replace

import numpy as np
import torch

from skmtl.deep._network.network import Network

_OF_TASKS = ("heads.deviations", "heads.deviation_biases")  # tasks are the second axis


def arrays_of(network):
    """Return the weights of a network by their names, in single precision."""
    arrays = {}
    for name, tensor in network.state_dict().items():
        arrays[name] = tensor.numpy().copy()
    return arrays


def network_from_arrays(architecture, arrays):
    """Return the network of `arrays_of` in double precision, with the head of a new task.

    That head is the mean of those of all tasks, and comes after them.
    """
    architecture = replace(architecture, n_tasks=architecture.n_tasks + 1)
    network = Network(architecture, torch.Generator()).in_double_precision()
    tensors = {}
    for name, array in arrays.items():
        array = array.astype(np.float64)
        if name in _OF_TASKS:
            mean = array.mean(axis=1, keepdims=True)
            array = np.concatenate([array, mean], axis=1)
        tensors[name] = torch.from_numpy(array)
    network.load_state_dict(tensors)
    return network
