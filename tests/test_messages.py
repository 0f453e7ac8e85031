"""What users read: warnings point at their line, errors name what was given, names are names."""

import io
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import linear_model
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    ClusteredTaskRegressorCV,
    CoefficientDisplay,
    IndependentTasks,
    MultiTaskCV,
    MultiTaskElasticNetCV,
    MultiTaskKernelRidge,
    MultiTaskLasso,
    MultiTaskLassoCV,
    MultiTaskMixed,
    MultiTaskStacking,
    PooledTasks,
    RandomInterceptTasks,
    RegularizationPathDisplay,
    RobustMultiTaskRegressorCV,
    SequentialTasks,
    TaskScoreDisplay,
    TaskSimilarityDisplay,
    TraceNormRegressorCV,
    alpha_max,
    compare_to_single_task,
    keep_task_column,
    multi_task_path,
    select_tasks,
    task_feature_importance,
    task_similarity,
    task_transfer_matrix,
)
from skmtl.losses import Huber

matplotlib.use("Agg")
import matplotlib.pyplot as plt

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4))
Y = X @ RNG.normal(size=(4, 3)) + RNG.normal(size=(30, 3))
Y_LONG = Y[np.arange(30), np.repeat([0, 1, 2], 10)]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


# ------------------------------------------------------------------------------------ warnings


def ids_like_a_feature():
    return np.arange(30) + 0.5


def with_ids(model):
    return lambda: model.fit(X, Y_LONG, tasks=ids_like_a_feature())


def in_column(model):
    return lambda: model.fit(np.column_stack([X, ids_like_a_feature()]), Y_LONG)


def pipeline():
    scaler = keep_task_column(StandardScaler(), -1)
    return make_pipeline(scaler, MultiTaskLasso(task_column=-1))


HASTY = {"max_iter": 1, "tol": 1e-14}


@pytest.mark.parametrize(
    "call",
    [
        with_ids(MultiTaskLasso()),
        with_ids(MultiTaskLassoCV(alphas=2, cv=2)),
        with_ids(MultiTaskCV(MultiTaskLasso(), {"alpha": 2}, cv=2)),
        with_ids(MultiTaskKernelRidge()),
        with_ids(IndependentTasks(linear_model.Ridge())),
        with_ids(RandomInterceptTasks(linear_model.Ridge())),
        in_column(pipeline()),
        lambda: MultiTaskLasso().fit(X, Y_LONG[:, None], tasks=np.arange(30) // 10),
        lambda: MultiTaskLasso(1e-6, **HASTY).fit(X, Y),
        lambda: MultiTaskLassoCV(alphas=[1e-6], cv=2, **HASTY).fit(X, Y),
        lambda: multi_task_path(X, Y, alphas=[1e-6], **HASTY),
        lambda: TraceNormRegressorCV(alphas=[1e-6], cv=2, **HASTY).fit(X, Y),
        lambda: GridSearchCV(MultiTaskLasso(1e-6), {"max_iter": [1]}, cv=2).fit(X, Y),
    ],
)
def test_every_warning_points_at_the_line_of_the_user(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    own = [one for one in caught if issubclass(one.category, UserWarning | ConvergenceWarning)]
    assert own
    assert {one.filename for one in own} == {__file__}


# ------------------------------------------------------------- classes of scikit-learn by mistake

OTHERS = linear_model.MultiTaskLassoCV()
FITTED = linear_model.MultiTaskLasso().fit(X, Y)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("MultiTaskLassoCV", lambda: compare_to_single_task(OTHERS, X, Y)),
        ("MultiTaskLassoCV", lambda: compare_to_single_task({"a": OTHERS}, X, Y)),
        ("MultiTaskLassoCV", lambda: task_transfer_matrix(OTHERS, X, Y)),
        ("MultiTaskLassoCV", lambda: select_tasks(OTHERS, X, Y, 0)),
        ("MultiTaskLassoCV", lambda: MultiTaskCV(OTHERS).fit(X, Y)),
        ("MultiTaskLassoCV", lambda: multi_task_path(X, Y, estimator=OTHERS)),
        ("MultiTaskLassoCV", lambda: alpha_max(X, Y, estimator=OTHERS)),
        (
            "MultiTaskLassoCV",
            lambda: compare_to_single_task(make_pipeline(StandardScaler(), OTHERS), X, Y),
        ),
        (
            "MultiTaskElasticNetCV",
            lambda: compare_to_single_task(linear_model.MultiTaskElasticNetCV(), X, Y),
        ),
        ("MultiTaskLasso", lambda: task_similarity(FITTED)),
        ("MultiTaskLasso", lambda: task_feature_importance(FITTED)),
        ("MultiTaskLasso", lambda: CoefficientDisplay.from_estimator(FITTED)),
        ("MultiTaskLasso", lambda: TaskSimilarityDisplay.from_estimator(FITTED)),
        ("MultiTaskLasso", lambda: RegularizationPathDisplay.from_estimator(FITTED)),
        (
            "MultiTaskLassoCV",
            lambda: RegularizationPathDisplay.from_estimator(
                linear_model.MultiTaskLassoCV(cv=2).fit(X, Y)
            ),
        ),
    ],
)
def test_a_namesake_of_scikit_learn_is_named_with_both_modules(name, call):
    message = f"got sklearn.linear_model.{name}; use skmtl.{name}"
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize("inner", [OTHERS, MultiTaskLasso(), MultiTaskLasso(task_column=-1)])
@pytest.mark.parametrize(
    "meta", [IndependentTasks, PooledTasks, RandomInterceptTasks, SequentialTasks]
)
def test_a_model_of_several_tasks_is_no_model_of_one(meta, inner):
    with pytest.raises(TypeError, match="needs an estimator of a single target"):
        meta(inner).fit(X, Y)


def test_a_model_of_several_tasks_is_no_baseline_and_no_stage():
    ridge = linear_model.Ridge()
    with pytest.raises(TypeError, match="needs an estimator of a single target"):
        compare_to_single_task(MultiTaskLasso(), X, Y, baseline=OTHERS)
    with pytest.raises(TypeError, match="needs an estimator of a single target"):
        MultiTaskStacking(ridge, OTHERS).fit(X, Y)


# ----------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MultiTaskMixed("huber").fit(X, Y), r"losses must be a list .* got 'huber'"),
        (lambda: MultiTaskMixed(Huber()).fit(X, Y), r"losses must be a list .* got Huber"),
        (lambda: multi_task_path(X, Y, alphas=3), r"alphas must be a list .* n_alphas .* got 3"),
        (lambda: MultiTaskLassoCV(alphas=0.1).fit(X, Y), r"alphas must be .* got 0\.1"),
        (lambda: MultiTaskLassoCV(alphas=["x"]).fit(X, Y), "alphas must be numbers, got"),
        (lambda: MultiTaskElasticNetCV(l1_ratio=None).fit(X, Y), "l1_ratio must be a number or"),
        (lambda: MultiTaskLassoCV(cv=[1, 2]).fit(X, Y), r"Expected cv .* got \[1, 2\]"),
        (lambda: MultiTaskLassoCV(cv=2.5).fit(X, Y), r"Expected cv as an integer .* got 2\.5"),
        (lambda: MultiTaskLasso(selection=np.ones(2)).fit(X, Y), "selection=array"),
        (lambda: compare_to_single_task(MultiTaskLasso(), X, Y, cv=True), "cv must be an integer"),
        (lambda: compare_to_single_task(MultiTaskLasso(), X, Y, cv=0), "cv == 0, must be >= 2"),
        (lambda: compare_to_single_task(MultiTaskLasso(), X, Y, cv=[1, 2]), "Expected cv as an"),
        (lambda: task_transfer_matrix(MultiTaskLasso(), X, Y, cv=[]), r"cv=\[\] gives no split"),
        (
            lambda: compare_to_single_task(MultiTaskLasso(), X, Y, baseline=3),
            "baseline must be 'auto' or an estimator, got 3",
        ),
        (
            lambda: compare_to_single_task(MultiTaskLasso(), X, Y, task_column=["a"]),
            "task_column must be a column name, an integer or None",
        ),
        (
            lambda: compare_to_single_task([MultiTaskLasso(), MultiTaskLasso(2.0)], X, Y),
            r"Several estimators are a dict \{name: estimator\}, got \[MultiTaskLasso\(\), ",
        ),
        (lambda: IndependentTasks("ridge").fit(X, Y), "needs an estimator, got 'ridge'"),
        (lambda: TaskSimilarityDisplay.from_matrix(np.eye(2), tasks=3), "tasks must be a list"),
        (lambda: RegularizationPathDisplay.from_path(3), "path must be the result of"),
    ],
)
def test_a_parameter_of_another_kind_is_named(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


HUGE_X = X.copy()
HUGE_X[3, 1] = -1e200
HUGE_Y = Y.copy()
HUGE_Y[3, 1] = 1e300


@pytest.mark.parametrize(
    "model",
    [
        ClusteredTaskRegressorCV(alphas=2, cv=2),
        MultiTaskKernelRidge(),
        MultiTaskLassoCV(alphas=2, cv=2),
        MultiTaskMixed(),
        RobustMultiTaskRegressorCV(alphas=2, cv=2),
    ],
)
def test_numbers_whose_squares_overflow_are_refused_by_column_and_value(model):
    frame = pd.DataFrame(HUGE_X, columns=["a", "b", "c", "d"])
    with pytest.raises(ValueError, match=r"Input X has -1e\+200 in column 'b'"):
        model.fit(frame, Y)
    with pytest.raises(ValueError, match=r"Input X has -1e\+200 in column 1"):
        model.fit(sparse.csr_array(HUGE_X), Y)
    with pytest.raises(ValueError, match=r"Input y has 1e\+300 in task\(s\) \['v'\]"):
        model.fit(X, pd.DataFrame(HUGE_Y, columns=["u", "v", "w"]))


@pytest.mark.filterwarnings("error")
def test_numbers_of_single_precision_are_read_without_a_warning():
    MultiTaskLasso(max_iter=10_000).fit(X.astype(np.float32), Y.astype(np.float32))


def test_a_huge_number_is_refused_in_long_data_too():
    model = MultiTaskLasso(task_column="task")
    frame = pd.DataFrame(HUGE_X, columns=["a", "b", "c", "d"])
    frame.insert(0, "task", np.repeat(["u", "v", "w"], 10))
    with pytest.raises(ValueError, match=r"Input X has -1e\+200 in column 'b'"):
        model.fit(frame, Y_LONG)
    with pytest.raises(ValueError, match=r"Input y has 1e\+300 in task\(s\) \['u'\]"):
        model.fit(frame.assign(b=0.0), HUGE_Y[:, 1])


@pytest.mark.parametrize("spoil", ["scale", "shift", "one", "constant", "zero", "twice", "tiny"])
@pytest.mark.parametrize(
    "model", [ClusteredTaskRegressorCV(alphas=2, cv=2), RobustMultiTaskRegressorCV(alphas=2, cv=2)]
)
def test_unusual_columns_are_fitted(model, spoil):
    features = X.copy()
    column = features[:, 1]
    features[:, 1] = {
        "scale": 1e15 * column,
        "shift": 1e6 + column,
        "one": np.where(np.arange(30) == 3, 1e15, column),
        "constant": np.full(30, 1e15),
        "zero": np.zeros(30),
        "twice": features[:, 0],
        "tiny": 1e-200 * column,
    }[spoil]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert np.isfinite(model.fit(features, Y).predict(features)).all()
        targets = Y * [1.0, 1e15, 1e-15]
        assert np.isfinite(model.fit(X, targets).predict(X)).all()


def test_an_array_beside_an_estimator_is_refused():
    with pytest.raises(ValueError, match=r"feature_weight=.* was given beside an estimator"):
        multi_task_path(X, Y, estimator=MultiTaskLasso(), feature_weight=np.ones(4))


# ------------------------------------------------------------------------------ names in pictures

NAMES = {
    "formula": ["Ba$$in", "$a$", r"\$"],
    "code": ["<b>a</b>", "a_b^{c}%&", r"$\frac{1}{2}"],
    "lines": ["a\nb", "c\td", ""],
    "underscores": ["_a", "__b", "_"],
    "long": ["x" * 300, "$" * 41, "_" * 50],
    "other": ["東京", "Zürich", "\ud800"],
    "dates": np.array(["2020-01-01", "2021-01-01", "2022-01-01"], dtype="datetime64[ns]"),
    "numbers": [1.5, -2.0, 1e300],
}


def drawn(display):
    """Draw everything, as saving does."""
    display.figure_.savefig(io.BytesIO(), dpi=20)
    return display


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.filterwarnings("ignore:Glyph")
def test_names_are_drawn_whatever_they_look_like(kind):
    names = NAMES[kind]
    scores = np.array([0.1, 0.2, 0.3])
    first, second, _ = map(str, names)
    drawn(TaskScoreDisplay(scores, tasks=names, baseline_scores=scores[::-1], name=first).plot())
    drawn(TaskScoreDisplay(scores, tasks=names, name=second).plot())
    drawn(TaskSimilarityDisplay.from_matrix(np.eye(3), tasks=names))
    drawn(CoefficientDisplay(np.eye(3), columns=names, features=names).plot())
    curves = np.ones((3, 2))
    drawn(RegularizationPathDisplay([1.0, 2.0], curves, names=names, at=first).plot())


def test_names_stay_as_they_are():
    names = ["Ba$$in", "_a", r"\$"]
    display = TaskScoreDisplay([1.0, 2.0, 3.0], tasks=names).plot()
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == names
    dates = TaskScoreDisplay([1.0, 2.0, 3.0], tasks=NAMES["dates"]).plot()
    written = [text.get_text() for text in dates.ax_.get_yticklabels()]
    assert written == ["2020-01-01", "2021-01-01", "2022-01-01"]


def test_no_name_is_missing_in_a_legend():
    names = ["_a", "", "Ba$$in", "b"]
    display = RegularizationPathDisplay([1.0, 2.0], np.ones((4, 2)), names=names).plot()
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == names


def test_reports_escape_the_names_of_tasks():
    Y_named = pd.DataFrame(Y, columns=["<b>a</b>", "line\nbreak", "&"])
    report = compare_to_single_task(
        MultiTaskLasso(),
        X,
        Y_named,
        cv=2,
        baseline=linear_model.Ridge(),
        rivals=(),
        model_figures=False,
    )
    html = report._repr_html_()
    assert "&lt;b&gt;a&lt;/b&gt;" in html
    assert "<b>a" not in html
    assert any(line.startswith("line break ") for line in str(report).splitlines())
    drawn(report.plot())
    drawn(report.plot(kind="scatter"))


@pytest.mark.parametrize("estimator", [MultiTaskLasso(), MultiTaskKernelRidge()])
@pytest.mark.parametrize("as_y", [np.array, pd.DataFrame, pd.Series])
def test_text_given_to_a_regressor_names_the_classifiers(estimator, as_y):
    X = np.arange(12.0).reshape(6, 2)
    y = np.array(["a", "b"] * 3)
    tasks = None if as_y is pd.DataFrame else [0, 1, 1, 0, 0, 1]
    with pytest.raises(ValueError, match=r"to float: .*for class labels take a classifier"):
        estimator.fit(X, as_y(y) if tasks else as_y({"t": y}), tasks=tasks)


def test_text_given_to_a_comparison_of_regressors_names_the_classifiers():
    y = np.where(Y_LONG > 0, "a", "b")
    with pytest.raises(ValueError, match=r"to float: .*for class labels take a classifier"):
        compare_to_single_task(MultiTaskLasso(), X, y, tasks=np.arange(30) // 10)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rmse", "neg_root_mean_squared_error"),
        ("MSE", "neg_mean_squared_error"),
        ("mae", "neg_mean_absolute_error"),
        ("auc", "roc_auc"),
        ("logloss", "neg_log_loss"),
    ],
)
def test_usual_names_of_scores_lead_to_those_of_scikit_learn(name, expected):
    with pytest.raises(ValueError, match=rf"scoring='{name}' is not .* Use '{expected}'\."):
        compare_to_single_task(MultiTaskLasso(), X, Y, scoring=name)


# ---------------------------------------------------------------------- ids that are text

UNITS = np.repeat(["exa000", "exa001", "exa002"], 10)
WITH_UNITS = pd.DataFrame(X, columns=["a", "b", "c", "d"]).assign(unit=UNITS)
WITH_SEX = WITH_UNITS.assign(sex=["f", "m"] * 15)


@pytest.mark.parametrize("model", [MultiTaskLasso(), IndependentTasks(linear_model.Ridge())])
def test_the_name_of_a_column_as_tasks_leads_to_task_column(model):
    message = r"tasks='unit' is the name of a column of X.* give task_column='unit'"
    with pytest.raises(ValueError, match=message):
        model.fit(WITH_UNITS, Y_LONG, tasks="unit")
    with pytest.raises(ValueError, match=message):
        compare_to_single_task(model, WITH_UNITS, Y_LONG, tasks="unit")


@pytest.mark.parametrize("inner", [None, linear_model.Ridge()])
def test_text_among_the_features_is_named_by_its_columns(inner):
    model = MultiTaskLasso() if inner is None else IndependentTasks(inner)
    instead = r"If it holds the task ids, give task_column='unit' instead of tasks="
    error = f"to float: 'exa000'. X has text in column 'unit': .* {instead}"
    with pytest.raises(ValueError, match=error):
        model.fit(WITH_UNITS, Y_LONG, tasks=UNITS)
    with pytest.raises(ValueError, match=r"text in column 4: .* give task_column=4 instead"):
        model.fit(WITH_UNITS.to_numpy(), Y_LONG, tasks=UNITS)
    with pytest.raises(ValueError, match=error):
        compare_to_single_task(model, WITH_UNITS, Y_LONG, tasks=UNITS)
    model.set_params(task_column="unit")
    with pytest.raises(ValueError, match=r"text in column 'sex': encode it .* leave it out\.$"):
        model.fit(WITH_SEX, Y_LONG)
    model.set_params(task_column=None)
    with pytest.raises(ValueError, match=r"text in columns 'unit', 'sex'"):
        model.fit(WITH_SEX, Y_LONG, tasks=UNITS)


def test_pipelines_around_task_ids_lead_to_keep_task_column():
    model = make_pipeline(StandardScaler(), MultiTaskLasso())
    with pytest.raises(ValueError, match=r"tasks= does not reach .* inside keep_task_column\("):
        compare_to_single_task(model, X, Y_LONG, tasks=UNITS)
    message = r"The task column 'unit' holds text.* keep_task_column\(StandardScaler\(\), 'unit'\)"
    with pytest.raises(ValueError, match=message):
        compare_to_single_task(model, WITH_UNITS, Y_LONG, task_column="unit", rivals=())


@pytest.mark.parametrize("form", ["wide", "long"])
def test_targets_whose_squares_vanish_are_refused(form):
    X = np.random.default_rng(0).normal(size=(20, 2))
    Y = X * [1.0, 1e-200]
    data = {"y": Y}
    if form == "long":
        X = np.vstack([X, X])
        data = {"y": Y.T.ravel(), "tasks": np.repeat([0, 1], 20)}
    with pytest.raises(ValueError, match=r"at most \d.* in task\(s\) \[1\]: squares of numbers"):
        MultiTaskLasso().fit(X, **data)
