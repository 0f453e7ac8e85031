"""What to be careful about: every warning of a report, its condition and its sentence.

Each function takes a report and returns a sentence, which says what is the matter and what to do,
or None if there is no reason to warn. The dict :data:`_CAUTIONS` has them by their codes, the most
important first.
"""

from dataclasses import dataclass

import numpy as np

from skmtl._data.task_ids import name_of_task
from skmtl.evaluation._reports.formatting import (
    count_text,
    gain_text,
    level_text,
    listed,
    percent_text,
    shortened,
)

FEWEST_PASSES = 2.5  # times that a sample is tested: fewer do not show the luck of training
LARGE_CORRELATION = 0.3
UNEQUAL_SIZES = 3.0  # ratio of the numbers of training samples of large and of small tasks
LARGE_SPREAD = 0.05  # of log gains
EQUAL = 0.02  # gain or loss, up to which a rival is as good
MUCH_TESTED = 3.0  # test samples for each training sample
_MOST_NAMES = 3
_RIVALS = {
    "pooled": "one model for all",
    "intercept": "one with shrunken intercepts",
    "boosting": "gradient boosting",
}


@dataclass(frozen=True)
class Caution:
    """A warning: its code, as in ``summary_["cautions"]``, and its sentence."""

    code: str
    text: str


def find_cautions(report):
    """The cautions of a :class:`TransferReport`, the most important first."""
    found = []
    for code, sentence_of in _CAUTIONS.items():
        sentence = sentence_of(report)
        if sentence is not None:
            found.append(Caution(code, sentence))
    return found


def rival_names(methods):
    """What sentences call the methods that the estimator is compared with, by their names.

    Parameters
    ----------
    methods : iterable of str
        Names of the methods.

    Returns
    -------
    dict of str to str
        The methods and what they are called, the best known first.
    """
    names = {}
    for method in sorted(methods, key=_place_of):
        names[method] = _RIVALS.get(method, shortened(method, 30))
    if "pooled" not in names and "intercept" in names:
        names["intercept"] = "one model with shrunken intercepts"
    return names


def _place_of(method):
    """The place of a rival among others."""
    known = list(_RIVALS)
    return known.index(method) if method in known else len(known)


def _on_harm(report):
    summary = report.summary_
    noun = report.noun
    n_surely = summary["n_harmed"]
    n_probably = summary["n_probably_harmed"]
    if n_surely + n_probably == 0:
        return None
    degree = "" if n_surely else "probably "
    n_lost = n_surely or n_probably
    worst = shortened(name_of_task(summary["worst_task"]), 20)
    larger = percent_text(-summary["worst_gain"])
    if n_lost == 1:
        return (
            f"1 {noun.one} ({worst}) is {degree}harmed, by an error {larger} larger: fit it alone, "
            "or share less."
        )
    return (
        f"{n_lost} {noun.many} are {degree}harmed, up to an error {larger} larger ({noun.one} "
        f"{worst}): fit these alone, or share less."
    )


def _on_better_rival(report):
    rivals = report.summary_["rivals"]
    better = []
    for method, (gain, _, high) in rivals.items():
        if high < 0 and gain < -EQUAL:
            better.append((gain, method))
    if not better:
        return None
    _, method = min(better)
    # the error of the rival in terms of ours: 1 / (1 - gain) times as large
    smaller, most, least = [percent_text(-gain / (1 - gain)) for gain in rivals[method]]
    level = level_text(report.confidence_level)
    (name,) = _names_with_classes([method])
    return (
        f"{_capitalized(name)} is better: its error is {smaller} smaller ({level} interval {least} "
        f"to {most}). Use it instead."
    )


def _on_equal_rival(report):
    equal = []
    for method, (gain, low, high) in report.summary_["rivals"].items():
        is_no_worse = low <= 0 and high <= EQUAL
        is_better = high < 0 and gain < -EQUAL
        if is_no_worse and not is_better:
            equal.append(method)
    if not equal:
        return None
    names = _capitalized(listed(_names_with_classes(equal)))
    verb = "does" if len(equal) == 1 else "do"
    return f"{names} {verb} as well here: prefer what is simpler."


def _names_with_classes(methods):
    """What sentences call rivals, with the class to use where the name does not tell it."""
    names = []
    for method, name in rival_names(methods).items():
        names.append(f"{name} (RandomInterceptTasks)" if method == "intercept" else name)
    return names


def _on_few_passes(report):
    n_passes = _passes(report)
    if not n_passes < FEWEST_PASSES:
        return None
    often = "once" if n_passes == 1 else f"{n_passes:.1f} times on average"
    return (
        f"Each sample is tested {often}, so the luck of the training sets hardly shows. Repeat the "
        "splits, at best five times."
    )


def _passes(report):
    """How often the sample of a typical task is tested."""
    n_train = report.cv_results_["n_train"]
    n_test = report.cv_results_["n_test"]
    n_samples = (n_train + n_test).max(axis=0)
    n_tested = n_test.sum(axis=0)
    is_tested = n_tested > 0
    if not is_tested.any():
        return np.nan
    return float(np.median(n_tested[is_tested] / n_samples[is_tested]))


def _on_disagreement(report):
    judged = _judged(report.table_)
    summary = report.summary_
    if len(judged) == 0:
        return None
    mean = np.mean(judged["own_gain"])
    median = summary["median_gain"]
    is_outside = not summary["median_gain_low"] <= mean <= summary["median_gain_high"]
    if not (is_outside and mean * median < 0):
        return None
    return (
        f"The mean of the gains is {gain_text(mean)}, their median {gain_text(median)}: a few "
        f"{report.noun.many} decide the mean. Look at these before you decide."
    )


def _on_spread(report):
    summary = report.summary_
    if not _differ(report) or not summary["spread"] > _typical_log_gain(summary):
        return None
    low = gain_text(summary["new_task_low"])
    high = gain_text(summary["new_task_high"])
    return (
        f"{_capitalized(report.noun.many)} differ much: the gain of a new one may be {low} to "
        f"{high}. Decide for each by itself."
    )


def _typical_log_gain(summary):
    """The size of the typical gain or loss, as the logarithm of a ratio of errors."""
    error_ratio = max(1 - summary["typical_gain"], np.finfo(float).tiny)
    return abs(np.log(error_ratio))


def _differ(report):
    """Whether the interval for a new task says less about its sign than that of the median."""
    summary = report.summary_
    is_median_known = summary["median_gain_low"] > 0 or summary["median_gain_high"] < 0
    is_new_open = summary["new_task_low"] < 0 < summary["new_task_high"]
    return is_median_known and is_new_open


def _on_small_training_sets(report):
    judged = _judged(report.table_)
    if len(judged) == 0:
        return None
    n_train = np.median(judged["n_train"])
    n_test = np.median(judged["n_test"])
    if not n_test > MUCH_TESTED * n_train:
        return None
    share = f"{count_text(n_train)} of {count_text(n_train + n_test)} samples"
    return (
        f"Only {share} of a {report.noun.one} are for training: in simulations, 8 to 15% of such "
        "data had a false verdict."
    )


def _on_unequal_sizes(report):
    judged = _judged(report.table_)
    summary = report.summary_
    if len(judged) < 2:
        return None
    low, high = np.quantile(judged["n_train"], [0.1, 0.9])
    is_mixed = summary["spread"] > max(LARGE_SPREAD, _typical_log_gain(summary))
    if not high > UNEQUAL_SIZES * low or not is_mixed:
        return None
    return (
        f"The sizes of {report.noun.many} differ much, and so do their gains: intervals may be too "
        "narrow then. The plot of the kind 'size' shows it."
    )


def _on_correlation(report):
    correlation = report.summary_["correlation"]
    if not (correlation > LARGE_CORRELATION and report.cv_results_.get("shares_rows", False)):
        return None
    many = report.noun.many
    return (
        f"The errors of {many} go together (a correlation of {correlation:.1f}), so that many "
        f"{many} tell little more than a few. More samples help, more {many} do not."
    )


def _on_untrained(report):
    n_train = report.cv_results_["n_train"]
    n_test = report.cv_results_["n_test"]
    is_judged = report.table_["verdict"] != "not judged"
    is_untrained = is_judged & ((n_train == 0) & (n_test > 0)).any(axis=0)
    n_untrained = int(is_untrained.sum())
    if n_untrained == 0:
        return None
    tasks = report.noun.count(n_untrained)
    has = "has" if n_untrained == 1 else "have"
    count = "counts as a new one" if n_untrained == 1 else "count as new ones"
    return (
        f"{tasks} ({_names(report.table_, is_untrained)}) {has} no samples in some training sets "
        f"and {count} there. Stratify the splits by task if this is not what you want."
    )


def _on_not_judged(report):
    is_left_out = report.table_["verdict"] == "not judged"
    n_left_out = int(is_left_out.sum())
    if n_left_out == 0:
        return None
    tasks = report.noun.count(n_left_out)
    verb = "is" if n_left_out == 1 else "are"
    return (
        f"{tasks} ({_names(report.table_, is_left_out)}) {verb} not judged and left out of all "
        "numbers. Notes in the details say why."
    )


def _on_convergence(report):
    counts = report.summary_.get("n_unconverged", {})
    unconverged = {method: count for method, count in counts.items() if count}
    if not unconverged:
        return None
    texts = []
    for method, count in unconverged.items():
        texts.append(f"{shortened(method, 30)} ({count})")
    return f"Fits did not converge: {', '.join(texts)}. Raise max_iter, or scale the features."


def _judged(table):
    """The records of the tasks that are judged."""
    return table[table["verdict"] != "not judged"]


def _names(table, is_selected):
    """The names of the selected tasks, at most a few."""
    tasks = table["task"][is_selected]
    names = [shortened(name_of_task(task), 20) for task in tasks[:_MOST_NAMES]]
    if len(tasks) > _MOST_NAMES:
        names.append("...")
    return ", ".join(names)


def _capitalized(text):
    return text[:1].upper() + text[1:]


_CAUTIONS = {
    "harm": _on_harm,
    "better rival": _on_better_rival,
    "few repeats": _on_few_passes,
    "equal rival": _on_equal_rival,
    "small training sets": _on_small_training_sets,
    "new task": _on_spread,
    "unequal sizes": _on_unequal_sizes,
    "mean and median": _on_disagreement,
    "untrained tasks": _on_untrained,
    "not judged": _on_not_judged,
    "correlated errors": _on_correlation,
    "unconverged": _on_convergence,
}
