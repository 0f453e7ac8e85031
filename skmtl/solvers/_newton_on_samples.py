"""Newton's method in place of sweeps over the samples of a working set."""

import numpy as np

from skmtl._row_norms import row_norms
from skmtl.solvers._certificates import certify
from skmtl.solvers._newton import group_newton

_STEPS = 5  # that Newton's method takes to the end
_FLOATS = 2**25  # of the samples of the non-zero features
_SETTLED = 0.02  # of the non-zero features, that may still be missing
_PATIENCE = 3  # certificates after a step that did not help


class NewtonOnSamples:
    """Newton's method on the features that are not zero, when sweeps converge slowly.

    Parameters
    ----------
    datafit : ResidualForm
        The loss.
    penalty : L21
        The penalty.
    enough : float
        Duality gap at which to stop.
    """

    def __init__(self, datafit, penalty, enough):
        self.datafit = datafit
        self.penalty = penalty
        self.enough = enough
        self.group_weights = penalty.group_weights(datafit.shape[0])
        self.possible = not (penalty.positive or datafit.is_sparse)
        self.possible &= bool((self.group_weights > 0).all())
        self.waiting = 0

    def pays(self, certificate, gap_before, n_sweeps, n_features):
        """Whether it looks cheaper than more sweeps, at the rate of the last ones.

        They were `n_sweeps` over `n_features`, and took the gap from `gap_before` to that of the
        certificate.
        """
        self.waiting -= 1
        gap = certificate.gap
        if not self.possible or self.waiting > 0 or gap <= self.enough:
            return False
        nonzero = certificate.W.any(axis=1)
        n_nonzero = np.count_nonzero(nonzero)
        n_samples = sum(len(weight) for _, weight, _ in self.datafit.groups)
        if self._n_missing(certificate, nonzero) > _SETTLED * n_nonzero:
            return False  # sweeps are still to find the features
        if n_nonzero * n_samples > _FLOATS:
            return False
        left = np.inf
        if gap < gap_before:
            left = n_sweeps * np.log(gap / self.enough) / np.log(gap_before / gap)
        sweeps = left * self._sweep(n_samples, n_features)
        return _STEPS * self._step(n_samples, n_nonzero) < sweeps

    def _n_missing(self, certificate, nonzero):
        """Number of features that are zero and should not be."""
        descent = certificate.evaluation.descent(self.datafit.ridge, certificate.W)
        norms = row_norms(descent)
        return np.count_nonzero((norms > self.group_weights) & ~nonzero)

    def _sweep(self, n_samples, n_features):
        """Measured cost of a sweep in ns."""
        n_tasks = self.datafit.shape[1]
        return n_features * (1.2 * n_samples + 10.0 * n_tasks)

    def _step(self, n_samples, n_features):
        """Measured cost of a step in ns."""
        n_blocks = len(self.datafit.blocks)
        products = n_features**2 * (0.025 * n_samples + 0.01 * n_features)
        return products + 18.0 * n_samples * n_features + 3e4 * n_blocks

    def improve(self, certificate, max_iter):
        """A certificate that is not worse, and the number of steps."""
        W = certificate.W
        features = np.flatnonzero(W.any(axis=1))
        inside, n_steps = group_newton(
            self.datafit.columns(features),
            self.group_weights[features],
            W[features],
            self.enough,
            max_iter,
        )
        if inside is not None:
            W = np.zeros_like(W)
            W[features] = inside
            better = certify(self.datafit, self.penalty, W)
            if better.objective < certificate.objective:
                return better, n_steps
        self.waiting = _PATIENCE
        return certificate, n_steps
