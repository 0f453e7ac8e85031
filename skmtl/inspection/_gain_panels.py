"""The pictures of :class:`TaskGainDisplay`: functions of a report and axes, which return axes."""

import numpy as np

from skmtl.inspection._style import (
    BLUE,
    GREY,
    VERMILLION,
    axes_of,
    count,
    fit_names,
    height_of,
    in_percent,
    is_wide,
    jitter,
    legend_above,
    log_axis,
    short_names,
    width_of,
    with_notes,
)

_VERDICTS = {  # color and marker
    "positive transfer": (BLUE, "^"),
    "inconclusive": (GREY, "o"),
    "negative transfer": (VERMILLION, "v"),
}


_EDGE = -2.0  # smaller gains explode for tasks that are nearly perfect alone, and would hide others
_BASELINES = ("single", "intercept", "pooled")


def gains_of_tasks(report, ax):
    """Gains with intervals, a row for each task."""
    table, notes = _with_gain(report.table_)
    table = table[np.argsort(table["gain"], kind="stable")]
    names = short_names(table["task"])
    ax = axes_of(ax, width_of(names), height_of(len(table)))
    rows, gain = np.arange(len(table)), np.maximum(table["gain"], _EDGE)
    low, high = _view(table)
    for verdict, (color, marker) in _VERDICTS.items():
        here = table["verdict"] == verdict
        if here.any():
            ends = np.clip([table["ci_low"][here], table["ci_high"][here]], low - 1, high + 1)
            ax.hlines(rows[here], *ends, color=color, linewidth=1.2, alpha=0.6)
            _dots(
                ax, gain[here], rows[here], color, marker, len(table), f"{verdict} ({here.sum()})"
            )
    for row in np.flatnonzero(table["gain"] < _EDGE):
        _write(ax, f"  ← {table['gain'][row]:.0%}", (_EDGE, row))
    _mean_gain(ax, report)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.set(xlim=(low, high), ylim=(-0.7, max(len(table), 1) - 0.3))
    ax.set_xlabel(with_notes("gain over learning alone", notes))
    in_percent(ax.xaxis)
    legend_above(ax)
    fit_names(ax, y=names)
    return ax


def _with_gain(table):
    """Rows with a finite gain, and a note on the others."""
    known = np.isfinite(table["gain"])
    lost = int((~known).sum())
    return table[known], [f"{count(lost, 'task')} without a gain: see note"] if lost else []


def _view(table):
    """Limits of an axis of gains: down to the edge, and as far up."""
    ends = [table[name] for name in ("ci_low", "ci_high", "gain")]
    ends = np.concatenate([*ends, [-0.02, 0.02]])
    ends = np.clip(ends[np.isfinite(ends)], _EDGE, -_EDGE)
    low, high = ends.min(), ends.max()
    margin = 0.04 * (high - low)
    return low - margin, high + margin


def _dots(ax, x, y, color, marker, n, label):
    ax.scatter(x, y, 32 if n < 60 else 14, color=color, marker=marker, zorder=3, label=label)


def _write(ax, text, place):
    ax.annotate(text, place, fontsize=7, va="center", color="0.3")


def _mean_gain(ax, report):
    """The band of the mean gain, where there is one."""
    s = report.summary_
    if np.isfinite(s["delta_m"]):
        mean = max(s["delta_m"], _EDGE)
        ends = [max(s[name], _EDGE) for name in ("delta_m_low", "delta_m_high")]
        ax.axvspan(*ends, color=BLUE, alpha=0.12, linewidth=0)
        label = "mean gain {delta_m:+.1%} [{delta_m_low:+.1%}, {delta_m_high:+.1%}]".format(**s)
        ax.axvline(mean, color=BLUE, linewidth=1, linestyle="--", label=label)


def errors_of_tasks(report, ax):
    """Errors alone against errors with sharing."""
    table = report.table_
    known = np.isfinite(table["error_single"]) & np.isfinite(table["error_multi"])
    lost = int((~known).sum())
    table, notes = table[known], [f"{count(lost, 'task')} without an error"] if lost else []
    ax = axes_of(ax, 5.2, 5.4)
    x, y = table["error_single"], table["error_multi"]
    both = np.concatenate([x, y])
    wide = is_wide(both)
    _by_verdict(ax, x, y, table["verdict"])
    ends = _ends(both, wide)
    label = "equal; below it sharing helped"
    ax.plot(ends, ends, color="black", linewidth=0.8, zorder=1, label=label)
    if wide:
        log_axis(ax.xaxis, both)
        log_axis(ax.yaxis, both)
    ax.set(xlim=ends, ylim=ends, aspect="equal")
    name = report.error_name.replace("_", " ")
    ax.set_xlabel(with_notes(f"error alone ({name})", notes))
    ax.set_ylabel("error with sharing")
    _name_extremes(ax, table)
    legend_above(ax)
    return ax


def _by_verdict(ax, x, y, verdicts):
    """Dots in the color and shape of their verdict."""
    for verdict, (color, marker) in _VERDICTS.items():
        here = verdicts == verdict
        if here.any():
            label = f"{verdict} ({here.sum()})"
            _dots(ax, x[here], y[here], color, marker, len(verdicts), label)


def _ends(values, logarithmic):
    """Limits around all values."""
    if len(values) == 0:
        return 0.0, 1.0
    low, high = values.min(), values.max()
    if logarithmic:
        return low / 1.3, high * 1.3
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def _name_extremes(ax, table):
    """Names of the tasks of the largest gain and of the largest loss."""
    gain = np.where(np.isfinite(table["gain"]), table["gain"], 0.0)
    if len(gain) == 0:
        return
    middle = ax.transAxes.transform((0.5, 0.5))[0]
    for t, below in {int(gain.argmax()): True, int(gain.argmin()): False}.items():
        if (gain[t] > 0) == below and gain[t] != 0:
            place = (table["error_single"][t], table["error_multi"][t])
            right = ax.transData.transform(place)[0] > middle
            ax.annotate(
                short_names(table["task"][[t]])[0],
                place,
                xytext=(-6 if right else 6, -10 if below else 6),
                textcoords="offset points",
                ha="right" if right else "left",
                fontsize=8,
            )


def gains_by_size(report, ax):
    """Gains against training rows."""
    table, notes = _with_gain(report.table_)
    n_train = table["n_train"]
    ax = axes_of(ax, 6.4, 4.4)
    ax.axhline(0.0, color="black", linewidth=0.8, zorder=1)
    _by_verdict(ax, n_train, np.maximum(table["gain"], _EDGE), table["verdict"])
    beyond = int((table["gain"] < _EDGE).sum())
    if beyond:
        notes = [*notes, f"{count(beyond, 'task')} below {_EDGE:.0%}, drawn there"]
    if len(table) and n_train.max() > 10 * n_train.min() > 0:
        log_axis(ax.xaxis, n_train)
    ax.set_xlabel(with_notes("training rows of the task", notes))
    ax.set_ylabel("gain over learning alone")
    in_percent(ax.yaxis)
    legend_above(ax, n_columns=3)
    return ax


def errors_of_splits(report, ax):
    """Mean errors over tasks of every split, a row for each method."""
    results = report.cv_results_
    errors, methods = results["errors"], np.array(results["methods"])
    whole = np.isfinite(errors).all(axis=2, keepdims=True)
    n_tasks = whole.sum(axis=1)
    sums = np.where(whole, errors, 0.0).sum(axis=1)
    means = (sums / np.maximum(n_tasks, 1))[n_tasks[:, 0] > 0]  # (n_splits, n_methods)
    lost = int((~np.isfinite(errors) & ~np.isnan(errors)).any(axis=(0, 2)).sum())
    notes = [f"left out: {count(lost, 'task')} with an infinite error in some split"]
    order = np.argsort(-means.mean(axis=0)) if len(means) else np.arange(len(methods))
    means, methods = means[:, order], methods[order]
    names = short_names(methods)
    ax = axes_of(ax, width_of(names), height_of(1.6 * len(methods)))
    rows = np.arange(len(methods))
    alpha = float(np.clip(4 / max(len(means), 1), 0.05, 0.4))
    ax.plot(means.T, rows, color=GREY, linewidth=0.6, alpha=alpha, zorder=1)
    drawn = means.T if len(means) else ()
    for row, method, values in zip(rows, methods.tolist(), drawn, strict=False):
        color = GREY if method.split(" ")[0] in _BASELINES else BLUE
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        ax.hlines(row, low, high, color=color, linewidth=9, alpha=0.35)
        ax.scatter(values, np.full(len(values), row), 9, color=color, zorder=3)
        ax.scatter(middle, row, 260, color=color, marker="|", linewidths=2, zorder=4)
    ax.set_ylim(-0.6, len(methods) - 0.4)
    if is_wide(means.ravel()):
        log_axis(ax.xaxis, means)
    name = f"mean {report.error_name.replace('_', ' ')} over tasks, one dot a split"
    ax.set_xlabel(with_notes(name, notes if lost else []))
    fit_names(ax, y=names)
    return ax


def gains_of_models(report, ax):
    """Gains of all tasks and their mean, a row for each estimator."""
    names = [name for name in report.ranking_["method"].tolist() if name in report.reports_][::-1]
    ax = axes_of(ax, width_of(names), height_of(2.0 * len(names)))
    lost, beyond, views = 0, 0, []
    for row, name in enumerate(names):
        one = report.reports_[name]
        gain = one.table_["gain"][np.isfinite(one.table_["gain"])]
        lost += len(one.table_) - len(gain)
        beyond += int((gain < _EDGE).sum())
        shown = np.maximum(gain, _EDGE)
        y = row + 0.5 * jitter(len(gain))
        ax.scatter(shown, y, 10, color=GREY, alpha=0.6, label=None if row else "a task")
        views.append(_mark_mean(ax, one.summary_, row))
        views.append((shown.min(initial=0.0), shown.max(initial=0.0)))
    views = np.array(views)
    margin = 0.05 * max(views.max() - views.min(), 0.02)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.set(
        xlim=(views.min() - margin, views.max() + margin),
        ylim=(-0.6, len(names) - 0.4),
    )
    notes = [f"{count(lost, 'gain')} of a task missing: see note"] if lost else []
    notes += [f"{count(beyond, 'gain')} below {_EDGE:.0%}, drawn there"] if beyond else []
    ax.set_xlabel(with_notes("gain over learning alone", notes))
    in_percent(ax.xaxis)
    legend_above(ax)
    fit_names(ax, y=short_names(names))
    return ax


def _mark_mean(ax, summary, row):
    """Draw the mean gain of an estimator and its interval; returns the ends."""
    names = ("delta_m_low", "delta_m", "delta_m_high")
    low, mean, high = (max(summary[name], _EDGE) for name in names)
    if not np.isfinite([low, mean, high]).all():
        return 0.0, 0.0
    ax.hlines(row, low, high, color=BLUE, linewidth=2.5, zorder=3)
    label = None if row else "mean over tasks, interval"
    ax.scatter(mean, row, 55, color=BLUE, marker="D", zorder=4, label=label)
    return low, high
