"""Splitters, scorers and comparisons that know tasks."""

from skmtl.model_selection._compare import compare_to_single_task
from skmtl.model_selection._report import ComparisonReport
from skmtl.model_selection._scorers import make_mixed_scorer, make_task_scorer, per_task_scoring
from skmtl.model_selection._split import (
    LeaveOneTaskOut,
    TaskStratifiedKFold,
    TaskStratifiedShuffleSplit,
)

__all__ = [
    "ComparisonReport",
    "LeaveOneTaskOut",
    "TaskStratifiedKFold",
    "TaskStratifiedShuffleSplit",
    "compare_to_single_task",
    "make_mixed_scorer",
    "make_task_scorer",
    "per_task_scoring",
]
