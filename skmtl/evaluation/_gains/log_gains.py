"""Log gains of tasks, and how far they may be from those of the learning procedure.

The log gain of a task is ``theta = power * log(loss alone / loss shared)`` of its mean losses. Its
variance has two parts. One is due to the rows that are tested; it is seen between rows. The other
is the luck of the training sets; it is seen between splits, after what is due to the tested rows is
taken out. Training sets overlap, so the second counts for more than its J-th part (Hoeffding
(1948): the errors of two training sets correlate no more than the sets overlap).
"""

from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import polygamma

from skmtl.evaluation._gains.moderation import moderate_variances

# Row variances are too small by up to this factor where models do not differ, by simulation
# (benchmarks/false_positives.py). It is used where the luck of training sets is not seen well.
_SINGLE_PASS = 3.0
# Losses and the luck of training sets have heavier tails than a normal distribution, so their
# variances are less sure: a variance of n values has (n - 1) / 1.5 degrees of freedom, as for an
# excess kurtosis of one. Chosen by simulation (benchmarks/false_positives.py).
_HEAVY_TAILS = 1.5
_TAIL = 0.975  # where t and normal distribution are made to agree
_LARGEST_CORRELATION = 0.95


class LogGains(NamedTuple):
    """Log gains of tasks.

    Attributes
    ----------
    theta : ndarray of shape (n_tasks,)
        Log gains; 0.1 is an error 10 % smaller than that of the task alone.
    variance : ndarray of shape (n_tasks,)
        Their variances, for use as those of normal distributions.
    degrees : ndarray of shape (n_tasks,)
        Degrees of freedom that the variances had.
    n_rows : ndarray of shape (n_tasks,)
        Number of distinct rows, or groups of rows, that are tested.
    correlation : float
        Common correlation of the errors of tasks.
    mean : float
        Mean of theta over the tasks.
    mean_variance : float
        Its variance.
    mean_degrees : float
        Degrees of freedom of this.
    """

    theta: np.ndarray
    variance: np.ndarray
    degrees: np.ndarray
    n_rows: np.ndarray
    correlation: float
    mean: float
    mean_variance: float
    mean_degrees: float


class GainVariances(NamedTuple):
    """Variances of log gains, and of their mean over tasks.

    Attributes
    ----------
    of_rows : ndarray of shape (n_tasks,)
        Those due to the tested rows; NaN with a single row.
    of_splits : ndarray of shape (n_tasks,)
        Those of the effect of a single training set.
    of_mean_rows, of_mean_splits : float
        The same of the mean of all tasks.
    """

    of_rows: np.ndarray
    of_splits: np.ndarray
    of_mean_rows: float
    of_mean_splits: float


def log_gains(labels, alone, shared, *, power, floor, overlap):
    """Return the :class:`LogGains` of one model over another.

    Parameters
    ----------
    labels : TestedLabels
        The tested labels; every task has some.
    alone, shared : ndarray of shape (n_labels,)
        Losses of the two models.
    power : float
        Half for root errors, else one.
    floor : ndarray of shape (n_tasks,)
        A loss that counts as nothing; it is added to the mean losses of both.
    overlap : float
        Factor of the variance between training sets, :func:`overlap_factor`.
    """
    mean_alone = labels.task_means(alone)
    mean_shared = labels.task_means(shared)
    base_alone = mean_alone + floor
    base_shared = mean_shared + floor
    theta = power * np.log(base_alone / base_shared)
    tasks = labels.tasks
    influence = (alone - mean_alone[tasks]) / base_alone[tasks]
    influence -= (shared - mean_shared[tasks]) / base_shared[tasks]
    influence *= power

    of_rows, of_mean_rows = _row_variances(labels, influence)
    of_splits, of_mean_splits = _split_variances(labels, influence)
    _, n_all = labels.groups_in_all
    return judged_log_gains(
        theta,
        GainVariances(of_rows, of_splits, of_mean_rows, of_mean_splits),
        n_rows=labels.group_cells.counts,
        n_all=n_all,
        n_splits=labels.n_splits,
        is_single_pass=labels.counts <= labels.row_cells.counts,
        overlap=overlap,
    )


def judged_log_gains(theta, variances, *, n_rows, n_all, n_splits, is_single_pass, overlap):
    """Return the :class:`LogGains` of log gains whose two kinds of variances are known.

    Parameters
    ----------
    theta : ndarray of shape (n_tasks,)
        The log gains.
    variances : GainVariances
        Their variances.
    n_rows : ndarray of int of shape (n_tasks,)
        Number of distinct rows, or groups of rows, that are tested of each task.
    n_all : int
        The same of all tasks together.
    n_splits : int
        Number of splits.
    is_single_pass : ndarray of bool of shape (n_tasks,)
        Whether the rows of a task are tested once each.
    overlap : float
        Factor of the variance between training sets, :func:`overlap_factor`.
    """
    n_tasks = len(theta)
    of_rows = variances.of_rows
    of_splits = overlap * variances.of_splits
    total, degrees = _combined(of_rows, of_splits, n_rows, n_splits, is_single_pass)
    scaled, degrees = moderate_variances(n_rows * total, degrees)
    share = np.divide(of_splits, total, out=np.zeros_like(total), where=total > 0)
    degrees = _degrees_with_luck(degrees, share, n_splits)
    variance = scaled * _variance_of_log(n_rows) * _inflation(degrees)

    mean_variance, mean_degrees = _combined(
        variances.of_mean_rows,
        overlap * variances.of_mean_splits,
        n_all,
        n_splits,
        is_single_pass.any(),
    )
    mean_variance *= n_all * _variance_of_log(n_all)
    mean_variance = max(mean_variance, variance.sum() / n_tasks**2)
    return LogGains(
        theta,
        variance,
        degrees,
        n_rows,
        _correlation(variance, mean_variance * _inflation(mean_degrees)),
        float(theta.mean()),
        float(mean_variance),
        float(mean_degrees),
    )


def overlap_factor(splits):
    """Factor of the variance between training sets in that of a mean over J splits.

    It is ``1 / J + (1 - 1 / J) q / (1 - q)`` where q is the mean share of one training set that is
    in another.
    """
    n_samples = 1 + max(np.max(train) for train, _ in splits)
    times_trained = np.zeros(n_samples)
    for train, _ in splits:
        is_trained = np.zeros(n_samples, dtype=bool)
        is_trained[train] = True
        times_trained += is_trained
    return overlap_of_counts(times_trained, np.ones(n_samples), len(splits))


def overlap_of_counts(times_trained, n_samples, n_splits):
    """The :func:`overlap_factor` of samples by the number of training sets that they are in.

    Parameters
    ----------
    times_trained : ndarray of shape (n_kinds,)
        Number of training sets.
    n_samples : ndarray of shape (n_kinds,)
        Number of samples that are in so many.
    n_splits : int
        Number of splits.
    """
    n_trained = times_trained @ n_samples
    n_common = times_trained**2 @ n_samples - n_trained  # of ordered pairs of training sets
    share = n_common / (n_splits - 1) / n_trained
    largest = 1 - n_splits / n_trained  # training sets that differ in one row
    share = min(share, max(largest, 0.0))
    return 1 / n_splits + (1 - 1 / n_splits) * share / (1 - share)


def _row_variances(labels, influence):
    """Variances due to the tested rows: of each task (NaN with one row), and of the mean of all."""
    cells = labels.group_cells
    psi = cells.sums(influence)
    psi /= labels.counts[cells.tasks]
    n_groups = cells.counts
    squares = cells.task_sums(psi**2)
    of_tasks = np.full(labels.n_tasks, np.nan)
    np.divide(n_groups * squares, n_groups - 1, out=of_tasks, where=n_groups > 1)

    codes, n_all = labels.groups_in_all
    shares = influence / labels.counts[labels.tasks]
    shares /= labels.n_tasks
    psi = np.bincount(codes, shares, minlength=n_all)
    of_mean = n_all / max(n_all - 1, 1) * (psi @ psi)
    return of_tasks, of_mean


def _split_variances(labels, influence):
    """Variances of one training set's effect: on each task, and on the mean of all."""
    rest, is_seen, shrinkage = _without_row_effects(labels, influence)
    n_splits = labels.n_splits
    n_tasks = labels.n_tasks
    cell = labels.splits * n_tasks + labels.tasks
    n_cells = n_splits * n_tasks
    n_seen = np.bincount(cell, is_seen, minlength=n_cells)
    sums = np.bincount(cell, rest, minlength=n_cells)
    effect = sums / np.maximum(n_seen, 1)
    deviation = np.where(is_seen, rest - effect[cell], 0.0)
    n_used = np.count_nonzero(n_seen.reshape(n_splits, n_tasks), axis=0)

    # What is due to the tested rows; those of a group err together, also in different tasks.
    groups = labels.groups_in_splits
    counts = groups.task_sums(groups.sums(is_seen) > 0)
    correction = counts / np.maximum(counts - n_used, 1)
    share = deviation / np.maximum(n_seen[cell], 1)
    share *= np.sqrt(correction)[labels.tasks]
    by_group = groups.sums(share)
    noise = groups.task_sums(by_group**2)
    effect = effect.reshape(n_splits, n_tasks)
    squares = (effect**2).sum(axis=0)
    excess = np.maximum(squares - noise, 0.0)
    of_tasks = shrinkage * excess / np.maximum(n_used, 1)

    root = np.sqrt(shrinkage) / n_tasks
    mean_effect = effect @ root
    by_group = root[labels.tasks] * share
    noise = np.bincount(labels.groups_in_splits_of_all, by_group)
    excess = mean_effect @ mean_effect - noise @ noise
    of_mean = max(excess, 0.0) / n_splits
    return of_tasks, of_mean


def _without_row_effects(labels, influence):
    """The influence of labels less its mean over the other splits that test the row.

    Returns also which labels have such splits, and the share of the variance between splits in that
    of these differences. Tasks whose rows are all tested once keep the row effects.
    """
    cells = labels.row_cells
    times = cells.times[cells.of_label]
    total = cells.sums(influence)[cells.of_label]
    mean_times = labels.counts / np.maximum(cells.counts, 1)
    is_repeated = mean_times > 1
    is_seen = (times > 1) | ~is_repeated[labels.tasks]
    others = np.zeros(len(influence))
    np.divide(total - influence, times - 1, out=others, where=times > 1)
    rest = np.where(is_seen, influence - others, 0.0)
    shrinkage = np.where(is_repeated, 1 - 1 / np.maximum(mean_times, 1), 1.0)
    return rest, is_seen, shrinkage


def _combined(of_rows, of_splits, n_rows, n_splits, is_single_pass):
    """Sum of two variances and its degrees of freedom (Satterthwaite).

    With a single pass over the rows, the second is not told well from the first, and the sum is at
    least a multiple of the first.
    """
    least = np.where(is_single_pass, (_SINGLE_PASS - 1) * of_rows, 0.0)
    is_raised = of_splits < least
    of_splits = np.maximum(of_splits, least)
    total = of_rows + of_splits
    row_degrees = _degrees_of_variance(n_rows)
    split_degrees = np.where(is_raised, row_degrees, _degrees_of_variance(n_splits))
    spread = of_rows**2 / row_degrees + of_splits**2 / split_degrees
    degrees = np.divide(total**2, spread, out=np.ones_like(spread), where=spread > 0)
    return total, degrees


def _degrees_of_variance(n_values):
    """Degrees of freedom of the variance of so many losses, or effects of training sets."""
    return np.maximum((n_values - 1) / _HEAVY_TAILS, 1)


def _degrees_with_luck(degrees, share, n_splits):
    """Degrees of freedom of moderated variances, of which `share` is the luck of training sets.

    Other tasks make the part of the rows surer. They do not help with that of a few training sets,
    whose effects are skew: an unlucky one is far from the others.
    """
    of_luck = share**2 / _degrees_of_variance(n_splits)
    with_luck = 1 / ((1 - share) ** 2 / degrees + of_luck)
    return np.minimum(degrees, with_luck)


def _variance_of_log(n_rows):
    """What the variance of a log gain is multiplied by; 1 / n but for few rows.

    For squares of n normal errors less their mean, the log of their mean has the variance
    ``trigamma((n - 1) / 2)``, which is about 2 / n. With two or three rows it is much more, and the
    rows do not show it: their errors are alike, as they lie on both sides of one mean.
    """
    degrees = np.maximum(n_rows - 1, 0.5)
    return polygamma(1, degrees / 2) / 2


def _inflation(degrees):
    """Square of the ratio of the quantiles of the t and the normal distribution."""
    normal = stats.norm.ppf(_TAIL)
    return (stats.t.ppf(_TAIL, np.maximum(degrees, 1)) / normal) ** 2


def _correlation(variance, mean_variance):
    """The common correlation of tasks with which their mean has its own variance."""
    n_tasks = len(variance)
    total = variance.sum()
    products = np.sqrt(variance).sum() ** 2 - total
    if n_tasks == 1 or products <= 0:
        return 0.0
    correlation = (n_tasks**2 * mean_variance - total) / products
    return float(np.clip(correlation, 0.0, _LARGEST_CORRELATION))
