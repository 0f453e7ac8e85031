"""Newton's method for likelihoods of data in partitions, where every look at them is a round."""

from skmtl.datafits import ROUNDING
from skmtl.solvers._likelihood_problem import LikelihoodProblem
from skmtl.solvers._newton_iteration import NewtonIteration
from skmtl.solvers._softmax import columns_to_stack, fixes_shift

_LEAST_TOL = 1e2 * ROUNDING
_MOST_STALLED = 10  # steps
_ROUNDING = 1e-12  # of the objective
_NEAR = 3.0  # times the tolerance: progress of a step from which on the gap may be small


def partitioned_newton(
    likelihood,
    penalty,
    start=None,
    *,
    inner_solver,
    max_iter=100,
    tol=1e-4,
):
    """Newton's method of :func:`proximal_newton` in few rounds over the data.

    A step is one round: it gives the objective on the way to the minimum of the squared loss, and
    all derivatives at its end. One more gives the lower bound of the minimum, once the progress of
    a step says that the gap may be small.

    Parameters
    ----------
    likelihood : PartitionedLikelihood
        The loss.
    penalty : Penalty
        A single penalty, a sum or a decomposition.
    start, inner_solver, max_iter, tol
        As in :func:`proximal_newton`.

    Returns
    -------
    Solution
    """
    n_columns = columns_to_stack(likelihood)
    if n_columns:
        fixed = fixes_shift(penalty.stacked(n_columns))
        likelihood = likelihood.with_stacked_columns(fix_shift=fixed)
    problem = LikelihoodProblem(likelihood, penalty)
    iteration = _PartitionedIteration(problem, start, inner_solver, tol)
    return iteration.run(max_iter, max(tol, _LEAST_TOL))


class _PartitionedIteration(NewtonIteration):
    """Newton's method whose lower bounds are asked for where they may end it."""

    def __init__(self, problem, start, inner_solver, tol):
        super().__init__(problem, start, inner_solver)
        self.tol = tol
        self.n_stalled = 0

    def _step(self, enough):
        """As in memory, but where steps lower nothing any more, few are made for the gap alone."""
        moved = super()._step(enough)
        stalls = self.progress <= _ROUNDING * self.objective
        self.n_stalled = self.n_stalled + 1 if stalls else 0
        if moved and self.n_stalled == _MOST_STALLED:
            self._measure()
            return False
        return moved

    def _may_be_last(self):
        """Whether the last step says so: the gap is hardly ever smaller than what it gained."""
        return self.progress <= _NEAR * self.tol * self.problem.null.value

    def _extrapolate(self, moved):
        """The point itself: another one would take a round."""
        return moved
