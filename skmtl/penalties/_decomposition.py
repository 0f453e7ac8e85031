"""Two penalties of the parts of W = P + Q."""

from dataclasses import dataclass

from skmtl.penalties._base import Penalty, Sum


@dataclass(frozen=True)
class Decomposition(Penalty):
    """`min shared(P) + specific(Q)` over P + Q = W.

    Parameters
    ----------
    shared : Penalty
        Penalty of the part P that tasks share; no sum.
    specific : Penalty
        Penalty of the part Q that is each task's own; no sum.
    """

    shared: Penalty
    specific: Penalty
    is_decomposition = True

    def __post_init__(self):
        """Both parts must be single penalties."""
        for part in self.parts:
            if not isinstance(part, Penalty) or isinstance(part, Sum) or part.is_decomposition:
                raise TypeError(
                    f"A part of a Decomposition must be a single penalty, got {part!r}; what both "
                    "parts pay is added to the Decomposition, if it is a Ridge."
                )

    @property
    def parts(self):
        return self.shared, self.specific

    @property
    def sees_tasks(self):
        return any(part.sees_tasks for part in self.parts)

    @property
    def is_active(self):
        """A part that is not penalized takes all of W, and the other one is zero."""
        return all(part.alpha > 0 for part in self.parts)

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

    def with_alpha(self, alpha):
        """The parts scaled by alpha: a decomposition has no strength of its own."""
        return self.scaled(alpha)

    def for_features(self, features):
        return Decomposition(*(part.for_features(features) for part in self.parts))

    def for_columns(self, n_columns):
        return Decomposition(*(part.for_columns(n_columns) for part in self.parts))

    def stacked(self, n_columns):
        return Decomposition(*(part.stacked(n_columns) for part in self.parts))
