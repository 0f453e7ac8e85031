"""Processes that hold one library and one problem each, and answer requests in turn."""

import os
import warnings
from importlib import import_module
from multiprocessing import get_context
from time import process_time

from measure import cpu_seconds, peak_memory, relative_gap, worst_gap

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Session:
    """What happens inside a worker: every method answers one request.

    Parameters
    ----------
    library : str
        The peer is module ``lib_<library>``.
    problem : Problem
    """

    def __init__(self, library, problem):
        self.library, self.problem = library, problem
        self.module = self.data = self.result = None

    def load_library(self):
        """CPU seconds of the import."""
        start = process_time()
        self.module = import_module(f"lib_{self.library}")
        return process_time() - start

    def version(self):
        return self.module.VERSION

    def tolerances(self):
        return self.module.TOLERANCES

    def supported(self, problems):
        """Names of the problems that the library can be run on."""
        return {problem.name for problem in problems if self.module.supports(problem)}

    def load_data(self):
        self.data = self._load(self.problem)

    def warm_up(self, tol):
        """Solve a problem of no size."""
        getattr(self.module, self.problem.kind)(self._load(self.problem.small()), tol)

    def call(self, tol):
        """CPU seconds and mebibytes of one call."""

        def timed():
            start = process_time()
            self.result = self._solve(tol)
            return process_time() - start

        memory, seconds = peak_memory(timed)
        return seconds, memory

    def again(self, tol):
        """CPU seconds of one call, the mean over several if it is short."""
        return cpu_seconds(lambda: self._solve(tol))[0]

    def check(self):
        """Objective and relative duality gap of the last result; of a path, the worst gap."""
        if self.problem.kind == "fit":
            return relative_gap(self.data, self.result, self.data.alphas[0])
        if self.problem.kind == "path":
            return worst_gap(self.data, self.result)
        alpha, W = self.result
        return relative_gap(self.data.centered(), W, alpha)

    def _solve(self, tol):
        return getattr(self.module, self.problem.kind)(self.data, tol)

    @staticmethod
    def _load(problem):
        data = problem.load()
        _ = data.X  # the stacked form is made on first use
        return data


def serve(connection, library, problem):
    """Answer requests with (True, answer) or (False, reason) until the other side is gone."""
    warnings.simplefilter("ignore")
    session = Session(library, problem)
    while True:
        try:
            request, *arguments = connection.recv()
        except EOFError:
            return
        try:
            connection.send((True, getattr(session, request)(*arguments)))
        except Exception as error:
            connection.send((False, f"{type(error).__name__}: {error}"))


class Worker:
    """A process of its own with one library and one problem.

    Parameters
    ----------
    library : str
    problem : Problem or None
    cache : path-like
        Directory of compiled functions; empty for a cold start.
    limit : float
        Wall-clock seconds that a call of the library may take.
    """

    def __init__(self, library, problem, cache, limit):
        self.limit = limit
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        os.environ.update(dict.fromkeys(THREADS, "1"), NUMBA_CACHE_DIR=str(cache))
        arguments = (theirs, library, problem)
        self.process = context.Process(target=serve, args=arguments, daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, request, *arguments):
        """The answer to a request; RuntimeError with the reason, TimeoutError past the limit."""
        self.connection.send((request, *arguments))
        limited = request in ("call", "again")
        if not self.connection.poll(self.limit if limited else None):
            self.stop()
            raise TimeoutError
        try:
            fine, answer = self.connection.recv()
        except EOFError:
            raise RuntimeError("the process died") from None
        if not fine:
            raise RuntimeError(answer)
        return answer

    def stop(self):
        self.process.kill()
        self.process.join()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
