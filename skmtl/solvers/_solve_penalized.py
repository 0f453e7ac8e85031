"""Which solver takes a problem."""

import numpy as np

from skmtl.datafits import Coupled, Likelihood, PartitionedLikelihood
from skmtl.penalties import TaskCoupling, capped_norm, ridge_coupling, separate_quadratic
from skmtl.solvers._bcd import bcd
from skmtl.solvers._capped_norms import capped_descent
from skmtl.solvers._fista import fista
from skmtl.solvers._partitioned_newton import partitioned_newton
from skmtl.solvers._proximal_newton import proximal_newton
from skmtl.solvers._quadratic import quadratic
from skmtl.solvers._solution import starting_at
from skmtl.solvers._splitting import admm

_STIFF = 100  # times the curvature of the loss, from which a coupling gets a step of its own
_QUICK = 300  # gradient steps or sweeps


def solve_penalized(datafit, penalty, start=None, *, max_iter=1000, tol=1e-4):
    """The minimum of a loss and any penalty of :mod:`skmtl.penalties`, by the solver that suits.

    A :class:`~skmtl.datafits.Likelihood` goes to :func:`proximal_newton`, one of samples in
    partitions to its form that takes few rounds; each step is a squared loss. Of a squared loss the
    quadratic terms of the penalty become a part. The other terms decide: none, :func:`quadratic`;
    one group norm, :func:`bcd`; in Gram form an L1 norm, or it and an L2,1 norm of two parts,
    :func:`gram_path`; one term and a coupling of tasks that is not stiff, :func:`fista`;
    anything else, :func:`admm`.

    Parameters
    ----------
    datafit : GramForm, ResidualForm, Likelihood or PartitionedLikelihood
        The loss.
    penalty : Penalty
        A single penalty, a sum or a decomposition.
    start : Solution, default=None
        Solution of a similar problem, to start from.
    max_iter : int, default=1000
        Largest number of iterations.
    tol : float, default=1e-4
        Tolerance of the duality gap relative to the objective at W = 0; where there is no gap, of
        the norm of the gradient relative to that at W = 0.

    Returns
    -------
    Solution

    Raises
    ------
    ValueError
        If no solver takes the sum: a :class:`~skmtl.penalties.Decomposition` with other terms than
        ridges, or a coupling of tasks with features that another term does not penalize.
    """
    options = {"max_iter": max_iter, "tol": tol}
    if isinstance(datafit, Likelihood | PartitionedLikelihood):
        newton = partitioned_newton if datafit.is_partitioned else proximal_newton
        return newton(
            datafit,
            penalty,
            start,
            inner_solver=solve_penalized,
            **options,
        )
    n_tasks = datafit.shape[1]
    terms, coupling = separate_quadratic(penalty, n_tasks)
    if datafit.ridge:
        coupling = coupling + ridge_coupling(datafit.ridge, n_tasks)
    datafit = datafit.with_ridge(0.0)
    if not terms:
        W0 = None
        if start is not None:
            W0 = start.W
        return quadratic(datafit, coupling, W0, **options)
    ridge = coupling.common_ridge
    _check_sum(terms, ridge, datafit.shape[0])
    penalty = sum(terms[1:], terms[0])
    if start is None:
        start = starting_at(np.zeros(datafit.shape))
    if ridge is None:
        return _solve_coupled(datafit, penalty, coupling, start, **options)
    datafit = datafit.with_ridge(ridge)
    if penalty.is_group_norm and datafit.separate is datafit:
        return bcd(datafit, penalty, start.W, **options)
    norm = capped_norm(penalty, n_tasks)
    if norm is not None and datafit.is_gram and not ridge and datafit.separate is datafit:
        return _descend_capped(datafit, penalty, norm, start, **options)
    single = len(terms) == 1 and not penalty.is_decomposition
    if single and not datafit.is_factorable:
        return fista(datafit, penalty, start.W, **options)
    return admm(datafit, penalty, start, **options)


def _descend_capped(
    datafit,
    penalty,
    norm,
    start,
    *,
    max_iter,
    tol,
):
    """A capped norm of the features: by descent, by splitting where that is slow."""
    n_done = min(_QUICK, max_iter)
    solution = capped_descent(datafit, penalty, norm, start.W, max_iter=n_done, tol=tol)
    if solution.converged or n_done == max_iter:
        return solution
    solution = admm(datafit, penalty, start, max_iter=max_iter - n_done, tol=tol)
    return solution._replace(n_iter=solution.n_iter + n_done)


def _check_sum(terms, ridge, n_features):
    """ValueError for terms that no solver takes; `ridge` is None if tasks are coupled."""
    decomposed = any(term.is_decomposition for term in terms)
    if decomposed and (len(terms) > 1 or ridge is None):
        kinds = [type(term).__name__ for term in terms]
        names = " + ".join(kinds)
        coupled = ""
        if ridge is None:
            coupled = " with a coupling of tasks"
        raise ValueError(
            f"No solver takes {names}{coupled}: to a Decomposition only ridges can be added."
        )
    if ridge is not None:
        return
    for term in terms:
        unpenalized = term.unpenalized_features(n_features)
        if len(unpenalized):
            raise ValueError(
                "No solver takes unpenalized features with a coupling of tasks: give them a small "
                "feature_weight, or their group a small penalty."
            )


def _solve_coupled(
    datafit,
    penalty,
    coupling,
    start,
    *,
    max_iter,
    tol,
):
    """Norms and a coupling of tasks: by gradient steps while they are quick, else by splitting."""
    n_done = 0
    stiff = coupling.largest > _STIFF * datafit.lipschitz()
    if len(penalty.terms) == 1 and not stiff:
        n_done = min(_QUICK, max_iter)
        coupled = Coupled(datafit, coupling)
        solution = fista(coupled, penalty, start.W, max_iter=n_done, tol=tol)
        last = n_done == max_iter or not datafit.is_factorable
        if solution.converged or last:
            return solution
    both = penalty + TaskCoupling(1.0, coupling)
    left = max_iter - n_done
    solution = admm(datafit, both, start, max_iter=left, tol=tol)
    return solution._replace(n_iter=solution.n_iter + n_done)
