"""Reports for notebooks: plain tables with inline styles, every label escaped."""

from html import escape

from skmtl._data.task_ids import label_of
from skmtl.evaluation._figures import FIGURES, count_text, figure_text, gain_texts

_COLORS = {"positive transfer": "#0072b2", "negative transfer": "#d55e00"}  # safe for all eyes
_MOST_ROWS = 200


def report_html(report):
    """HTML of a :class:`TransferReport`: the verdict, the methods, the tasks folded away."""
    methods, summary = report.cv_results_["methods"], report.summary_
    known = {name: head for name, head in FIGURES.items() if name in summary}
    figures = [
        [method, *(figure_text(summary[name][method], form) for name, (_, form) in known.items())]
        for method in methods
    ]
    tasks = [
        [
            label_of(row["task"]),
            count_text(row["n_train"]),
            count_text(row["n_test"]),
            *(figure_text(row[f"error_{method}"], ".4g") for method in methods),
            *gain_texts(row),
            f"{row['p_adjusted']:.2g}",
            row["verdict"],
            row["note"],
        ]
        for row in report.table_[:_MOST_ROWS]
    ]
    head = ["task", "train", "test", *methods, "gain", "interval", "p adj.", "verdict", "note"]
    more = len(report.table_) - len(tasks)
    return "\n".join(
        [
            "<div>",
            sentences(report.verdict()),
            table(["method", *(title for title, _ in known.values())], figures),
            f"<details><summary>{len(report.table_)} tasks</summary>",
            table(head, tasks),
            f"<p>{more} more in <code>table_</code></p>" if more > 0 else "",
            "</details></div>",
        ]
    )


def sentences(text):
    """Paragraphs of a text whose sentences are lines."""
    return f'<p style="white-space:pre-line">{escape(text)}</p>'


def table(head, rows):
    """An HTML table; the first column to the left, the others to the right."""
    lines = ["<table><thead><tr>", *(_cell("th", text, k) for k, text in enumerate(head))]
    lines.append("</tr></thead><tbody>")
    for row in rows:
        lines += ["<tr>", *(_cell("td", text, k) for k, text in enumerate(row)), "</tr>"]
    return "".join([*lines, "</tbody></table>"])


def _cell(kind, text, k):
    style = f"text-align:{'left' if k == 0 else 'right'}"
    if text in _COLORS:
        style += f";color:{_COLORS[text]};font-weight:bold"
    return f'<{kind} style="{style}">{escape(str(text))}</{kind}>'
