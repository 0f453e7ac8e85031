"""Task weights learned from how well each task is fitted: ``task_weight="uncertainty"``."""

import numpy as np

_MOST, _CLOSE = 100, 1e-4  # rounds; relative change of the weights at the fixed point
_LEAST = 1e-6  # mean loss of a task, relative to that of the null model


def learn_task_weights(problem, solve):
    """Alternate between the coefficients and the weights `omega_t = c / mean loss of task t`.

    With c such that ``sum_t n_t log omega_t = 0``: each half of a round minimizes the objective,
    over W and over weights that keep this, so that it never rises. For squared losses
    ``2 mean loss`` is the variance of the noise, and tasks count by their precision; for other
    losses it is the scale of Kendall, Gal, Cipolla (2018), equation 7.

    Parameters
    ----------
    problem : ColumnProblem
    solve : callable
        ``solve(omega)`` returns the datafit and the solution for these weights.

    Returns
    -------
    omega : ndarray of shape (n_tasks,)
    datafit, solution
        Those of `omega`.
    mean_losses : ndarray of shape (n_tasks,)
    """
    weight = problem.data.weight
    total = problem.data.design.task_sum(weight)
    null = problem.likelihood().null()
    least = _LEAST * problem.losses(weight, null.W, null.b) / total
    known = least > 1e-12 * least.mean()  # constant tasks say nothing of noise, and weigh 1
    omega = np.ones(len(total))
    for _ in range(_MOST):
        datafit, solution = solve(omega)
        W = solution.W
        mean_losses = np.maximum(problem.losses(weight, W, datafit.intercepts(W)) / total, least)
        new = np.ones(len(total))
        new[known] = 1.0 / mean_losses[known]
        new[known] /= np.exp(total[known] @ np.log(new[known]) / total[known].sum())
        if np.abs(new / omega - 1).max() <= _CLOSE:
            break
        omega = new
    return omega, datafit, solution, mean_losses
