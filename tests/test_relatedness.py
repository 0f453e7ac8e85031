"""Relatedness of tasks: which tasks help, which are similar, which to learn together."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_backend
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.metrics import (
    adjusted_rand_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
)
from sklearn.model_selection import GridSearchCV, KFold, RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skmtl import (
    ClusteredTaskRegressor,
    IndependentTasks,
    MeanRegularizedClassifier,
    MeanRegularizedRegressor,
    MultiTaskCV,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskMixed,
    PooledTasks,
    SequentialTasks,
    TaskRelationshipRegressor,
    TaskStratifiedKFold,
    TraceNormRegressor,
    keep_task_column,
    make_multitask_classification,
    select_tasks,
    task_similarity,
    task_transfer_matrix,
)

MODES = ("pairwise", "drop_one", "cross_predict")
MODEL = MeanRegularizedRegressor(alpha=1.0, ridge=0.01)
FITS = {"n": 0}  # of Counting, in this process


class Counting(MeanRegularizedRegressor):
    def fit(self, X, y, sample_weight=None, *, tasks=None):
        FITS["n"] += 1
        return super().fit(X, y, sample_weight, tasks=tasks)


def draw(signs, n=30, noise=1.0, seed=0, p=5):
    """X, Y of tasks whose coefficients are those of one task times a sign."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    scores = X @ np.outer(np.ones(p), signs)
    return X, scores + noise * rng.standard_normal(scores.shape)


@pytest.fixture(scope="module")
def wide():
    return draw([1, 1, -1, 0.5])


def long_of(X, Y):
    """Long data, X with the task as last column, and the sample of wide data that each is from."""
    samples, tasks = np.nonzero(~np.isnan(Y))
    return np.column_stack([X[samples], tasks]), Y[samples, tasks], samples


def folds_of(samples, n, n_splits=5):
    """Folds of n samples, and the same folds of long data made from `samples`."""
    splits = list(KFold(n_splits).split(np.zeros((n, 1))))
    return splits, [tuple(np.flatnonzero(np.isin(samples, side)) for side in s) for s in splits]


# ---------------------------------------------------------------- the transfer matrix


@pytest.mark.parametrize("mode", MODES)
def test_planted_clusters_are_recovered(mode):
    rng = np.random.default_rng(0)
    planted = np.repeat([0, 1, 2], 3)
    coef = rng.standard_normal((3, 8))[planted] + 0.1 * rng.standard_normal((9, 8))
    X = rng.standard_normal((30, 8))
    Y = X @ coef.T + 0.3 * rng.standard_normal((30, 9))
    gain = task_transfer_matrix(MODEL, X, Y, mode=mode, random_state=0).gain
    near = (gain + gain.T) / 2
    distance = near.max() - near
    np.fill_diagonal(distance, 0.0)
    found = fcluster(linkage(squareform(distance), "average"), 3, criterion="maxclust")
    assert adjusted_rand_score(planted, found) == 1.0


def test_pairwise_is_what_fitting_by_hand_gives(wide):
    X, Y = wide
    splits = list(KFold(5).split(X))
    result = task_transfer_matrix(MODEL, X, Y, cv=splits)

    def error(tasks, t):
        squares = [
            (Y[test, t] - MODEL.fit(X[train], Y[train][:, tasks]).predict(X[test])[:, i]) ** 2
            for train, test in splits
            for i in [tasks.index(t)]
        ]
        return np.sqrt(np.mean(np.concatenate(squares)))

    assert result.gain[2, 1] == pytest.approx(1 - error([1, 2], 1) / error([1], 1))
    assert result.gain[0, 3] == pytest.approx(1 - error([0, 3], 3) / error([3], 3))
    np.testing.assert_allclose(result.error_alone, [error([t], t) for t in range(4)])
    np.testing.assert_array_equal(result.gain.diagonal(), 0.0)
    dropped = task_transfer_matrix(MODEL, X, Y, cv=splits, mode="drop_one")
    everything = error([0, 1, 2, 3], 1)
    assert dropped.gain[2, 1] == pytest.approx(1 - everything / error([0, 1, 3], 1))
    assert np.isnan(dropped.error_alone).all()


def test_cross_predict_judges_the_model_of_another_task(wide):
    X, Y = wide
    result = task_transfer_matrix(MODEL, X, Y, cv=KFold(5), mode="cross_predict")
    z = np.empty_like(Y)
    for train, test in KFold(5).split(X):
        for t in range(4):
            z[test, t] = MODEL.fit(X[train], Y[train][:, [t]]).predict(X[test])[:, 0]
    errors = np.sqrt(np.mean((Y[:, None, :] - z[:, :, None]) ** 2, axis=0))
    np.testing.assert_allclose(result.error, errors)
    np.testing.assert_allclose(result.gain, 1 - errors / errors.diagonal())


def test_two_tasks_are_paired_or_one_is_dropped(wide):
    X, Y = wide
    gains = [
        task_transfer_matrix(MODEL, X, Y[:, :2], mode=mode, random_state=0).gain
        for mode in ("pairwise", "drop_one")
    ]
    np.testing.assert_allclose(*gains)


def test_tasks_learned_alone_gain_nothing(wide):
    model = IndependentTasks(LinearRegression())
    for mode in ("pairwise", "drop_one"):
        gain = task_transfer_matrix(model, *wide, mode=mode, random_state=0).gain
        np.testing.assert_allclose(gain, 0.0, atol=1e-12)


def test_opposite_tasks_harm_each_other(wide):
    gain = task_transfer_matrix(MODEL, *wide, random_state=0).gain
    assert (gain[2, [0, 1, 3]] < 0).all()
    assert (gain[[0, 1, 3], 2] < 0).all()
    pooled = task_transfer_matrix(PooledTasks(LinearRegression()), *wide, random_state=0).gain
    assert pooled[0, 2] < -0.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("with_missing", [False, True])
def test_wide_and_long_agree(wide, mode, with_missing):
    X, Y = wide
    if with_missing:
        Y = np.where(np.random.default_rng(1).random(Y.shape) < 0.2, np.nan, Y)
    X_long, y_long, samples = long_of(X, Y)
    splits, splits_long = folds_of(samples, len(X))
    model = MeanRegularizedRegressor(alpha=0.5, ridge=0.1, tol=1e-9)
    one = task_transfer_matrix(model, X, Y, mode=mode, cv=splits)
    by_column = task_transfer_matrix(
        model, X_long, y_long, mode=mode, task_column=-1, cv=splits_long
    )
    by_ids = task_transfer_matrix(
        model, X_long[:, :-1], y_long, mode=mode, tasks=X_long[:, -1], cv=splits_long
    )
    for other in (by_column, by_ids):
        np.testing.assert_allclose(other.gain, one.gain, atol=1e-6)
        np.testing.assert_allclose(other.n_train, one.n_train)
        assert other.n_fits == one.n_fits
    assert one.n_train == pytest.approx(0.8 * (~np.isnan(Y)).sum(axis=0))


@pytest.mark.parametrize("mode", MODES)
def test_permuting_tasks_permutes_the_matrix(wide, mode):
    X, Y = wide
    order = [2, 0, 3, 1]
    model = MeanRegularizedRegressor(tol=1e-10)
    before = task_transfer_matrix(model, X, Y, mode=mode, random_state=0).gain
    frame = pd.DataFrame(Y, columns=list("abcd")).iloc[:, order]
    after = task_transfer_matrix(model, X, frame, mode=mode, random_state=0)
    assert after.tasks.tolist() == ["c", "a", "d", "b"]
    np.testing.assert_allclose(after.gain, before[np.ix_(order, order)], atol=1e-6)


@pytest.mark.parametrize(
    ("mode", "formula"),
    [
        ("pairwise", lambda J, T: J * T * (T + 1) // 2),
        ("drop_one", lambda J, T: J * (T + 1)),
        ("cross_predict", lambda J, T: J * T),
    ],
)
def test_fits_are_counted_and_as_many_as_the_docstring_says(wide, mode, formula):
    FITS["n"] = 0
    result = task_transfer_matrix(Counting(), *wide, mode=mode, cv=3, random_state=0)
    assert result.n_fits == FITS["n"] == formula(3, 4)


def test_frames_and_sparse_X_give_the_same(wide):
    X, Y = wide
    expected = task_transfer_matrix(MODEL, X, Y, random_state=0).gain
    for same in (pd.DataFrame(X), sparse.csc_array(X), X.tolist()):
        gain = task_transfer_matrix(MODEL, same, Y, random_state=0).gain
        np.testing.assert_allclose(gain, expected, atol=1e-6)
    np.testing.assert_array_equal(
        task_transfer_matrix(MODEL, X, Y.tolist(), random_state=0).gain, expected
    )


def test_parameters_by_task_id_are_those_of_the_same_tasks_in_every_subset(wide):
    X, Y = wide
    names = [f"task {t}" for t in range(Y.shape[1])]
    weight = dict(enumerate(np.logspace(-2, 2, len(names))))
    named_weight = dict(zip(names, weight.values(), strict=True))
    model = MultiTaskLasso(alpha=0.3, task_weight=weight)
    found = task_transfer_matrix(model, X, Y, random_state=0)
    model = MultiTaskLasso(alpha=0.3, task_weight=named_weight)
    expected = task_transfer_matrix(model, X, pd.DataFrame(Y, columns=names), random_state=0)
    assert np.array_equal(found.gain, expected.gain)


def test_results_do_not_depend_on_n_jobs(wide):
    one = task_transfer_matrix(MODEL, *wide, mode="drop_one", random_state=0)
    with parallel_backend("threading"):  # no processes to start
        two = task_transfer_matrix(MODEL, *wide, mode="drop_one", random_state=0, n_jobs=2)
    np.testing.assert_array_equal(one.gain, two.gain)


def test_scores_have_the_names_of_the_comparison(wide):
    X, Y = wide
    names = ("neg_root_mean_squared_error", "neg_mean_squared_error", "neg_mean_absolute_error")
    root, squared, absolute = (
        task_transfer_matrix(MODEL, X, Y, scoring=name, random_state=0).error for name in names
    )
    np.testing.assert_allclose(root**2, squared)
    assert (absolute < root).all()


@pytest.mark.parametrize("scoring", ["average_precision", "f1", "neg_brier_score"])
def test_any_score_is_that_of_all_held_out_samples(classes, scoring):
    X, Y = classes
    probability = np.empty(len(X))
    for train, test in KFold(3).split(X):
        model = CLASSIFIER.fit(X[train], Y[train][:, :1])
        probability[test] = model.predict_proba(X[test])[0][:, 1]
    result = task_transfer_matrix(CLASSIFIER, X, Y, cv=KFold(3), scoring=scoring)
    expected = {
        "average_precision": 1 - average_precision_score(Y[:, 0], probability),
        "f1": 1 - f1_score(Y[:, 0], probability > 0.5),
        "neg_brier_score": brier_score_loss(Y[:, 0], probability),
    }
    assert result.error_alone[0] == pytest.approx(expected[scoring])
    selected = select_tasks(CLASSIFIER, X, Y, 0, cv=KFold(3), scoring=scoring)
    assert selected.error_alone == pytest.approx(expected[scoring])


def test_repeated_folds_are_pooled(wide):
    X, Y = wide
    once = task_transfer_matrix(MODEL, X, Y, cv=KFold(3))
    twice = task_transfer_matrix(MODEL, X, Y, cv=list(KFold(3).split(X)) * 2)
    np.testing.assert_allclose(once.gain, twice.gain)
    assert twice.n_fits == 2 * once.n_fits
    repeated = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    assert task_transfer_matrix(MODEL, X, Y, cv=repeated).n_fits == twice.n_fits


# ---------------------------------------------------------------- what is around the estimator


def test_pipelines_and_searches_are_followed():
    X, Y = draw([1, 1, -1])
    X_long, y, _ = long_of(X, Y)
    frame = pd.DataFrame(X_long).set_axis([*"abcde", "school"], axis=1)
    frame["school"] = frame["school"].map(lambda t: f"s{t:.0f}")
    pipeline = make_pipeline(
        keep_task_column(StandardScaler(), "school"),
        MeanRegularizedRegressor(ridge=0.01, task_column=-1),
    )
    options = {"task_column": "school", "cv": 3, "random_state": 0}
    result = task_transfer_matrix(pipeline, frame, y, **options)
    assert result.tasks.tolist() == ["s0", "s1", "s2"]
    assert (result.gain[[0, 1], 2] < 0).all()
    grid = {"meanregularizedregressor__alpha": [0.1, 1.0]}
    inner = TaskStratifiedKFold(2, task_column="school")
    search = GridSearchCV(pipeline, grid, cv=inner)
    searched = task_transfer_matrix(search, frame, y, mode="cross_predict", **options)
    assert searched.n_fits == 9
    assert np.isfinite(searched.gain).all()


def test_a_search_of_this_package_is_followed(wide):
    model = MultiTaskCV(TraceNormRegressor(), {"alpha": 3}, cv=2)
    result = task_transfer_matrix(model, *wide, mode="drop_one", cv=2, random_state=0)
    assert np.isfinite(result.gain).all()


# ---------------------------------------------------------------- classification


@pytest.fixture(scope="module")
def classes():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 4))
    z = 2 * X @ np.outer(np.ones(4), [1, 1, -1])
    return X, (rng.random(z.shape) < 1 / (1 + np.exp(-z))).astype(float)


CLASSIFIER = MeanRegularizedClassifier(alpha=0.1, ridge=0.01)


@pytest.mark.parametrize("mode", MODES)
def test_classifiers_are_judged_by_log_loss(classes, mode):
    result = task_transfer_matrix(CLASSIFIER, *classes, mode=mode, cv=KFold(3))
    assert (result.gain[2, :2] < 0).all()
    assert (result.gain[:2, 2] < 0).all()
    assert result.gain[0, 1] > result.gain[0, 2]


def test_log_loss_is_that_of_all_held_out_samples(classes):
    X, Y = classes
    p = np.empty(len(X))
    for train, test in KFold(3).split(X):
        p[test] = CLASSIFIER.fit(X[train], Y[train][:, :1]).predict_proba(X[test])[0][:, 1]
    result = task_transfer_matrix(CLASSIFIER, X, Y, cv=KFold(3))
    assert result.error_alone[0] == pytest.approx(log_loss(Y[:, 0], p))


@pytest.mark.parametrize("mode", MODES)
def test_classes_wide_and_long_agree_with_missing_targets(classes, mode):
    X, Y = (array[:60] for array in classes)
    Y = np.where(np.random.default_rng(1).random(Y.shape) < 0.2, np.nan, Y)
    X_long, y_long, samples = long_of(X, Y)
    splits, splits_long = folds_of(samples, len(X), n_splits=2)
    model = MeanRegularizedClassifier(alpha=0.1, ridge=0.01, tol=1e-9)
    one = task_transfer_matrix(model, X, Y, mode=mode, cv=splits)
    other = task_transfer_matrix(model, X_long, y_long, mode=mode, task_column=-1, cv=splits_long)
    np.testing.assert_allclose(other.gain, one.gain, atol=1e-4)


def test_more_classes_with_names_and_any_classifier():
    data = make_multitask_classification(
        n_samples=60, n_features=4, n_tasks=3, n_informative=3, n_classes=3, random_state=0
    )
    Y = np.array(["red", "green", "blue"], dtype=object)[data.y.astype(int)]
    model = IndependentTasks(LogisticRegression())
    gain = task_transfer_matrix(model, data.X, Y, cv=3, random_state=0).gain
    np.testing.assert_allclose(gain, 0.0, atol=1e-12)
    coupled = task_transfer_matrix(
        MultiTaskLassoClassifier(alpha=0.01), data.X, Y, mode="cross_predict", cv=3, random_state=0
    )
    assert np.isfinite(coupled.gain).all()


# ---------------------------------------------------------------- tasks that tell nothing


@pytest.mark.parametrize("mode", MODES)
def test_constant_tasks_and_tasks_of_one_sample_are_left_out_with_a_note(wide, mode):
    X, Y = wide
    bad = np.full((len(X), 3), np.nan)
    bad[:, 0] = 4.0
    bad[3, 1] = 1.0
    with pytest.warns(UserWarning, match="Gains of some tasks are NaN: 1: all its targets"):
        result = task_transfer_matrix(
            MODEL, X, np.column_stack([Y[:, 0], bad, Y[:, 1:]]), mode=mode, cv=KFold(5)
        )
    assert set(result.note) == {1, 2, 3}
    assert "1 labeled sample(s)" in result.note[2]
    assert "0 labeled sample(s)" in result.note[3]
    off = ~np.eye(7, dtype=bool)
    assert np.isnan(result.gain[1:4][off[1:4]]).all()
    assert np.isnan(result.gain[:, 1:4][off[:, 1:4]]).all()
    good = [0, 4, 5, 6]
    clean = task_transfer_matrix(MODEL, X, Y, mode=mode, cv=KFold(5))
    np.testing.assert_allclose(result.gain[np.ix_(good, good)], clean.gain, atol=1e-6)
    assert result.n_fits == clean.n_fits


def test_a_task_of_two_samples_is_judged_where_it_can_be(wide):
    X, Y = wide
    X_long, y, _ = long_of(X, Y)
    rows = np.concatenate(
        [np.flatnonzero(X_long[:, -1] < 3), np.flatnonzero(X_long[:, -1] == 3)[:2]]
    )
    FITS["n"] = 0
    result = task_transfer_matrix(
        Counting(ridge=0.1), X_long[rows], y[rows], task_column=-1, random_state=0
    )
    assert np.isfinite(result.gain).all()
    assert result.n_train[3] == pytest.approx(1.6)
    # alone, the task is only fitted in the two folds that hold a sample of it out
    assert result.n_fits == FITS["n"] == 5 * 9 + 2


def test_a_task_that_some_fold_lacks_gives_no_cross_predictions(wide):
    X, Y = wide
    Y = Y.copy()
    Y[5:, 3] = np.nan
    splits = list(KFold(3).split(X))  # the first test set holds all its targets
    with pytest.warns(UserWarning, match="no fold has both test samples of it and"):
        result = task_transfer_matrix(MODEL, X, Y, cv=splits, mode="cross_predict")
    assert np.isnan(result.gain[3, :3]).all()
    Y[25, 3] = 1.0
    Y[15:20, 3] = np.nan
    result = task_transfer_matrix(MODEL, X, Y, cv=splits, mode="cross_predict")
    assert np.isfinite(result.gain).all()
    Y[10, 3] = 0.0
    rarely = [(np.arange(5, 10), np.arange(10)), *splits]  # no training sample of task 3
    with pytest.warns(UserWarning, match="1 of 4 folds cannot be trained on it alone"):
        result = task_transfer_matrix(MODEL, X, Y, cv=rarely, mode="cross_predict")
    assert np.isnan(result.gain[3, :3]).all()
    assert np.isfinite(result.gain[:3, :3]).all()


@pytest.mark.filterwarnings("ignore:Task.*lack a class:UserWarning")
def test_a_class_that_training_sets_lack_is_noted(classes):
    X, Y = classes
    Y = Y.copy()
    Y[:, 1] = 0.0
    Y[7, 1] = 1.0
    result = task_transfer_matrix(CLASSIFIER, X, Y, cv=KFold(3))
    # the fold that holds the only 1 out cannot be judged; the others can
    assert np.isfinite(result.gain).all()
    with pytest.warns(UserWarning, match="1: 1 - AUC is undefined where all held-out targets"):
        result = task_transfer_matrix(CLASSIFIER, X, Y, cv=KFold(3), scoring="roc_auc")
    assert np.isfinite(result.gain[[0, 2], [2, 0]]).all()
    Y[:, 2] = 1.0
    with pytest.warns(UserWarning, match="all its targets are the same"):
        result = task_transfer_matrix(CLASSIFIER, X, Y, cv=KFold(3))
    assert list(result.note) == [2]


def test_no_error_to_lower_is_noted():
    X, Y = draw([1, 2], noise=0.0)
    with pytest.warns(UserWarning, match="there is no error to lower"):
        result = task_transfer_matrix(IndependentTasks(LinearRegression()), X, Y, random_state=0)
    assert np.isnan(result.gain[[0, 1], [1, 0]]).all()
    np.testing.assert_array_equal(result.gain.diagonal(), 0.0)


def test_fits_that_do_not_converge_are_counted_in_one_warning(wide):
    model = TraceNormRegressor(alpha=0.1, max_iter=1, tol=1e-14)
    with pytest.warns(ConvergenceWarning, match="fits did not converge") as caught:
        result = task_transfer_matrix(model, *wide, mode="drop_one", random_state=0)
    assert len(caught) == 1
    assert 0 < result.n_unconverged <= result.n_fits


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"estimator": RidgeCV()}, TypeError, "is not a multi-task regressor or"),
        ({"mode": "triples"}, ValueError, "mode='triples' is not one of"),
        ({"scoring": "accuracy"}, ValueError, "scoring='accuracy' is not one of"),
        ({"scoring": "neg_log_loss"}, ValueError, "scoring='neg_log_loss' is not one of"),
        ({"verbose": -1}, ValueError, "verbose == -1"),
        ({"y": np.zeros(30)}, ValueError, "set its task_column"),
        ({"y": np.zeros((30, 1))}, ValueError, "at least two tasks"),
        ({"y": np.zeros((29, 2))}, ValueError, "inconsistent numbers of samples"),
        ({"tasks": np.zeros(30)}, ValueError, "y must be 1-D"),
        ({"tasks": np.zeros(30), "task_column": 0}, ValueError, "use one of them"),
        (
            {"estimator": IndependentTasks(LinearSVC())},
            TypeError,
            "judged by probabilities",
        ),
    ],
)
def test_errors_say_what_was_wrong(wide, arguments, error, message):
    call = {"estimator": MODEL, "X": wide[0], "y": wide[1], **arguments}
    with pytest.raises(error, match=message):
        task_transfer_matrix(call.pop("estimator"), call.pop("X"), call.pop("y"), **call)


# ---------------------------------------------------------------- similarity


def test_coefficients_are_compared_by_their_cosine(wide):
    model = MultiTaskLasso(alpha=0.05).fit(*wide)
    result = task_similarity(model)
    units = model.coef_ / np.linalg.norm(model.coef_, axis=1, keepdims=True)
    np.testing.assert_allclose(result.similarity, units @ units.T, atol=1e-12)
    np.testing.assert_array_equal(result.tasks, model.tasks_)
    assert result.similarity[0, 1] > 0.9
    assert result.similarity[0, 2] < -0.9


def test_with_X_the_unit_of_a_feature_does_not_matter(wide):
    X, Y = wide
    scale = np.array([1000.0, 1.0, 0.01, 1.0, 5.0])
    model = IndependentTasks(LinearRegression())
    expected = task_similarity(model.fit(X, Y), X).similarity
    scaled = task_similarity(model.fit(X * scale, Y), X * scale).similarity
    np.testing.assert_allclose(scaled, expected)
    standardized = StandardScaler().fit_transform(X)
    same = task_similarity(model.fit(standardized, Y)).similarity
    np.testing.assert_allclose(same, expected)
    as_sparse = sparse.csr_array(X * scale)
    fitted = model.fit(X * scale, Y)
    np.testing.assert_allclose(task_similarity(fitted, as_sparse).similarity, expected)


def test_similarity_looks_through_pipelines_and_searches():
    X, Y = draw([1, 1, -1])
    X_long, y, _ = long_of(X, Y)
    X_long[:, 0] *= 100
    expected = task_similarity(IndependentTasks(LinearRegression()).fit(X, Y), X).similarity
    model = IndependentTasks(LinearRegression(), task_column=-1)
    pipeline = make_pipeline(keep_task_column(StandardScaler(), -1), model).fit(X_long, y)
    result = task_similarity(pipeline, X_long)
    np.testing.assert_allclose(result.similarity, expected)
    np.testing.assert_array_equal(result.tasks, [0, 1, 2])
    # standardized already, so X changes nothing
    np.testing.assert_allclose(task_similarity(pipeline).similarity, expected)
    cv = TaskStratifiedKFold(3, task_column=-1)
    grid = {"independenttasks__estimator__fit_intercept": [True]}
    search = GridSearchCV(pipeline, grid, cv=cv).fit(X_long, y)
    np.testing.assert_allclose(task_similarity(search, X_long).similarity, expected)
    nested = IndependentTasks(make_pipeline(StandardScaler(), LinearRegression())).fit(X, Y)
    np.testing.assert_allclose(task_similarity(nested).similarity, expected)
    with pytest.raises(ValueError, match="call task_similarity without X"):
        task_similarity(nested, X)


def test_similarity_takes_the_ids_off_X_however_they_come():
    X, Y = draw([1, 1, -1])
    X_long, y, _ = long_of(X, Y)
    by_ids = MODEL.fit(X_long[:, :-1], y, tasks=X_long[:, -1])
    expected = task_similarity(by_ids, X_long[:, :-1], tasks=X_long[:, -1]).similarity
    same = task_similarity(by_ids, X_long, task_column=-1).similarity
    np.testing.assert_allclose(same, expected)
    own = MeanRegularizedRegressor(alpha=1.0, ridge=0.01, task_column=-1).fit(X_long, y)
    np.testing.assert_allclose(task_similarity(own, X_long).similarity, expected, atol=1e-8)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        task_similarity(by_ids, X_long[:, :-1], tasks=[1, 2])


def test_a_task_without_coefficients_is_like_none_but_itself(wide):
    X, Y = wide
    Y = np.column_stack([Y, np.random.default_rng(5).standard_normal(len(Y)) * 1e-3])
    model = IndependentTasks(LinearRegression()).fit(X, Y)
    model.estimators_[4].coef_[:] = 0.0
    similarity = task_similarity(model).similarity
    np.testing.assert_array_equal(similarity[4], [0, 0, 0, 0, 1])
    np.testing.assert_array_equal(similarity[:, 4], [0, 0, 0, 0, 1])


def test_what_classes_share_does_not_count():
    data = make_multitask_classification(
        n_samples=80, n_features=4, n_tasks=3, n_informative=3, n_classes=3, random_state=0
    )
    model = MultiTaskLassoClassifier(alpha=0.01).fit(data.X, data.y)
    before = task_similarity(model, data.X).similarity
    model.coef_ = model.coef_ + np.random.default_rng(0).standard_normal((3, 1, 4))
    np.testing.assert_allclose(task_similarity(model, data.X).similarity, before)


def test_covariances_become_correlations(wide):
    for model in (TaskRelationshipRegressor(alpha=0.01), ClusteredTaskRegressor()):
        model.fit(*wide)
        similarity = task_similarity(model, kind="covariance").similarity
        scale = np.sqrt(model.task_covariance_.diagonal())
        np.testing.assert_allclose(similarity * np.outer(scale, scale), model.task_covariance_)
        np.testing.assert_array_equal(similarity.diagonal(), 1.0)
    model.task_covariance_ = np.diag([4.0, 0.0, 1.0, 0.0])
    model.task_covariance_[0, 2] = model.task_covariance_[2, 0] = 1.0
    expected = np.eye(4)
    expected[0, 2] = expected[2, 0] = 0.5
    np.testing.assert_allclose(task_similarity(model, kind="covariance").similarity, expected)
    search = MultiTaskCV(TaskRelationshipRegressor(), {"alpha": 3}).fit(*wide)
    assert task_similarity(search, wide[0]).similarity.shape == (4, 4)
    assert task_similarity(search, kind="covariance").similarity[0, 2] < 0


def test_residuals_are_correlated_over_the_samples_that_two_tasks_share():
    rng = np.random.default_rng(0)
    X, _ = draw([1])
    noise = rng.standard_normal((30, 4))
    noise[:, 1] += noise[:, 0]
    Y = X @ np.ones((5, 4)) + noise
    Y[2:, 3] = np.nan
    Y[2:][rng.random((28, 4)) < 0.3] = np.nan
    model = MeanRegularizedRegressor(alpha=0.1, ridge=0.1).fit(X, Y)
    similarity = task_similarity(model, X, Y, kind="residuals").similarity
    expected = pd.DataFrame(Y - model.predict(X)).corr(min_periods=3).to_numpy()
    np.testing.assert_allclose(similarity, expected, atol=1e-12)
    assert np.isnan(similarity[3]).all()
    pipeline = make_pipeline(StandardScaler(), MeanRegularizedRegressor()).fit(X, Y)
    frame = pd.DataFrame(Y)
    expected = pd.DataFrame(Y - pipeline.predict(X)).corr(min_periods=3).to_numpy()
    similarity = task_similarity(pipeline, X, frame, kind="residuals").similarity
    np.testing.assert_allclose(similarity, expected, atol=1e-12)


def test_similarity_errors_say_what_was_wrong(wide, classes):
    X, Y = wide
    model = MultiTaskLasso(alpha=0.1).fit(X, Y)
    with pytest.raises(ValueError, match="kind='distance' is not one of"):
        task_similarity(model, kind="distance")
    with pytest.raises(TypeError, match="MultiTaskLasso learns no task covariance; Clustered"):
        task_similarity(model, kind="covariance")
    with pytest.raises(ValueError, match="needs X and y, but y is None"):
        task_similarity(model, X, kind="residuals")
    with pytest.raises(ValueError, match=r"y has shape \(30, 3\), but the predictions \(30, 4\)"):
        task_similarity(model, X, Y[:, :3], kind="residuals")
    with pytest.raises(TypeError, match="has no coefficients of each task"):
        task_similarity(PooledTasks(LinearRegression()).fit(X, Y))
    with pytest.raises(TypeError, match="is not a multi-task estimator"):
        task_similarity(LinearRegression().fit(X, Y))
    with pytest.raises(TypeError, match="takes regressors"):
        task_similarity(CLASSIFIER.fit(*classes), *classes, kind="residuals")
    X_long, y, _ = long_of(X, Y)
    long = MultiTaskLasso(alpha=0.1, task_column=-1).fit(X_long, y)
    with pytest.raises(ValueError, match="tasks that share samples"):
        task_similarity(long, X_long, y, kind="residuals")
    with pytest.raises(ValueError, match="tasks that share samples"):
        task_similarity(model, X, Y, kind="residuals", tasks=np.zeros(30))
    mixed = MultiTaskMixed(losses=["logistic", "squared_error"])
    mixed.fit(X, np.column_stack([np.arange(30) % 3, Y[:, 0]]))
    with pytest.raises(TypeError, match="different numbers of classes"):
        task_similarity(mixed)


def test_every_model_that_learns_a_covariance_is_named():
    import skmtl
    from skmtl.inspection._task_similarity import _WITH_COVARIANCE

    documented = {
        name
        for name in skmtl.__all__
        if "task_covariance_ : ndarray" in (getattr(skmtl, name).__doc__ or "")
    }
    assert {name for name in documented if name not in _WITH_COVARIANCE} == set()


# ---------------------------------------------------------------- selection


@pytest.fixture(scope="module")
def helpers():
    """Tasks 1 and 3 want what task 0 wants, 2 and 4 the opposite; few samples, much noise."""
    return draw([1, 1, -1, 1, -1], n=20, noise=1.0, seed=7, p=8)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_the_planted_helpers_are_selected(helpers, direction):
    FITS["n"] = 0
    model = Counting(alpha=1.0, ridge=0.01)
    result = select_tasks(model, *helpers, 0, direction=direction, random_state=0)
    assert result.tasks[0] == 0
    assert sorted(result.tasks.tolist()) == [0, 1, 3]
    assert result.gain > 0.1
    assert result.n_fits == FITS["n"] <= 5 * (1 + 5 * 4 / 2)
    assert [step["taken"] for step in result.history] == [True, True, True, False]
    taken = [step["error"] for step in result.history if step["taken"]]
    assert (np.diff(taken) < 0).all()
    assert result.history[-1]["gain"] <= 0


def test_the_first_step_is_the_best_pair(helpers):
    matrix = task_transfer_matrix(MODEL, *helpers, cv=KFold(4))
    result = select_tasks(MODEL, *helpers, 2, cv=KFold(4), max_tasks=2)
    best = int(np.argmax(np.where(np.arange(5) == 2, -np.inf, matrix.gain[:, 2])))
    assert result.tasks.tolist() == [2, best]
    assert result.gain == pytest.approx(matrix.gain[best, 2])
    assert result.error_alone == pytest.approx(matrix.error_alone[2])
    assert result.n_fits == 4 * (1 + 4)


def test_max_tasks_and_min_gain_limit_the_selection(helpers):
    assert select_tasks(MODEL, *helpers, 0, max_tasks=1).tasks.tolist() == [0]
    greedy = select_tasks(MODEL, *helpers, 0, random_state=0)
    least = max(step["gain"] for step in greedy.history) + 1e-9
    result = select_tasks(MODEL, *helpers, 0, min_gain=least, random_state=0)
    assert result.tasks.tolist() == [0]
    assert result.gain == 0.0
    result = select_tasks(MODEL, *helpers, 0, max_tasks=1, direction="backward", random_state=0)
    assert result.tasks.tolist() == [0]
    assert result.n_fits == 5 * (1 + 5 * 4 / 2)


def test_selection_wide_and_long_agree(helpers):
    X, Y = helpers
    Y = np.where(np.random.default_rng(3).random(Y.shape) < 0.1, np.nan, Y)
    X_long, y_long, samples = long_of(X, Y)
    splits, splits_long = folds_of(samples, len(X))
    names = np.array(list("abcde"))
    frame = pd.DataFrame(Y, columns=names)
    one = select_tasks(MODEL, X, frame, "a", cv=splits)
    ids = names[X_long[:, -1].astype(int)]
    other = select_tasks(MODEL, X_long[:, :-1], y_long, "a", tasks=ids, cv=splits_long)
    assert one.tasks.tolist() == other.tasks.tolist()
    assert other.gain == pytest.approx(one.gain, abs=1e-5)
    assert one.history[1]["task"] == one.tasks[1]


def test_selection_for_classes(classes):
    result = select_tasks(CLASSIFIER, *classes, 1, cv=KFold(4))
    assert result.tasks.tolist() == [1, 0]
    assert result.gain > 0


def test_tasks_that_cannot_be_judged_are_no_candidates(helpers):
    X, Y = helpers
    Y = np.column_stack([Y, np.ones(len(Y))])
    with pytest.warns(UserWarning, match="Gains of some tasks are NaN: 5: all its targets"):
        result = select_tasks(MODEL, X, Y, 0, random_state=0)
    assert list(result.note) == [5]
    assert 5 not in [step["task"] for step in result.history]
    with pytest.raises(ValueError, match="target=5 has no error to lower: all its targets"):
        select_tasks(MODEL, X, Y, 5)


def test_a_target_without_error_gains_nothing():
    X, Y = draw([1, 1, 2], noise=0.0)
    result = select_tasks(IndependentTasks(LinearRegression()), X, Y, 0, random_state=0)
    assert result.tasks.tolist() == [0]
    assert np.isnan(result.gain)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"target": 9}, ValueError, r"target=9 is no task; tasks are \[0, 1, 2, 3, 4\]"),
        ({"direction": "both"}, ValueError, "direction='both' is not one of"),
        ({"max_tasks": 0}, ValueError, "max_tasks == 0"),
        ({"min_gain": -0.1}, ValueError, "min_gain == -0.1"),
        ({"min_gain": 1.0}, ValueError, "min_gain == 1.0"),
        ({"estimator": RidgeCV()}, TypeError, "is not a multi-task regressor or"),
    ],
)
def test_selection_errors_say_what_was_wrong(helpers, arguments, error, message):
    call = {"estimator": MODEL, "target": 0, **arguments}
    with pytest.raises(error, match=message):
        select_tasks(call.pop("estimator"), *helpers, call.pop("target"), **call)


def test_sums_of_models_have_no_coefficients_to_compare():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 3))
    steps = make_pipeline(StandardScaler(), LinearRegression())
    with pytest.raises(TypeError, match="has no coefficients of each task"):
        task_similarity(SequentialTasks(steps).fit(X, Y))
    lines = SequentialTasks(LinearRegression()).fit(X, Y)
    units = lines.coef_ / np.linalg.norm(lines.coef_, axis=1, keepdims=True)
    np.testing.assert_allclose(task_similarity(lines).similarity, units @ units.T)


def test_padded_classes_are_not_compared():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    Y = np.column_stack([rng.integers(0, 3, 60), rng.integers(0, 4, 60)])
    with pytest.raises(TypeError, match="different numbers of classes"):
        task_similarity(MultiTaskLassoClassifier(0.05).fit(X, Y))
