"""Axes of gains: even steps are equal factors of the error, and ticks are percentages.

A gain is ``1 - error / error_alone``. On an axis of gains itself, an error that doubles (-100 %) is
twice as far from 0 as one that halves (+50 %). On an axis of ``log(error_alone / error)``, both are
equally far from 0.
"""

import numpy as np

# Gains beyond the edges are drawn at the edges, since one of them could hide all others. The edges
# are at these factors of the error at least: gains of -200 % and of +67 %.
_LEAST_EDGE = np.log(3.0)
_EDGE_IN_QUARTILES = 5.0  # and at this multiple of the upper quartile of the absolute log gains
_LARGEST_PERCENT = 1e5  # larger ones are written with an exponent
_LARGEST_EDGE = np.log(1e6)  # of a model that diverged, more says nothing

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)  # of equally spaced gains, for short axes
_LONG = (0.0, 0.9, -9.0, 0.99, -99.0, 0.999, 0.9999)  # gains of long axes, at powers of 10
_SHORTER = (0.5, -1.0, -4.0, 0.8, -0.5, 0.3, -2.0, 0.7, -0.2, 0.2, 0.95)  # and between them
_TICK_WIDTH = 0.62  # inches that a tick and its number take on a horizontal axis
_TICK_HEIGHT = 0.32  # and on a vertical one


def log_gain(gain):
    """log(error_alone / error) of gains; large but finite for a gain of 1 or more."""
    error_ratio = np.maximum(1.0 - np.asarray(gain, dtype=float), 1e-12)
    return -np.log(error_ratio)


def gain_of_log(log_gains):
    """The gains of values of `log_gain`."""
    return -np.expm1(-np.asarray(log_gains, dtype=float))


def edges_of(gains):
    """The gains at which smaller and larger ones are drawn."""
    edge = _LEAST_EDGE
    if len(gains):
        quartile = np.quantile(np.abs(log_gain(gains)), 0.75)
        edge = np.clip(_EDGE_IN_QUARTILES * quartile, edge, _LARGEST_EDGE)
    return float(gain_of_log(-edge)), float(gain_of_log(edge))


def view_of(values, edges):
    """The limits of an axis that shows 0 and these gains, up to the edges."""
    values = np.asarray(values, dtype=float)
    is_known = ~np.isnan(values)
    drawn = np.clip(values[is_known], *edges)
    places = log_gain(np.concatenate([drawn, [-0.02, 0.02]]))
    low = places.min()
    high = places.max()
    margin = 0.05 * (high - low)
    return float(gain_of_log(low - margin)), float(gain_of_log(high + margin))


def gain_axis(axis, view):
    """Make an axis one of gains, with these limits."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes = axis.axes
    set_scale = getattr(axes, f"set_{axis.axis_name}scale")
    set_limits = getattr(axes, f"set_{axis.axis_name}lim")
    set_scale("function", functions=(log_gain, gain_of_log))
    set_limits(view)
    axis.set_major_locator(FixedLocator(_ticks(view, _n_fitting(axis))))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(_signed_percent))


def gain_text(gain):
    """A gain as it is written in pictures: +8.0%, -13%, +99.9%."""
    percent = 100 * gain
    if abs(percent) >= _LARGEST_PERCENT:
        return f"{percent:+.0e}%"
    n_decimals = 1 if abs(percent) < 9.95 else 0
    if percent > 99.0:
        n_decimals = 1 if percent < 99.95 else 2
    return f"{percent:+.{n_decimals}f}%"


def _signed_percent(value, position):
    percent = 100 * value
    return "0%" if abs(percent) < 1e-6 else f"{percent:+.4g}%"


def _n_fitting(axis):
    """How many ticks fit on an axis."""
    box = axis.axes.get_window_extent()
    dpi = axis.axes.figure.dpi
    if axis.axis_name == "x":
        n_ticks = box.width / dpi / _TICK_WIDTH
    else:
        n_ticks = box.height / dpi / _TICK_HEIGHT
    return max(2, int(n_ticks))


def _ticks(view, n_fitting):
    """Gains at the ticks: multiples of a step, or round numbers if the axis is long."""
    low, high = view
    width = log_gain(high) - log_gain(low)
    smallest = float(width) / n_fitting
    for step in _STEPS:
        first = int(np.ceil(low / step))
        last = int(np.floor(high / step))
        if last - first > n_fitting:
            continue
        ticks = step * np.arange(first, last + 1)
        distances = np.diff(log_gain(ticks))
        if len(ticks) > 2 and distances.min() >= smallest:
            return ticks
    return _round_gains(view, smallest)


def _round_gains(view, smallest):
    """Round gains within the view whose places are at least `smallest` apart."""
    low, high = view
    chosen = []
    for gain in _LONG + _SHORTER:
        if not low <= gain <= high:
            continue
        distances = np.abs(log_gain(chosen) - log_gain(gain))
        if (distances >= smallest).all():
            chosen.append(gain)
    return np.sort(chosen)
