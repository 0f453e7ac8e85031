"""How much memory statistics take, told before they do."""

import os
from numbers import Real

_FLOAT = 8  # bytes


def bytes_of_moments(n_features, n_tasks, n_blocks, n_parts=1):
    """Return the memory of moments in bytes: a matrix of each block, a few vectors of each task."""
    of_blocks = n_blocks * (n_features + 1) ** 2
    of_tasks = n_tasks * (n_features + 4)
    return _FLOAT * n_parts * (of_blocks + of_tasks)


def check_memory(n_bytes, limit, n_features, n_tasks, n_blocks, n_parts):
    """Raise MemoryError if statistics of this size would be larger than the limit in bytes.

    None is half of the memory of the machine.
    """
    if limit is None:
        limit = _physical_memory() / 2
    elif not isinstance(limit, Real) or not limit > 0:
        kind = ValueError if isinstance(limit, Real) else TypeError
        raise kind(
            f"memory_limit={limit!r} is no number of bytes: give one such as 4e9, or None for half "
            "of the memory of the machine."
        )
    if n_bytes <= limit:
        return
    matrices = f"{n_blocks} blocks of tasks" if n_blocks < n_tasks else f"{n_tasks} tasks"
    parts = f" in {n_parts} parts" if n_parts > 1 else ""
    raise MemoryError(
        f"Statistics of {matrices} with {n_features} features{parts} take {in_words(n_bytes)}, "
        f"more than the limit of {in_words(limit)}: a matrix of (n_features + 1)^2 numbers each. "
        "Take fewer features (select them, or sklearn.kernel_approximation.Nystroem), fewer folds, "
        "or a complete two-dimensional y, of which all tasks share one matrix; or set memory_limit."
    )


def in_words(n_bytes):
    """Return a number of bytes as people write it."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def _physical_memory():
    """Return the memory of the machine in bytes, infinite where it is not known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return float("inf")
