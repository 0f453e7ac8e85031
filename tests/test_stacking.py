"""MultiTaskStacking: out-of-fold predictions of all tasks as features, and curds and whey."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_backend
from scipy import sparse
from sklearn.cross_decomposition import CCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeCV
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import LinearSVC

from skmtl import (
    IndependentTasks,
    MultiTaskStacking,
    TaskStratifiedKFold,
    make_multitask_classification,
    wide_to_long,
)
from skmtl import make_multitask_regression as make
from skmtl.meta._curds_and_whey import curds_and_whey, shrinkage_of

DATA = make(n_samples=40, n_features=5, n_tasks=3, random_state=0)
HOLES = make(n_samples=40, n_features=5, n_tasks=3, missing=0.2, random_state=0)
LONG_X, LONG_Y = wide_to_long(DATA.X, DATA.y)


class Memory(KNeighborsRegressor):
    """Knows each row that it has seen by heart: the nearest neighbor alone."""

    def __init__(self):
        super().__init__(n_neighbors=1)


class Seen(Ridge):
    """A ridge that keeps what it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.X_seen_ = X
        return super().fit(X, y, sample_weight=sample_weight)


@pytest.mark.parametrize("passthrough", [True, False])
def test_wide_is_cross_val_predict_and_a_model_of_it(passthrough):
    model = MultiTaskStacking(Ridge(), Ridge(2.0), passthrough=passthrough).fit(DATA.X, DATA.y)
    folds = [cross_val_predict(Ridge(), DATA.X, y, cv=KFold(5)) for y in DATA.y.T]
    whole = [Ridge().fit(DATA.X, y).predict(DATA.X) for y in DATA.y.T]
    first = [DATA.X] if passthrough else []
    train, test = np.column_stack([*first, *folds]), np.column_stack([*first, *whole])
    expected = [Ridge(2.0).fit(train, y).predict(test) for y in DATA.y.T]
    np.testing.assert_allclose(model.predict(DATA.X), np.column_stack(expected), rtol=1e-9)


def leaked(held_out, y):
    """Whether a prediction is the label that the row has."""
    return np.isclose(held_out, y)


def test_no_row_was_seen_by_the_models_that_predict_it_in_training():
    # the label of a row would come back exactly from a model that has seen it
    model = MultiTaskStacking(Memory(), Seen(), passthrough=False).fit(HOLES.X, HOLES.y)
    for t, final in enumerate(model.final_estimators_):
        labels = HOLES.y[~np.isnan(HOLES.y[:, t])]
        assert final.X_seen_.shape == labels.shape
        assert not leaked(final.X_seen_, labels).any()
    X, y = wide_to_long(HOLES.X, HOLES.y)
    model = MultiTaskStacking(Memory(), Seen(), passthrough=False, task_column=-1).fit(X, y)
    for t, final in enumerate(model.final_estimators_):
        assert not leaked(final.X_seen_[:, t], y[X[:, -1] == t]).any()
    assert leaked(model.estimators_[0].predict(X[:, :-1])[X[:, -1] == 0], y[X[:, -1] == 0]).all()


@pytest.mark.parametrize("final", [None, Ridge()])
def test_wide_is_long(final):
    wide = MultiTaskStacking(Ridge(), final).fit(DATA.X, DATA.y).predict(DATA.X)
    long = MultiTaskStacking(Ridge(), final, task_column=-1).fit(LONG_X, LONG_Y)
    np.testing.assert_allclose(long.predict(LONG_X), wide.T.ravel(), rtol=1e-8)
    ids = LONG_X[:, -1].astype(int)
    beside = MultiTaskStacking(Ridge(), final).fit(LONG_X[:, :-1], LONG_Y, tasks=ids)
    np.testing.assert_array_equal(beside.predict(DATA.X, tasks=ids[:40]), wide[:, 0])


@pytest.mark.parametrize("container", [sparse.csr_array, pd.DataFrame])
def test_every_container_gives_the_same_model(container):
    y = DATA.y
    one = Ridge(tol=1e-12)
    expected = MultiTaskStacking(one, one).fit(DATA.X, y).predict(DATA.X)
    model = MultiTaskStacking(one, one).fit(container(DATA.X), y)
    np.testing.assert_allclose(model.predict(container(DATA.X)), expected, rtol=1e-6)


def test_a_splitter_or_its_pairs_give_the_folds():
    expected = MultiTaskStacking(Ridge(), Ridge()).fit(DATA.X, DATA.y).predict(DATA.X)
    for cv in (KFold(5), list(KFold(5).split(DATA.X))):
        model = MultiTaskStacking(Ridge(), Ridge(), cv=cv).fit(DATA.X, DATA.y)
        np.testing.assert_array_equal(model.predict(DATA.X), expected)
    by_column = MultiTaskStacking(Ridge(), Ridge(), task_column=-1)
    expected = by_column.fit(LONG_X, LONG_Y).predict(LONG_X)
    by_column.set_params(cv=TaskStratifiedKFold(5))  # it gets the tasks as groups
    np.testing.assert_array_equal(by_column.fit(LONG_X, LONG_Y).predict(LONG_X), expected)


def test_noisy_models_of_alike_targets_profit():
    gains = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        X, new = rng.normal(size=(120, 4)), rng.normal(size=(400, 4))
        factors = rng.normal(size=6) + 2
        Y = np.sin(2 * X[:, :1]) * factors + rng.normal(size=(120, 6))
        truth = np.sin(2 * new[:, :1]) * factors
        inner = KNeighborsRegressor(3)
        models = [MultiTaskStacking(inner, passthrough=False), IndependentTasks(inner)]
        errors = [np.mean((m.fit(X, Y).predict(new) - truth) ** 2) for m in models]
        gains.append(1 - errors[0] / errors[1])
    assert np.min(gains) > 0.1


def test_weights_reach_both_stages():
    weight = np.random.default_rng(0).integers(1, 3, 40)
    model = MultiTaskStacking(Ridge(), Ridge(), cv=KFold(4)).fit(DATA.X, DATA.y, weight)
    rows = np.repeat(np.arange(40), weight)
    fold = rows // 10
    cv = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(4)]
    repeated = MultiTaskStacking(Ridge(), Ridge(), cv=cv).fit(DATA.X[rows], DATA.y[rows])
    np.testing.assert_allclose(model.predict(DATA.X), repeated.predict(DATA.X), rtol=1e-8)
    with pytest.raises(ValueError, match="the fit of KNeighborsRegressor takes none"):
        MultiTaskStacking(Ridge(), KNeighborsRegressor()).fit(DATA.X, DATA.y, weight)


def test_small_tasks_are_predicted_by_the_others_while_held_out():
    X = np.column_stack([DATA.X, np.repeat([0, 1, 2], [1, 3, 36])])
    model = MultiTaskStacking(Ridge(), Seen(), task_column=-1).fit(X, DATA.y[:, 0])
    # the only row of task 0 is in the first fold, with the first fifth of task 2
    trained_on = [1, 2, 3, *range(12, 40)]
    held_out = model.final_estimators_[0].X_seen_[0, -3]
    assert held_out == pytest.approx(DATA.y[trained_on, 0].mean())
    assert np.isfinite(model.predict(X)).all()


def test_unseen_tasks_get_the_mean_of_all_models():
    model = MultiTaskStacking(Ridge(), task_column=-1, handle_unknown="shared")
    model.fit(LONG_X, LONG_Y)
    new = np.c_[DATA.X, np.full(40, 9)]
    np.testing.assert_allclose(model.predict(new), model.predict_all_tasks(new).mean(axis=1))


def test_results_do_not_depend_on_n_jobs():
    with parallel_backend("threading"):  # no processes to start
        one, two = (MultiTaskStacking(Ridge(), n_jobs=n).fit(DATA.X, DATA.y) for n in (1, 2))
    np.testing.assert_array_equal(one.predict(DATA.X), two.predict(DATA.X))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"cv": ShuffleSplit(3, random_state=0)}, "does not test every sample exactly once"),
        ({"cv": 1}, "cv == 1, must be >= 2"),
        ({"cv": 50}, "n_splits=50 greater than .*n_samples=40"),
        ({"final_estimator": "curds"}, "final_estimator='curds' is not known"),
        ({"final_estimator": LogisticRegression()}, "is a regressor, but .* a classifier"),
        ({"passthrough": 1}, "passthrough must be True or False, got 1"),
    ],
)
def test_parameters_are_checked(params, message):
    with pytest.raises((ValueError, TypeError), match=message):
        MultiTaskStacking(Ridge(), **params).fit(DATA.X, DATA.y)


# Classifiers


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), RandomForestClassifier(10, random_state=0), LinearSVC()],
    ids=lambda one: type(one).__name__,
)
def test_any_classifier_in_both_layouts(estimator, n_classes):
    cuts = [0] if n_classes == 2 else [-0.5, 0.5]
    labels = np.array(["a", "b", "c"])[np.digitize(DATA.y, cuts)]
    wide = MultiTaskStacking(estimator).fit(DATA.X, labels)
    assert wide.score(DATA.X, labels) > 0.7
    assert [p.shape for p in wide.predict_proba(DATA.X)] == [(40, n_classes)] * 3
    columns = wide.final_estimators_[0].n_features_in_
    assert columns == 5 + 3 * (1 if n_classes == 2 else 3)
    X, y = wide_to_long(DATA.X, labels)
    long = MultiTaskStacking(estimator, task_column=-1, handle_unknown="shared").fit(X, y)
    assert long.score(X, y) > 0.7
    unseen = np.c_[DATA.X, np.full(40, 9)]
    np.testing.assert_allclose(long.predict_proba(unseen).sum(axis=1), 1)
    assert set(long.predict(unseen)) <= set(long.classes_)


def test_stage_two_sees_held_out_probabilities():
    data = make_multitask_classification(n_samples=90, n_tasks=2, random_state=0)
    model = MultiTaskStacking(LogisticRegression(), cv=KFold(3)).fit(data.X, data.y)
    folds = [
        cross_val_predict(LogisticRegression(), data.X, y, cv=KFold(3), method="predict_proba")[
            :, 1
        ]
        for y in data.y.T
    ]
    whole = [LogisticRegression().fit(data.X, y).predict_proba(data.X)[:, 1] for y in data.y.T]
    final = LogisticRegression(max_iter=1000)
    final.fit(np.column_stack([data.X, *folds]), data.y[:, 1])
    expected = final.predict_proba(np.column_stack([data.X, *whole]))
    np.testing.assert_allclose(model.predict_proba(data.X)[1], expected, rtol=1e-6)


def test_classes_in_blocks_are_spread_over_the_folds():
    order = np.argsort(LONG_Y)
    X, y = LONG_X[order], np.repeat([0, 1], 60)
    model = MultiTaskStacking(LogisticRegression(), task_column=-1).fit(X, y)
    assert model.score(X, y) > 0.8


def test_a_task_of_one_class_keeps_it():
    X = np.column_stack([DATA.X, np.repeat([0, 1, 2], [1, 9, 30])])
    y = np.append([1] * 10, (DATA.y[10:, 0] > 0).astype(int))
    model = MultiTaskStacking(LogisticRegression(), task_column=-1).fit(X, y)
    assert (model.predict(X)[:10] == 1).all()


# Curds and whey


def correlated(seed, n=80, p=20, q=6, rank=2, noise=4.0):
    """Targets of two common factors, their true means at new rows, and these rows."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(p, rank)) @ rng.normal(size=(rank, q))
    X, new = rng.normal(size=(n, p)), rng.normal(size=(300, p))
    return X, X @ W + noise * rng.normal(size=(n, q)), new, new @ W


def curds(X, Y):
    return MultiTaskStacking(None, "curds_and_whey").fit(X, Y)


def test_correlations_are_canonical():
    X, Y, *_ = correlated(0, p=5, q=3)
    model = curds(X, Y)
    cca = CCA(n_components=3, max_iter=10_000, tol=1e-12).fit(X, Y)
    pairs = zip(*(z.T for z in cca.transform(X, Y)), strict=True)
    expected = [np.corrcoef(a, b)[0, 1] for a, b in pairs]
    np.testing.assert_allclose(model.canonical_correlations_, expected, rtol=1e-4)


def test_it_is_the_regression_on_predictions_that_left_the_row_out():
    # with the leverage r of all rows, prediction i without row i is (yhat_i - r y_i) / (1 - r)
    X, Y, *_ = correlated(0, n=400, p=8, q=3, rank=3, noise=1.0)
    model, r = curds(X, Y), 8 / 400
    centered = Y - Y.mean(axis=0)
    fitted = LinearRegression().fit(X, Y).predict(X) - Y.mean(axis=0)
    left_out = (fitted - r * centered) / (1 - r)
    expected = np.linalg.lstsq(left_out, centered, rcond=None)[0]
    np.testing.assert_allclose(model.combination_, expected, atol=1e-10)
    assert (model.shrinkage_ > 0).all()


def test_its_error_is_below_that_of_least_squares():
    errors = np.zeros(2)
    for seed in range(10):
        X, Y, new, truth = correlated(seed)
        models = curds(X, Y), LinearRegression().fit(X, Y)
        errors += [np.mean((model.predict(new) - truth) ** 2) for model in models]
    assert errors[0] < 0.7 * errors[1]


def test_perfect_predictions_are_left_alone():
    X, Y, new, truth = correlated(0, q=2, noise=0.0)
    np.testing.assert_allclose(curds(X, Y).predict(new), truth, atol=1e-8)


def test_shrinkage_has_its_limits():
    squares = np.array([0.0, 0.2, 0.25, 0.5, 1.0])
    factors = shrinkage_of(squares, 0.25)
    np.testing.assert_array_equal(factors[:3], 0)  # no better than chance: c^2 <= r
    assert 0 < factors[3] < factors[4] == 1.0
    np.testing.assert_allclose(shrinkage_of(squares[1:], 0.0), 1.0)


def test_a_change_of_units_and_mixtures_of_targets_go_through():
    X, Y, new, _ = correlated(0)
    mix = np.random.default_rng(1).normal(size=(6, 6))
    np.testing.assert_allclose(curds(X, Y @ mix).predict(new), curds(X, Y).predict(new) @ mix)


def test_dependent_targets_and_few_features_are_no_trouble():
    X, Y, new, _ = correlated(0, p=2)
    doubled = np.column_stack([Y, Y[:, 0] + Y[:, 1], np.ones(80)])
    predictions = curds(X, doubled).predict(new)
    np.testing.assert_allclose(predictions[:, :6], curds(X, Y).predict(new), atol=1e-8)
    np.testing.assert_allclose(predictions[:, 6], predictions[:, :2].sum(axis=1), atol=1e-8)
    np.testing.assert_allclose(predictions[:, 7], 1.0)
    assert curds_and_whey(X, doubled).correlations.shape == (8,)


def test_what_it_found_is_gone_after_another_fit():
    X, Y, *_ = correlated(0)
    model = curds(X, Y)
    assert model.combination_.shape == (6, 6)
    model.set_params(final_estimator=RidgeCV()).fit(X, Y)
    assert model.combination_ is model.shrinkage_ is model.canonical_correlations_ is None


@pytest.mark.parametrize(
    ("estimator", "X", "y", "options", "message"),
    [
        (Ridge(), DATA.X, DATA.y, {}, r"estimator=Ridge\(\): give LinearRegression\(\) or None"),
        (LinearRegression(positive=True), DATA.X, DATA.y, {}, "positive=True.*or None"),
        (None, HOLES.X, HOLES.y, {}, "without missing targets"),
        (None, DATA.X[:6], DATA.y[:6], {}, "two more samples than features, got n_samples=6 and 5"),
        (None, DATA.X, DATA.y, {"sample_weight": np.ones(40)}, "takes no sample_weight"),
        (None, DATA.X, DATA.y[:, 0], {"tasks": np.repeat([0, 1], 20)}, "needs y of shape"),
    ],
)
def test_curds_and_whey_says_what_it_needs(estimator, X, y, options, message):
    with pytest.raises(ValueError, match=message):
        MultiTaskStacking(estimator, "curds_and_whey").fit(X, y, **options)
