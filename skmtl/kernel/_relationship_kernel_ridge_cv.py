"""Kernel ridge regression with a learned task covariance, its strengths cross-validated."""

from functools import partial
from typing import NamedTuple

import numpy as np

from skmtl._data.checks import check_alphas, check_real
from skmtl._data.stratification import data_strata
from skmtl._docs import documented
from skmtl._task_covariance.observations import Observations
from skmtl._task_covariance.systems import warn_of_jitter
from skmtl.datafits import Fold
from skmtl.kernel._kernel_ridge_cv import check_gammas, or_none
from skmtl.kernel._relationship_kernel_ridge import RelationshipModel
from skmtl.kernel._relationship_problem import CovarianceLearner
from skmtl.model_selection.path_search import PathSearch


class LearnedFunctions(NamedTuple):
    """Functions at all rows, `W` (n_rows, n_tasks), 0 for tasks without training rows."""

    W: np.ndarray
    optimality: float
    converged: bool


class TrainingRows:
    """Learns functions from rows that count as often as told, and evaluates them at all rows.

    Parameters
    ----------
    read : KernelReading
    kernels : dict
        Kernel matrices between all rows, (n_rows, n_rows), by gamma.
    counts : ndarray of shape (n_rows,)
    fit_intercept : bool
    """

    def __init__(self, read, kernels, counts, fit_intercept):
        self.read, self.kernels, self.fit_intercept = read, kernels, fit_intercept
        cells = read.cells
        self.weight = cells.weight * counts[cells.row]
        self.total = cells.task_sum(self.weight)
        self.shape = cells.n_rows, cells.n_tasks
        kept = np.flatnonzero(self.weight)
        self.rows, row = np.unique(cells.row[kept], return_inverse=True)
        self.tasks, task = np.unique(cells.task[kept], return_inverse=True)
        size = len(self.rows), len(self.tasks)
        self.cells, self.y = Observations(row, task, self.weight[kept], *size), read.y[kept]
        self._last, self._covariances = (), {}

    def learner(self, gamma):
        """The :class:`CovarianceLearner` of these rows; that of the last gamma is kept."""
        if self._last[:1] != (gamma,):
            K = self.kernels[gamma][np.ix_(self.rows, self.rows)]
            options = self.cells, self.y, self.read.long, self.fit_intercept
            self._last = gamma, CovarianceLearner(K, *options)
        return self._last[1]

    def path(self, gamma, ridge, alphas, stop):
        """:class:`LearnedFunctions` of every alpha.

        The search for a covariance starts near that of the path before, or of the next smaller
        alpha: ranks fall as alpha grows, and falling is faster than rising.
        """
        learner, near, out = self.learner(gamma), None, []
        for alpha in map(float, np.sort(alphas)):
            near = self._covariances.get(alpha, near)
            found = learner.learn(alpha, ridge, near=near, **stop)[-1]
            near = self._covariances[alpha] = found.omega
            optimality = learner.optimality(found)
            B = found.omega @ found.mixing
            dual = self.cells.matrix(found.system.dual(learner.centered))
            W = np.zeros(self.shape)
            W[:, self.tasks] = self.kernels[gamma][:, self.rows] @ (dual @ B.T)
            out.append(LearnedFunctions(W, optimality, optimality <= stop["tol"]))
        return out[::-1]

    def intercepts(self, W):
        """Intercepts that belong to functions: the weighted means of what they leave."""
        if not self.fit_intercept:
            return np.zeros(len(self.total))
        cells = self.read.cells
        left = cells.task_sum(self.weight * (self.read.y - W[cells.row, cells.task]))
        return np.divide(left, self.total, out=np.zeros(len(left)), where=self.total > 0)


class RelationshipFolds:
    """Folds of the rows; parameters as those of :class:`TrainingRows`.

    `splits` are pairs of how often each of the user's rows is trained on and tested on.
    """

    def __init__(self, read, kernels, splits, fit_intercept):
        self.read, self.kernels, self.splits = read, kernels, splits
        self.fit_intercept = fit_intercept

    def whole(self):
        """All rows, once."""
        return self._training(np.ones(self.read.cells.n_rows))

    def fold(self, k):
        """The :class:`Fold` of split k."""
        train, test = (side[self.read.rows] for side in self.splits[k])
        cells, part = self.read.cells, self._training(train)
        held_out = cells.weight * test[cells.row]
        errors = partial(squared_errors, self.read, held_out)
        ones = np.ones(cells.n_tasks, dtype=np.intp)
        return Fold(part, part.total > 0, errors, cells.task_sum(held_out), ones)

    def _training(self, counts):
        return TrainingRows(self.read, self.kernels, counts, self.fit_intercept)


def squared_errors(read, weight, W, intercepts):
    """Weighted sums of squares of functions at all rows, (n_models, n_tasks)."""
    row, task = read.cells.row, read.cells.task
    residuals = read.y - W[:, row, task] - intercepts[:, task]
    return read.cells.task_sum((weight * residuals**2).T).T


@documented
class MultiTaskRelationshipKernelRidgeCV(PathSearch, RelationshipModel):
    """:class:`MultiTaskRelationshipKernelRidge` with its strengths chosen by cross-validation.

    Its objective is that of :class:`MultiTaskRelationshipKernelRidge`. The covariance is learned
    anew in every fold, from near that of neighboring strengths. Exact leave-one-out with one
    covariance for all rows would be cheaper, but that covariance knows the row left out, and takes
    chance for relations between tasks that have none.

    Parameters
    ----------
    alphas : array-like of float, default=(1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
        Strengths of the penalty with the covariance to try, positive.
    ridges : array-like of float, default=(0.0, 0.1, 1.0, 10.0)
        Strengths of the ridge to try, at least 0. A ridge beside a small alpha is each task alone.
    gammas : array-like of float, default=None
        Values of gamma to try, for kernels that have it, at least 0; None is 1 / n_features. A
        kernel matrix for each is kept.
    kernel : str or callable, default="rbf"
        Kernel of the inputs, as in :class:`MultiTaskRelationshipKernelRidge`. A precomputed one is
        cut into folds here.
    degree : float, default=3
        Of "poly".
    coef0 : float, default=1
        Of "poly" and "sigmoid".
    kernel_params : dict, default=None
        Arguments of a callable kernel.
    {relationship_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength of the penalty.
    ridge_ : float
        Chosen strength of the ridge.
    gamma_ : float or None
        Chosen gamma; None where none were given. Of equal errors the smallest gamma wins, then the
        smallest ridge, then the largest alpha.
    {path_attributes}
    {relationship_attributes}

    See Also
    --------
    MultiTaskRelationshipKernelRidge : Given strengths.
    MultiTaskKernelRidgeCV : Given covariances, by exact leave-one-out.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskRelationshipKernelRidgeCV
    >>> x = np.linspace(0, 3, 20)
    >>> Y = np.column_stack([np.sin(x), np.sin(x), -np.sin(x)])
    >>> model = MultiTaskRelationshipKernelRidgeCV(gammas=[0.1, 1.0]).fit(x[:, None], Y)
    >>> model.mse_path_.shape
    (8, 6, 5)
    >>> (3 * model.task_covariance_).round(1)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """

    def __init__(
        self,
        alphas=(1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0),
        *,
        ridges=(0.0, 0.1, 1.0, 10.0),
        gammas=None,
        kernel="rbf",
        degree=3,
        coef0=1,
        kernel_params=None,
        fit_intercept=True,
        task_column=None,
        handle_unknown="error",
        max_iter=200,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.ridges = ridges
        self.gammas = gammas
        self.kernel = kernel
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.fit_intercept = fit_intercept
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

    def _strata(self, read):
        return data_strata(read.data)

    def _make_folds(self, read, splits):
        gammas = map(or_none, check_gammas(self.gammas, self.kernel))
        kernels = {gamma: self._kernel_matrix(read, gamma) for gamma in gammas}
        return RelationshipFolds(read, kernels, splits, self.fit_intercept)

    def _paths(self, datafit, read):
        alphas = check_alphas(self.alphas)
        check_real(alphas[-1], "alphas", include="neither")
        ridges = np.unique(np.atleast_1d(self.ridges)).tolist()
        if not ridges:
            raise ValueError("ridges is empty: give it at least one number, such as 0.")
        for ridge in ridges:
            check_real(ridge, "ridges")
        self.grid_ = [{"gamma": g, "ridge": float(r)} for g in datafit.kernels for r in ridges]
        return [(params, alphas) for params in self.grid_]

    def _solutions(self, datafit, read, params, alphas, fold):
        if fold is not None:
            return datafit.path(**params, alphas=alphas, stop=self._stop())
        learner = datafit.learner(params["gamma"])
        return [learner.learn(float(alphas[0]), params["ridge"], **self._stop())]

    def _store_choice(self, alpha, params):
        self.alpha_, self.ridge_, self.gamma_ = float(alpha), params["ridge"], params["gamma"]

    def _refit(self, worker, read, datafit, history):
        kernel, learner = self._input_kernel(self.gamma_), datafit.learner(self.gamma_)
        jitter = learner.jitter(self.alpha_, self.ridge_)
        warn_of_jitter(jitter, stacklevel=4)
        self._store(read, learner, history, kernel, jitter)
        self._warn_of_gap(stacklevel=4)
        return self
