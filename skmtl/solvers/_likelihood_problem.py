"""A likelihood and a penalty, as Newton's method sees them."""

import numpy as np

from skmtl.penalties import separate_quadratic
from skmtl.solvers._dual_bounds import likelihood_bound


class LikelihoodProblem:
    """A likelihood and a penalty whose quadratic terms are one matrix.

    Parameters
    ----------
    likelihood : Likelihood
        The loss.
    penalty : Penalty
        A single penalty, a sum or a decomposition.

    Attributes
    ----------
    terms : list of Penalty
        The active terms of the penalty that are not quadratic.
    coupling : Coupling
        The matrix of those that are.
    free : ndarray of int
        Features that neither a term nor a ridge sees; they are kept at their optimum.
    positive : bool
        Whether W is constrained to be at least 0.
    null : Point
        The null model.
    """

    def __init__(self, likelihood, penalty):
        n_features, n_tasks = likelihood.shape
        self.likelihood = likelihood
        self.penalty = penalty
        self.terms, self.coupling = separate_quadratic(penalty, n_tasks)
        self.positive = any(term.positive for term in self.terms)
        self.free = self._free_features(n_features)
        self.null = likelihood.null(self.free, self.positive)

    def _free_features(self, n_features):
        if not self.terms or self.coupling.any():
            return np.empty(0, dtype=np.intp)
        free = np.arange(n_features)
        for term in self.terms:
            free = np.intersect1d(free, term.unpenalized_features(n_features))
        return free

    def with_free_features(self, point):
        """The point with unpenalized features at their optimum."""
        return self.likelihood.minimize_features(point, self.free, self.positive)

    @property
    def is_decomposed(self):
        """Whether W is the sum of parts."""
        return any(term.is_decomposition for term in self.terms)

    @property
    def has_gap(self):
        """Whether there is a dual: not where a quadratic penalty alone leaves directions free."""
        if self.terms:
            return True
        return self.coupling.is_definite

    def penalty_value(self, parts):
        """The penalty of W, the sum of the parts."""
        W = sum(parts)
        value = self.coupling.value(W)
        if len(parts) == 1:
            for term in self.terms:
                value += term.value(W)
            return value
        decomposition = self.terms[0]
        for penalty, V in zip(decomposition.parts, parts, strict=True):
            value += penalty.value(V)
        return value

    def restricted_penalty(self, features):
        """The penalty of these features alone, of which one term is separable, the rest quadratic.

        Returns
        -------
        Penalty
        """
        (term,) = self.terms
        quadratic = [other for other in self.penalty.terms if other.is_quadratic]
        return sum(quadratic, term.restrict(features))

    def bound(self, point, state=None):
        """A lower bound of the minimum, from what is known at a point."""
        return likelihood_bound(point, self.terms, self.coupling, state)

    def relative_gradient(self, point):
        """The norm of the gradient of likelihood and quadratic terms, relative to that at W = 0.

        Infinite where the intercepts are not at their optimum.
        """
        if not point.arrived:
            return np.inf
        gradient = point.correlation - point.W @ self.coupling
        norm = np.linalg.norm(gradient)
        at_zero = np.linalg.norm(self.null.correlation)
        relative = norm / max(at_zero, self.likelihood.rounding)
        return max(relative, point.slope_residual)
