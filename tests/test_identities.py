"""Identities of the L2,1 models: other ways to say the same give the same solution."""

import inspect

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import minimize_scalar, nnls
from sklearn import linear_model
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from skmtl import MultiTaskElasticNet, MultiTaskLasso, alpha_max, multi_task_path
from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl.datafits import squared_datafit
from skmtl.penalties import L21
from skmtl.solvers import at_alpha, bcd, fista

TIGHT = {"tol": 1e-14, "max_iter": 100_000}
N_TASKS = 3
SHAPES = {"tall": (30, 6), "flat": (16, 24)}


def make(shape):
    """X (n, p) and Y (n, 3) with a third of the features in use, for one of SHAPES."""
    n, p = SHAPES[shape]
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, p)) + 0.5 * rng.normal(size=(n, 1))
    W = rng.normal(size=(p, N_TASKS)) * (np.arange(p) % 3 == 0)[:, None]
    return X, X @ W + 0.5 * rng.normal(size=(n, N_TASKS)) + [1.0, -2.0, 3.0]


def uneven_weights(p):
    """Feature weights, that of the second feature 0."""
    u = np.linspace(0.5, 2.0, p)
    u[1] = 0.0
    return u


SETTINGS = {
    "lasso": lambda p: MultiTaskLasso(0.1),
    "net": lambda p: MultiTaskElasticNet(0.1, l1_ratio=0.6),
    "ridge": lambda p: MultiTaskElasticNet(0.1, l1_ratio=0.0),
    "positive": lambda p: MultiTaskLasso(0.1, positive=True),
    "weighted": lambda p: MultiTaskLasso(0.1, feature_weight=uneven_weights(p)),
    "weighted positive net": lambda p: MultiTaskElasticNet(
        0.1, l1_ratio=0.6, feature_weight=uneven_weights(p), positive=True
    ),
    "no intercept": lambda p: MultiTaskLasso(0.1, fit_intercept=False),
    "balanced": lambda p: MultiTaskLasso(0.1, task_weight="balanced"),
    "normalized": lambda p: MultiTaskLasso(0.1, normalize_y=True),
}


@pytest.fixture(params=SHAPES)
def shape(request):
    return request.param


@pytest.fixture
def X(shape):
    return make(shape)[0]


@pytest.fixture
def Y(shape):
    """Complete targets."""
    return make(shape)[1]


@pytest.fixture
def holes(Y):
    """Targets with a fifth of the labels missing, in one row all of them."""
    missing = np.random.default_rng(1).random(Y.shape) < 0.2
    missing[3] = True
    return np.where(missing, np.nan, Y)


@pytest.fixture
def cells(Y):
    """A positive weight for every cell."""
    return np.random.default_rng(2).uniform(0.5, 2.0, Y.shape)


@pytest.fixture(params=SETTINGS)
def model(request, shape):
    return SETTINGS[request.param](SHAPES[shape][1]).set_params(**TIGHT)


def settings(*without):
    """Run a test over all SETTINGS but some."""
    names = [name for name in SETTINGS if name not in without]
    return pytest.mark.parametrize("model", names, indirect=True)


@pytest.fixture(params=["wide", "long"])
def layout(request):
    return request.param


def to_long(X, Y, weight=None):
    """One row a labeled cell, task after task: X with the task in its last column, y, weights."""
    tasks, rows = np.nonzero(~np.isnan(Y.T))
    if weight is not None:
        weight = np.broadcast_to(weight.reshape(len(Y), -1), Y.shape)[rows, tasks]
    if sparse.issparse(X):
        ids = sparse.csr_array(tasks[:, None].astype(float))
        X_long = sparse.hstack([X.tocsr()[rows], ids], format=X.format)
    else:
        X_long = np.column_stack([X[rows], tasks])
    return X_long, Y[rows, tasks], weight


def fit(model, layout, X, Y, weight=None):
    """A fitted clone, on wide data or on the same data made long."""
    model = clone(model)
    if layout == "wide":
        return model.fit(X, Y, weight)
    return model.set_params(task_column=-1).fit(*to_long(X, Y, weight))


def assert_close(coef, expected, l1_ratio=1):
    """Equal up to what TIGHT leaves in coefficients of order 1.

    The gap of the lasso bounds their error to first order, that of a net only (2 gap / ridge)**0.5
    (gaps of 1e-14 to 1e-12 times a null objective of order 1 to 10, ridges of 0.01 to 0.1).
    """
    np.testing.assert_allclose(coef, expected, rtol=0, atol=1e-8 if l1_ratio == 1 else 1e-5)


def assert_same(a, b):
    assert_close(a.coef_, b.coef_, a.l1_ratio)
    assert_close(a.intercept_, b.intercept_, a.l1_ratio)
    assert a.objective_ == pytest.approx(b.objective_, rel=1e-10)  # flat at the minimum


# ------------------------------------------------ the same data, given in other ways

SPELLINGS = {
    "last column": lambda m, X, y, ids: m.set_params(task_column=-1).fit(
        np.column_stack([X, ids]), y
    ),
    "first column": lambda m, X, y, ids: m.set_params(task_column=0).fit(
        np.column_stack([ids, X]), y
    ),
    "argument": lambda m, X, y, ids: m.fit(X, y, tasks=ids),
    "frame": lambda m, X, y, ids: m.set_params(task_column="task").fit(
        pd.DataFrame(X).rename(columns=str).assign(task=np.array(["a", "b", "c"])[ids]), y
    ),
    "wide blocks": lambda m, X, y, ids: m.fit(
        X, np.where(ids[:, None] == np.arange(N_TASKS), y[:, None], np.nan)
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("targets", ["complete", "holes"])
def test_wide_and_long_are_the_same(model, spelling, targets, X, Y, holes):
    Y = Y if targets == "complete" else holes
    X_long, y, _ = to_long(X, Y)
    long = SPELLINGS[spelling](clone(model), X_long[:, :-1], y, X_long[:, -1].astype(int))
    assert_same(long, fit(model, "wide", X, Y))


def test_weighted_wide_and_weighted_long_are_the_same(model, X, holes, cells):
    assert_same(fit(model, "wide", X, holes, cells), fit(model, "long", X, holes, cells))


LABELS = {
    "float": [0.5, 1.5, 20.0],
    "negative": [-7, 0, 3],
    "string": ["a", "b", "ten"],
    "object": np.array(["a", "b", "ten"], dtype=object),
    "bytes": [b"a", b"b", b"ten"],
    "category": pd.Categorical.from_codes([0, 1, 2], ["x", "y", "z"]),
    "date": np.array(["2020-01-01", "2021-01-01", "2022-01-01"], dtype="datetime64[D]"),
}


@pytest.mark.filterwarnings("ignore:tasks holds numbers that are no integers")
@pytest.mark.parametrize("kind", LABELS)
def test_the_kind_of_label_does_not_matter(kind, X, holes):
    X_long, y, _ = to_long(X, holes)
    codes = X_long[:, -1].astype(int)
    labels = LABELS[kind]
    ids = labels[codes] if hasattr(labels, "dtype") else np.array(labels)[codes]
    model = MultiTaskLasso(0.1, **TIGHT)
    named = clone(model).fit(X_long[:, :-1], y, tasks=ids)
    np.testing.assert_array_equal(named.tasks_, np.asarray(labels))
    assert_same(named, fit(model, "wide", X, holes))


def test_the_order_of_samples_does_not_matter(model, layout, X, holes, cells):
    order = np.random.default_rng(3).permutation(len(X))
    shuffled = fit(model, layout, X[order], holes[order], cells[order])
    assert_same(shuffled, fit(model, layout, X, holes, cells))


def test_long_rows_may_be_mixed(model, X, holes, cells):
    X_long, y, weight = to_long(X, holes, cells)
    order = np.random.default_rng(3).permutation(len(y))
    model.set_params(task_column=-1)
    sorted_rows = clone(model).fit(X_long, y, weight)
    assert_same(clone(model).fit(X_long[order], y[order], weight[order]), sorted_rows)


def test_the_order_of_tasks_does_not_matter(model, layout, X, holes, cells):
    order = [2, 0, 1]
    permuted = fit(model, layout, X, holes[:, order], cells[:, order])
    straight = fit(model, layout, X, holes, cells)
    straight.coef_, straight.intercept_ = straight.coef_[order], straight.intercept_[order]
    assert_same(permuted, straight)


def test_the_order_of_features_does_not_matter(layout, X, holes):
    order = np.random.default_rng(3).permutation(X.shape[1])
    model = MultiTaskLasso(0.1, **TIGHT)
    permuted = fit(model, layout, X[:, order], holes)
    straight = fit(model, layout, X, holes)
    straight.coef_ = straight.coef_[:, order]
    assert_same(permuted, straight)


SPARSE = [sparse.csc_array, sparse.csr_matrix, sparse.coo_array]


@pytest.mark.parametrize("container", SPARSE)
@pytest.mark.parametrize("spelling", ["wide", "long", "argument"])
def test_sparse_is_dense(model, container, spelling, X, holes, cells):
    X = np.where(np.abs(X) > 0.5, X, 0.0)
    if spelling == "argument":
        X_long, y, weight = to_long(X, holes, cells)
        given = clone(model).fit(container(X_long[:, :-1]), y, weight, tasks=X_long[:, -1])
    else:
        given = fit(model, spelling, container(X), holes, cells)
    assert_same(given, fit(model, "long", X, holes, cells))


# ------------------------------------------------ weights


def test_a_weight_of_two_is_the_row_twice(model, layout, X, holes):
    weight = 1 + (np.arange(len(X)) % 2)
    twice = np.repeat(np.arange(len(X)), weight)
    repeated = fit(model, layout, X[twice], holes[twice])
    assert_same(fit(model, layout, X, holes, weight), repeated)


def test_a_weight_of_two_for_a_cell_is_the_label_twice(model, layout, X, holes):
    weight = np.random.default_rng(4).integers(1, 3, holes.shape)
    again = np.where(weight == 2, holes, np.nan)
    repeated = fit(model, layout, np.vstack([X, X]), np.vstack([holes, again]))
    assert_same(fit(model, layout, X, holes, weight), repeated)


def test_a_zero_weight_is_a_missing_label(model, layout, X, Y, holes):
    weight = (~np.isnan(holes)).astype(float)
    assert_same(fit(model, layout, X, Y, weight), fit(model, layout, X, holes))


def test_a_zero_weight_is_an_absent_row(model, layout, X, holes):
    kept = np.arange(len(X)) % 5 > 0
    absent = fit(model, layout, X[kept], holes[kept])
    assert_same(fit(model, layout, X, holes, kept.astype(float)), absent)


def test_only_the_proportions_of_weights_matter(model, layout, X, holes, cells):
    assert_same(fit(model, layout, X, holes, 10 * cells), fit(model, layout, X, holes, cells))


def test_row_weights_are_equal_cell_weights(model, layout, X, holes, cells):
    same = np.repeat(cells[:, :1], N_TASKS, axis=1)
    assert_same(fit(model, layout, X, holes, cells[:, 0]), fit(model, layout, X, holes, same))


@pytest.mark.parametrize("kind", [list, np.array, lambda omega: dict(enumerate(omega.tolist()))])
def test_balanced_weights_are_nbar_over_n(model, layout, kind, X, holes, cells):
    per_task = np.sum(cells, axis=0, where=~np.isnan(holes))
    by_hand = clone(model).set_params(task_weight=kind(per_task.mean() / per_task))
    balanced = clone(model).set_params(task_weight="balanced")
    assert_same(fit(by_hand, layout, X, holes, cells), fit(balanced, layout, X, holes, cells))


def test_doubling_all_task_weights_is_halving_alpha(layout, X, holes):
    heavy = fit(MultiTaskLasso(0.1, task_weight=[2, 2, 2], **TIGHT), layout, X, holes)
    weak = fit(MultiTaskLasso(0.05, **TIGHT), layout, X, holes)
    weak.objective_ *= 2
    assert_same(heavy, weak)


# ------------------------------------------------ one minimum, whatever the solver


def problem_of(layout, X, Y, weight, form):
    """The squared loss of weighted data with holes, in one of its forms."""
    y, weight = np.nan_to_num(Y), weight * ~np.isnan(Y) / X.shape[0]
    if layout == "wide":
        return squared_datafit(SharedDesign(X, N_TASKS), y, weight, form=form)
    stacked = sparse.vstack([X] * N_TASKS, format="csc") if sparse.issparse(X) else None
    stacked = np.vstack([X] * N_TASKS) if stacked is None else stacked
    design = StackedDesign(stacked, np.arange(N_TASKS + 1) * X.shape[0])
    return squared_datafit(design, y.T.ravel(), weight.T.ravel(), form=form)


PENALTIES = {
    "lasso": (lambda p: L21(1.0), 1.0),
    "net": (lambda p: L21(1.0), 0.5),
    "positive": (lambda p: L21(1.0, None, True), 1.0),
    "weighted": (lambda p: L21(1.0, uneven_weights(p)), 1.0),
}


@pytest.mark.parametrize("container", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("name", PENALTIES)
def test_the_gram_form_is_the_residual_form(name, layout, container, X, holes, cells):
    penalty, l1_ratio = PENALTIES[name][0](X.shape[1]), PENALTIES[name][1]
    solutions = []
    for form in ("gram", "residual"):
        datafit = problem_of(layout, container(X), holes, cells, form)
        datafit, strength = at_alpha(datafit, penalty, 0.1, l1_ratio)
        solutions.append(bcd(datafit, strength, np.zeros((X.shape[1], N_TASKS)), **TIGHT))
    gram, residual = solutions
    assert_close(gram.W, residual.W, l1_ratio)
    assert gram.objective == pytest.approx(residual.objective, rel=1e-10)


@pytest.mark.parametrize("form", ["gram", "residual"])
@pytest.mark.parametrize("name", PENALTIES)
def test_proximal_gradient_finds_what_descent_finds(name, layout, form, X, holes, cells):
    penalty, l1_ratio = PENALTIES[name][0](X.shape[1]), PENALTIES[name][1]
    datafit = problem_of(layout, X, holes, cells, form)
    datafit, penalty = at_alpha(datafit, penalty, 0.1, l1_ratio)
    start = np.zeros((X.shape[1], N_TASKS))
    descent = bcd(datafit, penalty, start, **TIGHT)
    gradient = fista(datafit, penalty, start, **TIGHT)
    assert gradient.converged
    assert_close(gradient.W, descent.W, l1_ratio)
    assert gradient.objective == pytest.approx(descent.objective, rel=1e-10)


def test_the_order_of_descent_does_not_matter(model, layout, X, holes):
    random = clone(model).set_params(selection="random", random_state=0)
    straight = fit(model, layout, X, holes)
    assert_same(fit(random, layout, X, holes), straight)


def test_the_start_does_not_matter(model, layout, X, holes):
    cold = fit(model, layout, X, holes)
    data = (X, holes) if layout == "wide" else to_long(X, holes)[:2]
    warm = fit(clone(model).set_params(alpha=0.3, warm_start=True), layout, X, holes)
    assert_same(warm.set_params(alpha=0.1).fit(*data), cold)


@settings("positive", "weighted positive net")  # constrained: as exact as the gap
def test_a_gap_of_one_millionth_gives_exact_coefficients(model, layout, X, holes, cells):
    exact = fit(model, layout, X, holes, cells)
    usual = fit(model.set_params(tol=1e-6), layout, X, holes, cells)
    np.testing.assert_allclose(usual.coef_, exact.coef_, rtol=0, atol=1e-7)
    assert usual.dual_gap_ <= usual.tol * usual.objective_


def test_a_warm_start_at_the_solution_stays_there(model, layout, X, holes):
    data = (X, holes) if layout == "wide" else to_long(X, holes)[:2]
    model = fit(model.set_params(warm_start=True, tol=1e-6), layout, X, holes)
    before = model.coef_.copy()
    model.fit(*data)
    assert model.n_iter_ == 1
    np.testing.assert_allclose(model.coef_, before, rtol=0, atol=1e-12)  # rounding


@settings("normalized")  # paths take targets as they are
def test_a_path_is_its_separate_fits(model, layout, X, holes, cells):
    given, arguments = (X, holes, cells), arguments_of(multi_task_path, model)
    if layout == "long":
        given, arguments["task_column"] = to_long(X, holes, cells), -1
    *data, weight = given
    path = multi_task_path(*data, alphas=[0.05, 0.3, 0.1], sample_weight=weight, **arguments)
    np.testing.assert_array_equal(path.alphas, [0.3, 0.1, 0.05])
    for k, alpha in enumerate(path.alphas):
        alone = fit(clone(model).set_params(alpha=alpha), layout, X, holes, cells)
        assert_close(path.coefs[..., k], alone.coef_, model.l1_ratio)
        assert_close(path.intercepts[:, k], alone.intercept_, model.l1_ratio)


# ------------------------------------------------ special cases are simpler models


def reference(name, alpha, l1_ratio, **params):
    """scikit-learn's model of the same objective, `name` its Lasso or MultiTaskLasso."""
    params = {"alpha": alpha, "tol": 1e-12, "max_iter": 100_000} | params
    if l1_ratio == 1:
        return getattr(linear_model, name)(**params)
    return getattr(linear_model, name.replace("Lasso", "ElasticNet"))(l1_ratio=l1_ratio, **params)


def ours(alpha, l1_ratio, **params):
    if l1_ratio == 1:
        return MultiTaskLasso(alpha, **TIGHT, **params)
    return MultiTaskElasticNet(alpha, l1_ratio=l1_ratio, **TIGHT, **params)


def objective(coef, intercept, X, Y, alpha, l1_ratio):
    """The documented objective of complete data."""
    norms = np.linalg.norm(coef, axis=0).sum()
    loss = np.sum((Y - X @ coef.T - intercept) ** 2) / (2 * len(X))
    return loss + alpha * l1_ratio * norms + alpha * (1 - l1_ratio) / 2 * np.sum(coef**2)


@pytest.mark.parametrize("l1_ratio", [1, 0.6, 0.1])
@pytest.mark.parametrize("alpha", [0.03, 0.3])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_complete_targets_are_scikit_learns_model(layout, alpha, l1_ratio, fit_intercept, X, Y):
    model = fit(ours(alpha, l1_ratio, fit_intercept=fit_intercept), layout, X, Y)
    theirs = reference("MultiTaskLasso", alpha, l1_ratio, fit_intercept=fit_intercept).fit(X, Y)
    assert_close(model.coef_, theirs.coef_, l1_ratio)
    assert_close(model.intercept_, theirs.intercept_, l1_ratio)
    expected = objective(theirs.coef_, theirs.intercept_, X, Y, alpha, l1_ratio)
    assert model.objective_ == pytest.approx(expected, rel=1e-10)  # theirs: 1e-12 of y'y


@pytest.mark.skipif(
    not has_fit_parameter(linear_model.MultiTaskLasso(), "sample_weight"),
    reason="scikit-learn's multi-task classes take weights since 1.9",
)
@pytest.mark.parametrize("l1_ratio", [1, 0.6])
def test_weighted_rows_are_scikit_learns_model(layout, l1_ratio, X, Y, cells):
    model = fit(ours(0.1, l1_ratio), layout, X, Y, cells[:, 0])
    theirs = reference("MultiTaskLasso", 0.1, l1_ratio).fit(X, Y, sample_weight=cells[:, 0])
    assert_close(model.coef_, theirs.coef_, l1_ratio)


@pytest.mark.parametrize("l1_ratio", [1, 0.6])
@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("container", [np.asarray, sparse.csc_array])
def test_one_task_is_scikit_learns_lasso(layout, l1_ratio, positive, weighted, container, X, Y):
    y, weight = Y[:, :1], np.linspace(1, 2, len(X)) if weighted else None
    model = fit(ours(0.1, l1_ratio, positive=positive), layout, container(X), y, weight)
    theirs = reference("Lasso", 0.1, l1_ratio, positive=positive)
    theirs.fit(X, y[:, 0], sample_weight=weight)
    assert_close(model.coef_[0], theirs.coef_, l1_ratio)
    assert_close(model.intercept_, theirs.intercept_, l1_ratio)


def test_copies_of_a_task_are_a_weaker_lasso(layout, X, Y):
    # 1/(2n) * 4 SSE + alpha * 2 |w| is 4 times the lasso at alpha / 2
    four = fit(ours(0.2, 1), layout, X, np.repeat(Y[:, :1], 4, axis=1))
    lasso = reference("Lasso", 0.1, 1).fit(X, Y[:, 0])
    assert_close(four.coef_, np.tile(lasso.coef_, (4, 1)))


def test_no_penalty_is_least_squares_of_every_task(layout):
    X, Y = make("tall")
    model = fit(MultiTaskLasso(0.0, **TIGHT), layout, X, Y)
    least_squares = linear_model.LinearRegression().fit(X, Y)
    assert_close(model.coef_, least_squares.coef_)
    assert_close(model.intercept_, least_squares.intercept_)


def test_no_penalty_and_positive_is_non_negative_least_squares(layout, X, Y):
    model = fit(ours(0.0, 1, positive=True, fit_intercept=False), layout, X, Y)
    expected = np.array([nnls(X, y)[0] for y in Y.T])
    assert_close(model.coef_, expected)


def test_a_ridge_alone_is_scikit_learns_ridge(layout, X, holes):
    model = fit(ours(0.1, 0.0), layout, X, holes)
    labeled = ~np.isnan(holes)
    for t, kept in enumerate(labeled.T):
        ridge = linear_model.Ridge(alpha=0.1 * labeled.sum() / N_TASKS, tol=1e-12)
        ridge.fit(X[kept], holes[kept, t])
        assert_close(model.coef_[t], ridge.coef_, l1_ratio=0)


def test_a_huge_alpha_leaves_the_weighted_means(layout, X, holes, cells):
    model = fit(MultiTaskLasso(1e6), layout, X, holes, cells)
    np.testing.assert_array_equal(model.coef_, 0.0)
    weight = np.where(np.isnan(holes), 0.0, cells)
    means = np.average(np.nan_to_num(holes), axis=0, weights=weight)
    np.testing.assert_allclose(model.intercept_, means, rtol=1e-14)
    assert model.optimality_ <= 1e-15  # rounding


def test_positive_coefficients_are_not_negative(layout, X, holes):
    model = fit(ours(0.05, 0.9, positive=True), layout, X, holes)
    assert model.coef_.min() >= 0.0
    assert fit(ours(0.05, 0.9), layout, X, holes).coef_.min() < 0.0  # the constraint acts


# ------------------------------------------------ transformed data


@pytest.mark.parametrize("positive", [True, False])
def test_feature_weights_are_scaled_columns(layout, positive, X, holes):
    u = np.linspace(0.5, 2.0, X.shape[1])
    weighted = fit(ours(0.1, 1, positive=positive, feature_weight=u), layout, X, holes)
    scaled = fit(ours(0.1, 1, positive=positive), layout, X / u, holes)
    scaled.coef_ = scaled.coef_ / u
    assert_same(weighted, scaled)


def test_doubled_feature_weights_are_a_doubled_alpha(layout, X, holes):
    u = uneven_weights(X.shape[1])
    doubled = fit(ours(0.1, 1, feature_weight=2 * u), layout, X, holes)
    assert_same(doubled, fit(ours(0.2, 1, feature_weight=u), layout, X, holes))


def test_scaled_targets_scale_alpha(layout, X, holes):
    scaled = fit(ours(0.4, 1), layout, X, 4 * holes)
    model = fit(ours(0.1, 1), layout, X, holes)
    model.coef_, model.intercept_ = 4 * model.coef_, 4 * model.intercept_
    model.objective_ *= 16
    assert_same(scaled, model)


def test_normalize_y_is_normalizing_by_hand(model, layout, X, holes, cells):
    weight = np.where(np.isnan(holes), 0.0, cells)
    mean = np.average(np.nan_to_num(holes), axis=0, weights=weight)
    scale = np.sqrt(np.average(np.nan_to_num(holes - mean) ** 2, axis=0, weights=weight))
    inside = fit(clone(model).set_params(normalize_y=True), layout, X, holes, cells)
    model.set_params(normalize_y=False)
    by_hand = fit(model, layout, X, (holes - mean) / scale, cells)
    by_hand.coef_ = by_hand.coef_ * scale[:, None]
    by_hand.intercept_ = mean + scale * by_hand.intercept_
    assert_same(inside, by_hand)


OFFSET = 1e6


@pytest.mark.parametrize("name", ["lasso", "weighted", "positive", "normalized"])
def test_offsets_only_move_the_intercepts(name, layout, shape, X, holes, cells):
    X, holes = np.round(1024 * X) / 1024, np.round(1024 * holes) / 1024  # sums stay exact
    model = SETTINGS[name](X.shape[1]).set_params(tol=1e-9)  # the gap is good to 1e-10 as well
    moved = fit(model, layout, X + OFFSET, holes + OFFSET, cells)
    still = fit(model, layout, X, holes, cells)
    # tol, and means of columns near 1e6 good to 1e-10, times the conditioning
    np.testing.assert_allclose(moved.coef_, still.coef_, rtol=0, atol=1e-7)
    prediction = moved.intercept_ + OFFSET * moved.coef_.sum(axis=1) - OFFSET
    np.testing.assert_allclose(prediction, still.intercept_, rtol=0, atol=1e-6)  # of 1e6


def test_sparse_columns_with_large_means_keep_their_digits():
    rng = np.random.default_rng(0)
    X = np.round(1024 * rng.normal(size=(1000, 10))) / 1024  # sums stay exact
    Y = X[:, :3] + 0.5 * rng.normal(size=(1000, 3))
    dense, given = (
        MultiTaskLasso(0.1, tol=1e-9).fit(kind(X + OFFSET), Y)
        for kind in (np.asarray, sparse.csc_array)
    )
    np.testing.assert_allclose(given.coef_, dense.coef_, rtol=0, atol=1e-9)  # means to 1e-10


def test_single_precision_is_converted_exactly(model, layout, X, holes):
    single = X.astype(np.float32)
    converted = fit(model, layout, single.astype(float), holes)
    given = clone(model)
    if layout == "wide":
        given.fit(single, holes)
    else:
        X_long, y, _ = to_long(single, holes)
        given.set_params(task_column=-1).fit(X_long.astype(np.float32), y)
    np.testing.assert_array_equal(given.coef_, converted.coef_)


CONTAINERS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "every other": lambda X: np.repeat(X, 2, axis=0)[::2],
    "csr": sparse.csr_array,
    "csc": sparse.csc_array,
}


@pytest.mark.parametrize("name", ["lasso", "weighted positive net", "normalized"])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("copy_X", [True, False])
def test_data_are_read_only(name, layout, container, copy_X, X, holes, cells):
    model = SETTINGS[name](X.shape[1]).set_params(copy_X=copy_X)
    given = (X, holes, cells) if layout == "wide" else to_long(X, holes, cells)
    given = (CONTAINERS[container](given[0]), *given[1:])
    for array in arrays_of(given):
        array.flags.writeable = False
    before = [array.copy() for array in arrays_of(given)]
    model.set_params(task_column=None if layout == "wide" else -1).fit(*given).predict(given[0])
    for array, old in zip(arrays_of(given), before, strict=True):
        np.testing.assert_array_equal(array, old)


def arrays_of(given):
    X, *rest = given
    return [*([X.data, X.indices, X.indptr] if sparse.issparse(X) else [X]), *rest]


# ------------------------------------------------ what the models say of themselves


def arguments_of(function, model):
    """The parameters of the model that the function takes too."""
    names = inspect.signature(function).parameters.keys() - {"alphas"}
    given = {"l1_ratio": model.l1_ratio} | model.get_params()
    return {name: value for name, value in given.items() if name in names}


@settings("ridge", "normalized")  # no alpha empties a ridge; normalized y has another scale
def test_alpha_max_is_tight(model, layout, X, holes, cells):
    arguments = arguments_of(alpha_max, model)
    given = (X, holes, cells)
    if layout == "long":
        given, arguments["task_column"] = to_long(X, holes, cells), -1
    *data, weight = given
    largest = alpha_max(*data, sample_weight=weight, **arguments)
    u = model.get_params()["feature_weight"]
    penalized = slice(None) if u is None else u > 0
    above = fit(model.set_params(alpha=1.001 * largest), layout, X, holes, cells)
    below = fit(model.set_params(alpha=0.98 * largest), layout, X, holes, cells)
    np.testing.assert_array_equal(above.coef_[:, penalized], 0.0)
    assert np.any(below.coef_[:, penalized] != 0)


def bounds(model, X, Y, weight):
    """By NumPy: the objective at the coefficients, the best dual value along the residual, and
    the correlation that is left with features that nothing penalizes."""
    coef, params = model.coef_, model.get_params()
    s = np.where(np.isnan(Y), 0.0, weight)
    n = s.sum(axis=0)
    omega = n.mean() / n if params["task_weight"] == "balanced" else np.ones(N_TASKS)
    s = s * omega / n.mean()
    u = np.ones(X.shape[1]) if params["feature_weight"] is None else params["feature_weight"]
    norm, ridge = model.alpha * model.l1_ratio * u, model.alpha * (1 - model.l1_ratio)

    y = np.nan_to_num(Y)
    r = y - X @ coef.T - model.intercept_
    G = X.T @ (s * r)
    G = np.linalg.norm(np.maximum(G, 0) if params["positive"] else G, axis=1)
    rr, ry = np.sum(s * r**2), np.sum(s * r * y)
    primal = rr / 2 + norm @ np.linalg.norm(coef, axis=0) + ridge / 2 * np.sum(coef**2)

    if ridge:  # the conjugate of the elastic net, -sum (c G - norm)_+^2 / (2 ridge)
        dual = minimize_scalar(
            lambda c: (
                c**2 / 2 * rr - c * ry + np.sum(np.maximum(c * G - norm, 0) ** 2) / (2 * ridge)
            ),
            bounds=(0, 2),
            options={"xatol": 1e-12},
        )
        return primal, -dual.fun, 0.0
    seen = norm > 0  # c G <= norm
    c = min(ry / rr, 1 / np.max(G[seen] / norm[seen]))
    return primal, c * ry - c**2 / 2 * rr, np.max(G[~seen], initial=0.0)


@settings("normalized")  # the formula is on the scale of y; normalizing has its own identity
@pytest.mark.parametrize("tol", [1e-2, 1e-6])
def test_objective_and_gap_are_those_of_the_formula(model, layout, tol, X, holes, cells):
    rough = fit(clone(model).set_params(tol=tol), layout, X, holes, cells)
    primal, dual, free = bounds(rough, X, holes, cells)
    rounding = 1e-12 * primal
    assert rough.objective_ == pytest.approx(primal, abs=rounding)
    assert rough.dual_gap_ >= primal - dual - rounding  # with a ridge it may be coarser
    if model.l1_ratio == 1:
        assert rough.dual_gap_ == pytest.approx(primal - dual, abs=rounding)
    assert free <= 1e-12  # rounding
    assert rough.optimality_ <= tol


def test_the_gap_bounds_the_distance_to_the_minimum(model, layout, X, holes, cells):
    minimum = fit(model, layout, X, holes, cells).objective_
    rough = fit(clone(model).set_params(tol=1e-2), layout, X, holes, cells)
    assert rough.objective_ - rough.dual_gap_ <= minimum * (1 + 1e-12)  # rounding
    assert minimum <= rough.objective_ * (1 + 1e-12)
