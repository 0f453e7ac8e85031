"""Laplace's approximation of the posterior of latent functions, given classes of observations.

The log-odds f of the observations are a priori normal with mean 0 and covariance A. Their posterior
is replaced by the normal distribution at its mode whose precision is the curvature there:
``A^-1 + W`` with ``W = diag(p (1 - p))`` and probabilities p. Only ``I + W^1/2 A W^1/2`` is
factorized, which is well conditioned whatever A is (Rasmussen and Williams, section 3.4).
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dsyr
from scipy.special import expit

from skmtl._task_covariance.cholesky_factor import CholeskyFactor

_MOST_STEPS = 100
_MOST_HALVINGS = 40
_PRECISION = 1e-12  # relative error of a log posterior
# Squared lengths of a step, in posterior standard deviations, per observation.
_EXACT = 1e-20  # ends the search
_ROUNDING = 1e-10  # may be a rounding error: ends the search if Newton steps become no shorter
_REDUCTION = 0.1  # from step to step; a factor that gives less is replaced


class Curvature(NamedTuple):
    """The curvature of the log-likelihood at some log-odds.

    Attributes
    ----------
    root : ndarray of shape (n_observations,)
        ``W^1/2``.
    factor : CholeskyFactor
        Of ``I + W^1/2 A W^1/2``.
    """

    root: np.ndarray
    factor: CholeskyFactor

    def precision_times(self, v):
        """``(A + W^-1)^-1 v``."""
        return self.root * self.factor.solve(self.root * v)


class Mode(NamedTuple):
    """The mode of the posterior.

    Attributes
    ----------
    dual : ndarray of shape (n_observations,)
        ``A^-1 f`` of the mode f, where it is the gradient of the log-likelihood.
    probability : ndarray of shape (n_observations,)
        Probability of class 1 at the mode.
    log_posterior : float
        ``log p(labels | f) - 1/2 f'A^-1 f``.
    curvature : Curvature
        That at the mode.
    converged : bool
        Whether the search found the mode.
    """

    dual: np.ndarray
    probability: np.ndarray
    log_posterior: float
    curvature: Curvature
    converged: bool

    @property
    def log_marginal_likelihood(self):
        """Laplace's approximation of ``log p(labels)``."""
        half_log_determinant = 0.5 * self.curvature.factor.log_determinant()
        return float(self.log_posterior - half_log_determinant)


class LogOdds:
    """Log-odds ``f = A dual``, and the log posterior there up to a constant.

    Parameters
    ----------
    f, dual : ndarray of shape (n_observations,)
        The log-odds, and what A is multiplied by.
    labels : ndarray of shape (n_observations,)
        1 or 0.
    """

    def __init__(self, f, dual, labels):
        self.f = f
        self.dual = dual
        self.labels = labels
        signs = 2 * labels - 1
        losses = np.logaddexp(0.0, -signs * f)
        self.log_posterior = -losses.sum() - 0.5 * f @ dual

    def moved(self, step, dual_step):
        """The log-odds after a step, which is halved until the log posterior does not fall."""
        least = self.log_posterior - _PRECISION * abs(self.log_posterior)
        share = 1.0
        for _ in range(_MOST_HALVINGS):
            end = LogOdds(
                self.f + share * step,
                self.dual + share * dual_step,
                self.labels,
            )
            if end.log_posterior >= least:
                return end
            share *= 0.5
        return self


def curvature_at(A, probability):
    """The :class:`Curvature` where the probabilities of class 1 are these."""
    root = np.sqrt(probability * (1 - probability))
    M = A * root
    M *= root[:, None]
    M.flat[:: len(M) + 1] += 1.0
    return Curvature(root, CholeskyFactor(M, np.ones(1), "the likelihood"))


def find_mode(A, labels, dual):
    """The :class:`Mode` for a covariance A, by Newton's method.

    A Cholesky factor costs as much as many products with A. So each serves for several steps, as
    long as these become shorter quickly; the last one is that at the mode.

    Parameters
    ----------
    A : ndarray of shape (n_observations, n_observations)
        Covariance of the log-odds.
    labels : ndarray of shape (n_observations,)
        1 or 0.
    dual : ndarray of shape (n_observations,)
        Where to begin.
    """
    log_odds = LogOdds(A @ dual, dual, labels)
    curvature = None
    converged = False
    last = np.inf
    for _ in range(_MOST_STEPS):
        probability = expit(log_odds.f)
        is_newton = curvature is None
        if is_newton:
            curvature = curvature_at(A, probability)
        gradient = labels - probability
        # Newton's equation (A^-1 + W) f_new = W f + gradient, solved for A^-1 f_new.
        target = curvature.root**2 * log_odds.f + gradient
        new_dual = target - curvature.precision_times(A @ target)
        dual_step = new_dual - log_odds.dual
        step = A @ dual_step
        length = step @ (gradient - log_odds.dual) / len(labels)
        log_odds = log_odds.moved(step, dual_step)
        stalls = length > _REDUCTION * last
        converged = length <= (_ROUNDING if stalls and is_newton else _EXACT)
        if converged:
            break
        if stalls:
            curvature = None
        last = length
    probability = expit(log_odds.f)
    return Mode(
        log_odds.dual,
        probability,
        log_odds.log_posterior,
        curvature_at(A, probability),
        converged,
    )


class ByCovariance(NamedTuple):
    """The derivative of the log marginal likelihood with respect to A, ``1/2 (v v' - P)``.

    The lower triangle of P is there, in column order.
    """

    v: np.ndarray
    P: np.ndarray


def by_covariance(mode, A):
    """The :class:`ByCovariance` at a mode.

    With ``R = (A + W^-1)^-1`` and a the dual, the derivative at a fixed mode is ``1/2 (a a' - R)``.
    The mode moves too: with s the derivative of the log marginal likelihood with respect to f and
    ``u = (I - R A) s``, this adds ``1/2 (a u' + u a')`` (Rasmussen and Williams, section 5.5.1).
    """
    root = mode.curvature.root
    P = mode.curvature.factor.inverse_triangle()
    # W' = W (1 - 2 p), and W times the posterior variances is what the inverse lacks of I.
    by_f = -0.5 * (1 - P.diagonal()) * (1 - 2 * mode.probability)
    u = by_f - mode.curvature.precision_times(A @ by_f)
    P *= root
    P *= root[:, None]
    P = dsyr(1.0, u, a=P, lower=1, overwrite_a=1)
    return ByCovariance(mode.dual + u, P)
