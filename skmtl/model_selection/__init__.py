"""Splitters and scorers that see tasks, and the search along paths."""

from skmtl.model_selection._scorers import make_mixed_scorer, make_task_scorer, per_task_scoring
from skmtl.model_selection._task_cross_val_predict import task_cross_val_predict
from skmtl.model_selection._task_splitters import (
    BaseTaskSplitter,
    LeaveOneTaskOut,
    TaskStratifiedKFold,
    TaskStratifiedShuffleSplit,
)
from skmtl.model_selection._task_time_series_split import TaskTimeSeriesSplit

__all__ = [
    "BaseTaskSplitter",
    "LeaveOneTaskOut",
    "TaskStratifiedKFold",
    "TaskStratifiedShuffleSplit",
    "TaskTimeSeriesSplit",
    "make_mixed_scorer",
    "make_task_scorer",
    "per_task_scoring",
    "task_cross_val_predict",
]
