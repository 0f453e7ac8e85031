"""The table of the tasks of a report: those that tell most, or all."""

import numpy as np

from skmtl._data.checks import check_int
from skmtl._data.task_ids import name_of_task
from skmtl.evaluation._reports.formatting import (
    LINE,
    LONGEST_NAME,
    TextTable,
    count_text,
    error_text,
    gain_text,
    interval_texts,
    level_text,
    number_text,
    probability_text,
    shortened,
)

_IS_LEFT = [True, False, False, False, False, False, False, False, True]


def task_table(report, rows):
    """The :class:`TextTable` of the tasks.

    Parameters
    ----------
    report : TransferReport
        The report.
    rows : int or None
        Most lines of the table, the title and the sentence on omitted tasks among them if some are
        omitted. None shows all tasks, in their order; otherwise they are sorted by their gains, and
        those left out are neither among the most surely helped nor among the most harmed.
    """
    table = report.table_
    if rows is None:
        return _as_texts(report, table)
    check_int(rows, "rows", low=4)
    order = _by_gain(table)
    if len(table) <= rows:
        return _as_texts(report, table[order])
    n_shown = rows - 2
    n_losing = int(np.sum(table["gain"] < 0))
    helped = _most_surely_helped(table, n_shown - min(n_losing, n_shown // 2))
    harmed = _most_harmed(table, n_shown - len(helped))
    omitted = np.ones(len(table), dtype=bool)
    omitted[helped] = False
    omitted[harmed] = False
    which = _which_are_omitted(len(helped), len(harmed))
    sentence = _on_omitted(table[omitted], which)
    shown = table[np.r_[helped, harmed]]
    return _as_texts(report, shown, omitted_at=len(helped), omitted=sentence)


def _by_gain(table):
    """Positions of the tasks, the largest gain first and those without a gain last."""
    return np.argsort(-table["gain"], kind="stable")


def _most_surely_helped(table, n_most):
    """Positions of tasks without a loss whose evidence is strongest, the largest gain first."""
    gaining = np.flatnonzero(table["gain"] >= 0)
    by_evidence = np.lexsort((-table["gain"][gaining], table["p_harm"][gaining]))
    chosen = gaining[by_evidence[:n_most]]
    return chosen[_by_gain(table[chosen])]


def _most_harmed(table, n_most):
    """Positions of the tasks with the largest losses, the largest last."""
    by_gain = _by_gain(table)
    losing = by_gain[table["gain"][by_gain] < 0]
    n_skipped = max(0, len(losing) - n_most)
    return losing[n_skipped:]


def _which_are_omitted(n_helped, n_harmed):
    """What sets the omitted tasks apart from these numbers of tasks that are shown."""
    if n_helped and n_harmed:
        return "between surest gains and largest losses"
    return "with smaller losses" if n_harmed else "that gain less surely"


def _on_omitted(table, which):
    """The sentence on the tasks that are not shown."""
    gains = table["gain"][np.isfinite(table["gain"])]
    n_left_out = len(table) - len(gains)
    parts = []
    if len(gains):
        parts.append(f"{len(gains)} {which}")
    if n_left_out:
        parts.append(f"{n_left_out} not judged")
    parts.append("to_text(rows=None) shows all")
    short = f"... {'; '.join(parts)}"
    if len(gains) == 0:
        return short
    smallest = gain_text(gains.min())
    largest = gain_text(gains.max())
    parts[0] += f", {smallest}" if smallest == largest else f", {smallest} to {largest}"
    complete = f"... {'; '.join(parts)}"
    return complete if len(complete) <= LINE else short


def _as_texts(report, table, omitted_at=0, omitted=""):
    """The :class:`TextTable` of some records."""
    level = level_text(report.confidence_level)
    titles = [
        shortened(report.noun.title, LONGEST_NAME),
        "train",
        "test",
        "alone",
        "shared",
        "gain",
        f"{level} interval",
        "P(harm)",
        "verdict",
    ]
    intervals = interval_texts(table["ci_low"], table["ci_high"])
    lines = []
    for record, interval in zip(table, intervals, strict=True):
        lines.append(
            [
                shortened(name_of_task(record["task"]), LONGEST_NAME),
                count_text(record["n_train"]),
                count_text(record["n_test"]),
                error_text(record["error_single"]),
                error_text(record["error_multi"]),
                gain_text(record["gain"]),
                interval,
                probability_text(record["p_harm"]),
                str(record["verdict"]),
            ]
        )
    return TextTable(titles, lines, _IS_LEFT, omitted_at, omitted)


def t_test_table(report, n_most):
    """The :class:`TextTable` of the corrected resampled t-test of a task, the smallest p first.

    Parameters
    ----------
    report : TransferReport
        The report.
    n_most : int
        Most tasks.
    """
    order = np.argsort(report.table_["t_p_value"], kind="stable")
    table = report.table_[order[:n_most]]
    level = level_text(report.confidence_level)
    titles = [shortened(report.noun.title, LONGEST_NAME), "own gain", f"{level} interval", "p"]
    intervals = interval_texts(table["t_low"], table["t_high"])
    lines = []
    for record, interval in zip(table, intervals, strict=True):
        lines.append(
            [
                shortened(name_of_task(record["task"]), LONGEST_NAME),
                gain_text(record["own_gain"]),
                interval,
                number_text(record["t_p_value"], ".2g"),
            ]
        )
    return TextTable(titles, lines, [True, False, False, False])
