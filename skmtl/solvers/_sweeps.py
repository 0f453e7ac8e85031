"""Sweeps of block coordinate descent over the samples, extrapolated."""

from dataclasses import dataclass

import numpy as np

from skmtl.solvers._certificates import certify
from skmtl.solvers._extrapolation import anderson_weights

_BETWEEN = (6, 30)  # sweeps between two certificates
_MEMORY = 5  # sweeps that are extrapolated
_WHOLE = 2  # sweeps over all features, before those that are zero may be passed by
_DAMPING = 1e-4  # of their extrapolation


@dataclass(frozen=True)
class Sweeps:
    """Sweeps over features of a loss in residual form.

    Parameters
    ----------
    max_iter : int
        Largest number of sweeps.
    random_state : numpy.random.RandomState or None
        Visit the features in random order; None is cyclic.
    enough : float, default=0.0
        Decrease of the objective in a sweep at which a certificate is due.
    """

    max_iter: int
    random_state: object
    enough: float = 0.0

    def solve(self, form, penalty, W, enough):
        """W and the number of sweeps, until its gap is at most `enough`."""
        features = np.arange(len(W))
        certificate = certify(form, penalty, W)
        n_iter = 0
        while certificate.gap > enough and n_iter < self.max_iter:
            left = Sweeps(self.max_iter - n_iter, self.random_state)
            certificate, n_done = left.improve(
                form,
                penalty,
                W,
                features,
                certificate.objective,
                n_sweeps=2 * _MEMORY,
            )
            W = certificate.W
            n_iter += n_done
            if n_done == 0:
                break
        return W, n_iter

    def improve(
        self,
        form,
        penalty,
        W,
        features,
        objective,
        n_sweeps=None,
    ):
        """The certificate after some sweeps from W, and their number (0 if nothing moved).

        `objective` is that of W. Extrapolated sweeps are taken if they are not above it.
        """
        further, swept, n_done = self._sweep(form, penalty, W, features, n_sweeps)
        certificate = certify(form, penalty, further)
        if further is not swept and certificate.objective > objective:
            certificate = certify(form, penalty, swept)
        return certificate, n_done

    def _sweep(
        self,
        form,
        penalty,
        W,
        features,
        n_sweeps,
    ):
        """W extrapolated, W as the sweeps left it, and the number of sweeps."""
        if n_sweeps is None:
            n_sweeps = int(np.clip(2 * len(W) / max(len(features), 1), *_BETWEEN))
        order = features
        if self.random_state is not None:
            order = self.random_state.permutation(features)
        swept = np.array(W, order="C")
        history = np.empty((_MEMORY + 1, len(order), W.shape[1]))
        n_done = form.descend(
            swept,
            order,
            penalty.group_weights(len(W)),
            penalty.positive,
            min(n_sweeps, self.max_iter),
            history,
            _WHOLE,
            self.enough,
        )
        if n_done < len(history) or penalty.positive:
            return swept, swept, n_done
        nonzero = np.flatnonzero(swept[order].any(axis=1))  # the others stay as they are
        iterates = np.roll(history[:, nonzero], -n_done, axis=0)
        further = swept.copy()
        weights = anderson_weights(iterates, _DAMPING)
        further[order[nonzero]] = np.tensordot(weights, iterates[1:], 1)
        return further, swept, n_done
