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
        n_bad = len(bad)
        first = bad[0]
        line = table.lines[first]
        text = cells[first].strip()
        where = f"the first {text!r} in line {line}"
        bad_cells = [cells[k] for k in bad]
        if all(map(is_marker, bad_cells)):
            raise UsageError(
                f"target {name!r} has {n_bad} missing or infinite value(s), {where}: --na "
                f"{quote(text)} leaves those rows out"
            )
        if any(map(is_grouped, bad_cells)):
            raise UsageError(
                f"target {name!r} has {n_bad} number(s) that can be read in two ways, {where}: "
                "say what the signs are, such as --decimal , or --thousands ,"
            )
        raise UsageError(
            f"target {name!r} is not numeric in {n_bad} of {len(cells)} rows, {where}: add "
            "--classify if it is a class; else see --decimal, --thousands and --na"
        )
    return y, np.isfinite(y)


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
