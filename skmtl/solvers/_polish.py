"""The last step of a fit: coefficients that are exact to rounding errors, where that is cheap.

A duality gap of 1e-4 fixes two or three digits of the coefficients. Once the features that are not
zero are known, every step of Newton's method squares what is left.
"""

import numpy as np

from skmtl._row_norms import row_norms
from skmtl.solvers._certificates import certify
from skmtl.solvers._newton import group_newton

_STEPS = 3
_FEW = 0.1  # of the features, for which a factorization costs little beside the rest of a fit
_QUICK = 1e5  # operations of a factorization that take no time
_CERTAIN = 1e-6  # share by which a correlation is below its bound where the feature is zero


def polish(datafit, penalty, solution):
    """A converged solution after Newton steps on its features that are not zero.

    They must be few, or quick to factor, and unconstrained, and the duality gap must not grow: else
    the solution is returned as it is.

    Parameters
    ----------
    datafit : SquaredDatafit
        The loss.
    penalty : L21
        The penalty.
    solution : Solution
        A solution of the problem.

    Returns
    -------
    Solution
    """
    if solution.is_polished or not solution.converged:
        return solution
    W = polished(datafit, penalty, solution, datafit)
    if W is solution.W:
        return solution
    found = certify(datafit, penalty, W)
    if not found.gap <= solution.gap:
        return solution
    return solution._replace(
        W=found.W,
        objective=found.objective,
        gap=found.gap,
        optimality=solution.optimality * found.gap / solution.gap,
    )


def polished(form, penalty, solution, datafit):
    """W of the solution after Newton steps, or as it is where they are not cheap.

    The form is that of a working set of the datafit, or the datafit itself.
    """
    W = solution.W
    group_weights = penalty.group_weights(len(W))
    nonzero = W.any(axis=1)
    if penalty.positive or solution.gap == 0 or not nonzero.any():
        return W
    active = np.flatnonzero(nonzero | (group_weights == 0))
    if not is_cheap(datafit, len(active)):
        return W
    better = _newton_of_active(form, group_weights, W, active)
    return W if better is None else better


def is_cheap(datafit, n_active):
    """Whether a factorization of the active features costs little."""
    if n_active <= _FEW * datafit.shape[0]:
        return True
    operations = len(datafit.blocks) * n_active**3
    return operations <= _QUICK


def _newton_of_active(datafit, group_weights, W, active):
    """A better W, zero but for the active features, or None.

    Newton's method cannot make a feature zero: those that should be are left out, and the others
    solved again.
    """
    form = datafit.restrict(active)
    if form is None or not form.is_gram:
        return None
    better = None
    while True:
        inside = _newton(form, group_weights[active], W[active])
        if inside is None:
            return better
        better = np.zeros_like(W)
        better[active] = inside
        correlation = form.evaluate(inside).descent(form.ridge, inside)
        norms = row_norms(correlation)
        staying = norms >= (1 - _CERTAIN) * group_weights[active]
        if staying.all():
            return better
        active = active[staying]
        form = form.restrict(np.flatnonzero(staying))


def _newton(form, group_weights, W):
    """A better W of the features of this form, or None."""
    penalized = np.flatnonzero(group_weights)
    if len(penalized) == 0:
        return None
    free = np.flatnonzero(group_weights == 0)
    free_features_of = None
    if len(free):
        form, free_features_of = form.eliminate(free)
    inside, _ = group_newton(
        form,
        group_weights[penalized],
        W[penalized],
        tol=0.0,
        max_iter=_STEPS,
    )
    if inside is None:
        return None
    W = W.copy()
    W[penalized] = inside
    if free_features_of is not None:
        W[free] = free_features_of(inside)
    return W
