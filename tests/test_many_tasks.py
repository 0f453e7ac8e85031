"""What many tasks cost, and that structure between them changes no solution."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier

from skmtl import (
    ClusteredTaskRegressor,
    DirtyRegressor,
    FusedSparseGroupLasso,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MultiTaskClassifier,
    MultiTaskCV,
    MultiTaskLasso,
    MultiTaskRegressor,
    RobustMultiTaskRegressor,
    TaskGraphClassifier,
    TaskGraphRegressor,
    TaskRelationshipRegressor,
    TemporalGroupLasso,
    TraceNormRegressor,
)
from skmtl._data.designs import StackedDesign
from skmtl.datafits import Coupled, squared_datafit
from skmtl.penalties import (
    L21,
    Coupling,
    Ridge,
    TaskCoupling,
    graph_coupling,
    mean_coupling,
    ridge_coupling,
)

P = 3
MANY = 400  # more than those whose eigenvectors cost less than their systems


def own_rows(n_tasks, n_rows=4, n_features=P, seed=0):
    """X, y and the task of each row."""
    rng = np.random.default_rng(seed)
    tasks = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.normal(size=(len(tasks), n_features))
    coef = rng.normal(size=n_features) + 0.5 * rng.normal(size=(n_tasks, n_features))
    y = np.einsum("ij,ij->i", X, coef[tasks]) + 0.5 * rng.normal(size=len(tasks))
    return X, y, tasks


def chain(n_tasks):
    weights = sparse.diags_array(np.linspace(0.5, 2.0, n_tasks - 1), offsets=1)
    return sparse.csr_array(weights + weights.T)


def random_edges(n_tasks, n_edges, seed=0):
    """A graph that no order makes narrow."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(n_tasks, size=(2, n_edges))
    kept = first != second
    weights = sparse.csr_array(
        (rng.random(kept.sum()) + 0.1, (first[kept], second[kept])), shape=(n_tasks, n_tasks)
    )
    return weights + weights.T


def uneven_pull(n_tasks):
    pull = np.linspace(0.1, 2.0, n_tasks)
    pull[::7] = 0.0
    return pull


def halves(n_tasks):
    """Two pulls to means of their own."""
    first = np.arange(n_tasks) < n_tasks // 2
    return mean_coupling(2.0 * first) + mean_coupling(1.0 * ~first)


COUPLINGS = {
    "chain": lambda n: graph_coupling(chain(n)),
    "chain with a ridge": lambda n: graph_coupling(chain(n), 3.0) + ridge_coupling(0.1, n),
    "chain with a ridge of one task": lambda n: (
        graph_coupling(chain(n)) + ridge_coupling(1.0 * (np.arange(n) == 5), n)
    ),
    "two chains": lambda n: graph_coupling(
        sparse.csr_array(sparse.block_diag([chain(n // 2), chain(n - n // 2)]))
    ),
    "random": lambda n: graph_coupling(random_edges(n, n)),
    "mean": lambda n: mean_coupling(np.full(n, 2.0)),
    "uneven means": lambda n: mean_coupling(uneven_pull(n)),
    "mean with ridges": lambda n: mean_coupling(uneven_pull(n)) + ridge_coupling(0.1, n),
    "two means": halves,
    "chain and mean": lambda n: graph_coupling(chain(n)) + mean_coupling(uneven_pull(n)),
    "two means on a chain": lambda n: graph_coupling(chain(n)) + halves(n),
    "columns of a mean": lambda n: mean_coupling(np.full(n // 2, 2.0)).repeated(2),
    "columns of a chain": lambda n: graph_coupling(chain(n // 2)).repeated(2),
    "ridge": lambda n: ridge_coupling(0.3, n),
}


@pytest.fixture(params=COUPLINGS)
def coupling(request):
    return COUPLINGS[request.param](MANY)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


# ------------------------------------------------ couplings as operators


def test_a_coupling_is_its_matrix(coupling, rng):
    M = coupling.toarray()
    W = rng.normal(size=(P, MANY))
    np.testing.assert_allclose(W @ coupling, W @ M, atol=1e-12)
    np.testing.assert_allclose(coupling.diagonal(), np.diag(M), atol=1e-14)
    np.testing.assert_allclose(M, M.T, atol=1e-14)
    values = np.linalg.eigvalsh(M)
    assert values[0] >= -1e-12
    assert values[-1] <= coupling.largest * (1 + 1e-12)
    assert coupling.n_free == np.count_nonzero(values < 1e-11)


def test_systems_of_a_coupling_are_those_of_its_matrix(coupling, rng):
    M = coupling.toarray()
    B = rng.normal(size=(P, MANY))
    shifts = np.array([1e-3, 0.5, 20.0])
    X = coupling.shifted_solver(shifts)(B)
    np.testing.assert_allclose(X @ M + shifts[:, None] * X, B, atol=1e-9)
    X = coupling.solve_shifted(B, 0.5)
    np.testing.assert_allclose(X @ M + 0.5 * X, B, atol=1e-12)
    C = B @ M
    np.testing.assert_allclose(coupling.solve(C) @ M, C, atol=1e-10)
    assert coupling.half_square(C) == pytest.approx(0.5 * np.vdot(B, C), rel=1e-10)
    np.testing.assert_allclose(coupling.in_range(C), C, atol=1e-11)
    assert coupling.conjugate(C) == pytest.approx(0.5 * np.vdot(B, C), rel=1e-10)


def test_what_is_outside_the_range_costs_infinitely(coupling):
    C = np.ones((1, MANY))
    expected = np.inf if coupling.n_free else coupling.half_square(C)
    assert coupling.conjugate(C) == expected


def test_the_structure_of_a_matrix_is_found(coupling, rng):
    M = coupling.toarray()
    found = TaskCoupling(0.5, M).between_tasks(MANY)
    assert isinstance(found, Coupling)
    np.testing.assert_allclose(found.toarray(), 0.5 * M, atol=1e-12)
    assert found.n_free == coupling.n_free
    as_sparse = TaskCoupling(0.5, sparse.csr_array(M))
    assert as_sparse.between_tasks(MANY).n_free == coupling.n_free
    W = rng.normal(size=(P, MANY))
    assert as_sparse.value(W) == pytest.approx(0.25 * np.vdot(W, W @ M), rel=1e-11)


def test_a_graph_that_is_not_narrow_is_solved():
    n_tasks = 1500
    coupling = graph_coupling(random_edges(n_tasks, 10 * n_tasks))
    assert not coupling.is_narrow
    X, y, tasks = own_rows(n_tasks, n_features=2)
    model = MultiTaskRegressor(TaskCoupling(1.0, coupling), tol=1e-9).fit(X, y, tasks=tasks)
    assert model.optimality_ <= 1e-9


# ------------------------------------------------ solutions


def stationary(model, M, X, y, tasks):
    """The largest entry of the gradient of loss and coupling."""
    residual = y - model.predict(X, tasks=tasks)
    nbar = len(X) / len(M)
    G = np.zeros_like(model.coef_)
    np.add.at(G, tasks, X * residual[:, None])
    return np.abs(G / nbar - M @ model.coef_).max()


def test_coupled_tasks_with_rows_of_their_own_meet_the_equations(coupling):
    X, y, tasks = own_rows(MANY)
    model = MultiTaskRegressor(TaskCoupling(1.0, coupling), tol=1e-12).fit(X, y, tasks=tasks)
    assert stationary(model, coupling.toarray(), X, y, tasks) < 1e-5
    assert model.optimality_ <= 1e-11


def test_coupled_tasks_that_share_rows_meet_the_equations(coupling):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, P))
    Y = X @ rng.normal(size=(P, MANY)) + rng.normal(size=(30, MANY))
    model = MultiTaskRegressor(TaskCoupling(1.0, coupling), tol=1e-12).fit(X, Y)
    G = X.T @ (Y - model.predict(X)) / len(X)
    np.testing.assert_allclose(G, model.coef_.T @ coupling.toarray(), atol=1e-9)
    assert model.optimality_ <= 1e-11


@pytest.mark.parametrize("strength", [1e-8, 1e8])
@pytest.mark.parametrize("name", ["chain", "mean", "random", "two chains"])
def test_couplings_of_all_strengths_are_certified(name, strength):
    X, y, tasks = own_rows(MANY)
    coupling = COUPLINGS[name](MANY) * strength
    model = MultiTaskRegressor(TaskCoupling(1.0, coupling), tol=1e-8).fit(X, y, tasks=tasks)
    assert model.optimality_ <= 1e-8


@pytest.mark.parametrize("name", ["chain with a ridge", "mean with ridges"])
def test_classifiers_do_not_see_how_the_coupling_is_kept(name):
    X, y, tasks = own_rows(MANY, n_rows=6)
    labels = (y > 0).astype(int)
    labels[::6] = 0
    labels[1::6] = 1
    coupling = COUPLINGS[name](MANY)
    fits = []
    for kept in (coupling, coupling.dense):
        model = MultiTaskClassifier(TaskCoupling(1.0, kept), tol=1e-10)
        fits.append(model.fit(X, labels, tasks=tasks))
    np.testing.assert_allclose(fits[0].coef_, fits[1].coef_, atol=1e-6)
    assert fits[0].optimality_ <= 1e-10


def test_norms_do_not_see_how_the_coupling_is_kept():
    X, y, tasks = own_rows(MANY)
    for strength in (1.0, 1e4):  # by gradient steps, by splitting
        coupling = COUPLINGS["chain with a ridge"](MANY) * strength
        objectives = []
        for kept in (coupling, coupling.dense):
            penalty = L21(0.5) + TaskCoupling(1.0, kept) + Ridge(0.01)
            model = MultiTaskRegressor(penalty, tol=1e-8, max_iter=5000)
            objectives.append(model.fit(X, y, tasks=tasks).objective_)
        assert objectives[0] == pytest.approx(objectives[1], rel=1e-7)


def test_the_curvature_of_coupled_tasks_is_that_of_the_gradient():
    X, y, _ = own_rows(4)
    datafit = squared_datafit(StackedDesign(X, np.arange(0, 17, 4)), y, np.ones(16))
    coupled = Coupled(datafit, COUPLINGS["mean with ridges"](4))
    for j in range(P):
        for t in range(4):
            unit = np.zeros((P, 4))
            unit[j, t] = 1.0
            change = coupled.gradient(unit) - coupled.gradient(0 * unit)
            assert coupled.curvature[j, t] == pytest.approx(change[j, t], rel=1e-12)


def test_a_complete_graph_pulls_to_the_mean():
    X, y, tasks = own_rows(50)
    mean = MeanRegularizedRegressor(2.0, tol=1e-12).fit(X, y, tasks=tasks).coef_
    weights = np.full((50, 50), 1 / 50)
    for graph in ("complete", weights, [(a, b, 1 / 50) for a in range(50) for b in range(a)]):
        model = TaskGraphRegressor(2.0, graph=graph, tol=1e-12).fit(X, y, tasks=tasks)
        np.testing.assert_allclose(model.coef_, mean, atol=1e-8)


# ------------------------------------------------ nothing of the size of all pairs of tasks

MODELS = [
    MeanRegularizedRegressor(),
    MeanRegularizedClassifier(0.1, ridge=0.1),
    TaskGraphRegressor(),
    TaskGraphRegressor(graph="chain"),
    TaskGraphRegressor(graph="chain", ridge=0.1, sparsity=0.1),
    TaskGraphClassifier(0.1, graph="chain", ridge=0.1),
    TemporalGroupLasso(),
    MultiTaskLasso(),
    DirtyRegressor(),
    RobustMultiTaskRegressor(),
    FusedSparseGroupLasso(),
    TraceNormRegressor(),
    ClusteredTaskRegressor(),
    TaskRelationshipRegressor(),
    MultiTaskCV(MeanRegularizedRegressor(), {"alpha": [0.1, 1.0]}, cv=2),
    MultiTaskCV(TaskGraphRegressor(graph="chain"), {"alpha": [0.1, 1.0]}, cv=2),
]


@pytest.mark.filterwarnings("ignore:Task")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_no_fit_takes_a_matrix_of_all_pairs_of_tasks(model):
    n_tasks = 1500
    X, y, tasks = own_rows(n_tasks)
    if is_classifier(model):
        y = (y > 0).astype(int)
    model = clone(model)
    model.fit(X[:40], y[:40], tasks=tasks[:40])  # what is compiled is loaded
    tracemalloc.start()
    model.fit(X, y, tasks=tasks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.9 * 8 * n_tasks**2


@pytest.mark.parametrize("sizes", [[4], [3, 4, 9], np.arange(2, 42)], ids=["one", "few", "many"])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def test_tasks_of_few_samples_are_read_as_each_alone(layout, sizes):
    rng = np.random.default_rng(3)
    n_samples = rng.permutation(np.resize(sizes, 40))
    ptr = np.concatenate([[0], np.cumsum(n_samples)])
    X = rng.normal(size=(ptr[-1], P)) + 2.0
    y = rng.normal(size=ptr[-1])
    weight = rng.uniform(0.5, 2.0, size=ptr[-1])
    weight[::5] = 0.0
    form = squared_datafit(StackedDesign(layout(X), ptr), y, weight, form="gram")
    for t, (start, stop) in enumerate(pairwise(ptr)):
        w = weight[start:stop]
        centered = X[start:stop] - np.average(X[start:stop], axis=0, weights=w)
        gram = (w * centered.T) @ centered
        np.testing.assert_allclose(form.grams[:, :, t], gram, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            form.q[:, t], (w * centered.T) @ y[start:stop], rtol=1e-9, atol=1e-12
        )
