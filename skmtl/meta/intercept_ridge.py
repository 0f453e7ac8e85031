"""Ridge regression with an intercept for each task, in closed form.

With weights w and the task t(i) of sample i, it minimizes

    sum_i w_i (y_i - b - x_i'v - a_t(i))^2 + alpha ||v||^2 + strength ||a||^2.

Given v and b, the best a_t is h_t times the mean residual of task t, with W_t the weight of the
task and h_t = W_t / (W_t + strength). What remains to be minimized are the squares within tasks,
those of x_i and y_i less their means m_t and u_t in the task, and those between tasks:

    strength * sum_t h_t (u_t - b - m_t'v)^2 + alpha ||v||^2.

No matrix has a row or a column for each task.
"""

from typing import NamedTuple

import numpy as np
from scipy import linalg, sparse
from sklearn.linear_model import Ridge, RidgeCV

from skmtl.meta._plain_params import are_positive, are_unused

_ROUNDING = 1e-14  # eigenvalues and squared pivots of a matrix of diagonal 1 that count as 0
_SOLVERS = ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga")
# Parameters of RidgeCV that ask for another search than leave-one-out
_GENERIC = ("cv", "scoring", "alpha_per_target", "store_cv_results", "store_cv_values")


class InterceptFit(NamedTuple):
    """A minimum, in the centered and reduced coordinates of :class:`InterceptRidge`."""

    v: np.ndarray
    matrix: np.ndarray  # of the equations for v
    shares: np.ndarray  # h, (n_tasks,)
    dx: np.ndarray  # means of the tasks less their average weighted by h, (n_tasks, n_features)
    rest: np.ndarray  # mean residuals of the tasks, (n_tasks,)


class TaskSums:
    """Sums over the samples of each task.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        Task of each sample.
    n_tasks : int
        Number of tasks, some of which may have no samples.
    """

    def __init__(self, codes, n_tasks):
        self.codes = codes
        self.n_tasks = n_tasks
        n_samples = len(codes)
        positions = (codes, np.arange(n_samples))
        ones = np.ones(n_samples)
        self._indicators = sparse.csr_array((ones, positions), shape=(n_tasks, n_samples))

    def of(self, values):
        """Return the sums of values of samples, or of rows: (n_tasks,) or (n_tasks, n_columns)."""
        return self._indicators @ values


class InterceptMoments:
    """The problem of moments of tasks, for any strengths.

    Parameters
    ----------
    total : ndarray of shape (n_tasks,)
        Weights of the tasks, of which some may be 0.
    mean_x : ndarray of shape (n_tasks, n_features)
        Means of the features in each task.
    mean_y : ndarray of shape (n_tasks,)
        Means of the targets.
    xx : ndarray of shape (n_features, n_features)
        Products of the features, less their means in the task, summed over all samples.
    xy : ndarray of shape (n_features,)
        The same with the targets.
    fit_intercept : bool, default=True
        Whether there is a common intercept b, else it is zero.
    """

    basis = None  # of the coefficients, where they are combinations of the samples

    def __init__(self, total, mean_x, mean_y, xx, xy, fit_intercept=True):
        self.fit_intercept = fit_intercept
        self.origin = np.zeros(mean_x.shape[1])
        self.level = 0.0
        if fit_intercept:  # digits would be lost far from zero
            self.origin = _mean(mean_x, total)
            self.level = _mean(mean_y, total)
        self.total = total
        self.mean_x = mean_x - self.origin
        self.mean_y = mean_y - self.level
        self.xx = xx
        self.xy = xy

    def solve(self, alpha, strength):
        """Return the minimum."""
        shares = _ratio(self.total, self.total + strength)
        dx = self.mean_x
        dy = self.mean_y
        if self.fit_intercept:
            dx = dx - _mean(dx, shares)
            dy = dy - _mean(dy, shares)
        between = dx.T * (strength * shares)
        matrix = self.xx + between @ dx
        matrix[np.diag_indices_from(matrix)] += alpha
        v = _solve(matrix, self.xy + between @ dy)
        return InterceptFit(v, matrix, shares, dx, dy - dx @ v)

    def coefficients(self, fit):
        """Return the coefficients, the common intercept and those of tasks."""
        coef = fit.v
        intercept = 0.0
        if self.fit_intercept:
            residuals = self.mean_y - self.mean_x @ fit.v
            intercept = self.level + _mean(residuals, fit.shares)
        if self.basis is not None:
            coef = self.basis @ coef
        return coef, intercept - self.origin @ coef, fit.shares * fit.rest

    def minimum(self, alpha, strength):
        """Return the coefficients, the common intercept and those of tasks."""
        return self.coefficients(self.solve(alpha, strength))


class InterceptRidge(InterceptMoments):
    """The problem of samples of tasks, for any strengths.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples,)
        Targets.
    tasks : TaskSums
        The tasks of the samples.
    weight : ndarray of shape (n_samples,) or None
        Weights of the samples.
    fit_intercept : bool
        Whether there is a common intercept b, else it is zero.
    """

    def __init__(self, X, y, tasks, weight, fit_intercept):
        X = X.astype(float)
        y = y.astype(float)
        if weight is None:
            weight = np.ones(len(y))
        self.codes = tasks.codes
        self.weight = weight
        self.fit_intercept = fit_intercept
        self.origin = np.zeros(X.shape[1])
        self.level = 0.0
        if fit_intercept:  # digits would be lost far from zero
            self.origin = _mean(X, weight)
            self.level = _mean(y, weight)
        X = X - self.origin
        if X.shape[1] > len(y):  # the coefficients are combinations of the samples
            self.basis, R = linalg.qr(X.T, mode="economic")
            X = R.T
        self.X = X
        self.y = y - self.level
        self._sum_up(tasks)

    def _sum_up(self, tasks):
        """Compute the weights and means of the tasks and the products within tasks."""
        self.total = tasks.of(self.weight)
        self.mean_x = _ratio(tasks.of(self.weight[:, None] * self.X), self.total[:, None])
        self.mean_y = _ratio(tasks.of(self.weight * self.y), self.total)
        X = self.X - self.mean_x[self.codes]
        y = self.y - self.mean_y[self.codes]
        weighted = X.T * self.weight
        self.xx = weighted @ X
        self.xy = weighted @ y

    def leverages(self, fit, strength):
        """Return the diagonal of the matrix that maps y to the fitted values, (n_samples,).

        It is ``w_i z_i' M^-1 z_i``, with z_i the features, the constant and the indicators of
        sample i and M the matrix of their normal equations, from which the block of the indicators
        is eliminated.
        """
        retained = (1 - fit.shares)[self.codes]
        deviations = self.X - self.mean_x[self.codes]
        seen = deviations + retained[:, None] * fit.dx[self.codes]
        solved = _solve(fit.matrix, seen.T)
        own = 1 / (self.total[self.codes] + strength)
        leverage = own + np.sum(seen.T * solved, axis=0)
        if self.fit_intercept:
            leverage += strength * own**2 / fit.shares.sum()
        return self.weight * leverage

    def leave_one_out(self, fit, strength):
        """Return the weighted mean square of the errors of samples that are left out.

        They are the residuals, divided by 1 less their leverages.
        """
        deviations = self.X - self.mean_x[self.codes]
        retained = (1 - fit.shares)[self.codes]
        residuals = self.y - self.mean_y[self.codes] - deviations @ fit.v
        residuals += retained * fit.rest[self.codes]
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = residuals / (1 - self.leverages(fit, strength))
        return np.mean(self.weight * errors**2)


def _mean(values, weight):
    """Return the weighted mean of values or of rows."""
    return weight @ values / weight.sum()


def _ratio(numerator, denominator):
    """Return the ratio, 0 where the denominator is 0: of tasks without samples."""
    out = np.zeros_like(numerator)
    positive = np.broadcast_to(denominator > 0, out.shape)
    return np.divide(numerator, denominator, out=out, where=positive)


def _solve(matrix, right):
    """Return the solution of positive definite equations, the smallest one of singular ones."""
    root = np.sqrt(matrix.diagonal())
    matrix = matrix / root / root[:, None]  # features of different units do not look singular
    right = (right.T / root).T
    try:
        solution = linalg.cho_solve(_regular_factor(matrix), right)
    except linalg.LinAlgError:
        solution, *_ = linalg.lstsq(matrix, right, cond=_ROUNDING)
    return (solution.T / root).T


def _regular_factor(matrix):
    """Return the Cholesky factor of a matrix of diagonal 1; raise LinAlgError if it is singular."""
    factor, lower = linalg.cho_factor(matrix)
    if factor.diagonal().min() ** 2 < _ROUNDING:
        raise linalg.LinAlgError("What is left of a feature is rounding errors.")
    return factor, lower


def has_closed_form(estimator):
    """Whether an estimator is a ridge regression whose minimum :class:`InterceptRidge` gives.

    Those with parameters that are not valid are not, so that they raise where they are fitted.
    """
    if type(estimator) is Ridge:
        alphas = [estimator.alpha]
        is_plain = estimator.solver in _SOLVERS and not estimator.positive
    elif type(estimator) is RidgeCV:
        alphas = estimator.alphas
        is_plain = are_unused(estimator, *_GENERIC)
    else:
        return False
    return is_plain and are_positive(alphas)


def chosen_alpha(estimator):
    """Return the alpha of a fitted ridge regression."""
    if isinstance(estimator, RidgeCV):
        return estimator.alpha_
    return estimator.alpha


def fit_closed_form(estimator, problem, factor):
    """Fit a ridge regression to features and behind them ``factor`` times the indicators.

    Parameters
    ----------
    estimator : Ridge or RidgeCV
        An estimator that :func:`has_closed_form`. It is fitted in place.
    problem : InterceptRidge
        The training samples.
    factor : float
        What the indicators are multiplied by; the penalty of an intercept is ``alpha / factor^2``.

    Returns
    -------
    estimator
    """
    alpha, error = best_alpha(estimator, problem, factor)
    if isinstance(estimator, RidgeCV):
        estimator.alpha_ = alpha
        estimator.best_score_ = -error
    coef, intercept, effects = problem.minimum(alpha, alpha / factor**2)
    estimator.coef_ = np.append(coef, effects / factor)
    estimator.intercept_ = intercept
    estimator.n_features_in_ = len(estimator.coef_)
    return estimator


def best_alpha(estimator, problem, factor):
    """Return the alpha that a ridge regression has or chooses, and its leave-one-out error.

    The error is NaN if the alpha is given. Parameters are those of :func:`fit_closed_form`.
    """
    if not isinstance(estimator, RidgeCV):
        return estimator.alpha, np.nan
    alphas = np.atleast_1d(estimator.alphas)
    errors = [_left_out(problem, alpha, alpha / factor**2) for alpha in alphas]
    best = int(np.argmin(np.where(np.isnan(errors), np.inf, errors)))
    return alphas[best], errors[best]


def _left_out(problem, alpha, strength):
    """Return the leave-one-out error of these strengths."""
    fit = problem.solve(alpha, strength)
    return problem.leave_one_out(fit, strength)
