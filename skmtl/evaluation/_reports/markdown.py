"""Reports as Markdown, for a README or an issue."""

from skmtl.evaluation._reports.report_text import shown_cautions
from skmtl.evaluation._reports.task_table import task_table
from skmtl.evaluation._reports.verdict import footer, headline

_SPECIAL = "\\`*_<|"  # characters that Markdown reads as more than themselves


def report_markdown(report, rows):
    """Markdown of a :class:`TransferReport`.

    Parameters
    ----------
    report : TransferReport
        The report.
    rows : int or None
        Most lines of the table of tasks; None shows all.
    """
    blocks = [
        *(escaped(sentence) for sentence in headline(report)),
        cautions_markdown(shown_cautions(report)),
        table_markdown(task_table(report, rows)),
        *(escaped(sentence) for sentence in footer(report)),
    ]
    return joined(blocks)


def joined(blocks):
    """Blocks of Markdown, separated by empty lines."""
    return "\n\n".join(block for block in blocks if block)


def cautions_markdown(sentences):
    """Warnings as a list; nothing if there are none."""
    if not sentences:
        return ""
    items = [f"- {escaped(sentence)}" for sentence in sentences]
    return "\n".join(["**Careful:**", "", *items])


def table_markdown(table):
    """A TextTable as Markdown; the sentence on omitted lines follows the table."""
    rules = [":---" if is_left else "---:" for is_left in table.is_left]
    lines = [_line(table.titles), _line(rules)]
    for cells in table.lines:
        lines.append(_line([escaped(cell) for cell in cells]))
    if table.omitted:
        lines += ["", escaped(table.omitted)]
    return "\n".join(lines)


def _line(cells):
    return f"| {' | '.join(cells)} |"


def escaped(text):
    """A text whose characters mean only themselves."""
    return "".join(f"\\{one}" if one in _SPECIAL else one for one in text)
