"""What `benchmarks/guard.py` makes of times; nothing is timed here."""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = str(Path(__file__).parents[1] / "benchmarks")


@pytest.fixture
def guard(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield pytest.importorskip("guard")
    for name in ("guard", "guard_problems", "measure", "workers"):
        sys.modules.pop(name, None)


class Recorded:
    """A checkout whose times are known; `log` has who was asked, in order."""

    def __init__(self, name, times, log):
        self.name = name
        self.times = iter(times)
        self.log = log

    def seconds(self, problem):
        self.log.append(self.name)
        return next(self.times)


def test_the_first_time_of_each_does_not_count_and_each_begins_in_turn(guard):
    log = []
    this = Recorded("this", [9.0, 1.0, 2.0], log)
    other = Recorded("other", [9.0, 3.0, 4.0], log)
    pairs = guard.take_turns(this, other, "problem", rounds=2)
    assert pairs.tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert log[2:] == ["other", "this", "this", "other"]


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ([1.3, 1.4, 1.5], "slower"),
        ([0.5, 0.6, 0.7], "faster"),
        ([1.0, 1.05, 1.1], ""),  # not beyond the mark
        ([0.8, 0.8, 1.4, 1.5, 1.6], ""),  # the quartiles enclose 1
        ([1.4, 0.6, 0.7, 1.2], ""),
    ],
)
def test_marked_are_problems_whose_quartiles_agree(guard, ratios, expected):
    pairs = np.column_stack([ratios, np.ones(len(ratios))])
    assert guard.row_of("problem", pairs, 1.15)[-1] == expected
    inverse = {"slower": "faster", "faster": "slower", "": ""}[expected]
    assert guard.row_of("problem", pairs[:, ::-1], 1.15)[-1] == inverse
    assert guard.too_slow(pairs, 1.15, limit=1.3) == (expected == "slower")
    assert not guard.too_slow(pairs, 1.15, limit=2.0)


def test_rows_fill_the_table(guard):
    rows = [guard.row_of(name, np.array([[1.0, 2.0]]), 1.15) for name in guard.PROBLEMS]
    assert {len(row) for row in rows} == {len(guard.COLUMNS)}
    lines = guard.table(rows).splitlines()
    assert sum(line.startswith("   * - ") for line in lines) == 1 + len(rows)


def test_a_directory_is_taken_as_it_is(guard, tmp_path):
    with guard.checkout(str(tmp_path)) as directory:
        assert directory == tmp_path.resolve()
