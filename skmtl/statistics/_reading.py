"""From rows to their moments: by part and task, one pass over the rows."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.validation import validate_data

from skmtl._data.designs import SharedDesign, take_samples
from skmtl._data.magnitudes import LARGEST, check_features
from skmtl._data.reading import check_y_given, names_of_features, read_features
from skmtl._data.targets import (
    are_weightless,
    read_unsorted_targets,
    read_wide_targets,
    tasks_of_wide_targets,
)
from skmtl._data.task_ids import check_task_ids, codes_of, column_names, encode, same_kind, some_of
from skmtl.datafits import statistics_reader
from skmtl.statistics._cells import add_rows
from skmtl.statistics._columns import Columns
from skmtl.statistics._memory import bytes_of_moments, check_memory
from skmtl.statistics._moments import Moments


class RowMoments(NamedTuple):
    """What is kept of some rows.

    Attributes
    ----------
    columns : Columns
        What the columns of X are.
    tasks : ndarray of shape (n_tasks,)
        Task ids, sorted in long data.
    parts : dict
        The :class:`Moments` of every part, {label: moments}; the label is None if there are no
        folds.
    n_rows : int
        Number of rows, those of no weight included.
    """

    columns: Columns
    tasks: np.ndarray
    parts: dict
    n_rows: int

    @property
    def no_moments(self):
        """The moments of a part without rows."""
        each = np.zeros if self.columns.layout == "wide" else np.arange
        return Moments.zeros(each(len(self.tasks)).astype(np.intp), self.columns.n_features)


def read_rows(
    reader,
    X,
    y,
    sample_weight=None,
    tasks=None,
    *,
    folds=None,
    memory_limit=None,
    into=None,
):
    """Read rows of any data form.

    Parameters
    ----------
    reader : estimator
        Has `task_column`; messages are about it.
    X, y, sample_weight, tasks
        As in the `fit` of the estimators; targets of tasks may be missing altogether, and there may
        be no rows.
    folds : array-like of shape (n_rows,), default=None
        The part of each row.
    memory_limit : float, default=None
        Largest memory of the moments in bytes.
    into : RowMoments, default=None
        What is kept of earlier rows, to which these may be added in place.

    Returns
    -------
    RowMoments
        Of these rows, or, if its `parts` are those of `into`, of the earlier ones as well.
    """
    n_rows = number_of_rows(X)
    check_y_given(reader, y)
    if folds is not None:
        folds = _check_folds(folds, n_rows)
    if n_rows == 0 or are_weightless(sample_weight):
        return _read_no_rows(reader, X, y, tasks)._replace(n_rows=n_rows)
    read = _WideRows if tasks is None and reader.task_column is None else _LongRows
    rows = read(reader, X, y, sample_weight, tasks)
    columns = Columns.of(reader, X, rows.layout)
    labels = np.array([None])
    codes = np.zeros(n_rows, dtype=np.intp)
    if folds is not None:
        labels, codes = encode(folds, "folds")
    if into is not None:
        columns.check_same(into.columns)
        positions = rows.positions_among(into.tasks)
        parts = [into.parts.get(label) for label in labels.tolist()]
        if positions is not None and all(map(_has_own_blocks, parts)):
            rows.add_to(parts, positions, codes)
            return into._replace(n_rows=into.n_rows + n_rows)
    sizes = columns.n_features, len(rows.tasks), rows.n_blocks, len(labels)
    check_memory(bytes_of_moments(*sizes), memory_limit, *sizes)
    parts = dict(zip(labels.tolist(), rows.moments(codes, len(labels)), strict=True))
    return RowMoments(columns, rows.tasks, parts, n_rows)


def number_of_rows(X):
    """Return the number of rows of X; raise TypeError if it has none because it is no data."""
    shape = getattr(X, "shape", None)
    if shape is None and hasattr(X, "__len__"):
        return len(X)
    if not shape:
        raise TypeError(
            "X must be an array, a sparse matrix or a frame that is in memory, got "
            f"{type(X).__name__}; of a LazyFrame of polars, give its collect()."
        )
    return shape[0]


def _has_own_blocks(moments):
    """Whether there are moments, and those of every task can change without those of others."""
    return (
        moments is not None
        and moments.n_blocks == moments.n_tasks
        and bool((moments.block_of_task == np.arange(moments.n_tasks)).all())
    )


def _is_new(reader):
    """Whether a reader has not read any rows."""
    return not hasattr(reader, "n_features_in_")


def _check_folds(folds, n_rows):
    folds = check_task_ids(folds, "folds", "fold")
    if len(folds) != n_rows:
        raise ValueError(f"folds has {len(folds)} labels for {n_rows} rows.")
    return folds


def _read_no_rows(reader, X, y, tasks):
    """What is known of no rows: their columns."""
    if column_names(X) is None:
        X = check_array(X, accept_sparse=True, dtype=None, ensure_min_samples=0)
    validate_data(reader, X, reset=_is_new(reader), skip_check_array=True)
    layout = "tasks" if tasks is not None else "column"
    ids = np.array([], dtype=float)
    if tasks is None and reader.task_column is None:
        layout = "wide"
        ids = tasks_of_wide_targets(reader, y)
    columns = Columns.of(reader, X, layout).without_objects()
    return RowMoments(columns, ids, {}, 0)


class _WideRows:
    """Rows with a two-dimensional y: read part by part."""

    layout = "wide"

    def __init__(self, reader, X, y, sample_weight, tasks):
        self.X, _ = read_features(reader, X, reset=_is_new(reader), finite=False)
        _check_finite(reader, self.X)
        n_rows = self.X.shape[0]
        self.Y, self.weight, self.tasks = read_wide_targets(
            reader, n_rows, y, sample_weight, empty=True
        )

    @property
    def n_blocks(self):
        design = SharedDesign(self.X, len(self.tasks))
        return len(design.blocks(self.weight))

    def positions_among(self, tasks):
        """None: the blocks of tasks may differ from those of other rows."""

    def moments(self, codes, n_parts):
        """The moments of every part, of the rows with its code."""
        if n_parts == 1:
            return [self._moments_of(slice(None))]
        return [self._moments_of(np.flatnonzero(codes == k)) for k in range(n_parts)]

    def _moments_of(self, rows):
        X = self.X if isinstance(rows, slice) else take_samples(self.X, rows)
        weight = self.weight[rows]
        design = SharedDesign(X, len(self.tasks))
        read = statistics_reader(design, self.Y[rows], weight)
        counts = design.task_sum((weight > 0).astype(np.int64))
        return Moments.from_sums(read(), counts)


class _LongRows:
    """Rows with a task id each: those of a task in a part are read together.

    Features that are NaN, infinite or too large are found in the moments, which saves passes over
    the rows.
    """

    def __init__(self, reader, X, y, sample_weight, tasks):
        self.layout = "column" if tasks is None else "tasks"
        self.reader = reader
        new = _is_new(reader)
        self.X, task_ids = read_features(reader, X, tasks, reset=new, finite=False)
        n_rows = self.X.shape[0]
        self.samples = read_unsorted_targets(reader, n_rows, y, sample_weight, task_ids)
        self.tasks = self.samples.tasks

    @property
    def n_blocks(self):
        return len(self.tasks)

    def positions_among(self, tasks):
        """The positions of the tasks among others; None if they are not all there."""
        same = same_kind(self.tasks, tasks) and self.tasks.dtype.kind == tasks.dtype.kind
        if not same:
            return None
        positions = codes_of(self.tasks, tasks)
        return None if (positions < 0).any() else positions

    def moments(self, codes, n_parts):
        """The moments of every part, of the rows with its code."""
        each_task = np.arange(len(self.tasks))
        parts = [Moments.zeros(each_task, self.X.shape[1]) for _ in range(n_parts)]
        self.add_to(parts, each_task, codes)
        return parts

    def add_to(self, parts, positions, codes):
        """Add the rows with the code of each part to its moments, of tasks at some positions."""
        samples = self.samples
        n_rows = len(samples.y)
        task = np.full(n_rows, -1)
        task[samples.indices] = positions[samples.codes]
        add_rows(parts, self.X, samples.y, samples.weight, task, codes)
        all_count = len(samples.indices) == n_rows
        least_weight = samples.weight.min()
        if not (all_count and _are_bounded(parts, positions, least_weight)):
            _check_finite(self.reader, self.X)


def _check_finite(reader, X):
    """Raise ValueError that names the columns of features that are NaN, infinite or too large."""
    try:
        with np.errstate(invalid="ignore"):
            assert_all_finite(X)
    except ValueError as error:
        value = "NaN"
        bad = _columns_with(np.isnan, X)
        if not len(bad):
            value = "infinity"
            bad = _columns_with(np.isinf, X)
        names = names_of_features(reader)
        names = bad if names is None else names[bad]
        raise ValueError(
            f"Input X contains {value} in column(s) {some_of(names)}: fill in these values, or "
            "leave out their rows."
        ) from error
    check_features(reader, X)


def _columns_with(is_bad, X):
    """Positions of the columns with a value that is bad."""
    if sparse.issparse(X):
        entries = X.tocoo()
        return np.unique(entries.col[is_bad(entries.data)])
    return np.flatnonzero(is_bad(X).any(axis=0))


def _are_bounded(parts, positions, least_weight):
    """Whether no feature of any row of some tasks can be NaN, infinite or too large.

    A row of weight s has `s (x - mean)^2` at most the sum of squares about the mean.
    """
    for moments in parts:
        squares = np.einsum("tjj->tj", moments.xx)[positions]
        largest = np.abs(moments.mean_x[positions]) + np.sqrt(squares / least_weight)
        if not (largest < LARGEST / 2).all():  # NaN is not less either
            return False
    return True
