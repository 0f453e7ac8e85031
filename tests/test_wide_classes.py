"""Classes on wide dense samples: the quick ways lead to the minimum that Newton's method finds."""

import numpy as np
import pytest
from scipy import sparse

import skmtl
from skmtl._data.designs import SharedDesign
from skmtl.datafits import Likelihood
from skmtl.losses import Grouped, Logistic, Poisson, Softmax
from skmtl.penalties import L1, L21, TaskCoupling, TraceNorm, mean_coupling, ridge_coupling
from skmtl.solvers import _gradient_steps, _proximal_newton, solve_penalized
from skmtl.solvers._alike_systems import AlikeSystems
from skmtl.solvers._likelihood_problem import LikelihoodProblem

N, P, T = 60, 12, 4
TOL = 1e-9
FREE = np.r_[0.0, np.ones(P - 1)]
PENALTIES = {
    "L21": L21(0.03),
    "L21 of some features": L21(0.03, FREE),
    "positive L21": L21(0.03, None, positive=True),
    "trace norm": TraceNorm(0.05),
    "L1 + coupling": L1(0.02) + TaskCoupling(0.1, np.eye(T) - 1 / T),
}


def targets(loss, rng):
    X = rng.normal(size=(N, P)) + 3.0
    z = (X - 3.0) @ (rng.normal(size=(P, 1)) + 0.3 * rng.normal(size=(P, T))) / 2
    if isinstance(loss, Poisson):
        return X, rng.poisson(np.exp(np.minimum(z, 3.0))).astype(float)
    y = (z + rng.logistic(size=z.shape) > 0).astype(float)
    if isinstance(loss, Grouped):  # two tasks of two classes
        y[:, 1::2] = 1 - y[:, ::2]
    return X, y


def likelihood(loss, container=np.asarray):
    rng = np.random.default_rng(0)
    X, y = targets(loss, rng)
    weight = (rng.random((N, T)) < 0.8) / N
    if isinstance(loss, Grouped):
        weight[:, 1::2] = weight[:, ::2]
    return Likelihood(SharedDesign(container(X), T), y, weight, loss)


def softmax():
    cells = np.arange(N * T).reshape(N, T)
    return Grouped(tuple((cells[:, k : k + 2], Softmax()) for k in (0, 2)))


def take_steps(monkeypatch, n_a_step):
    """Let so many gradient steps take the time of one of Newton's method."""
    monkeypatch.setattr(_gradient_steps, "steps_in_time_of_newton", lambda *_: n_a_step)


@pytest.mark.parametrize("loss", [Logistic(), Poisson(), softmax()], ids=type)
@pytest.mark.parametrize("name", PENALTIES)
def test_gradient_steps_find_the_minimum_of_newtons_method(name, loss, monkeypatch):
    f = likelihood(loss)
    newton = solve_penalized(f, PENALTIES[name], tol=TOL)
    assert newton.converged
    take_steps(monkeypatch, 5000)
    monkeypatch.setattr(_proximal_newton, "NewtonIteration", None)  # is not needed
    quick = solve_penalized(f, PENALTIES[name], tol=TOL)
    assert quick.converged
    assert quick.n_iter == 1  # in the time of Newton's method
    null = f.at(np.zeros((P, T))).value
    assert quick.objective == pytest.approx(newton.objective, abs=2 * TOL * null)


def test_newtons_method_goes_on_where_gradient_steps_end(monkeypatch):
    f = likelihood(Logistic())
    take_steps(monkeypatch, 3)
    solution = solve_penalized(f, TraceNorm(0.05), tol=TOL)
    assert solution.converged
    assert solution.n_iter > 2
    stopped = solve_penalized(f, TraceNorm(0.05), tol=TOL, max_iter=2)
    assert not stopped.converged
    assert stopped.n_iter == 2


def test_gradient_steps_are_taken_only_where_products_are_quick():
    def steps(container, penalty, n_features):
        f = likelihood(Logistic(), container)
        problem = LikelihoodProblem(f, penalty)
        f.seen = np.ones((5000, T), dtype=bool)
        return _gradient_steps.steps_in_time_of_newton(problem, n_features)

    assert steps(np.asarray, TraceNorm(0.05), 1000) >= 50
    assert steps(np.asarray, TraceNorm(0.05), 50) == 0
    assert steps(np.asarray, L1(0.02) + TraceNorm(0.05), 1000) == 0
    assert steps(sparse.csr_array, TraceNorm(0.05), 50) == 0
    of_group_norm = steps(np.asarray, L21(0.03), 1000)
    assert steps(sparse.csr_array, L21(0.03), 1000) == of_group_norm


def test_sparse_samples_without_entries():
    y = np.r_[0.0, 1.0, 1.0, 1.0][:, None] == [0, 1]
    model = skmtl.TraceNormClassifier().fit(sparse.csr_array((4, 3)), y)
    assert not model.coef_.any()
    np.testing.assert_allclose(model.intercept_, [-np.log(3), np.log(3)])


@pytest.mark.parametrize("n_features", [9, 20])
@pytest.mark.parametrize("coupling", [mean_coupling(np.ones(T)), ridge_coupling(0.5, T)])
def test_alike_systems_solve_their_equations(n_features, coupling):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(12, n_features))
    values, V = np.linalg.eigh(A.T @ A)
    seen = values > 1e-10 * values[-1]
    factors = rng.uniform(0.5, 2, size=T)
    solve = AlikeSystems(values[seen], V[:, seen], factors, coupling)
    Z = (A.T @ A) @ rng.normal(size=(n_features, T))
    R = A.T @ (A @ Z) * factors + Z @ coupling
    np.testing.assert_allclose(A @ solve(R), A @ Z, rtol=1e-6, atol=1e-6 * np.abs(A @ Z).max())


def test_dense_samples_give_what_sparse_ones_give():
    rng = np.random.default_rng(0)
    n, p, T = 400, 310, 5  # too many features for Gram matrices
    X = (rng.random((n, p)) < 0.1).astype(float)
    Y = (X @ rng.normal(size=(p, T)) + rng.logistic(size=(n, T)) > 0).astype(float)
    Y[rng.random((n, T)) < 0.2] = np.nan
    fits = []
    for container in (np.asarray, sparse.csr_matrix):
        model = skmtl.MeanRegularizedClassifier(alpha=1.0, ridge=0.1, tol=1e-7).fit(container(X), Y)
        fits.append(model.objective_)
    assert fits[0] == pytest.approx(fits[1], rel=2e-7)


def test_features_that_are_rare_are_not_taken_for_offset():
    X = np.zeros((6400, 2))
    X[1:50, 0] = 1.0  # all 0 in a sample of every hundredth
    X[:, 1] = np.tile([0.0, 1.0], 3200)
    design = SharedDesign(X, 1)
    means = X.mean(axis=0)[:, None]
    assert not design.is_offset(means)
    X[:, 0] += 1e3
    assert design.is_offset(X.mean(axis=0)[:, None])
