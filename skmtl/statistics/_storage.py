"""Statistics in a file: a NumPy archive without pickle."""

from contextlib import nullcontext
from dataclasses import fields
from zipfile import BadZipFile, is_zipfile
from zlib import error as ZlibError

import numpy as np

from skmtl._data.task_ids import as_id_array
from skmtl.statistics._columns import Columns
from skmtl.statistics._loaded import check_loaded
from skmtl.statistics._moments import Moments

_FORMAT = "skmtl.TaskStatistics"
_VERSION = 1
_OBJECTS = "objects:"  # before the names of arrays of strings that were of objects
_NAMES = (
    "format",
    "version",
    "layout",
    "n_columns",
    "kinds",
    "n_rows",
    "has_parts",
    "task_column",
    "n_folds",
    "tasks",
    "names",
    "parts",
)
_DAMAGES = (  # what NumPy raises for a damaged file, and we for missing or wrong arrays
    BadZipFile,
    EOFError,
    KeyError,
    NotImplementedError,
    TypeError,
    ValueError,
    ZlibError,
)


def save_statistics(path, columns, tasks, parts, n_rows, n_folds):
    """Write the parts of a :class:`TaskStatistics` to a file."""
    arrays = {
        "format": np.array(_FORMAT),
        "version": np.array(_VERSION),
        "layout": np.array(columns.layout),
        "n_columns": np.array(columns.n_columns),
        "kinds": np.array(columns.kinds),
        "n_rows": np.array(n_rows),
        "has_parts": np.array(None not in parts),
    }
    for name, number in {"task_column": columns.task_column, "n_folds": n_folds}.items():
        if number is not None:
            arrays[name] = np.array(number)
    _put_ids(arrays, "tasks", tasks)
    if columns.names is not None:
        _put_ids(arrays, "names", columns.names)
    if arrays["has_parts"]:
        _put_ids(arrays, "parts", as_id_array(list(parts)))
    for k, moments in enumerate(parts.values()):
        for field in fields(Moments):
            arrays[f"{k}.{field.name}"] = getattr(moments, field.name)
    with _opened(path, "wb") as file:
        np.savez_compressed(file, **arrays)


def _opened(path, mode):
    """Open a path; a file that is open already stays open."""
    is_file = hasattr(path, "write") or hasattr(path, "read")
    return nullcontext(path) if is_file else open(path, mode)


def _put_ids(arrays, name, ids):
    """Add ids; objects are written if all are strings."""
    if ids.dtype != object:
        arrays[name] = ids
        return
    if not all(isinstance(one, str) for one in ids):
        kinds = sorted({type(one).__name__ for one in ids})
        raise TypeError(
            f"The {name} hold objects ({', '.join(kinds)}), which cannot be saved: use numbers, "
            "strings or dates."
        )
    arrays[_OBJECTS + name] = ids.astype(str)


def load_statistics(path):
    """Return the parts of a :class:`TaskStatistics`: what :func:`save_statistics` was given."""
    arrays = _read_archive(path)
    try:
        statistics = _from_arrays(arrays)
        columns, tasks, parts, n_rows, _ = statistics
        check_loaded(columns, tasks, parts, n_rows)
    except _DAMAGES as error:
        raise _damaged(path, error) from error
    return statistics


def _damaged(path, error):
    """Return the error for a file that is not as it was written."""
    what = f"no array {error}" if isinstance(error, KeyError) else str(error)
    return ValueError(
        f"{path} is damaged, or was not written by TaskStatistics.save ({what or 'it ends early'}):"
        " write it again, or get another copy."
    )


def _from_arrays(arrays):
    """Return what :func:`save_statistics` was given."""
    names = _get_ids(arrays, "names")
    columns = Columns(
        layout=str(arrays["layout"]),
        n_columns=int(arrays["n_columns"]),
        names=names,
        task_column=_get_number(arrays, "task_column"),
        kinds=tuple(arrays["kinds"].tolist()),
    )
    labels = [None]
    if arrays["has_parts"]:
        labels = _need_ids(arrays, "parts").tolist()
    parts = {}
    for k, label in enumerate(labels):
        sums = {field.name: arrays[f"{k}.{field.name}"] for field in fields(Moments)}
        parts[label] = Moments(**sums)
    _refuse_others(arrays, len(parts))
    tasks = _need_ids(arrays, "tasks")
    return columns, tasks, parts, int(arrays["n_rows"]), _get_number(arrays, "n_folds")


def _refuse_others(arrays, n_parts):
    """Raise ValueError if there are arrays that are not written by :func:`save_statistics`."""
    known = set(_NAMES)
    known.update(_OBJECTS + name for name in ("tasks", "names", "parts"))
    for k in range(n_parts):
        known.update(f"{k}.{field.name}" for field in fields(Moments))
    others = sorted(arrays.keys() - known)
    if others:
        raise ValueError(f"it has the arrays {others[:5]}")


def _read_archive(path):
    """All arrays of a file by their names."""
    with _opened(path, "rb") as file:
        if not is_zipfile(file):
            raise ValueError(f"{path} is no file that TaskStatistics.save has written.")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = dict(archive)
        except _DAMAGES as error:
            raise _damaged(path, error) from error
    if str(arrays.get("format")) != _FORMAT:
        raise ValueError(f"{path} holds no TaskStatistics, but {sorted(arrays)[:5]}.")
    version = int(arrays.get("version", 0))
    if version != _VERSION:
        raise ValueError(
            f"{path} holds TaskStatistics of version {version}, this skmtl reads version "
            f"{_VERSION}: write it again with this version."
        )
    return arrays


def _get_number(arrays, name):
    return int(arrays[name]) if name in arrays else None


def _need_ids(arrays, name):
    """The ids of this name; KeyError if there are none."""
    ids = _get_ids(arrays, name)
    if ids is None:
        raise KeyError(name)
    return ids


def _get_ids(arrays, name):
    if name in arrays:
        return arrays[name]
    strings = arrays.get(_OBJECTS + name)
    return None if strings is None else strings.astype(object)
