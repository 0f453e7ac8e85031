"""Two penalties of the parts of W = P + Q."""

from dataclasses import dataclass

from skmtl.penalties._base import Penalty, Sum


@dataclass(frozen=True)
class Decomposition(Penalty):
    """`min shared(P) + specific(Q)` over P + Q = W.

    Parameters
    ----------
    shared, specific : Penalty
        Of the part P that tasks share, and the part Q that is each task's own. Not sums.
    """

    shared: Penalty
    specific: Penalty

    def __post_init__(self):
        for part in self.parts:
            if not isinstance(part, Penalty) or isinstance(part, Sum | Decomposition):
                raise TypeError(
                    f"A part of a Decomposition must be a single penalty, got {part!r}; what both "
                    "parts pay is added to the Decomposition, if it is a Ridge."
                )

    @property
    def parts(self):
        return self.shared, self.specific

    def value(self, W):
        raise NotImplementedError("The value of W needs its best decomposition: a problem itself.")

    def prox(self, W, step):
        raise NotImplementedError("The prox needs the best decomposition: a problem itself.")

    def dual_norm(self, G):
        return max(part.dual_norm(G) for part in self.parts)

    def conjugate(self, G):
        return sum(part.conjugate(G) for part in self.parts)

    def scaled(self, factor):
        return Decomposition(*(part.scaled(factor) for part in self.parts))
