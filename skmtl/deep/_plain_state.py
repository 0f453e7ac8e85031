"""What estimators store: arrays, numbers and dicts, of which all tools know how to store them."""

from types import MappingProxyType

from skmtl.deep._architecture import Architecture
from skmtl.deep._feature_scale import FeatureScale
from skmtl.deep._target_units import TargetUnits
from skmtl.deep._trunk_input import TrunkInput

_PARTS = MappingProxyType(
    {
        "_architecture": Architecture,
        "_feature_scale": FeatureScale,
        "_trunk_input": TrunkInput,
        "_units": TargetUnits,
    }
)


class PlainState:
    """Mixin of estimators whose fitted parts are dataclasses.

    They are stored as dicts, so that skops, which asks whether to trust every class that it meets,
    meets no other than that of the estimator.
    """

    def __getstate__(self):
        state = dict(super().__getstate__())
        for name in _PARTS:
            if state.get(name) is not None:
                state[name] = dict(vars(state[name]))
        return state

    def __setstate__(self, state):
        state = dict(state)
        for name, part in _PARTS.items():
            if state.get(name) is not None:
                state[name] = part(**state[name])
        super().__setstate__(state)
