"""How many threads BLAS gets: one in a fit, but all that there are for large operations.

OpenBLAS wakes its threads for matrices of order 100 already, and waits until the last of them is
done. Loops over such matrices gain little from that on an idle machine, and lose up to a factor of
20 where another process keeps a core busy, or where calls from NumPy and SciPy alternate: each has
a BLAS, with threads of its own. So fits have one thread, :func:`one_blas_thread`. A large
product, or a factorization of a large matrix, has all, :func:`threads_for_product` and
:func:`threads_for_factorization`; ``benchmarks/threads.py`` has what was measured.

The number of threads mostly belongs to the process, but several fits may run in it at once. The
first lowers it, the others share its :class:`Limit`, and the last puts it back, in whatever order
they end. This needs no lock: at worst two fits that end at the same moment both put it back, or a
fit that begins at this moment has all threads.
"""

import threading
from contextlib import contextmanager, nullcontext
from functools import cache, wraps
from math import prod

from threadpoolctl import ThreadpoolController  # a dependency of scikit-learn

_LARGE_PRODUCT = 2e9  # multiplications; threads look for more work for tens of milliseconds
_LARGE_MATRIX = 2500  # order; threads wait for each other in each column

_NOTHING = nullcontext()
_own = threading.local()  # its limit: the one that fits of this thread have set


class Limit:
    """Numbers of threads before they were lowered to one, and for whom.

    Attributes
    ----------
    numbers : list of int
        The number of each library.
    fits : set of _Fit
        The fits that need the limit.
    """

    def __init__(self, numbers):
        self.numbers = numbers
        self.fits = set()


_latest = Limit([])


@cache
def _libraries():
    """The controller of each BLAS that NumPy and SciPy have loaded."""
    import scipy.linalg  # noqa: F401 (so that it has been loaded)

    return ThreadpoolController().select(user_api="blas").lib_controllers


def _numbers():
    """The present numbers of threads."""
    return [library.num_threads or 1 for library in _libraries()]  # None where it has no say


def _change(before, after):
    """Set numbers of threads where they are still `before`, but not `after`."""
    for library, old, new in zip(_libraries(), before, after, strict=True):
        if old == new or library.num_threads != old:
            continue
        library.set_num_threads(new)
        # Since threadpoolctl 3.8 other threads may set no number until this one lets go.
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread()


class _Fit:
    """A fit that needs a limit, from `begin` to `end`."""

    limit = None

    def begin(self):
        """Lower numbers of threads, or find them lowered."""
        global _latest
        numbers = _numbers()
        is_new = max(numbers, default=1) > 1
        limit = _latest
        if is_new or not limit.fits:  # lowered by the user, if it is not new
            limit = Limit(numbers)
            _latest = limit
        self.outer = getattr(_own, "limit", None)
        self.limit = limit
        limit.fits.add(self)
        if is_new:
            _own.limit = limit
        _lower(limit)

    def end(self):
        """Put numbers back if no other fit needs the limit; once more does no harm."""
        if self.limit is None:  # interrupted before it began
            return
        _own.limit = self.outer
        self.limit.fits.discard(self)
        if not self.limit.fits:
            _put_back(self.limit)


def _lower(limit):
    _change(limit.numbers, [1] * len(limit.numbers))


def _put_back(limit):
    _change([1] * len(limit.numbers), limit.numbers)


@contextmanager
def one_thread():
    """A block in which each BLAS has one thread, as it has in a fit."""
    fit = _Fit()
    try:
        fit.begin()
        yield
    finally:
        try:
            fit.end()
        except BaseException:  # a KeyboardInterrupt in the midst of it
            fit.end()
            raise


@contextmanager
def _all_threads():
    """A block with the numbers of threads from before the fit, if this thread has lowered them."""
    limit = getattr(_own, "limit", None)
    if limit is None:
        yield
        return
    _put_back(limit)
    try:
        yield
    finally:
        _lower(limit)


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
