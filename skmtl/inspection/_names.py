"""Names of tasks and features in pictures: short, and written so that they do not overlap."""

import numpy as np

from skmtl._data.task_ids import label_of

_LARGEST = 9.0  # font sizes, in points
_SMALLEST = 6.0
_LINE = 1.25  # height of a line of text, in font sizes
_WIDTH = 0.65  # of a character, in font sizes
_MAX_LENGTH = 30  # characters


def short_names(names):
    """Names of tasks or features as texts; the middle of long ones is left out."""
    return [_short(label_of(name)) for name in np.asarray(names).tolist()]


def _short(name):
    if len(name) <= _MAX_LENGTH:
        return name
    n_tail = _MAX_LENGTH // 3
    n_head = _MAX_LENGTH - n_tail - 1
    return f"{name[:n_head]}…{name[-n_tail:]}"


def default_names(n_features):
    """The names that scikit-learn gives to features without names."""
    return [f"x{j}" for j in range(n_features)]


def fit_names(ax, *, x=None, y=None):
    """Write names at the positions 0, 1, ... of the axes: smaller or fewer until they fit.

    Call this last, since titles and legends take room from the axes.
    """
    if x is not None:
        ax.xaxis.set_ticks(range(len(x)), x, fontsize=_LARGEST)
        ax.tick_params(axis="x", labelrotation=90)
    if y is not None:
        ax.yaxis.set_ticks(range(len(y)), y, fontsize=_LARGEST)
    width, height = _size_in_points(ax)
    if y is not None:
        step = height / abs(np.diff(ax.get_ylim())[0])
        _thin(ax.yaxis, y, step)
    if x is not None:
        step = width / abs(np.diff(ax.get_xlim())[0])
        longest = max(len(name) for name in x)
        if longest * _WIDTH * _LARGEST < step - 4:
            ax.tick_params(axis="x", labelrotation=0)
        else:
            _thin(ax.xaxis, x, step)


def _size_in_points(ax):
    """Width and height of the axes as they will be drawn."""
    figure = ax.figure.canvas.figure  # the whole figure, also for axes in a subfigure
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi


def _thin(axis, names, step):
    """Write as many names as fit if neighbors are `step` points apart."""
    size = float(np.clip(step / _LINE, _SMALLEST, _LARGEST))
    every = int(np.ceil(_LINE * size / step - 1e-9))
    every = max(1, every)
    positions = range(0, len(names), every)
    axis.set_ticks(positions, names[::every], fontsize=size)
