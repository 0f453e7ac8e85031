"""One task alone under a quadratic prior: what is left of a model when the others are given."""

from typing import NamedTuple

import numpy as np

_NEWTON = 1000  # steps; few of them unless curvatures are bounds
_LEAST = 1e-6  # curvature of a loss whose scale is 1
_TOL, _ROUNDED = 1e-10, 1e-6  # on the change of predictions; and where that is lost in rounding


class Prior(NamedTuple):
    """`constant + 1/2 sum_i strength_i v_i^2` of coefficients `w = center + basis v`.

    `basis` None is the identity. Classes of a task stand one after the other in w.
    """

    center: np.ndarray
    strength: np.ndarray
    basis: np.ndarray | None = None
    constant: float = 0.0


def pulled(center, pull, ridge):
    """The :class:`Prior` `pull/2 ||w - center||^2 + ridge/2 ||w||^2`."""
    total = pull + ridge
    share = pull / total if total > 0 else 1.0
    constant = 0.5 * share * ridge * float(center @ center)
    return Prior(share * center, np.full(len(center), total), constant=constant)


class NewFit(NamedTuple):
    """W (n_features, n_columns) and b (n_columns,) of a task, and what is known of them."""

    W: np.ndarray
    b: np.ndarray
    objective: float
    converged: bool


def fit_task(rows, prior, fit_intercept):
    """The minimum of the loss and the prior.

    Parameters
    ----------
    rows : NewTask
        X (n_rows, n_features), y (n_rows, n_columns), the weights of rows and the loss.
    prior : Prior
    fit_intercept : bool

    Returns
    -------
    NewFit
    """
    n, K = rows.y.shape
    p = rows.X.shape[1]
    mean = np.average(rows.X, axis=0, weights=rows.weight) if fit_intercept else np.zeros(p)
    X = rows.X - mean
    offset = X @ prior.center.reshape(K, p).T
    J, back = _whitened(X, prior, K)
    ridge = np.full(J.shape[1], float((prior.strength > 0).all()))
    if fit_intercept:
        J, ridge = np.hstack([J, np.tile(np.eye(K), (n, 1))]), np.append(ridge, np.zeros(K))
    theta, objective, converged = _newton(rows, offset, J, ridge)
    inner = len(ridge) - K * fit_intercept
    W = (prior.center + back(theta[:inner])).reshape(K, p).T
    b = theta[inner:] - mean @ W if fit_intercept else np.zeros(K)
    return NewFit(W, b, objective + prior.constant, converged)


def _whitened(X, prior, K):
    """Matrix of the predictions (n * K, r) in unknowns of unit ridge, and the way back to w.

    Where there are more unknowns than predictions, they are those of the space of the rows.
    """
    (n, p), size = X.shape, np.sqrt(np.where(prior.strength > 0, prior.strength, 1.0))
    if prior.basis is None:
        J = (np.eye(K)[:, :, None] * X[:, None, None, :]).reshape(n * K, K * p)
    else:
        J = np.einsum("ij,kjr->ikr", X, prior.basis.reshape(K, p, len(size))).reshape(n * K, -1)
    J, Q = J / size, None
    if J.shape[1] > n * K:
        Q, R = np.linalg.qr(J.T)
        J = R.T

    def back(u):
        v = (u if Q is None else Q @ u) / size
        return v if prior.basis is None else prior.basis @ v

    return J, back


def _newton(rows, offset, J, ridge):
    """theta, its objective and whether steps came to an end, from theta = 0.

    Steps are least squares with the curvature of the loss, halved until the objective falls.
    """
    loss, y, weight = rows.loss, rows.y, rows.weight[:, None]

    def value(theta):
        z = offset + (J @ theta).reshape(y.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            total = float((weight * loss.value(y, z)).sum()) + 0.5 * float(ridge @ theta**2)
        return (total if np.isfinite(total) else np.inf), z

    theta = np.zeros(J.shape[1])
    here, z = value(theta)
    for _ in range(_NEWTON):
        slope, curvature = loss.derivatives(y, z)
        curvature = np.maximum(curvature, _LEAST)
        root = np.sqrt(weight * curvature)
        A = np.vstack([root.reshape(-1, 1) * J, np.diag(np.sqrt(ridge))])
        target = np.append((-root * slope / curvature).ravel(), -np.sqrt(ridge) * theta)
        direction, step = np.linalg.lstsq(A, target, rcond=None)[0], 1.0
        change = np.abs(J @ direction).max() / (np.abs(z).max() or 1.0)
        if change <= _TOL:
            return theta + direction, here, True
        there, z_there = value(theta + direction)
        while there >= here and step > 1e-8:
            step *= 0.5
            there, z_there = value(theta + step * direction)
        if there >= here:  # nothing left but rounding
            return theta, here, bool(change <= _ROUNDED)
        theta, here, z = theta + step * direction, there, z_there
    return theta, here, False
