"""Task weights learned from how well each task is fitted: ``task_weight="uncertainty"``."""

import numpy as np

_MOST_ROUNDS = 100
_CLOSE = 1e-4  # relative change of the weights at the fixed point
_LEAST_LOSS = 1e-6  # mean loss of a task, relative to that of the null model
_CONSTANT = 1e-12  # the same of a task that is constant, relative to the mean of all tasks


def learn_task_weights(problem, solve):
    """Alternate between the coefficients and the weights `omega_t = c / mean loss of task t`.

    The constant c is such that ``sum_t n_t log omega_t = 0``: each half of a round minimizes the
    objective, over W and over weights that keep this sum, so that the objective never rises. For
    squared losses ``2 mean loss`` is the variance of the noise, and tasks count by their precision;
    for other losses it is the scale of Kendall, Gal, Cipolla (2018), equation 7.

    Parameters
    ----------
    problem : ColumnProblem or SquaredLosses
        Weights and losses of the tasks.
    solve : callable
        ``solve(omega)`` returns the datafit and the solution for these weights.

    Returns
    -------
    omega : ndarray of shape (n_tasks,)
        Learned task weights.
    datafit, solution
        Those of `omega`.
    mean_losses : ndarray of shape (n_tasks,)
        Mean loss of each task.
    """
    total = problem.total
    least = _LEAST_LOSS * problem.null_losses() / total
    known = least > _CONSTANT * least.mean()  # constant tasks say nothing of noise, and weigh 1
    omega = np.ones(len(total))
    for _ in range(_MOST_ROUNDS):
        datafit, solution = solve(omega)
        b = datafit.intercepts(solution.W)
        mean_losses = np.maximum(problem.losses_at(solution.W, b) / total, least)
        new = np.ones(len(total))
        new[known] = _precisions(mean_losses[known], total[known])
        change = np.abs(new / omega - 1)
        if change.max() <= _CLOSE:
            break
        omega = new
    return omega, datafit, solution, mean_losses


def _precisions(mean_losses, total):
    """Weights proportional to one over the mean losses, whose weighted mean logarithm is 0."""
    precisions = 1.0 / mean_losses
    mean_log = total @ np.log(precisions) / total.sum()
    return precisions / np.exp(mean_log)
