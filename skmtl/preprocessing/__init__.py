"""From one form of data to another, and features scaled within tasks."""

from skmtl.preprocessing._keep_task_column import keep_task_column
from skmtl.preprocessing._task_layouts import (
    UnstackedTasks,
    stack_tasks,
    unstack_tasks,
    wide_to_long,
)
from skmtl.preprocessing._task_standard_scaler import TaskStandardScaler

__all__ = [
    "TaskStandardScaler",
    "UnstackedTasks",
    "keep_task_column",
    "stack_tasks",
    "unstack_tasks",
    "wide_to_long",
]
