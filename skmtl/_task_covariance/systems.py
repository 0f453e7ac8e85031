"""Which of the three linear systems to solve, by what they cost.

All have ``dual(y)``, ``intercepts(y, dual)``, ``leave_one_out(y, by)``, ``cell_precisions()`` and
``log_determinant()`` of vectors over :class:`Observations`, and a `name`. Their alpha
is at least the :func:`noise_floor`.
"""

import warnings

import numpy as np
from scipy.linalg import norm

from skmtl._task_covariance.cholesky import CholeskySystem
from skmtl._task_covariance.kronecker import (
    KroneckerFactors,
    KroneckerSystem,
    constants,
    distinct_values,
    spectrum,
)
from skmtl._task_covariance.observations import Observations
from skmtl._task_covariance.schur import SchurSystem

SOLVERS = ("kronecker", "schur", "cholesky")
_EIGH, _CHOLESKY = 9, 0.5  # flops over n^3, at the speed of matrix products
_ROUNDING = 1e-12  # alphas below this, relative to the largest eigenvalue, are lost in rounding
_TINY = 1e-280  # in place of that eigenvalue where it is 0, far from underflow


def noise_floor(top):
    """The smallest alpha that rounding leaves in effect beside an eigenvalue `top`.

    Below it solutions would be those of the rounding errors, in each system others.
    """
    return _ROUNDING * max(top, _TINY)


def largest_eigenvalue(K, weight):
    """A bound of that of ``S^1/2 K S^1/2``."""
    return float(norm(K, np.inf, check_finite=False) * weight.max())


def smallest_alpha(K, B, cells):
    """The :func:`noise_floor` of the system of a task kernel B."""
    return noise_floor(largest_eigenvalue(K, cells.weight) * np.linalg.norm(B, 2))


def warn_of_jitter(jitter, name="alpha", stacklevel=3):
    """UserWarning that says what was added, pointing at the caller of `fit`."""
    if jitter > 0:
        warnings.warn(
            f"{name} is too small for the size of the kernel: {jitter:.2g} was added to the "
            f"diagonal (jitter_), as below that rounding decides. Scale X, or increase {name} to "
            "choose yourself.",
            UserWarning,
            stacklevel=stacklevel,
        )


def all_observations(cells):
    """All cells of the rows, their weights those of the rows; None where these differ."""
    weight = cells.row_weight
    if weight is None:
        return None
    row = np.tile(np.arange(cells.n_rows), cells.n_tasks)
    task = np.repeat(np.arange(cells.n_tasks), cells.n_rows)
    return Observations(row, task, weight[row], cells.n_rows, cells.n_tasks)


def schur_cost(cells, path=None):
    """Flops of a few missing cells; with `path` models, their errors of leaving out included."""
    n, T = cells.n_rows, cells.n_tasks
    m = n * T - len(cells)
    corner = n * m**2 + _CHOLESKY * m**3
    if path is None:
        return _EIGH * n**3 + corner + 8 * n**2 * T
    return _EIGH * n**3 + path * (corner + 2 * n**2 * min(m, n) * T + m**2 * n * T)


def cholesky_cost(cells, n_strengths=None, n_alphas=0):
    """Flops of all cells at once; with strengths, an eigendecomposition for each of them."""
    N = len(cells)
    if n_strengths is None:
        return _CHOLESKY * N**3
    return n_strengths * (_EIGH * N**3 + 4 * n_alphas * N**2)


def possible_solvers(cells, long):
    """Names of the solvers that these cells allow, the fastest for complete labels first."""
    if long or cells.row_weight is None:
        return ("cholesky",)
    complete = len(cells) == cells.n_rows * cells.n_tasks
    return ("kronecker", "cholesky") if complete else ("schur", "cholesky")


def choose_solver(solver, cells, long, costs):
    """The name of a solver that these cells allow; "auto" takes the cheaper one.

    `costs` are the flops of "schur" and of "cholesky".
    """
    possible = possible_solvers(cells, long)
    if solver == "auto":
        if possible[0] != "schur":
            return possible[0]
        return "schur" if costs[0] < costs[1] else "cholesky"
    if solver == "schur" and possible[0] == "kronecker":
        return "kronecker"  # nothing is missing
    if solver not in possible:
        reason = {
            "kronecker": "needs two-dimensional y without missing labels",
            "schur": "needs two-dimensional y",
        }[solver]
        raise ValueError(
            f"solver={solver!r} {reason}, and weights that are the same for all tasks of a row. "
            f"Here {possible[0]!r} or 'auto' will do."
        )
    return solver


def make_system(name, K, B, alpha, cells, fit_intercept, decomposed=None):
    """The system of that name; `decomposed` is the spectrum of K where it is known already."""
    if name == "cholesky":
        return CholeskySystem(K, B, alpha, cells, fit_intercept)
    everything = all_observations(cells)
    arguments = K, B, alpha, everything, fit_intercept
    if decomposed is None:
        if name == "kronecker" and _few_values(B, alpha):
            return KroneckerFactors(*arguments)
        decomposed = spectrum(K, cells.row_weight, constants(cells.n_rows, fit_intercept))
    whole = KroneckerSystem(decomposed, *arguments)
    return whole if name == "kronecker" else SchurSystem(whole, cells)


def _few_values(B, alpha):
    """Whether a factor for each eigenvalue of the task kernel beats one eigendecomposition."""
    scale = np.sqrt(alpha)
    distinct, _ = distinct_values(np.linalg.eigvalsh(B / np.outer(scale, scale)))
    return len(distinct) * _CHOLESKY < _EIGH
