"""Operations of a module of the user's, counted by torch."""

import torch
from torch.utils.flop_counter import FlopCounterMode


def multiply_adds(module, trunk):
    """Return the number of multiplications, each with an addition, for a sample.

    Parameters
    ----------
    module : Module
        One of the towers.
    trunk : Trunk
        What it takes.
    """
    x = torch.zeros(1, *trunk.input_shape, dtype=torch.int64)
    if not trunk.takes_integers:
        x = x.to(next(module.parameters(), torch.zeros(1)).dtype)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(x)
    return counter.get_total_flops() // 2  # a multiplication and an addition are two
