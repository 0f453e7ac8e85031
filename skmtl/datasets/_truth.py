"""The truth behind synthetic tasks: linear coefficients that are related over tasks.

They are zero outside a support that the tasks share. Inside it they are unrelated, of low rank or
in clusters. Outlier tasks have a support of their own and coefficients unrelated to all others.
"""

from typing import NamedTuple

import numpy as np

from skmtl._data.checks import check_int

CLUSTER_SPREAD = 0.2  # standard deviation of a task's coefficients around its cluster's center


class Truth(NamedTuple):
    """Parameters of the distribution of the data; n_outputs is the number of scores of a task."""

    coef: np.ndarray  # (n_tasks, n_outputs, n_features)
    intercept: np.ndarray  # (n_tasks, n_outputs)
    support: np.ndarray  # (n_features,), bool
    clusters: np.ndarray  # (n_tasks,), -1 for an outlier task
    outlier_tasks: np.ndarray  # (n_outlier_tasks,), increasing


def draw_truth(
    rng, n_outputs, n_features, n_tasks, n_informative, rank, n_clusters, n_outlier_tasks
):
    """Draw the parameters of the distribution of the data, a `Truth`."""
    n_related = _check_truth(n_features, n_tasks, n_informative, rank, n_clusters, n_outlier_tasks)
    order = rng.permutation(n_tasks)
    related = np.sort(order[:n_related])
    outlier_tasks = np.sort(order[n_related:])
    evenly = np.arange(n_related) % (n_clusters or 1)
    clusters = np.full(n_tasks, -1)
    clusters[related] = rng.permutation(evenly)
    features = rng.choice(n_features, n_informative, replace=False)

    coef = np.zeros((n_tasks, n_outputs, n_features))
    for k in range(n_outputs):
        values = _related_coef(rng, clusters[related], n_informative, rank, n_clusters)
        of_score = coef[:, k]  # a view
        of_score[np.ix_(related, features)] = values
    for t in outlier_tasks:
        own_features = rng.choice(n_features, n_informative, replace=False)
        values = rng.standard_normal((n_outputs, n_informative))
        coef[t][:, own_features] = values
    return Truth(
        coef=coef,
        intercept=rng.standard_normal((n_tasks, n_outputs)),
        support=np.isin(np.arange(n_features), features),
        clusters=clusters,
        outlier_tasks=outlier_tasks,
    )


def _related_coef(rng, clusters, n_informative, rank, n_clusters):
    """Draw coefficients (n_related, n_informative) of about unit variance, related as asked for."""
    n_related = len(clusters)
    if rank is not None:
        left = rng.standard_normal((n_related, rank))
        right = rng.standard_normal((rank, n_informative))
        return left @ right / np.sqrt(rank)
    if n_clusters is not None:
        centers = rng.standard_normal((n_clusters, n_informative))
        deviations = rng.standard_normal((n_related, n_informative))
        return centers[clusters] + CLUSTER_SPREAD * deviations
    return rng.standard_normal((n_related, n_informative))


def _check_truth(n_features, n_tasks, n_informative, rank, n_clusters, n_outlier_tasks):
    """Return the number of tasks that are not outliers; raise if parameters are inconsistent."""
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
    """Raise unless `value` is at most `most`; `meaning` is what the bound is called."""
    if value > most:
        raise ValueError(
            f"{name}={value} is too large: expected at most {meaning} = {most}. Lower {name} or "
            f"raise {meaning}."
        )
