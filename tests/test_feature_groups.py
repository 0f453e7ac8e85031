"""Groups of features: the group lasso of all tasks, and penalties that differ between groups."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import minimize
from sklearn.linear_model import LinearRegression

from skmtl import (
    MultiTaskClassifier,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskGroupLasso,
    MultiTaskGroupLassoClassifier,
    MultiTaskGroupLassoClassifierCV,
    MultiTaskGroupLassoCV,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoCV,
    MultiTaskMixed,
    MultiTaskRegressor,
    TraceNormRegressor,
    alpha_max,
    multi_task_path,
)
from skmtl.penalties import L1, L21, FeatureGroups, GroupNorm, Ridge, TaskCoupling, TraceNorm

TIGHT = {"tol": 1e-12, "max_iter": 20_000}
GROUPS = np.array([1, 0, 1, 0, 2, 2])
NAMES = list("abcdef")


def problem(n_samples=40, n_tasks=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 6)) + [0, 1, 0, 0, 5, 0]
    W = rng.normal(size=(6, n_tasks)) * [[2], [1], [2], [0], [0.2], [0]]
    return X, X @ W + rng.normal(size=(n_samples, n_tasks)) + np.arange(n_tasks)


@pytest.fixture
def X():
    return problem()[0]


@pytest.fixture
def Y():
    return problem()[1]


def labels(Y):
    return (np.median(Y, axis=0) < Y).astype(int)


def close(model, other, atol=1e-5):
    """Coefficients are only as exact as the root of the gap."""
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=0, atol=atol)
    np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=0, atol=10 * atol)


# ------------------------------------------------ special cases


@pytest.mark.parametrize("groups", [None, range(6), list("zyxwvu")])
def test_groups_of_one_feature_are_the_multi_task_lasso(X, Y, groups):
    model = MultiTaskGroupLasso(0.3, groups=groups, **TIGHT).fit(X, Y)
    close(model, MultiTaskLasso(0.3, **TIGHT).fit(X, Y))


def test_one_group_is_a_frobenius_norm(X, Y):
    """Its minimum is that of a ridge of the strength alpha / ||W||."""
    model = MultiTaskGroupLasso(0.4, groups=[0] * 6, group_weight=None, **TIGHT).fit(X, Y)
    ridge = 0.4 / np.linalg.norm(model.coef_)
    close(model, MultiTaskElasticNet(ridge, l1_ratio=0.0, tol=1e-14).fit(X, Y))


def test_of_one_task_it_is_the_group_lasso(X, Y):
    y = Y[:, :1]
    alpha = 0.3
    model = MultiTaskGroupLasso(alpha, groups=GROUPS, **TIGHT).fit(X, y)
    Xc = X - X.mean(axis=0)
    yc = (y - y.mean(axis=0)).ravel()

    def objective(w):
        norms = [np.sqrt(2) * np.linalg.norm(w[g == GROUPS]) for g in range(3)]
        return np.mean((yc - Xc @ w) ** 2) / 2 + alpha * sum(norms)

    found = minimize(objective, model.coef_[0] + 0.01, method="Powell", tol=1e-14)
    assert model.objective_ == pytest.approx(objective(model.coef_[0]), rel=1e-10)
    assert model.objective_ <= found.fun + 1e-12


def test_the_optimality_conditions_hold_group_by_group(X, Y):
    alpha = 0.35
    model = MultiTaskGroupLasso(alpha, groups=GROUPS, **TIGHT).fit(X, Y)
    residual = Y - model.predict(X)
    G = (X - X.mean(axis=0)).T @ residual / len(X)
    for g in range(3):
        own = model.coef_.T[g == GROUPS]
        bound = alpha * np.sqrt(len(own))
        if own.any():
            expected = bound * own / np.linalg.norm(own)
            np.testing.assert_allclose(G[g == GROUPS], expected, atol=1e-6)
        else:
            assert np.linalg.norm(G[g == GROUPS]) <= bound * (1 + 1e-6)
    emptied = [not model.coef_.T[g == GROUPS].any() for g in range(3)]
    assert emptied == [False, False, True]


def test_an_unpenalized_group_is_least_squares_where_the_others_vanish(X, Y):
    weight = {0: 1.0, 1: 0.0, 2: 1.0}
    model = MultiTaskGroupLasso(1e4, groups=GROUPS, group_weight=weight, **TIGHT).fit(X, Y)
    own = GROUPS == 1
    expected = LinearRegression().fit(X[:, own], Y)
    np.testing.assert_allclose(model.coef_[:, own], expected.coef_, atol=1e-5)
    assert not model.coef_[:, ~own].any()


def test_weights_of_groups_are_strengths(X, Y):
    halved = MultiTaskGroupLasso(0.6, groups=GROUPS, group_weight={0: 0.5, 1: 0.5, 2: 0.5}, **TIGHT)
    close(
        halved.fit(X, Y),
        MultiTaskGroupLasso(0.3, groups=GROUPS, group_weight=None, **TIGHT).fit(X, Y),
    )


def test_alpha_max_is_tight(X, Y):
    largest = alpha_max(X, Y, estimator=MultiTaskGroupLasso(groups=GROUPS))
    below = MultiTaskGroupLasso(0.999 * largest, groups=GROUPS, **TIGHT).fit(X, Y)
    above = MultiTaskGroupLasso(1.001 * largest, groups=GROUPS).fit(X, Y)
    assert below.coef_.any()
    assert not above.coef_.any()


# ------------------------------------------------ forms of data, paths, other losses


def test_all_forms_of_data_agree(X, Y):
    model = MultiTaskGroupLasso(0.3, groups=GROUPS, **TIGHT)
    wide = model.fit(X, Y).coef_
    stacked = np.vstack([np.column_stack([X, np.full(len(X), t)]) for t in range(3)])
    long = MultiTaskGroupLasso(0.3, groups=GROUPS, task_column=-1, **TIGHT)
    tasks = np.repeat(range(3), len(X))
    for fitted in (
        MultiTaskGroupLasso(0.3, groups=GROUPS, **TIGHT).fit(sparse.csr_array(X), Y),
        MultiTaskGroupLasso(0.3, groups=GROUPS, **TIGHT).fit(
            np.tile(X, (3, 1)), Y.T.ravel(), tasks=tasks
        ),
        long.fit(stacked, Y.T.ravel()),
    ):
        np.testing.assert_allclose(fitted.coef_, wide, atol=1e-6)


def test_weights_of_samples_are_repetitions(X, Y):
    counts = np.arange(len(X)) % 3
    model = MultiTaskGroupLasso(0.3, groups=GROUPS, **TIGHT)
    repeated = model.fit(np.repeat(X, counts, axis=0), np.repeat(Y, counts, axis=0)).coef_
    weighted = model.fit(X, Y, sample_weight=counts).coef_
    np.testing.assert_allclose(weighted, repeated, atol=1e-6)


def test_a_path_is_its_fits(X, Y):
    alphas = [0.5, 0.2, 0.05]
    model = MultiTaskGroupLasso(groups=GROUPS, **TIGHT)
    path = multi_task_path(X, Y, estimator=model, alphas=alphas, **TIGHT)
    for k, alpha in enumerate(alphas):
        expected = MultiTaskGroupLasso(alpha, groups=GROUPS, **TIGHT).fit(X, Y).coef_
        np.testing.assert_allclose(path.coefs[:, :, k], expected, atol=1e-5)


def test_cross_validation_of_single_features_is_that_of_the_lasso(X, Y):
    alphas = [0.5, 0.2, 0.05]
    search = MultiTaskGroupLassoCV(alphas=alphas, groups=range(6), cv=3, **TIGHT).fit(X, Y)
    expected = MultiTaskLassoCV(alphas=alphas, cv=3, **TIGHT).fit(X, Y)
    np.testing.assert_allclose(search.mse_path_, expected.mse_path_, rtol=1e-5)
    assert search.alpha_ == expected.alpha_


def test_classifiers_of_single_features_are_the_lasso(X, Y):
    model = MultiTaskGroupLassoClassifier(0.03, groups=range(6), tol=1e-10).fit(X, labels(Y))
    close(model, MultiTaskLassoClassifier(0.03, tol=1e-10).fit(X, labels(Y)), atol=1e-4)


def test_classifiers_select_groups(X, Y):
    search = MultiTaskGroupLassoClassifierCV(alphas=[0.3, 0.1], groups=GROUPS, cv=2)
    search.fit(X, labels(Y))
    of_groups = [search.coef_[:, g == GROUPS].any(axis=0) for g in range(3)]
    assert all(own.all() or not own.any() for own in of_groups)
    assert search.best_estimator_.optimality_ <= search.tol


# ------------------------------------------------ labels and weights by name


@pytest.mark.parametrize("order", [NAMES, NAMES[::-1]])
@pytest.mark.parametrize("kind", [dict, pd.Series])
def test_labels_go_by_the_names_of_features(X, Y, order, kind):
    expected = MultiTaskGroupLasso(0.3, groups=GROUPS, **TIGHT).fit(X, Y).coef_
    groups = kind({name: GROUPS[NAMES.index(name)] for name in order})
    frame = pd.DataFrame(X, columns=NAMES)
    frame.insert(2, "task", 0)
    for model in (
        MultiTaskGroupLasso(0.3, groups=groups, **TIGHT),
        MultiTaskGroupLassoCV(alphas=[0.3], groups=groups, cv=2, **TIGHT),
        MultiTaskRegressor(GroupNorm(0.3 * np.sqrt(2), groups), **TIGHT),
        MultiTaskRegressor(
            FeatureGroups({g: GroupNorm(0.3 * np.sqrt(2), [0, 0]) for g in range(3)}, groups),
            **TIGHT,
        ),
    ):
        fitted = model.fit(frame.drop(columns="task"), Y).coef_
        np.testing.assert_allclose(fitted, expected, atol=1e-6)
    one = MultiTaskGroupLasso(0.3, groups=groups, task_column="task").fit(frame, Y[:, 0])
    assert one.coef_.shape == (1, 6)


def test_mixed_tasks_take_groups_by_name(X, Y):
    frame = pd.DataFrame(X, columns=NAMES)
    targets = pd.DataFrame({"length": Y[:, 0], "kind": labels(Y)[:, 1]})
    groups = dict(zip(NAMES[::-1], GROUPS[::-1], strict=True))
    by_name = MultiTaskMixed(penalty=GroupNorm(0.1, groups)).fit(frame, targets)
    by_position = MultiTaskMixed(penalty=GroupNorm(0.1, GROUPS)).fit(X, targets)
    for coef, expected in zip(by_name.coef_, by_position.coef_, strict=True):
        np.testing.assert_allclose(coef, expected, atol=1e-10)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"groups": [0, 1]}, "groups has 2 labels, but there are 6 features"),
        ({"groups": [[0, 1]]}, "groups has shape"),
        ({"groups": ["a", "b", "a", "b", "a", None]}, r"no label \(NaN or None\)"),
        ({"groups": [0, 1, 2, 3, 4, np.nan]}, r"no label \(NaN or None\)"),
        ({"groups": {"a": 0}}, "which are no features"),
        ({"groups": {0: 0, 1: 0}}, r"no entry for feature\(s\) \[2, 3, 4, 5\]"),
        ({"groups": GROUPS, "group_weight": {0: 1.0}}, r"no entry for the group\(s\) \[1, 2\]"),
        ({"groups": GROUPS, "group_weight": dict.fromkeys(range(4), 1.0)}, "are no groups"),
        ({"groups": GROUPS, "group_weight": {0: -1.0, 1: 1.0, 2: 1.0}}, "at least 0"),
        ({"groups": GROUPS, "group_weight": "size"}, "'sqrt_size'"),
        ({"group_weight": {0: 1.0}}, "needs groups"),
    ],
)
def test_what_are_no_groups_is_refused(X, Y, params, message):
    with pytest.raises(ValueError, match=message):
        MultiTaskGroupLasso(**params).fit(X, Y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"group_weight": [1.0, 2.0, 3.0]}, "dict or Series of weights by label"),
        ({"group_weight": {0: 1.0, 1: 1.0, 2: "2"}}, "must hold numbers"),
        ({"groups": ["a", "b", "a", "b", 1, 1]}, "groups mixes types"),
    ],
)
def test_labels_have_one_type_and_weights_are_numbers_by_label(X, Y, params, message):
    with pytest.raises(TypeError, match=message):
        MultiTaskGroupLasso(**{"groups": GROUPS, **params}).fit(X, Y)


def test_a_group_has_one_weight(X, Y):
    weight = pd.Series([1.0, 1.0, 1.0, 2.0], index=[0, 1, 2, 2])
    with pytest.raises(ValueError, match=r"group_weight names \[2\] more than once"):
        MultiTaskGroupLasso(groups=GROUPS, group_weight=weight).fit(X, Y)


# ------------------------------------------------ another penalty for each group


def test_one_penalty_for_all_groups_is_that_penalty(X, Y):
    every = FeatureGroups(dict.fromkeys(range(3), L21(0.3)), GROUPS)
    close(MultiTaskRegressor(every, **TIGHT).fit(X, Y), MultiTaskLasso(0.3, **TIGHT).fit(X, Y))


def test_a_single_group_is_its_penalty(X, Y):
    every = FeatureGroups({"all": TraceNorm(0.3)}, ["all"] * 6)
    model = MultiTaskRegressor(every, **TIGHT).fit(X, Y)
    close(model, TraceNormRegressor(0.3, **TIGHT).fit(X, Y))


def test_strengths_of_groups_are_weights_of_features(X, Y):
    strengths = np.array([0.1, 0.3, 0.0])
    own = FeatureGroups({0: L21(0.1), 1: L21(0.3), 2: None}, GROUPS)
    model = MultiTaskRegressor(own, **TIGHT).fit(X, Y)
    close(model, MultiTaskLasso(1.0, feature_weight=strengths[GROUPS], **TIGHT).fit(X, Y))


@pytest.mark.parametrize("none", [L1(0.0), L21(0.0), Ridge(0.0), TraceNorm(0.0)])
def test_a_penalty_of_strength_zero_is_none(X, Y, none):
    models = []
    for last in (none, None):
        own = FeatureGroups({0: Ridge(0.4), 1: L1(0.3), 2: last}, GROUPS)
        models.append(MultiTaskRegressor(own, **TIGHT).fit(X, Y))
    close(*models)


def test_each_group_meets_the_conditions_of_its_penalty(X, Y):
    own = FeatureGroups({0: Ridge(0.4), 1: L21(0.3), 2: TraceNorm(0.2)}, GROUPS)
    model = MultiTaskRegressor(own, **TIGHT).fit(X, Y)
    W = model.coef_.T
    residual = Y - model.predict(X)
    G = (X - X.mean(axis=0)).T @ residual / len(X)
    np.testing.assert_allclose(G[GROUPS == 0], 0.4 * W[GROUPS == 0], atol=1e-6)
    for w, g in zip(W[GROUPS == 1], G[GROUPS == 1], strict=True):
        np.testing.assert_allclose(g, 0.3 * w / np.linalg.norm(w), atol=1e-6)
    s = np.linalg.svd(G[GROUPS == 2], compute_uv=False)
    assert s[0] <= 0.2 * (1 + 1e-6)
    inner = np.vdot(G[GROUPS == 2], W[GROUPS == 2])
    assert inner == pytest.approx(0.2 * np.linalg.svd(W[GROUPS == 2])[1].sum(), abs=1e-6)


def test_penalties_of_groups_add_up(X, Y):
    first = FeatureGroups({0: L1(0.1), 1: None, 2: TraceNorm(0.2)}, GROUPS)
    second = FeatureGroups({0: L1(0.2), 1: L1(0.3), 2: L1(0.3)}, GROUPS)
    model = MultiTaskRegressor(first + second + Ridge(0.1), tol=1e-9, max_iter=20_000).fit(X, Y)
    assert model.optimality_ <= 1e-9
    both = FeatureGroups({0: L1(0.3), 1: L1(0.3), 2: L1(0.3)}, GROUPS)
    trace = FeatureGroups({0: None, 1: None, 2: TraceNorm(0.2)}, GROUPS)
    other = MultiTaskRegressor(both + trace + Ridge(0.1), tol=1e-9, max_iter=20_000).fit(X, Y)
    close(model, other, atol=1e-3)
    assert model.objective_ == pytest.approx(other.objective_, rel=1e-7)


def test_classifiers_of_several_classes_take_penalties_of_groups(X, Y):
    classes = labels(Y) + (X[:, [0]] > 1)
    own = FeatureGroups({0: None, 1: L21(0.05), 2: TraceNorm(0.05)}, GROUPS)
    model = MultiTaskClassifier(own, tol=1e-7).fit(X, classes)
    assert model.coef_.shape == (3, 3, 6)
    assert model.optimality_ <= 1e-7


def test_penalties_of_groups_may_be_searched(X, Y):
    penalties = [FeatureGroups({0: None, 1: L21(a), 2: L21(a)}, GROUPS) for a in (0.1, 10.0)]
    search = MultiTaskCV(MultiTaskRegressor(L1(1.0)), {"penalty": penalties}, cv=3).fit(X, Y)
    assert search.best_params_["penalty"] is penalties[0]


def test_weights_of_groups_may_be_searched(X, Y):
    weights = [dict.fromkeys(range(3), u) for u in (1.0, 100.0)]
    model = MultiTaskGroupLasso(0.1, groups=GROUPS)
    search = MultiTaskCV(model, {"group_weight": weights}, cv=3).fit(X, Y)
    assert search.best_params_["group_weight"] is weights[0]


def test_with_a_coupling_of_tasks_every_group_needs_a_penalty(X, Y):
    own = FeatureGroups({0: L1(0.1), 1: L1(0.1), 2: None}, GROUPS)
    with pytest.raises(ValueError, match="or their group a small penalty"):
        MultiTaskRegressor(own + TaskCoupling(1.0, 3 * np.eye(3) - 1)).fit(X, Y)


@pytest.mark.parametrize(
    ("penalties", "error", "message"),
    [
        ({0: L1(1.0), 1: L1(1.0)}, ValueError, r"no entry for the group\(s\) \[2\]"),
        (dict.fromkeys(range(4)), ValueError, r"entries for \[3\], which are no groups"),
        ({0: 1.0, 1: None, 2: None}, TypeError, "must be a Penalty or None"),
        ({0: L1(1.0) + Ridge(1.0), 1: None, 2: None}, TypeError, "must be a single one"),
        ({0: TaskCoupling(1.0, np.eye(3)), 1: None, 2: None}, TypeError, "couples tasks"),
        ({0: L21(1.0, positive=True), 1: L1(1.0), 2: None}, ValueError, "or none is"),
    ],
)
def test_what_is_no_penalty_of_groups_is_refused(penalties, error, message):
    with pytest.raises(error, match=message):
        FeatureGroups(penalties, GROUPS)


@pytest.mark.parametrize(
    "penalty",
    [
        GroupNorm(1.0, {"a": 0, "b": 1}, {0: 1.0, 1: 2.0}),
        FeatureGroups({0: L1(1.0), 1: None}, {"a": 0, "b": 1}),
    ],
    ids=["GroupNorm", "FeatureGroups"],
)
def test_penalties_alone_do_not_know_the_names_of_features(penalty):
    with pytest.raises(TypeError, match="groups has the names of features"):
        penalty.value(np.ones((2, 3)))


# ------------------------------------------------ what sums say of themselves


def test_a_sum_is_positive_if_a_term_is():
    assert (L21(0.1, positive=True) + TraceNorm(0.1)).positive
    assert not (L21(0.1) + TraceNorm(0.1)).positive


@pytest.mark.parametrize("method", ["dual_norm", "conjugate"])
def test_a_sum_says_that_its_terms_share_the_dual(method):
    with pytest.raises(NotImplementedError, match="its terms share"):
        getattr(L21(0.1) + TraceNorm(0.1), method)(np.ones((2, 3)))
