"""The target: numbers, or classes as they are written."""

from shlex import quote

import numpy as np

from skmtl._command_line.number_format import is_grouped, is_marker
from skmtl._command_line.tasks import texts
from skmtl._command_line.usage import UsageError


def read_target(table, name, number_format):
    """The target as floats, and whether each row has one."""
    cells = table.column(name)
    y, bad = number_format.numbers(cells)
    if bad:
        refuse_target(name, cells, bad, table.lines)
    return y, np.isfinite(y)


def refuse_target(name, cells, bad, lines, *, span=""):
    """Raise UsageError on the cells of the target that are no numbers.

    Parameters
    ----------
    name : str
        The column.
    cells : list of str
        Its cells.
    bad : list of int
        Positions of those that are no numbers.
    lines : sequence of int
        The line of each in the file.
    span : str, default=""
        Which rows the cells are of, where they are not all of the file.
    """
    n_bad = len(bad)
    first = bad[0]
    text = cells[first].strip()
    where = f"the first {text!r} in line {lines[first]}"
    bad_cells = [cells[k] for k in bad]
    if all(map(is_marker, bad_cells)):
        raise UsageError(
            f"target {name!r} has {n_bad} missing or infinite value(s){span}, {where}: --na "
            f"{quote(text)} leaves those rows out"
        )
    if any(map(is_grouped, bad_cells)):
        raise UsageError(
            f"target {name!r} has {n_bad} number(s){span} that can be read in two ways, {where}: "
            "say what the signs are, such as --decimal , or --thousands ,"
        )
    raise UsageError(
        f"target {name!r} is not numeric in {n_bad} of {len(cells)} rows{span}, {where}: add "
        "--classify if it is a class; else see --decimal, --thousands and --na"
    )


def read_classes(table, name, number_format):
    """The target as an array of Python's texts, and whether each row has one."""
    cells = table.column(name)
    y = texts(cells, f"target {name!r}")
    is_missing = number_format.are_missing(cells)
    has_target = ~is_missing
    is_empty = (y == "") & has_target
    if is_empty.any():
        n_empty = is_empty.sum()
        first = int(np.argmax(is_empty))
        line = table.lines[first]
        raise UsageError(
            f"target {name!r} has {n_empty} missing value(s), the first in line {line}: "
            "--na '' leaves those rows out"
        )
    classes = np.unique(y[has_target])
    n_classes = len(classes)
    if n_classes < 2:
        raise UsageError(f"target {name!r} has {n_classes} class(es): there is nothing to tell")
    if n_classes > len(y) / 2:
        raise UsageError(
            f"target {name!r} has {n_classes} classes in {len(y)} rows: leave out --classify if "
            "it is a number"
        )
    return y.astype(object), has_target
