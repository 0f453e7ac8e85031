"""Couplings of tasks, of many strengths at a time: against dense equations and single fits."""

from unittest.mock import patch

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmtl import MeanRegularizedRegressor, MeanRegularizedRegressorCV, MultiTaskCV
from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl.datafits import TaskLosses, squared_datafit, with_shared_intercepts
from skmtl.penalties import TaskCoupling, mean_coupling, ridge_coupling
from skmtl.penalties._graph_coupling import coupling_of
from skmtl.solvers import _meeting, solve_path

T, P = 4, 6
STRENGTHS = [(pull, ridge) for pull in (1e-3, 0.3, 1e3) for ridge in (0.0, 1e-6, 0.2)]
EDGE = np.diag([1.0, 1.0, 0.0, 0.0])  # the Laplacian of one edge: two tasks are left alone
EDGE[0, 1] = EDGE[1, 0] = -1.0


def loss(kind, intercept_alpha):
    """A loss of tasks with samples of their own, of a shared X with holes, or of a complete one."""
    rng = np.random.default_rng(0)
    if kind == "own":
        ptr = np.array([0, 3, 15, 40, 60])  # the first task has fewer samples than features
        X = rng.normal(size=(60, P)) + np.repeat(rng.normal(size=(T, P)), np.diff(ptr), axis=0)
        y = X[:, 0] + rng.normal(size=60)
        design = StackedDesign(X, ptr)
        weight = rng.uniform(0.5, 2, 60) / 15
    else:
        X = rng.normal(size=(40, P))
        X[:, -1] = X[:, 0]  # no solution is the only one without a ridge
        y = X[:, :T] + rng.normal(size=(40, T))
        design = SharedDesign(X, T)
        weight = np.full((40, T), 1 / 40)
        if kind == "holes":
            weight[:25, 0] = weight[10:, 2] = 0  # two tasks are complete: they share a Gram
    datafit = squared_datafit(design, y, weight, form="gram")
    return with_shared_intercepts(datafit, intercept_alpha)


def equations(datafit, M):
    """The Hessian and the gradient at 0 of the objective, of W.T as one vector."""
    zero = np.zeros(datafit.shape)
    correlation = datafit.evaluate(zero).correlation
    columns = []
    for unit in np.eye(zero.size):
        W = unit.reshape(zero.T.shape).T
        column = correlation - datafit.evaluate(W).correlation + W @ M
        columns.append(column.T.ravel())
    return np.array(columns), correlation.T.ravel()


@pytest.mark.parametrize("few", [_meeting.FEW, 0], ids=["formed", "conjugate gradients"])
@pytest.mark.parametrize("intercept_alpha", [0.0, 0.5, np.inf])
@pytest.mark.parametrize("kind", ["own", "holes", "complete"])
def test_every_strength_solves_the_normal_equations(kind, intercept_alpha, few):
    datafit = loss(kind, intercept_alpha)
    pulls = np.array([1.0, 1.0, 0.5, 2.0])  # of the tasks
    couplings = [mean_coupling(a * pulls) + ridge_coupling(r, T) for a, r in STRENGTHS]
    with patch.object(_meeting, "FEW", few):
        check_path(datafit, couplings)


@pytest.mark.parametrize("intercept_alpha", [0.0, 0.5, np.inf])
@pytest.mark.parametrize("kind", ["own", "holes", "complete"])
@pytest.mark.parametrize("weights", ["edge", "signs"])
def test_every_strength_of_other_couplings_solves_the_normal_equations(
    kind, intercept_alpha, weights
):
    signs = np.array([1.0, -1.0, 1.0, 1.0])  # a relation of tasks that is no graph
    matrix = {"edge": EDGE, "signs": np.diag([1.0, 2.0, 3.0, 4.0]) + np.outer(signs, signs)}
    couplings = [coupling_of(a * matrix[weights]) + ridge_coupling(r, T) for a, r in STRENGTHS]
    check_path(loss(kind, intercept_alpha), couplings)


def check_path(datafit, couplings):
    """Compare solutions with those of dense equations."""
    penalties = [TaskCoupling(1.0, coupling) for coupling in couplings]
    solutions = list(solve_path(datafit, penalties, tol=1e-10))
    for coupling, solution in zip(couplings, solutions, strict=True):
        H, b = equations(datafit, coupling.toarray())
        best = np.linalg.lstsq(H, b, rcond=1e-12)[0]
        least = 0.5 * datafit.yy - 0.5 * b @ best
        w = solution.W.T.ravel()
        assert solution.converged
        assert_allclose(solution.objective, least, rtol=1e-8)
        assert solution.objective - least <= solution.gap + 1e-12
        assert np.linalg.norm(H @ w - b) <= 1e-4 * np.linalg.norm(b)


@pytest.mark.parametrize("size", [1e-16, 1e-6])
def test_features_of_other_sizes_change_no_solution(size):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, P))
    X[:, -1] = size * rng.normal(size=60)  # the smaller is a constant but for rounding errors
    y = X[:, 0] + rng.normal(size=60)
    ptr = np.array([0, 10, 30, 40, 60])
    datafit = squared_datafit(StackedDesign(X, ptr), y, np.full(60, 1 / 60), form="gram")
    assert TaskLosses.are_known(datafit) == (size < 1e-14)
    couplings = [mean_coupling(np.full(T, a)) + ridge_coupling(r, T) for a, r in STRENGTHS if r]
    check_path(datafit, couplings)


def test_a_search_has_the_errors_of_single_fits():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 5))
    Y = X[:, :3] + rng.normal(size=(60, 3))
    Y[rng.random(Y.shape) < 0.3] = np.nan
    test = np.arange(60) % 3 == 0
    grid = {"alphas": [10.0, 1.0, 0.1], "ridge": [0.0, 0.2], "intercept_alpha": [0.0, 0.5, np.inf]}
    cv = [(np.flatnonzero(~test), np.flatnonzero(test))]
    search = MeanRegularizedRegressorCV(**grid, cv=cv, tol=1e-10).fit(X, Y)
    for path, params in enumerate(search.grid_):
        for k, alpha in enumerate(search.alphas_):
            model = MeanRegularizedRegressor(alpha, intercept="shared", tol=1e-10, **params)
            left = Y[test] - model.fit(X[~test], Y[~test]).predict(X[test])
            assert_allclose(search.mse_path_[path, k, 0], np.nanmean(left**2, axis=0).mean())


def test_models_with_and_without_pulls_are_searched_together():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(50, 5))
    Y = X[:, :3] + rng.normal(size=(50, 3))
    grid = {"alpha": [2.0, 1.0, 0.5, 0.2, 0.0], "ridge": [0.1]}
    search = MultiTaskCV(MeanRegularizedRegressor(tol=1e-10), grid).fit(X, Y)
    last = MultiTaskCV(MeanRegularizedRegressor(tol=1e-10), {"alpha": [0.0], "ridge": [0.1]})
    assert_allclose(search.mse_path_[-1], last.fit(X, Y).mse_path_[0])
