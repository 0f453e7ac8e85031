"""Targets, class labels and what is missing mean the same, however they are spelled."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import READERS, name_of
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.linear_model import LogisticRegression, Ridge

from skmtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskCV,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoClassifierCV,
    MultiTaskMixed,
    MultiTaskMLP,
    MultiTaskStacking,
    MultiTaskSVC,
    PooledTasks,
    RandomInterceptTasks,
    SequentialTasks,
    TaskStandardScaler,
    TaskStratifiedKFold,
    TraceNormClassifier,
    compare_to_single_task,
    make_task_scorer,
    stack_tasks,
    task_score,
    wide_to_long,
)
from skmtl.evaluation._errors.find_measure import find_measure
from skmtl.evaluation._evaluation_data import read_evaluation_data
from skmtl.penalties import TraceNorm

rng = np.random.default_rng(0)
N = 40
X = rng.normal(size=(N, 3))
SCORES = X @ rng.normal(size=(3, 2)) + rng.normal(size=(N, 2))
CODES = (SCORES > 0).astype(int)
MISSING = rng.random((N, 2)) < 0.2


def cells(spell, missing=None):
    """The classes as objects, each spelled by a function of its code."""
    out = np.empty(CODES.shape, dtype=object)
    for index, code in np.ndenumerate(CODES):
        out[index] = missing if MISSING[index] else spell(int(code))
    return out


def frame(spell, dtype=object, missing=None):
    return pd.DataFrame(cells(spell, missing), columns=["a", "b"]).astype(dtype)


def polars(spell):
    columns = dict(zip("ab", cells(spell).T.tolist(), strict=True))
    return pl.DataFrame(columns)


def letters(code):
    return "ny"[code]


NUMBERS = np.where(MISSING, np.nan, CODES)
SPELLINGS = {
    "list of numbers and None": cells(int).tolist(),
    "objects and None": cells(int),
    "objects and NA": cells(int, pd.NA),
    "truth values and None": cells(bool),
    "list of truth values and None": cells(bool).tolist(),
    "strings and None": cells(letters),
    "list of strings and NaN": cells(letters, np.nan).tolist(),
    "strings and NA": cells(letters, pd.NA),
    "masked integers": np.ma.array(CODES, mask=MISSING),
    "masked floats": np.ma.array(np.where(MISSING, 999.0, CODES), mask=MISSING),
    "masked strings": np.ma.array(np.where(CODES, "y", "n"), mask=MISSING),
    "masked truth values": np.ma.array(CODES > 0, mask=MISSING),
    "Int64": frame(int, "Int64"),
    "Float64": frame(float, "Float64"),
    "boolean": frame(bool, "boolean"),
    "string": frame(letters, "string"),
    "str": frame(letters, "str"),
    "category": frame(letters, "category"),
    "category of numbers": frame(int, "category"),
    "frame of objects": frame(bool),
    "frame of objects and NA": frame(int, missing=pd.NA),
    "polars truth values": polars(bool),
    "polars strings": polars(letters),
    "polars numbers": polars(int),
}
LABELS_OF_TASKS = {
    "strings and numbers": pd.DataFrame({"a": cells(letters)[:, 0], "b": NUMBERS[:, 1]}),
    "strings and Int64": frame(int, "Int64").assign(a=cells(letters)[:, 0]),
    "truth values and numbers": frame(int, "Int64").assign(a=cells(bool)[:, 0]),
    "complete strings and numbers": pd.DataFrame(
        {"a": np.where(CODES[:, 0], "y", "n"), "b": 1 - CODES[:, 1]}
    ),
    "objects": np.column_stack([cells(letters)[:, 0], cells(int)[:, 1]]),
}
CLASSIFIERS = {
    "lasso": MultiTaskLassoClassifier(0.05),
    "lasso CV": MultiTaskLassoClassifierCV(alphas=[0.05], cv=2),
    "any CV": MultiTaskCV(TraceNormClassifier(), {"alpha": [0.05]}, cv=2),
    "any penalty": MultiTaskClassifier(TraceNorm(0.05)),
    "mixed": MultiTaskMixed(losses=["logistic", "logistic"]),
    "independent": IndependentTasks(LogisticRegression()),
    "stacking": MultiTaskStacking(LogisticRegression(), LogisticRegression(), cv=2),
}
OF_ONE_MODEL = {
    "machine": MultiTaskSVC(),
    "pooled": PooledTasks(LogisticRegression()),
    "random intercepts": RandomInterceptTasks(LogisticRegression(), scales=1.0),
    "sequential": SequentialTasks(LogisticRegression()),
}
each_spelling = pytest.mark.parametrize("y", SPELLINGS.values(), ids=SPELLINGS)


def codes_of(predictions):
    """Predicted classes as the codes that they spell."""
    words = {"n": 0, "y": 1}
    values = np.asarray(predictions, dtype=object)
    return np.array([[words.get(label, label) for label in row] for row in values], dtype=float)


def missing_in(y):
    """Where targets are missing."""
    return pd.isna(pd.DataFrame(np.asarray(y, dtype=object))).to_numpy()


@pytest.fixture(scope="module")
def expected():
    """The predictions of the classifiers of numbers and NaN, and their scores."""
    found = {}
    for name, model in {**CLASSIFIERS, **OF_ONE_MODEL}.items():
        fitted = clone(model).fit(X, NUMBERS)
        found[name] = (codes_of(fitted.predict(X)), fitted.score(X, NUMBERS))
    return found


READ_APART = ["lasso", "lasso CV", "mixed", "machine", "independent", "pooled"]  # others alike
OF_EACH_KIND = ["strings and None", "masked integers", "boolean"]
READ = [
    (name, spelling)
    for name in [*CLASSIFIERS, *OF_ONE_MODEL]
    for spelling in (SPELLINGS if name in READ_APART else OF_EACH_KIND)
]


@pytest.mark.parametrize(("name", "spelling"), READ)
def test_classes_are_the_same_in_every_spelling(name, spelling, expected):
    y = SPELLINGS[spelling]
    model = clone({**CLASSIFIERS, **OF_ONE_MODEL}[name]).fit(X, y)
    predictions, score = expected[name]
    np.testing.assert_array_equal(codes_of(model.predict(X)), predictions)
    assert model.score(X, y) == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize("y", LABELS_OF_TASKS.values(), ids=LABELS_OF_TASKS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_task_keeps_its_own_type_of_labels(name, y):
    model = clone(CLASSIFIERS[name]).fit(X, y)
    predictions = np.asarray(model.predict(X), dtype=object)
    for t, classes in enumerate(model.classes_):
        assert set(predictions[:, t]) == set(classes.tolist())
        assert {type(one) for one in predictions[:, t]} == {type(one) for one in classes.tolist()}
    apart = [
        clone(CLASSIFIERS["independent"]).fit(X, np.asarray(y, dtype=object)[:, [t]])
        for t in range(2)
    ]
    if name == "independent":
        columns = [one.predict(X)[:, 0].astype(object) for one in apart]
        np.testing.assert_array_equal(predictions, np.column_stack(columns))
    observed = ~missing_in(y)
    correct = predictions[observed] == np.asarray(y, dtype=object)[observed]
    assert correct.mean() > 0.7
    assert model.score(X, y) > 0.3


def test_a_task_of_one_class_that_no_other_task_tells_from_others_is_refused():
    y = pd.DataFrame({"a": np.full(N, "n"), "b": CODES[:, 1]})
    with pytest.raises(ValueError, match=r"Task\(s\) \['a'\] hold one class, \['n'\]"):
        MultiTaskLassoClassifier().fit(X, y)


@pytest.mark.parametrize("name", OF_ONE_MODEL)
def test_one_model_of_all_tasks_takes_labels_of_one_type(name):
    y = LABELS_OF_TASKS["strings and numbers"]
    with pytest.raises(TypeError, match=r"mixes types that cannot be sorted \(numbers, strings\)"):
        clone(OF_ONE_MODEL[name]).fit(X, y)


@each_spelling
def test_long_data_are_the_same_in_every_spelling(y):
    long, labels = wide_to_long(X, y)
    ids = np.asarray(long)[:, -1]
    numbers = wide_to_long(X, NUMBERS)[1]
    for name in ("lasso", "independent", "sequential"):
        model = clone({**CLASSIFIERS, **OF_ONE_MODEL}[name]).set_params(task_column=-1)
        plain = clone(model).fit(long, numbers)
        spelled = model.fit(long, labels)
        assert spelled.score(long, labels) == plain.score(long, numbers)
        assert spelled.score(long, labels.tolist()) == plain.score(long, numbers)
    assert len(ids) == (~MISSING).sum()


@each_spelling
def test_evaluations_are_the_same_in_every_spelling(y):
    model = MultiTaskLassoClassifier(0.05)
    folds = TaskStratifiedKFold(2)
    pairs = zip(folds.split(X, y), folds.split(X, NUMBERS), strict=True)
    assert all(np.array_equal(ours[1], plain[1]) for ours, plain in pairs)
    predictions = clone(model).fit(X, y).predict(X)
    plain = clone(model).fit(X, NUMBERS).predict(X)

    def agreement(y_true, y_pred, sample_weight=None):
        return np.mean(y_true == y_pred)

    score = task_score(y, predictions, metric=agreement, greater_is_better=True)
    assert score == task_score(NUMBERS, plain, metric=agreement, greater_is_better=True)
    scorer = make_task_scorer(agreement, greater_is_better=True)
    assert scorer(clone(model).fit(X, y), X, y) == pytest.approx(score)


def gains(y, **options):
    report = compare_to_single_task(
        MultiTaskLassoClassifier(0.05),
        X,
        y,
        baseline=LogisticRegression(),
        cv=TaskStratifiedKFold(2),
        model_figures=False,
        random_state=0,
        **options,
    )
    return report.table_["gain"]


@pytest.mark.parametrize(
    "name", ["boolean", "strings and None", "masked integers", "polars strings"]
)
def test_comparisons_are_the_same_in_every_spelling(name):
    expected = gains(NUMBERS, rivals=())
    np.testing.assert_allclose(gains(SPELLINGS[name], rivals=()), expected)


def test_comparisons_take_another_type_of_labels_for_each_task():
    y = LABELS_OF_TASKS["strings and Int64"]
    expected = gains(cells(letters), rivals=())
    np.testing.assert_allclose(gains(y, rivals=()), expected)
    measure = find_measure(None, is_classification=True)
    data = read_evaluation_data(X, y, None, None, measure)
    assert data.tasks.tolist() == data.y.columns.tolist() == ["a", "b"]
    pooled = clone(OF_ONE_MODEL["pooled"]).fit(X, data.y)  # which takes labels of one type
    assert len(pooled.classes_[0]) == 4


# Numbers


VALUES = np.where(MISSING, np.nan, SCORES)
NUMERIC = {
    "masked": np.ma.array(np.where(MISSING, -999.0, SCORES), mask=MISSING),
    "masked NaN": np.ma.masked_invalid(VALUES),
    "list and None": [[None if np.isnan(one) else one for one in row] for row in VALUES],
    "Float64": pd.DataFrame(VALUES).astype("Float64"),
    "objects and NA": pd.DataFrame(VALUES).astype(object).mask(MISSING, pd.NA),
    "polars": pl.DataFrame(VALUES, schema=["a", "b"]).fill_nan(None),
}


@pytest.mark.parametrize("y", NUMERIC.values(), ids=NUMERIC)
def test_missing_numbers_are_the_same_in_every_spelling(y):
    for model in (MultiTaskLasso(0.01), IndependentTasks(Ridge()), MultiTaskMixed()):
        plain = clone(model).fit(X, VALUES)
        spelled = clone(model).fit(X, y)
        np.testing.assert_array_equal(np.asarray(spelled.predict(X)), plain.predict(X))
        assert spelled.score(X, y) == plain.score(X, VALUES)


@pytest.mark.parametrize("estimator", READERS, ids=name_of)
def test_every_way_to_read_takes_the_mask(estimator):
    y = CODES.astype(float) if is_classifier(estimator) else SCORES
    masked = np.ma.array(np.where(MISSING, 3e3, y), mask=MISSING)
    plain = clone(estimator).fit(X, np.where(MISSING, np.nan, y)).predict(X)
    np.testing.assert_array_equal(clone(estimator).fit(X, masked).predict(X), plain)


def test_masked_targets_of_long_data_are_missing():
    y = np.ma.array(SCORES[:, 0], mask=MISSING[:, 0])
    with pytest.raises(ValueError, match="leave out samples without a target"):
        MultiTaskLasso().fit(X, y, tasks=np.arange(N) % 2)
    complete = np.ma.array(SCORES[:, 0])
    MultiTaskLasso().fit(X, complete, tasks=np.arange(N) % 2)


@pytest.mark.parametrize("what", ["X", "sample_weight"])
def test_masked_features_and_weights_are_refused(what):
    given = {"X": X, "y": SCORES, "sample_weight": np.ones(N)}
    given[what] = np.ma.masked_array(given[what], mask=given[what] == given[what].flat[0])
    with pytest.raises(ValueError, match=f"{what} is a masked array"):
        MultiTaskLasso().fit(**given)
    MultiTaskLasso().fit(np.ma.array(X), SCORES, sample_weight=np.ma.ones(N))


def test_masked_features_are_not_predicted_or_scaled():
    model = MultiTaskLasso().fit(X, SCORES)
    masked = np.ma.masked_array(X, mask=X > 1)
    with pytest.raises(ValueError, match="X is a masked array"):
        model.predict(masked)
    with pytest.raises(ValueError, match="X is a masked array"):
        TaskStandardScaler().fit(masked)
    weight = np.ma.array([1.0, 1.0], mask=[True, False])
    with pytest.raises(ValueError, match="task_weight is a masked array"):
        MultiTaskLasso(task_weight=weight).fit(X, SCORES)


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinite_targets_are_named(estimator, infinite):
    y = CODES.astype(float) if is_classifier(estimator) else SCORES.copy()
    y[3, 1] = infinite
    with pytest.raises(ValueError, match=r"contains infinity in task\(s\) \['b'\]"):
        estimator.fit(X, pd.DataFrame(y, columns=["a", "b"]))
    with pytest.raises(ValueError, match="infinity"):
        estimator.fit(X, pd.DataFrame(y, columns=["a", "b"]).astype(object))


@pytest.mark.parametrize("y", [cells(letters, ""), cells(letters, "").tolist()])
def test_the_empty_string_is_no_class_label(y):
    with pytest.raises(ValueError, match="y contains the empty string"):
        MultiTaskLassoClassifier().fit(X, y)


def test_nan_that_numpy_made_a_string_is_warned_of():
    y = np.array(cells(letters, np.nan).tolist())
    with pytest.warns(UserWarning, match="y has the string 'nan'"):
        MultiTaskLassoClassifier().fit(X, y)
    ids = np.array(["a", np.nan] * (N // 2))
    with pytest.warns(UserWarning, match="tasks has the string 'nan'"):
        MultiTaskLasso().fit(X, SCORES[:, 0], tasks=ids)


def test_stacked_labels_keep_their_types():
    _, y = stack_tasks([X[:2], X[2:4]], [["n", "y"], [0, 1]])
    assert y.tolist() == ["n", "y", 0, 1]
    _, y = stack_tasks([X[:2], X[2:4]], [["n", np.nan], ["y", "n"]])
    assert y.tolist() == ["n", None, "y", "n"]


def test_dates_are_no_targets_of_regressors(estimator):
    if is_classifier(estimator) or isinstance(estimator, MultiTaskMixed | MultiTaskMLP):
        pytest.skip("takes class labels")
    days = pd.to_datetime(["2020-01-01", None] * (N // 2))
    with pytest.raises(TypeError, match=r"y holds datetime64\[us\] values"):
        estimator.fit(X, pd.DataFrame({"a": days, "b": days[::-1]}).astype("M8[us]"))


def test_sparse_targets_are_refused():
    Y = sparse.csr_matrix(SCORES)
    model = MultiTaskLasso(0.1).fit(X, SCORES)
    for read in (partial(model.score, X), partial(wide_to_long, X), partial(task_score, SCORES)):
        with pytest.raises(TypeError, match="is a sparse matrix"):
            read(Y)


def test_dates_are_no_features():
    days = pd.to_datetime(["2020-01-01", None] * (N // 2))
    frame = pd.DataFrame({"day": days, "school": [0, 1] * (N // 2)})
    for form in (frame, frame.assign(x=1.0), pl.from_pandas(frame)):
        for estimator in (
            MultiTaskLasso(task_column="school"),
            TaskStandardScaler(task_column="school"),
        ):
            with pytest.raises(TypeError, match=r"X holds (?i:datetime).* values: give numbers"):
                estimator.fit(form, SCORES[:, 0])
    with pytest.raises(TypeError, match=r"X holds datetime64\[.*\] values: give numbers"):
        MultiTaskLasso().fit(days.to_numpy()[:, None], SCORES)
    by_day = MultiTaskLasso(task_column="day").fit(frame.fillna(days[0]), SCORES[:, 0])
    assert by_day.n_tasks_ == 1
