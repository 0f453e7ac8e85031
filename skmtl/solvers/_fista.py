"""Accelerated proximal gradient."""

import numpy as np

from skmtl.datafits import ROUNDING
from skmtl.solvers._certificates import certify, null_objective
from skmtl.solvers._solution import certified_solution

_STEPS = 10  # between two certificates


def fista(datafit, penalty, W0, *, max_iter=1000, tol=1e-4):
    """Accelerated proximal gradient with restarts, for any penalty that has a prox.

    Parameters
    ----------
    datafit : SquaredDatafit
        The loss.
    penalty : Penalty
        A single penalty.
    W0 : ndarray of shape (n_features, n_tasks)
        Initial values; not modified.
    max_iter : int, default=1000
        Largest number of gradient steps.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model.

    Returns
    -------
    Solution

    References
    ----------
    Beck, Teboulle (2009), "A fast iterative shrinkage-thresholding algorithm", SIAM J. Imaging
    Sciences 2, section 4. O'Donoghue, Candes (2015), "Adaptive restart for accelerated gradient
    schemes", Found. Comput. Math. 15, equation 13.
    """
    tol = max(tol, ROUNDING)  # no gap is known better than that
    null = null_objective(datafit, penalty)
    gradient_steps = _GradientSteps(datafit, penalty, W0)
    n_iter = 0
    while True:
        certificate = certify(datafit, penalty, gradient_steps.W)
        is_solved = certificate.gap <= tol * null
        if is_solved or n_iter >= max_iter:
            break
        n_steps = min(_STEPS, max_iter - n_iter)
        for _ in range(n_steps):
            gradient_steps.take()
        n_iter += n_steps
    return certified_solution(
        certificate.W,
        n_iter,
        certificate.objective,
        certificate.gap,
        null=null,
        tol=tol,
    )


class _GradientSteps:
    """The iterate W, and the point Z beyond it at which the next gradient is taken."""

    def __init__(self, datafit, penalty, W0):
        self.datafit = datafit
        self.penalty = penalty
        lipschitz = datafit.lipschitz()
        self.size = 1.0
        if lipschitz > 0:
            self.size = 1.0 / lipschitz
        self.W = penalty.prox(W0, 0.0)  # feasible
        self.Z = self.W
        self.momentum = 1.0

    def take(self):
        """One step; the momentum starts anew where it points uphill."""
        before = self.W
        gradient = self.datafit.gradient(self.Z)
        descended = self.Z - self.size * gradient
        self.W = self.penalty.prox(descended, self.size)
        change = self.W - before
        beyond = self.Z - self.W
        if np.vdot(beyond, change) > 0:
            self.momentum = 1.0
        root = np.sqrt(1 + 4 * self.momentum**2)
        momentum = (1 + root) / 2
        share = (self.momentum - 1) / momentum
        self.Z = self.W + share * change
        self.momentum = momentum
