"""What all pictures share: the lazy import, colors, sizes, names that do not overlap."""

import numpy as np

from skmtl._data.task_ids import label_of

# Okabe and Ito's colors, which the color-blind can tell apart; blue is always the good side
BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#7F7F7F"
LINES = (BLUE, VERMILLION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DIVERGING = "RdBu"  # red below 0, blue above
_LARGEST, _SMALLEST = 9.0, 6.0  # font sizes of names, in points
_LINE = 1.25  # height of a line of text, in font sizes
_LONGEST = 30  # characters of a name


def pyplot():
    """matplotlib.pyplot."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError('Pictures need matplotlib: pip install "skmtl[plot]"') from error
    return plt


class Display:
    """A picture that can be drawn again, elsewhere."""

    def plot(self, *, ax=None):
        """Draw it.

        Parameters
        ----------
        ax : matplotlib axes, default=None
            None makes a figure.

        Returns
        -------
        self
        """
        self.ax_ = self._draw(ax)
        self.figure_ = self.ax_.figure
        return self


def axes_of(ax, width, height):
    """The axes given, or those of a new figure of so many inches."""
    plt = pyplot()
    return plt.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


def height_of(n_rows):
    """Inches of a figure with a line for each row; more rows get smaller ones."""
    return 1.4 + np.clip(min(0.2 * n_rows, 0.1 * n_rows + 3.0), 1.2, 16.0)


def width_of(names):
    """Inches of a figure whose rows have these names."""
    return 5.8 + 0.07 * max((len(name) for name in names), default=0)


def side_of(names):
    """Inches of a map with columns of these names, and of the room for the names of the rows."""
    longest = max(len(name) for name in names)
    return float(np.clip(2.0 + 0.16 * len(names), 3.0, 9.6)), 0.4 + 0.075 * longest


def short_names(labels):
    """Labels of tasks or features as texts, the middle of long ones left out."""
    names = [label_of(label) for label in np.asarray(labels).tolist()]
    tail = _LONGEST // 3
    return [
        name if len(name) <= _LONGEST else f"{name[: _LONGEST - tail - 1]}…{name[-tail:]}"
        for name in names
    ]


def default_names(n_features):
    """Names of features that have none, as scikit-learn calls them."""
    return [f"x{j}" for j in range(n_features)]


def fit_names(ax, *, x=None, y=None):
    """Write names at the places 0, 1, ... of the axes: smaller, then fewer, until they fit.

    Call it last, since all else takes room.
    """
    for axis, names in ((ax.xaxis, x), (ax.yaxis, y)):
        if names is not None:
            axis.set_ticks(range(len(names)), names, fontsize=_LARGEST)
    if x is not None:
        ax.tick_params(axis="x", labelrotation=90)
    width, height = _points(ax)
    if y is not None:
        _thin(ax.yaxis, y, height / abs(np.diff(ax.get_ylim())[0]))
    if x is not None:
        step = width / abs(np.diff(ax.get_xlim())[0])
        longest = max(len(name) for name in x)
        if longest * 0.65 * _LARGEST < step - 4:
            ax.tick_params(axis="x", labelrotation=0)
        else:
            _thin(ax.xaxis, x, step)


def _points(ax):
    """Width and height of the axes as they will be drawn."""
    figure = ax.figure.canvas.figure  # the outermost, of subfigures too
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi


def _thin(axis, names, step):
    """Write as many names as fit, `step` points apart from place to place."""
    size = float(np.clip(step / _LINE, _SMALLEST, _LARGEST))
    every = max(1, int(np.ceil(_LINE * size / step - 1e-9)))
    axis.set_ticks(range(0, len(names), every), names[::every], fontsize=size)


def legend_above(ax, n_columns=2):
    """A legend above the axes, outside of the data; none where nothing has a name."""
    if not ax.get_legend_handles_labels()[0]:
        return
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=n_columns,
        frameon=False,
        fontsize="small",
        borderaxespad=0.2,
    )


def with_notes(label, notes):
    """The label of an axis with remarks in lines below it."""
    return "\n".join([label, *notes])


def count(n, noun):
    """A number and its noun: "1 task", "2 tasks"."""
    return f"{n} {noun}" + ("" if n == 1 else "s")


def in_percent(axis):
    """Ticks of relative gains."""
    axis.set_major_formatter(_percent)


def _percent(value, position):
    return f"{100 * value:.4g}%"


def is_wide(values):
    """Whether positive values span more than a factor of 100, so that a log axis shows more."""
    values = np.asarray(values, dtype=float)
    return len(values) > 0 and values.min() > 0 and values.max() > 100 * values.min()


def log_axis(axis, values):
    """A logarithmic axis with few plain numbers: 1, 10, 100, or 1, 2, 5 where it is short."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    if np.max(values) < 100 * np.min(values):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(_plain))
    axis.set_minor_formatter(NullFormatter())


def _plain(value, position):
    return f"{value:.4g}"


def jitter(n):
    """Numbers in [-0.5, 0.5] that spread points evenly, always the same."""
    return (np.arange(n) * 0.618034) % 1.0 - 0.5


def symmetric_limit(values):
    """The largest finite absolute value, 1 where all are 0."""
    values = np.abs(values[np.isfinite(values)])
    return float(values.max()) if values.size and values.max() > 0 else 1.0


def heatmap(ax, matrix, *, vmin, vmax, label, aspect="auto", percent=False):
    """Draw a map with its color bar, grey where there is no number."""
    colors = pyplot().get_cmap(DIVERGING).with_extremes(bad="0.75")
    image = ax.imshow(
        np.ma.masked_invalid(matrix),
        cmap=colors,
        vmin=vmin,
        vmax=vmax,
        aspect=aspect,
        interpolation="nearest",
    )
    known = matrix[np.isfinite(matrix)]
    below, above = (known < vmin).any(), (known > vmax).any()
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[below, above]
    bar = ax.figure.colorbar(image, ax=ax, label=label, extend=extend)
    if percent:
        in_percent(bar.ax.yaxis)
    return image
