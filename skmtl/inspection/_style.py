"""What all pictures share: the lazy import of matplotlib, colors, sizes, axes and maps."""

import numpy as np

from skmtl.inspection._names import LITERAL

# Colors of Okabe and Ito, which color-blind people can tell apart; blue is always the good side.
BLUE = "#0072B2"
SKY_BLUE = "#56B4E9"
VERMILLION = "#D55E00"
ORANGE = "#E69F00"
GREY = "#7F7F7F"
LINES = (BLUE, VERMILLION, "#009E73", "#CC79A7", ORANGE, SKY_BLUE, "#000000")
DIVERGING = "RdBu"  # red below 0, blue above

_LEGEND_SHARE = 0.87  # of the room for a picture; the rest is left of the axes


def pyplot():
    """matplotlib.pyplot, imported when a picture is drawn."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError('Pictures need matplotlib: pip install "skmtl[plot]"') from error
    return plt


class Display:
    """A picture that can be drawn again, into other axes.

    A subclass has ``_draw(ax)``, which draws into the axes, or into those of a new figure for None,
    and returns them.
    """

    def plot(self, *, ax=None):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib axes, default=None
            Axes to draw in; None makes a figure.

        Returns
        -------
        self
        """
        self.ax_ = self._draw(ax)
        self.figure_ = self.ax_.figure
        return self


def axes_of(ax, width, height):
    """The given axes, or those of a new figure of this size in inches."""
    plt = pyplot()
    if ax is not None:
        return ax
    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax


def height_of(n_lines):
    """Height in inches of a figure with a line for each task; many lines are narrower."""
    lines = min(0.2 * n_lines, 0.1 * n_lines + 3.0)
    return 1.4 + np.clip(lines, 1.2, 16.0)


def width_of(names):
    """Width in inches of a figure whose lines have these names."""
    longest = max((len(name) for name in names), default=0)
    return 5.8 + 0.07 * longest


def map_size(names):
    """Inches of one side of a map with these names, and of the room for the names."""
    longest = max(len(name) for name in names)
    side = np.clip(2.0 + 0.16 * len(names), 3.0, 9.6)
    room = 0.4 + 0.075 * longest
    return float(side), room


def legend_above(ax, n_columns=2, handles=None):
    """Add a legend above the axes, outside of the data, if anything has a label.

    It has at most `n_columns`, and fewer if they are too wide. Labels that are names of the user
    come from `legend_label`; None for `handles` takes all artists with a label.
    """
    if handles is None:
        handles, _ = ax.get_legend_handles_labels()
    if not handles:
        return
    room = _LEGEND_SHARE * _width_for_picture(ax)
    for n in range(n_columns, 0, -1):
        legend = ax.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=n,
            frameon=False,
            fontsize="small",
            borderaxespad=0.2,
        )
        for text in legend.get_texts():
            text.set(text=text.get_text().lstrip(), **LITERAL)
        if legend.get_window_extent().width <= room:
            break


def _width_for_picture(ax):
    """Width in pixels of the room for axes and the names beside them."""
    place = ax.get_subplotspec()
    if place is None:
        return ax.get_window_extent().width
    share = len(place.colspan) / place.get_gridspec().ncols
    return share * ax.figure.bbox.width


def with_notes(label, notes):
    """The label of an axis with notes in lines below it."""
    return "\n".join([label, *notes])


def count(n, noun):
    """A number and its noun: "1 task", "2 tasks"."""
    text = f"{n} {noun}"
    return text if n == 1 else f"{text}s"


def in_percent(axis):
    """Write the ticks of relative gains as percentages."""
    axis.set_major_formatter(_percent)


def _percent(value, position):
    return f"{100 * value:.4g}%"


def is_wide(values):
    """Whether all values are positive and span a factor of more than 100."""
    values = np.asarray(values, dtype=float)
    if len(values) == 0:
        return False
    smallest = values.min()
    return smallest > 0 and values.max() > 100 * smallest


def log_axis(axis, values):
    """Make an axis logarithmic, with few plain numbers: 1, 10, 100, or 1, 2, 5 if it is short."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    set_scale = getattr(axis.axes, f"set_{axis.axis_name}scale")
    set_scale("log")
    smallest = np.min(values)
    largest = np.max(values)
    if largest < 100 * smallest:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    if largest < 100 * smallest or (smallest > 1e-3 and largest < 1e5):
        axis.set_major_formatter(FuncFormatter(_plain))
    axis.set_minor_formatter(NullFormatter())


def _plain(value, position):
    return f"{value:.4g}"


def jitter(n):
    """Numbers in [-0.5, 0.5] that spread n points evenly, always the same."""
    golden_section = 0.618034
    return (np.arange(n) * golden_section) % 1.0 - 0.5


def symmetric_limit(values):
    """The largest finite absolute value; 1 if all are 0."""
    finite = values[np.isfinite(values)]
    largest = np.abs(finite).max(initial=0.0)
    return float(largest) or 1.0


def heatmap(ax, matrix, *, vmin, vmax, label, aspect="auto", percent=False):
    """Draw a matrix in colors with a color bar; entries that are not finite are grey."""
    colors = pyplot().get_cmap(DIVERGING).with_extremes(bad="0.75")
    image = ax.imshow(
        np.ma.masked_invalid(matrix),
        cmap=colors,
        vmin=vmin,
        vmax=vmax,
        aspect=aspect,
        interpolation="nearest",
    )
    extend = _extend(matrix[np.isfinite(matrix)], vmin, vmax)
    bar = ax.figure.colorbar(image, ax=ax, label=label, extend=extend)
    if percent:
        in_percent(bar.ax.yaxis)
    return image


def _extend(values, vmin, vmax):
    """The ends of a color bar beyond which there are values."""
    is_below = (values < vmin).any()
    is_above = (values > vmax).any()
    if is_below and is_above:
        return "both"
    if is_below:
        return "min"
    return "max" if is_above else "neither"
