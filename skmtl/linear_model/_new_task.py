"""One task alone under a quadratic prior: what is left of a model when the others are given."""

from typing import NamedTuple

import numpy as np

_STEPS = 1000  # of Newton's method; few of them are needed unless curvatures are bounds
_LEAST_CURVATURE = 1e-6  # of a loss whose scale is 1
_TOL = 1e-10  # on the change of predictions
_ROUNDED = 1e-6  # the same where the objective is lost in rounding
_SHORTEST_STEP = 1e-8


class Prior(NamedTuple):
    """`constant + 1/2 sum_i strength_i v_i^2` of coefficients `w = center + basis v`.

    `basis` None is the identity. Classes of a task stand one after the other in w.
    """

    center: np.ndarray
    strength: np.ndarray
    basis: np.ndarray | None = None
    constant: float = 0.0


class LevelPrior(NamedTuple):
    """`strength/2 ||a - mean||^2` of the levels `a_k = b_k + at . w_k`, strength positive."""

    at: np.ndarray
    mean: np.ndarray
    strength: float


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


def fit_task(new_task, prior, fit_intercept, level=None):
    """The minimum of the loss of a task and the prior.

    Parameters
    ----------
    new_task : NewTask
        Its samples, targets, weights and loss.
    prior : Prior
        What is believed of its coefficients.
    fit_intercept : bool
        Whether it has an intercept.
    level : LevelPrior, default=None
        What is believed of the intercept; None if nothing is.

    Returns
    -------
    NewFit
    """
    n_samples, n_columns = new_task.y.shape
    n_features = new_task.X.shape[1]
    origin = np.zeros(n_features)
    levels = np.zeros(n_columns)
    size = 1.0
    if fit_intercept:
        origin = np.average(new_task.X, axis=0, weights=new_task.weight)
    if level is not None:
        origin = level.at
        levels = level.mean
        size = np.sqrt(level.strength)
    X = new_task.X - origin
    offset = levels + X @ prior.center.reshape(n_columns, n_features).T
    J, coefficients_of = _whitened(X, prior, n_columns)
    n_unknowns = J.shape[1]
    ridge = np.full(n_unknowns, float((prior.strength > 0).all()))
    if fit_intercept:
        constants = np.tile(np.eye(n_columns), (n_samples, 1))
        J = np.hstack([J, constants / size])
        ridge = np.append(ridge, np.full(n_columns, float(level is not None)))
    theta, objective, converged = _newton(new_task, offset, J, ridge)
    w = prior.center + coefficients_of(theta[:n_unknowns])
    W = w.reshape(n_columns, n_features).T
    b = np.zeros(n_columns)
    if fit_intercept:
        b = levels + theta[n_unknowns:] / size - origin @ W
    return NewFit(W, b, objective + prior.constant, converged)


def _whitened(X, prior, n_columns):
    """The predictions as a matrix J of unknowns whose ridge is 1, and the way back to w.

    J is (n_samples * n_columns, n_unknowns). If there are more unknowns than predictions, the
    unknowns are reduced to the row space of J.
    """
    n_samples, n_features = X.shape
    n_predictions = n_samples * n_columns
    size = np.sqrt(np.where(prior.strength > 0, prior.strength, 1.0))
    if prior.basis is None:
        identity = np.eye(n_columns)[:, :, None]
        blocks = identity * X[:, None, None, :]
    else:
        basis = prior.basis.reshape(n_columns, n_features, len(size))
        blocks = np.einsum("ij,kjr->ikr", X, basis)
    J = blocks.reshape(n_predictions, -1) / size
    Q = None
    if J.shape[1] > n_predictions:
        Q, R = np.linalg.qr(J.T)
        J = R.T

    def coefficients_of(unknowns):
        if Q is not None:
            unknowns = Q @ unknowns
        v = unknowns / size
        return v if prior.basis is None else prior.basis @ v

    return J, coefficients_of


def _newton(new_task, offset, J, ridge):
    """theta, its objective, and whether the steps converged, from theta = 0.

    Steps are least squares with the curvature of the loss, halved until the objective falls.
    """
    loss = new_task.loss
    y = new_task.y
    weight = new_task.weight[:, None]

    def value(theta):
        z = offset + (J @ theta).reshape(y.shape)
        penalty = 0.5 * float(ridge @ theta**2)
        with np.errstate(over="ignore", invalid="ignore"):
            total = float((weight * loss.value(y, z)).sum()) + penalty
        if not np.isfinite(total):
            total = np.inf
        return total, z

    theta = np.zeros(J.shape[1])
    objective, z = value(theta)
    for _ in range(_STEPS):
        direction = _direction(loss, y, z, weight, J, ridge, theta)
        largest = np.abs(z).max() or 1.0
        change = np.abs(J @ direction).max() / largest
        if change <= _TOL:
            return theta + direction, objective, True
        step = 1.0
        new_objective, new_z = value(theta + direction)
        while new_objective >= objective and step > _SHORTEST_STEP:
            step *= 0.5
            new_objective, new_z = value(theta + step * direction)
        if new_objective >= objective:  # nothing left but rounding
            return theta, objective, bool(change <= _ROUNDED)
        theta = theta + step * direction
        objective = new_objective
        z = new_z
    return theta, objective, False


def _direction(loss, y, z, weight, J, ridge, theta):
    """The step to the minimum of the parabola at z, by least squares."""
    gradient, curvature = loss.derivatives(y, z)
    curvature = np.maximum(curvature, _LEAST_CURVATURE)
    root = np.sqrt(weight * curvature)
    root_ridge = np.sqrt(ridge)
    A = np.vstack([root.reshape(-1, 1) * J, np.diag(root_ridge)])
    residual = -root * gradient / curvature
    target = np.append(residual.ravel(), -root_ridge * theta)
    direction, *_ = np.linalg.lstsq(A, target, rcond=None)
    return direction
