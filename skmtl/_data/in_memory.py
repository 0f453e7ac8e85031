"""An error where the rows are needed in memory, but are Dask collections."""


def check_in_memory(**arguments):
    """Raise TypeError if some arguments are Dask collections, which would fill the memory unasked.

    Parameters
    ----------
    **arguments : object
        What the user passed, such as ``X=X, y=y, tasks=tasks``.
    """
    found = [name for name, values in arguments.items() if _is_collection(values)]
    if not found:
        return
    names = " and ".join(", ".join(found).rsplit(", ", 1))
    are = "is a Dask collection"
    but_are = "is"
    if len(found) > 1:
        are = "are Dask collections"
        but_are = "are"
    X = arguments.get("X")
    if X is not None and "X" not in found:
        raise TypeError(
            f"{names} {are}, but X is in memory ({type(X).__name__}): give all arguments in "
            "memory, or all as collections, which linear models such as MultiTaskLasso take as "
            "they are."
        )
    raise TypeError(
        f"{names} {are}, but {but_are} needed in memory here: give a part of the rows, such as "
        f"{found[0]}.partitions[0].compute() of a dataframe or {found[0]}.blocks[0].compute() of "
        "an array. Linear models such as MultiTaskLasso and MultiTaskLassoClassifier take "
        "collections as they are, as both X and y."
    )


def _is_collection(values):
    """Whether values are a Dask collection or Future, or a list of such."""
    first = values
    if isinstance(values, list | tuple) and len(values):
        first = values[0]
    kind = type(first)
    if kind.__name__ == "Future" and kind.__module__.startswith("distributed"):
        return True
    if not hasattr(kind, "__dask_graph__"):
        return False
    return first.__dask_graph__() is not None  # it is of an xarray that is in memory
