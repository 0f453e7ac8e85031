"""The part of each row: every task is divided evenly, in whichever batches the rows are read."""

import numpy as np

from skmtl.statistics import fold_of

_ROWS_OF_TASK = 2**40  # more than any task has
_HASHES = 2**62


class StratifiedParts:
    """Assigns the rows of each task to parts at random, as many rows to each part.

    The first `n_parts` rows of a task are in different parts, by a random permutation, and so are
    the next ones. What permutations are made of are the position of a row in its task and the
    number of the task, in the order in which tasks first appear: neither depends on batches.

    Parameters
    ----------
    n_parts : int
        Number of parts.
    """

    def __init__(self, n_parts):
        self.n_parts = n_parts
        self._numbers = {}  # of tasks, by their ids
        self._n_rows = np.zeros(0, dtype=np.int64)  # of each task so far

    def of(self, tasks, codes):
        """Return the parts of the next rows, (n_rows,) of int.

        Parameters
        ----------
        tasks : ndarray of shape (n_tasks,)
            The ids of their tasks.
        codes : ndarray of int of shape (n_rows,)
            The position in `tasks` of the task of each row.
        """
        numbers = self._numbers_of(tasks, codes)
        counts = np.bincount(codes, minlength=len(tasks))
        positions = self._n_rows[numbers][codes] + _ranks(codes, counts)
        self._n_rows[numbers] += counts
        first = numbers[codes] * _ROWS_OF_TASK
        return self._permuted(first, positions)

    def _numbers_of(self, tasks, codes):
        """The numbers of the tasks, (n_tasks,)."""
        known, first = np.unique(codes, return_index=True)
        in_order = known[np.argsort(first)]
        ids = np.asarray(tasks).tolist()
        for code in in_order.tolist():
            self._numbers.setdefault(ids[code], len(self._numbers))
        n_new = len(self._numbers) - len(self._n_rows)
        self._n_rows = np.append(self._n_rows, np.zeros(n_new, dtype=np.int64))
        return np.array([self._numbers[one] for one in ids])

    def _permuted(self, first, positions):
        """Where the hash of each row stands among those of its block of rows."""
        own = fold_of(first + positions, _HASHES)
        blocks = first + positions // self.n_parts * self.n_parts
        parts = np.zeros(len(positions), dtype=np.intp)
        for offset in range(self.n_parts):
            other = fold_of(blocks + offset, _HASHES)
            parts += other < own
        return parts


def _ranks(codes, counts):
    """The position of each row among those with its code, (n_rows,)."""
    order = np.argsort(codes, kind="stable")
    starts = np.cumsum(counts) - counts
    ranks = np.empty(len(codes), dtype=np.int64)
    ranks[order] = np.arange(len(codes)) - np.repeat(starts, counts)
    return ranks
