"""How the numbers of reports are written: as text and as data frames."""

import numpy as np

METHOD_COLUMNS = {  # title and format of each quantity of a method
    "mean_error": ("mean error", ".4g"),
    "mean_rank": ("mean rank", ".2f"),
    "fit_time": ("fit, s", ".3f"),
    "predict_time": ("predict, s", ".3f"),
    "n_nonzero": ("non-zeros", ".0f"),
    "rank": ("rank", ".0f"),
    "dof": ("dof", ".1f"),
}


def method_titles(quantities):
    """Titles of the columns of the table of methods."""
    titles = []
    for name, (title, _) in METHOD_COLUMNS.items():
        if name in quantities:
            titles.append(title)
    return titles


def method_cells(quantities, method):
    """The numbers of one method as text, one for each title."""
    cells = []
    for name, (_, form) in METHOD_COLUMNS.items():
        if name in quantities:
            cells.append(number_text(quantities[name][method], form))
    return cells


def methods_table(quantities, methods):
    """Lines of the table of methods."""
    longest = max(len(method) for method in methods)
    width = max(10, longest + 1)
    lines = [_line("", method_titles(quantities), width)]
    for method in methods:
        lines.append(_line(method, method_cells(quantities, method), width))
    return lines


def _line(head, cells, width):
    line = f"{head:<{width}}"
    for cell in cells:
        line += f"{cell:>12}"
    return line


def number_text(value, form):
    """A number as text; a dash for NaN."""
    return "-" if np.isnan(value) else format(value, form)


def gain_texts(record):
    """The gain of a task and its interval as text."""
    gain = record["gain"]
    if np.isnan(gain):
        return "-", "-"
    low = record["ci_low"]
    high = record["ci_high"]
    return f"{gain:+.1%}", f"[{low:+.1%}, {high:+.1%}]"


def count_text(mean_count):
    """A mean number of samples as text; small ones with a decimal."""
    is_small_fraction = mean_count < 2 and mean_count % 1
    return format(mean_count, ".1f" if is_small_fraction else ".0f")


def as_frame(table, index):
    """A structured array as a pandas frame."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError('to_frame needs pandas: pip install "skmtl[pandas]"') from error
    return pd.DataFrame.from_records(table, index=index)
