"""The steps of Newton's method for a likelihood and a penalty."""

import numpy as np

from skmtl.solvers._extrapolation import anderson_weights
from skmtl.solvers._softmax import columns_to_stack, softmax_step
from skmtl.solvers._solution import Solution, gap_between, starting_at

_SHARE = 0.01  # of the gap, to which a squared loss in the place of the likelihood is solved
_LEAST_SHARE = 1e-6  # below which a step that does not lower the objective is rounding
_INNER = 1000  # iterations that this may take
_MEMORY = 6  # steps that are extrapolated
_DAMPING = 1e-8  # of their extrapolation
_ROUNDING = 1e-9  # of the objective
_TINY = 1e-300


class NewtonIteration:
    """The point of Newton's method, W as the sum of its parts, and how far it is from the minimum.

    Parameters
    ----------
    problem : LikelihoodProblem
        The likelihood and the penalty.
    start : Solution or None
        Solution of a similar problem; None starts at the null model.
    inner_solver : callable
        The solver of squared losses.
    """

    def __init__(self, problem, start, inner_solver):
        self.problem = problem
        self.inner_solver = inner_solver
        self.point = problem.null
        self.inner = starting_at(problem.null.W)
        if start is not None:
            self.point = problem.with_free_features(problem.likelihood.at(start.W))
            self.inner = start
        self.n_columns = columns_to_stack(problem.likelihood)
        self.parts = self._parts_of(self.inner, self.point.W)
        self.bound = 0.0
        self.share = _SHARE
        self.progress = np.inf
        self.history = []

    def run(self, max_iter, tol):
        """Steps until the optimality is at most `tol`: a :class:`Solution`."""
        n_iter = 0
        while True:
            is_last = n_iter >= max_iter
            self._measure(is_last)
            if self.optimality <= tol or is_last:
                break
            least = tol * self.problem.null.value
            most = min(self.left, self.progress)
            if not self._step(self.share * max(most, least)):
                break  # rounding: nothing is lower
            n_iter += 1
        self._fix_shift_of_classes()
        return Solution(
            self.point.W,
            n_iter=max(n_iter, 1),
            objective=self.objective,
            gap=self.gap,
            optimality=self.optimality,
            converged=self.optimality <= tol,
            parts=tuple(self.parts) if len(self.parts) > 1 else (),
            state=self.inner.state,
        )

    def _may_be_last(self):
        """Whether the point may be so close to the minimum that a lower bound is worth its cost."""
        return True

    def _measure(self, is_last=True):
        """Set objective, gap and optimality; `left` is how much the objective may still fall."""
        null = self.problem.null.value
        self.objective = self._objective(self.point, self.parts)
        if self.problem.has_gap:
            if is_last or self._may_be_last():
                bound = self.problem.bound(self.point, self.inner.state)
                self.bound = max(self.bound, bound)
            self.gap = gap_between(self.objective, self.bound)
            self.optimality = self.gap / null if null > 0 else 0.0
            self.left = self.gap
        else:
            self.gap = np.nan
            self.optimality = self.problem.relative_gradient(self.point)
            self.left = self.optimality**2 * null

    def _fix_shift_of_classes(self):
        """Let the coefficients of the classes of a task add up to 0 where only a ridge could tell.

        What all classes have in common is not seen by the likelihood, nor by a quadratic penalty
        that leaves directions free.
        """
        likelihood = self.problem.likelihood
        if self.problem.terms or not likelihood.class_columns:
            return
        W = self.point.W.copy()
        for columns in likelihood.class_columns:
            W[:, columns] -= W[:, columns].mean(axis=2, keepdims=True)
        rounding = _ROUNDING * self.objective
        if self.problem.penalty_value([W]) <= self.problem.penalty_value(self.parts) + rounding:
            self.point = likelihood.at(W, self.point.b)
            self.parts = [W]
            self._measure()

    def _step(self, enough):
        """Go towards the minimum of the squared loss; returns whether that lowered the objective.

        Where it did not, it is solved more exactly in the next step, until that is exact.
        """
        likelihood = self.problem.likelihood
        other = self._solve_inner(enough)
        before = self.parts
        after = self._parts_of(self.inner, self.inner.W)

        def penalty_value(step):
            return self.problem.penalty_value(_between(before, after, step))

        moved, step = likelihood.search(self.point, other, penalty_value)
        if step == 0 and self.share < _LEAST_SHARE:
            return False
        self.parts = _between(before, after, step)
        if not (likelihood.exact_curvature or self.n_columns):
            moved = self._extrapolate(moved)
        self.progress = self.objective - self._objective(moved, self.parts)
        quick = self.progress > 0.5 * self.share * self.left
        self.share = _SHARE if quick else 0.1 * self.share
        self.point = self.problem.with_free_features(moved)
        change = self.point.W - moved.W
        self.parts[0] = self.parts[0] + change
        return True

    def _solve_inner(self, enough):
        """Set `inner` to the minimum of the squared loss, up to a gap; returns its point."""
        options = {"inner_solver": self.inner_solver, "max_iter": _INNER}
        if self.n_columns:
            self.inner, b = softmax_step(
                self.point,
                self.problem.penalty,
                self.inner,
                self.n_columns,
                enough,
                **options,
            )
            return self.problem.likelihood.direction(self.inner.W, b)
        Q = self.point.quadratic()
        self.inner = self.inner_solver(
            Q,
            self.problem.penalty,
            self.inner._replace(W=self.point.W),
            max_iter=_INNER,
            tol=enough / max(0.5 * Q.yy, _TINY),
        )
        return self.problem.likelihood.minimum_of(Q, self.inner.W)

    def _extrapolate(self, moved):
        """The affine combination of the last points whose steps cancel best, if it is lower.

        Sets the parts to those of the point that is returned.
        """
        self.history = [*self.history[-_MEMORY:], (moved, self.parts)]
        if len(self.history) < 3:
            return moved
        points, iterates = zip(*self.history, strict=True)
        weights = anderson_weights(np.array(iterates), _DAMPING)
        if weights is None:
            return moved
        parts = _combine(weights, iterates)
        forward = _combine(weights, [point.forward for point in points])
        b = _combine(weights, [point.b for point in points])
        further = self.problem.likelihood.settled(parts.sum(axis=0), forward, b)
        parts = list(parts)
        if self._objective(further, parts) < self._objective(moved, self.parts):
            self.parts = parts
            return further
        return moved

    def _objective(self, point, parts):
        return point.value + self.problem.penalty_value(parts)

    def _parts_of(self, solution, W):
        """[W], or the parts of a decomposition."""
        if self.problem.is_decomposed:
            return list(solution.parts or (W, np.zeros_like(W)))
        return [W]


def _combine(weights, arrays):
    """The weighted sum of all arrays but the first."""
    return np.tensordot(weights, np.array(arrays[1:]), 1)


def _between(parts, others, step):
    """The parts at `parts + step * (others - parts)`."""
    if step == 1:
        return list(others)
    return [a + step * (b - a) for a, b in zip(parts, others, strict=True)]
