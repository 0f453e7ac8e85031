"""A first look at a trunk of the user's: what it makes of two samples."""

import copy
import inspect

import torch
from torch import nn

from skmtl.deep._network.random_state import seeded
from skmtl.deep._network.tensors import single_precision, tensor_of
from skmtl.deep._trunk import Trunk

_EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)
_EXPECTED = "expected a tensor of floats with a row for each sample"


def new_module(source):
    """Return a module from a trunk's source: a copy, or what the factory makes.

    It is in single precision on the CPU.
    """
    is_module = isinstance(source, nn.Module)
    module = copy.deepcopy(source) if is_module else _made(source)
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"trunk={source!r} returned {type(module).__name__}; expected a function without "
            "arguments that returns a torch.nn.Module."
        )
    return module.cpu().float()


def _made(factory):
    """Return what a factory makes; raise if it wants arguments."""
    try:
        inspect.signature(factory).bind()
    except TypeError as error:
        raise TypeError(
            f"trunk={factory!r} cannot be called without arguments ({error}): give a module, or a "
            "function that takes none."
        ) from error
    except ValueError:  # it has no signature
        pass
    return factory()


def try_trunk(source, samples, *, is_trained):
    """Return the Trunk of a module or factory.

    Parameters
    ----------
    source : torch.nn.Module or callable
        What the user passed.
    samples : ndarray of shape (2, ...)
        Two samples as the trunk is to take them.
    is_trained : bool
        Whether it is to be trained.

    Raises
    ------
    TypeError
        If the source is neither a module nor a function that makes one.
    ValueError
        If the module does not take the samples, or returns what cannot be a representation; if it
        is to be trained, but none of its parameters can be.
    """
    if not callable(source):
        raise TypeError(
            f"trunk must be a torch.nn.Module or a function without arguments, got {source!r}."
        )
    x = tensor_of(samples)
    with seeded(torch.Generator().manual_seed(0)):
        module = new_module(source).eval()
        output = _output(module, single_precision(x))
        if is_trained:
            _check_can_be_trained(module)
        has_double_precision = _has_double_precision(module, x)
    return Trunk(
        source=source,
        is_factory=not isinstance(source, nn.Module),
        input_shape=tuple(x.shape[1:]),
        takes_integers=not x.is_floating_point(),
        n_outputs=output[0].numel(),
        has_double_precision=has_double_precision,
    )


def _output(module, x):
    """Return what the module makes of two samples; raise if that is no representation."""
    try:
        with torch.no_grad():
            output = module(x)
    except Exception as error:
        raise ValueError(
            f"The trunk failed on two samples, {_described(x)}: {error}{_advice(module, x, error)}"
        ) from error
    if not isinstance(output, torch.Tensor):
        raise ValueError(
            f"The trunk returned {type(output).__name__} for two samples, {_EXPECTED}: wrap it in "
            "a module that returns one of its outputs."
        )
    is_valid = output.is_floating_point() and output.dim() > 0 and len(output) == len(x)
    if not is_valid or output.numel() == 0:
        raise ValueError(
            f"The trunk returned {_described(output)} for two samples, {_EXPECTED}. (Layers may "
            "need batch_first=True, or an axis of samples that they keep.)"
        )
    return output


def _check_can_be_trained(module):
    """Raise if a module has parameters, and requires gradients of none."""
    are_trained = [parameter.requires_grad for parameter in module.parameters()]
    if are_trained and not any(are_trained):
        raise ValueError(
            "No parameter of the trunk requires gradients, so that training would leave it as it "
            "is: set trunk_learning_rate=0, which says so and is faster, or call "
            "trunk.requires_grad_(True) to train it. (Modules of to_torch require none.)"
        )


def _described(x):
    """Return a tensor's shape and type as text."""
    return f"a tensor of shape {tuple(x.shape)} and type {x.dtype}"


def _advice(module, x, error):
    """Return what may help if a trunk does not take x, as the end of a message."""
    has_embedding = any(isinstance(part, _EMBEDDINGS) for part in module.modules())
    advice = []
    if isinstance(error, IndexError) and not x.is_floating_point():
        advice.append(range_of_integers(x))
    elif x.is_floating_point() and (has_embedding or "Long" in str(error)):
        advice.append("give X as integers in fit, in all of its columns")
    elif not x.is_floating_point() and not has_embedding:
        advice.append(
            "X is of an integer type: if it holds numbers, such as pixels, give X as floats"
        )
    if x.dim() == 2 and not has_embedding:
        advice.append("reshape= sets the shape of samples")
    return f" ({'; '.join(advice)})" if advice else ""


def range_of_integers(x):
    """Return what integers a tensor holds, and which ones an embedding takes, as text."""
    low, high = int(x.min()), int(x.max())
    return f"X has integers from {low} to {high}; an nn.Embedding takes 0 to num_embeddings - 1"


def _has_double_precision(module, x):
    """Whether the module works in double precision; its own parameters are changed to it."""
    if x.is_floating_point():
        x = x.double()
    try:
        with torch.no_grad():
            output = module.double()(x)
    except Exception:  # whatever code of the user's raises, such as for tensors of mixed precision
        return False
    return output.dtype == torch.float64
