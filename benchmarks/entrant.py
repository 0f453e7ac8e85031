"""One library on one problem: its first call, its tolerance, its times, its memory."""

from statistics import median

from workers import Worker

GAP = 1e-6
ENOUGH = 60.0  # seconds of repeated calls; a longer call is made once
FIELDS = (
    "problem",
    "library",
    "version",
    "cold_s",
    "warm_cpu_s",
    "objective",
    "gap",
    "tol",
    "peak_memory_mb",
    "status",
)


class Entrant:
    """A library in the race on one problem.

    Parameters
    ----------
    library : str
    problem : Problem
    cache : path-like
        Empty directory for what is compiled.
    limit : float
        Wall-clock seconds that a call may take.
    tol : float, default=None
        Tolerance to use; None looks for the loosest that reaches the gap.
    """

    def __init__(self, library, problem, cache, limit, tol=None):
        self.library, self.problem, self.cache, self.limit = library, problem, cache, limit
        self.tol = tol
        self.worker = None
        self.seconds = []
        self.found = {}  # the fields measured so far
        self.status = "ok"

    @property
    def running(self):
        return self.status == "ok"

    def attempt(self, step):
        """Take a step; a timeout or a failure becomes the status."""
        if not self.running:
            return
        try:
            step()
        except TimeoutError:
            self.status = f"timeout: > {self.limit:g} s"
        except RuntimeError as error:
            self.status = "failed: " + " ".join(str(error).split())
        if not self.running:
            self.stop()

    def start(self):
        """First call in a fresh process, then tighter tolerances until the gap is reached."""
        if self.problem.kind == "cv" and self.tol is None:
            self.tol = self.tolerance_of_path()
        self.worker = Worker(self.library, self.problem, self.cache, self.limit)
        cold = self.worker.ask("load_library")
        self.found["version"] = self.worker.ask("version")
        self.worker.ask("load_data")
        tolerances = (self.tol,) if self.tol else self.worker.ask("tolerances")
        first = True
        for tol in tolerances:
            seconds, memory = self.worker.ask("call", tol)
            if first:
                self.found["cold_s"] = cold + seconds
            objective, gap = self.worker.ask("check")
            self.found.update(tol=tol, objective=objective, gap=gap, peak_memory_mb=memory)
            if gap <= GAP * (1 + 1e-6) or self.problem.kind == "cv":
                break
            first = False
        else:
            self.seconds = [seconds]
            raise RuntimeError(f"gap {gap:.1e} at the tightest tolerance")
        if seconds > ENOUGH:
            self.seconds = [seconds]

    def tolerance_of_path(self):
        """The loosest tolerance for a path of the same data."""
        cache = f"{self.cache}-path"  # the cold start is that of cross-validation
        path = Entrant(self.library, self.problem.as_path(), cache, self.limit)
        try:
            path.start()
        finally:
            path.stop()
        return path.found["tol"]

    def again(self):
        """One more warm call, unless enough time was spent."""
        if not self.seconds or sum(self.seconds) < ENOUGH:
            self.seconds.append(self.worker.ask("again", self.found["tol"]))

    def measure_memory(self):
        """Peak memory of one call in a fresh process; long calls keep that of their first one."""
        self.stop()
        if max(self.seconds) > ENOUGH:
            return
        with Worker(self.library, self.problem, self.cache, self.limit) as worker:
            worker.ask("load_library")
            worker.ask("warm_up", self.found["tol"])
            worker.ask("load_data")
            self.found["peak_memory_mb"] = worker.ask("call", self.found["tol"])[1]

    def stop(self):
        if self.worker is not None:
            self.worker.stop()
            self.worker = None

    def row(self):
        """What was found, as strings by field."""
        row = dict.fromkeys(FIELDS, "")
        row |= {"problem": self.problem.name, "library": self.library, "status": self.status}
        if self.status.startswith("timeout"):
            row["warm_cpu_s"] = f"{self.limit:g}"
        elif self.seconds:
            row["warm_cpu_s"] = f"{median(self.seconds):.4g}"
        forms = {"version": "s", "cold_s": ".3g", "objective": ".10g", "gap": ".2e", "tol": "g"}
        forms["peak_memory_mb"] = ".1f"
        for name, value in self.found.items():
            row[name] = format(value, forms[name])
        return row
