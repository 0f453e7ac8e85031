"""Statistics of rows that do not fit in memory, or may not leave their site."""

from skmtl.statistics._addition import joint_tasks
from skmtl.statistics._batches import refuse_written_index
from skmtl.statistics._fold_of import fold_of
from skmtl.statistics._task_statistics import TaskStatistics

__all__ = ["TaskStatistics", "fold_of", "joint_tasks", "refuse_written_index"]
