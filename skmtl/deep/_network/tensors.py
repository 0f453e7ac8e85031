"""Tensors of arrays."""

import numpy as np
import torch


def tensor_of(array):
    """Return an array as a tensor, in the same memory unless the array is read-only or reversed."""
    return torch.from_numpy(np.require(array, requirements=["C", "W"]))


def single_precision(x):
    """Return floats of any precision in single precision, and integers as they are."""
    return x.float() if x.is_floating_point() else x
