"""How the gradients of tasks become one step.

A weighting has the methods of :class:`EqualWeighting`, which is the base of all of them.
"""

from skmtl.deep._network.weighting.equal import EqualWeighting
from skmtl.deep._network.weighting.make import make_weighting

__all__ = ["EqualWeighting", "make_weighting"]
