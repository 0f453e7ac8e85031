"""Classifiers take labels of any kind, in all layouts, and say the same of the same data."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skmtl import (
    ClusteredTaskClassifier,
    DirtyClassifier,
    FusedSparseGroupLassoClassifier,
    MeanRegularizedClassifier,
    MultiTaskClassifier,
    MultiTaskElasticNetClassifier,
    MultiTaskLassoClassifier,
    MultiTaskSparseGroupLassoClassifier,
    RobustMultiTaskClassifier,
    RobustMultiTaskFeatureClassifier,
    SparseLowRankClassifier,
    TaskGraphClassifier,
    TaskRelationshipClassifier,
    TemporalGroupLassoClassifier,
    TraceNormClassifier,
)
from skmtl.penalties import L1, L21, Ridge, SquaredTraceNorm, TraceNorm

CLASSIFIERS = [
    ClusteredTaskClassifier(0.05),
    DirtyClassifier(0.05),
    FusedSparseGroupLassoClassifier(0.05),
    TaskGraphClassifier(0.5, ridge=0.1),
    TaskGraphClassifier(0.5, graph="chain", sparsity=0.02),
    MeanRegularizedClassifier(0.5, ridge=0.1),
    MultiTaskClassifier(TraceNorm(0.02) + L1(0.02)),
    MultiTaskElasticNetClassifier(0.05),
    MultiTaskLassoClassifier(0.05),
    MultiTaskSparseGroupLassoClassifier(0.05),
    RobustMultiTaskClassifier(0.05),
    RobustMultiTaskFeatureClassifier(0.05),
    SparseLowRankClassifier(0.05),
    TaskRelationshipClassifier(0.05, ridge=0.05),
    TemporalGroupLassoClassifier(0.05),
    TraceNormClassifier(0.05),
]
ORDERED = (FusedSparseGroupLassoClassifier, TemporalGroupLassoClassifier)
UNORDERED = [
    model
    for model in CLASSIFIERS
    if not isinstance(model, ORDERED) and getattr(model, "graph", None) != "chain"
]
APART = (  # penalties of rows and entries, whatever task these belong to
    DirtyClassifier,
    MultiTaskElasticNetClassifier,
    MultiTaskLassoClassifier,
    MultiTaskSparseGroupLassoClassifier,
)
COUPLED = [model for model in CLASSIFIERS if not isinstance(model, APART)]
UNCOUPLED = [model for model in CLASSIFIERS if isinstance(model, APART)]
SOME = [  # of each kind, where what is tested does not depend on the penalty
    TaskGraphClassifier(0.5, ridge=0.1),
    MultiTaskLassoClassifier(0.05),
    RobustMultiTaskClassifier(0.05),
    TraceNormClassifier(0.05),
]
NEVER_EMPTY = (
    ClusteredTaskClassifier,
    TaskGraphClassifier,
    MeanRegularizedClassifier,
    MultiTaskClassifier,
    TaskRelationshipClassifier,
)
N, P, T = 40, 4, 3
SAME = 2e-4  # of coefficients at a gap of 1e-9: its root over the curvature, about 0.1
LETTERS = np.array(["a", "b", "c"])


def name_of(model):
    extra = "-chain" if getattr(model, "graph", None) == "chain" else ""
    return type(model).__name__ + extra


def tight(model):
    return clone(model).set_params(tol=1e-9)


def features(n=N, p=P, seed=0):
    return np.random.default_rng(seed).normal(size=(n, p))


def labels(X, n_classes, n_tasks=T, seed=0):
    """Classes 0, 1, ... of all tasks, (n_samples, n_tasks)."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(X.shape[1], 1, n_classes)) + 0.3 * rng.normal(
        size=(X.shape[1], n_tasks, n_classes)
    )
    scores = np.tensordot(X, W, 1) + 0.5 * rng.normal(size=n_classes)
    return (scores + rng.gumbel(size=scores.shape)).argmax(axis=2)


def long(X, Y):
    """Rows of all tasks, the task in the last column; and their labels."""
    tasks = np.repeat(np.arange(Y.shape[1]), len(X))
    return np.column_stack([np.vstack([X] * Y.shape[1]), tasks]), Y.T.ravel()


def same(model, other, atol=SAME):
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=0, atol=atol)
    np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=0, atol=atol)


def probabilities(model, X):
    """Of all tasks, (n_tasks, n_samples, n_classes), of a model fitted on two-dimensional y."""
    return np.array(model.predict_proba(X))


@pytest.fixture(params=CLASSIFIERS, ids=name_of)
def model(request):
    return tight(request.param)


@pytest.fixture(params=SOME, ids=name_of)
def some(request):
    return tight(request.param)


@pytest.fixture(params=[2, 3], ids=["binary", "three"])
def n_classes(request):
    return request.param


@pytest.fixture
def X():
    return features()


@pytest.fixture
def Y(X, n_classes):
    return labels(X, n_classes)


# Layouts


def test_wide_and_long_give_the_same_model(model, X, Y):
    wide = clone(model).fit(X, Y)
    rows, y = long(X, Y)
    same(wide, clone(model).set_params(task_column=-1).fit(rows, y))


def test_task_ids_as_an_argument_are_a_task_column(some, X, Y):
    rows, y = long(X, Y)
    column = clone(some).set_params(task_column=-1).fit(rows, y)
    argument = clone(some).fit(rows[:, :-1], y, tasks=rows[:, -1].astype(int))
    np.testing.assert_array_equal(column.coef_, argument.coef_)


def test_missing_cells_are_rows_left_out(model, X, Y):
    missing = np.random.default_rng(1).random(Y.shape) < 0.2
    wide = clone(model).fit(X, np.where(missing, np.nan, Y))
    rows, y = long(X, Y)
    seen = ~missing.T.ravel()
    same(wide, clone(model).set_params(task_column=-1).fit(rows[seen], y[seen]))


def test_none_is_a_missing_label(some, X, Y):
    missing = np.random.default_rng(1).random(Y.shape) < 0.2
    numbers = clone(some).fit(X, np.where(missing, np.nan, Y))
    names = clone(some).fit(X, np.where(missing, None, LETTERS[Y].astype(object)))
    np.testing.assert_array_equal(numbers.coef_, names.coef_)


@pytest.mark.parametrize("model", UNORDERED, indirect=True, ids=name_of)
def test_the_order_of_tasks_does_not_matter(model, X, Y):
    order = [2, 0, 1]
    one, other = clone(model).fit(X, Y), clone(model).fit(X, Y[:, order])
    np.testing.assert_allclose(one.coef_[order], other.coef_, rtol=0, atol=SAME)
    np.testing.assert_allclose(one.intercept_[order], other.intercept_, rtol=0, atol=SAME)


def test_the_order_of_rows_does_not_matter(some, X, Y):
    order = np.random.default_rng(0).permutation(T * N)
    rows, y = long(X, Y)
    some.set_params(task_column=-1)
    same(clone(some).fit(rows, y), clone(some).fit(rows[order], y[order]))


def test_names_of_classes_in_reverse_flip_the_model(some, X, Y, n_classes):
    one, other = clone(some).fit(X, Y), clone(some).fit(X, n_classes - 1 - Y)
    flipped = probabilities(other, X)[:, :, ::-1]
    np.testing.assert_allclose(probabilities(one, X), flipped, rtol=0, atol=SAME)


# Kinds of labels


def spellings():
    """Labels 0, 1, 2 written otherwise: a function of labels, and what predictions are."""
    return {
        "strings": lambda Y: LETTERS[Y],
        "objects": lambda Y: LETTERS[Y].astype(object),
        "floats": lambda Y: Y.astype(float),
        "negative": lambda Y: Y - 1,
        "far apart": lambda Y: np.array([-7, 3, 1000])[Y],
    }


@pytest.mark.parametrize("spelling", spellings())
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_what_classes_are_called_does_not_matter(X, Y, spelling, layout):
    write = spellings()[spelling]
    model = TraceNormClassifier(0.05)
    data, y = (X, Y) if layout == "wide" else long(X, Y)
    if layout == "long":
        model.set_params(task_column=-1)
    numbers, named = clone(model).fit(data, y), clone(model).fit(data, write(y))
    np.testing.assert_array_equal(numbers.coef_, named.coef_)
    predictions = named.predict(data)
    np.testing.assert_array_equal(predictions, write(numbers.predict(data)))
    assert predictions.dtype == write(y).dtype


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_truth_values_are_labels(X, layout):
    Y = labels(X, 2)
    data, y = (X, Y) if layout == "wide" else long(X, Y)
    column = None if layout == "wide" else -1
    numbers = TraceNormClassifier(0.05, task_column=column).fit(data, y)
    truths = TraceNormClassifier(0.05, task_column=column).fit(data, y == 1)
    np.testing.assert_array_equal(numbers.coef_, truths.coef_)
    np.testing.assert_array_equal(truths.predict(data), numbers.predict(data) == 1)


def test_columns_of_categories_are_labels(X, Y):
    frame = pd.DataFrame(LETTERS[Y], columns=["u", "v", "w"]).astype("category")
    named, numbers = (TraceNormClassifier(0.05).fit(X, y) for y in (frame, Y))
    np.testing.assert_array_equal(named.coef_, numbers.coef_)
    np.testing.assert_array_equal(named.predict(X), LETTERS[numbers.predict(X)])
    np.testing.assert_array_equal(named.tasks_, ["u", "v", "w"])


def test_columns_of_categories_may_have_holes(X, Y):
    missing = np.random.default_rng(1).random(Y.shape) < 0.2
    frame = pd.DataFrame(np.where(missing, None, LETTERS[Y].astype(object))).astype("category")
    named = TraceNormClassifier(0.05).fit(X, frame)
    numbers = TraceNormClassifier(0.05).fit(X, np.where(missing, np.nan, Y))
    np.testing.assert_array_equal(named.coef_, numbers.coef_)


def test_a_series_of_categories_are_labels(X, Y):
    rows, y = long(X, Y)
    model = TraceNormClassifier(0.05, task_column=-1)
    named = clone(model).fit(rows, pd.Series(LETTERS[y], dtype="category"))
    np.testing.assert_array_equal(named.coef_, clone(model).fit(rows, y).coef_)
    assert list(named.classes_) == list(LETTERS[: len(named.classes_)])


def test_a_frame_of_labels_gives_tasks_their_names(X, Y):
    frame = pd.DataFrame(Y, columns=["north", "south", "east"])
    np.testing.assert_array_equal(TraceNormClassifier().fit(X, frame).tasks_, frame.columns)


def test_a_single_class_is_refused(model, X):
    with pytest.raises(ValueError, match="class"):
        model.fit(X, np.ones((N, T)))


def test_continuous_y_is_refused(model, X):
    with pytest.raises(ValueError, match="Unknown label type"):
        model.fit(X, X[:, :T])
    rows, y = long(X, X[:, :T])
    with pytest.raises(ValueError, match="Unknown label type"):
        model.set_params(task_column=-1).fit(rows, y)


# Weights


def test_balanced_classes_are_weights_of_samples(some, X, Y):
    weight = np.empty(Y.shape)
    for t in range(T):
        counts = np.bincount(Y[:, t])
        weight[:, t] = (N / (len(counts) * counts))[Y[:, t]]
    balanced = clone(some).set_params(class_weight="balanced").fit(X, Y)
    same(balanced, clone(some).fit(X, Y, sample_weight=weight))


def test_weights_of_classes_are_weights_of_samples(some, X, Y):
    given = clone(some).set_params(class_weight={0: 3.0, 2: 0.5}).fit(X, Y)
    same(given, clone(some).fit(X, Y, sample_weight=np.array([3.0, 1.0, 0.5])[Y]))


def test_weights_of_classes_and_samples_multiply(X, Y):
    weight = np.random.default_rng(0).uniform(0.5, 2, size=N)
    model = tight(TraceNormClassifier(0.05))
    both = clone(model).set_params(class_weight={1: 2.0}).fit(X, Y, sample_weight=weight)
    product = weight[:, None] * np.array([1.0, 2.0, 1.0])[Y]
    same(both, clone(model).fit(X, Y, sample_weight=product))


@pytest.mark.parametrize(
    ("value", "error"), [("even", ValueError), ({0: -1.0}, ValueError), (3, TypeError)]
)
def test_other_weights_of_classes_are_refused(X, value, error):
    with pytest.raises(error, match="class_weight"):
        TraceNormClassifier(class_weight=value).fit(X, labels(X, 2))


def test_a_weight_of_two_is_a_row_twice(model, X, Y):
    model.set_params(task_column=-1)
    rows, y = long(X, Y)
    weight = np.where(np.arange(len(y)) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(len(y)), weight.astype(int))
    weighted = clone(model).fit(rows, y, sample_weight=weight)
    same(weighted, clone(model).fit(rows[twice], y[twice]))


def test_a_weight_of_zero_is_a_row_left_out(some, X, Y):
    weight = np.ones(N)
    weight[:8] = 0.0
    same(clone(some).fit(X, Y, sample_weight=weight), clone(some).fit(X[8:], Y[8:]))


# Predictions


def test_probabilities_add_up_to_one(some, X, Y):
    fitted = some.fit(X, Y)
    np.testing.assert_allclose(probabilities(fitted, X).sum(axis=2), 1.0, rtol=1e-14)


def test_probabilities_are_those_of_the_scores(model, X, Y, n_classes):
    fitted = model.fit(X, Y)
    scores, found = fitted.decision_function(X), probabilities(fitted, X)
    if n_classes == 2:
        np.testing.assert_allclose(found[:, :, 1], expit(scores).T, rtol=1e-14)
    else:
        np.testing.assert_allclose(found, softmax(scores, axis=2), rtol=1e-14)


def test_scores_are_linear_in_the_features(some, X, Y, n_classes):
    fitted = some.fit(X, Y)
    scores = np.asarray(fitted.decision_function(X))
    expected = np.tensordot(X, fitted.coef_, (1, -1)) + fitted.intercept_
    if n_classes == 3:
        expected = expected.transpose(1, 0, 2)
    np.testing.assert_allclose(scores, expected, rtol=1e-12, atol=1e-12)


def test_the_most_probable_class_is_predicted(some, X, Y):
    fitted = some.fit(X, LETTERS[Y])
    best = probabilities(fitted, X).argmax(axis=2).T
    np.testing.assert_array_equal(fitted.predict(X), LETTERS[best])


def test_long_predictions_are_the_cells_of_wide_ones(some, X, Y):
    rows, y = long(X, Y)
    fitted = some.set_params(task_column=-1).fit(rows, y)
    everything = fitted.predict_all_tasks(rows)[:N]
    np.testing.assert_array_equal(fitted.predict(rows), everything.T.ravel())


def test_classes_are_a_list_where_y_has_columns(X, Y, n_classes):
    classes = TraceNormClassifier().fit(X, LETTERS[Y]).classes_
    assert isinstance(classes, list)
    assert [c.tolist() for c in classes] == [list(LETTERS[:n_classes])] * T


def test_classes_are_an_array_where_rows_have_their_task(X, Y, n_classes):
    rows, y = long(X, LETTERS[Y])
    classes = TraceNormClassifier(task_column=-1).fit(rows.astype(float), y).classes_
    np.testing.assert_array_equal(classes, LETTERS[:n_classes])


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_shapes_are_those_documented(model, X, Y, n_classes, layout):
    data, y = (X, Y) if layout == "wide" else long(X, Y)
    if layout == "long":
        model.set_params(task_column=-1)
    fitted = model.fit(data, y)
    several = () if n_classes == 2 else (n_classes,)
    assert fitted.coef_.shape == (T, *several, P)
    assert fitted.intercept_.shape == (T, *several)
    assert fitted.shared_coef_.shape == (*several, P)
    assert fitted.predict(data).shape == y.shape
    rows = (T, N) if layout == "wide" else (T * N,)
    assert np.shape(fitted.predict_proba(data)) == (*rows, n_classes)
    scores = (N, T) if layout == "wide" and n_classes == 2 else rows
    assert np.shape(fitted.decision_function(data)) == (*scores, *several)


def test_the_score_is_the_mean_accuracy(some, X, Y):
    fitted = some.fit(X, Y)
    accuracy = (fitted.predict(X) == Y).mean()
    assert fitted.score(X, Y) == pytest.approx(accuracy, rel=1e-12)


def test_the_gap_is_reported(model, X, Y):
    fitted = model.fit(X, Y)
    assert 0 <= fitted.dual_gap_ <= fitted.objective_
    assert fitted.optimality_ <= 1e-9


def test_the_classes_of_a_task_share_one_intercept_of_zero_mean(X):
    fitted = TraceNormClassifier(0.05).fit(X, labels(X, 3))
    np.testing.assert_allclose(fitted.intercept_.sum(axis=1), 0.0, atol=1e-12)


# Special cases are simpler models


@pytest.mark.parametrize("ridge", [0.01, 1.0])
def test_ridges_are_one_logistic_regression_for_each_task(X, Y, ridge):
    fitted = tight(MultiTaskClassifier(Ridge(ridge))).fit(X, Y)
    options = {"C": 1 / (N * ridge), "tol": 1e-10, "max_iter": 10_000}
    alone = [LogisticRegression(**options).fit(X, y).predict_proba(X) for y in Y.T]
    np.testing.assert_allclose(probabilities(fitted, X), alone, rtol=0, atol=1e-4)


def test_a_strong_coupling_is_one_model(X, Y):
    fitted = tight(MeanRegularizedClassifier(1e5, ridge=0.1)).fit(X, Y)
    np.testing.assert_allclose(fitted.coef_[0], fitted.coef_[1], rtol=0, atol=1e-4)


def test_no_coupling_is_independent_models(X, Y):
    coupled = tight(MeanRegularizedClassifier(0.0, ridge=0.1)).fit(X, Y)
    same(coupled, tight(MultiTaskClassifier(Ridge(0.1))).fit(X, Y))


@pytest.mark.parametrize(
    "estimator", [m for m in CLASSIFIERS if not isinstance(m, NEVER_EMPTY)], ids=name_of
)
def test_strong_penalties_leave_the_intercepts_alone(estimator, X, Y):
    fitted = clone(estimator).set_params(alpha=100.0).fit(X, Y)
    assert not fitted.coef_.any()
    shares = np.array([np.bincount(y) / N for y in Y.T])
    np.testing.assert_allclose(probabilities(fitted, X)[:, 0], shares, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("estimator", "norm"),
    [
        (MultiTaskLassoClassifier(), lambda G: np.linalg.norm(G, axis=(1, 2)).max()),
        (MultiTaskSparseGroupLassoClassifier(l1_ratio=1.0), lambda G: np.abs(G).max()),
        (TraceNormClassifier(), lambda G: np.linalg.norm(G.transpose(0, 2, 1).reshape(-1, T), 2)),
    ],
    ids=["L21", "L1", "trace"],
)
def test_alpha_max_is_tight(estimator, norm, X, Y, n_classes):
    """By G (n_features, n_tasks, n_columns), the gradient at zero coefficients."""
    targets = np.eye(n_classes)[Y][:, :, n_classes == 2 :]  # one column for two classes
    G = np.tensordot(X.T, targets - targets.mean(axis=0), 1) / N
    for factor, empty in ((1.001, True), (0.99, False)):
        fitted = tight(estimator).set_params(alpha=factor * norm(G)).fit(X, Y)
        assert fitted.coef_.any() != empty


# Tasks that differ in their classes


@pytest.fixture
def uneven(X):
    """Tasks of two, three and two classes."""
    Y = labels(X, 3)
    return np.where((Y == 2) & ([True, False, True]), 0, Y)


@pytest.mark.parametrize("estimator", UNCOUPLED, ids=name_of)
def test_tasks_may_have_different_numbers_of_classes(estimator, X, uneven):
    fitted = tight(estimator).set_params(max_iter=1000).fit(X, uneven)
    assert [c.tolist() for c in fitted.classes_] == [[0, 1], [0, 1, 2], [0, 1]]
    assert [p.shape for p in fitted.predict_proba(X)] == [(N, 2), (N, 3), (N, 2)]
    assert [s.shape for s in fitted.decision_function(X)] == [(N, 2), (N, 3), (N, 2)]
    for p in fitted.predict_proba(X):
        np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-14)
    assert set(fitted.predict(X)[:, 0]) <= {0, 1}
    assert not fitted.coef_[[0, 2], 2].any()
    assert (fitted.intercept_[[0, 2], 2] == -np.inf).all()


def test_ridges_of_uneven_tasks_are_logistic_regressions(X, uneven):
    fitted = tight(MultiTaskClassifier(Ridge(0.1))).fit(X, uneven)
    found = fitted.predict_proba(X)
    for y, p in zip(uneven.T, found, strict=True):
        # two columns of a softmax with a ridge are one with half of it
        C = (2 if len(np.unique(y)) == 2 else 1) / (N * 0.1)
        alone = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X, y)
        np.testing.assert_allclose(p, alone.predict_proba(X), rtol=0, atol=1e-4)


@pytest.mark.parametrize("estimator", COUPLED, ids=name_of)
def test_coupled_tasks_need_the_same_number_of_classes(estimator, X, uneven):
    with pytest.raises(ValueError, match="same number of classes"):
        clone(estimator).fit(X, uneven)


def test_tasks_may_have_classes_of_their_own(X):
    Y = labels(X, 2)
    names = np.column_stack([LETTERS[:2][Y[:, 0]], np.array(["x", "y"])[Y[:, 1]]])
    fitted = TraceNormClassifier(0.05).fit(X, names)
    assert [c.tolist() for c in fitted.classes_] == [["a", "b"], ["x", "y"]]
    assert set(fitted.predict(X)[:, 1]) <= {"x", "y"}


def test_a_task_of_one_class_gets_a_pseudo_count(some, X, Y):
    Y[:, 1] = 0
    with pytest.warns(UserWarning, match="pseudo-observation"):
        fitted = some.fit(X, Y)
    assert np.isfinite(fitted.intercept_).all()
    assert (fitted.predict(X)[:, 1] == 0).all()
    assert (probabilities(fitted, X) > 0).all()


def test_a_class_that_a_task_lacks_gets_a_pseudo_count(model, X):
    rows, y = long(X, labels(X, 3))
    y = np.where((y == 2) & (rows[:, -1] == 1), 0, y)
    model.set_params(task_column=-1)
    with pytest.warns(UserWarning, match=r"Task\(s\) \[1.*pseudo-observation"):
        fitted = model.fit(rows, y)
    assert np.isfinite(fitted.intercept_).all()
    assert fitted.predict_proba(rows).shape == (T * N, 3)


def test_the_null_model_of_a_task_of_one_class_is_its_pseudo_count(X):
    Y = labels(X, 2)
    Y[:, 1] = 0
    share = Y.mean() / (N + 1)  # one row more, with the shares of all tasks
    with pytest.warns(UserWarning, match="pseudo-observation"):
        fitted = TraceNormClassifier(1e3).fit(X, Y)
    assert probabilities(fitted, X)[1, 0, 1] == pytest.approx(share, rel=1e-9)


@pytest.mark.filterwarnings("ignore:.*pseudo-observation")
def test_tasks_of_one_row_are_fitted(model, n_classes):
    rows = np.column_stack([features(n=6), np.arange(6)])
    fitted = model.set_params(task_column=-1).fit(rows, np.arange(6) % n_classes)
    assert np.isfinite(fitted.coef_).all()
    assert np.isfinite(fitted.intercept_).all()


# Hard data


def test_separable_data_give_finite_models(model, n_classes):
    X = features()
    Y = np.stack([X[:, j : j + n_classes].argmax(axis=1) for j in (0, 1, 0)], axis=1)
    weak = {"alpha": 1e-6} if hasattr(model, "alpha") else {"penalty": TraceNorm(1e-6)}
    model.set_params(**weak, tol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = model.fit(X, Y)
    assert np.isfinite(fitted.coef_).all()
    assert np.isfinite(fitted.intercept_).all()


def test_constant_features_do_not_count(some, X, Y):
    wide = np.column_stack([X, np.full(N, 5.0), np.zeros(N)])
    fitted = clone(some).fit(wide, Y)
    np.testing.assert_allclose(fitted.coef_[..., P:], 0.0, atol=SAME)
    same_model = clone(some).fit(X, Y)
    np.testing.assert_allclose(fitted.coef_[..., :P], same_model.coef_, rtol=0, atol=SAME)


def test_more_features_than_rows_are_fitted(model, n_classes):
    X = features(n=20, p=50)
    fitted = model.set_params(tol=1e-4).fit(X, labels(X, n_classes))
    assert fitted.coef_.shape[-1] == 50
    assert np.isfinite(fitted.coef_).all()


@pytest.mark.parametrize(
    ("layout", "container"), [("wide", sparse.csc_array), ("long", sparse.csr_matrix)]
)
def test_sparse_features_give_the_same_model(some, n_classes, layout, container):
    X = np.where(np.random.default_rng(2).random((N, P)) < 0.5, 0.0, features())
    Y = labels(X, n_classes)
    data, y = (X, Y) if layout == "wide" else long(X, Y)
    if layout == "long":
        some.set_params(task_column=-1)
    some.set_params(tol=1e-6)  # parabolas above take many steps
    dense, thin = clone(some).fit(data, y), clone(some).fit(container(data), y)
    same(dense, thin, atol=5e-3)  # root of the gap over the curvature


def test_features_of_single_precision_give_the_same_model(some, X, Y):
    X = X.astype(np.float32)
    same(clone(some).fit(X, Y), clone(some).fit(X.astype(float), Y))


def test_data_are_not_modified(some, X, Y):
    rows, y = long(X, Y)
    copies = rows.copy(), y.copy()
    some.set_params(task_column=-1, class_weight="balanced").fit(rows, y).predict_proba(rows)
    np.testing.assert_array_equal(rows, copies[0])
    np.testing.assert_array_equal(y, copies[1])


def test_without_intercepts_they_are_zero(some, X, Y):
    fitted = some.set_params(fit_intercept=False).fit(X, Y)
    np.testing.assert_array_equal(fitted.intercept_, np.zeros(fitted.intercept_.shape))


# Unseen tasks


def test_unseen_tasks_are_refused(some, X, Y):
    rows, y = long(X, Y)
    fitted = some.set_params(task_column=-1).fit(rows, y)
    with pytest.raises(ValueError, match="not seen in fit"):
        fitted.predict_proba(np.column_stack([X, np.full(N, 99)]))


def test_unseen_tasks_get_the_average_model(model, X, Y, n_classes):
    rows, y = long(X, Y)
    fitted = model.set_params(task_column=-1, handle_unknown="shared").fit(rows, y)
    unseen = fitted.decision_function(np.column_stack([X, np.full(N, 99)]))
    seen = fitted.decision_function(rows).reshape(T, N, *([] if n_classes == 2 else [3]))
    np.testing.assert_allclose(unseen, seen.mean(axis=0), rtol=0, atol=1e-12)


def test_three_classes_are_the_group_lasso_of_an_independent_solver():
    """cvxpy with Clarabel at 1e-11: the classes of both tasks in one group for each feature."""
    rng = np.random.RandomState(0)
    X = rng.randn(40, 5)
    noisy = [X[:, :3] + rng.gumbel(size=(40, 3)) for _ in range(2)]
    Y = np.column_stack([scores.argmax(axis=1) for scores in noisy])
    model = MultiTaskLassoClassifier(0.05, tol=1e-10).fit(X, Y)
    assert model.objective_ == pytest.approx(1.6175221855031257, rel=1e-9)
    rows = np.linalg.norm(model.coef_.reshape(6, 5), axis=0)
    np.testing.assert_allclose(
        rows, [1.33543422, 1.50368206, 1.31277936, 0.14392045, 0.54611347], rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("first", [TraceNorm, SquaredTraceNorm])
@pytest.mark.parametrize("weights", [None, [0.0, 1.0, 1.0, 2.0]])
def test_the_order_of_penalties_does_not_matter(first, weights):
    """Three classes: one penalty sees tasks as columns, the other features of all classes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    Y = np.digitize(X @ rng.normal(size=(4, 3)) + rng.normal(size=(60, 3)), [-1.0, 1.0])
    terms = first(0.01), L21(0.02, weights, positive=weights is None)
    objectives = []
    for penalty in (terms[0] + terms[1], terms[1] + terms[0]):
        model = MultiTaskClassifier(penalty, tol=1e-6, max_iter=500).fit(X, Y)
        assert model.optimality_ <= 1e-6
        assert weights is not None or (model.coef_ >= -1e-12).all()
        objectives.append(model.objective_)
    assert objectives[0] == pytest.approx(objectives[1], rel=1e-5)  # a few tol


@pytest.mark.parametrize("alpha", [0.01, 0.001])
def test_few_steps_are_enough_where_tasks_have_different_numbers_of_classes(alpha):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    Z = X @ rng.normal(size=(3, 3))
    Y = np.full((60, 3), np.nan)
    for t, own in enumerate(np.split(np.arange(60), 3)):
        Y[own, t] = Z[own, t] + rng.logistic(size=20) > 0
    Y[20:40, 1] = 0  # a task with one class
    Y[3, 0] = 2  # the only sample of this class
    with pytest.warns(UserWarning, match="lack a class"):
        model = MultiTaskLassoClassifier(alpha).fit(X, Y)
    assert [len(classes) for classes in model.classes_] == [3, 3, 2]
    assert model.n_iter_ <= 12
    assert model.dual_gap_ <= 1e-4 * 60 * model.objective_
