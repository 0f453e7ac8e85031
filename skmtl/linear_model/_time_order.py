"""Tasks that are points in time, in their order."""

import numpy as np

from skmtl._data.task_ids import some_of
from skmtl._data.task_order import order_of_ids
from skmtl._data.task_parameters import by_task


def time_order(times, tasks):
    """Positions of the tasks in time, (n_tasks,), and the gaps of neighbors, (n_tasks - 1,).

    Parameters
    ----------
    times : None, dict {task id: time} or array-like of shape (n_tasks,)
        None takes the task ids in their order, one apart.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    """
    if times is None:
        order = order_of_ids(tasks, "times= gives the time of each task")
        return order, np.ones(len(tasks) - 1)
    times = np.atleast_1d(by_task(times, "times", tasks))
    if len(times) != len(tasks):
        raise ValueError(f"times has 1 entry, expected {len(tasks)}: one for each task.")
    order = np.argsort(times, kind="stable")
    gaps = np.diff(times[order])
    if not np.isfinite(times).all() or not (gaps > 0).all():
        raise ValueError(
            "times must be finite and different for every task: tasks at the same time are one "
            f"task; got {some_of(np.sort(times), 10)}."
        )
    return order, gaps
