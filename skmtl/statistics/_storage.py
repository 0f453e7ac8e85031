"""Statistics in a file: a NumPy archive without pickle."""

from contextlib import nullcontext
from dataclasses import fields
from zipfile import is_zipfile

import numpy as np

from skmtl._data.task_ids import as_id_array
from skmtl.statistics._columns import Columns
from skmtl.statistics._moments import Moments

_FORMAT = "skmtl.TaskStatistics"
_VERSION = 1
_OBJECTS = "objects:"  # before the names of arrays of strings that were of objects


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
        labels = _get_ids(arrays, "parts").tolist()
    parts = {}
    for k, label in enumerate(labels):
        if f"{k}.total" in arrays:
            sums = {field.name: arrays[f"{k}.{field.name}"] for field in fields(Moments)}
            parts[label] = Moments(**sums)
    n_folds = _get_number(arrays, "n_folds")
    return columns, _get_ids(arrays, "tasks"), parts, int(arrays["n_rows"]), n_folds


def _read_archive(path):
    """All arrays of a file by their names."""
    with _opened(path, "rb") as file:
        if not is_zipfile(file):
            raise ValueError(f"{path} is no file that TaskStatistics.save has written.")
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)
    if str(arrays.get("format")) != _FORMAT:
        raise ValueError(f"{path} holds no TaskStatistics, but {sorted(arrays)[:5]}.")
    version = int(arrays["version"])
    if version != _VERSION:
        raise ValueError(
            f"{path} holds TaskStatistics of version {version}, this skmtl reads version "
            f"{_VERSION}: write it again with this version."
        )
    return arrays


def _get_number(arrays, name):
    return int(arrays[name]) if name in arrays else None


def _get_ids(arrays, name):
    if name in arrays:
        return arrays[name]
    strings = arrays.get(_OBJECTS + name)
    return None if strings is None else strings.astype(object)
