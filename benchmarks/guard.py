"""Is this checkout slower than another one? CPU time of a dozen problems, both taking turns.

    python benchmarks/guard.py main
    python benchmarks/guard.py ../other --rounds 15 --fail-above 1.5

The other one is a directory with a checkout, or a revision that is checked out into a temporary
directory, where everything is compiled again: for several runs, make a worktree and name it.

For each problem, a process of each checkout solves it once without being timed. Then they take
turns, in one thread. A ratio is the time of this checkout divided by that of the other in the same
round; printed are the median of the times, and the median and the quartiles of the ratios. A
problem is marked if its median is beyond `--mark` and its quartiles do not enclose 1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from guard_problems import PROBLEMS
from options import add_only, chosen
from workers import THREADS

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = ("problem", "other, s", "this, s", "ratio", "quartiles", "")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", help="directory of a checkout, or a revision")
    parser.add_argument("--rounds", type=int, default=7, help="times of each problem (7)")
    add_only(parser, PROBLEMS)
    parser.add_argument("--mark", type=float, default=1.15, help="ratio beyond which to mark")
    parser.add_argument("--fail-above", type=float, help="exit with 1 if a marked ratio is above")
    parser.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = parser.parse_args()
    options.problems = chosen(parser, PROBLEMS, options.only)
    return options


@contextmanager
def checkout(other):
    """The directory of a checkout: an existing one, or a temporary one of a revision."""
    if Path(other).is_dir():
        yield Path(other).resolve()
        return
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "other"
        subprocess.run([*git, "add", "--quiet", "--detach", path, other], check=True)
        try:
            yield path
        finally:
            subprocess.run([*git, "remove", "--force", path], check=True)


class Checkout:
    """A process that solves problems with the skmtl of a directory."""

    def __init__(self, directory):
        threads = dict.fromkeys(THREADS, "1")
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("guard_problems.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **threads, "PYTHONPATH": str(directory)},
        )
        imported = Path(self._answer())
        if directory not in imported.parents:
            raise RuntimeError(f"{directory} has no skmtl: {imported} was imported.")

    def seconds(self, problem):
        """CPU seconds of a problem; RuntimeError with the reason if it cannot be solved."""
        print(json.dumps(problem), file=self.process.stdin, flush=True)
        answer = self._answer()
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the process ended")
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()


def take_turns(this, other, problem, rounds):
    """Seconds of (this, other) in every round; each begins every second round."""
    for one in (other, this):
        one.seconds(problem)
    pairs = []
    for number in range(rounds):
        first, second = (this, other) if number % 2 else (other, this)
        seconds = {one: one.seconds(problem) for one in (first, second)}
        pairs.append((seconds[this], seconds[other]))
    return np.array(pairs)


def verdict(ratios, mark):
    """What a row is marked with, if the quartiles agree with the median."""
    low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
    if middle > mark and low > 1:
        return "slower"
    if middle < 1 / mark and high < 1:
        return "faster"
    return ""


def row_of(problem, pairs, mark):
    """The cells of a problem."""
    this, other = np.median(pairs, axis=0)
    ratios = pairs[:, 0] / pairs[:, 1]
    low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
    times = [f"{other:.3g}", f"{this:.3g}"]
    return [problem, *times, f"{middle:.2f}", f"{low:.2f} to {high:.2f}", verdict(ratios, mark)]


def too_slow(pairs, mark, limit):
    """Whether a problem is marked as slower, by a ratio above the limit."""
    ratios = pairs[:, 0] / pairs[:, 1]
    return verdict(ratios, mark) == "slower" and np.median(ratios) > limit


def table(rows):
    """The rows as a reStructuredText table."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 36 12 12 10 18 12", ""]
    for cells in (COLUMNS, *rows):
        marks = ["   * -", *["     -"] * (len(cells) - 1)]
        lines += [f"{mark} {cell}".rstrip() for mark, cell in zip(marks, cells, strict=True)]
    return "\n".join(lines) + "\n"


def main():
    options = parse()
    rows, failed = [], []
    width = max(map(len, PROBLEMS))
    print(f"{COLUMNS[0]:{width}}", *(f"{column:>12}" for column in COLUMNS[1:]))
    with (
        checkout(options.other) as directory,
        Checkout(directory) as other,
        Checkout(ROOT) as this,
    ):
        for problem in options.problems:
            try:
                pairs = take_turns(this, other, problem, options.rounds)
            except RuntimeError as error:
                print(f"{problem:{width}} {error}", flush=True)
                continue
            rows.append(row_of(problem, pairs, options.mark))
            if options.fail_above and too_slow(pairs, options.mark, options.fail_above):
                failed.append(problem)
            name, *cells = rows[-1]
            print(f"{name:{width}}", *(f"{cell:>12}" for cell in cells), flush=True)
    if options.rst:
        options.rst.write_text(table(rows))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
