"""What a report says on demand: numbers over tasks, methods, notes, the corrected t-test."""

import numpy as np

from skmtl._data.task_ids import name_of_task
from skmtl.evaluation._reports.cautions import find_cautions
from skmtl.evaluation._reports.formatting import (
    gain_text,
    interval_text,
    methods_table,
    number_text,
    shortened,
    table_lines,
    wrapped,
)
from skmtl.evaluation._reports.task_table import t_test_table

_MOST_NAMES = 8
_MOST_TESTS = 12


def report_details(report):
    """The details of a :class:`TransferReport` as text."""
    blocks = [
        "\n".join(table_lines(methods_table(report.summary_, report.cv_results_["methods"]))),
        _numbers_over_tasks(report),
        "\n".join(wrapped(caution.text, "  ") for caution in find_cautions(report)),
        _notes(report),
        _t_test(report),
    ]
    return "\n\n".join(block for block in blocks if block)


def _numbers_over_tasks(report):
    """Lines on what the hierarchical model estimates."""
    summary = report.summary_
    if summary["n_judged"] == 0:
        return ""
    new_task = interval_text(summary["new_task_low"], summary["new_task_high"])
    numbers = {
        f"Gain at the center of all {report.noun.many}": gain_text(summary["typical_gain"]),
        f"Gain of a new {report.noun.one}": new_task,
        "Standard deviation of log gains": number_text(summary["spread"], ".3f"),
        "Power of the size by which gains shrink": number_text(summary["size_power"], ".2f"),
        f"Correlation of the errors of {report.noun.many}": number_text(
            summary["correlation"], ".2f"
        ),
    }
    width = max(map(len, numbers)) + 2
    return "\n".join(f"{name:<{width}}{text}" for name, text in numbers.items())


def _notes(report):
    """Lines on the notes of tasks, each note with the tasks that have it."""
    by_note = {}
    for record in report.table_:
        if record["note"]:
            name = shortened(name_of_task(record["task"]), 20)
            by_note.setdefault(record["note"], []).append(name)
    lines = []
    for note, names in by_note.items():
        named = names[:_MOST_NAMES]
        if len(names) > _MOST_NAMES:
            named.append(f"and {len(names) - _MOST_NAMES} more")
        lines.append(wrapped(f"Note on {', '.join(named)}: {note}.", "  "))
    return "\n".join(lines)


def _t_test(report):
    """The corrected t-test of the tasks with the smallest p, with its explanation."""
    table = report.table_
    if np.isnan(table["own_gain"]).all():
        return ""
    heading = (
        f"Corrected resampled t-test of a {report.noun.one} by itself (p adjusted by Holm's "
        "method). It knows nothing of the others, finds only very large gains, and its intervals "
        "may exceed 100%."
    )
    if len(table) > _MOST_TESTS:
        heading += (
            f" The {_MOST_TESTS} {report.noun.many} with the smallest p of {len(table)}; table_ "
            "has all."
        )
    return "\n".join([wrapped(heading), *table_lines(t_test_table(report, _MOST_TESTS))])
