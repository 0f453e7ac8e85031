"""Reports for notebooks: plain tables with inline styles; every text is escaped."""

from html import escape

from skmtl._data.task_ids import name_of_task
from skmtl.evaluation._formatting import (
    count_text,
    gain_texts,
    method_cells,
    method_titles,
    number_text,
)

_COLORS = {"positive transfer": "#0072b2", "negative transfer": "#d55e00"}  # safe for all eyes
_MAX_TASKS = 200


def report_html(report):
    """HTML of a :class:`TransferReport`: the verdict, the methods, and the tasks folded away."""
    methods = report.cv_results_["methods"]
    n_tasks = len(report.table_)
    shown = [_task_cells(record, methods) for record in report.table_[:_MAX_TASKS]]
    head = ["task", "train", "test", *methods, "gain", "interval", "p adj.", "verdict", "note"]
    n_more = n_tasks - len(shown)
    return "\n".join(
        [
            "<div>",
            paragraph(report.verdict()),
            methods_html(report.summary_, methods),
            f"<details><summary>{n_tasks} tasks</summary>",
            _table(head, shown),
            f"<p>{n_more} more in <code>table_</code></p>" if n_more > 0 else "",
            "</details></div>",
        ]
    )


def _task_cells(record, methods):
    """The record of one task as texts."""
    return [
        name_of_task(record["task"]),
        count_text(record["n_train"]),
        count_text(record["n_test"]),
        *(number_text(record[f"error_{method}"], ".4g") for method in methods),
        *gain_texts(record),
        number_text(record["p_adjusted"], ".2g"),
        record["verdict"],
        record["note"],
    ]


def paragraph(text):
    """A paragraph that keeps the line breaks of a text."""
    return f'<p style="white-space:pre-line">{escape(text)}</p>'


def methods_html(quantities, methods):
    """The table of methods."""
    lines = [[method, *method_cells(quantities, method)] for method in methods]
    return _table(["method", *method_titles(quantities)], lines)


def _table(head, lines):
    """An HTML table; the first column is aligned to the left, the others to the right."""
    parts = ["<table><thead>", _line("th", head), "</thead><tbody>"]
    parts += [_line("td", line) for line in lines]
    parts.append("</tbody></table>")
    return "".join(parts)


def _line(tag, texts):
    cells = [_cell(tag, text, k == 0) for k, text in enumerate(texts)]
    return f"<tr>{''.join(cells)}</tr>"


def _cell(tag, text, is_first):
    style = f"text-align:{'left' if is_first else 'right'}"
    if text in _COLORS:
        style += f";color:{_COLORS[text]};font-weight:bold"
    return f'<{tag} style="{style}">{escape(str(text))}</{tag}>'
