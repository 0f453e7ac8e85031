"""Kernel ridge regressions against dense solves, refitting, scikit-learn and the linear models."""

import warnings
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression
from sklearn.metrics.pairwise import additive_chi2_kernel, laplacian_kernel, rbf_kernel
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict

import skmtl
from skmtl import MeanRegularizedRegressor, TaskGraphRegressor
from skmtl._task_covariance.kronecker import KroneckerFactors, KroneckerSystem, constants, spectrum
from skmtl._task_covariance.observations import Observations
from skmtl._task_covariance.systems import make_system

# What is stated here is in units of y.
MultiTaskKernelRidge = partial(skmtl.MultiTaskKernelRidge, normalize_y=False)
MultiTaskKernelRidgeCV = partial(skmtl.MultiTaskKernelRidgeCV, normalize_y=False)

N, T, GAMMA = 14, 4, 0.3
OWN_ALPHA = np.array([0.1, 0.2, 0.5, 0.05])
EXACT = {"rtol": 1e-8, "atol": 1e-10}  # well-conditioned systems of some dozens of observations
each_intercept = pytest.mark.parametrize("fit_intercept", [True, False])
each_loo = pytest.mark.parametrize("by", ["sample", "observation"])


class Given(NamedTuple):
    """Arguments of `fit`."""

    X: np.ndarray
    y: np.ndarray
    s: np.ndarray | None = None
    tasks: np.ndarray | None = None

    def fit(self, model):
        return clone(model).fit(self.X, self.y, self.s, tasks=self.tasks)


def holes():
    """Which targets are missing; the last task has a single one."""
    mask = np.random.default_rng(3).random((N, T)) < 0.15
    mask[:, T - 1] = True
    mask[5, T - 1] = False
    return mask


@cache
def make(name):
    """Data by name: "complete", "holes", "weights" (one for each observation), "long"."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    Y = np.sin(X @ rng.normal(size=(3, T))) + 0.2 * rng.normal(size=(N, T)) + [1, 2, 3, 40]
    s = rng.uniform(0.5, 2.0, N)
    if name == "complete":
        return Given(X, Y, s)
    if name == "holes":
        return Given(X, np.where(holes(), np.nan, Y), s)
    if name == "weights":
        return Given(X, np.where(holes(), np.nan, Y), rng.uniform(0.5, 2.0, (N, T)))
    ids = np.array([2, 0, 1, 3])[rng.permutation(3 * N) % T]  # in no order
    X, noise = rng.normal(size=(3 * N, 3)), 0.2 * rng.normal(size=3 * N)
    y = np.sin(X).sum(axis=1) + ids * X[:, 0] + noise
    return Given(X, y, rng.uniform(0.5, 2.0, 3 * N), ids)


each_data = pytest.mark.parametrize("name", ["complete", "holes", "weights", "long"])


def task_matrix():
    W = np.random.default_rng(1).normal(size=(T, 2))
    return W @ W.T + 0.3 * np.eye(T)


class Dense(NamedTuple):
    """The dense system of all observations, in the user's order."""

    row: np.ndarray
    task: np.ndarray
    y: np.ndarray
    s: np.ndarray

    @classmethod
    def of(cls, given):
        if given.tasks is not None:
            return cls(np.arange(len(given.y)), given.tasks, given.y, given.s)
        s = given.s if given.s.ndim == 2 else np.tile(given.s[:, None], T)
        row, task = np.nonzero(~np.isnan(given.y))
        return cls(row, task, given.y[row, task], s[row, task])

    def solve(self, K, B, alpha, fit_intercept, kept=slice(None)):
        """Dual coefficients of the observations kept, and intercepts, NaN without observations."""
        row, task = self.row[kept], self.task[kept]
        A = K[np.ix_(row, row)] * B[np.ix_(task, task)]
        A += np.diag(np.broadcast_to(alpha, T)[task] / self.s[kept])
        b = np.zeros(T)
        if not fit_intercept:
            return np.linalg.solve(A, self.y[kept]), b
        present, place = np.unique(task, return_inverse=True)
        M = np.eye(len(present))[place]
        bordered = np.block([[A, M], [M.T, np.zeros((len(present),) * 2)]])
        solution = np.linalg.solve(bordered, np.append(self.y[kept], np.zeros(len(present))))
        b[:] = np.nan
        b[present] = solution[len(row) :]
        return solution[: len(row)], b

    def leave_one_out(self, K, B, alpha, fit_intercept, by):
        """Errors of refitting without each observation, or without each sample."""
        errors = np.empty(len(self.y))
        for c, (i, t) in enumerate(zip(self.row, self.task, strict=True)):
            kept = np.arange(len(self.y)) != c if by == "observation" else self.row != i
            dual, b = self.solve(K, B, alpha, fit_intercept, kept)
            fit = K[i, self.row[kept]] @ (dual * B[self.task[kept], t]) + b[t]
            errors[c] = self.y[c] - fit
        return errors


def shared(strength):
    return (1 - strength) * np.eye(T) + np.full((T, T), strength / T)


def predictions(model):
    """Predictions of every task at new samples."""
    X = np.random.default_rng(9).normal(size=(7, 3))
    return model.predict_all_tasks(X)


# ------------------------------------------------ against dense solves


def solvers(name):
    return {"complete": ["kronecker", "cholesky"], "holes": ["schur", "cholesky"]}.get(
        name, ["cholesky"]
    )


NAMES = ("complete", "holes", "weights", "long")
each_solver = pytest.mark.parametrize(
    ("name", "solver"), [(name, solver) for name in NAMES for solver in solvers(name)]
)


@each_solver
@each_intercept
def test_it_is_the_dense_solve(name, solver, fit_intercept):
    given, dense, B = make(name), Dense.of(make(name)), task_matrix()
    model = MultiTaskKernelRidge(
        OWN_ALPHA, gamma=GAMMA, task_kernel=B, solver=solver, fit_intercept=fit_intercept
    )
    model = given.fit(model)
    K = rbf_kernel(given.X, gamma=GAMMA)
    dual, b = dense.solve(K, B, OWN_ALPHA, fit_intercept)
    assert model.solver_ == solver
    long = name == "long"
    found = model.dual_coef_ if long else model.dual_coef_[dense.row, dense.task]
    np.testing.assert_allclose(found, dual, **EXACT)
    np.testing.assert_allclose(model.intercept_, b, **EXACT)
    if not long:
        assert np.count_nonzero(model.dual_coef_) <= len(dual)


def observations_of(dense, given):
    """The observations of a problem, and their order among those of the dense system."""
    order = np.lexsort((dense.row, dense.task))
    row = dense.row[order]
    task = dense.task[order]
    return Observations(row, task, dense.s[order], len(given.X), T), order


def systems(name, fit_intercept, K=None):
    """All systems that can solve the data, by name; targets, the dense problem and their order."""
    given, B = make(name), task_matrix()
    dense, K = Dense.of(given), rbf_kernel(given.X, gamma=GAMMA) if K is None else K
    observations, order = observations_of(dense, given)
    arguments = K, B, OWN_ALPHA, observations, fit_intercept
    out = {solver: make_system(solver, *arguments) for solver in solvers(name)}
    if name == "complete":
        parts = spectrum(K, observations.common_weight, constants(N, fit_intercept))
        out["eigenvectors"] = KroneckerSystem(parts, *arguments)
        out["factors"] = KroneckerFactors(*arguments)
    return out, dense.y[order], dense, order


@each_data
@each_intercept
@each_loo
def test_leaving_out_is_refitting(name, fit_intercept, by):
    found, y, dense, order = systems(name, fit_intercept)
    K = rbf_kernel(make(name).X, gamma=GAMMA)
    errors = dense.leave_one_out(K, task_matrix(), OWN_ALPHA, fit_intercept, by)
    assert np.isnan(errors).sum() == (fit_intercept and name in ("holes", "weights"))
    for system in found.values():
        np.testing.assert_allclose(system.leave_one_out(y, by), errors[order], **EXACT)


@each_data
@each_loo
def test_kernels_that_are_psd_but_for_constants_are_solved_in_all_ways(name, by):
    """Differences, log-determinants and errors of leaving out, with an indefinite K."""
    K, B = additive_chi2_kernel(np.abs(make(name).X)), task_matrix()
    assert np.linalg.eigvalsh(K)[0] < -10 * OWN_ALPHA.max()
    found, y, dense, order = systems(name, True, K)
    dual, b = dense.solve(K, B, OWN_ALPHA, True)
    errors = dense.leave_one_out(K, B, OWN_ALPHA, True, by)
    A = K[np.ix_(dense.row, dense.row)] * B[np.ix_(dense.task, dense.task)]
    A += np.diag(OWN_ALPHA[dense.task] / dense.s)
    M = np.eye(T)[dense.task]
    log = np.linalg.slogdet(A)[1] + np.linalg.slogdet(M.T @ np.linalg.solve(A, M))[1]
    for system in found.values():
        solved = system.dual(y)
        np.testing.assert_allclose(solved, dual[order], **EXACT)
        np.testing.assert_allclose(system.intercepts(y, solved), b, **EXACT)
        np.testing.assert_allclose(system.leave_one_out(y, by), errors[order], **EXACT)
        assert system.log_determinant() == pytest.approx(log, rel=1e-10)


@each_solver
def test_kernels_that_are_psd_but_for_constants_give_one_model(name, solver):
    given = make(name)._replace(X=np.abs(make(name).X))
    options = {"kernel": "additive_chi2", "solver": solver}
    K, dense = additive_chi2_kernel(given.X), Dense.of(given)
    model = given.fit(MultiTaskKernelRidge(0.01, **options))
    dual, b = dense.solve(K, shared(0.5), 0.01, True)
    found = model.dual_coef_ if name == "long" else model.dual_coef_[dense.row, dense.task]
    np.testing.assert_allclose(found, dual, **EXACT)
    np.testing.assert_allclose(model.intercept_, b, **EXACT)
    search = given.fit(MultiTaskKernelRidgeCV([0.01, 1.0], task_strengths=[0.5], **options))
    errors = dense.leave_one_out(K, shared(0.5), 0.01, True, "sample")
    score = -np.nansum(dense.s * errors**2) / dense.s[~np.isnan(errors)].sum()
    assert search.loo_scores_[0, 1, 1] == pytest.approx(score, rel=1e-8)


@each_data
@each_intercept
def test_the_log_determinant_is_that_of_the_system(name, fit_intercept):
    found, _, dense, _ = systems(name, fit_intercept)
    K, B = rbf_kernel(make(name).X, gamma=GAMMA), task_matrix()
    A = K[np.ix_(dense.row, dense.row)] * B[np.ix_(dense.task, dense.task)]
    A += np.diag(OWN_ALPHA[dense.task] / dense.s)
    log = np.linalg.slogdet(A)[1]
    if fit_intercept:
        M = np.eye(T)[dense.task]
        log += np.linalg.slogdet(M.T @ np.linalg.solve(A, M))[1]
    for system in found.values():
        assert system.log_determinant() == pytest.approx(log, rel=1e-10)


@each_intercept
def test_leaving_out_the_only_sample_has_no_error_with_intercepts(fit_intercept):
    observations = Observations(np.zeros(T, int), np.arange(T), np.ones(T), 1, T)
    for solver in ("kronecker", "cholesky"):
        system = make_system(
            solver, np.ones((1, 1)), shared(0.5), OWN_ALPHA, observations, fit_intercept
        )
        assert np.isnan(system.leave_one_out(np.arange(T), "sample")).all() == fit_intercept


def test_all_observations_need_weights_of_samples():
    dense = Dense.of(make("weights"))
    assert observations_of(dense, make("weights"))[0].complete is None


# ------------------------------------------------ leave-one-out over grids

GRID = {"alphas": [1.0, 0.01, 0.1], "task_strengths": [0.9, 0.4], "gammas": [1.0, 0.2]}


@each_solver
@each_intercept
@each_loo
def test_scores_are_those_of_refitting(name, solver, fit_intercept, by):
    given, dense = make(name), Dense.of(make(name))
    model = MultiTaskKernelRidgeCV(**GRID, loo=by, solver=solver, fit_intercept=fit_intercept)
    model = given.fit(model)
    np.testing.assert_array_equal(model.alphas_, [1.0, 0.1, 0.01])
    np.testing.assert_array_equal(model.task_strengths_, [0.0, 0.4, 0.9])
    np.testing.assert_array_equal(model.gammas_, [0.2, 1.0])
    scores = np.empty(model.loo_scores_.shape)
    for (g, d, a), _ in np.ndenumerate(scores):
        K = rbf_kernel(given.X, gamma=model.gammas_[g])
        B = shared(model.task_strengths_[d])
        errors = dense.leave_one_out(K, B, model.alphas_[a], fit_intercept, by)
        seen = ~np.isnan(errors)
        scores[g, d, a] = -np.average(errors[seen] ** 2, weights=dense.s[seen])
    np.testing.assert_allclose(model.loo_scores_, scores, rtol=1e-8)
    g, d, a = np.unravel_index(scores.argmax(), scores.shape)
    chosen = model.gammas_[g], model.task_strengths_[d], model.alphas_[a]
    assert (model.gamma_, model.task_strength_, model.alpha_) == chosen
    assert model.best_score_ == pytest.approx(scores.max(), rel=1e-8)


@each_solver
def test_the_winner_is_the_model_with_its_strengths(name, solver):
    found = make(name).fit(MultiTaskKernelRidgeCV(**GRID, solver=solver))
    chosen = {"gamma": found.gamma_, "task_strength": found.task_strength_}
    model = make(name).fit(MultiTaskKernelRidge(found.alpha_, solver=solver, **chosen))
    np.testing.assert_allclose(predictions(found), predictions(model), rtol=1e-8)
    assert found.solver_ == model.solver_


@pytest.mark.parametrize("kernel", ["graph", "matrix", "identity"])
def test_other_task_kernels_are_searched_too(kernel):
    given = make("complete")
    options = {"task_kernel": task_matrix() if kernel == "matrix" else kernel}
    if kernel == "graph":
        options["graph"] = "chain"
    found = given.fit(MultiTaskKernelRidgeCV([0.1], task_strengths=[0.6], **options))
    assert found.task_strengths_.tolist() == ([0.0] if kernel == "identity" else [0.0, 0.6])
    single_task = given.fit(MultiTaskKernelRidgeCV([0.1], task_kernel="identity"))
    assert found.loo_scores_[0, 0, 0] == pytest.approx(single_task.best_score_, rel=1e-12)
    if kernel == "matrix":
        mixed = 0.4 * np.eye(T) + 0.6 * task_matrix()
        again = given.fit(MultiTaskKernelRidgeCV([0.1], task_strengths=[1], task_kernel=mixed))
        assert found.loo_scores_[0, 1, 0] == pytest.approx(again.loo_scores_[0, 1, 0], rel=1e-12)


def test_ties_go_to_separate_tasks_and_a_large_alpha():
    given = make("complete")
    one = MultiTaskKernelRidgeCV([1.0, 2.0]).fit(given.X, given.y[:, :1])  # d makes no difference
    assert one.task_strength_ == 0.0
    constant = MultiTaskKernelRidgeCV([1.0, 2.0]).fit(given.X, np.ones((N, T)))
    assert (constant.task_strength_, constant.alpha_) == (0.0, 2.0)


def test_tasks_of_one_sample_leave_nothing_to_compare():
    X = make("complete").X[:T]
    with pytest.warns(UserWarning, match="No task has more than one target"):
        model = MultiTaskKernelRidgeCV([0.1, 1.0]).fit(X, np.arange(4.0), tasks=np.arange(T))
    assert (model.task_strength_, model.alpha_) == (0.0, 1.0)
    assert np.isnan(model.best_score_)
    np.testing.assert_allclose(model.predict(X, tasks=np.arange(T)), np.arange(4.0))


# ------------------------------------------------ special cases


@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly", "laplacian", "cosine"])
def test_separate_tasks_without_intercepts_are_kernel_ridge(kernel):
    X, Y, s, _ = make("complete")
    params = {"kernel": kernel, "gamma": GAMMA, "degree": 2, "coef0": 0.5}
    ours = MultiTaskKernelRidge(0.3, task_kernel="identity", fit_intercept=False, **params)
    theirs = KernelRidge(alpha=0.3, **params).fit(X, Y, s)
    ours = ours.fit(X, Y, s)
    np.testing.assert_allclose(ours.predict(X[:5]), theirs.predict(X[:5]), **EXACT)
    np.testing.assert_allclose(ours.dual_coef_, theirs.dual_coef_, **EXACT)


def test_a_callable_kernel_is_the_named_one():
    X, Y, s, _ = make("complete")

    def own(x, z, scale):
        return np.exp(-scale * ((x - z) ** 2).sum())

    ours = MultiTaskKernelRidge(0.3, kernel=own, kernel_params={"scale": GAMMA}).fit(X, Y, s)
    named = MultiTaskKernelRidge(0.3, gamma=GAMMA).fit(X, Y, s)
    np.testing.assert_allclose(predictions(ours), predictions(named), **EXACT)


@pytest.mark.parametrize("name", ["complete", "holes", "long"])
@each_intercept
def test_the_linear_kernel_is_the_mean_regularized_model(name, fit_intercept):
    given, a, r = make(name), 0.3, 0.05
    linear = MeanRegularizedRegressor(a, ridge=r, tol=1e-12, fit_intercept=fit_intercept)
    linear = given.fit(linear)
    total = (given.s if given.tasks is not None else (given.s[:, None] * ~np.isnan(given.y))).sum()
    kernel = MultiTaskKernelRidge(
        total / T * r, kernel="linear", task_strength=a / (a + r), fit_intercept=fit_intercept
    )
    kernel = given.fit(kernel)
    np.testing.assert_allclose(predictions(kernel), predictions(linear), rtol=1e-6)


def test_the_linear_kernel_on_a_graph_is_the_graph_model():
    given, a, r = make("complete"), 0.3, 0.05
    graph = [(0, 1, 1.0), (1, 2, 2.0)]
    linear = given.fit(TaskGraphRegressor(a, graph=graph, ridge=r, tol=1e-12))
    strength = a / (a + r)
    options = {"kernel": "linear", "task_kernel": "graph", "graph": graph}
    kernel = given.fit(MultiTaskKernelRidge(task_strength=strength, **options))
    L = np.array([[1, -1, 0, 0], [-1, 3, -2, 0], [0, -2, 2, 0], [0, 0, 0, 0]])
    inverse = np.linalg.inv(a * L + r * np.eye(T))
    np.testing.assert_allclose(kernel.task_covariance_, inverse / inverse.diagonal().mean())
    alpha = given.s.sum() / inverse.diagonal().mean()
    kernel = given.fit(kernel.set_params(alpha=alpha))
    np.testing.assert_allclose(predictions(kernel), predictions(linear), rtol=1e-6)


def test_the_complete_graph_is_shared_but_for_scale():
    given = make("complete")
    options = {"task_kernel": "graph", "graph": "complete"}
    graph = given.fit(MultiTaskKernelRidge(0.1, task_strength=0.7, **options))
    scale = shared(0.7).diagonal().mean()
    np.testing.assert_allclose(graph.task_covariance_ * scale, shared(0.7), rtol=1e-12)


def test_strength_1_is_one_function():
    model = make("holes").fit(MultiTaskKernelRidge(0.1, task_strength=1.0))
    functions = predictions(model) - model.intercept_
    np.testing.assert_allclose(functions, functions[:, :1] * np.ones(T), **EXACT)


# ------------------------------------------------ the same data, given in other ways

ESTIMATORS = [
    MultiTaskKernelRidge(OWN_ALPHA, gamma=GAMMA, task_strength=0.6),
    MultiTaskKernelRidgeCV(**GRID, loo="observation"),
]
each_estimator = pytest.mark.parametrize(
    "estimator", ESTIMATORS, ids=lambda one: type(one).__name__
)


@each_estimator
def test_wide_and_long_are_the_same(estimator):
    given, dense = make("holes"), Dense.of(make("holes"))
    order = np.random.default_rng(2).permutation(len(dense.y))
    row, task = dense.row[order], dense.task[order]
    X, y, s = given.X[row], dense.y[order], dense.s[order]
    wide = given.fit(estimator)
    long = clone(estimator).fit(X, y, s, tasks=task)
    column = clone(estimator).set_params(task_column=1)
    column.fit(np.insert(X, 1, task, axis=1), y, s)
    np.testing.assert_allclose(predictions(long), predictions(wide), **EXACT)
    np.testing.assert_allclose(
        column.predict(np.insert(X, 1, task, axis=1)), long.predict(X, tasks=task), **EXACT
    )
    np.testing.assert_allclose(long.dual_coef_, wide.dual_coef_[row, task], **EXACT)
    np.testing.assert_array_equal(long.X_fit_, X)


@pytest.mark.parametrize("name", ["complete", "holes", "long"])
def test_a_weight_of_two_is_the_sample_twice(name):
    given, model = make(name), ESTIMATORS[0]
    counts = 1 + np.arange(len(given.X)) % 2
    if name == "holes":
        counts[5] = 1  # the only sample of a task
    tasks = None if given.tasks is None else np.repeat(given.tasks, counts)
    twice = Given(
        np.repeat(given.X, counts, axis=0), np.repeat(given.y, counts, axis=0), None, tasks
    )
    heavy = given._replace(s=counts.astype(float)).fit(model)
    np.testing.assert_allclose(predictions(heavy), predictions(twice.fit(model)), **EXACT)


@each_estimator
@pytest.mark.parametrize("name", ["complete", "holes", "long"])
def test_samples_without_weight_are_absent(estimator, name):
    given = make(name)
    s = given.s.copy()
    s[:3] = 0.0
    tasks = None if given.tasks is None else given.tasks[3:]
    fewer = Given(given.X[3:], given.y[3:], given.s[3:], tasks).fit(estimator)
    model = given._replace(s=s).fit(estimator)
    np.testing.assert_allclose(predictions(model), predictions(fewer), **EXACT)
    np.testing.assert_array_equal(model.X_fit_, given.X[3:])


def test_the_order_of_tasks_does_not_matter():
    given, order = make("holes"), np.array([2, 0, 3, 1])
    B = task_matrix()
    model = given.fit(MultiTaskKernelRidge(OWN_ALPHA, task_kernel=B))
    permuted = given._replace(y=given.y[:, order])
    options = {"task_kernel": B[np.ix_(order, order)]}
    permuted = permuted.fit(MultiTaskKernelRidge(OWN_ALPHA[order], **options))
    np.testing.assert_allclose(predictions(permuted), predictions(model)[:, order], **EXACT)


def test_task_ids_name_the_entries_of_parameters():
    given, names = make("complete"), ["d", "b", "a", "c"]
    model = given.fit(MultiTaskKernelRidge(OWN_ALPHA, task_kernel=task_matrix()))
    Y = pd.DataFrame(given.y, columns=names)
    B = pd.DataFrame(task_matrix(), index=names, columns=names).loc[sorted(names), sorted(names)]
    alpha = dict(zip(names, OWN_ALPHA, strict=True))
    frame = MultiTaskKernelRidge(alpha, task_kernel=B).fit(pd.DataFrame(given.X), Y, given.s)
    assert frame.tasks_.tolist() == names
    np.testing.assert_allclose(frame.predict(pd.DataFrame(given.X)), model.predict(given.X))


@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly"])
@pytest.mark.parametrize("name", ["holes", "long"])
def test_sparse_is_dense(kernel, name):
    given, model = make(name), MultiTaskKernelRidge(0.2, kernel=kernel)
    X = np.where(np.abs(given.X) < 0.5, 0.0, given.X)
    dense = given._replace(X=X).fit(model)
    thin = given._replace(X=sparse.csr_array(X)).fit(model)
    new = sparse.csc_matrix(X[:5])
    np.testing.assert_allclose(thin.predict_all_tasks(new), dense.predict_all_tasks(X[:5]), **EXACT)


@each_estimator
@pytest.mark.parametrize("name", ["complete", "holes", "long"])
def test_precomputed_is_the_kernel(estimator, name):
    given = make(name)
    new = np.random.default_rng(5).normal(size=(6, 3))
    gamma = GAMMA if "gamma" in estimator.get_params() else None
    named = clone(estimator).set_params(**({} if gamma else {"gammas": [GAMMA]}))
    by_matrix = clone(estimator).set_params(
        kernel="precomputed", **({} if gamma else {"gammas": None})
    )
    s = given.s.copy()
    s[:2] = 0.0  # these samples are columns of the kernel all the same
    named = given._replace(s=s).fit(named)
    by_matrix = given._replace(X=rbf_kernel(given.X, gamma=GAMMA), s=s).fit(by_matrix)
    K = rbf_kernel(new, given.X, gamma=GAMMA)
    np.testing.assert_allclose(
        by_matrix.predict_all_tasks(K), named.predict_all_tasks(new), **EXACT
    )


def test_a_precomputed_kernel_may_have_a_task_column_beside_it():
    given = make("long")
    K = rbf_kernel(given.X, gamma=GAMMA)
    model = MultiTaskKernelRidge(kernel="precomputed", task_column=0)
    model.fit(np.insert(K, 0, given.tasks, axis=1), given.y, given.s)
    named = given.fit(MultiTaskKernelRidge(gamma=GAMMA))
    found = model.predict(np.insert(K[:5], 0, given.tasks[:5], axis=1))
    np.testing.assert_allclose(found, named.predict(given.X[:5], tasks=given.tasks[:5]), **EXACT)


def test_a_precomputed_kernel_can_be_cross_validated():
    X, Y, _, _ = make("complete")
    by_matrix = MultiTaskKernelRidge(0.1, kernel="precomputed")
    named = MultiTaskKernelRidge(0.1, gamma=GAMMA)
    np.testing.assert_allclose(
        cross_val_predict(by_matrix, rbf_kernel(X, gamma=GAMMA), Y, cv=3),
        cross_val_predict(named, X, Y, cv=3),
        **EXACT,
    )


def test_a_precomputed_kernel_of_tasks_can_be_searched_by_metadata_routing():
    given = make("long")
    K, folds = rbf_kernel(given.X, gamma=GAMMA), KFold(3)
    grid = {"alpha": [0.01, 1.0]}
    with config_context(enable_metadata_routing=True):
        routed = MultiTaskKernelRidge().set_fit_request(tasks=True).set_score_request(tasks=True)
        named = GridSearchCV(clone(routed).set_params(gamma=GAMMA), grid, cv=folds)
        by_matrix = GridSearchCV(clone(routed).set_params(kernel="precomputed"), grid, cv=folds)
        named.fit(given.X, given.y, tasks=given.tasks)
        by_matrix.fit(K, given.y, tasks=given.tasks)
    scores = named.cv_results_["mean_test_score"]
    np.testing.assert_allclose(by_matrix.cv_results_["mean_test_score"], scores, rtol=1e-8)
    column = MultiTaskKernelRidge(kernel="precomputed", task_column=0)
    search = GridSearchCV(column, grid, cv=folds, error_score="raise")
    with pytest.raises(ValueError, match="columns have to be split in the same way"):
        search.fit(np.insert(K, 0, given.tasks, axis=1), given.y)


def test_a_grid_search_runs_over_the_strengths():
    X, Y, _, _ = make("holes")
    search = GridSearchCV(MultiTaskKernelRidge(), {"task_strength": [0.0, 0.9]}, cv=3)
    search.fit(X, Y[:, :3])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_x_is_not_kept_by_reference():
    X, Y, _, _ = make("complete")
    X = X.copy()
    model = MultiTaskKernelRidge().fit(X, Y)
    before = predictions(model)
    X[:] = 0.0
    np.testing.assert_array_equal(predictions(model), before)


def test_unseen_tasks_get_the_average_function_and_intercept():
    given = make("long")
    model = given.fit(MultiTaskKernelRidge(0.1, task_strength=0.3, handle_unknown="shared"))
    mixed = model.predict(given.X[:6], tasks=[0, 99, 1, 99, 2, 3])
    everything = model.predict_all_tasks(given.X[:6])
    np.testing.assert_allclose(mixed[[1, 3]], everything[[1, 3]].mean(axis=1))
    np.testing.assert_allclose(mixed[[0, 2, 4, 5]], everything[[0, 2, 4, 5], [0, 1, 2, 3]])


# ------------------------------------------------ hard data


@pytest.mark.parametrize("solver", ["kronecker", "cholesky"])
def test_duplicate_samples_and_constant_features_are_fitted(solver):
    X = np.repeat(make("complete").X[:5], 3, axis=0) * [1.0, 0.0, 1.0]
    Y = np.sin(X @ np.ones((3, T)) * [1, 2, 3, 4])
    for kernel in ("rbf", "linear"):
        model = MultiTaskKernelRidge(1e-6, kernel=kernel, solver=solver).fit(X, Y)
        assert model.jitter_ == 0.0
        assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("name", ["complete", "holes", "long"])
def test_constant_targets_are_intercepts(name):
    given = make(name)
    constant = given._replace(y=np.where(np.isnan(given.y), np.nan, 7e6))
    for estimator in ESTIMATORS:
        model = constant.fit(estimator)
        np.testing.assert_allclose(model.dual_coef_, 0.0, atol=1e-6)
        np.testing.assert_allclose(model.intercept_, 7e6, rtol=1e-12)


@pytest.mark.parametrize("name", ["complete", "holes", "long"])
def test_the_unit_and_the_origin_of_y_do_not_matter(name):
    given = make(name)
    model = given.fit(ESTIMATORS[0])
    other = given._replace(y=1e-6 * given.y + 1e3).fit(ESTIMATORS[0])
    unit = 1e6 * (predictions(other) - 1e3)
    np.testing.assert_allclose(unit, predictions(model), rtol=1e-5, atol=1e-5)  # of 1e3 / 1e-6


def test_a_singular_system_gets_a_jitter_that_is_stated():
    X = np.repeat(make("complete").X[:4], 3, axis=0)
    y = np.arange(12.0)
    model = MultiTaskKernelRidge(1e-18, kernel="linear", solver="cholesky")
    with pytest.warns(UserWarning, match=r"was added to the diagonal \(jitter_\)"):
        model.fit(X, np.column_stack([y, y]))
    assert 0 < model.jitter_ < 1e-6
    assert np.isfinite(model.predict(X)).all()


def least_squares(given):
    """Coefficients of tasks with enough targets, NaN of others, and leave-one-out errors."""
    dense = Dense.of(given)
    coefficients, errors = np.full((T, given.X.shape[1]), np.nan), np.full(len(dense.y), np.nan)
    for t in range(T):
        here = np.flatnonzero(dense.task == t)
        X, y, s = given.X[dense.row[here]], dense.y[here], dense.s[here]
        if len(here) > X.shape[1] + 2:
            coefficients[t] = LinearRegression().fit(X, y, s).coef_
            for k, place in enumerate(here):
                kept = np.arange(len(here)) != k
                line = LinearRegression().fit(X[kept], y[kept], s[kept])
                errors[place] = y[k] - line.predict(X[[k]])[0]
    return coefficients, errors


@each_solver
@pytest.mark.parametrize("shift", [0.0, 3.0])
@pytest.mark.filterwarnings("ignore:alpha is too small:UserWarning")
def test_huge_kernels_come_to_least_squares(name, solver, shift):
    """Up to the alpha that is left, 1e-12 of the largest eigenvalue, and rounding beside that."""
    given = make(name)
    given = given._replace(X=1e6 * (given.X + shift))
    coefficients, errors = least_squares(given)
    options, enough = {"kernel": "linear", "solver": solver}, ~np.isnan(coefficients[:, 0])
    step = 1e6 * np.eye(3)
    for model in (
        MultiTaskKernelRidge(1e-4, **options),
        MultiTaskKernelRidge(1e-4, task_kernel=task_matrix(), **options),
        MultiTaskKernelRidgeCV([1e-4, 1e-6], task_strengths=[0.5], **options),
    ):
        model = given.fit(model)
        assert model.jitter_ > 1
        differences = model.predict_all_tasks(step) - model.predict_all_tasks(0 * step)
        expected = step @ coefficients[enough].T
        np.testing.assert_allclose(differences[:, enough], expected, atol=5e-3)
    assert model.loo_scores_[0, 0, 0] == pytest.approx(model.loo_scores_[0, 0, 1], rel=1e-12)
    if enough.all():
        score = -np.average(errors**2, weights=Dense.of(given).s)
        assert model.loo_scores_[0, 0, 0] == pytest.approx(score, rel=1e-2)


@pytest.mark.filterwarnings("ignore:alpha is too small:UserWarning")
def test_scores_of_huge_kernels_are_those_of_refitting():
    given, options = make("complete"), {"kernel": "poly", "degree": 2}
    given = given._replace(X=1e4 * given.X)
    found = given.fit(MultiTaskKernelRidgeCV([1e-4], task_strengths=[0.5], **options))
    strength = {"task_strength": found.task_strength_, "kernel": "precomputed"}
    errors = np.empty((N, T))
    K = found._kernel_to_fit(given.X)
    for i in range(N):
        kept = np.arange(N) != i
        model = MultiTaskKernelRidge(found.alpha_ + found.jitter_, **strength)
        model.fit(K[np.ix_(kept, kept)], given.y[kept], given.s[kept])
        errors[i] = given.y[i] - model.predict(K[[i]][:, kept])[0]
    score = -np.average((errors**2).mean(axis=1), weights=given.s)
    assert found.best_score_ == pytest.approx(score, rel=1e-2)
    again = given.fit(MultiTaskKernelRidge(1e-4, **{**strength, **options}))
    assert found.jitter_ == pytest.approx(again.jitter_)
    np.testing.assert_allclose(found.predict(given.X), again.predict(given.X), atol=1e-2)


@pytest.mark.parametrize("kind", [MultiTaskKernelRidge, MultiTaskKernelRidgeCV])
def test_a_jitter_is_stated_to_the_caller(kind):
    X, Y, _, _ = make("complete")
    model = kind(**{"alpha" if kind is MultiTaskKernelRidge else "alphas": [1e-4] * T})
    with pytest.warns(UserWarning, match=r"added to the diagonal \(jitter_\)") as caught:
        model.set_params(kernel="linear").fit(1e8 * X, Y)
    assert caught[0].filename == __file__
    assert f"{model.jitter_:.2g} was added" in str(caught[0].message)


def test_an_alpha_near_underflow_is_as_good_as_none():
    X, Y, _, _ = make("complete")
    for kernel, expected in (("rbf", Y), ("linear", np.tile(Y.mean(axis=0), (N, 1)))):
        samples = X if kernel == "rbf" else 0 * X
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = MultiTaskKernelRidge(1e-320, kernel=kernel, gamma=3.0).fit(samples, Y)
        np.testing.assert_allclose(model.predict(samples), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "solver"), [("complete", "kronecker"), ("holes", "schur"), ("long", "cholesky")]
)
def test_a_kernel_that_is_not_psd_is_refused(name, solver):
    given = make(name)
    K = -rbf_kernel(given.X, gamma=GAMMA)
    bad = given._replace(X=K)
    for estimator in (
        MultiTaskKernelRidge(0.1, kernel="precomputed", solver=solver),
        MultiTaskKernelRidge(0.1, kernel="precomputed", task_kernel=task_matrix(), solver=solver),
        MultiTaskKernelRidgeCV([0.1], kernel="precomputed", solver=solver),
    ):
        with pytest.raises(
            ValueError, match=r"not positive semi-definite.* and alpha=0.1 does not"
        ):
            bad.fit(estimator)


def test_an_indefinite_kernel_is_fitted_where_alpha_makes_up_for_it():
    X, Y, s, _ = make("complete")
    K = X @ X.T - 0.01 * np.eye(N)  # of rank 3
    dense, _ = Dense.of(make("complete")).solve(K, shared(0.5), 0.1, True)
    for solver in ("kronecker", "cholesky"):
        model = MultiTaskKernelRidge(0.1, kernel="precomputed", solver=solver).fit(K, Y, s)
        np.testing.assert_allclose(model.dual_coef_.ravel(), dense, rtol=1e-6)


# ------------------------------------------------ invalid input

BAD = {
    "alpha 0": (MultiTaskKernelRidge(0.0), "alpha must be positive, got 0"),
    "alpha negative": (MultiTaskKernelRidge(-1.0), "alpha must be finite and at least 0"),
    "alphas of other tasks": (MultiTaskKernelRidge([1.0, 2.0]), r"expected \(4,\)"),
    "alpha lacks a task": (MultiTaskKernelRidge({0: 1.0}), r"no entry for task\(s\) \[1, 2, 3\]"),
    "strength": (MultiTaskKernelRidge(task_strength=1.5), "task_strength == 1.5"),
    "strength of a graph": (
        MultiTaskKernelRidge(task_kernel="graph", graph="chain", task_strength=1.0),
        "task_strength == 1.0, must be < 1",
    ),
    "kernel": (MultiTaskKernelRidge(kernel="rfb"), "kernel='rfb' is not one of"),
    "gamma": (MultiTaskKernelRidge(gamma=-1.0), "gamma == -1.0"),
    "task kernel": (MultiTaskKernelRidge(task_kernel="other"), "task_kernel='other' is not one"),
    "no task kernel": (MultiTaskKernelRidge(task_kernel=None), "neither one of"),
    "graph kernel without a graph": (MultiTaskKernelRidge(task_kernel="graph"), "needs a graph"),
    "graph without a graph kernel": (
        MultiTaskKernelRidge(graph="chain"),
        "only task_kernel='graph' has a graph",
    ),
    "shape": (MultiTaskKernelRidge(task_kernel=np.eye(3)), r"shape \(3, 3\), expected \(4, 4\)"),
    "asymmetric": (MultiTaskKernelRidge(task_kernel=np.tri(T)), "must be symmetric"),
    "NaN": (MultiTaskKernelRidge(task_kernel=np.full((T, T), np.nan)), "NaN or infinity"),
    "indefinite": (
        MultiTaskKernelRidge(task_kernel=np.ones((T, T)) - np.eye(T)),
        "smallest eigenvalue is -1",
    ),
    "frame without a task": (
        MultiTaskKernelRidge(task_kernel=pd.DataFrame(np.eye(T), index=list("abcd"))),
        "no row or no column",
    ),
    "solver": (MultiTaskKernelRidge(solver="fast"), "solver='fast' is not one of"),
    "kronecker with holes": (
        MultiTaskKernelRidge(solver="kronecker"),
        "solver='kronecker' needs two-dimensional y without missing",
    ),
    "not square": (
        MultiTaskKernelRidge(kernel="precomputed"),
        "must be square in fit, but X has 14 samples and 3 columns",
    ),
    "alphas": (MultiTaskKernelRidgeCV([0.0, 1.0]), "alphas == 0.0, must be > 0"),
    "no alphas": (MultiTaskKernelRidgeCV([]), "alphas must be"),
    "strengths": (MultiTaskKernelRidgeCV(task_strengths=[0.5, 2]), "task_strengths == 2"),
    "loo": (MultiTaskKernelRidgeCV(loo="fold"), "loo='fold' is not one of"),
    "gammas": (MultiTaskKernelRidgeCV(gammas=[1.0], kernel="linear"), "has no gamma"),
    "no gammas": (MultiTaskKernelRidgeCV(gammas=[]), "gammas is empty"),
    "negative gammas": (MultiTaskKernelRidgeCV(gammas=[-1.0]), "gammas == -1.0"),
    "NaN gammas": (MultiTaskKernelRidgeCV(gammas=[np.nan]), "gammas must be finite"),
    "matrix of gammas": (MultiTaskKernelRidgeCV(gammas=[[1.0], [2.0]]), r"shape \(2, 1\)"),
}
BAD_TYPES = {
    "gammas None": (MultiTaskKernelRidgeCV(gammas=[None]), "gammas must be an instance of"),
    "gammas words": (MultiTaskKernelRidgeCV(gammas=["a"]), "gammas must be an instance of"),
    "sparse task kernel": (
        MultiTaskKernelRidge(task_kernel=sparse.eye(T)),
        r"must be dense, got a sparse matrix: pass its toarray\(\)",
    ),
    "words": (MultiTaskKernelRidge(task_kernel=[["a"] * T] * T), "real numbers, got .'a', 'a'"),
    "complex": (MultiTaskKernelRidge(task_kernel=1j * np.eye(T)), "of dtype complex128"),
    "kernel_params": (MultiTaskKernelRidge(kernel_params=5), "kernel_params=5 must be a dict"),
}


@pytest.mark.parametrize(("estimator", "message"), BAD.values(), ids=BAD)
def test_invalid_values_are_refused(estimator, message):
    with pytest.raises(ValueError, match=message):
        make("holes").fit(estimator)


@pytest.mark.parametrize(("estimator", "message"), BAD_TYPES.values(), ids=BAD_TYPES)
def test_invalid_types_are_refused(estimator, message):
    with pytest.raises(TypeError, match=message):
        make("holes").fit(estimator)


def test_solvers_of_two_dimensional_y_are_refused_for_long_data():
    with pytest.raises(ValueError, match="solver='schur' needs two-dimensional y"):
        make("long").fit(MultiTaskKernelRidge(solver="schur"))


def test_an_asymmetric_precomputed_kernel_is_refused():
    with pytest.raises(ValueError, match="must be symmetric in fit"):
        MultiTaskKernelRidge(kernel="precomputed").fit(np.tri(N), make("complete").y)


def test_a_kernel_without_values_is_refused():
    X, Y, _, _ = make("complete")
    with pytest.raises(ValueError, match="gives NaN or infinity between samples"):
        MultiTaskKernelRidge(kernel=lambda x, z: np.nan).fit(X, Y)


def test_rounding_below_zero_is_taken_off_a_task_kernel():
    v = np.array([1.0, 2.0, 3.0, 4.0])
    B = np.outer(v, v) - 1e-10 * np.eye(T)
    model = make("complete").fit(MultiTaskKernelRidge(task_kernel=B))
    assert np.linalg.eigvalsh(model.task_covariance_)[0] > -1e-13
    np.testing.assert_allclose(model.task_covariance_, B, rtol=1e-8)


def test_prediction_needs_a_fit():
    with pytest.raises(NotFittedError):
        MultiTaskKernelRidge().predict(make("complete").X)


def test_the_fastest_solver_is_taken():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 2)), rng.normal(size=(60, 8))
    assert MultiTaskKernelRidge().fit(X, Y).solver_ == "kronecker"
    assert MultiTaskKernelRidge(solver="schur").fit(X, Y).solver_ == "kronecker"
    few, many = Y.copy(), np.where(rng.random(Y.shape) < 0.8, np.nan, Y)
    few[:3, 0] = np.nan
    assert MultiTaskKernelRidge().fit(X, few).solver_ == "schur"
    assert MultiTaskKernelRidge().fit(X, many).solver_ == "cholesky"
    assert MultiTaskKernelRidge().fit(X, Y, rng.random(Y.shape) + 0.1).solver_ == "cholesky"


def test_another_kernel_takes_its_parameter():
    X, Y, _, _ = make("complete")
    model = MultiTaskKernelRidge(kernel="laplacian", gamma=GAMMA).fit(X, Y)
    again = MultiTaskKernelRidge(kernel="precomputed").fit(laplacian_kernel(X, gamma=GAMMA), Y)
    np.testing.assert_allclose(model.dual_coef_, again.dual_coef_, **EXACT)


# ------------------------------------------------ many tasks


def many_tasks(n_tasks):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 3))
    return X, X @ rng.normal(size=(3, n_tasks)) + rng.normal(size=(12, n_tasks))


def test_thousands_of_tasks_are_the_mean_and_the_deviations_from_it():
    """``"shared"`` has two eigenvalues: 1 for the mean of the tasks, 1 - d for deviations."""
    X, Y = many_tasks(3000)
    K, strength, alpha = rbf_kernel(X, gamma=GAMMA), 0.6, 0.1
    K = K - K.mean(axis=0) - K.mean(axis=1)[:, None] + K.mean()
    centered = Y - Y.mean(axis=0)
    mean = centered.mean(axis=1, keepdims=True)
    shared_part = np.linalg.solve(K + alpha * np.eye(12), mean)
    own_part = np.linalg.solve((1 - strength) * K + alpha * np.eye(12), centered - mean)
    expected = K @ (shared_part + (1 - strength) * own_part) + Y.mean(axis=0)
    model = MultiTaskKernelRidge(alpha, gamma=GAMMA, task_strength=strength).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-9, atol=1e-9)
    grid = {"task_strengths": [strength], "gammas": [GAMMA]}
    search = MultiTaskKernelRidgeCV([alpha], **grid).fit(X, Y)
    assert search.loo_scores_.shape == (1, 2, 1)
    Y[4, 17] = np.nan
    one_missing = model.fit(X, Y)
    assert one_missing.solver_ == "schur"
    missed = one_missing.predict(X)
    np.testing.assert_allclose(missed[:, :17], expected[:, :17], atol=1e-2)


@each_loo
def test_leave_one_out_needs_no_matrix_of_eigenvectors(by):
    """The task kernel as a matrix gives the scores of the same one by its name."""
    X, Y = many_tasks(9)
    named = MultiTaskKernelRidgeCV([0.1, 1.0], task_strengths=[0.6], loo=by).fit(X, Y)
    matrix = np.full((9, 9), 1 / 9)
    given = MultiTaskKernelRidgeCV([0.1, 1.0], task_strengths=[0.6], task_kernel=matrix, loo=by)
    np.testing.assert_allclose(given.fit(X, Y).loo_scores_, named.loo_scores_, rtol=1e-10)
