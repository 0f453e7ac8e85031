"""The parameter `weighting` of networks, checked without torch."""

from skmtl._data.checks import check_option

WEIGHTING = ("equal", "uncertainty", "dwa", "gradnorm", "pcgrad")


def check_weighting(weighting, sharing, training):
    """Raise if there is no such weighting, or if tasks share nothing that it could weight.

    Parameters
    ----------
    weighting : str or callable
        As in the estimators.
    sharing, training : str
        What tasks share, and how they are trained.
    """
    if not callable(weighting):
        check_option(weighting, "weighting", WEIGHTING)
    if isinstance(weighting, type):
        raise TypeError(
            f"weighting must be an object that can be called, got the class {weighting.__name__}: "
            f"pass weighting={weighting.__name__}()."
        )
    if weighting != "equal" and (sharing != "hard" or training != "joint"):
        raise ValueError(
            f"weighting={weighting!r} weights the gradients of what tasks share, which needs "
            f"sharing='hard' and training='joint'; got sharing={sharing!r} and "
            f"training={training!r}. Set weighting='equal'."
        )
