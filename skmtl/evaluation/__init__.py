"""Did sharing help? Comparisons with single tasks, transfer between tasks, model size."""

from skmtl.evaluation._compare_batches import compare_batches
from skmtl.evaluation._compare_to_single_task import compare_to_single_task
from skmtl.evaluation._model_size import model_size
from skmtl.evaluation._select_tasks import select_tasks
from skmtl.evaluation._single_task import single_task
from skmtl.evaluation._task_transfer_matrix import task_transfer_matrix
from skmtl.evaluation._transfer_ranking import TransferRanking
from skmtl.evaluation._transfer_report import TransferReport

__all__ = [
    "TransferRanking",
    "TransferReport",
    "compare_batches",
    "compare_to_single_task",
    "model_size",
    "select_tasks",
    "single_task",
    "task_transfer_matrix",
]
