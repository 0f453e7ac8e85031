"""Time of a path against the numbers of samples, features, tasks and strengths.

    python benchmarks/scaling.py --out scaling.csv --plot doc/images/scaling.svg
    python benchmarks/scaling.py --read scaling.csv --plot doc/images/scaling.svg

One number varies, the others stay those of BASE. Both libraries solve to a relative duality gap of
1e-6 at their loosest tolerance, in one thread, each point in a process of its own. A library that
takes longer than the limit is not measured further along that axis.
"""

import argparse
import csv
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from entrant import Entrant
from problems import Problem, decades, shared

BASE = {"n_samples": 2000, "n_features": 200, "n_tasks": 20, "n_alphas": 50}
EPS, RHO = 1e-2, 0.5
AXES = {
    "n_samples": (1000, 3000, 10_000, 30_000, 100_000),
    "n_features": (100, 300, 1000, 3000, 10_000),
    "n_tasks": (2, 6, 20, 60, 200),
    "n_alphas": (10, 30, 100, 300),
}
FIELDS = ("axis", "value", "library", "cpu_s", "gap")
TITLES = {"skmtl": "skmtl", "sklearn": "scikit-learn"}
COLORS = {"skmtl": "#0b5394", "sklearn": "#c55a11"}
LABELS = {
    "n_samples": "samples",
    "n_features": "features",
    "n_tasks": "tasks",
    "n_alphas": "strengths of the path",
}


def problem_at(axis, value):
    """The path problem with one number changed."""
    sizes = BASE | {axis: value}
    make = partial(shared, sizes["n_samples"], sizes["n_features"], sizes["n_tasks"], RHO)
    grid = decades(sizes["n_alphas"], EPS)
    return Problem(f"{axis}-{value}", "path", "dense", make, grid)


def measure(library, problem, cache, limit):
    """CPU seconds at the loosest tolerance that reaches the gap, and that gap."""
    entrant = Entrant(library, problem, cache, limit)
    try:
        entrant.start()
        entrant.again()
        return entrant.seconds[-1], entrant.found["gap"]
    finally:
        entrant.stop()


def measure_all(limit):
    """Rows of all axes, as they are measured."""
    with TemporaryDirectory() as cache:
        for library in TITLES:
            for axis, values in AXES.items():
                for value in values:
                    try:
                        seconds, gap = measure(library, problem_at(axis, value), cache, limit)
                    except TimeoutError:
                        break
                    figures = (axis, value, library, f"{seconds:.4g}", f"{gap:.2e}")
                    yield dict(zip(FIELDS, figures, strict=True))


def plot(rows, path):
    """Four panels, one for each axis, both scales logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "skmtl", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(2, 2, figsize=(8, 6), sharey=True, layout="constrained")
    for panel, axis in zip(panels.flat, AXES, strict=True):
        for library, title in TITLES.items():
            points = [
                (float(row["value"]), float(row["cpu_s"]))
                for row in rows
                if row["axis"] == axis and row["library"] == library
            ]
            if points:
                xs, ys = zip(*points, strict=True)
                panel.loglog(xs, ys, "o-", ms=4, color=COLORS[library], label=title)
        others = [f"{BASE[name]} {LABELS[name].split()[0]}" for name in AXES if name != axis]
        panel.set_title(", ".join(others), fontsize=8, color="0.35")
        panel.set_xlabel(LABELS[axis])
        panel.grid(which="major", color="0.9")
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[:, 0]:
        panel.set_ylabel("CPU seconds")
    panels[0, 0].legend(frameon=False, loc="upper left")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, help="CSV file to write")
    options.add_argument("--read", type=Path, help="CSV file to plot in place of measuring")
    options.add_argument("--plot", type=Path, help="figure to write, .svg or .png")
    options.add_argument("--time-limit", type=float, default=120, help="wall seconds of a call")
    options = options.parse_args()
    if options.read:
        with options.read.open(newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        rows = []
        print(*FIELDS, sep=",")
        for row in measure_all(options.time_limit):
            print(*row.values(), sep=",", flush=True)
            rows.append(row)
    if options.out:
        with options.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(rows)
    if options.plot:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
