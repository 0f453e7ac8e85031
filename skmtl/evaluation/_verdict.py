"""The verdicts of reports: what the numbers allow to conclude, in sentences."""

from textwrap import fill

import numpy as np

from skmtl._data.task_ids import name_of_task

_MOST_NAMES = 5
_SHOWN = 5e-4  # gains below it are written as 0.0%


def report_verdict(report):
    """The verdict of a :class:`TransferReport`."""
    return _lines([*_on_means(report), *_on_single_tasks(report), *_on_doubts(report)])


def ranking_verdict(ranking):
    """The verdict of a :class:`TransferRanking`."""
    sentences = [*_on_order(ranking)]
    for name, report in ranking.reports_.items():
        sentences.append(_on_gains(name, report.summary_))
    sentences += _on_convergence(ranking.summary_["n_unconverged"])
    return _lines(sentences)


def _lines(sentences):
    """Sentences as text, each beginning a line."""
    return "\n".join(fill(sentence, 100) for sentence in sentences)


def _on_means(report):
    """Sentences on the means over tasks."""
    summary = report.summary_
    if np.isnan(summary["delta_m"]):
        yield "No task has a relative gain; the notes in the table say why."
        return
    change = _median_change(summary["median_gain"], report.error_name)
    yield (
        f"Sharing {change}; the mean gain is {summary['delta_m']:+.1%} "
        f"({report.confidence_level:.0%} interval {summary['delta_m_low']:+.1%} to "
        f"{summary['delta_m_high']:+.1%})."
    )
    yield (
        f"{summary['share_negative']:.0%} of the tasks did worse than alone; the worst is task "
        f"{name_of_task(summary['worst_task'])} ({summary['worst_gain']:+.1%})."
    )


def _median_change(median, error_name):
    """What sharing did to the error by the median gain, which no single task can decide."""
    of_what = f"the error of a typical task ({error_name.replace('_', ' ')})"
    if abs(median) < _SHOWN:
        return f"did not change {of_what}: the median gain is {median:+.1%}"
    if median > 0:
        return f"lowered {of_what} by {median:.1%}, the median gain"
    return f"raised {of_what} by {-median:.1%}, the median loss"


def _on_single_tasks(report):
    """Sentences on single tasks."""
    summary = report.summary_
    n_tasks = summary["n_judged"]
    if n_tasks:
        yield (
            f"Taken one by one, {summary['n_positive']} of {n_tasks} tasks gained and "
            f"{summary['n_negative']} lost beyond doubt at {report.confidence_level:.0%} "
            f"(corrected for overlapping splits and for {n_tasks} tests)."
        )
    yield from _on_unjudged(report.table_)
    noted = report.table_[report.table_["note"] != ""]
    if len(noted):
        task = name_of_task(noted[0]["task"])
        yield f"{len(noted)} task(s) have a note, such as {task}: {noted[0]['note']}."


def _on_unjudged(table):
    """A sentence on the tasks that are not judged, if there are any."""
    unjudged = table["task"][table["verdict"] == "not judged"]
    if len(unjudged) == 0:
        return
    names = [name_of_task(task) for task in unjudged[:_MOST_NAMES]]
    if len(unjudged) > _MOST_NAMES:
        names.append("...")
    yield (
        f"Not judged, and left out of all numbers over tasks: {len(unjudged)} task(s) "
        f"({', '.join(names)})."
    )


def _on_doubts(report):
    """Sentences on what speaks against the numbers."""
    summary = report.summary_
    table = report.table_
    mean_gain = summary["delta_m"]
    if mean_gain * summary["median_gain"] < 0:
        yield (
            "The median and the mean gain disagree: relative gains explode for tasks that are "
            "nearly perfect alone. Look at the table before you decide."
        )
    mean_test = np.mean(table["n_test"])
    mean_train = np.mean(table["n_train"])
    if mean_test > mean_train:
        yield (
            "The test sets are larger than the training sets, where the corrected intervals "
            "of single tasks are very wide."
        )
    if _mean_change(report, "pooled", "multi") < 0:
        yield (
            "One pooled model for all tasks had SMALLER errors on average than the multi-task "
            "model: the tasks may be one."
        )
    elif _mean_change(report, "intercept", "multi") < 0:
        yield (
            "One model for all tasks with an intercept for each had SMALLER errors on average than "
            "the multi-task model: the tasks may differ in their levels only."
        )
    yield from _on_convergence(summary["n_unconverged"])


def _on_convergence(n_unconverged):
    """Sentences on methods whose fits did not converge."""
    for method, count in n_unconverged.items():
        if count:
            yield f"Fits of {method} warned {count} time(s) that they did not converge."


def _mean_change(report, method, other):
    """Mean over the judged tasks of the difference of two errors relative to their mean.

    NaN if a method was left out.
    """
    left_out = {method, other}.difference(report.cv_results_["methods"])
    if left_out:
        return np.nan
    is_judged = report.table_["verdict"] != "not judged"
    table = report.table_[is_judged]
    first = table[f"error_{method}"]
    second = table[f"error_{other}"]
    total = first + second
    differences = 2 * (first - second)
    relative = np.zeros_like(total)
    np.divide(differences, total, out=relative, where=total != 0)
    if len(table) == 0:
        return np.nan
    return relative.mean()


def _on_order(ranking):
    """Sentences on the best method, and on what the others are compared with it."""
    best = ranking.summary_["best"]
    behind, ahead, undecided = _compared_with(best, ranking)
    yield f"{best} has the best mean rank over tasks."
    if behind:
        yield (
            f"Its error is below that of {', '.join(behind)} beyond doubt at "
            f"{ranking.confidence_level:.0%} (corrected for overlapping splits and for "
            f"{len(ranking.pairwise_)} tests)."
        )
    if ahead:
        yield f"Yet the error of {', '.join(ahead)} is below its own beyond doubt."
    if undecided:
        yield f"These data cannot tell it from {', '.join(undecided)}."


def _compared_with(best, ranking):
    """Names of the methods with an error that is surely larger, surely smaller, and neither."""
    behind = []
    ahead = []
    undecided = []
    for other in ranking.ranking_["method"][1:].tolist():
        pair = _pair_of(best, other, ranking.pairwise_)
        is_first_better = pair["difference"] < 0
        is_best_better = is_first_better == (pair["method_a"] == best)
        if pair["p_adjusted"] >= 1 - ranking.confidence_level:
            undecided.append(other)
        elif is_best_better:
            behind.append(other)
        else:
            ahead.append(other)
    return behind, ahead, undecided


def _pair_of(method, other, pairs):
    """The record of the test between two methods."""
    (pair,) = (one for one in pairs if {one["method_a"], one["method_b"]} == {method, other})
    return pair


def _on_gains(name, summary):
    """A sentence on the gains with one estimator."""
    return (
        f"{name}: a task gains {summary['delta_m']:+.1%} on average "
        f"({summary['delta_m_low']:+.1%} to {summary['delta_m_high']:+.1%}; median "
        f"{summary['median_gain']:+.1%}); {summary['share_negative']:.0%} of the tasks did worse "
        f"than alone, {summary['n_positive']} gained and {summary['n_negative']} lost beyond doubt."
    )
