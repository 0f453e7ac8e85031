"""What solvers return."""

from typing import NamedTuple

import numpy as np

from skmtl.datafits import ROUNDING


class Solution(NamedTuple):
    """What a solver returns.

    Attributes
    ----------
    W : ndarray of shape (n_features, n_tasks)
        Coefficients.
    n_iter : int
        Number of iterations: passes over the features (descent), gradient steps, or whatever the
        solver repeats.
    objective : float
        Loss plus penalty at W.
    gap : float
        Certified duality gap, an upper bound of `objective` minus its minimum. It is NaN where
        there is no dual.
    optimality : float
        What `tol` is compared with: the gap relative to the objective of the null model, or, where
        there is no dual, the norm of the gradient relative to that at W = 0.
    converged : bool
        Whether `optimality <= tol`.
    parts : tuple of ndarray, default=()
        The parts of a decomposed W, each (n_features, n_tasks).
    is_polished : bool, default=False
        Whether W is exact to rounding errors.
    state : object, default=None
        State from which the solver that made it can continue.
    """

    W: np.ndarray
    n_iter: int
    objective: float
    gap: float
    optimality: float
    converged: bool
    parts: tuple = ()
    is_polished: bool = False
    state: object = None


def certified_solution(
    W,
    n_iter,
    objective,
    gap,
    *,
    null,
    tol,
    **rest,
):
    """The :class:`Solution` of a W with a duality gap, `null` being the null model's objective."""
    return Solution(
        W,
        n_iter=max(n_iter, 1),
        objective=objective,
        gap=gap,
        optimality=gap / null if null > 0 else gap,
        converged=gap <= tol * null,
        **rest,
    )


def gap_between(objective, bound):
    """The duality gap, not below the rounding error of the objective."""
    return max(objective - bound, ROUNDING * objective)


def starting_at(W, parts=()):
    """A :class:`Solution` of which only the initial values W are known."""
    return Solution(
        W,
        n_iter=0,
        objective=np.nan,
        gap=np.nan,
        optimality=np.nan,
        converged=False,
        parts=parts,
    )
