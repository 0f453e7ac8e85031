"""Pictures of errors: functions that draw a report into axes and return the axes."""

import numpy as np

from skmtl.inspection._names import LITERAL, fit_names, short_names
from skmtl.inspection._style import (
    BLUE,
    GREY,
    axes_of,
    count,
    height_of,
    is_wide,
    log_axis,
    width_of,
    with_notes,
)
from skmtl.inspection._verdict_marks import legend_of_verdicts, mark_tasks


def errors_of_tasks(report, ax):
    """Errors of tasks alone against errors with sharing."""
    table = report.table_
    has_single = np.isfinite(table["error_single"])
    has_multi = np.isfinite(table["error_multi"])
    has_errors = has_single & has_multi
    n_missing = int((~has_errors).sum())
    notes = []
    if n_missing:
        notes.append(f"{report.noun.count(n_missing)} without an error")
    table = table[has_errors]
    single = table["error_single"]
    multi = table["error_multi"]
    errors = np.concatenate([single, multi])
    is_logarithmic = is_wide(errors)
    limits = _limits(errors, is_logarithmic)

    ax = axes_of(ax, 5.2, 5.4)
    mark_tasks(ax, single, multi, table["verdict"])
    label = "equal; below it sharing helped"
    ax.plot(limits, limits, color="black", linewidth=0.8, zorder=1, label=label)
    if is_logarithmic:
        log_axis(ax.xaxis, errors)
        log_axis(ax.yaxis, errors)
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    error_name = report.error_name.replace("_", " ")
    ax.set_xlabel(with_notes(f"error alone ({error_name})", notes))
    ax.set_ylabel("error with sharing")
    _name_extremes(ax, table)
    legend_of_verdicts(ax)
    return ax


def _limits(values, is_logarithmic):
    """Limits of an axis that shows all values."""
    if len(values) == 0:
        return 0.0, 1.0
    low = values.min()
    high = values.max()
    if is_logarithmic:
        return low / 1.3, high * 1.3
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def _name_extremes(ax, table):
    """Write the names of the tasks of the largest gain and of the largest loss."""
    if len(table) == 0:
        return
    is_finite = np.isfinite(table["gain"])
    gain = np.where(is_finite, table["gain"], 0.0)
    best = int(gain.argmax())
    worst = int(gain.argmin())
    if gain[best] > 0 and best != worst:
        _name_task(ax, table[best])
    if gain[worst] < 0:
        _name_task(ax, table[worst])


def _name_task(ax, record):
    """Write the name of a task beside its mark, on the side of the middle of the axes."""
    from matplotlib.patheffects import withStroke

    place = (record["error_single"], record["error_multi"])
    middle = ax.transAxes.transform((0.5, 0.5))[0]
    is_right = ax.transData.transform(place)[0] > middle
    (name,) = short_names([record["task"]])
    ax.annotate(
        name,
        place,
        xytext=(-6 if is_right else 6, 0),
        textcoords="offset points",
        ha="right" if is_right else "left",
        va="center",
        fontsize=8,
        path_effects=[withStroke(linewidth=2, foreground="white")],
        zorder=6,
        **LITERAL,
    )


def errors_of_splits(report, ax):
    """Mean errors over tasks in every split, one line for each method, the best on top."""
    return _splits_of_methods(report, {"multi"}, ax)


def errors_of_splits_of_models(ranking, ax):
    """The same for several estimators."""
    return _splits_of_methods(ranking, set(ranking.reports_), ax)


def _splits_of_methods(report, models, ax):
    """Mean errors in every split; `models` are the methods that share between tasks."""
    errors = report.cv_results_["errors"]
    methods = np.array(report.cv_results_["methods"])
    means = _means_over_tasks(errors)
    if len(means):
        order = np.argsort(-means.mean(axis=0))
        means = means[:, order]
        methods = methods[order]
    names = short_names(methods)
    n_methods = len(methods)
    lines = np.arange(n_methods)
    ax = axes_of(ax, width_of(names), height_of(1.6 * n_methods))
    if len(means):
        alpha = float(np.clip(4 / len(means), 0.05, 0.4))
        ax.plot(means.T, lines, color=GREY, linewidth=0.6, alpha=alpha, zorder=1)
        for line, method in enumerate(methods.tolist()):
            color = BLUE if method in models else GREY
            _draw_method(ax, line, means[:, line], color)
    ax.set_ylim(-0.6, n_methods - 0.4)
    if is_wide(means.ravel()):
        log_axis(ax.xaxis, means)
    error_name = report.error_name.replace("_", " ")
    notes = ["a dot for each split"]
    notes += _notes_on_infinite(errors)
    ax.set_xlabel(with_notes(f"{error_name}, mean over tasks", notes))
    fit_names(ax, y=names)
    return ax


def _means_over_tasks(errors):
    """Mean errors over the tasks with finite errors of all methods, (n_splits, n_methods).

    Splits without such a task are left out.
    """
    is_complete = np.isfinite(errors).all(axis=2, keepdims=True)
    n_tasks = is_complete.sum(axis=1)
    sums = np.where(is_complete, errors, 0.0).sum(axis=1)
    means = sums / np.maximum(n_tasks, 1)
    return means[n_tasks[:, 0] > 0]


def _draw_method(ax, line, values, color):
    """The errors of a method as dots, their middle half as a bar, their median as a stroke."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    lines = np.full(len(values), line)
    ax.hlines(line, low, high, color=color, linewidth=9, alpha=0.35)
    ax.scatter(values, lines, 9, color=color, zorder=3)
    ax.scatter(middle, line, 260, color=color, marker="|", linewidths=2, zorder=4)


def _notes_on_infinite(errors):
    """A note on the tasks with an infinite error in some split, if there are any."""
    is_infinite = np.isinf(errors).any(axis=(0, 2))
    n_infinite = int(is_infinite.sum())
    if n_infinite == 0:
        return []
    return [f"left out: {count(n_infinite, 'task')} with an infinite error in some split"]
