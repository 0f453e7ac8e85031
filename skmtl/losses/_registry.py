"""Losses by name."""

from skmtl._data.checks import check_option
from skmtl.losses._base import Loss
from skmtl.losses._classes import Logistic
from skmtl.losses._numbers import Huber, Poisson, Squared

LOSSES = {
    "squared_error": Squared,
    "huber": Huber,
    "poisson": Poisson,
    "logistic": Logistic,
}


def names_of_losses(*, of_classes):
    """Names of the registered losses whose targets are classes, or of the others."""
    return tuple(name for name, loss in LOSSES.items() if loss.of_classes == of_classes)


def is_of_classes(loss):
    """Whether a loss, given by name or as an instance, is one of classes; False if unknown."""
    if isinstance(loss, str):
        return loss in LOSSES and LOSSES[loss].of_classes
    return isinstance(loss, Loss) and loss.of_classes


def make_loss(loss, names=tuple(LOSSES), name="loss", **params):
    """The loss that a user gave by its name or as an instance of :class:`Loss`.

    Parameters
    ----------
    loss : str or Loss
        One of `names`, or an instance.
    names : tuple of str, default=all of LOSSES
        The names that are allowed.
    name : str, default="loss"
        The parameter that it was given as, for messages.
    **params : dict
        Parameters of :meth:`Loss.from_params`.

    Returns
    -------
    Loss
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        raise TypeError(
            f"{name} must be one of {sorted(names)} or an instance of skmtl.losses.Loss, got "
            f"{loss!r}."
        )
    return LOSSES[check_option(loss, name, names)].from_params(**params)
