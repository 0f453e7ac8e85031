"""Pictures: what is drawn, in which order, what is said, and that nothing overlaps."""

import sys
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressor,
    MultiTaskCV,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoClassifierCV,
    MultiTaskLassoCV,
    TaskRelationshipRegressor,
    TaskStratifiedKFold,
    TemporalGroupLasso,
    compare_to_single_task,
    keep_task_column,
    make_multitask_regression,
    multi_task_path,
    task_feature_importance,
    task_score,
)
from skmtl.evaluation._reports.task_noun import TaskNoun, noun_of
from skmtl.inspection import (
    CoefficientDisplay,
    RegularizationPathDisplay,
    TaskGainDisplay,
    TaskScoreDisplay,
    TaskSimilarityDisplay,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


VERDICTS = ("helped", "probably helped", "open", "probably harmed", "harmed")
NUMBERS = ("n_train", "error_single", "error_multi", "gain", "own_gain", "ci_low", "ci_high")


def fake_report(n_tasks, tasks=None, seed=0):
    """A TransferReport of made-up numbers, finite and with some of each verdict."""
    rng = np.random.default_rng(seed)
    tasks = np.arange(n_tasks) if tasks is None else np.asarray(tasks)
    errors = rng.uniform(0.8, 1.2, (8, n_tasks, 4)) * rng.uniform(1, 3, (n_tasks, 1))
    numbers = [(name, float) for name in NUMBERS]
    table = np.zeros(n_tasks, [("task", tasks.dtype), *numbers, ("verdict", "U15")])
    table["task"] = tasks
    table["n_train"] = rng.integers(5, 500, n_tasks)
    table["error_single"] = errors[..., 0].mean(axis=0)
    table["error_multi"] = errors[..., 1].mean(axis=0)
    table["own_gain"] = 1 - table["error_multi"] / table["error_single"]
    table["gain"] = 0.8 * table["own_gain"]
    half = rng.uniform(0.05, 0.2, n_tasks)
    table["ci_low"] = table["gain"] - half
    table["ci_high"] = table["gain"] + half
    certainty = table["gain"] / half
    steps = np.searchsorted([-1.0, -0.5, 0.5, 1.0], certainty)
    table["verdict"] = np.array(VERDICTS[::-1])[steps]
    median = np.median(table["gain"])
    return SimpleNamespace(
        table_=table,
        summary_={
            "median_gain": median,
            "median_gain_low": median - 0.01,
            "median_gain_high": median + 0.01,
        },
        cv_results_={"errors": errors, "methods": ["single", "multi", "intercept", "pooled"]},
        error_name="root_mean_squared_error",
        confidence_level=0.95,
        noun=TaskNoun(),
        size_curve=lambda sizes: (1 / sizes, 0.5 / sizes, 2 / sizes),
    )


def fake_ranking(n_tasks=5):
    reports = {name: fake_report(n_tasks, seed=k) for k, name in enumerate(["lasso", "mean"])}
    ranking = np.zeros(4, [("method", "U9")])
    ranking["method"] = ["mean", "single", "lasso", "pooled"]
    errors = np.random.default_rng(0).uniform(1, 2, (8, n_tasks, 4))
    return SimpleNamespace(
        reports_=reports,
        ranking_=ranking,
        cv_results_={"errors": errors, "methods": ["single", "lasso", "mean", "pooled"]},
        error_name="log_loss",
    )


def dots(ax, *prefixes):
    """Positions of the points of the scatters whose label starts with one of these."""
    found = [c.get_offsets() for c in ax.collections if c.get_label().startswith(prefixes)]
    return np.concatenate(found)


def y_names(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def overlaps(ax, axis):
    """Whether names on an axis touch."""
    ax.figure.draw_without_rendering()
    labels = getattr(ax, f"get_{axis}ticklabels")()
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    return any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# ---------------------------------------------------------------------------------------- gains


def test_gain_draws_each_task_once_the_largest_gain_on_top():
    report = fake_report(12)
    display = TaskGainDisplay.from_report(report)
    points = dots(display.ax_, *VERDICTS)
    points = points[np.argsort(points[:, 1])]
    np.testing.assert_allclose(points[:, 0], np.sort(report.table_["gain"]))
    order = np.argsort(report.table_["gain"])
    assert y_names(display.ax_) == [str(t) for t in report.table_["task"][order]]
    assert display.figure_ is display.ax_.figure


def test_verdicts_differ_in_color_and_in_shape():
    report = fake_report(5)
    report.table_["verdict"] = VERDICTS
    for kind in ("gain", "scatter", "size"):
        ax = TaskGainDisplay.from_report(report, kind=kind).ax_
        drawn = [c for c in ax.collections if c.get_label().startswith(VERDICTS)]
        assert len({tuple(c.get_edgecolor()[0]) for c in drawn}) == 5
        shapes = set()
        for marks in drawn:
            is_filled = tuple(marks.get_facecolor()[0]) != (1, 1, 1, 1)
            shapes.add((marks.get_paths()[0].vertices.tobytes(), is_filled))
        assert len(shapes) == 5
        # The legend begins with them, from good to bad.
        assert [text.split(" (")[0] for text in legend_texts(ax)][:5] == list(VERDICTS)


def test_intervals_and_own_estimates_are_drawn_where_they_are():
    report = fake_report(1)
    row = report.table_[0]
    ax = TaskGainDisplay.from_report(report).ax_
    (line,) = (c for c in ax.collections if isinstance(c, matplotlib.collections.LineCollection))
    np.testing.assert_allclose(line.get_segments()[0][:, 0], [row["ci_low"], row["ci_high"]])
    np.testing.assert_allclose(dots(ax, "own estimate"), [[row["own_gain"], 0]])


def test_own_estimates_beyond_an_end_of_the_axis_are_arrows():
    report = fake_report(5)
    report.table_["own_gain"][:3] = -50.0, 1.0, -70.0
    ax = TaskGainDisplay.from_report(report).ax_
    low, high = ax.get_xlim()
    (to_the_left,) = (c for c in ax.collections if c.get_label() == "own estimate beyond the end")
    assert to_the_left.get_offsets()[:, 0].tolist() == [low, low]
    to_the_right = [c for c in ax.collections if (c.get_offsets()[:, 0] == high).any()]
    assert len(to_the_right) == 1
    assert legend_texts(ax).count("own estimate beyond the end") == 1
    assert len(dots(ax, "own estimate of")) == 2


def test_notes_call_tasks_as_the_report_does():
    report = fake_report(5)
    report.noun = noun_of("city")
    report.table_["gain"][:2] = np.nan
    for kind in ("gain", "size"):
        label = TaskGainDisplay.from_report(report, kind=kind).ax_.get_xlabel()
        assert "2 cities not judged" in label
        assert "log scale" in label or kind == "size"
    assert label.startswith("training samples of the city")


@pytest.mark.parametrize("kind", ["gain", "size"])
def test_tasks_that_are_not_judged_are_said_not_drawn(kind):
    report = fake_report(8)
    report.table_["gain"][[1, 4]] = np.nan
    ax = TaskGainDisplay.from_report(report, kind=kind).ax_
    assert len(dots(ax, *VERDICTS)) == 6
    assert "2 tasks not judged: see the notes of the report" in ax.get_xlabel()
    report.table_["gain"][4] = 0.1
    label = TaskGainDisplay.from_report(report, kind=kind).ax_.get_xlabel()
    assert "1 task not judged: see the notes of the report" in label


def test_a_report_without_any_gain_can_be_drawn():
    report = fake_report(2)
    report.table_["gain"] = report.table_["error_multi"] = np.nan
    report.summary_ = dict.fromkeys(report.summary_, np.nan)
    for kind in ("gain", "size"):
        ax = TaskGainDisplay.from_report(report, kind=kind).ax_
        assert "2 tasks not judged" in ax.get_xlabel()
    assert "2 tasks without an error" in (
        TaskGainDisplay.from_report(report, kind="scatter").ax_.get_xlabel()
    )


@pytest.mark.parametrize(
    ("gain", "edge", "side"), [(-12.5, -2.0, "below"), (0.999, 2 / 3, "above")]
)
def test_a_gain_beyond_the_edge_stands_there_with_its_value(gain, edge, side):
    report = fake_report(5)
    for name in ("gain", "own_gain", "ci_low", "ci_high"):
        report.table_[name][2] = gain
    ax = TaskGainDisplay.from_report(report).ax_
    assert np.abs(dots(ax, *VERDICTS)[:, 0] - edge).min() < 1e-12
    written = {-12.5: "-1250%", 0.999: "+99.9%"}
    assert any(written[gain] in text.get_text() for text in ax.texts)
    ax = TaskGainDisplay.from_report(report, kind="size").ax_
    assert f"1 task {side}" in ax.get_xlabel()


def test_halves_and_doubles_are_equally_far_from_zero():
    report = fake_report(5)
    for kind, axis in (("gain", "x"), ("size", "y")):
        ax = TaskGainDisplay.from_report(report, kind=kind).ax_
        places = ax.transData.transform([[0.0, 0.0], [0.5, 0.5], [-1.0, -1.0]])
        places = places[:, "xy".index(axis)]
        np.testing.assert_allclose(places[1] - places[0], places[0] - places[2])


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0, 5.0])
def test_ticks_of_gains_do_not_overlap_and_tell_gains_apart(scale):
    report = fake_report(6)
    # Log gains from -scale to 2 scale.
    report.table_["gain"] = -np.expm1(scale * np.array([1.0, 0.5, 0.0, -0.5, -1.0, -2.0]))
    report.table_["own_gain"] = report.table_["gain"]
    for name in ("ci_low", "ci_high"):
        report.table_[name] = report.table_["gain"]
    for kind, axis in (("gain", "x"), ("size", "y")):
        ax = TaskGainDisplay.from_report(report, kind=kind).ax_
        assert not overlaps(ax, axis)
        texts = [text.get_text() for text in getattr(ax, f"get_{axis}ticklabels")()]
        assert "0%" in texts
        assert 3 <= len(texts) == len(set(texts))


def test_wide_intervals_are_cut_at_the_view():
    report = fake_report(5)
    report.table_["ci_low"][2] = -np.inf
    report.table_["ci_high"][2] = 1.0
    low, high = TaskGainDisplay.from_report(report).ax_.get_xlim()
    assert -3 < low < high < 0.8


def test_scatter_has_errors_on_both_axes_and_the_diagonal():
    report = fake_report(10)
    ax = TaskGainDisplay.from_report(report, kind="scatter").ax_
    table = report.table_
    expected = np.column_stack([table["error_single"], table["error_multi"]])
    points = dots(ax, *VERDICTS)
    np.testing.assert_allclose(np.sort(points, axis=0), np.sort(expected, axis=0))
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xdata(), line.get_ydata())
    assert ax.get_xscale() == "linear"
    names = {text.get_text() for text in ax.texts}
    assert names <= {
        str(t) for t in table["task"][[table["gain"].argmax(), table["gain"].argmin()]]
    }


def test_axes_are_logarithmic_where_values_range_widely():
    report = fake_report(4)
    report.table_["error_single"][0] = 1000.0
    report.table_["n_train"] = 10
    report.cv_results_["errors"][..., 3] *= 1000
    axes = {
        kind: TaskGainDisplay.from_report(report, kind=kind).ax_ for kind in ("scatter", "size")
    }
    assert axes["scatter"].get_xscale() == axes["scatter"].get_yscale() == "log"
    assert axes["size"].get_xscale() == "linear"
    report.table_["n_train"][0] = 1000
    assert TaskGainDisplay.from_report(report, kind="size").ax_.get_xscale() == "log"
    assert TaskGainDisplay.from_report(report, kind="splits").ax_.get_xscale() == "log"


def test_splits_are_means_over_tasks_best_method_on_top():
    report = fake_report(6)
    errors = report.cv_results_["errors"]
    errors[2, 3] = np.nan  # a task that a split does not test
    ax = TaskGainDisplay.from_report(report, kind="splits").ax_
    means = np.nanmean(errors, axis=1)
    order = np.argsort(-means.mean(axis=0))
    assert y_names(ax) == [report.cv_results_["methods"][m] for m in order]
    assert len(ax.lines) == len(means)  # one a split: paired
    drawn = np.array([line.get_xdata() for line in ax.lines])
    np.testing.assert_allclose(drawn, means[:, order])


def test_splits_say_which_tasks_have_infinite_errors():
    report = fake_report(6)
    report.cv_results_["errors"][0, 2, 1] = np.inf
    ax = TaskGainDisplay.from_report(report, kind="splits").ax_
    assert "left out: 1 task with an infinite error" in ax.get_xlabel()
    assert np.isfinite([line.get_xdata() for line in ax.lines]).all()
    report.cv_results_["errors"][:, :, 1] = np.inf
    ax = TaskGainDisplay.from_report(report, kind="splits").ax_
    assert "left out: 6 tasks" in ax.get_xlabel()
    assert len(ax.collections) == 0


def test_a_ranking_has_a_row_for_each_estimator_in_the_order_of_ranks():
    ranking = fake_ranking()
    ax = TaskGainDisplay.from_report(ranking).ax_
    assert y_names(ax) == ["lasso", "mean"]  # the best on top
    reports = [ranking.reports_[name] for name in ("lasso", "mean")]
    medians = dots(ax, "median gain")[:, 0]
    np.testing.assert_allclose(medians, [report.summary_["median_gain"] for report in reports])
    tasks = dots(ax, *VERDICTS)
    for line, report in enumerate(reports):
        strip = tasks[np.round(tasks[:, 1]) == line, 0]
        np.testing.assert_allclose(np.sort(strip), np.sort(report.table_["gain"]))
    assert len(y_names(TaskGainDisplay.from_report(ranking, kind="splits").ax_)) == 4


def test_a_ranking_says_how_many_gains_it_lacks():
    ranking = fake_ranking()
    ranking.reports_["mean"].table_["gain"][:3] = np.nan, np.nan, -7.0
    label = TaskGainDisplay.from_report(ranking).ax_.get_xlabel()
    assert "2 gains missing" in label
    assert "1 gain below -200%" in label


@pytest.mark.parametrize("kind", ["scatter", "size"])
def test_pictures_of_one_estimator_refuse_several(kind):
    with pytest.raises(ValueError, match=rf"report\['lasso'\]\.plot\(kind='{kind}'\)"):
        TaskGainDisplay.from_report(fake_ranking(), kind=kind)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind='bars'"):
        TaskGainDisplay.from_report(fake_report(3), kind="bars")


@pytest.fixture(scope="module")
def several(long):
    models = {"lasso": MultiTaskLasso(0.1, task_column=-1)}
    return compare_to_single_task(
        models, long.X, long.y, baseline=Ridge(), cv=2, model_figures=False, random_state=0
    )


@pytest.mark.parametrize("kind", ["gain", "scatter", "size", "splits"])
def test_real_reports_draw_themselves(kind, several):
    one = several["lasso"]
    ax = one.plot(kind=kind).ax_
    if kind != "splits":
        assert len(dots(ax, *VERDICTS)) == len(one.table_)
    if kind in ("gain", "splits"):
        given = plt.figure().subplots()
        assert several.plot(kind=kind, ax=given).ax_ is given


# ------------------------------------------------------------------------------- names and sizes


def matrix_of(n_tasks):
    W = np.random.default_rng(0).standard_normal((n_tasks, 5))
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    return W @ W.T


PICTURES = {
    "gain": lambda n, tasks: TaskGainDisplay.from_report(fake_report(n, tasks)),
    "score": lambda n, tasks: TaskScoreDisplay(np.arange(n) / n, tasks=tasks).plot(),
    "similarity": lambda n, tasks: TaskSimilarityDisplay.from_matrix(matrix_of(n), tasks=tasks),
    "coefficients": lambda n, tasks: CoefficientDisplay(
        np.random.default_rng(0).standard_normal((n, 60)), columns=tasks, features=np.arange(60)
    ).plot(),
}


@pytest.mark.parametrize("n_tasks", [1, 139])
@pytest.mark.parametrize("picture", PICTURES)
def test_names_do_not_overlap(picture, n_tasks):
    tasks = np.array([f"a task of a long name {t:3d}" for t in range(n_tasks)])
    display = PICTURES[picture](n_tasks, tasks)
    assert not overlaps(display.ax_, "y")
    if picture in ("similarity", "coefficients"):
        assert not overlaps(display.ax_, "x")


def test_names_are_thinned_in_small_axes_too():
    _, axes = plt.subplots(2, 2, layout="constrained")
    display = TaskGainDisplay.from_report(fake_report(60), ax=axes[0, 0])
    assert 2 < len(y_names(display.ax_)) < 60
    assert not overlaps(display.ax_, "y")


def test_of_many_tasks_those_helped_or_harmed_have_a_name():
    report = fake_report(139)
    verdicts = report.table_["verdict"]
    verdicts[np.isin(verdicts, ["helped", "harmed"])] = "open"
    verdicts[[3, 70]] = "helped", "harmed"
    ax = TaskGainDisplay.from_report(report).ax_
    assert set(y_names(ax)) == {"3", "70"}
    verdicts[:] = "open"
    assert y_names(TaskGainDisplay.from_report(report).ax_) == []


def test_names_beside_crowded_lines_move_apart_but_not_far():
    report = fake_report(139)
    report.table_["verdict"][:] = "helped"
    ax = TaskGainDisplay.from_report(report).ax_
    assert not overlaps(ax, "y")
    names = y_names(ax)
    assert 40 < len(names) < 139
    order = np.argsort(report.table_["gain"]).tolist()
    lines = [order.index(int(name)) for name in names]
    assert lines == sorted(lines)
    assert np.abs(ax.get_yticks() - lines).max() < 8


def test_size_draws_the_fitted_curve_within_the_sizes_of_the_tasks():
    report = fake_report(6)
    n_train = report.table_["n_train"]
    ax = TaskGainDisplay.from_report(report, kind="size").ax_
    (curve,) = (line for line in ax.lines if line.get_label().startswith("typical gain"))
    sizes, gains = curve.get_data()
    np.testing.assert_allclose(gains, 1 / sizes)
    np.testing.assert_allclose(sizes[[0, -1]], [n_train.min(), n_train.max()])
    n_train[:] = 6
    ax = TaskGainDisplay.from_report(report, kind="size").ax_
    assert len(np.unique(dots(ax, *VERDICTS)[:, 0])) == 6  # beside each other
    assert [text.get_text() for text in ax.get_xticklabels()] == ["6"]
    n_train[:] = 4.5
    ax = TaskGainDisplay.from_report(report, kind="size").ax_
    assert [text.get_text() for text in ax.get_xticklabels()] == ["4.5"]
    np.testing.assert_allclose(ax.get_xticks(), np.mean(ax.get_xlim()))
    assert np.abs(dots(ax, *VERDICTS)[:, 0] - 4.5).max() < 0.25


def test_pictures_can_be_put_into_subfigures():
    sub, _ = plt.figure(figsize=(16, 5), layout="constrained").subfigures(1, 2)
    display = TaskGainDisplay.from_report(fake_report(5), ax=sub.subplots())
    assert display.figure_ is sub
    assert len(y_names(display.ax_)) == 5


def test_very_long_names_are_cut_in_the_middle():
    display = TaskScoreDisplay([0.5], tasks=["x" * 40 + "end"]).plot()
    (name,) = y_names(display.ax_)
    assert len(name) == 30
    assert "…" in name
    assert name.endswith("end")


def test_legends_are_outside_of_the_data():
    for n_tasks in (3, 42):
        ax = TaskGainDisplay.from_report(fake_report(n_tasks)).ax_
        ax.figure.canvas.draw()
        assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1 - 1


# ---------------------------------------------------------------------------------------- scores


@pytest.fixture(scope="module")
def long():
    return make_multitask_regression(
        n_samples=20, n_features=6, n_tasks=4, own_inputs=True, noise=1.0, random_state=0
    )


def test_scores_are_those_of_task_score_sorted(long):
    model = MultiTaskLasso(0.1, task_column=-1).fit(long.X, long.y)
    ax = TaskScoreDisplay.from_estimator(model, long.X, long.y).ax_
    expected = task_score(long.y, model.predict(long.X), tasks=long.X[:, -1], average=None)
    points = dots(ax, "MultiTaskLasso")
    np.testing.assert_allclose(points[:, 0], np.sort(expected))
    assert y_names(ax) == [str(t) for t in np.argsort(expected)]
    assert ax.get_xlabel() == "r2 score"


def test_the_same_scores_from_every_spelling_of_tasks(long):
    X, ids = long.X[:, :-1], long.X[:, -1]
    by_column = MultiTaskLasso(0.1, task_column=-1).fit(long.X, long.y)
    by_argument = MultiTaskLasso(0.1).fit(X, long.y, tasks=ids)
    displays = [
        TaskScoreDisplay.from_estimator(by_column, long.X, long.y),
        TaskScoreDisplay.from_estimator(by_argument, X, long.y, tasks=ids),
        TaskScoreDisplay.from_predictions(long.y, by_column.predict(long.X), tasks=ids),
    ]
    for display in displays[1:]:
        np.testing.assert_allclose(display.scores, displays[0].scores)


def test_wide_targets_keep_the_names_of_the_fit():
    data = make_multitask_regression(n_tasks=3, noise=1.0, random_state=0)
    Y = pd.DataFrame(data.y, columns=["a", "b", "c"])
    Y.iloc[1:, 2] = np.nan
    model = MultiTaskLasso(0.1).fit(data.X, Y)
    ax = TaskScoreDisplay.from_estimator(model, data.X, Y.to_numpy()).ax_
    assert sorted(y_names(ax)) == ["a", "b"]
    assert "1 task without a score" in ax.get_xlabel()  # one target has no R^2


def test_a_baseline_stands_beside_each_task(long):
    model = MultiTaskLasso(0.1, task_column=-1).fit(long.X, long.y)
    single_task = IndependentTasks(LinearRegression(), task_column=-1).fit(long.X, long.y)
    display = TaskScoreDisplay.from_estimator(model, long.X, long.y, baseline=single_task)
    ours, theirs = dots(display.ax_, "MultiTaskLasso"), dots(display.ax_, "IndependentTasks")
    order = np.argsort(display.scores)
    np.testing.assert_allclose(ours[:, 0], display.scores[order])
    np.testing.assert_allclose(theirs[:, 0], display.baseline_scores[order])
    np.testing.assert_array_equal(ours[:, 1], theirs[:, 1])


def test_classifiers_are_scored_by_accuracy():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((40, 3)), rng.integers(0, 2, (40, 2))
    model = MultiTaskLassoClassifier(0.01).fit(X, Y)
    display = TaskScoreDisplay.from_estimator(model, X, Y)
    expected = [accuracy_score(*columns) for columns in zip(Y.T, model.predict(X).T, strict=True)]
    np.testing.assert_allclose(display.scores, expected)
    assert display.ax_.get_xlabel() == "accuracy score"


def test_any_metric_can_be_drawn(long):
    model = MultiTaskLasso(0.1, task_column=-1).fit(long.X, long.y)
    display = TaskScoreDisplay.from_estimator(model, long.X, long.y, metric=root_mean_squared_error)
    assert display.score_name == "root mean squared error"
    assert (display.scores > 0).all()


def test_pipelines_that_may_move_columns_need_the_task_column(long):
    model = make_pipeline(
        keep_task_column(StandardScaler(), 0), MultiTaskLasso(0.1, task_column=-1)
    )
    X = np.roll(long.X, 1, axis=1)
    model.fit(X, long.y)
    with pytest.raises(ValueError, match="task_column="):
        TaskScoreDisplay.from_estimator(model, X, long.y)
    display = TaskScoreDisplay.from_estimator(model, X, long.y, task_column=0)
    expected = task_score(long.y, model.predict(X), tasks=X[:, 0], average=None)
    np.testing.assert_allclose(display.scores, expected)


def test_one_dimensional_predictions_need_tasks():
    with pytest.raises(ValueError, match="tasks="):
        TaskScoreDisplay.from_predictions([1.0, 2.0], [1.0, 2.0], metric=r2_score)


# ------------------------------------------------------------------------------------ similarity


def test_clustering_puts_tasks_of_a_group_side_by_side():
    group = np.array([0, 1, 0, 1, 0, 1, 1])
    display = TaskSimilarityDisplay.from_matrix(group[:, None] == group)
    assert np.count_nonzero(np.diff(group[display.order_])) == 1
    (image,) = display.ax_.images
    shown = np.asarray(image.get_array())
    np.testing.assert_array_equal(
        shown, (group[:, None] == group)[np.ix_(display.order_, display.order_)]
    )


def test_order_none_keeps_the_order():
    display = TaskSimilarityDisplay.from_matrix(matrix_of(6), order=None, tasks=list("fedcba"))
    assert display.order_.tolist() == list(range(6))
    assert y_names(display.ax_) == list("fedcba")


def test_entries_of_few_tasks_are_written_those_of_many_are_not():
    few = TaskSimilarityDisplay.from_matrix(np.full((3, 3), 0.25))
    assert [text.get_text() for text in few.ax_.texts] == ["0.25"] * 9
    assert len(TaskSimilarityDisplay.from_matrix(matrix_of(20)).ax_.texts) == 0


def test_similarity_of_an_estimator_has_colors_from_minus_one_to_one():
    data = make_multitask_regression(n_tasks=4, noise=1.0, random_state=0)
    model = TaskRelationshipRegressor().fit(data.X, data.y)
    for kind in ("coefficients", "covariance"):
        display = TaskSimilarityDisplay.from_estimator(model, kind=kind)
        assert display.ax_.images[0].get_clim() == (-1.0, 1.0)
        np.testing.assert_allclose(np.diag(display.matrix), 1.0)
    with pytest.raises(ValueError, match="kind='residuals'"):
        TaskSimilarityDisplay.from_estimator(model, kind="residuals")


def test_transfer_is_centered_at_zero_and_says_what_is_missing():
    gain = np.array([[0.0, 0.3, -0.1], [-4.0, 0.0, np.nan], [0.1, 0.2, 0.0]])
    result = Bunch(gain=gain, tasks=np.array(["a", "b", "c"]), n_fits=1)
    ax = TaskSimilarityDisplay.from_transfer(result, order=None).ax_
    assert ax.images[0].get_clim() == (-1.0, 1.0)
    assert ax.get_ylabel() == "from task"
    assert ax.get_xlabel() == "gain on task\ngrey: 1 pair without a number"
    assert "-400%" in [text.get_text() for text in ax.texts]
    assert ax.images[0].colorbar.extend == "min"


@pytest.mark.parametrize("matrix", [np.ones((2, 3)), np.ones(3), np.ones((0, 0))])
def test_matrices_that_are_not_square_are_refused(matrix):
    with pytest.raises(ValueError, match="a row and a column for each task"):
        TaskSimilarityDisplay.from_matrix(matrix)


def test_task_ids_and_orders_that_are_invalid_are_refused():
    with pytest.raises(ValueError, match="2 task ids for a matrix of 3 tasks"):
        TaskSimilarityDisplay.from_matrix(np.eye(3), tasks=[1, 2])
    with pytest.raises(ValueError, match="order='size'"):
        TaskSimilarityDisplay.from_matrix(np.eye(3), order="size")


# ---------------------------------------------------------------------------------- coefficients


def test_features_are_in_the_order_of_importance():
    data = make_multitask_regression(n_features=30, n_tasks=4, noise=1.0, random_state=0)
    model = MultiTaskLasso(0.5).fit(data.X, data.y)
    display = CoefficientDisplay.from_estimator(model, max_features=5)
    importance = task_feature_importance(model)
    assert display.order_.tolist() == np.argsort(-importance, kind="stable")[:5].tolist()
    shown = np.asarray(display.ax_.images[0].get_array())
    np.testing.assert_array_equal(shown, model.coef_[:, display.order_].T)
    low, high = display.ax_.images[0].get_clim()
    assert low == -high == -np.abs(shown).max()
    assert y_names(display.ax_) == [f"x{j}" for j in display.order_]
    zero = np.sum(importance == 0)
    assert f"25 smaller features left out, {zero} of them zero" in display.ax_.get_xlabel()


def test_order_none_keeps_the_order_of_the_most_important_features():
    coef = np.array([[1.0, 5.0, 0.0, 3.0]])
    display = CoefficientDisplay(
        coef, columns=["t"], features=list("abcd"), order=None, max_features=2
    )
    assert y_names(display.plot().ax_) == ["b", "d"]


def test_names_are_found_through_pipelines_and_searches(long):
    X = pd.DataFrame(long.X, columns=[*"abcdef", "school"])
    steps = make_pipeline(
        keep_task_column(StandardScaler(), "school"), MultiTaskLasso(task_column=-1)
    )
    cv = TaskStratifiedKFold(2, task_column="school")
    search = GridSearchCV(steps, {"multitasklasso__alpha": [0.01, 0.1]}, cv=cv).fit(X, long.y)
    display = CoefficientDisplay.from_estimator(search)
    assert sorted(y_names(display.ax_)) == list("abcdef")
    np.testing.assert_array_equal(display.coef, search.best_estimator_[-1].coef_)


def test_the_task_column_is_no_feature(long):
    model = MultiTaskLasso(0.01, task_column=0).fit(np.roll(long.X, 1, axis=1), long.y)
    display = CoefficientDisplay.from_estimator(model)
    assert sorted(y_names(display.ax_)) == [f"x{j}" for j in range(1, 7)]


def test_tasks_of_several_classes_have_a_column_for_each():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    Y = np.empty((60, 2), dtype=object)
    Y[:, 0], Y[:, 1] = rng.choice(["no", "yes"], 60), rng.choice(["a", "b", "c"], 60)
    display = CoefficientDisplay.from_estimator(MultiTaskLassoClassifier(0.01).fit(X, Y))
    assert display.columns == ["0: no", "0: yes", "1: a", "1: b", "1: c"]
    assert np.shape(display.coef) == (5, 4)
    assert list(display.bounds) == [2]
    long = MultiTaskLassoClassifier(0.01, task_column=-1)
    long.fit(np.column_stack([X, np.arange(60) % 2]), Y[:, 1])
    display = CoefficientDisplay.from_estimator(long)
    assert display.columns == ["0: a", "0: b", "0: c", "1: a", "1: b", "1: c"]


def test_coefficients_of_tasks_alone_can_be_drawn(long):
    model = IndependentTasks(Ridge(), task_column=-1).fit(long.X, long.y)
    display = CoefficientDisplay.from_estimator(model)
    np.testing.assert_array_equal(display.coef[2], model.estimators_[2].coef_)


def test_what_has_no_coefficients_of_tasks_is_refused(long):
    with pytest.raises(TypeError, match="no coefficients of each task"):
        CoefficientDisplay.from_estimator(Ridge().fit(long.X, long.y))
    model = MultiTaskLasso(task_column=-1).fit(long.X, long.y)
    with pytest.raises(ValueError, match="feature_names has 2 names, but there are 6"):
        CoefficientDisplay.from_estimator(model, feature_names=["a", "b"])


# ----------------------------------------------------------------------------------------- paths


@pytest.fixture(scope="module")
def wide():
    return make_multitask_regression(
        n_samples=30, n_features=8, n_tasks=3, noise=3.0, random_state=0
    )


def vertical(ax):
    """Alphas of the vertical lines."""
    return [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1]


def test_both_rules_are_marked_and_are_what_the_estimators_choose(wide):
    models = {
        rule: MultiTaskLassoCV(alphas=20, selection_rule=rule).fit(wide.X, wide.y)
        for rule in ("min", "1se")
    }
    expected = [models[rule].alpha_ for rule in ("min", "1se")]
    assert expected[0] < expected[1]
    for rule, model in models.items():
        ax = RegularizationPathDisplay.from_estimator(model).ax_
        np.testing.assert_allclose(vertical(ax), expected)
        (chosen,) = (text for text in legend_texts(ax) if "(chosen)" in text)
        assert f"alpha = {model.alpha_:.3g}" in chosen
        assert chosen.startswith("smallest" if rule == "min" else "largest")


def test_the_curve_is_the_mean_over_folds_with_one_standard_error(wide):
    model = MultiTaskLassoCV(alphas=20).fit(wide.X, wide.y)
    display = RegularizationPathDisplay.from_estimator(make_pipeline(model))
    mean = model.mse_path_.mean(axis=1)
    np.testing.assert_allclose(display.curves[0], mean)
    deviation = model.mse_path_.std(axis=1, ddof=1) / np.sqrt(model.mse_path_.shape[1])
    np.testing.assert_allclose(display.standard_error, deviation)
    assert display.ax_.get_xscale() == "log"


def test_of_several_paths_the_chosen_one_is_drawn(wide):
    ratios = [0.2, 0.9]
    model = MultiTaskElasticNetCV(l1_ratio=ratios, alphas=10).fit(wide.X, wide.y)
    display = RegularizationPathDisplay.from_estimator(model)
    k = ratios.index(model.l1_ratio_)
    np.testing.assert_allclose(display.curves[0], model.mse_path_[k].mean(axis=1))
    np.testing.assert_allclose(display.alphas, model.alphas_[k])
    assert display.ax_.get_xlabel() == f"alpha\nl1_ratio={model.l1_ratio_:.3g}"


def test_searches_and_classifiers_have_paths_too(wide):
    search = MultiTaskCV(TemporalGroupLasso(), {"alpha": 5, "smoothness": [0.1, 1.0]}, cv=2)
    display = RegularizationPathDisplay.from_estimator(search.fit(wide.X, wide.y))
    chosen = search.best_params_
    assert display.at == f"smoothness={chosen['smoothness']:.3g}"
    assert chosen["alpha"] in display.marks.values()
    model = MultiTaskLassoClassifierCV(alphas=4, eps=0.1, cv=2).fit(wide.X, wide.y > 0)
    display = RegularizationPathDisplay.from_estimator(model)
    assert display.y_label == "held-out log-loss"
    np.testing.assert_allclose(display.curves[0], model.cv_error_path_.mean(axis=1))


def test_estimators_without_a_path_are_refused(wide):
    with pytest.raises(TypeError, match="no path of held-out errors"):
        RegularizationPathDisplay.from_estimator(MultiTaskLasso().fit(wide.X, wide.y))
    model = MeanRegularizedRegressor(alpha=[1.0, 2.0, 3.0])  # one for each task
    search = MultiTaskCV(model, {"ridge": [0.1, 1.0]}, cv=2).fit(wide.X, wide.y)
    with pytest.raises(ValueError, match="put 'alpha' into param_grid"):
        RegularizationPathDisplay.from_estimator(search)


def test_a_single_alpha_is_a_point(wide):
    search = MultiTaskCV(TemporalGroupLasso(), {"smoothness": [0.1, 1.0]}, cv=2)
    ax = RegularizationPathDisplay.from_estimator(search.fit(wide.X, wide.y)).ax_
    assert ax.lines[0].get_marker() == "o"
    assert vertical(ax)[-1] == 1.0  # the estimator's own alpha


def test_a_path_shows_the_norm_of_every_feature(wide):
    path = multi_task_path(wide.X, wide.y, n_alphas=15)
    display = RegularizationPathDisplay.from_path(path, feature_names=list("abcdefgh"))
    np.testing.assert_allclose(display.curves, np.linalg.norm(path.coefs, axis=0))
    assert len(display.ax_.lines) == 8
    largest = np.argsort(-display.curves.max(axis=1))
    named = {line.get_label() for line in display.ax_.lines[1:]}
    assert named == {"abcdefgh"[j] for j in largest[:7]}
    assert legend_texts(display.ax_)[0] == "1 other"
    with pytest.raises(ValueError, match="feature_names has 1 names, but the path has 8"):
        RegularizationPathDisplay.from_path(path, feature_names=["a"])


# -------------------------------------------------------------------------------- all of them


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"skmtl\[plot\]"):
        TaskGainDisplay.from_report(fake_report(3))
    with pytest.raises(ImportError, match=r"skmtl\[plot\]"):
        TaskSimilarityDisplay.from_matrix(np.eye(2))


def test_a_display_can_be_drawn_again_into_given_axes():
    display = TaskScoreDisplay([0.1, 0.2], tasks=["a", "b"])
    _, ax = plt.subplots()
    assert display.plot(ax=ax) is display
    assert display.ax_ is ax
    assert display.plot().ax_ is not ax
