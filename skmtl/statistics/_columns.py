"""The columns of the rows that statistics stand for: statistics of other columns do not add up."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import BaseEstimator

from skmtl._data.task_ids import column_names, column_position

UNKNOWN = "unknown"  # kind of a column
_NUMBERS = "iuf"
_ARROW_NUMBERS = ("int", "uint", "float", "double", "halffloat", "decimal")


@dataclass(frozen=True)
class Columns:
    """What the columns of X are.

    Attributes
    ----------
    layout : {"wide", "column", "tasks"}
        The data form, as in :class:`~skmtl._data.task_data.TaskData`.
    n_columns : int
        Number of columns of X, the task column included.
    names : ndarray of shape (n_columns,) or None
        Their names; None for arrays.
    task_column : int or None
        Position of the task column.
    kinds : tuple of str
        "number", "truth value" or "object" for each column; "ids" for the task column, and
        "unknown" for a column of objects without rows.
    """

    layout: str
    n_columns: int
    names: np.ndarray | None
    task_column: int | None
    kinds: tuple

    @classmethod
    def of(cls, reader, X, layout):
        """The columns of an X that a reader has validated."""
        names = getattr(reader, "feature_names_in_", None)
        n_columns = reader.n_features_in_
        kinds = _kinds(X, n_columns)
        position = None
        if reader.task_column is not None:
            position = column_position(names, n_columns, reader.task_column)
            kinds[position] = "ids"
        return cls(layout, n_columns, names, position, tuple(kinds))

    @property
    def n_features(self):
        return self.n_columns - (self.task_column is not None)

    @property
    def feature_names(self):
        """Names of the columns without the task column, or None."""
        if self.names is None or self.task_column is None:
            return self.names
        return np.delete(self.names, self.task_column)

    def check_same(self, other):
        """Raise ValueError unless rows of the other statistics have the same columns."""
        if self.layout != other.layout:
            raise ValueError(
                f"One has {_FORMS[self.layout]}, the other {_FORMS[other.layout]}: statistics add "
                "up if all rows come in the same form."
            )
        if self.n_columns != other.n_columns:
            raise ValueError(
                f"One is of {self.n_columns} columns, the other of {other.n_columns}: statistics "
                "add up if all rows have the same columns."
            )
        self._check_names(other)
        if self.task_column != other.task_column:
            raise ValueError(
                f"The task column is column {self.task_column} of one and column "
                f"{other.task_column} of the other."
            )
        for j, (mine, its) in enumerate(zip(self.kinds, other.kinds, strict=True)):
            if mine != its and UNKNOWN not in (mine, its):
                raise TypeError(
                    f"Column {self._name(j)!r} holds {mine}s in one and {its}s in the other: give "
                    "the types of the columns when the data are read, as by "
                    "pandas.read_csv(dtype=)."
                )

    def with_kinds_of(self, other):
        """The same columns, where the other columns tell the kinds of some that are unknown."""
        kinds = []
        for mine, its in zip(self.kinds, other.kinds, strict=True):
            kinds.append(its if mine == UNKNOWN else mine)
        return replace(self, kinds=tuple(kinds))

    def without_objects(self):
        """The columns of a frame without rows, whose columns may be of objects for no reason."""
        kinds = [UNKNOWN if kind == "object" else kind for kind in self.kinds]
        return replace(self, kinds=tuple(kinds))

    def _check_names(self, other):
        if (self.names is None) != (other.names is None):
            raise ValueError(
                "The columns of one have names, those of the other do not: give frames, or arrays, "
                "but not both."
            )
        if self.names is None or np.array_equal(self.names, other.names):
            return
        for j, (mine, its) in enumerate(zip(self.names, other.names, strict=True)):
            if mine != its:
                raise ValueError(
                    f"Column {j} is {mine!r} in one and {its!r} in the other: statistics add up if "
                    "all rows have the same columns in the same order."
                )

    def _name(self, j):
        return j if self.names is None else str(self.names[j])

    def describe(self, estimator):
        """Set `n_features_in_` and `feature_names_in_` of an estimator."""
        estimator.n_features_in_ = self.n_columns
        vars(estimator).pop("feature_names_in_", None)  # of an earlier fit
        if self.names is not None:
            estimator.feature_names_in_ = self.names

    def check_fits(self, estimator):
        """Raise ValueError unless the estimator finds its task ids where the rows had them."""
        name = type(estimator).__name__
        column = estimator.task_column
        if self.layout != "column":
            if column is not None:
                raise ValueError(
                    f"{name} has task_column={column!r}, but the statistics are of "
                    f"{_FORMS[self.layout]}: set task_column=None."
                )
            return
        needed = self._name(self.task_column)
        if column is None:
            raise ValueError(
                f"The statistics are of {_FORMS[self.layout]}, {needed!r}: set task_column="
                f"{needed!r} of {name}."
            )
        position = column_position(self.names, self.n_columns, column)
        if position != self.task_column:
            raise ValueError(
                f"{name} has task_column={column!r}, but the task column of the statistics is "
                f"{needed!r}."
            )


_FORMS = {
    "wide": "a two-dimensional y",
    "column": "rows with a task column",
    "tasks": "rows with their task ids apart from X (tasks=)",
}


def row_reader(name, task_column, columns=None):
    """An object that reads rows and is called `name` in messages.

    With `columns` it is as if it had read those already, so that others are refused.
    """
    kind = type(name, (_RowReader,), {})
    reader = kind(task_column)
    if columns is not None:
        columns.describe(reader)
    return reader


class _RowReader(BaseEstimator):
    def __init__(self, task_column=None):
        self.task_column = task_column


def _kinds(X, n_columns):
    """The kind of each column, a list."""
    schema = getattr(X, "schema", None)
    if hasattr(schema, "types"):  # pyarrow
        return [_kind_of_arrow(one) for one in schema.types]
    dtypes = getattr(X, "dtypes", None)
    if column_names(X) is not None and dtypes is not None:
        return [_kind(one) for one in dtypes]
    dtype = X.dtype if hasattr(X, "dtype") else np.asarray(X).dtype
    return [_kind(dtype)] * n_columns


def _kind(dtype):
    if hasattr(dtype, "is_numeric"):  # polars
        if dtype.is_numeric():
            return "number"
        return "truth value" if str(dtype) == "Boolean" else "object"
    kind = getattr(dtype, "kind", "O")
    if kind in _NUMBERS:
        return "number"
    return "truth value" if kind == "b" else "object"


def _kind_of_arrow(dtype):
    name = str(dtype)
    if name.startswith(_ARROW_NUMBERS):
        return "number"
    return "truth value" if name == "bool" else "object"
