"""The truth behind synthetic tasks: linear coefficients that the tasks share more or less.

They are zero outside a support that the tasks share, and inside it either unrelated, of low rank
or in clusters. Outlier tasks keep out of all this: they have a support of their own.
"""

from typing import NamedTuple

import numpy as np

from skmtl._data.checks import check_int

CLUSTER_SPREAD = 0.2  # standard deviation of a task's coefficients around its cluster's center


class Truth(NamedTuple):
    """What the data are drawn from; n_outputs is the number of scores per task."""

    coef: np.ndarray  # (n_tasks, n_outputs, n_features)
    intercept: np.ndarray  # (n_tasks, n_outputs)
    support: np.ndarray  # (n_features,), bool
    clusters: np.ndarray  # (n_tasks,), -1 for an outlier task
    outlier_tasks: np.ndarray  # (n_outlier_tasks,), increasing


def draw_truth(
    rng, n_outputs, n_features, n_tasks, n_informative, rank, n_clusters, n_outlier_tasks
):
    """The parameters that the data are drawn from, as a `Truth`."""
    n_related = _check_truth(n_features, n_tasks, n_informative, rank, n_clusters, n_outlier_tasks)
    order = rng.permutation(n_tasks)
    related, outlier_tasks = np.sort(order[:n_related]), np.sort(order[n_related:])
    clusters = np.full(n_tasks, -1)
    clusters[related] = rng.permutation(np.arange(n_related) % (n_clusters or 1))
    features = rng.choice(n_features, n_informative, replace=False)

    coef = np.zeros((n_tasks, n_outputs, n_features))
    for k in range(n_outputs):
        coef[np.ix_(related, [k], features)] = _related_coef(
            rng, clusters[related], n_informative, rank, n_clusters
        )[:, np.newaxis]
    for t in outlier_tasks:
        own = rng.choice(n_features, n_informative, replace=False)
        coef[t][:, own] = rng.standard_normal((n_outputs, n_informative))
    return Truth(
        coef=coef,
        intercept=rng.standard_normal((n_tasks, n_outputs)),
        support=np.isin(np.arange(n_features), features),
        clusters=clusters,
        outlier_tasks=outlier_tasks,
    )


def _related_coef(rng, clusters, n_informative, rank, n_clusters):
    """Coefficients (n_related, n_informative) of about unit variance, related as asked for."""
    shape = len(clusters), n_informative
    if rank is not None:
        left, right = rng.standard_normal((shape[0], rank)), rng.standard_normal((rank, shape[1]))
        return left @ right / np.sqrt(rank)
    if n_clusters is not None:
        centers = rng.standard_normal((n_clusters, n_informative))
        return centers[clusters] + CLUSTER_SPREAD * rng.standard_normal(shape)
    return rng.standard_normal(shape)


def _check_truth(n_features, n_tasks, n_informative, rank, n_clusters, n_outlier_tasks):
    """The number of tasks that are not outliers, of parameters that fit together."""
    check_int(n_features, "n_features")
    check_int(n_tasks, "n_tasks")
    check_int(n_informative, "n_informative")
    check_int(n_outlier_tasks, "n_outlier_tasks", low=0)
    n_related = n_tasks - n_outlier_tasks
    _check_most("n_informative", n_informative, n_features, "n_features")
    _check_most("n_outlier_tasks", n_outlier_tasks, n_tasks - 1, "n_tasks - 1")
    if rank is not None and n_clusters is not None:
        raise ValueError(
            f"rank={rank} and n_clusters={n_clusters} exclude each other: expected at most one of "
            "them. Leave the other None."
        )
    if rank is not None:
        check_int(rank, "rank")
        most = min(n_informative, n_related)
        _check_most("rank", rank, most, "min(n_informative, n_tasks - n_outlier_tasks)")
    if n_clusters is not None:
        check_int(n_clusters, "n_clusters")
        _check_most("n_clusters", n_clusters, n_related, "n_tasks - n_outlier_tasks")
    return n_related


def _check_most(name, value, most, meaning):
    """Raise unless `value` is at most `most`, which is called `meaning`."""
    if value > most:
        raise ValueError(
            f"{name}={value} is too large: expected at most {meaning} = {most}. Lower {name} or "
            f"raise {meaning}."
        )
