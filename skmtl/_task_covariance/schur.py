"""The system of data with a few missing targets: exact, by the Schur complement of these.

With Q the inverse of the system of complete data, intercepts included, m the missing targets and o
the others, the inverse of what is left is ``Q_oo - Q_om Q_mm^-1 Q_mo``: as if the missing targets
had infinite noise.
"""

from functools import cached_property

import numpy as np
from sklearn.utils import gen_batches

from skmtl._task_covariance.cholesky_factor import CholeskyFactor
from skmtl._task_covariance.system import System

_SAMPLES = 64  # left out at a time


class SchurSystem(System):
    """The system of the observations `observations`.

    Parameters
    ----------
    whole : KroneckerSystem
        The system of all targets of the samples, with the weights of the samples.
    observations : Observations
        The targets that are not missing.
    keep_inverse : bool, default=False
        Whether to keep `inverse_corner`, ``Q_mm^-1``, which derivatives of likelihoods take. It
        then also serves :meth:`coefficients`.
    """

    name = "schur"

    def __init__(self, whole, observations, keep_inverse=False):
        super().__init__(
            whole.K,
            whole.B,
            whole.alpha,
            observations,
            whole.fit_intercept,
        )
        self.whole = whole
        self.missing = observations.missing
        self.U_missing = whole.U[self.missing.sample]
        self.factor = CholeskyFactor(
            self._corner(),
            whole.alpha,
            whole.noise_name,
        )
        self.inverse_corner = None
        if keep_inverse:
            self.inverse_corner = self.factor.inverse()

    def _corner(self):
        """``Q_mm``."""
        U = self.U_missing
        tasks = np.flatnonzero(self.missing.n_per_task)
        Vi = self.whole.Vi_of(tasks)
        spans = [self.missing.spans[t] for t in tasks]
        m = len(self.missing)
        out = np.empty((m, m))
        for t, here in enumerate(spans):
            for u, there in enumerate(spans[: t + 1]):
                block = self.whole.inner(
                    U[here],
                    Vi[t],
                    U[there],
                    Vi[u],
                )
                out[here, there] = block
                out[there, here] = block.T
        return out

    def _solve_corner(self, values):
        """``Q_mm^-1`` times values of missing targets."""
        if self.inverse_corner is not None:
            return self.inverse_corner @ values
        return self.factor.solve(values)

    @cached_property
    def missing_indicators(self):
        """The task of each missing target, (m, T)."""
        return self.missing.indicators()

    def coefficients(self, UtY):
        """The dual coefficients C as ``U C Vi'``, (k, T), from ``U' Y`` with 0 for missing targets.

        That is the solution for complete data in which missing targets have the value that makes
        their dual coefficients 0.
        """
        whole = self.whole
        U = self.U_missing
        dual = whole.from_directions(whole.coefficients(UtY))
        dual = dual[:, self.missing.task]
        at_missing = np.einsum("mk,km->m", U, dual)
        values = self._solve_corner(at_missing)
        values = values[:, None] * self.missing_indicators
        return whole.coefficients(UtY - U.T @ values)

    def dual(self, y):
        """Dual coefficients of targets, (n_observations,)."""
        whole = self.whole
        observations = self.observations
        UtY = whole.U.T @ observations.matrix(y)
        coefficients = self.coefficients(UtY)
        dual = whole.U @ whole.from_directions(coefficients)
        return dual[observations.sample, observations.task]

    def leave_out_samples(self, y):
        """Errors of :meth:`leave_one_out` of whole samples."""
        observations = self.observations
        dual = observations.matrix(self.dual(y))
        known = observations.matrix(observations.predictable_without(self.fit_intercept))
        errors = np.full(known.shape, np.nan)
        for samples, blocks in self._batches():
            for i, block in zip(samples, blocks, strict=True):
                here = known[i]
                if here.any():
                    block = block[np.ix_(here, here)]
                    errors[i, here] = np.linalg.solve(block, dual[i, here])
        return errors[observations.sample, observations.task]

    def precisions(self):
        """The diagonal of the inverse, (n_observations,)."""
        diagonals = []
        for _, blocks in self._batches():
            diagonals.append(np.einsum("itt->it", blocks))
        precisions = np.concatenate(diagonals)
        return precisions[self.observations.sample, self.observations.task]

    def log_determinant(self):
        """As in :class:`KroneckerSystem`."""
        log = self.whole.log_determinant()
        log += self.factor.log_determinant()
        return float(log)

    # ------------------------------------------------------------ blocks of the inverse

    def _batches(self):
        """Positions of some samples at a time, and their blocks of the inverse."""
        samples = np.arange(self.observations.n_samples)
        for batch in gen_batches(len(samples), _SAMPLES):
            yield samples[batch], self._sample_blocks(batch)

    @cached_property
    def _samples_with_missing(self):
        """Rows of U of the samples that miss targets, and the row of each missing target."""
        samples, position = np.unique(
            self.missing.sample,
            return_inverse=True,
        )
        return self.whole.U[samples], position

    def _sample_blocks(self, batch):
        """Blocks of the inverse between the tasks of some samples, (n_samples, T, T)."""
        whole = self.whole
        U = whole.U[batch]
        d = U**2 @ whole.H
        blocks = (whole.Vi * d[:, None, :]) @ whole.Vi.T
        half = self._half_solve(self._beside(U))
        return blocks - half @ half.transpose(0, 2, 1)

    def _half_solve(self, beside):
        """``L^-1`` along the last axis, L the factor of ``Q_mm``; (q, p, m)."""
        q, p, m = beside.shape
        flat = beside.reshape(q * p, m)
        half = self.factor.half_solve(flat.T)
        return half.T.reshape(q, p, m)

    def _beside(self, U):
        """Entries of ``Q_om`` of samples with these rows of U, (n_samples, T, m).

        They are a sum over the different eigenvalues of B.
        """
        U_missing, position = self._samples_with_missing
        task = self.missing.task
        beside = 0.0
        for weight, projector in self.whole.distinct_parts():
            between = (U * weight) @ U_missing.T
            between = between[:, None, position]
            beside = beside + between * projector[:, task]
        return beside

    def missing_root(self, P, CV):
        """A root (q, p, m) of what missing targets take from the inverse.

        That is between the vectors ``U P_i (x) Vi CV_a``, for rows P_i and CV_a of both.
        """
        missing = self.missing
        whole = self.whole
        at_missing = np.empty((len(P), len(CV), len(missing)))
        for v, span in zip(whole.Vi, missing.spans, strict=True):
            U = self.U_missing[span]
            for a, b in enumerate(CV):
                at_missing[:, a, span] = whole.inner(P, b, U, v)
        return self._half_solve(at_missing)
