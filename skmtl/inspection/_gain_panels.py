"""Pictures of gains: functions that draw a report into axes and return the axes."""

import numpy as np

from skmtl.inspection._names import fit_names, short_names
from skmtl.inspection._style import (
    BLUE,
    GREY,
    axes_of,
    count,
    height_of,
    in_percent,
    jitter,
    legend_above,
    log_axis,
    width_of,
    with_notes,
)
from skmtl.inspection._verdict_marks import EDGE, MARKS, mark_tasks, tasks_with_gain

_LABEL = "gain over learning alone"


def gains_of_tasks(report, ax):
    """Gains with their intervals, one line for each task."""
    table, notes = tasks_with_gain(report.table_)
    order = np.argsort(table["gain"], kind="stable")
    table = table[order]
    names = short_names(table["task"])
    n_tasks = len(table)
    ax = axes_of(ax, width_of(names), height_of(n_tasks))
    low, high = _limits(table)
    lines = np.arange(n_tasks)
    shown = np.maximum(table["gain"], EDGE)
    _draw_intervals(ax, table, low - 1, high + 1)
    mark_tasks(ax, shown, lines, table["verdict"])
    for line, gain in enumerate(table["gain"]):
        if gain < EDGE:
            _write_gain(ax, gain, line)
    _draw_mean_band(ax, report.summary_)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.set_xlim(low, high)
    ax.set_ylim(-0.7, max(n_tasks, 1) - 0.3)
    ax.set_xlabel(with_notes(_LABEL, notes))
    in_percent(ax.xaxis)
    legend_above(ax)
    fit_names(ax, y=names)
    return ax


def _write_gain(ax, gain, line):
    """Write a gain that is beyond the edge."""
    ax.annotate(
        f"  ← {gain:.0%}",
        (EDGE, line),
        fontsize=7,
        va="center",
        color="0.3",
    )


def _limits(table):
    """Limits of an axis of gains: down to the edge at most, and as far up at most."""
    at_least = [-0.02, 0.02]
    values = np.concatenate([table["ci_low"], table["ci_high"], table["gain"], at_least])
    is_finite = np.isfinite(values)
    values = np.clip(values[is_finite], EDGE, -EDGE)
    low = values.min()
    high = values.max()
    margin = 0.04 * (high - low)
    return low - margin, high + margin


def _draw_intervals(ax, table, low, high):
    """A line for the interval of each task, cut off at `low` and `high`."""
    lines = np.arange(len(table))
    for verdict, (color, _) in MARKS.items():
        selected = table["verdict"] == verdict
        if not selected.any():
            continue
        starts = np.clip(table["ci_low"][selected], low, high)
        ends = np.clip(table["ci_high"][selected], low, high)
        ax.hlines(lines[selected], starts, ends, color=color, linewidth=1.2, alpha=0.6)


def _draw_mean_band(ax, summary):
    """The mean gain and its interval, if there is a mean gain."""
    mean = summary["delta_m"]
    low = summary["delta_m_low"]
    high = summary["delta_m_high"]
    if not np.isfinite(mean):
        return
    ax.axvspan(
        max(low, EDGE),
        max(high, EDGE),
        color=BLUE,
        alpha=0.12,
        linewidth=0,
    )
    ax.axvline(
        max(mean, EDGE),
        color=BLUE,
        linewidth=1,
        linestyle="--",
        label=f"mean gain {mean:+.1%} [{low:+.1%}, {high:+.1%}]",
    )


def gains_by_size(report, ax):
    """Gains against the number of training samples."""
    table, notes = tasks_with_gain(report.table_)
    n_train = table["n_train"]
    gains = table["gain"]
    ax = axes_of(ax, 6.4, 4.4)
    ax.axhline(0.0, color="black", linewidth=0.8, zorder=1)
    mark_tasks(ax, n_train, np.maximum(gains, EDGE), table["verdict"])
    n_beyond = int((gains < EDGE).sum())
    if n_beyond:
        notes.append(_note_on_edge(n_beyond, "task"))
    if len(table) and n_train.max() > 10 * n_train.min() > 0:
        log_axis(ax.xaxis, n_train)
    ax.set_xlabel(with_notes("training samples of the task", notes))
    ax.set_ylabel(_LABEL)
    in_percent(ax.yaxis)
    legend_above(ax, n_columns=3)
    return ax


def _note_on_edge(n, noun):
    return f"{count(n, noun)} below {EDGE:.0%}, drawn there"


def gains_of_models(ranking, ax):
    """Gains of all tasks and their mean, one line for each estimator."""
    methods = ranking.ranking_["method"].tolist()
    names = [name for name in methods if name in ranking.reports_]
    names.reverse()  # the best on top
    n_names = len(names)
    ax = axes_of(ax, width_of(names), height_of(2.0 * n_names))
    n_missing = 0
    n_beyond = 0
    drawn = [0.0]
    for line, name in enumerate(names):
        report = ranking.reports_[name]
        gains = report.table_["gain"]
        is_finite = np.isfinite(gains)
        n_missing += int((~is_finite).sum())
        gains = gains[is_finite]
        n_beyond += int((gains < EDGE).sum())
        drawn.extend(_draw_gains(ax, gains, line))
        drawn.extend(_draw_mean(ax, report.summary_, line))
    low = min(drawn)
    high = max(drawn)
    margin = 0.05 * max(high - low, 0.02)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(-0.6, n_names - 0.4)
    notes = []
    if n_missing:
        notes.append(f"{count(n_missing, 'gain')} of a task missing: see note")
    if n_beyond:
        notes.append(_note_on_edge(n_beyond, "gain"))
    ax.set_xlabel(with_notes(_LABEL, notes))
    in_percent(ax.xaxis)
    legend_above(ax)
    fit_names(ax, y=short_names(names))
    return ax


def _draw_gains(ax, gains, line):
    """Draw the gains of all tasks as dots; return where they are drawn."""
    shown = np.maximum(gains, EDGE)
    heights = line + 0.5 * jitter(len(gains))
    label = "a task" if line == 0 else None
    ax.scatter(shown, heights, 10, color=GREY, alpha=0.6, label=label)
    return shown


def _draw_mean(ax, summary, line):
    """Draw the mean gain of an estimator and its interval; return the ends of the interval."""
    low = max(summary["delta_m_low"], EDGE)
    mean = max(summary["delta_m"], EDGE)
    high = max(summary["delta_m_high"], EDGE)
    if not np.isfinite([low, mean, high]).all():
        return []
    ax.hlines(line, low, high, color=BLUE, linewidth=2.5, zorder=3)
    label = "mean over tasks, interval" if line == 0 else None
    ax.scatter(mean, line, 55, color=BLUE, marker="D", zorder=4, label=label)
    return [low, high]
