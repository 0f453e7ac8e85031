"""Which of the three linear systems to solve, by what they cost, and the least noise they bear.

:class:`System` says what the systems have in common. Their alpha is at least the
:func:`noise_floor`.
"""

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
from skmtl._task_covariance.low_rank import noise_basis, spectral_norm, variances
from skmtl._task_covariance.schur import SchurSystem
from skmtl._warn import warn

SOLVERS = ("kronecker", "schur", "cholesky")
_EIGH = 9  # flops over n^3 of an eigendecomposition, at the speed of matrix products
_CHOLESKY = 0.5  # flops over n^3 of a Cholesky factor
_INVERSE = 1.0  # flops over n^3 of the inverse from that factor
_ROUNDING = 1e-12  # alphas below this, relative to the largest eigenvalue, are lost in rounding
_TINY = 1e-280  # in place of an eigenvalue of 0, far from underflow

_REQUIREMENTS = {
    "kronecker": "needs two-dimensional y without missing labels",
    "schur": "needs two-dimensional y",
}

# ---------------------------------------------------------------- the least noise


def noise_floor(largest):
    """The smallest alpha that has an effect beside an eigenvalue as `largest`.

    Below it solutions would be those of the rounding errors, which differ between systems.
    """
    return _ROUNDING * np.maximum(largest, _TINY)


def largest_eigenvalue(K, weight):
    """An upper bound of the largest eigenvalue of ``S^1/2 K S^1/2``, S = diag(weight)."""
    return float(norm(K, np.inf, check_finite=False) * weight.max())


def smallest_alpha(K, B, observations):
    """The :func:`noise_floor` of the system with a task kernel B."""
    return noise_floor(largest_eigenvalue(K, observations.weight) * spectral_norm(B))


def raised_noise(noise, largest, Bs):
    """The noise, at least the :func:`noise_floor` of a sum of terms, relative to each task.

    Parameters
    ----------
    noise : ndarray of shape (n_tasks,)
        Variances of the noise.
    largest : list of float
        Upper bounds of the largest eigenvalues of the input kernels.
    Bs : list of ndarray of shape (n_tasks, n_tasks), or of LowRank
        Task covariances.
    """
    bound = np.zeros(len(noise))
    for value, B in zip(largest, Bs, strict=True):
        # of the covariance of tasks that are scaled to this task's variance
        bound += value * len(B) * variances(B)
    return np.maximum(noise, noise_floor(bound))


def warn_of_jitter(jitter, name="alpha"):
    """UserWarning that says what was added, pointing at the caller of `fit`."""
    if jitter > 0:
        warn(
            f"{name} is too small for the size of the kernel: {jitter:.2g} was added to the "
            f"diagonal (jitter_), because rounding errors decide below that. Scale X, or increase "
            f"{name} to choose yourself.",
            UserWarning,
        )


# ---------------------------------------------------------------- costs


def schur_cost(observations, path=None):
    """Flops of a system with a few missing targets.

    Parameters
    ----------
    observations : Observations
        The observations.
    path : int, default=None
        Number of models on one eigendecomposition, leave-one-out errors included; None is one
        model without these.
    """
    n = observations.n_samples
    T = observations.n_tasks
    m = n * T - len(observations)
    corner = n * m**2 + _CHOLESKY * m**3
    if path is None:
        return _EIGH * n**3 + corner + 8 * n**2 * T
    errors = 2 * n**2 * min(m, n) * T + m**2 * n * T
    return _EIGH * n**3 + path * (corner + errors)


def cholesky_cost(observations, n_strengths=None, n_alphas=0):
    """Flops of a dense system.

    Parameters
    ----------
    observations : Observations
        The observations.
    n_strengths : int, default=None
        Number of task kernels, with an eigendecomposition for each; None is one model.
    n_alphas : int, default=0
        Number of alphas for each of these, leave-one-out errors included.
    """
    N = len(observations)
    if n_strengths is None:
        return _CHOLESKY * N**3
    return n_strengths * (_EIGH * N**3 + 4 * n_alphas * N**2)


def likelihood_costs(observations):
    """Flops of the log marginal likelihood and its gradient, by "schur" and by "cholesky"."""
    N = len(observations)
    n = observations.n_samples
    T = observations.n_tasks
    m = n * T - N
    schur = _EIGH * n**3 + m**3 + (T + 3) * n * m**2 + T * n**2 * m
    cholesky = (_CHOLESKY + _INVERSE) * N**3
    return schur, cholesky


# ---------------------------------------------------------------- the choice


def possible_solvers(observations, long):
    """Names of the solvers that these observations allow, the fastest for complete data first."""
    if long or observations.common_weight is None:
        return ("cholesky",)
    if len(observations) == observations.n_samples * observations.n_tasks:
        return ("kronecker", "cholesky")
    return ("schur", "cholesky")


def choose_solver(solver, observations, long, costs):
    """The name of the solver to use.

    Parameters
    ----------
    solver : {"auto", "kronecker", "schur", "cholesky"}
        "auto" takes the cheapest.
    observations : Observations
        The observations.
    long : bool
        Whether every task has samples of its own.
    costs : tuple of float
        Flops of "schur" and of "cholesky".

    Returns
    -------
    {"kronecker", "schur", "cholesky"}

    Raises
    ------
    ValueError
        If these observations do not allow the solver.
    """
    possible = possible_solvers(observations, long)
    if solver == "auto":
        if possible[0] != "schur":
            return possible[0]
        schur, cholesky = costs
        return "schur" if schur < cholesky else "cholesky"
    if solver == "schur" and possible[0] == "kronecker":
        return "kronecker"  # nothing is missing
    if solver not in possible:
        raise ValueError(
            f"solver={solver!r} {_REQUIREMENTS[solver]}, and weights that are the same for all "
            f"tasks of a sample. Use {possible[0]!r} or 'auto' here."
        )
    return solver


# ---------------------------------------------------------------- the systems


def make_system(
    name,
    K,
    B,
    alpha,
    observations,
    fit_intercept,
    decomposed=None,
):
    """The system of a solver.

    Parameters
    ----------
    name : {"kronecker", "schur", "cholesky"}
        Name of the solver.
    K, B, alpha, observations, fit_intercept
        As in :class:`System`.
    decomposed : Spectrum, default=None
        The spectrum of K if it is known already.
    """
    if name == "cholesky":
        return CholeskySystem(
            K,
            B,
            alpha,
            observations,
            fit_intercept,
        )
    if decomposed is None:
        basis = noise_basis(B, alpha) if name == "kronecker" else None
        if basis is not None and _few_values(basis):
            return KroneckerFactors(
                K,
                B,
                alpha,
                observations.complete,
                fit_intercept,
                basis,
            )
        free = constants(observations.n_samples, fit_intercept)
        decomposed = spectrum(K, observations.common_weight, free)
    return spectral_system(
        decomposed,
        K,
        B,
        alpha,
        observations,
        fit_intercept,
    )


def _few_values(basis):
    """Whether a factor for each eigenvalue of the task kernel beats one eigendecomposition."""
    distinct, _ = distinct_values(basis.values)
    return len(distinct) * _CHOLESKY < _EIGH


def spectral_system(
    spectrum,
    K,
    B,
    alpha,
    observations,
    fit_intercept,
    noise_name="alpha",
    keep_inverse=False,
):
    """The system of common samples by the spectrum of K.

    Parameters
    ----------
    spectrum : Spectrum
        That of K, without the constants if intercepts are fitted.
    K, B, alpha, observations, fit_intercept
        As in :class:`System`.
    noise_name : str, default="alpha"
        The user's name of alpha, for error messages.
    keep_inverse : bool, default=False
        As in :class:`SchurSystem`.

    Returns
    -------
    KroneckerSystem or SchurSystem
        The latter if targets are missing.
    """
    whole = KroneckerSystem(
        spectrum,
        K,
        B,
        alpha,
        observations.complete,
        fit_intercept,
        noise_name,
    )
    if len(observations.missing) == 0:
        return whole
    return SchurSystem(whole, observations, keep_inverse)
