"""Sums over the partitions of Dask collections."""

import operator

from skmtl._dask.partitions import name_of_partition
from skmtl._dask.require_dask import require_dask


def tree_sum(delayed_values, add=operator.add):
    """Return the sum of Delayed values as a Delayed, added in pairs of neighbors.

    A scheduler that goes depth first then holds about log2(n) partial sums of n values on a
    worker.

    Parameters
    ----------
    delayed_values : list of Delayed
        At least one.
    add : callable, default=operator.add
        An associative function of two values.

    Returns
    -------
    Delayed
    """
    dask = require_dask()
    add = dask.delayed(add, pure=False)
    values = list(delayed_values)
    while len(values) > 1:
        pairs = zip(values[::2], values[1::2], strict=False)
        sums = [add(first, second) for first, second in pairs]
        if len(values) % 2:
            sums.append(values[-1])
        values = sums
    return values[0]


def compute(*delayed_values):
    """Return the values of some Delayed, computed in one go.

    Raises
    ------
    RuntimeError
        If workers of a cluster died over a partition again and again.
    """
    dask = require_dask()
    try:
        return dask.compute(*delayed_values)
    except Exception as error:
        if type(error).__name__ != "KilledWorker":
            raise
        raise RuntimeError(
            f"Workers of the Dask cluster died while they computed {_task_of(error)}, mostly "
            "because they ran out of memory. Make partitions smaller (repartition of a dataframe, "
            "rechunk of an array), give the workers more memory or fewer threads, or look into "
            f"their logs. Dask says: {error}"
        ) from error


def _task_of(error):
    """Return the key of the task that a KilledWorker names."""
    return f"the task {getattr(error, 'task', 'unknown')!s}"


def on_partition(function, part, k, n_partitions, *args):
    """Return ``function(part, *args)``; errors name the partition."""
    name = name_of_partition(k, n_partitions)
    try:
        return function(part, *args)
    except Exception as error:
        if type(error) in (ValueError, TypeError):
            raise type(error)(f"{name}: {error}") from error
        error.add_note(f"In {name} of a Dask collection.")
        raise


def on_partitions(function, parts, *args, own=None):
    """Return a Delayed ``function(part, *args)`` for each of the Delayed parts.

    Parameters
    ----------
    function : callable
        Its ValueErrors and TypeErrors will name the partition.
    parts : list of Delayed
        The partitions.
    *args : object
        Further arguments, which are sent to the cluster once, not with each task.
    own : list, default=None
        A last argument for each partition, if there is one.

    Returns
    -------
    list of Delayed
    """
    dask = require_dask()
    call = dask.delayed(on_partition, pure=False)
    shared = [dask.delayed(one, pure=False, traverse=False) for one in args]
    n_partitions = len(parts)
    values = []
    for k, part in enumerate(parts):
        last = [] if own is None else [own[k]]
        values.append(call(function, part, k, n_partitions, *shared, *last))
    return values


def add_tuples(first, second):
    """Return the sums of the arrays of two tuples."""
    return tuple(a + b for a, b in zip(first, second, strict=True))


class Partitions:
    """Data in partitions that are read again and again; every reading is a round.

    Parameters
    ----------
    rows : list of Delayed
        The partitions, such as :func:`~skmtl._dask.partitions.aligned_rows` gives them.

    Attributes
    ----------
    n_rounds : int
        How often sums over all partitions were computed, those before a `map` included.
    """

    def __init__(self, rows, n_rounds=0):
        self.rows = list(rows)
        self.n_rounds = n_rounds

    def __len__(self):
        return len(self.rows)

    def map(self, function, *args):
        """Return the Partitions ``function(part, *args)``, which stay in memory on the cluster."""
        dask = require_dask()
        mapped = on_partitions(function, self.rows, *args)
        return Partitions(dask.persist(*mapped), self.n_rounds)

    def sum(self, function, *args):
        """Return the sum of ``function(part, *args)``, a tuple of arrays, over all partitions."""
        self.n_rounds += 1
        values = on_partitions(function, self.rows, *args)
        (total,) = compute(tree_sum(values, add_tuples))
        return total
