"""Reports for notebooks: plain tables with inline styles; every text is escaped."""

from html import escape

from skmtl.evaluation._reports.details import report_details
from skmtl.evaluation._reports.ranking_text import (
    ranking_cautions,
    ranking_details,
    ranking_footer,
    ranking_sentences,
    ranking_table,
)
from skmtl.evaluation._reports.report_text import shown_cautions
from skmtl.evaluation._reports.task_table import task_table
from skmtl.evaluation._reports.verdict import footer, headline

_STYLES = {  # of verdicts; the colors are safe for all eyes
    "helped": "color:#0072b2;font-weight:bold",
    "probably helped": "color:#0072b2",
    "probably harmed": "color:#d55e00",
    "harmed": "color:#d55e00;font-weight:bold",
}
_ROWS = 12
_MOST_TASKS = 200


def report_html(report):
    """HTML of a :class:`TransferReport`; all tasks and the details are folded away."""
    table = report.table_
    parts = [
        "<div>",
        *(paragraph(sentence) for sentence in headline(report)),
        cautions_html(shown_cautions(report)),
        table_html(task_table(report, _ROWS)),
        *(paragraph(sentence) for sentence in footer(report)),
    ]
    if _ROWS < len(table) <= _MOST_TASKS:
        all_tasks = table_html(task_table(report, None))
        parts.append(_folded(f"All {len(table)} {report.noun.many}", all_tasks))
    details = f"<pre>{escape(report_details(report))}</pre>"
    parts.append(_folded("Details", details))
    parts.append("</div>")
    return "\n".join(parts)


def ranking_html(ranking):
    """HTML of a :class:`TransferRanking`; the details are folded away."""
    details = f"<pre>{escape(ranking_details(ranking))}</pre>"
    parts = [
        "<div>",
        *(paragraph(sentence) for sentence in ranking_sentences(ranking)),
        cautions_html(ranking_cautions(ranking)),
        table_html(ranking_table(ranking)),
        paragraph(ranking_footer(ranking)),
        _folded("Details", details),
        "</div>",
    ]
    return "\n".join(parts)


def paragraph(text):
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


def cautions_html(sentences):
    """Warnings as a list; nothing if there are none."""
    if not sentences:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<p><b>Careful:</b></p><ul>{items}</ul>"


def table_html(table):
    """A TextTable as HTML."""
    n_columns = len(table.titles)
    lines = [_line("td", cells, table.is_left) for cells in table.lines]
    if table.omitted:
        omitted = f'<td colspan="{n_columns}" style="text-align:left">{escape(table.omitted)}</td>'
        lines.insert(table.omitted_at, f"<tr>{omitted}</tr>")
    head = _line("th", table.titles, table.is_left)
    return f"<table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"


def _folded(summary, html):
    """HTML that opens on a click."""
    return f"<details><summary>{escape(summary)}</summary>{html}</details>"


def _line(tag, texts, is_left):
    cells = []
    for text, left in zip(texts, is_left, strict=True):
        cells.append(_cell(tag, text, left))
    return f"<tr>{''.join(cells)}</tr>"


def _cell(tag, text, is_left):
    style = f"text-align:{'left' if is_left else 'right'}"
    if tag == "td" and text in _STYLES:
        style += f";{_STYLES[text]}"
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'
