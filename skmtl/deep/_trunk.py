"""A trunk of the user's own, in plain Python: it is in the pickle of the fitted estimator."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trunk:
    """A torch module of the user's, or what makes one.

    Attributes
    ----------
    source : torch.nn.Module or callable
        The module, of which every member gets a copy, or a factory without arguments, which is
        called for every member.
    is_factory : bool
        Whether the source is a factory.
    input_shape : tuple of int
        Shape of a sample.
    takes_integers : bool
        Whether it is given integers of 64 bits instead of floats.
    n_outputs : int
        Number of outputs for a sample, whatever their shape.
    has_double_precision : bool
        Whether the module works in double precision as well.
    """

    source: object
    is_factory: bool
    input_shape: tuple
    takes_integers: bool
    n_outputs: int
    has_double_precision: bool
