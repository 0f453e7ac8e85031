"""Accelerated proximal gradient steps for a likelihood and a penalty that has a prox.

A step takes two products with the samples and no curvature. Where a step of Newton's method takes
as much time as hundreds of them, most problems are solved before its first would be.
"""

import numpy as np
from scipy import sparse

from skmtl.datafits import inner
from skmtl.solvers._solution import Solution, gap_between

_CHECK = 10  # steps between two certificates
_LONGER = 0.97  # of the curvature of the last step, with which the next is tried
_ROUNDING = 1e-13  # of the objective
_BACKTRACKS = 100
_SPEED = 4  # operations of a product of matrices in the time of one with few columns
_NEWTON_STEPS = 2  # whose time gradient steps may take
_WORTH = 20  # gradient steps in the time of one of Newton's method


def steps_in_time_of_newton(problem, n_features):
    """Number of gradient steps in the time of one of Newton's method, 0 where that is quick.

    A gradient step multiplies the samples by two matrices, one of Newton's method by as many as
    there are features or samples, which is quicker by the operation.
    """
    likelihood = problem.likelihood
    if len(problem.terms) != 1 or problem.is_decomposed:
        return 0
    X = likelihood.design.X
    rank = min(n_features, np.count_nonzero(likelihood.seen) / likelihood.shape[1])
    n_steps = rank / (2 * _SPEED)
    by_products = problem.terms[0].is_group_norm and not problem.coupling.any()
    if sparse.issparse(X) and not by_products:  # else products with X are all that both need
        n_steps *= X.shape[0] * X.shape[1] / max(X.nnz, 1)
    return int(n_steps) if n_steps >= _WORTH else 0


def quick_steps(problem, start, *, max_iter, tol):
    """The point after :func:`gradient_steps` for as long as they are worth it, or None.

    Its number of iterations is that of steps of Newton's method in the time they took; `max_iter`
    is in these units too.
    """
    n_a_step = steps_in_time_of_newton(problem, problem.likelihood.shape[0])
    if not n_a_step:
        return None
    n_steps = n_a_step * min(_NEWTON_STEPS, max_iter)
    solution = gradient_steps(problem, start, max_iter=n_steps, tol=tol)
    return solution._replace(n_iter=-(-solution.n_iter // n_a_step))


def gradient_steps(problem, start, *, max_iter, tol):
    """The point after so many steps, or as soon as its duality gap is small.

    Intercepts and unpenalized features are minimized over. Curvatures are found by backtracking,
    and the momentum starts anew where it points uphill.

    Parameters
    ----------
    problem : LikelihoodProblem
        The likelihood and a penalty of one term and a coupling of tasks.
    start : Solution or None
        Solution of a similar problem; None starts at the null model.
    max_iter : int
        Largest number of steps.
    tol : float
        Stop when the duality gap is at most `tol` times the objective of the null model.

    Returns
    -------
    Solution

    References
    ----------
    Beck, Teboulle (2009), "A fast iterative shrinkage-thresholding algorithm", SIAM J. Imaging
    Sciences 2, section 4. O'Donoghue, Candes (2015), "Adaptive restart for accelerated gradient
    schemes", Found. Comput. Math. 15, equation 13.
    """
    null = problem.null.value
    steps = _GradientSteps(problem, start)
    bound = 0.0
    n_iter = 0
    while True:
        point = problem.with_free_features(steps.settled())
        objective = point.value + problem.penalty_value([point.W])
        bound = max(bound, problem.bound(point))
        gap = gap_between(objective, bound)
        optimality = gap / null if null > 0 else 0.0
        if optimality <= tol or n_iter >= max_iter:
            break
        n_steps = min(_CHECK, max_iter - n_iter)
        for _ in range(n_steps):
            steps.take()
        n_iter += n_steps
    return Solution(
        point.W,
        n_iter=max(n_iter, 1),
        objective=objective,
        gap=gap,
        optimality=optimality,
        converged=optimality <= tol,
    )


class _GradientSteps:
    """The last :class:`Point`, and the one ahead of it at which the next gradient is taken."""

    def __init__(self, problem, start):
        self.likelihood = problem.likelihood
        (self.term,) = problem.terms
        self.coupling = problem.coupling
        W = problem.null.W if start is None else start.W
        self.point = self.likelihood.at(self.term.prox(W, 0.0))
        self.ahead = self.point
        self.momentum = 1.0
        self.curvature = self._first_curvature()

    def _first_curvature(self):
        """The curvature along the gradient, at most the largest."""
        D = self._gradient(self.point)
        squares = inner(D, D)
        if squares == 0:
            return 1.0
        along = self.likelihood.forward(D)
        change = self.likelihood.weighted(self.point.curvature * along**2).sum()
        return (change + 2 * self.coupling.value(D)) / squares or 1.0

    def settled(self):
        """The last point with intercepts at their optimum."""
        return self.likelihood.settled(self.point.W, self.point.forward, self.point.b)

    def _gradient(self, point):
        return point.W @ self.coupling - point.correlation

    def _smooth_value(self, point):
        return point.value + self.coupling.value(point.W)

    def take(self):
        """One step."""
        before = self.point
        self.point = self._descend(self.ahead)
        change = self.point.W - before.W
        if inner(self.ahead.W - self.point.W, change) > 0:
            self.momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * self.momentum**2)) / 2
        beyond = (self.momentum - 1) / following
        self.momentum = following
        self.ahead = self.likelihood.between(before, self.point, 1 + beyond)

    def _descend(self, point):
        """The minimum of a model that is above the objective, which begins at a point."""
        gradient = self._gradient(point)
        value = self._smooth_value(point)
        rounding = _ROUNDING * abs(value)
        self.curvature *= _LONGER
        for _ in range(_BACKTRACKS):
            size = 1 / self.curvature
            W = self.term.prox(point.W - size * gradient, size)
            # at the same intercepts: the value at their optimum is lower still
            reached = self.likelihood.direction(W, point.b)
            D = W - point.W
            model = value + inner(gradient, D) + 0.5 * self.curvature * inner(D, D)
            if self._smooth_value(reached) <= model + rounding:
                break
            self.curvature *= 2
        return reached
