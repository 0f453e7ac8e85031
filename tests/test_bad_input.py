"""What cannot be meant is refused, in words that say what to do instead."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    keep_task_column,
)

N, TASKS = 40, ["a", "b", "c", "d"]
rng = np.random.default_rng(0)
FEATURES = rng.normal(size=(N, 3))
CODES = np.repeat(np.arange(4), 10)
IDS = np.repeat(TASKS, 10)
Y = FEATURES @ rng.normal(size=(3, 4)) + rng.normal(size=(N, 4))
LONG_X, LONG_Y = np.column_stack([FEATURES, CODES]), Y[np.arange(N), CODES]
FRAME = pd.DataFrame(FEATURES, columns=["p", "q", "r"]).assign(school=IDS)

ESTIMATORS = {
    "lasso": MultiTaskLasso,
    "net": MultiTaskElasticNet,
    "lasso_cv": MultiTaskLassoCV,
    "net_cv": MultiTaskElasticNetCV,
}
FAST = {"lasso": {}, "net": {}, "lasso_cv": {"alphas": 2}, "net_cv": {"alphas": 2}}
LAYOUTS = {"wide": (None, FEATURES, Y), "column": (-1, LONG_X, LONG_Y)}

each_layout = pytest.mark.parametrize("layout", LAYOUTS)
each_estimator = pytest.mark.parametrize("name", ESTIMATORS)


def estimator(name="lasso", **params):
    return ESTIMATORS[name](**{**FAST[name], **params})


def frame(**columns):
    """The data as a frame with some columns replaced."""
    return FRAME.assign(**columns)


def changed(array, index, value):
    """A copy with some entries replaced."""
    array = array.copy()
    array[index] = value
    return array


def refuses(message, call, error=ValueError):
    """The call raises, and the message holds the pattern."""
    with pytest.raises(error, match=message):
        call()


# X


@each_estimator
@each_layout
@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_x_must_be_finite(name, layout, value, word):
    task_column, X, y = LAYOUTS[layout]
    model, bad = estimator(name, task_column=task_column), changed(X, (3, 1), value)
    refuses(f"Input X contains {word}", lambda: model.fit(bad, y))
    model.fit(X, y)
    refuses(f"Input X contains {word}", lambda: model.predict(bad))


def test_sparse_x_must_be_finite():
    bad = sparse.csr_array(changed(FEATURES, (3, 1), np.nan))
    refuses("Input X contains NaN", lambda: estimator().fit(bad, Y))


@each_layout
def test_x_must_have_the_width_of_fit(layout):
    task_column, X, y = LAYOUTS[layout]
    model = estimator(task_column=task_column).fit(X, y)
    n = X.shape[1]
    refuses(f"X has {n - 1} features, .* expecting {n}", lambda: model.predict(X[:, 1:]))


@each_layout
def test_x_must_be_two_dimensional(layout):
    task_column, X, y = LAYOUTS[layout]
    model = estimator(task_column=task_column)
    refuses("Expected 2D array, got 1D array", lambda: model.fit(X[:, 0], y))
    refuses("0 sample", lambda: model.fit(X[:0], y[:0]))


def test_a_task_column_alone_is_not_enough():
    model = estimator(task_column=-1)
    refuses("minimum of 2 is required.*the task column and a", lambda: model.fit(LONG_X[:, 3:], Y))


def test_names_must_be_those_of_fit():
    model = estimator(task_column="school").fit(FRAME, LONG_Y)
    refuses("feature names should match", lambda: model.predict(FRAME.rename(columns={"p": "z"})))


def test_strings_among_the_features_are_refused():
    refuses("could not convert string to float: 'a'", lambda: estimator().fit(FRAME, Y))


# y


@each_estimator
@each_layout
def test_y_is_required(name, layout):
    task_column, X, _ = LAYOUTS[layout]
    model = estimator(name, task_column=task_column)
    refuses("requires y to be passed, but the target y is None", lambda: model.fit(X, None))


@each_estimator
@each_layout
def test_y_must_be_as_long_as_x(name, layout):
    task_column, X, y = LAYOUTS[layout]
    model = estimator(name, task_column=task_column)
    refuses("X has 40 samples, y has 39", lambda: model.fit(X, y[:-1]))


@each_estimator
def test_one_dimensional_y_needs_tasks(name):
    message = "y is 1-D .* Set task_column .* pass tasks=, .*y.reshape\\(-1, 1\\)"
    refuses(message, lambda: estimator(name).fit(FEATURES, LONG_Y))


def test_two_dimensional_y_excludes_ids():
    message = r"y has shape \(40, 4\), but task ids were given for each sample"
    refuses(message, lambda: estimator(task_column=-1).fit(LONG_X, Y))
    refuses(message, lambda: estimator().fit(FEATURES, Y, tasks=CODES))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_the_task_with_an_infinite_label_is_named(make):
    bad = changed(Y, (3, 1), np.inf)
    refuses(r"infinity in task\(s\) \[1\]", lambda: estimator().fit(FEATURES, bad))
    named = make(dict(zip(TASKS, bad.T, strict=True)))
    refuses(r"infinity in task\(s\) \['b'\]", lambda: estimator().fit(FEATURES, named))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_long_labels_must_be_finite(value):
    bad = changed(LONG_Y, 3, value)
    message = r"y contains NaN or infinity in \d+ of \d+ samples, in task\(s\) \[.*\]; leave out"
    refuses(message, lambda: estimator(task_column=-1).fit(LONG_X, bad))
    refuses(message, lambda: estimator().fit(FEATURES, bad, tasks=CODES))


@each_estimator
def test_a_task_without_labels_is_named(name):
    empty = pd.DataFrame(changed(Y, np.s_[:, 2], np.nan), columns=TASKS)
    message = r"NaN only, .* task\(s\) \['c'\]: a task needs at least one target"
    refuses(message, lambda: estimator(name).fit(FEATURES, empty))


def test_a_task_with_weightless_labels_is_named():
    half = changed(Y, np.s_[:20, 2], np.nan)
    weight = np.repeat([1.0, 0.0], 20)
    message = r"only samples of zero weight, for task\(s\) \[2\]"
    refuses(message, lambda: estimator().fit(FEATURES, half, sample_weight=weight))
    weight = changed(np.ones((N, 4)), np.s_[:, 2], 0.0)
    refuses(message, lambda: estimator().fit(FEATURES, Y, sample_weight=weight))


# Weights


@each_estimator
@each_layout
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(39), r"sample_weight.shape == \(39,\), expected \(40,\)"),
        (np.ones((40, 2)), r"sample_weight.shape == \(40, 2\), expected \(40,\)"),
        (-np.ones(40), "Negative values in sample_weight: the smallest is -1.0"),
        (np.zeros(40), "Sample weights must contain at least one non-zero number"),
        (np.full(40, np.nan), "Input sample_weight contains NaN"),
    ],
)
def test_sample_weights_are_checked(name, layout, weight, message):
    task_column, X, y = LAYOUTS[layout]
    model = estimator(name, task_column=task_column)
    refuses(message, lambda: model.fit(X, y, sample_weight=weight))


@each_estimator
@each_layout
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2, 3], r"task_weight has shape \(3,\), expected \(4,\): .* order of tasks_"),
        ([1, -2, 3, 4], r"task_weight must be positive and finite, got -2\.0"),
        ([0, 0, 0, 0], r"task_weight must be positive and finite, got 0\.0"),
        ([1, 1, 1, np.nan], r"task_weight must be positive and finite, got nan"),
        ("uniform", "task_weight='uniform' is not known: use None, 'balanced', a dict"),
        ({0: 1, 1: 1}, r"no entry for task\(s\) \[2(.0)?, 3(.0)?\]; it has \[0, 1\]"),
    ],
)
def test_task_weights_are_checked(name, layout, weight, message):
    task_column, X, y = LAYOUTS[layout]
    model = estimator(name, task_column=task_column, task_weight=weight)
    refuses(message, lambda: model.fit(X, y))


@each_estimator
@each_layout
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2, 3, 4], r"feature_weight has shape \(4,\), expected \(3,\): .* not counted"),
        ([1, -2, 3], r"feature_weight must be at least 0, got -2\.0"),
        ([1, np.nan, 3], "Input feature_weight contains NaN"),
    ],
)
def test_feature_weights_are_checked(name, layout, weight, message):
    task_column, X, y = LAYOUTS[layout]
    model = estimator(name, task_column=task_column, feature_weight=weight)
    refuses(message, lambda: model.fit(X, y))


# The task column


@pytest.mark.parametrize(
    ("X", "task_column", "message"),
    [
        (LONG_X, 4, r"task_column=4 is out of range: X has 4 feature\(s\)"),
        (LONG_X, -5, r"task_column=-5 is out of range: X has 4 feature\(s\)"),
        (LONG_X, "school", r"no column names. Give a frame .*set_output\(.*an integer"),
        (FRAME, "class", r"'class' is not a column of X, which has \['p', 'q', 'r', 'school'\]"),
        (FRAME.add_prefix("a__school_"), "school", "is not a column of X"),
        (
            FRAME.rename(columns={"p": "scale__school", "school": "remainder__school"}),
            "school",
            "'school' fits several columns of X, which has .'scale__school', 'q', 'r', 'rem",
        ),
    ],
)
def test_a_task_column_that_is_not_there(X, task_column, message):
    refuses(message, lambda: estimator(task_column=task_column).fit(X, LONG_Y))


@pytest.mark.parametrize("task_column", [1.0, True, ["school"]])
def test_a_task_column_is_a_name_or_an_integer(task_column):
    message = "task_column must be a column name, an integer or None"
    refuses(message, lambda: estimator(task_column=task_column).fit(FRAME, LONG_Y), TypeError)


@pytest.mark.parametrize(
    "names",
    [
        {"school": "remainder__school"},
        {"school": "a__b__school"},
        {"p": "scale__school"},  # the exact name comes first
    ],
)
def test_a_unique_suffix_is_accepted(names):
    model = estimator(task_column="school").fit(FRAME.rename(columns=names), LONG_Y)
    assert model.tasks_.tolist() == TASKS


def test_ids_are_given_once():
    message = "Both task_column=-1 and tasks= were given; use one of them"
    refuses(message, lambda: estimator(task_column=-1).fit(LONG_X, LONG_Y, tasks=CODES))
    model = estimator(task_column=-1).fit(LONG_X, LONG_Y)
    refuses(message, lambda: model.predict(LONG_X, tasks=CODES))


# Ids


NO_ID = {
    "None": pd.Series(IDS, dtype=object).where(CODES != 1, None),
    "NaN": pd.Series(CODES, dtype=float).where(CODES != 1),
    "str": pd.Series(IDS, dtype="str").where(CODES != 1),
    "string": pd.Series(IDS, dtype="string").where(CODES != 1),
    "category": pd.Series(IDS, dtype="category").where(CODES != 1),
    "Int64": pd.Series(CODES, dtype="Int64").where(CODES != 1),
    "boolean": pd.Series(CODES > 1, dtype="boolean").where(CODES != 1),
}


@pytest.mark.parametrize("ids", NO_ID)
def test_every_row_needs_an_id(ids):
    rest = (
        r" contains NaN or None for 10 sample\(s\), first at row 10: every sample needs a task id"
    )
    bad, column = NO_ID[ids], estimator(task_column="school")
    refuses("task_column='school'" + rest, lambda: column.fit(frame(school=bad), LONG_Y))
    refuses("tasks" + rest, lambda: estimator().fit(FEATURES, LONG_Y, tasks=bad))
    column.fit(FRAME, LONG_Y)
    refuses("task_column='school'" + rest, lambda: column.predict(frame(school=bad)))


def test_every_row_of_a_polars_frame_needs_an_id():
    X = pl.DataFrame({"p": FEATURES[:, 0], "school": [None, *IDS[1:].tolist()]})
    message = r"contains NaN or None for 1 sample\(s\), first at row 0"
    refuses(message, lambda: estimator(task_column="school").fit(X, LONG_Y))


def test_an_id_cannot_be_infinite():
    bad = changed(LONG_X, (3, 3), np.inf)
    message = "task_column=-1 contains infinity"
    refuses(message, lambda: estimator(task_column=-1).fit(bad, LONG_Y))


def test_ids_of_mixed_types_are_refused():
    mixed = np.array([1, *IDS[1:].tolist()], dtype=object)
    message = r"mixes types that cannot be sorted \(int, str\); use one type, .*astype\(str\)"
    model = estimator(task_column="school")
    refuses(message, lambda: model.fit(frame(school=mixed), LONG_Y), TypeError)
    refuses(message, lambda: estimator().fit(FEATURES, LONG_Y, tasks=mixed), TypeError)


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (CODES[:-1], r"inconsistent numbers of samples: \[40, 39\]"),
        (np.ones((40, 2)), r"tasks has shape \(40, 2\), expected one task id for each sample"),
        ("school", r"tasks has shape \(\), expected one task id for each sample"),
    ],
)
def test_tasks_are_one_id_a_row(tasks, message):
    refuses(message, lambda: estimator().fit(FEATURES, LONG_Y, tasks=tasks))
    model = estimator().fit(FEATURES, LONG_Y, tasks=CODES)
    refuses(message, lambda: model.predict(FEATURES, tasks=tasks))


@each_estimator
def test_unseen_tasks_are_listed_with_the_way_out(name):
    unseen = frame(school=np.where(CODES == 3, "z", IDS))
    message = r"task\(s\) \['z'\] that were not seen in fit, which had \['a', 'b', 'c', 'd'\]. Set "
    message += "handle_unknown='shared' to predict them"
    model = estimator(name, task_column="school").fit(FRAME, LONG_Y)
    refuses(message, lambda: model.predict(unseen))
    refuses(message, lambda: model.score(unseen, LONG_Y))
    model.set_params(handle_unknown="shared")
    assert np.isfinite(model.predict(unseen)).all()


def test_many_unseen_tasks_are_not_all_listed():
    model = estimator(task_column=-1).fit(LONG_X, LONG_Y)
    X = np.column_stack([FEATURES, np.arange(N) + 10])
    refuses(r"\[10.0, 11.0, 12.0, 13.0, 14.0, \.\.\.\] that were", lambda: model.predict(X))


@each_estimator
def test_a_model_fitted_with_tasks_predicts_with_tasks(name):
    model = estimator(name).fit(FEATURES, LONG_Y, tasks=CODES)
    message = r"fitted with tasks=; predict needs tasks= .* predict_all_tasks\(X\)"
    refuses(message, lambda: model.predict(FEATURES))
    refuses(message, lambda: model.score(FEATURES, LONG_Y))
    assert model.predict_all_tasks(FEATURES).shape == (N, 4)


@each_estimator
def test_a_wide_model_predicts_without_tasks(name):
    model = estimator(name).fit(FEATURES, Y)
    message = r"predicts all tasks at once; call predict\(X\) without tasks="
    refuses(message, lambda: model.predict(FEATURES, tasks=CODES))


@each_layout
def test_an_estimator_must_be_fitted_first(layout):
    task_column, X, _ = LAYOUTS[layout]
    model = estimator(task_column=task_column)
    refuses("is not fitted yet", lambda: model.predict(X), NotFittedError)
    refuses("is not fitted yet", lambda: model.predict_all_tasks(X), NotFittedError)


def test_scores_need_labels_of_the_right_shape():
    model = estimator().fit(FEATURES, Y)
    message = r"y_true has shape \(39, 4\), but y_pred has shape \(40, 4\)"
    refuses(message, lambda: model.score(FEATURES, Y[:-1]))
    refuses("no target of positive weight", lambda: model.score(FEATURES, np.full_like(Y, np.nan)))


# Ids that hardly are ids


def test_a_scaled_task_column_is_noticed():
    pipeline = make_pipeline(StandardScaler(), estimator(task_column=-1))
    message = r"numbers that are no integers \(such as -1.342\), 4 .* scaled.*keep_task_column"
    with pytest.warns(UserWarning, match=message):
        pipeline.fit(LONG_X, LONG_Y)


def test_keep_task_column_is_the_cure():
    pipeline = make_pipeline(keep_task_column(StandardScaler(), -1), estimator(task_column=-1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline.fit(LONG_X, LONG_Y)


@pytest.mark.parametrize("ids", [np.arange(N), [f"pupil {i}" for i in range(N)]])
def test_almost_as_many_tasks_as_rows_are_noticed(ids):
    with pytest.warns(UserWarning, match="holds 40 tasks for 40 samples: are these task ids?"):
        estimator(task_column="school").fit(frame(school=ids), LONG_Y)


# Parameters


@each_layout
@pytest.mark.parametrize(
    ("name", "params", "error", "message"),
    [
        ("lasso", {"alpha": -1}, ValueError, r"alpha == -1, must be >= 0"),
        ("lasso", {"alpha": True}, TypeError, r"alpha must be a number, got True"),
        ("lasso", {"alpha": "1"}, TypeError, r"alpha must be an instance of float, not str"),
        ("lasso", {"alpha": np.inf}, ValueError, r"alpha must be finite, got inf"),
        ("net", {"l1_ratio": 2}, ValueError, r"l1_ratio == 2, must be <= 1"),
        ("net", {"l1_ratio": -0.1}, ValueError, r"l1_ratio == -0.1, must be >= 0"),
        ("net_cv", {"l1_ratio": [0.5, 2]}, ValueError, r"l1_ratio == 2.0, must be <= 1"),
        ("net_cv", {"l1_ratio": 0}, ValueError, r"not supported for l1_ratio=0.*`alphas=`"),
        ("lasso_cv", {"alphas": [-1]}, ValueError, r"alphas\[0\] == -1.0, must be >= 0"),
        ("lasso_cv", {"alphas": 0}, ValueError, r"alphas == 0, must be >= 1"),
        ("lasso_cv", {"alphas": True}, TypeError, r"alphas must be an integer, got True"),
        ("lasso_cv", {"alphas": [[0.1]]}, ValueError, r"a list of them, got \[\[0.1\]\]"),
        ("lasso_cv", {"alphas": []}, ValueError, r"a list of them, got \[\]"),
        ("lasso_cv", {"alphas": None}, ValueError, r"a number of alphas or .*, got None"),
        ("lasso_cv", {"cv": []}, ValueError, r"cv=\[\] gives no split"),
        (
            "lasso_cv",
            {"cv": [([0, 99], [1])]},
            ValueError,
            "sample 99, but X has 40 samples",
        ),
        ("net_cv", {"l1_ratio": []}, ValueError, r"l1_ratio must be .* list of numbers, got \[\]"),
        ("lasso", {"warm_start": "yes"}, TypeError, r"warm_start must be True or False"),
        ("lasso_cv", {"eps": 0}, ValueError, r"eps == 0, must be > 0"),
        ("lasso_cv", {"eps": 2}, ValueError, r"eps == 2, must be <= 1"),
        ("lasso_cv", {"cv": 1}, ValueError, r"cv == 1, must be >= 2"),
        ("lasso_cv", {"cv": True}, TypeError, r"cv must be an integer, got True"),
        ("lasso_cv", {"cv": 41}, ValueError, r"n_splits=41 greater than .*n_samples=40"),
        ("lasso_cv", {"cv": "five"}, ValueError, r"Expected .?cv.? as an integer"),
        (
            "lasso_cv",
            {"selection_rule": "max"},
            ValueError,
            r"selection_rule='max' is not one of \['1se', 'min'\]",
        ),
    ],
)
def test_parameters_of_one_model_are_checked(layout, name, params, error, message):
    task_column, X, y = LAYOUTS[layout]
    refuses(message, lambda: estimator(name, task_column=task_column, **params).fit(X, y), error)


@each_estimator
@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"handle_unknown": "ignore"}, ValueError, r"'ignore' is not one of \['error', 'shared'\]"),
        ({"selection": "greedy"}, ValueError, r"'greedy' is not one of \['cyclic', 'random'\]"),
        ({"max_iter": 0}, ValueError, r"max_iter == 0, must be >= 1"),
        ({"max_iter": 10.0}, TypeError, r"max_iter must be an instance of int, not float"),
        ({"tol": -1}, ValueError, r"tol == -1, must be >= 0"),
        ({"fit_intercept": "no"}, TypeError, r"fit_intercept must be True or False, got 'no'"),
        ({"normalize_y": 1}, TypeError, r"normalize_y must be True or False, got 1"),
        ({"positive": None}, TypeError, r"positive must be True or False, got None"),
    ],
)
def test_parameters_of_all_models_are_checked(name, params, error, message):
    refuses(message, lambda: estimator(name, **params).fit(FEATURES, Y), error)


@each_layout
@pytest.mark.parametrize(
    ("name", "strength"), [("lasso", {"alpha": 1e-6}), ("lasso_cv", {"alphas": [1e-6]})]
)
def test_an_unconverged_fit_says_what_to_change(layout, name, strength):
    task_column, X, y = LAYOUTS[layout]
    model = estimator(name, task_column=task_column, max_iter=1, tol=1e-12, **strength)
    message = "max_iter=1 iterations.*tol=1.0e-12: increase max_iter or alpha, scale the features"
    with pytest.warns(ConvergenceWarning, match=message):
        model.fit(X, y)


def test_ids_of_mixed_types_in_a_list_are_refused():
    ids = [1, *["b"] * (N - 1)]
    refuses("tasks mixes types", lambda: estimator().fit(FEATURES, LONG_Y, tasks=ids), TypeError)


def test_a_missing_date_is_no_task():
    ids = np.array(["2026-01-01", "NaT"] * (N // 2), dtype="datetime64[D]")
    message = "tasks contains NaN or None for 20 sample"
    refuses(message, lambda: estimator().fit(FEATURES, LONG_Y, tasks=ids))


def test_a_fold_must_train_on_and_test_labels():
    cv = [(np.arange(20), np.zeros(0, dtype=int))]
    refuses("A fold tests no target", lambda: estimator("lasso_cv", cv=cv).fit(FEATURES, Y))
    cv = [(np.zeros(0, dtype=int), np.arange(20))]
    refuses("A fold trains on no target", lambda: estimator("lasso_cv", cv=cv).fit(FEATURES, Y))
