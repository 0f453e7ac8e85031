"""From the user's file to the data of a comparison, with remarks on what was found in it."""

import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from skmtl._command_line.features import feature_columns
from skmtl._command_line.notes import notes_on, notes_on_ids
from skmtl._command_line.number_format import NumberFormat, find_decimal
from skmtl._command_line.targets import read_classes, read_target
from skmtl._command_line.tasks import check_tasks, read_ids
from skmtl._command_line.text_table import read_table
from skmtl._command_line.usage import UsageError, check_names_known, listed

OTHER_SIGN = {",": ".", ".": ","}  # the decimal sign where this one groups thousands
_NAMED_BY_PANDAS = re.compile(r"Unnamed: \d+(_level_\d+)?")  # columns without a name


class Problem(NamedTuple):
    """The data of a comparison."""

    X: object  # frame of the features and the task ids
    y: np.ndarray
    groups: np.ndarray | None  # of the rows that stay together in folds
    remarks: list  # lines on how the file was read and on what is unusual


def read_problem(options):
    """The :class:`Problem` of the file and columns that the user names."""
    pd = import_pandas()
    task = options.task
    target = options.target
    check_two_columns(task, target)
    own_columns = [task, target]
    if options.groups is not None:
        if options.groups in own_columns:
            raise UsageError(
                f"--groups {options.groups} is the task or the target: name a column of what rows "
                "belong to, such as a person that is measured several times"
            )
        own_columns.append(options.groups)
    table = read_table(options.file, own_columns, options.sep, options.encoding)
    check_names_known(own_columns, table.names, options.file)
    names = feature_names(table.names, options)
    if not table.rows:
        raise UsageError("the file has no rows: there is nothing to learn from")
    number_format = _number_format(table, names, options)
    ids, has_id = read_ids(table, task, number_format)
    read = read_classes if options.classify else read_target
    y, has_target = read(table, target, number_format)
    columns, has_features = feature_columns(table, names, number_format, options.one_hot)

    complete = has_id & has_target & has_features
    groups = None
    if options.groups is not None:
        groups, has_group = read_ids(table, options.groups, number_format, "group")
        complete &= has_group
        groups = groups[complete]
    if not complete.any():
        raise UsageError("every row has a missing value (--na): there is nothing to learn from")
    columns = {name: column[complete] for name, column in columns.items()}
    y = y[complete]
    ids = ids[complete]
    check_tasks(ids, task)
    if y.dtype.kind == "f" and np.ptp(y) == 0:
        raise UsageError(f"target {target!r} is constant ({y[0]:g}): there is nothing to predict")
    remarks = [
        *_on_reading(table, number_format),
        *_on_omissions(table, names, complete, options),
        *notes_on_ids(ids),
        *notes_on(columns, y, target),
    ]
    X = pd.DataFrame({**columns, task: ids})
    return Problem(X, y, groups, remarks)


def import_pandas():
    """Return pandas, which is not needed otherwise."""
    try:
        import pandas as pd
    except ImportError as error:
        raise UsageError('compare reads CSV with pandas: pip install "skmtl[pandas]"') from error
    return pd


def check_two_columns(task, target):
    """Raise unless the task and the target are different columns."""
    if task == target:
        raise UsageError(f"--task and --target are the same column {task!r}")


def feature_names(names, options):
    """The names of the features."""
    _check_options(names, options)
    chosen = options.features
    if not chosen:
        chosen = [name for name in names if not _is_unnamed(name)]
    left_out = {options.task, options.target, options.groups, *options.drop}
    chosen = [name for name in dict.fromkeys(chosen) if name not in left_out]
    used = {options.task, options.target, options.groups, *chosen}
    repeated = [name for name, count in Counter(names).items() if count > 1 and name in used]
    if repeated:
        raise UsageError(
            f"{options.file} has more than one column named {listed(repeated)}: give each column "
            "a name of its own, or leave them out with --drop"
        )
    if not chosen:
        raise UsageError("there is no feature column beside the task and the target")
    for name in options.one_hot:
        if name not in chosen:
            raise UsageError(f"--one-hot {name}: {name!r} is no feature of this comparison")
    return chosen


def _check_options(names, options):
    """Raise unless the options name columns of the file that can be features."""
    by_option = {
        "--drop": options.drop,
        "--features": options.features,
        "--one-hot": options.one_hot,
    }
    for option, columns in by_option.items():
        check_names_known(columns, names, options.file)
        if options.task in columns:
            raise UsageError(f"{option} {options.task}: {options.task!r} is the task")
        if options.target in columns:
            raise UsageError(f"{option} {options.target}: {options.target!r} is the target")
        if options.groups in columns:
            raise UsageError(
                f"{option} {options.groups}: {options.groups!r} is the column of --groups"
            )


def _is_unnamed(name):
    """Whether a column has no name, as the index that pandas writes."""
    return not name or _NAMED_BY_PANDAS.fullmatch(name) is not None


def _number_format(table, names, options):
    """The :class:`NumberFormat` of the features and a numeric target."""
    decimal = options.decimal
    if decimal is None:
        decimal = OTHER_SIGN.get(options.thousands)
    if decimal is None:
        numeric = [name for name in names if name not in options.one_hot]
        if not options.classify:
            numeric.append(options.target)
        cells = [cell for name in numeric for cell in table.column(name)]
        decimal = find_decimal(cells)
    if decimal == options.thousands:
        raise UsageError(f"--decimal and --thousands are both {decimal!r}")
    return NumberFormat(decimal, options.thousands, options.na)


def _on_reading(table, number_format):
    """A remark on how the file was read, if it is not plain CSV."""
    found = table.reading()
    if number_format.decimal == ",":
        found.append("decimal comma")
    return [f"Read with {', '.join(found)}."] if found else []


def _on_omissions(table, names, complete, options):
    """Remarks on the columns and rows that are left out, but for those that the user dropped."""
    unnamed = []
    for position, name in enumerate(table.names, 1):
        if _is_unnamed(name) and name not in names and name not in options.drop:
            unnamed.append(str(position))
    remarks = []
    if len(unnamed) == 1:
        remarks.append(f"Left out, since it has no name: column {unnamed[0]} of the file.")
    elif unnamed:
        remarks.append(f"Left out, since they have no name: columns {', '.join(unnamed)}.")
    n_rows = int((~complete).sum())
    if n_rows:
        remarks.append(f"Rows left out for a missing value: {n_rows} of {len(complete)}.")
    return remarks
