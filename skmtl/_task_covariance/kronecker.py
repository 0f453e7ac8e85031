"""The system of complete data, ``B (x) K + diag(alpha) (x) S^-1``, from eigenvectors of K and B.

Samples have the weights s, S = diag(s). With ``S^1/2 K S^1/2 = U diag(values) U'`` and
``Sigma^-1/2 B Sigma^-1/2 = V diag(lam) V'``, Sigma = diag(alpha), the inverse of the system is
diagonal between ``S^1/2 U`` and ``Vi = Sigma^-1/2 V``: ``H_kq = 1 / (values_k lam_q + 1)``.
Intercepts, one for each task and not penalized, restrict dual coefficients to those that sum to
zero in every task: K is centered, and U loses the direction of the constants. Nothing else changes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skmtl._task_covariance.cholesky_factor import CholeskyFactor, not_semidefinite
from skmtl._task_covariance.low_rank import noise_basis
from skmtl._task_covariance.observations import centered
from skmtl._task_covariance.system import System
from skmtl._threads import threads_for_factorization


@dataclass(frozen=True)
class Spectrum:
    """The eigenvectors and eigenvalues of ``S^1/2 K S^1/2``, S = diag(s).

    Attributes
    ----------
    U : ndarray of shape (n, k)
        Eigenvectors, without the directions that intercepts take.
    values : ndarray of shape (k,)
        Eigenvalues.
    root : ndarray of shape (n,)
        Square roots of the weights s.
    """

    U: np.ndarray
    values: np.ndarray
    root: np.ndarray

    @cached_property
    def weighted_U(self):
        """``S^1/2 U``, (n, k)."""
        if np.all(self.root == 1.0):
            return self.U
        return self.root[:, None] * self.U


def spectrum(K, weight, free=None):
    """The :class:`Spectrum` of ``S^1/2 K S^1/2``.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Kernel matrix.
    weight : ndarray of shape (n,)
        The diagonal of S, positive.
    free : ndarray of shape (n, r), default=None
        The functions that are not penalized, those of the intercepts, as disjoint columns.
    """
    root = np.sqrt(weight)
    K = K * root[:, None]
    K *= root
    n_kept = len(K)
    largest = 0.0
    if free is not None:
        n_kept -= free.shape[1]
        largest = _move_to_the_end(K, free * root[:, None])
    with threads_for_factorization(len(K)):
        values, U = np.linalg.eigh(K)
    values = values[:n_kept]
    sizes = np.abs(values)
    largest = max(largest, sizes.max(initial=0.0))
    rounding = 10 * len(K) * np.finfo(float).eps * largest
    values = np.where(
        sizes < rounding,
        np.maximum(values, 0.0),
        values,
    )
    return Spectrum(U[:, :n_kept], values, root)


def _move_to_the_end(K, F):
    """Give K the largest eigenvalue in the directions F, in place, and return that eigenvalue.

    The last eigenvectors then span F, and the others are those of K restricted to what is
    orthogonal to F.
    """
    F /= np.linalg.norm(F, axis=0)
    KF = K @ F
    half = KF - 0.5 * F @ (F.T @ KF)
    K -= half @ F.T
    K -= F @ half.T
    bound = np.abs(K).sum(axis=0).max()
    largest = 2 * bound or 1.0
    K += largest * (F @ F.T)
    return largest


def constants(n, fit_intercept):
    """The column of constants, (n, 1), that intercepts take from a spectrum; None without them."""
    if not fit_intercept:
        return None
    return np.ones((n, 1))


def shrinkage(values, lam, alpha, given=None, noise_name="alpha"):
    """``1 / (values lam + alpha)``, which has to be positive.

    Parameters
    ----------
    values, lam : ndarray
        Eigenvalues of K and of B, of shapes that broadcast.
    alpha : float or ndarray
        What is added to their products.
    given : ndarray, default=None
        The user's alpha, for the error message, if `lam` was divided by it.
    noise_name : str, default="alpha"
        The user's name of alpha, for the error message.

    Raises
    ------
    ValueError
        If the kernel has an eigenvalue too far below zero.
    """
    total = values * lam + alpha
    if total.size and total.min() <= 0:
        raise not_semidefinite(
            alpha if given is None else given,
            values.min(),
            noise_name,
        )
    return 1.0 / total


def distinct_values(lam):
    """The eigenvalues that differ by more than rounding, and the position of each among them."""
    lam = np.maximum(lam, 0.0)
    unit = 1e-13 * (lam.max() or 1.0)
    rounded = np.round(lam / unit)
    _, first, position = np.unique(
        rounded,
        return_index=True,
        return_inverse=True,
    )
    return lam[first], position


class KroneckerBase(System):
    """The system of complete data: what does not depend on how the directions V are solved for.

    A subclass has ``directions(Y)``, the inverse times Y before it is multiplied by ``Vi'``,
    (n, T), and ``sample_precisions()``, the numbers d_iq for which ``Vi diag(d_i) Vi'`` is the
    block of the inverse of sample i, (n, T).

    Parameters
    ----------
    K, B, alpha, observations, fit_intercept
        As in :class:`System`; `observations` are all targets of the samples.
    noise_name : str, default="alpha"
        The user's name of alpha, for error messages.
    basis : DenseBasis or ReflectionBasis, default=None
        What :func:`noise_basis` gives, if it is known already.
    """

    name = "kronecker"

    def __init__(
        self,
        K,
        B,
        alpha,
        observations,
        fit_intercept,
        noise_name="alpha",
        basis=None,
    ):
        super().__init__(
            K,
            B,
            alpha,
            observations,
            fit_intercept,
        )
        self.noise_name = noise_name
        self.basis = noise_basis(B, alpha) if basis is None else basis
        self.lam = np.maximum(self.basis.values, 0.0)
        self.noise_root = np.sqrt(alpha)

    @cached_property
    def Vi(self):
        """``Sigma^-1/2 V``, (T, T)."""
        return self.basis.matrix / self.noise_root[:, None]

    def Vi_of(self, tasks):
        """The rows of `Vi` of some tasks."""
        return self.basis.rows(tasks) / self.noise_root[tasks, None]

    def solve_block(self, d, Y):
        """Rows of Y times the inverse of the block ``Vi diag(d) Vi'``."""
        scaled = self.basis.into(Y * self.noise_root)
        return self.basis.back(scaled / d) * self.noise_root

    def into_directions(self, Y):
        """``Y Vi``."""
        return self.basis.into(Y / self.noise_root)

    def from_directions(self, C):
        """``C Vi'``."""
        return self.basis.back(C) / self.noise_root

    def dual(self, y):
        """Dual coefficients of targets, (n_observations,)."""
        Y = self.observations.matrix(y)
        dual = self.from_directions(self.directions(Y))
        return dual.T.ravel()

    def leave_out_samples(self, y):
        """Errors of :meth:`leave_one_out` of whole samples."""
        observations = self.observations
        if not observations.predictable_without(self.fit_intercept).any():
            return np.full(len(observations), np.nan)
        dual = self.directions(observations.matrix(y))
        errors = dual / self.sample_precisions()
        errors = self.basis.back(errors) * self.noise_root
        return errors.T.ravel()

    def precisions(self):
        """The diagonal of the inverse, (n_observations,)."""
        diagonal = self.basis.back_by_squares(self.sample_precisions()) / self.alpha
        return diagonal.T.ravel()

    def _log_determinant_of_noise(self):
        """What alpha, the weights and the intercepts add to the log-determinant."""
        alpha = self.alpha
        weight = self.observations.common_weight
        log = len(weight) * np.log(alpha).sum()
        log -= len(alpha) * np.log(weight).sum()
        if self.fit_intercept:
            log += np.log(weight.sum() / alpha).sum()
        return log


class KroneckerSystem(KroneckerBase):
    """The system by the eigenvectors of K, which serve every B and alpha.

    Parameters
    ----------
    spectrum : Spectrum
        That of K, without the constants if intercepts are fitted.
    K, B, alpha, observations, fit_intercept, noise_name
        As in :class:`KroneckerBase`.
    """

    def __init__(
        self,
        spectrum,
        K,
        B,
        alpha,
        observations,
        fit_intercept,
        noise_name="alpha",
    ):
        super().__init__(
            K,
            B,
            alpha,
            observations,
            fit_intercept,
            noise_name,
        )
        self.U = spectrum.weighted_U
        self.H = shrinkage(
            spectrum.values[:, None],
            self.lam,
            1.0,
            given=alpha,
            noise_name=noise_name,
        )

    @property
    def whole(self):
        """The system without missing targets: this one."""
        return self

    def coefficients(self, UtY):
        """The dual coefficients C as ``U C Vi'``, (k, T), from ``U' Y``."""
        return self.into_directions(UtY) * self.H

    def directions(self, Y):
        UtY = self.U.T @ Y
        return self.U @ self.coefficients(UtY)

    def sample_precisions(self):
        return self.U**2 @ self.H

    def inner(self, P, b, R, d):
        """``P diag(H (b * d)) R'``: the inverse between vectors ``U p (x) Vi b``, ``U r (x) Vi d``.

        Rows of P and of R are the p and r.
        """
        weights = self.H @ (b * d)
        return (P * weights) @ R.T

    def missing_root(self, P, CV):
        """A root (q, p, 0) of what missing targets take from the inverse: nothing."""
        return np.zeros((len(P), len(CV), 0))

    def distinct_parts(self, tasks):
        """For each different eigenvalue e its ``H_ke``, (k,), and columns of ``Vi_e Vi_e'``.

        These are the columns of some tasks, (T, n_tasks). The inverse is the sum of
        ``(U diag(H_e) U') (x) (Vi_e Vi_e')``.
        """
        distinct, position = distinct_values(self.lam)
        for e in range(len(distinct)):
            here = np.flatnonzero(position == e)
            Vi = self.Vi[:, here]
            yield self.H[:, here[0]], Vi @ Vi[tasks].T

    def log_determinant(self):
        """The log-determinant of the system A; with intercepts ``log|A| + log|M'A^-1 M|``.

        M (n_observations, n_tasks) holds the indicators of the tasks, as in restricted likelihoods.
        """
        log = self._log_determinant_of_noise()
        log -= np.log(self.H).sum()
        return float(log)


class KroneckerFactors(KroneckerBase):
    """The system by a Cholesky factor for each different eigenvalue of B.

    That is less work as long as these are few. With intercepts K is centered, so that the unit
    vector x of the constants is an eigenvector of ``S^1/2 K S^1/2`` with eigenvalue 0: the inverse
    in a direction, ``A_q^-1``, becomes ``A_q^-1 - x x'``.

    Parameters
    ----------
    K, B, alpha, observations, fit_intercept, basis
        As in :class:`KroneckerBase`.
    """

    def __init__(
        self,
        K,
        B,
        alpha,
        observations,
        fit_intercept,
        basis=None,
    ):
        super().__init__(
            K,
            B,
            alpha,
            observations,
            fit_intercept,
            basis=basis,
        )
        weight = observations.common_weight
        self.root = np.sqrt(weight)[:, None]
        self.x = self.root / np.linalg.norm(self.root)
        if fit_intercept:
            K = centered(K, weight)
        distinct, position = distinct_values(self.lam)
        self.groups = []
        self.factors = []
        for k, lam in enumerate(distinct):
            self.groups.append(np.flatnonzero(position == k))
            self.factors.append(self._factor(K, lam))

    def _factor(self, K, lam):
        """The factor of ``lam S^1/2 K S^1/2 + I``."""
        A = K * (lam * self.root)
        A *= self.root.T
        A.flat[:: len(A) + 1] += 1.0
        return CholeskyFactor(A, self.alpha)

    def _groups_and_factors(self):
        return zip(self.groups, self.factors, strict=True)

    def directions(self, Y):
        Z = self._restricted(self.root * self.into_directions(Y))
        for group, factor in self._groups_and_factors():
            Z[:, group] = factor.solve(Z[:, group])
        # A second time, for the last digits.
        return self.root * self._restricted(Z)

    def _restricted(self, Z):
        """Z without the direction of the intercepts."""
        if not self.fit_intercept:
            return Z
        return Z - self.x @ (self.x.T @ Z)

    def sample_precisions(self):
        n_tasks = len(self.lam)
        out = np.empty((len(self.K), n_tasks))
        for group, factor in self._groups_and_factors():
            diagonal = factor.inverse_diagonal()
            out[:, group] = diagonal[:, None]
        if self.fit_intercept:
            out -= self.x**2
        return self.root**2 * out

    def log_determinant(self):
        """As in :class:`KroneckerSystem`."""
        log = self._log_determinant_of_noise()
        for group, factor in self._groups_and_factors():
            log += len(group) * factor.log_determinant()
        return float(log)
