"""Measure the libraries on the named problems, one CSV row for each pair.

    python benchmarks/run.py --list
    python benchmarks/run.py --out benchmarks.csv
    python benchmarks/run.py --only tiny-fit school-fit --libraries skmtl sklearn --out quick.csv
    python benchmarks/run.py --out benchmarks.csv --resume

Every library has a process of its own for every problem, with one thread and an empty cache of
compiled functions. After its first call its tolerances are walked to the loosest whose duality gap,
computed here, is at most 1e-6 of the objective of the empty model. The libraries then take turns;
warm_cpu_s is the median. cold_s is the CPU time of the import and the first call, at the loosest
tolerance tried. peak_memory_mb is the rise of resident memory during one call in one more process.
A call longer than a minute is made once. Cross-validation uses the tolerance that a path of all its
rows needs; its objective and gap are those of the refit.
"""

import argparse
import csv
import os
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from entrant import FIELDS, Entrant
from problems import BY_NAME, PROBLEMS, school
from workers import Worker

LIBRARIES = ("skmtl", "sklearn", "celer", "skglm", "adelie", "cvxpy", "mutar", "fista")


def parse():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--list", action="store_true", help="print the problems")
    options.add_argument("--only", nargs="+", metavar="NAME", choices=BY_NAME)
    options.add_argument("--kind", choices=("fit", "path", "cv"))
    options.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    options.add_argument("--time-limit", type=float, default=900, help="wall seconds of a call")
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--out", type=Path, help="CSV file; printed only if left out")
    options.add_argument("--resume", action="store_true", help="skip the pairs that --out has")
    options.add_argument("--data-home", help="scikit-learn's data folder, for the School data")
    return options.parse_args()


def read_rows(path):
    """Rows of an earlier run."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    """Print rows and append them to the file, if there is one."""
    for row in rows:
        print(*row.values(), sep=",", flush=True)
    if path is not None:
        with path.open("a", newline="") as file:
            csv.DictWriter(file, FIELDS).writerows(rows)


def able(libraries, problems, limit):
    """For every installed library, the names of the problems that it can be run on."""
    supported = {}
    for library in libraries:
        with TemporaryDirectory() as folder, Worker(library, None, folder, limit) as worker:
            try:
                worker.ask("load_library")
                supported[library] = worker.ask("supported", problems)
            except RuntimeError as error:
                print(f"{library} is left out: {error}", file=sys.stderr)
    return supported


@cache
def have_school(limit):
    """Whether the School data are there or can be downloaded."""
    problem = BY_NAME["school-fit"]
    with TemporaryDirectory() as folder, Worker("fista", problem, folder, limit) as worker:
        try:
            worker.ask("load_data")
        except RuntimeError as error:
            print(f"The School problems are skipped, no data: {error}", file=sys.stderr)
            return False
    return True


def race(problem, libraries, tolerances, options):
    """Rows of all libraries on one problem, measured in turns."""
    with TemporaryDirectory() as caches:
        entrants = [
            Entrant(
                library,
                problem,
                Path(caches) / library,
                options.time_limit,
                tolerances.get((problem.path, library)),
            )
            for library in libraries
        ]
        try:
            for entrant in entrants:
                entrant.attempt(entrant.start)
            for _ in range(options.repeats):
                for entrant in entrants:
                    entrant.attempt(entrant.again)
            for entrant in entrants:
                entrant.attempt(entrant.measure_memory)
        finally:
            for entrant in entrants:
                entrant.stop()
        return [entrant.row() for entrant in entrants]


def wanted(options):
    """The problems that the options name, in the order of the registry."""
    return [
        problem
        for problem in PROBLEMS
        if (not options.only or problem.name in options.only)
        and options.kind in (None, problem.kind)
    ]


def missing(problem, supported, rows):
    """Libraries that can run a problem and have no row of it yet."""
    done = {row["library"] for row in rows if row["problem"] == problem.name}
    return [
        library
        for library, names in supported.items()
        if problem.name in names
        and library not in done
        and (not problem.libraries or library in problem.libraries)
    ]


def earlier_rows(options):
    """Rows of the file to go on with; starts the file if there is none."""
    if options.out is None:
        return []
    if not options.out.exists():
        options.out.write_text(",".join(FIELDS) + "\n")
    elif not options.resume:
        sys.exit(f"{options.out} exists: give --resume to go on with it, or another name.")
    return read_rows(options.out)


def main():
    options = parse()
    problems = wanted(options)
    if options.list:
        for problem in problems:
            print(f"{problem.name:28}{problem.kind}")
        return
    if options.data_home:
        os.environ["SCIKIT_LEARN_DATA"] = options.data_home
    rows = earlier_rows(options)
    print(*FIELDS, sep=",")
    supported = able(options.libraries, problems, options.time_limit)
    for problem in problems:
        libraries = missing(problem, supported, rows)
        if not libraries or (problem.make is school and not have_school(options.time_limit)):
            continue
        fine = [row for row in rows if row["status"] == "ok"]
        tolerances = {(row["problem"], row["library"]): float(row["tol"]) for row in fine}
        new = race(problem, libraries, tolerances, options)
        write_rows(options.out, new)
        rows += new


if __name__ == "__main__":
    main()
