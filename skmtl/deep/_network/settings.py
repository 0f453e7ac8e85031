"""Settings of torch that a user may have changed, as an estimator needs them while it computes."""

from contextlib import ExitStack, contextmanager

import torch


@contextmanager
def own_settings(n_threads=None):
    """Context in which torch has the settings that it starts with; the user's are put back after.

    There are gradients, also inside of `torch.no_grad` and `torch.inference_mode`, and new tensors
    are in single precision on the CPU. With a number of threads, torch has that many of them: sums
    over more are rounded differently.
    """
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        if torch.get_default_device().type != "cpu":  # a context slows all of torch down
            stack.enter_context(torch.device("cpu"))
        if torch.get_default_dtype() != torch.float32:
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
            torch.set_default_dtype(torch.float32)
        if n_threads is not None:
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(n_threads)
        yield
