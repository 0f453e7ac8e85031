"""The distribution of the log gains of tasks, and the gain of each task in view of it.

The log gain of task t is ``N(mu x_t^p, tau^2 x_t^(2p))`` with x_t the median number of training
rows divided by that of the task: gains fall with size. The prior of mu is flat, that of tau a
half-Cauchy distribution, and p is 0, 1/2 or 1; tau and p are averaged over a grid. The variances of
the log gains are upper bounds. If tau were judged against these, too little would be left for it,
and tasks that differ would all be given the gain of the typical one. So it is judged against a part
of them, and tasks are shrunk with the bounds themselves.
"""

from typing import NamedTuple

import numpy as np

from skmtl.evaluation._gains.normal_mixture import mixture_quantiles, mixture_share_below

_SPREADS = np.concatenate([[0.0], np.logspace(-2.5, 0.9, 30)])
_SPREAD_SCALE = 0.05  # of the half-Cauchy distribution
# The part of the variances that the spread is judged against. Averaged over all, a half, a quarter
# and an eighth of them, intervals cover 80 to 86 % of the true gains where half of 42 tasks are
# related; with an eighth alone, fewer tasks are helped for sure where all gain
# (benchmarks/false_positives.py).
_PART = 0.25
_POWERS = (0.0, 0.5, 1.0)
_SAME_SIZE = 0.2  # range of x_t up to which p is not asked for
_N_DRAWS = 2000
_NEGLIGIBLE = 1e-9  # weight of a point of the grid


class Hierarchy(NamedTuple):
    """The posterior of the log gains of tasks, a mixture of normal distributions over a grid.

    Attributes
    ----------
    weight : ndarray of shape (n_points,)
        Weights of the points of the grid.
    spread, power : ndarray of shape (n_points,)
        Their tau and p.
    typical : ndarray of shape (n_points,)
        Mean of mu.
    typical_variance : ndarray of shape (n_points,)
        Variance of mu, without what is due to the common error of all tasks.
    typical_by_common : ndarray of shape (n_points,)
        By how much the common error moves mu.
    mean, deviation : ndarray of shape (n_points, n_tasks)
        Mean of the log gains, and their deviations given mu.
    by_typical, by_common : ndarray of shape (n_points, n_tasks)
        By how much mu, and the common error, move each.
    median_size : float
        Median number of training rows.
    """

    weight: np.ndarray
    spread: np.ndarray
    power: np.ndarray
    typical: np.ndarray
    typical_variance: np.ndarray
    typical_by_common: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    by_typical: np.ndarray
    by_common: np.ndarray
    median_size: float

    def intervals(self, level):
        """Ends of the interval of each task's log gain at a level, and its mean."""
        deviation = self._total_deviation()
        low, high = mixture_quantiles(self.weight, self.mean, deviation, _tails(level))
        return self.weight @ self.mean, low, high

    def share_below_zero(self):
        """Probability that each task's log gain is negative, (n_tasks,)."""
        return mixture_share_below(0.0, self.weight, self.mean, self._total_deviation())

    def _total_deviation(self):
        from_typical = self.by_typical**2 * self._variance_of_typical()[:, None]
        return np.sqrt(self.deviation**2 + from_typical)

    def _variance_of_typical(self):
        return self.typical_variance + self.typical_by_common**2

    def draws(self, seed):
        """Draw the log gains of all tasks together, (n_draws, n_tasks).

        The same numbers are drawn for the tasks in the order of their gains, so that summaries do
        not depend on the order in which the tasks are given.
        """
        rng = np.random.default_rng(seed)
        points = rng.choice(len(self.weight), _N_DRAWS, p=self.weight)
        gains = self.weight @ self.mean
        deviations = self.weight @ self.deviation
        order = np.lexsort((deviations, gains))
        drawn_in_order = rng.standard_normal((_N_DRAWS, len(order)))
        own = np.empty_like(drawn_in_order)
        own[:, order] = drawn_in_order
        typical = rng.standard_normal(_N_DRAWS)
        typical *= np.sqrt(self.typical_variance[points])
        common = rng.standard_normal(_N_DRAWS)
        drawn = own * self.deviation[points]
        drawn += self.mean[points]
        drawn += typical[:, None] * self.by_typical[points]
        drawn += common[:, None] * self.by_common[points]
        return drawn

    def curve(self, n_train, level):
        """Typical log gain of a task with so many training rows, and the ends of its interval."""
        factor = self._size_factor(n_train)
        deviation = factor * np.sqrt(self._variance_of_typical())[:, None]
        return self._summary(factor * self.typical[:, None], deviation, level)

    def new_task(self, n_train, level):
        """As :meth:`curve`, of a single new task."""
        factor = self._size_factor(n_train)
        variance = self._variance_of_typical() + self.spread**2
        deviation = factor * np.sqrt(variance)[:, None]
        return self._summary(factor * self.typical[:, None], deviation, level)

    def _size_factor(self, n_train):
        """x^p for numbers of training rows, (n_points, n_sizes)."""
        ratio = self.median_size / _at_least_one(np.atleast_1d(n_train))
        return ratio ** self.power[:, None]

    def _summary(self, mean, deviation, level):
        low, high = mixture_quantiles(self.weight, mean, deviation, _tails(level))
        return self.weight @ mean, low, high


def _at_least_one(n_train):
    """Numbers of training rows; a task without any is like one with a single one."""
    return np.maximum(n_train, 1.0)


def _tails(level):
    tail = (1 - level) / 2
    return tail, 1 - tail


def fit_hierarchy(theta, variance, n_train, correlation=0.0):
    """Return the :class:`Hierarchy` of log gains.

    Parameters
    ----------
    theta, variance : ndarray of shape (n_tasks,)
        Log gains and their variances.
    n_train : ndarray of shape (n_tasks,)
        Number of training rows of each task.
    correlation : float, default=0.0
        Common correlation of the errors of theta.
    """
    n_train = _at_least_one(n_train)
    median_size = float(np.median(n_train))
    ratio = median_size / n_train
    powers = _POWERS if np.ptp(ratio) >= _SAME_SIZE else (0.0,)
    spread = np.tile(_SPREADS, len(powers))
    power = np.repeat(powers, len(_SPREADS))
    factor = ratio ** power[:, None]
    between = (spread[:, None] * factor) ** 2  # variances of tasks, (n_points, n_tasks)
    weight = _weights(theta, variance, between, factor, correlation)
    kept = weight > _NEGLIGIBLE
    weight = weight[kept] / weight[kept].sum()
    factor = factor[kept]
    between = between[kept]

    total = variance + between
    precision = (factor**2 / total).sum(axis=1)
    typical = (factor * theta / total).sum(axis=1) / precision
    common = np.sqrt(correlation * variance)
    typical_by_common = (factor * common / total).sum(axis=1) / precision
    shrinkage = variance / total
    by_typical = shrinkage * factor
    return Hierarchy(
        weight=weight,
        spread=spread[kept],
        power=power[kept],
        typical=typical,
        typical_variance=1 / precision,
        typical_by_common=typical_by_common,
        mean=theta - shrinkage * (theta - typical[:, None] * factor),
        deviation=np.sqrt(shrinkage * between),
        by_typical=by_typical,
        by_common=(1 - shrinkage) * common + by_typical * typical_by_common[:, None],
        median_size=median_size,
    )


def _weights(theta, variance, between, factor, correlation):
    """Posterior weights of the points of the grid."""
    total = _PART * variance * (1 - correlation) + between
    precision = (factor**2 / total).sum(axis=1)
    typical = (factor * theta / total).sum(axis=1) / precision
    residual = theta - typical[:, None] * factor
    squares = (residual**2 / total).sum(axis=1)
    logs = np.log(total).sum(axis=1) + np.log(precision)
    likelihood = -0.5 * (squares + logs)
    n_powers = len(between) // len(_SPREADS)
    posterior = likelihood + np.tile(_log_prior(), n_powers)
    weight = np.exp(posterior - posterior.max())
    return weight / weight.sum()


def _log_prior():
    """Log probabilities of the spreads: those of their cells under a half-Cauchy distribution."""
    before = np.maximum(_SPREADS[:-1], _SPREADS[1] / 4)
    inner = np.sqrt(_SPREADS[1:] * before)
    edges = np.concatenate([[0.0], inner, [np.inf]])
    cumulated = np.arctan(edges / _SPREAD_SCALE)
    return np.log(np.diff(cumulated))
