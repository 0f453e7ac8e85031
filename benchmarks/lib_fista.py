"""A reference in plain NumPy: FISTA with restarts, on Gram matrices or on the rows.

The step is one over the largest curvature of all tasks. Stops on the duality gap.
"""

import numpy as np
from cross_validation import cross_validate
from measure import duality_gap

VERSION = np.__version__
TOLERANCES = (1e-6, 5e-7, 1e-7, 1e-8)
MAX_ITER = 200_000
CHECK_EVERY = 10  # iterations


def supports(problem):
    return problem.form in ("own", "masked")


class Grams:
    """The loss from ``X_t' X_t``, (n_tasks, n_features, n_features)."""

    def __init__(self, data):
        self.G = np.stack([X.T @ X for X in data.Xs])
        self.Q = data.correlation(data.y)
        self.y_y = data.product(data.y)

    def curvature(self):
        return np.linalg.eigvalsh(self.G)[:, -1].max()

    def correlation(self, W):
        return self.Q - np.matmul(self.G, W.T[:, :, None])[:, :, 0].T

    def sums(self, W, H):
        """<r, y> and <r, r> at W, whose correlation is H."""
        r_y = self.y_y - np.vdot(self.Q, W)
        return r_y, r_y - np.vdot(H, W)


class Rows:
    """The loss from the rows."""

    def __init__(self, data):
        self.data = data

    def curvature(self):
        return max(np.linalg.norm(X, 2) ** 2 for X in self.data.Xs)

    def correlation(self, W):
        return self.data.correlation(self.data.residual(W))

    def sums(self, W, H):
        """<r, y> and <r, r> at W."""
        r = self.data.residual(W)
        return self.data.product(r), float(r @ r)


def minimize(loss, curvature, W, strength, largest_gap):
    """The minimum of half the squares plus `strength` times the L2,1 norm, started at W."""
    Z, momentum = W, 1.0
    for iteration in range(MAX_ITER):
        if iteration % CHECK_EVERY == 0:
            H = loss.correlation(W)
            if duality_gap(W, H, *loss.sums(W, H), strength)[1] <= largest_gap:
                break
        V = Z + loss.correlation(Z) / curvature
        norms = np.linalg.norm(V, axis=1, keepdims=True)
        new = V * np.maximum(0.0, 1.0 - strength / curvature / np.maximum(norms, 1e-300))
        if np.vdot(Z - new, new - W) > 0:  # the step goes uphill: forget the momentum
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        Z = new + (momentum - 1) / following * (new - W)
        W, momentum = new, following
    return W


def path(data, tol):
    data = data.own_rows()
    loss = Grams(data) if data.n_features <= data.n_mean else Rows(data)
    curvature = loss.curvature()
    W = np.zeros((data.n_features, data.n_tasks))
    solutions = []
    for alpha in data.alphas:
        W = minimize(loss, curvature, W, data.n_mean * alpha, tol * data.null_loss)
        solutions.append(W)
    return np.stack(solutions)


def fit(data, tol):
    return path(data, tol)[0]


def cv(data, tol):
    return cross_validate(path, data.own_rows(), tol)
