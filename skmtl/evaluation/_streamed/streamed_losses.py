"""The losses of the models of a comparison on rows that were streamed."""

import numpy as np

from skmtl.evaluation._gains.log_gains import GainVariances, judged_log_gains, overlap_of_counts
from skmtl.evaluation._gains.statistics import quotients

_POWER = 0.5  # errors are roots of mean squares
# Of the losses of two models, which counts as nothing where no loss is known to.
_SMALL_SHARE = 0.01


class StreamedLosses:
    """What :class:`LabelLosses` tells of root mean squared errors, from :class:`LossSums`.

    Parameters
    ----------
    methods : list of str
        Names of the models, in the order of the sums.
    sums : LossSums
        The sums over all rows.
    floor : ndarray of shape (n_tasks,)
        Losses that count as nothing.
    rounding : ndarray of shape (n_tasks,)
        Errors up to these are rounding.
    """

    power = _POWER

    def __init__(self, methods, sums, floor, rounding):
        self.methods = list(methods)
        self.sums = sums
        self.floor = floor
        self.rounding = rounding
        self.n_splits = len(sums.counts)
        self.n_labels = sums.counts.sum(axis=0)
        self.n_rows = self.n_labels // sums.n_repeats
        self.task_sums = sums.losses.sum(axis=0)
        self.overlap = self._overlap_factor()

    def _overlap_factor(self):
        """The factor of training sets in which every row is equally often."""
        times_trained = self.sums.n_repeats * (self.sums.n_folds - 1)
        n_all = self.n_rows.sum()
        return overlap_of_counts(
            np.array([times_trained], dtype=float),
            np.array([n_all], dtype=float),
            self.n_splits,
        )

    def task_errors(self, method):
        """Error of each task on all its labels, (n_tasks,); NaN without labels."""
        sums = self.task_sums @ self._form(method)
        return quotients(sums, self.n_labels) ** self.power

    def split_errors(self, method):
        """Error of each task in each split, (n_splits, n_tasks); NaN without labels."""
        sums = self.sums.losses @ self._form(method)
        return quotients(sums, self.sums.counts) ** self.power

    def _form(self, method):
        """The row vector whose product with v is the loss of a method."""
        form = np.zeros(len(self.methods))
        form[0] = 1.0
        position = self.methods.index(method)
        if position > 0:
            form[position] = 1.0
        return form

    def are_equal(self, method, other):
        """Whether two methods differ by rounding at most on every label of a task, (n_tasks,)."""
        pair = sorted([self.methods.index(method), self.methods.index(other)])
        return ~self.sums.differ[tuple(pair)]

    def log_gains(self, method, other, kept):
        """The :class:`LogGains` of a method over another on some tasks."""
        of_other = self._form(other)
        of_difference = self._form(method) - of_other
        means = self.task_sums[kept] / self.n_labels[kept, None]
        alone = means @ of_other
        difference = means @ of_difference
        middle = alone + difference / 2
        floor = self.floor[kept]
        floor = np.where(floor > 0, floor, _SMALL_SHARE * middle)
        base_alone = alone + floor
        base_shared = base_alone + difference
        change = difference / base_alone
        theta = -self.power * np.log1p(change)
        # The influence of a label on theta, but for its mean, is a linear form in v.
        by_other = change[:, None] * of_other
        influence = (by_other - of_difference) / base_shared[:, None]
        influence *= self.power
        n_rows = self.n_rows[kept]
        return judged_log_gains(
            theta,
            self._variances(influence, kept),
            n_rows=n_rows,
            n_all=int(n_rows.sum()),
            n_splits=self.n_splits,
            is_single_pass=np.zeros(len(kept), dtype=bool),
            overlap=self.overlap,
        )

    def _variances(self, influence, kept):
        """The :class:`GainVariances` of some tasks, whose labels have this influence."""
        squares = self._squares_of_rows(influence, kept)
        n_rows = self.n_rows[kept]
        of_rows = np.full(len(kept), np.nan)
        np.divide(n_rows * squares, n_rows - 1, out=of_rows, where=n_rows > 1)
        n_all = n_rows.sum()
        correction = n_all / max(n_all - 1, 1)
        of_mean_rows = correction * squares.sum() / len(kept) ** 2
        of_splits, of_mean_splits = self._variances_of_splits(influence, kept)
        return GainVariances(of_rows, of_splits, float(of_mean_rows), of_mean_splits)

    def _squares_of_rows(self, influence, kept):
        """Sums of the squared influence of rows on the log gain of their task."""
        n_rows = self.n_rows[kept]
        sums = np.sum(influence * self.task_sums[kept], axis=1)
        squares = _quadratic_forms(influence, self.sums.total_squares[kept])
        squares -= sums**2 / n_rows
        squares = np.maximum(squares, 0.0)
        return squares / self.n_labels[kept] ** 2

    def _variances_of_splits(self, influence, kept):
        """Variances of one training set's effect: on each task, and on the mean of all."""
        counts = self.sums.counts[:, kept]
        n_used = np.count_nonzero(counts, axis=0)
        at_least_one = np.maximum(counts, 1)
        effect = np.sum(influence * self.sums.own[:, kept], axis=2)
        effect /= at_least_one
        squares = _quadratic_forms(influence, self.sums.own_squares[:, kept])
        squares -= counts * effect**2
        squares = np.maximum(squares, 0.0)

        # What is due to the tested rows
        n_labels = self.n_labels[kept]
        correction = n_labels / np.maximum(n_labels - n_used, 1)
        noise = np.sum(squares / at_least_one**2, axis=0)
        noise *= correction
        shrinkage = 1 - 1 / self.sums.n_repeats
        excess = np.sum(effect**2, axis=0) - noise
        of_tasks = shrinkage * np.maximum(excess, 0.0)
        of_tasks /= np.maximum(n_used, 1)

        mean_effect = effect.mean(axis=1)
        excess = mean_effect @ mean_effect - noise.sum() / len(kept) ** 2
        of_mean = shrinkage * max(excess, 0.0) / self.n_splits
        return of_tasks, float(of_mean)


def _quadratic_forms(vectors, matrices):
    """``v_t' M_t v_t`` of the vectors of tasks and matrices (..., n_tasks, n, n)."""
    return np.einsum("tm,...tmn,tn->...t", vectors, matrices, vectors)
