"""The statistics of a comparison over splits that share their data.

Losses come pointwise, one array for each split in the shape of its test targets; `codes` are task
codes in the shape of y, -1 where there is no label.
"""

import numpy as np
from scipy import stats

_VERDICTS = ("inconclusive", "positive transfer", "negative transfer")


def task_errors(losses, codes, n_tasks, root):
    """Error of each task from pointwise losses, (n_tasks,); NaN without a label."""
    kept = codes >= 0
    counts = np.bincount(codes[kept], minlength=n_tasks)
    sums = np.bincount(codes[kept], losses[kept], minlength=n_tasks)
    means = np.divide(sums, counts, out=np.full(n_tasks, np.nan), where=counts > 0)
    return np.sqrt(means) if root else means


def split_results(tasks, codes, splits, losses, root):
    """Errors (n_splits, n_tasks, n_methods) and rows of every split: `cv_results_`."""
    n_tasks = len(tasks)

    def rows(side):
        parts = [codes[split[side]] for split in splits]
        return np.array([np.bincount(part[part >= 0], minlength=n_tasks) for part in parts])

    errors = [
        [
            task_errors(loss, codes[test], n_tasks, root)
            for loss, (_, test) in zip(by_split, splits, strict=True)
        ]
        for by_split in losses.values()
    ]
    return {
        "errors": np.stack(errors, axis=-1),
        "methods": list(losses),
        "tasks": tasks,
        "n_train": rows(0),
        "n_test": rows(1),
    }


def gain_table(results, confidence_level):
    """One record a task: `table_` of the report."""
    errors, tasks, methods = results["errors"], results["tasks"], results["methods"]
    names = ["n_train", "n_test", "error_single", "error_multi", "error_pooled", "gain", "ci_low"]
    kinds = [(name, float) for name in [*names, "ci_high", "p_value", "p_adjusted"]]
    table = np.zeros(len(tasks), dtype=[("task", tasks.dtype), *kinds, ("verdict", "U17")])
    table["task"], table["error_pooled"] = tasks, np.nan
    table["n_train"], table["n_test"] = (
        results[name].mean(axis=0) for name in ("n_train", "n_test")
    )
    tested = ~np.isnan(errors[..., 0])
    for t, row in enumerate(table):
        kept = tested[:, t]
        if not kept.any():
            raise ValueError(
                f"Task {tasks[t]!r} is in no test set; give it more rows or leave it out."
            )
        for k, name in enumerate(methods):
            row[f"error_{name}"] = errors[kept, t, k].mean()
        n_train, n_test = (results[name][kept, t].mean() for name in ("n_train", "n_test"))
        mean, half, row["p_value"] = corrected_t(
            errors[kept, t, 0] - errors[kept, t, 1], n_test / max(n_train, 1.0), confidence_level
        )
        for name, difference in (("gain", mean), ("ci_low", mean - half), ("ci_high", mean + half)):
            row[name] = _relative(difference, row["error_single"])
    table["p_adjusted"] = holm(table["p_value"])
    significant = table["p_adjusted"] < 1 - confidence_level
    table["verdict"] = np.take(_VERDICTS, significant * np.where(table["gain"] > 0, 1, 2))
    return table


def _relative(difference, error):
    """`difference / error`; 0 / 0 is 0 and a loss against no error at all is infinite."""
    if difference == 0:
        return 0.0
    return difference / error if error > 0 else np.copysign(np.inf, difference)


def summarise(table, methods):
    """The figures over all tasks: `summary_` of the report without its interval."""
    gain = table["gain"]
    errors = np.stack([table[f"error_{name}"] for name in methods], axis=1)
    ranks = stats.rankdata(errors, axis=1).mean(axis=0)
    worst = int(np.argmin(gain))
    moved = gain[gain != 0]
    return {
        "delta_m": float(gain.mean()),
        "median_gain": float(np.median(gain)),
        "share_negative": float(np.mean(gain < 0)),
        "worst_task": table["task"].tolist()[worst],
        "worst_gain": float(gain[worst]),
        "n_positive": int(np.sum(table["verdict"] == "positive transfer")),
        "n_negative": int(np.sum(table["verdict"] == "negative transfer")),
        "wilcoxon_p": float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0,
        "mean_error": dict(zip(methods, errors.mean(axis=0).tolist(), strict=True)),
        "mean_rank": dict(zip(methods, ranks.tolist(), strict=True)),
    }


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


def bootstrap_delta(codes, splits, losses, n_tasks, root, confidence_level, rng, n_draws=1000):
    """Interval of the mean relative gain when test rows are drawn anew, the fits kept.

    Rows are drawn inside each task, or all together where tasks share them.
    """
    rows, index, *losses = _cells(codes, splits, losses, n_tasks)
    shape = (len(splits), n_tasks)
    size = shape[0] * shape[1]
    shared = codes.ndim == 2
    groups = [np.arange(len(codes))] if shared else _members(codes, n_tasks)
    deltas = np.empty(n_draws)
    for b in range(n_draws):
        draws = [group[rng.randint(0, len(group), len(group))] for group in groups]
        times = np.bincount(np.concatenate(draws), minlength=len(codes))[rows]
        counts = np.bincount(index, times, minlength=size)
        means = [np.bincount(index, times * loss, minlength=size) for loss in losses]
        means = [np.divide(m, counts, out=np.full(size, np.nan), where=counts > 0) for m in means]
        single, multi = (_mean_error(m.reshape(shape), root) for m in means)
        seen = single > 0
        deltas[b] = np.mean(1 - multi[seen] / single[seen]) if seen.any() else 0.0
    tail = (1 - confidence_level) / 2
    return tuple(float(q) for q in np.quantile(deltas, [tail, 1 - tail]))


def _members(codes, n_tasks):
    """Rows of each task that has any."""
    groups = [np.flatnonzero(codes == t) for t in range(n_tasks)]
    return [group for group in groups if len(group)]


def _cells(codes, splits, losses, n_tasks):
    """Row, split and task as one index, losses of single and multi for every tested label."""
    parts = []
    for k, (_, test) in enumerate(splits):
        here = codes[test]
        kept = here >= 0
        rows = np.asarray(test).reshape((-1,) + (1,) * (here.ndim - 1))
        parts.append(
            (
                np.broadcast_to(rows, here.shape)[kept],
                k * n_tasks + here[kept],
                losses["single"][k][kept],
                losses["multi"][k][kept],
            )
        )
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _mean_error(means, root):
    """Mean over splits of the error, (n_tasks,); 0 for a task that was not drawn."""
    errors = np.sqrt(means) if root else means
    drawn = ~np.isnan(errors)
    return np.where(drawn, errors, 0.0).sum(axis=0) / np.maximum(drawn.sum(axis=0), 1)
