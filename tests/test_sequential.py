"""SequentialTasks: each task is learned from what came before it."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import (
    LassoCV,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeCV,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skmtl import (
    IndependentTasks,
    SequentialTasks,
    TaskStratifiedKFold,
    compare_to_single_task,
    make_multitask_classification,
    wide_to_long,
)
from skmtl import make_multitask_regression as make

DATA = make(n_samples=25, n_features=5, n_tasks=4, random_state=0)
LONG_X, LONG_Y = wide_to_long(DATA.X, DATA.y)
CLASSES = make_multitask_classification(n_samples=60, n_tasks=3, missing=0.1, random_state=0)


def before_by_hand(models, towards, X):
    """Mean or last of the predictions of `models`, each a function of X."""
    predictions = [model(X) for model in models]
    return np.mean(predictions, axis=0) if towards == "mean" else predictions[-1]


def sequence_by_hand(estimator, towards, order):
    """Predictions of DATA's tasks as the definition has them, each from the models before it."""
    models, out = [], np.empty_like(DATA.y)
    for t in order:
        y, earlier = DATA.y[:, t], list(models)
        if not earlier:
            models.append(estimator().fit(DATA.X, y).predict)
        else:
            rest = estimator().fit(DATA.X, y - before_by_hand(earlier, towards, DATA.X))
            models.append(
                lambda X, rest=rest, earlier=earlier: (
                    before_by_hand(earlier, towards, X) + rest.predict(X)
                )
            )
        out[:, t] = models[-1](DATA.X)
    return out


@pytest.mark.parametrize("towards", ["mean", "last"])
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
@pytest.mark.parametrize("estimator", [Ridge, RidgeCV, KNeighborsRegressor])
def test_each_task_adds_to_what_came_before(estimator, order, towards):
    model = SequentialTasks(estimator(), order=order, towards=towards).fit(DATA.X, DATA.y)
    expected = sequence_by_hand(estimator, towards, order)
    np.testing.assert_allclose(model.predict(DATA.X), expected, rtol=1e-9, atol=1e-9)
    assert model.order_.tolist() == order


@pytest.mark.parametrize(
    "estimator", [LassoCV(tol=1e-10), KNeighborsRegressor(), LinearRegression()]
)
def test_a_single_task_is_the_estimator_alone(estimator):
    y = DATA.y[:, :1]
    model = SequentialTasks(estimator).fit(DATA.X, y)
    np.testing.assert_allclose(
        model.predict(DATA.X).ravel(), estimator.fit(DATA.X, y[:, 0]).predict(DATA.X)
    )


@pytest.mark.parametrize("estimator", [LogisticRegression(), DecisionTreeClassifier()])
def test_a_single_task_is_the_classifier_alone(estimator):
    y = np.nan_to_num(CLASSES.y[:, :1])
    model = SequentialTasks(estimator).fit(CLASSES.X, y)
    single = estimator.fit(CLASSES.X, y[:, 0])
    np.testing.assert_array_equal(model.predict(CLASSES.X).ravel(), single.predict(CLASSES.X))
    np.testing.assert_allclose(model.predict_proba(CLASSES.X)[0], single.predict_proba(CLASSES.X))


def test_a_ridge_is_pulled_towards_the_coefficients_before():
    # the normal equations of |y - X w - b|^2 + alpha |w - w_before|^2, centered
    alpha, X = 7.0, DATA.X - DATA.X.mean(axis=0)
    coef = SequentialTasks(Ridge(alpha=alpha)).fit(DATA.X, DATA.y).coef_
    before = coef[:3].mean(axis=0)
    gram = X.T @ X + alpha * np.eye(5)
    np.testing.assert_allclose(coef[3], np.linalg.solve(gram, X.T @ DATA.y[:, 3] + alpha * before))


@pytest.mark.parametrize("towards", ["mean", "last"])
def test_a_huge_penalty_keeps_the_slopes_of_the_first_task(towards):
    # the first task alone has no penalty worth the name: give it so much data that it wins
    first = np.repeat(np.arange(25), 10**5 // 25)
    X = np.vstack([np.c_[DATA.X[first], np.zeros(len(first))], LONG_X[LONG_X[:, -1] > 0]])
    y = np.append(DATA.y[first, 0], LONG_Y[LONG_X[:, -1] > 0])
    model = SequentialTasks(Ridge(alpha=3e3), towards=towards, task_column=-1).fit(X, y)
    single = Ridge(alpha=3e3).fit(X[: len(first), :-1], y[: len(first)])
    np.testing.assert_allclose(model.coef_[0], single.coef_)
    assert np.abs(model.coef_[1:] - single.coef_).max() < 0.02 * np.abs(single.coef_).max()


def test_an_infinite_penalty_leaves_intercepts_only():
    model = SequentialTasks(Ridge(alpha=1e12)).fit(DATA.X, DATA.y)
    np.testing.assert_allclose(model.coef_, np.tile(model.coef_[0], (4, 1)), atol=1e-8)
    np.testing.assert_allclose(model.predict(DATA.X).mean(axis=0), DATA.y.mean(axis=0))


def test_without_a_penalty_nothing_is_pulled():
    model = SequentialTasks(LinearRegression()).fit(DATA.X, DATA.y)
    single = IndependentTasks(LinearRegression()).fit(DATA.X, DATA.y)
    np.testing.assert_allclose(model.predict(DATA.X), single.predict(DATA.X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("towards", ["mean", "last"])
def test_alike_tasks_are_learned_better_and_better(towards):
    errors = np.zeros(6)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        coef, X = rng.normal(size=10), rng.normal(size=(6, 15, 10))
        Y = X @ coef + rng.normal(size=(6, 15))
        rows, ids = X.reshape(-1, 10), np.repeat(np.arange(6), 15)
        model = SequentialTasks(Ridge(alpha=10.0), towards=towards).fit(rows, Y.ravel(), tasks=ids)
        errors += ((model.coef_ - coef) ** 2).sum(axis=1)
    assert errors[5] < 0.6 * errors[0]
    assert errors[3:].mean() < errors[1] < errors[0]


def test_the_order_matters():
    forward = SequentialTasks(Ridge(10.0)).fit(DATA.X, DATA.y)
    backward = SequentialTasks(Ridge(10.0), order=[3, 2, 1, 0]).fit(DATA.X, DATA.y)
    assert not np.allclose(forward.coef_, backward.coef_, rtol=0.01)
    mirrored = SequentialTasks(Ridge(10.0)).fit(DATA.X, DATA.y[:, ::-1])
    np.testing.assert_allclose(backward.coef_, mirrored.coef_[::-1])


def test_tasks_with_more_rows_may_come_first():
    y = DATA.y.copy()
    y[:5, 0] = y[:3, 2] = y[:3, 1] = np.nan
    model = SequentialTasks(Ridge(), order="size").fit(DATA.X, y)
    assert model.order_.tolist() == [3, 1, 2, 0]  # equal sizes stay in order
    same = SequentialTasks(Ridge(), order=[3, 1, 2, 0]).fit(DATA.X, y)
    np.testing.assert_array_equal(model.coef_, same.coef_)


@pytest.mark.parametrize("towards", ["mean", "last"])
@pytest.mark.parametrize("estimator", [Ridge(), SVR(kernel="linear")])
def test_linear_models_collapse_to_their_sum(estimator, towards):
    model = SequentialTasks(estimator, towards=towards).fit(DATA.X, DATA.y)
    summed = SequentialTasks(make_pipeline(estimator), towards=towards).fit(DATA.X, DATA.y)
    np.testing.assert_allclose(model.predict(DATA.X), summed.predict(DATA.X), rtol=1e-8)
    by_hand = DATA.X @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.predict(DATA.X), by_hand, rtol=1e-9)
    assert not hasattr(summed, "coef_")


def test_tasks_of_one_row_collapse_too():
    X = np.column_stack([DATA.X, np.repeat([0, 1, 2], [1, 4, 20])])
    y = DATA.y[:, 0]
    model = SequentialTasks(LassoCV(), task_column=-1).fit(X, y)
    np.testing.assert_array_equal(model.coef_[0], 0)
    assert model.predict(X[:1])[0] == pytest.approx(y[0])


def test_there_is_no_coef_without_a_linear_fit():
    model = SequentialTasks(Ridge())
    assert not hasattr(model, "coef_")
    model.fit(DATA.X, DATA.y).set_params(estimator=KNeighborsRegressor()).fit(DATA.X, DATA.y)
    with pytest.raises(AttributeError, match="only after the fit of linear regressors; its est"):
        model.intercept_  # noqa: B018


def test_a_link_function_is_no_straight_line():
    # one task of counts: its log is linear, its predictions are not
    y = np.exp(DATA.X[:, :1])
    model = SequentialTasks(PoissonRegressor()).fit(DATA.X, y)
    expected = PoissonRegressor().fit(DATA.X, y[:, 0]).predict(DATA.X)
    np.testing.assert_allclose(model.predict(DATA.X)[:, 0], expected)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, pd.DataFrame])
@pytest.mark.parametrize("estimator", [Ridge(tol=1e-12), LogisticRegression(tol=1e-8)])
def test_every_container_gives_the_same_model(estimator, container):
    y = DATA.y if isinstance(estimator, Ridge) else (DATA.y > 0).astype(int)
    X = container(DATA.X)
    model = SequentialTasks(estimator).fit(X, y)
    expected = SequentialTasks(estimator).fit(DATA.X, y)
    np.testing.assert_allclose(model.predict(X), expected.predict(DATA.X), rtol=1e-6)


@pytest.mark.parametrize("estimator", [Ridge(), KNeighborsRegressor()])
def test_wide_with_holes_is_long(estimator):
    y = np.where(np.random.default_rng(0).random(DATA.y.shape) < 0.2, np.nan, DATA.y)
    wide = SequentialTasks(estimator).fit(DATA.X, y).predict(DATA.X)
    X_long, y_long = wide_to_long(DATA.X, y)
    long = SequentialTasks(estimator, task_column=-1).fit(X_long, y_long)
    np.testing.assert_allclose(long.predict_all_tasks(LONG_X[:25]), wide, rtol=1e-10)
    np.testing.assert_allclose(long.predict(LONG_X), wide.T.ravel(), rtol=1e-10)


def test_frames_with_text_and_holes_reach_the_estimator():
    frame = pd.DataFrame(DATA.X, columns=list("abcde")).mask(lambda x: x > 1.5)
    frame["f"] = pd.Categorical(np.where(DATA.X[:, 0] > 0, "up", "down"))
    inner = HistGradientBoostingRegressor(min_samples_leaf=3, max_iter=5)
    model = SequentialTasks(inner).fit(frame, DATA.y)
    assert model.score(frame, DATA.y) > 0.2


def test_weights_equal_repetition():
    weight = np.random.default_rng(0).integers(0, 3, len(LONG_Y))
    model = SequentialTasks(Ridge(), task_column=-1)
    weighted = model.fit(LONG_X, LONG_Y, sample_weight=weight).coef_
    repeated = model.fit(np.repeat(LONG_X, weight, axis=0), np.repeat(LONG_Y, weight)).coef_
    np.testing.assert_allclose(weighted, repeated, rtol=1e-8)


@pytest.mark.parametrize("towards", ["mean", "last"])
@pytest.mark.parametrize("estimator", [Ridge(), KNeighborsRegressor()])
def test_unseen_tasks_get_the_mean_of_all_models(estimator, towards):
    options = {"task_column": -1, "handle_unknown": "shared", "towards": towards}
    model = SequentialTasks(estimator, **options).fit(LONG_X, LONG_Y)
    new = np.c_[DATA.X, np.full(25, 9)]
    np.testing.assert_allclose(model.predict(new), model.predict_all_tasks(new).mean(axis=1))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"towards": "median"}, "towards='median' is not one of"),
        ({"order": "rows"}, "order='rows' is not one of"),
        ({"order": [0, 1, 3]}, r"order lacks the task\(s\) \[2\]: give each of the 4 tasks once"),
        ({"order": [0, 1, 2, 2, 3]}, r"order repeats the task\(s\) \[2\]"),
        ({"handle_unknown": "ignore"}, "handle_unknown='ignore' is not one of"),
    ],
)
def test_parameters_are_checked(params, message):
    with pytest.raises(ValueError, match=message):
        SequentialTasks(Ridge(), **params).fit(DATA.X, DATA.y)


def test_the_order_may_hold_tasks_that_the_data_do_not_have():
    model = SequentialTasks(Ridge(), order=["z", "d", "c", "b", "a"])
    model.fit(DATA.X, pd.DataFrame(DATA.y, columns=list("abcd")))
    assert model.order_.tolist() == ["d", "c", "b", "a"]


# Classifiers


def decisions_by_hand(y, factor=10.0):
    """Log-odds of three tasks towards the last one, as the class docstring has it."""
    X, before, out = CLASSES.X, None, []
    for column in y.T:
        seen = ~np.isnan(column)
        if before is not None:
            before *= factor / np.sqrt(np.mean(before[seen] ** 2))
        Z = X if before is None else np.c_[X, before]
        model = LogisticRegression(tol=1e-8, max_iter=1000).fit(Z[seen], column[seen])
        before = model.decision_function(Z)
        out.append(before.copy())
    return np.column_stack(out)


def test_decisions_before_are_a_feature_of_the_next_task():
    model = SequentialTasks(LogisticRegression(tol=1e-8, max_iter=1000), towards="last")
    proba = model.fit(CLASSES.X, CLASSES.y).predict_proba(CLASSES.X)
    log_odds = np.column_stack([np.log(p[:, 1] / p[:, 0]) for p in proba])
    np.testing.assert_allclose(log_odds, decisions_by_hand(CLASSES.y), rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(model.predict(CLASSES.X), log_odds > 0)


@pytest.mark.parametrize("towards", ["mean", "last"])
def test_alike_classes_are_learned_better_than_alone(towards):
    gains = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        coef, X, ids = rng.normal(size=15), rng.normal(size=(150, 15)), np.repeat(range(5), 30)
        y = X @ coef + rng.logistic(size=150) > 0
        new = rng.normal(size=(500, 15))
        estimator = LogisticRegression(C=0.1)
        models = [SequentialTasks(estimator, towards=towards), IndependentTasks(estimator)]
        hits = [
            np.equal(m.fit(X, y, tasks=ids).predict_all_tasks(new).T, new @ coef > 0).mean(axis=1)
            for m in models
        ]
        gains.append(hits[0] - hits[1])
    mean = np.mean(gains, axis=0)
    assert mean[0] == 0
    assert mean[3:].min() > 0.03


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        LinearSVC(),
        RandomForestClassifier(n_estimators=10, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_any_classifier_in_both_layouts(estimator, n_classes):
    cuts = [0] if n_classes == 2 else [-0.5, 0.5]
    labels = np.array(["a", "b", "c"])[np.digitize(DATA.y, cuts)]
    wide = SequentialTasks(estimator).fit(DATA.X, labels)
    assert wide.score(DATA.X, labels) > 0.6
    X, y = wide_to_long(DATA.X, labels)
    long = SequentialTasks(estimator, task_column=-1, handle_unknown="shared").fit(X, y)
    np.testing.assert_array_equal(long.predict(X), wide.predict(DATA.X).T.ravel())
    unseen = np.c_[DATA.X, np.full(25, 9)]
    assert set(long.predict(unseen)) <= set(long.classes_)
    if hasattr(estimator, "predict_proba"):
        proba = long.predict_proba(unseen)
        np.testing.assert_allclose(proba.sum(axis=1), 1)
        np.testing.assert_array_equal(long.classes_[proba.argmax(axis=1)], long.predict(unseen))


@pytest.mark.parametrize("towards", ["mean", "last"])
def test_an_unseen_task_has_the_mean_log_odds(towards):
    X, y = wide_to_long(CLASSES.X, CLASSES.y)
    options = {"task_column": -1, "handle_unknown": "shared", "towards": towards}
    model = SequentialTasks(LogisticRegression(), **options).fit(X, y)
    rows = CLASSES.X
    known = [model.predict_proba(np.c_[rows, np.full(60, t)]) for t in range(3)]
    mean = np.mean([np.log(p[:, 1] / p[:, 0]) for p in known], axis=0)
    unseen = model.predict_proba(np.c_[rows, np.full(60, 9)])
    np.testing.assert_allclose(np.log(unseen[:, 1] / unseen[:, 0]), mean, rtol=1e-6, atol=1e-8)


def test_tasks_may_lack_classes():
    X = np.column_stack([DATA.X, np.repeat([0, 1, 2], [5, 10, 10])])
    y = np.array(["a"] * 5 + ["a", "b"] * 5 + ["b", "c"] * 5)
    model = SequentialTasks(LogisticRegression(), task_column=-1).fit(X, y)
    assert (model.predict(X)[:5] == "a").all()
    np.testing.assert_array_equal(model.predict_proba(X)[5:15, 2], 0)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_it_can_be_compared_with_each_task_alone():
    model = SequentialTasks(RidgeCV(), task_column=-1)
    folds = TaskStratifiedKFold(3)
    report = compare_to_single_task(model, LONG_X, LONG_Y, cv=folds, random_state=0)
    assert np.isfinite(report.summary_["median_gain"])
