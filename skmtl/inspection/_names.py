"""Names of tasks and features in pictures: short, literal, and written so that none overlap."""

from collections.abc import Iterable

import numpy as np

from skmtl._data.task_ids import as_id_array, name_of_task

_LARGEST = 9.0  # font sizes, in points
_SMALLEST = 6.0
_LINE = 1.25  # height of a line of text, in font sizes
_WIDTH = 0.65  # of a character, in font sizes
_MAX_LENGTH = 30  # characters

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
