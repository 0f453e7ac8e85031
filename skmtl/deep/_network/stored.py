"""A network as NumPy arrays, which are what is pickled."""

import torch

from skmtl.deep._network.network import Network
from skmtl.deep._network.tensors import tensor_of


def arrays_of(state):
    """Return the tensors of a state as arrays, by their names, in single precision."""
    return {name: tensor.numpy().copy() for name, tensor in state.items()}


def tensors_of(arrays):
    """Return the state that arrays were made of."""
    return {name: tensor_of(array) for name, array in arrays.items()}


def network_from_arrays(architecture, arrays):
    """Return the network of `arrays_of` in double precision."""
    network = Network(architecture, torch.Generator()).in_double_precision()
    network.load(tensors_of(arrays))
    return network
