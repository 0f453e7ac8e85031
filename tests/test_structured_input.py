"""Structured models on the same data in other forms, on hard data, and on what cannot be meant."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import linear_model
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from structured import (
    EMPTIED,
    MODELS,
    ROUNDING,
    SQUARES,
    TIGHT,
    Given,
    P,
    T,
    as_long,
    as_wide,
    assert_same,
    critical,
    each_decomposed,
    each_emptied,
    each_form,
    each_given,
    each_model,
    fitted,
    long_of,
    loss,
    make,
    null_loss,
    refuses,
)

from skmtl import (
    ClusteredTaskRegressor,
    DirtyRegressor,
    FusedSparseGroupLasso,
    MeanRegularizedRegressor,
    MultiTaskRegressor,
    MultiTaskSparseGroupLasso,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressor,
    SparseLowRankRegressor,
    TaskGraphRegressor,
    TemporalGroupLasso,
    TraceNormRegressor,
)
from skmtl.penalties import L1, TaskCoupling, TraceNorm

# ------------------------------------------------ the same data, given in other ways


@each_model
def test_wide_and_long_are_the_same(name):
    assert_same(fitted(name, "holes"), fitted(name, "long"))


@each_model
def test_wide_blocks_are_rows_of_ones_own(name):
    X, y, s, column, tasks = make("own")
    ids, features = X[:, column], np.delete(X, column, axis=1)
    own = ids[:, None] == np.arange(T)
    blocks = Given(features, np.where(own, y[:, None], np.nan), s, None, tasks)
    assert_same(blocks.fit(MODELS[name].estimator), fitted(name, "own"))


@each_model
def test_a_weight_of_two_is_the_row_twice(name):
    tasks = make("own").tasks
    counts = [1 + np.arange(len(y)) % 2 for _, y, _ in tasks]
    heavy = [(X, y, 1.0 * c) for (X, y, _), c in zip(tasks, counts, strict=True)]
    twice = [
        (np.repeat(X, c, axis=0), np.repeat(y, c), np.ones(c.sum()))
        for (X, y, _), c in zip(tasks, counts, strict=True)
    ]
    estimator = MODELS[name].estimator
    assert_same(as_long(heavy).fit(estimator), as_long(twice).fit(estimator))


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
@each_form
@each_model
def test_sparse_is_dense(name, form, container):
    given = make(form)
    thin = given._replace(X=np.where(np.abs(given.X) > 0.3, given.X, 0.0))
    estimator = MODELS[name].estimator
    assert_same(thin._replace(X=container(thin.X)).fit(estimator), thin.fit(estimator))


def permuted(estimator, order):
    """The estimator for tasks in this order."""
    changed = {}
    for parameter in ("graph", "times", "ridge", "alpha"):
        value = estimator.get_params().get(parameter)
        if isinstance(value, np.ndarray):
            changed[parameter] = value[np.ix_(order, order)] if value.ndim == 2 else value[order]
    if isinstance(estimator, MultiTaskRegressor):
        norm, coupling = estimator.penalty.terms
        M = coupling.coupling[np.ix_(order, order)]
        changed["penalty"] = norm + TaskCoupling(coupling.alpha, M)
    return clone(estimator).set_params(**changed)


@each_form
@each_model
def test_the_order_of_tasks_does_not_matter(name, form):
    given = make(form)
    order, estimator = [2, 0, 3, 1], MODELS[name].estimator
    if form in ("wide", "holes"):
        weight = None if given.weight is None else given.weight[:, order]
        other = given._replace(y=given.y[:, order], weight=weight)
    else:
        other = as_long([given.tasks[t] for t in order])
    straight, model = fitted(name, form), other.fit(permuted(estimator, order))
    np.testing.assert_allclose(model.coef_, straight.coef_[order], rtol=0, atol=5e-5)
    assert model.objective_ == pytest.approx(straight.objective_, rel=1e-8)


BY_LABEL = {
    "chain": TaskGraphRegressor(0.5, graph="chain", ridge=0.1),
    "edges": TaskGraphRegressor(0.5, graph=[("a", "b", 1.0), ("b", "d", 2.0)], ridge=0.1),
    "ridges": TaskGraphRegressor(0.5, ridge={"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}),
    "pulls": MeanRegularizedRegressor({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}, ridge=0.1),
    "order": TemporalGroupLasso(0.1, ridge=0.1),
    "times": TemporalGroupLasso(0.1, ridge=0.1, times={"a": 1, "b": 2, "c": 4, "d": 3}),
    "fused": FusedSparseGroupLasso(0.1, times={"a": 1, "b": 2, "c": 4, "d": 3}),
}


@pytest.mark.parametrize("case", BY_LABEL)
def test_labels_tell_which_task_is_meant_whatever_their_order(case):
    """The columns of a frame stay in their order, ids of rows are sorted."""
    given = make("wide")
    estimator = clone(BY_LABEL[case]).set_params(**TIGHT)
    labels = np.array(["c", "a", "d", "b"])
    frame = estimator.fit(given.X, pd.DataFrame(given.y, columns=labels))
    rows = clone(estimator).fit(
        np.tile(given.X, (T, 1)), given.y.T.ravel(), tasks=labels.repeat(30)
    )
    assert frame.tasks_.tolist() == labels.tolist()
    assert rows.tasks_.tolist() == sorted(labels)
    coefs = rows.coef_[np.searchsorted(rows.tasks_, labels)]
    np.testing.assert_allclose(frame.coef_, coefs, rtol=0, atol=5e-5)  # as assert_close


@each_model
def test_normalize_y_is_normalizing_by_hand(name):
    given, estimator = make("wide"), MODELS[name].estimator
    mean, scale = given.y.mean(axis=0), given.y.std(axis=0)
    normalized = given.fit(estimator, normalize_y=True)
    by_hand = given._replace(y=(given.y - mean) / scale).fit(estimator)
    np.testing.assert_allclose(normalized.coef_, by_hand.coef_ * scale[:, None], atol=5e-4)
    assert normalized.objective_ == pytest.approx(by_hand.objective_, rel=1e-8)
    for part in MODELS[name].parts[1:]:
        parts = getattr(normalized, part), getattr(by_hand, part) * scale[:, None]
        np.testing.assert_allclose(*parts, atol=5e-4)  # as assert_close, times the scale


# ------------------------------------------------ hard cases


def hard_cases():
    rng = np.random.default_rng(3)
    wide = make("wide")
    X, Y = wide.X, wide.y
    some = [(X, y, np.ones(len(y))) for y in Y.T]
    single = [(X[t : t + 1], Y[t : t + 1, t], np.ones(1)) for t in range(T)]
    return {
        "a task of zeros": as_wide(X, Y * [1, 0, 1, 1]),
        "constant tasks": as_wide(X, 0 * Y + [1, 2, 0, -3]),
        "constant tasks, long": long_of(X, 0 * Y + [1, 2, 0, -3]),
        "one row in one task": as_long([*some[:3], single[3]]),
        "one row in every task": as_long(single),
        "more tasks than features": as_wide(X[:, :2], Y),
        "one feature": as_wide(X[:, :1], Y),
        "fewer rows than features": as_wide(X[:4], Y[:4]),
        "fewer rows than features, long": as_long([(A[:4], y[:4], s[:4]) for A, y, s in some]),
        "duplicated columns": as_wide(np.hstack([X, X]), Y),
        "duplicated columns, long": long_of(np.hstack([X, X]), Y),
        "a constant column": as_wide(np.hstack([X, np.full((30, 1), 7.0)]), Y),
        "a constant column, long": long_of(np.hstack([X, np.full((30, 1), 7.0)]), Y),
        "no feature but constants": as_wide(np.ones((30, 2)), Y),
        "columns of other sizes": as_wide(X * np.geomspace(0.1, 10, P), Y),
        "large offsets": as_wide(X + 1e4, Y - 1e4),
        "copies of a task": as_wide(X, np.repeat(Y[:, :1], T, axis=1)),
        "disjoint labels": as_wide(
            X, np.where(np.arange(30)[:, None] % T == np.arange(T), Y, np.nan)
        ),
        "noise": as_wide(X, rng.normal(size=Y.shape)),
    }


HARD = hard_cases()


def fits_within_the_gap(name, given, tol=1e-7, **params):
    """Fit, without a warning: finite, as good as said, no worse than nothing."""
    model = given.fit(MODELS[name].estimator, tol=tol, **params)
    arrays = [model.coef_, model.intercept_, *(getattr(model, part) for part in MODELS[name].parts)]
    assert all(np.isfinite(array).all() for array in arrays)
    assert model.coef_.shape == (len(given.tasks), given.tasks[0][0].shape[1])
    null = null_loss(given)
    offset = max(np.abs(y).max() for _, y, _ in given.tasks) ** 2
    assert model.objective_ <= null * (1 + ROUNDING)
    assert model.objective_ >= loss(model, given) - 1e-12 * offset  # rounding of y about its mean
    assert 0 <= model.dual_gap_ <= tol * null + 1e-12 * offset or name in SQUARES
    if name in SQUARES:  # a bound on the gradient there; the gap is of second order in it
        assert not model.dual_gap_ > 1e-3 * null + 1e-12 * offset
    return model


@pytest.mark.parametrize("case", HARD)
@each_model
def test_hard_data_are_fitted(name, case):
    fits_within_the_gap(name, HARD[case])


@each_decomposed
@pytest.mark.parametrize("case", HARD)
def test_parts_add_up_on_hard_data(name, case):
    model = HARD[case].fit(MODELS[name].estimator, tol=1e-7)
    np.testing.assert_allclose(model.shared_part_ + model.specific_part_, model.coef_, rtol=1e-12)


@pytest.mark.parametrize("case", ["constant tasks", "constant tasks, long"])
@each_model
def test_constant_tasks_have_no_coefficients(name, case):
    model = HARD[case].fit(MODELS[name].estimator)
    np.testing.assert_allclose(model.coef_, 0.0, atol=1e-14)
    np.testing.assert_allclose(model.intercept_, [1, 2, 0, -3], rtol=1e-14)
    assert model.objective_ <= 1e-28


@each_emptied
def test_alpha_max_of_constant_tasks_is_0(name):
    assert critical(name, HARD["constant tasks"]) <= 1e-14


def no_strength(name):
    """Parameters of the model of this name that leave nothing of its penalty."""
    strengths = ("alpha", "ridge", "sparsity", "smoothness")
    known = MODELS[name].estimator.get_params()
    return {key: 0.0 for key in strengths if key in known} or {"penalty": L1(0.0)}


@pytest.mark.parametrize("case", ["wide", "own", "duplicated columns"])
@each_model
def test_no_penalty_is_least_squares(name, case):
    """The fewest squares; of their minimizers any, where the rank is not full."""
    given = HARD[case] if case in HARD else make(case)
    model = fits_within_the_gap(name, given, **no_strength(name))
    expected = 0.0
    for X, y, s in given.tasks:
        r = y - linear_model.LinearRegression().fit(X, y, s).predict(X)
        expected += s @ r**2 / (2 * given.nbar)
    assert model.objective_ == pytest.approx(expected, rel=1e-7)  # tol 1e-7 of the null


@pytest.mark.parametrize("case", ["one row in every task", "fewer rows than features"])
@each_model
def test_no_penalty_interpolates_few_rows(name, case):
    given = HARD[case]
    model = given.fit(MODELS[name].estimator, **no_strength(name))
    assert model.objective_ <= 1e-10 * max(null_loss(given), 1e-2)


# the norms of "graph l1" and "graph l21" do not grow with alpha: proximal gradients take too long
@pytest.mark.parametrize(
    ("name", "alpha"),
    [(name, 1e-8) for name in MODELS if name != "custom"]
    + [(name, 1e8) for name in MODELS if name not in ("custom", "graph l1", "graph l21")],
)
@each_given
def test_extreme_strengths_are_fitted(name, alpha, given):
    fits_within_the_gap(name, given, tol=1e-5, alpha=alpha)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
@each_model
def test_the_unit_of_y_does_not_matter(name, scale):
    """Norms have degree 1: alpha scales along."""
    given = make("own")
    estimator, params = MODELS[name].estimator, {}
    if name == "custom":
        norm, coupling = estimator.penalty.terms
        params = {"penalty": norm.scaled(scale) + coupling}
    elif name in EMPTIED:
        params = {"alpha": estimator.alpha * scale}
    elif "graph l" in name:
        params = {"sparsity": estimator.sparsity * scale}
    scaled = as_long([(X, scale * y, s) for X, y, s in given.tasks]).fit(estimator, **params)
    np.testing.assert_allclose(scaled.coef_ / scale, fitted(name, "own").coef_, atol=5e-5)


@each_emptied
@each_given
def test_too_few_iterations_are_warned_about(name, given):
    with pytest.warns(ConvergenceWarning, match="increase max_iter or alpha"):
        given.fit(MODELS[name].estimator, tol=1e-14, max_iter=1)


# ------------------------------------------------ what cannot be meant


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        # graphs
        (
            TaskGraphRegressor(graph="ring"),
            ValueError,
            r"graph='ring' is not one of \['chain', 'comp",
        ),
        (
            TaskGraphRegressor(graph=np.ones((3, 3))),
            ValueError,
            r"graph has shape \(3, 3\), .*\(4, 4\)",
        ),
        (TaskGraphRegressor(graph=None), ValueError, r"graph has shape \(\), expected \(4, 4\)"),
        (TaskGraphRegressor(graph=np.triu(np.ones((4, 4)))), ValueError, "graph must be symmetric"),
        (
            TaskGraphRegressor(graph=-np.ones((4, 4))),
            ValueError,
            "an edge of weight -1: .* at least 0",
        ),
        (
            TaskGraphRegressor(graph=[(0, 1, -2.0)]),
            ValueError,
            "an edge of weight -2: .* at least 0",
        ),
        (
            TaskGraphRegressor(graph=[(0, 9, 1.0)]),
            ValueError,
            "an edge to 9, which is no task; tasks",
        ),
        (TaskGraphRegressor(graph=[("a", 1, 1.0)]), ValueError, "an edge to 'a', which is no task"),
        (
            TaskGraphRegressor(graph=[(0, 1, np.inf)]),
            ValueError,
            "weights that are NaN or infinite",
        ),
        (
            TaskGraphRegressor(graph=[(0, 1, np.nan)]),
            ValueError,
            "weights that are NaN or infinite",
        ),
        # times
        (TemporalGroupLasso(times=[1, 2, 3]), ValueError, r"times has shape \(3,\), .*\(4,\)"),
        (TemporalGroupLasso(times={0: 1, 2: 3}), ValueError, r"no entry for task\(s\) \[1, 3\]"),
        (
            TemporalGroupLasso(times=[1, 2, 2, 3]),
            ValueError,
            "times must be .* different for every",
        ),
        (FusedSparseGroupLasso(times=[1, 2, 2, 3]), ValueError, "same time are one task; got"),
        (FusedSparseGroupLasso(times=[1, 2, 3, np.nan]), ValueError, "times must be finite"),
        # shares
        (MultiTaskSparseGroupLasso(l1_ratio=1.1), ValueError, "l1_ratio == 1.1, must be <= 1"),
        (MultiTaskSparseGroupLasso(l1_ratio=-0.1), ValueError, "l1_ratio == -0.1, must be >= 0"),
        (DirtyRegressor(specific_ratio=0.0), ValueError, "specific_ratio == 0.0, must be > 0"),
        (DirtyRegressor(specific_ratio=1.0), ValueError, "specific_ratio == 1.0, must be < 1"),
        (RobustMultiTaskRegressor(outlier_ratio=1), ValueError, "outlier_ratio == 1, must be < 1"),
        (
            RobustMultiTaskFeatureRegressor(outlier_ratio=0),
            ValueError,
            "outlier_ratio == 0, must be > 0",
        ),
        (SparseLowRankRegressor(sparse_ratio=0), ValueError, "sparse_ratio == 0, must be > 0"),
        (FusedSparseGroupLasso(l1_ratio=-1), ValueError, "l1_ratio == -1, must be >= 0"),
        (FusedSparseGroupLasso(fused_ratio=2), ValueError, "fused_ratio == 2, must be <"),
        (
            FusedSparseGroupLasso(l1_ratio=0.6, fused_ratio=0.5),
            ValueError,
            r"l1_ratio \+ fused_ratio is 1.1, but may be 1 at most",
        ),
        (FusedSparseGroupLasso(l1_ratio=0, fused_ratio=1), ValueError, "must be below 1"),
        # strengths
        (TraceNormRegressor(-1), ValueError, r"alpha == -1, must be >= 0"),
        (TraceNormRegressor(ridge=-1), ValueError, r"ridge == -1, must be >= 0"),
        (TraceNormRegressor(np.nan), ValueError, r"alpha must be finite, got nan"),
        (TraceNormRegressor(True), TypeError, r"alpha must be a number, got True"),
        (TemporalGroupLasso(smoothness=-1), ValueError, r"smoothness == -1, must be >= 0"),
        (TaskGraphRegressor(sparsity=-1), ValueError, r"sparsity == -1, must be >= 0"),
        (TaskGraphRegressor(ridge=-1), ValueError, r"ridge must be finite and at least 0, got -1"),
        (
            TaskGraphRegressor(ridge=[1, 2]),
            ValueError,
            r"ridge has shape \(2,\), .*\(4,\): one for each",
        ),
        (MeanRegularizedRegressor(-1), ValueError, r"alpha must be finite and at least 0, got -1"),
        (MeanRegularizedRegressor([1, 1, np.inf, 1]), ValueError, r"alpha must be finite"),
        (
            MeanRegularizedRegressor({0: 1}),
            ValueError,
            r"alpha has no entry for task\(s\) \[1, 2, 3",
        ),
        (ClusteredTaskRegressor(eta=0.0), ValueError, r"eta == 0.0, must be > 0"),
        (ClusteredTaskRegressor(n_clusters=0), ValueError, r"n_clusters == 0, must be >= 1"),
        (
            ClusteredTaskRegressor(n_clusters=2.0),
            TypeError,
            r"n_clusters must be an instance of int",
        ),
        # options and penalties
        (DirtyRegressor(shared_norm="l2"), ValueError, r"shared_norm='l2' is not one of"),
        (TaskGraphRegressor(sparsity_norm="l2"), ValueError, r"sparsity_norm='l2' is not one of"),
        (MultiTaskRegressor(0.1), TypeError, r"must be a skmtl.penalties.Penalty, got 0.1; for ex"),
        (
            MultiTaskRegressor(TraceNorm),
            TypeError,
            r"must be a skmtl.penalties.Penalty, got <class",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(estimator, error, message):
    refuses(message, estimator, error)


def test_a_graph_with_holes_is_refused_for_these():
    graph = np.ones((T, T))
    graph[0, 1] = graph[1, 0] = np.nan
    refuses("weights that are NaN or infinite", TaskGraphRegressor(graph=graph))


def test_an_edge_without_weight_is_refused_by_name():
    refuses("graph", TaskGraphRegressor(graph=[(0, 1)]))


@pytest.mark.parametrize("value", [True, "1"])
@pytest.mark.parametrize("parameter", ["alpha", "ridge"])
def test_a_strength_is_a_number(value, parameter):
    refuses(parameter, MeanRegularizedRegressor(**{parameter: value}), (TypeError, ValueError))


ONE_STRENGTH = [name for name, model in MODELS.items() if not name.startswith(("mean", "custom"))]


@pytest.mark.parametrize("name", ONE_STRENGTH)
@pytest.mark.parametrize("alpha", [[0.1] * T, dict.fromkeys(range(T), 0.1), np.full(T, 0.1)])
def test_a_strength_for_each_task_is_refused_where_there_is_one_penalty(name, alpha):
    message = "alpha must be one number for all tasks.*MeanRegularizedRegressor takes one for each"
    refuses(message, clone(MODELS[name].estimator).set_params(alpha=alpha))


@pytest.mark.parametrize("labels", [[2, 0, 1], ["c", "a", "b"]])
def test_pandas_values_go_by_label_where_the_index_names_the_tasks(labels):
    rng = np.random.RandomState(0)
    X, Y = rng.randn(30, 4), pd.DataFrame(rng.randn(30, 3), columns=labels)
    in_order = pd.Series([0.1, 1.0, 10.0], index=labels).sort_index()
    by_label = MeanRegularizedRegressor(alpha=in_order).fit(X, Y)
    by_place = MeanRegularizedRegressor(alpha=[0.1, 1.0, 10.0]).fit(X, Y)
    assert np.array_equal(by_label.coef_, by_place.coef_)

    weights = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 3.0], [0.0, 3.0, 0.0]])
    graph = pd.DataFrame(weights, index=labels, columns=labels).sort_index().sort_index(axis=1)
    by_label, by_place = (TaskGraphRegressor(graph=g).fit(X, Y) for g in (graph, weights))
    assert np.array_equal(by_label.coef_, by_place.coef_)


def test_a_pandas_default_index_that_names_no_task_goes_by_position():
    rng = np.random.RandomState(0)
    X, Y = rng.randn(30, 4), pd.DataFrame(rng.randn(30, 3), columns=list("cab"))
    strengths, weights = [0.1, 1.0, 10.0], np.ones((3, 3))
    a = MeanRegularizedRegressor(alpha=pd.Series(strengths)).fit(X, Y)
    b = MeanRegularizedRegressor(alpha=strengths).fit(X, Y)
    assert np.array_equal(a.coef_, b.coef_)
    a, b = (TaskGraphRegressor(graph=g).fit(X, Y) for g in (pd.DataFrame(weights), weights))
    assert np.array_equal(a.coef_, b.coef_)


def test_a_graph_frame_without_a_task_is_refused():
    X, Y = np.eye(3), pd.DataFrame(np.eye(3), columns=list("abc"))
    graph = pd.DataFrame(np.ones((3, 3)), index=list("abd"), columns=list("abd"))
    with pytest.raises(ValueError, match=r"graph has no row or no column for task\(s\) \['c'\]"):
        TaskGraphRegressor(graph=graph).fit(X, Y)
