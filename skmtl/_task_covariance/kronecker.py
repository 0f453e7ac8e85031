"""``B (x) K + diag(alpha) (x) S^-1`` on all cells: everything from one eigendecomposition of K.

Rows are weighted by s, S = diag(s). With ``S^1/2 K S^1/2 = U diag(values) U'`` and
``Sigma^-1/2 B Sigma^-1/2 = V diag(lam) V'``, Sigma = diag(alpha), the inverse of the system is
diagonal between U and ``Vi = Sigma^-1/2 V``: ``H_kq = 1 / (values_k lam_q + 1)``. Intercepts, one a
task and unpenalized, restrict dual coefficients to those that sum to zero in every task: K is
centered and U loses the direction of the constants. That is all that intercepts change.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotri

from skmtl._task_covariance.observations import centered, factorize, not_semidefinite


@dataclass(frozen=True)
class Spectrum:
    """Eigenvectors `U` (n, k), weighted by `root`, and eigenvalues `values` of a kernel matrix.

    `U` is without the directions that intercepts take.
    """

    U: np.ndarray
    values: np.ndarray
    root: np.ndarray


def spectrum(K, weight, free=None):
    """The :class:`Spectrum` of ``S^1/2 K S^1/2``.

    Parameters
    ----------
    K : ndarray of shape (n, n)
    weight : ndarray of shape (n,)
        Diagonal of S, positive.
    free : ndarray of shape (n, r), default=None
        Columns of unpenalized functions, disjoint: those of the intercepts.
    """
    root = np.sqrt(weight)
    K, r, shift = K * root[:, None], 0, 0.0
    K *= root
    if free is not None:
        r = free.shape[1]
        F = free * root[:, None]
        F /= np.linalg.norm(F, axis=0)
        KF = K @ F
        half = KF - 0.5 * F @ (F.T @ KF)
        K -= half @ F.T
        K -= F @ half.T
        # these directions get the largest eigenvalue, and are the last
        shift = 2 * np.abs(K).sum(axis=0).max() or 1.0
        K += shift * (F @ F.T)
    values, U = np.linalg.eigh(K)
    values, U = values[: len(K) - r], U[:, : len(K) - r]
    scale = max(shift, np.abs(values).max(initial=0.0))
    rounding = 10 * len(K) * np.finfo(float).eps * scale
    return Spectrum(U, np.where(np.abs(values) < rounding, np.maximum(values, 0.0), values), root)


def constants(n, fit_intercept):
    """The free column of a Kronecker system, or None."""
    return np.ones((n, 1)) if fit_intercept else None


def shrinkage(values, lam, alpha, given=None):
    """``1 / (values lam + alpha)``, which has to be positive.

    `given` is the alpha to name if it is not, where `lam` was divided by it.
    """
    total = values * lam + alpha
    if total.size and total.min() <= 0:
        raise not_semidefinite(alpha if given is None else given, values.min())
    return 1.0 / total


def distinct_values(lam):
    """Different eigenvalues, rounding apart, and the place of each among them."""
    lam = np.maximum(lam, 0.0)
    steps = np.round(lam / (1e-13 * (lam.max() or 1.0)))
    _, first, place = np.unique(steps, return_index=True, return_inverse=True)
    return lam[first], place


class KroneckerBase:
    """The system on all cells: what does not depend on how the directions V are solved for.

    A subclass has ``directions(Y)``, the inverse times Y before V turns it back, (n, T), and
    ``row_precisions()``, the numbers d_iq such that the block of the inverse of row i is
    ``Vi diag(d_i) Vi'``, (n, T).

    Parameters
    ----------
    K : ndarray of shape (n, n)
    B : ndarray of shape (T, T)
    alpha : ndarray of shape (T,)
    cells : Observations
        All of them.
    fit_intercept : bool
    """

    name = "kronecker"

    def __init__(self, K, B, alpha, cells, fit_intercept):
        self.K, self.B, self.alpha, self.cells = K, B, alpha, cells
        self.fit_intercept = fit_intercept
        scale = np.sqrt(alpha)
        lam, V = np.linalg.eigh(B / np.outer(scale, scale))
        self.lam = np.maximum(lam, 0.0)
        self.Vi, self.Vn = V / scale[:, None], V * scale[:, None]  # Vn' is the inverse of Vi

    def dual(self, y):
        """Dual coefficients of targets over cells."""
        return (self.directions(self.cells.matrix(y)) @ self.Vi.T).T.ravel()

    def intercepts(self, y, dual):
        """Intercepts that belong to dual coefficients, (n_tasks,)."""
        return mean_left_over(self, y, dual)

    def leave_one_out(self, y, by="row"):
        """Errors ``y - prediction`` of every cell when its row, or only the cell, is left out.

        NaN where nothing is left to find the intercept of the task from.
        """
        if not self.cells.left(self.fit_intercept).any():
            return np.full(len(self.cells), np.nan)
        if by == "cell":
            return self.dual(y) / self.cell_precisions()
        errors = self.directions(self.cells.matrix(y)) / self.row_precisions() @ self.Vn.T
        return errors.T.ravel()

    def cell_precisions(self):
        """The diagonal of the inverse, (n_cells,)."""
        return (self.row_precisions() @ self.Vi.T**2).T.ravel()

    def _log_weights(self):
        """Of the log-determinant, what alpha and the weights bring in."""
        weight, T = self.cells.row_weight, len(self.alpha)
        logs = len(weight) * np.log(self.alpha).sum() - T * np.log(weight).sum()
        if self.fit_intercept:
            logs += np.log(weight.sum() / self.alpha).sum()
        return logs


class KroneckerSystem(KroneckerBase):
    """By the eigenvectors of K, which serve every B and alpha.

    Parameters
    ----------
    spectrum : Spectrum
        Of K, without the constants if intercepts are fitted.
    """

    def __init__(self, spectrum, K, B, alpha, cells, fit_intercept):
        super().__init__(K, B, alpha, cells, fit_intercept)
        # already weighted: precisions are products of its rows
        self.U = spectrum.root[:, None] * spectrum.U
        self.H = shrinkage(spectrum.values[:, None], self.lam, 1.0, given=alpha)

    def directions(self, Y):
        return self.U @ ((self.U.T @ Y @ self.Vi) * self.H)

    def row_precisions(self):
        return self.U**2 @ self.H

    def precision(self, Y):
        """The inverse of the system times Y, (n, T)."""
        return self.directions(Y) @ self.Vi.T

    def precision_block(self, rows, t, others, u):
        """Entries of the inverse between some rows of task t and some of task u."""
        weight = self.H @ (self.Vi[t] * self.Vi[u])
        return (self.U[rows] * weight) @ self.U[others].T

    def distinct_parts(self):
        """For each different eigenvalue e its ``H_ke``, (k,), and ``Vi_e Vi_e'``, (T, T).

        The inverse is the sum of ``(U diag(H_e) U') (x) (Vi_e Vi_e')``.
        """
        distinct, place = distinct_values(self.lam)
        for e in range(len(distinct)):
            Vi = self.Vi[:, place == e]
            yield self.H[:, np.argmax(place == e)], Vi @ Vi.T

    def log_determinant(self):
        """log of the determinant of the system A; with intercepts ``log|A| + log|M'A^-1 M|``.

        M (n_cells, n_tasks) holds the indicators of the tasks: what the restricted likelihood has.
        """
        return float(self._log_weights() - np.log(self.H).sum())


class KroneckerFactors(KroneckerBase):
    """By one Cholesky factor for each different eigenvalue of B: less work while these are few.

    With intercepts K is centered, so that the unit vector x of the constants is an eigenvector of
    ``S^1/2 K S^1/2`` to 0: the inverse in a direction, ``A_q^-1``, becomes ``A_q^-1 - x x'``.
    """

    def __init__(self, K, B, alpha, cells, fit_intercept):
        super().__init__(K, B, alpha, cells, fit_intercept)
        weight = cells.row_weight
        K = centered(K, weight) if fit_intercept else K
        self.root = np.sqrt(weight)[:, None]
        self.x = self.root / np.linalg.norm(self.root)
        distinct, place = distinct_values(self.lam)
        self.groups = [np.flatnonzero(place == k) for k in range(len(distinct))]
        self.factors = [factorize(self._direction(K, lam), alpha) for lam in distinct]

    def _direction(self, K, lam):
        A = K * (lam * self.root)
        A *= self.root.T
        A.flat[:: len(A) + 1] += 1.0
        return A

    def directions(self, Y):
        Z = self._restricted(self.root * (Y @ self.Vi))
        for group, factor in zip(self.groups, self.factors, strict=True):
            Z[:, group] = cho_solve((factor, True), Z[:, group], check_finite=False)
        return self.root * self._restricted(Z)  # again, for the digits

    def _restricted(self, Z):
        """Without the direction of the intercepts."""
        return Z - self.x @ (self.x.T @ Z) if self.fit_intercept else Z

    def row_precisions(self):
        out = np.empty((len(self.K), len(self.lam)))
        for group, factor in zip(self.groups, self.factors, strict=True):
            out[:, group] = dpotri(factor, lower=True)[0].diagonal()[:, None]
        if self.fit_intercept:
            out -= self.x**2
        return self.root**2 * out

    def log_determinant(self):
        """As that of :class:`KroneckerSystem`."""
        logs = self._log_weights()
        for group, factor in zip(self.groups, self.factors, strict=True):
            logs += 2 * len(group) * np.log(factor.diagonal()).sum()
        return float(logs)


def mean_left_over(system, y, dual):
    """Intercepts: the weighted means of what the functions leave, (n_tasks,)."""
    cells = system.cells
    if not system.fit_intercept:
        return np.zeros(cells.n_tasks)
    fit = system.K @ (cells.matrix(dual) @ system.B)
    return cells.task_mean(y - fit[cells.row, cells.task])
