"""Splitters, scorers and comparisons that know tasks."""

from skmtl.model_selection._compare import compare_to_single_task
from skmtl.model_selection._ranking import RankingReport
from skmtl.model_selection._report import ComparisonReport
from skmtl.model_selection._scorers import make_mixed_scorer, make_task_scorer, per_task_scoring
from skmtl.model_selection._selection import select_tasks
from skmtl.model_selection._similarity import task_similarity
from skmtl.model_selection._size import model_size
from skmtl.model_selection._split import (
    LeaveOneTaskOut,
    TaskStratifiedKFold,
    TaskStratifiedShuffleSplit,
)
from skmtl.model_selection._transfer import task_transfer_matrix

__all__ = [
    "ComparisonReport",
    "LeaveOneTaskOut",
    "RankingReport",
    "TaskStratifiedKFold",
    "TaskStratifiedShuffleSplit",
    "compare_to_single_task",
    "make_mixed_scorer",
    "make_task_scorer",
    "model_size",
    "per_task_scoring",
    "select_tasks",
    "task_similarity",
    "task_transfer_matrix",
]
