"""The statistics of a comparison over splits that share their data."""

import numpy as np
from scipy import stats


def corrected_t(differences, ratio, confidence_level):
    """Mean, half width of its interval and two-sided p-value of differences over J splits.

    Nadeau and Bengio (2003), section 3.2: the variance of the mean is `(1/J + ratio) s^2` with
    `ratio = n_test / n_train`, J - 1 degrees of freedom.
    """
    J = len(differences)
    mean = differences.mean()
    if J < 2:
        return mean, np.inf, 1.0
    deviation = np.sqrt((1 / J + ratio) * differences.var(ddof=1))
    if deviation <= 1e-12 * np.abs(differences).max():  # no spread: equal up to rounding or not
        return mean, 0.0, float(mean == 0)
    p_value = 2 * stats.t.sf(abs(mean) / deviation, J - 1)
    return mean, deviation * stats.t.ppf(0.5 + confidence_level / 2, J - 1), p_value


def holm(p_values):
    """Holm's step-down adjustment for several tests."""
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return adjusted


def bootstrap_delta(cells, shape, row_groups, root, confidence_level, rng, n_draws=1000):
    """Interval of the mean relative gain when test rows are drawn anew, the fits kept.

    Parameters
    ----------
    cells : tuple of ndarray of shape (n_cells,)
        For every tested label its row, its split and task (as one index into `shape`) and the
        losses of both methods.
    shape : tuple
        (n_splits, n_tasks).
    row_groups : list of ndarray
        Rows are drawn inside each group: one group of all rows when tasks share them, else the
        rows of each task.
    root : bool
        Whether the error is the root of the mean loss.
    """
    rows, index, *losses = cells
    size = shape[0] * shape[1]
    n_rows = max(int(group.max()) for group in row_groups) + 1
    deltas = np.empty(n_draws)
    for b in range(n_draws):
        draws = [group[rng.randint(0, len(group), len(group))] for group in row_groups]
        times = np.bincount(np.concatenate(draws), minlength=n_rows)[rows]
        counts = np.bincount(index, times, minlength=size)
        means = [np.bincount(index, times * loss, minlength=size) for loss in losses]
        means = [np.divide(m, counts, out=np.full(size, np.nan), where=counts > 0) for m in means]
        single, multi = (_mean_error(m.reshape(shape), root) for m in means)
        seen = single > 0
        deltas[b] = np.mean(1 - multi[seen] / single[seen]) if seen.any() else np.nan
    tail = (1 - confidence_level) / 2
    return tuple(float(q) for q in np.nanquantile(deltas, [tail, 1 - tail]))


def _mean_error(means, root):
    """Mean over splits of the error, (n_tasks,); 0 for a task that was not drawn."""
    errors = np.sqrt(means) if root else means
    drawn = ~np.isnan(errors)
    return np.where(drawn, errors, 0.0).sum(axis=0) / np.maximum(drawn.sum(axis=0), 1)
