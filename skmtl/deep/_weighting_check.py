"""The parameter `weighting` of networks, checked without torch."""

from skmtl._data.checks import check_option

WEIGHTING = ("equal", "uncertainty", "dwa", "gradnorm", "pcgrad")


def check_weighting(model):
    """Raise if an estimator has no such weighting, or its tasks nothing that could be weighted."""
    weighting = model.weighting
    if not callable(weighting):
        check_option(weighting, "weighting", WEIGHTING)
    if isinstance(weighting, type):
        raise TypeError(
            f"weighting must be an object that can be called, got the class {weighting.__name__}: "
            f"pass weighting={weighting.__name__}()."
        )
    if isinstance(weighting, str) and weighting == "equal":
        return
    if model.sharing != "hard" or model.training != "joint":
        raise ValueError(
            f"weighting={weighting!r} weights the gradients of what tasks share, which needs "
            f"sharing='hard' and training='joint'; got sharing={model.sharing!r} and "
            f"training={model.training!r}. Set weighting='equal'."
        )
    if model.trunk_learning_rate == 0:
        raise ValueError(
            f"weighting={weighting!r} weights the gradients of what tasks share, but "
            "trunk_learning_rate=0 freezes it. Set weighting='equal'."
        )
