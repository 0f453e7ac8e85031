"""Pictures of gains: functions that draw a report into axes and return the axes."""

from functools import partial

import numpy as np

from skmtl.inspection._gain_axis import edges_of, gain_axis, gain_text, log_gain, view_of
from skmtl.inspection._names import fit_names, fit_some_names, short_names
from skmtl.inspection._style import (
    axes_of,
    count,
    height_of,
    jitter,
    log_axis,
    width_of,
    with_notes,
)
from skmtl.inspection._verdict_marks import (
    MARKS,
    SURE,
    legend_of_verdicts,
    mark_size,
    mark_tasks,
    tasks_with_gain,
)

_LABEL = "gain over learning alone (log scale)"
_BAND = "0.9"  # the grey of bands
_MAX_NAMED = 60  # tasks; of more, only those of a sure verdict have a name
_ARROW_LEFT = 4  # matplotlib's markers whose tip is at their place
_ARROW_RIGHT = 5
_MAX_OWN = 300  # tasks; the ticks of more would hide the gains


def gains_of_tasks(report, ax):
    """Gains with their intervals, one line for each task."""
    table, notes = tasks_with_gain(report.table_, report.noun)
    order = np.argsort(table["gain"], kind="stable")
    table = table[order]
    n_tasks = len(table)
    names = short_names(table["task"])
    edges = edges_of(table["gain"])
    ax = axes_of(ax, width_of(names), _height(n_tasks))
    ends = [table[name] for name in ("gain", "own_gain", "ci_low", "ci_high")]
    view = view_of(np.concatenate(ends), edges)
    _draw_median_band(ax, report.summary_, view)
    ax.axvline(0.0, color="black", linewidth=0.8, zorder=1)
    _draw_intervals(ax, table, view)
    _draw_own_gains(ax, table, view, report.noun)
    mark_tasks(ax, np.clip(table["gain"], *edges), np.arange(n_tasks), table["verdict"])
    notes += _gains_beyond(ax, table, edges, report.noun)
    gain_axis(ax.xaxis, view)
    ax.set_ylim(-0.7, max(n_tasks, 1) - 0.3)
    ax.set_xlabel(with_notes(_LABEL, notes))
    legend_of_verdicts(ax)
    if n_tasks <= _MAX_NAMED:
        fit_names(ax, y=names)
    else:
        _name_sure_tasks(ax, table, names, report.noun)
    return ax


def _height(n_tasks):
    """Height in inches of a figure with a line for each task."""
    if n_tasks <= _MAX_NAMED:
        return height_of(n_tasks)
    return 1.8 + np.clip(0.07 * n_tasks, 6.0, 9.0)


def _draw_intervals(ax, table, view):
    """A line for the interval of each task, cut off a little outside of the view."""
    low, high = view_of(view, view)
    lines = np.arange(len(table))
    width = 1.2 if len(table) <= _MAX_NAMED else 0.6
    for verdict, mark in MARKS.items():
        selected = table["verdict"] == verdict
        if not selected.any():
            continue
        starts = np.clip(table["ci_low"][selected], low, high)
        ends = np.clip(table["ci_high"][selected], low, high)
        ax.hlines(lines[selected], starts, ends, color=mark.color, linewidth=width, alpha=0.6)


def _draw_own_gains(ax, table, view, noun):
    """A black tick at the gain that each task shows by itself, before it is shrunk.

    An arrow at an end of the axis stands for one beyond it.
    """
    low, high = view
    own = table["own_gain"]
    if len(table) > _MAX_OWN:
        return
    size = 2 * mark_size(len(table))
    is_shown = (own > low) & (own < high)
    if is_shown.any():
        ax.scatter(
            own[is_shown],
            np.flatnonzero(is_shown),
            size,
            color="black",
            marker="|",
            linewidths=1.0 if len(table) <= _MAX_NAMED else 0.6,
            zorder=5,
            label=f"own estimate of the {noun.one}",
        )
    _draw_arrows(ax, np.flatnonzero(own <= low), low, size, _ARROW_LEFT)
    _draw_arrows(ax, np.flatnonzero(own >= high), high, size, _ARROW_RIGHT)


def _draw_arrows(ax, lines, end, size, marker):
    """Arrows at an end of the axis, on lines whose own estimate is beyond it."""
    if len(lines) == 0:
        return
    places = np.full(len(lines), end)
    label = "own estimate beyond the end"
    _, labels = ax.get_legend_handles_labels()
    if label in labels:
        label = None
    ax.scatter(places, lines, size, color="black", marker=marker, zorder=5, label=label)


def _gains_beyond(ax, table, edges, noun):
    """Write the gains that are beyond the edges; or only notes on their number, for many tasks."""
    low, high = edges
    is_below = table["gain"] < low
    is_above = table["gain"] > high
    if len(table) > _MAX_NAMED:
        return _notes_beyond(is_below.sum(), is_above.sum(), edges, noun.count)
    for line in np.flatnonzero(is_below):
        inner_end = np.clip(table["ci_high"][line], low, high)
        _write_beside(ax, f"← {gain_text(table['gain'][line])}", inner_end, line, is_right=True)
    for line in np.flatnonzero(is_above):
        inner_end = np.clip(table["ci_low"][line], low, high)
        _write_beside(ax, f"{gain_text(table['gain'][line])} →", inner_end, line, is_right=False)
    return []


def _write_beside(ax, text, x, line, is_right):
    """Write a text to the right or to the left of a place on a line."""
    ax.annotate(
        text,
        (x, line),
        xytext=(7 if is_right else -7, 0),
        textcoords="offset points",
        ha="left" if is_right else "right",
        va="center",
        fontsize=7,
        color="0.3",
    )


def _notes_beyond(n_below, n_above, edges, count_of):
    """Notes on the numbers of gains beyond the edges, if there are any.

    `count_of` writes a number with its noun.
    """
    low, high = edges
    notes = []
    if n_below:
        notes.append(f"{count_of(n_below)} below {gain_text(low)}, drawn there")
    if n_above:
        notes.append(f"{count_of(n_above)} above {gain_text(high)}, drawn there")
    return notes


def _draw_median_band(ax, summary, view):
    """The median gain and its interval, if there is a median gain."""
    median = summary["median_gain"]
    low = summary["median_gain_low"]
    high = summary["median_gain_high"]
    if not np.isfinite([low, median, high]).all():
        return
    outside = view_of(view, view)
    start, end = np.clip([low, high], *outside)
    ax.axvspan(start, end, color=_BAND, linewidth=0, zorder=0)
    ax.axvline(
        np.clip(median, *view),
        color="0.3",
        linewidth=1,
        linestyle="--",
        zorder=1,
        label=f"median gain {gain_text(median)} [{gain_text(low)}, {gain_text(high)}]",
    )


def _name_sure_tasks(ax, table, names, noun):
    """Write the names of the tasks of a sure verdict, the largest changes first."""
    lines = np.flatnonzero(np.isin(table["verdict"], SURE))
    change = np.abs(log_gain(table["gain"][lines]))
    most_wanted = np.argsort(-change, kind="stable")
    label = noun.count(len(table))
    ax.set_ylabel(label)
    n_written = fit_some_names(ax, [names[line] for line in lines], lines, most_wanted)
    if n_written:
        ax.set_ylabel(f"{label}; named: helped, harmed")


def gains_by_size(report, ax):
    """Gains against the number of training samples, with the curve that was fitted to them."""
    table, notes = tasks_with_gain(report.table_, report.noun)
    gains = table["gain"]
    n_train = table["n_train"]
    edges = edges_of(gains)
    ax = axes_of(ax, 6.4, 4.6)
    ax.axhline(0.0, color="black", linewidth=0.8, zorder=1)
    is_one_size = len(table) > 0 and n_train.max() - n_train.min() < 0.5
    places = n_train
    if is_one_size:
        places = n_train.mean() + 0.4 * jitter(len(table))  # side by side around the one size
    _size_axis(ax, n_train, is_one_size)
    drawn = _draw_size_curve(ax, report, n_train, is_one_size, edges)
    mark_tasks(ax, places, np.clip(gains, *edges), table["verdict"])
    n_below = (gains < edges[0]).sum()
    n_above = (gains > edges[1]).sum()
    notes += _notes_beyond(n_below, n_above, edges, report.noun.count)
    ax.set_xlabel(with_notes(f"training samples of the {report.noun.one}", notes))
    ax.set_ylabel(_LABEL)
    gain_axis(ax.yaxis, view_of(np.concatenate([gains, *drawn]), edges))
    legend_of_verdicts(ax)
    return ax


def _size_axis(ax, n_train, is_one_size):
    """Limits, ticks and scale of the axis of sizes."""
    if len(n_train) == 0:
        return
    smallest = n_train.min()
    largest = n_train.max()
    if is_one_size:
        size = n_train.mean()
        ax.set_xlim(size - 1, size + 1)
        ax.set_xticks([size], [f"{size:.3g}"])
    elif largest > 10 * smallest > 0:
        log_axis(ax.xaxis, n_train)
        ax.set_xlim(smallest / 1.15, largest * 1.15)
    else:
        margin = 0.04 * (largest - smallest)
        ax.set_xlim(smallest - margin, largest + margin)


def _draw_size_curve(ax, report, n_train, is_one_size, edges):
    """Draw the typical gain at each size with its band; return what is drawn, as a list."""
    if len(n_train) == 0:
        return []
    low, high = ax.get_xlim()
    if is_one_size:
        places = np.array([low, high])
        sizes = np.full(2, n_train.mean())
    else:
        fewest = max(n_train.min(), 1.0)  # the curve begins at one sample
        places = np.geomspace(fewest, n_train.max(), 100)
        sizes = places
    curve = np.clip(report.size_curve(sizes), *edges)
    if not np.isfinite(curve).all():
        return []
    gain, lower, upper = curve
    ax.fill_between(places, lower, upper, color=_BAND, linewidth=0, zorder=0)
    label = f"typical gain at this size, {report.confidence_level:.0%} band"
    ax.plot(places, gain, color="0.3", linewidth=1.2, linestyle="--", zorder=1, label=label)
    return [lower, upper]


def gains_of_models(ranking, ax):
    """Gains of all tasks and their median, one line for each estimator."""
    methods = ranking.ranking_["method"].tolist()
    names = [name for name in methods if name in ranking.reports_]
    names.reverse()  # the best on top
    n_names = len(names)
    tables = []
    n_missing = 0
    for name in names:
        report = ranking.reports_[name]
        table, _ = tasks_with_gain(report.table_, report.noun)
        n_missing += len(report.table_) - len(table)
        tables.append(table)
    gains = np.concatenate([table["gain"] for table in tables])
    edges = edges_of(gains)
    ax = axes_of(ax, width_of(names), height_of(2.5 * n_names))
    _draw_gains(ax, tables, edges)
    drawn = _draw_medians(ax, [ranking.reports_[name].summary_ for name in names])
    notes = []
    if n_missing:
        notes.append(f"{count(n_missing, 'gain')} missing: see the notes of the reports")
    count_of = partial(count, noun="gain")
    notes += _notes_beyond((gains < edges[0]).sum(), (gains > edges[1]).sum(), edges, count_of)
    ax.axvline(0.0, color="black", linewidth=0.8, zorder=1)
    gain_axis(ax.xaxis, view_of(np.concatenate([gains, drawn]), edges))
    ax.set_ylim(-0.6, n_names - 0.4)
    ax.set_xlabel(with_notes(_LABEL, notes))
    legend_of_verdicts(ax)
    fit_names(ax, y=short_names(names))
    return ax


def _draw_gains(ax, tables, edges):
    """Draw the gains of all tasks, a strip for each estimator."""
    heights = []
    for line, table in enumerate(tables):
        # The medians are on the lines, and the tasks below them.
        heights.append(line - 0.24 + 0.3 * jitter(len(table)))
    gains = np.concatenate([table["gain"] for table in tables])
    verdicts = np.concatenate([table["verdict"] for table in tables])
    shown = np.clip(gains, *edges)
    mark_tasks(ax, shown, np.concatenate(heights), verdicts, with_counts=False)


def _draw_medians(ax, summaries):
    """Draw the median gains of estimators and their intervals; return the gains that are drawn."""
    names = ("median_gain", "median_gain_low", "median_gain_high")
    values = np.array([[summary[name] for name in names] for summary in summaries])
    values = values.reshape(-1, 3)
    is_known = np.isfinite(values).all(axis=1)
    lines = np.flatnonzero(is_known) + 0.16
    medians, lows, highs = values[is_known].T
    ax.hlines(lines, lows, highs, color="black", linewidth=2.5, zorder=5)
    label = "median gain with its interval"
    ax.scatter(medians, lines, 55, color="black", marker="D", zorder=6, label=label)
    return values[is_known].ravel()
