"""Lines that say that a long comparison is still at work."""

import sys
from contextlib import contextmanager
from threading import Event, Thread
from time import perf_counter

_FIRST_PAUSE = 20.0  # seconds; the next pauses are twice as long, up to the longest
_LONGEST_PAUSE = 300.0


@contextmanager
def signs_of_life(n_jobs):
    """Print on stderr now and then for how long the work has been going on.

    Parameters
    ----------
    n_jobs : int or None
        What the user said about parallel work.
    """
    is_done = Event()
    watcher = Thread(target=_watch, args=(is_done, n_jobs), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


def _watch(is_done, n_jobs):
    """Print a line after every pause until the work is done."""
    start = perf_counter()
    pause = _FIRST_PAUSE
    hint = ""
    if n_jobs is None:
        hint = " (--jobs -1 uses all processors)"
    while not is_done.wait(pause):
        duration = _duration(perf_counter() - start)
        print(f"skmtl: fitting for {duration}{hint}", file=sys.stderr, flush=True)
        hint = ""
        pause = min(2 * pause, _LONGEST_PAUSE)


def _duration(seconds):
    """A number of seconds as text."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min"
