"""Names of tasks and features in pictures: short, literal, and written so that none overlap."""

from collections.abc import Iterable

import numpy as np
from sklearn.isotonic import isotonic_regression

from skmtl._data.task_ids import as_id_array, name_of_task

_LARGEST = 9.0  # font sizes, in points
_SMALLEST = 6.0
_SIZES_OF_SOME = (8.0, 7.0, _SMALLEST)  # of the names of some of many lines
_LINE = 1.25  # height of a line of text, in font sizes
_WIDTH = 0.65  # of a character, in font sizes
_MAX_LENGTH = 30  # characters
_FARTHEST = 3.0  # lines of text that a name may be above or below its own line of the axes
_STROKE = 14  # points, between a line of the axes and its name

# Properties of a text that holds names: matplotlib would read "Ba$$in" as a formula.
LITERAL = {"parse_math": False, "usetex": False}


def short_names(names):
    """Names of tasks or features as texts; the middle of long ones is left out."""
    return [_short(name) for name in as_id_array(names)]


def given_names(names, parameter):
    """The names that the user passed as an array; raise if they are no list."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"{parameter} must be a list of names, got {names!r}.")
    return as_id_array(names if hasattr(names, "to_numpy") else list(names))


def _short(name):
    name = name_of_task(name)
    if len(name) <= _MAX_LENGTH:
        return name
    n_tail = _MAX_LENGTH // 3
    n_head = _MAX_LENGTH - n_tail - 1
    head = name[:n_head]
    tail = name[-n_tail:]
    return f"{head}…{tail}"


def legend_label(name):
    """The name, short, as the label of an artist; `legend_above` takes the blank away again.

    Without it, a legend leaves out labels that are empty or begin with an underscore.
    """
    (name,) = short_names([name])
    return name if name and not name.startswith("_") else f" {name}"


def default_names(n_features):
    """The names that scikit-learn gives to features without names."""
    return [f"x{j}" for j in range(n_features)]


def fit_names(ax, *, x=None, y=None):
    """Write names at the positions 0, 1, ... of the axes: smaller or fewer until they fit.

    Call this last, since titles and legends take room from the axes.
    """
    if x is not None:
        _write(ax.xaxis, x, _LARGEST)
        ax.tick_params(axis="x", labelrotation=90)
    if y is not None:
        _write(ax.yaxis, y, _LARGEST)
    x_step, y_step = _steps_in_points(ax)
    if y is not None:
        _thin(ax.yaxis, y, y_step)
    if x is not None and _fit_side_by_side(x, x_step):
        ax.tick_params(axis="x", labelrotation=0)
    elif x is not None:
        _thin(ax.xaxis, x, x_step)


def fit_some_names(ax, names, positions, most_wanted):
    """Write names beside some lines of the axes, moved apart so that they do not touch.

    A stroke joins a name and its line. A name that would move itself or others far from their lines
    is left out.

    Parameters
    ----------
    ax : matplotlib axes
    names : list of str
    positions : ndarray of shape (n_names,)
        Increasing positions of the lines on the y-axis.
    most_wanted : ndarray of shape (n_names,)
        Indices of the names, the most wanted first.

    Returns
    -------
    int
        The number of names that are written.
    """
    ax.yaxis.set_ticks(positions, names, fontsize=_SMALLEST, **LITERAL)
    ax.tick_params(axis="y", length=0, pad=_STROKE + 2)
    _, step = _steps_in_points(ax)
    bottom, top = sorted(ax.get_ylim())
    for size in _SIZES_OF_SOME:
        gap = _LINE * size / step
        kept = _that_fit(positions, most_wanted, gap, (bottom, top))
        if len(kept) == len(names):
            break
    lines = positions[kept]
    places = _moved_apart(lines, gap, bottom, top)
    ax.yaxis.set_ticks(places, [names[k] for k in kept], fontsize=size, **LITERAL)
    _draw_strokes(ax, lines, places)
    return len(kept)


def _that_fit(positions, most_wanted, gap, limits):
    """Indices of the names that can be written without a name far from its line, increasing."""
    kept = []
    for k in most_wanted:
        with_next = sorted([*kept, k])
        lines = positions[with_next]
        if gap * (len(lines) - 1) > limits[1] - limits[0]:
            break
        moves = np.abs(_moved_apart(lines, gap, *limits) - lines)
        if moves.max() <= _FARTHEST * gap:
            kept = with_next
    return kept


def _moved_apart(positions, gap, low, high):
    """The increasing positions that are closest to these, at least `gap` apart."""
    if len(positions) == 0:
        return positions
    # Without the gaps before each, such positions are only required to increase.
    gaps = gap * np.arange(len(positions))
    moved = isotonic_regression(positions - gaps, y_min=low, y_max=high - gaps[-1])
    return moved + gaps


def _draw_strokes(ax, lines, places):
    """Strokes from the lines of the axes to the names at these places, left of the axes."""
    from matplotlib.transforms import ScaledTranslation

    inches = ScaledTranslation(-_STROKE / 72, 0, ax.figure.dpi_scale_trans)
    beside = ax.get_yaxis_transform()
    for line, place in zip(lines, places, strict=True):
        ax.annotate(
            "",
            xy=(0.0, line),
            xycoords=beside,
            xytext=(0.0, place),
            textcoords=beside + inches,
            arrowprops={
                "arrowstyle": "-",
                "color": "0.6",
                "linewidth": 0.5,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )


def _fit_side_by_side(names, step):
    """Whether horizontal names do not touch if they are `step` points apart."""
    longest = max(len(name) for name in names)
    width = longest * _WIDTH * _LARGEST
    margin = 4
    return width < step - margin


def _steps_in_points(ax):
    """Distances of neighboring positions on both axes, as they will be drawn."""
    figure = ax.figure.canvas.figure  # the whole figure, also for axes in a subfigure
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    points = 72 / figure.dpi  # of a pixel
    x_step = points * box.width / abs(right - left)
    y_step = points * box.height / abs(top - bottom)
    return x_step, y_step


def _thin(axis, names, step):
    """Write as many names as fit if neighbors are `step` points apart."""
    size = np.clip(step / _LINE, _SMALLEST, _LARGEST)
    needed = _LINE * size
    every = int(np.ceil(needed / step - 1e-9))
    every = max(1, every)
    _write(axis, names, float(size), every)


def _write(axis, names, size, every=1):
    """Write each k-th name, with k = `every`, at its position."""
    positions = range(0, len(names), every)
    axis.set_ticks(positions, names[::every], fontsize=size, **LITERAL)
