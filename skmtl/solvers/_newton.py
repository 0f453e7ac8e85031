"""Newton's method for sums of group norms, through their variational form.

`lam ||w|| = min_e ||w||^2 / (2 e) + lam^2 e / 2`, the minimum at e = ||w|| / lam. Minimized over W,
what is left is smooth and convex in one number e_j for each feature, however many tasks there are.
With D = diag(e) and V = D^-1 W: `V_t = (G_t D + I)^-1 q_t`, the gradient is
`(lam_j^2 - ||v_j||^2) / 2` and the Hessian `sum_t M_t o v_t v_t'`,
`M_t = (G_t D + I)^-1 G_t = S^-1 (I - B_t^-1) S^-1` with S = sqrt(D), `B_t = S G_t S + I`. Steps,
relative to e, solve `1 / ||v_j|| = 1 / lam_j`, nearly linear in e, as for the radius of a trust
region; where `||v_j|| < lam_j`, so that the feature should vanish, the curvature of log e_j is
added. A ridge adds to the diagonals of the Grams.
"""

import numpy as np
from scipy.linalg.lapack import dposv

from skmtl._row_norms import row_norms
from skmtl.datafits import inner
from skmtl.solvers._certificates import scaled_bound
from skmtl.solvers._newton_terms import newton_terms

_STEPS = 8
_RANGE = (0.1, 10.0)  # of its value, to which an e_j may change in one step
_LEAST = 1e-10  # of the largest e_j
_ROUNDING = 1e-13  # of an objective, a difference of larger sums


def group_newton(form, group_weights, W, tol, max_iter=_STEPS):
    """A better W with the same non-zero features, or None.

    Parameters
    ----------
    form : GramForm or ResidualForm
        The loss of the non-zero features alone.
    group_weights : ndarray of shape (n_features,)
        lam, positive.
    W : ndarray of shape (n_features, n_tasks)
        Initial values; no feature is zero.
    tol : float
        Duality gap, as far as these features know, at which to stop.
    max_iter : int, default=8
        Largest number of steps, 8 at most.

    Returns
    -------
    (W, n_steps)
        W is None if no step lowered the objective.
    """
    e = row_norms(W) / group_weights
    least = _LEAST * e.max()
    gradient = form.evaluate(W).descent(form.ridge, W)
    objective, _, _ = _certify(form, group_weights, W, gradient)
    last = min(max_iter, _STEPS)
    best = None
    change = None
    step = 0
    while step < last:
        step += 1
        trial = e
        if change is not None:
            factor = np.clip(1.0 + change, *_RANGE)
            trial = np.maximum(e * factor, least)
        found = _minimize(form, np.sqrt(trial))
        if found is None:
            break
        new, V, hessian = found
        value, gap, norms = _certify(form, group_weights, new, V)
        if not value <= objective + _ROUNDING * abs(objective):
            if change is None or step == last:
                break
            change *= 0.25
            continue
        e = trial
        best = new
        objective = value
        if gap <= tol:
            break
        excess = norms / group_weights - 1.0
        change = _direction(hessian, e * norms**2, excess)
        if change is None:
            break
    return best, step


def _minimize(form, scale):
    """The minimum W at e = scale**2, its `V = D^-1 W` and the Hessian; None if that fails."""
    found = newton_terms(form, scale)
    if found is None:
        return None
    U, hessian = found
    scale = scale[:, None]
    return scale * U, U / scale, hessian


def _direction(hessian, size, excess):
    """The step relative to e; None if the Hessian, which is overwritten, is singular."""
    vanishing = np.maximum(-excess, 1e-12)
    hessian.flat[:: len(size) + 1] += size * vanishing
    _, change, info = dposv(hessian, size * excess, lower=1)
    return None if info else change


def _certify(form, group_weights, W, V):
    """Objective and gap of W among its own features, V being minus the gradient; norms of V."""
    ry = form.yy - inner(form.q, W)
    augmented = max(ry - inner(V, W), 0.0)  # <r, D r> + ridge ||W||^2
    norms = row_norms(V)
    objective = 0.5 * augmented + float(group_weights @ row_norms(W))
    scale = ry / augmented if augmented > 0 else 0.0
    largest = (norms / group_weights).max()
    scale = min(scale, 1.0 / largest)
    bound = scaled_bound(scale, augmented, ry)
    return objective, objective - bound, norms
