"""Descent for norms of features whose duals are capped, and what splittings solve many times."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._shifted_solvers import ShiftedInverses, ShiftedSpectra
from skmtl.penalties import (
    L1,
    L21,
    Decomposition,
    FusedSparseGroup,
    SparseGroup,
    TraceNorm,
    best_parts,
    capped_norm,
)
from skmtl.solvers import solve_penalized
from skmtl.solvers._splitting import admm


def task_data(n_samples, n_features, n_tasks):
    """Samples of tasks of different scales, of which one has a constant feature."""
    rng = np.random.default_rng(n_features)
    tasks = []
    for t in range(n_tasks):
        X = rng.normal(size=(n_samples + 3 * t, n_features)) * (0.3 + t / n_tasks)
        own = rng.normal(size=n_features) * (rng.random(n_features) < 0.1)
        y = X @ ((np.arange(n_features) < 3) + own) + rng.normal(size=len(X))
        if t == 1:
            X[:, 2] = 0.0
        tasks.append((X, y))
    return tasks


def form_of(tasks, shared=False):
    """The loss of tasks, with one Gram if `shared`: that of the first."""
    X, y = tasks[0]
    grams = [X.T @ X if shared else X_t.T @ X_t for X_t, _ in tasks]
    q = [X.T @ np.roll(y, t) if shared else X_t.T @ y_t for t, (X_t, y_t) in enumerate(tasks)]
    yy = sum(y @ y if shared else y_t @ y_t for _, y_t in tasks)
    n_tasks = len(tasks)
    blocks = [np.arange(n_tasks)] if shared else list(np.arange(n_tasks)[:, None])
    shape = X.shape[1], n_tasks
    stacked = np.ascontiguousarray(np.stack(grams[: len(blocks)], axis=2))
    return GramForm(stacked, np.stack(q, axis=1), yy, blocks, np.zeros(shape), np.zeros(n_tasks))


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("sizes", [(40, 12, 5), (10, 30, 6)])
@pytest.mark.parametrize("ratio", [0.15, 0.32, 0.4, 0.48, 0.7])
def test_descent_and_splitting_agree_on_the_dirty_model(shared, sizes, ratio):
    form = form_of(task_data(*sizes), shared)
    penalty = Decomposition(L21(1 - ratio), L1(ratio))
    penalty = penalty.scaled(0.1 * penalty.dual_norm(form.q))
    assert capped_norm(penalty, sizes[2]) is not None
    found = solve_penalized(form, penalty, tol=1e-10, max_iter=300)
    expected = admm(form, penalty, tol=1e-10, max_iter=20_000)
    assert found.converged
    assert expected.converged
    np.testing.assert_allclose(found.objective, expected.objective, rtol=1e-9)
    np.testing.assert_allclose(sum(found.parts), found.W, atol=1e-12)
    paid = sum(p.value(part) for p, part in zip(penalty.parts, found.parts, strict=True))
    np.testing.assert_allclose(form.value(found.W) + paid, found.objective, rtol=1e-12)
    correlation = form.evaluate(found.W).correlation
    assert penalty.dual_norm(correlation) <= 1 + 1e-3  # gaps are of second order


@pytest.mark.parametrize("penalty", [L1(3.0), SparseGroup(3.0, 1.0)])
def test_capped_descent_of_entries_is_a_lasso_of_each_task(penalty):
    tasks = task_data(30, 20, 4)
    found = solve_penalized(form_of(tasks), penalty, tol=1e-12)
    assert found.converged
    for (X, y), w in zip(tasks, found.W.T, strict=True):
        lasso = Lasso(3.0 / len(y), fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y)
        np.testing.assert_allclose(w, lasso.coef_, atol=1e-6)


@pytest.mark.parametrize("ratio", [0.8, 1.3, 2.0, 2.9])
def test_best_parts_attain_the_dual_of_the_capped_norm(ratio):
    rng = np.random.default_rng(0)
    W = rng.normal(size=(40, 6)) ** 3
    W[rng.random(W.shape) < 0.3] = 0.0
    P, Q = best_parts(W, ratio)
    np.testing.assert_allclose(P + Q, W)
    paid = np.linalg.norm(P, axis=1) + np.abs(Q).sum(axis=1) / ratio
    # g of norm and entries within their bounds, so that <g, W> is a lower bound
    scales = np.geomspace(1e-4, 1e4, 2001)[:, None, None]
    g = np.clip(scales * W, -1 / ratio, 1 / ratio)
    g = g / np.maximum(np.linalg.norm(g, axis=2, keepdims=True), 1.0)
    bound = np.einsum("sjt,jt->sj", g, W).max(axis=0)
    assert (bound <= paid * (1 + 1e-12)).all()
    np.testing.assert_allclose(bound, paid, rtol=1e-3)


@pytest.mark.parametrize("n_features", [20, 70])
@pytest.mark.parametrize("n_samples", [10, 90])
@pytest.mark.parametrize("n_grams", [1, 3, 6])
def test_shifted_solvers_solve_the_systems_of_all_tasks(n_features, n_samples, n_grams):
    form = form_of(task_data(n_samples, n_features, 6))
    order = np.random.default_rng(0).permutation(6) if n_grams == 3 else np.arange(6)
    blocks = np.array_split(order, n_grams)
    grams = np.ascontiguousarray(form.grams[:, :, :n_grams])
    form = GramForm(grams, form.q, form.yy, blocks, form.mean_x, form.mean_y)
    shift = np.linspace(0.5, 2.0, n_grams)
    B = np.random.default_rng(1).normal(size=form.shape)
    expected = np.empty(B.shape)
    for k, tasks in enumerate(blocks):
        system = grams[:, :, k] + shift[k] * np.eye(n_features)
        expected[:, tasks] = np.linalg.solve(system, B[:, tasks])
    for solver in ShiftedInverses(form, shift), ShiftedSpectra(form, shift):
        np.testing.assert_allclose(solver(B), expected, atol=1e-9)
    for c in np.geomspace(1.0, 30.0, 9):  # from inverse matrices to spectra
        again = form.shifted_solver(shift * c)
        assert again is form.with_ridge(1.0).shifted_solver(shift * c)
    np.testing.assert_allclose(form.shifted_solver(shift)(B), expected, atol=1e-9)
    correlation = form.q - np.einsum("ijt,jt->it", grams[:, :, form.block_of_task], B)
    np.testing.assert_allclose(form.evaluate(B).correlation, correlation, atol=1e-9)


def test_a_path_of_splittings_certifies_what_single_fits_find():
    form = form_of(task_data(30, 70, 5))
    strongest = TraceNorm(1.0).dual_norm(form.q)
    solution = None
    for alpha in strongest * np.geomspace(0.9, 0.05, 12):
        solution = solve_penalized(form, TraceNorm(alpha), solution, tol=1e-7)
        single = solve_penalized(form, TraceNorm(alpha), tol=1e-10, max_iter=10_000)
        assert solution.converged
        assert solution.gap <= 1e-7 * form.yy
        assert solution.objective - single.objective <= solution.gap
        exact = form.value(solution.W) + TraceNorm(alpha).value(solution.W)
        np.testing.assert_allclose(exact, solution.objective, rtol=1e-12)


@pytest.mark.parametrize("shares", [(0.3, 0.3), (0.0, 0.5), (0.5, 0.5), (0.2, 0.8), (0.9, 0.05)])
def test_the_fused_dual_norm_is_where_the_prox_becomes_zero(shares):
    rng = np.random.default_rng(0)
    for mean in 0.0, 5.0:
        penalty = FusedSparseGroup(0.7, *shares)
        G = rng.normal(size=(6, 7)) + mean
        norm = penalty.dual_norm(G)
        assert not penalty.prox(G / (norm * (1 + 1e-11)), 1.0).any()
        assert penalty.prox(G / (norm * (1 - 1e-11)), 1.0).any()
