"""The gains of tasks from one model over another, and what they come to over all tasks."""

import numpy as np

from skmtl.evaluation._gains.hierarchy import fit_hierarchy

SURE = 0.01  # probability of the wrong sign, up to which a task is "helped" or "harmed"
PROBABLE = 0.10  # the same for "probably helped" and "probably harmed"
FEWEST_ROWS = 5  # tested, for which a task can be surely helped or harmed


# Of a task: its gain in view of all others, and what it says by itself
COLUMNS = ("gain", "ci_low", "ci_high", "p_harm", "own_gain", "own_se", "own_dof", "own_rows")


class TaskGains:
    """Gains of a method over another: of the tasks, and their posterior given all others.

    Gains are ``1 - exp(-theta)`` of log gains theta.

    Parameters
    ----------
    losses : LabelLosses
        The losses of all methods.
    method, other : str
        The methods.
    is_judged : ndarray of bool of shape (n_tasks,)
        The tasks to judge.
    n_train : ndarray of shape (n_tasks,)
        Numbers of training rows.
    level : float
        Level of intervals.

    Attributes
    ----------
    is_judged : ndarray of bool of shape (n_tasks,)
        The tasks with a gain: those whose variance is not known are left out as well.
    is_equal : ndarray of bool of shape (n_tasks,)
        Those with a gain of exactly zero.
    own : LogGains or None
        Log gains of the other ones, each task by itself.
    hierarchy : Hierarchy or None
        Their posterior.
    """

    def __init__(self, losses, method, other, is_judged, n_train, level):
        self.level = level
        self.is_equal = is_judged & losses.are_equal(method, other)
        different = np.flatnonzero(is_judged & ~self.is_equal)
        self._estimated, self.own = _estimated_gains(losses, method, other, different)
        self.hierarchy = None
        if self.own is not None:
            self.hierarchy = fit_hierarchy(
                self.own.theta,
                self.own.variance,
                n_train[self._estimated],
                self.own.correlation,
            )
        self.is_judged = self.is_equal.copy()
        self.is_judged[self._estimated] = True

    def columns(self):
        """Columns of the table of tasks: a dict of arrays (n_tasks,), NaN if not judged."""
        n_tasks = len(self.is_judged)
        columns = {}
        for name in COLUMNS:
            column = np.full(n_tasks, np.nan)
            column[self.is_equal] = 0.0
            columns[name] = column
        for name in ("p_harm", "own_dof", "own_rows"):
            columns[name][self.is_equal] = np.nan
        if self.own is None:
            return columns
        kept = self._estimated
        theta = self.own.theta
        mean, low, high = self.hierarchy.intervals(self.level)
        columns["gain"][kept] = as_gain(mean)
        columns["ci_low"][kept] = as_gain(np.minimum(low, theta))
        columns["ci_high"][kept] = as_gain(np.maximum(high, theta))
        columns["p_harm"][kept] = self.hierarchy.share_below_zero()
        columns["own_gain"][kept] = as_gain(theta)
        columns["own_se"][kept] = np.sqrt(self.own.variance)
        columns["own_dof"][kept] = self.own.degrees
        columns["own_rows"][kept] = self.own.n_rows
        return columns

    def over_tasks(self, seed):
        """Numbers over all judged tasks: a dict, NaN if there are none."""
        names = (
            "median_gain",
            "median_gain_low",
            "median_gain_high",
            "share_gain",
            "share_gain_low",
            "share_gain_high",
        )
        if not self.is_judged.any():
            return dict.fromkeys(names, np.nan)
        gains = np.zeros((1, self.is_judged.sum()))
        if self.hierarchy is not None:
            drawn = as_gain(self.hierarchy.draws(seed))
            gains = np.zeros((len(drawn), self.is_judged.sum()))
            gains[:, : drawn.shape[1]] = drawn
        medians = np.median(gains, axis=1)
        shares = np.mean(gains > 0, axis=1)
        numbers = [*self._summary(medians), *self._summary(shares)]
        return dict(zip(names, numbers, strict=True))

    def _summary(self, drawn):
        """Median and ends of the interval of draws."""
        tail = (1 - self.level) / 2
        return np.quantile(drawn, [0.5, tail, 1 - tail]).tolist()

    def distribution(self):
        """What the tasks have in common: a dict, NaN if there is nothing to estimate it from."""
        numbers = dict.fromkeys(
            ("typical_gain", "new_task_low", "new_task_high", "spread", "size_power"), np.nan
        )
        numbers["correlation"] = np.nan
        if self.hierarchy is None:
            return numbers
        hierarchy = self.hierarchy
        typical, _, _ = hierarchy.curve(hierarchy.median_size, self.level)
        _, low, high = hierarchy.new_task(hierarchy.median_size, self.level)
        numbers["typical_gain"] = float(as_gain(typical)[0])
        numbers["new_task_low"] = float(as_gain(low)[0])
        numbers["new_task_high"] = float(as_gain(high)[0])
        numbers["spread"] = float(np.sqrt(hierarchy.weight @ hierarchy.spread**2))
        numbers["size_power"] = float(hierarchy.weight @ hierarchy.power)
        numbers["correlation"] = self.own.correlation
        return numbers

    def size_curve(self, n_train):
        """Typical gain of a task with so many training rows, and the ends of its interval."""
        n_train = np.asarray(n_train, dtype=float)
        if self.hierarchy is None:
            nothing = np.full(n_train.shape, np.nan)
            return nothing, nothing, nothing
        curve = self.hierarchy.curve(n_train.ravel(), self.level)
        return tuple(as_gain(part).reshape(n_train.shape) for part in curve)


def _estimated_gains(losses, method, other, tasks):
    """Those of the tasks whose log gains have a variance, and their :class:`LogGains` or None."""
    if len(tasks) == 0:
        return tasks, None
    own = losses.log_gains(method, other, tasks)
    is_known = np.isfinite(own.variance) & (own.variance > 0)
    if is_known.all():
        return tasks, own
    return _estimated_gains(losses, method, other, tasks[is_known])


def as_gain(theta):
    """The relative gain of a log gain."""
    return -np.expm1(-theta)


def verdicts(columns, is_judged):
    """The verdict on each task, from the columns of :meth:`TaskGains.columns`.

    In tasks of two or three rows, errors alone are small by chance too often to be sure.
    """
    found = np.full(len(is_judged), "not judged", dtype="U15")
    found[is_judged] = "open"
    gains = columns["own_gain"] > 0
    loses = columns["own_gain"] < 0
    p_harm = columns["p_harm"]
    found[gains & (p_harm <= PROBABLE)] = "probably helped"
    found[loses & (1 - p_harm <= PROBABLE)] = "probably harmed"
    has_rows = columns["own_rows"] >= FEWEST_ROWS
    found[gains & has_rows & (p_harm <= SURE)] = "helped"
    found[loses & has_rows & (1 - p_harm <= SURE)] = "harmed"
    return found
