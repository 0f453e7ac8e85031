"""Stacking: what goes in comes out again. Transformers: the task ids are left alone."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from skmtl import (
    MultiTaskLasso,
    keep_task_column,
    make_multitask_regression,
    stack_tasks,
    task_feature_importance,
    unstack_tasks,
    wide_to_long,
)

SIZES = [4, 1, 6]
COLUMNS = ["p", "q", "r"]
CONTAINERS = {
    "array": np.asarray,
    "object": lambda X: X.astype(object),
    "csr": sparse.csr_matrix,
    "csc": sparse.csc_array,
    "coo": sparse.coo_array,
    "pandas": lambda X: pd.DataFrame(X, columns=COLUMNS),
    "polars": lambda X: pl.DataFrame(X, schema=COLUMNS),
}
FRAMES = ["pandas", "polars"]

each_container = pytest.mark.parametrize("container", CONTAINERS)
each_frame = pytest.mark.parametrize("container", FRAMES)


def dense(X):
    """X as an array, whatever it is."""
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


def task_lists(container="array"):
    """Lists of the X and the y of three tasks."""
    rng = np.random.default_rng(0)
    Xs = [CONTAINERS[container](rng.normal(size=(n, 3)).round(2)) for n in SIZES]
    return Xs, [rng.normal(size=n) for n in SIZES]


def names_for(container):
    return [3, 5, 8] if container in ("csr", "csc", "coo") else ["art", "law", "maths"]


def ids_of(X):
    """The last column of X."""
    return dense(X)[:, -1]


# stack_tasks and unstack_tasks


@each_container
def test_unstack_is_the_inverse_of_stack(container):
    Xs, ys = task_lists(container)
    names = names_for(container)
    X, y = stack_tasks(Xs, ys, names=names)
    back = unstack_tasks(X, y, task_column="task" if container in FRAMES else -1)
    assert back.names.tolist() == names
    for X_t, y_t, X_back, y_back in zip(Xs, ys, back.Xs, back.ys, strict=True):
        np.testing.assert_array_equal(dense(X_back), dense(X_t))
        np.testing.assert_array_equal(y_back, y_t)


@each_container
def test_stack_is_the_inverse_of_unstack(container):
    X, y = stack_tasks(*task_lists(container), names=names_for(container))
    back = unstack_tasks(X, y)
    again, y_again = stack_tasks(back.Xs, back.ys, names=back.names)
    assert type(again) is type(X)
    if container in FRAMES:
        assert list(again.dtypes) == list(X.dtypes)
    np.testing.assert_array_equal(dense(again), dense(X))
    np.testing.assert_array_equal(y_again, y)


@each_container
def test_the_ids_are_the_last_column(container):
    names = names_for(container)
    X, y = stack_tasks(*task_lists(container), names=names)
    assert X.shape == (sum(SIZES), 4)
    assert y.shape == (sum(SIZES),)
    np.testing.assert_array_equal(ids_of(X), np.repeat(names, SIZES))


def test_ids_count_from_zero_by_default():
    X, _ = stack_tasks(*task_lists())
    np.testing.assert_array_equal(ids_of(X), np.repeat([0, 1, 2], SIZES))


@pytest.mark.parametrize("container", ["array", "csr", "csc", "pandas", "polars"])
def test_numeric_data_stay_numeric(container):
    X, _ = stack_tasks(*task_lists(container), names=[3, 5, 8])
    assert dense(X).dtype == np.float64


def test_string_ids_make_an_object_array():
    X, _ = stack_tasks(*task_lists(), names=["a", "b", "c"])
    assert X.dtype == object
    assert isinstance(X[0, -1], str)


def test_integer_ids_stay_integers_in_a_frame():
    X, _ = stack_tasks(*task_lists("pandas"), names=[3, 5, 8])
    assert X["task"].dtype.kind == "i"


def test_pandas_keeps_index_and_dtypes():
    frame = pd.DataFrame({"n": [1, 2], "s": ["u", "v"]}, index=["i", "j"])
    X, y = stack_tasks([frame, frame[:1]], [[1, 2], [3]], names=["a", "b"])
    assert X.index.tolist() == ["i", "j", "i"]
    pd.testing.assert_frame_equal(unstack_tasks(X, y, task_column="task").Xs[0], frame)


@each_frame
def test_the_new_column_has_the_name_asked_for(container):
    X, _ = stack_tasks(*task_lists(container), task_column="school")
    assert list(X.columns) == [*COLUMNS, "school"]


def test_lists_of_lists_are_arrays():
    X, y = stack_tasks([[[1, 2]], [[3, 4]]], [[5], [6]])
    np.testing.assert_array_equal(X, [[1, 2, 0], [3, 4, 1]])
    np.testing.assert_array_equal(y, [5, 6])


def test_stacking_does_not_modify_its_input():
    Xs, ys = task_lists("pandas")
    copies = [X.copy() for X in Xs]
    stack_tasks(Xs, ys)
    for X, before in zip(Xs, copies, strict=True):
        pd.testing.assert_frame_equal(X, before)


def test_unstacked_tasks_are_in_the_order_of_tasks_():
    Xs, ys = task_lists()
    X, y = stack_tasks(Xs, ys, names=["maths", "art", "law"])
    back = unstack_tasks(X, y)
    model = MultiTaskLasso(task_column=-1).fit(X, y)
    assert back.names.tolist() == model.tasks_.tolist() == ["art", "law", "maths"]
    np.testing.assert_array_equal(back.ys[2], ys[0])


def test_unstack_keeps_the_order_of_rows_and_series():
    X = np.column_stack([np.arange(6.0), [1, 0, 1, 0, 1, 1]])
    y = pd.Series(np.arange(6), index=list("abcdef"))
    back = unstack_tasks(X, y)
    np.testing.assert_array_equal(back.Xs[1][:, 0], [0, 2, 4, 5])
    assert back.ys[0].index.tolist() == ["b", "d"]


@pytest.mark.parametrize("position", [0, 1, -1])
def test_unstack_finds_the_task_column_anywhere(position):
    Xs, ys = task_lists()
    X, y = stack_tasks(Xs, ys)
    columns = list(range(3))
    columns.insert(position if position >= 0 else 3, 3)
    back = unstack_tasks(X[:, columns], y, task_column=position)
    np.testing.assert_array_equal(back.Xs[2], Xs[2])


def frame(*columns):
    return pd.DataFrame(np.ones((2, len(columns))), columns=columns)


A, Y2 = np.ones((2, 3)), [1.0, 2.0]


@pytest.mark.parametrize(
    ("Xs", "ys", "options", "message"),
    [
        ([], [], {}, r"Got 0 X and 0 y"),
        ([A, A], [Y2], {}, r"Got 2 X and 1 y"),
        ([A, A], [Y2, [1.0]], {}, r"y of task 1 has shape \(1,\), expected \(2,\)"),
        ([A, A], [Y2, [[1.0], [2.0]]], {}, r"y of task 1 has shape \(2, 1\)"),
        ([A, A[:, :2]], [Y2, Y2], {"names": ["a", "b"]}, r"X of task 'b' has 2 feature.* 3"),
        ([A, A[0]], [Y2, Y2], {}, r"X of task 1 has shape \(3,\), expected two dimensions"),
        ([frame("p"), frame("q")], [Y2, Y2], {}, r"X of task 1 has the columns \['q'\].*\['p'\]"),
        ([frame("p", "q"), frame("q", "p")], [Y2, Y2], {}, "same columns in the same order"),
        ([frame("p")], [Y2], {"task_column": "p"}, "'p' is a column of X already"),
        ([A, A], [Y2, Y2], {"names": ["a"]}, "names has 1 ids, expected 2"),
        ([A, A], [Y2, Y2], {"names": ["a", "a"]}, r"all different, but \['a'\] repeat"),
        ([A, A], [Y2, Y2], {"names": ["a", None]}, "names contains NaN or None"),
        (
            [sparse.csr_array(A)] * 2,
            [Y2, Y2],
            {"names": ["a", "b"]},
            r"sparse X cannot hold the task ids \['a', 'b'\]",
        ),
    ],
)
def test_stack_says_what_does_not_fit(Xs, ys, options, message):
    with pytest.raises(ValueError, match=message):
        stack_tasks(Xs, ys, **options)


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (frame("p", "q", "r"), "pandas frame"),
        (pl.DataFrame(A, schema=COLUMNS), "polars frame"),
        (sparse.csr_array(A), "sparse matrix"),
    ],
)
def test_stack_does_not_mix_kinds(other, kind):
    with pytest.raises(TypeError, match=f"X of task 1 is of kind {kind}, .* of kind array"):
        stack_tasks([A, other], [Y2, Y2])


def test_unstack_says_what_does_not_fit():
    X, y = stack_tasks(*task_lists("pandas"))
    with pytest.raises(ValueError, match=r"'school' is not a column of X, which has \['p'"):
        unstack_tasks(X, y, task_column="school")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        unstack_tasks(X, y[:-1])
    with pytest.raises(ValueError, match=r"contains NaN or None for 1 sample\(s\), first at row 1"):
        unstack_tasks([[1.0, 0.0], [1.0, np.nan]], [1.0, 2.0])


# wide_to_long


@each_container
def test_wide_to_long_has_one_row_for_each_label(container):
    X = np.arange(12.0).reshape(4, 3)
    Y = np.array([[1, np.nan], [2, 6], [np.nan, 7], [4, 8]])
    X_long, y = wide_to_long(CONTAINERS[container](X), Y)
    np.testing.assert_array_equal(y, [1, 2, 4, 6, 7, 8])
    np.testing.assert_array_equal(ids_of(X_long), [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(dense(X_long)[:, :-1], X[[0, 1, 3, 1, 2, 3]])


@pytest.mark.parametrize("container", ["array", "csr", "pandas", "polars"])
def test_wide_and_long_give_the_same_coefficients(container):
    data = make_multitask_regression(n_features=3, n_informative=2, missing=0.3, random_state=0)
    X = CONTAINERS[container](data.X)
    wide = MultiTaskLasso(alpha=0.1, tol=1e-10).fit(X, data.y)
    long = MultiTaskLasso(alpha=0.1, tol=1e-10, task_column=-1).fit(*wide_to_long(X, data.y))
    # both duality gaps are below 1e-10 of the null objective
    np.testing.assert_allclose(long.coef_, wide.coef_, atol=1e-5)


def test_complete_targets_stack_the_columns():
    data = make_multitask_regression(n_samples=7, n_tasks=3, random_state=0)
    wide = wide_to_long(data.X, data.y, tasks=[4, 5, 6])
    lists = stack_tasks([data.X] * 3, list(data.y.T), names=[4, 5, 6])
    for a, b in zip(wide, lists, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_columns_of_y_name_the_tasks(make):
    Y = make({"law": [1.0, None], "art": [3.0, 4.0]})
    X, y = wide_to_long(np.eye(2), Y)
    assert ids_of(X).tolist() == ["law", "art", "art"]
    np.testing.assert_array_equal(y, [1.0, 3.0, 4.0])
    X, _ = wide_to_long(np.eye(2), Y, tasks=[7, 9])
    np.testing.assert_array_equal(ids_of(X), [7, 9, 9])


def test_labels_may_be_nullable_or_classes():
    _, y = wide_to_long(np.eye(2), pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}))
    np.testing.assert_array_equal(y, [1])
    _, y = wide_to_long(np.eye(2), np.array([["yes", None], ["no", "yes"]], dtype=object))
    assert y.tolist() == ["yes", "no", "yes"]


def test_a_task_without_labels_leaves_no_row():
    X, _ = wide_to_long(np.eye(2), [[np.nan, 1.0], [np.nan, 2.0]])
    np.testing.assert_array_equal(ids_of(X), [1, 1])


@pytest.mark.parametrize(
    ("X", "Y", "options", "message"),
    [
        (A, Y2, {}, "Expected 2D array, got 1D array"),
        (A[0], A, {}, "Expected 2D array, got 1D array"),
        (A, np.ones((3, 2)), {}, "inconsistent numbers of samples"),
        (A, A, {"tasks": [1, 2]}, "tasks has 2 ids, expected 3"),
        (A, A, {"tasks": [1, 2, 2]}, r"all different, but \[2\] repeat"),
        (frame("p"), A, {"task_column": "p"}, "'p' is a column of X already"),
        (sparse.csr_array(A), frame("a", "b"), {}, r"sparse X cannot hold.*\['a', 'b'\]"),
    ],
)
def test_wide_to_long_says_what_does_not_fit(X, Y, options, message):
    with pytest.raises(ValueError, match=message):
        wide_to_long(X, Y, **options)


# keep_task_column

FEATURES = np.random.default_rng(0).normal(size=(12, 3))
TARGET = FEATURES @ [1.0, 0.0, -2.0]
IDS = {
    "string": np.repeat(["a", "b", "c"], 4),
    "int": np.repeat([1, 2, 3], 4),
    "category": pd.Categorical(np.repeat(["a", "b", "c"], 4)),
    "nullable": pd.array(np.repeat([1, 2, 3], 4), dtype="Int64"),
}
TRANSFORMERS = {
    "scale": StandardScaler(),
    "fewer": PCA(2),
    "more": PolynomialFeatures(),
    "with_y": SelectKBest(f_regression, k=1),
    "pipeline": make_pipeline(StandardScaler(), PCA(2)),
}

each_transformer = pytest.mark.parametrize("transformer", TRANSFORMERS)
each_id = pytest.mark.parametrize("kind", IDS)


def frame_with_ids(kind):
    """A frame whose second column holds the task ids."""
    X = pd.DataFrame(FEATURES, columns=COLUMNS)
    X.insert(1, "school", IDS[kind])
    return X


@each_transformer
@each_id
@pytest.mark.parametrize("task_column", ["school", 1, -3])
def test_features_are_transformed_and_ids_come_last(transformer, kind, task_column):
    X, transformer = frame_with_ids(kind), TRANSFORMERS[transformer]
    out = keep_task_column(transformer, task_column).fit(X, TARGET).transform(X)
    expected = clone(transformer).fit_transform(FEATURES, TARGET)
    np.testing.assert_allclose(out[:, :-1].astype(float), expected, atol=1e-12)  # memory order
    np.testing.assert_array_equal(out[:, -1], np.asarray(X["school"]))


@each_id
def test_numeric_ids_leave_a_numeric_array(kind):
    X = frame_with_ids(kind)
    out = keep_task_column(StandardScaler(), "school").fit_transform(X)
    expected = {"int": [float], "nullable": [float, object]}  # object before pandas 2.2
    assert out.dtype in expected.get(kind, [object])


@each_id
@pytest.mark.parametrize("task_column", ["school", 1])
def test_pandas_output_keeps_names_and_the_dtype_of_the_ids(kind, task_column):
    X = frame_with_ids(kind)
    keep = keep_task_column(StandardScaler(), task_column).set_output(transform="pandas")
    out = keep.fit_transform(X)
    assert out.columns.tolist() == [*COLUMNS, "school"]
    pd.testing.assert_series_equal(out["school"], X["school"])


@pytest.mark.parametrize("task_column", [0, -4])
@pytest.mark.parametrize("dtype", [float, object])
def test_arrays_work_with_positions(task_column, dtype):
    ids = IDS["int"] if dtype is float else IDS["string"].astype(object)
    X = np.column_stack([ids, FEATURES.astype(dtype)])
    out = keep_task_column(StandardScaler(), task_column).fit_transform(X)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out[:, -1], ids)
    np.testing.assert_array_equal(
        out[:, :-1].astype(float), StandardScaler().fit_transform(FEATURES)
    )


@pytest.mark.parametrize("output", ["default", "polars"])
def test_polars_frames_work(output):
    X = pl.DataFrame(frame_with_ids("string").to_dict("list"))
    keep = keep_task_column(StandardScaler(), "school").set_output(transform=output)
    out = keep.fit_transform(X)
    assert ids_of(out).tolist() == IDS["string"].tolist()
    if output == "polars":
        assert out.columns == [*COLUMNS, "school"]


def test_sparse_matrices_stay_sparse():
    X = sparse.csr_array(np.column_stack([np.eye(12), IDS["int"]]))
    out = keep_task_column(StandardScaler(with_mean=False), -1).fit_transform(X)
    assert sparse.issparse(out)
    np.testing.assert_array_equal(ids_of(out), IDS["int"])


def test_sparse_output_with_string_ids_needs_a_dense_array():
    X = pd.DataFrame({"city": [f"c{i}" for i in range(12)], "school": IDS["string"]})
    keep = keep_task_column(OneHotEncoder(), "school")
    with pytest.raises(ValueError, match="For a sparse output, all columns should be"):
        keep.fit(X)
    out = keep.set_params(sparse_threshold=0).fit_transform(X)
    assert out.shape == (12, 13)
    assert ids_of(out).tolist() == IDS["string"].tolist()


def test_two_in_a_row_find_the_ids_again():
    X = frame_with_ids("string")
    steps = make_pipeline(keep_task_column(StandardScaler(), 1), keep_task_column(PCA(2), -1))
    expected = PCA(2).fit_transform(StandardScaler().fit_transform(FEATURES))
    out = steps.fit_transform(X)
    np.testing.assert_allclose(out[:, :-1].astype(float), expected, atol=1e-12)
    assert out[:, -1].tolist() == IDS["string"].tolist()


def test_columns_are_found_by_name_in_new_data():
    X = frame_with_ids("string")
    keep = keep_task_column(StandardScaler(), 1).fit(X)
    shuffled = X[["r", "school", "q", "p"]].assign(extra=0)
    np.testing.assert_array_equal(keep.transform(shuffled), keep.transform(X))


def test_it_clones_pickles_and_takes_parameters():
    X = frame_with_ids("string")
    keep = clone(keep_task_column(StandardScaler(), "school"))
    keep.set_params(features__with_mean=False).fit(X)
    restored = pickle.loads(pickle.dumps(keep))
    np.testing.assert_array_equal(restored.transform(X), keep.transform(X))
    np.testing.assert_allclose(
        keep.transform(X)[:, :-1].astype(float), FEATURES / FEATURES.std(axis=0)
    )


@pytest.mark.parametrize(
    ("X", "task_column", "message"),
    [
        (frame("p", "q"), "school", r"'school' is not a column of X, which has \['p', 'q'\]"),
        (A, "school", "is a name, but X has no column names"),
        (A, 3, r"task_column=3 is out of range: X has 3 feature\(s\)"),
    ],
)
def test_a_task_column_that_is_not_there(X, task_column, message):
    with pytest.raises(ValueError, match=message):
        keep_task_column(StandardScaler(), task_column).fit(X)


# task_feature_importance


@pytest.mark.parametrize("position", [0, 2, -1])
@pytest.mark.parametrize("named", [False, True])
def test_importance_is_the_norm_with_the_task_column_on_top(position, named):
    names = COLUMNS.copy()
    names.insert(position if position >= 0 else 3, "school")
    X = frame_with_ids("int")[names]
    model = MultiTaskLasso(alpha=0.01, task_column="school" if named else position)
    model.fit(X if named else X.to_numpy(), TARGET)
    importance = task_feature_importance(model)
    norms = np.linalg.norm(model.coef_, axis=0)
    assert importance.shape == (model.n_features_in_,)
    assert importance[position] == norms.max()
    np.testing.assert_array_equal(np.delete(importance, position), norms)


def test_importance_without_a_task_column_is_the_norm():
    data = make_multitask_regression(random_state=0)
    model = MultiTaskLasso(alpha=0.5).fit(data.X, data.y)
    np.testing.assert_array_equal(
        task_feature_importance(model), np.linalg.norm(model.coef_, axis=0)
    )


def test_the_task_column_stays_when_no_feature_does():
    X = frame_with_ids("int").to_numpy()
    model = MultiTaskLasso(alpha=1e6, task_column=1).fit(X, TARGET)
    np.testing.assert_array_equal(task_feature_importance(model), [0, 1, 0, 0])


def test_importance_counts_all_classes():
    model = MultiTaskLasso(task_column=-1).fit(frame_with_ids("int")[[*COLUMNS, "school"]], TARGET)
    model.coef_ = np.arange(24.0).reshape(4, 2, 3)  # n_tasks, n_classes, n_features
    norms = np.sqrt((model.coef_**2).sum(axis=(0, 1)))
    np.testing.assert_allclose(task_feature_importance(model), [*norms, norms.max()])


def test_masked_features_are_not_read_through_their_mask():
    X = np.ma.masked_array(np.ones((2, 1)), mask=[[True], [False]])
    for stack in (lambda: stack_tasks([X], [[1, 2]]), lambda: wide_to_long(X, np.ones((2, 1)))):
        with pytest.raises(ValueError, match="X is a masked array with 1 masked value"):
            stack()


def test_rows_labeled_in_another_order_are_warned_of():
    X = pd.DataFrame({"x": [1, 2], "school": [0, 1]})
    y = pd.Series([1.0, 2.0], index=[1, 0])
    for name, lay_out in (
        (r"ys\[0\]", lambda: stack_tasks([X], [y])),
        ("y", lambda: unstack_tasks(X, y, task_column="school")),
        ("Y", lambda: wide_to_long(X, y.to_frame("t"))),
    ):
        with pytest.warns(UserWarning, match=f"The index of {name} has the labels of X in another"):
            lay_out()


def test_text_does_not_make_numbers_text():
    X, _ = stack_tasks([np.ones((1, 1)), np.array([["a"]])], [[1], [2]], names=[3, 4])
    assert X.tolist() == [[1.0, 3], ["a", 4]]
    X, _ = stack_tasks([np.array([["a"]])] * 2, [[1], [2]], names=[3, 4])
    assert X.tolist() == [["a", 3], ["a", 4]]


def test_names_of_two_types_are_refused():
    with pytest.raises(TypeError, match=r"names mixes types that cannot be sorted \(int, str\)"):
        stack_tasks([np.ones((1, 1))] * 2, [[1], [2]], names=[1, "b"])
