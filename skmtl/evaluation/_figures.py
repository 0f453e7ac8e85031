"""Figures of reports as text: which there are, and how each is written."""

import numpy as np

FIGURES = {  # of a method: title and format
    "mean_error": ("mean error", ".4g"),
    "mean_rank": ("mean rank", ".2f"),
    "fit_time": ("fit, s", ".3f"),
    "predict_time": ("predict, s", ".3f"),
    "n_nonzero": ("non-zeros", ".0f"),
    "rank": ("rank", ".0f"),
    "dof": ("dof", ".1f"),
}


def methods_table(summary, methods):
    """Lines of the table of methods."""
    known = {name: head for name, head in FIGURES.items() if name in summary}
    width = max(10, *(len(name) + 1 for name in methods))
    lines = [" " * width + "".join(f"{title:>12}" for title, _ in known.values())]
    for method in methods:
        cells = [figure_text(summary[name][method], form) for name, (_, form) in known.items()]
        lines.append(f"{method:<{width}}" + "".join(f"{cell:>12}" for cell in cells))
    return lines


def figure_text(value, form):
    """A number as text, a dash where there is none."""
    return "-" if np.isnan(value) else format(value, form)


def gain_texts(row):
    """The gain and its interval as text."""
    gain = figure_text(row["gain"], "+.1%")
    return gain, "-" if gain == "-" else f"[{row['ci_low']:+.1%}, {row['ci_high']:+.1%}]"


def count_text(value):
    """A mean number of rows as text, small ones with a decimal."""
    return format(value, ".1f" if value < 2 and value % 1 else ".0f")
