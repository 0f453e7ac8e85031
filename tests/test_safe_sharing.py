"""Stacks of models that share and models that do not."""

from itertools import combinations

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    RidgeCV,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressor,
    MixedEffectsRegressor,
    MultiTaskCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    PooledTasks,
    RandomInterceptTasks,
    SafeSharingClassifier,
    SafeSharingRegressor,
    TaskStratifiedKFold,
    compare_to_single_task,
    keep_task_column,
    model_size,
)
from skmtl.inspection.coefficients import task_coefficients
from skmtl.meta._default_members import default_classifiers, default_regressors
from skmtl.meta._log_weights import LogProblems, log_minima
from skmtl.meta._squared_evidence import SquaredEvidence
from skmtl.meta._stack import Prior, fit_stack
from skmtl.meta._stack_weights import Problems, simplex_minima
from skmtl.meta.chosen_strengths import with_chosen_strengths

T, N, P = 4, 15, 3
ROWS = np.arange(T * N)
TASKS = np.repeat(np.arange(T), N)
FOLDS = [(ROWS[k != ROWS % 3], ROWS[k == ROWS % 3]) for k in range(3)]
NUMBERS = {"alone": Ridge(), "pooled": PooledTasks(Ridge()), "lasso": MultiTaskLasso(0.1)}
LABELS = {"alone": LogisticRegression(), "pooled": PooledTasks(LogisticRegression())}
REGRESSOR = SafeSharingRegressor(NUMBERS, cv=FOLDS)
CLASSIFIER = SafeSharingClassifier(LABELS, cv=FOLDS)
BOTH = pytest.mark.parametrize("stack", [REGRESSOR, CLASSIFIER], ids=["numbers", "classes"])


def made(*, similar=0.5, seed=0, classes=False):
    """Features, and targets of tasks whose coefficients are partly the same."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((T * N, P))
    coef = rng.standard_normal(P) + (1 - similar) * rng.standard_normal((T, P))
    y = np.sum(X * coef[TASKS], axis=1) + rng.standard_normal(T * N)
    if classes:
        y = np.where(y > 0, "yes", "no")
    return X, y


def data_for(stack, **options):
    return made(classes=is_classifier(stack), **options)


def fitted(stack, X, y, **params):
    return clone(stack).set_params(**params).fit(X, y, tasks=TASKS)


def output(model, X, tasks=TASKS):
    method = model.predict_proba if is_classifier(model) else model.predict
    return method(X, tasks=tasks)


# Weights


@pytest.mark.parametrize("rank", [2, 30])
def test_minima_on_the_simplex_are_those_of_the_best_support(rank):
    rng = np.random.default_rng(0)
    half = rng.standard_normal((40, rank, 4)) * np.exp(2 * rng.standard_normal(4))
    A = half.transpose(0, 2, 1) @ half
    b = rng.standard_normal((40, 4)) * A.max(axis=(1, 2))[:, None]
    w = simplex_minima(A, b)
    assert (w >= 0).all()
    np.testing.assert_allclose(w.sum(axis=1), 1.0, rtol=1e-14)
    gaps = Problems(A, b).duality_gaps(w)
    assert (gaps <= 1e-9 * np.abs(A).max(axis=(1, 2))).all()
    for k in range(len(A)):
        smallest = w[k] @ A[k] @ w[k] - 2 * b[k] @ w[k]
        for value in values_of_supports(A[k], b[k]):
            assert smallest <= value + 1e-9 * np.abs(A[k]).max()


def values_of_supports(A, b):
    """Objectives of the minima over the affine hulls of coordinates that are in the simplex."""
    n = len(b)
    for size in range(1, n + 1):
        for chosen in map(list, combinations(range(n), size)):
            system = np.ones((size + 1, size + 1))
            system[:size, :size] = A[np.ix_(chosen, chosen)]
            system[size, size] = 0.0
            w = np.linalg.lstsq(system, [*b[chosen], 1.0], rcond=None)[0][:size]
            if (w >= 0).all() and abs(w.sum() - 1) < 1e-8:
                yield w @ A[np.ix_(chosen, chosen)] @ w - 2 * b[chosen] @ w


def test_log_losses_are_minimal_on_the_simplex():
    rng = np.random.default_rng(0)
    probabilities = rng.beta(2, 1, (90, 3)).clip(1e-6)
    pull = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 3.0]])
    center = np.array([0.2, 0.3, 0.5])
    groups = np.repeat([0, 1], [40, 50])
    problems = LogProblems(probabilities, rng.uniform(size=90), groups, 2, pull, center)
    w = log_minima(problems)
    gradients, _ = problems.derivatives(w)
    gaps = np.sum(gradients * w, axis=1) - gradients.min(axis=1)
    assert (gaps < 1e-6).all()
    for g in range(2):

        def objective(v, g=g):
            return problems.values(np.tile(v, (2, 1)))[g]

        found = minimize(
            objective,
            np.full(3, 1 / 3),
            method="SLSQP",
            bounds=[(0, 1)] * 3,
            constraints={"type": "eq", "fun": lambda v: v.sum() - 1},
            options={"ftol": 1e-12},
        )
        assert objective(w[g]) <= found.fun + 1e-8


@BOTH
def test_weights_are_non_negative_and_sum_to_one(stack):
    model = fitted(stack, *data_for(stack))
    weights = np.vstack([model.weights_, model.common_weights_])
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)


@BOTH
def test_a_library_of_one_is_that_model(stack):
    X, y = data_for(stack)
    name, member = list(dict(stack.estimators).items())[1]
    model = fitted(stack, X, y, estimators=[(name, member)])
    alone = clone(member).fit(X, y, tasks=TASKS)
    np.testing.assert_allclose(output(model, X), output(alone, X), rtol=1e-12)
    np.testing.assert_array_equal(model.weights_, np.ones((T, 1)))


@BOTH
def test_a_duplicated_member_changes_nothing_without_a_prior(stack):
    X, y = data_for(stack)
    once = fitted(stack, X, y, prior=0)
    members = {**stack.estimators, "again": stack.estimators["pooled"]}
    twice = fitted(stack, X, y, prior=0, estimators=members)
    np.testing.assert_allclose(output(twice, X), output(once, X), rtol=1e-4)


@BOTH
def test_a_prior_of_many_rows_weighs_all_members_alike(stack):
    X, y = data_for(stack)
    model = fitted(stack, X, y, prior=1e9, task_weights="common")
    even = 1 / len(stack.estimators)
    np.testing.assert_allclose(model.weights_, even, atol=1e-5)


@BOTH
def test_tasks_have_the_common_weights_if_told_so(stack):
    X, y = data_for(stack)
    model = fitted(stack, X, y, task_weights="common")
    assert np.isinf(model.shrinkage_)
    np.testing.assert_array_equal(model.weights_, np.tile(model.common_weights_, (T, 1)))
    shrunk = fitted(stack, X, y)
    np.testing.assert_array_equal(shrunk.common_weights_, model.common_weights_)


@pytest.mark.parametrize("factor", [1, 3], ids=["alike", "different"])
def test_tasks_have_weights_of_their_own_where_members_suit_different_ones(factor):
    rng = np.random.default_rng(0)
    residuals = rng.standard_normal((8, 5, 100, 2))
    residuals[:4, ..., 1] *= factor
    residuals[4:, ..., 0] *= factor
    grams = np.swapaxes(residuals, 2, 3) @ residuals
    evidence = SquaredEvidence(grams, scale=np.ones(8))
    stack = fit_stack(evidence, Prior(30.0, np.array([0.5, 0.5])), shrinks=True)
    if factor == 1:
        assert np.isinf(stack.shrinkage)
    else:
        np.testing.assert_allclose(stack.by_task[:4, 0], 0.9, atol=0.1)
        np.testing.assert_allclose(stack.by_task[4:, 1], 0.9, atol=0.1)


def test_a_nearly_noiseless_task_keeps_its_model():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((T * N, P))
    coef = rng.standard_normal((T, P))
    noise = np.where(TASKS == 0, 1e-4, 3.0) * rng.standard_normal(T * N)
    y = np.sum(X * coef[TASKS], axis=1) + noise
    members = {"alone": LinearRegression(), "pooled": PooledTasks(LinearRegression())}
    model = SafeSharingRegressor(members, cv=FOLDS).fit(X, y, tasks=TASKS)
    error = np.abs(model.predict(X, tasks=TASKS) - y)[TASKS == 0]
    assert error.max() < 0.01


# Equivalences


def test_predictions_follow_the_units_of_y():
    X, y = made()
    members = {name: one for name, one in NUMBERS.items() if name != "lasso"}
    model = fitted(REGRESSOR, X, y, estimators=members)
    other = fitted(REGRESSOR, X, 1e3 * y + 5, estimators=members)
    np.testing.assert_allclose(output(other, X), 1e3 * output(model, X) + 5, rtol=1e-8)
    np.testing.assert_allclose(other.weights_, model.weights_, atol=1e-8)


@BOTH
def test_the_order_of_rows_and_the_names_of_tasks_change_nothing(stack):
    X, y = data_for(stack)
    order = np.random.default_rng(0).permutation(T * N)
    names = np.array(["d", "b", "c", "a"])
    position = np.argsort(order)
    folds = [(position[train], position[test]) for train, test in FOLDS]
    model = fitted(stack, X, y)
    moved = clone(stack).set_params(cv=folds)
    moved.fit(X[order], y[order], tasks=names[TASKS[order]])
    actual = output(moved, X, names[TASKS])
    np.testing.assert_allclose(actual, output(model, X), rtol=1e-6)
    by_name = dict(zip(moved.tasks_, moved.weights_, strict=True))
    np.testing.assert_allclose([by_name[name] for name in names], model.weights_, atol=1e-6)


@BOTH
def test_wide_and_long_data_of_the_same_folds_give_the_same_stack(stack):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, P))
    Y = X @ rng.standard_normal((P, T)) + 0.5 * rng.standard_normal((N, T))
    if is_classifier(stack):
        Y = (Y > 0).astype(int)
    rows = np.arange(N)
    wide_folds = [(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3)]
    wide = clone(stack).set_params(cv=wide_folds).fit(X, Y)
    long = fitted(stack, np.tile(X, (T, 1)), Y.T.ravel())  # N is a multiple of 3
    np.testing.assert_allclose(wide.weights_, long.weights_, atol=1e-5)
    assert wide.shrinkage_ == long.shrinkage_
    held_out = wide.oof_prediction_
    if is_classifier(stack):
        held_out = np.column_stack([of_task[:, 1] for of_task in held_out])
        np.testing.assert_allclose(held_out.T.ravel(), long.oof_prediction_[:, 1], rtol=1e-5)
    else:
        np.testing.assert_allclose(held_out.T.ravel(), long.oof_prediction_, rtol=1e-5)


@BOTH
def test_a_weight_of_two_is_the_same_as_the_sample_twice(stack):
    X, y = data_for(stack)
    members = {"alone": stack.estimators["alone"], "pooled": stack.estimators["pooled"]}
    stack = clone(stack).set_params(estimators=members)
    weight = 1 + (ROWS % 2)
    rows = np.repeat(ROWS, weight)
    folds = []
    for train, test in FOLDS:
        pair = (np.flatnonzero(np.isin(rows, train)), np.flatnonzero(np.isin(rows, test)))
        folds.append(pair)
    weighted = clone(stack).fit(X, y, weight, tasks=TASKS)
    repeated = clone(stack).set_params(cv=folds).fit(X[rows], y[rows], tasks=TASKS[rows])
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, atol=1e-4)
    np.testing.assert_allclose(output(weighted, X), output(repeated, X), rtol=1e-3)


# Out-of-fold predictions


def test_held_out_predictions_are_those_of_models_fitted_without_the_fold():
    X, y = made()
    chooses = RidgeCV([0.01, 1.0, 100.0])
    model = fitted(REGRESSOR, X, y, estimators={"alone": chooses})
    expected = np.empty(T * N)
    for train, test in FOLDS:
        fold = IndependentTasks(chooses).fit(X[train], y[train], tasks=TASKS[train])
        expected[test] = fold.predict(X[test], tasks=TASKS[test])
    np.testing.assert_allclose(model.oof_prediction_, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (PooledTasks(RidgeCV([0.1, 9.0])), {"estimator__alpha"}),
        (PooledTasks(make_pipeline(StandardScaler(), RidgeCV([0.1, 9.0]))), {"estimator__ridgecv"}),
        (RandomInterceptTasks(RidgeCV([0.1, 9.0]), scales=[0.5, 2.0]), {"scales"}),
        (MultiTaskLassoCV(alphas=[0.3, 0.01]), {"alpha"}),
        (MultiTaskCV(MeanRegularizedRegressor(), {"alpha": [0.3, 0.01]}), {"alpha"}),
    ],
    ids=["pooled", "steps", "intercepts", "lasso", "search"],
)
def test_models_of_all_tasks_keep_the_strengths_they_chose(model, expected):
    X, y = made()
    chosen = clone(model).fit(X, y, tasks=TASKS)
    again = with_chosen_strengths(chosen)
    assert expected <= set(again.get_params())
    fixed = again.fit(X, y, tasks=TASKS)
    np.testing.assert_allclose(
        fixed.predict(X, tasks=TASKS), chosen.predict(X, tasks=TASKS), rtol=1e-3, atol=1e-3
    )
    if "scales" in expected:
        assert fixed.scales == [chosen.scale_]
    elif "estimator__ridgecv" in expected:
        assert isinstance(again.estimator["ridgecv"], Ridge)


@pytest.mark.parametrize("deviations", ["normal", "t"])
def test_mixed_effects_of_one_variance_keep_it_for_other_samples_and_tasks(deviations):
    X, y = made()
    options = {"deviations": deviations, "task_noise": "own", "tol": 1e-8, "max_iter": 1000}
    chosen = MixedEffectsRegressor("isotropic", **options).fit(X, y, tasks=TASKS)
    again = clone(with_chosen_strengths(chosen))
    again.fit(X, y, tasks=TASKS)
    np.testing.assert_allclose(again.coef_, chosen.coef_, atol=0.02)
    kept = TASKS > 0
    again.fit(X[kept], y[kept], tasks=TASKS[kept])
    np.testing.assert_array_equal(again.tasks_, [1, 2, 3])
    ratio = again._posterior.parameters / chosen._posterior.parameters
    np.testing.assert_array_equal(ratio, 1.0)
    for value in (again.coef_, again.intercept_, again.task_noise_):
        assert np.isfinite(value).all()


def test_mixed_effects_follow_a_nearly_noiseless_task_in_other_samples_too():
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(8), 20)
    X = rng.standard_normal((160, 5))
    coef = rng.standard_normal((8, 5))
    noise = np.where(tasks == 2, 1e-3, 1.0)
    y = np.sum(X * coef[tasks], axis=1) + noise * rng.standard_normal(160)
    chosen = MixedEffectsRegressor("isotropic", tol=1e-2).fit(X, y, tasks=tasks)
    kept = np.arange(160) % 5 > 0
    again = with_chosen_strengths(chosen).fit(X[kept], y[kept], tasks=tasks[kept])
    np.testing.assert_allclose(again.coef_[2], coef[2], atol=2e-3)


def test_mixed_effects_of_a_variance_for_each_feature_search_it_anew():
    X, y = made()
    fit = {"X": X[::2], "y": y[::2], "tasks": TASKS[::2]}
    chosen = MixedEffectsRegressor("diagonal").fit(X, y, tasks=TASKS)
    again = with_chosen_strengths(chosen).fit(**fit)
    new = MixedEffectsRegressor("diagonal").fit(**fit)
    np.testing.assert_array_equal(again.coef_, new.coef_)


def test_a_task_that_a_fold_does_not_train_on_is_predicted_by_the_others():
    X, y = made()
    tasks = TASKS.copy()
    tasks[0] = 9  # of one row
    long = SafeSharingRegressor(NUMBERS).fit(X, y, tasks=tasks)
    assert np.isfinite(long.oof_prediction_).all()
    assert np.isfinite(long.weights_).all()
    Y = np.full((T * N, T + 1), np.nan)
    Y[ROWS, np.searchsorted(long.tasks_, tasks)] = y
    wide = SafeSharingRegressor(NUMBERS, cv=FOLDS).fit(X, Y)
    assert np.isfinite(wide.oof_prediction_).all()


def test_samples_without_a_label_are_predicted_and_not_learned_from():
    X, y = made()
    Y = np.column_stack([y, -y])
    Y[5] = np.nan
    kept = np.arange(T * N) != 5
    model = SafeSharingRegressor({"alone": Ridge(), "lasso": MultiTaskLasso(0.1)}).fit(X, Y)
    without = clone(model).fit(X[kept], Y[kept])
    np.testing.assert_allclose(model.weights_, without.weights_, atol=1e-8)
    assert np.isfinite(model.oof_prediction_).all()


# What is reported


def test_the_gain_is_over_the_stack_of_members_alone():
    X, y = made(similar=1.0)
    model = fitted(REGRESSOR, X, y, task_weights="common")
    assert model.gain_.shape == (T,)
    assert model.gain_.mean() > 0
    for names in (["alone"], ["pooled", "lasso"]):
        members = {name: NUMBERS[name] for name in names}
        assert fitted(REGRESSOR, X, y, estimators=members).gain_ is None


@pytest.mark.parametrize("constant", [0.0, 3.3, 1e6])
def test_the_gain_of_a_task_that_is_predicted_exactly_alone_is_none(constant):
    X, y = made()
    y[TASKS == 1] = constant
    gain = fitted(REGRESSOR, X, y).gain_
    assert gain[1] == 0.0
    assert (np.delete(gain, 1) != 0.0).all()


def test_the_gain_of_a_task_whose_classes_are_sure_alone_is_none():
    X, y = made(classes=True)
    X[:, 0] += 1e4 * np.where(TASKS == 1, np.where(y == "yes", 1, -1), 0)
    members = {"alone": LogisticRegression(), "pooled": PooledTasks(DummyClassifier())}
    model = SafeSharingClassifier(members, cv=FOLDS, prior=0).fit(X, y, tasks=TASKS)
    assert model.gain_[1] == 0.0


def test_new_tasks_are_predicted_with_the_common_weights():
    X, y = made()
    model = fitted(REGRESSOR, X, y, handle_unknown="shared")
    new = np.full(len(X), 7)
    parts = [one.predict(X, tasks=new) for one in model.estimators_]
    expected = np.column_stack(parts) @ model.common_weights_
    np.testing.assert_allclose(model.predict(X, tasks=new), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="7"):
        fitted(REGRESSOR, X, y).predict(X, tasks=new)


def test_every_task_is_predicted_for_every_sample():
    X, y = made()
    model = fitted(REGRESSOR, X, y)
    columns = [model.predict(X, tasks=np.full(len(X), t)) for t in range(T)]
    np.testing.assert_allclose(model.predict_all_tasks(X), np.column_stack(columns), rtol=1e-10)


def test_members_that_did_not_converge_are_named_in_one_warning():
    X, y = made()
    members = {"slow": Lasso(1e-4, max_iter=1, tol=1e-12), "fine": PooledTasks(Ridge())}
    with pytest.warns(ConvergenceWarning) as caught:
        fitted(REGRESSOR, X, y, estimators=members)
    assert len(caught) == 1
    assert "of slow" in str(caught[0].message)
    assert "fine" not in str(caught[0].message)
    assert caught[0].filename == __file__


def test_a_stack_is_compared_with_the_stack_of_its_members_alone():
    X, y = made()
    report = compare_to_single_task(
        clone(REGRESSOR).set_params(cv=3, task_column=-1),
        np.column_stack([X, TASKS]),
        y,
        cv=TaskStratifiedKFold(2),
    )
    assert np.isfinite(report.table_["gain"]).all()


# Parameters of members


@pytest.mark.parametrize("of_pairs", [dict, list], ids=["dict", "pairs"])
def test_members_and_their_parameters_are_parameters_by_name(of_pairs):
    X, y = made()
    stack = SafeSharingRegressor(of_pairs(NUMBERS.items()), cv=FOLDS)
    changed = clone(stack).set_params(alone__alpha=3.0, pooled__estimator__alpha=4.0)
    params = changed.get_params()
    assert params["alone__alpha"] == 3.0
    assert params["pooled__estimator__alpha"] == 4.0
    assert stack.get_params()["alone__alpha"] == 1.0
    new = {**NUMBERS, "alone": Ridge(3.0), "pooled": PooledTasks(Ridge(4.0))}
    expected = SafeSharingRegressor(new, cv=FOLDS).fit(X, y, tasks=TASKS)
    replaced = clone(changed).set_params(alone=Lasso(), estimators=of_pairs(new.items()))
    assert isinstance(replaced.get_params()["alone"], Lasso)
    assert isinstance(replaced.estimators, of_pairs)
    model = clone(changed).fit(X, y, tasks=TASKS)
    np.testing.assert_array_equal(output(model, X), output(expected, X))
    assert model.named_estimators_.alone is model.estimators_[0]
    assert list(model.named_estimators_) == list(NUMBERS)


def test_parameters_of_members_are_searched():
    X, y = made()
    members = {"alone": Ridge(), "pooled": PooledTasks(Ridge())}
    stack = SafeSharingRegressor(members, cv=2, task_column=-1)
    search = GridSearchCV(stack, {"alone__alpha": [1e-3, 1e6]}, cv=FOLDS)
    search.fit(np.column_stack([X, TASKS]), y)
    assert np.ptp(search.cv_results_["mean_test_score"]) > 0
    assert members["alone"].alpha == 1.0


# Default library


def degenerate(kind):
    """Small data of one kind, and the rows whose predictions must be near their targets."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    tasks = np.repeat(np.arange(4), 10)
    y = X @ [1.0, -1.0, 0.5] + 0.1 * rng.standard_normal(40)
    if kind == "one task":
        tasks[:] = 0
    elif kind == "tasks of one row":
        tasks = np.arange(40) // 10 * 40
        tasks[:4] = np.arange(4) + 1
    elif kind == "constant targets":
        y[:] = 3.0
    elif kind == "a constant task":
        y[:10] = 3.0
    elif kind == "a noiseless task":
        y[:10] = X[:10] @ [1.0, -1.0, 0.5]
    elif kind == "collinear features":
        X[:, 2] = X[:, 1]
        y = X @ [1.0, -1.0, 0.5]
    elif kind == "more features than rows":
        X = np.hstack([X, rng.standard_normal((40, 20))])
    elif kind == "features in other units":
        X = X * [1e-6, 1.0, 1e6]
    elif kind == "a far task":
        y[:10] *= 1000
    elif kind == "features far from zero":
        X = X + 1e4
    return X, y, tasks


@pytest.mark.parametrize(
    "kind",
    [
        *("one task", "tasks of one row", "constant targets", "a constant task"),
        *("a noiseless task", "collinear features", "more features than rows"),
        *("features in other units", "a far task", "features far from zero"),
    ],
)
def test_default_members_take_degenerate_data(kind):
    X, y, tasks = degenerate(kind)
    model = SafeSharingRegressor().fit(X, y, tasks=tasks)
    predicted = model.predict(X, tasks=tasks)
    assert np.isfinite(predicted).all()
    assert np.isfinite(model.weights_).all()
    assert np.isfinite(model.gain_).all()
    for t in np.unique(tasks):
        error = np.std((predicted - y)[tasks == t])
        spread = np.std(y[tasks == t])
        assert error <= max(0.8 * spread, 0.2)


def test_default_members_take_sparse_features_and_weights_as_dense_ones():
    X, y, tasks = degenerate("features in other units")
    weight = np.where(np.arange(len(y)) % 4, 1.0, 2.0)
    dense = SafeSharingRegressor().fit(X, y, tasks=tasks, sample_weight=weight)
    X_sparse = sparse.csr_array(X)
    model = SafeSharingRegressor().fit(X_sparse, y, tasks=tasks, sample_weight=weight)
    np.testing.assert_allclose(model.weights_, dense.weights_, atol=1e-6)
    predicted = model.predict(X_sparse, tasks=tasks)
    np.testing.assert_allclose(predicted, dense.predict(X, tasks=tasks), rtol=1e-6)


@pytest.mark.parametrize("name", ["ridge", "pooled"])
def test_coefficients_of_default_members_are_those_of_the_features_as_given(name):
    X, y = made()
    X = X * [1e-2, 1.0, 1e3]
    member = default_regressors()[name].fit(X, y, tasks=TASKS)
    coefs = np.array(task_coefficients(member))
    effects = member.predict_all_tasks(X) - member.predict_all_tasks(np.zeros((1, P)))
    np.testing.assert_allclose(X @ coefs.T, effects, rtol=1e-8, atol=1e-8)
    rescaled = default_regressors()[name].fit(X * [1e4, 1.0, 1e-4], y, tasks=TASKS)
    dof = model_size(member, X, y, tasks=TASKS).dof
    expected = model_size(rescaled, X * [1e4, 1.0, 1e-4], y, tasks=TASKS).dof
    np.testing.assert_allclose(dof, expected, rtol=1e-8)


@pytest.mark.parametrize("name", ["ridge", "pooled"])
def test_default_classifiers_alone_and_pooled_do_not_see_units_of_features(name):
    X, y = made(classes=True)
    members = [default_classifiers()[name].fit(X * unit, y, tasks=TASKS) for unit in (1.0, 1e-6)]
    expected = members[0].predict_proba(X, tasks=TASKS)
    found = members[1].predict_proba(1e-6 * X, tasks=TASKS)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_default_classifiers_take_a_task_of_one_class():
    X, y = made(classes=True)
    _, y = np.unique(y, return_inverse=True)
    y[TASKS == 0] = 1
    with pytest.warns(UserWarning, match="lack a class"):
        model = SafeSharingClassifier(cv=3).fit(X, y, tasks=TASKS)
    predicted = model.predict_proba(X, tasks=TASKS)
    assert np.isfinite(predicted).all()
    assert np.mean(predicted[TASKS == 0, 1]) > 0.8


def test_default_classifiers_of_three_classes_are_those_that_take_them():
    X, y = made()
    y = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    model = SafeSharingClassifier(cv=2).fit(X, y, tasks=TASKS)
    assert "slopes" not in model.member_names_
    assert model.predict_proba(X, tasks=TASKS).shape == (T * N, 3)


# Messages


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"estimators": [("a", Ridge()), ("a", Ridge())]}, "'a' twice"),
        ({"estimators": []}, "no estimator"),
        ({"estimators": {"cv": Ridge()}}, "'cv'.*choose another"),
        ({"estimators": {"a__b": Ridge()}}, "'a__b'.*choose another"),
        ({"estimators": Ridge()}, "a dict"),
        ({"estimators": {"a": LogisticRegression()}}, "must be a regressor"),
        ({"estimators": {"a": 3}}, "must be an estimator, got 3"),
        ({"prior": -1}, "prior"),
        ({"task_weights": "own"}, "task_weights"),
        ({"cv": [(ROWS[:30], ROWS[30:])]}, "exactly once"),
    ],
)
def test_wrong_parameters_are_named(params, message):
    X, y = made()
    with pytest.raises((TypeError, ValueError), match=message):
        fitted(REGRESSOR, X, y, **params)


PIPELINE = make_pipeline(StandardScaler(), MeanRegularizedRegressor())


def test_a_pipeline_has_a_task_column_of_its_own():
    X, y = made()
    last = MeanRegularizedRegressor(task_column=-1)
    steps = make_pipeline(keep_task_column(StandardScaler(), -1), last)
    members = {"steps": steps, "one": last, "found": clone(last).set_params(task_column=None)}
    stack = SafeSharingRegressor(members, cv=FOLDS, task_column=P)
    model = stack.fit(np.column_stack([X, TASKS]), y)
    predicted = [member.predict(np.column_stack([X, TASKS])) for member in model.estimators_]
    np.testing.assert_allclose(predicted[1], predicted[2])
    assert predicted[0].shape == y.shape
    stack.set_params(steps=PIPELINE)
    with pytest.raises(ValueError, match=r"Member 'steps' is a pipeline.*keep_task_column"):
        stack.fit(np.column_stack([X, TASKS]), y)


@pytest.mark.parametrize(
    "member", [PIPELINE, GridSearchCV(MeanRegularizedRegressor(), {"alpha": [1.0, 2.0]})]
)
def test_task_ids_beside_X_do_not_reach_pipelines_and_searches(member):
    X, y = made()
    with pytest.raises(ValueError, match=r"tasks= does not reach.*'found'.*give task_column"):
        fitted(REGRESSOR, X, y, estimators={"alone": Ridge(), "found": member})


class Unusable(Ridge):
    """A ridge that predicts NaN, or raises."""

    def __init__(self, raises=False):
        super().__init__()
        self.raises = raises

    def fit(self, X, y):
        if self.raises:
            raise ZeroDivisionError("I cannot")
        return super().fit(X, y)

    def predict(self, X):
        return np.full(len(X), np.nan)


@pytest.mark.parametrize("form", ["long", "wide"])
def test_a_member_that_predicts_nan_is_named(form):
    X, y = made()
    Y = np.where(TASKS[:, None] == np.arange(T), y[:, None], np.nan)
    kwargs = {"y": y, "tasks": TASKS} if form == "long" else {"y": Y}
    with pytest.raises(ValueError, match=r"Member 'bad' .* predicts nan for sample\(s\) \[0, 1"):
        SafeSharingRegressor({"good": Ridge(), "bad": Unusable()}).fit(X, **kwargs)


def test_a_member_whose_fit_raises_is_named_in_a_note():
    X, y = made()
    with pytest.raises(ZeroDivisionError, match="I cannot") as caught:
        fitted(REGRESSOR, X, y, estimators={"good": Ridge(), "bad": Unusable(raises=True)})
    assert "member 'bad'" in caught.value.__notes__[-1]


def test_classifiers_without_probabilities_are_refused():
    X, y = made(classes=True)
    members = {"margin": PooledTasks(LogisticRegression()), "none": RidgeClassifier()}
    with pytest.raises(TypeError, match=r"none.*predict_proba"):
        fitted(CLASSIFIER, X, y, estimators=members)
