"""Kernel ridge regression whose task covariance is learned along with it.

Given the covariance Omega the functions are kernel ridge regressions, so the objective is a convex
function of Omega alone, whose value and gradient cost one linear system. It is minimised in that
form: alternating between functions and covariance crawls where Omega loses rank, as it usually
does.
"""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from skmtl._checks import check_bool, check_int, check_real
from skmtl.kernel._base import KernelRegressor
from skmtl.kernel._ridge import warn_of_jitter
from skmtl.kernel._systems import choose_solver, constants, make_system, schur_cost, spectrum
from skmtl.penalties import SquaredTraceNorm

_ALTERNATIONS = 5  # to start with
_SMALLEST = 1e-6  # eigenvalue that quasi-Newton steps start with, relative to the largest


class Relationship(NamedTuple):
    """The best functions for a covariance `omega`.

    `system` is that of the functions, `value` the objective of both and `gradient` that in omega;
    `objective` is that of the functions with the covariance that is best for them, `better`, and
    `gap` bounds how far it is from the minimum.
    """

    omega: np.ndarray
    system: object
    value: float
    gradient: np.ndarray
    objective: float
    gap: float
    better: np.ndarray


class RelationshipProblem:
    """`sum s (y - f - b)^2 + alpha tr(W Omega^-1 W') + ridge ||W||_F^2`, as a function of Omega.

    W holds the functions as columns, in the space of the input kernel.

    Parameters
    ----------
    K : ndarray of shape (n_rows, n_rows)
    cells : Cells
    y : ndarray of shape (n_cells,)
        Of mean zero in each task where there are intercepts.
    solve : callable
        ``solve(B)`` gives the system with the task kernel B and `alpha` on its diagonal.
    alpha, ridge : float
    """

    def __init__(self, K, cells, y, solve, alpha, ridge):
        self.K, self.cells, self.y, self.solve = K, cells, y, solve
        self.alpha, self.ridge = alpha, ridge

    def at(self, omega):
        """The :class:`Relationship` of a positive semidefinite matrix of trace 1.

        With dual coefficients C of the task kernel ``B = Omega M``, ``M = (I + ridge/alpha
        Omega)^-1``, residuals are ``alpha C / s`` and functions ``W = Phi'C B``. The dual objective
        holds for any C, so C is a dual point for all Omega.
        """
        alpha, ridge = self.alpha, self.ridge
        mixing = mixing_matrix(omega, alpha, ridge)
        B = omega @ mixing
        system = self.solve((B + B.T) / 2)
        dual = system.dual(self.y)
        C = self.cells.matrix(dual)
        values, V = np.linalg.eigh(C.T @ self.K @ C)
        slopes = np.sqrt(np.maximum(values, 0.0))
        root = slopes[:, None] * V.T  # its singular values are those of Phi'C, not their squares
        _, s, V = np.linalg.svd(root @ B)
        loss = alpha**2 * float(dual**2 @ (1.0 / self.cells.weight))
        value = alpha * float(dual @ self.y)
        objective = loss + alpha * s.sum() ** 2 + ridge * float(s @ s)
        bound = 2 * value - loss - _conjugate(alpha * slopes, alpha, ridge)
        better = (V.T * s) @ V / s.sum() if s.any() else omega
        gradient = -alpha * mixing.T @ (root.T @ root) @ mixing
        gap = max(objective - bound, 0.0)
        return Relationship(omega, system, value, gradient, objective, gap, better)


def mixing_matrix(omega, alpha, ridge):
    """``(I + ridge/alpha Omega)^-1``."""
    return np.linalg.inv(np.eye(len(omega)) + ridge / alpha * omega)


def _conjugate(s, alpha, ridge):
    """Twice the conjugate of `alpha/2 ||W||_*^2 + ridge/2 ||W||_F^2`, from singular values."""
    if ridge == 0:
        return 2 * SquaredTraceNorm(alpha).conjugate(np.diag(s))
    return float(s @ SquaredTraceNorm(alpha).prox(np.diag(s / ridge), 1 / ridge).diagonal())


def learn_covariance(problem, n_tasks, *, max_iter, tol):
    """Relationships whose `value` decreases, the first of independent tasks.

    A few alternations with the closed form ``(W'W)^(1/2)``, then L-BFGS over A with
    ``Omega = AA' / tr AA'``, then alternations again where rounding stops that. The last one has a
    gap of at most `tol` if `max_iter` was enough.

    Parameters
    ----------
    problem : RelationshipProblem
    n_tasks : int
    max_iter : int
    tol : float

    Returns
    -------
    list of Relationship
    """
    history = [problem.at(np.eye(n_tasks) / n_tasks)]
    while history[-1].gap > tol and len(history) < min(max_iter, 1 + _ALTERNATIONS):
        history.append(problem.at(history[-1].better))
    if history[-1].gap > tol and len(history) < max_iter:
        _quasi_newton(problem, history, max_iter - len(history), tol)
    while history[-1].gap > tol and len(history) < max_iter:
        following = problem.at(history[-1].better)
        if following.gap >= history[-1].gap:
            break
        history.append(following)
    return history


def _quasi_newton(problem, history, max_iter, tol):
    """Appends the steps of L-BFGS to `history`, from its last entry on."""
    values, V = np.linalg.eigh(history[-1].omega)
    start = V * np.sqrt(np.maximum(values, _SMALLEST * values[-1]))
    scale, latest = history[0].value, None

    def value_and_slope(a):
        nonlocal latest
        A = a.reshape(start.shape)
        total = np.vdot(A, A)
        omega = A @ A.T / total
        latest = problem.at(omega)
        slope = (latest.gradient @ A - np.vdot(latest.gradient, omega) * A) * (2 / total)
        return latest.value / scale, slope.ravel() / scale

    def keep(intermediate_result):
        history.append(latest)
        if latest.gap <= tol:
            raise StopIteration

    options = {"maxiter": max_iter, "maxfun": 10 * max_iter, "maxcor": 30, "ftol": 0, "gtol": 0}
    arguments = {"jac": True, "method": "L-BFGS-B", "callback": keep, "options": options}
    minimize(value_and_slope, start.ravel(), **arguments)


class MultiTaskRelationshipKernelRidge(KernelRegressor):
    """Kernel ridge regressions whose tasks have a covariance, which is learned.

    The objective is::

        sum_t sum_i s_ti (y_ti - f_t(x_ti) - b_t)^2
        + alpha * min_Omega tr(W Omega^-1 W') + ridge * ||W||_F^2

    over positive semidefinite Omega of trace 1, with the functions ``f_t`` as columns of W in the
    space of the input kernel. ``s`` are the sample weights, 0 where a label is missing; intercepts
    are not penalised. It is convex. With ``kernel="linear"`` it is that of
    :class:`TaskRelationshipRegressor`, whose `alpha` and `ridge` are these over
    ``nbar = sum(s) / n_tasks``.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty with the covariance, positive. As Omega has trace 1, a diagonal of
        1 / n_tasks means what ``n_tasks * alpha`` does for tasks alone.
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    kernel : str or callable, default="rbf"
        Kernel of the inputs: a name that :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows,
        a function of two rows, or "precomputed". X is then the square kernel matrix in `fit`, and
        in `predict` the kernel between new rows and all rows of `fit`; a task column is beside it.
    gamma : float, default=None
        Of the kernels that have it, at least 0; None is 1 / n_features.
    degree : float, default=3
        Of "poly".
    coef0 : float, default=1
        Of "poly" and "sigmoid".
    kernel_params : dict, default=None
        Arguments of a callable kernel.
    fit_intercept : bool, default=True
        Fit one unpenalised intercept for each task.
    task_column : str or int, default=None
        Column of X that holds the task ids, by name or position: every task then has rows of its
        own and y is 1-D. None: y is two-dimensional, or ids are given as ``fit(X, y, tasks=ids)``.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that fit did not see: raise, or predict with the average
        function and intercept of all tasks.
    max_iter : int, default=200
        Largest number of covariances; each costs a linear system.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model.

    Attributes
    ----------
    dual_coef_ : ndarray of shape (n_samples, n_tasks) or (n_samples,)
        Coefficients c, in the order of `X_fit_`: ``f_t(x) = sum_i k(x, x_i) sum_s B[t, s] c_is``
        with ``B = Omega (I + ridge/alpha Omega)^-1``; 0 where a label is missing. One number a row
        where tasks have rows of their own.
    intercept_ : ndarray of shape (n_tasks,)
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        Omega; I / n_tasks where W is zero.
    n_iter_ : int
        Covariances that were tried and kept.
    objective_ : float
        The objective above.
    dual_gap_ : float
        Certified bound on `objective_` minus its minimum.
    optimality_ : float
        `dual_gap_` relative to the objective of the null model: what `tol` is compared with.
    X_fit_ : {ndarray, sparse matrix} of shape (n_samples, n_features)
        The rows of `fit` that have a label of positive weight, without the task column.
    solver_ : str
        How the linear systems were solved: "kronecker" for complete two-dimensional y, "schur" for
        few missing labels, else "cholesky".
    jitter_ : float
        What was added to the diagonal where rounding had left no Cholesky factor, with a warning;
        else 0.
    tasks_ : ndarray of shape (n_tasks,)
        Task labels: the columns of y when it is a frame, else 0, 1, ...; sorted ids otherwise.
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
        Labelled rows of positive weight.
    n_features_in_ : int
        Number of columns of X, the task column included.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, when it has any.

    See Also
    --------
    TaskRelationshipRegressor : The linear model.
    MultiTaskKernelRidge : A covariance that is given.

    References
    ----------
    Zhang, Yeung (2010), "A convex formulation for learning task relationships in multi-task
    learning", UAI.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskRelationshipKernelRidge
    >>> x = np.linspace(0, 3, 20)
    >>> Y = np.column_stack([np.sin(x), np.sin(x), -np.sin(x)])
    >>> model = MultiTaskRelationshipKernelRidge(alpha=0.01).fit(x[:, None], Y)
    >>> (3 * model.task_covariance_).round(1)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """

    task_kernel = None  # for what the base asks: no name

    def __init__(
        self,
        alpha=1.0,
        *,
        ridge=0.0,
        kernel="rbf",
        gamma=None,
        degree=3,
        coef0=1,
        kernel_params=None,
        fit_intercept=True,
        task_column=None,
        handle_unknown="error",
        max_iter=200,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.ridge = ridge
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.fit_intercept = fit_intercept
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.max_iter = max_iter
        self.tol = tol

    def _check_params(self):
        self._check_layout_params()
        check_bool(self.fit_intercept, "fit_intercept")
        check_real(self.alpha, "alpha", include="neither")
        check_real(self.ridge, "ridge")
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN where a label is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a row weight of 2 is the same as the row twice. A number is the
            same as None.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant, as in :class:`MultiTaskLasso`, and kernels that are not
            positive semi-definite.
        """
        self._check_params()
        read = self._read(X, y, sample_weight, tasks)
        cells, K = read.cells, self._kernel_matrix(read)
        centre = cells.task_mean(read.y) if self.fit_intercept else np.zeros(cells.n_tasks)
        centred = read.y - centre[cells.task]
        problem = RelationshipProblem(
            K, cells, centred, self._systems(read, K), float(self.alpha), float(self.ridge)
        )
        null = float(cells.weight @ centred**2)
        options = {"max_iter": self.max_iter, "tol": self.tol * null}
        history = learn_covariance(problem, cells.n_tasks, **options)
        found = history[-1]
        warn_of_jitter(found.system)
        self._mixing = mixing_matrix(found.omega, self.alpha, self.ridge)
        self._finish(read, found.system, found.omega, self._input_kernel())
        self.n_iter_, self.objective_ = len(history), found.objective
        self.dual_gap_, self.optimality_ = found.gap, found.gap / null if null > 0 else 0.0
        if self.optimality_ > self.tol:
            warnings.warn(
                f"The duality gap is {self.optimality_:.2e} of the null objective after "
                f"{self.n_iter_} covariances, but tol={self.tol:.1e}: increase max_iter "
                f"(now {self.max_iter}) or alpha, or accept a larger tol.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _systems(self, read, K):
        """Function that gives the system of a task kernel; K is decomposed at most once."""
        cells, decomposed = read.cells, None
        costs = schur_cost(cells), len(cells) ** 3 / 3
        name = choose_solver("auto", cells, read.long, costs)
        if name != "cholesky":
            free = constants(cells.n_rows, self.fit_intercept)
            decomposed = spectrum(K, cells.row_weight, free)
        alpha = np.full(cells.n_tasks, float(self.alpha))
        return lambda B: make_system(name, K, B, alpha, cells, self.fit_intercept, decomposed)

    def _weights(self, covariance):
        """Of Omega, which `task_covariance_` is, B is made here."""
        return super()._weights(covariance @ self._mixing)
