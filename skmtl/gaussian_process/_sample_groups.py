"""Tasks that were observed at the same samples, as groups."""

from typing import NamedTuple

import numpy as np

_LEAST = 20  # samples of a task that are kept


class SampleGroup(NamedTuple):
    """Tasks that were observed at the same samples."""

    samples: slice | np.ndarray  # positions of the samples
    tasks: np.ndarray  # of int, (n_tasks_of_group,)
    Y: np.ndarray  # their targets, (n, n_tasks_of_group)


def sample_groups(observations, y):
    """The observations of y as a list of :class:`SampleGroup`."""
    tasks_of = {}
    for task, span in enumerate(observations.spans):
        key = observations.sample[span].tobytes()
        tasks_of.setdefault(key, []).append(task)
    groups = []
    for tasks in tasks_of.values():
        spans = [observations.spans[task] for task in tasks]
        Y = np.column_stack([y[span] for span in spans])
        samples = _as_slice(observations.sample[spans[0]])
        groups.append(SampleGroup(samples, np.array(tasks), Y))
    return groups


def _as_slice(positions):
    """Positions that follow each other as a slice, which copies nothing."""
    first = positions[0]
    if positions[-1] - first == len(positions) - 1:
        return slice(first, first + len(positions))
    return positions


def some_samples(observations, n_samples, rng):
    """Positions of about so many samples, at random, with some of every task.

    Parameters
    ----------
    observations : Observations
        The observations, sorted by task.
    n_samples : int
        Number of samples.
    rng : RandomState
        Generator.
    """
    share = n_samples / observations.n_samples
    rank = rng.permutation(observations.n_samples)
    kept = np.zeros(observations.n_samples, dtype=bool)
    for span in observations.spans:
        samples = observations.sample[span]
        n_kept = max(int(np.ceil(share * len(samples))), _LEAST)
        # Tasks of the same samples keep the same ones.
        first = np.argsort(rank[samples], kind="stable")[:n_kept]
        kept[samples[first]] = True
    return np.flatnonzero(kept)
