"""How the gradients of tasks become one step.

A weighting has four methods, those of :class:`EqualWeighting`.
"""

from skmtl.deep._network.weighting.equal import EqualWeighting

__all__ = ["EqualWeighting"]
