"""From the parameter of an estimator to a weighting."""

import sys

from skmtl.deep._network.weighting.aggregation import AggregatorWeighting
from skmtl.deep._network.weighting.dynamic_average import DynamicWeightAveraging
from skmtl.deep._network.weighting.equal import EqualWeighting
from skmtl.deep._network.weighting.gradnorm import GradNormWeighting
from skmtl.deep._network.weighting.pcgrad import PCGradWeighting
from skmtl.deep._network.weighting.scalarization import ScalarizerWeighting
from skmtl.deep._network.weighting.uncertainty import UncertaintyWeighting

_WEIGHTINGS = {
    "equal": EqualWeighting,
    "uncertainty": UncertaintyWeighting,
    "dwa": DynamicWeightAveraging,
    "gradnorm": GradNormWeighting,
    "pcgrad": PCGradWeighting,
}


def make_weighting(weighting):
    """Return the weighting of that name, or of a callable."""
    if isinstance(weighting, str):
        return _WEIGHTINGS[weighting]()
    if _takes_losses(weighting):
        return ScalarizerWeighting(weighting)
    return AggregatorWeighting(weighting)


def _takes_losses(weighting):
    """Whether a callable makes one loss of several, rather than one gradient of several.

    Scalarizers of TorchJD do, and whatever says so by an attribute `takes_losses`. An object of
    TorchJD can only be there if TorchJD has been imported.
    """
    scalarization = sys.modules.get("torchjd.scalarization")
    if scalarization is not None and isinstance(weighting, scalarization.Scalarizer):
        return True
    return bool(getattr(weighting, "takes_losses", False))
