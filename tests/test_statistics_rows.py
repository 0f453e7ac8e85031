"""Rows in any order of rows and of memory have the moments of their tasks and parts."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skmtl import TaskStatistics
from skmtl._data.task_ids import encode

N_ROWS = 400
N_FEATURES = 7
N_TASKS = 3
N_FOLDS = 2
FAR = 1e6  # means of the features, in standard deviations
ROUNDING = 1e-12  # of sums of squares, relative to their size
ROUNDING_FAR = 1e-10  # numbers near 1e6 are themselves rounded by as much


def sliced(X):
    """X as some columns of a wider array."""
    return np.column_stack([X, X])[:, : X.shape[1]]


def reversed_rows(X):
    """X with negative strides."""
    return X[::-1].copy()[::-1]


FORMS = [
    np.ascontiguousarray,
    np.asfortranarray,
    sliced,
    reversed_rows,
    sparse.csr_matrix,
    sparse.csc_matrix,
    np.float32,
    np.int64,
]


def rows(offset=0.0):
    rng = np.random.default_rng(0)
    X = np.round(rng.normal(size=(N_ROWS, N_FEATURES)), 3) + offset
    X[:, 3] = 0.1  # constant
    y = rng.normal(size=N_ROWS) + offset
    weight = rng.uniform(size=N_ROWS)
    weight[rng.uniform(size=N_ROWS) < 0.2] = 0.0
    return X, y, weight, rng.integers(N_TASKS, size=N_ROWS), rng.integers(N_FOLDS, size=N_ROWS)


def check_cell(moments, t, X, y, weight, rounding):
    """The moments of a task are those of its rows, up to rounding in sums of squares."""
    total = weight.sum()
    mean_x = weight @ X / total
    mean_y = weight @ y / total
    dx = X - mean_x
    dy = y - mean_y
    spread = np.sqrt(weight @ dx**2)
    spread[3] = 1.0
    size = np.sqrt(weight @ dy**2)
    assert moments.counts[t] == np.count_nonzero(weight)
    np.testing.assert_allclose(moments.total[t], total, rtol=1e-14)
    np.testing.assert_allclose(moments.mean_x[t], mean_x, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(moments.mean_y[t], mean_y, rtol=1e-14, atol=1e-14)
    xx = (dx * weight[:, None]).T @ dx / np.outer(spread, spread)
    np.testing.assert_allclose(moments.xx[t] / np.outer(spread, spread), xx, atol=rounding)
    xy = (dx * weight[:, None]).T @ dy / spread / size
    np.testing.assert_allclose(moments.xy[:, t] / spread / size, xy, atol=rounding)
    np.testing.assert_allclose(moments.yy[t], size**2, rtol=rounding)
    assert moments.xx[t, 3, 3] == 0


def check_parts(statistics, X, y, weight, tasks, folds, rounding=ROUNDING):
    for label, moments in statistics._parts.items():
        for t in range(N_TASKS):
            own = (tasks == t) & (folds == label)
            check_cell(moments, t, X[own], y[own], weight[own], rounding)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_any_memory_layout_has_the_moments_of_its_rows(form):
    X, y, weight, tasks, folds = rows()
    X = form(X)
    statistics = TaskStatistics.from_data(X, y, weight, tasks=tasks, folds=folds)
    dense = X.toarray() if sparse.issparse(X) else X.astype(np.float64)
    check_parts(statistics, dense, y, weight, tasks, folds)


def test_moments_keep_their_digits_far_from_zero():
    X, y, weight, tasks, folds = rows(FAR)
    statistics = TaskStatistics.from_data(X, y, weight, tasks=tasks, folds=folds)
    check_parts(statistics, X, y, weight, tasks, folds, ROUNDING_FAR)


@pytest.mark.parametrize("n_buffered", [1, 2, 50])
def test_buffer_does_not_matter(monkeypatch, n_buffered):
    from skmtl.statistics import _cells

    X, y, weight, tasks, folds = rows(FAR)
    monkeypatch.setattr(_cells, "_BUFFERED", n_buffered * N_FEATURES)
    monkeypatch.setattr(_cells, "_ROWS_PER_FEATURE", 0)
    monkeypatch.setattr(_cells, "_COPIED", n_buffered * N_FEATURES)
    monkeypatch.setattr(_cells, "_ROWS_PER_CELL", 0)
    X = np.asfortranarray(X)
    statistics = TaskStatistics.from_data(X, y, weight, tasks=tasks, folds=folds)
    check_parts(statistics, X, y, weight, tasks, folds, ROUNDING_FAR)


@pytest.mark.parametrize("by_task", [True, False], ids=["tasks come in turn", "in random order"])
def test_batches_add_up_to_all_rows(by_task):
    X, y, weight, tasks, folds = rows()
    order = np.argsort(tasks, kind="stable") if by_task else np.arange(N_ROWS)
    X = np.column_stack([X, folds])[order]
    frames = [pd.DataFrame(X[some]) for some in np.array_split(np.arange(N_ROWS), 7)]
    parts = np.array_split(order, 7)
    batches = [
        (frame.rename(columns=str), y[part], weight[part], tasks[part])
        for frame, part in zip(frames, parts, strict=True)
    ]
    statistics = TaskStatistics.from_batches(batches, fold_column=str(N_FEATURES))
    check_parts(statistics, X[:, :-1], y[order], weight[order], tasks[order], folds[order])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e71, -1e300])
@pytest.mark.parametrize("weight_of_row", [0.0, 1e-100, 1.0])
def test_bad_features_are_found_without_looking_for_them(value, weight_of_row):
    X, y, _, tasks, folds = rows()
    X[7, 2] = value
    weight = np.ones(N_ROWS)
    weight[7] = weight_of_row
    with pytest.raises(ValueError, match=r"NaN|infinity|column 2"):
        TaskStatistics.from_data(X, y, weight, tasks=tasks, folds=folds)


@pytest.mark.parametrize(
    "ids",
    [
        np.array([3, -2, 3, 0]),
        np.array([-128, 127, 0] * 100, dtype=np.int8),
        np.array([2**64 - 1, 2**64 - 3, 2**64 - 1], dtype=np.uint64),
        np.array([2**63 - 1, -(2**63)]),
        np.array([2.0, 1.0, 2.0]),
        np.array([0.5, 1.5, 1.5]),
        np.array([True, False, True]),
        np.array(["b", "a", "b"]),
        np.array(["b", "ab", "b"], dtype=object),
        np.array([], dtype=object),
    ],
)
def test_codes_are_those_of_sorted_ids(ids):
    unique, codes = encode(ids)
    expected, inverse = np.unique(ids, return_inverse=True)
    assert unique.dtype == expected.dtype
    np.testing.assert_array_equal(unique, expected)
    np.testing.assert_array_equal(codes, inverse)
