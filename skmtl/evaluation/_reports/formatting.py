"""How the numbers and names of reports are written, and tables of them as text."""

from dataclasses import dataclass
from textwrap import fill

import numpy as np

LINE = 100  # characters of a line of text
_GAP = "  "  # between the columns of a table
_SHORTEST_NAME = 8  # characters that names in a table keep
LONGEST_NAME = 40  # and have at most
_SHORTEST_WORD = 7  # characters that a word in a name keeps
_TINY = 5e-4  # shares below it need more than one decimal of a percent
_LARGEST_PERCENT = 1e5  # larger ones are written with an exponent
_SHORTEST_ERROR = 1e-4  # smaller errors are written with an exponent,
_LONGEST_ERROR = 1e6  # and larger ones
_SMALL_COUNT = 10  # smaller mean counts have a decimal

METHOD_COLUMNS = {  # title and format of each quantity of a method
    "mean_error": ("mean error", ".4g"),
    "mean_rank": ("mean rank", ".2f"),
    "fit_time": ("fit, s", ".3f"),
    "predict_time": ("predict, s", ".3f"),
    "n_unconverged": ("unconverged", ".0f"),
    "n_nonzero": ("non-zeros", ".0f"),
    "rank": ("rank", ".0f"),
    "dof": ("dof", ".1f"),
}


@dataclass(frozen=True)
class TextTable:
    """A table of texts, for all formats.

    Attributes
    ----------
    titles : list of str
        Titles of the columns.
    lines : list of list of str
        The cells of each line.
    is_left : list of bool
        Whether a column is aligned to the left.
    omitted_at : int, default=0
        Before which line the sentence on omitted lines stands.
    omitted : str, default=""
        The sentence on what is left out; "" if all is shown.
    n_names : int, default=1
        The first columns are names, so many.
    """

    titles: list
    lines: list
    is_left: list
    omitted_at: int = 0
    omitted: str = ""
    n_names: int = 1


def table_lines(table):
    """Lines of text of a :class:`TextTable`; long names in its first columns are shortened."""
    cells_by_column = zip(table.titles, *table.lines, strict=True)
    widths = [max(len(cell) for cell in column) for column in cells_by_column]
    n_gaps = len(widths) - 1
    n_names = table.n_names
    room = (LINE - sum(widths[n_names:]) - n_gaps * len(_GAP)) // n_names
    for column in range(n_names):
        widths[column] = min(widths[column], LONGEST_NAME, max(room, _SHORTEST_NAME))
    lines = []
    for cells in (table.titles, *table.lines):
        names = []
        for name, width in zip(cells[:n_names], widths, strict=False):
            names.append(shortened(name, width))
        lines.append(_aligned([*names, *cells[n_names:]], widths, table.is_left))
    if table.omitted:
        lines.insert(1 + table.omitted_at, table.omitted)
    return lines


def _aligned(cells, widths, is_left):
    """The cells of one line, each as wide as its column."""
    padded = []
    for cell, width, left in zip(cells, widths, is_left, strict=True):
        padded.append(cell.ljust(width) if left else cell.rjust(width))
    return _GAP.join(padded).rstrip()


def methods_table(quantities, methods):
    """The :class:`TextTable` of the numbers of methods.

    Parameters
    ----------
    quantities : dict of dict
        ``{quantity: {method: number}}``; those that are not in METHOD_COLUMNS are passed over.
    methods : list of str
        The methods, in the order of the lines.
    """
    columns = [name for name in METHOD_COLUMNS if name in quantities]
    titles = [METHOD_COLUMNS[name][0] for name in columns]
    lines = []
    for method in methods:
        cells = [shortened(method, LONGEST_NAME)]
        for name in columns:
            _, form = METHOD_COLUMNS[name]
            cells.append(number_text(quantities[name][method], form))
        lines.append(cells)
    return TextTable(["method", *titles], lines, [True, *[False] * len(titles)])


def wrapped(text, indent=""):
    """A sentence as lines of text; all but the first begin with the indent."""
    return fill(
        text,
        LINE,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def shortened(name, width):
    """A name of at most this width; the middle of its longest word, or of all, is left out."""
    if len(name) <= width:
        return name
    longest = max(name.split(" "), key=len)
    n_left = len(longest) - (len(name) - width)
    if n_left >= _SHORTEST_WORD and longest != name:
        return name.replace(longest, shortened(longest, n_left), 1)
    n_kept = width - 3
    n_last = n_kept // 2
    n_first = n_kept - n_last
    return f"{name[:n_first]}...{name[-n_last:]}"


def listed(names, conjunction="and"):
    """Names in a sentence."""
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"


def number_text(value, form):
    """A number as text; a dash for NaN."""
    return "-" if np.isnan(value) else format(value, form)


def percent_text(share, sign=""):
    """A share in percent with two significant digits, as in 0.4%, 7.8%, 13% and 120%.

    Whatever is below 0.1 percent keeps its first digit, since the sign of the end of an interval
    decides.

    Parameters
    ----------
    share : float
        The share, 1 for 100%; a dash for NaN and infinity.
    sign : {"", "+"}, default=""
        "+" puts a plus before positive numbers.
    """
    if not np.isfinite(share):
        return "-"
    if share == 0:
        return "0%"
    percent = 100 * share
    magnitude = abs(percent)
    if magnitude >= _LARGEST_PERCENT:
        form = ".0e"
    elif magnitude >= 9.95:
        form = ".0f"
    elif abs(share) >= _TINY:
        form = ".1f"
    else:
        form = ".1g"
    return f"{percent:{sign}{form}}%"


def gain_text(gain):
    """A gain or loss with its sign, in percent."""
    return percent_text(gain, "+")


def interval_text(low, high):
    """An interval of gains."""
    if not np.isfinite([low, high]).all():
        return "-"
    return f"[{gain_text(low)}, {gain_text(high)}]"


def interval_texts(lows, highs):
    """Intervals of gains as a column, both ends aligned."""
    low_texts = [gain_text(low) for low in lows]
    high_texts = [gain_text(high) for high in highs]
    low_width = max(map(len, low_texts), default=0)
    high_width = max(map(len, high_texts), default=0)
    texts = []
    for low, high in zip(low_texts, high_texts, strict=True):
        is_known = "-" not in (low, high)
        texts.append(f"[{low:>{low_width}}, {high:>{high_width}}]" if is_known else "-")
    return texts


def probability_text(probability):
    """A probability in percent, with a decimal near 0 and 1."""
    if np.isnan(probability):
        return "-"
    if probability < _TINY:
        return "<0.1%"
    if probability > 1 - _TINY:
        return ">99.9%"
    is_extreme = min(probability, 1 - probability) < 0.0995
    return f"{probability:.{1 if is_extreme else 0}%}"


def error_text(error):
    """An error with three significant digits, and all digits before the point."""
    if not np.isfinite(error):
        return number_text(error, "")
    if error == 0:
        return "0"
    if not _SHORTEST_ERROR <= abs(error) < _LONGEST_ERROR:
        return f"{error:.2e}"
    rounded = float(f"{error:.2e}")  # 9.999 is 10.0
    exponent = int(np.floor(np.log10(abs(rounded))))
    return f"{error:.{max(0, 2 - exponent)}f}"


def count_text(mean_count):
    """A mean number of samples as text; small ones with a decimal."""
    rounded = round(mean_count, 1)
    is_small_fraction = rounded < _SMALL_COUNT and rounded % 1
    return format(mean_count, ".1f" if is_small_fraction else ".0f")


def level_text(confidence_level):
    """A confidence level, such as 95% or 99.5%."""
    return f"{100 * confidence_level:.4g}%"


def as_frame(table, index):
    """A structured array as a pandas frame."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError('to_frame needs pandas: pip install "skmtl[pandas]"') from error
    return pd.DataFrame.from_records(table, index=index)
