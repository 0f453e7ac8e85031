"""What a penalty is, and the sum of several."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from skmtl._data.checks import check_real


class Penalty(ABC):
    """A convex function of W (n_features, n_tasks), zero at zero: a norm, or the square of one.

    A subclass is a frozen dataclass whose first field is its strength `alpha`. It implements
    `value`, `prox` and, being a norm, `dual_norm`, or, being the square of a norm, `conjugate`.
    """

    alpha: float

    def __post_init__(self):
        """Check the parameters; the base checks alpha."""
        check_real(self.alpha, "alpha")

    @abstractmethod
    def value(self, W):
        """The penalty at W, a float."""

    @abstractmethod
    def prox(self, W, step):
        """`argmin_V 1/2 ||V - W||^2 + step * penalty(V)`, of W's shape."""

    def dual_norm(self, G):
        """The smallest c >= 0 with `<G, V> <= c * penalty(V)` for every V (penalized part).

        0 for the square of a norm, which has a `conjugate` instead.
        """
        if type(self).conjugate is Penalty.conjugate:
            raise NotImplementedError(
                f"{type(self).__name__} has no dual: give it dual_norm if it is a norm, or "
                "conjugate if it is the square of one. Certificates need it."
            )
        return 0.0

    def conjugate(self, G):
        """`max_V <G, V> - penalty(V)` of the square of a norm; 0 for a norm."""
        return 0.0

    def unpenalized_features(self, n_features):
        """Indices of the features that the penalty never sees; none unless it says so."""
        return np.empty(0, dtype=np.intp)

    def scaled(self, factor):
        """The same penalty, `factor` times as strong."""
        return replace(self, alpha=self.alpha * factor)

    def restrict(self, rows):
        """The penalty of these rows of W alone, None where rows are not penalized apart."""
        return None

    @property
    def terms(self):
        """The penalties that this one is the sum of."""
        return (self,)

    def __add__(self, other):
        if not isinstance(other, Penalty):
            return NotImplemented
        return Sum((*self.terms, *other.terms))


@dataclass(frozen=True)
class Sum(Penalty):
    """The sum of several penalties of the same W: what ``+`` makes."""

    penalties: tuple

    def __post_init__(self):
        """Its terms are checked already."""

    def value(self, W):
        return sum(penalty.value(W) for penalty in self.penalties)

    def prox(self, W, step):
        raise NotImplementedError(
            f"A sum of {len(self.penalties)} penalties has no proximal operator of its own; "
            "skmtl.solvers.solve_penalized takes it apart."
        )

    def scaled(self, factor):
        return Sum(tuple(penalty.scaled(factor) for penalty in self.penalties))

    @property
    def terms(self):
        return self.penalties


def _ratio(value, alpha):
    """value / alpha; 0 where both are, else infinite for a penalty of no strength."""
    return float(value) / alpha if alpha > 0 else (np.inf if value > 0 else 0.0)
