"""What holds of every penalty: value, prox and dual fit together; sums; penalties of one's own."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import lsq_linear, minimize
from sklearn.linear_model import Lasso
from sklearn.linear_model import Ridge as SingleTaskRidge

from skmtl import MultiTaskClassifier, MultiTaskMixed, MultiTaskRegressor
from skmtl._data.designs import SharedDesign
from skmtl.datafits import Likelihood, squared_datafit
from skmtl.losses import Logistic
from skmtl.penalties import (
    L1,
    L21,
    ClusterNorm,
    Decomposition,
    FeatureGroups,
    FusedSparseGroup,
    GroupNorm,
    L1Inf,
    Penalty,
    QuadraticPenalty,
    Ridge,
    SparseGroup,
    SquaredTraceNorm,
    Sum,
    TaskCoupling,
    TaskNorm,
    TraceNorm,
    stack_columns,
    unstack_columns,
)
from skmtl.prox import fill, fuse, map_singular_values
from skmtl.solvers import critical_alpha, solve_penalized

ROUNDING = 1e-12  # relative
STEPS = [0.05, 0.7, 3.0]
SHAPES = [(6, 4), (3, 5), (1, 3), (4, 1)]


def uneven(p):
    """Feature weights, that of the last feature 0."""
    return np.linspace(2.0, 0.0, p) if p > 1 else np.ones(p)


def gaps(T):
    return np.linspace(0.5, 2.0, T - 1)


def chain(T):
    """Laplacian of a chain, with uneven weights: singular."""
    R = np.diff(np.eye(T), axis=0).T / gaps(T)
    return R @ R.T


def pairs(p):
    """Labels of groups of two features."""
    return np.arange(p) // 2


def uneven_groups(p):
    """Weights of the pairs, that of the last 0 if it is not the only one."""
    labels = np.unique(pairs(p)).tolist()
    return dict(zip(labels, uneven(len(labels)).tolist(), strict=True))


def by_pair(p, *penalties):
    """These penalties for the pairs in turn."""
    return {g: penalties[g % len(penalties)] for g in np.unique(pairs(p)).tolist()}


NORMS = {  # by the number of features and of tasks
    "L1": lambda p, T: L1(0.3),
    "L21": lambda p, T: L21(0.8),
    "L21 weighted": lambda p, T: L21(0.8, uneven(p)),
    "L21 positive": lambda p, T: L21(0.8, positive=True),
    "L21 weighted positive": lambda p, T: L21(0.4, uneven(p), positive=True),
    "L1Inf": lambda p, T: L1Inf(0.9),
    "TaskNorm": lambda p, T: TaskNorm(0.7),
    "SparseGroup 0": lambda p, T: SparseGroup(0.8, 0.0),
    "SparseGroup 0.4": lambda p, T: SparseGroup(0.8, 0.4),
    "SparseGroup 1": lambda p, T: SparseGroup(0.8, 1.0),
    "FusedSparseGroup": lambda p, T: FusedSparseGroup(1.2, 0.2, 0.5),
    "FusedSparseGroup gaps": lambda p, T: FusedSparseGroup(
        1.2, 0.3, 0.3, gaps(T), np.roll(np.arange(T)[::-1], 1)
    ),
    "FusedSparseGroup without rows": lambda p, T: FusedSparseGroup(0.9, 0.4, 0.6, gaps(T)),
    "FusedSparseGroup without entries": lambda p, T: FusedSparseGroup(0.9, 0.0, 0.6, gaps(T)),
    "FusedSparseGroup without changes": lambda p, T: FusedSparseGroup(0.9, 0.4, 0.0),
    "TraceNorm": lambda p, T: TraceNorm(0.9),
    "GroupNorm": lambda p, T: GroupNorm(0.8, pairs(p)),
    "GroupNorm weighted": lambda p, T: GroupNorm(0.8, pairs(p), uneven_groups(p)),
    "FeatureGroups": lambda p, T: FeatureGroups(by_pair(p, L21(0.8), TraceNorm(0.5)), pairs(p)),
    "FeatureGroups of some": lambda p, T: FeatureGroups(
        by_pair(p, SparseGroup(0.8, 0.3), None), pairs(p)
    ),
}
SQUARES = {
    "SquaredTraceNorm": lambda p, T: SquaredTraceNorm(0.6),
    "ClusterNorm": lambda p, T: ClusterNorm(0.5, 2, 0.1),
    "ClusterNorm of one": lambda p, T: ClusterNorm(0.5, 1, 0.5),
    "ClusterNorm of many": lambda p, T: ClusterNorm(0.5, 9, 1.0),
    "Ridge": lambda p, T: Ridge(0.7),
    "FeatureGroups of squares": lambda p, T: FeatureGroups(
        by_pair(p, Ridge(0.8), SquaredTraceNorm(0.5)), pairs(p)
    ),
    "TaskCoupling": lambda p, T: TaskCoupling(0.7, chain(T)),
    "TaskCoupling definite": lambda p, T: TaskCoupling(0.7, chain(T) + np.eye(T)),
}
PENALTIES = NORMS | SQUARES

norms = pytest.mark.parametrize("name", NORMS)
single = pytest.mark.parametrize("name", [name for name in PENALTIES if "Groups" not in name])


@pytest.fixture(params=SHAPES, ids=lambda shape: "{}x{}".format(*shape))
def shape(request):
    return request.param


@pytest.fixture(params=PENALTIES)
def name(request):
    return request.param


@pytest.fixture
def penalty(name, shape):
    return PENALTIES[name](*shape)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def W(rng, shape):
    return 2 * rng.normal(size=shape)


def allowed(penalty, V):
    """V, or what the constraint of the penalty leaves of it."""
    return np.maximum(V, 0.0) if penalty.positive else V


def points(rng, penalty, *centers):
    """Points near to and far from each of the centers, and the centers."""
    for center in centers:
        for size in (0.0, 1e-3, 0.1, 1.0, 10.0):
            yield allowed(penalty, center + size * rng.normal(size=center.shape))


# ------------------------------------------------ value, prox, dual


def test_the_prox_minimizes(penalty, W, rng):
    def objective(V, step):
        return 0.5 * np.sum((V - W) ** 2) + step * penalty.value(V)

    for step in STEPS:
        P = penalty.prox(W, step)
        least = objective(P, step)
        for V in points(rng, penalty, P, W, np.zeros_like(W), 1.1 * P):
            value = objective(V, step)
            # a strongly convex function rises at least this much from its minimum
            assert value - least >= 0.5 * np.sum((V - P) ** 2) - ROUNDING * (1 + value)


def test_the_prox_of_no_step_is_the_identity(penalty, W):
    np.testing.assert_allclose(penalty.prox(W, 0.0), allowed(penalty, W), rtol=0, atol=1e-13)


def test_what_the_prox_takes_off_is_a_subgradient(penalty, W):
    for step in STEPS:
        P = penalty.prox(W, step)
        G = (W - P) / step  # Fenchel and Young's equality, and the ball of the dual norm
        expected = penalty.value(P) + penalty.conjugate(G)
        assert np.vdot(G, P) == pytest.approx(expected, rel=1e-11, abs=1e-11)
        assert penalty.dual_norm(G) <= 1 + 1e-11


@norms
def test_what_the_prox_takes_off_has_dual_norm_1_or_is_all(penalty, W):
    for step in STEPS:
        P = penalty.prox(W, step)
        penalized = np.setdiff1d(np.arange(len(W)), penalty.unpenalized_features(len(W)))
        if P[penalized].any():
            assert penalty.dual_norm((W - P) / step) == pytest.approx(1.0, rel=1e-11)


def test_the_dual_bounds_the_inner_product(penalty, W, rng):
    G = 2 * rng.normal(size=W.shape)
    G[penalty.unpenalized_features(len(W))] = 0.0
    for V in points(rng, penalty, G, W, np.zeros_like(W)):
        if penalty.dual_norm(G) > 0 or not penalty.conjugate(G):
            bound = penalty.dual_norm(G) * penalty.value(V)
        else:
            bound = penalty.value(V) + penalty.conjugate(G)
        assert np.vdot(G, V) <= bound + ROUNDING * (1 + abs(bound))


@norms
def test_the_prox_is_zero_from_the_dual_norm_on(penalty, W):
    W[penalty.unpenalized_features(len(W))] = 0.0
    threshold = penalty.dual_norm(W)
    np.testing.assert_array_equal(penalty.prox(W, threshold * (1 + 1e-9)), 0.0)
    assert penalty.prox(W, threshold * (1 - 1e-6)).any()


@norms
def test_the_dual_norm_of_nothing_is_0(penalty, W):
    assert penalty.dual_norm(0 * W) == 0.0


def test_nothing_costs_nothing(penalty, W):
    assert penalty.value(0 * W) == 0.0
    np.testing.assert_array_equal(penalty.prox(0 * W, 1.0), 0.0)
    assert penalty.conjugate(0 * W) == 0.0


def test_norms_have_degree_1_and_squares_degree_2(penalty, name, W):
    degree = 1 if name in NORMS else 2
    G = penalty.prox(W, 1.0) - W  # where the conjugate is finite
    for factor in (0.3, 1.0, 7.0):
        expected = factor**degree * penalty.value(W)
        assert penalty.value(factor * W) == pytest.approx(expected, rel=ROUNDING)
        assert penalty.dual_norm(factor * G) == pytest.approx(
            factor * penalty.dual_norm(G), rel=1e-11
        )
        assert penalty.conjugate(factor * G) == pytest.approx(
            factor**2 * penalty.conjugate(G), rel=1e-11
        )


def test_scaled_scales(penalty, W):
    for factor in (0.3, 2.0):
        scaled, G = penalty.scaled(factor), W - penalty.prox(W, 1.0)
        assert type(scaled) is type(penalty)
        assert scaled.value(W) == pytest.approx(factor * penalty.value(W), rel=ROUNDING)
        assert scaled.dual_norm(G) == pytest.approx(penalty.dual_norm(G) / factor, rel=1e-11)
        assert scaled.conjugate(G) == pytest.approx(penalty.conjugate(G) / factor, rel=1e-11)
        np.testing.assert_allclose(scaled.prox(W, 0.7), penalty.prox(W, 0.7 * factor), atol=1e-12)


def test_no_strength_is_no_penalty(penalty, W):
    off = penalty.scaled(0.0)
    assert off.value(W) == 0.0
    np.testing.assert_allclose(off.prox(W, 2.0), allowed(penalty, W), rtol=0, atol=1e-13)


def test_the_value_is_convex(penalty, W, rng):
    ends = zip(points(rng, penalty, W), points(rng, penalty, 0 * W), strict=True)
    for A, B in ends:
        for share in (0.1, 0.5, 0.8):
            straight = share * penalty.value(A) + (1 - share) * penalty.value(B)
            assert penalty.value(share * A + (1 - share) * B) <= straight * (1 + ROUNDING)


def test_the_prox_moves_points_no_farther_apart(penalty, W, rng):
    for step in STEPS:
        for V in points(rng, penalty, W, 0 * W):
            moved = np.linalg.norm(penalty.prox(V, step) - penalty.prox(W, step))
            assert moved <= np.linalg.norm(V - W) + ROUNDING


def permuted(penalty, order):
    """The same penalty of tasks in another order."""
    if isinstance(penalty, TaskCoupling):
        return replace(penalty, coupling=penalty.coupling[np.ix_(order, order)])
    if isinstance(penalty, FusedSparseGroup):
        before = np.arange(len(order)) if penalty.order is None else penalty.order
        return replace(penalty, order=np.argsort(order)[before])
    return penalty


def test_the_order_of_tasks_does_not_matter(penalty, W, rng):
    order = rng.permutation(W.shape[1])
    other, G = permuted(penalty, order), W - penalty.prox(W, 1.0)
    assert other.value(W[:, order]) == pytest.approx(penalty.value(W), rel=ROUNDING)
    assert other.dual_norm(G[:, order]) == pytest.approx(penalty.dual_norm(G), rel=1e-11)
    expected = penalty.prox(W, 0.7)[:, order]
    np.testing.assert_allclose(other.prox(W[:, order], 0.7), expected, rtol=0, atol=1e-12)


def test_arguments_are_left_alone(penalty, W):
    before = W.copy()
    W.flags.writeable = False
    penalty.value(W), penalty.prox(W, 0.7), penalty.dual_norm(W), penalty.conjugate(W)
    np.testing.assert_array_equal(W, before)


# ------------------------------------------------ what penalties declare


def declaring(attribute):
    """Parametrize by the penalties that declare this."""
    names = [name for name, make in PENALTIES.items() if getattr(make(6, 4), attribute)]
    return pytest.mark.parametrize("name", names)


@single
def test_with_alpha_replaces_the_strength(penalty, W):
    other = penalty.with_alpha(0.7)
    assert other.alpha == 0.7
    expected = penalty.value(W) * 0.7 / penalty.alpha
    assert other.value(W) == pytest.approx(expected, rel=ROUNDING)


def test_a_penalty_is_active_if_it_has_an_effect(penalty):
    assert penalty.is_active
    assert penalty.scaled(0.0).is_active == penalty.positive


def test_single_penalties_are_their_own_terms_and_parts(penalty):
    assert penalty.terms == penalty.parts == (penalty,)
    assert not penalty.is_decomposition


@declaring("is_separable")
def test_separable_penalties_are_sums_over_features(penalty, W):
    halves = np.array_split(np.arange(len(W)), 2)
    parts = [(penalty.restrict(features), W[features]) for features in halves if len(features)]
    expected = sum(part.value(V) for part, V in parts)
    assert penalty.value(W) == pytest.approx(expected, rel=ROUNDING)
    for step in STEPS:
        expected = np.vstack([part.prox(V, step) for part, V in parts])
        np.testing.assert_allclose(penalty.prox(W, step), expected, rtol=0, atol=1e-13)


@declaring("is_elementwise")
def test_elementwise_penalties_do_not_mind_the_arrangement(penalty, W):
    V = W.reshape(-1, 1)
    assert penalty.value(V) == pytest.approx(penalty.value(W), rel=ROUNDING)
    np.testing.assert_allclose(penalty.prox(V, 0.7).reshape(W.shape), penalty.prox(W, 0.7))


@declaring("is_group_norm")
def test_group_norms_are_their_weights(penalty, W):
    V = allowed(penalty, W)
    expected = penalty.group_weights(len(V)) @ np.linalg.norm(V, axis=1)
    assert penalty.value(V) == pytest.approx(expected, rel=ROUNDING)


def several_columns(rng, shape, K=3):
    n_features, n_tasks = shape
    return 2 * rng.normal(size=(n_features, n_tasks * K))


@single
def test_penalties_that_see_tasks_see_one_long_column_of_each(penalty, shape, rng):
    W = several_columns(rng, shape)
    columns = penalty.for_columns(3)
    given = stack_columns(W, 3) if penalty.sees_tasks else W
    assert columns.sees_tasks == penalty.sees_tasks
    assert columns.value(W) == pytest.approx(penalty.value(given), rel=ROUNDING)
    assert penalty.for_columns(1) is penalty


def test_penalties_of_columns_may_be_given_them_stacked(penalty, shape, rng):
    W = several_columns(rng, shape)
    columns = penalty.for_columns(3)
    stacked, V = columns.stacked(3), stack_columns(W, 3)
    assert stacked.value(V) == pytest.approx(columns.value(W), rel=ROUNDING)
    for step in STEPS:
        np.testing.assert_allclose(
            stacked.prox(V, step), stack_columns(columns.prox(W, step), 3), rtol=0, atol=1e-12
        )
        G = W - columns.prox(W, 1.0)
        assert stacked.dual_norm(stack_columns(G, 3)) == pytest.approx(
            columns.dual_norm(G), rel=1e-11
        )
        expected = columns.conjugate(G)
        assert stacked.conjugate(stack_columns(G, 3)) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(
    "name", [name for name in PENALTIES if not PENALTIES[name](6, 4).sees_tasks]
)
def test_stacked_columns_may_be_of_different_numbers_in_each_task(penalty, shape, rng):
    n_features, n_tasks = shape
    sizes = tuple(1 + np.arange(n_tasks) % 3)
    W = 2 * rng.normal(size=(n_features, sum(sizes)))
    stacked, V = penalty.stacked(sizes), stack_columns(W, sizes)
    assert V.shape == (n_features * max(sizes), n_tasks)
    np.testing.assert_array_equal(unstack_columns(V, sizes), W)
    assert stacked.value(V) == pytest.approx(penalty.value(W), rel=ROUNDING)
    for step in STEPS:
        expected = stack_columns(penalty.prox(W, step), sizes)
        np.testing.assert_allclose(stacked.prox(V, step), expected, rtol=0, atol=1e-12)
        G = W - penalty.prox(W, 1.0)
        norm = penalty.dual_norm(G)
        assert stacked.dual_norm(stack_columns(G, sizes)) == pytest.approx(norm, rel=1e-11)
        conjugate = penalty.conjugate(G)
        assert stacked.conjugate(stack_columns(G, sizes)) == pytest.approx(conjugate, rel=1e-11)


@declaring("is_quadratic")
def test_the_matrix_of_a_quadratic_is_its_value_in_columns_too(penalty, shape, rng):
    W = several_columns(rng, shape)
    columns = penalty.for_columns(3)
    M = columns.matrix(W.shape[1])
    assert columns.is_quadratic
    assert columns.value(W) == pytest.approx(0.5 * np.trace(W @ M @ W.T), rel=1e-11, abs=1e-13)


def test_what_is_not_quadratic_has_no_matrix():
    with pytest.raises(NotImplementedError, match="L1 is not quadratic"):
        L1(0.1).matrix(3)


def test_features_of_which_no_column_is_penalized_are_unpenalized():
    @dataclass(frozen=True)
    class Late(TaskNorm):
        def unpenalized_features(self, n_features):
            return np.array([0, 1, 3])  # of two features and two columns: (0, 0), (0, 1), (1, 1)

    assert Late(0.1).for_columns(2).unpenalized_features(2).tolist() == [1]


@pytest.mark.parametrize("name", [name for name in SQUARES if name.startswith(("Ridge", "Task"))])
def test_the_matrix_of_a_quadratic_is_its_value(penalty, W):
    M = penalty.matrix(W.shape[1])
    assert penalty.value(W) == pytest.approx(0.5 * np.trace(W @ M @ W.T), rel=ROUNDING, abs=1e-14)


# ------------------------------------------------ single penalties


def differences(T):
    return np.diff(np.eye(T), axis=0)


def fused_by_box(w, thresholds):
    """`argmin_x 1/2 ||x - w||^2 + sum_t thresholds[t] |x_t+1 - x_t|` from its dual."""
    D = differences(len(w))
    z = lsq_linear(D.T, w, (-thresholds, thresholds), method="bvls", tol=1e-15).x
    return w - D.T @ z


@pytest.mark.parametrize("n_tasks", [2, 3, 5, 12])
@pytest.mark.parametrize("strength", [1e-3, 0.3, 1.0, 30.0])
@pytest.mark.parametrize("even", [True, False])
def test_fuse_solves_its_dual(n_tasks, strength, even, rng):
    thresholds = strength * (np.ones(n_tasks - 1) if even else rng.uniform(0.1, 2, n_tasks - 1))
    W = rng.normal(size=(8, n_tasks)).round(1)  # with ties
    expected = np.array([fused_by_box(w, thresholds) for w in W])
    np.testing.assert_allclose(fuse(W, thresholds), expected, rtol=0, atol=1e-12)


def test_fuse_takes_apart_where_a_threshold_is_0(rng):
    W, thresholds = rng.normal(size=(5, 6)), np.array([0.5, 1.0, 0.0, 0.2, 0.7])
    apart = np.hstack([fuse(W[:, :3], thresholds[:2]), fuse(W[:, 3:], thresholds[3:])])
    np.testing.assert_allclose(fuse(W, thresholds), apart, rtol=0, atol=1e-13)


def test_fuse_ends_in_the_mean(rng):
    W = rng.normal(size=(5, 6)) + 1e6
    np.testing.assert_allclose(fuse(W, np.full(5, 1e9)), np.tile(W.mean(1), (6, 1)).T, rtol=1e-14)


def test_fuse_takes_any_layout(rng):
    W, thresholds = rng.normal(size=(6, 8)), np.ones(7)
    expected = fuse(W, thresholds)
    np.testing.assert_array_equal(fuse(np.asfortranarray(W), thresholds), expected)
    np.testing.assert_array_equal(fuse(np.repeat(W, 2, axis=1)[:, ::2], thresholds), expected)


def test_gaps_divide_the_changes(rng):
    W, gap = rng.normal(size=(3, 4)), np.array([1.0, 2.0, 4.0])
    changes = FusedSparseGroup(1.0, 0.2, 0.8, gap).value(W) - 0.2 * L1(1.0).value(W)
    assert changes == pytest.approx(0.8 * np.sum(np.abs(np.diff(W)) / gap), rel=ROUNDING)


def test_an_order_is_that_of_sorted_tasks(rng):
    W, order = rng.normal(size=(3, 4)), np.array([2, 0, 3, 1])
    sorted_tasks = FusedSparseGroup(0.8, 0.2, 0.5, gaps(4))
    given = replace(sorted_tasks, order=order)
    assert given.value(W) == pytest.approx(sorted_tasks.value(W[:, order]), rel=ROUNDING)
    expected = sorted_tasks.prox(W[:, order], 0.6)
    np.testing.assert_array_equal(given.prox(W, 0.6)[:, order], expected)


@pytest.mark.parametrize("offset", [0.0, 0.7])
@pytest.mark.parametrize("total", [0.9, 2.0, 4.0])
@pytest.mark.parametrize("zeros", [0, 2])
def test_fill_minimizes(offset, total, zeros, rng):
    s, low, high = np.concatenate([rng.uniform(0.1, 3, 5), np.zeros(zeros)]), 0.1, 1.1

    def objective(theta):
        return np.sum(s**2 / (theta + offset))

    theta = fill(s, low, high, total, offset)
    assert theta.min() >= low
    assert theta.max() <= high + ROUNDING
    assert theta.sum() <= total + ROUNDING
    expected = minimize(
        objective,
        np.full(len(s), total / len(s)),
        jac=lambda theta: -((s / (theta + offset)) ** 2),
        bounds=[(low, high)] * len(s),
        constraints={
            "type": "ineq",  # more is better
            "fun": lambda theta: total - theta.sum(),
            "jac": lambda theta: -np.ones(len(s)),
        },
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert objective(theta) == pytest.approx(expected.fun, rel=1e-6)  # what SLSQP reaches


@pytest.mark.parametrize("shape", [(5, 3), (3, 5)])
def test_mapped_singular_values_are_those_of_the_decomposition(shape, rng):
    W = rng.normal(size=shape)
    U, s, V = np.linalg.svd(W, full_matrices=False)
    expected = (U * np.maximum(s - 1.0, 0.0)) @ V
    mapped = map_singular_values(W, lambda s: np.maximum(s - 1.0, 0.0))
    np.testing.assert_allclose(mapped, expected, rtol=0, atol=1e-13)


def test_the_cluster_norm_is_a_minimum_over_matrices(rng):
    # any feasible M bounds it from above; the one with the eigenvectors of W'W attains it
    W, eta, k = rng.normal(size=(6, 4)), 0.2, 2
    penalty = ClusterNorm(1.0, k, eta)
    for _ in range(50):
        Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        m = rng.dirichlet(np.ones(4)) * k
        if m.max() <= 1:
            inverse = np.linalg.inv(eta * np.eye(4) + (Q * m) @ Q.T)
            assert penalty.value(W) <= 0.5 * np.trace(W @ inverse @ W.T)
    _, s, V = np.linalg.svd(W)
    inverse = np.linalg.inv((V.T * penalty.weights(s, 4)) @ V)
    assert penalty.value(W) == pytest.approx(0.5 * np.trace(W @ inverse @ W.T), rel=1e-11)


def test_the_squared_trace_norm_is_a_minimum_over_covariances(rng):
    W, penalty = rng.normal(size=(6, 4)), SquaredTraceNorm(1.0)
    for _ in range(50):
        A = rng.normal(size=(4, 4))
        omega = A @ A.T / np.trace(A @ A.T)
        assert penalty.value(W) <= 0.5 * np.trace(W @ np.linalg.solve(omega, W.T))


@pytest.mark.parametrize(
    ("general", "special"),
    [
        (SparseGroup(0.7, 1.0), L1(0.7)),
        (SparseGroup(0.7, 0.0), L21(0.7)),
        (FusedSparseGroup(0.7, 0.4, 0.0), SparseGroup(0.7, 0.4)),
        (ClusterNorm(0.7, 9, 0.4), Ridge(0.7 / 1.4)),
        (TaskCoupling(0.7, np.eye(4)), Ridge(0.7)),
        (L21(0.7, np.ones(6)), L21(0.7)),
    ],
)
def test_special_cases_are_simpler_penalties(general, special, rng):
    W = rng.normal(size=(6, 4))
    assert general.value(W) == pytest.approx(special.value(W), rel=ROUNDING)
    assert general.dual_norm(W) == pytest.approx(special.dual_norm(W), rel=1e-11)
    assert general.conjugate(W) == pytest.approx(special.conjugate(W), rel=1e-11)
    np.testing.assert_allclose(general.prox(W, 0.5), special.prox(W, 0.5), rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("row", "column"), [(L21(0.7), TaskNorm(0.7)), (TraceNorm(0.7), TraceNorm(0.7))]
)
def test_transposed_rows_are_columns(row, column, rng):
    W = rng.normal(size=(6, 4))
    assert row.value(W) == pytest.approx(column.value(W.T), rel=ROUNDING)
    assert row.dual_norm(W) == pytest.approx(column.dual_norm(W.T), rel=ROUNDING)
    np.testing.assert_allclose(row.prox(W, 0.5), column.prox(W.T, 0.5).T, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TraceNorm(np.nan), "alpha"),
        (lambda: L1(-0.1), "alpha"),
        (lambda: SparseGroup(0.1, 2.0), "l1_ratio"),
        (lambda: FusedSparseGroup(0.1, 0.0, 1.0), "fused_ratio"),
        (lambda: FusedSparseGroup(0.1, 0.8, 0.8), "l1_ratio \\+ fused_ratio is 1.6"),
        (lambda: ClusterNorm(0.1, 2, 0.0), "eta"),
        (lambda: TaskCoupling(0.1, [[0.0, 1.0], [0.5, 0.0]]), "symmetric"),
        (lambda: TaskCoupling(0.1, np.ones((2, 3))), "shape"),
    ],
)
def test_parameters_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (L21(0.1, np.ones(3)), "L21 does not fit coefficients of 5 features and 4 tasks"),
        (TaskCoupling(0.1, np.eye(3)), "TaskCoupling does not fit"),
        (TaskCoupling(0.1, -np.eye(4)), "negative eigenvalue"),
    ],
)
def test_a_penalty_of_another_shape_is_named(penalty, message, problem):
    with pytest.raises(ValueError, match=message):
        solve(penalty, problem)


# ------------------------------------------------ sums and decompositions


def test_a_sum_holds_its_terms(W, shape):
    first, second, third = L1(0.1), TraceNorm(0.2), Ridge(0.3)
    for total in (first + second + third, first + (second + third)):
        assert isinstance(total, Sum)
        assert total.terms == (first, second, third)
        expected = first.value(W) + second.value(W) + third.value(W)
        assert total.value(W) == pytest.approx(expected, rel=ROUNDING)


def test_a_scaled_sum_scales_its_terms():
    assert (L1(0.1) + Ridge(0.3)).scaled(2.0).terms == (L1(0.2), Ridge(0.6))


def test_a_sum_has_no_prox_of_its_own():
    with pytest.raises(NotImplementedError, match=r"sum of 2 penalties .*\.solve_penalized"):
        (L1(0.1) + Ridge(0.3)).prox(np.ones((2, 2)), 1.0)


def test_only_penalties_add_up():
    with pytest.raises(TypeError, match="unsupported operand"):
        L1(0.1) + 1.0


def test_a_decomposition_has_two_parts(rng):
    parts, G = (L21(0.1), TaskNorm(0.2)), rng.normal(size=(3, 4))
    penalty = Decomposition(*parts)
    assert penalty.parts == parts
    assert penalty.terms == (penalty,)
    assert penalty.scaled(2.0).parts == (L21(0.2), TaskNorm(0.4))
    assert penalty.dual_norm(G) == max(part.dual_norm(G) for part in parts)


@pytest.mark.parametrize("method", ["value", "prox"])
def test_the_value_of_a_decomposition_is_a_problem_itself(method):
    penalty = Decomposition(L21(0.1), TaskNorm(0.2))
    arguments = (np.ones((2, 2)), 1.0)[: 1 if method == "value" else 2]
    with pytest.raises(NotImplementedError, match="best decomposition"):
        getattr(penalty, method)(*arguments)


# ------------------------------------------------ solved

TIGHT = {"tol": 1e-11, "max_iter": 100_000}


@pytest.fixture
def problem(rng):
    """X, Y of 30 rows, five features and four tasks."""
    X = rng.normal(size=(30, 5)) + 0.5 * rng.normal(size=(30, 1))
    coefs = rng.normal(size=(5, 4)) * [[1], [1], [0], [1], [0]]
    return X, X @ coefs + 0.5 * rng.normal(size=(30, 4)) + [1, -2, 3, 0]


def solve(penalty, problem):
    return MultiTaskRegressor(penalty, **TIGHT).fit(*problem)


def chained(T):
    return TaskCoupling(0.5, chain(T))


@pytest.mark.parametrize(
    ("total", "single"),
    [
        (L1(0.1) + L21(0.2), SparseGroup(0.3, 1 / 3)),
        (L1(0.1) + L1(0.2), L1(0.3)),
        (TraceNorm(0.1) + TraceNorm(0.2), TraceNorm(0.3)),
        (L21(0.1) + L21(0.2), L21(0.3)),
        (L1(0.2) + L1(0.0) + TraceNorm(0.0), L1(0.2)),
        (Decomposition(TraceNorm(0.2), TraceNorm(0.3)), TraceNorm(0.2)),
        (Decomposition(L1(0.2), L21(9.0)), L1(0.2)),
        (Decomposition(L1(0.2), L21(0.0)), Ridge(0.0)),
        (Decomposition(Ridge(0.6), Ridge(0.3)), Ridge(0.2)),  # 1 / (1 / 0.6 + 1 / 0.3)
        (Decomposition(L1(9.0), TraceNorm(0.2)) + Ridge(0.1), TraceNorm(0.2) + Ridge(0.1)),
        (ClusterNorm(0.3, 4, 0.5), Ridge(0.2)),
        (Ridge(0.1) + Ridge(0.2), TaskCoupling(0.3, np.eye(4))),
        (L1(0.1) + L21(0.2) + chained(4), SparseGroup(0.3, 1 / 3) + chained(4)),
        (L1(0.2) + Ridge(0.1) + chained(4), L1(0.2) + TaskCoupling(0.1, np.eye(4) + 5 * chain(4))),
    ],
)
def test_sums_and_decompositions_are_simpler_penalties(total, single, problem):
    given, expected = solve(total, problem), solve(single, problem)
    # the gap leaves (2 gap / curvature) ** 0.5
    np.testing.assert_allclose(given.coef_, expected.coef_, rtol=0, atol=2e-5)
    assert given.objective_ == pytest.approx(expected.objective_, rel=1e-9)


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (Decomposition(L1(1.0), L21(1.0)) + L1(1.0), "Decomposition \\+ L1: to a Decomposition"),
        (Decomposition(L1(1.0), L21(1.0)) + chained(4), "Decomposition with a coupling of tasks"),
    ],
)
def test_a_sum_that_no_solver_takes_is_named(penalty, message, problem):
    with pytest.raises(ValueError, match=message):
        solve(penalty, problem)


@pytest.mark.parametrize("penalty", [TraceNorm, 0.1, "l1", None])
def test_what_is_no_penalty_is_named(penalty, problem):
    with pytest.raises(TypeError, match=r"penalty must be a skmtl.penalties.Penalty, got"):
        solve(penalty, problem)


@dataclass(frozen=True)
class WeightedL1(Penalty):
    """`alpha * sum_jt u_j |W_jt|`: one's own norm."""

    alpha: float
    u: np.ndarray

    def value(self, W):
        return self.alpha * float(self.u @ np.abs(W).sum(axis=1))

    def prox(self, W, step):
        return np.sign(W) * np.maximum(np.abs(W) - step * self.alpha * self.u[:, None], 0.0)

    def dual_norm(self, G):
        return float(np.max(np.abs(G) / self.u[:, None])) / self.alpha


@dataclass(frozen=True)
class WeightedRidge(Penalty):
    """`alpha/2 * sum_jt u_j W_jt^2`: one's own square of a norm."""

    alpha: float
    u: np.ndarray

    def value(self, W):
        return 0.5 * self.alpha * float(self.u @ (W**2).sum(axis=1))

    def prox(self, W, step):
        return W / (1 + step * self.alpha * self.u[:, None])

    def conjugate(self, G):
        return 0.5 * float(((G**2).sum(axis=1) / self.u).sum()) / self.alpha


U = np.linspace(0.5, 2.0, 5)


def row_norms(W):
    return np.linalg.norm(W, axis=1)


def test_ones_own_norm_is_solved(problem):
    X, Y = problem
    scaled = Lasso(0.1, tol=1e-12).fit(X / U, Y)  # one lasso for each task
    model = solve(WeightedL1(0.1, U), problem)
    np.testing.assert_allclose(model.coef_, scaled.coef_ / U, rtol=0, atol=2e-5)
    np.testing.assert_allclose(model.intercept_, scaled.intercept_, rtol=0, atol=2e-5)


def test_ones_own_square_of_a_norm_is_solved(problem):
    X, Y = problem
    scaled = SingleTaskRidge(0.1 * len(X)).fit(X / np.sqrt(U), Y)
    model = solve(WeightedRidge(0.1, U), problem)
    np.testing.assert_allclose(model.coef_, scaled.coef_ / np.sqrt(U), rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    "embed",
    [
        lambda own: own + TraceNorm(0.1),
        lambda own: own + Ridge(0.1),
        lambda own: own + chained(4),
        lambda own: Decomposition(own, TraceNorm(0.3)),
        lambda own: own.scaled(2.0),
    ],
)
def test_ones_own_norm_joins_others(embed, problem):
    own = solve(embed(WeightedL1(0.1, np.ones(5))), problem)
    ours = solve(embed(L1(0.1)), problem)
    np.testing.assert_allclose(own.coef_, ours.coef_, rtol=0, atol=2e-5)


def test_the_certificate_of_a_sum_bounds_the_minimum(problem):
    # also of features that one of the terms does not see
    penalty = L21(0.3, np.array([0.0, 1.0, 1.0, 0.0, 1.0])) + L1(0.05) + TraceNorm(0.1)
    minimum = solve(penalty, problem).objective_
    for tol in (0.3, 0.1, 1e-2, 1e-3):
        rough = MultiTaskRegressor(penalty, tol=tol, max_iter=1000).fit(*problem)
        assert rough.objective_ - rough.dual_gap_ <= minimum * (1 + 1e-9)


@pytest.mark.parametrize("free", [[0, 3], [0, 1, 2, 3, 4]])
def test_the_certificate_of_a_decomposition_bounds_the_minimum(free, problem):
    u = np.ones(5)
    u[free] = 0.0
    penalty = Decomposition(L21(0.3, u), L1(0.2))
    minimum = solve(penalty, problem).objective_
    for tol in (0.3, 0.1, 1e-2, 1e-3):
        rough = MultiTaskRegressor(penalty, tol=tol).fit(*problem)
        assert rough.objective_ - rough.dual_gap_ <= minimum * (1 + 1e-9)


@pytest.mark.parametrize("part", [L1(0.1) + L21(0.1), Decomposition(L1(0.1), L21(0.1)), 0.3])
def test_a_part_is_a_single_penalty(part):
    with pytest.raises(TypeError, match="must be a single penalty"):
        Decomposition(part, TraceNorm(0.2))


@pytest.mark.parametrize(
    "make",
    [
        lambda u: Decomposition(L21(0.1, u), L1(0.05)),
        lambda u: Decomposition(L21(0.1, u), L21(0.1, u[::-1])),
        lambda u: L21(0.1, u) + L21(0.1, u),
        lambda u: L21(0.1, u) + L21(0.1, u, positive=True),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", [5, 10, 12, 28])
def test_features_that_no_term_sees_are_certified(make, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(25, 5)) + 0.7 * rng.normal(size=(25, 1))
    Y = X @ rng.normal(size=(5, 4)) + rng.normal(size=(25, 4))
    penalty = make(np.array([0.0, 1.0, 0.0, 1.0, 1.0]))
    minimum = solve(penalty, (X, Y)).objective_
    for steps in (1, 3, 8, 12):  # at first far from the optimum
        rough = MultiTaskRegressor(penalty, tol=1e-6, max_iter=steps).fit(X, Y)
        assert rough.objective_ - rough.dual_gap_ <= minimum * (1 + 1e-8)


# ------------------------------------------------ one's own penalty that couples tasks


@dataclass(frozen=True)
class Autoregressive(QuadraticPenalty):
    """`alpha/2 * sum_t ||w_t - rho w_t-1||^2`, with w_-1 = 0: a matrix is all."""

    alpha: float
    rho: float = 0.9
    sees_tasks = True

    def matrix(self, n_tasks):
        D = np.eye(n_tasks) - self.rho * np.eye(n_tasks, k=-1)
        return self.alpha * D.T @ D


@dataclass(frozen=True)
class DeclaredAutoregressive(Penalty):
    """The same from scratch."""

    alpha: float
    rho: float = 0.9
    sees_tasks = True
    is_quadratic = True

    def matrix(self, n_tasks):
        return Autoregressive(self.alpha, self.rho).matrix(n_tasks)

    def value(self, W):
        return Autoregressive(self.alpha, self.rho).value(W)

    def prox(self, W, step):
        return Autoregressive(self.alpha, self.rho).prox(W, step)

    def conjugate(self, G):
        return Autoregressive(self.alpha, self.rho).conjugate(G)


def coupling(alpha):
    """The same from the package, for four tasks."""
    return TaskCoupling(alpha, Autoregressive(1.0).matrix(4))


@dataclass(frozen=True)
class TaskGroups(Penalty):
    """`alpha * sum_g ||W_:,g||_F`, group[t] the number of the group of task t."""

    alpha: float
    group: tuple
    sees_tasks = True

    def norms(self, W):
        return np.sqrt(np.bincount(self.group, weights=(W**2).sum(axis=0)))

    def value(self, W):
        return self.alpha * float(self.norms(W).sum())

    def prox(self, W, step):
        norms = self.norms(W)
        kept = np.maximum(norms - step * self.alpha, 0.0)
        factors = np.divide(kept, norms, out=np.zeros_like(norms), where=norms > 0)
        return W * factors[list(self.group)]

    def dual_norm(self, G):
        return float(self.norms(G).max()) / self.alpha


@dataclass(frozen=True)
class TaskTree(Penalty):
    """`alpha * sum_j (||W_j|| + sum_g ||W_j,g||)`: all tasks, and nested in them two groups."""

    alpha: float
    sees_tasks = True
    is_separable = True

    def groups(self, W):
        return np.array_split(W, 2, axis=1)

    def value(self, W):
        return sum(L21(self.alpha).value(V) for V in (W, *self.groups(W)))

    def prox(self, W, step):  # of nested groups: from the leaves to the root
        leaves = [L21(self.alpha).prox(V, step) for V in self.groups(W)]
        return L21(self.alpha).prox(np.hstack(leaves), step)

    def dual_norm(self, G):  # where the prox of a feature ends: s with ||(norms - s)_+|| = s
        norms = np.sort([row_norms(V) for V in self.groups(G)], axis=0)
        less, more = norms
        both = less + more - np.sqrt(2 * less * more)
        return float(np.where(2 * less <= more, more / 2, both).max()) / self.alpha


own_and_ours = pytest.mark.parametrize(
    ("own", "ours"),
    [
        (Autoregressive(0.1), coupling(0.1)),
        (DeclaredAutoregressive(0.1), coupling(0.1)),
        (TaskGroups(0.1, (0, 1, 2, 3)), TaskNorm(0.1)),
        (TaskTree(0.05), None),
    ],
    ids=lambda penalty: type(penalty).__name__,
)
EMBEDDED = {
    "alone": lambda penalty: penalty,
    "sparse": lambda penalty: penalty + L1(0.05),
    "groups": lambda penalty: L21(0.05) + penalty,
    "ridge": lambda penalty: penalty + Ridge(0.1),
    "low rank": lambda penalty: penalty + TraceNorm(0.05) + L1(0.02),
    "coupled": lambda penalty: penalty + coupling(0.05),
    "stiff": lambda penalty: penalty + L1(0.05) + coupling(1e4),
    "scaled": lambda penalty: (penalty + L1(0.05)).scaled(0.5),
    "decomposed": lambda penalty: Decomposition(penalty, TraceNorm(0.3)),
}
embedded = pytest.mark.parametrize("embed", EMBEDDED.values(), ids=EMBEDDED)


def is_certified(model):
    """Whether the duality gap is at most the tolerance."""
    return model.dual_gap_ >= 0 and model.optimality_ <= model.tol


@own_and_ours
@embedded
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_ones_own_coupling_of_tasks_is_solved(own, ours, embed, loss, problem):
    model = MultiTaskRegressor(embed(own), loss=loss, tol=1e-9, max_iter=20_000).fit(*problem)
    assert is_certified(model)
    if ours is not None:
        expected = MultiTaskRegressor(embed(ours), loss=loss, tol=1e-9, max_iter=20_000)
        expected.fit(*problem)
        assert model.objective_ == pytest.approx(expected.objective_, rel=1e-8)
        np.testing.assert_allclose(model.coef_, expected.coef_, rtol=0, atol=2e-3)  # root of tol


@own_and_ours
@embedded
@pytest.mark.parametrize("n_classes", [2, 3])
def test_ones_own_coupling_of_tasks_classifies(own, ours, embed, n_classes, problem):
    X, Y = problem
    ranks = np.argsort(np.argsort(Y, axis=0), axis=0)
    labels = ranks * n_classes // len(Y)
    options = {"tol": 1e-8, "max_iter": 200}
    model = MultiTaskClassifier(embed(own).scaled(0.3), **options).fit(X, labels)
    assert is_certified(model)
    assert model.coef_.shape == ((4, 5) if n_classes == 2 else (4, n_classes, 5))
    if ours is not None:
        expected = MultiTaskClassifier(embed(ours).scaled(0.3), **options).fit(X, labels)
        assert model.objective_ == pytest.approx(expected.objective_, rel=1e-7)


@own_and_ours
def test_ones_own_coupling_of_tasks_has_tasks_of_several_kinds(own, ours, problem):
    X, Y = problem
    mixed = np.column_stack([Y[:, :2].astype(object), (Y[:, 2:] > Y[:, 2:].mean(0)).astype(bool)])
    model = MultiTaskMixed(penalty=own + L1(0.02), tol=1e-8).fit(X, mixed)
    assert is_certified(model)
    if ours is not None:
        expected = MultiTaskMixed(penalty=ours + L1(0.02), tol=1e-8).fit(X, mixed)
        assert model.objective_ == pytest.approx(expected.objective_, rel=1e-7)


@own_and_ours
def test_ones_own_coupling_of_tasks_needs_as_many_classes_in_each(own, ours, problem):
    X, Y = problem
    labels = np.digitize(Y, np.quantile(Y, [0.3, 0.6]))
    labels[:, 0] = labels[:, 0] > 0  # two classes in place of three
    with pytest.raises(ValueError, match="same number of classes"):
        MultiTaskClassifier(own).fit(X, labels)


@pytest.mark.parametrize(
    "norm", [TaskGroups(0.3, (0, 0, 1, 1)), TaskTree(2.0), TaskNorm(0.3) + Ridge(0.1)], ids=repr
)
@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_the_critical_alpha_empties_the_model(norm, loss, problem):
    X, Y = problem
    design, weight = SharedDesign(X, 4), np.full((len(X), 1), 1 / len(X))
    if loss == "squared":
        datafit = squared_datafit(design, Y, weight)
    else:
        above = (Y - Y.mean(axis=0) > 0).astype(float)
        datafit = Likelihood(design, above, weight, Logistic())
    critical = critical_alpha(datafit, norm)
    unit = norm.terms[0].with_alpha(1.0)
    assert not solve_penalized(datafit, unit.scaled(1.001 * critical), tol=1e-8).W.any()
    assert solve_penalized(datafit, unit.scaled(0.99 * critical), tol=1e-6).W.any()
