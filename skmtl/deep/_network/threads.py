"""Threads of torch, pinned for as long as an estimator computes."""

from contextlib import contextmanager

import torch


@contextmanager
def pinned_threads(n_threads):
    """Context in which torch has `n_threads` threads: sums over more are rounded differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
