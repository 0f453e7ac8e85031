"""Offsets of scores in closed form: what a task predicts before the network has learned anything.

A task with classes, or with rows of its own, has one more observation, of weight 1: the mean target
of all tasks. One without a class, or with no count above 0, then has a finite offset.
"""

import numpy as np

_SMALLEST = 1e-10  # mean count if all counts are 0


def log_means(data):
    """Return the logarithms of the mean counts of every task and a new one, (n_tasks + 1, 1).

    The columns of a two-dimensional y may be counts of things that differ by orders of magnitude.
    There half a count is added to a task without any, and others have their own means.
    """
    sums = data.design.task_sum(data.weight * data.y)
    weight = data.design.task_sum(data.weight)
    pooled = max(sums.sum() / weight.sum(), _SMALLEST)
    if data.layout == "wide":
        means = np.where(sums > 0, sums / weight, 0.5 / (weight + 1.0))
    else:
        means = (sums + pooled) / (weight + 1.0)
    return np.log(np.append(means, pooled))[:, None]


def log_frequencies(coded):
    """Return the logarithms of class frequencies, (n_tasks + 1, n_classes).

    They are minus infinity for classes that a task does not have. The last row, of a new task, is
    of use only where all tasks have the same classes.

    Parameters
    ----------
    coded : CodedClasses
        Codes and weights of the classes of every task.
    """
    counts = _counts(coded)
    pooled = _pooled(coded, counts)
    n_classes = max(map(len, counts))
    offset = np.full((len(counts) + 1, n_classes), -np.inf)
    for t, count in enumerate(counts):
        expected = pooled[coded.positions[t]]
        expected = expected / expected.sum()
        frequencies = (count + expected) / (count.sum() + 1.0)
        offset[t, : len(count)] = np.log(frequencies)
    frequencies = pooled / pooled.sum()
    offset[-1] = np.log(frequencies)[:n_classes]
    return offset


def _counts(coded):
    """Return the weights of the classes of every task, a list of arrays."""
    counts = []
    for t, own in enumerate(coded.classes):
        count = np.bincount(
            coded.codes[t],
            coded.weights[t],
            minlength=len(own),
        )
        counts.append(count)
    return counts


def _pooled(coded, counts):
    """Return the weights of all class labels in all tasks, (n_labels,)."""
    n_labels = 0
    for positions in coded.positions:
        n_labels = max(n_labels, positions.max() + 1)
    pooled = np.zeros(n_labels)
    for positions, count in zip(coded.positions, counts, strict=True):
        pooled[positions] += count
    return pooled
