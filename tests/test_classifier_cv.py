"""Cross-validated classifiers, against loops of separate fits."""

import pickle
from functools import cache

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, KFold

from skmtl import (
    LeaveOneTaskOut,
    MeanRegularizedClassifier,
    MultiTaskCV,
    MultiTaskLassoClassifier,
    MultiTaskLassoClassifierCV,
    TaskStratifiedKFold,
    TraceNormClassifier,
    TraceNormClassifierCV,
    TraceNormRegressor,
    alpha_max,
    make_task_scorer,
)

N, P, T = 60, 4, 3
ALPHAS = [0.15, 0.02, 0.06]  # in no order
DECREASING = sorted(ALPHAS, reverse=True)
TIGHT = {"tol": 1e-8, "max_iter": 500}
CLOSE = 1e-3  # of losses: coefficients err by the root of tol
LETTERS = np.array(["a", "b", "c"])
X = np.random.default_rng(0).normal(size=(N, P))
ROWS = np.column_stack([np.vstack([X] * T), np.repeat(np.arange(T), N)])
HOLES = np.random.default_rng(4).random((N, T)) < 0.15

SEARCHES = {
    "lasso": (MultiTaskLassoClassifierCV(alphas=ALPHAS, **TIGHT), MultiTaskLassoClassifier()),
    "trace": (
        TraceNormClassifierCV(alphas=ALPHAS, ridge=0.02, intercept="free", **TIGHT),
        TraceNormClassifier(),
    ),
    "any": (
        MultiTaskCV(MeanRegularizedClassifier(ridge=0.05, **TIGHT), {"alpha": ALPHAS}),
        MeanRegularizedClassifier(ridge=0.05),
    ),
}
SEARCHES["trace"][1].set_params(ridge=0.02)
each_search = pytest.mark.parametrize("search", SEARCHES)
each_form = pytest.mark.parametrize("form", ["wide", "holes", "long"])
each_case = pytest.mark.parametrize(
    ("form", "n_classes"), [("wide", 2), ("wide", 3), ("holes", 2), ("long", 3)]
)
each_number = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "three"])


@cache
def labels(n_classes):
    """(n_samples, n_tasks) of letters."""
    rng = np.random.default_rng(n_classes)
    W = rng.normal(size=(P, 1, n_classes)) + 0.4 * rng.normal(size=(P, T, n_classes))
    scores = np.tensordot(X, W, 1)
    return LETTERS[(scores + rng.gumbel(size=scores.shape)).argmax(axis=2)]


def given(form, n_classes=2):
    """X, y and the task column."""
    Y = labels(n_classes)
    if form == "holes":
        return X, np.where(HOLES, None, Y.astype(object)), None
    return (X, Y, None) if form == "wide" else (ROWS, Y.T.ravel(), -1)


def folds_of(form):
    """Of different sizes, not a partition."""
    n = len(given(form)[0])
    rng = np.random.default_rng(5)
    orders = [rng.permutation(n) for _ in range(3)]
    cuts = [int(share * n) for share in (0.6, 0.7, 0.75)]
    return [(order[:cut], order[cut + 2 :]) for order, cut in zip(orders, cuts, strict=True)]


def set_both(model, **params):
    inner = "estimator__" if isinstance(model, MultiTaskCV) else ""
    return clone(model).set_params(**{inner + key: value for key, value in params.items()})


def alpha_of(model):
    return model.best_params_["alpha"] if isinstance(model, MultiTaskCV) else model.alpha_


def held_out(model, X, y, weight):
    """Weighted mean log-loss of each task on these rows, NaN where it has none."""
    losses = []
    probabilities = model.predict_proba(X)
    for t in range(T):
        if y.ndim == 2:
            seen = np.array([label is not None for label in y[:, t]])
            p, classes = probabilities[t][seen], model.classes_[t]
            own, w = y[seen, t], weight[seen]
        else:
            seen = X[:, -1] == t
            p, classes = probabilities[seen], model.classes_
            own, w = y[seen], weight[seen]
        known = p[np.arange(len(own)), np.searchsorted(classes, own.astype(str))]
        losses.append(w @ -np.log(known) / w.sum() if len(own) else np.nan)
    return np.array(losses)


def brute_force(plain, X, y, folds, weight=None, alphas=DECREASING):
    """(n_alphas, n_folds, n_tasks)."""
    counts = np.ones(len(X)) if weight is None else weight
    errors = np.empty((len(alphas), len(folds), T))
    for a, alpha in enumerate(alphas):
        model = clone(plain).set_params(alpha=alpha, **TIGHT)
        for k, (train, test) in enumerate(folds):
            fitted = model.fit(X[train], y[train], counts[train])
            errors[a, k] = held_out(fitted, X[test], y[test], counts[test])
    return errors


@cache
def expected_of(search, form, n_classes):
    X, y, column = given(form, n_classes)
    plain = clone(SEARCHES[search][1]).set_params(task_column=column)
    return brute_force(plain, X, y, folds_of(form))


@cache
def searched(search, form, n_classes=2, rule="min"):
    X, y, column = given(form, n_classes)
    model = set_both(SEARCHES[search][0], task_column=column)
    return model.set_params(cv=folds_of(form), selection_rule=rule).fit(X, y)


# Errors and the choice


@each_case
@each_search
def test_held_out_losses_are_those_of_separate_fits(search, form, n_classes):
    model, expected = searched(search, form, n_classes), expected_of(search, form, n_classes)
    np.testing.assert_array_equal(model.alphas_, DECREASING)
    np.testing.assert_allclose(model.task_cv_error_path_, expected, rtol=CLOSE)
    np.testing.assert_allclose(model.cv_error_path_, expected.mean(axis=2), rtol=CLOSE)


def test_on_rows_in_common_they_are_scikit_learns_log_losses():
    """On the rows of the first fold."""
    (train, test), Y = folds_of("wide")[0], labels(3)
    model = TraceNormClassifier(DECREASING[0], ridge=0.02, **TIGHT).fit(X[train], Y[train])
    losses = [log_loss(y, p) for y, p in zip(Y[test].T, model.predict_proba(X[test]), strict=True)]
    found = searched("trace", "wide", 3).cv_error_path_[0, 0]
    assert found == pytest.approx(np.mean(losses), rel=CLOSE)


def chosen(errors, rule):
    mean = errors.mean(axis=(1, 2))
    best = int(np.argmin(mean))
    if rule == "1se":
        deviations = (errors[best] - errors[best].mean(axis=0)).mean(axis=1)
        error = deviations.std(ddof=1) / np.sqrt(len(deviations))
        best = int(np.argmax(mean <= mean[best] + error))
    return DECREASING[best]


@each_case
@each_search
def test_the_choice_is_that_of_the_rule(search, form, n_classes):
    errors = expected_of(search, form, n_classes)
    assert alpha_of(searched(search, form, n_classes)) == chosen(errors, "min")
    if n_classes == 2:
        assert alpha_of(searched(search, form, rule="1se")) == chosen(errors, "1se")


def test_one_standard_error_is_more_strength_somewhere():
    """Else the test above would not tell the rules apart."""
    pairs = [
        [chosen(expected_of(s, form, 2), rule) for rule in ("min", "1se")]
        for s in SEARCHES
        for form in ("wide", "holes")
    ]
    assert any(one_se > least for least, one_se in pairs)
    assert all(one_se >= least for least, one_se in pairs)


@each_number
@each_search
def test_the_refit_is_a_fit_at_the_choice(search, n_classes):
    model = searched(search, "long", n_classes)
    rows, y, _ = given("long", n_classes)
    plain = clone(SEARCHES[search][1]).set_params(task_column=-1, alpha=alpha_of(model), **TIGHT)
    plain.fit(rows, y)
    assert model.objective_ == pytest.approx(plain.objective_, rel=1e-7)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=0, atol=2e-3)  # root of tol
    pairs = model.predict_proba(rows), plain.predict_proba(rows)
    np.testing.assert_allclose(*pairs, rtol=0, atol=2e-3)
    assert (model.predict(rows) == plain.predict(rows)).mean() > 0.99
    np.testing.assert_array_equal(model.classes_, plain.classes_)


@each_form
@each_search
def test_weights_count_in_fits_and_errors(search, form):
    X, y, column = given(form)
    weight = np.random.default_rng(0).uniform(0.3, 2, size=len(X))
    plain = clone(SEARCHES[search][1]).set_params(task_column=column)
    expected = brute_force(plain, X, y, folds_of(form)[:2], weight)
    model = set_both(SEARCHES[search][0], task_column=column).set_params(cv=folds_of(form)[:2])
    model.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.task_cv_error_path_, expected, rtol=CLOSE)


def test_weights_of_classes_are_weights_of_samples():
    factors = np.where(labels(2) == "b", 3.0, 1.0)
    classes = MultiTaskLassoClassifierCV(alphas=ALPHAS, class_weight={"b": 3.0}, cv=3, **TIGHT)
    samples = clone(classes).set_params(class_weight=None).fit(X, labels(2), sample_weight=factors)
    classes.fit(X, labels(2))
    np.testing.assert_allclose(classes.cv_error_path_, samples.cv_error_path_, rtol=CLOSE)


@pytest.mark.parametrize("task_weight", ["balanced", [1.0, 2.0, 0.5]], ids=repr)
def test_weights_of_tasks_count_in_fits_only(task_weight):
    X, y, _ = given("holes")
    plain = TraceNormClassifier(ridge=0.02, task_weight=task_weight)
    expected = brute_force(plain, X, y, folds_of("holes")[:2])
    model = set_both(SEARCHES["trace"][0], task_weight=task_weight, cv=folds_of("holes")[:2])
    np.testing.assert_allclose(model.fit(X, y).task_cv_error_path_, expected, rtol=CLOSE)


@each_search
def test_the_number_of_jobs_does_not_matter(search):
    rows, y, column = given("long")
    models = [
        set_both(SEARCHES[search][0], task_column=column)
        .set_params(cv=3, n_jobs=n_jobs)
        .fit(rows, y)
        for n_jobs in (1, 3)
    ]
    np.testing.assert_array_equal(*(model.cv_error_path_ for model in models))
    np.testing.assert_array_equal(*(model.coef_ for model in models))


@each_number
@each_search
def test_pickles_say_the_same(search, n_classes):
    model = searched(search, "long", n_classes)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(ROWS), model.predict_proba(ROWS))
    np.testing.assert_array_equal(copy.cv_error_path_, model.cv_error_path_)


@pytest.mark.parametrize(
    ("form", "container"), [("wide", sparse.csc_array), ("long", sparse.csr_matrix)]
)
@each_search
def test_sparse_features_have_the_same_losses(search, form, container):
    data, y, column = given(form)
    data = np.where(np.random.default_rng(2).random(data.shape) < 0.4, 0.0, data)
    if form == "long":
        data[:, -1] = ROWS[:, -1]
    model = set_both(SEARCHES[search][0], task_column=column, tol=1e-6).set_params(cv=3)
    dense, thin = clone(model).fit(data, y), clone(model).fit(container(data), y)
    np.testing.assert_allclose(dense.cv_error_path_, thin.cv_error_path_, rtol=5 * CLOSE)
    assert alpha_of(dense) == alpha_of(thin)


@pytest.mark.parametrize("search", ["lasso", "trace"])
@each_number
def test_alphas_by_number_start_at_alpha_max(search, n_classes):
    model = clone(SEARCHES[search][0]).set_params(alphas=3, eps=0.2, cv=2, tol=1e-3)
    model.fit(X, labels(n_classes))
    top = alpha_max(X, labels(n_classes), estimator=SEARCHES[search][1])
    np.testing.assert_allclose(model.alphas_, np.geomspace(top, 0.2 * top, 3), rtol=1e-10)


def test_the_size_of_class_labels_does_not_matter():
    numbers = np.unique(labels(2), return_inverse=True)[1].reshape(N, T).astype(float)
    small, large = (MultiTaskLassoClassifierCV(alphas=3).fit(X, c * numbers) for c in (1, 2.0**52))
    np.testing.assert_array_equal(large.alphas_, small.alphas_)
    assert large.alpha_ == small.alpha_


def test_any_search_is_the_named_search():
    options = {"cv": 3, "eps": 0.1}
    named = TraceNormClassifierCV(alphas=3, intercept="free", **options, **TIGHT)
    named = named.fit(X, labels(3))
    inner = TraceNormClassifier(**TIGHT)
    search = MultiTaskCV(inner, {"alpha": 3}, **options).fit(X, labels(3))
    np.testing.assert_array_equal(named.cv_error_path_, search.cv_error_path_)
    np.testing.assert_array_equal(named.coef_, search.coef_)
    assert named.rank_ == search.rank_
    assert not hasattr(search, "mse_path_")


# Folds that lack something


def lacking(form):
    """Labels of which a class of a task is in the last rows only, and the folds of thirds."""
    Y = labels(2 if form == "wide" else 3).copy()
    rare = "b" if form == "wide" else "c"
    Y[:, 1] = np.where(np.arange(N) >= N - 8, rare, np.where(Y[:, 1] == rare, "a", Y[:, 1]))
    folds = list(KFold(3).split(X))
    if form == "wide":
        return X, Y, None, folds
    every = [[np.concatenate([side + t * N for t in range(T)]) for side in fold] for fold in folds]
    return ROWS, Y.T.ravel(), -1, every


@pytest.mark.filterwarnings("ignore:.*pseudo-observation")
@pytest.mark.parametrize("form", ["wide", "long"])
@each_search
def test_training_rows_that_lack_a_class_have_a_pseudo_count(search, form):
    """In a separate fit as well: that of all tasks on the training rows."""
    X, y, column, folds = lacking(form)
    model = set_both(SEARCHES[search][0], task_column=column).set_params(cv=folds).fit(X, y)
    assert np.isfinite(model.task_cv_error_path_).all()
    assert (model.task_cv_error_path_[:, 2, 1] > 1).all()  # what was not seen is a surprise
    plain = clone(SEARCHES[search][1]).set_params(task_column=column)
    expected = brute_force(plain, X, y, folds)
    np.testing.assert_allclose(model.task_cv_error_path_, expected, rtol=CLOSE)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("search", ["lasso", "trace"])
def test_a_task_without_training_rows_is_the_average_of_the_others(search, n_classes):
    """`nbar` counts it among the tasks: the others alone have T / (T - 1) times less loss."""
    model = (
        set_both(SEARCHES[search][0], task_column=-1, ridge=0.0)
        if search == "trace"
        else (set_both(SEARCHES[search][0], task_column=-1))
    )
    rows, y, _ = given("long", n_classes)
    model.set_params(cv=LeaveOneTaskOut(task_column=-1)).fit(rows, y)
    assert np.isfinite(model.cv_error_path_).all()
    kind = type(SEARCHES[search][1])
    for t in range(T):
        other = rows[:, -1] != t
        alpha = DECREASING[0] * (T - 1) / T
        alone = kind(alpha, task_column=-1, handle_unknown="shared", **TIGHT)
        p = alone.fit(rows[other], y[other]).predict_proba(rows[~other])
        expected = log_loss(y[~other], p)
        assert model.task_cv_error_path_[0, t, t] == pytest.approx(expected, rel=CLOSE)
        assert np.isnan(model.task_cv_error_path_[0, t, np.arange(T) != t]).all()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@each_search
def test_a_task_without_test_rows_has_no_error(search):
    rows, y, column = given("long")
    folds = [
        (np.setdiff1d(np.arange(N * T), test), test) for test in (np.arange(30), np.arange(40, 90))
    ]
    model = set_both(SEARCHES[search][0], task_column=column).set_params(cv=folds).fit(rows, y)
    nan = np.isnan(model.task_cv_error_path_)
    np.testing.assert_array_equal(nan[0], [[False, True, True], [False, False, True]])
    assert np.isfinite(model.cv_error_path_).all()


# Default folds


def default_folds(model, X, y):
    """Fold of every row."""
    worker = model._worker()
    read = worker._read(X, y, None, None)
    splits = model._splits(read.data, worker._strata(read), X, y, {})
    tests = np.array([test for _, test in splits])
    np.testing.assert_array_equal(tests.sum(axis=0), 1)
    np.testing.assert_array_equal(np.array([train for train, _ in splits]), 1 - tests)
    return tests.argmax(axis=0)


@each_number
def test_folds_hold_their_share_of_each_class_of_each_task(n_classes):
    rows, y, _ = given("long", n_classes)
    order = np.random.default_rng(0).permutation(len(y))
    folds = default_folds(MultiTaskLassoClassifierCV(task_column=-1), rows[order], y[order])
    for t in range(T):
        for letter in LETTERS[:n_classes]:
            own = (rows[order, -1] == t) & (y[order] == letter)
            counts = np.bincount(folds[own], minlength=5)
            assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("form", ["wide", "holes"])
@each_number
def test_folds_of_rows_in_common_hold_nearly_their_share(form, n_classes):
    """Of combinations of classes that are fewer than folds, each goes to the next fold."""
    Y = given(form, n_classes)[1]
    folds = default_folds(TraceNormClassifierCV(intercept="free"), X, Y)
    for column in Y.T:
        for letter in LETTERS[:n_classes]:
            counts = np.bincount(folds[column == letter], minlength=5)
            assert counts.max() - counts.min() <= 5
            assert counts.min() >= 1


def test_one_task_in_a_column_is_stratified_by_its_classes():
    Y = labels(3)[:, :1]
    folds = default_folds(TraceNormClassifierCV(intercept="free"), X, Y)
    for letter in LETTERS:
        counts = np.bincount(folds[Y[:, 0] == letter], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_a_rare_class_is_in_every_fold():
    Y = labels(2).copy()
    Y[:, 1] = "a"
    Y[np.random.default_rng(0).choice(N, 5, replace=False), 1] = "b"
    folds = default_folds(TraceNormClassifierCV(intercept="free"), X, Y)
    np.testing.assert_array_equal(np.sort(folds[Y[:, 1] == "b"]), np.arange(5))


def test_sorted_labels_are_in_every_fold():
    order = np.argsort(labels(2)[:, 0], kind="stable")
    model = MultiTaskLassoClassifierCV(alphas=ALPHAS).fit(X[order], labels(2)[order])
    assert model.cv_error_path_.shape == (3, 5)
    assert (model.cv_error_path_ < 1).all()


# Predictions


@pytest.mark.parametrize("form", ["wide", "long"])
@each_number
def test_searches_predict_as_their_best_estimator(form, n_classes):
    data, model = given(form)[0], searched("any", form, n_classes)
    best = model.best_estimator_
    np.testing.assert_array_equal(model.predict(data), best.predict(data))
    np.testing.assert_array_equal(model.predict_all_tasks(data), best.predict_all_tasks(data))
    np.testing.assert_array_equal(model.predict_proba(data), best.predict_proba(data))
    np.testing.assert_array_equal(model.decision_function(data), best.decision_function(data))


def test_searches_take_ids_as_an_argument():
    tasks, y = ROWS[:, -1].astype(int), labels(2).T.ravel()
    search = clone(SEARCHES["any"][0]).set_params(cv=3).fit(ROWS[:, :-1], y, tasks=tasks)
    p = search.predict_proba(ROWS[:, :-1], tasks=tasks)
    np.testing.assert_array_equal(
        search.classes_[p.argmax(axis=1)], search.predict(ROWS[:, :-1], tasks=tasks)
    )


def test_searches_of_numbers_have_no_probabilities():
    search = MultiTaskCV(TraceNormRegressor())
    assert not hasattr(search, "predict_proba")
    assert not hasattr(search, "decision_function")
    assert hasattr(SEARCHES["any"][0], "predict_proba")


def test_weights_of_classes_are_not_tried():
    search = MultiTaskCV(TraceNormClassifier(), {"class_weight": [None, "balanced"]})
    with pytest.raises(ValueError, match="'class_weight', but the data are read once"):
        search.fit(X, labels(2))


@each_search
def test_the_score_is_the_mean_accuracy(search):
    model = searched(search, "wide", 3)
    accuracy = (model.predict(X) == labels(3)).mean()
    assert model.score(X, labels(3)) == pytest.approx(accuracy, rel=1e-12)


def test_the_score_of_a_search_is_minus_the_log_loss():
    model = searched("any", "wide")
    mean = model.cv_error_path_.mean(axis=1)
    np.testing.assert_allclose(model.cv_results_["mean_test_score"], -mean, rtol=1e-12)
    assert model.best_score_ == -mean.min()


# Grid searches of scikit-learn


def test_a_search_is_a_grid_search_of_log_losses():
    """On rows of equally many of each task, which scikit-learn scores all together."""
    rows, y, _ = given("long")
    cv = list(TaskStratifiedKFold(3, task_column=-1).split(rows))
    inner = MeanRegularizedClassifier(ridge=0.05, task_column=-1, **TIGHT)
    ours = MultiTaskCV(inner, {"alpha": DECREASING}, cv=cv).fit(rows, y)
    theirs = GridSearchCV(inner, {"alpha": DECREASING}, scoring="neg_log_loss", cv=cv).fit(rows, y)
    assert ours.best_params_ == theirs.best_params_
    scores = [search.cv_results_["mean_test_score"] for search in (ours, theirs)]
    np.testing.assert_allclose(*scores, rtol=CLOSE)


@pytest.mark.parametrize("scoring", ["accuracy", "balanced_accuracy", "neg_log_loss", "roc_auc"])
def test_scorings_of_scikit_learn_take_rows_of_tasks(scoring):
    rows, y, _ = given("long")
    model = TraceNormClassifier(task_column=-1)
    cv = TaskStratifiedKFold(3, task_column=-1)
    search = GridSearchCV(
        model, {"alpha": [0.05, 10.0]}, scoring=scoring, cv=cv, error_score="raise"
    ).fit(rows, y)
    assert search.best_params_ == {"alpha": 0.05}


@pytest.mark.parametrize("average", ["uniform_average", "worst"])
@each_number
def test_scorers_of_tasks_take_classes(average, n_classes):
    scorer = make_task_scorer(accuracy_score, average=average)
    model = TraceNormClassifier()
    search = GridSearchCV(
        model, {"alpha": [0.05, 10.0]}, scoring=scorer, cv=3, error_score="raise"
    ).fit(X, labels(n_classes))
    assert search.best_params_ == {"alpha": 0.05}


def test_cross_validated_classifiers_are_searched_too():
    search = GridSearchCV(
        TraceNormClassifierCV(alphas=[0.1, 0.01], intercept="free", cv=3),
        {"ridge": [0.0, 100.0]},
        cv=3,
    ).fit(X, labels(2))
    assert search.best_params_ == {"ridge": 0.0}


# What cannot be meant


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"selection_rule": "best"}, "selection_rule"),
        ({"alphas": []}, "alphas"),
        ({"alphas": 0}, "alphas"),
        ({"alphas": [-1.0]}, "alphas"),
        ({"eps": 0.0}, "eps"),
        ({"cv": 1}, "cv"),
        ({"cv": 61}, "n_splits=61"),
        ({"task_weight": "uncertainty"}, "task_weight"),
    ],
    ids=repr,
)
def test_other_parameters_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        MultiTaskLassoClassifierCV(**params).fit(X, labels(2))
