"""The sentences that carry the answer of a report: the typical gain, and how many tasks gain."""

import numpy as np

from skmtl.evaluation._reports.cautions import rival_names
from skmtl.evaluation._reports.formatting import (
    LINE,
    count_text,
    gain_text,
    interval_text,
    level_text,
    percent_text,
)

_MUCH = 0.1  # change of a gain by what is added to errors
_COUNTS = {
    "helped": "n_helped",
    "probably helped": "n_probably_helped",
    "open": "n_open",
    "probably harmed": "n_probably_harmed",
    "harmed": "n_harmed",
}


def headline(report):
    """The sentences on all tasks, a list of str: the typical gain, and how many tasks gain."""
    if report.summary_["n_judged"] == 0:
        return [f"No {report.noun.one} can be judged: the notes in the details say why."]
    if _changes_nothing(report.table_):
        return ["Sharing changes nothing: all errors are the same as alone."]
    return [_on_typical_gain(report), *_lines_of(list(_on_counts(report)))]


def _lines_of(sentences):
    """Sentences as one line if they fit into it, otherwise each by itself."""
    joined = " ".join(sentences)
    return [joined] if len(joined) <= LINE else sentences


def _on_typical_gain(report):
    """The sentence on the median gain and its interval."""
    summary = report.summary_
    gain = summary["median_gain"]
    low = summary["median_gain_low"]
    high = summary["median_gain_high"]
    level = level_text(report.confidence_level)
    noun = report.noun.one
    if summary["n_judged"] > 1:
        whom = f"the typical {noun}"
    elif len(report.table_) > 1:
        whom = f"the only {noun} that is judged"
    else:
        whom = f"the only {noun}"
    if low > 0:
        return (
            f"Sharing helps {whom}: an error {percent_text(gain)} smaller than alone "
            f"({level} interval {percent_text(low)} to {percent_text(high)})."
        )
    if high < 0:
        return (
            f"Sharing harms {whom}: an error {percent_text(-gain)} larger than alone "
            f"({level} interval {percent_text(-high)} to {percent_text(-low)})."
        )
    return (
        f"It is open whether sharing helps {whom}: a gain of {gain_text(gain)} ({level} interval "
        f"{gain_text(low)} to {gain_text(high)})."
    )


def _changes_nothing(table):
    """Whether the errors of all judged tasks are those of the task alone."""
    judged = table[table["verdict"] != "not judged"]
    return np.all((judged["ci_low"] == 0) & (judged["ci_high"] == 0))


def _on_counts(report):
    """Sentences on how many tasks gain, surely and probably."""
    summary = report.summary_
    n_judged = summary["n_judged"]
    if n_judged > 1 and np.isfinite(summary["share_gain"]):
        yield _on_share(report)
    counts = []
    for verdict, name in _COUNTS.items():
        if summary[name]:
            counts.append(f"{summary[name]} {verdict}")
    if n_judged == 1 and summary["n_open"] == 1:
        return  # as the first sentence says
    if summary["n_open"] == n_judged:
        yield "One by one, all are open."
    elif n_judged > 1:
        yield f"One by one: {', '.join(counts)}."


def _on_share(report):
    """The sentence on the number of tasks that gain; only its interval if the median is open."""
    summary = report.summary_
    n_judged = summary["n_judged"]
    tasks = f"{n_judged} {report.noun.many}"
    about = round(n_judged * summary["share_gain"])
    low = round(n_judged * summary["share_gain_low"])
    high = round(n_judged * summary["share_gain_high"])
    if summary["median_gain_low"] <= 0 <= summary["median_gain_high"]:
        level = level_text(report.confidence_level)
        return f"Between {low} and {high} of {tasks} gain ({level} interval)."
    return f"About {about} of {tasks} gain ({low} to {high})."


def footer(report):
    """The sentences below the table, a list of str: other models, and what gains refer to."""
    sentences = []
    if report.summary_["rivals"] and report.summary_["n_judged"]:
        sentences.append(_on_rivals(report))
    sentences.append(_on_gains(report))
    if _are_tiny_errors_raised(report.table_):
        sentences.append(_on_tiny_errors(report))
    return sentences


def _on_rivals(report):
    """The sentence on the typical gain over each rival, the best known first."""
    rivals = report.summary_["rivals"]
    texts = []
    for method, name in rival_names(rivals).items():
        gain, low, high = rivals[method]
        if not np.isfinite(gain):
            texts.append(f"{name} unknown")
            continue
        texts.append(f"{name} {gain_text(gain)} {interval_text(low, high)}")
    return f"Gain over {'; '.join(texts)}."


def _on_gains(report):
    """The sentence on the error and on the training sets that gains refer to."""
    table = report.table_
    n_train = table["n_train"][table["verdict"] != "not judged"]
    error = report.error_name.replace("_", " ")
    if len(n_train) == 0:
        return f"Error: {error}."
    size = f"{_range_text(n_train)} per {report.noun.one}"
    return f"Error: {error}. Gains: for {size}, smaller with more."


def _are_tiny_errors_raised(table):
    """Whether what is added to errors changes the own gain of a task."""
    judged = table[(table["verdict"] != "not judged") & (table["error_single"] > 0)]
    plain_gains = 1 - judged["error_multi"] / judged["error_single"]
    return bool(np.any(np.abs(plain_gains - judged["own_gain"]) > _MUCH))


def _on_tiny_errors(report):
    """The sentence on what is added to errors."""
    if report.error_name == "root_mean_squared_error":
        return "Where an error is below a tenth of the spread of y, gains count it as that tenth."
    return "Where an error is nearly zero, gains count it as a small part of that of a constant."


def _range_text(n_train):
    """The numbers of training samples of tasks."""
    smallest = count_text(n_train.min())
    largest = count_text(n_train.max())
    if smallest == largest:
        return "1 training sample" if largest == "1" else f"{largest} training samples"
    return f"{smallest} to {largest} training samples"
