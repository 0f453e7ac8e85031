"""Features as numbers; what is no number is refused by name, or encoded where the user says so."""

from shlex import quote

import numpy as np

from skmtl._command_line.number_format import is_date, is_grouped, is_marker
from skmtl._command_line.tasks import texts
from skmtl._command_line.usage import UsageError, listed


def feature_columns(table, names, number_format, one_hot):
    """The features by name, and whether each row has all of them."""
    columns = {}
    complete = np.ones(len(table.rows), dtype=bool)
    problems = []
    for name in names:
        cells = table.column(name)
        if name in one_hot:
            encoded, bad = _one_hot(name, cells, number_format)
        else:
            values, bad = number_format.numbers(cells)
            encoded = {name: values}
        if bad:
            problems.append(BadCells(name, cells, bad, table.lines))
        for new, values in encoded.items():
            if new in columns:
                raise UsageError(f"--one-hot makes a second feature {new!r}: rename a column")
            columns[new] = values
            complete &= np.isfinite(values)
    refuse(problems)
    return columns, complete


def _one_hot(name, cells, number_format):
    """A column of 0 and 1 for each text, one only for two texts; and positions of empty cells."""
    values = texts(cells, f"column {name!r}")
    is_missing = number_format.are_missing(cells)
    is_empty = (values == "") & ~is_missing
    bad = np.flatnonzero(is_empty).tolist()
    known = np.unique(values[~is_missing]).tolist()
    if len(known) == 2:
        known = known[1:]
    columns = {}
    for text in known:
        column = (values == text).astype(float)
        column[is_missing] = np.nan
        columns[f"{name}={text}"] = column
    return columns, bad


class BadCells:
    """The cells of a column that are no numbers.

    `span` says which rows the cells are of, where they are not all of the file.
    """

    def __init__(self, name, cells, bad, lines, span=""):
        self.name = name
        self.span = span
        self.option = quote(name)
        self.bad = [cells[k].strip() for k in bad]
        self.are_all = len(bad) == len(cells)
        not_markers = [k for k in bad if not is_marker(cells[k])]
        first = (not_markers or bad)[0]
        self.first = cells[first].strip()
        self.line = lines[first]

    def kind(self):
        """What the cells seem to be."""
        if all(map(is_marker, self.bad)):
            return "missing"
        if any(map(is_date, self.bad)):
            return "date"
        if any(map(is_grouped, self.bad)):
            return "grouped"
        return "text" if self.are_all else "mixed"


_SINGULAR = {"are": "is", "have": "has", "hold": "holds"}


def refuse(problems):
    """Raise UsageError that names the columns of the first kind of problem."""
    for kind, explain in _EXPLANATIONS.items():
        found = [one for one in problems if one.kind() == kind]
        if found:
            names = listed(one.name for one in found)
            explanation = explain(found[0])
            if len(found) > 1:
                raise UsageError(f"columns {names} {explanation}")
            verb, rest = explanation.split(" ", 1)
            raise UsageError(f"column {names} {_SINGULAR[verb]} {rest}")


def _of_text(column):
    return (
        f"are not numeric ({column.first!r} in line {column.line}): --one-hot {column.option} "
        f"makes a feature of each text, --drop {column.option} leaves the column out"
    )


def _of_dates(column):
    return (
        f"hold dates ({column.first!r} in line {column.line}): turn them into numbers, such as "
        f"days since a date, or leave them out with --drop {column.option}"
    )


def _of_grouped(column):
    return (
        f"have numbers that can be read in two ways ({column.first!r} in line {column.line}): say "
        "what the signs are, such as --decimal , or --thousands ,"
    )


def _of_mixed(column):
    return (
        f"are not numeric in {len(column.bad)} row(s){column.span} ({column.first!r} in line "
        f"{column.line}): correct that, leave those rows out with --na {quote(column.first)}, or "
        f"the column with --drop {column.option}"
    )


def _of_missing(column):
    n_bad = len(column.bad)
    return (
        f"have missing or infinite values ({column.first!r} in line {column.line}; "
        f"{n_bad} cell{'' if n_bad == 1 else 's'}{column.span}): --na {quote(column.first)} "
        f"leaves those rows out, --drop {column.option} the column"
    )


_EXPLANATIONS = {
    "date": _of_dates,
    "text": _of_text,
    "grouped": _of_grouped,
    "mixed": _of_mixed,
    "missing": _of_missing,
}
