"""Statistics of rows in pieces are those of all rows, and what does not add up is refused."""

import io

import numpy as np
import pandas as pd
import pyarrow
import pytest

from skmtl import MultiTaskLasso, TaskStatistics
from skmtl.statistics import fold_of

N_ROWS = 240
SIZES = [1, 60, 0, 97, 82]  # of pieces
IN_ORDER = (0, 1, 2, 3, 4)
FEATURES = ["a", "b", "c"]


def frame():
    """Rows of four tasks, the last of them at the end, with sites, weights and two targets."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(N_ROWS, 3)) + [0.0, 5.0, 1e3], columns=FEATURES)
    rows["school"] = rng.integers(3, size=N_ROWS)
    rows.loc[N_ROWS - 30 :, "school"] = 7
    rows["weight"] = rng.integers(0, 3, size=N_ROWS)
    rows["site"] = np.where(rng.uniform(size=N_ROWS) < 0.4, "north", "south")
    rows["y"] = rows["a"] + rng.normal(size=N_ROWS)
    rows["z"] = rows["b"] + rng.normal(size=N_ROWS)
    rows.loc[::3, "z"] = np.nan
    return rows


ROWS = frame()
X, Y, WEIGHT, SCHOOL = ROWS[FEATURES], ROWS[["y", "z"]], ROWS["weight"], ROWS["school"]
LONG = ROWS[[*FEATURES, "school"]]


def pieces(*data, order=IN_ORDER):
    """The same rows of all data, piece by piece."""
    stops = np.cumsum(SIZES)
    for k in order:
        rows = slice(stops[k] - SIZES[k], stops[k])
        yield tuple(one.iloc[rows] for one in data)


def moments_by_task(statistics, part=None):
    """Everything that is known of each task, {task: list of arrays}."""
    moments = statistics._parts[part] if part is not None else statistics._moments
    known = {}
    for t, task in enumerate(statistics.tasks_):
        k = moments.block_of_task[t]
        known[task] = [moments.counts[t], moments.total[k], moments.mean_x[k], moments.xx[k]]
        known[task] += [moments.mean_y[t], moments.yy[t], moments.xy[:, t]]
    return known


def assert_same(one, other, part=None):
    mine, its = moments_by_task(one, part), moments_by_task(other, part)
    assert mine.keys() == its.keys()
    for task in mine:
        for a, b in zip(mine[task], its[task], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-9)


def expected(x, y, weight):
    """The moments of a task from its rows."""
    used = (weight > 0) & ~np.isnan(y)
    x, y, weight = x[used], y[used], weight[used]
    total = weight.sum()
    mean_x, mean_y = weight @ x / total, weight @ y / total
    dx, dy = x - mean_x, y - mean_y
    xx = dx.T @ (weight[:, None] * dx)
    return [used.sum(), total, mean_x, xx, mean_y, weight @ dy**2, dx.T @ (weight * dy)]


def test_moments_are_those_of_the_rows_of_each_task():
    long = moments_by_task(TaskStatistics.from_data(LONG, Y["y"], WEIGHT, task_column="school"))
    wide = moments_by_task(TaskStatistics.from_data(X, Y, WEIGHT))
    x, y, weight = X.to_numpy(), Y["y"].to_numpy(), WEIGHT.to_numpy()
    for school, known in long.items():
        own = (school == SCHOOL).to_numpy()
        for a, b in zip(known, expected(x[own], y[own], weight[own]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    for name, known in wide.items():
        for a, b in zip(known, expected(x, Y[name].to_numpy(), weight), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("order", [IN_ORDER, (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)])
def test_pieces_add_up_in_any_order(order):
    long = [
        TaskStatistics.from_data(*piece, task_column="school")
        for piece in pieces(LONG, Y["y"], WEIGHT, order=order)
    ]
    assert_same(sum(long), TaskStatistics.from_data(LONG, Y["y"], WEIGHT, task_column="school"))
    wide = [TaskStatistics.from_data(*piece) for piece in pieces(X, Y, WEIGHT, order=order)]
    assert_same(sum(wide), TaskStatistics.from_data(X, Y, WEIGHT))
    assert sum(wide).n_rows_ == N_ROWS


def test_weights_are_repetitions():
    weighted = TaskStatistics.from_data(X.to_numpy(), Y["y"], WEIGHT, tasks=SCHOOL)
    repeated = [np.repeat(one.to_numpy(), WEIGHT, axis=0) for one in (X, Y["y"], SCHOOL)]
    features, y, tasks = repeated
    same = TaskStatistics.from_data(features, y, tasks=tasks)
    for task, known in moments_by_task(same).items():
        for a, b in zip(known[1:], moments_by_task(weighted)[task][1:], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-9)


def test_features_far_from_zero_keep_their_digits():
    rng = np.random.default_rng(0)
    near = np.round(rng.normal(size=(N_ROWS, 3)), 8)
    far = near + 2.0**20  # mean over spread of 1e6; the sum is exact to 1e-10
    y = near[:, 0] + rng.normal(size=N_ROWS)
    tasks = np.arange(N_ROWS) % 2
    here = MultiTaskLasso(0.1, tol=1e-12).fit(near, y, tasks=tasks)
    there = MultiTaskLasso(0.1, tol=1e-12)
    for start in range(0, N_ROWS, 40):
        rows = slice(start, start + 40)
        there.partial_fit(far[rows], y[rows] + 1e6, tasks=tasks[rows], solve=start == 200)
    np.testing.assert_allclose(there.coef_, here.coef_, atol=1e-8)


def test_folds_do_not_depend_on_batches():
    whole = TaskStatistics.from_data(LONG, Y["y"], task_column="school", n_folds=3)
    csv = io.StringIO(ROWS.drop(columns=["z", "site", "weight"]).to_csv(index=False))
    from_csv = TaskStatistics.from_batches(
        pd.read_csv(csv, chunksize=50), target="y", task_column="school", n_folds=3
    )
    in_pieces = TaskStatistics.from_batches(pieces(LONG, Y["y"]), task_column="school", n_folds=3)
    pairs = [slice(start, start + 2) for start in range(0, N_ROWS, 2)]
    options = {"task_column": "school", "n_folds": 3}
    by_twos = sum(
        TaskStatistics.from_data(LONG[two], Y["y"][two], first_row=two.start, **options)
        for two in pairs
    )
    for k in range(3):
        assert_same(by_twos, whole, k)
        assert_same(from_csv, whole, k)
        assert_same(in_pieces, whole, k)
    folds = fold_of(np.arange(10_000), 5)
    assert np.bincount(folds).min() > 1900
    np.testing.assert_array_equal(folds[5000:5005], fold_of(np.arange(5000, 5005), 5))


def test_arrow_batches_and_sites():
    table = pyarrow.Table.from_pandas(ROWS.drop(columns="z"))
    statistics = TaskStatistics.from_batches(
        table.to_batches(max_chunksize=70),
        target="y",
        weight="weight",
        task_column="school",
        fold_column="site",
    )
    assert statistics.parts_.tolist() == ["north", "south"]
    assert statistics.feature_names_in_.tolist() == [*FEATURES, "school"]
    sites = {}
    for site, rows in ROWS.groupby("site"):
        own = rows[[*FEATURES, "school"]], rows["y"], rows["weight"]
        sites[site] = TaskStatistics.from_data(*own, task_column="school")
    of_sites = TaskStatistics.of_sites(sites)
    for site in sites:
        assert_same(of_sites, statistics, site)
    assert_same(of_sites.total, statistics.total)


@pytest.mark.parametrize("ids", [str, int, "datetime64[s]", object])
def test_files_hold_everything(ids, tmp_path):
    schools = SCHOOL.astype(str) if ids is object else SCHOOL
    rows = LONG.assign(school=schools.astype(ids))
    statistics = TaskStatistics.from_data(rows, Y["y"], task_column="school", n_folds=2)
    statistics.save(tmp_path / "statistics.npz")
    loaded = TaskStatistics.load(tmp_path / "statistics.npz")
    assert_same(loaded, statistics, 1)
    assert_same(loaded + statistics, sum([statistics, statistics]))
    assert repr(loaded) == repr(statistics)
    file = io.BytesIO()
    statistics.save(file)
    file.seek(0)
    assert_same(TaskStatistics.load(file), statistics, 0)


def test_what_cannot_be_loaded_says_so(tmp_path):
    path = tmp_path / "statistics.npz"
    path.write_text("no archive")
    with pytest.raises(ValueError, match=r"is no file that TaskStatistics\.save has written"):
        TaskStatistics.load(path)
    np.savez(path, a=1)
    with pytest.raises(ValueError, match=r"holds no TaskStatistics, but \['a'\]"):
        TaskStatistics.load(path)
    np.savez(path, format="skmtl.TaskStatistics", version=99)
    with pytest.raises(ValueError, match="of version 99"):
        TaskStatistics.load(path)


DAMAGES = {  # an array of a file, what becomes of it, and what the error says
    "another shape": ("0.mean_x", lambda one: one[:, :2], "'mean_x' has shape"),
    "text": ("1.xx", lambda one: one.astype(str), "type <U"),
    "NaN": ("1.xx", lambda one: np.nan * one, "'xx' holds NaN"),
    "negative": ("0.counts", lambda one: one - 100, "'counts' holds negative numbers"),
    "blocks": ("0.block_of_task", lambda one: one + 1, "for 4 blocks"),
    "tasks": ("tasks", lambda one: one[:2], r"expected \(2,\)"),
    "equal tasks": ("tasks", np.zeros_like, "not different"),
    "columns": ("n_columns", lambda one: one + 1, "5 columns, but"),
    "layout": ("layout", lambda one: np.array("deep"), "data form is 'deep'"),
    "nothing": ("layout", None, "no array 'layout'"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_arrays_are_not_loaded(name, tmp_path):
    path = tmp_path / "statistics.npz"
    of(n_folds=2).save(path)
    with np.load(path) as archive:
        arrays = dict(archive)
    key, change, words = DAMAGES[name]
    array = arrays.pop(key)
    if change is not None:
        arrays[key] = change(array)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=rf"statistics\.npz is damaged.*{words}"):
        TaskStatistics.load(path)


def test_flipped_bytes_are_noticed(tmp_path):
    file = io.BytesIO()
    statistics = of(n_folds=2)
    statistics.save(file)
    written = file.getvalue()
    n_damaged = 0
    for k in range(0, len(written), 31):
        flipped = bytearray(written)
        flipped[k] ^= 0x10
        try:
            loaded = TaskStatistics.load(io.BytesIO(bytes(flipped)))
        except ValueError:
            n_damaged += 1
        else:  # a date of the archive, say
            assert_same(loaded, statistics)
    assert n_damaged > 50


def test_small_tasks_stay_where_they_are(tmp_path):
    statistics = TaskStatistics.from_data(LONG, Y["y"], task_column="school")
    with pytest.raises(ValueError, match=r"1 task\(s\) have fewer rows than min_rows=40: \[7\]; "):
        statistics.save(tmp_path / "a.npz", min_rows=40)
    assert not (tmp_path / "a.npz").exists()
    large = statistics.without_tasks(statistics.small_tasks(40))
    large.save(tmp_path / "a.npz", min_rows=40)
    assert large.tasks_.tolist() == [0, 1, 2]


def test_tasks_are_small_that_are_so_in_some_part(tmp_path):
    in_folds = TaskStatistics.from_data(LONG, Y["y"], task_column="school", n_folds=3)
    counts = np.array([moments.counts for moments in in_folds._parts.values()])
    least = counts.min(axis=0)
    middle = int(np.median(least))
    assert in_folds.small_tasks(middle).tolist() == in_folds.tasks_[least < middle].tolist()
    with pytest.raises(
        ValueError, match=rf"in some part.*; the smallest has {least.min()}\. .*folds"
    ):
        in_folds.save(tmp_path / "a.npz", min_rows=middle)
    only_north = TaskStatistics.of_sites({"north": of(), "south": of(LONG[:200], Y["y"][:200])})
    assert only_north.small_tasks(20).tolist() == []  # task 7 has no rows in the south, not few


def test_memory_is_foretold():
    statistics = TaskStatistics.from_data(LONG, Y["y"], task_column="school", n_folds=2)
    estimate = TaskStatistics.estimate_nbytes(3, 4, n_parts=2)
    assert 0.8 < statistics.nbytes / estimate < 1.2
    assert TaskStatistics.estimate_nbytes(300, 50, share=True) < 1.2e6
    with pytest.raises(MemoryError, match=r"more than the limit of 1 kB.*Nystroem"):
        TaskStatistics.from_data(LONG, Y["y"], task_column="school", n_folds=2, memory_limit=1000)
    with pytest.raises(MemoryError, match="more than the limit"):
        TaskStatistics.from_batches(pieces(LONG, Y["y"]), task_column="school", memory_limit=300)


def of(rows=LONG, y=None, **options):
    """Statistics of long rows."""
    y = Y["y"] if y is None else y
    return TaskStatistics.from_data(rows, y, task_column="school", **options)


OTHERS = {  # what does not add up with of(): how it is made, the error, its words
    "fewer columns": (lambda: of(LONG.drop(columns="c")), ValueError, "of 4 columns.*of 3"),
    "order": (lambda: of(LONG[["b", "a", "c", "school"]]), ValueError, "Column 0 is 'a' in one"),
    "no names": (
        lambda: TaskStatistics.from_data(LONG.to_numpy(), Y["y"], task_column=3),
        ValueError,
        "have names, those of the other do not",
    ),
    "truth values": (lambda: of(LONG.assign(a=LONG["a"] > 0)), TypeError, "numbers in one and"),
    "strings": (lambda: of(LONG.assign(school=SCHOOL.astype(str))), TypeError, "another type"),
    "wide": (lambda: TaskStatistics.from_data(LONG, Y), ValueError, "a two-dimensional y"),
    "folds": (lambda: of(n_folds=2), ValueError, "into no parts, those of the other into n_folds"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_others_are_refused(name):
    make, error, words = OTHERS[name]
    with pytest.raises(error, match=words):
        of() + make()


def test_other_folds_and_other_targets_are_refused():
    with pytest.raises(ValueError, match=r"n_folds=2, those of the other into n_folds=3"):
        of(n_folds=2) + of(n_folds=3)
    with pytest.raises(ValueError, match=r"\['y', 'z'\], those of the other \['z', 'y'\]"):
        TaskStatistics.from_data(X, Y) + TaskStatistics.from_data(X, Y[["z", "y"]])


def test_true_is_another_fold_than_1():
    halves = of(folds=np.arange(N_ROWS) % 2 == 0)
    with pytest.raises(ValueError, match=r"labels are truth values, .* labels are numbers"):
        halves + of(folds=np.arange(N_ROWS) % 3)


@pytest.mark.parametrize("names", [(None, "b"), (1, "b"), (True, 2)])
def test_sites_have_names_of_one_type(names):
    with pytest.raises(TypeError, match=r"The names of sites are .*one type, such as strings"):
        TaskStatistics.of_sites({name: of() for name in names})


def test_columns_without_rows_may_be_of_objects():
    empty = pd.DataFrame(columns=LONG.columns)
    for batches in (pieces(LONG, Y["y"]), [(LONG, Y["y"])]):
        statistics = TaskStatistics.from_batches([(empty, []), *batches], task_column="school")
        assert_same(statistics, of())
        assert_same(of(empty, []) + statistics + of(empty, []), of())
        with pytest.raises(TypeError, match="holds numbers in one and truth values"):
            statistics + of(LONG.assign(a=LONG["a"] > 0))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((LONG, None), ValueError, "requires y to be passed"),
        ((None, Y), TypeError, "X must be an array, .* got NoneType"),
        ((X[:0], Y["y"][:0]), ValueError, "y is 1-D and TaskStatistics was given no task ids"),
        ((X["a"], Y), ValueError, r"X is a Series.* X\.to_frame\(\)"),
    ],
)
def test_what_is_missing_is_named(arguments, error, words):
    with pytest.raises(error, match=words):
        TaskStatistics.from_data(*arguments)


def test_bad_options_are_named():
    with pytest.raises(TypeError, match="memory_limit='1GB' is no number of bytes"):
        of(memory_limit="1GB")
    with pytest.raises(ValueError, match=r"folds contains NaN .*every sample needs a fold\."):
        of(folds=np.where(np.arange(N_ROWS) > 5, 1.0, np.nan))
    lazy = type("LazyFrame", (), {})()
    with pytest.raises(TypeError, match=r"LazyFrame of polars: give its collect\(\)"):
        TaskStatistics.from_batches([lazy], target="y")
    with pytest.raises(TypeError, match=r"X is a LazyFrame .*X.collect\(\)"):
        MultiTaskLasso().fit(lazy, Y)


def test_names_of_columns_may_be_numbers_or_tuples():
    rows = LONG.assign(y=Y["y"])
    numbered = rows.set_axis(range(5), axis=1)
    statistics = TaskStatistics.from_batches([numbered], target=4, task_column=3)
    assert_same(statistics, of())
    in_levels = rows.set_axis(pd.MultiIndex.from_product([rows.columns, ["value"]]), axis=1)
    statistics = TaskStatistics.from_batches([in_levels], target=("y", "value"), task_column=3)
    assert_same(statistics, of())
    with pytest.raises(ValueError, match=r"has no column\(s\) \[9\]"):
        TaskStatistics.from_batches([numbered], target=9, task_column=3)


def test_a_bad_batch_is_named():
    later = LONG.assign(a=np.where(np.arange(N_ROWS) == 100, np.nan, LONG["a"]))
    with pytest.raises(ValueError, match=r"Batch 3: Input X contains NaN in column\(s\) \['a'\]"):
        TaskStatistics.from_batches(pieces(later, Y["y"]), task_column="school")
    with pytest.raises(ValueError, match=r"X contains infinity in column\(s\) \['b', 'c'\]"):
        TaskStatistics.from_data(X.assign(b=np.inf, c=-np.inf), Y)
    with pytest.raises(ValueError, match=r"Batch 0: Input y \('z'\) contains NaN .* in 80 of 240"):
        TaskStatistics.from_batches([LONG.assign(z=Y["z"])], target="z", task_column="school")
    with pytest.raises(ValueError, match="Batch 0: A batch has no column"):
        TaskStatistics.from_batches([ROWS], target="w", task_column="school")
    with pytest.raises(ValueError, match="There are no batches"):
        TaskStatistics.from_batches([])
    with pytest.raises(TypeError, match="Batch 0: A batch must be a tuple"):
        TaskStatistics.from_batches([X.to_numpy()])


def test_what_is_no_iterable_of_batches_is_refused():
    with pytest.raises(TypeError, match=r"batches is a DataFrame.*\[frame\]"):
        TaskStatistics.from_batches(ROWS, target="y")
    with pytest.raises(TypeError, match=r"read_csv.*got 'rows.csv'"):
        TaskStatistics.from_batches("rows.csv", target="y")
    with pytest.raises(TypeError, match=r"sites\['a'\] must be .*TaskStatistics\.load"):
        TaskStatistics.of_sites({"a": "a.npz"})


@pytest.mark.parametrize("name", ["__index_level_0__", "Unnamed: 0"])
def test_an_index_in_the_file_is_no_feature(name):
    rows = LONG.assign(y=Y["y"]).rename(columns={"c": name})
    table = pyarrow.Table.from_pandas(rows)
    for batches in ([rows], table.to_batches()):
        with pytest.raises(ValueError, match=rf"\['{name}'\].*index=False"):
            TaskStatistics.from_batches(batches, target="y", task_column="school")
    other = rows.drop(columns="school").assign(**{name: SCHOOL})
    statistics = TaskStatistics.from_batches([other], target="y", task_column=name)
    assert statistics.tasks_.tolist() == [0, 1, 2, 7]
