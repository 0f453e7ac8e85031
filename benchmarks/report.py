"""Print the results of run.py by problem, with the ratio to the fastest peer.

    python benchmarks/report.py FILE.csv [FILE.csv ...]
    python benchmarks/report.py FILE.csv --rst doc/performance_table.inc \\
        --rst-resources doc/performance_resources.inc

Rows of later files replace those of earlier ones. ``> 900`` is a call that was stopped after so
many seconds; a ratio to it is a lower bound. Peers that failed, for one because they do not reach
the gap, are in brackets with their time where there is one, and count in no ratio.
"""

import argparse
import csv
from pathlib import Path

from problems import PROBLEMS

US = "skmtl"
MEMORY_PROBLEMS = ("fit-20000x500x20", "path-5000x300x20", "cv-5000x300x20", "fit-300x20000x20")
COLD_PROBLEM = "tiny-fit"  # whose first call is the cold start of a library
TITLES = {"sklearn": "scikit-learn", "fista": "NumPy FISTA", "cvxpy": "cvxpy + Clarabel"}


def read(paths):
    """Rows by problem and library."""
    rows = {}
    for path in paths:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                rows.setdefault(row["problem"], {})[row["library"]] = row
    return rows


def seconds(row):
    """CPU seconds, or None without a result that counts; a lower bound after a timeout."""
    if row is None or row["status"].startswith("failed"):
        return None
    return float(row["warm_cpu_s"])


def stopped(row):
    return row["status"].startswith("timeout")


def fastest_peer(rows):
    """The row of the fastest peer of a problem; one that finished if there is one."""
    peers = [row for name, row in rows.items() if name != US and seconds(row) is not None]
    return min(peers, key=lambda row: (stopped(row), seconds(row)), default=None)


def ratio(rows):
    """How many times faster than the fastest peer skmtl is, as text; empty if unknown."""
    ours = rows.get(US)
    peer = fastest_peer(rows)
    if peer is None or seconds(ours) is None or stopped(ours):
        return ""
    times = f"{seconds(peer) / seconds(ours):.3g}"
    return f"> {times}" if stopped(peer) else times


def figure(value):
    """Seconds in three figures."""
    return f"{value:#.3g}".rstrip(".")


def time_text(row):
    """The time of a row."""
    if row is None:
        return ""
    if stopped(row):
        return f"> {row['warm_cpu_s']}"
    if row["status"].startswith("failed"):
        return f"({figure(float(row['warm_cpu_s']))})" if row["warm_cpu_s"] else "(failed)"
    return figure(float(row["warm_cpu_s"]))


def print_text(rows):
    for problem in PROBLEMS:
        if problem.name not in rows:
            continue
        print(f"\n{problem.name} ({problem.kind})")
        for library, row in sorted(
            rows[problem.name].items(), key=lambda pair: seconds(pair[1]) or float("inf")
        ):
            memory = f"{row['peak_memory_mb']:>9} MB" if row["peak_memory_mb"] else ""
            reason = "" if row["status"] == "ok" else row["status"]
            print(f"  {library:10}{time_text(row):>12} s   gap {row['gap']:9}{memory}   {reason}")
        print(f"  ratio to the fastest peer: {ratio(rows[problem.name]) or '?'}")


# ---------------------------------------------------------------- for the documentation


def cells(problem, rows):
    """One row of the table: problem, skmtl, the fastest peer, the other peers, ratio."""
    here = rows[problem.name]
    best = fastest_peer(here)
    others = [
        f"{TITLES.get(name, name)} {time_text(row)}"
        for name, row in here.items()
        if name != US and row is not best
    ]
    return [
        f"``{problem.name}``",
        time_text(here.get(US)),
        f"{TITLES.get(best['library'], best['library'])} {time_text(best)}" if best else "",
        ", ".join(others),
        ratio(here),
    ]


def list_table(widths, table):
    """A reStructuredText table whose first row is the header."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in table:
        marks = ["   * -", *["     -"] * (len(row) - 1)]
        lines += [f"{mark} {cell}".rstrip() for mark, cell in zip(marks, row, strict=True)]
    return "\n".join(lines) + "\n"


def times_table(rows):
    """Seconds of all libraries, by problem."""
    header = ["problem", "skmtl", "fastest peer", "other peers", "ratio"]
    table = [cells(problem, rows) for problem in PROBLEMS if problem.name in rows]
    return list_table("26 10 20 34 10", [header, *table])


def resources_table(rows):
    """Version, cold start and peak memory, by library."""
    problems = [name for name in MEMORY_PROBLEMS if name in rows]
    table = [["library", "version", "cold start, s", *(f"``{name}``, MB" for name in problems)]]
    for library in dict.fromkeys(library for here in rows.values() for library in here):
        mine = [here[library] for here in rows.values() if library in here]
        small = rows.get(COLD_PROBLEM, {}).get(library, {})
        memory = [rows[name].get(library, {}).get("peak_memory_mb", "") for name in problems]
        cold = f"{float(small['cold_s']):.3g}" if small.get("cold_s") else ""
        title = TITLES.get(library, library)
        if cold or any(memory):
            table.append([title, mine[-1]["version"], cold, *memory])
    return list_table(" ".join(["16"] * len(table[0])), table)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("files", nargs="+", type=Path)
    options.add_argument("--rst", type=Path, help="write the table of times for the documentation")
    options.add_argument("--rst-resources", type=Path, help="write that of memory and cold starts")
    options = options.parse_args()
    rows = read(options.files)
    print_text(rows)
    if options.rst:
        options.rst.write_text(times_table(rows))
    if options.rst_resources:
        options.rst_resources.write_text(resources_table(rows))


if __name__ == "__main__":
    main()
