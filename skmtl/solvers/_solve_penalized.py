import numpy as np
from scipy import sparse

from skmtl.datafits import Coupled, GramForm, Likelihood
from skmtl.penalties import L21, Decomposition, TaskCoupling, separate_quadratic
from skmtl.solvers._bcd import bcd
from skmtl.solvers._fista import fista
from skmtl.solvers._proximal_newton import proximal_newton
from skmtl.solvers._quadratic import quadratic
from skmtl.solvers._splitting import admm

_STIFF = 100  # times the curvature of the loss, from which a coupling gets a step of its own
_QUICK = 300  # gradient steps
_DENSE_FLOATS = 2**26  # of a sparse X that may be made dense


def solve_penalized(datafit, penalty, start=None, *, max_iter=1000, tol=1e-4):
    """The minimum of a loss and any penalty of :mod:`skmtl.penalties`, by the solver that suits.

    A :class:`~skmtl.likelihood.Likelihood` goes to :func:`proximal_newton`, which comes back with
    squares. There quadratic terms join the loss. What is left decides: nothing,
    :func:`quadratic`; one :class:`L21`, :func:`bcd`; one term and a coupling of tasks that is not
    stiff, :func:`fista`; anything else, :func:`admm`.

    Parameters
    ----------
    datafit : GramForm, ResidualForm or Likelihood
    penalty : Penalty
    start : Solution, default=None
        Of a similar problem, to start from.
    max_iter : int, default=1000
        Largest number of iterations.
    tol : float, default=1e-4
        On the duality gap relative to the objective at W = 0; where there is no gap, on the norm
        of the gradient relative to that at W = 0.

    Returns
    -------
    Solution

    Raises
    ------
    ValueError
        For a :class:`Decomposition` in a sum with other terms than ridges.
    """
    n_tasks = datafit.shape[1]
    if isinstance(datafit, Likelihood):
        options = {"max_iter": max_iter, "tol": tol}
        return proximal_newton(datafit, penalty, start, solve_penalized=solve_penalized, **options)
    terms, coupling = separate_quadratic(penalty, n_tasks)
    coupling = coupling + datafit.ridge * np.eye(n_tasks)
    datafit = datafit.with_ridge(0.0)
    options = {"max_iter": max_iter, "tol": tol}
    if not terms:
        return quadratic(datafit, coupling, None if start is None else start.W, **options)
    isotropic = np.array_equal(coupling, coupling[0, 0] * np.eye(n_tasks))
    decomposed = any(isinstance(term, Decomposition) for term in terms)
    if decomposed and (len(terms) > 1 or not isotropic):
        names = " + ".join(type(term).__name__ for term in terms)
        raise ValueError(
            f"No solver takes {names}{'' if isotropic else ' with a coupling of tasks'}: to a "
            "Decomposition only ridges can be added."
        )
    if not isotropic and any(len(term.unpenalized_features(datafit.shape[0])) for term in terms):
        raise ValueError(
            "No solver takes unpenalized features with a coupling of tasks: give them a small "
            "feature_weight."
        )
    penalty = sum(terms[1:], terms[0])
    W0 = np.zeros_like(datafit.mean_x) if start is None else start.W
    if not isotropic:
        return _coupled(datafit, penalty, coupling, start, W0, **options)
    datafit = datafit.with_ridge(coupling[0, 0])
    if isinstance(penalty, L21):
        return bcd(datafit, penalty, W0, **options)
    if len(terms) == 1 and not decomposed and _too_large_to_factor(datafit):
        return fista(datafit, penalty, W0, **options)
    return admm(datafit, penalty, start, **options)


def _coupled(datafit, penalty, coupling, start, W0, *, max_iter, tol):
    """Norms and a coupling of tasks: by gradients while that is quick, else by splitting."""
    done = 0
    stiff = np.linalg.norm(coupling, 2) > _STIFF * datafit.lipschitz()
    if not (stiff or len(penalty.terms) > 1):
        done = min(_QUICK, max_iter)
        solution = fista(Coupled(datafit, coupling), penalty, W0, max_iter=done, tol=tol)
        if solution.converged or done == max_iter or _too_large_to_factor(datafit):
            return solution
    both = penalty + TaskCoupling(1.0, coupling)
    solution = admm(datafit, both, start, max_iter=max_iter - done, tol=tol)
    return solution._replace(n_iter=solution.n_iter + done)


def _too_large_to_factor(datafit):
    if isinstance(datafit, GramForm):
        return False
    X = datafit.design.X
    return sparse.issparse(X) and X.shape[0] * X.shape[1] > _DENSE_FLOATS
