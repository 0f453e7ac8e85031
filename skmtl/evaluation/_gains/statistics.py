"""The statistics of a comparison over splits that share their data."""

import numpy as np
from scipy import stats

# Splits are more correlated than the ratio n_test / n_train of Nadeau and Bengio allows for: with
# equal models, the variance of the mean needed 1 to 1.7 times this ratio
# (benchmarks/false_positives.py).
OVERLAP = 1.5
_PRECISION = 64 * np.finfo(float).eps  # of predictions, relative to the largest target
NO_ERROR = 1e-10  # relative to the errors, or the spread of the targets, of a task: rounding


def rounding_of(targets, codes, n_tasks):
    """By how much predictions of each task may differ by rounding alone, (n_tasks,).

    Relative to the spread of the task's targets, and to the largest of them where that is much
    larger, so that neither the unit nor the level of a task matters.

    Parameters
    ----------
    targets : ndarray of shape (n_targets,)
        Known targets.
    codes : ndarray of shape (n_targets,)
        The task of each.
    n_tasks : int
        Number of tasks.
    """
    largest = _largest(targets, codes, n_tasks)
    return NO_ERROR * _deviations(targets, codes, n_tasks) + _PRECISION * largest


def spreads(targets, codes, n_tasks):
    """The unit of each task: the standard deviation of its targets, (n_tasks,).

    For constant targets it is their magnitude, and 1 if they are 0.
    """
    deviations = _deviations(targets, codes, n_tasks)
    largest = _largest(targets, codes, n_tasks)
    units = np.where(_exceed_rounding(deviations, largest), deviations, largest)
    return np.where(units > 0, units, 1.0)


def are_different(targets, codes, n_tasks):
    """Whether the targets of each task differ by more than rounding, (n_tasks,)."""
    deviations = _deviations(targets, codes, n_tasks)
    return _exceed_rounding(deviations, _largest(targets, codes, n_tasks))


def _exceed_rounding(deviations, largest):
    """Whether deviations are more than the rounding of targets of some size."""
    return deviations > _PRECISION * largest


def spread(targets):
    """The unit of one task: :func:`spreads` of its targets."""
    codes = np.zeros(len(targets), dtype=np.intp)
    return float(spreads(targets, codes, 1)[0])


def _deviations(targets, codes, n_tasks):
    """The standard deviation of the targets of each task; 0 without targets."""
    counts = np.bincount(codes, minlength=n_tasks)
    counts = np.maximum(counts, 1)
    means = np.bincount(codes, targets, minlength=n_tasks) / counts
    centered = targets - means[codes]
    units = _largest(centered, codes, n_tasks)  # squares of tiny targets would be 0
    units = np.where(units > 0, units, 1.0)
    relative = centered / units[codes]
    squares = np.bincount(codes, relative**2, minlength=n_tasks)
    return units * np.sqrt(squares / counts)


def _largest(values, codes, n_tasks):
    """The largest magnitude in each task; 0 without values."""
    largest = np.zeros(n_tasks)
    np.maximum.at(largest, codes, np.abs(values))
    return largest


def mean_of_known(values):
    """Mean over the first axis of the values that are not NaN; NaN where there is none."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    sums = values.sum(axis=0, where=known)
    return quotients(sums, counts)


def group_means(values, groups, n_groups):
    """The mean of the values of each group, (n_groups,); NaN for an empty group."""
    sums = np.bincount(groups, values, minlength=n_groups)
    counts = np.bincount(groups, minlength=n_groups)
    return quotients(sums, counts)


def quotients(sums, counts):
    """Sums divided by counts; NaN where the count is zero."""
    result = np.full(counts.shape, np.nan)
    np.divide(sums, counts, out=result, where=counts > 0)
    return result


def without_rounding(errors, rounding):
    """Errors of methods, those of a task that differ by rounding made equal.

    Parameters
    ----------
    errors : ndarray of shape (n_tasks, n_methods)
        Errors.
    rounding : ndarray of shape (n_tasks,)
        Errors of a task up to these are rounding.
    """
    units = rounding + NO_ERROR * errors.min(axis=1)
    is_unit = (units > 0) & np.isfinite(units)
    units = np.where(is_unit, units, 1.0)[:, None]
    return units * np.round(errors / units)


def mean_error_and_rank(errors, methods, rounding):
    """Mean over tasks of the error and of the rank of each method.

    Parameters
    ----------
    errors : ndarray of shape (n_tasks, n_methods)
        Tasks with NaN are left out.
    methods : list of str
        Names of the columns.
    rounding : ndarray of shape (n_tasks,)
        Errors of a task up to these are rounding.

    Returns
    -------
    dict of dict
        ``{"mean_error": {method: ...}, "mean_rank": {method: ...}}``.
    """
    is_incomplete = np.isnan(errors).any(axis=1)
    if is_incomplete.all():
        return {
            "mean_error": dict.fromkeys(methods, np.nan),
            "mean_rank": dict.fromkeys(methods, np.nan),
        }
    errors = errors[~is_incomplete]
    rounded = without_rounding(errors, rounding[~is_incomplete])
    ranks = stats.rankdata(rounded, axis=1)
    return {
        "mean_error": _mean_by_method(errors, methods),
        "mean_rank": _mean_by_method(ranks, methods),
    }


def _mean_by_method(values, methods):
    """Mean over tasks of values (n_tasks, n_methods), by method."""
    means = values.mean(axis=0)
    return dict(zip(methods, means.tolist(), strict=True))


def overlap_ratio(n_train, n_test):
    """The ratio that :func:`corrected_t` takes, from the numbers of targets in splits."""
    return OVERLAP * np.sum(n_test) / max(np.sum(n_train), 1)


def corrected_t(differences, ratio, confidence_level):
    """Corrected resampled t-test of the differences over J splits.

    Nadeau and Bengio (2003), section 3.2: the variance of the mean is ``(1/J + ratio) s^2``, theirs
    with ``ratio = n_test / n_train``; J - 1 degrees of freedom.

    Returns
    -------
    mean : float
        Mean difference; NaN without any split.
    half_width : float
        Half the width of its confidence interval.
    p_value : float
        Two-sided p-value.
    """
    n_splits = len(differences)
    if n_splits == 0:
        return np.nan, np.inf, 1.0
    mean = differences.mean()
    if n_splits == 1:
        return mean, np.inf, 1.0
    variance = differences.var(ddof=1)
    factor = 1 / n_splits + ratio
    deviation = np.sqrt(factor * variance)
    largest = np.abs(differences).max()
    if deviation <= 1e-12 * largest:  # all differences are equal
        return mean, 0.0, float(mean == 0)
    degrees = n_splits - 1
    statistic = abs(mean) / deviation
    p_value = 2 * stats.t.sf(statistic, degrees)
    probability = 0.5 + confidence_level / 2
    quantile = stats.t.ppf(probability, degrees)
    return mean, deviation * quantile, p_value


def holm(p_values):
    """Holm's step-down adjustment of p-values for several tests."""
    p_values = np.asarray(p_values, dtype=float)
    n_tests = len(p_values)
    order = np.argsort(p_values)
    factors = n_tests - np.arange(n_tests)
    scaled = p_values[order] * factors
    increasing = np.maximum.accumulate(scaled)
    adjusted = np.empty(n_tests)
    adjusted[order] = np.minimum(increasing, 1.0)
    return adjusted
