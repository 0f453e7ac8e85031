"""Newton's method for sums of row norms, through their variational form.

`lam ||w|| = min_e ||w||^2 / (2 e) + lam^2 e / 2`, the minimum at e = ||w|| / lam. Minimized over W,
what is left is smooth and convex in one number e_j for each row, however many tasks there are. With
D = diag(e) and V = D^-1 W: `V_t = (G_t D + I)^-1 q_t`, the gradient is `(lam_j^2 - ||v_j||^2) / 2`
and the Hessian `sum_t M_t o v_t v_t'`, `M_t = (G_t D + I)^-1 G_t = S^-1 (I - B_t^-1) S^-1` with
S = sqrt(D), `B_t = S G_t S + I`. Steps, relative to e, solve `1 / ||v_j|| = 1 / lam_j`, nearly
linear in e, as for the radius of a trust region; where `||v_j|| < lam_j`, so that the row should
vanish, the curvature of log e_j is added. A ridge adds to the diagonals of the Grams.
"""

import numpy as np
from scipy.linalg.blas import dsyrk
from scipy.linalg.lapack import dposv, dpotrf, dpotri, dpotrs

from skmtl import _kernels

_STEPS = 8
_RANGE = (0.1, 10.0)  # of its value that an e_j may take on in one step


def group_newton(form, group_weights, W, tol, max_iter=_STEPS):
    """A better W of the same non-zero rows, or None.

    Parameters
    ----------
    form : GramForm
        Of the non-zero rows alone.
    group_weights : ndarray of shape (n_rows,)
        lam, positive.
    W : ndarray of shape (n_rows, n_tasks)
        No row zero.
    tol : float
        Duality gap, as far as these rows know, at which to stop.
    max_iter : int, default=8
        Largest number of steps, 8 at most.

    Returns
    -------
    (W, n_steps)
        W is None if no step lowered the objective.
    """
    terms = _one_task_a_gram if len(form.blocks) == W.shape[1] > 1 else _tasks_by_gram
    e = _norms(W) / group_weights
    least = 1e-10 * e.max()
    objective, _, _ = _certify(
        form, group_weights, W, form.evaluate(W).correlation - form.ridge * W
    )
    best, step, change, last = None, 0, None, min(max_iter, _STEPS)
    while step < last:
        step += 1
        trial = e if change is None else np.maximum(e * np.clip(1.0 + change, *_RANGE), least)
        scale = np.sqrt(trial)
        found = terms(form, scale)
        if found is None:
            break
        U, hessian = found
        new = scale[:, None] * U
        value, gap, norms = _certify(form, group_weights, new, U / scale[:, None])
        if not value <= objective:
            if change is None or step == last:
                break
            change *= 0.25
            continue
        e, best, objective = trial, new, value
        if gap <= tol:
            break
        size, excess = e * norms**2, norms / group_weights - 1.0
        hessian.flat[:: len(e) + 1] += size * np.maximum(-excess, 1e-12)
        _, change, info = dposv(hessian, size * excess, lower=1)
        if info:
            break
    return best, step


def _norms(A):
    return np.sqrt(np.einsum("ij,ij->i", A, A))


def _certify(form, group_weights, W, V):
    """Objective and gap of W among its own rows, V being minus the gradient; the norms of V."""
    qW = float(np.vdot(form.q, W))
    augmented = max(form.yy - qW - float(np.vdot(V, W)), 0.0)  # <r, D r> + ridge ||W||^2
    norms, ry = _norms(V), form.yy - qW
    primal = 0.5 * augmented + float(group_weights @ _norms(W))
    c = min(ry / augmented if augmented > 0 else 0.0, 1.0 / (norms / group_weights).max())
    return primal, primal - (c * ry - 0.5 * c**2 * augmented), norms


def _tasks_by_gram(form, scale):
    """U = S V and `sum_t (I - B_t^-1) o u_t u_t'` by LAPACK, one Gram after the other."""
    k = len(scale)
    U, hessian = np.empty_like(form.q), np.zeros((k, k), order="F")
    for i, tasks in enumerate(form.blocks):
        B = np.array(form.grams[:, :, i], order="F")
        B.flat[:: k + 1] += form.ridge
        B *= scale[:, None]
        B *= scale
        B.flat[:: k + 1] += 1.0
        factor, info = dpotrf(B, lower=1, overwrite_a=1, clean=0)
        if info:
            return None
        u = dpotrs(factor, scale[:, None] * form.q[:, tasks], lower=1)[0]
        inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
        inverse *= -1.0
        inverse.flat[:: k + 1] += 1.0
        inverse *= dsyrk(1.0, u, lower=1)
        hessian += inverse
        U[:, tasks] = u
    return U, hessian


def _one_task_a_gram(form, scale):
    U, hessian = np.empty_like(form.q), np.empty((len(scale),) * 2)
    _kernels.newton_terms(form.grams, form.q, scale, form.ridge, U, hessian)
    return (U, hessian.T) if np.isfinite(hessian).all() else None
