"""The structured models by NumPy: objectives, optimality, thresholds, fitted attributes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from structured import (
    ALPHA,
    EMPTIED,
    MODELS,
    ROUNDING,
    SQUARES,
    P,
    T,
    correlation,
    critical,
    each_decomposed,
    each_emptied,
    each_form,
    each_given,
    each_model,
    fitted,
    loss,
    make,
    null_loss,
    residuals,
)

from skmtl import (
    ClusteredTaskRegressor,
    MeanRegularizedRegressor,
    MultiTaskRegressor,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressor,
    TaskRelationshipRegressor,
    TraceNormRegressor,
)
from skmtl.penalties import L1, Decomposition


def penalty(name, model):
    """By the formula of the docstring, at the fitted parts."""
    norms, M, (square, _) = MODELS[name][1:]
    W = model.coef_.T
    parts = [getattr(model, part).T for part in MODELS[name].parts]
    total = sum(alpha * norm.value(V) for (alpha, norm), V in zip(norms, parts, strict=False))
    return total + np.sum(W @ M * W) / 2 + square(W)


@each_form
@each_model
def test_the_objective_is_that_of_the_formula(name, form):
    given = make(form)
    model = fitted(name, form)
    expected = loss(model, given) + penalty(name, model)
    assert model.objective_ == pytest.approx(expected, rel=1e-10)  # rounding in a brentq


@each_form
@each_model
def test_the_intercepts_leave_no_mean_residual(name, form):
    given = make(form)
    errors = zip(given.tasks, residuals(fitted(name, form), given), strict=True)
    means = [np.average(r, weights=s) for (_, _, s), r in errors]
    np.testing.assert_allclose(means, 0.0, atol=1e-12)  # rounding of y of order 10


def slack(model, given):
    """How far the gradient may be from that of the minimum: the gap bounds the residual, by
    `||r - r*||^2 <= 2 gap`, and the largest singular value of a task's X carries that over."""
    size = max(np.linalg.norm(np.sqrt(s)[:, None] * X, 2) for X, _, s in given.tasks)
    return size * np.sqrt(2 * (model.tol * null_loss(given)) / given.nbar) + 1e-9


@pytest.mark.parametrize("name", [name for name in MODELS if MODELS[name].norms])
@each_form
def test_every_part_is_aligned_with_the_gradient(name, form):
    """G, minus the gradient of loss and quadratics, is a subgradient of each norm at its part:
    within the dual ball, and `<G, V> = alpha * norm(V)`."""
    given = make(form)
    model = fitted(name, form)
    G = correlation(model, given) - model.coef_.T @ MODELS[name].matrix
    atol = slack(model, given)
    for (alpha, norm), part in zip(MODELS[name].norms, MODELS[name].parts, strict=True):
        V = getattr(model, part).T
        assert norm.excess(G, alpha) <= atol
        size = alpha * norm.value(V)
        assert np.sum(G * V) == pytest.approx(size, abs=atol * (1 + norm.value(V)))


@pytest.mark.parametrize("name", SQUARES)
@each_form
def test_value_and_conjugate_meet_at_the_gradient(name, form):
    """Fenchel: `square(W) + square*(G) = <G, W>`; where there is no square, G is 0."""
    given = make(form)
    model = fitted(name, form)
    W, (value, conjugate) = model.coef_.T, MODELS[name].square
    G = correlation(model, given) - W @ MODELS[name].matrix
    gap = value(W) + conjugate(G) - np.sum(G * W)
    assert gap == pytest.approx(0.0, abs=1e-8 * null_loss(given))  # 1e3 * tol
    if name not in ("clustered", "relationship"):
        np.testing.assert_allclose(G, 0.0, atol=1e-9 * np.abs(W).max())


@each_form
@each_model
def test_the_gap_bounds_the_distance_to_the_minimum(name, form):
    given = make(form)
    minimum = fitted(name, form).objective_
    rough = given.fit(MODELS[name].estimator, tol=1e-2)
    assert rough.dual_gap_ <= 1e-2 * null_loss(given) * (1 + ROUNDING) or name in SQUARES
    assert rough.objective_ - rough.dual_gap_ <= minimum * (1 + ROUNDING)
    assert minimum <= rough.objective_ + 1e-11 * null_loss(given)  # tol of the minimum


@each_given
@each_model
def test_optimality_is_the_relative_gap(name, given):
    """As the attribute is documented."""
    model = given.fit(MODELS[name].estimator, tol=1e-3)
    expected = model.dual_gap_ / null_loss(given)
    assert model.optimality_ == pytest.approx(expected, rel=1e-6, abs=1e-12)


# ------------------------------------------------ thresholds


@each_emptied
@each_given
def test_alpha_max_is_tight(name, given):
    alpha = critical(name, given)
    above = given.fit(MODELS[name].estimator, alpha=1.001 * alpha)
    below = given.fit(MODELS[name].estimator, alpha=0.98 * alpha)
    np.testing.assert_array_equal(above.coef_, 0.0)
    assert below.coef_.any()


@each_emptied
@each_given
def test_alpha_max_is_the_dual_norm_of_the_gradient_at_zero(name, given):
    """At which the gradient comes to lie within the dual balls of all parts."""
    G = (
        np.column_stack([X.T @ (s * (y - np.average(y, weights=s))) for X, y, s in given.tasks])
        / given.nbar
    )
    alpha = critical(name, given)
    norms, known = MODELS[name].norms, MODELS[name].estimator.alpha

    def excess(factor):
        return max(norm.excess(G, factor * alpha * share / known) for share, norm in norms)

    assert excess(1 + 1e-9) <= 1e-12 * np.abs(G).max() < excess(1 - 1e-6)


NEVER_EMPTY = [name for name in MODELS if name not in (*EMPTIED, "custom")]


@pytest.mark.parametrize("name", NEVER_EMPTY)
def test_models_that_no_alpha_empties_have_no_alpha_max(name):
    with pytest.raises(ValueError, match="is never empty, whatever alpha: give the alphas to try"):
        critical(name, make("wide"))


# ------------------------------------------------ what a model is inspected by


@pytest.mark.parametrize("name", ["trace", "trace and ridge"])
@each_form
def test_singular_values_and_rank_are_those_of_the_coefficients(name, form):
    model = fitted(name, form)
    s = np.linalg.svd(model.coef_, compute_uv=False)
    np.testing.assert_allclose(model.singular_values_, s, atol=1e-12 * s[0])
    assert model.rank_ == np.linalg.matrix_rank(model.coef_, tol=1e-9 * s[0])


@each_given
def test_the_rank_decreases_with_alpha(given):
    top = critical("trace", given)
    ranks = [given.fit(TraceNormRegressor(share * top)).rank_ for share in (1e-4, 0.2, 0.6, 1.01)]
    assert ranks == sorted(ranks, reverse=True)
    assert (ranks[0], ranks[-1]) == (T, 0)


@each_decomposed
@each_form
def test_parts_add_up(name, form):
    model = fitted(name, form)
    assert model.shared_part_.shape == model.specific_part_.shape == (T, P)
    np.testing.assert_allclose(model.shared_part_ + model.specific_part_, model.coef_, rtol=1e-12)
    assert model.shared_part_.any()
    assert model.specific_part_.any()


@pytest.mark.parametrize(
    "estimator", [RobustMultiTaskRegressor(), RobustMultiTaskFeatureRegressor()]
)
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_planted_outlier_is_found(estimator, layout):
    rng = np.random.default_rng(0)
    p, n_tasks, labels = 8, 7, np.array(list("abcdefg"))
    W = np.outer(rng.normal(size=p) * (np.arange(p) < 3), np.ones(n_tasks))
    W[:, 4] = 3 * rng.normal(size=p)
    X = rng.normal(size=(60, p))
    Y = X @ W + 0.05 * rng.normal(size=(60, n_tasks))
    if isinstance(estimator, RobustMultiTaskFeatureRegressor):
        model = clone(estimator).set_params(alpha=0.4, outlier_ratio=0.55)
    else:
        model = clone(estimator).set_params(alpha=0.4, outlier_ratio=0.4)
    if layout == "wide":
        model.fit(X, pd.DataFrame(Y, columns=labels))
    else:
        model.fit(np.tile(X, (n_tasks, 1)), Y.T.ravel(), tasks=labels.repeat(60))
    assert model.outlier_tasks_.tolist() == ["e"]
    others = labels != "e"
    np.testing.assert_array_equal(model.specific_part_[others], 0.0)


@pytest.mark.parametrize("name", ["robust", "robust features"])
def test_without_a_second_part_nothing_is_an_outlier(name):
    model = make("wide").fit(MODELS[name].estimator, outlier_ratio=0.99)
    assert model.outlier_tasks_.tolist() == []


PARTITIONS = {"halves": [0, 0, 0, 1, 1, 1], "thirds": [0, 1, 2, 0, 1, 2], "one": [0] * 6}


@pytest.mark.parametrize("case", PARTITIONS)
@pytest.mark.parametrize("p", [4, 10])
def test_planted_clusters_are_found(case, p):
    rng = np.random.default_rng(1)
    truth = np.array(PARTITIONS[case])
    centers = 3 * np.linalg.qr(rng.normal(size=(p, p)))[0][:, : truth.max() + 1]
    X = rng.normal(size=(40, p))
    Y = X @ centers[:, truth] + 0.1 * rng.normal(size=(40, 6))
    model = ClusteredTaskRegressor(0.01, n_clusters=truth.max() + 1).fit(X, Y)
    assert adjusted_rand_score(truth, model.task_clusters_) == 1
    assert set(model.task_clusters_) == set(truth)


def test_there_are_no_more_clusters_than_tasks():
    model = make("wide").fit(ClusteredTaskRegressor(0.1, n_clusters=9))
    assert sorted(model.task_clusters_) == list(range(T))


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 9])
@each_given
def test_the_covariance_of_clusters_is_in_its_set(n_clusters, given):
    """`eta I + M` with `0 <= M <= I` and `tr M = n_clusters`, and the penalty is its trace."""
    eta = 0.3
    model = given.fit(ClusteredTaskRegressor(ALPHA, n_clusters=n_clusters, eta=eta))
    C = model.task_covariance_
    values = np.linalg.eigvalsh(C)
    np.testing.assert_allclose(C, C.T, atol=1e-14)
    assert eta - 1e-12 <= values[0] <= values[-1] <= 1 + eta + 1e-12
    assert np.trace(C) == pytest.approx(min(n_clusters, T) + eta * T, rel=1e-10)
    W = model.coef_.T
    spread = ALPHA / 2 * np.trace(W @ np.linalg.solve(C, W.T))
    assert loss(model, given) + spread == pytest.approx(model.objective_, rel=1e-8)


@each_form
def test_the_covariance_of_tasks_is_that_of_the_coefficients(form):
    """`Omega = (W'W)^(1/2) / tr (W'W)^(1/2)`: psd, of trace 1."""
    model = fitted("relationship", form)
    Omega, W = model.task_covariance_, model.coef_.T
    assert np.trace(Omega) == pytest.approx(1.0, rel=1e-12)
    assert np.linalg.eigvalsh(Omega)[0] >= -1e-14
    size = np.linalg.norm(W, "nuc")
    np.testing.assert_allclose(Omega @ Omega * size**2, W.T @ W, atol=1e-10 * size**2)


def test_the_covariance_of_nothing_says_nothing():
    model = make("wide")._replace(y=np.zeros((30, T))).fit(TaskRelationshipRegressor())
    np.testing.assert_array_equal(model.task_covariance_, np.eye(T) / T)


@pytest.mark.parametrize("name", ["mean", "mean of uneven pulls", "graph"])
def test_unseen_tasks_are_predicted_by_the_shared_coefficients(name):
    """As `shared_coef_` is documented."""
    given = make("own")
    model = given.fit(MODELS[name].estimator, handle_unknown="shared")
    unseen = np.insert(np.vstack([np.zeros(P), np.eye(P)]), given.task_column, 99, axis=1)
    origin, *units = model.predict(unseen)
    np.testing.assert_allclose(np.array(units) - origin, model.shared_coef_, rtol=1e-10)


@pytest.mark.parametrize("strength", [(0.0, 0.1), (0.1, 0.0), (0.0, 0.0)])
def test_a_decomposition_in_which_a_part_is_free_has_both_parts(strength):
    model = make("wide").fit(MultiTaskRegressor(Decomposition(*map(L1, strength))))
    np.testing.assert_array_equal(model.shared_part_ + model.specific_part_, model.coef_)
    least_squares = make("wide").fit(MeanRegularizedRegressor(0.0))
    assert model.objective_ == pytest.approx(least_squares.objective_, rel=1e-9)
