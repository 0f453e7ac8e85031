"""How tasks are drawn in pictures of a comparison: color and shape tell the verdict."""

from typing import NamedTuple

import numpy as np

from skmtl.inspection._style import BLUE, GREY, ORANGE, SKY_BLUE, VERMILLION, legend_above


class Mark(NamedTuple):
    """How the tasks of a verdict are drawn."""

    color: str
    marker: str
    is_filled: bool


# Triangles point to where the task goes, and are filled if that is sure.
MARKS = {
    "helped": Mark(BLUE, "^", is_filled=True),
    "probably helped": Mark(SKY_BLUE, "^", is_filled=False),
    "open": Mark(GREY, "o", is_filled=True),
    "probably harmed": Mark(ORANGE, "v", is_filled=False),
    "harmed": Mark(VERMILLION, "v", is_filled=True),
    "not judged": Mark(GREY, "x", is_filled=True),
}
SURE = ("helped", "harmed")

_FEW = 60  # tasks; the marks of more are smaller
_MANY = 300


def mark_tasks(ax, x, y, verdicts, *, with_counts=True):
    """Draw a mark for each task, the verdicts that say most on top."""
    size = mark_size(len(verdicts))
    for verdict, mark in MARKS.items():
        selected = verdicts == verdict
        if not selected.any():
            continue
        label = f"{verdict} ({selected.sum()})" if with_counts else verdict
        draw_mark(ax, x[selected], y[selected], mark, size=size, label=label)


def draw_mark(ax, x, y, mark, *, size, label=None):
    """Draw marks of one kind."""
    # A cross has no inside: matplotlib takes its color from the edge, which it warns about.
    style = {"color": mark.color}
    if not mark.is_filled:
        style = {"facecolor": "white", "edgecolor": mark.color, "linewidth": 1.1}
    order = 4 if mark.is_filled and mark.color != GREY else 3
    ax.scatter(x, y, size, marker=mark.marker, zorder=order, label=label, **style)


def legend_of_verdicts(ax):
    """Add a legend above the axes, with the verdicts first, from good to bad."""
    handles, labels = ax.get_legend_handles_labels()
    verdicts = [label.split(" (")[0] for label in labels]
    is_other = [verdict not in MARKS for verdict in verdicts]
    order = np.argsort(is_other, kind="stable")
    legend_above(ax, n_columns=3, handles=[handles[k] for k in order])


def mark_size(n_tasks):
    """The size of the marks of this many tasks, in square points."""
    if n_tasks <= _FEW:
        return 32
    return 16 if n_tasks <= _MANY else 7


def tasks_with_gain(table, noun):
    """The records with a finite gain, and notes on the number of the others."""
    has_gain = np.isfinite(table["gain"])
    n_missing = int((~has_gain).sum())
    notes = []
    if n_missing:
        notes.append(f"{noun.count(n_missing)} not judged: see the notes of the report")
    return table[has_gain], notes
