"""From Dask collections to partitions that hold features, targets, weights and task ids."""

from contextlib import suppress
from typing import NamedTuple

import numpy as np
from sklearn.utils import _safe_indexing

from skmtl._dask.require_dask import require_dask
from skmtl._data.task_ids import some_of


class Rows(NamedTuple):
    """The samples of one partition, as the user has them.

    Attributes
    ----------
    X : {ndarray, sparse matrix, DataFrame} of shape (n_rows, n_columns)
        Features, and the task column if there is one.
    y, sample_weight, tasks : array-like with n_rows rows, or None
        As in `fit`.
    folds : array-like with n_rows rows, or None
        The fold of each row.
    """

    X: object
    y: object = None
    sample_weight: object = None
    tasks: object = None
    folds: object = None


def is_collection(X):
    """Whether X is a Dask array, dataframe, series or Delayed, or a list of Delayed or Futures.

    Dask is not imported for it.
    """
    if isinstance(X, list | tuple):
        return len(X) > 0 and all(_is_delayed(one) or _is_future(one) for one in X)
    return _is_from_dask(X) or _is_future(X)


def _is_from_dask(X):
    """Whether the class of X, or one that it inherits from, is a collection of Dask."""
    if not hasattr(type(X), "__dask_graph__"):
        return False
    modules = [base.__module__ for base in type(X).__mro__]
    return any(module.partition(".")[0] in ("dask", "dask_expr") for module in modules)


def _is_delayed(X):
    names = [base.__name__ for base in type(X).__mro__]
    return "Delayed" in names and _is_from_dask(X)


def _is_future(X):
    kind = type(X)
    return kind.__name__ == "Future" and kind.__module__.partition(".")[0] == "distributed"


def is_frame(X):
    """Whether a collection is a Dask dataframe, series or index.

    Its class is asked, since a Delayed claims to have every attribute.
    """
    return hasattr(type(X), "npartitions") and hasattr(type(X), "divisions")


def is_array(X):
    """Whether a collection is a Dask array."""
    return hasattr(type(X), "numblocks") and hasattr(type(X), "chunks")


def known_lengths(X):
    """Return the number of rows of every partition, or None where they are not known.

    Parameters
    ----------
    X : collection
        A Dask array, dataframe or list of Delayed. Dataframes and Delayed do not know them.

    Returns
    -------
    ndarray of int of shape (n_partitions,), or None
    """
    if not is_array(X):
        return None
    lengths = np.array(X.chunks[0], dtype=float)
    if np.isnan(lengths).any():
        return None
    return lengths.astype(np.intp)


def delayed_lengths(X):
    """Return a Delayed number of rows for every partition of a collection.

    Of a dataframe, its source reads the first column only, where it can.

    Parameters
    ----------
    X : collection
        A Dask array, dataframe or list of Delayed.

    Returns
    -------
    list of Delayed
    """
    if is_frame(X):
        first = X[list(X.columns[:1])] if X.ndim == 2 else X
        counts = first.map_partitions(len, meta=(None, int), enforce_metadata=False)
        return _frame_blocks(counts)
    count = require_dask().delayed(n_rows_of, pure=False)
    return [count(block) for block in _blocks("X", X)]


def aligned_rows(X, y=None, sample_weight=None, tasks=None, folds=None):
    """Return the partitions of collections whose rows belong together.

    Parameters
    ----------
    X : dask array (columns may be in several chunks), dask dataframe, list of Delayed or Futures
        Features; its partitions are those of the result.
    y, sample_weight, tasks, folds : collection of any of these kinds, array-like or None
        They have the partitions of X. A dask array in other chunks is brought to those of X, and
        what is in memory is cut, where X is a dask array whose chunk sizes are known.

    Returns
    -------
    list of Delayed
        Each computes a :class:`Rows`. It raises ValueError, with the number of the partition, if
        the parts of a partition have different numbers of rows, or are frames of pandas with
        different indexes: rows go by position, but users of Dask dataframes expect that labels
        count.

    Raises
    ------
    ValueError
        If the numbers of rows or of partitions differ.
    TypeError
        If X is no collection, or a collection that has no rows, such as a bag.
    """
    require_dask()
    if not is_collection(X):
        raise TypeError(
            f"X is in memory ({type(X).__name__}), while other arguments are Dask collections: "
            "give X as a Dask array or dataframe with the same partitions, or all arguments in "
            "memory."
        )
    given = {"X": X, "y": y, "sample_weight": sample_weight, "tasks": tasks, "folds": folds}
    given = {name: one for name, one in given.items() if one is not None}
    if is_array(X):
        given = _in_chunks_of_X(given)
    parts = _joint_parts(given)
    check = require_dask().delayed(_checked, pure=False)
    return [check(part, k, len(parts)) for k, part in enumerate(parts)]


def _joint_parts(given):
    """Return a Delayed Rows for each partition of collections {name: collection}.

    If all are of one kind, they are made one collection: Dask then computes once what they have in
    common, and reads of a file the columns only that one of them needs.
    """
    if all(is_frame(one) for one in given.values()):
        return _parts_of_frames(given)
    if all(is_array(one) for one in given.values()):
        return _parts_of_arrays(given)
    return _parts_of_blocks(given)


def _parts_of_frames(given):
    """Return the Delayed Rows of dataframes and series."""
    _check_same_numbers({name: one.npartitions for name, one in given.items()})
    X, *others = given.values()
    joint = X.map_partitions(
        _named_rows,
        *others,
        names=list(given),
        meta=(None, object),
        align_dataframes=False,
        enforce_metadata=False,
    )
    return _frame_blocks(joint)


def _parts_of_arrays(given):
    """Return the Delayed Rows of arrays whose columns are in one chunk each."""
    require_dask()
    import dask.array

    _check_same_numbers({name: one.numblocks[0] for name, one in given.items()})
    arguments = []
    for axis, array in enumerate(given.values(), start=1):
        indices = (0,) if array.ndim == 1 else (0, axis)
        arguments += [array, indices]
    joint = dask.array.blockwise(
        _named_rows,
        (0,),
        *arguments,
        names=list(given),
        concatenate=True,
        align_arrays=False,
        meta=np.empty(0, dtype=object),
    )
    return list(joint.to_delayed())


def _parts_of_blocks(given):
    """Return the Delayed Rows of collections of several kinds."""
    lengths = known_lengths(given["X"])
    blocks = {}
    for name, one in given.items():
        if is_collection(one):
            blocks[name] = _blocks(name, one)
        elif not np.isscalar(one):
            blocks[name] = _cut(name, one, lengths)
    _check_same_numbers({name: len(parts) for name, parts in blocks.items()})
    n_partitions = len(blocks["X"])
    for name in given.keys() - blocks.keys():
        blocks[name] = [given[name]] * n_partitions
    make = require_dask().delayed(_named_rows, pure=False)
    names = list(blocks)
    return [make(*parts, names=names) for parts in zip(*blocks.values(), strict=True)]


def _named_rows(*parts, names):
    """Return Rows of the parts with these names."""
    return Rows(**dict(zip(names, parts, strict=True)))


def _in_chunks_of_X(given):
    """Return arrays, of Dask or in memory, in the row chunks of X where all lengths are known."""
    lengths = known_lengths(given["X"])
    cut = {}
    for name, one in given.items():
        if is_array(one):
            cut[name] = _with_chunks(name, one, lengths)
        elif isinstance(one, np.ndarray) and one.ndim > 0 and lengths is not None:
            cut[name] = _from_memory(name, one, lengths)
    return {**given, **cut}


def _with_chunks(name, array, lengths):
    """Return a Dask array with all columns in a chunk, in chunks of rows of these lengths."""
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{name} is a Dask array with {array.ndim} dimensions; expected one or two."
        )
    if array.ndim == 2 and array.numblocks[1] > 1:
        array = array.rechunk({1: -1})
    own = known_lengths(array)
    if lengths is None or own is None or np.array_equal(own, lengths):
        return array
    _check_same_length(name, own.sum(), lengths.sum())
    return array.rechunk({0: tuple(lengths.tolist())})


def _from_memory(name, array, lengths):
    """Return a NumPy array as a Dask array in chunks of rows of these lengths."""
    import dask.array

    _check_same_length(name, len(array), lengths.sum())
    chunks = (tuple(lengths.tolist()), *array.shape[1:])
    return dask.array.from_array(array, chunks=chunks, name=False)


def _blocks(name, collection):
    """Return the partitions of a collection as Delayed."""
    if isinstance(collection, list | tuple):
        return list(collection)
    if _is_delayed(collection) or _is_future(collection):
        return [collection]
    if is_array(collection):
        return list(collection.to_delayed(optimize_graph=False).ravel())
    if is_frame(collection):
        return _frame_blocks(collection)
    raise TypeError(
        f"{name} is a {type(collection).__name__} of Dask; expected a Dask array, dataframe or "
        "series, or a list of Delayed: bags have to_dataframe()."
    )


def _frame_blocks(frame):
    """Return the partitions of a dataframe or series as Delayed.

    Its expression is simplified, so that sources read what is needed only; but it is not optimized,
    which may merge partitions.
    """
    with suppress(ValueError):  # which Dask 2026.8 raises for columns that an Index selects
        frame = frame.simplify()
    return frame.to_delayed(optimize_graph=False)


def _cut(name, other, lengths):
    """Return what is in memory in the pieces of X."""
    if lengths is None:
        raise TypeError(
            f"{name} is in memory ({type(other).__name__}), while X is a Dask collection whose "
            f"partitions have unknown lengths: give {name} as a collection with the partitions of "
            "X, such as another column of the dataframe."
        )
    if not hasattr(other, "shape"):
        other = np.asarray(other)
    _check_same_length(name, other.shape[0], lengths.sum())
    ends = np.cumsum(lengths)
    pieces = []
    for start, end in zip(ends - lengths, ends, strict=True):
        pieces.append(_safe_indexing(other, slice(start, end)))
    return pieces


def _check_same_numbers(numbers):
    """Raise ValueError unless the numbers of partitions {name: number} are the same."""
    for name, number in numbers.items():
        if number != numbers["X"]:
            raise ValueError(
                f"X has {numbers['X']} partitions and {name} has {number}, of unknown lengths: "
                "give them with the same partitions, for example as columns of one dataframe, or "
                "call compute_chunk_sizes() of both arrays."
            )


def _check_same_length(name, n_own, n_rows):
    if n_own != n_rows:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: X has "
            f"{n_rows} samples, {name} has {n_own}."
        )


def _checked(rows, k, n_partitions):
    """Return Rows if their parts have the same number of rows, with the same labels."""
    where = name_of_partition(k, n_partitions)
    n_rows = _number_of_rows("X", rows.X, where)
    for name, part in rows._asdict().items():
        if part is None or np.isscalar(part):
            continue
        n_own = _number_of_rows(name, part, where)
        if n_own != n_rows:
            raise ValueError(
                f"{where}: X has {n_rows} samples, {name} has {n_own}. Are these the rows of the "
                "same data, in the same partitions?"
            )
        _check_same_index(where, rows.X, name, part)
    return rows


def _number_of_rows(name, part, where):
    """Return the number of rows of a part; raise TypeError if it is nothing that has rows."""
    try:
        return n_rows_of(part)
    except (TypeError, IndexError) as error:
        raise TypeError(
            f"{where}: {name} is {part!r}; expected rows: an array, a sparse matrix or a frame."
        ) from error


def _check_same_index(where, X, name, part):
    """Raise ValueError if X and another part are of pandas, with different index labels."""
    index = _index_of(X)
    other = _index_of(part)
    if index is None or other is None or index.equals(other):
        return
    differs = [not _are_same(a, b) for a, b in zip(index, other, strict=True)]
    if not any(differs):  # such as dates in other units
        return
    first = differs.index(True)
    here = slice(first, first + 1)
    raise ValueError(
        f"{where}: the index of {name} is not that of X: at position {first} it has "
        f"{some_of(other[here])}, X has {some_of(index[here])}. Give X and {name} as columns of "
        "one dataframe, or, if their rows belong together by position, as arrays: "
        "to_dask_array() of dataframes, to_numpy() of what is delayed."
    )


def _are_same(label, other):
    """Whether two index labels are the same."""
    if str(label) == str(other):
        return True
    try:
        return bool(label == other)
    except TypeError:  # NA has no truth value
        return False


def _index_of(part):
    """Return the index of a frame or series of pandas, None for anything else."""
    return part.index if hasattr(part, "iloc") else None


def name_of_partition(k, n_partitions):
    """Return how messages call a partition."""
    return f"Partition {k} of {n_partitions} (counted from 0)"


def n_rows_of(part):
    """Return the number of rows of a part of :class:`Rows`."""
    shape = getattr(part, "shape", None)
    return len(part) if shape is None else shape[0]
