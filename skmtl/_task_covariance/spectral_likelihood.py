"""The log marginal likelihood of targets of common samples.

One eigendecomposition of K serves every B and noise. With complete data the inverse of the
covariance is that of :class:`KroneckerSystem`, with a few missing targets m that of
:class:`SchurSystem`: ``Q - Q_:m W Q_m:`` with ``W = Q_mm^-1``. Missing targets' part of a
derivative is a sum over pairs of them: in the directions U a product of W with rows of U.
"""

from typing import NamedTuple

import numpy as np

from skmtl._task_covariance.kronecker import KroneckerSystem, spectrum
from skmtl._task_covariance.schur import SchurSystem
from skmtl._task_covariance.systems import largest_eigenvalue, spectral_system
from skmtl._threads import threads_for_product


class SpectralPoint(NamedTuple):
    """The likelihood at one B and noise, and what its derivatives are made of."""

    value: float
    system: KroneckerSystem | SchurSystem
    C: np.ndarray  # dual coefficients between U and Vi, (n, T)

    @property
    def noise(self):
        """Variances of the noise, (T,)."""
        return self.system.alpha


class SpectralLikelihood:
    """The log marginal likelihood of targets of common samples, a function of B and the noise.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Kernel matrix of the samples.
    Y : ndarray of shape (n, T)
        Targets, 0 where they are missing.
    observations : Observations
        Which targets are known.

    Attributes
    ----------
    largest : float
        A bound of the largest eigenvalue of K.
    """

    def __init__(self, K, Y, observations):
        self.K = K
        self.observations = observations
        self.largest = largest_eigenvalue(K, np.ones(1))
        self.spectrum = spectrum(K, np.ones(len(K)))
        self.UtY = self.spectrum.U.T @ Y

    def at(self, B, noise):
        """The :class:`SpectralPoint` of a task covariance (T, T) and a noise (T,)."""
        system = spectral_system(
            self.spectrum,
            self.K,
            B,
            noise,
            self.observations,
            fit_intercept=False,
            noise_name="noise",
            keep_inverse=True,
        )
        UtY = self.UtY
        C = system.coefficients(UtY)
        fit = np.vdot(UtY @ system.whole.Vi, C)
        log_determinant = system.log_determinant()
        constant = len(self.observations) * np.log(2 * np.pi)
        value = -0.5 * (fit + log_determinant + constant)
        return SpectralPoint(float(value), system, C)

    def gradient(self, point):
        """Derivatives with respect to B, (T, T), and the noise, (T,)."""
        s = self.spectrum.values
        whole = point.system.whole
        H = whole.H
        Vi = whole.Vi
        C = point.C
        by_B = (C.T * s) @ C
        by_B -= np.diag(s @ H)
        by_noise = C.T @ C
        by_noise -= np.diag(H.sum(axis=0))
        if self._has_missing:
            products = self._missing_products(point)
            by_B += np.tensordot(s, products, 1)
            by_noise += products.sum(axis=0)
        by_B = 0.5 * Vi @ by_B @ Vi.T
        by_noise = (Vi @ by_noise) * Vi
        by_noise = 0.5 * by_noise.sum(axis=1)
        return by_B, by_noise

    def by_kernel(self, point):
        """The derivative with respect to K, (n, n), symmetric."""
        U = self.spectrum.U
        C = point.C
        whole = point.system.whole
        lam = whole.lam
        shrunk = whole.H @ lam
        if not self._has_missing:
            positive = U @ (C * np.sqrt(lam))
            negative = U * np.sqrt(shrunk)
            # A product with the own transpose is half the work of another product.
            with threads_for_product(len(U), *U.shape):
                G = positive @ positive.T
                G -= negative @ negative.T
            G *= 0.5
            return G
        G = (C * lam) @ C.T
        G.flat[:: len(G) + 1] -= shrunk
        self._add_missing(G, point.system)
        with threads_for_product(len(U), *U.shape):
            return 0.5 * U @ G @ U.T

    def by_mean(self, point):
        """Derivatives with respect to a mean of each task that is taken off Y, (T,)."""
        U = self.spectrum.U
        Vi = point.system.whole.Vi
        sums = U.sum(axis=0)
        return sums @ point.C @ Vi.T

    # ------------------------------------------------------------ missing targets

    @property
    def _has_missing(self):
        return len(self.observations.missing) > 0

    def _add_missing(self, G, system):
        """Add what missing targets contribute to the derivative with respect to ``U'KU``."""
        whole = system.whole
        W = system.inverse_corner
        lam = whole.lam
        Vi = whole.Vi[system.missing.task]
        for q in np.flatnonzero(lam):
            v = Vi[:, q]
            weights = v[:, None] * whole.H[:, q]
            R = system.U_missing * weights
            product = R.T @ (W @ R)
            G += lam[q] * product

    def _missing_products(self, point):
        """For each k the matrix ``Vi' w_k Vi`` times ``H_k H_k'``, (n, T, T).

        w_k are the entries of W, weighted by the products of entries k of the rows of U, summed
        over pairs of tasks.
        """
        system = point.system
        U = system.U_missing
        W = system.inverse_corner
        indicators = system.missing_indicators
        n_tasks = indicators.shape[1]
        w = np.zeros((U.shape[1], n_tasks, n_tasks))
        for u, span in enumerate(system.missing.spans):
            between = W[:, span] @ U[span]
            by_missing = U * between
            w[:, :, u] = by_missing.T @ indicators
        H = system.whole.H
        Vi = system.whole.Vi
        products = Vi.T @ w @ Vi
        products = products * H[:, :, None]
        return products * H[:, None, :]
