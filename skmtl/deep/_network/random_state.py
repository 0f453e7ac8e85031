"""Random numbers of the user's code, which takes them from the random state that torch shares."""

import threading
from contextlib import contextmanager

import torch

_LARGEST_SEED = 2**31 - 1
_LOCK = threading.Lock()  # there is one state for all threads


@contextmanager
def seeded(generator):
    """Context in which torch's own random state depends on the generator; it is put back after.

    Other threads that want the same wait.
    """
    seed = int(torch.randint(_LARGEST_SEED, (), generator=generator))
    with _LOCK:
        before = torch.get_rng_state()
        torch.default_generator.manual_seed(seed)
        try:
            yield
        finally:
            torch.set_rng_state(before)
