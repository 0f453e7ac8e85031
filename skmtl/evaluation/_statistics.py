"""The statistics of a comparison over splits that share their data."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy import stats

# Splits are more alike than the n_test / n_train of Nadeau and Bengio allows for: the variance of
# their mean asked for 1 to 1.7 times that where models are equal (benchmarks/false_positives.py).
OVERLAP = 1.5
_VERDICTS = ("inconclusive", "positive transfer", "negative transfer")


class Cells(NamedTuple):
    """The labels that are tested, those of all splits one after the other."""

    rows: np.ndarray  # where each stands in the user's X
    index: np.ndarray  # split * n_tasks + task
    truth: np.ndarray
    shape: tuple  # n_splits, n_tasks

    @classmethod
    def of(cls, codes, splits, n_tasks, truth):
        """From task codes and truths in y's shape, -1 where there is no label."""
        rows = [np.broadcast_to(_upright(test, codes), codes[test].shape) for _, test in splits]
        index = [k * n_tasks + codes[test] for k, (_, test) in enumerate(splits)]
        truths = [truth[test] for _, test in splits]
        kept = [codes[test] >= 0 for _, test in splits]
        parts = [_flat(part, kept) for part in (rows, index, truths)]
        return cls(*parts, (len(splits), n_tasks))

    def flat(self, codes, splits, predictions):
        """Predictions, an array for each split, as one."""
        return _flat(predictions, [codes[test] >= 0 for _, test in splits])

    def errors(self, measure, z):
        """Function from weights of labels to errors (n_splits, n_tasks)."""
        size = self.shape[0] * self.shape[1]
        errors = measure.grouped(self.truth, z, self.index, size)
        return lambda weights=None: errors(weights).reshape(self.shape)


def _upright(test, codes):
    """Row numbers in the shape of y's dimension."""
    return np.asarray(test).reshape((-1,) + (1,) * (codes.ndim - 1))


def _flat(parts, kept):
    return np.concatenate([np.asarray(p)[k] for p, k in zip(parts, kept, strict=True)])


def count_rows(codes, splits, n_tasks, side):
    """Labels of every task on one side of every split, (n_splits, n_tasks)."""
    parts = [codes[split[side]] for split in splits]
    return np.array([np.bincount(part[part >= 0], minlength=n_tasks) for part in parts])


def gain_table(results, notes, confidence_level):
    """One record a task: `table_` of the report of the methods "single" and "multi"."""
    errors, tasks, methods = results["errors"], results["tasks"], results["methods"]
    names = ["n_train", "n_test", *(f"error_{name}" for name in _COMPARED), "gain", "ci_low"]
    kinds = [(name, float) for name in [*names, "ci_high", "p_value", "p_adjusted"]]
    kinds = [("task", tasks.dtype), *kinds, ("verdict", "U17"), ("note", "O")]
    table = np.zeros(len(tasks), dtype=kinds)
    table["task"], table["note"] = tasks, ""
    for name in _COMPARED:
        table[f"error_{name}"] = np.nan
    for name in ("n_train", "n_test"):
        table[name] = results[name].mean(axis=0)
    for name, error in zip(methods, mean_over_splits(errors), strict=True):
        table[f"error_{name}"] = error
    single = table["error_single"]
    perfect = single <= _NO_ERROR * np.nanmax(single, initial=0.0)
    differences = errors[..., methods.index("single")] - errors[..., methods.index("multi")]
    differences[np.abs(differences) <= _NO_ERROR * np.nanmax(errors, initial=0.0)] = 0.0
    for t, row in enumerate(table):
        kept = ~np.isnan(differences[:, t])
        n_train, n_test = (results[name][kept, t].sum() for name in ("n_train", "n_test"))
        mean, half, row["p_value"] = corrected_t(
            differences[kept, t], OVERLAP * n_test / max(n_train, 1.0), confidence_level
        )
        scale = np.nan if perfect[t] else single[t]
        row["gain"], row["ci_low"], row["ci_high"] = (
            np.array([mean, mean - half, mean + half]) / scale
        )
        said = [*notes[t], *(["no error alone, so no relative gain"] if perfect[t] else [])]
        row["note"] = "; ".join(said)
    table["p_adjusted"] = holm(table["p_value"])
    sign = np.where(table["error_multi"] < single, 1, 2)
    table["verdict"] = np.take(_VERDICTS, (table["p_adjusted"] < 1 - confidence_level) * sign)
    return table


_COMPARED = ("single", "multi", "intercept", "pooled")
_NO_ERROR = 1e-10  # of the largest error of a task: rounding


def mean_over_splits(errors):
    """Mean over the splits that have one, (n_methods, n_tasks)."""
    seen = ~np.isnan(errors)
    counts = seen.sum(axis=0)
    sums = np.where(seen, errors, 0.0).sum(axis=0)
    return np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0).T


def summarize(table, methods, interval):
    """The figures over all tasks: `summary_` of the report, without those of models."""
    gain = table["gain"][~np.isnan(table["gain"])]
    worst = int(np.nanargmin(table["gain"])) if len(gain) else 0
    moved = gain[gain != 0]
    errors = np.stack([table[f"error_{name}"] for name in methods], axis=1)
    return {
        "delta_m": float(gain.mean()) if len(gain) else np.nan,
        "delta_m_low": interval[0],
        "delta_m_high": interval[1],
        "median_gain": float(np.median(gain)) if len(gain) else np.nan,
        "share_negative": float(np.mean(gain < 0)) if len(gain) else np.nan,
        "worst_task": table["task"].tolist()[worst],
        "worst_gain": float(table["gain"][worst]),
        "n_positive": int(np.sum(table["verdict"] == "positive transfer")),
        "n_negative": int(np.sum(table["verdict"] == "negative transfer")),
        "wilcoxon_p": float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0,
        **mean_errors(errors, methods),
    }


def mean_errors(errors, methods):
    """Mean over tasks of the error and of the rank, by method; errors (n_tasks, n_methods)."""
    errors = errors[~np.isnan(errors).any(axis=1)]
    if not len(errors):
        errors = np.full((1, len(methods)), np.nan)
    digits = np.round(errors / (_NO_ERROR * np.max(errors) or 1.0))  # rounding is no difference
    by_task = {"mean_error": errors, "mean_rank": stats.rankdata(digits, axis=1)}
    return {
        name: dict(zip(methods, values.mean(axis=0).tolist(), strict=True))
        for name, values in by_task.items()
    }


def corrected_t(differences, ratio, confidence_level):
    """Mean, half width of its interval and two-sided p-value of differences over J splits.

    Nadeau and Bengio (2003), section 3.2: the variance of the mean is `(1/J + ratio) s^2`, theirs
    with `ratio = n_test / n_train`; J - 1 degrees of freedom.
    """
    J = len(differences)
    mean = differences.mean() if J else np.nan
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


def bootstrap_delta(cells, codes, errors, confidence_level, rng, n_draws=1000):
    """Interval of the mean relative gain when test rows are drawn anew, the fits kept.

    Rows are drawn inside each task, or all together where tasks share them. `errors` are the
    functions of :meth:`Cells.errors` of the single-task and the multi-task model.
    """
    shared = codes.ndim == 2
    groups = [np.arange(len(codes))] if shared else _members(codes, cells.shape[1])
    deltas = np.empty(n_draws)
    for b in range(n_draws):
        draws = [group[rng.randint(0, len(group), len(group))] for group in groups]
        times = np.bincount(np.concatenate(draws), minlength=len(codes))[cells.rows]
        single, multi = (
            mean_over_splits(error(times.astype(float))[..., None])[0] for error in errors
        )
        seen = single > _NO_ERROR * np.nanmax(single, initial=0.0)
        deltas[b] = np.mean(1 - multi[seen] / single[seen]) if seen.any() else 0.0
    tail = (1 - confidence_level) / 2
    return tuple(float(q) for q in np.quantile(deltas, [tail, 1 - tail]))


def _members(codes, n_tasks):
    """Rows of each task that has any."""
    groups = [np.flatnonzero(codes == t) for t in range(n_tasks)]
    return [group for group in groups if len(group)]


def pairwise_tests(results, scale, confidence_level):
    """A record for each pair of methods: by how much the errors of the first are above.

    Errors of a task are relative to `scale` (n_tasks,), then averaged over tasks; the test is the
    corrected one over splits, adjusted for the number of pairs.
    """
    methods, seen = results["methods"], scale > _NO_ERROR * np.nanmax(scale, initial=0.0)
    errors = results["errors"][:, seen] / scale[seen, None]
    ratio = OVERLAP * results["n_test"].sum() / max(results["n_train"].sum(), 1)
    pairs = list(combinations(range(len(methods)), 2))
    width = max(len(name) for name in methods)
    kinds = [("method_a", f"U{width}"), ("method_b", f"U{width}")]
    names = ("difference", "ci_low", "ci_high", "p_value", "p_adjusted")
    table = np.zeros(len(pairs), dtype=kinds + [(name, float) for name in names])
    for row, (a, b) in zip(table, pairs, strict=True):
        by_split = mean_over_splits((errors[..., a] - errors[..., b]).T[..., None])[0]
        by_split = by_split[~np.isnan(by_split)]
        mean, half, p_value = corrected_t(by_split, ratio, confidence_level)
        row["method_a"], row["method_b"], row["difference"] = methods[a], methods[b], mean
        row["ci_low"], row["ci_high"], row["p_value"] = mean - half, mean + half, p_value
    table["p_adjusted"] = holm(table["p_value"])
    return table
