"""The comparison of models on rows that are streamed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNetCV, LassoCV, Ridge, RidgeCV
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MeanRegularizedRegressor,
    MixedEffectsRegressor,
    MultiTaskLasso,
    MultiTaskLassoClassifier,
    MultiTaskLassoCV,
    compare_batches,
    compare_to_single_task,
    keep_task_column,
    load_radon,
)
from skmtl.__main__ import main
from skmtl._command_line.options import parse
from skmtl._command_line.problem import read_problem
from skmtl._command_line.streamed_file import StreamedFile
from skmtl._command_line.usage import UsageError
from skmtl.evaluation._errors.held_out_targets import HeldOutTargets
from skmtl.evaluation._gains.label_losses import LabelLosses
from skmtl.evaluation._gains.pairwise_tests import pairwise_tests
from skmtl.evaluation._gains.task_gains import TaskGains
from skmtl.evaluation._streamed.inner_folds import InnerFolds
from skmtl.evaluation._streamed.loss_sums import LossSums
from skmtl.evaluation._streamed.repeated_folds import RepeatedFolds, number_of_parts
from skmtl.evaluation._streamed.single_tasks import fit_alone
from skmtl.evaluation._streamed.stratified_parts import StratifiedParts
from skmtl.evaluation._streamed.streamed_losses import StreamedLosses
from skmtl.evaluation._streamed.task_intercepts import fit_intercepts
from skmtl.meta import RandomInterceptTasks
from skmtl.statistics import TaskStatistics

N_TASKS = 5
N_REPEATS = 3
N_FOLDS = 4
METHODS = ["single", "multi", "pooled"]


def rows_with_losses(rng, n_rows):
    """Tasks of rows, their fold in each repetition, and losses of models that differ a little."""
    tasks = rng.permutation(np.repeat(np.arange(N_TASKS), n_rows // N_TASKS))
    folds = rng.integers(N_FOLDS, size=(n_rows, N_REPEATS))
    base = rng.chisquare(1, size=(n_rows, 1, 1)) * (1 + tasks[:, None, None])
    luck = 0.1 * rng.standard_normal((1, N_REPEATS, len(METHODS)))
    own = 0.1 * rng.standard_normal((n_rows, N_REPEATS, len(METHODS)))
    losses = base * np.exp(luck + own + [0.0, -0.1, 0.2])
    losses[tasks == 2, :, 1] = losses[tasks == 2, :, 0]  # equal models of a task
    return tasks, folds, losses


def losses_of_labels(tasks, folds, losses, floor):
    """The LabelLosses of the same rows."""
    rows, groups, values, splits = [], [], [], []
    for r in range(N_REPEATS):
        for fold in range(N_FOLDS):
            test = np.flatnonzero(folds[:, r] == fold)
            splits.append((np.flatnonzero(folds[:, r] != fold), test))
            rows.append(test)
            groups.append((r * N_FOLDS + fold) * N_TASKS + tasks[test])
            values.append(losses[test, r])
    held_out = HeldOutTargets(
        np.concatenate(rows), np.concatenate(groups), None, None, (len(splits), N_TASKS)
    )
    by_method = dict(zip(METHODS, np.concatenate(values).T, strict=True))
    return LabelLosses(held_out, by_method, None, splits, 0.5, floor, np.full(N_TASKS, 1e-9))


def streamed_losses(tasks, folds, losses, floor, chunksize):
    """The StreamedLosses of rows that come in chunks; a segment for each row or more."""
    sums = LossSums(len(METHODS), N_REPEATS, N_FOLDS, np.full(N_TASKS, 1e-18))
    for start in range(0, len(tasks), chunksize):
        chunk = slice(start, start + chunksize)
        keys = np.column_stack([tasks[chunk], folds[chunk]])
        order = np.lexsort(keys.T)
        segments, sizes = np.unique(keys[order], axis=0, return_counts=True)
        order = np.lexsort(keys.T[::-1])  # the order of np.unique
        sums.add(losses[chunk][order], segments[:, 0], segments[:, 1:], sizes)
    return StreamedLosses(METHODS, sums, floor, np.full(N_TASKS, 1e-9))


@pytest.mark.parametrize("chunksize", [7, 1000])
def test_sums_of_losses_tell_what_the_losses_of_labels_do(chunksize):
    rng = np.random.default_rng(0)
    rows = rows_with_losses(rng, 200)
    floor = np.array([0.0, 0.01, 0.01, 0.02, 0.0])
    expected = losses_of_labels(*rows, floor)
    found = streamed_losses(*rows, floor, chunksize)
    assert found.overlap == pytest.approx(expected.overlap, rel=1e-12)
    for method in METHODS:
        np.testing.assert_allclose(found.task_errors(method), expected.task_errors(method))
        np.testing.assert_allclose(found.split_errors(method), expected.split_errors(method))
    is_judged = np.ones(N_TASKS, dtype=bool)
    n_train = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    for other in ("single", "pooled"):
        gains = [
            TaskGains(losses, "multi", other, is_judged, n_train, 0.95)
            for losses in (found, expected)
        ]
        assert gains[0].is_equal.tolist() == gains[1].is_equal.tolist()
        for name, column in gains[0].columns().items():
            np.testing.assert_allclose(column, gains[1].columns()[name], rtol=1e-8, err_msg=name)
    tests = [pairwise_tests(one, METHODS, is_judged, 0.95) for one in (found, expected)]
    np.testing.assert_allclose(tests[0]["p_value"], tests[1]["p_value"], rtol=1e-6)


def regression_rows(rng, n_rows=120, n_features=4, n_folds=5):
    """Features, tasks, targets and inner folds; the moments of every fold."""
    X = rng.standard_normal((n_rows, n_features)) * [1.0, 2.0, 0.5, 1.0] + 3.0
    tasks = rng.integers(3, size=n_rows)
    coef = rng.standard_normal((3, n_features)) * 0.5 + 1.0
    y = np.sum(X * coef[tasks], axis=1) + tasks + rng.standard_normal(n_rows)
    folds = rng.integers(n_folds, size=n_rows)
    statistics = TaskStatistics.from_data(X, y, tasks=tasks, folds=folds)
    return X, tasks, y, folds, list(statistics._parts.values())


@pytest.mark.parametrize(
    "estimator",
    [
        RidgeCV(alphas=np.geomspace(1e-2, 1e3, 8)),
        Ridge(alpha=2.0),
        LassoCV(),
        ElasticNetCV(l1_ratio=0.5, alphas=[0.01, 0.1, 1.0]),
    ],
)
def test_a_single_task_is_learned_from_moments_as_by_scikit_learn(estimator):
    X, tasks, y, folds, moments = regression_rows(np.random.default_rng(1))
    own = tasks == 1
    cv = PredefinedSplit(folds[own])
    reference = clone(estimator)
    if isinstance(estimator, RidgeCV):  # the mean over folds is here one over rows
        errors = []
        for alpha in estimator.alphas:
            predicted = cross_val_predict(Ridge(alpha=alpha), X[own], y[own], cv=cv)
            errors.append(np.sum((predicted - y[own]) ** 2))
        reference = Ridge(alpha=estimator.alphas[np.argmin(errors)])
    elif hasattr(estimator, "cv"):
        reference.set_params(cv=cv, tol=1e-10, max_iter=100_000)
    reference.fit(X[own], y[own])
    fitted = fit_alone(estimator, InnerFolds.of(moments).of_task(1))
    np.testing.assert_allclose(fitted.coef, reference.coef_, atol=1e-6)
    np.testing.assert_allclose(fitted.intercept, reference.intercept_, atol=1e-5)


def test_all_tasks_are_pooled_from_moments():
    X, _, y, _, moments = regression_rows(np.random.default_rng(2))
    reference = Ridge(alpha=3.0).fit(X, y)
    fitted = fit_alone(Ridge(alpha=3.0), InnerFolds.of_pooled(moments))
    np.testing.assert_allclose(fitted.coef, reference.coef_)
    np.testing.assert_allclose(fitted.intercept, reference.intercept_)


def test_intercepts_of_tasks_are_learned_from_moments_as_by_random_intercept_tasks():
    X, tasks, y, folds, moments = regression_rows(np.random.default_rng(3))
    alphas = [1.0, 10.0, 100.0]
    reference = RandomInterceptTasks(
        Ridge(), param_grid={"alpha": alphas}, scales=[0.3, 3.0], cv=PredefinedSplit(folds)
    )
    reference.fit(X, y, tasks=tasks)
    fitted = fit_intercepts(InnerFolds.of(moments), alphas, [0.3, 3.0])
    np.testing.assert_allclose(fitted.coef, reference.estimator_.coef_[:4])
    expected = reference.predict(np.zeros((3, 4)), tasks=[0, 1, 2])
    np.testing.assert_allclose(fitted.intercept + fitted.effects, expected)


@pytest.mark.parametrize("chunksize", [1, 37])
def test_parts_are_stratified_by_task_in_any_batches(chunksize):
    rng = np.random.default_rng(4)
    tasks = rng.permutation(np.repeat(["x", "y", "z"], [100, 43, 3]))
    expected = StratifiedParts(20).of(*np.unique(tasks, return_inverse=True))
    stratified = StratifiedParts(20)
    found = []
    for start in range(0, len(tasks), chunksize):
        chunk = tasks[start : start + chunksize]
        found.append(stratified.of(*np.unique(chunk, return_inverse=True)))
    np.testing.assert_array_equal(np.concatenate(found), expected)
    counts = {task: np.bincount(expected[tasks == task], minlength=20) for task in "xyz"}
    assert set(counts["x"]) == {5}
    assert set(counts["y"]) == {2, 3}
    assert set(counts["z"]) == {0, 1}
    assert not np.array_equal(expected[tasks == "x"][:20], expected[tasks == "x"][20:40])


@pytest.fixture(scope="module")
def radon():
    """Features with the counties, and targets; counties with fewer than 15 houses are one."""
    X, y = load_radon(return_X_y=True, as_frame=True)
    n_houses = X.groupby("county")["floor"].transform("size")
    X["county"] = X["county"].where(n_houses >= 15, 0)
    X.loc[3, "county"] = 999  # a single house, which is not in all training sets
    return X, y


@pytest.fixture(autouse=True)
def two_repeats(monkeypatch):
    """Folds are drawn twice, which is enough to see that numbers are the same."""
    monkeypatch.setattr("skmtl.evaluation._compare_batches._N_REPEATS", 2)


def batches_of(X, y, chunksize):
    """The function that reads them."""

    def read_batches():
        for start in range(0, len(y), chunksize):
            chunk = slice(start, start + chunksize)
            yield X[chunk], y[chunk]

    return read_batches


def splits_of(tasks, rng):
    """The splits of the comparison of streamed rows, as positions; they are drawn from rng."""
    folds = RepeatedFolds.drawn(2, 4, rng)
    ids, codes = np.unique(tasks, return_inverse=True)
    parts = StratifiedParts(number_of_parts(4)).of(ids, codes)
    splits = []
    for trained in folds.training_parts():
        is_trained = np.isin(parts, trained)
        splits.append((np.flatnonzero(is_trained), np.flatnonzero(~is_trained)))
    return splits


def assert_same_reports(found, expected, rtol):
    """Raise unless tables and summaries of gains have the same numbers."""
    for name in expected.table_.dtype.names:
        if expected.table_[name].dtype.kind == "f":
            one, other = found.table_[name], expected.table_[name]
            np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol, err_msg=name)
        else:
            assert found.table_[name].tolist() == expected.table_[name].tolist(), name
    for name in ("median_gain", "share_gain", "typical_gain", "spread", "correlation"):
        np.testing.assert_allclose(found.summary_[name], expected.summary_[name], atol=rtol)
    assert found.summary_["rivals"].keys() == expected.summary_["rivals"].keys()
    assert found.summary_["cautions"] == expected.summary_["cautions"]


@pytest.mark.parametrize(
    "model",
    [
        MultiTaskLasso(0.05, task_column="county", tol=1e-12),
        MultiTaskLasso(0.05, task_column="county", tol=1e-12, normalize_y=True),
        MixedEffectsRegressor("intercept", task_column="county"),
    ],
)
def test_streamed_rows_are_compared_as_rows_in_memory(radon, model):
    X, y = radon
    options = {
        "baseline": Ridge(alpha=2.0),
        "rivals": ["pooled"],
        "task_column": "county",
    }
    found = compare_batches(model, batches_of(X, y, 100), random_state=0, **options)
    rng = np.random.RandomState(0)
    cv = splits_of(X["county"], rng)
    expected = compare_to_single_task(model, X, y, cv=cv, random_state=rng, **options)
    assert_same_reports(found, expected, rtol=1e-6)


def test_features_are_standardized_by_the_training_set(radon):
    X, y = radon
    scaler = keep_task_column(StandardScaler(), "county")
    options = {"baseline": Ridge(alpha=20.0), "rivals": ["pooled"]}
    found = compare_batches(
        MultiTaskLasso(0.05, task_column="county", tol=1e-12),
        batches_of(X, y, 500),
        standardize=True,
        task_column="county",
        random_state=0,
        **options,
    )
    in_memory = make_pipeline(scaler, MultiTaskLasso(0.05, task_column=-1, tol=1e-12))
    cv = splits_of(X["county"], np.random.RandomState(0))
    expected = compare_to_single_task(in_memory, X, y, cv=cv, task_column="county", **options)
    for method in ("single", "multi", "pooled"):
        name = f"error_{method}"
        np.testing.assert_allclose(found.table_[name], expected.table_[name], rtol=1e-7)


def test_chunks_do_not_matter(radon):
    X, y = radon
    models = {
        "lasso": MultiTaskLassoCV(alphas=5, task_column="county"),
        "mean": MeanRegularizedRegressor(0.1, task_column="county"),
    }
    options = {"task_column": "county", "rivals": ["intercept"], "random_state": 3}
    one, other = (compare_batches(models, batches_of(X, y, n), **options) for n in (101, 5000))
    assert one.ranking_["method"].tolist() == other.ranking_["method"].tolist()
    np.testing.assert_allclose(one.pairwise_["p_value"], other.pairwise_["p_value"], rtol=1e-7)
    for name, report in one.reports_.items():
        assert_same_reports(report, other[name], rtol=1e-9)


def test_what_needs_rows_is_refused(radon):
    X, y = radon
    lasso = MultiTaskLasso(task_column="county")
    read_batches = batches_of(X, y, 500)

    def compare(model=lasso, read=read_batches, **options):
        return compare_batches(model, read, task_column="county", **options)

    with pytest.raises(TypeError, match="a pipeline, whose steps need the rows"):
        compare(make_pipeline(keep_task_column(StandardScaler(), "county"), lasso))
    with pytest.raises(TypeError, match="Classifiers need the rows"):
        compare(MultiTaskLassoClassifier(task_column="county"))
    with pytest.raises(TypeError, match="has no fit_statistics"):
        compare(MultiTaskLasso(task_column="county", loss="huber"), baseline=Ridge())
    with pytest.raises(ValueError, match=r"has positive=True, which .* only lassos"):
        compare(baseline=Ridge(positive=True))
    with pytest.raises(ValueError, match=r"has scoring='r2': .*Set scoring=None"):
        compare(baseline=RidgeCV(scoring="r2"))
    with pytest.raises(ValueError, match=r"has cv=3, .* by 5 inner folds .*: set cv=None"):
        compare(MultiTaskLassoCV(task_column="county", cv=3))
    with pytest.raises(TypeError, match="'boosting' needs the rows"):
        compare(rivals="boosting")
    with pytest.raises(TypeError, match="a single task is learned by one of Ridge"):
        compare(baseline=KernelRidge())
    with pytest.raises(TypeError, match="returns a DataFrame"):
        compare(read=lambda: X)
    with pytest.raises(TypeError, match="returns a new iterable of batches"):
        compare(read=iter([(X, y)]))
    with pytest.raises(ValueError, match="3 rows are too few for n_folds=4"):
        compare(read=batches_of(X[:3], y[:3], 10))
    with pytest.raises(TypeError, match=r"Batch 1: .*ids of another type would be other tasks"):
        compare(read=lambda: [(X, y), (X.assign(county="7"), y)])


def shuffled_within_tasks(X, y):
    """The same rows in another order; the tasks come in the same one."""
    order = np.arange(len(y))
    for task in X["county"].unique():
        own = np.flatnonzero(X["county"] == task)
        order[own] = own[::-1]
    return X.iloc[order], y[order]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X[:400], y[:400]), "500 rows .* first called, and 400 or others"),
        (lambda X, y: (X, y + (X.index == 7)), "the mean of the target of task .* changed from"),
        (lambda X, y: (X.assign(floor=0.5), y), "the mean of feature 'floor' of task"),
        (shuffled_within_tasks, "had other rows when it was called again"),
    ],
)
def test_rows_that_change_between_readings_are_noticed(radon, change, message):
    X, y = radon[0][:500], np.asarray(radon[1])[:500]
    readings = iter([(X, y), (X, y), change(X, y)])
    model = MultiTaskLasso(task_column="county")
    options = {"task_column": "county", "baseline": Ridge(), "random_state": 0}
    with pytest.raises(ValueError, match=f"(?s){message}.*same rows in the same order"):
        compare_batches(model, lambda: [next(readings)], **options)


def test_roundings_are_no_change_of_rows(radon):
    X, y = radon
    X = X.assign(year=1e9, floor=X["floor"] + 1e6)
    model = MultiTaskLasso(task_column="county")
    sizes = iter([5000, 5000, 37])

    def read_batches():
        return batches_of(X, y + 1e9, next(sizes))()

    report = compare_batches(model, read_batches, task_column="county", baseline=Ridge())
    assert np.isfinite(report.summary_["median_gain"])


FILES = {
    "plain": ("a,b,shop,y\n1,2.5,x,3\n4,5,y,6\n7,8e1,x,9\n1,2,y,5\n", []),
    "integers": ("shop,a,y\n7,1,2\n10,3,4\n\n7,5,6\n10,7,8\n", []),
    "digits": ("shop,a,y\n007,1,2\n7,3,4\n007,5,6\n7,7,8\n", []),
    "semicolons": ("a;shop;y\n1,5;x;2\n2,5;y;3\n1;x;4\n3;y;5\n", ["--decimal", ","]),
    "missing": (
        "a,shop,y\n1,x,2\n?,y,3\n3,x,-999\n4,,5\n5,x,1\n6,y,2\n7,y,1\n",
        ["--na", "?", "-999", ""],
    ),
    "left out": ("a,note,shop,y\n1,u,x,2\n2,v,y,3\n3,,x,5\n4,w,y,7\n", ["--drop", "note"]),
    "truth": ("a,shop,y\nTrue,x,2\nFalse,y,3\nfalse,x,5\ntrue,y,7\n", []),
    "no name": (",a,shop,y\n0,1,x,2\n1,2,y,3\n2,3,x,5\n3,4,y,7\n", []),
}


@pytest.fixture
def options_of(tmp_path):
    """What the command line makes of a file with this text, and more arguments."""

    def options(text, more):
        path = tmp_path / "shops.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return parse(["compare", str(path), "--task", "shop", "--target", "y", *more])

    return options


@pytest.mark.parametrize("chunksize", [2, 100])
@pytest.mark.parametrize("name", FILES)
def test_chunks_of_a_file_are_what_is_read_at_once(options_of, name, chunksize):
    text, more = FILES[name]
    expected = read_problem(options_of(text, more))
    file = StreamedFile(options_of(text, [*more, "--chunksize", str(chunksize)]))
    found = pd.concat(list(file.chunks()), ignore_index=True)
    np.testing.assert_array_equal(found.pop("y"), expected.y)
    assert found.columns.tolist() == expected.X.columns.tolist()
    np.testing.assert_array_equal(found["shop"].astype(str), expected.X["shop"].astype(str))
    assert (found["shop"].dtype.kind == "i") == (expected.X["shop"].dtype.kind == "i")
    np.testing.assert_array_equal(found.drop(columns="shop"), expected.X.drop(columns="shop"))
    assert file.n_left_out == file.n_rows - len(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,shop,y\n1,x,2\n2,y,3\n3,x,5\nred,y,7\n", "'a' is not numeric in 1 row.* in line 5"),
        ("a,shop,y\n1,x,2\n2,y,3\n3,x,5\n,y,7\n", "'a' has missing .* in line 5"),
        ("a,shop,y\n1,x,2\n2,y,3\ninf,x,5\n4,y,7\n", "'a' has missing or infinite .* in line 4"),
        ("a,shop,y\n1,x,2\n2,y,3\n2020-01-02,x,5\n4,y,7\n", "'a' holds dates"),
        ('a,shop,y\n1,x,2\n2,y,3\n"1,234",x,5\n4,y,7\n', "'a' has numbers that can be read in two"),
        ("a,shop,y\nTrue,x,2\n2,y,3\n2,x,5\n3,y,7\n", "not numeric in 1 row.*'True' in line 2"),
        ("a,shop,y\n1,x,2\n2,y,3\n3,x,5,9\n4,y,7\n", "Expected 3 fields in line 4, saw 4"),
        ("a,shop,y\n1,x,2,\n2,y,3,\n3,x,5,\n4,y,7,\n", "more cells than the 3 names"),
        ("a,shop,y\n1,x,2\n2,y,3\n3,x\n4,y,7\n", "target 'y' has 1 missing"),
        ("a,shop,y\n1,x,2\n2,x,3\n", "one task only"),
        ("a,shop,y\n1,x,2\n2,x,3\n3,z,4\n", "task 'z' of 'shop' has one row"),
        ("a,shop,y\n1,x,2\n2, x,3\n3,z,4\n", "with and without blanks around it"),
        ("a,shop,y\n1,x,2\n2,,3\n3,z,4\n", "1 missing value"),
        ("a,shop,y\n", "no rows"),
        (b"a,shop,y\n1,x,2\n2,\xe9,3\n", "cannot be read as utf-8"),
    ],
)
def test_mistakes_in_a_long_file_are_named(options_of, text, message):
    with pytest.raises(UsageError, match=message):
        list(StreamedFile(options_of(text, ["--chunksize", "2"])).chunks())


def test_the_first_chunk_is_checked_before_the_file_is_read(options_of, monkeypatch):
    text = "a,day,shop,y\n1,2020-01-02,x,2\n2,2020-01-03,y,3\n3,2020-01-04,x,5\n"
    monkeypatch.setattr(StreamedFile, "_count_tasks", None)
    with pytest.raises(UsageError, match="'day' holds dates"):
        StreamedFile(options_of(text, ["--chunksize", "2"]))
    text = "a,shop,y\n1,x,2\n2,y,\n3,x,\n"
    message = r"1 missing or .* in lines 2 to 3, .*--na '' leaves"
    with pytest.raises(UsageError, match=message) as error:
        StreamedFile(options_of(text, ["--chunksize", "2"]))
    assert "--drop" not in str(error.value)


def test_the_command_line_compares_a_file_in_chunks(radon, tmp_path, capsys):
    X, y = radon
    path = tmp_path / "radon.csv"
    kept = X["county"] != 999
    X.assign(log_radon=y)[kept].to_csv(path, index=False)
    arguments = ["compare", str(path), "--task", "county", "--target", "log_radon"]
    arguments += ["--chunksize", "300", "--estimators", "MultiTaskLassoCV"]
    saved = tmp_path / "table.csv"
    assert main([*arguments, "--rivals", "none", "--save", str(saved)]) == 0
    printed = capsys.readouterr().out
    assert "918 rows, 9 tasks (county), 2 features, target log_radon" in printed
    assert "300 rows at a time" in printed
    options = {"task_column": "county", "target": "log_radon", "random_state": 0}
    report = compare_batches(
        MultiTaskLassoCV(task_column="county", max_iter=10_000),
        lambda: pd.read_csv(path, chunksize=1000),
        rivals=(),
        standardize=True,
        **options,
    )
    np.testing.assert_allclose(pd.read_csv(saved)["gain"], report.table_["gain"])
    for more in (["--classify"], ["--rivals", "boosting"], ["--groups", "floor"]):
        assert main([*arguments, *more]) == 2
        assert "--chunksize does not go with" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, "--chunksize", "1e5"])
    assert "must be an integer, got '1e5'" in capsys.readouterr().err
