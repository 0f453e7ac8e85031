"""What a Newton step in the variational form needs (`_newton`), by the form of the loss.

With S = diag(scale), a diagonal ridge and `B_t = S (G_t + ridge I) S + I` these are `u_t = B_t^-1 S
q_t`, in the columns of U (n_features, n_tasks), and `sum_t (I - B_t^-1) o u_t u_t'`, of which the
lower triangle counts.
"""

import numpy as np
from scipy.linalg.blas import dsyrk
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs, dtrtrs

from skmtl import _kernels


def newton_terms(form, scale):
    """U and the sum; None if a factorization fails."""
    if not form.is_gram:
        return _by_samples(form, scale)
    if len(form.blocks) == form.shape[1] > 1:
        return _one_task_a_gram(form, scale)
    return _tasks_by_gram(form, scale)


def _tasks_by_gram(form, scale):
    """By LAPACK, one Gram after the other."""
    k = len(scale)
    diagonal = slice(None, None, k + 1)
    U = np.empty_like(form.q)
    scaled_q = scale[:, None] * form.q
    total = np.zeros((k, k), order="F")
    for i, tasks in enumerate(form.blocks):
        B = np.array(form.grams[:, :, i], order="F")
        B.flat[diagonal] += form.ridge
        B *= scale[:, None]
        B *= scale
        B.flat[diagonal] += 1.0
        factor, info = dpotrf(B, lower=1, overwrite_a=1, clean=0)
        if info:
            return None
        u, _ = dpotrs(factor, scaled_q[:, tasks], lower=1)
        inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
        inverse *= -1.0
        inverse.flat[diagonal] += 1.0
        inverse *= dsyrk(1.0, u, lower=1)
        total += inverse
        U[:, tasks] = u
    return U, total


def _one_task_a_gram(form, scale):
    """Compiled, for tasks with Grams of their own."""
    k = len(scale)
    U = np.empty_like(form.q)
    total = np.zeros((k, k), order="F")
    _kernels.newton_terms(
        form.grams,
        form.q,
        scale,
        form.ridge,
        U,
        total,
    )
    if not np.isfinite(total).all():
        return None
    return U, total


def _by_samples(form, scale):
    """For tasks with fewer samples than features.

    With Y the targets times the roots of the weights, `D = I + ridge S S`, and A the centered
    samples times these roots and `S D^-1/2`: `B = D^1/2 (A'A + I) D^1/2`. So with `K = A A' + I =
    L L'`, `U = D^-1/2 A' K^-1 Y` and `I - B^-1 = I - D^-1 + D^-1/2 Z'Z D^-1/2`, `Z = L^-1 A`.
    """
    k, n_tasks = form.shape
    U = np.empty((k, n_tasks))
    D = 1.0 + form.ridge * scale**2
    root = np.sqrt(D)
    total = np.zeros((k, k))
    of_single_tasks = []  # whose products are one product
    for tasks, (X, Y) in zip(form.blocks, form.rooted_groups(), strict=True):
        A = X * (scale / root)
        K = A @ A.T
        K.flat[:: len(K) + 1] += 1.0
        factor, info = dpotrf(K, lower=1, clean=0)
        if info:
            return None
        within, _ = dpotrs(factor, Y, lower=1)
        u = A.T @ within
        u /= root[:, None]
        Z, _ = dtrtrs(factor, A, lower=1, overwrite_b=1)
        v = u / root[:, None]
        if len(tasks) == 1:
            Z *= v.T
            of_single_tasks.append(Z)
        else:
            total += (Z.T @ Z) * (v @ v.T)
        U[:, tasks] = u
    if of_single_tasks:
        Z = np.concatenate(of_single_tasks)
        total += Z.T @ Z
    total.flat[:: k + 1] += (1.0 - 1.0 / D) * np.einsum("jt,jt->j", U, U)
    return U, total
