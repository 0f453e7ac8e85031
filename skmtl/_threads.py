"""How many threads BLAS gets: one in a fit, but all that there are for large operations.

OpenBLAS wakes its threads for matrices of order 100 already, and waits until the last of them is
done. Loops over such matrices gain little from that on an idle machine, and lose up to a factor of
20 where another process keeps a core busy, or where calls from NumPy and SciPy alternate: each has
a BLAS, with threads of its own. So fits have one thread, :func:`one_blas_thread`. A large
product, or a factorization of a large matrix, has all, :func:`threads_for_product` and
:func:`threads_for_factorization`; ``benchmarks/threads.py`` has what was measured.

The number of threads belongs to the process, but each fit that runs in it, maybe at the same time
as others, only lowers what is above one, and puts back what it has lowered. In whatever order fits
begin and end, the last that lowered a number is the last to put it back.
"""

import threading
from contextlib import contextmanager, nullcontext
from functools import cache, wraps
from math import prod

from threadpoolctl import ThreadpoolController  # a dependency of scikit-learn

_LARGE_PRODUCT = 5e8  # multiplications, some 10 milliseconds
_LARGE_MATRIX = 2500  # order; threads wait for each other in each column

_NOTHING = nullcontext()
_lowered = threading.local()  # its numbers: those of each BLAS before this thread's fit


@cache
def _libraries():
    """The controller of each BLAS that NumPy and SciPy have loaded."""
    import scipy.linalg  # noqa: F401 (so that it has been loaded)

    return ThreadpoolController().select(user_api="blas").lib_controllers


def _numbers():
    """The present numbers of threads."""
    return [library.num_threads for library in _libraries()]


def _change(before, after):
    """Set numbers of threads where they are still `before`, but not `after`."""
    for library, old, new in zip(_libraries(), before, after, strict=True):
        if old == new or library.num_threads != old:
            continue
        library.set_num_threads(new)
        # Since threadpoolctl 3.8 other threads may set no number until this one lets go.
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread()


@contextmanager
def one_thread():
    """A block in which each BLAS has one thread, as it has in a fit."""
    numbers = _numbers()
    if max(numbers, default=1) <= 1:  # by an outer fit, one in another thread, or the user
        yield
        return
    ones = [1] * len(numbers)
    outer = getattr(_lowered, "numbers", None)
    _lowered.numbers = numbers
    _change(numbers, ones)
    try:
        yield
    finally:
        _change(ones, numbers)
        _lowered.numbers = outer


@contextmanager
def _all_threads():
    """A block of a fit with the numbers of threads from before it, if they were lowered by it."""
    numbers = getattr(_lowered, "numbers", None)
    if numbers is None:
        yield
        return
    ones = [1] * len(numbers)
    _change(ones, numbers)
    try:
        yield
    finally:
        _change(numbers, ones)


def one_blas_thread(function):
    """Decorate a function that is to run in :func:`one_thread`."""

    @wraps(function)
    def limited(*args, **kwargs):
        with one_thread():
            return function(*args, **kwargs)

    return limited


def threads_for_product(*shape):
    """A block with a product of an (n, m) and an (m, p) matrix, whose `shape` is n, m, p."""
    return _all_threads() if prod(shape) >= _LARGE_PRODUCT else _NOTHING


def threads_for_factorization(order):
    """A block with factorizations of matrices of this order."""
    return _all_threads() if order >= _LARGE_MATRIX else _NOTHING
