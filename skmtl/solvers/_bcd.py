import numpy as np

from skmtl.solvers._certificates import certify, null_objective
from skmtl.solvers._solution import Solution

_SWEEPS = (10, 30)  # between two certificates, by what they cost
_CERTIFICATE = 1e6  # multiplications that take about as long as the Python of a certificate


def bcd(datafit, penalty, W0, *, max_iter=1000, tol=1e-4, random_state=None):
    """Block coordinate descent over the rows of W, stopped by the duality gap.

    Sweeps visit a working set, the rows that are non-zero or violate optimality, which is chosen
    anew at every certificate; each row is minimised exactly.

    Parameters
    ----------
    datafit : SquaredDatafit
    penalty : L21
    W0 : ndarray of shape (n_features, n_tasks)
        Where to start; not modified.
    max_iter : int, default=1000
        Largest number of sweeps.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model.
    random_state : numpy.random.RandomState or None, default=None
        Visit the rows in random order, drawn anew after each certificate; None is cyclic.

    Returns
    -------
    Solution
    """
    row_weights = penalty.row_weights(len(W0))
    tol = max(tol, np.finfo(float).eps)  # no gap is known better than that
    null = null_objective(datafit, penalty)
    enough = tol**2 * null  # sweeps also end early once a row changes by about tol of its size
    W, n_iter = penalty.prox(W0, 0.0), 0  # feasible
    while True:
        certificate = certify(datafit, penalty, W)
        W, gap = np.ascontiguousarray(certificate.W), certificate.gap
        if gap <= tol * null or n_iter >= max_iter:
            break
        rows = _working_set(datafit, penalty, W, certificate.evaluation, row_weights)
        if random_state is not None:
            rows = random_state.permutation(rows)
        affordable = _CERTIFICATE / max(1, len(rows) * datafit.row_cost)
        sweeps = min(int(np.clip(affordable, *_SWEEPS)), max_iter - n_iter)
        before = W.copy()
        done = datafit.descend(
            W, certificate.evaluation, rows, row_weights, penalty.positive, sweeps, enough
        )
        n_iter += done
        if np.array_equal(W, before):  # a fixed point in floating point: no sweep can do better
            break
        if done < sweeps:
            enough *= 0.1
    optimality = gap / null if null > 0 else gap
    return Solution(W, max(n_iter, 1), certificate.objective, gap, optimality, gap <= tol * null)


def _working_set(datafit, penalty, W, evaluation, row_weights):
    """Rows that are non-zero, unpenalised, or whose correlation exceeds their weight."""
    G = evaluation.correlation - datafit.ridge * W
    if penalty.positive:
        G = np.maximum(G, 0.0)
    return np.flatnonzero(W.any(axis=1) | (np.linalg.norm(G, axis=1) > row_weights))
