"""Laplace's approximation of the likelihood of logistic regressions whose effects are random.

The effects of task t are ``v_t = K delta + R s_t``: a part that all tasks share, and deviations of
their own. With rows z (an intercept and standardized features), labels y of 0 and 1 and weights w,

    f(delta, s) = sum_ti w_ti log(1 + exp(-(2 y_ti - 1) z_ti'v_t))
                  + 1/2 sum_t s_t's_t + 1/2 delta'P delta

is minimized over s and, where `delta` is integrated out as well, over delta. The value is

    F = f(minimum) + 1/2 log |H| - 1/2 log |P|,   H the Hessian of f,

of which the last two are by what is integrated out. It is minus the log-likelihood. As deviations s
have unit variance, those of effects may be zero.

Derivatives contain those of the minimum. Let A_t be the weighted Gram matrix ``Z_t'W_t Z_t``, g_t
the gradient of the loss by v_t, C_t the posterior covariance of v_t, and c_ti half the derivative
of ``w p(1 - p)`` by the prediction, times the posterior variance ``z_ti'C_t z_ti``. A step of
Newton's method with the gradients Z_t'c_t would move v_t by minus k_t. With ``e_t = Z_t'c_t - A_t
k_t`` the derivatives of F are

    by K delta, if it is not integrated out:  sum_t g_t + e_t
    by the covariance R R':  1/2 sum_t [A_t - A_t C_t A_t - g_t g_t' - g_t e_t' - e_t g_t']

since ``s_t = -R'g_t`` at the minimum; by ``K K'`` it is the same of the sums over tasks.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from skmtl import _kernels

_STEPS = 100
_SHORTEST_STEP = 1e-8
_ROUNDING = 1e-14  # of f
_SMALL = 64  # order of matrices of which loops invert many sooner than LAPACK


class Prior(NamedTuple):
    """What is believed of the effects: ``v_t = basis delta + root s_t``."""

    basis: np.ndarray  # K, (n_effects, n_shared)
    precision: np.ndarray  # diagonal of P, (n_shared,)
    root: np.ndarray  # R without rows and columns of zeros, (n_varying, n_varying)
    varying: np.ndarray  # which effects vary, (n_varying,) of int

    def effects(self, delta, s):
        """The effects of every task, (n_tasks, n_effects)."""
        shared = self.basis @ delta
        effects = np.repeat(shared[None], len(s), axis=0)
        effects[:, self.varying] += s @ self.root.T
        return effects


class OwnHessian:
    """The Hessian of f by s: a block for each task.

    Parameters
    ----------
    prior : Prior
        What is believed of the effects.
    grams : ndarray of shape (n_tasks, n_effects, n_varying)
        Columns of the weighted Gram matrices.
    """

    def __init__(self, prior, grams):
        self.prior = prior
        self.grams = grams
        self.own_grams = grams[:, prior.varying]
        root = prior.root
        seen = root.T @ self.own_grams @ root
        blocks = np.eye(len(root)) + seen
        self.inverses = _inverses(seen)
        self.covariances = root @ self.inverses @ root.T  # of the deviations, given delta
        _, log_determinants = np.linalg.slogdet(blocks)
        self.log_determinant = float(log_determinants.sum())

    @property
    def precisions(self):
        """``A_t - A_t C_t A_t`` of the effects that vary, C_t their covariance given delta."""
        explained = self.own_grams @ self.covariances @ self.own_grams
        return self.own_grams - explained

    def solve(self, shared, own):
        """Return (delta, s) with ``H s = own`` and no delta."""
        delta = np.zeros_like(shared)
        s = np.einsum("tij,tj->ti", self.inverses, own)
        return delta, s

    def variances(self, rows):
        """Posterior variances of the predictions, (n_samples,)."""
        return rows.variances(self.covariances, self.prior.varying)

    def pooled_precision(self):
        """The sum over tasks of ``A_t - A_t C_t A_t``, of the effects that vary."""
        return self.precisions.sum(axis=0)


def _inverses(matrices):
    """``(I + M)^-1`` of psd matrices M, (n_matrices, n, n)."""
    if matrices.shape[1] > _SMALL:
        return np.linalg.inv(np.eye(matrices.shape[1]) + matrices)
    last = np.ascontiguousarray(np.moveaxis(matrices, 0, 2))
    inverses = np.empty_like(last)
    _kernels.shifted_inverses(last, np.ones(len(matrices)), inverses)
    return np.ascontiguousarray(np.moveaxis(inverses, 2, 0))


class JointHessian(OwnHessian):
    """The Hessian of f by (delta, s): delta is solved for first.

    Parameters
    ----------
    prior : Prior
        What is believed of the effects.
    grams : ndarray of shape (n_tasks, n_effects, n_varying)
        Columns of the weighted Gram matrices.
    pooled_gram : ndarray of shape (n_effects, n_effects)
        The sum of the Gram matrices.
    """

    def __init__(self, prior, grams, pooled_gram):
        super().__init__(prior, grams)
        self.answers = grams @ self.covariances
        explained = np.tensordot(self.answers, grams, axes=([0, 2], [0, 2]))
        self.information = pooled_gram - explained  # of the shared effects
        precision = prior.basis.T @ self.information @ prior.basis
        precision = precision + np.diag(prior.precision)
        self.shared_precision = precision
        self.shared_covariance = np.linalg.inv(precision)
        _, log_determinant = np.linalg.slogdet(precision)
        of_prior = np.log(prior.precision).sum()
        self.log_determinant += float(log_determinant - of_prior)

    @property
    def fixed_covariance(self):
        """Posterior covariance of ``K delta``."""
        basis = self.prior.basis
        return basis @ self.shared_covariance @ basis.T

    @property
    def shared_information(self):
        """``M - M C M`` of the shared effects, M their information and C their covariance."""
        explained = self.information @ self.fixed_covariance @ self.information
        return self.information - explained

    def solve(self, shared, own):
        """Return (delta, s) with ``H (delta, s) = (shared, own)``."""
        root = self.prior.root
        basis = self.prior.basis
        _, without_shared = super().solve(shared, own)
        deviations = without_shared @ root.T
        eliminated = np.einsum("tij,tj->i", self.grams, deviations)
        rest = shared - basis.T @ eliminated
        delta = self.shared_covariance @ rest
        moved = np.einsum("tij,i->tj", self.grams, basis @ delta)
        own = own - moved @ root
        _, s = super().solve(shared, own)
        return delta, s

    def effect_covariances(self):
        """Posterior covariances of the effects, (n_tasks, n_effects, n_effects)."""
        varying = self.prior.varying
        identity = np.eye(len(self.information))
        retained = np.repeat(identity[None], len(self.grams), axis=0)
        retained[:, varying] -= self.answers.transpose(0, 2, 1)
        covariances = retained @ self.fixed_covariance @ retained.transpose(0, 2, 1)
        covariances[:, varying[:, None], varying] += self.covariances
        return covariances

    def variances(self, rows):
        return rows.variances(self.effect_covariances())

    def pooled_precision(self):
        transposed = self.grams.transpose(0, 2, 1)
        smoothed = transposed @ self.effect_covariances() @ self.grams
        return np.sum(self.own_grams - smoothed, axis=0)


class Mode(NamedTuple):
    """The minimum of f, and what follows from it."""

    delta: np.ndarray  # (n_shared,)
    s: np.ndarray  # (n_tasks, n_varying)
    effects: np.ndarray  # v, (n_tasks, n_effects)
    value: float  # f
    probability: np.ndarray  # of the second class, (n_samples,)
    gradient: np.ndarray  # of the loss by v, (n_tasks, n_effects)
    hessian: OwnHessian
    converged: bool


def find_mode(rows, prior, delta, s, *, integrate_shared, tol):
    """Minimize f by Newton's method.

    Parameters
    ----------
    rows : LogisticRows
        The samples.
    prior : Prior
        What is believed of the effects.
    delta : ndarray of shape (n_shared,)
        The shared part, or where it begins.
    s : ndarray of shape (n_tasks, n_varying)
        Where the deviations begin.
    integrate_shared : bool
        Whether delta is free; else it keeps its value.
    tol : float
        Stop when the next step is at most so many posterior standard deviations long, for
        likelihoods of unit size.

    Returns
    -------
    Mode
    """
    value, effects, z = _objective(rows, prior, delta, s)
    for _ in range(_STEPS):
        probability = expit(z)
        gradient = rows.gradient(z)
        hessian = hessian_at(rows, prior, probability, integrate_shared)
        shared, own = _gradient_by_parts(prior, gradient, delta, s)
        direction = hessian.solve(-shared, -own)
        by_delta, by_s = direction
        decrement = -np.sum(own * by_s) - shared @ by_delta
        converged = decrement <= tol**2 * (1 + value)
        if converged:
            break
        new = _shorten(rows, prior, (delta, s), direction, value)
        if new is None:
            break
        delta, s, value, effects, z = new
    return Mode(
        delta,
        s,
        effects,
        value,
        probability,
        gradient,
        hessian,
        bool(converged),
    )


def _gradient_by_parts(prior, gradient, delta, s):
    """The gradient of f by delta and by s, from that of the loss by the effects."""
    pooled = gradient.sum(axis=0)
    of_varying = gradient[:, prior.varying]
    shared = prior.basis.T @ pooled + prior.precision * delta
    own = of_varying @ prior.root + s
    return shared, own


def hessian_at(rows, prior, probability, integrate_shared):
    """The Hessian of f where classes have these probabilities."""
    curvature = rows.curvature(probability)
    grams = rows.grams(curvature, prior.varying)
    if integrate_shared:
        pooled_gram = rows.pooled_gram(curvature)
        return JointHessian(prior, grams, pooled_gram)
    return OwnHessian(prior, grams)


def _objective(rows, prior, delta, s):
    """f, and the effects and predictions that it is of."""
    effects = prior.effects(delta, s)
    z = rows.predictions(effects)
    penalty = np.sum(s**2) + prior.precision @ delta**2
    value = rows.loss(z) + 0.5 * float(penalty)
    return value, effects, z


def _shorten(rows, prior, point, direction, value):
    """The first of ever shorter steps that does not increase f; None if there is none."""
    delta, s = point
    by_delta, by_s = direction
    length = 1.0
    highest = value + _ROUNDING * (1 + value)
    while length > _SHORTEST_STEP:
        new_delta = delta + length * by_delta
        new_s = s + length * by_s
        new_value, effects, z = _objective(rows, prior, new_delta, new_s)
        if new_value <= highest:
            return new_delta, new_s, new_value, effects, z
        length *= 0.5
    return None


class Approximation(NamedTuple):
    """F and its derivatives."""

    value: float
    by_shared: np.ndarray  # by K delta, if it is not integrated out, (n_effects,)
    by_shared_covariance: np.ndarray | None  # by K K', if it is, (n_effects, n_effects)
    by_covariance: np.ndarray  # by R R', (n_varying, n_varying)


def evaluate(rows, mode):
    """Return the :class:`Approximation` at a mode."""
    hessian = mode.hessian
    prior = hessian.prior
    curvature = rows.curvature(mode.probability)
    third = curvature * (1 - 2 * mode.probability)
    variances = hessian.variances(rows)
    pull = rows.adjoint(0.5 * third * variances)
    shared = prior.basis.T @ pull.sum(axis=0)
    own = pull[:, prior.varying] @ prior.root
    delta, s = hessian.solve(shared, own)
    moved = rows.predictions(prior.effects(delta, s))
    rest = pull - rows.adjoint(curvature * moved)
    by_covariance = _by_covariance(
        hessian.pooled_precision(),
        mode.gradient[:, prior.varying],
        rest[:, prior.varying],
    )
    pooled_gradient = mode.gradient.sum(axis=0)
    pooled_rest = rest.sum(axis=0)
    by_shared_covariance = None
    if isinstance(hessian, JointHessian):
        by_shared_covariance = _by_covariance(
            hessian.shared_information,
            pooled_gradient[None],
            pooled_rest[None],
        )
    return Approximation(
        value=mode.value + 0.5 * hessian.log_determinant,
        by_shared=pooled_gradient + pooled_rest,
        by_shared_covariance=by_shared_covariance,
        by_covariance=by_covariance,
    )


def _by_covariance(information, gradient, rest):
    """``1/2 [information - sum_t (g_t g_t' + g_t e_t' + e_t g_t')]``."""
    squares = gradient.T @ gradient
    crossed = gradient.T @ rest
    return 0.5 * (information - squares - crossed - crossed.T)
