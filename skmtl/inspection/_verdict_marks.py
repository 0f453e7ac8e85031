"""How tasks are drawn in pictures of a comparison: color and shape tell the verdict."""

import numpy as np

from skmtl.inspection._style import BLUE, GREY, VERMILLION, count

# Smaller gains are drawn at the edge: gains explode for tasks that are nearly perfect alone, and
# would hide all others.
EDGE = -2.0

MARKS = {  # color and marker
    "positive transfer": (BLUE, "^"),
    "inconclusive": (GREY, "o"),
    "negative transfer": (VERMILLION, "v"),
    "not judged": (GREY, "x"),
}


def mark_tasks(ax, x, y, verdicts):
    """Draw a mark for each task."""
    size = 32 if len(verdicts) < 60 else 14
    for verdict, (color, marker) in MARKS.items():
        selected = verdicts == verdict
        if not selected.any():
            continue
        ax.scatter(
            x[selected],
            y[selected],
            size,
            color=color,
            marker=marker,
            zorder=3,
            label=f"{verdict} ({selected.sum()})",
        )


def tasks_with_gain(table):
    """The records with a finite gain, and notes on the number of the others."""
    has_gain = np.isfinite(table["gain"])
    n_missing = int((~has_gain).sum())
    notes = []
    if n_missing:
        notes.append(f"{count(n_missing, 'task')} without a gain: see note")
    return table[has_gain], notes
