"""The posterior of functions given the targets: their mean, and how much variance is explained.

New samples ask for one or several functions each: q samples, p functions. The methods of both
classes take the covariances of these with the observations, as `cross_covariance` returns them.
"""

from functools import cached_property

import numpy as np

from skmtl._task_covariance.dense_likelihood import covariance_factor
from skmtl._task_covariance.kronecker import spectrum
from skmtl._task_covariance.low_rank_likelihood import InverseByDirection
from skmtl._task_covariance.systems import spectral_system


class SpectralPosterior:
    """The posterior given targets of common samples, by the eigenvectors of K.

    Parameters
    ----------
    K : ndarray of shape (n_samples, n_samples)
        Kernel matrix of the samples.
    B : ndarray of shape (n_tasks, n_tasks)
        Task covariance.
    noise : ndarray of shape (n_tasks,)
        Variances of the noise.
    observations : Observations
        The samples and tasks of the targets.
    y : ndarray of shape (n_observations,)
        Targets.

    Attributes
    ----------
    dual : ndarray of shape (n_observations,)
        The inverse of the covariance of the targets, times y.
    """

    def __init__(
        self,
        K,
        B,
        noise,
        observations,
        y,
    ):
        self.system = spectral_system(
            spectrum(K, np.ones(len(K))),
            K,
            B,
            noise,
            observations,
            fit_intercept=False,
            noise_name="noise",
        )
        self.dual = self.system.dual(y)
        self.dual_matrix = observations.matrix(self.dual)

    def width(self, n_functions):
        """Numbers in memory for each new sample with so many functions."""
        n_missing = len(self.system.observations.missing)
        return len(self.dual_matrix) + n_functions * (1 + n_missing)

    def precisions(self):
        """The precision of each target given the others, (n_observations,)."""
        return self.system.precisions()

    def cross_covariance(self, Ks, Cs):
        """Covariances of new functions with the observations, as factors.

        Parameters
        ----------
        Ks : list of one ndarray of shape (q, n_samples)
            Kernel matrix of new samples with those of the fit.
        Cs : list of one ndarray of shape (p, n_tasks)
            Covariances of the functions with the tasks.
        """
        return Ks[0], Cs[0]

    def mean(self, cross):
        """The mean of each function at each sample, (q, p)."""
        K, C = cross
        return K @ (self.dual_matrix @ C.T)

    def variance(self, cross):
        """Explained variances, (q, p)."""
        P, CV, missing = self._roots(cross)
        d = P**2 @ self.system.whole.H
        explained = d @ CV.T**2
        return explained - np.einsum("iam,iam->ia", missing, missing)

    def covariance_by_sample(self, cross):
        """Explained covariances of the functions at each sample, (q, p, p)."""
        P, CV, missing = self._roots(cross)
        d = P**2 @ self.system.whole.H
        explained = (CV * d[:, None]) @ CV.T
        return explained - missing @ missing.transpose(0, 2, 1)

    def covariance(self, cross):
        """Explained covariances of all functions at all samples, (q, p, q, p)."""
        P, CV, missing = self._roots(cross)
        explained = -np.einsum("iam,jbm->iajb", missing, missing)
        H = self.system.whole.H
        for h, v in zip(H.T, CV.T, strict=True):
            between_samples = (P * h) @ P.T
            explained += np.einsum("ij,a,b->iajb", between_samples, v, v)
        return explained

    def _roots(self, cross):
        """Kernel (q, k) and covariances (p, T) in the directions of the whole system's inverse.

        And a root (q, p, m) of the covariances that the missing targets do not explain.
        """
        K, C = cross
        whole = self.system.whole
        P = K @ whole.U
        CV = C @ whole.Vi
        return P, CV, self.system.missing_root(P, CV)


class LowRankPosterior:
    """The posterior given complete targets of common samples, by a task covariance of low rank.

    Parameters
    ----------
    K, B, noise, observations, y
        As in :class:`SpectralPosterior`, with B as :class:`LowRank`.

    Attributes
    ----------
    dual : ndarray of shape (n_observations,)
        The inverse of the covariance of the targets, times y.
    """

    def __init__(
        self,
        K,
        B,
        noise,
        observations,
        y,
    ):
        self._given = (
            K,
            np.asarray(B),
            noise,
            observations,
            y,
        )
        self.observations = observations
        self.spectrum = spectrum(K, np.ones(len(K)))
        self.inverse = InverseByDirection(
            self.spectrum.values,
            B,
            noise,
        )
        U = self.spectrum.U
        UtY = U.T @ observations.matrix(y)
        self.dual_matrix = U @ self.inverse.times(UtY)
        sample = observations.sample
        task = observations.task
        self.dual = self.dual_matrix[sample, task]

    @cached_property
    def _spectral(self):
        """The same posterior by eigenvectors of B, for covariances of functions."""
        return SpectralPosterior(*self._given)

    def width(self, n_functions):
        """As :meth:`SpectralPosterior.width`."""
        return len(self.dual_matrix) + n_functions

    def precisions(self):
        """As :meth:`SpectralPosterior.precisions`."""
        squares = self.spectrum.U**2
        precisions = squares @ self.inverse.diagonals
        sample = self.observations.sample
        task = self.observations.task
        return precisions[sample, task]

    cross_covariance = SpectralPosterior.cross_covariance
    mean = SpectralPosterior.mean

    def variance(self, cross):
        """As :meth:`SpectralPosterior.variance`."""
        K, C = cross
        P = K @ self.spectrum.U
        return P**2 @ self.inverse.variances(C)

    def covariance_by_sample(self, cross):
        """As :meth:`SpectralPosterior.covariance_by_sample`."""
        return self._spectral.covariance_by_sample(cross)

    def covariance(self, cross):
        """As :meth:`SpectralPosterior.covariance`."""
        return self._spectral.covariance(cross)


class DensePosterior:
    """The posterior given any observations, by a Cholesky factor.

    Parameters
    ----------
    Ks : list of ndarray of shape (n_observations, n_observations)
        Input kernels between observations.
    Bs : list of ndarray of shape (n_tasks, n_tasks)
        Task covariances.
    noise, observations, y
        As in :class:`SpectralPosterior`.
    known_noise : ndarray of shape (n_observations,), default=None
        As in :func:`covariance_factor`.

    Attributes
    ----------
    dual : ndarray of shape (n_observations,)
        The inverse of the covariance of the targets, times y.
    """

    def __init__(
        self,
        Ks,
        Bs,
        noise,
        observations,
        y,
        known_noise=None,
    ):
        self.factor = covariance_factor(Ks, Bs, noise, observations, known_noise)
        self.observations = observations
        self.dual = self.factor.solve(y)

    def width(self, n_functions):
        """As :meth:`SpectralPosterior.width`."""
        return n_functions * len(self.dual)

    def precisions(self):
        """The precision of each target given the others, (n_observations,)."""
        return self.factor.inverse_diagonal()

    def cross_covariance(self, Ks, Cs):
        """Covariances of new functions with the observations, (q, p, n_observations).

        Parameters
        ----------
        Ks : list of ndarray of shape (q, n_samples)
            Kernel matrices of new samples with those of the fit.
        Cs : list of ndarray of shape (p, n_tasks) or (q, 1, n_tasks)
            Covariances of the functions with the tasks: of the same functions at each sample, or
            of another one at each.
        """
        sample = self.observations.sample
        task = self.observations.task
        cross = 0.0
        for K, C in zip(Ks, Cs, strict=True):
            K = K[:, None, sample]
            C = C[..., task]
            cross = cross + K * C
        return cross

    def mean(self, cross):
        """The mean of each function at each sample, (q, p)."""
        return cross @ self.dual

    def variance(self, cross):
        """Explained variances, (q, p)."""
        root = self._root(cross)
        return np.einsum("cia,cia->ia", root, root)

    def covariance_by_sample(self, cross):
        """Explained covariances of the functions at each sample, (q, p, p)."""
        root = self._root(cross).transpose(1, 2, 0)
        return root @ root.transpose(0, 2, 1)

    def covariance(self, cross):
        """Explained covariances of all functions at all samples, (q, p, q, p)."""
        root = self._root(cross)
        return np.tensordot(root, root, axes=(0, 0))

    def _root(self, cross):
        """A root of what is explained, (n_observations, q, p)."""
        q, p, n_observations = cross.shape
        flat = cross.reshape(q * p, n_observations)
        root = self.factor.half_solve(flat.T)
        return root.reshape(n_observations, q, p)
