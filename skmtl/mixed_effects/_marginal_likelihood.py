"""The likelihood of targets, effects integrated out, as a function of variances.

With variances relative to the noise, the rows of task t have the covariance

    sigma^2 S_t = sigma^2 (I + Z_t C Z_t'),    Z_t = R_t diag(spread_t),

C that of the effects of tasks. All matrices follow from ``A_t = chol(S_t)^-1 R_t``. With the sums
over tasks of ``H_t = R_t' S_t^-1 R_t`` and ``h_t = R_t' S_t^-1 r_t`` the common effects beta solve

    (sum_t H_t + prior precision) beta = sum_t h_t.

The criterion is -2 log of the likelihood of which flat effects and normal ones are integrated out;
sigma^2 is at its best, ``Q / (n - number of flat effects)``, or given.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skmtl import _kernels
from skmtl.mixed_effects._fixed_effects import FixedSolution

_ROUNDING = 1e-10  # of the sum of the weights


@dataclass
class Evaluation:
    """What there is at given variances.

    Attributes
    ----------
    criterion : float
        -2 log likelihood, of standardized rows and targets.
    noise : float
        sigma^2.
    fixed : FixedSolution
        Common effects.
    precisions : ndarray of shape (n_tasks, n_effects, n_effects)
        H_t.
    scores : ndarray of shape (n_tasks, n_effects)
        ``Z_t' S_t^-1 (r_t - R_t beta)``: the conditional means of the effects of tasks are C times
        these, times the spread.
    spread : ndarray of shape (n_tasks, n_effects) or None
        What multiplies the effects of a task; None where it is 1.
    gram : ndarray of shape (n_effects, n_effects)
        Of the equations for beta, without the prior.
    fixed_scores : ndarray of shape (n_effects,)
        Right-hand side of these less their left one.
    n_samples, n_free : float
        Number of samples, and the same less that of flat effects.
    left : float
        Q, the squares that are left at the common effects, those of their prior included.
    """

    criterion: float
    noise: float
    fixed: FixedSolution
    precisions: np.ndarray
    scores: np.ndarray
    spread: np.ndarray | None
    gram: np.ndarray
    fixed_scores: np.ndarray
    n_samples: float
    n_free: float
    left: float

    def at_noise(self, noise):
        """The same for another sigma^2."""
        ratio = noise / self.noise
        log_ratio = np.log(ratio)
        criterion = self.criterion
        criterion += self.n_free * log_ratio
        criterion += self.left / noise
        criterion -= self.left / self.noise
        return replace(
            self,
            criterion=float(criterion),
            noise=float(noise),
        )

    @property
    def by_log_noise(self):
        """Derivative of the criterion by the logarithm of sigma^2."""
        return self.n_free - self.left / self.noise

    @cached_property
    def effect_precisions(self):
        """``Z_t' S_t^-1 Z_t``, (n_tasks, n_effects, n_effects)."""
        if self.spread is None:
            return self.precisions
        left = self.spread[:, :, None]
        right = self.spread[:, None, :]
        return left * self.precisions * right

    @cached_property
    def crossed(self):
        """``Z_t' S_t^-1 R_t`` times a root of the covariance of beta, (n_tasks, n_effects, k)."""
        crossed = self.precisions @ self.fixed.root
        if self.spread is not None:
            spread = self.spread[:, :, None]
            crossed = crossed * spread
        return crossed

    @cached_property
    def slope(self):
        """The matrix D of ``d criterion = trace(D dC)``."""
        crossed = self.crossed
        known = np.tensordot(
            crossed,
            crossed,
            axes=([0, 2], [0, 2]),
        )
        observed = self.scores.T @ self.scores
        slope = self.effect_precisions.sum(axis=0)
        slope -= known
        slope -= observed / self.noise
        return slope

    @cached_property
    def prior_slope(self):
        """Derivatives of the criterion by prior variances of the common effects, (n_effects,)."""
        crossed = self.gram @ self.fixed.root
        known = np.sum(crossed**2, axis=1)
        observed = self.fixed_scores**2
        expected = self.gram.diagonal()
        return expected - known - observed / self.noise


class MarginalLikelihood:
    """The criterion of compressed tasks.

    Parameters
    ----------
    rows : TaskRows
        Rows and targets.
    fixed_effects : FixedEffects
        The prior of the common effects.
    noise : float, default=None
        sigma^2 if it is given.
    spread : ndarray of shape (n_tasks, n_effects), default=None
        What multiplies the effects of a task.
    """

    def __init__(self, rows, fixed_effects, noise=None, spread=None):
        self.rows = rows
        self.fixed_effects = fixed_effects
        self.noise = noise
        self.spread = spread
        self.n_samples = rows.total.sum()
        self.n_free = self.n_samples - fixed_effects.n_flat
        targets = rows.targets[:, :, None]
        columns = [rows.rows, targets]
        self._with_targets = np.concatenate(columns, axis=2)
        self._further = rows.sums_of_further
        self._rest = rows.rest.sum()

    @property
    def is_saturated(self):
        """Whether flat effects explain everything, so that nothing is known of variances."""
        return self.n_free <= _ROUNDING * self.n_samples

    def evaluate(self, root, prior):
        """Return the :class:`Evaluation` at variances relative to that of the noise.

        Parameters
        ----------
        root : ndarray of shape (n_effects, n_effects)
            A root of the covariance C of the effects of tasks.
        prior : ndarray of shape (n_effects,)
            Prior variances of common effects.

        Raises
        ------
        LinAlgError
            If variances are so large that nothing is left of the noise in double precision.
        """
        whitened, log_determinant = self._whiten(root)
        R = whitened[:, :, :-1]
        r = whitened[:, :, -1]
        transposed = R.transpose(0, 2, 1)
        precisions = transposed @ R
        right = _products(r, R)
        of_further, products, _ = self._further
        gram = precisions.sum(axis=0) + of_further
        total_right = right.sum(axis=0) + products
        fixed = self.fixed_effects.solve(
            gram,
            total_right,
            prior,
        )
        residuals = r - R @ fixed.effects
        scores = _products(residuals, R)
        if self.spread is not None:
            scores = scores * self.spread
        left = np.sum(residuals**2)
        left += fixed.penalty
        left += self._other_squares(fixed.effects)
        noise = self.noise
        if noise is None:
            noise = left / self.n_free
        criterion = log_determinant + fixed.log_determinant
        log_noise = np.log(2 * np.pi * noise)
        criterion += self.n_free * log_noise
        criterion += left / noise
        if not np.isfinite(criterion):
            raise np.linalg.LinAlgError("Variances are too large for double precision.")
        return Evaluation(
            criterion=float(criterion),
            noise=float(noise),
            fixed=fixed,
            precisions=precisions,
            scores=scores,
            spread=self.spread,
            gram=gram,
            fixed_scores=total_right - gram @ fixed.effects,
            n_samples=self.n_samples,
            n_free=self.n_free,
            left=float(left),
        )

    def _whiten(self, root):
        """``chol(S_t)^-1 (R_t, r_t)`` and the sum of the log determinants of S_t."""
        varying = root.any(axis=0)
        rows = self.rows.rows
        if self.spread is not None:
            spread = self.spread[:, None]
            rows = rows * spread
        effects = rows @ root[:, varying]
        transposed = effects.transpose(0, 2, 1)
        S = effects @ transposed
        diagonals = np.einsum("tii->ti", S)
        diagonals += 1.0
        factors = np.linalg.cholesky(S)
        whitened = self._with_targets.copy()
        _kernels.solve_triangular(factors, whitened)
        diagonals = np.einsum("tii->ti", factors)
        log_roots = np.log(diagonals)
        return whitened, 2 * log_roots.sum()

    def _other_squares(self, effects):
        """Squares that are left of what the rows do not have."""
        gram, products, squares = self._further
        left = effects @ gram - 2 * products
        of_further = squares + left @ effects
        return self._rest + max(of_further, 0.0)


def _products(targets, rows):
    """``R_t' r_t`` of each task, (n_tasks, n_effects)."""
    products = targets[:, None] @ rows
    return products[:, 0]
