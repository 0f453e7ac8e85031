import numpy as np

from skmtl.solvers._certificates import certify, null_objective
from skmtl.solvers._solution import Solution

_STEPS = 10  # between two certificates


def fista(datafit, penalty, W0, *, max_iter=1000, tol=1e-4):
    """Accelerated proximal gradient with restarts, for any penalty that has a prox.

    Parameters
    ----------
    datafit : SquaredDatafit
    penalty : Penalty
    W0 : ndarray of shape (n_features, n_tasks)
        Where to start; not modified.
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
    lipschitz = datafit.lipschitz()
    step = 1.0 / lipschitz if lipschitz > 0 else 1.0
    tol = max(tol, np.finfo(float).eps)  # no gap is known better than that
    null = null_objective(datafit, penalty)
    W = Z = penalty.prox(W0, 0.0)  # feasible
    momentum, n_iter = 1.0, 0
    while True:
        certificate = certify(datafit, penalty, W)
        gap = certificate.gap
        if gap <= tol * null or n_iter >= max_iter:
            break
        for _ in range(min(_STEPS, max_iter - n_iter)):
            previous, W = W, penalty.prox(Z - step * datafit.gradient(Z), step)
            if np.vdot(Z - W, W - previous) > 0:
                momentum = 1.0
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            Z = W + (momentum - 1) / following * (W - previous)
            momentum = following
            n_iter += 1
    optimality = gap / null if null > 0 else gap
    return Solution(
        certificate.W, max(n_iter, 1), certificate.objective, gap, optimality, gap <= tol * null
    )
