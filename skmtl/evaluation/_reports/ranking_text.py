"""Rankings of several estimators and their baselines as text and Markdown."""

import numpy as np

from skmtl.evaluation._reports.cautions import find_cautions
from skmtl.evaluation._reports.formatting import (
    LONGEST_NAME,
    METHOD_COLUMNS,
    TextTable,
    gain_text,
    interval_texts,
    level_text,
    listed,
    methods_table,
    number_text,
    shortened,
    table_lines,
    wrapped,
)
from skmtl.evaluation._reports.markdown import cautions_markdown, escaped, joined, table_markdown

_MOST_NAMES = 4
_MOST_CAUTIONS = 2  # about the best estimator


def ranking_text(ranking):
    """The text of a :class:`TransferRanking`."""
    blocks = [
        ranking_verdict(ranking),
        "\n".join(table_lines(ranking_table(ranking))),
        wrapped(ranking_footer(ranking), "  "),
    ]
    return "\n\n".join(blocks)


def ranking_markdown(ranking):
    """Markdown of a :class:`TransferRanking`."""
    blocks = [
        *(escaped(sentence) for sentence in ranking_sentences(ranking)),
        cautions_markdown(ranking_cautions(ranking)),
        table_markdown(ranking_table(ranking)),
        escaped(ranking_footer(ranking)),
    ]
    return joined(blocks)


def ranking_details(ranking):
    """The numbers of all methods and the test between every two of them, as text."""
    table = ranking.ranking_
    methods = table["method"].tolist()
    quantities = {}
    for name in METHOD_COLUMNS:
        if name in table.dtype.names and not np.isnan(table[name]).all():
            quantities[name] = dict(zip(methods, table[name].tolist(), strict=True))
    blocks = [
        "\n".join(table_lines(methods_table(quantities, methods))),
        "\n".join(table_lines(_pairs_table(ranking))),
    ]
    for name, report in ranking.reports_.items():
        texts = [f"{name}: {caution.text}" for caution in find_cautions(report)]
        blocks.append("\n".join(wrapped(text, "  ") for text in texts))
    return "\n\n".join(block for block in blocks if block)


def ranking_verdict(ranking):
    """The sentences that carry the answer."""
    lines = [wrapped(sentence) for sentence in ranking_sentences(ranking)]
    for position, caution in enumerate(ranking_cautions(ranking)):
        first = "Careful: " if position == 0 else 9 * " "
        lines.append(wrapped(first + caution, 9 * " "))
    return "\n".join(lines)


def ranking_sentences(ranking):
    """Sentences on the best method, and on whether it is surely better than the others."""
    best = ranking.summary_["best"]
    methods = ranking.ranking_["method"].tolist()
    surely_behind = []
    undecided = []
    unknown = []
    for other in methods[1:]:
        pair = _pair_of(best, other, ranking.pairwise_)
        if np.isnan(pair["difference"]):
            unknown.append(other)
        elif pair["p_adjusted"] < 1 - ranking.confidence_level:
            surely_behind.append(other)
        else:
            undecided.append(other)
    if unknown and not surely_behind and not undecided:
        yield "The methods cannot be compared: no task is judged by errors of two of them."
        return
    what = shortened(best, LONGEST_NAME)
    if best not in ranking.reports_:
        what += ", a single-task baseline," if _is_single(best) else ", a rival,"
    yield f"{what} has the smallest typical error of {len(methods)} methods."
    if unknown:
        yield f"Not compared, for lack of finite errors: {_first_of(unknown)}."
    if not undecided:
        others = "all others" if not unknown else _first_of(surely_behind)
        yield f"It is surely better than {others} (p < {_p_limit(ranking)} for each)."
        return
    n_pairs = len(ranking.pairwise_)
    tested = f"With {n_pairs} pairs tested, these" if n_pairs > 1 else "These"
    is_any = not surely_behind and not unknown and len(undecided) > 1
    others = "any of the others" if is_any else _first_of(undecided)
    yield f"{tested} data cannot tell it from {others}."
    if surely_behind:
        yield f"It is surely better than {_first_of(surely_behind)}."


def _is_single(method):
    """Whether a method that is no estimator is a single-task baseline, by its name."""
    return method.split(" ")[0] == "single"


def _p_limit(ranking):
    return f"{1 - ranking.confidence_level:.2g}"


def _first_of(names):
    """Names in one sentence; of many, the first."""
    named = [shortened(name, LONGEST_NAME) for name in names]
    if len(named) > _MOST_NAMES + 1:
        named = [*named[:_MOST_NAMES], f"{len(named) - _MOST_NAMES} others"]
    return listed(named)


def ranking_cautions(ranking):
    """Sentences on what to be careful about with the best estimator."""
    name = _best_estimator(ranking)
    cautions = find_cautions(ranking[name])
    texts = [f"{name}: {caution.text}" for caution in cautions[:_MOST_CAUTIONS]]
    n_more = len(cautions) - len(texts)
    if n_more:
        texts.append(f"{n_more} more in the details")
    return texts


def _best_estimator(ranking):
    """The name of the first estimator in the ranking."""
    methods = ranking.ranking_["method"].tolist()
    return next(method for method in methods if method in ranking.reports_)


def ranking_footer(ranking):
    """The sentence on what the table shows."""
    noun = ranking[_best_estimator(ranking)].noun
    sentence = (
        "above best: by how much the typical error is larger than that of the best. Its interval "
        "is of one pair; p is adjusted for all pairs by Holm's method, and so is more careful. "
        f"gain: over each {noun.one} alone; the reports of the estimators show the {noun.many}."
    )
    if len(ranking.reports_) > 1:
        sentence += " The best of several looks a little better than it is."
    return sentence


def ranking_table(ranking):
    """The :class:`TextTable` with a line for each method."""
    level = level_text(ranking.confidence_level)
    titles = [
        "method",
        "above best",
        f"{level} interval",
        "p",
        "gain",
        f"{level} interval",
        "helped",
        "harmed",
    ]
    table = ranking.ranking_
    above = _above_best(ranking)
    above_intervals = interval_texts(above["low"], above["high"])
    gain_intervals = interval_texts(table["median_gain_low"], table["median_gain_high"])
    lines = []
    for k, record in enumerate(table):
        lines.append(
            [
                shortened(str(record["method"]), LONGEST_NAME),
                gain_text(above["difference"][k]),
                above_intervals[k],
                number_text(above["p"][k], ".2g"),
                gain_text(record["median_gain"]),
                gain_intervals[k],
                number_text(record["n_helped"], ".0f"),
                number_text(record["n_harmed"], ".0f"),
            ]
        )
    return TextTable(titles, lines, [True, *[False] * 7])


def _above_best(ranking):
    """By how much the error of each method is larger than that of the best, with the interval.

    Returns
    -------
    ndarray of shape (n_methods,)
        Fields difference, low, high and p; NaN for the best itself.
    """
    best = ranking.summary_["best"]
    methods = ranking.ranking_["method"].tolist()
    fields = [(name, float) for name in ("difference", "low", "high", "p")]
    above = np.full(len(methods), np.nan, dtype=fields)
    for record, other in zip(above[1:], methods[1:], strict=True):
        pair = _pair_of(best, other, ranking.pairwise_)
        ratios = 1 - np.array([pair["difference"], pair["ci_low"], pair["ci_high"]])
        if pair["method_a"] != best:  # the ratio is that of the best to the other
            with np.errstate(divide="ignore"):
                ratios = 1 / ratios
        record["difference"] = ratios[0] - 1
        record["low"] = ratios[1:].min() - 1
        record["high"] = ratios[1:].max() - 1
        record["p"] = pair["p_adjusted"]
    return above


def _pair_of(method, other, pairs):
    """The record of the test between two methods."""
    (pair,) = (one for one in pairs if {one["method_a"], one["method_b"]} == {method, other})
    return pair


def _pairs_table(ranking):
    """The :class:`TextTable` of the tests between every two methods."""
    pairs = ranking.pairwise_
    level = level_text(ranking.confidence_level)
    titles = ["a", "b", "gain of b", f"{level} interval", "p", "p (Holm)"]
    intervals = interval_texts(pairs["ci_low"], pairs["ci_high"])
    lines = []
    for pair, interval in zip(pairs, intervals, strict=True):
        lines.append(
            [
                shortened(str(pair["method_a"]), LONGEST_NAME),
                shortened(str(pair["method_b"]), LONGEST_NAME),
                gain_text(pair["difference"]),
                interval,
                number_text(pair["p_value"], ".2g"),
                number_text(pair["p_adjusted"], ".2g"),
            ]
        )
    return TextTable(titles, lines, [True, True, *[False] * 4], n_names=2)
