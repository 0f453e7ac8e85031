"""Reports of one estimator as text."""

from skmtl.evaluation._reports.cautions import find_cautions
from skmtl.evaluation._reports.formatting import table_lines, wrapped
from skmtl.evaluation._reports.task_table import task_table
from skmtl.evaluation._reports.verdict import footer, headline

MOST_CAUTIONS = 2  # that a report shows by itself; the details have all


def report_text(report, rows):
    """The text of a :class:`TransferReport`: the answer, its tasks, and what it refers to.

    Parameters
    ----------
    report : TransferReport
        The report.
    rows : int or None
        Most lines of the table of tasks; None shows all.
    """
    blocks = [
        verdict_text(report),
        "\n".join(table_lines(task_table(report, rows))),
        "\n".join(wrapped(sentence, "  ") for sentence in footer(report)),
    ]
    return "\n\n".join(blocks)


def verdict_text(report):
    """The sentences that carry the answer."""
    lines = [wrapped(sentence) for sentence in headline(report)]
    cautions = shown_cautions(report)
    for position, caution in enumerate(cautions):
        first = "Careful: " if position == 0 else 9 * " "
        lines.append(wrapped(first + caution, 9 * " "))
    return "\n".join(lines)


def shown_cautions(report):
    """The sentences of the most important cautions, and where the others are."""
    cautions = find_cautions(report)
    sentences = [caution.text for caution in cautions[:MOST_CAUTIONS]]
    n_more = len(cautions) - len(sentences)
    if n_more:
        sentences.append(f"{n_more} more in the details")
    return sentences
