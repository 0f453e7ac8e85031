"""A warning where common noise is a poor model: of tasks that are far noisier than the others."""

import numpy as np
from scipy import stats

from skmtl._data.task_ids import some_of
from skmtl._warn import warn

_TOLERATED = 25.0  # variance of the noise, relative to the usual one, that does little harm
_UNLIKELY = 1e-3  # chance of residuals as large in some task if no noise were above it


def warn_of_noisy_tasks(rows, tasks):
    """Warn if residuals of least squares show that some tasks are far noisier than most.

    Parameters
    ----------
    rows : TaskRows
        What is fitted.
    tasks : ndarray of shape (n_tasks,)
        Ids of the tasks.
    """
    known = np.flatnonzero(rows.free > 0)
    if len(known) < 2:
        return
    free = rows.free[known]
    left = rows.least_squares[known]
    by_medians = left / stats.chi2.median(free)
    usual = np.quantile(by_medians, 0.5, method="lower")
    ratios = left / free / usual
    chance = stats.f.sf(ratios / _TOLERATED, free, free.sum() / 2)
    is_noisy = chance < _UNLIKELY / len(known)
    if not is_noisy.any():
        return
    noisy = tasks[known[is_noisy]]
    warn(
        f"The variance of the residuals in the tasks {some_of(noisy)} is up to "
        f"{ratios.max():.1e} times the usual one: with task_noise='common' they spoil "
        "what is learned of all tasks. Set task_noise='own', or give their targets the units of "
        "the others."
    )
