"""The same solutions from every regime of the solvers, and an end to every one of them."""

import ast
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.utils import check_array

import skmtl
from skmtl import MultiTaskElasticNetCV, MultiTaskLasso, MultiTaskLassoCV, multi_task_path
from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.plain_arrays import is_finite, is_plain
from skmtl.datafits import (
    GramForm,
    SampleFolds,
    StatisticsFolds,
    _folds,
    _gram_budget,
    squared_datafit,
    statistics_reader,
)
from skmtl.penalties import L21
from skmtl.solvers import _gram_path as driver
from skmtl.solvers import (
    _newton_on_samples,
    bcd,
    certify,
    gram_path,
    solution_at,
    solution_path,
)
from skmtl.solvers._newton_terms import newton_terms

N_TASKS = 4
SHAPES = {"tall": (60, 12), "flat": (20, 40)}
WEIGHTS = {  # which tasks have a Gram in common
    "one gram": lambda rng, n: np.ones((n, 1)),
    "two grams": lambda rng, n: np.repeat(1.0 + rng.integers(0, 2, (n, 2)), 2, axis=1),
    "many grams": lambda rng, n: 1.0 * (rng.random((n, N_TASKS)) < 0.8),
}


def correlated(n, p, rho, rng):
    """Columns of which neighbors have correlation rho."""
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def problem(shape, kind, rho=0.5):
    n, p = SHAPES[shape]
    rng = np.random.default_rng(3)
    X = correlated(n, p, rho, rng) + 2.0
    W = np.zeros((p, N_TASKS))
    W[: p // 3] = rng.standard_normal((p // 3, N_TASKS))
    return X, X @ W + rng.standard_normal((n, N_TASKS)), WEIGHTS[kind](rng, n)


def stacked(X, Y, weight):
    """The same data, every task with samples of its own."""
    n, T = Y.shape
    samples = sparse.vstack([X] * T, format="csc") if sparse.issparse(X) else np.vstack([X] * T)
    design = StackedDesign(samples, np.arange(T + 1) * n)
    return design, Y.T.ravel(), np.broadcast_to(weight, Y.shape).T.ravel()


def datafit(X, Y, weight, layout, form):
    parts = (SharedDesign(X, Y.shape[1]), Y, weight)
    parts = parts if layout == "wide" else stacked(X, Y, weight)
    return squared_datafit(*parts, scale=1 / len(Y), form=form)


def force(monkeypatch, regime):
    """Make the solver take one way."""
    if regime.startswith("samples"):  # never a Gram of a working set
        monkeypatch.setattr(_gram_budget, "GRAM_FLOATS", 0)
        monkeypatch.setattr(_gram_budget, "SMALL", 0)
    if regime == "samples, newton":
        monkeypatch.setattr(_newton_on_samples, "_STEPS", 0)
        monkeypatch.setattr(_newton_on_samples, "_SETTLED", np.inf)
    if regime == "descent":
        monkeypatch.setattr(driver, "group_newton", lambda *_: (None, 1))
    if regime == "newton":  # as soon as may be
        monkeypatch.setattr(driver, "_FIRST", -1)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_all_regimes_agree(shape, kind, l1_ratio, monkeypatch):
    X, Y, weight = problem(shape, kind)
    penalty, tol, found = L21(1.0), 1e-9, {}
    for layout in ("wide", "long"):
        for container in (np.asarray, np.asfortranarray, sparse.csc_array):
            for form, regime in (
                ("gram", "descent"),
                ("gram", "newton"),
                ("residual", "sets"),
                ("residual", "samples"),
                ("residual", "samples, newton"),
            ):
                with monkeypatch.context() as patch:
                    force(patch, regime)
                    loss = datafit(container(X), Y, weight, layout, form)
                    alphas = np.array([0.3, 0.1])
                    options = {"tol": tol, "max_iter": 20_000}
                    path = list(solution_path(loss, penalty, alphas, l1_ratio, **options))
                assert all(solution.converged for solution in path)
                found[layout, container.__name__, form, regime] = path[-1].objective
    lowest = min(found.values())
    null = datafit(X, Y, weight, "wide", "gram").yy / 2
    assert {k: v for k, v in found.items() if v > lowest + 1.01 * tol * null} == {}


@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_terms_of_newton_steps_do_not_depend_on_the_form(layout, kind, ridge):
    X, Y, weight = problem("flat", kind)
    scale = np.linspace(0.1, 2.0, X.shape[1])
    gram, samples = (
        newton_terms(datafit(X, Y, weight, layout, form).with_ridge(ridge), scale)
        for form in ("gram", "residual")
    )
    np.testing.assert_allclose(samples[0], gram[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.tril(samples[1]), np.tril(gram[1]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_compiled_certificates_are_those_of_the_formula(kind, ridge, positive):
    X, Y, weight = problem("tall", kind)
    form = datafit(X, Y, weight, "wide", "gram").with_ridge(ridge)
    W0, lam = np.zeros((X.shape[1], N_TASKS)), np.full((1, X.shape[1]), 0.2)
    options = {"positive": positive, "max_iter": 3, "tol": 1e-12}  # not at the optimum
    (solution,) = gram_path(form, lam, np.array([ridge]), W0, **options)
    certificate = certify(form, L21(0.2, None, positive), solution.W)
    assert solution.objective == pytest.approx(certificate.objective, rel=1e-12)
    assert solution.gap == pytest.approx(certificate.gap, rel=1e-9, abs=1e-12 * form.yy)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_eliminated_features_are_at_their_optimum(kind, ridge):
    X, Y, weight = problem("tall", kind)
    form = datafit(X, Y, weight, "wide", "gram").with_ridge(ridge)
    features = np.array([1, 4, 7])
    others = np.setdiff1d(np.arange(X.shape[1]), features)
    W = np.random.default_rng(0).standard_normal((X.shape[1], N_TASKS))
    best = form.minimize_features(W, features)
    reduced, features_of = form.eliminate(features)
    np.testing.assert_allclose(features_of(W[others]), best[features], rtol=1e-9)
    assert reduced.value(W[others]) == pytest.approx(form.value(best), rel=1e-10)


@pytest.mark.parametrize("layout", ["wide", "long"])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("container", [np.asarray, sparse.csc_array])
def test_statistics_are_sums_over_samples(container, kind, layout):
    X, Y, weight = problem("tall", kind)
    parts = (SharedDesign(container(X), N_TASKS), Y, weight)
    read = statistics_reader(*(parts if layout == "wide" else stacked(container(X), Y, weight)))
    counts = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    given = counts if layout == "wide" else np.tile(counts, N_TASKS)
    statistics = read(given)
    rng = np.random.default_rng(1)
    W, b = rng.standard_normal((2, X.shape[1], N_TASKS)), rng.standard_normal((2, N_TASKS))
    full = np.broadcast_to(weight, Y.shape) * counts[:, None]
    expected = [(full * (Y - X @ w - c) ** 2).sum(axis=0) for w, c in zip(W, b, strict=True)]
    np.testing.assert_allclose(statistics.squared_errors(W, b), expected, rtol=1e-10)
    np.testing.assert_allclose(statistics.task_total, full.sum(axis=0))
    rest = (read(3 * np.ones_like(given)) - statistics).squared_errors(W, b)
    full = np.broadcast_to(weight, Y.shape) * (3 - counts[:, None])
    expected = [(full * (Y - X @ w - c) ** 2).sum(axis=0) for w, c in zip(W, b, strict=True)]
    np.testing.assert_allclose(rest, expected, rtol=1e-9)


class Bootstrap:
    """Rows drawn with replacement for training, the others for testing."""

    def split(self, X, y=None, groups=None):
        for seed in range(3):
            train = np.random.default_rng(seed).integers(0, len(X), len(X))
            yield train, np.setdiff1d(np.arange(len(X)), train)

    def get_n_splits(self, X=None, y=None, groups=None):
        return 3


SPLITTERS = [
    5,
    KFold(3, shuffle=True, random_state=0),
    ShuffleSplit(3, random_state=0),
    Bootstrap(),
]


@pytest.mark.parametrize("task_weight", [None, "balanced", [1.0, 2.0, 0.5, 1.0]])
@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: getattr(type(cv), "__name__", cv))
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_folds_from_statistics_are_folds_from_samples(layout, kind, cv, task_weight, monkeypatch):
    X, Y, weight = problem("tall", kind)
    tasks = None
    if layout == "long":
        design, Y, weight = stacked(X, Y, weight)
        X, tasks = design.X, design.task_of_sample
    elif weight.shape[1] == 1:
        weight = weight[:, 0]
    model = MultiTaskElasticNetCV(l1_ratio=[0.5, 1.0], alphas=4, cv=cv, task_weight=task_weight)
    model.set_params(tol=1e-12, max_iter=100_000)
    errors = []
    for folds in (StatisticsFolds, SampleFolds):
        monkeypatch.setattr(_folds, "prefers_gram", lambda *a, k=folds, **b: k is StatisticsFolds)
        errors.append(model.fit(X, Y, weight, tasks=tasks).task_mse_path_)
    # gaps of 1e-12 leave the coefficients, and so the errors, good to about 1e-6
    np.testing.assert_allclose(*errors, rtol=1e-4)


def test_statistics_of_folds_are_summed_or_subtracted_alike(monkeypatch):
    X, Y, _ = problem("tall", "one gram")
    fits = []
    for floats in (2**26, 0):
        monkeypatch.setattr(_folds, "_KEPT_FLOATS", floats)
        fits.append(MultiTaskLassoCV(alphas=5, tol=1e-10, max_iter=10_000).fit(X, Y).mse_path_)
    np.testing.assert_allclose(*fits, rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_threads_do_not_change_the_result(shape):
    X, Y, _ = problem(shape, "one gram")
    one, two = (MultiTaskLassoCV(alphas=10, n_jobs=k).fit(X, Y) for k in (1, 2))
    np.testing.assert_array_equal(one.mse_path_, two.mse_path_)
    np.testing.assert_array_equal(one.coef_, two.coef_)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("exact", [False, True])
def test_more_tasks_than_samples_have_the_solution_of_their_gram(ridge, exact):
    rng = np.random.default_rng(0)
    X, Y, weight = rng.standard_normal((12, 30)), rng.standard_normal((12, 25)), rng.random((12, 1))
    penalty, W0 = L21(0.5), rng.standard_normal((30, 25))
    losses = [
        squared_datafit(SharedDesign(X, 25), Y, weight, form=form).with_ridge(ridge)
        for form in ("gram", "residual")
    ]
    assert [loss.has_spare_tasks for loss in losses] == [False, True]
    gram, rotated = (bcd(loss, penalty, W0, tol=1e-13, exact=exact) for loss in losses)
    np.testing.assert_allclose(rotated.W, gram.W, atol=1e-6)
    certificate = certify(losses[1], penalty, rotated.W)
    assert rotated.objective == pytest.approx(certificate.objective, rel=1e-12)
    assert certificate.gap <= 1e-12 * losses[1].yy


@pytest.mark.parametrize("form", ["gram", "residual"])
def test_a_start_at_the_solution_is_the_solution(form):
    X, Y, weight = problem("tall", "one gram")
    loss, penalty = datafit(X, Y, weight, "wide", form), L21(0.1)
    first = bcd(loss, penalty, np.zeros((X.shape[1], N_TASKS)), tol=1e-8)
    again = bcd(loss, penalty, first.W, tol=1e-8)
    np.testing.assert_array_equal(again.W, first.W)


def test_a_path_in_parts_is_the_path(monkeypatch):
    X, Y, weight = problem("tall", "one gram")
    loss, alphas = datafit(X, Y, weight, "wide", "gram"), np.geomspace(1, 0.01, 12)
    whole = list(solution_path(loss, L21(1.0), alphas, tol=1e-8))
    monkeypatch.setattr(driver, "_FLOATS", 1)
    for a, b in zip(solution_path(loss, L21(1.0), alphas, tol=1e-8), whole, strict=True):
        np.testing.assert_array_equal(a.W, b.W)
        assert a[1:] == b[1:]


HARD = {
    "correlated": lambda rng: correlated(50, 40, 0.95, rng),
    "rank deficient": lambda rng: rng.standard_normal((50, 8)) @ rng.standard_normal((8, 40)),
    "duplicated": lambda rng: np.repeat(rng.standard_normal((50, 20)), 2, axis=1),
    "constant": lambda rng: np.where(np.arange(40) % 3 == 0, 1e3, rng.standard_normal((50, 40))),
    "wide": lambda rng: rng.standard_normal((20, 200)),
    "wide and correlated": lambda rng: correlated(20, 200, 0.95, rng),
    "very wide": lambda rng: rng.standard_normal((20, 1000)),
    "tall": lambda rng: correlated(500, 40, 0.95, rng),
}


@pytest.mark.parametrize("ratio", [0.1, 1e-3, 1e-6, 0.0])
@pytest.mark.parametrize("name", HARD)
def test_hard_problems_converge_or_warn(name, ratio):
    rng = np.random.default_rng(0)
    X = HARD[name](rng)
    Y = X[:, :5] @ rng.standard_normal((5, 3)) + 0.5 * rng.standard_normal((len(X), 3))
    model = MultiTaskLasso(ratio * skmtl.alpha_max(X, Y), tol=1e-6, max_iter=300)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(X, Y)
    assert (model.optimality_ <= model.tol) != bool(caught)
    assert model.n_iter_ <= 300
    assert np.isfinite(model.coef_).all()
    assert model.objective_ <= 0.5 * np.sum((Y - Y.mean(axis=0)) ** 2) / len(Y) * (1 + 1e-9)


@pytest.mark.parametrize("ratio", [0.1, 1e-6, 0.0])
def test_tasks_of_one_row_converge(ratio):
    rng = np.random.default_rng(0)
    X, y, tasks = rng.standard_normal((12, 5)), rng.standard_normal(12), np.arange(12) // 2
    tasks[-1] = 6  # one row each in the last two
    alpha = ratio * skmtl.alpha_max(X, y, tasks=tasks)
    model = MultiTaskLasso(alpha, tol=1e-8, max_iter=20_000).fit(X, y, tasks=tasks)
    np.testing.assert_allclose(model.coef_[-2:], 0.0, atol=1e-12)  # their intercept is all


@pytest.mark.parametrize("layout", ["wide", "long"])
@pytest.mark.parametrize("shape", SHAPES)
def test_X_is_neither_changed_nor_copied_for_its_precision(shape, layout):
    X, Y, weight = problem(shape, "one gram")
    single, tasks = X.astype(np.float32), None
    if layout == "long":
        design, Y, _ = stacked(single, Y, weight)
        single, tasks = design.X, design.task_of_sample
    kept = single.copy()
    single.flags.writeable = False
    for model in (MultiTaskLasso(0.1, copy_X=False), MultiTaskLassoCV(alphas=5, copy_X=False)):
        model.fit(single, Y, tasks=tasks)
        double = model.predict(single.astype(np.float64), tasks=tasks)
        np.testing.assert_allclose(model.predict(single, tasks=tasks), double)
        again = type(model)(**model.get_params()).fit(single.astype(np.float64), Y, tasks=tasks)
        np.testing.assert_allclose(again.coef_, model.coef_, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(single, kept)


def test_memory_beyond_X_is_small():
    import tracemalloc

    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((100_000, 50)), rng.standard_normal((100_000, 2))
    for fit in (MultiTaskLasso(0.01).fit, MultiTaskLassoCV(alphas=5).fit, multi_task_path):
        fit(X[:1000], Y[:1000])
        tracemalloc.start()
        fit(X, Y)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < X.nbytes  # chunks of 16 MiB, arrays of Y's size; never a copy of X


def test_memory_of_sweeps_over_the_samples_is_that_of_the_working_set():
    import tracemalloc

    rng = np.random.default_rng(0)
    T, n, p = 100, 5, 3000
    X, y = rng.standard_normal((T * n, p)), rng.standard_normal(T * n)
    tasks = np.repeat(np.arange(T), n)
    model = MultiTaskLasso(0.5 * skmtl.alpha_max(X, y, tasks=tasks))
    model.fit(X, y, tasks=tasks)
    tracemalloc.start()
    model.fit(X, y, tasks=tasks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * p * T * 8 + 2 * X.nbytes  # a few arrays of W's shape, X sorted by column


def test_compiled_functions_call_only_functions_of_their_own_file():
    package = Path(skmtl.__file__).parent
    importers = {
        path.name
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and (getattr(node, "module", None) or node.names[0].name) == "numba"  # what compiles
    }
    assert importers == {"_kernels.py"}
    tree = ast.parse((package / "_kernels.py").read_text())
    imported = {
        node.module or "." if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported == {"functools", "typing", "numpy", "numba"}


def test_one_gram_serves_tasks_that_weigh_samples_alike():
    for kind, n_grams in (("one gram", 1), ("two grams", 2), ("many grams", N_TASKS)):
        form = datafit(*problem("tall", kind), "wide", "gram")
        assert isinstance(form, GramForm)
        assert form.grams.shape[2] == n_grams


@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.95])  # Newton's method is quicker for the last
@pytest.mark.parametrize("kind", ["one gram", "two grams"])
def test_few_features_end_exact_to_rounding(kind, rho, l1_ratio):
    loss = datafit(*problem("tall", kind, rho), "wide", "gram")
    alpha = 0.05 * np.linalg.norm(loss.q, axis=1).max()
    solution = solution_at(loss, L21(1.0), alpha, l1_ratio)
    W = solution.W[solution.W.any(axis=1)]
    gradient = loss.with_ridge(alpha * (1 - l1_ratio)).gradient(solution.W)
    pull = alpha * l1_ratio * W / np.linalg.norm(W, axis=1, keepdims=True)
    left = gradient[solution.W.any(axis=1)] + pull
    assert solution.converged
    assert np.abs(left).max() <= 1e-10 * alpha
    few = solution_at(loss, L21(1.0), alpha, l1_ratio, max_iter=2, tol=1e-12)
    assert not few.converged
    assert few.n_iter <= 2


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["f8", "f4", ">f8", "f2", "i8", "?", "U3", "O", "M8[s]", "c16"])
@pytest.mark.parametrize("shape", [(3, 2), (3, 0), (0, 2), (3,), (3, 2, 2)])
def test_plain_arrays_are_what_check_array_leaves_alone(shape, dtype, order):
    X = np.zeros(shape, dtype=dtype, order=order)
    types = (np.float64, np.float32)
    if is_plain(X, types):
        assert check_array(X, dtype=types, accept_sparse=("csc", "csr")) is X
    if is_plain(X, n_dims=(1, 2)):
        assert check_array(X, dtype=None, ensure_2d=False, ensure_all_finite=False) is X
    assert is_plain(X, types) == (shape == (3, 2) and dtype in ("f8", "f4"))
    assert not is_plain(np.ma.masked_array(X), types)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_array_with_a_number_that_is_not_finite_is_not_finite(value):
    X = np.ones((3, 2))
    assert is_finite(X)
    X[1, 1] = value
    assert not is_finite(X)
    X[2, 0] = -value
    assert not is_finite(X)


def test_arrays_after_a_frame_are_noticed():
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((20, 2)), columns=["a", "b"])
    X = frame.to_numpy()
    Y = X @ np.ones((2, 2))
    model = MultiTaskLasso(alpha=0.01).fit(frame, Y)
    with pytest.warns(UserWarning, match="valid feature names"):
        model.predict(X)
    assert not hasattr(model.fit(X, Y), "feature_names_in_")
    model.predict(X)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        model.predict(frame)
